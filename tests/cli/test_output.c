#include "rig.h"

#include "codec/csv.h"
#include "codec/json.h"
#include "core/mem.h"
#include "text/utf8.h"

#define NOW_AT INT64_C(1790812800000) /* 2026-10-01 08:00 +08:00 */

static const char *const fields[] = { "id", "priority", "state", "due_at", "opened_at", "account", "text", "holder",
	"accounts", NULL };
static const struct column columns[] = {
	{ "id", "ID", COLUMN_NUMBER, 0, false },
	{ "priority", "PRIO", COLUMN_PRIORITY, 0, false },
	{ "state", "STATE", COLUMN_STATE, 0, false },
	{ "due_at", "DUE", COLUMN_DUE, 0, false },
	{ "opened_at", "OPENED", COLUMN_TIME, 0, true },
	{ "account", "ACCOUNT", COLUMN_TEXT, 6, false },
	{ "title|text", "TEXT", COLUMN_TEXT, 12, false },
	{ "holder", "HOLDER", COLUMN_TEXT, 0, true },
	{ 0 },
};
static const struct shape shape = { "id", columns, fields };
static const struct verb verbs[] = {
	{ "list", "", "", NULL, NULL, NULL, NULL, 0, 0, &shape, false, NULL },
	{ 0 },
};
static const struct command command_thing = { "thing", "", verbs, NULL, NULL };

/* Half a minute from any edge: the clock runs while the test does. */
static const char *const rows[] = {
	("{\"id\":345,\"priority\":\"P0\",\"state\":\"new\",\"due_at\":\"2026-10-01T07:54:30+08:00\",\"opened_at\":"
	 "\"2026-10-01T07:53:30+08:00\",\"account\":\"weibo-main\",\"text\":\"我不想活了，已经站在桥上，谁来救救我吧\","
	 "\"holder\":\"\"}"),
	("{\"id\":7,\"priority\":\"P3\",\"state\":\"claimed\",\"due_at\":\"2026-10-01T12:30:30+08:00\",\"opened_at\":"
	 "\"2026-09-28T07:30:00+08:00\",\"account\":\"weibo-east\",\"text\":"
	 "\"请问👨‍👩‍👧北环晚上通车吗？ "
	 "e\\u0301te\","
	 "\"holder\":\"王警官\",\"accounts\":[\"a\",\"b\"]}"),
	/* What somebody hostile sends: escapes, a bidi override, a formula, quotes, line ends, a NUL's replacement. */
	("{\"id\":12345678901,\"priority\":\"P5\",\"state\":\"new\",\"account\":\"we\\u001b[31mib\\u202eo\",\"text\":"
	 "\"=cmd|' /C calc'!A1\\r\\n\\u001b]0;owned\\u0007\\t\\\"q\\\", \\u009b2J \\ud83d\\ude00\\u2028end\"}"),
};

static void set_option(struct cli *cli, const struct option *table, const char *name, const char *value)
{
	while (strcmp(table->name, name) != 0) {
		table++;
		assert_non_null(table->name);
	}
	array_grow(cli->options, cli->n_options, cli->cap_options);
	cli->options[cli->n_options++] = (struct option_value){ table, value };
}

static void print_all(struct cli *cli)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(json_freep) cJSON *row = NULL;
		struct error err = { 0 };

		CHECK_OK(json_parse(str_from(rows[i]), &row, &err), err);
		output_row(cli, row);
	}
	output_rows_end(cli);
	output_flush(cli, false);
}

/* All three rows, in the shape that the options ask for. */
static void print(struct rig *rig, unsigned cells, const char *option, const char *value, bool bom, bool quiet)
{
	struct cli cli;
	struct error err = { 0 };

	rig_cli(&cli, &command_thing, cells, NOW_AT);
	cli.quiet = quiet;
	if (option) {
		set_option(&cli, strcmp(option, "csv") == 0 ? options_shaped : options_global, option, value);
	}
	if (bom) {
		set_option(&cli, options_shaped, "bom", NULL);
	}
	CHECK_OK(output_start(&cli, &err), err);
	rig_begin(rig);
	print_all(&cli);
	rig_end(rig);
	rig_cli_finish(&cli);
}

static size_t widest(const char *text)
{
	struct str rest = str_from(text), line;
	size_t width = 0;

	while (str_split(&rest, '\n', &line)) {
		width = text_width(line) > width ? text_width(line) : width;
	}
	return width;
}

/* Nothing that moves a cursor or turns text round: no control but TAB and line ends, no bidi, valid UTF-8. */
static void check_harmless(const char *text)
{
	struct str rest = str_from(text);
	uint32_t c;

	CHECK(utf8_valid(rest));
	while (utf8_next(&rest, &c)) {
		CHECK((c >= 0x20 || c == '\n' || c == '\t' || c == '\r') && !(c >= 0x7f && c < 0xa0) &&
			!(c >= 0x202a && c <= 0x202e) && c != 0x2028);
	}
}

static struct rig rig;

static void test_table__is_cut_to_the_screen_by_cells(void **state)
{
	static const struct {
		unsigned cells;
		const char *golden;
	} cases[] = {
		{ 120, "cli-table-120.txt" },
		{ 80, "cli-table-80.txt" },
		{ 60, "cli-table-60.txt" },
		{ 42, "cli-table-42.txt" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print(&rig, cases[i].cells, NULL, NULL, false, false);
		CHECK(widest(rig.out) <= cases[i].cells);
		check_harmless(rig.out);
		check_golden(str_from(rig.out), cases[i].golden);
	}
}

static void test_table__fits_any_screen_that_has_room_for_numbers_and_four_cells_a_column(void **state)
{
	(void)state;
	for (unsigned cells = 41; cells < 200; cells++) {
		print(&rig, cells, NULL, NULL, false, false);
		CHECK(widest(rig.out) <= cells);
	}
}

static void test_pipe__gets_whole_rows_with_tabs_and_times_for_programs(void **state)
{
	(void)state;
	print(&rig, 0, NULL, NULL, false, false);
	check_harmless(rig.out);
	check_golden(str_from(rig.out), "cli-pipe.txt");
}

static void test_json__is_one_object_per_line_with_hostile_bytes_escaped(void **state)
{
	struct str rest, line;
	size_t n = 0;

	(void)state;
	print(&rig, 80, "json", NULL, false, true);
	check_harmless(rig.out);
	check_golden(str_from(rig.out), "cli-json.txt");
	rest = str_from(rig.out);
	while (str_split(&rest, '\n', &line) && line.n > 0) {
		cleanup(json_freep) cJSON *got = NULL;
		cleanup(json_freep) cJSON *want = NULL;
		struct error err = { 0 };

		/* Escaped, not changed: a reader gets what the daemon said. */
		CHECK_OK(json_parse(line, &got, &err), err);
		CHECK_OK(json_parse(str_from(rows[n]), &want, &err), err);
		CHECK(cJSON_Compare(got, want, true));
		n++;
	}
	CHECK_INT(n, ARRAY_LEN(rows));
}

static void test_json__gives_the_fields_asked_for_in_that_order(void **state)
{
	(void)state;
	print(&rig, 0, "json", "state,id,accounts", false, false);
	CHECK_TEXT(rig.out, "{\"state\":\"new\",\"id\":345}\n"
			    "{\"state\":\"claimed\",\"id\":7,\"accounts\":[\"a\",\"b\"]}\n"
			    "{\"state\":\"new\",\"id\":12345678901}\n");
}

static void test_csv__is_guarded_against_formulas_and_reads_back(void **state)
{
	struct csv *csv = NULL;
	struct error err = { 0 };

	(void)state;
	print(&rig, 0, "csv", NULL, true, false);
	CHECK(memcmp(rig.out, "\xef\xbb\xbfid,", 6) == 0);
	check_golden((struct str){ rig.out, rig.out_n }, "cli-csv.txt");
	CHECK_OK(csv_parse("out.csv", str_from(rig.out), &csv, &err), err);
	CHECK_INT(csv->n, 1 + ARRAY_LEN(rows));
	CHECK_TEXT(csv->rows[1].fields[6], "我不想活了，已经站在桥上，谁来救救我吧");
	CHECK_TEXT(csv->rows[2].fields[8], "a b");
	CHECK(strncmp(csv->rows[3].fields[6], "'=cmd|", 6) == 0);
	CHECK_TEXT(csv->rows[3].fields[0], "12345678901");
	for (size_t i = 0; i < csv->rows[3].n; i++) {
		check_harmless(csv->rows[3].fields[i]);
	}
	csv_free(csv);
}

static void test_csv__without_rows_still_has_its_header(void **state)
{
	struct cli cli;
	struct error err = { 0 };

	(void)state;
	rig_cli(&cli, &command_thing, 0, NOW_AT);
	set_option(&cli, options_shaped, "csv", "id,text");
	CHECK_OK(output_start(&cli, &err), err);
	rig_begin(&rig);
	output_rows_end(&cli);
	output_flush(&cli, false);
	rig_end(&rig);
	rig_cli_finish(&cli);
	CHECK_TEXT(rig.out, "id,text\r\n");
}

static void test_quiet__prints_ids_only(void **state)
{
	(void)state;
	print(&rig, 80, NULL, NULL, false, true);
	CHECK_TEXT(rig.out, "345\n7\n12345678901\n");
}

static void test_fields__that_do_not_exist_are_named_with_the_nearest(void **state)
{
	static const struct {
		const char *option;
		const char *value;
		const char *part;
	} cases[] = {
		{ "json", "id,acount", "did you mean \"account\"" },
		{ "json", "id,,state", "no field \"\"" },
		{ "csv", "ID", "no field \"ID\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cli cli;
		struct error err = { 0 };

		rig_cli(&cli, &command_thing, 0, NOW_AT);
		set_option(&cli, i == 2 ? options_shaped : options_global, cases[i].option, cases[i].value);
		CHECK_FAILS(output_start(&cli, &err), err, cases[i].part);
		rig_cli_finish(&cli);
	}
}

static void test_say__is_heard_on_a_terminal_and_by_v_only(void **state)
{
	static const struct {
		unsigned cells;
		int verbose;
		bool quiet;
		const char *want;
	} cases[] = {
		{ 80, 0, false, "done\n" },
		{ 80, 0, true, "" },
		{ 0, 0, false, "" },
		{ 0, 1, false, "done\n" },
		{ 0, 1, true, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cli cli;
		struct error err = { 0 };

		rig_cli(&cli, &command_thing, cases[i].cells, NOW_AT);
		cli.verbose = cases[i].verbose;
		cli.quiet = cases[i].quiet;
		CHECK_OK(output_start(&cli, &err), err);
		rig_begin(&rig);
		say(&cli, "done");
		output_flush(&cli, false);
		rig_end(&rig);
		rig_cli_finish(&cli);
		CHECK_TEXT(rig.out, cases[i].want);
	}
}

static void test_times__are_said_in_at_most_two_units(void **state)
{
	static const struct {
		int64_t ms;
		const char *relative;
		const char *due;
	} cases[] = {
		{ 0, "now", "overdue" },
		{ 59 * SECOND_MS, "in 59 s", "in 59 s" },
		{ 5 * MINUTE_MS + 30 * SECOND_MS, "in 5 min", "in 5 min" },
		{ 2 * HOUR_MS + 1, "in 2 h", "in 2 h" },
		{ 3 * DAY_MS + 2 * HOUR_MS + 5 * MINUTE_MS, "in 3 d 2 h", "in 3 d 2 h" },
		{ -MINUTE_MS, "1 min ago", "overdue 1 min" },
		{ -(DAY_MS + 5 * MINUTE_MS), "1 d ago", "overdue 1 d" },
	};
	struct cli cli;

	(void)state;
	rig_cli(&cli, &command_thing, 80, NOW_AT);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf relative, due;
		int64_t at = cli_now_at(&cli) + cases[i].ms;
		bool overdue;

		/* The clock runs while this is read: half a second of room. */
		at += cases[i].ms > 0 ? SECOND_MS / 2 : 0;
		buf_init(&relative, 100);
		buf_init(&due, 100);
		relative_text(&cli, &relative, at);
		due_text(&cli, &due, at, &overdue);
		CHECK_TEXT(relative.p, cases[i].relative);
		CHECK_TEXT(due.p, cases[i].due);
		CHECK_INT(overdue, cases[i].ms <= 0);
		buf_finish(&relative);
		buf_finish(&due);
	}
	rig_cli_finish(&cli);
}

static void test_pages__wrap_by_cells_and_keep_punctuation_with_its_word(void **state)
{
	static const struct {
		const char *text;
		size_t indent;
		size_t cells;
		const char *want;
	} cases[] = {
		{ "one two three", 2, 15, "  one two three\n" },
		{ "one two three", 2, 14, "  one two\n  three\n" },
		{ "停水通知今晚八点", 0, 10, "停水通知今\n晚八点\n" },
		{ "停水通知今，晚八点", 0, 10, "停水通知\n今，晚八点\n" },
		{ "abcdefghijklmnop", 0, 12, "abcdefghijkl\nmnop\n" },
		{ "a\n\nb", 2, 20, "  a\n\n  b\n" },
		{ "\033[31mred\033[0m \xe2\x80\xae"
		  "x",
			0, 0, "\xef\xbf\xbd[31mred\xef\xbf\xbd[0m x\n" },
		{ "", 4, 20, "\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cli cli;

		rig_cli(&cli, &command_thing, 80, NOW_AT);
		rig_begin(&rig);
		out_wrapped(&cli, str_from(cases[i].text), cases[i].indent, cases[i].cells);
		output_flush(&cli, false);
		rig_end(&rig);
		rig_cli_finish(&cli);
		CHECK_TEXT(rig.out, cases[i].want);
	}
}

static void test_pages__no_line_ends_in_blanks(void **state)
{
	struct cli cli;

	(void)state;
	rig_cli(&cli, &command_thing, 80, NOW_AT);
	rig_begin(&rig);
	out_styled(&cli, STYLE_PLAIN, "cell");
	out_pad(&cli, 4);
	out_text(&cli, "\n");
	out_text(&cli, "cell");
	out_pad(&cli, 2);
	out_pad(&cli, 1);
	out_printf(&cli, "%s", "");
	out_printf(&cli, "%s\n", "next");
	output_flush(&cli, false);
	rig_end(&rig);
	rig_cli_finish(&cli);
	CHECK_TEXT(rig.out, "cell\ncell   next\n");
}

static void test_output__to_a_full_disk_is_a_failure_to_a_closed_pipe_not(void **state)
{
	struct cli cli;
	int full = open("/dev/full", O_WRONLY);
	int saved = dup(STDOUT_FILENO);
	int pipe_fds[2];

	(void)state;
	fflush(stdout);
	rig_cli(&cli, &command_thing, 0, NOW_AT);
	dup2(full, STDOUT_FILENO);
	out_text(&cli, "x\n");
	output_flush(&cli, false);
	dup2(saved, STDOUT_FILENO);
	CHECK(!output_ok(&cli));
	rig_cli_finish(&cli);

	assert_int_equal(pipe(pipe_fds), 0);
	close(pipe_fds[0]);
	rig_cli(&cli, &command_thing, 0, NOW_AT);
	dup2(pipe_fds[1], STDOUT_FILENO);
	out_text(&cli, "x\n");
	output_flush(&cli, false);
	dup2(saved, STDOUT_FILENO);
	CHECK(output_ok(&cli));
	CHECK(output_closed(&cli));
	rig_cli_finish(&cli);
	close(pipe_fds[1]);
	close(saved);
	close(full);
}

static int start(void **state)
{
	struct error err = { 0 };

	(void)state;
	return when_set_zone("Asia/Shanghai", &err) ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table__is_cut_to_the_screen_by_cells),
		cmocka_unit_test(test_table__fits_any_screen_that_has_room_for_numbers_and_four_cells_a_column),
		cmocka_unit_test(test_pipe__gets_whole_rows_with_tabs_and_times_for_programs),
		cmocka_unit_test(test_json__is_one_object_per_line_with_hostile_bytes_escaped),
		cmocka_unit_test(test_json__gives_the_fields_asked_for_in_that_order),
		cmocka_unit_test(test_csv__is_guarded_against_formulas_and_reads_back),
		cmocka_unit_test(test_csv__without_rows_still_has_its_header),
		cmocka_unit_test(test_quiet__prints_ids_only),
		cmocka_unit_test(test_fields__that_do_not_exist_are_named_with_the_nearest),
		cmocka_unit_test(test_say__is_heard_on_a_terminal_and_by_v_only),
		cmocka_unit_test(test_times__are_said_in_at_most_two_units),
		cmocka_unit_test(test_pages__wrap_by_cells_and_keep_punctuation_with_its_word),
		cmocka_unit_test(test_pages__no_line_ends_in_blanks),
		cmocka_unit_test(test_output__to_a_full_disk_is_a_failure_to_a_closed_pipe_not),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
