/*
 * What is printed on standard output, in one of four shapes: for people on a terminal, whole rows with TABs in a pipe,
 * JSON lines, CSV; or ids only. A verb says what its rows are (struct shape); the rest is here.
 *
 * Everything that comes from the daemon may carry a citizen's words: it passes out_safe() or is escaped.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "core/attr.h"
#include "core/buf.h"
#include "core/str.h"

enum column_kind {
	COLUMN_TEXT,
	COLUMN_NUMBER,   /* to the right */
	COLUMN_WORD,     /* a name of ours: translated for people, never in a pipe */
	COLUMN_STATE,    /* the same, with a colour */
	COLUMN_SAID,     /* a sentence of the daemon's, or else ("error|text") a text: the same */
	COLUMN_PRIORITY, /* P0 gets a mark */
	COLUMN_TIME,     /* relative for people */
	COLUMN_DUE,      /* relative, "overdue" once it has passed */
};

struct column {
	const char *field; /* "title|excerpt": the first that is not empty */
	const char *title; /* N_() */
	enum column_kind kind;
	unsigned min;   /* may be cut to so many cells; 0: never cut */
	bool leave_out; /* first to go when the screen is narrow */
};

struct shape {
	const char *id;               /* the field that -q prints; "a|b" as above */
	const struct column *columns; /* ends with {0} */
	const char *const *fields;    /* all of them, ends with NULL: for --json= and --csv */
};

enum output_mode { OUTPUT_TABLE, OUTPUT_WHOLE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_IDS };

/* An output for people: for help, and for complaints before it is known what is wanted. */
void output_init(struct cli *cli);
/* Reads --json, --csv, --bom, -q. errors INPUT: a field that does not exist. */
bool output_start(struct cli *cli, struct error *err) must_check;
void output_free(struct output *output);
enum output_mode output_mode(const struct cli *cli);
/* `--json=` and `--csv=` ask for the names of the fields. */
bool output_wants_fields(const struct cli *cli);
void output_fields(struct cli *cli);

/* A row of the verb's shape. Copies. On a terminal rows are kept until output_rows_end(). */
void output_row(struct cli *cli, const cJSON *row);
void output_rows_end(struct cli *cli);

/* An object as a whole: under --json one line (picked fields only); false: the caller prints it for people. */
bool output_object(struct cli *cli, const cJSON *object);

/* Text as it is: a page for people. */
void out_printf(struct cli *cli, const char *format, ...) printf_like(2, 3);
void out_text(struct cli *cli, const char *text);
void out_styled(struct cli *cli, enum style style, const char *text);
/* So many blanks, unless the line ends here. */
void out_pad(struct cli *cli, size_t cells);
/* A confirmation: on a terminal or with -v, never under -q or --json. One line; the line end is added. */
void say(struct cli *cli, const char *format, ...) printf_like(2, 3);

/* Write what has gathered. `may_page`: through a pager when it does not fit on the screen. */
void output_flush(struct cli *cli, bool may_page);
/* False: standard output could not be written (and it was not a closed pipe). */
bool output_ok(const struct cli *cli);
/* Nobody reads standard output any more: what is still to come need not be fetched. */
bool output_closed(const struct cli *cli);

/* Foreign text made harmless for one line. */
void out_safe(struct buf *out, const char *text);
/* The value of a field as one line of text; "" when missing. Harmless, unless `raw`. */
void field_text(struct buf *out, const cJSON *row, const char *field, bool raw);
/* A time member as wall ms; 0: missing. */
int64_t field_at(const cJSON *row, const char *field);
/* JSON that no terminal is harmed by: control and direction characters as \u escapes. */
void json_safe(struct buf *out, const cJSON *json);

/* "in 5 min", "overdue 5 min" */
void due_text(struct cli *cli, struct buf *out, int64_t at, bool *ret_overdue);
void relative_text(struct cli *cli, struct buf *out, int64_t at);
/* "3 d 2 h", "5 min" in the language of messages; nothing for less than a second. */
void duration_text(struct buf *out, int64_t ms);
/* "Thu 2026-10-01 08:00 +08:00, in 3 d 2 h" in the language of messages; nothing for 0. */
void echo_text(struct cli *cli, struct buf *out, int64_t at);
enum style state_style(const char *state);
enum style priority_style(const char *priority);

/*
 * Wrap a text to `cells` and put `indent` blanks in front of each line. Breaks at blanks, between ideographs, and
 * inside a word that is longer than a line. cells 0: no wrapping.
 */
void out_wrapped(struct cli *cli, struct str text, size_t indent, size_t cells);
/* The same behind a head: "  --to NAME  what it is", further lines under the first. No head: NULL. */
void out_item(struct cli *cli, const char *head, struct str text, size_t indent, size_t cells);
/*
 * What ends a line of which `used` cells are taken: behind two blanks where it fits, else below, wrapped and indented.
 * The text is harmless already (out_safe()). "": the line ends.
 */
void out_tail(struct cli *cli, size_t used, const char *text, enum style style, size_t cells);
/* How wide a page may be here: the screen, at most 100; 0 in a pipe. */
size_t page_cells(const struct cli *cli);

#endif
