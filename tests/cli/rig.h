/*
 * A run of the command line inside the test: cli_main() or pieces of it, with standard output and error caught in
 * files. Nothing is a terminal unless the test says so.
 */
#ifndef TESTS_CLI_RIG_H
#define TESTS_CLI_RIG_H

#include <fcntl.h>
#include <unistd.h>

#include "check.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "text/when.h"

#define RIG_BYTES (256u << 10)

struct rig {
	char out[RIG_BYTES]; /* of the last run */
	char err[RIG_BYTES];
	size_t out_n;
	int fd[2];
	int saved[2];
};

static inline void rig_begin(struct rig *rig)
{
	static const int streams[2] = { STDOUT_FILENO, STDERR_FILENO };

	fflush(stdout);
	fflush(stderr);
	for (int i = 0; i < 2; i++) {
		char path[] = "/tmp/gazette-test-XXXXXX";

		rig->fd[i] = mkstemp(path);
		assert_true(rig->fd[i] >= 0);
		unlink(path);
		rig->saved[i] = dup(streams[i]);
		dup2(rig->fd[i], streams[i]);
	}
}

static inline void rig_end(struct rig *rig)
{
	static const int streams[2] = { STDOUT_FILENO, STDERR_FILENO };
	char *const texts[2] = { rig->out, rig->err };

	for (int i = 0; i < 2; i++) {
		ssize_t n = pread(rig->fd[i], texts[i], RIG_BYTES - 1, 0);

		dup2(rig->saved[i], streams[i]);
		close(rig->saved[i]);
		close(rig->fd[i]);
		texts[i][n > 0 ? n : 0] = '\0';
		rig->out_n = i == 0 && n > 0 ? (size_t)n : rig->out_n;
	}
}

/* The whole program; words end with NULL. Gives the exit code. */
static inline int rig_run(struct rig *rig, const char *const *words)
{
	char *argv[32] = { "gazette" };
	int argc = 1;
	int code;

	while (words[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	rig_begin(rig);
	code = cli_main(argc, argv);
	rig_end(rig);
	return code;
}

#define RIG_RUN(rig, ...) rig_run((rig), (const char *const[]){ __VA_ARGS__, NULL })

/*
 * A verb of the test's own, as if `gazette thing list WORDS...` had been typed and the daemon's clock stood at now_at.
 * columns 0: a pipe.
 */
static inline void rig_cli(struct cli *cli, const struct command *command, unsigned columns, int64_t now_at)
{
	*cli = (struct cli){ .command = command, .verb = command->verbs, .spelt = "thing list" };
	cli->term = (struct term){ .out = columns > 0, .err = columns > 0, .columns = columns, .rows = 24 };
	cli->hello_at = now_at;
	cli->hello_mono = clock_mono();
	output_init(cli);
}

static inline void rig_cli_finish(struct cli *cli)
{
	output_free(cli->output);
	cJSON_Delete(cli->error_data);
	free(cli->options);
	free(cli->args);
}

#endif
