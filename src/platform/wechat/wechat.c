/*
 * The WeChat driver's descriptor: which quotas, feeds and operations there are, and which file answers what. For
 * official accounts (subscription and service) by their server API.
 */
#include "platform/wechat/wechat.h"

#include <stdio.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"

#define URL_BYTES          (16u << 10)
#define UPLOAD_MS          (120 * SECOND_MS)
#define MIDNIGHT_OFFSET_MS (16 * HOUR_MS) /* 00:00 +0800 */
#define RESERVE_PART       5

#define BIT(quota) (1u << (quota))

/*
 * source  developer guide, "interface limits": calls a day of a new account, in the +0800 day (source unverified); what
 * it does not list is assumed to be 1000. Broadcasts: guide "Batch_Sends": one a day for a subscription account, four a
 * month for a service account.
 */
static const struct {
	const char *name;
	int64_t limit;
} limits[WECHAT_QUOTAS] = {
	[WECHAT_QUOTA_COMMENT_LIST] = { "comment_list", 0 }, /* from the settings */
	[WECHAT_QUOTA_BROADCASTS] = { DRIVER_QUOTA_BROADCASTS, 0 },
	[WECHAT_QUOTA_DRAFT_ADD] = { "draft_add", 1000 },
	[WECHAT_QUOTA_DRAFT_GET] = { "draft_get", 500 },
	[WECHAT_QUOTA_PUBLISH] = { "publish", 100 },
	[WECHAT_QUOTA_PUBLISH_GET] = { "publish_get", 100 },
	[WECHAT_QUOTA_PUBLISH_LIST] = { "publish_list", 100 },
	[WECHAT_QUOTA_PUBLISH_DELETE] = { "publish_delete", 10 },
	[WECHAT_QUOTA_MASS] = { "mass_send", 100 },
	[WECHAT_QUOTA_MASS_GET] = { "mass_get", 1000 },
	[WECHAT_QUOTA_MASS_DELETE] = { "mass_delete", 10 },
	[WECHAT_QUOTA_CUSTOM_SEND] = { "custom_send", 500000 },
	[WECHAT_QUOTA_COMMENT_REPLY] = { "comment_reply", 1000 },
	[WECHAT_QUOTA_UPLOAD] = { "upload", 100000 },
	[WECHAT_QUOTA_MATERIAL] = { "material", 1000 },
	[WECHAT_QUOTA_PREVIEW] = { "preview", 100 }, /* page message/mass/preview */
};

_Static_assert(WECHAT_QUOTAS <= DRIVER_QUOTAS_MAX, "too many quotas");

static size_t quotas(const void *settings, struct driver_quota ret[DRIVER_QUOTAS_MAX])
{
	const struct wechat_settings *wechat = settings;

	for (size_t i = 0; i < WECHAT_QUOTAS; i++) {
		ret[i] = (struct driver_quota){
			.name = limits[i].name,
			.window_ms = DAY_MS,
			.offset_ms = MIDNIGHT_OFFSET_MS,
			.limit = limits[i].limit,
		};
	}
	ret[WECHAT_QUOTA_COMMENT_LIST].limit = wechat->comment_calls_per_day;
	ret[WECHAT_QUOTA_COMMENT_LIST].reserve = wechat->comment_calls_per_day / RESERVE_PART;
	ret[WECHAT_QUOTA_BROADCASTS].limit = wechat->kind == WECHAT_SERVICE ? 4 : 1;
	ret[WECHAT_QUOTA_BROADCASTS].per_send = true;
	ret[WECHAT_QUOTA_BROADCASTS].month = wechat->kind == WECHAT_SERVICE;
	return WECHAT_QUOTAS;
}

static unsigned cost_of_draft(const struct driver_send *send)
{
	enum post_form form = wechat_form(send);
	bool draft = form == POST_FORM_ARTICLE || form == POST_FORM_NEWSPIC;
	bool begun = send->progress && strstr(send->progress, "\"draft\"");

	return draft && !begun ? BIT(WECHAT_QUOTA_DRAFT_ADD) : 0;
}

/*
 * A broadcast is counted against its scarce quota once, and only while it may have been taken: WeChat counts successful
 * ones. Pictures are not counted one by one: the limit is far away.
 */
static unsigned cost_of_publication(const struct driver_send *send)
{
	unsigned cost = cost_of_draft(send);

	if (!wechat_broadcasts(send)) {
		return cost | BIT(WECHAT_QUOTA_PUBLISH);
	}
	return cost | BIT(WECHAT_QUOTA_MASS) | (wechat_untouched(send) ? BIT(WECHAT_QUOTA_BROADCASTS) : 0);
}

static unsigned cost_of_find(const struct driver_send *send)
{
	switch (send->kind) {
	case SEND_REPLY:
		return send->reply_to_kind == MESSAGE_COMMENT ? BIT(WECHAT_QUOTA_COMMENT_LIST) : 0;
	case SEND_WITHDRAW:
		return send->target_broadcast ? BIT(WECHAT_QUOTA_MASS_GET) : BIT(WECHAT_QUOTA_PUBLISH_LIST);
	case SEND_PUBLISH:
		if (wechat_broadcasts(send)) {
			return send->job_id ? BIT(WECHAT_QUOTA_MASS_GET) : 0;
		}
		return send->job_id ? BIT(WECHAT_QUOTA_PUBLISH_GET)
				    : BIT(WECHAT_QUOTA_DRAFT_GET) | BIT(WECHAT_QUOTA_PUBLISH_LIST);
	}
	return 0;
}

static unsigned cost(enum driver_op_kind kind, const struct driver_send *send)
{
	switch (kind) {
	case OP_SEND:
		switch (send->kind) {
		case SEND_PUBLISH:
			return cost_of_publication(send);
		case SEND_REPLY:
			return send->reply_to_kind == MESSAGE_COMMENT ? BIT(WECHAT_QUOTA_COMMENT_REPLY)
								      : BIT(WECHAT_QUOTA_CUSTOM_SEND);
		case SEND_WITHDRAW:
			return send->target_broadcast ? BIT(WECHAT_QUOTA_MASS_DELETE)
						      : BIT(WECHAT_QUOTA_PUBLISH_DELETE);
		}
		return 0;
	case OP_FIND:
		return cost_of_find(send);
	case OP_PULL:
		return BIT(WECHAT_QUOTA_COMMENT_LIST);
	case OP_PREVIEW:
		return cost_of_draft(send) | BIT(WECHAT_QUOTA_PREVIEW);
	case OP_LOGIN:
	case OP_RENEW:
	case OP_TOKEN:
	case OP_LIMITS:
	case OP_MEDIA:
	case OP_CALL:
		return 0;
	}
	return 0;
}

static int64_t poll_min_ms(const void *settings)
{
	return ((const struct wechat_settings *)settings)->poll_min_ms;
}

static int64_t find_after_ms(const void *settings)
{
	return ((const struct wechat_settings *)settings)->find_after_ms;
}

static int64_t settle_lag_ms(const void *settings)
{
	return ((const struct wechat_settings *)settings)->settle_lag_ms;
}

static const struct secret *initial_token(const void *settings unused_arg)
{
	return NULL;
}

/* source  developer guide, "applicability" of each call; publishing: guide "publish" (changes of July 2025) */
bool wechat_can(const void *settings, const char *capability)
{
	const struct wechat_settings *wechat = settings;

	if (!wechat->verified) {
		return false;
	}
	if (!strcmp(capability, "comments")) {
		return wechat->comments;
	}
	return strcmp(capability, "qr") != 0 || wechat->kind == WECHAT_SERVICE;
}

static const struct config_words *topics(const void *settings)
{
	return &((const struct wechat_settings *)settings)->topics;
}

/* ---- requests ---- */

bool wechat_bad_send(struct error *err, const char *what)
{
	return error_set(err, ERROR_PLATFORM, ADVISE_REJECT, 0, "WeChat: %s", what);
}

static void make_url(struct driver_op *op, const char *path, const char *more, struct buf *url)
{
	buf_init(url, URL_BYTES);
	(void)buf_printf(url, "%s%s?", op->account->base_url, path);
	(void)form_add(url, "access_token", secret_lend(op->account->token));
	if (more) {
		(void)buf_printf(url, "&%s", more);
	}
}

static void drop_url(struct buf *url)
{
	explicit_bzero(url->p, url->n);
	buf_finish(url);
}

void wechat_get(struct driver_op *op, const char *path, const char *more, struct http_request *ret_request)
{
	struct buf url;

	make_url(op, path, more, &url);
	http_request_init(ret_request, HTTP_GET, url.p);
	drop_url(&url);
}

bool wechat_post(
	struct driver_op *op, const char *path, cJSON *json, struct http_request *ret_request, struct error *err)
{
	struct buf body;
	struct buf url;
	bool ok;

	buf_init(&body, WECHAT_BODY_BYTES);
	ok = wechat_print(&body, json);
	cJSON_Delete(json);
	if (!ok) {
		buf_finish(&body);
		return wechat_bad_send(err, "the request is too long");
	}
	make_url(op, path, NULL, &url);
	http_request_init(ret_request, HTTP_POST, url.p);
	ret_request->content_type = xstrdup("application/json; charset=utf-8");
	ret_request->body_n = body.n;
	ret_request->body = buf_steal(&body);
	ret_request->writes = wechat_op_writes(op);
	buf_finish(&body);
	drop_url(&url);
	return true;
}

/* The editor's file name without what could break a header, with the ending that fits the bytes: WeChat looks at it. */
static void picture_name(const char *name, const char *type, char *ret_name, size_t size)
{
	size_t n = 0;

	for (const char *p = name ? name : ""; *p && *p != '.' && n < 40; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' ||
			*p == '_') {
			ret_name[n++] = *p;
		}
	}
	ret_name[n] = '\0';
	(void)snprintf(ret_name + n, size - n, "%s.%s", n > 0 ? "" : "picture",
		!strcmp(type, "image/jpeg")  ? "jpg"
		: !strcmp(type, "image/png") ? "png"
					     : "gif");
}

bool wechat_upload(struct driver_op *op, const char *path, const char *more, const struct post_media *media,
	struct http_request *ret_request, struct error *err)
{
	const char *type = media->data ? wechat_media_type((struct str){ media->data, media->n }) : NULL;
	struct buf url;
	char name[64];

	if (!type || strncmp(type, "image/", 6) != 0) {
		return error_set(err, ERROR_PLATFORM, ADVISE_REJECT, 0, "WeChat: %s is no picture by its first bytes",
			media->name ? media->name : "a file");
	}
	picture_name(media->name, type, name, sizeof(name));
	make_url(op, path, more, &url);
	http_request_init(ret_request, HTTP_POST, url.p);
	drop_url(&url);
	http_request_add_part(ret_request, "media", name, type, (struct str){ media->data, media->n });
	ret_request->timeout_ms = UPLOAD_MS;
	ret_request->writes = true;
	return true;
}

static bool request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	switch (op->kind) {
	case OP_SEND:
		switch (op->send->kind) {
		case SEND_PUBLISH:
			return wechat_publish_request(op, ret_request, err);
		case SEND_REPLY:
			return wechat_reply_request(op, ret_request, err);
		case SEND_WITHDRAW:
			return wechat_withdraw_request(op, ret_request, err);
		}
		break;
	case OP_FIND:
		return wechat_find_request(op, ret_request, err);
	case OP_PULL:
		return wechat_pull_request(op, ret_request, err);
	case OP_RENEW:
		return wechat_renew_request(op, ret_request, err);
	case OP_TOKEN:
		wechat_get(op, "/cgi-bin/getcallbackip", NULL, ret_request);
		return true;
	case OP_LIMITS:
		return wechat_limits_request(op, ret_request, err);
	case OP_MEDIA:
		return wechat_media_request(op, ret_request, err);
	case OP_CALL:
		return wechat_call_request(op, ret_request, err);
	case OP_PREVIEW:
		return wechat_publish_request(op, ret_request, err);
	case OP_LOGIN:
		return wechat_bad_send(err, "nobody logs in: tokens are made from app_secret");
	}
	return error_set(err, ERROR_PLATFORM, ADVISE_BUG, 0, "no such operation: %d", (int)op->kind);
}

static void answer(struct driver_op *op, const struct http_answer *http, struct outcome *ret_outcome)
{
	switch (op->kind) {
	case OP_SEND:
		switch (op->send->kind) {
		case SEND_PUBLISH:
			wechat_publish_answer(op, http, ret_outcome);
			return;
		case SEND_REPLY:
			wechat_reply_answer(op, http, ret_outcome);
			return;
		case SEND_WITHDRAW:
			wechat_withdraw_answer(op, http, ret_outcome);
			return;
		}
		break;
	case OP_FIND:
		wechat_find_answer(op, http, ret_outcome);
		return;
	case OP_PULL:
		wechat_pull_answer(op, http, ret_outcome);
		return;
	case OP_RENEW:
		wechat_renew_answer(op, http, ret_outcome);
		return;
	case OP_TOKEN:
		wechat_token_answer(op, http, ret_outcome);
		return;
	case OP_LIMITS:
		wechat_limits_answer(op, http, ret_outcome);
		return;
	case OP_MEDIA:
		wechat_media_answer(op, http, ret_outcome);
		return;
	case OP_CALL:
		wechat_call_answer(op, http, ret_outcome);
		return;
	case OP_PREVIEW:
		wechat_publish_answer(op, http, ret_outcome);
		return;
	case OP_LOGIN:
		break;
	}
	outcome_fail(ret_outcome, ERROR_PLATFORM, ADVISE_BUG, 0, "no such operation: %d", (int)op->kind);
}

extern const struct driver driver_wechat;

const struct driver driver_wechat = {
	.name = "wechat",
	.default_base_url = WECHAT_BASE_URL,
	.keys = wechat_keys,
	.settings_size = sizeof(struct wechat_settings),
	.check_settings = wechat_check_settings,
	.feeds = wechat_feeds,
	.n_feeds = WECHAT_FEEDS,
	.quotas = quotas,
	.cost = cost,
	.poll_min_ms = poll_min_ms,
	.find_after_ms = find_after_ms,
	.settle_lag_ms = settle_lag_ms,
	.initial_token = initial_token,
	.check = wechat_check,
	.measure = wechat_measure,
	.renew_after_ms = wechat_renew_after_ms,
	.can = wechat_can,
	.calls = true,
	.previews = true,
	.may_withdraw = wechat_may_withdraw,
	.topics = topics,
	.windowed = true,
	.takes_pushes = wechat_takes_pushes,
	.push = wechat_push,
	.answers = true,
	.answer_push = wechat_answer_push,
	.request = request,
	.answer = answer,
};
