#include "check.h"

#include "cli/ids.h"
#include "core/buf.h"
#include "core/limits.h"

/* The words as "a b c". */
static const char *joined(const struct ids *ids)
{
	static char text[512];
	struct buf out;

	buf_init(&out, sizeof(text) - 1);
	for (size_t i = 0; i < ids->n; i++) {
		buf_printf(&out, "%s%s", i ? " " : "", ids->words[i]);
	}
	snprintf(text, sizeof(text), "%s", out.p);
	buf_finish(&out);
	return text;
}

static void test_ids__numbers_and_ranges_in_the_order_named_each_once(void **state)
{
	static char *const args[] = { "12", "3-5", "4", "12", "1-1" };
	struct ids ids = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_OK(ids_read(&ids, IDS_NUMBERS, args, ARRAY_LEN(args), &err), err);
	CHECK_TEXT(joined(&ids), "12 3 4 5 1");
	ids_finish(&ids);
	CHECK_OK(ids_add(&ids, IDS_NUMBERS, STR("9223372036854775806-9223372036854775807"), &err), err);
	CHECK_TEXT(joined(&ids), "9223372036854775806 9223372036854775807");
	ids_finish(&ids);
}

static void test_ids__what_is_no_id_is_named(void **state)
{
	static const struct {
		enum ids_kind kind;
		const char *word;
		const char *part;
	} cases[] = {
		{ IDS_NUMBERS, "abc", "\"abc\" is no number" },
		{ IDS_NUMBERS, "0", "\"0\"" },
		{ IDS_NUMBERS, "-3", "\"-3\"" },
		{ IDS_NUMBERS, "3-", "\"3-\"" },
		{ IDS_NUMBERS, "7-3", "smaller number first" },
		{ IDS_NUMBERS, "1-10001", "more than 10000" },
		{ IDS_NUMBERS, "1-9223372036854775807", "more than 10000" },
		{ IDS_NUMBERS, "9223372036854775808", "is no number" },
		{ IDS_NUMBERS, "12/weibo-main", "is no number" },
		{ IDS_NUMBERS, "ALL", "is no number" },
		{ IDS_SENDS, "all", "names nothing" },
		{ IDS_SENDS, "12/", "names nothing" },
		{ IDS_SENDS, "/weibo-main", "names nothing" },
		{ IDS_SENDS, "send:", "names nothing" },
		{ IDS_SENDS, "send:x", "names nothing" },
		{ IDS_SENDS, "", "names nothing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ids ids = { 0 };
		struct error err = { 0 };

		CHECK_FAILS(ids_add(&ids, cases[i].kind, str_from(cases[i].word), &err), err, cases[i].part);
		CHECK_INT(err.domain, ERROR_INPUT);
		CHECK_INT(ids.n, 0);
		ids_finish(&ids);
	}
}

static void test_ids__sends_have_more_names(void **state)
{
	static char *const args[] = { "12/weibo-main", "send:7", "3-4" };
	static char *const all[] = { "ALL" };
	struct ids ids = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_OK(ids_read(&ids, IDS_SENDS, args, ARRAY_LEN(args), &err), err);
	CHECK_TEXT(joined(&ids), "12/weibo-main send:7 3 4");
	ids_finish(&ids);
	CHECK_OK(ids_read(&ids, IDS_SENDS, all, 1, &err), err);
	CHECK_TEXT(joined(&ids), "ALL");
	ids_finish(&ids);
}

static void test_ids__all_stands_alone(void **state)
{
	static char *const args[] = { "12", "ALL" };
	struct ids ids = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_FAILS(ids_read(&ids, IDS_SENDS, args, ARRAY_LEN(args), &err), err, "ALL stands alone");
	ids_finish(&ids);
}

static void test_ids__a_text_is_words_apart_by_any_blanks(void **state)
{
	struct ids ids = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_OK(ids_add_text(&ids, IDS_NUMBERS, STR("\n 7\r\n8\t9 10\n\n7"), &err), err);
	CHECK_TEXT(joined(&ids), "7 8 9 10");
	CHECK_FAILS(ids_add_text(&ids, IDS_NUMBERS, STR("11\nP0\n12"), &err), err, "\"P0\"");
	ids_finish(&ids);
}

static void test_ids__there_is_a_cap(void **state)
{
	struct ids ids = { 0 };
	struct error err = { 0 };
	char range[32];

	(void)state;
	snprintf(range, sizeof(range), "1-%u", LIMIT_IDS);
	CHECK_OK(ids_add(&ids, IDS_NUMBERS, str_from(range), &err), err);
	CHECK_INT(ids.n, LIMIT_IDS);
	CHECK_FAILS(ids_add(&ids, IDS_NUMBERS, STR("20000"), &err), err, "more than 10000");
	CHECK_OK(ids_add(&ids, IDS_NUMBERS, STR("10000"), &err), err); /* named before */
	ids_finish(&ids);
}

static void test_ids__nothing_named_is_an_error(void **state)
{
	struct ids ids = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_FAILS(ids_read(&ids, IDS_NUMBERS, NULL, 0, &err), err, "names nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids__numbers_and_ranges_in_the_order_named_each_once),
		cmocka_unit_test(test_ids__what_is_no_id_is_named),
		cmocka_unit_test(test_ids__sends_have_more_names),
		cmocka_unit_test(test_ids__all_stands_alone),
		cmocka_unit_test(test_ids__a_text_is_words_apart_by_any_blanks),
		cmocka_unit_test(test_ids__there_is_a_cap),
		cmocka_unit_test(test_ids__nothing_named_is_an_error),
	};

	return check_run(tests);
}
