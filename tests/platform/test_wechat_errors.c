/* Codes to advice, and what of a refusal is shown. */
#include "codec/http_message.h"
#include "wechat_rig.h"

static void refuse(struct rig *rig, int64_t code, const char *said)
{
	char body[600];

	(void)snprintf(body, sizeof(body), "{\"errcode\":%lld,\"errmsg\":\"%s\"}", (long long)code, said);
	rig_request(rig);
	rig_answer(rig, body);
	CHECK_INT(rig->outcome.kind, OUTCOME_ERROR);
	CHECK_INT(rig->outcome.error.code, code);
}

static void test_codes__become_advice(void **state)
{
	static const struct {
		int code;
		enum error_advice visible; /* of a submission */
		enum error_advice hidden;  /* of a draft */
		bool person;
	} cases[] = {
		{ -1, ADVISE_VERIFY, ADVISE_RETRY, false },
		{ 40001, ADVISE_REAUTH, ADVISE_REAUTH, false },
		{ 40014, ADVISE_REAUTH, ADVISE_REAUTH, false },
		{ 42001, ADVISE_REAUTH, ADVISE_REAUTH, false },
		{ 40013, ADVISE_REAUTH, ADVISE_REAUTH, true },
		{ 40164, ADVISE_REAUTH, ADVISE_REAUTH, true },
		{ 50007, ADVISE_REAUTH, ADVISE_REAUTH, true },
		{ 45011, ADVISE_WAIT, ADVISE_WAIT, false },
		{ 45009, ADVISE_WAIT, ADVISE_WAIT, false },
		{ 45003, ADVISE_REJECT, ADVISE_REJECT, false },
		{ 45166, ADVISE_REJECT, ADVISE_REJECT, false },
		{ 47001, ADVISE_REJECT, ADVISE_REJECT, false },
		{ 48001, ADVISE_REJECT, ADVISE_REJECT, false },
		{ 53503, ADVISE_REJECT, ADVISE_REJECT, false },
		{ 89503, ADVISE_WAIT, ADVISE_WAIT, false },
		{ 9500001, ADVISE_VERIFY, ADVISE_RETRY, false },
		{ 12345, ADVISE_REJECT, ADVISE_REJECT, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rig rig;

		rig_init(&rig);
		rig.send.progress = "{\"draft\":\"D\"}";
		rig_start(&rig, OP_SEND);
		refuse(&rig, cases[i].code, "x rid: 68f0517e-4e11c0a6-16f1604b");
		CHECK_INT(rig.outcome.error.advice, cases[i].visible);
		CHECK_INT(rig.outcome.needs_person, cases[i].person);
		CHECK_INT(rig.outcome.error.retry_ms > 0, cases[i].visible == ADVISE_WAIT);
		rig.send.progress = NULL;
		rig.article.markdown = (char *)"x";
		rig_start(&rig, OP_SEND);
		rig_do(&rig, "add_material");
		refuse(&rig, cases[i].code, "x");
		CHECK_INT(rig.outcome.error.advice, cases[i].hidden);
		rig_finish(&rig);
	}
}

/* Asked again sooner they would only be refused for longer. */
static void test_address__not_yet_allowed_is_told_to_a_person(void **state)
{
	static const struct {
		int code;
		int64_t retry_ms;
	} cases[] = { { 89503, 10 * MINUTE_MS }, { 89506, DAY_MS }, { 89507, HOUR_MS } };
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_start(&rig, OP_RENEW);
		refuse(&rig, cases[i].code, "x");
		CHECK_INT(rig.outcome.error.advice, ADVISE_WAIT);
		CHECK_INT(rig.outcome.error.retry_ms, cases[i].retry_ms);
		CHECK(rig.outcome.needs_person);
		CHECK(strstr(rig.outcome.error.message, "administrator"));
	}
	rig_start(&rig, OP_SEND); /* with a token that is good there is nothing to hold */
	refuse(&rig, 89503, "x");
	CHECK(!rig.outcome.needs_person);
	rig_finish(&rig);
}

static void test_capability__is_named_by_what_was_tried(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.progress = "{\"draft\":\"D\"}";
	rig_start(&rig, OP_SEND);
	refuse(&rig, 48001, "api unauthorized");
	CHECK_TEXT(rig.outcome.capability, "publish");
	rig.article.mode = POST_MODE_BROADCAST;
	rig_start(&rig, OP_SEND);
	refuse(&rig, 48001, "api unauthorized");
	CHECK_TEXT(rig.outcome.capability, "broadcast");
	rig.send = (struct driver_send){
		.kind = SEND_REPLY, .text = STR("x"), .reply_to_kind = MESSAGE_DIRECT, .reply_author_id = RIG_OPENID
	};
	rig_start(&rig, OP_SEND);
	refuse(&rig, 48001, "api unauthorized");
	CHECK_TEXT(rig.outcome.capability, "reply");
	rig_finish(&rig);
}

static void test_rid__is_shown_and_secrets_are_not(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.progress = "{\"draft\":\"D\"}";
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_40001"); /* a long text: the rid stands at its end */
	CHECK(strstr(rig.outcome.error.message, "rid: 69246f10-1b2c3d4e-5f607182"));
	rig_start(&rig, OP_SEND);
	refuse(&rig, 47001, "your token " RIG_TOKEN " is fine");
	assert_null(strstr(rig.outcome.error.message, RIG_TOKEN));
	rig_start(&rig, OP_SEND);
	refuse(&rig, 47001, "your secret " RIG_SECRET);
	assert_null(strstr(rig.outcome.error.message, RIG_SECRET));
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_40164");
	CHECK(strstr(rig.outcome.error.message, "203.0.113.7"));
	rig_finish(&rig);
}

static void test_trace__does_not_show_the_token(void **state)
{
	struct rig rig;
	struct buf trace;
	char digest[65];
	char other[65];

	(void)state;
	rig_init(&rig);
	rig.send.progress = "{\"draft\":\"D\"}";
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK(strstr(rig.request.url, RIG_TOKEN));
	buf_init(&trace, 1000);
	http_request_trace(&rig.request, &trace);
	CHECK_STR(buf_str(&trace), "POST http://127.0.0.1:8751/cgi-bin/freepublish/submit");
	buf_finish(&trace);
	http_request_digest(&rig.request, digest);
	secret_set(&rig.token, STR("another"));
	rig_request(&rig);
	http_request_digest(&rig.request, other);
	CHECK_TEXT(digest, other);
	rig_finish(&rig);
}

static void test_end_of_month__is_counted_in_the_platforms_zone(void **state)
{
	static const struct {
		int64_t now_at;
		int64_t left_ms;
	} cases[] = {
		{ INT64_C(1767574800000), 15 * HOUR_MS + 26 * DAY_MS }, /* 2026-01-05 09:00 +0800 */
		{ INT64_C(1769875199000), 1000 },                       /* 2026-01-31 23:59:59 */
		{ INT64_C(1769875200000), 28 * DAY_MS },                /* 2026-02-01 00:00 */
		{ INT64_C(1832947200000), 29 * DAY_MS },                /* 2028-02-01 00:00: a leap year */
		{ INT64_C(1798732799000), 1000 },                       /* 2026-12-31 23:59:59 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_INT(wechat_month_left_ms(cases[i].now_at), cases[i].left_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes__become_advice),
		cmocka_unit_test(test_address__not_yet_allowed_is_told_to_a_person),
		cmocka_unit_test(test_capability__is_named_by_what_was_tried),
		cmocka_unit_test(test_rid__is_shown_and_secrets_are_not),
		cmocka_unit_test(test_trace__does_not_show_the_token),
		cmocka_unit_test(test_end_of_month__is_counted_in_the_platforms_zone),
	};

	return check_run(tests);
}
