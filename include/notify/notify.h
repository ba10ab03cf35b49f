/*
 * Telling people outside the daemon: a hook program is started with arguments, its exit code kept. Arguments are
 * plain words (kind, priority, ids, account); everything a citizen wrote goes in as one JSON object on standard
 * input, never in argv. Environment: PATH, LANG, TZ and GAZETTE_* only.
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"
#include "net/loop.h"

struct notify;

struct notify *notify_new(struct loop *loop);
void notify_free(struct notify *notify); /* ends running hooks with SIGTERM, calls no completion */

/* Other limits than LIMIT_HOOK_MS and 2 s between SIGTERM and SIGKILL; for hooks started from now on. */
void notify_set_patience(struct notify *notify, int64_t run_ms, int64_t grace_ms);

#define NOTIFY_WAITING_MAX 4096 /* hooks that wait for one of LIMIT_HOOKS_RUNNING places */

struct notice {
	int64_t id;                   /* the notice row */
	char *const *argv;            /* the configured program and its own arguments; borrowed until return */
	const char *const *arguments; /* appended; NULL-terminated; borrowed until return */
	struct str input;             /* JSON for standard input; copied */
	bool urgent;                  /* before all that are not, and with LIMIT_HOOKS_URGENT places of its own */
};

/* What became of it. exit_code 0-255, or -1 with `error` set: not startable, killed, timed out. */
struct notice_result {
	int64_t id;
	int exit_code; /* -1: it did not start, or was ended */
	bool started;
	struct error error;
	struct str output; /* first line of its standard error, for the log; borrowed */
};

/*
 * Start the hook (or queue it: at most LIMIT_HOOKS_RUNNING at once; a full queue completes with ADVISE_RETRY). The
 * completion runs once, never before this has returned. A hook that runs longer than LIMIT_HOOK_MS is ended: SIGTERM to
 * its process group, SIGKILL 2 s later. Its standard output goes nowhere.
 */
void notify_run(struct notify *notify, const struct notice *notice,
	void (*on_done)(void *data, const struct notice_result *result), void *data);

#endif
