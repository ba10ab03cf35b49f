/* See wechat_crypt.h. The order of the checks of a decryption is the order of the refusals. */
#include "sim/wechat_crypt.h"

#include <assert.h>

#include "codec/base64.h"
#include "codec/digest.h"

#define BLOCK          32u
#define TEXT_MAX_BYTES (16u << 20)

static bool is_before(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order < 0 || (order == 0 && a.n < b.n);
}

void wx_signature(const struct str *parts, size_t n, char ret_hex[41])
{
	struct str sorted[4];
	struct buf joined;

	assert(n <= 4);
	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		while (at > 0 && is_before(parts[i], sorted[at - 1])) {
			sorted[at] = sorted[at - 1];
			at--;
		}
		sorted[at] = parts[i];
	}
	buf_init(&joined, TEXT_MAX_BYTES);
	for (size_t i = 0; i < n; i++) {
		(void)buf_add_str(&joined, sorted[i]);
	}
	digest_sha1_hex(buf_str(&joined), ret_hex);
	buf_finish(&joined);
}

static bool key_bytes(struct str key, unsigned char ret[32])
{
	struct buf bytes;
	bool ok;

	buf_init(&bytes, 64);
	ok = key.n == 43 && base64_decode(&bytes, key, NULL) && bytes.n == 32;
	if (ok) {
		memcpy(ret, bytes.p, 32);
	}
	buf_finish(&bytes);
	return ok;
}

enum wx_crypt wx_encrypt(
	struct str key, struct str appid, struct str message, const char random16[16], int pad, struct buf *out)
{
	unsigned char bytes[32];
	struct buf plain, cipher;
	size_t n;

	if (!key_bytes(key, bytes)) {
		return WX_CRYPT_KEY;
	}
	buf_init(&plain, TEXT_MAX_BYTES);
	buf_init(&cipher, TEXT_MAX_BYTES);
	(void)buf_add(&plain, random16, 16);
	for (int shift = 24; shift >= 0; shift -= 8) {
		(void)buf_add_char(&plain, (char)(message.n >> shift & 0xff));
	}
	(void)buf_add_str(&plain, message);
	(void)buf_add_str(&plain, appid);
	n = BLOCK - plain.n % BLOCK;
	for (size_t i = 0; i < n; i++) {
		(void)buf_add_char(&plain, (char)(pad ? pad : (int)n));
	}
	if (aes_cbc_encrypt(&cipher, bytes, bytes, buf_str(&plain), NULL)) {
		(void)base64_encode(out, buf_str(&cipher));
	}
	buf_finish(&plain);
	buf_finish(&cipher);
	return WX_CRYPT_OK;
}

static enum wx_crypt open_plain(struct str plain, struct str appid, struct buf *out)
{
	size_t pad = plain.n ? (unsigned char)plain.p[plain.n - 1] : 0;
	size_t n = 0;

	if (pad < 1 || pad > BLOCK) {
		return WX_CRYPT_PADDING;
	}
	if (pad > plain.n) {
		return WX_CRYPT_LENGTH;
	}
	for (size_t i = plain.n - pad; i < plain.n; i++) {
		if ((unsigned char)plain.p[i] != pad) {
			return WX_CRYPT_PADDING;
		}
	}
	plain = str_sub(plain, 0, plain.n - pad);
	if (plain.n < 20) {
		return WX_CRYPT_LENGTH;
	}
	for (size_t i = 16; i < 20; i++) {
		n = n << 8 | (unsigned char)plain.p[i];
	}
	plain = str_sub(plain, 20, plain.n);
	if (n > plain.n) {
		return WX_CRYPT_MESSAGE;
	}
	if (!str_eq(str_sub(plain, n, plain.n), appid)) {
		return WX_CRYPT_APPID;
	}
	(void)buf_add_str(out, str_sub(plain, 0, n));
	return WX_CRYPT_OK;
}

enum wx_crypt wx_decrypt(struct str key, struct str appid, struct str encrypted, struct buf *out)
{
	unsigned char bytes[32];
	struct buf cipher, plain;
	enum wx_crypt result;

	if (!key_bytes(key, bytes)) {
		return WX_CRYPT_KEY;
	}
	buf_init(&cipher, TEXT_MAX_BYTES);
	buf_init(&plain, TEXT_MAX_BYTES);
	if (encrypted.n % 4 || !base64_decode(&cipher, encrypted, NULL)) {
		result = WX_CRYPT_BASE64;
	} else if (!aes_cbc_decrypt(&plain, bytes, bytes, buf_str(&cipher), NULL)) {
		result = WX_CRYPT_LENGTH;
	} else {
		result = open_plain(buf_str(&plain), appid, out);
	}
	buf_finish(&cipher);
	buf_finish(&plain);
	return result;
}
