/* The hash table against a plain array, and the random numbers that must be the same everywhere. */
#include "check.h"

#include "sim/table.h"

#define KEYS 500

static void test_table__agrees_with_a_plain_array(void **state)
{
	static int64_t keys[KEYS];
	static bool there[KEYS];
	struct rng rng = { .state = 7 };
	struct table table = { 0 };
	size_t n = 0;

	(void)state;
	for (int64_t i = 0; i < KEYS; i++) {
		keys[i] = i * 4096; /* low bits alike */
	}
	for (int step = 0; step < 20000; step++) {
		int64_t i = rng_below(&rng, KEYS);

		if (rng_below(&rng, 2)) {
			table_put(&table, table_key(&keys[i]), &keys[i]);
			n += !there[i];
			there[i] = true;
		} else {
			table_remove(&table, table_key(&keys[i]));
			n -= there[i];
			there[i] = false;
		}
		CHECK_INT(table.n, n);
		if (step % 100 == 0) {
			for (int64_t k = 0; k < KEYS; k++) {
				CHECK(table_get(&table, table_key(&keys[k])) == (there[k] ? &keys[k] : NULL));
			}
		}
	}
	table_finish(&table);
}

static void test_table__replaces_the_value_of_a_key(void **state)
{
	struct table table = { 0 };
	int a, b;

	(void)state;
	CHECK(!table_get(&table, STR("x")));
	table_remove(&table, STR("x"));
	table_put(&table, STR("x"), &a);
	table_put(&table, STR("x"), &b);
	CHECK_INT(table.n, 1);
	CHECK(table_get(&table, STR("x")) == &b);
	table_finish(&table);
	CHECK(!table_get(&table, STR("x")));
}

static void test_random__is_the_same_for_the_same_seed(void **state)
{
	/* The first values of splitmix64 from state 1234567, as published with it. */
	static const uint64_t want[] = { UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423) };
	struct rng rng = { .state = 1234567 };

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		CHECK(rng_next(&rng) == want[i]);
	}
	for (int i = 0; i < 1000; i++) {
		int64_t value = rng_below(&rng, 7);

		CHECK(value >= 0 && value < 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table__agrees_with_a_plain_array),
		cmocka_unit_test(test_table__replaces_the_value_of_a_key),
		cmocka_unit_test(test_random__is_the_same_for_the_same_seed),
	};

	return check_run(tests);
}
