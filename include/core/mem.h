/*
 * Small allocations abort when memory is exhausted, so that code stays straight. Sizes that come from
 * outside go through struct buf instead.
 */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stddef.h>

#define xnew(type)          ((type *)xcalloc(1, sizeof(type)))
#define xnew_array(type, n) ((type *)xcalloc((n), sizeof(type)))

void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc_array(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s); /* NULL gives NULL */
/* What is free goes back to the system: after something large that is done seldom. Takes milliseconds. */
void mem_give_back(void);

void free_charp(char **p); /* for cleanup() */

/* Make room for one more element: `cap` doubles, aborts when memory is exhausted. */
#define array_grow(array, n, cap) \
	do { \
		if ((n) == (cap)) { \
			(cap) = (cap) ? (cap)*2 : 8; \
			(array) = xrealloc_array((array), (cap), sizeof(*(array))); \
		} \
	} while (0)

#endif
