/*
 * CSV as offices make it: RFC 4180, UTF-8 with or without BOM, CR LF or LF, comma or semicolon or TAB
 * (recognised from the first line). The first row names the columns.
 */
#ifndef CODEC_CSV_H
#define CODEC_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

struct csv_row {
	int line; /* where it begins, from 1 */
	char **fields;
	size_t n;
};

struct csv {
	struct csv_row *rows; /* rows[0] is the header */
	size_t n;
};

/* errors  INPUT/REJECT "NAME:LINE: what": open quote, stray quote, more fields than the header, NUL */
bool csv_parse(const char *name, struct str text, struct csv **ret_csv, struct error *err) must_check;
void csv_free(struct csv *csv);
void csv_freep(struct csv **csv);

/* UTF-8 out of UTF-8 with or without BOM, or GB18030 when the bytes are no valid UTF-8. */
bool charset_to_utf8(struct buf *out, struct str bytes, bool *ret_converted, struct error *err) must_check;

#endif
