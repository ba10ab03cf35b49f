/* Full text: two-character words, the same hits as instr(), rebuilding, and queries that mean harm. */
#include "rig.h"

#include "codec/json.h"
#include "core/file.h"
#include "core/random.h"
#include "store/contact.h"
#include "store/search.h"

struct finder {
	struct rig *rig;
	char fts_path[96];
	struct search *search;
};

static struct finder *finder_new(void)
{
	struct finder *finder = xnew(struct finder);

	finder->rig = rig_new();
	(void)snprintf(finder->fts_path, sizeof(finder->fts_path), "%s/search.db", finder->rig->dir);
	CHECK_OK(search_start(finder->rig->path, finder->fts_path, &finder->search, &finder->rig->err),
		finder->rig->err);
	return finder;
}

static void finder_freep(struct finder **finder)
{
	if (*finder) {
		search_stop((*finder)->search);
		rig_freep(&(*finder)->rig);
		free(*finder);
	}
}

static void catch_up(struct finder *finder)
{
	search_kick(finder->search);
	search_wait(finder->search);
}

/* "message:12 post:3 ", all pages. */
static const char *hits(struct finder *finder, const char *query, int limit)
{
	static char out[1 << 16];
	char after[64] = "";
	size_t n = 0;

	out[0] = '\0';
	do {
		cleanup(json_freep) cJSON *rows = json_array();
		struct page page = { .after = after, .limit = limit };
		cJSON *row;

		DO(finder->rig, view_search(finder->rig->tx, query, &page, rows, &finder->rig->err));
		CHECK(cJSON_GetArraySize(rows) <= limit);
		cJSON_ArrayForEach(row, rows)
		{
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s:%" PRId64 " ", json_text(row, "kind", ""),
				json_i64(row, "id", 0));
		}
		(void)snprintf(after, sizeof(after), "%s", page.next);
	} while (after[0]);
	return out;
}

static int64_t add_message(struct finder *finder, const char *text)
{
	enum intake_result what;

	(void)rig_message(finder->rig, "citizen", text, 3, &what);
	return rig_number(finder->rig, "SELECT max(id) FROM message", 0);
}

static void test_words__of_two_characters_are_found(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();

	(void)state;
	(void)add_message(finder, "我家小区停水了，请问什么时候来水？");
	(void)add_message(finder, "停电");
	(void)add_message(finder, "水");
	catch_up(finder);
	CHECK_TEXT(hits(finder, "停水", 10), "message:1 ");
	CHECK_TEXT(hits(finder, "停", 10), "message:2 message:1 ");
	CHECK_TEXT(hits(finder, "水", 10), "message:3 message:1 ");
	CHECK_TEXT(hits(finder, "停水了，请问", 10), "message:1 ");
	CHECK_TEXT(hits(finder, "水停", 10), "");
	/* Both pairs are there, but not together. */
	CHECK_TEXT(hits(finder, "来水了", 10), "");
}

static void test_kinds__everything_people_wrote(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;
	struct send_id send = { 0 };
	struct ticket_id ticket = { 1 };
	const char *found;

	(void)state;
	(void)add_message(finder, "消防通道被占");
	DO(rig, ticket_claim(rig->tx, &officer, ticket, HOUR_MS, false, &rig->err) &&
			ticket_reply(rig->tx, &officer, ticket, 2, "消防已到场", false, &send, &rig->err) &&
			ticket_note(rig->tx, &officer, ticket, "消防回电", &rig->err));
	(void)rig_publish(rig, "消防宣传周", 0);
	catch_up(finder);
	found = hits(finder, "消防", 10);
	CHECK(strstr(found, "message:1 ") && strstr(found, "reply:1 ") && strstr(found, "post:1 ") &&
		strstr(found, "note:"));
	CHECK_TEXT(hits(finder, "消防已到场", 10), "reply:1 ");
	CHECK_TEXT(hits(finder, "消防宣传", 10), "post:1 ");
	assert_non_null(strstr(hits(finder, "消防回电", 10), "note:"));
}

/* Over all kinds, whether they were indexed one after the other or all at once. */
static void test_hits__come_newest_first(void **state)
{
	(void)state;
	for (int at_once = 0; at_once <= 1; at_once++) {
		cleanup(finder_freep) struct finder *finder = finder_new();
		struct rig *rig = finder->rig;
		struct send_id send = { 0 };
		struct ticket_id ticket = { 1 };
		char want[64];

		for (int i = 0; i < 5; i++) {
			rig->now_at += MINUTE_MS;
			switch (i) {
			case 0:
				(void)rig_publish(rig, "停水预告", 0);
				break;
			case 1:
				(void)add_message(finder, "还停水");
				break;
			case 2:
				DO(rig, ticket_note(rig->tx, &officer, ticket, "停水范围", &rig->err));
				break;
			case 3:
				(void)rig_publish(rig, "停水通告", 0);
				break;
			case 4:
				DO(rig, ticket_claim(rig->tx, &officer, ticket, HOUR_MS, false, &rig->err) &&
						ticket_reply(rig->tx, &officer, ticket, 2, "停水已恢复", false, &send,
							&rig->err));
				break;
			}
			if (!at_once) {
				catch_up(finder);
			}
		}
		catch_up(finder);
		(void)snprintf(want, sizeof(want), "reply:%" PRId64 " post:2 note:%" PRId64 " message:1 post:1 ",
			send.v, rig_number(rig, "SELECT id FROM event WHERE action = 'ticket.note'", 0));
		CHECK_TEXT(hits(finder, "停水", 10), want);
		CHECK_TEXT(hits(finder, "停水", 1), want);
	}
}

static void test_feeding__goes_on_over_many_batches(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;

	(void)state;
	catch_up(finder); /* with what is not there: from here on it waits to be told */
	/* More of one kind than of the other, and the needles at the ends of batches. */
	DO(rig, tx_exec(rig->tx,
			"INSERT INTO message (account_id, kind, remote_id, author_id, text, priority, class, "
			"created_at, received_at)"
			" WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1501)"
			" SELECT 1, 'comment', i, 'a', CASE WHEN i IN (1, 500, 501, 1000, 1501) THEN '停水' ELSE "
			"'别的' END, 3,"
			" 'consult', 1, i FROM n",
			&rig->err));
	rig->now_at = 700;
	(void)rig_publish(rig, "停水通告", 0);
	catch_up(finder);
	CHECK_TEXT(hits(finder, "停水", 10), "message:1501 message:1000 post:1 message:501 message:500 message:1 ");
}

/* A log that is closed is copied and removed, which syncs as often as a commit of the store. */
static void test_feeding__leaves_the_index_open(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct stat first, second;
	char wal[128];

	(void)state;
	(void)snprintf(wal, sizeof(wal), "%s-wal", finder->fts_path);
	(void)add_message(finder, "停水");
	catch_up(finder);
	CHECK_INT(stat(wal, &first), 0);
	(void)add_message(finder, "停电");
	catch_up(finder);
	CHECK_INT(stat(wal, &second), 0);
	CHECK_INT(second.st_ino, first.st_ino);
	CHECK(second.st_size > first.st_size);
}

static void test_latin__whole_words_and_beginnings_in_either_case(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();

	(void)state;
	(void)add_message(finder, "地铁APP打不开, error Code 10022");
	catch_up(finder);
	CHECK_TEXT(hits(finder, "app", 10), "message:1 ");
	CHECK_TEXT(hits(finder, "地铁app打", 10), "message:1 ");
	CHECK_TEXT(hits(finder, "Err", 10), "message:1 ");
	CHECK_TEXT(hits(finder, "code 100", 10), "message:1 ");
	CHECK_TEXT(hits(finder, "code 20", 10), "");
}

static void append(char *text, size_t room, const char *letter)
{
	size_t n = strlen(text);

	(void)snprintf(text + n, room - n, "%s", letter);
}

/* Over Chinese text, punctuation and all, the index finds what instr() finds. */
static void test_hits__are_those_of_instr(void **state)
{
	static const char *const letters[] = { "停", "水", "电", "了", "，", "。", "、", " ", "区", "𠮷" };
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;
	char text[256];

	(void)state;
	random_seed(20260105);
	for (int i = 0; i < 300; i++) {
		int n = (int)random_below(12) + 1;

		text[0] = '\0';
		for (int k = 0; k < n; k++) {
			append(text, sizeof(text), letters[random_below(ARRAY_LEN(letters))]);
		}
		(void)add_message(finder, text);
	}
	catch_up(finder);
	for (int i = 0; i < 300; i++) {
		static const int cjk[] = { 0, 1, 2, 3, 8, 9 };
		char want[1 << 14] = "";
		sqlite3_stmt *stmt = NULL;
		int n = (int)random_below(3);
		size_t length = 0;

		/* Begins and ends with a character that is searched for: blanks at the ends are trimmed. */
		(void)snprintf(text, sizeof(text), "%s", letters[cjk[random_below(ARRAY_LEN(cjk))]]);
		for (int k = 0; k < n; k++) {
			append(text, sizeof(text),
				letters[k == n - 1 ? cjk[random_below(ARRAY_LEN(cjk))]
						   : (int)random_below(ARRAY_LEN(letters))]);
		}
		CHECK_INT(sqlite3_prepare_v2(rig->tx->sqlite,
				  "SELECT id FROM message WHERE instr(text, ?1) > 0 ORDER BY id DESC", -1, &stmt, NULL),
			SQLITE_OK);
		(void)sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			length += (size_t)snprintf(
				want + length, sizeof(want) - length, "message:%d ", sqlite3_column_int(stmt, 0));
		}
		(void)sqlite3_finalize(stmt);
		if (strcmp(hits(finder, text, (int)random_below(20) + 1), want) != 0) {
			fail_msg("\"%s\": got %s, want %s", text, hits(finder, text, 500), want);
		}
	}
}

static void test_pages__without_gaps_and_doubles_over_many_false_hits(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;

	(void)state;
	/* All hold the pairs, few the text: more of them than are looked at for one page. */
	DO(rig, tx_exec(rig->tx,
			"INSERT INTO message (account_id, kind, remote_id, author_id, text, priority, class, "
			"created_at, received_at)"
			" WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
			" SELECT 1, 'comment', i, 'a', CASE WHEN i % 4000 = 1 THEN '停水了' ELSE '水了，停水' END, 3, "
			"'consult', 1, 1 FROM n",
			&rig->err));
	catch_up(finder);
	CHECK_TEXT(hits(finder, "停水了", 2), "message:8001 message:4001 message:1 ");
}

static void test_index__is_made_anew_when_missing_damaged_or_of_another_layout(void **state)
{
	static const char *const damages[] = { "missing", "damaged", "layout" };
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;

	(void)state;
	(void)add_message(finder, "停水");
	catch_up(finder);
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		FILE *file;
		sqlite3 *sqlite = NULL;

		search_stop(finder->search);
		finder->search = NULL;
		/* The reader that had it open goes with its daemon. */
		tx_close(rig->tx);
		rig->tx = NULL;
		switch (i) {
		case 0:
			CHECK_INT(unlink(finder->fts_path), 0);
			break;
		case 1:
			file = fopen(finder->fts_path, "r+b");
			assert_non_null(file);
			(void)fputs("not a database any more", file);
			(void)fclose(file);
			break;
		case 2:
			CHECK_INT(sqlite3_open(finder->fts_path, &sqlite), SQLITE_OK);
			CHECK_INT(sqlite3_exec(sqlite, "DROP TABLE doc; PRAGMA user_version = 99", NULL, NULL, NULL),
				SQLITE_OK);
			(void)sqlite3_close(sqlite);
			break;
		}
		CHECK_OK(tx_open(rig->path, true, &rig->tx, &rig->err), rig->err);
		CHECK_OK(search_start(rig->path, finder->fts_path, &finder->search, &rig->err), rig->err);
		search_wait(finder->search);
		print_message("# %s\n", damages[i]);
		CHECK_TEXT(hits(finder, "停水", 10), "message:1 ");
	}
}

static void test_index__is_not_thrown_away_because_it_is_busy(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct stat before;
	struct stat after;
	sqlite3 *sqlite = NULL;

	(void)state;
	(void)add_message(finder, "停水");
	catch_up(finder);
	CHECK_INT(stat(finder->fts_path, &before), 0);
	CHECK_INT(sqlite3_open(finder->fts_path, &sqlite), SQLITE_OK);
	CHECK_INT(sqlite3_exec(sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	(void)add_message(finder, "停电");
	catch_up(finder); /* gives up after its time */
	CHECK_TEXT(hits(finder, "停", 10), "message:1 ");
	CHECK_INT(sqlite3_exec(sqlite, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(sqlite);
	catch_up(finder);
	CHECK_TEXT(hits(finder, "停", 10), "message:2 message:1 ");
	CHECK_INT(stat(finder->fts_path, &after), 0);
	CHECK_INT(after.st_ino, before.st_ino);
}

/* How often a term stands in the index, as FTS itself counts it. */
static int64_t in_index(const struct finder *finder, const char *term)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *sqlite = NULL;
	int64_t n = 0;

	CHECK_INT(sqlite3_open(finder->fts_path, &sqlite), SQLITE_OK);
	CHECK_INT(sqlite3_exec(
			  sqlite, "CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, doc, row)", NULL, NULL, NULL),
		SQLITE_OK);
	CHECK_INT(sqlite3_prepare_v2(sqlite, "SELECT doc FROM temp.terms WHERE term = ?1", -1, &stmt, NULL), SQLITE_OK);
	(void)sqlite3_bind_text(stmt, 1, term, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		n = sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(sqlite);
	return n;
}

/* Whether the bytes stand anywhere in the index's files. */
static bool on_disk(const struct finder *finder, const char *bytes)
{
	static const char *const tails[] = { "", "-wal" };
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		struct buf path, content;
		struct error err = { 0 };

		buf_init(&path, 200);
		buf_init(&content, 64u << 20);
		(void)buf_printf(&path, "%s%s", finder->fts_path, tails[i]);
		if (file_read(path.p, &content, &err)) {
			found = found || str_find(buf_str(&content), str_from(bytes)) >= 0;
		}
		buf_finish(&path);
		buf_finish(&content);
	}
	return found;
}

static void purge(struct finder *finder, const char *author, int64_t want)
{
	const struct contact_purge what = { .actor = &leader,
		.account = finder->rig->account,
		.author_id = author,
		.before_at = INT64_MAX,
		.limit = 10 };
	struct contact_purged purged;

	DO(finder->rig, contact_unfollowed(finder->rig->tx, finder->rig->account, author, &finder->rig->err));
	DO(finder->rig, contact_purge(finder->rig->tx, &what, &purged, &finder->rig->err));
	CHECK_INT(purged.citizens, want);
	CHECK_INT(rig_effects(finder->rig, EFFECT_INDEX, 0), 1);
}

static void test_purge__takes_the_words_out_of_the_index_as_well(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;
	struct send_id send = { 0 };
	enum intake_result what;
	struct ticket_id ticket;

	(void)state;
	ticket = rig_message(rig, "leaver", "xylophonist 的秘密×地址", 3, &what);
	DO(rig, ticket_claim(rig->tx, &officer, ticket, HOUR_MS, false, &rig->err) &&
			ticket_reply(rig->tx, &officer, ticket, 2, "quasiperiodic 答复", false, &send, &rig->err));
	(void)rig_message(rig, "stayer", "另一位的秘密 zygomatic", 3, &what);
	catch_up(finder);
	CHECK_INT(in_index(finder, "xylophonist"), 1);
	CHECK_INT(in_index(finder, "秘密"), 2);
	assert_true(on_disk(finder, "ylophonist"));
	purge(finder, "leaver", 1);
	catch_up(finder);
	CHECK_INT(in_index(finder, "xylophonist"), 0);
	CHECK_INT(in_index(finder, "quasiperiodic"), 0);
	CHECK_INT(in_index(finder, "地址"), 0);
	CHECK_INT(in_index(finder, "秘密"), 1);
	assert_false(on_disk(finder, "ylophonist"));
	assert_false(on_disk(finder, "uasiperiodic"));
	CHECK_TEXT(hits(finder, "秘密", 10), "message:2 ");
	CHECK_TEXT(hits(finder, "zygomatic", 10), "message:2 ");
	/* And goes on as before. */
	(void)add_message(finder, "秘密 xylophonist");
	catch_up(finder);
	CHECK_TEXT(hits(finder, "秘密", 10), "message:3 message:2 ");
	CHECK_INT(in_index(finder, "xylophonist"), 1);
}

/* A purge whose index was not fed before the power went is finished by the next start. */
static void test_purge__is_made_good_by_the_next_start(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;
	enum intake_result what;

	(void)state;
	(void)rig_message(rig, "leaver", "xylophonist", 3, &what);
	(void)rig_message(rig, "stayer", "zygomatic", 3, &what);
	catch_up(finder);
	search_stop(finder->search);
	finder->search = NULL;
	purge(finder, "leaver", 1);
	CHECK_INT(in_index(finder, "xylophonist"), 1);
	CHECK_OK(search_start(rig->path, finder->fts_path, &finder->search, &rig->err), rig->err);
	search_wait(finder->search);
	CHECK_INT(in_index(finder, "xylophonist"), 0);
	CHECK_INT(in_index(finder, "zygomatic"), 1);
	assert_false(on_disk(finder, "ylophonist"));
}

/* More than is swept at once, among rows of every kind that stay. */
static void test_purge__of_many_takes_theirs_and_no_other(void **state)
{
	enum { N = 1500 };
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;
	enum intake_result what;

	(void)state;
	for (int i = 0; i < N; i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "%s word%d 停水", i % 2 ? "leaves" : "stays", i);
		(void)rig_message(rig, i % 2 ? "leaver" : "stayer", text, 3, &what);
	}
	catch_up(finder);
	CHECK_INT(in_index(finder, "停水"), N);
	purge(finder, "leaver", 1);
	catch_up(finder);
	CHECK_INT(in_index(finder, "停水"), N / 2);
	CHECK_INT(in_index(finder, "leaves"), 0);
	CHECK_INT(in_index(finder, "stays"), N / 2);
	CHECK_INT(in_index(finder, "word1"), 0);
	CHECK_INT(in_index(finder, "word2"), 1);
	CHECK_TEXT(hits(finder, "word1498", 10), "message:1499 ");
}

/* The store's writer is in the middle of a transaction all the while. */
static void test_purge__is_swept_without_locking_the_store(void **state)
{
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;
	enum intake_result what;

	(void)state;
	(void)rig_message(rig, "leaver", "xylophonist", 3, &what);
	catch_up(finder);
	purge(finder, "leaver", 1);
	(void)rig_message(rig, "stayer", "zygomatic", 3, &what);
	rig_begin(rig);
	catch_up(finder);
	CHECK_OK(tx_exec(rig->tx, "COMMIT", &rig->err), rig->err);
	CHECK_INT(in_index(finder, "xylophonist"), 0);
	CHECK_INT(in_index(finder, "zygomatic"), 1);
}

static void test_query__cannot_be_syntax(void **state)
{
	static const char *const queries[] = { "\"停水", "停水\" OR \"停电", "停* NEAR(水 电)", "tokens:停水", "^停",
		"-停水", "NOT 停水", "停水 AND", "(((停", "停水'; DROP TABLE message; --", "AND OR NOT NEAR",
		"\xff\xfe停水", "停\x01水", "%_停水", "😀" };
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;
	char *deep = xcalloc(60001, 1);

	(void)state;
	(void)add_message(finder, "停水");
	(void)add_message(finder, "say \"停水\" OR \"停电\" AND 停*");
	catch_up(finder);
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		(void)hits(finder, queries[i], 10); /* no error: DO() would have failed */
	}
	CHECK_TEXT(hits(finder, "停水\" OR \"停电", 10), "message:2 ");
	CHECK_TEXT(hits(finder, "\"停水\"", 10), "message:2 ");
	for (int i = 0; i < 20000; i++) {
		memcpy(deep + (ptrdiff_t)i * 3, i % 2 ? "停" : "水", 3);
	}
	CHECK_TEXT(hits(finder, deep, 10), "");
	for (int i = 0; i < 20000; i++) {
		memcpy(deep + (ptrdiff_t)i * 3, "ab ", 3);
	}
	CHECK_TEXT(hits(finder, deep, 10), "");
	free(deep);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM message", 0), 2);
}

static void test_query__without_a_word_is_an_input_error(void **state)
{
	static const char *const queries[] = { "", "   ", "!?", "\xff\xff", "—…" };
	cleanup(finder_freep) struct finder *finder = finder_new();
	struct rig *rig = finder->rig;
	struct page page = { .limit = 10 };
	cleanup(json_freep) cJSON *rows = json_array();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		DO_FAILS(rig, view_search(rig->tx, queries[i], &page, rows, &rig->err), ERROR_INPUT, "no word");
		CHECK_INT(rig->err.advice, ADVISE_REJECT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words__of_two_characters_are_found),
		cmocka_unit_test(test_kinds__everything_people_wrote),
		cmocka_unit_test(test_hits__come_newest_first),
		cmocka_unit_test(test_feeding__goes_on_over_many_batches),
		cmocka_unit_test(test_feeding__leaves_the_index_open),
		cmocka_unit_test(test_latin__whole_words_and_beginnings_in_either_case),
		cmocka_unit_test(test_hits__are_those_of_instr),
		cmocka_unit_test(test_pages__without_gaps_and_doubles_over_many_false_hits),
		cmocka_unit_test(test_index__is_made_anew_when_missing_damaged_or_of_another_layout),
		cmocka_unit_test(test_index__is_not_thrown_away_because_it_is_busy),
		cmocka_unit_test(test_purge__takes_the_words_out_of_the_index_as_well),
		cmocka_unit_test(test_purge__is_made_good_by_the_next_start),
		cmocka_unit_test(test_purge__of_many_takes_theirs_and_no_other),
		cmocka_unit_test(test_purge__is_swept_without_locking_the_store),
		cmocka_unit_test(test_query__cannot_be_syntax),
		cmocka_unit_test(test_query__without_a_word_is_an_input_error),
	};

	return check_run(tests);
}
