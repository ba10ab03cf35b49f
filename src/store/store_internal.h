/* What the store room's files share: connections, transactions, migrations. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "store/db.h"

#define APPLICATION_ID 0x47415a31 /* "GAZ1" */

struct effect_list {
	struct effect *items;
	size_t n;
	size_t cap;
};

/* One connection, the statements prepared on it, and what the running job has collected. */
struct tx {
	sqlite3 *sqlite;
	bool writer;
	int64_t now_at;
	char instance[33];
	struct effect_list effects;
	struct stmt **stmts; /* hash by address of the SQL; n_slots is a power of two */
	size_t n_slots;
	size_t n_stmts;
};

/* Open a connection: writer with all its pragmas and migrations, or reader. */
bool tx_open(const char *path, bool writer, struct tx **ret_tx, struct error *err) must_check;
void tx_close(struct tx *tx);
/* Make an empty file that only we can read, unless there is one. */
void make_private(const char *path);
/* Transaction control and pragmas: SQL of our own, without parameters. */
bool tx_exec(struct tx *tx, const char *sql, struct error *err) must_check;
/* The same for what is said for every job: prepared once. */
bool tx_step(struct tx *tx, const char *sql, struct error *err) must_check;
/* The same where nothing can be done about a failure. */
void tx_try(struct tx *tx, const char *sql);
bool tx_set_error(struct tx *tx, int code, const char *what, struct error *err);
void effects_cut(struct effect_list *list, size_t n); /* drop what was added since */

/* migrate.c: bring the file to this program's schema. */
bool migrate(struct tx *tx, const char *path, struct error *err) must_check;
int64_t migrations_newest(void);

/* lock.c: one daemon per file. */
bool lock_take(const char *db_path, int *ret_fd, struct error *err) must_check;

#endif
