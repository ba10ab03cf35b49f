/*
 * Randomness for jitter and secrets for one-time use. random_seed() makes the jitter of the calling thread
 * reproducible; random_bytes() always comes from the kernel.
 */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_seed(uint64_t seed);
int64_t random_below(int64_t limit); /* [0, limit); limit > 0 */
void random_bytes(void *p, size_t n);

/*
 * Exponential back-off with jitter: between half and the whole of first_ms * 2^tries, at most max_ms. 0 when one of
 * the two is not positive.
 */
int64_t backoff_ms(int tries, int64_t first_ms, int64_t max_ms);

#endif
