/*
 * The daemon: owns the parts, carries effects from the store to who acts on them, starts, reloads, stops.
 *
 * Start, in this order, each after the commit of the one before: the accounts of the configuration are in the store and
 * whatever was being sent when we died is unsure; the rows are read; everything that waits for a time is armed; only
 * then is the socket opened and readiness told.
 *
 * Stop: nothing new is started; what is out may come home for STOP_MS; what has not by then is recorded as in doubt.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.gen.h"
#include "codec/json.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/random.h"
#include "daemon/service.h"
#include "store/media.h"
#include "store/notice.h"
#include "store/send.h"
#include "store/ticket.h"
#include "store/topic.h"
#include "store/view.h"
#include "text/when.h"

#define STOP_MS  (15 * SECOND_MS)
#define CLOSE_MS (10 * SECOND_MS)

struct start {
	struct job job;
	struct daemon *daemon;
	struct rules *rules;
	struct account_seen *seen;
	size_t n_seen;
	int recovered;
	/* reload only: */
	cJSON *gone;
	void (*done)(void *data, const cJSON *gone, const struct error *err);
	void *data;
};

void daemon_point(const char *name)
{
	static char wanted[128];
	static long left = -1;
	static atomic_flag lock = ATOMIC_FLAG_INIT;

	while (atomic_flag_test_and_set(&lock)) {
	}
	if (left < 0) {
		const char *env = getenv("GAZETTE_DIE_AT");
		struct str rest = str_from(env);
		struct str part;
		int64_t n = 1;

		left = 0;
		if (env && str_split(&rest, ':', &part) && part.n < sizeof(wanted)) {
			(void)snprintf(wanted, sizeof(wanted), STR_FMT, STR_ARG(part));
			if (rest.p && !str_to_i64(rest, 1, 1000000, &n)) {
				n = 1;
			}
			left = (long)n;
		}
	}
	if (left > 0 && strcmp(name, wanted) == 0 && --left == 0) {
		(void)kill(getpid(), SIGKILL);
		pause();
	}
	atomic_flag_clear(&lock);
}

bool daemon_points(void)
{
	return getenv("GAZETTE_DIE_AT") != NULL;
}

struct rules *rules_ref(struct rules *rules)
{
	if (rules) {
		(void)__atomic_add_fetch(&rules->refs, 1, __ATOMIC_RELAXED);
	}
	return rules;
}

void rules_unref(struct rules *rules)
{
	if (!rules || __atomic_sub_fetch(&rules->refs, 1, __ATOMIC_ACQ_REL) > 0) {
		return;
	}
	wording_free(rules->wording);
	triage_unref(rules->triage);
	config_unref(rules->config);
	free(rules);
}

/* What cannot change while the daemon runs. */
static bool fixed_fits(const struct config *now, const struct config *config, struct error *err)
{
	if (strcmp(config->office.zone, now->office.zone) != 0) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"office.zone cannot change while the daemon runs: restart it");
	}
	if (strcmp(config->state_dir, now->state_dir) != 0 || strcmp(config->socket, now->socket) != 0) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"state and socket cannot change while the daemon runs: restart it");
	}
	return true;
}

bool rules_load(const char *config_path, const struct config *running, struct rules **ret_rules, struct error *err)
{
	struct config_platform platforms[16];
	struct rules *rules = xnew(struct rules);
	size_t n = 0;

	rules->refs = 1;
	for (; drivers[n] && n < ARRAY_LEN(platforms); n++) {
		platforms[n] = (struct config_platform){
			.name = drivers[n]->name,
			.default_base_url = drivers[n]->default_base_url,
			.keys = drivers[n]->keys,
			.settings_size = drivers[n]->settings_size,
			.check = drivers[n]->check_settings,
		};
	}
	if (!config_load(config_path, platforms, n, &rules->config, err) ||
		!(running ? fixed_fits(running, rules->config, err) : when_set_zone(rules->config->office.zone, err)) ||
		!triage_load(rules->config->triage_file, &rules->triage, err) ||
		!wording_load(rules->config->wording_file, &rules->wording, err)) {
		rules_unref(rules);
		return false;
	}
	*ret_rules = rules;
	return true;
}

void daemon_account_changed(struct daemon *daemon, struct account *account)
{
	outbox_account_changed(daemon->outbox, account);
	poller_account_changed(daemon->poller, account);
	tokens_account_changed(daemon->tokens, account);
	topics_kick(daemon, account);
}

static void on_effect(void *data, const struct effect *effect)
{
	struct daemon *daemon = data;

	switch (effect->kind) {
	case EFFECT_SEND_DUE:
		outbox_arm(daemon->outbox, effect);
		return;
	case EFFECT_SEND_LOOK:
		looks_arm(daemon->looks, effect);
		return;
	case EFFECT_ACCOUNT:
		account_refresh(daemon, (struct account_id){ effect->id });
		return;
	case EFFECT_TICKET_DUE:
	case EFFECT_LEASE_DUE:
		deadlines_arm(daemon->deadlines, effect);
		return;
	case EFFECT_NOTICE:
	case EFFECT_ALARM:
		hooks_arm(daemon->hooks, effect);
		return;
	case EFFECT_EVENT:
		if (daemon->control) {
			control_event(daemon->control, effect->event);
			post_waits_changed(daemon, effect->event);
		}
		return;
	case EFFECT_TOPICS:
		topics_kick(daemon, daemon_account(daemon, (struct account_id){ effect->account }));
		return;
	case EFFECT_MEDIA:
	case EFFECT_PURGED:
		fetcher_effect(daemon, effect);
		return;
	case EFFECT_INDEX:
		return; /* the store tells its index itself */
	}
}

static void on_ready(void *data)
{
	struct daemon *daemon = data;

	wake_send(&daemon->wake);
}

static void on_wake(struct wake *wake)
{
	struct daemon *daemon = container_of(wake, struct daemon, wake);

	store_collect(daemon->store);
}

static bool run_sync(struct tx *tx, struct job *job, struct error *err)
{
	struct start *start = container_of(job, struct start, job);

	if (!account_sync(tx, start->seen, start->n_seen, err) || !deadlines_sync(tx, start->rules->config, err)) {
		return false;
	}
	if (!start->done) {
		return send_recover(tx, 0, &start->recovered, err);
	}
	cJSON_Delete(start->gone);
	start->gone = json_array();
	return view_gone_accounts(tx, start->gone, err);
}

static void start_free(struct start *start)
{
	rules_unref(start->rules);
	cJSON_Delete(start->gone);
	free(start->seen);
	free(start);
}

static struct start *sync_new(struct daemon *daemon, struct rules *rules)
{
	struct start *start = xnew(struct start);
	const struct config *config = rules->config;

	start->daemon = daemon;
	start->rules = rules_ref(rules);
	start->seen = xnew_array(struct account_seen, config->n_accounts + 1);
	for (size_t i = 0; i < config->n_accounts; i++) {
		const struct config_account *account = &config->accounts[i];
		const struct driver *driver = driver_find(account->platform);

		start->seen[start->n_seen++] = (struct account_seen){
			.name = account->name,
			.platform = account->platform,
			.token = driver && driver->initial_token ? driver->initial_token(account->settings) : NULL,
			.renews = driver && driver->renew_after_ms,
		};
	}
	start->job.run = run_sync;
	return start;
}

static void fail_start(struct daemon *daemon, const struct error *err)
{
	daemon->start_error = *err;
	loop_stop(daemon->loop);
}

static bool run_arm(struct tx *tx, struct job *job unused_arg, struct error *err)
{
	return ticket_clock_set_back(tx, err) && notice_clock_set_back(tx, err) && send_clock_set_back(tx, err) &&
	       send_arm_all(tx, err) && ticket_arm_all(tx, err) && notice_arm_all(tx, err) && media_arm_all(tx, err) &&
	       topic_arm_all(tx, err);
}

static void done_arm(struct job *job, const struct error *err)
{
	struct start *start = container_of(job, struct start, job);
	struct daemon *daemon = start->daemon;
	struct error open_err = { 0 };

	start_free(start);
	if (err) {
		fail_start(daemon, err);
		return;
	}
	daemon->callbacks = callbacks_new(daemon, &open_err);
	daemon->control = open_err.advice ? NULL : control_new(daemon, daemon->socket_fd, &open_err);
	if (!daemon->control) {
		fail_start(daemon, &open_err);
		return;
	}
	log_info("daemon.ready version=%s socket=%s accounts=%zu", GAZETTE_VERSION,
		daemon->socket_fd >= 0 ? "activated" : daemon->socket_path, daemon->n_accounts);
	service_ready(daemon);
}

static void arm_all(struct daemon *daemon, const struct error *err)
{
	struct start *start;

	if (err) {
		fail_start(daemon, err);
		return;
	}
	start = xnew(struct start);
	start->daemon = daemon;
	start->job = (struct job){ .run = run_arm, .done = done_arm };
	store_write(daemon->store, &start->job);
}

static void done_first_sync(struct job *job, const struct error *err)
{
	struct start *start = container_of(job, struct start, job);
	struct daemon *daemon = start->daemon;

	if (err) {
		fail_start(daemon, err);
	} else {
		if (start->recovered > 0) {
			log_warn("outbox.recovered unsure=%d action=%s", start->recovered,
				log_text("looking for what was being sent when the daemon ended"));
		}
		accounts_refresh(daemon, arm_all);
	}
	start_free(start);
}

static bool make_directory(const char *path, struct error *err)
{
	struct stat st;

	if (mkdir(path, 0700) == 0 || (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))) {
		return true;
	}
	return error_set_errno(err, "cannot make the state directory %s", path);
}

static char *join(const char *dir, const char *name)
{
	struct buf path;

	buf_init(&path, PATH_MAX);
	(void)buf_printf(&path, "%s/%s", dir, name);
	return buf_steal(&path);
}

bool daemon_start(struct daemon *daemon, const struct daemon_options *options, struct error *err)
{
	struct http_options http_options = { .user_agent = "gazetted/" GAZETTE_VERSION };
	cleanup(free_charp) char *db_path = NULL;
	cleanup(free_charp) char *fts_path = NULL;
	struct store_options store_options = {
		.on_ready = on_ready, .on_effect = on_effect, .on_point = daemon_point, .data = daemon
	};
	sigset_t all;
	sigset_t before;
	bool opened;
	struct start *start;

	*daemon = (struct daemon){ .started_at = clock_wall_at(), .socket_fd = options->socket_fd };
	daemon->config_path = xstrdup(options->config_path);
	if (!rules_load(options->config_path, NULL, &daemon->rules, err)) {
		return false;
	}
	daemon->state_dir = xstrdup(options->state_dir ? options->state_dir : daemon->rules->config->state_dir);
	daemon->socket_path = xstrdup(options->socket_path ? options->socket_path : daemon->rules->config->socket);
	if (!make_directory(daemon->state_dir, err)) {
		return false;
	}
	daemon->loop = loop_new();
	if (!daemon->loop) {
		return error_set(err, ERROR_OS, ADVISE_RETRY, 0, "the event loop cannot be made");
	}
	wake_start(daemon->loop, &daemon->wake, on_wake);
	db_path = join(daemon->state_dir, "store.db");
	fts_path = join(daemon->state_dir, "search.db");
	store_options.path = db_path;
	store_options.fts_path = fts_path;
	/* Signals are the loop's: the store's threads start with all of them blocked. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	opened = store_open(&store_options, &daemon->store, err);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!opened || !http_new(daemon->loop, &http_options, &daemon->http, err)) {
		return false;
	}
	daemon->notify = notify_new(daemon->loop);
	daemon->outbox = outbox_new(daemon, err);
	daemon->looks = daemon->outbox ? looks_new(daemon, err) : NULL;
	daemon->deadlines = daemon->looks ? deadlines_new(daemon, err) : NULL;
	daemon->hooks = daemon->deadlines ? hooks_new(daemon, err) : NULL;
	daemon->fetcher = daemon->hooks ? fetcher_new(daemon, err) : NULL;
	if (!daemon->fetcher) {
		return false;
	}
	daemon->poller = poller_new(daemon);
	daemon->tokens = tokens_new(daemon);
	start = sync_new(daemon, daemon->rules);
	start->job.done = done_first_sync;
	store_write(daemon->store, &start->job);
	return true;
}

void daemon_run(struct daemon *daemon)
{
	loop_run(daemon->loop);
}

/* The first account that takes pushes came with a reload. */
static void listen_if_wanted(struct daemon *daemon)
{
	struct error err = { 0 };

	if (!daemon->callbacks) {
		daemon->callbacks = callbacks_new(daemon, &err);
		if (err.advice) {
			log_error("push.deaf error=%s action=%s", log_text(err.message),
				log_text("no pushes are taken until the next reload"));
		}
	}
}

static void done_reload(struct job *job, const struct error *err)
{
	struct start *start = container_of(job, struct start, job);
	struct daemon *daemon = start->daemon;

	if (!err) {
		struct rules *old = daemon->rules;

		daemon->rules = rules_ref(start->rules);
		/* Not only when the rows have been read: a timer may look at an account before that. */
		accounts_use_config(daemon);
		rules_unref(old);
		log_info("config.reloaded accounts=%zu", daemon->rules->config->n_accounts);
		listen_if_wanted(daemon);
		accounts_refresh(daemon, NULL);
	} else {
		log_warn("config.kept error=%s action=%s", log_text(err->message), "the old configuration stays");
	}
	start->done(start->data, start->gone, err);
	if (!err && daemon->control) {
		control_reloaded(daemon->control);
	}
	start_free(start);
}

struct reload_failure {
	struct error error;
	void (*done)(void *data, const cJSON *gone, const struct error *err);
	void *data;
};

static void fail_reload(void *data)
{
	struct reload_failure *failure = data;

	failure->done(failure->data, NULL, &failure->error);
	free(failure);
}

void daemon_reload(
	struct daemon *daemon, void (*done)(void *data, const cJSON *gone, const struct error *err), void *data)
{
	struct rules *rules = NULL;
	struct error err = { 0 };
	struct start *start;

	if (!rules_load(daemon->config_path, daemon->rules->config, &rules, &err)) {
		struct reload_failure *failure = xnew(struct reload_failure);

		log_warn("config.kept error=%s action=%s", log_text(err.message), "the old configuration stays");
		rules_unref(rules);
		*failure = (struct reload_failure){ .error = err, .done = done, .data = data };
		loop_defer(daemon->loop, fail_reload, failure);
		return;
	}
	start = sync_new(daemon, rules);
	rules_unref(rules);
	start->done = done;
	start->data = data;
	start->job.done = done_reload;
	store_write(daemon->store, &start->job);
}

static void on_stop_check(struct timer *timer)
{
	struct daemon *daemon = container_of(timer, struct daemon, stop_timer);
	size_t out = outbox_in_flight(daemon->outbox) + looks_in_flight(daemon->looks);

	if (out == 0 || clock_since_ms(daemon->stop_began) >= STOP_MS) {
		if (out > 0) {
			log_warn("daemon.stop in_flight=%zu action=%s", out, "recording them as in doubt");
		}
		loop_stop(daemon->loop);
		return;
	}
	timer_start(daemon->loop, &daemon->stop_timer, 20);
}

void daemon_stop(struct daemon *daemon)
{
	if (daemon->stopping) {
		return;
	}
	daemon->stopping = true;
	log_info("daemon.stopping in_flight=%zu", outbox_in_flight(daemon->outbox));
	service_stopping();
	outbox_stop(daemon->outbox);
	looks_stop(daemon->looks);
	poller_stop(daemon->poller);
	callbacks_stop(daemon->callbacks);
	post_waits_stop(daemon);
	daemon->stop_began = clock_mono();
	timer_init(&daemon->stop_timer, on_stop_check);
	timer_start(daemon->loop, &daemon->stop_timer, 0);
}

/* The loop has ended. Whoever waits for an answer or for the store gets it, or hears that it will not come. */
static void settle(struct daemon *daemon)
{
	if (daemon->http) {
		http_stop(daemon->http);
		while (http_settle(daemon->http)) {
		}
	}
	if (daemon->store) {
		store_stop(daemon->store, CLOSE_MS);
		while (store_settle(daemon->store) || (daemon->http && http_settle(daemon->http))) {
		}
	}
	http_free(daemon->http);
	store_close(daemon->store, 0);
}

void daemon_finish(struct daemon *daemon)
{
	/* What is still out comes back as in doubt; its result is recorded while the store closes. */
	daemon->stopping = true;
	if (daemon->outbox) {
		outbox_stop(daemon->outbox);
	}
	if (daemon->looks) {
		looks_stop(daemon->looks);
	}
	if (daemon->poller) {
		poller_stop(daemon->poller);
	}
	settle(daemon);
	control_free(daemon->control);
	daemon->control = NULL;
	callbacks_free(daemon->callbacks);
	fetcher_free(daemon->fetcher);
	hooks_free(daemon->hooks);
	notify_free(daemon->notify);
	deadlines_free(daemon->deadlines);
	tokens_free(daemon->tokens);
	poller_free(daemon->poller);
	looks_free(daemon->looks);
	outbox_free(daemon->outbox);
	accounts_free(daemon);
	if (daemon->loop) {
		service_finish(daemon);
		wake_stop(&daemon->wake);
		loop_free(daemon->loop);
	}
	rules_unref(daemon->rules);
	free(daemon->config_path);
	free(daemon->state_dir);
	free(daemon->socket_path);
}
