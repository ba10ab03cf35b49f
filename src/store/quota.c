/*
 * The quota ledger: calls used in the current window of a limit. A row is about one window; a row of an older window
 * counts as nothing used. Windows begin at k * window_ms + offset_ms, or with a calendar month at +0800.
 */
#include <time.h>

#include "core/clock.h"
#include "store/account.h"
#include "store/db.h"

static const char sql_load[] =
	"SELECT window_at, used, blocked_until_at FROM quota WHERE account_id = $1 AND scope = $2";
static const char sql_add[] =
	"INSERT INTO quota (account_id, scope, window_at, used) VALUES ($1, $2, $3, $4)"
	" ON CONFLICT (account_id, scope) DO UPDATE SET window_at = excluded.window_at,"
	" used = CASE WHEN window_at = excluded.window_at THEN used + excluded.used ELSE excluded.used END";
/* The longer wait stays, unless a clock that was ahead has told it. */
static const char sql_block[] =
	"INSERT INTO quota (account_id, scope, window_at, used, blocked_until_at, blocked_at) VALUES ($1, $2, 0, 0, "
	"$3, $4)"
	" ON CONFLICT (account_id, scope) DO UPDATE SET blocked_until_at = excluded.blocked_until_at,"
	" blocked_at = excluded.blocked_at"
	" WHERE excluded.blocked_until_at > blocked_until_at OR blocked_at > excluded.blocked_at";
static const char sql_set_back[] =
	"UPDATE quota SET blocked_until_at = blocked_until_at - blocked_at + $1, blocked_at = $1"
	" WHERE blocked_at > $1";

#define CHINA_OFFSET_MS (8 * HOUR_MS)

/* The first moment of this month, or of the one `later` months on. */
static int64_t month_begin(int64_t now_at, int later)
{
	time_t local = (time_t)((now_at + CHINA_OFFSET_MS) / SECOND_MS);
	struct tm tm;

	if (!gmtime_r(&local, &tm)) {
		return 0;
	}
	tm = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon + later, .tm_mday = 1 };
	return (int64_t)timegm(&tm) * SECOND_MS - CHINA_OFFSET_MS;
}

int64_t quota_window_begin(const struct quota_window *window, int64_t now_at)
{
	int64_t since = now_at - window->offset_ms;

	if (window->month) {
		return month_begin(now_at, 0);
	}
	if (window->window_ms <= 0) {
		return 0;
	}
	return now_at - ((since % window->window_ms) + window->window_ms) % window->window_ms;
}

int64_t quota_window_end(const struct quota_window *window, int64_t now_at)
{
	return window->month ? month_begin(now_at, 1) : quota_window_begin(window, now_at) + window->window_ms;
}

static bool load(struct tx *tx, struct account_id id, const struct quota_window *window, int64_t *ret_used,
	int64_t *ret_blocked_until_at, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_load, err);

	if (!stmt) {
		return false;
	}
	*ret_used = *ret_blocked_until_at = 0;
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_text(stmt, 2, window->scope);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return true;
	case STEP_ROW:
		if (stmt_i64(stmt, 0) == quota_window_begin(window, tx_now_at(tx))) {
			*ret_used = stmt_i64(stmt, 1);
		}
		*ret_blocked_until_at = stmt_i64(stmt, 2);
		return true;
	}
	return false;
}

static bool add(struct tx *tx, struct account_id id, const struct quota_window *window, int64_t n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_add, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_text(stmt, 2, window->scope);
	stmt_bind_i64(stmt, 3, quota_window_begin(window, tx_now_at(tx)));
	stmt_bind_i64(stmt, 4, n);
	return stmt_run(stmt, err);
}

static bool wait_until(struct error *err, int64_t until_at, int64_t now_at, const char *scope, const char *what)
{
	(void)error_set(err, ERROR_PLATFORM, ADVISE_WAIT, 0, "%s: %s", scope, what);
	err->retry_ms = until_at > now_at ? until_at - now_at : 1;
	return false;
}

bool quota_spend(struct tx *tx, struct account_id id, const struct quota_window *window, int64_t n, bool keep_reserve,
	struct error *err)
{
	int64_t now_at = tx_now_at(tx);
	int64_t blocked_until_at;
	int64_t used;

	if (!load(tx, id, window, &used, &blocked_until_at, err)) {
		return false;
	}
	if (blocked_until_at > now_at) {
		return wait_until(err, blocked_until_at, now_at, window->scope, "the platform said to wait");
	}
	if (window->limit > 0 && window->limit - used < n + (keep_reserve ? window->reserve : 0)) {
		return wait_until(
			err, quota_window_end(window, now_at), now_at, window->scope, "used up in this window");
	}
	return add(tx, id, window, n, err);
}

/* When all of these have a call left; 0: now. */
static bool open_at(struct tx *tx, struct account_id id, const struct quota_window *windows, size_t n, int64_t *ret_at,
	struct error *err)
{
	*ret_at = 0;
	for (size_t i = 0; i < n; i++) {
		struct quota_state state;
		int64_t at;

		if (!quota_state(tx, id, &windows[i], &state, err)) {
			return false;
		}
		at = state.remaining == 0 && state.resets_at > state.blocked_until_at ? state.resets_at
										      : state.blocked_until_at;
		*ret_at = at > *ret_at ? at : *ret_at;
	}
	return true;
}

bool quotas_spend(struct tx *tx, struct account_id id, const struct quota_window *windows, size_t n,
	int64_t *ret_wait_at, struct error *err)
{
	if (!open_at(tx, id, windows, n, ret_wait_at, err)) {
		return false;
	}
	for (size_t i = 0; i < n && !*ret_wait_at; i++) {
		if (!add(tx, id, &windows[i], 1, err)) {
			return false;
		}
	}
	return true;
}

bool quota_return(
	struct tx *tx, struct account_id id, const struct quota_window *window, int64_t spent_at, struct error *err)
{
	int64_t blocked_until_at;
	int64_t used;

	if (quota_window_begin(window, spent_at) != quota_window_begin(window, tx_now_at(tx))) {
		return true;
	}
	return load(tx, id, window, &used, &blocked_until_at, err) && (used == 0 || add(tx, id, window, -1, err));
}

bool quota_block(struct tx *tx, struct account_id id, const char *scope, int64_t until_at, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_block, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_text(stmt, 2, scope);
	stmt_bind_i64(stmt, 3, until_at);
	stmt_bind_i64(stmt, 4, tx_now_at(tx));
	return stmt_run(stmt, err);
}

bool quota_clock_set_back(struct tx *tx, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_set_back, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, tx_now_at(tx));
	return stmt_run(stmt, err);
}

bool quota_observe(
	struct tx *tx, struct account_id id, const struct quota_window *window, int64_t remaining, struct error *err)
{
	int64_t blocked_until_at;
	int64_t used;

	if (!load(tx, id, window, &used, &blocked_until_at, err)) {
		return false;
	}
	if (window->limit <= 0 || window->limit - remaining <= used) {
		return true;
	}
	return add(tx, id, window, window->limit - remaining - used, err);
}

bool quota_state(struct tx *tx, struct account_id id, const struct quota_window *window, struct quota_state *ret_state,
	struct error *err)
{
	struct quota_state state = { .remaining = -1 };

	if (!load(tx, id, window, &state.used, &state.blocked_until_at, err)) {
		return false;
	}
	if (window->limit > 0) {
		state.remaining = window->limit > state.used ? window->limit - state.used : 0;
	}
	state.resets_at = quota_window_end(window, tx_now_at(tx));
	if (state.blocked_until_at <= tx_now_at(tx)) {
		state.blocked_until_at = 0;
	}
	*ret_state = state;
	return true;
}
