/* Events: append-only rows of who did what, and the same as JSON for those who watch. */
#include "store/event.h"

#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "store/db.h"

const struct actor actor_daemon = { .uid = -1, .name = "gazetted" };

static const char sql_add[] = "INSERT INTO event (at, actor_uid, actor, action, object, object_id, detail)"
			      " VALUES ($1, $2, $3, $4, $5, $6, $7)";
static const char sql_list[] = "SELECT id, at, actor, action, object, object_id, detail FROM event"
			       " WHERE object = $1 AND object_id = $2 AND id > $3 ORDER BY id LIMIT $4";
/*
 * In the order of the rows: it is that of what happened, and the only one in which `after` leaves no gap when the clock
 * was set back. The first page finds its begin by the index on time, the others by the row.
 */
static const char sql_since[] =
	"SELECT id, at, actor, action, object, object_id, detail FROM event WHERE at >= $1"
	" AND id > CASE WHEN $2 > 0 THEN $2 ELSE (SELECT coalesce(min(id), 1) - 1 FROM event WHERE at >= $1) END"
	" ORDER BY id LIMIT $3";

const char *object_kind_name(enum object_kind kind)
{
	switch (kind) {
	case OBJECT_POST:
		return "post";
	case OBJECT_SEND:
		return "send";
	case OBJECT_TICKET:
		return "ticket";
	case OBJECT_ACCOUNT:
		return "account";
	case OBJECT_DAEMON:
		return "daemon";
	}
	return "";
}

/* {seq, at, actor, action, object, id, ...detail}; takes detail. */
static cJSON *event_json(
	int64_t seq, int64_t at, const char *actor, const char *action, const char *object, int64_t id, cJSON *detail)
{
	cJSON *event = json_object();
	cJSON *item;

	json_add_i64(event, "seq", seq);
	json_add_time(event, "at", at);
	json_add_text(event, "actor", actor);
	json_add_text(event, "action", action);
	json_add_text(event, "object", object);
	json_add_i64(event, "id", id);
	while (detail && (item = detail->child)) {
		(void)cJSON_DetachItemViaPointer(detail, item);
		if (cJSON_GetObjectItemCaseSensitive(event, item->string)) {
			cJSON_Delete(item);
		} else {
			char *name = item->string;

			item->string = NULL;
			json_add(event, name, item);
			cJSON_free(name);
		}
	}
	cJSON_Delete(detail);
	return event;
}

void event_free(struct event *event)
{
	if (!event) {
		return;
	}
	free(event->actor);
	free(event->action);
	cJSON_Delete(event->detail);
	free(event);
}

cJSON *event_to_json(const struct event *event)
{
	return event_json(event->seq, event->at, event->actor, event->action, object_kind_name(event->kind),
		event->object, cJSON_Duplicate(event->detail, true));
}

bool event_add(struct tx *tx, const struct actor *actor, const char *action, enum object_kind kind, int64_t object,
	cJSON *detail, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_add, err);
	struct event *event;
	struct buf text;
	bool ok = false;

	buf_init(&text, 1 << 20);
	if (detail) {
		(void)json_print(&text, detail);
	}
	if (stmt) {
		stmt_bind_i64(stmt, 1, tx_now_at(tx));
		stmt_bind_i64(stmt, 2, actor->uid);
		stmt_bind_text(stmt, 3, actor->name);
		stmt_bind_text(stmt, 4, action);
		stmt_bind_text(stmt, 5, object_kind_name(kind));
		stmt_bind_i64(stmt, 6, object);
		stmt_bind_text(stmt, 7, detail ? text.p : NULL);
		ok = stmt_run(stmt, err);
	}
	buf_finish(&text);
	if (!ok) {
		cJSON_Delete(detail);
		return false;
	}
	event = xnew(struct event);
	*event = (struct event){
		.seq = tx_last_id(tx),
		.at = tx_now_at(tx),
		.actor = xstrdup(actor->name),
		.action = xstrdup(action),
		.kind = kind,
		.object = object,
		.detail = detail,
	};
	effect_add_event(tx, event);
	return true;
}

static bool add_rows(struct stmt *stmt, cJSON *rows, struct error *err)
{
	for (;;) {
		switch (stmt_step(stmt, err)) {
		case STEP_ERROR:
			return false;
		case STEP_DONE:
			return true;
		case STEP_ROW:
			json_push(rows, event_json(stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_text(stmt, 2),
						stmt_text(stmt, 3), stmt_text(stmt, 4), stmt_i64(stmt, 5),
						stmt_is_null(stmt, 6) ? NULL : cJSON_Parse(stmt_text(stmt, 6))));
			break;
		}
	}
}

bool event_list(
	struct tx *tx, enum object_kind kind, int64_t object, int64_t after, int limit, cJSON *rows, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_list, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, object_kind_name(kind));
	stmt_bind_i64(stmt, 2, object);
	stmt_bind_i64(stmt, 3, after);
	stmt_bind_i64(stmt, 4, limit);
	return add_rows(stmt, rows, err);
}

bool event_list_since(struct tx *tx, int64_t since_at, int64_t after, int limit, cJSON *rows, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_since, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, since_at);
	stmt_bind_i64(stmt, 2, after);
	stmt_bind_i64(stmt, 3, limit);
	return add_rows(stmt, rows, err);
}
