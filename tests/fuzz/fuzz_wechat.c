/*
 * What WeChat answers: whatever comes, an operation ends, with one outcome that fits it, and what may be visible is
 *never called undone. Parts are answers in turn (the last one again and again); each begins with a line
 *
 *	OPERATION STATUS [PROGRESS]	as in "article 200"; only the first one's operation and progress count
 *
 * Status 0 means that no answer came, 1 that nothing was sent. For the feed of comments PROGRESS is its cursor.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"

#define TOKEN     "70_TokenThatNobodyMaySee"
#define SECRET    "app-secret-of-the-office"
#define NOW_AT    INT64_C(1767574800000) /* Mon Jan 05 09:00:00 +0800 2026 */
#define STEPS_MAX (LIMIT_PULL_PAGES + 2)

static const struct operation {
	const char *name;
	enum driver_op_kind kind;
	enum send_kind send;
	enum post_form form;
	enum post_mode mode;
	enum message_kind reply_to;
	const char *job;
	const char *call;
	const char *params;
	bool withdraws_broadcast;
} operations[] = {
	{ .name = "article", .kind = OP_SEND, .form = POST_FORM_ARTICLE },
	{ .name = "newspic", .kind = OP_SEND, .form = POST_FORM_NEWSPIC },
	{ .name = "broadcast", .kind = OP_SEND, .form = POST_FORM_ARTICLE, .mode = POST_MODE_BROADCAST },
	{ .name = "text", .kind = OP_SEND, .form = POST_FORM_TEXT, .mode = POST_MODE_BROADCAST },
	{ .name = "image", .kind = OP_SEND, .form = POST_FORM_IMAGE, .mode = POST_MODE_BROADCAST },
	{ .name = "comment-reply", .kind = OP_SEND, .send = SEND_REPLY, .reply_to = MESSAGE_COMMENT },
	{ .name = "message-reply", .kind = OP_SEND, .send = SEND_REPLY, .reply_to = MESSAGE_DIRECT },
	{ .name = "withdraw", .kind = OP_SEND, .send = SEND_WITHDRAW },
	{ .name = "withdraw-mass", .kind = OP_SEND, .send = SEND_WITHDRAW, .withdraws_broadcast = true },
	{ .name = "find", .kind = OP_FIND, .form = POST_FORM_ARTICLE },
	{ .name = "find-job", .kind = OP_FIND, .form = POST_FORM_ARTICLE, .job = "2247503051" },
	{ .name = "find-mass", .kind = OP_FIND, .form = POST_FORM_TEXT, .mode = POST_MODE_BROADCAST, .job = "34182" },
	{ .name = "find-comment", .kind = OP_FIND, .send = SEND_REPLY, .reply_to = MESSAGE_COMMENT },
	{ .name = "find-withdraw", .kind = OP_FIND, .send = SEND_WITHDRAW },
	{ .name = "find-withdraw-mass", .kind = OP_FIND, .send = SEND_WITHDRAW, .withdraws_broadcast = true },
	{ .name = "comments", .kind = OP_PULL },
	{ .name = "preview", .kind = OP_PREVIEW, .form = POST_FORM_ARTICLE },
	{ .name = "preview-image", .kind = OP_PREVIEW, .form = POST_FORM_IMAGE, .mode = POST_MODE_BROADCAST },
	{ .name = "renew", .kind = OP_RENEW },
	{ .name = "token", .kind = OP_TOKEN },
	{ .name = "limits", .kind = OP_LIMITS },
	{ .name = "media", .kind = OP_MEDIA },
	{ .name = "menu", .kind = OP_CALL, .call = "menu.show", .params = "{}" },
	{ .name = "qr", .kind = OP_CALL, .call = "qr", .params = "{\"scene\":\"a\"}" },
	{ .name = "topics", .kind = OP_CALL, .call = "topics", .params = "{}" },
	{ .name = "topic-add",
		.kind = OP_CALL,
		.call = "topic.add",
		.params = "{\"topic\":\"t\",\"follower\":\"o1\"}" },
};

struct answer_part {
	const struct operation *operation;
	struct str progress;
	struct http_answer http;
};

static struct wechat_settings settings;
static struct secret token;
static const char *const taken[] = { "TAKEN-article" };

static void set_up(void)
{
	struct error err;

	if (settings.appid) {
		return;
	}
	must(config_default_keys(wechat_keys, &settings, &err));
	settings.appid = xstrdup("wx5a1b2c3d4e5f6071");
	secret_set(&settings.app_secret, STR(SECRET));
	must(wechat_check_settings(&settings, &err));
	secret_set(&token, STR(TOKEN));
}

static struct answer_part read_part(struct str part)
{
	struct answer_part answer = { .operation = &operations[part.n % ARRAY_LEN(operations)] };
	struct str head = { 0 };
	struct str word = { 0 };
	int64_t status = 200;

	(void)str_split(&part, '\n', &head);
	(void)str_split(&head, ' ', &word);
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if (str_is(word, operations[i].name)) {
			answer.operation = &operations[i];
		}
	}
	if (str_split(&head, ' ', &word) && str_to_i64(word, 0, 599, &status) && status < 100) {
		answer.http.fate = status == 1 ? HTTP_NOT_SENT : HTTP_IN_DOUBT;
		(void)error_set(&answer.http.error, ERROR_HTTP, ADVISE_RETRY, 7, "connection lost");
	} else {
		answer.http.fate = HTTP_ANSWERED;
		answer.http.status = (int)status;
		answer.http.body = part;
	}
	answer.progress = head;
	return answer;
}

static bool has_escape(struct str body)
{
	for (size_t i = 0; i + 1 < body.n; i++) {
		if (body.p[i] == '\\' && body.p[i + 1] == 'u') {
			return true;
		}
		i += body.p[i] == '\\';
	}
	return false;
}

static void check_request(const struct driver_op *op, const struct http_request *request)
{
	struct str body = { request->body, request->body_n };
	cleanup(buf_finish) struct buf trace = { 0 };
	cleanup(json_freep) cJSON *json = NULL;
	struct error err;

	must(op->kind == OP_MEDIA || str_starts(str_from(request->url), str_from(op->account->base_url)));
	for (const char *p = request->url; *p; p++) {
		must((unsigned char)*p > ' ' && *p != 0x7f);
	}
	must(request->method == HTTP_POST || (!request->body && request->n_parts == 0));
	must(op->kind != OP_FIND || !request->writes);
	must(op->kind != OP_SEND || op->step < WECHAT_STEP_SUBMIT || request->writes);
	if (request->body) {
		must(utf8_valid(body) && !has_escape(body) && json_parse(body, &json, &err));
	}
	buf_init(&trace, 4096);
	http_request_trace(request, &trace);
	must(str_find(buf_str(&trace), STR(TOKEN)) < 0);
}

static void check_text(const char *text, size_t max_bytes)
{
	must(!text || (utf8_valid(str_from(text)) && strlen(text) <= max_bytes));
}

static void check_message(const struct message *message)
{
	struct wechat_comment_id id;

	must(message->kind == MESSAGE_COMMENT);
	must(message->remote_id && strlen(message->remote_id) <= LIMIT_REMOTE_ID_BYTES);
	must(message->from_us ? str_ends(str_from(message->remote_id), STR("/r"))
			      : wechat_comment_parse(message->remote_id, &id));
	must(message->status_id && wechat_thread_parse(message->status_id, &id));
	must(!message->author_id || wechat_is_openid(message->author_id));
	must(message->from_us == (message->parent_id != NULL));
	must(!message->parent_id || wechat_comment_parse(message->parent_id, &id));
	check_text(message->text, LIMIT_MESSAGE_BYTES);
	must(message->created_at >= 0);
}

static void check_error(const struct driver_op *op, const struct http_answer *answer, const struct outcome *outcome)
{
	const struct error *err = &outcome->error;
	bool visible = op->kind == OP_SEND && op->step >= WECHAT_STEP_SUBMIT;

	must(err->domain != ERROR_NONE && err->advice != ADVISE_NONE && err->advice != ADVISE_BUG);
	must(err->message[0] && is_one_line(str_from(err->message)));
	must(str_find(str_from(err->message), STR(TOKEN)) < 0 && str_find(str_from(err->message), STR(SECRET)) < 0);
	must(err->advice == ADVISE_WAIT ? err->retry_ms > 0 && err->retry_ms <= 32 * DAY_MS : err->retry_ms == 0);
	must(err->advice != ADVISE_VERIFY || visible);
	must(!outcome->was_duplicate || (op->kind == OP_SEND && err->advice == ADVISE_REJECT));
	must(!outcome->needs_person || err->advice == ADVISE_REAUTH);
	must(outcome->quota >= -1 && outcome->quota < WECHAT_QUOTAS &&
		(outcome->quota < 0 || err->advice == ADVISE_WAIT));
	if (answer->fate == HTTP_NOT_SENT) {
		must(err->advice == ADVISE_RETRY);
	} else if (visible && (answer->fate == HTTP_IN_DOUBT || answer->body.n == 0)) {
		must(err->advice == ADVISE_VERIFY || answer->status == 429);
	}
}

static void check_done(const struct driver_op *op, const struct outcome *outcome)
{
	switch (op->kind) {
	case OP_SEND:
		must(outcome->found == (op->send->kind == SEND_PUBLISH ? FOUND_PENDING : 0));
		break;
	case OP_FIND:
		must(outcome->found >= FOUND_YES && outcome->found <= FOUND_BY_SENDING);
		must(!outcome->untouched || outcome->found == FOUND_NO);
		must(!outcome->remote_id || strcmp(outcome->remote_id, taken[0]) != 0);
		break;
	case OP_PULL:
		must(!outcome->since || strlen(outcome->since) < 4096);
		break;
	case OP_RENEW:
		must(!secret_is_empty(&outcome->token) && outcome->expires_in_ms > 0);
		break;
	case OP_LIMITS:
		for (size_t i = 0; i < DRIVER_QUOTAS_MAX; i++) {
			must(outcome->remaining[i] >= -1);
		}
		break;
	case OP_MEDIA:
		must(outcome->media_type != NULL && outcome->media.n <= LIMIT_CITIZEN_MEDIA_BYTES);
		break;
	case OP_CALL:
		must(cJSON_IsObject(outcome->json));
		break;
	case OP_TOKEN:
	case OP_PREVIEW:
		break;
	case OP_LOGIN:
		must(false);
		break;
	}
}

static void check_outcome(const struct driver_op *op, const struct http_answer *answer, const struct outcome *outcome)
{
	struct wechat_comment_id id;

	must(outcome->kind >= OUTCOME_NEXT && outcome->kind <= OUTCOME_ERROR);
	if (outcome->kind == OUTCOME_NEXT) {
		must(op->kind != OP_SEND || outcome->progress);
		must(!outcome->since);
	} else if (outcome->kind == OUTCOME_DONE) {
		must(!answer || (answer->fate == HTTP_ANSWERED && answer->status == 200));
		check_done(op, outcome);
	} else {
		must(answer != NULL);
		check_error(op, answer, outcome);
		must(!outcome->remote_id && !outcome->since && outcome->messages.n == 0);
	}
	must(op->kind == OP_RENEW || secret_is_empty(&outcome->token));
	must(op->kind == OP_PULL || outcome->messages.n == 0);
	for (size_t i = 0; i < outcome->messages.n; i++) {
		check_message(&outcome->messages.items[i]);
	}
	must(!outcome->note || is_one_line(str_from(outcome->note)));
	must(!outcome->remote_id || (strlen(outcome->remote_id) <= LIMIT_REMOTE_ID_BYTES));
	must(!outcome->job_id || (outcome->job_id[0] && strlen(outcome->job_id) <= LIMIT_REMOTE_ID_BYTES));
	must(!outcome->thread_id || wechat_thread_parse(outcome->thread_id, &id));
	must(!outcome->url || str_starts(str_from(outcome->url), STR("http")));
}

/* One request and its answer. False when the operation is over. */
static bool step(struct driver_op *op, const struct http_answer *answer, char **progress)
{
	struct http_request request = { 0 };
	struct outcome outcome;
	struct error err = { 0 };
	bool next;

	if (!op->driver->request(op, &request, &err)) {
		must(err.advice == ADVISE_REJECT && is_one_line(str_from(err.message)));
		http_request_finish(&request);
		return false;
	}
	if (request.url) {
		check_request(op, &request);
	} else {
		answer = NULL;
	}
	http_request_finish(&request);
	outcome_init(&outcome);
	op->driver->answer(op, answer, &outcome);
	check_outcome(op, answer, &outcome);
	next = outcome.kind == OUTCOME_NEXT;
	if (outcome.progress) {
		free(*progress);
		*progress = xstrdup(outcome.progress);
	}
	outcome_finish(&outcome);
	return next;
}

static void run(const struct operation *operation, const char *given, struct str parts)
{
	static const struct post_media pictures[] = {
		{ .name = (char *)"p.png", .alt = (char *)"p", .data = (char *)"\x89PNG\r\n\x1a\n", .n = 8 },
		{ .name = (char *)"c.jpg", .alt = (char *)"c", .data = (char *)"\xff\xd8\xff\xe0", .n = 4 },
	};
	static const struct driver_thread threads[] = {
		{ .thread_id = "300/0", .title = "a", .sent_at = NOW_AT - HOUR_MS },
		{ .thread_id = "200/0", .title = "b", .sent_at = NOW_AT - 3 * DAY_MS },
	};
	struct post_article article = {
		.form = operation->form,
		.mode = operation->mode,
		.topic = (char *)"t",
		.markdown = (char *)"# 停水\n\n![p](p.png) *a* <b>&",
		.cover = (char *)"c.jpg",
		.comments = true,
	};
	struct driver_account account = {
		.name = "wechat-main", .base_url = "http://127.0.0.1:8751", .settings = &settings, .token = &token
	};
	bool publishes = operation->send == SEND_PUBLISH;
	char *progress = xstrdup(given);
	struct driver_send send = {
		.kind = operation->send,
		.marker = "k7-12",
		.text = STR("停水通知 & <abc>\x01 😀"),
		.title = "停水通知",
		.article = publishes ? &article : NULL,
		.media = publishes ? pictures : NULL,
		.n_media = publishes ? ARRAY_LEN(pictures) : 0,
		.reply_to_kind = operation->reply_to,
		.reply_to_id = "2247503077/0/12",
		.reply_author_id = "oTEST0000AbCdEfGhIjKlMnOpQr0",
		.target_id = "ARTICLE",
		.target_job = "34182",
		.target_broadcast = operation->withdraws_broadcast,
		.progress = progress,
		.job_id = operation->job,
		.first_attempt_at = NOW_AT,
		.last_attempt_at = NOW_AT,
		.taken_ids = taken,
		.n_taken = ARRAY_LEN(taken),
	};
	const struct message_media media = { .type = (char *)"image", .remote_id = (char *)"MEDIA" };
	struct str part = { 0 };
	cJSON *params = NULL;
	struct driver_op op;
	struct error err;
	unsigned steps = 0;
	bool more;

	must(!operation->params || json_parse(str_from(operation->params), &params, &err));
	op_init(&op, driver_find("wechat"), operation->kind, &account);
	op.send = &send;
	op.media = &media;
	op.call = operation->call;
	op.params = params;
	op.preview_to = "oTEST0000AbCdEfGhIjKlMnOpQr0";
	op.now_at = NOW_AT;
	op.pull = (struct driver_pull){
		.since = given, .now_at = NOW_AT, .threads = threads, .n_threads = ARRAY_LEN(threads)
	};
	do {
		struct answer_part answer;

		must(++steps <= STEPS_MAX);
		(void)next_part(&parts, &part);
		answer = read_part(part);
		more = step(&op, &answer.http, &progress);
		send.progress = progress;
	} while (more);
	op_finish(&op);
	cJSON_Delete(params);
	free(progress);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str parts = { (const char *)data, size };
	struct str rest = parts;
	struct str part = { 0 };
	struct answer_part first;
	char *progress;

	set_up();
	if (!next_part(&rest, &part)) {
		return 0;
	}
	first = read_part(part);
	progress = first.progress.n ? str_dup(first.progress) : NULL;
	run(first.operation, progress, parts);
	free(progress);
	return 0;
}
