/* What output.c and output_table.c share. */
#ifndef CLI_OUTPUT_INTERNAL_H
#define CLI_OUTPUT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "cli/output.h"

struct output {
	enum output_mode mode;
	bool wants_fields;
	bool bom;
	bool begun;          /* the CSV header is out */
	bool broken;         /* standard output could not be written */
	bool closed;         /* nobody reads it any more: the rest is dropped */
	const char **picked; /* fields, in the order asked for; NULL: all */
	size_t n_picked;
	char *picked_text; /* what they point into */
	struct buf out;
	size_t pad;   /* blanks that come if anything comes behind them on the line */
	cJSON **rows; /* of a table, until it is laid out */
	size_t n_rows;
	size_t cap_rows;
};

/* A cell as it is shown to people (or, without `people`, to programs), one harmless line. */
void cell_text(struct cli *cli, struct buf *out, const struct column *column, const cJSON *row, bool people,
	enum style *ret_style);

/* Lay the rows out on the screen's columns and append them to output->out. */
void table_print(struct cli *cli, struct output *output, const struct shape *shape);

#endif
