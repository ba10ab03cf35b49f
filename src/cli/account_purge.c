/* `gazette account purge`: forget what citizens said who have left. It cannot be taken back, so it is asked for twice.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/account_verbs.h"
#include "cli/cli.h"
#include "cli/page.h"
#include "codec/json.h"

const struct option account_purge_options[] = {
	{ 0, "follower", "OPENID", N_("this one, who has left, at once"), NULL, false, false },
	{ 0, "expired", NULL, N_("all who left longer ago than the office keeps it (retention)"), NULL, false, false },
	{ 'y', "yes", NULL, N_("do not ask"), NULL, false, false },
	{ 0 },
};

static const char *const members[] = { "citizens", "messages", "replies", "media", "tickets" };

static const char *const purge_fields[] = { "name", "citizens", "messages", "replies", "media", "tickets", NULL };
static const struct column purge_columns[] = {
	{ "name", N_("ACCOUNT"), COLUMN_TEXT, 12, false },
	{ "citizens", N_("CITIZENS"), COLUMN_NUMBER, 0, false },
	{ "messages", N_("MESSAGES"), COLUMN_NUMBER, 0, false },
	{ "replies", N_("REPLIES"), COLUMN_NUMBER, 0, false },
	{ "media", N_("PICTURES"), COLUMN_NUMBER, 0, false },
	{ "tickets", N_("TICKETS"), COLUMN_NUMBER, 0, false },
	{ 0 },
};
const struct shape account_purge_shape = { "name", purge_columns, purge_fields };

static void add_up(cJSON *sum, const cJSON *result)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		int64_t value = json_i64(sum, members[i], 0) + json_i64(result, members[i], 0);

		cJSON_DeleteItemFromObjectCaseSensitive(sum, members[i]);
		json_add_i64(sum, members[i], value);
	}
}

/* The daemon takes a bounded number at a time. */
static bool purge(struct cli *cli, const char *name, const char *follower, cJSON *sum, struct error *err)
{
	bool more = true;

	while (more) {
		cleanup(json_freep) cJSON *result = NULL;
		cJSON *params = json_object();

		json_add_text(params, "name", strcmp(name, "ALL") == 0 ? NULL : name);
		json_add_text(params, "citizen", follower);
		if (!ask(cli, "account.purge", params, &result, err)) {
			return false;
		}
		add_up(sum, result);
		more = json_bool(result, "more", false) && !follower;
	}
	return true;
}

static bool confirm(struct cli *cli, const char *name, const char *follower, struct error *err)
{
	struct buf question;
	bool ok;

	buf_init(&question, 1024);
	if (follower) {
		(void)buf_printf(&question,
			_("Forget what the citizen %s of %s said and was told? This cannot be taken back. [y/N] "),
			follower, name);
	} else {
		(void)buf_printf(&question,
			_("Forget what citizens of %s said who left longer ago than the retention? This cannot be "
			  "taken "
			  "back. [y/N] "),
			name);
	}
	ok = account_confirm(cli, question.p, err);
	buf_finish(&question);
	return ok;
}

static void tell(struct cli *cli, const cJSON *sum)
{
	if (json_i64(sum, "citizens", 0) == 0) {
		say(cli, _("%s: there was nothing to forget"), json_text(sum, "name", ""));
		return;
	}
	say(cli,
		_("%s: forgotten: %" PRId64 " citizens, the texts of %" PRId64 " messages and %" PRId64
		  " replies, %" PRId64 " pictures; %" PRId64 " tickets no longer say whose they are"),
		json_text(sum, "name", ""), json_i64(sum, "citizens", 0), json_i64(sum, "messages", 0),
		json_i64(sum, "replies", 0), json_i64(sum, "media", 0), json_i64(sum, "tickets", 0));
}

bool account_purge(struct cli *cli, struct error *err)
{
	const char *name = cli->args[0];
	const char *follower = option_text(cli, "follower");
	cleanup(json_freep) cJSON *sum = json_object();

	if (!follower == !option_is_set(cli, "expired")) {
		return usage(err, _("%s: either --follower OPENID or --expired was expected"), cli->spelt);
	}
	if (follower && strcmp(name, "ALL") == 0) {
		return usage(err, _("%s: a follower is of one account: give its name"), cli->spelt);
	}
	json_add_text(sum, "name", name);
	if (!confirm(cli, name, follower, err) || !purge(cli, name, follower, sum, err)) {
		return false;
	}
	if (output_object(cli, sum)) {
		return true;
	}
	if (for_people(cli)) {
		tell(cli, sum);
	} else {
		output_row(cli, sum);
		output_rows_end(cli);
	}
	return true;
}
