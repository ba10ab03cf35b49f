/*
 * The spine: the store thread and the reader thread, their queues, the group commit. See store/store.h for the rules.
 *
 * - queues: loop → thread `urgent`, `waiting`; thread → loop `finished`. One mutex per thread guards its queues and its
 *   health; nothing else is shared.
 * - a flood: of what is not urgent a group takes so many messages and no more, and none when something urgent is in it,
 *   unless that was so before. So a post waits for one such group, however many accounts have news.
 * - a group: BEGIN IMMEDIATE; each job under a savepoint; COMMIT; then effects and jobs go to `finished` together.
 *   Under a savepoint SQLite keeps a copy of every page before its first change, so jobs that need none have none.
 * - insisting: jobs whose group could not be committed go to `kept` and lead the next group, after a pause that
 * doubles.
 * - the log (WAL): the store thread knows its length from SQLite after each commit and wakes the reader thread for each
 *   stretch; that one copies it into the file between two reads, on a connection of its own, so that no commit waits.
 *   Without a pause between commits it never quite catches up, and only a log that is copied whole is begun anew: past
 *   RESTART_PAGES the store thread copies the little that is left itself.
 * - what was purged must not stay readable in the log: after a purge, and when a log was left behind, in which one may
 *   stand, the reader thread copies all of it and cuts it off, as soon as nobody reads or writes.
 */
#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "store/event.h"
#include "store/search.h"
#include "store/store_internal.h"

#define KEPT_FIRST_MS    200
#define KEPT_MAX_MS      5000
#define CHECKPOINT_PAGES 2000  /* a stretch of the log: 8 MB */
#define RESTART_PAGES    12000 /* 48 MB */
#define CUT_AGAIN_MS     200   /* somebody was reading or writing */

static const char sql_begin[] = "BEGIN IMMEDIATE";
static const char sql_commit[] = "COMMIT";
static const char sql_savepoint[] = "SAVEPOINT job";
static const char sql_release[] = "RELEASE job";

struct queue {
	struct job *first;
	struct job **last;
	uint64_t n;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct queue urgent;        /* under mutex */
	struct queue waiting;       /* under mutex */
	struct queue finished;      /* under mutex */
	struct effect_list effects; /* of finished jobs; under mutex */
	bool stop;                  /* under mutex */
	bool drop;                  /* with stop: do not wait for what insists; under mutex */
	struct store_health health; /* under mutex */
	struct tx *tx;              /* the thread's */
	int log_pages;              /* of the WAL, after the last commit; the store thread's */
	int log_copied;             /* the length at which it was last seen to; the store thread's */
	bool cut;                   /* the log is to be cut off; the reader's, under mutex */
	struct store *store;
	bool started;
};

struct store {
	struct store_options options;
	char *path;
	char *fts_path;
	int lock_fd;
	struct worker writer;
	struct worker reader;
	struct search *search;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
	queue->n = 0;
}

static void queue_push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
	queue->n++;
}

static struct job *queue_pop(struct queue *queue)
{
	struct job *job = queue->first;

	if (job) {
		queue->first = job->next;
		if (!queue->first) {
			queue->last = &queue->first;
		}
		job->next = NULL;
		queue->n--;
	}
	return job;
}

static void point(const struct store *store, const char *name)
{
	if (store->options.on_point) {
		store->options.on_point(name);
	}
}

/* Sleep on the worker's condition for at most ms; the mutex is held. */
static void wait_ms(struct worker *worker, int64_t ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_timedwait(&worker->cond, &worker->mutex, &until);
}

/* False: what it wrote before it failed cannot be taken back alone. */
static bool run_job(struct worker *worker, struct job *job)
{
	struct tx *tx = worker->tx;
	bool saved = !job->sound || job->tries > 0;
	size_t before = tx->effects.n;
	int64_t writes = sqlite3_total_changes64(tx->sqlite);
	struct error undo = { 0 };

	tx->now_at = clock_wall_at();
	error_clear(&job->error);
	job->ok = (!saved || tx_step(tx, sql_savepoint, &job->error)) && job->run(tx, job, &job->error);
	job->tries++;
	if (!job->ok) {
		effects_cut(&tx->effects, before);
	}
	if (!saved) {
		return job->ok || sqlite3_total_changes64(tx->sqlite) == writes;
	}
	if (!job->ok) {
		/*
		 * An error that made SQLite end the transaction itself leaves no savepoint to go back to. If going back
		 * fails, half a job must not be committed with the others.
		 */
		if (!sqlite3_get_autocommit(tx->sqlite) && !tx_exec(tx, "ROLLBACK TO job", &undo)) {
			tx_try(tx, "ROLLBACK");
		}
	}
	if (!sqlite3_get_autocommit(tx->sqlite) && !tx_step(tx, sql_release, &undo)) {
		tx_try(tx, sql_release);
	}
	return true;
}

/* The whole group failed: who insists is kept, the others hear "again later". */
static void fail_group(struct queue *group, struct queue *kept, const struct error *err, struct queue *ret_done)
{
	struct job *job;

	while ((job = queue_pop(group))) {
		if (job->insist) {
			queue_push(kept, job);
			continue;
		}
		/* A refusal, too, may rest on what another job of the group wrote and lost. */
		(void)error_set(
			&job->error, ERROR_STORE, ADVISE_RETRY, err->code, "the store cannot commit: %s", err->message);
		job->ok = false;
		queue_push(ret_done, job);
	}
}

static void commit_group(struct worker *worker, struct queue *group, struct queue *kept, struct queue *ret_done)
{
	struct tx *tx = worker->tx;
	struct queue ran;
	struct error err = { 0 };
	struct job *job;
	bool trouble = false; /* the store's own, in some job or in the commit */
	bool whole;

	queue_init(&ran);
	point(worker->store, "begin");
	whole = tx_step(tx, sql_begin, &err);
	while (whole && (job = queue_pop(group))) {
		whole = run_job(worker, job);
		queue_push(&ran, job);
		if (!job->ok && job->error.domain == ERROR_STORE && job->error.advice == ADVISE_RETRY) {
			trouble = true;
			err = job->error;
		}
		if (!whole || sqlite3_get_autocommit(tx->sqlite)) {
			/* The transaction is gone or spoilt (disk full, I/O error), and with it what the others wrote.
			 */
			err = job->error.advice ? job->error : err;
			whole = false;
		}
	}
	while ((job = queue_pop(group))) {
		queue_push(&ran, job);
	}
	if (whole) {
		point(worker->store, "commit");
		whole = tx_step(tx, sql_commit, &err);
	}
	if (!whole) {
		if (!sqlite3_get_autocommit(tx->sqlite)) {
			tx_try(tx, "ROLLBACK");
		}
		effects_cut(&tx->effects, 0);
		fail_group(&ran, kept, &err, ret_done);
	} else {
		point(worker->store, "committed");
		while ((job = queue_pop(&ran))) {
			/* What insists and met the store's own trouble inside a group that committed is tried again
			 * too. */
			if (!job->ok && job->insist && job->error.advice == ADVISE_RETRY) {
				queue_push(kept, job);
			} else {
				queue_push(ret_done, job);
			}
		}
	}
	(void)pthread_mutex_lock(&worker->mutex);
	worker->health.commits += whole;
	if (whole && !trouble) {
		worker->health.degraded = false;
	} else if (!worker->health.degraded) {
		worker->health.degraded = true;
		worker->health.degraded_since_at = clock_wall_at();
	}
	if (!whole || trouble) {
		worker->health.error = err;
	}
	(void)pthread_mutex_unlock(&worker->mutex);
}

static void cut_log(struct worker *reader)
{
	(void)pthread_mutex_lock(&reader->mutex);
	reader->cut = true;
	(void)pthread_cond_signal(&reader->cond);
	(void)pthread_mutex_unlock(&reader->mutex);
}

static int64_t cache_bytes(struct tx *tx)
{
	int bytes = 0;
	int highest;

	(void)sqlite3_db_status(tx->sqlite, SQLITE_DBSTATUS_CACHE_USED, &bytes, &highest, 0);
	return bytes;
}

static void hand_back(struct worker *worker, struct queue *done)
{
	struct tx *tx = worker->tx;
	int64_t memory_bytes = cache_bytes(tx);
	bool purged = false;
	bool index = false;
	struct job *job;

	(void)pthread_mutex_lock(&worker->mutex);
	for (size_t i = 0; i < tx->effects.n; i++) {
		index = index || tx->effects.items[i].kind == EFFECT_INDEX;
		purged = purged || tx->effects.items[i].kind == EFFECT_PURGED;
		array_grow(worker->effects.items, worker->effects.n, worker->effects.cap);
		worker->effects.items[worker->effects.n++] = tx->effects.items[i];
	}
	tx->effects.n = 0; /* their events moved with them */
	worker->health.memory_bytes = memory_bytes;
	while ((job = queue_pop(done))) {
		worker->health.jobs++;
		queue_push(&worker->finished, job);
	}
	(void)pthread_mutex_unlock(&worker->mutex);
	if (index && worker->store->search) {
		search_kick(worker->store->search);
	}
	if (purged) {
		cut_log(&worker->store->reader);
	}
	worker->store->options.on_ready(worker->store->options.data);
}

static int on_log_grown(void *data, sqlite3 *sqlite unused_arg, const char *name unused_arg, int pages)
{
	struct worker *worker = data;

	worker->log_pages = pages;
	return SQLITE_OK;
}

static void keep_log_short(struct worker *worker)
{
	struct worker *reader = &worker->store->reader;

	if (worker->log_pages < worker->log_copied) {
		worker->log_copied = 0; /* it was begun anew */
	}
	if (worker->log_pages - worker->log_copied < CHECKPOINT_PAGES) {
		return;
	}
	worker->log_copied = worker->log_pages;
	if (worker->log_pages >= RESTART_PAGES) {
		(void)sqlite3_wal_checkpoint_v2(worker->tx->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	} else {
		(void)pthread_mutex_lock(&reader->mutex);
		(void)pthread_cond_signal(&reader->cond);
		(void)pthread_mutex_unlock(&reader->mutex);
	}
}

/* Closing, and time is up: the next start finds these as in doubt. */
static void give_up(struct worker *worker, struct queue *kept)
{
	struct queue done;
	struct job *job;

	queue_init(&done);
	while ((job = queue_pop(kept))) {
		job->ok = false;
		(void)error_set(
			&job->error, ERROR_STORE, ADVISE_RETRY, 0, "the store was closed before it could commit");
		queue_push(&done, job);
	}
	hand_back(worker, &done);
}

/* For the next job that is not urgent, in a group that has so many rows of a flood; spared: it is to have none. */
static bool has_room(const struct queue *waiting, bool spared, unsigned rows)
{
	return waiting->first && (waiting->first->rows == 0 || (!spared && rows < LIMIT_INTAKE_PER_COMMIT));
}

static void *write_thread(void *data)
{
	struct worker *worker = data;
	bool spared = false;
	struct queue kept;
	int64_t pause_ms = KEPT_FIRST_MS;

	queue_init(&kept);
	(void)sqlite3_wal_hook(worker->tx->sqlite, on_log_grown, worker);
	for (;;) {
		struct queue group;
		struct queue done;
		struct job *job;
		unsigned rows;

		queue_init(&group);
		queue_init(&done);
		(void)pthread_mutex_lock(&worker->mutex);
		while (!worker->stop && !worker->urgent.n && !worker->waiting.n && !kept.n) {
			(void)pthread_cond_wait(&worker->cond, &worker->mutex);
		}
		if (kept.n && !worker->drop && !worker->urgent.n && !worker->waiting.n) {
			wait_ms(worker, pause_ms); /* a new job, and the end, cut it short */
		}
		if (worker->stop && (worker->drop || (!kept.n && !worker->urgent.n && !worker->waiting.n))) {
			(void)pthread_mutex_unlock(&worker->mutex);
			give_up(worker, &kept);
			return NULL;
		}
		while (group.n < LIMIT_JOBS_PER_COMMIT && (job = queue_pop(&kept))) {
			queue_push(&group, job);
		}
		while (group.n < LIMIT_JOBS_PER_COMMIT && (job = queue_pop(&worker->urgent))) {
			queue_push(&group, job);
		}
		rows = 0;
		spared = group.n > 0 && !spared;
		while (group.n < LIMIT_JOBS_PER_COMMIT && has_room(&worker->waiting, spared, rows)) {
			job = queue_pop(&worker->waiting);
			queue_push(&group, job);
			rows += job->rows;
		}
		(void)pthread_mutex_unlock(&worker->mutex);
		commit_group(worker, &group, &kept, &done);
		pause_ms = !kept.n ? KEPT_FIRST_MS : pause_ms * 2 < KEPT_MAX_MS ? pause_ms * 2 : KEPT_MAX_MS;
		hand_back(worker, &done);
		keep_log_short(worker);
	}
}

struct time_limit {
	struct mono began;
};

static int out_of_time(void *data)
{
	const struct time_limit *limit = data;

	return clock_since_ms(limit->began) > LIMIT_READ_MS;
}

/* A connection that has read nothing yet does not know of the log, and its checkpoints copy nothing. */
static sqlite3 *open_checkpointer(const char *path)
{
	sqlite3 *sqlite = NULL;

	if (sqlite3_open_v2(path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
		sqlite3_exec(sqlite, "PRAGMA schema_version", NULL, NULL, NULL) != SQLITE_OK) {
		(void)sqlite3_close(sqlite);
		return NULL;
	}
	return sqlite;
}

static int64_t log_bytes(const char *path)
{
	struct stat st;
	struct buf wal;
	int64_t n;

	buf_init(&wal, 4096);
	(void)buf_printf(&wal, "%s-wal", path);
	n = stat(wal.p, &st) == 0 ? (int64_t)st.st_size : 0;
	buf_finish(&wal);
	return n;
}

/* False: it was to be cut off, and somebody was reading or writing. */
static bool checkpoint(struct worker *worker, sqlite3 *sqlite, bool cut)
{
	if (cut) {
		return sqlite3_wal_checkpoint_v2(sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_BUSY;
	}
	if (log_bytes(worker->store->path) > (int64_t)CHECKPOINT_PAGES * 4096) {
		(void)sqlite3_wal_checkpoint_v2(sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
	return true;
}

static void *read_thread(void *data)
{
	struct worker *worker = data;
	struct tx *tx = worker->tx;
	sqlite3 *checkpointer = open_checkpointer(worker->store->path);

	for (;;) {
		struct time_limit limit;
		struct queue done;
		struct job *job;

		(void)pthread_mutex_lock(&worker->mutex);
		while (!worker->stop && !worker->urgent.n && !worker->waiting.n) {
			bool cut;

			wait_ms(worker, worker->cut ? CUT_AGAIN_MS : MINUTE_MS);
			if (checkpointer && !worker->urgent.n && !worker->waiting.n) {
				cut = worker->cut;
				worker->cut = false;
				(void)pthread_mutex_unlock(&worker->mutex);
				cut = !checkpoint(worker, checkpointer, cut);
				(void)pthread_mutex_lock(&worker->mutex);
				worker->cut = worker->cut || cut;
			}
		}
		job = worker->drop ? NULL : queue_pop(&worker->urgent);
		if (!job && !worker->drop) {
			job = queue_pop(&worker->waiting);
		}
		(void)pthread_mutex_unlock(&worker->mutex);
		if (!job) {
			(void)sqlite3_close(checkpointer);
			return NULL;
		}
		limit.began = clock_mono();
		sqlite3_progress_handler(tx->sqlite, 10000, out_of_time, &limit);
		tx->now_at = clock_wall_at();
		error_clear(&job->error);
		job->ok = tx_exec(tx, "BEGIN", &job->error) && job->run(tx, job, &job->error);
		sqlite3_progress_handler(tx->sqlite, 0, NULL, NULL);
		if (!sqlite3_get_autocommit(tx->sqlite)) {
			tx_try(tx, "ROLLBACK");
		}
		effects_cut(&tx->effects, 0);
		queue_init(&done);
		queue_push(&done, job);
		hand_back(worker, &done);
		if (checkpointer) {
			(void)checkpoint(worker, checkpointer, false);
		}
	}
}

static bool worker_start(
	struct store *store, struct worker *worker, bool writer, void *(*run)(void *), struct error *err)
{
	pthread_condattr_t attr;
	int code;

	worker->store = store;
	queue_init(&worker->urgent);
	queue_init(&worker->waiting);
	queue_init(&worker->finished);
	(void)pthread_mutex_init(&worker->mutex, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&worker->cond, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (!tx_open(store->path, writer, &worker->tx, err)) {
		return false;
	}
	code = pthread_create(&worker->thread, NULL, run, worker);
	if (code != 0) {
		errno = code;
		return error_set_errno(err, "cannot start a thread");
	}
	worker->started = true;
	return true;
}

bool store_open(const struct store_options *options, struct store **ret_store, struct error *err)
{
	struct store *store = xnew(struct store);
	struct error search_err = { 0 };

	/* Counting every allocation takes a lock around each of them: a tenth of what a message costs. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	store->options = *options;
	store->path = xstrdup(options->path);
	store->fts_path = xstrdup(options->fts_path);
	store->lock_fd = -1;
	store->reader.cut = log_bytes(store->path) > 0;
	if (!lock_take(store->path, &store->lock_fd, err) ||
		!worker_start(store, &store->writer, true, write_thread, err) ||
		!worker_start(store, &store->reader, false, read_thread, err)) {
		store_close(store, 0);
		return false;
	}
	(void)chmod(store->path, 0600);
	/* The index is derived: without it everything works but search, which says so. */
	if (store->fts_path && !search_start(store->path, store->fts_path, &store->search, &search_err)) {
		store->search = NULL;
	}
	(void)snprintf(store->writer.health.sqlite, sizeof(store->writer.health.sqlite), "%s", sqlite3_libversion());
	store->writer.health.schema = migrations_newest();
	*ret_store = store;
	return true;
}

static void submit(struct worker *worker, struct job *job)
{
	bool full;

	job->tries = 0;
	job->ok = false;
	error_clear(&job->error);
	(void)pthread_mutex_lock(&worker->mutex);
	full = !job->insist && worker->urgent.n + worker->waiting.n >= LIMIT_JOBS_WAITING;
	if (full) {
		job->ok = false;
		(void)error_set(&job->error, ERROR_STORE, ADVISE_RETRY, 0, "too much is waiting for the store");
		queue_push(&worker->finished, job);
	} else {
		queue_push(job->urgent ? &worker->urgent : &worker->waiting, job);
		(void)pthread_cond_signal(&worker->cond);
	}
	(void)pthread_mutex_unlock(&worker->mutex);
	if (full) {
		worker->store->options.on_ready(worker->store->options.data);
	}
}

void store_write(struct store *store, struct job *job)
{
	submit(&store->writer, job);
}

void store_read(struct store *store, struct job *job)
{
	submit(&store->reader, job);
}

static bool collect(struct store *store, struct worker *worker)
{
	struct effect_list effects;
	struct queue finished;
	struct job *job;

	(void)pthread_mutex_lock(&worker->mutex);
	finished = worker->finished;
	if (!finished.first) {
		finished.last = &finished.first;
	}
	queue_init(&worker->finished);
	effects = worker->effects;
	worker->effects = (struct effect_list){ 0 };
	(void)pthread_mutex_unlock(&worker->mutex);
	for (size_t i = 0; i < effects.n; i++) {
		store->options.on_effect(store->options.data, &effects.items[i]);
		event_free(effects.items[i].event);
	}
	free(effects.items);
	if (!finished.first) {
		return false;
	}
	while ((job = queue_pop(&finished))) {
		struct error err = job->error;

		job->done(job, job->ok ? NULL : &err);
	}
	return true;
}

void store_collect(struct store *store)
{
	(void)collect(store, &store->writer);
	(void)collect(store, &store->reader);
}

void store_health(struct store *store, struct store_health *ret_health)
{
	struct worker *worker = &store->writer;

	(void)pthread_mutex_lock(&worker->mutex);
	*ret_health = worker->health;
	ret_health->waiting = worker->urgent.n + worker->waiting.n;
	(void)pthread_mutex_unlock(&worker->mutex);
	(void)pthread_mutex_lock(&store->reader.mutex);
	ret_health->memory_bytes += store->reader.health.memory_bytes;
	(void)pthread_mutex_unlock(&store->reader.mutex);
}

static void worker_stop(struct worker *worker, int64_t timeout_ms)
{
	if (!worker->started) {
		return;
	}
	(void)pthread_mutex_lock(&worker->mutex);
	worker->stop = true;
	worker->drop = timeout_ms <= 0;
	(void)pthread_cond_signal(&worker->cond);
	(void)pthread_mutex_unlock(&worker->mutex);
	if (timeout_ms > 0) {
		struct timespec until;

		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += timeout_ms / 1000;
		until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		if (pthread_timedjoin_np(worker->thread, NULL, &until) == 0) {
			worker->started = false;
			return;
		}
		(void)pthread_mutex_lock(&worker->mutex);
		worker->drop = true;
		(void)pthread_cond_signal(&worker->cond);
		(void)pthread_mutex_unlock(&worker->mutex);
	}
	(void)pthread_join(worker->thread, NULL);
	worker->started = false;
}

static void worker_finish(struct worker *worker)
{
	if (!worker->store) {
		return;
	}
	tx_close(worker->tx);
	effects_cut(&worker->effects, 0);
	free(worker->effects.items);
	(void)pthread_cond_destroy(&worker->cond);
	(void)pthread_mutex_destroy(&worker->mutex);
}

void store_stop(struct store *store, int64_t timeout_ms)
{
	worker_stop(&store->writer, timeout_ms);
	worker_stop(&store->reader, timeout_ms);
}

/* What the completions want written comes too late: it is refused in place. */
static bool refuse_rest(struct worker *worker)
{
	struct job *job;
	bool any = false;

	while ((job = queue_pop(&worker->urgent)) || (job = queue_pop(&worker->waiting))) {
		job->ok = false;
		(void)error_set(&job->error, ERROR_STORE, ADVISE_RETRY, 0, "the store is closed");
		queue_push(&worker->finished, job);
		any = true;
	}
	return any;
}

bool store_settle(struct store *store)
{
	struct worker *workers[] = { &store->writer, &store->reader };
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
		if (workers[i]->store) { /* else the store was never whole */
			any = collect(store, workers[i]) || any;
			any = refuse_rest(workers[i]) || any;
		}
	}
	return any;
}

void store_close(struct store *store, int64_t timeout_ms)
{
	if (!store) {
		return;
	}
	store_stop(store, timeout_ms);
	while (store_settle(store)) {
	}
	search_stop(store->search);
	worker_finish(&store->reader);
	worker_finish(&store->writer);
	if (store->lock_fd >= 0) {
		(void)close(store->lock_fd);
	}
	free(store->path);
	free(store->fts_path);
	free(store);
}

bool store_run_alone(
	const char *path, bool (*run)(struct tx *tx, void *data, struct error *err), void *data, struct error *err)
{
	struct tx *tx = NULL;
	bool ok;

	if (!tx_open(path, true, &tx, err)) {
		return false;
	}
	ok = tx_exec(tx, "BEGIN IMMEDIATE", err) && run(tx, data, err) && tx_exec(tx, "COMMIT", err);
	if (!ok && !sqlite3_get_autocommit(tx->sqlite)) {
		tx_try(tx, "ROLLBACK");
	}
	tx_close(tx);
	return ok;
}
