/*
 * Front matter: the body is the rest of the text from its line on, nothing of it is lost, and what was read stands in
 * front of it.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/front_matter.h"

/* Number of the line in which p stands. */
static int line_of(struct str text, const char *p)
{
	int line = 1;

	for (const char *at = text.p; at < p; at++) {
		line += *at == '\n';
	}
	return line;
}

/* Where YAML begins a new line and nobody else does. */
static bool has_odd_line_ends(struct str text)
{
	return str_find(text, STR("\r")) >= 0 || str_find(text, STR("\xc2\x85")) >= 0 ||
	       str_find(text, STR("\xe2\x80\xa8")) >= 0 || str_find(text, STR("\xe2\x80\xa9")) >= 0;
}

static bool is_blank(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (!memchr(" \t\r\n\v\f", text.p[i], 6)) {
			return false;
		}
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct front_matter front = { 0 };
	struct error err = { 0 };

	if (!front_matter_parse("notice.md", text, &front, &err)) {
		must(!front.yaml);
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		must(str_starts(str_from(err.message), STR("notice.md:")));
		return 0;
	}
	must(utf8_valid(front.body));
	if (front.body.n > 0) {
		must(front.body.p + front.body.n == text.p + text.n);
		must(front.body_line == line_of(text, front.body.p));
		must(front.body.p == text.p || front.body.p[-1] == '\n' || front.body.p == text.p + 3);
	}
	if (!front.yaml) {
		struct str before = str_sub(text, 0, text.n - front.body.n);

		must(is_blank(str_starts(before, STR("\xef\xbb\xbf")) ? str_sub(before, 3, before.n) : before));
	} else if (front.yaml->root) {
		must(front.yaml->root->line >= 2);
		must(front.body.n == 0 || front.yaml->root->line < front.body_line || has_odd_line_ends(text));
	}
	front_matter_finish(&front);
	must(!front.yaml && !front.body.p);
	return 0;
}
