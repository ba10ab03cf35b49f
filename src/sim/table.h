/*
 * A hash table from bytes to a pointer, and the simulator's own random numbers.
 *
 * The table owns neither keys nor values: a key must live as long as its entry does (it is usually a field of the
 * value). Not for hostile keys that could be chosen to collide: this program listens on the loopback interface.
 */
#ifndef SIM_TABLE_H
#define SIM_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

struct table_slot {
	struct str key;
	uint64_t hash; /* 0: free */
	void *value;
};

struct table {
	struct table_slot *slots;
	size_t n;
	size_t cap; /* 0, or a power of two */
};

void table_finish(struct table *table);                     /* accepts zeroed */
void *table_get(const struct table *table, struct str key); /* NULL: none */
void table_put(struct table *table, struct str key, void *value);
void table_remove(struct table *table, struct str key);

/* A number as a key: lends the bytes of *id. */
struct str table_key(const int64_t *id);

uint64_t hash_bytes(struct str bytes, uint64_t start);

/* splitmix64: small, and the same on every machine for the same seed. */
struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *rng);
int64_t rng_below(struct rng *rng, int64_t limit); /* [0, limit) */

#endif
