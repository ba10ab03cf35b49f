/*
 * Growing bytes with a ceiling. The ceiling is what makes it fit for sizes that come from outside.
 *
 * Invariants: n <= max_bytes; p[n] is NUL; cap counts the allocated bytes and is 0 exactly while p is the shared
 * `nothing`, which is never written to and never freed. Below the ceiling an append does not fail: when memory is
 * exhausted we abort, as for any small object. Tried and given up: to fail like at the ceiling. A text cut short by
 * want of memory went on to be published, since nobody checks what cannot be too long. Appending from the buf's own
 * bytes is not supported: growing moves them.
 */
#include "core/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

#define FIRST_BYTES 64u

static char nothing[1];

void buf_init(struct buf *buf, size_t max_bytes)
{
	*buf = (struct buf){ .p = nothing, .max_bytes = max_bytes };
}

void buf_finish(struct buf *buf)
{
	if (buf->cap) {
		free(buf->p);
	}
	*buf = (struct buf){ 0 };
}

void buf_clear(struct buf *buf)
{
	buf->n = 0;
	buf->failed = false;
	if (buf->cap) {
		buf->p[0] = '\0';
	}
}

/* Room for n more bytes and the NUL. */
static bool reserve(struct buf *buf, size_t n)
{
	size_t need, cap;
	char *p;

	if (buf->failed) {
		return false;
	}
	if (n > buf->max_bytes - buf->n || n >= SIZE_MAX - buf->n) {
		buf->failed = true;
		return false;
	}
	need = buf->n + n + 1;
	if (need <= buf->cap) {
		return true;
	}
	cap = buf->cap ? buf->cap : FIRST_BYTES;
	while (cap < need) {
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	}
	if (cap - 1 > buf->max_bytes) {
		cap = buf->max_bytes + 1;
	}
	p = xrealloc_array(buf->cap ? buf->p : NULL, cap, 1);
	p[buf->n] = '\0';
	buf->p = p;
	buf->cap = cap;
	return true;
}

bool buf_add(struct buf *buf, const void *p, size_t n)
{
	if (n == 0) {
		return !buf->failed;
	}
	if (!reserve(buf, n)) {
		return false;
	}
	memcpy(buf->p + buf->n, p, n);
	buf->n += n;
	buf->p[buf->n] = '\0';
	return true;
}

bool buf_add_str(struct buf *buf, struct str s)
{
	return buf_add(buf, s.p, s.n);
}

bool buf_add_text(struct buf *buf, const char *terminated)
{
	return buf_add_str(buf, str_from(terminated));
}

bool buf_add_char(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	bool ok;

	va_start(args, format);
	ok = buf_vprintf(buf, format, args);
	va_end(args);
	return ok;
}

bool buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	size_t room;
	int n;

	if (buf->failed) {
		return false;
	}
	room = buf->cap ? buf->cap - buf->n : 0;
	va_copy(again, args);
	n = vsnprintf(room ? buf->p + buf->n : NULL, room, format, args);
	if (n < 0 || (size_t)n > buf->max_bytes - buf->n) {
		buf->failed = true;
	} else if ((size_t)n < room) {
		buf->n += (size_t)n;
	} else if (n > 0 && reserve(buf, (size_t)n)) {
		n = vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again);
		assert(n >= 0);
		buf->n += (size_t)n;
	}
	va_end(again);
	if (buf->cap) {
		/* Take back what a first try that did not fit has written. */
		buf->p[buf->n] = '\0';
	}
	return !buf->failed;
}

void buf_drop(struct buf *buf, size_t n)
{
	if (n > buf->n) {
		n = buf->n;
	}
	if (n == 0) {
		return;
	}
	memmove(buf->p, buf->p + n, buf->n - n + 1);
	buf->n -= n;
}

struct str buf_str(const struct buf *buf)
{
	return (struct str){ buf->p, buf->n };
}

char *buf_steal(struct buf *buf)
{
	char *p = buf->cap ? buf->p : xcalloc(1, 1);

	buf_init(buf, buf->max_bytes);
	return p;
}
