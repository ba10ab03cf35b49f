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
 * One pull is capped, and so is what it spends on one article. What it could not read of a list is a gap: its entry
 * goes on with ":BEGIN:TOP:BOTTOM", the place in the list, the time above it, and the time down to which it is to be
 * read (0: to the end). The next pull reads what is new, and then goes on there. The list moves meanwhile: what came
 * moves the place down; what vanished moves it up, which shows, because the page there begins below TOP. With a gap
 * that nobody has read before, an older article is due at every poll. Articles whose turn did not come are the first
 * ones of the next pull: the cursor begins with "from:THREAD".
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
#define OVERLAP_S    600 /* comments that were held back appear under an older time */
#define SLACK_MS     MINUTE_MS
#define FRESH_MS     DAY_MS
#define WEEK_MS      (7 * DAY_MS)
#define LAST_MS      (30 * DAY_MS)
#define CURSOR_BYTES (64u << 10)
#define TITLE_BYTES  600u
#define TIME_MAX_S   (INT32_MAX * INT64_C(4))
#define BEGIN_MAX    (INT32_MAX / 2)
#define FROM         "from"

/* Largest share of a day's calls that one pull may spend, as one part in so many. */
#define CALLS_PART 10
#define PAGES_MIN  4u
/* And how much of that may go to one article. */
#define THREAD_PERCENT 60

const struct driver_feed wechat_feeds[WECHAT_FEEDS] = { { .name = "comments", .share_percent = 70 } };

/* What of a list is still to be read. */
struct gap {
	int64_t begin; /* 0: there is none */
	int64_t top_s;
	int64_t bottom_s;
};

/* What is remembered of one thread. */
struct memory {
	int64_t polled_s;
	int64_t newest_s;
	bool closed;
	struct gap gap;
};

/* ---- the cursor ---- */

static bool gap_parse(struct str text, struct gap *ret_gap)
{
	struct gap gap;
	struct str part;

	if (!str_split(&text, ':', &part) || !str_to_i64(part, 1, BEGIN_MAX, &gap.begin) ||
		!str_split(&text, ':', &part) || !str_to_i64(part, 0, TIME_MAX_S, &gap.top_s) ||
		!str_to_i64(text, 0, TIME_MAX_S, &gap.bottom_s)) {
		return false;
	}
	*ret_gap = gap;
	return true;
}

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
		} else if (!str_to_i64(part, 0, TIME_MAX_S, &memory.polled_s) || !str_split(&entry, ':', &part) ||
			   !str_to_i64(part, 0, TIME_MAX_S, &memory.newest_s) ||
			   (entry.p && !gap_parse(entry, &memory.gap))) {
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
		} else if (memory.polled_s || memory.newest_s || memory.gap.begin) {
			(void)buf_printf(&text, "%s%s:%" PRId64 ":%" PRId64, n ? " " : "", thread, memory.polled_s,
				memory.newest_s);
			if (memory.gap.begin) {
				(void)buf_printf(&text, ":%" PRId64 ":%" PRId64 ":%" PRId64, memory.gap.begin,
					memory.gap.top_s, memory.gap.bottom_s);
			}
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

/* With which thread this pull begins. */
static size_t first_index(const struct driver_op *op)
{
	struct str rest = str_from(op->pull.since ? op->pull.since : "");
	struct str entry;
	struct str part;

	if (!str_split(&rest, ' ', &entry) || !str_split(&entry, ':', &part) || !str_is(part, FROM)) {
		return 0;
	}
	for (size_t i = 0; i < op->pull.n_threads; i++) {
		if (str_is(entry, op->pull.threads[i].thread_id)) {
			return i;
		}
	}
	return 0;
}

/* Steps are turns: each thread has one, and after the last thread comes the first. */
static size_t index_of(const struct driver_op *op, size_t turn)
{
	return (first_index(op) + turn) % op->pull.n_threads;
}

/* The turn, from op->step on; n_threads: none. */
static size_t next_due(const struct driver_op *op)
{
	size_t turn;

	for (turn = (size_t)op->step; turn < op->pull.n_threads && !is_due(op, index_of(op, turn)); turn++) {
	}
	return turn;
}

/* ---- pages ---- */

/* What is new; the gap, looked for because it may have moved; what is in it. */
enum part { PART_NEW, PART_SEEK, PART_GAP };

/* Where in the present thread we are; in op->high as "BEGIN:NEWEST:PAGES:NEW:PART". */
struct place {
	int64_t begin;
	int64_t newest_s;
	int64_t pages;
	int64_t n_new; /* comments above what is remembered as the newest */
	int64_t part;
};

static struct place place_of(const struct driver_op *op)
{
	struct str rest = str_from(op->high);
	struct place place = { 0 };
	struct str part;

	if (!str_split(&rest, ':', &part) || !str_to_i64(part, 0, INT32_MAX, &place.begin) ||
		!str_split(&rest, ':', &part) || !str_to_i64(part, 0, INT64_MAX, &place.newest_s) ||
		!str_split(&rest, ':', &part) || !str_to_i64(part, 0, INT32_MAX, &place.pages) ||
		!str_split(&rest, ':', &part) || !str_to_i64(part, 0, INT32_MAX, &place.n_new) ||
		!str_to_i64(rest, PART_NEW, PART_GAP, &place.part)) {
		return (struct place){ 0 };
	}
	return place;
}

static void set_place(struct driver_op *op, const struct place *place)
{
	char text[120];

	(void)snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 ":%" PRId64 ":%" PRId64 ":%" PRId64, place->begin,
		place->newest_s, place->pages, place->n_new, place->part);
	free(op->high);
	op->high = xstrdup(text);
}

bool wechat_pull_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	size_t turn = next_due(op);
	struct wechat_comment_id id;
	struct place place;
	cJSON *body;

	if (op->pull.feed < 0 || op->pull.feed >= WECHAT_FEEDS) {
		return error_set(err, ERROR_PLATFORM, ADVISE_BUG, 0, "no such feed: %d", op->pull.feed);
	}
	if (!wechat_can(op->account->settings, "comments") || turn >= op->pull.n_threads ||
		!wechat_thread_parse(op->pull.threads[index_of(op, turn)].thread_id, &id)) {
		op->step = (int)op->pull.n_threads;
		*ret_request = (struct http_request){ 0 };
		return true;
	}
	if ((int)turn != op->step) {
		free(op->high);
		op->high = NULL;
		op->step = (int)turn;
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

	return at > 0 && at < TIME_MAX_S ? at : 0;
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

/* ---- from page to page ---- */

static unsigned pages_max(const struct driver_op *op)
{
	int64_t affordable = wechat_settings_of(op)->comment_calls_per_day / CALLS_PART;

	if (affordable < PAGES_MIN) {
		return PAGES_MIN;
	}
	return affordable < LIMIT_PULL_PAGES ? (unsigned)affordable : LIMIT_PULL_PAGES;
}

/* Fewer than a pull has: the thread it begins with comes to its own end, and another one after it. */
static unsigned thread_pages(const struct driver_op *op)
{
	return pages_max(op) * THREAD_PERCENT / 100;
}

static void end_thread(struct driver_op *op, struct memory memory)
{
	memorize(op, index_of(op, (size_t)op->step), memory);
	op->step++;
	free(op->high);
	op->high = NULL;
}

/* Enough for one pull; the next one begins with the thread of this turn. */
static void stop_here(struct driver_op *op, size_t turn, struct outcome *outcome)
{
	struct buf since;

	buf_init(&since, CURSOR_BYTES + 64);
	(void)buf_printf(&since, "%s:%s %s", FROM, op->pull.threads[index_of(op, turn)].thread_id, op->cursor);
	outcome->kind = OUTCOME_DONE;
	outcome->since = xstrdup(since.failed ? op->cursor : since.p);
	outcome->note = xstrdup("more than one poll may read; the next one goes on");
	buf_finish(&since);
}

static void end_page(struct driver_op *op, struct outcome *outcome)
{
	size_t turn = next_due(op);

	if (turn < op->pull.n_threads && op->pages < pages_max(op)) {
		outcome->kind = OUTCOME_NEXT;
		return;
	}
	if (turn < op->pull.n_threads) {
		stop_here(op, turn, outcome);
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->since = xstrdup(op->cursor);
}

/* What a page held. */
struct page {
	size_t n;
	int64_t newest_s; /* 0: it tells no times */
	int64_t oldest_s;
};

/* Everything older than this was read already; 0: that is not known. */
static int64_t floor_of(const struct driver_op *op, const struct memory *memory)
{
	bool fresh = age_ms(op, index_of(op, (size_t)op->step)) < FRESH_MS;

	return (fresh || memory->gap.begin) && memory->newest_s > OVERLAP_S ? memory->newest_s - OVERLAP_S : 0;
}

/* Has all that is new been read? While there is a gap, the overlap must not eat up its calls. */
static bool is_new_read(const struct driver_op *op, const struct memory *memory, const struct page *page, int64_t pages)
{
	bool enough = memory->gap.begin > 0 && pages >= thread_pages(op) / 2;

	if (page->oldest_s == 0) {
		return enough;
	}
	return page->oldest_s < floor_of(op, memory) || (enough && page->oldest_s < memory->newest_s);
}

/* Move to the next page. False: there is none, the list has been read. */
static bool next_place(
	const struct driver_op *op, const struct memory *memory, const struct page *page, struct place *place)
{
	if (place->part == PART_SEEK) {
		if (place->begin > 0 && page->n == 0) {
			place->begin /= 2;
			return true;
		}
		if (place->begin > 0 && page->newest_s > 0 && page->newest_s < memory->gap.top_s) {
			place->begin = place->begin > PAGE_STEP ? place->begin - PAGE_STEP : 0;
			return true;
		}
		place->part = PART_GAP;
	}
	if (page->n < PAGE_COUNT) {
		return false;
	}
	if (place->part == PART_GAP) {
		place->begin += PAGE_STEP;
		return page->oldest_s == 0 || page->oldest_s >= memory->gap.bottom_s;
	}
	place->begin += PAGE_STEP;
	if (!is_new_read(op, memory, page, place->pages)) {
		return true;
	}
	place->part = PART_GAP;
	if (memory->gap.begin + place->n_new > place->begin) {
		place->begin = memory->gap.begin + place->n_new;
		place->part = PART_SEEK;
	}
	return memory->gap.begin > 0;
}

/* What is left of the list when the next page must wait. */
static struct gap gap_at(
	const struct driver_op *op, const struct memory *memory, const struct page *page, const struct place *place)
{
	struct gap gap = memory->gap;

	if (place->part == PART_NEW) {
		gap.bottom_s = gap.begin ? gap.bottom_s : floor_of(op, memory);
	}
	if (place->part != PART_SEEK) {
		gap.top_s = page->oldest_s;
	}
	gap.begin = place->begin < BEGIN_MAX ? place->begin : BEGIN_MAX;
	if (gap.begin == 0) {
		gap.begin = 1; /* the first comment is read anyway, and 0 says that there is no gap */
	}
	return gap;
}

static void turn_page(struct driver_op *op, const struct page *page, struct place place, struct outcome *outcome)
{
	size_t index = index_of(op, (size_t)op->step);
	struct memory before = remember(cursor_of(op), op->pull.threads[index].thread_id);
	struct memory memory = before;
	bool fresh = age_ms(op, index) < FRESH_MS;
	bool more = next_place(op, &before, page, &place);
	bool ends = place.pages >= thread_pages(op);

	if (more && !ends && op->pages < pages_max(op)) {
		set_place(op, &place);
		outcome->kind = OUTCOME_NEXT;
		return;
	}
	memory.gap = more ? gap_at(op, &before, page, &place) : (struct gap){ 0 };
	memory.newest_s = place.newest_s > before.newest_s ? place.newest_s : before.newest_s;
	if (more && !ends) {
		memorize(op, index, memory);
		stop_here(op, (size_t)op->step, outcome);
		return;
	}
	if (fresh || (more && place.part == PART_NEW && page->oldest_s >= before.newest_s)) {
		memory.polled_s = 0; /* what nobody read yet does not wait for the hour, or the day */
	} else if (!more || before.polled_s > 0) {
		memory.polled_s = op->pull.now_at / SECOND_MS;
	}
	end_thread(op, memory);
	end_page(op, outcome);
}

void wechat_pull_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	static const int own[] = { 88001, 0 };
	cleanup(json_freep) cJSON *json = NULL;
	struct place place = place_of(op);
	struct page page = { 0 };
	struct memory memory;
	const cJSON *list;
	const cJSON *item;
	size_t index;
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
	index = index_of(op, (size_t)op->step);
	memory = remember(cursor_of(op), op->pull.threads[index].thread_id);
	place.pages++;
	cJSON_ArrayForEach(item, list)
	{
		int64_t at = time_of(item);

		read_comment(&op->pull.threads[index], item, &outcome->messages);
		page.n++;
		page.newest_s = at > page.newest_s ? at : page.newest_s;
		page.oldest_s = at > 0 && (page.oldest_s == 0 || at < page.oldest_s) ? at : page.oldest_s;
		if (place.part == PART_NEW && at > memory.newest_s) {
			place.n_new = place.begin + (int64_t)page.n;
		}
	}
	place.newest_s = page.newest_s > place.newest_s ? page.newest_s : place.newest_s;
	turn_page(op, &page, place, outcome);
}
