#include "check.h"

#include "text/utf8.h"

#define FAMILY        "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7" /* 👨‍👩‍👧 */
#define HEART_ON_FIRE "\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x94\xa5"
#define THUMB_BROWN   "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"
#define FLAG_CN       "\xf0\x9f\x87\xa8\xf0\x9f\x87\xb3"
#define FLAG_ENGLAND \
	"\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xa5\xf3\xa0\x81\xae\xf3\xa0\x81\xa7\xf3\xa0\x81" \
	"\xbf"
#define KEYCAP_1 "1\xef\xb8\x8f\xe2\x83\xa3"

static void test_utf8__says_where_it_is_invalid(void **state)
{
	static const struct {
		struct str text;
		ptrdiff_t at;
	} rows[] = {
		{ STR(""), -1 }, { STR("plain"), -1 }, { STR("a\0b"), -1 }, { STR("平安 👮"), -1 }, { STR("ab\xff"), 2 },
		{ STR("平\x80"), 3 }, { STR("平\xc0\xaf"), 3 }, /* overlong */
		{ STR("x\xe0\x80\xaf"), 1 }, { STR("x\xf0\x80\x80\xaf"), 1 },
		{ STR("x\xed\xa0\x80"), 1 },     /* surrogate */
		{ STR("x\xf4\x90\x80\x80"), 1 }, /* above U+10FFFF */
		{ STR("平\xe5\xae"), 3 },        /* cut */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_INT(utf8_invalid_at(rows[i].text), rows[i].at);
		CHECK_INT(utf8_valid(rows[i].text), rows[i].at < 0);
	}
}

static void test_utf8__decodes_what_it_encodes(void **state)
{
	char bytes[4];

	(void)state;
	for (uint32_t c = 0; c <= 0x110100; c++) {
		struct str text = { bytes, utf8_encode(c, bytes) };
		uint32_t again = 0;

		if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff) {
			CHECK_INT(text.n, 0);
			continue;
		}
		CHECK(text.n > 0);
		CHECK(utf8_next(&text, &again));
		CHECK_INT(again, c);
		CHECK_INT(text.n, 0);
		CHECK(!utf8_next(&text, &again));
	}
}

static void test_utf8__invalid_byte_is_one_replacement(void **state)
{
	struct str text = STR("a\xe5\xae"
			      "b\xff");
	static const uint32_t want[] = { 'a', 0xfffd, 0xfffd, 'b', 0xfffd };
	uint32_t c = 0;

	(void)state;
	CHECK_INT(text_chars(text), 5);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		CHECK(utf8_next(&text, &c));
		CHECK_INT(c, want[i]);
	}
	CHECK(!utf8_next(&text, &c));
}

static void test_text__width_counts_cells(void **state)
{
	static const struct {
		const char *text;
		size_t chars, cells;
	} rows[] = {
		{ "", 0, 0 }, { "abc", 3, 3 }, { "平安", 2, 4 }, { "，。", 2, 4 }, { "ｱ", 1, 1 }, /* half width */
		{ "e\xcc\x81", 2, 1 },                                                            /* combining acute */
		{ "👮", 1, 2 }, { FAMILY, 5, 2 }, { HEART_ON_FIRE, 4, 2 }, { "\xe2\x9d\xa4", 1, 1 }, /* heart as text */
		{ "\xe2\x9d\xa4\xef\xb8\x8f", 2, 2 }, { THUMB_BROWN, 2, 2 }, { FLAG_CN, 2, 2 },
		{ FLAG_CN FLAG_CN, 4, 4 }, { FLAG_ENGLAND, 7, 2 }, { KEYCAP_1, 3, 2 },
		{ "a\xef\xb8\x8f", 2, 1 },                            /* no emoji of a letter */
		{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 3, 2 },     /* one syllable of jamo */
		{ "한", 1, 2 }, { "\xe0\xb8\x81\xe0\xb8\xb3", 2, 2 }, /* Thai with sara am */
		{ "\xff", 1, 1 }, { "\xe2\x80\x8b", 1, 0 },           /* zero width space */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_INT(text_chars(str_from(rows[i].text)), rows[i].chars);
		if (text_width(str_from(rows[i].text)) != rows[i].cells) {
			fail_msg("\"%s\": %zu cells", rows[i].text, text_width(str_from(rows[i].text)));
		}
	}
}

static void test_text__graphemes_come_whole(void **state)
{
	static const char *const want[] = { "a", FAMILY, "e\xcc\x81", FLAG_CN, FLAG_ENGLAND, "\r\n", "平", KEYCAP_1 };
	struct str rest = STR("a" FAMILY "e\xcc\x81" FLAG_CN FLAG_ENGLAND "\r\n平" KEYCAP_1);
	struct str grapheme;
	size_t cells;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		CHECK(text_next_grapheme(&rest, &grapheme, &cells));
		CHECK_STR(grapheme, want[i]);
	}
	CHECK(!text_next_grapheme(&rest, &grapheme, &cells));
}

static void test_text_cut_bytes__never_splits_a_grapheme(void **state)
{
	struct str text = STR("平" FAMILY "x");

	(void)state;
	CHECK_STR(text_cut_bytes(text, 0), "");
	CHECK_STR(text_cut_bytes(text, 2), "");
	CHECK_STR(text_cut_bytes(text, 3), "平");
	CHECK_STR(text_cut_bytes(text, 4), "平");
	CHECK_STR(text_cut_bytes(text, 3 + 17), "平");
	CHECK_STR(text_cut_bytes(text, 3 + 18), "平" FAMILY);
	CHECK_STR(text_cut_bytes(text, 100), "平" FAMILY "x");
	CHECK_STR(text_cut_bytes((struct str){ 0 }, 5), "");
}

static void test_text_cut__ends_in_an_ellipsis_inside_its_cells(void **state)
{
	static const struct {
		const char *text;
		size_t cells;
		const char *want;
	} rows[] = {
		{ "abc", 3, "abc" },
		{ "abcd", 3, "ab…" },
		{ "abc", 1, "…" },
		{ "abc", 0, "" },
		{ "", 0, "" },
		{ "平安示例", 8, "平安示例" },
		{ "平安示例", 7, "平安示…" },
		{ "平安示例", 6, "平安…" },
		{ "平安示例", 5, "平安…" },
		{ "平", 1, "…" },
		{ "a" FAMILY "b", 4, "a" FAMILY "b" },
		{ "a" FAMILY "b", 3, "a…" },
		{ "e\xcc\x81z", 1, "…" },
		{ "e\xcc\x81", 1, "e\xcc\x81" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out = { 0 };

		buf_init(&out, 200);
		CHECK(text_cut(&out, str_from(rows[i].text), rows[i].cells));
		CHECK_TEXT(out.p, rows[i].want);
		CHECK(text_width(buf_str(&out)) <= rows[i].cells);
	}
}

static void test_text_pad__fills_columns_of_any_script(void **state)
{
	static const struct {
		const char *text;
		size_t cells;
		const char *want;
	} rows[] = {
		{ "ab", 4, "ab  " },
		{ "平安", 6, "平安  " },
		{ FAMILY, 3, FAMILY " " },
		{ "平安示例", 6, "平安… " },
		{ "", 2, "  " },
		{ "abc", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out = { 0 };

		buf_init(&out, 200);
		CHECK(text_pad(&out, str_from(rows[i].text), rows[i].cells));
		CHECK_TEXT(out.p, rows[i].want);
		CHECK_INT(text_width(buf_str(&out)), rows[i].cells);
	}
}

static void test_text_pad__fails_when_the_buffer_is_full(void **state)
{
	cleanup(buf_finish) struct buf out = { 0 };

	(void)state;
	buf_init(&out, 3);
	CHECK(!text_pad(&out, STR("ab"), 4));
	CHECK(out.failed);
	CHECK(!text_cut(&out, STR(""), 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8__says_where_it_is_invalid),
		cmocka_unit_test(test_utf8__decodes_what_it_encodes),
		cmocka_unit_test(test_utf8__invalid_byte_is_one_replacement),
		cmocka_unit_test(test_text__width_counts_cells),
		cmocka_unit_test(test_text__graphemes_come_whole),
		cmocka_unit_test(test_text_cut_bytes__never_splits_a_grapheme),
		cmocka_unit_test(test_text_cut__ends_in_an_ellipsis_inside_its_cells),
		cmocka_unit_test(test_text_pad__fills_columns_of_any_script),
		cmocka_unit_test(test_text_pad__fails_when_the_buffer_is_full),
	};

	return check_run(tests);
}
