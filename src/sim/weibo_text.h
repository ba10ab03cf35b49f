/*
 * What Weibo does with a text: counting, short links, topics, names, comparing. Written from
 * the documented rules for the simulator alone; it shares no code with the driver, so that each can prove the other
 * wrong.
 */
#ifndef SIM_WEIBO_TEXT_H
#define SIM_WEIBO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"

#define SHORT_LINK_BYTES 24 /* "http://t.cn/A6aB3xYz" and the NUL */

struct link {
	char shortened[SHORT_LINK_BYTES];
	char *original;
};

struct links {
	struct link *items;
	size_t n;
	size_t cap;
};

void links_finish(struct links *links);

/* Length in 汉字: half-units rounded up. A link counts 20 half-units, as the web counter has it. */
int64_t weibo_length(struct str text);

/* Length of the link at the start of `text` in bytes; 0: there is none. */
size_t link_length(struct str text);

/* The stored form: trimmed, links shortened, and with `strip_topics` paired # removed. */
void weibo_stored_text(struct str text, bool strip_topics, struct buf *out, struct links *links);

/* The form in which two texts are the same text: trimmed, white space runs as one blank, no #. */
void weibo_normal_text(struct str text, struct buf *out);

/* How alike two normal texts are, 0-100. Looks at the first 300 characters. */
int weibo_similar_percent(struct str a, struct str b);

/* Next name that is mentioned with @; moves *rest behind it. */
bool weibo_next_mention(struct str *rest, struct str *ret_name);

/* Start of `text` that is at most `chars` long by weibo_length(). */
struct str weibo_cut(struct str text, int64_t chars);

#endif
