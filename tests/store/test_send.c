/* The outbox: claims, the late rule, results, unknown outcomes, crashes, and what people do to sends. */
#include "rig.h"

static const struct quota_window hourly = { .scope = "hour", .window_ms = HOUR_MS, .limit = 2 };
static const struct quota_window daily = { .scope = "day", .window_ms = DAY_MS, .limit = 3 };

static int64_t number(struct rig *rig, const char *column, struct send_id send)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM send WHERE id = ?1", column);
	return rig_number(rig, sql, send.v);
}

static const char *word(struct rig *rig, const char *column, struct send_id send)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM send WHERE id = ?1", column);
	return rig_text(rig, sql, send.v);
}

static struct send_id unsure_send(struct rig *rig, const char *text)
{
	struct send_id send = rig_publish(rig, text, rig->now_at);

	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_LOSE, NULL, rig->now_at + MINUTE_MS));
	CHECK_TEXT(rig_state(rig, send), "unsure");
	return send;
}

static struct send_id pending_send(struct rig *rig, const char *text)
{
	struct send_id send = rig_publish(rig, text, rig->now_at);

	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_PEND, NULL, rig->now_at + MINUTE_MS));
	return send;
}

static struct send_id failed_send(struct rig *rig, const char *text)
{
	struct send_id send = rig_publish(rig, text, rig->now_at);

	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_REFUSE, NULL, 0));
	CHECK_TEXT(rig_state(rig, send), "failed");
	return send;
}

static bool settle(struct rig *rig, struct send_id send, enum send_event event, const char *remote_id)
{
	return send_settle(rig->tx, &leader, send, event, remote_id, NULL, &rig->err);
}

/* ---- claim ---- */

static void test_claim__writes_the_attempt_before_anything_leaves(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", rig->now_at);
	struct send_row row = { 0 };
	char marker[80];
	bool claimed = false;

	(void)state;
	DO(rig, rig_try_claim(rig, send, NULL, 0, &row, &claimed));
	CHECK(claimed);
	CHECK_INT(row.state, SEND_SENDING);
	CHECK_INT(row.attempts, 1);
	CHECK_INT(row.first_attempt_at, rig->now_at);
	CHECK_INT(row.last_attempt_at, rig->now_at);
	CHECK_TEXT(row.text, "text");
	(void)snprintf(marker, sizeof(marker), "%s-%" PRId64, tx_instance(rig->tx), send.v);
	CHECK_TEXT(row.marker, marker);
	send_row_finish(&row);
	CHECK_TEXT(rig_text(rig,
			   "SELECT number || ' ' || digest || ' ' || coalesce(outcome, '?') FROM attempt"
			   " WHERE send_id = ?1",
			   send.v),
		"1 d1 ?");
	CHECK_INT(rig_events(rig, "send.sending", send.v), 1);
	CHECK(!rig_claim(rig, send)); /* nobody gets it twice */
	CHECK_INT(number(rig, "attempts", send), 1);
}

static void test_claim__never_before_its_time(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", rig->now_at + HOUR_MS);

	(void)state;
	rig->now_at += HOUR_MS - 1;
	CHECK(!rig_claim(rig, send));
	CHECK_TEXT(rig_state(rig, send), "queued");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), rig->now_at + 1);
	rig->now_at++;
	CHECK(rig_claim(rig, send));
}

static void test_late_rule__publishes_within_it_and_holds_beyond(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id in_time = rig_publish(rig, "one", rig->now_at);
	struct send_id late = rig_publish(rig, "two", rig->now_at);

	(void)state;
	rig->now_at += 10 * MINUTE_MS;
	CHECK(rig_claim(rig, in_time));
	rig->now_at++;
	CHECK(!rig_claim(rig, late));
	CHECK_TEXT(rig_state(rig, late), "held late");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice WHERE kind = 'warning'", 0), 1);
	CHECK_INT(number(rig, "attempts", late), 0);
	/* A person decided: it goes now. */
	DO(rig, send_release(rig->tx, &officer, late, 0, &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, late.v), rig->now_at);
	CHECK(rig_claim(rig, late));
}

static void test_late_rule__also_ends_the_tries_of_what_began_in_time(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "one", rig->now_at);

	(void)state;
	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_DEFER, NULL, rig->now_at + 10 * MINUTE_MS));
	rig->now_at += 10 * MINUTE_MS;
	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_DEFER, NULL, rig->now_at + 1));
	rig->now_at++;
	CHECK(!rig_claim(rig, send));
	CHECK_TEXT(rig_state(rig, send), "held late");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice WHERE kind = 'warning'", 0), 1);
}

static void test_late_rule__also_ends_waiting_for_a_limit(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "one", rig->now_at);
	struct send_id tried = rig_publish(rig, "two", rig->now_at);
	struct send_id until = rig_publish(rig, "three", rig->now_at);
	int64_t late_at = rig->now_at + 10 * MINUTE_MS + 1;
	struct send_row row = { 0 };
	bool claimed = false;

	(void)state;
	DO(rig, quota_spend(rig->tx, rig->account, &hourly, 2, false, &rig->err));
	DO(rig, rig_try_claim(rig, send, &hourly, 1, &row, &claimed));
	CHECK(!claimed);
	CHECK_TEXT(rig_state(rig, send), "queued");
	CHECK_INT(number(rig, "next_at", send), RIG_NOW_AT + HOUR_MS);
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), late_at);
	CHECK(rig_claim(rig, tried));
	CHECK(rig_result(rig, tried, SEND_DEFER, NULL, rig->now_at + DAY_MS)); /* the platform's own limit */
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, tried.v), late_at);
	CHECK_OK(tx_exec(rig->tx, "UPDATE send SET until_at = due_at + 60000, next_at = due_at + 3600000 WHERE id = 3",
			 &rig->err),
		rig->err);
	DO(rig, send_arm_all(rig->tx, &rig->err)); /* a restart forgets nothing of it */
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), late_at);
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, tried.v), late_at);
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, until.v), RIG_NOW_AT + MINUTE_MS + 1);
	rig->now_at = late_at - 1;
	CHECK(!rig_claim(rig, tried));
	CHECK_TEXT(rig_state(rig, tried), "queued");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, tried.v), late_at);
	rig->now_at = late_at;
	CHECK(!rig_claim(rig, send));
	CHECK(!rig_claim(rig, tried));
	CHECK_TEXT(rig_state(rig, send), "held late");
	CHECK_TEXT(rig_state(rig, tried), "held late");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice WHERE kind = 'warning'", 0), 2);
}

static void test_until__nothing_is_published_after_it(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "one", rig->now_at);

	(void)state;
	CHECK_OK(tx_exec(rig->tx, "UPDATE send SET until_at = due_at + 60000", &rig->err), rig->err);
	rig->now_at += MINUTE_MS + 1;
	CHECK(!rig_claim(rig, send));
	CHECK_TEXT(rig_state(rig, send), "held late");
}

static void test_claim__an_account_that_is_not_ready_holds_it(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "one", rig->now_at);

	(void)state;
	/* Claimed, the account is parked meanwhile, and the attempt comes back as "again later". */
	CHECK(rig_claim(rig, send));
	DO(rig, account_park(rig->tx, rig->account, NULL, PARK_TOKEN, "token refused", &rig->err));
	CHECK_TEXT(rig_state(rig, send), "sending");
	CHECK(rig_result(rig, send, SEND_DEFER, NULL, 0));
	CHECK(!rig_claim(rig, send));
	CHECK_TEXT(rig_state(rig, send), "held account_parked");
	DO(rig, rig_login(rig, rig->account, "2.00fresh"));
	CHECK(rig_claim(rig, send));
}

static void test_claim__waits_for_its_quota_and_spends_none_of_the_others(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct quota_window quotas[] = { hourly, daily };
	struct quota_state quota;
	struct send_row row = { 0 };
	bool claimed = false;

	(void)state;
	DO(rig, quota_spend(rig->tx, rig->account, &daily, 3, false, &rig->err));
	for (int i = 0; i < 4; i++) {
		struct send_id send = rig_publish(rig, "text", rig->now_at);

		DO(rig, rig_try_claim(rig, send, quotas, 2, &row, &claimed));
		CHECK(!claimed);
		CHECK_TEXT(rig_state(rig, send), "queued");
		/* 09:00 in the office is 01:00 UTC; but by then it will be late. */
		CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), RIG_NOW_AT + 10 * MINUTE_MS + 1);
		CHECK_INT(number(rig, "next_at", send), RIG_NOW_AT + 23 * HOUR_MS);
	}
	DO(rig, quota_state(rig->tx, rig->account, &hourly, &quota, &rig->err));
	CHECK_INT(quota.used, 0);
}

/* The clock was five minutes ahead and was set: nothing waits for what only that clock would have seen. */
static void test_clock_set_back__shortens_what_waits_for_a_future(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t now_at = RIG_NOW_AT + 58 * MINUTE_MS;
	struct send_row row = { 0 };
	bool claimed = false;
	struct send_id told;
	struct send_id spent;
	struct send_id fine;

	(void)state;
	rig->now_at = now_at;
	told = rig_publish(rig, "told", now_at);
	spent = rig_publish(rig, "spent", now_at);
	fine = rig_publish(rig, "fine", now_at + DAY_MS);
	rig->now_at = now_at + 5 * MINUTE_MS; /* another hour has begun */
	CHECK(rig_claim(rig, told));
	CHECK(rig_result(rig, told, SEND_DEFER, NULL, rig->now_at + 3 * MINUTE_MS));
	DO(rig, quota_spend(rig->tx, rig->account, &hourly, 2, false, &rig->err));
	DO(rig, rig_try_claim(rig, spent, &hourly, 1, &row, &claimed));
	CHECK(!claimed);
	CHECK_INT(number(rig, "next_at", spent), RIG_NOW_AT + 2 * HOUR_MS);

	rig->now_at = now_at;
	DO(rig, send_clock_set_back(rig->tx, &rig->err));
	CHECK_INT(number(rig, "next_at", told), now_at + 3 * MINUTE_MS);
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, told.v), now_at + 3 * MINUTE_MS);
	CHECK_INT(number(rig, "next_at", spent), now_at);
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, spent.v), now_at);
	CHECK_INT(number(rig, "next_at", fine), 0);
	CHECK(rig_claim(rig, spent));
}

static void test_claim__spends_every_quota_once(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct quota_window quotas[] = { hourly, daily };
	struct quota_state quota;
	struct send_row row = { 0 };
	bool claimed = false;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct send_id send = rig_publish(rig, "text", rig->now_at);

		DO(rig, rig_try_claim(rig, send, quotas, 2, &row, &claimed));
		CHECK_INT(claimed, i < 2);
		if (claimed) {
			send_row_finish(&row);
		}
	}
	DO(rig, quota_state(rig->tx, rig->account, &daily, &quota, &rig->err));
	CHECK_INT(quota.used, 2);
}

/* ---- results ---- */

static void test_finish__accepted(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", rig->now_at);

	(void)state;
	CHECK(rig_claim(rig, send));
	rig->now_at += 300;
	CHECK(rig_result(rig, send, SEND_ACCEPT, "4900000000000001", 0));
	CHECK_TEXT(rig_state(rig, send), "sent");
	CHECK_TEXT(word(rig, "remote_id", send), "4900000000000001");
	CHECK_INT(number(rig, "sent_at", send), rig->now_at);
	CHECK_TEXT(word(rig, "error_message", send), "-");
	CHECK_TEXT(
		rig_text(rig, "SELECT outcome || ' ' || http_status || ' ' || took_ms FROM attempt WHERE send_id = ?1",
			send.v),
		"accept 200 12");
	CHECK_INT(rig_events(rig, "send.sent", send.v), 1);
}

static void test_finish__deferred_waits_and_says_why(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", rig->now_at);

	(void)state;
	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_DEFER, NULL, rig->now_at + 5000));
	CHECK_TEXT(rig_state(rig, send), "queued");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), rig->now_at + 5000);
	CHECK_TEXT(word(rig, "error_message", send), "the platform said no");
	CHECK_TEXT(word(rig, "error_domain || error_advice || error_code", send), "platformretry10022");
	rig->now_at += 4999;
	CHECK(!rig_claim(rig, send));
	rig->now_at++;
	CHECK(rig_claim(rig, send));
	CHECK_INT(rig_number(rig, "SELECT max(number) FROM attempt WHERE send_id = ?1", send.v), 2);
	CHECK_INT(number(rig, "doubted", send), 0);
}

static void test_finish__refused_fails_and_warns(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = failed_send(rig, "text");

	(void)state;
	CHECK_TEXT(rig_text(rig, "SELECT json_extract(detail, '$.what') FROM notice WHERE kind = 'warning'", 0),
		"send-failed");
	CHECK(!rig_claim(rig, send));
}

static void test_finish__lost_is_unsure_and_looked_for(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", rig->now_at);

	(void)state;
	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_LOSE, NULL, rig->now_at + 20000));
	CHECK_TEXT(rig_state(rig, send), "unsure");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_LOOK, send.v), rig->now_at + 20000);
	CHECK_INT(rig_effects(rig, EFFECT_SEND_DUE, 0), 0);
	CHECK_INT(number(rig, "doubted", send), 1);
	CHECK(!rig_claim(rig, send)); /* never blindly again */
}

static void test_finish__found_is_sent(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = unsure_send(rig, "text");

	(void)state;
	DO(rig, send_look_again(rig->tx, send, rig->now_at + MINUTE_MS, "the timeline does not tell", &rig->err));
	CHECK_TEXT(word(rig, "note", send), "the timeline does not tell");
	CHECK(rig_result(rig, send, SEND_FIND, "49", 0));
	CHECK_TEXT(rig_state(rig, send), "sent");
	CHECK_TEXT(word(rig, "note", send), "-"); /* it has told since */
	CHECK_TEXT(rig_text(rig, "SELECT outcome FROM attempt WHERE send_id = ?1", send.v), "lose");
	CHECK(!rig_result(rig, send, SEND_MISS, NULL, 0));
	CHECK_TEXT(rig_state(rig, send), "sent");
}

static void test_finish__absent_is_queued_again_and_stays_doubted(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = unsure_send(rig, "text");

	(void)state;
	DO(rig, send_look_again(rig->tx, send, rig->now_at + MINUTE_MS, "not yet", &rig->err));
	CHECK_INT(number(rig, "finds", send), 1);
	CHECK(rig_result(rig, send, SEND_MISS, NULL, 0));
	CHECK_TEXT(rig_state(rig, send), "queued");
	CHECK_INT(rig_effects(rig, EFFECT_SEND_DUE, send.v), 1);
	CHECK_INT(number(rig, "resends", send), 1);
	CHECK_INT(number(rig, "doubted", send), 1);
	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_LOSE, NULL, rig->now_at + 1));
	CHECK_INT(number(rig, "finds", send), 0); /* counted for this doubt */
	CHECK_INT(number(rig, "resends", send), 1);
}

static void test_finish__out_of_state_changes_nothing(void **state)
{
	static const enum send_event results[] = { SEND_ACCEPT, SEND_DEFER, SEND_REFUSE, SEND_LOSE, SEND_FIND,
		SEND_MISS, SEND_PEND };
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id sends[SEND_STATES];

	(void)state;
	sends[SEND_HELD] = rig_publish(rig, "a", 0);
	sends[SEND_QUEUED] = rig_publish(rig, "b", rig->now_at);
	sends[SEND_SENDING] = rig_publish(rig, "c", rig->now_at);
	CHECK(rig_claim(rig, sends[SEND_SENDING]));
	sends[SEND_SENT] = rig_publish(rig, "d", rig->now_at);
	CHECK(rig_claim(rig, sends[SEND_SENT]) && rig_result(rig, sends[SEND_SENT], SEND_ACCEPT, "1", 0));
	sends[SEND_FAILED] = failed_send(rig, "e");
	sends[SEND_UNSURE] = unsure_send(rig, "f");
	sends[SEND_CANCELLED] = rig_publish(rig, "g", 0);
	DO(rig, send_cancel(rig->tx, &officer, sends[SEND_CANCELLED], "no", &rig->err));
	sends[SEND_PENDING] = pending_send(rig, "h");
	for (int from = 0; from < SEND_STATES; from++) {
		for (size_t i = 0; i < ARRAY_LEN(results); i++) {
			enum send_state to;
			int64_t events;

			if (send_next((enum send_state)from, results[i], &to)) {
				continue;
			}
			events = rig_number(rig, "SELECT count(*) FROM event", 0);
			CHECK(!rig_result(rig, sends[from], results[i], "999", rig->now_at));
			CHECK_TEXT(word(rig, "state", sends[from]), send_state_name((enum send_state)from));
			CHECK_TEXT(word(rig, "coalesce(remote_id, '')", sends[from]), from == SEND_SENT ? "1" : "");
			CHECK_INT(rig_number(rig, "SELECT count(*) FROM event", 0), events);
		}
	}
	rig_check_counters(rig);
}

static void test_finish__an_id_of_another_send_is_not_taken(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id first = rig_publish(rig, "one", rig->now_at);
	struct send_id second = rig_publish(rig, "two", rig->now_at);

	(void)state;
	CHECK(rig_claim(rig, first) && rig_result(rig, first, SEND_ACCEPT, "49", 0));
	CHECK(rig_claim(rig, second) && rig_result(rig, second, SEND_ACCEPT, "49", 0));
	CHECK_TEXT(rig_state(rig, second), "sent");
	CHECK_TEXT(word(rig, "remote_id", second), "-");
	CHECK_TEXT(word(rig, "note", second), "the platform gave an id that another send has");
}

/* What was found is another post: that proves nothing of this one, and a person has to hear of it. */
static void test_find__of_another_sends_post_asks_a_person(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id first = rig_publish(rig, "one", rig->now_at);
	struct send_id second = unsure_send(rig, "one");
	int64_t warnings = rig_number(rig, "SELECT count(*) FROM notice", 0);

	(void)state;
	CHECK(rig_claim(rig, first) && rig_result(rig, first, SEND_ACCEPT, "49", 0));
	CHECK(!rig_result(rig, second, SEND_FIND, "49", 0));
	CHECK_TEXT(rig_state(rig, second), "unsure");
	CHECK_TEXT(word(rig, "look_at", second), "-");
	CHECK_INT(rig_events(rig, "send.question", second.v), 1);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice", 0), warnings + 1);
}

static void test_look_again__counts_and_in_the_end_asks_a_person(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = unsure_send(rig, "text");
	struct send_id sent = rig_publish(rig, "other", rig->now_at);

	(void)state;
	DO(rig, send_look_again(rig->tx, send, rig->now_at + HOUR_MS, "the timeline does not tell", &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_LOOK, send.v), rig->now_at + HOUR_MS);
	DO(rig, send_look_again(rig->tx, send, 0, "looked enough", &rig->err));
	CHECK_INT(number(rig, "finds", send), 2);
	CHECK_TEXT(word(rig, "look_at", send), "-");
	CHECK_INT(rig_effects(rig, EFFECT_SEND_LOOK, 0), 0);
	CHECK_INT(rig_effects(rig, EFFECT_NOTICE, 0), 1);
	CHECK_INT(rig_events(rig, "send.question", send.v), 1);
	/* Only what is unsure is looked for. */
	DO(rig, send_look_again(rig->tx, sent, rig->now_at, "why", &rig->err));
	CHECK_INT(number(rig, "finds", sent), 0);
	CHECK_INT(rig->tx->effects.n, 0);
}

static void test_load_for_find__brings_the_ids_others_have(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id old = rig_publish(rig, "old", rig->now_at);
	struct send_id send;
	struct send_id other;
	struct send_row row = { 0 };

	(void)state;
	CHECK(rig_claim(rig, old) && rig_result(rig, old, SEND_ACCEPT, "1", 0));
	rig->now_at += 3 * DAY_MS;
	send = unsure_send(rig, "text");
	other = rig_publish(rig, "text", rig->now_at);
	CHECK(rig_claim(rig, other) && rig_result(rig, other, SEND_ACCEPT, "2", 0));
	DO(rig, send_load_for_find(rig->tx, send, &row, &rig->err));
	CHECK_INT(row.n_taken, 1);
	CHECK_TEXT(row.taken_ids[0], "2");
	/* what went out before it, not what went out later */
	CHECK_TEXT(row.before_id, "1");
	send_row_finish(&row);
}

/* ---- after a crash ---- */

static void test_recover__what_was_being_sent_is_unsure_and_not_sent_again(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id sending = rig_publish(rig, "one", rig->now_at);
	struct send_id queued = rig_publish(rig, "two", rig->now_at + HOUR_MS);
	struct send_id unsure = unsure_send(rig, "three");
	int n = 0;

	(void)state;
	CHECK(rig_claim(rig, sending));
	tx_close(rig->tx);
	rig->tx = NULL;
	CHECK_OK(tx_open(rig->path, true, &rig->tx, &rig->err), rig->err);
	DO(rig, send_recover(rig->tx, 20000, &n, &rig->err) && send_arm_all(rig->tx, &rig->err));
	CHECK_INT(n, 1);
	CHECK_TEXT(rig_state(rig, sending), "unsure");
	CHECK_INT(number(rig, "doubted", sending), 1);
	CHECK_INT(number(rig, "look_at", sending), rig->now_at + 20000);
	CHECK_INT(rig_effects(rig, EFFECT_SEND_LOOK, sending.v), 2); /* moved, and armed */
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_LOOK, unsure.v), rig->now_at + MINUTE_MS);
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, queued.v), rig->now_at + HOUR_MS);
	CHECK_INT(rig_effects(rig, EFFECT_SEND_DUE, sending.v), 0);
	CHECK_TEXT(rig_text(rig,
			   "SELECT json_extract(detail, '$.reason') FROM event WHERE action = 'send.unsure' AND "
			   "object_id = ?1",
			   sending.v),
		"the daemon ended while it was being sent");
	DO(rig, send_recover(rig->tx, 20000, &n, &rig->err));
	CHECK_INT(n, 0);
	rig_check_counters(rig);
}

/* ---- known again by a number of ours ---- */

static void test_resend__stays_unsure_until_it_is_claimed(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = unsure_send(rig, "text");
	struct send_row row = { 0 };
	bool claimed = false;

	(void)state;
	rig->now_at += MINUTE_MS;
	DO(rig, rig_try_claim(rig, send, NULL, 0, &row, &claimed));
	CHECK(!claimed); /* not by itself */
	DO(rig, send_resend(rig->tx, send, &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), rig->now_at);
	CHECK_TEXT(rig_state(rig, send), "unsure");
	CHECK(number(rig, "look_at", send) > 0); /* no person is asked */
	DO(rig, send_cancel(rig->tx, &officer, send, "wrong", &rig->err));
	CHECK_TEXT(rig_state(rig, send), "unsure"); /* what was wished is noted, no more: see test_send_steer.c */
	DO(rig, send_release(rig->tx, &officer, send, 0, &rig->err));
	DO(rig, account_pause(rig->tx, &leader, rig->account, "storm", &rig->err));
	CHECK_TEXT(rig_state(rig, send), "unsure");
	DO(rig, rig_try_claim(rig, send, NULL, 0, &row, &claimed));
	CHECK(!claimed);
	CHECK_TEXT(rig_state(rig, send), "unsure");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_LOOK, send.v), rig->now_at + 10 * MINUTE_MS);
	DO(rig, account_resume(rig->tx, &leader, rig->account, &rig->err));
	DO(rig, send_resend(rig->tx, send, &rig->err));
	DO(rig, send_arm_all(rig->tx, &rig->err)); /* after a restart */
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), rig->now_at);
	CHECK_INT(rig_effects(rig, EFFECT_SEND_LOOK, send.v), 0);
	DO(rig, rig_try_claim(rig, send, NULL, 0, &row, &claimed));
	CHECK(claimed && row.unproven && row.doubted);
	CHECK_INT(number(rig, "resends", send), 1);
	CHECK_TEXT(rig_state(rig, send), "sending");
	send_row_finish(&row);
}

static void test_resend__waits_for_its_quota_and_is_still_unsure(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = unsure_send(rig, "text");
	struct send_row row = { 0 };
	bool claimed = false;

	(void)state;
	DO(rig, quota_spend(rig->tx, rig->account, &hourly, 2, false, &rig->err));
	DO(rig, send_resend(rig->tx, send, &rig->err));
	DO(rig, rig_try_claim(rig, send, &hourly, 1, &row, &claimed));
	CHECK(!claimed);
	CHECK_TEXT(rig_state(rig, send), "unsure");
	CHECK_INT(number(rig, "look_at", send), RIG_NOW_AT + HOUR_MS);
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), RIG_NOW_AT + 10 * MINUTE_MS + 1); /* as anything */
}

static void test_resend__too_late_asks_a_person(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = unsure_send(rig, "text");
	struct send_row row = { 0 };
	bool claimed = false;

	(void)state;
	rig->now_at += 3 * HOUR_MS;
	DO(rig, send_resend(rig->tx, send, &rig->err));
	DO(rig, rig_try_claim(rig, send, NULL, 0, &row, &claimed));
	CHECK(!claimed);
	CHECK_TEXT(rig_state(rig, send), "unsure");
	CHECK_INT(number(rig, "look_at", send), 0);
	CHECK_INT(number(rig, "next_at", send), 0);
	CHECK_INT(
		rig_number(rig, "SELECT count(*) FROM event WHERE action = 'send.question' AND object_id = ?1", send.v),
		1);
	DO(rig, settle(rig, send, SEND_SETTLE_SENT, NULL));
	DO(rig, send_resend(rig->tx, send, &rig->err)); /* late news */
	CHECK_TEXT(rig_state(rig, send), "sent");
}

/* ---- people ---- */

static void test_hold__and_release(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", rig->now_at + HOUR_MS);

	(void)state;
	DO(rig, send_hold(rig->tx, &officer, send, "wording", &rig->err));
	CHECK_TEXT(rig_state(rig, send), "held operator");
	CHECK(!rig_claim(rig, send));
	DO(rig, send_hold(rig->tx, &officer, send, "again", &rig->err));
	CHECK_INT(rig_events(rig, "send.held", send.v), 1); /* as it was */
	DO(rig, send_release(rig->tx, &officer, send, 0, &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), rig->now_at + HOUR_MS); /* its time is kept */
	DO(rig, send_hold(rig->tx, &officer, send, "wording", &rig->err));
	DO(rig, send_release(rig->tx, &officer, send, rig->now_at + 2 * HOUR_MS, &rig->err));
	CHECK_INT(number(rig, "due_at", send), rig->now_at + 2 * HOUR_MS);
	CHECK(rig_number(rig, "SELECT min(actor_uid) FROM event WHERE action = 'send.held' AND object_id = ?1",
		      send.v) == 1001);
}

static void test_release__not_against_the_account(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", rig->now_at + HOUR_MS);
	struct send_id draft = rig_publish(rig, "draft", 0);

	(void)state;
	DO(rig, account_pause(rig->tx, &leader, rig->account, "quiet", &rig->err));
	DO_FAILS(rig, send_release(rig->tx, &officer, send, 0, &rig->err), ERROR_STATE, "weibo-main is paused");
	assert_non_null(strstr(rig->err.message, "it goes when the account does"));
	CHECK_TEXT(rig_state(rig, send), "held account_paused");
	/* A draft does not go by itself. */
	DO_FAILS(rig, send_release(rig->tx, &officer, draft, 0, &rig->err), ERROR_STATE,
		"release it when the account is ready");
}

static void test_people__every_verb_against_every_state(void **state)
{
	static const enum send_event verbs[] = { SEND_HOLD, SEND_RELEASE, SEND_CANCEL, SEND_RETRY, SEND_SETTLE_SENT,
		SEND_SETTLE_ABSENT, SEND_MISS };

	(void)state;
	for (int from = 0; from < SEND_STATES; from++) {
		cleanup(rig_freep) struct rig *rig = rig_new();

		for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
			struct send_id send = from == SEND_HELD      ? rig_publish(rig, "t", 0)
					      : from == SEND_FAILED  ? failed_send(rig, "t")
					      : from == SEND_UNSURE  ? unsure_send(rig, "t")
					      : from == SEND_PENDING ? pending_send(rig, "t")
								     : rig_publish(rig, "t", rig->now_at);
			enum send_state to = (enum send_state)from;
			bool may;
			bool did = false;

			if (from == SEND_SENDING || from == SEND_SENT) {
				CHECK(rig_claim(rig, send));
			}
			if (from == SEND_SENT) {
				CHECK(rig_result(rig, send, SEND_ACCEPT, NULL, 0));
			}
			if (from == SEND_CANCELLED) {
				DO(rig, send_cancel(rig->tx, &officer, send, "no", &rig->err));
			}
			may = send_next((enum send_state)from, verbs[i], &to);
			if (send_takes_wish((enum send_state)from) &&
				(verbs[i] == SEND_HOLD || verbs[i] == SEND_CANCEL)) {
				may = true; /* noted, and nothing more: see test_send_steer.c */
				to = (enum send_state)from;
			}
			rig_begin(rig);
			switch ((int)verbs[i]) {
			case SEND_HOLD:
				did = send_hold(rig->tx, &officer, send, "why", &rig->err);
				break;
			case SEND_RELEASE:
				did = send_release(rig->tx, &officer, send, 0, &rig->err);
				break;
			case SEND_CANCEL:
				did = send_cancel(rig->tx, &officer, send, "why", &rig->err);
				break;
			case SEND_RETRY:
				did = send_retry(rig->tx, &officer, send, &rig->err);
				break;
			default:
				did = settle(rig, send, verbs[i], NULL);
			}
			tx_try(rig->tx, did ? "COMMIT" : "ROLLBACK");
			CHECK_INT(did, may);
			CHECK_TEXT(word(rig, "state", send), send_state_name(to));
			if (!did) {
				CHECK_INT(rig->err.domain, ERROR_STATE);
				CHECK_INT(rig->err.advice, ADVISE_REJECT);
			}
		}
		rig_check_counters(rig);
	}
}

static void test_retry__goes_now_and_keeps_its_history(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = failed_send(rig, "text");

	(void)state;
	rig->now_at += 3 * DAY_MS;
	DO(rig, send_retry(rig->tx, &officer, send, &rig->err));
	CHECK_TEXT(word(rig, "error_message", send), "-");
	CHECK(rig_claim(rig, send)); /* the late rule does not stop a person */
	CHECK_INT(number(rig, "attempts", send), 2);
}

static void test_settle__sent_and_absent_and_once_more(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id there = unsure_send(rig, "a");
	struct send_id absent = unsure_send(rig, "b");
	struct send_id again = unsure_send(rig, "c");

	(void)state;
	DO(rig, settle(rig, there, SEND_SETTLE_SENT, "49"));
	CHECK_TEXT(rig_state(rig, there), "sent");
	CHECK_TEXT(word(rig, "remote_id", there), "49");
	DO(rig, settle(rig, absent, SEND_SETTLE_ABSENT, NULL));
	CHECK_TEXT(rig_state(rig, absent), "cancelled");
	rig->now_at += 3 * DAY_MS;
	DO(rig, settle(rig, again, SEND_MISS, NULL));
	CHECK_TEXT(rig_state(rig, again), "queued");
	CHECK_INT(number(rig, "resends", again), 1);
	CHECK(rig_claim(rig, again));
	/* Late news changes nothing. */
	CHECK(!rig_result(rig, there, SEND_MISS, NULL, 0));
	CHECK_TEXT(rig_state(rig, there), "sent");
}

static void test_settle__an_id_of_another_send_is_refused_in_words(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id first = unsure_send(rig, "a");
	struct send_id second = unsure_send(rig, "b");

	(void)state;
	DO(rig, settle(rig, first, SEND_SETTLE_SENT, "49"));
	DO_FAILS(rig, settle(rig, second, SEND_SETTLE_SENT, "49"), ERROR_STATE, "another send");
	CHECK_INT(rig->err.advice, ADVISE_REJECT);
}

/* ---- replies ---- */

static void test_reply__is_queued_at_once_and_knows_what_it_answers(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	enum intake_result what;
	struct ticket_id ticket = rig_message(rig, "citizen", "没水", 3, &what);
	struct reply_new new = { .ticket = ticket, .account = rig->account, .message = { 1 }, .text = "已派人" };
	struct send_id send = { 0 };
	struct send_row row = { 0 };
	bool claimed = false;
	bool held = false;

	(void)state;
	DO(rig, send_insert_reply(rig->tx, &officer, &new, &send, &held, &rig->err));
	CHECK(!held);
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), rig->now_at);
	rig->now_at += 30 * DAY_MS; /* no late rule for an answer */
	DO(rig, rig_try_claim(rig, send, NULL, 0, &row, &claimed));
	CHECK(claimed);
	CHECK_INT(row.reply_to_kind, MESSAGE_DIRECT);
	CHECK_TEXT(row.reply_to_id, "5000");
	CHECK_INT(row.ticket.v, ticket.v);
	send_row_finish(&row);
	CHECK(rig_result(rig, send, SEND_ACCEPT, "77", 0));
	CHECK_INT(rig_events(rig, "ticket.reply-sent", ticket.v), 1);
	rig_check_counters(rig);
}

static void test_reply__waits_for_its_account(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	enum intake_result what;
	struct ticket_id ticket = rig_message(rig, "citizen", "没水", 3, &what);
	struct reply_new new = { .ticket = ticket, .account = rig->account, .message = { 1 }, .text = "已派人" };
	struct send_id send = { 0 };
	bool held = false;

	(void)state;
	DO(rig, account_park(rig->tx, rig->account, NULL, PARK_TOKEN, "token refused", &rig->err));
	DO(rig, send_insert_reply(rig->tx, &officer, &new, &send, &held, &rig->err));
	CHECK(held);
	CHECK_TEXT(rig_state(rig, send), "held account_parked");
	DO(rig, rig_login(rig, rig->account, "2.00fresh"));
	CHECK_TEXT(rig_state(rig, send), "queued");
}

static void test_delivery__is_found_by_post_and_account(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "text", 0);
	struct send_id found = { 0 };
	struct send_row row = { 0 };

	(void)state;
	DO(rig, send_find_delivery(rig->tx, (struct post_id){ 1 }, "weibo-main", &found, &rig->err));
	CHECK_INT(found.v, send.v);
	DO_FAILS(rig, send_find_delivery(rig->tx, (struct post_id){ 1 }, "weibo-two", &found, &rig->err), ERROR_MISSING,
		"no delivery 1/weibo-two");
	DO_FAILS(rig, send_load(rig->tx, (struct send_id){ 99 }, &row, &rig->err), ERROR_MISSING, "no send 99");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim__writes_the_attempt_before_anything_leaves),
		cmocka_unit_test(test_claim__never_before_its_time),
		cmocka_unit_test(test_late_rule__publishes_within_it_and_holds_beyond),
		cmocka_unit_test(test_late_rule__also_ends_the_tries_of_what_began_in_time),
		cmocka_unit_test(test_late_rule__also_ends_waiting_for_a_limit),
		cmocka_unit_test(test_until__nothing_is_published_after_it),
		cmocka_unit_test(test_claim__an_account_that_is_not_ready_holds_it),
		cmocka_unit_test(test_claim__waits_for_its_quota_and_spends_none_of_the_others),
		cmocka_unit_test(test_clock_set_back__shortens_what_waits_for_a_future),
		cmocka_unit_test(test_claim__spends_every_quota_once),
		cmocka_unit_test(test_finish__accepted),
		cmocka_unit_test(test_finish__deferred_waits_and_says_why),
		cmocka_unit_test(test_finish__refused_fails_and_warns),
		cmocka_unit_test(test_finish__lost_is_unsure_and_looked_for),
		cmocka_unit_test(test_finish__found_is_sent),
		cmocka_unit_test(test_finish__absent_is_queued_again_and_stays_doubted),
		cmocka_unit_test(test_finish__out_of_state_changes_nothing),
		cmocka_unit_test(test_finish__an_id_of_another_send_is_not_taken),
		cmocka_unit_test(test_find__of_another_sends_post_asks_a_person),
		cmocka_unit_test(test_look_again__counts_and_in_the_end_asks_a_person),
		cmocka_unit_test(test_resend__stays_unsure_until_it_is_claimed),
		cmocka_unit_test(test_resend__waits_for_its_quota_and_is_still_unsure),
		cmocka_unit_test(test_resend__too_late_asks_a_person),
		cmocka_unit_test(test_load_for_find__brings_the_ids_others_have),
		cmocka_unit_test(test_recover__what_was_being_sent_is_unsure_and_not_sent_again),
		cmocka_unit_test(test_hold__and_release),
		cmocka_unit_test(test_release__not_against_the_account),
		cmocka_unit_test(test_people__every_verb_against_every_state),
		cmocka_unit_test(test_retry__goes_now_and_keeps_its_history),
		cmocka_unit_test(test_settle__sent_and_absent_and_once_more),
		cmocka_unit_test(test_settle__an_id_of_another_send_is_refused_in_words),
		cmocka_unit_test(test_reply__is_queued_at_once_and_knows_what_it_answers),
		cmocka_unit_test(test_reply__waits_for_its_account),
		cmocka_unit_test(test_delivery__is_found_by_post_and_account),
	};

	return check_run(tests);
}
