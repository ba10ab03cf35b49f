/*
 * The yardstick for what citizens write: the rows that the daemon made of it, inserted by nothing but SQLite into a new
 * file of the same schema, as durable as the daemon's and with as many messages to a commit. Nothing is looked up,
 * decided or answered.
 *
 *   bare_store FROM TO BATCH
 *
 * FROM is a store in which every message has opened a ticket. With each message go its ticket and its share of the
 * other rows; all of them are in memory before the clock starts.
 *
 * One JSON line: messages, rows, seconds, messages a second, CPU microseconds a message.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sqlite3.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/mem.h"
#include "core/str.h"
#include "migrations.gen.h"

struct table {
	const char *name;
	const char *select;
	int64_t rows;
	int64_t inserted;
	int columns;
	sqlite3_value **values;
	sqlite3_stmt *insert;
};

/* A ticket before its message, which refers to it. */
static struct table tables[] = {
	{ .name = "ticket", .select = "SELECT * FROM ticket ORDER BY id" },
	{ .name = "message", .select = "SELECT * FROM message ORDER BY id" },
	{ .name = "contact", .select = "SELECT * FROM contact ORDER BY account_id, author_id" },
	{ .name = "event", .select = "SELECT * FROM event WHERE object = 'ticket' ORDER BY id" },
};
static struct table accounts = { .name = "account", .select = "SELECT * FROM account ORDER BY id" };

static void check(sqlite3 *sqlite, int code, const char *what)
{
	if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
		(void)fprintf(stderr, "bare_store: %s: %s\n", what, sqlite3_errmsg(sqlite));
		exit(EXIT_FAILURE);
	}
}

static void run(sqlite3 *sqlite, const char *sql)
{
	check(sqlite, sqlite3_exec(sqlite, sql, NULL, NULL, NULL), sql);
}

static sqlite3 *open_file(const char *path, int flags)
{
	sqlite3 *sqlite = NULL;

	check(sqlite, sqlite3_open_v2(path, &sqlite, flags | SQLITE_OPEN_NOMUTEX, NULL), path);
	return sqlite;
}

static void read_all(sqlite3 *from, struct table *table)
{
	sqlite3_stmt *stmt = NULL;
	size_t n = 0;
	size_t cap = 0;
	int code;

	check(from, sqlite3_prepare_v2(from, table->select, -1, &stmt, NULL), table->select);
	table->columns = sqlite3_column_count(stmt);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (int i = 0; i < table->columns; i++) {
			array_grow(table->values, n, cap);
			table->values[n++] = sqlite3_value_dup(sqlite3_column_value(stmt, i));
		}
		table->rows++;
	}
	check(from, code, table->select);
	(void)sqlite3_finalize(stmt);
}

static void prepare_insert(sqlite3 *to, struct table *table)
{
	struct buf sql;

	buf_init(&sql, 1024);
	(void)buf_printf(&sql, "INSERT INTO %s VALUES (", table->name);
	for (int i = 0; i < table->columns; i++) {
		(void)buf_add_text(&sql, i ? ", ?" : "?");
	}
	(void)buf_add_text(&sql, ")");
	check(to, sqlite3_prepare_v3(to, sql.p, -1, SQLITE_PREPARE_PERSISTENT, &table->insert, NULL), sql.p);
	buf_finish(&sql);
}

static void bind(sqlite3_stmt *stmt, int place, sqlite3_value *value)
{
	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		(void)sqlite3_bind_int64(stmt, place, sqlite3_value_int64(value));
		break;
	case SQLITE_TEXT:
		(void)sqlite3_bind_text(stmt, place, (const char *)sqlite3_value_text(value),
			sqlite3_value_bytes(value), SQLITE_STATIC);
		break;
	default:
		(void)sqlite3_bind_value(stmt, place, value);
	}
}

static void insert_until(sqlite3 *to, struct table *table, int64_t row)
{
	while (table->inserted < row) {
		for (int i = 0; i < table->columns; i++) {
			bind(table->insert, i + 1, table->values[table->inserted * table->columns + i]);
		}
		check(to, sqlite3_step(table->insert), table->name);
		(void)sqlite3_reset(table->insert);
		table->inserted++;
	}
}

static double seconds_of(clockid_t clock)
{
	struct timespec at;

	(void)clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void make_schema(sqlite3 *to)
{
	run(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
		"PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY");
	for (size_t i = 0; i < ARRAY_LEN(migrations); i++) {
		run(to, migrations[i]);
	}
}

int main(int argc, char **argv)
{
	sqlite3 *from, *to;
	int64_t batch, messages;
	int64_t rows = 0;
	double began, cpu;

	if (argc != 4 || !str_to_i64(str_from(argv[3]), 1, 1000000, &batch)) {
		(void)fprintf(stderr, "usage: bare_store FROM TO BATCH\n");
		return 2;
	}
	from = open_file(argv[1], SQLITE_OPEN_READWRITE);
	to = open_file(argv[2], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	make_schema(to);
	read_all(from, &accounts);
	prepare_insert(to, &accounts);
	insert_until(to, &accounts, accounts.rows);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		read_all(from, &tables[i]);
		prepare_insert(to, &tables[i]);
		rows += tables[i].rows;
	}
	(void)sqlite3_close(from);
	messages = tables[1].rows;
	began = seconds_of(CLOCK_MONOTONIC);
	cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	for (int64_t n = 0; n < messages;) {
		n = n + batch < messages ? n + batch : messages;
		run(to, "BEGIN IMMEDIATE");
		for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
			insert_until(to, &tables[i], tables[i].rows * n / messages);
		}
		run(to, "COMMIT");
	}
	began = seconds_of(CLOCK_MONOTONIC) - began;
	cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	(void)printf("{\"messages\":%" PRId64 ",\"rows\":%" PRId64
		     ",\"seconds\":%.4f,\"per_second\":%.0f,\"cpu_us\":%.1f}\n",
		messages, rows, began, (double)messages / began, cpu * 1e6 / (double)messages);
	return 0;
}
