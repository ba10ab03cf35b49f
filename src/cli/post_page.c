/* One post, as a page for people. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/post_verbs.h"
#include "cli/sentence.h"
#include "codec/json.h"

static void show_said(struct cli *cli, const char *said, enum style style)
{
	struct buf text;

	buf_init(&text, 65536);
	(void)sentence_add(&text, str_from(said));
	page_cell(cli, text.p, 0, style);
	buf_finish(&text);
}

const char *post_wished(const cJSON *row)
{
	static const struct {
		const char *state;
		const char *hold;
		const char *cancel;
	} said[] = {
		{ "sending", N_("it is being sent; if it does not go out, it will be held"),
			N_("it is being sent; if it does not go out, it will be cancelled") },
		{ "pending", N_("the platform works on it; if it does not come out, it will be held"),
			N_("the platform works on it; if it does not come out, it will be cancelled") },
		{ "unsure", N_("outcome unknown; if it is not out, it will be held"),
			N_("outcome unknown; if it is not out, it will be cancelled") },
	};
	const char *state = json_text(row, "state", "");
	const char *wish = json_text(row, "wish", "");

	for (size_t i = 0; wish[0] && i < ARRAY_LEN(said); i++) {
		if (strcmp(state, said[i].state) == 0) {
			return strcmp(wish, "hold") == 0 ? _(said[i].hold) : _(said[i].cancel);
		}
	}
	return NULL;
}

static void show_deliveries(struct cli *cli, const cJSON *post)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, json_get(post, "deliveries"))
	{
		const char *state = json_text(row, "state", "");
		const char *hold = json_text(row, "hold", "");
		const char *error = json_text(row, "error", "");
		const char *url = json_text(row, "url", "");
		const char *wished = post_wished(row);

		page_cell(cli, json_text(row, "delivery", ""), 24, STYLE_PLAIN);
		page_cell(cli, i18n_word(state), 10, state_style(state));
		if (json_text(row, "mode", "")[0]) {
			page_cell(cli, i18n_word(json_text(row, "mode", "")), 0, STYLE_PLAIN);
		}
		if (field_at(row, "withdrawn_at")) {
			page_cell(cli, _("withdrawn"), 0, STYLE_BAD);
		}
		if (hold[0]) {
			page_cell(cli, i18n_word(hold), 0, STYLE_DIM);
		}
		if (wished) {
			page_cell(cli, wished, 0, STYLE_DIM);
		}
		if (url[0]) {
			page_cell(cli, url, 0, STYLE_PLAIN);
		}
		if (error[0]) {
			show_said(cli, error, STYLE_BAD);
		}
		if (json_text(row, "note", "")[0]) {
			show_said(cli, json_text(row, "note", ""), STYLE_DIM);
		}
		out_text(cli, "\n");
	}
}

/* Another post, by its number. */
static void show_post(struct cli *cli, const char *name, int64_t id)
{
	char number[32];

	if (id > 0) {
		(void)snprintf(number, sizeof(number), "%" PRId64, id);
		page_field(cli, name, number);
	}
}

static void show_media(struct cli *cli, const cJSON *post)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, json_get(post, "media"))
	{
		struct buf line;

		buf_init(&line, 4096);
		out_safe(&line, json_text(row, "name", ""));
		(void)buf_printf(&line, ", %s, %" PRId64 " ", json_text(row, "type", ""), json_i64(row, "bytes", 0));
		(void)buf_add_text(&line, _("bytes"));
		if (json_text(row, "alt", "")[0]) {
			(void)buf_add_text(&line, ": ");
			out_safe(&line, json_text(row, "alt", ""));
		}
		page_field(cli, _("picture"), line.p);
		buf_finish(&line);
	}
}

/* A delivery's own text, when it is not the post's. */
static void show_texts(struct cli *cli, const cJSON *post)
{
	const cJSON *row;

	out_text(cli, "\n");
	out_wrapped(cli, json_str(post, "text"), 2, page_cells(cli));
	out_text(cli, "\n");
	cJSON_ArrayForEach(row, json_get(post, "deliveries"))
	{
		struct str text = json_str(row, "text");

		if (text.n > 0 && !str_eq(text, json_str(post, "text"))) {
			out_printf(cli, "%s:\n", json_text(row, "delivery", ""));
			out_wrapped(cli, text, 2, page_cells(cli));
			out_text(cli, "\n");
		}
	}
}

void post_page(struct cli *cli, const cJSON *post)
{
	char number[64];

	(void)snprintf(number, sizeof(number), _("Post %" PRId64), json_i64(post, "id", 0));
	page_title(cli, number, json_text(post, "title", ""));
	page_time(cli, _("due"), field_at(post, "due_at"));
	page_time(cli, _("until"), field_at(post, "until_at"));
	page_duration(cli, _("may be late"), json_i64(post, "late_ms", -1));
	page_field(cli, _("class"), i18n_word(json_text(post, "class", "")));
	page_field(cli, _("key"), json_text(post, "key", ""));
	page_field(cli, _("campaign"), json_text(post, "campaign", ""));
	page_field(cli, _("author"), json_text(post, "author", ""));
	page_field(cli, _("form"), i18n_word(json_text(post, "form", "")));
	page_field(cli, _("topic"), json_text(post, "topic", ""));
	page_field(cli, _("by-line"), json_text(post, "byline", ""));
	page_field(cli, _("digest"), json_text(post, "digest", ""));
	page_field(cli, _("source"), json_text(post, "source_url", ""));
	page_field(cli, _("comments"), i18n_word(json_text(post, "comments", "")));
	show_post(cli, _("corrects"), json_i64(post, "corrects", 0));
	show_post(cli, _("corrected by"), json_i64(post, "corrected_by", 0));
	show_media(cli, post);
	show_texts(cli, post);
	show_deliveries(cli, post);
	page_history(cli, json_get(post, "history"));
}
