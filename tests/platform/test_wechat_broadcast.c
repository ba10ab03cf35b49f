/* Broadcasts and withdrawals: one clientmsgid per send for ever, and what WeChat's refusals of it mean. */
#include "wechat_rig.h"

static void rig_broadcast(struct rig *rig, enum post_form form)
{
	rig_init(rig);
	rig->article.mode = POST_MODE_BROADCAST;
	rig->article.form = form;
}

/* Without a draft it is written down before the last step that it may have been taken. */
static void rig_mark(struct rig *rig)
{
	rig_request(rig);
	rig_answer_nothing(rig);
	CHECK_INT(rig->outcome.kind, OUTCOME_NEXT);
	assert_non_null(rig->outcome.progress);
}

static void test_article__is_broadcast_by_its_draft(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_AUTO);
	rig_to_draft(&rig);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/message/mass/sendall");
	CHECK(rig.request.writes);
	CHECK_TEXT(rig_json(rig.body),
		"{\"filter\":{\"is_to_all\":true},\"mpnews\":{\"media_id\":\"" RIG_DRAFT
		"\"},\"msgtype\":\"mpnews\",\"send_ignore_reprint\":0,\"clientmsgid\":\"k7a9-12\"}");
	rig_fixture_answer(&rig, "mass_sendall");
	CHECK_INT(rig.outcome.found, FOUND_PENDING);
	CHECK_TEXT(rig.outcome.job_id, "3147494552");
	CHECK_TEXT(rig.outcome.thread_id, "2247503077/0");
	rig_finish(&rig);
}

static void test_text__goes_to_a_topic_by_its_number(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_TEXT);
	rig.article.topic = (char *)"社区网格员";
	rig.send.n_media = 0;
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/tags/get");
	CHECK_INT(rig.request.method, HTTP_GET);
	rig_fixture_answer(&rig, "tags_get");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_mark(&rig);
	rig_request(&rig);
	CHECK_TEXT(rig_json(rig.body), "{\"filter\":{\"is_to_all\":false,\"tag_id\":101},\"text\":{\"content\":"
				       "\"各位市民：\\n详见通告\"},\"msgtype\":\"text\",\"clientmsgid\":\"k7a9-12\"}");
	rig_fixture_answer(&rig, "mass_sendall_text");
	CHECK_TEXT(rig.outcome.job_id, "1000000338");
	assert_null(rig.outcome.thread_id);
	rig.article.topic = (char *)"没有";
	rig.send.progress = NULL;
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "tags_get");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(strstr(rig.outcome.error.message, "没有"));
	rig_finish(&rig);
}

static void test_pictures__go_as_they_are(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_IMAGE);
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	rig_answer(&rig, "{\"media_id\":\"ONE\"}");
	rig_request(&rig);
	rig_answer(&rig, "{\"media_id\":\"TWO\"}");
	rig_mark(&rig);
	rig_request(&rig);
	CHECK(strstr(rig_json(rig.body), "\"images\":{\"media_ids\":[\"ONE\",\"TWO\"],\"recommend\":\"各位市民：\\n"));
	rig_fixture_answer(&rig, "mass_sendall_text");
	CHECK_INT(rig.outcome.found, FOUND_PENDING);
	rig_finish(&rig);
}

static void test_own_clientmsgid__refused_means_landed(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_AUTO);
	rig_to_draft(&rig);
	rig_request(&rig);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	/* nobody can look: the same number again is the question */
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.found, FOUND_BY_SENDING);
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_45066");
	CHECK_INT(rig.outcome.error.advice,
		ADVISE_VERIFY); /* it is there, so it must not look as if it could be cancelled */
	CHECK(rig.outcome.look_after_ms >= 60000);
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(json_text(rig.body, "clientmsgid", ""), "k7a9-12");
	rig_fixture_answer(&rig, "error_45065");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.found, FOUND_PENDING);
	CHECK_TEXT(rig.outcome.job_id, "3147494552");
	CHECK(strstr(rig.outcome.note, "comments"));
	/* the draft vanished with the broadcast: it is made again, and the same number tells */
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_do(&rig, "draft_add");
	rig_do(&rig, "error_45065");
	CHECK_INT(rig.outcome.found, FOUND_PENDING);
	rig_finish(&rig);
}

static void test_own_clientmsgid__is_forgotten_after_a_day(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_TEXT);
	rig.send.n_media = 0;
	rig_start(&rig, OP_SEND);
	rig_mark(&rig);
	rig_start(&rig, OP_FIND);
	rig.op.now_at = RIG_NOW_AT + 24 * HOUR_MS;
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.found, FOUND_UNKNOWABLE);
	rig_finish(&rig);
}

static void test_quota__waits_for_the_next_day_or_month(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_TEXT);
	rig.send.n_media = 0;
	rig_start(&rig, OP_SEND);
	rig_mark(&rig);
	rig_do(&rig, "error_45028");
	CHECK_INT(rig.outcome.error.advice, ADVISE_WAIT);
	CHECK_INT(rig.outcome.quota, WECHAT_QUOTA_BROADCASTS);
	assert_in_range(rig.outcome.error.retry_ms, 15 * HOUR_MS, 15 * HOUR_MS + 2 * MINUTE_MS); /* 09:00 now */
	rig.settings.kind = WECHAT_SERVICE;
	rig_start(&rig, OP_SEND);
	rig_mark(&rig);
	rig_do(&rig, "error_45028");
	/* 5 January, 09:00: until 1 February */
	assert_in_range(
		rig.outcome.error.retry_ms, 15 * HOUR_MS + 26 * DAY_MS, 15 * HOUR_MS + 26 * DAY_MS + 2 * MINUTE_MS);
	rig_finish(&rig);
}

static void test_administrator__is_waited_for(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_TEXT);
	rig.send.n_media = 0;
	rig_start(&rig, OP_SEND);
	rig_mark(&rig);
	rig_do(&rig, "error_89505");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.found, FOUND_PENDING);
	CHECK(strstr(rig.outcome.note, "administrator"));
	assert_null(rig.outcome.job_id);
	rig.send.pending = true;
	rig_start(&rig, OP_FIND);
	rig.op.now_at = RIG_NOW_AT + 20 * MINUTE_MS;
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	CHECK(rig.outcome.look_after_ms >= 15 * MINUTE_MS && rig.outcome.look_after_ms < 17 * MINUTE_MS);
	rig_start(&rig, OP_FIND);
	rig.op.now_at = RIG_NOW_AT + 40 * MINUTE_MS;
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	CHECK(!rig.outcome.untouched);
	rig_finish(&rig);
}

static void test_job__is_asked_for_by_mass_get(void **state)
{
	static const struct {
		const char *fixture;
		enum found found;
	} cases[] = { { "mass_get", FOUND_YES }, { "mass_get_running", FOUND_PENDING },
		{ "mass_get_failed", FOUND_REFUSED }, { "mass_get_deleted", FOUND_YES } };
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_TEXT);
	rig.send.job_id = "3147494552";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_start(&rig, OP_FIND);
		rig_request(&rig);
		CHECK_TEXT(rig_path(&rig), "/cgi-bin/message/mass/get");
		rig_fixture_answer(&rig, cases[i].fixture);
		CHECK_INT(rig.outcome.found, cases[i].found);
	}
	rig_finish(&rig);
}

/* Would the next attempt be counted as a broadcast? What was counted for the last one is given back when it would. */
static bool is_counted_again(const struct rig *rig)
{
	return (rig->driver->cost(OP_SEND, &rig->send) & 1u << WECHAT_QUOTA_BROADCASTS) != 0;
}

static void test_count__is_of_what_may_have_been_taken(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_AUTO);
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "uploadimg");
	rig_do(&rig, "add_material");
	rig_do(&rig, "error_45003");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(is_counted_again(&rig)); /* no draft: it was not even asked for */
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "draft_add");
	CHECK(!is_counted_again(&rig)); /* from here on */
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/message/mass/sendall");
	rig_fixture_answer(&rig, "error_48001");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(is_counted_again(&rig)); /* refused for certain */
	rig_start(&rig, OP_SEND);
	rig_mark(&rig);
	rig_request(&rig);
	rig_lose(&rig);
	CHECK(!is_counted_again(&rig));
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_48001");
	CHECK(!is_counted_again(&rig)); /* that says nothing of the attempt before */
	rig_finish(&rig);
}

static void test_text__is_untouched_until_its_mark(void **state)
{
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_TEXT);
	rig.send.n_media = 0;
	rig_start(&rig, OP_FIND); /* a crash before anything left */
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.found, FOUND_NO);
	CHECK(rig.outcome.untouched);
	CHECK(is_counted_again(&rig));
	rig_start(&rig, OP_SEND);
	rig_mark(&rig);
	CHECK(!is_counted_again(&rig));
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.found, FOUND_BY_SENDING);
	rig_start(&rig, OP_SEND);
	rig_request(&rig); /* the same attempt cannot be told from one that was lost: no second mark */
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/message/mass/sendall");
	rig_fixture_answer(&rig, "error_45028");
	CHECK(!is_counted_again(&rig));
	rig.send.progress = NULL;
	rig_start(&rig, OP_SEND);
	rig_mark(&rig);
	rig_do(&rig, "error_45028");
	CHECK(is_counted_again(&rig));
	rig_finish(&rig);
}

static void test_cost__counts_a_broadcast_once(void **state)
{
	const unsigned broadcasts = 1u << WECHAT_QUOTA_BROADCASTS;
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	struct rig rig;

	(void)state;
	rig_broadcast(&rig, POST_FORM_AUTO);
	CHECK(rig.driver->cost(OP_SEND, &rig.send) & broadcasts);
	CHECK(rig.driver->cost(OP_SEND, &rig.send) & 1u << WECHAT_QUOTA_DRAFT_ADD);
	rig.send.progress = "{\"draft\":\"D\"}";
	CHECK_INT(rig.driver->cost(OP_SEND, &rig.send), 1u << WECHAT_QUOTA_MASS);
	rig.article.mode = POST_MODE_PUBLISH;
	CHECK_INT(rig.driver->cost(OP_SEND, &rig.send), 1u << WECHAT_QUOTA_PUBLISH);
	CHECK_INT(rig.driver->quotas(&rig.settings, quotas), WECHAT_QUOTAS);
	CHECK_TEXT(quotas[WECHAT_QUOTA_BROADCASTS].name, DRIVER_QUOTA_BROADCASTS);
	CHECK_INT(quotas[WECHAT_QUOTA_BROADCASTS].limit, 1);
	CHECK(!quotas[WECHAT_QUOTA_BROADCASTS].month);
	for (size_t i = 0; i < WECHAT_QUOTAS; i++) {
		CHECK_INT(quotas[i].per_send, i == WECHAT_QUOTA_BROADCASTS);
	}
	rig.settings.kind = WECHAT_SERVICE;
	(void)rig.driver->quotas(&rig.settings, quotas);
	CHECK_INT(quotas[WECHAT_QUOTA_BROADCASTS].limit, 4);
	CHECK(quotas[WECHAT_QUOTA_BROADCASTS].month);
	rig_finish(&rig);
}

static void test_withdrawal__of_a_broadcast_is_of_articles_only(void **state)
{
	static const struct {
		enum post_form form;
		bool can;
	} cases[] = { { POST_FORM_AUTO, true }, { POST_FORM_ARTICLE, true }, { POST_FORM_NEWSPIC, true },
		{ POST_FORM_TEXT, false }, { POST_FORM_IMAGE, false } };
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_broadcast(&rig, cases[i].form);
		if (cases[i].can) {
			CHECK_OK(rig.driver->may_withdraw(&rig.send, &rig.err), rig.err);
		} else {
			CHECK_FAILS(rig.driver->may_withdraw(&rig.send, &rig.err), rig.err, "articles only");
			CHECK_INT(rig.err.domain, ERROR_STATE);
		}
		rig_finish(&rig);
	}
	rig_broadcast(&rig, POST_FORM_AUTO);
	rig.send.title = NULL;
	rig.send.n_media = 0;
	CHECK_FAILS(rig.driver->may_withdraw(&rig.send, &rig.err), rig.err, "articles only");
	rig_finish(&rig);
}

static void test_withdrawal__deletes_what_was_published(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send = (struct driver_send){ .kind = SEND_WITHDRAW, .target_id = "A-1", .target_job = "2247503051" };
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/freepublish/delete");
	CHECK_TEXT(rig_json(rig.body), "{\"article_id\":\"A-1\"}");
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	rig_answer(&rig, "{\"errcode\":53600,\"errmsg\":\"\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig.send.target_broadcast = true;
	rig.send.target_job = "3147494552";
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/message/mass/delete");
	CHECK(strstr(rig.request.body, "\"msg_id\":3147494552,"));
	rig_answer(&rig, "{\"errcode\":0,\"errmsg\":\"ok\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig.send.target_job = NULL;
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "website");
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_article__is_broadcast_by_its_draft),
		cmocka_unit_test(test_text__goes_to_a_topic_by_its_number),
		cmocka_unit_test(test_pictures__go_as_they_are),
		cmocka_unit_test(test_own_clientmsgid__refused_means_landed),
		cmocka_unit_test(test_own_clientmsgid__is_forgotten_after_a_day),
		cmocka_unit_test(test_quota__waits_for_the_next_day_or_month),
		cmocka_unit_test(test_administrator__is_waited_for),
		cmocka_unit_test(test_job__is_asked_for_by_mass_get),
		cmocka_unit_test(test_count__is_of_what_may_have_been_taken),
		cmocka_unit_test(test_text__is_untouched_until_its_mark),
		cmocka_unit_test(test_cost__counts_a_broadcast_once),
		cmocka_unit_test(test_withdrawal__of_a_broadcast_is_of_articles_only),
		cmocka_unit_test(test_withdrawal__deletes_what_was_published),
	};

	return check_run(tests);
}
