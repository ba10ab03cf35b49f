/*
 * What came with a citizen's message: pictures and voices as bytes, a video as an address to fetch it from. What the
 * bytes are is decided by themselves, not by what they are called.
 *
 * source  page media/get, read 2026; an error comes as JSON, older ones as text/plain: the first byte decides; sample
 *         tests/fixtures/wechat/media_get_video.json
 */
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define TIMEOUT_MS (120 * SECOND_MS)
#define URL_BYTES  (4u << 10)
#define JSON_BYTES (64u << 10)

enum { MEDIA_FIRST, MEDIA_VIDEO };

static const struct {
	size_t at;
	struct str bytes;
	const char *type;
} magics[] = {
	{ 0, STR("\xff\xd8\xff"), "image/jpeg" },
	{ 0, STR("\x89PNG\r\n\x1a\n"), "image/png" },
	{ 0, STR("GIF87a"), "image/gif" },
	{ 0, STR("GIF89a"), "image/gif" },
	{ 8, STR("WEBP"), "image/webp" },
	{ 0, STR("#!AMR"), "audio/amr" },
	{ 0, STR("#!SILK"), "audio/silk" },
	{ 0, STR("OggS"), "audio/ogg" },
	{ 0, STR("ID3"), "audio/mpeg" },
	{ 0, STR("\xff\xfb"), "audio/mpeg" },
	{ 0, STR("\xff\xf3"), "audio/mpeg" },
	{ 8, STR("WAVE"), "audio/wav" },
	{ 4, STR("ftyp"), "video/mp4" },
};

const char *wechat_media_type(struct str bytes)
{
	for (size_t i = 0; i < ARRAY_LEN(magics); i++) {
		if (str_starts(str_sub(bytes, magics[i].at, bytes.n), magics[i].bytes)) {
			return magics[i].type;
		}
	}
	return NULL;
}

bool wechat_media_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const char *id = op->media ? op->media->remote_id : NULL;
	struct buf query;

	if (op->step == MEDIA_VIDEO) {
		http_request_init(ret_request, HTTP_GET, op->cursor);
		ret_request->timeout_ms = TIMEOUT_MS;
		ret_request->answer_max_bytes = LIMIT_CITIZEN_MEDIA_BYTES;
		return true;
	}
	if (!id || !id[0] || strlen(id) > LIMIT_REMOTE_ID_BYTES * 2) {
		return wechat_bad_send(err, "the message names nothing that could be fetched");
	}
	buf_init(&query, URL_BYTES);
	(void)form_add(&query, "media_id", str_from(id));
	wechat_get(op, "/cgi-bin/media/get", query.p, ret_request);
	ret_request->timeout_ms = TIMEOUT_MS;
	ret_request->answer_max_bytes = LIMIT_CITIZEN_MEDIA_BYTES;
	buf_finish(&query);
	return true;
}

/* "host[:port]" of an http or https address without user and password; empty: it is none. */
static struct str authority_of(const char *url)
{
	struct str rest = str_from(url);
	size_t n = 0;

	if (str_starts(rest, STR("https://"))) {
		rest = str_sub(rest, 8, rest.n);
	} else if (str_starts(rest, STR("http://"))) {
		rest = str_sub(rest, 7, rest.n);
	} else {
		return (struct str){ 0 };
	}
	while (n < rest.n && !strchr("/?#", rest.p[n])) {
		if (rest.p[n] == '@' || rest.p[n] == '\\' || (unsigned char)rest.p[n] <= ' ') {
			return (struct str){ 0 };
		}
		n++;
	}
	return str_sub(rest, 0, n);
}

/* Only where the platform keeps its files: an answer must not send us about inside the office's own network. */
static bool is_allowed(const struct driver_op *op, const char *url)
{
	struct str authority = authority_of(url);
	struct str host = authority;

	if (authority.n == 0 || strlen(url) >= URL_BYTES) {
		return false;
	}
	if (str_eq(authority, authority_of(op->account->base_url))) {
		return true;
	}
	(void)str_split(&authority, ':', &host);
	return str_ends(host, STR(".qq.com")) || str_ends(host, STR(".qpic.cn"));
}

static void json_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	cleanup(json_freep) cJSON *json = NULL;
	const char *url;
	int code = 0;

	if (!wechat_answer_json(op, answer, NULL, &json, &code, outcome)) {
		return;
	}
	url = json_text(json, "video_url", NULL);
	if (!url || op->step != MEDIA_FIRST) {
		wechat_unreadable(op, outcome, "the answer holds no file");
	} else if (!is_allowed(op, url)) {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REJECT, 0,
			"WeChat: the video lies at an address that is not the platform's");
	} else {
		op->cursor = xstrdup(url);
		op->step = MEDIA_VIDEO;
		outcome->kind = OUTCOME_NEXT;
	}
}

void wechat_media_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	struct str body = answer && answer->fate == HTTP_ANSWERED && answer->status == 200 ? answer->body : STR("");
	const char *type = wechat_media_type(body);
	bool json = body.n == 0 || (!type && (body.p[0] == '{' || str_find(answer->content_type, STR("json")) >= 0));

	if (json && body.n <= JSON_BYTES) {
		json_answer(op, answer, outcome);
		return;
	}
	if (body.n > LIMIT_CITIZEN_MEDIA_BYTES) {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REJECT, 0, "WeChat: the file is larger than %u bytes",
			LIMIT_CITIZEN_MEDIA_BYTES);
		return;
	}
	outcome->kind = OUTCOME_DONE;
	buf_init(&outcome->media, body.n + 1);
	(void)buf_add_str(&outcome->media, body);
	outcome->media_type = xstrdup(type ? type : "application/octet-stream");
}
