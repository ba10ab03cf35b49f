/*
 * What a noun of the command line is made of. Central code (parsing, help, completion, output) reads these tables and
 * knows no noun.
 *
 * To add a noun: cmd_<noun>.c with one `const struct command command_<noun>`, its name in meson.build, its section in
 * man/gazette.1 and its translations in po/zh_CN.po; the tests say which of them is forgotten.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#include "core/error.h"

struct cli;
struct shape;

/* An option; tables end with {0}. One table drives parsing, -h and completion. */
struct option {
	char letter;       /* 0: none */
	const char *name;  /* without the dashes */
	const char *value; /* what stands for its value in help; NULL: a switch */
	const char *help;  /* N_() */
	/* What its value may be: "=a|b|c" exactly these words; "account" a word source (see below), for completion
	 * only; NULL: anything. */
	const char *words;
	bool optional; /* the value may be left out, and is given as --name=VALUE only */
	bool repeats;  /* may be given more than once */
};

struct example {
	const char *line; /* as typed */
	const char *what; /* N_(); NULL: speaks for itself */
};

/* A verb of a noun; tables end with {0}. A command without verbs has one whose name is "". */
struct verb {
	const char *name;
	const char *args;    /* synopsis behind noun and verb: "N... [--waiting]" */
	const char *summary; /* N_(), one line */
	const char *about;   /* N_(), a paragraph for -h; NULL: none */
	const struct example *examples;
	const struct option *options; /* NULL: none */
	/* What its arguments are, for completion: as option.words, or "file"; several for one behind the other, apart
	 * by blanks, the last one for all that follow. */
	const char *words;
	int min_args;
	int max_args;              /* -1: any number */
	const struct shape *shape; /* of the rows it prints; NULL: it prints none */
	bool writes;               /* a lost answer leaves its outcome unknown */
	/* true: done, with cli->exit as exit code; false: *err is reported and decides the exit code */
	bool (*run)(struct cli *cli, struct error *err);
};

/* `take 345` for `ticket claim 345`. */
struct short_word {
	const char *word;
	const char *verb;
};

/* Where completion finds live words: the member `field` of the rows of `method`. */
struct word_source {
	const char *name;
	const char *method;
	const char *field;
};

struct command {
	const char *name;
	const char *summary; /* N_() */
	const struct verb *verbs;
	const struct short_word *short_words; /* NULL: none */
	const struct word_source *sources;    /* NULL: none */
};

extern const struct command *const commands[];
extern const size_t n_commands;

/* Options every verb has; shaped ones only for verbs that print rows. */
extern const struct option options_global[];
extern const struct option options_shaped[];

const struct command *command_find(const char *name);
const struct verb *verb_find(const struct command *command, const char *name);
/* The command and verb a short word stands for; false: it is none. */
bool short_word_find(const char *word, const struct command **ret_command, const struct verb **ret_verb);

#endif
