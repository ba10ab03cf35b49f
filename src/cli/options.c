/*
 * The one parser of options. What it knows of a verb is the verb's table; the same table makes -h (help.c) and
 * completion (complete.c), so the three cannot differ.
 *
 * Options may stand anywhere behind the verb, the global ones anywhere at all. "--" ends them, "-" is an argument.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "codec/json.h"
#include "core/mem.h"
#include "text/safe.h"
#include "text/utf8.h"

#include "commands.gen.h"

#define SHOWN_CELLS 40u
#define WORDS_MAX   96u

#define X(name) extern const struct command command_##name;
COMMANDS(X)
#undef X

#define X(name) &command_##name,
const struct command *const commands[] = { COMMANDS(X) };
#undef X

const size_t n_commands = ARRAY_LEN(commands);

const struct option options_global[] = {
	{ 'h', "help", NULL, N_("show help, examples first"), NULL, false, false },
	{ 's', "socket", "SOCKET", N_("the daemon's socket (else $GAZETTE_SOCKET)"), "file", false, false },
	{ 0, "json", "FIELDS", N_("one JSON object per line; =a,b picks fields, = lists them"), NULL, true, false },
	{ 'q', "quiet", NULL, N_("ids only, no words"), NULL, false, false },
	{ 'v', "verbose", NULL, N_("say what is done; twice: the requests too"), NULL, false, true },
	{ 0 },
};

const struct option options_shaped[] = {
	{ 0, "csv", "FIELDS", N_("CSV with a header; =a,b picks fields, = lists them"), NULL, true, false },
	{ 0, "bom", NULL, N_("with --csv: mark it as UTF-8 for spreadsheets"), NULL, false, false },
	{ 0 },
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < n_commands; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}

const struct verb *verb_find(const struct command *command, const char *name)
{
	for (const struct verb *verb = command->verbs; verb->name; verb++) {
		if (strcmp(verb->name, name) == 0) {
			return verb;
		}
	}
	return NULL;
}

bool short_word_find(const char *word, const struct command **ret_command, const struct verb **ret_verb)
{
	for (size_t i = 0; i < n_commands; i++) {
		for (const struct short_word *it = commands[i]->short_words; it && it->word; it++) {
			if (strcmp(it->word, word) == 0) {
				*ret_command = commands[i];
				*ret_verb = verb_find(commands[i], it->verb);
				assert(*ret_verb);
				return true;
			}
		}
	}
	return false;
}

bool usage(struct error *err, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s", text);
}

const char *did_you_mean(const char *word, const char *const *words, size_t n)
{
	static char text[128];
	const char *best = NULL;
	int best_distance = (int)strlen(word) / 3 + 2;

	for (size_t i = 0; i < n; i++) {
		int distance = str_distance(word, words[i]);
		/* Who typed the beginning of a word meant that word. */
		bool beginning = strlen(word) >= 3 && strncmp(word, words[i], strlen(word)) == 0;

		distance = beginning ? 1 : distance;
		if (distance < best_distance) {
			best_distance = distance;
			best = words[i];
		}
	}
	text[0] = '\0';
	if (best) {
		(void)snprintf(text, sizeof(text), _("; did you mean \"%s\"?"), best);
	}
	return text;
}

/* What somebody typed, fit to be shown. Lends one static buffer. */
static const char *shown(const char *word)
{
	static char text[256];
	struct buf safe, cut;

	buf_init(&safe, 4096);
	buf_init(&cut, sizeof(text) - 1);
	(void)text_safe_line(&safe, str_sub(str_from(word), 0, 400));
	(void)text_cut(&cut, buf_str(&safe), SHOWN_CELLS);
	(void)snprintf(text, sizeof(text), "%s", cut.p);
	buf_finish(&safe);
	buf_finish(&cut);
	return text;
}

static bool no_such_command(const char *word, struct error *err)
{
	const char *words[WORDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < n_commands; i++) {
		if (n < WORDS_MAX) {
			words[n++] = commands[i]->name;
		}
		for (const struct short_word *it = commands[i]->short_words; it && it->word && n < WORDS_MAX; it++) {
			words[n++] = it->word;
		}
	}
	return usage(err, _("there is no command \"%s\"%s (gazette help lists them)"), shown(word),
		did_you_mean(word, words, n));
}

static bool no_such_verb(const struct command *command, const char *word, struct error *err)
{
	const char *words[WORDS_MAX];
	size_t n = 0;

	for (const struct verb *verb = command->verbs; verb->name && n < WORDS_MAX; verb++) {
		words[n++] = verb->name;
	}
	return usage(err, _("%s has no verb \"%s\"%s (gazette %s -h lists them)"), command->name, shown(word),
		did_you_mean(word, words, n), command->name);
}

/* The tables that hold for what has been read so far, in turn; NULL at the end. */
static const struct option *table_at(const struct cli *cli, int index)
{
	const struct option *tables[4];
	int n = 0;

	tables[n++] = options_global;
	if (cli->verb && cli->verb->shape) {
		tables[n++] = options_shaped;
	}
	if (cli->verb && cli->verb->options) {
		tables[n++] = cli->verb->options;
	}
	return index < n ? tables[index] : NULL;
}

static const struct option *option_find(const struct cli *cli, struct str name, char letter)
{
	const struct option *table;

	for (int i = 0; (table = table_at(cli, i)); i++) {
		for (; table->name; table++) {
			if (letter ? table->letter == letter : str_is(name, table->name)) {
				return table;
			}
		}
	}
	return NULL;
}

static bool no_such_option(const struct cli *cli, struct str name, struct error *err)
{
	const char *words[WORDS_MAX];
	const struct option *table;
	char word[64];
	size_t n = 0;

	for (int i = 0; (table = table_at(cli, i)); i++) {
		for (; table->name && n < WORDS_MAX; table++) {
			words[n++] = table->name;
		}
	}
	(void)snprintf(word, sizeof(word), STR_FMT, STR_ARG(str_sub(name, 0, sizeof(word) - 1)));
	if (!cli->verb) {
		return usage(err, _("option --%s is not known before a verb%s: a verb's options stand behind it"),
			shown(word), did_you_mean(word, words, n));
	}
	return usage(err, _("%s has no option --%s%s (gazette %s -h lists them)"), cli->spelt, shown(word),
		did_you_mean(word, words, n), cli->spelt);
}

static bool check_choice(const struct option *option, const char *value, struct error *err)
{
	const char *words[WORDS_MAX];
	struct buf list;
	char copy[256];
	size_t n = 0;
	bool found = false;

	if (!option->words || option->words[0] != '=' || !value) {
		return true;
	}
	(void)snprintf(copy, sizeof(copy), "%s", option->words + 1);
	for (char *at = copy; at && n < WORDS_MAX;) {
		char *bar = strchr(at, '|');

		if (bar) {
			*bar = '\0';
		}
		words[n++] = at;
		found = found || strcmp(at, value) == 0;
		at = bar ? bar + 1 : NULL;
	}
	if (found) {
		return true;
	}
	buf_init(&list, sizeof(copy) * 2);
	for (size_t i = 0; i < n; i++) {
		(void)buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
	}
	(void)usage(err, _("--%s: \"%s\" is none of %s%s"), option->name, shown(value), list.p,
		did_you_mean(value, words, n));
	buf_finish(&list);
	return false;
}

static bool take_option(struct cli *cli, const struct option *option, const char *value, struct error *err)
{
	if (!check_choice(option, value, err)) {
		return false;
	}
	array_grow(cli->options, cli->n_options, cli->cap_options);
	cli->options[cli->n_options++] = (struct option_value){ option, value };
	if (option->letter == 'h') {
		cli->help = true;
	} else if (option->letter == 'q') {
		cli->quiet = true;
	} else if (option->letter == 'v') {
		cli->verbose++;
	}
	return true;
}

static bool value_missing(const struct option *option, struct error *err)
{
	return usage(err, _("--%s: %s is missing"), option->name, option->value);
}

static bool take_long(struct cli *cli, int argc, char **argv, int *at, struct error *err)
{
	const char *word = argv[*at] + 2;
	const char *equals = strchr(word, '=');
	struct str name = equals ? (struct str){ word, (size_t)(equals - word) } : str_from(word);
	const struct option *option = option_find(cli, name, 0);
	const char *value = equals ? equals + 1 : NULL;

	if (!option) {
		return no_such_option(cli, name, err);
	}
	if (!option->value && value) {
		return usage(err, _("--%s is a switch and takes no value"), option->name);
	}
	if (option->value && !option->optional && !value) {
		if (*at + 1 >= argc) {
			return value_missing(option, err);
		}
		value = argv[++*at];
	}
	return take_option(cli, option, value, err);
}

static bool take_letters(struct cli *cli, int argc, char **argv, int *at, struct error *err)
{
	for (const char *letter = argv[*at] + 1; *letter; letter++) {
		const struct option *option = option_find(cli, (struct str){ 0 }, *letter);
		const char *value = NULL;

		if (!option && cli->verb) {
			return usage(err, _("%s has no option -%s (gazette %s -h lists them)"), cli->spelt,
				shown(letter), cli->spelt);
		}
		if (!option) {
			return usage(err, _("option -%s is not known before a verb: a verb's options stand behind it"),
				shown(letter));
		}
		if (option->value && !option->optional) {
			value = letter[1] ? letter + 1 : *at + 1 < argc ? argv[++*at] : NULL;
			if (!value) {
				return value_missing(option, err);
			}
			return take_option(cli, option, value, err);
		}
		if (!take_option(cli, option, value, err)) {
			return false;
		}
	}
	return true;
}

static bool has_no_verbs(const struct command *command)
{
	return command->verbs[0].name[0] == '\0';
}

static bool take_word(struct cli *cli, char *word, struct error *err)
{
	static char spelt[64];

	if (!cli->command) {
		if (!short_word_find(word, &cli->command, &cli->verb)) {
			cli->command = command_find(word);
		}
		if (!cli->command) {
			return no_such_command(word, err);
		}
		if (!cli->verb && has_no_verbs(cli->command)) {
			cli->verb = cli->command->verbs;
		}
		(void)snprintf(spelt, sizeof(spelt), "%s", word);
		cli->spelt = spelt;
		return true;
	}
	if (!cli->verb) {
		cli->verb = verb_find(cli->command, word);
		if (!cli->verb) {
			return no_such_verb(cli->command, word, err);
		}
		(void)snprintf(spelt, sizeof(spelt), "%s %s", cli->command->name, cli->verb->name);
		return true;
	}
	cli->args = xrealloc_array(cli->args, cli->n_args + 1, sizeof(*cli->args));
	cli->args[cli->n_args++] = word;
	return true;
}

static bool check_count(const struct cli *cli, struct error *err)
{
	const struct verb *verb = cli->verb;

	if ((int)cli->n_args < verb->min_args) {
		return usage(err, _("%s: something is missing: gazette %s %s"), cli->spelt, cli->spelt, verb->args);
	}
	if (verb->max_args >= 0 && (int)cli->n_args > verb->max_args) {
		return usage(err, _("%s: \"%s\" is one word too many: gazette %s %s"), cli->spelt,
			shown(cli->args[verb->max_args]), cli->spelt, verb->args);
	}
	return true;
}

/* `--json=` and `--csv=` only ask what there is: no words are needed for that. */
static bool asks_for_fields(const struct cli *cli)
{
	for (size_t i = 0; i < cli->n_options; i++) {
		const struct option_value *it = &cli->options[i];

		if (it->value && !it->value[0] &&
			(strcmp(it->option->name, "json") == 0 || strcmp(it->option->name, "csv") == 0)) {
			return true;
		}
	}
	return false;
}

bool options_parse(struct cli *cli, int argc, char **argv, struct error *err)
{
	bool only_words = false;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		bool ok;

		if (only_words || word[0] != '-' || !word[1]) {
			ok = take_word(cli, argv[i], err);
		} else if (strcmp(word, "--") == 0) {
			only_words = true;
			ok = true;
		} else if (word[1] == '-') {
			ok = take_long(cli, argc, argv, &i, err);
		} else {
			ok = take_letters(cli, argc, argv, &i, err);
		}
		if (!ok) {
			return false;
		}
	}
	return cli->help || !cli->verb || asks_for_fields(cli) || check_count(cli, err);
}

/* A name that stands in no table is our own mistake. */
static void check_known(const struct cli *cli, const char *name)
{
	assert(option_find(cli, str_from(name), 0));
}

const char *option_each(const struct cli *cli, const char *name, size_t *at)
{
	check_known(cli, name);
	while (*at < cli->n_options) {
		const struct option_value *value = &cli->options[(*at)++];

		if (strcmp(value->option->name, name) == 0) {
			return value->value ? value->value : "";
		}
	}
	return NULL;
}

const char *option_text(const struct cli *cli, const char *name)
{
	const char *last = NULL;
	const char *value;
	size_t at = 0;

	while ((value = option_each(cli, name, &at))) {
		last = value;
	}
	return last;
}

bool option_is_set(const struct cli *cli, const char *name)
{
	return option_text(cli, name) != NULL;
}

bool option_i64(
	const struct cli *cli, const char *name, int64_t min, int64_t max, int64_t *ret_value, struct error *err)
{
	const char *text = option_text(cli, name);
	int64_t value;

	if (!text) {
		return true;
	}
	if (!str_to_i64(str_from(text), min, max, &value)) {
		return usage(err, _("--%s: \"%s\" is no whole number from %" PRId64 " to %" PRId64), name, shown(text),
			min, max);
	}
	*ret_value = value;
	return true;
}

void option_add(const struct cli *cli, cJSON *params, const char *name, const char *member)
{
	const char *text = option_text(cli, name);

	json_add_text(params, member ? member : name, text);
}
