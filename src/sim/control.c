/*
 * The control interface. JSON in, JSON out; unknown members are refused, so that a test with a typing error fails
 * instead of testing nothing. Nothing here costs a quota or meets a fault.
 */
#include "sim/control.h"

#include <inttypes.h>
#include <math.h>

#include "codec/json.h"
#include "core/clock.h"
#include "sim/faults.h"
#include "sim/members.h"
#include "sim/routes.h"
#include "sim/state_file.h"
#include "sim/switches.h"
#include "sim/wechat_world.h"
#include "text/when.h"

#define DEAD_TOKEN    21332
#define EXPIRE        (-1)
#define YEAR_10000_AT INT64_C(253402272000000) /* at +0800 */

void control_refuse(struct call *call, int http_status, const char *text)
{
	buf_clear(&call->body);
	call->out.comma = false;
	call->http_status = http_status;
	out_object(&call->out, NULL);
	out_text(&call->out, "error", text);
	out_object_end(&call->out);
}

/* Refuse a question that has parameters although none are known. */
static bool takes_nothing(struct call *call)
{
	static const char *const keys[] = { NULL };
	struct error err;

	if (!query_known(&call->params, keys, &err)) {
		control_refuse(call, 400, err.message);
		return false;
	}
	return true;
}

/* The account a question is about; true with NULL when it names none, or one of the other platform. */
static bool query_account(struct call *call, struct account **ret_account, struct error *err)
{
	struct str name = params_str(&call->params, "account");
	struct account *account = NULL;

	if (params_has(&call->params, "account")) {
		account = sim_account(call->sim, name);
		if (!account && !wx_account(call->sim, name)) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "account: no such account");
		}
	}
	*ret_account = account;
	return true;
}

struct ledger_query {
	int64_t since;
	int64_t limit;
	struct str account; /* empty: all */
	struct str kind;    /* empty: any */
};

static bool read_ledger_query(struct call *call, struct ledger_query *ret_query, struct error *err)
{
	static const char *const keys[] = { "since", "limit", "account", "kind", NULL };
	const struct params *params = &call->params;
	struct ledger_query query = { .limit = INT64_MAX };

	if (!query_known(params, keys, err) || !query_i64(params, "since", &query.since, err) ||
		!query_i64(params, "limit", &query.limit, err)) {
		return false;
	}
	query.account = params_str(params, "account");
	query.kind = params_str(params, "kind");
	if (query.account.n && !sim_account(call->sim, query.account) && !wx_account(call->sim, query.account)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "account: no such account");
	}
	if (query.kind.n && !ledger_entry_kind_is_known(query.kind)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "kind: no such kind of entry");
	}
	*ret_query = query;
	return true;
}

static void get_ledger(struct call *call, const cJSON *request unused_arg)
{
	const struct sim *sim = call->sim;
	struct out *out = &call->out;
	struct ledger_query query = { 0 };
	struct error err;
	int64_t n = 0;

	if (!read_ledger_query(call, &query, &err)) {
		control_refuse(call, 400, err.message);
		return;
	}
	out_object(out, NULL);
	out_i64(out, "last", (int64_t)sim->n_ledger);
	out_array(out, "entries");
	for (int64_t i = query.since; i < (int64_t)sim->n_ledger && n < query.limit; i++) {
		const struct entry *entry = sim->ledger[i];

		if ((query.account.n && !str_is(query.account, ledger_account_name(entry))) ||
			(query.kind.n && !str_is(query.kind, ledger_entry_kind(entry)))) {
			continue;
		}
		ledger_out(out, entry);
		n++;
	}
	out_array_end(out);
	out_object_end(out);
}

static void out_clock(struct out *out, const struct sim *sim)
{
	char now[40];

	format_iso_time(now, sim->now_at);
	out_text(out, "now", now);
	out_i64(out, "now_ms", sim->now_at);
	out_i64(out, "offset_ms", sim->clock.frozen_at ? 0 : sim->clock.offset_ms);
	out_bool(out, "frozen", sim->clock.frozen_at != 0);
}

static void get_clock(struct call *call, const cJSON *request unused_arg)
{
	if (!takes_nothing(call)) {
		return;
	}
	out_object(&call->out, NULL);
	out_clock(&call->out, call->sim);
	out_object_end(&call->out);
}

static bool read_advance(const cJSON *request, int64_t *ret_ms, struct error *err)
{
	const cJSON *value = json_get(request, "advance");
	int64_t ms;

	if (cJSON_IsString(value) && when_parse_duration(str_from(value->valuestring), &ms, err)) {
		*ret_ms = ms;
		return true;
	}
	if (cJSON_IsNumber(value) && value->valuedouble == trunc(value->valuedouble) &&
		fabs(value->valuedouble) < (double)YEAR_10000_AT) {
		*ret_ms = (int64_t)value->valuedouble;
		return true;
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "advance: expected whole milliseconds or \"90s\"");
}

static bool read_clock(struct sim *sim, const cJSON *request, struct error *err)
{
	static const char *const keys[] = { "advance", "set", "freeze", NULL };
	bool freeze = sim->clock.frozen_at != 0;
	const char *set = NULL;
	int64_t at = sim->now_at;
	int64_t ms = 0;

	if (!members_known(request, keys, err) || !member_bool(request, "freeze", &freeze, err) ||
		!member_text(request, "set", &set, err)) {
		return false;
	}
	if (!request->child) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "expected advance, set or freeze");
	}
	if (set && !when_parse(str_from(set), sim->now_at, &at, err)) {
		return error_prefix(err, "set");
	}
	if (json_get(request, "advance") && !read_advance(request, &ms, err)) {
		return false;
	}
	if (at + ms <= 0 || at + ms >= YEAR_10000_AT) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "the years from 1970 to 9999 are all there are");
	}
	sim_clock_freeze(&sim->clock, freeze);
	if (set) {
		sim_clock_set(&sim->clock, at);
	}
	sim_clock_advance(&sim->clock, ms);
	return true;
}

static void post_clock(struct call *call, const cJSON *request)
{
	struct error err;

	if (!read_clock(call->sim, request, &err)) {
		control_refuse(call, 400, err.message);
		return;
	}
	state_clock(call->sim);
	sim_turn(call->sim);
	get_clock(call, NULL);
}

static void get_faults(struct call *call, const cJSON *request unused_arg)
{
	if (!takes_nothing(call)) {
		return;
	}
	out_object(&call->out, NULL);
	faults_out(&call->out, call->sim->faults);
	out_object_end(&call->out);
}

static void post_fault(struct call *call, const cJSON *request)
{
	const cJSON *account = json_get(request, "account");
	struct error err;
	int64_t id;

	if (cJSON_IsString(account) && !sim_account(call->sim, str_from(account->valuestring)) &&
		!wx_account(call->sim, str_from(account->valuestring))) {
		control_refuse(call, 400, "account: no such account");
		return;
	}
	if (!faults_add(call->sim->faults, request, &id, &err)) {
		control_refuse(call, 400, err.message);
		return;
	}
	out_object(&call->out, NULL);
	out_i64(&call->out, "id", id);
	out_object_end(&call->out);
}

static void delete_faults(struct call *call, const cJSON *request unused_arg)
{
	static const char *const keys[] = { "id", NULL };
	struct error err;
	int64_t id = 0;

	if (!query_known(&call->params, keys, &err) || !query_i64(&call->params, "id", &id, &err)) {
		control_refuse(call, 400, err.message);
		return;
	}
	out_object(&call->out, NULL);
	out_i64(&call->out, "removed", faults_remove(call->sim->faults, id));
	out_object_end(&call->out);
}

static void out_quota(struct out *out, const char *key, const struct sim *sim, const struct window *window,
	int64_t window_ms, int64_t limit)
{
	char reset[40];

	format_iso_time(reset, window_end_at(sim->now_at, window_ms));
	out_object(out, key);
	out_i64(out, "limit", limit);
	out_i64(out, "used", quota_used(sim, window, window_ms));
	out_text(out, "resets_at", reset);
	out_object_end(out);
}

static void out_tokens(struct out *out, const struct sim *sim, const struct account *account)
{
	int64_t alive = 0;
	int64_t expires_at = 0;

	for (const struct token *token = account->tokens; token; token = token->next) {
		if (!token->dead_code && token->expires_at > sim->now_at &&
			token->safety_version == account->safety_version) {
			alive++;
			expires_at = token->expires_at > expires_at ? token->expires_at : expires_at;
		}
	}
	out_i64(out, "tokens_alive", alive);
	if (alive) {
		char text[40];

		format_iso_time(text, expires_at);
		out_text(out, "token_expires_at", text);
	}
}

static void out_account(struct out *out, const struct sim *sim, const struct account *account)
{
	out_object(out, NULL);
	out_text(out, "account", account->name);
	out_text(out, "platform", "weibo");
	out_digits(out, "uid", account->user.uid);
	out_text(out, "app_key", account->app_key);
	out_object(out, "switches");
	switches_out(out, &account->set);
	out_object_end(out);
	out_tokens(out, sim, account);
	out_object(out, "quotas");
	out_quota(out, "calls", sim, &account->calls, DAY_MS, account->set.calls_per_day);
	out_quota(out, "posts", sim, &account->posts, HOUR_MS, account->set.posts_per_hour);
	out_quota(out, "comments", sim, &account->comments, HOUR_MS, account->set.comments_per_hour);
	out_object_end(out);
	out_object(out, "counts");
	out_i64(out, "statuses", (int64_t)account->statuses.n);
	out_i64(out, "mentions", (int64_t)account->mentions.n);
	out_i64(out, "comments_received", (int64_t)account->received.n);
	out_i64(out, "comments_written", (int64_t)account->written.n);
	out_i64(out, "comment_mentions", (int64_t)account->comment_mentions.n);
	out_object_end(out);
	out_object_end(out);
}

static void get_state(struct call *call, const cJSON *request unused_arg)
{
	static const char *const keys[] = { "account", NULL };
	const struct sim *sim = call->sim;
	struct out *out = &call->out;
	struct str name = params_str(&call->params, "account");
	struct account *only = NULL;
	struct error err;

	if (!query_known(&call->params, keys, &err) || !query_account(call, &only, &err)) {
		control_refuse(call, 400, err.message);
		return;
	}
	out_object(out, NULL);
	out_object(out, "clock");
	out_clock(out, sim);
	out_object_end(out);
	out_i64(out, "seed", (int64_t)sim->seed);
	out_i64(out, "ledger", (int64_t)sim->n_ledger);
	out_i64(out, "statuses", (int64_t)sim->n_statuses);
	out_i64(out, "comments", (int64_t)sim->n_comments);
	out_i64(out, "citizens", (int64_t)sim->n_users);
	out_i64(out, "held_connections", sim->held);
	out_i64(out, "unknown_paths", sim->unknown_paths);
	routes_out(out, sim);
	out_array(out, "accounts");
	for (size_t i = 0; i < sim->n_accounts; i++) {
		if (!name.n || only == &sim->accounts[i]) {
			out_account(out, sim, &sim->accounts[i]);
		}
	}
	wechat_accounts_out(out, sim, name);
	out_array_end(out);
	out_object_end(out);
}

/* Tokens of the account from now on answer with `code`; 0: as expired. */
static void end_tokens(struct sim *sim, const struct account *account, int64_t code)
{
	for (struct token *token = account->tokens; token; token = token->next) {
		if (token->dead_code) {
			continue;
		}
		if (code) {
			token->dead_code = code;
		} else if (token->expires_at > sim->now_at) {
			token->expires_at = sim->now_at;
		}
		state_token(sim, token);
	}
}

static bool check_screen_name(
	const struct sim *sim, const struct account *account, const cJSON *value, struct error *err)
{
	struct str name = str_from(cJSON_IsString(value) ? value->valuestring : "");
	const struct user *other = sim_user_by_name(sim, name);
	struct str rest = name;
	struct str mention;
	char with_at[256];

	(void)snprintf(with_at, sizeof(with_at), "@%.*s", (int)(name.n < 200 ? name.n : 200), name.p);
	rest = str_from(with_at);
	if (!weibo_next_mention(&rest, &mention) || !str_eq(mention, name)) {
		return error_set(
			err, ERROR_INPUT, ADVISE_REJECT, 0, "screen_name: letters, digits, 汉字, _ and - only");
	}
	if (other && other != &account->user) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "screen_name: somebody else has it");
	}
	return true;
}

/* What is to become of the tokens: 0 nothing, EXPIRE, or the error code they answer with. */
static bool read_end(const cJSON *request, int64_t *ret_code, struct error *err)
{
	const cJSON *kill = json_get(request, "kill_token");
	bool expire = false;
	int64_t code = 0;

	if (cJSON_IsTrue(kill)) {
		code = DEAD_TOKEN;
	} else if (kill && !cJSON_IsFalse(kill) && !member_i64(request, "kill_token", 1, 99999, &code, err)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "kill_token: expected true or an error code");
	}
	if (!member_bool(request, "expire_token", &expire, err)) {
		return false;
	}
	*ret_code = !code && expire ? EXPIRE : code;
	return true;
}

static bool is_switch(const cJSON *member)
{
	return strcmp(member->string, "account") != 0 && strcmp(member->string, "expire_token") != 0 &&
	       strcmp(member->string, "kill_token") != 0;
}

/* Try every switch on a set that nobody uses, so that a request with an error in it changes nothing. */
static bool check_switches(
	const struct sim *sim, const struct account *account, const cJSON *request, struct error *err)
{
	cleanup(switches_finish) struct switches scratch;
	const cJSON *member;

	switches_init(&scratch);
	cJSON_ArrayForEach(member, request)
	{
		if (is_switch(member) && !switches_set(&scratch, member->string, member, err)) {
			return false;
		}
	}
	member = json_get(request, "screen_name");
	return !member || check_screen_name(sim, account, member, err);
}

static void set_switch(struct sim *sim, struct account *account, const cJSON *member)
{
	struct error err;

	if (!switches_set(&account->set, member->string, member, &err)) {
		return; /* cannot be: check_switches() has tried it */
	}
	if (strcmp(member->string, "screen_name") == 0) {
		sim_rename(sim, account, str_from(account->set.screen_name));
	}
	if (strcmp(member->string, "safety_ips") == 0) {
		account->safety_version++; /* grants from before do not hold any more */
	}
	if (strcmp(member->string, "jitter") == 0 && account->set.jitter) {
		sim->big_ids = true;
	}
}

static void post_account(struct call *call, const cJSON *request)
{
	struct sim *sim = call->sim;
	struct account *account = sim_account(sim, json_str(request, "account"));
	const cJSON *member;
	struct error err;
	int64_t end = 0;

	if (wechat_control_account(call, request)) {
		return;
	}
	if (!account) {
		control_refuse(call, 400, "account: no such account");
		return;
	}
	if (!read_end(request, &end, &err) || !check_switches(sim, account, request, &err)) {
		control_refuse(call, 400, err.message);
		return;
	}
	cJSON_ArrayForEach(member, request)
	{
		if (is_switch(member)) {
			set_switch(sim, account, member);
		}
	}
	if (end) {
		end_tokens(sim, account, end == EXPIRE ? 0 : end);
	}
	state_account(sim, account);
	state_clock(sim);
	out_account(&call->out, sim, account);
}

static const struct {
	const char *path;
	enum method method;
	void (*handle)(struct call *call, const cJSON *request);
} endpoints[] = {
	{ "/sim/ledger", METHOD_GET, get_ledger },
	{ "/sim/state", METHOD_GET, get_state },
	{ "/sim/clock", METHOD_GET, get_clock },
	{ "/sim/clock", METHOD_POST, post_clock },
	{ "/sim/fault", METHOD_GET, get_faults },
	{ "/sim/fault", METHOD_POST, post_fault },
	{ "/sim/fault", METHOD_DELETE, delete_faults },
	{ "/sim/account", METHOD_POST, post_account },
	{ "/sim/citizen", METHOD_POST, control_citizen },
	{ "/sim/website", METHOD_POST, wechat_control_website },
};

void control_run(struct call *call, struct str body)
{
	cleanup(json_freep) cJSON *request = NULL;
	bool path_known = false;
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		if (strcmp(endpoints[i].path, call->path) != 0) {
			continue;
		}
		path_known = true;
		if (endpoints[i].method != call->method) {
			continue;
		}
		if (call->method == METHOD_POST) {
			if (!json_parse(body, &request, &err)) {
				control_refuse(call, 400, err.message);
				return;
			}
			if (!cJSON_IsObject(request)) {
				control_refuse(call, 400, "expected a JSON object");
				return;
			}
		}
		endpoints[i].handle(call, request);
		return;
	}
	control_refuse(call, path_known ? 405 : 404, path_known ? "method not allowed" : "no such endpoint");
}
