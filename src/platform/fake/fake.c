/*
 * A platform that exists nowhere: for dry runs and for tests that want any driver. It speaks a small JSON of its own
 * with whatever stands behind base_url, so that every outcome a driver can have can be played from a script. It is as
 * pure as the others: the far end holds the state.
 *
 *   POST BASE/fake/send    account kind marker text reply_to media     (form)
 *   GET  BASE/fake/find    account marker                              (query)
 *   GET  BASE/fake/pull    account feed since cursor
 *   POST BASE/fake/login   account code
 *   GET  BASE/fake/token   account
 *   GET  BASE/fake/limits  account
 *
 * Each carries `script` when the account has that key. The answer is one object:
 *
 *   {"result":"done", "id":"1", "url":"...", "note":"...", "found":"yes|no|unclear", "since":"...", "messages":[...],
 *    "token":"...", "uid":"...", "expires_in_ms":1, "remaining":[90, 29]}
 *   {"result":"next", "cursor":"...", "messages":[...]}
 *   {"result":"error", "advice":"wait", "code":7, "retry_ms":1000, "quota":0, "message":"...", "duplicate":true,
 * "person":true}
 *
 * A message: {"id","kind","author_id","author","text","created_at" (wall ms),"status_id","from_us"}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/driver.h"
#include "text/utf8.h"

#define FORM_BYTES (4 * LIMIT_POST_BYTES)
#define TEXT_UNITS 1000
#define PAGES_MAX  10u

struct fake_settings {
	char *script;
	int64_t calls_per_day;
	int64_t posts_per_hour;
	int64_t poll_min_ms;
	int64_t find_after_ms;
	int64_t settle_lag_ms;
	struct secret token;
};

#define FIELD(name) offsetof(struct fake_settings, name)

static const struct config_key keys[] = {
	{ .name = "script", .type = CONFIG_TEXT, .offset = FIELD(script), .doc = "sent with every request" },
	{ .name = "token", .type = CONFIG_SECRET, .offset = FIELD(token), .doc = "imported when the store has none" },
	{ .name = "calls_per_day",
		.type = CONFIG_INT,
		.offset = FIELD(calls_per_day),
		.def = "10000",
		.min = 1,
		.max = 10000000,
		.doc = "calls per account and day" },
	{ .name = "posts_per_hour",
		.type = CONFIG_INT,
		.offset = FIELD(posts_per_hour),
		.def = "1000",
		.min = 1,
		.max = 100000,
		.doc = "posts per account and hour" },
	{ .name = "poll_min",
		.type = CONFIG_DURATION,
		.offset = FIELD(poll_min_ms),
		.def = "10s",
		.min = 10,
		.max = INT64_C(86400000),
		.doc = "never poll more often" },
	{ .name = "find_after",
		.type = CONFIG_DURATION,
		.offset = FIELD(find_after_ms),
		.def = "1s",
		.min = 10,
		.max = INT64_C(3600000),
		.doc = "first look for a send whose answer never came" },
	{ .name = "settle_lag",
		.type = CONFIG_DURATION,
		.offset = FIELD(settle_lag_ms),
		.def = "1s",
		.min = 0,
		.max = INT64_C(86400000),
		.doc = "absence counts only so long after the attempt" },
	{ 0 },
};

static const struct driver_feed feeds[] = { { .name = "messages", .share_percent = 50 } };

static size_t quotas(const void *settings, struct driver_quota ret[DRIVER_QUOTAS_MAX])
{
	const struct fake_settings *fake = settings;

	ret[0] = (struct driver_quota){ .name = "calls", .window_ms = DAY_MS, .limit = fake->calls_per_day };
	ret[1] = (struct driver_quota){ .name = "posts", .window_ms = HOUR_MS, .limit = fake->posts_per_hour };
	return 2;
}

static unsigned cost(enum driver_op_kind kind, const struct driver_send *send)
{
	switch (kind) {
	case OP_SEND:
		return send->kind == SEND_PUBLISH ? 3u : 1u;
	case OP_FIND:
	case OP_PULL:
		return 1u;
	case OP_LOGIN:
	case OP_RENEW:
	case OP_TOKEN:
	case OP_LIMITS:
	case OP_MEDIA:
	case OP_CALL:
	case OP_PREVIEW:
		return 0;
	}
	return 0;
}

static int64_t poll_min_ms(const void *settings)
{
	return ((const struct fake_settings *)settings)->poll_min_ms;
}

static int64_t find_after_ms(const void *settings)
{
	return ((const struct fake_settings *)settings)->find_after_ms;
}

static int64_t settle_lag_ms(const void *settings)
{
	return ((const struct fake_settings *)settings)->settle_lag_ms;
}

static const struct secret *initial_token(const void *settings)
{
	const struct fake_settings *fake = settings;

	return secret_is_empty(&fake->token) ? NULL : &fake->token;
}

static void measure(const struct driver_account *account unused_arg, const struct driver_send *send, int64_t *ret_units,
	int64_t *ret_limit)
{
	*ret_units = (int64_t)text_chars(send->text);
	*ret_limit = TEXT_UNITS;
}

static void check(const struct driver_account *account, const struct driver_send *send, struct finding_list *findings)
{
	if (str_trim(send->text).n == 0) {
		finding_add(findings, FINDING_BLOCK, "fake.empty", account->name, 0, 0, "the text is empty");
	}
	if (text_chars(send->text) > TEXT_UNITS) {
		finding_add(findings, FINDING_BLOCK, "fake.length", account->name, 0, 0,
			"%zu characters; a post holds %d", text_chars(send->text), TEXT_UNITS);
	}
}

static bool login_url(const struct driver_account *account, struct buf *out)
{
	return buf_printf(out, "%s/fake/authorize?", account->base_url) &&
	       form_add(out, "account", str_from(account->name));
}

/* A missing value is left out. */
static void add(struct buf *form, const char *key, const char *value)
{
	if (value) {
		(void)form_add(form, key, str_from(value));
	}
}

static const char *path_of(const struct driver_op *op)
{
	switch (op->kind) {
	case OP_SEND:
		return "send";
	case OP_FIND:
		return "find";
	case OP_PULL:
		return "pull";
	case OP_LOGIN:
		return "login";
	case OP_TOKEN:
		return "token";
	case OP_LIMITS:
		return "limits";
	case OP_RENEW:
		return "renew";
	case OP_MEDIA:
		return "media";
	case OP_CALL:
		return "call";
	case OP_PREVIEW:
		return "preview";
	}
	return "nothing";
}

static void add_send(struct buf *form, const struct driver_send *send)
{
	char media[24];

	(void)snprintf(media, sizeof(media), "%zu", send->n_media);
	add(form, "kind", send_kind_name(send->kind));
	add(form, "marker", send->marker);
	(void)form_add(form, "text", send->text);
	add(form, "reply_to", send->reply_to_id);
	add(form, "media", media);
}

static bool request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct fake_settings *fake = op->account->settings;
	struct buf form;
	struct buf url;
	bool failed;

	buf_init(&form, FORM_BYTES);
	add(&form, "account", op->account->name);
	add(&form, "script", fake->script);
	if (op->kind == OP_SEND) {
		add_send(&form, op->send);
	} else if (op->kind == OP_FIND) {
		add(&form, "marker", op->send->marker);
	} else if (op->kind == OP_PULL) {
		add(&form, "feed", feeds[0].name);
		add(&form, "since", op->pull.since);
		add(&form, "cursor", op->cursor);
	} else if (op->kind == OP_LOGIN) {
		add(&form, "code", op->code);
	}
	buf_init(&url, FORM_BYTES);
	(void)buf_printf(&url, "%s/fake/%s", op->account->base_url, path_of(op));
	failed = form.failed;
	if (op->kind == OP_SEND || op->kind == OP_LOGIN) {
		http_request_init(ret_request, HTTP_POST, url.p);
		http_request_set_form(ret_request, &form);
		ret_request->writes = true;
	} else {
		(void)buf_printf(&url, "?%s", form.p);
		http_request_init(ret_request, HTTP_GET, url.p);
	}
	failed = failed || url.failed;
	buf_finish(&form);
	buf_finish(&url);
	return !failed || error_set(err, ERROR_PLATFORM, ADVISE_REJECT, 0, "the text is far too long");
}

static void in_doubt(const struct driver_op *op, struct outcome *outcome, const char *what)
{
	enum error_advice advice = op->kind == OP_SEND    ? ADVISE_VERIFY
				   : op->kind == OP_LOGIN ? ADVISE_REJECT
							  : ADVISE_RETRY;

	outcome_fail(outcome, ERROR_PLATFORM, advice, 0, "fake: %s", what);
}

static char *text_of(const cJSON *json, const char *key, size_t max_bytes)
{
	struct str text = json_str(json, key);

	return text.n > 0 ? str_dup(text_cut_bytes(text, max_bytes)) : NULL;
}

static void read_messages(const cJSON *json, struct outcome *outcome)
{
	const cJSON *list = json_get(json, "messages");
	size_t n = 0;
	const cJSON *item;

	if (!cJSON_IsArray(list)) {
		return;
	}
	cJSON_ArrayForEach(item, list)
	{
		struct message *message;

		if (json_str(item, "id").n == 0 || json_str(item, "id").n > LIMIT_REMOTE_ID_BYTES ||
			++n > LIMIT_PULL_ITEMS) {
			continue;
		}
		message = message_list_add(&outcome->messages);
		if (!message_kind_parse(json_text(item, "kind", "comment"), &message->kind)) {
			message->kind = MESSAGE_COMMENT;
		}
		message->remote_id = text_of(item, "id", LIMIT_REMOTE_ID_BYTES);
		message->author_id = text_of(item, "author_id", LIMIT_REMOTE_ID_BYTES);
		message->author_name = text_of(item, "author", LIMIT_NAME_BYTES);
		message->text = text_of(item, "text", LIMIT_MESSAGE_BYTES);
		message->created_at = json_i64(item, "created_at", 0);
		message->status_id = text_of(item, "status_id", LIMIT_REMOTE_ID_BYTES);
		message->from_us = json_bool(item, "from_us", false);
	}
}

static void read_error(const struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	enum error_advice advice;
	int64_t quota = json_i64(json, "quota", -1);
	int64_t retry_ms = json_i64(json, "retry_ms", 0);

	if (!error_advice_parse(json_text(json, "advice", ""), &advice) || advice == ADVISE_NONE) {
		in_doubt(op, outcome, "an error without advice");
		return;
	}
	if (advice == ADVISE_VERIFY && op->kind != OP_SEND) {
		advice = ADVISE_RETRY;
	}
	outcome_fail(outcome, ERROR_PLATFORM, advice, (int)(json_i64(json, "code", 0) & 0xffffff), "fake: %s",
		json_text(json, "message", "refused"));
	outcome->error.retry_ms = advice == ADVISE_WAIT ? (retry_ms > 0 && retry_ms < DAY_MS ? retry_ms : MINUTE_MS)
							: 0;
	outcome->quota = quota == 0 || quota == 1 ? (int)quota : -1;
	outcome->was_duplicate = advice == ADVISE_REJECT && json_bool(json, "duplicate", false);
	outcome->needs_person = json_bool(json, "person", false);
}

static void read_done(const struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	const char *found = json_text(json, "found", "");
	const cJSON *left = json_get(json, "remaining");

	if (op->kind == OP_SEND && json_str(json, "id").n == 0) {
		in_doubt(op, outcome, "done, but without an id");
		return;
	}
	if (op->kind == OP_LOGIN &&
		(json_str(json, "token").n == 0 || json_str(json, "token").n > LIMIT_SECRET_BYTES)) {
		in_doubt(op, outcome, "done, but without a token");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->remote_id = text_of(json, "id", LIMIT_REMOTE_ID_BYTES);
	outcome->url = text_of(json, "url", LIMIT_NAME_BYTES);
	outcome->note = text_of(json, "note", LIMIT_NAME_BYTES);
	outcome->remote_uid = text_of(json, "uid", LIMIT_REMOTE_ID_BYTES);
	if (op->kind == OP_FIND) {
		outcome->found = !strcmp(found, "yes") ? FOUND_YES : !strcmp(found, "no") ? FOUND_NO : FOUND_UNCLEAR;
	}
	if (op->kind == OP_PULL) {
		read_messages(json, outcome);
		outcome->since = text_of(json, "since", LIMIT_REMOTE_ID_BYTES);
	}
	if (op->kind == OP_LOGIN) {
		secret_set(&outcome->token, json_str(json, "token"));
	}
	if (json_i64(json, "expires_in_ms", 0) > 0) {
		outcome->expires_in_ms = json_i64(json, "expires_in_ms", 0);
	}
	for (int i = 0; i < 2 && i < cJSON_GetArraySize(left); i++) {
		const cJSON *value = cJSON_GetArrayItem(left, i);

		outcome->remaining[i] = cJSON_IsNumber(value) && value->valueint >= 0 ? value->valueint : -1;
	}
}

static void read_next(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	char *cursor = text_of(json, "cursor", LIMIT_REMOTE_ID_BYTES);

	if (op->kind != OP_PULL || !cursor || ++op->pages >= PAGES_MAX) {
		free(cursor);
		in_doubt(op, outcome, "no next page makes sense here");
		return;
	}
	free(op->cursor);
	op->cursor = cursor;
	read_messages(json, outcome);
	outcome->kind = OUTCOME_NEXT;
}

static void answer(struct driver_op *op, const struct http_answer *http, struct outcome *outcome)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct error err = { 0 };
	const char *result;

	if (http->fate == HTTP_NOT_SENT) {
		outcome_fail(outcome, ERROR_HTTP, ADVISE_RETRY, http->error.code, "%s",
			http->error.message[0] ? http->error.message : "nothing was sent");
		return;
	}
	if (http->fate != HTTP_ANSWERED) {
		in_doubt(op, outcome, "no answer");
		return;
	}
	if (http->status == 429) {
		outcome_fail(outcome, ERROR_HTTP, ADVISE_WAIT, http->status, "fake: too many calls");
		outcome->error.retry_ms = MINUTE_MS;
		outcome->quota = 0;
		return;
	}
	if (http->status != 200 || http->body.n == 0 || !json_parse(http->body, &json, &err)) {
		in_doubt(op, outcome, "an answer that nobody can read");
		return;
	}
	result = json_text(json, "result", "");
	if (!strcmp(result, "error")) {
		read_error(op, json, outcome);
	} else if (!strcmp(result, "next")) {
		read_next(op, json, outcome);
	} else if (!strcmp(result, "done")) {
		read_done(op, json, outcome);
	} else {
		in_doubt(op, outcome, "an answer without a result");
	}
}

extern const struct driver driver_fake;

const struct driver driver_fake = {
	.name = "fake",
	.default_base_url = "http://127.0.0.1:8750",
	.keys = keys,
	.settings_size = sizeof(struct fake_settings),
	.feeds = feeds,
	.n_feeds = ARRAY_LEN(feeds),
	.quotas = quotas,
	.cost = cost,
	.poll_min_ms = poll_min_ms,
	.find_after_ms = find_after_ms,
	.settle_lag_ms = settle_lag_ms,
	.initial_token = initial_token,
	.check = check,
	.measure = measure,
	.login_url = login_url,
	.request = request,
	.answer = answer,
};
