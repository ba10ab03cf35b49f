/*
 * Wording rules: a rule file loads or is refused with a place; findings are sorted, lie inside the text and are fit to
 * be shown; what is checked twice is found twice, and rules that have run out find nothing. Parts: rule file (empty:
 * ours), text.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "core/clock.h"
#include "newsroom/wording.h"

/* 2026-10-01 08:00 in Shanghai, and a time by which every rule has run out that says when */
#define NOW_AT   (INT64_C(1790812800) * SECOND_MS)
#define LATER_AT INT64_C(253402300800000)

#define FINDINGS_MAX 10000u

static const char ours[] = "- {id: never, level: block, any: [绝对, absolutely], reason: no superlatives}\n"
			   "- {id: typo, level: note, any: [aa, ab, a], reason: typo, expires: 2027-01-01}\n"
			   "- {id: year, level: warn, pattern: '[0-9]{4}年', reason: which year, source: style}\n"
			   "- {id: end, level: warn, pattern: '([a-c]+|x.y)$', reason: end of line}\n";

static bool load(struct str rules, struct wording **ret_wording)
{
	char path[PART_PATH_BYTES];
	int fd = part_as_file(rules, path);
	struct error err = { 0 };
	bool ok = wording_load(path, ret_wording, &err);

	close(fd);
	if (!ok) {
		must_be_an_error(&err, ERROR_CONFIG, ADVISE_REJECT);
		must(str_starts(str_from(err.message), str_from(path)));
	}
	return ok;
}

static int columns_of(struct str text, int line)
{
	struct str part = { 0 };

	while (line-- > 0 && str_split(&text, '\n', &part)) {
	}
	return (int)text_chars(part);
}

static void check_findings(struct str text, const struct finding_list *findings)
{
	int lines = 1;
	int line = 0;
	int column = 0;

	for (size_t i = 0; i < text.n; i++) {
		lines += text.p[i] == '\n';
	}
	must(findings->n <= FINDINGS_MAX);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];

		must(str_starts(str_from(finding->rule), STR("wording.")) ||
			str_starts(str_from(finding->rule), STR("personal.")));
		must(finding->account[0] == '\0');
		must(finding->message[0] && is_one_line(str_from(finding->message)));
		if (strcmp(finding->rule, "wording.more") == 0 && finding->line == 0) {
			must(i + 1 == findings->n && finding->level == FINDING_NOTE);
			continue;
		}
		must(finding->line >= 1 && finding->line <= lines && finding->column >= 1);
		must(finding->column <= columns_of(text, finding->line) + 1);
		must(finding->line > line || (finding->line == line && finding->column >= column));
		line = finding->line;
		column = finding->column;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str rules = { 0 };
	struct str text = { 0 };
	struct wording *wording;
	cleanup(finding_list_finish) struct finding_list now = { 0 };
	cleanup(finding_list_finish) struct finding_list again = { 0 };
	cleanup(finding_list_finish) struct finding_list later = { 0 };

	(void)next_part(&rest, &rules);
	(void)next_part(&rest, &text);
	if (!load(rules.n > 0 ? rules : str_from(ours), &wording)) {
		must(rules.n > 0);
		return 0;
	}
	wording_check(wording, text, NOW_AT, &now);
	check_findings(text, &now);
	wording_check(wording, text, NOW_AT, &again);
	must(again.n == now.n && finding_blocks(&again) == finding_blocks(&now));
	wording_check(wording, text, LATER_AT, &later);
	check_findings(text, &later);
	if (rules.n == 0) {
		for (size_t i = 0; i < later.n; i++) {
			must(strcmp(later.items[i].rule, "wording.typo") != 0);
		}
		must(str_find(text, STR("绝对")) < 0 || finding_blocks(&now));
	}
	wording_free(wording);
	return 0;
}
