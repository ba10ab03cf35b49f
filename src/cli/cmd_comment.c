/*
 * `gazette comment`: what readers wrote below an article. Opening and closing, selecting and removing are the
 * platform's own calls; an answer is a reply to the ticket the comment is in, with its rules.
 *
 * A comment is named by its number, as `comment list` and `ticket show` give it; an article by its delivery.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/account_verbs.h"
#include "cli/cli.h"
#include "cli/ids.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/ticket_verbs.h"
#include "codec/json.h"

/* ---- looking ---- */

static bool run_list(struct cli *cli, struct error *err)
{
	cJSON *params = json_object();

	json_add_text(params, "delivery", cli->args[0]);
	return ask_list(cli, "comment.list", params, err);
}

/* {account, comment, ticket} of a number. */
static bool find(struct cli *cli, const char *word, cJSON **ret_found, struct error *err)
{
	cJSON *params = json_object();

	json_add_text(params, "id", word);
	return ask_to_look(cli, "comment.find", params, ret_found, err);
}

/* The comment in its ticket's thread; NULL: it is older than what is shown. */
static const cJSON *entry_of(const cJSON *ticket, int64_t id)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_get(ticket, "thread"))
	{
		if (!json_get(entry, "send") && json_i64(entry, "id", 0) == id) {
			return entry;
		}
	}
	return NULL;
}

static void show_page(struct cli *cli, const cJSON *found, const cJSON *entry)
{
	int64_t ticket = json_i64(found, "ticket", 0);
	char number[64];

	(void)snprintf(number, sizeof(number), _("Comment %" PRId64), json_i64(found, "id", 0));
	page_title(cli, number, json_text(entry, "who", ""));
	page_field(cli, _("account"), json_text(found, "account", ""));
	page_field(cli, _("under"), json_text(entry, "status_text", ""));
	page_time(cli, _("written"), field_at(entry, "created_at"));
	if (ticket > 0) {
		(void)snprintf(number, sizeof(number), "%" PRId64, ticket);
		page_field(cli, _("ticket"), number);
	}
	page_field(cli, _("there called"), json_text(found, "comment", ""));
	out_text(cli, "\n");
	out_wrapped(cli, json_str(entry, "text"), 2, page_cells(cli));
}

static bool show_one(struct cli *cli, const char *word, void *data, struct error *err)
{
	cleanup(json_freep) cJSON *found = NULL;
	cleanup(json_freep) cJSON *ticket = NULL;
	const cJSON *entry = NULL;
	bool *any = data;
	cJSON *params;

	if (!find(cli, word, &found, err)) {
		return false;
	}
	if (json_get(found, "ticket")) {
		params = json_object();
		json_add_i64(params, "id", json_i64(found, "ticket", 0));
		if (!ask_to_look(cli, "ticket.show", params, &ticket, err)) {
			return false;
		}
		entry = entry_of(ticket, json_i64(found, "id", 0));
	}
	if (!for_people(cli)) {
		json_add_text(found, "who", json_text(entry, "who", NULL));
		json_add_text(found, "text", json_text(entry, "text", NULL));
		json_add_text(found, "created_at", json_text(entry, "created_at", NULL));
		output_row(cli, found);
		return true;
	}
	out_text(cli, *any ? "\n" : "");
	*any = true;
	show_page(cli, found, entry);
	return true;
}

static bool run_show(struct cli *cli, struct error *err)
{
	cleanup(ids_finish) struct ids ids = { 0 };
	bool any = false;

	if (!ids_read(&ids, IDS_NUMBERS, cli->args, cli->n_args, err) ||
		!for_each_word(cli, ids.words, ids.n, show_one, &any, err)) {
		return false;
	}
	if (!for_people(cli)) {
		output_rows_end(cli);
	}
	return true;
}

/* ---- the platform's own calls ---- */

/* What is done to one comment or article. */
struct deed {
	const char *call;
	const char *question; /* N_(); NULL: it can be undone */
	const char *done;     /* N_() */
};

static void tell(struct cli *cli, const char *word, const struct deed *deed)
{
	cleanup(json_freep) cJSON *row = NULL;

	if (for_people(cli)) {
		say(cli, "%s: %s", word, _(deed->done));
		return;
	}
	row = json_object();
	json_add_text(row, "id", word);
	json_add_text(row, "call", deed->call);
	output_row(cli, row);
}

static bool do_to_comment(struct cli *cli, const char *word, void *data, struct error *err)
{
	const struct deed *deed = data;
	cleanup(json_freep) cJSON *found = NULL;
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params;

	if (!find(cli, word, &found, err)) {
		return false;
	}
	params = json_object();
	json_add_text(params, "comment", json_text(found, "comment", ""));
	if (!account_call(cli, json_text(found, "account", ""), deed->call, params, false, &result, err)) {
		return false;
	}
	tell(cli, word, deed);
	return true;
}

static bool do_to_article(struct cli *cli, const char *word, void *data, struct error *err)
{
	const struct deed *deed = data;
	cleanup(json_freep) cJSON *found = NULL;
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params = json_object();

	json_add_text(params, "delivery", word);
	if (!ask_to_look(cli, "comment.thread", params, &found, err)) {
		return false;
	}
	params = json_object();
	json_add_text(params, "thread", json_text(found, "thread", ""));
	if (!account_call(cli, json_text(found, "account", ""), deed->call, params, false, &result, err)) {
		return false;
	}
	tell(cli, word, deed);
	return true;
}

static bool for_each(struct cli *cli, enum ids_kind kind,
	bool (*each)(struct cli *, const char *, void *, struct error *), struct deed *deed, struct error *err)
{
	cleanup(ids_finish) struct ids ids = { 0 };
	bool ok = ids_read(&ids, kind, cli->args, cli->n_args, err) &&
		  (!deed->question || account_confirm(cli, _(deed->question), err)) &&
		  for_each_word(cli, ids.words, ids.n, each, deed, err);

	output_rows_end(cli);
	return ok;
}

static bool run_open(struct cli *cli, struct error *err)
{
	struct deed deed = { "comments.open", NULL, N_("readers may comment") };

	return for_each(cli, IDS_SENDS, do_to_article, &deed, err);
}

static bool run_close(struct cli *cli, struct error *err)
{
	struct deed deed = { "comments.close", NULL, N_("readers may comment no more") };

	return for_each(cli, IDS_SENDS, do_to_article, &deed, err);
}

static bool run_elect(struct cli *cli, struct error *err)
{
	struct deed deed = { "comment.elect", NULL, N_("stands selected below the article") };

	return for_each(cli, IDS_NUMBERS, do_to_comment, &deed, err);
}

static bool run_unelect(struct cli *cli, struct error *err)
{
	struct deed deed = { "comment.unelect", NULL, N_("is selected no more") };

	return for_each(cli, IDS_NUMBERS, do_to_comment, &deed, err);
}

static bool run_delete_reply(struct cli *cli, struct error *err)
{
	struct deed deed = { "comment.reply-delete", N_("Take our reply away from below the article, for good? [y/N] "),
		N_("our reply is gone") };

	return for_each(cli, IDS_NUMBERS, do_to_comment, &deed, err);
}

static bool run_delete(struct cli *cli, struct error *err)
{
	struct deed deed = { "comment.delete", N_("Remove what a reader wrote, for good? [y/N] "),
		N_("removed from below the article") };

	return for_each(cli, IDS_NUMBERS, do_to_comment, &deed, err);
}

/* ---- replies ---- */

static bool run_reply(struct cli *cli, struct error *err)
{
	cleanup(json_freep) cJSON *found = NULL;
	int64_t id;

	if (!str_to_i64(str_from(cli->args[0]), 1, INT64_MAX, &id)) {
		return usage(err, _("%s: \"%s\" is no comment's number"), cli->spelt, cli->args[0]);
	}
	if (!find(cli, cli->args[0], &found, err)) {
		return false;
	}
	if (!json_get(found, "ticket")) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			_("comment %s is in no ticket: there is nothing to answer"), cli->args[0]);
	}
	return ticket_reply_to(cli, json_i64(found, "ticket", 0), id, err);
}

/* ---- tables ---- */

static const struct option list_options[] = {
	{ 'l', "limit", "N", N_("at most so many; 0: all"), NULL, false, false },
	{ 0 },
};

static const struct option delete_options[] = {
	{ 'y', "yes", NULL, N_("do not ask"), NULL, false, false },
	{ 0 },
};

static const char *const list_fields[] = { "id", "ticket", "comment", "who", "from_us", "text", "created_at", "account",
	NULL };
static const struct column list_columns[] = {
	{ "id", N_("COMMENT"), COLUMN_NUMBER, 0, false },
	{ "created_at", N_("WRITTEN"), COLUMN_TIME, 0, false },
	{ "ticket", N_("TICKET"), COLUMN_NUMBER, 0, true },
	{ "who", N_("CITIZEN"), COLUMN_TEXT, 8, true },
	{ "text", N_("TEXT"), COLUMN_TEXT, 20, false },
	{ 0 },
};
static const struct shape list_shape = { "id", list_columns, list_fields };

static const char *const deed_fields[] = { "id", "call", NULL };
static const struct column deed_columns[] = {
	{ "id", N_("COMMENT"), COLUMN_TEXT, 0, false },
	{ "call", N_("RESULT"), COLUMN_TEXT, 0, false },
	{ 0 },
};
static const struct shape deed_shape = { "id", deed_columns, deed_fields };

static const char *const reply_fields[] = { "id", "state", "priority", "level", "holder", "lease_until", "target",
	"version", "send", "findings", NULL };
static const struct column reply_columns[] = {
	{ "id", N_("TICKET"), COLUMN_NUMBER, 0, false },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ 0 },
};
static const struct shape reply_shape = { "id", reply_columns, reply_fields };

static const struct example list_examples[] = {
	{ "gazette comment list 12/wechat-main", N_("newest first") },
	{ 0 },
};
static const struct example open_examples[] = {
	{ "gazette comment open 12/wechat-main", NULL },
	{ 0 },
};
static const struct example elect_examples[] = {
	{ "gazette comment elect 2211", NULL },
	{ 0 },
};
static const struct example reply_examples[] = {
	{ "gazette take 345 && gazette comment reply 2211 -m 'From 8 pm on.'", N_("345: its ticket") },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "list", "N/ACCOUNT", N_("what readers wrote below an article, newest first"), NULL, list_examples,
		list_options, "delivery", 1, 1, &list_shape, false, run_list },
	{ "show", "ID...", N_("one comment, and the ticket it is in"), NULL, NULL, NULL, NULL, 1, -1, &list_shape,
		false, run_show },
	{ "open", "N/ACCOUNT...", N_("let readers comment on an article"), NULL, open_examples, NULL, "delivery", 1, -1,
		&deed_shape, true, run_open },
	{ "close", "N/ACCOUNT...", N_("no more comments on an article"), NULL, NULL, NULL, "delivery", 1, -1,
		&deed_shape, true, run_close },
	{ "elect", "ID...", N_("select a comment: all readers see it"), NULL, elect_examples, NULL, NULL, 1, -1,
		&deed_shape, true, run_elect },
	{ "unelect", "ID...", N_("select it no more"), NULL, NULL, NULL, NULL, 1, -1, &deed_shape, true, run_unelect },
	{ "reply", "ID", N_("answer a comment below the article"),
		N_("As a reply to its ticket: it needs your claim. A comment takes one reply; to say something else, "
		   "delete "
		   "the reply first."),
		reply_examples, ticket_reply_options, NULL, 1, 1, &reply_shape, true, run_reply },
	{ "delete-reply", "ID...", N_("take our reply to a comment away"), NULL, NULL, delete_options, NULL, 1, -1,
		&deed_shape, true, run_delete_reply },
	{ "delete", "ID...", N_("remove a comment"), NULL, NULL, delete_options, NULL, 1, -1, &deed_shape, true,
		run_delete },
	{ 0 },
};

static const struct word_source sources[] = {
	{ "delivery", "queue.list", "delivery" },
	{ 0 },
};

const struct command command_comment = {
	.name = "comment",
	.summary = N_("what readers wrote below articles"),
	.verbs = verbs,
	.sources = sources,
};
