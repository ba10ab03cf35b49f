/* Posts and their media, and the deliveries they start with. */
#include "store/post.h"

#include <inttypes.h>
#include <string.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "core/mem.h"
#include "store/account.h"
#include "store/db.h"
#include "store/send.h"
#include "store/send_internal.h"
#include "text/when.h"

static const char sql_by_key[] = "SELECT id, digest, due_at FROM post WHERE key = $1";
static const char sql_insert[] =
	"INSERT INTO post (key, digest, title, text, class, campaign, due_at, until_at, late_ms,"
	" author_uid, author, created_at, form, topic, markdown, byline, digest_text, source_url, cover, comments, "
	"corrects)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
static const char sql_media[] =
	"INSERT INTO media (sha256, type, data) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING";
static const char sql_post_media[] =
	"INSERT INTO post_media (post_id, position, sha256, name, alt) VALUES ($1, $2, $3, $4, $5)";
static const char sql_media_load[] =
	"SELECT post_media.name, media.type, post_media.alt, media.sha256, media.data FROM post_media"
	" JOIN media ON media.sha256 = post_media.sha256 WHERE post_media.post_id = $1 ORDER BY post_media.position";
static const char sql_send[] = "INSERT INTO send (kind, account_id, post_id, text, state, hold, due_at, until_at, "
			       "late_ms, author_uid, author, created_at, mode)"
			       " VALUES ('publish', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
			       " ON CONFLICT (post_id, account_id) WHERE post_id IS NOT NULL DO NOTHING";
/* What is promised or out in a window; a broadcast without a time is none of it yet. */
static const char sql_broadcasts[] =
	"SELECT count(*) FROM send WHERE account_id = $1 AND mode = 'broadcast' AND due_at >= $2 AND due_at < $3"
	" AND state NOT IN ('failed', 'cancelled')";
static const char sql_set_due[] = "UPDATE post SET due_at = $2 WHERE id = $1";

/*
 * The times are not part of it: a batch that says "+2h" means another moment every time it is handed in, and is still
 * the same batch.
 */
void post_digest(const struct post *post, char ret_hex[65])
{
	struct digest *digest = digest_new();

	digest_add_field(digest, str_from(post->title));
	digest_add_field(digest, str_from(post->text));
	digest_add_field(digest, str_from(post_class_name(post->class)));
	digest_add_field(digest, str_from(post->campaign));
	for (size_t i = 0; i < post->n_targets; i++) {
		digest_add_field(digest, str_from(post->targets[i].account));
		digest_add_field(digest, str_from(post->targets[i].text));
	}
	for (size_t i = 0; i < post->n_media; i++) {
		digest_add_field(digest, str_from(post->media[i].sha256));
		digest_add_field(digest, str_from(post->media[i].alt));
	}
	for (size_t i = 0; i < post->n_targets; i++) {
		if (post->targets[i].mode != POST_MODE_PUBLISH) {
			digest_add_field(digest, str_from(post->targets[i].account));
		}
	}
	digest_add_field(digest, str_from(post_form_name(post->article.form)));
	digest_add_field(digest, str_from(post->article.topic));
	digest_add_field(digest, str_from(post->article.markdown));
	digest_add_field(digest, str_from(post->article.author));
	digest_add_field(digest, str_from(post->article.digest));
	digest_add_field(digest, str_from(post->article.source_url));
	digest_add_field(digest, str_from(post->article.cover));
	digest_add_field(digest, post->article.comments ? STR("comments") : STR(""));
	digest_add_field(digest, post->article.fans_only ? STR("fans") : STR(""));
	digest_end(digest, ret_hex);
}

static bool insert_media(struct tx *tx, const struct post *post, int64_t id, struct error *err)
{
	for (size_t i = 0; i < post->n_media; i++) {
		const struct post_media *medium = &post->media[i];
		cleanup(stmt_done) struct stmt *bytes = stmt_get(tx, sql_media, err);
		cleanup(stmt_done) struct stmt *link = stmt_get(tx, sql_post_media, err);

		if (!bytes || !link) {
			return false;
		}
		stmt_bind_text(bytes, 1, medium->sha256);
		stmt_bind_text(bytes, 2, medium->type);
		stmt_bind_blob(bytes, 3, medium->data, medium->n);
		stmt_bind_i64(link, 1, id);
		stmt_bind_i64(link, 2, (int64_t)i);
		stmt_bind_text(link, 3, medium->sha256);
		stmt_bind_text(link, 4, medium->name);
		stmt_bind_text(link, 5, medium->alt);
		if (!stmt_run(bytes, err) || !stmt_run(link, err)) {
			return false;
		}
	}
	return true;
}

static bool insert_delivery(struct tx *tx, const struct actor *actor, const struct post *post,
	const struct post_target *target, int64_t id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_send, err);
	struct account_row account = { 0 };
	struct account_id account_id;
	enum hold_reason hold;
	enum send_state state;

	if (!stmt || !account_find(tx, target->account, &account_id, err) ||
		!account_load(tx, account_id, &account, err)) {
		return false;
	}
	hold = hold_for_account(account.state);
	if (!post->due_at) {
		hold = HOLD_OPERATOR;
	}
	account_row_finish(&account);
	state = hold == HOLD_NONE ? SEND_QUEUED : SEND_HELD;
	stmt_bind_i64(stmt, 1, account_id.v);
	stmt_bind_i64(stmt, 2, id);
	stmt_bind_text(stmt, 3, target->text ? target->text : post->text);
	stmt_bind_text(stmt, 4, send_state_name(state));
	stmt_bind_text(stmt, 5, hold == HOLD_NONE ? NULL : hold_reason_name(hold));
	stmt_bind_opt_i64(stmt, 6, post->due_at);
	stmt_bind_opt_i64(stmt, 7, post->until_at);
	stmt_bind_i64(stmt, 8, post->late_ms);
	stmt_bind_i64(stmt, 9, actor->uid);
	stmt_bind_text(stmt, 10, actor->name);
	stmt_bind_i64(stmt, 11, tx_now_at(tx));
	stmt_bind_text(stmt, 12, post_mode_name(target->mode));
	if (!stmt_run(stmt, err)) {
		return false;
	}
	if (tx_changes(tx) == 0) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"%s is named twice: a post goes to an account once", target->account);
	}
	if (state == SEND_QUEUED) {
		effect_add(tx, EFFECT_SEND_DUE, tx_last_id(tx), account_id.v, post->due_at);
	}
	return send_count(tx, account_id, state, 1, err);
}

static bool known_key(struct tx *tx, struct post *post, const char *digest, struct post_id *ret_id, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_by_key, err);

	ret_id->v = 0;
	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, post->key);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return true;
	case STEP_ROW:
		if (!str_is(stmt_str(stmt, 1), digest)) {
			return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
				"key \"%s\" already names post %" PRId64 " with other content", post->key,
				stmt_i64(stmt, 0));
		}
		ret_id->v = stmt_i64(stmt, 0);
		post->due_at = stmt_i64(stmt, 2); /* 0 for none */
		return true;
	}
	return false;
}

bool post_insert(struct tx *tx, const struct actor *actor, struct post *post, struct post_id *ret_id,
	enum post_insert *ret_what, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = NULL;
	char digest[65];
	struct post_id id = { 0 };
	cJSON *detail;
	cJSON *accounts;

	post_digest(post, digest);
	if (post->key && !known_key(tx, post, digest, &id, err)) {
		return false;
	}
	if (id.v) {
		*ret_id = id;
		*ret_what = POST_UNCHANGED;
		return true;
	}
	stmt = stmt_get(tx, sql_insert, err);
	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, post->key);
	stmt_bind_text(stmt, 2, digest);
	stmt_bind_text(stmt, 3, post->title);
	stmt_bind_text(stmt, 4, post->text);
	stmt_bind_text(stmt, 5, post_class_name(post->class));
	stmt_bind_text(stmt, 6, post->campaign);
	stmt_bind_opt_i64(stmt, 7, post->due_at);
	stmt_bind_opt_i64(stmt, 8, post->until_at);
	stmt_bind_i64(stmt, 9, post->late_ms);
	stmt_bind_i64(stmt, 10, actor->uid);
	stmt_bind_text(stmt, 11, actor->name);
	stmt_bind_i64(stmt, 12, tx_now_at(tx));
	stmt_bind_text(stmt, 13, post_form_name(post->article.form));
	stmt_bind_text(stmt, 14, post->article.topic);
	stmt_bind_text(stmt, 15, post->article.markdown);
	stmt_bind_text(stmt, 16, post->article.author);
	stmt_bind_text(stmt, 17, post->article.digest);
	stmt_bind_text(stmt, 18, post->article.source_url);
	stmt_bind_text(stmt, 19, post->article.cover);
	stmt_bind_i64(stmt, 20, !post->article.comments ? 0 : post->article.fans_only ? 2 : 1);
	stmt_bind_opt_i64(stmt, 21, post->corrects);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	id.v = tx_last_id(tx);
	detail = json_object();
	accounts = json_array();
	json_add_i64(detail, "post", id.v);
	json_add_text(detail, "title", post->title);
	json_add_text(detail, "key", post->key);
	json_add_time(detail, "due_at", post->due_at);
	for (size_t i = 0; i < post->n_targets; i++) {
		json_push(accounts, cJSON_CreateString(post->targets[i].account));
	}
	json_add(detail, "accounts", accounts);
	if (!event_add(tx, actor, "post.created", OBJECT_POST, id.v, detail, err) ||
		!insert_media(tx, post, id.v, err)) {
		return false;
	}
	for (size_t i = 0; i < post->n_targets; i++) {
		if (!insert_delivery(tx, actor, post, &post->targets[i], id.v, err)) {
			return false;
		}
	}
	effect_add(tx, EFFECT_INDEX, 0, 0, 0);
	*ret_id = id;
	*ret_what = POST_INSERTED;
	return true;
}

static bool set_due_of_send(
	struct tx *tx, const struct actor *actor, struct send_row *row, int64_t due_at, struct error *err)
{
	struct account_row account = { 0 };
	enum hold_reason hold;

	if (!account_load(tx, row->account, &account, err)) {
		return false;
	}
	hold = hold_for_account(account.state);
	account_row_finish(&account);
	return hold == HOLD_NONE ? send_release(tx, actor, row->id, due_at, err)
				 : send_promise(tx, actor, row, hold, due_at, err);
}

bool post_is_known(struct tx *tx, const char *key)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_by_key, NULL);

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, key);
	return stmt_step(stmt, NULL) == STEP_ROW;
}

bool post_broadcast_room(struct tx *tx, struct account_id account, const struct quota_window *window, int64_t due_at,
	int64_t *ret_promised, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_broadcasts, err);
	int64_t begin_at = quota_window_begin(window, due_at);
	int64_t end_at = quota_window_end(window, due_at);

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, account.v);
	stmt_bind_i64(stmt, 2, begin_at);
	stmt_bind_i64(stmt, 3, end_at);
	if (stmt_step(stmt, err) != STEP_ROW) {
		return false;
	}
	if (ret_promised) {
		*ret_promised = stmt_i64(stmt, 0);
	}
	if (window->limit > 0 && stmt_i64(stmt, 0) >= window->limit) {
		struct buf until;

		buf_init(&until, 64);
		(void)when_format_short(&until, end_at, tx_now_at(tx));
		(void)error_set(err, ERROR_PLATFORM, ADVISE_WAIT, 0,
			"all %" PRId64 " broadcasts of this %s are promised already; the next window begins %s",
			window->limit, window->month ? "month" : "day", until.p);
		err->retry_ms = end_at - tx_now_at(tx);
		buf_finish(&until);
		return false;
	}
	return true;
}

bool post_set_due(struct tx *tx, const struct actor *actor, struct post_id id, int64_t due_at, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_set_due, err);
	struct send_id *sends = NULL;
	size_t n = 0;
	size_t changed = 0;
	bool ok;

	if (!stmt || !send_list_of_post(tx, id, &sends, &n, err)) {
		return false;
	}
	ok = n > 0 || error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no post %" PRId64, id.v);
	for (size_t i = 0; ok && i < n; i++) {
		struct send_row row = { 0 };

		ok = send_load(tx, sends[i], &row, err);
		if (ok && row.state == SEND_HELD) {
			changed++;
			ok = set_due_of_send(tx, actor, &row, due_at, err);
		}
		send_row_finish(&row);
	}
	free(sends);
	if (ok && changed == 0) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"no delivery of post %" PRId64 " waits for a time: hold it first", id.v);
	}
	if (!ok) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	stmt_bind_i64(stmt, 2, due_at);
	return stmt_run(stmt, err);
}

void post_media_finish(struct post_media *media)
{
	free(media->name);
	free(media->type);
	free(media->alt);
	free(media->sha256);
	free(media->data);
	*media = (struct post_media){ 0 };
}

void media_free(struct post_media *media, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		post_media_finish(&media[i]);
	}
	free(media);
}

bool media_load(struct tx *tx, struct post_id id, struct post_media **ret_media, size_t *ret_n, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_media_load, err);
	struct post_media *media = NULL;
	size_t n = 0;
	size_t cap = 0;
	enum step step;

	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id.v);
	while ((step = stmt_step(stmt, err)) == STEP_ROW) {
		struct str data = stmt_blob(stmt, 4);

		array_grow(media, n, cap);
		media[n] = (struct post_media){ .name = stmt_dup(stmt, 0),
			.type = stmt_dup(stmt, 1),
			.alt = stmt_dup(stmt, 2),
			.sha256 = stmt_dup(stmt, 3),
			.data = xcalloc(data.n + 1, 1),
			.n = data.n };
		if (data.n > 0) {
			memcpy(media[n].data, data.p, data.n);
		}
		n++;
	}
	if (step == STEP_ERROR) {
		media_free(media, n);
		return false;
	}
	*ret_media = media;
	*ret_n = n;
	return true;
}
