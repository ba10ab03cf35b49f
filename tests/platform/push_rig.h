/*
 * Pushes as values: a WeChat account, what WeChat would send to it (signed and sealed by the driver's own crypto.c,
 * which test_wechat_crypto.c holds against the vectors of others), and what the driver makes of it.
 */
#ifndef TESTS_PLATFORM_PUSH_RIG_H
#define TESTS_PLATFORM_PUSH_RIG_H

#include "check.h"
#include "codec/form.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/driver.h"
#include "platform/wechat/crypto.h"
#include "platform/wechat/settings.h"

#define APPID   "wx5a1b2c3d4e5f6071"
#define ACCOUNT "gh_1a2b3c4d5e6f"
#define CITIZEN "oTEST0000AbCdEfGhIjKlMnOpQr0"
#define TOKEN   "GovDeskToken2026"
#define KEY     "m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA"
#define OLD_KEY "Pk8WDZq5BlpivyRAnFvZW2dlPGxWarCZDvPWbF6nsUE"
#define NONCE   "77410023"
#define NOW_AT  (INT64_C(1764000010) * SECOND_MS)

struct push_rig {
	struct wechat_settings settings;
	struct driver_account account;
	struct push_result result;
	struct buf query;
	struct buf body;
	struct buf answer;
	const char *answer_type;
	int64_t now_at;
};

static inline void push_rig_init(struct push_rig *rig, enum wechat_mode mode)
{
	struct error err = { 0 };

	*rig = (struct push_rig){ .now_at = NOW_AT };
	CHECK_OK(config_default_keys(wechat_keys, &rig->settings, &err), err);
	rig->settings.appid = xstrdup(APPID);
	rig->settings.original_id = xstrdup(ACCOUNT);
	rig->settings.callback_mode = (int)mode;
	secret_set(&rig->settings.app_secret, STR("0123456789abcdef0123456789abcdef"));
	secret_set(&rig->settings.callback_token, STR(TOKEN));
	secret_set(&rig->settings.aes_key, STR(KEY));
	CHECK_OK(wechat_check_settings(&rig->settings, &err), err);
	rig->account = (struct driver_account){
		.name = "wechat-main", .base_url = "http://127.0.0.1:8750", .settings = &rig->settings
	};
	push_result_init(&rig->result);
	buf_init(&rig->query, 64u << 10);
	buf_init(&rig->body, 1u << 20);
	buf_init(&rig->answer, 64u << 10);
}

static inline void push_rig_finish(struct push_rig *rig)
{
	config_finish_keys(wechat_keys, &rig->settings);
	push_result_finish(&rig->result);
	buf_finish(&rig->query);
	buf_finish(&rig->body);
	buf_finish(&rig->answer);
}

static inline const struct driver *push_driver(void)
{
	return driver_find("wechat");
}

/* A file of tests/fixtures. Gives. */
static inline char *push_fixture(const char *name)
{
	const char *source = getenv("GAZETTE_SOURCE");
	char path[4096];
	struct buf text;
	char *bytes;
	FILE *file;
	int c;

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/%s", source ? source : ".", name);
	file = fopen(path, "rb");
	if (!file) {
		fail_msg("%s: cannot be opened", path);
	}
	buf_init(&text, 1u << 20);
	while ((c = getc(file)) != EOF) {
		(void)buf_add_char(&text, (char)c);
	}
	(void)fclose(file);
	bytes = buf_steal(&text);
	buf_finish(&text);
	return bytes;
}

/* Hand over what stands in query and body. */
static inline void push_go(struct push_rig *rig, bool post)
{
	push_result_finish(&rig->result);
	push_driver()->push(&rig->account,
		&(struct driver_push){ .post = post,
			.query = buf_str(&rig->query),
			.body = buf_str(&rig->body),
			.now_at = rig->now_at },
		&rig->result);
	CHECK(rig->result.verdict == PUSH_REFUSE || rig->result.verdict == PUSH_ANSWER ||
		rig->result.verdict == PUSH_TAKE);
	CHECK(rig->result.verdict != PUSH_REFUSE ||
		(rig->result.why && rig->result.messages.n == 0 && rig->result.n_events == 0));
}

static inline void push_head(struct push_rig *rig, const char *timestamp, struct str sealed)
{
	struct str parts[] = { STR(TOKEN), str_from(timestamp), STR(NONCE), sealed };
	char hex[41];

	buf_clear(&rig->query);
	wechat_sign(parts, 3, hex);
	(void)buf_printf(&rig->query, "signature=%s&timestamp=%s&nonce=" NONCE, hex, timestamp);
	if (sealed.n > 0) {
		wechat_sign(parts, 4, hex);
		(void)buf_printf(&rig->query, "&openid=" CITIZEN "&encrypt_type=aes&msg_signature=%s", hex);
	}
}

static inline const char *push_now(struct push_rig *rig)
{
	static char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, rig->now_at / SECOND_MS);
	return text;
}

static inline void push_plain(struct push_rig *rig, const char *xml)
{
	push_head(rig, push_now(rig), (struct str){ 0 });
	buf_clear(&rig->body);
	(void)buf_add_text(&rig->body, xml);
	push_go(rig, true);
}

/* As safe mode does it; `beside` stands in clear beside it, as compatible mode does. */
static inline void push_sealed(
	struct push_rig *rig, const char *xml, const char *key, const char *appid, const char *beside)
{
	static const unsigned char random16[16] = { 0, 1, 255 };
	struct buf sealed;

	buf_init(&sealed, 1u << 20);
	CHECK(wechat_seal(str_from(key), str_from(appid), str_from(xml), random16, &sealed));
	push_head(rig, push_now(rig), buf_str(&sealed));
	buf_clear(&rig->body);
	(void)buf_printf(&rig->body,
		"<xml><ToUserName><![CDATA[" ACCOUNT "]]></ToUserName>%s<Encrypt><![CDATA[%s]]></Encrypt></xml>",
		beside, sealed.p);
	buf_finish(&sealed);
	push_go(rig, true);
}

/* The answer the citizen is told, of the last push. */
static inline void push_answer(struct push_rig *rig, const char *text)
{
	buf_clear(&rig->answer);
	CHECK(push_driver()->answer_push(
		&rig->account, &rig->result, str_from(text), rig->now_at, &rig->answer, &rig->answer_type));
}

#endif
