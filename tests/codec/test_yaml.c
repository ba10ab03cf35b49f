/*
 * Trees with places, and all that a configuration has no need of refused: by what it is and where it stands.
 */
#include "check.h"

#include "codec/yaml.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"

static struct yaml_file *parse(const char *text)
{
	struct yaml_file *file = NULL;
	struct error err = { 0 };

	CHECK_OK(yaml_parse("a.yaml", str_from(text), 1, &file, &err), err);
	return file;
}

static void check_refused(struct str text, const char *part)
{
	struct yaml_file *file = NULL;
	struct error err = { 0 };

	CHECK_FAILS(yaml_parse("a.yaml", text, 1, &file, &err), err, part);
	CHECK_INT(err.domain, ERROR_CONFIG);
	CHECK_INT(err.advice, ADVISE_REJECT);
	CHECK(file == NULL);
}

static void test_yaml__tree_remembers_kinds_texts_and_places(void **state)
{
	cleanup(yaml_freep) struct yaml_file *file = parse("# sample\n"
							   "name: office\n"
							   "\"列\": ['一', 二,   three]\n"
							   "map:\n"
							   "  深: |\n"
							   "    two\n"
							   "    lines\n");
	const struct yaml_node *list = yaml_get(file->root, "列");
	const struct yaml_node *map = yaml_get(file->root, "map");
	const struct yaml_node *deep = yaml_get(map, "深");

	(void)state;
	CHECK_TEXT(file->name, "a.yaml");
	CHECK_INT(file->root->kind, YAML_MAP);
	CHECK_INT(file->root->n, 3);
	CHECK_STR(file->root->pairs[0].key->scalar, "name");
	CHECK_STR(file->root->pairs[0].value->scalar, "office");
	CHECK_INT(file->root->pairs[0].value->line, 2);
	CHECK_INT(file->root->pairs[0].value->column, 7);
	CHECK(file->root->pairs[1].key->quoted);
	CHECK_INT(list->kind, YAML_LIST);
	CHECK_INT(list->n, 3);
	CHECK(list->items[0]->quoted);
	CHECK(!list->items[1]->quoted);
	CHECK_STR(list->items[1]->scalar, "二");
	CHECK_INT(list->items[1]->column, 12); /* characters, not bytes */
	CHECK_STR(list->items[2]->scalar, "three");
	CHECK_INT(map->kind, YAML_MAP);
	CHECK(deep->quoted);
	CHECK_STR(deep->scalar, "two\nlines\n");
	CHECK(yaml_get(file->root, "nam") == NULL);
	CHECK(yaml_get(list, "name") == NULL);
	CHECK(yaml_get(NULL, "name") == NULL);
}

static void test_yaml__empty_files_have_no_root(void **state)
{
	static const char *const texts[] = { "", "\n\n", "# only words\n", "   " };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup(yaml_freep) struct yaml_file *file = parse(texts[i]);

		CHECK(file->root == NULL);
	}
	{
		cleanup(yaml_freep) struct yaml_file *file = NULL;
		struct error err = { 0 };

		CHECK_OK(yaml_parse("a.yaml", (struct str){ NULL, 0 }, 1, &file, &err), err);
		CHECK(file->root == NULL);
	}
}

static void test_yaml__what_a_configuration_does_not_need_is_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "a: &x 1\n", "a.yaml:1:4: anchors and tags" },
		{ "a: &x [1]\n", "a.yaml:1:4: anchors and tags" },
		{ "a: &x {b: 1}\n", "a.yaml:1:4: anchors and tags" },
		{ "a: !!int 1\n", "a.yaml:1:4: anchors and tags" },
		{ "a: ! 1\n", "a.yaml:1:4: anchors and tags" },
		{ "- !!python/object:os.system [x]\n", "a.yaml:1:3: anchors and tags" },
		{ "&k a: 1\n", "a.yaml:1:1: anchors and tags" },
		{ "a: *x\n", "a.yaml:1:4: aliases" },
		{ "<<: {b: 1}\n", "a.yaml:1:1: merge keys" },
		{ "? [1, 2]\n: x\n", "a key must be a word" },
		{ "? {a: 1}\n: x\n", "a key must be a word" },
		{ "a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document" },
		{ "a: 1\nb: 2\na: 3\n", "a.yaml:3:1: \"a\" stands here a second time; the first is in line 1" },
		{ "x:\n  a: 1\n  'a': 2\n", "a.yaml:3:3: \"a\" stands here a second time; the first is in line 2" },
		{ "{a: 1, b: 1, a: 1}", "a.yaml:1:14: \"a\" stands here a second time" },
		{ "a: \"x\\0y\"\n", "a.yaml:1:4: a NUL in a text" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_refused(str_from(rows[i].text), rows[i].part);
	}
}

static void test_yaml__what_is_no_yaml_is_refused_with_its_place(void **state)
{
	static const struct {
		struct str text;
		const char *part;
	} rows[] = {
		{ STR("a: [1, 2\n"), "a.yaml:2:1: " },
		{ STR("a: 1\n b: 2\n"), "a.yaml:2:3: " },
		{ STR("a:\n\t- b\n"), "a.yaml:2:1: " },
		{ STR("a: 'x\n"), "a.yaml:2:1: " },
		{ STR("a: @x\n"), "a.yaml:1:4: " },
		{ STR("a: b: c\n"), "a.yaml:1:5: " },
		/* bytes that are no characters */
		{ STR("a: 1\nb: \xff\n"), "a.yaml:2:4: " },
		{ STR("a: \xe4\xb8\n"), "a.yaml:1:4: " },
		{ STR("中: \xc0\xaf\n"), "a.yaml:1:4: " },
		{ STR("a: \xed\xa0\x80\n"), "a.yaml:1:4: " },
		{ STR("a: 1\n中: b\x01\n"), "a.yaml:2:5: " },
		{ STR("a: \0\n"), "a.yaml:1:4: " },
		{ STR("\0"), "a.yaml:1:1: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_refused(rows[i].text, rows[i].part);
	}
}

static void test_yaml__control_characters_are_not_called_bad_utf8(void **state)
{
	(void)state;
	check_refused(STR("a: b\x1b[0m\n"), "a.yaml:1:5: control character");
	check_refused(STR("a: \xff\n"), "a.yaml:1:4: no valid UTF-8");
}

static void test_yaml__places_count_from_the_first_line_given(void **state)
{
	struct yaml_file *file = NULL;
	struct error err = { 0 };

	(void)state;
	CHECK_FAILS(yaml_parse("p.md", STR("a: 1\nb: *x\n"), 2, &file, &err), err, "p.md:3:4: aliases");
	CHECK_FAILS(yaml_parse("p.md", STR("a: 1\nb: \xff\n"), 2, &file, &err), err, "p.md:3:4: no valid UTF-8");
	CHECK_OK(yaml_parse("p.md", STR("a: 1\nb: 2\n"), 2, &file, &err), err);
	CHECK_INT(file->root->pairs[1].key->line, 3);
	yaml_file_free(file);
}

static void test_yaml__byte_order_mark_is_no_column(void **state)
{
	cleanup(yaml_freep) struct yaml_file *file = parse("\xef\xbb\xbf"
							   "a: 1\n");

	(void)state;
	CHECK_STR(file->root->pairs[0].key->scalar, "a");
	CHECK_INT(file->root->pairs[0].key->column, 1);
	CHECK_INT(file->root->pairs[0].value->column, 4);
}

static void test_yaml__nesting_is_capped_where_the_limit_says(void **state)
{
	struct yaml_file *file = NULL;
	struct error err = { 0 };
	char text[2 * (LIMIT_CONFIG_DEPTH + 2) + 1];

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		unsigned depth = LIMIT_CONFIG_DEPTH + 1 + more;

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		text[2 * (size_t)depth] = '\0';
		if (more) {
			check_refused(str_from(text), "nested too deeply");
		} else {
			CHECK_OK(yaml_parse("a.yaml", str_from(text), 1, &file, &err), err);
			yaml_file_free(file);
		}
	}
}

static void test_yaml__size_is_capped(void **state)
{
	size_t n = LIMIT_CONFIG_BYTES;
	char *text = xnew_array(char, n + 2);
	struct yaml_file *file = NULL;
	struct error err = { 0 };

	(void)state;
	memset(text, '#', n + 1);
	CHECK_OK(yaml_parse("a.yaml", (struct str){ text, n }, 1, &file, &err), err);
	yaml_file_free(file);
	check_refused((struct str){ text, n + 1 }, "a.yaml: longer than");
	memset(text, '[', n);
	check_refused((struct str){ text, n }, "nested too deeply");
	free(text);
}

/* As many keys as fit: comparing each with each would take minutes. */
static void test_yaml__a_map_of_a_hundred_thousand_keys_is_read(void **state)
{
	enum { KEYS = 200000 };
	cleanup(buf_finish) struct buf text;
	cleanup(yaml_freep) struct yaml_file *file = NULL;
	struct error err = { 0 };

	(void)state;
	buf_init(&text, LIMIT_CONFIG_BYTES);
	for (int i = 0; i < KEYS; i++) {
		CHECK(buf_printf(&text, "k%d: %d\n", i, i));
	}
	CHECK_OK(yaml_parse("a.yaml", buf_str(&text), 1, &file, &err), err);
	CHECK_INT(file->root->n, KEYS);
	CHECK_STR(file->root->pairs[KEYS - 1].key->scalar, "k199999");
	CHECK(buf_add_text(&text, "k7: again\n"));
	check_refused(buf_str(&text), "a.yaml:200001:1: \"k7\" stands here a second time; the first is in line 8");
}

static void test_yaml__errors_of_readers_name_the_place(void **state)
{
	cleanup(yaml_freep) struct yaml_file *file = parse("a: 1\nb: 二\n");
	struct error err = { 0 };

	(void)state;
	CHECK(!yaml_error(file, yaml_get(file->root, "b"), &err, "expected %s", "a number"));
	CHECK_TEXT(err.message, "a.yaml:2:4: expected a number");
	CHECK_INT(err.domain, ERROR_CONFIG);
	CHECK_INT(err.advice, ADVISE_REJECT);
	CHECK(!yaml_error(file, NULL, &err, "accounts: missing"));
	CHECK_TEXT(err.message, "a.yaml: accounts: missing");
	CHECK(!yaml_error(file, NULL, NULL, "nobody wants to know"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml__tree_remembers_kinds_texts_and_places),
		cmocka_unit_test(test_yaml__empty_files_have_no_root),
		cmocka_unit_test(test_yaml__what_a_configuration_does_not_need_is_refused),
		cmocka_unit_test(test_yaml__what_is_no_yaml_is_refused_with_its_place),
		cmocka_unit_test(test_yaml__control_characters_are_not_called_bad_utf8),
		cmocka_unit_test(test_yaml__places_count_from_the_first_line_given),
		cmocka_unit_test(test_yaml__byte_order_mark_is_no_column),
		cmocka_unit_test(test_yaml__nesting_is_capped_where_the_limit_says),
		cmocka_unit_test(test_yaml__size_is_capped),
		cmocka_unit_test(test_yaml__a_map_of_a_hundred_thousand_keys_is_read),
		cmocka_unit_test(test_yaml__errors_of_readers_name_the_place),
	};

	return check_run(tests);
}
