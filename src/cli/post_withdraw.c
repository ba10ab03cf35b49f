/*
 * `post withdraw` and `post correct`: taking back what is out. Both ask first, and say what it costs: platforms allow
 * few withdrawals a day, and none of them can be undone.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/account_verbs.h"
#include "cli/cli.h"
#include "cli/ids.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/post_file.h"
#include "cli/post_verbs.h"
#include "codec/json.h"
#include "core/mem.h"

const struct option post_withdraw_options[] = {
	{ 'r', "reason", "TEXT", N_("why; stands in the history"), NULL, false, false },
	{ 'n', "dry-run", NULL, N_("show what would be taken back, and what that costs; do nothing"), NULL, false,
		false },
	{ 'y', "yes", NULL, N_("do not ask"), NULL, false, false },
	{ 0 },
};

static const char *const withdraw_fields[] = { "delivery", "account", "send", "used", "limit", "resets_at", NULL };
static const struct column withdraw_columns[] = {
	{ "delivery", N_("DELIVERY"), COLUMN_TEXT, 0, false },
	{ "send", N_("WITHDRAWAL"), COLUMN_TEXT, 0, false },
	{ 0 },
};
const struct shape post_withdraw_shape = { "delivery", withdraw_columns, withdraw_fields };

/* Takes names. What it would do; *ret_result has the rows. */
static bool look(struct cli *cli, cJSON *names, cJSON **ret_result, struct error *err)
{
	cJSON *params = json_object();

	json_add(params, "deliveries", names);
	json_add_text(params, "reason", "-");
	json_add_bool(params, "dry_run", true);
	return ask_to_look(cli, "post.withdraw", params, ret_result, err);
}

static void tell_cost(struct cli *cli, const cJSON *rows)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		int64_t limit = json_i64(row, "limit", 0);
		int64_t used = json_i64(row, "used", 0);
		struct buf text;

		buf_init(&text, 512);
		if (limit > 0) {
			(void)buf_printf(
				&text, _("%" PRId64 " of %" PRId64 " withdrawals of this day are used"), used, limit);
		}
		page_cell(cli, json_text(row, "delivery", ""), 24, STYLE_PLAIN);
		page_cell(cli, text.p, 0, limit > 0 && used >= limit ? STYLE_BAD : STYLE_PLAIN);
		out_text(cli, "\n");
		buf_finish(&text);
	}
}

static bool confirm(struct cli *cli, const cJSON *rows, struct error *err)
{
	struct buf question;
	bool ok;

	if (!option_is_set(cli, "yes") && cli->term.in && cli->term.err) {
		tell_cost(cli, rows);
		output_flush(cli, false);
	}
	buf_init(&question, 256);
	(void)buf_printf(&question, _("Take back %d publications for good? [y/N] "), cJSON_GetArraySize(rows));
	ok = account_confirm(cli, question.p, err);
	buf_finish(&question);
	return ok;
}

/* ---- withdraw ---- */

static void tell_withdrawn(struct cli *cli, const cJSON *rows)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		if (for_people(cli)) {
			say(cli, _("%s: is being withdrawn, as %s"), json_text(row, "delivery", ""),
				json_text(row, "send", ""));
		} else {
			output_row(cli, row);
		}
	}
	output_rows_end(cli);
}

bool post_withdraw(struct cli *cli, struct error *err)
{
	cleanup(ids_finish) struct ids ids = { 0 };
	cleanup(json_freep) cJSON *names = json_array();
	cleanup(json_freep) cJSON *before = NULL;
	cleanup(json_freep) cJSON *result = NULL;
	const char *reason = option_text(cli, "reason");
	cJSON *params;

	if (!reason || !reason[0]) {
		return usage(err, _("%s: --%s is missing"), cli->spelt, "reason");
	}
	if (!ids_read(&ids, IDS_SENDS, cli->args, cli->n_args, err)) {
		return false;
	}
	for (size_t i = 0; i < ids.n; i++) {
		json_push(names, cJSON_CreateString(ids.words[i]));
	}
	if (!look(cli, cJSON_Duplicate(names, true), &before, err)) {
		return false;
	}
	if (option_is_set(cli, "dry-run")) {
		const cJSON *row;

		if (for_people(cli)) {
			tell_cost(cli, json_get(before, "rows"));
			out_printf(cli, "%s\n", _("Nothing was done."));
			return true;
		}
		cJSON_ArrayForEach(row, json_get(before, "rows"))
		{
			output_row(cli, row);
		}
		output_rows_end(cli);
		return true;
	}
	if (!confirm(cli, json_get(before, "rows"), err)) {
		return false;
	}
	params = json_object();
	json_add(params, "deliveries", steal(&names));
	json_add_text(params, "reason", reason);
	if (!ask(cli, "post.withdraw", params, &result, err)) {
		return false;
	}
	tell_withdrawn(cli, json_get(result, "rows"));
	return true;
}

/* ---- correct ---- */

/* A correction that names no accounts goes to those where the old one is out. */
static cJSON *accounts_of(const cJSON *rows)
{
	cJSON *names = json_array();
	const cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		json_push(names, cJSON_CreateString(json_text(row, "account", "")));
	}
	return names;
}

static cJSON *deliveries_of(const char *post, const cJSON *accounts)
{
	cJSON *names = json_array();
	const cJSON *account;

	cJSON_ArrayForEach(account, accounts)
	{
		struct buf name;

		buf_init(&name, 256);
		(void)buf_printf(&name, "%s/%s", post, cJSON_IsString(account) ? account->valuestring : "");
		json_push(names, cJSON_CreateString(name.p));
		buf_finish(&name);
	}
	return names;
}

bool post_correct(struct cli *cli, struct error *err)
{
	cleanup(post_file_finish) struct post_file file = { 0 };
	cleanup(json_freep) cJSON *before = NULL;
	cleanup(json_freep) cJSON *names = json_array();
	const char *post = cli->args[0];
	bool by_text = option_is_set(cli, "message");
	int64_t id;

	if (!str_to_i64(str_from(post), 1, INT64_MAX, &id)) {
		return usage(err, _("%s: \"%s\" is no post's number"), cli->spelt, post);
	}
	if (by_text != (cli->n_args == 1)) {
		return usage(
			err, _("%s: give the corrected text: a file, - for standard input, or -m TEXT"), cli->spelt);
	}
	json_push(names, cJSON_CreateString(post));
	if (!post_load(cli, by_text ? NULL : cli->args[1], &file, err)) {
		return false;
	}
	if (!json_get(file.post, "accounts")) {
		cleanup(json_freep) cJSON *out = NULL;

		if (!look(cli, cJSON_Duplicate(names, true), &out, err)) {
			return false;
		}
		json_add(file.post, "accounts", accounts_of(json_get(out, "rows")));
	}
	if (!look(cli, deliveries_of(post, json_get(file.post, "accounts")), &before, err)) {
		return false;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(file.post, "corrects");
	json_add_i64(file.post, "corrects", id);
	if (!json_get(file.post, "at")) {
		json_add_text(file.post, "at", "now");
	}
	if (option_is_set(cli, "dry-run")) {
		if (for_people(cli)) {
			tell_cost(cli, json_get(before, "rows"));
		}
		return post_look_at(cli, &file, true, err);
	}
	return confirm(cli, json_get(before, "rows"), err) && post_hand_in(cli, &file, err);
}
