/*
 * application/x-www-form-urlencoded and query strings. Encoding is done once and escapes everything
 * outside A-Z a-z 0-9 - _ . ~ ; blank is %20.
 */
#ifndef CODEC_FORM_H
#define CODEC_FORM_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/str.h"

bool form_encode(struct buf *out, struct str value);

/* Add "key=value" with an & in front unless out is empty or ends in '?'. */
bool form_add(struct buf *out, const char *key, struct str value);

/* Decode %XX and, when plus_is_blank, '+'. A broken escape stays as it is. */
bool form_decode(struct buf *out, struct str encoded, bool plus_is_blank);

/* First value of key in a query or form body, decoded. False when there is none. */
bool form_get(struct str form, const char *key, struct buf *out);

#endif
