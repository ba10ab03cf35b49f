/*
 * Open addressing with linear probing; removal shifts the entries behind the hole back, so that there are no
 * tombstones. At most three quarters full.
 */
#include "sim/table.h"

#include <assert.h>

#include "core/mem.h"

#define FNV_PRIME UINT64_C(1099511628211)
#define FNV_START UINT64_C(14695981039346656037)

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return x;
}

uint64_t hash_bytes(struct str bytes, uint64_t start)
{
	uint64_t hash = FNV_START ^ start;

	for (size_t i = 0; i < bytes.n; i++) {
		hash ^= (unsigned char)bytes.p[i];
		hash *= FNV_PRIME;
	}
	return mix(hash);
}

static uint64_t key_hash(struct str key)
{
	uint64_t hash = hash_bytes(key, 0);

	return hash ? hash : 1;
}

struct str table_key(const int64_t *id)
{
	return (struct str){ (const char *)id, sizeof(*id) };
}

void table_finish(struct table *table)
{
	free(table->slots);
	*table = (struct table){ 0 };
}

static struct table_slot *find_slot(const struct table *table, struct str key, uint64_t hash)
{
	size_t mask = table->cap - 1;

	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		struct table_slot *slot = &table->slots[i];

		if (!slot->hash || (slot->hash == hash && str_eq(slot->key, key))) {
			return slot;
		}
	}
}

void *table_get(const struct table *table, struct str key)
{
	const struct table_slot *slot;

	if (!table->n) {
		return NULL;
	}
	slot = find_slot(table, key, key_hash(key));
	return slot->hash ? slot->value : NULL;
}

static void grow(struct table *table)
{
	struct table bigger = { .cap = table->cap ? table->cap * 2 : 16, .n = table->n };

	bigger.slots = xnew_array(struct table_slot, bigger.cap);
	for (size_t i = 0; i < table->cap; i++) {
		const struct table_slot *slot = &table->slots[i];

		if (slot->hash) {
			*find_slot(&bigger, slot->key, slot->hash) = *slot;
		}
	}
	free(table->slots);
	*table = bigger;
}

void table_put(struct table *table, struct str key, void *value)
{
	uint64_t hash = key_hash(key);
	struct table_slot *slot;

	assert(value);
	if ((table->n + 1) * 4 > table->cap * 3) {
		grow(table);
	}
	slot = find_slot(table, key, hash);
	if (!slot->hash) {
		table->n++;
	}
	*slot = (struct table_slot){ .key = key, .hash = hash, .value = value };
}

void table_remove(struct table *table, struct str key)
{
	size_t mask = table->cap - 1;
	struct table_slot *slot;
	size_t hole;

	if (!table->n) {
		return;
	}
	slot = find_slot(table, key, key_hash(key));
	if (!slot->hash) {
		return;
	}
	hole = (size_t)(slot - table->slots);
	for (size_t i = (hole + 1) & mask; table->slots[i].hash; i = (i + 1) & mask) {
		size_t home = (size_t)table->slots[i].hash & mask;

		/* An entry may move into the hole unless its home lies cyclically behind the hole. */
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole] = (struct table_slot){ 0 };
	table->n--;
}

uint64_t rng_next(struct rng *rng)
{
	rng->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(rng->state);
}

int64_t rng_below(struct rng *rng, int64_t limit)
{
	assert(limit > 0);
	return (int64_t)(rng_next(rng) % (uint64_t)limit);
}
