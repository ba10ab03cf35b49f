/*
 * `gazette status`: the office at a glance, and with --ok a predicate for scripts: silent and 0 when nothing needs a
 * person, else 3 with what does.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/sentence.h"
#include "codec/json.h"

/* ---- what needs a person ---- */

typedef void problem_fn(void *data, const char *text);

static void count_problem(const cJSON *object, const char *name, const char *text, problem_fn *each, void *data)
{
	int64_t n = json_i64(object, name, 0);
	struct buf line;

	if (n == 0) {
		return;
	}
	buf_init(&line, 512);
	(void)buf_printf(&line, "%" PRId64 " %s", n, text);
	each(data, line.p);
	buf_finish(&line);
}

static void walk_problems(const cJSON *status, problem_fn *each, void *data)
{
	const cJSON *accounts = json_get(status, "accounts");
	const cJSON *sends = json_get(status, "sends");
	const cJSON *tickets = json_get(status, "tickets");

	if (json_bool(status, "degraded", false)) {
		struct buf line;

		buf_init(&line, 1024);
		(void)buf_printf(&line, _("nothing can be written: %s"), json_text(status, "error", ""));
		each(data, line.p);
		buf_finish(&line);
	}
	count_problem(accounts, "parked", _("accounts parked: gazette account list"), each, data);
	count_problem(sends, "questions", _("sends nobody knows about: gazette queue list --state unsure"), each, data);
	count_problem(sends, "failed", _("sends failed: gazette queue list --state failed"), each, data);
	count_problem(sends, "gone",
		_("sends held, their account is not in accounts.yaml: gazette queue list --state held"), each, data);
	count_problem(tickets, "overdue", _("tickets overdue: gazette inbox --overdue"), each, data);
}

static void add_problem(void *data, const char *text)
{
	json_push(data, cJSON_CreateString(text));
}

/* ---- the page ---- */

static void counts(struct cli *cli, const char *name, const cJSON *object, const char *const *states)
{
	page_cell(cli, name, 12, STYLE_DIM);
	for (size_t i = 0; states[i]; i++) {
		int64_t n = json_i64(object, states[i], 0);
		struct buf text;

		if (!json_get(object, states[i])) { /* rare, and told when there are any */
			continue;
		}
		buf_init(&text, 128);
		(void)buf_printf(&text, "%s%" PRId64 " %s", i ? "  " : "", n, i18n_word(states[i]));
		out_styled(cli, n > 0 ? state_style(states[i]) : STYLE_DIM, text.p);
		buf_finish(&text);
	}
	out_text(cli, "\n");
}

static void tickets_line(struct cli *cli, const cJSON *tickets)
{
	const cJSON *item;
	const char *gap = "  (";

	page_cell(cli, _("Tickets"), 12, STYLE_DIM);
	out_printf(cli, _("%" PRId64 " open  %" PRId64 " new  %" PRId64 " overdue"), json_i64(tickets, "open", 0),
		json_i64(tickets, "new", 0), json_i64(tickets, "overdue", 0));
	cJSON_ArrayForEach(item, json_get(tickets, "by_priority"))
	{
		struct buf text;

		out_text(cli, gap);
		buf_init(&text, 64);
		(void)buf_printf(&text, "%s: ", item->string);
		(void)json_print(&text, item);
		out_styled(cli, priority_style(item->string), text.p);
		buf_finish(&text);
		gap = " ";
	}
	out_text(cli, gap[1] ? "\n" : ")\n");
}

static void page(struct cli *cli, const cJSON *status)
{
	static const char *const accounts[] = { "ready", "starting", "paused", "parked", NULL };
	static const char *const sends[] = { "held", "queued", "sending", "unsure", "failed", "sent", NULL };
	const cJSON *store = json_get(status, "store");
	const cJSON *problems = json_get(status, "problems");
	const cJSON *problem;
	struct buf text;

	page_title(cli, json_text(status, "office", ""), "");
	buf_init(&text, 1024);
	relative_text(cli, &text, field_at(status, "started_at"));
	page_cell(cli, _("Daemon"), 12, STYLE_DIM);
	out_printf(cli, _("gazetted %s, started %s, %" PRId64 " commits\n"), json_text(status, "version", ""), text.p,
		json_i64(store, "commits", 0));
	counts(cli, _("Accounts"), json_get(status, "accounts"), accounts);
	counts(cli, _("Sends"), json_get(status, "sends"), sends);
	tickets_line(cli, json_get(status, "tickets"));
	page_time(cli, _("Next due"), field_at(status, "next_due_at"));
	cJSON_ArrayForEach(problem, problems)
	{
		buf_clear(&text);
		out_said(&text, problem->valuestring);
		page_cell(cli, problem == problems->child ? _("To do") : "", 12, STYLE_DIM);
		out_styled(cli, STYLE_BAD, text.p);
		out_text(cli, "\n");
	}
	buf_finish(&text);
}

static bool run(struct cli *cli, struct error *err)
{
	cleanup(json_freep) cJSON *status = NULL;
	bool predicate = option_is_set(cli, "ok");
	cJSON *problems;
	const cJSON *problem;

	if (!ask(cli, "status", json_object(), &status, err)) {
		return false;
	}
	problems = json_array();
	walk_problems(status, add_problem, problems);
	json_add_bool(status, "ok", cJSON_GetArraySize(problems) == 0);
	json_add(status, "problems", problems);
	if (predicate && problems->child) {
		cli->exit = EXIT_CODE_MISSING;
	}
	if (output_object(cli, status)) {
		return true;
	}
	if (!for_people(cli)) {
		output_row(cli, status);
		output_rows_end(cli);
	} else if (!predicate) {
		page(cli, status);
	} else {
		cJSON_ArrayForEach(problem, problems)
		{
			out_printf(cli, "%s\n", problem->valuestring);
		}
	}
	return true;
}

static const struct option options[] = {
	{ 0, "ok", NULL, N_("a question: exit 3 and say why when something needs a person"), NULL, false, false },
	{ 0 },
};

static const char *const fields[] = { "office", "version", "started_at", "ok", "problems", "degraded", "error",
	"degraded_since", "accounts", "sends", "tickets", "next_due_at", "in_flight", "store", NULL };
static const struct column columns[] = {
	{ "office", N_("OFFICE"), COLUMN_TEXT, 0, false },
	{ "problems", N_("TO DO"), COLUMN_TEXT, 20, false },
	{ 0 },
};
static const struct shape shape = { "", columns, fields };

static const struct example examples[] = {
	{ "gazette status", NULL },
	{ "gazette status --ok || mail -s 'gazette needs you' duty@office.example",
		N_("from cron: silent when all is well") },
	{ "gazette status --json | jq .tickets", NULL },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "", "[--ok]", N_("the office at a glance"),
		N_("What needs a person: the store cannot be written, an account is parked, a send has failed or "
		   "nobody knows "
		   "what became of it, a ticket is overdue."),
		examples, options, NULL, 0, 0, &shape, false, run },
	{ 0 },
};

const struct command command_status = {
	.name = "status",
	.summary = N_("the office at a glance"),
	.verbs = verbs,
};
