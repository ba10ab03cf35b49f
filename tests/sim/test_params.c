/* What clients send: forms, multipart bodies, headers, and bytes that are none of these. */
#include "check.h"

#include "core/mem.h"
#include "sim/params.h"
#include "sim/table.h"

static void test_form__is_decoded_once(void **state)
{
	char form[] = "a=1&b=%E4%BD%A0+%2B&c=%25E4&d=%zz%4&e&=x&&a=2&f=%00";
	struct params params = { 0 };

	(void)state;
	params_add_form(&params, form, sizeof(form) - 1);
	CHECK_STR(params_str(&params, "a"), "1");
	CHECK_STR(params_str(&params, "b"), "你 +");
	CHECK_STR(params_str(&params, "c"), "%E4");
	CHECK_STR(params_str(&params, "d"), "%zz%4");
	CHECK(params_has(&params, "e"));
	CHECK_STR(params_str(&params, "e"), "");
	CHECK(!params_has(&params, "g"));
	CHECK_INT(params_i64(&params, "a", 7), 1);
	CHECK_INT(params_i64(&params, "b", 7), 7);
	CHECK_STR(params_invalid(&params)->name, "f");
}

static void test_form__of_many_fields_keeps_the_first(void **state)
{
	char form[4 * 200];
	struct params params = { 0 };
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		n += (size_t)snprintf(form + n, sizeof(form) - n, "%c=%c&", 'a' + i % 26, 'a' + i / 26);
	}
	params_add_form(&params, form, n);
	CHECK_INT(params.n, PARAMS_MAX);
	CHECK_STR(params_str(&params, "b"), "a");
}

static const char multipart[] = "--b1\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\n你好 %20+\r\n"
				"--b1\r\ncontent-disposition: form-data; name=\"pic\"; filename=\"a.png\"\r\n"
				"Content-Type: image/png\r\n\r\n\x89PNG\r\n--b\r\n\r\n--b1--\r\n";

static void test_multipart__has_raw_texts_and_one_file(void **state)
{
	struct params params = { 0 };
	char body[sizeof(multipart)];

	(void)state;
	memcpy(body, multipart, sizeof(multipart));
	params_add_body(&params, STR("Multipart/Form-Data; boundary=\"b1\""), body, sizeof(multipart) - 1);
	CHECK(params.multipart);
	CHECK(!params.broken);
	CHECK_STR(params_str(&params, "status"), "你好 %20+");
	CHECK(params.has_file);
	CHECK_STR(params.file_name, "a.png");
	CHECK_STR(params.file_type, "image/png");
	CHECK_STR(params.file, "\x89PNG\r\n--b\r\n");
	CHECK(!params_has(&params, "pic"));
}

static void test_multipart__cut_anywhere_is_broken_or_whole(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(multipart) - 5; n++) {
		struct params params = { 0 };
		char *body = xcalloc(1, n + 1); /* so that a sanitizer sees every step too far */

		memcpy(body, multipart, n);
		params_add_body(&params, STR("multipart/form-data; boundary=b1"), body, n);
		if (!params.broken) {
			fail_msg("cut at %zu it is taken for whole", n);
		}
		free(body);
	}
}

static void test_multipart__without_a_boundary_is_broken(void **state)
{
	char body[] = "--\r\n\r\n";
	struct params params = { 0 };

	(void)state;
	params_add_body(&params, STR("multipart/form-data"), body, sizeof(body) - 1);
	CHECK(params.broken);
}

static void test_body__of_another_type_has_no_parameters(void **state)
{
	char body[] = "a=1";
	struct params params = { 0 };

	(void)state;
	params_add_body(&params, STR("application/json"), body, sizeof(body) - 1);
	CHECK_INT(params.n, 0);
	params_add_body(&params, (struct str){ 0 }, body, sizeof(body) - 1);
	CHECK_STR(params_str(&params, "a"), "1");
}

static void test_body__of_random_bytes_is_survived(void **state)
{
	struct rng rng = { .state = 3 };

	(void)state;
	for (int round = 0; round < 3000; round++) {
		size_t n = (size_t)rng_below(&rng, 80);
		char *body = xcalloc(1, n + 1);
		struct params params = { 0 };

		for (size_t i = 0; i < n; i++) {
			body[i] = "-b1\r\n:;=\"%&a\xe4"[rng_below(&rng, 14)];
		}
		params_add_body(&params, round % 2 ? STR("multipart/form-data; boundary=b1") : STR(""), body, n);
		CHECK(params.n <= PARAMS_MAX);
		free(body);
	}
}

static void test_authorization__gives_a_token_or_is_odd(void **state)
{
	struct params params = { 0 };

	(void)state;
	params_set_authorization(&params, (struct str){ 0 });
	CHECK(!params.odd_header && !params.header_token.n);
	params_set_authorization(&params, STR(" oauth2  2.00abc "));
	CHECK_STR(params.header_token, "2.00abc");
	CHECK(!params.odd_header);
	params_set_authorization(&params, STR("Basic eDp5"));
	CHECK(params.odd_header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form__is_decoded_once),
		cmocka_unit_test(test_form__of_many_fields_keeps_the_first),
		cmocka_unit_test(test_multipart__has_raw_texts_and_one_file),
		cmocka_unit_test(test_multipart__cut_anywhere_is_broken_or_whole),
		cmocka_unit_test(test_multipart__without_a_boundary_is_broken),
		cmocka_unit_test(test_body__of_another_type_has_no_parameters),
		cmocka_unit_test(test_body__of_random_bytes_is_survived),
		cmocka_unit_test(test_authorization__gives_a_token_or_is_odd),
	};

	return check_run(tests);
}
