/*
 * From an HTTP answer to JSON, or to an error with advice. WeChat refuses with HTTP 200 and an errcode; whatever is not
 * HTTP 200 with whole JSON says nothing about what happened. Only a step that may be visible now is then in doubt
 * (VERIFY): uploads, drafts and lookups are simply done again.
 *
 * source  developer guide "global return codes": an error if and only if errcode is there and not 0, many successes
 * have none. That anything else is a fault of the transport: source unverified
 */
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "platform/wechat/wechat.h"

#define CODE_UNREADABLE INT64_MIN

bool wechat_visible(const struct driver_op *op)
{
	return op->kind == OP_SEND && op->step >= WECHAT_STEP_SUBMIT;
}

bool wechat_op_writes(const struct driver_op *op)
{
	return op->kind == OP_SEND || op->kind == OP_PREVIEW || op->kind == OP_RENEW ||
	       (op->kind == OP_CALL && wechat_call_writes(op));
}

static void in_doubt(
	struct driver_op *op, enum error_domain domain, int code, const char *what, struct outcome *outcome)
{
	if (wechat_visible(op)) {
		outcome_fail(outcome, domain, ADVISE_VERIFY, code, "WeChat: %s; it may have taken effect", what);
	} else if (op->kind == OP_CALL && wechat_call_writes(op) && !wechat_call_again(op)) {
		outcome_fail(outcome, domain, ADVISE_REJECT, code,
			"WeChat: %s; it may have taken effect, look before doing it again", what);
	} else {
		outcome_fail(outcome, domain, ADVISE_RETRY, code, "WeChat: %s", what);
	}
}

void wechat_unreadable(struct driver_op *op, struct outcome *outcome, const char *what)
{
	in_doubt(op, ERROR_PLATFORM, 0, what, outcome);
}

static void by_status(struct driver_op *op, int status, const char *with, struct outcome *outcome)
{
	char what[120];

	if (status == 429) {
		wechat_flooded(op, status, outcome);
		return;
	}
	(void)snprintf(what, sizeof(what), "HTTP %d with %s", status, with);
	in_doubt(op, ERROR_HTTP, status, what, outcome);
}

static bool is_own(const int *own, int64_t code)
{
	for (; own && *own; own++) {
		if (*own == code) {
			return true;
		}
	}
	return false;
}

bool wechat_answer_json(struct driver_op *op, const struct http_answer *answer, const int *own, cJSON **ret_json,
	int *ret_code, struct outcome *ret_outcome)
{
	cleanup(json_freep) cJSON *json = NULL;
	struct error err = { 0 };
	int64_t code;

	if (!answer) {
		wechat_unreadable(op, ret_outcome, "no answer");
		return false;
	}
	if (answer->fate == HTTP_NOT_SENT) {
		outcome_fail(ret_outcome, ERROR_HTTP, ADVISE_RETRY, answer->error.code, "%s",
			answer->error.message[0] ? answer->error.message : "nothing was sent");
		return false;
	}
	if (answer->fate != HTTP_ANSWERED) {
		in_doubt(op, ERROR_HTTP, answer->error.code,
			answer->error.message[0] ? answer->error.message : "no answer", ret_outcome);
		return false;
	}
	if (answer->status != 200) {
		by_status(op, answer->status, "an answer that says nothing", ret_outcome);
		return false;
	}
	if (answer->body.n == 0 || !json_parse(answer->body, &json, &err) || !cJSON_IsObject(json)) {
		by_status(op, answer->status, answer->body.n ? "an answer that is no JSON object" : "an empty answer",
			ret_outcome);
		return false;
	}
	code = json_get(json, "errcode") ? json_i64(json, "errcode", CODE_UNREADABLE) : 0;
	if (code == CODE_UNREADABLE) {
		wechat_unreadable(op, ret_outcome, "the answer's errcode is no number");
		return false;
	}
	if (code != 0 && !is_own(own, code)) {
		wechat_refused(op, code, json_text(json, "errmsg", ""), ret_outcome);
		return false;
	}
	*ret_code = (int)code;
	*ret_json = steal(&json);
	return true;
}
