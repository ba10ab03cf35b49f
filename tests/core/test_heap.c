#include "check.h"

#include "core/heap.h"
#include "core/random.h"

static void test_heap__gives_only_what_is_due_in_order_of_time_then_id(void **state)
{
	static const struct heap_entry want[] = { { 5, 9 }, { 10, 1 }, { 10, 2 }, { 20, 3 } };
	struct heap_entry got = { 0 };
	struct heap heap = { 0 };

	(void)state;
	heap_push(&heap, 20, 3);
	heap_push(&heap, 10, 2);
	heap_push(&heap, 5, 9);
	heap_push(&heap, 10, 1);
	CHECK(heap_peek(&heap, &got));
	CHECK_INT(got.id, 9);
	CHECK(!heap_pop_due(&heap, 4, &got));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		CHECK(heap_pop_due(&heap, want[i].at, &got));
		CHECK_INT(got.at, want[i].at);
		CHECK_INT(got.id, want[i].id);
	}
	CHECK(!heap_pop_due(&heap, INT64_MAX, &got));
	CHECK(!heap_peek(&heap, &got));
	heap_finish(&heap);
	heap_finish(&heap);
}

static void test_heap__stays_ordered_under_random_use(void **state)
{
	struct heap heap = { 0 };
	struct heap_entry last = { INT64_MIN, 0 }, got;
	size_t n = 0;

	(void)state;
	random_seed(7);
	for (int i = 0; i < 5000; i++) {
		heap_push(&heap, random_below(1000), i);
		if (i % 3 == 0) {
			CHECK(heap_pop_due(&heap, INT64_MAX, &got));
		}
	}
	CHECK_INT(heap.n, 5000 - 1667);
	while (heap_pop_due(&heap, INT64_MAX, &got)) {
		CHECK(got.at > last.at || (got.at == last.at && got.id > last.id));
		last = got;
		n++;
	}
	CHECK_INT(n, 5000 - 1667);
	heap_finish(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap__gives_only_what_is_due_in_order_of_time_then_id),
		cmocka_unit_test(test_heap__stays_ordered_under_random_use),
	};

	return check_run(tests);
}
