/*
 * The key table of a Weibo account and the rules across its keys. Not for anything that talks to Weibo: the simulator
 * links this too.
 *
 * Numbers and their sources: 100 calls a day per authorised user and 30 posts an hour are the published ones
 * (open.weibo.com wiki "Rate-limiting", revision 16512, read 2026), given there as examples, so both are keys; at most
 * one poll in 3-5 minutes is advice of the same page. A post may stay invisible for one to two minutes after it was
 * accepted (error 20032, wiki "Error_code"): absence is believed after 130 s only.
 */
#include "platform/weibo/settings.h"

#include <arpa/inet.h>
#include <string.h>

static const char *const tiers[] = { "share", "advanced", NULL };

#define FIELD(name) offsetof(struct weibo_settings, name)

const struct config_key weibo_keys[] = {
	{ .name = "tier",
		.type = CONFIG_CHOICE,
		.offset = FIELD(tier),
		.def = "share",
		.choices = tiers,
		.doc = "which writing interfaces the app was granted" },
	{ .name = "uid",
		.type = CONFIG_TEXT,
		.offset = FIELD(uid),
		.required = true,
		.doc = "the account's number on Weibo; a token of another account is refused" },
	{ .name = "app_key",
		.type = CONFIG_TEXT,
		.offset = FIELD(app_key),
		.required = true,
		.doc = "AppKey of the registered app" },
	{ .name = "app_secret",
		.type = CONFIG_SECRET,
		.offset = FIELD(app_secret),
		.required = true,
		.doc = "AppSecret of the registered app; used at login, and it signs what Weibo pushes" },
	{ .name = "redirect_uri",
		.type = CONFIG_URL,
		.offset = FIELD(redirect_uri),
		.def = "https://api.weibo.com/oauth2/default.html",
		.doc = "callback address registered with the app; the code is pasted from there" },
	{ .name = "safe_domain",
		.type = CONFIG_TEXT,
		.offset = FIELD(safe_domain),
		.doc = "approved safe domain of the app, a host name; tier share needs it" },
	{ .name = "rip",
		.type = CONFIG_TEXT,
		.offset = FIELD(rip),
		.required = true,
		.doc = "public IPv4 address the office posts from" },
	{ .name = "upload_url",
		.type = CONFIG_ENDPOINT,
		.offset = FIELD(upload_url),
		.doc = "host for pictures of tier advanced; by default follows base_url" },
	{ .name = "token",
		.type = CONFIG_SECRET,
		.offset = FIELD(token),
		.doc = "access token, imported when the store has none" },
	{ .name = "messages",
		.type = CONFIG_BOOL,
		.offset = FIELD(messages),
		.def = "false",
		.doc = "the fan service (粉丝服务平台) pushes private messages to the callback address of the "
		       "account" },
	{ .name = "calls_per_day",
		.type = CONFIG_INT,
		.offset = FIELD(calls_per_day),
		.def = "100",
		.min = 1,
		.max = 10000000,
		.doc = "calls the app may make per account and day" },
	{ .name = "posts_per_hour",
		.type = CONFIG_INT,
		.offset = FIELD(posts_per_hour),
		.def = "30",
		.min = 1,
		.max = 100000,
		.doc = "posts the app may publish per account and hour" },
	{ .name = "reserve",
		.type = CONFIG_INT,
		.offset = FIELD(reserve),
		.def = "28",
		.min = 0,
		.max = 10000000,
		.doc = "calls of the day kept from polling, for posts, replies and looking doubtful ones up" },
	{ .name = "poll_min",
		.type = CONFIG_DURATION,
		.offset = FIELD(poll_min_ms),
		.def = "3m",
		.min = 100,
		.max = INT64_C(86400000),
		.doc = "never poll a list more often" },
	{ .name = "find_after",
		.type = CONFIG_DURATION,
		.offset = FIELD(find_after_ms),
		.def = "20s",
		.min = 10,
		.max = INT64_C(3600000),
		.doc = "first look for a post whose answer never came" },
	{ .name = "settle_lag",
		.type = CONFIG_DURATION,
		.offset = FIELD(settle_lag_ms),
		.def = "130s",
		.min = 0,
		.max = INT64_C(86400000),
		.doc = "a missing post counts as absent only so long after the attempt" },
	{ 0 },
};

static bool is_number(const char *text, size_t max_digits)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n <= max_digits && text[n] == '\0' && text[0] != '0';
}

static bool is_host(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

	return n > 0 && n <= 253 && text[n] == '\0' && text[0] != '.' && text[0] != '-' && text[n - 1] != '.' &&
	       strchr(text, '.') && !strstr(text, "..");
}

/*
 * A public IPv4 address. Documentation ranges are let through: rehearsals use them.
 *
 * source  wiki 2/statuses/share, `rip`; what the server does with private addresses is not documented, source
 * unverified
 */
static bool is_public_ipv4(const char *text)
{
	struct in_addr address;
	uint32_t ip;

	if (inet_pton(AF_INET, text, &address) != 1) {
		return false;
	}
	ip = ntohl(address.s_addr);
	return ip >> 24 != 0 && ip >> 24 != 10 && ip >> 24 != 127 && ip >> 20 != 0xac1 && ip >> 16 != 0xc0a8 &&
	       ip >> 16 != 0xa9fe && ip >> 22 != 0x191 && ip >> 28 < 0xe;
}

bool weibo_check_settings(const void *settings, struct error *err)
{
	const struct weibo_settings *weibo = settings;

	if (!weibo->uid || !is_number(weibo->uid, 19)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "uid: a number of up to 19 digits was expected");
	}
	if (!weibo->app_key || !is_number(weibo->app_key, 19)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "app_key: a number was expected");
	}
	if (!weibo->rip || !is_public_ipv4(weibo->rip)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"rip: a public IPv4 address was expected (not a private or loopback one)");
	}
	if (weibo->safe_domain && !is_host(weibo->safe_domain)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"safe_domain: a host name was expected, without https:// and path");
	}
	if (weibo->tier == WEIBO_TIER_SHARE && !weibo->safe_domain) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"safe_domain: tier share needs the app's approved safe domain");
	}
	if (weibo->reserve >= weibo->calls_per_day) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"reserve: must be smaller than calls_per_day, or nothing is left for polling");
	}
	return true;
}
