/* `gazette reload`: the daemon reads accounts.yaml anew, as a whole or not at all. */
#include <inttypes.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/page.h"
#include "codec/json.h"

static bool run(struct cli *cli, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	const cJSON *row;

	if (!ask(cli, "reload", json_object(), &result, err)) {
		return false;
	}
	if (!for_people(cli)) {
		output_row(cli, result);
		output_rows_end(cli);
	} else {
		say(cli, _("Read and applied: %" PRId64 " accounts"), json_i64(result, "accounts", 0));
		cJSON_ArrayForEach(row, json_get(result, "gone"))
		{
			warn(cli,
				_("%s is not in accounts.yaml any more: %" PRId64 " of its posts and replies are held"),
				json_text(row, "name", ""), json_i64(row, "held", 0));
		}
	}
	return true;
}

static const char *const fields[] = { "accounts", "gone", NULL };
static const struct column columns[] = {
	{ "accounts", N_("ACCOUNTS"), COLUMN_NUMBER, 0, false },
	{ 0 },
};
static const struct shape shape = { "", columns, fields };

static const struct example examples[] = {
	{ "gazette reload", NULL },
	{ "gazetted --check -c accounts.yaml", N_("first see whether a file is right, without applying it") },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "", "", N_("apply a changed accounts.yaml"),
		N_("All of it is applied, or nothing: when something is wrong it is said with line and column, and the "
		   "daemon goes on with what it had. An account that is gone from the file keeps its posts, held; they "
		   "go "
		   "on when it comes back."),
		examples, NULL, NULL, 0, 0, &shape, true, run },
	{ 0 },
};

const struct command command_reload = {
	.name = "reload",
	.summary = N_("apply a changed accounts.yaml"),
	.verbs = verbs,
};
