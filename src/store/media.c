/* Media of messages: a queue until they are fetched, then the name of a file. The files themselves are
 * daemon/media_files.c's. */
#include "store/media.h"

#include <inttypes.h>

#include "codec/json.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/effect.h"
#include "store/event.h"

static const char sql_load[] =
	"SELECT message_media.id, message.account_id, message_media.type, message_media.remote_id, message_media.tries,"
	" message_media.state FROM message_media JOIN message ON message.id = message_media.message_id"
	" WHERE message_media.id = $1";
static const char sql_fetched[] =
	"UPDATE message_media SET state = 'fetched', sha256 = $2, bytes = $3, mime = $4, tries = tries + 1, why = NULL"
	" WHERE id = $1 AND state = 'open'";
static const char sql_late[] = "UPDATE message_media SET sha256 = $2 WHERE id = $1 AND state = 'purged'";
static const char sql_failed[] = "UPDATE message_media SET state = $2, next_at = $3, tries = tries + 1, why = $4 WHERE "
				 "id = $1 AND state = 'open'";
static const char sql_ticket[] =
	"SELECT message.ticket_id, message.account_id FROM message_media JOIN message ON message.id ="
	" message_media.message_id WHERE message_media.id = $1";
static const char sql_open[] =
	"SELECT message_media.id, message.account_id, message_media.next_at FROM message_media"
	" JOIN message ON message.id = message_media.message_id WHERE message_media.state = 'open' ORDER BY next_at";
static const char sql_purged[] =
	"SELECT DISTINCT sha256 FROM message_media AS gone WHERE state = 'purged' AND sha256 IS NOT NULL AND NOT EXISTS"
	" (SELECT 1 FROM message_media WHERE sha256 = gone.sha256 AND state = 'fetched') LIMIT 1000";
static const char sql_is_fetched[] = "SELECT 1 FROM message_media WHERE sha256 = $1 AND state = 'fetched' LIMIT 1";
static const char sql_forget[] =
	"UPDATE message_media SET sha256 = NULL, bytes = NULL, mime = NULL WHERE sha256 = $1 AND state = 'purged'";

void medium_row_finish(struct medium_row *row)
{
	free(row->type);
	free(row->remote_id);
	*row = (struct medium_row){ 0 };
}

bool medium_load(struct tx *tx, int64_t id, struct medium_row *ret_row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_load, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no medium %" PRId64, id);
	case STEP_ROW:
		*ret_row = (struct medium_row){
			.id = stmt_i64(stmt, 0),
			.account = { stmt_i64(stmt, 1) },
			.type = stmt_dup(stmt, 2),
			.remote_id = stmt_dup(stmt, 3),
			.tries = (int)stmt_i64(stmt, 4),
			.open = str_is(stmt_str(stmt, 5), "open"),
		};
		return true;
	}
	return false;
}

/* The history of its ticket says what became of it. */
static bool tell(struct tx *tx, int64_t id, const char *action, const char *why, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_ticket, err);
	cJSON *detail;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id);
	if (stmt_step(stmt, err) != STEP_ROW) {
		return false;
	}
	if (stmt_is_null(stmt, 0)) {
		return true;
	}
	detail = json_object();
	json_add_i64(detail, "medium", id);
	json_add_text(detail, "why", why);
	return event_add(tx, &actor_daemon, action, OBJECT_TICKET, stmt_i64(stmt, 0), detail, err);
}

/* Its citizen was forgotten while it was on its way: the file is there, so its name must be known to be deleted. */
static bool came_late(struct tx *tx, int64_t id, const char *sha256, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_late, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, sha256);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	if (tx_changes(tx) > 0) {
		effect_add(tx, EFFECT_PURGED, 0, 0, 0);
	}
	return true;
}

bool medium_fetched(struct tx *tx, int64_t id, const char *sha256, int64_t bytes, const char *mime, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_fetched, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, sha256);
	stmt_bind_i64(stmt, 3, bytes);
	stmt_bind_text(stmt, 4, mime);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	return tx_changes(tx) == 0 ? came_late(tx, id, sha256, err) : tell(tx, id, "ticket.media", NULL, err);
}

bool medium_failed(struct tx *tx, int64_t id, const char *why, int64_t next_at, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_failed, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, next_at ? "open" : "failed");
	stmt_bind_i64(stmt, 3, next_at);
	stmt_bind_text(stmt, 4, why);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	if (tx_changes(tx) == 0) {
		return true;
	}
	if (next_at) {
		effect_add(tx, EFFECT_MEDIA, id, 0, next_at);
		return true;
	}
	return tell(tx, id, "ticket.media-failed", why, err);
}

bool media_arm_all(struct tx *tx, struct error *err)
{
	cleanup(stmt_done) struct stmt *open = stmt_get(tx, sql_open, err);
	cleanup(stmt_done) struct stmt *purged = stmt_get(tx, sql_purged, err);
	enum step step;

	if (!open || !purged) {
		return false;
	}
	while ((step = stmt_step(open, err)) == STEP_ROW) {
		effect_add(tx, EFFECT_MEDIA, stmt_i64(open, 0), stmt_i64(open, 1), stmt_i64(open, 2));
	}
	if (step == STEP_ERROR) {
		return false;
	}
	step = stmt_step(purged, err);
	if (step == STEP_ROW) {
		effect_add(tx, EFFECT_PURGED, 0, 0, 0);
	}
	return step != STEP_ERROR;
}

bool media_purged(struct tx *tx, char ***ret_hashes, size_t *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_purged, err);
	char **hashes = NULL;
	size_t n = 0;
	size_t cap = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(hashes, n, cap);
		hashes[n++] = stmt_dup(stmt, 0);
	}
	if (step == STEP_ERROR) {
		while (n > 0) {
			free(hashes[--n]);
		}
		free(hashes);
		return false;
	}
	*ret_hashes = hashes;
	*ret_n = n;
	return true;
}

bool media_is_fetched(struct tx *tx, const char *sha256, bool *ret_is, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_is_fetched, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, sha256);
	step = stmt_step(stmt, err);
	*ret_is = step == STEP_ROW;
	return step != STEP_ERROR;
}

bool media_forget(struct tx *tx, const char *sha256, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_forget, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, sha256);
	return stmt_run(stmt, err);
}
