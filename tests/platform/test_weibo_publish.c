/* The exact wire form of writes, and what their answers become. */
#include "platform/weibo/weibo.h"
#include "rig.h"

static const char jpeg[] = "\xff\xd8\xff\xe0 some bytes\0with a NUL";

/* source  wiki "2/statuses/share" */
static void test_share__form_is_encoded_once(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.text = STR("停水通知 https://www.example.com/n/1 ");
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_INT(rig.request.method, HTTP_POST);
	CHECK(rig.request.writes);
	CHECK_TEXT(rig.request.url, "http://127.0.0.1:8750/2/statuses/share.json");
	CHECK_TEXT(rig.request.content_type, "application/x-www-form-urlencoded");
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
		"access_token=2.00TOKEN&rip=203.0.113.7&status=%E5%81%9C%E6%B0%B4%E9%80%9A%E7%9F%A5%20"
		"https%3A%2F%2Fwww.example.com%2Fn%2F1%20");
	CHECK_INT(rig.request.n_parts, 0);
	rig_finish(&rig);
}

static void test_share__every_byte_of_the_text_survives(void **state)
{
	struct rig rig;
	const char *text = "50% & 100% +1 = a&b?c#d\n\"引号\" %E4 😀";

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.text = str_from(text);
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig_field(&rig, "status"), text);
	CHECK_TEXT(rig_field(&rig, "access_token"), "2.00TOKEN");
	rig_finish(&rig);
}

static void check_part(const struct http_part *part, const char *name, const char *filename, const char *type,
	const char *data, size_t n)
{
	CHECK_TEXT(part->name, name);
	if (filename) {
		CHECK_TEXT(part->filename, filename);
		CHECK_TEXT(part->content_type, type);
	} else {
		assert_null(part->filename);
		assert_null(part->content_type);
	}
	CHECK_INT(part->n, n);
	assert_memory_equal(part->data, data, n);
}

/* source  wiki "2/statuses/share", "upload": raw UTF-8 in the parts, pic last, with name and type */
static void test_share__picture_goes_as_multipart(void **state)
{
	struct post_media picture = {
		.name = (char *)"停水 map.1.PNG", .data = (char *)(uintptr_t)jpeg, .n = sizeof(jpeg)
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.text = STR("停水通知 https://www.example.com/n/1 ");
	rig.send.media = &picture;
	rig.send.n_media = 1;
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig.request.url, "http://127.0.0.1:8750/2/statuses/share.json");
	CHECK(rig.request.writes);
	CHECK(rig.request.body == NULL);
	CHECK_INT(rig.request.timeout_ms, 60000);
	CHECK_INT(rig.request.n_parts, 4);
	check_part(&rig.request.parts[0], "access_token", NULL, NULL, "2.00TOKEN", 9);
	check_part(&rig.request.parts[1], "status", NULL, NULL, rig.send.text.p, rig.send.text.n);
	check_part(&rig.request.parts[2], "rip", NULL, NULL, "203.0.113.7", 11);
	/* the name is made harmless, its ending follows the bytes */
	check_part(&rig.request.parts[3], "pic", "map.jpg", "image/jpeg", jpeg, sizeof(jpeg));
	rig_finish(&rig);
}

static void test_picture__is_refused_before_it_leaves(void **state)
{
	struct post_media pictures[2] = { { .data = (char *)"BM", .n = 2 }, { .data = (char *)"GIF89a", .n = 6 } };
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.media = pictures;
	rig.send.n_media = 1;
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "JPEG");
	CHECK_INT(rig.err.advice, ADVISE_REJECT);
	pictures[0].data = NULL;
	CHECK_FAILS(rig_try(&rig), rig.err, "JPEG");
	rig.send.n_media = 2;
	CHECK_FAILS(rig_try(&rig), rig.err, "one picture");
	rig.send.media = &pictures[1];
	rig.send.n_media = 1;
	rig_request(&rig);
	CHECK_TEXT(rig.request.parts[3].filename, "picture.gif");
	pictures[1].n = WEIBO_PICTURE_BYTES;
	pictures[1].data = xcalloc(pictures[1].n, 1);
	memcpy(pictures[1].data, "GIF89a", 6);
	CHECK_FAILS(rig_try(&rig), rig.err, "5 MB");
	rig_finish(&rig);
	free(pictures[1].data);
}

/* source  wiki "2/statuses/update" */
static void test_update__carries_the_marker(void **state)
{
	struct rig rig;
	char space[600];

	(void)state;
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	rig.send.text = STR("#停水#");
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/2/statuses/update.json");
	CHECK_TEXT(rig_field(&rig, "annotations"), "[{\"k\":\"k7-12\"}]");
	CHECK_TEXT(rig_field(&rig, "is_longtext"), "");
	CHECK_TEXT(rig_field(&rig, "rip"), "203.0.113.7");
	memset(space, 'a', 281);
	rig.send.text = (struct str){ space, 280 };
	rig_request(&rig);
	CHECK_TEXT(rig_field(&rig, "is_longtext"), "");
	rig.send.text = (struct str){ space, 281 };
	rig_request(&rig);
	CHECK_TEXT(rig_field(&rig, "is_longtext"), "1");
	rig.send.marker = "a\"b\\c\nd";
	rig_request(&rig);
	CHECK_TEXT(rig_field(&rig, "annotations"), "[{\"k\":\"abcd\"}]");
	rig_finish(&rig);
}

static void test_upload__host_follows_the_configuration(void **state)
{
	struct post_media picture = { .data = (char *)"\x89PNG\r\n\x1a\n", .n = 8 };
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	rig.send.media = &picture;
	rig.send.n_media = 1;
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig.request.url, "http://127.0.0.1:8750/2/statuses/upload.json");
	CHECK_INT(rig.request.n_parts, 5);
	check_part(&rig.request.parts[3], "annotations", NULL, NULL, "[{\"k\":\"k7-12\"}]", 15);
	check_part(&rig.request.parts[4], "pic", "picture.png", "image/png", picture.data, 8);
	rig.account.base_url = "https://api.weibo.com";
	rig_request(&rig);
	CHECK_TEXT(rig.request.url, "https://upload.api.weibo.com/2/statuses/upload.json");
	rig.settings.upload_url = xstrdup("https://up.example.com");
	rig_request(&rig);
	CHECK_TEXT(rig.request.url, "https://up.example.com/2/statuses/upload.json");
	rig_finish(&rig);
}

/* source  wiki "2/comments/reply", "2/comments/create" */
static void test_reply__to_a_comment_and_to_a_mention(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.kind = SEND_REPLY;
	rig.send.text = STR("您好");
	rig.send.reply_to_kind = MESSAGE_COMMENT;
	rig.send.reply_to_id = "5251654890815499";
	rig.send.reply_status_id = "5251651753477097";
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/2/comments/reply.json");
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
		"access_token=2.00TOKEN&cid=5251654890815499&comment=%E6%82%A8%E5%A5%BD&id=5251651753477097&rip=203.0."
		"113.7");
	CHECK(rig.request.writes);

	rig.send.reply_to_kind = MESSAGE_MENTION;
	rig.send.reply_to_id = "5251744816693253";
	rig.send.reply_status_id = NULL;
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/2/comments/create.json");
	CHECK_TEXT(rig_field(&rig, "id"), "5251744816693253");
	CHECK_TEXT(rig_field(&rig, "cid"), "");
	CHECK_TEXT(rig_field(&rig, "comment"), "您好");
	rig_finish(&rig);
}

static void test_reply__without_a_target_is_refused(void **state)
{
	struct post_media picture = { .data = (char *)"GIF89a", .n = 6 };
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.kind = SEND_REPLY;
	rig.send.reply_to_kind = MESSAGE_COMMENT;
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "no usable id");
	rig.send.reply_to_id = "5251654890815499";
	CHECK_FAILS(rig_try(&rig), rig.err, "no usable id");
	rig.send.reply_status_id = "x";
	CHECK_FAILS(rig_try(&rig), rig.err, "no usable id");
	rig.send.reply_status_id = "5251651753477097";
	CHECK_OK(rig_try(&rig), rig.err);
	rig.send.media = &picture;
	rig.send.n_media = 1;
	CHECK_FAILS(rig_try(&rig), rig.err, "no picture");
	rig.send.n_media = 0;
	rig.send.reply_to_kind = MESSAGE_DIRECT;
	CHECK_FAILS(rig_try(&rig), rig.err, "private");
	rig.send.text = STR("");
	CHECK_FAILS(rig_try(&rig), rig.err, "empty");
	rig_finish(&rig);
}

static void test_answer__id_and_public_address(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_do(&rig, OP_SEND, 200, rig_fixture(&rig, "share"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.remote_id, "5251651753477097");
	CHECK_TEXT(rig.outcome.url, "https://weibo.com/7700000001/QlFHheAyd");
	assert_null(rig.outcome.note);
	rig_do(&rig, OP_SEND, 200, rig_fixture(&rig, "share_with_pic"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_finish(&rig);
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	rig_do(&rig, OP_SEND, 200, rig_fixture(&rig, "update"));
	CHECK_TEXT(rig.outcome.remote_id, "5251681914716167");
	rig_finish(&rig);
}

static void test_answer__ids_in_every_form(void **state)
{
	static const struct {
		const char *body;
		const char *id; /* NULL: in doubt */
	} cases[] = {
		{ "{\"id\":3504803600500000,\"idstr\":\"3504803600502730\"}", "3504803600502730" }, /* id was rounded */
		{ "{\"id\":9223372036854775807}", "9223372036854775807" },
		{ "{\"id\":18014398509481985}", "18014398509481985" }, /* odd and above 2^53 */
		{ "{\"id\":\"18014398509481985\"}", "18014398509481985" },
		{ "{\"id\":7,\"idstr\":\"\"}", "7" },
		{ "{\"id\":7,\"idstr\":null,\"unknown\":{\"deep\":[1]}}", "7" },
		{ "{\"id\":0}", NULL },
		{ "{\"id\":-5}", NULL },
		{ "{\"id\":\"abc\"}", NULL },
		{ "{\"id\":9223372036854775808}", NULL },
		{ "{\"id\":{}}", NULL },
		{ "{\"mid\":\"7\"}", NULL },
		{ "[]", NULL },
		{ "[{\"id\":7}]", NULL },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_do(&rig, OP_SEND, 200, cases[i].body);
		if (cases[i].id) {
			CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
			CHECK_TEXT(rig.outcome.remote_id, cases[i].id);
		} else {
			CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
			CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
		}
	}
	rig_finish(&rig);
}

static void test_answer__another_account_is_pointed_out(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig_do(&rig, OP_SEND, 200, "{\"id\":7,\"user\":{\"id\":42}}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK(strstr(rig.outcome.note, "42"));
	CHECK(strstr(rig.outcome.note, RIG_UID));
	CHECK_TEXT(rig.outcome.url, "https://weibo.com/42/7");
	rig_finish(&rig);
}

static void test_answer__a_reply_that_is_not_threaded_says_so(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.kind = SEND_REPLY;
	rig.send.text = STR("您好,支路不在此次停水范围。");
	rig.send.reply_to_kind = MESSAGE_COMMENT;
	rig.send.reply_to_id = "5251654890815499";
	rig.send.reply_status_id = "5251651753477097";
	rig_do(&rig, OP_SEND, 200, rig_fixture(&rig, "comments_reply"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.remote_id, "5251659504549901");
	CHECK_TEXT(rig.outcome.url, "https://weibo.com/7700000001/QlFHheAyd");
	assert_null(rig.outcome.note);
	rig_do(&rig, OP_SEND, 200, rig_fixture(&rig, "comments_create"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK(strstr(rig.outcome.note, "not threaded"));
	rig.send.reply_to_kind = MESSAGE_MENTION;
	rig.send.reply_to_id = "5251651753477097";
	rig_do(&rig, OP_SEND, 200, rig_fixture(&rig, "comments_create"));
	assert_null(rig.outcome.note);
	rig_finish(&rig);
}

static void test_withdrawal__is_refused_before_anything_is_done(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	CHECK_FAILS(rig.driver->may_withdraw(&rig.send, &rig.err), rig.err, "delete it in Weibo");
	CHECK_INT(rig.err.domain, ERROR_STATE);
	CHECK_INT(rig.err.advice, ADVISE_REJECT);
	rig_finish(&rig);
}

static void test_driver__quotas_and_costs(void **state)
{
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	const struct driver_send publish = { .kind = SEND_PUBLISH };
	const struct driver_send reply = { .kind = SEND_REPLY };
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	CHECK_INT(rig.driver->quotas(&rig.settings, quotas), 2);
	CHECK_TEXT(quotas[0].name, "calls");
	CHECK_INT(quotas[0].limit, 100);
	CHECK_INT(quotas[0].reserve, 28);
	CHECK_INT(quotas[0].window_ms, 86400000);
	/* 2026-01-05 00:00 +0800 begins a window */
	CHECK_INT((INT64_C(1767542400000) - quotas[0].offset_ms) % quotas[0].window_ms, 0);
	CHECK_TEXT(quotas[1].name, "posts");
	CHECK_INT(quotas[1].limit, 30);
	CHECK_INT(quotas[1].window_ms, 3600000);
	CHECK_INT(rig.driver->cost(OP_SEND, &publish), 3);
	CHECK_INT(rig.driver->cost(OP_SEND, &reply), 1);
	CHECK_INT(rig.driver->cost(OP_FIND, &publish), 1);
	CHECK_INT(rig.driver->cost(OP_PULL, NULL), 1);
	CHECK_INT(rig.driver->cost(OP_LOGIN, NULL), 0);
	CHECK_INT(rig.driver->cost(OP_TOKEN, NULL), 0);
	CHECK_INT(rig.driver->cost(OP_LIMITS, NULL), 0);
	CHECK_INT(rig.driver->poll_min_ms(&rig.settings), 180000);
	CHECK_INT(rig.driver->find_after_ms(&rig.settings), 20000);
	CHECK_INT(rig.driver->settle_lag_ms(&rig.settings), 130000);
	assert_null(rig.driver->initial_token(&rig.settings));
	secret_set(&rig.settings.token, STR("2.00FILE"));
	CHECK_STR(secret_lend(rig.driver->initial_token(&rig.settings)), "2.00FILE");
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share__form_is_encoded_once),
		cmocka_unit_test(test_share__every_byte_of_the_text_survives),
		cmocka_unit_test(test_share__picture_goes_as_multipart),
		cmocka_unit_test(test_picture__is_refused_before_it_leaves),
		cmocka_unit_test(test_update__carries_the_marker),
		cmocka_unit_test(test_upload__host_follows_the_configuration),
		cmocka_unit_test(test_reply__to_a_comment_and_to_a_mention),
		cmocka_unit_test(test_reply__without_a_target_is_refused),
		cmocka_unit_test(test_answer__id_and_public_address),
		cmocka_unit_test(test_answer__ids_in_every_form),
		cmocka_unit_test(test_answer__another_account_is_pointed_out),
		cmocka_unit_test(test_answer__a_reply_that_is_not_threaded_says_so),
		cmocka_unit_test(test_withdrawal__is_refused_before_anything_is_done),
		cmocka_unit_test(test_driver__quotas_and_costs),
	};

	return check_run(tests);
}
