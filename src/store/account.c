/*
 * Accounts as rows. The name in accounts.yaml is the identity; nothing of an account is ever deleted here. `parked` is
 * remembered beside the state, so that an account that was paused or removed while its token was dead does not come
 * back as ready. One that is parked without a reason is starting: nothing is wrong yet.
 */
#include "store/account.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/notice.h"
#include "store/send.h"

#define COLUMNS \
	"SELECT id, name, platform, state, reason, remote_uid, token, token_expires_at, token_checked_at, " \
	"warned_days, parked FROM account"

static const char sql_all[] = COLUMNS " ORDER BY id";
static const char sql_one[] = COLUMNS " WHERE id = $1";
static const char sql_find[] = "SELECT id FROM account WHERE name = $1";
static const char sql_names[] = "SELECT name FROM account WHERE state <> 'removed'";
static const char sql_insert[] =
	"INSERT INTO account (name, platform, state, parked, reason, remote_uid, token, created_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
static const char sql_state[] = "UPDATE account SET state = $2, paused = $3, parked = $4, reason = $5 WHERE id = $1";
static const char sql_flags[] = "SELECT paused, parked FROM account WHERE id = $1";
static const char sql_uid[] = "UPDATE account SET remote_uid = $2 WHERE id = $1";
static const char sql_token[] = "UPDATE account SET token = $2, token_expires_at = $3, token_checked_at = $4,"
				" remote_uid = coalesce($5, remote_uid), warned_days = 0 WHERE id = $1";
static const char sql_token_info[] =
	"UPDATE account SET token_checked_at = $2, token_expires_at = coalesce($3, token_expires_at) WHERE id = $1";
static const char sql_warned[] = "UPDATE account SET warned_days = $2 WHERE id = $1";
static const char sql_cursor_load[] = "SELECT since, polled_at FROM cursor WHERE account_id = $1 AND feed = $2";
static const char sql_cursor_save[] =
	"INSERT INTO cursor (account_id, feed, since, polled_at) VALUES ($1, $2, $3, $4)"
	" ON CONFLICT (account_id, feed) DO UPDATE SET since = excluded.since, polled_at = excluded.polled_at";

static const char *const state_names[] = {
	[ACCOUNT_READY] = "ready",
	[ACCOUNT_PAUSED] = "paused",
	[ACCOUNT_PARKED] = "parked",
	[ACCOUNT_REMOVED] = "removed",
	[ACCOUNT_STARTING] = "starting",
};

const char *account_state_name(enum account_state state)
{
	return state_names[state];
}

static enum account_state state_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(state_names); i++) {
		if (strcmp(name, state_names[i]) == 0) {
			return (enum account_state)i;
		}
	}
	return ACCOUNT_PARKED;
}

void account_row_finish(struct account_row *row)
{
	free(row->name);
	free(row->platform);
	free(row->reason);
	free(row->remote_uid);
	secret_finish(&row->token);
	*row = (struct account_row){ 0 };
}

static void read_row(struct stmt *stmt, struct account_row *row)
{
	*row = (struct account_row){
		.id = { stmt_i64(stmt, 0) },
		.name = stmt_dup(stmt, 1),
		.platform = stmt_dup(stmt, 2),
		.state = state_parse(stmt_text(stmt, 3)),
		.reason = stmt_dup(stmt, 4),
		.remote_uid = stmt_dup(stmt, 5),
		.token_expires_at = stmt_i64(stmt, 7),
		.token_checked_at = stmt_i64(stmt, 8),
		.warned_days = (int)stmt_i64(stmt, 9),
		.parked = (enum park)stmt_i64(stmt, 10),
	};
	if (row->state == ACCOUNT_PARKED && !row->reason) {
		row->state = ACCOUNT_STARTING;
	}
	if (!stmt_is_null(stmt, 6)) {
		secret_set(&row->token, stmt_str(stmt, 6));
	}
}

void account_rows_free(struct account_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		account_row_finish(&rows[i]);
	}
	free(rows);
}

bool account_load_all(struct tx *tx, struct account_row **ret_rows, size_t *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_all, err);
	struct account_row *rows = NULL;
	size_t n = 0;
	size_t cap = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(rows, n, cap);
		read_row(stmt, &rows[n++]);
	}
	if (step == STEP_ERROR) {
		account_rows_free(rows, n);
		return false;
	}
	*ret_rows = rows;
	*ret_n = n;
	return true;
}

bool account_load(struct tx *tx, struct account_id id, struct account_row *ret_row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_one, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	switch (stmt_step(stmt, err)) {
	case STEP_ROW:
		read_row(stmt, ret_row);
		return true;
	case STEP_DONE:
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no such account");
	case STEP_ERROR:
		return false;
	}
	return false;
}

/* *ret_id zero: none of that name. */
static bool find_id(struct tx *tx, const char *name, struct account_id *ret_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_find, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, name);
	step = stmt_step(stmt, err);
	ret_id->v = step == STEP_ROW ? stmt_i64(stmt, 0) : 0;
	return step != STEP_ERROR;
}

bool account_find(struct tx *tx, const char *name, struct account_id *ret_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = NULL;
	struct account_id id;
	char best[64] = "";
	int best_distance = 4;

	if (!find_id(tx, name, &id, err)) {
		return false;
	}
	if (id.v) {
		*ret_id = id;
		return true;
	}
	stmt = stmt_get(tx, sql_names, err);
	while (stmt && stmt_step(stmt, err) == STEP_ROW) {
		int distance = str_distance(name, stmt_text(stmt, 0));

		if (distance < best_distance) {
			best_distance = distance;
			(void)snprintf(best, sizeof(best), "%s", stmt_text(stmt, 0));
		}
	}
	return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no account \"%s\"%s%s%s", name,
		best[0] ? "; did you mean \"" : "", best, best[0] ? "\"?" : "");
}

/* What an account in accounts.yaml is not ready for. */
struct flags {
	bool paused;
	enum park parked;
};

static bool read_flags(struct tx *tx, struct account_id id, struct flags *ret_flags, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_flags, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	step = stmt_step(stmt, err);
	if (step == STEP_ERROR) {
		return false;
	}
	ret_flags->paused = step == STEP_ROW && stmt_i64(stmt, 0) != 0;
	ret_flags->parked = step == STEP_ROW ? (enum park)stmt_i64(stmt, 1) : PARK_NONE;
	return true;
}

static enum account_state state_of(struct flags flags)
{
	return flags.paused ? ACCOUNT_PAUSED : flags.parked ? ACCOUNT_PARKED : ACCOUNT_READY;
}

/* A send may have been held as one thing while the account became another: all of them go. */
static bool release_all(struct tx *tx, struct account_id id, struct error *err)
{
	int n;

	return send_release_account(tx, id, HOLD_ACCOUNT_PAUSED, &n, err) &&
	       send_release_account(tx, id, HOLD_ACCOUNT_PARKED, &n, err) &&
	       send_release_account(tx, id, HOLD_ACCOUNT_REMOVED, &n, err);
}

static bool set_state(struct tx *tx, const struct actor *actor, const struct account_row *row, enum account_state state,
	struct flags flags, const char *reason, const char *action, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_state, err);
	cJSON *detail;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	stmt_bind_text(stmt, 2, account_state_name(state));
	stmt_bind_i64(stmt, 3, flags.paused);
	stmt_bind_i64(stmt, 4, flags.parked);
	stmt_bind_text(stmt, 5, reason);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	detail = json_object();
	json_add_text(detail, "account", row->name);
	json_add_text(detail, "state_to", account_state_name(state));
	json_add_text(detail, "reason", reason);
	effect_add(tx, EFFECT_ACCOUNT, row->id.v, row->id.v, 0);
	return event_add(tx, actor, action, OBJECT_ACCOUNT, row->id.v, detail, err) &&
	       (state != ACCOUNT_READY || release_all(tx, row->id, err));
}

static bool set_token(struct tx *tx, struct account_id id, struct str token, int64_t expires_at, const char *remote_uid,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_token, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_str(stmt, 2, token);
	stmt_bind_opt_i64(stmt, 3, expires_at);
	stmt_bind_i64(stmt, 4, tx_now_at(tx));
	stmt_bind_text(stmt, 5, remote_uid);
	return stmt_run(stmt, err);
}

static bool insert(struct tx *tx, const struct account_seen *seen, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_insert, err);
	bool has_token = seen->token && !secret_is_empty(seen->token);

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, seen->name);
	stmt_bind_text(stmt, 2, seen->platform);
	stmt_bind_text(stmt, 3, has_token ? "ready" : "parked");
	stmt_bind_i64(stmt, 4, !has_token);
	stmt_bind_text(stmt, 5, has_token || seen->renews ? NULL : "no token yet: log in");
	stmt_bind_text(stmt, 6, seen->remote_uid);
	if (has_token) {
		stmt_bind_str(stmt, 7, secret_lend(seen->token));
	}
	stmt_bind_i64(stmt, 8, tx_now_at(tx));
	if (!stmt_run(stmt, err)) {
		return false;
	}
	effect_add(tx, EFFECT_ACCOUNT, tx_last_id(tx), tx_last_id(tx), 0);
	return true;
}

static bool set_uid(struct tx *tx, struct account_id id, const char *remote_uid, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_uid, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_text(stmt, 2, remote_uid);
	effect_add(tx, EFFECT_ACCOUNT, id.v, id.v, 0);
	return stmt_run(stmt, err);
}

/* Of one that was parked while something else was to be seen; NULL: it was not. */
static const char *parked_reason(enum park park)
{
	return park == PARK_TOKEN ? "needs a login" : park == PARK_PERSON ? "needs a person" : NULL;
}

static bool sync_known(struct tx *tx, const struct account_row *row, const struct account_seen *seen, struct error *err)
{
	bool given = seen->token && !secret_is_empty(seen->token);
	bool other_uid = seen->remote_uid && (!row->remote_uid || strcmp(seen->remote_uid, row->remote_uid) != 0);
	struct flags flags;

	if (strcmp(seen->platform, row->platform) != 0) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"accounts: %s has been an account of %s: give the one of %s another name", row->name,
			row->platform, seen->platform);
	}
	if (other_uid && !set_uid(tx, row->id, seen->remote_uid, err)) {
		return false;
	}
	if (secret_is_empty(&row->token) && given) {
		if (!account_set_token(tx, &actor_daemon, row->id, seen->token, 0, seen->remote_uid, err)) {
			return false;
		}
	}
	if (row->state != ACCOUNT_REMOVED) {
		return true;
	}
	return read_flags(tx, row->id, &flags, err) &&
	       set_state(tx, &actor_daemon, row, state_of(flags), flags,
		       flags.paused ? "paused before it left accounts.yaml" : parked_reason(flags.parked),
		       "account.back", err);
}

/* A name that was changed looks like this, too: whoever did it may not know what had been promised. */
static bool owe_look(struct tx *tx, const struct account_row *row, int held, struct error *err)
{
	cJSON *detail = json_object();

	json_add_text(detail, "what", "account-removed");
	json_add_text(detail, "account", row->name);
	json_add_i64(detail, "held", held);
	return notice_add(tx, "warning", "", 0, row->id.v, detail, err);
}

static bool remove_row(struct tx *tx, const struct account_row *row, struct error *err)
{
	struct flags flags;
	int held;

	return read_flags(tx, row->id, &flags, err) &&
	       set_state(tx, &actor_daemon, row, ACCOUNT_REMOVED, flags, "no longer in accounts.yaml",
		       "account.removed", err) &&
	       send_hold_account(tx, row->id, HOLD_ACCOUNT_REMOVED, &held, err) &&
	       (held == 0 || owe_look(tx, row, held, err));
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct account_row *const *)a)->name, (*(const struct account_row *const *)b)->name);
}

static int name_of_row(const void *name, const void *row)
{
	return strcmp(name, (*(const struct account_row *const *)row)->name);
}

/* There may be ten thousand of them: sorted once, looked up by halves. `still` tells of each row whether it is in the
 * configuration. */
static bool sync_rows(struct tx *tx, const struct account_row *rows, size_t n_rows, const struct account_seen *seen,
	size_t n, bool *still, struct error *err)
{
	const struct account_row **sorted = xnew_array(const struct account_row *, n_rows + 1);
	bool ok = true;

	for (size_t i = 0; i < n_rows; i++) {
		sorted[i] = &rows[i];
	}
	qsort(sorted, n_rows, sizeof(const struct account_row *), by_name);
	for (size_t i = 0; ok && i < n; i++) {
		const struct account_row **known = bsearch(
			seen[i].name, sorted, n_rows, sizeof(const struct account_row *), name_of_row);

		if (known) {
			still[*known - rows] = true;
		}
		ok = known ? sync_known(tx, *known, &seen[i], err) : insert(tx, &seen[i], err);
	}
	free(sorted);
	for (size_t i = 0; ok && i < n_rows; i++) {
		ok = still[i] || rows[i].state == ACCOUNT_REMOVED || remove_row(tx, &rows[i], err);
	}
	return ok;
}

bool account_sync(struct tx *tx, const struct account_seen *seen, size_t n, struct error *err)
{
	struct account_row *rows = NULL;
	size_t n_rows = 0;
	bool *still;
	bool ok;

	if (!account_load_all(tx, &rows, &n_rows, err)) {
		return false;
	}
	still = xnew_array(bool, n_rows + 1);
	ok = sync_rows(tx, rows, n_rows, seen, n, still, err);
	free(still);
	account_rows_free(rows, n_rows);
	return ok;
}

bool account_pause(
	struct tx *tx, const struct actor *actor, struct account_id id, const char *reason, struct error *err)
{
	struct account_row row = { 0 };
	struct flags flags;
	bool ok;
	int n;

	if (!account_load(tx, id, &row, err)) {
		return false;
	}
	ok = row.state != ACCOUNT_REMOVED ||
	     error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s is no longer in accounts.yaml", row.name);
	ok = ok && read_flags(tx, id, &flags, err);
	if (ok) {
		flags.paused = true;
		ok = set_state(tx, actor, &row, ACCOUNT_PAUSED, flags, reason, "account.paused", err) &&
		     send_hold_account(tx, id, HOLD_ACCOUNT_PAUSED, &n, err);
	}
	account_row_finish(&row);
	return ok;
}

bool account_resume(struct tx *tx, const struct actor *actor, struct account_id id, struct error *err)
{
	struct account_row row = { 0 };
	struct flags flags;
	bool ok;

	if (!account_load(tx, id, &row, err)) {
		return false;
	}
	ok = row.state == ACCOUNT_PAUSED || (row.state == ACCOUNT_PARKED && row.parked == PARK_PERSON) ||
	     error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s is %s, not paused%s", row.name,
		     account_state_name(row.state),
		     row.state == ACCOUNT_PARKED ? ": `gazette account login` brings it back" : "");
	ok = ok && read_flags(tx, id, &flags, err);
	if (ok) {
		flags.paused = false;
		flags.parked = flags.parked == PARK_PERSON ? PARK_NONE : flags.parked;
		ok = set_state(
			tx, actor, &row, state_of(flags), flags, parked_reason(flags.parked), "account.resumed", err);
	}
	account_row_finish(&row);
	return ok;
}

static bool owe_login(struct tx *tx, const struct account_row *row, const char *reason, struct error *err)
{
	cJSON *detail = json_object();

	json_add_text(detail, "what", "account-parked");
	json_add_text(detail, "account", row->name);
	json_add_text(detail, "reason", reason);
	return notice_add(tx, "warning", "", 0, row->id.v, detail, err);
}

bool account_park(struct tx *tx, struct account_id id, const struct secret *token, enum park park, const char *reason,
	struct error *err)
{
	struct account_row row = { 0 };
	struct flags flags = { 0 };
	bool ready;
	bool ok;
	int n;

	if (!account_load(tx, id, &row, err)) {
		return false;
	}
	if (token && !str_eq(secret_lend(&row.token), secret_lend(token))) {
		account_row_finish(&row);
		return true;
	}
	ok = read_flags(tx, id, &flags, err);
	ready = row.state == ACCOUNT_READY || row.state == ACCOUNT_STARTING;
	if (ok && (flags.parked < park || row.state == ACCOUNT_STARTING)) {
		/* Paused or removed stays what is seen; the dead token is remembered for when it ends. */
		bool seen = ready || row.state == ACCOUNT_PARKED;

		flags.parked = park;
		ok = set_state(tx, &actor_daemon, &row, seen ? ACCOUNT_PARKED : row.state, flags,
			     seen ? reason : row.reason, "account.parked", err) &&
		     owe_login(tx, &row, reason, err);
	}
	ok = ok && ((!ready && row.state != ACCOUNT_PARKED) || send_hold_account(tx, id, HOLD_ACCOUNT_PARKED, &n, err));
	account_row_finish(&row);
	return ok;
}

bool account_set_token(struct tx *tx, const struct actor *actor, struct account_id id, const struct secret *token,
	int64_t expires_at, const char *remote_uid, struct error *err)
{
	struct account_row row = { 0 };
	struct flags flags = { 0 };
	bool ok;

	if (!account_load(tx, id, &row, err)) {
		return false;
	}
	ok = read_flags(tx, id, &flags, err);
	if (ok) {
		enum account_state state;

		flags.parked = PARK_NONE;
		state = row.state == ACCOUNT_REMOVED ? ACCOUNT_REMOVED : state_of(flags);
		ok = set_token(tx, id, secret_lend(token), expires_at, remote_uid, err) &&
		     set_state(tx, actor, &row, state, flags, state == ACCOUNT_READY ? NULL : row.reason,
			     "account.login", err);
	}
	account_row_finish(&row);
	return ok;
}

bool account_renew_token(
	struct tx *tx, struct account_id id, const struct secret *token, int64_t expires_at, struct error *err)
{
	struct account_row row = { 0 };
	bool parked;

	if (!account_load(tx, id, &row, err)) {
		return false;
	}
	parked = row.parked == PARK_TOKEN;
	account_row_finish(&row);
	if (parked) {
		return account_set_token(tx, &actor_daemon, id, token, expires_at, NULL, err);
	}
	effect_add(tx, EFFECT_ACCOUNT, id.v, id.v, 0);
	return set_token(tx, id, secret_lend(token), expires_at, NULL, err);
}

bool account_set_token_info(struct tx *tx, struct account_id id, int64_t expires_at, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_token_info, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_i64(stmt, 2, tx_now_at(tx));
	stmt_bind_opt_i64(stmt, 3, expires_at);
	effect_add(tx, EFFECT_ACCOUNT, id.v, id.v, 0);
	return stmt_run(stmt, err);
}

bool account_set_warned(struct tx *tx, struct account_id id, int days, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_warned, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_i64(stmt, 2, days);
	return stmt_run(stmt, err);
}

bool cursor_load(struct tx *tx, struct account_id id, const char *feed, char **ret_since, int64_t *ret_polled_at,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_cursor_load, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_text(stmt, 2, feed);
	step = stmt_step(stmt, err);
	if (step == STEP_ERROR) {
		return false;
	}
	*ret_since = step == STEP_ROW ? stmt_dup(stmt, 0) : NULL;
	*ret_polled_at = step == STEP_ROW ? stmt_i64(stmt, 1) : 0;
	return true;
}

bool cursor_save(struct tx *tx, struct account_id id, const char *feed, const char *since, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_cursor_save, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_text(stmt, 2, feed);
	stmt_bind_text(stmt, 3, since);
	stmt_bind_i64(stmt, 4, tx_now_at(tx));
	return stmt_run(stmt, err);
}
