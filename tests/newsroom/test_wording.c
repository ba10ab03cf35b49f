/* What a loaded rule finds and where, and that a flood of findings hides nothing that blocks. */
#include "rig.h"

#include "text/utf8.h"

static void test_wording__phrases_are_seen_through_case_width_and_invisibles(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "今天布署工作", "1:3 wording.w" },
		{ "一\n二布署\n", "2:2 wording.w" },
		{ "布署布署", "1:1 wording.w 1:3 wording.w" },
		{ "布\xe2\x80\x8b署", "1:1 wording.w" }, /* zero-width space */
		{ "布\xc2\xad署", "1:1 wording.w" },     /* soft hyphen */
		{ "\xef\xbb\xbf布署", "1:2 wording.w" }, /* a mark takes a column, being a character */
		{ "部署", "" },
		{ "布\n署", "" },
		{ "布 署", "" },
		{ "Best Ever", "1:1 wording.w" },
		{ "BEST EVER!", "1:1 wording.w" },
		{ "ｂｅｓｔ　ｅｖｅｒ", "1:1 wording.w" },
		{ "best  ever", "" },
		{ "bestever", "" },
		{ "aaaa", "1:1 wording.w 1:3 wording.w" }, /* hits do not overlap */
		{ "", "" },
	};
	struct wording *wording = load_rules("- {id: w, any: [布署, best ever, AA], reason: r}\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_found(wording, str_from(rows[i].text), rows[i].want, NULL);
	}
	wording_free(wording);
}

static void test_wording__the_longer_phrase_of_a_rule_is_the_better_hit(void **state)
{
	struct wording *wording = load_rules("- {id: w, any: [登陆, 登陆账号], reason: r}\n"
					     "- {id: v, any: [账号], reason: r}\n");
	struct finding_list findings;

	(void)state;
	check_found(wording, STR("请登陆账号"), "1:2 wording.w 1:4 wording.v", &findings);
	CHECK(strstr(findings.items[0].message, "\"登陆账号\"") != NULL);
	finding_list_finish(&findings);
	wording_free(wording);
}

static void test_wording__a_finding_says_what_and_why(void **state)
{
	static const struct {
		const char *level;
		enum finding_level want;
	} rows[] = { { "note", FINDING_NOTE }, { "warn", FINDING_WARN }, { "block", FINDING_BLOCK } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[256];
		struct wording *wording;
		struct finding_list findings;

		(void)snprintf(text, sizeof(text),
			"- {id: a.b-1, level: %s, any: 布署, reason: 应为“部署”, source: 词典}\n", rows[i].level);
		wording = load_rules(text);
		check_found(wording, STR("布署"), "1:1 wording.a.b-1", &findings);
		CHECK_TEXT(findings.items[0].message, "\"布署\": 应为“部署” (词典)");
		CHECK_INT(findings.items[0].level, rows[i].want);
		CHECK_TEXT(findings.items[0].account, "");
		CHECK_INT(finding_blocks(&findings), rows[i].want == FINDING_BLOCK);
		finding_list_finish(&findings);
		wording_free(wording);
	}
}

static void test_wording__patterns_run_line_by_line(void **state)
{
	static const struct {
		const char *pattern, *text, *want;
	} rows[] = {
		{ "[0-9]{4}年", "在2026年和2027年", "1:2 wording.p 1:8 wording.p" },
		{ "^第.条", "第一条\n见第二条\n第三条", "1:1 wording.p 3:1 wording.p" },
		{ "完$", "完了\n完", "2:1 wording.p" }, { "a.c", "a\nc abc", "2:3 wording.p" },
		{ "[一二三]", "二", "1:1 wording.p" }, /* characters, not bytes */
		{ "[一二三]", "四", "" }, { "a", "aaa", "1:1 wording.p 1:2 wording.p 1:3 wording.p" },
		{ "a+", "aaa b aa", "1:1 wording.p 1:7 wording.p" },
		{ "\\b|x", "ab x", "1:4 wording.p" }, /* an empty hit is none, wherever it is */
		{ "A", "a", "" },                     /* case matters here */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[256];
		struct wording *wording;

		(void)snprintf(text, sizeof(text), "- {id: p, pattern: '%s', reason: r}\n", rows[i].pattern);
		wording = load_rules(text);
		check_found(wording, str_from(rows[i].text), rows[i].want, NULL);
		wording_free(wording);
	}
}

static void test_wording__a_long_line_is_matched_in_pieces_with_true_columns(void **state)
{
	enum { CHARS = 20000 };
	struct wording *wording = load_rules("- {id: p, pattern: '[0-9]+年', reason: r}\n"
					     "- {id: b, pattern: '^中', reason: r}\n"
					     "- {id: e, pattern: '中$', reason: r}\n");
	struct buf text;
	struct finding_list findings;

	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < CHARS; i++) {
		CHECK(buf_add_text(&text, "中"));
	}
	CHECK(buf_add_text(&text, "2026年中"));
	/* Only the true beginning and the true end of the line are such. */
	check_found(wording, buf_str(&text), "1:1 wording.b 1:20001 wording.p 1:20006 wording.e", &findings);
	finding_list_finish(&findings);
	buf_finish(&text);
	wording_free(wording);
}

static void test_wording__expired_rules_are_skipped_from_the_day_after(void **state)
{
	/* 2026-01-01 00:00 in the office's zone, in which the tests run */
	static const int64_t midnight_at = INT64_C(1767196800000);
	struct wording *wording = load_rules("- {id: w, any: 布署, reason: r, expires: 2025-12-31}\n"
					     "- {id: p, pattern: 布署, reason: r, expires: 2025-12-31}\n"
					     "- {id: n, any: 布署, reason: r}\n");
	static const struct {
		int64_t now_at;
		size_t want;
	} rows[] = { { 0, 3 }, { midnight_at - 1, 3 }, { midnight_at, 1 }, { INT64_MAX, 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct finding_list findings = { 0 };

		wording_check(wording, STR("布署"), rows[i].now_at, &findings);
		CHECK_INT(findings.n, rows[i].want);
		finding_list_finish(&findings);
	}
	wording_free(wording);
}

static void test_wording__a_flood_hides_nothing_that_blocks(void **state)
{
	struct wording *wording;
	struct buf rules;
	struct buf text;
	struct finding_list findings = { 0 };
	size_t more = 0;

	(void)state;
	buf_init(&rules, 1 << 20);
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 500; i++) {
		CHECK(buf_printf(&rules, "- {id: n%d, level: note, any: w%d-, reason: r}\n", i, i));
		CHECK(buf_printf(&text, "w%d- ", i));
	}
	for (int i = 0; i < 1000; i++) {
		CHECK(buf_add_text(&text, "w1- "));
	}
	CHECK(buf_add_text(&rules, "- {id: last, level: block, any: 内部稿, reason: r}\n"));
	CHECK(buf_add_text(&text, "内部稿"));
	wording = load_rules(rules.p);
	wording_check(wording, buf_str(&text), NOW_AT, &findings);
	CHECK(finding_blocks(&findings));
	CHECK(findings.n < 500);
	for (size_t i = 0; i < findings.n; i++) {
		more += strcmp(findings.items[i].rule, "wording.more") == 0;
	}
	CHECK_INT(more, 1); /* and it says that it is not all */
	finding_list_finish(&findings);
	buf_finish(&rules);
	buf_finish(&text);
	wording_free(wording);
}

static void test_wording__findings_come_in_the_order_of_the_text_behind_those_there(void **state)
{
	struct wording *wording = load_rules("- {id: a, any: 三, reason: r}\n- {id: b, pattern: 一, reason: r}\n");
	struct finding_list findings = { 0 };

	(void)state;
	finding_add(&findings, FINDING_BLOCK, "zz.length", "weibo-main", 9, 9, "too long");
	wording_check(wording, STR("一 13800138000\n三"), NOW_AT, &findings);
	CHECK_INT(findings.n, 4);
	CHECK_TEXT(findings.items[0].rule, "zz.length");
	CHECK_TEXT(findings.items[1].rule, "wording.b");
	CHECK_TEXT(findings.items[2].rule, "personal.mobile");
	CHECK_TEXT(findings.items[3].rule, "wording.a");
	finding_list_finish(&findings);
	wording_free(wording);
}

static void test_wording__bad_bytes_and_great_length_do_no_harm(void **state)
{
	struct wording *wording = load_rules("- {id: w, any: [布署, '\xef\xbf\xbd'], reason: r}\n"
					     "- {id: p, pattern: '(a|b)*c', reason: r}\n");
	size_t n = 300u << 10;
	char *text = xnew_array(char, n + 1);
	static const char *const periods[] = { "ab", "\xff", "布", "://a", "a://", "\n", "e\xcc\x81" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(periods); i++) {
		struct finding_list findings = { 0 };
		size_t period = strlen(periods[i]);

		for (size_t k = 0; k < n; k++) {
			text[k] = periods[i][k % period];
		}
		wording_check(wording, (struct str){ text, n }, NOW_AT, &findings);
		CHECK(findings.n > 0); /* at least that not all was looked at */
		CHECK_TEXT(findings.items[findings.n - 1].rule, "wording.more");
		for (size_t k = 0; k < findings.n; k++) {
			CHECK(utf8_valid(str_from(findings.items[k].message)));
		}
		finding_list_finish(&findings);
	}
	check_found(wording, STR("\xff布署"), "1:1 wording.w 1:2 wording.w", NULL);
	check_found(wording, STR("a\0布署"), "1:3 wording.w", NULL);
	free(text);
	wording_free(wording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wording__phrases_are_seen_through_case_width_and_invisibles),
		cmocka_unit_test(test_wording__the_longer_phrase_of_a_rule_is_the_better_hit),
		cmocka_unit_test(test_wording__a_finding_says_what_and_why),
		cmocka_unit_test(test_wording__patterns_run_line_by_line),
		cmocka_unit_test(test_wording__a_long_line_is_matched_in_pieces_with_true_columns),
		cmocka_unit_test(test_wording__expired_rules_are_skipped_from_the_day_after),
		cmocka_unit_test(test_wording__a_flood_hides_nothing_that_blocks),
		cmocka_unit_test(test_wording__findings_come_in_the_order_of_the_text_behind_those_there),
		cmocka_unit_test(test_wording__bad_bytes_and_great_length_do_no_harm),
	};

	return check_run(tests);
}
