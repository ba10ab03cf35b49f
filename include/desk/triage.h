/*
 * First triage by rule: phrases in a message raise its priority and name its class, and the spans that did it are
 * kept to be shown. A machine may raise a priority, never lower one or close anything. Pure functions over an
 * immutable rule set.
 */
#ifndef DESK_TRIAGE_H
#define DESK_TRIAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"

#define TRIAGE_SPANS_MAX 8

struct triage_span {
	uint32_t from_byte; /* in the sanitised text */
	uint32_t n_bytes;
	char rule[32];
};

struct triage_result {
	int priority;                               /* 0-5, 9 */
	char class[24];                             /* enquiry, help, complaint, tip, suggestion, emergency, other */
	struct triage_span spans[TRIAGE_SPANS_MAX]; /* strongest first */
	size_t n_spans;
};

struct triage;

/*
 * errors  CONFIG/REJECT "FILE:LINE:COLUMN: ..."; path NULL: no rules, everything is P3 "other"
 */
bool triage_load(const char *path, struct triage **ret_triage, struct error *err) must_check;
struct triage *triage_ref(struct triage *triage); /* any thread */
void triage_unref(struct triage *triage);

/*
 * Matching ignores case, width (full-width letters and digits), whether a character stands in its traditional form, and
 * white space and punctuation inserted between the characters of a phrase. Cost is linear in the text (Aho-Corasick).
 */
void triage_run(const struct triage *triage, struct str text, struct triage_result *ret_result);

#endif
