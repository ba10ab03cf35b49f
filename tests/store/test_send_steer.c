/* What people do to sends, beyond the plain moves in test_send.c: doubt, jobs of a platform, and withdrawals. */
#include "rig.h"

static const char *word(struct rig *rig, const char *column, struct send_id send)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM send WHERE id = ?1", column);
	return rig_text(rig, sql, send.v);
}

/* What the platform took as a job, with the names it gave. */
static bool pend(struct rig *rig, struct send_id send, const char *job_id, const char *thread_id)
{
	struct send_result result = {
		.event = SEND_PEND, .next_at = rig->now_at + MINUTE_MS, .job_id = job_id, .thread_id = thread_id
	};
	bool applied = false;

	DO(rig, send_finish(rig->tx, send, &result, &applied, &rig->err));
	return applied;
}

static struct send_id published(struct rig *rig, const char *remote_id)
{
	struct send_id send = rig_publish(rig, "text", rig->now_at);

	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_ACCEPT, remote_id, 0));
	return send;
}

/* ---- jobs ---- */

/* What became of the first job says nothing of the attempt that comes after it. */
static void test_job__is_forgotten_by_a_retry(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", rig->now_at);
	struct send_id found = { 0 };

	(void)state;
	CHECK(rig_claim(rig, send) && pend(rig, send, "job1", "thread1"));
	CHECK(rig_result(rig, send, SEND_REFUSE, NULL, 0));
	CHECK_TEXT(word(rig, "job_id", send), "job1"); /* shown while a person decides */
	DO(rig, send_retry(rig->tx, &officer, send, &rig->err));
	CHECK_TEXT(word(rig, "job_id", send), "-");
	CHECK_TEXT(word(rig, "thread_id", send), "-");
	DO(rig, send_find_job(rig->tx, rig->account, "job1", &found, &rig->err));
	CHECK_INT(found.v, 0);
	CHECK(rig_claim(rig, send) && rig_result(rig, send, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	CHECK_TEXT(word(rig, "job_id", send), "-");
}

static void test_job__is_forgotten_when_it_is_provably_not_there(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id looked = rig_publish(rig, "text", rig->now_at);
	struct send_id settled = rig_publish(rig, "text", rig->now_at);

	(void)state;
	CHECK(rig_claim(rig, looked) && pend(rig, looked, "job1", "thread1"));
	CHECK(rig_result(rig, looked, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	CHECK_TEXT(word(rig, "job_id", looked), "job1"); /* by it it is looked for */
	CHECK(rig_result(rig, looked, SEND_MISS, NULL, 0));
	CHECK_TEXT(word(rig, "coalesce(job_id, '-') || coalesce(thread_id, '-')", looked), "--");
	CHECK(rig_claim(rig, settled) && pend(rig, settled, "job2", "thread2"));
	CHECK(rig_result(rig, settled, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	DO(rig, send_settle(rig->tx, &leader, settled, SEND_MISS, NULL, NULL, &rig->err));
	CHECK_TEXT(word(rig, "coalesce(job_id, '-') || coalesce(thread_id, '-')", settled), "--");
}

/* ---- withdrawals ---- */

static void test_withdraw__settled_as_sent_is_withdrawn(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id post = published(rig, "49");
	struct send_id withdrawal = { 0 };

	(void)state;
	DO(rig, send_withdraw(rig->tx, &officer, post, "wrong road", &withdrawal, &rig->err));
	CHECK(rig_claim(rig, withdrawal));
	CHECK(rig_result(rig, withdrawal, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	rig->now_at += HOUR_MS;
	DO(rig, send_settle(rig->tx, &leader, withdrawal, SEND_SETTLE_SENT, NULL, NULL, &rig->err));
	CHECK_INT(rig_number(rig, "SELECT withdrawn_at FROM send WHERE id = ?1", post.v), rig->now_at);
	DO_FAILS(rig, send_withdraw(rig->tx, &officer, post, "again", &withdrawal, &rig->err), ERROR_STATE,
		"withdrawn already");
}

static void test_withdraw__settled_as_absent_may_be_asked_for_again(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id post = published(rig, "49");
	struct send_id withdrawal = { 0 };

	(void)state;
	DO(rig, send_withdraw(rig->tx, &officer, post, "wrong road", &withdrawal, &rig->err));
	CHECK(rig_claim(rig, withdrawal));
	CHECK(rig_result(rig, withdrawal, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	DO(rig, send_settle(rig->tx, &leader, withdrawal, SEND_SETTLE_ABSENT, NULL, NULL, &rig->err));
	CHECK_TEXT(word(rig, "withdrawn_at", post), "-");
	DO(rig, send_withdraw(rig->tx, &officer, post, "again", &withdrawal, &rig->err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job__is_forgotten_by_a_retry),
		cmocka_unit_test(test_job__is_forgotten_when_it_is_provably_not_there),
		cmocka_unit_test(test_withdraw__settled_as_sent_is_withdrawn),
		cmocka_unit_test(test_withdraw__settled_as_absent_may_be_asked_for_again),
	};

	return check_run(tests);
}
