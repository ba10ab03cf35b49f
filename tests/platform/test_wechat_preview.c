/* A publication shown to one person: the steps of a publication, another end, and nobody else sees anything. */
#include "wechat_rig.h"

static void rig_preview(struct rig *rig, const char *to)
{
	rig_start(rig, OP_PREVIEW);
	rig->op.preview_to = to;
}

static void rig_to_preview(struct rig *rig, const char *to)
{
	rig_preview(rig, to);
	rig_do(rig, "uploadimg");
	CHECK_TEXT(rig->outcome.upload.purpose, "inline"); /* for the publication, and for the next preview */
	rig_do(rig, "add_material");
	CHECK_TEXT(rig->outcome.upload.purpose, "material");
	rig_do(rig, "draft_add");
	rig_request(rig);
	CHECK_TEXT(rig_path(rig), "/cgi-bin/message/mass/preview");
	CHECK(rig->request.writes);
}

static void test_article__is_shown_by_its_draft(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (int mode = POST_MODE_PUBLISH; mode <= POST_MODE_BROADCAST; mode++) {
		rig.article.mode = (enum post_mode)mode;
		rig.send.progress = NULL;
		rig_to_preview(&rig, RIG_OPENID);
		CHECK_TEXT(rig_json(rig.body), "{\"touser\":\"" RIG_OPENID "\",\"mpnews\":{\"media_id\":\"" RIG_DRAFT
					       "\"},\"msgtype\":\"mpnews\"}");
		rig_answer(&rig, "{\"errcode\":0,\"errmsg\":\"preview success\",\"msg_id\":34182}");
		CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
		assert_null(rig.outcome.remote_id);
		assert_null(rig.outcome.job_id);
	}
	rig_finish(&rig);
}

static void test_text__needs_no_topic(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.article.mode = POST_MODE_BROADCAST;
	rig.article.form = POST_FORM_TEXT;
	rig.article.topic = (char *)"社区网格员";
	rig.send.n_media = 0;
	rig_preview(&rig, "chief_2026");
	rig_request(&rig);
	CHECK_TEXT(rig_json(rig.body), "{\"towxname\":\"chief_2026\",\"text\":{\"content\":"
				       "\"各位市民：\\n详见通告\"},\"msgtype\":\"text\"}");
	rig_finish(&rig);
}

static void test_pictures__show_the_first(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.article.mode = POST_MODE_BROADCAST;
	rig.article.form = POST_FORM_IMAGE;
	rig_preview(&rig, RIG_OPENID);
	rig_request(&rig);
	rig_answer(&rig, "{\"media_id\":\"ONE\"}");
	rig_request(&rig);
	rig_answer(&rig, "{\"media_id\":\"TWO\"}");
	rig_request(&rig);
	CHECK_TEXT(rig_json(rig.body),
		"{\"touser\":\"" RIG_OPENID "\",\"image\":{\"media_id\":\"ONE\"},\"msgtype\":\"image\"}");
	rig_answer(&rig, "{\"errcode\":0,\"errmsg\":\"preview success\"}");
	CHECK(strstr(rig.outcome.note, "first picture"));
	rig_finish(&rig);
}

static void test_nobody__is_refused_before_anything_leaves(void **state)
{
	static const char *const cases[] = { "", "o 1", "老王", NULL };
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rig_preview(&rig, cases[i]);
		CHECK_FAILS(rig_try(&rig), rig.err, "openid or to a WeChat ID");
		CHECK_INT(rig.err.advice, ADVISE_REJECT);
	}
	rig_finish(&rig);
}

static void test_lost_answer__can_be_asked_for_again(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_to_preview(&rig, RIG_OPENID);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	rig_preview(&rig, RIG_OPENID);
	rig_request(&rig);
	rig_fixture_answer(&rig, "error_48001");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK_TEXT(rig.outcome.capability, "broadcast");
	rig_finish(&rig);
}

/* What an earlier attempt of the publication left is used; when it is gone, all is made anew, once. */
static void test_old_draft__is_made_again_when_it_is_gone(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.progress = "{\"draft\":\"OLD\",\"inline\":{},\"material\":{}}";
	rig_preview(&rig, RIG_OPENID);
	rig_request(&rig);
	CHECK_TEXT(json_text(json_get(rig.body, "mpnews"), "media_id", ""), "OLD");
	rig_fixture_answer(&rig, "error_40007");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_do(&rig, "uploadimg");
	rig_do(&rig, "add_material");
	rig_do(&rig, "draft_add");
	rig_request(&rig);
	CHECK_TEXT(json_text(json_get(rig.body, "mpnews"), "media_id", ""), RIG_DRAFT);
	rig_fixture_answer(&rig, "error_40007");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	rig_finish(&rig);
}

static void test_cost__is_a_draft_and_a_preview(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	CHECK_INT(
		rig.driver->cost(OP_PREVIEW, &rig.send), (1u << WECHAT_QUOTA_DRAFT_ADD) | (1u << WECHAT_QUOTA_PREVIEW));
	rig.article.mode = POST_MODE_BROADCAST;
	rig.article.form = POST_FORM_TEXT;
	CHECK_INT(rig.driver->cost(OP_PREVIEW, &rig.send), 1u << WECHAT_QUOTA_PREVIEW);
	rig_finish(&rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_article__is_shown_by_its_draft),
		cmocka_unit_test(test_text__needs_no_topic),
		cmocka_unit_test(test_pictures__show_the_first),
		cmocka_unit_test(test_nobody__is_refused_before_anything_leaves),
		cmocka_unit_test(test_lost_answer__can_be_asked_for_again),
		cmocka_unit_test(test_old_draft__is_made_again_when_it_is_gone),
		cmocka_unit_test(test_cost__is_a_draft_and_a_preview),
	};

	return check_run(tests);
}
