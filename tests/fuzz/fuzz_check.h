/*
 * What the targets share: how a property fails, texts that must be fit to be shown, and one input in several parts.
 */
#ifndef TESTS_FUZZ_FUZZ_CHECK_H
#define TESTS_FUZZ_FUZZ_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"
#include "text/utf8.h"

/* A property. Says which one is broken, then aborts. */
#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* One line fit for a terminal: valid UTF-8, no C0, DEL, C1, no line separators. */
static inline bool is_one_line(struct str text)
{
	uint32_t c;

	if (!utf8_valid(text)) {
		return false;
	}
	while (utf8_next(&text, &c)) {
		if (c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029) {
			return false;
		}
	}
	return true;
}

/* What every failure must look like, whoever caused it. */
static inline void must_be_an_error(const struct error *err, enum error_domain domain, enum error_advice advice)
{
	must(err->domain == domain);
	must(err->advice == advice);
	must(err->message[0] && is_one_line(str_from(err->message)));
}

/* Targets that read more than one thing have it in one input, with a line "%%" between the parts. */
static inline bool next_part(struct str *rest, struct str *ret_part)
{
	const struct str mark = STR("\n%%\n");
	ptrdiff_t at;

	if (!rest->p) {
		return false;
	}
	at = str_find(*rest, mark);
	*ret_part = at < 0 ? *rest : str_sub(*rest, 0, (size_t)at);
	*rest = at < 0 ? (struct str){ 0 } : str_sub(*rest, (size_t)at + mark.n, rest->n);
	return true;
}

/* A part as a file that a loader can open; close the descriptor when done. */
#define PART_PATH_BYTES 40
static inline int part_as_file(struct str bytes, char ret_path[PART_PATH_BYTES])
{
	int fd = memfd_create("part", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	(void)snprintf(ret_path, PART_PATH_BYTES, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
