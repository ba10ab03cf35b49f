/*
 * The inbox and one case, as they are shown. Read-only.
 *
 * The inbox walks the partial index of open tickets in its own order, so that its first page costs the same at any size
 * of the table; the cursor is "priority/next_due_at/id" of the last row. Closed tickets have no urgency: a list that
 * contains them is ordered by id, newest first, and its cursor is the id.
 *
 * Everything a citizen wrote goes through text_safe_line() or was sanitised when it was stored; long threads lose their
 * oldest messages rather than break the answer's size.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/event.h"
#include "store/ticket.h"
#include "store/ticket_internal.h"
#include "store/view.h"
#include "text/safe.h"
#include "text/utf8.h"

#define EXCERPT_CELLS 120u
#define EXCERPT_BYTES 1024u
/* Of all texts of a thread; what is older is left out. */
#define THREAD_BYTES (2u << 20)

#define COLUMNS \
	"SELECT ticket.id, ticket.priority, ticket.class, ticket.state, account.name, ticket.author_name," \
	" ticket.author_id, message.text, ticket.opened_at, ticket.ack_at, ticket.reply_at, ticket.answer_at," \
	" ticket.next_due_at, ticket.holder, ticket.level, ticket.target," \
	" (SELECT COUNT(*) FROM message WHERE message.ticket_id = ticket.id)," \
	" ticket.version, ticket.lease_until_at, ticket.result, ticket.closed_at," \
	" ticket.window_until_at, contact.window_left, contact.window_until_at" \
	" FROM ticket LEFT JOIN account ON account.id = ticket.account_id" \
	" LEFT JOIN message ON message.id = ticket.last_message_id" \
	" LEFT JOIN contact ON contact.account_id = ticket.account_id AND contact.author_id = ticket.author_id"

static const char sql_inbox[] = COLUMNS
	" WHERE ticket.state <> 'closed' AND (ticket.priority, ticket.next_due_at, ticket.id) > ($1, $2, $3)"
	" AND ($4 IS NULL OR ticket.state = $4) AND ($5 IS NULL OR account.name = $5)"
	" AND ($6 IS NULL OR ticket.class = $6) AND ($7 IS NULL OR ticket.holder = $7)"
	" AND ($8 < 0 OR ticket.priority = $8) AND ($9 = 0 OR ticket.holder IS NULL)"
	" AND ($10 = 0 OR ticket.next_due_at <= $10)"
	" ORDER BY ticket.priority, ticket.next_due_at, ticket.id LIMIT $11";

static const char sql_archive[] = COLUMNS
	" WHERE ticket.id < $1"
	" AND ($2 IS NULL OR ticket.state = $2) AND ($3 IS NULL OR account.name = $3)"
	" AND ($4 IS NULL OR ticket.class = $4) AND ($5 IS NULL OR ticket.holder = $5)"
	" AND ($6 < 0 OR ticket.priority = $6) AND ($7 = 0 OR ticket.holder IS NULL)"
	" AND ($8 = 0 OR (ticket.next_due_at <= $8 AND ticket.state <> 'closed'))"
	" ORDER BY ticket.id DESC LIMIT $9";

static const char sql_one[] = COLUMNS " WHERE ticket.id = $1";

/* Newest first, so that a cap cuts off what is oldest. What we said through here comes back by polling: shown once. */
static const char sql_messages[] =
	"SELECT message.id, message.author_name, message.author_id, message.from_us, message.kind, message.text,"
	" message.created_at, message.url, message.status_text, message.spans"
	" FROM message WHERE message.ticket_id = $1"
	" AND NOT (message.from_us AND EXISTS (SELECT 1 FROM send WHERE send.account_id = message.account_id"
	" AND send.kind = 'reply' AND send.remote_id = message.remote_id))"
	" ORDER BY message.id DESC LIMIT $2";

/* What came with the messages of a ticket. */
static const char sql_media[] =
	"SELECT message_media.message_id, message_media.type, message_media.state, message_media.sha256,"
	" message_media.bytes, message_media.mime, message_media.why FROM message"
	" JOIN message_media ON message_media.message_id = message.id WHERE message.ticket_id = $1"
	" ORDER BY message_media.id LIMIT $2";

static const char sql_replies[] =
	"SELECT id, author, text, created_at, url, state FROM send WHERE ticket_id = $1 ORDER BY id DESC LIMIT $2";

/* ---- rows ---- */

/* One line, cut to what a list shows. */
static void add_excerpt(cJSON *object, const char *key, const char *text)
{
	struct str begin = text_cut_bytes(str_from(text), EXCERPT_BYTES);
	struct buf line;
	struct buf cut;

	buf_init(&line, EXCERPT_BYTES * 4);
	buf_init(&cut, EXCERPT_BYTES * 4);
	(void)text_safe_line(&line, begin);
	(void)text_cut(&cut, buf_str(&line), EXCERPT_CELLS);
	json_add_str(object, key, buf_str(&cut));
	buf_finish(&line);
	buf_finish(&cut);
}

static cJSON *row_of(struct stmt *stmt, int64_t now_at)
{
	cJSON *row = json_object();
	int64_t due_at = stmt_i64(stmt, 12);
	const char *author = stmt_text(stmt, 5);
	bool closed = strcmp(stmt_text(stmt, 3), "closed") == 0;

	json_add_i64(row, "id", stmt_i64(stmt, 0));
	json_add_text(row, "priority", priority_name((int)stmt_i64(stmt, 1)).text);
	json_add_text(row, "class", stmt_text(stmt, 2));
	json_add_text(row, "state", stmt_text(stmt, 3));
	json_add_text(row, "account", stmt_text(stmt, 4));
	add_excerpt(row, "author", author && author[0] ? author : stmt_text(stmt, 6));
	add_excerpt(row, "excerpt", stmt_text(stmt, 7));
	json_add_time(row, "opened_at", stmt_i64(stmt, 8));
	json_add_time(row, "ack_at", stmt_i64(stmt, 9));
	json_add_time(row, "reply_at", stmt_i64(stmt, 10));
	json_add_time(row, "answer_at", stmt_i64(stmt, 11));
	json_add_time(row, "due_at", closed || due_at == TICKET_NO_DUE_AT ? 0 : due_at);
	json_add_bool(row, "overdue", !closed && due_at <= now_at);
	json_add_text(row, "holder", stmt_text(stmt, 13));
	json_add_i64(row, "level", stmt_i64(stmt, 14));
	json_add_text(row, "target", stmt_text(stmt, 15));
	json_add_i64(row, "messages", stmt_i64(stmt, 16));
	if (!stmt_is_null(stmt, 21)) {
		json_add_time(row, "window_until", stmt_i64(stmt, 21));
		/* Those of a menu item end before the ticket's window does. */
		json_add_i64(row, "replies_left",
			stmt_i64(stmt, 21) > now_at && stmt_i64(stmt, 23) > now_at ? stmt_i64(stmt, 22) : 0);
	}
	return row;
}

static bool bad_cursor(struct error *err)
{
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "after: not a place in this list");
}

/* ---- lists ---- */

struct inbox_key {
	int64_t priority;
	int64_t due_at;
	int64_t id;
};

static bool read_inbox_key(const char *after, struct inbox_key *key, struct error *err)
{
	struct str rest = str_from(after);
	struct str part[3];

	*key = (struct inbox_key){ -1, -1, -1 };
	if (!after || !after[0]) {
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (!str_split(&rest, '/', &part[i])) {
			return bad_cursor(err);
		}
	}
	return (!rest.p && str_to_i64(part[0], 0, 9, &key->priority) &&
		       str_to_i64(part[1], 0, TICKET_NO_DUE_AT, &key->due_at) &&
		       str_to_i64(part[2], 1, INT64_MAX, &key->id)) ||
	       bad_cursor(err);
}

static bool bind_inbox(struct stmt *stmt, const struct ticket_filter *filter, const struct page *page, int64_t now_at,
	struct error *err)
{
	struct inbox_key key;

	if (!read_inbox_key(page->after, &key, err)) {
		return false;
	}
	stmt_bind_i64(stmt, 1, key.priority);
	stmt_bind_i64(stmt, 2, key.due_at);
	stmt_bind_i64(stmt, 3, key.id);
	stmt_bind_text(stmt, 4, filter->state);
	stmt_bind_text(stmt, 5, filter->account);
	stmt_bind_text(stmt, 6, filter->class);
	stmt_bind_text(stmt, 7, filter->holder);
	stmt_bind_i64(stmt, 8, filter->priority);
	stmt_bind_i64(stmt, 9, filter->unclaimed);
	stmt_bind_i64(stmt, 10, filter->overdue ? now_at : 0);
	stmt_bind_i64(stmt, 11, page->limit + 1);
	return true;
}

static bool bind_archive(struct stmt *stmt, const struct ticket_filter *filter, const struct page *page, int64_t now_at,
	struct error *err)
{
	int64_t before = INT64_MAX;

	if (page->after && page->after[0] && !str_to_i64(str_from(page->after), 1, INT64_MAX, &before)) {
		return bad_cursor(err);
	}
	stmt_bind_i64(stmt, 1, before);
	stmt_bind_text(stmt, 2, strcmp(filter->state, "all") == 0 ? NULL : filter->state);
	stmt_bind_text(stmt, 3, filter->account);
	stmt_bind_text(stmt, 4, filter->class);
	stmt_bind_text(stmt, 5, filter->holder);
	stmt_bind_i64(stmt, 6, filter->priority);
	stmt_bind_i64(stmt, 7, filter->unclaimed);
	stmt_bind_i64(stmt, 8, filter->overdue ? now_at : 0);
	stmt_bind_i64(stmt, 9, page->limit + 1);
	return true;
}

static bool is_archive(const struct ticket_filter *filter)
{
	return filter->state && (strcmp(filter->state, "all") == 0 || strcmp(filter->state, "closed") == 0);
}

bool view_tickets(struct tx *tx, const struct ticket_filter *filter, struct page *page, cJSON *rows, struct error *err)
{
	bool archive = is_archive(filter);
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, archive ? sql_archive : sql_inbox, err);
	int64_t now_at = tx_now_at(tx);
	char last[sizeof(page->next)] = "";
	int n = 0;

	page->next[0] = '\0';
	if (!stmt || !(archive ? bind_archive(stmt, filter, page, now_at, err)
			       : bind_inbox(stmt, filter, page, now_at, err))) {
		return false;
	}
	for (;;) {
		switch (stmt_step(stmt, err)) {
		case STEP_ERROR:
			return false;
		case STEP_DONE:
			return true;
		case STEP_ROW:
			break;
		}
		if (n == page->limit) { /* there is one more */
			memcpy(page->next, last, sizeof(last));
			return true;
		}
		json_push(rows, row_of(stmt, now_at));
		n++;
		if (archive) {
			(void)snprintf(last, sizeof(last), "%" PRId64, stmt_i64(stmt, 0));
		} else {
			(void)snprintf(last, sizeof(last), "%" PRId64 "/%" PRId64 "/%" PRId64, stmt_i64(stmt, 1),
				stmt_i64(stmt, 12), stmt_i64(stmt, 0));
		}
	}
}

/* ---- one case ---- */

struct entry {
	int64_t at;
	int64_t order; /* between entries of one moment: a message before the reply to it */
	cJSON *json;
};

struct thread {
	struct entry *entries;
	size_t n;
	size_t cap;
	size_t bytes;
	int64_t left_out; /* at least so many older ones */
};

static void thread_finish(struct thread *thread)
{
	for (size_t i = 0; i < thread->n; i++) {
		cJSON_Delete(thread->entries[i].json);
	}
	free(thread->entries);
}

/* Room for this text? Otherwise it and everything older stays away. */
static bool has_room(struct thread *thread, struct str text)
{
	if (thread->bytes + text.n > THREAD_BYTES) {
		thread->left_out++;
		return false;
	}
	thread->bytes += text.n;
	return true;
}

static void add_entry(struct thread *thread, int64_t at, int64_t order, cJSON *json)
{
	array_grow(thread->entries, thread->n, thread->cap);
	thread->entries[thread->n] = (struct entry){ .at = at, .order = order, .json = json };
	thread->n++;
}

static cJSON *message_of(struct stmt *stmt)
{
	cJSON *json = json_object();
	const char *name = stmt_text(stmt, 1);
	struct str spans = stmt_str(stmt, 9);
	cJSON *parsed = NULL;

	json_add_i64(json, "id", stmt_i64(stmt, 0));
	add_excerpt(json, "who", name && name[0] ? name : stmt_text(stmt, 2));
	json_add_bool(json, "from_us", stmt_i64(stmt, 3) != 0);
	json_add_text(json, "kind", stmt_text(stmt, 4));
	json_add_text(json, "text", stmt_text(stmt, 5));
	json_add_time(json, "created_at", stmt_i64(stmt, 6));
	json_add_text(json, "url", stmt_text(stmt, 7));
	json_add_text(json, "status_text", stmt_text(stmt, 8));
	if (spans.n && json_parse(spans, &parsed, NULL)) {
		json_add(json, "spans", parsed);
	} else {
		json_add(json, "spans", json_array());
	}
	return json;
}

static cJSON *reply_of(struct stmt *stmt)
{
	cJSON *json = json_object();

	json_add_i64(json, "id", stmt_i64(stmt, 0));
	add_excerpt(json, "who", stmt_text(stmt, 1));
	json_add_bool(json, "from_us", true);
	json_add_text(json, "kind", "reply");
	json_add_text(json, "text", stmt_text(stmt, 2));
	json_add_time(json, "created_at", stmt_i64(stmt, 3));
	json_add_text(json, "url", stmt_text(stmt, 4));
	json_add_text(json, "send_state", stmt_text(stmt, 5));
	json_add_i64(json, "send", stmt_i64(stmt, 0));
	return json;
}

static bool read_thread(
	struct tx *tx, const char *sql, bool replies, struct ticket_id id, struct thread *thread, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);
	unsigned n = 0;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_i64(stmt, 2, LIMIT_PAGE_ROWS + 1);
	for (;;) {
		switch (stmt_step(stmt, err)) {
		case STEP_ERROR:
			return false;
		case STEP_DONE:
			return true;
		case STEP_ROW:
			break;
		}
		if (++n > LIMIT_PAGE_ROWS) {
			thread->left_out++;
			return true;
		}
		if (!has_room(thread, stmt_str(stmt, replies ? 2 : 5))) {
			return true;
		}
		/* They come newest first. */
		add_entry(thread, stmt_i64(stmt, replies ? 3 : 6), (replies ? 2 : 1) * INT64_C(1000000) - n,
			replies ? reply_of(stmt) : message_of(stmt));
	}
}

/* The message of this number in the thread; NULL: it was left out. */
static cJSON *message_in(cJSON *thread, int64_t id)
{
	cJSON *entry;

	cJSON_ArrayForEach(entry, thread)
	{
		if (!json_get(entry, "send") && json_i64(entry, "id", 0) == id) {
			return entry;
		}
	}
	return NULL;
}

static bool add_media(struct tx *tx, struct ticket_id id, cJSON *thread, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_media, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_i64(stmt, 2, LIMIT_PAGE_ROWS);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		cJSON *entry = message_in(thread, stmt_i64(stmt, 0));
		cJSON *medium;

		if (!entry) {
			continue;
		}
		if (!json_get(entry, "media")) {
			json_add(entry, "media", json_array());
		}
		medium = json_object();
		json_add_text(medium, "type", stmt_text(stmt, 1));
		json_add_text(medium, "state", stmt_text(stmt, 2));
		json_add_text(medium, "sha256", stmt_text(stmt, 3));
		if (!stmt_is_null(stmt, 4)) {
			json_add_i64(medium, "bytes", stmt_i64(stmt, 4));
		}
		json_add_text(medium, "mime", stmt_text(stmt, 5));
		json_add_text(medium, "why", stmt_text(stmt, 6));
		json_push(cJSON_GetObjectItemCaseSensitive(entry, "media"), medium);
	}
	return step == STEP_DONE;
}

static int by_time(const void *a, const void *b)
{
	const struct entry *one = a;
	const struct entry *two = b;

	if (one->at != two->at) {
		return one->at < two->at ? -1 : 1;
	}
	return one->order < two->order ? -1 : one->order > two->order;
}

static cJSON *thread_json(struct thread *thread)
{
	cJSON *array = json_array();

	if (thread->n) {
		qsort(thread->entries, thread->n, sizeof(*thread->entries), by_time);
	}
	for (size_t i = 0; i < thread->n; i++) {
		json_push(array, steal(&thread->entries[i].json));
	}
	return array;
}

static bool add_thread(struct tx *tx, struct ticket_id id, cJSON *ticket, struct error *err)
{
	cleanup(thread_finish) struct thread thread = { 0 };

	if (!read_thread(tx, sql_messages, false, id, &thread, err) ||
		!read_thread(tx, sql_replies, true, id, &thread, err)) {
		return false;
	}
	json_add(ticket, "thread", thread_json(&thread));
	if (!add_media(tx, id, cJSON_GetObjectItemCaseSensitive(ticket, "thread"), err)) {
		return false;
	}
	if (thread.left_out) {
		json_add_bool(ticket, "thread_cut", true);
	}
	return true;
}

bool view_ticket_row(struct tx *tx, struct ticket_id id, cJSON **ret_ticket, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_one, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no ticket %" PRId64, id.v);
	case STEP_ROW:
		*ret_ticket = row_of(stmt, tx_now_at(tx));
		json_add_i64(*ret_ticket, "version", stmt_i64(stmt, 17));
		json_add_time(*ret_ticket, "lease_until", stmt_i64(stmt, 18));
		json_add_text(*ret_ticket, "result", stmt_text(stmt, 19));
		json_add_time(*ret_ticket, "closed_at", stmt_i64(stmt, 20));
		return true;
	}
	return false;
}

bool view_ticket(struct tx *tx, struct ticket_id id, cJSON **ret_ticket, struct error *err)
{
	cleanup(json_freep) cJSON *ticket = NULL;
	cleanup(json_freep) cJSON *history = json_array();

	if (!view_ticket_row(tx, id, &ticket, err) || !add_thread(tx, id, ticket, err) ||
		!event_list(tx, OBJECT_TICKET, id.v, 0, LIMIT_PAGE_ROWS, history, err)) {
		return false;
	}
	json_add(ticket, "history", steal(&history));
	*ret_ticket = steal(&ticket);
	return true;
}
