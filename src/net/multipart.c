/*
 * multipart/form-data bodies. Built whole instead of by libcurl's mime interface, so that a request's body is one
 * piece of memory whatever its form: nothing to rewind, nothing to read while sending.
 *
 * The boundary is 128 random bits, so the parts are not searched for it.
 */
#include <stdio.h>
#include <string.h>

#include "core/random.h"
#include "net/multipart_internal.h"

static bool has_control_character(const char *text)
{
	for (; text && *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			return true;
		}
	}
	return false;
}

bool request_is_clean(const struct http_request *request)
{
	if (request->content_type && strlen(request->content_type) > MULTIPART_TYPE_BYTES / 2) {
		return false;
	}
	if (has_control_character(request->content_type)) {
		return false;
	}
	for (size_t i = 0; i < request->n_parts; i++) {
		if (has_control_character(request->parts[i].content_type)) {
			return false;
		}
	}
	return true;
}

/* A name inside quotes, as browsers do it (WHATWG, HTML standard, multipart/form-data encoding). */
static void add_quoted(struct buf *out, const char *name)
{
	buf_add_char(out, '"');
	for (const char *p = name; *p; p++) {
		if (*p == '"') {
			buf_add_text(out, "%22");
		} else if (*p == '\r') {
			buf_add_text(out, "%0D");
		} else if (*p == '\n') {
			buf_add_text(out, "%0A");
		} else {
			buf_add_char(out, *p);
		}
	}
	buf_add_char(out, '"');
}

bool multipart_build(const struct http_request *request, struct buf *out, char ret_type[MULTIPART_TYPE_BYTES])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char dice[16];
	char boundary[2 * sizeof(dice) + 1] = { 0 };
	size_t max_bytes = 64 + sizeof(boundary);

	random_bytes(dice, sizeof(dice));
	for (size_t i = 0; i < sizeof(dice); i++) {
		boundary[2 * i] = hex[dice[i] >> 4];
		boundary[2 * i + 1] = hex[dice[i] & 15];
	}
	for (size_t i = 0; i < request->n_parts; i++) {
		const struct http_part *part = &request->parts[i];

		max_bytes += part->n + 256 + 3 * strlen(part->name);
		max_bytes += part->filename ? 3 * strlen(part->filename) : 0;
		max_bytes += part->content_type ? strlen(part->content_type) : 0;
	}
	buf_init(out, max_bytes);
	for (size_t i = 0; i < request->n_parts; i++) {
		const struct http_part *part = &request->parts[i];

		buf_printf(out, "--%s\r\nContent-Disposition: form-data; name=", boundary);
		add_quoted(out, part->name);
		if (part->filename) {
			buf_add_text(out, "; filename=");
			add_quoted(out, part->filename);
		}
		if (part->content_type) {
			buf_printf(out, "\r\nContent-Type: %s", part->content_type);
		}
		buf_add_text(out, "\r\n\r\n");
		buf_add(out, part->data, part->n);
		buf_add_text(out, "\r\n");
	}
	buf_printf(out, "--%s--\r\n", boundary);
	(void)snprintf(ret_type, MULTIPART_TYPE_BYTES, "Content-Type: multipart/form-data; boundary=%s", boundary);
	return !out->failed;
}
