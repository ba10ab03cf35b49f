/*
 * Full text. SQLite's own tokenizers find no two-character Chinese word, so the index holds our tokens: for every run
 * of CJK characters its overlapping pairs (and the last character alone), for everything else whole lower-case words. A
 * query becomes the same tokens; a hit is verified against the text itself, so that what is found is what contains the
 * query.
 *
 * The index is derived: a file of its own, fed by row id behind the commit path by a thread with its own connections,
 * made anew when it is missing or of another layout.
 *
 *   mark    per kind, the last row that was read; under DOC_KINDS, the last purge that was swept
 *   doc     the tokens, under document numbers that grow with time over all kinds: newest first is the highest first
 *   doc_of  which row a document is
 */
#include "store/search.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/mem.h"
#include "store/search_sweep.h"
#include "store/store_internal.h"
#include "store/view.h"
#include "text/utf8.h"

#define LAYOUT        2
#define BATCH         500
#define HITS_MAX      5000 /* verified for one page */
#define TOKENS_MAX    (1 << 20)
#define EXCERPT_CELLS 60
#define STOP_STEPS    100000 /* of SQLite's machine, between two looks whether to stop */

enum doc_kind { DOC_MESSAGE, DOC_REPLY, DOC_POST, DOC_NOTE, DOC_KINDS };

static const char *const kind_names[DOC_KINDS] = { "message", "reply", "post", "note" };

struct search {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool kicked; /* under mutex */
	bool stop;   /* under mutex */
	bool idle;   /* under mutex: everything committed before the last kick is in the index */
	char *db_path;
	char *fts_path;
};

/* Every row of a table, NULL for one without words of its own: so the mark moves on, and no row is read twice. */
static const char *const sql_new[DOC_KINDS] = {
	[DOC_MESSAGE] = ("SELECT id, received_at, CASE WHEN from_us = 0 THEN text END FROM message WHERE id > $1"
			 " ORDER BY id LIMIT $2"),
	[DOC_REPLY] = ("SELECT id, created_at, CASE kind WHEN 'reply' THEN text END FROM send WHERE id > $1"
		       " ORDER BY id LIMIT $2"),
	[DOC_POST] = ("SELECT id, created_at, coalesce(title || char(10), '') || text FROM post WHERE id > $1"
		      " ORDER BY id LIMIT $2"),
	[DOC_NOTE] = ("SELECT id, at, CASE action WHEN 'ticket.note' THEN json_extract(detail, '$.text') END FROM "
		      "event WHERE id > $1"
		      " ORDER BY id LIMIT $2"),
};

static bool is_cjk(uint32_t c)
{
	return (c >= 0x2e80 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7af) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0x20000 && c <= 0x3ffff);
}

static bool is_word(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= 0xc0 && c < 0x2000) || (c >= 0x10000 && c < 0x20000);
}

static void add_char(struct buf *out, uint32_t c)
{
	char bytes[4];

	if (c >= 'A' && c <= 'Z') {
		c += 'a' - 'A';
	}
	(void)buf_add(out, bytes, utf8_encode(c, bytes));
}

/* Tokens joined by blanks; `query`: each in quotes, a lone CJK character as a prefix. Returns how many. */
static size_t tokenise(struct buf *out, struct str text, bool query)
{
	struct str rest = text;
	uint32_t before = 0; /* CJK character that has not begun a pair yet */
	bool paired = false;
	bool in_word = false;
	size_t n = 0;
	uint32_t c;

	while (utf8_next(&rest, &c)) {
		if (is_cjk(c)) {
			if (in_word) {
				(void)buf_add_text(out, query ? "\" " : " ");
				in_word = false;
			}
			if (before) {
				(void)buf_add_text(out, query ? "\"" : "");
				add_char(out, before);
				add_char(out, c);
				(void)buf_add_text(out, query ? "\" " : " ");
				paired = true;
				n++;
			}
			before = c;
			continue;
		}
		if (before) {
			if (!query || !paired) {
				(void)buf_add_text(out, query ? "\"" : "");
				add_char(out, before);
				(void)buf_add_text(out, query ? "\"* " : " ");
				n++;
			}
			before = 0;
			paired = false;
		}
		if (is_word(c)) {
			if (!in_word) {
				(void)buf_add_text(out, query ? "\"" : "");
				n++;
			}
			in_word = true;
			add_char(out, c);
		} else if (in_word) {
			(void)buf_add_text(out, query ? "\" " : " ");
			in_word = false;
		}
	}
	if (in_word) {
		/* The last word of a query may go on in the text. */
		(void)buf_add_text(out, query ? "\"* " : " ");
	}
	if (before && (!query || !paired)) {
		(void)buf_add_text(out, query ? "\"" : "");
		add_char(out, before);
		(void)buf_add_text(out, query ? "\"* " : " ");
		n++;
	}
	return n;
}

bool search_number(sqlite3 *sqlite, const char *sql, int64_t *ret_value)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;

	if (ok) {
		*ret_value = sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_finalize(stmt);
	return ok;
}

static void remove_index(const struct search *search)
{
	static const char *const tails[] = { "", "-wal", "-shm" };

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		struct buf path;

		buf_init(&path, 4096);
		(void)buf_printf(&path, "%s%s", search->fts_path, tails[i]);
		(void)unlink(path.p);
		buf_finish(&path);
	}
}

/*
 * `renew`: what is damaged or of another layout is made anew. Only at the start: later the reader has the file open.
 * What is merely busy, or on a full disk, is not thrown away.
 */
static sqlite3 *open_index(const struct search *search, bool renew)
{
	static const char make[] =
		"PRAGMA journal_mode = WAL;"
		"CREATE TABLE mark (kind INTEGER PRIMARY KEY, last INTEGER NOT NULL);"
		"CREATE TABLE doc_of (doc INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id INTEGER NOT NULL);"
		"CREATE VIRTUAL TABLE doc USING fts5 (tokens, content = '', tokenize "
		"= \"unicode61 remove_diacritics 0\");"
		"PRAGMA user_version = 2";
	sqlite3 *sqlite = NULL;
	int64_t layout = 0;
	int code;

	make_private(search->fts_path);
	code = sqlite3_open_v2(
		search->fts_path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK && sqlite3_busy_timeout(sqlite, 2000) == SQLITE_OK &&
		search_number(sqlite, "PRAGMA user_version", &layout) && (layout == LAYOUT || layout == 0) &&
		(layout == LAYOUT || sqlite3_exec(sqlite, make, NULL, NULL, NULL) == SQLITE_OK) &&
		sqlite3_exec(sqlite,
			"PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY", NULL,
			NULL, NULL) == SQLITE_OK) {
		return sqlite;
	}
	code = sqlite ? sqlite3_errcode(sqlite) : code;
	(void)sqlite3_close(sqlite);
	if (renew && (code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_ERROR || code == SQLITE_OK ||
			     code == SQLITE_ROW || code == SQLITE_DONE)) {
		remove_index(search);
		return open_index(search, false);
	}
	return NULL;
}

/* The new rows of one kind, in their order. */
struct source {
	sqlite3_stmt *rows;
	int64_t last; /* read; goes to `mark` */
	int64_t id;   /* the row it stands on; 0: no more */
	int64_t at;
	int n;
};

static bool source_next(struct source *source)
{
	int code = sqlite3_step(source->rows);

	source->id = source->at = 0;
	if (code == SQLITE_ROW) {
		source->id = sqlite3_column_int64(source->rows, 0);
		source->at = sqlite3_column_int64(source->rows, 1);
		source->n++;
	}
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool source_open(sqlite3 *db, sqlite3 *index, enum doc_kind kind, struct source *source)
{
	char sql[96];

	(void)snprintf(sql, sizeof(sql), "SELECT coalesce(max(last), 0) FROM mark WHERE kind = %d", (int)kind);
	if (!search_number(index, sql, &source->last) ||
		sqlite3_prepare_v2(db, sql_new[kind], -1, &source->rows, NULL) != SQLITE_OK) {
		return false;
	}
	(void)sqlite3_bind_int64(source->rows, 1, source->last);
	(void)sqlite3_bind_int(source->rows, 2, BATCH);
	return source_next(source);
}

/* The kind whose next row is the oldest; DOC_KINDS: none, or one of them has used up its batch and may have more. */
static enum doc_kind oldest(const struct source *sources)
{
	enum doc_kind kind = DOC_KINDS;

	for (size_t i = 0; i < DOC_KINDS; i++) {
		if (!sources[i].id && sources[i].n == BATCH) {
			return DOC_KINDS;
		}
		if (sources[i].id && (kind == DOC_KINDS || sources[i].at < sources[kind].at)) {
			kind = (enum doc_kind)i;
		}
	}
	return kind;
}

static bool put_doc(
	sqlite3_stmt *put, sqlite3_stmt *put_of, int64_t doc, enum doc_kind kind, int64_t id, const char *text)
{
	struct buf tokens;
	bool ok;

	buf_init(&tokens, TOKENS_MAX);
	(void)tokenise(&tokens, str_from(text), false);
	(void)sqlite3_bind_int64(put, 1, doc);
	(void)sqlite3_bind_text(put, 2, tokens.p, (int)tokens.n, SQLITE_TRANSIENT);
	(void)sqlite3_bind_int64(put_of, 1, doc);
	(void)sqlite3_bind_int(put_of, 2, (int)kind);
	(void)sqlite3_bind_int64(put_of, 3, id);
	ok = sqlite3_step(put) == SQLITE_DONE && sqlite3_step(put_of) == SQLITE_DONE;
	(void)sqlite3_reset(put);
	(void)sqlite3_reset(put_of);
	buf_finish(&tokens);
	return ok;
}

static bool put_all(sqlite3 *index, struct source *sources)
{
	sqlite3_stmt *put = NULL;
	sqlite3_stmt *put_of = NULL;
	int64_t doc = 0;
	enum doc_kind kind;
	bool ok = search_number(index, "SELECT coalesce(max(doc), 0) FROM doc_of", &doc) &&
		  sqlite3_prepare_v2(index, "INSERT INTO doc (rowid, tokens) VALUES ($1, $2)", -1, &put, NULL) ==
			  SQLITE_OK &&
		  sqlite3_prepare_v2(index, "INSERT INTO doc_of (doc, kind, id) VALUES ($1, $2, $3)", -1, &put_of,
			  NULL) == SQLITE_OK;

	while (ok && (kind = oldest(sources)) != DOC_KINDS) {
		struct source *source = &sources[kind];
		const char *text = (const char *)sqlite3_column_text(source->rows, 2);

		ok = !text || put_doc(put, put_of, ++doc, kind, source->id, text);
		source->last = source->id;
		ok = ok && source_next(source);
	}
	(void)sqlite3_finalize(put);
	(void)sqlite3_finalize(put_of);
	return ok;
}

static bool save_marks(sqlite3 *index, const struct source *sources)
{
	bool ok = true;

	for (size_t i = 0; ok && i < DOC_KINDS; i++) {
		char sql[128];

		(void)snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO mark (kind, last) VALUES (%d, %" PRId64 ")",
			(int)i, sources[i].last);
		ok = sources[i].n == 0 || sqlite3_exec(index, sql, NULL, NULL, NULL) == SQLITE_OK;
	}
	return ok;
}

/*
 * Index new rows of all kinds, merged by time, at most BATCH of each. *ret_more: there may be more. False on trouble:
 * tried again at the next kick.
 */
static bool feed(sqlite3 *db, sqlite3 *index, bool *ret_more)
{
	struct source sources[DOC_KINDS] = { 0 };
	int n = 0;
	bool ok = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;

	*ret_more = false;
	for (size_t i = 0; ok && i < DOC_KINDS; i++) {
		ok = source_open(db, index, (enum doc_kind)i, &sources[i]);
		n += sources[i].n;
	}
	if (ok && n > 0) {
		/* Not IMMEDIATE: where the store is attached that would lock it, too. */
		ok = sqlite3_exec(index, "BEGIN", NULL, NULL, NULL) == SQLITE_OK && put_all(index, sources) &&
		     save_marks(index, sources) && sqlite3_exec(index, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
		if (!ok) {
			(void)sqlite3_exec(index, "ROLLBACK", NULL, NULL, NULL);
		}
	}
	for (size_t i = 0; i < DOC_KINDS; i++) {
		*ret_more = *ret_more || sources[i].n == BATCH;
		(void)sqlite3_finalize(sources[i].rows);
	}
	(void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return ok;
}

static bool is_stopping(struct search *search)
{
	bool stop;

	(void)pthread_mutex_lock(&search->mutex);
	stop = search->stop;
	(void)pthread_mutex_unlock(&search->mutex);
	return stop;
}

/* Out with what was purged; what is new is indexed between the steps. */
static bool sweep_all(struct search *search, sqlite3 *db, sqlite3 *index)
{
	struct sweep sweep = { 0 };

	while (sweep.step != SWEEP_DONE && !is_stopping(search)) {
		bool more = true;

		if (!sweep_step(&sweep, index, search->db_path, DOC_KINDS)) {
			return false;
		}
		while (more && !is_stopping(search)) {
			if (!feed(db, index, &more)) {
				return false;
			}
		}
	}
	return true;
}

/* A sweep reads the whole index: whoever stops the daemon does not wait for it. */
static int stop_asked(void *data)
{
	return is_stopping(data);
}

static bool open_both(struct search *search, sqlite3 **db, sqlite3 **index)
{
	*index = open_index(search, false);
	if (!*index ||
		sqlite3_open_v2(search->db_path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		return false;
	}
	(void)sqlite3_busy_timeout(*db, 2000);
	sqlite3_progress_handler(*index, STOP_STEPS, stop_asked, search);
	return true;
}

static void close_both(sqlite3 **db, sqlite3 **index)
{
	(void)sqlite3_close(*db);
	(void)sqlite3_close(*index);
	*db = *index = NULL;
}

static bool feed_all(struct search *search, sqlite3 *db, sqlite3 *index)
{
	bool more = true;

	while (more && !is_stopping(search)) {
		if (!feed(db, index, &more)) {
			return false;
		}
	}
	return sweep_all(search, db, index);
}

/* The files stay open from kick to kick: the last one that closes a log copies and removes it, with a sync for each. */
static void *index_thread(void *data)
{
	struct search *search = data;
	sqlite3 *db = NULL;
	sqlite3 *index = NULL;
	bool stop = false;

	while (!stop) {
		if ((!index && !open_both(search, &db, &index)) || !feed_all(search, db, index)) {
			close_both(&db, &index);
		}
		(void)pthread_mutex_lock(&search->mutex);
		search->idle = !search->kicked;
		(void)pthread_cond_broadcast(&search->cond);
		while (!search->kicked && !search->stop) {
			(void)pthread_cond_wait(&search->cond, &search->mutex);
		}
		search->idle = false;
		search->kicked = false;
		stop = search->stop;
		(void)pthread_mutex_unlock(&search->mutex);
	}
	close_both(&db, &index);
	return NULL;
}

void search_wait(struct search *search)
{
	(void)pthread_mutex_lock(&search->mutex);
	while (!search->idle || search->kicked) {
		(void)pthread_cond_wait(&search->cond, &search->mutex);
	}
	(void)pthread_mutex_unlock(&search->mutex);
}

bool search_start(const char *db_path, const char *fts_path, struct search **ret_search, struct error *err)
{
	struct search *search = xnew(struct search);
	sqlite3 *index;

	search->db_path = xstrdup(db_path);
	search->fts_path = xstrdup(fts_path);
	(void)pthread_mutex_init(&search->mutex, NULL);
	(void)pthread_cond_init(&search->cond, NULL);
	index = open_index(search, true);
	(void)sqlite3_close(index);
	if (!index || pthread_create(&search->thread, NULL, index_thread, search) != 0) {
		free(search->db_path);
		free(search->fts_path);
		free(search);
		return error_set(err, ERROR_STORE, ADVISE_RETRY, 0, "the search index %s cannot be opened", fts_path);
	}
	*ret_search = search;
	return true;
}

void search_kick(struct search *search)
{
	(void)pthread_mutex_lock(&search->mutex);
	search->kicked = true;
	(void)pthread_cond_broadcast(&search->cond);
	(void)pthread_mutex_unlock(&search->mutex);
}

void search_stop(struct search *search)
{
	if (!search) {
		return;
	}
	(void)pthread_mutex_lock(&search->mutex);
	search->stop = true;
	(void)pthread_cond_broadcast(&search->cond);
	(void)pthread_mutex_unlock(&search->mutex);
	(void)pthread_join(search->thread, NULL);
	(void)pthread_cond_destroy(&search->cond);
	(void)pthread_mutex_destroy(&search->mutex);
	free(search->db_path);
	free(search->fts_path);
	free(search);
}

static const char sql_hits[] =
	"SELECT hit.doc, doc_of.kind, doc_of.id FROM (SELECT rowid AS doc FROM fts.doc WHERE doc MATCH $1 AND rowid < "
	"$2"
	" ORDER BY rowid DESC LIMIT $3) AS hit JOIN fts.doc_of ON doc_of.doc = hit.doc ORDER BY hit.doc DESC";
static const char *const sql_doc[DOC_KINDS] = {
	[DOC_MESSAGE] = "SELECT message.text, account.name, message.received_at, message.ticket_id, NULL FROM message"
			" JOIN account ON account.id = message.account_id WHERE message.id = $1",
	[DOC_REPLY] = "SELECT send.text, account.name, send.created_at, send.ticket_id, NULL FROM send"
		      " JOIN account ON account.id = send.account_id WHERE send.id = $1",
	[DOC_POST] =
		"SELECT coalesce(title || char(10), '') || text, NULL, created_at, NULL, id FROM post WHERE id = $1",
	[DOC_NOTE] = "SELECT json_extract(detail, '$.text'), NULL, at, object_id, NULL FROM event WHERE id = $1",
};

/* Case-insensitive for ASCII; -1: not in it. */
static ptrdiff_t find_text(struct str text, struct str query)
{
	for (size_t i = 0; i + query.n <= text.n; i++) {
		if (strncasecmp(text.p + i, query.p, query.n) == 0) {
			return (ptrdiff_t)i;
		}
	}
	return -1;
}

/* The row of a hit; *ret_row NULL when the text does not hold the query after all. */
static bool hit_row(struct tx *tx, enum doc_kind kind, int64_t id, struct str query, cJSON **ret_row, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_doc[kind], err);
	struct str text;
	struct buf excerpt;
	ptrdiff_t at;
	size_t from = 0;
	cJSON *row;

	*ret_row = NULL;
	if (!stmt) {
		return false;
	}
	stmt_bind_i64(stmt, 1, id);
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_DONE:
		return true;
	case STEP_ROW:
		break;
	}
	text = stmt_str(stmt, 0);
	at = find_text(text, query);
	if (at < 0) {
		return true;
	}
	if (at > 60) {
		from = (size_t)at - 30;
		while (from < (size_t)at && ((unsigned char)text.p[from] & 0xc0) == 0x80) {
			from++;
		}
	}
	row = json_object();
	json_add_text(row, "kind", kind_names[kind]);
	json_add_i64(row, "id", id);
	if (!stmt_is_null(stmt, 3)) {
		json_add_i64(row, "ticket", stmt_i64(stmt, 3));
	}
	if (!stmt_is_null(stmt, 4)) {
		json_add_i64(row, "post", stmt_i64(stmt, 4));
	}
	json_add_text(row, "account", stmt_text(stmt, 1));
	json_add_time(row, "at", stmt_i64(stmt, 2));
	buf_init(&excerpt, 1024);
	(void)text_cut(&excerpt, str_sub(text, from, text.n), EXCERPT_CELLS);
	json_add_str(row, "excerpt", buf_str(&excerpt));
	buf_finish(&excerpt);
	*ret_row = row;
	return true;
}

static bool attach(struct tx *tx, struct error *err)
{
	const char *path = sqlite3_db_filename(tx->sqlite, "main");
	const char *slash = path ? strrchr(path, '/') : NULL;
	sqlite3_stmt *stmt = NULL;
	struct buf fts;
	bool ok;

	if (sqlite3_db_filename(tx->sqlite, "fts")) {
		return true;
	}
	buf_init(&fts, 4096);
	(void)buf_printf(&fts, "%.*s/search.db", slash ? (int)(slash - path) : 1, slash ? path : ".");
	ok = sqlite3_prepare_v2(tx->sqlite, "ATTACH $1 AS fts", -1, &stmt, NULL) == SQLITE_OK &&
	     sqlite3_bind_text(stmt, 1, fts.p, -1, SQLITE_TRANSIENT) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_DONE;
	(void)sqlite3_finalize(stmt);
	buf_finish(&fts);
	return ok || tx_set_error(tx, sqlite3_extended_errcode(tx->sqlite), "has no search index", err);
}

bool view_search(struct tx *tx, const char *query, struct page *page, cJSON *rows, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = NULL;
	struct str wanted = str_trim(str_from(query));
	int64_t after = INT64_MAX;
	struct buf match;
	enum step step = STEP_DONE;
	int64_t last = 0;
	int seen = 0;
	int n = 0;
	bool ok;

	page->next[0] = '\0';
	if (page->after && page->after[0] && !str_to_i64(str_from(page->after), 1, INT64_MAX, &after)) {
		after = INT64_MAX;
	}
	buf_init(&match, TOKENS_MAX);
	if (tokenise(&match, wanted, true) == 0) {
		buf_finish(&match);
		return error_set(
			err, ERROR_INPUT, ADVISE_REJECT, 0, "\"%.60s\" holds no word that can be searched for", query);
	}
	ok = attach(tx, err) && (stmt = stmt_get(tx, sql_hits, err));
	if (ok) {
		stmt_bind_str(stmt, 1, buf_str(&match));
		stmt_bind_i64(stmt, 2, after);
		stmt_bind_i64(stmt, 3, HITS_MAX);
	}
	while (ok && (step = stmt_step(stmt, err)) == STEP_ROW) {
		int64_t doc = stmt_i64(stmt, 0);
		cJSON *row;

		if (++seen == HITS_MAX) {
			/* Enough for one page; it may be short, but it is not the last. */
			(void)snprintf(page->next, sizeof(page->next), "%" PRId64, doc);
		}
		ok = hit_row(tx, (enum doc_kind)(stmt_i64(stmt, 1) % DOC_KINDS), stmt_i64(stmt, 2), wanted, &row, err);
		if (ok && row) {
			if (n++ == page->limit) {
				cJSON_Delete(row);
				(void)snprintf(page->next, sizeof(page->next), "%" PRId64, last);
				break;
			}
			last = doc;
			json_push(rows, row);
		}
	}
	if (stmt) {
		stmt_done(&stmt);
	}
	buf_finish(&match);
	return ok && step != STEP_ERROR;
}
