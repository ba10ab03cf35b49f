/*
 * A WeChat account, an operation on it and the far end's answers as values: no network, no clock. As the daemon does,
 * what an outcome says is finished is given back with the next step and the next attempt.
 *
 *   struct rig rig; rig_init(&rig); rig_start(&rig, OP_SEND); rig_request(&rig); rig_fixture_answer(&rig, "uploadimg");
 *   CHECK_INT(rig.outcome.kind, OUTCOME_NEXT); ... rig_finish(&rig);
 */
#ifndef TESTS_PLATFORM_WECHAT_RIG_H
#define TESTS_PLATFORM_WECHAT_RIG_H

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

/* Mon Jan 05 09:00:00 +0800 2026 */
#define RIG_NOW_AT INT64_C(1767574800000)
#define RIG_TOKEN  "70_TESTTOKEN"
#define RIG_SECRET "app-secret-of-the-office"
#define RIG_OPENID "oTEST0000AbCdEfGhIjKlMnOpQr0"
#define RIG_DRAFT  "TESTdraft_0123456789abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMN01"
#define RIG_COVER  "TESTPermanentMediaId_0123456789-abcdefghijklmnopqrstuvwxyzABCDEF"

static const char rig_png[] = "\x89PNG\r\n\x1a\n some bytes\0with a NUL";
static const char rig_jpeg[] = "\xff\xd8\xff\xe0 some other bytes";

struct rig {
	const struct driver *driver;
	struct wechat_settings settings;
	struct secret token;
	struct driver_account account;
	struct post_media media[2];
	struct post_article article;
	struct driver_send send;
	struct driver_op op;
	struct http_request request;
	struct outcome outcome;
	struct error err;
	char *progress;
	char *fixture;
	cJSON *body; /* of the last request */
};

/* An article with a picture in its text and a cover, to be published. */
static inline void rig_init(struct rig *rig)
{
	*rig = (struct rig){ 0 };
	rig->driver = driver_find("wechat");
	assert_non_null(rig->driver);
	CHECK_OK(config_default_keys(wechat_keys, &rig->settings, &rig->err), rig->err);
	rig->settings.appid = xstrdup("wx5a1b2c3d4e5f6071");
	rig->settings.original_id = xstrdup("gh_0123456789ab");
	secret_set(&rig->settings.app_secret, STR(RIG_SECRET));
	CHECK_OK(wechat_check_settings(&rig->settings, &rig->err), rig->err);
	secret_set(&rig->token, STR(RIG_TOKEN));
	rig->account = (struct driver_account){
		.name = "wechat-main",
		.base_url = "http://127.0.0.1:8751",
		.settings = &rig->settings,
		.token = &rig->token,
	};
	rig->media[0] = (struct post_media){
		.name = (char *)"cover.jpg",
		.alt = (char *)"办事大厅",
		.data = (char *)(uintptr_t)rig_jpeg,
		.n = sizeof(rig_jpeg),
	};
	rig->media[1] = (struct post_media){
		.name = (char *)"map.png",
		.alt = (char *)"地图",
		.data = (char *)(uintptr_t)rig_png,
		.n = sizeof(rig_png),
	};
	rig->article = (struct post_article){
		.markdown = (char *)"各位市民：\n\n![停水范围](map.png)\n\n详见[通告](https://www.city.gov.example/n/"
				    "1)。\n",
		.author = (char *)"海岚政务",
		.digest = (char *)"今晚停水。",
		.source_url = (char *)"https://www.city.gov.example/n/1",
		.cover = (char *)"cover.jpg",
		.comments = true,
	};
	rig->send = (struct driver_send){
		.kind = SEND_PUBLISH,
		.marker = "k7a9-12",
		.title = "停水通知",
		.text = STR("各位市民：\n详见通告"),
		.article = &rig->article,
		.media = rig->media,
		.n_media = 2,
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
	json_freep(&rig->body);
}

static inline void rig_finish(struct rig *rig)
{
	rig_stop(rig);
	config_finish_keys(wechat_keys, &rig->settings);
	secret_finish(&rig->token);
	free(rig->progress);
	free(rig->fixture);
}

/* Begin another operation. */
static inline void rig_start(struct rig *rig, enum driver_op_kind kind)
{
	rig_stop(rig);
	op_init(&rig->op, rig->driver, kind, &rig->account);
	rig->op.send = &rig->send;
	rig->op.now_at = RIG_NOW_AT;
	rig->op.pull.now_at = RIG_NOW_AT;
}

static inline bool rig_try(struct rig *rig)
{
	struct error err = { 0 };
	bool ok;

	http_request_finish(&rig->request);
	json_freep(&rig->body);
	rig->request = (struct http_request){ 0 };
	rig->err = (struct error){ 0 };
	ok = rig->driver->request(&rig->op, &rig->request, &rig->err);
	if (ok && rig->request.body) {
		CHECK_OK(json_parse((struct str){ rig->request.body, rig->request.body_n }, &rig->body, &err), err);
	}
	return ok;
}

static inline void rig_request(struct rig *rig)
{
	CHECK_OK(rig_try(rig), rig->err);
}

static inline void rig_take_progress(struct rig *rig)
{
	if (rig->outcome.progress) {
		free(rig->progress);
		rig->progress = xstrdup(rig->outcome.progress);
		rig->send.progress = rig->progress;
	}
}

static inline void rig_fate(struct rig *rig, enum http_fate fate, int status, struct str body, struct str type)
{
	struct http_answer answer = { .fate = fate, .status = status, .body = body, .content_type = type };

	if (fate != HTTP_ANSWERED) {
		(void)error_set(&answer.error, ERROR_HTTP, ADVISE_RETRY, 7, "connection lost");
	}
	outcome_finish(&rig->outcome);
	rig->driver->answer(&rig->op, &answer, &rig->outcome);
	rig_take_progress(rig);
}

static inline void rig_answer(struct rig *rig, const char *body)
{
	rig_fate(rig, HTTP_ANSWERED, 200, str_from(body), STR("application/json; encoding=utf-8"));
}

static inline void rig_lose(struct rig *rig)
{
	rig_fate(rig, HTTP_IN_DOUBT, 0, STR(""), STR(""));
}

/* Nothing need be asked: the driver is told that there is no answer. */
static inline void rig_answer_nothing(struct rig *rig)
{
	assert_null(rig->request.url);
	outcome_finish(&rig->outcome);
	rig->driver->answer(&rig->op, NULL, &rig->outcome);
	rig_take_progress(rig);
}

/* A file of tests/fixtures/wechat; lent until the next one. */
static inline const char *rig_fixture(struct rig *rig, const char *name)
{
	const char *source = getenv("GAZETTE_SOURCE");
	char path[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/wechat/%s.json", source ? source : ".", name);
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

static inline void rig_fixture_answer(struct rig *rig, const char *name)
{
	rig_answer(rig, rig_fixture(rig, name));
}

/* A whole exchange. */
static inline void rig_do(struct rig *rig, const char *fixture)
{
	rig_request(rig);
	rig_fixture_answer(rig, fixture);
}

/* The path of the request's address, without host and query. */
static inline const char *rig_path(const struct rig *rig)
{
	static char path[512];
	const char *host = rig->request.url ? strstr(rig->request.url, "://") : NULL;
	const char *from = host ? strchr(host + 3, '/') : NULL;

	(void)snprintf(path, sizeof(path), "%.*s", from ? (int)strcspn(from, "?") : 0, from ? from : "");
	return path;
}

/* The request's JSON on one line; lent until the next call. */
static inline const char *rig_json(const cJSON *json)
{
	static char text[100000];
	char *printed = json ? cJSON_PrintUnformatted(json) : NULL;

	(void)snprintf(text, sizeof(text), "%s", printed ? printed : "");
	cJSON_free(printed);
	return text;
}

/* Steps up to the draft, which is there: what follows makes it visible. */
static inline void rig_to_draft(struct rig *rig)
{
	rig_start(rig, OP_SEND);
	rig_do(rig, "uploadimg");
	rig_do(rig, "add_material");
	rig_do(rig, "draft_add");
	CHECK_INT(rig->outcome.kind, OUTCOME_NEXT);
}

#endif
