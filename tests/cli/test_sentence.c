/* The daemon's sentences in Chinese. The language is set by the test's environment, as for test_i18n.c. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/i18n.h"
#include "cli/sentence.h"

static char *said(const char *text)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	(void)sentence_add(&out, str_from(text));
	return buf_steal(&out);
}

#define CHECK_SAID(text, chinese) \
	do { \
		char *got = said(text); \
		CHECK_TEXT(got, chinese); \
		free(got); \
	} while (0)

static void test_sentence__is_recognised_by_its_format(void **state)
{
	(void)state;
	CHECK_SAID("the text is empty", "正文是空的");
	CHECK_SAID("there is no post 12", "没有编号为 12 的稿件");
	CHECK_SAID("there is no post twelve", "there is no post twelve");
	CHECK_SAID("150 characters; a post holds 140", "150 字；一篇稿件可容纳 140 字");
	CHECK_SAID("2 of 7 rows are wrong, nothing was imported", "7 行中有 2 行有错，什么也没有导入");
	CHECK_SAID("11****7 looks like an identity card number", "11****7 疑似居民身份证号码");
}

static void test_sentence__more_of_it_is_meant_when_several_formats_fit(void **state)
{
	(void)state;
	CHECK_SAID("ticket 5 is held by nobody: claim it before answering", "工单 5 无人签收：答复前请先签收");
	CHECK_SAID("there is no account \"weibo-mian\"; did you mean \"weibo-main\"?",
		"没有“weibo-mian”这个账号；是不是想写“weibo-main”？");
	CHECK_SAID("the text is missing", "缺少 the text");
}

static void test_sentence__names_of_ours_inside_it_are_translated(void **state)
{
	(void)state;
	CHECK_SAID("12/weibo-main is sent: it cannot be held", "12/weibo-main 处于“已发”状态：不能变为“暂留”");
	CHECK_SAID("ticket.close is for the role duty or leader; li has no role",
		"办结 需要以下角色：值班员或领导；li 的角色：没有角色");
	CHECK_SAID("weibo-main is parked: needs a login", "weibo-main 处于“已停用”状态：需要登录");
}

static void test_sentence__is_taken_apart_where_messages_are_put_together(void **state)
{
	(void)state;
	CHECK_SAID("weibo-main: the text is empty", "weibo-main：正文是空的");
	CHECK_SAID("a.md:3:5: weibo-main: the text is empty [weibo.empty]",
		"a.md:3:5：weibo-main：正文是空的 [weibo.empty]");
	CHECK_SAID("Weibo 20012: text too long (Text (too: long!)", "微博 20012：text too long (Text (too: long!)");
	CHECK_SAID("Weibo 20012: text too long (Text too long: cut (it)!)",
		"微博 20012：正文太长（Text too long: cut (it)!）");
	CHECK_SAID("cannot write /var/lib/x: No space left on device", "无法写入 /var/lib/x：磁盘空间已满");
	CHECK_SAID("Recv failure: Connection reset by peer; it may have been published",
		"接收失败：连接被对方重置；可能已经发布");
	CHECK_SAID("the account's verification must be renewed: without it nothing can be published by program; valid "
		   "until "
		   "2026-11-25T00:00:00+08:00",
		"账号须年审认证：否则不能由程序发布；有效至 2026-11-25T00:00:00+08:00");
	CHECK_SAID("12/weibo-main: 失败: the text is empty; 13/weibo-main: 失败: the token has expired",
		"12/weibo-main：失败：正文是空的；13/weibo-main：失败：令牌已过期");
	CHECK_SAID("无法读取：Permission denied", "无法读取：权限不够");
}

static void test_sentence__what_a_format_quotes_is_never_looked_into(void **state)
{
	(void)state;
	CHECK_SAID("key \"held\" already names post 3 with other content", "键“held”已用于内容不同的稿件 3");
	CHECK_SAID(
		"\"the text is empty\" holds no word that can be searched for", "“the text is empty”不含可以检索的词");
}

static void test_sentence__unknown_ones_stay_byte_for_byte(void **state)
{
	static const char *const unknown[] = { "", "all is well", "x: y; z (a) [b]", "weibo-main", "held",
		"the token is", "Token is unknown here: no idea", "市民：你好", ": ", "; ", "()", " [", "%s",
		"\x1b[31mred" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		CHECK_SAID(unknown[i], unknown[i]);
	}
}

static void test_sentence__hostile_bytes_are_harmless_where_they_are_shown(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	out_said(&out, "12/\x1b[31m is sent: it cannot be held");
	CHECK(!strchr(out.p, '\x1b'));
	CHECK(strstr(out.p, "已发"));
	buf_finish(&out);
}

/* What begins like many sentences, over and over. */
static void test_sentence__long_and_hostile_ones_cost_little(void **state)
{
	static const char *const begins[] = { ": ", "a: ", "(", " (x)", "; ", "the text ", "%s is %s: ", " is ", "\"",
		"1 of " };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		struct buf text, out;

		buf_init(&text, 1 << 20);
		buf_init(&out, 1 << 20);
		while (text.n < 100000) {
			(void)buf_add_text(&text, begins[i]);
		}
		(void)sentence_add(&out, (struct str){ text.p, 4000 });
		CHECK(out.n >= 1000 && out.n < 100000);
		buf_clear(&out);
		(void)sentence_add(&out, buf_str(&text));
		CHECK(str_eq(buf_str(&out), buf_str(&text)));
		buf_finish(&text);
		buf_finish(&out);
	}
}

/* Each conversion gets an argument that is its place: "Q2" or "72". */
static void fill(struct buf *out, const char *format)
{
	char place = '0';
	char next = '0';

	for (const char *p = format; *p; p++) {
		if (*p != '%' || p[1] == '%') {
			(void)buf_add_char(out, *p);
			p += *p == '%';
			continue;
		}
		p++;
		place = ++next;
		if (p[1] == '$') {
			place = *p;
			p += 2;
		}
		(void)buf_printf(out, "%c%c", *p == 'd' ? '7' : 'Q', place);
	}
}

static void test_sentence__every_one_is_recognised_as_itself(void **state)
{
	size_t n = 0;
	const struct sentence *table = sentence_table("zh_CN", &n);

	(void)state;
	CHECK(table && n > 500);
	for (size_t i = 0; i < n; i++) {
		struct buf english, chinese, got;
		const char *weak = strstr(table[i].format, "%s");

		buf_init(&english, 4096);
		buf_init(&chinese, 4096);
		buf_init(&got, 4096);
		fill(&english, table[i].format);
		fill(&chinese, table[i].translated);
		(void)sentence_add(&got, buf_str(&english));
		if (!str_eq(buf_str(&got), buf_str(&chinese)) && !(weak && str_eq(buf_str(&got), buf_str(&english)))) {
			CHECK_TEXT(got.p, chinese.p);
		}
		buf_finish(&english);
		buf_finish(&chinese);
		buf_finish(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentence__is_recognised_by_its_format),
		cmocka_unit_test(test_sentence__more_of_it_is_meant_when_several_formats_fit),
		cmocka_unit_test(test_sentence__names_of_ours_inside_it_are_translated),
		cmocka_unit_test(test_sentence__is_taken_apart_where_messages_are_put_together),
		cmocka_unit_test(test_sentence__what_a_format_quotes_is_never_looked_into),
		cmocka_unit_test(test_sentence__unknown_ones_stay_byte_for_byte),
		cmocka_unit_test(test_sentence__hostile_bytes_are_harmless_where_they_are_shown),
		cmocka_unit_test(test_sentence__long_and_hostile_ones_cost_little),
		cmocka_unit_test(test_sentence__every_one_is_recognised_as_itself),
	};

	i18n_start();
	return check_run(tests);
}
