/*
 * Lines are written by a child process into a pipe: whether standard error is a journal is decided once per process.
 */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"

enum stream { STREAM_PLAIN, STREAM_JOURNAL, STREAM_OTHER_JOURNAL };

static char written[16384];

static struct str capture(void (*write_lines)(void), enum stream stream)
{
	size_t n = 0;
	ssize_t got;
	int ends[2], status;
	pid_t pid;

	CHECK_INT(pipe(ends), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		char name[64];
		struct stat st;

		dup2(ends[1], STDERR_FILENO);
		fstat(STDERR_FILENO, &st);
		unsetenv("JOURNAL_STREAM");
		if (stream != STREAM_PLAIN) {
			snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)st.st_dev,
				(uintmax_t)st.st_ino + (stream == STREAM_OTHER_JOURNAL));
			setenv("JOURNAL_STREAM", name, 1);
		}
		write_lines();
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], written + n, sizeof(written) - n)) > 0) {
		n += (size_t)got;
	}
	close(ends[0]);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	return (struct str){ written, n };
}

static void every_level(void)
{
	log_error("store.lost id=%d", 1);
	log_warn("token.odd");
	log_info("delivery.sent id=%d account=%s", 12, log_text("weibo-main"));
	log_debug("not.shown");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("now.shown");
	log_set_level(LOG_LEVEL_ERROR);
	log_warn("not.shown");
}

static void test_log__journal_lines_carry_their_priority(void **state)
{
	(void)state;
	CHECK_STR(capture(every_level, STREAM_JOURNAL),
		"<3>store.lost id=1\n<4>token.odd\n"
		"<6>delivery.sent id=12 account=\"weibo-main\"\n<7>now.shown\n");
}

static void check_plain(struct str lines)
{
	static const char *const ends[] = { " error store.lost id=1", " warn  token.odd",
		" info  delivery.sent id=12 account=\"weibo-main\"", " debug now.shown" };
	struct str line;
	size_t n = 0;

	while (str_split(&lines, '\n', &line) && n < ARRAY_LEN(ends)) {
		CHECK(str_ends(line, str_from(ends[n])));
		/* 2026-10-01T08:00:00.123+08:00 */
		CHECK_INT(line.n - strlen(ends[n]), 29);
		CHECK_INT(line.p[10], 'T');
		CHECK_INT(line.p[19], '.');
		CHECK_INT(line.p[26], ':');
		n++;
	}
	CHECK_INT(n, ARRAY_LEN(ends));
	CHECK_STR(line, "");
}

static void test_log__other_lines_carry_the_time_and_no_priority(void **state)
{
	(void)state;
	check_plain(capture(every_level, STREAM_PLAIN));
	/* Inherited from somewhere, but standard error has been redirected since. */
	check_plain(capture(every_level, STREAM_OTHER_JOURNAL));
}

static void control_characters(void)
{
	log_info("a\nb\x1b[31m %s", log_value(STR("x\ny\"\\\x1b\xff")));
}

static void test_log__event_is_one_line_whatever_is_in_it(void **state)
{
	(void)state;
	CHECK_STR(capture(control_characters, STREAM_JOURNAL), "<6>a b [31m \"x\\ny\\\"\\\\\\x1b\\xff\"\n");
}

static void long_line(void)
{
	char text[3001];

	for (size_t i = 0; i < 3000; i += 3) {
		memcpy(text + i, "平", 3);
	}
	text[3000] = '\0';
	log_info("%s", text);
	log_info("x%s", text);
	log_info("xx%s", text);
}

static void test_log__long_line_is_cut_between_characters(void **state)
{
	struct str lines, line;
	size_t n = 0;

	(void)state;
	lines = capture(long_line, STREAM_JOURNAL);
	while (str_split(&lines, '\n', &line) && line.n > 0) {
		CHECK(line.n < 2048);
		CHECK(line.n > 2040);
		CHECK(str_ends(line, STR("平…")));
		while (line.n > 0) {
			size_t step = str_utf8_step(line);

			CHECK(step > 0);
			line = str_sub(line, step, line.n);
		}
		n++;
	}
	CHECK_INT(n, 3);
}

static void test_log_value__quotes_what_hides_or_reverses(void **state)
{
	static const struct {
		const char *given, *want;
	} rows[] = {
		{ "", "\"\"" }, { "plain", "\"plain\"" }, { "平安 👮", "\"平安 👮\"" },
		{ "tab\tcr\r", "\"tab\\tcr\\r\"" }, { "\xc2\x9b", "\"\\xc2\\x9b\"" },
		{ "a\xe2\x80\xae"
		  "b",
			"\"a\\xe2\\x80\\xaeb\"" },                            /* U+202E */
		{ "\xe2\x81\xa6", "\"\\xe2\\x81\\xa6\"" },                    /* U+2066 */
		{ "\xe2\x80\x8b", "\"\\xe2\\x80\\x8b\"" },                    /* U+200B */
		{ "\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\"" },                    /* U+2028 */
		{ "\xef\xbb\xbf", "\"\\xef\\xbb\\xbf\"" },                    /* U+FEFF */
		{ "\xf3\xa0\x81\xa7", "\"\\xf3\\xa0\\x81\\xa7\"" },           /* a tag */
		{ "“…”", "\"“…”\"" }, { "\xe2\x80\xb0", "\"\xe2\x80\xb0\"" }, /* U+2030, a letter's neighbour */
		{ "\xed\xa0\x80", "\"\\xed\\xa0\\x80\"" },                    /* a surrogate */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_TEXT(log_text(rows[i].given), rows[i].want);
	}
	CHECK_TEXT(log_text(NULL), "\"\"");
	CHECK_TEXT(log_value(STR("a\0b")), "\"a\\x00b\"");
}

static void test_log_value__cuts_at_200_bytes(void **state)
{
	char text[300];
	const char *value;

	(void)state;
	memset(text, '\x01', sizeof(text));
	value = log_value((struct str){ text, 200 });
	CHECK_INT(strlen(value), 200 * 4 + 2);
	value = log_value((struct str){ text, 201 });
	CHECK_INT(strlen(value), 200 * 4 + 2 + 3);
	CHECK(str_ends(str_from(value), STR("\\x01…\"")));
	/* A character that would cross the cut goes as a whole. */
	memset(text, 'x', 199);
	memcpy(text + 199, "平", 3);
	value = log_value((struct str){ text, 202 });
	CHECK_INT(strlen(value), 199 + 2 + 3);
}

static void test_log_value__eight_values_stand_beside_each_other(void **state)
{
	const char *values[8];

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		char text[2] = { (char)('a' + i), '\0' };

		values[i] = log_text(text);
	}
	for (size_t i = 0; i < 8; i++) {
		char want[4] = { '"', (char)('a' + i), '"', '\0' };

		CHECK_TEXT(values[i], want);
	}
}

static void test_log_pace__tells_a_few_and_counts_the_rest(void **state)
{
	struct log_pace pace = { 0 };
	struct mono now = { 123456 };
	int64_t more;
	int told = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		told += log_pace(&pace, now, &more);
		CHECK_INT(more, 0);
	}
	CHECK_INT(told, LOG_PACE_LINES);
	now.ms += LOG_PACE_MS - 1;
	CHECK(!log_pace(&pace, now, &more));
	now.ms += 1;
	CHECK(log_pace(&pace, now, &more));
	CHECK_INT(more, 101 - LOG_PACE_LINES);
	now.ms += LOG_PACE_MS;
	CHECK(log_pace(&pace, now, &more));
	CHECK_INT(more, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log__journal_lines_carry_their_priority),
		cmocka_unit_test(test_log__other_lines_carry_the_time_and_no_priority),
		cmocka_unit_test(test_log__event_is_one_line_whatever_is_in_it),
		cmocka_unit_test(test_log__long_line_is_cut_between_characters),
		cmocka_unit_test(test_log_value__quotes_what_hides_or_reverses),
		cmocka_unit_test(test_log_value__cuts_at_200_bytes),
		cmocka_unit_test(test_log_value__eight_values_stand_beside_each_other),
		cmocka_unit_test(test_log_pace__tells_a_few_and_counts_the_rest),
	};

	return check_run(tests);
}
