/*
 * Lists and pages of posts, sends and accounts, as JSON rows with the fields of gazette-control(7). Newest first, paged
 * by id. What is optional in a filter is written as "($n IS NULL OR ...)": SQL is never put together from pieces.
 */
#include "store/view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "store/account.h"
#include "store/db.h"
#include "store/event.h"
#include "store/send_internal.h"
#include "text/utf8.h"

#define EXCERPT_CELLS 60
#define HISTORY_MAX   500
#define STATES        8 /* of a send, as lists count them */

#define POST_COLUMNS \
	"SELECT post.id, post.title, post.text, post.class, post.due_at, post.author, post.key," \
	" (SELECT group_concat(account.name, ' ') FROM send JOIN account ON account.id = send.account_id WHERE " \
	"send.post_id = post.id)," \
	" (SELECT count(*) FROM send WHERE post_id = post.id AND state = 'held')," \
	" (SELECT count(*) FROM send WHERE post_id = post.id AND state = 'queued')," \
	" (SELECT count(*) FROM send WHERE post_id = post.id AND state = 'sending')," \
	" (SELECT count(*) FROM send WHERE post_id = post.id AND state = 'sent')," \
	" (SELECT count(*) FROM send WHERE post_id = post.id AND state = 'failed')," \
	" (SELECT count(*) FROM send WHERE post_id = post.id AND state = 'unsure')," \
	" (SELECT count(*) FROM send WHERE post_id = post.id AND state = 'cancelled')," \
	" (SELECT count(*) FROM send WHERE post_id = post.id AND state = 'pending')," \
	" (SELECT max(mode = 'broadcast') FROM send WHERE post_id = post.id)" \
	" FROM post"
static const char sql_posts[] = POST_COLUMNS
	" WHERE post.id < $1 AND (($2 IS NULL AND $3 IS NULL) OR EXISTS (SELECT 1 FROM send JOIN account"
	" ON account.id = send.account_id WHERE send.post_id = post.id AND ($2 IS NULL OR account.name = $2)"
	" AND ($3 IS NULL OR send.state = $3))) ORDER BY post.id DESC LIMIT $4";
/* By a state of what is open: from the few that are. */
static const char sql_posts_open[] = POST_COLUMNS
	" WHERE post.id < $1 AND post.id IN (SELECT send.post_id FROM send JOIN account ON account.id = send.account_id"
	" WHERE " SEND_IS_OPEN
	" AND ($2 IS NULL OR account.name = $2) AND send.state = $3) ORDER BY post.id DESC LIMIT $4";
static const char sql_post[] = "SELECT id, key, title, text, class, due_at, until_at, late_ms, author, created_at, "
			       "campaign, form, topic, byline,"
			       " digest_text, source_url, cover, comments, corrects, (SELECT max(id) FROM post AS "
			       "newer WHERE newer.corrects = post.id)"
			       " FROM post WHERE id = $1";
static const char sql_media[] =
	"SELECT post_media.name, media.type, length(media.data), media.sha256, post_media.alt FROM post_media"
	" JOIN media ON media.sha256 = post_media.sha256 WHERE post_id = $1 ORDER BY position";
#define SEND_COLUMNS \
	"SELECT send.id, send.kind, account.name, send.post_id, send.ticket_id, send.state, send.hold, send.due_at, " \
	"send.next_at," \
	" send.attempts, send.remote_id, send.url, send.error_message, send.error_code, send.note, send.sent_at, " \
	"send.text, send.look_at, send.mode, send.job_id, send.thread_id, send.target_id, send.withdrawn_at, " \
	"send.wish" \
	" FROM send JOIN account ON account.id = send.account_id"
static const char sql_sends_of_post[] = SEND_COLUMNS " WHERE send.post_id = $1 ORDER BY send.id";
#define SEND_FILTER \
	" send.id < $1 AND ($2 IS NULL OR account.name = $2) AND ($3 IS NULL OR send.state = $3)" \
	" AND ($4 IS NULL OR send.kind = $4) AND ($5 IS NULL OR send.post_id = $5)" \
	" AND ($6 IS NULL OR send.due_at >= $6) AND ($7 IS NULL OR send.due_at < $7) ORDER BY send.id DESC LIMIT $8"
static const char sql_sends[] = SEND_COLUMNS " WHERE" SEND_FILTER;
static const char sql_sends_open[] = SEND_COLUMNS " WHERE " SEND_IS_OPEN " AND" SEND_FILTER;
static const char sql_counter[] = "SELECT key, value FROM counter WHERE name = $1 AND value <> 0";
static const char sql_next_due[] = "SELECT min(due_at) FROM send WHERE " SEND_IS_OPEN
				   " AND account_id = $1 AND state = 'queued'";
/* See account.c. */
#define ACCOUNT_STATE "CASE WHEN state = 'parked' AND reason IS NULL THEN 'starting' ELSE state END"
static const char sql_accounts[] =
	"SELECT id, name, platform, " ACCOUNT_STATE ", reason, remote_uid, token_expires_at, "
	"token_checked_at FROM account WHERE ($1 IS NULL OR name = $1)"
	" AND ($2 = 0 OR name > (SELECT name FROM account WHERE id = $2)) ORDER BY name LIMIT $3";
static const char sql_account_states[] = "SELECT " ACCOUNT_STATE ", count(*) FROM account GROUP BY 1";
static const char sql_overdue[] = "SELECT count(*) FROM ticket WHERE state <> 'closed' AND next_due_at < $1";
/* Not answered, and in four hours there is no answering any more. */
static const char sql_closing[] = "SELECT count(*) FROM ticket WHERE state <> 'closed' AND replied = 0 AND"
				  " account_id IN (SELECT id FROM account) AND"
				  " window_until_at > $1 AND window_until_at < $1 + 14400000";
static const char sql_windows[] = "SELECT count(*), min(window_until_at) FROM ticket WHERE state <> 'closed' AND "
				  "account_id = $1 AND window_until_at > $2";
static const char sql_comments[] =
	"SELECT id, ticket_id, remote_id, author_name, author_id, from_us, text, created_at FROM message"
	" WHERE account_id = $1 AND kind = 'comment' AND remote_id >= $2 AND remote_id < $3 AND id < $4"
	" ORDER BY id DESC LIMIT $5";
static const char sql_comment[] =
	"SELECT account.name, message.remote_id, message.ticket_id, message.kind, message.from_us FROM message"
	" JOIN account ON account.id = message.account_id WHERE message.id = $1";
static const char sql_questions[] =
	"SELECT count(*) FROM send WHERE " SEND_IS_OPEN
	" AND account_id IN (SELECT id FROM account) AND state = 'unsure' AND look_at IS NULL";

/* Held because their account has left accounts.yaml. */
#define OF_GONE_ACCOUNT \
	SEND_IS_OPEN " AND account_id IN (SELECT id FROM account WHERE state = 'removed')" \
		     " AND state = 'held' AND hold = 'account_removed'"
static const char sql_gone[] = "SELECT count(*) FROM send WHERE " OF_GONE_ACCOUNT;
static const char sql_gone_accounts[] =
	"SELECT (SELECT name FROM account WHERE id = account_id) AS name, count(*) FROM send WHERE " OF_GONE_ACCOUNT
	" GROUP BY account_id ORDER BY name";

static int64_t after_id(const struct page *page)
{
	int64_t id;

	return page->after && page->after[0] && str_to_i64(str_from(page->after), 1, INT64_MAX, &id) ? id : INT64_MAX;
}

static void add_excerpt(cJSON *row, const char *name, struct str text)
{
	struct buf out;

	buf_init(&out, 1024);
	(void)text_cut(&out, text, EXCERPT_CELLS);
	json_add_str(row, name, buf_str(&out));
	buf_finish(&out);
}

static const char *summary(const int64_t counts[STATES])
{
	static const char *const words[STATES] = { "held", "queued", "sending", "sent", "failed", "unsure", "cancelled",
		"pending" };
	/* What a person should look at first. */
	static const int order[STATES] = { 5, 4, 2, 7, 0, 1, 3, 6 };

	for (size_t i = 0; i < STATES; i++) {
		if (counts[order[i]] > 0) {
			return words[order[i]];
		}
	}
	return "";
}

static bool is_open(const char *state)
{
	return strcmp(state, send_state_name(SEND_SENT)) != 0 && strcmp(state, send_state_name(SEND_CANCELLED)) != 0;
}

bool view_posts(struct tx *tx, const struct delivery_filter *filter, struct page *page, cJSON *rows, struct error *err)
{
	static const char *const names[STATES] = { "held", "queued", "sending", "sent", "failed", "unsure", "cancelled",
		"pending" };
	cleanup(stmt_done) struct stmt *stmt = stmt_get(
		tx, filter->state && is_open(filter->state) ? sql_posts_open : sql_posts, err);
	int64_t last = 0;
	int n = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, after_id(page));
	stmt_bind_text(stmt, 2, filter->account);
	stmt_bind_text(stmt, 3, filter->state);
	stmt_bind_i64(stmt, 4, page->limit + 1);
	page->next[0] = '\0';
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		int64_t counts[STATES];
		cJSON *row;

		if (n++ == page->limit) {
			(void)snprintf(page->next, sizeof(page->next), "%" PRId64, last);
			break;
		}
		row = json_object();
		last = stmt_i64(stmt, 0);
		for (int i = 0; i < STATES; i++) {
			counts[i] = stmt_i64(stmt, 8 + i);
		}
		json_add_i64(row, "id", last);
		json_add_text(row, "title", stmt_text(stmt, 1));
		add_excerpt(row, "excerpt", stmt_str(stmt, 2));
		json_add_text(row, "class", stmt_text(stmt, 3));
		json_add_time(row, "due_at", stmt_i64(stmt, 4));
		json_add_text(row, "state", summary(counts));
		json_add_text(row, "accounts", stmt_text(stmt, 7));
		for (int i = 0; i < STATES; i++) {
			json_add_i64(row, names[i], counts[i]);
		}
		json_add_text(row, "mode", stmt_i64(stmt, 8 + STATES) ? "broadcast" : "publish");
		json_add_text(row, "author", stmt_text(stmt, 5));
		json_add_text(row, "key", stmt_text(stmt, 6));
		json_push(rows, row);
	}
	return step != STEP_ERROR;
}

static cJSON *send_json(struct stmt *stmt, bool whole_text)
{
	cJSON *row = json_object();
	char name[128];
	bool publish = !stmt_is_null(stmt, 3);

	if (publish) {
		(void)snprintf(name, sizeof(name), "%" PRId64 "/%s", stmt_i64(stmt, 3), stmt_text(stmt, 2));
	} else {
		(void)snprintf(name, sizeof(name), "send:%" PRId64, stmt_i64(stmt, 0));
	}
	json_add_text(row, "delivery", name);
	json_add_i64(row, "id", stmt_i64(stmt, 0));
	json_add_text(row, "kind", stmt_text(stmt, 1));
	json_add_text(row, "account", stmt_text(stmt, 2));
	if (publish) {
		json_add_i64(row, "post", stmt_i64(stmt, 3));
	} else if (!stmt_is_null(stmt, 4)) {
		json_add_i64(row, "ticket", stmt_i64(stmt, 4));
	}
	json_add_text(row, "state", stmt_text(stmt, 5));
	json_add_text(row, "hold", stmt_text(stmt, 6));
	json_add_time(row, "due_at", stmt_i64(stmt, 7));
	json_add_time(row, "next_at", stmt_i64(stmt, 8));
	json_add_i64(row, "attempts", stmt_i64(stmt, 9));
	json_add_text(row, "remote_id", stmt_text(stmt, 10));
	json_add_text(row, "url", stmt_text(stmt, 11));
	json_add_text(row, "error", stmt_text(stmt, 12));
	if (stmt_i64(stmt, 13)) {
		json_add_i64(row, "error_code", stmt_i64(stmt, 13));
	}
	json_add_text(row, "note", stmt_text(stmt, 14));
	json_add_time(row, "sent_at", stmt_i64(stmt, 15));
	json_add_time(row, "look_at", stmt_i64(stmt, 17));
	if (publish) {
		json_add_text(row, "mode", stmt_text(stmt, 18));
	}
	json_add_text(row, "job", stmt_text(stmt, 19));
	json_add_text(row, "thread", stmt_text(stmt, 20));
	if (!stmt_is_null(stmt, 21)) {
		json_add_i64(row, "withdraws", stmt_i64(stmt, 21));
	}
	json_add_time(row, "withdrawn_at", stmt_i64(stmt, 22));
	json_add_text(row, "wish", stmt_text(stmt, 23));
	if (whole_text) {
		json_add_text(row, "text", stmt_text(stmt, 16));
	} else {
		add_excerpt(row, "text", stmt_str(stmt, 16));
	}
	return row;
}

static bool add_deliveries(struct tx *tx, int64_t post, cJSON *object, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_sends_of_post, err);
	cJSON *deliveries = json_array();
	cJSON *history = json_array();
	enum step step;

	json_add(object, "deliveries", deliveries);
	json_add(object, "history", history);
	if (!stmt || !event_list(tx, OBJECT_POST, post, 0, HISTORY_MAX, history, err)) {
		return false;
	}
	stmt_bind_i64(stmt, 1, post);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		json_push(deliveries, send_json(stmt, true));
		if (!event_list(tx, OBJECT_SEND, stmt_i64(stmt, 0), 0, HISTORY_MAX, history, err)) {
			return false;
		}
	}
	return step == STEP_DONE;
}

static bool add_media(struct tx *tx, int64_t post, cJSON *object, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_media, err);
	cJSON *media = json_array();
	enum step step;

	json_add(object, "media", media);
	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, post);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		cJSON *row = json_object();

		json_add_text(row, "name", stmt_text(stmt, 0));
		json_add_text(row, "type", stmt_text(stmt, 1));
		json_add_i64(row, "bytes", stmt_i64(stmt, 2));
		json_add_text(row, "sha256", stmt_text(stmt, 3));
		json_add_text(row, "alt", stmt_text(stmt, 4));
		json_push(media, row);
	}
	return step == STEP_DONE;
}

bool view_post(struct tx *tx, struct post_id id, cJSON **ret_post, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_post, err);
	cleanup(json_freep) cJSON *post = json_object();

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no post %" PRId64, id.v);
	case STEP_ROW:
		break;
	}
	json_add_i64(post, "id", stmt_i64(stmt, 0));
	json_add_text(post, "key", stmt_text(stmt, 1));
	json_add_text(post, "title", stmt_text(stmt, 2));
	json_add_text(post, "text", stmt_text(stmt, 3));
	json_add_text(post, "class", stmt_text(stmt, 4));
	json_add_time(post, "due_at", stmt_i64(stmt, 5));
	json_add_time(post, "until_at", stmt_i64(stmt, 6));
	json_add_i64(post, "late_ms", stmt_i64(stmt, 7));
	json_add_text(post, "author", stmt_text(stmt, 8));
	json_add_time(post, "created_at", stmt_i64(stmt, 9));
	json_add_text(post, "campaign", stmt_text(stmt, 10));
	json_add_text(post, "form", str_is(stmt_str(stmt, 11), "auto") ? NULL : stmt_text(stmt, 11));
	json_add_text(post, "topic", stmt_text(stmt, 12));
	json_add_text(post, "byline", stmt_text(stmt, 13));
	json_add_text(post, "digest", stmt_text(stmt, 14));
	json_add_text(post, "source_url", stmt_text(stmt, 15));
	json_add_text(post, "cover", stmt_text(stmt, 16));
	if (stmt_i64(stmt, 17)) {
		json_add_text(post, "comments", stmt_i64(stmt, 17) > 1 ? "fans" : "yes");
	}
	if (!stmt_is_null(stmt, 18)) {
		json_add_i64(post, "corrects", stmt_i64(stmt, 18));
	}
	if (!stmt_is_null(stmt, 19)) {
		json_add_i64(post, "corrected_by", stmt_i64(stmt, 19));
	}
	if (!add_media(tx, id.v, post, err) || !add_deliveries(tx, id.v, post, err)) {
		return false;
	}
	*ret_post = steal(&post);
	return true;
}

bool view_sends(struct tx *tx, const struct delivery_filter *filter, struct page *page, cJSON *rows, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(
		tx, !filter->state || is_open(filter->state) ? sql_sends_open : sql_sends, err);
	int64_t last = 0;
	int n = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, after_id(page));
	stmt_bind_text(stmt, 2, filter->account);
	stmt_bind_text(stmt, 3, filter->state);
	stmt_bind_text(stmt, 4, filter->kind);
	stmt_bind_opt_i64(stmt, 5, filter->post);
	stmt_bind_opt_i64(stmt, 6, filter->due_from_at);
	stmt_bind_opt_i64(stmt, 7, filter->due_until_at);
	stmt_bind_i64(stmt, 8, page->limit + 1);
	page->next[0] = '\0';
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		if (n++ == page->limit) {
			(void)snprintf(page->next, sizeof(page->next), "%" PRId64, last);
			break;
		}
		last = stmt_i64(stmt, 0);
		json_push(rows, send_json(stmt, false));
	}
	return step != STEP_ERROR;
}

/* Calls each(data, key, value) for the counters of a name. */
static bool walk_counters(struct tx *tx, const char *name, void (*each)(void *data, struct str key, int64_t value),
	void *data, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_counter, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, name);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		each(data, stmt_str(stmt, 0), stmt_i64(stmt, 1));
	}
	return step == STEP_DONE;
}

static void bump(cJSON *object, const char *name, int64_t n)
{
	int64_t value = json_i64(object, name, 0) + n;

	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	json_add_i64(object, name, value);
}

static const char *const shape_states[] = { "held", "queued", "sending", "pending", "unsure", "failed" };

/* Counts per account and state; accounts come in the order of their ids. */
struct shape {
	const struct account_row *accounts;
	size_t n;
	int64_t (*counts)[ARRAY_LEN(shape_states)];
};

static int id_of_account(const void *id, const void *account)
{
	int64_t wanted = *(const int64_t *)id;
	int64_t has = ((const struct account_row *)account)->id.v;

	return wanted < has ? -1 : wanted > has;
}

static void count_shape(void *data, struct str key, int64_t value)
{
	struct shape *shape = data;
	const struct account_row *account;
	struct str state = key;
	struct str number;
	int64_t id;

	if (!str_split(&state, '/', &number) || !str_to_i64(number, 1, INT64_MAX, &id)) {
		return;
	}
	account = bsearch(&id, shape->accounts, shape->n, sizeof(*account), id_of_account);
	for (size_t k = 0; account && k < ARRAY_LEN(shape_states); k++) {
		if (str_is(state, shape_states[k])) {
			shape->counts[account - shape->accounts][k] += value;
		}
	}
}

static bool add_shape(
	struct tx *tx, const struct account_row *account, const int64_t *counts, cJSON *rows, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_next_due, err);
	cJSON *row;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account->id.v);
	if (stmt_step(stmt, err) != STEP_ROW) {
		return false;
	}
	row = json_object();
	json_add_text(row, "account", account->name);
	json_add_i64(row, "id", account->id.v);
	json_add_text(row, "state", account_state_name(account->state));
	for (size_t k = 0; k < ARRAY_LEN(shape_states); k++) {
		json_add_i64(row, shape_states[k], counts[k]);
	}
	json_add_time(row, "due_next_at", stmt_i64(stmt, 0));
	json_push(rows, row);
	return true;
}

bool view_queue_shape(struct tx *tx, cJSON *rows, struct error *err)
{
	struct account_row *accounts = NULL;
	struct shape shape = { 0 };
	bool ok;

	if (!account_load_all(tx, &accounts, &shape.n, err)) {
		return false;
	}
	shape.accounts = accounts;
	shape.counts = xcalloc(shape.n + 1, sizeof(*shape.counts));
	ok = walk_counters(tx, "send", count_shape, &shape, err);
	for (size_t i = 0; ok && i < shape.n; i++) {
		ok = add_shape(tx, &accounts[i], shape.counts[i], rows, err);
	}
	free(shape.counts);
	account_rows_free(accounts, shape.n);
	return ok;
}

bool view_accounts(struct tx *tx, const char *only, struct page *page, cJSON *rows, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_accounts, err);
	int64_t last = 0;
	int n = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, only);
	stmt_bind_i64(stmt, 2, after_id(page) == INT64_MAX ? 0 : after_id(page));
	stmt_bind_i64(stmt, 3, page->limit + 1);
	page->next[0] = '\0';
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		cJSON *row;

		if (n++ == page->limit) {
			(void)snprintf(page->next, sizeof(page->next), "%" PRId64, last);
			break;
		}
		last = stmt_i64(stmt, 0);
		row = json_object();
		json_add_i64(row, "id", last);
		json_add_text(row, "name", stmt_text(stmt, 1));
		json_add_text(row, "platform", stmt_text(stmt, 2));
		json_add_text(row, "state", stmt_text(stmt, 3));
		json_add_text(row, "reason", stmt_text(stmt, 4));
		json_add_text(row, "remote_uid", stmt_text(stmt, 5));
		json_add_time(row, "token_expires_at", stmt_i64(stmt, 6));
		json_add_time(row, "token_checked_at", stmt_i64(stmt, 7));
		json_push(rows, row);
	}
	return step != STEP_ERROR;
}

bool view_windows(struct tx *tx, struct account_id account, cJSON *row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_windows, err);
	cJSON *windows;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_i64(stmt, 2, tx_now_at(tx));
	if (stmt_step(stmt, err) != STEP_ROW) {
		return false;
	}
	windows = json_object();
	json_add(row, "windows", windows);
	json_add_i64(windows, "open", stmt_i64(stmt, 0));
	json_add_time(windows, "closes_at", stmt_i64(stmt, 1));
	return true;
}

bool view_comments(struct tx *tx, struct account_id account, const char *thread_id, struct page *page, cJSON *rows,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_comments, err);
	char from[160];
	char to[160];
	int64_t last = 0;
	int n = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	/* A comment's id begins with its thread's: the unique index finds them. '0' is what comes after '/'. */
	(void)snprintf(from, sizeof(from), "%s/", thread_id);
	(void)snprintf(to, sizeof(to), "%s0", thread_id);
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, from);
	stmt_bind_text(stmt, 3, to);
	stmt_bind_i64(stmt, 4, after_id(page));
	stmt_bind_i64(stmt, 5, page->limit + 1);
	page->next[0] = '\0';
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		const char *name = stmt_text(stmt, 3);
		cJSON *row;

		if (n++ == page->limit) {
			(void)snprintf(page->next, sizeof(page->next), "%" PRId64, last);
			break;
		}
		last = stmt_i64(stmt, 0);
		row = json_object();
		json_add_i64(row, "id", last);
		if (!stmt_is_null(stmt, 1)) {
			json_add_i64(row, "ticket", stmt_i64(stmt, 1));
		}
		json_add_text(row, "comment", stmt_text(stmt, 2));
		add_excerpt(row, "who", str_from(name && name[0] ? name : stmt_text(stmt, 4)));
		json_add_bool(row, "from_us", stmt_i64(stmt, 5) != 0);
		json_add_text(row, "text", stmt_text(stmt, 6));
		json_add_time(row, "created_at", stmt_i64(stmt, 7));
		json_push(rows, row);
	}
	return step != STEP_ERROR;
}

bool view_comment(struct tx *tx, int64_t message, cJSON **ret_comment, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_comment, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, message);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no comment %" PRId64, message);
	case STEP_ROW:
		break;
	}
	if (strcmp(stmt_text(stmt, 3), "comment") != 0 || stmt_i64(stmt, 4)) {
		return error_set(
			err, ERROR_STATE, ADVISE_REJECT, 0, "message %" PRId64 " is no comment of a citizen", message);
	}
	*ret_comment = json_object();
	json_add_i64(*ret_comment, "id", message);
	json_add_text(*ret_comment, "account", stmt_text(stmt, 0));
	json_add_text(*ret_comment, "comment", stmt_text(stmt, 1));
	if (!stmt_is_null(stmt, 2)) {
		json_add_i64(*ret_comment, "ticket", stmt_i64(stmt, 2));
	}
	return true;
}

static void count_send(void *data, struct str key, int64_t value)
{
	struct str state = key;
	struct str account;
	char name[20];

	if (str_split(&state, '/', &account)) {
		(void)snprintf(name, sizeof(name), STR_FMT, STR_ARG(state));
		bump(data, name, value);
	}
}

static void count_ticket(void *data, struct str key, int64_t value)
{
	cJSON *tickets = data;
	struct str priority = key;
	struct str state;
	char name[20];

	if (!str_split(&priority, '/', &state) || str_is(state, "closed")) {
		return;
	}
	bump(tickets, "open", value);
	if (str_is(state, "new")) {
		bump(tickets, "new", value);
	}
	(void)snprintf(name, sizeof(name), "P" STR_FMT, STR_ARG(priority));
	bump(cJSON_GetObjectItemCaseSensitive(tickets, "by_priority"), name, value);
}

static bool add_number(
	struct tx *tx, const char *sql, int64_t parameter, cJSON *object, const char *name, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	if (!stmt) {
		return false;
	}
	if (parameter) {
		stmt_bind_i64(stmt, 1, parameter);
	}
	if (stmt_step(stmt, err) != STEP_ROW) {
		return false;
	}
	json_add_i64(object, name, stmt_i64(stmt, 0));
	return true;
}

bool view_counts(struct tx *tx, cJSON *object, struct error *err)
{
	static const char *const sends_shown[] = { "held", "queued", "sending", "pending", "unsure", "failed", "sent" };
	static const char *const accounts_shown[] = { "ready", "paused", "parked" };
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_account_states, err);
	cJSON *accounts = json_object();
	cJSON *sends = json_object();
	cJSON *tickets = json_object();
	enum step step;

	json_add(object, "accounts", accounts);
	json_add(object, "sends", sends);
	json_add(object, "tickets", tickets);
	json_add(tickets, "by_priority", json_object());
	json_add_i64(tickets, "open", 0);
	json_add_i64(tickets, "new", 0);
	for (size_t i = 0; i < ARRAY_LEN(accounts_shown); i++) {
		json_add_i64(accounts, accounts_shown[i], 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(sends_shown); i++) {
		json_add_i64(sends, sends_shown[i], 0);
	}
	if (!stmt) {
		return false;
	}
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		bump(accounts, stmt_text(stmt, 0), stmt_i64(stmt, 1));
	}
	return step == STEP_DONE && walk_counters(tx, "send", count_send, sends, err) &&
	       walk_counters(tx, "ticket", count_ticket, tickets, err) &&
	       add_number(tx, sql_overdue, tx_now_at(tx), tickets, "overdue", err) &&
	       add_number(tx, sql_closing, tx_now_at(tx), tickets, "closing", err) &&
	       add_number(tx, sql_questions, 0, sends, "questions", err) &&
	       add_number(tx, sql_gone, 0, sends, "gone", err);
}

bool view_gone_accounts(struct tx *tx, cJSON *rows, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_gone_accounts, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		cJSON *row = json_object();

		json_add_text(row, "name", stmt_text(stmt, 0));
		json_add_i64(row, "held", stmt_i64(stmt, 1));
		json_push(rows, row);
	}
	return step == STEP_DONE;
}
