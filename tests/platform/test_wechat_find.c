/* Jobs and lost answers: what is asked, and what the platform's answers prove. */
#include "wechat_rig.h"

static void find(struct rig *rig, const char *fixture)
{
	rig_start(rig, OP_FIND);
	rig_do(rig, fixture);
	CHECK_INT(rig->outcome.kind, OUTCOME_DONE);
}

static void test_job__is_asked_for_until_it_ends(void **state)
{
	static const int64_t after_ms[] = { 120000, 600000, 3600000, 21600000, 21600000 };
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.job_id = "2247503051";
	rig.send.pending = true;
	for (size_t i = 0; i < ARRAY_LEN(after_ms); i++) {
		rig.send.looks = (int)i;
		rig_start(&rig, OP_FIND);
		rig_request(&rig);
		CHECK_TEXT(rig_path(&rig), "/cgi-bin/freepublish/get");
		CHECK(!rig.request.writes);
		CHECK_TEXT(rig_json(rig.body), "{\"publish_id\":\"2247503051\"}");
		rig_fixture_answer(&rig, "freepublish_get_running");
		CHECK_INT(rig.outcome.found, FOUND_PENDING);
		CHECK_INT(rig.outcome.look_after_ms, after_ms[i]);
	}
	find(&rig, "freepublish_get");
	CHECK_INT(rig.outcome.found, FOUND_YES);
	CHECK_TEXT(rig.outcome.remote_id, "TESTarticleIdAbCdEfGhIjKlMnOpQrStUvWxYz01234");
	CHECK(strstr(rig.outcome.url, "mid=2247503051&idx=1"));
	find(&rig, "freepublish_get_banned");
	CHECK_INT(rig.outcome.found, FOUND_YES);
	CHECK(strstr(rig.outcome.note, "banned"));
	rig_finish(&rig);
}

static void test_job__that_failed_says_why_and_where(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.job_id = "2247503051";
	find(&rig, "freepublish_get_originality");
	CHECK_INT(rig.outcome.found, FOUND_REFUSED);
	CHECK(strstr(rig.outcome.error.message, "original"));
	find(&rig, "freepublish_get_rejected");
	CHECK_INT(rig.outcome.found, FOUND_REFUSED);
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(strstr(rig.outcome.error.message, "article 1 of it: WeChat: WeChat's review"));
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	rig_answer(&rig, "{\"errcode\":40002,\"errmsg\":\"invalid argument\"}");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	CHECK(!rig.outcome.untouched);
	rig_finish(&rig);
}

static void test_submission__that_was_lost_is_proved_by_the_list(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.title = "关于优化居住证办理流程的通告";
	rig.send.first_attempt_at = rig.send.last_attempt_at = INT64_C(1764000400000) - MINUTE_MS;
	rig.send.progress = "{\"draft\":\"D\"}";
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/draft/get");
	CHECK_TEXT(rig_json(rig.body), "{\"media_id\":\"D\"}");
	rig_fixture_answer(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/freepublish/batchget");
	rig_fixture_answer(&rig, "freepublish_batchget");
	CHECK_INT(rig.outcome.found, FOUND_YES);
	CHECK_TEXT(rig.outcome.remote_id, "TESTarticleIdAbCdEfGhIjKlMnOpQrStUvWxYz01234");
	CHECK_TEXT(rig.outcome.thread_id, "2247503051/0");
	rig_finish(&rig);
}

static void list_with(struct rig *rig, const char *content, int64_t at)
{
	char body[1000];

	rig_start(rig, OP_FIND);
	rig_do(rig, "error_40007");
	rig_request(rig);
	(void)snprintf(body, sizeof(body),
		"{\"item\":[{\"article_id\":\"A\",\"update_time\":%lld,\"content\":{\"news_item\":[{\"title\":"
		"\"停水通知\","
		"\"content\":\"%s\"}]}}]}",
		(long long)(at / 1000), content);
	rig_answer(rig, body);
	CHECK_INT(rig->outcome.kind, OUTCOME_DONE);
}

static void test_list__is_compared_by_title_text_and_time(void **state)
{
	static const char *const taken[] = { "A" };
	const char *same = "<section><p style='x'>各位市民：</p> <p><img src='http://mmbiz.qpic.cn/1'/></p>"
			   "<p>详见通告（https://www.city.gov.example/n/1）。</p></section>";
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.progress = "{\"draft\":\"D\"}";
	list_with(&rig, same, RIG_NOW_AT + MINUTE_MS);
	CHECK_INT(rig.outcome.found, FOUND_YES);
	list_with(&rig, "<p>另一篇</p>", RIG_NOW_AT + MINUTE_MS);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	CHECK(rig.outcome.note != NULL);
	list_with(&rig, same, RIG_NOW_AT - HOUR_MS);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig.send.taken_ids = taken;
	rig.send.n_taken = 1;
	list_with(&rig, same, RIG_NOW_AT + MINUTE_MS);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig_finish(&rig);
}

static void test_draft__that_is_still_there_proves_nothing_at_once(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.progress = "{\"draft\":\"D\"}";
	rig_start(&rig, OP_FIND);
	rig.op.now_at = RIG_NOW_AT + HOUR_MS;
	rig_do(&rig, "draft_get");
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	CHECK_INT(rig.outcome.look_after_ms, 5 * HOUR_MS); /* then it does */
	CHECK(strstr(rig.outcome.note, "draft still stands"));
	rig_start(&rig, OP_FIND);
	rig.op.now_at = RIG_NOW_AT + 6 * HOUR_MS;
	rig_do(&rig, "draft_get");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	CHECK(!rig.outcome.untouched);
	rig_finish(&rig);
}

static void test_untouched__is_told_without_a_question(void **state)
{
	static const char *const progress[] = { NULL, "{\"material\":{}}", "{\"draft\":\"D\",\"clean\":true}" };
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(progress); i++) {
		rig.send.progress = progress[i];
		rig_start(&rig, OP_FIND);
		rig_request(&rig);
		rig_answer_nothing(&rig);
		CHECK_INT(rig.outcome.found, FOUND_NO);
		CHECK(rig.outcome.untouched);
	}
	rig_finish(&rig);
}

static void test_withdrawal__is_read_back(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send = (struct driver_send){ .kind = SEND_WITHDRAW, .target_id = "A" };
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/freepublish/getarticle");
	rig_answer(&rig, "{\"errcode\":53600,\"errmsg\":\"\"}");
	CHECK_INT(rig.outcome.found, FOUND_YES);
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	rig_answer(&rig, "{\"news_item\":[{\"is_deleted\":true},{\"is_deleted\":false}]}");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	rig_answer(&rig, "{\"news_item\":[{\"is_deleted\":true}]}");
	CHECK_INT(rig.outcome.found, FOUND_YES);
	rig.send.target_broadcast = true;
	rig.send.target_job = "3147494552";
	find(&rig, "mass_get_deleted");
	CHECK_INT(rig.outcome.found, FOUND_YES);
	find(&rig, "mass_get");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job__is_asked_for_until_it_ends),
		cmocka_unit_test(test_job__that_failed_says_why_and_where),
		cmocka_unit_test(test_submission__that_was_lost_is_proved_by_the_list),
		cmocka_unit_test(test_list__is_compared_by_title_text_and_time),
		cmocka_unit_test(test_draft__that_is_still_there_proves_nothing_at_once),
		cmocka_unit_test(test_untouched__is_told_without_a_question),
		cmocka_unit_test(test_withdrawal__is_read_back),
	};

	return check_run(tests);
}
