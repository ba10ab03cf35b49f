/*
 * Reading the rule file of the first triage. A list of rules, all of them applied to every message:
 *
 *	- id: suicide-wish         # shown to the duty officer beside what it found
 *	  priority: P0             # P0 ... P5, P9
 *	  class: emergency
 *	  any: [不想活了, 想自杀]    # phrases; one is enough
 *	  unless: [我想死你了]      # phrases that cancel a find: by overlap; in other rules than P0 also near by
 *	  note: what an officer should know
 *	  source: where the phrases come from
 *	  expires: 2027-06-30      # last day on which it applies; looked at when the file is read
 *
 * A file with a mistake is refused as a whole: half a lexicon would be worse than the one before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/yaml.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/mem.h"
#include "desk/triage.h"
#include "desk/triage_rules.h"
#include "model/ticket.h"
#include "text/when.h"

static const char *const classes[] = {
	"enquiry",
	"help",
	"complaint",
	"tip",
	"suggestion",
	"emergency",
	"other",
	NULL,
};
static const char *const keys[] = { "id", "priority", "class", "any", "unless", "note", "source", "expires", NULL };

struct loader {
	struct triage *triage;
	const struct yaml_file *file;
	const struct yaml_node *node; /* the rule being read */
	int64_t now_at;
};

static const char *nearest(const char *const *words, const char *word)
{
	const char *best = NULL;
	int best_distance = 3;

	for (; *words; words++) {
		int distance = str_distance(*words, word);

		if (distance < best_distance) {
			best_distance = distance;
			best = *words;
		}
	}
	return best;
}

static bool is_one_of(const char *const *words, struct str word)
{
	for (; *words; words++) {
		if (str_is(word, *words)) {
			return true;
		}
	}
	return false;
}

static bool refuse_word(struct loader *loader, const struct yaml_node *node, const char *what, const char *const *words,
	struct error *err)
{
	cleanup(free_charp) char *word = str_dup(str_sub(node->scalar, 0, 60));
	const char *hint = nearest(words, word);

	return yaml_error(loader->file, node, err, "unknown %s \"%s\"%s%s%s", what, word, hint ? "; did you mean " : "",
		hint ? hint : "", hint ? "?" : "");
}

static bool known_keys(struct loader *loader, struct error *err)
{
	size_t i;

	for (i = 0; i < loader->node->n; i++) {
		const struct yaml_node *key = loader->node->pairs[i].key;

		if (!is_one_of(keys, key->scalar)) {
			return refuse_word(loader, key, "key", keys, err);
		}
	}
	return true;
}

static const struct yaml_node *get_scalar(struct loader *loader, const char *key, bool required, struct error *err)
{
	const struct yaml_node *node = yaml_get(loader->node, key);

	if (!node) {
		if (required) {
			yaml_error(loader->file, loader->node, err, "the rule has no %s", key);
		}
		return NULL;
	}
	if (node->kind != YAML_SCALAR || !node->scalar.n) {
		yaml_error(loader->file, node, err, "%s: expected a word", key);
		return NULL;
	}
	return node;
}

static bool read_id(struct loader *loader, struct rule *rule, struct error *err)
{
	const struct yaml_node *node = get_scalar(loader, "id", true, err);
	size_t i;

	if (!node) {
		return false;
	}
	if (node->scalar.n > TRIAGE_RULE_BYTES) {
		return yaml_error(loader->file, node, err, "id: at most %d characters", TRIAGE_RULE_BYTES);
	}
	for (i = 0; i < node->scalar.n; i++) {
		char c = node->scalar.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_')) {
			return yaml_error(
				loader->file, node, err, "id: expected small letters, digits, '-', '.' and '_' only");
		}
	}
	for (i = 0; i < loader->triage->n_rules; i++) {
		if (str_is(node->scalar, loader->triage->rules[i].id)) {
			return yaml_error(
				loader->file, node, err, "id: \"%s\" is used twice", loader->triage->rules[i].id);
		}
	}
	memcpy(rule->id, node->scalar.p, node->scalar.n);
	return true;
}

static bool read_priority(struct loader *loader, struct rule *rule, struct error *err)
{
	const struct yaml_node *node = get_scalar(loader, "priority", true, err);
	int64_t priority;

	if (!node) {
		return false;
	}
	if (node->scalar.n != 2 || node->scalar.p[0] != 'P' ||
		!str_to_i64(str_sub(node->scalar, 1, 1), 0, 9, &priority) || !priority_valid(priority)) {
		return yaml_error(loader->file, node, err, "priority: expected P0, P1, P2, P3, P4, P5 or P9");
	}
	rule->priority = (int)priority;
	return true;
}

static bool read_class(struct loader *loader, struct rule *rule, struct error *err)
{
	const struct yaml_node *node = get_scalar(loader, "class", true, err);

	if (!node) {
		return false;
	}
	if (!is_one_of(classes, node->scalar)) {
		return refuse_word(loader, node, "class", classes, err);
	}
	memcpy(rule->class, node->scalar.p, node->scalar.n);
	return true;
}

/* A day in the office's zone; the rule applies until its end. */
static bool read_expires(struct loader *loader, bool *ret_expired, struct error *err)
{
	const struct yaml_node *node = yaml_get(loader->node, "expires");
	struct error why;
	char noon[sizeof("2026-12-31 12:00")];
	int64_t noon_at;

	*ret_expired = false;
	if (!node) {
		return true;
	}
	node = get_scalar(loader, "expires", true, err);
	if (!node) {
		return false;
	}
	if (node->scalar.n != sizeof("2026-12-31") - 1 || node->scalar.p[4] != '-' || node->scalar.p[7] != '-') {
		return yaml_error(loader->file, node, err, "expires: expected a day such as 2026-12-31");
	}
	/* A day alone is no time; its noon is one in every zone, even where clocks are put forward at midnight. */
	(void)snprintf(noon, sizeof(noon), STR_FMT " 12:00", STR_ARG(node->scalar));
	if (!when_parse(str_from(noon), loader->now_at, &noon_at, &why)) {
		return yaml_error(loader->file, node, err, "expires: %s", why.message);
	}
	*ret_expired = loader->now_at >= noon_at + DAY_MS / 2;
	return true;
}

static bool add_phrase(struct loader *loader, const struct yaml_node *node, bool cancels, bool keep, struct error *err)
{
	uint32_t chars[TRIAGE_PHRASE_CHARS];
	struct triage_char one;
	struct str rest = node->scalar;
	uint32_t sentence = 0;
	size_t n = 0;

	if (node->kind != YAML_SCALAR) {
		return yaml_error(loader->file, node, err, "expected a phrase");
	}
	while (triage_next_char(&rest, node->scalar.p, &sentence, &one)) {
		if (n == TRIAGE_PHRASE_CHARS) {
			return yaml_error(
				loader->file, node, err, "a phrase has at most %d characters", TRIAGE_PHRASE_CHARS);
		}
		chars[n++] = one.code_point;
	}
	if (n < 2) {
		return yaml_error(loader->file, node, err,
			"a phrase needs two characters at least (spaces, punctuation and symbols do not count)");
	}
	if (keep) {
		triage_add_phrase(loader->triage, (uint32_t)loader->triage->n_rules, cancels, chars, n);
	}
	return true;
}

static bool add_phrases(struct loader *loader, const char *key, bool cancels, bool keep, struct error *err)
{
	const struct yaml_node *node = yaml_get(loader->node, key);
	size_t i;

	if (!node) {
		return cancels || yaml_error(loader->file, loader->node, err, "the rule has no %s", key);
	}
	if (node->kind != YAML_LIST || (!cancels && !node->n)) {
		return yaml_error(loader->file, node, err, "%s: expected a list of phrases", key);
	}
	for (i = 0; i < node->n; i++) {
		if (!add_phrase(loader, node->items[i], cancels, keep, err)) {
			return false;
		}
	}
	return true;
}

static bool add_rule(struct loader *loader, struct error *err)
{
	struct triage *triage = loader->triage;
	struct rule rule = { .priority = PRIORITY_DEFAULT };
	struct error unset = { 0 };
	bool expired;

	if (loader->node->kind != YAML_MAP) {
		return yaml_error(loader->file, loader->node, err, "expected a rule: id, priority, class, any");
	}
	if (triage->n_rules == LIMIT_RULES) {
		return yaml_error(loader->file, loader->node, err, "more than %u rules", LIMIT_RULES);
	}
	if (!known_keys(loader, err) || !read_id(loader, &rule, err) || !read_priority(loader, &rule, err) ||
		!read_class(loader, &rule, err) || !read_expires(loader, &expired, err)) {
		return false;
	}
	if ((!get_scalar(loader, "note", false, &unset) && unset.domain) ||
		(!get_scalar(loader, "source", false, &unset) && unset.domain)) {
		if (err) {
			*err = unset;
		}
		return false;
	}
	/* An expired rule is read, so that a mistake in it is told, but finds nothing. */
	if (!add_phrases(loader, "any", false, !expired, err) || !add_phrases(loader, "unless", true, !expired, err)) {
		return false;
	}
	array_grow(triage->rules, triage->n_rules, triage->cap_rules);
	triage->rules[triage->n_rules++] = rule;
	return true;
}

static void triage_unrefp(struct triage **triage)
{
	triage_unref(*triage);
}

bool triage_load(const char *path, struct triage **ret_triage, struct error *err)
{
	cleanup(triage_unrefp) struct triage *triage = xnew(struct triage);
	cleanup(yaml_freep) struct yaml_file *file = NULL;
	cleanup(buf_finish) struct buf text;
	struct loader loader = { .triage = triage, .now_at = clock_wall_at() };
	size_t i;

	triage->refs = 1;
	buf_init(&text, LIMIT_CONFIG_BYTES);
	if (path) {
		if (!file_read(path, &text, err) || !yaml_parse(path, buf_str(&text), 1, &file, err)) {
			return false;
		}
		loader.file = file;
		if (!file->root || file->root->kind != YAML_LIST) {
			/* An emptied file must not silence the alarm by mistake. */
			return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s:1:1: expected a list of rules", path);
		}
		for (i = 0; i < file->root->n; i++) {
			loader.node = file->root->items[i];
			if (!add_rule(&loader, err)) {
				return false;
			}
		}
		triage_link(triage);
	}
	*ret_triage = steal(&triage);
	return true;
}
