/*
 * CSV after RFC 4180 as offices make it, and the character sets they make it in. The separator is what the first line
 * uses most of: comma, semicolon or TAB.
 */
#include "codec/csv.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

struct reader {
	const char *name;
	struct str rest;
	char separator;
	int line;
	struct csv *csv;
	size_t cap;
	struct error *err;
};

static char separator_of(struct str text)
{
	size_t counts[3] = { 0 };
	static const char kinds[3] = { ',', ';', '\t' };
	bool quoted = false;
	size_t best = 0;

	while (text.n > 0 && (text.p[0] == '\n' || text.p[0] == '\r')) {
		text = str_sub(text, 1, text.n);
	}
	for (size_t i = 0; i < text.n && (quoted || (text.p[i] != '\n' && text.p[i] != '\r')); i++) {
		quoted = text.p[i] == '"' ? !quoted : quoted;
		for (size_t k = 0; !quoted && k < 3; k++) {
			counts[k] += text.p[i] == kinds[k];
		}
	}
	for (size_t k = 1; k < 3; k++) {
		if (counts[k] > counts[best]) {
			best = k;
		}
	}
	return kinds[best];
}

static bool fail(struct reader *reader, int line, const char *what)
{
	return error_set(reader->err, ERROR_INPUT, ADVISE_REJECT, 0, "%s:%d: %s", reader->name, line, what);
}

static char take(struct reader *reader)
{
	char c = reader->rest.p[0];

	reader->rest = str_sub(reader->rest, 1, reader->rest.n);
	/* CR LF is one line end, and so is a CR of its own. */
	if (c == '\n' || (c == '\r' && (reader->rest.n == 0 || reader->rest.p[0] != '\n'))) {
		reader->line++;
	}
	return c;
}

static bool at_end_of_field(const struct reader *reader)
{
	return reader->rest.n == 0 || reader->rest.p[0] == reader->separator || reader->rest.p[0] == '\n' ||
	       reader->rest.p[0] == '\r';
}

static bool read_quoted(struct reader *reader, struct buf *field)
{
	int began = reader->line;

	(void)take(reader);
	while (reader->rest.n > 0) {
		char c = take(reader);

		if (c != '"') {
			(void)buf_add_char(field, c);
		} else if (reader->rest.n > 0 && reader->rest.p[0] == '"') {
			(void)buf_add_char(field, take(reader));
		} else if (at_end_of_field(reader)) {
			return true;
		} else {
			return fail(reader, reader->line, "text behind a closing quote");
		}
	}
	return fail(reader, began, "a quote is opened and never closed");
}

static bool read_field(struct reader *reader, struct buf *field)
{
	if (reader->rest.n > 0 && reader->rest.p[0] == '"') {
		return read_quoted(reader, field);
	}
	while (!at_end_of_field(reader)) {
		char c = take(reader);

		if (c == '"') {
			return fail(reader, reader->line, "a quote inside a field that is not quoted");
		}
		(void)buf_add_char(field, c);
	}
	return true;
}

static bool read_row(struct reader *reader)
{
	struct csv *csv = reader->csv;
	struct csv_row *row;
	size_t cap = 0;

	array_grow(csv->rows, csv->n, reader->cap);
	row = &csv->rows[csv->n++];
	*row = (struct csv_row){ .line = reader->line };
	for (;;) {
		struct buf field;
		bool ok;

		buf_init(&field, LIMIT_IMPORT_BYTES);
		ok = read_field(reader, &field) && (!field.failed || fail(reader, row->line, "a field is too long"));
		if (ok) {
			array_grow(row->fields, row->n, cap);
			row->fields[row->n++] = buf_steal(&field);
		}
		buf_finish(&field);
		if (!ok) {
			return false;
		}
		if (csv->n > 1 && row->n > csv->rows[0].n) {
			return error_set(reader->err, ERROR_INPUT, ADVISE_REJECT, 0,
				"%s:%d: more than the %zu fields the header names", reader->name, row->line,
				csv->rows[0].n);
		}
		if (reader->rest.n == 0 || reader->rest.p[0] != reader->separator) {
			break;
		}
		(void)take(reader);
	}
	if (reader->rest.n > 0 && reader->rest.p[0] == '\r') {
		(void)take(reader);
	}
	if (reader->rest.n > 0 && reader->rest.p[0] == '\n') {
		(void)take(reader);
	}
	return true;
}

bool csv_parse(const char *name, struct str text, struct csv **ret_csv, struct error *err)
{
	struct reader reader = { .name = name, .rest = text, .line = 1, .err = err };
	const char *nul;
	bool ok = true;

	if (str_starts(reader.rest, STR("\xef\xbb\xbf"))) {
		reader.rest = str_sub(reader.rest, 3, reader.rest.n);
	}
	nul = text.n > 0 ? memchr(text.p, 0, text.n) : NULL;
	if (nul) {
		for (const char *p = text.p; p < nul; p++) {
			reader.line += *p == '\n';
		}
		return fail(&reader, reader.line, "a NUL: this is no text file");
	}
	reader.separator = separator_of(reader.rest);
	reader.csv = xnew(struct csv);
	while (ok && reader.rest.n > 0) {
		/* Empty lines between rows mean nothing. */
		if (reader.rest.p[0] == '\n' || reader.rest.p[0] == '\r') {
			(void)take(&reader);
			continue;
		}
		ok = reader.csv->n <= LIMIT_IMPORT_ROWS || fail(&reader, reader.line, "too many rows");
		ok = ok && read_row(&reader);
	}
	if (ok && reader.csv->n == 0) {
		ok = error_set(
			err, ERROR_INPUT, ADVISE_REJECT, 0, "%s:1: empty; the first line names the columns", name);
	}
	if (!ok) {
		csv_free(reader.csv);
		return false;
	}
	*ret_csv = reader.csv;
	return true;
}

void csv_free(struct csv *csv)
{
	if (!csv) {
		return;
	}
	for (size_t i = 0; i < csv->n; i++) {
		for (size_t k = 0; k < csv->rows[i].n; k++) {
			free(csv->rows[i].fields[k]);
		}
		free(csv->rows[i].fields);
	}
	free(csv->rows);
	free(csv);
}

void csv_freep(struct csv **csv)
{
	csv_free(*csv);
	*csv = NULL;
}

bool charset_to_utf8(struct buf *out, struct str bytes, bool *ret_converted, struct error *err)
{
	struct str mark = STR("\xef\xbb\xbf");
	bool marked = str_starts(bytes, mark);
	ptrdiff_t broken = utf8_invalid_at(bytes);
	size_t begin = out->n;
	iconv_t converter;
	char *from = (char *)bytes.p;
	size_t left = bytes.n;

	if (broken < 0) {
		if (!buf_add_str(out, str_sub(bytes, marked ? mark.n : 0, bytes.n))) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "too long");
		}
		*ret_converted = false;
		return true;
	}
	if (marked) {
		/* It says that it is UTF-8: another reading would give other characters, silently. */
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "byte %td: no valid UTF-8", broken);
	}
	converter = iconv_open("UTF-8", "GB18030");
	if (converter == (iconv_t)-1) {
		return error_set_errno(err, "GB18030 cannot be read on this system");
	}
	while (left > 0) {
		char chunk[4096];
		char *to = chunk;
		size_t room = sizeof(chunk);
		size_t n = iconv(converter, &from, &left, &to, &room);
		struct str made = { chunk, sizeof(chunk) - room };

		if (out->n == begin && str_starts(made, mark)) {
			made = str_sub(made, mark.n, made.n); /* GB18030 has a byte order mark of its own */
		}
		(void)buf_add_str(out, made);
		if (n == (size_t)-1 && errno != E2BIG) {
			break;
		}
	}
	(void)iconv_close(converter);
	if (left > 0) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "byte %td: neither UTF-8 nor GB18030", broken);
	}
	if (out->failed) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "too long");
	}
	*ret_converted = true;
	return true;
}
