/*
 * Tokens and limits. The token is made from appid and app_secret by stable_token, which gives every caller of the
 * office the same one until shortly before its end; only its forced mode kills the old one, at once and for all.
 *
 * source  page stable_token: renewed in the last five minutes of its life, forced mode 20 times a day and 30 s apart;
 *         page openapi/quota/get; samples tests/fixtures/wechat/stable_token.json, quota_get.json
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define LAST_MS (300 * SECOND_MS)

int64_t wechat_renew_after_ms(int64_t lifetime_ms)
{
	int64_t after_ms = lifetime_ms - LAST_MS;

	return after_ms > HOUR_MS ? HOUR_MS : after_ms > 0 ? after_ms : SECOND_MS;
}

bool wechat_renew_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct wechat_settings *settings = wechat_settings_of(op);
	cJSON *body = json_object();
	struct buf text;
	struct buf url;
	bool ok;

	json_add_text(body, "grant_type", "client_credential");
	json_add_text(body, "appid", settings->appid);
	json_add_str(body, "secret", secret_lend(&settings->app_secret));
	json_add_bool(body, "force_refresh", op->force);
	buf_init(&text, 4 * LIMIT_SECRET_BYTES);
	buf_init(&url, 4096);
	ok = wechat_print(&text, body) && buf_printf(&url, "%s/cgi-bin/stable_token", op->account->base_url);
	explicit_bzero(
		cJSON_GetObjectItemCaseSensitive(body, "secret")->valuestring, secret_lend(&settings->app_secret).n);
	cJSON_Delete(body);
	if (ok) {
		http_request_init(ret_request, HTTP_POST, url.p);
		ret_request->content_type = xstrdup("application/json; charset=utf-8");
		ret_request->body_n = text.n;
		ret_request->body = buf_steal(&text);
		ret_request->writes = true;
	}
	buf_finish(&text);
	buf_finish(&url);
	return ok || wechat_bad_send(err, "app_secret is too long");
}

void wechat_renew_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct str token;
	int64_t left_s;
	int code = 0;

	if (!wechat_answer_json(op, answer, NULL, &json, &code, outcome)) {
		return;
	}
	token = json_str(json, "access_token");
	left_s = json_i64(json, "expires_in", 0);
	if (token.n == 0 || token.n > LIMIT_SECRET_BYTES || left_s <= 0 || left_s > DAY_MS) {
		wechat_unreadable(op, outcome, "the answer holds no token");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	secret_set(&outcome->token, token);
	outcome->expires_in_ms = left_s * SECOND_MS;
}

void wechat_token_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	cleanup(json_freep) cJSON *json = NULL;
	int code = 0;

	if (!wechat_answer_json(op, answer, NULL, &json, &code, outcome)) {
		return;
	}
	if (!cJSON_IsArray(json_get(json, "ip_list"))) {
		wechat_unreadable(op, outcome, "the answer holds no list of addresses");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->remote_uid = xstrdup(wechat_settings_of(op)->original_id);
}

/* ---- limits ---- */

static const struct {
	enum wechat_quota quota;
	const char *path;
} asked[] = {
	{ WECHAT_QUOTA_COMMENT_LIST, "/cgi-bin/comment/list" },
	{ WECHAT_QUOTA_DRAFT_ADD, "/cgi-bin/draft/add" },
	{ WECHAT_QUOTA_PUBLISH, "/cgi-bin/freepublish/submit" },
	{ WECHAT_QUOTA_PUBLISH_GET, "/cgi-bin/freepublish/get" },
	{ WECHAT_QUOTA_PUBLISH_DELETE, "/cgi-bin/freepublish/delete" },
	{ WECHAT_QUOTA_MASS, "/cgi-bin/message/mass/sendall" },
	{ WECHAT_QUOTA_CUSTOM_SEND, "/cgi-bin/message/custom/send" },
};

bool wechat_limits_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	cJSON *body = json_object();

	json_add_text(body, "cgi_path", asked[op->step].path);
	return wechat_post(op, "/cgi-bin/openapi/quota/get", body, ret_request, err);
}

/* What earlier answers said is kept in op->cursor, one number for each path asked so far. */
static void give_all(struct driver_op *op, struct outcome *outcome)
{
	struct str rest = str_from(op->cursor);
	struct str part;

	outcome->kind = OUTCOME_DONE;
	for (size_t i = 0; i < ARRAY_LEN(asked) && str_split(&rest, ' ', &part); i++) {
		if (!str_to_i64(part, -1, INT64_MAX, &outcome->remaining[asked[i].quota])) {
			outcome->remaining[asked[i].quota] = -1;
		}
	}
}

void wechat_limits_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	static const int own[] = { 76021, 76022, 48001, 0 }; /* not for this kind of account: the others may be */
	cleanup(json_freep) cJSON *json = NULL;
	const cJSON *quota;
	struct buf text;
	int64_t left;
	int code = 0;

	if (!wechat_answer_json(op, answer, own, &json, &code, outcome)) {
		return;
	}
	quota = json_get(json, "quota");
	if (code == 0 && !cJSON_IsObject(quota)) {
		wechat_unreadable(op, outcome, "the answer holds no quota");
		return;
	}
	left = json_i64(quota, "remain", -1);
	buf_init(&text, 1024);
	(void)buf_printf(
		&text, "%s%s%" PRId64, op->cursor ? op->cursor : "", op->cursor ? " " : "", left < 0 ? -1 : left);
	free(op->cursor);
	op->cursor = buf_steal(&text);
	buf_finish(&text);
	if ((size_t)++op->step < ARRAY_LEN(asked)) {
		outcome->kind = OUTCOME_NEXT;
	} else {
		op->step = 0;
		give_all(op, outcome);
	}
}
