/*
 * `gazette account`: how the official accounts stand, and what a person does about them: log in, pause, poll. Menus, QR
 * codes, topics and forgetting are in files of their own.
 *
 * A login is two calls: the daemon gives the address where the account's owner agrees, and takes what that page led to.
 * The code in it is a secret for the minutes it lives: it comes from the terminal or standard input, never from argv.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/account_verbs.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/sentence.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "text/when.h"

static cJSON *name_params(const char *name)
{
	cJSON *params = json_object();

	json_add_text(params, "name", name);
	return params;
}

/* ---- list, show ---- */

static bool print_row(struct cli *cli, const cJSON *row, void *data unused_arg, struct error *err unused_arg)
{
	output_row(cli, row);
	return true;
}

static bool run_list(struct cli *cli, struct error *err)
{
	bool ok = ask_rows(cli, "account.list", json_object(), 0, print_row, NULL, NULL, err);

	output_rows_end(cli);
	return ok;
}

static bool show_one(struct cli *cli, const char *name, void *data, struct error *err)
{
	cleanup(json_freep) cJSON *account = NULL;
	bool *any = data;

	if (!ask(cli, "account.show", name_params(name), &account, err)) {
		return false;
	}
	if (output_object(cli, account)) {
		return true;
	}
	if (!for_people(cli)) {
		output_row(cli, account);
		return true;
	}
	out_text(cli, *any ? "\n" : "");
	*any = true;
	account_page(cli, account);
	return true;
}

static bool run_show(struct cli *cli, struct error *err)
{
	bool any = false;

	if (!for_each_word(cli, cli->args, cli->n_args, show_one, &any, err)) {
		return false;
	}
	if (!for_people(cli)) {
		output_rows_end(cli);
	}
	return true;
}

/* ---- check ---- */

/* "Needs a person" outweighs "not known now", and that "not quite well". */
static enum exit_code check_worse(enum exit_code a, enum exit_code b)
{
	static const enum exit_code ranks[] = { EXIT_CODE_ACCESS, EXIT_CODE_AGAIN, EXIT_CODE_QUOTA, EXIT_CODE_MISSING };

	for (size_t i = 0; i < ARRAY_LEN(ranks); i++) {
		if (a == ranks[i] || b == ranks[i]) {
			return ranks[i];
		}
	}
	return a ? a : b;
}

static enum exit_code check_exit(const cJSON *result)
{
	enum error_advice advice = ADVISE_NONE;

	if (json_bool(result, "alive", false)) {
		return json_bool(result, "ok", false) ? EXIT_CODE_DONE : EXIT_CODE_MISSING;
	}
	(void)error_advice_parse(json_text(result, "advice", ""), &advice);
	return advice == ADVISE_RETRY ? EXIT_CODE_AGAIN : advice == ADVISE_WAIT ? EXIT_CODE_QUOTA : EXIT_CODE_ACCESS;
}

static bool check_one(struct cli *cli, const char *name, void *data unused_arg, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	const cJSON *problem;

	if (!ask(cli, "account.check", name_params(name), &result, err)) {
		return false;
	}
	cli->exit = check_worse(cli->exit, check_exit(result));
	if (!for_people(cli)) {
		output_row(cli, result);
		return true;
	}
	if (json_bool(result, "ok", false)) {
		say(cli, _("%s: the platform knows it, all is well"), name);
	}
	cJSON_ArrayForEach(problem, json_get(result, "problems"))
	{
		struct buf line;

		buf_init(&line, 2048);
		out_said(&line, cJSON_IsString(problem) ? problem->valuestring : "");
		out_printf(cli, "%s: %s\n", name, line.p);
		buf_finish(&line);
	}
	return true;
}

static bool run_check(struct cli *cli, struct error *err)
{
	if (!for_each_word(cli, cli->args, cli->n_args, check_one, NULL, err)) {
		return false;
	}
	output_rows_end(cli);
	return true;
}

/* ---- login ---- */

static bool hand_in(struct cli *cli, const char *name, struct buf *code, struct error *err)
{
	cleanup(json_freep) cJSON *account = NULL;
	struct str text = str_trim(buf_str(code));
	cJSON *params;

	if (text.n == 0) {
		return usage(err, _("%s: no code was given: nothing has changed"), cli->spelt);
	}
	params = name_params(name);
	json_add_str(params, "code", text);
	explicit_bzero(code->p, code->n);
	if (!ask(cli, "account.login", params, &account, err)) {
		if (err->domain == ERROR_PLATFORM && err->advice == ADVISE_REJECT) {
			err->domain = ERROR_ACCESS; /* refused at the door: the login is still needed (exit 4) */
		}
		return false;
	}
	if (output_object(cli, account)) {
		return true;
	}
	if (!for_people(cli)) {
		output_row(cli, account);
		output_rows_end(cli);
		return true;
	}
	say(cli, _("%s is logged in: what was held for it goes on"), name);
	return true;
}

static bool read_code(struct cli *cli, const char *name, struct error *err)
{
	struct buf code;
	bool ok;

	buf_init(&code, LIMIT_SECRET_BYTES);
	ok = input_read("-", &code, err) && hand_in(cli, name, &code, err);
	buf_finish(&code);
	return ok;
}

static bool ask_code(struct cli *cli, const char *name, const char *url, struct error *err)
{
	struct buf code;
	bool ok;

	out_printf(cli, _("Open this address, logged in as the account's owner, and agree:\n\n  %s\n\n"), url);
	output_flush(cli, false);
	buf_init(&code, LIMIT_SECRET_BYTES);
	ok = term_ask(_("Paste the address it led to, or the code: "), &code)
		     ? hand_in(cli, name, &code, err)
		     : usage(err, _("%s: no code was given: nothing has changed"), cli->spelt);
	buf_finish(&code);
	return ok;
}

static bool run_login(struct cli *cli, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	const char *name = cli->args[0];
	const char *code = option_text(cli, "code");
	struct buf url;
	bool ok = true;

	if (code && strcmp(code, "-") != 0) {
		return usage(err,
			_("%s: a code on the command line is seen by everybody on this machine: --code - reads it from "
			  "standard input"),
			cli->spelt);
	}
	if (code) {
		return read_code(cli, name, err);
	}
	if (!ask_to_look(cli, "account.login", name_params(name), &result, err)) {
		return false;
	}
	if (output_object(cli, result)) {
		return true;
	}
	buf_init(&url, LIMIT_SECRET_BYTES);
	out_safe(&url, json_text(result, "url", ""));
	if (for_people(cli) && cli->term.in && cli->term.out) {
		ok = ask_code(cli, name, url.p, err);
	} else {
		out_printf(cli, "%s\n", url.p);
	}
	buf_finish(&url);
	return ok;
}

/* ---- pause, resume, poll ---- */

static void tell_state(struct cli *cli, const cJSON *result)
{
	if (for_people(cli)) {
		say(cli, "%s: %s", json_text(result, "name", ""), i18n_word(json_text(result, "state", "")));
	} else {
		output_row(cli, result);
	}
}

static bool pause_one(struct cli *cli, const char *name, void *data unused_arg, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params = name_params(name);

	option_add(cli, params, "reason", NULL);
	if (!ask(cli, "account.pause", params, &result, err)) {
		return false;
	}
	tell_state(cli, result);
	return true;
}

static bool resume_one(struct cli *cli, const char *name, void *data unused_arg, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;

	if (!ask(cli, "account.resume", name_params(name), &result, err)) {
		return false;
	}
	tell_state(cli, result);
	return true;
}

static bool poll_one(struct cli *cli, const char *name, void *data unused_arg, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;

	/* Asking the platform once more does no harm: a lost answer is no unknown outcome. */
	if (!ask_to_look(cli, "account.poll", name_params(name), &result, err)) {
		return false;
	}
	if (for_people(cli)) {
		say(cli, _("%s: %" PRId64 " new messages"), name, json_i64(result, "new_messages", 0));
	} else {
		output_row(cli, result);
	}
	return true;
}

static bool each_done(
	struct cli *cli, bool (*each)(struct cli *, const char *, void *, struct error *), struct error *err)
{
	bool ok = for_each_word(cli, cli->args, cli->n_args, each, NULL, err);

	output_rows_end(cli);
	return ok;
}

static bool run_pause(struct cli *cli, struct error *err)
{
	return each_done(cli, pause_one, err);
}

static bool run_resume(struct cli *cli, struct error *err)
{
	return each_done(cli, resume_one, err);
}

static bool run_poll(struct cli *cli, struct error *err)
{
	return each_done(cli, poll_one, err);
}

/* ---- token ---- */

static bool run_token(struct cli *cli, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;

	if (!ask_to_look(cli, "account.token", name_params(cli->args[0]), &result, err)) {
		return false;
	}
	if (output_object(cli, result)) {
		return true;
	}
	if (for_people(cli)) {
		out_printf(cli, "%s\n", json_text(result, "token", "")); /* alone, so that a shell can take it */
	} else {
		output_row(cli, result);
		output_rows_end(cli);
	}
	return true;
}

/* ---- what the verbs with files of their own share ---- */

bool account_call(struct cli *cli, const char *name, const char *call, cJSON *params, bool looks, cJSON **ret_result,
	struct error *err)
{
	cleanup(json_freep) cJSON *answer = NULL;
	cJSON *whole = name_params(name);

	json_add_text(whole, "call", call);
	if (params) {
		json_add(whole, "params", params);
	}
	if (!(looks ? ask_to_look : ask)(cli, "account.call", whole, &answer, err)) {
		return false;
	}
	*ret_result = cJSON_DetachItemFromObjectCaseSensitive(answer, "result");
	if (!*ret_result) {
		*ret_result = json_object();
	}
	return true;
}

bool account_confirm(struct cli *cli, const char *question, struct error *err)
{
	struct buf answer;
	bool yes;

	if (option_is_set(cli, "yes")) {
		return true;
	}
	if (!cli->term.in || !cli->term.err) {
		return usage(err, _("%s: nobody can be asked here: say --yes"), cli->spelt);
	}
	buf_init(&answer, 64);
	yes = term_ask(question, &answer) &&
	      (strcasecmp(answer.p, "y") == 0 || strcasecmp(answer.p, "yes") == 0 || strcmp(answer.p, "是") == 0);
	buf_finish(&answer);
	return yes || usage(err, _("%s: not confirmed: nothing has changed"), cli->spelt);
}

/* ---- tables ---- */

static const struct option login_options[] = {
	{ 0, "code", "-", N_("hand in the code, or the whole address, from standard input"), NULL, false, false },
	{ 0 },
};

static const struct option pause_options[] = {
	{ 'r', "reason", "TEXT", N_("why: colleagues read it"), NULL, false, false },
	{ 0 },
};

static const char *const list_fields[] = { "id", "name", "platform", "state", "reason", "remote_uid",
	"token_expires_at", "token_checked_at", "calls_used", "calls_limit", "calls_remaining", "calls_reset_at",
	"blocked_until", "feeds", "switched_off", "pushes", "windows", "broadcasts", "topics", "profile_url", NULL };
static const struct column list_columns[] = {
	{ "name", N_("ACCOUNT"), COLUMN_TEXT, 12, false },
	{ "platform", N_("PLATFORM"), COLUMN_TEXT, 0, true },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ "calls_remaining", N_("CALLS LEFT"), COLUMN_NUMBER, 0, true },
	{ "token_expires_at", N_("TOKEN UNTIL"), COLUMN_TIME, 0, false },
	{ "reason", N_("REASON"), COLUMN_SAID, 16, false },
	{ 0 },
};
static const struct shape list_shape = { "name", list_columns, list_fields };

static const char *const login_fields[] = { "url", "id", "name", "platform", "state", "reason", "remote_uid",
	"token_expires_at", "token_checked_at", "calls_used", "calls_limit", "calls_remaining", "calls_reset_at",
	"blocked_until", "feeds", NULL };
static const struct shape login_shape = { "name", list_columns, login_fields };

static const char *const check_fields[] = { "name", "ok", "alive", "advice", "token_expires_at", "calls_remaining",
	"posts_remaining", "problems", NULL };
static const struct column check_columns[] = {
	{ "name", N_("ACCOUNT"), COLUMN_TEXT, 12, false },
	{ "ok", N_("WELL"), COLUMN_TEXT, 0, false },
	{ "problems", N_("PROBLEMS"), COLUMN_TEXT, 20, false },
	{ 0 },
};
static const struct shape check_shape = { "name", check_columns, check_fields };

static const char *const state_fields[] = { "name", "state", NULL };
static const struct column state_columns[] = {
	{ "name", N_("ACCOUNT"), COLUMN_TEXT, 12, false },
	{ "state", N_("STATE"), COLUMN_STATE, 0, false },
	{ 0 },
};
static const struct shape state_shape = { "name", state_columns, state_fields };

static const char *const poll_fields[] = { "name", "new_messages", NULL };
static const struct column poll_columns[] = {
	{ "name", N_("ACCOUNT"), COLUMN_TEXT, 12, false },
	{ "new_messages", N_("NEW"), COLUMN_NUMBER, 0, false },
	{ 0 },
};
static const struct shape poll_shape = { "name", poll_columns, poll_fields };

static const struct example list_examples[] = {
	{ "gazette account list", NULL },
	{ "gazette account list --json=name,state,token_expires_at", N_("for a script that watches tokens") },
	{ 0 },
};
static const struct example show_examples[] = {
	{ "gazette account show weibo-main", NULL },
	{ 0 },
};
static const struct example check_examples[] = {
	{ "gazette account check weibo-main", N_("ask the platform whether the token is alive") },
	{ 0 },
};
static const struct example login_examples[] = {
	{ "gazette account login weibo-main", N_("shows the address, then asks for what it led to") },
	{ "gazette account login weibo-main --json | jq -r .url", N_("only the address, for a script") },
	{ "gazette account login weibo-main --code - <code.txt", N_("and the second half of it") },
	{ 0 },
};
static const struct example pause_examples[] = {
	{ "gazette account pause weibo-main --reason \"national day of mourning\"", NULL },
	{ 0 },
};
static const struct example resume_examples[] = {
	{ "gazette account resume weibo-main", NULL },
	{ 0 },
};
static const struct example poll_examples[] = {
	{ "gazette account poll weibo-main", NULL },
	{ "gazette account poll ALL", N_("all that are ready; costs calls of each") },
	{ 0 },
};

static const char *const token_fields[] = { "token", "name", "token_expires_at", NULL };
static const struct column token_columns[] = {
	{ "token", N_("TOKEN"), COLUMN_TEXT, 0, false },
	{ "token_expires_at", N_("UNTIL"), COLUMN_TIME, 0, false },
	{ 0 },
};
static const struct shape token_shape = { "token", token_columns, token_fields };

static const struct example token_examples[] = {
	{ "token=$(gazette account token wechat-main)", N_("for another program of the office") },
	{ "gazette account token wechat-main --json=token,token_expires_at", NULL },
	{ 0 },
};

static const struct example menu_examples[] = {
	{ "gazette account menu show wechat-main >menu.yaml", N_("as it is now, to be edited") },
	{ "gazette account menu diff wechat-main menu.yaml", N_("exit status 3: they differ") },
	{ "gazette account menu push wechat-main menu.yaml --dry-run", NULL },
	{ 0 },
};
static const struct example qr_examples[] = {
	{ "gazette account qr wechat-main", N_("on the terminal") },
	{ "gazette account qr wechat-main --scene hall_03 -o hall.svg", N_("for a poster in the hall") },
	{ "gazette account qr wechat-main --scene fair --temporary 3d -o fair.png", NULL },
	{ 0 },
};
static const struct example topics_examples[] = {
	{ "gazette account topics wechat-main", N_("what followers chose, counted") },
	{ "gazette account topics wechat-main remove 停水通知", NULL },
	{ 0 },
};
static const struct example purge_examples[] = {
	{ "gazette account purge wechat-main --expired", NULL },
	{ "gazette account purge wechat-main --follower oABC... --yes", N_("who has left and asked for it") },
	{ "gazette account purge ALL --expired --yes", N_("from cron; the daemon does it by itself, too") },
	{ 0 },
};

static const struct verb verbs[] = {
	{ "list", "", N_("all accounts and how they stand"), NULL, list_examples, NULL, NULL, 0, 0, &list_shape, false,
		run_list },
	{ "show", "NAME...", N_("one account: state, token, quotas, what it may not do, pushes"), NULL, show_examples,
		NULL, "account", 1, -1, &list_shape, false, run_show },
	{ "check", "NAME...", N_("ask the platform whether an account is well"),
		N_("Costs a call or two. Exit status 0: it is; 4: it needs a login, or the platform refuses it; 75: "
		   "the platform cannot be asked now; 10: it has been asked too often; 3: something else is wrong, "
		   "which is said."),
		check_examples, NULL, "account", 1, -1, &check_shape, false, run_check },
	{ "login", "NAME [--code -]", N_("let the account's owner agree, and fetch a token"),
		N_("What was held for want of a login goes on by itself. The code is a secret: it is never given on "
		   "the "
		   "command line."),
		login_examples, login_options, "account", 1, 1, &login_shape, true, run_login },
	{ "pause", "NAME... [--reason TEXT]", N_("hold everything that goes out on an account"),
		N_("Citizens are heard all the same. Resume lets go what was held; what is too late by then is held "
		   "for a "
		   "decision."),
		pause_examples, pause_options, "account", 1, -1, &state_shape, true, run_pause },
	{ "resume", "NAME...", N_("let a paused account go on"),
		N_("So, too, one that was parked because the platform wants a person: this says that it is in order "
		   "again."),
		resume_examples, NULL, "account", 1, -1, &state_shape, true, run_resume },
	{ "token", "NAME", N_("the token in use, for another program of the office"),
		N_("Only of accounts whose tokens the daemon makes itself, and only for admins; who asked is written "
		   "down. "
		   "The other program asks again when the platform refuses the token: it is renewed before it ends."),
		token_examples, NULL, "account", 1, 1, &token_shape, false, run_token },
	{ "poll", "NAME...|ALL", N_("fetch what citizens wrote, now"), NULL, poll_examples, NULL, "account", 1, -1,
		&poll_shape, true, run_poll },
	{ "menu", "push NAME FILE|-  |  show NAME  |  diff NAME FILE|-", N_("the account's menu, as a YAML file"),
		N_("push puts the file's menu in the place of the present one; followers see it within some minutes. "
		   "show "
		   "prints the present one, fit to be pushed again. diff compares: exit status 0 the same, 3 not. What "
		   "stands in a menu: gazette help menu-files."),
		menu_examples, account_menu_options, "=push|show|diff account file", 2, 3, &account_menu_shape, true,
		account_menu },
	{ "qr", "NAME [--scene SCENE [--temporary DURATION]] [-o FILE]", N_("a QR code that leads to the account"),
		N_("Without a scene it leads to the account's page, or, where the platform tells no address, to a "
		   "permanent "
		   "scene named account."),
		qr_examples, account_qr_options, "account", 1, 1, &account_qr_shape, true, account_qr },
	{ "topics", "NAME [add|remove TOPIC]", N_("topics that followers choose for themselves"),
		N_("Followers choose and leave topics by a message or a menu's button; nobody is put on one by the "
		   "office. "
		   "add and remove are about the topic itself. A post reaches a topic's followers with topic: in its "
		   "front "
		   "matter."),
		topics_examples, account_topics_options, "account =add|remove", 1, 3, &account_topics_shape, true,
		account_topics },
	{ "purge", "NAME --follower OPENID|--expired  |  ALL --expired", N_("forget what citizens said who have left"),
		N_("Texts, names and pictures go, also from the search; numbers of tickets and what colleagues did "
		   "stay. The "
		   "daemon does it by itself after the retention in accounts.yaml."),
		purge_examples, account_purge_options, "account", 1, 1, &account_purge_shape, true, account_purge },
	{ 0 },
};

static const struct word_source sources[] = {
	{ "account", "account.list", "name" },
	{ 0 },
};

const struct command command_account = {
	.name = "account",
	.summary = N_("the official accounts: state, login, menu, QR codes"),
	.verbs = verbs,
	.sources = sources,
};
