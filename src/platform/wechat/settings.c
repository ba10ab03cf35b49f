/*
 * The key table of a WeChat account and the rules across its keys. Not for anything that talks to WeChat: the simulator
 * links this too.
 *
 * Numbers and their sources: the forms of appid, key and token are those the console asks for (developer guide of the
 * subscription tree, "access overview", mirror read 2026); what a kind of account may do follows from it and from its
 * verification (tables "applicability" of the same guide). A draft that is gone and a list that does not show the
 * article yet can be seconds apart: source unverified, so absence is believed after two minutes.
 */
#include "platform/wechat/settings.h"

#include <string.h>

static const char *const kinds[] = { "subscription", "service", NULL };
static const char *const modes[] = { "safe", "compatible", "plain", NULL };

#define FIELD(name) offsetof(struct wechat_settings, name)

const struct config_key wechat_keys[] = {
	{ .name = "kind",
		.type = CONFIG_CHOICE,
		.offset = FIELD(kind),
		.required = true,
		.choices = kinds,
		.doc = "subscription (one broadcast a day) or service (four a month)" },
	{ .name = "verified",
		.type = CONFIG_BOOL,
		.offset = FIELD(verified),
		.def = "true",
		.doc = "the organisation is verified (微信认证); without it nothing can be published by program" },
	{ .name = "comments",
		.type = CONFIG_BOOL,
		.offset = FIELD(comments),
		.def = "true",
		.doc = "the account has the comment privilege (留言)" },
	{ .name = "appid",
		.type = CONFIG_TEXT,
		.offset = FIELD(appid),
		.required = true,
		.doc = "AppID of the account" },
	{ .name = "app_secret",
		.type = CONFIG_SECRET,
		.offset = FIELD(app_secret),
		.required = true,
		.doc = "AppSecret; only the daemon needs it, other programs ask `gazette account token`" },
	{ .name = "original_id",
		.type = CONFIG_TEXT,
		.offset = FIELD(original_id),
		.doc = "gh_...: pushes to another account are refused" },
	{ .name = "callback_token",
		.type = CONFIG_SECRET,
		.offset = FIELD(callback_token),
		.doc = "Token of the server configuration; without it no messages are received" },
	{ .name = "callback_mode",
		.type = CONFIG_CHOICE,
		.offset = FIELD(callback_mode),
		.def = "safe",
		.choices = modes,
		.doc = "safe (encrypted), compatible (both) or plain" },
	{ .name = "aes_key",
		.type = CONFIG_SECRET,
		.offset = FIELD(aes_key),
		.doc = "EncodingAESKey, 43 letters and digits" },
	{ .name = "aes_key_previous",
		.type = CONFIG_SECRET,
		.offset = FIELD(aes_key_previous),
		.doc = "the key before the last change, while messages under it may still come" },
	{ .name = "author",
		.type = CONFIG_TEXT,
		.offset = FIELD(author),
		.doc = "by-line of articles when the post names none; at most 16 characters" },
	{ .name = "theme", .type = CONFIG_TEXT, .offset = FIELD(theme), .doc = "file of inline styles for articles" },
	{ .name = "poll_min",
		.type = CONFIG_DURATION,
		.offset = FIELD(poll_min_ms),
		.def = "5m",
		.min = 100,
		.max = INT64_C(86400000),
		.doc = "never ask for comments more often" },
	{ .name = "find_after",
		.type = CONFIG_DURATION,
		.offset = FIELD(find_after_ms),
		.def = "60s",
		.min = 10,
		.max = INT64_C(3600000),
		.doc = "first look for a send whose answer never came" },
	{ .name = "settle_lag",
		.type = CONFIG_DURATION,
		.offset = FIELD(settle_lag_ms),
		.def = "120s",
		.min = 0,
		.max = INT64_C(86400000),
		.doc = "an article that is missing counts as absent only so long after the attempt" },
	{ .name = "job_after",
		.type = CONFIG_DURATION,
		.offset = FIELD(job_after_ms),
		.def = "30s",
		.min = 10,
		.max = INT64_C(3600000),
		.doc = "first question how a publication went whose end was not pushed; later ones 4, 20, 120 and 720 "
		       "times as far apart" },
	{ .name = "job_max",
		.type = CONFIG_DURATION,
		.offset = FIELD(job_max_ms),
		.def = "6h",
		.min = 100,
		.max = INT64_C(604800000),
		.doc = "an article whose handing in was not answered, and whose draft still stands, counts as absent "
		       "only "
		       "so long after the attempt" },
	{ .name = "comment_calls_per_day",
		.type = CONFIG_INT,
		.offset = FIELD(comment_calls_per_day),
		.def = "1000",
		.min = 1,
		.max = 10000000,
		.doc = "calls a day for lists of comments" },
	{ .name = "topics",
		.type = CONFIG_WORDS,
		.offset = FIELD(topics),
		.doc = "what followers may choose for themselves, by \"订阅 TOPIC\" or a menu's button" },
	{ 0 },
};

static bool is_made_of(struct str text, const char *allowed)
{
	size_t i;

	for (i = 0; i < text.n && strchr(allowed, text.p[i]) && text.p[i]; i++) {
	}
	return i == text.n;
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static bool is_key(const struct secret *key)
{
	struct str text = secret_lend(key);

	return text.n == 43 && is_made_of(text, LETTERS DIGITS);
}

static bool refuse(struct error *err, const char *what)
{
	return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s", what);
}

/* A topic's name stands in messages, in keys of menus and in front matter. */
static bool check_topics(const struct wechat_settings *wechat, struct error *err)
{
	const struct config_words *topics = &wechat->topics;

	if (topics->n > 0 && !wechat->verified) {
		return refuse(err, "topics: only verified accounts have them");
	}
	if (topics->n > WECHAT_TOPICS) {
		return refuse(err, "topics: at most 20 were expected: a follower cannot have more");
	}
	for (size_t i = 0; i < topics->n; i++) {
		struct str topic = str_from(topics->items[i]);

		if (topic.n > WECHAT_TOPIC_BYTES || !str_eq(topic, str_trim(topic)) || topic.n == 0) {
			return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
				"topics: \"%.60s\": 1 to 30 bytes (ten Chinese characters) were expected", topic.p);
		}
		for (size_t j = 0; j < i; j++) {
			if (str_is(topic, topics->items[j])) {
				return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
					"topics: \"%s\" stands here twice", topic.p);
			}
		}
	}
	return true;
}

bool wechat_check_settings(const void *settings, struct error *err)
{
	const struct wechat_settings *wechat = settings;
	struct str appid = str_from(wechat->appid);
	struct str token = secret_lend(&wechat->callback_token);

	if (appid.n < 10 || appid.n > 32 || !str_starts(appid, STR("wx")) ||
		!is_made_of(appid, "abcdefghijklmnopqrstuvwxyz" DIGITS)) {
		return refuse(err, "appid: \"wx\" and 16 small letters or digits were expected");
	}
	if (wechat->original_id && (!str_starts(str_from(wechat->original_id), STR("gh_")) ||
					   !is_made_of(str_from(wechat->original_id), LETTERS DIGITS "_"))) {
		return refuse(err, "original_id: \"gh_\" and letters or digits were expected");
	}
	if (token.n > 0 && (token.n < 3 || token.n > 32 || !is_made_of(token, LETTERS DIGITS))) {
		return refuse(err, "callback_token: 3 to 32 letters or digits were expected");
	}
	if (token.n > 0 && wechat->callback_mode != WECHAT_MODE_PLAIN && secret_is_empty(&wechat->aes_key)) {
		return refuse(err, "aes_key: is missing; only callback_mode plain does without it");
	}
	if (!secret_is_empty(&wechat->aes_key) && !is_key(&wechat->aes_key)) {
		return refuse(err, "aes_key: 43 letters or digits were expected");
	}
	if (!secret_is_empty(&wechat->aes_key_previous) && !is_key(&wechat->aes_key_previous)) {
		return refuse(err, "aes_key_previous: 43 letters or digits were expected");
	}
	return check_topics(wechat, err);
}
