/*
 * Bringing a store file to this program's schema: each migration in one transaction together with its user_version. A
 * file of a newer version, or one that is not ours, is left untouched.
 */
#include <inttypes.h>
#include <sqlite3.h>

#include "core/mem.h"
#include "migrations.gen.h"
#include "store/store_internal.h"

int64_t migrations_newest(void)
{
	return (int64_t)ARRAY_LEN(migrations);
}

static bool read_number(struct tx *tx, const char *sql, int64_t *ret_value, struct error *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(tx->sqlite, sql, -1, &stmt, NULL);
	bool ok = code == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;

	if (ok) {
		*ret_value = sqlite3_column_int64(stmt, 0);
	} else {
		(void)tx_set_error(tx, sqlite3_extended_errcode(tx->sqlite), "cannot be read", err);
	}
	(void)sqlite3_finalize(stmt);
	return ok;
}

static bool apply(struct tx *tx, int64_t number, const char *sql, struct error *err)
{
	char stamp[96];

	(void)snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
		APPLICATION_ID, number);
	if (tx_exec(tx, "BEGIN IMMEDIATE", err) && tx_exec(tx, sql, err) && tx_exec(tx, stamp, err) &&
		tx_exec(tx, "COMMIT", err)) {
		return true;
	}
	(void)sqlite3_exec(tx->sqlite, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

bool migrate(struct tx *tx, const char *path, struct error *err)
{
	int64_t application = 0;
	int64_t version = 0;
	int64_t tables = 0;

	if (!read_number(tx, "PRAGMA application_id", &application, err) ||
		!read_number(tx, "PRAGMA user_version", &version, err) ||
		!read_number(tx, "SELECT count(*) FROM sqlite_master", &tables, err)) {
		if (err->code == SQLITE_NOTADB) {
			return error_set(err, ERROR_STORE, ADVISE_REJECT, SQLITE_NOTADB,
				"%s is no SQLite database: it was left as it is", path);
		}
		return false;
	}
	if (application != APPLICATION_ID && (application != 0 || tables > 0)) {
		return error_set(err, ERROR_STORE, ADVISE_REJECT, 0,
			"%s is a database of another program: it was left as it is", path);
	}
	if (version > migrations_newest()) {
		return error_set(err, ERROR_STORE, ADVISE_REJECT, 0,
			"%s has schema version %" PRId64 ", this program knows up to %" PRId64
			": run the newer gazetted; the file was left as it is",
			path, version, migrations_newest());
	}
	for (int64_t next = version + 1; next <= migrations_newest(); next++) {
		if (!apply(tx, next, migrations[next - 1], err)) {
			return error_prefix(err, "%s: migration %" PRId64, path, next);
		}
	}
	return true;
}
