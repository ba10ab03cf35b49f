/*
 * Times as people write and read them. The process's zone is the office's; the answer of when_parse() is an instant,
 * and the caller echoes it with when_format_echo(), so that "8:00" is never a matter of opinion.
 *
 * From local time to instant not by mktime(), whose choice at a clock change depends on earlier calls, but by trying
 * the offsets of a day before and a day after: none that gives the same wall clock again is a skipped hour, two are
 * a repeated one, of which the first is taken.
 */
#include "text/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/clock.h"
#include "text/safe.h"
#include "text/utf8.h"

#define ZONE_DIR    "/usr/share/zoneinfo/"
#define ZONE_BYTES  64u
#define SHOWN_CELLS 40u
#define LONGEST_MS  (100 * 366 * DAY_MS)
/* 9999-12-31 UTC: whatever is before it has a year of four digits in every zone. */
#define END_AT (INT64_C(253402214400) * SECOND_MS)

static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

/* ---- zone ---- */

static bool zone_name_ok(const char *zone)
{
	size_t n = strlen(zone);

	if (n == 0 || n > ZONE_BYTES || zone[0] == '/' || strstr(zone, "..")) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		char c = zone[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
			    c == '+' || c == '-' || c == '/')) {
			return false;
		}
	}
	return true;
}

bool when_check_zone(const char *zone, struct error *err)
{
	char path[sizeof(ZONE_DIR) + ZONE_BYTES];
	struct stat st;

	if (!zone || !zone_name_ok(zone)) {
		return error_set(
			err, ERROR_CONFIG, ADVISE_REJECT, 0, "not the name of a time zone (such as Asia/Shanghai)");
	}
	snprintf(path, sizeof(path), "%s%s", ZONE_DIR, zone);
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "this system knows no time zone %s", zone);
	}
	return true;
}

bool when_set_zone(const char *zone, struct error *err)
{
	if (!when_check_zone(zone, err)) {
		return false;
	}
	if (setenv("TZ", zone, 1) < 0) {
		return error_set_errno(err, "time zone %s", zone);
	}
	tzset();
	return true;
}

/* ---- local time ---- */

/* Whole seconds below, also before 1970. */
static time_t second_of(int64_t at)
{
	return (time_t)(at / SECOND_MS - (at % SECOND_MS < 0));
}

static bool local(int64_t at, struct tm *ret_tm)
{
	time_t second = second_of(at);

	return localtime_r(&second, ret_tm) != NULL;
}

static bool same_clock(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
	       a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

/* The earliest instant at which clocks here show that; false when they never do. */
static bool from_local(const struct tm *clock, int64_t *ret_at)
{
	static const int64_t probes_ms[] = { -DAY_MS, DAY_MS };
	struct tm copy = *clock;
	int64_t as_utc = (int64_t)timegm(&copy) * SECOND_MS;
	int64_t first_at = INT64_MAX;

	for (size_t i = 0; i < ARRAY_LEN(probes_ms); i++) {
		struct tm tm;
		int64_t at;

		if (!local(as_utc + probes_ms[i], &tm)) {
			continue;
		}
		at = as_utc - (int64_t)tm.tm_gmtoff * SECOND_MS;
		if (local(at, &tm) && same_clock(&tm, clock) && at < first_at) {
			first_at = at;
		}
	}
	if (first_at == INT64_MAX) {
		return false;
	}
	*ret_at = first_at;
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* ---- reading ---- */

struct reader {
	struct str whole; /* for messages */
	struct str rest;
	struct error *err;
};

static bool bad(struct reader *in, const char *what)
{
	cleanup(buf_finish) struct buf line = { 0 };
	cleanup(buf_finish) struct buf shown = { 0 };

	buf_init(&line, 4096);
	buf_init(&shown, 1024);
	if (!text_safe_line(&line, str_sub(in->whole, 0, 512)) || !text_cut(&shown, buf_str(&line), SHOWN_CELLS)) {
		buf_clear(&shown);
	}
	return error_set(in->err, ERROR_INPUT, ADVISE_REJECT, 0, "\"%s\": %s", shown.p, what);
}

static bool not_a_time(struct reader *in)
{
	return bad(in, "not a time; write 2026-10-01 08:00, 8:00, tomorrow 8:00, mon 8:00, +2h or RFC 3339");
}

static void skip_blanks(struct reader *in)
{
	for (;;) {
		if (in->rest.n > 0 && (in->rest.p[0] == ' ' || in->rest.p[0] == '\t')) {
			in->rest = str_sub(in->rest, 1, in->rest.n);
		} else if (str_starts(in->rest, STR("\xe3\x80\x80"))) { /* U+3000 */
			in->rest = str_sub(in->rest, 3, in->rest.n);
		} else {
			return;
		}
	}
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Letters in any case; an English word must end where it ends. */
static bool take(struct reader *in, const char *word)
{
	size_t n = strlen(word);

	if (in->rest.n < n) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (lower(in->rest.p[i]) != word[i]) {
			return false;
		}
	}
	if (is_letter(word[n - 1]) && in->rest.n > n && is_letter(in->rest.p[n])) {
		return false;
	}
	in->rest = str_sub(in->rest, n, in->rest.n);
	return true;
}

/* Between min and max digits, all there are. */
static bool take_number(struct reader *in, size_t min, size_t max, int *ret_value)
{
	size_t n = 0;
	int64_t value;

	while (n < in->rest.n && n <= max && is_digit(in->rest.p[n])) {
		n++;
	}
	if (n < min || n > max || !str_to_i64(str_sub(in->rest, 0, n), 0, INT32_MAX, &value)) {
		return false;
	}
	*ret_value = (int)value;
	in->rest = str_sub(in->rest, n, in->rest.n);
	return true;
}

static bool take_colon(struct reader *in)
{
	return take(in, ":") || take(in, "\xef\xbc\x9a"); /* U+FF1A */
}

static const struct {
	const char *word;
	int days;
} day_words[] = {
	{ "today", 0 },
	{ "tomorrow", 1 },
	{ "今天", 0 },
	{ "今日", 0 },
	{ "明天", 1 },
	{ "明日", 1 },
	{ "后天", 2 },
};

static const struct {
	const char *word;
	int weekday; /* Sunday 0, as in struct tm */
} weekday_words[] = {
	{ "sunday", 0 },
	{ "monday", 1 },
	{ "tuesday", 2 },
	{ "wednesday", 3 },
	{ "thursday", 4 },
	{ "friday", 5 },
	{ "saturday", 6 },
	{ "sun", 0 },
	{ "mon", 1 },
	{ "tue", 2 },
	{ "wed", 3 },
	{ "thu", 4 },
	{ "fri", 5 },
	{ "sat", 6 },
	{ "周日", 0 },
	{ "周天", 0 },
	{ "周一", 1 },
	{ "周二", 2 },
	{ "周三", 3 },
	{ "周四", 4 },
	{ "周五", 5 },
	{ "周六", 6 },
	{ "星期日", 0 },
	{ "星期天", 0 },
	{ "星期一", 1 },
	{ "星期二", 2 },
	{ "星期三", 3 },
	{ "星期四", 4 },
	{ "星期五", 5 },
	{ "星期六", 6 },
};

/* "2026-10-01"; the year of four digits has been seen. */
static bool take_date(struct reader *in, struct tm *tm)
{
	int year, month, day;

	if (!take_number(in, 4, 4, &year) || !take(in, "-") || !take_number(in, 1, 2, &month) || !take(in, "-") ||
		!take_number(in, 1, 2, &day)) {
		return not_a_time(in);
	}
	if (year < 1970) {
		return bad(in, "before 1970");
	}
	if (month < 1 || month > 12 || day < 1 || day > days_in(year, month)) {
		return bad(in, "there is no such day");
	}
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return true;
}

/* "8:00", "08:00:30.250", "8点", "8点30分", "8点半", the Chinese ones also behind 上午 or 下午. */
static bool take_clock(struct reader *in, struct tm *tm, int *ret_ms)
{
	bool morning = take(in, "上午") || take(in, "早上");
	bool evening = !morning && (take(in, "下午") || take(in, "晚上"));
	int hour, minute = 0, second = 0, ms = 0;

	skip_blanks(in);
	if (!take_number(in, 1, 2, &hour)) {
		return not_a_time(in);
	}
	if (take_colon(in)) {
		if (!take_number(in, 2, 2, &minute) || (take_colon(in) && !take_number(in, 2, 2, &second))) {
			return not_a_time(in);
		}
		if (in->rest.n > 1 && in->rest.p[0] == '.' && is_digit(in->rest.p[1])) {
			int scale = 100;

			in->rest = str_sub(in->rest, 1, in->rest.n);
			for (; in->rest.n > 0 && is_digit(in->rest.p[0]); scale /= 10) {
				ms += (in->rest.p[0] - '0') * scale;
				in->rest = str_sub(in->rest, 1, in->rest.n);
			}
		}
	} else if (take(in, "点") || take(in, "时")) {
		if (take(in, "半")) {
			minute = 30;
		} else if (take_number(in, 1, 2, &minute)) {
			(void)take(in, "分");
		}
	} else {
		return not_a_time(in);
	}
	if ((morning && hour > 12) || (evening && hour < 1)) {
		return bad(in, "there is no such time of day");
	}
	if (evening && hour < 12) {
		hour += 12;
	}
	if (hour > 23 || minute > 59 || second > 59) {
		return bad(in, "there is no such time of day");
	}
	tm->tm_hour = hour;
	tm->tm_min = minute;
	tm->tm_sec = second;
	*ret_ms = ms;
	return true;
}

/* "Z", "+08:00", "+0800"; ret_given says whether there was one. */
static bool take_offset(struct reader *in, bool *ret_given, int64_t *ret_offset_ms)
{
	int hours, minutes, sign;

	skip_blanks(in);
	*ret_given = true;
	*ret_offset_ms = 0;
	if (take(in, "z")) {
		return true;
	}
	if (in->rest.n == 0) {
		*ret_given = false;
		return true;
	}
	sign = take(in, "+") ? 1 : take(in, "-") ? -1 : 0;
	if (sign == 0) {
		return not_a_time(in);
	}
	if (in->rest.n == 4) {
		int both;

		if (!take_number(in, 4, 4, &both)) {
			return not_a_time(in);
		}
		hours = both / 100;
		minutes = both % 100;
	} else if (!take_number(in, 2, 2, &hours) || !take(in, ":") || !take_number(in, 2, 2, &minutes)) {
		return not_a_time(in);
	}
	if (hours > 23 || minutes > 59) {
		return bad(in, "there is no such offset from UTC");
	}
	*ret_offset_ms = sign * (hours * HOUR_MS + minutes * MINUTE_MS);
	return true;
}

static bool finish_local(struct reader *in, const struct tm *tm, int ms, int64_t *ret_at)
{
	int64_t at;

	if (in->rest.n > 0) {
		return not_a_time(in);
	}
	if (!from_local(tm, &at)) {
		return bad(in, "clocks skip this time of day there, they are put forward");
	}
	*ret_at = at + ms;
	return true;
}

static bool parse_dated(struct reader *in, int64_t *ret_at)
{
	struct tm tm = { 0 };
	int64_t offset_ms;
	bool given;
	int ms = 0;

	if (!take_date(in, &tm)) {
		return false;
	}
	if (!take(in, "t")) {
		skip_blanks(in);
	}
	if (in->rest.n == 0) {
		return bad(in, "the time of day is missing, such as 08:00");
	}
	if (!take_clock(in, &tm, &ms) || !take_offset(in, &given, &offset_ms)) {
		return false;
	}
	if (!given) {
		return finish_local(in, &tm, ms, ret_at);
	}
	if (in->rest.n > 0) {
		return not_a_time(in);
	}
	*ret_at = (int64_t)timegm(&tm) * SECOND_MS + ms - offset_ms;
	return true;
}

/* The day `days` after the one of `now`, as a calendar counts. */
static void set_day(struct tm *tm, const struct tm *now, int days)
{
	struct tm day = {
		.tm_year = now->tm_year, .tm_mon = now->tm_mon, .tm_mday = now->tm_mday + days, .tm_hour = 12
	};

	(void)timegm(&day); /* brings the 32nd into the next month */
	tm->tm_year = day.tm_year;
	tm->tm_mon = day.tm_mon;
	tm->tm_mday = day.tm_mday;
}

static bool parse_spoken(struct reader *in, int64_t now_at, int64_t *ret_at)
{
	struct tm tm = { 0 };
	struct tm now;
	int days = 0, weekday = -1, ms = 0;
	int64_t at;

	if (!local(now_at, &now)) {
		return bad(in, "the clock of this machine is wrong");
	}
	for (size_t i = 0; i < ARRAY_LEN(day_words); i++) {
		if (take(in, day_words[i].word)) {
			days = day_words[i].days;
			goto clock;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(weekday_words); i++) {
		if (take(in, weekday_words[i].word)) {
			weekday = weekday_words[i].weekday;
			days = (weekday - now.tm_wday + 7) % 7;
			break;
		}
	}
clock:
	skip_blanks(in);
	if (in->rest.n == 0) {
		return bad(in, "the time of day is missing, such as 08:00");
	}
	if (!take_clock(in, &tm, &ms)) {
		return false;
	}
	set_day(&tm, &now, days);
	if (!finish_local(in, &tm, ms, &at)) {
		return false;
	}
	if (weekday >= 0 && at <= now_at) {
		set_day(&tm, &now, days + 7);
		if (!finish_local(in, &tm, ms, &at)) {
			return false;
		}
	}
	*ret_at = at;
	return true;
}

static bool parse_any(struct reader *in, int64_t now_at, int64_t *ret_at)
{
	int64_t ms;

	if (str_starts(in->rest, STR("+"))) {
		if (!when_parse_duration(str_sub(in->rest, 1, in->rest.n), &ms, in->err)) {
			return false;
		}
		if (__builtin_add_overflow(now_at, ms, ret_at)) {
			return bad(in, "too far away");
		}
		return true;
	}
	if (take(in, "now") || take(in, "现在")) {
		if (in->rest.n > 0) {
			return not_a_time(in);
		}
		*ret_at = now_at;
		return true;
	}
	if (in->rest.n > 4 && is_digit(in->rest.p[0]) && is_digit(in->rest.p[1]) && is_digit(in->rest.p[2]) &&
		is_digit(in->rest.p[3])) {
		return parse_dated(in, ret_at);
	}
	return parse_spoken(in, now_at, ret_at);
}

bool when_parse(struct str text, int64_t now_at, int64_t *ret_at, struct error *err)
{
	struct reader in = { text, text, err };
	int64_t at;

	skip_blanks(&in);
	in.rest = str_trim(in.rest);
	in.whole = in.rest;
	if (in.rest.n == 0) {
		return not_a_time(&in);
	}
	if (!parse_any(&in, now_at, &at)) {
		return false;
	}
	if (at < 0 || at >= END_AT) {
		return bad(&in, at < 0 ? "before 1970" : "after the year 9999");
	}
	*ret_at = at;
	return true;
}

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	/* Longest first: a duration names each at most once and in this order. */
	{ "d", DAY_MS },
	{ "h", HOUR_MS },
	{ "m", MINUTE_MS },
	{ "s", SECOND_MS },
	{ "ms", 1 },
};

bool when_parse_duration(struct str text, int64_t *ret_ms, struct error *err)
{
	struct reader in = { text, text, err };
	int64_t sum_ms = 0;
	size_t next = 0;

	if (str_is(text, "0")) {
		*ret_ms = 0;
		return true;
	}
	if (text.n == 0) {
		return bad(&in, "a duration is missing, such as 30m");
	}
	while (in.rest.n > 0) {
		int64_t value, ms;
		size_t n = 0, i;

		while (n < in.rest.n && is_digit(in.rest.p[n])) {
			n++;
		}
		if (n == 0) {
			return bad(&in, "not a duration; write 90s, 30m, 2h, 3d or 1h30m");
		}
		if (!str_to_i64(str_sub(in.rest, 0, n), 0, LONGEST_MS, &value)) {
			return bad(&in, "longer than a hundred years");
		}
		in.rest = str_sub(in.rest, n, in.rest.n);
		if (in.rest.n == 0) {
			return bad(&in, "the unit is missing: s, m, h or d");
		}
		for (i = next; i < ARRAY_LEN(units); i++) {
			if (take(&in, units[i].name)) {
				break;
			}
		}
		if (i == ARRAY_LEN(units)) {
			return bad(&in, "not a duration; write 90s, 30m, 2h, 3d or 1h30m");
		}
		if (__builtin_mul_overflow(value, units[i].ms, &ms) || __builtin_add_overflow(sum_ms, ms, &sum_ms) ||
			sum_ms > LONGEST_MS) {
			return bad(&in, "longer than a hundred years");
		}
		next = i + 1;
	}
	*ret_ms = sum_ms;
	return true;
}

/* ---- writing ---- */

static bool local_or_fail(struct buf *out, int64_t at, struct tm *ret_tm)
{
	if (!local(at, ret_tm)) {
		out->failed = true;
		return false;
	}
	return true;
}

static bool add_offset(struct buf *out, const struct tm *tm)
{
	long minutes = tm->tm_gmtoff / 60;
	char sign = minutes < 0 ? '-' : '+';

	minutes = labs(minutes);
	return buf_printf(out, "%c%02ld:%02ld", sign, minutes / 60, minutes % 60);
}

static bool add_date(struct buf *out, const struct tm *tm)
{
	return buf_printf(out, "%04d-%02d-%02d", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday);
}

bool when_format_rfc3339(struct buf *out, int64_t at)
{
	int ms = (int)((at % SECOND_MS + SECOND_MS) % SECOND_MS); /* also before 1970 */
	struct tm tm;

	if (!local_or_fail(out, at, &tm)) {
		return false;
	}
	add_date(out, &tm);
	buf_printf(out, "T%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (ms) {
		buf_printf(out, ".%03d", ms);
	}
	return add_offset(out, &tm);
}

bool when_format_echo(struct buf *out, int64_t at, int64_t now_at)
{
	struct tm tm;

	if (!local_or_fail(out, at, &tm)) {
		return false;
	}
	buf_printf(out, "%s ", weekdays[tm.tm_wday]);
	add_date(out, &tm);
	buf_printf(out, " %02d:%02d", tm.tm_hour, tm.tm_min);
	if (tm.tm_sec) {
		buf_printf(out, ":%02d", tm.tm_sec);
	}
	buf_add_char(out, ' ');
	add_offset(out, &tm);
	buf_add_text(out, ", ");
	return when_format_relative(out, at, now_at);
}

bool when_format_relative(struct buf *out, int64_t at, int64_t now_at)
{
	static const struct unit shown[] = {
		{ "d", DAY_MS },
		{ "h", HOUR_MS },
		{ "min", MINUTE_MS },
		{ "s", SECOND_MS },
	};
	bool ahead = at > now_at;
	/* Unsigned, so that no pair of instants overflows. */
	uint64_t left_ms = ahead ? (uint64_t)at - (uint64_t)now_at : (uint64_t)now_at - (uint64_t)at;
	size_t first = 0;

	while (first < ARRAY_LEN(shown) && left_ms < (uint64_t)shown[first].ms) {
		first++;
	}
	if (first == ARRAY_LEN(shown)) {
		return buf_add_text(out, "now");
	}
	buf_add_text(out, ahead ? "in " : "");
	buf_printf(out, "%" PRIu64 " %s", left_ms / (uint64_t)shown[first].ms, shown[first].name);
	left_ms %= (uint64_t)shown[first].ms;
	if (first + 1 < ARRAY_LEN(shown) && left_ms >= (uint64_t)shown[first + 1].ms) {
		buf_printf(out, " %" PRIu64 " %s", left_ms / (uint64_t)shown[first + 1].ms, shown[first + 1].name);
	}
	return buf_add_text(out, ahead ? "" : " ago");
}

bool when_format_short(struct buf *out, int64_t at, int64_t now_at)
{
	struct tm tm, now;

	if (!local_or_fail(out, at, &tm) || !local_or_fail(out, now_at, &now)) {
		return false;
	}
	if (tm.tm_year != now.tm_year) {
		buf_printf(out, "%04d-", tm.tm_year + 1900);
	}
	if (tm.tm_year != now.tm_year || tm.tm_yday != now.tm_yday) {
		buf_printf(out, "%02d-%02d ", tm.tm_mon + 1, tm.tm_mday);
	}
	return buf_printf(out, "%02d:%02d", tm.tm_hour, tm.tm_min);
}

bool when_format_duration(struct buf *out, int64_t ms)
{
	uint64_t left_ms = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;

	if (ms < 0) {
		buf_add_char(out, '-');
	}
	if (left_ms == 0) {
		return buf_add_text(out, "0s");
	}
	/* "90s" reads better than "1m30s". */
	if (left_ms < 2 * (uint64_t)MINUTE_MS && left_ms % (uint64_t)SECOND_MS == 0 && left_ms != (uint64_t)MINUTE_MS) {
		return buf_printf(out, "%" PRIu64 "s", left_ms / (uint64_t)SECOND_MS);
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		uint64_t whole = left_ms / (uint64_t)units[i].ms;

		if (whole) {
			buf_printf(out, "%" PRIu64 "%s", whole, units[i].name);
		}
		left_ms %= (uint64_t)units[i].ms;
	}
	return !out->failed;
}
