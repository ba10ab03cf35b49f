/*
 * Sends that take more than one request, or whose result comes later: their finished steps, what was uploaded on the
 * way, the platform's jobs, and taking back what was published.
 *
 * A step is written before the request of the next one leaves, so that a crash costs at most the step that was under
 * way.
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "store/effect.h"
#include "store/send_internal.h"

#define WITHDRAW_LATE_MS (365 * DAY_MS) /* asked for by a person: it may wait as long as its account does */

static const char sql_step[] = "UPDATE send SET progress = $2 WHERE id = $1 AND state = 'sending'";
static const char sql_upload[] =
	"INSERT INTO upload (account_id, purpose, sha256, remote_id, url, at)"
	" SELECT account_id, $2, $3, $4, $5, $6 FROM send WHERE id = $1"
	" ON CONFLICT (account_id, purpose, sha256) DO UPDATE SET remote_id = excluded.remote_id, url = excluded.url,"
	" at = excluded.at";
static const char sql_uploads[] = "SELECT upload.purpose, upload.sha256, upload.remote_id, upload.url FROM upload"
				  " JOIN post_media ON post_media.sha256 = upload.sha256 WHERE post_media.post_id = $1 "
				  "AND upload.account_id = $2";
static const char sql_job[] = "SELECT id FROM send WHERE account_id = $1 AND job_id = $2 ORDER BY id DESC LIMIT 1";
static const char sql_threads[] =
	"SELECT send.thread_id, coalesce(post.title, substr(post.text, 1, 60)), send.sent_at FROM send"
	" JOIN post ON post.id = send.post_id WHERE send.account_id = $1 AND send.thread_id IS NOT NULL AND "
	"send.sent_at >= $2"
	" AND send.withdrawn_at IS NULL ORDER BY send.sent_at DESC LIMIT 200";
static const char sql_withdrawn[] = "UPDATE send SET withdrawn_at = $2 WHERE id = $1";
static const char sql_is_withdrawn[] = "SELECT withdrawn_at FROM send WHERE id = $1";
static const char sql_pending_withdrawal[] =
	"SELECT id FROM send WHERE target_id = $1 AND state NOT IN ('failed', 'cancelled')";
static const char sql_withdraw[] = "INSERT INTO send (kind, account_id, target_id, text, state, hold, due_at, late_ms, "
				   "author_uid, author, created_at)"
				   " VALUES ('withdraw', $1, $2, '', $3, $4, $5, $6, $7, $8, $5)";

void send_upload_finish(struct send_upload *upload)
{
	free(upload->purpose);
	free(upload->sha256);
	free(upload->remote_id);
	free(upload->url);
	*upload = (struct send_upload){ 0 };
}

bool send_keep_upload(struct tx *tx, struct send_id id, const struct send_upload *upload, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_upload, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_text(stmt, 2, upload->purpose);
	stmt_bind_text(stmt, 3, upload->sha256);
	stmt_bind_text(stmt, 4, upload->remote_id);
	stmt_bind_text(stmt, 5, upload->url);
	stmt_bind_i64(stmt, 6, tx_now_at(tx));
	return stmt_run(stmt, err);
}

bool send_step(
	struct tx *tx, struct send_id id, const char *progress, const struct send_upload *upload, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_step, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_text(stmt, 2, progress);
	return stmt_run(stmt, err) && (!upload || !upload->purpose || send_keep_upload(tx, id, upload, err));
}

bool send_load_uploads(struct tx *tx, struct send_row *row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_uploads, err);
	size_t cap = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->post.v);
	stmt_bind_i64(stmt, 2, row->account.v);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(row->uploads, row->n_uploads, cap);
		row->uploads[row->n_uploads++] = (struct send_upload){
			.purpose = stmt_dup(stmt, 0),
			.sha256 = stmt_dup(stmt, 1),
			.remote_id = stmt_dup(stmt, 2),
			.url = stmt_dup(stmt, 3),
		};
	}
	return step == STEP_DONE;
}

bool send_find_job(
	struct tx *tx, struct account_id account, const char *job_id, struct send_id *ret_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_job, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_text(stmt, 2, job_id);
	step = stmt_step(stmt, err);
	if (step == STEP_ERROR) {
		return false;
	}
	ret_id->v = step == STEP_ROW ? stmt_i64(stmt, 0) : 0;
	return true;
}

void send_threads_free(struct send_thread *threads, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(threads[i].thread_id);
		free(threads[i].title);
	}
	free(threads);
}

bool send_threads(struct tx *tx, struct account_id account, int64_t since_at, struct send_thread **ret_threads,
	size_t *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_threads, err);
	struct send_thread *threads = NULL;
	size_t n = 0;
	size_t cap = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_i64(stmt, 2, since_at);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(threads, n, cap);
		threads[n++] = (struct send_thread){
			.thread_id = stmt_dup(stmt, 0), .title = stmt_dup(stmt, 1), .sent_at = stmt_i64(stmt, 2)
		};
	}
	if (step == STEP_ERROR) {
		send_threads_free(threads, n);
		return false;
	}
	*ret_threads = threads;
	*ret_n = n;
	return true;
}

/* ---- taking back ---- */

bool send_mark_withdrawn(struct tx *tx, struct send_id id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_withdrawn, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_i64(stmt, 2, tx_now_at(tx));
	return stmt_run(stmt, err);
}

bool send_may_withdraw(struct tx *tx, const struct send_row *row, struct error *err)
{
	cleanup(stmt_done) struct stmt *gone = stmt_get(tx, sql_is_withdrawn, err);
	cleanup(stmt_done) struct stmt *pending = stmt_get(tx, sql_pending_withdrawal, err);

	if (!gone || !pending) {
		return false;
	}
	if (row->kind != SEND_PUBLISH || row->state != SEND_SENT) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"it is %s: only what was published can be withdrawn", send_state_name(row->state));
	}
	stmt_bind_i64(gone, 1, row->id.v);
	if (stmt_step(gone, err) != STEP_ROW) {
		return false;
	}
	if (!stmt_is_null(gone, 0)) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "it was withdrawn already");
	}
	stmt_bind_i64(pending, 1, row->id.v);
	switch (stmt_step(pending, err)) {
	case STEP_ROW:
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "it is being withdrawn already, as send:%" PRId64,
			stmt_i64(pending, 0));
	case STEP_DONE:
		return true;
	case STEP_ERROR:
		return false;
	}
	return false;
}

static bool insert_withdrawal(
	struct tx *tx, const struct actor *actor, const struct send_row *row, struct send_id *ret_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_withdraw, err);
	struct account_row account = { 0 };
	enum hold_reason hold;
	enum send_state state;

	if (!stmt || !account_load(tx, row->account, &account, err)) {
		return false;
	}
	hold = hold_for_account(account.state);
	account_row_finish(&account);
	state = hold == HOLD_NONE ? SEND_QUEUED : SEND_HELD;
	stmt_bind_i64(stmt, 1, row->account.v);
	stmt_bind_i64(stmt, 2, row->id.v);
	stmt_bind_text(stmt, 3, send_state_name(state));
	stmt_bind_text(stmt, 4, hold == HOLD_NONE ? NULL : hold_reason_name(hold));
	stmt_bind_i64(stmt, 5, tx_now_at(tx));
	stmt_bind_i64(stmt, 6, WITHDRAW_LATE_MS);
	stmt_bind_i64(stmt, 7, actor->uid);
	stmt_bind_text(stmt, 8, actor->name);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	ret_id->v = tx_last_id(tx);
	if (state == SEND_QUEUED) {
		effect_add(tx, EFFECT_SEND_DUE, ret_id->v, row->account.v, tx_now_at(tx));
	}
	return send_count(tx, row->account, state, 1, err);
}

bool send_withdraw(struct tx *tx, const struct actor *actor, struct send_id target, const char *reason,
	struct send_id *ret_id, struct error *err)
{
	struct send_row row = { 0 };
	struct send_id id = { 0 };
	cJSON *detail;
	bool ok;

	if (!send_load(tx, target, &row, err)) {
		return false;
	}
	ok = send_may_withdraw(tx, &row, err) && insert_withdrawal(tx, actor, &row, &id, err);
	if (ok) {
		detail = json_object();
		json_add_text(detail, "account", row.account_name);
		json_add_i64(detail, "post", row.post.v);
		json_add_i64(detail, "send", id.v);
		json_add_text(detail, "reason", reason);
		ok = event_add(tx, actor, "post.withdraw", OBJECT_SEND, target.v, detail, err);
	}
	send_row_finish(&row);
	if (ok) {
		*ret_id = id;
	}
	return ok;
}
