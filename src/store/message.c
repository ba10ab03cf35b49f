/*
 * What citizens say, as rows, and the tickets their messages open or join.
 *
 * Known messages come again with every poll, so the dedupe key is probed first: a page without news writes nothing.
 *
 * "Same thread" is a text in the ticket's row, compared together with account and author:
 *   status:<id>   comments under one post
 *   mention       all statuses in which a citizen names us
 *   direct        private messages
 * Somebody whose id the platform does not give, or gives at no usable length, has a thread of one message: better two
 * tickets of one person than two people in one ticket.
 *
 * Invariants: a message raises a ticket's priority or leaves it; it never takes the ticket from its holder; our own
 * words open nothing.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/limits.h"
#include "store/contact.h"
#include "store/db.h"
#include "store/effect.h"
#include "store/event.h"
#include "store/ticket.h"
#include "store/ticket_internal.h"

/* A citizen who writes so soon after closing means the same case. */
#define REOPEN_MS (30 * DAY_MS)

static const char sql_known[] = "SELECT ticket_id FROM message WHERE account_id = $1 AND kind = $2 AND remote_id = $3";

static const char sql_parent[] =
	"SELECT ticket_id FROM message WHERE account_id = $1 AND kind = 'comment' AND remote_id = $2";

/* An open one before closed ones, the newest before older ones; few rows share the key. */
static const char sql_thread[] =
	"SELECT id, state, closed_at FROM ticket WHERE account_id = $1 AND author_id = $2 AND thread = $3"
	" ORDER BY state = 'closed', id DESC LIMIT 1";

static const char sql_account[] = "SELECT name FROM account WHERE id = $1";

static const char sql_next_id[] = "SELECT COALESCE(MAX(id), 0) + 1 FROM message";

static const char sql_insert[] =
	"INSERT INTO message (id, account_id, kind, remote_id, ticket_id, from_us, author_id, author_name, text,"
	" status_id, status_text, root_id, parent_id, url, priority, class, spans, created_at, received_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";

static const char sql_is_of[] = "SELECT 1 FROM ticket WHERE id = $1 AND account_id = $2 AND author_id = $3";

static const char sql_opened[] =
	"SELECT 1 FROM message WHERE account_id = $1 AND kind = $2 AND remote_id = $3"
	" AND id = (SELECT min(other.id) FROM message AS other WHERE other.ticket_id = message.ticket_id)";

static const char sql_media[] =
	"INSERT INTO message_media (message_id, type, remote_id, next_at) VALUES ($1, $2, $3, $4)";

static const char sql_open[] =
	"INSERT INTO ticket (account_id, author_id, author_name, thread, state, priority, class, opened_at, clock_at,"
	" updated_at, ack_at, reply_at, answer_at, next_due_at, rung_at, ever_p0, last_message_id,"
	" window_until_at, window_ms)"
	" VALUES ($1, $2, $3, $4, 'new', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";

struct intake {
	struct tx *tx;
	struct account_id account;
	const struct message_new *new;
	const struct message *message;
	struct message_id id; /* that the message will have */
	char author[LIMIT_REMOTE_ID_BYTES + 16];
	char thread[LIMIT_REMOTE_ID_BYTES + 16];
};

/* An id that can stand in a key: cut to fit, two of them could become one. */
static bool fits(const char *id)
{
	return id && id[0] && strlen(id) <= LIMIT_REMOTE_ID_BYTES;
}

static void set_keys(struct intake *intake)
{
	const struct message *message = intake->message;

	if (fits(message->author_id)) {
		(void)snprintf(intake->author, sizeof(intake->author), "%s", message->author_id);
	} else {
		(void)snprintf(intake->author, sizeof(intake->author), "unknown:%s", message->remote_id);
	}
	switch (message->kind) {
	case MESSAGE_COMMENT:
		(void)snprintf(intake->thread, sizeof(intake->thread), "%s:%s",
			fits(message->status_id) ? "status" : "root",
			fits(message->status_id) ? message->status_id
			: fits(message->root_id) ? message->root_id
						 : message->remote_id);
		break;
	case MESSAGE_MENTION:
		(void)snprintf(intake->thread, sizeof(intake->thread), "mention");
		break;
	case MESSAGE_DIRECT:
		(void)snprintf(intake->thread, sizeof(intake->thread), "direct");
		break;
	}
}

/* One number by one statement; *ret_found false when there is no row. */
static bool look_up(struct stmt *stmt, int64_t *ret_value, bool *ret_found, struct error *err)
{
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_ROW:
		*ret_value = stmt_i64(stmt, 0);
		*ret_found = true;
		return true;
	case STEP_DONE:
		*ret_found = false;
		return true;
	}
	return false;
}

static bool is_known(struct intake *intake, bool *ret_known, struct ticket_id *ret_ticket, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(intake->tx, sql_known, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, intake->account.v);
	stmt_bind_text(stmt, 2, message_kind_name(intake->message->kind));
	stmt_bind_text(stmt, 3, intake->message->remote_id);
	return look_up(stmt, &ret_ticket->v, ret_known, err);
}

/* The ticket of the comment that one of ours answers. */
static bool find_parent(struct intake *intake, struct ticket_id *ret_ticket, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = NULL;
	bool found;

	if (!intake->message->parent_id) {
		return true;
	}
	stmt = stmt_get(intake->tx, sql_parent, err);
	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, intake->account.v);
	stmt_bind_text(stmt, 2, intake->message->parent_id);
	return look_up(stmt, &ret_ticket->v, &found, err);
}

static bool find_ticket(struct intake *intake, struct ticket_id *ret_ticket, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(intake->tx, sql_thread, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, intake->account.v);
	stmt_bind_text(stmt, 2, intake->author);
	stmt_bind_text(stmt, 3, intake->thread);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		break;
	case STEP_ROW:
		if (strcmp(stmt_text(stmt, 1), "closed") != 0 ||
			stmt_i64(stmt, 2) > tx_now_at(intake->tx) - REOPEN_MS) {
			ret_ticket->v = stmt_i64(stmt, 0);
		}
		break;
	}
	return true;
}

static bool choose_id(struct intake *intake, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(intake->tx, sql_next_id, err);
	bool found;

	return stmt && look_up(stmt, &intake->id.v, &found, err);
}

static bool insert_media(struct intake *intake, struct error *err)
{
	for (size_t i = 0; i < intake->message->n_media; i++) {
		const struct message_media *medium = &intake->message->media[i];
		cleanup(stmt_done) struct stmt *stmt = stmt_get(intake->tx, sql_media, err);

		if (!stmt) {
			return false;
		}
		stmt_bind_i64(stmt, 1, intake->id.v);
		stmt_bind_text(stmt, 2, medium->type);
		stmt_bind_text(stmt, 3, medium->remote_id);
		stmt_bind_i64(stmt, 4, tx_now_at(intake->tx));
		if (!stmt_run(stmt, err)) {
			return false;
		}
		effect_add(intake->tx, EFFECT_MEDIA, tx_last_id(intake->tx), intake->account.v, tx_now_at(intake->tx));
	}
	return true;
}

/* The citizen wrote: the platform lets us answer for a while. */
static bool open_window(struct intake *intake, struct error *err)
{
	const struct message *message = intake->message;

	return message->from_us || message->window_ms == 0 ||
	       contact_heard(intake->tx, intake->account, intake->author, message->window_ms, message->window_replies,
		       true, err);
}

static void set_window(struct intake *intake, struct ticket_row *row)
{
	if (intake->message->window_ms > 0) {
		row->window_ms = intake->message->window_ms;
		row->window_until_at = tx_now_at(intake->tx) + row->window_ms;
		if (row->rungs_done & intake->new->window_rungs) {
			row->rungs_done &= ~intake->new->window_rungs;
			row->rung_at = tx_now_at(intake->tx); /* the ladder looks when it climbs next */
		}
	}
}

static bool insert(struct intake *intake, struct ticket_id ticket, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(intake->tx, sql_insert, err);
	const struct message *message = intake->message;
	int64_t now_at = tx_now_at(intake->tx);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, intake->id.v);
	stmt_bind_i64(stmt, 2, intake->account.v);
	stmt_bind_text(stmt, 3, message_kind_name(message->kind));
	stmt_bind_text(stmt, 4, message->remote_id);
	stmt_bind_opt_i64(stmt, 5, ticket.v);
	stmt_bind_i64(stmt, 6, message->from_us);
	stmt_bind_text(stmt, 7, intake->author);
	stmt_bind_text(stmt, 8, message->author_name);
	stmt_bind_text(stmt, 9, message->text ? message->text : "");
	stmt_bind_text(stmt, 10, message->status_id);
	stmt_bind_text(stmt, 11, message->status_text);
	stmt_bind_text(stmt, 12, message->root_id);
	stmt_bind_text(stmt, 13, message->parent_id);
	stmt_bind_text(stmt, 14, message->url);
	stmt_bind_i64(stmt, 15, intake->new->priority);
	stmt_bind_text(stmt, 16, intake->new->class);
	stmt_bind_text(stmt, 17, intake->new->spans);
	stmt_bind_i64(stmt, 18, message->created_at ? message->created_at : now_at);
	stmt_bind_i64(stmt, 19, now_at);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	effect_add(intake->tx, EFFECT_INDEX, intake->id.v, intake->account.v, 0);
	return insert_media(intake, err) && open_window(intake, err);
}

static bool load_account_name(struct intake *intake, struct ticket_row *row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(intake->tx, sql_account, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, intake->account.v);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return error_set(
			err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no account %" PRId64, intake->account.v);
	case STEP_ROW:
		row->account_name = stmt_dup(stmt, 0);
		return true;
	}
	return false;
}

static bool insert_ticket(struct intake *intake, struct ticket_row *row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(intake->tx, sql_open, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, intake->account.v);
	stmt_bind_text(stmt, 2, intake->author);
	stmt_bind_text(stmt, 3, intake->message->author_name);
	stmt_bind_text(stmt, 4, intake->thread);
	stmt_bind_i64(stmt, 5, row->priority);
	stmt_bind_text(stmt, 6, row->class);
	stmt_bind_i64(stmt, 7, row->opened_at);
	stmt_bind_i64(stmt, 8, row->clock_at);
	stmt_bind_i64(stmt, 9, row->opened_at);
	stmt_bind_opt_i64(stmt, 10, row->ack_at);
	stmt_bind_opt_i64(stmt, 11, row->reply_at);
	stmt_bind_opt_i64(stmt, 12, row->answer_at);
	stmt_bind_i64(stmt, 13, ticket_next_due(row));
	stmt_bind_opt_i64(stmt, 14, row->rung_at);
	stmt_bind_i64(stmt, 15, row->priority == PRIORITY_LIFE);
	stmt_bind_i64(stmt, 16, intake->id.v);
	stmt_bind_opt_i64(stmt, 17, row->window_until_at);
	stmt_bind_i64(stmt, 18, row->window_ms);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	row->id.v = tx_last_id(intake->tx);
	return true;
}

static bool alarm_if_due(struct intake *intake, const struct ticket_edit *edit, struct error *err)
{
	return intake->new->priority != PRIORITY_LIFE || ticket_alarm(intake->tx, &actor_daemon, edit, intake->id, err);
}

static cJSON *detail_of(const struct intake *intake)
{
	cJSON *detail = json_object();

	json_add_i64(detail, "message", intake->id.v);
	json_add_text(detail, "kind", message_kind_name(intake->message->kind));
	return detail;
}

static bool open_ticket(struct intake *intake, struct ticket_id *ret_ticket, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { .was_state = TICKET_NEW };
	struct ticket_row *row = &edit.row;
	const struct message_new *new = intake->new;

	row->state = TICKET_NEW;
	row->priority = new->priority;
	row->holder_uid = -1;
	row->opened_at = tx_now_at(intake->tx);
	ticket_set_text(&row->class, new->class);
	ticket_restart_clocks(intake->tx, row, &new->clocks[new->priority]);
	row->account = intake->account;
	set_window(intake, row);
	if (!load_account_name(intake, row, err) || !insert_ticket(intake, row, err) || !insert(intake, row->id, err) ||
		!ticket_count(intake->tx, row->state, row->priority, 1, err)) {
		return false;
	}
	if (row->rung_at) {
		effect_add(intake->tx, EFFECT_TICKET_DUE, row->id.v, row->account.v, row->rung_at);
	}
	if (!ticket_tell(intake->tx, &actor_daemon, "ticket.open", &edit, detail_of(intake), err) ||
		!alarm_if_due(intake, &edit, err)) {
		return false;
	}
	*ret_ticket = row->id;
	return true;
}

/*
 * A case has the clocks of its own priority, whatever the latest message looks like: who was on a bridge and now writes
 * "yes" must not wait like an enquiry. Only a word that wants no answer ("thanks") starts no clock for one, except
 * where a life is at stake.
 */
static const struct ticket_clocks *clocks_for(const struct message_new *new, int priority)
{
	bool wants_none = new->priority == PRIORITY_NO_ANSWER &&priority != PRIORITY_LIFE;

	return &new->clocks[wants_none ? PRIORITY_NO_ANSWER : priority];
}

/* The clocks begin anew when the case does: raised, or back from where we thought our part was done. */
static void restart_if_due(struct intake *intake, struct ticket_edit *edit, bool raised)
{
	struct ticket_row *row = &edit->row;
	struct ticket_clocks clocks = *clocks_for(intake->new, row->priority);

	if (raised) {
		/* What the stronger priority has no clock for keeps the old one. */
		clocks.ack_at = clocks.ack_at ? clocks.ack_at : row->ack_at;
		clocks.reply_at = clocks.reply_at ? clocks.reply_at : row->reply_at;
		clocks.answer_at = clocks.answer_at ? clocks.answer_at : row->answer_at;
	}
	if (raised || row->state != edit->was_state) {
		ticket_restart_clocks(intake->tx, row, &clocks);
	}
}

static void reopen(struct intake *intake, struct ticket_row *row)
{
	row->opened_at = tx_now_at(intake->tx);
	row->closed_at = 0;
	row->level = 0;
	ticket_set_text(&row->result, NULL);
	ticket_set_text(&row->target, NULL);
}

static bool tell_reopened(struct intake *intake, const struct ticket_edit *edit, struct error *err)
{
	cJSON *detail = json_object();

	json_add_text(detail, "reason", "the citizen wrote again");
	return ticket_tell(intake->tx, &actor_daemon, "ticket.reopen", edit, detail, err);
}

static bool join_ticket(struct intake *intake, struct ticket_id ticket, struct error *err)
{
	cleanup(ticket_edit_finish) struct ticket_edit edit = { 0 };
	struct ticket_row *row = &edit.row;
	bool raised;

	if (!ticket_edit_begin(intake->tx, ticket, &edit, err) || !insert(intake, ticket, err) ||
		!ticket_move(&edit, TICKET_CITIZEN, err)) {
		return false;
	}
	if (row->state == TICKET_NEW && ticket_is_held(intake->tx, row)) {
		/* Whoever answered and still holds it goes on with it. */
		if (!ticket_next(row->state, TICKET_CLAIM, &row->state)) {
			return error_set(err, ERROR_STORE, ADVISE_BUG, 0, "a new ticket cannot be claimed");
		}
	} else if (row->state == TICKET_NEW) {
		ticket_drop_holder(row);
	}
	raised = intake->new->priority < row->priority;
	if (raised) {
		row->priority = intake->new->priority;
		ticket_set_text(&row->class, intake->new->class);
	}
	restart_if_due(intake, &edit, raised);
	set_window(intake, row);
	row->version++;
	row->last_message = intake->id;
	if (edit.was_state == TICKET_CLOSED) {
		reopen(intake, row);
		if (!tell_reopened(intake, &edit, err)) {
			return false;
		}
	}
	return ticket_tell(intake->tx, &actor_daemon, "ticket.message", &edit, detail_of(intake), err) &&
	       alarm_if_due(intake, &edit, err) && ticket_edit_save(intake->tx, &edit, err);
}

/* One flag by one statement that has a row when it is true. */
static bool has_row(struct stmt *stmt, bool *ret_has, struct error *err)
{
	enum step step = stmt_step(stmt, err);

	*ret_has = step == STEP_ROW;
	return step != STEP_ERROR;
}

bool ticket_is_of(struct tx *tx, struct ticket_id id, struct account_id account, const char *author_id, bool *ret_is,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_is_of, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_i64(stmt, 2, account.v);
	stmt_bind_text(stmt, 3, author_id);
	return has_row(stmt, ret_is, err);
}

bool message_opened_ticket(struct tx *tx, struct account_id account, enum message_kind kind, const char *remote_id,
	bool *ret_opened, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_opened, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, message_kind_name(kind));
	stmt_bind_text(stmt, 3, remote_id);
	return has_row(stmt, ret_opened, err);
}

bool intake_message(struct tx *tx, struct account_id account, const struct message_new *new,
	enum intake_result *ret_result, struct ticket_id *ret_ticket, struct error *err)
{
	struct intake intake = { .tx = tx, .account = account, .new = new, .message = new->message };
	struct ticket_id ticket = new->about;
	enum intake_result result;
	bool known;

	if (!intake.message->remote_id || !intake.message->remote_id[0] ||
		strlen(intake.message->remote_id) > LIMIT_REMOTE_ID_BYTES) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "a message without a usable id");
	}
	if (!is_known(&intake, &known, &ticket, err)) {
		return false;
	}
	if (known) {
		*ret_result = INTAKE_KNOWN;
		*ret_ticket = ticket;
		return true;
	}
	set_keys(&intake);
	if (!choose_id(&intake, err)) {
		return false;
	}
	if (intake.message->from_us) {
		result = INTAKE_OURS;
		if (!find_parent(&intake, &ticket, err) || !insert(&intake, ticket, err)) {
			return false;
		}
	} else {
		if (!ticket.v && !find_ticket(&intake, &ticket, err)) {
			return false;
		}
		result = ticket.v ? INTAKE_JOINED : INTAKE_OPENED;
		if (!(ticket.v ? join_ticket(&intake, ticket, err) : open_ticket(&intake, &ticket, err))) {
			return false;
		}
	}
	*ret_result = result;
	*ret_ticket = ticket;
	return true;
}
