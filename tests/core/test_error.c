#include "check.h"

#include <errno.h>

#include "core/error.h"
#include "core/str.h"

static void test_error__set_fills_everything_and_returns_false(void **state)
{
	struct error err = { .retry_ms = 5 };

	(void)state;
	CHECK(!error_set(&err, ERROR_PLATFORM, ADVISE_WAIT, 10024, "user requests out of rate limit %d", 3));
	CHECK_INT(err.domain, ERROR_PLATFORM);
	CHECK_INT(err.advice, ADVISE_WAIT);
	CHECK_INT(err.code, 10024);
	CHECK_INT(err.retry_ms, 0);
	CHECK_TEXT(err.message, "user requests out of rate limit 3");
	CHECK(!error_set(NULL, ERROR_OS, ADVISE_BUG, 0, "nobody listens"));
	CHECK(!error_prefix(NULL, "x"));
	error_clear(&err);
	CHECK_INT(err.domain, ERROR_NONE);
	CHECK_TEXT(err.message, "");
	error_clear(NULL);
}

static void test_error__errno_is_named(void **state)
{
	struct error err;

	(void)state;
	errno = ENOENT;
	CHECK(!error_set_errno(&err, "open %s", "a.yaml"));
	CHECK_INT(err.domain, ERROR_OS);
	CHECK_INT(err.advice, ADVISE_RETRY);
	CHECK_INT(err.code, ENOENT);
	CHECK_TEXT(err.message, "open a.yaml: No such file or directory");
}

static void test_error__message_is_one_clean_line(void **state)
{
	static const struct {
		const char *given, *want;
	} rows[] = {
		{ "two\nlines\ttab", "two lines tab" },
		{ "esc\x1b[31m", "esc [31m" },
		{ "c1 \xc2\x9b"
		  "31m",
			"c1  31m" },
		{ "sep \xe2\x80\xa8x", "sep  x" },
		{ "bad \xff\xc0\xaf", "bad ???" },
		{ "half \xe5\xb9", "half ??" },
		{ "平安", "平安" },
		{ "", "" },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		error_set(&err, ERROR_INPUT, ADVISE_REJECT, 0, "%s", rows[i].given);
		CHECK_TEXT(err.message, rows[i].want);
	}
}

static void test_error__long_message_is_cut_between_characters(void **state)
{
	char text[2000];
	struct error err;

	(void)state;
	/* Every offset of the cut inside a character of three bytes, in the message and in the draft before it. */
	for (size_t shift = 0; shift < 3; shift++) {
		size_t n = shift;

		memset(text, 'x', shift);
		for (; n + 3 < sizeof(text); n += 3) {
			memcpy(text + n, "平", 3);
		}
		text[n] = '\0';
		error_set(&err, ERROR_INPUT, ADVISE_REJECT, 0, "%s", text);
		CHECK(strlen(err.message) > sizeof(err.message) - 4);
		CHECK(strlen(err.message) < sizeof(err.message));
		CHECK_INT(strncmp(err.message, text, strlen(err.message)), 0);
		CHECK_INT((strlen(err.message) - shift) % 3, 0);
		CHECK(!strchr(err.message, '?'));
	}
}

static void test_error__prefix_goes_before_and_keeps_the_rest(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, ERROR_STORE, ADVISE_RETRY, 5, "database is locked");
	err.retry_ms = 700;
	CHECK(!error_prefix(&err, "account %s", "weibo-main"));
	CHECK_TEXT(err.message, "account weibo-main: database is locked");
	CHECK_INT(err.code, 5);
	CHECK_INT(err.retry_ms, 700);
	CHECK_INT(err.advice, ADVISE_RETRY);
	/* The old message as an argument of the new one. */
	error_set(&err, ERROR_CONFIG, ADVISE_REJECT, 0, "again: %s", err.message);
	CHECK_TEXT(err.message, "again: account weibo-main: database is locked");
}

static void test_error__names_go_there_and_back(void **state)
{
	(void)state;
	for (int i = ADVISE_NONE; i <= ADVISE_BUG; i++) {
		enum error_advice advice = ADVISE_NONE;

		CHECK(error_advice_parse(error_advice_name((enum error_advice)i), &advice));
		CHECK_INT(advice, i);
	}
	for (int i = ERROR_NONE; i <= ERROR_PLATFORM; i++) {
		enum error_domain domain = ERROR_NONE;

		CHECK(error_domain_parse(error_domain_name((enum error_domain)i), &domain));
		CHECK_INT(domain, i);
	}
	CHECK_TEXT(error_advice_name(ADVISE_VERIFY), "verify");
	CHECK_TEXT(error_domain_name(ERROR_OS), "os");
	CHECK_TEXT(error_advice_name((enum error_advice)99), "unknown");
	CHECK_TEXT(error_domain_name((enum error_domain)99), "unknown");
}

static void test_error__unknown_names_leave_the_result_alone(void **state)
{
	enum error_advice advice = ADVISE_BUG;
	enum error_domain domain = ERROR_HTTP;

	(void)state;
	CHECK(!error_advice_parse("Retry", &advice));
	CHECK(!error_advice_parse("unknown", &advice));
	CHECK(!error_advice_parse(NULL, &advice));
	CHECK(!error_domain_parse("", &domain));
	CHECK_INT(advice, ADVISE_BUG);
	CHECK_INT(domain, ERROR_HTTP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error__set_fills_everything_and_returns_false),
		cmocka_unit_test(test_error__errno_is_named),
		cmocka_unit_test(test_error__message_is_one_clean_line),
		cmocka_unit_test(test_error__long_message_is_cut_between_characters),
		cmocka_unit_test(test_error__prefix_goes_before_and_keeps_the_rest),
		cmocka_unit_test(test_error__names_go_there_and_back),
		cmocka_unit_test(test_error__unknown_names_leave_the_result_alone),
	};

	return check_run(tests);
}
