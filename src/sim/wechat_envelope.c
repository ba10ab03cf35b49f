/*
 * Signing, encrypting and attacking; and reading what comes back as strictly as the platform is said to.
 *
 * source  developer guide, "message encryption and decryption" and "passive reply messages" (subscription tree), mirror
 *         read 2026. 2047 bytes of a text reply from reports (dodgepudding/wechat-php-sdk#363).
 */
#include "sim/wechat_envelope.h"

#include <inttypes.h>

#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/settings.h"
#include "sim/wechat_crypt.h"
#include "sim/wechat_xml.h"

#define BODY_MAX_BYTES  (8u << 20)
#define OVERSIZE_BYTES  (3u << 20)
#define TEXT_BYTES      2047
#define FOREIGN_APPID   "wx0000000000000000"
#define FOREIGN_ACCOUNT "gh_000000000000"

bool wx_url_parse(const char *text, struct wx_url *ret)
{
	struct str rest = str_from(text);
	struct str authority;
	struct str host;
	int64_t port = 80;
	size_t n = 0;

	if (!str_starts(rest, STR("http://"))) {
		return false;
	}
	rest = str_sub(rest, 7, rest.n);
	while (n < rest.n && rest.p[n] != '/') {
		n++;
	}
	authority = str_sub(rest, 0, n);
	rest = str_sub(rest, n, rest.n);
	host = authority;
	for (size_t i = authority.n; i > 0 && authority.p[i - 1] != ']'; i--) {
		if (authority.p[i - 1] == ':') {
			host = str_sub(authority, 0, i - 1);
			if (!str_to_i64(str_sub(authority, i, authority.n), 1, 65535, &port)) {
				return false;
			}
			break;
		}
	}
	if (str_starts(host, STR("[")) && host.n > 2) {
		host = str_sub(host, 1, host.n - 2);
	}
	if ((!str_starts(host, STR("127.")) && !str_is(host, "localhost") && !str_is(host, "::1")) ||
		host.n >= sizeof(ret->host) || rest.n >= sizeof(ret->path)) {
		return false;
	}
	(void)snprintf(ret->host, sizeof(ret->host), STR_FMT, STR_ARG(host));
	(void)snprintf(ret->port, sizeof(ret->port), "%" PRId64, port);
	(void)snprintf(ret->path, sizeof(ret->path), STR_FMT, STR_ARG(rest));
	if (!ret->path[0]) {
		(void)snprintf(ret->path, sizeof(ret->path), "/");
	}
	return true;
}

/* ---- the body ---- */

static void swap(struct buf *xml, const char *from, const char *with)
{
	ptrdiff_t at = str_find(buf_str(xml), str_from(from));
	struct buf out;

	if (at < 0) {
		return;
	}
	buf_init(&out, BODY_MAX_BYTES);
	(void)buf_add_str(&out, str_sub(buf_str(xml), 0, (size_t)at));
	(void)buf_add_text(&out, with);
	(void)buf_add_str(&out, str_sub(buf_str(xml), (size_t)at + strlen(from), xml->n));
	buf_finish(xml);
	*xml = out;
}

/* What the attack makes of the message itself. */
static void inner(const struct wx_letter *letter, struct buf *out)
{
	const struct wx_push_order *order = letter->order;
	char end[] = "</xml>";

	(void)buf_add_text(out, order->xml);
	if (order->attack == WX_FOREIGN_ACCOUNT) {
		swap(out, order->account->original_id, FOREIGN_ACCOUNT);
	} else if (order->attack == WX_XXE) {
		swap(out, "<xml>",
			"<!DOCTYPE xml [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><xml><Extra>&x;</Extra>");
	} else if (order->attack == WX_OVERSIZE) {
		out->n -= str_ends(buf_str(out), STR("</xml>")) ? sizeof(end) - 1 : 0;
		(void)buf_add_text(out, "<Extra><![CDATA[");
		for (size_t i = 0; i < OVERSIZE_BYTES; i++) {
			(void)buf_add_char(out, 'x');
		}
		(void)buf_add_text(out, "]]></Extra></xml>");
	}
}

static struct str key_of(const struct wx_letter *letter)
{
	const struct wx_switches *set = &letter->order->account->set;

	return str_from(letter->order->previous_key ? set->aes_key_previous : set->aes_key);
}

static bool encrypted_body(const struct wx_letter *letter, struct str xml, struct buf *encrypted, struct buf *out)
{
	const struct wx_push_order *order = letter->order;
	struct wx_account *account = order->account;
	const char *appid = order->attack == WX_FOREIGN_APPID ? FOREIGN_APPID : account->appid;
	char random16[17];

	wx_random(account->wechat, WX_ALNUM, random16, 16);
	if (wx_encrypt(key_of(letter), str_from(appid), xml, random16, order->attack == WX_BAD_PADDING ? 33 : 0,
		    encrypted) != WX_CRYPT_OK) {
		return false;
	}
	if (account->set.callback_mode == WECHAT_MODE_COMPATIBLE) {
		(void)buf_add_str(out, str_sub(xml, 0, xml.n - (str_ends(xml, STR("</xml>")) ? 6 : 0)));
	} else {
		(void)buf_add_text(out, "<xml>\n    ");
		wx_xml_cdata(out, "ToUserName",
			order->attack == WX_FOREIGN_ACCOUNT ? STR(FOREIGN_ACCOUNT) : str_from(account->original_id));
	}
	wx_xml_cdata(out, "Encrypt", buf_str(encrypted));
	(void)buf_add_text(out, "</xml>");
	return true;
}

/* One character of the ciphertext, after it was signed. */
static void tamper(struct buf *body)
{
	ptrdiff_t at = str_find(buf_str(body), STR("<Encrypt><![CDATA["));

	if (at >= 0 && (size_t)at + 40 < body->n) {
		char *c = &body->p[at + 30];

		*c = *c == 'A' ? 'B' : 'A';
	}
}

/* ---- the request ---- */

static void spoil(char *hex)
{
	hex[0] = hex[0] == '0' ? '1' : '0';
}

static void add_query(struct wx_letter *letter, struct str encrypted, struct buf *out)
{
	const struct wx_push_order *order = letter->order;
	const struct wx_switches *set = &order->account->set;
	int64_t at = letter->now_at / 1000 - (order->attack == WX_OLD_TIMESTAMP ? 86400 : 0);
	char timestamp[24];
	char signature[41];
	struct str parts[4];

	(void)snprintf(timestamp, sizeof(timestamp), "%" PRId64, at);
	parts[0] = str_from(set->callback_token);
	parts[1] = str_from(timestamp);
	parts[2] = str_from(letter->nonce);
	parts[3] = encrypted;
	if (order->attack != WX_NO_SIGNATURE) {
		wx_signature(parts, 3, signature);
		if (order->attack == WX_WRONG_SIGNATURE) {
			spoil(signature);
		}
		(void)buf_printf(out, "signature=%s&", signature);
	}
	(void)buf_printf(out, "timestamp=%s&nonce=%s", timestamp, letter->nonce);
	if (order->verify) {
		(void)buf_printf(out, "&echostr=%s", letter->echo);
		return;
	}
	if (letter->to[0]) {
		(void)buf_printf(out, "&openid=%s", letter->to);
	}
	if (encrypted.n) {
		(void)buf_add_text(out, "&encrypt_type=aes");
		wx_signature(parts, 4, signature);
		if (order->attack == WX_WRONG_SIGNATURE) {
			spoil(signature);
		}
		if (order->attack != WX_NO_SIGNATURE) {
			(void)buf_printf(out, "&msg_signature=%s", signature);
		}
	}
}

static bool write_body(struct wx_letter *letter, struct buf *encrypted, struct buf *body)
{
	struct buf xml;
	bool ok = true;

	if (letter->order->verify) {
		return true;
	}
	buf_init(&xml, BODY_MAX_BYTES);
	inner(letter, &xml);
	if (letter->order->account->set.callback_mode == WECHAT_MODE_PLAIN) {
		(void)buf_add_str(body, buf_str(&xml));
	} else {
		ok = encrypted_body(letter, buf_str(&xml), encrypted, body);
	}
	buf_finish(&xml);
	return ok;
}

bool wx_letter_write(struct wx_letter *letter, struct buf *out)
{
	struct wechat *wechat = letter->order->account->wechat;
	struct wx_url url;
	struct buf encrypted, body;
	bool ok;

	if (!wx_url_parse(letter->order->account->set.callback_url, &url)) {
		return false;
	}
	wx_random(wechat, "0123456789", letter->nonce, 10);
	wx_random(wechat, "123456789", letter->echo, 19);
	buf_init(&encrypted, BODY_MAX_BYTES);
	buf_init(&body, BODY_MAX_BYTES);
	ok = write_body(letter, &encrypted, &body);
	if (ok) {
		(void)buf_printf(out, "%s %s%s", letter->order->verify ? "GET" : "POST", url.path,
			strchr(url.path, '?') ? "&" : "?");
		add_query(letter, buf_str(&encrypted), out);
		if (letter->order->attack == WX_TAMPERED) {
			tamper(&body);
		}
		(void)buf_printf(out,
			" HTTP/1.0\r\nHost: %s:%s\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\nConnection: close\r\n",
			url.host, url.port);
		if (!letter->order->verify) {
			(void)buf_printf(out, "Content-Type: text/xml\r\nContent-Length: %zu\r\n", body.n);
		}
		(void)buf_add_text(out, "\r\n");
		(void)buf_add_str(out, buf_str(&body));
	}
	buf_finish(&encrypted);
	buf_finish(&body);
	return ok && !out->failed;
}

/* ---- the answer ---- */

static void invalid(struct wx_answer *answer, const char *why)
{
	free(answer->saw);
	answer->saw = NULL;
	answer->verdict = WX_INVALID;
	answer->why = why;
}

static void said(struct wx_answer *answer, const char *text)
{
	answer->verdict = WX_SAID;
	answer->saw = xstrdup(text);
}

static void read_media(
	const struct wx_letter *letter, const struct wx_xml *xml, const char *path, struct wx_answer *ret)
{
	const char *id = wx_xml_text(xml, path);
	char text[160];

	if (!id || !wx_media(letter->order->account, str_from(id))) {
		invalid(ret, "the MediaId is none");
		return;
	}
	(void)snprintf(text, sizeof(text), "[%s] %.100s", ret->type, id);
	said(ret, text);
}

static void read_news(const struct wx_letter *letter, const struct wx_xml *xml, struct wx_answer *ret)
{
	const struct wx_xml *articles = wx_xml_child(xml, "Articles");
	size_t most = letter->order->may_be_many ? 8 : 1;
	struct buf text;

	if (!articles || !articles->n || !wx_xml_text(xml, "ArticleCount")) {
		invalid(ret, "news without articles");
		return;
	}
	buf_init(&text, 64u << 10);
	(void)buf_add_text(&text, "[news]");
	for (size_t i = 0; i < articles->n && i < most; i++) {
		const char *title = wx_xml_text(articles->children[i], "Title");
		const char *url = wx_xml_text(articles->children[i], "Url");

		(void)buf_printf(&text, " %s %s", title ? title : "", url ? url : "");
	}
	said(ret, text.p);
	buf_finish(&text);
}

static void read_type(const struct wx_letter *letter, const struct wx_xml *xml, struct wx_answer *ret)
{
	const char *type = wx_xml_text(xml, "MsgType");
	const char *content = wx_xml_text(xml, "Content");

	(void)snprintf(ret->type, sizeof(ret->type), "%s", type ? type : "");
	if (strcmp(ret->type, "text") == 0) {
		if (!content || !content[0]) {
			invalid(ret, "a text without Content");
		} else if (strlen(content) > TEXT_BYTES) {
			invalid(ret, "a text of more than 2047 bytes");
		} else {
			said(ret, content);
		}
	} else if (strcmp(ret->type, "image") == 0) {
		read_media(letter, xml, "Image/MediaId", ret);
	} else if (strcmp(ret->type, "voice") == 0) {
		read_media(letter, xml, "Voice/MediaId", ret);
	} else if (strcmp(ret->type, "video") == 0) {
		read_media(letter, xml, "Video/MediaId", ret);
	} else if (strcmp(ret->type, "music") == 0) {
		read_media(letter, xml, "Music/ThumbMediaId", ret);
	} else if (strcmp(ret->type, "news") == 0) {
		read_news(letter, xml, ret);
	} else if (strcmp(ret->type, "transfer_customer_service") == 0 ||
		   strcmp(ret->type, "transfer_biz_ai_ivr") == 0) {
		said(ret, ret->type);
	} else {
		invalid(ret, "an unknown MsgType");
	}
}

static bool is_number(const char *text)
{
	int64_t value;

	return text && str_to_i64(str_from(text), 1, INT64_MAX, &value);
}

static void read_plain(const struct wx_letter *letter, struct str body, struct wx_answer *ret)
{
	cleanup(wx_xml_freep) struct wx_xml *xml = wx_xml_parse(body);
	const char *to, *from;

	if (!xml || strcmp(xml->name, "xml") != 0) {
		invalid(ret, "neither success nor XML");
		return;
	}
	to = wx_xml_text(xml, "ToUserName");
	from = wx_xml_text(xml, "FromUserName");
	if (!to || strcmp(to, letter->to) != 0) {
		invalid(ret, "ToUserName is not the citizen");
	} else if (!from || strcmp(from, letter->order->account->original_id) != 0) {
		invalid(ret, "FromUserName is not the account");
	} else if (!is_number(wx_xml_text(xml, "CreateTime"))) {
		invalid(ret, "CreateTime is no number");
	} else {
		read_type(letter, xml, ret);
	}
}

static void read_encrypted(const struct wx_letter *letter, const struct wx_xml *xml, struct wx_answer *ret)
{
	const struct wx_account *account = letter->order->account;
	const char *encrypted = wx_xml_text(xml, "Encrypt");
	const char *signature = wx_xml_text(xml, "MsgSignature");
	const char *timestamp = wx_xml_text(xml, "TimeStamp");
	const char *nonce = wx_xml_text(xml, "Nonce");
	struct str parts[4] = { str_from(account->set.callback_token), str_from(timestamp), str_from(nonce),
		str_from(encrypted) };
	char right[41];
	struct buf plain;

	if (!signature || !timestamp || !nonce || !is_number(timestamp)) {
		invalid(ret, "an encrypted reply without MsgSignature, TimeStamp or Nonce");
		return;
	}
	wx_signature(parts, 4, right);
	if (strcmp(right, signature) != 0) {
		invalid(ret, "MsgSignature is wrong");
		return;
	}
	buf_init(&plain, 1u << 20);
	if (wx_decrypt(key_of(letter), str_from(account->appid), parts[3], &plain) != WX_CRYPT_OK) {
		invalid(ret, "the encrypted reply does not open with the key of the push");
	} else {
		read_plain(letter, buf_str(&plain), ret);
	}
	buf_finish(&plain);
}

void wx_answer_read(const struct wx_letter *letter, struct str body, struct wx_answer *ret)
{
	int64_t mode = letter->order->account->set.callback_mode;
	cleanup(wx_xml_freep) struct wx_xml *xml = NULL;

	*ret = (struct wx_answer){ .verdict = WX_SAID_NOTHING };
	if (!body.n || str_is(body, "success")) {
		return;
	}
	xml = wx_xml_parse(body);
	if (xml && wx_xml_child(xml, "Encrypt")) {
		if (mode == WECHAT_MODE_PLAIN) {
			invalid(ret, "an encrypted reply in plain mode");
		} else {
			read_encrypted(letter, xml, ret);
		}
	} else if (mode == WECHAT_MODE_SAFE) {
		invalid(ret, "a plain reply in safe mode");
	} else {
		read_plain(letter, body, ret);
	}
}
