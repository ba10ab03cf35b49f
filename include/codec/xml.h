/*
 * XML by expat, read only, for small documents that platforms send: a tree of elements and their text. Everything in
 * it is foreign, so nothing a document may declare is taken up: a document type is refused, and with it every entity
 * but the five and numbers; attributes are counted and dropped, comments and processing instructions skipped.
 */
#ifndef CODEC_XML_H
#define CODEC_XML_H

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"

struct xml; /* an element */

/*
 * The document is UTF-8, whatever it says about itself.
 *
 * owns     gives *ret_xml, the outermost element; xml_free() it
 * errors   INPUT/REJECT with line and column: not well-formed, a document type, or over a cap (LIMIT_XML_...)
 */
bool xml_parse(struct str text, struct xml **ret_xml, struct error *err) must_check;
void xml_free(struct xml *xml); /* the outermost element; accepts NULL */
void xml_freep(struct xml **xml);

const char *xml_name(const struct xml *xml);
/* Its own character data, CDATA and all, joined; without that of its children. Lends; terminated, holds no NUL. */
struct str xml_text(const struct xml *xml);

/* First element at "A/B/C" below xml; NULL: none, or xml is NULL. Elsewhere on the path, too, the first one counts. */
const struct xml *xml_get(const struct xml *xml, const char *path);
/* The text there, without ASCII white space at its ends; empty when there is no such element. */
struct str xml_get_text(const struct xml *xml, const char *path);

const struct xml *xml_first(const struct xml *xml);     /* child; NULL: none */
const struct xml *xml_next(const struct xml *xml);      /* sibling; NULL: no more */
const struct xml *xml_next_same(const struct xml *xml); /* next sibling of the same name */

#endif
