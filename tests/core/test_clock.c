#include "check.h"

#include <time.h>

#include "core/clock.h"

static void test_clock__wall_counts_milliseconds_since_1970(void **state)
{
	int64_t before_at = (int64_t)time(NULL) * SECOND_MS;
	int64_t at = clock_wall_at();

	(void)state;
	/* time() may lag by a tick; both are the same second or the next. */
	CHECK(at >= before_at);
	CHECK(at < before_at + MINUTE_MS);
}

static void test_clock__mono_does_not_go_back(void **state)
{
	struct mono last = clock_mono();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct mono now = clock_mono();

		CHECK(now.ms >= last.ms);
		last = now;
	}
	CHECK(clock_since_ms(last) >= 0);
	CHECK(clock_since_ms((struct mono){ last.ms - 5000 }) >= 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock__wall_counts_milliseconds_since_1970),
		cmocka_unit_test(test_clock__mono_does_not_go_back),
	};

	return check_run(tests);
}
