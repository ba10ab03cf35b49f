/*
 * The simulator's clock: real time plus an offset, or standing still. Everything the platform knows about time (ids,
 * expiry, limits, lag, reviews) uses it; how long a connection is held open does not.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

#define ZONE_MS (8 * 3600 * INT64_C(1000)) /* the platform lives at +0800, which has no summer time */

struct sim_clock {
	int64_t offset_ms;
	int64_t frozen_at; /* 0: running */
};

int64_t sim_clock_at(const struct sim_clock *clock);
void sim_clock_advance(struct sim_clock *clock, int64_t ms);
void sim_clock_set(struct sim_clock *clock, int64_t at);
void sim_clock_freeze(struct sim_clock *clock, bool frozen);

/* Number of the window of `window_ms` that holds `at`; windows start at 00:00 +0800. */
int64_t window_number(int64_t at, int64_t window_ms);
int64_t window_end_at(int64_t at, int64_t window_ms);

/* "Wed Oct 24 23:49:17 +0800 2012" */
void format_weibo_time(char ret[32], int64_t at);
/* "2026-01-05 17:00:00", +0800 without saying so */
void format_plain_time(char ret[24], int64_t at);
/* "2026-01-05T17:00:00.123+08:00" */
void format_iso_time(char ret[40], int64_t at);

#endif
