/*
 * The outbox's rows as they are read: briefly, as much as it takes to move one; or with all that a driver needs to make
 * its effect, or to look for it.
 */
#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "store/post.h"
#include "store/send_internal.h"

/* What send_move() may look at: all of a send but what it says and what was said of it. */
#define BRIEF \
	"SELECT send.id, send.kind, send.state, send.hold, send.account_id, send.post_id, send.ticket_id, " \
	"account.name, send.due_at, send.until_at, send.late_ms, send.next_at, send.attempts, send.finds, " \
	"send.resends, send.first_attempt_at, send.last_attempt_at, send.look_at, send.doubted, send.target_id, " \
	"send.wish"

static const char sql_brief[] = BRIEF " FROM send JOIN account ON account.id = send.account_id WHERE send.id = $1";
static const char sql_load[] = BRIEF
	", send.text, send.remote_id, send.url, message.kind, message.remote_id, message.status_id, message.author_id,"
	" send.progress, send.job_id, send.thread_id, target.remote_id, target.job_id, target.mode, post.title,"
	" post.form, send.mode, post.topic, post.markdown, post.byline, post.digest_text, post.source_url, post.cover,"
	" post.comments FROM send JOIN account ON account.id = send.account_id"
	" LEFT JOIN message ON message.id = send.message_id LEFT JOIN post ON post.id = send.post_id"
	" LEFT JOIN send AS target ON target.id = send.target_id WHERE send.id = $1";
static const char sql_taken[] =
	"SELECT remote_id FROM send WHERE account_id = $1 AND kind = $2 AND remote_id IS NOT NULL"
	" AND id <> $3 AND sent_at >= $4 UNION ALL"
	" SELECT remote_id FROM send WHERE account_id = $1 AND kind = $2 AND remote_id IS NOT NULL"
	" AND id <> $3 AND sent_at IS NULL";
/* By the order of attempts, which no clock can change: an account has one attempt out at a time. */
static const char sql_before[] =
	"SELECT send.remote_id FROM attempt JOIN send ON send.id = attempt.send_id"
	" WHERE attempt.id < (SELECT min(id) FROM attempt WHERE send_id = $1)"
	" AND attempt.id > (SELECT min(id) FROM attempt WHERE send_id = $1) - 10000 AND attempt.outcome = 'accept'"
	" AND send.account_id = $2 AND send.kind = $3 AND send.remote_id IS NOT NULL ORDER BY attempt.id DESC LIMIT 1";

void send_row_finish(struct send_row *row)
{
	free(row->account_name);
	free(row->text);
	free(row->marker);
	free(row->remote_id);
	free(row->url);
	free(row->reply_to_id);
	free(row->reply_status_id);
	free(row->reply_author_id);
	free(row->progress);
	free(row->job_id);
	free(row->thread_id);
	free(row->title);
	free(row->target_remote_id);
	free(row->target_job_id);
	post_article_finish(&row->article);
	for (size_t i = 0; i < row->n_uploads; i++) {
		send_upload_finish(&row->uploads[i]);
	}
	free(row->uploads);
	media_free(row->media, row->n_media);
	for (size_t i = 0; i < row->n_taken; i++) {
		free(row->taken_ids[i]);
	}
	free(row->taken_ids);
	free(row->before_id);
	*row = (struct send_row){ 0 };
}

static bool unknown_word(struct send_row *row, struct error *err)
{
	(void)error_set(err, ERROR_STORE, ADVISE_BUG, 0, "send %" PRId64 " has a word nobody knows", row->id.v);
	send_row_finish(row);
	return false;
}

static bool read_brief(struct stmt *stmt, struct send_row *row, struct error *err)
{
	*row = (struct send_row){
		.id = { stmt_i64(stmt, 0) },
		.account = { stmt_i64(stmt, 4) },
		.post = { stmt_i64(stmt, 5) },
		.ticket = { stmt_i64(stmt, 6) },
		.account_name = stmt_dup(stmt, 7),
		.due_at = stmt_i64(stmt, 8),
		.until_at = stmt_i64(stmt, 9),
		.late_ms = stmt_i64(stmt, 10),
		.next_at = stmt_i64(stmt, 11),
		.attempts = (int)stmt_i64(stmt, 12),
		.finds = (int)stmt_i64(stmt, 13),
		.resends = (int)stmt_i64(stmt, 14),
		.first_attempt_at = stmt_i64(stmt, 15),
		.last_attempt_at = stmt_i64(stmt, 16),
		.look_at = stmt_i64(stmt, 17),
		.doubted = stmt_i64(stmt, 18) != 0,
		.target = { stmt_i64(stmt, 19) },
	};
	if (!send_kind_parse(stmt_text(stmt, 1), &row->kind) || !send_state_parse(stmt_text(stmt, 2), &row->state) ||
		(!stmt_is_null(stmt, 3) && !hold_reason_parse(stmt_text(stmt, 3), &row->hold)) ||
		(!stmt_is_null(stmt, 20) && !send_wish_parse(stmt_text(stmt, 20), &row->wish))) {
		return unknown_word(row, err);
	}
	return true;
}

static bool read_texts(struct tx *tx, struct stmt *stmt, struct send_row *row, struct error *err)
{
	char marker[64];

	row->text = stmt_dup(stmt, 21);
	row->remote_id = stmt_dup(stmt, 22);
	row->url = stmt_dup(stmt, 23);
	row->reply_to_id = stmt_dup(stmt, 25);
	row->reply_status_id = stmt_dup(stmt, 26);
	row->reply_author_id = stmt_dup(stmt, 27);
	row->progress = stmt_dup(stmt, 28);
	row->job_id = stmt_dup(stmt, 29);
	row->thread_id = stmt_dup(stmt, 30);
	row->target_remote_id = stmt_dup(stmt, 31);
	row->target_job_id = stmt_dup(stmt, 32);
	row->target_broadcast = str_is(stmt_str(stmt, 33), "broadcast");
	row->title = stmt_dup(stmt, 34);
	row->article = (struct post_article){
		.topic = stmt_dup(stmt, 37),
		.markdown = stmt_dup(stmt, 38),
		.author = stmt_dup(stmt, 39),
		.digest = stmt_dup(stmt, 40),
		.source_url = stmt_dup(stmt, 41),
		.cover = stmt_dup(stmt, 42),
		.comments = stmt_i64(stmt, 43) > 0,
		.fans_only = stmt_i64(stmt, 43) > 1,
	};
	(void)snprintf(marker, sizeof(marker), "%s-%" PRId64, tx_instance(tx), row->id.v);
	row->marker = xstrdup(marker);
	if ((!stmt_is_null(stmt, 24) && !message_kind_parse(stmt_text(stmt, 24), &row->reply_to_kind)) ||
		(!stmt_is_null(stmt, 35) && (!post_form_parse(stmt_text(stmt, 35), &row->article.form) ||
						    !post_mode_parse(stmt_text(stmt, 36), &row->article.mode)))) {
		return unknown_word(row, err);
	}
	return true;
}

/* The statement is sql_brief or sql_load. */
static bool find_row(struct stmt *stmt, struct send_id id, struct error *err)
{
	stmt_bind_i64(stmt, 1, id.v);
	switch (stmt_step(stmt, err)) {
	case STEP_ROW:
		return true;
	case STEP_DONE:
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no send %" PRId64, id.v);
	case STEP_ERROR:
		return false;
	}
	return false;
}

bool send_load(struct tx *tx, struct send_id id, struct send_row *ret_row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_load, err);

	return stmt && find_row(stmt, id, err) && read_brief(stmt, ret_row, err) && read_texts(tx, stmt, ret_row, err);
}

bool send_load_brief(struct tx *tx, struct send_id id, struct send_row *ret_row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_brief, err);

	return stmt && find_row(stmt, id, err) && read_brief(stmt, ret_row, err);
}

bool send_load_media(struct tx *tx, struct send_row *row, struct error *err)
{
	return !row->post.v ||
	       (media_load(tx, row->post, &row->media, &row->n_media, err) && send_load_uploads(tx, row, err));
}

bool send_load_whole(struct tx *tx, struct send_id id, struct send_row *ret_row, struct error *err)
{
	if (!send_load(tx, id, ret_row, err)) {
		return false;
	}
	if (!send_load_media(tx, ret_row, err)) {
		send_row_finish(ret_row);
		return false;
	}
	return true;
}

static bool load_before(struct tx *tx, struct send_row *row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_before, err);
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row->id.v);
	stmt_bind_i64(stmt, 2, row->account.v);
	stmt_bind_text(stmt, 3, send_kind_name(row->kind));
	step = stmt_step(stmt, err);
	row->before_id = step == STEP_ROW ? stmt_dup(stmt, 0) : NULL;
	return step != STEP_ERROR;
}

bool send_load_for_find(struct tx *tx, struct send_id id, struct send_row *ret_row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_taken, err);
	struct send_row row = { 0 };
	size_t cap = 0;
	enum step step;

	if (!stmt || !send_load(tx, id, &row, err)) {
		return false;
	}
	stmt_bind_i64(stmt, 1, row.account.v);
	stmt_bind_text(stmt, 2, send_kind_name(row.kind));
	stmt_bind_i64(stmt, 3, id.v);
	stmt_bind_i64(stmt, 4, row.first_attempt_at - DAY_MS);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		array_grow(row.taken_ids, row.n_taken, cap);
		row.taken_ids[row.n_taken++] = stmt_dup(stmt, 0);
	}
	if (step == STEP_ERROR || !load_before(tx, &row, err)) {
		send_row_finish(&row);
		return false;
	}
	*ret_row = row;
	return true;
}
