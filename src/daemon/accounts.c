/*
 * The accounts at run time. The store's rows are the truth; what stands here is the last reading of them, joined with
 * the settings of the newest configuration. Decisions are made in jobs, on the rows; this copy only says whom to ask
 * and when.
 *
 * An account never goes away while the daemon runs: one that left the configuration keeps its place with driver NULL,
 * so that an id that is still in flight somewhere always finds it.
 */
#include <inttypes.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "daemon/daemon.h"

struct refresh {
	struct job job;
	struct daemon *daemon;
	void (*then)(struct daemon *daemon, const struct error *err);
	struct account_id only; /* zero: all of them */
	struct account_row *rows;
	size_t n;
};

struct account *daemon_account(struct daemon *daemon, struct account_id id)
{
	size_t low = 0;
	size_t high = daemon->n_accounts;

	/* Rows come ordered by id and ids only grow, so the array is sorted. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (daemon->accounts[middle]->id.v == id.v) {
			return daemon->accounts[middle];
		}
		if (daemon->accounts[middle]->id.v < id.v) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return NULL;
}

struct account *daemon_account_named(struct daemon *daemon, const char *name)
{
	for (size_t i = 0; i < daemon->n_accounts; i++) {
		if (strcmp(daemon->accounts[i]->name, name) == 0) {
			return daemon->accounts[i];
		}
	}
	return NULL;
}

void quota_windows(const struct driver_quota *quotas, size_t n, unsigned cost, struct quota_window *ret, size_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (cost & (1u << i)) {
			ret[(*ret_n)++] = (struct quota_window){
				.scope = quotas[i].name,
				.window_ms = quotas[i].window_ms,
				.offset_ms = quotas[i].offset_ms,
				.limit = quotas[i].limit,
				.reserve = quotas[i].reserve,
				.month = quotas[i].month,
			};
		}
	}
}

bool account_hears(const struct account *account)
{
	return account->driver &&
	       (account->state == ACCOUNT_READY || (account->state == ACCOUNT_PAUSED && !account->parked));
}

unsigned quotas_per_send(const struct driver_quota *quotas, size_t n)
{
	unsigned set = 0;

	for (size_t i = 0; i < n; i++) {
		set |= quotas[i].per_send ? 1u << i : 0;
	}
	return set;
}

bool quotas_return(struct tx *tx, struct account_id account, const struct driver_quota *quotas, size_t n, unsigned cost,
	int64_t spent_at, struct error *err)
{
	struct quota_window windows[DRIVER_QUOTAS_MAX];
	size_t n_windows;

	quota_windows(quotas, n, cost, windows, &n_windows);
	for (size_t i = 0; i < n_windows; i++) {
		if (!quota_return(tx, account, &windows[i], spent_at, err)) {
			return false;
		}
	}
	return true;
}

const struct switched_off *account_off(const struct account *account, const char *capability)
{
	for (size_t i = 0; i < account->n_off; i++) {
		if (strcmp(account->off[i].capability, capability) == 0) {
			return &account->off[i];
		}
	}
	return NULL;
}

void account_switch_off(struct daemon *daemon, struct account *account, const char *capability, const char *why)
{
	if (!capability || account_off(account, capability)) {
		return;
	}
	if (account->n_off < SWITCHED_OFF_MAX) {
		array_grow(account->off, account->n_off, account->cap_off);
		account->off[account->n_off++] = (struct switched_off){
			.capability = capability, .why = xstrdup(why), .at = loop_now_at(daemon->loop)
		};
		log_warn("account.switched-off account=%s capability=%s why=%s", account->name, capability,
			log_text(why));
	}
}

bool account_allows(const struct account *account, const char *what, const char *capability, struct error *err)
{
	const struct switched_off *off = account_off(account, capability);

	if (account->driver->can && !account->driver->can(account->config->settings, capability)) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"%s: %s: not for an account of this kind and verification, as accounts.yaml tells them",
			account->name, what);
	}
	return !off || error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s: %s is switched off until the next reload: %s",
			       account->name, what, off->why);
}

bool account_takes_orders(const struct account_row *row, struct error *err)
{
	if (row->state == ACCOUNT_STARTING) {
		return error_set(err, ERROR_STATE, ADVISE_RETRY, 0,
			"%s is starting: its first token is being fetched; try again in a moment", row->name);
	}
	return (row->state != ACCOUNT_PARKED && row->state != ACCOUNT_REMOVED) ||
	       error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s is %s%s%s", row->name, account_state_name(row->state),
		       row->reason ? ": " : "", row->reason ? row->reason : "");
}

char *account_refused(struct daemon *daemon, struct account_id id, const struct outcome *outcome,
	const struct secret *token, struct error *ret_error)
{
	struct account *account = daemon_account(daemon, id);

	*ret_error = outcome->error;
	if (account) {
		account_switch_off(daemon, account, outcome->capability, outcome->error.message);
	}
	if (outcome->needs_person) {
		return xstrdup(outcome->error.message);
	}
	if (outcome->error.advice != ADVISE_REAUTH) {
		return NULL;
	}
	if (account && renew_suspect(daemon, account, token)) {
		(void)error_set(ret_error, ERROR_PLATFORM, ADVISE_RETRY, 0,
			"the token was refused and is being renewed: try again in a moment");
		return NULL;
	}
	return xstrdup(outcome->error.message);
}

static void switch_on_all(struct account *account)
{
	while (account->n_off > 0) {
		free(account->off[--account->n_off].why);
	}
}

/* Point into the configuration that counts now. */
static void use_config(struct daemon *daemon, struct account *account)
{
	const struct config_account *config = config_account(daemon->rules->config, account->name);

	if (account->config != config) {
		switch_on_all(account); /* somebody has looked after it: it is tried again */
	}
	account->config = config;
	account->driver = config ? driver_find(config->platform) : NULL;
	free(account->quotas);
	account->quotas = NULL;
	account->n_quotas = 0;
	if (account->driver) {
		struct driver_quota quotas[DRIVER_QUOTAS_MAX];

		account->n_quotas = account->driver->quotas(config->settings, quotas);
		account->quotas = xnew_array(struct driver_quota, account->n_quotas + 1);
		memcpy(account->quotas, quotas, account->n_quotas * sizeof(*quotas));
	}
}

void accounts_use_config(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->n_accounts; i++) {
		use_config(daemon, daemon->accounts[i]);
	}
}

static void apply_row(struct daemon *daemon, const struct account_row *row)
{
	struct account *account = daemon_account(daemon, row->id);

	if (!account) {
		account = xnew(struct account);
		account->id = row->id;
		account->name = xstrdup(row->name);
		array_grow(daemon->accounts, daemon->n_accounts, daemon->cap_accounts);
		daemon->accounts[daemon->n_accounts++] = account;
	}
	if (account->state != row->state) {
		log_info("account.state account=%s state=%s reason=%s", row->name, account_state_name(row->state),
			log_text(row->reason));
	}
	account->state = row->state;
	account->parked = row->parked;
	free(account->reason);
	account->reason = xstrdup(row->reason);
	secret_copy(&account->token, &row->token);
	free(account->remote_uid);
	account->remote_uid = xstrdup(row->remote_uid);
	account->token_expires_at = row->token_expires_at;
	account->warned_days = row->warned_days;
	use_config(daemon, account);
}

static bool run_refresh(struct tx *tx, struct job *job, struct error *err)
{
	struct refresh *refresh = container_of(job, struct refresh, job);

	if (!refresh->only.v) {
		return account_load_all(tx, &refresh->rows, &refresh->n, err);
	}
	refresh->rows = xnew(struct account_row);
	if (!account_load(tx, refresh->only, &refresh->rows[0], err)) {
		return false;
	}
	refresh->n = 1;
	return true;
}

static void done_refresh(struct job *job, const struct error *err)
{
	struct refresh *refresh = container_of(job, struct refresh, job);
	struct daemon *daemon = refresh->daemon;

	if (err && (refresh->then || daemon->start_error.advice)) {
		log_debug("accounts.unread error=%s", log_text(err->message)); /* why it ends is told elsewhere */
	} else if (err) {
		log_warn("accounts.unread error=%s action=%s", log_text(err->message), "keeping what is known");
	} else {
		for (size_t i = 0; i < refresh->n; i++) {
			apply_row(daemon, &refresh->rows[i]);
		}
		for (size_t i = 0; i < refresh->n; i++) {
			daemon_account_changed(daemon, daemon_account(daemon, refresh->rows[i].id));
		}
	}
	if (!refresh->only.v) {
		daemon->accounts_reading = false;
	}
	if (refresh->then) {
		refresh->then(daemon, err);
	}
	if (!err && daemon->accounts_stale && !daemon->accounts_reading) {
		daemon->accounts_stale = false;
		accounts_refresh(daemon, NULL);
	}
	account_rows_free(refresh->rows, refresh->n);
	if (!refresh->only.v) {
		mem_give_back(); /* the rows, and the configuration as it was read */
	}
	free(refresh);
}

static void refresh(
	struct daemon *daemon, struct account_id only, void (*then)(struct daemon *daemon, const struct error *err))
{
	struct refresh *refresh = xnew(struct refresh);

	refresh->daemon = daemon;
	refresh->only = only;
	refresh->then = then;
	refresh->job.run = run_refresh;
	refresh->job.done = done_refresh;
	store_read(daemon->store, &refresh->job);
}

void accounts_refresh(struct daemon *daemon, void (*then)(struct daemon *daemon, const struct error *err))
{
	daemon->accounts_reading = true;
	refresh(daemon, (struct account_id){ 0 }, then);
}

void account_refresh(struct daemon *daemon, struct account_id id)
{
	if (daemon_account(daemon, id)) {
		refresh(daemon, id, NULL);
	} else if (daemon->accounts_reading) {
		daemon->accounts_stale = true;
	} else {
		accounts_refresh(daemon, NULL); /* a new one comes with all the others, in the order of ids */
	}
}

void accounts_free(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->n_accounts; i++) {
		struct account *account = daemon->accounts[i];

		heap_finish(&account->waiting);
		secret_finish(&account->token);
		switch_on_all(account);
		free(account->off);
		free(account->quotas);
		renewal_free(account->renewal);
		topics_free(account->topics);
		free(account->remote_uid);
		free(account->reason);
		free(account->name);
		free(account);
	}
	free(daemon->accounts);
	daemon->accounts = NULL;
	daemon->n_accounts = daemon->cap_accounts = 0;
}
