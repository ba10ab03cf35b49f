/*
 * The store: one SQLite file, one writer.
 *
 * The store thread is the only writer. It is given jobs; it takes all that wait (urgent ones first, a capped
 * number), runs each under its savepoint inside one transaction, commits once for the group and only then hands
 * them back: job.done runs on the loop. A job marked `sound` has no savepoint of its own; should one fail after it
 * wrote, its group fails as if it could not be committed, and who insists is run again, now under a savepoint. Effects
 * on the world happen there and nowhere else. Jobs for reading run on the reader thread with connections of their own.
 *
 *   loop ──store_write()──▶ store thread: BEGIN; run, run, run; COMMIT ──▶ wake ──▶ loop: done, done, done
 *   loop ──store_read()───▶ reader thread: run ──────────────────────────▶ wake ──▶ loop: done
 *
 * What a write wants to happen after it is durable is an effect (store/effect.h), collected by the transaction
 * and handed out after the commit, before the job's own done.
 *
 * A commit that fails gives every job of the group STORE/RETRY, except jobs marked `insist`, which are kept and run
 * again with back-off until they commit: outcomes of requests that have already happened. Until a commit succeeds
 * again the store is degraded.
 *
 * Shared between the threads: the two queues, and nothing else.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"

struct store; /* the threads and queues; used by the loop */
struct tx;    /* a transaction or a read snapshot; used inside jobs only */
struct effect;

struct job {
	/* Store or reader thread. On failure *err is set and everything it wrote is rolled back. */
	bool (*run)(struct tx *tx, struct job *job, struct error *err);
	/* Loop; exactly once; err is NULL on success. May free the job. */
	void (*done)(struct job *job, const struct error *err);
	bool urgent;        /* before what is not */
	unsigned rows;      /* of what is not: so many messages; a commit takes LIMIT_INTAKE_PER_COMMIT */
	bool insist;        /* see above; run() must be repeatable */
	bool sound;         /* whatever can refuse it does so before its first write: it needs no savepoint */
	int tries;          /* the store's */
	bool ok;            /* the store's */
	struct error error; /* the store's */
	struct job *next;   /* the store's queues */
};

struct store_options {
	const char *path;     /* of the database; its directory exists */
	const char *fts_path; /* of the derived full-text file */
	/* Called from the store's threads when something is finished: make the loop call store_collect(). */
	void (*on_ready)(void *data);
	/* Loop, after the commit, before the jobs' done: see store/effect.h. */
	void (*on_effect)(void *data, const struct effect *effect);
	/* Test only: called in the store thread at each named point ("begin", "commit", "committed"). NULL: none. */
	void (*on_point)(const char *point);
	void *data;
};

/*
 * Lock the file against a second daemon, open, migrate, start the threads.
 *
 * errors   STATE/REJECT "another gazetted holds PATH (pid N)" · STORE/REJECT when the file is of a newer version (both
 *          versions named) or no database of ours · OS, STORE otherwise
 */
bool store_open(const struct store_options *options, struct store **ret_store, struct error *err) must_check;

/*
 * The end. store_stop(): finish what is queued (at most timeout_ms) and join the threads. store_settle(): run the done
 * of everything finished; jobs left over, or handed in since, get STORE/RETRY; false: there was nothing. store_close()
 * does both until nothing is left, and closes.
 */
void store_stop(struct store *store, int64_t timeout_ms);
bool store_settle(struct store *store);
void store_close(struct store *store, int64_t timeout_ms);

/* Loop only. They keep the job until its done has run. */
void store_write(struct store *store, struct job *job);
void store_read(struct store *store, struct job *job);

/* Loop only: run effects and done of everything that is finished. */
void store_collect(struct store *store);

struct store_health {
	bool degraded;
	struct error error; /* the last one, when degraded */
	int64_t degraded_since_at;
	uint64_t jobs;
	uint64_t commits;
	uint64_t waiting;
	int64_t memory_bytes; /* of page caches */
	int64_t schema;
	char sqlite[32];
};
void store_health(struct store *store, struct store_health *ret_health); /* loop only */

/* In jobs: */
int64_t tx_now_at(const struct tx *tx);       /* wall ms, one value per job */
const char *tx_instance(const struct tx *tx); /* random name of this store file, made once; part of markers */
/*
 * A part of a job that may fail by itself: nothing of what it wrote or wanted done is left then, and the job may go on.
 * Not with errors that advise RETRY or BUG: with those it must end.
 */
bool tx_part(struct tx *tx, bool (*run)(struct tx *tx, void *data, struct error *err), void *data,
	struct error *err) must_check;

/* For tests and one-shot tools: run a job's function in this thread, on a store without threads. */
bool store_run_alone(const char *path, bool (*run)(struct tx *tx, void *data, struct error *err), void *data,
	struct error *err) must_check;

#endif
