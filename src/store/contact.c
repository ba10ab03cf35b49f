/* Reply windows, unfollowing and the purge that follows it, and pushes already taken. */
#include "store/contact.h"

#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/effect.h"
#include "store/event.h"
#include "store/send.h"
#include "store/topic.h"
#include "text/when.h"

static const char sql_window[] =
	"SELECT window_until_at, window_left FROM contact WHERE account_id = $1 AND author_id = $2";

/*
 * A menu item is good for few answers and for a minute: it takes the place only of a window that has no answers left or
 * ends sooner. For a row has one window, and answers left over from a longer one are worth more.
 */
static const char sql_heard[] =
	"INSERT INTO contact (account_id, author_id, window_until_at, window_left) VALUES ($1, $2, $3, $4)"
	" ON CONFLICT (account_id, author_id) DO UPDATE SET unfollowed_at = NULL,"
	" window_left = CASE WHEN $5 OR (excluded.window_left > 0"
	"  AND (window_left <= 0 OR window_until_at <= excluded.window_until_at))"
	"  THEN excluded.window_left ELSE window_left END,"
	" window_until_at = CASE WHEN $5 OR (excluded.window_left > 0"
	"  AND (window_left <= 0 OR window_until_at <= excluded.window_until_at))"
	"  THEN excluded.window_until_at ELSE window_until_at END";

static const char sql_spend[] =
	"UPDATE contact SET window_left = window_left - 1 WHERE account_id = $1 AND author_id = $2";

static const char sql_unfollowed[] = "INSERT INTO contact (account_id, author_id, unfollowed_at) VALUES ($1, $2, $3)"
				     " ON CONFLICT (account_id, author_id) DO UPDATE SET unfollowed_at = "
				     "excluded.unfollowed_at, window_until_at = 0,"
				     " window_left = 0";

static const char sql_due[] =
	"SELECT account_id, author_id FROM contact WHERE unfollowed_at IS NOT NULL AND unfollowed_at < $1"
	" AND ($3 = 0 OR account_id = $3) AND ($4 IS NULL OR author_id = $4) ORDER BY unfollowed_at LIMIT $2";

/*
 * In this order: what refers to messages before the messages, and those before their tickets. What a citizen said is in
 * a ticket of his, so it is found by its index and nothing of others is read.
 *
 * The key of a private message may have its sender in it, and nobody pushes it again; that of a comment stays, or the
 * next poll would gather anew what was just forgotten.
 */
#define HIS_MESSAGES \
	" (SELECT message.id FROM ticket CROSS JOIN message ON message.ticket_id = ticket.id" \
	" WHERE ticket.account_id = $1 AND ticket.author_id = $2 AND message.author_id = $2)"
static const char sql_purge_media[] =
	"UPDATE message_media SET state = 'purged', remote_id = '' WHERE message_id IN" HIS_MESSAGES;
static const char sql_purge_replies[] = "UPDATE send SET text = '' WHERE kind = 'reply' AND ticket_id IN"
					" (SELECT id FROM ticket WHERE account_id = $1 AND author_id = $2)";
static const char sql_purge_messages[] =
	"UPDATE message SET text = '', author_name = NULL, author_id = 'purged:' || id, url = NULL, status_text = NULL,"
	" spans = NULL, remote_id = CASE kind WHEN 'direct' THEN 'purged:' || id ELSE remote_id END"
	" WHERE id IN" HIS_MESSAGES;
static const char sql_purge_tickets[] =
	"UPDATE ticket SET author_name = NULL, author_id = 'purged:' || id WHERE account_id = $1 AND author_id = $2";
static const char sql_purge_topics[] = "DELETE FROM topic_choice WHERE account_id = $1 AND author_id = $2";
static const char sql_purge_contact[] = "DELETE FROM contact WHERE account_id = $1 AND author_id = $2";

/* The index compares it with what it has swept. */
static const char sql_purged[] = "INSERT INTO meta (name, value) VALUES ('purges', '1') ON CONFLICT (name)"
				 " DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)";

static const char sql_push[] =
	"INSERT INTO push_seen (account_id, dedupe, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
static const char sql_push_forget[] = "DELETE FROM push_seen WHERE at < $1";

bool contact_window(struct tx *tx, struct account_id account, const char *author_id, struct contact_window *ret_window,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_window, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, author_id);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		*ret_window = (struct contact_window){ 0 };
		return true;
	case STEP_ROW:
		*ret_window = (struct contact_window){ stmt_i64(stmt, 0), (int)stmt_i64(stmt, 1) };
		return true;
	}
	return false;
}

bool contact_heard(struct tx *tx, struct account_id account, const char *author_id, int64_t window_ms, int replies,
	bool message, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_heard, err);
	int64_t now_at = tx_now_at(tx);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, author_id);
	stmt_bind_i64(stmt, 3, window_ms > 0 ? now_at + window_ms : 0);
	stmt_bind_i64(stmt, 4, replies);
	stmt_bind_i64(stmt, 5, message);
	return stmt_run(stmt, err);
}

bool contact_spend(struct tx *tx, struct account_id account, const char *author_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_spend, err);
	struct contact_window window;

	if (!stmt || !contact_window(tx, account, author_id, &window, err)) {
		return false;
	}
	if (window.until_at <= tx_now_at(tx)) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"the platform's window for answers is closed: it opens when the citizen writes again; until "
			"then the "
			"telephone, a comment or a transfer remain");
	}
	if (window.replies <= 0) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"the answers the platform allows are used up: more are allowed when the citizen writes again; "
			"until then "
			"the telephone, a comment or a transfer remain");
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, author_id);
	return stmt_run(stmt, err);
}

bool contact_unfollowed(struct tx *tx, struct account_id account, const char *author_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_unfollowed, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, author_id);
	stmt_bind_i64(stmt, 3, tx_now_at(tx));
	return stmt_run(stmt, err) && topic_leave(tx, account, author_id, err);
}

struct leaver {
	struct account_id account;
	char *author_id;
};

static bool purge_by(struct tx *tx, const char *sql, const struct leaver *leaver, int64_t *changes, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, leaver->account.v);
	stmt_bind_text(stmt, 2, leaver->author_id);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	*changes += tx_changes(tx);
	return true;
}

/*
 * What was said to him and is not out. His tickets say by then that nobody waits for it, so they stay as they are; what
 * may be out is called off for when it proves not to be.
 */
static bool call_off(
	struct tx *tx, const struct actor *actor, const struct send_id *replies, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!send_cancel(tx, actor, replies[i], "the citizen has been forgotten", err)) {
			return false;
		}
	}
	return true;
}

static bool purge_one(struct tx *tx, const struct actor *actor, const struct leaver *leaver,
	struct contact_purged *purged, struct error *err)
{
	struct send_id *replies = NULL;
	size_t n_replies = 0;
	int64_t topics = 0;
	bool ok;
	const struct {
		const char *sql;
		int64_t *changes;
	} steps[] = {
		{ sql_purge_media, &purged->media },
		{ sql_purge_replies, &purged->replies },
		{ sql_purge_messages, &purged->messages },
		{ sql_purge_tickets, &purged->tickets },
		{ sql_purge_topics, &topics },
		{ sql_purge_contact, &purged->citizens },
	};

	ok = send_list_to_citizen(tx, leaver->account, leaver->author_id, &replies, &n_replies, err);
	for (size_t i = 0; ok && i < ARRAY_LEN(steps); i++) {
		ok = purge_by(tx, steps[i].sql, leaver, steps[i].changes, err);
	}
	ok = ok && call_off(tx, actor, replies, n_replies, err);
	free(replies);
	return ok && event_add(tx, actor, "account.purge", OBJECT_ACCOUNT, leaver->account.v, json_object(), err);
}

bool contact_purge(
	struct tx *tx, const struct contact_purge *what, struct contact_purged *ret_purged, struct error *err)
{
	struct contact_purged purged = { 0 };
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_due, err);
	struct leaver *leavers = NULL;
	size_t n = 0;
	size_t cap = 0;
	enum step step;
	bool ok;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, what->before_at);
	stmt_bind_i64(stmt, 2, what->limit);
	stmt_bind_i64(stmt, 3, what->account.v);
	stmt_bind_text(stmt, 4, what->author_id);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(leavers, n, cap);
		leavers[n++] = (struct leaver){ { stmt_i64(stmt, 0) }, stmt_dup(stmt, 1) };
	}
	ok = step == STEP_DONE;
	for (size_t i = 0; i < n; i++) {
		ok = ok && purge_one(tx, what->actor, &leavers[i], &purged, err);
		free(leavers[i].author_id);
	}
	free(leavers);
	if (!ok) {
		return false;
	}
	if (n > 0) {
		cleanup(stmt_done) struct stmt *counted = stmt_get(tx, sql_purged, err);

		if (!counted || !stmt_run(counted, err)) {
			return false;
		}
		effect_add(tx, EFFECT_PURGED, 0, 0, 0);
		effect_add(tx, EFFECT_INDEX, 0, 0, 0);
	}
	*ret_purged = purged;
	return true;
}

bool push_is_new(struct tx *tx, struct account_id account, const char *dedupe, bool *ret_new, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_push, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, dedupe);
	stmt_bind_i64(stmt, 3, tx_now_at(tx));
	if (!stmt_run(stmt, err)) {
		return false;
	}
	*ret_new = tx_changes(tx) > 0;
	return true;
}

bool push_forget(struct tx *tx, int64_t before_at, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_push_forget, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, before_at);
	return stmt_run(stmt, err);
}
