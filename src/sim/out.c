/* JSON text from calls. No invariants beyond those of struct buf: a full buffer sets its `failed`. */
#include "sim/out.h"

#include <inttypes.h>

#define EXACT_DOUBLE (INT64_C(1) << 53)

/* A path or a parameter may hold any bytes; what is no UTF-8 becomes U+FFFD. */
static void add_escaped(struct buf *buf, struct str text)
{
	static const char hex[] = "0123456789abcdef";
	size_t start = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		char escape[7] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], 0 };
		const char *with = escape;

		if (c >= 0x80) {
			size_t step = str_utf8_step(str_sub(text, i, text.n));

			if (step) {
				i += step - 1;
				continue;
			}
			with = "\xef\xbf\xbd";
		} else if (c >= 0x20 && c != '"' && c != '\\') {
			continue;
		} else if (c == '"') {
			with = "\\\"";
		} else if (c == '\\') {
			with = "\\\\";
		} else if (c == '\n') {
			with = "\\n";
		} else if (c == '\r') {
			with = "\\r";
		} else if (c == '\t') {
			with = "\\t";
		}
		buf_add(buf, text.p + start, i - start);
		buf_add_text(buf, with);
		start = i + 1;
	}
	if (text.n > start) {
		buf_add(buf, text.p + start, text.n - start);
	}
}

static void before_value(struct out *out, const char *key)
{
	if (out->comma) {
		buf_add(out->buf, ",", 1);
	}
	out->comma = true;
	if (key) {
		buf_add(out->buf, "\"", 1);
		buf_add_text(out->buf, key);
		buf_add(out->buf, "\":", 2);
	}
}

static bool chance(struct out *out, int64_t one_in)
{
	return out->jitter && rng_below(out->jitter, one_in) == 0;
}

void out_object(struct out *out, const char *key)
{
	before_value(out, key);
	buf_add(out->buf, "{", 1);
	out->comma = false;
}

void out_object_end(struct out *out)
{
	buf_add(out->buf, "}", 1);
	out->comma = true;
}

void out_array(struct out *out, const char *key)
{
	before_value(out, key);
	buf_add(out->buf, "[", 1);
	out->comma = false;
}

void out_array_end(struct out *out)
{
	buf_add(out->buf, "]", 1);
	out->comma = true;
}

void out_str(struct out *out, const char *key, struct str text)
{
	before_value(out, key);
	buf_add(out->buf, "\"", 1);
	add_escaped(out->buf, text);
	buf_add(out->buf, "\"", 1);
}

void out_text(struct out *out, const char *key, const char *text)
{
	if (!text) {
		out_null(out, key);
		return;
	}
	out_str(out, key, str_from(text));
}

static void add_number(struct buf *buf, int64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (value < 0) {
		digits[--at] = '-';
	}
	buf_add(buf, digits + at, sizeof(digits) - at);
}

void out_i64(struct out *out, const char *key, int64_t value)
{
	if (chance(out, 3)) {
		out_digits(out, key, value);
		return;
	}
	before_value(out, key);
	add_number(out->buf, value);
}

void out_digits(struct out *out, const char *key, int64_t value)
{
	before_value(out, key);
	buf_add(out->buf, "\"", 1);
	add_number(out->buf, value);
	buf_add(out->buf, "\"", 1);
}

void out_bool(struct out *out, const char *key, bool value)
{
	static const char *const forms[][2] = { { "0", "1" }, { "\"0\"", "\"1\"" }, { "\"false\"", "\"true\"" } };
	const char *text = value ? "true" : "false";

	if (chance(out, 2)) {
		text = forms[rng_below(out->jitter, 3)][value ? 1 : 0];
	}
	before_value(out, key);
	buf_add_text(out->buf, text);
}

void out_null(struct out *out, const char *key)
{
	before_value(out, key);
	buf_add(out->buf, "null", 4);
}

void out_raw(struct out *out, const char *key, struct str json)
{
	before_value(out, key);
	buf_add_str(out->buf, json);
}

void out_id_pair(struct out *out, int64_t id)
{
	int64_t shown = id;

	if (id > EXACT_DOUBLE && chance(out, 4)) {
		shown = (int64_t)(double)id;
	}
	out_i64(out, "id", shown);
	out_digits(out, "idstr", id);
}

bool out_odd(struct out *out, const char *key)
{
	if (!chance(out, 3)) {
		return false;
	}
	switch (rng_below(out->jitter, 4)) {
	case 0:
		out_null(out, key);
		break;
	case 1:
		out_str(out, key, STR(""));
		break;
	default: /* absent */
		break;
	}
	return true;
}

void out_unknown(struct out *out)
{
	if (!out->jitter) {
		return;
	}
	if (chance(out, 2)) {
		out_raw(out, "darwin_tags", STR("[]"));
	}
	if (chance(out, 2)) {
		out_raw(out, "comment_manage_info",
			STR("{\"comment_permission_type\":-1,\"approval_comment_type\":0}"));
	}
	if (chance(out, 3)) {
		out_raw(out, "rid", STR("\"0_0_1_66_0_0\""));
	}
	if (chance(out, 3)) {
		out_raw(out, "positive_recom_flag", STR("1.5e3"));
	}
	if (chance(out, 4)) {
		out_raw(out, "x_future", STR("{\"a\":[{\"b\":[[],{}]}],\"c\":9223372036854775807}"));
	}
}
