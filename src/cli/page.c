/* Pieces of pages. */
#include "cli/page.h"

#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/sentence.h"
#include "codec/json.h"
#include "core/clock.h"
#include "text/utf8.h"
#include "text/when.h"

#define NAME_CELLS  12u
#define TIME_CELLS  17u
#define ACTOR_CELLS 12u

bool for_people(const struct cli *cli)
{
	enum output_mode mode = output_mode(cli);

	return mode == OUTPUT_TABLE || mode == OUTPUT_WHOLE;
}

void page_title(struct cli *cli, const char *what, const char *title)
{
	struct buf text;

	buf_init(&text, 8192);
	out_safe(&text, what);
	if (title[0]) {
		(void)buf_add_text(&text, "  ");
		out_safe(&text, title);
	}
	out_styled(cli, STYLE_BOLD, text.p);
	out_text(cli, "\n");
	buf_finish(&text);
}

void page_cell(struct cli *cli, const char *value, size_t cells, enum style style)
{
	struct buf safe;
	size_t width;

	buf_init(&safe, 65536);
	out_safe(&safe, value);
	out_styled(cli, style, safe.p);
	width = text_width(buf_str(&safe));
	out_pad(cli, width < cells ? cells - width + 1 : 1);
	buf_finish(&safe);
}

void page_field(struct cli *cli, const char *name, const char *value)
{
	struct buf safe;

	if (!value[0]) {
		return;
	}
	buf_init(&safe, 65536);
	out_safe(&safe, value);
	if (page_cells(cli) > 0 && NAME_CELLS + 1 + text_width(buf_str(&safe)) > page_cells(cli)) {
		out_item(cli, name, buf_str(&safe), NAME_CELLS + 1, page_cells(cli));
	} else {
		page_cell(cli, name, NAME_CELLS, STYLE_DIM);
		out_printf(cli, "%s\n", safe.p);
	}
	buf_finish(&safe);
}

void page_said(struct cli *cli, const char *name, const char *value)
{
	struct buf text;

	buf_init(&text, 65536);
	(void)sentence_add(&text, str_from(value));
	page_field(cli, name, text.p);
	buf_finish(&text);
}

void page_time(struct cli *cli, const char *name, int64_t at)
{
	struct buf echo;

	if (!at) {
		return;
	}
	buf_init(&echo, 256);
	echo_text(cli, &echo, at);
	page_field(cli, name, echo.p);
	buf_finish(&echo);
}

void page_duration(struct cli *cli, const char *name, int64_t ms)
{
	struct buf text;

	if (ms < 0) {
		return;
	}
	buf_init(&text, 64);
	duration_text(&text, ms);
	page_field(cli, name, text.p);
	buf_finish(&text);
}

bool event_said(const cJSON *event, const char *name)
{
	if (strcmp(name, "reason") == 0 || strcmp(name, "note") == 0 || strcmp(name, "text") == 0) {
		return strcmp(json_text(event, "actor", ""), "gazetted") == 0;
	}
	return strcmp(name, "error") == 0 || strcmp(name, "why") == 0;
}

/* What an event says beyond who did what: the words people gave, and what changed. */
static void add_detail(struct buf *out, const cJSON *event)
{
	static const char *const names[] = { "delivery", "to", "target", "state_from", "state_to", "reason", "text",
		"note", "receipt", "result", "error", "url", "why", "taken_from" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *text = json_text(event, names[i], "");
		bool ours = strcmp(names[i], "state_from") == 0 || strcmp(names[i], "state_to") == 0 ||
			    strcmp(names[i], "result") == 0;
		bool said = event_said(event, names[i]);

		if (!text[0]) {
			continue;
		}
		if (out->n > 0) {
			(void)buf_add_text(out, strcmp(names[i], "state_to") == 0 ? " → " : "  ");
		}
		if (said) {
			out_said(out, text);
		} else {
			out_safe(out, ours ? i18n_word(text) : text);
		}
	}
}

void page_history(struct cli *cli, const cJSON *history)
{
	const cJSON *event;

	if (cJSON_GetArraySize(history) == 0) {
		return;
	}
	out_text(cli, "\n");
	out_styled(cli, STYLE_BOLD, _("History"));
	out_text(cli, "\n");
	cJSON_ArrayForEach(event, history)
	{
		struct buf at, action, detail;

		buf_init(&at, 64);
		buf_init(&action, 256);
		buf_init(&detail, 65536);
		(void)when_format_short(&at, field_at(event, "at"), cli_now_at(cli));
		add_detail(&detail, event);
		page_cell(cli, at.p, TIME_CELLS, STYLE_DIM);
		page_cell(cli, json_text(event, "actor", ""), ACTOR_CELLS, STYLE_PLAIN);
		out_safe(&action, i18n_word(json_text(event, "action", "")));
		out_text(cli, action.p);
		out_tail(cli, TIME_CELLS + 1 + ACTOR_CELLS + 1 + text_width(buf_str(&action)), detail.p, STYLE_PLAIN,
			page_cells(cli));
		buf_finish(&action);
		buf_finish(&at);
		buf_finish(&detail);
	}
}
