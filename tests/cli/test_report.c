#include "rig.h"

#include <errno.h>

#include "codec/json.h"
#include "core/mem.h"

static const struct column columns[] = { { "id", "ID", COLUMN_TEXT, 0, false }, { 0 } };
static const char *const fields[] = { "id", NULL };
static const struct shape shape = { "id", columns, fields };
static const struct verb verbs[] = {
	{ "list", "", "", NULL, NULL, NULL, NULL, 0, 0, &shape, true, NULL },
	{ 0 },
};
static const struct command command_thing = { "thing", "", verbs, NULL, NULL };

static struct rig rig;

static void start(struct cli *cli, const char *option)
{
	struct error err = { 0 };

	rig_cli(cli, &command_thing, 0, INT64_C(1790812800000));
	for (const struct option *it = options_global; option && it->name; it++) {
		if (strcmp(it->name, option) == 0) {
			array_grow(cli->options, cli->n_options, cli->cap_options);
			cli->options[cli->n_options++] = (struct option_value){ it, NULL };
		}
	}
	CHECK_OK(output_start(cli, &err), err);
}

static void test_report__exit_codes_follow_from_domain_and_advice(void **state)
{
	static const struct {
		enum error_domain domain;
		enum error_advice advice;
		int code;
		enum exit_code exit;
		const char *part; /* of what is said */
	} cases[] = {
		{ ERROR_OS, ADVISE_REJECT, ENOENT, EXIT_CODE_FAILED, "gazette: what\n" },
		{ ERROR_PLATFORM, ADVISE_REJECT, 20021, EXIT_CODE_FAILED, "gazette: what\n" },
		{ ERROR_INPUT, ADVISE_REJECT, 0, EXIT_CODE_USAGE, "gazette: what\n" },
		{ ERROR_MISSING, ADVISE_REJECT, 0, EXIT_CODE_MISSING, "gazette: what\n" },
		{ ERROR_ACCESS, ADVISE_REJECT, 0, EXIT_CODE_ACCESS, "gazette: what\n" },
		{ ERROR_PLATFORM, ADVISE_REAUTH, 21332, EXIT_CODE_ACCESS, "gazette account login NAME" },
		{ ERROR_STATE, ADVISE_REJECT, 0, EXIT_CODE_CONFLICT, "gazette: what\n" },
		{ ERROR_INPUT, ADVISE_REJECT, EXIT_CODE_BLOCKED, EXIT_CODE_BLOCKED, "gazette: what\n" },
		{ ERROR_OS, ADVISE_VERIFY, ECONNRESET, EXIT_CODE_UNKNOWN, "look before you repeat it" },
		{ ERROR_PLATFORM, ADVISE_WAIT, 10023, EXIT_CODE_QUOTA, "not before 08:10" },
		{ ERROR_STORE, ADVISE_RETRY, 13, EXIT_CODE_AGAIN, "try again later" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cli cli;
		struct error err = { 0 };

		(void)error_set(&err, cases[i].domain, cases[i].advice, cases[i].code, "what");
		err.retry_ms = cases[i].advice == ADVISE_WAIT ? 10 * MINUTE_MS : 0;
		start(&cli, NULL);
		rig_begin(&rig);
		cli.exit = report(&cli, &err, NULL);
		rig_end(&rig);
		CHECK_INT(cli.exit, cases[i].exit);
		CHECK_TEXT(rig.out, "");
		CHECK(strstr(rig.err, cases[i].part));
		rig_cli_finish(&cli);
	}
}

static void test_report__under_json_it_is_one_object(void **state)
{
	cleanup(json_freep) cJSON *object = NULL;
	struct error err = { 0 }, parse_err = { 0 };
	struct cli cli;

	(void)state;
	(void)error_set(&err, ERROR_PLATFORM, ADVISE_WAIT, 10023, "too often \xe2\x80\xae");
	err.retry_ms = 60000;
	start(&cli, "json");
	CHECK_OK(json_parse(STR("{\"findings\":[{\"rule\":\"weibo.length\"}],\"domain\":\"x\"}"), &cli.error_data,
			 &parse_err),
		parse_err);
	cli.draft = "/tmp/draft";
	rig_begin(&rig);
	(void)report(&cli, &err, "12/weibo-main");
	rig_end(&rig);
	cli.draft = NULL;
	rig_cli_finish(&cli);
	CHECK_OK(json_parse(str_from(rig.err), &object, &parse_err), parse_err);
	CHECK_INT(json_i64(object, "code", 0), 10023);
	CHECK_TEXT(json_text(object, "class", ""), "platform");
	CHECK_TEXT(json_text(object, "advice", ""), "wait");
	CHECK(json_bool(object, "retryable", false));
	CHECK_INT(json_i64(object, "retry_ms", 0), 60000);
	CHECK_INT(json_i64(object, "exit", 0), EXIT_CODE_QUOTA);
	CHECK_TEXT(json_get(object, "ids")->child->valuestring, "12/weibo-main");
	CHECK_TEXT(json_text(json_get(object, "findings")->child, "rule", ""), "weibo.length");
	CHECK_TEXT(json_text(object, "draft", ""), "/tmp/draft");
	CHECK(!strstr(rig.err, "\xe2\x80\xae"));
	CHECK_INT(strchr(rig.err, '\n') - rig.err + 1, strlen(rig.err));
}

static void test_report__what_was_printed_before_comes_before(void **state)
{
	struct error err = { 0 };
	struct cli cli;
	int saved;

	(void)state;
	(void)error_set(&err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no ticket 9");
	start(&cli, NULL);
	rig_begin(&rig);
	saved = dup(STDERR_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	out_text(&cli, "first\n");
	(void)report(&cli, &err, "9");
	dup2(saved, STDERR_FILENO);
	close(saved);
	rig_end(&rig);
	rig_cli_finish(&cli);
	CHECK_TEXT(rig.out, "first\ngazette: 9: there is no ticket 9\n");
}

static void test_report__the_draft_is_named(void **state)
{
	struct error err = { 0 };
	struct cli cli;

	(void)state;
	(void)error_set(&err, ERROR_STATE, ADVISE_REJECT, 0, "the citizen wrote again");
	start(&cli, NULL);
	cli.draft = "/home/x/reply-345.txt";
	rig_begin(&rig);
	(void)report(&cli, &err, NULL);
	rig_end(&rig);
	rig_cli_finish(&cli);
	CHECK_TEXT(rig.err, "gazette: the citizen wrote again\ngazette: your text is kept in /home/x/reply-345.txt\n");
}

/* ---- several ---- */

/* The first letter of a word says what becomes of it. */
static bool each(struct cli *cli, const char *word, void *data, struct error *err)
{
	int *calls = data;

	++*calls;
	switch (word[0]) {
	case 'm':
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "missing");
	case 'c':
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "conflict");
	case 'u':
		return error_set(err, ERROR_OS, ADVISE_VERIFY, ECONNRESET, "unknown");
	case 'd':
		cli->exit = EXIT_CODE_NO_DAEMON; /* as ask_connect() leaves it */
		return error_set(err, ERROR_OS, ADVISE_RETRY, ECONNREFUSED, "no daemon");
	default:
		return true;
	}
}

static void test_several__one_by_one_and_the_exit_code_sums_up(void **state)
{
	static const struct {
		char *words[4];
		size_t n;
		bool ok;
		enum exit_code exit; /* of the run, when ok */
		int calls;
	} cases[] = {
		{ { "ok" }, 1, true, EXIT_CODE_DONE, 1 },
		{ { "m" }, 1, false, EXIT_CODE_DONE, 1 },
		{ { "ok", "ok", "ok" }, 3, true, EXIT_CODE_DONE, 3 },
		{ { "ok", "m", "ok" }, 3, true, EXIT_CODE_PARTIAL, 3 },
		{ { "m", "m" }, 2, true, EXIT_CODE_MISSING, 2 },
		{ { "c", "m" }, 2, true, EXIT_CODE_CONFLICT, 2 },
		{ { "ok", "u", "m" }, 3, true, EXIT_CODE_UNKNOWN, 3 },
		{ { "d", "ok", "ok" }, 3, true, EXIT_CODE_NO_DAEMON, 1 },
		{ { "ok", "d", "ok" }, 3, true, EXIT_CODE_NO_DAEMON, 2 },
		{ { "u", "d", "ok" }, 3, true, EXIT_CODE_UNKNOWN, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		struct cli cli;
		int calls = 0;
		bool ok;

		start(&cli, NULL);
		rig_begin(&rig);
		ok = for_each_word(&cli, cases[i].words, cases[i].n, each, &calls, &err);
		rig_end(&rig);
		CHECK_INT(ok, cases[i].ok);
		CHECK_INT(cli.exit, cases[i].exit);
		CHECK_INT(calls, cases[i].calls);
		/* One failure, one line; what is returned is not reported yet. */
		CHECK_INT(strlen(rig.err) > 0, ok && cases[i].exit != EXIT_CODE_DONE);
		rig_cli_finish(&cli);
	}
}

static void test_words__to_people_stay_away_from_pipes_warnings_do_not(void **state)
{
	struct cli cli;

	(void)state;
	start(&cli, NULL);
	rig_begin(&rig);
	note(&cli, "a note");
	warn(&cli, "a warning");
	cli.term.err = true;
	note(&cli, "a %s", "second");
	cli.quiet = true;
	note(&cli, "a third");
	rig_end(&rig);
	rig_cli_finish(&cli);
	CHECK_TEXT(rig.err, "a warning\na second\n");
}

static int zone(void **state)
{
	struct error err = { 0 };

	(void)state;
	return when_set_zone("Asia/Shanghai", &err) ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report__exit_codes_follow_from_domain_and_advice),
		cmocka_unit_test(test_report__under_json_it_is_one_object),
		cmocka_unit_test(test_report__what_was_printed_before_comes_before),
		cmocka_unit_test(test_report__the_draft_is_named),
		cmocka_unit_test(test_several__one_by_one_and_the_exit_code_sums_up),
		cmocka_unit_test(test_words__to_people_stay_away_from_pipes_warnings_do_not),
	};

	return cmocka_run_group_tests(tests, zone, NULL);
}
