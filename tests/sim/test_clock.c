/* Virtual time, its windows at +0800, and the three ways in which it is written. */
#include "check.h"

#include "core/clock.h"
#include "sim/clock.h"

#define MORNING INT64_C(1767574800000) /* 2026-01-05 09:00 +0800, a Monday */

static void test_clock__stands_and_runs(void **state)
{
	struct sim_clock clock = { 0 };

	(void)state;
	CHECK(sim_clock_at(&clock) >= clock_wall_at() - 1000);
	sim_clock_freeze(&clock, true);
	sim_clock_set(&clock, MORNING);
	CHECK_INT(sim_clock_at(&clock), MORNING);
	sim_clock_advance(&clock, 90000);
	CHECK_INT(sim_clock_at(&clock), MORNING + 90000);
	sim_clock_freeze(&clock, true);
	CHECK_INT(sim_clock_at(&clock), MORNING + 90000);
	sim_clock_freeze(&clock, false);
	CHECK(sim_clock_at(&clock) >= MORNING + 90000 && sim_clock_at(&clock) < MORNING + 150000);
	sim_clock_advance(&clock, -DAY_MS);
	CHECK(sim_clock_at(&clock) < MORNING);
}

static void test_window__ends_at_the_full_hour_and_at_midnight(void **state)
{
	(void)state;
	CHECK_INT(window_end_at(MORNING, HOUR_MS), MORNING + HOUR_MS);
	CHECK_INT(window_end_at(MORNING - 1, HOUR_MS), MORNING);
	CHECK_INT(window_end_at(MORNING, DAY_MS), MORNING + 15 * HOUR_MS);
	CHECK_INT(window_number(MORNING + 15 * HOUR_MS, DAY_MS), window_number(MORNING, DAY_MS) + 1);
	CHECK_INT(window_number(MORNING + 15 * HOUR_MS - 1, DAY_MS), window_number(MORNING, DAY_MS));
	CHECK_INT(window_number(-8 * HOUR_MS - 1, DAY_MS), -1);
}

static void test_format__is_english_and_china_time(void **state)
{
	char weibo[32], plain[24], iso[40];

	(void)state;
	format_weibo_time(weibo, INT64_C(1351093757000));
	CHECK_TEXT(weibo, "Wed Oct 24 23:49:17 +0800 2012");
	format_weibo_time(weibo, MORNING);
	CHECK_TEXT(weibo, "Mon Jan 05 09:00:00 +0800 2026");
	format_plain_time(plain, MORNING + 15 * HOUR_MS);
	CHECK_TEXT(plain, "2026-01-06 00:00:00");
	format_iso_time(iso, MORNING + 123);
	CHECK_TEXT(iso, "2026-01-05T09:00:00.123+08:00");
	format_iso_time(iso, INT64_C(-1));
	CHECK_TEXT(iso, "1970-01-01T07:59:59.999+08:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock__stands_and_runs),
		cmocka_unit_test(test_window__ends_at_the_full_hour_and_at_midnight),
		cmocka_unit_test(test_format__is_english_and_china_time),
	};

	return check_run(tests);
}
