/* Comments under articles: the plan of polls, pages that shift, threads without comments, and our replies. */
#include "wechat_rig.h"

#define NOW_S (RIG_NOW_AT / 1000)

static const struct driver_thread three[] = {
	{ .thread_id = "300/0", .title = "今天", .sent_at = RIG_NOW_AT - HOUR_MS },
	{ .thread_id = "200/0", .title = "前天", .sent_at = RIG_NOW_AT - 2 * DAY_MS },
	{ .thread_id = "100/0", .title = "上周", .sent_at = RIG_NOW_AT - 10 * DAY_MS },
};

static void start(struct rig *rig, const char *since, int64_t now_at, size_t n)
{
	rig_start(rig, OP_PULL);
	rig->op.pull = (struct driver_pull){ .since = since, .now_at = now_at, .threads = three, .n_threads = n };
	rig->op.now_at = now_at;
}

static void check_asked(struct rig *rig, const char *data_id, int begin)
{
	char want[200];

	rig_request(rig);
	CHECK_TEXT(rig_path(rig), "/cgi-bin/comment/list");
	CHECK(!rig->request.writes);
	(void)snprintf(want, sizeof(want), "{\"msg_data_id\":%s,\"index\":0,\"begin\":%d,\"count\":49,\"type\":0}",
		data_id, begin);
	CHECK_STR(((struct str){ rig->request.body, rig->request.body_n }), want);
}

/* A page of n comments, the first `newest_s` old, each a second older than the one before. */
static void page(struct rig *rig, int n, int64_t first_id, int64_t newest_s)
{
	struct buf body;

	buf_init(&body, 100000);
	(void)buf_printf(&body, "{\"errcode\":0,\"errmsg\":\"ok\",\"total\":%d,\"comment\":[", n);
	for (int i = 0; i < n; i++) {
		(void)buf_printf(&body, "%s{\"user_comment_id\":%lld,\"create_time\":%lld,\"content\":\"c\"}",
			i ? "," : "", (long long)(first_id - i), (long long)(newest_s - i));
	}
	(void)buf_add_text(&body, "]}");
	rig_answer(rig, body.p);
	buf_finish(&body);
}

static void test_list__becomes_messages_and_our_replies(void **state)
{
	static const struct driver_thread thread = {
		.thread_id = "2247503077/0", .title = "通告", .sent_at = RIG_NOW_AT
	};
	const struct message *message;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_start(&rig, OP_PULL);
	rig.op.pull = (struct driver_pull){ .now_at = RIG_NOW_AT, .threads = &thread, .n_threads = 1 };
	check_asked(&rig, "2247503077", 0);
	rig_fixture_answer(&rig, "comment_list");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.messages.n, 3);
	message = &rig.outcome.messages.items[0];
	CHECK_INT(message->kind, MESSAGE_COMMENT);
	CHECK_TEXT(message->remote_id, "2247503077/0/12");
	CHECK_TEXT(message->author_id, RIG_OPENID);
	CHECK_TEXT(message->text, "周末可以办理吗？🙏");
	CHECK_INT(message->created_at, INT64_C(1764003600000));
	CHECK_TEXT(message->status_id, "2247503077/0");
	CHECK_TEXT(message->status_text, "通告");
	CHECK(!message->from_us);
	message = &rig.outcome.messages.items[1];
	CHECK_TEXT(message->remote_id, "2247503077/0/12/r");
	CHECK_TEXT(message->parent_id, "2247503077/0/12");
	CHECK(message->from_us);
	CHECK_INT(message->created_at, INT64_C(1764004000000));
	message = &rig.outcome.messages.items[2];
	CHECK_TEXT(message->remote_id, "2247503077/0/11");
	assert_null(message->author_id);
	CHECK_TEXT(rig.outcome.since, "2247503077/0:0:1764003600");
	rig_finish(&rig);
}

static void test_plan__asks_young_articles_always_and_old_ones_seldom(void **state)
{
	char *since;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 1, 9, NOW_S - 100);
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	check_asked(&rig, "200", 0);
	page(&rig, 0, 0, 0);
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	check_asked(&rig, "100", 0);
	page(&rig, 0, 0, 0);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	since = xstrdup(rig.outcome.since);

	/* five minutes later: only the young one, and nothing new moves no cursor */
	start(&rig, since, RIG_NOW_AT + 5 * MINUTE_MS, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 1, 9, NOW_S - 100);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, since);

	/* an hour later: that of the week too, but not the old one */
	start(&rig, since, RIG_NOW_AT + HOUR_MS, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 0, 0, 0);
	check_asked(&rig, "200", 0);
	page(&rig, 0, 0, 0);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);

	/* a day later all; after a month the oldest no more */
	start(&rig, since, RIG_NOW_AT + DAY_MS, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 0, 0, 0);
	check_asked(&rig, "200", 0);
	page(&rig, 0, 0, 0);
	check_asked(&rig, "100", 0);
	page(&rig, 0, 0, 0);
	start(&rig, since, RIG_NOW_AT + 25 * DAY_MS, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 0, 0, 0);
	check_asked(&rig, "200", 0);
	page(&rig, 0, 0, 0);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	free(since);
	rig_finish(&rig);
}

static void test_pages__overlap_until_what_is_known(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 1);
	check_asked(&rig, "300", 0);
	page(&rig, 49, 200, NOW_S);
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	CHECK_INT(rig.outcome.messages.n, 49);
	check_asked(&rig, "300", 44);
	page(&rig, 49, 156, NOW_S - 44);
	check_asked(&rig, "300", 88);
	page(&rig, 3, 112, NOW_S - 88);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE); /* a short page is the last, whatever `total` says */
	/* later: one page is enough, because it goes back far behind what was read */
	start(&rig, "300/0:0:1767574800", RIG_NOW_AT, 1);
	check_asked(&rig, "300", 0);
	page(&rig, 49, 300, NOW_S - 601);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, "300/0:0:1767574800");
	rig_finish(&rig);
}

static void test_endless_pages__are_cut_off(void **state)
{
	struct rig rig;
	int pages = 0;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 3);
	do {
		rig_request(&rig);
		page(&rig, 49, 1000000 - 44 * pages, NOW_S);
		pages++;
	} while (rig.outcome.kind == OUTCOME_NEXT);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(pages, LIMIT_PULL_PAGES);
	CHECK(rig.outcome.note != NULL);
	/* The second article was cut short: nothing of it counts as read. */
	CHECK_TEXT(rig.outcome.since, "300/0:0:1767574800");
	rig_finish(&rig);
}

static void test_thread_without_comments__is_not_asked_again(void **state)
{
	char *since;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 1);
	check_asked(&rig, "300", 0);
	rig_fixture_answer(&rig, "error_88001");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, "300/0:x");
	since = xstrdup(rig.outcome.since);
	start(&rig, since, RIG_NOW_AT + HOUR_MS, 1);
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	assert_null(rig.outcome.since);
	free(since);
	rig_finish(&rig);
}

static void test_privilege__that_is_missing_switches_comments_off(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 1);
	rig_do(&rig, "error_88000");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK_TEXT(rig.outcome.capability, "comments");
	rig.settings.comments = false;
	start(&rig, NULL, RIG_NOW_AT, 1);
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_finish(&rig);
}

static void test_damaged_cursor__reads_everything(void **state)
{
	static const char *const damaged[] = { "", "-", "300/0", "300/0:", "300/0:z:1", "300/0:1",
		":::", "5251651732504576" };
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		start(&rig, damaged[i], RIG_NOW_AT, 1);
		check_asked(&rig, "300", 0);
		page(&rig, 0, 0, 0);
		CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
		CHECK_TEXT(rig.outcome.since, "-");
	}
	rig_finish(&rig);
}

static void test_odd_comments__are_left_out(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 1);
	rig_request(&rig);
	rig_answer(&rig, "{\"comment\":[7,null,{},{\"user_comment_id\":0},{\"user_comment_id\":-4},{\"user_comment_"
			 "id\":\"x/y\"},"
			 "{\"user_comment_id\":\"18\",\"create_time\":\"1767574000\",\"openid\":\"a "
			 "b\",\"reply\":{\"content\":\"\"}},"
			 "{\"user_comment_id\":4294967295,\"create_time\":-1}]}");
	CHECK_INT(rig.outcome.messages.n, 2);
	CHECK_TEXT(rig.outcome.messages.items[0].remote_id, "300/0/18");
	CHECK_INT(rig.outcome.messages.items[0].created_at, INT64_C(1767574000000));
	assert_null(rig.outcome.messages.items[0].author_id);
	CHECK_TEXT(rig.outcome.messages.items[1].remote_id, "300/0/4294967295");
	CHECK_INT(rig.outcome.messages.items[1].created_at, 0);
	rig_finish(&rig);
}

/* ---- answering ---- */

static void rig_reply(struct rig *rig, enum message_kind kind)
{
	rig_init(rig);
	rig->send = (struct driver_send){
		.kind = SEND_REPLY,
		.text = STR("周六上午可以办理。"),
		.reply_to_kind = kind,
		.reply_to_id = "2247503077/0/12",
		.reply_status_id = "2247503077/0",
		.reply_author_id = RIG_OPENID,
		.first_attempt_at = RIG_NOW_AT,
		.last_attempt_at = RIG_NOW_AT,
	};
	rig_start(rig, OP_SEND);
}

static void test_reply_to_comment__is_addressed_by_three_numbers(void **state)
{
	struct rig rig;

	(void)state;
	rig_reply(&rig, MESSAGE_COMMENT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/comment/reply/add");
	CHECK(rig.request.writes);
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
		"{\"msg_data_id\":2247503077,\"index\":0,\"user_comment_id\":12,\"content\":\"周六上午可以办理。\"}");
	rig_answer(&rig, "{\"errcode\":0,\"errmsg\":\"ok\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.found, 0);
	CHECK_TEXT(rig.outcome.remote_id, "2247503077/0/12/r");
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_88005");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(rig.outcome.was_duplicate);
	rig.send.reply_to_id = "12";
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "no usable id");
	rig_finish(&rig);
}

static void test_reply_to_comment__is_found_in_the_list(void **state)
{
	struct rig rig;

	(void)state;
	rig_reply(&rig, MESSAGE_COMMENT);
	rig_request(&rig);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	rig_start(&rig, OP_FIND);
	rig_do(&rig, "comment_list");
	CHECK_INT(rig.outcome.found, FOUND_YES);
	CHECK_TEXT(rig.outcome.remote_id, "2247503077/0/12/r");
	rig.send.text = STR("别的");
	rig_start(&rig, OP_FIND);
	rig_do(&rig, "comment_list");
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig.send.reply_to_id = "2247503077/0/11";
	rig_start(&rig, OP_FIND);
	rig_do(&rig, "comment_list");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig.send.reply_to_id = "2247503077/0/10";
	rig_start(&rig, OP_FIND);
	rig_do(&rig, "comment_list");
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig_finish(&rig);
}

static void test_customer_message__is_never_sent_twice(void **state)
{
	struct rig rig;

	(void)state;
	rig_reply(&rig, MESSAGE_DIRECT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/message/custom/send");
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
		"{\"touser\":\"" RIG_OPENID "\",\"msgtype\":\"text\",\"text\":{\"content\":\"周六上午可以办理。\"}}");
	rig_fixture_answer(&rig, "custom_send");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	CHECK(rig.outcome.look_after_ms > 0 && rig.outcome.look_after_ms < 1000); /* nothing is gained by waiting */
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.found, FOUND_UNKNOWABLE); /* a person decides */
	CHECK(strstr(rig.outcome.note, "cannot be asked"));
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_45015");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(strstr(rig.outcome.error.message, "write first"));
	rig.send.reply_author_id = NULL;
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "no follower");
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list__becomes_messages_and_our_replies),
		cmocka_unit_test(test_plan__asks_young_articles_always_and_old_ones_seldom),
		cmocka_unit_test(test_pages__overlap_until_what_is_known),
		cmocka_unit_test(test_endless_pages__are_cut_off),
		cmocka_unit_test(test_thread_without_comments__is_not_asked_again),
		cmocka_unit_test(test_privilege__that_is_missing_switches_comments_off),
		cmocka_unit_test(test_damaged_cursor__reads_everything),
		cmocka_unit_test(test_odd_comments__are_left_out),
		cmocka_unit_test(test_reply_to_comment__is_addressed_by_three_numbers),
		cmocka_unit_test(test_reply_to_comment__is_found_in_the_list),
		cmocka_unit_test(test_customer_message__is_never_sent_twice),
	};

	return check_run(tests);
}
