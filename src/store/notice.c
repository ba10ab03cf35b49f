/* Hook runs owed to people: open until an exit code is known or three tries have failed, which is itself an alarm. */
#include "store/notice.h"

#include <string.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/event.h"

#define TRIES_MAX      3
#define RETRY_FIRST_MS (30 * SECOND_MS)

static const char sql_add[] = "INSERT INTO notice (kind, target, ticket_id, account_id, detail, created_at, next_at) "
			      "VALUES ($1, $2, $3, $4, $5, $6, $6)";
static const char sql_load[] =
	"SELECT id, kind, target, ticket_id, account_id, detail, tries FROM notice WHERE id = $1 AND state = 'open'";
static const char sql_done[] =
	"UPDATE notice SET state = $2, tries = tries + 1, exit_code = $3, why = $4, done_at = $5,"
	" next_at = $6 WHERE id = $1 AND state = 'open'";
static const char sql_open[] = "SELECT id, next_at, kind FROM notice WHERE state = 'open' ORDER BY next_at";

static const char sql_set_back[] =
	"UPDATE notice SET next_at = $1 WHERE state = 'open' AND next_at > $2 RETURNING id, next_at, kind";

static void arm(struct tx *tx, const char *kind, int64_t id, int64_t account, int64_t at)
{
	effect_add(tx, strcmp(kind, "alarm") == 0 ? EFFECT_ALARM : EFFECT_NOTICE, id, account, at);
}

bool notice_add(struct tx *tx, const char *kind, const char *target, int64_t ticket, int64_t account, cJSON *detail,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_add, err);
	struct buf text;
	bool ok = false;

	buf_init(&text, 1 << 20);
	(void)json_print(&text, detail);
	cJSON_Delete(detail);
	if (stmt) {
		stmt_bind_text(stmt, 1, kind);
		stmt_bind_text(stmt, 2, target ? target : "");
		stmt_bind_opt_i64(stmt, 3, ticket);
		stmt_bind_opt_i64(stmt, 4, account);
		stmt_bind_text(stmt, 5, text.n ? text.p : "{}");
		stmt_bind_i64(stmt, 6, tx_now_at(tx));
		ok = stmt_run(stmt, err);
	}
	buf_finish(&text);
	if (ok) {
		arm(tx, kind, tx_last_id(tx), account, tx_now_at(tx));
	}
	return ok;
}

void notice_row_finish(struct notice_row *row)
{
	free(row->kind);
	free(row->target);
	free(row->detail);
	*row = (struct notice_row){ 0 };
}

bool notice_load(struct tx *tx, int64_t id, struct notice_row *ret_row, struct error *err)
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
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no open notice %lld", (long long)id);
	case STEP_ROW:
		*ret_row = (struct notice_row){
			.id = stmt_i64(stmt, 0),
			.kind = stmt_dup(stmt, 1),
			.target = stmt_dup(stmt, 2),
			.ticket = stmt_i64(stmt, 3),
			.account = stmt_i64(stmt, 4),
			.detail = stmt_dup(stmt, 5),
			.tries = (int)stmt_i64(stmt, 6),
		};
		return true;
	}
	return false;
}

bool notice_done(struct tx *tx, int64_t id, int exit_code, const char *why, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = NULL;
	struct notice_row row = { 0 };
	struct error gone = { 0 };
	int64_t next_at = tx_now_at(tx);
	bool given_up;
	cJSON *detail;

	if (!notice_load(tx, id, &row, &gone)) {
		return gone.domain == ERROR_MISSING ||
		       error_set(err, gone.domain, gone.advice, gone.code, "%s", gone.message);
	}
	given_up = exit_code != 0 && row.tries + 1 >= TRIES_MAX;
	if (exit_code != 0 && !given_up) {
		next_at += RETRY_FIRST_MS << row.tries;
	}
	stmt = stmt_get(tx, sql_done, err);
	if (!stmt) {
		notice_row_finish(&row);
		return false;
	}
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, exit_code == 0 ? "done" : given_up ? "failed" : "open");
	stmt_bind_i64(stmt, 3, exit_code);
	stmt_bind_text(stmt, 4, why);
	stmt_bind_i64(stmt, 5, tx_now_at(tx));
	stmt_bind_i64(stmt, 6, next_at);
	if (!stmt_run(stmt, err)) {
		notice_row_finish(&row);
		return false;
	}
	if (exit_code != 0 && !given_up) {
		arm(tx, row.kind, id, row.account, next_at);
		notice_row_finish(&row);
		return true;
	}
	detail = json_object();
	json_add_text(detail, "hook", row.kind);
	json_add_text(detail, "target", row.target[0] ? row.target : NULL);
	json_add_i64(detail, "exit_code", exit_code);
	json_add_text(detail, "reason", why);
	if (given_up) {
		json_add_bool(detail, "alarm", true);
	}
	{
		bool ticket = row.ticket != 0;
		int64_t object = ticket ? row.ticket : row.account;

		notice_row_finish(&row);
		return event_add(tx, &actor_daemon, given_up ? "notice.failed" : "notice.done",
			ticket ? OBJECT_TICKET : OBJECT_ACCOUNT, object, detail, err);
	}
}

static bool arm_rows(struct tx *tx, struct stmt *stmt, struct error *err)
{
	enum step step;

	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		arm(tx, stmt_text(stmt, 2), stmt_i64(stmt, 0), 0, stmt_i64(stmt, 1));
	}
	return step == STEP_DONE;
}

bool notice_clock_set_back(struct tx *tx, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_set_back, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, tx_now_at(tx));
	stmt_bind_i64(stmt, 2, tx_now_at(tx) + (RETRY_FIRST_MS << TRIES_MAX));
	return arm_rows(tx, stmt, err);
}

bool notice_arm_all(struct tx *tx, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_open, err);

	return stmt && arm_rows(tx, stmt, err);
}
