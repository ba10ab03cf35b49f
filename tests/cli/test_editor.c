#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cli/editor.h"
#include "core/buf.h"

static const char *dropped(const char *text)
{
	static char kept[1024];
	struct buf out;

	buf_init(&out, sizeof(kept) - 1);
	comments_drop(&out, str_from(text));
	snprintf(kept, sizeof(kept), "%s", out.p);
	buf_finish(&out);
	return kept;
}

static void test_comments__go_and_topics_stay(void **state)
{
	(void)state;
	CHECK_TEXT(dropped("\n \nhello\n\nworld\n\n# ours\n#\n#  ours too\n"), "hello\n\nworld");
	CHECK_TEXT(dropped("#今日提示# 注意防滑\r\n# ours\r\n"), "#今日提示# 注意防滑");
	CHECK_TEXT(dropped("# only\n#\n\n"), "");
	CHECK_TEXT(dropped(""), "");
	CHECK_TEXT(dropped("a # b\n"), "a # b");
}

static void test_comments__whatever_is_quoted_goes_again(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	buf_add_text(&out, "mine\n");
	comments_add(&out, STR("citizen\n\n# shouts\n#topic#\n"));
	CHECK_STR(buf_str(&out), "mine\n# citizen\n#\n# # shouts\n# #topic#\n#\n");
	CHECK_TEXT(dropped(out.p), "mine");
	buf_finish(&out);
}

static void test_draft__is_kept_private_and_comes_back(void **state)
{
	char dir[] = "/tmp/gazette-editor-XXXXXX";
	char *path = NULL;
	char *other = NULL;
	struct error err = { 0 };
	struct stat st;
	struct buf text;
	char command[128];

	(void)state;
	CHECK(mkdtemp(dir) != NULL && setenv("XDG_STATE_HOME", dir, 1) == 0);
	CHECK_OK(draft_path("reply-7", "txt", false, &path, &err), err);
	CHECK(strstr(path, "/gazette/drafts/reply-7.txt"));
	buf_init(&text, 4096);
	CHECK_OK(draft_read(path, &text, &err), err); /* there is none yet */
	CHECK_INT(text.n, 0);
	CHECK_OK(draft_write(path, STR("第一稿\n"), &err), err);
	CHECK_OK(draft_write(path, STR("第二稿\n"), &err), err);
	CHECK_OK(draft_read(path, &text, &err), err);
	CHECK_STR(buf_str(&text), "第二稿\n");
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	/* The editor gets it, arguments of the editor and blanks in the path and all. */
	snprintf(command, sizeof(command), "sh -c 'echo typed >>\"$1\"' sh");
	CHECK(setenv("GAZETTE_EDITOR", command, 1) == 0);
	CHECK_OK(editor_run(path, false, &err), err);
	buf_clear(&text);
	CHECK_OK(draft_read(path, &text, &err), err);
	CHECK_STR(buf_str(&text), "第二稿\ntyped\n");
	CHECK(setenv("GAZETTE_EDITOR", "false", 1) == 0);
	CHECK_FAILS(editor_run(path, false, &err), err, "ended with an error");
	CHECK(setenv("GAZETTE_EDITOR", "/nonexistent/editor", 1) == 0);
	CHECK_FAILS(editor_run(path, false, &err), err, "cannot be started");
	CHECK(unsetenv("GAZETTE_EDITOR") == 0);
	CHECK_FAILS(editor_run(path, false, &err), err, "no terminal");
	CHECK(access(path, F_OK) == 0); /* and it is still there */
	CHECK_OK(draft_path("post", "md", true, &other, &err), err);
	CHECK(access(other, F_OK) == 0);
	draft_drop(path);
	draft_drop(other);
	CHECK(access(path, F_OK) != 0);
	free(path);
	free(other);
	buf_finish(&text);
	snprintf(command, sizeof(command), "%s/gazette/drafts", dir);
	CHECK(rmdir(command) == 0);
	snprintf(command, sizeof(command), "%s/gazette", dir);
	CHECK(rmdir(command) == 0);
	CHECK(rmdir(dir) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comments__go_and_topics_stay),
		cmocka_unit_test(test_comments__whatever_is_quoted_goes_again),
		cmocka_unit_test(test_draft__is_kept_private_and_comes_back),
	};

	return check_run(tests);
}
