/*
 * Accounts as the store knows them: identity by name in accounts.yaml, state, token, cursors of feeds, quota ledger.
 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"
#include "core/secret.h"
#include "core/str.h"
#include "store/event.h"

struct tx;

enum account_state {
	ACCOUNT_READY,
	ACCOUNT_PAUSED,   /* by a person */
	ACCOUNT_PARKED,   /* token dead or missing, frozen by the platform: needs `account login` or a person */
	ACCOUNT_REMOVED,  /* no longer in accounts.yaml; nothing of it is forgotten */
	ACCOUNT_STARTING, /* new, and the daemon is getting its first token; in the row: parked, without a reason */
};

const char *account_state_name(enum account_state state);

/* Why an account is parked; in the rows as these numbers. The higher one counts. */
enum park {
	PARK_NONE = 0,
	PARK_TOKEN = 1,  /* the token is dead or missing: another one ends it */
	PARK_PERSON = 2, /* the platform wants a person to put something in order: only a person ends it */
};

struct account_row {
	struct account_id id;
	char *name;
	char *platform;
	enum account_state state;
	enum park parked;         /* also while paused or removed */
	char *reason;             /* why paused or parked; NULL */
	char *remote_uid;         /* NULL until known */
	struct secret token;      /* empty: none */
	int64_t token_expires_at; /* 0: not known */
	int64_t token_checked_at;
	int warned_days; /* smallest of 7, 3, 1 already warned for; 0: none */
};
void account_row_finish(struct account_row *row);

/*
 * Make the rows fit a configuration: names new to the store are added (parked, reason "no token", unless a token is
 * given or the daemon gets it by itself), names gone are marked removed (their queued sends held), names back are
 * revived. `token` is taken only when the store has none for that account.
 *
 * errors  CONFIG/REJECT a name that belongs to an account of another platform: its posts and token are that one's
 */
struct account_seen {
	const char *name;
	const char *platform;
	const struct secret *token; /* NULL: none in the configuration */
	const char *remote_uid;     /* as configured; NULL: not */
	bool renews;                /* the daemon gets its tokens; nobody logs in */
};
bool account_sync(struct tx *tx, const struct account_seen *seen, size_t n, struct error *err) must_check;

bool account_load_all(struct tx *tx, struct account_row **ret_rows, size_t *ret_n, struct error *err) must_check;
void account_rows_free(struct account_row *rows, size_t n);
bool account_load(struct tx *tx, struct account_id id, struct account_row *ret_row, struct error *err) must_check;
/* errors  MISSING/REJECT naming the nearest account name */
bool account_find(struct tx *tx, const char *name, struct account_id *ret_id, struct error *err) must_check;

bool account_pause(struct tx *tx, const struct actor *actor, struct account_id id, const char *reason,
	struct error *err) must_check;
/*
 * Releases what HOLD_ACCOUNT_PAUSED held, under the late rule. Ends PARK_PERSON, too: whoever resumes says that the
 * platform has got what it wanted. PARK_TOKEN stays (STATE/REJECT says login).
 */
bool account_resume(struct tx *tx, const struct actor *actor, struct account_id id, struct error *err) must_check;
/*
 * Token dead or person needed: state parked, queued sends held with HOLD_ACCOUNT_PARKED. Repeating it is harmless.
 *
 * token    with which the request left that was refused: nothing happens when the account has got another one since;
 *          NULL: no token comes into it
 */
bool account_park(struct tx *tx, struct account_id id, const struct secret *token, enum park park, const char *reason,
	struct error *err) must_check;
/* New token, by a person: unparks (a paused account stays paused), releases what was held for it, under the late rule.
 */
bool account_set_token(struct tx *tx, const struct actor *actor, struct account_id id, const struct secret *token,
	int64_t expires_at, const char *remote_uid, struct error *err) must_check;
/* The same for a token that a program got: PARK_PERSON stays, the platform still wants what it wants; and no event
 * while the account is ready, nobody need hear of it every hour. */
bool account_renew_token(struct tx *tx, struct account_id id, const struct secret *token, int64_t expires_at,
	struct error *err) must_check;
bool account_set_token_info(struct tx *tx, struct account_id id, int64_t expires_at, struct error *err) must_check;
bool account_set_warned(struct tx *tx, struct account_id id, int days, struct error *err) must_check;

/* Cursors: where the next complete pull of a feed starts. */
bool cursor_load(struct tx *tx, struct account_id id, const char *feed, char **ret_since, int64_t *ret_polled_at,
	struct error *err) must_check; /* *ret_since NULL: none yet */
bool cursor_save(
	struct tx *tx, struct account_id id, const char *feed, const char *since, struct error *err) must_check;

/* Quota ledger: calls used in the current window of a scope. */
struct quota_window {
	const char *scope;
	int64_t window_ms;
	int64_t offset_ms;
	int64_t limit; /* 0: unlimited, only counted */
	int64_t reserve;
	bool month; /* a calendar month at +0800 instead of window_ms */
};
/* The window that contains now_at: its first moment, and the first one after it. */
int64_t quota_window_begin(const struct quota_window *window, int64_t now_at);
int64_t quota_window_end(const struct quota_window *window, int64_t now_at);
/*
 * Spend n calls now. errors  PLATFORM/WAIT with retry_ms to the window's end when fewer than n remain (or, when
 * `keep_reserve`, fewer than n + reserve), or while the scope is blocked.
 */
bool quota_spend(struct tx *tx, struct account_id id, const struct quota_window *window, int64_t n, bool keep_reserve,
	struct error *err) must_check;
/*
 * Spend one call of each. All are asked before any is spent, so that what waits for one does not eat another.
 * *ret_wait_at: nothing was spent, again then; 0: they are.
 */
bool quotas_spend(struct tx *tx, struct account_id id, const struct quota_window *windows, size_t n,
	int64_t *ret_wait_at, struct error *err) must_check;
/* One that was spent at spent_at was not needed after all; nothing, when its window is over. */
bool quota_return(struct tx *tx, struct account_id id, const struct quota_window *window, int64_t spent_at,
	struct error *err) must_check;
/* The platform said so: nothing of this scope before until_at. */
bool quota_block(
	struct tx *tx, struct account_id id, const char *scope, int64_t until_at, struct error *err) must_check;
/* After the wall clock was set, and at start: a limit that a clock noted that was ahead lasts as long as it would have
 * from now on. */
bool quota_clock_set_back(struct tx *tx, struct error *err) must_check;
/* The platform's own count: `remaining` calls are left in the current window; only ever lowers what we think is left.
 */
bool quota_observe(struct tx *tx, struct account_id id, const struct quota_window *window, int64_t remaining,
	struct error *err) must_check;
struct quota_state {
	int64_t used;
	int64_t remaining; /* -1: unlimited */
	int64_t resets_at;
	int64_t blocked_until_at; /* 0: not */
};
bool quota_state(struct tx *tx, struct account_id id, const struct quota_window *window, struct quota_state *ret_state,
	struct error *err) must_check;

#endif
