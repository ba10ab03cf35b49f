/* `gazette search`: full text over what citizens said, what was answered and noted, and posts. */
#include "cli/cli.h"
#include "cli/output.h"
#include "codec/json.h"
#include "core/limits.h"

/* Words may be quoted or not: `gazette search 停水 东环路` looks for them as they stand there, with a blank between. */
static bool run(struct cli *cli, struct error *err)
{
	cJSON *params = json_object();
	struct buf query;

	buf_init(&query, LIMIT_REASON_BYTES);
	for (size_t i = 0; i < cli->n_args; i++) {
		(void)buf_printf(&query, "%s%s", i ? " " : "", cli->args[i]);
	}
	if (query.failed) {
		buf_finish(&query);
		cJSON_Delete(params);
		return usage(err, _("%s: more than %u bytes to look for"), cli->spelt, LIMIT_REASON_BYTES);
	}
	json_add_str(params, "query", buf_str(&query));
	buf_finish(&query);
	return ask_list(cli, "search", params, err);
}

static const struct option options[] = {
	{ 'l', "limit", "N", N_("at most so many; 0: all"), NULL, false, false },
	{ 0 },
};

static const char *const fields[] = { "kind", "id", "ticket", "post", "account", "at", "excerpt", NULL };
static const struct column columns[] = {
	{ "kind", N_("KIND"), COLUMN_WORD, 0, false },
	{ "ticket", N_("TICKET"), COLUMN_NUMBER, 0, false },
	{ "post", N_("POST"), COLUMN_NUMBER, 0, false },
	{ "account", N_("ACCOUNT"), COLUMN_TEXT, 10, true },
	{ "at", N_("WHEN"), COLUMN_TIME, 0, false },
	{ "excerpt", N_("TEXT"), COLUMN_TEXT, 20, false },
	{ 0 },
};
static const struct shape shape = { "ticket|post", columns, fields };

static const struct example examples[] = {
	{ "gazette search 停水", N_("two characters are enough") },
	{ "gazette search \"east ring\" --limit 5", NULL },
	{ "gazette search 噪音 -q | sort -u", N_("the tickets and posts it stands in") },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "", "WORD...", N_("find messages, replies, notes and posts by their text"),
		N_("What is found contains the words as they are written, upper and lower case of ASCII aside; newest "
		   "first. What was written a moment ago may be found a moment later."),
		examples, options, NULL, 1, -1, &shape, false, run },
	{ 0 },
};

const struct command command_search = {
	.name = "search",
	.summary = N_("find messages, replies, notes and posts by their text"),
	.verbs = verbs,
};
