/* One ticket, as a page for people: how it stands, what was said, what was done. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/sentence.h"
#include "cli/ticket_verbs.h"
#include "codec/json.h"
#include "text/when.h"

static void show_due(struct cli *cli, const char *name, const cJSON *ticket, const char *member)
{
	int64_t at = field_at(ticket, member);
	bool overdue = false;
	struct buf text;

	if (!at) {
		return;
	}
	buf_init(&text, 256);
	echo_text(cli, &text, at);
	overdue = at <= cli_now_at(cli);
	page_cell(cli, name, 12, STYLE_DIM);
	page_cell(cli, text.p, 0, overdue ? STYLE_BAD : STYLE_PLAIN);
	out_text(cli, "\n");
	buf_finish(&text);
}

/* Those that still run. */
static void show_deadlines(struct cli *cli, const cJSON *ticket)
{
	const char *state = json_text(ticket, "state", "");
	bool free = strcmp(state, "new") == 0 || strcmp(state, "assigned") == 0;

	if (free) {
		show_due(cli, _("claim by"), ticket, "ack_at");
	}
	if (free || strcmp(state, "claimed") == 0) {
		show_due(cli, _("reply by"), ticket, "reply_at");
		show_due(cli, _("answer by"), ticket, "answer_at");
	}
}

void ticket_window_text(struct cli *cli, struct buf *out, const cJSON *ticket, bool *ret_closed)
{
	int64_t until_at = field_at(ticket, "window_until");
	int64_t left = json_i64(ticket, "replies_left", 0);

	*ret_closed = until_at && (until_at <= cli_now_at(cli) || left <= 0);
	if (!until_at) {
		return;
	}
	if (until_at <= cli_now_at(cli)) {
		(void)buf_add_text(out, _("closed: the platform takes no answer until the citizen writes again"));
		return;
	}
	if (left <= 0) {
		(void)buf_add_text(
			out, _("used up: the platform takes no more answers until the citizen writes again"));
		return;
	}
	(void)buf_printf(out, _("may be answered %" PRId64 " times more"), left);
	(void)buf_add_text(out, _(", until "));
	echo_text(cli, out, until_at);
}

/* How long, and how often, the platform still takes a private answer. */
static void show_window(struct cli *cli, const cJSON *ticket)
{
	bool closed = false;
	struct buf text;

	if (strcmp(json_text(ticket, "state", ""), "closed") == 0) {
		return;
	}
	buf_init(&text, 512);
	ticket_window_text(cli, &text, ticket, &closed);
	if (closed) {
		page_cell(cli, _("answer"), 12, STYLE_DIM);
		page_cell(cli, text.p, 0, STYLE_BAD);
		out_text(cli, "\n");
	} else {
		page_field(cli, _("answer"), text.p ? text.p : "");
	}
	buf_finish(&text);
}

static void show_holder(struct cli *cli, const cJSON *ticket)
{
	const char *holder = json_text(ticket, "holder", "");
	int64_t until_at = field_at(ticket, "lease_until");
	struct buf text;

	buf_init(&text, 1024);
	(void)buf_add_text(&text, holder[0] ? holder : _("nobody"));
	if (holder[0] && until_at) {
		(void)buf_add_text(&text, _(", until "));
		(void)when_format_short(&text, until_at, cli_now_at(cli));
	}
	page_field(cli, _("held by"), text.p);
	buf_finish(&text);
}

static void show_level(struct cli *cli, const cJSON *ticket)
{
	int64_t level = json_i64(ticket, "level", 0);
	struct buf text;

	buf_init(&text, 1024);
	(void)buf_add_text(&text, json_text(ticket, "target", ""));
	if (level > 0) {
		(void)buf_add_text(&text, text.n ? ", " : "");
		(void)buf_printf(&text, _("level %" PRId64), level);
	}
	page_field(cli, level > 0 ? _("escalated") : _("with"), text.p);
	buf_finish(&text);
}

void ticket_entry_head(struct cli *cli, struct buf *out, const cJSON *entry)
{
	int64_t at = field_at(entry, "created_at");
	const char *state = json_text(entry, "send_state", "");
	const char *url = json_text(entry, "url", "");

	out_safe(out, json_text(entry, "who", ""));
	(void)buf_printf(out, ", %s", i18n_word(json_text(entry, "kind", "")));
	if (at) {
		(void)buf_add_text(out, ", ");
		(void)when_format_short(out, at, cli_now_at(cli));
	}
	if (state[0]) {
		(void)buf_printf(out, ", %s", i18n_word(state));
	}
	if (url[0]) {
		(void)buf_add_text(out, "  ");
		out_safe(out, url);
	}
}

/* Which words ranked it so: spans are bytes of the text. */
static void show_spans(struct cli *cli, const cJSON *entry)
{
	struct str text = json_str(entry, "text");
	const cJSON *span;

	cJSON_ArrayForEach(span, json_get(entry, "spans"))
	{
		int64_t from = json_i64(span, "from", -1);
		int64_t n = json_i64(span, "n", -1);
		struct buf line;
		char *words;

		if (from < 0 || n <= 0 || (size_t)from >= text.n) {
			continue;
		}
		words = str_dup(str_sub(text, (size_t)from, (size_t)n));
		buf_init(&line, 4096);
		(void)buf_add_text(&line, "! ");
		out_safe(&line, words);
		(void)buf_add_text(&line, "  [");
		out_safe(&line, json_text(span, "rule", ""));
		(void)buf_add_text(&line, "]");
		out_text(cli, "  ");
		out_styled(cli, STYLE_WARN, line.p);
		out_text(cli, "\n");
		buf_finish(&line);
		free(words);
	}
}

/* What came with a message: where the file is, what it is, and the digest that proves it. */
static void show_media(struct cli *cli, const cJSON *entry)
{
	const cJSON *medium;

	cJSON_ArrayForEach(medium, json_get(entry, "media"))
	{
		const char *path = json_text(medium, "path", "");
		struct buf line;

		buf_init(&line, 16384);
		(void)buf_printf(&line, "[%s] ", i18n_word(json_text(medium, "type", "")));
		if (path[0]) {
			out_safe(&line, path);
			out_text(cli, "  ");
			out_text(cli, line.p);
			out_text(cli, "\n");
			buf_clear(&line);
			out_safe(&line, json_text(medium, "mime", ""));
			(void)buf_printf(&line, ", %" PRId64 " %s, sha256 ", json_i64(medium, "bytes", 0), _("bytes"));
			out_safe(&line, json_text(medium, "sha256", ""));
			out_item(cli, "   ", buf_str(&line), 4, page_cells(cli));
		} else {
			const char *state = json_text(medium, "state", "");

			if (strcmp(state, "failed") == 0) {
				(void)buf_printf(&line, "%s: ", _("could not be fetched"));
				out_said(&line, json_text(medium, "why", ""));
			} else if (strcmp(state, "purged") == 0) {
				(void)buf_add_text(&line, _("was forgotten with its citizen"));
			} else {
				(void)buf_add_text(&line, _("is being fetched"));
			}
			out_item(cli, NULL, buf_str(&line), 2, page_cells(cli));
		}
		buf_finish(&line);
	}
}

static void show_entry(struct cli *cli, const cJSON *entry)
{
	struct buf head;

	buf_init(&head, 4096);
	ticket_entry_head(cli, &head, entry);
	out_text(cli, "\n");
	out_styled(cli, json_bool(entry, "from_us", false) ? STYLE_GOOD : STYLE_BOLD, head.p);
	out_text(cli, "\n");
	out_wrapped(cli, json_str(entry, "text"), 2, page_cells(cli));
	show_spans(cli, entry);
	show_media(cli, entry);
	buf_finish(&head);
}

void ticket_page(struct cli *cli, const cJSON *ticket)
{
	const char *priority = json_text(ticket, "priority", "");
	const cJSON *thread = json_get(ticket, "thread");
	const cJSON *entry;
	char number[64];

	(void)snprintf(number, sizeof(number), _("Ticket %" PRId64), json_i64(ticket, "id", 0));
	page_cell(cli, number, 0, STYLE_BOLD);
	page_cell(cli, priority, 0, priority_style(priority));
	page_cell(cli, i18n_word(json_text(ticket, "class", "")), 0, STYLE_PLAIN);
	page_cell(cli, i18n_word(json_text(ticket, "state", "")), 0, state_style(json_text(ticket, "state", "")));
	out_text(cli, "\n");
	page_field(cli, _("account"), json_text(ticket, "account", ""));
	page_field(cli, _("citizen"), json_text(ticket, "author", ""));
	show_holder(cli, ticket);
	show_level(cli, ticket);
	page_time(cli, _("opened"), field_at(ticket, "opened_at"));
	show_deadlines(cli, ticket);
	show_window(cli, ticket);
	page_time(cli, _("closed"), field_at(ticket, "closed_at"));
	page_field(cli, _("result"), i18n_word(json_text(ticket, "result", "")));
	page_field(cli, _("under"), json_text(cJSON_GetArrayItem(thread, 0), "status_text", ""));
	if (json_bool(ticket, "thread_cut", false)) {
		out_printf(cli, "\n%s\n", _("(older messages are left out)"));
	}
	cJSON_ArrayForEach(entry, thread)
	{
		show_entry(cli, entry);
	}
	page_history(cli, json_get(ticket, "history"));
}
