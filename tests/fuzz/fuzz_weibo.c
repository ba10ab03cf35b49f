/*
 * What Weibo answers: whatever comes, an operation ends, with one outcome that fits it, and a write that may have taken
 * effect is never called undone. Parts are answers in turn (the last one again and again); each begins with a line
 *
 *	OPERATION STATUS [SINCE]	as in "share 200"; only the first one's operation and since count
 *
 * Status 0 means that no answer came, 1 that nothing was sent.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"

#define UID       "7700000001"
#define TOKEN     "2.00TokenThatNobodyMaySee"
#define NOW_AT    INT64_C(1767574800000) /* Mon Jan 05 09:00:00 +0800 2026 */
#define STEPS_MAX (LIMIT_PULL_PAGES + 2)

static const struct operation {
	const char *name;
	enum driver_op_kind kind;
	enum weibo_tier tier;
	enum send_kind send;
	enum message_kind reply_to;
	bool picture;
	int feed;
} operations[] = {
	{ .name = "share", .kind = OP_SEND },
	{ .name = "share-picture", .kind = OP_SEND, .picture = true },
	{ .name = "update", .kind = OP_SEND, .tier = WEIBO_TIER_ADVANCED },
	{ .name = "upload", .kind = OP_SEND, .tier = WEIBO_TIER_ADVANCED, .picture = true },
	{ .name = "reply", .kind = OP_SEND, .send = SEND_REPLY, .reply_to = MESSAGE_COMMENT },
	{ .name = "reply-mention", .kind = OP_SEND, .send = SEND_REPLY, .reply_to = MESSAGE_MENTION },
	{ .name = "find", .kind = OP_FIND },
	{ .name = "find-update", .kind = OP_FIND, .tier = WEIBO_TIER_ADVANCED },
	{ .name = "find-reply", .kind = OP_FIND, .send = SEND_REPLY, .reply_to = MESSAGE_COMMENT },
	{ .name = "comments", .kind = OP_PULL, .feed = 0 },
	{ .name = "mentions", .kind = OP_PULL, .feed = 1 },
	{ .name = "comment-mentions", .kind = OP_PULL, .feed = 2 },
	{ .name = "login", .kind = OP_LOGIN },
	{ .name = "token", .kind = OP_TOKEN },
	{ .name = "limits", .kind = OP_LIMITS },
	{ .name = "limits-update", .kind = OP_LIMITS, .tier = WEIBO_TIER_ADVANCED },
};

struct answer_part {
	const struct operation *operation;
	struct str since;
	struct http_answer http;
};

static struct weibo_settings settings;
static struct secret token;
static const char *const taken[] = { "5252000000000001" };

static void set_up(void)
{
	struct error err;

	if (settings.uid) {
		return;
	}
	must(config_default_keys(weibo_keys, &settings, &err));
	settings.uid = xstrdup(UID);
	settings.app_key = xstrdup("1001");
	secret_set(&settings.app_secret, STR("app-secret"));
	settings.safe_domain = xstrdup("www.city.gov.example");
	settings.rip = xstrdup("203.0.113.7");
	must(weibo_check_settings(&settings, &err));
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
	answer.since = head;
	return answer;
}

static bool is_id(const char *text)
{
	int64_t id;

	return weibo_id_parse(str_from(text), &id);
}

static bool is_since(const char *text)
{
	struct str rest = str_from(text);
	struct str part;
	int64_t top;
	int64_t bottom;
	int64_t high;

	return str_split(&rest, '/', &part) && weibo_id_parse(part, &high) &&
	       (!rest.p || (str_split(&rest, '-', &part) && weibo_id_parse(part, &top) &&
				   str_to_i64(rest, 0, INT64_MAX, &bottom) && bottom < top));
}

static void check_request(const struct driver_op *op, const struct http_request *request)
{
	cleanup(buf_finish) struct buf trace = { 0 };

	must(str_starts(str_from(request->url), str_from(op->account->base_url)));
	for (const char *p = request->url; *p; p++) {
		must(*p > ' ' && *p < 0x7f);
	}
	must(request->writes == (op->kind == OP_SEND || op->kind == OP_LOGIN));
	must(request->method == HTTP_POST || (!request->body && request->n_parts == 0));
	must(!request->body || !memchr(request->body, ' ', request->body_n));
	buf_init(&trace, 4096);
	http_request_trace(request, &trace);
	must(str_find(buf_str(&trace), STR(TOKEN)) < 0);
}

static void check_url(const char *url)
{
	must(str_starts(str_from(url), STR("https://weibo.com/")));
	must(url[strspn(url, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:/.")] == '\0');
}

static void check_text(const char *text, size_t max_bytes)
{
	must(!text || (utf8_valid(str_from(text)) && strlen(text) <= max_bytes));
}

static void check_message(const struct operation *operation, const struct message *message)
{
	must(message->kind == (operation->feed == 1 ? MESSAGE_MENTION : MESSAGE_COMMENT));
	must(message->remote_id && is_id(message->remote_id));
	must(!message->author_id || is_id(message->author_id));
	must(!message->status_id || is_id(message->status_id));
	must(!message->parent_id || is_id(message->parent_id));
	must(!message->root_id || (is_id(message->root_id) && strcmp(message->root_id, message->remote_id) != 0));
	check_text(message->text, LIMIT_MESSAGE_BYTES);
	check_text(message->author_name, LIMIT_NAME_BYTES);
	check_text(message->status_text, LIMIT_MESSAGE_BYTES);
	must(message->from_us == (message->author_id && strcmp(message->author_id, UID) == 0));
	must(message->created_at >= -DAY_MS * 5 && message->created_at < INT64_C(253402300800000) + 5 * DAY_MS);
	if (message->url) {
		check_url(message->url);
	}
}

/* What an error may say, and what must never be said about a write. */
static void check_error(const struct driver_op *op, const struct http_answer *answer, const struct outcome *outcome)
{
	cleanup(json_freep) cJSON *json = NULL;
	const struct error *err = &outcome->error;
	bool writes = op->kind == OP_SEND;
	struct error unread;

	must(err->domain != ERROR_NONE && err->advice != ADVISE_NONE && err->advice != ADVISE_BUG);
	must(err->message[0] && is_one_line(str_from(err->message)));
	must(str_find(str_from(err->message), STR(TOKEN)) < 0);
	/* Only a login sends the app's secret. */
	must(op->kind != OP_LOGIN || str_find(str_from(err->message), STR("app-secret")) < 0);
	must(err->advice == ADVISE_WAIT ? err->retry_ms > 0 && err->retry_ms <= DAY_MS : err->retry_ms == 0);
	must(err->advice != ADVISE_VERIFY || writes);
	must(outcome->look_after_ms == 0 || (outcome->look_after_ms > 0 && err->advice == ADVISE_VERIFY));
	must(!outcome->was_duplicate || (writes && err->advice == ADVISE_REJECT));
	must(!outcome->needs_person || err->advice == ADVISE_REAUTH);
	must(outcome->max_tries >= 0 && (outcome->max_tries == 0 || err->advice == ADVISE_RETRY));
	must(outcome->quota >= -1 && outcome->quota < WEIBO_QUOTAS &&
		(outcome->quota < 0 || err->advice == ADVISE_WAIT));
	if (op->kind == OP_LOGIN) {
		/* A login that fails leaves the account as it was; REAUTH asks for another code. */
		must(err->advice != ADVISE_VERIFY && !outcome->needs_person);
	}
	if (answer->fate == HTTP_NOT_SENT) {
		must(err->advice == ADVISE_RETRY);
	} else if (writes && answer->fate == HTTP_IN_DOUBT) {
		must(err->advice == ADVISE_VERIFY);
	} else if (writes && !json_parse(answer->body, &json, &unread)) {
		must(err->advice == ADVISE_VERIFY || answer->status == 414 || answer->status == 418 ||
			answer->status == 429);
	}
}

static void check_done(const struct driver_op *op, const struct operation *operation, const struct outcome *outcome)
{
	switch (op->kind) {
	case OP_SEND:
		must(outcome->remote_id && is_id(outcome->remote_id));
		break;
	case OP_FIND:
		must(outcome->found == FOUND_YES || outcome->found == FOUND_NO || outcome->found == FOUND_UNCLEAR);
		must((outcome->found == FOUND_YES) == (outcome->remote_id != NULL));
		must(!outcome->remote_id || (is_id(outcome->remote_id) && strcmp(outcome->remote_id, taken[0]) != 0));
		break;
	case OP_PULL:
		must(outcome->since && is_since(outcome->since));
		break;
	case OP_LOGIN:
		must(!secret_is_empty(&outcome->token));
		must(strcmp(outcome->remote_uid, UID) == 0 && outcome->expires_in_ms >= 0);
		break;
	case OP_TOKEN:
		must(strcmp(outcome->remote_uid, UID) == 0 && outcome->expires_in_ms >= 0);
		break;
	case OP_LIMITS:
		must(outcome->remaining[WEIBO_QUOTA_CALLS] >= -1 && outcome->remaining[WEIBO_QUOTA_POSTS] >= -1);
		break;
	case OP_RENEW:
	case OP_MEDIA:
	case OP_CALL:
	case OP_PREVIEW:
		must(false); /* not of this platform */
		break;
	}
	must(operation->kind == op->kind);
}

static void check_outcome(const struct driver_op *op, const struct operation *operation,
	const struct http_answer *answer, const struct outcome *outcome)
{
	switch (outcome->kind) {
	case OUTCOME_NEXT:
		must(op->kind == OP_PULL && !outcome->since);
		break;
	case OUTCOME_DONE:
		must(answer->fate == HTTP_ANSWERED && answer->status >= 200 && answer->status < 300);
		check_done(op, operation, outcome);
		break;
	case OUTCOME_ERROR:
		check_error(op, answer, outcome);
		must(!outcome->remote_id && !outcome->since && outcome->messages.n == 0);
		break;
	}
	must(outcome->kind >= OUTCOME_NEXT && outcome->kind <= OUTCOME_ERROR);
	must(outcome->kind == OUTCOME_ERROR || outcome->error.advice == ADVISE_NONE);
	must(op->kind == OP_FIND || outcome->found == 0);
	must(op->kind == OP_LOGIN || secret_is_empty(&outcome->token));
	must(op->kind == OP_PULL || (outcome->messages.n == 0 && !outcome->since));
	must(outcome->messages.n <= LIMIT_PULL_ITEMS);
	for (size_t i = 0; i < outcome->messages.n; i++) {
		check_message(operation, &outcome->messages.items[i]);
	}
	must(!outcome->note || is_one_line(str_from(outcome->note)));
	if (outcome->url) {
		check_url(outcome->url);
	}
}

/* One request and its answer. False when the operation is over. */
static bool step(
	struct driver_op *op, const struct operation *operation, const struct http_answer *answer, char **ret_since)
{
	struct http_request request = { 0 };
	struct outcome outcome;
	struct error err = { 0 };
	bool next;

	must(op->driver->request(op, &request, &err));
	check_request(op, &request);
	http_request_finish(&request);
	outcome_init(&outcome);
	op->driver->answer(op, answer, &outcome);
	check_outcome(op, operation, answer, &outcome);
	next = outcome.kind == OUTCOME_NEXT;
	if (outcome.since) {
		*ret_since = xstrdup(outcome.since);
	}
	outcome_finish(&outcome);
	return next;
}

static void run(const struct operation *operation, const char *since, struct str parts, char **ret_since)
{
	static const struct post_media picture = {
		.name = (char *)"p.png", .data = (char *)"\x89PNG\r\n\x1a\n", .n = 8
	};
	struct driver_account account = {
		.name = "weibo-main",
		.base_url = "http://127.0.0.1:8750",
		.settings = &settings,
		.token = &token,
		.remote_uid = UID,
	};
	struct driver_send send = {
		.kind = operation->send,
		.marker = "k7-12",
		.text = STR("停水通知 & <abc> https://www.city.gov.example/n/1 "),
		.media = &picture,
		.n_media = operation->picture,
		.reply_to_kind = operation->reply_to,
		.reply_to_id = "5252000000000007",
		.reply_status_id = operation->reply_to == MESSAGE_COMMENT ? "5252000000000005" : NULL,
		.first_attempt_at = NOW_AT,
		.last_attempt_at = NOW_AT,
		.taken_ids = taken,
		.n_taken = ARRAY_LEN(taken),
	};
	struct driver_op op;
	struct str part = { 0 };
	unsigned steps = 0;

	settings.tier = (int)operation->tier;
	op_init(&op, driver_find("weibo"), operation->kind, &account);
	op.send = &send;
	op.code = "0123456789abcdef0123456789abcdef";
	op.pull = (struct driver_pull){ .feed = operation->feed, .since = since, .now_at = NOW_AT };
	do {
		struct answer_part answer;

		must(++steps <= STEPS_MAX);
		(void)next_part(&parts, &part);
		answer = read_part(part);
		if (!step(&op, operation, &answer.http, ret_since)) {
			break;
		}
	} while (true);
	op_finish(&op);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str parts = { (const char *)data, size };
	struct str rest = parts;
	struct str first = { 0 };
	cleanup(free_charp) char *since = NULL;
	cleanup(free_charp) char *then = NULL;
	cleanup(free_charp) char *later = NULL;
	struct answer_part answer;

	set_up();
	(void)next_part(&rest, &first);
	answer = read_part(first);
	since = answer.since.n > 0 ? str_dup(answer.since) : NULL;
	run(answer.operation, since, parts, &then);
	if (then) {
		run(answer.operation, then, parts, &later); /* the next poll goes on from there */
	}
	return 0;
}
