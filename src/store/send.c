/*
 * The outbox's rows: moving along the state table, claiming, and what became of an attempt. How they are read is in
 * send_load.c, what people do to sends in send_steer.c, how it begins with what an earlier run left in send_start.c.
 *
 * Every change of state goes through send_move(): the table in model/send.c is asked, and row, counter, event and
 * effect are written together.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "store/notice.h"
#include "store/post.h"
#include "store/send_internal.h"
#include "store/ticket.h"

#define RESEND_HELD_MS (10 * MINUTE_MS) /* an account that is not ready is looked at again */

/* While it was unsure the note said how the last look went: once it is settled that is stale. */
static const char sql_move[] =
	"UPDATE send SET state = $2, hold = $3, next_at = $4, look_at = $5,"
	" remote_id = coalesce($6, remote_id), url = coalesce($7, url),"
	" note = CASE WHEN state = 'unsure' THEN $8 ELSE coalesce($8, note) END, error_domain = $9,"
	" error_advice = $10, error_code = $11, error_message = $12, doubted = doubted OR $13,"
	" finds = CASE WHEN $14 THEN 0 ELSE finds END, resends = resends + $15, sent_at = coalesce($16, sent_at),"
	" progress = coalesce($17, progress), job_id = CASE WHEN $20 THEN NULL ELSE coalesce($18, job_id) END,"
	" thread_id = CASE WHEN $20 THEN NULL ELSE coalesce($19, thread_id) END, wish = CASE WHEN $21 THEN wish END,"
	" attempts = coalesce($22, attempts), first_attempt_at = coalesce($23, first_attempt_at),"
	" last_attempt_at = coalesce($24, last_attempt_at) WHERE id = $1";
/* Not a part of it: SQLite writes an index anew for every column that is named, and few changes bring another time. */
static const char sql_due[] = "UPDATE send SET due_at = $2 WHERE id = $1";
static const char sql_attempt[] = "INSERT INTO attempt (send_id, number, started_at, digest) VALUES ($1, $2, $3, $4)";
static const char sql_attempt_end[] =
	"UPDATE attempt SET ended_at = $2, outcome = $3, http_status = $4, took_ms = $5, message = $6"
	" WHERE send_id = $1 AND ended_at IS NULL AND number = $7";
/* Of what is merely pending the note says how it was taken: that is not for a look to write over. */
static const char sql_look_again[] =
	"UPDATE send SET finds = finds + 1, look_at = $2, next_at = 0,"
	" note = CASE WHEN state = 'pending' AND $2 IS NOT NULL THEN note ELSE $3 END WHERE id = $1";
static const char sql_owner[] =
	"SELECT id FROM send WHERE account_id = $1 AND kind = $2 AND remote_id = $3 AND id <> $4";
/* What is unsure shows by look_at that no person need look yet. */
static const char sql_next_at[] =
	"UPDATE send SET next_at = $2, look_at = CASE WHEN state = 'unsure' THEN $2 ELSE look_at END WHERE id = $1";

enum hold_reason hold_for_account(enum account_state state)
{
	switch (state) {
	case ACCOUNT_READY:
		return HOLD_NONE;
	case ACCOUNT_PAUSED:
		return HOLD_ACCOUNT_PAUSED;
	case ACCOUNT_PARKED:
	case ACCOUNT_STARTING:
		return HOLD_ACCOUNT_PARKED;
	case ACCOUNT_REMOVED:
		return HOLD_ACCOUNT_REMOVED;
	}
	return HOLD_ACCOUNT_PARKED;
}

bool send_count(struct tx *tx, struct account_id account, enum send_state state, int64_t n, struct error *err)
{
	char key[48];

	(void)snprintf(key, sizeof(key), "%" PRId64 "/%s", account.v, send_state_name(state));
	return counter_add(tx, "send", key, n, err);
}

static bool count_move(
	struct tx *tx, struct account_id account, enum send_state from, enum send_state to, struct error *err)
{
	char from_key[48];
	char to_key[48];

	(void)snprintf(from_key, sizeof(from_key), "%" PRId64 "/%s", account.v, send_state_name(from));
	(void)snprintf(to_key, sizeof(to_key), "%" PRId64 "/%s", account.v, send_state_name(to));
	return counter_move(tx, "send", from_key, to_key, err);
}

void send_name_in(cJSON *detail, const struct send_row *row)
{
	char name[128];

	json_add_text(detail, "account", row->account_name);
	if (row->target.v) {
		json_add_i64(detail, "withdraws", row->target.v);
	} else if (row->post.v) {
		(void)snprintf(name, sizeof(name), "%" PRId64 "/%s", row->post.v, row->account_name);
		json_add_i64(detail, "post", row->post.v);
		json_add_text(detail, "delivery", name);
	} else {
		json_add_i64(detail, "ticket", row->ticket.v);
	}
}

static cJSON *event_detail(const struct send_row *row, enum send_state to, const struct send_change *change)
{
	cJSON *detail = json_object();

	send_name_in(detail, row);
	json_add_text(detail, "state_from", send_state_name(row->state));
	json_add_text(detail, "state_to", send_state_name(to));
	json_add_text(detail, "hold", change->hold == HOLD_NONE ? NULL : hold_reason_name(change->hold));
	json_add_text(detail, "wish", row->wish == WISH_NONE ? NULL : send_wish_name(row->wish));
	json_add_text(detail, "reason", change->reason);
	json_add_text(detail, "error", change->error && change->error->advice ? change->error->message : NULL);
	json_add_text(detail, "note", change->note);
	json_add_text(detail, "remote_id", change->remote_id);
	json_add_text(detail, "url", change->url);
	return detail;
}

/* A person has to know: the warning hook, once per such change. */
static bool owe_warning(struct tx *tx, const struct send_row *row, const char *what, const struct send_change *change,
	struct error *err)
{
	cJSON *detail = event_detail(row, row->state, change);

	json_add_text(detail, "what", what);
	return notice_add(tx, "warning", "", row->ticket.v, row->account.v, detail, err);
}

static const char *what_was_wanted(enum send_event event)
{
	switch (event) {
	case SEND_HOLD:
		return "held";
	case SEND_RELEASE:
		return "released";
	case SEND_RETRY:
		return "retried";
	case SEND_CANCEL:
		return "cancelled";
	case SEND_MISS:
	case SEND_SETTLE_SENT:
	case SEND_SETTLE_ABSENT:
		return "settled";
	case SEND_CLAIM:
	case SEND_ACCEPT:
	case SEND_DEFER:
	case SEND_REFUSE:
	case SEND_LOSE:
	case SEND_FIND:
	case SEND_PEND:
		break;
	}
	return send_event_name(event);
}

/* "12/weibo-main is cancelled: it cannot be released" */
static bool refuse_move(const struct send_row *row, enum send_event event, struct error *err)
{
	char name[128];

	if (row->post.v) {
		(void)snprintf(name, sizeof(name), "%" PRId64 "/%s", row->post.v, row->account_name);
	} else {
		(void)snprintf(name, sizeof(name), "send:%" PRId64, row->id.v);
	}
	return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s is %s: it cannot be %s", name,
		send_state_name(row->state), what_was_wanted(event));
}

/* A ticket counts as answered while its answer is on its way or out. */
static bool tell_ticket(
	struct tx *tx, const struct actor *actor, const struct send_row *row, enum send_state to, struct error *err)
{
	switch (to) {
	case SEND_HELD:
	case SEND_FAILED:
	case SEND_CANCELLED:
		return ticket_reply_bounced(tx, actor, row->ticket, row->id, err);
	case SEND_QUEUED:
	case SEND_SENT:
		return ticket_reply_goes(tx, row->ticket, err);
	case SEND_SENDING:
	case SEND_UNSURE:
	case SEND_PENDING:
		return true;
	}
	return true;
}

/* The first moment at which it is too late for what is only to be published in time. */
static int64_t late_from(const struct send_row *row)
{
	int64_t late_at = row->kind == SEND_PUBLISH ? row->due_at + row->late_ms + 1 : INT64_MAX;

	return row->until_at && row->until_at < late_at ? row->until_at + 1 : late_at;
}

/* At its time, or when a limit or a pause between two tries is over; but what waits for that is late as anything is. */
static void arm_due(struct tx *tx, const struct send_row *row)
{
	int64_t when_at = row->due_at > row->next_at ? row->due_at : row->next_at;
	int64_t late_at = late_from(row);

	effect_add(tx, EFFECT_SEND_DUE, row->id.v, row->account.v, when_at < late_at ? when_at : late_at);
}

static bool set_due(struct tx *tx, struct send_id id, int64_t due_at, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_due, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_i64(stmt, 2, due_at);
	return stmt_run(stmt, err);
}

bool send_move(struct tx *tx, const struct actor *actor, struct send_row *row, const struct send_change *change,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = NULL;
	const struct error *error = change->error && change->error->advice ? change->error : NULL;
	enum send_state from = row->state;
	struct send_change wished;
	char action[32];
	enum send_state to;

	row->wish = change->overrule ? WISH_NONE : row->wish;
	if (!send_next_wished(from, change->event, row->wish, &to)) {
		return refuse_move(row, change->event, err);
	}
	if (to == SEND_HELD && change->event != SEND_HOLD) {
		wished = *change;
		wished.hold = HOLD_OPERATOR;
		change = &wished;
	}
	stmt = stmt_get(tx, sql_move, err);
	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	stmt_bind_text(stmt, 2, send_state_name(to));
	stmt_bind_text(stmt, 3, to == SEND_HELD && change->hold != HOLD_NONE ? hold_reason_name(change->hold) : NULL);
	stmt_bind_i64(stmt, 4, to == SEND_QUEUED ? change->next_at : 0);
	stmt_bind_opt_i64(stmt, 5, to == SEND_UNSURE || to == SEND_PENDING ? change->look_at : 0);
	stmt_bind_text(stmt, 6, change->remote_id);
	stmt_bind_text(stmt, 7, change->url);
	stmt_bind_text(stmt, 8, change->note);
	stmt_bind_text(stmt, 9, error ? error_domain_name(error->domain) : NULL);
	stmt_bind_text(stmt, 10, error ? error_advice_name(error->advice) : NULL);
	stmt_bind_opt_i64(stmt, 11, error ? error->code : 0);
	stmt_bind_text(stmt, 12, error ? error->message : NULL);
	stmt_bind_i64(stmt, 13, change->doubted);
	stmt_bind_i64(stmt, 14, change->clear_finds);
	stmt_bind_i64(stmt, 15, change->count_resend);
	stmt_bind_opt_i64(stmt, 16, to == SEND_SENT ? tx_now_at(tx) : 0);
	stmt_bind_text(stmt, 17, change->progress);
	stmt_bind_text(stmt, 18, change->job_id);
	stmt_bind_text(stmt, 19, change->thread_id);
	/* The platform's job was of the attempt before: what is still heard of it says nothing of the next one. */
	stmt_bind_i64(stmt, 20, change->event == SEND_RETRY || change->event == SEND_MISS);
	stmt_bind_i64(stmt, 21, send_takes_wish(to));
	stmt_bind_opt_i64(stmt, 22, to == SEND_SENDING ? row->attempts : 0);
	stmt_bind_opt_i64(stmt, 23, to == SEND_SENDING ? row->first_attempt_at : 0);
	stmt_bind_opt_i64(stmt, 24, to == SEND_SENDING ? row->last_attempt_at : 0);
	if (!stmt_run(stmt, err) || (change->due_at && !set_due(tx, row->id, change->due_at, err)) ||
		!count_move(tx, row->account, from, to, err)) {
		return false;
	}
	(void)snprintf(action, sizeof(action), "send.%s", send_state_name(to));
	if (!event_add(tx, actor, action, OBJECT_SEND, row->id.v, event_detail(row, to, change), err)) {
		return false;
	}
	if (row->ticket.v && (to == SEND_SENT || to == SEND_FAILED)) {
		if (!event_add(tx, actor, to == SEND_SENT ? "ticket.reply-sent" : "ticket.reply-failed", OBJECT_TICKET,
			    row->ticket.v, event_detail(row, to, change), err)) {
			return false;
		}
	}
	if (row->ticket.v && !tell_ticket(tx, actor, row, to, err)) {
		return false;
	}
	if (to == SEND_SENT && row->kind == SEND_WITHDRAW && !send_mark_withdrawn(tx, row->target, err)) {
		return false;
	}
	row->state = to;
	row->wish = send_takes_wish(to) ? row->wish : WISH_NONE;
	if (change->due_at) {
		row->due_at = change->due_at;
	}
	row->next_at = to == SEND_QUEUED ? change->next_at : 0;
	if (to == SEND_QUEUED) {
		arm_due(tx, row);
	} else if ((to == SEND_UNSURE || to == SEND_PENDING) && change->look_at) {
		effect_add(tx, EFFECT_SEND_LOOK, row->id.v, row->account.v, change->look_at);
	}
	if (to == SEND_FAILED && !owe_warning(tx, row, "send-failed", change, err)) {
		return false;
	}
	return !(to == SEND_HELD && change->hold == HOLD_LATE) || owe_warning(tx, row, "send-late", change, err);
}

static bool wait_until(struct tx *tx, struct send_row *row, int64_t at, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_next_at, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	stmt_bind_i64(stmt, 2, at);
	row->next_at = at;
	arm_due(tx, row);
	return stmt_run(stmt, err);
}

/* Sent again it would go out if it is not, and that is no longer wanted. */
static bool ask_person(struct tx *tx, struct send_id id, struct error *err)
{
	return send_look_again(tx, id, 0,
		"it may be out, and it was called off: it is not sent again to find out; please look at the account",
		err);
}

/* One that may be out is not held: that would say that it is not. */
static bool place_unsure(struct tx *tx, const struct send_row *row, const struct send_change *hold, struct error *err)
{
	bool late = hold->hold == HOLD_LATE;

	return send_look_again(tx, row->id, late ? 0 : tx_now_at(tx) + RESEND_HELD_MS,
		late ? "it may be out, and it is too late to send it again to find out: please look at the account"
		     : "it may be out; it is sent again to find out when the account is ready",
		err);
}

/* Why a send whose time has come must be held; HOLD_NONE: it need not. */
static enum hold_reason must_hold(
	const struct tx *tx, const struct send_row *row, const struct account_row *account, const char **ret_why)
{
	enum hold_reason hold = hold_for_account(account->state);
	int64_t now_at = tx_now_at(tx);

	*ret_why = account->reason;
	if (hold == HOLD_NONE && row->until_at && now_at > row->until_at) {
		*ret_why = "the time until which it was to be published has passed";
		return HOLD_LATE;
	}
	if (hold == HOLD_NONE && now_at >= late_from(row)) {
		*ret_why = row->attempts > 0 ? "tried for as long as its late rule allows"
			   : row->next_at > now_at
				   ? "it waited for the platform's limit for as long as its late rule allows"
				   : "later than its late rule allows";
		return HOLD_LATE;
	}
	return hold;
}

bool send_ready(struct tx *tx, struct send_row *row, const struct account_row *account,
	const struct quota_window *quotas, size_t n_quotas, bool *ret_ready, struct error *err)
{
	int64_t now_at = tx_now_at(tx);
	struct send_change hold = { .event = SEND_HOLD };
	int64_t when_at;

	*ret_ready = false;
	row->unproven = row->state == SEND_UNSURE && row->next_at > 0;
	if (row->state != SEND_QUEUED && !row->unproven) {
		return true;
	}
	if (row->unproven && row->wish != WISH_NONE) {
		return ask_person(tx, row->id, err);
	}
	if (row->due_at > now_at || (row->next_at > now_at && now_at < late_from(row))) {
		arm_due(tx, row);
		return true;
	}
	hold.hold = must_hold(tx, row, account, &hold.reason);
	if (hold.hold != HOLD_NONE) {
		return row->state == SEND_UNSURE ? place_unsure(tx, row, &hold, err)
						 : send_move(tx, &actor_daemon, row, &hold, err);
	}
	if (!quotas_spend(tx, row->account, quotas, n_quotas, &when_at, err)) {
		return false;
	}
	if (when_at) {
		return wait_until(tx, row, when_at, err);
	}
	row->attempts++;
	row->last_attempt_at = tx_now_at(tx);
	if (!row->first_attempt_at) {
		row->first_attempt_at = row->last_attempt_at;
	}
	*ret_ready = send_load_media(tx, row, err);
	return *ret_ready;
}

bool send_claim(struct tx *tx, struct send_row *row, const char *digest, struct error *err)
{
	cleanup(stmt_done) struct stmt *attempt = stmt_get(tx, sql_attempt, err);
	struct send_change change = { .event = SEND_CLAIM, .count_resend = row->unproven };

	if (!attempt || !send_move(tx, &actor_daemon, row, &change, err)) {
		return false;
	}
	stmt_bind_i64(attempt, 1, row->id.v);
	stmt_bind_i64(attempt, 2, row->attempts);
	stmt_bind_i64(attempt, 3, row->last_attempt_at);
	stmt_bind_text(attempt, 4, digest);
	return stmt_run(attempt, err);
}

static bool end_attempt(struct tx *tx, const struct send_row *row, const struct send_result *result, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_attempt_end, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	stmt_bind_i64(stmt, 2, tx_now_at(tx));
	stmt_bind_text(stmt, 3, send_event_name(result->event));
	stmt_bind_opt_i64(stmt, 4, result->http_status);
	stmt_bind_i64(stmt, 5, result->took_ms);
	stmt_bind_text(stmt, 6, result->error.advice ? result->error.message : result->note);
	stmt_bind_i64(stmt, 7, row->attempts);
	return stmt_run(stmt, err);
}

bool send_id_is_taken(
	struct tx *tx, const struct send_row *row, const char *remote_id, bool *ret_owned, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_owner, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->account.v);
	stmt_bind_text(stmt, 2, send_kind_name(row->kind));
	stmt_bind_text(stmt, 3, remote_id);
	stmt_bind_i64(stmt, 4, row->id.v);
	step = stmt_step(stmt, err);
	*ret_owned = step == STEP_ROW;
	return step != STEP_ERROR;
}

bool send_finish(
	struct tx *tx, struct send_id id, const struct send_result *result, bool *ret_applied, struct error *err)
{
	struct send_change change = {
		.event = result->event,
		.remote_id = result->remote_id,
		.url = result->url,
		.note = result->note,
		.error = &result->error,
		.next_at = result->event == SEND_DEFER ? result->next_at : 0,
		.look_at = result->event == SEND_LOSE || result->event == SEND_PEND ? result->next_at : 0,
		.doubted = result->event == SEND_LOSE,
		.clear_finds = result->event == SEND_LOSE || result->event == SEND_PEND,
		.count_resend = result->event == SEND_MISS && !result->untouched,
		.progress = result->progress,
		.job_id = result->job_id,
		.thread_id = result->thread_id,
	};
	struct send_row row = { 0 };
	enum send_state was;
	enum send_state to;
	bool owned = false;
	bool ok;

	if (!send_load_brief(tx, id, &row, err)) {
		return false;
	}
	was = row.state;
	*ret_applied = send_next(row.state, result->event, &to);
	if (!*ret_applied) {
		send_row_finish(&row);
		return true;
	}
	ok = !result->remote_id || send_id_is_taken(tx, &row, result->remote_id, &owned, err);
	if (ok && owned && result->event == SEND_FIND) {
		/* That proves nothing of this one, neither way. */
		*ret_applied = false;
		send_row_finish(&row);
		return send_look_again(tx, id, 0, "what was found belongs to another send", err);
	}
	if (ok && owned) {
		change.remote_id = NULL;
		change.note = "the platform gave an id that another send has";
	}
	ok = ok && send_move(tx, &actor_daemon, &row, &change, err) &&
	     (was != SEND_SENDING || end_attempt(tx, &row, result, err));
	if (ok && to == SEND_SENT && row.kind == SEND_REPLY) {
		effect_add(tx, EFFECT_INDEX, 0, 0, 0);
	}
	send_row_finish(&row);
	return ok;
}

bool send_look_again(struct tx *tx, struct send_id id, int64_t look_at, const char *why, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_look_again, err);
	struct send_row row = { 0 };
	bool ok = stmt && send_load_brief(tx, id, &row, err);

	if (!ok || (row.state != SEND_UNSURE && row.state != SEND_PENDING)) {
		send_row_finish(&row);
		return ok;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_opt_i64(stmt, 2, look_at);
	stmt_bind_text(stmt, 3, why);
	ok = stmt_run(stmt, err);
	if (ok && look_at) {
		effect_add(tx, EFFECT_SEND_LOOK, id.v, row.account.v, look_at);
	} else if (ok) {
		struct send_change change = { .note = why,
			.reason = "outcome unknown: look at the account, then `queue settle`" };
		cJSON *detail = event_detail(&row, row.state, &change);

		json_add_bool(detail, "alarm", true);
		ok = event_add(tx, &actor_daemon, "send.question", OBJECT_SEND, id.v, detail, err) &&
		     owe_warning(tx, &row, "send-unknown", &change, err);
	}
	send_row_finish(&row);
	return ok;
}

bool send_resend(struct tx *tx, struct send_id id, struct error *err)
{
	struct send_row row = { 0 };
	bool ok = send_load(tx, id, &row, err);

	if (ok && row.state == SEND_UNSURE) {
		ok = row.wish == WISH_NONE ? wait_until(tx, &row, tx_now_at(tx), err) : ask_person(tx, id, err);
	}
	send_row_finish(&row);
	return ok;
}
