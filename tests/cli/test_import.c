#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cli/import.h"
#include "codec/json.h"
#include "core/buf.h"

/* One line per row: "1 {post}" or "1 ! what"; a file that cannot be read at all: "!! what". */
static const char *rows_of(enum import_format format, const char *name, struct str bytes)
{
	static char text[8192];
	struct import import = { 0 };
	struct error err = { 0 };
	struct buf out;

	buf_init(&out, sizeof(text) - 1);
	if (!import_parse(&import, format, name, ".", bytes, &err)) {
		buf_printf(&out, "!! %s\n", err.message);
		check_int(err.domain, ERROR_INPUT, "domain", __FILE__, __LINE__);
	}
	for (size_t i = 0; i < import.n && !err.advice; i++) {
		const struct import_row *row = &import.rows[i];

		buf_printf(&out, "%d ", row->number);
		if (row->err.advice) {
			buf_printf(&out, "! %s", row->err.message);
		} else if (post_file_is_done(&row->file)) {
			buf_add_text(&out, "done");
		} else {
			json_print(&out, row->file.post);
		}
		buf_add_char(&out, '\n');
	}
	snprintf(text, sizeof(text), "%s", out.p);
	buf_finish(&out);
	import_finish(&import);
	return text;
}

static void test_import__csv_as_offices_make_it(void **state)
{
	(void)state;
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "tips.csv",
			   STR("\xef\xbb\xbf"
			       "accounts,at,text,key\r\n"
			       "weibo-main,now,\"one, two\",k-1\r\n"
			       "\r\n"
			       "weibo-main;weibo-east,'+1s,\"a \"\"b\"\"\nc\",\r\n")),
		"1 {\"accounts\":[\"weibo-main\"],\"at\":\"now\",\"text\":\"one, two\",\"key\":\"k-1\"}\n"
		"2 {\"accounts\":[\"weibo-main\",\"weibo-east\"],\"at\":\"+1s\",\"text\":\"a \\\"b\\\"\\nc\"}\n");
	/* Semicolons, and GB18030: the bytes of 国 and 标. */
	CHECK_TEXT(rows_of(IMPORT_CSV, "gb.txt", STR("accounts;text\nweibo-east;\xb9\xfa\xb1\xea\n")),
		"1 {\"accounts\":[\"weibo-east\"],\"text\":\"国标\"}\n");
}

static void test_import__malformed_csv_names_the_line(void **state)
{
	static const struct {
		struct str text;
		const char *want;
	} cases[] = {
		{ STR(""), "!! bad.csv:1: empty; the first line names the columns\n" },
		{ STR("accounts,text\na,\"open\n"), "!! bad.csv:2: a quote is opened and never closed\n" },
		{ STR("accounts,text\na,b,c\n"), "!! bad.csv:2: more than the 2 fields the header names\n" },
		{ STR("accounts,text\na,b\"c\n"), "!! bad.csv:2: a quote inside a field that is not quoted\n" },
		{ STR("accounts,text\na,b\0c\n"), "!! bad.csv:2: a NUL: this is no text file\n" },
		{ STR("text,accounts,text\na,b,c\n"), "!! bad.csv:1: two columns are called \"text\"\n" },
		{ STR("accounts,text\na,x\n\xff\xff,x\n"), "!! bad.csv:3: neither UTF-8 nor GB18030\n" },
		{ STR("accounts,txt\na,x\n"),
			"1 ! bad.csv:2: \"txt\" is nothing a post has; did you mean \"text\"?\n" },
		{ STR("accounts,text\na,\nb,x\n"), "1 ! bad.csv:2: text: the post is empty\n"
						   "2 {\"accounts\":[\"b\"],\"text\":\"x\"}\n" },
		{ STR("accounts,text,per_account\na,x,{\n"), "1 ! bad.csv:2: per_account: no valid JSON at byte 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_TEXT(rows_of(IMPORT_BY_NAME, "bad.csv", cases[i].text), cases[i].want);
	}
}

static void test_import__lines_of_json_each_stand_for_themselves(void **state)
{
	(void)state;
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "rows.jsonl",
			   STR("{\"accounts\":[\"a\"],\"text\":\"x\",\"key\":12345678901234567890}\n"
			       "\n"
			       "{\"accounts\":[\n"
			       "[1]\n"
			       "{\"accounts\":\"a b\",\"text\":\"y\",\"media\":null}")),
		"1 {\"accounts\":[\"a\"],\"text\":\"x\",\"key\":\"12345678901234567890\"}\n"
		"2 ! rows.jsonl:3: no valid JSON at byte 13\n"
		"3 ! rows.jsonl:4: each line must be one JSON object\n"
		"4 {\"accounts\":[\"a\",\"b\"],\"text\":\"y\"}\n");
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "rows.jsonl", STR("")), "");
}

static void test_import__yaml_rows_know_their_column(void **state)
{
	(void)state;
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "rows.yaml",
			   STR("- accounts: [a]\n"
			       "  text: |\n"
			       "    one\n"
			       "    two\n"
			       "- accounts: [a]\n"
			       "  text: x\n"
			       "  late: [1]\n"
			       "- word\n")),
		"1 {\"accounts\":[\"a\"],\"text\":\"one\\ntwo\\n\"}\n"
		"2 ! rows.yaml:7:9: late: must be a text\n"
		"3 ! rows.yaml:8: each post must be lines of \"key: value\"\n");
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "rows.yaml", STR("accounts: [a]\n")),
		"!! rows.yaml:1:1: must be a list of posts\n");
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "rows.yaml", STR("- &a x\n")),
		"!! rows.yaml:1:3: anchors and tags are not accepted\n");
}

static void test_import__standard_input_is_recognised_by_its_beginning(void **state)
{
	(void)state;
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "<stdin>", STR("\n{\"accounts\":\"a\",\"text\":\"x\"}\n")),
		"1 {\"accounts\":[\"a\"],\"text\":\"x\"}\n");
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "<stdin>", STR("---\naccounts: a\n---\nx\n")),
		"1 {\"accounts\":[\"a\"],\"text\":\"x\"}\n");
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "<stdin>", STR("- accounts: a\n  text: x\n")),
		"1 {\"accounts\":[\"a\"],\"text\":\"x\"}\n");
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "<stdin>", STR("accounts,text\na,x\n")),
		"1 {\"accounts\":[\"a\"],\"text\":\"x\"}\n");
	CHECK_TEXT(rows_of(IMPORT_MARKDOWN, "<stdin>", STR("- accounts\n")), "1 {\"text\":\"- accounts\"}\n");
}

static void test_import__a_row_that_was_taken_is_passed_over(void **state)
{
	(void)state;
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "again.jsonl",
			   STR("{\"row\":1,\"result\":\"created\",\"id\":7,\"accounts\":\"a\",\"text\":\"x\"}\n"
			       "{\"row\":2,\"result\":\"error\",\"reason\":\"hm\",\"file\":\"f\",\"line\":2,"
			       "\"accounts\":\"a\",\"text\":\"y\"}\n"
			       "{\"result\":\"created\",\"accounts\":\"a\",\"text\":\"no id: not believed\"}\n")),
		"1 done\n"
		"2 {\"accounts\":[\"a\"],\"text\":\"y\"}\n"
		"3 {\"accounts\":[\"a\"],\"text\":\"no id: not believed\"}\n");
	CHECK_TEXT(rows_of(IMPORT_BY_NAME, "again.csv",
			   STR("row,key,result,id,reason,accounts,text\n"
			       "1,,unchanged,3,,a,x\n"
			       "2,,error,,hm,a,'=1+1\n")),
		"1 done\n"
		"2 {\"accounts\":[\"a\"],\"text\":\"=1+1\"}\n");
}

static void test_import__what_comes_back_can_be_handed_in_from_anywhere(void **state)
{
	static const char text[] =
		"---\naccounts: [a]\nmedia:\n- file: dot.png\n  alt: a dot\n- /abs.png\n---\n**x**\n";
	struct post_file file = { 0 };
	struct error err = { 0 };
	cJSON *again;
	struct buf out;

	(void)state;
	CHECK_OK(post_file_markdown("in/n.md", str_from(text), &file, &err), err);
	CHECK(!post_file_build(&file, "in", false, &err)); /* no such picture */
	again = post_file_again(&file);
	buf_init(&out, 4096);
	json_print(&out, again);
	CHECK_STR(buf_str(&out), "{\"accounts\":[\"a\"],\"media\":[{\"file\":\"in/dot.png\",\"alt\":\"a dot\"},"
				 "{\"file\":\"/abs.png\"}]}");
	buf_finish(&out);
	cJSON_Delete(again);
	post_file_finish(&file);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "wb");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void test_import__a_folder_is_its_markdown_files_by_name(void **state)
{
	static const char *const names[] = { "10.md", "2.md", ".hidden.md", "notes.txt", "bad.md" };
	char dir[] = "/tmp/gazette-import-XXXXXX";
	struct import import = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK(mkdtemp(dir) != NULL);
	for (size_t i = 0; i < 4; i++) {
		write_file(dir, names[i], "---\naccounts: a\n---\nx\n");
	}
	write_file(dir, "bad.md", "---\naccounts: [a\n---\nx\n");
	CHECK_OK(import_read(&import, IMPORT_BY_NAME, dir, &err), err);
	CHECK_INT(import.n, 3);
	CHECK(strstr(import.rows[0].file.name, "/10.md"));
	CHECK(strstr(import.rows[1].file.name, "/2.md"));
	CHECK(import.rows[0].file.post && import.rows[1].file.post);
	CHECK(import_first_error(&import) == &import.rows[2]);
	CHECK(strstr(import.rows[2].err.message, "bad.md:"));
	CHECK_INT(import.rows[2].number, 3);
	import_finish(&import);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		CHECK(unlink(path) == 0);
	}
	CHECK(rmdir(dir) == 0);
	CHECK_FAILS(import_read(&import, IMPORT_BY_NAME, "/nonexistent/x.csv", &err), err, "No such file");
	CHECK_INT(err.domain, ERROR_OS);
	CHECK_INT(err.advice, ADVISE_REJECT);
	import_finish(&import);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_import__csv_as_offices_make_it),
		cmocka_unit_test(test_import__malformed_csv_names_the_line),
		cmocka_unit_test(test_import__lines_of_json_each_stand_for_themselves),
		cmocka_unit_test(test_import__yaml_rows_know_their_column),
		cmocka_unit_test(test_import__standard_input_is_recognised_by_its_beginning),
		cmocka_unit_test(test_import__a_row_that_was_taken_is_passed_over),
		cmocka_unit_test(test_import__what_comes_back_can_be_handed_in_from_anywhere),
		cmocka_unit_test(test_import__a_folder_is_its_markdown_files_by_name),
	};

	return check_run(tests);
}
