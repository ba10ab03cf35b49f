/* The rule file: what is refused, where and why; and the sample that is shipped, rule by rule. */
#include "rig.h"

#include <sys/stat.h>

#include "codec/yaml.h"
#include "core/limits.h"

static void check_refused(struct str text, const char *place, const char *part)
{
	struct wording *wording = NULL;
	struct error err = { 0 };
	char path[64];
	char where[128];

	write_rules(text, path);
	(void)snprintf(where, sizeof(where), "%s:%s: ", path, place);
	CHECK_FAILS(wording_load(path, &wording, &err), err, part);
	if (strncmp(err.message, where, strlen(where)) != 0) {
		fail_msg("\"%s\" does not begin with \"%s\"", err.message, where);
	}
	CHECK_INT(err.domain, ERROR_CONFIG);
	CHECK_INT(err.advice, ADVISE_REJECT);
	CHECK(wording == NULL);
	unlink(path);
}

static void test_rules__mistakes_are_refused_with_their_place(void **state)
{
	static const struct {
		struct str text;
		const char *place, *part;
	} rows[] = {
		{ STR("id: a\n"), "1:1", "expected a list of rules" },
		{ STR("rules\n"), "1:1", "expected a list of rules" },
		{ STR("- a\n"), "1:3", "expected a rule" },
		{ STR("- [a]\n"), "1:3", "expected a rule" },
		{ STR("- {any: x, reason: r}\n"), "1:3", "no id" },
		{ STR("- {id: a, any: x}\n"), "1:3", "rule a has no reason" },
		{ STR("- {id: a, reason: r}\n"), "1:3", "neither any nor pattern" },
		{ STR("- {id: A, any: x, reason: r}\n"), "1:8", "id: expected" },
		{ STR("- {id: '', any: x, reason: r}\n"), "1:8", "id: expected" },
		{ STR("- {id: a_b, any: x, reason: r}\n"), "1:8", "id: expected" },
		{ STR("- {id: [a], any: x, reason: r}\n"), "1:8", "id: expected" },
		{ STR("- {id: a234567890123456789012345678901234567890, any: x, reason: r}\n"), "1:8", "at most 39" },
		{ STR("- id: a\n  any: x\n  reason: r\n- id: b\n  any: x\n  reason: r\n- id: a\n  any: y\n  reason: "
		      "r\n"),
			"7:3", "id: a is there already" },
		{ STR("- {id: a, id: b, any: x, reason: r}\n"), "1:11", "a second time" },
		{ STR("- {id: a, level: error, any: x, reason: r}\n"), "1:18", "level: expected block, warn or note" },
		{ STR("- {id: a, level: [warn], any: x, reason: r}\n"), "1:18", "level: expected" },
		{ STR("- {id: a, levl: warn, any: x, reason: r}\n"), "1:11", "levl: no such key; did you mean level?" },
		{ STR("- {id: a, colour: red, any: x, reason: r}\n"), "1:11", "colour: no such key" },
		{ STR("- {id: a, any: [], reason: r}\n"), "1:16", "any: expected a list" },
		{ STR("- {id: a, any: {x: y}, reason: r}\n"), "1:16", "any: expected a list" },
		{ STR("- {id: a, any: [[x]], reason: r}\n"), "1:17", "any: expected a phrase" },
		{ STR("- {id: a, any: [x, ' '], reason: r}\n"), "1:20", "any: an empty phrase" },
		{ STR("- {id: a, any: [\"\\u200b\"], reason: r}\n"), "1:17", "any: an empty phrase" },
		{ STR("- {id: a, any: x, reason: ''}\n"), "1:27", "reason: expected a text" },
		{ STR("- {id: a, any: x, reason: [r]}\n"), "1:27", "reason: expected a text" },
		{ STR("- {id: a, any: x, reason: r, source: ' '}\n"), "1:38", "source: expected a text" },
		{ STR("- {id: a, any: x, reason: r, expires: tomorrow}\n"), "1:39", "expires: expected a date" },
		{ STR("- {id: a, any: x, reason: r, expires: 2026-13-01}\n"), "1:39", "expires: expected a date" },
		{ STR("- {id: a, any: x, reason: r, expires: 2026-2-1}\n"), "1:39", "expires: expected a date" },
		{ STR("- {id: a, any: x, reason: r, expires: 2026-02-30}\n"), "1:39", "no such day" },
		{ STR("- {id: a, any: x, reason: r, expires: 2025-02-29}\n"), "1:39", "no such day" },
		{ STR("- {id: a, any: x, reason: r, expires: -026-01-01}\n"), "1:39", "expires: expected a date" },
		{ STR("- {id: a, any: \xff, reason: r}\n"), "1:16", "no valid UTF-8" },
		{ STR("- {id: a, any: *x, reason: r}\n"), "1:16", "aliases" },
		{ STR("- {id: a\n"), "2:1", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_refused(rows[i].text, rows[i].place, rows[i].part);
	}
}

static void test_rules__patterns_that_cannot_be_afforded_are_refused(void **state)
{
	static const struct {
		const char *pattern, *part; /* NULL: taken */
	} rows[] = {
		{ "", "is empty" },
		{ "(", "pattern: " },
		{ "[a", "pattern: " },
		{ "*a", "pattern: " },
		{ "a|", "matches the empty text" },
		{ "a*", "matches the empty text" },
		{ "()", "matches the empty text" },
		{ "(a)\\1", "back-reference" },
		{ "[{](a)\\1", "back-reference" }, /* a brace that opens no interval hides nothing */
		{ "x{(a)\\1", "back-reference" },
		{ "a{1001}", "repeats too often" },
		{ "(a{100}){100}", "repeats too often" },
		{ "((a{10}){10}){11}", "repeats too often" },
		{ "[{]a{1001}", "repeats too often" },
		{ "a{99999999999999999999}", "repeats too often" },
		{ "a{1,1001}", "repeats too often" },
		{ "a{1000}", NULL },
		{ "a\\{9999\\}", NULL }, /* braces to be found */
		{ "a\\\\b", NULL },
		{ "(a|b)+[0-9]{1,3}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;

		buf_init(&text, 4096);
		CHECK(buf_printf(&text, "- id: a\n  reason: r\n  pattern: '%s'\n", rows[i].pattern));
		if (rows[i].part) {
			check_refused(buf_str(&text), "3:12", rows[i].part);
		} else {
			wording_free(load_rules(text.p));
		}
		buf_finish(&text);
	}
}

static void test_rules__lengths_are_capped_where_the_limits_say(void **state)
{
	(void)state;
	for (int more = 0; more < 2; more++) {
		struct buf text;

		buf_init(&text, 4096);
		CHECK(buf_add_text(&text, "- id: a\n  reason: r\n  any: "));
		for (int i = 0; i < 100 + more; i++) {
			CHECK(buf_add_text(&text, "长"));
		}
		CHECK(buf_add_char(&text, '\n'));
		if (more) {
			check_refused(buf_str(&text), "3:8", "at most 100 characters");
		} else {
			wording_free(load_rules(text.p));
		}
		buf_clear(&text);
		CHECK(buf_printf(&text, "- id: a\n  reason: r\n  pattern: %0*d\n", 500 + more, 0));
		if (more) {
			check_refused(buf_str(&text), "3:12", "is too long");
		} else {
			wording_free(load_rules(text.p));
		}
		buf_finish(&text);
	}
	for (unsigned more = 0; more < 2; more++) {
		struct buf text;

		buf_init(&text, LIMIT_CONFIG_BYTES);
		for (unsigned i = 0; i < LIMIT_RULES + more; i++) {
			CHECK(buf_printf(&text, "- {id: r%u, any: w%u, reason: r}\n", i, i));
		}
		if (more) {
			check_refused(buf_str(&text), "1:1", "more than 20000 rules");
		} else {
			struct wording *wording = load_rules(text.p);

			check_found(wording, STR("w19999"),
				"1:1 wording.r1 1:1 wording.r19 1:1 wording.r199 1:1 wording.r1999 "
				"1:1 wording.r19999",
				NULL);
			wording_free(wording);
		}
		buf_finish(&text);
	}
}

static void test_rules__files_that_are_none_are_refused(void **state)
{
	struct wording *wording = NULL;
	struct error err = { 0 };
	char path[64];

	(void)state;
	CHECK_FAILS(wording_load("/nonexistent/wording.yaml", &wording, &err), err, "/nonexistent/wording.yaml");
	CHECK_INT(err.domain, ERROR_CONFIG);
	CHECK_INT(err.advice, ADVISE_REJECT);
	CHECK_FAILS(wording_load("/tmp", &wording, &err), err, "/tmp: is no file");
	CHECK_FAILS(wording_load("/dev/zero", &wording, &err), err, "/dev/zero: is no file");
	(void)snprintf(path, sizeof(path), "/tmp/gazette-wording-XXXXXX");
	CHECK(mkdtemp(path) != NULL);
	{
		char fifo[100];

		(void)snprintf(fifo, sizeof(fifo), "%s/fifo", path);
		CHECK_INT(mkfifo(fifo, 0600), 0);
		CHECK_FAILS(wording_load(fifo, &wording, &err), err, "is no file"); /* and nobody waits for a writer */
		CHECK(!wording_load(fifo, &wording, NULL));
		unlink(fifo);
		rmdir(path);
	}
	CHECK(!wording_load("/nonexistent/wording.yaml", &wording, NULL));
	CHECK(wording == NULL);
	wording_free(NULL);
}

static void test_rules__too_long_a_file_is_refused(void **state)
{
	char *text = xnew_array(char, LIMIT_CONFIG_BYTES + 1);
	struct wording *wording = NULL;
	struct error err = { 0 };
	char path[64];

	(void)state;
	memset(text, '#', LIMIT_CONFIG_BYTES + 1);
	write_rules((struct str){ text, LIMIT_CONFIG_BYTES + 1 }, path);
	CHECK_FAILS(wording_load(path, &wording, &err), err, ": longer than");
	CHECK_INT(err.domain, ERROR_CONFIG);
	unlink(path);
	free(text);
}

static void test_rules__an_empty_file_leaves_the_personal_data(void **state)
{
	static const char *const texts[] = { "", "# nothing yet\n", "[]\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct wording *wording = load_rules(texts[i]);

		check_found(wording, STR("布署 13800138000"), "1:4 personal.mobile", NULL);
		wording_free(wording);
	}
}

/* The sample. */

static void sample_path(char ret_path[1024])
{
	const char *source = getenv("GAZETTE_SOURCE");

	(void)snprintf(ret_path, 1024, "%s/src/dist/wording.yaml", source ? source : ".");
}

static bool finds(const struct wording *wording, struct str text, int64_t now_at, const char *rule)
{
	struct finding_list findings = { 0 };
	bool found = false;

	wording_check(wording, text, now_at, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		found = found || strcmp(findings.items[i].rule, rule) == 0;
	}
	finding_list_finish(&findings);
	return found;
}

static void check_phrase(const struct wording *wording, const char *rule, struct str phrase)
{
	struct buf text;

	buf_init(&text, 4096);
	CHECK(buf_printf(&text, "今天" STR_FMT "。", STR_ARG(phrase)));
	if (!finds(wording, buf_str(&text), NOW_AT, rule)) {
		fail_msg("%s does not find \"%s\"", rule, text.p);
	}
	buf_finish(&text);
}

static void test_sample__every_phrase_of_every_rule_is_found(void **state)
{
	char path[1024];
	char text[65536];
	struct wording *wording = NULL;
	struct yaml_file *file = NULL;
	struct error err = { 0 };
	FILE *stream;
	size_t n;
	size_t phrases = 0;

	(void)state;
	sample_path(path);
	CHECK_OK(wording_load(path, &wording, &err), err);
	stream = fopen(path, "rb");
	CHECK(stream != NULL);
	n = fread(text, 1, sizeof(text), stream);
	(void)fclose(stream);
	CHECK(n < sizeof(text));
	CHECK_OK(yaml_parse(path, (struct str){ text, n }, 1, &file, &err), err);
	for (size_t i = 0; i < file->root->n; i++) {
		const struct yaml_node *any = yaml_get(file->root->items[i], "any");
		const struct yaml_node *id = yaml_get(file->root->items[i], "id");
		char rule[64];

		(void)snprintf(rule, sizeof(rule), "wording." STR_FMT, STR_ARG(id->scalar));
		for (size_t k = 0; any && k < any->n; k++) {
			check_phrase(wording, rule, any->items[k]->scalar);
			phrases++;
		}
	}
	CHECK(phrases > 0);
	yaml_file_free(file);
	wording_free(wording);
}

static void test_sample__patterns_tell_slips_from_ordinary_text(void **state)
{
	static const struct {
		const char *text, *rule;
		bool found;
	} rows[] = {
		{ "我们的的的工作", "wording.typo.double", true },
		{ "好，，再说", "wording.typo.double", true },
		{ "目的的确", "wording.typo.double", false },
		{ "13月1日", "wording.date.impossible", true },
		{ "2月32日", "wording.date.impossible", true },
		{ "12月31日", "wording.date.impossible", false },
		{ "2026年10月1日", "wording.date.impossible", false },
		{ "共113月", "wording.date.impossible", false },
		{ "嫌疑人对犯罪事实供认不讳", "wording.guilt.names", true },
		{ "嫌疑人到案。对此供认不讳", "wording.guilt.names", false },
		{ "一名学生就读于第一小学", "wording.minor.identity", true },
		{ "学生。他就读于", "wording.minor.identity", false },
	};
	char path[1024];
	struct wording *wording = NULL;
	struct error err = { 0 };

	(void)state;
	sample_path(path);
	CHECK_OK(wording_load(path, &wording, &err), err);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (finds(wording, str_from(rows[i].text), NOW_AT, rows[i].rule) != rows[i].found) {
			fail_msg("%s on \"%s\"", rows[i].rule, rows[i].text);
		}
	}
	wording_free(wording);
}

static void test_sample__says_nothing_about_an_ordinary_notice(void **state)
{
	static const char notice[] = "【国庆假期安排】10月1日至8日，出入境办证大厅照常开放，时间为9:00—17:00。\n"
				     "请登录“一网通办”账号预约，或拨打咨询电话 010-12345678。详情见 "
				     "https://example.gov.cn/notice/20261001123456789\n"
				     "犯罪嫌疑人已被依法刑事拘留，案件正在进一步侦办中。\n";
	char path[1024];
	struct wording *wording = NULL;
	struct error err = { 0 };

	(void)state;
	sample_path(path);
	CHECK_OK(wording_load(path, &wording, &err), err);
	check_found(wording, str_from(notice), "", NULL);
	wording_free(wording);
}

static void test_sample__its_temporary_rule_ends_by_itself(void **state)
{
	char path[1024];
	struct wording *wording = NULL;
	struct error err = { 0 };
	struct str text = STR("示例活动旧口号");

	(void)state;
	sample_path(path);
	CHECK_OK(wording_load(path, &wording, &err), err);
	CHECK(finds(wording, text, NOW_AT, "wording.campaign.example"));
	CHECK(!finds(wording, text, INT64_C(4102444800000), "wording.campaign.example")); /* 2100 */
	wording_free(wording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules__mistakes_are_refused_with_their_place),
		cmocka_unit_test(test_rules__patterns_that_cannot_be_afforded_are_refused),
		cmocka_unit_test(test_rules__lengths_are_capped_where_the_limits_say),
		cmocka_unit_test(test_rules__files_that_are_none_are_refused),
		cmocka_unit_test(test_rules__too_long_a_file_is_refused),
		cmocka_unit_test(test_rules__an_empty_file_leaves_the_personal_data),
		cmocka_unit_test(test_sample__every_phrase_of_every_rule_is_found),
		cmocka_unit_test(test_sample__patterns_tell_slips_from_ordinary_text),
		cmocka_unit_test(test_sample__says_nothing_about_an_ordinary_notice),
		cmocka_unit_test(test_sample__its_temporary_rule_ends_by_itself),
	};

	return check_run(tests);
}
