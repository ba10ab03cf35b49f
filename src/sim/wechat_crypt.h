/*
 * The platform's side of encrypted pushes.
 *
 * source  developer guide, "message encryption and decryption" (subscription tree), mirror read 2026: AES-256-CBC, the
 * key is base64 of the 43 characters and "=", the IV its first 16 bytes; 16 random bytes, length (4 bytes, big endian),
 * message, appid; padding as in PKCS#7 with a block of 32
 */
#ifndef SIM_WECHAT_CRYPT_H
#define SIM_WECHAT_CRYPT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/str.h"

enum wx_crypt {
	WX_CRYPT_OK,
	WX_CRYPT_KEY, /* not 43 characters of base64 */
	WX_CRYPT_BASE64,
	WX_CRYPT_LENGTH, /* no blocks, or too short */
	WX_CRYPT_PADDING,
	WX_CRYPT_MESSAGE, /* its length is more than there is */
	WX_CRYPT_APPID,
};

/* SHA-1 in hex of the parts, sorted by bytes and joined. At most four. */
void wx_signature(const struct str *parts, size_t n, char ret_hex[41]);

/* Base64 of `message`, encrypted. `pad` 0: as the platform pads; else this wrong value. random16 lends 16 bytes. */
enum wx_crypt wx_encrypt(
	struct str key, struct str appid, struct str message, const char random16[16], int pad, struct buf *out);
enum wx_crypt wx_decrypt(struct str key, struct str appid, struct str encrypted, struct buf *out);

#endif
