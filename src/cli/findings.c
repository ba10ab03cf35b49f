/* What a check found, as lines. */
#include "cli/findings.h"

#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "cli/post_file.h"
#include "cli/sentence.h"
#include "codec/json.h"

static void set_number(cJSON *row, const char *name, int value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(row, name);
	if (value > 0) {
		json_add_i64(row, name, value);
	}
}

void findings_locate(cJSON *findings, const struct post_file *file)
{
	cJSON *row;

	cJSON_ArrayForEach(row, findings)
	{
		int line = (int)json_i64(row, "line", 0);
		int column = (int)json_i64(row, "column", 0);

		if (file && file->name) {
			json_add_text(row, "file", file->name);
			post_file_locate(file, json_text(row, "account", ""), line, column, &line, &column);
		}
		set_number(row, "line", line);
		set_number(row, "column", column);
	}
}

static void add_place(struct buf *out, const cJSON *row)
{
	int64_t line = json_i64(row, "line", 0);
	int64_t column = json_i64(row, "column", 0);

	out_safe(out, json_text(row, "file", ""));
	if (line > 0) {
		(void)buf_printf(out, "%s%" PRId64, out->n ? ":" : "", line);
	}
	if (line > 0 && column > 0) {
		(void)buf_printf(out, ":%" PRId64, column);
	}
}

void finding_text(struct buf *out, const cJSON *finding)
{
	const char *account = json_text(finding, "account", "");

	add_place(out, finding);
	(void)buf_printf(out, "%s%s: ", out->n ? ": " : "", i18n_word(json_text(finding, "level", "")));
	if (account[0]) {
		(void)buf_printf(out, "%s: ", account);
	}
	out_said(out, json_text(finding, "message", ""));
	(void)buf_printf(out, " [%s]", json_text(finding, "rule", ""));
}

static void say_finding(struct cli *cli, const cJSON *finding)
{
	struct buf text;

	buf_init(&text, 4096);
	finding_text(&text, finding);
	warn(cli, "%s", text.p);
	buf_finish(&text);
}

static bool has_level(const cJSON *finding, const char *level)
{
	return strcmp(json_text(finding, "level", ""), level) == 0;
}

void finding_warn(struct cli *cli, const cJSON *finding)
{
	if (has_level(finding, "warning") && output_mode(cli) != OUTPUT_JSON) {
		say_finding(cli, finding);
	}
}

void findings_warn(struct cli *cli, const cJSON *findings)
{
	const cJSON *finding;

	cJSON_ArrayForEach(finding, findings)
	{
		finding_warn(cli, finding);
	}
}

bool findings_fail(struct cli *cli, const struct post_file *file, struct error *err)
{
	cJSON *findings = cli->error_data ? cJSON_GetObjectItemCaseSensitive(cli->error_data, "findings") : NULL;
	const cJSON *first = NULL;
	const cJSON *finding;
	struct buf place;

	findings_locate(findings, file);
	cJSON_ArrayForEach(finding, findings)
	{
		if (!first && has_level(finding, "error")) {
			first = finding; /* the error's own text */
		} else if (output_mode(cli) != OUTPUT_JSON) {
			say_finding(cli, finding);
		}
	}
	if (!first) {
		return file ? post_file_error(file, err) : false;
	}
	buf_init(&place, 1024);
	add_place(&place, first);
	if (place.n > 0) {
		(void)error_prefix(err, "%s", place.p);
	}
	buf_finish(&place);
	return false;
}
