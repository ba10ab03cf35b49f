/* Secrets are references; what is readable by others, missing or no secret at all is refused, and never told. */
#include "rig.h"

static const char *with_key(const char *platform, const char *reference)
{
	static char text[1024];

	(void)snprintf(
		text, sizeof(text), "accounts:\n  daily: {platform: %s, title: t, key: \"%s\"}\n", platform, reference);
	return text;
}

static void check_secret(const struct folder *folder, const char *reference, const char *want)
{
	cleanup(config_unrefp) struct config *config = NULL;
	const struct paper *paper;
	struct error err = { 0 };

	CHECK_OK(config_parse("a.yaml", folder->path, str_from(with_key("paper", reference)), papers, ARRAY_LEN(papers),
			 &config, &err),
		err);
	paper = config->accounts[0].settings;
	CHECK_STR(secret_lend(&paper->key), want);
}

static void check_refused(const struct folder *folder, const char *reference, const char *part)
{
	struct config *config = NULL;
	struct error err = { 0 };

	CHECK_FAILS(config_parse("a.yaml", folder->path, str_from(with_key("paper", reference)), papers,
			    ARRAY_LEN(papers), &config, &err),
		err, part);
	CHECK(strncmp(err.message, "a.yaml:2:43: key: ", 18) == 0);
	CHECK(!strstr(err.message, "hush"));
}

static void test_secret__comes_from_a_file_of_its_own(void **state)
{
	struct folder folder;
	cleanup(free_charp) char *path = NULL;
	char absolute[300];

	(void)state;
	folder_init(&folder);
	folder_write(&folder, "key", 0600, "hush-1\n");
	folder_write(&folder, "bare", 0400, "hush-2");
	check_secret(&folder, "file:key", "hush-1");
	check_secret(&folder, "file:bare", "hush-2");
	path = folder_file(&folder, "key");
	(void)snprintf(absolute, sizeof(absolute), "file:%s", path);
	check_secret(&folder, absolute, "hush-1");
	folder_remove(&folder, "key");
	folder_remove(&folder, "bare");
	folder_finish(&folder);
}

static void test_secret__is_refused_when_others_may_read_its_file(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0644, 0610, 0601, 0602 };
	struct folder folder;

	(void)state;
	folder_init(&folder);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		char says[64];

		folder_write(&folder, "key", modes[i], "hush-1\n");
		(void)snprintf(says, sizeof(says), "(mode %03o); make it 0600", (unsigned)modes[i]);
		check_refused(&folder, "file:key", says);
		folder_remove(&folder, "key");
	}
	folder_finish(&folder);
}

static void test_secret__is_one_word(void **state)
{
	struct folder folder;
	char big[LIMIT_SECRET_BYTES + 100];

	(void)state;
	folder_init(&folder);
	folder_write(&folder, "empty", 0600, "\n");
	folder_write(&folder, "two", 0600, "hush one\n");
	folder_write(&folder, "lines", 0600, "hush\nhush\n");
	folder_write(&folder, "text", 0600, "密码\n");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	folder_write(&folder, "big", 0600, big);
	check_refused(&folder, "file:empty", "empty holds no secret");
	check_refused(&folder, "file:two", "two holds no secret");
	check_refused(&folder, "file:lines", "lines holds no secret");
	check_refused(&folder, "file:text", "text holds no secret");
	check_refused(&folder, "file:big", "big holds no secret");
	check_refused(&folder, "file:missing", "No such file");
	check_refused(&folder, "file:.", "is no file");
	check_refused(&folder, "file:", "expected a path");
	folder_remove(&folder, "empty");
	folder_remove(&folder, "two");
	folder_remove(&folder, "lines");
	folder_remove(&folder, "text");
	folder_remove(&folder, "big");
	folder_finish(&folder);
}

static void test_secret__comes_from_the_service_manager(void **state)
{
	struct folder folder;

	(void)state;
	folder_init(&folder);
	CHECK_INT(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	check_refused(&folder, "credential:weibo", "$CREDENTIALS_DIRECTORY is not set");
	CHECK_INT(setenv("CREDENTIALS_DIRECTORY", folder.path, 1), 0);
	check_refused(&folder, "credential:weibo", "No such file");
	/* By an access list that shows as group bits the service manager lets the daemon in. */
	folder_write(&folder, "weibo", 0440, "hush-3\n");
	check_secret(&folder, "credential:weibo", "hush-3");
	folder_remove(&folder, "weibo");
	folder_write(&folder, "weibo", 0404, "hush-3\n");
	check_refused(&folder, "credential:weibo", "others than its owner");
	check_refused(&folder, "credential:../weibo", "expected the name of a credential");
	check_refused(&folder, "credential:a/b", "expected the name of a credential");
	check_refused(&folder, "credential:", "expected the name of a credential");
	folder_remove(&folder, "weibo");
	CHECK_INT(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	folder_finish(&folder);
}

static void test_secret__comes_from_the_environment(void **state)
{
	struct folder folder;

	(void)state;
	folder_init(&folder);
	CHECK_INT(setenv("GAZETTE_TEST_KEY", "hush-4", 1), 0);
	check_secret(&folder, "env:GAZETTE_TEST_KEY", "hush-4");
	CHECK_INT(setenv("GAZETTE_TEST_KEY", "", 1), 0);
	check_refused(&folder, "env:GAZETTE_TEST_KEY", "GAZETTE_TEST_KEY holds no secret");
	CHECK_INT(unsetenv("GAZETTE_TEST_KEY"), 0);
	check_refused(&folder, "env:GAZETTE_TEST_KEY", "the environment has no GAZETTE_TEST_KEY");
	check_refused(&folder, "env:A=B", "expected the name of a variable");
	folder_finish(&folder);
}

static void test_secret__stands_in_the_file_only_for_this_machine(void **state)
{
	static const struct mistake mistakes[] = {
		{ "accounts:\n  a: {platform: paper, title: t, key: hush}",
			"a.yaml:2:39: key: expected file:PATH, credential:NAME or env:NAME; a secret in this file is "
			"for "
			"platforms on this machine only" },
		{ "platforms: {radio: {base_url: \"https://radio.example\"}}\n"
		  "accounts:\n  a: {platform: radio, title: t, key: hush}",
			"a.yaml:3:39: key: expected file:PATH, credential:NAME or env:NAME; a secret in this file is "
			"for "
			"platforms on this machine only" },
		{ "accounts:\n  a: {platform: radio, title: t, key: hush hush}",
			"a.yaml:2:39: key: the value holds no secret: one word of at most 4096 characters was "
			"expected" },
		{ "accounts:\n  a: {platform: radio, title: t, key: }",
			"a.yaml:2:39: key: expected file:PATH, credential:NAME or env:NAME (no blank behind the "
			"colon)" },
		{ "accounts:\n  a:\n    platform: radio\n    title: t\n    key:\n      file: x",
			"a.yaml:6:7: key: expected file:PATH, credential:NAME or env:NAME (no blank behind the "
			"colon)" },
	};
	cleanup(config_unrefp) struct config *config = NULL;
	const struct paper *paper;

	(void)state;
	config = must_parse(with_key("radio", "hush-5"));
	CHECK(config->accounts[0].loopback);
	paper = config->accounts[0].settings;
	CHECK_STR(secret_lend(&paper->key), "hush-5");
	check_mistakes(mistakes, ARRAY_LEN(mistakes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret__comes_from_a_file_of_its_own),
		cmocka_unit_test(test_secret__is_refused_when_others_may_read_its_file),
		cmocka_unit_test(test_secret__is_one_word),
		cmocka_unit_test(test_secret__comes_from_the_service_manager),
		cmocka_unit_test(test_secret__comes_from_the_environment),
		cmocka_unit_test(test_secret__stands_in_the_file_only_for_this_machine),
	};

	return check_run(tests);
}
