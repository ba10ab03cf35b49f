/*
 * Batches and posts as people hand them in: any bytes, in each format. A row is a post that has a text, was taken
 * before, or says in valid UTF-8 what is wrong with it; what comes back of it can be printed and read again.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "cli/import.h"
#include "codec/json.h"
#include "core/limits.h"
#include "text/utf8.h"

static void must(bool truth)
{
	if (!truth) {
		abort();
	}
}

static void check_error(const struct error *err)
{
	must(err->advice != ADVISE_NONE && err->message[0] && utf8_valid(str_from(err->message)));
}

static void check_again(const struct post_file *file)
{
	cleanup(json_freep) cJSON *again = post_file_again(file);
	cleanup(json_freep) cJSON *parsed = NULL;
	cleanup(buf_finish) struct buf text = { 0 };

	buf_init(&text, (size_t)8 * LIMIT_FRAME_BYTES);
	must(json_print(&text, again));
	must(json_parse(buf_str(&text), &parsed, NULL));
}

static void check_row(const struct import_row *row)
{
	int line, column;

	if (row->err.advice) {
		check_error(&row->err);
		must(!row->file.post);
	} else {
		must(row->file.post || post_file_is_done(&row->file));
	}
	if (row->file.post) {
		must(json_str(row->file.post, "text").n > 0);
		for (int i = 0; i < 8; i++) {
			post_file_locate(&row->file, "", 1 + i / 2, 1 + 3 * i, &line, &column);
			must(line >= 0 && column >= 0);
		}
	}
	check_again(&row->file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum import_format formats[] = { IMPORT_BY_NAME, IMPORT_CSV, IMPORT_JSONL, IMPORT_YAML,
		IMPORT_MARKDOWN };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct import import = { 0 };
		struct error err = { 0 };

		if (!import_parse(&import, formats[i], "<stdin>", "/nonexistent",
			    (struct str){ (const char *)data, size }, &err)) {
			check_error(&err);
		}
		for (size_t k = 0; k < import.n; k++) {
			/* The last row of a batch that broke off has neither post nor error. */
			if (!err.advice || k + 1 < import.n) {
				check_row(&import.rows[k]);
			}
		}
		import_finish(&import);
	}
	return 0;
}
