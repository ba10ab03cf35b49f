/* Login by a pasted code or address, the token's health, and the platform's view of the limits. */
#include "platform/weibo/weibo.h"
#include "rig.h"

static void test_login_url__names_the_account(void **state)
{
	struct rig rig;
	struct buf url;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	buf_init(&url, 4096);
	CHECK(rig.driver->login_url(&rig.account, &url));
	CHECK_TEXT(url.p, "http://127.0.0.1:8750/oauth2/authorize?client_id=1001"
			  "&redirect_uri=https%3A%2F%2Fwww.city.gov.example%2Fweibo%2Fcallback"
			  "&response_type=code&state=weibo-main&forcelogin=true");
	buf_finish(&url);
	rig_finish(&rig);
}

static void test_login__takes_a_code_or_a_whole_address(void **state)
{
	static const char *const pasted[] = {
		"0123456789abcdef",
		"  0123456789abcdef\n",
		"https://www.city.gov.example/weibo/callback?state=weibo-main&code=0123456789abcdef",
		"https://www.city.gov.example/weibo/callback?code=0123456789abcdef#top",
		"https://www.city.gov.example/weibo/callback?state=&code=0123456789abcdef",
		"code=0123456789abcdef",
		"?code=0123456789%61bcdef",
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(pasted); i++) {
		rig_start(&rig, OP_LOGIN);
		rig.op.code = pasted[i];
		rig_request(&rig);
		CHECK_INT(rig.request.method, HTTP_POST);
		CHECK(rig.request.writes);
		CHECK_TEXT(rig.request.url, "http://127.0.0.1:8750/oauth2/access_token");
		CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
			"client_id=1001&client_secret=app-secret&code=0123456789abcdef&grant_type=authorization_code"
			"&redirect_uri=https%3A%2F%2Fwww.city.gov.example%2Fweibo%2Fcallback");
	}
	rig_finish(&rig);
}

static void test_login__what_cannot_be_a_code_is_refused_here(void **state)
{
	static const struct {
		const char *pasted;
		const char *part;
	} cases[] = {
		{ "", "no code" },
		{ " \n ", "no code" },
		{ "two words", "no code" },
		{ "代码", "no code" },
		{ "https://www.city.gov.example/weibo/callback", "no code=" },
		{ "https://www.city.gov.example/weibo/callback?state=weibo-main", "no code=" },
		{ "https://www.city.gov.example/weibo/callback?code=", "no code" },
		{ "https://www.city.gov.example/weibo/callback?error=access_denied&error_code=21330", "access_denied" },
		{ "https://www.city.gov.example/weibo/callback?error_code=21330", "access_denied" },
		{ "https://www.city.gov.example/weibo/callback?error=redirect_uri_mismatch", "redirect_uri_mismatch" },
		{ "https://www.city.gov.example/weibo/callback?state=weibo-east&code=0123456789abcdef", "weibo-east" },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_start(&rig, OP_LOGIN);
		rig.op.code = cases[i].pasted;
		CHECK_FAILS(rig_try(&rig), rig.err, cases[i].part);
		CHECK_INT(rig.err.advice, ADVISE_REJECT);
	}
	rig.op.code = NULL;
	CHECK(!rig_try(&rig));
	rig_finish(&rig);
}

static void login(struct rig *rig, int status, const char *body)
{
	rig_start(rig, OP_LOGIN);
	rig->op.code = "0123456789abcdef0123456789abcdef";
	rig_request(rig);
	rig_answer(rig, status, body);
}

static void test_login__brings_a_token(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	login(&rig, 200, rig_fixture(&rig, "access_token"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_STR(secret_lend(&rig.outcome.token), "2.00EXAMPLE0000000000000000000000");
	CHECK_TEXT(rig.outcome.remote_uid, RIG_UID);
	CHECK_INT(rig.outcome.expires_in_ms, INT64_C(2591999000));
	login(&rig, 200, "{\"access_token\":\"t\",\"uid\":7700000001,\"remind_in\":\"60\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.expires_in_ms, 60000);
	login(&rig, 200, "{\"access_token\":\"t\",\"uid\":7700000001,\"expires_in\":\"99999999999999\"}");
	CHECK_INT(rig.outcome.expires_in_ms, 0);
	rig_finish(&rig);
}

static void test_login__of_another_account_names_both(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	login(&rig, 200, "{\"access_token\":\"t\",\"uid\":\"7700000002\",\"expires_in\":60}");
	CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(strstr(rig.outcome.error.message, "7700000001"));
	CHECK(strstr(rig.outcome.error.message, "7700000002"));
	CHECK(secret_is_empty(&rig.outcome.token));
	rig_finish(&rig);
}

static void test_login__that_fails_is_final_and_keeps_the_code_to_itself(void **state)
{
	static const struct {
		int status;
		const char *body;
	} cases[] = {
		{ 200, "{}" },
		{ 200, "{\"access_token\":\"\"}" },
		{ 200, "{\"access_token\":\"a b\",\"uid\":\"7700000001\"}" },
		{ 200, "{\"access_token\":\"t\"}" },
		{ 200, "{\"access_token\":7,\"uid\":\"7700000001\"}" },
		{ 400, "{\"error\":\"invalid_client\",\"error_code\":21324}" },
		{ 403, "{\"error_code\":10004}" },
		{ 502, "<html>" },
		{ 200, "" },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		login(&rig, cases[i].status, cases[i].body);
		CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
		CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
		CHECK(!rig.outcome.needs_person);
		CHECK(!strstr(rig.outcome.error.message, "0123456789abcdef"));
	}
	/* A code that is used up is not the program's fault: whoever logs in does it again. */
	login(&rig, 400, "{\"error\":\"0123456789abcdef0123456789abcdef\",\"error_code\":21325}");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REAUTH);
	CHECK(!strstr(rig.outcome.error.message, "0123456789abcdef"));
	login(&rig, 400, rig_fixture(&rig, "error_21325"));
	CHECK_INT(rig.outcome.error.advice, ADVISE_REAUTH);
	CHECK(strstr(rig.outcome.error.message, "log in again"));
	rig_fate(&rig, HTTP_IN_DOUBT, 0, STR(""));
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	rig_fate(&rig, HTTP_NOT_SENT, 0, STR(""));
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	login(&rig, 400, "{\"error_code\":21331}");
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	rig_finish(&rig);
}

static void test_token__alive_until(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_start(&rig, OP_TOKEN);
	rig_request(&rig);
	CHECK_TEXT(rig.request.url, "http://127.0.0.1:8750/oauth2/get_token_info");
	CHECK_TEXT(rig.request.body, "access_token=2.00TOKEN");
	rig_answer(&rig, 200, rig_fixture(&rig, "token_info"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.expires_in_ms, INT64_C(2501999000));
	CHECK_TEXT(rig.outcome.remote_uid, RIG_UID);
	rig_finish(&rig);
}

static void test_token__dead_or_of_another_account(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum error_advice advice;
	} cases[] = {
		{ 200, "{\"uid\":7700000001,\"expire_in\":0}", ADVISE_REAUTH },
		{ 200, "{\"uid\":\"7700000001\",\"expire_in\":\"-5\"}", ADVISE_REAUTH },
		{ 200, "{\"uid\":7700000002,\"expire_in\":60}", ADVISE_REAUTH },
		{ 403, "{\"error\":\"expired_token\",\"error_code\":21327}", ADVISE_REAUTH },
		{ 400, "{\"error_code\":\"10006\",\"error\":\"source paramter(appkey) is missing\"}", ADVISE_REAUTH },
		{ 200, "{\"uid\":7700000001}", ADVISE_RETRY },
		{ 200, "{\"expire_in\":60}", ADVISE_RETRY },
		{ 200, "[]", ADVISE_RETRY },
		{ 502, "<html>", ADVISE_RETRY },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_do(&rig, OP_TOKEN, cases[i].status, cases[i].body);
		CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
		CHECK_INT(rig.outcome.error.advice, cases[i].advice);
	}
	rig_finish(&rig);
}

static void test_limits__calls_and_posts(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_start(&rig, OP_LIMITS);
	rig_request(&rig);
	CHECK_TEXT(rig.request.url, "http://127.0.0.1:8750/2/account/rate_limit_status.json?access_token=2.00TOKEN");
	rig_answer(&rig, 200, rig_fixture(&rig, "rate_limit_status"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.remaining[0], 61);
	CHECK_INT(rig.outcome.remaining[1], 28);
	CHECK_INT(rig.outcome.remaining[2], -1);
	rig_do(&rig, OP_LIMITS, 200, "{\"remaining_user_hits\":\"-3\",\"api_rate_limits\":{}}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.remaining[0], -1);
	CHECK_INT(rig.outcome.remaining[1], -1);
	rig_do(&rig, OP_LIMITS, 200, "[]");
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_url__names_the_account),
		cmocka_unit_test(test_login__takes_a_code_or_a_whole_address),
		cmocka_unit_test(test_login__what_cannot_be_a_code_is_refused_here),
		cmocka_unit_test(test_login__brings_a_token),
		cmocka_unit_test(test_login__of_another_account_names_both),
		cmocka_unit_test(test_login__that_fails_is_final_and_keeps_the_code_to_itself),
		cmocka_unit_test(test_token__alive_until),
		cmocka_unit_test(test_token__dead_or_of_another_account),
		cmocka_unit_test(test_limits__calls_and_posts),
	};

	return check_run(tests);
}
