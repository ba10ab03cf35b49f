/*
 * Drafts. What is measured is the request's own bytes, escapes and all; what is stored is what readers would see: no
 * scripts, and no pictures that did not come from the platform's own upload.
 *
 * source  pages draft/add and draft/update, change log of 2025-12-19; limits of 64, 16 and 128 are those of practice,
 * the documented 32 for titles is the switch strict_title
 */
#include <inttypes.h>
#include <strings.h>

#include "codec/json.h"
#include "core/mem.h"
#include "sim/wechat_raw.h"
#include "sim/wechat_world.h"
#include "text/utf8.h"

#define ARTICLES_MAX       8
#define TITLE_UNITS        64
#define TITLE_UNITS_STRICT 32
#define AUTHOR_UNITS       16
#define DIGEST_UNITS       128
#define DIGEST_FROM_TEXT   54
#define CONTENT_CHARS      20000
#define CONTENT_BYTES      (1u << 20)
#define SOURCE_URL_BYTES   1024
#define NEWSPIC_PICTURES   20

struct wx_draft *wx_draft(struct wx_account *account, struct str media_id)
{
	for (size_t i = 0; media_id.n && i < account->n_drafts; i++) {
		struct wx_draft *draft = account->drafts[i];

		if (!draft->gone && str_is(media_id, draft->media_id)) {
			return draft;
		}
	}
	return NULL;
}

/* ---- what stays of HTML ---- */

static bool tag_is(struct str tag, const char *name)
{
	size_t n = strlen(name);

	return tag.n > n && strncasecmp(tag.p + 1, name, n) == 0 &&
	       (tag.n == n + 1 || strchr(" \t\r\n/>", tag.p[n + 1]));
}

static bool is_own_picture(const struct wx_account *account, struct str tag)
{
	return str_find(tag, STR("//mmbiz.qpic.cn/")) >= 0 || str_find(tag, str_from(account->set.picture_base)) >= 0;
}

/* Past "</script>". */
static struct str skip_script(struct str rest)
{
	for (size_t i = 0; i + 9 <= rest.n; i++) {
		if (strncasecmp(rest.p + i, "</script>", 9) == 0) {
			return str_sub(rest, i + 9, rest.n);
		}
	}
	return (struct str){ 0 };
}

static char *stored_content(const struct wx_account *account, struct str rest)
{
	struct buf out;
	char *text;

	buf_init(&out, CONTENT_BYTES + 1);
	while (rest.n) {
		ptrdiff_t end = rest.p[0] == '<' ? str_find(rest, STR(">")) : -1;
		struct str tag = str_sub(rest, 0, end < 0 ? 1 : (size_t)end + 1);

		rest = str_sub(rest, tag.n, rest.n);
		if (tag_is(tag, "script")) {
			rest = skip_script(rest);
		} else if (!tag_is(tag, "img") || is_own_picture(account, tag)) {
			(void)buf_add_str(&out, tag);
		}
	}
	text = buf_steal(&out);
	buf_finish(&out);
	return text;
}

/* The beginning of the text, without its tags. */
static char *made_digest(const char *content)
{
	bool inside = false;
	size_t chars = 0;
	struct buf out;
	char *text;

	buf_init(&out, 1024);
	for (struct str rest = str_from(content); rest.n && chars < DIGEST_FROM_TEXT;) {
		size_t step = str_utf8_step(rest);
		struct str c = str_sub(rest, 0, step ? step : 1);

		rest = str_sub(rest, c.n, rest.n);
		if (c.p[0] == '<' || c.p[0] == '>') {
			inside = c.p[0] == '<';
		} else if (!inside && (unsigned char)c.p[0] > ' ') {
			(void)buf_add_str(&out, c);
			chars++;
		}
	}
	text = buf_steal(&out);
	buf_finish(&out);
	return text;
}

/* ---- checking ---- */

static bool has_word(struct str text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= text.n; i++) {
		if (strncasecmp(text.p + i, word, n) == 0) {
			return true;
		}
	}
	return false;
}

static int64_t check_lengths(const struct wx_account *account, struct str raw)
{
	size_t title = wx_raw_units(wx_raw_member(raw, "title"));

	if (title > (account->set.strict_title ? TITLE_UNITS_STRICT : TITLE_UNITS) || !title) {
		return 45003;
	}
	if (wx_raw_units(wx_raw_member(raw, "author")) > AUTHOR_UNITS) {
		return 45110;
	}
	return wx_raw_units(wx_raw_member(raw, "digest")) > DIGEST_UNITS ? 45004 : 0;
}

static int64_t check_content(const cJSON *article)
{
	struct str content = json_str(article, "content");

	if (!str_trim(content).n) {
		return 44004;
	}
	if (text_chars(content) >= CONTENT_CHARS || content.n >= CONTENT_BYTES) {
		return 45002;
	}
	return has_word(content, "<html") || has_word(content, "<title") || has_word(content, "<body") ? 45166 : 0;
}

static int64_t check_source(const cJSON *article)
{
	struct str url = json_str(article, "content_source_url");

	if (url.n > SOURCE_URL_BYTES) {
		return 45005;
	}
	return url.n && !str_starts(url, STR("http://")) && !str_starts(url, STR("https://")) ? 41039 : 0;
}

static int64_t check_flags(const struct wx_account *account, const cJSON *article)
{
	int64_t open = json_i64(article, "need_open_comment", 0);
	int64_t fans = json_i64(article, "only_fans_can_comment", 0);

	if (open < 0 || open > 1 || fans < 0 || fans > 1) {
		return 40097;
	}
	return open && (!account->set.comments || !wx_verified(account)) ? 88000 : 0;
}

static bool is_cover(struct wx_account *account, struct str id)
{
	const struct wx_media *media = wx_media(account, id);

	return media && media->permanent &&
	       (media->type == WX_THUMB || (media->type == WX_IMAGE && !account->set.strict_thumb));
}

static int64_t check_pictures(struct wx_account *account, const cJSON *article)
{
	const cJSON *list = json_get(json_get(article, "image_info"), "image_list");
	const cJSON *picture;
	int n = cJSON_GetArraySize(list);

	if (n < 1) {
		return 40097;
	}
	if (n > NEWSPIC_PICTURES) {
		return 40215;
	}
	cJSON_ArrayForEach(picture, list)
	{
		const struct wx_media *media = wx_media(account, json_str(picture, "image_media_id"));

		if (!media || !media->permanent || media->type != WX_IMAGE) {
			return 40007;
		}
	}
	return 0;
}

static int64_t check_article(struct wx_account *account, const cJSON *article, struct str raw)
{
	bool newspic = str_is(json_str(article, "article_type"), "newspic");
	int64_t code;

	if (!cJSON_IsObject(article)) {
		return 47001;
	}
	if (!newspic && json_get(article, "article_type") && !str_is(json_str(article, "article_type"), "news")) {
		return 40097;
	}
	code = check_lengths(account, raw);
	code = code ? code : check_content(article);
	code = code ? code : check_source(article);
	code = code ? code : check_flags(account, article);
	if (code) {
		return code;
	}
	if (newspic) {
		return check_pictures(account, article);
	}
	return is_cover(account, json_str(article, "thumb_media_id")) ? 0 : 40007;
}

/* The article as it is stored; of a single one an empty digest is made from its text. */
static cJSON *stored_article(const struct wx_account *account, const cJSON *from, bool single)
{
	static const char *const kept[] = { "title", "author", "digest", "content", "content_source_url",
		"thumb_media_id", "pic_crop_235_1", "pic_crop_1_1" };
	bool newspic = str_is(json_str(from, "article_type"), "newspic");
	cJSON *article = cJSON_CreateObject();
	char *content = newspic ? xstrdup(json_text(from, "content", ""))
				: stored_content(account, json_str(from, "content"));

	json_add_text(article, "article_type", newspic ? "newspic" : "news");
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		const char *text = json_text(from, kept[i], i < 5 ? "" : NULL);

		if (strcmp(kept[i], "content") == 0) {
			json_add_text(article, "content", content);
		} else if (strcmp(kept[i], "digest") == 0 && !text[0] && single) {
			char *digest = made_digest(content);

			json_add_text(article, "digest", digest);
			free(digest);
		} else if (text) {
			json_add_text(article, kept[i], text);
		}
	}
	json_add_i64(article, "need_open_comment", json_i64(from, "need_open_comment", 0));
	json_add_i64(article, "only_fans_can_comment", json_i64(from, "only_fans_can_comment", 0));
	json_add_i64(article, "show_cover_pic", 0);
	if (newspic) {
		const cJSON *list = json_get(json_get(from, "image_info"), "image_list");

		json_add_text(
			article, "thumb_media_id", json_text(cJSON_GetArrayItem(list, 0), "image_media_id", NULL));
		json_add(article, "image_info", cJSON_Duplicate(json_get(from, "image_info"), true));
		if (json_get(from, "cover_info")) {
			json_add(article, "cover_info", cJSON_Duplicate(json_get(from, "cover_info"), true));
		}
	}
	free(content);
	return article;
}

/* ---- the calls ---- */

void wx_handle_draft_add(struct wx_call *wx)
{
	const cJSON *articles = json_get(wx->json, "articles");
	struct str raw = wx_raw_member(wx->raw, "articles");
	struct wx_account *account = wx->account;
	struct wx_draft *draft;
	int n = cJSON_GetArraySize(articles);

	if (!cJSON_IsArray(articles)) {
		wx_refuse(wx, 47001);
		return;
	}
	if (n < 1 || n > ARTICLES_MAX) {
		wx_refuse(wx, n < 1 ? 44003 : 45008);
		return;
	}
	for (int i = 0; i < n; i++) {
		int64_t code = check_article(account, cJSON_GetArrayItem(articles, i), wx_raw_element(raw, (size_t)i));

		if (code) {
			wx_refuse(wx, code);
			return;
		}
	}
	draft = xnew(struct wx_draft);
	draft->n = (size_t)n;
	draft->articles = xnew_array(cJSON *, draft->n);
	for (int i = 0; i < n; i++) {
		draft->articles[i] = stored_article(account, cJSON_GetArrayItem(articles, i), n == 1);
	}
	wx_random(account->wechat, WX_URL64, draft->media_id, 64);
	draft->created_at = draft->updated_at = wx_now(account);
	array_grow(account->drafts, account->n_drafts, account->cap_drafts);
	account->drafts[account->n_drafts++] = draft;
	out_object(wx->out, NULL);
	out_text(wx->out, "media_id", draft->media_id);
	out_raw(wx->out, "item", STR("[]"));
	out_object_end(wx->out);
}

static struct wx_draft *draft_of(struct wx_call *wx)
{
	struct wx_draft *draft = wx_draft(wx->account, json_str(wx->json, "media_id"));

	if (!draft) {
		wx_refuse(wx, 40007);
	}
	return draft;
}

void wx_handle_draft_update(struct wx_call *wx)
{
	const cJSON *article = json_get(wx->json, "articles");
	int64_t index = json_i64(wx->json, "index", 0);
	struct wx_draft *draft;
	int64_t code;

	if (!cJSON_IsObject(article)) {
		wx_refuse(wx, 47001);
		return;
	}
	draft = draft_of(wx);
	if (!draft) {
		return;
	}
	if (index < 0 || index >= (int64_t)draft->n) {
		wx_refuse(wx, 40114);
		return;
	}
	code = check_article(wx->account, article, wx_raw_member(wx->raw, "articles"));
	if (code) {
		wx_refuse(wx, code);
		return;
	}
	cJSON_Delete(draft->articles[index]);
	draft->articles[index] = stored_article(wx->account, article, draft->n == 1);
	draft->updated_at = wx_now(wx->account);
	wx_ok(wx);
}

static void out_draft_items(struct wx_call *wx, const struct wx_draft *draft, bool content)
{
	out_array(wx->out, "news_item");
	for (size_t i = 0; i < draft->n; i++) {
		cleanup(json_freep) cJSON *item = cJSON_Duplicate(draft->articles[i], true);
		struct buf text;
		char url[160];

		(void)snprintf(url, sizeof(url), "http://mp.weixin.qq.com/s?__biz=SIM&tempkey=%.40s&idx=%zu",
			draft->media_id, i + 1);
		json_add_text(item, "url", url);
		if (!content) {
			cJSON_DeleteItemFromObject(item, "content");
		}
		buf_init(&text, 4 * CONTENT_BYTES);
		if (json_print(&text, item)) {
			out_raw(wx->out, NULL, buf_str(&text));
		}
		buf_finish(&text);
	}
	out_array_end(wx->out);
}

void wx_handle_draft_get(struct wx_call *wx)
{
	const struct wx_draft *draft = draft_of(wx);

	if (!draft) {
		return;
	}
	out_object(wx->out, NULL);
	out_draft_items(wx, draft, true);
	out_i64(wx->out, "create_time", draft->created_at / 1000);
	out_i64(wx->out, "update_time", draft->updated_at / 1000);
	out_object_end(wx->out);
}

void wx_handle_draft_delete(struct wx_call *wx)
{
	struct wx_draft *draft = draft_of(wx);

	if (draft) {
		draft->gone = true;
		wx_ok(wx);
	}
}

static int64_t count_drafts(const struct wx_account *account)
{
	int64_t n = 0;

	for (size_t i = 0; i < account->n_drafts; i++) {
		n += !account->drafts[i]->gone;
	}
	return n;
}

void wx_handle_draft_count(struct wx_call *wx)
{
	out_object(wx->out, NULL);
	out_i64(wx->out, "total_count", count_drafts(wx->account));
	out_object_end(wx->out);
}

void wx_handle_draft_batchget(struct wx_call *wx)
{
	int64_t offset = json_i64(wx->json, "offset", 0);
	int64_t count = json_i64(wx->json, "count", 0);
	bool content = !json_i64(wx->json, "no_content", 0);
	int64_t seen = 0;
	int64_t shown = 0;

	if (offset < 0 || count < 1 || count > 20) {
		wx_refuse(wx, 40097);
		return;
	}
	out_object(wx->out, NULL);
	out_array(wx->out, "item");
	for (size_t i = wx->account->n_drafts; i > 0; i--) {
		const struct wx_draft *draft = wx->account->drafts[i - 1];

		if (draft->gone || seen++ < offset || shown >= count) {
			continue;
		}
		shown++;
		out_object(wx->out, NULL);
		out_text(wx->out, "media_id", draft->media_id);
		out_object(wx->out, "content");
		out_draft_items(wx, draft, content);
		out_object_end(wx->out);
		out_i64(wx->out, "update_time", draft->updated_at / 1000);
		out_object_end(wx->out);
	}
	out_array_end(wx->out);
	out_i64(wx->out, "total_count", count_drafts(wx->account));
	out_i64(wx->out, "item_count", shown);
	out_object_end(wx->out);
}

void wx_handle_draft_switch(struct wx_call *wx)
{
	wx_ok_open(wx, "ok");
	out_i64(wx->out, "is_open", 1);
	out_object_end(wx->out);
}
