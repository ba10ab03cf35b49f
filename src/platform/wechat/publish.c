/*
 * Publications, as steps: each finished one is in the progress before the next request leaves, and after a crash the
 * first unfinished one follows.
 *
 *   article    [topic] ─▶ pictures of the text ─▶ cover ─▶ draft ─┬─▶ publish         (a job: PENDING)
 *   newspic    [topic] ─▶ pictures ─────────────────────▶ draft ──┴─▶ or broadcast
 *   image      [topic] ─▶ pictures ─▶ mark ─▶ broadcast
 *   text       [topic] ─▶ mark ─▶ broadcast
 *
 * A preview takes the same way without the topic, and ends by showing it to one person (preview.c).
 *
 * Nothing before the last step can be seen by anybody; if its answer is lost it is made again, and the worst is a draft
 * or a picture too many. The last step is never repeated blindly (find.c). A draft vanishes when it is published, and
 * when somebody deletes it on the website: it is made again only while no publication of it can be under way. That the
 * last step may have been taken is written down before it is: by the draft, or by a mark of its own; when that step is
 * refused for certain, it is taken back.
 *
 * source  pages media/uploadimg, material/add_material, draft/add, freepublish/submit, tags/get, read 2026; samples
 *         tests/fixtures/wechat/{uploadimg,add_material,draft_add,freepublish_submit}.json
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define PURPOSE_INLINE   "inline"
#define PURPOSE_MATERIAL "material"
#define REMADE_MAX       2
#define SAME_ID_MS       (23 * HOUR_MS) /* WeChat knows a clientmsgid for 24 hours */
#define CLEAN            "clean"        /* op->high: no request of an earlier attempt can be under way */
#define BEGUN            "begun"        /* without a draft: the last step may have been taken */

/* ---- progress ---- */

static cJSON *parse_progress(const char *text)
{
	struct error err = { 0 };
	cJSON *json = NULL;

	if (text && json_parse(str_from(text), &json, &err) && !cJSON_IsObject(json)) {
		json_freep(&json);
	}
	return json ? json : json_object();
}

cJSON *wechat_progress(const struct driver_op *op)
{
	return parse_progress(op->cursor ? op->cursor : op->send->progress);
}

void wechat_set_progress(struct driver_op *op, const cJSON *progress, struct outcome *outcome)
{
	struct buf text;

	buf_init(&text, LIMIT_POST_BYTES);
	if (json_print(&text, progress)) {
		free(op->cursor);
		op->cursor = xstrdup(text.p);
		free(outcome->progress);
		outcome->progress = xstrdup(text.p);
	}
	buf_finish(&text);
}

static void next(struct driver_op *op, const cJSON *progress, struct outcome *outcome)
{
	wechat_set_progress(op, progress, outcome);
	outcome->kind = OUTCOME_NEXT;
}

static bool has_draft_step(const struct driver_send *send)
{
	enum post_form form = wechat_form(send);

	return form == POST_FORM_ARTICLE || form == POST_FORM_NEWSPIC;
}

static const char *draft_of(const cJSON *progress)
{
	return json_text(progress, "draft", NULL);
}

/* May the step that makes it visible have been taken? */
static bool is_begun(const cJSON *progress)
{
	return json_bool(progress, BEGUN, false) || (draft_of(progress) && !json_bool(progress, CLEAN, false));
}

bool wechat_untouched(const struct driver_send *send)
{
	cleanup(json_freep) cJSON *progress = parse_progress(send->progress);

	return send->kind == SEND_PUBLISH && !is_begun(progress);
}

static void drop(cJSON *progress, const char *key)
{
	cJSON_DeleteItemFromObjectCaseSensitive(progress, key);
}

static void set_flag(cJSON *progress, const char *key)
{
	drop(progress, key);
	json_add_bool(progress, key, true);
}

/* ---- uploads ---- */

static void key_of(const struct post_media *media, char ret_hex[65])
{
	if (media->sha256 && strlen(media->sha256) == 64) {
		memcpy(ret_hex, media->sha256, 65);
	} else {
		digest_hex((struct str){ media->data, media->n }, ret_hex);
	}
}

const char *wechat_uploaded(
	const struct driver_op *op, const cJSON *progress, const char *purpose, const struct post_media *media)
{
	bool material = !strcmp(purpose, PURPOSE_MATERIAL);
	const char *value;
	char hex[65];

	key_of(media, hex);
	value = json_text(json_get(progress, purpose), hex, NULL);
	if (value || json_bool(progress, "again", false)) {
		return value;
	}
	for (size_t i = 0; i < op->send->n_uploads; i++) {
		const struct driver_upload *upload = &op->send->uploads[i];
		const char *found = material ? upload->remote_id : upload->url;

		if (upload->purpose && upload->sha256 && found && found[0] && !strcmp(upload->purpose, purpose) &&
			!strcmp(upload->sha256, hex)) {
			return found;
		}
	}
	return NULL;
}

static void keep_upload(cJSON *progress, const char *purpose, const struct post_media *media, const char *value)
{
	cJSON *values = cJSON_DetachItemFromObjectCaseSensitive(progress, purpose);
	char hex[65];

	if (!cJSON_IsObject(values)) {
		cJSON_Delete(values);
		values = json_object();
	}
	key_of(media, hex);
	drop(values, hex);
	json_add_text(values, hex, value);
	json_add(progress, purpose, values);
}

/* ---- which step is next ---- */

static enum wechat_step plan(const struct driver_op *op, const cJSON *progress, const struct post_media **ret_media)
{
	const struct driver_send *send = op->send;
	enum post_form form = wechat_form(send);
	bool broadcast = wechat_broadcasts(send);
	bool preview = op->kind == OP_PREVIEW;
	const struct post_media *media;

	/* With a draft nothing of what went into it is needed any more. */
	if (!draft_of(progress)) {
		if (broadcast && !preview && send->article->topic && send->article->topic[0] &&
			!json_get(progress, "tag")) {
			return WECHAT_STEP_TAG;
		}
		for (size_t i = 0; form == POST_FORM_ARTICLE && (media = wechat_inline_picture(send, i)); i++) {
			if (!wechat_uploaded(op, progress, PURPOSE_INLINE, media)) {
				*ret_media = media;
				return WECHAT_STEP_INLINE;
			}
		}
		media = form == POST_FORM_ARTICLE ? wechat_cover(send) : NULL;
		if (media && !wechat_uploaded(op, progress, PURPOSE_MATERIAL, media)) {
			*ret_media = media;
			return WECHAT_STEP_MATERIAL;
		}
		for (size_t i = 0; (form == POST_FORM_NEWSPIC || form == POST_FORM_IMAGE) && i < send->n_media; i++) {
			if (!wechat_uploaded(op, progress, PURPOSE_MATERIAL, &send->media[i])) {
				*ret_media = &send->media[i];
				return WECHAT_STEP_MATERIAL;
			}
		}
		if (has_draft_step(send)) {
			return WECHAT_STEP_DRAFT;
		}
	}
	if (preview) {
		return WECHAT_STEP_PREVIEW;
	}
	if (!is_begun(progress)) {
		return WECHAT_STEP_MARK;
	}
	return broadcast ? WECHAT_STEP_MASS : WECHAT_STEP_SUBMIT;
}

/* ---- requests ---- */

struct urls {
	const struct driver_op *op;
	const cJSON *progress;
};

static const char *url_of(void *data, const struct post_media *media)
{
	const struct urls *urls = data;

	return wechat_uploaded(urls->op, urls->progress, PURPOSE_INLINE, media);
}

static bool add_content(struct driver_op *op, const cJSON *progress, cJSON *article, struct error *err)
{
	struct urls urls = { .op = op, .progress = progress };
	struct wechat_theme theme;
	struct buf html;
	bool ok;

	if (!wechat_theme_load(wechat_settings_of(op)->theme, &theme, err)) {
		return false;
	}
	buf_init(&html, WECHAT_CONTENT_BYTES);
	ok = wechat_article_html(&html, op->send, &theme, url_of, &urls, err);
	if (ok) {
		wechat_add_text(article, "content", buf_str(&html));
	}
	buf_finish(&html);
	wechat_theme_finish(&theme);
	return ok;
}

static void add_optional(cJSON *article, const char *key, const char *text)
{
	if (text && text[0]) {
		wechat_add_text(article, key, str_from(text));
	}
}

static bool add_news(struct driver_op *op, const cJSON *progress, cJSON *article, struct error *err)
{
	const struct driver_send *send = op->send;
	const struct post_article *extra = send->article;
	const struct post_media *cover = wechat_cover(send);

	if (!cover) {
		return wechat_bad_send(err, "an article needs a cover picture");
	}
	json_add_text(article, "article_type", "news");
	wechat_add_text(article, "title", str_from(send->title));
	add_optional(article, "author", extra && extra->author ? extra->author : wechat_settings_of(op)->author);
	add_optional(article, "digest", extra ? extra->digest : NULL);
	if (!add_content(op, progress, article, err)) {
		return false;
	}
	add_optional(article, "content_source_url", extra ? extra->source_url : NULL);
	json_add_text(article, "thumb_media_id", wechat_uploaded(op, progress, PURPOSE_MATERIAL, cover));
	return true;
}

static void add_newspic(struct driver_op *op, const cJSON *progress, cJSON *article)
{
	const struct driver_send *send = op->send;
	cJSON *info = json_object();
	cJSON *list = json_array();

	json_add_text(article, "article_type", "newspic");
	wechat_add_text(article, "title", str_from(send->title));
	wechat_add_text(article, "content", send->text);
	for (size_t i = 0; i < send->n_media; i++) {
		cJSON *item = json_object();

		json_add_text(item, "image_media_id", wechat_uploaded(op, progress, PURPOSE_MATERIAL, &send->media[i]));
		json_push(list, item);
	}
	json_add(info, "image_list", list);
	json_add(article, "image_info", info);
}

static bool draft_request(
	struct driver_op *op, const cJSON *progress, struct http_request *ret_request, struct error *err)
{
	const struct post_article *extra = op->send->article;
	bool comments = extra && extra->comments && wechat_can(op->account->settings, "comments") &&
			!json_bool(progress, "nocomments", false);
	cJSON *article = json_object();
	cJSON *articles;
	cJSON *body;

	if (wechat_form(op->send) == POST_FORM_NEWSPIC) {
		add_newspic(op, progress, article);
	} else if (!add_news(op, progress, article, err)) {
		cJSON_Delete(article);
		return false;
	}
	json_add_i64(article, "need_open_comment", comments);
	json_add_i64(article, "only_fans_can_comment", comments && extra->fans_only);
	articles = json_array();
	json_push(articles, article);
	body = json_object();
	json_add(body, "articles", articles);
	return wechat_post(op, "/cgi-bin/draft/add", body, ret_request, err);
}

static bool submit_request(
	struct driver_op *op, const cJSON *progress, struct http_request *ret_request, struct error *err)
{
	cJSON *body = json_object();

	json_add_text(body, "media_id", json_text(progress, "draft", ""));
	return wechat_post(op, "/cgi-bin/freepublish/submit", body, ret_request, err);
}

static bool is_possible(const struct driver_op *op, struct error *err)
{
	const struct driver_send *send = op->send;
	enum post_form form = wechat_form(send);

	if (op->kind == OP_PREVIEW && !wechat_is_openid(op->preview_to)) { /* a WeChat ID has the same characters */
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"WeChat: a preview goes to a follower's openid or to a WeChat ID");
	}
	if (send->text.n > LIMIT_POST_BYTES) {
		return wechat_bad_send(err, "the text is far too long");
	}
	if (!has_draft_step(send) && !wechat_broadcasts(send)) {
		return wechat_bad_send(err, "without a title it can only be broadcast, not published");
	}
	if (has_draft_step(send) && (!send->title || !send->title[0])) {
		return wechat_bad_send(err, "a title is missing");
	}
	if ((form == POST_FORM_NEWSPIC || form == POST_FORM_IMAGE) && send->n_media == 0) {
		return wechat_bad_send(err, "pictures are missing");
	}
	return form != POST_FORM_TEXT || str_trim(send->text).n > 0 || wechat_bad_send(err, "the text is empty");
}

bool wechat_publish_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	cleanup(json_freep) cJSON *progress = wechat_progress(op);
	const struct post_media *media = NULL;

	if (!is_possible(op, err)) {
		return false;
	}
	op->step = (int)plan(op, progress, &media);
	switch ((enum wechat_step)op->step) {
	case WECHAT_STEP_MARK:
		*ret_request = (struct http_request){ 0 };
		return true;
	case WECHAT_STEP_TAG:
		wechat_get(op, "/cgi-bin/tags/get", NULL, ret_request);
		return true;
	case WECHAT_STEP_INLINE:
		return wechat_upload(op, "/cgi-bin/media/uploadimg", NULL, media, ret_request, err);
	case WECHAT_STEP_MATERIAL:
		return wechat_upload(op, "/cgi-bin/material/add_material",
			json_bool(progress, "thumb", false) ? "type=thumb" : "type=image", media, ret_request, err);
	case WECHAT_STEP_DRAFT:
		return draft_request(op, progress, ret_request, err);
	case WECHAT_STEP_PREVIEW:
		return wechat_preview_request(op, progress, ret_request, err);
	case WECHAT_STEP_SUBMIT:
		return submit_request(op, progress, ret_request, err);
	case WECHAT_STEP_MASS:
		return wechat_mass_request(op, progress, ret_request, err);
	case WECHAT_STEP_CUSTOM:
	case WECHAT_STEP_COMMENT:
	case WECHAT_STEP_DELETE:
	case WECHAT_STEP_MASS_DELETE:
		break;
	}
	return wechat_bad_send(err, "no such step");
}

/* ---- answers ---- */

static void tag_answer(struct driver_op *op, cJSON *progress, const cJSON *json, struct outcome *outcome)
{
	const cJSON *tag;

	cJSON_ArrayForEach(tag, json_get(json, "tags"))
	{
		int64_t id = json_i64(tag, "id", -1);

		if (id >= 0 && str_is(json_str(tag, "name"), op->send->article->topic)) {
			json_add_i64(progress, "tag", id);
			next(op, progress, outcome);
			return;
		}
	}
	if (!cJSON_IsArray(json_get(json, "tags"))) {
		wechat_unreadable(op, outcome, "the answer holds no list of topics");
		return;
	}
	outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REJECT, 0, "WeChat: there is no topic \"%.60s\"",
		op->send->article->topic);
}

static void upload_answer(struct driver_op *op, cJSON *progress, const cJSON *json, const struct post_media *media,
	struct outcome *outcome)
{
	bool material = op->step == WECHAT_STEP_MATERIAL;
	const char *purpose = material ? PURPOSE_MATERIAL : PURPOSE_INLINE;
	const char *url = json_text(json, "url", NULL);
	char *id = material ? wechat_opaque_id(json, "media_id") : NULL;
	char hex[65];

	if (url && (strncmp(url, "http", 4) != 0 || strlen(url) > WECHAT_SOURCE_URL_BYTES)) {
		url = NULL;
	}
	if (!media || !(material ? id : url)) {
		free(id);
		wechat_unreadable(op, outcome, "the answer to an upload names nothing");
		return;
	}
	key_of(media, hex);
	keep_upload(progress, purpose, media, material ? id : url);
	next(op, progress, outcome);
	if (material && json_bool(progress, "thumb", false)) {
		free(id); /* good as a cover only: not for the other posts */
		return;
	}
	outcome->upload = (struct driver_upload){
		.purpose = xstrdup(purpose), .sha256 = xstrdup(hex), .remote_id = id, .url = xstrdup(url)
	};
}

static bool fits_thumb(const struct driver_op *op)
{
	const struct post_media *cover = wechat_form(op->send) == POST_FORM_ARTICLE ? wechat_cover(op->send) : NULL;
	const char *type = cover && cover->data ? wechat_media_type((struct str){ cover->data, cover->n }) : NULL;

	return type && !strcmp(type, "image/jpeg") && cover->n <= WECHAT_THUMB_BYTES;
}

/*
 * A picture that the draft names is not there. One uploaded for an earlier post may have been deleted on the website:
 * all are uploaded again. A cover of the type "image" that was refused is tried as a thumbnail.
 *
 * source unverified: reports differ on which type a cover must have
 */
static void cover_refused(struct driver_op *op, cJSON *progress, const cJSON *json, struct outcome *outcome)
{
	if (!json_bool(progress, "again", false)) {
		set_flag(progress, "again");
		drop(progress, PURPOSE_MATERIAL);
		drop(progress, PURPOSE_INLINE);
		next(op, progress, outcome);
	} else if (!json_bool(progress, "thumb", false) && fits_thumb(op)) {
		set_flag(progress, "thumb");
		drop(progress, PURPOSE_MATERIAL);
		next(op, progress, outcome);
	} else {
		wechat_refused(op, 40007, json_text(json, "errmsg", ""), outcome);
	}
}

static void draft_answer(struct driver_op *op, cJSON *progress, const cJSON *json, int code, struct outcome *outcome)
{
	char *id;

	if (code == 40007) {
		cover_refused(op, progress, json, outcome);
		return;
	}
	if (code == 88000) {
		if (json_bool(progress, "nocomments", false)) {
			wechat_refused(op, code, json_text(json, "errmsg", ""), outcome);
			return;
		}
		set_flag(progress, "nocomments");
		outcome->note = xstrdup("comments stay closed: the account has no comment privilege (WeChat 88000)");
		next(op, progress, outcome);
		return;
	}
	id = wechat_opaque_id(json, "media_id");
	if (!id) {
		wechat_unreadable(op, outcome, "the answer names no draft");
		return;
	}
	drop(progress, "draft");
	json_add_text(progress, "draft", id);
	free(id);
	free(op->high);
	op->high = json_bool(progress, BEGUN, false) ? NULL : xstrdup(CLEAN);
	next(op, progress, outcome);
}

/* Could an earlier attempt of this publication still be on its way? A broadcast of the same clientmsgid cannot. */
static bool may_make_again(const struct driver_op *op, const cJSON *progress)
{
	if (json_i64(progress, "remade", 0) >= REMADE_MAX) {
		return false;
	}
	if (op->high) {
		return true;
	}
	return wechat_broadcasts(op->send) && op->now_at > 0 && op->send->first_attempt_at > 0 &&
	       op->now_at - op->send->first_attempt_at < SAME_ID_MS;
}

static void draft_gone(struct driver_op *op, cJSON *progress, const cJSON *json, struct outcome *outcome)
{
	int64_t remade = json_i64(progress, "remade", 0);

	if (may_make_again(op, progress)) {
		if (!op->high) {
			set_flag(progress, BEGUN);
		}
		drop(progress, "draft");
		drop(progress, CLEAN);
		drop(progress, "remade");
		json_add_i64(progress, "remade", remade + 1);
		next(op, progress, outcome);
	} else if (op->high) {
		wechat_refused(op, 40007, json_text(json, "errmsg", ""), outcome);
	} else {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_VERIFY, 40007,
			"WeChat 40007: the draft is gone: an earlier attempt may have published it");
	}
}

/* The draft of an earlier attempt, or a picture, is gone: for a preview all is made anew, once. */
static void previewed_gone(struct driver_op *op, cJSON *progress, const cJSON *json, struct outcome *outcome)
{
	if (op->high || json_bool(progress, "again", false)) {
		wechat_refused(op, 40007, json_text(json, "errmsg", ""), outcome);
		return;
	}
	drop(progress, "draft");
	drop(progress, PURPOSE_MATERIAL);
	drop(progress, PURPOSE_INLINE);
	set_flag(progress, "again");
	next(op, progress, outcome);
}

static void submit_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	char *job = wechat_opaque_id(json, "publish_id");
	char *data_id = wechat_opaque_id(json, "msg_data_id");

	if (!job) {
		free(data_id);
		wechat_unreadable(op, outcome, "the answer names no publish_id");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->found = FOUND_PENDING;
	outcome->job_id = job;
	outcome->thread_id = data_id ? wechat_thread_format(str_from(data_id), 0) : NULL;
	outcome->look_after_ms = wechat_look_after_ms(op, 0);
	free(data_id);
}

/* Refused for certain: what is written down says so, unless an earlier attempt was in doubt. */
static void note_refusal(struct driver_op *op, cJSON *progress, struct outcome *outcome)
{
	if (outcome->kind != OUTCOME_ERROR || outcome->error.advice == ADVISE_VERIFY || !op->high) {
		return;
	}
	if (draft_of(progress)) {
		set_flag(progress, CLEAN);
	}
	drop(progress, BEGUN);
	wechat_set_progress(op, progress, outcome);
}

void wechat_publish_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	static const int draft_own[] = { 40007, 88000, 0 };
	static const int submit_own[] = { 40007, 0 };
	cleanup(json_freep) cJSON *progress = wechat_progress(op);
	cleanup(json_freep) cJSON *json = NULL;
	const struct post_media *media = NULL;
	const int *own = NULL;
	int code = 0;

	switch ((enum wechat_step)op->step) {
	case WECHAT_STEP_MARK:
		drop(progress, CLEAN);
		if (!draft_of(progress)) {
			set_flag(progress, BEGUN);
		}
		free(op->high);
		op->high = xstrdup(CLEAN);
		next(op, progress, outcome);
		return;
	case WECHAT_STEP_DRAFT:
		own = draft_own;
		break;
	case WECHAT_STEP_PREVIEW:
	case WECHAT_STEP_SUBMIT:
		own = submit_own;
		break;
	case WECHAT_STEP_MASS:
		own = wechat_mass_own;
		break;
	default:
		break;
	}
	if (!wechat_answer_json(op, answer, own, &json, &code, outcome)) {
		note_refusal(op, progress, outcome);
		return;
	}
	(void)plan(op, progress, &media);
	switch ((enum wechat_step)op->step) {
	case WECHAT_STEP_TAG:
		tag_answer(op, progress, json, outcome);
		return;
	case WECHAT_STEP_INLINE:
	case WECHAT_STEP_MATERIAL:
		upload_answer(op, progress, json, media, outcome);
		return;
	case WECHAT_STEP_DRAFT:
		draft_answer(op, progress, json, code, outcome);
		return;
	case WECHAT_STEP_PREVIEW:
		if (code == 40007) {
			previewed_gone(op, progress, json, outcome);
		} else {
			wechat_preview_answer(op, outcome);
		}
		return;
	case WECHAT_STEP_SUBMIT:
	case WECHAT_STEP_MASS:
		if (code == 40007 && has_draft_step(op->send)) {
			draft_gone(op, progress, json, outcome);
		} else if (op->step == WECHAT_STEP_SUBMIT) {
			submit_answer(op, json, outcome);
		} else {
			wechat_mass_answer(op, json, code, outcome);
		}
		note_refusal(op, progress, outcome);
		return;
	default:
		return;
	}
}
