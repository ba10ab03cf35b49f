/* The digests that approvals and attempt rows are bound to, against the published vectors; base64 both ways. */
#include "check.h"

#include "codec/base64.h"
#include "codec/digest.h"

static void test_digest__known_vectors(void **state)
{
	/* FIPS 180-4 examples; the empty text */
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct digest *digest = digest_new();
		char hex[65];
		char piecewise[65];

		digest_hex(str_from(rows[i].text), hex);
		CHECK_TEXT(hex, rows[i].want);
		for (const char *p = rows[i].text; *p; p++) {
			digest_add(digest, (struct str){ p, 1 });
		}
		digest_add(digest, (struct str){ NULL, 0 });
		digest_end(digest, piecewise);
		CHECK_TEXT(piecewise, rows[i].want);
	}
}

static void fields_hex(const char *a, const char *b, char ret_hex[65])
{
	struct digest *digest = digest_new();

	digest_add_field(digest, str_from(a));
	digest_add_field(digest, str_from(b));
	digest_end(digest, ret_hex);
}

static void test_digest__fields_do_not_run_together(void **state)
{
	static const char *const pairs[][2] = { { "ab", "c" }, { "a", "bc" }, { "", "abc" }, { "abc", "" } };
	char hex[ARRAY_LEN(pairs)][65];
	char again[65];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		fields_hex(pairs[i][0], pairs[i][1], hex[i]);
		fields_hex(pairs[i][0], pairs[i][1], again);
		CHECK_TEXT(hex[i], again);
		for (size_t k = 0; k < i; k++) {
			CHECK(strcmp(hex[i], hex[k]) != 0);
		}
	}
}

static void test_base64__known_vectors_both_ways(void **state)
{
	/* RFC 4648, section 10; and the two characters beyond letters and digits */
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 64);
		CHECK(base64_encode(&out, str_from(rows[i].bytes)));
		CHECK_STR(buf_str(&out), rows[i].text);
		buf_clear(&out);
		CHECK_OK(base64_decode(&out, str_from(rows[i].text), &err), err);
		CHECK_STR(buf_str(&out), rows[i].bytes);
	}
}

static void test_base64__every_length_comes_back(void **state)
{
	char bytes[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)(i * 7 + 3);
	}
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		cleanup(buf_finish) struct buf text;
		cleanup(buf_finish) struct buf back;
		struct error err = { 0 };

		buf_init(&text, 1024);
		buf_init(&back, 1024);
		CHECK(base64_encode(&text, (struct str){ bytes, n }));
		CHECK_INT(text.n, (n + 2) / 3 * 4);
		CHECK_OK(base64_decode(&back, buf_str(&text), &err), err);
		CHECK(str_eq(buf_str(&back), (struct str){ bytes, n }));
	}
}

static void test_base64__lines_and_missing_padding_are_read(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "Zm9v\nYmFy\n", "foobar" },
		{ "Zm9v\r\nYmFy\r\n", "foobar" },
		{ "Zm9vYg==\n", "foob" }, /* as base64(1) prints it */
		{ "Zm9vYg==\r\n", "foob" },
		{ "Zm9vYg", "foob" },
		{ "Zm9vYmE", "fooba" },
		{ "\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 64);
		CHECK_OK(base64_decode(&out, str_from(rows[i].text), &err), err);
		CHECK_STR(buf_str(&out), rows[i].want);
	}
}

static void test_base64__what_is_none_is_refused(void **state)
{
	static const struct {
		struct str text;
		const char *part;
	} rows[] = {
		{ STR("Zm9v!"), "byte 4" },
		{ STR("Zm 9v"), "byte 2" },
		{ STR("Zg==Zg=="), "byte 2" },
		{ STR("Zg=x"), "byte 2" },
		{ STR("===="), "byte " },
		{ STR("-_-_"), "byte 0" }, /* the other alphabet */
		{ STR("Zm9v\0"), "byte 4" },
		{ STR("中文"), "byte 0" },
		{ STR("Z"), "ends too early" },
		{ STR("Zm9vY"), "ends too early" },
		{ STR("Z==="), "byte " },
		{ STR("="), "padding" },
		{ STR("Zm9v="), "padding" },
		{ STR("Zm9v=="), "padding" },
		{ STR("Zg="), "padding" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		struct error err = { 0 };

		buf_init(&out, 64);
		CHECK_FAILS(base64_decode(&out, rows[i].text, &err), err, rows[i].part);
		CHECK_INT(err.domain, ERROR_INPUT);
		CHECK_INT(err.advice, ADVISE_REJECT);
	}
}

static void test_base64__what_does_not_fit_is_told(void **state)
{
	cleanup(buf_finish) struct buf out;
	struct error err = { 0 };

	(void)state;
	buf_init(&out, 5);
	CHECK_FAILS(base64_decode(&out, STR("Zm9vYmFy"), &err), err, "longer than 5 bytes");
	buf_clear(&out);
	CHECK(!base64_encode(&out, STR("foob")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest__known_vectors),
		cmocka_unit_test(test_digest__fields_do_not_run_together),
		cmocka_unit_test(test_base64__known_vectors_both_ways),
		cmocka_unit_test(test_base64__every_length_comes_back),
		cmocka_unit_test(test_base64__lines_and_missing_padding_are_read),
		cmocka_unit_test(test_base64__what_is_none_is_refused),
		cmocka_unit_test(test_base64__what_does_not_fit_is_told),
	};

	return check_run(tests);
}
