/*
 * `gazette account qr`: where people find an account, as a QR code: on the terminal, or as a file to be printed.
 *
 * On the terminal a character is two modules, one above the other. With colours they are black on white, whatever the
 * terminal's own are; without, the light modules are drawn, as a dark terminal wants it, or with --light the dark ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/account_verbs.h"
#include "cli/cli.h"
#include "cli/page.h"
#include "codec/json.h"
#include "codec/qr.h"
#include "core/clock.h"
#include "text/when.h"

#define SCREEN_QUIET  2 /* modules; four would not fit on 24 lines */
#define PIXELS        10
#define FILE_BYTES    (16u << 20)
#define TEMPORARY_MAX (30 * DAY_MS)
#define ACCOUNT_SCENE "account"

const struct option account_qr_options[] = {
	{ 0, "scene", "SCENE", N_("of a place or campaign: who scans it is counted under this name"), NULL, false,
		false },
	{ 0, "temporary", "DURATION", N_("the code ends after so long, at most 30d; without: never"), NULL, false,
		false },
	{ 'o', "output", "FILE", N_("write FILE.png or FILE.svg instead"), "file", false, false },
	{ 0, "light", NULL, N_("for a light terminal without colours"), NULL, false, false },
	{ 0 },
};

static const char *const qr_fields[] = { "url", "name", "scene", "expires_at", "image_url", "file", NULL };
static const struct column qr_columns[] = {
	{ "name", N_("ACCOUNT"), COLUMN_TEXT, 12, false },
	{ "url", N_("ADDRESS"), COLUMN_TEXT, 20, false },
	{ "scene", N_("SCENE"), COLUMN_TEXT, 0, false },
	{ "expires_at", N_("UNTIL"), COLUMN_TIME, 0, false },
	{ 0 },
};
const struct shape account_qr_shape = { "url", qr_columns, qr_fields };

/* ---- what it says ---- */

static bool ask_scene(struct cli *cli, const char *name, const char *scene, cJSON **ret_row, struct error *err)
{
	const char *temporary = option_text(cli, "temporary");
	cleanup(json_freep) cJSON *result = NULL;
	cJSON *params;
	int64_t ms = 0;
	int64_t expires_ms;

	if (temporary &&
		(!when_parse_duration(str_from(temporary), &ms, NULL) || ms < MINUTE_MS || ms > TEMPORARY_MAX)) {
		return usage(err, _("--temporary: a duration from 1m to 30d was expected, such as 7d"));
	}
	params = json_object();
	json_add_text(params, "scene", scene);
	if (temporary) {
		json_add_i64(params, "expires_ms", ms);
	} else {
		json_add_bool(params, "permanent", true);
	}
	if (!account_call(cli, name, "qr", params, false, &result, err)) {
		return false;
	}
	*ret_row = json_object();
	json_add_text(*ret_row, "name", name);
	json_add_text(*ret_row, "scene", scene);
	json_add_text(*ret_row, "url", json_text(result, "url", ""));
	json_add_text(*ret_row, "image_url", json_text(result, "image_url", NULL));
	expires_ms = json_i64(result, "expires_in_ms", 0);
	if (expires_ms > 0) {
		json_add_time(*ret_row, "expires_at", cli_now_at(cli) + expires_ms);
	}
	return true;
}

/* The account itself: its page, or a scene of its own where the platform tells no address. */
static bool ask_account(struct cli *cli, const char *name, cJSON **ret_row, struct error *err)
{
	cleanup(json_freep) cJSON *account = NULL;
	cJSON *params = json_object();
	const char *url;

	json_add_text(params, "name", name);
	if (!ask_to_look(cli, "account.show", params, &account, err)) {
		return false;
	}
	url = json_text(account, "profile_url", "");
	if (!url[0]) {
		return ask_scene(cli, name, ACCOUNT_SCENE, ret_row, err);
	}
	*ret_row = json_object();
	json_add_text(*ret_row, "name", name);
	json_add_text(*ret_row, "url", url);
	return true;
}

/* It comes from the platform, and will be scanned by anybody. */
static bool check_url(const char *name, struct str url, struct error *err)
{
	return str_starts(url, STR("https://")) || str_starts(url, STR("http://")) ||
	       error_set(err, ERROR_PLATFORM, ADVISE_REJECT, 0, _("%s: the platform gave no address for a QR code"),
		       name);
}

/* ---- a file ---- */

static bool write_file(const char *path, struct str bytes, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool ok = fd >= 0 && term_write(fd, bytes);

	ok = (fd < 0 || close(fd) == 0) && ok;
	return ok || error_set(err, ERROR_INPUT, ADVISE_REJECT, errno, "%s: %s", path, strerror(errno));
}

static bool is_svg(const char *path)
{
	return str_ends(str_from(path), STR(".svg"));
}

/* Before anything is asked of the platform. */
static bool check_path(const struct cli *cli, const char *path, struct error *err)
{
	return !path || is_svg(path) || str_ends(str_from(path), STR(".png")) ||
	       usage(err, _("%s: --output: \"%s\" must end with .png or .svg"), cli->spelt, path);
}

static bool save(const struct qr *qr, const char *path, struct error *err)
{
	struct buf bytes;
	bool ok;

	buf_init(&bytes, FILE_BYTES);
	ok = is_svg(path) ? qr_svg(qr, &bytes) : qr_png(qr, PIXELS, &bytes);
	ok = ok ? write_file(path, buf_str(&bytes), err)
		: error_set(err, ERROR_OS, ADVISE_RETRY, 0, _("%s: the picture is too large"), path);
	buf_finish(&bytes);
	return ok;
}

/* ---- the terminal ---- */

static void draw(struct cli *cli, const struct qr *qr)
{
	static const char *const halves[] = { " ", "▄", "▀", "█" };
	bool light = cli->term.colour || option_is_set(cli, "light"); /* dark modules are what is drawn */

	for (int y = -SCREEN_QUIET; y < qr->size + SCREEN_QUIET; y += 2) {
		struct buf line;

		buf_init(&line, 4096);
		for (int x = -SCREEN_QUIET; x < qr->size + SCREEN_QUIET; x++) {
			/* Below the last line there is nothing to be light. */
			bool below = y + 1 < qr->size + SCREEN_QUIET;
			bool upper = qr_is_dark(qr, x, y) == light;
			bool lower = below ? qr_is_dark(qr, x, y + 1) == light : false;

			(void)buf_add_text(&line, halves[2 * upper + lower]);
		}
		out_styled(cli, STYLE_PAPER, line.p);
		out_text(cli, "\n");
		buf_finish(&line);
	}
}

static bool fits(const struct cli *cli, const struct qr *qr, struct error *err)
{
	unsigned wanted = (unsigned)(qr->size + 2 * SCREEN_QUIET);

	return cli->term.columns == 0 || cli->term.columns >= wanted ||
	       usage(err, _("%s: the code is %u columns wide, the screen %u: widen it, or use -o FILE"), cli->spelt,
		       wanted, cli->term.columns);
}

static void page(struct cli *cli, const cJSON *row, const struct qr *qr)
{
	draw(cli, qr);
	page_field(cli, _("Account"), json_text(row, "name", ""));
	page_field(cli, _("Address"), json_text(row, "url", ""));
	page_field(cli, _("Scene"), json_text(row, "scene", ""));
	page_time(cli, _("Until"), field_at(row, "expires_at"));
}

bool account_qr(struct cli *cli, struct error *err)
{
	const char *name = cli->args[0];
	const char *scene = option_text(cli, "scene");
	const char *path = option_text(cli, "output");
	cleanup(json_freep) cJSON *row = NULL;
	struct qr qr = { 0 };
	bool ok;

	if (!check_path(cli, path, err)) {
		return false;
	}
	if (option_is_set(cli, "temporary") && !scene) {
		return usage(err, _("%s: --temporary wants --scene: the account itself does not end"), cli->spelt);
	}
	ok = scene ? ask_scene(cli, name, scene, &row, err) : ask_account(cli, name, &row, err);
	ok = ok && check_url(name, json_str(row, "url"), err) && qr_make(json_str(row, "url"), &qr, err);
	if (ok && path) {
		json_add_text(row, "file", path);
		ok = save(&qr, path, err);
	}
	if (ok && output_mode(cli) == OUTPUT_TABLE && !path) {
		ok = fits(cli, &qr, err);
	}
	if (ok && !output_object(cli, row)) {
		if (output_mode(cli) == OUTPUT_TABLE && !path) {
			page(cli, row, &qr);
		} else if (output_mode(cli) == OUTPUT_TABLE) {
			struct buf url;

			buf_init(&url, 4096);
			out_safe(&url, json_text(row, "url", ""));
			say(cli, _("%s is written; it leads to %s"), path, url.p);
			buf_finish(&url);
		} else {
			output_row(cli, row);
			output_rows_end(cli);
		}
	}
	qr_finish(&qr);
	return ok;
}
