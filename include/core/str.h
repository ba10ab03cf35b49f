/*
 * struct str lends a piece of bytes: it owns nothing and is not terminated. The empty str may have a
 * NULL pointer.
 */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_FMT      "%.*s"
#define STR_ARG(s)   (int)(s).n, (s).p ? (s).p : ""

struct str str_from(const char *terminated); /* NULL gives the empty str */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *terminated);
bool str_starts(struct str a, struct str prefix);
bool str_ends(struct str a, struct str suffix);
struct str str_trim(struct str a);                       /* ASCII white space at both ends */
struct str str_sub(struct str a, size_t from, size_t n); /* clamped */
/* Offset of needle in a, or -1. */
ptrdiff_t str_find(struct str a, struct str needle);

/*
 * Take the part of *rest before the next separator; *rest moves behind it. False when *rest is used up.
 * "a,,b" gives "a", "", "b". A rest with a NULL pointer is used up.
 */
bool str_split(struct str *rest, char separator, struct str *ret_part);

/* The whole of `a` as a decimal number inside [min, max]; nothing else, no white space, no '+'. */
bool str_to_i64(struct str a, int64_t min, int64_t max, int64_t *ret_value) must_check;

/* Length of the valid UTF-8 sequence that `a` starts with: 1-4; 0 when empty, invalid or incomplete. */
size_t str_utf8_step(struct str a);

/* One character: C0, DEL, C1, or a line separator (U+2028, U+2029)? No line that is shown may hold one. */
bool str_is_control(struct str character);

/* A terminated copy on the heap, free() it. Aborts when memory is exhausted. */
char *str_dup(struct str a);

/* Small number of single-character edits between two words, for "did you mean"; capped at 99. */
int str_distance(const char *a, const char *b);

#endif
