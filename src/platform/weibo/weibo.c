/*
 * The Weibo driver's descriptor: which quotas, feeds and operations there are, and which file answers what. For the
 * open platform (tiers share and advanced); the commercial interfaces are not built. Private messages are taken where
 * the fan service pushes them, and not answered.
 */
#include "platform/weibo/weibo.h"

#include <stdio.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"

#define FORM_BYTES (4 * LIMIT_POST_BYTES)
#define URL_BYTES  (8u << 10)

/* source unverified: the day's window is assumed to begin at 00:00 +0800, that of posts at the full hour */
#define MIDNIGHT_OFFSET_MS (16 * HOUR_MS)

static size_t quotas(const void *settings, struct driver_quota ret[DRIVER_QUOTAS_MAX])
{
	const struct weibo_settings *weibo = settings;

	ret[WEIBO_QUOTA_CALLS] = (struct driver_quota){
		.name = "calls",
		.window_ms = DAY_MS,
		.offset_ms = MIDNIGHT_OFFSET_MS,
		.limit = weibo->calls_per_day,
		.reserve = weibo->reserve,
	};
	ret[WEIBO_QUOTA_POSTS] = (struct driver_quota){
		.name = "posts",
		.window_ms = HOUR_MS,
		.limit = weibo->posts_per_hour,
	};
	return WEIBO_QUOTAS;
}

/* source  wiki "2/account/rate_limit_status": not counted; unverified: login calls are not, refusals are */
static unsigned cost(enum driver_op_kind kind, const struct driver_send *send)
{
	switch (kind) {
	case OP_SEND:
		return send->kind == SEND_PUBLISH ? 1u << WEIBO_QUOTA_CALLS | 1u << WEIBO_QUOTA_POSTS
						  : 1u << WEIBO_QUOTA_CALLS;
	case OP_FIND:
	case OP_PULL:
		return 1u << WEIBO_QUOTA_CALLS;
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
	return ((const struct weibo_settings *)settings)->poll_min_ms;
}

static int64_t find_after_ms(const void *settings)
{
	return ((const struct weibo_settings *)settings)->find_after_ms;
}

static int64_t settle_lag_ms(const void *settings)
{
	return ((const struct weibo_settings *)settings)->settle_lag_ms;
}

static const struct secret *initial_token(const void *settings)
{
	const struct secret *token = &((const struct weibo_settings *)settings)->token;

	return secret_is_empty(token) ? NULL : token;
}

void weibo_form_init(struct driver_op *op, struct buf *form)
{
	buf_init(form, FORM_BYTES);
	(void)form_add(form, "access_token", secret_lend(op->account->token));
}

void weibo_get(struct driver_op *op, const char *path, struct buf *query, struct http_request *ret_request)
{
	struct buf url;

	buf_init(&url, FORM_BYTES + URL_BYTES);
	(void)buf_printf(&url, "%s%s?", op->account->base_url, path);
	(void)buf_add_str(&url, buf_str(query));
	http_request_init(ret_request, HTTP_GET, url.p);
	explicit_bzero(url.p, url.n);
	explicit_bzero(query->p, query->n);
	buf_finish(&url);
	buf_finish(query);
}

void weibo_post(struct driver_op *op, const char *path, struct buf *form, struct http_request *ret_request)
{
	struct buf url;

	buf_init(&url, URL_BYTES);
	(void)buf_printf(&url, "%s%s", op->account->base_url, path);
	http_request_init(ret_request, HTTP_POST, url.p);
	http_request_set_form(ret_request, form);
	buf_finish(&url);
	buf_finish(form);
}

/* source  the address of a user's page by number, as the website forms it: source unverified */
static bool profile_url(const struct driver_account *account, struct buf *out)
{
	const struct weibo_settings *settings = account->settings;
	const char *uid = account->remote_uid ? account->remote_uid : settings->uid;

	return uid && buf_printf(out, "https://weibo.com/u/%s", uid);
}

static bool request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	switch (op->kind) {
	case OP_SEND:
		return weibo_send_request(op, ret_request, err);
	case OP_FIND:
		return weibo_find_request(op, ret_request, err);
	case OP_PULL:
		return weibo_pull_request(op, ret_request, err);
	case OP_LOGIN:
		return weibo_login_request(op, ret_request, err);
	case OP_TOKEN:
		weibo_token_request(op, ret_request);
		return true;
	case OP_LIMITS:
		weibo_limits_request(op, ret_request);
		return true;
	case OP_RENEW:
	case OP_MEDIA:
	case OP_CALL:
	case OP_PREVIEW:
		break;
	}
	return error_set(err, ERROR_PLATFORM, ADVISE_BUG, 0, "no such operation: %d", (int)op->kind);
}

static void answer(struct driver_op *op, const struct http_answer *http, struct outcome *ret_outcome)
{
	cleanup(json_freep) cJSON *json = NULL;

	if (!weibo_answer_json(op, http, &json, ret_outcome)) {
		return;
	}
	switch (op->kind) {
	case OP_SEND:
		weibo_send_answer(op, json, ret_outcome);
		return;
	case OP_FIND:
		weibo_find_answer(op, json, ret_outcome);
		return;
	case OP_PULL:
		weibo_pull_answer(op, json, ret_outcome);
		return;
	case OP_LOGIN:
		weibo_login_answer(op, json, ret_outcome);
		return;
	case OP_TOKEN:
		weibo_token_answer(op, json, ret_outcome);
		return;
	case OP_LIMITS:
		weibo_limits_answer(op, json, ret_outcome);
		return;
	case OP_RENEW:
	case OP_MEDIA:
	case OP_CALL:
	case OP_PREVIEW:
		break;
	}
	outcome_fail(ret_outcome, ERROR_PLATFORM, ADVISE_BUG, 0, "no such operation: %d", (int)op->kind);
}

extern const struct driver driver_weibo;

const struct driver driver_weibo = {
	.name = "weibo",
	.default_base_url = WEIBO_BASE_URL,
	.keys = weibo_keys,
	.settings_size = sizeof(struct weibo_settings),
	.check_settings = weibo_check_settings,
	.feeds = weibo_feeds,
	.n_feeds = WEIBO_FEEDS,
	.quotas = quotas,
	.cost = cost,
	.poll_min_ms = poll_min_ms,
	.find_after_ms = find_after_ms,
	.settle_lag_ms = settle_lag_ms,
	.initial_token = initial_token,
	.check = weibo_check,
	.measure = weibo_measure,
	.login_url = weibo_login_url,
	.may_withdraw = weibo_may_withdraw,
	.profile_url = profile_url,
	.takes_pushes = weibo_takes_pushes,
	.push = weibo_push,
	.answer_push = weibo_answer_push,
	.request = request,
	.answer = answer,
};
