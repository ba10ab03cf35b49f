/*
 * The envelope of WeChat's pushes: who signed it, what is in it, and the same for our answers. Pure, but for the 16
 * random bytes that the caller gives.
 *
 *   key       32 bytes: base64 of the EncodingAESKey's 43 characters and "="; the two spare bits of the last one count
 *             for nothing, people choose keys that have them set
 *   sealed    base64 of AES-256-CBC (first 16 bytes of the key as IV) of
 *             random (16) | length of the message (4, big endian) | message | appid | padding
 *   padding   as PKCS#7, with blocks of 32 bytes: 1 to 32 times that value
 *   signature SHA-1, in hex, of its parts sorted by their bytes and put together
 *
 * source  "message encryption and decryption" (oplatform/developers/dev/push/encryption), read 2026; its four worked
 *         examples and 36 more vectors: tests/fixtures/wechat/crypto_vectors.json
 */
#ifndef PLATFORM_WECHAT_CRYPTO_H
#define PLATFORM_WECHAT_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/str.h"

#define WECHAT_SIGNED_MAX 4 /* parts: token, timestamp, nonce, and the sealed message */

void wechat_sign(const struct str *parts, size_t n, char ret_hex[41]);
/* Is it the signature of these parts? In constant time. Nothing is ever signed by an empty token. */
bool wechat_signed(const struct str *parts, size_t n, struct str signature);

/* Why a sealed message cannot be opened: the first check that failed, in the order of the checks. */
enum wechat_opened {
	WECHAT_OPENED,
	WECHAT_BAD_KEY, /* ours: not 43 characters */
	WECHAT_BAD_BASE64,
	WECHAT_BAD_LENGTH, /* no whole blocks, or too short for anything */
	WECHAT_BAD_PADDING,
	WECHAT_BAD_MESSAGE, /* its length goes beyond the end */
	WECHAT_BAD_APPID,   /* meant for another account */
};

/* The message is appended to out, only when everything is in order. The signature has been checked before. */
enum wechat_opened wechat_open(struct str key, struct str appid, struct str sealed, struct buf *out);

/* False: the key is none, or out is full. */
bool wechat_seal(struct str key, struct str appid, struct str message, const unsigned char random16[16],
	struct buf *out) must_check;

#endif
