/* Escaped once, exactly as the platforms sign and compare it; decoded without ever failing. */
#include "check.h"

#include "codec/form.h"

static void test_form__everything_outside_the_unreserved_is_escaped(void **state)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

	(void)state;
	for (int i = 0; i < 256; i++) {
		cleanup(buf_finish) struct buf out;
		char c = (char)i;
		char want[4];

		buf_init(&out, 8);
		if (c && strchr(unreserved, c)) {
			(void)snprintf(want, sizeof(want), "%c", c);
		} else {
			(void)snprintf(want, sizeof(want), "%%%02X", (unsigned)i);
		}
		CHECK(form_encode(&out, (struct str){ &c, 1 }));
		CHECK_STR(buf_str(&out), want);
	}
}

static void test_form__every_byte_comes_back(void **state)
{
	cleanup(buf_finish) struct buf encoded;
	cleanup(buf_finish) struct buf decoded;
	char bytes[256];

	(void)state;
	buf_init(&encoded, 1024);
	buf_init(&decoded, 1024);
	for (int i = 0; i < 256; i++) {
		bytes[i] = (char)i;
	}
	CHECK(form_encode(&encoded, (struct str){ bytes, sizeof(bytes) }));
	CHECK(form_decode(&decoded, buf_str(&encoded), true));
	CHECK(str_eq(buf_str(&decoded), (struct str){ bytes, sizeof(bytes) }));
	buf_clear(&decoded);
	CHECK(form_decode(&decoded, buf_str(&encoded), false));
	CHECK(str_eq(buf_str(&decoded), (struct str){ bytes, sizeof(bytes) }));
}

static void test_form__pairs_are_joined_where_something_stands_before(void **state)
{
	cleanup(buf_finish) struct buf out;

	(void)state;
	buf_init(&out, 256);
	CHECK(form_add(&out, "status", STR("早上 好&=%")));
	CHECK_STR(buf_str(&out), "status=%E6%97%A9%E4%B8%8A%20%E5%A5%BD%26%3D%25");
	CHECK(form_add(&out, "a b", (struct str){ NULL, 0 }));
	CHECK(str_ends(buf_str(&out), STR("%25&a%20b=")));
	buf_clear(&out);
	CHECK(buf_add_text(&out, "https://host/path?"));
	CHECK(form_add(&out, "a", STR("1")));
	CHECK(form_add(&out, "b", STR("2")));
	CHECK_STR(buf_str(&out), "https://host/path?a=1&b=2");
}

static void test_form__a_broken_escape_stays_as_it_is(void **state)
{
	static const struct {
		struct str encoded;
		const char *with_plus, *without;
	} rows[] = {
		{ STR(""), "", "" },
		{ STR("a+b"), "a b", "a+b" },
		{ STR("%2B+"), "+ ", "++" },
		{ STR("%e4%BD%a0"), "你", "你" },
		{ STR("%"), "%", "%" },
		{ STR("%4"), "%4", "%4" },
		{ STR("%4g"), "%4g", "%4g" },
		{ STR("%g4"), "%g4", "%g4" },
		{ STR("%%41"), "%A", "%A" },
		{ STR("%2541"), "%41", "%41" }, /* once, not until nothing is left */
		{ STR("100%"), "100%", "100%" },
		{ STR("% 41"), "% 41", "% 41" },
		{ STR("%-1%0x"), "%-1%0x", "%-1%0x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;

		buf_init(&out, 64);
		CHECK(form_decode(&out, rows[i].encoded, true));
		CHECK_STR(buf_str(&out), rows[i].with_plus);
		buf_clear(&out);
		CHECK(form_decode(&out, rows[i].encoded, false));
		CHECK_STR(buf_str(&out), rows[i].without);
	}
	/* An escape cut off by the end of what is lent, though more stands behind it in memory. */
	{
		cleanup(buf_finish) struct buf out;

		buf_init(&out, 64);
		CHECK(form_decode(&out, str_sub(STR("a%41"), 0, 3), true));
		CHECK_STR(buf_str(&out), "a%4");
	}
}

static void test_form__first_value_of_a_key_is_found(void **state)
{
	static const struct {
		const char *form, *key, *want; /* NULL: none */
	} rows[] = {
		{ "a=1&b=2", "a", "1" },
		{ "a=1&b=2", "b", "2" },
		{ "a=1&a=2", "a", "1" },
		{ "aa=1&a=2", "a", "2" },
		{ "a=&b=2", "a", "" },
		{ "a&b=2", "a", "" },
		{ "a=1=2", "a", "1=2" },
		{ "&&a=1&", "a", "1" },
		{ "a=x+y%2Bz", "a", "x y+z" },
		{ "%61=1", "a", "1" },
		{ "a+b=1", "a b", "1" },
		{ "a%00b=1&a=2", "a", "2" }, /* a NUL does not shorten a name */
		{ "A=1", "a", NULL },
		{ "b=a", "a", NULL },
		{ "", "a", NULL },
		{ "&", "a", NULL },
		{ "=1", "a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;

		buf_init(&out, 64);
		check_int(form_get(str_from(rows[i].form), rows[i].key, &out), rows[i].want != NULL, rows[i].form,
			__FILE__, __LINE__);
		CHECK_STR(buf_str(&out), rows[i].want ? rows[i].want : "");
	}
}

static void test_form__what_does_not_fit_is_told(void **state)
{
	cleanup(buf_finish) struct buf out;

	(void)state;
	buf_init(&out, 4);
	CHECK(!form_encode(&out, STR("ab ")));
	buf_clear(&out);
	CHECK(!form_add(&out, "key", STR("v")));
	buf_clear(&out);
	CHECK(!form_decode(&out, STR("abcde"), true));
	buf_clear(&out);
	CHECK(!form_get(STR("a=12345"), "a", &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form__everything_outside_the_unreserved_is_escaped),
		cmocka_unit_test(test_form__every_byte_comes_back),
		cmocka_unit_test(test_form__pairs_are_joined_where_something_stands_before),
		cmocka_unit_test(test_form__a_broken_escape_stays_as_it_is),
		cmocka_unit_test(test_form__first_value_of_a_key_is_found),
		cmocka_unit_test(test_form__what_does_not_fit_is_told),
	};

	return check_run(tests);
}
