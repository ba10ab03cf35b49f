/*
 * Jitter from splitmix64, one state per thread and seeded from the kernel at first use; secrets from the kernel only.
 * random_seed() seeds the calling thread.
 */
#include "core/random.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

static _Thread_local uint64_t state;
static _Thread_local bool seeded;

void random_seed(uint64_t seed)
{
	state = seed;
	seeded = true;
}

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
static uint64_t next(void)
{
	uint64_t z;

	if (!seeded) {
		random_bytes(&state, sizeof(state));
		seeded = true;
	}
	state += UINT64_C(0x9e3779b97f4a7c15);
	z = state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t random_below(int64_t limit)
{
	uint64_t range, cutoff, value;

	assert(limit > 0);
	range = (uint64_t)limit;
	/* Draw again from the incomplete last stretch, which would favour small numbers. */
	cutoff = UINT64_MAX - UINT64_MAX % range;
	do {
		value = next();
	} while (value >= cutoff);
	return (int64_t)(value % range);
}

void random_bytes(void *p, size_t n)
{
	unsigned char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			abort(); /* a secret that can be guessed is worse than no process */
		}
		at += got;
		n -= (size_t)got;
	}
}

int64_t backoff_ms(int tries, int64_t first_ms, int64_t max_ms)
{
	int64_t whole_ms = first_ms;

	if (first_ms <= 0 || max_ms <= 0) {
		return 0;
	}
	for (int i = 0; i < tries && whole_ms < max_ms; i++) {
		whole_ms = whole_ms > max_ms / 2 ? max_ms : whole_ms * 2;
	}
	if (whole_ms > max_ms) {
		whole_ms = max_ms;
	}
	return whole_ms / 2 + random_below(whole_ms - whole_ms / 2 + 1);
}
