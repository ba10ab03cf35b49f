/*
 * Signatures and envelopes against vectors made by others: the platform's own worked examples, two independent
 * libraries, and spoiled messages with the reason for which each must be refused. Both ways: opened, and sealed again
 * to the same bytes.
 */
#include "check.h"

#include "codec/json.h"
#include "core/limits.h"
#include "platform/wechat/crypto.h"

static cJSON *load(void)
{
	const char *source = getenv("GAZETTE_SOURCE");
	cJSON *json = NULL;
	struct error err = { 0 };
	struct buf text;
	char chunk[8192];
	char path[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/wechat/crypto_vectors.json", source ? source : ".");
	file = fopen(path, "rb");
	if (!file) {
		fail_msg("%s: cannot be opened", path);
	}
	buf_init(&text, 1u << 20);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		(void)buf_add(&text, chunk, n);
	}
	(void)fclose(file);
	CHECK_OK(json_parse(buf_str(&text), &json, &err), err);
	buf_finish(&text);
	CHECK_INT(cJSON_GetArraySize(json_get(json, "vectors")), 40);
	return json;
}

#define PARTS(vector) \
	{ \
		json_str(vector, "token"), json_str(vector, "timestamp"), json_str(vector, "nonce"), \
			json_str(vector, "encrypted") \
	}

static void test_signature__holds_for_every_vector_that_has_a_good_one(void **state)
{
	cleanup(json_freep) cJSON *json = load();
	const cJSON *vector;
	int seen = 0;

	(void)state;
	cJSON_ArrayForEach(vector, json_get(json, "vectors"))
	{
		struct str parts[] = PARTS(vector);
		bool good = !str_is(json_str(vector, "expect"), "BAD_SIGNATURE");
		char hex[41];

		if (json_get(vector, "signature")) {
			wechat_sign(parts, 3, hex);
			CHECK_STR(json_str(vector, "signature"), hex);
			CHECK(wechat_signed(parts, 3, json_str(vector, "signature")));
			seen++;
		}
		if (json_get(vector, "msg_signature")) {
			if (wechat_signed(parts, 4, json_str(vector, "msg_signature")) != good) {
				fail_msg("%s", json_text(vector, "name", ""));
			}
			seen++;
		}
	}
	CHECK_INT(seen, 57);
}

static void test_signature__of_another_length_or_case_or_an_empty_token_is_none(void **state)
{
	struct str parts[] = { STR("AAAAA"), STR("1714036504"), STR("1514711492") };
	struct str none[] = { STR(""), STR("1714036504"), STR("1514711492") };
	char hex[41];

	(void)state;
	CHECK(wechat_signed(parts, 3, STR("f464b24fc39322e44b38aa78f5edd27bd1441696")));
	CHECK(!wechat_signed(parts, 3, STR("f464b24fc39322e44b38aa78f5edd27bd144169")));
	CHECK(!wechat_signed(parts, 3, STR("f464b24fc39322e44b38aa78f5edd27bd14416966")));
	CHECK(!wechat_signed(parts, 3, STR("F464B24FC39322E44B38AA78F5EDD27BD1441696")));
	CHECK(!wechat_signed(parts, 3, STR("")));
	wechat_sign(none, 3, hex);
	CHECK(!wechat_signed(none, 3, str_from(hex)));
}

static const struct {
	const char *expect;
	enum wechat_opened opened;
} expectations[] = {
	{ "ok", WECHAT_OPENED },
	{ "BAD_BASE64", WECHAT_BAD_BASE64 },
	{ "BAD_LENGTH", WECHAT_BAD_LENGTH },
	{ "BAD_PADDING", WECHAT_BAD_PADDING },
	{ "BAD_MSG_LEN", WECHAT_BAD_MESSAGE },
	{ "APPID_MISMATCH", WECHAT_BAD_APPID },
};

static void check_opened(const cJSON *vector, enum wechat_opened opened, const struct buf *message)
{
	struct str expect = json_str(vector, "expect");
	size_t i = 0;

	if (opened != WECHAT_OPENED) {
		CHECK_INT(message->n, 0);
	}
	if (str_is(expect, "DECRYPT_FAILED")) {
		CHECK(opened != WECHAT_OPENED);
		return;
	}
	while (i < ARRAY_LEN(expectations) && !str_is(expect, expectations[i].expect)) {
		i++;
	}
	if (i == ARRAY_LEN(expectations)) {
		CHECK(str_is(expect, "BAD_SIGNATURE")); /* never comes to be opened */
		return;
	}
	if (opened != expectations[i].opened) {
		fail_msg("%s gives %d", json_text(vector, "name", ""), (int)opened);
	}
	if (opened == WECHAT_OPENED) {
		CHECK_STR(buf_str(message), json_text(vector, "plaintext", ""));
	}
}

static void test_open__gives_the_message_or_the_first_reason(void **state)
{
	cleanup(json_freep) cJSON *json = load();
	const cJSON *vector;
	int seen = 0;

	(void)state;
	cJSON_ArrayForEach(vector, json_get(json, "vectors"))
	{
		struct buf message;

		if (!json_get(vector, "encrypted")) {
			continue;
		}
		buf_init(&message, LIMIT_PUSH_BYTES);
		check_opened(vector,
			wechat_open(json_str(vector, "encodingAESKey"), json_str(vector, "appid"),
				json_str(vector, "encrypted"), &message),
			&message);
		buf_finish(&message);
		seen++;
	}
	CHECK_INT(seen, 38);
}

static bool from_hex(struct str hex, unsigned char ret_bytes[16])
{
	static const char digits[] = "0123456789abcdef";

	if (hex.n != 32) {
		return false;
	}
	for (size_t i = 0; i < 16; i++) {
		ret_bytes[i] = (unsigned char)((strchr(digits, hex.p[2 * i]) - digits) << 4 |
					       (strchr(digits, hex.p[2 * i + 1]) - digits));
	}
	return true;
}

static void test_seal__gives_the_same_bytes_as_others(void **state)
{
	cleanup(json_freep) cJSON *json = load();
	const cJSON *vector;
	int seen = 0;

	(void)state;
	cJSON_ArrayForEach(vector, json_get(json, "vectors"))
	{
		unsigned char random16[16];
		struct buf out;

		if (!from_hex(json_str(vector, "random16_hex"), random16)) {
			continue;
		}
		buf_init(&out, LIMIT_PUSH_BYTES);
		CHECK(wechat_seal(json_str(vector, "encodingAESKey"), json_str(vector, "appid"),
			json_str(vector, "plaintext"), random16, &out));
		CHECK_STR(buf_str(&out), json_text(vector, "encrypted", ""));
		buf_finish(&out);
		seen++;
	}
	CHECK_INT(seen, 17);
}

#define KEY   STR("m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA")
#define APPID STR("wx5a1b2c3d4e5f6071")

/* Lengths around every border of a block: what is sealed opens again, and not for anybody else. */
static void test_seal__opens_again_at_every_length(void **state)
{
	static const unsigned char random16[16] = { 0, 255, 0, 1 };
	char text[100];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t n = 0; n <= sizeof(text); n++) {
		struct buf sealed, message;

		buf_init(&sealed, 1024);
		buf_init(&message, 1024);
		CHECK(wechat_seal(KEY, APPID, (struct str){ text, n }, random16, &sealed));
		CHECK_INT(wechat_open(KEY, STR("wx5a1b2c3d4e5f6072"), buf_str(&sealed), &message), WECHAT_BAD_APPID);
		CHECK_INT(wechat_open(KEY, APPID, buf_str(&sealed), &message), WECHAT_OPENED);
		CHECK(str_eq(buf_str(&message), (struct str){ text, n }));
		buf_finish(&sealed);
		buf_finish(&message);
	}
}

static void test_key__is_43_characters_of_base64(void **state)
{
	static const struct str keys[] = { { "", 0 }, { "m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmy", 42 },
		{ "m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA=", 44 },
		{ "m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJm-A", 43 } };
	static const unsigned char random16[16] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct buf out;

		buf_init(&out, 1024);
		CHECK(!wechat_seal(keys[i], APPID, STR("x"), random16, &out));
		CHECK_INT(wechat_open(keys[i], APPID, STR("QUFBQUFBQUFBQUFBQUFBQQ=="), &out), WECHAT_BAD_KEY);
		CHECK_INT(out.n, 0);
		buf_finish(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature__holds_for_every_vector_that_has_a_good_one),
		cmocka_unit_test(test_signature__of_another_length_or_case_or_an_empty_token_is_none),
		cmocka_unit_test(test_open__gives_the_message_or_the_first_reason),
		cmocka_unit_test(test_seal__gives_the_same_bytes_as_others),
		cmocka_unit_test(test_seal__opens_again_at_every_length),
		cmocka_unit_test(test_key__is_43_characters_of_base64),
	};

	return check_run(tests);
}
