/*
 * Pulling what citizens write: three lists, newest first, paged downwards by max_id.
 *
 *   comments           comments received and sent, in one call
 *   mentions           posts of others that name the account
 *   comment-mentions   comments under others' posts that name it; those under our own come twice, with the same id
 *
 * The cursor (`since`) is the highest id read so far, and moves only when everything above the last one has been read.
 * Three facts shape the rest. Pages are filtered after they are cut, so a short or empty page is not the end:
 * next_cursor 0 is. Comments that wait for approval or were hidden appear late, under ids from before: every pull asks
 * again for the last OVERLAP_MS by the clock that the ids carry, and what is known already is dropped by whoever stores
 * it. And one pull is capped, so that a flood cannot eat the day's calls: then the cursor is "HIGH/TOP-BOTTOM", with
 * the gap that is still to be read, and the next pull goes on there after it has read what is new.
 *
 * source  wiki "2/comments/timeline", "2/statuses/mentions", "2/comments/mentions", "Rate-limiting"; filtered pages in
 * a recorded answer (hoverruan/weiboclient4j); samples tests/fixtures/weibo/comments_timeline.json, mentions.json,
 * comments_mentions.json, comments_paged.json
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"
#include "text/utf8.h"

#define OVERLAP_MS        (10 * MINUTE_MS)
#define STATUS_TEXT_BYTES 600u

/* Largest share of a day's calls that one pull may spend, as one part in so many. */
#define CALLS_PART 10
#define PAGES_MIN  4

const struct driver_feed weibo_feeds[WEIBO_FEEDS] = {
	{ .name = "comments", .share_percent = 48 },
	{ .name = "mentions", .share_percent = 12 },
	{ .name = "comment-mentions", .share_percent = 12 },
};

/* source  wiki, the page of each path; the documented largest count, where there is one, saves calls */
static const struct {
	const char *path;
	const char *list;
	const char *count;
	enum message_kind kind;
} lists[WEIBO_FEEDS] = {
	{ "/2/comments/timeline.json", "comments", "200", MESSAGE_COMMENT },
	{ "/2/statuses/mentions.json", "statuses", "200", MESSAGE_MENTION },
	{ "/2/comments/mentions.json", "comments", "50", MESSAGE_COMMENT },
};

/* Steps of a pull. */
enum { STEP_NEW, STEP_GAP };

struct since {
	int64_t high;   /* 0: the first pull */
	int64_t top;    /* of the gap, inclusive; 0: there is none */
	int64_t bottom; /* of the gap, exclusive */
};

static bool since_parse(const char *text, struct since *ret_since)
{
	struct str rest = str_from(text);
	struct str part;

	*ret_since = (struct since){ 0 };
	if (!str_split(&rest, '/', &part) || !weibo_id_parse(part, &ret_since->high)) {
		*ret_since = (struct since){ 0 };
		return false;
	}
	if (rest.p && (!str_split(&rest, '-', &part) || !weibo_id_parse(part, &ret_since->top) ||
			      !str_to_i64(rest, 0, INT64_MAX, &ret_since->bottom))) {
		ret_since->top = 0;
		ret_since->bottom = 0;
	}
	return true;
}

static char *since_format(const struct since *since)
{
	char text[96];

	if (since->top > 0) {
		(void)snprintf(
			text, sizeof(text), "%" PRId64 "/%" PRId64 "-%" PRId64, since->high, since->top, since->bottom);
	} else {
		(void)snprintf(text, sizeof(text), "%" PRId64, since->high);
	}
	return xstrdup(text);
}

/* What to ask for: everything above this id. */
static int64_t floor_of(const struct driver_op *op, const struct since *since)
{
	const int64_t overlap = OVERLAP_MS / SECOND_MS << WEIBO_ID_SEQUENCE_BITS;

	if (op->step == STEP_GAP) {
		return since->bottom;
	}
	return since->high > overlap ? since->high - overlap : 0;
}

static int64_t stored_id(const char *text)
{
	int64_t id = 0;

	(void)!weibo_id_parse(str_from(text), &id);
	return id;
}

static void store_id(char **id, int64_t value)
{
	free(*id);
	*id = weibo_format_id(value);
}

static void add_number(struct buf *query, const char *key, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	(void)form_add(query, key, str_from(text));
}

bool weibo_pull_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	struct since since;
	struct buf query;

	if (op->pull.feed < 0 || op->pull.feed >= WEIBO_FEEDS) {
		return error_set(err, ERROR_PLATFORM, ADVISE_BUG, 0, "no such feed: %d", op->pull.feed);
	}
	(void)since_parse(op->pull.since, &since);
	weibo_form_init(op, &query);
	(void)form_add(&query, "count", str_from(lists[op->pull.feed].count));
	if (op->cursor) {
		(void)form_add(&query, "max_id", str_from(op->cursor));
	}
	if (floor_of(op, &since) > 0) {
		add_number(&query, "since_id", floor_of(op, &since));
	}
	weibo_get(op, lists[op->pull.feed].path, &query, ret_request);
	return true;
}

/* A text of theirs as it was meant, cut to what we keep. NULL for none. */
static char *decoded(struct str text, size_t max_bytes)
{
	struct buf plain;
	char *copy;

	if (text.n == 0) {
		return NULL;
	}
	buf_init(&plain, text.n + 1);
	weibo_decode_entities(&plain, text);
	copy = str_dup(text_cut_bytes(buf_str(&plain), max_bytes));
	buf_finish(&plain);
	return copy;
}

static char *id_text(const cJSON *object)
{
	int64_t id;

	return weibo_id_of(object, &id) ? weibo_format_id(id) : NULL;
}

static char *root_of(const cJSON *item, int64_t own_id)
{
	int64_t root = json_i64(item, "rootid", 0);

	return root > 0 && root != own_id ? weibo_format_id(root) : NULL;
}

static void read_author(const struct driver_op *op, const cJSON *user, struct message *message)
{
	struct str name = json_str(user, "screen_name");
	const char *own = op->account->remote_uid ? op->account->remote_uid : "";

	message->author_id = id_text(user);
	message->author_name = decoded(name.n > 0 ? name : json_str(user, "name"), LIMIT_NAME_BYTES);
	message->from_us = message->author_id && (!strcmp(message->author_id, own) ||
							 !strcmp(message->author_id, weibo_settings_of(op)->uid));
}

static void read_item(const struct driver_op *op, const cJSON *item, int64_t id, struct message *message)
{
	bool mention = lists[op->pull.feed].kind == MESSAGE_MENTION;
	const cJSON *status = mention ? item : json_get(item, "status");
	/* Under a repost the officer wants to see what it is about: the original, or the notice that it is gone. */
	const cJSON *shown = mention ? json_get(item, "retweeted_status") : status;
	char *status_author = id_text(json_get(status, "user"));
	int64_t status_id;

	message->kind = lists[op->pull.feed].kind;
	message->remote_id = weibo_format_id(id);
	read_author(op, json_get(item, "user"), message);
	message->text = decoded(json_str(item, "text"), LIMIT_MESSAGE_BYTES);
	message->created_at = weibo_made_at(item);
	message->status_id = id_text(status);
	message->status_text = decoded(json_str(shown, "text"), STATUS_TEXT_BYTES);
	if (!mention) {
		message->root_id = root_of(item, id);
		message->parent_id = id_text(json_get(item, "reply_comment"));
	}
	if (weibo_id_of(status, &status_id)) {
		message->url = weibo_format_url(status_author, status_id);
	}
	free(status_author);
}

/*
 * Where the next page begins; 0: there is none, -1: hostile.
 *
 * Without next_cursor a page with items is followed below its lowest: one more call, and nothing is lost.
 */
static int64_t next_page(const cJSON *root, int64_t lowest)
{
	int64_t cursor;

	if (!json_get(root, "next_cursor") || cJSON_IsNull(json_get(root, "next_cursor"))) {
		return lowest > 1 ? lowest - 1 : 0;
	}
	cursor = json_i64(root, "next_cursor", -1);
	return cursor < 0 ? -1 : cursor;
}

static unsigned pages_max(const struct driver_op *op)
{
	int64_t affordable = weibo_settings_of(op)->calls_per_day / CALLS_PART;

	if (affordable < PAGES_MIN) {
		return PAGES_MIN;
	}
	return affordable < LIMIT_PULL_PAGES ? (unsigned)affordable : LIMIT_PULL_PAGES;
}

static void pull_done(struct driver_op *op, struct since since, struct outcome *outcome)
{
	int64_t high = stored_id(op->high);

	outcome->kind = OUTCOME_DONE;
	if (high > since.high) {
		since.high = high;
	}
	if (since.high == 0 && op->pull.now_at > 0) {
		/* An empty list on the first pull: from now on everything counts, however much it becomes. */
		since.high = weibo_id_at(op->pull.now_at);
	}
	outcome->since = since.high > 0 ? since_format(&since) : NULL;
}

static void turn_page(struct driver_op *op, const cJSON *root, int64_t lowest, struct outcome *outcome)
{
	int64_t before = stored_id(op->cursor);
	int64_t next = next_page(root, lowest);
	struct since since;
	bool first = !since_parse(op->pull.since, &since);

	if (next < 0 || (before > 0 && next >= before)) {
		message_list_finish(&outcome->messages);
		weibo_unreadable(op, outcome, "the list does not go downwards from page to page");
		return;
	}
	op->pages++;
	if (first) {
		pull_done(op, since, outcome);
		return;
	}
	if (next > floor_of(op, &since)) {
		if (op->pages < pages_max(op)) {
			store_id(&op->cursor, next);
			outcome->kind = OUTCOME_NEXT;
			return;
		}
		/* Enough for one pull. What was above the old gap is read again with it: rare, and harmless. */
		since.bottom = since.top > 0 ? since.bottom : floor_of(op, &since);
		since.top = next;
		outcome->note = xstrdup("more than one poll may read; the next one goes on");
		pull_done(op, since, outcome);
		return;
	}
	if (op->step == STEP_NEW && since.top > since.bottom) {
		if (op->pages < pages_max(op)) {
			op->step = STEP_GAP;
			store_id(&op->cursor, since.top);
			outcome->kind = OUTCOME_NEXT;
			return;
		}
		pull_done(op, since, outcome);
		return;
	}
	since.top = 0;
	since.bottom = 0;
	pull_done(op, since, outcome);
}

void weibo_pull_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	const cJSON *list = cJSON_IsArray(json) ? json : json_get(json, lists[op->pull.feed].list);
	/* Ids tell the time they were made. What claims to be of tomorrow is read, and read again, but moves no cursor.
	 */
	int64_t highest = op->pull.now_at > 0 ? weibo_id_at(op->pull.now_at + DAY_MS) : INT64_MAX;
	int64_t high = stored_id(op->high);
	int64_t lowest = 0;
	const cJSON *item;

	if (list && !cJSON_IsArray(list) && !cJSON_IsNull(list)) {
		list = NULL;
	} else if (list && cJSON_GetArraySize(list) > (int)LIMIT_PULL_ITEMS) {
		list = NULL;
	}
	if (!list) {
		weibo_unreadable(op, outcome, "the answer holds no list of a sensible size");
		return;
	}
	cJSON_ArrayForEach(item, list)
	{
		int64_t id;

		/* What has no id cannot be stored; the others can. */
		if (!weibo_id_of(item, &id)) {
			continue;
		}
		read_item(op, item, id, message_list_add(&outcome->messages));
		high = id > high && id < highest ? id : high;
		lowest = lowest == 0 || id < lowest ? id : lowest;
	}
	if (high > 0) {
		store_id(&op->high, high);
	}
	turn_page(op, cJSON_IsArray(json) ? NULL : json, cJSON_IsArray(json) ? 0 : lowest, outcome);
}
