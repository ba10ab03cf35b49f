/* `post new` and `post check`: from a file, from options or from the editor to the daemon. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/editor.h"
#include "cli/findings.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/post_file.h"
#include "cli/post_verbs.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"

/* What a post has, as options: they overrule what a file says. */
#define POST_OPTIONS \
	{ 'm', "message", "TEXT", N_("the text itself, instead of a file"), NULL, false, false }, \
		{ 't', "to", "ACCOUNT", N_("account or group; again for more"), "account", false, true }, \
		{ 'a', "at", "TIME", N_("when: now, +2h, tomorrow 8:00, 2026-10-01 08:00"), NULL, false, false }, \
		{ 0, "class", "CLASS", N_("what kind of post, for review and the late rule"), \
			"=policy|service|interact|solicit", false, false }, \
		{ 0, "title", "TITLE", N_("for lists; articles show it"), NULL, false, false }, \
		{ 0, "key", "KEY", N_("the same key and content again changes nothing"), NULL, false, false }, \
		{ 0, "late", "DURATION", N_("how late it may still go out; later it is held"), NULL, false, false }, \
		{ 0, "until", "TIME", N_("never after this"), NULL, false, false }, \
		{ 0, "campaign", "NAME", N_("posts that belong together"), NULL, false, false }, \
		{ 0, "mode", "MODE", \
			N_("publish: only put there; broadcast: followers are told, which costs the scarce quota"), \
			"=publish|broadcast", false, false }, \
		{ 0, "topic", "TOPIC", N_("broadcast only to followers who chose this topic"), NULL, false, false }, \
	{ \
		0, "media", "FILE|ALT", N_("a picture and what it shows; again for more"), "file", false, true \
	}

const struct option post_new_options[] = {
	POST_OPTIONS,
	{ 'n', "dry-run", NULL, N_("show what would be published, where and when; hand in nothing"), NULL, false,
		false },
	{ 0 },
};

const struct option post_check_options[] = {
	POST_OPTIONS,
	{ 0 },
};

const struct option post_correct_options[] = {
	POST_OPTIONS,
	{ 'n', "dry-run", NULL, N_("show what would be taken back and published; do nothing"), NULL, false, false },
	{ 'y', "yes", NULL, N_("do not ask"), NULL, false, false },
	{ 0 },
};

static const char *const new_fields[] = { "id", "result", "due_at", "due_echo", "deliveries", "findings", "modes",
	"broadcasts", "withdraws", NULL };
static const struct column new_columns[] = {
	{ "id", N_("POST"), COLUMN_NUMBER, 0, false },
	{ "result", N_("RESULT"), COLUMN_WORD, 0, false },
	{ 0 },
};
const struct shape post_new_shape = { "id", new_columns, new_fields };

static const char *const check_fields[] = { "file", "line", "column", "level", "account", "rule", "message", NULL };
static const struct column check_columns[] = {
	{ "file", N_("FILE"), COLUMN_TEXT, 0, false },
	{ "line", N_("LINE"), COLUMN_NUMBER, 0, false },
	{ "level", N_("LEVEL"), COLUMN_STATE, 0, false },
	{ "message", N_("MESSAGE"), COLUMN_SAID, 20, false },
	{ 0 },
};
const struct shape post_check_shape = { "rule", check_columns, check_fields };

/* ---- options over the file ---- */

static cJSON *media_option(const char *value)
{
	struct str alt = str_from(value);
	struct str path = { 0 };
	cJSON *medium = json_object();
	char *given;
	char *whole;

	(void)str_split(&alt, '|', &path);
	given = str_dup(path);
	whole = realpath(given, NULL); /* a file's pictures are relative to the file, these are not */
	json_add_text(medium, "file", whole ? whole : given);
	if (alt.p) {
		json_add_str(medium, "alt", alt);
	}
	free(whole);
	free(given);
	return medium;
}

static void set_options(const struct cli *cli, struct post_file *file)
{
	static const char *const texts[] = { "at", "class", "title", "key", "late", "until", "campaign", "mode",
		"topic" };
	cJSON *list = NULL;
	const char *value;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (option_is_set(cli, texts[i])) {
			post_file_set(file, texts[i], cJSON_CreateString(option_text(cli, texts[i])));
		}
	}
	while ((value = option_each(cli, "to", &at))) {
		list = list ? list : json_array();
		json_push(list, cJSON_CreateString(value));
	}
	if (list) {
		post_file_set(file, "accounts", list);
	}
	list = NULL;
	at = 0;
	while ((value = option_each(cli, "media", &at))) {
		list = list ? list : json_array();
		json_push(list, media_option(value));
	}
	if (list) {
		post_file_set(file, "media", list);
	}
}

bool post_load(struct cli *cli, const char *path, struct post_file *file, struct error *err)
{
	cleanup(free_charp) char *dir = NULL;
	cleanup(buf_finish) struct buf text = { 0 };

	if (!path) {
		cJSON *given = json_object();

		json_add_text(given, "text", option_text(cli, "message"));
		post_file_row(NULL, 0, given, NULL, file);
		set_options(cli, file);
		return post_file_build(file, ".", false, err);
	}
	buf_init(&text, (size_t)LIMIT_POST_BYTES * 4);
	if (!input_text(path, &text, err) || !post_file_markdown(input_name(path), buf_str(&text), file, err)) {
		return false;
	}
	dir = input_dir(path);
	set_options(cli, file);
	return post_file_build(file, dir, false, err);
}

/* ---- check ---- */

static cJSON *post_params(const struct post_file *file)
{
	cJSON *params = json_object();

	json_add(params, "post", cJSON_Duplicate(file->post, true));
	return params;
}

static void show_lengths(struct cli *cli, const cJSON *lengths)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, lengths)
	{
		out_text(cli, "  ");
		page_cell(cli, json_text(row, "account", ""), 20, STYLE_PLAIN);
		out_printf(cli, _("%" PRId64 " of %" PRId64), json_i64(row, "units", 0), json_i64(row, "limit", 0));
		out_text(cli, "\n");
	}
}

static const cJSON *row_of(const cJSON *rows, const char *account)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		if (strcmp(json_text(row, "account", ""), account) == 0) {
			return row;
		}
	}
	return NULL;
}

/* How it goes out, where there is a choice, and what is left of the scarce quota. */
static void show_modes(struct cli *cli, const cJSON *result)
{
	const cJSON *mode;

	cJSON_ArrayForEach(mode, json_get(result, "modes"))
	{
		const char *account = json_text(mode, "account", "");
		const char *topic = json_text(mode, "topic", "");
		const cJSON *quota = row_of(json_get(result, "broadcasts"), account);
		struct buf text;

		buf_init(&text, 1024);
		if (strcmp(json_text(mode, "mode", ""), "broadcast") != 0) {
			(void)buf_add_text(&text, _("published; followers are not told"));
		} else if (topic[0]) {
			(void)buf_printf(&text, _("broadcast to who chose the topic \"%s\""), topic);
		} else {
			(void)buf_add_text(&text, _("broadcast to all followers"));
		}
		out_text(cli, "  ");
		page_cell(cli, account, 20, STYLE_PLAIN);
		page_cell(cli, text.p, 0, STYLE_PLAIN);
		out_text(cli, "\n");
		if (quota) {
			bool month = strcmp(json_text(quota, "window", ""), "month") == 0;
			int64_t promised = json_i64(quota, "promised", 0);
			int64_t limit = json_i64(quota, "limit", 0);

			buf_clear(&text);
			(void)buf_printf(&text,
				month ? _("%" PRId64 " of %" PRId64 " broadcasts of that month are promised so far")
				      : _("%" PRId64 " of %" PRId64 " broadcasts of that day are promised so far"),
				promised, limit);
			out_text(cli, "  ");
			page_cell(cli, "", 20, STYLE_PLAIN);
			page_cell(cli, text.p, 0, promised >= limit ? STYLE_BAD : STYLE_PLAIN);
			out_text(cli, "\n");
		}
		buf_finish(&text);
	}
}

static void show_check(struct cli *cli, const struct post_file *file, const cJSON *result, bool whole)
{
	struct buf echo;

	if (whole) {
		out_wrapped(cli, json_str(file->post, "text"), 2, page_cells(cli));
		out_text(cli, "\n");
	}
	if (file->name) {
		out_printf(cli, "%s: ", file->name);
	}
	out_printf(cli, "%s\n", json_bool(result, "ok", false) ? _("good") : _("not accepted as it is"));
	buf_init(&echo, 256);
	echo_text(cli, &echo, field_at(result, "due_at"));
	out_printf(cli, "  %s\n", echo.n ? echo.p : _("without a time: it will be held until it gets one"));
	buf_finish(&echo);
	show_lengths(cli, json_get(result, "lengths"));
	show_modes(cli, result);
}

bool post_look_at(struct cli *cli, const struct post_file *file, bool whole, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *findings;
	const cJSON *finding;

	if (!ask_to_look(cli, "post.check", post_params(file), &result, err)) {
		return post_file_error(file, err);
	}
	findings = cJSON_GetObjectItemCaseSensitive(result, "findings");
	findings_locate(findings, file);
	if (!json_bool(result, "ok", false)) {
		cli->exit = EXIT_CODE_BLOCKED;
	}
	if (whole && output_mode(cli) == OUTPUT_JSON) {
		/* Of `post new`: an object with its fields. */
		json_add_text(result, "result", "checked");
		output_row(cli, result);
		return true;
	}
	cJSON_ArrayForEach(finding, findings)
	{
		struct buf line;

		if (!for_people(cli)) {
			output_row(cli, finding);
			continue;
		}
		buf_init(&line, 4096);
		finding_text(&line, finding);
		out_printf(cli, "%s\n", line.p);
		buf_finish(&line);
	}
	if (for_people(cli) && (whole || cli->term.out || cli->verbose)) {
		show_check(cli, file, result, whole);
	}
	return true;
}

static bool check_one(struct cli *cli, const char *path, struct error *err)
{
	cleanup(post_file_finish) struct post_file file = { 0 };

	return post_load(cli, path, &file, err) && post_look_at(cli, &file, false, err);
}

/* As a compiler does: what is wrong with one file keeps nobody from looking at the next. */
static bool check_files(struct cli *cli, struct error *err)
{
	enum exit_code worst = EXIT_CODE_DONE;

	for (size_t i = 0; i < cli->n_args; i++) {
		if (check_one(cli, cli->args[i], err)) {
			continue;
		}
		if (i + 1 == cli->n_args && !worst) {
			return false;
		}
		worst = report(cli, err, NULL);
		error_clear(err);
		if (worst == EXIT_CODE_NO_DAEMON) {
			break;
		}
	}
	cli->exit = worst ? worst : cli->exit;
	return true;
}

/* A text, or files to take it from: one of them. */
static bool wants_text(const struct cli *cli, bool *ret_text, struct error *err)
{
	*ret_text = option_is_set(cli, "message");
	if (*ret_text && cli->n_args > 0) {
		return usage(err, _("%s: a file and -m are two texts: give one"), cli->spelt);
	}
	return true;
}

bool post_check(struct cli *cli, struct error *err)
{
	bool by_text;

	if (!wants_text(cli, &by_text, err)) {
		return false;
	}
	if (!by_text && cli->n_args == 0) {
		return usage(err, _("%s: name a file, - for standard input, or -m TEXT"), cli->spelt);
	}
	if (!(by_text ? check_one(cli, NULL, err) : check_files(cli, err))) {
		return false;
	}
	output_rows_end(cli);
	return true;
}

/* ---- new ---- */

static void tell_created(struct cli *cli, const cJSON *result)
{
	int64_t id = json_i64(result, "id", 0);
	struct buf names, echo;
	const cJSON *name;

	buf_init(&names, 1 << 16);
	cJSON_ArrayForEach(name, json_get(result, "deliveries"))
	{
		(void)buf_add_text(&names, names.n ? ", " : "");
		out_safe(&names, cJSON_IsString(name) ? name->valuestring : "");
	}
	if (strcmp(json_text(result, "result", ""), "unchanged") == 0) {
		say(cli, _("Post %" PRId64 " is there already, with this key and this content: nothing changed"), id);
	} else {
		say(cli, _("Post %" PRId64 ": %s"), id, names.p);
	}
	buf_init(&echo, 256);
	echo_text(cli, &echo, field_at(result, "due_at"));
	if (echo.n > 0) {
		say(cli, "%s", echo.p);
	} else {
		say(cli, _("Held: it has no time yet (gazette post schedule %" PRId64 " --at TIME)"), id);
	}
	buf_finish(&echo);
	buf_finish(&names);
}

bool post_hand_in(struct cli *cli, const struct post_file *file, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;

	if (!ask(cli, "post.create", post_params(file), &result, err)) {
		return findings_fail(cli, file, err);
	}
	findings_locate(cJSON_GetObjectItemCaseSensitive(result, "findings"), file);
	if (for_people(cli)) {
		tell_created(cli, result);
	} else {
		output_row(cli, result);
		output_rows_end(cli);
	}
	findings_warn(cli, json_get(result, "findings"));
	return true;
}

static bool create_from(struct cli *cli, const char *path, struct error *err)
{
	cleanup(post_file_finish) struct post_file file = { 0 };

	if (!post_load(cli, path, &file, err)) {
		return false;
	}
	return option_is_set(cli, "dry-run") ? post_look_at(cli, &file, true, err) : post_hand_in(cli, &file, err);
}

static bool add_name(struct cli *cli unused_arg, const cJSON *row, void *data, struct error *err unused_arg)
{
	struct buf *out = data;

	(void)buf_add_text(out, out->n ? ", " : "");
	out_safe(out, json_text(row, "name", ""));
	return true;
}

/* An empty post, with the accounts there are named in a comment when the daemon answers. */
static void add_template(struct cli *cli, struct buf *out)
{
	struct error ignored = { 0 };
	struct buf names;

	buf_init(&names, 2048);
	if (!ask_rows(cli, "account.list", json_object(), 50, add_name, &names, NULL, &ignored)) {
		buf_clear(&names);
	}
	(void)buf_add_text(out, "---\ntitle:\naccounts: []");
	if (names.n > 0) {
		(void)buf_printf(out, "  # %s", names.p);
	}
	(void)buf_add_text(out, "\nat:           # now, +2h, tomorrow 8:00, 2026-10-01 08:00\n"
				"class: policy # policy, service, interact, solicit\n---\n\n");
	buf_finish(&names);
}

static bool is_unchanged(const char *path, const struct buf *template, bool *ret_unchanged, struct error *err)
{
	struct buf text;
	bool ok;

	buf_init(&text, (size_t)LIMIT_POST_BYTES * 4);
	ok = draft_read(path, &text, err);
	*ret_unchanged = str_eq(str_trim(buf_str(&text)), str_trim(buf_str(template))) ||
			 str_trim(buf_str(&text)).n == 0;
	buf_finish(&text);
	return ok;
}

static bool create_edited(struct cli *cli, struct error *err)
{
	cleanup(buf_finish) struct buf template = { 0 };
	cleanup(free_charp) char *path = NULL;
	bool unchanged;

	buf_init(&template, 8192);
	add_template(cli, &template);
	if (!draft_path("post", "md", true, &path, err) || !draft_write(path, buf_str(&template), err)) {
		return false;
	}
	for (;;) {
		if (!editor_run(path, cli->term.in && cli->term.out, err) ||
			!is_unchanged(path, &template, &unchanged, err)) {
			return editor_keep(cli, path);
		}
		if (unchanged) {
			draft_drop(path);
			return error_set(
				err, ERROR_OS, ADVISE_REJECT, 0, _("nothing was written: nothing is handed in"));
		}
		if (create_from(cli, path, err)) {
			draft_drop(path);
			return true;
		}
		switch (editor_offer(cli, path, err)) {
		case EDITOR_AGAIN:
			break;
		case EDITOR_TOLD:
			return true;
		case EDITOR_NOT_ASKED:
			return false;
		}
	}
}

bool post_new(struct cli *cli, struct error *err)
{
	bool by_text;

	if (!wants_text(cli, &by_text, err)) {
		return false;
	}
	return by_text || cli->n_args > 0 ? create_from(cli, by_text ? NULL : cli->args[0], err)
					  : create_edited(cli, err);
}
