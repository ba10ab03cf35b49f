/*
 * Triage: a rule file loads or is refused with a place; what a text is found to be is one of the classes and
 * priorities, its spans lie on characters of the text, writing it in capitals or full-width letters changes nothing,
 * and nothing that stands before a cry for help silences it. Parts: rule file (empty: ours), text.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "desk/triage.h"
#include "model/ticket.h"

static const char ours[] =
	"- {id: wish, priority: P0, class: emergency, any: [不想活了, 我想死, want to die], unless: [想死你了]}\n"
	"- {id: gas, priority: P1, class: help, any: [gas leak, 燃气泄漏, leak], unless: [泄漏演练]}\n"
	"- {id: slow, priority: P2, class: complaint, any: [没人管, aa, aaa, aaaa], unless: [aab]}\n"
	"- {id: thanks, priority: P9, class: other, any: [谢谢, thank you]}\n";
static const char *const classes[] = { "enquiry", "help", "complaint", "tip", "suggestion", "emergency", "other" };

static bool load(struct str rules, struct triage **ret_triage)
{
	char path[PART_PATH_BYTES];
	int fd = part_as_file(rules, path);
	struct error err = { 0 };
	bool ok = triage_load(path, ret_triage, &err);

	close(fd);
	if (!ok) {
		must_be_an_error(&err, ERROR_CONFIG, ADVISE_REJECT);
		must(str_starts(str_from(err.message), str_from(path)));
	}
	return ok;
}

static void check_result(struct str text, const struct triage_result *result)
{
	bool known = false;

	must(priority_valid(result->priority));
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		known = known || strcmp(result->class, classes[i]) == 0;
	}
	must(known);
	must(result->n_spans <= TRIAGE_SPANS_MAX);
	must(result->n_spans > 0 || (result->priority == PRIORITY_DEFAULT && strcmp(result->class, "other") == 0));
	for (size_t i = 0; i < result->n_spans; i++) {
		const struct triage_span *span = &result->spans[i];
		struct str before = str_sub(text, 0, span->from_byte);
		struct str inside = str_sub(text, span->from_byte, span->n_bytes);

		must(span->n_bytes > 0 && span->from_byte < text.n && span->n_bytes <= text.n - span->from_byte);
		must(memchr(span->rule, 0, sizeof(span->rule)) && span->rule[0]);
		must(!utf8_valid(text) || (utf8_valid(before) && utf8_valid(inside)));
		must(str_trim(inside).n == inside.n); /* begins and ends with a character that counts */
	}
}

/* ASCII letters and digits written otherwise: capitals, or every other one full-width. */
static void rewrite(struct str text, bool wide, struct buf *out)
{
	buf_init(out, 3 * text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		char bytes[4];

		if (letter && wide && i % 2) {
			(void)buf_add(out, bytes, utf8_encode((uint32_t)c + 0xfee0, bytes));
		} else {
			(void)buf_add_char(out, c >= 'a' && c <= 'z' && !wide ? (char)(c - 32) : c);
		}
	}
}

static void check_rewritten(const struct triage *triage, struct str text, const struct triage_result *result, bool wide)
{
	cleanup(buf_finish) struct buf other = { 0 };
	struct triage_result again;

	rewrite(text, wide, &other);
	triage_run(triage, buf_str(&other), &again);
	check_result(buf_str(&other), &again);
	must(again.priority == result->priority && strcmp(again.class, result->class) == 0);
	must(again.n_spans == result->n_spans);
	for (size_t i = 0; i < again.n_spans; i++) {
		must(strcmp(again.spans[i].rule, result->spans[i].rule) == 0);
	}
}

static void check_cry(const struct triage *triage, struct str text)
{
	cleanup(buf_finish) struct buf cry = { 0 };
	struct triage_result result;

	buf_init(&cry, text.n + 64);
	(void)buf_add_str(&cry, text);
	(void)buf_add_text(&cry, "\n。不 想，活\n了");
	triage_run(triage, buf_str(&cry), &result);
	check_result(buf_str(&cry), &result);
	must(result.priority == PRIORITY_LIFE && strcmp(result.class, "emergency") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str rules = { 0 };
	struct str text = { 0 };
	struct triage *triage;
	struct triage_result result;
	struct triage_result same;

	(void)next_part(&rest, &rules);
	(void)next_part(&rest, &text);
	if (!load(rules.n > 0 ? rules : str_from(ours), &triage)) {
		must(rules.n > 0);
		return 0;
	}
	memset(&result, 0x55, sizeof(result));
	memset(&same, 0xaa, sizeof(same));
	triage_run(triage, text, &result);
	triage_run(triage, text, &same);
	check_result(text, &result);
	must(memcmp(&result, &same, sizeof(result)) == 0);
	check_rewritten(triage, text, &result, false);
	check_rewritten(triage, text, &result, true);
	if (rules.n == 0) {
		check_cry(triage, text);
	}
	triage_unref(triage);
	return 0;
}
