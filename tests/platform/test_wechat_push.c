/* What WeChat pushes: who is let in, what becomes of each message and event, and what goes back. */
#include "push_rig.h"

#include "codec/json.h"
#include "codec/xml.h"
#include "text/utf8.h"
#include "text/when.h"

static void check_refused(struct push_rig *rig, const char *why)
{
	CHECK_INT(rig->result.verdict, PUSH_REFUSE);
	if (!strstr(rig->result.why, why)) {
		fail_msg("\"%s\" does not contain \"%s\"", rig->result.why, why);
	}
}

/* ---- the address is verified ---- */

static void test_verify__echoes_what_was_signed_as_often_as_asked(void **state)
{
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (int i = 0; i < 2; i++) {
		push_head(&rig, push_now(&rig), (struct str){ 0 });
		(void)buf_add_text(&rig.query, "&echostr=4375120948345356249%20%26%3C");
		push_go(&rig, false);
		CHECK_INT(rig.result.verdict, PUSH_ANSWER);
		CHECK_TEXT(rig.result.answer, "4375120948345356249 &<");
	}
	push_rig_finish(&rig);
}

static void test_verify__the_platforms_own_example(void **state)
{
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	secret_set(&rig.settings.callback_token, STR("AAAAA"));
	rig.now_at = INT64_C(1714036504) * SECOND_MS;
	(void)buf_add_text(&rig.query, "signature=f464b24fc39322e44b38aa78f5edd27bd1441696&echostr=4375120948345356249&"
				       "timestamp=1714036504&nonce=1514711492");
	push_go(&rig, false);
	CHECK_INT(rig.result.verdict, PUSH_ANSWER);
	CHECK_TEXT(rig.result.answer, "4375120948345356249");
	push_rig_finish(&rig);
}

static void test_verify__refuses(void **state)
{
	static const struct {
		const char *timestamp; /* NULL: now */
		const char *more;
		const char *why;
	} rows[] = {
		{ NULL, "", "without echostr" },
		{ NULL, "&echostr=a%00b", "without echostr" },
		{ "1764000910", "&echostr=1", NULL },
		{ "1764000911", "&echostr=1", "15 minutes" },
		{ "1763999110", "&echostr=1", NULL },
		{ "1763999109", "&echostr=1", "15 minutes" },
		{ "0", "&echostr=1", "15 minutes" },
		{ "-5", "&echostr=1", "15 minutes" },
		{ "99999999999999999999", "&echostr=1", "15 minutes" },
		{ "9223372036854775807", "&echostr=1", "15 minutes" },
		{ "", "&echostr=1", "15 minutes" },
	};
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_PLAIN);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		push_head(&rig, rows[i].timestamp ? rows[i].timestamp : push_now(&rig), (struct str){ 0 });
		(void)buf_add_text(&rig.query, rows[i].more);
		push_go(&rig, false);
		if (rows[i].why) {
			check_refused(&rig, rows[i].why);
		} else {
			CHECK_INT(rig.result.verdict, PUSH_ANSWER);
		}
	}
	push_head(&rig, push_now(&rig), (struct str){ 0 });
	rig.query.p[10] = rig.query.p[10] == '0' ? '1' : '0'; /* of the signature */
	(void)buf_add_text(&rig.query, "&echostr=1");
	push_go(&rig, false);
	check_refused(&rig, "signature");
	buf_clear(&rig.query);
	push_go(&rig, false);
	check_refused(&rig, "echostr");
	push_rig_finish(&rig);
}

/* ---- who is let in ---- */

static void test_push__each_mode_takes_its_own(void **state)
{
	cleanup(free_charp) char *xml = push_fixture("wechat/push/text.xml");
	static const struct {
		enum wechat_mode mode;
		bool sealed;
		const char *why;
	} rows[] = {
		{ WECHAT_MODE_PLAIN, false, NULL },
		{ WECHAT_MODE_PLAIN, true, NULL }, /* the console is ahead of us, and we have a key */
		{ WECHAT_MODE_COMPATIBLE, true, NULL },
		{ WECHAT_MODE_COMPATIBLE, false, "not encrypted" },
		{ WECHAT_MODE_SAFE, true, NULL },
		{ WECHAT_MODE_SAFE, false, "not encrypted" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct push_rig rig;

		push_rig_init(&rig, rows[i].mode);
		if (rows[i].sealed) {
			push_sealed(&rig, xml, KEY, APPID, "");
		} else {
			push_plain(&rig, xml);
		}
		if (rows[i].why) {
			check_refused(&rig, rows[i].why);
		} else {
			CHECK_INT(rig.result.verdict, PUSH_TAKE);
			CHECK_INT(rig.result.messages.n, 1);
			CHECK_INT(rig.result.key, rows[i].sealed ? 0 : -1);
			CHECK_TEXT(rig.result.messages.items[0].text, "请问居住证怎么办理？[微笑]");
		}
		push_rig_finish(&rig);
	}
}

static void test_push__what_stands_in_clear_beside_the_envelope_counts_for_nothing(void **state)
{
	cleanup(free_charp) char *xml = push_fixture("wechat/push/text.xml");
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_COMPATIBLE);
	push_sealed(&rig, xml, KEY, APPID,
		"<FromUserName>evil</FromUserName><MsgType>text</MsgType><Content>forged</Content>");
	CHECK_INT(rig.result.verdict, PUSH_TAKE);
	CHECK_TEXT(rig.result.messages.items[0].author_id, CITIZEN);
	CHECK_TEXT(rig.result.messages.items[0].text, "请问居住证怎么办理？[微笑]");
	push_rig_finish(&rig);
}

static void test_push__samples_of_safe_and_compatible_mode(void **state)
{
	static const char *const names[] = { "wechat/push/safe.xml", "wechat/push/compatible.xml" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cleanup(free_charp) char *body = push_fixture(names[i]);
		struct push_rig rig;

		push_rig_init(&rig, WECHAT_MODE_SAFE);
		rig.now_at = INT64_C(1761000002) * SECOND_MS;
		(void)buf_add_text(&rig.query,
			"signature=475e3bbd9db9b3ddcc65a63aaa8e19ac9af6614e&timestamp=1761000002&nonce=77410023&"
			"openid=" CITIZEN "&encrypt_type=aes&msg_signature=bd378497520a2c1b4b3764e2df7d7995b50e9577");
		(void)buf_add_text(&rig.body, body);
		push_go(&rig, true);
		CHECK_INT(rig.result.verdict, PUSH_TAKE);
		CHECK_TEXT(rig.result.messages.items[0].text, "请问居住证办理需要哪些材料？周六上班吗");
		push_rig_finish(&rig);
	}
}

static void test_push__a_changed_key_opens_both_and_answers_with_the_one_that_fits(void **state)
{
	cleanup(free_charp) char *xml = push_fixture("wechat/push/text.xml");
	static const char *const keys[] = { KEY, OLD_KEY };
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	push_sealed(&rig, xml, OLD_KEY, APPID, "");
	check_refused(&rig, "aes_key");
	secret_set(&rig.settings.aes_key_previous, STR(OLD_KEY));
	for (int i = 0; i < 2; i++) {
		cleanup(xml_freep) struct xml *answer = NULL;
		struct buf inner;

		push_sealed(&rig, xml, keys[i], APPID, "");
		CHECK_INT(rig.result.verdict, PUSH_TAKE);
		CHECK_INT(rig.result.key, i);
		push_answer(&rig, "收到");
		buf_init(&inner, 1u << 16);
		CHECK(xml_parse(buf_str(&rig.answer), &answer, NULL));
		CHECK_INT(wechat_open(str_from(keys[i]), STR(APPID), xml_get_text(answer, "Encrypt"), &inner),
			WECHAT_OPENED);
		buf_finish(&inner);
	}
	push_rig_finish(&rig);
}

static void test_push__attacks_are_refused(void **state)
{
	cleanup(free_charp) char *xml = push_fixture("wechat/push/text.xml");
	struct push_rig rig;
	ptrdiff_t at;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);

	push_sealed(&rig, xml, KEY, "wx0000000000000000", "");
	check_refused(&rig, "another appid");

	push_sealed(&rig, xml, KEY, APPID, "");
	CHECK_INT(rig.result.verdict, PUSH_TAKE);
	at = str_find(buf_str(&rig.body), STR("<Encrypt><![CDATA["));
	rig.body.p[at + 40] = rig.body.p[at + 40] == 'A' ? 'B' : 'A';
	push_go(&rig, true);
	check_refused(&rig, "signature");

	push_sealed(&rig, xml, KEY, APPID, "");
	at = str_find(buf_str(&rig.query), STR("msg_signature="));
	rig.query.n = (size_t)at;
	push_go(&rig, true);
	check_refused(&rig, "signature");

	/* the signature of the plain parts is not one of the envelope */
	at = str_find(buf_str(&rig.query), STR("signature="));
	(void)buf_printf(&rig.query, "msg_signature=%.40s", rig.query.p + at + 10);
	push_go(&rig, true);
	check_refused(&rig, "signature");

	push_sealed(&rig, xml, KEY, APPID, "");
	rig.now_at += 16 * MINUTE_MS;
	push_go(&rig, true);
	check_refused(&rig, "15 minutes");
	rig.now_at = NOW_AT;

	push_sealed(&rig,
		"<!DOCTYPE xml [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><xml><MsgType>text</MsgType>"
		"<FromUserName>" CITIZEN "</FromUserName><Content>&x;</Content></xml>",
		KEY, APPID, "");
	check_refused(&rig, "document type");

	push_sealed(&rig, "<xml><ToUserName>gh_000000000000</ToUserName></xml>", KEY, APPID, "");
	check_refused(&rig, "another account");
	push_sealed(&rig, "{\"ToUserName\":\"" ACCOUNT "\"}", KEY, APPID, "");
	check_refused(&rig, "no XML");
	push_sealed(&rig, "", KEY, APPID, "");
	check_refused(&rig, "no XML");

	buf_clear(&rig.body);
	(void)buf_add_text(&rig.body, "<xml/>");
	push_go(&rig, true);
	check_refused(&rig, "no <Encrypt>");
	buf_clear(&rig.body);
	for (size_t i = 0; i <= LIMIT_PUSH_BYTES; i++) {
		(void)buf_add_char(&rig.body, 'x');
	}
	push_go(&rig, true);
	check_refused(&rig, "too long");

	secret_set(&rig.settings.callback_token, STR(""));
	CHECK(!push_driver()->takes_pushes(&rig.settings));
	push_sealed(&rig, xml, KEY, APPID, "");
	check_refused(&rig, "callback_token");
	push_rig_finish(&rig);

	push_rig_init(&rig, WECHAT_MODE_PLAIN);
	CHECK(push_driver()->takes_pushes(&rig.settings));
	secret_set(&rig.settings.aes_key, STR(""));
	push_sealed(&rig, xml, KEY, APPID, "");
	check_refused(&rig, "aes_key is missing");
	push_plain(&rig, xml);
	CHECK_INT(rig.result.verdict, PUSH_TAKE);
	rig.query.p[12] = rig.query.p[12] == '0' ? '1' : '0';
	push_go(&rig, true);
	check_refused(&rig, "signature");
	push_rig_finish(&rig);
}

static void test_push__vectors_that_must_not_open_are_refused(void **state)
{
	cleanup(free_charp) char *text = push_fixture("wechat/crypto_vectors.json");
	cleanup(json_freep) cJSON *json = NULL;
	struct error err = { 0 };
	const cJSON *vector;
	int refused = 0;

	(void)state;
	CHECK_OK(json_parse(str_from(text), &json, &err), err);
	cJSON_ArrayForEach(vector, json_get(json, "vectors"))
	{
		struct push_rig rig;
		int64_t seconds;

		if (strcmp(json_text(vector, "kind", ""), "push_safe_mode") != 0 ||
			strcmp(json_text(vector, "expect", ""), "ok") == 0) {
			continue;
		}
		push_rig_init(&rig, WECHAT_MODE_SAFE);
		secret_set(&rig.settings.callback_token, json_str(vector, "token"));
		secret_set(&rig.settings.aes_key, json_str(vector, "encodingAESKey"));
		free(rig.settings.appid);
		rig.settings.appid = xstrdup(json_text(vector, "appid", ""));
		CHECK(str_to_i64(json_str(vector, "timestamp"), 0, INT64_MAX / 1000, &seconds));
		rig.now_at = seconds * SECOND_MS;
		(void)buf_printf(&rig.query, "timestamp=%s&nonce=%s&encrypt_type=aes&msg_signature=%s",
			json_text(vector, "timestamp", ""), json_text(vector, "nonce", ""),
			json_text(vector, "msg_signature", ""));
		(void)buf_printf(
			&rig.body, "<xml><Encrypt><![CDATA[%s]]></Encrypt></xml>", json_text(vector, "encrypted", ""));
		push_go(&rig, true);
		CHECK_INT(rig.result.verdict, PUSH_REFUSE);
		refused++;
		push_rig_finish(&rig);
	}
	CHECK_INT(refused, 21);
}

/* ---- messages ---- */

static void push_file(struct push_rig *rig, const char *name)
{
	char path[128];
	char *xml;

	(void)snprintf(path, sizeof(path), "wechat/push/%s.xml", name);
	xml = push_fixture(path);
	push_sealed(rig, xml, KEY, APPID, "");
	free(xml);
	CHECK_INT(rig->result.verdict, PUSH_TAKE);
}

static void test_message__of_every_type(void **state)
{
	static const struct {
		const char *name;
		const char *number;
		const char *text;
		const char *type; /* of its medium */
		const char *medium;
	} rows[] = {
		{ "text", "24811111111111102", "请问居住证怎么办理？[微笑]", NULL, NULL },
		{ "text_article", "24811111111111103", "文章里的电话打不通", NULL, NULL },
		{ "text_menu", "24811111111111104", "不满意", NULL, NULL },
		{ "unsupported", "24811111111111105", "[unsupported] 【收到不支持的消息类型，暂无法显示】", NULL,
			NULL },
		{ "image", "24811111111111106", "[image]", "image", "TESTcitizenImage-1" },
		{ "voice", "24811111111111107", "[voice]", "voice", "TESTcitizenVoice-1" },
		{ "video", "24811111111111108", "[video]", "video", "TESTcitizenVideo-1" },
		{ "location", "24811111111111109", "[location] 示例市示例路1号 (23.134521, 113.358803)", NULL, NULL },
		{ "link", "24811111111111110", "[link] 示例页面\n路灯故障照片\nhttps://www.example.invalid/p/1", NULL,
			NULL },
	};
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct message *message;
		char id[128];

		push_file(&rig, rows[i].name);
		CHECK_INT(rig.result.n_events, 0);
		CHECK_INT(rig.result.messages.n, 1);
		message = &rig.result.messages.items[0];
		(void)snprintf(id, sizeof(id), "%s/%s", rows[i].number, CITIZEN);
		CHECK_TEXT(message->remote_id, id);
		CHECK_TEXT(message->text, rows[i].text);
		CHECK_TEXT(message->author_id, CITIZEN);
		CHECK_INT(message->kind, MESSAGE_DIRECT);
		CHECK_INT(message->created_at, (INT64_C(1764000001) + (int64_t)i) * SECOND_MS);
		CHECK_INT(message->window_ms, 48 * HOUR_MS);
		CHECK_INT(message->window_replies, 5);
		CHECK(!message->from_us && !message->author_name);
		CHECK_INT(message->n_media, rows[i].medium ? 1 : 0);
		if (rows[i].medium) {
			CHECK_TEXT(message->media[0].type, rows[i].type);
			CHECK_TEXT(message->media[0].remote_id, rows[i].medium);
		}
	}
	push_file(&rig, "text_article");
	CHECK_TEXT(rig.result.messages.items[0].status_id, "2247503077/0");
	push_rig_finish(&rig);
}

/* The elements that every message has, then these. */
static void push_elements(struct push_rig *rig, const char *from, const char *elements)
{
	struct buf xml;

	buf_init(&xml, 1u << 20);
	(void)buf_printf(&xml,
		"<xml>%s<ToUserName><![CDATA[" ACCOUNT "]]></ToUserName><FromUserName><![CDATA[%s]]></FromUserName>"
		"<CreateTime>1764000001</CreateTime></xml>",
		elements, from);
	push_sealed(rig, xml.p, KEY, APPID, "");
	buf_finish(&xml);
	CHECK_INT(rig->result.verdict, PUSH_TAKE);
}

static void test_message__odd_ones_are_kept(void **state)
{
	static const struct {
		const char *elements;
		const char *text;
	} rows[] = {
		{ "<MsgType>hologram</MsgType><Blob>a b</Blob><MsgId>1</MsgId>", "[unknown type hologram] Blob=a b" },
		{ "<MsgType></MsgType><MsgId>1</MsgId>", "[unknown type ] " },
		{ "<MsgId>1</MsgId>", "[unknown type ] " },
		{ "<MsgType>text</MsgType><MsgId>1</MsgId>", "" },
		{ "<MsgType>text</MsgType><MsgId>1</MsgId><Content><![CDATA[a]]]]><![CDATA[>b 🙏 &amp;]]></Content>",
			"a]]>b 🙏 &amp;" },
		{ "<MsgType> text\n</MsgType><MsgId>1</MsgId><Content>\n 你好 \n</Content>", "你好" },
		{ "<MsgType>voice</MsgType><MsgId>1</MsgId><Recognition>帮帮我</Recognition>", "[voice] 帮帮我" },
		{ "<MsgType>shortvideo</MsgType><MsgId>1</MsgId>", "[video]" },
		{ "<MsgType>text</MsgType><MsgId>1</MsgId><Content>[Unsupported Message]</Content>",
			"[unsupported] [Unsupported Message]" },
		{ "<MsgType>text</MsgType><MsgId>1</MsgId><Content>【收到不支援的訊息類型，無法顯示】</Content>",
			"[unsupported] 【收到不支援的訊息類型，無法顯示】" },
	};
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		push_elements(&rig, CITIZEN, rows[i].elements);
		CHECK_INT(rig.result.messages.n, 1);
		CHECK_TEXT(rig.result.messages.items[0].text, rows[i].text);
		CHECK_TEXT(rig.result.messages.items[0].remote_id, "1/" CITIZEN);
	}
	push_rig_finish(&rig);
}

static void test_message__its_key_is_its_number_and_its_sender(void **state)
{
	struct push_rig rig;
	char first[128];

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	push_elements(&rig, "oA", "<MsgType>text</MsgType><Content>x</Content><MsgId>18446744073709551615</MsgId>");
	CHECK_TEXT(rig.result.messages.items[0].remote_id, "18446744073709551615/oA");
	push_elements(&rig, "oB", "<MsgType>text</MsgType><Content>x</Content><MsgId>18446744073709551615</MsgId>");
	CHECK_TEXT(rig.result.messages.items[0].remote_id, "18446744073709551615/oB");

	/* without a number: the same again is the same, another text another */
	push_elements(&rig, "oA", "<MsgType>text</MsgType><Content>x</Content>");
	(void)snprintf(first, sizeof(first), "%s", rig.result.messages.items[0].remote_id);
	push_elements(&rig, "oA", "<Content>x</Content><MsgType>text</MsgType>");
	CHECK_TEXT(rig.result.messages.items[0].remote_id, first);
	push_elements(&rig, "oA", "<MsgType>text</MsgType><Content>y</Content>");
	CHECK(strcmp(rig.result.messages.items[0].remote_id, first) != 0);
	CHECK(strlen(first) <= LIMIT_REMOTE_ID_BYTES);
	push_rig_finish(&rig);
}

static void test_message__of_the_helper_or_of_nobody_is_no_citizens(void **state)
{
	static const char *const from[] = { "mphelper", "", "o T", "市民",
		"o12345678901234567890123456789012345678901234567890123456789012345" };
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		push_elements(&rig, from[i], "<MsgType>text</MsgType><Content>hi</Content><MsgId>7</MsgId>");
		CHECK_INT(rig.result.messages.n, 0);
		CHECK_INT(rig.result.n_events, 1);
		CHECK_INT(rig.result.events[0].kind, PUSH_OTHER);
		CHECK_TEXT(rig.result.events[0].key, "text");
		CHECK_TEXT(rig.result.events[0].text, "Content=hi");
		CHECK(!rig.result.events[0].author_id);
		push_elements(&rig, from[i], "<MsgType>event</MsgType><Event>subscribe</Event>");
		CHECK_INT(rig.result.events[0].kind, PUSH_OTHER);
		CHECK(!rig.result.events[0].author_id);
	}
	push_rig_finish(&rig);
}

/* ---- events ---- */

static const struct push_event *only_event(struct push_rig *rig)
{
	CHECK_INT(rig->result.messages.n, 0);
	CHECK_INT(rig->result.n_events, 1);
	CHECK(rig->result.events[0].dedupe && rig->result.events[0].dedupe[0]);
	return &rig->result.events[0];
}

static void check_text(const char *got, const char *want)
{
	if (want) {
		CHECK(got);
		CHECK_TEXT(got, want);
	} else {
		CHECK(!got);
	}
}

static void test_event__of_citizens(void **state)
{
	static const struct {
		const char *name;
		enum push_event_kind kind;
		const char *key;
		int64_t window_ms;
		int replies;
	} rows[] = {
		{ "subscribe", PUSH_FOLLOW, NULL, MINUTE_MS, 3 },
		{ "subscribe_qr", PUSH_FOLLOW, "hall_03", MINUTE_MS, 3 },
		{ "scan", PUSH_SCAN, "hall_03", MINUTE_MS, 3 },
		{ "unsubscribe", PUSH_UNFOLLOW, NULL, 0, 0 },
		{ "click", PUSH_MENU, "LEAVE_MESSAGE", MINUTE_MS, 3 },
		{ "view", PUSH_MENU, "https://www.example.gov.invalid/queue", 0, 0 },
	};
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct push_event *event;

		push_file(&rig, rows[i].name);
		event = only_event(&rig);
		CHECK_INT(event->kind, rows[i].kind);
		CHECK_TEXT(event->author_id, CITIZEN);
		check_text(event->key, rows[i].key);
		CHECK_INT(event->window_ms, rows[i].window_ms);
		CHECK_INT(event->window_replies, rows[i].replies);
		CHECK_INT(event->at, (INT64_C(1764000020) + (int64_t)i) * SECOND_MS);
	}
	push_file(&rig, "location_event");
	CHECK_INT(rig.result.n_events + rig.result.messages.n, 0);
	push_rig_finish(&rig);
}

static void test_event__of_every_other_name(void **state)
{
	static const struct {
		const char *elements;
		enum push_event_kind kind;
		const char *key;
		const char *text;
		int64_t window_ms;
	} rows[] = {
		{ "<Event>scancode_push</Event><EventKey>k</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType></"
		  "ScanCodeInfo>",
			PUSH_MENU, "k", NULL, MINUTE_MS },
		{ "<Event>scancode_waitmsg</Event><EventKey>k</EventKey>", PUSH_MENU, "k", NULL, MINUTE_MS },
		{ "<Event>pic_sysphoto</Event><EventKey>k</EventKey>", PUSH_MENU, "k", NULL, 0 },
		{ "<Event>pic_photo_or_album</Event><EventKey>k</EventKey>", PUSH_MENU, "k", NULL, 0 },
		{ "<Event>pic_weixin</Event><EventKey>k</EventKey>", PUSH_MENU, "k", NULL, 0 },
		{ "<Event>location_select</Event><EventKey>k</EventKey>", PUSH_MENU, "k", NULL, 0 },
		{ "<Event>view_miniprogram</Event><EventKey>p/i</EventKey>", PUSH_MENU, "p/i", NULL, 0 },
		{ "<Event>qualification_verify_success</Event><ExpiredTime>1795536000</ExpiredTime>", PUSH_ALERT, NULL,
			"WeChat has verified the organisation's papers; valid until 2026-11-25T00:00:00+08:00", 0 },
		{ "<Event>naming_verify_fail</Event><FailTime>1764000000</FailTime><FailReason>名称不符</FailReason>",
			PUSH_ALERT, NULL,
			"WeChat did not verify the account's name; refused at 2025-11-25T00:00:00+08:00: 名称不符", 0 },
		{ "<Event>annual_renew</Event><ExpiredTime>1795536000</ExpiredTime>", PUSH_ALERT, NULL,
			"the account's verification must be renewed: without it nothing can be published by program; "
			"valid until 2026-11-25T00:00:00+08:00",
			0 },
		{ "<Event>verify_expired</Event>", PUSH_ALERT, NULL,
			"the account's verification has expired: nothing can be published by program until it is "
			"renewed",
			0 },
		{ "<Event>user_authorization_revoke</Event><OpenID>oB</OpenID><RevokeInfo>301</RevokeInfo>", PUSH_ALERT,
			NULL,
			"a citizen has taken back a permission concerning personal data; what it covers must be "
			"deleted "
			"(code 301)",
			0 },
		{ "<Event>user_info_modified</Event><OpenID>oB</OpenID><AppID>wx1</AppID>", PUSH_OTHER,
			"user_info_modified", "AppID=wx1", 0 },
		{ "<Event>kf_create_session</Event><KfAccount>a@b</KfAccount>", PUSH_OTHER, "kf_create_session",
			"KfAccount=a@b", 0 },
		{ "<Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List><TemplateId>t</TemplateId></"
		  "List>"
		  "<List><TemplateId>u</TemplateId></List></SubscribeMsgPopupEvent>",
			PUSH_OTHER, "subscribe_msg_popup_event", "TemplateId=t TemplateId=u", 0 },
		{ "<Event>from_the_future</Event>", PUSH_OTHER, "from_the_future", NULL, 0 },
		{ "<Event>click</Event>", PUSH_OTHER, "click", NULL, 0 }, /* names are case sensitive */
		{ "<Event></Event>", PUSH_OTHER, NULL, NULL, 0 },
	};
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct push_event *event;
		char elements[512];

		(void)snprintf(elements, sizeof(elements), "<MsgType>event</MsgType>%s", rows[i].elements);
		push_elements(&rig, CITIZEN, elements);
		event = only_event(&rig);
		CHECK_INT(event->kind, rows[i].kind);
		check_text(event->key, rows[i].key);
		check_text(event->text, rows[i].text);
		CHECK_INT(event->window_ms, rows[i].window_ms);
		CHECK((event->author_id != NULL) == (rows[i].kind == PUSH_MENU));
	}
	push_elements(&rig, CITIZEN,
		"<MsgType>event</MsgType><Event>user_authorization_cancellation</Event><OpenID>oGone</OpenID>");
	CHECK_INT(only_event(&rig)->kind, PUSH_UNFOLLOW);
	CHECK_TEXT(only_event(&rig)->author_id, "oGone");
	push_file(&rig, "template");
	CHECK_INT(only_event(&rig)->kind, PUSH_OTHER);
	CHECK_TEXT(only_event(&rig)->text, "MsgID=4200000000000000123 Status=failed:user block");
	push_rig_finish(&rig);
}

static void test_event__results_of_jobs(void **state)
{
	static const struct {
		const char *name;
		const char *job;
		enum found found;
		const char *remote_id;
		const char *url;
		const char *text;
	} rows[] = {
		{ "mass_success", "3147494552", FOUND_YES, "3147494552", "http://mp.weixin.qq.com/s/TESTshort0001",
			"sent to 1179 of 1200 followers; WeChat failed for 1" },
		{ "mass_reprint", "3147494553", FOUND_REFUSED, NULL, NULL, "WeChat judged it a reprint (30003)" },
		{ "mass_silent", "3147494554", FOUND_REFUSED, NULL, NULL,
			"the account's administrator did not confirm it in WeChat within 30 minutes (40002)" },
		{ "publish_success", "2247503051", FOUND_YES, "TESTarticleIdAbCdEfGhIjKlMnOpQrStUvWxYz01234",
			"http://mp.weixin.qq.com/s?__biz=TEST&mid=2247503051&idx=1&sn=0123456789abcdef0123456789abcdef",
			NULL },
		{ "publish_originality", "2247503052", FOUND_REFUSED, NULL, NULL,
			"WeChat's originality check refused it: article 1, 2" },
	};
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct push_event *event;

		push_file(&rig, rows[i].name);
		event = only_event(&rig);
		CHECK_INT(event->kind, PUSH_JOB);
		CHECK(!event->author_id);
		CHECK_TEXT(event->job_id, rows[i].job);
		CHECK_INT(event->found, rows[i].found);
		check_text(event->remote_id, rows[i].remote_id);
		check_text(event->url, rows[i].url);
		check_text(event->text, rows[i].text);
	}
	push_rig_finish(&rig);
}

static void test_event__every_end_of_a_broadcast_is_told_in_plain_words(void **state)
{
	static const struct {
		const char *status;
		const char *part;
	} rows[] = {
		{ "send fail", "WeChat did not send it: send fail" },
		{ "err(10001)", "advertising" },
		{ "err(20001)", "politics" },
		{ "err(20002)", "pornography" },
		{ "err(20004)", "social" },
		{ "err(20006)", "crime" },
		{ "err(20008)", "fraud" },
		{ "err(20013)", "copyright" },
		{ "err(21000)", "another reason" },
		{ "err(22000)", "mutual promotion" },
		{ "err(30001)", "originality check failed" },
		{ "err(30002)", "does not allow" },
		{ "err(40001)", "administrator refused" },
		{ "err(99999)", "WeChat did not send it: err(99999)" },
	};
	/* It may be out: nobody says that it is not before it was looked for. */
	static const char *const unknown[] = { "", "err(", "err()", "err(x)", "err(0)", "sending", "send", "success" };
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char elements[256];

		(void)snprintf(elements, sizeof(elements),
			"<MsgType>event</MsgType><Event>masssendjobfinish</Event><MsgID> "
			"12\n</MsgID><Status>%s</Status>",
			rows[i].status);
		push_elements(&rig, "mphelper", elements);
		CHECK_INT(only_event(&rig)->kind, PUSH_JOB);
		CHECK_INT(only_event(&rig)->found, FOUND_REFUSED);
		CHECK_TEXT(only_event(&rig)->job_id, "12");
		if (!strstr(only_event(&rig)->text, rows[i].part)) {
			fail_msg("%s: %s", rows[i].status, only_event(&rig)->text);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		char elements[256];

		(void)snprintf(elements, sizeof(elements),
			"<MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>12</MsgID><Status>%s</Status>",
			unknown[i]);
		push_elements(&rig, "mphelper", elements);
		CHECK_INT(only_event(&rig)->kind, PUSH_JOB);
		CHECK_INT(only_event(&rig)->found, FOUND_PENDING);
		CHECK_TEXT(only_event(&rig)->job_id, "12");
	}
	push_elements(&rig, "mphelper", "<MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>12</MsgID>");
	CHECK_INT(only_event(&rig)->found, FOUND_PENDING);
	/* everything that may be missing is missing */
	push_elements(&rig, "mphelper",
		"<MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>12</MsgID><Status>send success</Status>"
		"<ErrorCount>0</ErrorCount><ArticleUrlResult><Count>0</Count><ResultList/></ArticleUrlResult>");
	CHECK_INT(only_event(&rig)->found, FOUND_YES);
	CHECK(!only_event(&rig)->url && !only_event(&rig)->text);
	push_rig_finish(&rig);
}

static void test_event__every_state_of_a_publication(void **state)
{
	static const struct {
		const char *status;
		enum push_event_kind kind;
		enum found found;
		const char *text;
	} rows[] = {
		{ "0", PUSH_JOB, FOUND_YES, NULL },
		{ "1", PUSH_JOB, FOUND_PENDING, NULL },
		{ "2", PUSH_JOB, FOUND_REFUSED, "WeChat's originality check refused it" },
		{ "3", PUSH_JOB, FOUND_REFUSED, "WeChat failed to publish it" },
		{ "4", PUSH_JOB, FOUND_REFUSED, "WeChat's review refused it" },
		{ "5", PUSH_ALERT, FOUND_PENDING,
			"a published article was deleted on the website: address not told (job 9)" },
		{ "6", PUSH_ALERT, FOUND_PENDING,
			"a published article was taken down by WeChat: address not told (job 9)" },
		{ "7", PUSH_JOB, FOUND_PENDING, NULL },
		{ "", PUSH_JOB, FOUND_PENDING, NULL },
	};
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char elements[512];

		(void)snprintf(elements, sizeof(elements),
			"<MsgType>event</MsgType><Event>PUBLISHJOBFINISH</Event><PublishEventInfo><publish_id>9</"
			"publish_id>"
			"<publish_status>%s</publish_status><article_detail><item><article_url>javascript:alert(1)"
			"</article_url></item></article_detail></PublishEventInfo>",
			rows[i].status);
		push_elements(&rig, "mphelper", elements);
		CHECK_INT(only_event(&rig)->kind, rows[i].kind);
		CHECK(!only_event(&rig)->url);
		if (rows[i].kind == PUSH_JOB) {
			CHECK_TEXT(only_event(&rig)->job_id, "9");
			CHECK_INT(only_event(&rig)->found, rows[i].found);
			check_text(only_event(&rig)->text, rows[i].text);
		} else {
			CHECK_TEXT(only_event(&rig)->text, rows[i].text);
		}
	}
	push_rig_finish(&rig);
}

/* Two pushes as elements: are they the same event? */
static bool same_event(const char *from_a, const char *a, const char *from_b, const char *b)
{
	struct push_rig rig;
	char key[80];
	bool same;

	push_rig_init(&rig, WECHAT_MODE_SAFE);
	push_elements(&rig, from_a, a);
	(void)snprintf(key, sizeof(key), "%s", only_event(&rig)->dedupe);
	push_elements(&rig, from_b, b);
	same = strcmp(key, only_event(&rig)->dedupe) == 0;
	push_rig_finish(&rig);
	return same;
}

#define EVENT(name, more) "<MsgType>event</MsgType><Event>" name "</Event>" more

static void test_event__its_key_tells_apart_what_happens_in_one_second(void **state)
{
	(void)state;
	CHECK(same_event(
		"oA", EVENT("CLICK", "<EventKey>a</EventKey>"), "oA", "<EventKey> a </EventKey>" EVENT("CLICK", "")));
	CHECK(!same_event(
		"oA", EVENT("CLICK", "<EventKey>a</EventKey>"), "oA", EVENT("CLICK", "<EventKey>b</EventKey>")));
	CHECK(!same_event(
		"oA", EVENT("CLICK", "<EventKey>a</EventKey>"), "oB", EVENT("CLICK", "<EventKey>a</EventKey>")));
	CHECK(!same_event(
		"oA", EVENT("CLICK", "<EventKey>a</EventKey>"), "oA", EVENT("VIEW", "<EventKey>a</EventKey>")));
	CHECK(!same_event("oA", EVENT("subscribe", ""), "oA", EVENT("unsubscribe", "")));
	CHECK(!same_event("mphelper", EVENT("MASSSENDJOBFINISH", "<MsgID>1</MsgID><Status>send success</Status>"),
		"mphelper", EVENT("MASSSENDJOBFINISH", "<MsgID>2</MsgID><Status>send success</Status>")));
	CHECK(!same_event("oA", EVENT("new", "<A>1</A>"), "oA", EVENT("new", "<A>2</A>")));
	CHECK(same_event("oA", EVENT("new", "<A>1</A>"), "oA", EVENT("new", "<A>1</A>")));
}

/* ---- the answer ---- */

static void test_answer__nothing_to_say_is_success(void **state)
{
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	push_file(&rig, "text");
	push_answer(&rig, "");
	CHECK_STR(buf_str(&rig.answer), "success");
	CHECK_TEXT(rig.answer_type, "text/plain");
	push_elements(&rig, "mphelper", EVENT("MASSSENDJOBFINISH", "<MsgID>1</MsgID>"));
	push_answer(&rig, "to nobody");
	CHECK_STR(buf_str(&rig.answer), "success");
	push_rig_finish(&rig);
}

static void check_reply(struct str xml_text_, const char *content)
{
	cleanup(xml_freep) struct xml *xml = NULL;
	struct error err = { 0 };

	CHECK_OK(xml_parse(xml_text_, &xml, &err), err);
	CHECK_TEXT(xml_name(xml), "xml");
	CHECK_STR(xml_get_text(xml, "ToUserName"), CITIZEN);
	CHECK_STR(xml_get_text(xml, "FromUserName"), ACCOUNT);
	CHECK_STR(xml_get_text(xml, "CreateTime"), "1764000010");
	CHECK_STR(xml_get_text(xml, "MsgType"), "text");
	CHECK_STR(xml_text(xml_get(xml, "Content")), content);
}

static void test_answer__in_clear_where_the_push_came_in_clear(void **state)
{
	cleanup(free_charp) char *xml = push_fixture("wechat/push/text.xml");
	struct push_rig rig;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_PLAIN);
	push_plain(&rig, xml);
	push_answer(&rig, "您好，您的留言已收到。\n受理编号：345 ]]> <a>&amp;\x01\x1b[31m\xff");
	CHECK_TEXT(rig.answer_type, "text/xml");
	check_reply(buf_str(&rig.answer), "您好，您的留言已收到。\n受理编号：345 ]]> <a>&amp;[31m\xef\xbf\xbd");
	push_rig_finish(&rig);
}

static void test_answer__sealed_signed_and_swapped(void **state)
{
	cleanup(xml_freep) struct xml *xml = NULL;
	struct push_rig rig;
	struct buf inner;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_SAFE);
	push_file(&rig, "text");
	push_answer(&rig, "收到 ]]> 编号 1");
	CHECK(xml_parse(buf_str(&rig.answer), &xml, NULL));
	{
		struct str parts[] = { STR(TOKEN), xml_get_text(xml, "TimeStamp"), xml_get_text(xml, "Nonce"),
			xml_get_text(xml, "Encrypt") };

		CHECK(wechat_signed(parts, 4, xml_get_text(xml, "MsgSignature")));
		CHECK_STR(parts[1], "1764000010");
		CHECK_STR(parts[2], NONCE);
		buf_init(&inner, 1u << 16);
		CHECK_INT(wechat_open(STR(KEY), STR(APPID), parts[3], &inner), WECHAT_OPENED);
	}
	check_reply(buf_str(&inner), "收到 ]]> 编号 1");
	CHECK(!xml_get(xml, "Content"));
	buf_finish(&inner);
	push_rig_finish(&rig);
}

static void test_answer__is_cut_between_characters(void **state)
{
	cleanup(free_charp) char *fixture = push_fixture("wechat/push/text.xml");
	cleanup(xml_freep) struct xml *xml = NULL;
	struct push_rig rig;
	struct buf text;
	struct str content;

	(void)state;
	push_rig_init(&rig, WECHAT_MODE_PLAIN);
	push_plain(&rig, fixture);
	buf_init(&text, 8192);
	(void)buf_add_char(&text, 'x');
	for (int i = 0; i < 1000; i++) {
		(void)buf_add_text(&text, "长");
	}
	push_answer(&rig, text.p);
	CHECK(xml_parse(buf_str(&rig.answer), &xml, NULL));
	content = xml_text(xml_get(xml, "Content"));
	CHECK_INT(content.n, 1 + 3 * 599);
	CHECK(utf8_valid(content));
	buf_finish(&text);
	push_rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify__echoes_what_was_signed_as_often_as_asked),
		cmocka_unit_test(test_verify__the_platforms_own_example),
		cmocka_unit_test(test_verify__refuses),
		cmocka_unit_test(test_push__each_mode_takes_its_own),
		cmocka_unit_test(test_push__what_stands_in_clear_beside_the_envelope_counts_for_nothing),
		cmocka_unit_test(test_push__samples_of_safe_and_compatible_mode),
		cmocka_unit_test(test_push__a_changed_key_opens_both_and_answers_with_the_one_that_fits),
		cmocka_unit_test(test_push__attacks_are_refused),
		cmocka_unit_test(test_push__vectors_that_must_not_open_are_refused),
		cmocka_unit_test(test_message__of_every_type),
		cmocka_unit_test(test_message__odd_ones_are_kept),
		cmocka_unit_test(test_message__its_key_is_its_number_and_its_sender),
		cmocka_unit_test(test_message__of_the_helper_or_of_nobody_is_no_citizens),
		cmocka_unit_test(test_event__of_citizens),
		cmocka_unit_test(test_event__of_every_other_name),
		cmocka_unit_test(test_event__results_of_jobs),
		cmocka_unit_test(test_event__every_end_of_a_broadcast_is_told_in_plain_words),
		cmocka_unit_test(test_event__every_state_of_a_publication),
		cmocka_unit_test(test_event__its_key_tells_apart_what_happens_in_one_second),
		cmocka_unit_test(test_answer__nothing_to_say_is_success),
		cmocka_unit_test(test_answer__in_clear_where_the_push_came_in_clear),
		cmocka_unit_test(test_answer__sealed_signed_and_swapped),
		cmocka_unit_test(test_answer__is_cut_between_characters),
	};

	if (!when_set_zone("Asia/Shanghai", NULL)) {
		return 1;
	}
	return check_run(tests);
}
