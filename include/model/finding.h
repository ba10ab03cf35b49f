/*
 * What a check of a post found. Drivers (platform limits) and the newsroom (wording, personal data) add to the
 * same list; `post check` prints it like a compiler.
 */
#ifndef MODEL_FINDING_H
#define MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"

enum finding_level {
	FINDING_NOTE,  /* shown */
	FINDING_WARN,  /* shown; does not stop */
	FINDING_BLOCK, /* the post is not accepted */
};

struct finding {
	enum finding_level level;
	char rule[48];     /* stable name: "weibo.length", "wording.leaders" */
	char account[64];  /* "" for the post as a whole */
	int line;          /* of the text, from 1; 0: the post as a whole */
	int column;        /* code points, from 1 */
	char message[256]; /* one line */
};

struct finding_list {
	struct finding *items;
	size_t n;
	size_t cap;
};

void finding_add(struct finding_list *list, enum finding_level level, const char *rule, const char *account, int line,
	int column, const char *format, ...) printf_like(7, 8);
bool finding_blocks(const struct finding_list *list); /* any FINDING_BLOCK in it */
void finding_list_finish(struct finding_list *list);
const char *finding_level_name(enum finding_level level); /* "note", "warning", "error" */

#endif
