/*
 * Private messages and events of the fan service (粉丝服务平台), pushed to the callback address of an account that
 * stands in developer mode there. Off unless the key `messages` says so.
 *
 *   GET   signature, timestamp, nonce, echostr     the address is verified: echostr goes back as it is
 *   POST  signature, timestamp, nonce, JSON body   the body is not covered by the signature
 *
 * The signature is the SHA-1 of AppSecret, timestamp and nonce, sorted by their bytes. How old a push may be is not
 * said, so age refuses none; nor has it a number. What tells two apart is the digest of all it says, and of when it was
 * pushed where it does not say when it was written: better twice than not at all. A passive answer would be possible
 * and is not given: the answer is an empty body.
 *
 * Mentions come with the polls, whole. That somebody stops following changes nothing here: what he wrote in public
 * stays public. Pictures and voices are named, not fetched.
 *
 * source  open.weibo.com wiki "Messages api start", "Receive General Message", "接收事件推送", read 2026; samples
 *         tests/fixtures/weibo/push/. That scans have a `ticket`, and `receiver_id` both forms: captures of others
 */
#include <string.h>

#include "codec/digest.h"
#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"
#include "text/utf8.h"

#define PARAM_BYTES 128u
#define ECHO_BYTES  1024u
#define PLACE_BYTES 40u
#define DATA_BYTES  (64u << 10)

struct said {
	const cJSON *json;
	const cJSON *data;
	char sender[24];
	int64_t at;
	char digest[41];
	struct push_result *ret;
};

bool weibo_takes_pushes(const void *settings)
{
	return ((const struct weibo_settings *)settings)->messages;
}

static void refuse(struct push_result *ret, const char *why)
{
	ret->verdict = PUSH_REFUSE;
	ret->why = why;
}

static bool get_param(struct str query, const char *key, struct buf *ret_value)
{
	buf_init(ret_value, PARAM_BYTES);
	return form_get(query, key, ret_value) && ret_value->n > 0;
}

static bool is_signed(const struct weibo_settings *settings, struct str query)
{
	struct buf signature, timestamp, nonce;
	char hex[41];
	bool ok;

	ok = get_param(query, "signature", &signature);
	ok = get_param(query, "timestamp", &timestamp) && ok;
	ok = get_param(query, "nonce", &nonce) && ok;
	if (ok && !secret_is_empty(&settings->app_secret)) {
		struct str parts[] = { secret_lend(&settings->app_secret), buf_str(&timestamp), buf_str(&nonce) };

		digest_sha1_sorted_hex(parts, ARRAY_LEN(parts), hex);
		ok = digest_same(str_from(hex), buf_str(&signature));
	} else {
		ok = false;
	}
	buf_finish(&signature);
	buf_finish(&timestamp);
	buf_finish(&nonce);
	return ok;
}

static void take_get(const struct driver_push *push, struct push_result *ret)
{
	struct buf echo;

	buf_init(&echo, ECHO_BYTES);
	if (form_get(push->query, "echostr", &echo) && !memchr(echo.p, '\0', echo.n)) {
		ret->verdict = PUSH_ANSWER;
		ret->answer = buf_steal(&echo);
	} else {
		refuse(ret, "a GET without echostr");
	}
	buf_finish(&echo);
}

/* ---- what it says ---- */

/* Of everything that tells it from another one. */
static void make_digest(struct said *said, struct str query)
{
	const cJSON *at = json_get(said->json, "created_at");
	struct buf all;

	buf_init(&all, 4 * DATA_BYTES);
	(void)buf_printf(&all, "%s|%s|%s|%s|", said->sender, json_text(said->json, "created_at", ""),
		json_text(said->json, "type", ""), json_text(said->json, "text", ""));
	if (said->data) {
		(void)json_print(&all, said->data);
	}
	if (!at || cJSON_IsNull(at)) {
		struct buf pushed;

		(void)get_param(query, "timestamp", &pushed);
		(void)buf_printf(&all, "|" STR_FMT, STR_ARG(buf_str(&pushed)));
		buf_finish(&pushed);
	} else if (!cJSON_IsString(at)) {
		(void)json_print(&all, at);
	}
	digest_sha1_hex(buf_str(&all), said->digest);
	buf_finish(&all);
}

static struct message *add_message(struct said *said, const char *mark)
{
	struct message *message = message_list_add(&said->ret->messages);
	const char *own = json_text(said->json, "text", "");
	struct buf text;

	buf_init(&text, 2 * DATA_BYTES);
	(void)buf_printf(&text, "%s%s%s", mark, mark[0] && own[0] ? " " : "", own);
	message->kind = MESSAGE_DIRECT;
	message->remote_id = xstrdup(said->digest);
	message->author_id = xstrdup(said->sender);
	message->created_at = said->at;
	message->text = buf_steal(&text);
	buf_finish(&text);
	return message;
}

static void add_event(struct said *said, enum push_event_kind kind, const char *key)
{
	struct push_event *event = push_result_add_event(said->ret);

	event->kind = kind;
	event->dedupe = xstrdup(said->digest);
	event->author_id = kind == PUSH_OTHER ? NULL : xstrdup(said->sender);
	event->key = key && key[0] ? xstrdup(key) : NULL;
	event->at = said->at;
}

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(word, *words) != 0) {
		words++;
	}
	return *words != NULL;
}

static void read_event(struct said *said)
{
	static const char *const follows[] = { "follow", "subscribe", NULL };
	static const char *const leaves[] = { "unfollow", "unsubscribe", NULL };
	static const char *const menus[] = { "click", "view", NULL };
	const char *subtype = json_text(said->data, "subtype", "");
	char key[128] = "";
	struct buf id;

	buf_init(&id, sizeof(key) - 1);
	if (json_id(said->data, "key", &id)) {
		memcpy(key, id.p, id.n + 1);
	}
	buf_finish(&id);
	if (is_one_of(subtype, follows)) {
		add_event(said, PUSH_FOLLOW, key);
	} else if (json_get(said->data, "ticket")) {
		add_event(said, PUSH_SCAN, key);
	} else if (is_one_of(subtype, menus)) {
		add_event(said, PUSH_MENU, key);
	} else if (!is_one_of(subtype, leaves)) {
		add_event(said, PUSH_OTHER, subtype);
	}
}

static void read_said(struct said *said)
{
	const char *type = json_text(said->json, "type", "");
	const char *text = json_text(said->json, "text", "");

	if (strcmp(type, "text") == 0 && (strcasecmp(text, "dy") == 0 || strcasecmp(text, "td") == 0)) {
		add_event(said, PUSH_MENU, text); /* Weibo's words for subscribing and not any more */
	} else if (strcmp(type, "text") == 0) {
		(void)add_message(said, "");
	} else if (strcmp(type, "image") == 0) {
		(void)add_message(said, "[image]");
	} else if (strcmp(type, "voice") == 0) {
		(void)add_message(said, "[voice]");
	} else if (strcmp(type, "position") == 0) {
		struct str latitude = text_cut_bytes(json_str(said->data, "latitude"), PLACE_BYTES);
		struct str longitude = text_cut_bytes(json_str(said->data, "longitude"), PLACE_BYTES);
		char mark[128];

		(void)snprintf(mark, sizeof(mark), "[location] (" STR_FMT ", " STR_FMT ")", STR_ARG(latitude),
			STR_ARG(longitude));
		(void)add_message(said, mark);
	} else if (strcmp(type, "event") == 0) {
		read_event(said);
	} else if (strcmp(type, "mention") != 0) {
		add_event(said, PUSH_OTHER, type);
	}
}

/* A number of at most 63 bits, as number or text. */
static bool get_uid(const cJSON *json, const char *key, char ret_uid[24])
{
	struct buf text;
	int64_t uid;
	bool ok;

	buf_init(&text, 23);
	ok = json_id(json, key, &text) && weibo_id_parse(buf_str(&text), &uid);
	if (ok) {
		memcpy(ret_uid, text.p, text.n + 1);
	}
	buf_finish(&text);
	return ok;
}

static void take_post(const struct weibo_settings *settings, const struct driver_push *push, struct push_result *ret)
{
	struct said said = { .ret = ret };
	cleanup(json_freep) cJSON *json = NULL;
	char receiver[24];

	if (push->body.n > LIMIT_PUSH_BYTES || !json_parse(push->body, &json, NULL) || !cJSON_IsObject(json)) {
		refuse(ret, "what it says is no JSON");
		return;
	}
	if (!get_uid(json, "receiver_id", receiver) || strcmp(receiver, settings->uid) != 0) {
		refuse(ret, "it is meant for another account: uid");
		return;
	}
	if (!get_uid(json, "sender_id", said.sender) || strcmp(said.sender, settings->uid) == 0) {
		refuse(ret, "it names no sender");
		return;
	}
	said.json = json;
	said.data = json_get(json, "data");
	if (!weibo_time_parse(json_str(json, "created_at"), &said.at)) {
		said.at = push->now_at;
	}
	make_digest(&said, push->query);
	ret->verdict = PUSH_TAKE;
	read_said(&said);
}

void weibo_push(const struct driver_account *account, const struct driver_push *push, struct push_result *ret_result)
{
	const struct weibo_settings *settings = account->settings;

	if (!weibo_takes_pushes(settings)) {
		refuse(ret_result, "messages is not switched on");
	} else if (!is_signed(settings, push->query)) {
		refuse(ret_result, "the signature is wrong: forged, or app_secret is not that of the app");
	} else if (push->post) {
		take_post(settings, push, ret_result);
	} else {
		take_get(push, ret_result);
	}
}

bool weibo_answer_push(const struct driver_account *account unused_arg, const struct push_result *result unused_arg,
	struct str text unused_arg, int64_t now_at unused_arg, struct buf *out unused_arg, const char **ret_type)
{
	*ret_type = "text/plain";
	return true;
}
