/*
 * Help. Whoever asks for it wants to type the next line: so examples come first, then what the words are. All of it is
 * made of the tables in cmd_*.c; only the topics are texts of their own.
 */
#include "cli/help.h"

#include <string.h>

#include "build.gen.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

#define INDENT         2u
#define PIPE_CELLS     80u
#define HEAD_CELLS_MAX 28u
#define WORDS_MAX      96u
#define HEAD_BYTES     512u

struct topic {
	const char *name;
	const char *summary; /* N_() */
	const char *text;    /* N_(); lines as they are, long ones are wrapped */
};

static const struct topic topics[] = {
	{ "times", N_("how a time is written"),
		N_("Wherever a time is asked for:\n"
		   "\n"
		   "  now\n"
		   "  +2h  +30m  +1h30m  +3d          from now on; +3d is 72 hours\n"
		   "  8:00  today 8:00  tomorrow 8:00\n"
		   "  mon 8:00                        the next one\n"
		   "  2026-10-01 08:00\n"
		   "  2026-10-01T08:00:00+08:00       RFC 3339\n"
		   "  今天 8:00  明天 8点半  后天 8:00  周一 8:00  下午 3点\n"
		   "\n"
		   "Times without an offset are the office's. What was understood is echoed; a day without a time of "
		   "day, a "
		   "day that does not exist and a time in the past are refused.\n"
		   "\n"
		   "A duration is 90s, 30m, 2h, 3d or 1h30m.\n"
		   "\n"
		   "On a terminal times are relative (in 5 min), for programs they are RFC 3339 with offset.\n") },
	{ "exit-codes", N_("what a script can tell from the exit status"),
		N_("   0  done\n"
		   "   1  failed\n"
		   "   2  the command line, a file or a value in it is wrong\n"
		   "   3  there is no such thing; or a question (status --ok) is answered with no\n"
		   "   4  not allowed, or a login is needed\n"
		   "   5  conflict: another's claim, an old version or state, a key used before\n"
		   "   6  blocked by a check\n"
		   "   7  no daemon answers\n"
		   "   8  some of several failed\n"
		   "   9  the outcome is unknown: do not repeat, look\n"
		   "  10  a quota or rate limit\n"
		   "  75  try again later\n"
		   "\n"
		   "A wrapper may repeat after 7, 10 and 75, and must not after 9.\n") },
	{ "formats", N_("tables, pipes, JSON, CSV, ids"),
		N_("On a terminal rows are a table, cut to the screen; the first 50 of a list, --limit gives more. In "
		   "a pipe the "
		   "same columns come whole, apart by TABs, without a head, and all rows.\n"
		   "\n"
		   "  --json         one object per line\n"
		   "  --json=a,b     only these fields\n"
		   "  --json=        which fields there are\n"
		   "  --csv          with a header, after RFC 4180; --csv=a,b and --csv= as above\n"
		   "  --csv --bom    the same for spreadsheets\n"
		   "  -q             ids only, one per line, as other commands read them: -\n"
		   "\n"
		   "Fields are added, never renamed; their names and the words in them (states, kinds) are English "
		   "always. A "
		   "field that is unknown is left out. Errors go to standard error, under --json as one object: error, "
		   "code, "
		   "class, advice, retryable, exit, ids.\n"
		   "\n"
		   "What citizens wrote has no control characters left, in any of these. In CSV a text that a "
		   "spreadsheet "
		   "would take for a formula begins with '.\n") },
	{ "post-files", N_("a post as a Markdown file with front matter"),
		N_("---\n"
		   "title: Road works                 # for lists; articles show it\n"
		   "accounts: [weibo-main, all]       # accounts and groups\n"
		   "at: tomorrow 8:00                 # help times; without it the post is held\n"
		   "class: service                    # policy, service, interact, solicit\n"
		   "key: road-2026-11                 # handing the same in again changes nothing\n"
		   "late: 2h                          # how late it may still go out\n"
		   "until: tomorrow 18:00             # never after this\n"
		   "campaign: road                    # posts that belong together\n"
		   "media:\n"
		   "  - file: map.png                 # beside this file\n"
		   "    alt: the detour on a map\n"
		   "per_account:\n"
		   "  weibo-east: a text of its own for this account\n"
		   "---\n"
		   "**East ring** closed from tomorrow on, see https://www.city.gov.example/n/2\n"
		   "\n"
		   "gazette post check FILE says what is wrong with it, with line and column, and hands in "
		   "nothing.\n") },
	{ "menu-files", N_("an account's menu as a YAML file"),
		N_("menu:                              # at most 3 buttons; [] takes the menu away\n"
		   "  - label: 办事                    # at most 16 bytes: 5 Chinese characters, 4 are shown\n"
		   "    buttons:                       # at most 5 below\n"
		   "      - label: 网上大厅            # at most 60 bytes, 8 characters are shown\n"
		   "        url: https://www.city.gov.example/hall\n"
		   "      - label: 订阅停水通知\n"
		   "        key: topic:停水通知        # topic:NAME, topic-off:NAME and topics are ours\n"
		   "  - label: 预约\n"
		   "    miniprogram: wx0123456789abcdef\n"
		   "    page: pages/index\n"
		   "    url: https://www.city.gov.example/booking   # for clients without mini programs\n"
		   "\n"
		   "A button does one thing: url, key, miniprogram, media, article, or buttons. type: is wanted only "
		   "for "
		   "scancode_push, scancode_waitmsg, pic_sysphoto, pic_photo_or_album, pic_weixin and location_select "
		   "(each "
		   "with a key), and article_view_limited.\n"
		   "\n"
		   "gazette account menu push NAME FILE --dry-run says what is wrong with it, with line and "
		   "column.\n") },
	{ "ids", N_("how posts, deliveries and tickets are named"),
		N_("  12              a post; with cancel, hold, release: all its deliveries\n"
		   "  12/weibo-main   one delivery: post 12 on one account\n"
		   "  send:7          what is no delivery, such as a reply\n"
		   "  345             a ticket\n"
		   "  3-7             a range\n"
		   "  -               those on standard input, apart by blanks or line ends\n"
		   "  ALL             everything, where a verb allows it\n") },
};

/* ---- pieces ---- */

static size_t cells_of(const struct cli *cli)
{
	return page_cells(cli) ? page_cells(cli) : PIPE_CELLS;
}

static void heading(struct cli *cli, const char *text)
{
	out_styled(cli, STYLE_BOLD, text);
	out_text(cli, "\n");
}

static void examples(struct cli *cli, const struct example *example)
{
	for (; example && example->line; example++) {
		if (example->what) {
			out_printf(cli, "  # %s\n", _(example->what));
		}
		out_printf(cli, "  %s\n", example->line);
	}
}

static void add_option_head(struct buf *out, const struct option *option)
{
	if (option->letter) {
		(void)buf_printf(out, "  -%c, ", option->letter);
	} else {
		(void)buf_add_text(out, "      ");
	}
	(void)buf_printf(out, "--%s", option->name);
	if (option->value) {
		(void)buf_printf(out, option->optional ? "[=%s]" : " %s", option->value);
	}
}

static void add_choices(struct buf *out, const struct option *option)
{
	struct str rest, word;
	const char *gap = " (";

	if (!option->words || option->words[0] != '=') {
		return;
	}
	rest = str_from(option->words + 1);
	while (str_split(&rest, '|', &word)) {
		(void)buf_printf(out, "%s" STR_FMT, gap, STR_ARG(word));
		gap = ", ";
	}
	(void)buf_add_char(out, ')');
}

static void options(struct cli *cli, const struct option *option)
{
	for (; option && option->name; option++) {
		struct buf head, text;

		buf_init(&head, HEAD_BYTES);
		buf_init(&text, HEAD_BYTES * 4);
		add_option_head(&head, option);
		(void)buf_add_text(&text, _(option->help));
		add_choices(&text, option);
		out_item(cli, head.p, buf_str(&text), HEAD_CELLS_MAX, cells_of(cli));
		buf_finish(&head);
		buf_finish(&text);
	}
}

static void item(struct cli *cli, const char *word, const char *summary, size_t indent)
{
	struct buf head;

	buf_init(&head, HEAD_BYTES);
	(void)buf_printf(&head, "  %s", word);
	out_item(cli, head.p, str_from(summary), indent, cells_of(cli));
	buf_finish(&head);
}

static const char *short_word_of(const struct command *command, const struct verb *verb)
{
	for (const struct short_word *it = command->short_words; it && it->word; it++) {
		if (strcmp(it->verb, verb->name) == 0) {
			return it->word;
		}
	}
	return NULL;
}

static void topic_list(struct cli *cli)
{
	for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
		item(cli, topics[i].name, _(topics[i].summary), 16);
	}
}

/* ---- levels ---- */

static void show_verb(struct cli *cli, const struct command *command, const struct verb *verb)
{
	const char *short_word = short_word_of(command, verb);
	const char *gap = verb->name[0] ? " " : "";

	if (verb->examples) {
		heading(cli, _("Examples:"));
		examples(cli, verb->examples);
		out_text(cli, "\n");
	}
	heading(cli, _("Usage:"));
	out_printf(cli, "  gazette %s%s%s%s%s\n", command->name, gap, verb->name, verb->args[0] ? " " : "", verb->args);
	if (short_word) {
		out_printf(cli, "  gazette %s%s%s\n", short_word, verb->args[0] ? " " : "", verb->args);
	}
	out_text(cli, "\n");
	out_wrapped(cli, str_from(_(verb->summary)), INDENT, cells_of(cli));
	if (verb->about) {
		out_text(cli, "\n");
		out_wrapped(cli, str_from(_(verb->about)), INDENT, cells_of(cli));
	}
	out_text(cli, "\n");
	heading(cli, _("Options:"));
	options(cli, verb->options);
	options(cli, verb->shape ? options_shaped : NULL);
	options(cli, options_global);
}

static void show_command(struct cli *cli, const struct command *command)
{
	if (!command->verbs->name[0]) {
		show_verb(cli, command, command->verbs);
		return;
	}
	heading(cli, _("Examples:"));
	for (const struct verb *verb = command->verbs; verb->name; verb++) {
		if (verb->examples) {
			out_printf(cli, "  %s\n", verb->examples->line);
		}
	}
	out_text(cli, "\n");
	heading(cli, _("Usage:"));
	out_printf(cli, _("  gazette %s VERB [ID...] [OPTIONS]\n\n"), command->name);
	out_wrapped(cli, str_from(_(command->summary)), INDENT, cells_of(cli));
	out_text(cli, "\n");
	heading(cli, _("Verbs:"));
	for (const struct verb *verb = command->verbs; verb->name; verb++) {
		const char *short_word = short_word_of(command, verb);
		struct buf text;

		buf_init(&text, HEAD_BYTES * 4);
		(void)buf_add_text(&text, _(verb->summary));
		if (short_word) {
			(void)buf_printf(&text, _(" (short: gazette %s)"), short_word);
		}
		item(cli, verb->name, text.p, 14);
		buf_finish(&text);
	}
	out_printf(cli, _("\ngazette %s VERB -h says more about a verb.\n"), command->name);
}

static void add_verbs(struct buf *out, const struct command *command)
{
	for (const struct verb *verb = command->verbs; verb->name; verb++) {
		(void)buf_printf(out, "%s%s", verb == command->verbs ? "" : " ", verb->name);
	}
}

static void show_program(struct cli *cli)
{
	heading(cli, _("Examples:"));
	out_text(cli, "  gazette post new -m 'Road closed' --to weibo-main --at now\n"
		      "  gazette post check notice.md\n"
		      "  gazette inbox\n"
		      "  gazette take 345\n"
		      "  gazette reply 345\n"
		      "  gazette status\n\n");
	heading(cli, _("Usage:"));
	out_text(cli, _("  gazette NOUN VERB [ID...] [OPTIONS]\n\n"));
	heading(cli, _("Nouns and their verbs:"));
	for (size_t i = 0; i < n_commands; i++) {
		struct buf text;

		buf_init(&text, HEAD_BYTES * 4);
		(void)buf_add_text(&text, _(commands[i]->summary));
		if (commands[i]->verbs->name[0]) {
			(void)buf_add_char(&text, '\n');
			add_verbs(&text, commands[i]);
		}
		item(cli, commands[i]->name, text.p, 12);
		buf_finish(&text);
	}
	out_text(cli, "\n");
	heading(cli, _("Short words:"));
	for (size_t i = 0; i < n_commands; i++) {
		for (const struct short_word *it = commands[i]->short_words; it && it->word; it++) {
			out_printf(cli, "  %-10s%s %s\n", it->word, commands[i]->name, it->verb);
		}
	}
	out_text(cli, "\n");
	heading(cli, _("Options:"));
	options(cli, options_global);
	out_text(cli, "      --version\n\n");
	heading(cli, _("Topics (gazette help TOPIC):"));
	topic_list(cli);
}

void help_show(struct cli *cli)
{
	if (cli->verb) {
		show_verb(cli, cli->command, cli->verb);
	} else if (cli->command) {
		show_command(cli, cli->command);
	} else {
		show_program(cli);
	}
}

/* ---- help WORD ---- */

static bool no_such_topic(const char *word, struct error *err)
{
	const char *words[WORDS_MAX];
	struct buf safe;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
		words[n++] = topics[i].name;
	}
	for (size_t i = 0; i < n_commands && n < WORDS_MAX; i++) {
		words[n++] = commands[i]->name;
	}
	buf_init(&safe, LIMIT_REASON_BYTES);
	out_safe(&safe, word);
	(void)usage(err, _("there is no help about \"%s\"%s (gazette help lists the topics)"), safe.p,
		did_you_mean(word, words, n));
	buf_finish(&safe);
	return false;
}

bool help_topic(struct cli *cli, int n, char **words, struct error *err)
{
	if (n == 0) {
		show_program(cli);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
		/* "exit codes" is as good as "exit-codes". */
		if (strcmp(words[0], topics[i].name) == 0 ||
			(n > 1 && str_starts(str_from(topics[i].name), str_from(words[0])) &&
				topics[i].name[strlen(words[0])] == '-' &&
				strcmp(topics[i].name + strlen(words[0]) + 1, words[1]) == 0)) {
			heading(cli, _(topics[i].summary));
			out_text(cli, "\n");
			out_wrapped(cli, str_from(_(topics[i].text)), INDENT, cells_of(cli));
			return true;
		}
	}
	if (short_word_find(words[0], &cli->command, &cli->verb)) {
		help_show(cli);
		return true;
	}
	cli->command = command_find(words[0]);
	if (!cli->command) {
		return no_such_topic(words[0], err);
	}
	cli->verb = n > 1 ? verb_find(cli->command, words[1]) : NULL;
	if (n > 1 && !cli->verb) {
		return no_such_topic(words[1], err);
	}
	help_show(cli);
	return true;
}

const char *help_topic_name(size_t i)
{
	return i < ARRAY_LEN(topics) ? topics[i].name : NULL;
}
