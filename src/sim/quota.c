/*
 * Limits: calls per account and day, posts and comments per account and hour, calls per address and hour. Fixed
 * windows at +0800, on the virtual clock. Every request costs, refused ones too, but for OAuth and the question how
 * much is left; a limit of 0 is none.
 */
#include <inttypes.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/mem.h"
#include "sim/call.h"
#include "sim/state_file.h"

#define UNLIMITED 1000000000 /* what the platform reports when there is no limit */

static bool take(const struct sim *sim, struct window *window, int64_t window_ms, int64_t limit)
{
	int64_t number = window_number(sim->now_at, window_ms);

	if (window->number != number) {
		*window = (struct window){ .number = number };
	}
	if (limit && window->used >= limit) {
		return false;
	}
	window->used++;
	return true;
}

int64_t quota_used(const struct sim *sim, const struct window *window, int64_t window_ms)
{
	return window->number == window_number(sim->now_at, window_ms) ? window->used : 0;
}

static struct ip_count *ip_of(struct sim *sim, const char *text)
{
	struct ip_count *ip = table_get(&sim->ips_by_text, str_from(text));

	if (!ip) {
		ip = xnew(struct ip_count);
		(void)snprintf(ip->text, sizeof(ip->text), "%s", text);
		array_grow(sim->ips, sim->n_ips, sim->cap_ips);
		sim->ips[sim->n_ips++] = ip;
		table_put(&sim->ips_by_text, str_from(ip->text), ip);
	}
	return ip;
}

void quota_count_ip(struct call *call)
{
	(void)take(call->sim, &ip_of(call->sim, call->client_ip)->window, HOUR_MS, 0);
}

bool quota_take_call(struct call *call)
{
	struct sim *sim = call->sim;
	struct account *account = call->account;
	const struct ip_count *ip = ip_of(sim, call->client_ip);

	state_quota(sim, account);
	if (account->set.ip_per_hour && ip->window.used > account->set.ip_per_hour) {
		call_refuse(call, 10022, NULL);
		return false;
	}
	if (!take(sim, &account->calls, DAY_MS, account->set.calls_per_day)) {
		call_refuse(call, 10023, NULL);
		return false;
	}
	return true;
}

static bool refuse_api(struct call *call)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "User requests for %s out of rate limit!", call->route->api);
	call_refuse(call, 10024, text);
	return false;
}

bool quota_take_post(struct call *call)
{
	struct account *account = call->account;

	return take(call->sim, &account->posts, HOUR_MS, account->set.posts_per_hour) || refuse_api(call);
}

bool quota_take_comment(struct call *call)
{
	struct account *account = call->account;

	return take(call->sim, &account->comments, HOUR_MS, account->set.comments_per_hour) || refuse_api(call);
}

static int64_t shown(int64_t limit)
{
	return limit ? limit : UNLIMITED;
}

static int64_t left(int64_t limit, int64_t used)
{
	return used < shown(limit) ? shown(limit) - used : 0;
}

static void out_api(struct out *out, const char *api, int64_t limit, int64_t used)
{
	out_object(out, NULL);
	out_text(out, "api", api);
	out_i64(out, "limit", shown(limit));
	out_text(out, "limit_time_unit", "HOURS");
	out_i64(out, "remaining_hits", left(limit, used));
	out_object_end(out);
}

void handle_rate_limit_status(struct call *call)
{
	const struct sim *sim = call->sim;
	const struct account *account = call->account;
	const struct switches *set = &account->set;
	int64_t posts = quota_used(sim, &account->posts, HOUR_MS);
	int64_t comments = quota_used(sim, &account->comments, HOUR_MS);
	int64_t reset_at = window_end_at(sim->now_at, HOUR_MS);
	struct out *out = &call->out;
	char reset[24];

	format_plain_time(reset, reset_at);
	out_object(out, NULL);
	out_i64(out, "ip_limit", shown(set->ip_per_hour));
	out_text(out, "limit_time_unit", "HOURS");
	out_i64(out, "remaining_ip_hits",
		left(set->ip_per_hour, quota_used(sim, &ip_of(call->sim, call->client_ip)->window, HOUR_MS)));
	out_i64(out, "remaining_user_hits", left(set->calls_per_day, quota_used(sim, &account->calls, DAY_MS)));
	out_text(out, "reset_time", reset);
	out_i64(out, "reset_time_in_seconds", (reset_at - sim->now_at) / 1000);
	out_i64(out, "user_limit", shown(set->calls_per_day));
	out_array(out, "api_rate_limits");
	out_api(out, "/statuses/share", set->posts_per_hour, posts);
	out_api(out, "/statuses/update", set->posts_per_hour, posts);
	out_api(out, "/comments/create", set->comments_per_hour, comments);
	out_api(out, "/comments/reply", set->comments_per_hour, comments);
	out_array_end(out);
	out_object_end(out);
}
