/*
 * Notices: hook runs owed to people. Written in the transaction that owes them, run after its commit, their exit code
 * kept; what a crash left open is run at the next start (a hook may run twice, never not at all).
 */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"

struct tx;

/* kind: "alarm", "escalated", "warning": which hook. target: role, person or "". detail (taken) goes to its stdin. */
bool notice_add(struct tx *tx, const char *kind, const char *target, int64_t ticket, int64_t account, cJSON *detail,
	struct error *err) must_check;

struct notice_row {
	int64_t id;
	char *kind;
	char *target;
	int64_t ticket;
	int64_t account;
	char *detail; /* JSON */
	int tries;
};
void notice_row_finish(struct notice_row *row);
bool notice_load(struct tx *tx, int64_t id, struct notice_row *ret_row, struct error *err) must_check;

/*
 * exit_code -1: could not run. A failed one is tried again at most 3 times with back-off (EFFECT_NOTICE or EFFECT_ALARM
 * with `at`), then given up with event "notice.failed", which is itself an alarm on every monitor.
 */
bool notice_done(struct tx *tx, int64_t id, int exit_code, const char *why, struct error *err) must_check;
/* After the wall clock was set, and at start: what waits longer than for its next try was owed by a clock that was
 * ahead.
 */
bool notice_clock_set_back(struct tx *tx, struct error *err) must_check;
/* At start: EFFECT_NOTICE or EFFECT_ALARM for each open one. */
bool notice_arm_all(struct tx *tx, struct error *err) must_check;

#endif
