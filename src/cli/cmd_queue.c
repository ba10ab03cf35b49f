/* `gazette queue`: what waits to leave, what is stuck, and what a person decides about it. */
#include <string.h>

#include "cli/cli.h"
#include "cli/ids.h"
#include "cli/output.h"
#include "cli/page.h"
#include "codec/json.h"

static bool run_list(struct cli *cli, struct error *err)
{
	cJSON *params = json_object();

	option_add(cli, params, "account", NULL);
	option_add(cli, params, "state", NULL);
	option_add(cli, params, "kind", NULL);
	return ask_list(cli, "queue.list", params, err);
}

static bool run_shape(struct cli *cli, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	const cJSON *row;

	if (!ask(cli, "queue.shape", json_object(), &result, err)) {
		return false;
	}
	cJSON_ArrayForEach(row, json_get(result, "rows"))
	{
		output_row(cli, row);
	}
	output_rows_end(cli);
	return true;
}

static void tell(struct cli *cli, const cJSON *row)
{
	if (for_people(cli)) {
		say(cli, "%s: %s", json_text(row, "delivery", ""), i18n_word(json_text(row, "state", "")));
	} else {
		output_row(cli, row);
	}
}

static bool run_retry(struct cli *cli, struct error *err)
{
	cleanup(ids_finish) struct ids ids = { 0 };
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params;
	cJSON *names;
	const cJSON *row;

	if (!ids_read(&ids, IDS_SENDS, cli->args, cli->n_args, err)) {
		return false;
	}
	params = json_object();
	names = json_array();
	json_add(params, "sends", names);
	for (size_t i = 0; i < ids.n; i++) {
		json_push(names, cJSON_CreateString(ids.words[i]));
	}
	if (!ask(cli, "queue.retry", params, &result, err)) {
		return false;
	}
	cJSON_ArrayForEach(row, json_get(result, "rows"))
	{
		tell(cli, row);
	}
	output_rows_end(cli);
	return true;
}

static bool run_settle(struct cli *cli, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	const char *outcome = cli->args[1];
	cJSON *params;

	if (strcmp(outcome, "sent") != 0 && strcmp(outcome, "absent") != 0 && strcmp(outcome, "again") != 0) {
		return usage(
			err, _("%s: say what you found: sent (it is there), absent (give it up) or again"), cli->spelt);
	}
	params = json_object();
	json_add_text(params, "send", cli->args[0]);
	json_add_text(params, "outcome", outcome);
	option_add(cli, params, "remote-id", "remote_id");
	option_add(cli, params, "url", NULL);
	if (!ask(cli, "queue.settle", params, &result, err)) {
		return false;
	}
	tell(cli, result);
	output_rows_end(cli);
	return true;
}

/* ---- tables ---- */

static const struct option list_options[] = {
	{ 'a', "account", "ACCOUNT", N_("only this account's"), "account", false, false },
	{ 0, "state", "STATE", N_("only in this state; without: all that is not done"),
		"=held|queued|sending|pending|sent|failed|unsure|cancelled", false, false },
	{ 'k', "kind", "KIND", N_("only posts, only replies, or only withdrawals"), "=publish|reply|withdraw", false,
		false },
	{ 'l', "limit", "N", N_("at most so many; 0: all"), NULL, false, false },
	{ 0 },
};

static const struct option settle_options[] = {
	{ 0, "remote-id", "ID", N_("its number on the platform, when it is there"), NULL, false, false },
	{ 0, "url", "URL", N_("its address there"), NULL, false, false },
	{ 0 },
};

static const char *const list_fields[] = { "delivery", "id", "kind", "account", "post", "ticket", "state", "hold",
	"wish", "due_at", "next_at", "attempts", "remote_id", "url", "error", "error_code", "note", "sent_at",
	"look_at", "mode", "job", "thread", "withdraws", "withdrawn_at", "text", NULL };
static const struct column list_columns[] = {
	{ "delivery", N_("DELIVERY"), COLUMN_TEXT, 0, false },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ "mode", N_("MODE"), COLUMN_WORD, 0, false },
	{ "hold|wish", N_("HOLD"), COLUMN_WORD, 0, true },
	{ "due_at", N_("DUE"), COLUMN_TIME, 0, false },
	{ "attempts", N_("TRIES"), COLUMN_NUMBER, 0, true },
	{ "error|text", N_("TEXT"), COLUMN_SAID, 20, false },
	{ 0 },
};
static const struct shape list_shape = { "delivery", list_columns, list_fields };

static const char *const shape_fields[] = { "account", "id", "state", "held", "queued", "sending", "unsure", "failed",
	"due_next_at", NULL };
static const struct column shape_columns[] = {
	{ "account", N_("ACCOUNT"), COLUMN_TEXT, 12, false },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ "held", N_("HELD"), COLUMN_NUMBER, 0, false },
	{ "queued", N_("QUEUED"), COLUMN_NUMBER, 0, false },
	{ "sending", N_("SENDING"), COLUMN_NUMBER, 0, false },
	{ "unsure", N_("UNSURE"), COLUMN_NUMBER, 0, false },
	{ "failed", N_("FAILED"), COLUMN_NUMBER, 0, false },
	{ "due_next_at", N_("NEXT"), COLUMN_TIME, 0, true },
	{ 0 },
};
static const struct shape shape_shape = { "account", shape_columns, shape_fields };

static const char *const tell_fields[] = { "delivery", "state", NULL };
static const struct column tell_columns[] = {
	{ "delivery", N_("DELIVERY"), COLUMN_TEXT, 0, false },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ 0 },
};
static const struct shape tell_shape = { "delivery", tell_columns, tell_fields };

static const struct example list_examples[] = {
	{ "gazette queue list --state failed", N_("what a person must decide") },
	{ "gazette queue list --state unsure --json", NULL },
	{ 0 },
};
static const struct example retry_examples[] = {
	{ "gazette queue retry 12/weibo-main", NULL },
	{ "gazette queue list --state failed -q | gazette queue retry -", N_("all that failed") },
	{ 0 },
};
static const struct example settle_examples[] = {
	{ "gazette queue settle 12/weibo-main sent --url https://weibo.com/1900000001/Mabc", N_("it is there") },
	{ "gazette queue settle 12/weibo-main again", N_("it is not there: send it once more") },
	{ "gazette queue settle send:7 absent", N_("it is not there: give it up") },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "list", "", N_("deliveries and replies that are not done"), NULL, list_examples, list_options, NULL, 0, 0,
		&list_shape, false, run_list },
	{ "shape", "", N_("how many wait, per account"), NULL, NULL, NULL, NULL, 0, 0, &shape_shape, false, run_shape },
	{ "retry", "N|N/ACCOUNT|send:N|ALL...", N_("send once more what failed"), NULL, retry_examples, NULL,
		"delivery", 1, -1, &tell_shape, true, run_retry },
	{ "settle", "N/ACCOUNT|send:N sent|absent|again", N_("say what became of a send nobody knows about"),
		N_("Look at the account on the platform first. sent: it is there. absent: it is not, and shall not be. "
		   "again: it is not, send it once more."),
		settle_examples, settle_options, "delivery", 2, 2, &tell_shape, true, run_settle },
	{ 0 },
};

static const struct word_source sources[] = {
	{ "delivery", "queue.list", "delivery" },
	{ 0 },
};

const struct command command_queue = {
	.name = "queue",
	.summary = N_("what waits to leave, and what is stuck"),
	.verbs = verbs,
	.sources = sources,
};
