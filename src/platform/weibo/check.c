/*
 * Does a text fit Weibo? Findings before anything is scheduled, offline, with the rules as far as they are known. What
 * only Weibo can know (duplicates, forbidden words) is not tried here.
 *
 * source  wiki "2/statuses/share" (safe domain, topics), "2/statuses/upload" (pictures), "2/comments/create"; the blank
 * behind a link as a public Java client found it (qqxadyy/weibo-openapi-4java); length: text.c
 */
#include <inttypes.h>
#include <string.h>

#include "platform/weibo/weibo.h"
#include "text/utf8.h"

struct place {
	int line;
	int column;
};

static struct place place_of(struct str text, size_t offset)
{
	struct place place = { 1, 1 };
	struct str rest = str_sub(text, 0, offset);
	uint32_t c;

	while (utf8_next(&rest, &c)) {
		place.column++;
		if (c == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

const char *weibo_picture_type(struct str bytes)
{
	if (str_starts(bytes, STR("\xff\xd8\xff"))) {
		return "image/jpeg";
	}
	if (str_starts(bytes, STR("\x89PNG\r\n\x1a\n"))) {
		return "image/png";
	}
	return str_starts(bytes, STR("GIF87a")) || str_starts(bytes, STR("GIF89a")) ? "image/gif" : NULL;
}

/* A long text is counted by the stricter of the two readings of "2000 characters" (source unverified which holds). */
static int64_t long_units(struct str text)
{
	int64_t weighted = weibo_length(text, true);
	int64_t chars = (int64_t)text_chars(text);

	return weighted > chars ? weighted : chars;
}

/* A picture does not go with a long text. */
static bool may_be_long(const struct driver_account *account, const struct driver_send *send)
{
	const struct weibo_settings *settings = account->settings;

	return send->kind == SEND_PUBLISH && settings->tier == WEIBO_TIER_ADVANCED && send->n_media == 0;
}

void weibo_measure(
	const struct driver_account *account, const struct driver_send *send, int64_t *ret_units, int64_t *ret_limit)
{
	if (may_be_long(account, send)) {
		*ret_units = long_units(send->text);
		*ret_limit = WEIBO_LONG_UNITS;
	} else {
		*ret_units = weibo_length(send->text, false);
		*ret_limit = send->kind == SEND_REPLY ? WEIBO_COMMENT_UNITS : WEIBO_TEXT_UNITS;
	}
}

static void check_length(
	const struct driver_account *account, const struct driver_send *send, struct finding_list *findings)
{
	bool reply = send->kind == SEND_REPLY;
	int64_t units = weibo_length(send->text, false);
	int64_t strict = weibo_length(send->text, true);
	int64_t limit = reply ? WEIBO_COMMENT_UNITS : WEIBO_TEXT_UNITS;

	if (may_be_long(account, send)) {
		if (long_units(send->text) > WEIBO_LONG_UNITS) {
			finding_add(findings, FINDING_BLOCK, "weibo.length", account->name, 0, 0,
				"%" PRId64 " characters; a long post holds %d", long_units(send->text),
				WEIBO_LONG_UNITS);
		} else if (units > limit) {
			finding_add(findings, FINDING_NOTE, "weibo.length", account->name, 0, 0,
				"%" PRId64 " of %" PRId64 " characters: it will be published as a long post", units,
				limit);
		}
		return;
	}
	if (units > limit) {
		finding_add(findings, FINDING_BLOCK, "weibo.length", account->name, 0, 0,
			"%" PRId64 " characters; %s holds %" PRId64
			" (two letters or digits count as one, a link as ten)",
			units, reply ? "a comment" : "a post", limit);
	} else if (strict > limit) {
		finding_add(findings, FINDING_WARN, "weibo.length", account->name, 0, 0,
			"%" PRId64 " of %" PRId64 " characters, but %" PRId64
			" if Weibo does not shorten https links before it counts",
			units, limit, strict);
	} else if (units > WEIBO_TEXT_WARN_UNITS) {
		finding_add(findings, FINDING_WARN, "weibo.length", account->name, 0, 0,
			"%" PRId64 " of %" PRId64 " characters: near the limit, which Weibo counts in a way of its own",
			units, limit);
	}
}

/* The server tests for "http(s)://<domain>" as plain text; we want the host to end there as well. */
static bool is_safe(const struct weibo_link *link, const char *domain)
{
	struct str wanted = str_from(domain);

	if (link->host.n != wanted.n) {
		return false;
	}
	for (size_t i = 0; i < wanted.n; i++) {
		char a = link->host.p[i];
		char b = wanted.p[i];

		if ((a >= 'A' && a <= 'Z' ? a + 32 : a) != (b >= 'A' && b <= 'Z' ? b + 32 : b)) {
			return false;
		}
	}
	return true;
}

static bool ends_well(struct str text, size_t at)
{
	return at >= text.n || text.p[at] == ' ' || text.p[at] == '\n' || text.p[at] == '\r' || text.p[at] == '\t';
}

static void check_links(
	const struct driver_account *account, const struct driver_send *send, struct finding_list *findings)
{
	const struct weibo_settings *settings = account->settings;
	bool share = send->kind == SEND_PUBLISH && settings->tier == WEIBO_TIER_SHARE && settings->safe_domain;
	struct weibo_link link;
	bool safe = false;

	for (size_t at = 0; weibo_link_next(send->text, at, &link); at = link.from + link.url.n) {
		struct place place = place_of(send->text, link.from);

		if (share && is_safe(&link, settings->safe_domain)) {
			safe = true;
		} else if (share) {
			finding_add(findings, FINDING_WARN, "weibo.safe-domain", account->name, place.line,
				place.column, "this link is not under the app's safe domain %s", settings->safe_domain);
		}
		if (!ends_well(send->text, link.from + link.url.n)) {
			finding_add(findings, FINDING_WARN, "weibo.link-space", account->name, place.line, place.column,
				"put a blank behind the link, or what follows may become part of it");
		}
	}
	if (share && !safe) {
		finding_add(findings, FINDING_BLOCK, "weibo.safe-domain", account->name, 0, 0,
			"the text needs a link that begins with https://%s", settings->safe_domain);
	}
}

/* Offset of the next # that is not in a link, at or behind `from`; text.n when there is none. */
static size_t next_hash(struct str text, size_t from)
{
	struct weibo_link link;
	bool linked = weibo_link_next(text, from, &link);

	for (size_t at = from; at < text.n; at++) {
		if (linked && at == link.from) {
			at = link.from + link.url.n;
			linked = weibo_link_next(text, at, &link);
			if (at >= text.n) {
				break;
			}
		}
		if (text.p[at] == '#') {
			return at;
		}
	}
	return text.n;
}

static void check_topic(
	const struct driver_account *account, const struct driver_send *send, struct finding_list *findings)
{
	const struct weibo_settings *settings = account->settings;
	size_t open = next_hash(send->text, 0);
	size_t close;

	if (send->kind != SEND_PUBLISH || settings->tier != WEIBO_TIER_SHARE) {
		return;
	}
	for (; open < send->text.n; open = close) {
		close = next_hash(send->text, open + 1);
		if (close < send->text.n && close > open + 1) {
			struct place place = place_of(send->text, open);

			finding_add(findings, FINDING_BLOCK, "weibo.topic", account->name, place.line, place.column,
				"statuses/share takes no #topic#");
			return;
		}
	}
}

static void check_pictures(
	const struct driver_account *account, const struct driver_send *send, struct finding_list *findings)
{
	if (send->n_media > 0 && send->kind == SEND_REPLY) {
		finding_add(
			findings, FINDING_BLOCK, "weibo.picture", account->name, 0, 0, "a comment carries no picture");
		return;
	}
	if (send->n_media > 1) {
		finding_add(findings, FINDING_BLOCK, "weibo.picture", account->name, 0, 0,
			"%zu pictures; a post carries one", send->n_media);
	}
	for (size_t i = 0; i < send->n_media; i++) {
		const struct post_media *media = &send->media[i];
		const char *name = media->name ? media->name : "picture";
		const char *type = media->type;
		bool known;

		if (media->data) {
			type = weibo_picture_type((struct str){ media->data, media->n });
		}
		known = type &&
			(!strcmp(type, "image/jpeg") || !strcmp(type, "image/png") || !strcmp(type, "image/gif"));
		if (!known) {
			finding_add(findings, FINDING_BLOCK, "weibo.picture", account->name, 0, 0,
				"%s: no JPEG, GIF or PNG by its first bytes", name);
		}
		if (media->n >= WEIBO_PICTURE_BYTES) {
			finding_add(findings, FINDING_BLOCK, "weibo.picture", account->name, 0, 0,
				"%s: %zu bytes; a picture must be smaller than 5 MB", name, media->n);
		}
		if (!media->alt || !media->alt[0]) {
			finding_add(findings, FINDING_WARN, "weibo.picture", account->name, 0, 0,
				"%s: no text for those who cannot see it", name);
		}
	}
}

void weibo_check(const struct driver_account *account, const struct driver_send *send, struct finding_list *findings)
{
	struct weibo_link link;
	struct buf left;
	bool empty;

	if (send->kind == SEND_REPLY && send->reply_to_kind == MESSAGE_DIRECT) {
		finding_add(findings, FINDING_BLOCK, "weibo.direct", account->name, 0, 0,
			"private messages are answered in Weibo's own message centre; write down here what was said, "
			"and "
			"close the ticket");
		return;
	}
	buf_init(&left, send->text.n + 1);
	weibo_fingerprint(&left, send->text);
	empty = left.n == 0 && !weibo_link_next(send->text, 0, &link);
	buf_finish(&left);
	if (empty) {
		finding_add(findings, FINDING_BLOCK, "weibo.empty", account->name, 0, 0, "the text is empty");
	}
	check_length(account, send, findings);
	check_links(account, send, findings);
	check_topic(account, send, findings);
	check_pictures(account, send, findings);
}
