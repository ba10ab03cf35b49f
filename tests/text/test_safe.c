#include "check.h"

#include <stdlib.h>

#include "core/limits.h"
#include "text/safe.h"
#include "text/utf8.h"

#define BAD    "\xef\xbf\xbd" /* U+FFFD */
#define ZWNJ   "\xe2\x80\x8c"
#define ZWJ    "\xe2\x80\x8d"
#define FAMILY "\xf0\x9f\x91\xa8" ZWJ "\xf0\x9f\x91\xa9" ZWJ "\xf0\x9f\x91\xa7"
#define FLAG_ENGLAND \
	"\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xa5\xf3\xa0\x81\xae\xf3\xa0\x81\xa7\xf3\xa0\x81" \
	"\xbf"
#define ACUTE                "\xcc\x81"
#define BELOW                "\xcc\x96" /* a mark that composes with nothing */
#define ACUTES_AND_DIAERESES ACUTE "\xcc\x88" ACUTE "\xcc\x88" ACUTE "\xcc\x88" ACUTE "\xcc\x88"
#define EIGHT(x)             x x x x x x x x

struct row {
	struct str given;
	const char *want;
};

static void check_rows(const struct row *rows, size_t n, bool (*run)(struct buf *, struct str))
{
	for (size_t i = 0; i < n; i++) {
		cleanup(buf_finish) struct buf out = { 0 };

		buf_init(&out, 4096);
		CHECK(run(&out, rows[i].given));
		if (!str_is(buf_str(&out), rows[i].want)) {
			fail_msg("row %zu: \"" STR_FMT "\" gives \"%s\", want \"%s\"", i, STR_ARG(rows[i].given), out.p,
				rows[i].want);
		}
	}
}

static bool sanitise(struct buf *out, struct str text)
{
	return text_sanitise(out, text, 4096);
}

static void test_sanitise__leaves_honest_text_alone(void **state)
{
	static const struct row rows[] = {
		{ STR(""), "" },
		{ STR("a\tb\nc"), "a\tb\nc" },
		{ STR("平安示例：今天 9:00–17:30 办理。"), "平安示例：今天 9:00–17:30 办理。" },
		{ STR(FAMILY), FAMILY },
		{ STR("\xe2\x9d\xa4\xef\xb8\x8f" ZWJ "\xf0\x9f\x94\xa5"),
			"\xe2\x9d\xa4\xef\xb8\x8f" ZWJ "\xf0\x9f\x94\xa5" },
		{ STR("\xf0\x9f\x91\xae\xf0\x9f\x8f\xbd" ZWJ "\xe2\x99\x80\xef\xb8\x8f"),
			"\xf0\x9f\x91\xae\xf0\x9f\x8f\xbd" ZWJ "\xe2\x99\x80\xef\xb8\x8f" },
		{ STR("\xf0\x9f\x87\xa8\xf0\x9f\x87\xb3"), "\xf0\x9f\x87\xa8\xf0\x9f\x87\xb3" },
		{ STR(FLAG_ENGLAND), FLAG_ENGLAND },
		{ STR("1\xef\xb8\x8f\xe2\x83\xa3"), "1\xef\xb8\x8f\xe2\x83\xa3" },
		{ STR("می" ZWNJ "خواهم"), "می" ZWNJ "خواهم" },
		{ STR("\xe0\xa6\xb0" ZWJ "\xe0\xa7\x8d\xe0\xa6\xaf"), "\xe0\xa6\xb0" ZWJ "\xe0\xa7\x8d\xe0\xa6\xaf" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), sanitise);
}

static void test_sanitise__takes_the_harm_out(void **state)
{
	static const struct row rows[] = {
		{ STR("\x1b[31mred\x1b]0;title\x07"), BAD "[31mred" BAD "]0;title" BAD },
		{ STR("\xc2\x9b"
		      "31m"),
			BAD "31m" }, /* C1 */
		{ STR("a\0b"), "a" BAD "b" }, { STR("a\x7f"), "a" BAD },
		{ STR("photo\xe2\x80\xaegpj.exe"), "photogpj.exe" }, /* U+202E */
		{ STR("\xe2\x81\xa6x\xe2\x81\xa9"), "x" },           /* isolates */
		{ STR("b\xe2\x80\x8bo\xe2\x81\xa0m\xef\xbb\xbf"
		      "b"),
			"bomb" }, /* U+200B U+2060 U+FEFF */
		{ STR("b\xc2\xado" ZWNJ "m" ZWJ "b"), "bomb" }, { STR("炸\xe2\x80\x8b弹"), "炸弹" },
		{ STR(ZWJ "a" ZWJ), "a" }, { STR(" " ZWJ " "), "  " }, { STR("平" ZWJ ZWJ ZWJ "安"), "平" ZWJ "安" },
		{ STR("x\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf"), "x" }, /* tags without a flag */
		{ STR("\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2"),
			"\xf0\x9f\x8f\xb4" }, /* and without an end */
		{ STR("\xf0\x9f\x8f\xb4" EIGHT("\xf3\xa0\x81\xa7") "\xf3\xa0\x81\xbf"), "\xf0\x9f\x8f\xb4" },
		{ STR("\xef\xbf\xbe\xef\xb7\x90"), BAD BAD }, /* noncharacters */
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), sanitise);
}

static void test_sanitise__replaces_invalid_utf8_of_each_kind(void **state)
{
	static const struct row rows[] = {
		{ STR("a\xff"), "a" BAD },
		{ STR("\x80"), BAD },
		{ STR("caf\xe9 x"), "caf" BAD " x" },
		{ STR("\xc0\xaf"), BAD BAD },
		{ STR("\xe0\x80\xaf"), BAD BAD BAD },
		{ STR("\xf0\x80\x80\xaf"), BAD BAD BAD BAD },
		{ STR("\xed\xa0\x80"), BAD BAD BAD },
		{ STR("\xf4\x90\x80\x80"), BAD BAD BAD BAD },
		{ STR("平\xe5\xae"), "平" BAD BAD },
		{ STR("\xf0\x9f\x98"), BAD BAD BAD },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), sanitise);
}

static void test_sanitise__makes_every_line_end_a_line_feed(void **state)
{
	static const struct row rows[] = {
		{ STR("a\r\nb\rc\nd"), "a\nb\nc\nd" },
		{ STR("a\r\r\n\nb"), "a\n\n\nb" },
		{ STR("a\r"), "a\n" },
		{ STR("a\x0b"
		      "b\x0c"
		      "c"),
			"a\nb\nc" },
		{ STR("a\xc2\x85"
		      "b\xe2\x80\xa8"
		      "c\xe2\x80\xa9"
		      "d"),
			"a\nb\nc\nd" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), sanitise);
}

static void test_sanitise__composes(void **state)
{
	static const struct row rows[] = {
		{ STR("e" ACUTE), "\xc3\xa9" },
		{ STR("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), "한" },
		{ STR("\xe2\x84\xab"), "\xc3\x85" },               /* the Angstrom sign */
		{ STR("e" ZWJ ACUTE), "\xc3\xa9" },                /* the joiner goes before composing */
		{ STR("\xe2\x84\xaa" ZWJ ACUTE), "\xe1\xb8\xb0" }, /* Kelvin sign, K with acute */
		{ STR("\xe9\xa6\x96"
		      "\xef\xa8\x90"),
			"首塚" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), sanitise);
}

static void test_sanitise__keeps_eight_marks_on_one_base(void **state)
{
	static const struct row rows[] = {
		{ STR("x" EIGHT(BELOW) "y"), "x" EIGHT(BELOW) "y" },
		{ STR("x" EIGHT(BELOW) BELOW "y"), "x" EIGHT(BELOW) "y" },
		{ STR("x" EIGHT(EIGHT(BELOW)) "y" BELOW), "x" EIGHT(BELOW) "y" BELOW },
		{ STR(EIGHT(EIGHT(BELOW))), EIGHT(BELOW) },
		/* Joiners do not start a new count. */
		{ STR("\xd7\x90" EIGHT(BELOW) ZWJ BELOW), "\xd7\x90" EIGHT(BELOW) },
		/* Decomposes into two marks each, the first of them goes into the letter. */
		{ STR("x" EIGHT("\xcd\x84")), "\xe1\xba\x8d" ACUTES_AND_DIAERESES },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), sanitise);
}

static void test_sanitise__cuts_between_graphemes(void **state)
{
	static const struct {
		const char *given;
		size_t max_bytes;
		const char *want;
	} rows[] = {
		{ "abcdef", 3, "abc" },
		{ "平安", 5, "平" },
		{ "平" FAMILY, 20, "平" },
		{ "平" FAMILY, 21, "平" FAMILY },
		{ "e" ACUTE "x", 2, "\xc3\xa9" },
		{ "e" ACUTE "x", 3, "\xc3\xa9x" },
		{ "平" ZWJ "安", 8, "平" },         /* no joiner is left without its second half */
		{ FAMILY, 10, "\xf0\x9f\x91\xa8" }, /* one grapheme longer than everything: between code points */
		{ FLAG_ENGLAND, 27, "\xf0\x9f\x8f\xb4" },
		{ "平", 2, "" },
		{ "平", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out = { 0 };

		buf_init(&out, 100);
		CHECK(text_sanitise(&out, str_from(rows[i].given), rows[i].max_bytes));
		CHECK_TEXT(out.p, rows[i].want);
	}
}

static void test_sanitise__fills_its_size_though_much_is_dropped(void **state)
{
	cleanup(buf_finish) struct buf out = { 0 };
	cleanup(buf_finish) struct buf given = { 0 };

	(void)state;
	buf_init(&given, 1 << 20);
	buf_init(&out, 100);
	for (int i = 0; i < 10000; i++) {
		buf_add_text(&given, "\xe2\x80\x8b");
	}
	for (int i = 0; i < 40; i++) {
		buf_add_text(&given, "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab");
	}
	CHECK(text_sanitise(&out, buf_str(&given), 90));
	CHECK_INT(out.n, 90);
	CHECK_INT(text_chars(buf_str(&out)), 30);
}

/* Alternating classes of marks make canonical ordering quadratic when nobody limits them. */
static void test_sanitise__heap_of_marks_is_quick(void **state)
{
	cleanup(buf_finish) struct buf out = { 0 };
	cleanup(buf_finish) struct buf given = { 0 };

	(void)state;
	buf_init(&given, LIMIT_FRAME_BYTES);
	buf_init(&out, LIMIT_FRAME_BYTES);
	buf_add_char(&given, 'x');
	while (given.n < (4u << 20)) {
		buf_add_text(&given, ACUTE BELOW);
	}
	CHECK(text_sanitise(&out, buf_str(&given), LIMIT_FRAME_BYTES));
	CHECK_INT(text_chars(buf_str(&out)), 9);
}

static void test_sanitise__fails_when_it_does_not_fit_the_buffer(void **state)
{
	cleanup(buf_finish) struct buf out = { 0 };

	(void)state;
	buf_init(&out, 5);
	CHECK(!text_sanitise(&out, STR("平安"), 100));
	CHECK(out.failed);
	CHECK(!text_safe_line(&out, STR("x")));
	CHECK(!text_safe_lines(&out, STR("x")));
	CHECK(!text_csv_field(&out, STR("x")));
}

static void test_safe_line__is_one_line(void **state)
{
	static const struct row rows[] = {
		{ STR("a\n\n b\t\tc  d"), "a b c d" },
		{ STR("\r\n"), " " },
		{ STR("\x1b[2J平\xe2\x80\xa8安"), BAD "[2J平 安" },
		{ STR(""), "" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), text_safe_line);
}

static void test_safe_lines__keep_their_line_ends(void **state)
{
	static const struct row rows[] = {
		{ STR("a\r\n\tb  c\n"), "a\n b  c\n" },
		{ STR("\x1b[2Jx"), BAD "[2Jx" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), text_safe_lines);
}

static void test_csv_field__is_quoted_when_needed_and_never_a_formula(void **state)
{
	static const struct row rows[] = {
		{ STR(""), "" },
		{ STR("plain"), "plain" },
		{ STR("平安"), "平安" },
		{ STR("a,b"), "\"a,b\"" },
		{ STR("say \"x\""), "\"say \"\"x\"\"\"" },
		{ STR("two\nlines"), "\"two\nlines\"" },
		{ STR("cr\r"), "\"cr\r\"" },
		{ STR(" a"), "\" a\"" },
		{ STR("=1+1"), "'=1+1" },
		{ STR("+8610"), "'+8610" },
		{ STR("-1"), "'-1" },
		{ STR("@SUM(A1)"), "'@SUM(A1)" },
		{ STR("\tx"), "\"'\tx\"" },
		{ STR("\rx"), "\"'\rx\"" },
		{ STR("=HYPERLINK(\"http://example.com\",1)"), "\"'=HYPERLINK(\"\"http://example.com\"\",1)\"" },
		{ STR("a=b"), "a=b" },
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows), text_csv_field);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sanitise__leaves_honest_text_alone),
		cmocka_unit_test(test_sanitise__takes_the_harm_out),
		cmocka_unit_test(test_sanitise__replaces_invalid_utf8_of_each_kind),
		cmocka_unit_test(test_sanitise__makes_every_line_end_a_line_feed),
		cmocka_unit_test(test_sanitise__composes),
		cmocka_unit_test(test_sanitise__keeps_eight_marks_on_one_base),
		cmocka_unit_test(test_sanitise__cuts_between_graphemes),
		cmocka_unit_test(test_sanitise__fills_its_size_though_much_is_dropped),
		cmocka_unit_test(test_sanitise__heap_of_marks_is_quick),
		cmocka_unit_test(test_sanitise__fails_when_it_does_not_fit_the_buffer),
		cmocka_unit_test(test_safe_line__is_one_line),
		cmocka_unit_test(test_safe_lines__keep_their_line_ends),
		cmocka_unit_test(test_csv_field__is_quoted_when_needed_and_never_a_formula),
	};

	return check_run(tests);
}
