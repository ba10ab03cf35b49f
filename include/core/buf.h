/*
 * struct buf owns bytes and cannot grow beyond the maximum it was made with. Appending past it sets
 * `failed` and changes nothing more, so that a sequence of appends is checked once, at its end; one whose maximum
 * cannot be reached need not be checked.
 * `p` is always terminated with a NUL that is not counted in `n`; it is never NULL after buf_init().
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"
#include "core/str.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max_bytes;
	bool failed; /* an append did not fit: what is in p is incomplete */
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_finish(struct buf *buf); /* frees; accepts zeroed */
void buf_clear(struct buf *buf);  /* empty again, memory kept */
bool buf_add(struct buf *buf, const void *p, size_t n);
bool buf_add_str(struct buf *buf, struct str s);
bool buf_add_text(struct buf *buf, const char *terminated);
bool buf_add_char(struct buf *buf, char c);
bool buf_printf(struct buf *buf, const char *format, ...) printf_like(2, 3);
bool buf_vprintf(struct buf *buf, const char *format, va_list args) printf_like(2, 0);
void buf_drop(struct buf *buf, size_t n);  /* drop n bytes at the front */
struct str buf_str(const struct buf *buf); /* lends */
char *buf_steal(struct buf *buf);          /* gives p; the buf is as after buf_init() */

#endif
