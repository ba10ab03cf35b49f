/*
 * Base64. By hand, because a command line that sends a picture should not load libcrypto at every start, which takes
 * longer than all the rest of it.
 */
#include "codec/base64.h"

#include <stdint.h>

bool base64_encode(struct buf *out, struct str bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
		uint32_t bits = (uint32_t)(unsigned char)bytes.p[i] << 16;
		char text[4];

		bits |= n > 1 ? (uint32_t)(unsigned char)bytes.p[i + 1] << 8 : 0;
		bits |= n > 2 ? (uint32_t)(unsigned char)bytes.p[i + 2] : 0;
		text[0] = digits[bits >> 18];
		text[1] = digits[bits >> 12 & 63];
		text[2] = n > 1 ? digits[bits >> 6 & 63] : '=';
		text[3] = n > 2 ? digits[bits & 63] : '=';
		(void)buf_add(out, text, sizeof(text));
	}
	return !out->failed;
}

static int value_of(char c)
{
	return c >= 'A' && c <= 'Z'   ? c - 'A'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 26
	       : c >= '0' && c <= '9' ? c - '0' + 52
	       : c == '+'             ? 62
	       : c == '/'             ? 63
				      : -1;
}

/* libcrypto's EVP_DecodeBlock() neither tells padding from zeros nor refuses what follows it. */
bool base64_decode(struct buf *out, struct str text, struct error *err)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n_chars = 0;
	size_t n_padding = 0;
	size_t end;

	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r')) {
		text.n--; /* behind the padding, as base64(1) prints it */
	}
	while (n_padding < 2 && n_padding < text.n && text.p[text.n - 1 - n_padding] == '=') {
		n_padding++;
	}
	end = text.n - n_padding;
	for (size_t i = 0; i < end; i++) {
		int value = value_of(text.p[i]);

		if (text.p[i] == '\n' || text.p[i] == '\r') {
			continue;
		}
		if (value < 0) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "no base64 at byte %zu", i);
		}
		n_chars++;
		bits = bits << 6 | (uint32_t)value;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			(void)buf_add_char(out, (char)(bits >> n_bits & 0xff));
		}
	}
	if (n_chars % 4 == 1) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "base64 that ends too early");
	}
	if (n_padding > 0 && (n_chars + n_padding) % 4 != 0) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "base64 with the wrong padding");
	}
	return !out->failed || error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "longer than %zu bytes", out->max_bytes);
}
