/*
 * Verbs on tickets: ticket.*. Who may do what to whose ticket is decided in the store (store/ticket.h), on the row as
 * it is in the transaction; here parameters are read, a reply's text is checked, and the deadlines of a raised or
 * reopened ticket are worked out.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/post_params.h"
#include "daemon/verb.h"
#include "desk/deadline.h"
#include "store/ticket.h"
#include "store/view.h"

#define TARGET_BYTES 64u

/* ---- looking ---- */

/* "P0" or "0". */
static bool read_priority(const struct call *call, const char *name, int *ret_priority, struct error *err)
{
	const cJSON *item = json_get(call->params, name);
	struct str text = json_str(call->params, name);
	int64_t priority;

	if (!item || cJSON_IsNull(item)) {
		return true;
	}
	if (str_starts(text, STR("P")) || str_starts(text, STR("p"))) {
		text = str_sub(text, 1, text.n);
	}
	priority = text.n == 1 ? text.p[0] - '0' : cJSON_IsNumber(item) ? json_i64(call->params, name, -1) : -1;
	if (!priority_valid(priority)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s must be one of P0 to P5, P9",
			call->verb->name, name);
	}
	*ret_priority = (int)priority;
	return true;
}

static bool read_filter(const struct call *call, struct ticket_filter *ret_filter, struct error *err)
{
	enum ticket_state state;

	*ret_filter = (struct ticket_filter){ .priority = -1 };
	if (!call_text(call, "state", false, 20, &ret_filter->state, err) ||
		!call_text(call, "account", false, 64, &ret_filter->account, err) ||
		!call_text(call, "class", false, 24, &ret_filter->class, err) ||
		!call_text(call, "holder", false, TARGET_BYTES, &ret_filter->holder, err) ||
		!read_priority(call, "priority", &ret_filter->priority, err)) {
		return false;
	}
	ret_filter->unclaimed = call_bool(call, "unclaimed", false);
	ret_filter->overdue = call_bool(call, "overdue", false);
	if (call_bool(call, "mine", false)) {
		ret_filter->holder = call->actor.name;
	}
	if (ret_filter->account && !config_account(call->rules->config, ret_filter->account)) {
		return error_set(
			err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no account \"%s\"", ret_filter->account);
	}
	return !ret_filter->state || strcmp(ret_filter->state, "all") == 0 ||
	       ticket_state_parse(ret_filter->state, &state) ||
	       error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
		       "state: \"%s\" is none of new, claimed, assigned, waiting, replied, transferred, closed, all",
		       ret_filter->state);
}

static bool run_list(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "state", "account", "class", "holder", "priority", "unclaimed", "overdue",
		"mine", "after", "limit", NULL };
	struct ticket_filter filter;
	struct page page;
	cJSON *rows;

	if (!call_only(call, names, err) || !read_filter(call, &filter, err) || !call_page(call, &page, err)) {
		return false;
	}
	call->result = json_object();
	rows = json_array();
	json_add(call->result, "rows", rows);
	if (!view_tickets(tx, &filter, &page, rows, err)) {
		return false;
	}
	json_add_text(call->result, "next", page.next);
	return true;
}

static bool read_id(const struct call *call, struct ticket_id *ret_id, struct error *err)
{
	return call_i64(call, "id", true, 1, INT64_MAX, &ret_id->v, err);
}

/* Where the files are that came with messages. The directory is the daemon's from start to end. */
static void add_paths(const struct call *call, cJSON *ticket)
{
	cJSON *entry;
	cJSON *medium;

	cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(ticket, "thread"))
	{
		cJSON_ArrayForEach(medium, cJSON_GetObjectItemCaseSensitive(entry, "media"))
		{
			const char *sha256 = json_text(medium, "sha256", "");
			struct buf path;

			if (strcmp(json_text(medium, "state", ""), "fetched") != 0 || !sha256[0]) {
				continue;
			}
			buf_init(&path, 8192);
			(void)buf_printf(&path, "%s/media/%.2s/%s", call->daemon->state_dir, sha256, sha256);
			json_add_str(medium, "path", buf_str(&path));
			buf_finish(&path);
		}
	}
}

static bool run_show(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", NULL };
	struct ticket_id id;

	if (!call_only(call, names, err) || !read_id(call, &id, err) || !view_ticket(tx, id, &call->result, err)) {
		return false;
	}
	add_paths(call, call->result);
	return true;
}

/* ---- deciding ---- */

/* How the ticket stands now: what every deciding verb answers. */
static bool answer(struct tx *tx, struct call *call, struct ticket_id id, struct error *err)
{
	struct ticket_row row = { 0 };
	char priority[4];

	if (!ticket_load(tx, id, &row, err)) {
		return false;
	}
	if (!call->result) {
		call->result = json_object();
	}
	(void)snprintf(priority, sizeof(priority), "P%d", row.priority % 10);
	json_add_i64(call->result, "id", id.v);
	json_add_text(call->result, "state", ticket_state_name(row.state));
	json_add_text(call->result, "priority", priority);
	json_add_i64(call->result, "level", row.level);
	json_add_text(call->result, "holder", row.holder);
	json_add_time(call->result, "lease_until", row.lease_until_at);
	json_add_text(call->result, "target", row.target);
	json_add_i64(call->result, "version", row.version);
	ticket_row_finish(&row);
	return true;
}

/* Priority raised or case reopened: the clocks run from now, by the limits of its priority. */
static bool restart_clocks(struct tx *tx, struct call *call, struct ticket_id id, struct error *err)
{
	const struct config *config = call->rules->config;
	struct ladder_ticket ladder;
	struct ticket_row row = { 0 };
	struct deadlines due;
	int rung;
	int64_t rung_at = 0;

	if (!ticket_load(tx, id, &row, err)) {
		return false;
	}
	desk_deadlines(config, row.priority, tx_now_at(tx), &due);
	ladder = (struct ladder_ticket){
		.priority = row.priority,
		.clock_at = tx_now_at(tx),
		.due = due,
		.window_at = row.window_until_at,
		.window_ms = row.window_ms,
		.claimed = row.state != TICKET_NEW && row.state != TICKET_ASSIGNED,
		.replied = row.replied,
		.answered = row.answered,
	};
	ticket_row_finish(&row);
	if (!desk_next_rung(config, &ladder, &rung, &rung_at)) {
		rung_at = 0;
	}
	return ticket_set_deadlines(tx, id, due.ack_at, due.reply_at, due.answer_at, err) &&
	       ticket_set_rung(tx, id, 0, rung_at, err);
}

static bool run_claim(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "take_over", NULL };
	struct ticket_id id;

	return call_only(call, names, err) && read_id(call, &id, err) &&
	       ticket_claim(tx, &call->actor, id, call->rules->config->claim_lease_ms,
		       call_bool(call, "take_over", false), err) &&
	       answer(tx, call, id, err);
}

static bool run_release(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", NULL };
	struct ticket_id id;

	return call_only(call, names, err) && read_id(call, &id, err) && ticket_release(tx, &call->actor, id, err) &&
	       answer(tx, call, id, err);
}

/* Wording, personal data and the platform's limits, as for a post. */
static bool check_reply(struct tx *tx, const struct call *call, struct ticket_id id, struct message_id message,
	const char *text, struct finding_list *findings, struct error *err)
{
	const struct config_account *config;
	const struct driver *driver;
	struct ticket_row row = { 0 };
	struct secret none = { 0 };
	struct ticket_answered answered = { 0 };
	struct driver_send send = { .kind = SEND_REPLY, .marker = "", .text = str_from(text) };

	if (!ticket_load(tx, id, &row, err)) {
		return false;
	}
	if (!ticket_answered(tx, &row, message, &answered, err)) {
		ticket_row_finish(&row);
		return false;
	}
	send.reply_to_kind = answered.kind;
	send.reply_to_id = answered.remote_id;
	send.reply_author_id = answered.author_id;
	config = config_account(call->rules->config, row.account_name);
	driver = config ? driver_find(config->platform) : NULL;
	wording_check(call->rules->wording, send.text, tx_now_at(tx), findings);
	if (driver) {
		driver->check(
			&(struct driver_account){
				.name = config->name,
				.base_url = config->base_url,
				.settings = config->settings,
				.token = &none,
			},
			&send, findings);
	}
	ticket_answered_finish(&answered);
	ticket_row_finish(&row);
	return true;
}

static bool run_reply(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "text", "version", "message", "waiting", "dry_run", NULL };
	struct finding_list findings = { 0 };
	cJSON *rows = NULL;
	struct send_id send = { 0 };
	struct ticket_id id;
	struct message_id message = { 0 };
	const char *text;
	int64_t version = 0;
	bool waiting = call_bool(call, "waiting", false);
	bool ok;

	if (!call_only(call, names, err) || !read_id(call, &id, err) ||
		!call_text(call, "text", true, LIMIT_REPLY_BYTES, &text, err) ||
		!call_i64(call, "version", true, 1, INT64_MAX, &version, err) ||
		!call_i64(call, "message", false, 1, INT64_MAX, &message.v, err)) {
		return false;
	}
	ok = check_reply(tx, call, id, message, text, &findings, err);
	if (ok) {
		rows = findings_json(&findings);
		ok = findings_error(&findings, err) &&
		     (call_bool(call, "dry_run", false) ||
			     ticket_reply_to(tx, &call->actor, id, version, message, text, waiting, &send, err));
		if (!ok) {
			call->extra = json_object();
			json_add(call->extra, "findings", steal(&rows));
		}
	}
	finding_list_finish(&findings);
	if (!ok) {
		return false;
	}
	call->result = json_object();
	json_add(call->result, "findings", rows);
	if (send.v) {
		json_add_i64(call->result, "send", send.v);
	}
	return answer(tx, call, id, err);
}

static bool run_note(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "text", NULL };
	struct ticket_id id;
	const char *text;

	return call_only(call, names, err) && read_id(call, &id, err) &&
	       call_text(call, "text", true, LIMIT_REPLY_BYTES, &text, err) &&
	       ticket_note(tx, &call->actor, id, text, err) && answer(tx, call, id, err);
}

static bool run_assign(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "to", "reason", NULL };
	struct ticket_id id;
	const char *to;
	const char *reason;

	return call_only(call, names, err) && read_id(call, &id, err) &&
	       call_text(call, "to", true, TARGET_BYTES, &to, err) &&
	       call_text(call, "reason", false, LIMIT_REASON_BYTES, &reason, err) &&
	       ticket_assign(tx, &call->actor, id, to, reason, err) && answer(tx, call, id, err);
}

static bool run_transfer(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "to", "receipt", "reason", NULL };
	struct ticket_id id;
	const char *to;
	const char *receipt;
	const char *reason;

	return call_only(call, names, err) && read_id(call, &id, err) &&
	       call_text(call, "to", true, TARGET_BYTES, &to, err) &&
	       call_text(call, "receipt", false, LIMIT_KEY_BYTES, &receipt, err) &&
	       call_text(call, "reason", true, LIMIT_REASON_BYTES, &reason, err) &&
	       ticket_transfer(tx, &call->actor, id, to, receipt, reason, err) && answer(tx, call, id, err);
}

static bool run_escalate(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "to", "reason", "priority", NULL };
	struct ticket_id id;
	struct ticket_row before = { 0 };
	const char *to;
	const char *reason;
	int priority = -1;
	bool raised;

	if (!call_only(call, names, err) || !read_id(call, &id, err) ||
		!call_text(call, "to", false, TARGET_BYTES, &to, err) ||
		!call_text(call, "reason", true, LIMIT_REASON_BYTES, &reason, err) ||
		!read_priority(call, "priority", &priority, err) || !ticket_load(tx, id, &before, err)) {
		return false;
	}
	raised = priority >= 0 && priority < before.priority;
	ticket_row_finish(&before);
	return ticket_escalate(tx, &call->actor, id, to, reason, priority, err) &&
	       (!raised || restart_clocks(tx, call, id, err)) && answer(tx, call, id, err);
}

static bool run_close(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "result", "reason", NULL };
	struct ticket_id id;
	const char *result;
	const char *reason;

	return call_only(call, names, err) && read_id(call, &id, err) &&
	       call_text(call, "result", true, 20, &result, err) &&
	       call_text(call, "reason", true, LIMIT_REASON_BYTES, &reason, err) &&
	       ticket_close(tx, &call->actor, id, result, reason, err) && answer(tx, call, id, err);
}

static bool run_reopen(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "reason", NULL };
	struct ticket_id id;
	const char *reason;

	return call_only(call, names, err) && read_id(call, &id, err) &&
	       call_text(call, "reason", true, LIMIT_REASON_BYTES, &reason, err) &&
	       ticket_reopen(tx, &call->actor, id, reason, err) && restart_clocks(tx, call, id, err) &&
	       answer(tx, call, id, err);
}

const struct verb verbs_ticket[] = {
	{ "ticket.assign", VERB_WRITE, PERMIT_TICKET_ASSIGN, run_assign },
	{ "ticket.claim", VERB_WRITE, PERMIT_TICKET_WORK, run_claim },
	{ "ticket.close", VERB_WRITE, PERMIT_TICKET_WORK, run_close },
	{ "ticket.escalate", VERB_WRITE, PERMIT_TICKET_WORK, run_escalate },
	{ "ticket.list", VERB_READ, PERMIT_TICKET_READ, run_list },
	{ "ticket.note", VERB_WRITE, PERMIT_TICKET_WORK, run_note },
	{ "ticket.release", VERB_WRITE, PERMIT_TICKET_WORK, run_release },
	{ "ticket.reopen", VERB_WRITE, PERMIT_TICKET_WORK, run_reopen },
	{ "ticket.reply", VERB_WRITE, PERMIT_TICKET_WORK, run_reply },
	{ "ticket.show", VERB_READ, PERMIT_TICKET_READ, run_show },
	{ "ticket.transfer", VERB_WRITE, PERMIT_TICKET_WORK, run_transfer },
	{ 0 },
};
