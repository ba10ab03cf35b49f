/*
 * Completion out of the tables of the commands, and of what the daemon has at present. The words typed so far may be
 * anything, so they are walked here leniently rather than parsed: what is not understood is passed over.
 */
#include "cli/complete.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/output.h"
#include "codec/json.h"
#include "proto/client.h"
#include "text/utf8.h"

#define LIVE_MAX    200 /* live words offered */
#define ABOUT_CELLS 50u

struct completion {
	struct cli *cli;
	struct str prefix;         /* of the word that is being written, */
	const char *front;         /* and what stands before it in the same word: "--state=" */
	const struct option *open; /* the option whose value is being written; NULL: none */
	int n_args;
	bool only_words; /* behind "--" */
};

static void offer(struct completion *it, const char *word, const char *about)
{
	struct buf line, cut;

	if (!str_starts(str_from(word), it->prefix)) {
		return;
	}
	buf_init(&line, 4096);
	buf_init(&cut, 4096);
	(void)text_cut(&cut, str_from(about), ABOUT_CELLS);
	out_safe(&line, word);
	out_printf(it->cli, "%s%s\t%s\n", it->front, line.p, cut.p);
	buf_finish(&line);
	buf_finish(&cut);
}

/* ---- words ---- */

static const struct option *table_at(const struct completion *it, int index)
{
	const struct verb *verb = it->cli->verb;
	const struct option *const tables[] = { verb ? verb->options : NULL,
		verb && verb->shape ? options_shaped : NULL, options_global };

	return index < (int)ARRAY_LEN(tables) ? tables[index] : NULL;
}

static const struct option *find_option(const struct completion *it, struct str name, char letter)
{
	for (int i = 0; i < 3; i++) {
		for (const struct option *option = table_at(it, i); option && option->name; option++) {
			if (letter ? option->letter == letter : str_is(name, option->name)) {
				return option;
			}
		}
	}
	return NULL;
}

static bool takes_next(const struct option *option)
{
	return option && option->value && !option->optional;
}

static void walk_option(struct completion *it, const char *word)
{
	if (word[1] == '-') {
		const struct option *option = find_option(it, str_from(word + 2), 0);

		it->open = takes_next(option) ? option : NULL;
		return;
	}
	for (const char *letter = word + 1; *letter; letter++) {
		const struct option *option = find_option(it, (struct str){ 0 }, *letter);

		if (takes_next(option)) {
			it->open = letter[1] ? NULL : option;
			return;
		}
	}
}

static void walk_word(struct completion *it, const char *word)
{
	struct cli *cli = it->cli;

	if (!cli->command) {
		if (!short_word_find(word, &cli->command, &cli->verb)) {
			cli->command = command_find(word);
			if (cli->command && !cli->command->verbs->name[0]) {
				cli->verb = cli->command->verbs;
			}
		}
	} else if (!cli->verb) {
		cli->verb = verb_find(cli->command, word);
	} else {
		it->n_args++;
	}
}

/* -s SOCKET: the live words are that daemon's. */
static void walk(struct completion *it, int n, char **words)
{
	for (int i = 0; i < n; i++) {
		const struct option *open = it->open;

		it->open = NULL;
		if (open) {
			if (open->letter == 's') {
				it->cli->socket = words[i];
			}
		} else if (it->only_words || words[i][0] != '-' || !words[i][1]) {
			walk_word(it, words[i]);
		} else if (strcmp(words[i], "--") == 0) {
			it->only_words = true;
		} else {
			walk_option(it, words[i]);
		}
	}
}

/* ---- values ---- */

static const struct word_source *find_source(const char *name)
{
	for (size_t i = 0; i < n_commands; i++) {
		for (const struct word_source *source = commands[i]->sources; source && source->name; source++) {
			if (strcmp(source->name, name) == 0) {
				return source;
			}
		}
	}
	return NULL;
}

struct live {
	struct completion *it;
	const char *field;
};

static bool offer_row(struct cli *cli unused_arg, const cJSON *row, void *data, struct error *err unused_arg)
{
	struct live *live = data;
	struct buf word, about;

	buf_init(&word, 4096);
	buf_init(&about, 65536);
	field_text(&word, row, live->field, true);
	field_text(&about, row, "title|excerpt|text|state", false);
	offer(live->it, word.p, about.p);
	buf_finish(&word);
	buf_finish(&about);
	return true;
}

static void offer_live(struct completion *it, const char *name)
{
	const struct word_source *source = find_source(name);
	struct live live = { it, source ? source->field : "" };
	struct error ignored;

	if (source) {
		/* Without a daemon, or without its permission, there are no words; nobody wants to hear why. */
		(void)!ask_rows(it->cli, source->method, json_object(), LIVE_MAX, offer_row, &live, NULL, &ignored);
		it->cli->exit = EXIT_CODE_DONE;
	}
}

static void offer_words(struct completion *it, const char *words)
{
	struct str rest, word;

	if (!words) {
		return;
	}
	if (strcmp(words, "file") == 0) {
		out_text(it->cli, ":files\n");
		return;
	}
	if (words[0] != '=') {
		offer_live(it, words);
		return;
	}
	rest = str_from(words + 1);
	while (str_split(&rest, '|', &word)) {
		char text[64];

		(void)snprintf(text, sizeof(text), STR_FMT, STR_ARG(word));
		offer(it, text, "");
	}
}

/* Of the words for arguments those for the one that is being written. */
static void offer_argument(struct completion *it, const char *words)
{
	struct str rest = str_from(words);
	struct str word = { 0 };
	char text[64];

	for (int i = 0; i <= it->n_args && str_split(&rest, ' ', &word); i++) {
	}
	if (words) {
		(void)snprintf(text, sizeof(text), STR_FMT, STR_ARG(word));
		offer_words(it, text);
	}
}

static void offer_options(struct completion *it)
{
	for (int i = 0; i < 3; i++) {
		for (const struct option *option = table_at(it, i); option && option->name; option++) {
			char word[64];

			(void)snprintf(word, sizeof(word), "--%s", option->name);
			offer(it, word, _(option->help));
		}
	}
}

/* "--json=a,b": the names of fields, the ones before the last comma stay. */
static void offer_fields(struct completion *it, const char *word, const char *value)
{
	const char *comma = strrchr(value, ',');
	const char *last = comma ? comma + 1 : value;
	const struct verb *verb = it->cli->verb;
	struct buf front;

	buf_init(&front, 4096);
	(void)buf_add(&front, word, (size_t)(last - word));
	it->front = front.p;
	it->prefix = str_from(last);
	for (const char *const *field = verb && verb->shape ? verb->shape->fields : NULL; field && *field; field++) {
		offer(it, *field, "");
	}
	it->front = "";
	buf_finish(&front);
}

static void complete_option(struct completion *it, const char *word)
{
	const char *equals = strchr(word, '=');
	const struct option *option;
	struct buf front;

	if (word[1] != '-' || !equals) {
		offer_options(it);
		return;
	}
	option = find_option(it, (struct str){ word + 2, (size_t)(equals - word) - 2 }, 0);
	if (!option || !option->value) {
		return;
	}
	if (strcmp(option->name, "json") == 0 || strcmp(option->name, "csv") == 0) {
		offer_fields(it, word, equals + 1);
		return;
	}
	buf_init(&front, 4096);
	(void)buf_add(&front, word, (size_t)(equals + 1 - word));
	it->front = front.p;
	it->prefix = str_from(equals + 1);
	offer_words(it, option->words);
	it->front = "";
	buf_finish(&front);
}

static void offer_commands(struct completion *it)
{
	for (size_t i = 0; i < n_commands; i++) {
		offer(it, commands[i]->name, _(commands[i]->summary));
		for (const struct short_word *word = commands[i]->short_words; word && word->word; word++) {
			const struct verb *verb = verb_find(commands[i], word->verb);

			offer(it, word->word, verb ? _(verb->summary) : "");
		}
	}
	offer(it, "help", _("help on a topic"));
}

static void complete_word(struct completion *it)
{
	const struct cli *cli = it->cli;

	if (!cli->command) {
		offer_commands(it);
	} else if (!cli->verb) {
		for (const struct verb *verb = cli->command->verbs; verb->name; verb++) {
			offer(it, verb->name, _(verb->summary));
		}
	} else if (cli->verb->max_args < 0 || it->n_args < cli->verb->max_args) {
		offer_argument(it, cli->verb->words);
	}
}

static void complete_help(struct completion *it, int n, char **words)
{
	if (n == 0) {
		const char *topic;

		for (size_t i = 0; (topic = help_topic_name(i)); i++) {
			offer(it, topic, "");
		}
		offer_commands(it);
		return;
	}
	walk(it, n, words);
	if (it->cli->command && !it->cli->verb) {
		complete_word(it);
	}
}

void complete(struct cli *cli, int n, char **words)
{
	struct completion it = { .cli = cli, .front = "" };
	const char *last = n > 0 ? words[n - 1] : "";

	cli->quiet = true; /* nothing on standard error, come what may */
	cli->socket = client_default_socket();
	it.prefix = str_from(last);
	if (n > 1 && strcmp(words[0], "help") == 0) {
		complete_help(&it, n - 2, words + 1);
		return;
	}
	walk(&it, n - 1, words);
	if (it.open) {
		offer_words(&it, it.open->words);
	} else if (last[0] == '-' && !it.only_words) {
		complete_option(&it, last);
	} else {
		complete_word(&it);
	}
}
