/*
 * Batches: CSV, JSONL, YAML or a folder of Markdown become rows. What is wrong with one row is kept with it, so that a
 * batch names all its mistakes at once; what is wrong with a file as a whole ends the reading.
 */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/post_file.h"
#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"

enum import_format { IMPORT_BY_NAME, IMPORT_CSV, IMPORT_JSONL, IMPORT_YAML, IMPORT_MARKDOWN };

struct import_row {
	struct post_file file;
	struct error err; /* why file.post is NULL; no advice: nothing is wrong */
	int number;       /* in its file, from 1 */
};

struct import {
	struct import_row *rows;
	size_t n;
	size_t cap;
};

/*
 * Add the rows of one file, of a folder (its *.md in the order of their names), or of standard input ("-").
 *
 * errors  INPUT/REJECT, OS/REJECT "NAME:LINE: what": the file as a whole cannot be read
 */
bool import_read(struct import *import, enum import_format format, const char *path, struct error *err) must_check;
/* The same from bytes that are at hand. dir: what the names of pictures are relative to. */
bool import_parse(struct import *import, enum import_format format, const char *name, const char *dir, struct str bytes,
	struct error *err) must_check;

/* The first row that is wrong; NULL: none is. */
const struct import_row *import_first_error(const struct import *import);

bool import_format_parse(const char *name, enum import_format *ret_format); /* csv, jsonl, yaml, markdown */

void import_finish(struct import *import); /* accepts zeroed */

#endif
