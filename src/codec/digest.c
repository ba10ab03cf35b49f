/* SHA-256, SHA-1, AES and base64, by libcrypto. Its failures here are exhaustion of memory, and abort. */
#include "codec/digest.h"

#include <assert.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/mem.h"

struct digest {
	EVP_MD_CTX *context;
};

struct digest *digest_new(void)
{
	struct digest *digest = xnew(struct digest);

	digest->context = EVP_MD_CTX_new();
	if (!digest->context || EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1) {
		abort();
	}
	return digest;
}

void digest_add(struct digest *digest, struct str bytes)
{
	if (bytes.n > 0 && EVP_DigestUpdate(digest->context, bytes.p, bytes.n) != 1) {
		abort();
	}
}

void digest_add_field(struct digest *digest, struct str bytes)
{
	char length[8];

	for (size_t i = 0; i < sizeof(length); i++) {
		length[i] = (char)(bytes.n >> (8 * i) & 0xff);
	}
	digest_add(digest, (struct str){ length, sizeof(length) });
	digest_add(digest, bytes);
}

static void hex(const unsigned char *sum, unsigned n, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < n; i++) {
		ret_hex[2 * i] = digits[sum[i] >> 4];
		ret_hex[2 * i + 1] = digits[sum[i] & 15];
	}
	ret_hex[2 * n] = '\0';
}

void digest_end(struct digest *digest, char ret_hex[65])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(digest->context, sum, &n) != 1 || n != 32) {
		abort();
	}
	hex(sum, n, ret_hex);
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

void digest_hex(struct str bytes, char ret_hex[65])
{
	struct digest *digest = digest_new();

	digest_add(digest, bytes);
	digest_end(digest, ret_hex);
}

void digest_sha1_hex(struct str bytes, char ret_hex[41])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(bytes.p ? bytes.p : "", bytes.n, sum, &n, EVP_sha1(), NULL) != 1 || n != 20) {
		abort();
	}
	hex(sum, n, ret_hex);
}

static int compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

void digest_sha1_sorted_hex(const struct str *parts, size_t n, char ret_hex[41])
{
	struct str sorted[DIGEST_PARTS_MAX];
	size_t bytes = 0;
	struct buf joined;

	assert(n <= DIGEST_PARTS_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		for (; at > 0 && compare(parts[i], sorted[at - 1]) < 0; at--) {
			sorted[at] = sorted[at - 1];
		}
		sorted[at] = parts[i];
		bytes += parts[i].n;
	}
	buf_init(&joined, bytes + 1);
	for (size_t i = 0; i < n; i++) {
		(void)buf_add_str(&joined, sorted[i]);
	}
	digest_sha1_hex(buf_str(&joined), ret_hex);
	explicit_bzero(joined.p, joined.n); /* one of the parts is a secret */
	buf_finish(&joined);
}

bool digest_same(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

#define AES_CHUNK 4096u

static bool aes_cbc(struct buf *out, const unsigned char *key, const unsigned char *iv, struct str bytes, int encrypt,
	struct error *err)
{
	unsigned char chunk[AES_CHUNK + 32];
	EVP_CIPHER_CTX *context;
	int n = 0;

	if (!bytes.n || bytes.n % 16) {
		return error_set(
			err, ERROR_INPUT, ADVISE_REJECT, 0, "AES blocks have 16 bytes; %zu bytes are none", bytes.n);
	}
	context = EVP_CIPHER_CTX_new();
	if (!context || EVP_CipherInit_ex(context, EVP_aes_256_cbc(), NULL, key, iv, encrypt) != 1 ||
		EVP_CIPHER_CTX_set_padding(context, 0) != 1) {
		abort();
	}
	while (bytes.n > 0) {
		size_t take = bytes.n < AES_CHUNK ? bytes.n : AES_CHUNK;

		if (EVP_CipherUpdate(context, chunk, &n, (const unsigned char *)bytes.p, (int)take) != 1) {
			abort();
		}
		(void)buf_add(out, chunk, (size_t)n);
		bytes = str_sub(bytes, take, bytes.n);
	}
	if (EVP_CipherFinal_ex(context, chunk, &n) != 1) {
		abort();
	}
	(void)buf_add(out, chunk, (size_t)n);
	EVP_CIPHER_CTX_free(context);
	return !out->failed || error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "longer than %zu bytes", out->max_bytes);
}

bool aes_cbc_encrypt(
	struct buf *out, const unsigned char key[32], const unsigned char iv[16], struct str bytes, struct error *err)
{
	return aes_cbc(out, key, iv, bytes, 1, err);
}

bool aes_cbc_decrypt(
	struct buf *out, const unsigned char key[32], const unsigned char iv[16], struct str bytes, struct error *err)
{
	return aes_cbc(out, key, iv, bytes, 0, err);
}
