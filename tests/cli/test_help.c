#include "rig.h"

#include "cli/help.h"

static struct rig rig;

static void test_help__of_every_verb_begins_with_examples_and_names_every_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_commands; i++) {
		for (const struct verb *verb = commands[i]->verbs; verb->name; verb++) {
			const char *examples, *usage_at, *options;

			CHECK_INT(verb->name[0] ? RIG_RUN(&rig, commands[i]->name, verb->name, "-h")
						: RIG_RUN(&rig, commands[i]->name, "-h"),
				EXIT_CODE_DONE);
			CHECK_TEXT(rig.err, "");
			examples = strstr(rig.out, "Examples:");
			usage_at = strstr(rig.out, "Usage:\n  gazette ");
			options = strstr(rig.out, "Options:");
			CHECK(usage_at && options && usage_at < options);
			if (verb->examples) {
				CHECK(examples && examples < usage_at);
				CHECK(strstr(rig.out, verb->examples->line));
			}
			for (const struct option *option = verb->options; option && option->name; option++) {
				char name[64];

				snprintf(name, sizeof(name), " --%s", option->name);
				CHECK(strstr(options, name));
			}
		}
	}
}

/* What help tells people to type can be typed. */
static void test_help__examples_are_lines_that_the_parser_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_commands; i++) {
		for (const struct verb *verb = commands[i]->verbs; verb->name; verb++) {
			for (const struct example *it = verb->examples; it && it->line; it++) {
				struct cli cli = { 0 };
				struct error err = { 0 };
				char copy[512];
				char *argv[32];
				int argc = 0;
				char *at = copy;

				snprintf(copy, sizeof(copy), "%s", it->line);
				/* Enough of a shell: blanks, quotes, and an end at the first operator. */
				while (*at && argc < 31) {
					char quote = 0;
					char *to;

					while (*at == ' ') {
						at++;
					}
					if (!*at || strchr("|<>;&#", *at)) {
						break;
					}
					argv[argc++] = to = at;
					for (; *at && (quote || *at != ' '); at++) {
						if (quote ? *at == quote : *at == '\'' || *at == '"') {
							quote = quote ? 0 : *at;
						} else {
							*to++ = *at;
						}
					}
					at += *at == ' ';
					*to = '\0';
				}
				if (strcmp(argv[0], "gazette") == 0) {
					if (!options_parse(&cli, argc, argv, &err)) {
						fail_msg("%s: %s", it->line, err.message);
					}
					CHECK(cli.verb != NULL);
				}
				free(cli.options);
				free(cli.args);
			}
		}
	}
}

static void test_help__of_the_program_names_every_noun_and_short_word(void **state)
{
	(void)state;
	CHECK_INT(RIG_RUN(&rig, "-h"), EXIT_CODE_DONE);
	for (size_t i = 0; i < n_commands; i++) {
		char name[64];

		snprintf(name, sizeof(name), "\n  %s ", commands[i]->name);
		CHECK(strstr(rig.out, name));
		for (const struct short_word *it = commands[i]->short_words; it && it->word; it++) {
			snprintf(name, sizeof(name), "\n  %s ", it->word);
			CHECK(strstr(rig.out, name));
		}
	}
	check_golden(str_from(rig.out), "cli-help.txt");
}

static void test_help__a_noun_alone_is_help_and_a_mistake(void **state)
{
	(void)state;
	CHECK_INT(RIG_RUN(&rig, "ticket"), EXIT_CODE_USAGE);
	CHECK(strstr(rig.out, "gazette ticket VERB"));
	CHECK_INT(RIG_RUN(&rig, "ticket", "-h"), EXIT_CODE_DONE);
}

static void test_help__topics_are_found_by_name_and_by_words(void **state)
{
	const char *name;

	(void)state;
	for (size_t i = 0; (name = help_topic_name(i)); i++) {
		CHECK_INT(RIG_RUN(&rig, "help", name), EXIT_CODE_DONE);
		CHECK(strlen(rig.out) > 200);
	}
	CHECK_INT(RIG_RUN(&rig, "help", "exit", "codes"), EXIT_CODE_DONE);
	CHECK(strstr(rig.out, "75  try again later"));
	CHECK_INT(RIG_RUN(&rig, "help", "post", "new"), EXIT_CODE_DONE);
	CHECK(strstr(rig.out, "gazette post new"));
	CHECK_INT(RIG_RUN(&rig, "help", "take"), EXIT_CODE_DONE);
	CHECK(strstr(rig.out, "gazette ticket claim"));
	CHECK_INT(RIG_RUN(&rig, "help", "tiems"), EXIT_CODE_USAGE);
	CHECK(strstr(rig.err, "did you mean \"times\""));
}

/* `--json=` answers without a daemon and without the arguments the verb wants otherwise. */
static void test_fields__of_every_verb_are_listed_and_its_columns_are_among_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_commands; i++) {
		for (const struct verb *verb = commands[i]->verbs; verb->name; verb++) {
			if (!verb->shape) {
				continue;
			}
			CHECK_INT(verb->name[0] ? RIG_RUN(&rig, "-s", "/nonexistent", commands[i]->name, verb->name,
							  "--json=")
						: RIG_RUN(&rig, "-s", "/nonexistent", commands[i]->name, "--json="),
				EXIT_CODE_DONE);
			for (const char *const *field = verb->shape->fields; *field; field++) {
				CHECK(strstr(rig.out, *field));
			}
		}
	}
}

static void test_completion__offers_what_may_stand_there(void **state)
{
	static const struct {
		const char *words[8];
		const char *part;
		const char * not ;
	} cases[] = {
		{ { "__complete", "ti" }, "ticket\t", "post" },
		{ { "__complete", "" }, "inbox\t", "--" },
		{ { "__complete", "post", "sch" }, "schedule\t", "show" },
		{ { "__complete", "post", "list", "--st" }, "--state\t", "--json" },
		{ { "__complete", "post", "list", "--state", "h" }, "held\t", "sent" },
		{ { "__complete", "post", "list", "--state=h" }, "--state=held\t", "sent" },
		{ { "__complete", "post", "list", "--json=id,sta" }, "--json=id,state\t", "title" },
		{ { "__complete", "post", "new", "" }, ":files", "--" },
		{ { "__complete", "account", "menu", "p" }, "push\t", "show" },
		{ { "__complete", "account", "menu", "push", "x", "" }, ":files", "push" },
		{ { "__complete", "account", "topics", "x", "re" }, "remove\t", "add" },
		{ { "__complete", "help", "ti" }, "times\t", "formats" },
		{ { "__complete", "help", "post", "wa" }, "wait\t", "new" },
		{ { "__complete", "-q", "queue", "sh" }, "shape\t", "list" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_INT(rig_run(&rig, cases[i].words), EXIT_CODE_DONE);
		CHECK_TEXT(rig.err, "");
		if (!strstr(rig.out, cases[i].part) || strstr(rig.out, cases[i].not )) {
			fail_msg("%zu: \"%s\"", i, rig.out);
		}
	}
}

static void test_completion__of_live_words_is_silent_without_a_daemon(void **state)
{
	(void)state;
	CHECK_INT(RIG_RUN(&rig, "__complete", "-s", "/nonexistent", "ticket", "claim", ""), EXIT_CODE_DONE);
	CHECK_TEXT(rig.out, "");
	CHECK_TEXT(rig.err, "");
}

/* Every source of live words that a table names is there. */
static bool is_source(struct str name)
{
	bool found = str_starts(name, STR("=")) || str_is(name, "file");

	for (size_t i = 0; i < n_commands && !found; i++) {
		for (const struct word_source *it = commands[i]->sources; it && it->name; it++) {
			found = found || str_is(name, it->name);
		}
	}
	return found;
}

static void test_completion__word_sources_exist(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_commands; i++) {
		for (const struct verb *verb = commands[i]->verbs; verb->name; verb++) {
			const char *names[64];
			size_t n = 0;

			names[n++] = verb->words;
			for (const struct option *it = verb->options; it && it->name; it++) {
				names[n++] = it->words;
			}
			for (size_t k = 0; k < n; k++) {
				struct str rest = str_from(names[k]);
				struct str name;

				while (str_split(&rest, ' ', &name)) {
					if (!is_source(name)) {
						fail_msg("%s %s: no source is called \"" STR_FMT "\"",
							commands[i]->name, verb->name, STR_ARG(name));
					}
				}
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help__of_every_verb_begins_with_examples_and_names_every_option),
		cmocka_unit_test(test_help__examples_are_lines_that_the_parser_takes),
		cmocka_unit_test(test_help__of_the_program_names_every_noun_and_short_word),
		cmocka_unit_test(test_help__a_noun_alone_is_help_and_a_mistake),
		cmocka_unit_test(test_help__topics_are_found_by_name_and_by_words),
		cmocka_unit_test(test_fields__of_every_verb_are_listed_and_its_columns_are_among_them),
		cmocka_unit_test(test_completion__offers_what_may_stand_there),
		cmocka_unit_test(test_completion__of_live_words_is_silent_without_a_daemon),
		cmocka_unit_test(test_completion__word_sources_exist),
	};

	setenv("GAZETTE_SOCKET", "/nonexistent", 1);
	return check_run(tests);
}
