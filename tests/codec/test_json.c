/*
 * What cJSON does not promise: caps, valid UTF-8, and whole numbers with all their digits. Texts here come from
 * platforms and from any local user, so most of the tables are hostile.
 */
#include "check.h"

#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

static cJSON *parse(const char *text)
{
	cJSON *json = NULL;
	struct error err = { 0 };

	CHECK_OK(json_parse(str_from(text), &json, &err), err);
	return json;
}

/* `text` comes out of json_print() as `want`. */
static void check_round_trip(const char *text, const char *want)
{
	cleanup(json_freep) cJSON *json = parse(text);
	cleanup(buf_finish) struct buf out;

	buf_init(&out, 1 << 16);
	CHECK(json_print(&out, json));
	CHECK_STR(buf_str(&out), want);
}

static void test_json__what_is_read_is_written_compactly(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{}", "{}" },
		{ " [ 1 , true , null ]\r\n", "[1,true,null]" },
		{ "{\"a\":{\"b\":[\"c\"]}}", "{\"a\":{\"b\":[\"c\"]}}" },
		{ "\"a\\nb\\u0001\"", "\"a\\nb\\u0001\"" },
		{ "\"\\u4e2d\\u6587\"", "\"中文\"" },
		{ "\"\\ud83d\\ude00\"", "\"😀\"" },
		{ "-1.5e3", "-1500" },
		{ "123456789012345", "123456789012345" },
		/* beyond 15 digits: a text, with every digit */
		{ "1234567890123456", "\"1234567890123456\"" },
		{ "[-9223372036854775808]", "[\"-9223372036854775808\"]" },
		{ "{\"id\":98765432109876543210987654321}", "{\"id\":\"98765432109876543210987654321\"}" },
		/* a fraction is no id */
		{ "0.12345678901234567", "0.12345678901234566" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_round_trip(rows[i].text, rows[i].want);
	}
}

static void test_json__text_is_made_valid_utf8(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "\"\xff\"", "\xef\xbf\xbd" },
		{ "\"a\xe4\xb8\"", "a\xef\xbf\xbd\xef\xbf\xbd" },               /* cut in the middle */
		{ "\"\xc0\xaf\"", "\xef\xbf\xbd\xef\xbf\xbd" },                 /* overlong */
		{ "\"\xed\xa0\x80\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate in UTF-8 */
		{ "\"\\ud83d\"", "\xef\xbf\xbd" }, { "\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"\\ud83dx\"", "\xef\xbf\xbdx" },
		{ "\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
					"A" },
		{ "\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd😀" },
		{ "\"a\\u0000b\"", "a\xef\xbf\xbd"
				   "b" },       /* would end the text */
		{ "\"\\\\u0000\"", "\\u0000" }, /* a backslash, then five letters */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(json_freep) cJSON *json = parse(rows[i].text);

		CHECK(cJSON_IsString(json));
		CHECK_TEXT(json->valuestring, rows[i].want);
		CHECK(utf8_valid(str_from(json->valuestring)));
	}
}

static void test_json__what_is_no_json_is_refused(void **state)
{
	static const struct {
		struct str text;
		const char *part;
	} rows[] = {
		{ { NULL, 0 }, "no valid JSON" },
		{ STR(" "), "no valid JSON" },
		{ STR("{"), "no valid JSON" },
		{ STR("{\"a\""), "no valid JSON" },
		{ STR("{\"a\":}"), "no valid JSON" },
		{ STR("[1,]"), "no valid JSON" },
		{ STR("{a:1}"), "no valid JSON" },
		{ STR("\"abc"), "no valid JSON" },
		{ STR("\"abc\\\""), "no valid JSON" },
		{ STR("\"\\"), "no valid JSON" },
		{ STR("\"\\x41\""), "no valid JSON" },
		{ STR("-"), "no valid JSON" },
		{ STR("truE"), "no valid JSON" },
		{ STR("{} {}"), "no valid JSON" },
		{ STR("{}x"), "no valid JSON" },
		{ STR("[}"), "no valid JSON" },
		{ STR("]"), "no valid JSON" },
		{ STR("{}\0"), "NUL" },
		{ STR("[\0]"), "NUL" },
		/* cJSON alone reads these as U+0000 and loses what follows */
		{ STR("\"a\\uzzzzb\""), "no valid JSON" },
		{ STR("\"a\\u12\""), "no valid JSON" },
		{ STR("\"\\u 041\""), "no valid JSON" },
		/* a number cannot be a name, whatever its length */
		{ STR("{1:1}"), "no valid JSON" },
		{ STR("{12345678901234567:1}"), "no valid JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cJSON *json = NULL;
		struct error err = { 0 };

		CHECK_FAILS(json_parse(rows[i].text, &json, &err), err, rows[i].part);
		CHECK_INT(err.domain, ERROR_INPUT);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK(json == NULL);
	}
}

static void test_json__error_names_the_byte_of_the_text_that_came(void **state)
{
	static const struct {
		const char *text, *place;
	} rows[] = {
		{ "[1,x]", "byte 3" },
		/* what was put in quotes or replaced before it does not count */
		{ "[12345678901234567,x]", "byte 19" },
		{ "[\"\xff\xff\xff\",x]", "byte 7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cJSON *json = NULL;
		struct error err = { 0 };

		CHECK_FAILS(json_parse(str_from(rows[i].text), &json, &err), err, rows[i].place);
	}
}

static void test_json__nesting_is_capped_where_the_limit_says(void **state)
{
	for (unsigned more = 0; more < 2; more++) {
		unsigned depth = LIMIT_JSON_DEPTH + more;
		char text[2 * (LIMIT_JSON_DEPTH + 1) + 1];
		cJSON *json = NULL;
		struct error err = { 0 };

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		text[2 * (size_t)depth] = '\0';
		if (more) {
			CHECK_FAILS(json_parse(str_from(text), &json, &err), err, "nested deeper");
		} else {
			CHECK_OK(json_parse(str_from(text), &json, &err), err);
		}
		cJSON_Delete(json);
	}
	/* Brackets inside a text do not count; a million open ones are refused without being walked into. */
	{
		cleanup(json_freep) cJSON *json = parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]");
		size_t n = 1u << 20;
		char *open = xnew_array(char, n);
		cJSON *none = NULL;
		struct error err = { 0 };

		memset(open, '{', n);
		CHECK_FAILS(json_parse((struct str){ open, n }, &none, &err), err, "nested deeper");
		CHECK(cJSON_IsArray(json));
		free(open);
	}
	(void)state;
}

static void test_json__first_of_two_equal_keys_wins(void **state)
{
	cleanup(json_freep) cJSON *json = parse("{\"a\":1,\"A\":2,\"a\":3}");

	(void)state;
	CHECK_INT(json_i64(json, "a", 0), 1);
	CHECK_INT(json_i64(json, "A", 0), 2);
}

static void test_json__getters_read_numbers_and_texts_alike(void **state)
{
	static const struct {
		const char *value;
		int64_t want; /* -7: the default */
	} rows[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "12", 12 },
		{ "\"12\"", 12 },
		{ "1e3", 1000 },
		{ "123456789012345", 123456789012345 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
		{ "9223372036854775808", -7 },
		{ "99999999999999999999999999", -7 },
		{ "1e300", -7 },
		{ "-1e300", -7 },
		{ "1e999", -7 },
		{ "9.1e15", -7 }, /* a double beyond 2^53 may have lost digits */
		{ "1.5", -7 },
		{ "\"1.5\"", -7 },
		{ "\"\"", -7 },
		{ "\" 1\"", -7 },
		{ "\"0x10\"", -7 },
		{ "null", -7 },
		{ "true", -7 },
		{ "[]", -7 },
		{ "{\"v\":1}", -7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[128];

		(void)snprintf(text, sizeof(text), "{\"v\":%s}", rows[i].value);
		{
			cleanup(json_freep) cJSON *json = parse(text);

			check_int(json_i64(json, "v", -7), rows[i].want, rows[i].value, __FILE__, __LINE__);
		}
	}
}

static void test_json__id_keeps_its_digits(void **state)
{
	static const struct {
		const char *value, *want; /* NULL: none */
	} rows[] = {
		{ "5012345678901234567", "5012345678901234567" },
		{ "\"5012345678901234567\"", "5012345678901234567" },
		{ "42", "42" },
		{ "\"a-b\"", "a-b" },
		{ "\"\"", "" },
		{ "1.5", NULL },
		{ "1e300", NULL },
		{ "null", NULL },
		{ "false", NULL },
		{ "{}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf id;
		char text[128];

		buf_init(&id, 64);
		(void)snprintf(text, sizeof(text), "{\"v\":%s}", rows[i].value);
		{
			cleanup(json_freep) cJSON *json = parse(text);

			CHECK_INT(json_id(json, "v", &id), rows[i].want != NULL);
		}
		CHECK_STR(buf_str(&id), rows[i].want ? rows[i].want : "");
	}
}

static void test_json__bool_is_read_in_all_its_spellings(void **state)
{
	static const struct {
		const char *value;
		bool if_true, if_false; /* by default */
	} rows[] = {
		{ "true", true, true },
		{ "1", true, true },
		{ "\"true\"", true, true },
		{ "\"1\"", true, true },
		{ "false", false, false },
		{ "0", false, false },
		{ "\"false\"", false, false },
		{ "\"0\"", false, false },
		{ "2", true, false },
		{ "0.5", true, false },
		{ "\"yes\"", true, false },
		{ "null", true, false },
		{ "[true]", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "{\"v\":%s}", rows[i].value);
		{
			cleanup(json_freep) cJSON *json = parse(text);

			check_int(json_bool(json, "v", true), rows[i].if_true, rows[i].value, __FILE__, __LINE__);
			check_int(json_bool(json, "v", false), rows[i].if_false, rows[i].value, __FILE__, __LINE__);
		}
	}
}

static void test_json__getters_accept_what_is_no_object(void **state)
{
	static const char *const texts[] = { "[1]", "\"v\"", "1", "null", "{\"w\":1}" };
	cleanup(buf_finish) struct buf out;

	(void)state;
	buf_init(&out, 64);
	for (size_t i = 0; i <= ARRAY_LEN(texts); i++) {
		cleanup(json_freep) cJSON *json = i < ARRAY_LEN(texts) ? parse(texts[i]) : NULL;

		CHECK(json_get(json, "v") == NULL);
		CHECK_TEXT(json_text(json, "v", "def"), "def");
		CHECK_INT(json_str(json, "v").n, 0);
		CHECK_INT(json_i64(json, "v", 3), 3);
		CHECK(json_bool(json, "v", true));
		CHECK(!json_id(json, "v", &out));
	}
}

static void test_json__built_numbers_are_read_back_exactly(void **state)
{
	/* 2^53 is the last whole number up to which a reader with doubles only loses nothing. */
	static const struct {
		int64_t value;
		const char *want;
	} rows[] = {
		{ 0, "{\"v\":0}" },
		{ -1, "{\"v\":-1}" },
		{ 1767225600123, "{\"v\":1767225600123}" },
		{ 999999999999999, "{\"v\":999999999999999}" },
		{ 9007199254740991, "{\"v\":9007199254740991}" },
		{ -9007199254740991, "{\"v\":-9007199254740991}" },
		{ 9007199254740992, "{\"v\":9007199254740992}" },
		{ 9007199254740993, "{\"v\":\"9007199254740993\"}" },
		{ INT64_MAX, "{\"v\":\"9223372036854775807\"}" },
		{ INT64_MIN, "{\"v\":\"-9223372036854775808\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(json_freep) cJSON *built = json_object();
		cleanup(json_freep) cJSON *again = NULL;
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 256);
		json_add_i64(built, "v", rows[i].value);
		CHECK(json_print(&out, built));
		CHECK_STR(buf_str(&out), rows[i].want);
		CHECK_OK(json_parse(buf_str(&out), &again, &err), err);
		CHECK_INT(json_i64(built, "v", 0), rows[i].value);
		CHECK_INT(json_i64(again, "v", 0), rows[i].value);
	}
}

static void test_json__building_makes_text_valid_and_leaves_out_what_is_unknown(void **state)
{
	cleanup(json_freep) cJSON *json = json_object();
	cleanup(buf_finish) struct buf out;
	cJSON *list = json_array();

	(void)state;
	buf_init(&out, 512);
	json_add_text(json, "none", NULL);
	json_add_time(json, "never", 0);
	json_add_text(json, "text", "a\"\n\xff");
	json_add_str(json, "str", STR("a\0b"));
	json_add_str(json, "empty", (struct str){ NULL, 0 });
	json_add_bool(json, "yes", true);
	json_push(list, json_object());
	json_push(list, NULL);
	json_add(json, "list", list);
	json_add(json, "nothing", NULL);
	CHECK(json_print(&out, json));
	CHECK_STR(buf_str(&out), "{\"text\":\"a\\\"\\n\xef\xbf\xbd\",\"str\":\"a\xef\xbf\xbd"
				 "b\",\"empty\":\"\",\"yes\":true,\"list\":[{}]}");
}

static void test_json__time_is_rfc_3339_with_the_offset(void **state)
{
	cleanup(json_freep) cJSON *json = json_object();

	(void)state;
	json_add_time(json, "at", INT64_C(1767225600123));
	CHECK(strstr(json_text(json, "at", ""), "2026-01-01T08:00:00") == json_text(json, "at", ""));
	CHECK(str_ends(json_str(json, "at"), STR("+08:00")));
}

static void test_json__printing_into_too_small_a_buf_fails(void **state)
{
	cleanup(json_freep) cJSON *json = parse("[1,2,3]");
	cleanup(buf_finish) struct buf out;

	(void)state;
	buf_init(&out, 6);
	CHECK(!json_print(&out, json));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json__what_is_read_is_written_compactly),
		cmocka_unit_test(test_json__text_is_made_valid_utf8),
		cmocka_unit_test(test_json__what_is_no_json_is_refused),
		cmocka_unit_test(test_json__error_names_the_byte_of_the_text_that_came),
		cmocka_unit_test(test_json__nesting_is_capped_where_the_limit_says),
		cmocka_unit_test(test_json__first_of_two_equal_keys_wins),
		cmocka_unit_test(test_json__getters_read_numbers_and_texts_alike),
		cmocka_unit_test(test_json__id_keeps_its_digits),
		cmocka_unit_test(test_json__bool_is_read_in_all_its_spellings),
		cmocka_unit_test(test_json__getters_accept_what_is_no_object),
		cmocka_unit_test(test_json__built_numbers_are_read_back_exactly),
		cmocka_unit_test(test_json__building_makes_text_valid_and_leaves_out_what_is_unknown),
		cmocka_unit_test(test_json__time_is_rfc_3339_with_the_offset),
		cmocka_unit_test(test_json__printing_into_too_small_a_buf_fails),
	};

	return check_run(tests);
}
