/*
 * CSV and its character sets: no row has more fields than the header, lines only go up, no field is lost, and a table
 * that is written again reads the same. Whatever bytes come in, what comes out of the conversion is UTF-8.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/csv.h"
#include "core/limits.h"

/* RFC 4180, everything quoted. */
static void write_field(struct buf *out, const char *field)
{
	(void)buf_add_char(out, '"');
	for (const char *p = field; *p; p++) {
		if (*p == '"') {
			(void)buf_add_char(out, '"');
		}
		(void)buf_add_char(out, *p);
	}
	(void)buf_add_char(out, '"');
}

static void write_csv(struct buf *out, const struct csv *csv)
{
	for (size_t i = 0; i < csv->n; i++) {
		for (size_t k = 0; k < csv->rows[i].n; k++) {
			if (k > 0) {
				(void)buf_add_char(out, ',');
			}
			write_field(out, csv->rows[i].fields[k]);
		}
		(void)buf_add_text(out, "\r\n");
	}
}

static void check_csv(const struct csv *csv, size_t lines_max)
{
	int line = 0;

	must(csv->n >= 1 && csv->n <= LIMIT_IMPORT_ROWS + 1);
	for (size_t i = 0; i < csv->n; i++) {
		must(csv->rows[i].line > line || i == 0);
		must(csv->rows[i].line >= 1 && (size_t)csv->rows[i].line <= lines_max);
		must(csv->rows[i].n >= 1 && csv->rows[i].n <= csv->rows[0].n);
		line = csv->rows[i].line;
	}
}

static void check_same(const struct csv *one, const struct csv *two)
{
	must(one->n == two->n);
	for (size_t i = 0; i < one->n; i++) {
		must(one->rows[i].n == two->rows[i].n);
		for (size_t k = 0; k < one->rows[i].n; k++) {
			must(strcmp(one->rows[i].fields[k], two->rows[i].fields[k]) == 0);
		}
	}
}

static void check_table(struct str text)
{
	cleanup(csv_freep) struct csv *csv = NULL;
	cleanup(csv_freep) struct csv *again = NULL;
	cleanup(buf_finish) struct buf out = { 0 };
	struct error err = { 0 };

	if (!csv_parse("batch.csv", text, &csv, &err)) {
		must(!csv);
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		must(str_starts(str_from(err.message), STR("batch.csv:")));
		return;
	}
	check_csv(csv, text.n + 1);
	buf_init(&out, 8 * text.n + 64);
	write_csv(&out, csv);
	must(csv_parse("again.csv", buf_str(&out), &again, &err));
	check_same(csv, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	cleanup(buf_finish) struct buf text = { 0 };
	cleanup(buf_finish) struct buf small = { 0 };
	struct error err = { 0 };
	bool converted = false;

	check_table(bytes);
	buf_init(&text, 4 * size + 16);
	if (!charset_to_utf8(&text, bytes, &converted, &err)) {
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		must(!utf8_valid(bytes));
		return 0;
	}
	must(utf8_valid(buf_str(&text)));
	must(converted == !utf8_valid(bytes));
	if (converted) {
		check_table(buf_str(&text));
	} else {
		must(str_ends(bytes, buf_str(&text)));
	}
	if (text.n > 0) {
		buf_init(&small, text.n - 1);
		must(!charset_to_utf8(&small, bytes, &converted, &err));
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
	}
	return 0;
}
