/*
 * The way of a request through WeChat's gateway: path, method, token, address, capability, limits, body; then the
 * handler. The order of these checks is an assumption, as is that refused requests count.
 *
 * Every error has HTTP status 200 and a rid of its own, which openapi/rid/get explains later.
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/settings.h"
#include "sim/wechat_world.h"
#include "text/utf8.h"

#define RID_KEEPS_BYTES 1024
#define ERROR_MAX_BYTES 512
#define JSON_TYPE       "application/json; encoding=utf-8"

bool wechat_owns(const struct sim *sim, const char *path)
{
	static const char *const roots[] = { "/cgi-bin/", "/customservice/", "/datacube/", "/mmbiz_", "/mp/video/" };

	for (size_t i = 0; sim->wechat && i < ARRAY_LEN(roots); i++) {
		if (str_starts(str_from(path), str_from(roots[i]))) {
			return true;
		}
	}
	return false;
}

void wechat_add_body(struct params *params, struct str content_type, struct str body)
{
	params->file_part = "media";
	if (str_starts(content_type, STR("multipart/"))) {
		/* A multipart body is only looked at, never decoded in place. */
		params_add_body(params, content_type, (char *)(uintptr_t)body.p, body.n);
	}
}

/* The text with its fresh rid; the call is kept for whoever asks for it. */
static void add_rid(struct wx_call *wx, const char *text, char ret[ERROR_MAX_BYTES])
{
	struct wechat *wechat = wx->wechat;
	struct wx_rid *rid;

	if (!wechat->rids) {
		wechat->rids = xnew_array(struct wx_rid, WX_RIDS);
	}
	rid = &wechat->rids[wechat->n_rids++ % WX_RIDS];
	free(rid->url);
	free(rid->body);
	free(rid->answer);
	*rid = (struct wx_rid){ .account = wx->account, .at = wechat->sim->now_at };
	(void)snprintf(rid->rid, sizeof(rid->rid), "%08x-%08x-%08x", (unsigned)(wechat->sim->now_at / 1000),
		(unsigned)rng_next(&wechat->sim->rng), (unsigned)rng_next(&wechat->sim->rng));
	(void)snprintf(rid->client_ip, sizeof(rid->client_ip), "%s", wx->call->client_ip);
	rid->url = xstrdup(wx->call->path);
	rid->body = str_dup(text_cut_bytes(wx->raw, RID_KEEPS_BYTES));
	(void)snprintf(ret, ERROR_MAX_BYTES, "%s rid: %s", text, rid->rid);
	rid->answer = xstrdup(ret);
}

void wx_refuse_open(struct wx_call *wx, int64_t code, const char *text)
{
	char with_rid[ERROR_MAX_BYTES];
	char digits[24];

	add_rid(wx, text ? text : wx_error_text(code), with_rid);
	(void)snprintf(digits, sizeof(digits), "%" PRId64, code);
	buf_clear(&wx->call->body);
	wx->out->comma = false;
	wx->refused = true;
	wx->call->refusal = code;
	wx->call->http_status = 200;
	wx->call->content_type = JSON_TYPE;
	out_object(wx->out, NULL);
	out_raw(wx->out, "errcode", str_from(digits));
	out_text(wx->out, "errmsg", with_rid);
}

void wx_refuse_text(struct wx_call *wx, int64_t code, const char *text)
{
	wx_refuse_open(wx, code, text);
	out_object_end(wx->out);
}

void wx_refuse(struct wx_call *wx, int64_t code)
{
	wx_refuse_text(wx, code, NULL);
}

void wx_ok_open(struct wx_call *wx, const char *msg)
{
	out_object(wx->out, NULL);
	out_raw(wx->out, "errcode", STR("0"));
	out_text(wx->out, "errmsg", msg);
}

void wx_ok(struct wx_call *wx)
{
	wx_ok_open(wx, "ok");
	out_object_end(wx->out);
}

bool wx_post_only_member(struct wx_call *wx, const char *key, struct str *ret_text, int64_t missing_code)
{
	const cJSON *value = json_get(wx->json, key);

	if (!cJSON_IsString(value) || !value->valuestring[0]) {
		wx_refuse(wx, missing_code);
		return false;
	}
	*ret_text = str_from(value->valuestring);
	return true;
}

/* ---- capabilities and limits ---- */

bool wx_verified(const struct wx_account *account)
{
	return account->set.verified && (!account->set.verified_until || wx_now(account) < account->set.verified_until);
}

bool wx_may(const struct wx_account *account, enum wx_group group, int64_t *ret_code)
{
	bool may = group == WX_FREE || wx_verified(account);

	*ret_code = 48001;
	if (group == WX_SERVICE) {
		return may && account->set.kind == WECHAT_SERVICE;
	}
	if (group == WX_COMMENT && may && !account->set.comments) {
		*ret_code = 88000;
		return false;
	}
	return may;
}

bool wx_take(const struct wx_account *account, struct window *window, int64_t window_ms, int64_t limit)
{
	int64_t number = window_number(wx_now(account), window_ms);

	if (window->number != number) {
		*window = (struct window){ .number = number };
	}
	if (limit && window->used >= limit) {
		return false;
	}
	window->used++;
	return true;
}

/* Broadcasts of every form share one count: that of the first route with the flag. */
static size_t counted_as(size_t route)
{
	size_t n;
	const struct wx_route *routes = wx_routes(&n);

	if (!(routes[route].flags & WX_MASS)) {
		return route;
	}
	for (size_t i = 0; i < n; i++) {
		if (routes[i].flags & WX_MASS) {
			return i;
		}
	}
	return route;
}

int64_t wx_limit(const struct wx_account *account, size_t route)
{
	size_t n;
	const struct wx_route *routes = wx_routes(&n);
	const struct wx_count *count = &account->counts[counted_as(route)];

	return count->limit >= 0 ? count->limit : routes[route].per_day;
}

static bool take_quota(struct wx_call *wx)
{
	struct wx_account *account = wx->account;
	size_t n;
	size_t route = (size_t)(wx->route - wx_routes(&n));
	struct wx_count *count = &account->counts[counted_as(route)];
	int64_t per_minute = wx->route->flags & WX_MASS                    ? account->set.mass_per_minute
			     : wx->route->handle == wx_handle_stable_token ? 10000
									   : 0;

	if (!wx_take(account, &count->minute, MINUTE_MS, per_minute) ||
		!wx_take(account, &account->all.minute, MINUTE_MS, account->set.calls_per_minute)) {
		wx_refuse(wx, 45011);
		return false;
	}
	if (!wx_take(account, &count->day, DAY_MS, wx_limit(account, route))) {
		wx_refuse(wx, 45009);
		return false;
	}
	return true;
}

static bool check_ip(struct wx_call *wx)
{
	const cJSON *allowed;
	char text[160];

	if (!cJSON_GetArraySize(wx->account->set.ip_allow)) {
		return true;
	}
	cJSON_ArrayForEach(allowed, wx->account->set.ip_allow)
	{
		if (cJSON_IsString(allowed) && strcmp(allowed->valuestring, wx->call->client_ip) == 0) {
			return true;
		}
	}
	(void)snprintf(text, sizeof(text), "invalid ip %.45s ipv6 ::ffff:%.45s, not in whitelist", wx->call->client_ip,
		wx->call->client_ip);
	wx_refuse_text(wx, 40164, text);
	return false;
}

/* ---- the gate ---- */

static bool authenticate(struct wx_call *wx)
{
	struct str text = params_str(&wx->call->params, "access_token");
	const struct wx_token *token = wx_find_token(wx->wechat, text);
	int64_t now_at = wx->wechat->sim->now_at;

	if (!text.n) {
		wx_refuse(wx, 41001);
		return false;
	}
	if (!token) {
		wx_refuse(wx, text.n < 32 ? 40014 : 40001);
		return false;
	}
	wx->account = token->account;
	if (token->account->set.account_frozen) {
		wx_refuse(wx, 50007);
		return false;
	}
	if (now_at >= token->ends_at || now_at >= token->expires_at) {
		wx_refuse(wx, now_at >= token->ends_at ? token->death : 42001);
		return false;
	}
	return !wx->account->set.ip_everywhere || check_ip(wx);
}

/* Whose credentials these are. Refuses; the caller reads appid and secret. */
static bool check_appid(struct wx_call *wx)
{
	bool query = wx->route->method == METHOD_GET || !wx->json;
	struct str appid = query ? params_str(&wx->call->params, "appid") : json_str(wx->json, "appid");
	const char *secret_key = wx->route->handle == wx_handle_clear_quota_v2 ? "appsecret" : "secret";
	struct str secret = query ? params_str(&wx->call->params, secret_key) : json_str(wx->json, secret_key);

	if (!appid.n || !secret.n) {
		wx_refuse(wx, appid.n ? 41004 : 41002);
		return false;
	}
	for (size_t i = 0; i < wx->wechat->n_accounts && !wx->account; i++) {
		if (str_is(appid, wx->wechat->accounts[i].appid)) {
			wx->account = &wx->wechat->accounts[i];
		}
	}
	if (!wx->account) {
		wx_refuse(wx, 40013);
		return false;
	}
	if (wx->account->set.account_frozen || wx->account->set.secret_frozen) {
		wx_refuse(wx, wx->account->set.account_frozen ? 50007 : 40243);
		return false;
	}
	if (!str_is(secret, wx->account->secret)) {
		wx_refuse(wx, wx->account->set.wrong_secret_code);
		return false;
	}
	if (wx->account->set.token_refusal) {
		wx_refuse(wx, wx->account->set.token_refusal);
		return false;
	}
	return check_ip(wx);
}

static bool read_body(struct wx_call *wx)
{
	switch (wx->route->body) {
	case WX_NO_BODY:
		return true;
	case WX_FILE:
		if (!wx->call->params.has_file) {
			wx_refuse(wx, 41005);
			return false;
		}
		if (!wx->call->params.file.n) {
			wx_refuse(wx, 44001);
			return false;
		}
		return true;
	case WX_ANY_BODY:
		if (!json_parse(wx->raw, &wx->json, NULL)) {
			wx->json = NULL; /* nothing, or a form: both will do */
		}
		return true;
	case WX_JSON:
		break;
	}
	if (!str_trim(wx->raw).n) {
		wx_refuse(wx, 44002);
		return false;
	}
	if (!json_parse(wx->raw, &wx->json, NULL) || !cJSON_IsObject(wx->json) || !utf8_valid(wx->raw)) {
		/* A form instead of JSON is answered in a way of its own on the pages of broadcasts. */
		wx_refuse(wx, wx->route->flags & WX_MASS && memchr(wx->raw.p, '=', wx->raw.n) && wx->raw.p[0] != '{'
				      ? 40008
				      : 47001);
		return false;
	}
	return true;
}

static bool pass_gate(struct wx_call *wx)
{
	int64_t code;

	if (wx->route->method != wx->call->method) {
		wx_refuse(wx, wx->route->method == METHOD_GET ? 43001 : 43002);
		return false;
	}
	if (wx->route->flags & WX_NO_TOKEN) {
		return read_body(wx) && check_appid(wx) && take_quota(wx);
	}
	if (!authenticate(wx)) {
		return false;
	}
	if (!wx_may(wx->account, wx->route->group, &code)) {
		wx_refuse(wx, code);
		return false;
	}
	return take_quota(wx) && read_body(wx);
}

static const struct wx_route *find_route(const char *path)
{
	size_t n;
	const struct wx_route *routes = wx_routes(&n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(routes[i].path, path) == 0) {
			return &routes[i];
		}
	}
	return NULL;
}

static void answer_404(struct call *call)
{
	buf_clear(&call->body);
	call->http_status = 404;
	call->content_type = "text/html";
	buf_add_text(&call->body, "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body>"
				  "</html>\n");
}

static void begin(struct wx_call *wx, struct call *call, struct str body)
{
	*wx = (struct wx_call){
		.call = call,
		.out = &call->out,
		.wechat = call->sim->wechat,
		.route = find_route(call->path),
		.raw = body,
	};
	call->content_type = JSON_TYPE;
}

void wechat_run(struct call *call, struct str body, bool too_long)
{
	struct wechat *wechat = call->sim->wechat;
	struct wx_call wx;
	size_t n;

	begin(&wx, call, body);
	if (!wx.route) {
		if (!wechat_serve_file(call)) {
			wechat->unknown_paths++;
			answer_404(call);
		}
		return;
	}
	if (too_long) {
		wx_refuse(&wx, 45001);
	} else if (pass_gate(&wx)) {
		wx.out->jitter = wx.account->set.jitter ? &call->sim->rng : NULL;
		wx.route->handle(&wx);
	}
	wechat->routes[wx.route - wx_routes(&n)].requests++;
	wechat->routes[wx.route - wx_routes(&n)].refused += wx.refused;
	cJSON_Delete(wx.json);
}

void wechat_refuse(struct call *call, struct str body, int64_t code)
{
	struct wx_call wx;

	begin(&wx, call, body);
	wx.account = wechat_peek_account(call, body);
	wx_refuse(&wx, code);
}

struct wx_account *wechat_peek_account(const struct call *call, struct str body)
{
	struct wechat *wechat = call->sim->wechat;
	const struct wx_token *token = wx_find_token(wechat, params_str(&call->params, "access_token"));
	struct str appid = params_str(&call->params, "appid");

	if (token) {
		return token->account;
	}
	for (size_t i = 0; i < wechat->n_accounts; i++) {
		struct wx_account *account = &wechat->accounts[i];

		if (appid.n ? str_is(appid, account->appid) : str_find(body, str_from(account->appid)) >= 0) {
			return account;
		}
	}
	return NULL;
}

/* ---- quotas and rids ---- */

static bool may_reset(struct wx_call *wx)
{
	int64_t month = wx_month(wx_now(wx->account));

	if (wx->account->resets_month != month) {
		wx->account->resets_month = month;
		wx->account->resets = 0;
	}
	if (wx->account->resets >= 10) {
		wx_refuse(wx, 48006);
		return false;
	}
	wx->account->resets++;
	return true;
}

static void reset(struct wx_call *wx)
{
	if (!may_reset(wx)) {
		return;
	}
	for (size_t i = 0; i < WX_ROUTES_MAX; i++) {
		wx->account->counts[i].day.used = 0;
		wx->account->counts[i].minute.used = 0;
	}
	wx_ok(wx);
}

void wx_handle_clear_quota(struct wx_call *wx)
{
	if (!str_is(json_str(wx->json, "appid"), wx->account->appid)) {
		wx_refuse(wx, 40013);
		return;
	}
	reset(wx);
}

void wx_handle_clear_quota_v2(struct wx_call *wx)
{
	reset(wx);
}

static const struct wx_route *quota_route(struct wx_call *wx)
{
	struct str path;
	const struct wx_route *route;

	if (!wx_post_only_member(wx, "cgi_path", &path, 76021)) {
		return NULL;
	}
	route = find_route(path.p);
	if (!route) {
		wx_refuse(wx, 76021);
	}
	return route;
}

void wx_handle_quota_get(struct wx_call *wx)
{
	const struct wx_route *route = quota_route(wx);
	const struct wx_count *count;
	int64_t code, used, limit;
	size_t i, n;

	if (!route) {
		return;
	}
	i = (size_t)(route - wx_routes(&n));
	if (!wx_may(wx->account, route->group, &code)) {
		wx_refuse(wx, 76022);
		return;
	}
	count = &wx->account->counts[counted_as(i)];
	used = quota_used(wx->wechat->sim, &count->day, DAY_MS);
	limit = wx_limit(wx->account, i);
	wx_ok_open(wx, "ok");
	out_object(wx->out, "quota");
	out_i64(wx->out, "daily_limit", limit);
	out_i64(wx->out, "used", used);
	out_i64(wx->out, "remain", used < limit ? limit - used : 0);
	out_object_end(wx->out);
	if (route->flags & WX_MASS) {
		out_object(wx->out, "rate_limit");
		out_i64(wx->out, "call_count", wx->account->set.mass_per_minute);
		out_i64(wx->out, "refresh_second", 60);
		out_object_end(wx->out);
	}
	out_object_end(wx->out);
}

void wx_handle_quota_clear(struct wx_call *wx)
{
	const struct wx_route *route = quota_route(wx);
	size_t n;

	if (route && may_reset(wx)) {
		wx->account->counts[counted_as((size_t)(route - wx_routes(&n)))].day.used = 0;
		wx_ok(wx);
	}
}

static bool is_rid(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool dash = i == 8 || i == 17;

		if (dash != (text.p[i] == '-') || (!dash && !strchr(WX_HEX, text.p[i]))) {
			return false;
		}
	}
	return text.n == 26;
}

void wx_handle_rid_get(struct wx_call *wx)
{
	struct str text = json_str(wx->json, "rid");
	const struct wx_rid *rid = NULL;

	if (!is_rid(text)) {
		wx_refuse(wx, 76002);
		return;
	}
	for (size_t i = 0; wx->wechat->rids && i < WX_RIDS; i++) {
		if (str_is(text, wx->wechat->rids[i].rid)) {
			rid = &wx->wechat->rids[i];
		}
	}
	if (!rid || rid->account != wx->account || wx_now(wx->account) - rid->at > 7 * DAY_MS) {
		wx_refuse(wx, !rid ? 76001 : rid->account != wx->account ? 76003 : 76004);
		return;
	}
	wx_ok_open(wx, "ok");
	out_object(wx->out, "request");
	out_i64(wx->out, "invoke_time", rid->at / 1000);
	out_i64(wx->out, "cost_in_ms", 18);
	out_text(wx->out, "request_url", rid->url);
	out_text(wx->out, "request_body", rid->body);
	out_text(wx->out, "response_body", rid->answer);
	out_text(wx->out, "client_ip", rid->client_ip);
	out_object_end(wx->out);
	out_object_end(wx->out);
}

void wx_handle_callback_ip(struct wx_call *wx)
{
	out_object(wx->out, NULL);
	out_array(wx->out, "ip_list");
	out_text(wx->out, NULL, "198.51.100.0/24");
	out_text(wx->out, NULL, "127.0.0.1");
	out_array_end(wx->out);
	out_object_end(wx->out);
}

void wx_handle_callback_check(struct wx_call *wx)
{
	struct str action = json_str(wx->json, "action");
	struct str by = json_str(wx->json, "check_operator");

	if (!str_is(action, "dns") && !str_is(action, "ping") && !str_is(action, "all")) {
		wx_refuse(wx, 40202);
		return;
	}
	if (!str_is(by, "DEFAULT") && !str_is(by, "UNICOM") && !str_is(by, "CHINANET") && !str_is(by, "CAP")) {
		wx_refuse(wx, 40203);
		return;
	}
	wx_ok_open(wx, "ok");
	out_array(wx->out, "dns");
	out_object(wx->out, NULL);
	out_text(wx->out, "ip", "127.0.0.1");
	out_text(wx->out, "real_operator", "DEFAULT");
	out_object_end(wx->out);
	out_array_end(wx->out);
	out_object_end(wx->out);
}
