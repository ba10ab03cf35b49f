/* Followers' choices of topics, and what of them the platform does not know yet. */
#include "store/topic.h"

#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "store/db.h"
#include "store/effect.h"
#include "store/event.h"

static const char sql_choose[] =
	"INSERT INTO topic_choice (account_id, author_id, topic, wanted, chosen_at) VALUES ($1, $2, $3, $4, $5)"
	" ON CONFLICT (account_id, author_id, topic) DO UPDATE SET wanted = excluded.wanted, version = version + 1,"
	" settled = 0, next_at = 0, why = NULL, chosen_at = excluded.chosen_at"
	" WHERE topic_choice.wanted <> excluded.wanted OR topic_choice.why IS NOT NULL";
static const char sql_leave[] =
	"UPDATE topic_choice SET wanted = 0, version = version + 1, settled = 0, next_at = 0, why = NULL"
	" WHERE account_id = $1 AND author_id = $2 AND wanted = 1";
static const char sql_list[] =
	"SELECT topic FROM topic_choice WHERE account_id = $1 AND author_id = $2 AND wanted = 1 ORDER BY topic";

static const char sql_next[] = "SELECT topic, wanted, next_at FROM topic_choice WHERE account_id = $1 AND settled = 0"
			       " ORDER BY next_at, chosen_at LIMIT 1";
static const char sql_batch[] =
	"SELECT author_id, version FROM topic_choice WHERE account_id = $1 AND settled = 0 AND next_at <= $2"
	" AND topic = $3 AND wanted = $4 ORDER BY chosen_at, author_id LIMIT $5";
static const char sql_settled[] = "UPDATE topic_choice SET settled = 1, why = NULL WHERE account_id = $1"
				  " AND author_id = $2 AND topic = $3 AND version = $4 AND wanted = 1";
static const char sql_gone[] = "DELETE FROM topic_choice WHERE account_id = $1 AND author_id = $2 AND topic = $3"
			       " AND version = $4 AND wanted = 0";
static const char sql_refused[] = "UPDATE topic_choice SET next_at = $5, why = $6 WHERE account_id = $1"
				  " AND author_id = $2 AND topic = $3 AND version = $4 AND wanted = 1";

static const char sql_forget[] = "DELETE FROM topic_choice WHERE account_id = $1 AND topic = $2";
static const char sql_counts[] = "SELECT topic, sum(wanted), sum(1 - settled), sum(why IS NOT NULL) FROM topic_choice"
				 " WHERE account_id = $1 GROUP BY topic ORDER BY topic";
static const char sql_open[] = "SELECT DISTINCT account_id FROM topic_choice WHERE settled = 0";

static void arm(struct tx *tx, struct account_id account)
{
	effect_add(tx, EFFECT_TOPICS, 0, account.v, 0);
}

bool topic_choose(struct tx *tx, struct account_id account, const char *author_id, const char *topic, bool wanted,
	struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_choose, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, author_id);
	stmt_bind_text(stmt, 3, topic);
	stmt_bind_i64(stmt, 4, wanted);
	stmt_bind_i64(stmt, 5, tx_now_at(tx));
	if (!stmt_run(stmt, err)) {
		return false;
	}
	if (tx_changes(tx) > 0) {
		arm(tx, account);
	}
	return true;
}

bool topic_leave(struct tx *tx, struct account_id account, const char *author_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_leave, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, author_id);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	if (tx_changes(tx) > 0) {
		arm(tx, account);
	}
	return true;
}

bool topic_list(struct tx *tx, struct account_id account, const char *author_id, cJSON *names, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_list, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, author_id);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		json_push(names, cJSON_CreateString(stmt_text(stmt, 0)));
	}
	return step == STEP_DONE;
}

/* ---- what the platform does not know ---- */

void topic_batch_finish(struct topic_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		free(batch->authors[i]);
	}
	free(batch->authors);
	free(batch->versions);
	free(batch->topic);
	*batch = (struct topic_batch){ 0 };
}

static bool load_batch(struct tx *tx, int limit, struct topic_batch *batch, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_batch, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	batch->authors = xnew_array(char *, (size_t)limit);
	batch->versions = xnew_array(int64_t, (size_t)limit);
	stmt_bind_i64(stmt, 1, batch->account.v);
	stmt_bind_i64(stmt, 2, tx_now_at(tx));
	stmt_bind_text(stmt, 3, batch->topic);
	stmt_bind_i64(stmt, 4, batch->wanted);
	stmt_bind_i64(stmt, 5, limit);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		batch->authors[batch->n] = stmt_dup(stmt, 0);
		batch->versions[batch->n++] = stmt_i64(stmt, 1);
	}
	return step == STEP_DONE;
}

bool topic_next(struct tx *tx, struct account_id account, int limit, struct topic_batch *ret_batch, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_next, err);
	struct topic_batch batch = { .account = account };
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	step = stmt_step(stmt, err);
	if (step == STEP_ERROR) {
		return false;
	}
	if (step == STEP_ROW && stmt_i64(stmt, 2) > tx_now_at(tx)) {
		batch.next_at = stmt_i64(stmt, 2);
	} else if (step == STEP_ROW) {
		batch.topic = stmt_dup(stmt, 0);
		batch.wanted = stmt_i64(stmt, 1) != 0;
		if (!load_batch(tx, limit, &batch, err)) {
			topic_batch_finish(&batch);
			return false;
		}
	}
	*ret_batch = batch;
	return true;
}

/* One statement for each of them; more: what comes behind the version. */
static bool each(struct tx *tx, const char *sql, const struct topic_batch *batch, int64_t next_at, const char *why,
	int64_t *ret_changes, struct error *err)
{
	*ret_changes = 0;
	for (size_t i = 0; i < batch->n; i++) {
		cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

		if (!stmt) {
			return false;
		}
		stmt_bind_i64(stmt, 1, batch->account.v);
		stmt_bind_text(stmt, 2, batch->authors[i]);
		stmt_bind_text(stmt, 3, batch->topic);
		stmt_bind_i64(stmt, 4, batch->versions[i]);
		if (why) {
			stmt_bind_i64(stmt, 5, next_at);
			stmt_bind_text(stmt, 6, why);
		}
		if (!stmt_run(stmt, err)) {
			return false;
		}
		*ret_changes += tx_changes(tx);
	}
	return true;
}

bool topic_settle(struct tx *tx, const struct topic_batch *batch, struct error *err)
{
	int64_t changes;

	return each(tx, batch->wanted ? sql_settled : sql_gone, batch, 0, NULL, &changes, err);
}

bool topic_refuse(struct tx *tx, const struct topic_batch *batch, const char *why, int64_t next_at, struct error *err)
{
	cJSON *detail;
	int64_t changes;

	if (!batch->wanted) {
		return each(tx, sql_gone, batch, 0, NULL, &changes, err);
	}
	if (!each(tx, sql_refused, batch, next_at, why, &changes, err)) {
		return false;
	}
	if (changes == 0) {
		return true;
	}
	/* Not who: events are kept. */
	detail = json_object();
	json_add_text(detail, "topic", batch->topic);
	json_add_text(detail, "error", why);
	return event_add(tx, &actor_daemon, "account.topic-refused", OBJECT_ACCOUNT, batch->account.v, detail, err);
}

/* ---- the office's side ---- */

bool topic_forget(struct tx *tx, struct account_id account, const char *topic, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_forget, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, topic);
	return stmt_run(stmt, err);
}

bool topic_counts(struct tx *tx, struct account_id account, cJSON *rows, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_counts, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		cJSON *row = json_object();

		json_add_text(row, "name", stmt_text(stmt, 0));
		json_add_i64(row, "chosen", stmt_i64(stmt, 1));
		json_add_i64(row, "waiting", stmt_i64(stmt, 2));
		json_add_i64(row, "refused", stmt_i64(stmt, 3));
		json_push(rows, row);
	}
	return step == STEP_DONE;
}

bool topic_arm_all(struct tx *tx, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_open, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		arm(tx, (struct account_id){ stmt_i64(stmt, 0) });
	}
	return step == STEP_DONE;
}
