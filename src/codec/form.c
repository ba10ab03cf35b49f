/*
 * Forms and query strings. Encoding happens once, here, and nowhere else: a value that is encoded twice is published as
 * percent soup, as clients of Weibo's API have found out.
 */
#include "codec/form.h"

#include <string.h>

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-_.~", c));
}

bool form_encode(struct buf *out, struct str value)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		char escaped[] = { '%', digits[c >> 4], digits[c & 15] };

		if (plain(value.p[i])) {
			(void)buf_add_char(out, value.p[i]);
		} else {
			(void)buf_add(out, escaped, sizeof(escaped));
		}
	}
	return !out->failed;
}

bool form_add(struct buf *out, const char *key, struct str value)
{
	if (out->n > 0 && out->p[out->n - 1] != '?') {
		(void)buf_add_char(out, '&');
	}
	(void)form_encode(out, str_from(key));
	(void)buf_add_char(out, '=');
	return form_encode(out, value);
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

bool form_decode(struct buf *out, struct str encoded, bool plus_is_blank)
{
	for (size_t i = 0; i < encoded.n; i++) {
		char c = encoded.p[i];

		if (c == '%' && i + 2 < encoded.n && hex(encoded.p[i + 1]) >= 0 && hex(encoded.p[i + 2]) >= 0) {
			(void)buf_add_char(out, (char)(hex(encoded.p[i + 1]) * 16 + hex(encoded.p[i + 2])));
			i += 2;
		} else {
			(void)buf_add_char(out, c == '+' && plus_is_blank ? ' ' : c);
		}
	}
	return !out->failed;
}

bool form_get(struct str form, const char *key, struct buf *out)
{
	struct str pair;

	while (str_split(&form, '&', &pair)) {
		struct str value = pair;
		struct str name;
		struct buf decoded;
		bool same;

		if (!str_split(&value, '=', &name)) {
			continue;
		}
		buf_init(&decoded, name.n + 1);
		(void)form_decode(&decoded, name, true);
		same = str_is(buf_str(&decoded), key);
		buf_finish(&decoded);
		if (same) {
			return form_decode(out, value.p ? value : STR(""), true);
		}
	}
	return false;
}
