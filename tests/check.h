/*
 * cmocka with its headers in the right order, and a few checks that print what a reader wants to know.
 *
 * Every test file:   #include "check.h"  ...  int main(void) { const struct CMUnitTest tests[] = { ... };
 *                    return check_run(tests); }
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/str.h"

#define CHECK(condition) assert_true(condition)
#define CHECK_INT(got, want) assert_int_equal((intmax_t)(got), (intmax_t)(want))
#define CHECK_TEXT(got, want) assert_string_equal((got), (want))
#define CHECK_STR(got, want) check_str((got), (want), __FILE__, __LINE__)
/* A call that must succeed: prints the error when it does not. */
#define CHECK_OK(call, err) \
	do { \
		if (!(call)) { \
			fail_msg("%s: %s", #call, (err).message); \
		} \
	} while (0)
/* A call that must fail with a text that contains `part`. */
#define CHECK_FAILS(call, err, part) \
	do { \
		if (call) { \
			fail_msg("%s: succeeded", #call); \
		} \
		if (!strstr((err).message, (part))) { \
			fail_msg("%s: \"%s\" does not contain \"%s\"", #call, (err).message, (part)); \
		} \
	} while (0)

static inline void check_str(struct str got, const char *want, const char *file, int line)
{
	if (!str_is(got, want)) {
		print_error("%s:%d: got \"" STR_FMT "\", want \"%s\"\n", file, line, STR_ARG(got), want);
		fail();
	}
}

#define check_run(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
