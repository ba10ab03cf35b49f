#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cli/post_file.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "core/buf.h"
#include "core/limits.h"

/* Read and build; the post as JSON, or what was wrong. */
static const char *built(const char *text, const char *dir, struct error *err)
{
	static char json[4096];
	struct post_file file = { 0 };
	struct buf out;

	*err = (struct error){ 0 };
	json[0] = '\0';
	if (post_file_markdown("notice.md", str_from(text), &file, err) && post_file_build(&file, dir, false, err)) {
		buf_init(&out, sizeof(json) - 1);
		json_print(&out, file.post);
		snprintf(json, sizeof(json), "%s", out.p);
		buf_finish(&out);
	}
	post_file_finish(&file);
	return json;
}

static void test_post_file__front_matter_and_body_become_a_post(void **state)
{
	struct error err;

	(void)state;
	CHECK_TEXT(built("---\n"
			 "title: Road works\n"
			 "accounts: [weibo-main, weibo-east]\n"
			 "at: 2026-10-01 08:00\n"
			 "class: service\n"
			 "key: 42\n"
			 "until:\n"
			 "per_account:\n"
			 "  weibo-east: \"its own\"\n"
			 "---\n"
			 "\n"
			 "**Road** works, see [the map](https://www.city.gov.example/map)\n",
			   ".", &err),
		"{\"title\":\"Road works\",\"accounts\":[\"weibo-main\",\"weibo-east\"],\"at\":\"2026-10-01 08:00\","
		"\"class\":\"service\",\"key\":\"42\",\"per_account\":{\"weibo-east\":\"its own\"},"
		"\"text\":\"Road works, see the map https://www.city.gov.example/map\","
		"\"markdown\":\"**Road** works, see [the map](https://www.city.gov.example/map)\"}");
	CHECK_TEXT(err.message, "");
	CHECK_TEXT(built("\xef\xbb\xbf---\r\naccounts: a; b,c\r\n---\r\ntext\r\n", ".", &err),
		"{\"accounts\":[\"a\",\"b\",\"c\"],\"text\":\"text\"}");
	CHECK_TEXT(built("no front matter at all\n", ".", &err), "{\"text\":\"no front matter at all\"}");
}

static void test_post_file__every_mistake_has_its_place(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "---\nacounts: [a]\n---\nx\n",
			"notice.md:2:1: \"acounts\" is nothing a post has; did you mean \"accounts\"?" },
		{ "---\nat: now\naccounts:\n  weibo: x\n---\nx\n", "notice.md:4:3: accounts: must be a list of names" },
		{ "---\naccounts: [a, [b]]\n---\nx\n", "notice.md:2:11: accounts: must be a list of names" },
		{ "---\naccounts: [a]\nat: [now]\n---\nx\n", "notice.md:3:5: at: must be a text" },
		{ "---\naccounts: [a]\n---\n\n  \n", "notice.md: text: the post is empty" },
		{ "---\naccounts: [a]\ntext: hm\n---\nx\n",
			"notice.md:3:7: text: the text stands below the front matter" },
		{ "---\naccounts: [a]\nresult: created\n---\nx\n", "notice.md:3:1: \"result\" is nothing a post has" },
		{ "---\nmedia: {file: a}\n---\nx\n", "notice.md:2:8: media: must be a list, each with file and alt" },
		{ "---\nmedia:\n- alt: b\n---\nx\n", "notice.md:3:1: media: must be a list, each with file and alt" },
		{ "---\nper_account: [a]\n---\nx\n",
			"notice.md:2:14: per_account: must be lines of \"account: text\"" },
		{ "---\n- a\n---\nx\n", "notice.md:2:1: front matter must be lines of \"key: value\"" },
		{ "---\naccounts: [a\n---\nx\n", "notice.md:" },
		{ "---\nat: now\nx\n", "notice.md:1:1: front matter begins with --- and has no closing ---" },
		{ "---\nat: now\nat: now\n---\nx\n", "notice.md:3:1: \"at\" stands here a second time" },
		{ "---\n---\nx\xff\n", "notice.md:3:2: no valid UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err;

		CHECK_TEXT(built(cases[i].text, ".", &err), "");
		if (strncmp(err.message, cases[i].want, strlen(cases[i].want)) != 0) {
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].text, err.message, cases[i].want);
		}
		CHECK_INT(err.domain, ERROR_INPUT);
	}
}

static void write_file(const char *dir, const char *name, struct str bytes)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "wb");
	CHECK(file && fwrite(bytes.p, 1, bytes.n, file) == bytes.n && fclose(file) == 0);
}

static void test_post_file__pictures_are_read_beside_the_file(void **state)
{
	char dir[] = "/tmp/gazette-post-file-XXXXXX";
	char path[64];
	struct error err;

	(void)state;
	CHECK(mkdtemp(dir) != NULL);
	write_file(dir, "dot.png", STR("\x89PNG"));
	CHECK_TEXT(built("---\nmedia:\n- file: dot.png\n  alt: a dot\n- dot.png\n---\nx\n", dir, &err),
		"{\"media\":[{\"name\":\"dot.png\",\"alt\":\"a dot\",\"data\":\"iVBORw==\"},"
		"{\"name\":\"dot.png\",\"data\":\"iVBORw==\"}],\"text\":\"x\"}");
	CHECK_TEXT(built("---\nmedia: 'dot.png|a dot; dot.png'\n---\nx\n", dir, &err),
		"{\"media\":[{\"name\":\"dot.png\",\"alt\":\"a dot\",\"data\":\"iVBORw==\"},"
		"{\"name\":\"dot.png\",\"data\":\"iVBORw==\"}],\"text\":\"x\"}");
	CHECK_TEXT(built("---\nmedia: [missing.png]\n---\nx\n", dir, &err), "");
	CHECK(strstr(err.message, "notice.md:2:8: media: ") && strstr(err.message, "missing.png: No such file"));
	CHECK_INT(err.domain, ERROR_OS);
	CHECK_INT(err.advice, ADVISE_REJECT);
	CHECK_TEXT(built("---\nmedia: [.]\n---\nx\n", dir, &err), "");
	CHECK(strstr(err.message, "no regular file"));
	snprintf(path, sizeof(path), "%s/dot.png", dir);
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
}

static void test_post_file__a_finding_in_the_plain_text_has_its_place_in_the_markdown(void **state)
{
	static const char text[] = "---\n"
				   "accounts: [a, b]\n"
				   "per_account:\n"
				   "  b: other\n"
				   "---\n"
				   "\n"
				   "# 通知\n"
				   "\n"
				   "**重要** 的 [地图](https://www.city.gov.example/map) 见下\n"
				   "\n"
				   "* 第一\n"
				   "* 第二点\n";
	struct post_file file = { 0 };
	struct error err = { 0 };
	int line, column;

	(void)state;
	CHECK_OK(post_file_markdown("notice.md", str_from(text), &file, &err), err);
	CHECK_OK(post_file_build(&file, ".", false, &err), err);
	CHECK_STR(json_str(file.post, "text"),
		"通知\n重要 的 地图 https://www.city.gov.example/map 见下\n- 第一\n- 第二点");
	/* {account, line, column of the plain text} -> {line, column of the file} */
	static const struct {
		const char *account;
		int line, column, want_line, want_column;
	} cases[] = {
		{ "", 1, 1, 7, 3 },                       /* behind "# " */
		{ "a", 2, 1, 9, 3 },                      /* behind ** */
		{ "a", 2, 4, 9, 8 },                      /* 的 */
		{ "a", 2, 6, 9, 11 },                     /* 地 behind [ */
		{ "", 2, 43, 9, 50 },                     /* 见 behind the address */
		{ "", 4, 3, 12, 3 },                      /* 第 of the second item */
		{ "", 4, 5, 12, 5 }, { "b", 1, 3, 4, 3 }, /* a text of its own: where it stands */
		{ "", 0, 0, 0, 0 },                       /* the post as a whole */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		post_file_locate(&file, cases[i].account, cases[i].line, cases[i].column, &line, &column);
		if (line != cases[i].want_line || column != cases[i].want_column) {
			fail_msg("%d:%d is at %d:%d, want %d:%d", cases[i].line, cases[i].column, line, column,
				cases[i].want_line, cases[i].want_column);
		}
	}
	post_file_finish(&file);
}

static void test_post_file__what_the_daemon_refuses_gets_its_place(void **state)
{
	struct post_file file = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_OK(post_file_markdown("n.md", STR("---\naccounts: [a]\nat: 2026-02-30 08:00\n---\nx\n"), &file, &err),
		err);
	CHECK_OK(post_file_build(&file, ".", false, &err), err);
	error_set(&err, ERROR_MISSING, ADVISE_REJECT, 0, "at: no such day");
	CHECK(!post_file_error(&file, &err));
	CHECK_TEXT(err.message, "n.md:3:5: at: no such day");
	CHECK_INT(err.domain, ERROR_MISSING);
	error_set(&err, ERROR_STATE, ADVISE_REJECT, 0, "the key \"k: 1\" is taken");
	CHECK(!post_file_error(&file, &err));
	CHECK_TEXT(err.message, "n.md: the key \"k: 1\" is taken");
	/* An option overrules the file, and the file is no longer to blame. */
	post_file_set(&file, "at", cJSON_CreateString("+1h"));
	CHECK_OK(post_file_build(&file, ".", false, &err), err);
	CHECK_TEXT(json_text(file.post, "at", ""), "+1h");
	error_set(&err, ERROR_INPUT, ADVISE_REJECT, 0, "at: no such day");
	CHECK(!post_file_error(&file, &err));
	CHECK_TEXT(err.message, "n.md: at: no such day");
	post_file_finish(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_post_file__front_matter_and_body_become_a_post),
		cmocka_unit_test(test_post_file__every_mistake_has_its_place),
		cmocka_unit_test(test_post_file__pictures_are_read_beside_the_file),
		cmocka_unit_test(test_post_file__a_finding_in_the_plain_text_has_its_place_in_the_markdown),
		cmocka_unit_test(test_post_file__what_the_daemon_refuses_gets_its_place),
	};

	return check_run(tests);
}
