/* Weighted length, links, fingerprints, entities; ids, base 62, times; the findings of a check. */
#include "platform/weibo/weibo.h"
#include "rig.h"

static struct str repeated(char *space, size_t size, const char *head, const char *piece, size_t times)
{
	size_t n = strlen(head);

	assert_true(n + strlen(piece) * times < size);
	memcpy(space, head, n);
	for (size_t i = 0; i < times; i++) {
		memcpy(space + n, piece, strlen(piece));
		n += strlen(piece);
	}
	return (struct str){ space, n };
}

/* source  the rule of text.c, worked out by hand; where these say 4 (a phrase, a topic) the rule beside them gives 3,
 * and the rule counts */
static void test_length__published_vectors(void **state)
{
	static const struct {
		const char *text;
		int64_t units;
	} vectors[] = {
		{ "", 0 },
		{ "Test", 2 },
		{ "abc", 2 },
		{ "市民服务热线", 6 },
		{ "通知 http://www.example.com/a", 13 },
		{ "通知:http://t.cn/A6abcdef", 13 },
		{ "😀", 2 },
		{ "[微笑]", 3 },
		{ "#话题#", 3 },
		{ "第一行\n第二行", 7 },
	};
	char space[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		CHECK_INT(weibo_length(str_from(vectors[i].text), false), vectors[i].units);
	}
	CHECK_INT(weibo_length(repeated(space, sizeof(space), "", "a", 280), false), 140);
	CHECK_INT(weibo_length(repeated(space, sizeof(space), "", "a", 281), false), 141);
	CHECK_INT(weibo_length(repeated(space, sizeof(space), "", "汉", 140), false), 140);
	CHECK_INT(weibo_length(repeated(space, sizeof(space), "http://www.example.com/", "x", 200), false), 52);
}

static void test_length__links(void **state)
{
	static const struct {
		const char *text;
		int64_t lenient;
		int64_t strict;
	} cases[] = {
		{ "https://www.example.com/a", 10, 13 },
		{ "HTTP://www.example.com/a", 10, 10 },
		{ "http://weibo.com/7700000001/zCik3bc0H", 19, 19 },           /* counts its own length */
		{ "http://weibo.com/7700000001/zCik3bc0H?from=page", 10, 10 }, /* too long for that */
		{ "http://localhost/a", 9, 9 },                                /* no dot: no link */
		{ "http://a.example/一", 11, 11 },                             /* ends at 汉字 */
		{ "http://", 4, 4 },
		{ "xhttp://a.example", 11, 11 },
		{ "http://a.example，http://b.example", 21, 21 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_INT(weibo_length(str_from(cases[i].text), false), cases[i].lenient);
		CHECK_INT(weibo_length(str_from(cases[i].text), true), cases[i].strict);
	}
}

static void test_length__invalid_bytes_count_as_wide(void **state)
{
	(void)state;
	CHECK_INT(weibo_length(STR("\xff\xfe"), false), 2);
	CHECK_INT(weibo_length(STR("a\xe4\xbd"), false), 3);
}

static void test_link__host_and_end(void **state)
{
	struct weibo_link link;
	struct str text = STR("见 https://www.city.gov.example:8443/a?b=1#c，其他");

	(void)state;
	CHECK(weibo_link_next(text, 0, &link));
	CHECK_INT(link.from, 4);
	CHECK_STR(link.url, "https://www.city.gov.example:8443/a?b=1#c");
	CHECK_STR(link.host, "www.city.gov.example");
	CHECK(!weibo_link_next(text, link.from + link.url.n, &link));
}

static void check_print(const char *text, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	weibo_fingerprint(&out, str_from(text));
	CHECK_TEXT(out.p, want);
	buf_finish(&out);
}

/* source  recorded answers: what comes back is not what was sent */
static void test_fingerprint__survives_what_the_server_changes(void **state)
{
	(void)state;
	check_print("停水通知 https://www.city.gov.example/n/1 ", "停水通知");
	check_print("停水通知 http://t.cn/A6aB3xYz", "停水通知");
	check_print("停水通知http://t.cn/A6aB3xYz", "停水通知");
	check_print("#停水# 通知\r\n第二行", "停水通知第二行");
	check_print("通知（https://www.city.gov.example/n/1)，谢谢", "通知（，谢谢");
	check_print("A &amp; B &lt;C&gt; &quot;D&quot; &amp;lt;", "A&B<C>\"D\"<");
	check_print("A & B <C> \"D\" &lt;", "A&B<C>\"D\"<");
	check_print("全文\xe2\x80\x8b： http://m.weibo.cn/1/2", "全文：");
	check_print("  \t ", "");
	check_print("https://www.city.gov.example/n/1?a=1&amp;b=2 后", "后");
	check_print("\xff\xfe", "\xff\xfe");
}

static void test_compare__same_alike_different(void **state)
{
	(void)state;
	CHECK_INT(weibo_compare(STR("停水通知"), STR("停水通知")), WEIBO_SAME);
	CHECK_INT(weibo_compare(STR("停水通知一二三"), STR("停水通知…")), WEIBO_ALIKE);
	CHECK_INT(weibo_compare(STR("停水通知"), STR("低温预警")), WEIBO_DIFFERENT);
	CHECK_INT(weibo_compare(STR(""), STR("低温预警")), WEIBO_DIFFERENT);
	CHECK_INT(weibo_compare(STR(""), STR("")), WEIBO_SAME);
}

static void check_decoded(const char *text, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	weibo_decode_entities(&out, str_from(text));
	CHECK_TEXT(out.p, want);
	buf_finish(&out);
}

static void test_entities__decoded_once(void **state)
{
	(void)state;
	check_decoded("a &lt;b&gt; &amp;amp; &quot;c&quot; &#39;", "a <b> &amp; \"c\" '");
	check_decoded("&", "&");
	check_decoded("&lt", "&lt");
	check_decoded("&&&lt;&", "&&<&");
	check_decoded("&nbsp;", "&nbsp;");
}

/* source  samples of wiki "2/statuses/querymid" */
static void test_mid__both_ways(void **state)
{
	static const struct {
		int64_t id;
		const char *mid;
	} pairs[] = {
		{ INT64_C(3436240135184587), "yfcLPlKKn" },
		{ INT64_C(3591268992667779), "zCik3bc0H" },
		{ 1, "1" },
		{ 9999999, "FXsj" },
		{ 10000000, "10000" },
		{ INT64_C(20000001), "20001" },
	};
	char mid[WEIBO_MID_BYTES];
	int64_t id;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		weibo_id_to_mid(pairs[i].id, mid);
		CHECK_TEXT(mid, pairs[i].mid);
		CHECK(weibo_mid_to_id(str_from(pairs[i].mid), &id));
		CHECK_INT(id, pairs[i].id);
	}
	weibo_id_to_mid(INT64_MAX, mid);
	CHECK(weibo_mid_to_id(str_from(mid), &id));
	CHECK(id == INT64_MAX);
}

static void test_mid__refuses_what_is_none(void **state)
{
	static const char *const bad[] = { "", "0", "0000", "-", "yfcL PlKKn", "zzzzZZZZ", "ZZZZZZZZZZZZ",
		"1234567890123" };
	int64_t id = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK(!weibo_mid_to_id(str_from(bad[i]), &id));
	}
	CHECK(!weibo_mid_to_id((struct str){ "a\0b", 3 }, &id));
	CHECK_INT(id, 42);
}

/* source  published answers; the samples' ids and dates agree to the second */
static void test_id__carries_its_time(void **state)
{
	int64_t at;

	(void)state;
	CHECK(weibo_time_parse(STR("Mon Jan 05 09:00:12 +0800 2026"), &at));
	CHECK_INT(weibo_id_made_at(INT64_C(5251651753477097)), at);
	CHECK(weibo_id_at(at) <= INT64_C(5251651753477097));
	CHECK(weibo_id_at(at + 1000) > INT64_C(5251651753477097));
	CHECK_INT(weibo_id_at(0), 0);
	CHECK(weibo_id_at(INT64_MAX) > 0);
	CHECK(weibo_id_made_at(INT64_MAX) > 0);
}

static void test_time__reads_created_at(void **state)
{
	static const struct {
		const char *text;
		int64_t at; /* -1: refused */
	} cases[] = {
		{ "Wed Oct 24 23:49:17 +0800 2012", INT64_C(1351093757000) },
		{ "Mon Jan 05 09:00:00 +0800 2026", RIG_NOW_AT },
		{ "Thu Feb 29 00:00:00 +0000 2024", INT64_C(1709164800000) },
		{ "Thu Jan 01 00:00:00 +0000 1970", 0 },
		{ "Wed Oct 24 23:49:17 -0330 2012", INT64_C(1351135157000) },
		{ "", -1 },
		{ "Wed", -1 },
		{ "Wed Oct 24 23:49:17 +0800", -1 },
		{ "Mit Okt 24 23:49:17 +0800 2012", -1 },
		{ "Wed Oct 32 23:49:17 +0800 2012", -1 },
		{ "Wed Oct 24 24:49:17 +0800 2012", -1 },
		{ "Wed Oct 24 23:49:17 0800 2012", -1 },
		{ "Wed Oct 24 23:49:17 +0800 2012 ", -1 },
		{ "Wed Oct 24 23:49:17 +0800 99999", -1 },
		{ "Wed cto 24 23:49:17 +0800 2012", -1 },
		{ "2012-10-24 23:49:17", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t at = -1;

		CHECK_INT(weibo_time_parse(str_from(cases[i].text), &at), cases[i].at != -1);
		CHECK_INT(at, cases[i].at);
	}
}

static void test_url__is_built_locally(void **state)
{
	char *url = weibo_format_url("7700000001", INT64_C(3436240135184587));

	(void)state;
	CHECK_TEXT(url, "https://weibo.com/7700000001/yfcLPlKKn");
	free(url);
	CHECK(!weibo_format_url(NULL, 1));
	CHECK(!weibo_format_url("x/../", 1));
}

static const struct finding *finding_of(const struct finding_list *list, const char *rule)
{
	for (size_t i = 0; i < list->n; i++) {
		if (!strcmp(list->items[i].rule, rule)) {
			return &list->items[i];
		}
	}
	return NULL;
}

static void check_rule(struct rig *rig, struct str text, const char *rule, int level, int line, int column)
{
	struct finding_list list = { 0 };
	const struct finding *finding;

	rig->send.text = text;
	rig->driver->check(&rig->account, &rig->send, &list);
	finding = finding_of(&list, rule);
	if ((level >= 0) != (finding != NULL)) {
		fail_msg("\"" STR_FMT "\": rule %s was %s", STR_ARG(text), rule,
			finding ? finding->message : "not found");
	}
	if (finding) {
		CHECK_INT(finding->level, level);
		CHECK_TEXT(finding->account, "weibo-main");
		CHECK_INT(finding->line, line);
		CHECK_INT(finding->column, column);
	}
	finding_list_finish(&list);
}

#define LINK " https://www.city.gov.example/n/1 "

static void test_check__length_of_a_shared_post(void **state)
{
	char space[4096];
	struct rig rig;
	int64_t units;
	int64_t limit;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	/* a link is 10, its two blanks 1 */
	check_rule(&rig, repeated(space, sizeof(space), LINK, "汉", 119), "weibo.length", -1, 0, 0);
	check_rule(&rig, repeated(space, sizeof(space), LINK, "汉", 120), "weibo.length", FINDING_WARN, 0, 0);
	check_rule(&rig, repeated(space, sizeof(space), LINK, "汉", 129), "weibo.length", FINDING_WARN, 0, 0);
	rig.driver->measure(&rig.account, &rig.send, &units, &limit);
	CHECK_INT(units, 140);
	CHECK_INT(limit, 140);
	check_rule(&rig, repeated(space, sizeof(space), LINK, "汉", 130), "weibo.length", FINDING_BLOCK, 0, 0);
	rig_finish(&rig);
}

static void test_check__length_of_an_advanced_post(void **state)
{
	static char space[20000];
	struct post_media picture = { .name = (char *)"a.png", .data = (char *)"\x89PNG\r\n\x1a\n", .n = 8 };
	struct rig rig;
	int64_t units;
	int64_t limit;

	(void)state;
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	check_rule(&rig, repeated(space, sizeof(space), "", "汉", 140), "weibo.length", -1, 0, 0);
	check_rule(&rig, repeated(space, sizeof(space), "", "汉", 141), "weibo.length", FINDING_NOTE, 0, 0);
	check_rule(&rig, repeated(space, sizeof(space), "", "汉", 2000), "weibo.length", FINDING_NOTE, 0, 0);
	check_rule(&rig, repeated(space, sizeof(space), "", "汉", 2001), "weibo.length", FINDING_BLOCK, 0, 0);
	check_rule(&rig, repeated(space, sizeof(space), "", "a", 2001), "weibo.length", FINDING_BLOCK, 0, 0);
	rig.driver->measure(&rig.account, &rig.send, &units, &limit);
	CHECK_INT(units, 2001);
	CHECK_INT(limit, 2000);
	rig.send.media = &picture;
	rig.send.n_media = 1;
	check_rule(&rig, repeated(space, sizeof(space), "", "汉", 141), "weibo.length", FINDING_BLOCK, 0, 0);
	rig.driver->measure(&rig.account, &rig.send, &units, &limit);
	CHECK_INT(units, 141);
	CHECK_INT(limit, 140);
	rig_finish(&rig);
}

static void test_check__a_reply_is_short_and_needs_no_link(void **state)
{
	char space[4096];
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.kind = SEND_REPLY;
	check_rule(&rig, STR("您好 #话题#"), "weibo.safe-domain", -1, 0, 0);
	check_rule(&rig, STR("您好 #话题#"), "weibo.topic", -1, 0, 0);
	check_rule(&rig, repeated(space, sizeof(space), "", "汉", 140), "weibo.length", FINDING_WARN, 0, 0);
	check_rule(&rig, repeated(space, sizeof(space), "", "汉", 141), "weibo.length", FINDING_BLOCK, 0, 0);
	rig_finish(&rig);
}

static void test_check__safe_domain(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	check_rule(&rig, STR("停水"), "weibo.safe-domain", FINDING_BLOCK, 0, 0);
	check_rule(&rig, STR("停水 https://www.city.gov.example/n/1"), "weibo.safe-domain", -1, 0, 0);
	check_rule(&rig, STR("停水 HTTP://WWW.city.gov.example"), "weibo.safe-domain", -1, 0, 0);
	check_rule(&rig, STR("停水 https://www.city.gov.example:8443/"), "weibo.safe-domain", -1, 0, 0);
	/* a look-alike is none, and each foreign link is named with its place */
	check_rule(&rig, STR("停\n水 https://www.city.gov.example.evil.example/"), "weibo.safe-domain", FINDING_WARN, 2,
		3);
	check_rule(&rig, STR("https://evil.example/?https://www.city.gov.example/"), "weibo.safe-domain", FINDING_WARN,
		1, 1);
	rig_finish(&rig);
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	check_rule(&rig, STR("停水"), "weibo.safe-domain", -1, 0, 0);
	rig_finish(&rig);
}

static void test_check__blank_behind_a_link(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	check_rule(&rig, STR("https://www.city.gov.example/n/1，停水"), "weibo.link-space", FINDING_WARN, 1, 1);
	check_rule(&rig, STR("停水 https://www.city.gov.example/n/1停水"), "weibo.link-space", FINDING_WARN, 1, 4);
	check_rule(&rig, STR("https://www.city.gov.example/n/1 停水"), "weibo.link-space", -1, 0, 0);
	check_rule(&rig, STR("https://www.city.gov.example/n/1\n停水"), "weibo.link-space", -1, 0, 0);
	check_rule(&rig, STR("https://www.city.gov.example/n/1"), "weibo.link-space", -1, 0, 0);
	rig_finish(&rig);
}

static void test_check__topics(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	check_rule(&rig, STR("早 #天气#" LINK), "weibo.topic", FINDING_BLOCK, 1, 3);
	check_rule(&rig, STR("1# 和 2#" LINK), "weibo.topic", FINDING_BLOCK, 1, 2);
	check_rule(&rig, STR("C# 语言" LINK), "weibo.topic", -1, 0, 0);
	check_rule(&rig, STR("## 标题" LINK), "weibo.topic", -1, 0, 0);
	check_rule(
		&rig, STR("https://www.city.gov.example/#a https://www.city.gov.example/#b"), "weibo.topic", -1, 0, 0);
	rig_finish(&rig);
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	check_rule(&rig, STR("早 #天气#"), "weibo.topic", -1, 0, 0);
	rig_finish(&rig);
}

static void test_check__pictures(void **state)
{
	struct post_media pictures[2] = {
		{ .name = (char *)"a.jpg", .alt = (char *)"路牌", .data = (char *)"\xff\xd8\xff\xe0", .n = 4 },
		{ .name = (char *)"b.gif", .alt = (char *)"路牌", .data = (char *)"GIF89a", .n = 6 },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.send.media = pictures;
	rig.send.n_media = 1;
	check_rule(&rig, STR("图" LINK), "weibo.picture", -1, 0, 0);
	pictures[0].alt = NULL;
	check_rule(&rig, STR("图" LINK), "weibo.picture", FINDING_WARN, 0, 0);
	pictures[0].alt = (char *)"路牌";
	pictures[0].data = (char *)"BM\0\0";
	check_rule(&rig, STR("图" LINK), "weibo.picture", FINDING_BLOCK, 0, 0);
	/* not loaded: by its type and size */
	pictures[0].data = NULL;
	pictures[0].type = (char *)"image/jpeg";
	pictures[0].n = WEIBO_PICTURE_BYTES - 1;
	check_rule(&rig, STR("图" LINK), "weibo.picture", -1, 0, 0);
	pictures[0].n = WEIBO_PICTURE_BYTES;
	check_rule(&rig, STR("图" LINK), "weibo.picture", FINDING_BLOCK, 0, 0);
	pictures[0].n = 4;
	rig.send.n_media = 2;
	check_rule(&rig, STR("图" LINK), "weibo.picture", FINDING_BLOCK, 0, 0);
	rig.send.n_media = 1;
	rig.send.kind = SEND_REPLY;
	check_rule(&rig, STR("图"), "weibo.picture", FINDING_BLOCK, 0, 0);
	rig_finish(&rig);
}

static void test_check__empty(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_ADVANCED);
	check_rule(&rig, STR(""), "weibo.empty", FINDING_BLOCK, 0, 0);
	check_rule(&rig, STR(" \n　"), "weibo.empty", FINDING_BLOCK, 0, 0);
	check_rule(&rig, STR("https://www.city.gov.example/"), "weibo.empty", -1, 0, 0);
	check_rule(&rig, STR("好"), "weibo.empty", -1, 0, 0);
	rig_finish(&rig);
}

static void test_settings__rules_across_keys(void **state)
{
	static const struct {
		size_t offset;
		const char *value;
		const char *part;
	} cases[] = {
		{ offsetof(struct weibo_settings, uid), "12x", "uid" },
		{ offsetof(struct weibo_settings, uid), "0", "uid" },
		{ offsetof(struct weibo_settings, app_key), "", "app_key" },
		{ offsetof(struct weibo_settings, rip), "10.1.2.3", "rip" },
		{ offsetof(struct weibo_settings, rip), "192.168.1.1", "rip" },
		{ offsetof(struct weibo_settings, rip), "172.16.0.1", "rip" },
		{ offsetof(struct weibo_settings, rip), "127.0.0.1", "rip" },
		{ offsetof(struct weibo_settings, rip), "203.0.113", "rip" },
		{ offsetof(struct weibo_settings, rip), "2001:db8::1", "rip" },
		{ offsetof(struct weibo_settings, safe_domain), "https://www.city.gov.example", "safe_domain" },
		{ offsetof(struct weibo_settings, safe_domain), "localhost", "safe_domain" },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char **field = (char **)(void *)((char *)&rig.settings + cases[i].offset);
		char *good = *field;

		*field = xstrdup(cases[i].value);
		CHECK_FAILS(weibo_check_settings(&rig.settings, &rig.err), rig.err, cases[i].part);
		free(*field);
		*field = good;
	}
	rig.settings.reserve = rig.settings.calls_per_day;
	CHECK_FAILS(weibo_check_settings(&rig.settings, &rig.err), rig.err, "reserve");
	rig.settings.reserve = 0;
	free(rig.settings.safe_domain);
	rig.settings.safe_domain = NULL;
	CHECK_FAILS(weibo_check_settings(&rig.settings, &rig.err), rig.err, "safe_domain");
	rig.settings.tier = WEIBO_TIER_ADVANCED;
	CHECK_OK(weibo_check_settings(&rig.settings, &rig.err), rig.err);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length__published_vectors),
		cmocka_unit_test(test_length__links),
		cmocka_unit_test(test_length__invalid_bytes_count_as_wide),
		cmocka_unit_test(test_link__host_and_end),
		cmocka_unit_test(test_fingerprint__survives_what_the_server_changes),
		cmocka_unit_test(test_compare__same_alike_different),
		cmocka_unit_test(test_entities__decoded_once),
		cmocka_unit_test(test_mid__both_ways),
		cmocka_unit_test(test_mid__refuses_what_is_none),
		cmocka_unit_test(test_id__carries_its_time),
		cmocka_unit_test(test_time__reads_created_at),
		cmocka_unit_test(test_url__is_built_locally),
		cmocka_unit_test(test_check__length_of_a_shared_post),
		cmocka_unit_test(test_check__length_of_an_advanced_post),
		cmocka_unit_test(test_check__a_reply_is_short_and_needs_no_link),
		cmocka_unit_test(test_check__safe_domain),
		cmocka_unit_test(test_check__blank_behind_a_link),
		cmocka_unit_test(test_check__topics),
		cmocka_unit_test(test_check__pictures),
		cmocka_unit_test(test_check__empty),
		cmocka_unit_test(test_settings__rules_across_keys),
	};

	return check_run(tests);
}
