/*
 * Gathering what citizens say by asking for it. Every feed of every account has an interval that follows from the
 * account's daily budget (driver_feed.share_percent of its first quota), but is never shorter than the platform allows.
 *
 * A poll reads pages until the gap since the last complete poll is closed; each page is stored before the next is asked
 * for, and only then the cursor moves on. So a crash in between loses nothing: what was stored is known by its id, the
 * rest is read again.
 *
 * The ledger: a poll without news writes nothing. Its calls are counted here and saved with the next cursor, or after
 * UNSAVED_MAX of them. A crash can make us believe in at most that many calls too much.
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/random.h"
#include "daemon/ops.h"
#include "store/send.h"

#define UNSAVED_MAX    8
#define RETRY_FIRST_MS (10 * SECOND_MS)
#define WAITING_MAX    4
#define PULL_QUOTA     0             /* what every counted call costs, see driver.h */
#define THREADS_MS     (30 * DAY_MS) /* publications older than this are not asked for comments */

/* Threads go to drivers as the store gives them. */
_Static_assert(sizeof(struct send_thread) == sizeof(struct driver_thread) &&
		       offsetof(struct send_thread, sent_at) == offsetof(struct driver_thread, sent_at),
	"a thread looks the same to the store and to drivers");

struct feed {
	struct timer timer;
	struct poller *poller;
	struct account *account;
	int index;
	int64_t interval_ms;
	int64_t polled_at; /* last complete poll; 0: none in this run */
	int64_t next_at;   /* for show */
	int failures;
	bool running;
	bool off; /* not for this account, said the platform: asked for again by a person, or after a reload */
	struct poll_now *waiting[WAITING_MAX]; /* asked for while one was under way */
	size_t n_waiting;
};

struct polling {
	size_t n;
	struct feed feeds[]; /* of its driver */
};

struct poller {
	struct daemon *daemon;
	size_t n_running; /* pulls */
	bool stopping;
};

struct poll_now {
	size_t left;
	int64_t new_messages;
	struct error first;
	void (*done)(void *data, int64_t new_messages, const struct error *err);
	void *data;
};

struct pull {
	struct job job;
	struct daemon *daemon;
	struct feed *feed;
	struct poll_now *now; /* NULL: a regular poll */
	struct account_id account;
	struct quota_window window;
	bool counted;
	struct op_run run;
	char *since;
	struct send_thread *threads;
	size_t n_threads;
	unsigned requests; /* of them counted */
	int64_t calls;     /* to be written into the ledger */
	int64_t unsaved;   /* counted before this pull */
	int64_t new_messages;
	char *since_after;
	bool more; /* the page that is being stored is not the last */
	char *park;
	int64_t block_until_at;
	struct error error;
	bool failed;
};

static void pull_end(struct pull *pull);
static void pull_start(struct feed *feed, struct poll_now *now);

static void schedule(struct feed *feed, int64_t after_ms)
{
	struct daemon *daemon = feed->poller->daemon;

	if (feed->poller->stopping || feed->off || !account_hears(feed->account)) {
		timer_stop(daemon->loop, &feed->timer);
		feed->next_at = 0;
		return;
	}
	feed->next_at = loop_now_at(daemon->loop) + after_ms;
	timer_start(daemon->loop, &feed->timer, after_ms);
}

static void pull_free(struct pull *pull)
{
	pull->feed->poller->n_running--;
	op_run_finish(&pull->run);
	free(pull->since);
	free(pull->since_after);
	send_threads_free(pull->threads, pull->n_threads);
	free(pull->park);
	free(pull);
}

/* One feed of a poll that somebody asked for is through. */
static void poll_now_part(struct poll_now *now, int64_t new_messages, const struct error *err)
{
	now->new_messages += new_messages;
	if (err && !now->first.advice) {
		now->first = *err;
	}
	if (--now->left == 0) {
		now->done(now->data, now->new_messages, now->first.advice ? &now->first : NULL);
		free(now);
	}
}

static void pull_done(struct pull *pull)
{
	struct feed *feed = pull->feed;
	struct poll_now *now = pull->now;

	feed->running = false;
	if (pull->failed) {
		int64_t wait_ms = pull->error.advice == ADVISE_WAIT && pull->error.retry_ms > 0
					  ? pull->error.retry_ms
					  : backoff_ms(feed->failures, RETRY_FIRST_MS,
						    feed->interval_ms > RETRY_FIRST_MS ? feed->interval_ms
										       : RETRY_FIRST_MS);

		feed->failures++;
		log_warn("poll.failed account=%s feed=%s error=%s again_ms=%" PRId64, feed->account->name,
			feed->account->driver ? feed->account->driver->feeds[feed->index].name : "",
			log_text(pull->error.message), wait_ms);
		schedule(feed, wait_ms);
	} else {
		feed->failures = 0;
		feed->off = false;
		feed->polled_at = loop_now_at(pull->daemon->loop);
		if (pull->new_messages > 0) {
			log_info("poll.news account=%s feed=%s new=%" PRId64, feed->account->name,
				pull->run.op.driver->feeds[feed->index].name, pull->new_messages);
		}
		schedule(feed, feed->interval_ms);
	}
	if (now) {
		poll_now_part(now, pull->new_messages, pull->failed ? &pull->error : NULL);
	}
	if (feed->n_waiting > 0) {
		struct poll_now *next = feed->waiting[--feed->n_waiting];

		if (feed->account->driver && !feed->poller->stopping) {
			pull_start(feed, next);
		} else {
			poll_now_part(next, 0, NULL);
		}
	}
	pull_free(pull);
}

static bool run_save(struct tx *tx, struct job *job, struct error *err)
{
	struct pull *pull = container_of(job, struct pull, job);

	if (pull->counted && pull->calls > 0) {
		struct error limit = { 0 };

		/* The calls have been made; that the ledger says no now only means it is empty. */
		if (!quota_spend(tx, pull->account, &pull->window, pull->calls, false, &limit) &&
			limit.advice != ADVISE_WAIT) {
			*err = limit;
			return false;
		}
	}
	if (pull->block_until_at && !quota_block(tx, pull->account, pull->window.scope, pull->block_until_at, err)) {
		return false;
	}
	if (pull->park && !account_park(tx, pull->account, &pull->run.token, pull->run.park, pull->park, err)) {
		return false;
	}
	return !pull->since_after || cursor_save(tx, pull->account, pull->run.op.driver->feeds[pull->feed->index].name,
					     pull->since_after, err);
}

static void done_save(struct job *job, const struct error *err)
{
	struct pull *pull = container_of(job, struct pull, job);

	if (err) {
		pull->failed = true;
		pull->error = *err;
		pull->feed->account->calls_unsaved += pull->calls;
	}
	pull_done(pull);
}

/* Everything that was read is stored: write down where to go on, and what it cost. */
static void pull_end(struct pull *pull)
{
	struct account *account = pull->feed->account;
	bool moved = pull->since_after && (!pull->since || !str_is(str_from(pull->since_after), pull->since));

	account->calls_unsaved += pull->calls;
	pull->calls = 0;
	if (!moved) {
		free(pull->since_after);
		pull->since_after = NULL;
	}
	if (!moved && !pull->park && !pull->block_until_at && account->calls_unsaved < UNSAVED_MAX) {
		pull_done(pull);
		return;
	}
	pull->calls = account->calls_unsaved;
	account->calls_unsaved = 0;
	pull->job = (struct job){ .run = run_save, .done = done_save };
	store_write(pull->daemon->store, &pull->job);
}

static void on_page(struct op_run *run, struct outcome *outcome);

static void page_stored(void *data, int64_t opened, int64_t joined, int64_t known, const struct error *err)
{
	struct pull *pull = data;

	(void)known;
	pull->new_messages += opened + joined;
	if (err) {
		pull->failed = true;
		pull->error = *err;
		free(pull->since_after);
		pull->since_after = NULL;
		pull_end(pull);
	} else if (pull->more && !pull->feed->poller->stopping) {
		daemon_point("between-pages");
		op_run_next(&pull->run, pull->daemon, on_page);
	} else {
		daemon_point("before-cursor");
		pull_end(pull);
	}
}

static void on_page(struct op_run *run, struct outcome *outcome)
{
	struct pull *pull = container_of(run, struct pull, run);

	pull->calls += run->requests - pull->requests;
	pull->requests = run->requests;
	if (outcome->kind == OUTCOME_ERROR) {
		pull->failed = true;
		pull->error = outcome->error;
		pull->feed->off = outcome->capability != NULL;
		account_switch_off(pull->daemon, pull->feed->account, outcome->capability, outcome->error.message);
		if (outcome->needs_person || (outcome->error.advice == ADVISE_REAUTH &&
						     !renew_suspect(pull->daemon, pull->feed->account, &run->token))) {
			pull->park = xstrdup(outcome->error.message);
		} else if (outcome->error.advice == ADVISE_WAIT && pull->counted && outcome->quota == PULL_QUOTA) {
			/* Any other limit is this feed's own, or nobody's: it comes again later, the rest goes on. */
			pull->block_until_at = loop_now_at(pull->daemon->loop) +
					       (outcome->error.retry_ms > 0 ? outcome->error.retry_ms : 10 * MINUTE_MS);
		}
		pull_end(pull);
		return;
	}
	pull->more = outcome->kind == OUTCOME_NEXT;
	if (!pull->more) {
		pull->since_after = steal(&outcome->since);
	}
	if (outcome->messages.n > 0) {
		intake_messages(pull->daemon, pull->feed->account, &outcome->messages, page_stored, pull);
	} else {
		page_stored(pull, 0, 0, 0, NULL);
	}
}

static bool run_begin(struct tx *tx, struct job *job, struct error *err)
{
	struct pull *pull = container_of(job, struct pull, job);
	int64_t polled_at;

	if (!cursor_load(tx, pull->account, pull->run.op.driver->feeds[pull->feed->index].name, &pull->since,
		    &polled_at, err)) {
		return false;
	}
	if (!send_threads(tx, pull->account, tx_now_at(tx) - THREADS_MS, &pull->threads, &pull->n_threads, err)) {
		return false;
	}
	if (pull->counted) {
		struct quota_state state;
		int64_t keep = pull->now ? 0 : pull->window.reserve;

		if (!quota_state(tx, pull->account, &pull->window, &state, err)) {
			return false;
		}
		if (state.blocked_until_at > tx_now_at(tx) ||
			(state.remaining >= 0 && state.remaining - pull->unsaved <= keep)) {
			int64_t until_at = state.blocked_until_at > tx_now_at(tx) ? state.blocked_until_at
										  : state.resets_at;

			(void)error_set(err, ERROR_PLATFORM, ADVISE_WAIT, 0, "the day's calls are used up%s",
				pull->now ? "" : " but for the reserve");
			err->retry_ms = until_at - tx_now_at(tx);
			return false;
		}
	}
	return true;
}

static void done_begin(struct job *job, const struct error *err)
{
	struct pull *pull = container_of(job, struct pull, job);

	if (err || pull->feed->poller->stopping) {
		pull->failed = true;
		if (err) {
			pull->error = *err;
		} else {
			(void)error_set(&pull->error, ERROR_OS, ADVISE_RETRY, 0, "the daemon is stopping");
		}
		pull_done(pull);
		return;
	}
	pull->run.op.pull = (struct driver_pull){
		.feed = pull->feed->index,
		.since = pull->since,
		.now_at = loop_now_at(pull->daemon->loop),
		.threads = (const struct driver_thread *)pull->threads,
		.n_threads = pull->n_threads,
	};
	op_run_next(&pull->run, pull->daemon, on_page);
}

static void pull_start(struct feed *feed, struct poll_now *now)
{
	struct account *account = feed->account;
	struct daemon *daemon = feed->poller->daemon;
	struct pull *pull = xnew(struct pull);
	struct quota_window windows[DRIVER_QUOTAS_MAX];
	size_t n;

	feed->running = true;
	feed->poller->n_running++;
	pull->daemon = daemon;
	pull->feed = feed;
	pull->now = now;
	pull->account = account->id;
	pull->unsaved = account->calls_unsaved;
	quota_windows(account->quotas, account->n_quotas, account->driver->cost(OP_PULL, NULL) & (1u << PULL_QUOTA),
		windows, &n);
	pull->counted = n > 0;
	if (n > 0) {
		pull->window = windows[0];
	}
	op_run_init(&pull->run, account->driver, OP_PULL, account->config, daemon->rules, &account->token,
		account->remote_uid);
	pull->job = (struct job){ .run = run_begin, .done = done_begin };
	store_read(daemon->store, &pull->job);
}

static void on_timer(struct timer *timer)
{
	struct feed *feed = container_of(timer, struct feed, timer);

	if (!feed->running && account_hears(feed->account) && !feed->poller->stopping) {
		if (feed->poller->n_running < LIMIT_PULLS_RUNNING) {
			pull_start(feed, NULL);
		} else {
			schedule(feed, SECOND_MS + random_below(SECOND_MS)); /* thousands of accounts: its turn comes */
		}
	}
}

static int64_t plan_interval(const struct account *account, const struct driver_feed *feed)
{
	int64_t min_ms = account->driver->poll_min_ms(account->config->settings);
	const struct driver_quota *budget = account->n_quotas > 0 ? &account->quotas[0] : NULL;
	int64_t interval_ms = min_ms;

	if (budget && budget->limit > 0 && feed->share_percent > 0) {
		int64_t polls = budget->limit * feed->share_percent / 100;

		interval_ms = budget->window_ms / (polls > 0 ? polls : 1);
	}
	return interval_ms > min_ms ? interval_ms : min_ms;
}

void poller_account_changed(struct poller *poller, struct account *account)
{
	struct polling *polling = account->polling;

	if (!polling) {
		if (!account->driver || account->driver->n_feeds == 0) {
			return;
		}
		polling = xcalloc(1, sizeof(*polling) + account->driver->n_feeds * sizeof(polling->feeds[0]));
		polling->n = account->driver->n_feeds;
		account->polling = polling;
		for (size_t i = 0; i < polling->n; i++) {
			struct feed *feed = &polling->feeds[i];

			feed->poller = poller;
			feed->account = account;
			feed->index = (int)i;
			timer_init(&feed->timer, on_timer);
		}
	}
	for (size_t i = 0; i < polling->n; i++) {
		struct feed *feed = &polling->feeds[i];
		int64_t interval_ms = account->driver ? plan_interval(account, &account->driver->feeds[i]) : 0;
		bool armed = feed->next_at > 0;
		bool wanted;

		feed->off = feed->off && account->n_off > 0;
		wanted = account_hears(account) && !feed->off;
		if (interval_ms == feed->interval_ms && armed == wanted) {
			continue;
		}
		feed->interval_ms = interval_ms;
		if (!feed->running) {
			/* Spread the first polls, so that a thousand accounts do not ask in the same second. */
			schedule(feed, random_below(interval_ms < 10 * SECOND_MS ? interval_ms + 1 : 10 * SECOND_MS));
		}
	}
}

static void poll_now_begun(void *data)
{
	poll_now_part(data, 0, NULL);
}

void poller_poll_now(struct poller *poller, struct account *account,
	void (*done)(void *data, int64_t new_messages, const struct error *err), void *data)
{
	struct polling *polling = account->polling;
	struct poll_now *now = xnew(struct poll_now);

	now->done = done;
	now->data = data;
	now->left = 1; /* our own, given back on the next turn, so that done is never called from here */
	for (size_t i = 0; polling && i < polling->n; i++) {
		struct feed *feed = &polling->feeds[i];

		if (!feed->running) {
			now->left++;
			pull_start(feed, now);
		} else if (feed->n_waiting < WAITING_MAX) {
			now->left++;
			feed->waiting[feed->n_waiting++] = now;
		} else {
			(void)error_set(&now->first, ERROR_STATE, ADVISE_RETRY, 0,
				"%s: enough polls are waiting already", account->name);
		}
	}
	loop_defer(poller->daemon->loop, poll_now_begun, now);
}

void poller_show(const struct account *account, cJSON *rows)
{
	const struct polling *polling = account->polling;

	for (size_t i = 0; polling && account->driver && i < polling->n; i++) {
		const struct feed *feed = &polling->feeds[i];
		cJSON *row = json_object();

		json_add_text(row, "name", account->driver->feeds[i].name);
		json_add_time(row, "polled_at", feed->polled_at);
		json_add_time(row, "next_at", feed->next_at);
		json_add_i64(row, "interval_ms", feed->interval_ms);
		json_push(rows, row);
	}
}

struct poller *poller_new(struct daemon *daemon)
{
	struct poller *poller = xnew(struct poller);

	poller->daemon = daemon;
	return poller;
}

void poller_stop(struct poller *poller)
{
	poller->stopping = true;
	for (size_t i = 0; i < poller->daemon->n_accounts; i++) {
		struct polling *polling = poller->daemon->accounts[i]->polling;

		for (size_t k = 0; polling && k < polling->n; k++) {
			timer_stop(poller->daemon->loop, &polling->feeds[k].timer);
		}
	}
}

void poller_free(struct poller *poller)
{
	if (!poller) {
		return;
	}
	for (size_t i = 0; i < poller->daemon->n_accounts; i++) {
		free(poller->daemon->accounts[i]->polling);
		poller->daemon->accounts[i]->polling = NULL;
	}
	free(poller);
}
