/*
 * XML by expat. The tree is built in the handlers; the first thing that breaks a rule stops the parser and is what the
 * error says. Depth is capped, so that walking down may recurse.
 *
 * Billion laughs, external entities and parameter entities all need a document type, which is refused when it begins.
 */
#include "codec/xml.h"

#include <stdio.h>
#include <string.h>

#include <expat.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"

struct xml {
	char *name;
	struct buf text;
	struct xml *parent; /* while it is parsed */
	struct xml *first;
	struct xml *last;
	struct xml *next;
};

struct parse {
	XML_Parser parser;
	struct xml *root;
	struct xml *open;
	size_t depth;
	size_t n_elements;
	const char *why; /* ours, when a rule of ours was broken */
};

static void stop(struct parse *parse, const char *why)
{
	if (!parse->why) {
		parse->why = why;
		(void)XML_StopParser(parse->parser, XML_FALSE);
	}
}

static void on_doctype(void *data, const XML_Char *name unused_arg, const XML_Char *system unused_arg,
	const XML_Char *public unused_arg, int internal unused_arg)
{
	stop(data, "a document type is refused");
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct parse *parse = data;
	struct xml *xml;
	size_t n = 0;

	while (attributes[n]) {
		n++;
	}
	if (parse->why) {
		return;
	}
	if (n / 2 > LIMIT_XML_ATTRIBUTES || strlen(name) > LIMIT_XML_NAME_BYTES) {
		stop(parse, n / 2 > LIMIT_XML_ATTRIBUTES ? "too many attributes" : "a name is too long");
		return;
	}
	if (parse->depth >= LIMIT_XML_DEPTH || parse->n_elements >= LIMIT_XML_ELEMENTS) {
		stop(parse, parse->depth >= LIMIT_XML_DEPTH ? "nested too deeply" : "too many elements");
		return;
	}
	xml = xnew(struct xml);
	xml->name = xstrdup(name);
	xml->parent = parse->open;
	buf_init(&xml->text, LIMIT_XML_TEXT_BYTES);
	if (!parse->open) {
		parse->root = xml;
	} else if (parse->open->last) {
		parse->open->last = parse->open->last->next = xml;
	} else {
		parse->open->first = parse->open->last = xml;
	}
	parse->open = xml;
	parse->depth++;
	parse->n_elements++;
}

static void on_end(void *data, const XML_Char *name unused_arg)
{
	struct parse *parse = data;

	if (!parse->why) {
		parse->open = parse->open->parent;
		parse->depth--;
	}
}

static void on_text(void *data, const XML_Char *text, int n)
{
	struct parse *parse = data;

	if (!parse->why && !buf_add(&parse->open->text, text, (size_t)n)) {
		stop(parse, "a text is too long");
	}
}

bool xml_parse(struct str text, struct xml **ret_xml, struct error *err)
{
	struct parse parse = { 0 };
	bool ok;

	if (text.n > LIMIT_XML_BYTES) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "XML of %zu bytes; at most %u are read", text.n,
			LIMIT_XML_BYTES);
	}
	parse.parser = XML_ParserCreate("UTF-8");
	if (!parse.parser) {
		return error_set(err, ERROR_OS, ADVISE_RETRY, 0, "out of memory");
	}
	XML_SetUserData(parse.parser, &parse);
	XML_SetElementHandler(parse.parser, on_start, on_end);
	XML_SetCharacterDataHandler(parse.parser, on_text);
	XML_SetStartDoctypeDeclHandler(parse.parser, on_doctype);
	ok = XML_Parse(parse.parser, text.n ? text.p : "", (int)text.n, XML_TRUE) == XML_STATUS_OK;
	if (ok) {
		*ret_xml = parse.root;
	} else {
		enum XML_Error code = XML_GetErrorCode(parse.parser);

		(void)error_set(err, ERROR_INPUT, code == XML_ERROR_NO_MEMORY ? ADVISE_RETRY : ADVISE_REJECT, 0,
			"XML, line %lu, column %lu: %s", XML_GetCurrentLineNumber(parse.parser),
			XML_GetCurrentColumnNumber(parse.parser) + 1, parse.why ? parse.why : XML_ErrorString(code));
		xml_free(parse.root);
	}
	XML_ParserFree(parse.parser);
	return ok;
}

void xml_free(struct xml *xml)
{
	while (xml) {
		struct xml *next = xml->next;

		xml_free(xml->first);
		free(xml->name);
		buf_finish(&xml->text);
		free(xml);
		xml = next;
	}
}

void xml_freep(struct xml **xml)
{
	xml_free(*xml);
	*xml = NULL;
}

const char *xml_name(const struct xml *xml)
{
	return xml->name;
}

struct str xml_text(const struct xml *xml)
{
	return buf_str(&xml->text);
}

const struct xml *xml_get(const struct xml *xml, const char *path)
{
	struct str rest = str_from(path);
	struct str name;

	while (xml && str_split(&rest, '/', &name)) {
		for (xml = xml->first; xml && !str_is(name, xml->name); xml = xml->next) {
		}
	}
	return xml;
}

struct str xml_get_text(const struct xml *xml, const char *path)
{
	const struct xml *found = xml_get(xml, path);

	return found ? str_trim(xml_text(found)) : STR("");
}

const struct xml *xml_first(const struct xml *xml)
{
	return xml->first;
}

const struct xml *xml_next(const struct xml *xml)
{
	return xml->next;
}

const struct xml *xml_next_same(const struct xml *xml)
{
	const struct xml *next = xml->next;

	while (next && strcmp(next->name, xml->name) != 0) {
		next = next->next;
	}
	return next;
}
