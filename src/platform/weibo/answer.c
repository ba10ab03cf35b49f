/*
 * From an HTTP answer to JSON, or to an error with advice. The one rule that everything here serves: a write whose
 * answer cannot be understood may have taken effect, so it is looked up (VERIFY) and never simply repeated.
 *
 * An answer is judged by Weibo's own code where it has one (errors.c); the HTTP status decides only without it, because
 * 403 means almost anything.
 */
#include <stdio.h>

#include "codec/json.h"
#include "platform/weibo/weibo.h"

#define CODE_UNREADABLE INT64_MIN

bool weibo_op_writes(const struct driver_op *op)
{
	return op->kind == OP_SEND;
}

const cJSON *weibo_array(const cJSON *object, const char *key)
{
	const cJSON *member = json_get(object, key);

	return cJSON_IsArray(member) ? member : NULL;
}

void weibo_unreadable(struct driver_op *op, struct outcome *outcome, const char *what)
{
	if (weibo_op_writes(op)) {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_VERIFY, 0, "Weibo: %s; it may have been published", what);
	} else if (op->kind == OP_LOGIN) {
		/* The code is good for one use and may be used up: the same request again cannot help. */
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REJECT, 0, "Weibo: %s; please log in again", what);
	} else {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_RETRY, 0, "Weibo: %s", what);
	}
}

static void not_answered(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	const char *why = answer->error.message[0] ? answer->error.message : "no answer";
	enum error_advice advice = ADVISE_RETRY;
	const char *then = "";

	if (answer->fate != HTTP_NOT_SENT && weibo_op_writes(op)) {
		advice = ADVISE_VERIFY;
		then = "; it may have been published";
	} else if (answer->fate != HTTP_NOT_SENT && op->kind == OP_LOGIN) {
		advice = ADVISE_REJECT;
		then = "; please log in again";
	}
	outcome_fail(outcome, ERROR_HTTP, advice, answer->error.code, "%s%s", why, then);
}

/*
 * No code: the HTTP status is all there is. json NULL: the body is no whole JSON.
 *
 * source  statuses as observed; 414 and 418 are what Weibo's fronts answer to floods. A whole refusal with 400
 *         or 404 is believed. Of 401 and 403, "token or limit", a write is looked up, which asks with the same token
 *         and so finds out which; without a whole body even 400 is in doubt, since 20032 ("published, but slow") is a
 * 400 too.
 */
static void by_status(struct driver_op *op, int status, const cJSON *json, struct outcome *outcome)
{
	const char *said = weibo_without_secrets(op, json_text(json, "error", ""));
	char what[160];

	said = said[0] ? said : "no reason given";
	if (status == 414 || status == 418 || status == 429) {
		weibo_flooded(op, status, outcome);
		return;
	}
	if (json && (status == 400 || status == 404 || status == 405 || status == 410 || status == 413)) {
		outcome_fail(
			outcome, ERROR_HTTP, ADVISE_REJECT, status, "Weibo refused with HTTP %d: %s", status, said);
		return;
	}
	if (json && status == 401 && !weibo_op_writes(op) && op->kind != OP_LOGIN) {
		outcome_fail(
			outcome, ERROR_HTTP, ADVISE_REAUTH, status, "Weibo refused the token with HTTP 401: %s", said);
		return;
	}
	(void)snprintf(what, sizeof(what), "HTTP %d with %s", status,
		json ? "an answer without a code" : "an answer that is no JSON");
	weibo_unreadable(op, outcome, what);
	outcome->error.code = status;
	outcome->error.domain = ERROR_HTTP;
}

bool weibo_answer_json(
	struct driver_op *op, const struct http_answer *answer, cJSON **ret_json, struct outcome *ret_outcome)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct error err = { 0 };
	int64_t code;

	if (answer->fate != HTTP_ANSWERED) {
		not_answered(op, answer, ret_outcome);
		return false;
	}
	if (answer->body.n == 0 || !json_parse(answer->body, &json, &err)) {
		by_status(op, answer->status, NULL, ret_outcome);
		return false;
	}
	/* A 200 may hold a code too; it is an int or a string. */
	code = json_get(json, "error_code") ? json_i64(json, "error_code", CODE_UNREADABLE) : 0;
	if (code != 0 && code != CODE_UNREADABLE) {
		weibo_refused(op, code, json_text(json, "error", ""), ret_outcome);
		return false;
	}
	if (answer->status < 200 || answer->status > 299 || code == CODE_UNREADABLE ||
		json_text(json, "error", "")[0] != '\0') {
		by_status(op, answer->status, json, ret_outcome);
		return false;
	}
	*ret_json = steal(&json);
	return true;
}
