/* What is said of a post before it is scheduled. */
#include "wechat_rig.h"

static struct finding_list findings;

/* The first finding with this rule, or NULL. */
static const struct finding *check(struct rig *rig, const char *rule)
{
	finding_list_finish(&findings);
	findings = (struct finding_list){ 0 };
	rig->driver->check(&rig->account, &rig->send, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		if (!strcmp(findings.items[i].rule, rule)) {
			return &findings.items[i];
		}
	}
	return NULL;
}

static void check_blocked(struct rig *rig, const char *rule, const char *part)
{
	const struct finding *finding = check(rig, rule);

	if (!finding) {
		fail_msg("%s: not found", rule);
		return;
	}
	CHECK_INT(finding->level, FINDING_BLOCK);
	CHECK_TEXT(finding->account, "wechat-main");
	if (!strstr(finding->message, part)) {
		fail_msg("%s: %s", rule, finding->message);
	}
}

static void test_whole_article__passes(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	(void)check(&rig, "");
	CHECK_INT(findings.n, 0);
	rig.article.mode = POST_MODE_BROADCAST;
	(void)check(&rig, "");
	CHECK_INT(findings.n, 0);
	rig_finish(&rig);
}

static char *repeat(const char *text, size_t n)
{
	struct buf buf;

	buf_init(&buf, 1 << 20);
	while (n-- > 0) {
		(void)buf_add_text(&buf, text);
	}
	return buf_steal(&buf);
}

static void test_lengths__are_counted_in_characters(void **state)
{
	char *at_warn = repeat("水", 32);
	char *over_warn = repeat("水", 33);
	char *over = repeat("水", 65);
	char *author = repeat("😀", 17);
	char *digest = repeat("a", 129);
	char *long_text = repeat("水", 19990);
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.title = at_warn;
	assert_null(check(&rig, "wechat.length"));
	rig.send.title = over_warn;
	CHECK_INT(check(&rig, "wechat.length")->level, FINDING_WARN);
	rig.send.title = over;
	check_blocked(&rig, "wechat.length", "65 characters");
	rig.send.title = "t";
	rig.article.author = author;
	check_blocked(&rig, "wechat.length", "author has 17");
	rig.article.author = NULL;
	rig.article.digest = digest;
	check_blocked(&rig, "wechat.length", "digest has 129");
	rig.article.digest = NULL;
	rig.article.markdown = long_text;
	check_blocked(&rig, "wechat.length", "with its HTML");
	rig_finish(&rig);
	free(at_warn);
	free(over_warn);
	free(over);
	free(author);
	free(digest);
	free(long_text);
}

static void check_measure(struct rig *rig, int64_t units, int64_t limit)
{
	int64_t shown_units;
	int64_t shown_limit;

	rig->driver->measure(&rig->account, &rig->send, &shown_units, &shown_limit);
	CHECK_INT(shown_units, units);
	CHECK_INT(shown_limit, limit);
}

static void test_measure__tells_the_limit_that_counts(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.text = STR("今天停水");
	check_measure(&rig, 4, 19999);
	rig.article.mode = POST_MODE_BROADCAST;
	check_measure(&rig, 4, 19999); /* an article, whoever hears of it */
	rig.send.title = NULL;
	check_measure(&rig, 4, 600);
	rig.send.title = "停水";
	rig.article.form = POST_FORM_TEXT;
	check_measure(&rig, 4, 600);
	rig.send = (struct driver_send){ .kind = SEND_REPLY, .reply_to_kind = MESSAGE_DIRECT, .text = STR("今天停水") };
	check_measure(&rig, 12, 2048);
	rig.send.reply_to_kind = MESSAGE_COMMENT;
	check_measure(&rig, 4, 140);
	rig_finish(&rig);
}

static void test_pictures__must_be_there_ours_and_described(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.article.markdown = (char *)"a\n\n![x](https://elsewhere.example/a.png)\n\n![地图](map.png)";
	check_blocked(&rig, "wechat.picture", "from elsewhere");
	CHECK_INT(check(&rig, "wechat.picture")->line, 3);
	rig.article.markdown = (char *)"![x](plan.png) ![地图](map.png)";
	check_blocked(&rig, "wechat.picture", "plan.png: no picture of the post");
	rig.article.markdown = (char *)"text";
	CHECK_INT(check(&rig, "wechat.picture")->level, FINDING_WARN); /* map.png stands nowhere */
	rig.article.markdown = (char *)"![地图](map.png)";
	rig.media[0].alt = NULL;
	check_blocked(&rig, "wechat.alt", "cover.jpg");
	rig.media[0].alt = (char *)"办事大厅";
	rig.media[1].alt = (char *)" ";
	assert_null(check(&rig, "wechat.alt")); /* the Markdown describes it */
	rig.article.markdown = (char *)"![地图](map.png) ![](map.png)";
	check_blocked(&rig, "wechat.alt", "map.png");
	rig.media[1].alt = (char *)"地图";
	rig.media[1].n = WECHAT_INLINE_BYTES;
	rig.media[1].data = NULL;
	rig.media[1].type = (char *)"image/png";
	check_blocked(&rig, "wechat.picture", "less than 1 MB");
	rig.media[1].n = 10;
	rig.media[1].type = (char *)"image/gif";
	check_blocked(&rig, "wechat.picture", "JPEG or PNG");
	rig.media[1].type = (char *)"image/bmp";
	check_blocked(&rig, "wechat.picture", "no JPEG, PNG or GIF");
	rig_finish(&rig);
}

static void test_cover__is_wanted_by_articles(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.article.cover = (char *)"other.jpg";
	check_blocked(&rig, "wechat.cover", "other.jpg");
	rig.article.cover = NULL;
	rig.article.markdown = (char *)"text";
	rig.send.n_media = 0;
	check_blocked(&rig, "wechat.cover", "add a picture");
	rig_finish(&rig);
}

static void test_forms__have_rules_of_their_own(void **state)
{
	char *over = repeat("水", 601);
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send.title = NULL;
	check_blocked(&rig, "wechat.form", "give it a title");
	rig.article.mode = POST_MODE_BROADCAST;
	check_blocked(&rig, "wechat.form", "carries no pictures");
	rig.send.n_media = 0;
	(void)check(&rig, "");
	CHECK_INT(findings.n, 0);
	rig.send.text = str_from(over);
	check_blocked(&rig, "wechat.length", "holds 600");
	rig.send.text = STR(" \n");
	check_blocked(&rig, "wechat.empty", "empty");
	rig.article.form = POST_FORM_IMAGE;
	check_blocked(&rig, "wechat.picture", "missing");
	rig.article.form = POST_FORM_NEWSPIC;
	check_blocked(&rig, "wechat.title", "title");
	check_blocked(&rig, "wechat.picture", "needs pictures");
	rig.article.form = POST_FORM_ARTICLE;
	check_blocked(&rig, "wechat.title", "title");
	rig_finish(&rig);
	free(over);
}

static void test_account__must_be_allowed_to(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.settings.verified = false;
	check_blocked(&rig, "wechat.account", "cannot publish");
	rig.article.mode = POST_MODE_BROADCAST;
	check_blocked(&rig, "wechat.account", "cannot broadcast");
	rig.settings.verified = true;
	rig.settings.comments = false;
	CHECK_INT(check(&rig, "wechat.comments")->level, FINDING_WARN);
	CHECK(!rig.driver->can(&rig.settings, "comments"));
	CHECK(!rig.driver->can(&rig.settings, "qr"));
	rig.settings.kind = WECHAT_SERVICE;
	CHECK(rig.driver->can(&rig.settings, "qr"));
	CHECK(rig.driver->can(&rig.settings, "publish"));
	rig_finish(&rig);
}

static void test_odds__are_told(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.article.topic = (char *)"社区";
	CHECK_INT(check(&rig, "wechat.topic")->level, FINDING_WARN);
	rig.article.source_url = (char *)"www.city.gov.example";
	check_blocked(&rig, "wechat.source", "no address");
	rig.article.source_url = NULL;
	rig.article.markdown = (char *)"a <b>c</b> ![地图](map.png)";
	CHECK_INT(check(&rig, "wechat.html")->level, FINDING_WARN);
	free(rig.settings.theme);
	rig.settings.theme = xstrdup("/nowhere/theme");
	check_blocked(&rig, "wechat.theme", "/nowhere/theme");
	rig_finish(&rig);
}

static void test_replies__are_counted_in_bytes(void **state)
{
	char *fits = repeat("a", 2048);
	char *over = repeat("水", 683);
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig.send = (struct driver_send){ .kind = SEND_REPLY, .reply_to_kind = MESSAGE_DIRECT, .text = str_from(fits) };
	(void)check(&rig, "");
	CHECK_INT(findings.n, 0);
	rig.send.text = str_from(over);
	check_blocked(&rig, "wechat.length", "2049 bytes");
	rig.send.reply_to_kind = MESSAGE_COMMENT;
	rig.send.text = str_sub(str_from(over), 0, 141 * 3);
	CHECK_INT(check(&rig, "wechat.length")->level, FINDING_WARN); /* it is not known yet what it answers */
	rig.send.reply_to_id = "1/0/2";
	check_blocked(&rig, "wechat.length", "holds 140");
	rig.send.text = STR("\n ");
	check_blocked(&rig, "wechat.empty", "empty");
	rig_finish(&rig);
	free(fits);
	free(over);
}

static int tear_down(void **state)
{
	(void)state;
	finding_list_finish(&findings);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_article__passes),
		cmocka_unit_test(test_lengths__are_counted_in_characters),
		cmocka_unit_test(test_measure__tells_the_limit_that_counts),
		cmocka_unit_test(test_pictures__must_be_there_ours_and_described),
		cmocka_unit_test(test_cover__is_wanted_by_articles),
		cmocka_unit_test(test_forms__have_rules_of_their_own),
		cmocka_unit_test(test_account__must_be_allowed_to),
		cmocka_unit_test(test_odds__are_told),
		cmocka_unit_test(test_replies__are_counted_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
