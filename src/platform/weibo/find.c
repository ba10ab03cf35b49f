/*
 * Did a write whose answer never came take effect? Reads the account back and compares; sends nothing.
 *
 *   a post     /2/statuses/user_timeline.json   the newest five only, whatever is asked for (open tier)
 *   a comment  /2/comments/by_me.json           the newest fifty
 *
 * A wrong "not there" makes a double post, so it is said only when three things hold: the list reaches back before
 * the first attempt, nothing in it is this write, and nothing in it could be a mangled form of it. Whatever else comes
 * is "unclear", which costs another look.
 *
 * What may differ between what was sent and what is read: links are shortened, # may be stripped, white space trimmed,
 * entities escaped, a long text cut, a comment gets "回复@name:" in front. Clocks differ too, and ours may have been
 * minutes wrong at the attempt: what came before it is told by the order of ids where we had sent something before, and
 * an equal text that is older than the attempt is taken as a sign of a wrong clock, not as somebody else's post.
 *
 * source  wiki "2/statuses/user_timeline"; five newest as a public Java client quotes it (qqxadyy/weibo-openapi-4java);
 * samples tests/fixtures/weibo/user_timeline.json, comments_reply.json
 */
#include <inttypes.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"

#define TIMELINE_NEWEST         5
#define TIMELINE_COUNT_ADVANCED 20
#define BY_ME_COUNT             50
#define CLOCK_GRACE_MS          (5 * SECOND_MS)
#define CLOCK_DOUBT_MS          (10 * MINUTE_MS)

enum verdict { VERDICT_OTHER, VERDICT_ALIKE, VERDICT_MATCH };

bool weibo_find_request(struct driver_op *op, struct http_request *ret_request, struct error *err unused_arg)
{
	bool reply = op->send->kind == SEND_REPLY;
	bool advanced = weibo_settings_of(op)->tier == WEIBO_TIER_ADVANCED;
	struct buf query;

	weibo_form_init(op, &query);
	(void)form_add(&query, "count", reply ? STR("50") : advanced ? STR("20") : STR("5"));
	weibo_get(op, reply ? "/2/comments/by_me.json" : "/2/statuses/user_timeline.json", &query, ret_request);
	return true;
}

static bool is_taken(const struct driver_send *send, int64_t id)
{
	for (size_t i = 0; i < send->n_taken; i++) {
		int64_t taken;

		if (send->taken_ids[i] && weibo_id_parse(str_from(send->taken_ids[i]), &taken) && taken == id) {
			return true;
		}
	}
	return false;
}

static bool is_foreign(const struct driver_op *op, const cJSON *item)
{
	int64_t author;
	int64_t own;

	return weibo_id_of(json_get(item, "user"), &author) &&
	       weibo_id_parse(str_from(weibo_settings_of(op)->uid), &own) && author != own;
}

/*
 * The marker that an advanced post carries decides by itself, for and against.
 *
 * source  wiki "2/statuses/update"; sample tests/fixtures/weibo/update.json. It may be absent, null, "" or {}.
 */
static enum verdict marked(const struct driver_op *op, const cJSON *item, bool *ret_has_marker)
{
	const cJSON *annotations = weibo_array(item, "annotations");
	const cJSON *annotation;
	bool other = false;

	*ret_has_marker = false;
	if (weibo_settings_of(op)->tier != WEIBO_TIER_ADVANCED || op->send->kind != SEND_PUBLISH || !op->send->marker) {
		return VERDICT_OTHER;
	}
	cJSON_ArrayForEach(annotation, annotations)
	{
		const char *k = json_text(annotation, "k", NULL);

		if (k && !strcmp(k, op->send->marker)) {
			*ret_has_marker = true;
			return VERDICT_MATCH;
		}
		other = other || (k && k[0]);
	}
	*ret_has_marker = other;
	return VERDICT_OTHER;
}

/* Behind "回复@name:", which the server puts in front of an answer. */
static struct str without_prefix(struct str text)
{
	const struct str prefix = STR("回复@");
	const struct str wide = STR("：");
	struct str head;
	ptrdiff_t colon;
	ptrdiff_t wide_colon;

	if (!str_starts(text, prefix)) {
		return text;
	}
	head = str_sub(text, 0, prefix.n + LIMIT_NAME_BYTES);
	colon = str_find(head, STR(":"));
	wide_colon = str_find(head, wide);
	if (wide_colon >= 0 && (colon < 0 || wide_colon < colon)) {
		return str_sub(text, (size_t)wide_colon + wide.n, text.n);
	}
	return colon < 0 ? text : str_sub(text, (size_t)colon + 1, text.n);
}

/* Does a published status carry one of the links that were sent? Weibo keeps the long form beside the short one. */
static bool shares_link(struct str sent, const cJSON *item)
{
	struct weibo_link link;

	for (size_t at = 0; weibo_link_next(sent, at, &link); at = link.from + link.url.n) {
		const cJSON *objects = weibo_array(item, "url_objects");
		const cJSON *object;

		cJSON_ArrayForEach(object, objects)
		{
			if (str_eq(json_str(object, "url_ori"), link.url) ||
				str_eq(json_str(json_get(object, "info"), "url_long"), link.url)) {
				return true;
			}
		}
		if (str_find(json_str(item, "text"), link.url) >= 0) {
			return true;
		}
	}
	return false;
}

static enum weibo_likeness compare_with(struct str sent_print, struct str text)
{
	enum weibo_likeness likeness;
	struct buf print;

	buf_init(&print, LIMIT_POST_BYTES);
	weibo_fingerprint(&print, text);
	likeness = weibo_compare(sent_print, buf_str(&print));
	buf_finish(&print);
	return likeness;
}

static enum verdict by_text(const struct driver_op *op, const cJSON *item, struct str sent_print)
{
	struct str text = json_str(item, "text");
	struct str behind = op->send->kind == SEND_REPLY ? without_prefix(text) : text;
	enum weibo_likeness likeness = compare_with(sent_print, text);

	if (behind.n != text.n && likeness != WEIBO_SAME) {
		enum weibo_likeness second = compare_with(sent_print, behind);

		likeness = second > likeness ? second : likeness;
	}
	if (likeness == WEIBO_SAME && sent_print.n == 0) {
		/* Nothing but links was sent: only the link itself can tell. */
		return shares_link(op->send->text, item) ? VERDICT_MATCH : VERDICT_ALIKE;
	}
	return likeness == WEIBO_SAME ? VERDICT_MATCH : likeness == WEIBO_ALIKE ? VERDICT_ALIKE : VERDICT_OTHER;
}

/* A comment stands where it was meant to: under that post, as an answer to that comment. */
static bool is_elsewhere(const struct driver_op *op, const cJSON *item)
{
	const struct driver_send *send = op->send;
	bool threaded = send->reply_to_kind == MESSAGE_COMMENT;
	int64_t want;
	int64_t got;

	if (send->kind != SEND_REPLY) {
		return false;
	}
	if (threaded && weibo_id_parse(str_from(send->reply_to_id), &want) &&
		weibo_id_of(json_get(item, "reply_comment"), &got) && got != want) {
		return true;
	}
	return weibo_id_parse(str_from(send->reply_status_id ? send->reply_status_id : send->reply_to_id), &want) &&
	       (send->reply_status_id || !threaded) && weibo_id_of(json_get(item, "status"), &got) && got != want;
}

/*
 * Surely from before the first attempt? Ids ascend, so what we had sent before it decides, whatever the clocks say:
 * ours may have been wrong by any amount then. Without such a thing the times decide, with room for a wrong clock.
 */
static bool is_older(const struct driver_send *send, int64_t id, int64_t made_at)
{
	int64_t before_id;

	if (weibo_id_parse(str_from(send->before_id), &before_id)) {
		return id <= before_id;
	}
	return made_at != 0 && made_at < send->first_attempt_at - CLOCK_DOUBT_MS;
}

static enum verdict judge(const struct driver_op *op, const cJSON *item, struct str sent_print)
{
	const struct driver_send *send = op->send;
	int64_t made_at = weibo_made_at(item);
	bool has_marker;
	enum verdict verdict;
	int64_t id;

	if (!weibo_id_of(item, &id) || is_taken(send, id) || is_foreign(op, item)) {
		return VERDICT_OTHER;
	}
	verdict = marked(op, item, &has_marker);
	if (has_marker) {
		return verdict;
	}
	if (is_older(send, id, made_at)) {
		return VERDICT_OTHER;
	}
	verdict = is_elsewhere(op, item) ? VERDICT_OTHER : by_text(op, item, sent_print);
	if (made_at == 0 || made_at < send->first_attempt_at - CLOCK_GRACE_MS) {
		return verdict == VERDICT_MATCH ? VERDICT_ALIKE : VERDICT_OTHER;
	}
	return verdict;
}

/* Does the list go back to before the first attempt, so that what is missing is missing? */
static bool reaches_back(const struct driver_op *op, const cJSON *root, const cJSON *list)
{
	size_t newest = op->send->kind == SEND_REPLY ? BY_ME_COUNT : TIMELINE_NEWEST;
	size_t n = (size_t)cJSON_GetArraySize(list);
	const cJSON *last = NULL;
	const cJSON *item;
	int64_t id;

	/* The last one, not any: an old post that was pinned stands on top. */
	cJSON_ArrayForEach(item, list)
	{
		last = item;
	}
	if (weibo_id_of(last, &id) && is_older(op->send, id, weibo_made_at(last))) {
		return true;
	}
	/* Or it is all there is; pages are filtered, so a short one alone proves nothing. */
	return n < newest && json_i64(root, "next_cursor", -1) == 0 && json_i64(root, "total_number", 0) <= (int64_t)n;
}

static void found(struct driver_op *op, const cJSON *item, struct outcome *outcome)
{
	int64_t status_id;
	int64_t author;
	int64_t id = 0;

	(void)!weibo_id_of(item, &id);
	outcome->found = FOUND_YES;
	outcome->remote_id = weibo_format_id(id);
	if (op->send->kind == SEND_PUBLISH) {
		outcome->url = weibo_format_url(weibo_settings_of(op)->uid, id);
	} else if (weibo_id_of(json_get(item, "status"), &status_id) &&
		   weibo_id_of(json_get(json_get(item, "status"), "user"), &author)) {
		char *uid = weibo_format_id(author);

		outcome->url = weibo_format_url(uid, status_id);
		free(uid);
	}
}

void weibo_find_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	const cJSON *list = json_get(json, op->send->kind == SEND_REPLY ? "comments" : "statuses");
	const cJSON *match = NULL;
	const cJSON *item;
	bool match_linked = false;
	bool alike = false;
	struct buf print;

	if (!cJSON_IsArray(list)) {
		/* An empty list may come as a bare []: it tells nothing. */
		if (!cJSON_IsArray(json)) {
			weibo_unreadable(op, outcome, "the answer holds no list");
			return;
		}
		outcome->kind = OUTCOME_DONE;
		outcome->found = FOUND_UNCLEAR;
		return;
	}
	buf_init(&print, LIMIT_POST_BYTES);
	weibo_fingerprint(&print, op->send->text);
	cJSON_ArrayForEach(item, list)
	{
		enum verdict verdict = judge(op, item, buf_str(&print));
		bool linked = verdict == VERDICT_MATCH && shares_link(op->send->text, item);

		alike = alike || verdict == VERDICT_ALIKE;
		/* Of several, one with our link, and of those the oldest: it is the nearest to the first attempt. */
		if (verdict == VERDICT_MATCH && (!match || linked || !match_linked)) {
			match = item;
			match_linked = linked;
		}
	}
	buf_finish(&print);
	outcome->kind = OUTCOME_DONE;
	if (match) {
		found(op, match, outcome);
	} else {
		outcome->found = !alike && reaches_back(op, json, list) ? FOUND_NO : FOUND_UNCLEAR;
	}
}
