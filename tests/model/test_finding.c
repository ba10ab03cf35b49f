#include "check.h"

#include "model/finding.h"

static void test_finding__list_blocks_only_with_a_blocking_one(void **state)
{
	struct finding_list list = { 0 };

	(void)state;
	CHECK(!finding_blocks(&list));
	finding_add(
		&list, FINDING_NOTE, "media.alt", "", 0, 0, "picture %d has no text for those who cannot see it", 2);
	finding_add(&list, FINDING_WARN, "weibo.link", "weibo-main", 3, 14, "a link");
	CHECK(!finding_blocks(&list));
	finding_add(&list, FINDING_BLOCK, "weibo.length", "weibo-main", 0, 0, "%d over", 12);
	CHECK(finding_blocks(&list));
	CHECK_INT(list.n, 3);
	CHECK_TEXT(list.items[0].message, "picture 2 has no text for those who cannot see it");
	CHECK_TEXT(list.items[1].rule, "weibo.link");
	CHECK_TEXT(list.items[1].account, "weibo-main");
	CHECK_INT(list.items[1].line, 3);
	CHECK_INT(list.items[1].column, 14);
	CHECK_INT(list.items[2].level, FINDING_BLOCK);
	finding_list_finish(&list);
	CHECK_INT(list.n, 0);
	finding_list_finish(&list);
}

static void test_finding__keeps_whole_characters_on_one_line(void **state)
{
	struct finding_list list = { 0 };
	char text[1500];
	size_t n = 0;

	(void)state;
	for (; n + 3 < sizeof(text); n += 3) {
		memcpy(text + n, "平", 3);
	}
	text[n] = '\0';
	finding_add(&list, FINDING_WARN, text, NULL, 1, 1, "x%s", text);
	CHECK_INT(strlen(list.items[0].rule), 45);
	CHECK_TEXT(list.items[0].account, "");
	CHECK_INT(strlen(list.items[0].message), 1 + 84 * 3);
	finding_add(&list, FINDING_WARN, "a", "b", 1, 1, "two\nlines \xff");
	CHECK_TEXT(list.items[1].message, "two lines ?");
	finding_add(&list, FINDING_WARN, "a", "b", 1, 1,
		"csi\xc2\x9b"
		"2J, lines\xe2\x80\xa8\xe2\x80\xa9, \xc2\xa0");
	CHECK_TEXT(list.items[2].message, "csi 2J, lines  , \xc2\xa0");
	finding_list_finish(&list);
}

static void test_finding__levels_are_named_as_a_compiler_does(void **state)
{
	(void)state;
	CHECK_TEXT(finding_level_name(FINDING_NOTE), "note");
	CHECK_TEXT(finding_level_name(FINDING_WARN), "warning");
	CHECK_TEXT(finding_level_name(FINDING_BLOCK), "error");
	CHECK_TEXT(finding_level_name((enum finding_level)9), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finding__list_blocks_only_with_a_blocking_one),
		cmocka_unit_test(test_finding__keeps_whole_characters_on_one_line),
		cmocka_unit_test(test_finding__levels_are_named_as_a_compiler_does),
	};

	return check_run(tests);
}
