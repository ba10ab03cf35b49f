/* Markdown as press officers write it, and the plain text a short post makes of it. */
#include "check.h"

#include "codec/markdown.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

static void test_markdown__marks_go_and_words_stay(void **state)
{
	static const struct {
		const char *markdown, *want;
	} rows[] = {
		{ "", "" }, { "\n\n", "" }, { "word", "word" }, { "**早上**好，*各位* `code`", "早上好，各位 code" },
		{ "# 标题\n\n正文\n", "标题\n正文" }, { "Title\n=====\nbody", "Title\nbody" },
		{ "one\ntwo", "one\ntwo" }, { "one  \ntwo\\\nthree", "one\ntwo\nthree" },
		{ "one\n\n\n\ntwo\n\nthree", "one\ntwo\nthree" }, { "- a\n- b\n", "- a\n- b" },
		{ "* a\n\n* b\n", "- a\n- b" }, { "3. a\n4. b\n", "3. a\n4. b" },
		{ "1. a\n1. b\n1. c\n", "1. a\n2. b\n3. c" }, { "- a\n  - b\n- c\n", "- a\n- b\n- c" },
		{ "- a\n\n  more\n- b\n", "- a\nmore\n- b" }, { "before\n\n- a\n\nafter", "before\n- a\nafter" },
		{ "> quoted\n> more\n\nafter", "quoted\nmore\nafter" },
		{ "```sh\nls -l\n\ndf\n```\nafter", "ls -l\n\ndf\nafter" }, { "a\n\n---\n\nb", "a\nb" },
		{ "&amp; &lt; &#20013; &#xffff;", "& < 中 \xef\xbf\xbd" }, { "\\*not bold\\*", "*not bold*" },
		{ "#话题# 你好", "#话题# 你好" }, /* no blank behind #: no heading */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 1024);
		CHECK_OK(markdown_to_text(&out, str_from(rows[i].markdown), &err), err);
		CHECK_STR(buf_str(&out), rows[i].want);
	}
}

static void test_markdown__links_keep_their_address(void **state)
{
	static const struct {
		const char *markdown, *want;
	} rows[] = {
		{ "[全文](https://a.example/1)", "全文 https://a.example/1" },
		{ "看[**全文**](https://a.example/1)。", "看全文 https://a.example/1。" },
		{ "<https://a.example/1>", "https://a.example/1" },
		{ "[https://a.example/1](https://a.example/1)", "https://a.example/1" },
		{ "[](https://a.example/1)", "https://a.example/1" },
		{ "https://a.example/1", "https://a.example/1" },
		{ "[a](https://a.example/1) [b](https://a.example/2)", "a https://a.example/1 b https://a.example/2" },
		{ "[a][1]\n\n[1]: https://a.example/1", "a https://a.example/1" },
		{ "[a](https://a.example/1 \"title\")", "a https://a.example/1" },
		{ "[nothing]", "[nothing]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 1024);
		CHECK_OK(markdown_to_text(&out, str_from(rows[i].markdown), &err), err);
		CHECK_STR(buf_str(&out), rows[i].want);
	}
}

static void test_markdown__raw_html_is_dropped(void **state)
{
	static const struct {
		const char *markdown, *want;
	} rows[] = {
		{ "a <b>bold</b> b", "a bold b" },
		{ "<script>alert(1)</script>\n\nafter", "after" },
		{ "before\n\n<!-- a remark -->\n\nafter", "before\nafter" },
		{ "a<br/>b", "ab" },
		{ "1 < 2 > 0", "1 < 2 > 0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 1024);
		CHECK_OK(markdown_to_text(&out, str_from(rows[i].markdown), &err), err);
		CHECK_STR(buf_str(&out), rows[i].want);
	}
}

static void test_markdown__bad_bytes_come_out_as_valid_text(void **state)
{
	static const struct str rows[] = { STR("a\xff"
					       "b"),
		STR("\xe4\xb8"), STR("a\0b"), STR("[\xc0\xaf](\xed\xa0\x80)") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 1024);
		CHECK_OK(markdown_to_text(&out, rows[i], &err), err);
		CHECK(utf8_valid(buf_str(&out)));
		CHECK(memchr(out.p, 0, out.n) == NULL);
		CHECK(str_find(buf_str(&out), STR("\xef\xbf\xbd")) >= 0);
	}
}

static void test_markdown__what_is_in_the_buf_stays(void **state)
{
	cleanup(buf_finish) struct buf out;
	struct error err = { 0 };

	(void)state;
	buf_init(&out, 64);
	CHECK(buf_add_text(&out, "head\n\n"));
	CHECK_OK(markdown_to_text(&out, STR("\n"), &err), err);
	CHECK_STR(buf_str(&out), "head\n\n");
	CHECK_OK(markdown_to_text(&out, STR("# a\n"), &err), err);
	CHECK_STR(buf_str(&out), "head\n\na");
}

static void test_markdown__size_and_nesting_do_no_harm(void **state)
{
	static const char *const openers[] = { ">", "- ", "[", "*a", "![", "1. ", "<", "`", "_" };
	char *text = xnew_array(char, LIMIT_POST_BYTES + 1);
	cleanup(buf_finish) struct buf out;
	struct error err = { 0 };

	(void)state;
	buf_init(&out, 16 * (size_t)LIMIT_POST_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(openers); i++) {
		size_t n = strlen(openers[i]);

		for (size_t at = 0; at < LIMIT_POST_BYTES; at++) {
			text[at] = openers[i][at % n];
		}
		buf_clear(&out);
		CHECK_OK(markdown_to_text(&out, (struct str){ text, LIMIT_POST_BYTES }, &err), err);
	}
	memset(text, 'a', LIMIT_POST_BYTES + 1);
	buf_clear(&out);
	CHECK_FAILS(markdown_to_text(&out, (struct str){ text, LIMIT_POST_BYTES + 1 }, &err), err, "longer than");
	CHECK_INT(err.domain, ERROR_INPUT);
	CHECK_INT(out.n, 0);
	free(text);
}

static void test_markdown__what_does_not_fit_is_told(void **state)
{
	cleanup(buf_finish) struct buf out;
	struct error err = { 0 };

	(void)state;
	buf_init(&out, 4);
	CHECK_FAILS(markdown_to_text(&out, STR("abcde"), &err), err, "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_markdown__marks_go_and_words_stay),
		cmocka_unit_test(test_markdown__links_keep_their_address),
		cmocka_unit_test(test_markdown__raw_html_is_dropped),
		cmocka_unit_test(test_markdown__bad_bytes_come_out_as_valid_text),
		cmocka_unit_test(test_markdown__what_is_in_the_buf_stays),
		cmocka_unit_test(test_markdown__size_and_nesting_do_no_harm),
		cmocka_unit_test(test_markdown__what_does_not_fit_is_told),
	};

	return check_run(tests);
}
