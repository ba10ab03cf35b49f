/*
 * `gazette monitor`: what happens, as it happens. Made to stand open in a duty room for weeks: when the daemon goes
 * away it waits for it, then shows what was missed, each event once by its number.
 *
 * An alarm (a life may be in danger; a send nobody knows about) rings the terminal's bell and stands out.
 */
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/sentence.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "proto/client.h"
#include "text/utf8.h"
#include "text/when.h"

#define AGAIN_MS     1000 /* between attempts to reach a daemon that is gone */
#define LOOK_BACK_MS DAY_MS
#define BELL         "\a"
/* More than come twice: what was shown in the moment that is asked for again, and what happens while the past is read.
 */
#define RECENT_MAX (2u * LIMIT_PAGE_ROWS)

struct monitor {
	int64_t from_at;            /* where the past was read up to; 0: nothing of it is wanted */
	int64_t recent[RECENT_MAX]; /* numbers of events seen, the oldest is overwritten */
	size_t n_recent;
};

/* ---- one event ---- */

/* What an event says beyond who did what to what; for people in their language. */
static void add_detail(struct buf *out, const cJSON *event, bool people)
{
	static const char *const names[] = { "priority", "class", "account", "delivery", "to", "target", "hold", "wish",
		"state_to", "days", "level", "title", "url", "error", "reason", "why", "text", "receipt", "result" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t before = out->n;

		if (before > 0) {
			(void)buf_add_char(out, ' ');
		}
		if (strcmp(names[i], "state_to") == 0 || strcmp(names[i], "class") == 0 ||
			strcmp(names[i], "hold") == 0 || strcmp(names[i], "wish") == 0) {
			const char *word = json_text(event, names[i], "");

			(void)buf_add_text(out, people ? i18n_word(word) : word);
		} else if (people && event_said(event, names[i])) {
			out_said(out, json_text(event, names[i], ""));
		} else {
			field_text(out, event, names[i], false);
		}
		if (before > 0 && out->n == before + 1) {
			out->n = before;
			out->p[before] = '\0';
		}
	}
}

static void print_for_people(struct cli *cli, const cJSON *event)
{
	bool alarm = json_bool(event, "alarm", false);
	struct buf line, at;
	size_t used;

	buf_init(&at, 64);
	buf_init(&line, LIMIT_ANSWER_BYTES);
	(void)when_format_short(&at, field_at(event, "at"), cli_now_at(cli));
	(void)buf_printf(&line, "%s  ", at.p);
	if (alarm) {
		(void)buf_printf(&line, "%s  ", _("ALARM"));
	}
	out_safe(&line, i18n_word(json_text(event, "action", "")));
	(void)buf_printf(&line, "  %s %" PRId64, i18n_word(json_text(event, "object", "")), json_i64(event, "id", 0));
	out_text(cli, alarm ? BELL : "");
	out_styled(cli, alarm ? STYLE_ALARM : STYLE_PLAIN, line.p);
	used = text_width(buf_str(&line));
	buf_clear(&line);
	add_detail(&line, event, true);
	if (line.n > 0) {
		(void)buf_add_text(&line, "  ");
	}
	out_safe(&line, json_text(event, "actor", ""));
	out_tail(cli, used, line.p, alarm ? STYLE_BOLD : STYLE_PLAIN, cli->term.out ? cli->term.columns : 0);
	buf_finish(&line);
	buf_finish(&at);
}

/* The bell rings for whoever sits there, also when the lines go elsewhere. */
static void ring(struct cli *cli)
{
	if (!cli->term.out && cli->term.err) {
		(void)term_write(STDERR_FILENO, STR(BELL));
	}
}

/* The clock may step back, numbers never do: so it is the number that is remembered. */
static bool is_new(struct monitor *monitor, int64_t seq)
{
	size_t n = monitor->n_recent < RECENT_MAX ? monitor->n_recent : RECENT_MAX;

	for (size_t i = 0; i < n; i++) {
		if (monitor->recent[i] == seq) {
			return false;
		}
	}
	monitor->recent[monitor->n_recent++ % RECENT_MAX] = seq;
	return true;
}

/* False: it was shown before, for what came live may stand in the past as well. */
static bool show(struct cli *cli, struct monitor *monitor, const cJSON *event)
{
	bool alarm = json_bool(event, "alarm", false);

	if (!is_new(monitor, json_i64(event, "seq", 0))) {
		return false;
	}
	if (option_is_set(cli, "alarms") && !alarm) {
		return true;
	}
	if (alarm) {
		ring(cli);
	}
	if (output_mode(cli) == OUTPUT_TABLE) {
		print_for_people(cli, event);
	} else {
		cleanup(json_freep) cJSON *row = cJSON_Duplicate(event, true);
		struct buf detail;

		buf_init(&detail, LIMIT_ANSWER_BYTES);
		add_detail(&detail, event, false);
		json_add_str(row, "detail", buf_str(&detail));
		output_row(cli, output_mode(cli) == OUTPUT_WHOLE ? row : event);
		buf_finish(&detail);
	}
	output_flush(cli, false);
	return true;
}

/* ---- the past ---- */

static bool add_since(cJSON *params, int64_t at)
{
	struct buf text;
	bool ok;

	buf_init(&text, 64);
	ok = when_format_rfc3339(&text, at);
	json_add_str(params, "since", buf_str(&text));
	buf_finish(&text);
	return ok;
}

/*
 * Ask to be told from now on and, when the past is wanted, show it. It comes in pages, which may have few rows or none:
 * what is not for us is left out of them.
 */
static bool begin(struct cli *cli, struct monitor *monitor, struct error *err)
{
	cleanup(json_freep) cJSON *params = json_object();
	bool more = true;

	if (monitor->from_at && !add_since(params, monitor->from_at)) {
		return usage(err, _("%s: --since: that is no time"), cli->spelt);
	}
	while (more && !output_closed(cli)) {
		cleanup(json_freep) cJSON *result = NULL;
		const cJSON *event;
		const char *next;

		if (!ask_to_look(cli, "monitor", cJSON_Duplicate(params, true), &result, err)) {
			return false;
		}
		cJSON_ArrayForEach(event, json_get(result, "rows"))
		{
			(void)show(cli, monitor, event);
			monitor->from_at = field_at(event, "at");
		}
		next = json_text(result, "next", "");
		more = next[0] != '\0';
		cJSON_DeleteItemFromObjectCaseSensitive(params, "after");
		json_add_text(params, "after", next);
	}
	return true;
}

/* ---- the present ---- */

static bool stream(struct cli *cli, struct monitor *monitor, struct error *err)
{
	while (!output_closed(cli)) {
		cleanup(json_freep) cJSON *event = NULL;

		if (!client_next_event(cli->client, 0, &event, err)) {
			return false;
		}
		if (event) {
			monitor->from_at = field_at(event, "at");
			(void)show(cli, monitor, event);
		}
	}
	return true;
}

/* The daemon went away: again until it is back, with a word at the beginning and at the end. */
static void wait_for_daemon(struct cli *cli, struct monitor *monitor, const struct error *why)
{
	struct error err = { 0 };
	struct buf text;

	buf_init(&text, 4096);
	out_said(&text, why->message);
	warn(cli, _("gazette: the daemon is gone (%s): waiting for it"), text.p);
	buf_finish(&text);
	do {
		(void)poll(NULL, 0, AGAIN_MS);
		ask_disconnect(cli);
		error_clear(&err);
	} while (!begin(cli, monitor, &err));
	cli->exit = EXIT_CODE_DONE;
	note(cli, _("gazette: the daemon is back"));
}

static bool follow(struct cli *cli, struct monitor *monitor, struct error *err)
{
	while (!stream(cli, monitor, err)) {
		/* What happens from here on is not to be missed. */
		monitor->from_at = monitor->from_at ? monitor->from_at : cli_now_at(cli);
		wait_for_daemon(cli, monitor, err);
		error_clear(err);
	}
	return true;
}

/* A time as everywhere, or how long ago: "2h". */
static bool read_since(struct cli *cli, int64_t *ret_at, struct error *err)
{
	const char *text = option_text(cli, "since");
	struct error ignored;
	int64_t ago_ms;

	if (when_parse_duration(str_from(text[0] == '-' ? text + 1 : text), &ago_ms, &ignored)) {
		*ret_at = cli_now_at(cli) - ago_ms;
		return true;
	}
	return when_parse(str_from(text), cli_now_at(cli), ret_at, err) || error_prefix(err, "--since");
}

static bool run(struct cli *cli, struct error *err)
{
	struct monitor monitor = { 0 };
	bool follows = option_is_set(cli, "follow");

	/* Before times are read: they are in the office's zone, by the daemon's clock. */
	if (!ask_connect(cli, err)) {
		return false;
	}
	if (option_is_set(cli, "since")) {
		if (!read_since(cli, &monitor.from_at, err)) {
			return false;
		}
	} else if (!follows) {
		monitor.from_at = cli_now_at(cli) - LOOK_BACK_MS;
	}
	if (!begin(cli, &monitor, err)) {
		return false;
	}
	if (!follows) {
		if (monitor.n_recent == 0) {
			note(cli, _("nothing has happened since then"));
		}
		if (output_mode(cli) == OUTPUT_CSV) {
			output_rows_end(cli);
		}
		return true;
	}
	return follow(cli, &monitor, err);
}

static const struct option options[] = {
	{ 'f', "follow", NULL, N_("go on with what happens from now on"), NULL, false, false },
	{ 0, "since", "TIME", N_("from then on; 2h: the last two hours; without -f the default is a day"), NULL, false,
		false },
	{ 'a', "alarms", NULL, N_("only what somebody should look at now"), NULL, false, false },
	{ 0 },
};

static const char *const fields[] = { "seq", "at", "actor", "action", "object", "id", "alarm", "account", "post",
	"delivery", "ticket", "priority", "class", "state_from", "state_to", "hold", "wish", "target", "level", "to",
	"why", "reason", "text", "error", "url", "remote_id", "title", "key", "due_at", "accounts", "days", "receipt",
	"result", "hook", "exit_code", "message", "send", "renewed", "taken_from", NULL };
static const struct column columns[] = {
	{ "at", N_("WHEN"), COLUMN_TIME, 0, false },
	{ "action", N_("WHAT"), COLUMN_WORD, 0, false },
	{ "object", N_("OF"), COLUMN_WORD, 0, false },
	{ "id", N_("ID"), COLUMN_NUMBER, 0, false },
	{ "actor", N_("WHO"), COLUMN_TEXT, 0, false },
	{ "detail", N_("DETAIL"), COLUMN_TEXT, 20, false },
	{ 0 },
};
static const struct shape shape = { "id", columns, fields };

static const struct example examples[] = {
	{ "gazette monitor -f", N_("for the screen in the duty room; alarms ring the bell") },
	{ "gazette monitor --since 2h", NULL },
	{ "gazette monitor -f --alarms --json | while read -r event; do ...; done", NULL },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "", "[-f] [--since TIME]", N_("what happens, as it happens"),
		N_("When the daemon goes away, -f waits for it and then shows what was missed. Citizens' words are not "
		   "in "
		   "events; notes and reasons of colleagues are."),
		examples, options, NULL, 0, 0, &shape, false, run },
	{ 0 },
};

const struct command command_monitor = {
	.name = "monitor",
	.summary = N_("what happens, as it happens"),
	.verbs = verbs,
};
