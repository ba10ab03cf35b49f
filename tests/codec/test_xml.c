/* XML as platforms send it, and everything an attacker may try with it. */
#include "check.h"

#include "codec/xml.h"
#include "core/buf.h"
#include "core/limits.h"

static struct xml *parse(const char *text)
{
	struct xml *xml = NULL;
	struct error err = { 0 };

	CHECK_OK(xml_parse(str_from(text), &xml, &err), err);
	return xml;
}

static void test_xml__elements_texts_and_order(void **state)
{
	struct xml *xml = parse("\n <!-- c --><xml>\n<A>1</A>\n<B><C> x </C><C>y</C><D/><C>z</C></B><A>2</A></xml>\n");
	const struct xml *c = xml_get(xml, "B/C");

	(void)state;
	CHECK_TEXT(xml_name(xml), "xml");
	CHECK_STR(xml_get_text(xml, "A"), "1");
	CHECK_STR(xml_get_text(xml, "B/C"), "x");
	CHECK_STR(xml_text(c), " x ");
	CHECK_STR(xml_text(xml_next_same(c)), "y");
	CHECK_STR(xml_text(xml_next_same(xml_next_same(c))), "z");
	CHECK(!xml_next_same(xml_next_same(xml_next_same(c))));
	CHECK_TEXT(xml_name(xml_next(xml_next(c))), "D");
	CHECK_TEXT(xml_name(xml_first(xml)), "A");
	CHECK(!xml_first(c));
	CHECK(!xml_get(xml, "B/C/E"));
	CHECK(!xml_get(xml, "C"));
	CHECK(!xml_get(NULL, "A"));
	CHECK_STR(xml_get_text(xml, "Z"), "");
	xml_free(xml);
}

static void test_xml__cdata_is_joined_and_the_five_entities_are_read(void **state)
{
	struct xml *xml = parse(
		"<xml><A><![CDATA[a]]]]><![CDATA[> <b>&amp;]]> &lt;&gt;&amp;&quot;&apos;&#20013;&#x6587;</A>"
		"<B>one<C/>two</B><E><![CDATA[🙏\r\nx]]></E><F></F></xml>");

	(void)state;
	CHECK_STR(xml_get_text(xml, "A"), "a]]> <b>&amp; <>&\"'中文");
	CHECK_STR(xml_get_text(xml, "B"), "onetwo");
	CHECK_STR(xml_get_text(xml, "E"), "🙏\nx");
	CHECK_STR(xml_get_text(xml, "F"), "");
	CHECK(xml_get(xml, "F"));
	xml_free(xml);
}

static void test_xml__a_declaration_and_a_mark_are_read_but_the_encoding_is_ours(void **state)
{
	struct xml *xml = parse(
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><?pi x?><xml a=\"1\">中</xml>");

	(void)state;
	CHECK_STR(xml_text(xml), "中");
	xml_free(xml);
}

static void test_xml__what_is_refused_names_the_place(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		{ "", "no element found" },
		{ "success", "line 1, column 1: " },
		{ "{\"a\":1}", "line 1, column 1: " },
		{ "<xml>\n<a></xml>", "line 2, column 6: mismatched tag" },
		{ "<xml>", "no element found" },
		{ "<xml/><xml/>", "junk after document element" },
		{ "<xml>&nbsp;</xml>", "undefined entity" },
		{ "<xml>&#0;</xml>", "reference to invalid character number" },
		{ "<xml>\xff</xml>", "not well-formed" },
		{ "<xml>\xed\xa0\x80</xml>", "not well-formed" },
		{ "<xml>\x01</xml>", "not well-formed" },
		{ "<xml><![CDATA[a</xml>", "unclosed CDATA section" },
		{ "<xml>]]></xml>", "not well-formed" },
		{ "<xml a=\"1\" a=\"2\"/>", "duplicate attribute" },
		{ "<xml a=\"&x;\"/>", "undefined entity" },
		{ "<!DOCTYPE xml><xml/>", "a document type is refused" },
		{ "<!DOCTYPE xml [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><xml>&x;</xml>",
			"a document type is refused" },
		{ "<!DOCTYPE xml [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><xml>&b;</xml>",
			"a document type is refused" },
		{ "<!DOCTYPE xml SYSTEM \"http://127.0.0.1/x.dtd\" [<!ENTITY % p SYSTEM \"x\"> %p;]><xml/>",
			"a document type is refused" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct xml *xml = NULL;
		struct error err = { 0 };

		CHECK_FAILS(xml_parse(str_from(rows[i].text), &xml, &err), err, rows[i].why);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK(!xml);
	}
}

static void test_xml__a_nul_byte_is_refused(void **state)
{
	struct xml *xml = NULL;
	struct error err = { 0 };

	(void)state;
	CHECK_FAILS(xml_parse(STR("<xml>a\0b</xml>"), &xml, &err), err, "not well-formed");
	CHECK_FAILS(xml_parse(STR("<xml/>\0"), &xml, &err), err, "not well-formed");
}

static void repeat(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)buf_add_text(out, text);
	}
}

/* at: the most that is taken; one more is refused. */
static void check_cap(
	const char *head, const char *each, const char *tail, const char *tails, size_t at, const char *why)
{
	for (size_t more = 0; more < 2; more++) {
		struct xml *xml = NULL;
		struct error err = { 0 };
		struct buf text;

		buf_init(&text, 4u << 20);
		(void)buf_add_text(&text, head);
		repeat(&text, each, at + more);
		repeat(&text, tails, at + more);
		(void)buf_add_text(&text, tail);
		CHECK(!text.failed);
		if (more) {
			CHECK_FAILS(xml_parse(buf_str(&text), &xml, &err), err, why);
		} else {
			CHECK_OK(xml_parse(buf_str(&text), &xml, &err), err);
		}
		xml_free(xml);
		buf_finish(&text);
	}
}

static void test_xml__caps(void **state)
{
	(void)state;
	check_cap("", "<a>", "", "</a>", LIMIT_XML_DEPTH, "nested too deeply");
	check_cap("<a>", "<b/>", "</a>", "", LIMIT_XML_ELEMENTS - 1, "too many elements");
	check_cap("<a>", "x", "</a>", "", LIMIT_XML_TEXT_BYTES, "a text is too long");
	check_cap("<a>", "\n", "</a>", "", LIMIT_XML_TEXT_BYTES, "a text is too long");
	check_cap("<", "n", "/>", "", LIMIT_XML_NAME_BYTES, "a name is too long");
	check_cap("<!--", "x", "--><a/>", "", LIMIT_XML_BYTES - 11, "at most");
}

static void test_xml__attributes_are_capped(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		struct xml *xml = NULL;
		struct error err = { 0 };
		struct buf text;

		buf_init(&text, 4096);
		(void)buf_add_text(&text, "<a");
		for (unsigned i = 0; i < LIMIT_XML_ATTRIBUTES + more; i++) {
			(void)buf_printf(&text, " b%u=\"1\"", i);
		}
		(void)buf_add_text(&text, "/>");
		if (more) {
			CHECK_FAILS(xml_parse(buf_str(&text), &xml, &err), err, "too many attributes");
		} else {
			CHECK_OK(xml_parse(buf_str(&text), &xml, &err), err);
		}
		xml_free(xml);
		buf_finish(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xml__elements_texts_and_order),
		cmocka_unit_test(test_xml__cdata_is_joined_and_the_five_entities_are_read),
		cmocka_unit_test(test_xml__a_declaration_and_a_mark_are_read_but_the_encoding_is_ours),
		cmocka_unit_test(test_xml__what_is_refused_names_the_place),
		cmocka_unit_test(test_xml__a_nul_byte_is_refused),
		cmocka_unit_test(test_xml__caps),
		cmocka_unit_test(test_xml__attributes_are_capped),
	};

	return check_run(tests);
}
