/*
 * Reading what clients send. Forms are decoded once and only once: a client that encodes twice gets its percent signs
 * stored, as it would on the real platform.
 */
#include "sim/params.h"

#include <strings.h>

#include "text/utf8.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

static struct str decode_in_place(char *p, size_t n)
{
	size_t to = 0;

	for (size_t from = 0; from < n; from++) {
		char c = p[from];

		if (c == '+') {
			c = ' ';
		} else if (c == '%' && from + 2 < n && hex_digit(p[from + 1]) >= 0 && hex_digit(p[from + 2]) >= 0) {
			c = (char)(hex_digit(p[from + 1]) * 16 + hex_digit(p[from + 2]));
			from += 2;
		}
		p[to++] = c;
	}
	return (struct str){ p, to };
}

static void add(struct params *params, struct str name, struct str value)
{
	if (params->n < PARAMS_MAX) {
		params->items[params->n++] = (struct param){ name, value };
	}
}

void params_add_form(struct params *params, char *form, size_t n)
{
	size_t start = 0;

	while (start < n) {
		char *end = memchr(form + start, '&', n - start);
		size_t part_n = end ? (size_t)(end - form) - start : n - start;
		char *part = form + start;
		char *equals = memchr(part, '=', part_n);

		if (equals) {
			size_t name_n = (size_t)(equals - part);

			add(params, decode_in_place(part, name_n), decode_in_place(equals + 1, part_n - name_n - 1));
		} else if (part_n) {
			add(params, decode_in_place(part, part_n), STR(""));
		}
		start += part_n + 1;
	}
}

/* The value of an attribute such as name="pic" in a header line. */
static bool attribute(struct str line, const char *name, struct str *ret_value)
{
	struct str rest = line;
	struct str piece;

	while (str_split(&rest, ';', &piece)) {
		struct str trimmed = str_trim(piece);
		size_t name_n = strlen(name);

		if (trimmed.n <= name_n || strncasecmp(trimmed.p, name, name_n) != 0 || trimmed.p[name_n] != '=') {
			continue;
		}
		trimmed = str_sub(trimmed, name_n + 1, trimmed.n);
		if (trimmed.n >= 2 && trimmed.p[0] == '"' && trimmed.p[trimmed.n - 1] == '"') {
			trimmed = str_sub(trimmed, 1, trimmed.n - 2);
		}
		*ret_value = trimmed;
		return true;
	}
	return false;
}

static bool header_is(struct str line, const char *name, struct str *ret_value)
{
	size_t name_n = strlen(name);

	if (line.n <= name_n || strncasecmp(line.p, name, name_n) != 0 || line.p[name_n] != ':') {
		return false;
	}
	*ret_value = str_trim(str_sub(line, name_n + 1, line.n));
	return true;
}

static bool add_part(struct params *params, struct str headers, struct str data)
{
	struct str disposition = { 0 };
	struct str type = { 0 };
	struct str file_name = { 0 };
	struct str name;
	struct str line;

	while (str_split(&headers, '\n', &line)) {
		struct str value;

		line = str_trim(line);
		if (header_is(line, "Content-Disposition", &value)) {
			disposition = value;
		} else if (header_is(line, "Content-Type", &value)) {
			type = value;
		}
	}
	if (!attribute(disposition, "name", &name)) {
		return false;
	}
	if (attribute(disposition, "filename", &file_name)) {
		if (str_is(name, params->file_part ? params->file_part : "pic") && !params->has_file) {
			params->has_file = true;
			params->file_name = file_name;
			params->file_type = type;
			params->file = data;
		}
		return true;
	}
	add(params, name, data);
	return true;
}

static bool add_multipart(struct params *params, struct str boundary, struct str body)
{
	char mark_text[4 + 200] = "\r\n--";
	struct str mark;
	ptrdiff_t at;

	if (!boundary.n || boundary.n > 200) {
		return false;
	}
	memcpy(mark_text + 4, boundary.p, boundary.n);
	mark = (struct str){ mark_text, 4 + boundary.n };
	/* The first delimiter may stand at the very beginning, without a line end before it. */
	if (str_starts(body, str_sub(mark, 2, mark.n))) {
		body = str_sub(body, mark.n - 2, body.n);
	} else {
		at = str_find(body, mark);
		if (at < 0) {
			return false;
		}
		body = str_sub(body, (size_t)at + mark.n, body.n);
	}
	for (;;) {
		ptrdiff_t headers_n;

		if (str_starts(body, STR("--"))) {
			return true;
		}
		if (!str_starts(body, STR("\r\n"))) {
			return false;
		}
		body = str_sub(body, 2, body.n);
		headers_n = str_find(body, STR("\r\n\r\n"));
		if (headers_n < 0 || headers_n > 4096) {
			return false;
		}
		at = str_find(str_sub(body, (size_t)headers_n + 2, body.n), mark);
		if (at < 2) {
			return false;
		}
		if (!add_part(params, str_sub(body, 0, (size_t)headers_n),
			    str_sub(body, (size_t)headers_n + 4, (size_t)at - 2))) {
			return false;
		}
		body = str_sub(body, (size_t)headers_n + 2 + (size_t)at + mark.n, body.n);
	}
}

static bool type_is(struct str content_type, const char *type)
{
	size_t n = strlen(type);

	return content_type.n >= n && strncasecmp(content_type.p, type, n) == 0;
}

void params_add_body(struct params *params, struct str content_type, char *body, size_t n)
{
	if (type_is(content_type, "multipart/form-data")) {
		struct str boundary = { 0 };

		params->multipart = true;
		params->broken = !attribute(content_type, "boundary", &boundary) ||
				 !add_multipart(params, boundary, (struct str){ body, n });
		return;
	}
	if (type_is(content_type, "application/json") || type_is(content_type, "text/")) {
		return; /* not a form: its parameters are simply not there */
	}
	params_add_form(params, body, n);
}

void params_set_authorization(struct params *params, struct str header)
{
	static const char scheme[] = "OAuth2 ";

	header = str_trim(header);
	if (header.n > sizeof(scheme) - 1 && strncasecmp(header.p, scheme, sizeof(scheme) - 1) == 0) {
		params->header_token = str_trim(str_sub(header, sizeof(scheme) - 1, header.n));
	} else if (header.n) {
		params->odd_header = true;
	}
}

static const struct param *find(const struct params *params, const char *name)
{
	for (size_t i = 0; i < params->n; i++) {
		if (str_is(params->items[i].name, name)) {
			return &params->items[i];
		}
	}
	return NULL;
}

bool params_has(const struct params *params, const char *name)
{
	return find(params, name) != NULL;
}

struct str params_str(const struct params *params, const char *name)
{
	const struct param *param = find(params, name);

	return param ? param->value : (struct str){ 0 };
}

int64_t params_i64(const struct params *params, const char *name, int64_t def)
{
	int64_t value;

	if (!str_to_i64(str_trim(params_str(params, name)), INT64_MIN, INT64_MAX, &value)) {
		return def;
	}
	return value;
}

const struct param *params_invalid(const struct params *params)
{
	for (size_t i = 0; i < params->n; i++) {
		struct str value = params->items[i].value;

		if ((value.n && memchr(value.p, 0, value.n)) || !utf8_valid(value) ||
			!utf8_valid(params->items[i].name)) {
			return &params->items[i];
		}
	}
	return NULL;
}
