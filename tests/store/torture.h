/*
 * Memory that runs out inside SQLite: the n-th allocation fails, once.
 *
 *   torture_install();                        before SQLite is first used
 *   torture_arm(7); ok = call(); fired = torture_disarm();
 */
#ifndef TESTS_STORE_TORTURE_H
#define TESTS_STORE_TORTURE_H

#include <stdbool.h>

#include <sqlite3.h>

static struct {
	sqlite3_mem_methods real;
	long left; /* up to the one that fails; 0: nothing is armed */
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

static inline void *torture_malloc(int n)
{
	return torture_strikes() ? NULL : torture.real.xMalloc(n);
}

static inline void *torture_realloc(void *p, int n)
{
	return torture_strikes() ? NULL : torture.real.xRealloc(p, n);
}

/* Look-aside memory would hide most allocations. */
static inline bool torture_install(void)
{
	sqlite3_mem_methods methods;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &torture.real) != SQLITE_OK) {
		return false;
	}
	methods = torture.real;
	methods.xMalloc = torture_malloc;
	methods.xRealloc = torture_realloc;
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
