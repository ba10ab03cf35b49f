/*
 * Checking a text against an office's wording rules. Not for: changing the text, or saying who may overrule a finding.
 *
 * Phrases are sorted by their folded code points; at each place of the text those that begin with its character are
 * found by bisection. That is fast enough for a post (at most 64 KiB) against tens of thousands of phrases; the
 * citizens' side, which sees far more text, uses an automaton (src/desk).
 *
 * Patterns run line by line, long lines in bounded pieces: the C library's matcher may be quadratic in what it is
 * given.
 *
 * Findings are capped, but one that blocks is always kept: a flood of remarks must not open the gate.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "newsroom/newsroom_internal.h"
#include "newsroom/wording.h"
#include "text/utf8.h"

#define TEXT_BYTES_MAX (256u << 10)
#define PIECE_BYTES    4096u
#define HITS_PER_RULE  20u
#define REMARKS_MAX    300u
#define PERSONAL_MAX   100u
#define EXCERPT_BYTES  60u
#define REASON_BYTES   150u

/* Folding. */

bool is_invisible(uint32_t c)
{
	return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2060 && c <= 0x2064) || c == 0xfeff;
}

uint32_t fold(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e) {
		c -= 0xfee0;
	}
	if (c >= 'A' && c <= 'Z') {
		return c + 0x20;
	}
	if (c == '\t' || c == 0xa0 || c == 0x3000) {
		return ' ';
	}
	return c;
}

static bool is_url_char(uint32_t c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>';
}

static void mark_urls(struct places *places)
{
	static const char mark[] = "://";
	struct place *items = places->items;
	size_t behind = 0; /* the last URL: each place is walked once, whatever the text */

	for (size_t i = 1; i + 3 <= places->n; i++) {
		size_t from = i;

		if (items[i].as_is != (uint32_t)mark[0] || items[i + 1].as_is != '/' || items[i + 2].as_is != '/') {
			continue;
		}
		while (from > behind && items[from - 1].folded >= 'a' && items[from - 1].folded <= 'z') {
			from--;
		}
		if (from == i) {
			continue;
		}
		for (; from < places->n && is_url_char(items[from].as_is); from++) {
			items[from].in_url = true;
		}
		behind = from;
		i = from - 1;
	}
}

void places_make(struct places *places, struct str text)
{
	struct str rest = text;
	uint32_t c;
	int line = 1;
	int column = 0;

	*places = (struct places){ .items = xnew_array(struct place, rest.n + 1) };
	while (utf8_next(&rest, &c)) {
		column++;
		if (!is_invisible(c)) {
			places->items[places->n++] = (struct place){
				.folded = fold(c), .as_is = c, .line = line, .column = column
			};
		}
		if (c == '\n') {
			line++;
			column = 0;
		}
	}
	mark_urls(places);
}

/* Checking. */

struct check {
	const struct wording *wording;
	int64_t now_at;
	struct finding_list *findings;
	size_t remarks; /* that do not block */
	unsigned *hits; /* by rule */
	bool cut;       /* something was left out */
};

static bool holds(const struct check *check, const struct rule *rule)
{
	return rule->expires_at == 0 || check->now_at < rule->expires_at;
}

/* False when this rule has been shown often enough. */
static bool hit(struct check *check, size_t index, int line, int column, struct str excerpt)
{
	const struct rule *rule = &check->wording->rules[index];
	struct str shown = text_cut_bytes(excerpt, EXCERPT_BYTES);
	struct str reason = text_cut_bytes(str_from(rule->reason), REASON_BYTES);
	struct str source = text_cut_bytes(str_from(rule->source), EXCERPT_BYTES);
	char name[sizeof(((struct finding *)0)->rule)];

	if (check->hits[index] >= HITS_PER_RULE || (rule->level != FINDING_BLOCK && check->remarks >= REMARKS_MAX)) {
		check->cut = true;
		return false;
	}
	check->remarks += rule->level != FINDING_BLOCK;
	check->hits[index]++;
	(void)snprintf(name, sizeof(name), "wording.%s", rule->id);
	finding_add(check->findings, rule->level, name, "", line, column,
		"\"" STR_FMT "%s\": " STR_FMT "%s" STR_FMT "%s", STR_ARG(shown), shown.n < excerpt.n ? "..." : "",
		STR_ARG(reason), source.n > 0 ? " (" : "", STR_ARG(source), source.n > 0 ? ")" : "");
	return true;
}

/* Index of the first phrase that begins with a character not below c. */
static size_t first_phrase(const struct wording *wording, uint32_t c)
{
	size_t low = 0;
	size_t high = wording->n_phrases;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (wording->phrases[middle].chars[0] < c) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool phrase_is_at(const struct phrase *phrase, const struct places *places, size_t from)
{
	if (phrase->n > places->n - from) {
		return false;
	}
	for (size_t i = 0; i < phrase->n; i++) {
		if (phrase->chars[i] != places->items[from + i].folded) {
			return false;
		}
	}
	return true;
}

static void check_phrases(struct check *check, const struct places *places)
{
	const struct wording *wording = check->wording;
	size_t *behind = xnew_array(size_t, wording->n_rules + 1); /* by rule: end of its last hit */

	for (size_t i = 0; i < places->n; i++) {
		uint32_t c = places->items[i].folded;

		for (size_t j = first_phrase(wording, c); j < wording->n_phrases && wording->phrases[j].chars[0] == c;
			j++) {
			const struct phrase *phrase = &wording->phrases[j];
			char excerpt[4 * PHRASE_CHARS_MAX];
			size_t n = 0;

			if (i < behind[phrase->rule] || !holds(check, &wording->rules[phrase->rule]) ||
				!phrase_is_at(phrase, places, i)) {
				continue;
			}
			behind[phrase->rule] = i + phrase->n;
			for (size_t k = 0; k < phrase->n; k++) {
				n += utf8_encode(places->items[i + k].as_is, excerpt + n);
			}
			(void)hit(check, phrase->rule, places->items[i].line, places->items[i].column,
				(struct str){ .p = excerpt, .n = n });
		}
	}
	free(behind);
}

/*
 * One line, or a piece of a long one that begins `column` characters into it. It is terminated: REG_STARTEND is an
 * extension, and sanitizers look for the NUL in spite of it.
 */
static void match_piece(struct check *check, size_t index, int line, int column, struct str piece, bool is_last)
{
	const struct rule *rule = &check->wording->rules[index];
	size_t from = 0;

	while (from < piece.n) {
		regmatch_t match = { .rm_so = (regoff_t)from, .rm_eo = (regoff_t)piece.n };
		int flags = REG_STARTEND | (from > 0 || column > 0 ? REG_NOTBOL : 0) | (is_last ? 0 : REG_NOTEOL);

		if (regexec(&rule->pattern, piece.p, 1, &match, flags) != 0) {
			return;
		}
		if (match.rm_eo <= match.rm_so) {
			from = (size_t)match.rm_eo + 1; /* an empty match, as of "$" */
			continue;
		}
		if (!hit(check, index, line, column + (int)text_chars(str_sub(piece, 0, (size_t)match.rm_so)) + 1,
			    str_sub(piece, (size_t)match.rm_so, (size_t)(match.rm_eo - match.rm_so)))) {
			return;
		}
		from = (size_t)match.rm_eo;
	}
}

static void check_patterns(struct check *check, struct str text)
{
	struct str rest = text;
	struct str line_text;
	char terminated[PIECE_BYTES + 1];

	for (int line = 1; str_split(&rest, '\n', &line_text); line++) {
		int column = 0;

		while (line_text.n > 0) {
			struct str piece = line_text.n > PIECE_BYTES ? text_cut_bytes(line_text, PIECE_BYTES)
								     : line_text;

			if (piece.n == 0) {
				piece = str_sub(line_text, 0, PIECE_BYTES); /* one endless grapheme */
			}
			memcpy(terminated, piece.p, piece.n);
			terminated[piece.n] = '\0';
			for (size_t i = 0; i < check->wording->n_rules; i++) {
				const struct rule *rule = &check->wording->rules[i];

				if (rule->has_pattern && holds(check, rule)) {
					match_piece(check, i, line, column, (struct str){ terminated, piece.n },
						piece.n == line_text.n);
				}
			}
			column += (int)text_chars(piece);
			line_text = str_sub(line_text, piece.n, line_text.n);
		}
	}
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *left = a;
	const struct finding *right = b;

	if (left->line != right->line) {
		return left->line < right->line ? -1 : 1;
	}
	if (left->column != right->column) {
		return left->column < right->column ? -1 : 1;
	}
	return strcmp(left->rule, right->rule);
}

void wording_check(const struct wording *wording, struct str text, int64_t now_at, struct finding_list *findings)
{
	struct check check = { .wording = wording, .now_at = now_at, .findings = findings };
	size_t first = findings->n;
	size_t first_personal;
	struct places places;
	locale_t before = (locale_t)0;

	check.hits = xnew_array(unsigned, wording->n_rules + 1);
	check.cut = text.n > TEXT_BYTES_MAX;
	text = str_sub(text, 0, TEXT_BYTES_MAX);
	places_make(&places, text);
	check_phrases(&check, &places);
	if (wording->utf8) {
		before = uselocale(wording->utf8);
	}
	check_patterns(&check, text);
	if (wording->utf8) {
		(void)uselocale(before);
	}
	first_personal = findings->n;
	personal_check(&places, findings);
	if (findings->n - first_personal > PERSONAL_MAX) {
		findings->n = first_personal + PERSONAL_MAX;
		check.cut = true;
	}
	if (findings->n - first > 1) {
		qsort(findings->items + first, findings->n - first, sizeof(findings->items[0]), compare_findings);
	}
	if (check.cut) {
		finding_add(
			findings, FINDING_NOTE, "wording.more", "", 0, 0, "there is more to be found than is shown");
	}
	free(places.items);
	free(check.hits);
}
