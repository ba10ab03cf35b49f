/*
 * Compiler attributes and the few macros every room uses.
 *
 * cleanup(f)   run f(&variable) when the variable leaves its scope
 * steal(&p)    take a pointer out of a variable that has a cleanup
 */
#ifndef CORE_ATTR_H
#define CORE_ATTR_H

#include <stddef.h>

#define cleanup(function)             __attribute__((cleanup(function)))
#define must_check                    __attribute__((warn_unused_result))
#define printf_like(format_at, first) __attribute__((format(printf, format_at, first)))
#define noreturn_function             __attribute__((noreturn))
#define unused_arg                    __attribute__((unused))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define steal(pointer) \
	__extension__({ \
		__typeof__(pointer) steal_from = (pointer); \
		__typeof__(*steal_from) stolen = *steal_from; \
		*steal_from = NULL; \
		stolen; \
	})

#endif
