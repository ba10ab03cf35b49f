/*
 * Read back after doubt: found, provably absent, or neither. The timelines here are written out item by item, newest
 * first, so that each case shows what decides it.
 */
#include <inttypes.h>

#include "core/clock.h"
#include "platform/weibo/weibo.h"
#include "rig.h"

#define SENT     "停水通知 https://www.city.gov.example/n/1 "
#define RETURNED "停水通知 http://t.cn/A6aB3xYz"

/* One status: seconds after the first attempt, text, and whatever else. */
struct item {
	int64_t id;
	int after_s;
	const char *text;
	const char *more; /* ",\"key\":..." */
};

static void add_time(struct buf *out, int64_t at)
{
	/* All cases play on the morning of one day, 2026-01-05. */
	int64_t s = (at - RIG_NOW_AT) / 1000 + 9 * 3600;

	(void)buf_printf(
		out, "Mon Jan 05 %02d:%02d:%02d +0800 2026", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

static void add_items(struct buf *out, const struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)buf_printf(out, "%s{\"created_at\":\"", i ? "," : "");
		add_time(out, RIG_NOW_AT + items[i].after_s * 1000);
		(void)buf_printf(out, "\",\"id\":%" PRId64 ",\"text\":\"%s\",\"user\":{\"id\":7700000001}%s}",
			items[i].id, items[i].text, items[i].more ? items[i].more : "");
	}
}

static void find(struct rig *rig, const char *list, const struct item *items, size_t n, const char *tail)
{
	struct buf body;

	buf_init(&body, 100000);
	(void)buf_printf(&body, "{\"%s\":[", list);
	add_items(&body, items, n);
	(void)buf_printf(&body, "]%s}", tail);
	CHECK(!body.failed);
	rig_do(rig, OP_FIND, 200, body.p);
	buf_finish(&body);
	CHECK_INT(rig->outcome.kind, OUTCOME_DONE);
}

#define OLD \
	{ \
		100, -900, "昨日要闻", NULL \
	}
#define LONG_TAIL ",\"next_cursor\":0,\"total_number\":412"

static void start_find(struct rig *rig, enum weibo_tier tier)
{
	rig_init(rig, tier);
	rig->send.text = STR(SENT);
}

static void test_request__asks_for_the_account_itself(void **state)
{
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	CHECK_INT(rig.request.method, HTTP_GET);
	CHECK(!rig.request.writes);
	CHECK_TEXT(
		rig.request.url, "http://127.0.0.1:8750/2/statuses/user_timeline.json?access_token=2.00TOKEN&count=5");
	rig.send.kind = SEND_REPLY;
	rig_request(&rig);
	CHECK_TEXT(rig.request.url, "http://127.0.0.1:8750/2/comments/by_me.json?access_token=2.00TOKEN&count=50");
	rig_finish(&rig);
}

static void test_post__found_by_its_text(void **state)
{
	static const char *const texts[] = { RETURNED, "停水通知http://t.cn/A6aB3xYz",
		"#停水#通知 http://t.cn/A6aB3xYz", "停水通知", "停水通知 http:\\/\\/t.cn\\/A6aB3xYz\\u200b" };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct item items[] = { { 201, 30, "别的内容在这里", NULL }, { 200, 2, texts[i], NULL }, OLD };

		find(&rig, "statuses", items, ARRAY_LEN(items), LONG_TAIL);
		CHECK_INT(rig.outcome.found, FOUND_YES);
		CHECK_TEXT(rig.outcome.remote_id, "200");
		CHECK_TEXT(rig.outcome.url, "https://weibo.com/7700000001/3e");
	}
	rig_finish(&rig);
}

static void test_post__five_seconds_of_clock_are_forgiven(void **state)
{
	const struct item just[] = { { 200, -5, RETURNED, NULL }, OLD };
	const struct item early[] = { { 200, -6, RETURNED, NULL }, OLD };
	const struct item long_ago[] = { { 200, -601, RETURNED, NULL } };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	find(&rig, "statuses", just, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	/* too early to be ours, too near to be sure that it is not */
	find(&rig, "statuses", early, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	find(&rig, "statuses", long_ago, 1, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig_finish(&rig);
}

static void test_post__absent_needs_a_list_that_reaches_back(void **state)
{
	const struct item busy[] = { { 205, 50, "一早天气晴好", NULL }, { 204, 40, "二环路通畅了", NULL },
		{ 203, 30, "三号线恢复", NULL }, { 202, 20, "四季公园开放", NULL }, { 201, 10, "五点半闭馆", NULL } };
	const struct item quiet[] = { { 205, 50, "一早天气晴好", NULL }, OLD };
	const struct item pinned[] = { OLD, { 205, 50, "一早天气晴好", NULL } };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	find(&rig, "statuses", quiet, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	assert_null(rig.outcome.remote_id);
	/* five newer ones may have pushed it out */
	find(&rig, "statuses", busy, 5, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	/* unless the last of them is what we had sent before it was tried */
	rig.send.before_id = "201";
	find(&rig, "statuses", busy, 5, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig.send.before_id = "200";
	find(&rig, "statuses", busy, 5, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig.send.before_id = NULL;
	/* an old one on top is pinned and proves nothing */
	find(&rig, "statuses", pinned, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	/* four of five shown: one was filtered, and it may be ours */
	find(&rig, "statuses", busy, 4, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	find(&rig, "statuses", busy, 4, ",\"next_cursor\":7,\"total_number\":4");
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	/* a young account: that is all there is */
	find(&rig, "statuses", busy, 4, ",\"next_cursor\":\"0\",\"total_number\":\"4\"");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	find(&rig, "statuses", busy, 0, ",\"next_cursor\":0,\"total_number\":0");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	find(&rig, "statuses", busy, 0, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	find(&rig, "statuses", busy, 0, "");
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig_finish(&rig);
}

/* The daemon's clock was minutes ahead when the post was tried: to the platform it is minutes older. */
static void test_post__a_wrong_clock_is_no_proof(void **state)
{
	const struct item busy[] = { { 205, -180, "一早天气晴好", NULL }, { 204, -190, "二环路通畅了", NULL },
		{ 203, -200, "三号线恢复", NULL }, { 202, -240, "四季公园开放", NULL },
		{ 201, -280, "五点半闭馆", NULL } };
	const struct item ours[] = { { 205, 50, "一早天气晴好", NULL }, { 201, -700, RETURNED, NULL }, OLD };
	const struct item before[] = { { 205, 50, "一早天气晴好", NULL }, { 99, 2, RETURNED, NULL } };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	/* pushed out by five, all of them older by our clock */
	find(&rig, "statuses", busy, 5, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig.send.before_id = "100";
	find(&rig, "statuses", busy, 5, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	/* what stands behind our last one may be ours, however old it is */
	find(&rig, "statuses", ours, 3, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	/* and what stands before it is not, however young */
	find(&rig, "statuses", before, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig_finish(&rig);
}

static void test_post__what_others_own_is_never_a_match(void **state)
{
	static const char *const taken[] = { "200", NULL, "junk" };
	const struct item items[] = { { 200, 2, RETURNED, NULL }, OLD };
	const struct item foreign[] = { { 200, 2, RETURNED, ",\"user\":{\"id\":42}" }, OLD };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	rig.send.taken_ids = taken;
	rig.send.n_taken = ARRAY_LEN(taken);
	find(&rig, "statuses", items, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig.send.n_taken = 0;
	find(&rig, "statuses", items, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	/* the first `user` of two counts, as everywhere: ours */
	find(&rig, "statuses", foreign, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	rig_do(&rig, OP_FIND, 200,
		"{\"statuses\":[{\"id\":200,\"created_at\":\"Mon Jan 05 09:00:02 +0800 2026\",\"text\":\"停水通知\","
		"\"user\":{\"idstr\":\"42\"}},{\"id\":100,\"created_at\":\"Mon Jan 05 08:00:02 +0800 2026\"}]}");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig_finish(&rig);
}

static void test_post__a_mangled_form_is_never_called_absent(void **state)
{
	const struct item swallowed[] = { { 200, 2, "停水通知 请相互转告，做好储水准备 http://t.cn/A6aB3", NULL },
		OLD };
	const struct item cut[] = {
		{ 200, 2, "停水通知 请相互转告…… ​全文： http://m.weibo.cn/7700000001/200", NULL },
		OLD
	};
	const struct item other[] = { { 200, 2, "低温蓝色预警，注意保暖", NULL }, OLD };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	rig.send.text = STR("停水通知 请相互转告，做好储水准备 https://www.city.gov.example/n/1详情见网站");
	find(&rig, "statuses", swallowed, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	find(&rig, "statuses", cut, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	find(&rig, "statuses", other, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig_finish(&rig);
}

static void test_post__of_two_alike_the_link_decides_then_the_age(void **state)
{
	const struct item linked[] = { { 202, 20, RETURNED, NULL },
		{ 201, 10, RETURNED,
			",\"url_objects\":[{\"info\":{\"url_long\":\"https://www.city.gov.example/n/1\"}}]" },
		{ 200, 2, RETURNED,
			",\"url_objects\":[{\"info\":{\"url_long\":\"https://www.city.gov.example/n/2\"}}]" },
		OLD };
	const struct item bare[] = { { 202, 20, RETURNED, NULL }, { 201, 10, RETURNED, ",\"url_objects\":{}" }, OLD };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	find(&rig, "statuses", linked, 4, LONG_TAIL);
	CHECK_TEXT(rig.outcome.remote_id, "201");
	find(&rig, "statuses", bare, 3, LONG_TAIL);
	CHECK_TEXT(rig.outcome.remote_id, "201");
	rig_finish(&rig);
}

static void test_post__nothing_but_a_link_needs_the_link(void **state)
{
	const struct item unknown[] = { { 200, 2, "http://t.cn/A6aB3xYz", NULL }, OLD };
	const struct item known[] = { { 200, 2, "http://t.cn/A6aB3xYz",
					      ",\"url_objects\":[{\"url_ori\":\"https://www.city.gov.example/n/1\"}]" },
		OLD };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	rig.send.text = STR("https://www.city.gov.example/n/1");
	find(&rig, "statuses", unknown, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	find(&rig, "statuses", known, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	rig_finish(&rig);
}

static void test_post__the_marker_decides_by_itself(void **state)
{
	const struct item other_text[] = {
		{ 200, 2, "完全不同的文字", ",\"annotations\":[{\"x\":1},{\"k\":\"k7-12\"}]" }, OLD
	};
	const struct item other_marker[] = { { 200, 2, RETURNED, ",\"annotations\":[{\"k\":\"k7-13\"}]" }, OLD };
	const struct item no_marker[] = { { 200, 2, RETURNED, ",\"annotations\":\"\"" }, OLD };
	const struct item long_ago[] = { { 200, -3000, RETURNED, ",\"annotations\":[{\"k\":\"k7-12\"}]" }, OLD };
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_ADVANCED);
	find(&rig, "statuses", other_text, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	find(&rig, "statuses", other_marker, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	find(&rig, "statuses", no_marker, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	find(&rig, "statuses", long_ago, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	rig_finish(&rig);
	/* share carries none, so there it says nothing */
	start_find(&rig, WEIBO_TIER_SHARE);
	find(&rig, "statuses", other_marker, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	rig_finish(&rig);
}

static void test_post__in_a_recorded_timeline(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.text = STR("【停水通知】1月6日9时至17时,云岫区东湖路一带因管网检修停水,请提前储水。详情 "
			    "https://www.example.com/notice/20260105/1.html ");
	rig.send.first_attempt_at = RIG_NOW_AT + 8000;
	rig_do(&rig, OP_FIND, 200, rig_fixture(&rig, "user_timeline"));
	CHECK_INT(rig.outcome.found, FOUND_YES);
	CHECK_TEXT(rig.outcome.remote_id, "5251651753477097");
	/* a post that nobody made, at 10:00: the one of 09:00 shows that the list reaches back */
	rig.send.text = STR("从未发布的内容 https://www.example.com/ ");
	rig.send.first_attempt_at = RIG_NOW_AT + 3600 * 1000;
	rig_do(&rig, OP_FIND, 200, rig_fixture(&rig, "user_timeline"));
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig_finish(&rig);
	/* by marker, although the long text comes back cut */
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	rig.send.text = STR("一、");
	rig.send.marker = "job-000123";
	rig_do(&rig, OP_FIND, 200, rig_fixture(&rig, "user_timeline"));
	CHECK_INT(rig.outcome.found, FOUND_YES);
	CHECK_TEXT(rig.outcome.remote_id, "5251681914716167");
	rig_finish(&rig);
}

static void start_reply(struct rig *rig)
{
	rig_init(rig, WEIBO_TIER_SHARE);
	rig->send.kind = SEND_REPLY;
	rig->send.text = STR("您好,支路不在此次停水范围。");
	rig->send.reply_to_kind = MESSAGE_COMMENT;
	rig->send.reply_to_id = "300";
	rig->send.reply_status_id = "400";
}

#define UNDER ",\"status\":{\"id\":400,\"user\":{\"id\":7700000001}}"

static void test_reply__found_behind_its_prefix(void **state)
{
	static const char *const texts[] = { "回复@示例用户甲_01:您好,支路不在此次停水范围。",
		"回复@示例用户甲_01：您好,支路不在此次停水范围。", "您好,支路不在此次停水范围。" };
	struct rig rig;

	(void)state;
	start_reply(&rig);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct item items[] = { { 200, 2, texts[i], UNDER ",\"reply_comment\":{\"id\":300}" }, OLD };

		find(&rig, "comments", items, 2, LONG_TAIL);
		CHECK_INT(rig.outcome.found, FOUND_YES);
		CHECK_TEXT(rig.outcome.remote_id, "200");
		CHECK_TEXT(rig.outcome.url, "https://weibo.com/7700000001/6s");
	}
	rig_finish(&rig);
}

static void test_reply__the_same_words_to_somebody_else_are_not_it(void **state)
{
	const struct item other_comment[] = {
		{ 200, 2, "您好,支路不在此次停水范围。", UNDER ",\"reply_comment\":{\"id\":301}" }, OLD
	};
	const struct item other_status[] = { { 200, 2, "您好,支路不在此次停水范围。", ",\"status\":{\"id\":401}" },
		OLD };
	const struct item unthreaded[] = { { 200, 2, "您好,支路不在此次停水范围。", UNDER }, OLD };
	struct rig rig;

	(void)state;
	start_reply(&rig);
	find(&rig, "comments", other_comment, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	find(&rig, "comments", other_status, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	find(&rig, "comments", unthreaded, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	/* under a post that names us */
	rig.send.reply_to_kind = MESSAGE_MENTION;
	rig.send.reply_to_id = "401";
	rig.send.reply_status_id = NULL;
	find(&rig, "comments", other_status, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	find(&rig, "comments", unthreaded, 2, LONG_TAIL);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig_finish(&rig);
}

static void test_find__odd_answers(void **state)
{
	static const struct {
		const char *body;
		int found; /* 0: error RETRY */
	} cases[] = {
		{ "[]", FOUND_UNCLEAR },
		{ "{\"statuses\":[]}", FOUND_UNCLEAR },
		{ "{\"statuses\":null}", 0 },
		{ "{\"statuses\":{}}", 0 },
		{ "{\"statuses\":\"\"}", 0 },
		{ "{\"statuses\":[null,7,\"x\",[],{}]}", FOUND_UNCLEAR },
		{ "{\"statuses\":[{\"id\":\"x\",\"text\":\"停水通知\",\"created_at\":7}]}", FOUND_UNCLEAR },
		/* no readable date: the id's own time counts */
		{ "{\"statuses\":[{\"id\":5251651753477097,\"text\":\"停水通知\",\"created_at\":\"?\"}]}", FOUND_YES },
		{ "{\"statuses\":[{\"id\":5251651753477097,\"text\":[\"停水通知\"]}]}", FOUND_UNCLEAR },
		{ "{\"comments\":[]}", 0 },
	};
	struct rig rig;

	(void)state;
	start_find(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_do(&rig, OP_FIND, 200, cases[i].body);
		if (cases[i].found) {
			CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
			CHECK_INT(rig.outcome.found, cases[i].found);
		} else {
			CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
			CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
		}
	}
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request__asks_for_the_account_itself),
		cmocka_unit_test(test_post__found_by_its_text),
		cmocka_unit_test(test_post__five_seconds_of_clock_are_forgiven),
		cmocka_unit_test(test_post__absent_needs_a_list_that_reaches_back),
		cmocka_unit_test(test_post__a_wrong_clock_is_no_proof),
		cmocka_unit_test(test_post__what_others_own_is_never_a_match),
		cmocka_unit_test(test_post__a_mangled_form_is_never_called_absent),
		cmocka_unit_test(test_post__of_two_alike_the_link_decides_then_the_age),
		cmocka_unit_test(test_post__nothing_but_a_link_needs_the_link),
		cmocka_unit_test(test_post__the_marker_decides_by_itself),
		cmocka_unit_test(test_post__in_a_recorded_timeline),
		cmocka_unit_test(test_reply__found_behind_its_prefix),
		cmocka_unit_test(test_reply__the_same_words_to_somebody_else_are_not_it),
		cmocka_unit_test(test_find__odd_answers),
	};

	return check_run(tests);
}
