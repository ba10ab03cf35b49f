/* SHA-256, SHA-1 and AES over libcrypto. */
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

/* SHA-1 in hex, for platforms that sign with it; never for anything of our own. */
void digest_sha1_hex(struct str bytes, char ret_hex[41]);

/* Of parts sorted by their bytes and put together: how platforms sign their pushes. At most DIGEST_PARTS_MAX. */
#define DIGEST_PARTS_MAX 8
void digest_sha1_sorted_hex(const struct str *parts, size_t n, char ret_hex[41]);

/* Are they the same? In a time that depends on their lengths only, for what nobody may guess byte by byte. */
bool digest_same(struct str a, struct str b);

/*
 * AES-256-CBC without padding: adding and stripping it is the caller's, because platforms have rules of their own.
 *
 * errors  INPUT/REJECT when bytes is empty or no multiple of 16, or out is full
 */
bool aes_cbc_encrypt(struct buf *out, const unsigned char key[32], const unsigned char iv[16], struct str bytes,
	struct error *err) must_check;
bool aes_cbc_decrypt(struct buf *out, const unsigned char key[32], const unsigned char iv[16], struct str bytes,
	struct error *err) must_check;

#endif
