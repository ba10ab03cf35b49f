/*
 * Ids: how threads, comments and our replies are named towards the store, and what of WeChat's opaque ids is let in.
 *
 * source  pages of the comment calls: a comment is addressed by msg_data_id, index (from 0) and user_comment_id;
 * numbers beyond 2^31 are in the documentation's own samples. publish_id and article_id come with white space inside
 * (page of PUBLISHJOBFINISH): it is taken out.
 */
#include <stdio.h>
#include <string.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define INDEX_MAX 7

static bool take_digits(struct str part, char *ret, size_t size)
{
	int64_t value;

	if (part.n == 0 || part.n >= size || !str_to_i64(part, 0, INT64_MAX, &value) ||
		(part.n > 1 && part.p[0] == '0')) {
		return false;
	}
	memcpy(ret, part.p, part.n);
	ret[part.n] = '\0';
	return true;
}

static bool parse_thread(struct str *rest, struct wechat_comment_id *ret_id)
{
	struct wechat_comment_id id = { 0 };
	struct str part;
	int64_t index;

	if (!str_split(rest, '/', &part) || !take_digits(part, id.data_id, sizeof(id.data_id)) ||
		!strcmp(id.data_id, "0") || !str_split(rest, '/', &part) || !str_to_i64(part, 0, INDEX_MAX, &index) ||
		!take_digits(part, id.index, sizeof(id.index))) {
		return false;
	}
	*ret_id = id;
	return true;
}

bool wechat_thread_parse(const char *text, struct wechat_comment_id *ret_id)
{
	struct str rest = str_from(text);
	struct wechat_comment_id id;

	if (!parse_thread(&rest, &id) || rest.p) {
		return false;
	}
	*ret_id = id;
	return true;
}

bool wechat_comment_parse(const char *text, struct wechat_comment_id *ret_id)
{
	struct str rest = str_from(text);
	struct wechat_comment_id id;
	struct str part;

	/* source unverified: no evidence of a comment with the id 0 */
	if (!parse_thread(&rest, &id) || !str_split(&rest, '/', &part) ||
		!take_digits(part, id.comment, sizeof(id.comment)) || !strcmp(id.comment, "0") || rest.p) {
		return false;
	}
	*ret_id = id;
	return true;
}

char *wechat_thread_format(struct str data_id, unsigned index)
{
	struct wechat_comment_id id;
	char text[40];

	(void)snprintf(text, sizeof(text), "%.*s/%u", (int)(data_id.n < 24 ? data_id.n : 24),
		data_id.n ? data_id.p : "", index);
	return wechat_thread_parse(text, &id) ? xstrdup(text) : NULL;
}

char *wechat_comment_format(const char *thread, struct str comment, bool reply)
{
	struct wechat_comment_id id;
	char text[80];

	(void)snprintf(text, sizeof(text), "%s/%.*s", thread, (int)(comment.n < 24 ? comment.n : 24),
		comment.n ? comment.p : "");
	if (!wechat_comment_parse(text, &id)) {
		return NULL;
	}
	(void)snprintf(text, sizeof(text), "%s/%s/%s%s", id.data_id, id.index, id.comment, reply ? "/r" : "");
	return xstrdup(text);
}

void wechat_client_id(const char *marker, char ret_id[WECHAT_CLIENT_ID_BYTES + 1])
{
	struct str text = str_from(marker);
	char hex[65];
	size_t i;

	for (i = 0; i < text.n && text.p[i] > ' ' && text.p[i] < 0x7f && text.p[i] != '"' && text.p[i] != '\\'; i++) {
	}
	if (text.n > 0 && i == text.n && text.n <= WECHAT_CLIENT_ID_BYTES) {
		memcpy(ret_id, text.p, text.n + 1);
		return;
	}
	digest_hex(text, hex);
	(void)snprintf(ret_id, WECHAT_CLIENT_ID_BYTES + 1, "%.*s", WECHAT_CLIENT_ID_BYTES, hex);
}

char *wechat_opaque_id(const cJSON *json, const char *key)
{
	char *id = NULL;
	struct buf text;
	size_t n = 0;

	buf_init(&text, 4 * LIMIT_REMOTE_ID_BYTES);
	if (json_id(json, key, &text) && !text.failed) {
		for (size_t i = 0; i < text.n; i++) {
			unsigned char c = (unsigned char)text.p[i];

			if (c > ' ' && c != 0x7f) {
				text.p[n++] = (char)c;
			}
		}
		text.p[n] = '\0';
		id = n > 0 && n <= LIMIT_REMOTE_ID_BYTES ? xstrdup(text.p) : NULL;
	}
	buf_finish(&text);
	return id;
}

/* source  openids are 28 of these in practice; the length is not documented */
bool wechat_is_openid(const char *text)
{
	size_t n = 0;

	for (; text && text[n]; n++) {
		char c = text[n];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' &&
			c != '-') {
			return false;
		}
	}
	return n >= 1 && n <= 64;
}
