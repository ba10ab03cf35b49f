/*
 * Sends whose outcome is unknown: look for them on the platform, at the times their rows say.
 *
 *   found              → sent
 *   provably not there → queued again (at most twice), and only when the platform's read lag has passed since the
 * attempt can not be told    → look again; after LOOKS_MAX looks the question goes to a person
 *
 *   a job that runs    → pending: looked at again when the driver says, or told by a push
 *   for too many looks → a person hears of it; a push may still tell
 *   a job refused      → failed
 *   nothing to ask     → the question goes to a person at once
 *   known by a number  → the outbox sends it again under that number (at most twice), and the answer tells
 *
 * Nothing here ever sends. A look costs calls from the account's ledger, but may use the reserve.
 */
#include <inttypes.h>

#include "core/log.h"
#include "core/mem.h"
#include "daemon/ops.h"
#include "store/send.h"

#define LOOKS_MAX      8
#define RESENDS_MAX    2
#define LOOK_FIRST_MS  (20 * SECOND_MS)
#define LOOK_MAX_MS    (10 * MINUTE_MS)
#define LOOK_PARKED_MS MINUTE_MS

struct looks {
	struct daemon *daemon;
	struct due due;           /* ids are sends */
	struct mono steady_since; /* the wall clock was not set since, as far as we know */
	struct look *running;
	size_t in_flight;
	bool stopping;
};

struct look {
	struct job job;
	struct look *next; /* looks.running */
	struct looks *looks;
	struct send_id send;
	struct rules *rules;
	struct send_row row;
	struct op_run run;
	struct driver_send content;
	const struct driver *driver;
	const struct config_account *config;
	int64_t wait_until_at; /* no look now: again then */
	bool ready;            /* the claim of the look went through */
	unsigned spent;        /* quotas, as bits */
	int64_t spent_at;

	/* the verdict */
	struct send_result result;
	char *remote_id;
	char *url;
	char *note;
	char *job_id;
	char *thread_id;
	bool resend;
	bool again;
	int64_t again_at; /* with `again`; 0: a person must */
	char why[sizeof(((struct error *)0)->message)];
	char *park;
	bool stale;      /* something else became of the send meanwhile: the verdict is about nothing any more */
	int64_t anew_at; /* with `stale`: when it is to be looked for all the same; 0: not */
};

static void finish_look(struct look *look)
{
	struct look **link = &look->looks->running;

	while (*link != look) {
		link = &(*link)->next;
	}
	*link = look->next;
	look->looks->in_flight--;
	op_run_finish(&look->run);
	send_row_finish(&look->row);
	rules_unref(look->rules);
	free(look->remote_id);
	free(look->url);
	free(look->note);
	free(look->job_id);
	free(look->thread_id);
	free(look->park);
	free(look);
}

/* Nothing was begun, so what counts what went out is as it was before the attempt. */
static bool return_unspent(struct tx *tx, const struct look *look, struct error *err)
{
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	size_t n;

	if (!look->result.untouched) {
		return true;
	}
	n = look->driver->quotas(look->config->settings, quotas);
	return quotas_return(tx, look->row.account, quotas, n,
		look->driver->cost(OP_SEND, &look->content) & quotas_per_send(quotas, n), look->row.last_attempt_at,
		err);
}

/* The question never left: it cost nothing. */
static bool return_unasked(struct tx *tx, const struct look *look, struct error *err)
{
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];

	return look->run.requests > 0 ||
	       quotas_return(tx, look->row.account, quotas, look->driver->quotas(look->config->settings, quotas),
		       look->spent, look->spent_at, err);
}

static bool run_verdict(struct tx *tx, struct job *job, struct error *err)
{
	struct look *look = container_of(job, struct look, job);
	struct send_row row = { 0 };
	bool applied;
	bool same;

	/* What was seen says something of the attempts made before the look, and of no later one. */
	if (!return_unasked(tx, look, err) || !send_load(tx, look->send, &row, err)) {
		return false;
	}
	same = row.state == look->row.state && row.attempts == look->row.attempts;
	look->stale = !same;
	/* It may be in doubt anew, and told us so while this look was on its way: see on_due(). */
	look->anew_at = row.state == SEND_UNSURE || row.state == SEND_PENDING ? row.look_at : 0;
	send_row_finish(&row);
	if (!same) {
		return true;
	}
	if (look->park && !account_park(tx, look->row.account, &look->run.token, look->run.park, look->park, err)) {
		return false;
	}
	if (look->resend) {
		return send_resend(tx, look->send, err);
	}
	if (look->again) {
		return send_look_again(tx, look->send, look->again_at, look->why, err);
	}
	return send_finish(tx, look->send, &look->result, &applied, err) && (!applied || return_unspent(tx, look, err));
}

static void done_verdict(struct job *job, const struct error *err)
{
	struct look *look = container_of(job, struct look, job);

	daemon_point("after-verdict");
	if (!err && look->stale) {
		log_info("look.stale send=%" PRId64 " account=%s action=%s", look->send.v, look->row.account_name,
			look->anew_at ? "it is looked for anew" : "nothing");
		if (look->anew_at) {
			due_add(&look->looks->due, look->anew_at, look->send.v);
		}
	} else if (err) {
		/* Somebody settled it meanwhile, or the id belongs to another send: a person decides. */
		log_warn("look.unrecorded send=%" PRId64 " error=%s", look->send.v, log_text(err->message));
	} else {
		log_info("look.%s send=%" PRId64 " account=%s looks=%d remote_id=%s%s%s",
			look->resend  ? "resend"
			: look->again ? (look->again_at ? "again" : "person")
				      : send_event_name(look->result.event),
			look->send.v, look->row.account_name, look->row.finds + 1, log_text(look->remote_id),
			look->again ? " why=" : "", look->again ? log_text(look->why) : "");
	}
	finish_look(look);
}

static void verdict(struct look *look)
{
	look->result.remote_id = look->remote_id;
	look->result.url = look->url;
	look->result.note = look->note;
	look->result.job_id = look->job_id;
	look->result.thread_id = look->thread_id;
	look->result.http_status = look->run.http_status;
	look->result.took_ms = look->run.took_ms;
	look->job = (struct job){ .run = run_verdict, .done = done_verdict, .urgent = true, .insist = true };
	store_write(look->looks->daemon->store, &look->job);
}

static void look_again(struct look *look, int64_t after_ms, const char *why)
{
	/* A job that runs is looked at ever less often: by then a day has passed for most platforms. */
	bool enough = look->row.finds + 1 >= LOOKS_MAX;

	look->again = true;
	look->again_at = enough ? 0 : loop_now_at(look->looks->daemon->loop) + after_ms;
	(void)snprintf(look->why, sizeof(look->why), "%s", why);
	verdict(look);
}

static int64_t next_look_ms(const struct look *look)
{
	int64_t ms = LOOK_FIRST_MS << (look->row.finds < 6 ? look->row.finds : 6);

	return ms < LOOK_MAX_MS ? ms : LOOK_MAX_MS;
}

/*
 * How long ago the last attempt surely is. The wall clock may have been set since, or have been wrong before we were
 * started: then all that is sure is how long it has run undisturbed. An attempt in the future was before it was set.
 */
static int64_t since_attempt_ms(const struct look *look)
{
	int64_t wall_ms = loop_now_at(look->looks->daemon->loop) - look->row.last_attempt_at;
	int64_t steady_ms = clock_since_ms(look->looks->steady_since);

	return wall_ms >= 0 && wall_ms < steady_ms ? wall_ms : steady_ms;
}

/* by_sending: it cannot be told whether it is there, but sent again it would be recognised. */
static void on_absent(struct look *look, bool untouched, bool by_sending)
{
	int64_t lag_ms = look->driver->settle_lag_ms(look->config->settings);
	int64_t since_ms = since_attempt_ms(look);

	if (untouched) {
		look->result.event = SEND_MISS;
		look->result.untouched = true;
		verdict(look);
	} else if (look->row.state == SEND_PENDING) {
		/* The platform took the job and knows nothing of it: that is no proof of anything. */
		look->again = true;
		(void)snprintf(look->why, sizeof(look->why), "the platform took it and does not know it any more");
		verdict(look);
	} else if (since_ms < lag_ms) {
		/* The platform shows new posts late; absence proves nothing yet. */
		look_again(look, lag_ms - since_ms, "not there yet; the platform may show it late");
	} else if (look->row.resends >= RESENDS_MAX) {
		look->again = true;
		(void)snprintf(look->why, sizeof(look->why),
			"not found, and it was sent anew %d times already: please look at the account", RESENDS_MAX);
		verdict(look);
	} else if (by_sending) {
		look->resend = true;
		verdict(look);
	} else {
		look->result.event = SEND_MISS;
		verdict(look);
	}
}

static bool suspect_token(struct look *look)
{
	struct account *account = daemon_account(look->looks->daemon, look->row.account);

	return account && renew_suspect(look->looks->daemon, account, &look->run.token);
}

static void on_pending(struct look *look, const struct outcome *outcome)
{
	int64_t after_ms = outcome->look_after_ms > 0 ? outcome->look_after_ms : next_look_ms(look);

	if (look->row.state == SEND_PENDING) {
		look_again(look, after_ms, "the platform works on it");
		return;
	}
	look->result.event = SEND_PEND;
	look->result.next_at = loop_now_at(look->looks->daemon->loop) + after_ms;
	verdict(look);
}

static void on_outcome(struct op_run *run, struct outcome *outcome)
{
	struct look *look = container_of(run, struct look, run);
	struct account *account;
	int64_t after_ms;

	if (outcome->kind == OUTCOME_NEXT) {
		op_run_next(run, look->looks->daemon, on_outcome);
		return;
	}
	if (outcome->kind == OUTCOME_DONE) {
		look->remote_id = steal(&outcome->remote_id);
		look->url = steal(&outcome->url);
		look->note = steal(&outcome->note);
		look->job_id = steal(&outcome->job_id);
		look->thread_id = steal(&outcome->thread_id);
		switch (outcome->found) {
		case FOUND_YES:
			look->result.event = SEND_FIND;
			verdict(look);
			return;
		case FOUND_NO:
			on_absent(look, outcome->untouched, false);
			return;
		case FOUND_BY_SENDING:
			on_absent(look, false, true);
			return;
		case FOUND_PENDING:
			on_pending(look, outcome);
			return;
		case FOUND_REFUSED:
			look->result.event = SEND_REFUSE;
			look->result.error = outcome->error;
			verdict(look);
			return;
		case FOUND_UNCLEAR:
			after_ms = next_look_ms(look);
			look_again(look,
				outcome->look_after_ms > 0 && outcome->look_after_ms < after_ms ? outcome->look_after_ms
												: after_ms,
				look->note ? look->note : "the account's timeline does not tell");
			return;
		case FOUND_UNKNOWABLE:
			look->again = true;
			(void)snprintf(look->why, sizeof(look->why), "%s",
				look->note ? look->note : "the platform cannot be asked: please look at the account");
			verdict(look);
			return;
		}
		look_again(look, next_look_ms(look), "the platform's answer does not tell");
		return;
	}
	account = daemon_account(look->looks->daemon, look->row.account);
	if (account) {
		account_switch_off(look->looks->daemon, account, outcome->capability, outcome->error.message);
	}
	if (outcome->needs_person || (outcome->error.advice == ADVISE_REAUTH && !suspect_token(look))) {
		look->park = xstrdup(outcome->error.message);
	}
	look_again(look,
		outcome->error.advice == ADVISE_WAIT && outcome->error.retry_ms > 0 ? outcome->error.retry_ms
										    : next_look_ms(look),
		outcome->error.message);
}

static bool run_look(struct tx *tx, struct job *job, struct error *err)
{
	struct look *look = container_of(job, struct look, job);
	struct account_row account = { 0 };
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	struct quota_window windows[DRIVER_QUOTAS_MAX];
	size_t n_windows;
	size_t n_quotas;

	if (!send_load_for_find(tx, look->send, &look->row, err)) {
		return false;
	}
	/* With a time it is the outbox's: sent again, it tells. */
	if ((look->row.state != SEND_UNSURE && look->row.state != SEND_PENDING) || look->row.next_at) {
		return true;
	}
	look->config = config_account(look->rules->config, look->row.account_name);
	look->driver = look->config ? driver_find(look->config->platform) : NULL;
	if (!account_load(tx, look->row.account, &account, err)) {
		return false;
	}
	if (!look->driver || account.state == ACCOUNT_PARKED || account.state == ACCOUNT_STARTING ||
		account.state == ACCOUNT_REMOVED) {
		look->wait_until_at = tx_now_at(tx) + LOOK_PARKED_MS;
		account_row_finish(&account);
		return true;
	}
	n_quotas = look->driver->quotas(look->config->settings, quotas);
	send_for_driver(&look->row, &look->content);
	look->spent = look->driver->cost(OP_FIND, &look->content);
	look->spent_at = tx_now_at(tx);
	quota_windows(quotas, n_quotas, look->spent, windows, &n_windows);
	if (!quotas_spend(tx, look->row.account, windows, n_windows, &look->wait_until_at, err) ||
		look->wait_until_at) {
		account_row_finish(&account);
		return look->wait_until_at != 0;
	}
	op_run_init(&look->run, look->driver, OP_FIND, look->config, look->rules, &account.token, account.remote_uid);
	look->run.op.send = &look->content;
	look->ready = true;
	account_row_finish(&account);
	return true;
}

static void done_look(struct job *job, const struct error *err)
{
	struct look *look = container_of(job, struct look, job);
	struct looks *looks = look->looks;

	if (err) {
		log_warn("look.failed send=%" PRId64 " error=%s", look->send.v, log_text(err->message));
		if (err->advice == ADVISE_RETRY) {
			due_add(&looks->due, loop_now_at(looks->daemon->loop) + LOOK_FIRST_MS, look->send.v);
		}
		finish_look(look);
		return;
	}
	if (look->wait_until_at) {
		due_add(&looks->due, look->wait_until_at, look->send.v);
	}
	if (!look->ready || looks->stopping) {
		finish_look(look);
		return;
	}
	daemon_point("before-look");
	op_run_next(&look->run, looks->daemon, on_outcome);
}

static void on_due(struct due *due, int64_t at unused_arg, int64_t id)
{
	struct looks *looks = container_of(due, struct looks, due);
	struct look *look;

	if (looks->stopping) {
		return;
	}
	/* Armed twice (by the recovery and by the start, say): one look is enough. */
	for (look = looks->running; look; look = look->next) {
		if (look->send.v == id) {
			return;
		}
	}
	look = xnew(struct look);
	look->looks = looks;
	look->next = looks->running;
	looks->running = look;
	look->send.v = id;
	look->rules = rules_ref(looks->daemon->rules);
	look->job = (struct job){ .run = run_look, .done = done_look, .urgent = true };
	looks->in_flight++;
	store_write(looks->daemon->store, &look->job);
}

/* Whatever waits was told to by another clock: looked at now, it is told anew. */
static void on_clock_step(struct due *due)
{
	struct looks *looks = container_of(due, struct looks, due);
	struct heap_entry entry;
	struct heap waiting = due->heap;

	looks->steady_since = clock_mono();
	due->heap = (struct heap){ 0 };
	while (heap_pop_due(&waiting, INT64_MAX, &entry)) {
		heap_push(&due->heap, loop_now_at(looks->daemon->loop), entry.id);
	}
	heap_finish(&waiting);
}

void looks_arm(struct looks *looks, const struct effect *effect)
{
	due_add(&looks->due, effect->at, effect->id);
}

struct looks *looks_new(struct daemon *daemon, struct error *err)
{
	struct looks *looks = xnew(struct looks);

	looks->daemon = daemon;
	looks->steady_since = clock_mono();
	if (!due_start(daemon->loop, &looks->due, on_due, on_clock_step, err)) {
		free(looks);
		return NULL;
	}
	return looks;
}

void looks_stop(struct looks *looks)
{
	looks->stopping = true;
}

size_t looks_in_flight(const struct looks *looks)
{
	return looks->in_flight;
}

void looks_free(struct looks *looks)
{
	if (!looks) {
		return;
	}
	due_finish(&looks->due);
	free(looks);
}
