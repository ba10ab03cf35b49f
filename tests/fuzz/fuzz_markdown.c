/*
 * Markdown: any bytes become valid UTF-8 that ends in no line end, within its size; a text without any mark stays what
 * it was.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/markdown.h"
#include "core/limits.h"

/* Words of one line: nothing that Markdown knows. */
static bool is_plain(struct str text)
{
	char before = ' ';

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c == ' ' && before != ' '))) {
			return false;
		}
		before = c;
	}
	return before != ' ';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str markdown = { (const char *)data, size };
	cleanup(buf_finish) struct buf text = { 0 };
	cleanup(buf_finish) struct buf small = { 0 };
	struct error err = { 0 };

	/* Room for what usually grows, a number in front of each of many items; a long link that is named often does
	 * not fit. */
	buf_init(&text, 16 * size + 64);
	if (!markdown_to_text(&text, markdown, &err)) {
		must(size > LIMIT_POST_BYTES || text.failed);
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		return 0;
	}
	must(size <= LIMIT_POST_BYTES);
	must(utf8_valid(buf_str(&text)) && !memchr(text.p, 0, text.n));
	must(text.n == 0 || text.p[text.n - 1] != '\n');
	if (is_plain(markdown)) {
		must(str_eq(buf_str(&text), markdown));
	}
	if (text.n > 0) {
		buf_init(&small, text.n - 1);
		if (!markdown_to_text(&small, markdown, &err)) {
			must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		}
		must(small.n < text.n);
	}
	return 0;
}
