/*
 * The feed of article comments. WeChat pushes none: each article is asked for by its thread, newest comments first.
 *
 *   first 24 hours   every poll, down to what was read last time
 *   day 2 to 7       every hour, the whole list
 *   up to day 30     every day, the whole list
 *
 * The cursor is a list of "THREAD:POLLED:NEWEST" (seconds; 0: not kept), or "THREAD:x" for an article whose comments
 * WeChat does not give (88001). It changes only with news, or when an older article was read.
 *
 * `total` is not believed: it was seen to be the length of the page. A page is the last when it is short. The list may
 * shift between two pages, so they overlap; what comes twice is known by its id. Of the replies under a comment only
 * one is shown, and only the account writes them: it becomes a message of our own.
 *
 * source  page comment/list, read 2026 (49 is the most it takes); what it really answers: developers' reports; order
 * and intervals: source unverified; sample tests/fixtures/wechat/comment_list.json
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"
#include "text/utf8.h"

#define PAGE_COUNT   49
#define PAGE_STEP    44
#define THREAD_PAGES 30u
#define OVERLAP_S    600 /* comments that were held back appear under an older time */
#define SLACK_MS     MINUTE_MS
#define FRESH_MS     DAY_MS
#define WEEK_MS      (7 * DAY_MS)
#define LAST_MS      (30 * DAY_MS)
#define CURSOR_BYTES (64u << 10)
#define TITLE_BYTES  600u

const struct driver_feed wechat_feeds[WECHAT_FEEDS] = { { .name = "comments", .share_percent = 70 } };

/* What is remembered of one thread. */
struct memory {
	int64_t polled_s;
	int64_t newest_s;
	bool closed;
};

/* ---- the cursor ---- */

static struct memory remember(const char *cursor, const char *thread)
{
	struct str rest = str_from(cursor);
	struct memory memory = { 0 };
	struct str entry;

	while (str_split(&rest, ' ', &entry)) {
		struct str part;

		if (!str_split(&entry, ':', &part) || !str_is(part, thread) || !str_split(&entry, ':', &part)) {
			continue;
		}
		if (str_is(part, "x")) {
			memory.closed = true;
		} else if (!str_to_i64(part, 0, INT32_MAX * INT64_C(4), &memory.polled_s) || !entry.p ||
			   !str_to_i64(entry, 0, INT32_MAX * INT64_C(4), &memory.newest_s)) {
			memory = (struct memory){ 0 };
		}
		break;
	}
	return memory;
}

static const char *cursor_of(const struct driver_op *op)
{
	return op->cursor ? op->cursor : op->pull.since ? op->pull.since : "";
}

/* The cursor with this thread's memory changed; threads that are not asked for any more fall out. */
static void memorize(struct driver_op *op, size_t index, struct memory changed)
{
	struct buf text;

	buf_init(&text, CURSOR_BYTES);
	for (size_t i = 0; i < op->pull.n_threads; i++) {
		const char *thread = op->pull.threads[i].thread_id;
		struct memory memory = i == index ? changed : remember(cursor_of(op), thread);
		size_t n = text.n;

		if (memory.closed) {
			(void)buf_printf(&text, "%s%s:x", n ? " " : "", thread);
		} else if (memory.polled_s || memory.newest_s) {
			(void)buf_printf(&text, "%s%s:%" PRId64 ":%" PRId64, n ? " " : "", thread, memory.polled_s,
				memory.newest_s);
		}
	}
	free(op->cursor);
	op->cursor = xstrdup(text.n && !text.failed ? text.p : "-");
	buf_finish(&text);
}

/* ---- which thread is next ---- */

static int64_t age_ms(const struct driver_op *op, size_t index)
{
	return op->pull.now_at - op->pull.threads[index].sent_at;
}

static bool is_due(const struct driver_op *op, size_t index)
{
	const struct driver_thread *thread = &op->pull.threads[index];
	struct memory memory = remember(cursor_of(op), thread->thread_id);
	int64_t age = age_ms(op, index);
	struct wechat_comment_id id;

	if (memory.closed || age > LAST_MS || !wechat_thread_parse(thread->thread_id, &id)) {
		return false;
	}
	return age < FRESH_MS || memory.polled_s == 0 ||
	       op->pull.now_at - memory.polled_s * SECOND_MS >= (age < WEEK_MS ? HOUR_MS : DAY_MS) - SLACK_MS;
}

/* From op->step on; n_threads: none. */
static size_t next_due(const struct driver_op *op)
{
	size_t i;

	for (i = (size_t)op->step; i < op->pull.n_threads && !is_due(op, i); i++) {
	}
	return i;
}

/* ---- pages ---- */

/* Where in the present thread we are; in op->high as "BEGIN:NEWEST:PAGES". */
struct place {
	int64_t begin;
	int64_t newest_s;
	int64_t pages;
};

static struct place place_of(const struct driver_op *op)
{
	struct str rest = str_from(op->high);
	struct place place = { 0 };
	struct str part;

	if (!str_split(&rest, ':', &part) || !str_to_i64(part, 0, INT32_MAX, &place.begin) ||
		!str_split(&rest, ':', &part) || !str_to_i64(part, 0, INT64_MAX, &place.newest_s) ||
		!str_to_i64(rest, 0, INT32_MAX, &place.pages)) {
		return (struct place){ 0 };
	}
	return place;
}

static void set_place(struct driver_op *op, const struct place *place)
{
	char text[80];

	(void)snprintf(
		text, sizeof(text), "%" PRId64 ":%" PRId64 ":%" PRId64, place->begin, place->newest_s, place->pages);
	free(op->high);
	op->high = xstrdup(text);
}

bool wechat_pull_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	size_t index = next_due(op);
	struct wechat_comment_id id;
	struct place place;
	cJSON *body;

	if (op->pull.feed < 0 || op->pull.feed >= WECHAT_FEEDS) {
		return error_set(err, ERROR_PLATFORM, ADVISE_BUG, 0, "no such feed: %d", op->pull.feed);
	}
	if (!wechat_can(op->account->settings, "comments") || index >= op->pull.n_threads ||
		!wechat_thread_parse(op->pull.threads[index].thread_id, &id)) {
		op->step = (int)op->pull.n_threads;
		*ret_request = (struct http_request){ 0 };
		return true;
	}
	if ((int)index != op->step) {
		free(op->high);
		op->high = NULL;
		op->step = (int)index;
	}
	place = place_of(op);
	body = json_object();
	wechat_add_digits(body, "msg_data_id", id.data_id);
	wechat_add_digits(body, "index", id.index);
	json_add_i64(body, "begin", place.begin);
	json_add_i64(body, "count", PAGE_COUNT);
	json_add_i64(body, "type", 0);
	return wechat_post(op, "/cgi-bin/comment/list", body, ret_request, err);
}

static char *cut(struct str text, size_t max_bytes)
{
	return text.n > 0 ? str_dup(text_cut_bytes(text, max_bytes)) : NULL;
}

static int64_t time_of(const cJSON *item)
{
	int64_t at = json_i64(item, "create_time", 0);

	return at > 0 && at < INT32_MAX * INT64_C(4) ? at : 0;
}

static void read_comment(const struct driver_thread *thread, const cJSON *item, struct message_list *list)
{
	const cJSON *reply = json_get(item, "reply");
	const char *openid = json_text(item, "openid", NULL);
	struct message *message;
	struct buf digits;
	char *id = NULL;

	buf_init(&digits, 64);
	if (json_id(item, "user_comment_id", &digits)) {
		id = wechat_comment_format(thread->thread_id, buf_str(&digits), false);
	}
	if (!id) {
		buf_finish(&digits);
		return;
	}
	message = message_list_add(list);
	message->kind = MESSAGE_COMMENT;
	message->remote_id = id;
	message->author_id = wechat_is_openid(openid) ? xstrdup(openid) : NULL;
	message->text = cut(json_str(item, "content"), LIMIT_MESSAGE_BYTES);
	message->created_at = time_of(item) * SECOND_MS;
	message->status_id = xstrdup(thread->thread_id);
	message->status_text = cut(str_from(thread->title), TITLE_BYTES);
	if (cJSON_IsObject(reply) && json_str(reply, "content").n > 0) {
		struct message *ours = message_list_add(list); /* `message` may have moved */

		ours->kind = MESSAGE_COMMENT;
		ours->remote_id = wechat_comment_format(thread->thread_id, buf_str(&digits), true);
		ours->text = cut(json_str(reply, "content"), LIMIT_MESSAGE_BYTES);
		ours->created_at = time_of(reply) * SECOND_MS;
		ours->status_id = xstrdup(thread->thread_id);
		ours->status_text = cut(str_from(thread->title), TITLE_BYTES);
		ours->root_id = xstrdup(id);
		ours->parent_id = xstrdup(id);
		ours->from_us = true;
	}
	buf_finish(&digits);
}

static void end_thread(struct driver_op *op, struct memory memory)
{
	memorize(op, (size_t)op->step, memory);
	op->step++;
	free(op->high);
	op->high = NULL;
}

/* Enough for one pull. */
static void stop_here(struct driver_op *op, struct outcome *outcome)
{
	outcome->kind = OUTCOME_DONE;
	outcome->since = xstrdup(op->cursor);
	outcome->note = xstrdup("more than one poll may read; the next one goes on");
}

static void end_page(struct driver_op *op, struct outcome *outcome)
{
	size_t index = next_due(op);

	if (index < op->pull.n_threads && op->pages < LIMIT_PULL_PAGES) {
		outcome->kind = OUTCOME_NEXT;
		return;
	}
	if (index < op->pull.n_threads) {
		stop_here(op, outcome);
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->since = xstrdup(op->cursor);
}

static void turn_page(struct driver_op *op, size_t n, int64_t oldest_s, struct place place, struct outcome *outcome)
{
	size_t index = (size_t)op->step;
	struct memory memory = remember(cursor_of(op), op->pull.threads[index].thread_id);
	bool fresh = age_ms(op, index) < FRESH_MS;
	bool known = fresh && memory.newest_s > 0 && oldest_s > 0 && oldest_s < memory.newest_s - OVERLAP_S;

	if (n >= PAGE_COUNT && !known && place.pages < THREAD_PAGES) {
		if (op->pages >= LIMIT_PULL_PAGES) {
			stop_here(op, outcome); /* without a memory of this thread: what is below is still to be read */
			return;
		}
		place.begin += PAGE_STEP;
		set_place(op, &place);
		outcome->kind = OUTCOME_NEXT;
		return;
	}
	memory.polled_s = fresh ? 0 : op->pull.now_at / SECOND_MS;
	memory.newest_s = place.newest_s > memory.newest_s ? place.newest_s : memory.newest_s;
	end_thread(op, memory);
	end_page(op, outcome);
}

void wechat_pull_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	static const int own[] = { 88001, 0 };
	cleanup(json_freep) cJSON *json = NULL;
	struct place place = place_of(op);
	const cJSON *list;
	const cJSON *item;
	int64_t oldest_s = 0;
	int code = 0;

	if ((size_t)op->step >= op->pull.n_threads) {
		outcome->kind = OUTCOME_DONE; /* nothing was due */
		return;
	}
	if (!wechat_answer_json(op, answer, own, &json, &code, outcome)) {
		return;
	}
	op->pages++;
	if (code == 88001) {
		end_thread(op, (struct memory){ .closed = true });
		end_page(op, outcome);
		return;
	}
	list = json_get(json, "comment");
	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > (int)LIMIT_PULL_ITEMS) {
		wechat_unreadable(op, outcome, "the answer holds no list of a sensible size");
		return;
	}
	place.pages++;
	cJSON_ArrayForEach(item, list)
	{
		int64_t at = time_of(item);

		read_comment(&op->pull.threads[op->step], item, &outcome->messages);
		place.newest_s = at > place.newest_s ? at : place.newest_s;
		oldest_s = at > 0 && (oldest_s == 0 || at < oldest_s) ? at : oldest_s;
	}
	turn_page(op, (size_t)cJSON_GetArraySize(list), oldest_s, place, outcome);
}
