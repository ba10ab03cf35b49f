/* Ids, JSON without escapes, fingerprints, and articles: Markdown to HTML with styles inside. */
#include <unistd.h>

#include "wechat_rig.h"

static void test_ids__are_made_and_taken_apart_in_one_place(void **state)
{
	static const char *const bad_threads[] = { "", "1", "/0", "1/", "1/8", "0/0", "01/0", "1/0/2", "-1/0", "a/0",
		"99999999999999999999/0", "1/0 " };
	static const char *const bad_comments[] = { "", "1/0", "1/0/", "1/0/0", "1/0/x", "1/0/2/r", "1/0/02",
		"1/0/-2" };
	struct wechat_comment_id id;
	char *text;

	(void)state;
	CHECK(wechat_thread_parse("2247503077/0", &id));
	CHECK_TEXT(id.data_id, "2247503077");
	CHECK_TEXT(id.index, "0");
	CHECK(wechat_comment_parse("2247503077/7/18446744073", &id));
	CHECK_TEXT(id.comment, "18446744073");
	for (size_t i = 0; i < ARRAY_LEN(bad_threads); i++) {
		if (wechat_thread_parse(bad_threads[i], &id)) {
			fail_msg("\"%s\" is a thread", bad_threads[i]);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(bad_comments); i++) {
		if (wechat_comment_parse(bad_comments[i], &id)) {
			fail_msg("\"%s\" is a comment", bad_comments[i]);
		}
	}
	CHECK(!wechat_thread_parse(NULL, &id) && !wechat_comment_parse(NULL, &id));
	text = wechat_comment_format("5/1", STR("9"), true);
	CHECK_TEXT(text, "5/1/9/r");
	free(text);
	assert_null(wechat_comment_format("5/1", STR("9/9"), false));
	assert_null(wechat_thread_format(STR("x"), 0));
}

static void test_client_id__is_the_marker_or_its_digest(void **state)
{
	char id[WECHAT_CLIENT_ID_BYTES + 1];
	char again[WECHAT_CLIENT_ID_BYTES + 1];

	(void)state;
	wechat_client_id("k7a9-12", id);
	CHECK_TEXT(id, "k7a9-12");
	wechat_client_id("0123456789abcdef0123456789abcdef", id);
	CHECK_TEXT(id, "0123456789abcdef0123456789abcdef");
	wechat_client_id("0123456789abcdef0123456789abcdef-1", id);
	wechat_client_id("0123456789abcdef0123456789abcdef-1", again);
	CHECK_INT(strlen(id), 32);
	CHECK_TEXT(id, again);
	wechat_client_id("0123456789abcdef0123456789abcdef-2", again);
	CHECK(strcmp(id, again) != 0);
}

static void test_json__has_no_escapes_but_the_needed(void **state)
{
	cJSON *json = json_object();
	struct buf out;

	(void)state;
	wechat_add_text(json, "t", STR("停\x01\x1f水\x7f\n\r\t\"\\/<>&™😀"));
	json_add(json, "raw\x02",
		cJSON_CreateString("a\bb\fc\x03"
				   "d\\u0041"));
	wechat_add_digits(json, "n", "18446744073709551615");
	buf_init(&out, 1000);
	CHECK(wechat_print(&out, json));
	CHECK_STR(buf_str(&out),
		"{\"t\":\"停水\\n\\r\\t\\\"\\\\/<>&™😀\",\"raw\":\"abcd\\\\u0041\",\"n\":18446744073709551615}");
	buf_finish(&out);
	cJSON_Delete(json);
}

static void test_fingerprint__forgets_marks_and_blanks(void **state)
{
	struct buf print;

	(void)state;
	buf_init(&print, 1000);
	wechat_fingerprint(
		&print, STR("<p style=\"a>b\">各位 市民&nbsp;：</p>\n<br/>A&amp;B&lt;1&gt;\xc2\xa0\xe3\x80\x80&x; <b"));
	CHECK_STR(buf_str(&print), "b\">各位市民：A&B<1>&x;");
	buf_finish(&print);
}

static const char *no_url(void *data, const struct post_media *media)
{
	(void)data;
	(void)media;
	return NULL;
}

static const char *an_url(void *data, const struct post_media *media)
{
	(void)media;
	return data;
}

/* The HTML with a theme that has no styles: only the structure. */
static void check_html(const char *markdown, const char *want)
{
	static char empty[] = "";
	static char map[] = "pics/map.png";
	static char alt[] = "a \"map\"";
	static char url[] = "http://mmbiz.qpic.cn/1?a=1&b=2";
	struct post_media media = { .name = map, .alt = alt };
	struct post_article article = { .markdown = (char *)(uintptr_t)markdown };
	struct driver_send send = { .title = "t", .article = &article, .media = &media, .n_media = 1 };
	struct wechat_theme theme;
	struct error err = { 0 };
	struct buf html;
	char whole[4000];

	for (size_t i = 0; i < WECHAT_STYLES; i++) {
		theme.styles[i] = empty;
	}
	buf_init(&html, 100000);
	CHECK_OK(wechat_article_html(&html, &send, &theme, an_url, url, &err), err);
	(void)snprintf(whole, sizeof(whole), "<section>%s</section>", want);
	CHECK_STR(buf_str(&html), whole);
	buf_finish(&html);
}

static void test_article__is_a_fragment_of_plain_elements(void **state)
{
	(void)state;
	check_html("# A\n\n##### E\n\nx **b** *i* `c<d`\n", "<h1>A</h1><h4>E</h4><p>x <strong>b</strong> <em>i</em> "
							    "<code>c&lt;d</code></p>");
	check_html("一\n二  \n三", "<p>一<br/>二<br/>三</p>");
	check_html("- a\n- b\n", "<ul><li>a</li><li>b</li></ul>");
	check_html("3. a\n4. b\n", "<ol start=\"3\"><li>a</li><li>b</li></ol>");
	check_html("- a\n\n- b\n", "<ul><li><p>a</p></li><li><p>b</p></li></ul>");
	check_html("> q\n\n---\n\n    a & b\n", "<blockquote><p>q</p></blockquote><hr/><pre>a &amp; b\n</pre>");
}

static void test_article__lets_no_html_through(void **state)
{
	(void)state;
	check_html("a <b onclick=\"x()\">b</b> c\n\n<script>x()</script>\n\nd", "<p>a b c</p><p>d</p>");
	check_html("\\<script> & \"q\"", "<p>&lt;script&gt; &amp; &quot;q&quot;</p>");
	check_html("[a](javascript:x())", "<p>a（javascript:x()）</p>");
	check_html("![\"><script>](map.png)",
		"<p><img src=\"http://mmbiz.qpic.cn/1?a=1&amp;b=2\" alt=\"&quot;&gt;\"/></p>");
}

static void test_article__keeps_wechat_links_and_writes_out_others(void **state)
{
	(void)state;
	check_html("[文](https://mp.weixin.qq.com/s/abc?a=1&b=2)",
		"<p><a href=\"https://mp.weixin.qq.com/s/abc?a=1&amp;b=2\">文</a></p>");
	check_html("[文](https://www.city.gov.example/)", "<p>文（https://www.city.gov.example/）</p>");
	check_html("<https://www.city.gov.example/?a=1&b=2>", "<p>https://www.city.gov.example/?a=1&amp;b=2</p>");
	check_html("[x](https://mp.weixin.qq.com.evil.example/)", "<p>x（https://mp.weixin.qq.com.evil.example/）</p>");
}

static void test_article__shows_its_own_pictures_only(void **state)
{
	(void)state;
	check_html(
		"![](map.png)", "<p><img src=\"http://mmbiz.qpic.cn/1?a=1&amp;b=2\" alt=\"a &quot;map&quot;\"/></p>");
	check_html("![地图](pics/map.png)", "<p><img src=\"http://mmbiz.qpic.cn/1?a=1&amp;b=2\" alt=\"地图\"/></p>");
	check_html("![a](https://elsewhere.example/x.png)![b](other.png)", "<p></p>");
}

static void test_article__without_markdown_is_paragraphs(void **state)
{
	struct driver_send send = { .title = "t", .text = STR("一 <b>\n\n  二\n") };
	struct wechat_theme theme;
	struct error err = { 0 };
	struct buf html;

	(void)state;
	CHECK_OK(wechat_theme_load(NULL, &theme, &err), err);
	free(theme.styles[WECHAT_STYLE_P]);
	theme.styles[WECHAT_STYLE_P] = xstrdup("margin:0");
	buf_init(&html, 100000);
	CHECK_OK(wechat_article_html(&html, &send, &theme, no_url, NULL, &err), err);
	CHECK(strstr(html.p, "<section style=\"font-size:16px"));
	CHECK(strstr(html.p, "<p style=\"margin:0\">一 &lt;b&gt;</p><p style=\"margin:0\">二</p></section>"));
	buf_finish(&html);
	wechat_theme_finish(&theme);
}

static void write_theme(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	CHECK_INT(fputs(text, file) >= 0, 1);
	CHECK_INT(fclose(file), 0);
}

static void test_theme__is_read_line_by_line(void **state)
{
	char path[] = "/tmp/gazette-theme-XXXXXX";
	struct wechat_theme theme;
	struct error err = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	CHECK_INT(close(fd), 0);
	write_theme(path, "# ours\n\n p :  margin:2em \nh1:\n");
	CHECK_OK(wechat_theme_load(path, &theme, &err), err);
	CHECK_TEXT(theme.styles[WECHAT_STYLE_P], "margin:2em");
	CHECK_TEXT(theme.styles[WECHAT_STYLE_H1], "");
	CHECK(strstr(theme.styles[WECHAT_STYLE_H2], "font-size"));
	wechat_theme_finish(&theme);
	write_theme(path, "p: a\nh9: b\n");
	CHECK_FAILS(wechat_theme_load(path, &theme, &err), err, ":2: no element");
	write_theme(path, "p: \"><script>\n");
	CHECK_FAILS(wechat_theme_load(path, &theme, &err), err, ":1: a style holds no");
	write_theme(path, "p\n");
	CHECK_FAILS(wechat_theme_load(path, &theme, &err), err, ":1: \"element: declarations\"");
	CHECK_INT(unlink(path), 0);
	CHECK_FAILS(wechat_theme_load(path, &theme, &err), err, path);
	CHECK_INT(err.advice, ADVISE_REJECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids__are_made_and_taken_apart_in_one_place),
		cmocka_unit_test(test_client_id__is_the_marker_or_its_digest),
		cmocka_unit_test(test_json__has_no_escapes_but_the_needed),
		cmocka_unit_test(test_fingerprint__forgets_marks_and_blanks),
		cmocka_unit_test(test_article__is_a_fragment_of_plain_elements),
		cmocka_unit_test(test_article__lets_no_html_through),
		cmocka_unit_test(test_article__keeps_wechat_links_and_writes_out_others),
		cmocka_unit_test(test_article__shows_its_own_pictures_only),
		cmocka_unit_test(test_article__without_markdown_is_paragraphs),
		cmocka_unit_test(test_theme__is_read_line_by_line),
	};

	return check_run(tests);
}
