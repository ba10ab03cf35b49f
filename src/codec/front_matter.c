/* Front matter: YAML between two lines of three dashes at the very top, then the body. */
#include "codec/front_matter.h"

#include <string.h>

#include "text/utf8.h"

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

bool front_matter_parse(const char *name, struct str text, struct front_matter *ret, struct error *err)
{
	struct front_matter front = { .body_line = 1 };
	struct str rest = text;
	struct str inside;
	ptrdiff_t broken = utf8_invalid_at(text);

	if (broken >= 0) {
		int line = 1;

		for (ptrdiff_t i = 0; i < broken; i++) {
			line += text.p[i] == '\n';
		}
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s:%d: no valid UTF-8", name, line);
	}
	if (text.n > 0 && memchr(text.p, 0, text.n)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: holds a NUL: no text file", name);
	}
	if (str_starts(rest, STR("\xef\xbb\xbf"))) {
		rest = str_sub(rest, 3, rest.n);
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
		if (!yaml_parse(name, inside, 2, &front.yaml, err)) {
			err->domain = ERROR_INPUT;
			return false;
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
