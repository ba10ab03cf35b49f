/* What the fan service pushes: who is let in, and what becomes of each message and event. */
#include "push_rig.h"
#include "rig.h"

#include "codec/digest.h"

#define MS_NOW "1767600000000"

/* The rig's secret is "app-secret". */
static void sign(struct buf *query, const char *timestamp, const char *nonce)
{
	struct str parts[] = { STR("app-secret"), str_from(timestamp), str_from(nonce) };
	char hex[41];

	wechat_sign(parts, 3, hex); /* the same rule on the same three */
	(void)buf_printf(query, "signature=%s&timestamp=%s&nonce=%s", hex, timestamp, nonce);
}

static void go(struct rig *rig, bool post, const char *query, const char *body, struct push_result *ret)
{
	push_result_finish(ret);
	rig->driver->push(&rig->account,
		&(struct driver_push){
			.post = post, .query = str_from(query), .body = str_from(body), .now_at = RIG_NOW_AT },
		ret);
}

static void push(struct rig *rig, const char *body, struct push_result *ret)
{
	struct buf query;

	buf_init(&query, 1024);
	sign(&query, MS_NOW, "57155157");
	go(rig, true, query.p, body, ret);
	buf_finish(&query);
}

static void set_up(struct rig *rig, struct push_result *ret)
{
	rig_init(rig, WEIBO_TIER_SHARE);
	rig->settings.messages = true;
	push_result_init(ret);
}

static void test_push__is_taken_only_when_switched_on(void **state)
{
	struct push_result result;
	struct rig rig;

	(void)state;
	set_up(&rig, &result);
	CHECK(rig.driver->takes_pushes(&rig.settings));
	rig.settings.messages = false;
	CHECK(!rig.driver->takes_pushes(&rig.settings));
	push(&rig, "{}", &result);
	CHECK_INT(result.verdict, PUSH_REFUSE);
	push_result_finish(&result);
	rig_finish(&rig);
}

/* The wiki's own example. */
static void test_push__the_address_is_verified(void **state)
{
	static const char query[] = "signature=90e4c22c90a58f26526c2dd5b6c56c8822edeaa1&timestamp=1397022061823&"
				    "nonce=57155157&echostr=dnPdpTZz85";
	struct push_result result;
	struct rig rig;
	char spoiled[sizeof(query)];

	(void)state;
	set_up(&rig, &result);
	secret_set(&rig.settings.app_secret, STR("xyz123xyz"));
	go(&rig, false, query, "", &result);
	CHECK_INT(result.verdict, PUSH_ANSWER);
	CHECK_TEXT(result.answer, "dnPdpTZz85");
	for (size_t i = 0; i + sizeof("&echostr=dnPdpTZz85") < sizeof(query); i++) {
		memcpy(spoiled, query, sizeof(query));
		spoiled[i] = spoiled[i] == '7' ? '8' : '7';
		go(&rig, false, spoiled, "", &result);
		CHECK_INT(result.verdict, PUSH_REFUSE);
	}
	go(&rig, false, "", "", &result);
	CHECK_INT(result.verdict, PUSH_REFUSE);
	secret_set(&rig.settings.app_secret, STR(""));
	go(&rig, false, query, "", &result);
	CHECK_INT(result.verdict, PUSH_REFUSE);
	push_result_finish(&result);
	rig_finish(&rig);
}

static void test_push__refuses_what_is_not_ours_or_no_message(void **state)
{
	static const struct {
		const char *body;
		const char *why;
	} rows[] = {
		{ "", "no JSON" },
		{ "[]", "no JSON" },
		{ "<xml/>", "no JSON" },
		{ "{}", "another account" },
		{ "{\"receiver_id\":7700000002,\"sender_id\":1}", "another account" },
		{ "{\"receiver_id\":7700000001}", "no sender" },
		{ "{\"receiver_id\":7700000001,\"sender_id\":\"x\"}", "no sender" },
		{ "{\"receiver_id\":7700000001,\"sender_id\":-1}", "no sender" },
		{ "{\"receiver_id\":7700000001,\"sender_id\":7700000001,\"type\":\"text\",\"text\":\"a\"}",
			"no sender" },
	};
	struct push_result result;
	struct rig rig;

	(void)state;
	set_up(&rig, &result);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		push(&rig, rows[i].body, &result);
		CHECK_INT(result.verdict, PUSH_REFUSE);
		CHECK(strstr(result.why, rows[i].why) != NULL);
	}
	push_result_finish(&result);
	rig_finish(&rig);
}

static void test_push__samples(void **state)
{
	static const struct {
		const char *name;
		const char *text; /* NULL: no message */
		size_t events;
		enum push_event_kind kind;
	} rows[] = {
		{ "text", "你好,请问身份证补办要带什么材料?", 0, 0 },
		{ "image", "[image] 发了一张图片", 0, 0 },
		{ "position", "[location] (39.982525, 116.308586) 我在这里: http://t.cn/A6aB3xY3", 0, 0 },
		{ "event_follow", NULL, 1, PUSH_FOLLOW },
		{ "mention", NULL, 0, 0 },
	};
	struct push_result result;
	struct rig rig;

	(void)state;
	set_up(&rig, &result);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(free_charp) char *body = NULL;
		struct buf answer;
		const char *type = NULL;
		char path[128];

		(void)snprintf(path, sizeof(path), "weibo/push/%s.json", rows[i].name);
		body = push_fixture(path);
		push(&rig, body, &result);
		CHECK_INT(result.verdict, PUSH_TAKE);
		CHECK_INT(result.messages.n, rows[i].text ? 1 : 0);
		CHECK_INT(result.n_events, rows[i].events);
		if (rows[i].text) {
			const struct message *message = &result.messages.items[0];

			CHECK_INT(message->kind, MESSAGE_DIRECT);
			CHECK_TEXT(message->text, rows[i].text);
			CHECK_TEXT(message->author_id, "7912340001");
			CHECK_INT(strlen(message->remote_id), 40);
			CHECK(message->created_at >= INT64_C(1767600001000) &&
				message->created_at <= INT64_C(1767600060000));
			CHECK_INT(message->window_ms, 0);
		}
		if (rows[i].events) {
			CHECK_INT(result.events[0].kind, rows[i].kind);
			CHECK_TEXT(result.events[0].author_id, "7912340001");
		}
		buf_init(&answer, 1024);
		CHECK(rig.driver->answer_push(&rig.account, &result, STR("收到"), RIG_NOW_AT, &answer, &type));
		CHECK_INT(answer.n, 0);
		buf_finish(&answer);
	}
	push_result_finish(&result);
	rig_finish(&rig);
}

#define SAID(more) "{\"receiver_id\":\"7700000001\",\"sender_id\":\"7912340001\"," more "}"

static void test_push__events(void **state)
{
	static const struct {
		const char *body;
		enum push_event_kind kind; /* 0: nothing is kept */
		const char *key;
	} rows[] = {
		{ SAID("\"type\":\"event\",\"data\":{\"subtype\":\"subscribe\"}"), PUSH_FOLLOW, NULL },
		{ SAID("\"type\":\"event\",\"data\":{\"subtype\":\"unfollow\"}"), 0, NULL },
		{ SAID("\"type\":\"event\",\"data\":{\"subtype\":\"unsubscribe\"}"), 0, NULL },
		{ SAID("\"type\":\"event\",\"data\":{\"subtype\":\"click\",\"key\":\"k\"}"), PUSH_MENU, "k" },
		{ SAID("\"type\":\"event\",\"data\":{\"subtype\":\"view\",\"key\":12}"), PUSH_MENU, "12" },
		{ SAID("\"type\":\"event\",\"data\":{\"subtype\":\"scan\",\"key\":\"7\",\"ticket\":\"t\"}"), PUSH_SCAN,
			"7" },
		{ SAID("\"type\":\"event\",\"data\":{\"subtype\":\"hologram\"}"), PUSH_OTHER, "hologram" },
		{ SAID("\"type\":\"event\""), PUSH_OTHER, NULL },
		{ SAID("\"type\":\"hologram\""), PUSH_OTHER, "hologram" },
		{ SAID("\"text\":\"a\""), PUSH_OTHER, NULL },
		{ SAID("\"type\":\"text\",\"text\":\"td\""), PUSH_MENU, "td" },
		{ SAID("\"type\":\"text\",\"text\":\"DY\""), PUSH_MENU, "DY" },
	};
	struct push_result result;
	struct rig rig;

	(void)state;
	set_up(&rig, &result);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		push(&rig, rows[i].body, &result);
		CHECK_INT(result.verdict, PUSH_TAKE);
		CHECK_INT(result.messages.n, 0);
		CHECK_INT(result.n_events, rows[i].kind ? 1 : 0);
		if (!rows[i].kind) {
			continue;
		}
		CHECK_INT(result.events[0].kind, rows[i].kind);
		CHECK_INT(result.events[0].at, RIG_NOW_AT);
		CHECK_INT(strlen(result.events[0].dedupe), 40);
		if (rows[i].key) {
			CHECK_TEXT(result.events[0].key, rows[i].key);
		} else {
			CHECK(!result.events[0].key);
		}
	}
	push_result_finish(&result);
	rig_finish(&rig);
}

/* The key of the message that a body makes; lent for a moment. */
static const char *key_of(struct rig *rig, const char *body)
{
	static char key[64];
	struct push_result result;

	push_result_init(&result);
	push(rig, body, &result);
	CHECK_INT(result.messages.n, 1);
	(void)snprintf(key, sizeof(key), "%s", result.messages.items[0].remote_id);
	push_result_finish(&result);
	return key;
}

static void test_push__the_same_again_has_the_same_key_and_nothing_else_has(void **state)
{
#define HEAD  "{\"receiver_id\":7700000001,"
#define FROM  "\"sender_id\":7912340001,"
#define AT    "\"created_at\":\"Mon Jan 05 16:00:01 +0800 2026\","
#define IMAGE "\"type\":\"image\",\"text\":\"a\","
#define TEXT  "\"type\":\"text\",\"text\":\"a\"}"
	static const char *const others[] = {
		HEAD "\"sender_id\":7912340002," AT IMAGE "\"data\":{\"tovfid\":1}}",
		HEAD FROM "\"created_at\":\"Mon Jan 05 16:00:02 +0800 2026\"," IMAGE "\"data\":{\"tovfid\":1}}",
		HEAD FROM AT "\"type\":\"voice\",\"text\":\"a\",\"data\":{\"tovfid\":1}}",
		HEAD FROM AT "\"type\":\"image\",\"text\":\"b\",\"data\":{\"tovfid\":1}}",
		HEAD FROM AT IMAGE "\"data\":{\"tovfid\":2}}",
		HEAD FROM AT IMAGE "\"data\":{}}",
	};
	struct push_result result;
	struct rig rig;
	struct buf query;
	char first[64];

	(void)state;
	set_up(&rig, &result);
	(void)snprintf(first, sizeof(first), "%s", key_of(&rig, HEAD FROM AT IMAGE "\"data\":{\"tovfid\":1}}"));
	CHECK_TEXT(
		key_of(&rig, "{ \"data\" : {\"tovfid\":1}, " IMAGE FROM AT "\"receiver_id\":\"7700000001\"}"), first);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		CHECK(strcmp(key_of(&rig, others[i]), first) != 0);
	}
	/* A time in another form, and none at all: what somebody says twice he may mean twice. */
	(void)snprintf(first, sizeof(first), "%s", key_of(&rig, HEAD FROM "\"created_at\":1767600001," TEXT));
	CHECK(strcmp(key_of(&rig, HEAD FROM "\"created_at\":1767600002," TEXT), first) != 0);
	push(&rig, HEAD FROM TEXT, &result);
	(void)snprintf(first, sizeof(first), "%s", result.messages.items[0].remote_id);
	CHECK_TEXT(key_of(&rig, HEAD FROM TEXT), first);
	buf_init(&query, 1024);
	sign(&query, "1767600001000", "57155157");
	go(&rig, true, query.p, HEAD FROM TEXT, &result);
	CHECK_INT(result.messages.n, 1);
	CHECK(strcmp(result.messages.items[0].remote_id, first) != 0);
	buf_finish(&query);
	push_result_finish(&result);
	rig_finish(&rig);
}

static void test_reply__to_a_private_message_is_refused_with_what_to_do(void **state)
{
	struct finding_list findings = { 0 };
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	rig.send.kind = SEND_REPLY;
	rig.send.reply_to_kind = MESSAGE_DIRECT;
	rig.send.reply_to_id = "1234567890123456789012345678901234567890";
	rig.driver->check(&rig.account, &rig.send, &findings);
	CHECK_INT(findings.n, 1);
	CHECK_INT(findings.items[0].level, FINDING_BLOCK);
	CHECK(strstr(findings.items[0].message, "message centre") != NULL);
	finding_list_finish(&findings);
	rig_start(&rig, OP_SEND);
	CHECK(!rig_try(&rig));
	CHECK_INT(rig.err.advice, ADVISE_REJECT);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_push__is_taken_only_when_switched_on),
		cmocka_unit_test(test_push__the_address_is_verified),
		cmocka_unit_test(test_push__refuses_what_is_not_ours_or_no_message),
		cmocka_unit_test(test_push__samples),
		cmocka_unit_test(test_push__events),
		cmocka_unit_test(test_push__the_same_again_has_the_same_key_and_nothing_else_has),
		cmocka_unit_test(test_reply__to_a_private_message_is_refused_with_what_to_do),
	};

	return check_run(tests);
}
