#include "check.h"

#include "core/mem.h"
#include "model/post.h"

static void test_post__starts_as_policy_with_its_class_late_rule(void **state)
{
	struct post post;

	(void)state;
	post_init(&post);
	CHECK_INT(post.class, POST_POLICY);
	CHECK_INT(post.late_ms, -1);
	CHECK_INT(post.due_at, 0);
	CHECK_INT(post.n_targets, 0);
	post_finish(&post);
}

static void test_post__finish_frees_all_and_may_be_repeated(void **state)
{
	struct post post = { 0 };

	(void)state;
	post_finish(&post);
	post_init(&post);
	post.key = xstrdup("2026-10-01/1");
	post.title = xstrdup("国庆安排");
	post.text = xstrdup("办事大厅照常开放。");
	post.campaign = xstrdup("holiday");
	post.n_targets = 2;
	post.targets = xnew_array(struct post_target, 2);
	post.targets[0].account = xstrdup("weibo-main");
	post.targets[1].account = xstrdup("weibo-east");
	post.targets[1].text = xstrdup("东区办事大厅照常开放。");
	post.n_media = 1;
	post.media = xnew_array(struct post_media, 1);
	post.media[0].name = xstrdup("hall.png");
	post.media[0].type = xstrdup("image/png");
	post.media[0].alt = xstrdup("大厅");
	post.media[0].sha256 = xstrdup("00");
	post.media[0].data = xstrdup("png");
	post_finish(&post);
	CHECK(post.targets == NULL);
	CHECK(post.text == NULL);
	post_finish(&post);
}

static void test_post__classes_have_names(void **state)
{
	enum post_class class = POST_POLICY;

	(void)state;
	for (int i = POST_POLICY; i <= POST_SOLICIT; i++) {
		CHECK(post_class_parse(post_class_name((enum post_class)i), &class));
		CHECK_INT(class, i);
	}
	CHECK(!post_class_parse("Policy", &class));
	CHECK_INT(class, POST_SOLICIT);
	CHECK_TEXT(post_class_name(POST_INTERACT), "interact");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_post__starts_as_policy_with_its_class_late_rule),
		cmocka_unit_test(test_post__finish_frees_all_and_may_be_repeated),
		cmocka_unit_test(test_post__classes_have_names),
	};

	return check_run(tests);
}
