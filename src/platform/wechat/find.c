/*
 * What became of a send whose answer never came, and of the jobs that WeChat took. Nothing here sends.
 *
 *   a job we know          freepublish/get or mass/get, at times that spare the day's 100 calls
 *   a publication          draft/get: still there, it is not published; gone, then it is in freepublish/batchget
 *   a broadcast            nobody can look for it; but the same clientmsgid again is safe for 24 hours (broadcast.c),
 *                          so sending it again finds out
 *   a customer message     no way to know: a person decides
 *   a comment's reply      comment/list shows it
 *   a withdrawal           freepublish/getarticle or mass/get
 *
 * A draft that is still there proves nothing while WeChat may be working on it: of a publication whose number we were
 * told, WeChat itself says how it goes, and it is never handed in again before that says that it failed. Where the
 * answer with the number was lost, the draft is believed after job_max; how long that may take is not documented
 * (source unverified), so by default a person is asked long before. A draft that is gone and an article that is not in
 * the list contradict each other: a person decides.
 *
 * source  pages freepublish/get, freepublish/batchget, freepublish/getarticle, draft/get, message/mass/get,
 *         comment/list, read 2026; samples tests/fixtures/wechat/{freepublish_get,freepublish_batchget,mass_get}.json
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define CLOCK_GRACE_MS (10 * MINUTE_MS)
#define SAME_ID_MS     (23 * HOUR_MS)   /* of the 24 that WeChat knows a clientmsgid */
#define ADMIN_MS       (35 * MINUTE_MS) /* silence of 30 minutes is a refusal */
#define COMMENTS_COUNT 49
#define COMMENTS_STEP  44 /* pages overlap: the list may shift between two */
#define COMMENT_PAGES  5u
#define LIST_COUNT     20

/* Steps of a find: which question was asked. */
enum find_step {
	FIND_NOTHING,
	FIND_JOB,
	FIND_MASS,
	FIND_DRAFT,
	FIND_LIST,
	FIND_COMMENT,
	FIND_ARTICLE,
};

/* By default after 30 seconds, 2 and 10 minutes, 1 and 6 hours. */
int64_t wechat_look_after_ms(const struct driver_op *op, int looks)
{
	static const int64_t plan[] = { 1, 4, 20, 120, 720 };
	size_t last = ARRAY_LEN(plan) - 1;

	return plan[looks < 0 ? 0 : (size_t)looks > last ? last : (size_t)looks] * wechat_settings_of(op)->job_after_ms;
}

/* ---- requests ---- */

static bool ask(struct driver_op *op, enum find_step step, const char *path, cJSON *body,
	struct http_request *ret_request, struct error *err)
{
	op->step = step;
	return wechat_post(op, path, body, ret_request, err);
}

static bool ask_text(struct driver_op *op, enum find_step step, const char *path, const char *key, const char *value,
	struct http_request *ret_request, struct error *err)
{
	cJSON *body = json_object();

	json_add_text(body, key, value);
	return ask(op, step, path, body, ret_request, err);
}

static bool ask_nothing(struct driver_op *op, struct http_request *ret_request)
{
	op->step = FIND_NOTHING;
	*ret_request = (struct http_request){ 0 };
	return true;
}

static bool publication_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	cleanup(json_freep) cJSON *progress = wechat_progress(op);
	const char *draft = json_text(progress, "draft", NULL);
	cJSON *body;

	if (op->send->job_id && op->send->job_id[0]) {
		return wechat_broadcasts(op->send) ? ask_text(op, FIND_MASS, "/cgi-bin/message/mass/get", "msg_id",
							     op->send->job_id, ret_request, err)
						   : ask_text(op, FIND_JOB, "/cgi-bin/freepublish/get", "publish_id",
							     op->send->job_id, ret_request, err);
	}
	if (wechat_untouched(op->send) || wechat_broadcasts(op->send) || !draft) {
		return ask_nothing(op, ret_request);
	}
	if (op->step != FIND_LIST) {
		return ask_text(op, FIND_DRAFT, "/cgi-bin/draft/get", "media_id", draft, ret_request, err);
	}
	body = json_object();
	json_add_i64(body, "offset", 0);
	json_add_i64(body, "count", LIST_COUNT);
	json_add_i64(body, "no_content", 0);
	return ask(op, FIND_LIST, "/cgi-bin/freepublish/batchget", body, ret_request, err);
}

static bool comment_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	struct wechat_comment_id id;
	cJSON *body;

	if (op->send->reply_to_kind != MESSAGE_COMMENT || !wechat_comment_parse(op->send->reply_to_id, &id)) {
		return ask_nothing(op, ret_request);
	}
	body = json_object();
	wechat_add_digits(body, "msg_data_id", id.data_id);
	wechat_add_digits(body, "index", id.index);
	json_add_i64(body, "begin", (int64_t)op->pages * COMMENTS_STEP);
	json_add_i64(body, "count", COMMENTS_COUNT);
	json_add_i64(body, "type", 0);
	return ask(op, FIND_COMMENT, "/cgi-bin/comment/list", body, ret_request, err);
}

bool wechat_find_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct driver_send *send = op->send;
	const char *job = send->target_job && send->target_job[0] ? send->target_job : send->target_id;

	switch (send->kind) {
	case SEND_PUBLISH:
		return publication_request(op, ret_request, err);
	case SEND_REPLY:
		return comment_request(op, ret_request, err);
	case SEND_WITHDRAW:
		if (send->target_broadcast ? !job : !send->target_id) {
			return ask_nothing(op, ret_request);
		}
		return send->target_broadcast
			       ? ask_text(op, FIND_MASS, "/cgi-bin/message/mass/get", "msg_id", job, ret_request, err)
			       : ask_text(op, FIND_ARTICLE, "/cgi-bin/freepublish/getarticle", "article_id",
					 send->target_id, ret_request, err);
	}
	return ask_nothing(op, ret_request);
}

/* ---- answers ---- */

static void found(struct outcome *outcome, enum found how)
{
	outcome->kind = OUTCOME_DONE;
	outcome->found = how;
}

static void refused(struct outcome *outcome, int code, const char *what)
{
	found(outcome, FOUND_REFUSED);
	(void)error_set(&outcome->error, ERROR_PLATFORM, ADVISE_REJECT, code, "WeChat: %s", what);
}

static char *address(const char *url)
{
	return url && !strncmp(url, "http", 4) && strlen(url) <= WECHAT_SOURCE_URL_BYTES ? xstrdup(url) : NULL;
}

/* Nothing could be asked. */
static void without_question(struct driver_op *op, struct outcome *outcome)
{
	const struct driver_send *send = op->send;

	found(outcome, FOUND_NO);
	if (wechat_untouched(op->send)) {
		outcome->untouched = true;
	} else if (send->kind == SEND_PUBLISH && send->pending) {
		int64_t left_ms = ADMIN_MS - (op->now_at - send->last_attempt_at);

		/* It waits for the administrator under a number that we were not told. */
		if (left_ms >= 0) {
			outcome->found = FOUND_UNCLEAR;
			outcome->look_after_ms = left_ms + SECOND_MS;
		}
	} else if (send->kind == SEND_PUBLISH && wechat_broadcasts(send) && op->now_at > 0 &&
		   op->now_at - send->first_attempt_at < SAME_ID_MS) {
		outcome->found = FOUND_BY_SENDING;
	} else {
		outcome->found = FOUND_UNKNOWABLE;
		outcome->note = xstrdup(send->kind != SEND_REPLY
						? "WeChat cannot be asked for it: please look at the account's website"
						: "WeChat cannot be asked for it: please look into the chat with the "
						  "citizen on the website");
	}
}

static void job_answer(struct driver_op *op, const cJSON *json, int code, struct outcome *outcome)
{
	const cJSON *failed = json_get(json, "fail_idx");
	const cJSON *item = cJSON_GetArrayItem(json_get(json_get(json, "article_detail"), "item"), 0);
	char why[120];

	if (code == 40002) {
		found(outcome, FOUND_NO);
		return;
	}
	(void)snprintf(why, sizeof(why), "article %d of it",
		cJSON_GetArraySize(failed) > 0 && cJSON_IsNumber(cJSON_GetArrayItem(failed, 0))
			? cJSON_GetArrayItem(failed, 0)->valueint
			: 1);
	switch (json_i64(json, "publish_status", -1)) {
	case 0:
	case 5:
	case 6:
		found(outcome, FOUND_YES);
		outcome->remote_id = wechat_opaque_id(json, "article_id");
		outcome->url = address(json_text(item, "article_url", NULL));
		if (json_i64(json, "publish_status", 0) != 0) {
			outcome->note = xstrdup(json_i64(json, "publish_status", 0) == 5
							? "published, and deleted by the account since"
							: "published, and banned by WeChat since");
		}
		return;
	case 1:
		found(outcome, FOUND_PENDING);
		outcome->look_after_ms = wechat_look_after_ms(op, op->send->looks + 1);
		return;
	case 2:
		refused(outcome, 2, "the check for original text failed");
		break;
	case 3:
		refused(outcome, 3, "publishing failed; the draft is still there");
		break;
	case 4:
		refused(outcome, 4, "WeChat's review rejected it");
		break;
	default:
		wechat_unreadable(op, outcome, "the answer holds no known publish_status");
		return;
	}
	if (cJSON_GetArraySize(failed) > 0) {
		(void)error_prefix(&outcome->error, "%s", why);
	}
}

static void mass_answer(struct driver_op *op, const cJSON *json, int code, struct outcome *outcome)
{
	struct str status = json_str(json, "msg_status");
	bool withdraws = op->send->kind == SEND_WITHDRAW;

	if (code == 40059) {
		found(outcome, withdraws ? FOUND_UNCLEAR : FOUND_NO);
	} else if (str_is(status, "DELETE")) {
		found(outcome, FOUND_YES);
		outcome->note = withdraws ? NULL : xstrdup("sent, and deleted since");
	} else if (withdraws && (str_is(status, "SEND_SUCCESS") || str_is(status, "SEND_FAIL"))) {
		found(outcome, FOUND_NO);
	} else if (str_is(status, "SEND_SUCCESS")) {
		found(outcome, FOUND_YES);
		outcome->remote_id = xstrdup(op->send->job_id);
	} else if (str_is(status, "SENDING")) {
		found(outcome, withdraws ? FOUND_UNCLEAR : FOUND_PENDING);
		outcome->look_after_ms = wechat_look_after_ms(op, op->send->looks + 1);
	} else if (str_is(status, "SEND_FAIL")) {
		refused(outcome, 0,
			"the broadcast failed; to try again, make a new post: WeChat keeps this one's number");
	} else {
		wechat_unreadable(op, outcome, "the answer holds no known msg_status");
	}
}

static void draft_answer(struct driver_op *op, const cJSON *json, int code, struct outcome *outcome)
{
	int64_t lag_ms = wechat_settings_of(op)->job_max_ms;
	int64_t since_ms = op->now_at - op->send->last_attempt_at;

	if (code == 40007) {
		op->step = FIND_LIST;
		outcome->kind = OUTCOME_NEXT;
	} else if (!cJSON_IsArray(json_get(json, "news_item"))) {
		wechat_unreadable(op, outcome, "the answer holds no draft");
	} else {
		found(outcome, op->now_at > 0 && since_ms >= lag_ms ? FOUND_NO : FOUND_UNCLEAR);
		if (outcome->found == FOUND_UNCLEAR) {
			outcome->look_after_ms = lag_ms - since_ms;
			outcome->note = xstrdup(
				"its draft still stands: WeChat may be working on it, or never have heard "
				"of it; see on the website");
		}
	}
}

static const char *no_picture(void *data unused_arg, const struct post_media *media unused_arg)
{
	return NULL;
}

static void sent_print(const struct driver_op *op, struct buf *print)
{
	struct wechat_theme theme;
	struct error err = { 0 };
	struct buf html;

	if (wechat_form(op->send) == POST_FORM_NEWSPIC || !wechat_theme_load(NULL, &theme, &err)) {
		wechat_fingerprint(print, op->send->text);
		return;
	}
	buf_init(&html, WECHAT_CONTENT_BYTES);
	if (wechat_article_html(&html, op->send, &theme, no_picture, NULL, &err)) {
		wechat_fingerprint(print, buf_str(&html));
	}
	buf_finish(&html);
	wechat_theme_finish(&theme);
}

static bool is_taken(const struct driver_send *send, const char *id)
{
	for (size_t i = 0; i < send->n_taken; i++) {
		if (id && send->taken_ids[i] && !strcmp(send->taken_ids[i], id)) {
			return true;
		}
	}
	return false;
}

/* The thread of an article by its long address: ...&mid=2247503051&idx=1&... */
static char *thread_of(const char *url)
{
	const char *query = url ? strchr(url, '?') : NULL;
	struct buf mid;
	struct buf idx;
	char *thread = NULL;
	int64_t index;

	buf_init(&mid, 64);
	buf_init(&idx, 64);
	if (query && form_get(str_from(query + 1), "mid", &mid) && form_get(str_from(query + 1), "idx", &idx) &&
		str_to_i64(buf_str(&idx), 1, 8, &index)) {
		thread = wechat_thread_format(buf_str(&mid), (unsigned)index - 1);
	}
	buf_finish(&mid);
	buf_finish(&idx);
	return thread;
}

static bool is_same(const struct driver_op *op, const cJSON *article, struct str print, bool *ret_alike)
{
	struct str content = json_str(article, "content");
	struct buf other;
	bool same;

	if (!op->send->title || !str_eq(str_trim(json_str(article, "title")), str_trim(str_from(op->send->title)))) {
		return false;
	}
	buf_init(&other, WECHAT_CONTENT_BYTES);
	wechat_fingerprint(&other, content);
	same = content.n == 0 || str_eq(buf_str(&other), print);
	buf_finish(&other);
	*ret_alike = *ret_alike || !same;
	return same;
}

static void list_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	const cJSON *items = json_get(json, "item");
	bool alike = false;
	const cJSON *item;
	struct buf print;

	if (!cJSON_IsArray(items)) {
		wechat_unreadable(op, outcome, "the answer holds no list");
		return;
	}
	buf_init(&print, WECHAT_CONTENT_BYTES);
	sent_print(op, &print);
	found(outcome, FOUND_UNCLEAR);
	cJSON_ArrayForEach(item, items)
	{
		const cJSON *article = cJSON_GetArrayItem(json_get(json_get(item, "content"), "news_item"), 0);
		int64_t at = json_i64(item, "update_time", 0);
		char *id = wechat_opaque_id(item, "article_id");

		if (at <= INT64_MAX / SECOND_MS && at * SECOND_MS >= op->send->first_attempt_at - CLOCK_GRACE_MS &&
			id && !is_taken(op->send, id) && is_same(op, article, buf_str(&print), &alike)) {
			const char *url = json_text(article, "url", NULL);

			/* Of several the oldest: it is the nearest to the first attempt. The list is newest first. */
			free(outcome->remote_id);
			free(outcome->url);
			free(outcome->thread_id);
			outcome->found = FOUND_YES;
			outcome->remote_id = steal(&id);
			outcome->url = address(url);
			outcome->thread_id = thread_of(url);
		}
		free(id);
	}
	if (outcome->found != FOUND_YES && alike) {
		outcome->note = xstrdup("an article with this title and another text was published meanwhile");
	}
	buf_finish(&print);
}

static void comment_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	const cJSON *list = json_get(json, "comment");
	struct wechat_comment_id id;
	const cJSON *item;

	if (!cJSON_IsArray(list) || !wechat_comment_parse(op->send->reply_to_id, &id)) {
		wechat_unreadable(op, outcome, "the answer holds no list");
		return;
	}
	cJSON_ArrayForEach(item, list)
	{
		const cJSON *reply = json_get(item, "reply");
		char thread[40];
		struct buf digits;
		bool ours;

		buf_init(&digits, 64);
		ours = json_id(item, "user_comment_id", &digits) && str_is(buf_str(&digits), id.comment);
		buf_finish(&digits);
		if (!ours) {
			continue;
		}
		if (!cJSON_IsObject(reply) || json_str(reply, "content").n == 0) {
			found(outcome, FOUND_NO);
		} else if (str_eq(str_trim(json_str(reply, "content")), str_trim(op->send->text))) {
			(void)snprintf(thread, sizeof(thread), "%s/%s", id.data_id, id.index);
			found(outcome, FOUND_YES);
			outcome->remote_id = wechat_comment_format(thread, str_from(id.comment), true);
		} else {
			found(outcome, FOUND_UNCLEAR);
			outcome->note = xstrdup("the comment has another answer");
		}
		return;
	}
	if (cJSON_GetArraySize(list) >= COMMENTS_COUNT && ++op->pages < COMMENT_PAGES) {
		outcome->kind = OUTCOME_NEXT;
	} else {
		found(outcome, FOUND_UNCLEAR);
	}
}

static void article_answer(struct driver_op *op, const cJSON *json, int code, struct outcome *outcome)
{
	const cJSON *articles = json_get(json, "news_item");
	const cJSON *article;
	bool left = false;

	if (code == 53600) {
		found(outcome, FOUND_YES);
		return;
	}
	if (cJSON_GetArraySize(articles) == 0) {
		wechat_unreadable(op, outcome, "the answer holds no article");
		return;
	}
	cJSON_ArrayForEach(article, articles)
	{
		left = left || !json_bool(article, "is_deleted", false);
	}
	found(outcome, left ? FOUND_NO : FOUND_YES);
}

void wechat_find_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	static const int job_own[] = { 40002, 0 };
	static const int mass_own[] = { 40059, 0 };
	static const int draft_own[] = { 40007, 0 };
	static const int article_own[] = { 53600, 0 };
	static const int *const own[] = {
		[FIND_NOTHING] = NULL,
		[FIND_JOB] = job_own,
		[FIND_MASS] = mass_own,
		[FIND_DRAFT] = draft_own,
		[FIND_LIST] = NULL,
		[FIND_COMMENT] = NULL,
		[FIND_ARTICLE] = article_own,
	};
	cleanup(json_freep) cJSON *json = NULL;
	int code = 0;

	if (op->step == FIND_NOTHING) {
		without_question(op, outcome);
		return;
	}
	if (!wechat_answer_json(op, answer, own[op->step], &json, &code, outcome)) {
		return;
	}
	switch ((enum find_step)op->step) {
	case FIND_NOTHING:
		return;
	case FIND_JOB:
		job_answer(op, json, code, outcome);
		return;
	case FIND_MASS:
		mass_answer(op, json, code, outcome);
		return;
	case FIND_DRAFT:
		draft_answer(op, json, code, outcome);
		return;
	case FIND_LIST:
		list_answer(op, json, outcome);
		return;
	case FIND_COMMENT:
		comment_answer(op, json, outcome);
		return;
	case FIND_ARTICLE:
		article_answer(op, json, code, outcome);
		return;
	}
}
