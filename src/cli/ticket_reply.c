/*
 * `reply N`: from -m, from a file, or in the editor with the thread quoted as comments. It is written against a version
 * of the ticket; when the citizen has written since, the daemon refuses it and the draft is kept. A kept draft is what
 * the next `reply N` opens.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/editor.h"
#include "cli/findings.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/ticket_verbs.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/safe.h"
#include "text/when.h"

#define QUOTED_BYTES (256u << 10)

const struct option ticket_reply_options[] = {
	{ 'm', "message", "TEXT", N_("the text; without it your editor opens, with the thread in comments"), NULL,
		false, false },
	{ 'F', "file", "FILE", N_("take the text from a file; - is standard input"), "file", false, false },
	{ 'w', "waiting", NULL, N_("it is a question: the ticket waits for the citizen"), NULL, false, false },
	{ 0, "version", "N", N_("the version of the ticket it was written against; else the present one"), NULL, false,
		false },
	{ 'n', "dry-run", NULL, N_("check and show it; send nothing"), NULL, false, false },
	{ 0 },
};

bool ticket_text_option(struct cli *cli, struct buf *out, bool *ret_given, struct error *err)
{
	const char *text = option_text(cli, "message");
	const char *path = option_text(cli, "file");

	*ret_given = text || path;
	if (text && path) {
		return usage(err, _("%s: -m and --file are two texts: give one"), cli->spelt);
	}
	if (path) {
		return input_text(path, out, err);
	}
	return !text || buf_add_text(out, text) || usage(err, _("%s: the text is too long"), cli->spelt);
}

struct reply {
	const char *id;
	int64_t message; /* 0: the newest */
	cJSON *ticket;
	int64_t version;
};

static void reply_finish(struct reply *reply)
{
	cJSON_Delete(reply->ticket);
}

static bool look(struct cli *cli, struct reply *reply, struct error *err)
{
	cJSON *params = json_object();
	cJSON *ticket = NULL;

	json_add_text(params, "id", reply->id);
	if (!ask_to_look(cli, "ticket.show", params, &ticket, err)) {
		return false;
	}
	cJSON_Delete(reply->ticket);
	reply->ticket = ticket;
	reply->version = json_i64(ticket, "version", 0);
	return true;
}

/* Before anybody writes in vain. The daemon decides it once more. */
static bool check_claim(struct cli *cli, const struct reply *reply, struct error *err)
{
	const char *holder = json_text(reply->ticket, "holder", "");
	int64_t until_at = field_at(reply->ticket, "lease_until");
	bool held = holder[0] && until_at > cli_now_at(cli);
	struct buf until;

	if (held && strcmp(holder, ask_hello(cli, "operator")) == 0) {
		return true;
	}
	if (!held) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			_("ticket %s is held by nobody: claim it first (gazette take %s)"), reply->id, reply->id);
	}
	buf_init(&until, 64);
	(void)when_format_short(&until, until_at, cli_now_at(cli));
	(void)error_set(
		err, ERROR_STATE, ADVISE_REJECT, 0, _("ticket %s is held by %s until %s"), reply->id, holder, until.p);
	buf_finish(&until);
	return false;
}

/*
 * A platform that takes private answers for a while only: said before anybody writes in vain. Its clock and ours may
 * differ by a moment; the daemon decides.
 */
static bool check_window(struct cli *cli, const struct reply *reply, struct error *err)
{
	int64_t until_at = field_at(reply->ticket, "window_until");

	if (!until_at) {
		return true;
	}
	if (until_at <= cli_now_at(cli)) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			_("ticket %s: the platform takes no answer any more, until the citizen writes again. What "
			  "remains: "
			  "the telephone, or gazette ticket transfer %s"),
			reply->id, reply->id);
	}
	if (json_i64(reply->ticket, "replies_left", 0) <= 0) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			_("ticket %s: the answers the platform allows are used up, until the citizen writes again. "
			  "What "
			  "remains: the telephone, or gazette ticket transfer %s"),
			reply->id, reply->id);
	}
	return true;
}

static bool check_both(struct cli *cli, const struct reply *reply, struct error *err)
{
	return check_claim(cli, reply, err) && check_window(cli, reply, err);
}

static void show(struct cli *cli, const struct reply *reply, const char *text)
{
	out_printf(cli, _("To ticket %s on %s (version %" PRId64 "):"), reply->id,
		json_text(reply->ticket, "account", ""), reply->version);
	out_text(cli, "\n");
	out_wrapped(cli, str_from(text), 2, page_cells(cli));
	out_printf(cli, "%s\n", _("Nothing was sent."));
}

static bool send(struct cli *cli, const struct reply *reply, const char *text, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	bool dry_run = option_is_set(cli, "dry-run");
	cJSON *params = json_object();

	json_add_text(params, "id", reply->id);
	json_add_text(params, "text", text);
	json_add_i64(params, "version", reply->version);
	if (reply->message) {
		json_add_i64(params, "message", reply->message);
	}
	json_add_bool(params, "waiting", option_is_set(cli, "waiting"));
	json_add_bool(params, "dry_run", dry_run);
	if (!(dry_run ? ask_to_look(cli, "ticket.reply", params, &result, err)
		      : ask(cli, "ticket.reply", params, &result, err))) {
		return findings_fail(cli, NULL, err);
	}
	findings_locate(cJSON_GetObjectItemCaseSensitive(result, "findings"), NULL);
	if (!for_people(cli)) {
		output_row(cli, result);
		output_rows_end(cli);
	} else if (dry_run) {
		show(cli, reply, text);
	} else if (strcmp(json_text(result, "state", ""), "claimed") != 0) {
		say(cli, _("Ticket %s: the reply is on its way"), reply->id);
	}
	if (!dry_run && strcmp(json_text(result, "state", ""), "claimed") == 0) { /* else it would be replied */
		warn(cli,
			_("ticket %s: the reply is held until its account is resumed or logged in; until then the "
			  "citizen waits"),
			reply->id);
	}
	findings_warn(cli, json_get(result, "findings"));
	return true;
}

/* ---- in the editor ---- */

static void quote_thread(struct cli *cli, const struct reply *reply, struct buf *out)
{
	const cJSON *entry;
	struct buf head;

	buf_init(&head, 4096);
	(void)buf_printf(&head, _("Your reply to ticket %s stands above. Lines that begin with \"# \" are not sent."),
		reply->id);
	(void)buf_add_text(out, "\n\n");
	comments_add(out, buf_str(&head));
	cJSON_ArrayForEach(entry, json_get(reply->ticket, "thread"))
	{
		struct buf safe;

		buf_clear(&head);
		(void)buf_add_char(&head, '\n');
		ticket_entry_head(cli, &head, entry);
		(void)buf_add_char(&head, ':');
		comments_add(out, buf_str(&head));
		buf_init(&safe, LIMIT_MESSAGE_BYTES * 4);
		(void)text_safe_lines(&safe, json_str(entry, "text"));
		comments_add(out, buf_str(&safe));
		buf_finish(&safe);
	}
	buf_finish(&head);
}

/* What was typed so far, and the thread as it is now. */
static bool lay_out(struct cli *cli, const struct reply *reply, const char *path, struct error *err)
{
	cleanup(buf_finish) struct buf before = { 0 };
	cleanup(buf_finish) struct buf page = { 0 };

	buf_init(&before, QUOTED_BYTES * 4);
	buf_init(&page, QUOTED_BYTES * 4);
	if (!draft_read(path, &before, err)) {
		return false;
	}
	comments_drop(&page, buf_str(&before));
	quote_thread(cli, reply, &page);
	return draft_write(path, buf_str(&page), err);
}

static bool read_typed(const char *path, struct buf *text, struct error *err)
{
	cleanup(buf_finish) struct buf page = { 0 };

	buf_init(&page, QUOTED_BYTES * 4);
	if (!draft_read(path, &page, err)) {
		return false;
	}
	buf_clear(text);
	comments_drop(text, buf_str(&page));
	return true;
}

static bool edit(struct cli *cli, struct reply *reply, struct error *err)
{
	cleanup(free_charp) char *path = NULL;
	cleanup(buf_finish) struct buf text = { 0 };
	char name[64];

	(void)snprintf(name, sizeof(name), "reply-%s", reply->id);
	buf_init(&text, QUOTED_BYTES);
	if (!draft_path(name, "txt", false, &path, err)) {
		return false;
	}
	for (;;) {
		bool ok = check_both(cli, reply, err);

		if (ok && (!lay_out(cli, reply, path, err) || !editor_run(path, cli->term.in && cli->term.out, err) ||
				  !read_typed(path, &text, err))) {
			return editor_keep(cli, path);
		}
		if (ok && text.n == 0) {
			draft_drop(path);
			return error_set(err, ERROR_OS, ADVISE_REJECT, 0, _("nothing was written: nothing is sent"));
		}
		if (ok && send(cli, reply, text.p, err)) {
			draft_drop(path);
			return true;
		}
		if (text.n == 0) {
			return false; /* nothing typed yet that could be lost */
		}
		switch (editor_offer(cli, path, err)) {
		case EDITOR_AGAIN:
			break;
		case EDITOR_TOLD:
			return true;
		case EDITOR_NOT_ASKED:
			return false;
		}
		if (!look(cli, reply, err)) {
			return editor_keep(cli, path);
		}
	}
}

static bool reply_by(struct cli *cli, struct reply *reply, struct error *err)
{
	cleanup(buf_finish) struct buf text = { 0 };
	bool given;

	buf_init(&text, QUOTED_BYTES);
	if (!ticket_text_option(cli, &text, &given, err) || !look(cli, reply, err) ||
		!option_i64(cli, "version", 1, INT64_MAX, &reply->version, err)) {
		return false;
	}
	if (!given) {
		return edit(cli, reply, err);
	}
	return check_both(cli, reply, err) && send(cli, reply, text.p, err);
}

bool ticket_reply(struct cli *cli, struct error *err)
{
	cleanup(reply_finish) struct reply reply = { .id = cli->args[0] };
	int64_t id;

	if (!str_to_i64(str_from(reply.id), 1, INT64_MAX, &id)) {
		return usage(err, _("%s: \"%s\" is no ticket's number"), cli->spelt, reply.id);
	}
	return reply_by(cli, &reply, err);
}

bool ticket_reply_to(struct cli *cli, int64_t ticket, int64_t message, struct error *err)
{
	char id[24];
	cleanup(reply_finish) struct reply reply = { .id = id, .message = message };

	(void)snprintf(id, sizeof(id), "%" PRId64, ticket);
	return reply_by(cli, &reply, err);
}
