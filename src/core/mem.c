/*
 * Small allocations that cannot fail: when memory is exhausted the process says so and aborts, and its durable state
 * is as after any crash. Not for sizes that come from outside (struct buf).
 */
#include "core/mem.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/attr.h"

static noreturn_function void exhausted(void)
{
	static const char text[] = "out of memory\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)written;
	abort();
}

void *xcalloc(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (!p) {
		exhausted();
	}
	return p;
}

void *xrealloc_array(void *p, size_t n, size_t size)
{
	void *moved = n && size ? reallocarray(p, n, size) : realloc(p, 1);

	if (!moved) {
		exhausted();
	}
	return moved;
}

char *xstrdup(const char *s)
{
	char *copy;

	if (!s) {
		return NULL;
	}
	copy = strdup(s);
	if (!copy) {
		exhausted();
	}
	return copy;
}

void mem_give_back(void)
{
	(void)malloc_trim(0);
}

void free_charp(char **p)
{
	free(*p);
	*p = NULL;
}
