/*
 * Full text. SQLite's own tokenizers find no two-character Chinese word, so the index holds our tokens: for every run
 * of CJK characters its overlapping pairs (and the last character alone), for everything else whole lower-case words. A
 * query becomes the same tokens; a hit is verified against the text itself, so that what is found is what contains the
 * query.
 *
 * The index is derived: a file of its own, fed by row id behind the commit path by a thread with its own connections,
 * made anew when it is missing or of another layout. Document ids are row id * 4 + kind.
 */
#include "store/search.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/mem.h"
#include "store/store_internal.h"
#include "store/view.h"
#include "text/utf8.h"

#define LAYOUT        1
#define BATCH         500
#define HITS_MAX      5000 /* verified for one page */
#define TOKENS_MAX    (1 << 20)
#define EXCERPT_CELLS 60

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
	[DOC_MESSAGE] =
		"SELECT id, CASE WHEN from_us = 0 THEN text END FROM message WHERE id > $1 ORDER BY id LIMIT $2",
	[DOC_REPLY] = "SELECT id, CASE kind WHEN 'reply' THEN text END FROM send WHERE id > $1 ORDER BY id LIMIT $2",
	[DOC_POST] = "SELECT id, coalesce(title || char(10), '') || text FROM post WHERE id > $1 ORDER BY id LIMIT $2",
	[DOC_NOTE] = ("SELECT id, CASE action WHEN 'ticket.note' THEN json_extract(detail, '$.text') END FROM event "
		      "WHERE id > $1"
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

static bool number(sqlite3 *sqlite, const char *sql, int64_t *ret_value)
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
	static const char make[] = "PRAGMA journal_mode = WAL;"
				   "CREATE TABLE mark (kind INTEGER PRIMARY KEY, last INTEGER NOT NULL);"
				   "CREATE VIRTUAL TABLE doc USING fts5 (tokens, content = '', tokenize "
				   "= \"unicode61 remove_diacritics 0\");"
				   "PRAGMA user_version = 1";
	sqlite3 *sqlite = NULL;
	int64_t layout = 0;
	int code;

	make_private(search->fts_path);
	code = sqlite3_open_v2(
		search->fts_path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK && sqlite3_busy_timeout(sqlite, 2000) == SQLITE_OK &&
		number(sqlite, "PRAGMA user_version", &layout) && (layout == LAYOUT || layout == 0) &&
		(layout == LAYOUT || sqlite3_exec(sqlite, make, NULL, NULL, NULL) == SQLITE_OK) &&
		sqlite3_exec(sqlite, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) == SQLITE_OK) {
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

/* Index at most BATCH new rows of a kind; returns how many, -1 on trouble (tried again at the next kick). */
static int feed(sqlite3 *db, sqlite3 *index, enum doc_kind kind)
{
	sqlite3_stmt *rows = NULL;
	sqlite3_stmt *put = NULL;
	char sql[96];
	int64_t last = 0;
	int n = 0;
	bool ok;

	(void)snprintf(sql, sizeof(sql), "SELECT coalesce(max(last), 0) FROM mark WHERE kind = %d", (int)kind);
	if (!number(index, sql, &last)) {
		return -1;
	}
	ok = sqlite3_prepare_v2(db, sql_new[kind], -1, &rows, NULL) == SQLITE_OK &&
	     sqlite3_prepare_v2(index, "INSERT INTO doc (rowid, tokens) VALUES ($1, $2)", -1, &put, NULL) ==
		     SQLITE_OK &&
	     sqlite3_exec(index, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
	if (ok) {
		(void)sqlite3_bind_int64(rows, 1, last);
		(void)sqlite3_bind_int(rows, 2, BATCH);
	}
	while (ok && sqlite3_step(rows) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(rows, 1);
		struct buf tokens;

		last = sqlite3_column_int64(rows, 0);
		n++;
		if (!text) {
			continue;
		}
		buf_init(&tokens, TOKENS_MAX);
		(void)tokenise(&tokens, str_from(text), false);
		(void)sqlite3_bind_int64(put, 1, last * DOC_KINDS + kind);
		(void)sqlite3_bind_text(put, 2, tokens.p, (int)tokens.n, SQLITE_TRANSIENT);
		ok = sqlite3_step(put) == SQLITE_DONE;
		(void)sqlite3_reset(put);
		buf_finish(&tokens);
	}
	(void)sqlite3_finalize(rows);
	(void)sqlite3_finalize(put);
	(void)snprintf(
		sql, sizeof(sql), "INSERT OR REPLACE INTO mark (kind, last) VALUES (%d, %" PRId64 ")", (int)kind, last);
	ok = ok && sqlite3_exec(index, n ? sql : "", NULL, NULL, NULL) == SQLITE_OK &&
	     sqlite3_exec(index, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
	if (!ok) {
		(void)sqlite3_exec(index, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	return n;
}

static bool is_stopping(struct search *search)
{
	bool stop;

	(void)pthread_mutex_lock(&search->mutex);
	stop = search->stop;
	(void)pthread_mutex_unlock(&search->mutex);
	return stop;
}

static void feed_all(struct search *search)
{
	sqlite3 *db = NULL;
	sqlite3 *index = open_index(search, false);

	if (index &&
		sqlite3_open_v2(search->db_path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		int n = 0;

		(void)sqlite3_busy_timeout(db, 2000);
		for (int kind = 0; kind < DOC_KINDS && n >= 0; kind++) {
			do {
				n = feed(db, index, (enum doc_kind)kind);
			} while (n == BATCH && !is_stopping(search));
		}
	}
	(void)sqlite3_close(db);
	(void)sqlite3_close(index);
}

static void *index_thread(void *data)
{
	struct search *search = data;
	bool stop = false;

	while (!stop) {
		feed_all(search);
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
	"SELECT rowid FROM fts.doc WHERE doc MATCH $1 AND rowid < $2 ORDER BY rowid DESC LIMIT $3";
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
static bool hit_row(struct tx *tx, int64_t doc, struct str query, cJSON **ret_row, struct error *err)
{
	enum doc_kind kind = (enum doc_kind)(doc % DOC_KINDS);
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
	stmt_bind_i64(stmt, 1, doc / DOC_KINDS);
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
	json_add_i64(row, "id", doc / DOC_KINDS);
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
		ok = hit_row(tx, doc, wanted, &row, err);
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
