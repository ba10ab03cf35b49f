/*
 * Pushes: is it from WeChat, what is in its envelope, and how is it answered. What it says is push_read.c's.
 *
 *   GET   signature, timestamp, nonce, echostr           the address is verified: echostr goes back as it is
 *   POST  signature, timestamp, nonce                    plain: the body is not covered by the signature
 *   POST  ..., encrypt_type=aes, msg_signature           safe and compatible: only what is in <Encrypt> counts
 *
 * What comes encrypted is taken in every mode, when there is a key: a change of the mode takes effect at WeChat at
 * once, and here with the next reload. What comes plain is taken in plain mode only, because anybody who has seen one
 * signature could write it. For the same reason a timestamp must be of this quarter of an hour. The same push within it
 * is not refused: WeChat repeats what it has no answer for, and what is stored already is known by its key.
 *
 * Everything that fails is refused without a word of why; the log has it.
 *
 * source  "access overview" and "message encryption and decryption" (subscription tree), read 2026; that a repeated
 * push may have a new timestamp, and how old one may get: source unverified. Vectors and samples in
 *         tests/fixtures/wechat/
 */
#include "platform/wechat/push.h"

#include <inttypes.h>
#include <string.h>

#include "codec/form.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/random.h"
#include "platform/wechat/crypto.h"
#include "platform/wechat/wechat.h"
#include "text/utf8.h"

#define WINDOW_MS    (15 * MINUTE_MS)
#define PARAM_BYTES  64u
#define ECHO_BYTES   1024u
#define ANSWER_BYTES (16u << 10)
/*
 * source  "passive reply messages": a longer one shows the citizen a fault and tells us nothing; about 2047 bytes by
 *         reports (dodgepudding/wechat-php-sdk#363, silenceper/wechat#673), 1800 to be safe: source unverified
 */
#define TEXT_BYTES 1800u

enum { KEY_CURRENT, KEY_PREVIOUS, KEYS };

/* The parameters of a push. "" where there is none, or none of a sensible length. */
struct envelope {
	char signature[PARAM_BYTES];
	char msg_signature[PARAM_BYTES];
	char timestamp[PARAM_BYTES];
	char nonce[PARAM_BYTES];
	char encrypt_type[PARAM_BYTES];
};

static void get_param(struct str query, const char *key, char ret_value[PARAM_BYTES])
{
	struct buf value;

	buf_init(&value, PARAM_BYTES - 1);
	ret_value[0] = '\0';
	if (form_get(query, key, &value) && !memchr(value.p, '\0', value.n)) {
		memcpy(ret_value, value.p, value.n + 1);
	}
	buf_finish(&value);
}

static void get_envelope(struct str query, struct envelope *ret)
{
	get_param(query, "signature", ret->signature);
	get_param(query, "msg_signature", ret->msg_signature);
	get_param(query, "timestamp", ret->timestamp);
	get_param(query, "nonce", ret->nonce);
	get_param(query, "encrypt_type", ret->encrypt_type);
}

static void refuse(struct push_result *ret, const char *why)
{
	ret->verdict = PUSH_REFUSE;
	ret->why = why;
}

/* sealed: the message of a safe or compatible push; without it the three parts of a plain one. */
static bool is_signed(const struct wechat_settings *settings, const struct envelope *envelope, const struct str *sealed)
{
	struct str parts[WECHAT_SIGNED_MAX] = { secret_lend(&settings->callback_token), str_from(envelope->timestamp),
		str_from(envelope->nonce) };

	if (!sealed) {
		return wechat_signed(parts, 3, str_from(envelope->signature));
	}
	parts[3] = *sealed;
	return wechat_signed(parts, 4, str_from(envelope->msg_signature));
}

static bool is_recent(const struct envelope *envelope, int64_t now_at)
{
	int64_t seconds;

	return str_to_i64(str_from(envelope->timestamp), 0, INT64_MAX / SECOND_MS, &seconds) &&
	       seconds * SECOND_MS >= now_at - WINDOW_MS && seconds * SECOND_MS <= now_at + WINDOW_MS;
}

static const char not_signed[] = "the signature is wrong: forged, or callback_token is not the console's Token";
static const char not_recent[] = "its time is more than 15 minutes from ours: an old one again, or a clock is wrong";

bool wechat_takes_pushes(const void *settings)
{
	return !secret_is_empty(&((const struct wechat_settings *)settings)->callback_token);
}

/* ---- the address is verified ---- */

static void take_get(const struct wechat_settings *settings, const struct driver_push *push,
	const struct envelope *envelope, struct push_result *ret)
{
	struct buf echo;

	buf_init(&echo, ECHO_BYTES);
	if (!form_get(push->query, "echostr", &echo) || memchr(echo.p, '\0', echo.n)) {
		refuse(ret, "a GET without echostr");
	} else if (!is_signed(settings, envelope, NULL)) {
		refuse(ret, not_signed);
	} else if (!is_recent(envelope, push->now_at)) {
		refuse(ret, not_recent);
	} else {
		ret->verdict = PUSH_ANSWER;
		ret->answer = buf_steal(&echo);
	}
	buf_finish(&echo);
}

/* ---- a message ---- */

static struct str key_of(const struct wechat_settings *settings, int key)
{
	return secret_lend(key == KEY_CURRENT ? &settings->aes_key : &settings->aes_key_previous);
}

static const char *why_closed(enum wechat_opened opened)
{
	switch (opened) {
	case WECHAT_OPENED:
		break;
	case WECHAT_BAD_KEY:
		return "it is encrypted, and aes_key is missing";
	case WECHAT_BAD_BASE64:
		return "what is encrypted is no base64";
	case WECHAT_BAD_LENGTH:
	case WECHAT_BAD_PADDING:
	case WECHAT_BAD_MESSAGE:
		return "it does not open: aes_key is not the console's EncodingAESKey";
	case WECHAT_BAD_APPID:
		return "it is meant for another appid";
	}
	return "";
}

/* Open it with the current key, or else with the previous one. Of two failures the more telling one is reported. */
static bool unseal(
	const struct wechat_settings *settings, struct str sealed, struct buf *message, struct push_result *ret)
{
	enum wechat_opened worst = WECHAT_BAD_KEY;

	for (int key = KEY_CURRENT; key < KEYS; key++) {
		enum wechat_opened opened = wechat_open(
			key_of(settings, key), str_from(settings->appid), sealed, message);

		if (opened == WECHAT_OPENED) {
			ret->key = key;
			return true;
		}
		worst = opened > worst ? opened : worst;
	}
	refuse(ret, why_closed(worst));
	return false;
}

static void take_message(const struct wechat_settings *settings, const struct driver_push *push,
	const struct envelope *envelope, struct str text, struct push_result *ret)
{
	cleanup(xml_freep) struct xml *xml = NULL;

	if (!xml_parse(text, &xml, NULL)) {
		refuse(ret, "what it says is no XML, or declares a document type");
		return;
	}
	if (settings->original_id && !str_is(xml_get_text(xml, "ToUserName"), settings->original_id)) {
		refuse(ret, "it is meant for another account: original_id");
		return;
	}
	ret->verdict = PUSH_TAKE;
	ret->nonce = xstrdup(envelope->nonce);
	wechat_push_read(xml, push->now_at, ret);
}

static void take_sealed(const struct wechat_settings *settings, const struct driver_push *push,
	const struct envelope *envelope, struct push_result *ret)
{
	cleanup(xml_freep) struct xml *outer = NULL;
	struct buf message;
	struct str sealed;

	if (!xml_parse(push->body, &outer, NULL) || !xml_get(outer, "Encrypt")) {
		refuse(ret, "encrypt_type is aes, and there is no <Encrypt>");
		return;
	}
	sealed = xml_get_text(outer, "Encrypt");
	if (!is_signed(settings, envelope, &sealed)) {
		refuse(ret, not_signed);
		return;
	}
	if (!is_recent(envelope, push->now_at)) {
		refuse(ret, not_recent);
		return;
	}
	buf_init(&message, LIMIT_PUSH_BYTES);
	if (unseal(settings, sealed, &message, ret)) {
		take_message(settings, push, envelope, buf_str(&message), ret);
	}
	explicit_bzero(message.p, message.n);
	buf_finish(&message);
}

static void take_plain(const struct wechat_settings *settings, const struct driver_push *push,
	const struct envelope *envelope, struct push_result *ret)
{
	if (settings->callback_mode != WECHAT_MODE_PLAIN) {
		refuse(ret, "it is not encrypted, and callback_mode is not plain");
	} else if (!is_signed(settings, envelope, NULL)) {
		refuse(ret, not_signed);
	} else if (!is_recent(envelope, push->now_at)) {
		refuse(ret, not_recent);
	} else {
		take_message(settings, push, envelope, push->body, ret);
	}
}

void wechat_push(const struct driver_account *account, const struct driver_push *push, struct push_result *ret_result)
{
	const struct wechat_settings *settings = account->settings;
	struct envelope envelope;

	get_envelope(push->query, &envelope);
	if (!wechat_takes_pushes(settings)) {
		refuse(ret_result, "callback_token is missing");
	} else if (push->body.n > LIMIT_PUSH_BYTES) {
		refuse(ret_result, "it is too long");
	} else if (!push->post) {
		take_get(settings, push, &envelope, ret_result);
	} else if (strcmp(envelope.encrypt_type, "aes") == 0) {
		take_sealed(settings, push, &envelope, ret_result);
	} else {
		take_plain(settings, push, &envelope, ret_result);
	}
}

/* ---- the answer ---- */

/* Characters that XML cannot hold are left out; "]]>" goes into two sections. */
static void add_cdata(struct buf *out, const char *name, struct str text)
{
	uint32_t c;

	(void)buf_printf(out, "<%s><![CDATA[", name);
	while (text.n > 0) {
		char bytes[4];

		if (str_starts(text, STR("]]>"))) {
			(void)buf_add_text(out, "]]]]><![CDATA[>");
			text = str_sub(text, 3, text.n);
			continue;
		}
		(void)utf8_next(&text, &c);
		if ((c >= 0x20 || c == '\n' || c == '\t') && c != 0xfffe && c != 0xffff) {
			(void)buf_add(out, bytes, utf8_encode(c, bytes));
		}
	}
	(void)buf_printf(out, "]]></%s>\n", name);
}

static void add_reply(const struct push_result *result, struct str text, int64_t now_at, struct buf *out)
{
	(void)buf_add_text(out, "<xml>\n");
	add_cdata(out, "ToUserName", str_from(result->to));
	add_cdata(out, "FromUserName", str_from(result->from));
	(void)buf_printf(out, "<CreateTime>%" PRId64 "</CreateTime>\n", now_at / SECOND_MS);
	add_cdata(out, "MsgType", STR("text"));
	add_cdata(out, "Content", text_cut_bytes(text, TEXT_BYTES));
	(void)buf_add_text(out, "</xml>");
}

/* The reply under the key that opened the push, signed with our time and WeChat's nonce. */
static bool add_sealed(const struct wechat_settings *settings, const struct push_result *result, struct str reply,
	int64_t now_at, struct buf *out)
{
	unsigned char random16[16];
	struct str parts[WECHAT_SIGNED_MAX];
	char timestamp[24];
	char signature[41];
	struct buf sealed;
	bool ok;

	random_bytes(random16, sizeof(random16));
	buf_init(&sealed, 2 * ANSWER_BYTES);
	ok = wechat_seal(key_of(settings, result->key), str_from(settings->appid), reply, random16, &sealed);
	if (ok) {
		(void)snprintf(timestamp, sizeof(timestamp), "%" PRId64, now_at / SECOND_MS);
		parts[0] = secret_lend(&settings->callback_token);
		parts[1] = str_from(timestamp);
		parts[2] = str_from(result->nonce);
		parts[3] = buf_str(&sealed);
		wechat_sign(parts, 4, signature);
		(void)buf_add_text(out, "<xml>\n");
		add_cdata(out, "Encrypt", buf_str(&sealed));
		add_cdata(out, "MsgSignature", str_from(signature));
		(void)buf_printf(out, "<TimeStamp>%s</TimeStamp>\n", timestamp);
		add_cdata(out, "Nonce", str_from(result->nonce));
		(void)buf_add_text(out, "</xml>");
	}
	buf_finish(&sealed);
	return ok;
}

bool wechat_answer_push(const struct driver_account *account, const struct push_result *result, struct str text,
	int64_t now_at, struct buf *out, const char **ret_type)
{
	struct buf reply;
	bool ok;

	if (text.n == 0 || !result->to || !result->from) {
		*ret_type = "text/plain";
		return buf_add_text(out, "success");
	}
	*ret_type = "text/xml";
	if (result->key < 0) {
		add_reply(result, text, now_at, out);
		return !out->failed;
	}
	buf_init(&reply, ANSWER_BYTES);
	add_reply(result, text, now_at, &reply);
	ok = !reply.failed && add_sealed(account->settings, result, buf_str(&reply), now_at, out);
	buf_finish(&reply);
	return ok && !out->failed;
}
