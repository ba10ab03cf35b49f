/*
 * See crypto.h. Everything that was decrypted is wiped; it holds what citizens write. The message is bytes: the random
 * prefix may hold NULs, and the length field any value.
 */
#include "platform/wechat/crypto.h"

#include <string.h>

#include "codec/base64.h"
#include "codec/digest.h"
#include "core/limits.h"

#define KEY_CHARS   43u
#define KEY_BYTES   32u
#define BLOCK       32u
#define RANDOM      16u
#define HEAD        (RANDOM + 4)
#define PLAIN_BYTES (LIMIT_PUSH_BYTES + HEAD + BLOCK + 64)

void wechat_sign(const struct str *parts, size_t n, char ret_hex[41])
{
	digest_sha1_sorted_hex(parts, n, ret_hex);
}

bool wechat_signed(const struct str *parts, size_t n, struct str signature)
{
	char hex[41];

	if (n == 0 || parts[0].n == 0) {
		return false;
	}
	wechat_sign(parts, n, hex);
	return digest_same(str_from(hex), signature);
}

/* base64_decode() drops what is left over of the last character. */
static bool key_bytes(struct str key, unsigned char ret_bytes[KEY_BYTES])
{
	struct buf bytes;
	bool ok;

	buf_init(&bytes, KEY_BYTES + 1);
	ok = key.n == KEY_CHARS && base64_decode(&bytes, key, NULL) && bytes.n == KEY_BYTES;
	if (ok) {
		memcpy(ret_bytes, bytes.p, KEY_BYTES);
	}
	explicit_bzero(bytes.p, bytes.n);
	buf_finish(&bytes);
	return ok;
}

static enum wechat_opened open_plain(struct str plain, struct str appid, struct buf *out)
{
	size_t pad = (unsigned char)plain.p[plain.n - 1];
	size_t n = 0;

	if (pad < 1 || pad > BLOCK || pad > plain.n) {
		return WECHAT_BAD_PADDING;
	}
	for (size_t i = plain.n - pad; i < plain.n; i++) {
		if ((unsigned char)plain.p[i] != pad) {
			return WECHAT_BAD_PADDING;
		}
	}
	plain.n -= pad;
	if (plain.n < HEAD) {
		return WECHAT_BAD_LENGTH;
	}
	for (size_t i = RANDOM; i < HEAD; i++) {
		n = n << 8 | (unsigned char)plain.p[i];
	}
	plain = str_sub(plain, HEAD, plain.n);
	if (n > plain.n) {
		return WECHAT_BAD_MESSAGE;
	}
	if (!digest_same(str_sub(plain, n, plain.n), appid)) {
		return WECHAT_BAD_APPID;
	}
	return buf_add_str(out, str_sub(plain, 0, n)) ? WECHAT_OPENED : WECHAT_BAD_LENGTH;
}

enum wechat_opened wechat_open(struct str key, struct str appid, struct str sealed, struct buf *out)
{
	unsigned char bytes[KEY_BYTES];
	enum wechat_opened opened;
	struct buf cipher, plain;

	if (!key_bytes(key, bytes)) {
		return WECHAT_BAD_KEY;
	}
	buf_init(&cipher, PLAIN_BYTES);
	buf_init(&plain, PLAIN_BYTES);
	if (sealed.n % 4 || !base64_decode(&cipher, sealed, NULL)) {
		opened = WECHAT_BAD_BASE64;
	} else if (!aes_cbc_decrypt(&plain, bytes, bytes, buf_str(&cipher), NULL)) {
		opened = WECHAT_BAD_LENGTH;
	} else {
		opened = open_plain(buf_str(&plain), appid, out);
	}
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(plain.p, plain.n);
	buf_finish(&plain);
	buf_finish(&cipher);
	return opened;
}

bool wechat_seal(
	struct str key, struct str appid, struct str message, const unsigned char random16[16], struct buf *out)
{
	unsigned char bytes[KEY_BYTES];
	struct buf cipher, plain;
	size_t pad;
	bool ok;

	if (message.n > LIMIT_PUSH_BYTES || !key_bytes(key, bytes)) {
		return false;
	}
	buf_init(&cipher, PLAIN_BYTES);
	buf_init(&plain, PLAIN_BYTES);
	(void)buf_add(&plain, random16, RANDOM);
	for (int shift = 24; shift >= 0; shift -= 8) {
		(void)buf_add_char(&plain, (char)(message.n >> shift & 0xff));
	}
	(void)buf_add_str(&plain, message);
	(void)buf_add_str(&plain, appid);
	pad = BLOCK - plain.n % BLOCK;
	for (size_t i = 0; i < pad; i++) {
		(void)buf_add_char(&plain, (char)pad);
	}
	ok = !plain.failed && aes_cbc_encrypt(&cipher, bytes, bytes, buf_str(&plain), NULL) &&
	     base64_encode(out, buf_str(&cipher));
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(plain.p, plain.n);
	buf_finish(&plain);
	buf_finish(&cipher);
	return ok;
}
