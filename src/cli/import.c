/*
 * Batches. A row may be one that `post import` gave back: its result, reason and number are passed over, and a quote in
 * front of = + - @, by which CSV for spreadsheets is made harmless, goes again.
 */
#include "cli/import.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/i18n.h"
#include "cli/input.h"
#include "codec/csv.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

static const struct {
	const char *name;
	enum import_format format;
} formats[] = {
	{ "csv", IMPORT_CSV },
	{ "tsv", IMPORT_CSV },
	{ "jsonl", IMPORT_JSONL },
	{ "ndjson", IMPORT_JSONL },
	{ "yaml", IMPORT_YAML },
	{ "yml", IMPORT_YAML },
	{ "markdown", IMPORT_MARKDOWN },
	{ "md", IMPORT_MARKDOWN },
};

bool import_format_parse(const char *name, enum import_format *ret_format)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			*ret_format = formats[i].format;
			return true;
		}
	}
	return false;
}

static enum import_format format_of(const char *name, struct str text)
{
	const char *dot = strrchr(name, '.');
	enum import_format format;

	if (dot && import_format_parse(dot + 1, &format)) {
		return format;
	}
	text = str_trim(text);
	if (str_starts(text, STR("{"))) {
		return IMPORT_JSONL;
	}
	if (str_starts(text, STR("---"))) {
		return IMPORT_MARKDOWN;
	}
	return str_starts(text, STR("- ")) ? IMPORT_YAML : IMPORT_CSV;
}

static struct import_row *add_row(struct import *import, struct error *err)
{
	if (import->n >= LIMIT_IMPORT_ROWS) {
		(void)error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("more than %u rows at once"), LIMIT_IMPORT_ROWS);
		return NULL;
	}
	array_grow(import->rows, import->n, import->cap);
	import->rows[import->n] = (struct import_row){ 0 };
	return &import->rows[import->n++];
}

/* What is wrong with a row stays with it. */
static void build(struct import_row *row, const char *dir, bool is_row)
{
	if (!post_file_is_done(&row->file) && !post_file_build(&row->file, dir, is_row, &row->err)) {
		assert(row->err.advice);
	}
}

/* Takes given. */
static bool add_given(struct import *import, const char *name, int line, int number, cJSON *given,
	const struct yaml_node *map, const char *dir, struct error *err)
{
	struct import_row *row = add_row(import, err);

	if (!row) {
		cJSON_Delete(given);
		return false;
	}
	row->number = number;
	post_file_row(name, line, given, map, &row->file);
	build(row, dir, true);
	return true;
}

/* A row that could not even be read. */
static bool add_broken(
	struct import *import, const char *name, int line, int number, const struct error *why, struct error *err)
{
	struct import_row *row = add_row(import, err);

	if (!row) {
		return false;
	}
	row->number = number;
	post_file_row(name, line, json_object(), NULL, &row->file);
	row->err = *why;
	(void)error_prefix(&row->err, "%s:%d", name, line);
	return true;
}

/* ---- formats ---- */

static bool check_header(const char *name, const struct csv_row *header, struct error *err)
{
	for (size_t i = 0; i < header->n; i++) {
		struct str column = str_trim(str_from(header->fields[i]));

		for (size_t k = 0; k < i; k++) {
			if (str_eq(column, str_trim(str_from(header->fields[k])))) {
				return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
					_("%s:%d: two columns are called \"%.*s\""), name, header->line,
					STR_ARG(text_cut_bytes(column, 40)));
			}
		}
	}
	return true;
}

/* What keeps a spreadsheet from reading a formula. */
static const char *without_guard(const char *field)
{
	return field[0] == '\'' && field[1] != '\0' && strchr("=+-@\t\r", field[1]) ? field + 1 : field;
}

static bool parse_csv(struct import *import, const char *name, const char *dir, struct str text, struct error *err)
{
	cleanup(csv_freep) struct csv *csv = NULL;

	if (!csv_parse(name, text, &csv, err) || !check_header(name, &csv->rows[0], err)) {
		return false;
	}
	for (size_t i = 1; i < csv->n; i++) {
		const struct csv_row *row = &csv->rows[i];
		cJSON *given = json_object();

		for (size_t k = 0; k < row->n; k++) {
			char *column = str_dup(str_trim(str_from(csv->rows[0].fields[k])));

			if (row->fields[k][0]) {
				json_add_text(given, column, without_guard(row->fields[k]));
			}
			free(column);
		}
		if (!add_given(import, name, row->line, (int)i, given, NULL, dir, err)) {
			return false;
		}
	}
	return true;
}

static bool parse_jsonl(struct import *import, const char *name, const char *dir, struct str text, struct error *err)
{
	struct str one;
	int number = 0;

	for (int line = 1; str_split(&text, '\n', &one); line++) {
		struct error why = { 0 };
		cJSON *given = NULL;

		one = str_trim(one);
		if (one.n == 0) {
			continue;
		}
		number++;
		if (json_parse(one, &given, &why) && !cJSON_IsObject(given)) {
			cJSON_Delete(given);
			given = NULL;
			(void)error_set(&why, ERROR_INPUT, ADVISE_REJECT, 0, _("each line must be one JSON object"));
		}
		if (!(given ? add_given(import, name, line, number, given, NULL, dir, err)
			    : add_broken(import, name, line, number, &why, err))) {
			return false;
		}
	}
	return true;
}

static bool parse_yaml(struct import *import, const char *name, const char *dir, struct str text, struct error *err)
{
	cleanup(yaml_freep) struct yaml_file *yaml = NULL;

	if (!yaml_parse(name, text, 1, &yaml, err)) {
		err->domain = ERROR_INPUT;
		return false;
	}
	if (yaml->root && yaml->root->kind != YAML_LIST) {
		(void)yaml_error(yaml, yaml->root, err, _("must be a list of posts"));
		err->domain = ERROR_INPUT;
		return false;
	}
	for (size_t i = 0; yaml->root && i < yaml->root->n; i++) {
		const struct yaml_node *node = yaml->root->items[i];
		struct error why = { 0 };
		bool ok;

		if (node->kind == YAML_MAP) {
			ok = add_given(import, name, node->line, (int)i + 1, post_yaml_json(node), node, dir, err);
		} else {
			(void)error_set(
				&why, ERROR_INPUT, ADVISE_REJECT, 0, _("each post must be lines of \"key: value\""));
			ok = add_broken(import, name, node->line, (int)i + 1, &why, err);
		}
		if (!ok) {
			return false;
		}
	}
	return true;
}

static bool parse_markdown(struct import *import, const char *name, const char *dir, struct str text, struct error *err)
{
	struct import_row *row = add_row(import, err);

	if (!row) {
		return false;
	}
	row->number = 1;
	if (!post_file_markdown(name, text, &row->file, &row->err)) {
		post_file_row(name, 0, json_object(), NULL, &row->file);
		return true;
	}
	build(row, dir, false);
	return true;
}

bool import_parse(struct import *import, enum import_format format, const char *name, const char *dir, struct str bytes,
	struct error *err)
{
	cleanup(buf_finish) struct buf text = { 0 };

	buf_init(&text, (size_t)LIMIT_IMPORT_BYTES * 2);
	if (!input_to_utf8(name, bytes, &text, err)) {
		return false;
	}
	switch (format == IMPORT_BY_NAME ? format_of(name, buf_str(&text)) : format) {
	case IMPORT_BY_NAME:
	case IMPORT_CSV:
		return parse_csv(import, name, dir, buf_str(&text), err);
	case IMPORT_JSONL:
		return parse_jsonl(import, name, dir, buf_str(&text), err);
	case IMPORT_YAML:
		return parse_yaml(import, name, dir, buf_str(&text), err);
	case IMPORT_MARKDOWN:
		return parse_markdown(import, name, dir, buf_str(&text), err);
	}
	return false;
}

/* ---- files and folders ---- */

static bool read_file(struct import *import, enum import_format format, const char *path, struct error *err)
{
	cleanup(free_charp) char *dir = input_dir(path);
	cleanup(buf_finish) struct buf bytes = { 0 };

	buf_init(&bytes, LIMIT_IMPORT_BYTES);
	return input_read(path, &bytes, err) &&
	       import_parse(import, format, input_name(path), dir, buf_str(&bytes), err);
}

static int is_markdown(const struct dirent *entry)
{
	struct str name = str_from(entry->d_name);

	return entry->d_name[0] != '.' && (str_ends(name, STR(".md")) || str_ends(name, STR(".markdown")));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool read_folder(struct import *import, const char *path, struct error *err)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_markdown, by_name);
	bool ok = true;

	if (n < 0) {
		int code = errno;

		return error_set(err, ERROR_OS, ADVISE_REJECT, code, "%s: %s", path, strerror(code));
	}
	for (int i = 0; i < n; i++) {
		struct buf name;
		size_t first = import->n;

		buf_init(&name, 4096);
		(void)buf_printf(&name, "%s/%s", path, entries[i]->d_name);
		ok = ok && read_file(import, IMPORT_MARKDOWN, name.p, err);
		if (ok && import->n > first) {
			import->rows[first].number = i + 1;
		}
		buf_finish(&name);
		free(entries[i]);
	}
	free(entries);
	return ok;
}

bool import_read(struct import *import, enum import_format format, const char *path, struct error *err)
{
	struct stat st;

	if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		return read_folder(import, path, err);
	}
	return read_file(import, format, path, err);
}

const struct import_row *import_first_error(const struct import *import)
{
	for (size_t i = 0; i < import->n; i++) {
		if (import->rows[i].err.advice) {
			return &import->rows[i];
		}
	}
	return NULL;
}

void import_finish(struct import *import)
{
	for (size_t i = 0; i < import->n; i++) {
		post_file_finish(&import->rows[i].file);
	}
	free(import->rows);
	*import = (struct import){ 0 };
}
