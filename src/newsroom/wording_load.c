/*
 * Reading an office's wording rules. A file with a mistake is refused as a whole. A list of rules:
 *
 *	- id: typo.example          # unique; a-z 0-9 . - ; findings are named wording.ID
 *	  level: warn               # block, warn (when not given) or note
 *	  category: typo            # for the reader of the file
 *	  any: [phrase, phrase]     # literal; case, full-width forms and invisible characters do not matter
 *	  pattern: "[0-9]{4} year"  # POSIX extended regular expression, line by line; case matters
 *	  reason: why               # required, shown
 *	  source: where it is laid down
 *	  expires: 2027-01-01       # last day of validity; looked at for every check
 *
 * Patterns come from the file's author, who is trusted. Still: repetitions are bounded (the C library unrolls them) and
 * back-references refused (their cost has no bound). They are compiled under C.UTF-8, so that a bracket expression
 * holds characters, not bytes.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/yaml.h"
#include "core/buf.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/mem.h"
#include "newsroom/newsroom_internal.h"
#include "newsroom/wording.h"
#include "text/utf8.h"

#define ID_BYTES_MAX      39u /* "wording." in front of it fits finding.rule */
#define PHRASES_MAX       200000u
#define PATTERN_BYTES_MAX 500u
#define REPEATS_MAX       1000

static int compare_phrases(const void *a, const void *b)
{
	const struct phrase *left = a;
	const struct phrase *right = b;

	for (size_t i = 0; i < left->n && i < right->n; i++) {
		if (left->chars[i] != right->chars[i]) {
			return left->chars[i] < right->chars[i] ? -1 : 1;
		}
	}
	/* The longer one first: it is the better hit. */
	if (left->n != right->n) {
		return left->n > right->n ? -1 : 1;
	}
	return left->rule < right->rule ? -1 : left->rule > right->rule;
}

static bool add_phrase(struct wording *wording, size_t rule, const struct yaml_file *file, const struct yaml_node *node,
	struct error *err)
{
	struct phrase phrase = { .rule = rule };
	struct str rest;
	uint32_t c;

	if (node->kind != YAML_SCALAR) {
		return yaml_error(file, node, err, "any: expected a phrase");
	}
	rest = str_trim(node->scalar);
	if (!utf8_valid(rest) || text_chars(rest) > PHRASE_CHARS_MAX) {
		return yaml_error(
			file, node, err, "any: a phrase of at most %u characters was expected", PHRASE_CHARS_MAX);
	}
	if (wording->n_phrases == PHRASES_MAX) {
		return yaml_error(file, node, err, "more than %u phrases", PHRASES_MAX);
	}
	phrase.chars = xnew_array(uint32_t, rest.n + 1);
	while (utf8_next(&rest, &c)) {
		if (!is_invisible(c)) {
			phrase.chars[phrase.n++] = fold(c);
		}
	}
	if (phrase.n == 0) {
		free(phrase.chars);
		return yaml_error(file, node, err, "any: an empty phrase");
	}
	array_grow(wording->phrases, wording->n_phrases, wording->cap_phrases);
	wording->phrases[wording->n_phrases++] = phrase;
	return true;
}

static bool read_phrases(struct wording *wording, size_t rule, const struct yaml_file *file,
	const struct yaml_node *node, struct error *err)
{
	if (node->kind == YAML_SCALAR) {
		return add_phrase(wording, rule, file, node, err);
	}
	if (node->kind != YAML_LIST || node->n == 0) {
		return yaml_error(file, node, err, "any: expected a list of phrases");
	}
	for (size_t i = 0; i < node->n; i++) {
		if (!add_phrase(wording, rule, file, node->items[i], err)) {
			return false;
		}
	}
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Why a pattern is refused before the C library sees it; NULL: it is not. */
static const char *pattern_problem(struct str pattern)
{
	int64_t repeats = 1;

	if (pattern.n == 0) {
		return "is empty";
	}
	if (pattern.n > PATTERN_BYTES_MAX) {
		return "is too long";
	}
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];
		int64_t most = 0;
		int64_t number = 0;
		size_t end;

		if (c == '\0') {
			return "contains a NUL";
		}
		if (c == '\\') {
			i++;
			if (i < pattern.n && pattern.p[i] >= '1' && pattern.p[i] <= '9') {
				return "contains a back-reference";
			}
			continue;
		}
		if (c != '{') {
			continue;
		}
		/* {n}, {n,}, {n,m}: every one multiplies what it stands around, nested or not. Another brace is a
		 * character. */
		for (end = i + 1; end < pattern.n && (pattern.p[end] == ',' || is_digit(pattern.p[end])); end++) {
			number = pattern.p[end] == ',' ? 0 : number * 10 + pattern.p[end] - '0';
			number = number > REPEATS_MAX ? REPEATS_MAX + 1 : number;
			most = number > most ? number : most;
		}
		if (end == pattern.n || pattern.p[end] != '}') {
			continue;
		}
		i = end;
		repeats *= most > 0 ? most : 1;
		if (repeats > REPEATS_MAX) {
			return "repeats too often";
		}
	}
	return NULL;
}

static bool read_pattern(struct wording *wording, struct rule *rule, const struct yaml_file *file,
	const struct yaml_node *node, struct error *err)
{
	locale_t before = (locale_t)0;
	const char *problem;
	char *pattern;
	char why[128] = "";
	int code;
	bool matches_nothing;

	if (node->kind != YAML_SCALAR) {
		return yaml_error(file, node, err, "pattern: expected a regular expression");
	}
	problem = utf8_valid(node->scalar) ? pattern_problem(node->scalar) : "is no valid UTF-8";
	if (problem) {
		return yaml_error(file, node, err, "pattern: the regular expression %s", problem);
	}
	pattern = str_dup(node->scalar);
	if (wording->utf8) {
		before = uselocale(wording->utf8);
	}
	code = regcomp(&rule->pattern, pattern, REG_EXTENDED);
	rule->has_pattern = code == 0;
	matches_nothing = code == 0 && regexec(&rule->pattern, "", 0, NULL, 0) == 0;
	if (code) {
		(void)regerror(code, &rule->pattern, why, sizeof(why));
	}
	if (wording->utf8) {
		(void)uselocale(before);
	}
	free(pattern);
	if (code) {
		return yaml_error(file, node, err, "pattern: %s", why);
	}
	if (matches_nothing) {
		return yaml_error(file, node, err, "pattern: the regular expression matches the empty text");
	}
	return true;
}

/* "2027-01-01" is the last day; *ret_at is the midnight after it, in the office's zone. */
static bool read_expires(const struct yaml_file *file, const struct yaml_node *node, int64_t *ret_at, struct error *err)
{
	struct str date = node->kind == YAML_SCALAR ? node->scalar : (struct str){ 0 };
	struct tm tm = { .tm_isdst = -1 };
	int64_t year;
	int64_t month;
	int64_t day;
	time_t at;

	if (date.n != 10 || date.p[4] != '-' || date.p[7] != '-' ||
		!str_to_i64(str_sub(date, 0, 4), 1970, 9999, &year) ||
		!str_to_i64(str_sub(date, 5, 2), 1, 12, &month) || !str_to_i64(str_sub(date, 8, 2), 1, 31, &day)) {
		return yaml_error(file, node, err, "expires: expected a date like 2027-01-31");
	}
	tm.tm_year = (int)year - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	if (mktime(&tm) == (time_t)-1 || tm.tm_mday != (int)day) {
		return yaml_error(file, node, err, "expires: there is no such day");
	}
	tm.tm_mday++;
	tm.tm_hour = 0;
	tm.tm_isdst = -1;
	at = mktime(&tm);
	*ret_at = (int64_t)at * 1000;
	return true;
}

static bool id_is_valid(struct str id)
{
	if (id.n == 0 || id.n > ID_BYTES_MAX) {
		return false;
	}
	for (size_t i = 0; i < id.n; i++) {
		if (!(id.p[i] >= 'a' && id.p[i] <= 'z') && !(id.p[i] >= '0' && id.p[i] <= '9') && id.p[i] != '.' &&
			id.p[i] != '-') {
			return false;
		}
	}
	return true;
}

static bool read_level(
	const struct yaml_file *file, const struct yaml_node *node, enum finding_level *ret_level, struct error *err)
{
	/* The rule file's words say what happens; finding_level_name() says what is printed. */
	static const struct {
		const char *name;
		enum finding_level level;
	} levels[] = { { "note", FINDING_NOTE }, { "warn", FINDING_WARN }, { "block", FINDING_BLOCK } };

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (node->kind == YAML_SCALAR && str_is(node->scalar, levels[i].name)) {
			*ret_level = levels[i].level;
			return true;
		}
	}
	return yaml_error(file, node, err, "level: expected block, warn or note");
}

static bool read_text(
	const struct yaml_file *file, const struct yaml_node *node, const char *key, char **ret_text, struct error *err)
{
	if (node->kind != YAML_SCALAR || str_trim(node->scalar).n == 0 || !utf8_valid(node->scalar)) {
		return yaml_error(file, node, err, "%s: expected a text", key);
	}
	*ret_text = str_dup(str_trim(node->scalar));
	return true;
}

static bool refuse_key(const struct yaml_file *file, const struct yaml_node *key, const char *const *known, size_t n,
	struct error *err)
{
	char *word = str_dup(str_sub(key->scalar, 0, 40));
	const char *nearest = NULL;
	int distance = 3;
	bool result;

	for (size_t i = 0; i < n; i++) {
		int this_distance = str_distance(word, known[i]);

		if (this_distance < distance) {
			distance = this_distance;
			nearest = known[i];
		}
	}
	if (nearest) {
		result = yaml_error(file, key, err, "%s: no such key; did you mean %s?", word, nearest);
	} else {
		result = yaml_error(file, key, err, "%s: no such key", word);
	}
	free(word);
	return result;
}

static bool read_rule(
	struct wording *wording, const struct yaml_file *file, const struct yaml_node *node, struct error *err)
{
	static const char *const keys[] = { "id", "level", "category", "any", "pattern", "reason", "source",
		"expires" };
	size_t index = wording->n_rules;
	struct rule *rule;
	bool has_phrases = false;

	if (node->kind != YAML_MAP) {
		return yaml_error(file, node, err, "expected a rule: id, level, any or pattern, reason");
	}
	array_grow(wording->rules, wording->n_rules, wording->cap_rules);
	wording->n_rules++;
	rule = &wording->rules[index];
	*rule = (struct rule){ .level = FINDING_WARN };
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct yaml_node *value = node->pairs[i].value;
		bool ok;

		if (str_is(key->scalar, "id")) {
			ok = value->kind == YAML_SCALAR && id_is_valid(value->scalar);
			if (!ok) {
				return yaml_error(
					file, value, err, "id: expected at most %u of a-z 0-9 . -", ID_BYTES_MAX);
			}
			rule->id = str_dup(value->scalar);
		} else if (str_is(key->scalar, "level")) {
			ok = read_level(file, value, &rule->level, err);
		} else if (str_is(key->scalar, "category")) {
			ok = read_text(file, value, "category", &rule->category, err);
		} else if (str_is(key->scalar, "any")) {
			has_phrases = true;
			ok = read_phrases(wording, index, file, value, err);
		} else if (str_is(key->scalar, "pattern")) {
			ok = read_pattern(wording, rule, file, value, err);
		} else if (str_is(key->scalar, "reason")) {
			ok = read_text(file, value, "reason", &rule->reason, err);
		} else if (str_is(key->scalar, "source")) {
			ok = read_text(file, value, "source", &rule->source, err);
		} else if (str_is(key->scalar, "expires")) {
			ok = read_expires(file, value, &rule->expires_at, err);
		} else {
			ok = refuse_key(file, key, keys, ARRAY_LEN(keys), err);
		}
		if (!ok) {
			return false;
		}
	}
	if (!rule->id) {
		return yaml_error(file, node, err, "the rule has no id");
	}
	if (!rule->reason) {
		return yaml_error(file, node, err, "rule %s has no reason", rule->id);
	}
	if (!has_phrases && !rule->has_pattern) {
		return yaml_error(file, node, err, "rule %s has neither any nor pattern", rule->id);
	}
	return true;
}

struct named {
	const char *id;
	const struct yaml_node *node;
};

static int compare_named(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static bool check_unique(
	const struct wording *wording, const struct yaml_file *file, const struct yaml_node *list, struct error *err)
{
	struct named *named = xnew_array(struct named, wording->n_rules + 1);
	bool ok = true;

	for (size_t i = 0; i < wording->n_rules; i++) {
		named[i] = (struct named){ .id = wording->rules[i].id, .node = list->items[i] };
	}
	qsort(named, wording->n_rules, sizeof(named[0]), compare_named);
	for (size_t i = 1; i < wording->n_rules && ok; i++) {
		if (strcmp(named[i - 1].id, named[i].id) == 0) {
			const struct yaml_node *later = named[i].node->line > named[i - 1].node->line
								? named[i].node
								: named[i - 1].node;

			ok = yaml_error(file, later, err, "id: %s is there already", named[i].id);
		}
	}
	free(named);
	return ok;
}

static bool read_rules(struct wording *wording, const struct yaml_file *file, struct error *err)
{
	const struct yaml_node *list = file->root;

	if (!list) {
		return true; /* an empty file: no phrases */
	}
	if (list->kind != YAML_LIST) {
		return yaml_error(file, list, err, "expected a list of rules");
	}
	if (list->n > LIMIT_RULES) {
		return yaml_error(file, list, err, "more than %u rules", LIMIT_RULES);
	}
	for (size_t i = 0; i < list->n; i++) {
		if (!read_rule(wording, file, list->items[i], err)) {
			return false;
		}
	}
	return check_unique(wording, file, list, err);
}

bool wording_load(const char *path, struct wording **ret_wording, struct error *err)
{
	struct wording *wording = xnew(struct wording);
	cleanup(yaml_freep) struct yaml_file *file = NULL;
	cleanup(buf_finish) struct buf text;
	bool ok = true;

	buf_init(&text, LIMIT_CONFIG_BYTES);
	wording->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (path) {
		ok = file_read(path, &text, err) && yaml_parse(path, buf_str(&text), 1, &file, err) &&
		     read_rules(wording, file, err);
	}
	if (!ok) {
		wording_free(wording);
		return false;
	}
	if (wording->n_phrases > 0) {
		qsort(wording->phrases, wording->n_phrases, sizeof(wording->phrases[0]), compare_phrases);
	}
	*ret_wording = wording;
	return true;
}

void wording_free(struct wording *wording)
{
	if (!wording) {
		return;
	}
	for (size_t i = 0; i < wording->n_rules; i++) {
		struct rule *rule = &wording->rules[i];

		free(rule->id);
		free(rule->category);
		free(rule->reason);
		free(rule->source);
		if (rule->has_pattern) {
			regfree(&rule->pattern);
		}
	}
	for (size_t i = 0; i < wording->n_phrases; i++) {
		free(wording->phrases[i].chars);
	}
	free(wording->rules);
	free(wording->phrases);
	if (wording->utf8) {
		freelocale(wording->utf8);
	}
	free(wording);
}
