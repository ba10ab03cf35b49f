/*
 * A binary min-heap in an array, ordered by time and then by id, so that equal times come out in the order in which
 * their ids were given.
 */
#include "core/heap.h"

#include <stdlib.h>

#include "core/mem.h"

static bool before(struct heap_entry a, struct heap_entry b)
{
	return a.at != b.at ? a.at < b.at : a.id < b.id;
}

void heap_finish(struct heap *heap)
{
	free(heap->entries);
	*heap = (struct heap){ 0 };
}

void heap_push(struct heap *heap, int64_t at, int64_t id)
{
	struct heap_entry entry = { at, id };
	size_t i = heap->n;

	array_grow(heap->entries, heap->n, heap->cap);
	heap->n++;
	while (i > 0 && before(entry, heap->entries[(i - 1) / 2])) {
		heap->entries[i] = heap->entries[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap->entries[i] = entry;
}

bool heap_peek(const struct heap *heap, struct heap_entry *ret_first)
{
	if (heap->n == 0) {
		return false;
	}
	*ret_first = heap->entries[0];
	return true;
}

bool heap_pop_due(struct heap *heap, int64_t now_at, struct heap_entry *ret_first)
{
	struct heap_entry last;
	size_t i = 0;

	if (heap->n == 0 || heap->entries[0].at > now_at) {
		return false;
	}
	*ret_first = heap->entries[0];
	last = heap->entries[--heap->n];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < heap->n && before(heap->entries[child + 1], heap->entries[child])) {
			child++;
		}
		if (child >= heap->n || !before(heap->entries[child], last)) {
			break;
		}
		heap->entries[i] = heap->entries[child];
		i = child;
	}
	heap->entries[i] = last;
	return true;
}
