/* The spine: group commit, savepoints, completions after the commit, failing commits, closing; the reader thread. */
#include "spine.h"

#include <stdatomic.h>

#include "core/limits.h"
#include "faults.h"

/* A job of these tests puts a row into `meta` and does what it is told. */
struct put {
	struct job job;
	struct spine *spine;
	char name[24];
	struct error wants; /* advice set: fail with it after writing */
	bool early;         /* before writing */
	int fail_tries;     /* only so many times; 0: always */
	atomic_int *order;  /* counts runs over all jobs */
	int ran_as;         /* this one was the n-th */
	int runs;
	int dones;
	struct error err;
	bool visible; /* in done: another connection saw the row */
};

static int64_t count_rows(const char *path, const char *name)
{
	sqlite3 *sqlite = NULL;
	sqlite3_stmt *stmt = NULL;
	int64_t n = -1;

	if (sqlite3_open_v2(path, &sqlite, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(sqlite, "SELECT count(*) FROM meta WHERE name = ?1", -1, &stmt, NULL) == SQLITE_OK) {
		(void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
		(void)sqlite3_step(stmt);
		n = sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(sqlite);
	return n;
}

static bool run_put(struct tx *tx, struct job *job, struct error *err)
{
	static const char sql[] = "INSERT INTO meta (name, value) VALUES ($1, 'x')";
	struct put *put = container_of(job, struct put, job);
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	put->runs++;
	put->ran_as = put->order ? atomic_fetch_add(put->order, 1) + 1 : 0;
	if (!stmt) {
		return false;
	}
	if (put->early) {
		*err = put->wants;
		return false;
	}
	stmt_bind_text(stmt, 1, put->name);
	effect_add(tx, EFFECT_ACCOUNT, 1, 1, 0);
	if (!stmt_run(stmt, err)) {
		return false;
	}
	if (put->wants.advice && (!put->fail_tries || put->runs <= put->fail_tries)) {
		*err = put->wants;
		return false;
	}
	return true;
}

static void done_put(struct job *job, const struct error *err)
{
	struct put *put = container_of(job, struct put, job);

	put->dones++;
	put->spine->n_done++;
	put->err = err ? *err : (struct error){ 0 };
	put->visible = !err && count_rows(put->spine->path, put->name) == 1;
}

static void put_init(struct put *put, struct spine *spine, const char *name)
{
	*put = (struct put){ .spine = spine, .job = { .run = run_put, .done = done_put } };
	(void)snprintf(put->name, sizeof(put->name), "%s", name);
}

static struct store_health health_of(struct spine *spine)
{
	struct store_health health;

	store_health(spine->store, &health);
	return health;
}

static void test_group__one_commit_for_all_that_waits_and_urgent_first(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	static struct put puts[1 + 2 * LIMIT_JOBS_PER_COMMIT];
	atomic_int order = 0;
	const int n = (int)ARRAY_LEN(puts);

	(void)state;
	spine_stop("begin");
	for (int i = 0; i < n; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%d", i);
		put_init(&puts[i], spine, name);
		puts[i].order = &order;
		puts[i].job.urgent = i >= n - 3;
		store_write(spine->store, &puts[i].job);
		if (i == 0) {
			spine_wait_stopped(); /* a group of its own; the others gather behind it */
		}
	}
	CHECK_INT(health_of(spine).waiting, n - 1);
	spine_stop(NULL);
	spine_wait(spine, n);
	CHECK_INT(health_of(spine).commits, 3); /* 1, a full group, and a full group */
	CHECK_INT(health_of(spine).jobs, n);
	CHECK_INT(puts[0].ran_as, 1);
	CHECK_INT(puts[n - 3].ran_as, 2);
	CHECK_INT(puts[n - 1].ran_as, 4);
	for (int i = 1; i < n - 3; i++) {
		CHECK_INT(puts[i].ran_as, i + 4);
		CHECK(puts[i].visible);
		CHECK_INT(puts[i].dones, 1);
	}
}

/* A post that comes while a flood is being stored waits for one group of it. */
static void test_group__takes_only_so_much_of_a_flood(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put puts[8];
	atomic_int order = 0;
	const int n = (int)ARRAY_LEN(puts);

	(void)state;
	spine_stop("begin");
	for (int i = 0; i < n; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%d", i);
		put_init(&puts[i], spine, name);
		puts[i].order = &order;
		puts[i].job.rows = i == 0 || i == n - 1 ? 0 : LIMIT_INTAKE_PER_COMMIT / 2;
		puts[i].job.urgent = i == n - 1;
		store_write(spine->store, &puts[i].job);
		if (i == 0) {
			spine_wait_stopped();
		}
	}
	spine_stop(NULL);
	spine_wait(spine, n);
	CHECK_INT(health_of(spine).commits, 5); /* 1, the urgent one, and three times two halves */
	CHECK_INT(puts[n - 1].ran_as, 2);
	for (int i = 0; i < n; i++) {
		CHECK_INT(puts[i].dones, 1);
		CHECK(puts[i].visible);
	}
}

/* What is urgent goes alone, but not twice running: however much of it there is, it keeps no flood out. */
static void test_group__takes_of_a_flood_at_least_every_other_time(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put puts[4]; /* the third is the flood */
	atomic_int order = 0;
	const int n = (int)ARRAY_LEN(puts);

	(void)state;
	for (int i = 0; i < n; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%d", i);
		put_init(&puts[i], spine, name);
		puts[i].order = &order;
		puts[i].job.urgent = i == 1 || i == 3;
		puts[i].job.rows = i == 2 ? LIMIT_INTAKE_PER_COMMIT : 0;
	}
	spine_stop("begin");
	store_write(spine->store, &puts[0].job);
	spine_wait_stopped();
	spine_step("commit");
	store_write(spine->store, &puts[2].job);
	store_write(spine->store, &puts[1].job);
	spine_step("begin");
	store_write(spine->store, &puts[3].job);
	spine_stop(NULL);
	spine_wait(spine, n);
	CHECK_INT(puts[0].ran_as, 1);
	CHECK_INT(puts[1].ran_as, 2);
	CHECK_INT(puts[3].ran_as, 3);
	CHECK_INT(puts[2].ran_as, 4);
	CHECK_INT(health_of(spine).commits, 3);
}

static void test_completions__only_after_the_commit(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put put;

	(void)state;
	put_init(&put, spine, "one");
	spine_stop("commit");
	store_write(spine->store, &put.job);
	spine_wait_stopped();
	store_collect(spine->store);
	CHECK_INT(spine->n_done, 0);
	CHECK_INT(spine->n_effects, 0);
	CHECK_INT(count_rows(spine->path, "one"), 0);
	spine_stop(NULL);
	spine_wait(spine, 1);
	CHECK(put.visible);
	CHECK_INT(put.err.advice, ADVISE_NONE);
	CHECK_INT(spine->n_effects, 1);
}

static void test_savepoint__a_failing_job_rolls_back_alone(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	static const char *const names[] = { "first", "alone", "bad", "again" };
	struct put puts[4];

	(void)state;
	spine_stop("begin");
	for (size_t i = 0; i < ARRAY_LEN(puts); i++) {
		put_init(&puts[i], spine, names[i]);
		if (i == 2) {
			(void)error_set(&puts[i].wants, ERROR_STATE, ADVISE_REJECT, 0, "not in this state");
		}
		store_write(spine->store, &puts[i].job);
		if (i == 0) {
			spine_wait_stopped();
		}
	}
	spine_stop(NULL);
	spine_wait(spine, 4);
	CHECK_INT(health_of(spine).commits, 2);
	CHECK(puts[1].visible && puts[3].visible);
	CHECK_INT(count_rows(spine->path, "bad"), 0);
	CHECK_INT(puts[2].err.advice, ADVISE_REJECT);
	CHECK_TEXT(puts[2].err.message, "not in this state");
	CHECK_INT(spine->n_effects, 3); /* none of the one that failed */
	CHECK(!health_of(spine).degraded);
}

static void test_sound__refused_before_it_wrote_it_fails_alone(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	static const char *const names[] = { "first", "one", "refused", "two" };
	struct put puts[4];

	(void)state;
	spine_stop("begin");
	for (size_t i = 0; i < ARRAY_LEN(puts); i++) {
		put_init(&puts[i], spine, names[i]);
		puts[i].job.sound = true;
		if (i == 2) {
			(void)error_set(&puts[i].wants, ERROR_STATE, ADVISE_REJECT, 0, "not in this state");
			puts[i].early = true;
		}
		store_write(spine->store, &puts[i].job);
		if (i == 0) {
			spine_wait_stopped();
		}
	}
	spine_stop(NULL);
	spine_wait(spine, 4);
	CHECK_INT(health_of(spine).commits, 2);
	CHECK(puts[1].visible && puts[3].visible);
	CHECK_TEXT(puts[2].err.message, "not in this state");
	CHECK_INT(spine->n_effects, 3);
	CHECK(!health_of(spine).degraded);
}

/* It was not as sound as it was said to be: what it wrote goes, and with it its group; who insists has a savepoint when
 * it is run again. */
static void test_sound__failing_after_it_wrote_it_leaves_nothing_behind(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	static const char *const names[] = { "first", "sound", "bad", "plain", "insists" };
	struct put puts[5];

	(void)state;
	spine_stop("begin");
	for (size_t i = 0; i < ARRAY_LEN(puts); i++) {
		put_init(&puts[i], spine, names[i]);
		puts[i].job.sound = i != 3;
		puts[i].job.insist = i == 2 || i == 4;
		if (i == 2) {
			(void)error_set(&puts[i].wants, ERROR_STORE, ADVISE_BUG, 0, "the store refused a statement");
		}
		store_write(spine->store, &puts[i].job);
		if (i == 0) {
			spine_wait_stopped();
		}
	}
	spine_stop(NULL);
	spine_wait(spine, 5);
	CHECK_INT(puts[1].err.advice, ADVISE_RETRY);
	CHECK_INT(puts[3].err.advice, ADVISE_RETRY);
	CHECK_INT(count_rows(spine->path, "sound"), 0);
	CHECK_INT(count_rows(spine->path, "plain"), 0);
	CHECK_INT(count_rows(spine->path, "bad"), 0);
	CHECK_INT(puts[2].runs, 2);
	CHECK_INT(puts[2].err.advice, ADVISE_BUG);
	CHECK_INT(puts[4].dones, 1);
	CHECK(puts[4].visible);
	CHECK_INT(spine->n_effects, 2); /* of the first and of who insisted */
	CHECK(!health_of(spine).degraded);
}

static void check_commit_fails(int write_fault, int sync_fault)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put puts[4];

	put_init(&puts[3], spine, "later");
	spine_stop("begin");
	store_write(spine->store, &puts[3].job);
	spine_wait_stopped();
	put_init(&puts[0], spine, "plain");
	put_init(&puts[1], spine, "refused");
	put_init(&puts[2], spine, "insists");
	(void)error_set(&puts[1].wants, ERROR_STATE, ADVISE_REJECT, 0, "held by somebody");
	puts[2].job.insist = true;
	for (size_t i = 0; i < 3; i++) {
		store_write(spine->store, &puts[i].job);
	}
	atomic_store(&fault_write, write_fault);
	atomic_store(&fault_sync, sync_fault);
	spine_stop(NULL);
	spine_wait(spine, 3);
	/* Everybody hears "again later", also who was refused: the refusal may rest on what was lost. */
	CHECK_INT(puts[3].err.advice, ADVISE_RETRY);
	CHECK_INT(puts[3].err.domain, ERROR_STORE);
	CHECK_INT(puts[0].err.advice, ADVISE_RETRY);
	CHECK_INT(puts[1].err.advice, ADVISE_RETRY);
	CHECK_INT(puts[2].dones, 0);
	CHECK_INT(spine->n_effects, 0);
	CHECK(health_of(spine).degraded);
	CHECK(health_of(spine).degraded_since_at > 0);
	CHECK_INT(health_of(spine).error.domain, ERROR_STORE);
	CHECK_INT(count_rows(spine->path, "plain"), 0);

	atomic_store(&fault_write, 0);
	atomic_store(&fault_sync, 0);
	spine_wait(spine, 4);
	CHECK(puts[2].visible);
	CHECK(puts[2].runs >= 2);
	CHECK_INT(puts[2].dones, 1);
	CHECK_INT(puts[2].err.advice, ADVISE_NONE);
	CHECK_INT(spine->n_effects, 1);
	CHECK(!health_of(spine).degraded);
	put_init(&puts[0], spine, "after");
	store_write(spine->store, &puts[0].job);
	spine_wait(spine, 5);
	CHECK(puts[0].visible);
}

static void test_commit_fails__disk_full(void **state)
{
	(void)state;
	check_commit_fails(SQLITE_FULL, 0);
}

static void test_commit_fails__sync_fails(void **state)
{
	(void)state;
	check_commit_fails(0, SQLITE_IOERR_FSYNC);
}

/* The store's trouble inside a job whose group commits all the same: tried again with a pause, and nobody waits for it.
 */
static void test_insist__is_repeated_with_a_pause(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put insists;
	struct put other;
	struct mono began = clock_mono();

	(void)state;
	put_init(&insists, spine, "insists");
	insists.job.insist = true;
	insists.fail_tries = 2;
	(void)error_set(&insists.wants, ERROR_STORE, ADVISE_RETRY, SQLITE_FULL, "full");
	store_write(spine->store, &insists.job);
	spine_wait(spine, 1);
	CHECK_INT(insists.runs, 3);
	CHECK(insists.visible);
	CHECK(clock_since_ms(began) >= 200); /* not in a circle as fast as it can */
	put_init(&other, spine, "other");
	store_write(spine->store, &other.job);
	spine_wait(spine, 2);
	CHECK(!health_of(spine).degraded);
}

static void test_insist__a_refusal_is_not_repeated(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put put;

	(void)state;
	put_init(&put, spine, "insists");
	put.job.insist = true;
	(void)error_set(&put.wants, ERROR_STATE, ADVISE_REJECT, 0, "no");
	store_write(spine->store, &put.job);
	spine_wait(spine, 1);
	CHECK_INT(put.runs, 1);
	CHECK_TEXT(put.err.message, "no");
}

static void test_queue__has_an_end_for_who_does_not_insist(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put *puts = xnew_array(struct put, LIMIT_JOBS_WAITING + 3);
	const int n = (int)LIMIT_JOBS_WAITING + 3;

	(void)state;
	spine_stop("begin");
	for (int i = 0; i < n; i++) {
		put_init(&puts[i], spine, "same"); /* all but the first are refused by the table */
		puts[i].job.insist = i == n - 1;
		store_write(spine->store, &puts[i].job);
		if (i == 0) {
			spine_wait_stopped();
		}
	}
	store_collect(spine->store);
	CHECK_INT(spine->n_done, 1);
	CHECK_INT(puts[n - 2].dones, 1);
	CHECK_INT(puts[n - 2].err.advice, ADVISE_RETRY);
	CHECK_INT(puts[n - 1].dones, 0);
	spine_stop(NULL);
	spine_wait(spine, n);
	CHECK_INT(puts[0].err.advice, ADVISE_NONE);
	CHECK_INT(puts[n - 1].dones, 1);
	free(puts);
}

/* ---- closing ---- */

static void test_close__finishes_what_is_queued(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put puts[100];

	(void)state;
	spine_stop("begin");
	for (int i = 0; i < 100; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%d", i);
		put_init(&puts[i], spine, name);
		store_write(spine->store, &puts[i].job);
	}
	spine_stop(NULL);
	store_close(spine->store, 5000);
	spine->store = NULL;
	for (int i = 0; i < 100; i++) {
		CHECK_INT(puts[i].dones, 1);
		CHECK_INT(puts[i].err.advice, ADVISE_NONE);
		CHECK(puts[i].visible);
	}
}

static void test_close__gives_back_what_could_not_be_committed(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put insists;
	struct mono began = clock_mono();

	(void)state;
	put_init(&insists, spine, "insists");
	insists.job.insist = true;
	atomic_store(&fault_write, SQLITE_FULL);
	store_write(spine->store, &insists.job);
	store_close(spine->store, 700);
	spine->store = NULL;
	atomic_store(&fault_write, 0);
	CHECK_INT(insists.dones, 1);
	CHECK_INT(insists.err.advice, ADVISE_RETRY);
	CHECK_INT(insists.err.domain, ERROR_STORE);
	CHECK(insists.runs >= 1 && insists.runs < 10);
	CHECK(clock_since_ms(began) >= 700); /* it was tried until then */
	CHECK_INT(count_rows(spine->path, "insists"), 0);
}

static void again_in_done(struct job *job, const struct error *err)
{
	struct put *put = container_of(job, struct put, job);

	done_put(job, err);
	if (put->dones == 1) {
		store_write(put->spine->store, job);
	}
}

static void test_close__refuses_what_completions_ask_for(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put put;

	(void)state;
	put_init(&put, spine, "one");
	put.job.done = again_in_done;
	store_write(spine->store, &put.job);
	store_close(spine->store, 5000);
	spine->store = NULL;
	CHECK_INT(put.dones, 2);
	CHECK_INT(put.runs, 1);
	CHECK_INT(put.err.advice, ADVISE_RETRY);
	CHECK_INT(count_rows(spine->path, "one"), 1);
}

static void test_resubmitted__hears_nothing_of_its_last_time(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put put;

	(void)state;
	put_init(&put, spine, "one");
	(void)error_set(&put.wants, ERROR_STATE, ADVISE_REJECT, 0, "the first time");
	put.fail_tries = 1;
	store_write(spine->store, &put.job);
	spine_wait(spine, 1);
	CHECK_TEXT(put.err.message, "the first time");
	store_write(spine->store, &put.job);
	spine_wait(spine, 2);
	CHECK_INT(put.err.advice, ADVISE_NONE);
	CHECK(put.visible);
}

/* ---- reading ---- */

struct look {
	struct job job;
	struct spine *spine;
	const char *sql;
	int64_t number;
	struct error err;
};

static bool run_look(struct tx *tx, struct job *job, struct error *err)
{
	struct look *look = container_of(job, struct look, job);
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, look->sql, err);

	if (!stmt) {
		return false;
	}
	switch (stmt_step(stmt, err)) {
	case STEP_ERROR:
		return false;
	case STEP_ROW:
		look->number = stmt_i64(stmt, 0);
		return true;
	case STEP_DONE:
		return true;
	}
	return false;
}

static void done_look(struct job *job, const struct error *err)
{
	struct look *look = container_of(job, struct look, job);

	look->err = err ? *err : (struct error){ 0 };
	look->spine->n_done++;
}

static struct look look_at(struct spine *spine, const char *sql)
{
	struct look look = { .spine = spine, .sql = sql, .job = { .run = run_look, .done = done_look } };
	int n = spine->n_done;

	store_read(spine->store, &look.job);
	spine_wait(spine, n + 1);
	return look;
}

static void test_reader__goes_on_while_the_writer_stands(void **state)
{
	static const char sql[] = "SELECT count(*) FROM meta WHERE name = 'one'";
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct put put;

	(void)state;
	put_init(&put, spine, "one");
	spine_stop("commit");
	store_write(spine->store, &put.job);
	spine_wait_stopped();
	CHECK_INT(look_at(spine, sql).number, 0);
	spine_stop(NULL);
	spine_wait(spine, 2);
	CHECK_INT(look_at(spine, sql).number, 1);
}

/* A job that writes a megabyte. */
static bool run_heap(struct tx *tx, struct job *job unused_arg, struct error *err)
{
	static const char sql[] = "INSERT INTO meta (name, value) VALUES (hex(randomblob(8)), hex(randomblob(500000)))";
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	return stmt && stmt_run(stmt, err);
}

static int64_t size_of(const struct spine *spine, const char *ending)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s%s", spine->path, ending);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void test_log__is_written_over_and_not_lengthened(void **state)
{
	cleanup(spine_freep) struct spine *spine = spine_new();

	(void)state;
	for (int i = 0; i < 120; i++) {
		struct put put;

		put_init(&put, spine, "heap");
		put.job.run = run_heap;
		store_write(spine->store, &put.job);
		spine_wait(spine, i + 1);
		CHECK_INT(put.err.advice, ADVISE_NONE);
	}
	/* The rows are in the file, and the log has kept to its bound without anybody reading. */
	CHECK(size_of(spine, "") > INT64_C(60000000));
	CHECK(size_of(spine, "-wal") > 0);
	CHECK(size_of(spine, "-wal") < INT64_C(80000000));
}

static void test_reader__cannot_write(void **state)
{
	static const char sql[] = "DELETE FROM meta";
	cleanup(spine_freep) struct spine *spine = spine_new();

	(void)state;
	CHECK_INT(look_at(spine, sql).err.domain, ERROR_STORE);
	CHECK_INT(count_rows(spine->path, "instance"), 1);
}

static void test_reader__a_query_without_end_is_ended(void **state)
{
	static const char endless[] =
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
	static const char sql[] = "SELECT 7";
	cleanup(spine_freep) struct spine *spine = spine_new();
	struct look look = look_at(spine, endless);

	(void)state;
	CHECK_INT(look.err.domain, ERROR_INPUT);
	CHECK_INT(look.err.advice, ADVISE_REJECT);
	assert_non_null(strstr(look.err.message, "narrow it"));
	CHECK_INT(look_at(spine, sql).number, 7);
}

/* ---- alone ---- */

static bool count_accounts(struct tx *tx, void *data, struct error *err)
{
	static const char sql[] = "SELECT count(*) FROM meta";
	cleanup(stmt_done) struct stmt *stmt = stmt_get(tx, sql, err);

	if (!stmt || stmt_step(stmt, err) != STEP_ROW) {
		return false;
	}
	*(int64_t *)data = stmt_i64(stmt, 0);
	return true;
}

static bool spoil(struct tx *tx, void *data unused_arg, struct error *err)
{
	return tx_exec(tx, "DELETE FROM meta", err) && error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "changed my mind");
}

static void test_alone__commits_or_rolls_back(void **state)
{
	char dir[64];
	char path[96];
	struct error err = { 0 };
	int64_t n = 0;

	(void)state;
	dir_make(dir, sizeof(dir));
	(void)snprintf(path, sizeof(path), "%s/gazette.db", dir);
	CHECK_OK(store_run_alone(path, count_accounts, &n, &err), err);
	CHECK_INT(n, 1);
	CHECK_FAILS(store_run_alone(path, spoil, NULL, &err), err, "changed my mind");
	CHECK_OK(store_run_alone(path, count_accounts, &n, &err), err);
	CHECK_INT(n, 1);
	dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group__one_commit_for_all_that_waits_and_urgent_first),
		cmocka_unit_test(test_group__takes_only_so_much_of_a_flood),
		cmocka_unit_test(test_group__takes_of_a_flood_at_least_every_other_time),
		cmocka_unit_test(test_completions__only_after_the_commit),
		cmocka_unit_test(test_savepoint__a_failing_job_rolls_back_alone),
		cmocka_unit_test(test_sound__refused_before_it_wrote_it_fails_alone),
		cmocka_unit_test(test_sound__failing_after_it_wrote_it_leaves_nothing_behind),
		cmocka_unit_test(test_commit_fails__disk_full),
		cmocka_unit_test(test_commit_fails__sync_fails),
		cmocka_unit_test(test_insist__is_repeated_with_a_pause),
		cmocka_unit_test(test_insist__a_refusal_is_not_repeated),
		cmocka_unit_test(test_queue__has_an_end_for_who_does_not_insist),
		cmocka_unit_test(test_close__finishes_what_is_queued),
		cmocka_unit_test(test_close__gives_back_what_could_not_be_committed),
		cmocka_unit_test(test_close__refuses_what_completions_ask_for),
		cmocka_unit_test(test_resubmitted__hears_nothing_of_its_last_time),
		cmocka_unit_test(test_reader__goes_on_while_the_writer_stands),
		cmocka_unit_test(test_log__is_written_over_and_not_lengthened),
		cmocka_unit_test(test_reader__cannot_write),
		cmocka_unit_test(test_reader__a_query_without_end_is_ended),
		cmocka_unit_test(test_alone__commits_or_rolls_back),
	};

	faults_install();
	return check_run(tests);
}
