/* Messages: stored once, opening, joining, raising and reopening tickets. */
#include "rig.h"

#include "core/limits.h"

struct said {
	enum message_kind kind;
	const char *id;
	const char *author;
	const char *status;
	const char *parent;
	int priority;
	bool from_us;
};

static int64_t window_ms; /* that a message opens */
static int64_t about;     /* the ticket that it names */

static enum intake_result result;

static bool take(struct rig *rig, const struct said *said, struct ticket_id *ret_ticket)
{
	struct message message = { .kind = said->kind,
		.created_at = rig->now_at - 1000,
		.from_us = said->from_us,
		.window_ms = window_ms,
		.window_replies = 5,
		.remote_id = xstrdup(said->id),
		.author_id = xstrdup(said->author),
		.author_name = xstrdup("市民"),
		.text = xstrdup("没水了"),
		.status_id = xstrdup(said->status),
		.parent_id = xstrdup(said->parent) };
	struct ticket_clocks clocks[PRIORITIES];
	struct message_new new = { .message = &message,
		.priority = said->priority,
		.class = said->priority ? "consult" : "life",
		.clocks = clocks,
		.about = { about },
		.window_rungs = 1 << 1 | 1 << 2 };
	bool ok;

	for (int i = 0; i < PRIORITIES; i++) { /* the lower, the slower; no answer, no reply */
		clocks[i] = (struct ticket_clocks){ .ack_at = rig->now_at + HOUR_MS,
			.reply_at = i == PRIORITY_NO_ANSWER ? 0 : rig->now_at + (1 + i) * DAY_MS,
			.rung_at = rig->now_at + 30 * MINUTE_MS };
	}
	ok = intake_message(rig->tx, rig->account, &new, &result, ret_ticket, &rig->err);
	message_finish(&message);
	return ok;
}

static int64_t say(struct rig *rig, struct said said)
{
	struct ticket_id ticket = { 0 };

	DO(rig, take(rig, &said, &ticket));
	return ticket.v;
}

static const char *state_of(struct rig *rig, int64_t ticket)
{
	return rig_text(rig, "SELECT state || ' P' || priority || ' v' || version FROM ticket WHERE id = ?1", ticket);
}

static bool claim(struct rig *rig, int64_t ticket)
{
	return ticket_claim(rig->tx, &officer, (struct ticket_id){ ticket }, HOUR_MS, false, &rig->err);
}

static bool close_it(struct rig *rig, int64_t ticket)
{
	return ticket_close(rig->tx, &leader, (struct ticket_id){ ticket }, "answered", "done", &rig->err);
}

static void test_first__opens_a_ticket(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t ticket = say(rig, (struct said){ MESSAGE_COMMENT, "1", "a", "post1", NULL, 3, false });

	(void)state;
	CHECK_INT(result, INTAKE_OPENED);
	CHECK_TEXT(state_of(rig, ticket), "new P3 v1");
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, ticket), rig->now_at + 30 * MINUTE_MS);
	CHECK_INT(rig_effects(rig, EFFECT_INDEX, 0), 1);
	CHECK_INT(rig_events(rig, "ticket.open", ticket), 1);
	CHECK_INT(rig_number(rig, "SELECT next_due_at FROM ticket WHERE id = ?1", ticket), rig->now_at + HOUR_MS);
	CHECK_INT(rig_number(rig, "SELECT last_message_id FROM ticket WHERE id = ?1", ticket), 1);
	CHECK_INT(rig_number(rig, "SELECT ticket_id FROM message WHERE id = 1", 0), ticket);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice", 0), 0);
	rig_check_counters(rig);
}

static void test_known__writes_nothing(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct said said = { MESSAGE_COMMENT, "1", "a", "post1", NULL, 0, false };
	int64_t ticket = say(rig, said);
	int before = sqlite3_total_changes(rig->tx->sqlite);

	(void)state;
	CHECK_INT(say(rig, said), ticket);
	CHECK_INT(result, INTAKE_KNOWN);
	CHECK_INT(sqlite3_total_changes(rig->tx->sqlite), before);
	CHECK_INT(rig->tx->effects.n, 0);
	/* The same id of another kind, or of another account, is another message. */
	(void)say(rig, (struct said){ MESSAGE_MENTION, "1", "a", "post1", NULL, 3, false });
	CHECK_INT(result, INTAKE_OPENED);
	rig->account = rig_account(rig, "weibo-two");
	(void)say(rig, said);
	CHECK_INT(result, INTAKE_OPENED);
}

static void test_thread__same_citizen_and_same_place_is_one_case(void **state)
{
	static const struct {
		struct said said;
		bool same; /* as the first */
	} cases[] = {
		{ { MESSAGE_COMMENT, "2", "a", "post1", NULL, 3, false }, true },
		{ { MESSAGE_COMMENT, "3", "a", "post2", NULL, 3, false }, false },
		{ { MESSAGE_COMMENT, "4", "b", "post1", NULL, 3, false }, false },
		{ { MESSAGE_MENTION, "5", "a", "post1", NULL, 3, false }, false },
		{ { MESSAGE_DIRECT, "6", "a", NULL, NULL, 3, false }, false },
	};
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t first = say(rig, (struct said){ MESSAGE_COMMENT, "1", "a", "post1", NULL, 3, false });

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ticket = say(rig, cases[i].said);

		CHECK_INT(ticket == first, cases[i].same);
		CHECK_INT(result, cases[i].same ? INTAKE_JOINED : INTAKE_OPENED);
	}
	/* Mentions are one case wherever they stand, and so are private messages. */
	CHECK_INT(say(rig, (struct said){ MESSAGE_MENTION, "7", "a", "post9", NULL, 3, false }),
		rig_number(rig, "SELECT ticket_id FROM message WHERE remote_id = '5'", 0));
	CHECK_INT(say(rig, (struct said){ MESSAGE_DIRECT, "8", "a", NULL, NULL, 3, false }),
		rig_number(rig, "SELECT ticket_id FROM message WHERE remote_id = '6'", 0));
	CHECK_TEXT(state_of(rig, first), "new P3 v2");
	rig_check_counters(rig);
}

/* Also when he has a newer one, and however long ago it was closed. */
static void test_thread__is_left_for_the_case_that_is_named(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct said said = { MESSAGE_DIRECT, "1", "a", NULL, NULL, 3, false };
	int64_t first = say(rig, said);
	int64_t second;

	(void)state;
	DO(rig, tx_exec(rig->tx, "UPDATE ticket SET state = 'closed', closed_at = 1", &rig->err));
	DO(rig, tx_exec(rig->tx, "UPDATE counter SET key = 'closed/3' WHERE name = 'ticket'", &rig->err));
	said.id = "2";
	second = say(rig, said);
	CHECK(second != first);
	about = first;
	said.id = "3";
	CHECK_INT(say(rig, said), first);
	CHECK_INT(result, INTAKE_JOINED);
	CHECK_TEXT(state_of(rig, first), "new P3 v2");
	about = 0;
	said.id = "4";
	CHECK_INT(say(rig, said), second);
	rig_check_counters(rig);
}

static void test_thread__citizens_without_an_id_are_never_one(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t one = say(rig, (struct said){ MESSAGE_DIRECT, "1", NULL, NULL, NULL, 3, false });
	int64_t two = say(rig, (struct said){ MESSAGE_DIRECT, "2", "", NULL, NULL, 3, false });

	(void)state;
	CHECK(one != two);
}

/* Nobody is taken for somebody else whose id begins alike; and no message is lost for the length of an id. */
static void test_thread__long_ids_that_begin_alike_are_two_citizens(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	char one[LIMIT_REMOTE_ID_BYTES + 40];
	char two[sizeof(one)];

	(void)state;
	memset(one, 'x', sizeof(one));
	one[sizeof(one) - 1] = '\0';
	memcpy(two, one, sizeof(one));
	two[sizeof(two) - 2] = 'y';
	CHECK(say(rig, (struct said){ MESSAGE_DIRECT, "1", one, NULL, NULL, 3, false }) !=
		say(rig, (struct said){ MESSAGE_DIRECT, "2", two, NULL, NULL, 3, false }));
	CHECK(say(rig, (struct said){ MESSAGE_COMMENT, "3", "a", one, NULL, 3, false }) !=
		say(rig, (struct said){ MESSAGE_COMMENT, "4", "a", two, NULL, 3, false }));
}

static void test_priority__is_raised_and_never_lowered(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t ticket = say(rig, (struct said){ MESSAGE_DIRECT, "1", "a", NULL, NULL, 3, false });

	(void)state;
	(void)say(rig, (struct said){ MESSAGE_DIRECT, "2", "a", NULL, NULL, 9, false });
	CHECK_TEXT(state_of(rig, ticket), "new P3 v2");
	rig->now_at += 2 * HOUR_MS;
	(void)say(rig, (struct said){ MESSAGE_DIRECT, "3", "a", NULL, NULL, 1, false });
	CHECK_TEXT(state_of(rig, ticket), "new P1 v3");
	CHECK_INT(rig_number(rig, "SELECT clock_at FROM ticket WHERE id = ?1", ticket), rig->now_at);
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, ticket), rig->now_at + 30 * MINUTE_MS);
	rig_check_counters(rig);
}

/* A ticket that was answered, and the reply's clock after the citizen wrote again, in days from then. */
static int64_t reply_days(struct rig *rig, const char *author, int was, int now)
{
	char ids[2][24];
	int64_t ticket;
	struct send_id send = { 0 };

	(void)snprintf(ids[0], sizeof(ids[0]), "1%s", author);
	(void)snprintf(ids[1], sizeof(ids[1]), "2%s", author);
	ticket = say(rig, (struct said){ MESSAGE_DIRECT, ids[0], author, NULL, NULL, was, false });
	CHECK(claim(rig, ticket));
	DO(rig, ticket_reply(rig->tx, &officer, (struct ticket_id){ ticket }, 2, "好", false, &send, &rig->err));
	rig->now_at += MINUTE_MS;
	(void)say(rig, (struct said){ MESSAGE_DIRECT, ids[1], author, NULL, NULL, now, false });
	CHECK_INT(rig_number(rig, "SELECT clock_at FROM ticket WHERE id = ?1", ticket), rig->now_at);
	return (rig_number(rig, "SELECT COALESCE(reply_at, clock_at) - clock_at FROM ticket WHERE id = ?1", ticket)) /
	       DAY_MS;
}

static void test_clocks__are_those_of_the_ticket_whatever_the_latest_message_says(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	CHECK_INT(reply_days(rig, "bridge", 0, 3), 1); /* "yes", from who wanted to jump */
	CHECK_INT(reply_days(rig, "thanks", 0, 9), 1);
	CHECK_INT(reply_days(rig, "worse", 3, 1), 2);
	CHECK_INT(reply_days(rig, "same", 2, 4), 3);
	CHECK_INT(reply_days(rig, "content", 3, 9), 0);
	rig_check_counters(rig);
}

static void test_life__alarms_also_when_it_joins(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t ticket = say(rig, (struct said){ MESSAGE_DIRECT, "1", "a", NULL, NULL, 3, false });

	(void)state;
	for (int i = 1; i <= 2; i++) {
		(void)say(rig, (struct said){ MESSAGE_DIRECT, i == 1 ? "2" : "3", "a", NULL, NULL, 0, false });
		CHECK_INT(result, INTAKE_JOINED);
		CHECK_INT(rig_effects(rig, EFFECT_ALARM, 0), 1);
		CHECK_INT(
			rig_number(rig, "SELECT count(*) FROM notice WHERE kind = 'alarm' AND ticket_id = ?1", ticket),
			i);
		CHECK_INT(rig_events(rig, "ticket.alarm", ticket), i);
	}
	CHECK_INT(rig_number(rig, "SELECT ever_p0 FROM ticket WHERE id = ?1", ticket), 1);
	(void)say(rig, (struct said){ MESSAGE_DIRECT, "9", "b", NULL, NULL, 0, false });
	CHECK_INT(result, INTAKE_OPENED);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice WHERE kind = 'alarm'", 0), 3);
	rig_check_counters(rig);
}

static void test_join__never_takes_it_from_its_holder(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t ticket = say(rig, (struct said){ MESSAGE_DIRECT, "1", "a", NULL, NULL, 3, false });
	struct send_id send;

	(void)state;
	DO(rig, claim(rig, ticket));
	(void)say(rig, (struct said){ MESSAGE_DIRECT, "2", "a", NULL, NULL, 3, false });
	CHECK_TEXT(state_of(rig, ticket), "claimed P3 v3");
	DO(rig, ticket_reply(rig->tx, &officer, (struct ticket_id){ ticket }, 3, "答复", false, &send, &rig->err));
	(void)say(rig, (struct said){ MESSAGE_DIRECT, "3", "a", NULL, NULL, 3, false });
	CHECK_TEXT(state_of(rig, ticket), "claimed P3 v5");
	CHECK_TEXT(rig_text(rig, "SELECT holder FROM ticket WHERE id = ?1", ticket), "officer");
	/* Answered, and the lease is over: it is new again, and nobody's. */
	DO(rig, ticket_reply(rig->tx, &officer, (struct ticket_id){ ticket }, 5, "答复", true, &send, &rig->err));
	CHECK_TEXT(state_of(rig, ticket), "waiting P3 v6");
	rig->now_at += 2 * HOUR_MS;
	(void)say(rig, (struct said){ MESSAGE_DIRECT, "4", "a", NULL, NULL, 3, false });
	CHECK_TEXT(state_of(rig, ticket), "new P3 v7");
	CHECK_TEXT(rig_text(rig, "SELECT holder FROM ticket WHERE id = ?1", ticket), "-");
	CHECK_INT(rig_number(rig, "SELECT next_due_at FROM ticket WHERE id = ?1", ticket), rig->now_at + HOUR_MS);
	rig_check_counters(rig);
}

/* Thirty-six hours passed and somebody was told; what is said now can be answered for two days more. */
static void test_join__opens_a_new_window_with_its_own_warnings(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t ticket;

	(void)state;
	window_ms = 48 * HOUR_MS;
	ticket = say(rig, (struct said){ MESSAGE_DIRECT, "1", "a", NULL, NULL, 3, false });
	rig->now_at += 40 * HOUR_MS;
	DO(rig, ticket_climb(rig->tx, (struct ticket_id){ ticket }, 1 << 0 | 1 << 1, "leader", "soon", 0, &rig->err));
	CHECK_INT(say(rig, (struct said){ MESSAGE_DIRECT, "2", "a", NULL, NULL, 3, false }), ticket);
	window_ms = 0;
	CHECK_INT(rig_number(rig, "SELECT rungs_done FROM ticket WHERE id = ?1", ticket), 1);
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, ticket), rig->now_at); /* it is looked when the next one is */
}

static void test_closed__is_reopened_for_thirty_days(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t ticket = say(rig, (struct said){ MESSAGE_DIRECT, "1", "a", NULL, NULL, 3, false });
	int64_t next;

	(void)state;
	DO(rig, close_it(rig, ticket));
	rig->now_at += 30 * DAY_MS - 1;
	CHECK_INT(say(rig, (struct said){ MESSAGE_DIRECT, "2", "a", NULL, NULL, 3, false }), ticket);
	CHECK_INT(result, INTAKE_JOINED);
	CHECK_TEXT(state_of(rig, ticket), "new P3 v3");
	CHECK_INT(rig_events(rig, "ticket.reopen", ticket), 1);
	CHECK_TEXT(rig_text(rig, "SELECT coalesce(result, '') || coalesce(closed_at, '') FROM ticket WHERE id = ?1",
			   ticket),
		"");
	DO(rig, close_it(rig, ticket));
	rig->now_at += 30 * DAY_MS;
	next = say(rig, (struct said){ MESSAGE_DIRECT, "3", "a", NULL, NULL, 3, false });
	CHECK(next != ticket);
	CHECK_INT(result, INTAKE_OPENED);
	/* An open one goes before a closed one. */
	CHECK_INT(say(rig, (struct said){ MESSAGE_DIRECT, "4", "a", NULL, NULL, 3, false }), next);
	rig_check_counters(rig);
}

static void test_ours__opens_nothing_and_finds_its_thread(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t ticket = say(rig, (struct said){ MESSAGE_COMMENT, "1", "a", "post1", NULL, 3, false });

	(void)state;
	CHECK_INT(say(rig, (struct said){ MESSAGE_COMMENT, "2", "us", "post1", "1", 9, true }), ticket);
	CHECK_INT(result, INTAKE_OURS);
	CHECK_TEXT(state_of(rig, ticket), "new P3 v1");
	CHECK_INT(say(rig, (struct said){ MESSAGE_COMMENT, "3", "us", "post1", NULL, 0, true }), 0);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM ticket", 0), 1);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice", 0), 0);
}

static void test_id__must_be_usable(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct said said = { MESSAGE_DIRECT, "", "a", NULL, NULL, 3, false };
	struct ticket_id ticket = { 0 };
	char id[LIMIT_REMOTE_ID_BYTES + 2];

	(void)state;
	DO_FAILS(rig, take(rig, &said, &ticket), ERROR_INPUT, "usable id");
	said.id = NULL;
	DO_FAILS(rig, take(rig, &said, &ticket), ERROR_INPUT, "usable id");
	memset(id, '7', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	said.id = id;
	DO_FAILS(rig, take(rig, &said, &ticket), ERROR_INPUT, "usable id");
	id[sizeof(id) - 2] = '\0';
	(void)say(rig, said);
	CHECK_INT(result, INTAKE_OPENED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first__opens_a_ticket),
		cmocka_unit_test(test_known__writes_nothing),
		cmocka_unit_test(test_thread__same_citizen_and_same_place_is_one_case),
		cmocka_unit_test(test_thread__is_left_for_the_case_that_is_named),
		cmocka_unit_test(test_thread__citizens_without_an_id_are_never_one),
		cmocka_unit_test(test_thread__long_ids_that_begin_alike_are_two_citizens),
		cmocka_unit_test(test_priority__is_raised_and_never_lowered),
		cmocka_unit_test(test_clocks__are_those_of_the_ticket_whatever_the_latest_message_says),
		cmocka_unit_test(test_life__alarms_also_when_it_joins),
		cmocka_unit_test(test_join__never_takes_it_from_its_holder),
		cmocka_unit_test(test_join__opens_a_new_window_with_its_own_warnings),
		cmocka_unit_test(test_closed__is_reopened_for_thirty_days),
		cmocka_unit_test(test_ours__opens_nothing_and_finds_its_thread),
		cmocka_unit_test(test_id__must_be_usable),
	};

	return check_run(tests);
}
