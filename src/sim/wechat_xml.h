/*
 * XML as pushes and passive replies are written: elements, text, CDATA, the five named entities and numbers. No DTD,
 * no attributes, no comments: who sends those meets what the platform's strict side makes of them, a refusal.
 */
#ifndef SIM_WECHAT_XML_H
#define SIM_WECHAT_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/str.h"

struct wx_xml {
	char *name;
	char *text; /* of all its pieces, decoded; "" when it has none */
	struct wx_xml **children;
	size_t n;
};

void wx_xml_free(struct wx_xml *xml); /* accepts NULL */
void wx_xml_freep(struct wx_xml **xml);

/* The one root element; NULL: not well-formed. */
struct wx_xml *wx_xml_parse(struct str text);
/* The text of a child, "Image/MediaId" of one below; NULL: it is not there. */
const char *wx_xml_text(const struct wx_xml *xml, const char *path);
const struct wx_xml *wx_xml_child(const struct wx_xml *xml, const char *name);

/* <name><![CDATA[text]]></name>; "]]>" is split over two sections. */
void wx_xml_cdata(struct buf *out, const char *name, struct str text);

#endif
