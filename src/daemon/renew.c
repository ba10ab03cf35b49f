/*
 * Tokens that the daemon makes itself, from the secrets of the configuration (driver.renew_after_ms). One refresher per
 * account, so that the office never fights with itself over a token.
 *
 *   none, or old enough            → an ordinary renewal; when the first one of an account is not to be had after
 *                                    FIRST_TRIES, it is parked with the reason until one comes
 *   refused, and ours is newer     → nothing to do: the call is simply made again
 *   refused, and an ordinary renewal gives the same token
 *                                  → a forced one, at most FORCED_PER_DAY and FORCED_APART_MS apart: it kills the old
 * token for every other program of the office still refused, or no renewal   → the account is parked with what the
 * platform said; a person looks
 *
 * A renewal that fails for now is tried again by itself, ever less often. With a token that was refused nothing is sent
 * meanwhile. A new token is in the store before anybody uses it.
 */
#include <inttypes.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/random.h"
#include "daemon/ops.h"

#define FORCED_PER_DAY  5
#define FORCED_APART_MS (60 * SECOND_MS)
#define FIRST_TRIES     3
#define RETRY_FIRST_MS  (5 * SECOND_MS)
#define RETRY_MAX_MS    (10 * MINUTE_MS)

struct renewal {
	struct job job;
	struct daemon *daemon;
	struct account_id account;
	bool running;
	bool forced;           /* this one */
	struct secret refused; /* the token that was refused; empty: an ordinary renewal */
	struct secret dead;    /* the one that was refused last; while it is the account's, there is no use in it */
	struct timer timer;    /* to not_before */
	struct op_run run;
	struct secret token; /* the new one */
	int64_t expires_at;
	char *park;
	int64_t park_ms;         /* how long to leave it then */
	struct mono got;         /* when the token in use was got; 0: by an earlier run of the daemon */
	int64_t lifetime_ms;     /* of it */
	struct mono forced_last; /* 0: never */
	struct mono not_before;  /* after a failure; 0: at once */
	int failures;
};

static void start(struct renewal *renewal, bool force);

static struct account *account_of(const struct renewal *renewal)
{
	struct account *account = daemon_account(renewal->daemon, renewal->account);

	return account && account->driver && account->driver->renew_after_ms ? account : NULL;
}

static void finish(struct renewal *renewal)
{
	renewal->running = false;
	renewal->forced = false;
	op_run_finish(&renewal->run);
	secret_finish(&renewal->refused);
	secret_finish(&renewal->token);
	free(renewal->park);
	renewal->park = NULL;
}

static void failed(struct renewal *renewal, const struct error *err)
{
	int64_t wait_ms = err->advice == ADVISE_WAIT && err->retry_ms > 0
				  ? err->retry_ms
				  : backoff_ms(renewal->failures, RETRY_FIRST_MS, RETRY_MAX_MS);

	renewal->failures++;
	renewal->not_before.ms = clock_mono().ms + wait_ms;
	timer_start(renewal->daemon->loop, &renewal->timer, wait_ms);
	log_warn("token.unrenewed account=%s error=%s again_ms=%" PRId64, renewal->run.name, log_text(err->message),
		wait_ms);
}

static bool run_save(struct tx *tx, struct job *job, struct error *err)
{
	struct renewal *renewal = container_of(job, struct renewal, job);

	return renewal->park ? account_park(tx, renewal->account, NULL, PARK_TOKEN, renewal->park, err)
			     : account_renew_token(tx, renewal->account, &renewal->token, renewal->expires_at, err);
}

static void done_save(struct job *job, const struct error *err)
{
	struct renewal *renewal = container_of(job, struct renewal, job);
	struct account *account = account_of(renewal);

	if (err) {
		failed(renewal, err);
	} else if (renewal->park) {
		log_warn("token.parked account=%s why=%s", renewal->run.name, log_text(renewal->park));
		renewal->not_before.ms = clock_mono().ms + renewal->park_ms; /* it is tried again now and then */
	} else {
		log_info("token.renewed account=%s forced=%d", renewal->run.name, renewal->forced);
		renewal->failures = 0;
		renewal->not_before.ms = 0;
		renewal->got = clock_mono();
		if (account) {
			/* What is started in this turn already uses it. */
			secret_copy(&account->token, &renewal->token);
			account->token_expires_at = renewal->expires_at;
		}
	}
	finish(renewal);
}

static void save(struct renewal *renewal)
{
	renewal->job = (struct job){ .run = run_save, .done = done_save, .urgent = true };
	store_write(renewal->daemon->store, &renewal->job);
}

static void park(struct renewal *renewal, const char *why, int64_t after_ms)
{
	renewal->park = xstrdup(why);
	renewal->park_ms = after_ms > RETRY_MAX_MS ? after_ms : RETRY_MAX_MS;
	save(renewal);
}

/* ---- forcing it ---- */

static bool run_budget(struct tx *tx, struct job *job, struct error *err)
{
	struct renewal *renewal = container_of(job, struct renewal, job);
	const struct quota_window window = {
		.scope = "forced_token", .window_ms = DAY_MS, .offset_ms = 16 * HOUR_MS, .limit = FORCED_PER_DAY
	};

	return quota_spend(tx, renewal->account, &window, 1, false, err);
}

static void done_budget(struct job *job, const struct error *err)
{
	struct renewal *renewal = container_of(job, struct renewal, job);

	if (!err) {
		renewal->forced_last = clock_mono();
		start(renewal, true);
	} else if (err->advice == ADVISE_WAIT) {
		park(renewal,
			"the token is refused, and the day's forced renewals are used up: does another program "
			"take it away?",
			0);
	} else {
		failed(renewal, err);
		finish(renewal);
	}
}

static void force(struct renewal *renewal)
{
	if (renewal->forced || (renewal->forced_last.ms && clock_since_ms(renewal->forced_last) < FORCED_APART_MS)) {
		park(renewal, "the platform refuses the token it has just given", 0);
		return;
	}
	renewal->job = (struct job){ .run = run_budget, .done = done_budget, .urgent = true };
	store_write(renewal->daemon->store, &renewal->job);
}

/* ---- asking for it ---- */

/* Until then it is starting, and nobody need look at it; a platform that does not answer is no start. */
static bool never_starts(const struct renewal *renewal)
{
	const struct account *account = account_of(renewal);

	return account && account->state == ACCOUNT_STARTING && renewal->failures + 1 >= FIRST_TRIES;
}

static void on_outcome(struct op_run *run, struct outcome *outcome)
{
	struct renewal *renewal = container_of(run, struct renewal, run);

	switch (outcome->kind) {
	case OUTCOME_NEXT:
		op_run_next(run, renewal->daemon, on_outcome);
		return;
	case OUTCOME_ERROR:
		if (outcome->needs_person || outcome->error.advice == ADVISE_REAUTH ||
			outcome->error.advice == ADVISE_REJECT || never_starts(renewal)) {
			park(renewal, outcome->error.message,
				outcome->error.advice == ADVISE_WAIT ? outcome->error.retry_ms : 0);
		} else {
			failed(renewal, &outcome->error);
			finish(renewal);
		}
		return;
	case OUTCOME_DONE:
		break;
	}
	if (str_eq(secret_lend(&outcome->token), secret_lend(&renewal->refused))) {
		force(renewal);
		return;
	}
	secret_copy(&renewal->token, &outcome->token);
	renewal->lifetime_ms = outcome->expires_in_ms;
	renewal->expires_at = outcome->expires_in_ms > 0 ? loop_now_at(renewal->daemon->loop) + outcome->expires_in_ms
							 : 0;
	save(renewal);
}

static void start(struct renewal *renewal, bool forced)
{
	struct account *account = account_of(renewal);

	if (!account || renewal->daemon->stopping) {
		finish(renewal);
		return;
	}
	op_run_finish(&renewal->run);
	op_run_init(&renewal->run, account->driver, OP_RENEW, account->config, renewal->daemon->rules, &account->token,
		account->remote_uid);
	renewal->forced = renewal->run.op.force = forced;
	op_run_next(&renewal->run, renewal->daemon, on_outcome);
}

static void on_timer(struct timer *timer)
{
	struct renewal *renewal = container_of(timer, struct renewal, timer);
	struct account *account = account_of(renewal);

	renewal->not_before.ms = 0;
	if (account) {
		renew_if_due(renewal->daemon, account);
	}
}

static struct renewal *renewal_of(struct daemon *daemon, struct account *account)
{
	if (!account->renewal) {
		account->renewal = xnew(struct renewal);
		account->renewal->daemon = daemon;
		account->renewal->account = account->id;
		timer_init(&account->renewal->timer, on_timer);
	}
	return account->renewal;
}

bool renew_awaited(const struct account *account)
{
	return account->renewal && !secret_is_empty(&account->renewal->dead) &&
	       str_eq(secret_lend(&account->token), secret_lend(&account->renewal->dead));
}

static bool is_due(const struct account *account, const struct renewal *renewal, int64_t now_at)
{
	int64_t left_ms = account->token_expires_at - now_at;

	if (renewal->not_before.ms && clock_mono().ms < renewal->not_before.ms) {
		return false;
	}
	if (secret_is_empty(&account->token) || account->token_expires_at == 0 || account->parked == PARK_TOKEN ||
		renew_awaited(account)) {
		return true;
	}
	/* One that an earlier run got: its age is not known, what is left of it is. */
	return renewal->got.ms ? clock_since_ms(renewal->got) >= account->driver->renew_after_ms(renewal->lifetime_ms)
			       : left_ms <= HOUR_MS;
}

void renew_if_due(struct daemon *daemon, struct account *account)
{
	struct renewal *renewal = renewal_of(daemon, account);

	if (account->state == ACCOUNT_REMOVED || renewal->running || daemon->stopping ||
		!is_due(account, renewal, loop_now_at(daemon->loop))) {
		return;
	}
	renewal->running = true;
	if (renew_awaited(account)) {
		secret_copy(&renewal->refused, &renewal->dead);
	}
	start(renewal, false);
}

bool renew_suspect(struct daemon *daemon, struct account *account, const struct secret *used)
{
	struct renewal *renewal;

	if (!account->driver || !account->driver->renew_after_ms) {
		return false;
	}
	renewal = renewal_of(daemon, account);
	if (renewal->running || !str_eq(secret_lend(&account->token), secret_lend(used))) {
		return true; /* another one is there or on its way */
	}
	secret_copy(&renewal->dead, used);
	renew_if_due(daemon, account); /* or, when it has failed, a little later */
	return true;
}

void renewal_free(struct renewal *renewal)
{
	if (!renewal) {
		return;
	}
	timer_stop(renewal->daemon->loop, &renewal->timer);
	finish(renewal);
	secret_finish(&renewal->dead);
	free(renewal);
}
