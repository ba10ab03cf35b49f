/*
 * Personal data: findings lie inside the text and never show what they found, capitals change nothing, and a number on
 * a line of its own is found whatever stands above it.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "newsroom/wording.h"

static struct wording *wording;

static void check(struct str text, struct finding_list *findings)
{
	wording_check(wording, text, 0, findings);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];
		size_t digits = 0;

		if (finding->line == 0) {
			must(strcmp(finding->rule, "wording.more") == 0);
			continue;
		}
		must(str_starts(str_from(finding->rule), STR("personal.")) && finding->level == FINDING_WARN);
		must(is_one_line(str_from(finding->message)) && strstr(finding->message, "****"));
		for (const char *p = finding->message; *p; p++) {
			digits = *p >= '0' && *p <= '9' ? digits + 1 : 0;
			must(digits <= 4);
		}
	}
}

static bool has(const struct finding_list *findings, const char *rule, int line)
{
	for (size_t i = 0; i < findings->n; i++) {
		if (strcmp(findings->items[i].rule, rule) == 0 && findings->items[i].line == line) {
			return true;
		}
	}
	return false;
}

static void check_capitals(struct str text, const struct finding_list *findings)
{
	cleanup(finding_list_finish) struct finding_list again = { 0 };
	cleanup(buf_finish) struct buf capitals = { 0 };

	buf_init(&capitals, text.n);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		(void)buf_add_char(&capitals, c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
	}
	check(buf_str(&capitals), &again);
	must(again.n == findings->n);
	for (size_t i = 0; i < again.n; i++) {
		must(has(findings, again.items[i].rule, again.items[i].line));
	}
}

static void check_planted(struct str text)
{
	static const struct {
		const char *number;
		const char *rule;
	} planted[] = {
		{ "138 0013-8000", "personal.mobile" },
		{ "11010519491231002X", "personal.identity" },
		{ "6222 0212 3456 7890 128", "personal.card" },
		{ "京A·12345", "personal.plate" },
		{ "zhang.san@mail.example.cn", "personal.email" },
	};
	int line = 2;

	for (size_t i = 0; i < text.n; i++) {
		line += text.p[i] == '\n';
	}
	for (size_t i = 0; i < ARRAY_LEN(planted); i++) {
		cleanup(finding_list_finish) struct finding_list findings = { 0 };
		cleanup(buf_finish) struct buf more = { 0 };

		buf_init(&more, text.n + 64);
		(void)buf_add_str(&more, text);
		(void)buf_printf(&more, "\n%s", planted[i].number);
		check(buf_str(&more), &findings);
		must(has(&findings, planted[i].rule, line) || has(&findings, "wording.more", 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	cleanup(finding_list_finish) struct finding_list findings = { 0 };
	struct error err;

	must(wording || wording_load(NULL, &wording, &err));
	check(text, &findings);
	check_capitals(text, &findings);
	check_planted(text);
	return 0;
}
