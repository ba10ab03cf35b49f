/*
 * One run of `gazette`: what was asked for, where the answer goes, and the way to the daemon. The cmd_*.c files see
 * nothing else.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "cli/command.h"
#include "cli/i18n.h"
#include "cli/term.h"
#include "core/attr.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/error.h"
#include "proto/frame.h"

struct client;
struct output;

struct option_value {
	const struct option *option;
	const char *value; /* NULL: a switch, or its value was left out */
};

struct cli {
	/* what was asked for */
	const struct command *command;
	const struct verb *verb;
	const char *spelt; /* how: "ticket claim" or "take"; for messages */
	struct option_value *options;
	size_t n_options;
	size_t cap_options;
	char **args; /* borrowed from argv */
	size_t n_args;
	bool help;
	bool quiet;
	int verbose;

	/* where it goes */
	struct term term;
	struct output *output;
	enum exit_code exit;

	/* the daemon */
	const char *socket;
	struct client *client;  /* NULL: not asked yet */
	int64_t hello_at;       /* the daemon's clock at hello, */
	struct mono hello_mono; /* and ours */
	cJSON *error_data;      /* of the last error answer: findings, rows, ids */
	char *draft;            /* a text of the user's that was kept: named with the error */
};

/* The whole program but main(). */
int cli_main(int argc, char **argv);

/* ---- options.c ---- */

/* errors  INPUT/REJECT: usage */
bool options_parse(struct cli *cli, int argc, char **argv, struct error *err) must_check;
/* The option must stand in the verb's or a global table. */
bool option_is_set(const struct cli *cli, const char *name);
const char *option_text(const struct cli *cli, const char *name); /* its last value; NULL: not given */
/* Each value in turn: *at starts as 0. NULL when there are no more. */
const char *option_each(const struct cli *cli, const char *name, size_t *at);
/* A whole number; untouched when not given. */
bool option_i64(const struct cli *cli, const char *name, int64_t min, int64_t max, int64_t *ret_value,
	struct error *err) must_check;
/* As text into a parameter of the same name (or `member`), when given. */
void option_add(const struct cli *cli, cJSON *params, const char *name, const char *member);
/* "; did you mean \"x\"?" or "". Lends one static buffer. */
const char *did_you_mean(const char *word, const char *const *words, size_t n);

/* Usage error: INPUT/REJECT, exit 2. */
bool usage(struct error *err, const char *format, ...) printf_like(2, 3);

/* ---- ask.c: the daemon ---- */

/*
 * Connect when that has not happened yet, call a verb, give its result.
 *
 * errors   as client_connect() and client_call(); when the answer to a verb that writes was lost: ADVISE_VERIFY (exit
 * 9). cli->error_data holds what came with an error answer owns     takes params
 */
bool ask(struct cli *cli, const char *method, cJSON *params, cJSON **ret_result, struct error *err) must_check;
/* As ask(), but for a call that only looks, made by a verb that writes. */
bool ask_to_look(struct cli *cli, const char *method, cJSON *params, cJSON **ret_result, struct error *err) must_check;
bool ask_connect(struct cli *cli, struct error *err) must_check;
void ask_disconnect(struct cli *cli);
/* What hello said: "operator", "office"; "" before. */
const char *ask_hello(const struct cli *cli, const char *member);
/* The office's clock. */
int64_t cli_now_at(const struct cli *cli);

/* Called for each row of a list, borrowed; false stops. */
typedef bool row_fn(struct cli *cli, const cJSON *row, void *data, struct error *err);
/*
 * Page through a list: at most `limit` rows (0: all). *ret_more (may be NULL): there were more.
 *
 * owns     takes params
 */
bool ask_rows(struct cli *cli, const char *method, cJSON *params, int64_t limit, row_fn *each, void *data,
	bool *ret_more, struct error *err) must_check;
/* The whole of a list verb: filters in params (taken), --limit, output. */
bool ask_list(struct cli *cli, const char *method, cJSON *params, struct error *err) must_check;

/* ---- report.c: what went wrong ---- */

/* Once per failure, to standard error; gives the exit code. `id` (may be NULL): what it was about. */
enum exit_code report(struct cli *cli, const struct error *err, const char *id);
/* A word to the person on the terminal, on standard error; nothing in a pipe, under -q or --json. */
void note(struct cli *cli, const char *format, ...) printf_like(2, 3);
/* A word that must be said even in cron. */
void warn(struct cli *cli, const char *format, ...) printf_like(2, 3);

/*
 * Do one thing for each of several names. One name: its error is returned. Several: errors are reported one by one, the
 * others go on, and the exit code says 8 when only some failed.
 */
bool for_each_word(struct cli *cli, char *const *words, size_t n,
	bool (*each)(struct cli *cli, const char *word, void *data, struct error *err), void *data,
	struct error *err) must_check;

#endif
