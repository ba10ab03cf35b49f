/*
 * The end of a preview: what is about to be published is shown to one person in WeChat, and to nobody else. That twice
 * is no harm: a lost answer is simply asked for again.
 *
 * source  page message/mass/preview, read 2026: touser (an openid) or towxname (a WeChat ID, a hundred a day); a single
 *         picture where a broadcast takes several. A WeChat ID has 6 to 20 characters (help of WeChat); an openid 28,
 *         source unverified
 */
#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define WECHAT_ID_CHARS 20

bool wechat_preview_request(
	struct driver_op *op, const cJSON *progress, struct http_request *ret_request, struct error *err)
{
	const struct driver_send *send = op->send;
	const char *type = "mpnews";
	cJSON *content = json_object();
	cJSON *body = json_object();

	switch (wechat_form(send)) {
	case POST_FORM_AUTO:
	case POST_FORM_ARTICLE:
	case POST_FORM_NEWSPIC:
		json_add_text(content, "media_id", json_text(progress, "draft", ""));
		break;
	case POST_FORM_TEXT:
		type = "text";
		wechat_add_text(content, "content", send->text);
		break;
	case POST_FORM_IMAGE:
		type = "image";
		json_add_text(content, "media_id", wechat_uploaded(op, progress, "material", &send->media[0]));
		break;
	}
	json_add_text(body, strlen(op->preview_to) > WECHAT_ID_CHARS ? "touser" : "towxname", op->preview_to);
	json_add(body, type, content);
	json_add_text(body, "msgtype", type);
	return wechat_post(op, "/cgi-bin/message/mass/preview", body, ret_request, err);
}

void wechat_preview_answer(struct driver_op *op, struct outcome *outcome)
{
	outcome->kind = OUTCOME_DONE;
	if (wechat_form(op->send) == POST_FORM_IMAGE && op->send->n_media > 1) {
		outcome->note = xstrdup("a preview shows the first picture only");
	}
}
