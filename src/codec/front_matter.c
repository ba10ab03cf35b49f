/* Front matter: YAML between two lines of three dashes at the very top, then the body. */
#include "codec/front_matter.h"

#include <string.h>

#include "text/utf8.h"

static const struct str mark = { "\xef\xbb\xbf", 3 }; /* byte order mark */

/* The line at the front of *rest, without its end; *rest moves behind it. */
static struct str take_line(struct str *rest)
{
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct str line = str_sub(*rest, 0, n);

	*rest = str_sub(*rest, end ? n + 1 : n, rest->n);
	if (line.n > 0 && line.p[line.n - 1] == '\r') {
		line.n--;
	}
	return line;
}

static bool is_fence(struct str line)
{
	return str_starts(line, STR("---")) && str_trim(line).n == 3;
}

static bool fail_at(const char *name, struct str text, size_t offset, const char *what, struct error *err)
{
	struct str before = str_sub(text, 0, offset);
	struct str line = before;
	int number = 1;

	for (size_t i = 0; i < before.n; i++) {
		if (before.p[i] == '\n') {
			number++;
			line = str_sub(before, i + 1, before.n);
		}
	}
	if (str_starts(line, mark)) {
		line = str_sub(line, mark.n, line.n);
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s:%d:%zu: %s", name, number, text_chars(line) + 1, what);
}

bool front_matter_parse(const char *name, struct str text, struct front_matter *ret, struct error *err)
{
	struct front_matter front = { .body_line = 1 };
	struct str rest = text;
	struct str inside;
	struct error yaml_err = { 0 };
	ptrdiff_t broken = utf8_invalid_at(text);
	const char *nul = text.n > 0 ? memchr(text.p, 0, text.n) : NULL;

	if (broken >= 0) {
		return fail_at(name, text, (size_t)broken, "no valid UTF-8", err);
	}
	if (nul) {
		return fail_at(name, text, (size_t)(nul - text.p), "a NUL: this is no text file", err);
	}
	if (str_starts(rest, mark)) {
		rest = str_sub(rest, mark.n, rest.n);
	}
	front.body = rest;
	if (is_fence(take_line(&rest))) {
		int line = 1;
		bool closed = false;

		inside = rest;
		while (rest.n > 0 && !closed) {
			size_t before = (size_t)(rest.p - inside.p);

			line++;
			closed = is_fence(take_line(&rest));
			if (closed) {
				inside.n = before;
			}
		}
		if (!closed) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
				"%s:1:1: front matter begins with --- and has no closing ---", name);
		}
		if (!yaml_parse(name, inside, 2, &front.yaml, &yaml_err)) {
			return error_set(err, ERROR_INPUT, yaml_err.advice, 0, "%s", yaml_err.message);
		}
		front.body = rest;
		front.body_line = line + 1;
	}
	while (front.body.n > 0) {
		struct str after = front.body;

		if (str_trim(take_line(&after)).n > 0) {
			break;
		}
		front.body = after;
		front.body_line++;
	}
	*ret = front;
	return true;
}

void front_matter_finish(struct front_matter *front)
{
	yaml_file_free(front->yaml);
	*front = (struct front_matter){ 0 };
}
