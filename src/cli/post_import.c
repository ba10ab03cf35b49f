/*
 * `post import`: batches from cron. All rows are checked, then all or none are taken (--partial to differ). What comes
 * back is one line per row, with what was written in it, so that it can be corrected and handed in again: rows that
 * were taken are then passed over. Without --json or --csv nothing is printed when all is well.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/findings.h"
#include "cli/import.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/post_verbs.h"
#include "cli/sentence.h"
#include "codec/json.h"
#include "core/mem.h"

const struct option post_import_options[] = {
	{ 'p', "partial", NULL, N_("take the rows that are right, although others are wrong"), NULL, false, false },
	{ 'n', "dry-run", NULL, N_("check all rows, take none"), NULL, false, false },
	{ 'f', "format", "FORMAT", N_("what the files are, when their names do not say it"), "=csv|jsonl|yaml|markdown",
		false, false },
	{ 0 },
};

static const char *const fields[] = { "row", "key", "result", "id", "reason", "file", "line", "accounts", "at", "title",
	"text", "class", "late", "until", "campaign", "media", "per_account", "due_at", NULL };
static const struct column columns[] = {
	{ "row", N_("ROW"), COLUMN_NUMBER, 0, false },
	{ "key", N_("KEY"), COLUMN_TEXT, 8, false },
	{ "result", N_("RESULT"), COLUMN_STATE, 0, false },
	{ "id", N_("POST"), COLUMN_NUMBER, 0, false },
	{ "reason", N_("REASON"), COLUMN_SAID, 20, false },
	{ 0 },
};
const struct shape post_import_shape = { "id", columns, fields };

struct outcome {
	cJSON *rows; /* one per row of the import, in its order */
	int64_t created;
	int64_t unchanged;
	int64_t failed;
	int64_t checked;
};

/* Row i of what is sent is row `row` - 1 of the import. */
static cJSON *posts_of(const struct import *import)
{
	cJSON *posts = json_array();

	for (size_t i = 0; i < import->n; i++) {
		if (import->rows[i].file.post) {
			cJSON *post = cJSON_Duplicate(import->rows[i].file.post, true);

			json_add_i64(post, "row", (int64_t)i + 1);
			json_push(posts, post);
		}
	}
	return posts;
}

/* [import->n]: the answer to each row, NULL where there is none. Gives the array. */
static cJSON **answers_by_row(const struct import *import, const cJSON *answers)
{
	cJSON **by_row = xnew_array(cJSON *, import->n + 1);
	cJSON *answer;

	cJSON_ArrayForEach(answer, answers)
	{
		int64_t row = json_i64(answer, "row", 0);

		if (row >= 1 && row <= (int64_t)import->n && !by_row[row - 1]) {
			by_row[row - 1] = answer;
		}
	}
	return by_row;
}

static void add_again(cJSON *row, const struct post_file *file)
{
	cleanup(json_freep) cJSON *again = post_file_again(file);

	while (again->child) {
		cJSON *item = cJSON_DetachItemViaPointer(again, again->child);

		if (json_get(row, item->string) || strcmp(item->string, "reason") == 0 ||
			strcmp(item->string, "result") == 0 || strcmp(item->string, "id") == 0) {
			cJSON_Delete(item);
		} else {
			cJSON_AddItemToObject(row, item->string, item);
		}
	}
}

/* What became of one row. taken: the batch as a whole was. */
static cJSON *row_of(const struct import_row *from, const cJSON *answer, bool taken)
{
	const struct post_file *file = &from->file;
	const char *result = json_text(answer, "result", "");
	cJSON *row = json_object();
	struct error why = from->err;

	json_add_i64(row, "row", from->number);
	json_add_text(row, "key", json_text(file->post ? file->post : file->given, "key", NULL));
	if (post_file_is_done(file)) {
		json_add_text(row, "result", "unchanged");
		json_add_i64(row, "id", json_i64(file->given, "id", 0));
	} else if (strcmp(result, "error") == 0) {
		(void)error_set(&why, ERROR_INPUT, ADVISE_REJECT, 0, "%s", json_text(answer, "reason", ""));
		(void)post_file_error(file, &why);
	} else if (answer && !taken && strcmp(result, "created") == 0) {
		/* It was not: the batch was taken back. Under "created" it would be passed over the next time. */
		json_add_text(row, "result", "checked");
	} else if (answer) {
		json_add_text(row, "result", result);
		if (json_i64(answer, "id", 0) > 0) {
			json_add_i64(row, "id", json_i64(answer, "id", 0));
		}
		json_add_text(row, "due_at", json_text(answer, "due_at", NULL));
	} else if (!why.advice) {
		json_add_text(row, "result", "checked");
	}
	if (why.advice) {
		json_add_text(row, "result", "error");
		json_add_text(row, "reason", why.message);
	}
	json_add_text(row, "file", file->name);
	if (file->line > 0) {
		json_add_i64(row, "line", file->line);
	}
	add_again(row, file);
	return row;
}

static void gather(const struct import *import, cJSON *const *answers, bool taken, struct outcome *outcome)
{
	outcome->rows = json_array();
	for (size_t i = 0; i < import->n; i++) {
		cJSON *row = row_of(&import->rows[i], answers[i], taken);
		const char *result = json_text(row, "result", "");

		outcome->created += strcmp(result, "created") == 0;
		outcome->unchanged += strcmp(result, "unchanged") == 0;
		outcome->failed += strcmp(result, "error") == 0;
		outcome->checked += strcmp(result, "checked") == 0;
		json_push(outcome->rows, row);
	}
}

/* Lists as one field, as import reads them again. */
static void flatten(cJSON *row, const char *name)
{
	cJSON *item = cJSON_GetObjectItemCaseSensitive(row, name);
	struct buf text;
	const cJSON *part;

	if (!item || cJSON_IsString(item)) {
		return;
	}
	buf_init(&text, 1 << 20);
	if (cJSON_IsObject(item)) {
		(void)json_print(&text, item);
	}
	cJSON_ArrayForEach(part, item)
	{
		const char *word = cJSON_IsString(part) ? part->valuestring : json_text(part, "file", "");
		const char *alt = json_text(part, "alt", NULL);

		if (cJSON_IsObject(item)) {
			break; /* printed as it is */
		}
		(void)buf_printf(&text, "%s%s%s%s", text.n ? ";" : "", word, alt ? "|" : "", alt ? alt : "");
	}
	cJSON_DeleteItemFromObjectCaseSensitive(row, name);
	json_add_str(row, name, buf_str(&text));
	buf_finish(&text);
}

static void say_wrong(struct cli *cli, const char *reason)
{
	struct buf safe;

	buf_init(&safe, 4096);
	out_said(&safe, reason);
	warn(cli, "%s", safe.p);
	buf_finish(&safe);
}

static void print_rows(struct cli *cli, const struct outcome *outcome)
{
	static const char *const lists[] = { "accounts", "media", "per_account" };
	enum output_mode mode = output_mode(cli);
	cJSON *row;

	cJSON_ArrayForEach(row, outcome->rows)
	{
		const char *reason = json_text(row, "reason", NULL);

		if (for_people(cli)) {
			if (reason) {
				say_wrong(cli, reason);
			}
			continue;
		}
		for (size_t i = 0; mode == OUTPUT_CSV && i < ARRAY_LEN(lists); i++) {
			flatten(row, lists[i]);
		}
		if (mode != OUTPUT_IDS || json_get(row, "id")) {
			output_row(cli, row);
		}
	}
	output_rows_end(cli);
}

/* What is worth a word although the row is taken; what is said of many rows alike (a paused account) is said once. */
static void warn_of_rows(struct cli *cli, const struct import *import, cJSON *const *answers)
{
	const char *said[16] = { 0 };
	size_t n_said = 0;

	for (size_t i = 0; i < import->n; i++) {
		cJSON *findings = cJSON_GetObjectItemCaseSensitive(answers[i], "findings");
		const cJSON *finding;

		findings_locate(findings, &import->rows[i].file);
		cJSON_ArrayForEach(finding, findings)
		{
			const char *account = json_text(finding, "account", "");
			bool of_account = str_starts(json_str(finding, "rule"), STR("account."));
			size_t j = 0;

			while (of_account && j < n_said && strcmp(said[j], account) != 0) {
				j++;
			}
			if (of_account && j < n_said) {
				continue;
			}
			if (of_account && n_said < ARRAY_LEN(said)) {
				said[n_said++] = account;
			}
			finding_warn(cli, finding);
		}
	}
}

static void tell(struct cli *cli, const struct outcome *outcome)
{
	if (outcome->checked > 0) {
		say(cli, _("rows that are right: %" PRId64), outcome->checked);
	}
	if (outcome->created > 0) {
		say(cli, _("posts created: %" PRId64), outcome->created);
	}
	if (outcome->unchanged > 0) {
		say(cli, _("rows taken before, unchanged: %" PRId64), outcome->unchanged);
	}
}

/*
 * Ask the daemon about the rows that could be read. When others could not, and all or none are wanted, it only checks:
 * the answer names everything that is wrong.
 */
static bool ask_import(
	struct cli *cli, const struct import *import, bool *ret_taken, cJSON **ret_answers, struct error *err)
{
	cleanup(json_freep) cJSON *result = NULL;
	const struct import_row *wrong = import_first_error(import);
	bool partial = option_is_set(cli, "partial");
	bool only_check = option_is_set(cli, "dry-run") || (wrong && !partial);
	cJSON *posts = posts_of(import);
	cJSON *params = json_object();
	bool ok = true;

	*ret_taken = !only_check;
	if (cJSON_GetArraySize(posts) == 0) {
		cJSON_Delete(posts);
		cJSON_Delete(params);
	} else {
		json_add(params, "posts", posts);
		json_add_bool(params, "partial", partial);
		json_add_bool(params, "dry_run", only_check);
		ok = only_check ? ask_to_look(cli, "post.import", params, &result, err)
				: ask(cli, "post.import", params, &result, err);
		if (ok) {
			*ret_answers = cJSON_DetachItemFromObjectCaseSensitive(result, "rows");
		} else if (json_get(cli->error_data, "rows")) {
			*ret_answers = cJSON_DetachItemFromObjectCaseSensitive(cli->error_data, "rows");
			*ret_taken = false;
		}
	}
	if (wrong && !partial) {
		*err = wrong->err;
		ok = false;
	}
	return ok;
}

static bool import_all(struct cli *cli, const struct import *import, struct error *err)
{
	cleanup(json_freep) cJSON *answers = NULL;
	cJSON **by_row;
	struct outcome outcome = { 0 };
	bool taken;
	bool ok = ask_import(cli, import, &taken, &answers, err);

	if (!ok && !answers && !import_first_error(import)) {
		return false; /* not a row's fault */
	}
	by_row = answers_by_row(import, answers);
	gather(import, by_row, taken, &outcome);
	print_rows(cli, &outcome);
	if (ok) {
		warn_of_rows(cli, import, by_row);
		tell(cli, &outcome);
		cli->exit = outcome.failed > 0 ? EXIT_CODE_PARTIAL : EXIT_CODE_DONE;
	} else if (err->advice != ADVISE_RETRY && err->advice != ADVISE_VERIFY) {
		/* What and where stands in the lines of the rows; this error gives the exit code. */
		(void)error_set(err, err->domain, err->advice, err->code,
			_("%" PRId64 " of %zu rows are wrong, nothing was imported"), outcome.failed, import->n);
	}
	cJSON_Delete(outcome.rows);
	free(by_row);
	return ok;
}

bool post_import(struct cli *cli, struct error *err)
{
	cleanup(import_finish) struct import import = { 0 };
	enum import_format format = IMPORT_BY_NAME;

	if (option_is_set(cli, "format")) {
		(void)import_format_parse(option_text(cli, "format"), &format);
	}
	for (size_t i = 0; i < cli->n_args; i++) {
		if (!import_read(&import, format, cli->args[i], err)) {
			return false;
		}
	}
	if (import.n == 0) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("%s: there is not one row in it"), cli->args[0]);
	}
	return import_all(cli, &import, err);
}
