/*
 * `gazette post`: the text and media, once, and what becomes of it. Writing one is in post_write.c, batches are in
 * post_import.c.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/ids.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/post_verbs.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "text/when.h"

/* A wait is asked for in pieces: a call that never ends looks like a daemon that hangs. */
#define WAIT_STEP_MS (20 * SECOND_MS)

#define SEND_STATES_WORDS "=held|queued|sending|pending|sent|failed|unsure|cancelled"

static cJSON *id_params(const char *word)
{
	cJSON *params = json_object();

	json_add_text(params, "id", word);
	return params;
}

/* ---- looking ---- */

static bool run_list(struct cli *cli, struct error *err)
{
	cJSON *params = json_object();

	option_add(cli, params, "account", NULL);
	option_add(cli, params, "state", NULL);
	return ask_list(cli, "post.list", params, err);
}

static bool show_one(struct cli *cli, const char *word, void *data, struct error *err)
{
	cleanup(json_freep) cJSON *post = NULL;
	bool *any = data;

	if (!ask(cli, "post.show", id_params(word), &post, err)) {
		return false;
	}
	if (output_object(cli, post)) {
		return true;
	}
	if (!for_people(cli)) {
		output_row(cli, post);
		return true;
	}
	if (*any) {
		out_text(cli, "\n");
	}
	*any = true;
	post_page(cli, post);
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
	output_rows_end(cli);
	return true;
}

/* ---- waiting ---- */

struct waiting {
	int64_t timeout_ms; /* 0: for ever */
	struct mono began;
};

/* What is not sent, worst first: nobody knows, refused, not going. */
static bool judge(struct cli *cli, const cJSON *deliveries, struct error *err)
{
	static const struct {
		const char *state;
		enum error_domain domain;
		enum error_advice advice;
	} verdicts[] = {
		{ "unsure", ERROR_PLATFORM, ADVISE_VERIFY },
		{ "failed", ERROR_PLATFORM, ADVISE_REJECT },
		{ "held", ERROR_MISSING, ADVISE_REJECT }, /* "it is published" is false */
		{ "cancelled", ERROR_MISSING, ADVISE_REJECT },
	};
	struct buf text;
	bool ok = true;

	(void)cli;
	buf_init(&text, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++) {
		const cJSON *row;

		cJSON_ArrayForEach(row, deliveries)
		{
			const char *why = json_text(row, "error", "");

			if (strcmp(json_text(row, "state", ""), verdicts[i].state) != 0) {
				continue;
			}
			why = why[0] ? why : i18n_word(json_text(row, "hold", ""));
			(void)buf_printf(&text, "%s%s: %s%s%s", text.n ? "; " : "", json_text(row, "delivery", ""),
				i18n_word(verdicts[i].state), why[0] ? ": " : "", why);
			if (ok) {
				ok = error_set(err, verdicts[i].domain, verdicts[i].advice, 0, "%s", "");
			}
		}
	}
	if (!ok) {
		(void)error_set(err, err->domain, err->advice, 0, "%s", text.p);
	}
	buf_finish(&text);
	return ok;
}

static void show_deliveries(struct cli *cli, const cJSON *deliveries)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, deliveries)
	{
		struct buf url;

		if (!for_people(cli)) {
			output_row(cli, row);
			continue;
		}
		buf_init(&url, 2048);
		out_safe(&url, json_text(row, "url", ""));
		say(cli, "%s: %s  %s", json_text(row, "delivery", ""), i18n_word(json_text(row, "state", "")), url.p);
		buf_finish(&url);
	}
}

static bool wait_one(struct cli *cli, const char *word, void *data, struct error *err)
{
	const struct waiting *waiting = data;

	for (;;) {
		cleanup(json_freep) cJSON *result = NULL;
		int64_t left_ms = WAIT_STEP_MS;
		cJSON *params = id_params(word);

		if (waiting->timeout_ms > 0) {
			int64_t rest_ms = waiting->timeout_ms - clock_since_ms(waiting->began);

			left_ms = rest_ms < 1 ? 1 : rest_ms < left_ms ? rest_ms : left_ms;
		}
		json_add_i64(params, "timeout_ms", left_ms);
		if (!ask(cli, "post.wait", params, &result, err)) {
			return false;
		}
		if (json_bool(result, "done", false)) {
			const cJSON *deliveries = json_get(result, "deliveries");

			show_deliveries(cli, deliveries);
			return judge(cli, deliveries, err);
		}
		if (waiting->timeout_ms > 0 && clock_since_ms(waiting->began) >= waiting->timeout_ms) {
			return error_set(err, ERROR_STATE, ADVISE_RETRY, 0, _("post %s is still on its way"), word);
		}
	}
}

static bool option_duration(const struct cli *cli, const char *name, int64_t *ret_ms, struct error *err)
{
	const char *text = option_text(cli, name);

	return !text || when_parse_duration(str_from(text), ret_ms, err) || error_prefix(err, "--%s", name);
}

static bool run_wait(struct cli *cli, struct error *err)
{
	cleanup(ids_finish) struct ids ids = { 0 };
	struct waiting waiting = { .began = clock_mono() };

	if (!option_duration(cli, "timeout", &waiting.timeout_ms, err) ||
		!ids_read(&ids, IDS_NUMBERS, cli->args, cli->n_args, err) ||
		!for_each_word(cli, ids.words, ids.n, wait_one, &waiting, err)) {
		output_rows_end(cli);
		return false;
	}
	output_rows_end(cli);
	return true;
}

/* ---- steering ---- */

static bool schedule_one(struct cli *cli, const char *word, void *data unused_arg, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params = id_params(word);

	option_add(cli, params, "at", NULL);
	if (!ask(cli, "post.schedule", params, &result, err)) {
		return false;
	}
	if (for_people(cli)) {
		struct buf echo;

		buf_init(&echo, 256);
		echo_text(cli, &echo, field_at(result, "due_at"));
		say(cli, _("Post %s: %s"), word, echo.p);
		buf_finish(&echo);
	} else {
		output_row(cli, result);
	}
	return true;
}

static bool run_schedule(struct cli *cli, struct error *err)
{
	cleanup(ids_finish) struct ids ids = { 0 };

	if (!option_is_set(cli, "at")) {
		return usage(err, _("%s: say when: --at TIME"), cli->spelt);
	}
	if (!ids_read(&ids, IDS_NUMBERS, cli->args, cli->n_args, err) ||
		!for_each_word(cli, ids.words, ids.n, schedule_one, NULL, err)) {
		return false;
	}
	output_rows_end(cli);
	return true;
}

/* One call for all of them: all or none. */
static bool steer(struct cli *cli, const char *method, cJSON *params, struct error *err)
{
	cleanup(ids_finish) struct ids ids = { 0 };
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *names = json_array();
	const cJSON *row;

	json_add(params, "deliveries", names);
	if (!ids_read(&ids, IDS_SENDS, cli->args, cli->n_args, err)) {
		cJSON_Delete(params);
		return false;
	}
	for (size_t i = 0; i < ids.n; i++) {
		json_push(names, cJSON_CreateString(ids.words[i]));
	}
	if (!ask(cli, method, params, &result, err)) {
		return false;
	}
	cJSON_ArrayForEach(row, json_get(result, "rows"))
	{
		const char *wished = post_wished(row);

		if (!for_people(cli)) {
			output_row(cli, row);
		} else if (wished) {
			/* What was asked for has not happened, and may not: not only for who watches. */
			warn(cli, "%s: %s", json_text(row, "delivery", ""), wished);
		} else {
			say(cli, "%s: %s", json_text(row, "delivery", ""), i18n_word(json_text(row, "state", "")));
		}
	}
	output_rows_end(cli);
	return true;
}

static bool run_cancel(struct cli *cli, struct error *err)
{
	cJSON *params = json_object();

	option_add(cli, params, "reason", NULL);
	return steer(cli, "post.cancel", params, err);
}

static bool run_hold(struct cli *cli, struct error *err)
{
	cJSON *params = json_object();

	option_add(cli, params, "reason", NULL);
	return steer(cli, "post.hold", params, err);
}

static bool run_release(struct cli *cli, struct error *err)
{
	cJSON *params = json_object();

	option_add(cli, params, "at", NULL);
	return steer(cli, "post.release", params, err);
}

/* ---- tables ---- */

static const struct option list_options[] = {
	{ 'a', "account", "ACCOUNT", N_("only what goes to this account"), "account", false, false },
	{ 0, "state", "STATE", N_("only posts with a delivery in this state"), SEND_STATES_WORDS, false, false },
	{ 'l', "limit", "N", N_("at most so many; 0: all"), NULL, false, false },
	{ 0 },
};

static const struct option schedule_options[] = {
	{ 'a', "at", "TIME", N_("when: now, +2h, tomorrow 8:00, 2026-10-01 08:00"), NULL, false, false },
	{ 0 },
};

static const struct option reason_options[] = {
	{ 'r', "reason", "TEXT", N_("why; stands in the history"), NULL, false, false },
	{ 0 },
};

static const struct option release_options[] = {
	{ 'a', "at", "TIME", N_("another time than the one it had"), NULL, false, false },
	{ 0 },
};

static const struct option wait_options[] = {
	{ 't', "timeout", "DURATION", N_("give up after so long (30s, 5m): exit code 75"), NULL, false, false },
	{ 0 },
};

static const char *const list_fields[] = { "id", "title", "excerpt", "class", "due_at", "state", "accounts", "mode",
	"held", "queued", "sending", "pending", "sent", "failed", "unsure", "cancelled", "author", "key", NULL };
static const struct column list_columns[] = {
	{ "id", N_("POST"), COLUMN_NUMBER, 0, false },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ "mode", N_("MODE"), COLUMN_WORD, 0, false },
	{ "due_at", N_("DUE"), COLUMN_TIME, 0, false },
	{ "accounts", N_("ACCOUNTS"), COLUMN_TEXT, 12, true },
	{ "title|excerpt", N_("TEXT"), COLUMN_TEXT, 20, false },
	{ "author", N_("AUTHOR"), COLUMN_TEXT, 8, true },
	{ 0 },
};
static const struct shape list_shape = { "id", list_columns, list_fields };

static const char *const show_fields[] = { "id", "key", "title", "text", "class", "due_at", "until_at", "late_ms",
	"author", "created_at", "campaign", "form", "topic", "byline", "digest", "source_url", "cover", "comments",
	"corrects", "corrected_by", "media", "deliveries", "history", NULL };
static const struct shape show_shape = { "id", list_columns, show_fields };

static const char *const wait_fields[] = { "delivery", "account", "state", "hold", "url", "error", NULL };
static const char *const steer_fields[] = { "delivery", "state", "wish", NULL };
static const struct column steer_columns[] = {
	{ "delivery", N_("DELIVERY"), COLUMN_TEXT, 0, false },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ 0 },
};
static const struct shape wait_shape = { "delivery", steer_columns, wait_fields };
static const struct shape steer_shape = { "delivery", steer_columns, steer_fields };

static const char *const schedule_fields[] = { "id", "due_at", "due_echo", NULL };
static const struct column schedule_columns[] = {
	{ "id", N_("POST"), COLUMN_NUMBER, 0, false },
	{ "due_at", N_("DUE"), COLUMN_TIME, 0, false },
	{ 0 },
};
static const struct shape schedule_shape = { "id", schedule_columns, schedule_fields };

static const struct example new_examples[] = {
	{ "gazette post new notice.md", N_("a Markdown file with front matter") },
	{ "gazette post new", N_("write it in the editor") },
	{ "gazette post new -m 'Road closed' --to weibo-main --at 'tomorrow 8:00'", NULL },
	{ "gazette post new --dry-run notice.md", N_("only show what would happen") },
	{ 0 },
};
static const struct example check_examples[] = {
	{ "gazette post check notice.md", NULL },
	{ "gazette post check --json *.md", N_("for an editor or a build") },
	{ 0 },
};
static const struct example list_examples[] = {
	{ "gazette post list --state held", N_("what waits for a decision") },
	{ "gazette post list --json=id,due_at,title --limit 0", NULL },
	{ 0 },
};
static const struct example cancel_examples[] = {
	{ "gazette post cancel 12", N_("every delivery of post 12 that has not left yet") },
	{ "gazette post cancel 12/weibo-main --reason 'wrong road'", NULL },
	{ 0 },
};
static const struct example hold_examples[] = {
	{ "gazette post hold 12/weibo-main --reason 'first the correction'", NULL },
	{ "gazette post hold ALL", N_("everything that has not left yet") },
	{ 0 },
};
static const struct example release_examples[] = {
	{ "gazette post release 12", NULL },
	{ "gazette post release 12/weibo-main --at now", NULL },
	{ 0 },
};
static const struct example schedule_examples[] = {
	{ "gazette post schedule 12 --at '2026-10-01 08:00'", NULL },
	{ 0 },
};
static const struct example wait_examples[] = {
	{ "gazette post wait 12 && echo published", NULL },
	{ "gazette post wait --timeout 5m 12", NULL },
	{ 0 },
};
static const struct example withdraw_examples[] = {
	{ "gazette post withdraw 12 --dry-run --reason 'wrong date'",
		N_("what it would take back, and what that costs") },
	{ "gazette post withdraw 12/wechat-main --reason 'wrong date'", NULL },
	{ 0 },
};
static const struct example preview_examples[] = {
	{ "gazette post preview 12/wechat-main --to my_wechat_id", N_("on your own telephone, before it is released") },
	{ "gazette post preview 12 --to oXyZ... --dry-run", NULL },
	{ 0 },
};
static const struct example correct_examples[] = {
	{ "gazette post correct 12 notice.md", N_("take post 12 back, publish this in its place") },
	{ "gazette post correct 12 --dry-run notice.md", NULL },
	{ 0 },
};
static const struct example import_examples[] = {
	{ "gazette post import tips.csv", N_("as cron would: the same file twice publishes once") },
	{ "gazette post import --partial --json tips.jsonl >result.jsonl",
		N_("correct what is wrong in it, and hand it in again") },
	{ "gazette post import notices/", N_("a folder of Markdown files") },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "new", "[FILE|-]", N_("hand in a post"),
		N_("From a Markdown file with front matter, from -m, or, with neither, from your editor. What is wrong "
		   "is "
		   "named with its line and column, and what you wrote is never lost. Without a time the post is held "
		   "until it gets one."),
		new_examples, post_new_options, "file", 0, 1, &post_new_shape, true, post_new },
	{ "check", "FILE...", N_("the compiler of a post: what is wrong, and where"),
		N_("Length in each platform's own units, required links, pictures, wording, personal data. Nothing is "
		   "handed in. Exit code 6 when the post would not be accepted."),
		check_examples, post_check_options, "file", 0, -1, &post_check_shape, false, post_check },
	{ "preview", "N|N/ACCOUNT --to FOLLOWER", N_("see a post on your telephone before it goes out"),
		N_("Shown to the person named and to nobody else, as the platform will show it. For accounts of "
		   "WeChat. "
		   "The article stays among the drafts on the website."),
		preview_examples, post_preview_options, "delivery", 1, 1, &post_preview_shape, true, post_preview },
	{ "schedule", "N... --at TIME", N_("give a post its time, or another one"), NULL, schedule_examples,
		schedule_options, "post", 1, -1, &schedule_shape, true, run_schedule },
	{ "list", "", N_("posts, newest first"), NULL, list_examples, list_options, NULL, 0, 0, &list_shape, false,
		run_list },
	{ "show", "N...", N_("one post: text, deliveries, history"), NULL, NULL, NULL, "post", 1, -1, &show_shape,
		false, run_show },
	{ "cancel", "N|N/ACCOUNT|ALL...", N_("never send what has not been sent"),
		N_("What is on its way, or may be out, cannot be stopped: it is named, "
		   "and should it prove not to be out it is cancelled then."),
		cancel_examples, reason_options, "delivery", 1, -1, &steer_shape, true, run_cancel },
	{ "hold", "N|N/ACCOUNT|ALL...", N_("stop what has not left yet"),
		N_("What is on its way, or may be out, cannot be stopped: it is named, "
		   "and should it prove not to be out it is held then."),
		hold_examples, reason_options, "delivery", 1, -1, &steer_shape, true, run_hold },
	{ "release", "N|N/ACCOUNT|ALL...", N_("let what is held go on"), NULL, release_examples, release_options,
		"delivery", 1, -1, &steer_shape, true, run_release },
	{ "withdraw", "N|N/ACCOUNT... --reason TEXT", N_("take back what was published"),
		N_("For good: the article is gone. Of a broadcast the card stays in the chats of those who got it. "
		   "Platforms allow few withdrawals a day; --dry-run shows how many are left."),
		withdraw_examples, post_withdraw_options, "delivery", 1, -1, &post_withdraw_shape, true,
		post_withdraw },
	{ "correct", "N [FILE|-]", N_("take a post back and publish it anew, corrected"),
		N_("The old and the new post name each other. Without accounts in the file it goes to where the old "
		   "one is "
		   "out, and without a time at once."),
		correct_examples, post_correct_options, "post file", 1, 2, &post_new_shape, true, post_correct },
	{ "wait", "N...", N_("until all deliveries of a post have come to rest"),
		N_("Exit code 0: all sent. 1: one failed. 3: one is held or cancelled. 9: of one nobody knows. 75: the "
		   "time "
		   "is up."),
		wait_examples, wait_options, "post", 1, -1, &wait_shape, false, run_wait },
	{ "import", "FILE|FOLDER|-...", N_("a batch: CSV, JSONL, YAML or a folder of Markdown"),
		N_("All rows are checked, then all or none are taken. One line per row comes back under --json and "
		   "--csv "
		   "and can be handed in again: rows that were taken are passed over. Quiet when all is well."),
		import_examples, post_import_options, "file", 1, -1, &post_import_shape, true, post_import },
	{ 0 },
};

static const struct word_source sources[] = {
	{ "post", "post.list", "id" },
	{ 0 },
};

const struct command command_post = {
	.name = "post",
	.summary = N_("write, schedule and follow posts"),
	.verbs = verbs,
	.sources = sources,
};
