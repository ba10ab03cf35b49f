/*
 * One run: read the command line, then help, completion or a verb. What is asked before a verb (`help`, `--version`) is
 * no noun and stands here.
 */
#include <stdlib.h>
#include <string.h>

#include "build.gen.h"
#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/output.h"
#include "proto/client.h"

static bool run_verb(struct cli *cli, struct error *err)
{
	if (output_wants_fields(cli)) {
		output_fields(cli);
		return true;
	}
	return cli->verb->run(cli, err);
}

static bool run(struct cli *cli, int argc, char **argv, struct error *err)
{
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		out_printf(cli, "gazette %s\n", GAZETTE_VERSION);
		return true;
	}
	if (argc > 1 && strcmp(argv[1], "help") == 0) {
		return help_topic(cli, argc - 2, argv + 2, err);
	}
	if (!options_parse(cli, argc, argv, err)) {
		return false;
	}
	if (cli->help || !cli->verb) {
		help_show(cli);
		/* A noun alone asks for nothing: that is a mistake in a script, and a question from a person. */
		cli->exit = cli->help ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
		return true;
	}
	cli->socket = option_text(cli, "socket") ? option_text(cli, "socket") : client_default_socket();
	return output_start(cli, err) && run_verb(cli, err);
}

/* Before the options are read there is an output for people, so that help and errors have somewhere to go. */
static void finish(struct cli *cli)
{
	output_flush(cli, true);
	if (!output_ok(cli) && cli->exit == EXIT_CODE_DONE) {
		warn(cli, "gazette: %s", _("the output could not be written"));
		cli->exit = EXIT_CODE_FAILED;
	}
	ask_disconnect(cli);
	cJSON_Delete(cli->error_data);
	free(cli->draft);
	free(cli->options);
	free(cli->args);
	output_free(cli->output);
}

int cli_main(int argc, char **argv)
{
	struct cli cli = { 0 };
	struct error err = { 0 };

	i18n_start();
	for (int i = 1; i < argc; i++) {
		/* Before the options are read: what is wrong with them is an object, too. */
		if (str_starts(str_from(argv[i]), STR("--json")) || str_starts(str_from(argv[i]), STR("--csv"))) {
			i18n_stop();
		}
	}
	term_look(&cli.term);
	output_init(&cli);
	if (argc > 1 && strcmp(argv[1], "__complete") == 0) {
		complete(&cli, argc - 2, argv + 2);
	} else if (!run(&cli, argc, argv, &err)) {
		cli.exit = report(&cli, &err, NULL);
	}
	finish(&cli);
	return cli.exit;
}
