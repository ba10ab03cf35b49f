/*
 * Sanitising: whatever goes in, what comes out is valid, within its size, free of what is hostile, and does not change
 * when it is sanitised again.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "text/safe.h"
#include "text/utf8.h"

#define must(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

static void check_harmless(struct str text, bool lines)
{
	uint32_t c;

	must(utf8_valid(text));
	while (utf8_next(&text, &c)) {
		must(c >= 0x20 || (lines && (c == '\n' || c == '\t')));
		must(c < 0x7f || c > 0x9f);
		must(c != 0x200b && c != 0x2060 && c != 0xfeff && c != 0x2028 && c != 0x2029);
		must(!(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069));
	}
}

static void check_sanitise(struct str text, size_t max_bytes)
{
	cleanup(buf_finish) struct buf once = { 0 };
	cleanup(buf_finish) struct buf twice = { 0 };

	buf_init(&once, max_bytes);
	buf_init(&twice, max_bytes);
	must(text_sanitise(&once, text, max_bytes));
	check_harmless(buf_str(&once), true);
	must(text_sanitise(&twice, buf_str(&once), max_bytes));
	must(str_eq(buf_str(&once), buf_str(&twice)));
}

static void check_cells(struct str text, size_t cells)
{
	cleanup(buf_finish) struct buf cut = { 0 };
	cleanup(buf_finish) struct buf padded = { 0 };

	buf_init(&cut, text.n + 8);
	buf_init(&padded, text.n + 8 + cells);
	must(text_cut(&cut, text, cells));
	must(text_width(buf_str(&cut)) <= cells);
	must(text_pad(&padded, text, cells));
	must(text_width(buf_str(&padded)) == cells);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	cleanup(buf_finish) struct buf line = { 0 };
	cleanup(buf_finish) struct buf lines = { 0 };
	cleanup(buf_finish) struct buf field = { 0 };

	check_sanitise(text, 4 * size + 64);
	check_sanitise(text, size / 2);
	check_sanitise(text, 7);

	buf_init(&line, 4 * size + 64);
	buf_init(&lines, 4 * size + 64);
	buf_init(&field, 2 * size + 8);
	must(text_safe_line(&line, text));
	check_harmless(buf_str(&line), false);
	must(text_safe_lines(&lines, text));
	check_harmless(buf_str(&lines), true);
	must(text_csv_field(&field, text));
	check_cells(buf_str(&line), 10);
	check_cells(buf_str(&line), 1);
	must(text_chars(text) <= size);
	must(text_cut_bytes(text, size / 2).n <= size / 2);
	return 0;
}
