/* Base64, after RFC 4648. */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

bool base64_encode(struct buf *out, struct str bytes);
bool base64_decode(struct buf *out, struct str text, struct error *err) must_check;

#endif
