#include "check.h"

#include "core/random.h"

static void test_random__same_seed_same_numbers(void **state)
{
	int64_t first[20];

	(void)state;
	random_seed(42);
	for (size_t i = 0; i < 20; i++) {
		first[i] = random_below(1000000);
	}
	random_seed(42);
	for (size_t i = 0; i < 20; i++) {
		CHECK_INT(random_below(1000000), first[i]);
	}
	random_seed(43);
	CHECK(random_below(1000000) != first[0] || random_below(1000000) != first[1]);
}

static void test_random__stays_below_and_reaches_everything(void **state)
{
	unsigned seen = 0;

	(void)state;
	random_seed(1);
	for (int i = 0; i < 1000; i++) {
		int64_t value = random_below(10);

		CHECK(value >= 0 && value < 10);
		seen |= 1u << value;
		CHECK_INT(random_below(1), 0);
		value = random_below(INT64_MAX);
		CHECK(value >= 0 && value < INT64_MAX);
	}
	CHECK_INT(seen, 0x3ff);
}

static void test_random__bytes_fill_exactly_what_was_asked_for(void **state)
{
	unsigned char bytes[600] = { 0 };
	size_t zeros = 0;

	(void)state;
	random_bytes(bytes, 0);
	random_bytes(bytes, 590);
	for (size_t i = 0; i < 590; i++) {
		zeros += bytes[i] == 0;
	}
	CHECK(zeros < 100);
	for (size_t i = 590; i < 600; i++) {
		CHECK_INT(bytes[i], 0);
	}
}

static void test_backoff__doubles_with_jitter_up_to_its_limit(void **state)
{
	static const struct {
		int tries;
		int64_t whole_ms;
	} rows[] = { { -1, 1000 }, { 0, 1000 }, { 1, 2000 }, { 2, 4000 }, { 5, 32000 }, { 6, 60000 }, { 7, 60000 },
		{ 1000000, 60000 } };

	(void)state;
	random_seed(3);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (int j = 0; j < 100; j++) {
			int64_t ms = backoff_ms(rows[i].tries, 1000, 60000);

			CHECK(ms >= rows[i].whole_ms / 2);
			CHECK(ms <= rows[i].whole_ms);
		}
	}
}

static void test_backoff__does_not_overflow(void **state)
{
	(void)state;
	CHECK(backoff_ms(200, INT64_MAX / 3, INT64_MAX) > INT64_MAX / 3);
	CHECK(backoff_ms(0, 5000, 100) <= 100);
	CHECK_INT(backoff_ms(3, 0, 100), 0);
	CHECK_INT(backoff_ms(3, 100, 0), 0);
	CHECK(backoff_ms(0, 1, 1) <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random__same_seed_same_numbers),
		cmocka_unit_test(test_random__stays_below_and_reaches_everything),
		cmocka_unit_test(test_random__bytes_fill_exactly_what_was_asked_for),
		cmocka_unit_test(test_backoff__doubles_with_jitter_up_to_its_limit),
		cmocka_unit_test(test_backoff__does_not_overflow),
	};

	return check_run(tests);
}
