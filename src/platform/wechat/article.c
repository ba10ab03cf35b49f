/*
 * From a post to what WeChat shows: which form it takes, which pictures stand where, and Markdown to the HTML of an
 * article by walking cmark's tree. Nothing of the author's own HTML gets through.
 *
 * WeChat takes out scripts, style sheets, pictures that are not at its own address, and (source unverified) links to
 * other sites, of which the text stays: so the address is written behind it, as in a letter.
 *
 * source  page draft/add (content), guide of the article editor; samples tests/fixtures/wechat/draft_add.json
 */
#include <stdio.h>
#include <string.h>

#include <cmark.h>

#include "core/mem.h"
#include "platform/wechat/wechat.h"

enum post_form wechat_form(const struct driver_send *send)
{
	enum post_form form = send->article ? send->article->form : POST_FORM_AUTO;

	if (form != POST_FORM_AUTO) {
		return form;
	}
	if (send->title && send->title[0]) {
		return POST_FORM_ARTICLE;
	}
	return str_trim(send->text).n > 0 || send->n_media == 0 ? POST_FORM_TEXT : POST_FORM_IMAGE;
}

bool wechat_broadcasts(const struct driver_send *send)
{
	return send->article && send->article->mode == POST_MODE_BROADCAST;
}

/* ---- pictures ---- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const struct post_media *wechat_picture(const struct driver_send *send, const char *url)
{
	for (int round = 0; url && url[0] && round < 2; round++) {
		for (size_t i = 0; i < send->n_media; i++) {
			const char *name = send->media[i].name;

			if (name && !strcmp(round ? last_part(name) : name, round ? last_part(url) : url)) {
				return &send->media[i];
			}
		}
	}
	return NULL;
}

const struct post_media *wechat_cover(const struct driver_send *send)
{
	if (send->article && send->article->cover && send->article->cover[0]) {
		return wechat_picture(send, send->article->cover);
	}
	return send->n_media > 0 ? &send->media[0] : NULL;
}

static cmark_node *parse(const struct driver_send *send)
{
	const char *markdown = send->article && send->article->markdown ? send->article->markdown : NULL;

	return markdown ? cmark_parse_document(markdown, strlen(markdown), CMARK_OPT_DEFAULT) : NULL;
}

/* cmark gives inline nodes no line of their own: that of their block stands for it. */
static int line_of(cmark_node *node)
{
	while (node && cmark_node_get_start_line(node) == 0) {
		node = cmark_node_parent(node);
	}
	return node ? cmark_node_get_start_line(node) : 0;
}

/* The text of an image's description, marks taken away. */
static void add_description(struct buf *out, cmark_node *image)
{
	cmark_iter *walk = cmark_iter_new(image);
	cmark_event_type event;

	while (walk && (event = cmark_iter_next(walk)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(walk);
		cmark_node_type type = cmark_node_get_type(node);

		if (event == CMARK_EVENT_ENTER && (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)) {
			(void)buf_add_text(out, cmark_node_get_literal(node));
		}
	}
	cmark_iter_free(walk);
}

void wechat_each_picture(const struct driver_send *send, wechat_picture_fn *fn, void *data)
{
	cmark_node *document = parse(send);
	cmark_iter *walk = document ? cmark_iter_new(document) : NULL;
	cmark_event_type event;
	struct buf alt;

	buf_init(&alt, LIMIT_POST_BYTES);
	while (walk && (event = cmark_iter_next(walk)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(walk);

		if (event == CMARK_EVENT_ENTER && cmark_node_get_type(node) == CMARK_NODE_IMAGE) {
			const char *url = cmark_node_get_url(node);

			buf_clear(&alt);
			add_description(&alt, node);
			fn(data, url ? url : "", alt.p, line_of(node));
		}
	}
	buf_finish(&alt);
	if (walk) {
		cmark_iter_free(walk);
	}
	if (document) {
		cmark_node_free(document);
	}
}

struct search {
	const struct driver_send *send;
	const struct post_media *media;
	bool used;
};

static void note_use(void *data, const char *url, const char *alt unused_arg, int line unused_arg)
{
	struct search *search = data;

	search->used = search->used || wechat_picture(search->send, url) == search->media;
}

const struct post_media *wechat_inline_picture(const struct driver_send *send, size_t n)
{
	for (size_t i = 0; i < send->n_media; i++) {
		struct search search = { .send = send, .media = &send->media[i] };

		wechat_each_picture(send, note_use, &search);
		if (search.used && n-- == 0) {
			return search.media;
		}
	}
	return NULL;
}

bool wechat_has_raw_html(const struct driver_send *send)
{
	cmark_node *document = parse(send);
	cmark_iter *walk = document ? cmark_iter_new(document) : NULL;
	cmark_event_type event;
	bool raw = false;

	while (walk && (event = cmark_iter_next(walk)) != CMARK_EVENT_DONE) {
		cmark_node_type type = cmark_node_get_type(cmark_iter_get_node(walk));

		raw = raw || type == CMARK_NODE_HTML_BLOCK || type == CMARK_NODE_HTML_INLINE;
	}
	if (walk) {
		cmark_iter_free(walk);
	}
	if (document) {
		cmark_node_free(document);
	}
	return raw;
}

/* ---- HTML ---- */

struct writer {
	struct buf *out;
	const struct driver_send *send;
	const struct wechat_theme *theme;
	const char *(*url_of)(void *data, const struct post_media *media);
	void *data;
	size_t link_from; /* where the text of the present link began */
	int images;       /* depth: inside a picture its description is not text */
};

static void add_escaped(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			(void)buf_add_text(out, "&amp;");
			break;
		case '<':
			(void)buf_add_text(out, "&lt;");
			break;
		case '>':
			(void)buf_add_text(out, "&gt;");
			break;
		case '"':
			(void)buf_add_text(out, "&quot;");
			break;
		default:
			(void)buf_add_char(out, text.p[i]);
		}
	}
}

static void add_style(const struct writer *writer, enum wechat_style style)
{
	if (writer->theme->styles[style][0]) {
		(void)buf_printf(writer->out, " style=\"%s\"", writer->theme->styles[style]);
	}
}

static void open_tag(const struct writer *writer, const char *tag, enum wechat_style style)
{
	(void)buf_printf(writer->out, "<%s", tag);
	add_style(writer, style);
	(void)buf_add_char(writer->out, '>');
}

static void close_tag(const struct writer *writer, const char *tag)
{
	(void)buf_printf(writer->out, "</%s>", tag);
}

static const struct {
	cmark_node_type type;
	const char *tag;
	enum wechat_style style;
} plain_tags[] = {
	{ CMARK_NODE_STRONG, "strong", WECHAT_STYLE_STRONG },
	{ CMARK_NODE_EMPH, "em", WECHAT_STYLE_EM },
	{ CMARK_NODE_BLOCK_QUOTE, "blockquote", WECHAT_STYLE_BLOCKQUOTE },
	{ CMARK_NODE_ITEM, "li", WECHAT_STYLE_LI },
};

static const struct {
	const char *tag;
	enum wechat_style style;
} headings[] = {
	{ "h1", WECHAT_STYLE_H1 },
	{ "h2", WECHAT_STYLE_H2 },
	{ "h3", WECHAT_STYLE_H3 },
	{ "h4", WECHAT_STYLE_H4 },
};

static void add_list(const struct writer *writer, cmark_node *node, bool begins)
{
	bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
	int start = cmark_node_get_list_start(node);

	if (!begins) {
		close_tag(writer, ordered ? "ol" : "ul");
	} else if (ordered && start != 1) {
		(void)buf_printf(writer->out, "<ol start=\"%d\"", start);
		add_style(writer, WECHAT_STYLE_OL);
		(void)buf_add_char(writer->out, '>');
	} else {
		open_tag(writer, ordered ? "ol" : "ul", ordered ? WECHAT_STYLE_OL : WECHAT_STYLE_UL);
	}
}

/* The paragraph of a tight list's item has no tags of its own. */
static bool is_tight(cmark_node *paragraph)
{
	cmark_node *item = cmark_node_parent(paragraph);
	cmark_node *list = item ? cmark_node_parent(item) : NULL;

	return list && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_tight(list);
}

static bool is_wechat_link(const char *url)
{
	return url && (!strncmp(url, "https://mp.weixin.qq.com/", 25) || !strncmp(url, "http://mp.weixin.qq.com/", 24));
}

static void add_link(struct writer *writer, cmark_node *node, bool begins)
{
	const char *url = cmark_node_get_url(node);
	struct buf address;

	if (begins && is_wechat_link(url)) {
		(void)buf_add_text(writer->out, "<a href=\"");
		add_escaped(writer->out, str_from(url));
		(void)buf_add_char(writer->out, '"');
		add_style(writer, WECHAT_STYLE_A);
		(void)buf_add_char(writer->out, '>');
	} else if (begins) {
		writer->link_from = writer->out->n;
	} else if (is_wechat_link(url)) {
		close_tag(writer, "a");
	} else if (url && url[0]) {
		buf_init(&address, LIMIT_POST_BYTES * 6);
		add_escaped(&address, str_from(url));
		if (!str_eq(str_sub(buf_str(writer->out), writer->link_from, writer->out->n), buf_str(&address))) {
			(void)buf_printf(writer->out, "（%s）", address.p);
		}
		buf_finish(&address);
	}
}

static void add_picture(struct writer *writer, cmark_node *node)
{
	const struct post_media *media = wechat_picture(writer->send, cmark_node_get_url(node));
	const char *url = media ? writer->url_of(writer->data, media) : NULL;
	struct buf alt;

	if (!url) {
		return;
	}
	buf_init(&alt, LIMIT_POST_BYTES);
	add_description(&alt, node);
	if (alt.n == 0 && media->alt) {
		(void)buf_add_text(&alt, media->alt);
	}
	(void)buf_add_text(writer->out, "<img src=\"");
	add_escaped(writer->out, str_from(url));
	(void)buf_add_text(writer->out, "\" alt=\"");
	add_escaped(writer->out, buf_str(&alt));
	(void)buf_add_char(writer->out, '"');
	add_style(writer, WECHAT_STYLE_IMG);
	(void)buf_add_text(writer->out, "/>");
	buf_finish(&alt);
}

static void add_literal(const struct writer *writer, cmark_node *node)
{
	if (writer->images == 0) {
		add_escaped(writer->out, str_from(cmark_node_get_literal(node)));
	}
}

static void visit(struct writer *writer, cmark_node *node, bool begins)
{
	cmark_node_type type = cmark_node_get_type(node);
	int level;

	if (type == CMARK_NODE_IMAGE) {
		if (begins && writer->images == 0) {
			add_picture(writer, node);
		}
		writer->images += begins ? 1 : -1;
		return;
	}
	if (writer->images > 0) {
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(plain_tags); i++) {
		if (type == plain_tags[i].type) {
			if (begins) {
				open_tag(writer, plain_tags[i].tag, plain_tags[i].style);
			} else {
				close_tag(writer, plain_tags[i].tag);
			}
			return;
		}
	}
	switch (type) {
	case CMARK_NODE_PARAGRAPH:
		if (is_tight(node)) {
			return;
		}
		if (begins) {
			open_tag(writer, "p", WECHAT_STYLE_P);
		} else {
			close_tag(writer, "p");
		}
		return;
	case CMARK_NODE_HEADING:
		level = cmark_node_get_heading_level(node);
		level = level < 1 ? 1 : level > 4 ? 4 : level;
		if (begins) {
			open_tag(writer, headings[level - 1].tag, headings[level - 1].style);
		} else {
			close_tag(writer, headings[level - 1].tag);
		}
		return;
	case CMARK_NODE_LIST:
		add_list(writer, node, begins);
		return;
	case CMARK_NODE_LINK:
		add_link(writer, node, begins);
		return;
	case CMARK_NODE_CODE_BLOCK:
		open_tag(writer, "pre", WECHAT_STYLE_PRE);
		add_literal(writer, node);
		close_tag(writer, "pre");
		return;
	case CMARK_NODE_CODE:
		open_tag(writer, "code", WECHAT_STYLE_CODE);
		add_literal(writer, node);
		close_tag(writer, "code");
		return;
	case CMARK_NODE_TEXT:
		add_literal(writer, node);
		return;
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK:
		(void)buf_add_text(writer->out, "<br/>"); /* a line end in the office's text is meant */
		return;
	case CMARK_NODE_THEMATIC_BREAK:
		(void)buf_add_text(writer->out, "<hr");
		add_style(writer, WECHAT_STYLE_HR);
		(void)buf_add_text(writer->out, "/>");
		return;
	default:
		return; /* raw HTML */
	}
}

static void add_markdown(struct writer *writer)
{
	cmark_node *document = parse(writer->send);
	cmark_iter *walk = document ? cmark_iter_new(document) : NULL;
	cmark_event_type event;

	while (walk && (event = cmark_iter_next(walk)) != CMARK_EVENT_DONE) {
		visit(writer, cmark_iter_get_node(walk), event == CMARK_EVENT_ENTER);
	}
	if (walk) {
		cmark_iter_free(walk);
	}
	if (document) {
		cmark_node_free(document);
	}
}

static void add_paragraphs(struct writer *writer)
{
	struct str rest = writer->send->text;
	struct str line;

	while (str_split(&rest, '\n', &line)) {
		line = str_trim(line);
		if (line.n > 0) {
			open_tag(writer, "p", WECHAT_STYLE_P);
			add_escaped(writer->out, line);
			close_tag(writer, "p");
		}
	}
}

bool wechat_article_html(struct buf *out, const struct driver_send *send, const struct wechat_theme *theme,
	const char *(*url_of)(void *data, const struct post_media *media), void *data, struct error *err)
{
	struct writer writer = { .out = out, .send = send, .theme = theme, .url_of = url_of, .data = data };

	open_tag(&writer, "section", WECHAT_STYLE_SECTION);
	if (send->article && send->article->markdown) {
		add_markdown(&writer);
	} else {
		add_paragraphs(&writer);
	}
	close_tag(&writer, "section");
	return !out->failed || error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "the article is too long");
}
