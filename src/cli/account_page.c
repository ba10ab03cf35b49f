/* One account for people. */
#include <inttypes.h>
#include <string.h>

#include "cli/account_verbs.h"
#include "cli/cli.h"
#include "cli/page.h"
#include "cli/sentence.h"
#include "codec/json.h"
#include "core/clock.h"

static void feeds(struct cli *cli, const cJSON *account)
{
	const cJSON *feed;

	cJSON_ArrayForEach(feed, json_get(account, "feeds"))
	{
		int64_t polled_at = field_at(feed, "polled_at");
		int64_t interval_ms = json_i64(feed, "interval_ms", 0);
		struct buf line, when, every;

		buf_init(&line, 1024);
		buf_init(&when, 128);
		buf_init(&every, 128);
		if (polled_at) {
			relative_text(cli, &when, polled_at);
		} else {
			(void)buf_add_text(&when, _("not yet"));
		}
		duration_text(&every, (interval_ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS);
		out_safe(&line, i18n_word(json_text(feed, "name", "")));
		(void)buf_printf(&line, _(" %s, every %s"), when.p, every.p);
		page_field(cli, feed == json_get(account, "feeds")->child ? _("Polled") : "", line.p);
		buf_finish(&line);
		buf_finish(&when);
		buf_finish(&every);
	}
}

static void add_reset(struct cli *cli, struct buf *line, int64_t reset_at)
{
	struct buf when;

	if (!reset_at) {
		return;
	}
	buf_init(&when, 128);
	relative_text(cli, &when, reset_at);
	(void)buf_printf(line, _(", reset %s"), when.p);
	buf_finish(&when);
}

static void calls(struct cli *cli, const cJSON *account)
{
	struct buf line;

	if (!json_get(account, "calls_limit")) {
		return;
	}
	buf_init(&line, 256);
	(void)buf_printf(&line, _("%" PRId64 " of %" PRId64 " used"), json_i64(account, "calls_used", 0),
		json_i64(account, "calls_limit", 0));
	add_reset(cli, &line, field_at(account, "calls_reset_at"));
	page_field(cli, _("Calls"), line.p);
	buf_finish(&line);
}

static void broadcasts(struct cli *cli, const cJSON *account)
{
	const cJSON *broadcasts = json_get(account, "broadcasts");
	bool month = strcmp(json_text(broadcasts, "window", ""), "month") == 0;
	struct buf line;

	if (!broadcasts) {
		return;
	}
	buf_init(&line, 256);
	(void)buf_printf(&line,
		month ? _("%" PRId64 " of %" PRId64 " of this month promised or sent")
		      : _("%" PRId64 " of %" PRId64 " of today promised or sent"),
		json_i64(broadcasts, "promised", 0), json_i64(broadcasts, "limit", 0));
	add_reset(cli, &line, field_at(broadcasts, "resets_at"));
	page_field(cli, _("Broadcasts"), line.p);
	buf_finish(&line);
}

static void windows(struct cli *cli, const cJSON *account)
{
	const cJSON *windows = json_get(account, "windows");
	int64_t closes_at = field_at(windows, "closes_at");
	struct buf line, when;

	if (!windows) {
		return;
	}
	buf_init(&line, 256);
	buf_init(&when, 128);
	(void)buf_printf(&line, _("%" PRId64 " can be answered"), json_i64(windows, "open", 0));
	if (closes_at) {
		relative_text(cli, &when, closes_at);
		(void)buf_printf(&line, _(", the first one's time ends %s"), when.p);
	}
	page_field(cli, _("Citizens"), line.p);
	buf_finish(&line);
	buf_finish(&when);
}

static void pushes(struct cli *cli, const cJSON *account)
{
	const cJSON *pushes = json_get(account, "pushes");
	int64_t taken_at = field_at(pushes, "taken_at");
	int64_t refused_at = field_at(pushes, "refused_at");
	struct buf line, when;

	if (!pushes) {
		return;
	}
	buf_init(&line, 1024);
	buf_init(&when, 128);
	if (taken_at) {
		relative_text(cli, &when, taken_at);
		(void)buf_printf(&line, _("%" PRId64 " since the daemon started, the last one %s"),
			json_i64(pushes, "taken", 0), when.p);
	} else {
		(void)buf_add_text(&line, _("none since the daemon started"));
	}
	page_field(cli, _("Pushes"), line.p);
	buf_clear(&line);
	(void)buf_add_text(&line, _("the platform sends them to https://..."));
	out_safe(&line, json_text(pushes, "path", ""));
	page_field(cli, "", line.p);
	if (refused_at) {
		buf_clear(&line);
		buf_clear(&when);
		relative_text(cli, &when, refused_at);
		(void)buf_printf(
			&line, _("%" PRId64 " refused, the last one %s: "), json_i64(pushes, "refused", 0), when.p);
		out_said(&line, json_text(pushes, "refused_why", ""));
		page_field(cli, "", line.p);
	}
	buf_finish(&line);
	buf_finish(&when);
}

static void topics(struct cli *cli, const cJSON *account)
{
	const cJSON *list = json_get(account, "topics");
	const cJSON *topic;

	cJSON_ArrayForEach(topic, list)
	{
		int64_t waiting = json_i64(topic, "waiting", 0);
		struct buf line;

		buf_init(&line, 1024);
		out_safe(&line, json_text(topic, "name", ""));
		(void)buf_printf(&line, _(" chosen by %" PRId64), json_i64(topic, "chosen", 0));
		if (waiting > 0) {
			(void)buf_printf(&line, _(", of %" PRId64 " the platform is still to be told"), waiting);
		}
		if (!json_bool(topic, "offered", false)) {
			(void)buf_add_text(&line, _(", not offered any more"));
		}
		page_field(cli, topic == list->child ? _("Topics") : "", line.p);
		buf_finish(&line);
	}
}

static void switched_off(struct cli *cli, const cJSON *account)
{
	const cJSON *list = json_get(account, "switched_off");
	const cJSON *off;

	cJSON_ArrayForEach(off, list)
	{
		struct buf line, when;

		buf_init(&line, 1024);
		buf_init(&when, 128);
		out_safe(&line, i18n_word(json_text(off, "capability", "")));
		relative_text(cli, &when, field_at(off, "since"));
		(void)buf_printf(&line, _(" (%s, until the next reload): "), when.p);
		out_said(&line, json_text(off, "why", ""));
		page_field(cli, off == list->child ? _("Not allowed") : "", line.p);
		buf_finish(&line);
		buf_finish(&when);
	}
}

void account_page(struct cli *cli, const cJSON *account)
{
	const char *state = json_text(account, "state", "");

	page_title(cli, json_text(account, "name", ""), json_text(account, "platform", ""));
	page_cell(cli, _("State"), 12, STYLE_DIM);
	out_styled(cli, state_style(state), i18n_word(state));
	out_text(cli, "\n");
	page_said(cli, _("Reason"), json_text(account, "reason", ""));
	page_field(cli, _("Number"), json_text(account, "remote_uid", ""));
	page_field(cli, _("Address"), json_text(account, "profile_url", ""));
	page_time(cli, _("Token until"), field_at(account, "token_expires_at"));
	page_time(cli, _("Checked"), field_at(account, "token_checked_at"));
	calls(cli, account);
	page_time(cli, _("Blocked until"), field_at(account, "blocked_until"));
	broadcasts(cli, account);
	windows(cli, account);
	switched_off(cli, account);
	pushes(cli, account);
	topics(cli, account);
	feeds(cli, account);
}
