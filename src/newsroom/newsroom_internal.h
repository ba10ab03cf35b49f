/*
 * What the files of this room share: the rules as loaded, and a text taken apart for the checks.
 */
#ifndef NEWSROOM_NEWSROOM_INTERNAL_H
#define NEWSROOM_NEWSROOM_INTERNAL_H

#include <locale.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"
#include "model/finding.h"

#define PHRASE_CHARS_MAX 100u

struct rule {
	char *id;
	enum finding_level level;
	char *category; /* these may be NULL but for reason */
	char *reason;
	char *source;
	int64_t expires_at; /* first moment it no longer holds; 0: never */
	bool has_pattern;
	regex_t pattern;
};

struct phrase {
	uint32_t *chars; /* folded */
	size_t n;
	size_t rule; /* index */
};

struct wording {
	struct rule *rules;
	size_t n_rules;
	size_t cap_rules;
	struct phrase *phrases;
	size_t n_phrases;
	size_t cap_phrases;
	locale_t utf8; /* 0: the system has no C.UTF-8 */
};

/* A code point of the text, folded so that width and case do not matter, and where a person finds it. */
struct place {
	uint32_t folded; /* full-width forms as ASCII, A-Z as a-z, blanks as U+0020 */
	uint32_t as_is;
	int line;
	int column;
	bool in_url;
};

struct places {
	struct place *items;
	size_t n;
};

/* Zero-width characters are left out: they would hide a phrase. free() items. */
void places_make(struct places *places, struct str text);

uint32_t fold(uint32_t code_point);
bool is_invisible(uint32_t code_point);

/* personal.c: phone, identity card, bank card, number plates, e-mail; all FINDING_WARN. */
void personal_check(const struct places *places, struct finding_list *findings);

#endif
