/*
 * Where answers go. What is printed gathers in one buffer and leaves in pieces, so that a list of a million rows needs
 * no more memory than one of ten; only a table is kept until its end, because its columns are as wide as what is in
 * them.
 *
 * A closed pipe (`gazette inbox | head -1`) is no failure: the rest is dropped without a word. A full disk is one.
 */
#include "cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/output_internal.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/safe.h"

#define OUT_BYTES   (64u << 20)
#define PIECE_BYTES (64u << 10)
#define LINE_BYTES  LIMIT_ANSWER_BYTES
#define ROWS_MAX    100000u /* of a table; who wants more wants it in a pipe */
#define BOM         "\xef\xbb\xbf"

/* ---- what was asked for ---- */

/* False: not given. *ret_value NULL: given without a value. */
static bool given(const struct cli *cli, const char *name, const char **ret_value)
{
	bool found = false;

	for (size_t i = 0; i < cli->n_options; i++) {
		if (strcmp(cli->options[i].option->name, name) == 0) {
			*ret_value = cli->options[i].value;
			found = true;
		}
	}
	return found;
}

static bool has_field(const struct shape *shape, const char *name)
{
	for (size_t i = 0; shape->fields[i]; i++) {
		if (strcmp(shape->fields[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static bool pick(struct cli *cli, struct output *output, const char *option, const char *list, struct error *err)
{
	const struct shape *shape = cli->verb->shape;
	size_t n_fields = 0;
	char *at;

	if (!shape) {
		return usage(err, _("%s prints no rows: there are no fields to pick"), cli->spelt);
	}
	while (shape->fields[n_fields]) {
		n_fields++;
	}
	output->picked_text = xstrdup(list);
	output->picked = xnew_array(const char *, strlen(list) / 2 + 1);
	for (at = output->picked_text; at;) {
		char *comma = strchr(at, ',');

		if (comma) {
			*comma = '\0';
		}
		if (!has_field(shape, at)) {
			return usage(err, _("--%s: %s has no field \"%s\"%s (--%s= lists them)"), option, cli->spelt,
				at, did_you_mean(at, shape->fields, n_fields), option);
		}
		output->picked[output->n_picked++] = at;
		at = comma ? comma + 1 : NULL;
	}
	return true;
}

void output_init(struct cli *cli)
{
	cli->output = xnew(struct output);
	buf_init(&cli->output->out, OUT_BYTES);
	cli->output->mode = cli->term.out ? OUTPUT_TABLE : OUTPUT_WHOLE;
}

bool output_start(struct cli *cli, struct error *err)
{
	struct output *output = cli->output;
	const char *json = NULL;
	const char *csv = NULL;
	bool as_json = given(cli, "json", &json);
	bool as_csv = given(cli, "csv", &csv);
	const char *ignored;

	output->mode = as_json ? OUTPUT_JSON : as_csv ? OUTPUT_CSV : cli->quiet ? OUTPUT_IDS : output->mode;
	output->bom = given(cli, "bom", &ignored);
	output->wants_fields = (as_json && json && !json[0]) || (as_csv && csv && !csv[0]);
	if (as_json && as_csv) {
		return usage(err, _("--json and --csv are two shapes: ask for one"));
	}
	if (output->bom && !as_csv) {
		return usage(err, _("--bom goes with --csv"));
	}
	if (output->wants_fields && !cli->verb->shape) {
		return usage(err, _("%s prints no rows: there are no fields to pick"), cli->spelt);
	}
	if (json && json[0]) {
		return pick(cli, output, "json", json, err);
	}
	return !csv || !csv[0] || pick(cli, output, "csv", csv, err);
}

void output_free(struct output *output)
{
	if (!output) {
		return;
	}
	for (size_t i = 0; i < output->n_rows; i++) {
		cJSON_Delete(output->rows[i]);
	}
	free(output->rows);
	free(output->picked);
	free(output->picked_text);
	buf_finish(&output->out);
	free(output);
}

enum output_mode output_mode(const struct cli *cli)
{
	const char *ignored;

	/* Also what is said of a command line that could not be read is JSON, when it asked for it so far. */
	return given(cli, "json", &ignored) ? OUTPUT_JSON : cli->output->mode;
}

bool output_wants_fields(const struct cli *cli)
{
	return cli->output->wants_fields;
}

void output_fields(struct cli *cli)
{
	const char *const *fields = cli->verb->shape->fields;

	for (size_t i = 0; fields[i]; i++) {
		out_printf(cli, "%s\n", fields[i]);
	}
}

/* ---- writing ---- */

static void drop(struct output *output)
{
	buf_clear(&output->out);
	output->out.failed = false;
}

static void write_out(struct output *output)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;

	if (output->out.n == 0) {
		return;
	}
	if (!output->closed && !output->broken) {
		(void)sigaction(SIGPIPE, &ignore, &before);
		if (!term_write(STDOUT_FILENO, buf_str(&output->out))) {
			output->closed = errno == EPIPE;
			output->broken = errno != EPIPE;
		}
		(void)sigaction(SIGPIPE, &before, NULL);
	}
	drop(output);
}

/* A piece is complete; on a terminal everything waits, for it may go through a pager. */
static void piece_done(struct cli *cli)
{
	struct output *output = cli->output;

	if (output->out.failed) {
		output->broken = true; /* a single row that is longer than everything we hold */
		drop(output);
	}
	if (output->out.n >= PIECE_BYTES && !cli->term.out) {
		write_out(output);
	}
}

static size_t lines_of(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		n += text.p[i] == '\n';
	}
	return n;
}

void output_flush(struct cli *cli, bool may_page)
{
	struct output *output = cli->output;
	struct str text = buf_str(&output->out);

	if (may_page && cli->term.out && cli->term.in && lines_of(text) >= cli->term.rows && term_page(text)) {
		drop(output);
		return;
	}
	write_out(output);
}

bool output_ok(const struct cli *cli)
{
	return !cli->output->broken;
}

bool output_closed(const struct cli *cli)
{
	return cli->output->closed || cli->output->broken;
}

/* ---- rows ---- */

static void add_ids(struct output *output, const struct shape *shape, const cJSON *row)
{
	size_t before = output->out.n;

	field_text(&output->out, row, shape->id, false);
	if (output->out.n > before) {
		(void)buf_add_char(&output->out, '\n');
	}
}

static void add_json(struct output *output, const cJSON *row)
{
	cleanup(json_freep) cJSON *picked = NULL;

	if (output->picked) {
		picked = json_object();
		for (size_t i = 0; i < output->n_picked; i++) {
			const cJSON *item = json_get(row, output->picked[i]);

			json_add(picked, output->picked[i], item ? cJSON_Duplicate(item, true) : NULL);
		}
	}
	json_safe(&output->out, picked ? picked : row);
	(void)buf_add_char(&output->out, '\n');
}

/* Texts lose what harms a terminal but keep their lines; what is no text (numbers, lists) is none of a formula. */
static void add_csv_value(struct output *output, const cJSON *row, const char *field)
{
	struct buf text, safe;

	buf_init(&text, LINE_BYTES);
	buf_init(&safe, LINE_BYTES);
	field_text(&text, row, field, true);
	if (cJSON_IsNumber(json_get(row, field))) {
		(void)buf_add_str(&output->out, buf_str(&text));
	} else {
		(void)text_safe_lines(&safe, buf_str(&text));
		(void)text_csv_field(&output->out, buf_str(&safe));
	}
	buf_finish(&text);
	buf_finish(&safe);
}

static void add_csv(struct output *output, const struct shape *shape, const cJSON *row)
{
	const char *const *fields = output->picked ? output->picked : (const char **)shape->fields;
	size_t n = output->n_picked;

	while (!output->picked && fields[n]) {
		n++;
	}
	if (!output->begun) {
		output->begun = true;
		(void)buf_add_text(&output->out, output->bom ? BOM : "");
		for (size_t i = 0; i < n; i++) {
			(void)buf_printf(&output->out, "%s%s", i ? "," : "", fields[i]);
		}
		(void)buf_add_text(&output->out, "\r\n");
	}
	if (!row) {
		return;
	}
	for (size_t i = 0; i < n; i++) {
		(void)buf_add_text(&output->out, i ? "," : "");
		add_csv_value(output, row, fields[i]);
	}
	(void)buf_add_text(&output->out, "\r\n");
}

static void add_whole(struct cli *cli, const struct shape *shape, const cJSON *row)
{
	struct buf *out = &cli->output->out;
	enum style ignored;

	for (const struct column *column = shape->columns; column->field; column++) {
		if (column != shape->columns) {
			(void)buf_add_char(out, '\t');
		}
		cell_text(cli, out, column, row, false, &ignored);
	}
	(void)buf_add_char(out, '\n');
}

static void keep(struct cli *cli, const cJSON *row)
{
	struct output *output = cli->output;

	if (output->n_rows == ROWS_MAX) {
		table_print(cli, output, cli->verb->shape);
	}
	array_grow(output->rows, output->n_rows, output->cap_rows);
	output->rows[output->n_rows++] = cJSON_Duplicate(row, true);
}

void output_row(struct cli *cli, const cJSON *row)
{
	const struct shape *shape = cli->verb->shape;

	switch (cli->output->mode) {
	case OUTPUT_TABLE:
		keep(cli, row);
		break;
	case OUTPUT_WHOLE:
		add_whole(cli, shape, row);
		break;
	case OUTPUT_JSON:
		add_json(cli->output, row);
		break;
	case OUTPUT_CSV:
		add_csv(cli->output, shape, row);
		break;
	case OUTPUT_IDS:
		add_ids(cli->output, shape, row);
		break;
	}
	piece_done(cli);
}

void output_rows_end(struct cli *cli)
{
	if (cli->output->mode == OUTPUT_TABLE) {
		table_print(cli, cli->output, cli->verb->shape);
	} else if (cli->output->mode == OUTPUT_CSV) {
		add_csv(cli->output, cli->verb->shape, NULL); /* a file without rows still has its header */
	}
	piece_done(cli);
}

bool output_object(struct cli *cli, const cJSON *object)
{
	if (cli->output->mode != OUTPUT_JSON) {
		return false;
	}
	add_json(cli->output, object);
	piece_done(cli);
	return true;
}

/* ---- text ---- */

static void out_vprintf(struct cli *cli, const char *format, va_list args) printf_like(2, 0);

/* What is put off by out_pad() comes before anything but a line's end. */
static void add_padding(struct output *output, const char *text)
{
	if (text[0] == '\0') {
		return;
	}
	while (output->pad > 0 && text[0] != '\n') {
		(void)buf_add_char(&output->out, ' ');
		output->pad--;
	}
	output->pad = 0;
}

void out_pad(struct cli *cli, size_t cells)
{
	cli->output->pad += cells;
}

static void out_vprintf(struct cli *cli, const char *format, va_list args)
{
	struct buf text;

	buf_init(&text, LIMIT_ANSWER_BYTES);
	(void)buf_vprintf(&text, format, args);
	out_text(cli, text.p);
	buf_finish(&text);
}

void out_printf(struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	out_vprintf(cli, format, args);
	va_end(args);
}

void out_text(struct cli *cli, const char *text)
{
	add_padding(cli->output, text);
	(void)buf_add_text(&cli->output->out, text);
	piece_done(cli);
}

void out_styled(struct cli *cli, enum style style, const char *text)
{
	add_padding(cli->output, text);
	term_style(&cli->output->out, &cli->term, style, str_from(text));
}

void say(struct cli *cli, const char *format, ...)
{
	enum output_mode mode = cli->output->mode;
	va_list args;

	if (cli->quiet || (mode != OUTPUT_TABLE && mode != OUTPUT_WHOLE) || (!cli->term.out && !cli->verbose)) {
		return;
	}
	va_start(args, format);
	out_vprintf(cli, format, args);
	va_end(args);
	out_text(cli, "\n");
	if (cli->output->n_rows == 0) {
		output_flush(cli, false); /* said when it is done, not when everything is */
	}
}
