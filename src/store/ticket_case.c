/*
 * What people decide about a case: notes, assigning, handing over, escalating, closing and reopening. Claims, replies
 * and clocks are ticket.c. Every decision is an event with its reason.
 *
 * Invariants: nobody decides over another's claim (a leader takes it over first), except that anybody may escalate; a
 * priority is only ever raised; a ticket that ever was about a life is closed by somebody who may assign.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "model/role.h"
#include "store/db.h"
#include "store/effect.h"
#include "store/notice.h"
#include "store/ticket.h"
#include "store/ticket_internal.h"

/* Who is told next when nobody is named. */
static const char *const line[] = { "leader", "duty-leader", "duty-room" };

static const char *const results[] = { "answered", "no-answer-due", "transferred", "withdrawn", "duplicate" };

static bool has_text(const char *text, const char *what, struct error *err)
{
	return (text && text[0]) || error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s is missing", what);
}

bool ticket_note(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *text, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	cJSON *detail;

	if (!has_text(text, "the note's text", err) || !ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	detail = json_object();
	json_add_text(detail, "text", text);
	if (!ticket_tell(tx, actor, "ticket.note", &edit, detail, err)) {
		return false;
	}
	effect_add(tx, EFFECT_INDEX, id.v, edit.row.account.v, 0);
	return true;
}

bool ticket_assign(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *to, const char *reason,
	struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	cJSON *detail;

	if (!has_text(to, "whom it is assigned to", err) || !ticket_edit_begin(tx, id, &edit, err) ||
		!ticket_move(&edit, TICKET_ASSIGN, err)) {
		return false;
	}
	detail = json_object();
	json_add_text(detail, "to", to);
	json_add_text(detail, "reason", reason);
	if (ticket_is_held(tx, row)) {
		json_add_text(detail, "taken_from", row->holder);
	}
	ticket_drop_holder(row);
	ticket_set_text(&row->target, to);
	row->version++;
	row->rung_at = tx_now_at(tx); /* it waits to be claimed again */
	return ticket_tell(tx, actor, "ticket.assign", &edit, detail, err) && ticket_edit_save(tx, &edit, err);
}

bool ticket_transfer(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *to, const char *receipt,
	const char *reason, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	cJSON *detail;

	if (!has_text(to, "the agency it is handed to", err) || !has_text(reason, "the reason", err) ||
		!ticket_edit_begin(tx, id, &edit, err) || !ticket_not_others(tx, actor, row, err) ||
		!ticket_move(&edit, TICKET_TRANSFER, err)) {
		return false;
	}
	ticket_drop_holder(row);
	ticket_set_text(&row->target, to);
	row->version++;
	detail = json_object();
	json_add_text(detail, "to", to);
	json_add_text(detail, "receipt", receipt);
	json_add_text(detail, "reason", reason);
	return ticket_tell(tx, actor, "ticket.transfer", &edit, detail, err) && ticket_edit_save(tx, &edit, err);
}

static const char *next_in_line(const struct ticket_row *row)
{
	size_t next = row->level > 0 ? (size_t)row->level : 0;

	for (size_t i = 0; row->target && i < ARRAY_LEN(line); i++) {
		if (strcmp(row->target, line[i]) == 0) {
			next = i + 1;
		}
	}
	return line[next < ARRAY_LEN(line) ? next : ARRAY_LEN(line) - 1];
}

bool ticket_escalate(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *to, const char *reason,
	int priority, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	cJSON *detail;

	if (!has_text(reason, "the reason", err) || !ticket_edit_begin(tx, id, &edit, err) ||
		!ticket_move(&edit, TICKET_ESCALATE, err)) {
		return false;
	}
	if (priority >= 0 && (!priority_valid(priority) || priority > row->priority)) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"ticket %" PRId64 " is P%d: a priority is only raised here", id.v, row->priority);
	}
	if (!to) {
		to = next_in_line(row);
	}
	row->priority = priority >= 0 ? priority : row->priority;
	row->level++;
	detail = json_object();
	json_add_text(detail, "target", to);
	json_add_text(detail, "reason", reason);
	json_add_i64(detail, "level", row->level);
	if (row->priority != edit.was_priority) {
		json_add_text(detail, "priority_from", priority_name(edit.was_priority).text);
	}
	if (!ticket_tell(tx, actor, "ticket.escalate", &edit, detail, err)) {
		return false;
	}
	detail = json_object();
	json_add_i64(detail, "ticket", id.v);
	json_add_text(detail, "account", row->account_name);
	json_add_text(detail, "priority", priority_name(row->priority).text);
	json_add_text(detail, "state", ticket_state_name(row->state));
	json_add_text(detail, "reason", reason);
	json_add_text(detail, "by", actor->name);
	json_add_i64(detail, "level", row->level);
	if (!notice_add(tx, "escalated", to, id.v, row->account.v, detail, err)) {
		return false;
	}
	if (row->priority == PRIORITY_LIFE && edit.was_priority != PRIORITY_LIFE &&
		!ticket_alarm(tx, actor, &edit, (struct message_id){ 0 }, err)) {
		return false;
	}
	if (row->state != TICKET_ASSIGNED) {
		ticket_set_text(&row->target, to);
	}
	return ticket_edit_save(tx, &edit, err);
}

static bool is_result(const char *result, struct error *err)
{
	for (size_t i = 0; result && i < ARRAY_LEN(results); i++) {
		if (strcmp(result, results[i]) == 0) {
			return true;
		}
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
		"result: expected answered, no-answer-due, transferred, withdrawn or duplicate");
}

bool ticket_close(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *result, const char *reason,
	struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	cJSON *detail;

	if (!is_result(result, err) || !has_text(reason, "the reason", err) || !ticket_edit_begin(tx, id, &edit, err) ||
		!ticket_not_others(tx, actor, row, err) || !ticket_move(&edit, TICKET_CLOSE, err)) {
		return false;
	}
	if (row->ever_p0 && !role_permits(actor->roles, PERMIT_TICKET_ASSIGN)) {
		return error_set(err, ERROR_ACCESS, ADVISE_REJECT, 0,
			"ticket %" PRId64 " was about a life: closing it needs the role %s", id.v,
			permission_holders(PERMIT_TICKET_ASSIGN));
	}
	ticket_drop_holder(row);
	ticket_set_text(&row->result, result);
	row->closed_at = tx_now_at(tx);
	row->rung_at = 0;
	row->version++;
	detail = json_object();
	json_add_text(detail, "result", result);
	json_add_text(detail, "reason", reason);
	return ticket_tell(tx, actor, "ticket.close", &edit, detail, err) && ticket_edit_save(tx, &edit, err);
}

bool ticket_reopen(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *reason, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	struct ticket_clocks clocks;
	cJSON *detail;

	if (!has_text(reason, "the reason", err) || !ticket_edit_begin(tx, id, &edit, err)) {
		return false;
	}
	if (!ticket_next(row->state, TICKET_REOPEN, &row->state)) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"ticket %" PRId64 " is %s: there is nothing to reopen", id.v, ticket_state_name(row->state));
	}
	clocks = (struct ticket_clocks){
		.ack_at = row->ack_at, .reply_at = row->reply_at, .answer_at = row->answer_at
	};
	ticket_restart_clocks(tx, row, &clocks);
	ticket_drop_holder(row);
	ticket_set_text(&row->result, NULL);
	ticket_set_text(&row->target, NULL);
	row->closed_at = 0;
	row->opened_at = tx_now_at(tx);
	row->level = 0;
	row->version++;
	detail = json_object();
	json_add_text(detail, "reason", reason);
	return ticket_tell(tx, actor, "ticket.reopen", &edit, detail, err) && ticket_edit_save(tx, &edit, err);
}
