#include "check.h"

#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "text/utf8.h"
#include "text/when.h"

/* Wed 2026-09-30 10:20:30 in Shanghai */
#define NOW_AT (INT64_C(1790734830) * SECOND_MS)

static void set_zone(const char *zone)
{
	struct error err = { 0 };

	CHECK_OK(when_set_zone(zone, &err), err);
}

static int in_shanghai(void **state)
{
	(void)state;
	set_zone("Asia/Shanghai");
	return 0;
}

static void check_parse(const char *text, const char *want)
{
	cleanup(buf_finish) struct buf out = { 0 };
	struct error err = { 0 };
	int64_t at = 0;

	CHECK_OK(when_parse(str_from(text), NOW_AT, &at, &err), err);
	buf_init(&out, 100);
	CHECK(when_format_rfc3339(&out, at));
	if (strcmp(out.p, want) != 0) {
		fail_msg("\"%s\" is %s, want %s", text, out.p, want);
	}
}

static void check_refused(const char *text, const char *part)
{
	struct error err = { 0 };
	int64_t at = 77;

	CHECK_FAILS(when_parse(str_from(text), NOW_AT, &at, &err), err, part);
	CHECK_INT(at, 77);
	CHECK_INT(err.domain, ERROR_INPUT);
	CHECK_INT(err.advice, ADVISE_REJECT);
}

static void test_when__reads_what_people_write(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "now", "2026-09-30T10:20:30+08:00" },
		{ "NOW", "2026-09-30T10:20:30+08:00" },
		{ "现在", "2026-09-30T10:20:30+08:00" },
		{ "+2h", "2026-09-30T12:20:30+08:00" },
		{ "+90s", "2026-09-30T10:22:00+08:00" },
		{ "+3d", "2026-10-03T10:20:30+08:00" },
		{ "+1h30m", "2026-09-30T11:50:30+08:00" },
		{ "8:00", "2026-09-30T08:00:00+08:00" },
		{ "08:00:15", "2026-09-30T08:00:15+08:00" },
		{ "23:59", "2026-09-30T23:59:00+08:00" },
		{ "0:00", "2026-09-30T00:00:00+08:00" },
		{ "today 8:00", "2026-09-30T08:00:00+08:00" },
		{ "tomorrow 8:00", "2026-10-01T08:00:00+08:00" },
		{ "  Tomorrow \t 8:00 ", "2026-10-01T08:00:00+08:00" },
		{ "今天 8:00", "2026-09-30T08:00:00+08:00" },
		{ "明天 8:00", "2026-10-01T08:00:00+08:00" },
		{ "明天8：00", "2026-10-01T08:00:00+08:00" },
		{ "明天　8:00", "2026-10-01T08:00:00+08:00" },
		{ "后天 8点半", "2026-10-02T08:30:00+08:00" },
		{ "明天上午9点", "2026-10-01T09:00:00+08:00" },
		{ "今天下午3点15分", "2026-09-30T15:15:00+08:00" },
		{ "晚上 8:05", "2026-09-30T20:05:00+08:00" },
		{ "下午15:00", "2026-09-30T15:00:00+08:00" },
		{ "wed 10:21", "2026-09-30T10:21:00+08:00" },
		{ "wed 10:20", "2026-10-07T10:20:00+08:00" },
		{ "mon 8:00", "2026-10-05T08:00:00+08:00" },
		{ "Tuesday 8:00", "2026-10-06T08:00:00+08:00" },
		{ "周四 8:00", "2026-10-01T08:00:00+08:00" },
		{ "星期天 8:00", "2026-10-04T08:00:00+08:00" },
		{ "2026-10-01 08:00", "2026-10-01T08:00:00+08:00" },
		{ "2026-10-01 8点", "2026-10-01T08:00:00+08:00" },
		{ "2026-10-1 8:00", "2026-10-01T08:00:00+08:00" },
		{ "2026-10-01T08:00:00+08:00", "2026-10-01T08:00:00+08:00" },
		{ "2026-10-01t08:00:00z", "2026-10-01T16:00:00+08:00" },
		{ "2026-10-01 08:00:00Z", "2026-10-01T16:00:00+08:00" },
		{ "2026-10-01 08:00-0530", "2026-10-01T21:30:00+08:00" },
		{ "2026-10-01T08:00:00.125+08:00", "2026-10-01T08:00:00.125+08:00" },
		{ "2026-10-01T08:00:00.1259999+08:00", "2026-10-01T08:00:00.125+08:00" },
		{ "2028-02-29 00:00", "2028-02-29T00:00:00+08:00" },
		{ "1970-01-01T08:00:00+08:00", "1970-01-01T08:00:00+08:00" },
		{ "9999-12-30 12:00", "9999-12-30T12:00:00+08:00" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_parse(rows[i].text, rows[i].want);
	}
}

static void test_when__refuses_with_a_reason(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "", "not a time" },
		{ "soon", "\"soon\": not a time; write 2026-10-01 08:00" },
		{ "8", "not a time" },
		{ "8:0", "not a time" },
		{ "8:000", "not a time" },
		{ "8:00 tomorrow", "not a time" },
		{ "nowhere", "not a time" },
		{ "now now", "not a time" },
		{ "monster 8:00", "not a time" },
		{ "24:00", "no such time of day" },
		{ "8:60", "no such time of day" },
		{ "8:00:60", "no such time of day" },
		{ "下午0点", "no such time of day" },
		{ "上午13点", "no such time of day" },
		{ "2026-10-01", "the time of day is missing" },
		{ "tomorrow", "the time of day is missing" },
		{ "mon", "the time of day is missing" },
		{ "2026-02-30 8:00", "\"2026-02-30 8:00\": there is no such day" },
		{ "2027-02-29 8:00", "no such day" },
		{ "2100-02-29 8:00", "no such day" },
		{ "2026-13-01 8:00", "no such day" },
		{ "2026-00-10 8:00", "no such day" },
		{ "2026-10-00 8:00", "no such day" },
		{ "20261001 8:00", "not a time" },
		{ "2026-10-01T08:00:00+8", "not a time" },
		{ "2026-10-01T08:00:00+25:00", "no such offset" },
		{ "2026-10-01T08:00:00+08:60", "no such offset" },
		{ "2026-10-01T08:00:00+08:00x", "not a time" },
		{ "2026-10-01T08:00:00Zx", "not a time" },
		{ "1969-12-31 23:00", "before 1970" },
		{ "1970-01-01T00:00:00+08:00", "before 1970" },
		{ "9999-12-31T23:59:59-23:59", "after the year 9999" },
		{ "+", "a duration is missing" },
		{ "+2", "the unit is missing" },
		{ "+-2h", "not a duration" },
		{ "+2h30", "the unit is missing" },
		{ "-2h", "not a time" },
		{ "+99999999d", "longer than a hundred years" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_refused(rows[i].text, rows[i].part);
	}
}

static void test_when__error_shows_hostile_text_harmless_and_short(void **state)
{
	char text[4000];
	struct error err = { 0 };
	int64_t at = 0;

	(void)state;
	check_refused("\x1b[31mx\xe2\x80\xae", "\"\xef\xbf\xbd[31mx\": not a time");
	memset(text, 'x', sizeof(text));
	CHECK_FAILS(when_parse((struct str){ text, sizeof(text) }, NOW_AT, &at, &err), err, "xxx…\": not a time");
}

static void test_when__skipped_and_repeated_hours(void **state)
{
	(void)state;
	set_zone("Europe/Berlin");
	check_parse("2026-03-29 01:59", "2026-03-29T01:59:00+01:00");
	check_refused("2026-03-29 02:30", "clocks skip this time of day");
	check_parse("2026-03-29 03:00", "2026-03-29T03:00:00+02:00");
	/* It strikes twice; the first one. */
	check_parse("2026-10-25 02:30", "2026-10-25T02:30:00+02:00");
	check_parse("2026-10-25 02:30 +01:00", "2026-10-25T02:30:00+01:00");
	set_zone("Australia/Lord_Howe"); /* changes by half an hour */
	check_refused("2026-10-04 02:15", "clocks skip this time of day");
	check_parse("2026-04-05 01:45", "2026-04-05T01:45:00+11:00");
	set_zone("Pacific/Apia"); /* had no 30 December 2011 at all */
	check_refused("2011-12-30 12:00", "clocks skip this time of day");
	set_zone("America/New_York");
	check_parse("2026-09-29 22:20", "2026-09-29T22:20:00-04:00");
}

static void test_when__tomorrow_crosses_month_and_year(void **state)
{
	cleanup(buf_finish) struct buf out = { 0 };
	struct error err = { 0 };
	int64_t now_at = 0, at = 0;

	(void)state;
	CHECK_OK(when_parse(STR("2027-12-31 23:30"), NOW_AT, &now_at, &err), err);
	CHECK_OK(when_parse(STR("tomorrow 0:15"), now_at, &at, &err), err);
	buf_init(&out, 100);
	CHECK(when_format_rfc3339(&out, at));
	CHECK_TEXT(out.p, "2028-01-01T00:15:00+08:00");
}

static void test_when__zone_must_exist(void **state)
{
	static const char *const names[] = { "", "Asia/Nowhere", "/etc/passwd", "../../etc/passwd", "Asia",
		"Asia/Shang hai", "UTC\n", NULL, "Asia/../UTC" };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CHECK(!when_set_zone(names[i], &err));
		CHECK_INT(err.domain, ERROR_CONFIG);
	}
	CHECK_FAILS(when_set_zone("Asia/Nowhere", &err), err, "Asia/Nowhere");
	/* The old one stays. */
	check_parse("now", "2026-09-30T10:20:30+08:00");
	set_zone("UTC");
	check_parse("now", "2026-09-30T02:20:30+00:00");
}

static void test_duration__reads_and_writes(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		const char *written;
	} rows[] = {
		{ "0", 0, "0s" },
		{ "0s", 0, "0s" },
		{ "90s", 90 * SECOND_MS, "90s" },
		{ "119s", 119 * SECOND_MS, "119s" },
		{ "60s", MINUTE_MS, "1m" },
		{ "30m", 30 * MINUTE_MS, "30m" },
		{ "2h", 2 * HOUR_MS, "2h" },
		{ "3d", 3 * DAY_MS, "3d" },
		{ "1h30m", 90 * MINUTE_MS, "1h30m" },
		{ "1d1h1m1s1ms", DAY_MS + HOUR_MS + MINUTE_MS + SECOND_MS + 1, "1d1h1m1s1ms" },
		{ "500ms", 500, "500ms" },
		{ "36h", 36 * HOUR_MS, "1d12h" },
		{ "130s", 130 * SECOND_MS, "2m10s" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out = { 0 };
		struct error err = { 0 };
		int64_t ms = -1;

		CHECK_OK(when_parse_duration(str_from(rows[i].text), &ms, &err), err);
		CHECK_INT(ms, rows[i].ms);
		buf_init(&out, 100);
		CHECK(when_format_duration(&out, ms));
		CHECK_TEXT(out.p, rows[i].written);
	}
}

static void test_duration__refuses_with_a_reason(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "", "a duration is missing" },
		{ "30", "\"30\": the unit is missing" },
		{ "00", "the unit is missing" },
		{ "m", "not a duration" },
		{ "1m1h", "not a duration" },
		{ "1h1h", "not a duration" },
		{ "1w", "not a duration" },
		{ "1 h", "not a duration" },
		{ "-1h", "not a duration" },
		{ "1.5h", "not a duration" },
		{ "40000d", "longer than a hundred years" },
		{ "9223372036854775807d", "longer than a hundred years" },
		{ "99999999999999999999s", "longer than a hundred years" },
		{ "1hour", "not a duration" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = { 0 };
		int64_t ms = 77;

		CHECK_FAILS(when_parse_duration(str_from(rows[i].text), &ms, &err), err, rows[i].part);
		CHECK_INT(ms, 77);
	}
}

static void check_written(bool (*write)(struct buf *, int64_t, int64_t), int64_t at, const char *want)
{
	cleanup(buf_finish) struct buf out = { 0 };

	buf_init(&out, 100);
	CHECK(write(&out, at, NOW_AT));
	CHECK_TEXT(out.p, want);
}

static void test_when__echo_names_day_offset_and_distance(void **state)
{
	(void)state;
	check_written(when_format_echo, NOW_AT + 22 * HOUR_MS - 20 * MINUTE_MS - 30 * SECOND_MS,
		"Thu 2026-10-01 08:00 +08:00, in 21 h 39 min");
	check_written(when_format_echo, NOW_AT, "Wed 2026-09-30 10:20:30 +08:00, now");
	set_zone("America/St_Johns");
	check_written(when_format_echo, NOW_AT, "Tue 2026-09-29 23:50:30 -02:30, now");
}

static void test_when__relative_has_two_units_at_most(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{ 0, "now" },
		{ 999, "now" },
		{ -999, "now" },
		{ SECOND_MS, "in 1 s" },
		{ -SECOND_MS, "1 s ago" },
		{ 5 * MINUTE_MS, "in 5 min" },
		{ -5 * MINUTE_MS - 7 * SECOND_MS, "5 min 7 s ago" },
		{ 2 * HOUR_MS, "in 2 h" },
		{ 2 * HOUR_MS + 5 * SECOND_MS, "in 2 h" },
		{ 3 * DAY_MS + 2 * HOUR_MS + 5 * MINUTE_MS, "in 3 d 2 h" },
		{ 3 * DAY_MS + 5 * MINUTE_MS, "in 3 d" },
		{ -400 * DAY_MS, "400 d ago" },
	};

	cleanup(buf_finish) struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_written(when_format_relative, NOW_AT + rows[i].ms, rows[i].want);
	}
	buf_init(&out, 100);
	CHECK(when_format_relative(&out, INT64_MAX, INT64_MIN));
	CHECK(when_format_relative(&out, INT64_MIN, INT64_MAX));
}

static void test_when__short_is_the_shortest_that_is_clear(void **state)
{
	(void)state;
	check_written(when_format_short, NOW_AT + HOUR_MS, "11:20");
	check_written(when_format_short, NOW_AT - 10 * HOUR_MS, "00:20");
	check_written(when_format_short, NOW_AT - 11 * HOUR_MS, "09-29 23:20");
	check_written(when_format_short, NOW_AT + 22 * HOUR_MS, "10-01 08:20");
	check_written(when_format_short, NOW_AT + 365 * DAY_MS, "2027-09-30 10:20");
}

static void test_when__rfc3339_before_1970_and_beyond_the_calendar(void **state)
{
	cleanup(buf_finish) struct buf out = { 0 };

	(void)state;
	buf_init(&out, 100);
	CHECK(when_format_rfc3339(&out, -1));
	CHECK_TEXT(out.p, "1970-01-01T07:59:59.999+08:00");
	buf_clear(&out);
	(void)when_format_rfc3339(&out, INT64_MAX);
	buf_clear(&out);
	(void)when_format_rfc3339(&out, INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_when__reads_what_people_write, in_shanghai),
		cmocka_unit_test_setup(test_when__refuses_with_a_reason, in_shanghai),
		cmocka_unit_test_setup(test_when__error_shows_hostile_text_harmless_and_short, in_shanghai),
		cmocka_unit_test_setup(test_when__skipped_and_repeated_hours, in_shanghai),
		cmocka_unit_test_setup(test_when__tomorrow_crosses_month_and_year, in_shanghai),
		cmocka_unit_test_setup(test_when__zone_must_exist, in_shanghai),
		cmocka_unit_test_setup(test_duration__reads_and_writes, in_shanghai),
		cmocka_unit_test_setup(test_duration__refuses_with_a_reason, in_shanghai),
		cmocka_unit_test_setup(test_when__echo_names_day_offset_and_distance, in_shanghai),
		cmocka_unit_test_setup(test_when__relative_has_two_units_at_most, in_shanghai),
		cmocka_unit_test_setup(test_when__short_is_the_shortest_that_is_clear, in_shanghai),
		cmocka_unit_test_setup(test_when__rfc3339_before_1970_and_beyond_the_calendar, in_shanghai),
	};

	return check_run(tests);
}
