/*
 * `gazette ticket`: what citizens said, most urgent first, and whose case it is. Replies are written in ticket_reply.c,
 * the page of one ticket in ticket_page.c.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/ids.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/ticket_verbs.h"
#include "codec/json.h"
#include "core/limits.h"
#include "text/when.h"

static cJSON *id_params(const char *word)
{
	cJSON *params = json_object();

	json_add_text(params, "id", word);
	return params;
}

/* ---- looking ---- */

static bool run_list(struct cli *cli, struct error *err)
{
	static const char *const texts[] = { "account", "state", "class", "holder", "priority" };
	static const char *const switches[] = { "mine", "unclaimed", "overdue" };
	cJSON *params = json_object();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		option_add(cli, params, texts[i], NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
		if (option_is_set(cli, switches[i])) {
			json_add_bool(params, switches[i], true);
		}
	}
	if (option_is_set(cli, "all") && !option_is_set(cli, "state")) {
		json_add_text(params, "state", "all");
	}
	return ask_list(cli, "ticket.list", params, err);
}

static bool show_one(struct cli *cli, const char *word, void *data, struct error *err)
{
	cleanup(json_freep) cJSON *ticket = NULL;
	bool *any = data;

	if (!ask(cli, "ticket.show", id_params(word), &ticket, err)) {
		return false;
	}
	if (output_object(cli, ticket)) {
		return true;
	}
	if (!for_people(cli)) {
		output_row(cli, ticket);
		return true;
	}
	if (*any) {
		out_text(cli, "\n");
	}
	*any = true;
	ticket_page(cli, ticket);
	return true;
}

/* ---- deciding ---- */

/* What a verb does to each ticket. */
struct deed {
	const char *method;
	const cJSON *params; /* borrowed; the id is added */
	const char *done;    /* N_(): "Ticket %s: closed" */
	bool names_target;   /* and whose it is now */
};

static void tell(struct cli *cli, const char *word, const struct deed *deed, const cJSON *ticket)
{
	int64_t until_at = field_at(ticket, "lease_until");
	struct buf text;

	if (!for_people(cli)) {
		output_row(cli, ticket);
		return;
	}
	buf_init(&text, 1024);
	(void)buf_printf(&text, _("Ticket %s: "), word);
	(void)buf_add_text(&text, _(deed->done));
	if (strcmp(deed->method, "ticket.claim") == 0 && until_at) {
		(void)buf_add_text(&text, _(", until "));
		(void)when_format_short(&text, until_at, cli_now_at(cli));
	}
	if (deed->names_target && json_text(ticket, "target", "")[0]) {
		(void)buf_add_text(&text, " → ");
		out_safe(&text, json_text(ticket, "target", ""));
	}
	say(cli, "%s", text.p);
	buf_finish(&text);
}

static bool do_one(struct cli *cli, const char *word, void *data, struct error *err)
{
	const struct deed *deed = data;
	cleanup(json_freep) cJSON *ticket = NULL;
	cJSON *params = cJSON_Duplicate(deed->params, true);

	json_add_text(params, "id", word);
	if (!ask(cli, deed->method, params, &ticket, err)) {
		return false;
	}
	tell(cli, word, deed, ticket);
	return true;
}

static bool for_each_ticket(struct cli *cli, bool (*each)(struct cli *, const char *, void *, struct error *),
	void *data, struct error *err)
{
	cleanup(ids_finish) struct ids ids = { 0 };
	bool ok = ids_read(&ids, IDS_NUMBERS, cli->args, cli->n_args, err) &&
		  for_each_word(cli, ids.words, ids.n, each, data, err);

	output_rows_end(cli);
	return ok;
}

static bool run_show(struct cli *cli, struct error *err)
{
	bool any = false;

	return for_each_ticket(cli, show_one, &any, err);
}

/* Takes params. */
static bool run_deed(struct cli *cli, const char *method, cJSON *params, const char *done, struct error *err)
{
	struct deed deed = { method, params, done, json_get(params, "to") || strcmp(method, "ticket.escalate") == 0 };
	bool ok = for_each_ticket(cli, do_one, &deed, err);

	cJSON_Delete(params);
	return ok;
}

/* Named before the daemon is asked: the option's name is what helps. */
static bool wants(const struct cli *cli, const char *option, struct error *err)
{
	const char *text = option_text(cli, option);

	return (text && text[0]) || usage(err, _("%s: --%s is missing"), cli->spelt, option);
}

static bool run_claim(struct cli *cli, struct error *err)
{
	cJSON *params = json_object();

	if (option_is_set(cli, "take-over")) {
		json_add_bool(params, "take_over", true);
	}
	return run_deed(cli, "ticket.claim", params, N_("yours"), err);
}

static bool run_release(struct cli *cli, struct error *err)
{
	return run_deed(cli, "ticket.release", json_object(), N_("free again"), err);
}

static bool run_note(struct cli *cli, struct error *err)
{
	cleanup(buf_finish) struct buf text = { 0 };
	cJSON *params;
	bool given;

	buf_init(&text, LIMIT_REPLY_BYTES);
	if (!ticket_text_option(cli, &text, &given, err)) {
		return false;
	}
	if (!given) {
		return usage(err, _("%s: give the note by -m TEXT or --file FILE"), cli->spelt);
	}
	params = json_object();
	json_add_str(params, "text", str_trim(buf_str(&text)));
	return run_deed(cli, "ticket.note", params, N_("noted"), err);
}

static bool run_assign(struct cli *cli, struct error *err)
{
	cJSON *params;

	if (!wants(cli, "to", err)) {
		return false;
	}
	params = json_object();
	option_add(cli, params, "to", NULL);
	option_add(cli, params, "reason", NULL);
	return run_deed(cli, "ticket.assign", params, N_("assigned"), err);
}

static bool run_transfer(struct cli *cli, struct error *err)
{
	cJSON *params;

	if (!wants(cli, "to", err) || !wants(cli, "reason", err)) {
		return false;
	}
	params = json_object();
	option_add(cli, params, "to", NULL);
	option_add(cli, params, "receipt", NULL);
	option_add(cli, params, "reason", NULL);
	return run_deed(cli, "ticket.transfer", params, N_("handed over"), err);
}

static bool run_escalate(struct cli *cli, struct error *err)
{
	cJSON *params;

	if (!wants(cli, "reason", err)) {
		return false;
	}
	params = json_object();
	option_add(cli, params, "to", NULL);
	option_add(cli, params, "reason", NULL);
	option_add(cli, params, "priority", NULL);
	return run_deed(cli, "ticket.escalate", params, N_("escalated"), err);
}

static bool run_close(struct cli *cli, struct error *err)
{
	cJSON *params;

	if (!wants(cli, "result", err) || !wants(cli, "reason", err)) {
		return false;
	}
	params = json_object();
	option_add(cli, params, "result", NULL);
	option_add(cli, params, "reason", NULL);
	return run_deed(cli, "ticket.close", params, N_("closed"), err);
}

static bool run_reopen(struct cli *cli, struct error *err)
{
	cJSON *params;

	if (!wants(cli, "reason", err)) {
		return false;
	}
	params = json_object();
	option_add(cli, params, "reason", NULL);
	return run_deed(cli, "ticket.reopen", params, N_("open again"), err);
}

/* ---- tables ---- */

#define REASON_OPTION \
	{ \
		'r', "reason", "TEXT", N_("why; stands in the history"), NULL, false, false \
	}

static const struct option list_options[] = {
	{ 'a', "account", "ACCOUNT", N_("only this account's"), "account", false, false },
	{ 0, "state", "STATE", N_("only in this state; without: all that is open"),
		"=new|claimed|assigned|waiting|replied|transferred|closed|all", false, false },
	{ 'p', "priority", "PRIORITY", N_("P0 (a life) to P5, P9 (no answer due)"), "=P0|P1|P2|P3|P4|P5|P9", false,
		false },
	{ 0, "class", "CLASS", N_("enquiry, help, complaint, tip, suggestion, emergency, other"),
		"=enquiry|help|complaint|tip|suggestion|emergency|other", false, false },
	{ 0, "holder", "NAME", N_("only what this operator holds"), NULL, false, false },
	{ 'm', "mine", NULL, N_("only what you hold"), NULL, false, false },
	{ 'u', "unclaimed", NULL, N_("only what nobody holds"), NULL, false, false },
	{ 'o', "overdue", NULL, N_("only where a deadline has passed"), NULL, false, false },
	{ 'A', "all", NULL, N_("closed ones too, newest first"), NULL, false, false },
	{ 'l', "limit", "N", N_("at most so many; 0: all"), NULL, false, false },
	{ 0 },
};

static const struct option claim_options[] = {
	{ 0, "take-over", NULL, N_("also from somebody who holds it (leaders)"), NULL, false, false },
	{ 0 },
};

static const struct option note_options[] = {
	{ 'm', "message", "TEXT", N_("the note"), NULL, false, false },
	{ 'F', "file", "FILE", N_("take the text from a file; - is standard input"), "file", false, false },
	{ 0 },
};

static const struct option assign_options[] = {
	{ 't', "to", "WHO", N_("a person or unit"), NULL, false, false },
	REASON_OPTION,
	{ 0 },
};

static const struct option transfer_options[] = {
	{ 't', "to", "AGENCY", N_("110, 12345, another agency"), NULL, false, false },
	{ 0, "receipt", "NUMBER", N_("the number it has there"), NULL, false, false },
	REASON_OPTION,
	{ 0 },
};

static const struct option escalate_options[] = {
	{ 't', "to", "WHO", N_("whom to tell; without: the next in line"), NULL, false, false },
	REASON_OPTION,
	{ 'p', "priority", "PRIORITY", N_("raise it as well"), "=P0|P1|P2|P3|P4|P5", false, false },
	{ 0 },
};

static const struct option close_options[] = {
	{ 0, "result", "RESULT", N_("how it ended"), "=answered|no-answer-due|transferred|withdrawn|duplicate", false,
		false },
	REASON_OPTION,
	{ 0 },
};

static const struct option reopen_options[] = {
	REASON_OPTION,
	{ 0 },
};

static const char *const list_fields[] = { "id", "priority", "class", "state", "account", "author", "excerpt",
	"opened_at", "ack_at", "reply_at", "answer_at", "due_at", "overdue", "holder", "level", "target", "messages",
	"window_until", "replies_left", NULL };
static const struct column list_columns[] = {
	{ "id", N_("TICKET"), COLUMN_NUMBER, 0, false },
	{ "priority", N_("PRIO"), COLUMN_PRIORITY, 0, false },
	{ "class", N_("CLASS"), COLUMN_WORD, 0, true },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ "due_at", N_("DUE"), COLUMN_DUE, 0, false },
	{ "window_until", N_("ANSWER UNTIL"), COLUMN_TIME, 0, true },
	{ "replies_left", N_("LEFT"), COLUMN_NUMBER, 0, false },
	{ "account", N_("ACCOUNT"), COLUMN_TEXT, 8, true },
	{ "author", N_("CITIZEN"), COLUMN_TEXT, 6, true },
	{ "excerpt", N_("TEXT"), COLUMN_TEXT, 20, false },
	{ "holder", N_("HOLDER"), COLUMN_TEXT, 6, false },
	{ 0 },
};
static const struct shape list_shape = { "id", list_columns, list_fields };

static const char *const show_fields[] = { "id", "priority", "class", "state", "account", "author", "excerpt",
	"opened_at", "ack_at", "reply_at", "answer_at", "due_at", "overdue", "holder", "level", "target", "messages",
	"window_until", "replies_left", "version", "lease_until", "result", "closed_at", "thread", "thread_cut",
	"history", NULL };
static const struct shape show_shape = { "id", list_columns, show_fields };

static const char *const deed_fields[] = { "id", "state", "priority", "level", "holder", "lease_until", "target",
	"version", NULL };
static const struct column deed_columns[] = {
	{ "id", N_("TICKET"), COLUMN_NUMBER, 0, false },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ "holder", N_("HOLDER"), COLUMN_TEXT, 6, false },
	{ 0 },
};
static const struct shape deed_shape = { "id", deed_columns, deed_fields };

static const char *const reply_fields[] = { "id", "state", "priority", "level", "holder", "lease_until", "target",
	"version", "send", "findings", NULL };
static const struct shape reply_shape = { "id", deed_columns, reply_fields };

static const struct example list_examples[] = {
	{ "gazette inbox", N_("the same as ticket list: most urgent first") },
	{ "gazette inbox --unclaimed --priority P0", NULL },
	{ "gazette inbox --mine --json=id,due_at,excerpt", NULL },
	{ 0 },
};
static const struct example claim_examples[] = {
	{ "gazette take 345", NULL },
	{ "gazette take 345-349", NULL },
	{ "gazette inbox -q --account weibo-main | gazette take -", NULL },
	{ 0 },
};
static const struct example reply_examples[] = {
	{ "gazette reply 345", N_("in the editor, with the thread in comments") },
	{ "gazette reply 345 -m 'The water is back at 8 pm.'", NULL },
	{ "gazette reply 345 --waiting -m 'Which street, please?'",
		N_("a question: the clock of the answer stands still") },
	{ 0 },
};
static const struct example note_examples[] = {
	{ "gazette ticket note 345 -m 'phoned 110'", NULL },
	{ 0 },
};
static const struct example transfer_examples[] = {
	{ "gazette ticket transfer 345 --to 12345 --receipt 2026-0815 --reason 'street lighting'", NULL },
	{ 0 },
};
static const struct example escalate_examples[] = {
	{ "gazette escalate 345 --reason 'a person on the bridge'", N_("to the next in line") },
	{ "gazette escalate 345 --to duty-leader --priority P0 --reason 'a person on the bridge'", NULL },
	{ 0 },
};
static const struct example close_examples[] = {
	{ "gazette ticket close 345 --result answered --reason 'told when the water is back'", NULL },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "list", "", N_("what citizens said, most urgent first"), NULL, list_examples, list_options, NULL, 0, 0,
		&list_shape, false, run_list },
	{ "show", "N...", N_("one ticket: how it stands, what was said, what was done"), NULL, NULL, NULL, "ticket", 1,
		-1, &show_shape, false, run_show },
	{ "claim", "N...", N_("make it yours, for as long as the lease"), NULL, claim_examples, claim_options, "ticket",
		1, -1, &deed_shape, true, run_claim },
	{ "release", "N...", N_("let go of it"), NULL, NULL, NULL, "ticket", 1, -1, &deed_shape, true, run_release },
	{ "reply", "N", N_("answer the citizen"),
		N_("Needs your claim. Refused with exit code 5 when somebody else holds the ticket, and when the "
		   "citizen has "
		   "written since you looked; your draft is kept, and the next reply opens it again."),
		reply_examples, ticket_reply_options, "ticket", 1, 1, &reply_shape, true, ticket_reply },
	{ "note", "N... -m TEXT", N_("write something down that no citizen sees"), NULL, note_examples, note_options,
		"ticket", 1, -1, &deed_shape, true, run_note },
	{ "assign", "N... --to WHO", N_("give it to a person or unit (leaders)"), NULL, NULL, assign_options, "ticket",
		1, -1, &deed_shape, true, run_assign },
	{ "transfer", "N... --to AGENCY --reason TEXT", N_("hand it over to 110, 12345 or another agency"), NULL,
		transfer_examples, transfer_options, "ticket", 1, -1, &deed_shape, true, run_transfer },
	{ "escalate", "N... --reason TEXT", N_("tell the next in line"),
		N_("Raises the level by one and tells whoever is named, or the next in line. Anybody may, also without "
		   "the "
		   "claim."),
		escalate_examples, escalate_options, "ticket", 1, -1, &deed_shape, true, run_escalate },
	{ "close", "N... --result RESULT --reason TEXT", N_("the case is done"), NULL, close_examples, close_options,
		"ticket", 1, -1, &deed_shape, true, run_close },
	{ "reopen", "N... --reason TEXT", N_("the case is not done after all"), NULL, NULL, reopen_options, "ticket", 1,
		-1, &deed_shape, true, run_reopen },
	{ 0 },
};

static const struct short_word short_words[] = {
	{ "inbox", "list" },
	{ "take", "claim" },
	{ "reply", "reply" },
	{ "escalate", "escalate" },
	{ 0 },
};

static const struct word_source sources[] = {
	{ "ticket", "ticket.list", "id" },
	{ 0 },
};

const struct command command_ticket = {
	.name = "ticket",
	.summary = N_("what citizens said: claim, answer, hand over"),
	.verbs = verbs,
	.short_words = short_words,
	.sources = sources,
};
