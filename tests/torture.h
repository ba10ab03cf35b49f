/*
 * Memory that runs out where it is asked for: the n-th allocation that may fail does, once. Those are SQLite's own and
 * a buffer's growth (link with -Wl,--wrap=realloc); small objects abort by design (core/mem.h).
 *
 *   torture_install();                        before the first use of SQLite
 *   torture_arm(7); ok = call(); fired = torture_disarm();
 */
#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H

#include <stdbool.h>
#include <stdlib.h>

#include <sqlite3.h>

static struct {
	sqlite3_mem_methods real;
	long left; /* allocations that still succeed; 0: nothing is armed */
	bool fired;
} torture;

static inline bool torture_strikes(void)
{
	if (torture.left > 0 && --torture.left == 0) {
		torture.fired = true;
		return true;
	}
	return false;
}

static inline void *torture_sqlite_malloc(int n)
{
	return torture_strikes() ? NULL : torture.real.xMalloc(n);
}

static inline void *torture_sqlite_realloc(void *p, int n)
{
	return torture_strikes() ? NULL : torture.real.xRealloc(p, n);
}

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_realloc(void *p, size_t n)
{
	return torture_strikes() ? NULL : __real_realloc(p, n);
}

/* Look-aside memory would hide most of SQLite's allocations. */
static inline bool torture_install(void)
{
	sqlite3_mem_methods methods;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &torture.real) != SQLITE_OK) {
		return false;
	}
	methods = torture.real;
	methods.xMalloc = torture_sqlite_malloc;
	methods.xRealloc = torture_sqlite_realloc;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK &&
	       sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK;
}

static inline void torture_arm(long n)
{
	torture.left = n;
	torture.fired = false;
}

/* Not while the test itself looks. */
static inline long torture_pause(void)
{
	long left = torture.left;

	torture.left = 0;
	return left;
}

static inline void torture_resume(long left)
{
	torture.left = left;
}

/* Whether it struck. */
static inline bool torture_disarm(void)
{
	torture.left = 0;
	return torture.fired;
}

#endif
