/* A small strict reader; depth and count are capped because what comes is from another program. */
#include "sim/wechat_xml.h"

#include "core/mem.h"
#include "text/utf8.h"

#define DEPTH_MAX      8
#define ELEMENTS_MAX   512
#define TEXT_MAX_BYTES (1u << 20)

struct reader {
	struct str rest;
	size_t n;
};

void wx_xml_free(struct wx_xml *xml)
{
	if (!xml) {
		return;
	}
	for (size_t i = 0; i < xml->n; i++) {
		wx_xml_free(xml->children[i]);
	}
	free(xml->children);
	free(xml->name);
	free(xml->text);
	free(xml);
}

void wx_xml_freep(struct wx_xml **xml)
{
	wx_xml_free(*xml);
}

static bool take(struct reader *reader, struct str word)
{
	if (!str_starts(reader->rest, word)) {
		return false;
	}
	reader->rest = str_sub(reader->rest, word.n, reader->rest.n);
	return true;
}

static bool take_until(struct reader *reader, struct str mark, struct str *ret)
{
	ptrdiff_t at = str_find(reader->rest, mark);

	if (at < 0) {
		return false;
	}
	*ret = str_sub(reader->rest, 0, (size_t)at);
	reader->rest = str_sub(reader->rest, (size_t)at + mark.n, reader->rest.n);
	return true;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static struct str take_name(struct reader *reader)
{
	size_t n = 0;
	struct str name;

	while (n < reader->rest.n && is_name_char(reader->rest.p[n])) {
		n++;
	}
	name = str_sub(reader->rest, 0, n);
	reader->rest = str_sub(reader->rest, n, reader->rest.n);
	return name;
}

static bool add_number(struct buf *out, struct str digits)
{
	uint32_t value = 0;
	bool hex = str_starts(digits, STR("x"));
	char bytes[4];
	size_t n;

	digits = str_sub(digits, hex ? 1 : 0, digits.n);
	if (!digits.n || digits.n > 7) {
		return false;
	}
	for (size_t i = 0; i < digits.n; i++) {
		char c = digits.p[i];
		unsigned digit = c >= '0' && c <= '9'          ? (unsigned)(c - '0')
				 : hex && c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
				 : hex && c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							       : 99;

		if (digit > 15) {
			return false;
		}
		value = value * (hex ? 16 : 10) + digit;
	}
	n = value ? utf8_encode(value, bytes) : 0;
	return n > 0 && buf_add(out, bytes, n);
}

static bool add_entity(struct buf *out, struct str name)
{
	static const struct {
		const char *name;
		char c;
	} entities[] = { { "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' }, { "apos", '\'' } };

	if (str_starts(name, STR("#"))) {
		return add_number(out, str_sub(name, 1, name.n));
	}
	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		if (str_is(name, entities[i].name)) {
			return buf_add_char(out, entities[i].c);
		}
	}
	return false;
}

static bool add_text(struct reader *reader, struct buf *out)
{
	struct str name;

	if (take(reader, STR("&"))) {
		return take_until(reader, STR(";"), &name) && name.n < 12 && add_entity(out, name);
	}
	(void)buf_add_char(out, reader->rest.p[0]);
	reader->rest = str_sub(reader->rest, 1, reader->rest.n);
	return true;
}

static struct wx_xml *read_element(struct reader *reader, int depth);

static bool read_content(struct reader *reader, struct wx_xml *xml, struct buf *text, int depth)
{
	struct str piece;

	while (reader->rest.n) {
		if (take(reader, STR("</"))) {
			piece = take_name(reader);
			return str_is(piece, xml->name) && take(reader, STR(">"));
		}
		if (take(reader, STR("<![CDATA["))) {
			if (!take_until(reader, STR("]]>"), &piece)) {
				return false;
			}
			(void)buf_add_str(text, piece);
		} else if (str_starts(reader->rest, STR("<"))) {
			struct wx_xml *child = read_element(reader, depth + 1);

			if (!child) {
				return false;
			}
			xml->children = xrealloc_array(xml->children, xml->n + 1, sizeof(struct wx_xml *));
			xml->children[xml->n++] = child;
		} else if (!add_text(reader, text)) {
			return false;
		}
	}
	return false;
}

static struct wx_xml *read_element(struct reader *reader, int depth)
{
	struct wx_xml *xml;
	struct str name;
	struct buf text;
	bool ok;

	if (depth > DEPTH_MAX || ++reader->n > ELEMENTS_MAX || !take(reader, STR("<"))) {
		return NULL;
	}
	name = take_name(reader);
	if (!name.n) {
		return NULL;
	}
	xml = xnew(struct wx_xml);
	xml->name = str_dup(name);
	buf_init(&text, TEXT_MAX_BYTES);
	ok = take(reader, STR("/>")) || (take(reader, STR(">")) && read_content(reader, xml, &text, depth));
	ok = ok && !text.failed && utf8_valid(buf_str(&text));
	xml->text = buf_steal(&text);
	buf_finish(&text);
	if (!ok) {
		wx_xml_free(xml);
		return NULL;
	}
	return xml;
}

struct wx_xml *wx_xml_parse(struct str text)
{
	struct reader reader = { .rest = str_trim(text) };
	struct wx_xml *xml = read_element(&reader, 0);

	if (xml && str_trim(reader.rest).n) {
		wx_xml_free(xml);
		return NULL;
	}
	return xml;
}

const struct wx_xml *wx_xml_child(const struct wx_xml *xml, const char *name)
{
	for (size_t i = 0; i < xml->n; i++) {
		if (strcmp(xml->children[i]->name, name) == 0) {
			return xml->children[i];
		}
	}
	return NULL;
}

const char *wx_xml_text(const struct wx_xml *xml, const char *path)
{
	struct str rest = str_from(path);
	struct str name;

	while (xml && str_split(&rest, '/', &name)) {
		const struct wx_xml *found = NULL;

		for (size_t i = 0; i < xml->n && !found; i++) {
			found = str_is(name, xml->children[i]->name) ? xml->children[i] : NULL;
		}
		xml = found;
	}
	return xml ? xml->text : NULL;
}

void wx_xml_cdata(struct buf *out, const char *name, struct str text)
{
	(void)buf_printf(out, "<%s><![CDATA[", name);
	for (;;) {
		ptrdiff_t at = str_find(text, STR("]]>"));

		if (at < 0) {
			break;
		}
		(void)buf_add_str(out, str_sub(text, 0, (size_t)at + 2));
		(void)buf_add_text(out, "]]><![CDATA[");
		text = str_sub(text, (size_t)at + 2, text.n);
	}
	(void)buf_add_str(out, text);
	(void)buf_printf(out, "]]></%s>\n", name);
}
