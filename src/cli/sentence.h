/*
 * What the daemon says, for people. On the wire, in rows and logs its errors, findings and reasons are English and stay
 * so; here they are shown in the language of messages. Sentences that are not known stay as they are.
 *
 * Nothing is made harmless here: a citizen's bytes inside a sentence are what they were, and pass out_safe() like any
 * other text.
 */
#ifndef CLI_SENTENCE_H
#define CLI_SENTENCE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/str.h"

/* One thing that the daemon says, with its translation: %d is a number, %s a text; %2$s the second of them. */
struct sentence {
	const char *format;
	const char *translated;
};

/* Append `said` in the language of messages. False: nothing in it is known, it was appended as it is. */
bool sentence_add(struct buf *out, struct str said);

/* The same, made harmless for one line, as out_safe() does it. */
void out_said(struct buf *out, const char *said);

/* In another language than that of messages, "zh_CN"; and its table, NULL: there is none, and English stays. For tests.
 */
bool sentence_add_in(const char *language, struct buf *out, struct str said);
const struct sentence *sentence_table(const char *language, size_t *ret_n);

#endif
