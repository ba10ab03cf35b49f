/*
 * The two clocks of the kernel. Nothing else in the tree reads the time, so that "now" is asked for once per turn and
 * handed down.
 */
#include "core/clock.h"

#include <assert.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec now;
	int failed = clock_gettime(id, &now);

	assert(failed == 0);
	(void)failed;
	return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

int64_t clock_wall_at(void)
{
	return read_ms(CLOCK_REALTIME);
}

struct mono clock_mono(void)
{
	return (struct mono){ read_ms(CLOCK_MONOTONIC) };
}

int64_t clock_since_ms(struct mono then)
{
	return clock_mono().ms - then.ms;
}
