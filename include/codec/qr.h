/*
 * QR codes: from a text to its modules, and those as a picture. A picture has the quiet zone of four modules around it
 * that readers want.
 */
#ifndef CODEC_QR_H
#define CODEC_QR_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

#define QR_QUIET 4 /* modules around a picture */

struct qr {
	int size;            /* modules in a row */
	unsigned char *dark; /* size * size */
};

/*
 * Correction level M: a seventh of it may be dirty.
 *
 * owns     gives *ret_qr, finished with qr_finish()
 * errors   INPUT/REJECT when the text is empty, holds a NUL or is longer than a code can hold
 */
bool qr_make(struct str text, struct qr *ret_qr, struct error *err) must_check;
void qr_finish(struct qr *qr);
bool qr_is_dark(const struct qr *qr, int x, int y); /* outside: no */

/* Whole files, appended. False: out is too small. */
bool qr_svg(const struct qr *qr, struct buf *out) must_check;
bool qr_png(const struct qr *qr, int pixels, struct buf *out) must_check; /* pixels: of a module's side */

#endif
