/* Where the front matter ends, where the body begins, and which line of the file that is: editors jump there. */
#include "check.h"

#include "codec/front_matter.h"

static void test_front_matter__body_and_its_line_are_found(void **state)
{
	static const struct {
		const char *text, *title, *body; /* title NULL: no front matter */
		int body_line;
	} rows[] = {
		{ "", NULL, "", 1 },
		{ "只有正文\n", NULL, "只有正文\n", 1 },
		{ "\n\n  \nbody\n", NULL, "body\n", 4 },
		{ "---\ntitle: t\n---\nbody\n", "t", "body\n", 4 },
		{ "---\r\ntitle: t\r\n---\r\n\r\nbody\r\n", "t", "body\r\n", 5 },
		{ "\xef\xbb\xbf---\ntitle: t\n---\nbody", "t", "body", 4 },
		{ "---  \ntitle: t\n--- \t\n\n \n  body", "t", "  body", 6 },
		{ "---\ntitle: t\n---", "t", "", 4 },
		{ "---\n---\nbody\n", "", "body\n", 3 },
		{ "---\n# nothing yet\n---\nbody\n", "", "body\n", 4 },
		/* only at the very top, and only three */
		{ "body\n---\ntitle: t\n---\n", NULL, "body\n---\ntitle: t\n---\n", 1 },
		{ "----\nbody\n", NULL, "----\nbody\n", 1 },
		{ " ---\nbody\n", NULL, " ---\nbody\n", 1 },
		/* an indented line of dashes belongs to the YAML; one in the body to the body */
		{ "---\ntitle: |-\n  t\n  ---\n---\nbody\n", "t\n---", "body\n", 6 },
		{ "---\ntitle: t\n---\na\n---\nb\n", "t", "a\n---\nb\n", 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct front_matter front;
		struct error err = { 0 };

		CHECK_OK(front_matter_parse("p.md", str_from(rows[i].text), &front, &err), err);
		CHECK_STR(front.body, rows[i].body);
		CHECK_INT(front.body_line, rows[i].body_line);
		CHECK_INT(front.yaml != NULL, rows[i].title != NULL);
		if (rows[i].title) {
			const struct yaml_node *title = yaml_get(front.yaml->root, "title");

			CHECK_STR(title ? title->scalar : STR(""), rows[i].title);
		}
		front_matter_finish(&front);
		CHECK(front.yaml == NULL);
	}
}

static void test_front_matter__keys_know_their_line_in_the_file(void **state)
{
	struct front_matter front;
	struct error err = { 0 };

	(void)state;
	CHECK_OK(front_matter_parse("p.md", STR("---\ntitle: t\nat: now\n---\nbody\n"), &front, &err), err);
	CHECK_INT(front.yaml->root->pairs[1].key->line, 3);
	front_matter_finish(&front);
}

static void test_front_matter__errors_name_line_and_column_of_the_file(void **state)
{
	static const struct {
		struct str text;
		const char *want;
	} rows[] = {
		{ STR("---\ntitle: t\nbody\n"), "p.md:1:1: front matter begins with --- and has no closing ---" },
		{ STR("---"), "p.md:1:1: front matter begins" },
		{ STR("---\n"), "p.md:1:1: front matter begins" },
		{ STR("---\ntitle: [\n---\nbody\n"), "p.md:3:1: " },
		{ STR("---\na: 1\na: 2\n---\n"), "p.md:3:1: \"a\" stands here a second time; the first is in line 2" },
		{ STR("---\na: *b\n---\n"), "p.md:2:4: aliases" },
		{ STR("---\na: \x01\n---\n"), "p.md:2:4: control characters" },
		{ STR("---\na: 1\n---\n中\xff\n"), "p.md:4:2: no valid UTF-8" },
		{ STR("\xff"), "p.md:1:1: no valid UTF-8" },
		{ STR("\xef\xbb\xbf"
		      "a\xe4\xb8"),
			"p.md:1:2: no valid UTF-8" },
		{ STR("---\na: 1\n---\n正文\0x\n"), "p.md:4:3: a NUL" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct front_matter front = { .body_line = -1 };
		struct error err = { 0 };

		CHECK_FAILS(front_matter_parse("p.md", rows[i].text, &front, &err), err, rows[i].want);
		CHECK(strstr(err.message, rows[i].want) == err.message);
		CHECK_INT(err.domain, ERROR_INPUT);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK_INT(front.body_line, -1);
		CHECK(!front_matter_parse("p.md", rows[i].text, &front, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_front_matter__body_and_its_line_are_found),
		cmocka_unit_test(test_front_matter__keys_know_their_line_in_the_file),
		cmocka_unit_test(test_front_matter__errors_name_line_and_column_of_the_file),
	};

	return check_run(tests);
}
