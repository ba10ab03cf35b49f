/* See wechat_raw.h. No checks of the grammar: json_parse() has made them. */
#include "sim/wechat_raw.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blank(struct str text, size_t at)
{
	while (at < text.n && is_blank(text.p[at])) {
		at++;
	}
	return at;
}

static size_t skip_string(struct str text, size_t at)
{
	for (at++; at < text.n && text.p[at] != '"'; at++) {
		at += text.p[at] == '\\';
	}
	return at + 1;
}

/* Past the value that starts at `at`. */
static size_t skip_value(struct str text, size_t at)
{
	int depth = 0;

	while (at < text.n) {
		char c = text.p[at];

		if (c == '"') {
			at = skip_string(text, at);
		} else if (c == '{' || c == '[') {
			depth++;
			at++;
		} else if (c == '}' || c == ']') {
			if (!depth) {
				return at;
			}
			depth--;
			at++;
		} else if ((c == ',' || is_blank(c)) && !depth) {
			return at;
		} else {
			at++;
			continue;
		}
		if (!depth) {
			return at;
		}
	}
	return at;
}

static struct str value_at(struct str text, size_t at, size_t *ret_end)
{
	*ret_end = skip_value(text, at);
	return str_sub(text, at, *ret_end - at);
}

struct str wx_raw_member(struct str object, const char *key)
{
	size_t at = skip_blank(object, 0);

	if (at >= object.n || object.p[at] != '{') {
		return (struct str){ 0 };
	}
	for (at = skip_blank(object, at + 1); at < object.n && object.p[at] == '"';) {
		size_t end = skip_string(object, at);
		bool found = str_is(str_sub(object, at + 1, end - at - 2), key);
		struct str value;

		at = skip_blank(object, skip_blank(object, end) + 1); /* behind the colon */
		value = value_at(object, at, &end);
		if (found) {
			return value;
		}
		at = skip_blank(object, skip_blank(object, end) + 1);
	}
	return (struct str){ 0 };
}

struct str wx_raw_element(struct str array, size_t i)
{
	size_t at = skip_blank(array, 0);

	if (at >= array.n || array.p[at] != '[') {
		return (struct str){ 0 };
	}
	for (at = skip_blank(array, at + 1); at < array.n && array.p[at] != ']'; i--) {
		size_t end;
		struct str value = value_at(array, at, &end);

		if (!i) {
			return value;
		}
		at = skip_blank(array, skip_blank(array, end) + 1);
	}
	return (struct str){ 0 };
}

size_t wx_raw_units(struct str string)
{
	size_t units = 0;

	for (size_t i = 1; i + 1 < string.n;) {
		size_t step = str_utf8_step(str_sub(string, i, string.n));

		if (string.p[i] == '\\') {
			bool unicode = string.p[i + 1] == 'u';

			units += unicode ? 6 : 1;
			i += unicode ? 6 : 2;
			continue;
		}
		units++;
		i += step ? step : 1;
	}
	return units;
}

bool wx_raw_has_unicode_escape(struct str text)
{
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (text.p[i] == '\\') {
			if (text.p[i + 1] == 'u') {
				return true;
			}
			i++;
		}
	}
	return false;
}
