/*
 * `gazette account topics`: what followers have chosen for themselves, counted; topics made and taken away. Nobody is
 * put on one from here.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/account_verbs.h"
#include "cli/cli.h"
#include "cli/page.h"
#include "codec/json.h"

const struct option account_topics_options[] = {
	{ 'y', "yes", NULL, N_("remove: do not ask"), NULL, false, false },
	{ 0 },
};

static const char *const topics_fields[] = { "name", "followers", "offered", "chosen", "waiting", "refused", "id",
	NULL };
static const struct column topics_columns[] = {
	{ "name", N_("TOPIC"), COLUMN_TEXT, 10, false },
	{ "followers", N_("FOLLOWERS"), COLUMN_NUMBER, 0, false },
	{ "offered", N_("OFFERED"), COLUMN_WORD, 0, false },
	{ "waiting", N_("WAITING"), COLUMN_NUMBER, 0, true },
	{ "refused", N_("REFUSED"), COLUMN_NUMBER, 0, true },
	{ 0 },
};
const struct shape account_topics_shape = { "name", topics_columns, topics_fields };

static cJSON *find(cJSON *rows, const char *name)
{
	cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		if (strcmp(json_text(row, "name", ""), name) == 0) {
			return row;
		}
	}
	return NULL;
}

/* What the platform counts, and beside it what the daemon offers and has still to tell. */
static bool join(struct cli *cli, const char *name, cJSON *rows, struct error *err)
{
	cleanup(json_freep) cJSON *account = NULL;
	cJSON *params = json_object();
	const cJSON *ours;
	cJSON *row;

	json_add_text(params, "name", name);
	if (!ask_to_look(cli, "account.show", params, &account, err)) {
		return false;
	}
	cJSON_ArrayForEach(ours, json_get(account, "topics"))
	{
		row = find(rows, json_text(ours, "name", ""));
		if (!row) {
			row = json_object();
			json_add_text(row, "name", json_text(ours, "name", ""));
			json_add_i64(row, "followers", 0);
			json_push(rows, row);
		}
		json_add_text(row, "offered", json_bool(ours, "offered", false) ? "yes" : "no");
		json_add_i64(row, "chosen", json_i64(ours, "chosen", 0));
		json_add_i64(row, "waiting", json_i64(ours, "waiting", 0));
		json_add_i64(row, "refused", json_i64(ours, "refused", 0));
	}
	cJSON_ArrayForEach(row, rows)
	{
		if (!json_get(row, "offered")) {
			json_add_text(row, "offered", "no");
		}
	}
	return true;
}

static bool load(struct cli *cli, const char *name, cJSON **ret_result, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;

	if (!account_call(cli, name, "topics", NULL, true, &result, err) ||
		!join(cli, name, cJSON_GetObjectItemCaseSensitive(result, "topics"), err)) {
		return false;
	}
	*ret_result = steal(&result);
	return true;
}

static bool list(struct cli *cli, const char *name, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	const cJSON *row;

	if (!load(cli, name, &result, err)) {
		return false;
	}
	cJSON_ArrayForEach(row, json_get(result, "topics"))
	{
		output_row(cli, row);
	}
	output_rows_end(cli);
	if (cJSON_GetArraySize(json_get(result, "topics")) == 0) {
		note(cli, _("there is nothing"));
	}
	return true;
}

static void tell(struct cli *cli, const char *topic, const char *text)
{
	if (for_people(cli)) {
		say(cli, "%s: %s", topic, text);
	} else {
		cleanup(json_freep) cJSON *row = json_object();

		json_add_text(row, "name", topic);
		output_row(cli, row);
		output_rows_end(cli);
	}
}

static bool add(struct cli *cli, const char *name, const char *topic, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params = json_object();

	json_add_text(params, "name", topic);
	if (!account_call(cli, name, "topic.create", params, false, &result, err)) {
		return false;
	}
	tell(cli, topic, _("the topic is there; followers choose it when accounts.yaml offers it (topics:)"));
	return true;
}

static bool remove_topic(struct cli *cli, const char *name, const char *topic, struct error *err)
{
	cleanup(json_freep) cJSON *before = NULL;
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params;
	const cJSON *row;
	struct buf question;
	bool ok;

	if (!load(cli, name, &before, err)) {
		return false;
	}
	row = find(cJSON_GetObjectItemCaseSensitive(before, "topics"), topic);
	buf_init(&question, 1024);
	(void)buf_printf(&question, _("Take the topic \"%s\" away from %s? %" PRId64 " followers chose it. [y/N] "),
		topic, name, json_i64(row, "followers", 0));
	ok = account_confirm(cli, question.p, err);
	buf_finish(&question);
	if (!ok) {
		return false;
	}
	params = json_object();
	json_add_text(params, "topic", topic);
	if (!account_call(cli, name, "topic.delete", params, false, &result, err)) {
		return false;
	}
	tell(cli, topic, _("the topic is gone, and nobody has it any more"));
	if (row && strcmp(json_text(row, "offered", ""), "yes") == 0) {
		warn(cli, _("%s: %s still offers it: the next follower who chooses it makes it anew"), topic,
			"accounts.yaml");
	}
	return true;
}

bool account_topics(struct cli *cli, struct error *err)
{
	static const char *const words[] = { "add", "remove" };
	const char *what = cli->n_args > 1 ? cli->args[1] : NULL;

	if (!what) {
		return list(cli, cli->args[0], err);
	}
	if (strcmp(what, "add") != 0 && strcmp(what, "remove") != 0) {
		return usage(err, _("%s: \"%s\" is neither add nor remove%s"), cli->spelt, what,
			did_you_mean(what, words, ARRAY_LEN(words)));
	}
	if (cli->n_args != 3) {
		return usage(err, _("%s: the name of a topic was expected behind %s"), cli->spelt, what);
	}
	return strcmp(what, "add") == 0 ? add(cli, cli->args[0], cli->args[2], err)
					: remove_topic(cli, cli->args[0], cli->args[2], err);
}
