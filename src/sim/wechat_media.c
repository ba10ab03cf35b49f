/*
 * Pictures, sounds and films: the library, temporary media for three days, and the addresses under which pictures are
 * seen. Files are what their bytes say; their names decide what they may be.
 *
 * source  pages of media/upload, media/uploadimg and material/add_material, read 2026
 */
#include <inttypes.h>
#include <strings.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "sim/wechat_world.h"

#define KB           1024u
#define MB           (1024u * KB)
#define TEMPORARY_MS (3 * DAY_MS)
#define LIBRARY_MAX  100000

static const char *const type_names[] = { "image", "voice", "video", "thumb" };

enum form { FORM_UNKNOWN, FORM_JPG, FORM_PNG, FORM_GIF, FORM_BMP, FORM_MP3, FORM_AMR, FORM_WAV, FORM_WMA, FORM_MP4 };

static const struct {
	enum form form;
	const char *extensions[3];
	const char *content_type;
} forms[] = {
	{ FORM_JPG, { "jpg", "jpeg", NULL }, "image/jpeg" },
	{ FORM_PNG, { "png", NULL }, "image/png" },
	{ FORM_GIF, { "gif", NULL }, "image/gif" },
	{ FORM_BMP, { "bmp", NULL }, "image/bmp" },
	{ FORM_MP3, { "mp3", NULL }, "audio/mp3" },
	{ FORM_AMR, { "amr", NULL }, "audio/amr" },
	{ FORM_WAV, { "wav", NULL }, "audio/wav" },
	{ FORM_WMA, { "wma", NULL }, "audio/x-ms-wma" },
	{ FORM_MP4, { "mp4", NULL }, "video/mp4" },
};

/* What a kind of upload takes. */
struct upload_rule {
	const char *extensions[6];
	size_t max_bytes;
};

static const struct upload_rule permanent_rules[] = {
	[WX_IMAGE] = { { "bmp", "png", "jpeg", "jpg", "gif" }, 10 * MB },
	[WX_VOICE] = { { "mp3", "wma", "wav", "amr" }, 2 * MB },
	[WX_VIDEO] = { { "mp4" }, 10 * MB },
	[WX_THUMB] = { { "jpg", "jpeg" }, 64 * KB },
};
static const struct upload_rule temporary_rules[] = {
	[WX_IMAGE] = { { "png", "jpeg", "jpg", "gif" }, 10 * MB },
	[WX_VOICE] = { { "amr", "mp3" }, 2 * MB },
	[WX_VIDEO] = { { "mp4" }, 10 * MB },
	[WX_THUMB] = { { "jpg", "jpeg" }, 64 * KB },
};
static const struct upload_rule article_rule = { { "jpg", "jpeg", "png" }, 1 * MB };

static struct str extension_of(struct str name)
{
	size_t at = name.n;

	while (at > 0 && name.p[at - 1] != '.') {
		at--;
	}
	return at ? str_sub(name, at, name.n) : (struct str){ 0 };
}

static bool is_extension(struct str extension, const char *word)
{
	return extension.n == strlen(word) && strncasecmp(extension.p, word, extension.n) == 0;
}

/* A picture needs more than its first bytes: stubs of a header alone are refused, as in the field. */
static enum form form_of(struct str data)
{
	if (str_starts(data, STR("\xff\xd8\xff"))) {
		return FORM_JPG;
	}
	if (str_starts(data, STR("\x89PNG\r\n\x1a\n"))) {
		return str_find(data, STR("IHDR")) >= 0 && str_find(data, STR("IDAT")) >= 0 ? FORM_PNG : FORM_UNKNOWN;
	}
	if (str_starts(data, STR("GIF8"))) {
		return FORM_GIF;
	}
	if (str_starts(data, STR("BM"))) {
		return FORM_BMP;
	}
	if (str_starts(data, STR("#!AMR"))) {
		return FORM_AMR;
	}
	if (str_starts(data, STR("ID3")) || str_starts(data, STR("\xff\xfb"))) {
		return FORM_MP3;
	}
	if (str_starts(data, STR("RIFF"))) {
		return FORM_WAV;
	}
	if (str_starts(data, STR("\x30\x26\xb2\x75"))) {
		return FORM_WMA;
	}
	return str_starts(str_sub(data, 4, data.n), STR("ftyp")) ? FORM_MP4 : FORM_UNKNOWN;
}

static bool type_parse(struct str text, enum wx_media_type *ret_type)
{
	for (size_t i = 0; i < ARRAY_LEN(type_names); i++) {
		if (str_is(text, type_names[i])) {
			*ret_type = (enum wx_media_type)i;
			return true;
		}
	}
	return false;
}

struct wx_media *wx_add_media(
	struct wx_account *account, enum wx_media_type type, bool permanent, struct str name, struct str data)
{
	struct wx_media *media = xnew(struct wx_media);
	enum form form = form_of(data);

	media->account = account;
	media->type = type;
	media->permanent = permanent;
	media->name = str_dup(name);
	media->content_type = "application/octet-stream";
	media->extension = "bin";
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (forms[i].form == form) {
			media->content_type = forms[i].content_type;
			media->extension = forms[i].extensions[0];
		}
	}
	media->data = xrealloc_array(NULL, data.n + 1, 1);
	memcpy(media->data, data.p, data.n);
	media->n = data.n;
	digest_hex(data, media->sha256);
	wx_random(account->wechat, WX_URL64, media->id, 64);
	wx_random(account->wechat, WX_ALNUM, media->key, 24);
	media->created_at = wx_now(account);
	media->expires_at = permanent ? 0 : wx_now(account) + TEMPORARY_MS;
	array_grow(account->media, account->n_media, account->cap_media);
	account->media[account->n_media++] = media;
	table_put(&account->wechat->media_by_key, str_from(media->key), media);
	return media;
}

struct wx_media *wx_media(struct wx_account *account, struct str id)
{
	for (size_t i = 0; id.n && i < account->n_media; i++) {
		struct wx_media *media = account->media[i];

		if (str_is(id, media->id)) {
			return media->gone || (media->expires_at && wx_now(account) >= media->expires_at) ? NULL
													  : media;
		}
	}
	return NULL;
}

void wx_media_url(const struct wx_media *media, char ret[200])
{
	(void)snprintf(ret, 200, "%.120s/mmbiz_%s/%s/0?wx_fmt=%s", media->account->set.picture_base, media->extension,
		media->key, strcmp(media->extension, "jpg") == 0 ? "jpeg" : media->extension);
}

bool wechat_serve_file(struct call *call)
{
	struct wechat *wechat = call->sim->wechat;
	struct str rest = str_from(call->path);
	struct str part;
	const struct wx_media *media = NULL;

	while (!media && str_split(&rest, '/', &part)) {
		media = part.n ? table_get(&wechat->media_by_key, part) : NULL;
	}
	if (!media || media->gone || call->method != METHOD_GET) {
		return false;
	}
	call->content_type = media->content_type;
	(void)buf_add(&call->body, media->data, media->n);
	return true;
}

/* What citizens send: small, but whole files. */
void wx_citizen_media(struct wx_account *account, enum wx_media_type type, struct wx_media **ret_media)
{
	static const char jpg[] = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9";
	static const char amr[] = "#!AMR\n\x3c\x91\x17\x16\xbe\x66\x79\xe1\xe0\x01\xe7\xaf\xf0\x00\x00\x00";
	static const char mp4[] = "\x00\x00\x00\x18"
				  "ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08"
				  "free";
	struct str data = type == WX_VOICE   ? (struct str){ amr, sizeof(amr) - 1 }
			  : type == WX_VIDEO ? (struct str){ mp4, sizeof(mp4) - 1 }
					     : (struct str){ jpg, sizeof(jpg) - 1 };

	*ret_media = wx_add_media(account, type, false, STR("citizen"), data);
}

/* ---- uploading ---- */

static bool check_file(struct wx_call *wx, const struct upload_rule *rule, int64_t size_code)
{
	struct str extension = extension_of(wx->call->params.file_name);
	enum form form = form_of(wx->call->params.file);
	bool known = false;
	size_t i = 0;

	while (i < ARRAY_LEN(rule->extensions) && rule->extensions[i] &&
		!is_extension(extension, rule->extensions[i])) {
		i++;
	}
	if (i == ARRAY_LEN(rule->extensions) || !rule->extensions[i]) {
		wx_refuse(wx, 40005);
		return false;
	}
	if (wx->call->params.file.n > rule->max_bytes) {
		wx_refuse(wx, size_code);
		return false;
	}
	for (i = 0; i < ARRAY_LEN(forms); i++) {
		for (size_t k = 0; forms[i].form == form && k < 3 && forms[i].extensions[k]; k++) {
			for (size_t m = 0; m < ARRAY_LEN(rule->extensions) && rule->extensions[m]; m++) {
				known = known || strcmp(rule->extensions[m], forms[i].extensions[k]) == 0;
			}
		}
	}
	if (!known) {
		wx_refuse(wx, 40137);
	}
	return known;
}

void wx_handle_uploadimg(struct wx_call *wx)
{
	struct wx_media *media;
	char url[200];

	if (!check_file(wx, &article_rule, 40009)) {
		return;
	}
	media = wx_add_media(wx->account, WX_IMAGE, true, wx->call->params.file_name, wx->call->params.file);
	media->id[0] = '\0'; /* it has an address only */
	wx_media_url(media, url);
	out_object(wx->out, NULL);
	out_text(wx->out, "url", url);
	out_raw(wx->out, "errcode", STR("0"));
	out_text(wx->out, "errmsg", "ok");
	out_object_end(wx->out);
}

static bool read_type(struct wx_call *wx, enum wx_media_type *ret_type)
{
	if (!type_parse(params_str(&wx->call->params, "type"), ret_type)) {
		wx_refuse(wx, 40004);
		return false;
	}
	return true;
}

void wx_handle_media_upload(struct wx_call *wx)
{
	enum wx_media_type type;
	struct wx_media *media;

	if (!read_type(wx, &type) || !check_file(wx, &temporary_rules[type], 45001)) {
		return;
	}
	media = wx_add_media(wx->account, type, false, wx->call->params.file_name, wx->call->params.file);
	out_object(wx->out, NULL);
	out_text(wx->out, "type", type_names[type]);
	out_text(wx->out, type == WX_THUMB ? "thumb_media_id" : "media_id", media->id);
	out_i64(wx->out, "created_at", media->created_at / 1000);
	out_raw(wx->out, "item", STR("[]"));
	out_object_end(wx->out);
}

static size_t count_library(const struct wx_account *account, enum wx_media_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < account->n_media; i++) {
		const struct wx_media *media = account->media[i];

		n += media->permanent && media->id[0] && !media->gone && media->type == type;
	}
	return n;
}

void wx_handle_add_material(struct wx_call *wx)
{
	struct str description = params_str(&wx->call->params, "description");
	cleanup(json_freep) cJSON *json = NULL;
	enum wx_media_type type;
	struct wx_media *media;
	char url[200];

	if (!read_type(wx, &type) || !check_file(wx, &permanent_rules[type], 45001)) {
		return;
	}
	if (type == WX_VIDEO && (!json_parse(description, &json, NULL) || !json_text(json, "title", NULL))) {
		wx_refuse(wx, 47001);
		return;
	}
	if (count_library(wx->account, type) >= (type == WX_IMAGE ? LIBRARY_MAX : 1000)) {
		wx_refuse(wx, 45001);
		return;
	}
	media = wx_add_media(wx->account, type, true, wx->call->params.file_name, wx->call->params.file);
	media->title = xstrdup(json_text(json, "title", NULL));
	media->introduction = xstrdup(json_text(json, "introduction", NULL));
	out_object(wx->out, NULL);
	out_text(wx->out, "media_id", media->id);
	if (type == WX_IMAGE) {
		wx_media_url(media, url);
		out_text(wx->out, "url", url);
	}
	out_raw(wx->out, "item", STR("[]"));
	out_object_end(wx->out);
}

/* ---- downloading ---- */

static void answer_file(struct wx_call *wx, const struct wx_media *media)
{
	char text[160];

	wx->call->content_type = media->content_type;
	(void)snprintf(text, sizeof(text), "attachment; filename=\"%s.%s\"", media->id, media->extension);
	wx->call->disposition = xstrdup(text);
	(void)buf_add(&wx->call->body, media->data, media->n);
}

static void out_video_url(struct wx_call *wx, const char *key, const struct wx_media *media)
{
	char url[200];

	/* Here, not on the platform's film server: the second request must find something. */
	(void)snprintf(url, sizeof(url), "http://%.100s/mp/video/%s", wx->call->host ? wx->call->host : "127.0.0.1",
		media->key);
	out_text(wx->out, key, url);
}

void wx_handle_media_get(struct wx_call *wx)
{
	struct str id = params_str(&wx->call->params, "media_id");
	const struct wx_media *media = wx_media(wx->account, id);

	if (!media || media->permanent) {
		wx_refuse(wx, id.n ? 40007 : 41006);
		return;
	}
	if (media->type != WX_VIDEO) {
		answer_file(wx, media);
		return;
	}
	out_object(wx->out, NULL);
	out_video_url(wx, "video_url", media);
	out_object_end(wx->out);
}

void wx_handle_get_material(struct wx_call *wx)
{
	struct str id = json_str(wx->json, "media_id");
	const struct wx_media *media = wx_media(wx->account, id);

	if (!media || !media->permanent) {
		wx_refuse(wx, 40007);
		return;
	}
	if (media->type != WX_VIDEO) {
		answer_file(wx, media);
		return;
	}
	out_object(wx->out, NULL);
	out_text(wx->out, "title", media->title);
	out_text(wx->out, "description", media->introduction ? media->introduction : "");
	out_video_url(wx, "down_url", media);
	out_object_end(wx->out);
}

void wx_handle_del_material(struct wx_call *wx)
{
	struct wx_media *media = wx_media(wx->account, json_str(wx->json, "media_id"));

	if (!media || !media->permanent) {
		wx_refuse(wx, 40007);
		return;
	}
	media->gone = true;
	wx_ok(wx);
}

void wx_handle_material_count(struct wx_call *wx)
{
	out_object(wx->out, NULL);
	out_i64(wx->out, "voice_count", (int64_t)count_library(wx->account, WX_VOICE));
	out_i64(wx->out, "video_count", (int64_t)count_library(wx->account, WX_VIDEO));
	out_i64(wx->out, "image_count", (int64_t)count_library(wx->account, WX_IMAGE));
	out_i64(wx->out, "news_count", 0);
	out_object_end(wx->out);
}

static void out_material(struct out *out, const struct wx_media *media)
{
	char url[200];

	out_object(out, NULL);
	out_text(out, "media_id", media->id);
	out_text(out, "name", media->name);
	out_i64(out, "update_time", media->created_at / 1000);
	if (media->type == WX_IMAGE) {
		wx_media_url(media, url);
		out_text(out, "url", url);
	}
	out_object_end(out);
}

void wx_handle_material_batchget(struct wx_call *wx)
{
	struct wx_account *account = wx->account;
	int64_t offset = json_i64(wx->json, "offset", 0);
	int64_t count = json_i64(wx->json, "count", 0);
	int64_t seen = 0;
	int64_t shown = 0;
	enum wx_media_type type = WX_IMAGE;
	bool news = str_is(json_str(wx->json, "type"), "news");

	if ((!news && !type_parse(json_str(wx->json, "type"), &type)) || type == WX_THUMB) {
		wx_refuse(wx, 40004);
		return;
	}
	if (offset < 0 || count < 1 || count > 20) {
		wx_refuse(wx, 40097);
		return;
	}
	out_object(wx->out, NULL);
	out_array(wx->out, "item");
	for (size_t i = account->n_media; !news && i > 0; i--) {
		const struct wx_media *media = account->media[i - 1];

		if (!media->permanent || !media->id[0] || media->gone || media->type != type) {
			continue;
		}
		if (seen++ >= offset && shown < count) {
			out_material(wx->out, media);
			shown++;
		}
	}
	out_array_end(wx->out);
	out_i64(wx->out, "total_count", seen);
	out_i64(wx->out, "item_count", shown);
	out_object_end(wx->out);
}
