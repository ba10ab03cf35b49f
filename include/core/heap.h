/*
 * A binary heap of (time, id): what is due first. Holds no truth: a popped id is looked up again, and an
 * id that is no longer due is dropped. The same id may stand in it more than once.
 */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	int64_t at; /* wall ms */
	int64_t id;
};

struct heap {
	struct heap_entry *entries;
	size_t n;
	size_t cap;
};

void heap_finish(struct heap *heap); /* accepts zeroed; a zeroed heap is empty */
void heap_push(struct heap *heap, int64_t at, int64_t id);
bool heap_peek(const struct heap *heap, struct heap_entry *ret_first);
bool heap_pop_due(struct heap *heap, int64_t now_at, struct heap_entry *ret_first);

#endif
