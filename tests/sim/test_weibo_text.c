/* The platform's view of a text, against vectors worked out by hand and recorded behaviour. */
#include "check.h"

#include "core/buf.h"
#include "core/mem.h"
#include "sim/weibo_text.h"

static void test_length__counts_as_the_web_counter_does(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
		{ "", 0 },
		{ "Test", 2 },
		{ "abc", 2 },
		{ "市民服务热线", 6 },
		{ "通知 http://www.example.com/a", 13 },
		{ "通知:http://t.cn/A6abcdef", 13 },
		{ "😀", 2 },
		{ "第一行\n第二行", 7 },
		{ "https://www.example.com/很长", 12 },
		{ "http://weibo.com/1900000001/abcdefghi", 19 }, /* its own links count as they are */
		{ "http://nodot/a", 7 },
		{ "\xff\xfe", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (weibo_length(str_from(cases[i].text)) != cases[i].want) {
			fail_msg("\"%s\": got %" PRId64 ", want %" PRId64, cases[i].text,
				weibo_length(str_from(cases[i].text)), cases[i].want);
		}
	}
}

static void fill(struct buf *buf, const char *piece, int times)
{
	buf_init(buf, 4096);
	for (int i = 0; i < times; i++) {
		(void)buf_add_text(buf, piece);
	}
}

static void test_length__turns_at_the_limit(void **state)
{
	static const struct {
		const char *piece;
		int times;
		int64_t want;
	} cases[] = { { "a", 280, 140 }, { "a", 281, 141 }, { "汉", 140, 140 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf text;

		fill(&text, cases[i].piece, cases[i].times);
		CHECK_INT(weibo_length(buf_str(&text)), cases[i].want);
		buf_finish(&text);
	}
}

static void test_length__charges_what_a_long_link_has_too_many(void **state)
{
	struct buf text, path;

	(void)state;
	fill(&path, "x", 200);
	fill(&text, "http://www.example.com/", 1);
	(void)buf_add_str(&text, buf_str(&path));
	CHECK_INT(weibo_length(buf_str(&text)), 52);
	buf_finish(&text);
	buf_finish(&path);
}

static void test_cut__never_ends_inside_a_character_or_a_link(void **state)
{
	(void)state;
	CHECK_STR(weibo_cut(STR("汉字汉字"), 3), "汉字汉");
	CHECK_STR(weibo_cut(STR("汉😀"), 2), "汉");
	CHECK_STR(weibo_cut(STR("汉 http://www.example.com/a"), 9), "汉 ");
	CHECK_STR(weibo_cut(STR("短"), 9), "短");
}

static void stored(const char *text, bool strip_topics, const char *want, size_t want_links)
{
	struct links links = { 0 };
	struct buf out;

	buf_init(&out, 4096);
	weibo_stored_text(str_from(text), strip_topics, &out, &links);
	CHECK_STR(buf_str(&out), want);
	CHECK_INT(links.n, want_links);
	links_finish(&links);
	buf_finish(&out);
}

static void test_stored_text__is_trimmed_and_loses_topics(void **state)
{
	(void)state;
	stored("  #停水# 通知\n ", true, "停水 通知", 0);
	stored("#停水# 通知", false, "#停水# 通知", 0);
	stored("单个# 不是", true, "单个# 不是", 0);
	stored("#一# 二#", true, "一 二#", 0);
	stored("\xe3\x80\x80全角\xe3\x80\x80", true, "全角", 0);
	stored("已短 http://t.cn/A6abcdef", true, "已短 http://t.cn/A6abcdef", 0);
	stored("%E4%BD%A0", true, "%E4%BD%A0", 0);
	stored("", true, "", 0);
}

static void test_stored_text__shortens_the_same_address_alike(void **state)
{
	static const char text[] =
		"见 https://www.city.gov.example/n?a=1#部分 和 https://www.city.gov.example/n?a=1#完";
	struct links links = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	weibo_stored_text(str_from(text), true, &out, &links);
	CHECK_INT(links.n, 2);
	CHECK_TEXT(links.items[0].original, "https://www.city.gov.example/n?a=1#");
	CHECK_TEXT(links.items[0].shortened, links.items[1].shortened);
	CHECK(strncmp(links.items[0].shortened, "http://t.cn/", 12) == 0);
	CHECK(str_find(buf_str(&out), STR("city.gov")) < 0);
	links_finish(&links);
	buf_finish(&out);
}

static void test_normal_text__is_equal_for_equal_texts(void **state)
{
	static const char *const same[] = { "停水 通知", " 停水 \t\n 通知 ", "#停水# 通知", "停水\xe3\x80\x80通知",
		"# # 停水 通知 #" };

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct buf out;

		buf_init(&out, 4096);
		weibo_normal_text(str_from(same[i]), &out);
		CHECK_STR(buf_str(&out), "停水 通知");
		buf_finish(&out);
	}
}

static void test_similar__is_the_share_of_what_stays(void **state)
{
	(void)state;
	CHECK_INT(weibo_similar_percent(STR("停水通知"), STR("停水通知")), 100);
	CHECK_INT(weibo_similar_percent(STR("停水通知"), STR("停电通知")), 75);
	CHECK_INT(weibo_similar_percent(STR("停水通知"), STR("")), 0);
	CHECK_INT(weibo_similar_percent(STR(""), STR("")), 100);
	CHECK_INT(weibo_similar_percent(STR("abcd"), STR("xyz")), 0);
	CHECK_INT(weibo_similar_percent(STR("今天停水"), STR("今天不停水")), 80);
}

static void test_mention__ends_where_a_name_ends(void **state)
{
	static const char text[] = "@平安示例 你好,@weibo-main:请看(@a_b)@ @,邮箱x@y.example";
	static const char *const want[] = { "平安示例", "weibo-main", "a_b", "y" };
	struct str rest = str_from(text);
	struct str name;
	size_t n = 0;

	(void)state;
	while (weibo_next_mention(&rest, &name)) {
		CHECK(n < sizeof(want) / sizeof(want[0]));
		CHECK_STR(name, want[n]);
		n++;
	}
	CHECK_INT(n, sizeof(want) / sizeof(want[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length__counts_as_the_web_counter_does),
		cmocka_unit_test(test_length__turns_at_the_limit),
		cmocka_unit_test(test_length__charges_what_a_long_link_has_too_many),
		cmocka_unit_test(test_cut__never_ends_inside_a_character_or_a_link),
		cmocka_unit_test(test_stored_text__is_trimmed_and_loses_topics),
		cmocka_unit_test(test_stored_text__shortens_the_same_address_alike),
		cmocka_unit_test(test_normal_text__is_equal_for_equal_texts),
		cmocka_unit_test(test_similar__is_the_share_of_what_stays),
		cmocka_unit_test(test_mention__ends_where_a_name_ends),
	};

	return check_run(tests);
}
