/*
 * A store file in a directory of its own and one connection to it, without threads; the test owns the clock.
 *
 *   cleanup(rig_freep) struct rig *rig = rig_new();
 *   struct send_id send = rig_publish(rig, "text", rig->now_at);
 *
 *   DO(rig, send_cancel(rig->tx, &officer, send, "why", &rig->err));                  one transaction, must succeed
 *   DO_FAILS(rig, send_retry(rig->tx, &officer, send, &rig->err), ERROR_STATE, "...")  rolled back
 *
 * What the last transaction wants done is in rig->tx->effects: rig_effect(), rig_effects().
 */
#ifndef TESTS_STORE_RIG_H
#define TESTS_STORE_RIG_H

#include "check.h"

#include <dirent.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "model/role.h"
#include "store/account.h"
#include "store/effect.h"
#include "store/notice.h"
#include "store/post.h"
#include "store/send.h"
#include "store/store_internal.h"
#include "store/ticket.h"
#include "store/view.h"

/* Mon Jan 05 09:00:00 +0800 2026 */
#define RIG_NOW_AT INT64_C(1767574800000)

struct rig {
	char dir[64];
	char path[96];
	struct tx *tx;
	int64_t now_at;
	struct account_id account; /* weibo-main, ready */
	struct error err;
	char text[4096]; /* rig_text() */
	int n_remote;
};

static const struct actor officer = { .uid = 1001, .name = "officer", .roles = ROLE_DUTY | ROLE_EDITOR };
static const struct actor colleague unused_arg = { .uid = 1002, .name = "colleague", .roles = ROLE_DUTY };
static const struct actor leader unused_arg = { .uid = 1003, .name = "leader", .roles = ROLE_LEADER };

static inline void dir_make(char *dir, size_t n)
{
	(void)snprintf(dir, n, "/tmp/gazette-store-XXXXXX");
	if (!mkdtemp(dir)) {
		fail_msg("mkdtemp: cannot make a directory");
	}
}

static inline void dir_remove(const char *dir)
{
	DIR *open_dir = opendir(dir);
	struct dirent *entry;
	char path[400];

	while (open_dir && (entry = readdir(open_dir))) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		(void)unlink(path);
	}
	if (open_dir) {
		(void)closedir(open_dir);
	}
	(void)rmdir(dir);
}

/* ---- transactions ---- */

static inline void rig_begin(struct rig *rig)
{
	effects_cut(&rig->tx->effects, 0);
	error_clear(&rig->err);
	CHECK_OK(tx_exec(rig->tx, "BEGIN IMMEDIATE", &rig->err), rig->err);
	rig->tx->now_at = rig->now_at;
}

static inline void rig_succeeded(struct rig *rig, bool ok, const char *call, const char *file, int line)
{
	if (!ok) {
		print_error("%s:%d: %s: %s\n", file, line, call, rig->err.message);
		tx_try(rig->tx, "ROLLBACK");
		fail();
	}
	CHECK_OK(tx_exec(rig->tx, "COMMIT", &rig->err), rig->err);
}

static inline void rig_failed(struct rig *rig, bool ok, enum error_domain domain, const char *part, const char *call,
	const char *file, int line)
{
	tx_try(rig->tx, "ROLLBACK");
	effects_cut(&rig->tx->effects, 0);
	if (ok) {
		print_error("%s:%d: %s: succeeded\n", file, line, call);
		fail();
	}
	if (rig->err.domain != domain || !strstr(rig->err.message, part)) {
		print_error("%s:%d: %s: %s \"%s\", want %s \"%s\"\n", file, line, call,
			error_domain_name(rig->err.domain), rig->err.message, error_domain_name(domain), part);
		fail();
	}
}

#define DO(rig, call) rig_succeeded((rig), (rig_begin(rig), (call)), #call, __FILE__, __LINE__)
#define DO_FAILS(rig, call, domain, part) \
	rig_failed((rig), (rig_begin(rig), (call)), (domain), (part), #call, __FILE__, __LINE__)

/* ---- looking ---- */

static inline sqlite3_stmt *rig_select(struct rig *rig, const char *sql, int64_t parameter)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(rig->tx->sqlite, sql, -1, &stmt, NULL) != SQLITE_OK) {
		fail_msg("%s: %s", sql, sqlite3_errmsg(rig->tx->sqlite));
	}
	if (sqlite3_bind_parameter_count(stmt) > 0) {
		(void)sqlite3_bind_int64(stmt, 1, parameter);
	}
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		fail_msg("%s: no row", sql);
	}
	return stmt;
}

/* The one number a query gives; ?1 is the parameter. */
static inline int64_t rig_number(struct rig *rig, const char *sql, int64_t parameter)
{
	sqlite3_stmt *stmt = rig_select(rig, sql, parameter);
	int64_t number = sqlite3_column_int64(stmt, 0);

	(void)sqlite3_finalize(stmt);
	return number;
}

/* Lends until the next call; "-" for NULL. */
static inline const char *rig_text(struct rig *rig, const char *sql, int64_t parameter)
{
	sqlite3_stmt *stmt = rig_select(rig, sql, parameter);
	const char *text = (const char *)sqlite3_column_text(stmt, 0);

	(void)snprintf(rig->text, sizeof(rig->text), "%s", text ? text : "-");
	(void)sqlite3_finalize(stmt);
	return rig->text;
}

static inline const char *rig_state(struct rig *rig, struct send_id send)
{
	return rig_text(rig, "SELECT state || coalesce(' ' || hold, '') FROM send WHERE id = ?1", send.v);
}

static inline const char *rig_account_state(struct rig *rig)
{
	return rig_text(rig, "SELECT state FROM account WHERE id = ?1", rig->account.v);
}

/* Effects of the last transaction; id 0: any. */
static inline size_t rig_effects(const struct rig *rig, enum effect_kind kind, int64_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < rig->tx->effects.n; i++) {
		n += rig->tx->effects.items[i].kind == kind && (!id || rig->tx->effects.items[i].id == id);
	}
	return n;
}

/* The time of the one effect of this kind and id; -1: none, or several. */
static inline int64_t rig_effect_at(const struct rig *rig, enum effect_kind kind, int64_t id)
{
	int64_t at = -1;

	for (size_t i = 0; i < rig->tx->effects.n; i++) {
		const struct effect *effect = &rig->tx->effects.items[i];

		if (effect->kind == kind && effect->id == id) {
			if (at >= 0) {
				return -1;
			}
			at = effect->at;
		}
	}
	return at;
}

/* How often this action stands in the history of an object. */
static inline int64_t rig_events(struct rig *rig, const char *action, int64_t object)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n;

	if (sqlite3_prepare_v2(rig->tx->sqlite, "SELECT count(*) FROM event WHERE action = ?1 AND object_id = ?2", -1,
		    &stmt, NULL) != SQLITE_OK) {
		fail();
	}
	(void)sqlite3_bind_text(stmt, 1, action, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(stmt, 2, object);
	(void)sqlite3_step(stmt);
	n = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return n;
}

/* ---- making ---- */

static inline bool rig_sync(struct rig *rig, const char *const *names, size_t n, bool with_token)
{
	struct account_seen *seen = xnew_array(struct account_seen, n ? n : 1);
	struct secret token = { 0 };
	bool ok;

	secret_set(&token, STR("2.00configured"));
	for (size_t i = 0; i < n; i++) {
		seen[i] = (struct account_seen){
			.name = names[i], .platform = "fake", .token = with_token ? &token : NULL
		};
	}
	ok = account_sync(rig->tx, seen, n, &rig->err);
	secret_finish(&token);
	free(seen);
	return ok;
}

static inline bool rig_login(struct rig *rig, struct account_id account, const char *token_text)
{
	struct secret token = { 0 };
	bool ok;

	secret_set(&token, str_from(token_text));
	ok = account_set_token(rig->tx, &leader, account, &token, 0, NULL, &rig->err);
	secret_finish(&token);
	return ok;
}

static inline struct account_id rig_account(struct rig *rig, const char *name)
{
	struct account_id id = { 0 };

	DO(rig, account_find(rig->tx, name, &id, &rig->err));
	return id;
}

static inline bool rig_insert(struct rig *rig, const char *key, const char *text, int64_t due_at,
	const char *const *accounts, size_t n, struct post_id *ret_id, enum post_insert *ret_what)
{
	struct post post;
	bool ok;

	post_init(&post);
	post.key = xstrdup(key);
	post.text = xstrdup(text);
	post.due_at = due_at;
	post.late_ms = 10 * MINUTE_MS;
	post.targets = xnew_array(struct post_target, n);
	post.n_targets = n;
	for (size_t i = 0; i < n; i++) {
		post.targets[i].account = xstrdup(accounts[i]);
	}
	ok = post_insert(rig->tx, &officer, &post, ret_id, ret_what, &rig->err);
	post_finish(&post);
	return ok;
}

/* A post to weibo-main; due_at 0: held until it gets a time. Gives its delivery. */
static inline struct send_id rig_publish(struct rig *rig, const char *text, int64_t due_at)
{
	static const char *const main_only[] = { "weibo-main" };
	enum post_insert what;
	struct post_id post;
	struct send_id send = { 0 };

	DO(rig, rig_insert(rig, NULL, text, due_at, main_only, 1, &post, &what) &&
			send_find_delivery(rig->tx, post, "weibo-main", &send, &rig->err));
	return send;
}

/* Claims; false when it could not be claimed. */
/* Claim as the outbox does. Gives the row when it is claimed. */
static inline bool rig_try_claim(struct rig *rig, struct send_id send, const struct quota_window *quotas,
	size_t n_quotas, struct send_row *ret_row, bool *ret_claimed)
{
	struct account_row account = { 0 };
	struct send_row row = { 0 };
	bool ready = false;
	bool ok = send_load(rig->tx, send, &row, &rig->err) &&
		  account_load(rig->tx, row.account, &account, &rig->err) &&
		  send_ready(rig->tx, &row, &account, quotas, n_quotas, &ready, &rig->err) &&
		  (!ready || send_claim(rig->tx, &row, "d1", &rig->err));

	account_row_finish(&account);
	*ret_claimed = ok && ready;
	if (*ret_claimed) {
		*ret_row = row;
	} else {
		send_row_finish(&row);
	}
	return ok;
}

static inline bool rig_claim(struct rig *rig, struct send_id send)
{
	struct send_row row = { 0 };
	bool claimed = false;

	DO(rig, rig_try_claim(rig, send, NULL, 0, &row, &claimed));
	send_row_finish(&row);
	return claimed;
}

static inline bool rig_result(
	struct rig *rig, struct send_id send, enum send_event event, const char *remote_id, int64_t next_at)
{
	struct send_result result = {
		.event = event, .remote_id = remote_id, .next_at = next_at, .http_status = 200, .took_ms = 12
	};
	bool applied = false;

	if (event == SEND_DEFER || event == SEND_LOSE || event == SEND_REFUSE) {
		(void)error_set(&result.error, ERROR_PLATFORM, ADVISE_RETRY, 10022, "the platform said no");
	}
	DO(rig, send_finish(rig->tx, send, &result, &applied, &rig->err));
	return applied;
}

/* A direct message of a citizen; its ticket. */
static inline struct ticket_id rig_message(
	struct rig *rig, const char *author, const char *text, int priority, enum intake_result *ret_result)
{
	struct message message = { .kind = MESSAGE_DIRECT, .created_at = rig->now_at, .from_us = false };
	struct ticket_clocks clocks[PRIORITIES];
	struct message_new new = { .message = &message, .priority = priority, .class = "consult", .clocks = clocks };
	struct ticket_id ticket = { 0 };
	char remote_id[32];

	for (size_t i = 0; i < PRIORITIES; i++) {
		clocks[i] = (struct ticket_clocks){ .ack_at = rig->now_at + HOUR_MS,
			.reply_at = rig->now_at + DAY_MS,
			.answer_at = rig->now_at + 5 * DAY_MS,
			.rung_at = rig->now_at + 30 * MINUTE_MS };
	}

	(void)snprintf(remote_id, sizeof(remote_id), "%d", 5000 + rig->n_remote++);
	message.remote_id = xstrdup(remote_id);
	message.author_id = xstrdup(author);
	message.author_name = xstrdup(author);
	message.text = xstrdup(text);
	DO(rig, intake_message(rig->tx, rig->account, &new, ret_result, &ticket, &rig->err));
	message_finish(&message);
	return ticket;
}

static inline struct rig *rig_new(void)
{
	static const char *const names[] = { "weibo-main", "weibo-two" };
	struct rig *rig = xnew(struct rig);

	dir_make(rig->dir, sizeof(rig->dir));
	(void)snprintf(rig->path, sizeof(rig->path), "%s/gazette.db", rig->dir);
	rig->now_at = RIG_NOW_AT;
	CHECK_OK(tx_open(rig->path, true, &rig->tx, &rig->err), rig->err);
	/* What a power cut would do is another test's business. */
	CHECK_OK(tx_exec(rig->tx, "PRAGMA synchronous = OFF", &rig->err), rig->err);
	DO(rig, rig_sync(rig, names, ARRAY_LEN(names), true));
	rig->account = rig_account(rig, "weibo-main");
	return rig;
}

static inline void rig_freep(struct rig **rig)
{
	if (*rig) {
		tx_close((*rig)->tx);
		dir_remove((*rig)->dir);
		free(*rig);
	}
}

/* ---- invariants ---- */

/* Every counter equals the rows it counts, and every row is counted. */
static inline void rig_check_counters(struct rig *rig)
{
	static const char sql[] =
		"WITH counted (name, key, value) AS ("
		" SELECT 'send', account_id || '/' || state, count(*) FROM send GROUP BY account_id, state"
		" UNION ALL SELECT 'ticket', state || '/' || priority, count(*) FROM ticket GROUP BY state, priority)"
		" SELECT coalesce(group_concat(name || ' ' || key, ', '), '') FROM ("
		" SELECT name, key, value FROM counted EXCEPT SELECT name, key, value FROM counter"
		" UNION SELECT name, key, value FROM (SELECT * FROM counter WHERE value <> 0 EXCEPT SELECT * FROM "
		"counted))";

	CHECK_TEXT(rig_text(rig, sql, 0), "");
}

#endif
