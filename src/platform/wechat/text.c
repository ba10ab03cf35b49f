/*
 * Text on its way to WeChat and back: JSON without escapes, and fingerprints that survive what WeChat does to HTML.
 *
 * source  page draft/add (changes 2025-11 and 2025-12: no Unicode escapes in title and author), page menu/create
 *         (40033); reports say that escaped titles fail with 45003, as if each escape counted six characters
 */
#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"
#include "text/utf8.h"

void wechat_add_text(cJSON *object, const char *key, struct str text)
{
	struct buf clean;

	buf_init(&clean, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= ' ' ? c != 0x7f : c == '\n' || c == '\r' || c == '\t') {
			(void)buf_add_char(&clean, (char)c);
		}
	}
	json_add_str(object, key, buf_str(&clean));
	buf_finish(&clean);
}

void wechat_add_digits(cJSON *object, const char *key, const char *digits)
{
	json_add(object, key, cJSON_CreateRaw(digits));
}

/* cJSON writes UTF-8 as it is; only controls become escapes. They come from callers' own objects, and go. */
bool wechat_print(struct buf *out, const cJSON *json)
{
	struct buf text;
	bool ok;

	buf_init(&text, WECHAT_BODY_BYTES);
	ok = json_print(&text, json) && !text.failed;
	for (size_t i = 0; ok && i < text.n; i++) {
		char next = i + 1 < text.n ? text.p[i + 1] : '\0';

		if (text.p[i] != '\\') {
			(void)buf_add_char(out, text.p[i]);
		} else if (next == 'u') {
			i += 5;
		} else if (next == 'b' || next == 'f') {
			i++;
		} else {
			(void)buf_add_char(out, '\\');
			(void)buf_add_char(out, next);
			i++;
		}
	}
	buf_finish(&text);
	return ok && !out->failed;
}

static const struct {
	struct str name;
	const char *text;
} entities[] = {
	{ STR("&lt;"), "<" },
	{ STR("&gt;"), ">" },
	{ STR("&amp;"), "&" },
	{ STR("&quot;"), "\"" },
	{ STR("&#39;"), "'" },
	{ STR("&nbsp;"), "" },
};

void wechat_fingerprint(struct buf *out, struct str html)
{
	while (html.n > 0) {
		unsigned char c = (unsigned char)html.p[0];
		size_t step = 1;

		if (c == '<') {
			const char *end = memchr(html.p, '>', html.n);

			step = end ? (size_t)(end - html.p) + 1 : html.n;
		} else if (c == '&') {
			const char *text = "&";

			for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
				if (str_starts(html, entities[i].name)) {
					text = entities[i].text;
					step = entities[i].name.n;
				}
			}
			(void)buf_add_text(out, text);
		} else if (str_starts(html, STR("\xc2\xa0")) || str_starts(html, STR("\xe3\x80\x80"))) {
			step = c == 0xc2 ? 2 : 3; /* no-break and ideographic blank */
		} else if (c > ' ') {
			(void)buf_add_char(out, (char)c);
		}
		html = str_sub(html, step, html.n);
	}
}
