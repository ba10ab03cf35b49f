/*
 * A purge empties the texts of a citizen who left; the index must lose their words too. The index keeps no texts
 * (content = ''), and the store's are gone by then, so the words are put together from the index itself: fts5vocab
 * tells each term with its document and place. That reads the whole index, and so does the merge behind it, without
 * which FTS5 only marks the words as deleted: both happen here, behind the commit path, and only after a purge.
 *
 *   LOOK    has the store been purged since the last sweep?
 *   REMOVE  so many emptied rows: their words, then their documents; again until there are none
 *   MERGE   segments into one, a part at a time, so that no old one keeps the words; then the WAL is emptied
 *
 * What has been swept is remembered at the very end: a sweep that was cut short begins anew.
 */
#include "store/search_sweep.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/str.h"

#define MERGE_PAGES 500
#define TOKENS_MAX  (1u << 20)

static bool do_sql(sqlite3 *sqlite, const char *sql)
{
	return sqlite3_exec(sqlite, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool attach(sqlite3 *index, const char *db_path)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_db_filename(index, "store") != NULL;

	if (ok) {
		return true;
	}
	ok = sqlite3_prepare_v2(index, "ATTACH $1 AS store", -1, &stmt, NULL) == SQLITE_OK &&
	     sqlite3_bind_text(stmt, 1, db_path, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_DONE;
	(void)sqlite3_finalize(stmt);
	return ok;
}

static bool look(struct sweep *sweep, sqlite3 *index, int mark)
{
	char sql[96];
	int64_t swept = 0;

	(void)snprintf(sql, sizeof(sql), "SELECT coalesce(max(last), 0) FROM mark WHERE kind = %d", mark);
	if (!search_number(index,
		    "SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM store.meta WHERE name = 'purges'",
		    &sweep->purges) ||
		!search_number(index, sql, &swept)) {
		return false;
	}
	sweep->step = swept == sweep->purges ? SWEEP_DONE : SWEEP_REMOVE;
	return true;
}

/* The words of the doomed documents, with their places. The kinds are those of search.c: messages 0, replies 1. */
static bool gather(sqlite3 *index, int64_t *ret_n)
{
	static const char sql[] =
		"CREATE TABLE IF NOT EXISTS temp.doomed (doc INTEGER PRIMARY KEY);"
		"CREATE TABLE IF NOT EXISTS temp.found (doc INTEGER, place INTEGER, term TEXT, PRIMARY KEY (doc, "
		"place));"
		"CREATE VIRTUAL TABLE IF NOT EXISTS temp.word USING fts5vocab (main, doc, instance);"
		"DELETE FROM temp.doomed;"
		"DELETE FROM temp.found;"
		"INSERT INTO temp.doomed SELECT doc FROM main.doc_of JOIN store.message ON message.id = doc_of.id"
		" WHERE doc_of.kind = 0 AND message.text = '' AND message.author_id LIKE 'purged:%' LIMIT 1000;"
		"INSERT INTO temp.doomed SELECT doc FROM main.doc_of JOIN store.send ON send.id = doc_of.id"
		" WHERE doc_of.kind = 1 AND send.text = '' AND send.kind = 'reply' LIMIT 1000;";
	static const char words[] = "INSERT INTO temp.found SELECT doc, \"offset\", term FROM temp.word"
				    " WHERE doc IN (SELECT doc FROM temp.doomed)";

	return do_sql(index, sql) && search_number(index, "SELECT count(*) FROM temp.doomed", ret_n) &&
	       (*ret_n == 0 || do_sql(index, words));
}

/* FTS5 wants to be told what it has of a document that it is to forget. */
static bool remove_doc(sqlite3_stmt *remove, int64_t doc, struct str tokens)
{
	bool ok;

	(void)sqlite3_bind_int64(remove, 1, doc);
	(void)sqlite3_bind_text(remove, 2, tokens.n ? tokens.p : "", (int)tokens.n, SQLITE_TRANSIENT);
	ok = sqlite3_step(remove) == SQLITE_DONE;
	(void)sqlite3_reset(remove);
	return ok;
}

static bool remove_each(sqlite3_stmt *words, sqlite3_stmt *remove)
{
	struct buf tokens;
	int64_t doc = 0;
	bool ok = true;
	int code;

	buf_init(&tokens, TOKENS_MAX);
	while ((code = sqlite3_step(words)) == SQLITE_ROW && ok) {
		int64_t next = sqlite3_column_int64(words, 0);
		const char *term = (const char *)sqlite3_column_text(words, 1);

		if (doc && next != doc) {
			ok = remove_doc(remove, doc, buf_str(&tokens));
			buf_clear(&tokens);
		}
		doc = next;
		ok = ok && (!term || buf_printf(&tokens, "%s ", term));
	}
	ok = ok && code == SQLITE_DONE && (!doc || remove_doc(remove, doc, buf_str(&tokens)));
	buf_finish(&tokens);
	return ok;
}

static bool remove_doomed(sqlite3 *index)
{
	sqlite3_stmt *words = NULL;
	sqlite3_stmt *remove = NULL;
	bool ok = sqlite3_prepare_v2(index,
			  "SELECT doomed.doc, term FROM temp.doomed LEFT JOIN temp.found ON found.doc = doomed.doc"
			  " ORDER BY doomed.doc, place",
			  -1, &words, NULL) == SQLITE_OK &&
		  sqlite3_prepare_v2(index, "INSERT INTO doc (doc, rowid, tokens) VALUES ('delete', $1, $2)", -1,
			  &remove, NULL) == SQLITE_OK &&
		  remove_each(words, remove);

	(void)sqlite3_finalize(words);
	(void)sqlite3_finalize(remove);
	return ok && do_sql(index, "DELETE FROM main.doc_of WHERE doc IN (SELECT doc FROM temp.doomed);"
				   "DELETE FROM temp.found");
}

static bool remove_some(struct sweep *sweep, sqlite3 *index)
{
	int64_t n = 0;
	/* Not IMMEDIATE: that would lock the store, too. */
	bool ok = do_sql(index, "BEGIN") && gather(index, &n) && (n == 0 || remove_doomed(index)) &&
		  do_sql(index, "COMMIT");

	if (!ok) {
		(void)do_sql(index, "ROLLBACK");
		return false;
	}
	if (n == 0) {
		sweep->step = SWEEP_MERGE;
	}
	return true;
}

static bool empty_wal(sqlite3 *index)
{
	int64_t busy = 1;

	return search_number(index, "PRAGMA main.wal_checkpoint(TRUNCATE)", &busy) && !busy;
}

static bool merge_some(struct sweep *sweep, sqlite3 *index, int mark)
{
	int before = sqlite3_total_changes(index);
	char sql[128];

	/* A negative number begins a merge of everything, a positive one goes on with it. */
	(void)snprintf(sql, sizeof(sql), "INSERT INTO doc (doc, rank) VALUES ('merge', %d)",
		sweep->merging ? MERGE_PAGES : -MERGE_PAGES);
	if (!do_sql(index, sql)) {
		return false;
	}
	sweep->merging = true;
	if (sqlite3_total_changes(index) - before >= 2) { /* as FTS5 documents it: something was merged */
		return true;
	}
	(void)snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO mark (kind, last) VALUES (%d, %" PRId64 ")", mark,
		sweep->purges);
	sweep->step = SWEEP_DONE;
	return empty_wal(index) && do_sql(index, sql);
}

bool sweep_step(struct sweep *sweep, sqlite3 *index, const char *db_path, int mark)
{
	if (!attach(index, db_path)) {
		return false;
	}
	switch (sweep->step) {
	case SWEEP_LOOK:
		return look(sweep, index, mark);
	case SWEEP_REMOVE:
		return remove_some(sweep, index);
	case SWEEP_MERGE:
		return merge_some(sweep, index, mark);
	case SWEEP_DONE:
		break;
	}
	return true;
}
