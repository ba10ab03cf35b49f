/* Publications step by step: the exact wire form, what is written down between two steps, what a lost answer means. */
#include "wechat_rig.h"

static void test_article__goes_step_by_step(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_start(&rig, OP_SEND);

	rig_request(&rig);
	CHECK_TEXT(rig.request.url, "http://127.0.0.1:8751/cgi-bin/media/uploadimg?access_token=" RIG_TOKEN);
	CHECK(rig.request.writes);
	CHECK_INT(rig.request.n_parts, 1);
	CHECK_TEXT(rig.request.parts[0].name, "media");
	CHECK_TEXT(rig.request.parts[0].filename, "map.png");
	CHECK_TEXT(rig.request.parts[0].content_type, "image/png");
	CHECK_INT(rig.request.parts[0].n, sizeof(rig_png));
	rig_fixture_answer(&rig, "uploadimg");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	CHECK_TEXT(rig.outcome.upload.purpose, "inline");
	CHECK_TEXT(rig.outcome.upload.url, "http://mmbiz.qpic.cn/mmbiz_png/TESTimageKey0001/0?wx_fmt=png");

	rig_request(&rig);
	CHECK_TEXT(rig.request.url,
		"http://127.0.0.1:8751/cgi-bin/material/add_material?access_token=" RIG_TOKEN "&type=image");
	CHECK_TEXT(rig.request.parts[0].filename, "cover.jpg");
	rig_fixture_answer(&rig, "add_material");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	CHECK_TEXT(rig.outcome.upload.purpose, "material");
	CHECK_TEXT(rig.outcome.upload.remote_id, RIG_COVER);

	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/draft/add");
	CHECK_TEXT(rig.request.content_type, "application/json; charset=utf-8");
	rig_fixture_answer(&rig, "draft_add");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	CHECK(strstr(rig.outcome.progress, "\"draft\":\"" RIG_DRAFT "\""));

	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/freepublish/submit");
	CHECK_TEXT(rig_json(rig.body), "{\"media_id\":\"" RIG_DRAFT "\"}");
	rig_fixture_answer(&rig, "freepublish_submit");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.found, FOUND_PENDING);
	CHECK_TEXT(rig.outcome.job_id, "2247503051");
	CHECK_TEXT(rig.outcome.thread_id, "2247503051/0");
	CHECK_INT(rig.outcome.look_after_ms, 30000);
	assert_null(rig.outcome.remote_id);
	rig_finish(&rig);
}

static void test_draft__is_raw_utf8_with_all_fields(void **state)
{
	struct rig rig;
	const cJSON *article;
	const char *content;

	(void)state;
	rig_init(&rig);
	rig.send.title = "停水\b通知\"引号\" 😀";
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "uploadimg");
	rig_do(&rig, "add_material");
	rig_request(&rig);
	assert_null(strstr(rig.request.body, "\\u"));
	assert_null(strstr(rig.request.body, "\\b"));
	CHECK(strstr(rig.request.body, "\"停水通知\\\"引号\\\" 😀\""));
	article = cJSON_GetArrayItem(json_get(rig.body, "articles"), 0);
	CHECK_TEXT(json_text(article, "article_type", ""), "news");
	CHECK_TEXT(json_text(article, "author", ""), "海岚政务");
	CHECK_TEXT(json_text(article, "digest", ""), "今晚停水。");
	CHECK_TEXT(json_text(article, "content_source_url", ""), "https://www.city.gov.example/n/1");
	CHECK_TEXT(json_text(article, "thumb_media_id", ""), RIG_COVER);
	CHECK_INT(json_i64(article, "need_open_comment", -1), 1);
	CHECK_INT(json_i64(article, "only_fans_can_comment", -1), 0);
	content = json_text(article, "content", "");
	CHECK(strstr(
		content, "<img src=\"http://mmbiz.qpic.cn/mmbiz_png/TESTimageKey0001/0?wx_fmt=png\" alt=\"停水范围\""));
	CHECK(strstr(content, "通告（https://www.city.gov.example/n/1）"));
	rig_finish(&rig);
}

static void test_uploads__of_earlier_posts_are_used(void **state)
{
	static char inline_purpose[] = "inline", material[] = "material", url[] = "http://mmbiz.qpic.cn/old",
		    id[] = "OLD";
	char map_sha[65];
	char cover_sha[65];
	struct driver_upload uploads[2];
	struct rig rig;

	(void)state;
	rig_init(&rig);
	memset(map_sha, 'a', 64);
	memset(cover_sha, 'b', 64);
	map_sha[64] = cover_sha[64] = '\0';
	rig.media[0].sha256 = cover_sha;
	rig.media[1].sha256 = map_sha;
	uploads[0] = (struct driver_upload){ .purpose = inline_purpose, .sha256 = map_sha, .url = url };
	uploads[1] = (struct driver_upload){ .purpose = material, .sha256 = cover_sha, .remote_id = id };
	rig.send.uploads = uploads;
	rig.send.n_uploads = 2;
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/draft/add");
	CHECK(strstr(rig.request.body, "http://mmbiz.qpic.cn/old"));
	CHECK(strstr(rig.request.body, "\"thumb_media_id\":\"OLD\""));
	/* deleted on the website since: both are uploaded again, once */
	rig_fixture_answer(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/media/uploadimg");
	rig_fixture_answer(&rig, "uploadimg");
	rig_do(&rig, "add_material");
	rig_request(&rig);
	CHECK(strstr(rig.request.body, "\"thumb_media_id\":\"" RIG_COVER "\""));
	/* the cover is a small JPEG: it is tried as a thumbnail */
	rig_fixture_answer(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig.request.url,
		"http://127.0.0.1:8751/cgi-bin/material/add_material?access_token=" RIG_TOKEN "&type=thumb");
	rig_answer(&rig, "{\"media_id\":\"THUMB\"}");
	assert_null(rig.outcome.upload.purpose);
	rig_do(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	rig_finish(&rig);
}

static void test_comments__stay_closed_without_the_privilege(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "uploadimg");
	rig_do(&rig, "add_material");
	rig_do(&rig, "error_88000");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	CHECK(strstr(rig.outcome.note, "88000"));
	rig_request(&rig);
	CHECK(strstr(rig.request.body, "\"need_open_comment\":0"));
	rig_fixture_answer(&rig, "error_88000");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK_TEXT(rig.outcome.capability, "comments");
	rig_finish(&rig);
}

static void test_lost_answer__is_harmless_before_the_last_step(void **state)
{
	static const char *const steps[] = { "uploadimg", "add_material", "draft_add" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct rig rig;

		rig_init(&rig);
		rig_start(&rig, OP_SEND);
		for (size_t k = 0; k < i; k++) {
			rig_do(&rig, steps[k]);
		}
		rig_request(&rig);
		rig_lose(&rig);
		CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
		CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
		/* what had been finished is taken up */
		rig_start(&rig, OP_SEND);
		rig_do(&rig, steps[i]);
		CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
		rig_start(&rig, OP_FIND);
		if (i < 2) {
			rig_request(&rig);
			rig_answer_nothing(&rig);
			CHECK_INT(rig.outcome.found, FOUND_NO);
			CHECK(rig.outcome.untouched);
		}
		rig_finish(&rig);
	}
}

static void test_lost_answer__of_the_submission_is_looked_for(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_to_draft(&rig);
	rig_request(&rig);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_1"); /* a system error says nothing either */
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	rig_answer(&rig, "{\"errcode\":0,\"errmsg\":\"ok\"}");
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	rig_finish(&rig);
}

static void test_vanished_draft__is_made_again_when_nothing_is_in_doubt(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_to_draft(&rig);
	rig_do(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	assert_null(strstr(rig.outcome.progress, "\"draft\""));
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/draft/add");
	rig_answer(&rig, "{\"media_id\":\"second\"}");
	/* refused for certain, and tried again tomorrow: the draft may be gone by then */
	rig_do(&rig, "error_45009");
	CHECK_INT(rig.outcome.error.advice, ADVISE_WAIT);
	CHECK_INT(rig.outcome.quota, WECHAT_QUOTA_PUBLISH);
	CHECK(strstr(rig.progress, "\"clean\":true"));
	rig.send.last_attempt_at += DAY_MS;
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	rig_answer_nothing(&rig); /* what is about to be begun is written down first */
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	assert_null(strstr(rig.progress, "clean"));
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/freepublish/submit");
	rig_fixture_answer(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_do(&rig, "draft_add");
	rig_do(&rig, "error_40007"); /* a third time makes no sense */
	CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	rig_finish(&rig);
}

static void test_vanished_draft__may_have_been_published_after_a_doubt(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_to_draft(&rig);
	rig_request(&rig);
	rig_lose(&rig);
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	rig_finish(&rig);
}

static void test_newspic__uploads_each_picture_once(void **state)
{
	struct rig rig;
	const cJSON *article;

	(void)state;
	rig_init(&rig);
	rig.article.form = POST_FORM_NEWSPIC;
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	CHECK_TEXT(rig.request.parts[0].filename, "cover.jpg");
	rig_answer(&rig, "{\"media_id\":\"ONE\",\"url\":\"http://mmbiz.qpic.cn/1\"}");
	rig_request(&rig);
	CHECK_TEXT(rig.request.parts[0].filename, "map.png");
	rig_answer(&rig, "{\"media_id\":\"TWO\",\"url\":\"http://mmbiz.qpic.cn/2\"}");
	rig_request(&rig);
	article = cJSON_GetArrayItem(json_get(rig.body, "articles"), 0);
	CHECK_TEXT(json_text(article, "article_type", ""), "newspic");
	CHECK_TEXT(json_text(article, "content", ""), "各位市民：\n详见通告");
	CHECK_TEXT(rig_json(json_get(article, "image_info")),
		"{\"image_list\":[{\"image_media_id\":\"ONE\"},{\"image_media_id\":\"TWO\"}]}");
	rig_finish(&rig);
}

static void test_impossible__posts_are_refused_before_anything_leaves(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.title = NULL;
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "only be broadcast");
	CHECK_INT(rig.err.advice, ADVISE_REJECT);
	rig.send.title = "t";
	rig.article.markdown = (char *)"x";
	rig.send.n_media = 0;
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "cover");
	rig.send.n_media = 1;
	rig.media[0].data = (char *)"BM";
	rig.media[0].n = 2;
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "no picture");
	rig_finish(&rig);
}

static void test_damaged_progress__begins_anew(void **state)
{
	static const char *const damaged[] = { "", "{", "[1]", "7", "{\"inline\":7,\"material\":[],\"draft\":null}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		struct rig rig;

		rig_init(&rig);
		rig.send.progress = damaged[i];
		rig_start(&rig, OP_SEND);
		rig_request(&rig);
		rig_fixture_answer(&rig, "uploadimg");
		rig_finish(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_article__goes_step_by_step),
		cmocka_unit_test(test_draft__is_raw_utf8_with_all_fields),
		cmocka_unit_test(test_uploads__of_earlier_posts_are_used),
		cmocka_unit_test(test_comments__stay_closed_without_the_privilege),
		cmocka_unit_test(test_lost_answer__is_harmless_before_the_last_step),
		cmocka_unit_test(test_lost_answer__of_the_submission_is_looked_for),
		cmocka_unit_test(test_vanished_draft__is_made_again_when_nothing_is_in_doubt),
		cmocka_unit_test(test_vanished_draft__may_have_been_published_after_a_doubt),
		cmocka_unit_test(test_newspic__uploads_each_picture_once),
		cmocka_unit_test(test_impossible__posts_are_refused_before_anything_leaves),
		cmocka_unit_test(test_damaged_progress__begins_anew),
	};

	return check_run(tests);
}
