/* `gazette account menu`: the menu of an account as a file: pushed, shown, compared. */
#include <string.h>

#include "cli/account_verbs.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/menu_file.h"
#include "cli/page.h"
#include "codec/json.h"

#define MENU_BYTES (256u << 10)

const struct option account_menu_options[] = {
	{ 'n', "dry-run", NULL, N_("push: check the file and show it, push nothing"), NULL, false, false },
	{ 0 },
};

static const char *const menu_fields[] = { "name", "buttons", "below", "pushed", "same", "menu", "diff", NULL };
static const struct column menu_columns[] = {
	{ "name", N_("ACCOUNT"), COLUMN_TEXT, 12, false },
	{ "buttons", N_("BUTTONS"), COLUMN_NUMBER, 0, false },
	{ "below", N_("BELOW"), COLUMN_NUMBER, 0, false },
	{ 0 },
};
const struct shape account_menu_shape = { "name", menu_columns, menu_fields };

static bool load_file(const char *path, cJSON **ret_menu, struct error *err)
{
	struct buf text;
	bool ok;

	buf_init(&text, MENU_BYTES);
	ok = input_text(path, &text, err) && menu_parse(input_name(path), buf_str(&text), ret_menu, err);
	buf_finish(&text);
	return ok;
}

static bool load_platform(struct cli *cli, const char *name, cJSON **ret_menu, struct error *err)
{
	return account_call(cli, name, "menu.show", NULL, true, ret_menu, err);
}

/* {name, buttons, below}: how many there are. */
static cJSON *counted(const char *name, const cJSON *menu)
{
	cJSON *row = json_object();
	const cJSON *button;
	int below = 0;

	cJSON_ArrayForEach(button, json_get(menu, "button"))
	{
		const cJSON *subs = json_get(button, "sub_button");

		below += cJSON_GetArraySize(cJSON_IsObject(subs) ? json_get(subs, "list") : subs);
	}
	json_add_text(row, "name", name);
	json_add_i64(row, "buttons", cJSON_GetArraySize(json_get(menu, "button")));
	json_add_i64(row, "below", below);
	return row;
}

/* ---- push ---- */

static void warn_labels(struct cli *cli, const char *path, const cJSON *menu)
{
	cleanup(json_freep) cJSON *warnings = json_array();
	const cJSON *warning;

	menu_warn(menu, warnings);
	cJSON_ArrayForEach(warning, warnings)
	{
		struct buf safe;

		buf_init(&safe, 2048);
		out_safe(&safe, warning->valuestring);
		warn(cli, "%s: %s: %s", input_name(path), _("warning"), safe.p);
		buf_finish(&safe);
	}
}

static bool is_offered(const cJSON *topics, const char *name)
{
	const cJSON *topic;

	cJSON_ArrayForEach(topic, topics)
	{
		if (strcmp(json_text(topic, "name", ""), name) == 0) {
			return json_bool(topic, "offered", false);
		}
	}
	return false;
}

/* A button for a topic that followers cannot choose does nothing. */
static void warn_topics(struct cli *cli, const char *path, const cJSON *list, const cJSON *topics)
{
	const cJSON *button;

	cJSON_ArrayForEach(button, list)
	{
		const char *key = json_text(button, "key", "");

		if (str_starts(str_from(key), STR("topic:")) && !is_offered(topics, key + 6)) {
			struct buf safe;

			buf_init(&safe, 1024);
			out_safe(&safe, key);
			warn(cli, "%s: %s: %s: %s", input_name(path), _("warning"), safe.p,
				_("accounts.yaml does not offer this topic: the button does nothing"));
			buf_finish(&safe);
		}
		warn_topics(cli, path, json_get(button, "sub_button"), topics);
	}
}

/* Without a daemon there is nothing to compare with; push says why there is none. */
static void warn_menu(struct cli *cli, const char *name, const char *path, const cJSON *menu)
{
	cleanup(json_freep) cJSON *account = NULL;
	struct error ignored = { 0 };
	enum exit_code code = cli->exit;
	cJSON *params = json_object();

	warn_labels(cli, path, menu);
	json_add_text(params, "name", name);
	if (ask_to_look(cli, "account.show", params, &account, &ignored)) {
		warn_topics(cli, path, json_get(menu, "button"), json_get(account, "topics"));
	} else {
		cli->exit = code;
	}
}

static void print_menu(struct cli *cli, const cJSON *menu)
{
	struct buf text;

	buf_init(&text, MENU_BYTES);
	menu_format(menu, &text);
	out_text(cli, text.p);
	buf_finish(&text);
}

static void tell_pushed(struct cli *cli, const char *name, const cJSON *menu, bool pushed)
{
	cleanup(json_freep) cJSON *row = counted(name, menu);

	json_add_bool(row, "pushed", pushed);
	if (output_object(cli, row)) {
		return;
	}
	if (!for_people(cli)) {
		output_row(cli, row);
		output_rows_end(cli);
	} else if (!pushed) {
		print_menu(cli, menu);
		output_flush(cli, false);
		note(cli, _("The menu is right; nothing was pushed."));
	} else if (json_i64(row, "buttons", 0) == 0) {
		say(cli, _("%s: the menu is taken away; followers see it within some five minutes"), name);
	} else {
		say(cli, _("%s: the menu is pushed; followers see it within some five minutes"), name);
	}
}

static bool push(struct cli *cli, const char *name, const char *path, struct error *err)
{
	cleanup(json_freep) cJSON *menu = NULL;
	cleanup(json_freep) cJSON *result = NULL;
	bool dry_run = option_is_set(cli, "dry-run");
	bool none;

	if (!load_file(path, &menu, err)) {
		return false;
	}
	warn_menu(cli, name, path, menu);
	none = cJSON_GetArraySize(json_get(menu, "button")) == 0;
	if (!dry_run && !account_call(cli, name, none ? "menu.delete" : "menu.push",
				none ? NULL : cJSON_Duplicate(menu, true), false, &result, err)) {
		return false;
	}
	tell_pushed(cli, name, menu, !dry_run);
	return true;
}

/* ---- show ---- */

static bool show(struct cli *cli, const char *name, struct error *err)
{
	cleanup(json_freep) cJSON *menu = NULL;
	cleanup(json_freep) cJSON *row = NULL;

	if (!load_platform(cli, name, &menu, err)) {
		return false;
	}
	row = counted(name, menu);
	json_add(row, "menu", cJSON_Duplicate(json_get(menu, "button"), true));
	if (output_object(cli, row)) {
		return true;
	}
	if (for_people(cli)) {
		print_menu(cli, menu);
	} else {
		output_row(cli, row);
		output_rows_end(cli);
	}
	return true;
}

/* ---- diff ---- */

static void print_diff(struct cli *cli, const char *name, const char *path, const cJSON *lines)
{
	const cJSON *line;

	out_printf(cli, "--- %s\n+++ %s\n", name, input_name(path));
	cJSON_ArrayForEach(line, lines)
	{
		char mark = line->valuestring[0];

		out_styled(cli, mark == '-' ? STYLE_BAD : mark == '+' ? STYLE_GOOD : STYLE_PLAIN, line->valuestring);
		out_text(cli, "\n");
	}
}

static bool diff(struct cli *cli, const char *name, const char *path, struct error *err)
{
	cleanup(json_freep) cJSON *wanted = NULL;
	cleanup(json_freep) cJSON *shown = NULL;
	cleanup(json_freep) cJSON *row = json_object();
	cJSON *lines = json_array();
	struct buf before, after;
	bool same = false;

	json_add(row, "diff", lines);
	if (!load_file(path, &wanted, err) || !load_platform(cli, name, &shown, err)) {
		return false;
	}
	buf_init(&before, MENU_BYTES);
	buf_init(&after, MENU_BYTES);
	menu_format(shown, &before);
	menu_format(wanted, &after);
	menu_diff(buf_str(&before), buf_str(&after), lines, &same);
	buf_finish(&before);
	buf_finish(&after);
	json_add_text(row, "name", name);
	json_add_bool(row, "same", same);
	cli->exit = same ? EXIT_CODE_DONE : EXIT_CODE_MISSING;
	if (output_object(cli, row)) {
		return true;
	}
	if (!for_people(cli)) {
		output_row(cli, row);
		output_rows_end(cli);
	} else if (!same) {
		print_diff(cli, name, path, lines);
	} else {
		say(cli, _("%s: the menu is the same"), name);
	}
	return true;
}

bool account_menu(struct cli *cli, struct error *err)
{
	static const char *const words[] = { "push", "show", "diff" };
	const char *what = cli->args[0];
	bool is_show = strcmp(what, "show") == 0;

	if (!is_show && strcmp(what, "push") != 0 && strcmp(what, "diff") != 0) {
		return usage(err, _("%s: \"%s\" is none of push, show, diff%s"), cli->spelt, what,
			did_you_mean(what, words, ARRAY_LEN(words)));
	}
	if (cli->n_args != (is_show ? 2u : 3u)) {
		return usage(err,
			is_show ? _("%s %s: the name of an account was expected, and nothing else")
				: _("%s %s: an account and a file were expected"),
			cli->spelt, what);
	}
	if (option_is_set(cli, "dry-run") && strcmp(what, "push") != 0) {
		return usage(err, _("%s %s: --dry-run is for push"), cli->spelt, what);
	}
	if (is_show) {
		return show(cli, cli->args[1], err);
	}
	return strcmp(what, "push") == 0 ? push(cli, cli->args[1], cli->args[2], err)
					 : diff(cli, cli->args[1], cli->args[2], err);
}
