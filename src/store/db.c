/*
 * The seam to SQLite. A connection belongs to one thread. Statements are kept per connection under the address of their
 * SQL, so a second use costs a hash probe; a statement that is busy (a query inside a query of the same text) is
 * prepared a second time.
 */
#include "store/db.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "core/str.h"
#include "store/event.h"
#include "store/store_internal.h"

#define BUSY_MS        2000
#define PARAMETERS_MAX 48

struct stmt {
	sqlite3_stmt *sqlite;
	unsigned char places[PARAMETERS_MAX + 1]; /* of $1, $2, ...; 0: not in it */
	struct tx *tx;
	const char *sql;
	bool busy;
	bool spare; /* not in the table: finalized when done */
};

bool tx_set_error(struct tx *tx, int code, const char *what, struct error *err)
{
	int primary = code & 0xff;
	enum error_advice advice = primary == SQLITE_BUSY || primary == SQLITE_FULL || primary == SQLITE_IOERR ||
						   primary == SQLITE_NOMEM || primary == SQLITE_LOCKED ||
						   primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY
					   ? ADVISE_RETRY
				   : primary == SQLITE_INTERRUPT ? ADVISE_REJECT
								 : ADVISE_BUG;

	if (primary == SQLITE_INTERRUPT) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "that takes too long here: narrow it");
	}
	return error_set(err, ERROR_STORE, advice, code, "the store %s: %s", what,
		tx->sqlite ? sqlite3_errmsg(tx->sqlite) : sqlite3_errstr(code));
}

static size_t slot_of(const struct tx *tx, const char *sql)
{
	return (size_t)(((uintptr_t)sql >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (tx->n_slots - 1);
}

static void grow_table(struct tx *tx)
{
	struct stmt **old = tx->stmts;
	size_t n = tx->n_slots;

	if (tx->n_stmts * 2 < tx->n_slots) {
		return;
	}
	tx->n_slots = n ? n * 2 : 128;
	tx->stmts = xnew_array(struct stmt *, tx->n_slots);
	for (size_t i = 0; i < n; i++) {
		if (old[i]) {
			size_t slot = slot_of(tx, old[i]->sql);

			while (tx->stmts[slot]) {
				slot = (slot + 1) & (tx->n_slots - 1);
			}
			tx->stmts[slot] = old[i];
		}
	}
	free(old);
}

/* To SQLite "$2" is a name, and its place is where it stands first. To us, and to PostgreSQL, it is the second
 * parameter. */
static void number_parameters(struct stmt *stmt)
{
	int n = sqlite3_bind_parameter_count(stmt->sqlite);

	for (int place = 1; place <= n; place++) {
		const char *name = sqlite3_bind_parameter_name(stmt->sqlite, place);
		int64_t number = 0;

		if (!name || name[0] != '$' || !str_to_i64(str_from(name + 1), 1, PARAMETERS_MAX, &number)) {
			abort(); /* our own mistake: parameters are $1 to $48 */
		}
		stmt->places[number] = (unsigned char)place;
	}
}

static struct stmt *prepare(struct tx *tx, const char *sql, struct error *err)
{
	struct stmt *stmt = xnew(struct stmt);
	int code = sqlite3_prepare_v3(tx->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->sqlite, NULL);

	if (code != SQLITE_OK) {
		(void)tx_set_error(tx, code, "cannot prepare a statement", err);
		free(stmt);
		return NULL;
	}
	stmt->tx = tx;
	stmt->sql = sql;
	number_parameters(stmt);
	return stmt;
}

struct stmt *stmt_get(struct tx *tx, const char *sql, struct error *err)
{
	struct stmt *stmt;
	size_t slot;

	grow_table(tx);
	slot = slot_of(tx, sql);
	while (tx->stmts[slot] && tx->stmts[slot]->sql != sql) {
		slot = (slot + 1) & (tx->n_slots - 1);
	}
	stmt = tx->stmts[slot];
	if (!stmt) {
		stmt = prepare(tx, sql, err);
		if (!stmt) {
			return NULL;
		}
		tx->stmts[slot] = stmt;
		tx->n_stmts++;
	} else if (stmt->busy) {
		stmt = prepare(tx, sql, err);
		if (!stmt) {
			return NULL;
		}
		stmt->spare = true;
	}
	stmt->busy = true;
	return stmt;
}

void stmt_done(struct stmt **stmt)
{
	if (!*stmt) {
		return;
	}
	if ((*stmt)->spare) {
		(void)sqlite3_finalize((*stmt)->sqlite);
		free(*stmt);
	} else {
		(void)sqlite3_reset((*stmt)->sqlite);
		(void)sqlite3_clear_bindings((*stmt)->sqlite);
		(*stmt)->busy = false;
	}
	*stmt = NULL;
}

/* Binding can only fail by our own mistake or for want of memory. */
static void bound(int code)
{
	if (code != SQLITE_OK) {
		abort();
	}
}

static int place_of(const struct stmt *stmt, int number)
{
	if (number < 1 || number > PARAMETERS_MAX || !stmt->places[number]) {
		abort();
	}
	return stmt->places[number];
}

void stmt_bind_i64(struct stmt *stmt, int index, int64_t value)
{
	bound(sqlite3_bind_int64(stmt->sqlite, place_of(stmt, index), value));
}

void stmt_bind_opt_i64(struct stmt *stmt, int index, int64_t value)
{
	bound(value ? sqlite3_bind_int64(stmt->sqlite, place_of(stmt, index), value)
		    : sqlite3_bind_null(stmt->sqlite, place_of(stmt, index)));
}

void stmt_bind_text(struct stmt *stmt, int index, const char *text)
{
	bound(text ? sqlite3_bind_text(stmt->sqlite, place_of(stmt, index), text, -1, SQLITE_STATIC)
		   : sqlite3_bind_null(stmt->sqlite, place_of(stmt, index)));
}

void stmt_bind_str(struct stmt *stmt, int index, struct str text)
{
	bound(sqlite3_bind_text(stmt->sqlite, place_of(stmt, index), text.p ? text.p : "", (int)text.n, SQLITE_STATIC));
}

void stmt_bind_blob(struct stmt *stmt, int index, const void *p, size_t n)
{
	bound(sqlite3_bind_blob64(stmt->sqlite, place_of(stmt, index), p ? p : "", n, SQLITE_STATIC));
}

enum step stmt_step(struct stmt *stmt, struct error *err)
{
	int code = sqlite3_step(stmt->sqlite);

	if (code == SQLITE_ROW) {
		return STEP_ROW;
	}
	if (code == SQLITE_DONE) {
		return STEP_DONE;
	}
	(void)tx_set_error(stmt->tx, sqlite3_extended_errcode(stmt->tx->sqlite), "refused a statement", err);
	return STEP_ERROR;
}

bool stmt_run(struct stmt *stmt, struct error *err)
{
	enum step step;

	do {
		step = stmt_step(stmt, err);
	} while (step == STEP_ROW);
	return step == STEP_DONE;
}

int64_t stmt_i64(struct stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->sqlite, column);
}

bool stmt_is_null(struct stmt *stmt, int column)
{
	return sqlite3_column_type(stmt->sqlite, column) == SQLITE_NULL;
}

const char *stmt_text(struct stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt->sqlite, column);
}

struct str stmt_str(struct stmt *stmt, int column)
{
	const char *p = (const char *)sqlite3_column_text(stmt->sqlite, column);

	return (struct str){ p, p ? (size_t)sqlite3_column_bytes(stmt->sqlite, column) : 0 };
}

char *stmt_dup(struct stmt *stmt, int column)
{
	return xstrdup(stmt_text(stmt, column));
}

struct str stmt_blob(struct stmt *stmt, int column)
{
	const char *p = sqlite3_column_blob(stmt->sqlite, column);

	return (struct str){ p, p ? (size_t)sqlite3_column_bytes(stmt->sqlite, column) : 0 };
}

int64_t tx_last_id(struct tx *tx)
{
	return sqlite3_last_insert_rowid(tx->sqlite);
}

int64_t tx_changes(struct tx *tx)
{
	return sqlite3_changes64(tx->sqlite);
}

struct sqlite3 *tx_sqlite(struct tx *tx)
{
	return tx->sqlite;
}

int64_t tx_now_at(const struct tx *tx)
{
	return tx->now_at;
}

const char *tx_instance(const struct tx *tx)
{
	return tx->instance;
}

bool counter_move(struct tx *tx, const char *name, const char *from, const char *to, struct error *err)
{
	static const char sql[] = "INSERT INTO counter (name, key, value) VALUES ($1, $2, -1), ($1, $3, 1)"
				  " ON CONFLICT (name, key) DO UPDATE SET value = value + excluded.value";
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, name);
	stmt_bind_text(stmt, 2, from);
	stmt_bind_text(stmt, 3, to);
	return stmt_run(stmt, err);
}

bool counter_add(struct tx *tx, const char *name, const char *key, int64_t n, struct error *err)
{
	static const char sql[] = "INSERT INTO counter (name, key, value) VALUES ($1, $2, $3)"
				  " ON CONFLICT (name, key) DO UPDATE SET value = value + excluded.value";
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, name);
	stmt_bind_text(stmt, 2, key);
	stmt_bind_i64(stmt, 3, n);
	return stmt_run(stmt, err);
}

bool tx_exec(struct tx *tx, const char *sql, struct error *err)
{
	int code = sqlite3_exec(tx->sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK || tx_set_error(tx, sqlite3_extended_errcode(tx->sqlite), "refused", err);
}

bool tx_step(struct tx *tx, const char *sql, struct error *err)
{
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	return stmt && stmt_run(stmt, err);
}

void tx_try(struct tx *tx, const char *sql)
{
	(void)sqlite3_exec(tx->sqlite, sql, NULL, NULL, NULL);
}

bool tx_part(struct tx *tx, bool (*run)(struct tx *tx, void *data, struct error *err), void *data, struct error *err)
{
	static const char sql_begin[] = "SAVEPOINT part";
	static const char sql_end[] = "RELEASE part";
	size_t before = tx->effects.n;
	struct error undo = { 0 };
	bool ok;

	if (!tx_step(tx, sql_begin, err)) {
		return false;
	}
	ok = run(tx, data, err);
	if (!ok) {
		effects_cut(&tx->effects, before);
	}
	/* An error that made SQLite end the transaction itself has undone more than the part; the job ends with it. */
	if (sqlite3_get_autocommit(tx->sqlite) ||
		((ok || tx_exec(tx, "ROLLBACK TO part", &undo)) && tx_step(tx, sql_end, &undo))) {
		return ok;
	}
	*err = undo;
	return false;
}

static void add(struct tx *tx, struct effect effect)
{
	struct effect_list *list = &tx->effects;

	array_grow(list->items, list->n, list->cap);
	list->items[list->n++] = effect;
}

void effect_add(struct tx *tx, enum effect_kind kind, int64_t id, int64_t account, int64_t at)
{
	add(tx, (struct effect){ .kind = kind, .id = id, .account = account, .at = at });
}

void effect_add_event(struct tx *tx, struct event *taken)
{
	add(tx, (struct effect){ .kind = EFFECT_EVENT, .id = taken->seq, .event = taken });
}

void effects_cut(struct effect_list *list, size_t n)
{
	while (list->n > n) {
		event_free(list->items[--list->n].event);
	}
}

static bool read_instance(struct tx *tx, struct error *err)
{
	static const char sql[] = "SELECT value FROM meta WHERE name = 'instance'";
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	if (!stmt) {
		return false;
	}
	switch (stmt_step(stmt, err)) {
	case STEP_ROW:
		(void)snprintf(tx->instance, sizeof(tx->instance), "%s", stmt_text(stmt, 0));
		return true;
	case STEP_DONE:
		return true;
	case STEP_ERROR:
		return false;
	}
	return false;
}

static bool make_instance(struct tx *tx, struct error *err)
{
	static const char sql[] = "INSERT INTO meta (name, value) VALUES ('instance', $1)";
	cleanup(stmt_done) struct stmt *stmt = NULL;
	unsigned char bytes[6];

	if (!read_instance(tx, err)) {
		return false;
	}
	if (tx->instance[0]) {
		return true;
	}
	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		(void)snprintf(tx->instance + 2 * i, 3, "%02x", bytes[i]);
	}
	stmt = stmt_get(tx, sql, err);
	if (!stmt) {
		return false;
	}
	stmt_bind_text(stmt, 1, tx->instance);
	return stmt_run(stmt, err);
}

/*
 * WAL with synchronous=FULL: a commit is on the disk when it returns, or an acknowledged post could be forgotten.
 * Checkpoints are not the writer's business (they would stall a commit): see store.c. The WAL file is kept and
 * overwritten.
 */
static const char writer_pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
				     "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;"
				     "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
				     " PRAGMA secure_delete = ON";
static const char reader_pragmas[] = "PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY";

/*
 * SQLite gives the files beside a database (-wal, -shm) the mode the database has when they are made; in the WAL stand
 * tokens, too. So a new file must be private from birth. Nothing is opened here when it exists: closing it would drop
 * this process's locks on it.
 */
void make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0) {
		(void)close(fd);
	}
}

bool tx_open(const char *path, bool writer, struct tx **ret_tx, struct error *err)
{
	struct tx *tx = xnew(struct tx);
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (writer ? SQLITE_OPEN_CREATE : 0);
	int code;
	bool ok;

	if (writer) {
		make_private(path);
	}
	code = sqlite3_open_v2(path, &tx->sqlite, flags, NULL);
	tx->writer = writer;
	tx->now_at = clock_wall_at();
	if (code != SQLITE_OK) {
		ok = error_set(err, ERROR_STORE, ADVISE_RETRY, code, "cannot open %s: %s", path,
			tx->sqlite ? sqlite3_errmsg(tx->sqlite) : sqlite3_errstr(code));
	} else {
		(void)sqlite3_busy_timeout(tx->sqlite, BUSY_MS);
		(void)sqlite3_extended_result_codes(tx->sqlite, 1);
		ok = writer ? migrate(tx, path, err) && tx_exec(tx, writer_pragmas, err) && make_instance(tx, err)
			    : tx_exec(tx, reader_pragmas, err) && read_instance(tx, err);
	}
	if (!ok) {
		tx_close(tx);
		return false;
	}
	*ret_tx = tx;
	return true;
}

void tx_close(struct tx *tx)
{
	if (!tx) {
		return;
	}
	for (size_t i = 0; i < tx->n_slots; i++) {
		if (tx->stmts[i]) {
			(void)sqlite3_finalize(tx->stmts[i]->sqlite);
			free(tx->stmts[i]);
		}
	}
	free(tx->stmts);
	effects_cut(&tx->effects, 0);
	free(tx->effects.items);
	(void)sqlite3_close(tx->sqlite);
	free(tx);
}
