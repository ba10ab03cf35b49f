/*
 * Tokens: is each one alive, until when, and who has to be told in time. Where a token cannot be renewed by us
 * (renew.c) a person must give consent again. So what we owe is the warning: 7, 3 and 1 days ahead, once each, to the
 * hook and to every monitor. Also the login itself, by the code or the address a person pastes, and `account check`.
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/ops.h"
#include "daemon/tokens.h"
#include "store/notice.h"
#include "text/when.h"

#define WATCH_EVERY_MS MINUTE_MS
#define CHECK_EVERY_MS DAY_MS

static const int warn_days[] = { 1, 3, 7 }; /* nearest first */

struct tokens {
	struct daemon *daemon;
	struct timer timer;
	size_t n_checking;
	size_t next; /* account to be looked at when a check ends */
};

struct warning {
	struct job job;
	struct daemon *daemon;
	struct account_id account;
	char *name;
	int days;
	int64_t expires_at;
	bool fresh; /* found in the transaction: it is still to be warned of */
};

static bool run_warning(struct tx *tx, struct job *job, struct error *err)
{
	struct warning *warning = container_of(job, struct warning, job);
	struct account_row row = { 0 };
	cJSON *detail;

	if (!account_load(tx, warning->account, &row, err)) {
		return false;
	}
	warning->fresh = row.token_expires_at == warning->expires_at &&
			 (row.warned_days == 0 || row.warned_days > warning->days);
	account_row_finish(&row);
	if (!warning->fresh) {
		return true;
	}
	detail = json_object();
	json_add_text(detail, "account", warning->name);
	json_add_i64(detail, "days", warning->days);
	json_add_time(detail, "token_expires_at", warning->expires_at);
	json_add_text(detail, "what", "token-expires");
	if (!notice_add(tx, "warning", "", 0, warning->account.v, cJSON_Duplicate(detail, true), err)) {
		cJSON_Delete(detail);
		return false;
	}
	return event_add(tx, &actor_daemon, "account.token-expires", OBJECT_ACCOUNT, warning->account.v, detail, err) &&
	       account_set_warned(tx, warning->account, warning->days, err);
}

static void done_warning(struct job *job, const struct error *err)
{
	struct warning *warning = container_of(job, struct warning, job);

	if (err) {
		struct account *account = daemon_account(warning->daemon, warning->account);

		if (account) {
			account->warned_days = 0; /* what the row says decides when it is tried again */
		}
		log_warn("token.unwarned account=%s error=%s action=%s", warning->name, log_text(err->message),
			log_text("trying again in ten minutes"));
	} else if (warning->fresh) {
		log_warn("token.expires account=%s days=%d action=%s", warning->name, warning->days,
			log_text("`gazette account login` renews it"));
	}
	free(warning->name);
	free(warning);
}

static void warn_of(struct tokens *tokens, struct account *account)
{
	int64_t left_ms = account->token_expires_at - loop_now_at(tokens->daemon->loop);

	if (account->token_expires_at == 0) {
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(warn_days); i++) {
		if (left_ms <= warn_days[i] * DAY_MS) {
			if (account->warned_days == 0 || account->warned_days > warn_days[i]) {
				struct warning *warning = xnew(struct warning);

				warning->daemon = tokens->daemon;
				warning->account = account->id;
				warning->name = xstrdup(account->name);
				warning->days = warn_days[i];
				warning->expires_at = account->token_expires_at;
				warning->job = (struct job){ .run = run_warning, .done = done_warning };
				account->warned_days = warn_days[i];
				store_write(tokens->daemon->store, &warning->job);
			}
			return;
		}
	}
}

/* One question to the platform about one account's token. */
struct probe {
	struct job job;
	struct daemon *daemon;
	struct account_id account;
	struct op_run run;
	struct token_report report;
	char *park;
	void (*done)(void *data, const struct token_report *report);
	void *data;
};

static void check_ended(struct tokens *tokens);

static void probe_end(struct probe *probe)
{
	if (probe->done) {
		probe->done(probe->data, &probe->report);
	} else if (probe->daemon->tokens) {
		check_ended(probe->daemon->tokens);
	}
	op_run_finish(&probe->run);
	free(probe->park);
	free(probe);
}

static bool run_probe_save(struct tx *tx, struct job *job, struct error *err)
{
	struct probe *probe = container_of(job, struct probe, job);
	struct account_row row = { 0 };
	bool same;

	if (!account_load(tx, probe->account, &row, err)) {
		return false;
	}
	same = str_eq(secret_lend(&row.token), secret_lend(&probe->run.token));
	account_row_finish(&row);
	if (!same) {
		return true; /* replaced while we asked */
	}
	if (probe->park) {
		return account_park(tx, probe->account, &probe->run.token, probe->run.park, probe->park, err);
	}
	return account_set_token_info(tx, probe->account, probe->report.expires_at, err);
}

static void done_probe_save(struct job *job, const struct error *err)
{
	struct probe *probe = container_of(job, struct probe, job);

	if (err && !probe->report.error.advice) {
		probe->report.error = *err;
	}
	probe_end(probe);
}

static void on_limits(struct op_run *run, struct outcome *outcome)
{
	struct probe *probe = container_of(run, struct probe, run);

	if (outcome->kind == OUTCOME_NEXT) {
		op_run_next(run, probe->daemon, on_limits);
		return;
	}
	if (outcome->kind == OUTCOME_DONE) {
		for (size_t i = 0; i < DRIVER_QUOTAS_MAX; i++) {
			probe->report.remaining[i] = outcome->remaining[i];
		}
	} else {
		probe->report.limits_error = outcome->error;
	}
	probe->job = (struct job){ .run = run_probe_save, .done = done_probe_save };
	store_write(probe->daemon->store, &probe->job);
}

static void on_token(struct op_run *run, struct outcome *outcome)
{
	struct probe *probe = container_of(run, struct probe, run);
	struct account *account;

	if (outcome->kind == OUTCOME_NEXT) {
		op_run_next(run, probe->daemon, on_token);
		return;
	}
	if (outcome->kind == OUTCOME_DONE) {
		probe->report.alive = true;
		probe->report.expires_at = outcome->expires_in_ms > 0
						   ? loop_now_at(probe->daemon->loop) + outcome->expires_in_ms
						   : 0;
		account = daemon_account(probe->daemon, probe->account);
		if (account && account->driver && probe->done) {
			/* Those that the account's settings belong to now: it may have been reloaded since. */
			struct rules *rules = rules_ref(probe->daemon->rules);
			struct secret token = { 0 };

			secret_copy(&token, &run->token);
			op_run_finish(run);
			op_run_init(
				run, account->driver, OP_LIMITS, account->config, rules, &token, account->remote_uid);
			secret_finish(&token);
			rules_unref(rules);
			op_run_next(run, probe->daemon, on_limits);
			return;
		}
	} else {
		probe->report.error = outcome->error;
		if (outcome->error.advice == ADVISE_REAUTH || outcome->needs_person) {
			probe->park = xstrdup(outcome->error.message);
		} else {
			probe_end(probe);
			return;
		}
	}
	probe->job = (struct job){ .run = run_probe_save, .done = done_probe_save };
	store_write(probe->daemon->store, &probe->job);
}

void token_check(struct daemon *daemon, struct account *account,
	void (*done)(void *data, const struct token_report *report), void *data)
{
	struct probe *probe = xnew(struct probe);

	probe->daemon = daemon;
	probe->account = account->id;
	probe->done = done;
	probe->data = data;
	for (size_t i = 0; i < DRIVER_QUOTAS_MAX; i++) {
		probe->report.remaining[i] = -1;
	}
	account->token_checked = loop_now_mono(daemon->loop);
	op_run_init(&probe->run, account->driver, OP_TOKEN, account->config, daemon->rules, &account->token,
		account->remote_uid);
	op_run_next(&probe->run, daemon, on_token);
}

/* A login: the pasted code for a token, the token into the store, what was held released. */
struct login {
	struct job job;
	struct daemon *daemon;
	struct account_id account;
	struct op_run run;
	struct secret code;
	struct actor actor;
	char *actor_name;
	struct secret token;
	int64_t expires_at;
	char *remote_uid;
	void (*done)(void *data, const struct error *err);
	void *data;
};

static void login_end(struct login *login, const struct error *err)
{
	login->done(login->data, err);
	op_run_finish(&login->run);
	secret_finish(&login->code);
	secret_finish(&login->token);
	free(login->actor_name);
	free(login->remote_uid);
	free(login);
}

static bool run_login_save(struct tx *tx, struct job *job, struct error *err)
{
	struct login *login = container_of(job, struct login, job);

	return account_set_token(
		tx, &login->actor, login->account, &login->token, login->expires_at, login->remote_uid, err);
}

static void done_login_save(struct job *job, const struct error *err)
{
	login_end(container_of(job, struct login, job), err);
}

static void on_login(struct op_run *run, struct outcome *outcome)
{
	struct login *login = container_of(run, struct login, run);

	switch (outcome->kind) {
	case OUTCOME_NEXT:
		op_run_next(run, login->daemon, on_login);
		return;
	case OUTCOME_ERROR:
		login_end(login, &outcome->error);
		return;
	case OUTCOME_DONE:
		secret_copy(&login->token, &outcome->token);
		login->remote_uid = steal(&outcome->remote_uid);
		login->expires_at = outcome->expires_in_ms > 0
					    ? loop_now_at(login->daemon->loop) + outcome->expires_in_ms
					    : 0;
		login->job = (struct job){
			.run = run_login_save, .done = done_login_save, .urgent = true, .insist = true
		};
		store_write(login->daemon->store, &login->job);
		return;
	}
}

void token_login(struct daemon *daemon, struct account *account, const struct actor *actor, const char *code,
	void (*done)(void *data, const struct error *err), void *data)
{
	struct login *login = xnew(struct login);

	login->daemon = daemon;
	login->account = account->id;
	login->done = done;
	login->data = data;
	login->actor = *actor;
	login->actor_name = xstrdup(actor->name);
	login->actor.name = login->actor_name;
	secret_set(&login->code, str_from(code));
	op_run_init(&login->run, account->driver, OP_LOGIN, account->config, daemon->rules, &account->token,
		account->remote_uid);
	login->run.op.code = secret_lend(&login->code).p;
	op_run_next(&login->run, daemon, on_login);
}

static void watch(struct tokens *tokens, struct account *account)
{
	if (!account->driver || account->state == ACCOUNT_REMOVED) {
		return;
	}
	if (account->driver->renew_after_ms) {
		renew_if_due(tokens->daemon, account);
		return;
	}
	warn_of(tokens, account);
	if (account->state == ACCOUNT_READY && !secret_is_empty(&account->token) &&
		(account->token_checked.ms == 0 || clock_since_ms(account->token_checked) >= CHECK_EVERY_MS) &&
		tokens->n_checking < LIMIT_CHECKS_RUNNING) {
		tokens->n_checking++;
		token_check(tokens->daemon, account, NULL, NULL);
	}
}

/* Thousands of accounts are not asked about at the same time. */
static void check_ended(struct tokens *tokens)
{
	tokens->n_checking--;
	while (!tokens->daemon->stopping && tokens->n_checking < LIMIT_CHECKS_RUNNING &&
		tokens->next < tokens->daemon->n_accounts) {
		watch(tokens, tokens->daemon->accounts[tokens->next++]);
	}
}

static void on_timer(struct timer *timer)
{
	struct tokens *tokens = container_of(timer, struct tokens, timer);

	tokens->next = 0;
	for (size_t i = 0; i < tokens->daemon->n_accounts; i++) {
		watch(tokens, tokens->daemon->accounts[i]);
	}
	timer_start(tokens->daemon->loop, &tokens->timer, WATCH_EVERY_MS);
}

void tokens_account_changed(struct tokens *tokens, struct account *account)
{
	if (!tokens->daemon->stopping) {
		watch(tokens, account);
	}
}

struct tokens *tokens_new(struct daemon *daemon)
{
	struct tokens *tokens = xnew(struct tokens);

	tokens->daemon = daemon;
	timer_init(&tokens->timer, on_timer);
	timer_start(daemon->loop, &tokens->timer, WATCH_EVERY_MS);
	return tokens;
}

void tokens_free(struct tokens *tokens)
{
	if (!tokens) {
		return;
	}
	timer_stop(tokens->daemon->loop, &tokens->timer);
	free(tokens);
}
