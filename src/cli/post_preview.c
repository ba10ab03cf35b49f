/*
 * `post preview`: look at a post in the platform's own form, on one's own telephone, before it goes out. Only the
 * person named gets it.
 */
#include <inttypes.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/post_verbs.h"
#include "cli/sentence.h"
#include "codec/json.h"

const struct option post_preview_options[] = {
	{ 't', "to", "FOLLOWER", N_("who gets it: a follower's openid, or a WeChat ID"), NULL, false, false },
	{ 'n', "dry-run", NULL, N_("show what would be shown to whom, and what that costs; do nothing"), NULL, false,
		false },
	{ 0 },
};

static const char *const preview_fields[] = { "delivery", "account", "to", "used", "limit", "resets_at", "note", NULL };
static const struct column preview_columns[] = {
	{ "delivery", N_("DELIVERY"), COLUMN_TEXT, 0, false },
	{ "to", N_("TO"), COLUMN_TEXT, 0, false },
	{ 0 },
};
const struct shape post_preview_shape = { "delivery", preview_columns, preview_fields };

static void tell(struct cli *cli, const cJSON *result, bool dry_run)
{
	struct buf to;

	buf_init(&to, 512);
	out_safe(&to, json_text(result, "to", ""));
	if (dry_run) {
		int64_t limit = json_i64(result, "limit", 0);

		out_printf(cli, _("%s would be shown to %s, and to nobody else."), json_text(result, "delivery", ""),
			to.p);
		out_text(cli, "\n");
		if (limit > 0) {
			out_printf(cli, _("%" PRId64 " of %" PRId64 " previews of this day are used."),
				json_i64(result, "used", 0), limit);
			out_text(cli, "\n");
		}
		out_printf(cli, "%s\n", _("Nothing was done."));
	} else {
		say(cli, _("%s is shown to %s, and to nobody else: look in WeChat."), json_text(result, "delivery", ""),
			to.p);
	}
	if (json_text(result, "note", NULL)) {
		buf_clear(&to);
		out_said(&to, json_text(result, "note", ""));
		say(cli, "%s", to.p);
	}
	buf_finish(&to);
}

bool post_preview(struct cli *cli, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	bool dry_run = option_is_set(cli, "dry-run");
	cJSON *params;

	if (!option_is_set(cli, "to")) {
		return usage(err, _("%s: --%s is missing"), cli->spelt, "to");
	}
	params = json_object();
	json_add_text(params, "delivery", cli->args[0]);
	json_add_text(params, "to", option_text(cli, "to"));
	json_add_bool(params, "dry_run", dry_run);
	if (!(dry_run ? ask_to_look(cli, "post.preview", params, &result, err)
		      : ask(cli, "post.preview", params, &result, err))) {
		return false;
	}
	if (output_object(cli, result)) {
		return true;
	}
	if (for_people(cli)) {
		tell(cli, result, dry_run);
	} else {
		output_row(cli, result);
		output_rows_end(cli);
	}
	return true;
}
