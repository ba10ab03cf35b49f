#include "check.h"

#include "cli/i18n.h"

/* GAZETTE_LOCALE_DIR and LANG are set by the test's environment: a locale that is not generated on most machines. */
static void test_i18n__chinese_without_a_generated_locale(void **state)
{
	(void)state;
	CHECK_TEXT(_("the office at a glance"), "单位概况");
	CHECK_TEXT(i18n_word("held"), "暂留");
	CHECK_TEXT(i18n_word("ticket.alarm"), "人命警报");
}

static void test_i18n__words_that_are_not_ours_stay(void **state)
{
	(void)state;
	CHECK_TEXT(i18n_word("weibo-main"), "weibo-main");
	CHECK_TEXT(i18n_word(""), "");
	CHECK_TEXT(i18n_word(NULL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i18n__chinese_without_a_generated_locale),
		cmocka_unit_test(test_i18n__words_that_are_not_ours_stay),
	};

	i18n_start();
	return check_run(tests);
}
