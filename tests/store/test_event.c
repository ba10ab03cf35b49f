/* Events and notices: the history in its order, pages of it, hooks owed, tried again and given up. */
#include "rig.h"

#include "codec/json.h"

static bool add(struct rig *rig, const char *action, int64_t object)
{
	cJSON *detail = json_object();

	json_add_text(detail, "reason", "because \"of\" 原因");
	json_add_text(detail, "actor", "somebody else"); /* a detail cannot pose as a column */
	return event_add(rig->tx, &officer, action, OBJECT_TICKET, object, detail, &rig->err);
}

static void test_event__is_a_row_and_what_monitors_see(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(json_freep) cJSON *rows = json_array();
	cleanup(json_freep) cJSON *seen = NULL;
	const cJSON *row;

	(void)state;
	DO(rig, add(rig, "ticket.note", 7) &&
			event_add(rig->tx, &actor_daemon, "daemon.start", OBJECT_DAEMON, 0, NULL, &rig->err));
	CHECK_INT(rig_effects(rig, EFFECT_EVENT, 0), 2);
	seen = event_to_json(rig->tx->effects.items[0].event);
	CHECK_TEXT(json_text(seen, "action", ""), "ticket.note");
	CHECK_TEXT(json_text(seen, "actor", ""), "officer");
	CHECK_TEXT(json_text(seen, "reason", ""), "because \"of\" 原因");
	CHECK_TEXT(json_text(seen, "object", ""), "ticket");
	CHECK_INT(json_i64(seen, "id", 0), 7);
	CHECK_INT(json_i64(seen, "seq", 0), rig->tx->effects.items[0].id);
	DO(rig, event_list(rig->tx, OBJECT_TICKET, 7, 0, 10, rows, &rig->err));
	CHECK_INT(cJSON_GetArraySize(rows), 1);
	row = cJSON_GetArrayItem(rows, 0);
	CHECK_TEXT(json_text(row, "reason", ""), "because \"of\" 原因");
	CHECK_TEXT(json_text(row, "actor", ""), "officer");
	CHECK_INT(rig_number(rig, "SELECT actor_uid FROM event WHERE action = 'daemon.start'", 0), -1);
}

static void test_list__pages_by_sequence_and_object(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t after = 0;
	int n = 0;

	(void)state;
	for (int i = 0; i < 25; i++) {
		DO(rig, add(rig, "ticket.note", i % 2));
	}
	for (;;) {
		cleanup(json_freep) cJSON *rows = json_array();
		const cJSON *row;

		DO(rig, event_list(rig->tx, OBJECT_TICKET, 1, after, 5, rows, &rig->err));
		if (cJSON_GetArraySize(rows) == 0) {
			break;
		}
		cJSON_ArrayForEach(row, rows)
		{
			CHECK(json_i64(row, "seq", 0) > after);
			after = json_i64(row, "seq", 0);
			n++;
		}
	}
	CHECK_INT(n, 12);
}

/* The clock was set back in between: every event is shown once all the same. */
static void test_since__has_no_gaps_when_the_clock_went_back(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	static const int64_t minutes[] = { -60, 10, 11, 12, 2, 3, 13, 14, 4, 5 };
	bool seen[ARRAY_LEN(minutes)] = { false };
	int64_t after = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(minutes); i++) {
		rig->now_at = RIG_NOW_AT + minutes[i] * MINUTE_MS;
		DO(rig, add(rig, "ticket.note", (int64_t)i));
	}
	for (;;) {
		cleanup(json_freep) cJSON *rows = json_array();
		const cJSON *row;

		DO(rig, event_list_since(rig->tx, RIG_NOW_AT, after, 2, rows, &rig->err));
		if (cJSON_GetArraySize(rows) == 0) {
			break;
		}
		cJSON_ArrayForEach(row, rows)
		{
			int64_t id = json_i64(row, "id", -1);

			CHECK(id >= 0 && !seen[id]);
			seen[id] = true;
			CHECK(json_i64(row, "seq", 0) > after);
			after = json_i64(row, "seq", 0);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(minutes); i++) {
		CHECK_INT(seen[i], minutes[i] >= 0);
	}
}

/* ---- notices ---- */

static int64_t owe(struct rig *rig, const char *kind, int64_t ticket)
{
	cJSON *detail = json_object();

	json_add_text(detail, "what", "send-failed");
	DO(rig, notice_add(rig->tx, kind, "leader", ticket, rig->account.v, detail, &rig->err));
	return rig_number(rig, "SELECT max(id) FROM notice", 0);
}

static void test_notice__is_owed_until_it_is_done(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t id = owe(rig, "alarm", 7);
	struct notice_row row = { 0 };

	(void)state;
	CHECK_INT(rig_effect_at(rig, EFFECT_ALARM, id), rig->now_at);
	DO(rig, notice_load(rig->tx, id, &row, &rig->err));
	CHECK_TEXT(row.kind, "alarm");
	CHECK_TEXT(row.target, "leader");
	CHECK_TEXT(row.detail, "{\"what\":\"send-failed\"}");
	CHECK_INT(row.ticket, 7);
	CHECK_INT(row.tries, 0);
	notice_row_finish(&row);
	DO(rig, notice_arm_all(rig->tx, &rig->err));
	CHECK_INT(rig_effects(rig, EFFECT_ALARM, id), 1);
	DO(rig, notice_done(rig->tx, id, 0, NULL, &rig->err));
	CHECK_INT(rig_events(rig, "notice.done", 7), 1);
	DO_FAILS(rig, notice_load(rig->tx, id, &row, &rig->err), ERROR_MISSING, "no open notice");
	DO(rig, notice_done(rig->tx, id, 1, "late", &rig->err)); /* nobody asks any more */
	CHECK_TEXT(rig_text(rig, "SELECT state FROM notice WHERE id = ?1", id), "done");
	DO(rig, notice_arm_all(rig->tx, &rig->err));
	CHECK_INT(rig->tx->effects.n, 0);
}

static void test_notice__of_a_clock_that_was_ahead_is_owed_now(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t right_at = rig->now_at;
	int64_t again = owe(rig, "warning", 0);
	int64_t id;

	(void)state;
	DO(rig, notice_done(rig->tx, again, 1, "exit 1", &rig->err));
	rig->now_at += DAY_MS;
	id = owe(rig, "alarm", 7);
	rig->now_at = right_at;
	DO(rig, notice_clock_set_back(rig->tx, &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_ALARM, id), right_at);
	CHECK_INT(rig_effects(rig, EFFECT_NOTICE, again), 0); /* waits for its second try, as it should */
	DO(rig, notice_arm_all(rig->tx, &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_ALARM, id), right_at);
}

static void test_notice__is_tried_three_times_and_then_an_alarm_itself(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t id = owe(rig, "warning", 0);

	(void)state;
	DO(rig, notice_done(rig->tx, id, -1, "cannot run", &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_NOTICE, id), rig->now_at + 30 * SECOND_MS);
	DO(rig, notice_done(rig->tx, id, 1, "exit 1", &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_NOTICE, id), rig->now_at + 60 * SECOND_MS);
	/* A restart does not forget when it is to be tried again. */
	DO(rig, notice_arm_all(rig->tx, &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_NOTICE, id), rig->now_at + 60 * SECOND_MS);
	DO(rig, notice_done(rig->tx, id, 1, "exit 1", &rig->err));
	CHECK_INT(rig_effects(rig, EFFECT_NOTICE, 0), 0);
	CHECK_TEXT(
		rig_text(rig,
			"SELECT state || ' ' || tries || ' ' || exit_code || ' ' || why FROM notice WHERE id = ?1", id),
		"failed 3 1 exit 1");
	CHECK_INT(rig_events(rig, "notice.failed", rig->account.v), 1);
	CHECK_INT(
		rig_number(rig, "SELECT json_extract(detail, '$.alarm') FROM event WHERE action = 'notice.failed'", 0),
		1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event__is_a_row_and_what_monitors_see),
		cmocka_unit_test(test_list__pages_by_sequence_and_object),
		cmocka_unit_test(test_since__has_no_gaps_when_the_clock_went_back),
		cmocka_unit_test(test_notice__is_owed_until_it_is_done),
		cmocka_unit_test(test_notice__of_a_clock_that_was_ahead_is_owed_now),
		cmocka_unit_test(test_notice__is_tried_three_times_and_then_an_alarm_itself),
	};

	return check_run(tests);
}
