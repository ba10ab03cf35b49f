/*
 * OAuth2: consent, code, token, revocation. The person in front of the consent page always agrees, unless the test
 * adds deny=1; which account agrees is told by uid= or as=, else it is the first one of the app.
 */
#include <inttypes.h>

#include "codec/form.h"
#include "core/clock.h"
#include "core/mem.h"
#include "sim/call.h"
#include "sim/state_file.h"
#include "sim/weibo_errors.h"

#define CODE_LIFETIME_MS (10 * MINUTE_MS)
#define TEST_TOKEN_MS    DAY_MS
#define ADDRESS_MAX      8192u

/* Errors here have two more members. */
static void refuse(struct call *call, int64_t code, const char *description)
{
	struct refusal refusal = refusal_of(code);
	struct out *out = &call->out;

	buf_clear(&call->body);
	out->comma = false;
	call->refusal = code;
	call->http_status = 400;
	out_object(out, NULL);
	out_text(out, "error", refusal.text);
	out_i64(out, "error_code", code);
	out_text(out, "request", call->path);
	out_text(out, "error_uri", call->path);
	if (description) {
		out_text(out, "error_description", description);
	}
	out_object_end(out);
}

static struct account *account_of_app(const struct call *call, struct str app_key)
{
	struct str as = params_str(&call->params, "as");
	int64_t uid = params_i64(&call->params, "uid", 0);

	for (size_t i = 0; i < call->sim->n_accounts; i++) {
		struct account *account = &call->sim->accounts[i];

		if (str_is(app_key, account->app_key) && (!uid || account->user.uid == uid) &&
			(!as.n || str_is(as, account->name))) {
			return account;
		}
	}
	return NULL;
}

static void add_query(struct buf *address, const char *key, struct str value)
{
	const char *question = memchr(address->p, '?', address->n);

	buf_add_char(address, question ? '&' : '?');
	buf_add_text(address, key);
	buf_add_char(address, '=');
	form_encode(address, value);
}

static void redirect(struct call *call, struct buf *address)
{
	call->http_status = 302;
	call->location = buf_steal(address);
	call->content_type = "text/html;charset=UTF-8";
}

static struct code *new_code(struct sim *sim, struct account *account, struct str redirect_uri)
{
	struct code *code = xnew(struct code);

	do {
		(void)snprintf(code->text, sizeof(code->text), "%016" PRIx64 "%016" PRIx64, rng_next(&sim->rng),
			rng_next(&sim->rng));
	} while (table_get(&sim->codes_by_text, str_from(code->text)));
	code->account = account;
	code->redirect_uri = str_dup(redirect_uri);
	code->made_at = sim->now_at;
	array_grow(sim->codes, sim->n_codes, sim->cap_codes);
	sim->codes[sim->n_codes++] = code;
	table_put(&sim->codes_by_text, str_from(code->text), code);
	return code;
}

void handle_authorize(struct call *call)
{
	const struct params *params = &call->params;
	struct str redirect_uri = params_str(params, "redirect_uri");
	struct str type = params_str(params, "response_type");
	struct account *account = account_of_app(call, params_str(params, "client_id"));
	struct buf address;

	if (!account) {
		refuse(call, 21324, "client_id, uid or as: no such account");
		return;
	}
	if (!str_is(redirect_uri, account->redirect_uri)) {
		refuse(call, 21322, NULL);
		return;
	}
	buf_init(&address, ADDRESS_MAX);
	buf_add_str(&address, redirect_uri);
	if (params_has(params, "state")) {
		add_query(&address, "state", params_str(params, "state"));
	}
	if (params_i64(params, "deny", 0) == 1) {
		add_query(&address, "error_uri", str_from(call->path));
		add_query(&address, "error", STR("access_denied"));
		add_query(&address, "error_description", STR("user denied your request."));
		add_query(&address, "error_code", STR("21330"));
	} else if (type.n && !str_is(type, "code")) {
		add_query(&address, "error_uri", str_from(call->path));
		add_query(&address, "error", STR("unsupported_response_type"));
		add_query(&address, "error_code", STR("21329"));
	} else {
		add_query(&address, "code", str_from(new_code(call->sim, account, redirect_uri)->text));
	}
	redirect(call, &address);
	buf_finish(&address);
}

static struct code *check_grant(struct call *call, struct str app_key)
{
	const struct params *params = &call->params;
	struct str text = params_str(params, "code");
	struct code *code = text.n ? table_get(&call->sim->codes_by_text, text) : NULL;

	if (!code || code->used || call->sim->now_at - code->made_at >= CODE_LIFETIME_MS ||
		!str_is(app_key, code->account->app_key)) {
		char description[128];

		(void)snprintf(description, sizeof(description), "invalid authorization code:%.*s",
			(int)(text.n < 64 ? text.n : 64), text.n ? text.p : "");
		refuse(call, 21325, params_invalid(params) ? NULL : description);
		return NULL;
	}
	if (!str_is(params_str(params, "redirect_uri"), code->redirect_uri)) {
		refuse(call, 21322, NULL);
		return NULL;
	}
	return code;
}

void handle_access_token(struct call *call)
{
	const struct params *params = &call->params;
	struct str app_key = params_str(params, "client_id");
	const struct account *app = account_of_app(call, app_key);
	struct sim *sim = call->sim;
	struct out *out = &call->out;
	struct account *account;
	struct code *code;
	const struct token *token;
	char text[48];
	int64_t lifetime_ms;
	char seconds[24];

	if (!app || !str_is(params_str(params, "client_secret"), app->app_secret)) {
		refuse(call, 21324, NULL);
		return;
	}
	if (!str_is(params_str(params, "grant_type"), "authorization_code")) {
		refuse(call, 21328, NULL);
		return;
	}
	code = check_grant(call, app_key);
	if (!code) {
		return;
	}
	code->used = true;
	account = code->account;
	lifetime_ms = account->set.tier == TIER_TEST ? TEST_TOKEN_MS : account->set.token_seconds * 1000;
	do {
		(void)snprintf(text, sizeof(text), "2.00%016" PRIX64 "%012" PRIX64, rng_next(&sim->rng),
			rng_next(&sim->rng) & UINT64_C(0xffffffffffff));
	} while (table_get(&sim->tokens_by_text, str_from(text)));
	token = sim_new_token(sim, account, str_from(text), lifetime_ms);
	/* One second less than granted, as recorded answers have it. */
	(void)snprintf(seconds, sizeof(seconds), "%" PRId64, lifetime_ms / 1000 - 1);
	out_object(out, NULL);
	out_text(out, "access_token", token->text);
	out_text(out, "remind_in", seconds);
	out_raw(out, "expires_in", str_from(seconds));
	out_digits(out, "uid", account->user.uid);
	out_text(out, "isRealName", "true");
	out_object_end(out);
}

void handle_get_token_info(struct call *call)
{
	struct out *out = &call->out;

	if (!call_authenticate(call)) {
		return;
	}
	out_object(out, NULL);
	out_i64(out, "uid", call->account->user.uid);
	out_text(out, "appkey", call->account->app_key);
	out_null(out, "scope");
	out_i64(out, "create_at", call->token->created_at / 1000);
	out_i64(out, "expire_in", (call->token->expires_at - call->sim->now_at) / 1000);
	out_object_end(out);
}

void handle_revoke(struct call *call)
{
	if (!call_authenticate(call)) {
		return;
	}
	call->token->dead_code = 21332;
	state_token(call->sim, call->token);
	out_object(&call->out, NULL);
	out_text(&call->out, "result", "true");
	out_object_end(&call->out);
}
