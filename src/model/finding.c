/*
 * The list of findings that checks append to. Texts that do not fit are cut between characters, since they go to a
 * terminal and into JSON.
 */
#include "model/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/str.h"

/* Copy what fits, whole characters, bytes that are no UTF-8 as '?', control characters as blanks. */
static void set_text(char *to, size_t room, const char *from)
{
	struct str rest = str_from(from);
	size_t n = 0;

	while (rest.n > 0) {
		size_t step = str_utf8_step(rest);
		const char *p = rest.p;
		size_t copied = step;

		if (step == 0) {
			p = "?";
			step = copied = 1;
		} else if (str_is_control(str_sub(rest, 0, step))) {
			p = " ";
			copied = 1;
		}
		if (n + copied >= room) {
			break;
		}
		memcpy(to + n, p, copied);
		n += copied;
		rest = str_sub(rest, step, rest.n);
	}
	to[n] = '\0';
}

void finding_add(struct finding_list *list, enum finding_level level, const char *rule, const char *account, int line,
	int column, const char *format, ...)
{
	struct finding *finding;
	char draft[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(draft, sizeof(draft), format, args);
	va_end(args);
	array_grow(list->items, list->n, list->cap);
	finding = &list->items[list->n++];
	*finding = (struct finding){ .level = level, .line = line, .column = column };
	set_text(finding->rule, sizeof(finding->rule), rule);
	set_text(finding->account, sizeof(finding->account), account);
	set_text(finding->message, sizeof(finding->message), n < 0 ? "unprintable message" : draft);
}

bool finding_blocks(const struct finding_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].level == FINDING_BLOCK) {
			return true;
		}
	}
	return false;
}

void finding_list_finish(struct finding_list *list)
{
	free(list->items);
	*list = (struct finding_list){ 0 };
}

const char *finding_level_name(enum finding_level level)
{
	switch (level) {
	case FINDING_NOTE:
		return "note";
	case FINDING_WARN:
		return "warning";
	case FINDING_BLOCK:
		return "error";
	}
	return "unknown";
}
