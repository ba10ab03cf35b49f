/*
 * The waiting is done in one blocking call, so the word comes from a thread of its own; a signal would interrupt the
 * very call that is waited for.
 */
#include "cli/progress.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "cli/i18n.h"
#include "cli/term.h"
#include "core/buf.h"

#define CLEAR_LINE "\r\033[K"

static void show(int seconds)
{
	struct buf line;

	buf_init(&line, 256);
	(void)buf_printf(&line, CLEAR_LINE);
	(void)buf_printf(&line, _("waiting for the daemon: %d s"), seconds);
	(void)term_write(STDERR_FILENO, buf_str(&line));
	buf_finish(&line);
}

static void *run(void *data)
{
	struct progress *progress = data;
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	(void)pthread_mutex_lock(&progress->mutex);
	for (int seconds = 1; !progress->stop; seconds++) {
		int code = 0;

		until.tv_sec++;
		while (!progress->stop && code != ETIMEDOUT) {
			code = pthread_cond_timedwait(&progress->cond, &progress->mutex, &until);
		}
		if (!progress->stop) {
			show(seconds);
			progress->shown = true;
		}
	}
	(void)pthread_mutex_unlock(&progress->mutex);
	return NULL;
}

void progress_start(struct progress *progress, bool wanted)
{
	pthread_condattr_t attr;

	*progress = (struct progress){ 0 };
	if (!wanted) {
		return;
	}
	(void)pthread_mutex_init(&progress->mutex, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&progress->cond, &attr);
	(void)pthread_condattr_destroy(&attr);
	progress->running = pthread_create(&progress->thread, NULL, run, progress) == 0;
}

void progress_stop(struct progress *progress)
{
	if (!progress->running) {
		return;
	}
	(void)pthread_mutex_lock(&progress->mutex);
	progress->stop = true;
	(void)pthread_cond_signal(&progress->cond);
	(void)pthread_mutex_unlock(&progress->mutex);
	(void)pthread_join(progress->thread, NULL);
	if (progress->shown) {
		(void)term_write(STDERR_FILENO, STR(CLEAR_LINE));
	}
	(void)pthread_cond_destroy(&progress->cond);
	(void)pthread_mutex_destroy(&progress->mutex);
	progress->running = false;
}
