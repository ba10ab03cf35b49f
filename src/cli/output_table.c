/*
 * A table on a screen. Columns are as wide as what is in them; when that is more than the screen has, those that may be
 * cut shrink, the widest first; when that is not enough, columns that may be left out go, from the right; and when even
 * that is not enough, the widest is cut all the same, but for numbers.
 */
#include <stdio.h>
#include <string.h>

#include "cli/output_internal.h"
#include "cli/sentence.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"
#include "text/when.h"

#define COLUMNS_MAX 24u
#define GAP_CELLS   2u
#define CELL_BYTES  LIMIT_ANSWER_BYTES
#define CUT_MIN     4u

struct layout {
	const struct column *column[COLUMNS_MAX];
	size_t width[COLUMNS_MAX];
	size_t n;
};

static void add_time(struct cli *cli, struct buf *out, const struct column *column, const cJSON *row, bool people,
	enum style *ret_style)
{
	int64_t at = field_at(row, column->field);
	bool overdue = false;

	if (at == 0) {
		return;
	}
	if (!people) {
		(void)when_format_rfc3339(out, at);
	} else if (column->kind == COLUMN_DUE) {
		due_text(cli, out, at, &overdue);
	} else {
		relative_text(cli, out, at);
	}
	*ret_style = overdue ? STYLE_BAD : STYLE_PLAIN;
}

static void add_said(struct buf *out, const struct column *column, const cJSON *row, bool people)
{
	struct str rest = str_from(column->field);
	struct str first = { 0 };
	char name[32];

	(void)str_split(&rest, '|', &first);
	(void)snprintf(name, sizeof(name), STR_FMT, STR_ARG(first));
	if (people && json_text(row, name, "")[0]) {
		out_said(out, json_text(row, name, ""));
	} else {
		field_text(out, row, column->field, false);
	}
}

/* The first of "a|b" that is not empty. */
static const char *first_word(const cJSON *row, const char *field)
{
	struct str rest = str_from(field);
	const char *word = "";
	struct str part;

	while (!word[0] && str_split(&rest, '|', &part)) {
		char name[32];

		(void)snprintf(name, sizeof(name), STR_FMT, STR_ARG(part));
		word = json_text(row, name, "");
	}
	return word;
}

void cell_text(struct cli *cli, struct buf *out, const struct column *column, const cJSON *row, bool people,
	enum style *ret_style)
{
	const char *word = first_word(row, column->field);

	*ret_style = STYLE_PLAIN;
	switch (column->kind) {
	case COLUMN_TEXT:
	case COLUMN_NUMBER:
		field_text(out, row, column->field, false);
		break;
	case COLUMN_SAID:
		add_said(out, column, row, people);
		break;
	case COLUMN_STATE:
		*ret_style = state_style(word);
		out_safe(out, people ? i18n_word(word) : word);
		break;
	case COLUMN_WORD:
		out_safe(out, people ? i18n_word(word) : word);
		break;
	case COLUMN_PRIORITY:
		*ret_style = priority_style(word);
		out_safe(out, word);
		if (people && strcmp(word, "P0") == 0) {
			(void)buf_add_char(out, '!');
		}
		break;
	case COLUMN_TIME:
	case COLUMN_DUE:
		add_time(cli, out, column, row, people, ret_style);
		break;
	}
}

/* ---- widths ---- */

static size_t total_of(const struct layout *layout, const size_t *width)
{
	size_t total = layout->n > 0 ? (layout->n - 1) * GAP_CELLS : 0;

	for (size_t i = 0; i < layout->n; i++) {
		total += width[i];
	}
	return total;
}

static size_t least_of(const struct layout *layout, size_t i)
{
	size_t min = layout->column[i]->min;

	return min > 0 && min < layout->width[i] ? min : layout->width[i];
}

static size_t least_total(const struct layout *layout)
{
	size_t least[COLUMNS_MAX];

	for (size_t i = 0; i < layout->n; i++) {
		least[i] = least_of(layout, i);
	}
	return total_of(layout, least);
}

static bool leave_one_out(struct layout *layout)
{
	for (size_t i = layout->n; i-- > 0;) {
		if (layout->column[i]->leave_out) {
			layout->n--;
			memmove(layout->column + i, layout->column + i + 1,
				(layout->n - i) * sizeof(layout->column[0]));
			memmove(layout->width + i, layout->width + i + 1, (layout->n - i) * sizeof(layout->width[0]));
			return true;
		}
	}
	return false;
}

/* Take cells from the widest column that is still wider than least[i]; false when there is none. */
static bool shrink(struct layout *layout, const size_t *least)
{
	size_t widest = COLUMNS_MAX;

	for (size_t i = 0; i < layout->n; i++) {
		if (layout->width[i] > least[i] &&
			(widest == COLUMNS_MAX || layout->width[i] > layout->width[widest])) {
			widest = i;
		}
	}
	if (widest == COLUMNS_MAX) {
		return false;
	}
	layout->width[widest]--;
	return true;
}

static void fit(struct layout *layout, size_t cells)
{
	size_t least[COLUMNS_MAX];

	while (least_total(layout) > cells && leave_one_out(layout)) {
	}
	for (size_t i = 0; i < layout->n; i++) {
		least[i] = least_of(layout, i);
	}
	while (total_of(layout, layout->width) > cells && shrink(layout, least)) {
	}
	for (size_t i = 0; i < layout->n; i++) {
		/* Half a number is another number. */
		least[i] = layout->column[i]->kind == COLUMN_NUMBER ? layout->width[i] : CUT_MIN;
	}
	while (total_of(layout, layout->width) > cells && shrink(layout, least)) {
	}
}

static void measure(struct cli *cli, struct output *output, const struct shape *shape, struct layout *layout)
{
	struct buf text;
	enum style ignored;

	buf_init(&text, CELL_BYTES);
	for (const struct column *column = shape->columns; column->field && layout->n < COLUMNS_MAX; column++) {
		size_t width = 0;

		for (size_t i = 0; i < output->n_rows; i++) {
			size_t cells;

			buf_clear(&text);
			cell_text(cli, &text, column, output->rows[i], true, &ignored);
			cells = text_width(buf_str(&text));
			width = cells > width ? cells : width;
		}
		if (width == 0) {
			continue; /* nothing in it: room for the others */
		}
		if (text_width(str_from(_(column->title))) > width) {
			width = text_width(str_from(_(column->title)));
		}
		layout->column[layout->n] = column;
		layout->width[layout->n++] = width;
	}
	buf_finish(&text);
}

/* ---- printing ---- */

static void add_cell(
	struct cli *cli, struct buf *out, const struct layout *layout, size_t i, struct str text, enum style style)
{
	bool last = i + 1 == layout->n;
	bool right = layout->column[i]->kind == COLUMN_NUMBER;
	struct buf cut;
	size_t blanks;

	buf_init(&cut, CELL_BYTES);
	(void)text_cut(&cut, text, layout->width[i]);
	blanks = layout->width[i] - text_width(buf_str(&cut));
	if (right) {
		(void)buf_printf(out, "%*s", (int)blanks, "");
	}
	term_style(out, &cli->term, style, buf_str(&cut));
	if (!last) {
		(void)buf_printf(out, "%*s", (int)((right ? 0 : blanks) + GAP_CELLS), "");
	}
	buf_finish(&cut);
}

static void add_head(struct cli *cli, struct buf *out, const struct layout *layout)
{
	for (size_t i = 0; i < layout->n; i++) {
		add_cell(cli, out, layout, i, str_from(_(layout->column[i]->title)), STYLE_DIM);
	}
	(void)buf_add_char(out, '\n');
}

static void add_row(struct cli *cli, struct buf *out, const struct layout *layout, const cJSON *row)
{
	struct buf text;

	buf_init(&text, CELL_BYTES);
	for (size_t i = 0; i < layout->n; i++) {
		enum style style;

		buf_clear(&text);
		cell_text(cli, &text, layout->column[i], row, true, &style);
		add_cell(cli, out, layout, i, buf_str(&text), style);
	}
	buf_finish(&text);
	(void)buf_add_char(out, '\n');
}

static void drop_blanks(struct buf *out, size_t from)
{
	while (out->n > from + 1 && out->p[out->n - 1] == '\n' && out->p[out->n - 2] == ' ') {
		out->n--;
		out->p[out->n - 1] = '\n';
		out->p[out->n] = '\0';
	}
}

void table_print(struct cli *cli, struct output *output, const struct shape *shape)
{
	struct layout layout = { 0 };
	size_t from;

	if (output->n_rows == 0) {
		return;
	}
	measure(cli, output, shape, &layout);
	fit(&layout, cli->term.columns);
	from = output->out.n;
	add_head(cli, &output->out, &layout);
	drop_blanks(&output->out, from);
	for (size_t i = 0; i < output->n_rows; i++) {
		from = output->out.n;
		add_row(cli, &output->out, &layout, output->rows[i]);
		drop_blanks(&output->out, from);
		cJSON_Delete(output->rows[i]);
	}
	output->n_rows = 0;
}
