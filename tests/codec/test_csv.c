/*
 * CSV as it comes out of the office's spreadsheets, and as it should not come.
 */
#include "check.h"

#include "codec/csv.h"
#include "core/limits.h"
#include "core/mem.h"

/* Rows as one text: fields between | , rows ended by /. */
static void flatten(const struct csv *csv, struct buf *out)
{
	for (size_t i = 0; i < csv->n; i++) {
		for (size_t k = 0; k < csv->rows[i].n; k++) {
			(void)buf_printf(out, "%s%s", k ? "|" : "", csv->rows[i].fields[k]);
		}
		(void)buf_add_char(out, '/');
	}
}

static void test_csv__forms_of_offices_are_read(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "a,b\n1,2\n", "a|b/1|2/" },
		{ "a,b\r\n1,2\r\n", "a|b/1|2/" },
		{ "a,b\n1,2", "a|b/1|2/" },
		{ "\xef\xbb\xbf"
		  "a,b\n1,2\n",
			"a|b/1|2/" },
		{ "a;b\n1,5;2\n", "a|b/1,5|2/" },
		{ "a\tb\n1;5\t2,0\n", "a|b/1;5|2,0/" },
		{ "\"a,;;x\",b\n1,2\n", "a,;;x|b/1|2/" }, /* separators inside quotes do not vote */
		{ "\n\r\na;b\n\n1;2\n\n\n", "a|b/1|2/" }, /* nor do empty lines */
		{ "标题,正文\n通知,\"第一行\n第二行\"\n", "标题|正文/通知|第一行\n第二行/" },
		{ "a,b\n\"say \"\"hi\"\"\",\"\"\n", "a|b/say \"hi\"|/" },
		{ "a,b\n\"\"\"\",x\n", "a|b/\"|x/" },
		{ "a,b,c\n1\n,,\n1,,3\n", "a|b|c/1/||/1||3/" }, /* fewer fields than the header are allowed */
		{ "a,b\n 1 , 2 \n", "a|b/ 1 | 2 /" },
		{ "a,b\n1,", "a|b/1|/" },
		{ "a", "a/" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(csv_freep) struct csv *csv = NULL;
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 1024);
		CHECK_OK(csv_parse("f.csv", str_from(rows[i].text), &csv, &err), err);
		flatten(csv, &out);
		CHECK_STR(buf_str(&out), rows[i].want);
	}
}

static void test_csv__rows_know_the_line_they_begin_in(void **state)
{
	cleanup(csv_freep) struct csv *csv = NULL;
	struct error err = { 0 };

	(void)state;
	CHECK_OK(csv_parse("f.csv", STR("\r\na,b\r\n\"x\r\ny\r\nz\",1\r\n\r\n2,3\r\n"), &csv, &err), err);
	CHECK_INT(csv->n, 3);
	CHECK_INT(csv->rows[0].line, 2);
	CHECK_INT(csv->rows[1].line, 3);
	CHECK_INT(csv->rows[2].line, 7);
}

static void test_csv__what_is_broken_is_refused_with_its_line(void **state)
{
	static const struct {
		struct str text;
		const char *want;
	} rows[] = {
		{ { NULL, 0 }, "f.csv:1: empty" },
		{ STR("\n\r\n\n"), "f.csv:1: empty" },
		{ STR("\xef\xbb\xbf"), "f.csv:1: empty" },
		{ STR("a,b\n1,\"2\n3,4\n"), "f.csv:2: a quote is opened and never closed" },
		{ STR("\""), "f.csv:1: a quote is opened and never closed" },
		{ STR("a,b\n1,\"2\"x\n"), "f.csv:2: text behind a closing quote" },
		{ STR("a,b\n\"1\n2\"3,4\n"), "f.csv:3: text behind a closing quote" },
		{ STR("a,b\n1,2\"3\n"), "f.csv:2: a quote inside a field" },
		{ STR("a,b\n\n1,2,3\n"), "f.csv:3: more than the 2 fields the header names" },
		{ STR("a,b\n1,2,\n"), "f.csv:2: more than the 2 fields the header names" },
		{ STR("a,b\n1,\0002\n"), "f.csv:2: a NUL" },
		{ STR("\0"), "f.csv:1: a NUL" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct csv *csv = NULL;
		struct error err = { 0 };

		CHECK_FAILS(csv_parse("f.csv", rows[i].text, &csv, &err), err, rows[i].want);
		CHECK(strstr(err.message, rows[i].want) == err.message);
		CHECK_INT(err.domain, ERROR_INPUT);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK(csv == NULL);
	}
}

static void test_csv__rows_are_capped_where_the_limit_says(void **state)
{
	cleanup(buf_finish) struct buf text;
	struct csv *csv = NULL;
	struct error err = { 0 };

	(void)state;
	buf_init(&text, LIMIT_IMPORT_BYTES);
	(void)buf_add_text(&text, "a\n");
	for (unsigned i = 0; i < LIMIT_IMPORT_ROWS; i++) {
		(void)buf_add_text(&text, "1\n");
	}
	CHECK_OK(csv_parse("f.csv", buf_str(&text), &csv, &err), err);
	CHECK_INT(csv->n, LIMIT_IMPORT_ROWS + 1);
	csv_free(csv);
	csv = NULL;
	CHECK(buf_add_text(&text, "1\n"));
	CHECK_FAILS(csv_parse("f.csv", buf_str(&text), &csv, &err), err, "f.csv:10002: too many rows");
	CHECK(csv == NULL);
}

static void test_csv__a_field_is_never_cut_silently(void **state)
{
	size_t n = LIMIT_IMPORT_BYTES + 1;
	char *text = xnew_array(char, n);
	struct csv *csv = NULL;
	struct error err = { 0 };

	(void)state;
	memset(text, 'x', n);
	CHECK_FAILS(csv_parse("f.csv", (struct str){ text, n }, &csv, &err), err, "f.csv:1: ");
	CHECK(csv == NULL);
	free(text);
}

static void test_csv__free_accepts_nothing(void **state)
{
	struct csv *csv = NULL;

	(void)state;
	csv_free(NULL);
	csv_freep(&csv);
	CHECK(csv == NULL);
}

static void test_charset__utf8_stays_and_gb18030_is_converted(void **state)
{
	static const struct {
		struct str bytes;
		const char *want;
		bool converted;
	} rows[] = {
		{ { NULL, 0 }, "", false }, { STR("abc"), "abc", false }, { STR("中文"), "中文", false },
		{ STR("\xef\xbb\xbf"
		      "中文"),
			"中文", false },
		{ STR("\xd6\xd0\xce\xc4"), "中文", true }, { STR("\xb1\xea\xcc\xe2,1\n"), "标题,1\n", true },
		{ STR("\x95\x32\x82\x36,\xd6\xd0"), "𠀀,中", true }, /* four bytes: what GBK does not have */
		{ STR("\x84\x31\x95\x33\xd6\xd0"), "中", true },     /* GB18030's own byte order mark */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		bool converted = !rows[i].converted;
		struct error err = { 0 };

		buf_init(&out, 64);
		CHECK_OK(charset_to_utf8(&out, rows[i].bytes, &converted, &err), err);
		CHECK_STR(buf_str(&out), rows[i].want);
		CHECK_INT(converted, rows[i].converted);
	}
}

static void test_charset__a_long_file_is_converted_whole(void **state)
{
	enum { TIMES = 20000 };
	char *bytes = xnew_array(char, (size_t)2 * TIMES + 1);
	cleanup(buf_finish) struct buf out;
	bool converted = false;
	struct error err = { 0 };

	(void)state;
	buf_init(&out, (size_t)4 * TIMES);
	bytes[0] = 'a'; /* so that no chunk ends between characters by luck */
	for (size_t i = 0; i < TIMES; i++) {
		memcpy(bytes + 1 + 2 * i, "\xd6\xd0", 2);
	}
	CHECK_OK(charset_to_utf8(&out, (struct str){ bytes, (size_t)2 * TIMES + 1 }, &converted, &err), err);
	CHECK_INT(out.n, 1 + 3 * TIMES);
	for (size_t i = 0; i < TIMES; i++) {
		CHECK(memcmp(out.p + 1 + 3 * i, "中", 3) == 0);
	}
	free(bytes);
}

static void test_charset__what_is_neither_is_refused(void **state)
{
	static const struct {
		struct str bytes;
		const char *part;
	} rows[] = {
		{ STR("ab\xff"), "byte 2: " },
		{ STR("\xff\xfe"
		      "a\0b\0"),
			"byte 0: " },          /* UTF-16, what a spreadsheet calls Unicode */
		{ STR("ab\xd6"), "byte 2: " }, /* half a character at the end */
		/* The mark says UTF-8: reading it as GB18030 would give other characters, silently. */
		{ STR("\xef\xbb\xbf"
		      "ab\xd6\xd0"),
			"byte 5: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		bool converted = true;
		struct error err = { 0 };

		buf_init(&out, 64);
		CHECK_FAILS(charset_to_utf8(&out, rows[i].bytes, &converted, &err), err, rows[i].part);
		CHECK_INT(err.domain, ERROR_INPUT);
		CHECK(converted);
	}
}

static void test_charset__what_does_not_fit_is_an_error(void **state)
{
	static const struct str texts[] = { STR("abcde"), STR("\xd6\xd0\xce\xc4") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup(buf_finish) struct buf out;
		bool converted = false;
		struct error err = { 0 };

		buf_init(&out, 4);
		CHECK_FAILS(charset_to_utf8(&out, texts[i], &converted, &err), err, "too long");
		CHECK(!converted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv__forms_of_offices_are_read),
		cmocka_unit_test(test_csv__rows_know_the_line_they_begin_in),
		cmocka_unit_test(test_csv__what_is_broken_is_refused_with_its_line),
		cmocka_unit_test(test_csv__rows_are_capped_where_the_limit_says),
		cmocka_unit_test(test_csv__a_field_is_never_cut_silently),
		cmocka_unit_test(test_csv__free_accepts_nothing),
		cmocka_unit_test(test_charset__utf8_stays_and_gb18030_is_converted),
		cmocka_unit_test(test_charset__a_long_file_is_converted_whole),
		cmocka_unit_test(test_charset__what_is_neither_is_refused),
		cmocka_unit_test(test_charset__what_does_not_fit_is_an_error),
	};

	return check_run(tests);
}
