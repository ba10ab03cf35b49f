/*
 * The way of a request through the gateway, in the platform's order: interface, method, media type, token, limits,
 * permission; then the handler of the interface.
 */
#include "sim/call.h"

#include <inttypes.h>
#include <strings.h>

#include "codec/json.h"
#include "core/mem.h"
#include "sim/routes.h"
#include "sim/state_file.h"
#include "sim/weibo_errors.h"

#define ANSWER_MAX_BYTES (1u << 30) /* a whole ledger */
#define TEST_LIST_SIZE   15

void call_init(struct call *call, struct sim *sim)
{
	*call = (struct call){ .sim = sim, .http_status = 200, .content_type = "application/json;charset=UTF-8" };
	buf_init(&call->body, ANSWER_MAX_BYTES);
	call->out = (struct out){ .buf = &call->body };
}

void call_finish(struct call *call)
{
	buf_finish(&call->body);
	free(call->location);
	free(call->disposition);
}

static void begin_answer(struct call *call)
{
	buf_clear(&call->body);
	call->out.comma = false;
}

void call_refuse(struct call *call, int64_t code, const char *text)
{
	struct refusal refusal = refusal_of(code);
	struct out *out = &call->out;

	begin_answer(call);
	call->refusal = code;
	call->http_status = refusal.http_status;
	out_object(out, NULL);
	if (code == 10006) { /* the one whose code is a string, and without `request` */
		out_digits(out, "error_code", code);
		out_text(out, "error", text ? text : refusal.text);
	} else {
		out_text(out, "error", text ? text : refusal.text);
		out_i64(out, "error_code", code);
		if (!out_odd(out, "request")) {
			out_text(out, "request", call->path);
		}
	}
	out_object_end(out);
}

void call_refuse_missing(struct call *call, const char *param)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "miss required parameter (%s), see doc for more info.", param);
	call_refuse(call, 10016, text);
}

void call_refuse_value(struct call *call, const char *param)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "Parameter (%s)'s value invalid, see doc for more info.", param);
	call_refuse(call, 10017, text);
}

static struct str token_text(const struct call *call)
{
	struct str text = params_str(&call->params, "access_token");

	return text.n ? text : call->params.header_token;
}

struct account *call_peek_account(struct call *call)
{
	struct str text = token_text(call);
	const struct token *token = text.n ? table_get(&call->sim->tokens_by_text, text) : NULL;
	const struct code *code;

	if (token) {
		return token->account;
	}
	text = params_str(&call->params, "code");
	code = text.n ? table_get(&call->sim->codes_by_text, text) : NULL;
	return code ? code->account : NULL;
}

/* Accounts of an app that was not reviewed: the first fifteen may use it. */
static bool on_test_list(const struct account *account)
{
	return account->set.test_listed && account->app_rank < TEST_LIST_SIZE;
}

bool call_authenticate(struct call *call)
{
	struct str text = token_text(call);
	struct token *token;

	if (!text.n) {
		if (call->params.odd_header) {
			call_refuse(call, 21301, NULL);
		} else if (params_has(&call->params, "source")) {
			call_refuse(call, 21301, "auth by Null spi!");
		} else {
			call_refuse(call, 10006, NULL);
		}
		return false;
	}
	token = table_get(&call->sim->tokens_by_text, text);
	if (!token) {
		call_refuse(call, 21332, NULL);
		return false;
	}
	call->token = token;
	call->account = token->account;
	call->out.jitter = token->account->set.jitter ? &call->sim->rng : NULL;
	if (token->dead_code) {
		call_refuse(call, token->dead_code, NULL);
		return false;
	}
	if (call->sim->now_at >= token->expires_at) {
		call_refuse(call, token->account->set.expired_answer, NULL);
		return false;
	}
	return true;
}

static bool is_permitted(const struct call *call)
{
	enum tier tier = (enum tier)call->account->set.tier;

	if (call->route->flags & ROUTE_CLOSED || str_ends(str_from(call->path), STR("/biz.json"))) {
		return tier == TIER_BIZ;
	}
	return !(call->route->flags & ROUTE_ADVANCED) || tier == TIER_ADVANCED || tier == TIER_BIZ;
}

static bool pass_gate(struct call *call)
{
	const struct route *route = call->route;
	const struct param *invalid;

	if (!(route->methods & call->method)) {
		call_refuse(call, 10021, NULL);
		return false;
	}
	if (call->params.multipart && !(route->flags & ROUTE_MULTIPART)) {
		/* This one reads a multipart body as an empty form (libweibo#17). */
		call_refuse(call, route->handle == handle_upload_url_text ? 10016 : 10007, NULL);
		return false;
	}
	if (call->params.broken) {
		call_refuse(call, 10012, NULL);
		return false;
	}
	if (route->flags & ROUTE_NO_TOKEN) {
		return true;
	}
	if (!call_authenticate(call)) {
		return false;
	}
	if (!(route->flags & ROUTE_UNCOUNTED) && !quota_take_call(call)) {
		return false;
	}
	if (call->account->set.tier == TIER_TEST && !on_test_list(call->account)) {
		call_refuse(call, 21321, NULL);
		return false;
	}
	if (!is_permitted(call)) {
		call_refuse(call, 10014, NULL);
		return false;
	}
	if (call->token->safety_version != call->account->safety_version) {
		call_refuse(call, 10004, NULL);
		return false;
	}
	invalid = params_invalid(&call->params);
	if (invalid) {
		call_refuse_value(call, "text");
		return false;
	}
	return true;
}

void call_run(struct call *call)
{
	if (!call->route) {
		call->sim->unknown_paths++;
		call_refuse(call, 10020, NULL);
		return;
	}
	if (!(call->route->flags & (ROUTE_NO_TOKEN | ROUTE_UNCOUNTED))) {
		quota_count_ip(call);
	}
	if (pass_gate(call)) {
		call->route->handle(call);
	}
	route_counted(call->sim, call->route, call->refusal != 0);
}
