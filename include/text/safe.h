/*
 * Making foreign text harmless, once for storing and once per kind of output. Pure functions.
 *
 * Hostile are: C0 and C1 controls, escape sequences, bidi overrides and isolates (U+202A-202E,
 * U+2066-2069), zero-width characters used to hide (U+200B, U+2060, U+FEFF; U+200C/U+200D stay where they
 * join letters or emoji), tags (U+E0000-E007F) outside emoji flags, NUL, invalid UTF-8, lines
 * separators U+2028/2029, and heaps of combining marks (more than 8 on one base are dropped).
 */
#ifndef TEXT_SAFE_H
#define TEXT_SAFE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/str.h"

/*
 * For the store: valid UTF-8 in NFC, at most max_bytes cut between graphemes. Controls and invalid bytes become
 * U+FFFD, so that a reader sees there was something (of an escape sequence the ESC; the rest stays as text); what is
 * invisible is dropped, the soft hyphen too; every line end is made LF. LF and TAB stay. Sanitising again changes
 * nothing. False when out is full or memory short. Reads at most LIMIT_FRAME_BYTES of the text.
 */
bool text_sanitise(struct buf *out, struct str text, size_t max_bytes);

/* For one line of a terminal: sanitised, LF and TAB become one blank, runs of blanks one. */
bool text_safe_line(struct buf *out, struct str text);

/* For a terminal, several lines: sanitised, LF stays, TAB becomes a blank. */
bool text_safe_lines(struct buf *out, struct str text);

/*
 * One CSV field after RFC 4180, quoted when it must be or has a blank at an end. The text is not sanitised; one that a
 * spreadsheet would read as a formula (= + - @ TAB CR at its start) gets a ' in front.
 */
bool text_csv_field(struct buf *out, struct str text);

#endif
