/*
 * Login and what Weibo says about a token and its limits. A token cannot be renewed by a program: a person gives
 * consent on Weibo's page and pastes the address it leads to.
 *
 * source  wiki "Oauth2/authorize", "access_token", "get_token_info", "授权机制", "2/account/rate_limit_status"; samples
 *         tests/fixtures/weibo/{access_token,token_info,rate_limit_status}.json
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"

#define CODE_BYTES 512u
#define URL_BYTES  (8u << 10)

/* `state` comes back with the code, and so tells when the code of one account is pasted for another. */
bool weibo_login_url(const struct driver_account *account, struct buf *out)
{
	const struct weibo_settings *settings = account->settings;
	struct buf query;
	bool ok;

	buf_init(&query, URL_BYTES);
	ok = form_add(&query, "client_id", str_from(settings->app_key)) &&
	     form_add(&query, "redirect_uri", str_from(settings->redirect_uri)) &&
	     form_add(&query, "response_type", STR("code")) && form_add(&query, "state", str_from(account->name)) &&
	     form_add(&query, "forcelogin", STR("true")) &&
	     buf_printf(out, "%s/oauth2/authorize?%s", account->base_url, query.p);
	buf_finish(&query);
	return ok;
}

static bool bad_login(struct error *err, const char *what)
{
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s", what);
}

/* The query of a pasted address; the whole text when it is no address. */
static struct str query_of(struct str pasted)
{
	ptrdiff_t mark = str_find(pasted, STR("?"));
	ptrdiff_t hash;
	struct str query = mark < 0 ? pasted : str_sub(pasted, (size_t)mark + 1, pasted.n);

	hash = str_find(query, STR("#"));
	return hash < 0 ? query : str_sub(query, 0, (size_t)hash);
}

static bool is_code(struct str code)
{
	for (size_t i = 0; i < code.n; i++) {
		if (code.p[i] <= ' ' || code.p[i] >= 0x7f) {
			return false;
		}
	}
	return code.n > 0;
}

static bool read_code(const struct driver_op *op, struct str pasted, struct buf *ret_code, struct error *err)
{
	struct str query = query_of(pasted);
	struct buf value;
	bool ok = true;

	buf_init(&value, CODE_BYTES);
	if (form_get(query, "error", &value) || form_get(query, "error_code", &value)) {
		ok = str_is(buf_str(&value), "access_denied") || str_is(buf_str(&value), "21330")
			     ? bad_login(err, "consent was refused on Weibo's page: access_denied")
			     : error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "Weibo's page reports an error: " STR_FMT,
				       STR_ARG(buf_str(&value)));
	} else if (form_get(query, "state", &value) && value.n > 0 && !str_is(buf_str(&value), op->account->name)) {
		ok = error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"this address belongs to the login of " STR_FMT ", not of %s", STR_ARG(buf_str(&value)),
			op->account->name);
	} else if (!form_get(query, "code", ret_code)) {
		if (str_find(pasted, STR("=")) >= 0 || str_find(pasted, STR("/")) >= 0) {
			ok = bad_login(err, "the address has no code=... in it");
		} else {
			(void)buf_add_str(ret_code, pasted);
		}
	}
	buf_finish(&value);
	if (ok && (ret_code->failed || !is_code(buf_str(ret_code)))) {
		return bad_login(err, "that is no code: paste the code, or the whole address that Weibo's page led to");
	}
	return ok;
}

bool weibo_login_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct weibo_settings *settings = weibo_settings_of(op);
	struct buf code;
	struct buf form;

	buf_init(&code, CODE_BYTES);
	if (!read_code(op, str_trim(str_sub(str_from(op->code), 0, URL_BYTES)), &code, err)) {
		buf_finish(&code);
		return false;
	}
	buf_init(&form, URL_BYTES + 3 * LIMIT_SECRET_BYTES);
	(void)form_add(&form, "client_id", str_from(settings->app_key));
	(void)form_add(&form, "client_secret", secret_lend(&settings->app_secret));
	(void)form_add(&form, "code", buf_str(&code));
	(void)form_add(&form, "grant_type", STR("authorization_code"));
	(void)form_add(&form, "redirect_uri", str_from(settings->redirect_uri));
	explicit_bzero(code.p, code.n);
	buf_finish(&code);
	weibo_post(op, "/oauth2/access_token", &form, ret_request);
	/* The code is good for one use: the transport must not repeat it. */
	ret_request->writes = true;
	return true;
}

/* `uid` is a string in one answer and a number in another (access_token, get_token_info). */
static bool read_uid(const cJSON *json, int64_t *ret_uid)
{
	struct buf text;
	bool ok;

	buf_init(&text, LIMIT_REMOTE_ID_BYTES);
	ok = json_id(json, "uid", &text) && weibo_id_parse(buf_str(&text), ret_uid);
	buf_finish(&text);
	return ok;
}

static bool is_own(const struct driver_op *op, int64_t uid)
{
	int64_t own;

	return weibo_id_parse(str_from(weibo_settings_of(op)->uid), &own) && own == uid;
}

static int64_t lifetime_ms(const cJSON *json, const char *key)
{
	int64_t seconds = json_i64(json, key, 0);

	return seconds > 0 && seconds < INT64_C(100) * 366 * 86400 ? seconds * SECOND_MS : 0;
}

void weibo_login_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	struct str token = json_str(json, "access_token");
	int64_t uid;

	if (token.n > LIMIT_SECRET_BYTES || !is_code(token)) {
		weibo_unreadable(op, outcome, "the answer holds no token");
		return;
	}
	if (!read_uid(json, &uid)) {
		weibo_unreadable(op, outcome, "the answer does not say whose token it is");
		return;
	}
	if (!is_own(op, uid)) {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REJECT, 0,
			"consent was given by Weibo account %" PRId64 ", but accounts.yaml says uid %s for %s", uid,
			weibo_settings_of(op)->uid, op->account->name);
		return;
	}
	outcome->kind = OUTCOME_DONE;
	secret_set(&outcome->token, token);
	outcome->remote_uid = weibo_format_id(uid);
	outcome->expires_in_ms = lifetime_ms(json, "expires_in");
	if (outcome->expires_in_ms == 0) {
		outcome->expires_in_ms = lifetime_ms(json, "remind_in");
	}
}

void weibo_token_request(struct driver_op *op, struct http_request *ret_request)
{
	struct buf form;

	weibo_form_init(op, &form);
	weibo_post(op, "/oauth2/get_token_info", &form, ret_request);
}

void weibo_token_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	int64_t seconds = json_i64(json, "expire_in", INT64_MIN);
	int64_t uid;

	if (seconds == INT64_MIN) {
		seconds = json_i64(json, "expires_in", INT64_MIN);
	}
	if (!read_uid(json, &uid) || seconds == INT64_MIN) {
		weibo_unreadable(op, outcome, "the answer says nothing about the token");
		return;
	}
	if (!is_own(op, uid)) {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REAUTH, 0,
			"the token belongs to Weibo account %" PRId64 ", but accounts.yaml says uid %s", uid,
			weibo_settings_of(op)->uid);
		return;
	}
	if (seconds <= 0) {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REAUTH, 21327, "Weibo: the token has expired");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->remote_uid = weibo_format_id(uid);
	outcome->expires_in_ms = seconds < INT64_C(100) * 366 * 86400 ? seconds * SECOND_MS : 0;
}

void weibo_limits_request(struct driver_op *op, struct http_request *ret_request)
{
	struct buf query;

	weibo_form_init(op, &query);
	weibo_get(op, "/2/account/rate_limit_status.json", &query, ret_request);
}

static int64_t remaining(const cJSON *json, const char *key)
{
	int64_t n = json_i64(json, key, -1);

	return n < 0 ? -1 : n;
}

void weibo_limits_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	const char *wanted = weibo_settings_of(op)->tier == WEIBO_TIER_ADVANCED ? "/statuses/update"
										: "/statuses/share";
	const cJSON *apis = weibo_array(json, "api_rate_limits");
	const cJSON *api;

	if (!cJSON_IsObject(json)) {
		weibo_unreadable(op, outcome, "the answer says nothing about limits");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->remaining[WEIBO_QUOTA_CALLS] = remaining(json, "remaining_user_hits");
	cJSON_ArrayForEach(api, apis)
	{
		if (!strcmp(json_text(api, "api", ""), wanted)) {
			outcome->remaining[WEIBO_QUOTA_POSTS] = remaining(api, "remaining_hits");
		}
	}
}
