/*
 * A ticket as a value between its row and its next row. What people and clocks may do with it stands in ticket.c and
 * ticket_case.c; what messages do to it in message.c.
 *
 * Invariants, kept by ticket_edit_save(): the counter 'ticket' of "<state>/<priority>" equals COUNT(*); next_due_at is
 * the nearest deadline that is still open; whoever sets a new time for the ladder or a lease has armed it.
 */
#include "store/ticket_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/effect.h"
#include "store/notice.h"
#include "text/when.h"

static const char sql_load[] =
	"SELECT ticket.id, ticket.account_id, account.name, ticket.state, ticket.priority, ticket.class, ticket.level,"
	" ticket.target, ticket.holder, ticket.holder_uid, ticket.lease_until_at, ticket.version, ticket.opened_at,"
	" ticket.clock_at, ticket.ack_at, ticket.reply_at, ticket.answer_at, ticket.replied, ticket.rungs_done,"
	" ticket.rung_at, ticket.ever_p0, ticket.last_message_id, ticket.result, ticket.closed_at,"
	" ticket.window_until_at, ticket.window_ms"
	" FROM ticket JOIN account ON account.id = ticket.account_id WHERE ticket.id = $1";

static const char sql_save[] =
	"UPDATE ticket SET state = $1, priority = $2, class = $3, level = $4, target = $5, holder = $6, holder_uid = "
	"$7,"
	" lease_until_at = $8, version = $9, opened_at = $10, clock_at = $11, updated_at = $12, ack_at = $13,"
	" reply_at = $14, answer_at = $15, next_due_at = $16, replied = $17, rungs_done = $18, rung_at = $19,"
	" ever_p0 = $20, last_message_id = $21, result = $22, closed_at = $23, window_until_at = $25, window_ms = $26"
	" WHERE id = $24";

void ticket_row_finish(struct ticket_row *row)
{
	free(row->account_name);
	free(row->class);
	free(row->target);
	free(row->holder);
	free(row->result);
	memset(row, 0, sizeof(*row));
}

void ticket_edit_finish(struct ticket_edit *edit)
{
	ticket_row_finish(&edit->row);
}

void ticket_set_text(char **field, const char *text)
{
	char *copy = xstrdup(text);

	free(*field);
	*field = copy;
}

static bool read_row(struct stmt *stmt, struct ticket_row *row, struct error *err)
{
	int64_t replied = stmt_i64(stmt, 17);

	if (!ticket_state_parse(stmt_text(stmt, 3), &row->state)) {
		return error_set(err, ERROR_STORE, ADVISE_BUG, 0,
			"ticket %" PRId64 " is in a state that does not exist", stmt_i64(stmt, 0));
	}
	row->id.v = stmt_i64(stmt, 0);
	row->account.v = stmt_i64(stmt, 1);
	row->account_name = stmt_dup(stmt, 2);
	row->priority = (int)stmt_i64(stmt, 4);
	row->class = stmt_dup(stmt, 5);
	row->level = (int)stmt_i64(stmt, 6);
	row->target = stmt_dup(stmt, 7);
	row->holder = stmt_dup(stmt, 8);
	row->holder_uid = stmt_is_null(stmt, 9) ? -1 : stmt_i64(stmt, 9);
	row->lease_until_at = stmt_i64(stmt, 10);
	row->version = stmt_i64(stmt, 11);
	row->opened_at = stmt_i64(stmt, 12);
	row->clock_at = stmt_i64(stmt, 13);
	row->ack_at = stmt_i64(stmt, 14);
	row->reply_at = stmt_i64(stmt, 15);
	row->answer_at = stmt_i64(stmt, 16);
	row->replied = replied > 0;
	row->answered = replied > 1;
	row->rungs_done = stmt_i64(stmt, 18);
	row->rung_at = stmt_i64(stmt, 19);
	row->ever_p0 = stmt_i64(stmt, 20) != 0;
	row->last_message.v = stmt_i64(stmt, 21);
	row->result = stmt_dup(stmt, 22);
	row->closed_at = stmt_i64(stmt, 23);
	row->window_until_at = stmt_i64(stmt, 24);
	row->window_ms = stmt_i64(stmt, 25);
	return true;
}

bool ticket_load(struct tx *tx, struct ticket_id id, struct ticket_row *ret_row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_load, err);
	struct ticket_row row = { 0 };

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no ticket %" PRId64, id.v);
	case STEP_ROW:
		break;
	}
	if (!read_row(stmt, &row, err)) {
		ticket_row_finish(&row);
		return false;
	}
	*ret_row = row;
	return true;
}

bool ticket_edit_begin(struct tx *tx, struct ticket_id id, struct ticket_edit *edit, struct error *err)
{
	if (!ticket_load(tx, id, &edit->row, err)) {
		return false;
	}
	edit->was_state = edit->row.state;
	edit->was_priority = edit->row.priority;
	edit->was_rung_at = edit->row.rung_at;
	edit->was_lease_until_at = edit->row.lease_until_at;
	return true;
}

int64_t ticket_next_due(const struct ticket_row *row)
{
	int64_t due_at = TICKET_NO_DUE_AT;
	bool waits_for_claim = row->state == TICKET_NEW || row->state == TICKET_ASSIGNED;
	bool ours = waits_for_claim || row->state == TICKET_CLAIMED || row->state == TICKET_WAITING;
	bool answer_runs = ours && row->state != TICKET_WAITING; /* it stands still while the citizen is asked */

	if (waits_for_claim && row->ack_at && row->ack_at < due_at) {
		due_at = row->ack_at;
	}
	if (ours && !row->replied && row->reply_at && row->reply_at < due_at) {
		due_at = row->reply_at;
	}
	if (ours && !row->answered && row->window_until_at && row->window_until_at < due_at) {
		due_at = row->window_until_at; /* afterwards there is no answering at all */
	}
	if (answer_runs && !row->answered && row->answer_at && row->answer_at < due_at) {
		due_at = row->answer_at;
	}
	return due_at;
}

bool ticket_count(struct tx *tx, enum ticket_state state, int priority, int64_t n, struct error *err)
{
	char key[32];

	(void)snprintf(key, sizeof(key), "%s/%d", ticket_state_name(state), priority);
	return counter_add(tx, "ticket", key, n, err);
}

static void bind_row(struct stmt *stmt, const struct ticket_row *row, int64_t now_at)
{
	stmt_bind_text(stmt, 1, ticket_state_name(row->state));
	stmt_bind_i64(stmt, 2, row->priority);
	stmt_bind_text(stmt, 3, row->class);
	stmt_bind_i64(stmt, 4, row->level);
	stmt_bind_text(stmt, 5, row->target);
	stmt_bind_text(stmt, 6, row->holder);
	if (row->holder_uid < 0) {
		stmt_bind_text(stmt, 7, NULL);
	} else {
		stmt_bind_i64(stmt, 7, row->holder_uid); /* 0 is a user, too */
	}
	stmt_bind_opt_i64(stmt, 8, row->lease_until_at);
	stmt_bind_i64(stmt, 9, row->version);
	stmt_bind_i64(stmt, 10, row->opened_at);
	stmt_bind_i64(stmt, 11, row->clock_at);
	stmt_bind_i64(stmt, 12, now_at);
	stmt_bind_opt_i64(stmt, 13, row->ack_at);
	stmt_bind_opt_i64(stmt, 14, row->reply_at);
	stmt_bind_opt_i64(stmt, 15, row->answer_at);
	stmt_bind_i64(stmt, 16, ticket_next_due(row));
	stmt_bind_i64(stmt, 17, row->answered ? 2 : row->replied);
	stmt_bind_i64(stmt, 18, row->rungs_done);
	stmt_bind_opt_i64(stmt, 19, row->rung_at);
	stmt_bind_i64(stmt, 20, row->ever_p0);
	stmt_bind_opt_i64(stmt, 21, row->last_message.v);
	stmt_bind_text(stmt, 22, row->result);
	stmt_bind_opt_i64(stmt, 23, row->closed_at);
	stmt_bind_i64(stmt, 24, row->id.v);
	stmt_bind_opt_i64(stmt, 25, row->window_until_at);
	stmt_bind_i64(stmt, 26, row->window_ms);
}

bool ticket_edit_save(struct tx *tx, struct ticket_edit *edit, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_save, err);
	struct ticket_row *row = &edit->row;

	if (!stmt) {
		return false;
	}
	if (row->priority == PRIORITY_LIFE) {
		row->ever_p0 = true;
	}
	bind_row(stmt, row, tx_now_at(tx));
	if (!stmt_run(stmt, err)) {
		return false;
	}
	if ((row->state != edit->was_state || row->priority != edit->was_priority) &&
		(!ticket_count(tx, edit->was_state, edit->was_priority, -1, err) ||
			!ticket_count(tx, row->state, row->priority, 1, err))) {
		return false;
	}
	if (row->rung_at && row->rung_at != edit->was_rung_at) {
		effect_add(tx, EFFECT_TICKET_DUE, row->id.v, row->account.v, row->rung_at);
	}
	if (row->lease_until_at && row->lease_until_at != edit->was_lease_until_at) {
		effect_add(tx, EFFECT_LEASE_DUE, row->id.v, row->account.v, row->lease_until_at);
	}
	return true;
}

bool ticket_move(struct ticket_edit *edit, enum ticket_event event, struct error *err)
{
	struct ticket_row *row = &edit->row;

	if (ticket_next(row->state, event, &row->state)) {
		return true;
	}
	return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "ticket %" PRId64 " is %s: it cannot take \"%s\"%s",
		row->id.v, ticket_state_name(row->state), ticket_event_name(event),
		row->state == TICKET_CLOSED || row->state == TICKET_TRANSFERRED ? "; reopen it first" : "");
}

struct priority_name priority_name(int priority)
{
	struct priority_name name;

	name.text[0] = 'P';
	name.text[1] = (char)('0' + priority % 10);
	name.text[2] = '\0';
	return name;
}

bool ticket_tell(struct tx *tx, const struct actor *actor, const char *action, const struct ticket_edit *edit,
	cJSON *detail, struct error *err)
{
	if (!detail) {
		detail = json_object();
	}
	json_add_text(detail, "account", edit->row.account_name);
	json_add_text(detail, "priority", priority_name(edit->row.priority).text);
	if (edit->row.state != edit->was_state) {
		json_add_text(detail, "state_from", ticket_state_name(edit->was_state));
		json_add_text(detail, "state_to", ticket_state_name(edit->row.state));
	}
	return event_add(tx, actor, action, OBJECT_TICKET, edit->row.id.v, detail, err);
}

bool ticket_alarm(struct tx *tx, const struct actor *actor, const struct ticket_edit *edit, struct message_id message,
	struct error *err)
{
	const struct ticket_row *row = &edit->row;
	cJSON *event = json_object();
	cJSON *detail = json_object();

	json_add_bool(event, "alarm", true);
	json_add_text(event, "account", row->account_name);
	json_add_text(event, "priority", priority_name(row->priority).text);
	json_add_text(event, "class", row->class);
	json_add_i64(detail, "ticket", row->id.v);
	json_add_text(detail, "account", row->account_name);
	json_add_text(detail, "priority", priority_name(row->priority).text);
	json_add_text(detail, "class", row->class);
	if (message.v) {
		json_add_i64(event, "message", message.v);
		json_add_i64(detail, "message", message.v);
	} else {
		json_add_text(detail, "by", actor->name);
	}
	if (!event_add(tx, actor, "ticket.alarm", OBJECT_TICKET, row->id.v, event, err)) {
		cJSON_Delete(detail);
		return false;
	}
	return notice_add(tx, "alarm", "", row->id.v, row->account.v, detail, err);
}

bool ticket_is_held(const struct tx *tx, const struct ticket_row *row)
{
	return row->holder_uid >= 0 && row->lease_until_at > tx_now_at(tx);
}

bool ticket_not_others(struct tx *tx, const struct actor *actor, const struct ticket_row *row, struct error *err)
{
	struct buf until;
	bool ok = !ticket_is_held(tx, row) || row->holder_uid == actor->uid;

	if (ok) {
		return true;
	}
	buf_init(&until, 64);
	(void)when_format_short(&until, row->lease_until_at, tx_now_at(tx));
	error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "ticket %" PRId64 " is held by %s until %s", row->id.v,
		row->holder ? row->holder : "somebody", until.p);
	buf_finish(&until);
	return false;
}

void ticket_drop_holder(struct ticket_row *row)
{
	ticket_set_text(&row->holder, NULL);
	row->holder_uid = -1;
	row->lease_until_at = 0;
}

void ticket_restart_clocks(struct tx *tx, struct ticket_row *row, const struct ticket_clocks *clocks)
{
	row->clock_at = tx_now_at(tx);
	row->ack_at = clocks->ack_at;
	row->reply_at = clocks->reply_at;
	row->answer_at = clocks->answer_at;
	row->replied = false;
	row->answered = false;
	row->rungs_done = 0;
	row->rung_at = clocks->rung_at;
}
