/*
 * UTF-8 as it comes from outside, and its shapes on a terminal. Pure functions.
 *
 * Width is counted in terminal cells by grapheme, East Asian wide and emoji as two (utf8proc, Unicode
 * Annexes 11 and 29).
 */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/str.h"

/* Whole text valid: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(struct str text);

/* Offset of the first invalid byte, or -1. */
ptrdiff_t utf8_invalid_at(struct str text);

/*
 * Decode one code point and move *rest behind it. An invalid byte gives U+FFFD and moves one byte.
 * False at the end.
 */
bool utf8_next(struct str *rest, uint32_t *ret_code_point);

/* Encode; returns 1-4, or 0 for something that is not a code point. out holds 4 bytes. */
size_t utf8_encode(uint32_t code_point, char *out);

size_t text_chars(struct str text); /* code points */
size_t text_width(struct str text); /* cells */

/*
 * Take the next grapheme from *rest; *rest moves behind it. False at the end. Invalid bytes count as U+FFFD.
 */
bool text_next_grapheme(struct str *rest, struct str *ret_grapheme, size_t *ret_cells);

/* Longest prefix of at most max_bytes that ends between graphemes. */
struct str text_cut_bytes(struct str text, size_t max_bytes);

/*
 * Append text cut to `cells`; where something was cut the last cell is an ellipsis. Never splits a
 * grapheme, never appends more than `cells` cells.
 */
bool text_cut(struct buf *out, struct str text, size_t cells);

/* Append text and blanks up to `cells`; cut when longer. */
bool text_pad(struct buf *out, struct str text, size_t cells);

#endif
