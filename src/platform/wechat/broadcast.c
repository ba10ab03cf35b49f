/*
 * Broadcasts, which notify followers and cost the scarce quota, and taking publications back.
 *
 * The clientmsgid is the send's own and never changes: WeChat keeps it for 24 hours and answers 45065 to the same one
 * with the number of the job that exists. So the refusal says that an earlier attempt landed; only the msg_data_id, by
 * which comments are asked for, is then lost.
 *
 * source  pages message/mass/sendall, message/mass/get, message/mass/delete, freepublish/delete, read 2026; 45065 with
 *         msg_id and without msg_data_id: developers' reports; samples tests/fixtures/wechat/mass_sendall.json
 */
#include <string.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define MASS_MS     (60 * SECOND_MS)
#define ADMIN_PARTS 10 /* a person takes longer than a job: five minutes where a job is asked for after 30 s */

const int wechat_mass_own[] = { 40007, 45065, 89504, 89505, 0 };

static void add_images(struct driver_op *op, const cJSON *progress, cJSON *body)
{
	const struct driver_send *send = op->send;
	cJSON *images = json_object();
	cJSON *ids = json_array();

	for (size_t i = 0; i < send->n_media; i++) {
		const char *id = wechat_uploaded(op, progress, "material", &send->media[i]);

		json_push(ids, cJSON_CreateString(id ? id : ""));
	}
	json_add(images, "media_ids", ids);
	if (str_trim(send->text).n > 0) {
		wechat_add_text(images, "recommend", str_trim(send->text));
	}
	json_add_i64(images, "need_open_comment", 0);
	json_add_i64(images, "only_fans_can_comment", 0);
	json_add(body, "images", images);
	json_add_text(body, "msgtype", "image");
}

bool wechat_mass_request(
	struct driver_op *op, const cJSON *progress, struct http_request *ret_request, struct error *err)
{
	const struct driver_send *send = op->send;
	char client_id[WECHAT_CLIENT_ID_BYTES + 1];
	cJSON *filter = json_object();
	cJSON *body = json_object();
	cJSON *content;

	json_add_bool(filter, "is_to_all", json_get(progress, "tag") == NULL);
	if (json_get(progress, "tag")) {
		json_add_i64(filter, "tag_id", json_i64(progress, "tag", 0));
	}
	json_add(body, "filter", filter);
	switch (wechat_form(send)) {
	case POST_FORM_AUTO:
	case POST_FORM_ARTICLE:
	case POST_FORM_NEWSPIC:
		content = json_object();
		json_add_text(content, "media_id", json_text(progress, "draft", ""));
		json_add(body, "mpnews", content);
		json_add_text(body, "msgtype", "mpnews");
		json_add_i64(body, "send_ignore_reprint", 0);
		break;
	case POST_FORM_TEXT:
		content = json_object();
		wechat_add_text(content, "content", send->text);
		json_add(body, "text", content);
		json_add_text(body, "msgtype", "text");
		break;
	case POST_FORM_IMAGE:
		add_images(op, progress, body);
		break;
	}
	wechat_client_id(send->marker, client_id);
	json_add_text(body, "clientmsgid", client_id);
	if (!wechat_post(op, "/cgi-bin/message/mass/sendall", body, ret_request, err)) {
		return false;
	}
	ret_request->timeout_ms = MASS_MS; /* slow with large audiences */
	return true;
}

void wechat_mass_answer(struct driver_op *op, const cJSON *json, int code, struct outcome *outcome)
{
	char *job = wechat_opaque_id(json, "msg_id");
	char *data_id = wechat_opaque_id(json, "msg_data_id");

	if (job && !strcmp(job, "0")) {
		free(job);
		job = NULL;
	}
	if (code == 40007) {
		free(job);
		free(data_id);
		wechat_refused(op, code, json_text(json, "errmsg", ""), outcome);
		return;
	}
	if (!job && code == 0) {
		free(data_id);
		wechat_unreadable(op, outcome, "the answer names no msg_id");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->found = FOUND_PENDING;
	outcome->job_id = job;
	outcome->thread_id = data_id ? wechat_thread_format(str_from(data_id), 0) : NULL;
	outcome->look_after_ms = wechat_look_after_ms(op, 0);
	if (code == 45065) {
		outcome->note = xstrdup(
			"an earlier attempt had landed; its comments cannot be read, because the answer "
			"that named them was lost");
	} else if (code != 0) {
		outcome->note = xstrdup("the account's administrator has to confirm it in WeChat within 30 minutes");
		outcome->look_after_ms = ADMIN_PARTS * wechat_look_after_ms(op, 0);
	}
	free(data_id);
}

/* ---- taking back ---- */

static const char *job_of(const struct driver_send *send)
{
	return send->target_job && send->target_job[0] ? send->target_job : send->target_id;
}

bool wechat_may_withdraw(const struct driver_send *published, struct error *err)
{
	enum post_form form = wechat_form(published);

	return !wechat_broadcasts(published) || (form != POST_FORM_TEXT && form != POST_FORM_IMAGE) ||
	       error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
		       "of broadcasts WeChat deletes articles only: take it out of the history on the account's "
		       "website, and publish the correction as a new post");
}

bool wechat_withdraw_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct driver_send *send = op->send;
	cJSON *body = json_object();
	int64_t job;

	if (send->target_broadcast) {
		op->step = WECHAT_STEP_MASS_DELETE;
		if (!str_to_i64(str_from(job_of(send)), 1, INT64_MAX, &job)) {
			cJSON_Delete(body);
			return wechat_bad_send(err, "the broadcast has no msg_id: withdraw it on the website");
		}
		wechat_add_digits(body, "msg_id", job_of(send));
		json_add_i64(body, "article_idx", 0);
		return wechat_post(op, "/cgi-bin/message/mass/delete", body, ret_request, err);
	}
	op->step = WECHAT_STEP_DELETE;
	if (!send->target_id || !send->target_id[0]) {
		cJSON_Delete(body);
		return wechat_bad_send(err, "the publication has no article_id: withdraw it on the website");
	}
	json_add_text(body, "article_id", send->target_id);
	return wechat_post(op, "/cgi-bin/freepublish/delete", body, ret_request, err);
}

void wechat_withdraw_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	static const int own[] = { 53600, 0 };
	cleanup(json_freep) cJSON *json = NULL;
	int code = 0;

	if (!wechat_answer_json(op, answer, own, &json, &code, outcome)) {
		return;
	}
	if (!json_get(json, "errcode")) {
		wechat_unreadable(op, outcome, "the answer says nothing");
		return;
	}
	outcome->kind = OUTCOME_DONE;
	if (code == 53600) {
		outcome->note = xstrdup("it was gone already");
	} else if (op->send->target_broadcast) {
		outcome->note = xstrdup("the article is gone; the card stays in the chats of those who got it");
	}
}
