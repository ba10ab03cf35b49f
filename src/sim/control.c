/*
 * The control interface. JSON in, JSON out; unknown members are refused, so that a test with a typing error fails
 * instead of testing nothing. Nothing here costs a quota or meets a fault.
 */
#include "sim/control.h"

#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "sim/faults.h"
#include "sim/routes.h"
#include "sim/state_file.h"
#include "sim/switches.h"
#include "sim/wechat_world.h"
#include "text/when.h"

#define DEAD_TOKEN 21332

void control_refuse(struct call *call, int http_status, const char *text)
{
	buf_clear(&call->body);
	call->out.comma = false;
	call->http_status = http_status;
	out_object(&call->out, NULL);
	out_text(&call->out, "error", text);
	out_object_end(&call->out);
}

static void get_ledger(struct call *call, const cJSON *request unused_arg)
{
	const struct params *params = &call->params;
	const struct sim *sim = call->sim;
	struct str account = params_str(params, "account");
	struct str kind = params_str(params, "kind");
	int64_t since = params_i64(params, "since", 0);
	int64_t limit = params_i64(params, "limit", INT64_MAX);
	struct out *out = &call->out;
	size_t i = since > 0 ? (size_t)since : 0;

	out_object(out, NULL);
	out_i64(out, "last", (int64_t)sim->n_ledger);
	out_array(out, "entries");
	for (; i < sim->n_ledger && limit > 0; i++) {
		const struct entry *entry = sim->ledger[i];

		if ((account.n && !str_is(account, ledger_account_name(entry))) ||
			(kind.n && !str_is(kind, ledger_entry_kind(entry)))) {
			continue;
		}
		ledger_out(out, entry);
		limit--;
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
	out_object(&call->out, NULL);
	out_clock(&call->out, call->sim);
	out_object_end(&call->out);
}

static bool read_advance(const cJSON *value, int64_t *ret_ms, struct error *err)
{
	if (cJSON_IsNumber(value)) {
		*ret_ms = (int64_t)value->valuedouble;
	} else if (!cJSON_IsString(value) || !when_parse_duration(str_from(value->valuestring), ret_ms, err)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "advance: expected milliseconds or \"90s\"");
	}
	if (*ret_ms > 100 * 365 * DAY_MS || *ret_ms < -100 * 365 * DAY_MS) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "advance: at most a hundred years");
	}
	return true;
}

static bool read_clock(struct sim *sim, const cJSON *request, struct error *err)
{
	const cJSON *advance = json_get(request, "advance");
	const cJSON *freeze = json_get(request, "freeze");
	struct str set = json_str(request, "set");
	int64_t ms = 0;
	int64_t at = 0;

	if (!advance && !freeze && !set.n) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "expected advance, set or freeze");
	}
	if (freeze && !cJSON_IsBool(freeze)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "freeze: expected true or false");
	}
	if ((advance && !read_advance(advance, &ms, err)) || (set.n && !when_parse(set, sim->now_at, &at, err))) {
		return false;
	}
	if (set.n && at <= 0) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "set: expected a time after 1970");
	}
	if (freeze) {
		sim_clock_freeze(&sim->clock, cJSON_IsTrue(freeze));
	}
	if (set.n) {
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
	out_object(&call->out, NULL);
	faults_out(&call->out, call->sim->faults);
	out_object_end(&call->out);
}

static void post_fault(struct call *call, const cJSON *request)
{
	struct error err;
	int64_t id;

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
	int64_t id = params_i64(&call->params, "id", 0);

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

	for (size_t i = 0; i < sim->n_tokens; i++) {
		const struct token *token = sim->tokens[i];

		if (token->account == account && !token->dead_code && token->expires_at > sim->now_at &&
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
	const struct sim *sim = call->sim;
	struct str only = params_str(&call->params, "account");
	struct out *out = &call->out;

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
		if (!only.n || str_is(only, sim->accounts[i].name)) {
			out_account(out, sim, &sim->accounts[i]);
		}
	}
	wechat_accounts_out(out, sim, only);
	out_array_end(out);
	out_object_end(out);
}

/* Tokens of the account from now on answer with `code`; 0: as expired. */
static void end_tokens(struct sim *sim, const struct account *account, int64_t code)
{
	for (size_t i = 0; i < sim->n_tokens; i++) {
		struct token *token = sim->tokens[i];

		if (token->account != account || token->dead_code) {
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

static bool set_member(struct sim *sim, struct account *account, const cJSON *member, struct error *err)
{
	const char *key = member->string;

	if (strcmp(key, "account") == 0) {
		return true;
	}
	if (strcmp(key, "expire_token") == 0 || strcmp(key, "kill_token") == 0) {
		bool kill = key[0] == 'k';

		if (cJSON_IsTrue(member)) {
			end_tokens(sim, account, kill ? DEAD_TOKEN : 0);
		} else if (kill && cJSON_IsNumber(member) && member->valuedouble > 0 && member->valuedouble < 99999) {
			end_tokens(sim, account, (int64_t)member->valuedouble);
		} else if (!cJSON_IsFalse(member)) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: expected true%s", key,
				kill ? " or an error code" : "");
		}
		return true;
	}
	if (strcmp(key, "screen_name") == 0 && !check_screen_name(sim, account, member, err)) {
		return false;
	}
	if (!switches_set(&account->set, key, member, err)) {
		return false;
	}
	if (strcmp(key, "screen_name") == 0) {
		sim_rename(sim, account, str_from(account->set.screen_name));
	}
	if (strcmp(key, "safety_ips") == 0) {
		account->safety_version++; /* grants from before do not hold any more */
	}
	if (strcmp(key, "jitter") == 0 && account->set.jitter) {
		sim->big_ids = true;
	}
	return true;
}

static void post_account(struct call *call, const cJSON *request)
{
	struct sim *sim = call->sim;
	struct account *account = sim_account(sim, json_str(request, "account"));
	const cJSON *member;
	struct error err;

	if (wechat_control_account(call, request)) {
		return;
	}
	if (!account) {
		control_refuse(call, 404, "account: no such account");
		return;
	}
	cJSON_ArrayForEach(member, request)
	{
		if (!set_member(sim, account, member, &err)) {
			control_refuse(call, 400, err.message);
			return;
		}
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
