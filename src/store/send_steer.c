/* What people do to sends, and what happens to all sends of an account. The state table decides whether it may be. */
#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "store/send_internal.h"

/* A reply has no promised time; it may wait as long as its account does. */
#define REPLY_LATE_MS (365 * DAY_MS)

static const char sql_reply[] =
	"INSERT INTO send (kind, account_id, ticket_id, message_id, text, state, hold, due_at, late_ms,"
	" author_uid, author, created_at)"
	" VALUES ('reply', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7)";
static const char sql_delivery[] = "SELECT send.id FROM send JOIN account ON account.id = send.account_id"
				   " WHERE send.post_id = $1 AND account.name = $2";
static const char sql_promise[] = "UPDATE send SET hold = $2, due_at = $3 WHERE id = $1 AND state = 'held'";
static const char sql_of_post[] = "SELECT id FROM send WHERE post_id = $1 ORDER BY id";
static const char sql_of_account[] = "SELECT id FROM send WHERE " SEND_IS_OPEN
				     " AND account_id = $1 AND state = $2 ORDER BY due_at, id";
static const char sql_to_citizen[] =
	"SELECT send.id FROM ticket CROSS JOIN send ON send.ticket_id = ticket.id WHERE ticket.account_id = $1"
	" AND ticket.author_id = $2 AND send.kind = 'reply' AND " SEND_IS_OPEN " ORDER BY send.id";
static const char sql_wish[] = "UPDATE send SET wish = $2, due_at = coalesce($3, due_at) WHERE id = $1";

static bool steer(
	struct tx *tx, const struct actor *actor, struct send_id id, struct send_change *change, struct error *err)
{
	struct send_row row = { 0 };
	bool ok = send_load(tx, id, &row, err) && send_move(tx, actor, &row, change, err);

	send_row_finish(&row);
	return ok;
}

/* It cannot be stopped any more, or nobody knows whether it is out: noted, for when it proves not to be. */
static bool set_wish(struct tx *tx, const struct actor *actor, struct send_row *row, enum send_wish wish,
	int64_t due_at, const char *reason, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_wish, err);
	cJSON *detail;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	stmt_bind_text(stmt, 2, wish == WISH_NONE ? NULL : send_wish_name(wish));
	stmt_bind_opt_i64(stmt, 3, due_at);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	row->wish = wish;
	detail = json_object();
	send_name_in(detail, row);
	json_add_text(detail, "state", send_state_name(row->state));
	json_add_text(detail, "wish", send_wish_name(wish));
	json_add_text(detail, "reason", reason);
	return event_add(tx, actor, "send.wish", OBJECT_SEND, row->id.v, detail, err);
}

bool send_hold(struct tx *tx, const struct actor *actor, struct send_id id, const char *reason, struct error *err)
{
	struct send_change change = { .event = SEND_HOLD, .hold = HOLD_OPERATOR, .reason = reason };
	struct send_row row = { 0 };
	bool ok;

	if (!send_load(tx, id, &row, err)) {
		return false;
	}
	if (send_takes_wish(row.state)) {
		ok = row.wish >= WISH_HOLD || set_wish(tx, actor, &row, WISH_HOLD, 0, reason, err);
	} else {
		ok = row.hold == HOLD_OPERATOR || send_move(tx, actor, &row, &change, err);
	}
	send_row_finish(&row);
	return ok;
}

/* Comes back by itself with its account: see send_release_account(). */
static bool waits_for_account(const struct send_row *row)
{
	return row->due_at && row->hold != HOLD_OPERATOR && row->hold != HOLD_LATE;
}

bool send_release(struct tx *tx, const struct actor *actor, struct send_id id, int64_t due_at, struct error *err)
{
	struct send_change change = { .event = SEND_RELEASE };
	struct account_row account = { 0 };
	struct send_row row = { 0 };
	enum hold_reason hold = HOLD_NONE;
	bool ok;

	if (!send_load(tx, id, &row, err)) {
		return false;
	}
	if (row.wish != WISH_NONE) {
		ok = set_wish(tx, actor, &row, WISH_NONE, due_at, NULL, err);
		send_row_finish(&row);
		return ok;
	}
	ok = account_load(tx, row.account, &account, err);
	if (ok) {
		hold = hold_for_account(account.state);
		/* A person decided: what is late goes now. */
		change.due_at = due_at ? due_at : row.due_at > tx_now_at(tx) ? 0 : tx_now_at(tx);
		ok = hold == HOLD_NONE || row.state != SEND_HELD ||
		     error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s is %s: %s", row.account_name,
			     account_state_name(account.state),
			     waits_for_account(&row) ? "it goes when the account does"
						     : "release it when the account is ready");
	}
	ok = ok && send_move(tx, actor, &row, &change, err);
	account_row_finish(&account);
	send_row_finish(&row);
	return ok;
}

bool send_promise(struct tx *tx, const struct actor *actor, struct send_row *row, enum hold_reason hold, int64_t due_at,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_promise, err);
	cJSON *detail;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	stmt_bind_text(stmt, 2, hold_reason_name(hold));
	stmt_bind_i64(stmt, 3, due_at);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	row->hold = hold;
	row->due_at = due_at;
	detail = json_object();
	json_add_text(detail, "account", row->account_name);
	json_add_i64(detail, "post", row->post.v);
	json_add_text(detail, "hold", hold_reason_name(hold));
	json_add_time(detail, "due_at", due_at);
	return event_add(tx, actor, "send.held", OBJECT_SEND, row->id.v, detail, err);
}

bool send_cancel(struct tx *tx, const struct actor *actor, struct send_id id, const char *reason, struct error *err)
{
	struct send_change change = { .event = SEND_CANCEL, .reason = reason };
	struct send_row row = { 0 };
	bool ok;

	if (!send_load(tx, id, &row, err)) {
		return false;
	}
	if (send_takes_wish(row.state)) {
		ok = row.wish == WISH_CANCEL || set_wish(tx, actor, &row, WISH_CANCEL, 0, reason, err);
	} else {
		ok = send_move(tx, actor, &row, &change, err);
	}
	send_row_finish(&row);
	return ok;
}

bool send_retry(struct tx *tx, const struct actor *actor, struct send_id id, struct error *err)
{
	struct send_change change = { .event = SEND_RETRY, .due_at = tx_now_at(tx) };

	return steer(tx, actor, id, &change, err);
}

bool send_settle(struct tx *tx, const struct actor *actor, struct send_id id, enum send_event event,
	const char *remote_id, const char *url, struct error *err)
{
	struct send_change change = { .event = event,
		.remote_id = remote_id,
		.url = url,
		.reason = "settled by a person",
		.count_resend = event == SEND_MISS,
		.overrule = event == SEND_MISS,
		.due_at = event == SEND_MISS ? tx_now_at(tx) : 0 };
	struct send_row row = { 0 };
	bool taken = false;
	bool ok;

	if (!send_load(tx, id, &row, err)) {
		return false;
	}
	ok = (!remote_id || send_id_is_taken(tx, &row, remote_id, &taken, err)) &&
	     (!taken || error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s belongs to another send of %s", remote_id,
				row.account_name)) &&
	     send_move(tx, actor, &row, &change, err);
	send_row_finish(&row);
	return ok;
}

bool send_insert_reply(struct tx *tx, const struct actor *actor, const struct reply_new *reply, struct send_id *ret_id,
	bool *ret_held, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_reply, err);
	struct account_row account = { 0 };
	enum hold_reason hold;
	enum send_state state;

	if (!stmt || !account_load(tx, reply->account, &account, err)) {
		return false;
	}
	hold = hold_for_account(account.state);
	account_row_finish(&account);
	state = hold == HOLD_NONE ? SEND_QUEUED : SEND_HELD;
	stmt_bind_i64(stmt, 1, reply->account.v);
	stmt_bind_i64(stmt, 2, reply->ticket.v);
	stmt_bind_i64(stmt, 3, reply->message.v);
	stmt_bind_text(stmt, 4, reply->text);
	stmt_bind_text(stmt, 5, send_state_name(state));
	stmt_bind_text(stmt, 6, hold == HOLD_NONE ? NULL : hold_reason_name(hold));
	stmt_bind_i64(stmt, 7, tx_now_at(tx));
	stmt_bind_i64(stmt, 8, REPLY_LATE_MS);
	stmt_bind_i64(stmt, 9, actor->uid);
	stmt_bind_text(stmt, 10, actor->name);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	ret_id->v = tx_last_id(tx);
	*ret_held = state == SEND_HELD;
	if (state == SEND_QUEUED) {
		effect_add(tx, EFFECT_SEND_DUE, ret_id->v, reply->account.v, tx_now_at(tx));
	}
	return send_count(tx, reply->account, state, 1, err);
}

bool send_find_delivery(
	struct tx *tx, struct post_id post, const char *account, struct send_id *ret_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_delivery, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, post.v);
	stmt_bind_text(stmt, 2, account);
	switch (stmt_step(stmt, err)) {
	case STEP_ROW:
		ret_id->v = stmt_i64(stmt, 0);
		return true;
	case STEP_DONE:
		return error_set(
			err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no delivery %" PRId64 "/%s", post.v, account);
	case STEP_ERROR:
		return false;
	}
	return false;
}

static bool list(struct stmt *stmt, struct send_id **ret_ids, size_t *ret_n, struct error *err)
{
	struct send_id *ids = NULL;
	size_t n = 0;
	size_t cap = 0;
	enum step step;

	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(ids, n, cap);
		ids[n++].v = stmt_i64(stmt, 0);
	}
	if (step == STEP_ERROR) {
		free(ids);
		return false;
	}
	*ret_ids = ids;
	*ret_n = n;
	return true;
}

bool send_list_of_post(struct tx *tx, struct post_id post, struct send_id **ret_ids, size_t *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_of_post, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, post.v);
	return list(stmt, ret_ids, ret_n, err);
}

bool send_list_to_citizen(struct tx *tx, struct account_id account, const char *author_id, struct send_id **ret_ids,
	size_t *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_to_citizen, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, author_id);
	return list(stmt, ret_ids, ret_n, err);
}

static bool list_of_account(struct tx *tx, struct account_id account, enum send_state state, struct send_id **ret_ids,
	size_t *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_of_account, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, send_state_name(state));
	return list(stmt, ret_ids, ret_n, err);
}

bool send_hold_account(struct tx *tx, struct account_id account, enum hold_reason reason, int *ret_n, struct error *err)
{
	struct send_id *ids = NULL;
	size_t n = 0;
	bool ok = list_of_account(tx, account, SEND_QUEUED, &ids, &n, err);

	for (size_t i = 0; ok && i < n; i++) {
		struct send_change change = { .event = SEND_HOLD, .hold = reason };

		ok = steer(tx, &actor_daemon, ids[i], &change, err);
	}
	free(ids);
	*ret_n = (int)n;
	return ok;
}

bool send_release_account(
	struct tx *tx, struct account_id account, enum hold_reason reason, int *ret_n, struct error *err)
{
	struct send_id *ids = NULL;
	size_t n = 0;
	bool ok = list_of_account(tx, account, SEND_HELD, &ids, &n, err);

	*ret_n = 0;
	for (size_t i = 0; ok && i < n; i++) {
		/* Released into the queue; the claim applies the late rule to what waited too long. */
		struct send_change change = { .event = SEND_RELEASE };
		struct send_row row = { 0 };

		ok = send_load(tx, ids[i], &row, err);
		if (ok && row.hold == reason && row.due_at) {
			(*ret_n)++;
			ok = send_move(tx, &actor_daemon, &row, &change, err);
		}
		send_row_finish(&row);
	}
	free(ids);
	return ok;
}
