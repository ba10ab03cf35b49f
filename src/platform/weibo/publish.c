/*
 * Writes: a post or a comment as a request, and what the answer says became of it. One request per send, in every tier:
 *
 *   share     text, or text and one picture    /2/statuses/share.json
 *   advanced  text (long: is_longtext)         /2/statuses/update.json
 *             text and one picture             /2/statuses/upload.json on the upload host
 *   reply     to a comment                     /2/comments/reply.json
 *             to a post that names us          /2/comments/create.json
 *
 * Weibo knows no key that would make a repeated write harmless; the advanced tier echoes `annotations`, which find.c
 * looks for.
 *
 * Nothing is taken back: statuses/destroy is of the commercial tier. A person deletes it in Weibo.
 *
 * source  wiki "2/statuses/share", "update", "upload", "upload_url_text", "2/comments/create",
 * "C/2/comments/reply/biz"; samples tests/fixtures/weibo/{share,share_with_pic,update,comments_reply}.json
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"

#define TIMEOUT_PICTURE_MS 60000
#define URL_BYTES          (8u << 10)

static bool bad_send(struct error *err, const char *what)
{
	return error_set(err, ERROR_PLATFORM, ADVISE_REJECT, 0, "Weibo: %s", what);
}

static void add_marker(struct buf *out, const struct driver_send *send)
{
	if (!send->marker || !send->marker[0]) {
		return;
	}
	(void)buf_add_text(out, "[{\"k\":\"");
	for (const char *p = send->marker; *p; p++) {
		if (*p > ' ' && *p < 0x7f && *p != '"' && *p != '\\') {
			(void)buf_add_char(out, *p);
		}
	}
	(void)buf_add_text(out, "\"}]");
}

static void post_text(struct driver_op *op, struct http_request *ret_request)
{
	const struct weibo_settings *settings = weibo_settings_of(op);
	const struct driver_send *send = op->send;
	struct buf form;

	weibo_form_init(op, &form);
	if (settings->tier == WEIBO_TIER_ADVANCED) {
		struct buf marker;

		buf_init(&marker, WEIBO_ANNOTATIONS_BYTES);
		add_marker(&marker, send);
		if (marker.n > 0 && !marker.failed) {
			(void)form_add(&form, "annotations", buf_str(&marker));
		}
		buf_finish(&marker);
		if (weibo_length(send->text, false) > WEIBO_TEXT_UNITS) {
			(void)form_add(&form, "is_longtext", STR("1"));
		}
	}
	(void)form_add(&form, "rip", str_from(settings->rip));
	(void)form_add(&form, "status", send->text);
	weibo_post(op, settings->tier == WEIBO_TIER_ADVANCED ? "/2/statuses/update.json" : "/2/statuses/share.json",
		&form, ret_request);
}

/* The editor's file name, without what could break a header, and with the ending that fits the bytes. */
static void picture_name(const char *name, const char *type, char *ret_name, size_t size)
{
	size_t n = 0;

	for (const char *p = name ? name : ""; *p && *p != '.' && n < 40; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' ||
			*p == '_') {
			ret_name[n++] = *p;
		}
	}
	ret_name[n] = '\0';
	(void)snprintf(ret_name + n, size - n, "%s.%s", n > 0 ? "" : "picture",
		!strcmp(type, "image/jpeg")  ? "jpg"
		: !strcmp(type, "image/png") ? "png"
					     : "gif");
}

static const char *upload_host(const struct driver_op *op)
{
	const struct weibo_settings *settings = weibo_settings_of(op);

	if (settings->upload_url) {
		return settings->upload_url;
	}
	return !strcmp(op->account->base_url, WEIBO_BASE_URL) ? WEIBO_UPLOAD_URL : op->account->base_url;
}

static bool post_picture(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct weibo_settings *settings = weibo_settings_of(op);
	bool advanced = settings->tier == WEIBO_TIER_ADVANCED;
	const struct post_media *picture = &op->send->media[0];
	const char *type = picture->data ? weibo_picture_type((struct str){ picture->data, picture->n }) : NULL;
	struct buf url;
	char name[64];

	if (op->send->n_media > 1) {
		return bad_send(err, "one picture per post");
	}
	if (!type || picture->n >= WEIBO_PICTURE_BYTES) {
		return bad_send(err, "the picture is no JPEG, GIF or PNG of less than 5 MB");
	}
	buf_init(&url, URL_BYTES);
	(void)buf_printf(&url, "%s%s", advanced ? upload_host(op) : op->account->base_url,
		advanced ? "/2/statuses/upload.json" : "/2/statuses/share.json");
	picture_name(picture->name, type, name, sizeof(name));
	http_request_init(ret_request, HTTP_POST, url.p);
	buf_finish(&url);
	http_request_add_part(ret_request, "access_token", NULL, NULL, secret_lend(op->account->token));
	http_request_add_part(ret_request, "status", NULL, NULL, op->send->text);
	http_request_add_part(ret_request, "rip", NULL, NULL, str_from(settings->rip));
	if (advanced) {
		struct buf marker;

		buf_init(&marker, WEIBO_ANNOTATIONS_BYTES);
		add_marker(&marker, op->send);
		if (marker.n > 0 && !marker.failed) {
			http_request_add_part(ret_request, "annotations", NULL, NULL, buf_str(&marker));
		}
		buf_finish(&marker);
	}
	http_request_add_part(ret_request, "pic", name, type, (struct str){ picture->data, picture->n });
	ret_request->timeout_ms = TIMEOUT_PICTURE_MS;
	return true;
}

static bool post_comment(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct driver_send *send = op->send;
	struct str target = str_from(send->reply_to_id);
	struct str status = str_from(send->reply_status_id);
	bool threaded = send->reply_to_kind == MESSAGE_COMMENT;
	struct buf form;
	int64_t id;

	if (send->n_media > 0) {
		return bad_send(err, "a comment carries no picture");
	}
	if (send->reply_to_kind == MESSAGE_DIRECT) {
		return bad_send(err, "private messages cannot be answered here");
	}
	if (!threaded && status.n == 0) {
		status = target; /* a mention is the status itself */
	}
	if (!weibo_id_parse(target, &id) || !weibo_id_parse(status, &id)) {
		return bad_send(err, "the message answered has no usable id");
	}
	weibo_form_init(op, &form);
	if (threaded) {
		(void)form_add(&form, "cid", target);
	}
	(void)form_add(&form, "comment", send->text);
	(void)form_add(&form, "id", status);
	(void)form_add(&form, "rip", str_from(weibo_settings_of(op)->rip));
	weibo_post(op, threaded ? "/2/comments/reply.json" : "/2/comments/create.json", &form, ret_request);
	return true;
}

bool weibo_send_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct driver_send *send = op->send;
	bool ok = true;

	if (send->text.n == 0 || send->text.n > LIMIT_POST_BYTES) {
		return bad_send(err, "the text is empty or far too long");
	}
	if (send->kind == SEND_REPLY) {
		ok = post_comment(op, ret_request, err);
	} else if (send->n_media > 0) {
		ok = post_picture(op, ret_request, err);
	} else {
		post_text(op, ret_request);
	}
	if (ok) {
		ret_request->writes = true;
	}
	return ok;
}

static void posted(struct driver_op *op, const cJSON *json, int64_t id, struct outcome *outcome)
{
	const cJSON *user = json_get(json, "user");
	const char *uid = weibo_settings_of(op)->uid;
	int64_t author;
	int64_t own;

	outcome->url = weibo_format_url(uid, id);
	if (weibo_id_of(user, &author) && weibo_id_parse(str_from(uid), &own) && author != own) {
		char note[128];

		(void)snprintf(note, sizeof(note),
			"published by Weibo account %" PRId64 ", not by the configured %" PRId64, author, own);
		outcome->note = xstrdup(note);
		free(outcome->url);
		(void)snprintf(note, sizeof(note), "%" PRId64, author);
		outcome->url = weibo_format_url(note, id);
	}
}

/*
 * source  wiki of interface version 1: a wrong cid with a right status id degraded to a plain
 * comment; the answer then lacks reply_comment
 */
static void commented(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	const cJSON *status = json_get(json, "status");
	int64_t status_id;
	int64_t author;
	int64_t parent;
	int64_t wanted;

	if (weibo_id_of(status, &status_id) && weibo_id_of(json_get(status, "user"), &author)) {
		char *uid = weibo_format_id(author);

		outcome->url = weibo_format_url(uid, status_id);
		free(uid);
	}
	if (op->send->reply_to_kind == MESSAGE_COMMENT && weibo_id_parse(str_from(op->send->reply_to_id), &wanted) &&
		(!weibo_id_of(json_get(json, "reply_comment"), &parent) || parent != wanted)) {
		outcome->note = xstrdup("posted, but not threaded: it stands under the post, not under the comment");
	}
}

bool weibo_may_withdraw(const struct driver_send *published unused_arg, struct error *err)
{
	return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
		"what is on Weibo is not taken back by program: delete it in Weibo, and publish the correction as a "
		"new post");
}

void weibo_send_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	int64_t id;

	if (!weibo_id_of(json, &id)) {
		weibo_unreadable(op, outcome, "the answer names no id");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->remote_id = weibo_format_id(id);
	if (op->send->kind == SEND_REPLY) {
		commented(op, json, outcome);
	} else {
		posted(op, json, id, outcome);
	}
}
