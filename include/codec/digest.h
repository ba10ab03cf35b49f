/* SHA-256 and base64 over libcrypto. */
#ifndef CODEC_DIGEST_H
#define CODEC_DIGEST_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

struct digest; /* incremental SHA-256 */

struct digest *digest_new(void);
void digest_add(struct digest *digest, struct str bytes);
/* Adds the length first, so that ("ab","c") and ("a","bc") differ. */
void digest_add_field(struct digest *digest, struct str bytes);
void digest_end(struct digest *digest, char ret_hex[65]); /* frees digest */

void digest_hex(struct str bytes, char ret_hex[65]);

bool base64_encode(struct buf *out, struct str bytes);
bool base64_decode(struct buf *out, struct str text, struct error *err) must_check;

#endif
