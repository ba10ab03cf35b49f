/*
 * What comes to a WeChat callback address. The input is a line with how it comes, and what:
 *
 *	raw             a query, a line "%%", a body: as anybody may send them; they never get in
 *	plain, safe     a message, signed and sealed as WeChat does it
 *
 * Whatever is taken keeps the contract of pushes, is the same when it comes again, and its answer can be read.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/xml.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/driver.h"
#include "platform/wechat/crypto.h"
#include "platform/wechat/settings.h"

#define APPID  "wx5a1b2c3d4e5f6071"
#define TOKEN  "GovDeskToken2026"
#define KEY    "m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA"
#define NONCE  "77410023"
#define NOW_AT (INT64_C(1764000010) * SECOND_MS)

static struct wechat_settings settings;
static const struct driver_account account = {
	.name = "wechat-main", .base_url = "http://127.0.0.1:8750", .settings = &settings
};

static void set_up(void)
{
	struct error err;

	if (!settings.appid) {
		must(config_default_keys(wechat_keys, &settings, &err));
		settings.appid = xstrdup(APPID);
		secret_set(&settings.app_secret, STR("0123456789abcdef0123456789abcdef"));
		secret_set(&settings.callback_token, STR(TOKEN));
		secret_set(&settings.aes_key, STR(KEY));
		must(wechat_check_settings(&settings, &err));
	}
}

static void go(struct str query, struct str body, int64_t now_at, struct push_result *ret)
{
	push_result_init(ret);
	driver_find("wechat")->push(
		&account, &(struct driver_push){ .post = true, .query = query, .body = body, .now_at = now_at }, ret);
	must(ret->verdict == PUSH_REFUSE || ret->verdict == PUSH_TAKE);
}

static void add_head(struct buf *query, struct str sealed)
{
	char hex[41];
	struct str parts[] = { STR(TOKEN), STR("1764000010"), STR(NONCE), sealed };

	wechat_sign(parts, sealed.n > 0 ? 4 : 3, hex);
	(void)buf_printf(query, "%ssignature=%s&timestamp=1764000010&nonce=" NONCE "%s", sealed.n > 0 ? "msg_" : "",
		hex, sealed.n > 0 ? "&encrypt_type=aes" : "");
}

static bool is_openid(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return n >= 1 && n <= 64 && !text[n] && strcmp(text, "mphelper") != 0;
}

static bool is_plain(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p <= ' ' || *p >= 0x7f) {
			return false;
		}
	}
	return text[0] != '\0';
}

static void check_message(const struct message *message)
{
	must(message->kind == MESSAGE_DIRECT && !message->from_us);
	must(is_plain(message->remote_id) && strlen(message->remote_id) <= LIMIT_REMOTE_ID_BYTES);
	must(is_openid(message->author_id));
	must(message->text && utf8_valid(str_from(message->text)));
	must(!message->status_id || is_plain(message->status_id));
	must(message->created_at > 0 && message->window_ms == 48 * HOUR_MS && message->window_replies == 5);
	must(message->n_media <= 1);
	for (size_t i = 0; i < message->n_media; i++) {
		must(message->media[i].type[0] && message->media[i].remote_id[0]);
	}
}

static void check_event(const struct push_event *event)
{
	must(event->kind >= PUSH_JOB && event->kind <= PUSH_OTHER);
	must(event->dedupe && strlen(event->dedupe) == 64);
	must(!event->author_id || is_openid(event->author_id));
	must((event->author_id != NULL) == (event->kind == PUSH_FOLLOW || event->kind == PUSH_UNFOLLOW ||
						   event->kind == PUSH_SCAN || event->kind == PUSH_MENU));
	must(!event->job_id || (event->kind == PUSH_JOB && is_plain(event->job_id)));
	must(event->kind != PUSH_JOB || event->found == FOUND_YES || event->found == FOUND_PENDING ||
		event->found == FOUND_REFUSED);
	must(event->found != FOUND_REFUSED || (event->text && !event->remote_id && !event->url));
	must(!event->remote_id || is_plain(event->remote_id));
	must(!event->url || (is_plain(event->url) && strncmp(event->url, "http", 4) == 0));
	must(!event->key || (event->key[0] && utf8_valid(str_from(event->key))));
	must(!event->text || (event->text[0] && utf8_valid(str_from(event->text))));
	must(event->kind != PUSH_ALERT || event->text);
	must(event->at > 0);
	must(event->window_ms == 0 ? event->window_replies == 0
				   : event->window_ms == MINUTE_MS && event->window_replies == 3);
}

static void check_answer(const struct push_result *result, struct str text)
{
	cleanup(xml_freep) struct xml *xml = NULL;
	cleanup(xml_freep) struct xml *inner = NULL;
	const char *type = NULL;
	struct buf out, message;
	struct error err;

	buf_init(&out, 64u << 10);
	buf_init(&message, 64u << 10);
	must(driver_find("wechat")->answer_push(&account, result, text, NOW_AT, &out, &type) && type);
	if (str_is(buf_str(&out), "success")) {
		must(text.n == 0 || !result->to || !result->from);
	} else {
		must(xml_parse(buf_str(&out), &xml, &err));
		if (result->key >= 0) {
			must(wechat_open(STR(KEY), STR(APPID), xml_get_text(xml, "Encrypt"), &message) ==
				WECHAT_OPENED);
			must(xml_parse(buf_str(&message), &inner, &err));
		}
		must(str_is(xml_get_text(inner ? inner : xml, "ToUserName"), result->to));
		must(xml_text(xml_get(inner ? inner : xml, "Content")).n <= 2047);
	}
	buf_finish(&out);
	buf_finish(&message);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_taken(const struct push_result *result, const struct push_result *again, struct str text)
{
	must(result->messages.n + result->n_events <= 1);
	must(again->messages.n == result->messages.n && again->n_events == result->n_events);
	for (size_t i = 0; i < result->messages.n; i++) {
		check_message(&result->messages.items[i]);
		must(same(result->messages.items[i].remote_id, again->messages.items[i].remote_id));
	}
	for (size_t i = 0; i < result->n_events; i++) {
		check_event(&result->events[i]);
		must(same(result->events[i].dedupe, again->events[i].dedupe));
	}
	check_answer(result, text);
	check_answer(result, STR(""));
}

static void take(struct str message, bool sealed_too)
{
	static const unsigned char random16[16] = { 7 };
	struct push_result result, again;
	struct buf query, body, sealed;

	buf_init(&query, 4096);
	buf_init(&body, 4u << 20);
	buf_init(&sealed, 1u << 20);
	if (sealed_too && wechat_seal(STR(KEY), STR(APPID), message, random16, &sealed)) {
		settings.callback_mode = WECHAT_MODE_SAFE;
		(void)buf_printf(&body, "<xml><Encrypt><![CDATA[%s]]></Encrypt></xml>", sealed.p);
	} else {
		settings.callback_mode = WECHAT_MODE_PLAIN;
		(void)buf_add_str(&body, message);
	}
	add_head(&query, buf_str(&sealed));
	go(buf_str(&query), buf_str(&body), NOW_AT, &result);
	go(buf_str(&query), buf_str(&body), NOW_AT + 5 * SECOND_MS, &again);
	must(result.verdict == again.verdict);
	if (result.verdict == PUSH_TAKE) {
		must(result.key == (sealed.n > 0 ? 0 : -1));
		check_taken(&result, &again, str_sub(message, 0, 4096));
	} else {
		must(result.why && result.messages.n == 0 && result.n_events == 0);
	}
	push_result_finish(&result);
	push_result_finish(&again);
	buf_finish(&query);
	buf_finish(&body);
	buf_finish(&sealed);
}

static void raw(struct str rest)
{
	struct push_result result;
	struct str query = { 0 };
	struct str body = { 0 };

	(void)next_part(&rest, &query);
	(void)next_part(&rest, &body);
	for (int mode = WECHAT_MODE_SAFE; mode <= WECHAT_MODE_PLAIN; mode++) {
		settings.callback_mode = mode;
		go(query, body, NOW_AT, &result);
		must(result.verdict == PUSH_REFUSE && result.why);
		push_result_finish(&result);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str how = { 0 };

	set_up();
	if (size == 0 || !str_split(&rest, '\n', &how)) {
		return 0;
	}
	if (str_is(how, "raw")) {
		raw(rest);
	} else {
		take(rest.p ? rest : STR(""), str_is(how, "safe"));
	}
	return 0;
}
