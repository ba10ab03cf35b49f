/* What each of Weibo's codes means for a write and for a read; and answers that carry no code. */
#include <inttypes.h>

#include "core/clock.h"
#include "platform/weibo/weibo.h"
#include "rig.h"

#define LOG  ADVISE_REAUTH /* log in again */
#define PARK ADVISE_REAUTH /* with needs_person */

enum { PLAIN, PERSON = 1, TWIN = 2 };

/* source  wiki "Error_code", in its order */
static const struct {
	int code;
	enum error_advice write; /* a post */
	enum error_advice read;  /* a poll */
	int flags;
} codes[] = {
	{ 10001, ADVISE_VERIFY, ADVISE_RETRY, PLAIN },
	{ 10002, ADVISE_RETRY, ADVISE_RETRY, PLAIN },
	{ 10003, ADVISE_VERIFY, ADVISE_RETRY, PLAIN },
	{ 10004, PARK, PARK, PERSON },
	{ 10005, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10006, LOG, LOG, PLAIN },
	{ 10007, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10008, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10009, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 10010, ADVISE_VERIFY, ADVISE_RETRY, PLAIN },
	{ 10011, ADVISE_VERIFY, ADVISE_RETRY, PLAIN },
	{ 10012, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10013, PARK, PARK, PERSON },
	{ 10014, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10016, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10017, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10018, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10020, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10021, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 10022, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 10023, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 10024, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 10025, ADVISE_RETRY, ADVISE_RETRY, PLAIN },
	{ 10032, LOG, LOG, PLAIN },
	{ 20001, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20002, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20003, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20005, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20006, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20007, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20008, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20009, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20012, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20013, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20014, ADVISE_RETRY, ADVISE_RETRY, PLAIN },
	{ 20015, PARK, PARK, PERSON },
	{ 20016, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 20017, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20018, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20019, ADVISE_REJECT, ADVISE_REJECT, TWIN },
	{ 20020, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20021, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20022, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 20023, PARK, PARK, PERSON },
	{ 20031, PARK, PARK, PERSON },
	{ 20032, ADVISE_VERIFY, ADVISE_RETRY, PLAIN },
	{ 20033, PARK, PARK, PERSON },
	{ 20049, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20101, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20102, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20103, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20104, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20109, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20111, ADVISE_REJECT, ADVISE_REJECT, TWIN },
	{ 20112, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20120, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20121, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20201, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20202, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20203, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20204, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20206, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20207, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20301, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20302, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20303, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20305, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20306, ADVISE_REJECT, ADVISE_REJECT, TWIN },
	{ 20307, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20401, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20402, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20501, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20503, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20504, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20505, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 20506, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20507, PARK, PARK, PERSON },
	{ 20508, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20513, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20521, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 20522, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20523, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20524, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 20601, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 20607, ADVISE_RETRY, ADVISE_RETRY, PLAIN },
	{ 21108, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21301, LOG, LOG, PLAIN },
	{ 21302, PARK, PARK, PERSON },
	{ 21304, PARK, PARK, PERSON },
	{ 21313, PARK, PARK, PERSON },
	{ 21314, LOG, LOG, PLAIN },
	{ 21317, LOG, LOG, PLAIN },
	{ 21318, PARK, PARK, PERSON },
	{ 21319, LOG, LOG, PLAIN },
	{ 21320, PARK, PARK, PERSON },
	{ 21321, LOG, LOG, PLAIN },
	{ 21322, PARK, PARK, PERSON },
	{ 21323, PARK, PARK, PERSON },
	{ 21324, PARK, PARK, PERSON },
	{ 21325, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21326, PARK, PARK, PERSON },
	{ 21327, LOG, LOG, PLAIN },
	{ 21328, PARK, PARK, PERSON },
	{ 21329, PARK, PARK, PERSON },
	{ 21330, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21331, ADVISE_RETRY, ADVISE_RETRY, PLAIN },
	{ 21332, LOG, LOG, PLAIN },
	{ 21335, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21337, PARK, PARK, PERSON },
	{ 21501, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21504, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21601, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21602, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21603, ADVISE_WAIT, ADVISE_WAIT, PLAIN },
	{ 21701, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21702, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 21901, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	/* unknown ones: of the system, of a service, of nothing */
	{ 10999, ADVISE_VERIFY, ADVISE_RETRY, PLAIN },
	{ 29999, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ 7, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
	{ -3, ADVISE_REJECT, ADVISE_REJECT, PLAIN },
};

/* as_text: the code comes in quotes, which it should not, and sometimes does */
static void check_code(struct rig *rig, enum driver_op_kind kind, int code, bool as_text, enum error_advice want)
{
	char body[256];

	/* the HTTP status must not matter where there is a code, not even 200 */
	(void)snprintf(body, sizeof(body),
		as_text ? "{\"error_code\":\"%d\"}"
			: "{\"error\":\"some text\",\"error_code\":%d,\"request\":\"/2/x.json\"}",
		code);
	rig_do(rig, kind, code % 2 ? 200 : 403, body);
	CHECK_INT(rig->outcome.kind, OUTCOME_ERROR);
	if (rig->outcome.error.advice != want) {
		fail_msg("%d as operation %d: advice %s, want %s", code, (int)kind,
			error_advice_name(rig->outcome.error.advice), error_advice_name(want));
	}
	CHECK_INT(rig->outcome.error.code, code);
	CHECK_INT(rig->outcome.error.domain, ERROR_PLATFORM);
	CHECK_INT(rig->outcome.error.retry_ms > 0, want == ADVISE_WAIT);
}

static void test_codes__every_row_for_writes_and_reads(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		check_code(&rig, OP_SEND, codes[i].code, false, codes[i].write);
		CHECK_INT(rig.outcome.was_duplicate, codes[i].flags == TWIN);
		CHECK_INT(rig.outcome.needs_person, codes[i].flags == PERSON);
		check_code(&rig, OP_SEND, codes[i].code, true, codes[i].write);
		check_code(&rig, OP_PULL, codes[i].code, false, codes[i].read);
		CHECK_INT(rig.outcome.was_duplicate, false);
		CHECK_INT(rig.outcome.needs_person, codes[i].flags == PERSON);
		check_code(&rig, OP_FIND, codes[i].code, true, codes[i].read);
	}
	rig_finish(&rig);
}

static void test_codes__published_but_slow_is_looked_up_after_two_minutes(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_do(&rig, OP_SEND, 400, rig_fixture(&rig, "error_20032"));
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	CHECK_INT(rig.outcome.look_after_ms, 120000);
	rig_finish(&rig);
}

static void test_codes__safe_domain_refusals(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_do(&rig, OP_SEND, 400, rig_fixture(&rig, "error_10017"));
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	CHECK_INT(rig.outcome.max_tries, 3);
	rig_do(&rig, OP_SEND, 400, "{\"error\":\"appkey not bind domain!\",\"error_code\":10017}");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REAUTH);
	CHECK(rig.outcome.needs_person);
	rig_finish(&rig);
}

static void test_codes__once_means_one_more_try(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_do(&rig, OP_SEND, 400, "{\"error_code\":20014}");
	CHECK_INT(rig.outcome.max_tries, 2);
	rig_do(&rig, OP_SEND, 400, "{\"error_code\":10002}");
	CHECK_INT(rig.outcome.max_tries, 0);
	rig_do(&rig, OP_PULL, 400, "{\"error_code\":10999}");
	CHECK_INT(rig.outcome.max_tries, 2);
	rig_finish(&rig);
}

static void test_limits__wait_for_the_end_of_their_window(void **state)
{
	static const struct {
		int code;
		int quota;
		int64_t min_ms;
		int64_t max_ms;
	} cases[] = {
		{ 10022, -1, 40 * MINUTE_MS, 42 * MINUTE_MS },
		{ 10023, WEIBO_QUOTA_CALLS, 40 * MINUTE_MS, 42 * MINUTE_MS },
		{ 10024, WEIBO_QUOTA_POSTS, 40 * MINUTE_MS, 42 * MINUTE_MS },
		{ 20016, WEIBO_QUOTA_POSTS, 10 * MINUTE_MS, 60 * MINUTE_MS },
		{ 20022, -1, 60 * MINUTE_MS, 120 * MINUTE_MS },
		/* 09:20 +0800: 14 h 40 min to midnight there */
		{ 20505, -1, 880 * MINUTE_MS, 882 * MINUTE_MS },
		{ 10009, -1, MINUTE_MS, MINUTE_MS },
	};
	struct rig rig;
	char body[64];

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.last_attempt_at = RIG_NOW_AT + 20 * MINUTE_MS;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(body, sizeof(body), "{\"error_code\":%d}", cases[i].code);
		rig_do(&rig, OP_SEND, 403, body);
		CHECK_INT(rig.outcome.error.advice, ADVISE_WAIT);
		CHECK_INT(rig.outcome.quota, cases[i].quota);
		assert_in_range(rig.outcome.error.retry_ms, cases[i].min_ms, cases[i].max_ms);
	}
	/* a poll that meets the limit of its own interface leaves posting alone */
	rig_do(&rig, OP_PULL, 403, "{\"error_code\":10024}");
	CHECK_INT(rig.outcome.quota, -1);
	/* no clock known: an hour */
	rig.send.last_attempt_at = 0;
	rig_do(&rig, OP_SEND, 403, "{\"error_code\":10023}");
	CHECK_INT(rig.outcome.error.retry_ms, HOUR_MS);
	rig_finish(&rig);
}

static void test_samples__are_read(void **state)
{
	static const struct {
		const char *name;
		int status;
		enum error_advice advice;
	} cases[] = {
		{ "error_10006", 400, LOG }, /* a string, and no request */
		{ "error_10014", 403, ADVISE_REJECT },
		{ "error_20019", 400, ADVISE_REJECT },
		{ "error_20101", 400, ADVISE_REJECT },
		{ "error_20201", 400, ADVISE_REJECT },
		{ "error_21301", 403, LOG },
		{ "error_21327", 403, LOG },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_do(&rig, OP_SEND, cases[i].status, rig_fixture(&rig, cases[i].name));
		CHECK_INT(rig.outcome.error.advice, cases[i].advice);
	}
	rig_finish(&rig);
}

static void test_messages__name_the_code_and_keep_secrets(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_do(&rig, OP_SEND, 400, rig_fixture(&rig, "error_20019"));
	CHECK_TEXT(rig.outcome.error.message, "Weibo 20019: identical to something just posted (repeat content!)");
	rig_do(&rig, OP_SEND, 400, "{\"error\":\"bad token 2.00TOKEN\",\"error_code\":21332}");
	CHECK(!strstr(rig.outcome.error.message, "2.00TOKEN"));
	CHECK(strstr(rig.outcome.error.message, "21332"));
	rig_do(&rig, OP_SEND, 400, "{\"error\":\"bad token 2.00TOKEN\"}"); /* and without a code */
	CHECK(!strstr(rig.outcome.error.message, "2.00TOKEN"));
	rig_do(&rig, OP_TOKEN, 401, "{\"error\":\"bad token 2.00TOKEN\"}");
	CHECK(!strstr(rig.outcome.error.message, "2.00TOKEN"));
	rig_do(&rig, OP_SEND, 400, "{\"error\":\"\\u001b[31mred\\n\\ud800\",\"error_code\":20021}");
	CHECK(!strchr(rig.outcome.error.message, '\x1b'));
	CHECK(!strchr(rig.outcome.error.message, '\n'));
	rig_do(&rig, OP_SEND, 400, "{\"error\":[\"x\"],\"error_code\":99999999999999999999}");
	CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
	rig_finish(&rig);
}

/* source  statuses as observed */
static void test_status__decides_only_without_a_code(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum error_advice write;
		enum error_advice read;
	} cases[] = {
		{ 400, "{\"error\":\"what\"}", ADVISE_REJECT, ADVISE_REJECT },
		{ 401, "{\"error\":\"what\"}", ADVISE_VERIFY, ADVISE_REAUTH },
		{ 403, "{\"error\":\"what\"}", ADVISE_VERIFY, ADVISE_RETRY },
		{ 404, "{}", ADVISE_REJECT, ADVISE_REJECT },
		{ 413, "{}", ADVISE_REJECT, ADVISE_REJECT },
		{ 414, "", ADVISE_WAIT, ADVISE_WAIT },
		{ 418, "<html>", ADVISE_WAIT, ADVISE_WAIT },
		{ 429, "{}", ADVISE_WAIT, ADVISE_WAIT },
		{ 400, "<html>bad request</html>", ADVISE_VERIFY, ADVISE_RETRY },
		{ 403, "", ADVISE_VERIFY, ADVISE_RETRY },
		{ 404, "<html>", ADVISE_VERIFY, ADVISE_RETRY },
		{ 302, "", ADVISE_VERIFY, ADVISE_RETRY },
		{ 302, "{\"id\":1}", ADVISE_VERIFY, ADVISE_RETRY },
		{ 500, "<html>", ADVISE_VERIFY, ADVISE_RETRY },
		{ 502, "{\"id\":1}", ADVISE_VERIFY, ADVISE_RETRY },
		{ 503, "", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "<html></html>", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "{\"created_at\":\"Mon Jan 05 09:00:12 +0800 2026\",\"id\":52516", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "{\"error\":\"what\"}", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "{\"error_code\":\"what\"}", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "{\"error_code\":{}}", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "{}", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "null", ADVISE_VERIFY, ADVISE_RETRY },
		{ 200, "7", ADVISE_VERIFY, ADVISE_RETRY },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_do(&rig, OP_SEND, cases[i].status, cases[i].body);
		CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
		if (rig.outcome.error.advice != cases[i].write) {
			fail_msg("write: %d \"%s\": %s", cases[i].status, cases[i].body,
				error_advice_name(rig.outcome.error.advice));
		}
		rig_do(&rig, OP_PULL, cases[i].status, cases[i].body);
		CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
		if (rig.outcome.error.advice != cases[i].read) {
			fail_msg("read: %d \"%s\": %s", cases[i].status, cases[i].body,
				error_advice_name(rig.outcome.error.advice));
		}
	}
	rig_finish(&rig);
}

static void test_transport__not_sent_is_retried_doubt_is_verified(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	rig_fate(&rig, HTTP_NOT_SENT, 0, STR(""));
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	rig_fate(&rig, HTTP_IN_DOUBT, 0, STR("{\"id\":1}"));
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	CHECK_INT(rig.outcome.error.domain, ERROR_HTTP);
	CHECK(strstr(rig.outcome.error.message, "connection lost"));
	rig_start(&rig, OP_PULL);
	rig_request(&rig);
	rig_fate(&rig, HTTP_NOT_SENT, 0, STR(""));
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	rig_fate(&rig, HTTP_IN_DOUBT, 0, STR(""));
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	rig_finish(&rig);
}

static void test_error_code__zero_is_none(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_do(&rig, OP_SEND, 200, "{\"error_code\":0,\"error\":\"\",\"idstr\":\"5251651753477097\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes__every_row_for_writes_and_reads),
		cmocka_unit_test(test_codes__published_but_slow_is_looked_up_after_two_minutes),
		cmocka_unit_test(test_codes__safe_domain_refusals),
		cmocka_unit_test(test_codes__once_means_one_more_try),
		cmocka_unit_test(test_limits__wait_for_the_end_of_their_window),
		cmocka_unit_test(test_samples__are_read),
		cmocka_unit_test(test_messages__name_the_code_and_keep_secrets),
		cmocka_unit_test(test_status__decides_only_without_a_code),
		cmocka_unit_test(test_transport__not_sent_is_retried_doubt_is_verified),
		cmocka_unit_test(test_error_code__zero_is_none),
	};

	return check_run(tests);
}
