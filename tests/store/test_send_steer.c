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

/* ---- wishes ---- */

static struct send_id in_state(struct rig *rig, enum send_state state)
{
	struct send_id send = rig_publish(rig, "text", rig->now_at);

	CHECK(rig_claim(rig, send));
	if (state == SEND_UNSURE) {
		CHECK(rig_result(rig, send, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	} else if (state == SEND_PENDING) {
		CHECK(pend(rig, send, "job1", NULL));
	}
	CHECK_TEXT(rig_state(rig, send), send_state_name(state));
	return send;
}

/* An acknowledged cancellation or hold is kept whatever the send is about at that moment. */
static void test_wish__counts_when_it_proves_not_to_be_out(void **state)
{
	static const struct {
		enum send_state from;
		enum send_event event;
		bool cancel;
		const char *end;
	} rows[] = {
		{ SEND_SENDING, SEND_DEFER, true, "cancelled" },
		{ SEND_SENDING, SEND_DEFER, false, "held operator" },
		{ SEND_SENDING, SEND_REFUSE, true, "cancelled" },
		{ SEND_SENDING, SEND_REFUSE, false, "failed" },
		{ SEND_SENDING, SEND_ACCEPT, true, "sent" },
		{ SEND_UNSURE, SEND_MISS, true, "cancelled" },
		{ SEND_UNSURE, SEND_MISS, false, "held operator" },
		{ SEND_UNSURE, SEND_FIND, true, "sent" },
		{ SEND_PENDING, SEND_REFUSE, true, "cancelled" },
		{ SEND_PENDING, SEND_FIND, false, "sent" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(rig_freep) struct rig *rig = rig_new();
		struct send_id send = in_state(rig, rows[i].from);

		DO(rig, rows[i].cancel ? send_cancel(rig->tx, &officer, send, "wrong road", &rig->err)
				       : send_hold(rig->tx, &officer, send, "wrong road", &rig->err));
		CHECK_TEXT(
			rig_state(rig, send), send_state_name(rows[i].from)); /* nothing is claimed that nobody knows */
		CHECK_TEXT(word(rig, "wish", send), rows[i].cancel ? "cancel" : "hold");
		CHECK_TEXT(rig_text(rig,
				   "SELECT json_extract(detail, '$.wish') || ' ' || json_extract(detail, '$.reason')"
				   " FROM event WHERE action = 'send.wish' AND object_id = ?1",
				   send.v),
			rows[i].cancel ? "cancel wrong road" : "hold wrong road");
		CHECK(rig_result(rig, send, rows[i].event, NULL, 0));
		CHECK_TEXT(rig_state(rig, send), rows[i].end);
		CHECK_TEXT(word(rig, "wish", send), "-");
		CHECK(!rig_claim(rig, send));
		rig_check_counters(rig);
	}
}

static void test_wish__outlasts_a_lost_answer_and_a_crash(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id lost = in_state(rig, SEND_SENDING);
	struct send_id pending = in_state(rig, SEND_PENDING);
	struct send_id crashed;
	int n;

	(void)state;
	DO(rig, send_cancel(rig->tx, &officer, lost, NULL, &rig->err));
	CHECK(rig_result(rig, lost, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	CHECK(rig_result(rig, lost, SEND_MISS, NULL, 0));
	CHECK_TEXT(rig_state(rig, lost), "cancelled");
	DO(rig, send_hold(rig->tx, &officer, pending, NULL, &rig->err));
	CHECK(rig_result(rig, pending, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	CHECK(rig_result(rig, pending, SEND_MISS, NULL, 0));
	CHECK_TEXT(rig_state(rig, pending), "held operator");
	crashed = in_state(rig, SEND_SENDING);
	DO(rig, send_cancel(rig->tx, &officer, crashed, NULL, &rig->err));
	DO(rig, send_recover(rig->tx, MINUTE_MS, &n, &rig->err));
	CHECK(rig_result(rig, crashed, SEND_MISS, NULL, 0));
	CHECK_TEXT(rig_state(rig, crashed), "cancelled");
}

static void test_wish__the_final_one_stays_until_somebody_takes_it_back(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = in_state(rig, SEND_UNSURE);
	struct send_id again = in_state(rig, SEND_UNSURE);

	(void)state;
	DO(rig, send_hold(rig->tx, &officer, send, NULL, &rig->err));
	DO(rig, send_cancel(rig->tx, &officer, send, NULL, &rig->err));
	DO(rig, send_hold(rig->tx, &officer, send, NULL, &rig->err));
	CHECK_TEXT(word(rig, "wish", send), "cancel");
	CHECK_INT(rig_events(rig, "send.wish", send.v), 2);
	DO(rig, send_release(rig->tx, &officer, send, rig->now_at + HOUR_MS, &rig->err));
	CHECK_TEXT(word(rig, "wish", send), "-");
	CHECK_TEXT(rig_state(rig, send), "unsure");
	CHECK(rig_result(rig, send, SEND_MISS, NULL, 0));
	CHECK_TEXT(rig_state(rig, send), "queued");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), rig->now_at + HOUR_MS);
	DO_FAILS(rig, send_release(rig->tx, &officer, again, 0, &rig->err), ERROR_STATE, "is unsure");
	/* "Once more" is the later word. */
	DO(rig, send_cancel(rig->tx, &officer, again, NULL, &rig->err));
	DO(rig, send_settle(rig->tx, &leader, again, SEND_MISS, NULL, NULL, &rig->err));
	CHECK_TEXT(rig_state(rig, again), "queued");
	CHECK(rig_claim(rig, again) && rig_result(rig, again, SEND_DEFER, NULL, 0));
	CHECK_TEXT(rig_state(rig, again), "queued");
}

/* Where sending it again is the way to find out, that would publish what is not out. */
static void test_wish__nothing_is_sent_again_to_find_out(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id before = in_state(rig, SEND_UNSURE);
	struct send_id after = in_state(rig, SEND_UNSURE);

	(void)state;
	DO(rig, send_cancel(rig->tx, &officer, before, NULL, &rig->err));
	DO(rig, send_resend(rig->tx, before, &rig->err));
	DO(rig, send_resend(rig->tx, after, &rig->err));
	DO(rig, send_hold(rig->tx, &officer, after, NULL, &rig->err));
	for (int i = 0; i < 2; i++) {
		struct send_id send = i == 0 ? before : after;

		CHECK(!rig_claim(rig, send));
		CHECK_TEXT(rig_state(rig, send), "unsure");
		CHECK_TEXT(word(rig, "look_at", send), "-");
		CHECK_INT(rig_events(rig, "send.question", send.v), 1);
	}
}

/* ---- holds ---- */

/* Somebody said hold: that outlasts the account's own reason, and its end. */
static void test_hold__of_what_waits_for_its_account_outlasts_the_wait(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id held = rig_publish(rig, "text", rig->now_at);
	struct send_id other = rig_publish(rig, "text", rig->now_at);

	(void)state;
	DO(rig, account_pause(rig->tx, &leader, rig->account, "quiet", &rig->err));
	CHECK_TEXT(rig_state(rig, held), "held account_paused");
	DO(rig, send_hold(rig->tx, &officer, held, "wrong road", &rig->err));
	CHECK_TEXT(rig_state(rig, held), "held operator");
	DO(rig, account_resume(rig->tx, &leader, rig->account, &rig->err));
	CHECK_TEXT(rig_state(rig, other), "queued");
	CHECK_TEXT(rig_state(rig, held), "held operator");
	DO(rig, account_park(rig->tx, rig->account, NULL, PARK_TOKEN, "token refused", &rig->err));
	DO(rig, send_hold(rig->tx, &officer, other, "wrong road", &rig->err));
	DO(rig, rig_login(rig, rig->account, "2.00fresh"));
	CHECK_TEXT(rig_state(rig, other), "held operator");
	rig_check_counters(rig);
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
		cmocka_unit_test(test_wish__counts_when_it_proves_not_to_be_out),
		cmocka_unit_test(test_wish__outlasts_a_lost_answer_and_a_crash),
		cmocka_unit_test(test_wish__the_final_one_stays_until_somebody_takes_it_back),
		cmocka_unit_test(test_wish__nothing_is_sent_again_to_find_out),
		cmocka_unit_test(test_hold__of_what_waits_for_its_account_outlasts_the_wait),
		cmocka_unit_test(test_withdraw__settled_as_sent_is_withdrawn),
		cmocka_unit_test(test_withdraw__settled_as_absent_may_be_asked_for_again),
	};

	return check_run(tests);
}
