/* A word on the terminal while something takes longer than a second. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

struct progress {
	bool running;
	bool shown;
	bool stop;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
};

/* `wanted` false: nothing happens, and progress_stop() may be called all the same. */
void progress_start(struct progress *progress, bool wanted);
void progress_stop(struct progress *progress);

#endif
