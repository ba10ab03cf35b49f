/*
 * cmocka with its headers in the right order, and a few checks that print what a reader wants to know.
 *
 * Every test file:   #include "check.h"  ...  int main(void) { const struct CMUnitTest tests[] = { ... };
 *                    return check_run(tests); }
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/str.h"

#define CHECK(condition)      assert_true(condition)
#define CHECK_INT(got, want)  check_int((intmax_t)(got), (intmax_t)(want), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, want) assert_string_equal((got), (want))
#define CHECK_STR(got, want)  check_str((got), (want), __FILE__, __LINE__)
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

static inline void check_int(intmax_t got, intmax_t want, const char *what, const char *file, int line)
{
	if (got != want) {
		print_error("%s:%d: %s is %" PRIdMAX ", want %" PRIdMAX "\n", file, line, what, got, want);
		fail();
	}
}

static inline void check_str(struct str got, const char *want, const char *file, int line)
{
	if (!str_is(got, want)) {
		print_error("%s:%d: got \"" STR_FMT "\", want \"%s\"\n", file, line, STR_ARG(got), want);
		fail();
	}
}

/*
 * Compare with tests/golden/<name>. With UPDATE_GOLDEN=1 in the environment the file is written instead; the change is
 * then reviewed in the diff.
 */
static inline void check_golden(struct str got, const char *name)
{
	static char want[1 << 20];
	const char *source = getenv("GAZETTE_SOURCE");
	const char *update = getenv("UPDATE_GOLDEN");
	char path[4096];
	FILE *file;
	size_t n, line = 1;

	snprintf(path, sizeof(path), "%s/tests/golden/%s", source ? source : ".", name);
	if (update && strcmp(update, "1") == 0) {
		file = fopen(path, "wb");
		if (!file || fwrite(got.p, 1, got.n, file) != got.n || fclose(file) != 0) {
			fail_msg("%s: cannot be written", path);
		}
		return;
	}
	file = fopen(path, "rb");
	if (!file) {
		fail_msg("%s: missing; UPDATE_GOLDEN=1 writes it", path);
		return;
	}
	n = fread(want, 1, sizeof(want), file);
	fclose(file);
	if (n == got.n && (n == 0 || memcmp(got.p, want, n) == 0)) {
		return;
	}
	for (size_t i = 0; i < n && i < got.n && got.p[i] == want[i]; i++) {
		line += want[i] == '\n';
	}
	print_error("%s:%zu: differs; got:\n" STR_FMT "\n", path, line, STR_ARG(got));
	fail();
}

#define check_run(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
