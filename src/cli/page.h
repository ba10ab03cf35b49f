/* Pieces of the pages that show one thing to people: a title, fields with their names, history. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cli/term.h"

struct cli;

/* Whether words are wanted: a table or whole rows, not JSON, CSV or ids. */
bool for_people(const struct cli *cli);

/* All texts may be foreign: they are made harmless here. Empty ones print nothing. */
void page_title(struct cli *cli, const char *what, const char *title);
void page_field(struct cli *cli, const char *name, const char *value);
void page_said(struct cli *cli, const char *name, const char *said); /* a sentence of the daemon's */
void page_time(struct cli *cli, const char *name, int64_t at);       /* 0: nothing */
void page_duration(struct cli *cli, const char *name, int64_t ms);   /* negative: nothing */
/* A cell of a line: padded to `cells` when that is not 0, and a blank behind. */
void page_cell(struct cli *cli, const char *value, size_t cells, enum style style);
/* Whether a member of an event is a sentence of the daemon's; reasons, notes and texts may also be a colleague's words.
 */
bool event_said(const cJSON *event, const char *name);
/* Rows {at, actor, action, ...}, oldest first. */
void page_history(struct cli *cli, const cJSON *history);

#endif
