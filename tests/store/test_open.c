/* Opening a store file: a fresh one, a newer one, somebody else's, a damaged one; who may read it; a second daemon. */
#include "rig.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "codec/digest.h"
#include "migrations.gen.h"
#include "store/store.h"

struct place {
	char dir[64];
	char path[96];
	char fts_path[96];
};

static void on_ready(void *data unused_arg)
{
}

static void on_effect(void *data unused_arg, const struct effect *effect unused_arg)
{
}

static struct place *place_new(void)
{
	struct place *place = xnew(struct place);

	dir_make(place->dir, sizeof(place->dir));
	(void)snprintf(place->path, sizeof(place->path), "%s/gazette.db", place->dir);
	(void)snprintf(place->fts_path, sizeof(place->fts_path), "%s/search.db", place->dir);
	return place;
}

static void place_freep(struct place **place)
{
	if (*place) {
		dir_remove((*place)->dir);
		free(*place);
	}
}

static bool open_store(const struct place *place, struct store **ret_store, struct error *err)
{
	struct store_options options = {
		.path = place->path, .fts_path = place->fts_path, .on_ready = on_ready, .on_effect = on_effect
	};

	return store_open(&options, ret_store, err);
}

/* A database with these statements in it, made without us. */
static void make_database(const struct place *place, const char *sql)
{
	sqlite3 *sqlite = NULL;

	CHECK_INT(sqlite3_open(place->path, &sqlite), SQLITE_OK);
	CHECK_INT(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_close(sqlite), SQLITE_OK);
}

static void digest_file(const char *path, char ret_hex[65])
{
	struct digest *digest = digest_new();
	static char bytes[1 << 20];
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	digest_add_field(digest, (struct str){ bytes, fread(bytes, 1, sizeof(bytes), file) });
	(void)fclose(file);
	digest_end(digest, ret_hex);
}

/* Refused with this text, and not a byte of it changed. */
static void check_refused(const struct place *place, enum error_domain domain, const char *part)
{
	struct store *store = NULL;
	struct error err = { 0 };
	char before[65];
	char after[65];

	digest_file(place->path, before);
	CHECK_FAILS(open_store(place, &store, &err), err, part);
	CHECK_INT(err.domain, domain);
	CHECK_INT(err.advice, ADVISE_REJECT);
	assert_null(store);
	digest_file(place->path, after);
	CHECK_TEXT(after, before);
}

static void test_open__a_fresh_file_has_the_newest_schema(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	CHECK_INT(rig_number(rig, "PRAGMA user_version", 0), migrations_newest());
	CHECK_INT(rig_number(rig, "PRAGMA application_id", 0), APPLICATION_ID);
	CHECK_TEXT(rig_text(rig, "PRAGMA journal_mode", 0), "wal");
	CHECK_INT(rig_number(rig, "PRAGMA foreign_keys", 0), 1);
	CHECK_INT(rig_number(rig, "PRAGMA wal_autocheckpoint", 0), 0);
	CHECK_TEXT(rig_text(rig, "PRAGMA integrity_check", 0), "ok");
}

static void test_open__commits_reach_the_disk(void **state)
{
	char dir[64];
	char path[96];
	struct tx *tx = NULL;
	struct error err = { 0 };
	sqlite3_stmt *stmt = NULL;

	(void)state;
	dir_make(dir, sizeof(dir));
	(void)snprintf(path, sizeof(path), "%s/gazette.db", dir);
	CHECK_OK(tx_open(path, true, &tx, &err), err);
	CHECK_INT(sqlite3_prepare_v2(tx->sqlite, "PRAGMA synchronous", -1, &stmt, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_step(stmt), SQLITE_ROW);
	CHECK_INT(sqlite3_column_int(stmt, 0), 2); /* FULL */
	(void)sqlite3_finalize(stmt);
	tx_close(tx);
	dir_remove(dir);
}

static void test_open__again_keeps_everything(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	char *instance = xstrdup(tx_instance(rig->tx));

	(void)state;
	CHECK_INT(strlen(instance), 12);
	(void)rig_publish(rig, "text", 0);
	tx_close(rig->tx);
	rig->tx = NULL;
	CHECK_OK(tx_open(rig->path, true, &rig->tx, &rig->err), rig->err);
	CHECK_TEXT(tx_instance(rig->tx), instance);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM send", 0), 1);
	free(instance);
}

/* A file that has shipped is never edited: what it makes, and the text it is made from, are golden. */
static void test_migrations__are_as_they_shipped(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	sqlite3_stmt *stmt = NULL;
	struct buf schema;
	struct buf sums;

	(void)state;
	buf_init(&schema, 1 << 20);
	buf_init(&sums, 1 << 16);
	CHECK_INT(sqlite3_prepare_v2(rig->tx->sqlite,
			  "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name", -1, &stmt,
			  NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		(void)buf_printf(&schema, "%s;\n", (const char *)sqlite3_column_text(stmt, 0));
	}
	(void)sqlite3_finalize(stmt);
	for (size_t i = 0; i < ARRAY_LEN(migrations); i++) {
		struct digest *digest = digest_new();
		char hex[65];

		digest_add_field(digest, str_from(migrations[i]));
		digest_end(digest, hex);
		(void)buf_printf(&sums, "%04zu %s\n", i + 1, hex);
	}
	check_golden(buf_str(&schema), "store-schema.sql");
	check_golden(buf_str(&sums), "store-migrations.txt");
	buf_finish(&schema);
	buf_finish(&sums);
}

/* The text of all that is in this database, and that it is whole. */
static void add_schema(sqlite3 *sqlite, struct buf *out)
{
	sqlite3_stmt *stmt = NULL;

	CHECK_INT(sqlite3_prepare_v2(sqlite,
			  "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL UNION ALL SELECT * FROM "
			  "pragma_integrity_check"
			  " ORDER BY 1",
			  -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		(void)buf_printf(out, "%s;\n", (const char *)sqlite3_column_text(stmt, 0));
	}
	(void)sqlite3_finalize(stmt);
}

static void test_migrations__a_file_of_any_version_becomes_like_a_fresh_one(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct buf fresh;

	(void)state;
	buf_init(&fresh, 1 << 20);
	add_schema(rig->tx->sqlite, &fresh);
	for (size_t n = 1; n < ARRAY_LEN(migrations); n++) {
		cleanup(place_freep) struct place *place = place_new();
		struct tx *tx = NULL;
		struct buf old;
		struct buf now;

		buf_init(&old, 1 << 20);
		buf_init(&now, 1 << 20);
		for (size_t i = 0; i < n; i++) {
			(void)buf_add_text(&old, migrations[i]);
		}
		(void)buf_printf(&old,
			"PRAGMA application_id = 0x47415a31; PRAGMA user_version = %zu;"
			"INSERT INTO event (at, actor_uid, actor, action, object, object_id)"
			" VALUES (1, -1, 'gazetted', 'daemon.start', 'daemon', 0)",
			n);
		make_database(place, old.p);
		CHECK_OK(tx_open(place->path, true, &tx, &rig->err), rig->err);
		add_schema(tx->sqlite, &now);
		CHECK_TEXT(now.p, fresh.p);
		CHECK_INT(sqlite3_exec(tx->sqlite, "UPDATE event SET object = 'post'", NULL, NULL, NULL), SQLITE_OK);
		CHECK_INT(sqlite3_changes(tx->sqlite), 1);
		CHECK_INT(sqlite3_exec(tx->sqlite, "UPDATE event SET object = 'nothing'", NULL, NULL, NULL),
			SQLITE_CONSTRAINT_CHECK);
		tx_close(tx);
		buf_finish(&old);
		buf_finish(&now);
	}
	buf_finish(&fresh);
}

static void test_open__a_newer_version_is_refused_and_left_alone(void **state)
{
	cleanup(place_freep) struct place *place = place_new();
	char version[32];

	(void)state;
	make_database(place, "PRAGMA application_id = 0x47415a31; PRAGMA user_version = 77; CREATE TABLE later (x)");
	check_refused(place, ERROR_STORE, "has schema version 77, this program knows up to");
	(void)snprintf(version, sizeof(version), "up to %d", (int)migrations_newest());
	check_refused(place, ERROR_STORE, version);
}

static void test_open__another_programs_database_is_refused_and_left_alone(void **state)
{
	cleanup(place_freep) struct place *place = place_new();

	(void)state;
	make_database(place, "CREATE TABLE bookmarks (url)");
	check_refused(place, ERROR_STORE, "another program");
	make_database(place, "DROP TABLE bookmarks; PRAGMA application_id = 99");
	check_refused(place, ERROR_STORE, "another program");
}

static void test_open__what_is_no_database_is_refused_and_left_alone(void **state)
{
	cleanup(place_freep) struct place *place = place_new();
	FILE *file = fopen(place->path, "wb");

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 400; i++) {
		(void)fputs("this is a letter, not a database\n", file);
	}
	(void)fclose(file);
	check_refused(place, ERROR_STORE, "no SQLite database");
}

static void test_open__a_missing_directory_is_an_error(void **state)
{
	struct place place = { .path = "/nonexistent/gazette.db", .fts_path = "/nonexistent/search.db" };
	struct store *store = NULL;
	struct error err = { 0 };

	(void)state;
	CHECK_FAILS(open_store(&place, &store, &err), err, "/nonexistent/gazette.db");
	CHECK_INT(err.domain, ERROR_OS);
}

/* Tokens and citizens' words: in the file, in what SQLite keeps beside it, and in the index. */
static void test_files__are_for_their_owner_only(void **state)
{
	cleanup(place_freep) struct place *place = place_new();
	struct store *store = NULL;
	struct error err = { 0 };
	mode_t mask = umask(0);
	struct dirent *entry;
	DIR *dir;
	int n = 0;

	(void)state;
	CHECK_OK(open_store(place, &store, &err), err);
	(void)umask(mask);
	dir = opendir(place->dir);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		struct stat st;
		char path[400];

		(void)snprintf(path, sizeof(path), "%s/%s", place->dir, entry->d_name);
		if (entry->d_name[0] == '.' || stat(path, &st) != 0) {
			continue;
		}
		if (st.st_mode & 077) {
			fail_msg("%s has mode %o", entry->d_name, (unsigned)st.st_mode & 07777);
		}
		n++;
	}
	(void)closedir(dir);
	CHECK(n >= 4); /* the file, its WAL, the lock, the index */
	store_close(store, 1000);
}

/* The child holds the store until it is told to die, without closing anything. */
static pid_t hold_in_child(const struct place *place, int tell[2])
{
	int ready[2];
	pid_t pid;
	char byte;

	CHECK_INT(pipe2(ready, O_CLOEXEC), 0);
	CHECK_INT(pipe2(tell, O_CLOEXEC), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		struct store *store = NULL;
		struct error err = { 0 };
		bool ok = open_store(place, &store, &err);

		(void)close(tell[1]);
		if (write(ready[1], ok ? "y" : "n", 1) == 1) {
			(void)!read(tell[0], &byte, 1);
		}
		_exit(0);
	}
	(void)close(ready[1]);
	(void)close(tell[0]);
	CHECK_INT(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	CHECK_INT(byte, 'y');
	return pid;
}

static void test_lock__a_second_daemon_is_refused_until_the_first_is_gone(void **state)
{
	cleanup(place_freep) struct place *place = place_new();
	struct store *store = NULL;
	struct error err = { 0 };
	char holder[64];
	int tell[2];
	pid_t pid = hold_in_child(place, tell);
	int status;

	(void)state;
	(void)snprintf(holder, sizeof(holder), "another gazetted (pid %d) holds", (int)pid);
	CHECK_FAILS(open_store(place, &store, &err), err, holder);
	CHECK_INT(err.domain, ERROR_STATE);
	CHECK_INT(err.advice, ADVISE_REJECT);
	(void)close(tell[1]);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	/* It died without a word: the lock went with it, and the file is whole. */
	CHECK_OK(open_store(place, &store, &err), err);
	store_close(store, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open__a_fresh_file_has_the_newest_schema),
		cmocka_unit_test(test_open__commits_reach_the_disk),
		cmocka_unit_test(test_open__again_keeps_everything),
		cmocka_unit_test(test_migrations__are_as_they_shipped),
		cmocka_unit_test(test_migrations__a_file_of_any_version_becomes_like_a_fresh_one),
		cmocka_unit_test(test_open__a_newer_version_is_refused_and_left_alone),
		cmocka_unit_test(test_open__another_programs_database_is_refused_and_left_alone),
		cmocka_unit_test(test_open__what_is_no_database_is_refused_and_left_alone),
		cmocka_unit_test(test_open__a_missing_directory_is_an_error),
		cmocka_unit_test(test_files__are_for_their_owner_only),
		cmocka_unit_test(test_lock__a_second_daemon_is_refused_until_the_first_is_gone),
	};

	return check_run(tests);
}
