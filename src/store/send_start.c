/*
 * What an earlier run left in the outbox: what was on its way is in doubt, and everything is armed for its time. Also
 * what a clock left that was ahead.
 */
#include "core/mem.h"
#include "store/effect.h"
#include "store/send_internal.h"

#define WAITS_FOR \
	"id, account_id, min(max(coalesce(due_at, 0), next_at)," \
	" CASE kind WHEN 'publish' THEN due_at + late_ms + 1 ELSE 9223372036854775807 END," \
	" coalesce(until_at + 1, 9223372036854775807))"
static const char sql_waiting[] = "SELECT " WAITS_FOR " FROM send WHERE " SEND_IS_OPEN
				  " AND (state = 'queued' OR (state = 'unsure' AND next_at > 0))";
static const char sql_looking[] = "SELECT id, account_id, look_at FROM send WHERE " SEND_IS_OPEN
				  " AND state IN ('unsure', 'pending')"
				  " AND look_at IS NOT NULL AND next_at = 0";
static const char sql_sending[] = "SELECT id FROM send WHERE " SEND_IS_OPEN " AND state = 'sending'";

/*
 * What waits since an attempt in the future waits as long from now on. What waits for a limit in the ledger of such a
 * clock is looked at at once: the ledger tells anew.
 */
#define AHEAD_NEXT_AT "CASE WHEN last_attempt_at > $1 THEN next_at - last_attempt_at + $1 ELSE $1 END"
static const char sql_set_back[] =
	"UPDATE send SET next_at = " AHEAD_NEXT_AT ", look_at = CASE WHEN state = 'unsure' THEN " AHEAD_NEXT_AT
	" ELSE look_at END"
	" WHERE " SEND_IS_OPEN " AND state IN ('queued', 'unsure') AND next_at > $1 AND (last_attempt_at > $1"
	" OR account_id IN (SELECT account_id FROM quota WHERE window_at > $1 OR blocked_at > $1))"
	" RETURNING " WAITS_FOR;

static bool arm(struct tx *tx, const char *sql, enum effect_kind kind, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		effect_add(tx, kind, stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2));
	}
	return step == STEP_DONE;
}

bool send_arm_all(struct tx *tx, struct error *err)
{
	return arm(tx, sql_waiting, EFFECT_SEND_DUE, err) && arm(tx, sql_looking, EFFECT_SEND_LOOK, err);
}

bool send_clock_set_back(struct tx *tx, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_set_back, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, tx_now_at(tx));
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		effect_add(tx, EFFECT_SEND_DUE, stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2));
	}
	return step == STEP_DONE && quota_clock_set_back(tx, err);
}

bool send_recover(struct tx *tx, int64_t look_after_ms, int *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_sending, err);
	struct send_id *ids = NULL;
	size_t n = 0;
	size_t cap = 0;
	enum step step;
	bool ok;

	if (!stmt) {
		return false;
	}
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(ids, n, cap);
		ids[n++].v = stmt_i64(stmt, 0);
	}
	ok = step == STEP_DONE;
	for (size_t i = 0; ok && i < n; i++) {
		struct send_change change = { .event = SEND_LOSE,
			.look_at = tx_now_at(tx) + look_after_ms,
			.doubted = true,
			.clear_finds = true,
			.reason = "the daemon ended while it was being sent" };
		struct send_row row = { 0 };

		ok = send_load(tx, ids[i], &row, err) && send_move(tx, &actor_daemon, &row, &change, err);
		send_row_finish(&row);
	}
	free(ids);
	*ret_n = (int)n;
	return ok;
}
