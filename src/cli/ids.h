/*
 * What people name on the command line: "12", several of them, ranges "3-7", "-" for those on standard input, and,
 * where whole posts and their deliveries are steered, "12/weibo-main", "send:7" and the literal ALL.
 */
#ifndef CLI_IDS_H
#define CLI_IDS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"

enum ids_kind {
	IDS_NUMBERS, /* posts, tickets */
	IDS_SENDS,   /* what the daemon's queue knows: 12, 12/ACCOUNT, send:7, ALL */
};

/* In the order they were named, each once. */
struct ids {
	char **words;
	size_t n;
	size_t cap;
	void *seen; /* the same words as a tree of tsearch() */
};

/* errors  INPUT/REJECT naming the word; more than LIMIT_IDS; ALL beside others; none at all */
bool ids_read(struct ids *ids, enum ids_kind kind, char *const *args, size_t n, struct error *err) must_check;
/* The words of a text, apart by blanks and line ends, as they come on standard input. */
bool ids_add_text(struct ids *ids, enum ids_kind kind, struct str text, struct error *err) must_check;
bool ids_add(struct ids *ids, enum ids_kind kind, struct str word, struct error *err) must_check;
void ids_finish(struct ids *ids); /* accepts zeroed */

#endif
