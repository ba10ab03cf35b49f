/*
 * The real store with its threads. The test is the loop: it collects when the store says that something is ready, and
 * it may stop the store thread at a named point until it lets it go on.
 */
#ifndef TESTS_STORE_SPINE_H
#define TESTS_STORE_SPINE_H

#include <pthread.h>

#include "rig.h"
#include "store/store.h"

struct spine {
	char dir[64];
	char path[96];
	char fts_path[96];
	struct store *store;
	int n_done; /* completions that ran */
	int n_effects;
	struct error err;
};

static pthread_mutex_t spine_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t spine_cond = PTHREAD_COND_INITIALIZER;
static uint64_t spine_ready;      /* under spine_mutex */
static const char *spine_stop_at; /* under spine_mutex: the store thread waits at this point */
static bool spine_stopped;        /* under spine_mutex */

static inline void spine_on_ready(void *data unused_arg)
{
	(void)pthread_mutex_lock(&spine_mutex);
	spine_ready++;
	(void)pthread_cond_broadcast(&spine_cond);
	(void)pthread_mutex_unlock(&spine_mutex);
}

static inline void spine_on_effect(void *data, const struct effect *effect unused_arg)
{
	struct spine *spine = data;

	spine->n_effects++;
}

static inline void spine_on_point(const char *point)
{
	(void)pthread_mutex_lock(&spine_mutex);
	while (spine_stop_at && strcmp(spine_stop_at, point) == 0) {
		spine_stopped = true;
		(void)pthread_cond_broadcast(&spine_cond);
		(void)pthread_cond_wait(&spine_cond, &spine_mutex);
	}
	spine_stopped = false;
	(void)pthread_mutex_unlock(&spine_mutex);
}

/* The store thread stops there from now on; NULL: it goes on. */
static inline void spine_stop(const char *point)
{
	(void)pthread_mutex_lock(&spine_mutex);
	spine_stop_at = point;
	(void)pthread_cond_broadcast(&spine_cond);
	(void)pthread_mutex_unlock(&spine_mutex);
}

static inline void spine_wait_stopped(void)
{
	(void)pthread_mutex_lock(&spine_mutex);
	while (!spine_stopped) {
		(void)pthread_cond_wait(&spine_cond, &spine_mutex);
	}
	(void)pthread_mutex_unlock(&spine_mutex);
}

static inline void spine_open(struct spine *spine)
{
	struct store_options options = { .path = spine->path,
		.fts_path = spine->fts_path,
		.on_ready = spine_on_ready,
		.on_effect = spine_on_effect,
		.on_point = spine_on_point,
		.data = spine };

	CHECK_OK(store_open(&options, &spine->store, &spine->err), spine->err);
}

static inline struct spine *spine_new(void)
{
	struct spine *spine = xnew(struct spine);

	dir_make(spine->dir, sizeof(spine->dir));
	(void)snprintf(spine->path, sizeof(spine->path), "%s/gazette.db", spine->dir);
	(void)snprintf(spine->fts_path, sizeof(spine->fts_path), "%s/search.db", spine->dir);
	spine_open(spine);
	return spine;
}

static inline void spine_freep(struct spine **spine)
{
	if (*spine) {
		spine_stop(NULL);
		store_close((*spine)->store, 5000);
		dir_remove((*spine)->dir);
		free(*spine);
	}
}

/* The store thread, which stands at a point, goes on to that one. */
static inline void spine_step(const char *point)
{
	(void)pthread_mutex_lock(&spine_mutex);
	spine_stop_at = point;
	spine_stopped = false;
	(void)pthread_cond_broadcast(&spine_cond);
	(void)pthread_mutex_unlock(&spine_mutex);
	spine_wait_stopped();
}

/* Collect until `n` completions have run. */
static inline void spine_wait(struct spine *spine, int n)
{
	for (;;) {
		uint64_t seen;

		(void)pthread_mutex_lock(&spine_mutex);
		seen = spine_ready;
		(void)pthread_mutex_unlock(&spine_mutex);
		store_collect(spine->store);
		if (spine->n_done >= n) {
			return;
		}
		(void)pthread_mutex_lock(&spine_mutex);
		while (spine_ready == seen) {
			(void)pthread_cond_wait(&spine_cond, &spine_mutex);
		}
		(void)pthread_mutex_unlock(&spine_mutex);
	}
}

#endif
