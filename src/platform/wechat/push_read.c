/*
 * What a push says: a message of a citizen, or an event. Its sender and its signature have been checked.
 *
 * Nothing is thrown away because it is unknown: a message of a type that we do not know becomes one that says so, and
 * an unknown event is kept with its elements. Two things are let go of on purpose: where a citizen stands (LOCATION,
 * every five seconds while he has the chat open) is nobody's business; and what the platform's own helper sends is no
 * citizen's.
 *
 * Keys, because a push may come again: a message has a MsgId, which was seen twice in a burst with two senders, so its
 * sender belongs to it. An event has none: its time, sender, name and key, and the number of its job, by their digest.
 *
 * source  "receiving standard messages", "receiving event pushes", "mass sends", "publishing" (subscription tree), read
 *         2026; two senders with one MsgId: binarywang/WxJava#333; colliding events: chanjarster/weixin-java-tools#66;
 *         the stock phrases of what WeChat does not pass on: source unverified; reply windows as of 2026-08. Samples in
 *         tests/fixtures/wechat/
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "codec/digest.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/wechat/push.h"
#include "platform/wechat/wechat.h"
#include "text/utf8.h"
#include "text/when.h"

#define MESSAGE_WINDOW_MS (48 * HOUR_MS)
#define MESSAGE_REPLIES   5
#define EVENT_WINDOW_MS   MINUTE_MS
#define EVENT_REPLIES     3
#define NOTE_BYTES        LIMIT_TITLE_BYTES
#define URL_BYTES         1024u

struct reading {
	const struct xml *xml;
	char *from; /* the citizen; NULL: it comes from none */
	int64_t at;
	int64_t now_at;
	struct push_result *ret;
};

static struct str get(const struct reading *reading, const char *path)
{
	return xml_get_text(reading->xml, path);
}

/* Ids come with line ends in them. NULL: nothing is left, or something that no id or address has. */
static char *dup_plain(struct str text, size_t max_bytes)
{
	bool usable = true;
	struct buf out;
	char *id;

	buf_init(&out, max_bytes);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c > ' ' && c < 0x7f) {
			(void)buf_add_char(&out, c);
		} else if (!memchr(" \t\r\n", c, 4)) {
			usable = false;
		}
	}
	id = usable && out.n > 0 && !out.failed ? buf_steal(&out) : NULL;
	buf_finish(&out);
	return id;
}

static char *dup_id(struct str text)
{
	return dup_plain(text, LIMIT_REMOTE_ID_BYTES);
}

static char *dup_text(struct str text)
{
	return text.n > 0 ? str_dup(text) : NULL;
}

static char *dup_url(struct str text)
{
	return str_starts(text, STR("http://")) || str_starts(text, STR("https://")) ? dup_plain(text, URL_BYTES)
										     : NULL;
}

static int64_t read_seconds(struct str text, int64_t def)
{
	int64_t seconds;

	return str_to_i64(text, 1, INT64_C(253402300799), &seconds) ? seconds * SECOND_MS : def;
}

/* Is it something every push has, or that tells who somebody is? */
static bool is_common(const char *name)
{
	static const char *const names[] = { "ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "OpenID",
		"MsgId" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(name, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* "Name=value ..." of all that has a text. As much as fits. */
static void flatten(const struct xml *xml, struct buf *out)
{
	for (const struct xml *child = xml_first(xml); child; child = xml_next(child)) {
		struct str text = str_trim(xml_text(child));

		if (is_common(xml_name(child))) {
			continue;
		}
		if (text.n > 0) {
			(void)buf_printf(out, "%s%s=" STR_FMT, out->n > 0 ? " " : "", xml_name(child),
				STR_ARG(text_cut_bytes(text, NOTE_BYTES / 4)));
		}
		flatten(child, out);
	}
}

static char *flat_text(const struct xml *xml)
{
	struct buf out;
	char *text;

	buf_init(&out, NOTE_BYTES);
	flatten(xml, &out);
	text = out.n > 0 ? buf_steal(&out) : NULL;
	buf_finish(&out);
	return text;
}

/* ---- messages ---- */

/* What the citizen sent is something that WeChat does not pass on: a file, a sticker, a red packet, a card. */
static bool is_unsupported(struct str content)
{
	static const char *const phrases[] = { "【收到不支持的消息类型，暂无法显示】",
		"【收到不支援的訊息類型，無法顯示】", "[Unsupported Message]" };

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		if (str_is(content, phrases[i])) {
			return true;
		}
	}
	return false;
}

static void add_medium(struct message *message, const char *type, struct str id)
{
	if (id.n > 0 && id.n <= LIMIT_TITLE_BYTES) {
		message->media[message->n_media++] = (struct message_media){ xstrdup(type), str_dup(id) };
	}
}

/* Text and media by type. Brackets mark what is not the citizen's own words. */
static void read_content(const struct reading *reading, struct str type, struct message *message, struct buf *text)
{
	if (str_is(type, "text")) {
		(void)buf_printf(text, "%s" STR_FMT, is_unsupported(get(reading, "Content")) ? "[unsupported] " : "",
			STR_ARG(get(reading, "Content")));
	} else if (str_is(type, "image")) {
		(void)buf_add_text(text, "[image]");
		add_medium(message, "image", get(reading, "MediaId"));
	} else if (str_is(type, "voice")) {
		struct str heard = get(reading, "Recognition");

		(void)buf_printf(text, "[voice]%s" STR_FMT, heard.n > 0 ? " " : "", STR_ARG(heard));
		add_medium(message, "voice", get(reading, "MediaId"));
	} else if (str_is(type, "video") || str_is(type, "shortvideo")) {
		(void)buf_add_text(text, "[video]");
		add_medium(message, "video", get(reading, "MediaId"));
	} else if (str_is(type, "location")) {
		(void)buf_printf(text, "[location] " STR_FMT " (" STR_FMT ", " STR_FMT ")",
			STR_ARG(get(reading, "Label")), STR_ARG(get(reading, "Location_X")),
			STR_ARG(get(reading, "Location_Y")));
	} else if (str_is(type, "link")) {
		(void)buf_printf(text, "[link] " STR_FMT "\n" STR_FMT "\n" STR_FMT, STR_ARG(get(reading, "Title")),
			STR_ARG(get(reading, "Description")), STR_ARG(get(reading, "Url")));
	} else {
		char *rest = flat_text(reading->xml);

		(void)buf_printf(
			text, "[unknown type " STR_FMT "] %s", STR_ARG(text_cut_bytes(type, 64)), rest ? rest : "");
		free(rest);
	}
}

static char *message_id(const struct reading *reading, struct str text)
{
	char *number = dup_id(get(reading, "MsgId"));
	char hex[65];
	struct buf id;

	buf_init(&id, LIMIT_REMOTE_ID_BYTES);
	if (number && strlen(number) <= 24) {
		(void)buf_printf(&id, "%s/%s", number, reading->from);
	} else {
		struct digest *digest = digest_new();

		digest_add_field(digest, get(reading, "CreateTime"));
		digest_add_field(digest, text);
		digest_end(digest, hex);
		(void)buf_printf(&id, "t%.32s/%s", hex, reading->from);
	}
	free(number);
	number = buf_steal(&id);
	buf_finish(&id);
	return number;
}

/* The article it was written from, as comments name it. */
static char *article_of(const struct reading *reading)
{
	struct str data_id = get(reading, "MsgDataId");
	int64_t number, index;

	if (!str_to_i64(data_id, 1, INT64_MAX, &number) || !str_to_i64(get(reading, "Idx"), 1, 8, &index)) {
		return NULL;
	}
	return wechat_thread_format(data_id, (unsigned)(index - 1));
}

static void read_message(struct reading *reading, struct str type)
{
	struct message *message = message_list_add(&reading->ret->messages);
	struct buf text;

	buf_init(&text, LIMIT_PUSH_BYTES);
	message->kind = MESSAGE_DIRECT;
	read_content(reading, type, message, &text);
	message->remote_id = message_id(reading, buf_str(&text));
	message->author_id = xstrdup(reading->from);
	message->status_id = article_of(reading);
	message->created_at = reading->at;
	message->window_ms = MESSAGE_WINDOW_MS;
	message->window_replies = MESSAGE_REPLIES;
	message->text = buf_steal(&text);
	buf_finish(&text);
}

/* ---- events: jobs ---- */

static const struct {
	int64_t code;
	const char *text;
} refusals[] = {
	{ 10001, "WeChat's review refused it as advertising" },
	{ 20001, "WeChat's review refused it: politics" },
	{ 20002, "WeChat's review refused it: pornography" },
	{ 20004, "WeChat's review refused it: social matters" },
	{ 20006, "WeChat's review refused it: crime" },
	{ 20008, "WeChat's review refused it: fraud" },
	{ 20013, "WeChat's review refused it: copyright" },
	{ 21000, "WeChat's review refused it for another reason" },
	{ 22000, "WeChat's review refused it: mutual promotion of accounts" },
	{ 30001, "WeChat's originality check failed, and it was to stop when judged a reprint" },
	{ 30002, "WeChat's originality check does not allow it to be sent" },
	{ 30003, "WeChat judged it a reprint" },
	{ 40001, "the account's administrator refused it in WeChat" },
	{ 40002, "the account's administrator did not confirm it in WeChat within 30 minutes" },
};

/* "send fail" or "err(20001)". What says neither says nothing: it may be out. */
static bool is_mass_refusal(struct str status, int64_t *ret_code)
{
	*ret_code = 0;
	return str_is(status, "send fail") || str_is(status, "sendfail") ||
	       (str_starts(status, STR("err(")) && str_ends(status, STR(")")) &&
		       str_to_i64(str_trim(str_sub(status, 4, status.n - 5)), 1, INT64_MAX, ret_code));
}

static void explain_mass(struct str status, int64_t code, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (refusals[i].code == code) {
			(void)buf_printf(out, "%s (%" PRId64 ")", refusals[i].text, code);
			return;
		}
	}
	(void)buf_printf(out, "WeChat did not send it: " STR_FMT, STR_ARG(text_cut_bytes(status, 200)));
}

static char *steal_note(struct buf *note)
{
	char *text = note->n > 0 ? buf_steal(note) : NULL;

	buf_finish(note);
	return text;
}

static void read_mass(const struct reading *reading, struct push_event *event)
{
	struct str status = get(reading, "Status");
	int64_t failed;
	int64_t code;
	struct buf note;

	buf_init(&note, NOTE_BYTES);
	event->kind = PUSH_JOB;
	event->found = FOUND_PENDING; /* of a state we do not know: it is looked for */
	event->job_id = dup_id(get(reading, "MsgID"));
	if (str_is(status, "send success") || str_is(status, "sendsuccess")) {
		event->found = FOUND_YES;
		event->remote_id = xstrdup(event->job_id);
		event->url = dup_url(get(reading, "ArticleUrlResult/ResultList/item/ArticleUrl"));
		if (str_to_i64(get(reading, "ErrorCount"), 1, INT64_MAX, &failed)) {
			(void)buf_printf(&note,
				"sent to " STR_FMT " of " STR_FMT " followers; WeChat failed for %" PRId64,
				STR_ARG(get(reading, "SentCount")), STR_ARG(get(reading, "TotalCount")), failed);
		}
	} else if (is_mass_refusal(status, &code)) {
		event->found = FOUND_REFUSED;
		explain_mass(status, code, &note);
	}
	event->text = steal_note(&note);
}

/* ": articles 1, 2" */
static void add_failed(const struct reading *reading, struct buf *note)
{
	const struct xml *failed = xml_get(reading->xml, "PublishEventInfo/fail_idx");

	for (const char *before = ": article "; failed; failed = xml_next_same(failed), before = ", ") {
		(void)buf_printf(note, "%s" STR_FMT, before, STR_ARG(text_cut_bytes(str_trim(xml_text(failed)), 8)));
	}
}

/* A publication that was out already is gone. */
static void alert_gone(const struct reading *reading, struct push_event *event, const char *what)
{
	char *url = dup_url(get(reading, "PublishEventInfo/article_detail/item/article_url"));
	struct buf note;

	buf_init(&note, NOTE_BYTES);
	event->kind = PUSH_ALERT;
	(void)buf_printf(&note, "a published article %s: %s (job %s)", what, url ? url : "address not told",
		event->job_id ? event->job_id : "?");
	free(url);
	free(event->job_id);
	event->job_id = NULL;
	event->text = steal_note(&note);
}

static void read_publish(const struct reading *reading, struct push_event *event)
{
	static const char *const refused[] = { [2] = "WeChat's originality check refused it",
		[3] = "WeChat failed to publish it",
		[4] = "WeChat's review refused it" };
	int64_t status;
	struct buf note;

	event->kind = PUSH_JOB;
	event->found = FOUND_PENDING;
	event->job_id = dup_id(get(reading, "PublishEventInfo/publish_id"));
	if (!str_to_i64(get(reading, "PublishEventInfo/publish_status"), 0, 6, &status)) {
		status = 1; /* a state we do not know: it is looked for */
	}
	switch (status) {
	case 0:
		event->found = FOUND_YES;
		event->remote_id = dup_id(get(reading, "PublishEventInfo/article_id"));
		event->url = dup_url(get(reading, "PublishEventInfo/article_detail/item/article_url"));
		break;
	case 2:
	case 3:
	case 4:
		event->found = FOUND_REFUSED;
		buf_init(&note, NOTE_BYTES);
		(void)buf_add_text(&note, refused[status]);
		add_failed(reading, &note);
		event->text = steal_note(&note);
		break;
	case 5:
		alert_gone(reading, event, "was deleted on the website");
		break;
	case 6:
		alert_gone(reading, event, "was taken down by WeChat");
		break;
	default: /* 1: it runs */
		break;
	}
}

/* ---- events: the account ---- */

static void add_date(struct buf *out, const char *before, struct str seconds)
{
	int64_t at = read_seconds(seconds, 0);

	if (at) {
		(void)buf_add_text(out, before);
		(void)when_format_rfc3339(out, at);
	}
}

static const struct {
	const char *name;
	const char *text;
} alerts[] = {
	{ "qualification_verify_success", "WeChat has verified the organisation's papers" },
	{ "qualification_verify_fail", "WeChat did not verify the organisation's papers" },
	{ "naming_verify_success", "WeChat has verified the account's name" },
	{ "naming_verify_fail", "WeChat did not verify the account's name" },
	{ "annual_renew",
		"the account's verification must be renewed: without it nothing can be published by program" },
	{ "verify_expired", "the account's verification has expired: nothing can be published by program until it is "
			    "renewed" },
	{ "user_authorization_revoke", "a citizen has taken back a permission concerning personal data; what it covers "
				       "must be deleted" },
};

static const char *alert_text(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
		if (str_is(name, alerts[i].name)) {
			return alerts[i].text;
		}
	}
	return NULL;
}

static void read_alert(const struct reading *reading, struct push_event *event, const char *what)
{
	struct str reason = get(reading, "FailReason");
	struct str revoked = get(reading, "RevokeInfo");
	struct buf note;

	buf_init(&note, NOTE_BYTES);
	event->kind = PUSH_ALERT;
	(void)buf_add_text(&note, what);
	add_date(&note, "; valid until ", get(reading, "ExpiredTime"));
	add_date(&note, "; refused at ", get(reading, "FailTime"));
	if (reason.n > 0) {
		(void)buf_printf(&note, ": " STR_FMT, STR_ARG(text_cut_bytes(reason, 200)));
	}
	if (revoked.n > 0) {
		(void)buf_printf(&note, " (code " STR_FMT ")", STR_ARG(text_cut_bytes(revoked, 64)));
	}
	event->text = steal_note(&note);
}

/* ---- events: citizens ---- */

static void opens_window(struct push_event *event)
{
	event->window_ms = EVENT_WINDOW_MS;
	event->window_replies = EVENT_REPLIES;
}

static const struct {
	const char *name;
	enum push_event_kind kind;
	bool window;
} by_citizens[] = {
	{ "subscribe", PUSH_FOLLOW, true },
	{ "unsubscribe", PUSH_UNFOLLOW, false },
	{ "user_authorization_cancellation", PUSH_UNFOLLOW, false }, /* he has closed his account with WeChat */
	{ "SCAN", PUSH_SCAN, true },
	{ "CLICK", PUSH_MENU, true },
	{ "scancode_push", PUSH_MENU, true },
	{ "scancode_waitmsg", PUSH_MENU, true },
	{ "VIEW", PUSH_MENU, false },
	{ "view_miniprogram", PUSH_MENU, false },
	{ "pic_sysphoto", PUSH_MENU, false },
	{ "pic_photo_or_album", PUSH_MENU, false },
	{ "pic_weixin", PUSH_MENU, false },
	{ "location_select", PUSH_MENU, false },
};

/* A QR code that is scanned by somebody who does not follow yet. */
static struct str scene_of(struct str key)
{
	return str_starts(key, STR("qrscene_")) ? str_sub(key, 8, key.n) : key;
}

static bool read_by_citizen(const struct reading *reading, struct str name, struct push_event *event)
{
	struct str of = get(reading, "OpenID");
	size_t i = 0;

	while (i < ARRAY_LEN(by_citizens) && !str_is(name, by_citizens[i].name)) {
		i++;
	}
	if (i == ARRAY_LEN(by_citizens)) {
		return false;
	}
	event->author_id = of.n > 0 ? dup_id(of) : xstrdup(reading->from);
	if (!wechat_is_openid(event->author_id)) {
		free(event->author_id);
		event->author_id = NULL;
		return false;
	}
	event->kind = by_citizens[i].kind;
	event->key = dup_text(text_cut_bytes(scene_of(get(reading, "EventKey")), NOTE_BYTES));
	if (by_citizens[i].window) {
		opens_window(event);
	}
	return true;
}

static bool same_name(struct str name, const char *wanted)
{
	return name.n == strlen(wanted) && strncasecmp(name.p, wanted, name.n) == 0;
}

static char *event_key(const struct reading *reading, struct str name, const struct push_event *event)
{
	static const char *const parts[] = { "FromUserName", "CreateTime", "EventKey", "MsgId", "MsgID", "Status",
		"PublishEventInfo/publish_id", "PublishEventInfo/publish_status" };
	struct digest *digest = digest_new();
	char hex[65];

	digest_add_field(digest, name);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		digest_add_field(digest, get(reading, parts[i]));
	}
	if (event->kind == PUSH_OTHER) {
		digest_add_field(digest, str_from(event->text));
	}
	digest_end(digest, hex);
	return xstrdup(hex);
}

/* name: of the event, or of what is kept as one. */
static void read_other(const struct reading *reading, struct str name, struct push_event *event)
{
	event->kind = PUSH_OTHER;
	event->key = dup_text(text_cut_bytes(name, 64));
	event->text = flat_text(reading->xml);
}

static void read_event(struct reading *reading, struct str name)
{
	const char *alert = alert_text(name);
	struct push_event *event;

	if (str_is(name, "LOCATION")) {
		return;
	}
	event = push_result_add_event(reading->ret);
	event->at = reading->at;
	if (same_name(name, "MASSSENDJOBFINISH")) {
		read_mass(reading, event);
	} else if (same_name(name, "PUBLISHJOBFINISH")) {
		read_publish(reading, event);
	} else if (alert) {
		read_alert(reading, event, alert);
	} else if (!read_by_citizen(reading, name, event)) {
		read_other(reading, name, event);
	}
	event->dedupe = event_key(reading, name, event);
}

void wechat_push_read(const struct xml *xml, int64_t now_at, struct push_result *ret)
{
	struct reading reading = { .xml = xml, .now_at = now_at, .ret = ret };
	struct str type = get(&reading, "MsgType");

	reading.at = read_seconds(get(&reading, "CreateTime"), now_at);
	reading.from = dup_text(get(&reading, "FromUserName"));
	if (!wechat_is_openid(reading.from) || strcmp(reading.from, "mphelper") == 0) {
		free(reading.from);
		reading.from = NULL;
	}
	ret->to = xstrdup(reading.from);
	ret->from = dup_text(get(&reading, "ToUserName"));
	if (str_is(type, "event")) {
		read_event(&reading, get(&reading, "Event"));
	} else if (reading.from) {
		read_message(&reading, type);
	} else {
		struct push_event *event = push_result_add_event(ret);

		event->at = reading.at;
		read_other(&reading, type, event);
		event->dedupe = event_key(&reading, type, event);
	}
	free(reading.from);
}
