#include "check.h"

#include "core/buf.h"

static void test_buf__is_terminated_and_never_null(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 10);
	CHECK_TEXT(buf.p, "");
	CHECK(buf_add_str(&buf, (struct str){ 0 }));
	CHECK_TEXT(buf.p, "");
	CHECK(buf_add_text(&buf, "ab"));
	CHECK(buf_add_char(&buf, 'c'));
	CHECK_TEXT(buf.p, "abc");
	buf_clear(&buf);
	CHECK_TEXT(buf.p, "");
	CHECK_INT(buf.n, 0);
	buf_finish(&buf);
	buf_finish(&buf);
}

static void test_buf__refuses_what_exceeds_its_maximum_and_keeps_the_rest(void **state)
{
	cleanup(buf_finish) struct buf buf = { 0 };

	(void)state;
	buf_init(&buf, 5);
	CHECK(buf_add_text(&buf, "abcde"));
	CHECK(!buf_add_char(&buf, 'f'));
	CHECK(buf.failed);
	CHECK_TEXT(buf.p, "abcde");
	CHECK(!buf_add_text(&buf, ""));
	CHECK(!buf_printf(&buf, "%s", ""));
	buf_clear(&buf);
	CHECK(!buf.failed);
	CHECK(buf_add_text(&buf, "abcde"));
	CHECK(!buf_add(&buf, "x", SIZE_MAX - 2));
	CHECK_INT(buf.n, 5);
}

static void test_buf__with_no_room_at_all_takes_nothing_but_nothing(void **state)
{
	cleanup(buf_finish) struct buf buf = { 0 };

	(void)state;
	buf_init(&buf, 0);
	CHECK(buf_add_text(&buf, ""));
	CHECK(buf_printf(&buf, "%s", ""));
	CHECK(!buf_printf(&buf, "x"));
	CHECK_TEXT(buf.p, "");
}

static void test_buf__grows_over_many_appends(void **state)
{
	cleanup(buf_finish) struct buf buf = { 0 };

	(void)state;
	buf_init(&buf, SIZE_MAX);
	for (int i = 0; i < 5000; i++) {
		CHECK(buf_printf(&buf, "%04d", i));
	}
	CHECK_INT(buf.n, 20000);
	CHECK_INT(buf.p[buf.n], '\0');
	CHECK_STR(str_sub(buf_str(&buf), 4 * 4999, 4), "4999");
}

static void test_buf__printf_that_does_not_fit_leaves_no_trace(void **state)
{
	cleanup(buf_finish) struct buf buf = { 0 };

	(void)state;
	buf_init(&buf, 8);
	CHECK(buf_add_text(&buf, "abc"));
	CHECK(!buf_printf(&buf, "%s", "123456"));
	CHECK_TEXT(buf.p, "abc");
	CHECK_INT(buf.n, 3);
	buf_clear(&buf);
	CHECK(buf_printf(&buf, "%d", 12345678));
	CHECK_TEXT(buf.p, "12345678");
}

static void test_buf__drops_at_the_front(void **state)
{
	cleanup(buf_finish) struct buf buf = { 0 };

	(void)state;
	buf_init(&buf, 100);
	buf_drop(&buf, 3);
	CHECK(buf_add_text(&buf, "abcdef"));
	buf_drop(&buf, 2);
	CHECK_TEXT(buf.p, "cdef");
	buf_drop(&buf, 100);
	CHECK_TEXT(buf.p, "");
	CHECK(buf_add_text(&buf, "x"));
	CHECK_TEXT(buf.p, "x");
}

static void test_buf__stolen_bytes_belong_to_the_thief(void **state)
{
	cleanup(buf_finish) struct buf buf = { 0 };
	char *p;

	(void)state;
	buf_init(&buf, 3);
	p = buf_steal(&buf);
	CHECK_TEXT(p, "");
	free(p);
	CHECK(buf_add_text(&buf, "abc"));
	p = buf_steal(&buf);
	CHECK_TEXT(p, "abc");
	CHECK_TEXT(buf.p, "");
	CHECK(buf_add_text(&buf, "xyz"));
	CHECK(!buf_add_text(&buf, "!"));
	CHECK_TEXT(p, "abc");
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf__is_terminated_and_never_null),
		cmocka_unit_test(test_buf__refuses_what_exceeds_its_maximum_and_keeps_the_rest),
		cmocka_unit_test(test_buf__with_no_room_at_all_takes_nothing_but_nothing),
		cmocka_unit_test(test_buf__grows_over_many_appends),
		cmocka_unit_test(test_buf__printf_that_does_not_fit_leaves_no_trace),
		cmocka_unit_test(test_buf__drops_at_the_front),
		cmocka_unit_test(test_buf__stolen_bytes_belong_to_the_thief),
	};

	return check_run(tests);
}
