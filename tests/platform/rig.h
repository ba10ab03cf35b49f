/*
 * A Weibo account, an operation on it and the far end's answers as values: no network, no clock.
 *
 *   struct rig rig; rig_init(&rig, WEIBO_TIER_SHARE); rig_start(&rig, OP_SEND); rig_request(&rig);
 *   rig_answer(&rig, 200, "{...}"); CHECK_INT(rig.outcome.kind, OUTCOME_DONE); rig_finish(&rig);
 */
#ifndef TESTS_PLATFORM_RIG_H
#define TESTS_PLATFORM_RIG_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "codec/form.h"
#include "core/mem.h"
#include "platform/driver.h"
#include "platform/weibo/settings.h"

#define RIG_UID "7700000001"
/* Mon Jan 05 09:00:00 +0800 2026 */
#define RIG_NOW_AT INT64_C(1767574800000)

struct rig {
	const struct driver *driver;
	struct weibo_settings settings;
	struct secret token;
	struct driver_account account;
	struct driver_send send;
	struct driver_op op;
	struct http_request request;
	struct outcome outcome;
	struct error err;
	char *fixture;
};

static inline void rig_init(struct rig *rig, enum weibo_tier tier)
{
	*rig = (struct rig){ 0 };
	rig->driver = driver_find("weibo");
	assert_non_null(rig->driver);
	CHECK_OK(config_default_keys(weibo_keys, &rig->settings, &rig->err), rig->err);
	rig->settings.tier = (int)tier;
	rig->settings.uid = xstrdup(RIG_UID);
	rig->settings.app_key = xstrdup("1001");
	secret_set(&rig->settings.app_secret, STR("app-secret"));
	rig->settings.safe_domain = xstrdup("www.city.gov.example");
	rig->settings.rip = xstrdup("203.0.113.7");
	free(rig->settings.redirect_uri);
	rig->settings.redirect_uri = xstrdup("https://www.city.gov.example/weibo/callback");
	CHECK_OK(weibo_check_settings(&rig->settings, &rig->err), rig->err);
	secret_set(&rig->token, STR("2.00TOKEN"));
	rig->account = (struct driver_account){
		.name = "weibo-main",
		.base_url = "http://127.0.0.1:8750",
		.settings = &rig->settings,
		.token = &rig->token,
		.remote_uid = RIG_UID,
	};
	rig->send = (struct driver_send){
		.kind = SEND_PUBLISH,
		.marker = "k7-12",
		.text = STR("停水通知 https://www.city.gov.example/n/1 "),
		.first_attempt_at = RIG_NOW_AT,
		.last_attempt_at = RIG_NOW_AT,
	};
	outcome_init(&rig->outcome);
}

static inline void rig_stop(struct rig *rig)
{
	http_request_finish(&rig->request);
	outcome_finish(&rig->outcome);
	op_finish(&rig->op);
}

static inline void rig_finish(struct rig *rig)
{
	rig_stop(rig);
	config_finish_keys(weibo_keys, &rig->settings);
	secret_finish(&rig->token);
	free(rig->fixture);
}

/* Begin another operation. */
static inline void rig_start(struct rig *rig, enum driver_op_kind kind)
{
	rig_stop(rig);
	op_init(&rig->op, rig->driver, kind, &rig->account);
	rig->op.send = &rig->send;
	rig->op.pull.now_at = RIG_NOW_AT;
}

static inline bool rig_try(struct rig *rig)
{
	http_request_finish(&rig->request);
	rig->request = (struct http_request){ 0 };
	rig->err = (struct error){ 0 };
	return rig->driver->request(&rig->op, &rig->request, &rig->err);
}

static inline void rig_request(struct rig *rig)
{
	CHECK_OK(rig_try(rig), rig->err);
}

static inline void rig_fate(struct rig *rig, enum http_fate fate, int status, struct str body)
{
	struct http_answer answer = {
		.fate = fate, .status = status, .body = body, .content_type = STR("application/json")
	};

	if (fate != HTTP_ANSWERED) {
		(void)error_set(&answer.error, ERROR_HTTP, ADVISE_RETRY, 7, "connection lost");
	}
	outcome_finish(&rig->outcome);
	rig->driver->answer(&rig->op, &answer, &rig->outcome);
}

static inline void rig_answer(struct rig *rig, int status, const char *body)
{
	rig_fate(rig, HTTP_ANSWERED, status, str_from(body));
}

/* The whole operation: a request, and this as its answer. */
static inline void rig_do(struct rig *rig, enum driver_op_kind kind, int status, const char *body)
{
	rig_start(rig, kind);
	rig_request(rig);
	rig_answer(rig, status, body);
}

/* A file of tests/fixtures/weibo; lent until the next one. */
static inline const char *rig_fixture(struct rig *rig, const char *name)
{
	const char *source = getenv("GAZETTE_SOURCE");
	char path[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/weibo/%s.json", source ? source : ".", name);
	file = fopen(path, "rb");
	if (!file) {
		fail_msg("%s: cannot be opened", path);
		return "";
	}
	free(rig->fixture);
	rig->fixture = xnew_array(char, 100000);
	n = fread(rig->fixture, 1, 99999, file);
	rig->fixture[n] = '\0';
	(void)fclose(file);
	return rig->fixture;
}

/* A value of the request's form body or query; lent for a moment. "" when there is none. */
static inline const char *rig_field(const struct rig *rig, const char *key)
{
	static char text[70000];
	const char *query = strchr(rig->request.url, '?');
	struct str form = rig->request.body ? (struct str){ rig->request.body, rig->request.body_n }
					    : str_from(query ? query + 1 : "");
	struct buf value;

	buf_init(&value, sizeof(text) - 1);
	text[0] = '\0';
	if (form_get(form, key, &value)) {
		memcpy(text, value.p, value.n + 1);
	}
	buf_finish(&value);
	return text;
}

/* The path of the request's address, without host and query. */
static inline const char *rig_path(const struct rig *rig)
{
	static char path[512];
	const char *host = strstr(rig->request.url, "://");
	const char *from = host ? strchr(host + 3, '/') : NULL;

	(void)snprintf(path, sizeof(path), "%.*s", from ? (int)strcspn(from, "?") : 0, from ? from : "");
	return path;
}

#endif
