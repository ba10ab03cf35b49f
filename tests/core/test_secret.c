#include "check.h"

#include "core/secret.h"

static void test_secret__empty_lends_an_empty_text(void **state)
{
	struct secret secret = { 0 };

	(void)state;
	CHECK(secret_is_empty(&secret));
	CHECK_TEXT(secret_lend(&secret).p, "");
	secret_set(&secret, (struct str){ 0 });
	CHECK(secret_is_empty(&secret));
	secret_finish(&secret);
}

static void test_secret__keeps_its_own_copy(void **state)
{
	struct secret secret = { 0 }, other = { 0 };
	char value[] = "2.00example";

	(void)state;
	secret_set(&secret, str_from(value));
	memset(value, 'x', 5);
	CHECK_STR(secret_lend(&secret), "2.00example");
	CHECK_TEXT(secret_lend(&secret).p, "2.00example");
	secret_copy(&other, &secret);
	secret_finish(&secret);
	CHECK(secret_is_empty(&secret));
	CHECK_STR(secret_lend(&other), "2.00example");
	secret_finish(&other);
	secret_finish(&other);
}

static void test_secret__may_be_set_from_itself(void **state)
{
	struct secret secret = { 0 };

	(void)state;
	secret_set(&secret, STR("abcdef"));
	secret_copy(&secret, &secret);
	CHECK_STR(secret_lend(&secret), "abcdef");
	secret_set(&secret, str_sub(secret_lend(&secret), 2, 3));
	CHECK_STR(secret_lend(&secret), "cde");
	secret_set(&secret, STR("a\0b"));
	CHECK_INT(secret_lend(&secret).n, 3);
	secret_set(&secret, STR(""));
	CHECK(secret_is_empty(&secret));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret__empty_lends_an_empty_text),
		cmocka_unit_test(test_secret__keeps_its_own_copy),
		cmocka_unit_test(test_secret__may_be_set_from_itself),
	};

	return check_run(tests);
}
