/*
 * Two kinds of time that cannot be mixed: wall milliseconds since 1970 (int64_t, names end in _at) and
 * monotonic time (struct mono). Durations are int64_t milliseconds, names end in _ms.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

struct mono {
	int64_t ms;
};

int64_t clock_wall_at(void);  /* CLOCK_REALTIME */
struct mono clock_mono(void); /* CLOCK_MONOTONIC */
int64_t clock_since_ms(struct mono then);

#endif
