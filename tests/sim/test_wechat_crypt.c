/*
 * Signatures and envelopes of the simulated WeChat against vectors made by others: the platform's own examples, two
 * independent libraries, and spoiled messages with the reason why each must be refused.
 */
#include "check.h"

#include "codec/json.h"
#include "core/buf.h"
#include "sim/wechat_crypt.h"
#include "sim/wechat_raw.h"
#include "sim/wechat_xml.h"

static cJSON *load(void)
{
	const char *source = getenv("GAZETTE_SOURCE");
	cJSON *json = NULL;
	struct buf path, text;
	struct error err;
	char chunk[8192];
	FILE *file;
	size_t n;

	buf_init(&path, 4096);
	buf_init(&text, 1u << 20);
	(void)buf_printf(&path, "%s/tests/fixtures/wechat/crypto_vectors.json", source ? source : ".");
	file = fopen(path.p, "rb");
	if (!file) {
		fail_msg("%s", path.p);
	}
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		(void)buf_add(&text, chunk, n);
	}
	(void)fclose(file);
	CHECK_OK(json_parse(buf_str(&text), &json, &err), err);
	buf_finish(&path);
	buf_finish(&text);
	return json;
}

static void signature_of(const cJSON *vector, bool with_message, char ret[41])
{
	struct str parts[4] = { json_str(vector, "token"), json_str(vector, "timestamp"), json_str(vector, "nonce"),
		json_str(vector, "encrypted") };

	wx_signature(parts, with_message ? 4 : 3, ret);
}

static bool from_hex(struct str hex, char ret[16])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < 16 && hex.n == 32; i++) {
		const char *high = strchr(digits, hex.p[2 * i]);
		const char *low = strchr(digits, hex.p[2 * i + 1]);

		ret[i] = (char)((high - digits) << 4 | (low - digits));
	}
	return hex.n == 32;
}

static const cJSON *vectors_of(const cJSON *json, int *ret_n)
{
	const cJSON *vectors = json_get(json, "vectors");

	*ret_n = cJSON_GetArraySize(vectors);
	CHECK_INT(*ret_n, 40);
	return vectors;
}

static void test_signature__is_that_of_every_vector(void **state)
{
	cJSON *json = load();
	const cJSON *vector;
	int seen = 0;
	int n;

	(void)state;
	cJSON_ArrayForEach(vector, vectors_of(json, &n))
	{
		bool bad = str_is(json_str(vector, "expect"), "BAD_SIGNATURE");
		char hex[41];

		if (json_str(vector, "signature").n) {
			signature_of(vector, false, hex);
			CHECK_STR(json_str(vector, "signature"), hex);
			seen++;
		}
		if (json_str(vector, "msg_signature").n) {
			signature_of(vector, true, hex);
			if (str_is(json_str(vector, "msg_signature"), hex) == bad) {
				fail_msg("%s", json_text(vector, "name", ""));
			}
			seen++;
		}
	}
	CHECK_INT(seen, 57);
	cJSON_Delete(json);
}

static void test_encrypt__gives_the_same_bytes_as_others(void **state)
{
	cJSON *json = load();
	const cJSON *vector;
	int seen = 0;
	int n;

	(void)state;
	cJSON_ArrayForEach(vector, vectors_of(json, &n))
	{
		char random16[16];
		struct buf out;

		if (!from_hex(json_str(vector, "random16_hex"), random16)) {
			continue;
		}
		buf_init(&out, 1u << 20);
		CHECK_INT(wx_encrypt(json_str(vector, "encodingAESKey"), json_str(vector, "appid"),
				  json_str(vector, "plaintext"), random16, 0, &out),
			WX_CRYPT_OK);
		CHECK_STR(buf_str(&out), json_text(vector, "encrypted", ""));
		buf_finish(&out);
		seen++;
	}
	CHECK_INT(seen, 17);
	cJSON_Delete(json);
}

static const struct {
	const char *expect;
	enum wx_crypt result;
} expectations[] = {
	{ "ok", WX_CRYPT_OK },
	{ "BAD_BASE64", WX_CRYPT_BASE64 },
	{ "BAD_LENGTH", WX_CRYPT_LENGTH },
	{ "BAD_PADDING", WX_CRYPT_PADDING },
	{ "BAD_MSG_LEN", WX_CRYPT_MESSAGE },
	{ "APPID_MISMATCH", WX_CRYPT_APPID },
};

static void check_opened(const cJSON *vector, enum wx_crypt result, const struct buf *plain)
{
	struct str expect = json_str(vector, "expect");

	if (str_is(expect, "DECRYPT_FAILED")) {
		CHECK(result != WX_CRYPT_OK);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(expectations); i++) {
		if (str_is(expect, expectations[i].expect)) {
			if (result != expectations[i].result) {
				fail_msg("%s gives %d", json_text(vector, "name", ""), (int)result);
			}
			if (result == WX_CRYPT_OK) {
				CHECK_STR(buf_str(plain), json_text(vector, "plaintext", ""));
			}
			return;
		}
	}
	CHECK(str_is(expect, "BAD_SIGNATURE")); /* never comes to be decrypted */
}

static void test_decrypt__opens_what_is_whole_and_refuses_the_rest_for_its_reason(void **state)
{
	cJSON *json = load();
	const cJSON *vector;
	int seen = 0;
	int n;

	(void)state;
	cJSON_ArrayForEach(vector, vectors_of(json, &n))
	{
		struct buf plain;

		if (!json_get(vector, "encrypted")) {
			continue;
		}
		buf_init(&plain, 1u << 20);
		check_opened(vector,
			wx_decrypt(json_str(vector, "encodingAESKey"), json_str(vector, "appid"),
				json_str(vector, "encrypted"), &plain),
			&plain);
		buf_finish(&plain);
		seen++;
	}
	CHECK_INT(seen, 38);
	cJSON_Delete(json);
}

static void test_xml__reads_cdata_entities_and_depth(void **state)
{
	struct wx_xml *xml = wx_xml_parse(
		STR(" <xml>\n<A><![CDATA[a]]]]><![CDATA[> b]]></A><B>1 &lt; &#x4e2d;&amp;</B><C><D>x</D></C></xml>\n"));

	(void)state;
	CHECK(xml);
	CHECK_TEXT(wx_xml_text(xml, "A"), "a]]> b");
	CHECK_TEXT(wx_xml_text(xml, "B"), "1 < 中&");
	CHECK_TEXT(wx_xml_text(xml, "C/D"), "x");
	CHECK(!wx_xml_text(xml, "C/E"));
	wx_xml_free(xml);
}

static void test_xml__refuses_what_is_not_well_formed(void **state)
{
	static const char *const texts[] = { "", "success", "<xml>", "<xml></lmx>", "<xml><a></xml>",
		"<xml>&nbsp;</xml>", "<!DOCTYPE x><xml></xml>", "<?xml version=\"1.0\"?><xml></xml>", "<xml/><xml/>",
		"<xml><![CDATA[</xml>", "<xml>&#0;</xml>", "<xml a=\"1\"></xml>", "<xml>\xff</xml>",
		"{\"errcode\":0}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct wx_xml *xml = wx_xml_parse(str_from(texts[i]));

		if (xml) {
			fail_msg("%s", texts[i]);
		}
	}
}

static void test_xml__what_is_written_is_read_back(void **state)
{
	static const char text[] = "a]]>b]]]]>\xf0\x9f\x99\x8f <&>";
	struct wx_xml *xml;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	(void)buf_add_text(&out, "<xml>");
	wx_xml_cdata(&out, "A", str_from(text));
	(void)buf_add_text(&out, "</xml>");
	xml = wx_xml_parse(buf_str(&out));
	CHECK(xml);
	CHECK_TEXT(wx_xml_text(xml, "A"), text);
	wx_xml_free(xml);
	buf_finish(&out);
}

static void test_raw__counts_escapes_as_they_stand(void **state)
{
	static const char json[] = " { \"a\" : [ {\"t\":\"x}\\\"]\"} , {\"t\":\"\\u4e2d\\u6587\"}, {\"t\":\"中文a\"} "
				   "], \"n\":-1.5e3,\"t\":null }";
	struct str list = wx_raw_member(str_from(json), "a");

	(void)state;
	CHECK_INT(wx_raw_units(wx_raw_member(wx_raw_element(list, 0), "t")), 4);
	CHECK_INT(wx_raw_units(wx_raw_member(wx_raw_element(list, 1), "t")), 12);
	CHECK_INT(wx_raw_units(wx_raw_member(wx_raw_element(list, 2), "t")), 3);
	CHECK_INT(wx_raw_element(list, 3).n, 0);
	CHECK_STR(wx_raw_member(str_from(json), "n"), "-1.5e3");
	CHECK_STR(wx_raw_member(str_from(json), "t"), "null");
	CHECK_INT(wx_raw_member(str_from(json), "x").n, 0);
	CHECK(wx_raw_has_unicode_escape(str_from(json)));
	CHECK(!wx_raw_has_unicode_escape(STR("\"a\\\\u4e2d\"")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature__is_that_of_every_vector),
		cmocka_unit_test(test_encrypt__gives_the_same_bytes_as_others),
		cmocka_unit_test(test_decrypt__opens_what_is_whole_and_refuses_the_rest_for_its_reason),
		cmocka_unit_test(test_xml__reads_cdata_entities_and_depth),
		cmocka_unit_test(test_xml__refuses_what_is_not_well_formed),
		cmocka_unit_test(test_xml__what_is_written_is_read_back),
		cmocka_unit_test(test_raw__counts_escapes_as_they_stand),
	};

	return check_run(tests);
}
