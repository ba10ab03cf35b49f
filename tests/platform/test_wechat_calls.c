/* Tokens, limits, citizens' media, and the driver's own calls. */
#include "wechat_rig.h"

static void test_renewal__asks_for_the_stable_token(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (int force = 0; force < 2; force++) {
		rig_start(&rig, OP_RENEW);
		rig.op.force = force;
		rig_request(&rig);
		CHECK_TEXT(rig.request.url, "http://127.0.0.1:8751/cgi-bin/stable_token");
		CHECK_TEXT(json_text(rig.body, "grant_type", ""), "client_credential");
		CHECK_TEXT(json_text(rig.body, "appid", ""), "wx5a1b2c3d4e5f6071");
		CHECK_TEXT(json_text(rig.body, "secret", ""), RIG_SECRET);
		CHECK_INT(json_bool(rig.body, "force_refresh", !force), force);
		rig_fixture_answer(&rig, "stable_token");
		CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
		CHECK_INT(rig.outcome.expires_in_ms, 345000);
		CHECK(str_starts(secret_lend(&rig.outcome.token), STR("70_TESTTOKEN_AbCd")));
	}
	rig_start(&rig, OP_RENEW);
	rig_do(&rig, "error_40125");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REAUTH);
	CHECK(rig.outcome.needs_person);
	rig_start(&rig, OP_RENEW);
	rig_do(&rig, "error_40001"); /* here it is the secret */
	CHECK(rig.outcome.needs_person);
	rig_start(&rig, OP_RENEW);
	rig_request(&rig);
	rig_answer(&rig, "{\"access_token\":\"\",\"expires_in\":7200}");
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	CHECK_INT(rig.driver->renew_after_ms(7200000), HOUR_MS);
	CHECK_INT(rig.driver->renew_after_ms(1000000), 700000);
	CHECK_INT(rig.driver->renew_after_ms(300000), 1000);
	rig_finish(&rig);
}

static void test_token__is_tried_by_a_cheap_call(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_start(&rig, OP_TOKEN);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/getcallbackip");
	rig_fixture_answer(&rig, "getcallbackip");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.remote_uid, "gh_0123456789ab");
	rig_start(&rig, OP_TOKEN);
	rig_do(&rig, "error_40001");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REAUTH);
	CHECK(!rig.outcome.needs_person);
	rig_finish(&rig);
}

static void test_limits__are_asked_path_by_path(void **state)
{
	struct rig rig;
	int n = 0;

	(void)state;
	rig_init(&rig);
	rig_start(&rig, OP_LIMITS);
	do {
		rig_request(&rig);
		CHECK_TEXT(rig_path(&rig), "/cgi-bin/openapi/quota/get");
		if (!strcmp(json_text(rig.body, "cgi_path", ""), "/cgi-bin/freepublish/submit")) {
			rig_answer(&rig, "{\"errcode\":76022,\"errmsg\":\"could not use this cgi_path\"}");
		} else {
			rig_fixture_answer(&rig, "quota_get");
		}
		n++;
	} while (rig.outcome.kind == OUTCOME_NEXT && n < 20);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(n, 7);
	CHECK_INT(rig.outcome.remaining[WECHAT_QUOTA_PUBLISH_GET], 63);
	CHECK_INT(rig.outcome.remaining[WECHAT_QUOTA_PUBLISH], -1);
	CHECK_INT(rig.outcome.remaining[WECHAT_QUOTA_COMMENT_LIST], 63);
	CHECK_INT(rig.outcome.remaining[WECHAT_QUOTA_BROADCASTS], -1);
	rig_finish(&rig);
}

static void test_media__is_what_its_bytes_say(void **state)
{
	static const struct {
		struct str bytes;
		const char *type;
	} cases[] = {
		{ STR("\xff\xd8\xff\xe0...."), "image/jpeg" },
		{ STR("#!AMR\n..."), "audio/amr" },
		{ STR("\0\0\0\x18"
		      "ftypmp42"),
			"video/mp4" },
		{ STR("{not JSON but bytes"), NULL },
		{ STR("<html>"), "application/octet-stream" },
	};
	static char image[] = "image";
	static char id[] = "MEDIA id";
	struct message_media media = { .type = image, .remote_id = id };
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_start(&rig, OP_MEDIA);
		rig.op.media = &media;
		rig_request(&rig);
		CHECK_TEXT(rig.request.url,
			"http://127.0.0.1:8751/cgi-bin/media/get?access_token=" RIG_TOKEN "&media_id=MEDIA%20id");
		CHECK_INT(rig.request.answer_max_bytes, LIMIT_CITIZEN_MEDIA_BYTES);
		rig_fate(&rig, HTTP_ANSWERED, 200, cases[i].bytes, STR("image/jpeg"));
		if (!cases[i].type) {
			CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
			continue;
		}
		CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
		CHECK_TEXT(rig.outcome.media_type, cases[i].type);
		CHECK(str_eq(buf_str(&rig.outcome.media), cases[i].bytes));
	}
	rig_start(&rig, OP_MEDIA);
	rig.op.media = &media;
	rig_do(&rig, "error_40007");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	rig_finish(&rig);
}

static void test_video__is_fetched_from_the_platform_only(void **state)
{
	static const struct {
		const char *url;
		bool allowed;
	} cases[] = {
		{ "http://127.0.0.1:8751/video/1.mp4", true },
		{ "https://vweixinp.tc.qq.com/1.mp4?a=b", true },
		{ "http://127.0.0.1:9999/", false },
		{ "http://169.254.169.254/latest", false },
		{ "http://x@vweixinp.tc.qq.com/", false },
		{ "http://evilqq.com/", false },
		{ "http://a.qq.com.evil.example/", false },
		{ "http://evil.example/.qq.com", false },
		{ "file:///etc/passwd", false },
		{ "", false },
	};
	static char video[] = "video";
	static char id[] = "V";
	struct message_media media = { .type = video, .remote_id = id };
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char body[200];

		rig_start(&rig, OP_MEDIA);
		rig.op.media = &media;
		rig_request(&rig);
		(void)snprintf(body, sizeof(body), "{\"video_url\":\"%s\"}", cases[i].url);
		rig_answer(&rig, body);
		if (!cases[i].allowed) {
			CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
			continue;
		}
		CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
		rig_request(&rig);
		CHECK_TEXT(rig.request.url, cases[i].url); /* and no token */
		CHECK_INT(rig.request.answer_max_bytes, LIMIT_CITIZEN_MEDIA_BYTES);
		rig_fate(&rig, HTTP_ANSWERED, 200,
			STR("\0\0\0\x18"
			    "ftypisom"),
			STR("video/mp4"));
		CHECK_TEXT(rig.outcome.media_type, "video/mp4");
	}
	rig_finish(&rig);
}

/* ---- calls ---- */

static cJSON *params;

static void call(struct rig *rig, const char *name, const char *text)
{
	struct error err = { 0 };

	json_freep(&params);
	CHECK_OK(json_parse(str_from(text), &params, &err), err);
	rig_start(rig, OP_CALL);
	rig->op.call = name;
	rig->op.params = params;
}

static void test_calls__are_refused_with_a_reason(void **state)
{
	static const struct {
		const char *name;
		const char *params;
		const char *part;
	} cases[] = {
		{ "nothing", "{}", "have no call \"nothing\"" },
		{ "topics", "{\"x\":1}", "topics: \"x\" is no parameter" },
		{ "topics", "{\"\":1}", "is no parameter" },
		{ "qr", "{\"scene expires_ms\":1}", "is no parameter" },
		{ "qr", "{}", "qr: scene:" },
		{ "qr", "{\"scene\":\"a\",\"expires_ms\":2592001000}", "qr: expires_ms:" },
		{ "topic.create", "{\"name\":\"一二三四五六七八九十一\"}", "30 bytes" },
		{ "topic.add", "{\"followers\":[\"o1\"]}", "topic.add: topic:" },
		{ "topic.add", "{\"topic\":\"a\",\"number\":\"101\"}", "topic.add: followers:" },
		{ "topic.add", "{\"topic\":\"a\",\"number\":\"101\",\"followers\":[\"o 1\"]}", "followers:" },
		{ "topic.remove", "{\"topic\":\"a\",\"number\":\"101\",\"followers\":[]}", "followers:" },
		{ "menu.push", "{}", "one to three" },
		{ "menu.push", "{\"button\":[{\"name\":\"一二三四五六\",\"type\":\"click\"}]}",
			"longer than 16 bytes" },
		{ "menu.push", "{\"button\":[{\"name\":\"一\"}]}", "type is missing" },
		{ "menu.push", "{\"button\":[7]}", "object with a name" },
		{ "preview", "{}", "have no call \"preview\"" },
		{ "comments.open", "{\"thread\":\"1\"}", "thread:" },
		{ "comment.elect", "{\"comment\":\"1/0\"}", "comment:" },
		{ "typing", "{\"follower\":\"o1\"}", "on:" },
		{ "article.delete", "{\"article\":\"https://mp.weixin.qq.com/s/x\"}", "not an address" },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		call(&rig, cases[i].name, cases[i].params);
		CHECK_FAILS(rig_try(&rig), rig.err, cases[i].part);
		CHECK_INT(rig.err.domain, ERROR_INPUT);
		CHECK_INT(rig.err.advice, ADVISE_REJECT);
	}
	rig_finish(&rig);
}

static void test_calls__have_the_documented_form(void **state)
{
	static const struct {
		const char *name;
		const char *params;
		const char *path;
		const char *body;
	} cases[] = {
		{ "menu.push", "{\"button\":[{\"name\":\"留言\",\"type\":\"click\",\"key\":\"a\"}]}",
			"/cgi-bin/menu/create", "{\"button\":[{\"name\":\"留言\",\"type\":\"click\",\"key\":\"a\"}]}" },
		{ "menu.show", "{}", "/cgi-bin/get_current_selfmenu_info", NULL },
		{ "menu.delete", "{}", "/cgi-bin/menu/delete", NULL },
		{ "qr", "{\"scene\":\"hall_03\"}", "/cgi-bin/qrcode/create",
			"{\"expire_seconds\":2592000,\"action_name\":\"QR_STR_SCENE\",\"action_info\":{\"scene\":"
			"{\"scene_str\":\"hall_03\"}}}" },
		{ "qr", "{\"scene\":\"hall_03\",\"permanent\":true}", "/cgi-bin/qrcode/create",
			"{\"action_name\":\"QR_LIMIT_STR_SCENE\",\"action_info\":{\"scene\":{\"scene_str\":\"hall_03\"}"
			"}}" },
		{ "topic.create", "{\"name\":\"社区网格员\"}", "/cgi-bin/tags/create",
			"{\"tag\":{\"name\":\"社区网格员\"}}" },
		{ "comments.close", "{\"thread\":\"2247503077/0\"}", "/cgi-bin/comment/close",
			"{\"msg_data_id\":2247503077,\"index\":0}" },
		{ "comment.elect", "{\"comment\":\"2247503077/0/11\"}", "/cgi-bin/comment/markelect",
			"{\"msg_data_id\":2247503077,\"index\":0,\"user_comment_id\":11}" },
		{ "comment.reply-delete", "{\"comment\":\"2247503077/0/11\"}", "/cgi-bin/comment/reply/delete",
			"{\"msg_data_id\":2247503077,\"index\":0,\"user_comment_id\":11}" },
		{ "typing", "{\"follower\":\"o1\",\"on\":true}", "/cgi-bin/message/custom/typing",
			"{\"command\":\"Typing\",\"touser\":\"o1\"}" },
		{ "article.delete", "{\"article\":\"A\"}", "/cgi-bin/freepublish/delete", "{\"article_id\":\"A\"}" },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		call(&rig, cases[i].name, cases[i].params);
		rig_request(&rig);
		CHECK_TEXT(rig_path(&rig), cases[i].path);
		CHECK_INT(rig.request.method, cases[i].body ? HTTP_POST : HTTP_GET);
		CHECK_INT(rig.request.writes, strcmp(cases[i].name, "menu.show") != 0);
		if (cases[i].body) {
			CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }), cases[i].body);
		}
		rig_answer(&rig, "{\"errcode\":0,\"errmsg\":\"ok\"}");
		CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
		CHECK(cJSON_IsObject(rig.outcome.json));
	}
	rig_finish(&rig);
}

static void test_topic__is_turned_into_its_number(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	call(&rig, "topic.add", "{\"topic\":\"社区网格员\",\"followers\":[\"" RIG_OPENID "\"]}");
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/tags/get");
	CHECK(!rig.request.writes);
	rig_fixture_answer(&rig, "tags_get");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/tags/members/batchtagging");
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
		"{\"openid_list\":[\"" RIG_OPENID "\"],\"tagid\":101}");
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY); /* twice is the same as once */
	call(&rig, "menu.push", "{\"button\":[{\"name\":\"a\",\"type\":\"click\",\"key\":\"a\"}]}");
	rig_request(&rig);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	call(&rig, "topic.create", "{\"name\":\"停水通知\"}");
	rig_request(&rig);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT); /* a person looks: nothing is repeated by itself */
	call(&rig, "topic.delete", "{\"topic\":\"x\"}");
	rig_do(&rig, "tags_get");
	CHECK(strstr(rig.outcome.error.message, "no topic \"x\""));
	call(&rig, "topics", "{}");
	rig_do(&rig, "tags_get");
	CHECK_TEXT(rig_json(rig.outcome.json), "{\"topics\":[{\"id\":101,\"name\":\"社区网格员\",\"followers\":23}]}");
	rig_finish(&rig);
}

static void test_topic__that_a_follower_chose_first_is_made(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	call(&rig, "topic.add", "{\"topic\":\"停水通知\",\"followers\":[\"o1\",\"o2\"]}");
	rig_do(&rig, "tags_get");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/tags/create");
	CHECK(rig.request.writes);
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }), "{\"tag\":{\"name\":\"停水通知\"}}");
	rig_answer(&rig, "{\"tag\":{\"id\":134,\"name\":\"停水通知\"}}");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/tags/members/batchtagging");
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
		"{\"openid_list\":[\"o1\",\"o2\"],\"tagid\":134}");
	rig_answer(&rig, "{\"errcode\":0,\"errmsg\":\"ok\"}");
	CHECK_TEXT(rig_json(rig.outcome.json), "{\"number\":\"134\"}");
	/* Nobody can be taken off a topic that is not there. */
	call(&rig, "topic.remove", "{\"topic\":\"停水通知\",\"followers\":[\"o1\"]}");
	rig_do(&rig, "tags_get");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	/* An answer without a number: looked for again. */
	call(&rig, "topic.add", "{\"topic\":\"停水通知\",\"followers\":[\"o1\"]}");
	rig_do(&rig, "tags_get");
	rig_request(&rig);
	rig_answer(&rig, "{\"tag\":{}}");
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	rig_finish(&rig);
}

static void test_topic__number_is_remembered_until_it_is_gone(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	call(&rig, "topic.add", "{\"topic\":\"社区网格员\",\"number\":\"99\",\"followers\":[\"o1\"]}");
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/tags/members/batchtagging");
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }), "{\"openid_list\":[\"o1\"],\"tagid\":99}");
	rig_answer(&rig, "{\"errcode\":45159,\"errmsg\":\"invalid tag id\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/tags/get");
	rig_fixture_answer(&rig, "tags_get");
	rig_request(&rig);
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }), "{\"openid_list\":[\"o1\"],\"tagid\":101}");
	rig_answer(&rig, "{\"errcode\":45159,\"errmsg\":\"invalid tag id\"}");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT); /* once is enough */
	rig_finish(&rig);
}

static void test_topics__of_the_settings_are_checked(void **state)
{
	static const struct {
		const char *topics[3];
		const char *part; /* NULL: well */
	} cases[] = {
		{ { "停水通知", "交通管制" }, NULL },
		{ { "一二三四五六七八九十" }, NULL },
		{ { "一二三四五六七八九十一" }, "topics: \"一二三四五六七八九十一\": 1 to 30 bytes" },
		{ { "停水", "停水" }, "topics: \"停水\" stands here twice" },
		{ { " 停水" }, "1 to 30 bytes" },
	};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config_words *topics = &rig.settings.topics;
		struct error err = { 0 };

		rig_init(&rig);
		topics->items = xnew_array(char *, 3);
		while (topics->n < 3 && cases[i].topics[topics->n]) {
			topics->items[topics->n] = xstrdup(cases[i].topics[topics->n]);
			topics->n++;
		}
		if (cases[i].part) {
			CHECK_FAILS(wechat_check_settings(&rig.settings, &err), err, cases[i].part);
		} else {
			CHECK_OK(wechat_check_settings(&rig.settings, &err), err);
			CHECK_INT(rig.driver->topics(&rig.settings)->n, topics->n);
			rig.settings.verified = false;
			CHECK_FAILS(wechat_check_settings(&rig.settings, &err), err, "topics: only verified");
		}
		rig_finish(&rig);
	}
}

static void test_results__are_as_documented(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	call(&rig, "qr", "{\"scene\":\"hall_03\"}");
	rig_do(&rig, "qrcode_create");
	CHECK_TEXT(rig_json(rig.outcome.json),
		"{\"ticket\":\"gQTESTticket_AbCdEf==\",\"url\":\"http://weixin.qq.com/q/TESTqr0001\",\"image_url\":"
		"\"http://127.0.0.1:8751/cgi-bin/"
		"showqrcode?ticket=gQTESTticket_AbCdEf%3D%3D\",\"expires_in_ms\":2592000000}");
	call(&rig, "qr", "{\"scene\":\"hall_03\"}");
	rig_do(&rig, "error_48001");
	CHECK_TEXT(rig.outcome.capability, "qr");
	call(&rig, "menu.delete", "{}");
	rig_request(&rig);
	rig_answer(&rig, "{\"errcode\":46003,\"errmsg\":\"menu no exist\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_finish(&rig);
}

static int tear_down(void **state)
{
	(void)state;
	json_freep(&params);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renewal__asks_for_the_stable_token),
		cmocka_unit_test(test_token__is_tried_by_a_cheap_call),
		cmocka_unit_test(test_limits__are_asked_path_by_path),
		cmocka_unit_test(test_media__is_what_its_bytes_say),
		cmocka_unit_test(test_video__is_fetched_from_the_platform_only),
		cmocka_unit_test(test_calls__are_refused_with_a_reason),
		cmocka_unit_test(test_calls__have_the_documented_form),
		cmocka_unit_test(test_topic__is_turned_into_its_number),
		cmocka_unit_test(test_topic__that_a_follower_chose_first_is_made),
		cmocka_unit_test(test_topic__number_is_remembered_until_it_is_gone),
		cmocka_unit_test(test_topics__of_the_settings_are_checked),
		cmocka_unit_test(test_results__are_as_documented),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
