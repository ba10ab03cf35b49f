/*
 * Answers to citizens: a customer message to a private one, a reply to a comment.
 *
 * A customer message has neither an id nor a key that makes it repeatable. When its answer is lost nobody can find out:
 * it is never sent again by us, a person decides. A comment takes one reply: a second is refused (88005), which after
 * our own doubt means that the first is there.
 *
 * source  pages message/custom/send and comment/reply/add, read 2026; samples tests/fixtures/wechat/custom_send.json,
 *         comment_reply_add.json
 */
#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

static bool custom_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct driver_send *send = op->send;
	cJSON *text;
	cJSON *body;

	op->step = WECHAT_STEP_CUSTOM;
	if (!wechat_is_openid(send->reply_author_id)) {
		return wechat_bad_send(err, "the message answered names no follower");
	}
	if (send->text.n > WECHAT_CUSTOM_TEXT_BYTES) {
		return wechat_bad_send(err, "an answer holds 2048 bytes");
	}
	text = json_object();
	body = json_object();
	json_add_text(body, "touser", send->reply_author_id);
	json_add_text(body, "msgtype", "text");
	wechat_add_text(text, "content", send->text);
	json_add(body, "text", text);
	return wechat_post(op, "/cgi-bin/message/custom/send", body, ret_request, err);
}

static bool comment_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	struct wechat_comment_id id;
	cJSON *body;

	op->step = WECHAT_STEP_COMMENT;
	if (!wechat_comment_parse(op->send->reply_to_id, &id)) {
		return wechat_bad_send(err, "the comment answered has no usable id");
	}
	body = json_object();
	wechat_add_digits(body, "msg_data_id", id.data_id);
	wechat_add_digits(body, "index", id.index);
	wechat_add_digits(body, "user_comment_id", id.comment);
	wechat_add_text(body, "content", op->send->text);
	return wechat_post(op, "/cgi-bin/comment/reply/add", body, ret_request, err);
}

bool wechat_reply_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct driver_send *send = op->send;

	if (str_trim(send->text).n == 0 || send->text.n > LIMIT_REPLY_BYTES) {
		return wechat_bad_send(err, "the answer is empty or far too long");
	}
	if (send->n_media > 0) {
		return wechat_bad_send(err, "an answer carries no picture");
	}
	switch (send->reply_to_kind) {
	case MESSAGE_DIRECT:
		return custom_request(op, ret_request, err);
	case MESSAGE_COMMENT:
		return comment_request(op, ret_request, err);
	case MESSAGE_MENTION:
		break;
	}
	return wechat_bad_send(err, "there are no mentions to answer");
}

void wechat_reply_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct wechat_comment_id id;
	char thread[40];
	int code = 0;

	if (wechat_answer_json(op, answer, NULL, &json, &code, outcome) && !json_get(json, "errcode")) {
		wechat_unreadable(op, outcome, "the answer says nothing");
	}
	if (outcome->kind == OUTCOME_ERROR) {
		/* Nothing can be looked up: the person who asks himself whether it arrived need not wait. */
		outcome->look_after_ms = outcome->error.advice == ADVISE_VERIFY && op->step == WECHAT_STEP_CUSTOM;
		return;
	}
	outcome->kind = OUTCOME_DONE;
	if (op->step == WECHAT_STEP_COMMENT && wechat_comment_parse(op->send->reply_to_id, &id)) {
		(void)snprintf(thread, sizeof(thread), "%s/%s", id.data_id, id.index);
		outcome->remote_id = wechat_comment_format(thread, str_from(id.comment), true);
	}
}
