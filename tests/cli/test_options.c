#include "rig.h"

#include "core/mem.h"

/* Parse, and leave the rest to the test. */
static bool parse(struct cli *cli, struct error *err, const char *const *words)
{
	static char *argv[32];
	int argc = 1;

	*cli = (struct cli){ 0 };
	*err = (struct error){ 0 };
	argv[0] = "gazette";
	while (words[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	return options_parse(cli, argc, argv, err);
}

#define PARSE(cli, err, ...) parse((cli), (err), (const char *const[]){ __VA_ARGS__, NULL })

static void done(struct cli *cli)
{
	free(cli->options);
	free(cli->args);
}

static void test_options__stand_anywhere_in_either_spelling(void **state)
{
	static const char *const spellings[][8] = {
		{ "ticket", "list", "--state", "new", "-q" },
		{ "-q", "ticket", "list", "--state=new" },
		{ "ticket", "-q", "list", "--state", "new" },
	};
	struct cli cli;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		CHECK_OK(parse(&cli, &err, spellings[i]), err);
		CHECK_TEXT(cli.command->name, "ticket");
		CHECK_TEXT(cli.verb->name, "list");
		CHECK_TEXT(option_text(&cli, "state"), "new");
		CHECK(cli.quiet);
		CHECK_INT(cli.n_args, 0);
		done(&cli);
	}
}

static void test_options__letters_join_and_take_their_value_at_once(void **state)
{
	struct cli cli;
	struct error err;
	size_t at = 0;

	(void)state;
	CHECK_OK(PARSE(&cli, &err, "post", "new", "-qvv", "-nmHello", "-t", "a", "-tb", "--to", "c"), err);
	CHECK_INT(cli.verbose, 2);
	CHECK(option_is_set(&cli, "dry-run"));
	CHECK_TEXT(option_text(&cli, "message"), "Hello");
	CHECK_TEXT(option_each(&cli, "to", &at), "a");
	CHECK_TEXT(option_each(&cli, "to", &at), "b");
	CHECK_TEXT(option_each(&cli, "to", &at), "c");
	CHECK(!option_each(&cli, "to", &at));
	CHECK_TEXT(option_text(&cli, "to"), "c");
	done(&cli);
}

static void test_options__a_dash_and_what_follows_two_are_words(void **state)
{
	struct cli cli;
	struct error err;

	(void)state;
	CHECK_OK(PARSE(&cli, &err, "post", "hold", "-", "--", "-q", "--json"), err);
	CHECK_INT(cli.n_args, 3);
	CHECK_TEXT(cli.args[0], "-");
	CHECK_TEXT(cli.args[1], "-q");
	CHECK_TEXT(cli.args[2], "--json");
	CHECK(!cli.quiet);
	done(&cli);
}

static void test_options__short_words_stand_for_noun_and_verb(void **state)
{
	static const char *const cases[][3] = {
		{ "inbox", "ticket", "list" },
		{ "take", "ticket", "claim" },
		{ "reply", "ticket", "reply" },
		{ "escalate", "ticket", "escalate" },
	};
	struct cli cli;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_OK(PARSE(&cli, &err, cases[i][0], "-h"), err);
		CHECK_TEXT(cli.command->name, cases[i][1]);
		CHECK_TEXT(cli.verb->name, cases[i][2]);
		CHECK_TEXT(cli.spelt, cases[i][0]);
		done(&cli);
	}
}

static void test_options__mistakes_are_named_with_the_nearest_word(void **state)
{
	static const struct {
		const char *words[6];
		const char *part;
	} cases[] = {
		{ { "psot", "list" }, "did you mean \"post\"" },
		{ { "tickets", "list" }, "did you mean \"ticket\"" },
		{ { "post", "lsit" }, "did you mean \"list\"" },
		{ { "inbox", "--stat", "new" }, "did you mean \"state\"" },
		{ { "inbox", "--state", "nwe" }, "did you mean \"new\"" },
		{ { "queue", "list", "--kind", "article" }, "none of publish, reply" },
		{ { "post", "list", "--limit" }, "--limit: N is missing" },
		{ { "post", "list", "-Z" }, "has no option -Z" },
		{ { "post", "list", "--quiet=yes" }, "takes no value" },
		{ { "status", "now" }, "\"now\" is one word too many" },
		{ { "ticket", "show" }, "something is missing: gazette ticket show N" },
		{ { "--ok", "status" }, "stand behind" },
	};
	struct cli cli;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_FAILS(parse(&cli, &err, cases[i].words), err, cases[i].part);
		CHECK_INT(error_exit_code(&err), EXIT_CODE_USAGE);
		done(&cli);
	}
}

static void test_options__what_was_typed_is_shown_harmless_and_short(void **state)
{
	struct cli cli;
	struct error err;

	(void)state;
	CHECK(!PARSE(&cli, &err, "\033[31mpost\xff\xe2\x80\xae"));
	CHECK(!strchr(err.message, '\033'));
	CHECK(!strstr(err.message, "\xe2\x80\xae"));
	CHECK(!PARSE(&cli, &err, "停水停水停水停水停水停水停水停水停水停水停水停水停水停水停水停水"));
	CHECK(strstr(err.message, "…"));
}

static void test_options__whole_numbers_have_bounds(void **state)
{
	struct cli cli;
	struct error err;
	int64_t value = 7;

	(void)state;
	CHECK_OK(PARSE(&cli, &err, "post", "list"), err);
	CHECK_OK(option_i64(&cli, "limit", 0, 100, &value, &err), err);
	CHECK_INT(value, 7);
	done(&cli);
	CHECK_OK(PARSE(&cli, &err, "post", "list", "--limit", "100"), err);
	CHECK_OK(option_i64(&cli, "limit", 0, 100, &value, &err), err);
	CHECK_INT(value, 100);
	done(&cli);
	CHECK_OK(PARSE(&cli, &err, "post", "list", "--limit", "1e3"), err);
	CHECK_FAILS(option_i64(&cli, "limit", 0, 100, &value, &err), err, "\"1e3\" is no whole number from 0 to 100");
	CHECK_INT(value, 100);
	done(&cli);
}

/* Every table of every verb: letters and names are free of clashes, choices well made. */
static void test_options__no_two_of_a_verb_share_a_name_or_letter(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_commands; i++) {
		for (const struct verb *verb = commands[i]->verbs; verb->name; verb++) {
			const struct option *const tables[] = { options_global, options_shaped, verb->options };
			char letters[128] = "";
			const char *names[64];
			size_t n = 0;

			for (size_t k = 0; k < ARRAY_LEN(tables); k++) {
				for (const struct option *it = tables[k]; it && it->name; it++) {
					for (size_t j = 0; j < n; j++) {
						assert_string_not_equal(names[j], it->name);
					}
					names[n++] = it->name;
					if (it->letter) {
						CHECK(!letters[(unsigned char)it->letter]);
						letters[(unsigned char)it->letter] = 1;
					}
				}
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options__stand_anywhere_in_either_spelling),
		cmocka_unit_test(test_options__letters_join_and_take_their_value_at_once),
		cmocka_unit_test(test_options__a_dash_and_what_follows_two_are_words),
		cmocka_unit_test(test_options__short_words_stand_for_noun_and_verb),
		cmocka_unit_test(test_options__mistakes_are_named_with_the_nearest_word),
		cmocka_unit_test(test_options__what_was_typed_is_shown_harmless_and_short),
		cmocka_unit_test(test_options__whole_numbers_have_bounds),
		cmocka_unit_test(test_options__no_two_of_a_verb_share_a_name_or_letter),
	};

	return check_run(tests);
}
