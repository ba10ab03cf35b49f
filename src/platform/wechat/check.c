/*
 * Does a post, or an answer, fit WeChat? Findings before anything is scheduled, offline, with the rules as far as they
 * are known. What only WeChat can know (review, originality, what the website used of the quota) is not tried here.
 *
 * source  pages draft/add, media/uploadimg, message/custom/send, read 2026; the sources of the numbers are in wechat.h
 */
#include <inttypes.h>
#include <string.h>

#include "core/mem.h"
#include "platform/wechat/wechat.h"
#include "text/utf8.h"

/* About as long as an address that uploadimg gives. */
#define SOME_URL \
	"http://mmbiz.qpic.cn/mmbiz_png/" \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567/0?wx_fmt=png"

struct checked {
	const struct driver_account *account;
	const struct driver_send *send;
	struct finding_list *findings;
};

#define block(rule, ...) \
	finding_add(checked->findings, FINDING_BLOCK, "wechat." rule, checked->account->name, 0, 0, __VA_ARGS__)
#define warn(rule, ...) \
	finding_add(checked->findings, FINDING_WARN, "wechat." rule, checked->account->name, 0, 0, __VA_ARGS__)

void wechat_measure(const struct driver_account *account unused_arg, const struct driver_send *send, int64_t *ret_units,
	int64_t *ret_limit)
{
	*ret_units = (int64_t)text_chars(send->text);
	if (send->kind == SEND_REPLY && send->reply_to_kind == MESSAGE_COMMENT) {
		*ret_limit = WECHAT_COMMENT_CHARS;
	} else if (send->kind == SEND_REPLY) {
		*ret_units = (int64_t)send->text.n;
		*ret_limit = WECHAT_CUSTOM_TEXT_BYTES;
	} else {
		*ret_limit = wechat_form(send) == POST_FORM_TEXT ? WECHAT_MASS_TEXT_CHARS : WECHAT_CONTENT_CHARS - 1;
	}
}

static bool is_empty(const char *text)
{
	return !text || str_trim(str_from(text)).n == 0;
}

/* ---- pictures ---- */

static const char *name_of(const struct post_media *media)
{
	return media->name ? media->name : "picture";
}

static const char *type_of(const struct post_media *media)
{
	return media->data ? wechat_media_type((struct str){ media->data, media->n }) : media->type;
}

static bool is_type(const struct post_media *media, const char *type)
{
	const char *own = type_of(media);

	return own && !strcmp(own, type);
}

struct uses {
	struct checked *checked;
	const struct post_media *media;
	size_t n;
	bool described; /* by the Markdown, everywhere */
};

static void count_use(void *data, const char *url, const char *alt, int line unused_arg)
{
	struct uses *uses = data;

	if (wechat_picture(uses->checked->send, url) == uses->media) {
		uses->described = (uses->n == 0 || uses->described) && !is_empty(alt);
		uses->n++;
	}
}

static void check_picture(struct checked *checked, const struct post_media *media)
{
	bool article = wechat_form(checked->send) == POST_FORM_ARTICLE;
	bool jpeg_or_png = is_type(media, "image/jpeg") || is_type(media, "image/png");
	struct uses uses = { .checked = checked, .media = media };

	if (article) {
		wechat_each_picture(checked->send, count_use, &uses);
	}
	if (!jpeg_or_png && !is_type(media, "image/gif")) {
		block("picture", "%s: no JPEG, PNG or GIF", name_of(media));
	} else if (uses.n > 0 && (!jpeg_or_png || media->n >= WECHAT_INLINE_BYTES)) {
		block("picture", "%s: a picture in the text is a JPEG or PNG of less than 1 MB", name_of(media));
	} else if (media->n > WECHAT_MATERIAL_BYTES) {
		block("picture", "%s: larger than 10 MB", name_of(media));
	}
	if (is_empty(media->alt) && !uses.described) {
		block("alt", "%s: a text for those who cannot see it is missing", name_of(media));
	}
	if (article && uses.n == 0 && media != wechat_cover(checked->send)) {
		warn("picture", "%s: stands nowhere in the text and is not the cover", name_of(media));
	}
}

static void check_reference(void *data, const char *url, const char *alt unused_arg, int line)
{
	struct checked *checked = data;
	bool elsewhere = strstr(url, "://") || !strncmp(url, "//", 2) || !strncmp(url, "data:", 5);

	if (!wechat_picture(checked->send, url)) {
		finding_add(checked->findings, FINDING_BLOCK, "wechat.picture", checked->account->name, line, 0,
			elsewhere ? "%.120s: WeChat shows no pictures from elsewhere: add the file to the post"
				  : "%.120s: no picture of the post has this name",
			url[0] ? url : "a picture without a name");
	}
}

static void check_pictures(struct checked *checked)
{
	if (checked->send->n_media > WECHAT_PICTURES) {
		block("picture", "%zu pictures; a post carries %d", checked->send->n_media, WECHAT_PICTURES);
	}
	for (size_t i = 0; i < checked->send->n_media; i++) {
		check_picture(checked, &checked->send->media[i]);
	}
	if (wechat_form(checked->send) == POST_FORM_ARTICLE) {
		wechat_each_picture(checked->send, check_reference, checked);
	}
}

/* ---- articles ---- */

static void check_limit(
	struct checked *checked, const char *what, const char *text, size_t warn_chars, size_t max_chars)
{
	size_t n = text_chars(str_from(text));

	if (n > max_chars) {
		block("length", "the %s has %zu characters; it holds %zu", what, n, max_chars);
	} else if (n > warn_chars) {
		warn("length", "the %s has %zu characters; WeChat documents %zu, and may refuse it", what, n,
			warn_chars);
	}
}

static const char *some_url(void *data unused_arg, const struct post_media *media unused_arg)
{
	return SOME_URL;
}

static void check_content(struct checked *checked)
{
	const struct wechat_settings *settings = checked->account->settings;
	struct error err = { 0 };
	struct wechat_theme theme;
	struct buf html;

	if (!wechat_theme_load(settings->theme, &theme, &err)) {
		block("theme", "%s", err.message);
		return;
	}
	buf_init(&html, WECHAT_CONTENT_BYTES);
	if (!wechat_article_html(&html, checked->send, &theme, some_url, NULL, &err)) {
		block("length", "%s", err.message);
	} else if (text_chars(buf_str(&html)) >= WECHAT_CONTENT_CHARS) {
		block("length", "the article has %zu characters with its HTML; it holds fewer than %d",
			text_chars(buf_str(&html)), WECHAT_CONTENT_CHARS);
	}
	buf_finish(&html);
	wechat_theme_finish(&theme);
}

static void check_source(struct checked *checked, const char *url)
{
	if (!url || !url[0]) {
		return;
	}
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
		block("source", "source_url is no address: %.80s", url);
	} else if (strlen(url) > WECHAT_SOURCE_URL_BYTES) {
		block("source", "source_url has %zu bytes; it holds %d", strlen(url), WECHAT_SOURCE_URL_BYTES);
	}
}

static void check_title(struct checked *checked)
{
	if (is_empty(checked->send->title)) {
		block("title", "a title is missing");
	}
	check_limit(checked, "title", checked->send->title, WECHAT_TITLE_WARN_CHARS, WECHAT_TITLE_CHARS);
}

static void check_article(struct checked *checked)
{
	const struct wechat_settings *settings = checked->account->settings;
	const struct post_article *article = checked->send->article;
	const char *author = article && article->author ? article->author : settings->author;

	check_title(checked);
	if (!wechat_cover(checked->send)) {
		if (article && !is_empty(article->cover)) {
			block("cover", "no picture of the post is called %.80s", article->cover);
		} else {
			block("cover", "an article needs a cover: add a picture");
		}
	}
	check_limit(checked, "author", author, WECHAT_AUTHOR_CHARS, WECHAT_AUTHOR_CHARS);
	if (article) {
		check_limit(checked, "digest", article->digest, WECHAT_DIGEST_CHARS, WECHAT_DIGEST_CHARS);
		check_source(checked, article->source_url);
	}
	if (str_trim(checked->send->text).n == 0 && (!article || is_empty(article->markdown))) {
		block("empty", "the text is empty");
	}
	if (wechat_has_raw_html(checked->send)) {
		warn("html", "HTML in the Markdown is left out");
	}
	check_content(checked);
}

/* ---- the other forms ---- */

static void check_newspic(struct checked *checked)
{
	check_title(checked);
	if (checked->send->n_media == 0) {
		block("picture", "a picture post needs pictures");
	}
	if (text_chars(checked->send->text) >= WECHAT_CONTENT_CHARS) {
		block("length", "the text has %zu characters; it holds fewer than %d", text_chars(checked->send->text),
			WECHAT_CONTENT_CHARS);
	}
}

static void check_text(struct checked *checked)
{
	struct str text = checked->send->text;

	if (str_trim(text).n == 0) {
		block("empty", "the text is empty");
	}
	if (text_chars(text) > WECHAT_MASS_TEXT_CHARS) {
		block("length", "%zu characters; a broadcast text holds %d", text_chars(text), WECHAT_MASS_TEXT_CHARS);
	}
	if (checked->send->n_media > 0) {
		block("form", "a broadcast text carries no pictures: give it a title, or form newspic");
	}
	if (str_find(text, STR("<a ")) >= 0 && str_find(text, STR("://mp.weixin.qq.com/")) < 0) {
		warn("link", "WeChat refuses links to other sites in a broadcast text");
	}
}

static void check_image(struct checked *checked)
{
	if (checked->send->n_media == 0) {
		block("picture", "pictures are missing");
	}
}

static void check_publication(struct checked *checked)
{
	const struct driver_send *send = checked->send;
	const struct post_article *article = send->article;
	bool broadcast = wechat_broadcasts(send);
	enum post_form form = wechat_form(send);

	if (!wechat_can(checked->account->settings, broadcast ? "broadcast" : "publish")) {
		block("account", "an account that is not verified cannot %s by program",
			broadcast ? "broadcast" : "publish");
	}
	if (!broadcast && (form == POST_FORM_TEXT || form == POST_FORM_IMAGE)) {
		block("form", "without a title it can only be broadcast: give it a title to publish an article");
	}
	switch (form) {
	case POST_FORM_AUTO:
	case POST_FORM_ARTICLE:
		check_article(checked);
		break;
	case POST_FORM_NEWSPIC:
		check_newspic(checked);
		break;
	case POST_FORM_TEXT:
		check_text(checked);
		break;
	case POST_FORM_IMAGE:
		check_image(checked);
		break;
	}
	check_pictures(checked);
	if (article && !is_empty(article->topic) && !broadcast) {
		warn("topic", "a topic counts for broadcasts only");
	}
	if (article && article->comments && !wechat_can(checked->account->settings, "comments")) {
		warn("comments", "the account has no comment privilege: comments stay closed");
	}
}

/* The answer to a comment is shorter; which of the two it is is not known before there is a message. */
static void check_reply(struct checked *checked)
{
	const struct driver_send *send = checked->send;
	size_t chars = text_chars(send->text);

	if (str_trim(send->text).n == 0) {
		block("empty", "the text is empty");
	}
	if (send->text.n > WECHAT_CUSTOM_TEXT_BYTES) {
		block("length", "%zu bytes; an answer holds %d", send->text.n, WECHAT_CUSTOM_TEXT_BYTES);
	} else if (send->reply_to_kind == MESSAGE_COMMENT && chars > WECHAT_COMMENT_CHARS) {
		if (send->reply_to_id) {
			block("length", "%zu characters; an answer to a comment holds %d", chars, WECHAT_COMMENT_CHARS);
		} else {
			warn("length", "%zu characters; to a comment %d would be the most", chars,
				WECHAT_COMMENT_CHARS);
		}
	}
	if (send->n_media > 0) {
		block("form", "an answer carries no pictures");
	}
}

void wechat_check(const struct driver_account *account, const struct driver_send *send, struct finding_list *findings)
{
	struct checked checked = { .account = account, .send = send, .findings = findings };

	switch (send->kind) {
	case SEND_PUBLISH:
		check_publication(&checked);
		return;
	case SEND_REPLY:
		check_reply(&checked);
		return;
	case SEND_WITHDRAW:
		return;
	}
}
