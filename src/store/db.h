/*
 * The seam between our SQL and the database library: prepare, bind, step. Only the store room sees it. One struct tx
 * is one connection with a transaction (writer) or a read snapshot (reader) open.
 *
 * Statements are static const char arrays that stand at the top of the file that uses them; they are prepared once per
 * connection, found again by their address, and reset when the struct stmt leaves its scope:
 *
 *	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql_load, err);
 *
 *	if (!stmt) {
 *		return false;
 *	}
 *	stmt_bind_i64(stmt, 1, id.v);
 *	switch (stmt_step(stmt, err)) { case STEP_ROW: ... case STEP_DONE: ... case STEP_ERROR: ... }
 *
 * Placeholders are $1, $2... SQL is never built from strings; an optional filter is written
 * "($2 IS NULL OR account.name = $2)".
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"
#include "store/effect.h"
#include "store/store.h"

struct sqlite3;
struct stmt;

enum step { STEP_ERROR = 0, STEP_ROW, STEP_DONE };

/* SQL must be a string with static storage. NULL on failure. */
struct stmt *stmt_get(struct tx *tx, const char *sql, struct error *err);
void stmt_done(struct stmt **stmt); /* reset and clear bindings; for cleanup() */

void stmt_bind_i64(struct stmt *stmt, int index, int64_t value);
void stmt_bind_opt_i64(struct stmt *stmt, int index, int64_t value); /* zero binds NULL */
void stmt_bind_text(struct stmt *stmt, int index, const char *text); /* NULL binds NULL; borrowed until reset */
void stmt_bind_str(struct stmt *stmt, int index, struct str text);
void stmt_bind_blob(struct stmt *stmt, int index, const void *p, size_t n);
enum step stmt_step(struct stmt *stmt, struct error *err);
/* A statement that gives no rows: true when it ran. */
bool stmt_run(struct stmt *stmt, struct error *err) must_check;

int64_t stmt_i64(struct stmt *stmt, int column); /* NULL reads as 0 */
bool stmt_is_null(struct stmt *stmt, int column);
const char *stmt_text(struct stmt *stmt, int column); /* NULL for NULL; lends until the next step */
struct str stmt_str(struct stmt *stmt, int column);
char *stmt_dup(struct stmt *stmt, int column); /* NULL for NULL; gives */
struct str stmt_blob(struct stmt *stmt, int column);

int64_t tx_last_id(struct tx *tx); /* rowid of the last INSERT */
int64_t tx_changes(struct tx *tx); /* rows the last statement changed */
/* counter += n in the transaction; see table counter. One less of `from` and one more of `to`. */
bool counter_add(struct tx *tx, const char *name, const char *key, int64_t n, struct error *err) must_check;
bool counter_move(struct tx *tx, const char *name, const char *from, const char *to, struct error *err) must_check;

/* The attached full-text file of this read connection; NULL when it does not exist yet. */
struct sqlite3 *tx_sqlite(struct tx *tx);

#endif
