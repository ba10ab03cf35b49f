/*
 * Who has a ticket and how it is answered: claims with their leases, replies, and the ladder's clock. Decided here, in
 * the transaction, on what it sees; never on what somebody remembers. Assigning, handing over, escalating, closing:
 * ticket_case.c.
 *
 * Invariants: a claim is a lease; when it has run out the ticket is free even before anybody noticed. A reply needs the
 * claim and the version it was written against. What counts for the version is what a reply's author must know: the
 * citizen's messages, replies, and whose case it is; notes, rungs and priorities do not.
 */
#include "store/ticket.h"

#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/mem.h"
#include "model/role.h"
#include "store/contact.h"
#include "store/db.h"
#include "store/effect.h"
#include "store/notice.h"
#include "store/send.h"
#include "store/ticket_internal.h"
#include "text/when.h"

static const char sql_answered[] =
	"SELECT kind, remote_id, author_id FROM message WHERE id = $1 AND ticket_id = $2 AND from_us = 0";
static const char sql_replied_to[] = "SELECT message_id FROM send WHERE ticket_id = $1 ORDER BY id DESC LIMIT 1";

static const char sql_others[] = "SELECT 1 FROM send WHERE ticket_id = $1 AND id <> $2 AND created_at >= $3"
				 " AND state NOT IN ('held', 'failed', 'cancelled') LIMIT 1";
static const char sql_author[] = "SELECT author_id FROM ticket WHERE id = $1";
static const char sql_forgotten[] = "SELECT 1 FROM ticket WHERE id = $1 AND author_id = 'purged:' || id";

static const char sql_arm_rungs[] =
	"SELECT id, account_id, rung_at FROM ticket WHERE rung_at IS NOT NULL ORDER BY rung_at";

static const char sql_arm_leases[] =
	"SELECT id, account_id, lease_until_at FROM ticket WHERE lease_until_at IS NOT NULL ORDER BY lease_until_at";

static const char sql_set_back[] =
	"UPDATE ticket SET ack_at = ack_at - (clock_at - $1), reply_at = reply_at - (clock_at - $1),"
	" answer_at = answer_at - (clock_at - $1), rung_at = rung_at - (clock_at - $1),"
	" window_until_at = window_until_at - (clock_at - $1),"
	" next_due_at = CASE WHEN next_due_at = $2 THEN $2 ELSE next_due_at - (clock_at - $1) END,"
	" opened_at = CASE WHEN opened_at > $1 THEN $1 ELSE opened_at END, clock_at = $1"
	" WHERE state <> 'closed' AND clock_at > $1 RETURNING id, account_id, rung_at";

static const char sql_ladder[] = "SELECT value FROM meta WHERE name = 'ladder'";
static const char sql_set_ladder[] = "INSERT INTO meta (name, value) VALUES ('ladder', $1)"
				     " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
static const char sql_climbed[] = "SELECT id, rungs_done FROM ticket WHERE state <> 'closed' AND rungs_done <> 0";
static const char sql_set_climbed[] = "UPDATE ticket SET rungs_done = $2 WHERE id = $1";

static bool may_take_over(const struct actor *actor, struct error *err)
{
	return role_permits(actor->roles, PERMIT_TICKET_ASSIGN) ||
	       error_set(err, ERROR_ACCESS, ADVISE_REJECT, 0, "taking over a claim needs the role %s",
		       permission_holders(PERMIT_TICKET_ASSIGN));
}

bool ticket_claim(struct tx *tx, const struct actor *actor, struct ticket_id id, int64_t lease_ms, bool take_over,
	struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	cJSON *detail;

	if (!ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	detail = json_object();
	if (ticket_is_held(tx, row) && row->holder_uid == actor->uid) {
		json_add_bool(detail, "renewed", true);
	} else {
		if (ticket_is_held(tx, row)) {
			if (!(take_over ? may_take_over(actor, err) : ticket_not_others(tx, actor, row, err))) {
				cJSON_Delete(detail);
				return false;
			}
			json_add_text(detail, "taken_from", row->holder);
		}
		row->version++;
	}
	if (!ticket_move(&edit, TICKET_CLAIM, err)) {
		cJSON_Delete(detail);
		return false;
	}
	ticket_set_text(&row->holder, actor->name);
	row->holder_uid = actor->uid;
	row->lease_until_at = tx_now_at(tx) + lease_ms;
	return ticket_tell(tx, actor, "ticket.claim", &edit, detail, err) && ticket_edit_save(tx, &edit, err);
}

/* Nobody has it any more. One who is asked or was answered stays so; the ladder looks at once whether it must climb. */
static void let_go(struct tx *tx, struct ticket_edit *edit)
{
	struct ticket_row *row = &edit->row;

	if (ticket_next(row->state, TICKET_RELEASE, &row->state)) {
		row->rung_at = tx_now_at(tx);
	}
	ticket_drop_holder(row);
	row->version++;
}

bool ticket_release(struct tx *tx, const struct actor *actor, struct ticket_id id, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };

	if (!ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	if (!ticket_is_held(tx, &edit.row)) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "ticket %" PRId64 " is held by nobody", id.v);
	}
	if (!ticket_not_others(tx, actor, &edit.row, err)) {
		return false;
	}
	let_go(tx, &edit);
	return ticket_tell(tx, actor, "ticket.release", &edit, NULL, err) && ticket_edit_save(tx, &edit, err);
}

bool ticket_expire_lease(struct tx *tx, struct ticket_id id, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	cJSON *detail;

	if (!ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	if (edit.row.holder_uid < 0) {
		return true;
	}
	if (ticket_is_held(tx, &edit.row)) {
		effect_add(tx, EFFECT_LEASE_DUE, id.v, edit.row.account.v, edit.row.lease_until_at);
		return true;
	}
	detail = json_object();
	json_add_text(detail, "holder", edit.row.holder);
	let_go(tx, &edit);
	return ticket_tell(tx, &actor_daemon, "ticket.lease-ended", &edit, detail, err) &&
	       ticket_edit_save(tx, &edit, err);
}

/* ---- replies ---- */

static bool has_own_claim(struct tx *tx, const struct actor *actor, const struct ticket_row *row, struct error *err)
{
	struct buf ended;

	if (!ticket_not_others(tx, actor, row, err)) {
		return false;
	}
	if (ticket_is_held(tx, row)) {
		return true;
	}
	if (row->holder_uid != actor->uid) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"ticket %" PRId64 " is held by nobody: claim it before answering", row->id.v);
	}
	buf_init(&ended, 64);
	(void)when_format_short(&ended, row->lease_until_at, tx_now_at(tx));
	error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "your claim on ticket %" PRId64 " ended at %s: claim it again",
		row->id.v, ended.p);
	buf_finish(&ended);
	return false;
}

/* Why the version is another one: the citizen, or a reply of ours that is out already. */
static bool refuse_version(struct tx *tx, const struct ticket_row *row, int64_t version, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_replied_to, err);
	const char *why = "the citizen wrote again";

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_ROW:
		if (stmt_i64(stmt, 0) == row->last_message.v) {
			why = "a reply to the newest message was queued already";
		}
		break;
	case STEP_DONE:
		break;
	}
	return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
		"ticket %" PRId64 " is at version %" PRId64 ", the reply was written against %" PRId64 ": %s",
		row->id.v, row->version, version, why);
}

bool ticket_answered(struct tx *tx, const struct ticket_row *row, struct message_id message,
	struct ticket_answered *ret_answered, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_answered, err);
	enum message_kind kind;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, message.v ? message.v : row->last_message.v);
	stmt_bind_i64(stmt, 2, row->id.v);
	switch (stmt_step(stmt, err)) {
	case STEP_ROW:
		if (!message_kind_parse(stmt_text(stmt, 0), &kind)) {
			return error_set(err, ERROR_STORE, ADVISE_BUG, 0,
				"a message of ticket %" PRId64 " is of no known kind", row->id.v);
		}
		*ret_answered = (struct ticket_answered){ kind, stmt_dup(stmt, 1), stmt_dup(stmt, 2) };
		return true;
	case STEP_DONE:
		*ret_answered = (struct ticket_answered){ .kind = MESSAGE_COMMENT };
		return !message.v ||
		       error_set(err, ERROR_MISSING, ADVISE_REJECT, 0,
			       "ticket %" PRId64 " has no message %" PRId64 " of the citizen", row->id.v, message.v);
	case STEP_ERROR:
		return false;
	}
	return false;
}

void ticket_answered_finish(struct ticket_answered *answered)
{
	free(answered->remote_id);
	free(answered->author_id);
}

/* A platform that lets us answer for a while only counts our answers: so do we, when they are queued. */
static bool spend_window(struct tx *tx, const struct ticket_row *row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = NULL;
	cleanup(free_charp) char *author = NULL;

	if (!row->window_until_at) {
		return true;
	}
	stmt = stmt_get(tx, sql_author, err);
	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	if (stmt_step(stmt, err) != STEP_ROW) {
		return false;
	}
	author = stmt_dup(stmt, 0);
	return contact_spend(tx, row->account, author, err);
}

bool ticket_reply(struct tx *tx, const struct actor *actor, struct ticket_id id, int64_t version, const char *text,
	bool waiting, struct send_id *ret_send, struct error *err)
{
	return ticket_reply_to(tx, actor, id, version, (struct message_id){ 0 }, text, waiting, ret_send, err);
}

bool ticket_reply_to(struct tx *tx, const struct actor *actor, struct ticket_id id, int64_t version,
	struct message_id message, const char *text, bool waiting, struct send_id *ret_send, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	cleanup(ticket_answered_finish) struct ticket_answered answered = { 0 };
	struct ticket_row *row = &edit.row;
	struct send_id send = { 0 };
	bool held = false;
	cJSON *detail;

	if (!text || !text[0]) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "the reply is empty");
	}
	if (!ticket_edit_begin(tx, id, &edit, err) || !has_own_claim(tx, actor, row, err)) {
		return false;
	}
	if (version != row->version) {
		return version ? refuse_version(tx, row, version, err)
			       : error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
					 "a reply names the version of ticket %" PRId64 " it was written against",
					 id.v);
	}
	if ((message.v && !ticket_answered(tx, row, message, &answered, err)) || !spend_window(tx, row, err) ||
		!ticket_move(&edit, TICKET_REPLY, err) ||
		!send_insert_reply(tx, actor,
			&(struct reply_new){
				.ticket = id,
				.account = row->account,
				.message = message.v ? message : row->last_message,
				.text = text,
			},
			&send, &held, err)) {
		return false;
	}
	if (waiting) {
		row->state = TICKET_WAITING;
	}
	row->replied = true;
	row->answered = row->answered || !waiting;
	row->version++;
	detail = json_object();
	json_add_i64(detail, "send", send.v);
	json_add_bool(detail, "waiting", waiting);
	if (!ticket_tell(tx, actor, "ticket.reply", &edit, detail, err) || !ticket_edit_save(tx, &edit, err)) {
		return false;
	}
	effect_add(tx, EFFECT_INDEX, id.v, row->account.v, 0);
	*ret_send = send;
	return !held || ticket_reply_bounced(tx, actor, id, send, err);
}

static bool other_reply(
	struct tx *tx, const struct ticket_row *row, struct send_id send, bool *ret_other, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_others, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	stmt_bind_i64(stmt, 2, send.v);
	stmt_bind_i64(stmt, 3, row->clock_at);
	step = stmt_step(stmt, err);
	*ret_other = step == STEP_ROW;
	return step != STEP_ERROR;
}

/* Is its citizen forgotten? Then nobody is there to be answered. */
static bool is_forgotten(struct tx *tx, struct ticket_id id, bool *ret_forgotten, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_forgotten, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	step = stmt_step(stmt, err);
	*ret_forgotten = step == STEP_ROW;
	return step != STEP_ERROR;
}

bool ticket_reply_bounced(
	struct tx *tx, const struct actor *actor, struct ticket_id id, struct send_id send, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	cJSON *detail;
	bool forgotten;
	bool other;

	if (!ticket_edit_begin(tx, id, &edit, err) || !is_forgotten(tx, id, &forgotten, err) ||
		!other_reply(tx, row, send, &other, err)) {
		return false;
	}
	if (forgotten || other || !row->replied) {
		return true;
	}
	row->replied = false;
	row->answered = false;
	if (!ticket_next(row->state, TICKET_BOUNCE, &row->state)) {
		return ticket_edit_save(tx, &edit, err); /* somebody has it, or it is closed: the history says it */
	}
	if (ticket_is_held(tx, row)) {
		if (!ticket_next(row->state, TICKET_CLAIM, &row->state)) {
			return error_set(err, ERROR_STORE, ADVISE_BUG, 0, "a new ticket cannot be claimed");
		}
	} else {
		ticket_drop_holder(row);
	}
	row->rung_at = tx_now_at(tx);
	detail = json_object();
	json_add_i64(detail, "send", send.v);
	return ticket_tell(tx, actor, "ticket.bounced", &edit, detail, err) && ticket_edit_save(tx, &edit, err);
}

bool ticket_reply_goes(struct tx *tx, struct ticket_id id, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;

	if (!ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	if (row->replied) {
		return true;
	}
	row->replied = true;
	row->answered = true;
	if (row->state == TICKET_CLAIMED && !ticket_move(&edit, TICKET_REPLY, err)) {
		return false;
	}
	return ticket_edit_save(tx, &edit, err);
}

/* ---- the ladder and the clocks ---- */

bool ticket_climb(struct tx *tx, struct ticket_id id, int64_t rungs_done, const char *target, const char *why,
	int64_t next_rung_at, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	cJSON *detail;

	if (!ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	row->level++;
	row->rungs_done = rungs_done;
	row->rung_at = next_rung_at;
	if (row->state != TICKET_ASSIGNED) { /* whom it is assigned to stays in sight */
		ticket_set_text(&row->target, target);
	}
	detail = json_object();
	json_add_text(detail, "target", target);
	json_add_text(detail, "why", why);
	json_add_i64(detail, "level", row->level);
	if (!ticket_tell(tx, &actor_daemon, "ticket.ladder", &edit, detail, err)) {
		return false;
	}
	detail = json_object();
	json_add_i64(detail, "ticket", id.v);
	json_add_text(detail, "account", row->account_name);
	json_add_text(detail, "priority", priority_name(row->priority).text);
	json_add_text(detail, "state", ticket_state_name(row->state));
	json_add_text(detail, "why", why);
	json_add_i64(detail, "level", row->level);
	return notice_add(tx, "escalated", target, id.v, row->account.v, detail, err) &&
	       ticket_edit_save(tx, &edit, err);
}

bool ticket_set_rung(struct tx *tx, struct ticket_id id, int64_t rungs_done, int64_t rung_at, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };

	if (!ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	edit.row.rungs_done = rungs_done;
	edit.row.rung_at = rung_at;
	return ticket_edit_save(tx, &edit, err);
}

bool ticket_set_deadlines(
	struct tx *tx, struct ticket_id id, int64_t ack_at, int64_t reply_at, int64_t answer_at, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };

	if (!ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	edit.row.clock_at = tx_now_at(tx);
	edit.row.ack_at = ack_at;
	edit.row.reply_at = reply_at;
	edit.row.answer_at = answer_at;
	return ticket_edit_save(tx, &edit, err);
}

static bool arm(struct tx *tx, const char *sql, enum effect_kind kind, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	if (!stmt) {
		return false;
	}
	for (;;) {
		switch (stmt_step(stmt, err)) {
		case STEP_ERROR:
			return false;
		case STEP_DONE:
			return true;
		case STEP_ROW:
			effect_add(tx, kind, stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2));
			break;
		}
	}
}

#define LADDER_BYTES (1u << 20)

static bool load_ladder(struct tx *tx, cJSON **ret_ladder, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_ladder, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	step = stmt_step(stmt, err);
	/* None: an older program did not write it down. */
	if (step == STEP_ROW && !json_parse(stmt_str(stmt, 0), ret_ladder, NULL)) {
		*ret_ladder = NULL;
	}
	return step != STEP_ERROR;
}

static bool save_ladder(struct tx *tx, const cJSON *ladder, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_set_ladder, err);
	struct buf text;
	bool ok;

	if (!stmt) {
		return false;
	}
	buf_init(&text, LADDER_BYTES);
	(void)json_print(&text, ladder);
	stmt_bind_str(stmt, 1, buf_str(&text));
	ok = stmt_run(stmt, err);
	buf_finish(&text);
	return ok;
}

/* Where the rungs of one ladder are in another; -1: nowhere. Equal ones are taken in their order. */
static void map_ladder(const cJSON *from, const cJSON *to, int places[64])
{
	uint64_t taken = 0;
	int i = 0;
	const cJSON *rung;

	cJSON_ArrayForEach(rung, from)
	{
		int n = cJSON_GetArraySize(to);

		if (i == 64) {
			return;
		}
		for (int k = 0; places[i] < 0 && k < n && k < 64; k++) {
			if (!(taken & UINT64_C(1) << k) && cJSON_Compare(rung, cJSON_GetArrayItem(to, k), true)) {
				taken |= UINT64_C(1) << k;
				places[i] = k;
			}
		}
		i++;
	}
}

struct climbed {
	int64_t ticket;
	int64_t rungs;
};

static bool load_climbed(struct tx *tx, struct climbed **ret_climbed, size_t *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_climbed, err);
	struct climbed *climbed = NULL;
	size_t n = 0;
	size_t cap = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(climbed, n, cap);
		climbed[n++] = (struct climbed){ stmt_i64(stmt, 0), stmt_i64(stmt, 1) };
	}
	*ret_climbed = climbed;
	*ret_n = n;
	return step == STEP_DONE;
}

static bool carry_over(struct tx *tx, const struct climbed *climbed, const int places[64], struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_set_climbed, err);
	uint64_t rungs = 0;

	if (!stmt) {
		return false;
	}
	for (int i = 0; i < 64; i++) {
		if ((uint64_t)climbed->rungs >> i & 1 && places[i] >= 0) {
			rungs |= UINT64_C(1) << places[i];
		}
	}
	stmt_bind_i64(stmt, 1, climbed->ticket);
	stmt_bind_i64(stmt, 2, (int64_t)rungs);
	return stmt_run(stmt, err);
}

bool ticket_ladder_sync(struct tx *tx, const char *const *rungs, size_t n, struct error *err)
{
	cleanup(json_freep) cJSON *before = NULL;
	cleanup(json_freep) cJSON *ladder = json_array();
	struct climbed *climbed = NULL;
	size_t n_climbed = 0;
	int places[64];
	bool ok;

	for (size_t i = 0; i < n; i++) {
		json_push(ladder, cJSON_CreateString(rungs[i]));
	}
	if (!load_ladder(tx, &before, err)) {
		return false;
	}
	if (before && cJSON_Compare(before, ladder, true)) {
		return true;
	}
	memset(places, -1, sizeof(places));
	map_ladder(before, ladder, places);
	ok = save_ladder(tx, ladder, err) && (!before || load_climbed(tx, &climbed, &n_climbed, err));
	for (size_t i = 0; ok && i < n_climbed; i++) {
		ok = carry_over(tx, &climbed[i], places, err);
	}
	free(climbed);
	return ok;
}

bool ticket_clock_set_back(struct tx *tx, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_set_back, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, tx_now_at(tx));
	stmt_bind_i64(stmt, 2, TICKET_NO_DUE_AT);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		if (!stmt_is_null(stmt, 2)) {
			effect_add(tx, EFFECT_TICKET_DUE, stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2));
		}
	}
	return step == STEP_DONE;
}

bool ticket_arm_all(struct tx *tx, struct error *err)
{
	return arm(tx, sql_arm_rungs, EFFECT_TICKET_DUE, err) && arm(tx, sql_arm_leases, EFFECT_LEASE_DUE, err);
}
