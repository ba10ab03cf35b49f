/*
 * Names of enum values as they stand in rows and cross the wire: an array indexed by the value.
 */
#ifndef MODEL_NAMES_H
#define MODEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/attr.h"

static inline bool name_find(const char *const *names, size_t n, const char *name, size_t *ret_index)
{
	for (size_t i = 0; name && i < n; i++) {
		if (names[i] && strcmp(names[i], name) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* Never NULL, also for a value that is none. */
#define NAME_OF(names, value) \
	((size_t)(value) < ARRAY_LEN(names) && (names)[(size_t)(value)] ? (names)[(size_t)(value)] : "unknown")

#define NAME_PARSE(names, name, ret_value) \
	__extension__({ \
		size_t name_index = 0; \
		bool name_found = name_find((names), ARRAY_LEN(names), (name), &name_index); \
\
		if (name_found) { \
			*(ret_value) = (__typeof__(*(ret_value)))name_index; \
		} \
		name_found; \
	})

#endif
