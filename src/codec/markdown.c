/*
 * Markdown to the plain text of a short post, by walking cmark's tree. Marks go, words stay; a link keeps its address,
 * because a short post's reader has nothing else to tap.
 */
#include "codec/markdown.h"

#include <cmark.h>
#include <string.h>

#include "core/limits.h"
#include "text/utf8.h"

struct writer {
	struct buf *out;
	bool begun;       /* something was written */
	size_t link_from; /* where the text of the present link began */
};

/* What cmark gives is UTF-8 but for two: it writes &#xfffe; and &#xffff; as the bytes FE and FF. */
static void add_text(struct writer *writer, const char *text)
{
	struct str rest = str_from(text);
	uint32_t c;
	char bytes[4];

	while (utf8_next(&rest, &c)) {
		(void)buf_add(writer->out, bytes, utf8_encode(c, bytes));
	}
}

static void begin_block(struct writer *writer)
{
	if (writer->begun && writer->out->n > 0 && writer->out->p[writer->out->n - 1] != '\n') {
		(void)buf_add_char(writer->out, '\n');
	}
	writer->begun = true;
}

static void item_mark(struct writer *writer, cmark_node *item)
{
	cmark_node *list = cmark_node_parent(item);

	begin_block(writer);
	if (cmark_node_get_list_type(list) == CMARK_ORDERED_LIST) {
		int number = cmark_node_get_list_start(list);

		for (cmark_node *node = cmark_node_previous(item); node; node = cmark_node_previous(node)) {
			number++;
		}
		(void)buf_printf(writer->out, "%d. ", number);
	} else {
		(void)buf_add_text(writer->out, "- ");
	}
}

static void end_link(struct writer *writer, cmark_node *link)
{
	const char *url = cmark_node_get_url(link);
	struct str text = str_sub(buf_str(writer->out), writer->link_from, writer->out->n);

	if (url && !str_is(text, url)) {
		(void)buf_add_text(writer->out, text.n ? " " : "");
		add_text(writer, url);
	}
}

static void enter(struct writer *writer, cmark_node *node)
{
	cmark_node *parent = cmark_node_parent(node);

	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_PARAGRAPH:
	case CMARK_NODE_HEADING:
		/* The first block of a list item stands behind its mark. */
		if (!parent || cmark_node_get_type(parent) != CMARK_NODE_ITEM || cmark_node_previous(node)) {
			begin_block(writer);
		}
		return;
	case CMARK_NODE_ITEM:
		item_mark(writer, node);
		return;
	case CMARK_NODE_CODE_BLOCK:
		begin_block(writer);
		add_text(writer, cmark_node_get_literal(node));
		return;
	case CMARK_NODE_TEXT:
	case CMARK_NODE_CODE:
		add_text(writer, cmark_node_get_literal(node));
		writer->begun = true;
		return;
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK:
		(void)buf_add_char(writer->out, '\n');
		return;
	case CMARK_NODE_LINK:
		writer->link_from = writer->out->n;
		return;
	default:
		return; /* raw HTML, rules and pictures have no text of their own */
	}
}

bool markdown_to_text(struct buf *out, struct str markdown, struct error *err)
{
	struct writer writer = { .out = out };
	size_t before = out->n;
	cmark_node *document;
	cmark_iter *walk;
	cmark_event_type event;

	if (markdown.n > LIMIT_POST_BYTES) {
		return error_set(
			err, ERROR_INPUT, ADVISE_REJECT, 0, "the text is longer than %u bytes", LIMIT_POST_BYTES);
	}
	document = cmark_parse_document(markdown.p ? markdown.p : "", markdown.n, CMARK_OPT_VALIDATE_UTF8);
	walk = document ? cmark_iter_new(document) : NULL;
	if (!walk) {
		return error_set(err, ERROR_OS, ADVISE_RETRY, 0, "out of memory");
	}
	while ((event = cmark_iter_next(walk)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(walk);

		if (event == CMARK_EVENT_ENTER) {
			enter(&writer, node);
		} else if (cmark_node_get_type(node) == CMARK_NODE_LINK) {
			end_link(&writer, node);
		}
	}
	cmark_iter_free(walk);
	cmark_node_free(document);
	while (out->n > before && out->p[out->n - 1] == '\n') {
		out->p[--out->n] = '\0';
	}
	return !out->failed || error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "the text is too long");
}
