/*
 * XML: what is read keeps the caps, holds no NUL and valid UTF-8 only, and is read again as the same tree when it is
 * written out.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/xml.h"
#include "core/limits.h"

static void escape(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '<':
			(void)buf_add_text(out, "&lt;");
			break;
		case '>':
			(void)buf_add_text(out, "&gt;");
			break;
		case '&':
			(void)buf_add_text(out, "&amp;");
			break;
		case '\r':
			(void)buf_add_text(out, "&#13;");
			break;
		default:
			(void)buf_add_char(out, text.p[i]);
			break;
		}
	}
}

/* Returns how many elements there are. */
static size_t walk(const struct xml *xml, size_t depth, struct buf *out)
{
	struct str text = xml_text(xml);
	size_t n = 1;

	must(depth <= LIMIT_XML_DEPTH);
	must(xml_name(xml)[0] && strlen(xml_name(xml)) <= LIMIT_XML_NAME_BYTES);
	must(text.n <= LIMIT_XML_TEXT_BYTES && utf8_valid(text) && strlen(text.p) == text.n);
	(void)buf_printf(out, "<%s>", xml_name(xml));
	escape(out, text);
	for (const struct xml *child = xml_first(xml); child; child = xml_next(child)) {
		const struct xml *same = xml_next_same(child);

		must(xml_get(xml, xml_name(child)) != NULL);
		must(!same || strcmp(xml_name(same), xml_name(child)) == 0);
		n += walk(child, depth + 1, out);
	}
	(void)buf_printf(out, "</%s>", xml_name(xml));
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xml *xml = NULL;
	struct xml *again = NULL;
	struct error err = { 0 };
	struct buf out, out_again;

	if (!xml_parse((struct str){ (const char *)data, size }, &xml, &err)) {
		must(!xml);
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		return 0;
	}
	buf_init(&out, 16u << 20);
	buf_init(&out_again, 16u << 20);
	must(walk(xml, 1, &out) <= LIMIT_XML_ELEMENTS);
	must(!out.failed);
	if (out.n <= LIMIT_XML_BYTES) {
		must(xml_parse(buf_str(&out), &again, &err));
		(void)walk(again, 1, &out_again);
		must(str_eq(buf_str(&out), buf_str(&out_again)));
	}
	xml_free(xml);
	xml_free(again);
	buf_finish(&out);
	buf_finish(&out_again);
	return 0;
}
