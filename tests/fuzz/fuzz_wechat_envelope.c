/*
 * The envelope of WeChat's pushes, three ways: the input as what is sealed (hardly ever opens), as what is in the
 * envelope once it is decrypted (so that every check behind the key is reached), and as a message that is sealed,
 * opened again, and must not open when a bit of it has changed.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/base64.h"
#include "codec/digest.h"
#include "core/limits.h"
#include "platform/wechat/crypto.h"

#define KEY   STR("m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA")
#define APPID STR("wx5a1b2c3d4e5f6071")

static void as_sealed(struct str input)
{
	struct buf message;

	buf_init(&message, LIMIT_PUSH_BYTES);
	must(wechat_open(KEY, APPID, input, &message) == WECHAT_OPENED || message.n == 0);
	buf_finish(&message);
}

/* What opens is: 16 bytes, the length, so many bytes, the appid, and a padding. */
static void as_plain(struct str input)
{
	unsigned char key[32];
	struct buf bytes, cipher, sealed, message;
	struct error err;

	if (input.n < 16 || input.n > LIMIT_PUSH_BYTES) {
		return;
	}
	input.n -= input.n % 16;
	buf_init(&bytes, 64);
	buf_init(&cipher, 1u << 20);
	buf_init(&sealed, 1u << 20);
	buf_init(&message, LIMIT_PUSH_BYTES);
	must(base64_decode(&bytes, KEY, &err) && bytes.n == 32);
	memcpy(key, bytes.p, 32);
	must(aes_cbc_encrypt(&cipher, key, key, input, &err) && base64_encode(&sealed, buf_str(&cipher)));
	if (wechat_open(KEY, APPID, buf_str(&sealed), &message) == WECHAT_OPENED) {
		size_t pad = (unsigned char)input.p[input.n - 1];

		must(pad >= 1 && pad <= 32 && 20 + message.n + APPID.n + pad == input.n);
		must(str_eq(str_sub(input, 20, message.n), buf_str(&message)));
		must(str_eq(str_sub(input, 20 + message.n, APPID.n), APPID));
	} else {
		must(message.n == 0);
	}
	buf_finish(&bytes);
	buf_finish(&cipher);
	buf_finish(&sealed);
	buf_finish(&message);
}

static void as_message(struct str input)
{
	unsigned char random16[16] = { 0 };
	struct buf sealed, message;
	size_t at;

	if (input.n == 0 || input.n > LIMIT_PUSH_BYTES / 2) {
		return;
	}
	memcpy(random16, input.p, input.n < 16 ? input.n : 16);
	buf_init(&sealed, 1u << 20);
	buf_init(&message, LIMIT_PUSH_BYTES);
	must(wechat_seal(KEY, APPID, input, random16, &sealed));
	must(sealed.n % 4 == 0);
	must(wechat_open(KEY, APPID, buf_str(&sealed), &message) == WECHAT_OPENED);
	must(str_eq(buf_str(&message), input));
	at = (unsigned char)input.p[0] % (sealed.n - 4); /* the last ones have spare bits */
	sealed.p[at] = sealed.p[at] == 'A' ? 'B' : 'A';
	buf_clear(&message);
	must(wechat_open(KEY, APPID, buf_str(&sealed), &message) != WECHAT_OPENED ||
		!str_eq(buf_str(&message), input) || at * 6 / 8 < 16); /* the random bytes may be any */
	buf_finish(&sealed);
	buf_finish(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };

	as_sealed(input);
	as_plain(input);
	as_message(input);
	return 0;
}
