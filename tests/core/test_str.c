#include "check.h"

#include <stdlib.h>

#include "core/str.h"

static void test_str__compares_bytes(void **state)
{
	(void)state;
	CHECK(str_eq((struct str){ 0 }, STR("")));
	CHECK(str_eq(STR("a\0b"), STR("a\0b")));
	CHECK(!str_eq(STR("a\0b"), STR("a\0c")));
	CHECK(!str_eq(STR("ab"), STR("abc")));
	CHECK(str_is(STR("abc"), "abc"));
	CHECK(!str_is(STR("abc"), "ab"));
	CHECK(str_is((struct str){ 0 }, NULL));
	CHECK(str_starts(STR("weibo-main"), STR("weibo")));
	CHECK(str_starts(STR("x"), STR("")));
	CHECK(!str_starts(STR("we"), STR("weibo")));
	CHECK(str_ends(STR("weibo-main"), STR("-main")));
	CHECK(str_ends(STR(""), STR("")));
	CHECK(!str_ends(STR("n"), STR("main")));
}

static void test_str__cuts_inside_its_bounds(void **state)
{
	(void)state;
	CHECK_STR(str_sub(STR("abcdef"), 2, 3), "cde");
	CHECK_STR(str_sub(STR("abcdef"), 4, 100), "ef");
	CHECK_STR(str_sub(STR("abcdef"), 6, 1), "");
	CHECK_STR(str_sub(STR("abcdef"), 100, SIZE_MAX), "");
	CHECK_STR(str_sub((struct str){ 0 }, 1, 1), "");
	CHECK_STR(str_trim(STR(" \t\r\n a b \n")), "a b");
	CHECK_STR(str_trim(STR("  ")), "");
	CHECK_STR(str_trim((struct str){ 0 }), "");
	CHECK_STR(str_trim(STR("\xc2\xa0x")), "\xc2\xa0x");
}

static void test_str__finds(void **state)
{
	(void)state;
	CHECK_INT(str_find(STR("abcabc"), STR("ca")), 2);
	CHECK_INT(str_find(STR("abc"), STR("abcd")), -1);
	CHECK_INT(str_find(STR("abc"), STR("")), 0);
	CHECK_INT(str_find((struct str){ 0 }, STR("a")), -1);
	CHECK_INT(str_find(STR("a\0b"), STR("\0b")), 1);
}

static void check_split(const char *whole, char separator, const char *const *want)
{
	struct str rest = str_from(whole), part;

	for (; *want; want++) {
		CHECK(str_split(&rest, separator, &part));
		CHECK_STR(part, *want);
	}
	CHECK(!str_split(&rest, separator, &part));
}

static void test_str__splits_at_every_separator(void **state)
{
	(void)state;
	check_split("a,,b", ',', (const char *const[]){ "a", "", "b", NULL });
	check_split("a,", ',', (const char *const[]){ "a", "", NULL });
	check_split(",", ',', (const char *const[]){ "", "", NULL });
	check_split("", ',', (const char *const[]){ "", NULL });
	check_split("abc", ',', (const char *const[]){ "abc", NULL });
	check_split(NULL, ',', (const char *const[]){ NULL });
}

static void test_str__reads_numbers_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} rows[] = {
		{ "0", true, 0 },
		{ "-1", true, -1 },
		{ "007", true, 7 },
		{ "-0", true, 0 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "--1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1e3", false, 0 },
		{ "0x10", false, 0 },
		{ "１", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t value = 77;

		CHECK_INT(str_to_i64(str_from(rows[i].text), INT64_MIN, INT64_MAX, &value), rows[i].ok);
		CHECK_INT(value, rows[i].ok ? rows[i].value : 77);
	}
}

static void test_str__number_outside_its_range_is_refused(void **state)
{
	int64_t value = 77;

	(void)state;
	CHECK(!str_to_i64(STR("11"), 1, 10, &value));
	CHECK(!str_to_i64(STR("0"), 1, 10, &value));
	CHECK_INT(value, 77);
	CHECK(str_to_i64(STR("10"), 1, 10, &value));
	CHECK(str_to_i64(STR("1"), 1, 10, &value));
	CHECK(!str_to_i64(STR("1\0"), 1, 10, &value));
	CHECK_INT(value, 1);
}

static void test_str__steps_over_valid_utf8_only(void **state)
{
	static const struct {
		const char *bytes;
		size_t step;
	} rows[] = {
		{ "a", 1 },
		{ "\xc2\x80", 2 },
		{ "\xdf\xbf", 2 },
		{ "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xee\x80\x80", 3 },
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "", 0 },
		{ "\x80", 0 },     /* continuation first */
		{ "\xc0\x80", 0 }, /* overlong */
		{ "\xc1\xbf", 0 },
		{ "\xe0\x9f\xbf", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xed\xa0\x80", 0 }, /* surrogates */
		{ "\xed\xbf\xbf", 0 },
		{ "\xf4\x90\x80\x80", 0 }, /* above U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xff", 0 },
		{ "\xe5\xb9", 0 }, /* cut */
		{ "\xf0\x9f\x98", 0 },
		{ "\xe5\xb9"
		  "a",
			0 },
		{ "\xc2"
		  "a",
			0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_INT(str_utf8_step(str_from(rows[i].bytes)), rows[i].step);
	}
}

static void test_str__copies(void **state)
{
	char *copy = str_dup(str_sub(STR("abc"), 0, 2));
	char *empty = str_dup((struct str){ 0 });

	(void)state;
	CHECK_TEXT(copy, "ab");
	CHECK_TEXT(empty, "");
	free(copy);
	free(empty);
}

static void test_str__distance_counts_edits(void **state)
{
	static const struct {
		const char *a, *b;
		int distance;
	} rows[] = {
		{ "", "", 0 },
		{ "post", "post", 0 },
		{ "post", "pots", 2 },
		{ "post", "posts", 1 },
		{ "post", "ost", 1 },
		{ "post", "past", 1 },
		{ "kitten", "sitting", 3 },
		{ "", "abc", 3 },
		{ "abc", "", 3 },
	};
	char longer[101];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_INT(str_distance(rows[i].a, rows[i].b), rows[i].distance);
	}
	memset(longer, 'a', 100);
	longer[100] = '\0';
	CHECK_INT(str_distance(longer, "a"), 99);
	longer[64] = '\0';
	CHECK_INT(str_distance(longer, "a"), 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str__compares_bytes),
		cmocka_unit_test(test_str__cuts_inside_its_bounds),
		cmocka_unit_test(test_str__finds),
		cmocka_unit_test(test_str__splits_at_every_separator),
		cmocka_unit_test(test_str__reads_numbers_and_nothing_else),
		cmocka_unit_test(test_str__number_outside_its_range_is_refused),
		cmocka_unit_test(test_str__steps_over_valid_utf8_only),
		cmocka_unit_test(test_str__copies),
		cmocka_unit_test(test_str__distance_counts_edits),
	};

	return check_run(tests);
}
