/*
 * What every driver owes its callers, whatever its platform: run against each one in the registry. An operation may be
 * finished at any step; an answer gives exactly one kind of outcome; a write that may have happened is never simply
 * repeated.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "codec/http_message.h"
#include "core/mem.h"
#include "platform/driver.h"

#define NOW_AT INT64_C(1767574800000)

static const enum driver_op_kind kinds[] = { OP_SEND, OP_FIND, OP_PULL, OP_LOGIN, OP_RENEW, OP_TOKEN, OP_LIMITS };

/* What a platform with articles and threads wants to know beyond a text; the others do not look at it. */
static const char jpeg[] = "\xff\xd8\xff\xe0 some bytes";
static const struct post_media picture = {
	.name = (char *)"map.jpg", .alt = (char *)"map", .data = (char *)(uintptr_t)jpeg, .n = sizeof(jpeg)
};
static const struct post_article article = { .form = POST_FORM_AUTO };
static const struct driver_thread threads[] = {
	{ .thread_id = "2247503078/0", .title = "new", .sent_at = NOW_AT - 1000 },
	{ .thread_id = "2247503077/0", .title = "old", .sent_at = NOW_AT - 2000 },
};

struct bench {
	const struct driver *driver;
	void *settings;
	struct secret token;
	struct driver_account account;
	struct driver_send send;
	struct driver_op op;
	enum driver_op_kind kinds[ARRAY_LEN(kinds)]; /* that it has */
	size_t n_kinds;
};

/* Any settings that pass the driver's own rules: its defaults, and a text that is a number, an address and a host. */
static void bench_init(struct bench *bench, const struct driver *driver)
{
	static const struct {
		const char *key;
		const char *value;
	} samples[] = { { "uid", "7700000001" }, { "app_key", "1001" }, { "rip", "203.0.113.7" },
		{ "safe_domain", "www.city.gov.example" }, { "appid", "wx5a1b2c3d4e5f6071" } };
	struct error err = { 0 };

	*bench = (struct bench){ .driver = driver, .settings = xcalloc(1, driver->settings_size) };
	CHECK_OK(config_default_keys(driver->keys, bench->settings, &err), err);
	for (const struct config_key *key = driver->keys; key->name; key++) {
		void *field = (char *)bench->settings + key->offset;

		if (key->type == CONFIG_SECRET && key->required) {
			secret_set(field, STR("secret"));
		}
		for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
			if (!strcmp(samples[i].key, key->name)) {
				free(*(char **)field);
				*(char **)field = xstrdup(samples[i].value);
			}
		}
	}
	if (driver->check_settings) {
		CHECK_OK(driver->check_settings(bench->settings, &err), err);
	}
	secret_set(&bench->token, STR("2.00TOKEN"));
	bench->account = (struct driver_account){
		.name = "main",
		.base_url = "http://127.0.0.1:8750",
		.settings = bench->settings,
		.token = &bench->token,
		.remote_uid = "7700000001",
	};
	bench->send = (struct driver_send){
		.kind = SEND_PUBLISH,
		.marker = "k7-12",
		.text = STR("停水通知 https://www.city.gov.example/n/1 "),
		.reply_to_kind = MESSAGE_COMMENT,
		.reply_to_id = "5251654890815499",
		.reply_status_id = "5251651753477097",
		.first_attempt_at = NOW_AT,
		.last_attempt_at = NOW_AT,
	};
	if (!strcmp(driver->name, "wechat")) {
		bench->send.title = "停水通知";
		bench->send.article = &article;
		bench->send.media = &picture;
		bench->send.n_media = 1;
		/* What comes before the draft cannot be seen by anybody: only from here on is there a doubt. */
		bench->send.progress = "{\"draft\":\"DRAFT\"}";
		bench->send.reply_to_id = "2247503077/0/12";
		bench->send.reply_status_id = "2247503077/0";
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		/* A driver either has somebody log in or renews its tokens itself. */
		if (kinds[i] != (driver->renew_after_ms ? OP_LOGIN : OP_RENEW)) {
			bench->kinds[bench->n_kinds++] = kinds[i];
		}
	}
}

static void bench_finish(struct bench *bench)
{
	config_finish_keys(bench->driver->keys, bench->settings);
	free(bench->settings);
	secret_finish(&bench->token);
}

static void bench_start(struct bench *bench, enum driver_op_kind kind, enum send_kind send_kind)
{
	op_init(&bench->op, bench->driver, kind, &bench->account);
	bench->send.kind = send_kind;
	bench->send.n_media = send_kind == SEND_PUBLISH && bench->send.media ? 1 : 0;
	bench->op.send = &bench->send;
	bench->op.now_at = NOW_AT;
	bench->op.pull = (struct driver_pull){
		.since = "5251651732504576", .now_at = NOW_AT, .threads = threads, .n_threads = ARRAY_LEN(threads)
	};
	bench->op.code = "0123456789abcdef";
}

static void must_request(struct bench *bench, struct http_request *request)
{
	struct error err = { 0 };

	*request = (struct http_request){ 0 };
	CHECK_OK(bench->driver->request(&bench->op, request, &err), err);
	CHECK(request->url && !strncmp(request->url, bench->account.base_url, strlen(bench->account.base_url)));
	CHECK_INT(
		request->writes, bench->op.kind == OP_SEND || bench->op.kind == OP_LOGIN || bench->op.kind == OP_RENEW);
}

static void check_outcome(const struct bench *bench, const struct outcome *outcome, const char *what)
{
	if (outcome->kind != OUTCOME_NEXT && outcome->kind != OUTCOME_DONE && outcome->kind != OUTCOME_ERROR) {
		fail_msg("%s: operation %d, %s: outcome %d", bench->driver->name, (int)bench->op.kind, what,
			(int)outcome->kind);
	}
	CHECK(outcome->quota >= -1 && outcome->quota < DRIVER_QUOTAS_MAX);
	if (outcome->kind != OUTCOME_ERROR) {
		CHECK_INT(outcome->error.advice, ADVISE_NONE);
		return;
	}
	CHECK(outcome->error.advice != ADVISE_NONE);
	CHECK(outcome->error.advice != ADVISE_BUG);
	CHECK(outcome->error.message[0] != '\0');
	CHECK(!strstr(outcome->error.message, "2.00TOKEN"));
	CHECK_INT(outcome->error.retry_ms > 0, outcome->error.advice == ADVISE_WAIT);
	CHECK(outcome->error.advice != ADVISE_VERIFY || bench->op.kind == OP_SEND);
	assert_null(outcome->remote_id);
	assert_null(outcome->since);
	CHECK(secret_is_empty(&outcome->token));
}

/* One request and this answer to it; the outcome is the caller's. */
static void exchange(struct bench *bench, enum driver_op_kind kind, enum send_kind send_kind,
	const struct http_answer *answer, const char *what, struct outcome *ret_outcome)
{
	struct http_request request;

	bench_start(bench, kind, send_kind);
	must_request(bench, &request);
	outcome_init(ret_outcome);
	bench->driver->answer(&bench->op, answer, ret_outcome);
	check_outcome(bench, ret_outcome, what);
	http_request_finish(&request);
	op_finish(&bench->op);
}

static struct http_answer answered(int status, const char *body)
{
	return (struct http_answer){ .fate = HTTP_ANSWERED, .status = status, .body = str_from(body) };
}

/* Answers that say nothing about what happened. */
static const struct {
	int status;
	const char *body;
	const char *what;
} mute[] = {
	{ 200, "", "empty" },
	{ 200, "{\"id\":5251651753477097,\"text\":\"a", "truncated" },
	{ 200, "<html><body>welcome</body></html>", "HTML" },
	{ 200, "{}", "empty object" },
	{ 200, "null", "null" },
	{ 200, "[1,2,3]", "array of numbers" },
	{ 200, "\"text\"", "text" },
	{ 200, "{\"id\":{},\"idstr\":[],\"result\":7,\"access_token\":[]}", "wrong types" },
	{ 200, "\xff\xfe\x00", "bytes" },
	{ 302, "", "redirect" },
	{ 500, "<html>500</html>", "500 HTML" },
	{ 502, "", "502 empty" },
	{ 503, "{\"id\":1,\"result\":\"done\"}", "503 with JSON" },
	{ 504, "upstream timed out", "504 text" },
};

static void test_every_driver__never_repeats_a_write_in_doubt(void **state)
{
	(void)state;
	for (size_t d = 0; drivers[d]; d++) {
		struct bench bench;

		bench_init(&bench, drivers[d]);
		for (size_t i = 0; i <= ARRAY_LEN(mute); i++) {
			for (size_t k = 0; k < bench.n_kinds; k++) {
				struct http_answer answer = { .fate = HTTP_IN_DOUBT };
				const char *what = "in doubt";
				struct outcome outcome;

				if (i < ARRAY_LEN(mute)) {
					answer = answered(mute[i].status, mute[i].body);
					what = mute[i].what;
				}
				exchange(&bench, bench.kinds[k], SEND_PUBLISH, &answer, what, &outcome);
				if (bench.kinds[k] == OP_SEND && outcome.error.advice != ADVISE_VERIFY) {
					fail_msg("%s: a write, %s: advice %s", drivers[d]->name, what,
						error_advice_name(outcome.error.advice));
				}
				if (bench.kinds[k] == OP_LOGIN) {
					CHECK_INT(outcome.kind, OUTCOME_ERROR);
					CHECK(outcome.error.advice != ADVISE_RETRY);
				}
				if (bench.kinds[k] == OP_FIND && outcome.kind == OUTCOME_DONE) {
					CHECK(outcome.found != FOUND_NO);
				}
				outcome_finish(&outcome);
				exchange(&bench, bench.kinds[k], SEND_REPLY, &answer, what, &outcome);
				CHECK(bench.kinds[k] != OP_SEND || outcome.error.advice == ADVISE_VERIFY);
				outcome_finish(&outcome);
			}
		}
		bench_finish(&bench);
	}
}

static void test_every_driver__repeats_what_was_not_sent(void **state)
{
	(void)state;
	for (size_t d = 0; drivers[d]; d++) {
		struct bench bench;

		bench_init(&bench, drivers[d]);
		for (size_t k = 0; k < bench.n_kinds; k++) {
			struct http_answer answer = { .fate = HTTP_NOT_SENT };
			struct outcome outcome;

			(void)error_set(&answer.error, ERROR_HTTP, ADVISE_RETRY, 7, "connection refused");
			exchange(&bench, bench.kinds[k], SEND_PUBLISH, &answer, "not sent", &outcome);
			CHECK_INT(outcome.kind, OUTCOME_ERROR);
			CHECK_INT(outcome.error.advice, ADVISE_RETRY);
			outcome_finish(&outcome);
		}
		bench_finish(&bench);
	}
}

static void test_every_driver__waits_at_a_limit(void **state)
{
	(void)state;
	for (size_t d = 0; drivers[d]; d++) {
		struct bench bench;

		bench_init(&bench, drivers[d]);
		for (size_t k = 0; k < bench.n_kinds; k++) {
			struct http_answer answer = answered(429, "{}");
			struct outcome outcome;

			exchange(&bench, bench.kinds[k], SEND_PUBLISH, &answer, "limit", &outcome);
			CHECK_INT(outcome.kind, OUTCOME_ERROR);
			CHECK_INT(outcome.error.advice, ADVISE_WAIT);
			outcome_finish(&outcome);
		}
		bench_finish(&bench);
	}
}

static void begin_with(char *body, const char *text)
{
	memcpy(body, text, strlen(text));
}

static void test_every_driver__survives_oversize_and_deep_answers(void **state)
{
	const size_t big = 1 << 20;
	char *bodies[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		bodies[i] = xnew_array(char, big + 1);
	}
	/* a huge error text, a deep nest, a list of empty items, a huge id */
	memset(bodies[0], 'x', big);
	begin_with(bodies[0], "{\"error_code\":20021,\"result\":\"error\",\"advice\":\"reject\",\"error\":\"");
	memcpy(bodies[0] + big - 2, "\"}", 2);
	memset(bodies[1], '[', big);
	memset(bodies[2], ' ', big);
	begin_with(bodies[2], "{\"comments\":[");
	for (size_t i = 13; i + 5 < big; i += 3) {
		memcpy(bodies[2] + i, "{},", 3);
	}
	memcpy(bodies[2] + big - 5, "{} ]}", 5);
	memset(bodies[3], '9', big);
	begin_with(bodies[3], "{\"result\":\"done\",\"found\":\"yes\",\"id\":\"");
	memcpy(bodies[3] + big - 2, "\"}", 2);
	for (size_t d = 0; drivers[d]; d++) {
		struct bench bench;

		bench_init(&bench, drivers[d]);
		for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
			for (size_t k = 0; k < bench.n_kinds; k++) {
				struct http_answer answer = answered(200, bodies[i]);
				struct outcome outcome;

				exchange(&bench, bench.kinds[k], SEND_PUBLISH, &answer, "oversize", &outcome);
				CHECK(!outcome.remote_id || strlen(outcome.remote_id) <= 128);
				outcome_finish(&outcome);
			}
		}
		bench_finish(&bench);
	}
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		free(bodies[i]);
	}
}

static void test_every_driver__may_be_finished_at_any_step(void **state)
{
	(void)state;
	for (size_t d = 0; drivers[d]; d++) {
		struct bench bench;

		bench_init(&bench, drivers[d]);
		for (size_t k = 0; k < bench.n_kinds; k++) {
			struct http_answer page = answered(200,
				"{\"comments\":[{\"id\":5251651732504600}],\"next_cursor\":5251651732504590,"
				"\"result\":\"next\",\"cursor\":\"7\",\"messages\":[{\"id\":\"1\"}],"
				"\"comment\":[{\"user_comment_id\":12,\"create_time\":1767574700}]}");
			struct http_request request;
			struct outcome outcome;

			bench_start(&bench, bench.kinds[k], SEND_PUBLISH);
			op_finish(&bench.op);
			op_finish(&bench.op);
			bench_start(&bench, bench.kinds[k], SEND_PUBLISH);
			must_request(&bench, &request);
			http_request_finish(&request);
			op_finish(&bench.op);
			exchange(&bench, bench.kinds[k], SEND_PUBLISH, &page, "page", &outcome);
			if (bench.kinds[k] == OP_PULL) {
				CHECK_INT(outcome.kind, OUTCOME_NEXT);
				CHECK_INT(outcome.messages.n, 1);
			}
			outcome_finish(&outcome);
			outcome_finish(&outcome);
		}
		bench_finish(&bench);
	}
}

static void test_every_driver__pages_come_to_an_end(void **state)
{
	(void)state;
	for (size_t d = 0; drivers[d]; d++) {
		int64_t cursor = INT64_C(9000000000000000000);
		struct outcome outcome = { .kind = OUTCOME_NEXT };
		struct bench bench;
		int pages = 0;

		bench_init(&bench, drivers[d]);
		bench_start(&bench, OP_PULL, SEND_PUBLISH);
		while (outcome.kind == OUTCOME_NEXT) {
			struct http_request request;
			struct http_answer answer;
			char body[200];

			assert_in_range(++pages, 1, 51);
			must_request(&bench, &request);
			http_request_finish(&request);
			(void)snprintf(body, sizeof(body),
				"{\"comments\":[],\"next_cursor\":%lld,\"result\":\"next\",\"cursor\":\"%lld\"}",
				(long long)cursor, (long long)cursor);
			cursor -= 1000;
			answer = answered(200, body);
			outcome_init(&outcome);
			bench.driver->answer(&bench.op, &answer, &outcome);
			check_outcome(&bench, &outcome, "endless pages");
			outcome_finish(&outcome);
			outcome.kind = bench.op.pages == 0 || pages < (int)bench.op.pages ? OUTCOME_DONE : outcome.kind;
		}
		op_finish(&bench.op);
		bench_finish(&bench);
	}
}

static void test_every_driver__is_whole(void **state)
{
	struct buf url;

	(void)state;
	buf_init(&url, 4096);
	for (size_t d = 0; drivers[d]; d++) {
		const struct driver *driver = drivers[d];
		struct driver_quota quotas[DRIVER_QUOTAS_MAX];
		const struct driver_send publish = { .kind = SEND_PUBLISH };
		const struct driver_send reply = { .kind = SEND_REPLY };
		struct finding_list findings = { 0 };
		struct bench bench;
		int64_t units = -1;
		int64_t limit = -1;
		size_t n;

		bench_init(&bench, driver);
		CHECK(driver_find(driver->name) == driver);
		CHECK(d == 0 || strcmp(drivers[d - 1]->name, driver->name) < 0);
		CHECK(!strncmp(driver->default_base_url, "http", 4));
		n = driver->quotas(bench.settings, quotas);
		CHECK(n <= DRIVER_QUOTAS_MAX);
		for (size_t i = 0; i < n; i++) {
			CHECK(quotas[i].name && quotas[i].window_ms > 0);
			CHECK(quotas[i].reserve <= quotas[i].limit);
		}
		for (size_t k = 0; k < bench.n_kinds; k++) {
			CHECK(driver->cost(bench.kinds[k], &publish) < 1u << n);
			CHECK(driver->cost(bench.kinds[k], &reply) < 1u << n);
		}
		CHECK(driver->poll_min_ms(bench.settings) > 0);
		CHECK(driver->find_after_ms(bench.settings) > 0);
		CHECK(driver->settle_lag_ms(bench.settings) >= 0);
		assert_null(driver->initial_token(bench.settings));
		driver->check(&bench.account, &bench.send, &findings);
		CHECK(!finding_blocks(&findings));
		finding_list_finish(&findings);
		bench.send.text = STR("");
		driver->check(&bench.account, &bench.send, &findings);
		CHECK(finding_blocks(&findings));
		finding_list_finish(&findings);
		bench.send.text = STR("abc");
		driver->measure(&bench.account, &bench.send, &units, &limit);
		CHECK(units > 0 && units <= limit);
		buf_clear(&url);
		CHECK(driver->renew_after_ms || driver->login_url);
		if (driver->login_url) {
			CHECK(driver->login_url(&bench.account, &url));
			CHECK(!strncmp(url.p, bench.account.base_url, strlen(bench.account.base_url)));
			CHECK(!strstr(url.p, "secret"));
		} else {
			CHECK(driver->renew_after_ms(7200000) > 0);
			CHECK(driver->renew_after_ms(1000) > 0);
		}
		bench_finish(&bench);
	}
	assert_null(driver_find("nobody"));
	assert_null(driver_find(NULL));
	buf_finish(&url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_driver__is_whole),
		cmocka_unit_test(test_every_driver__never_repeats_a_write_in_doubt),
		cmocka_unit_test(test_every_driver__repeats_what_was_not_sent),
		cmocka_unit_test(test_every_driver__waits_at_a_limit),
		cmocka_unit_test(test_every_driver__survives_oversize_and_deep_answers),
		cmocka_unit_test(test_every_driver__may_be_finished_at_any_step),
		cmocka_unit_test(test_every_driver__pages_come_to_an_end),
	};

	return check_run(tests);
}
