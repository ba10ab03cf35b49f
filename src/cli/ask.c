/*
 * The way to the daemon. It is called when a verb first needs it, so that help, a misspelt option or an unreadable file
 * never depend on a daemon.
 *
 * A call whose answer was lost is the one dangerous case: of a verb that writes nobody knows whether it was carried
 * out, and a script that repeats it may publish twice. Such an error becomes ADVISE_VERIFY here (exit 9), whatever the
 * connection says of itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "build.gen.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "proto/client.h"
#include "text/when.h"

/* Nothing takes longer but a wait, which is asked for in pieces. */
#define ANSWER_MS (10 * MINUTE_MS)

/* ---- the steps, for -vv ---- */

static void trace(struct cli *cli, char direction, const char *method, const cJSON *json)
{
	cleanup(json_freep) cJSON *shown = json ? cJSON_Duplicate(json, true) : NULL;
	struct buf text;

	if (cli->verbose < 2) {
		return;
	}
	/* The one secret that ever goes this way. */
	if (cJSON_GetObjectItemCaseSensitive(shown, "code")) {
		cJSON_DeleteItemFromObjectCaseSensitive(shown, "code");
		json_add_text(shown, "code", "***");
	}
	buf_init(&text, LIMIT_ANSWER_BYTES);
	if (shown) {
		json_safe(&text, shown);
	}
	warn(cli, "%c %s %s", direction, method, text.p);
	buf_finish(&text);
}

/* ---- connection ---- */

static void greet(struct cli *cli)
{
	const cJSON *hello = client_hello(cli->client);
	const char *version = json_text(hello, "daemon", "");
	const char *zone = json_text(hello, "zone", "");
	struct error ignored;

	/* Times are the office's, wherever the command line runs; without its zone here, the caller's own. */
	if (zone[0] && !when_set_zone(zone, &ignored)) {
		note(cli, _("the office's time zone %s is not known on this machine: times are in its own"), zone);
	}
	cli->hello_at = field_at(hello, "now");
	cli->hello_mono = clock_mono();
	if (strcmp(version, GAZETTE_VERSION) != 0) {
		note(cli,
			_("this is gazette %s, the daemon is gazetted %s: what one of them does not know yet will not "
			  "work"),
			GAZETTE_VERSION, version);
	}
}

bool ask_connect(struct cli *cli, struct error *err)
{
	if (cli->client) {
		return true;
	}
	trace(cli, '>', "hello", NULL);
	if (!client_connect(cli->socket, &cli->client, err)) {
		if (err->domain == ERROR_OS) {
			cli->exit = EXIT_CODE_NO_DAEMON; /* report() keeps to it */
		}
		return false;
	}
	trace(cli, '<', "hello", client_hello(cli->client));
	greet(cli);
	return true;
}

void ask_disconnect(struct cli *cli)
{
	client_free(cli->client);
	cli->client = NULL;
}

const char *ask_hello(const struct cli *cli, const char *member)
{
	return cli->client ? json_text(client_hello(cli->client), member, "") : "";
}

int64_t cli_now_at(const struct cli *cli)
{
	return cli->hello_at ? cli->hello_at + clock_since_ms(cli->hello_mono) : clock_wall_at();
}

/* ---- calls ---- */

static bool call(struct cli *cli, const char *method, cJSON *params, bool writes, cJSON **ret_result, struct error *err)
{
	struct progress progress;
	cJSON *data = NULL;
	bool ok;

	if (!ask_connect(cli, err)) {
		cJSON_Delete(params);
		return false;
	}
	cJSON_Delete(cli->error_data);
	cli->error_data = NULL;
	trace(cli, '>', method, params);
	progress_start(&progress, cli->term.err && !cli->quiet && cli->verbose < 2);
	ok = client_call(cli->client, method, params, ANSWER_MS, ret_result, &data, err);
	progress_stop(&progress);
	if (ok) {
		trace(cli, '<', method, *ret_result);
		return true;
	}
	trace(cli, '<', method, data);
	cli->error_data = data;
	/* An error that the daemon gave comes with data; without any the answer was lost on its way. */
	if (!data && (err->domain == ERROR_OS || err->domain == ERROR_PROTO)) {
		ask_disconnect(cli);
		err->advice = writes ? ADVISE_VERIFY : err->advice;
	}
	return false;
}

bool ask(struct cli *cli, const char *method, cJSON *params, cJSON **ret_result, struct error *err)
{
	return call(cli, method, params, cli->verb && cli->verb->writes, ret_result, err);
}

bool ask_to_look(struct cli *cli, const char *method, cJSON *params, cJSON **ret_result, struct error *err)
{
	return call(cli, method, params, false, ret_result, err);
}

/* ---- lists ---- */

static void set_member(cJSON *params, const char *name, cJSON *taken)
{
	cJSON_DeleteItemFromObjectCaseSensitive(params, name);
	json_add(params, name, taken);
}

/* The rows of one page; *left (negative: no end) goes down. */
static bool walk_page(struct cli *cli, const cJSON *page, int64_t *left, bool *ret_stopped, row_fn *each, void *data,
	struct error *err)
{
	const cJSON *row;

	*ret_stopped = false;
	cJSON_ArrayForEach(row, json_get(page, "rows"))
	{
		if (*left == 0) {
			*ret_stopped = true;
			return true;
		}
		if (!each(cli, row, data, err)) {
			return false;
		}
		*left -= *left > 0;
	}
	return true;
}

bool ask_rows(struct cli *cli, const char *method, cJSON *params, int64_t limit, row_fn *each, void *data,
	bool *ret_more, struct error *err)
{
	int64_t left = limit > 0 ? limit : -1;
	bool more = true;
	bool ok = true;

	while (ok && more && left != 0 && !output_closed(cli)) {
		cleanup(json_freep) cJSON *page = NULL;
		const char *next;
		bool stopped = false;

		set_member(params, "limit",
			cJSON_CreateNumber(
				left > 0 && left < (int64_t)LIMIT_PAGE_ROWS ? (double)left : (double)LIMIT_PAGE_ROWS));
		ok = ask_to_look(cli, method, cJSON_Duplicate(params, true), &page, err) &&
		     walk_page(cli, page, &left, &stopped, each, data, err);
		next = json_text(page, "next", "");
		more = next[0] || stopped;
		set_member(params, "after", cJSON_CreateString(next));
	}
	cJSON_Delete(params);
	if (ok && ret_more) {
		*ret_more = more;
	}
	return ok;
}

static bool print_row(struct cli *cli, const cJSON *row, void *data, struct error *err unused_arg)
{
	bool *any = data;

	*any = true;
	output_row(cli, row);
	return true;
}

bool ask_list(struct cli *cli, const char *method, cJSON *params, struct error *err)
{
	/* A screen has an end; a script that silently missed the rest of the rows would be wrong. */
	int64_t limit = output_mode(cli) == OUTPUT_TABLE ? (int64_t)LIMIT_PAGE_ROWS_DEFAULT : 0;
	bool any = false;
	bool more = false;

	if (!option_i64(cli, "limit", 0, INT32_MAX, &limit, err)) {
		cJSON_Delete(params);
		return false;
	}
	if (!ask_rows(cli, method, params, limit, print_row, &any, &more, err)) {
		output_rows_end(cli);
		return false;
	}
	output_rows_end(cli);
	if (!any) {
		note(cli, _("there is nothing"));
	} else if (more) {
		note(cli, _("there is more: --limit N, or --limit 0 for all of it"));
	}
	return true;
}
