/* Tickets: claims and leases, replies against a version, what people decide, the ladder and the clocks. */
#include "rig.h"

#define LEASE_MS (30 * MINUTE_MS)

static struct ticket_id open_ticket(struct rig *rig, int priority)
{
	static int n;
	enum intake_result what;
	char author[24];

	(void)snprintf(author, sizeof(author), "citizen%d", n++);
	return rig_message(rig, author, "没水了", priority, &what);
}

static const char *state_of(struct rig *rig, struct ticket_id ticket)
{
	return rig_text(rig, "SELECT state FROM ticket WHERE id = ?1", ticket.v);
}

static int64_t number(struct rig *rig, const char *column, struct ticket_id ticket)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql), "SELECT %s FROM ticket WHERE id = ?1", column);
	return rig_number(rig, sql, ticket.v);
}

static bool claim(struct rig *rig, const struct actor *actor, struct ticket_id ticket)
{
	return ticket_claim(rig->tx, actor, ticket, LEASE_MS, false, &rig->err);
}

static bool reply(struct rig *rig, const struct actor *actor, struct ticket_id ticket, int64_t version, bool waiting)
{
	struct send_id send;

	return ticket_reply(rig->tx, actor, ticket, version, "已安排抢修", waiting, &send, &rig->err);
}

/* ---- claims ---- */

static void test_claim__is_a_lease(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO(rig, claim(rig, &officer, ticket));
	CHECK_TEXT(state_of(rig, ticket), "claimed");
	CHECK_INT(rig_effect_at(rig, EFFECT_LEASE_DUE, ticket.v), rig->now_at + LEASE_MS);
	CHECK_INT(number(rig, "version", ticket), 2);
	DO_FAILS(rig, claim(rig, &colleague, ticket), ERROR_STATE, "is held by officer until");
	rig->now_at += LEASE_MS - 1;
	DO(rig, claim(rig, &officer, ticket)); /* renewed */
	CHECK_INT(number(rig, "version", ticket), 2);
	CHECK_INT(number(rig, "lease_until_at", ticket), rig->now_at + LEASE_MS);
	rig->now_at += LEASE_MS;
	/* It has run out, though nobody has noticed yet. */
	DO(rig, claim(rig, &colleague, ticket));
	CHECK_INT(number(rig, "holder_uid", ticket), colleague.uid);
	CHECK_INT(number(rig, "version", ticket), 3);
	rig_check_counters(rig);
}

static void test_claim__is_taken_over_by_a_leader_only(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO(rig, claim(rig, &officer, ticket));
	DO_FAILS(rig, ticket_claim(rig->tx, &colleague, ticket, LEASE_MS, true, &rig->err), ERROR_ACCESS, "leader");
	DO_FAILS(rig, claim(rig, &leader, ticket), ERROR_STATE, "is held by officer");
	DO(rig, ticket_claim(rig->tx, &leader, ticket, LEASE_MS, true, &rig->err));
	CHECK_INT(number(rig, "holder_uid", ticket), leader.uid);
	CHECK_TEXT(rig_text(rig,
			   "SELECT json_extract(detail, '$.taken_from') FROM event WHERE object_id = ?1"
			   " AND action = 'ticket.claim' ORDER BY id DESC LIMIT 1",
			   ticket.v),
		"officer");
	DO_FAILS(rig, reply(rig, &officer, ticket, 2, false), ERROR_STATE, "is held by leader");
}

static void test_release__frees_it_and_calls_the_ladder(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO_FAILS(rig, ticket_release(rig->tx, &officer, ticket, &rig->err), ERROR_STATE, "held by nobody");
	DO(rig, claim(rig, &officer, ticket));
	DO_FAILS(rig, ticket_release(rig->tx, &colleague, ticket, &rig->err), ERROR_STATE, "is held by officer");
	DO(rig, ticket_release(rig->tx, &officer, ticket, &rig->err));
	CHECK_TEXT(state_of(rig, ticket), "new");
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, ticket.v), rig->now_at);
	CHECK_TEXT(rig_text(rig, "SELECT holder FROM ticket WHERE id = ?1", ticket.v), "-");
	/* Whoever answered and lets go leaves it answered. */
	DO(rig, claim(rig, &officer, ticket) && reply(rig, &officer, ticket, 4, false));
	DO(rig, ticket_release(rig->tx, &officer, ticket, &rig->err));
	CHECK_TEXT(state_of(rig, ticket), "replied");
	rig_check_counters(rig);
}

static void test_lease__ends_by_itself(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO(rig, ticket_expire_lease(rig->tx, ticket, &rig->err)); /* nobody's */
	CHECK_INT(rig->tx->effects.n, 0);
	DO(rig, claim(rig, &officer, ticket));
	rig->now_at += LEASE_MS - 1;
	DO(rig, ticket_expire_lease(rig->tx, ticket, &rig->err));
	CHECK_TEXT(state_of(rig, ticket), "claimed");
	CHECK_INT(rig_effect_at(rig, EFFECT_LEASE_DUE, ticket.v), rig->now_at + 1);
	rig->now_at++;
	DO(rig, ticket_expire_lease(rig->tx, ticket, &rig->err));
	CHECK_TEXT(state_of(rig, ticket), "new");
	CHECK_INT(rig_events(rig, "ticket.lease-ended", ticket.v), 1);
	DO(rig, ticket_expire_lease(rig->tx, ticket, &rig->err));
	CHECK_INT(rig_events(rig, "ticket.lease-ended", ticket.v), 1);
	rig_check_counters(rig);
}

/* Root is a user, too. */
static void test_claim__of_uid_zero_holds(void **state)
{
	static const struct actor root = { .uid = 0, .name = "root", .roles = ROLE_DUTY };
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO(rig, claim(rig, &root, ticket));
	DO_FAILS(rig, claim(rig, &officer, ticket), ERROR_STATE, "is held by root");
	DO(rig, reply(rig, &root, ticket, 2, false));
}

/* ---- replies ---- */

static void test_reply__needs_the_claim_and_the_version(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	enum intake_result what;
	struct ticket_id ticket = rig_message(rig, "a", "没水", 3, &what);
	struct send_id send = { 0 };

	(void)state;
	DO_FAILS(rig, reply(rig, &officer, ticket, 1, false), ERROR_STATE, "claim it before answering");
	DO(rig, claim(rig, &officer, ticket));
	DO_FAILS(rig, reply(rig, &colleague, ticket, 2, false), ERROR_STATE, "is held by officer");
	DO_FAILS(rig, reply(rig, &officer, ticket, 0, false), ERROR_INPUT, "names the version");
	DO_FAILS(rig, ticket_reply(rig->tx, &officer, ticket, 2, "", false, &send, &rig->err), ERROR_INPUT, "empty");
	(void)rig_message(rig, "a", "还没水", 3, &what);
	CHECK_INT(what, INTAKE_JOINED);
	DO_FAILS(rig, reply(rig, &officer, ticket, 2, false), ERROR_STATE, "the citizen wrote again");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM send", 0), 0);
	DO(rig, ticket_reply(rig->tx, &officer, ticket, 3, "已安排抢修", false, &send, &rig->err));
	CHECK_TEXT(state_of(rig, ticket), "replied");
	CHECK_INT(rig_number(rig, "SELECT message_id FROM send WHERE id = ?1", send.v), 2); /* the newest is answered */
	CHECK_TEXT(rig_text(rig, "SELECT text FROM send WHERE id = ?1", send.v), "已安排抢修");
	CHECK_INT(rig_effects(rig, EFFECT_SEND_DUE, send.v), 1);
	/* The same command again, by mistake: one answer. */
	DO_FAILS(rig, reply(rig, &officer, ticket, 3, false), ERROR_STATE, "was queued already");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM send", 0), 1);
	rig->now_at += LEASE_MS;
	DO_FAILS(rig, reply(rig, &officer, ticket, 4, false), ERROR_STATE, "your claim on ticket 1 ended");
	rig_check_counters(rig);
}

static void test_reply__with_a_question_waits_for_the_citizen(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);
	int64_t answer_at = number(rig, "answer_at", ticket);

	(void)state;
	CHECK_INT(number(rig, "next_due_at", ticket), number(rig, "ack_at", ticket));
	DO(rig, claim(rig, &officer, ticket));
	CHECK_INT(number(rig, "next_due_at", ticket), number(rig, "reply_at", ticket));
	DO(rig, reply(rig, &officer, ticket, 2, true));
	CHECK_TEXT(state_of(rig, ticket), "waiting");
	CHECK_INT(number(rig, "next_due_at", ticket), TICKET_NO_DUE_AT);
	CHECK_INT(number(rig, "replied", ticket), 1);
	DO(rig, claim(rig, &officer, ticket)); /* on with it */
	CHECK_INT(number(rig, "next_due_at", ticket), answer_at);
	DO(rig, reply(rig, &officer, ticket, 3, false));
	CHECK_TEXT(state_of(rig, ticket), "replied");
	CHECK_INT(number(rig, "replied", ticket), 2);
	CHECK_INT(number(rig, "next_due_at", ticket), TICKET_NO_DUE_AT);
}

/* What did not go out is no answer: the clocks run on, and whoever has the ticket has it again. */
static void test_reply__that_does_not_go_out_is_none(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 1);
	int64_t reply_at = number(rig, "reply_at", ticket);
	struct send_id send = { 0 };

	(void)state;
	DO(rig, claim(rig, &officer, ticket));
	DO(rig, ticket_reply(rig->tx, &officer, ticket, 2, "请立即关阀", false, &send, &rig->err));
	CHECK_INT(number(rig, "next_due_at", ticket), TICKET_NO_DUE_AT);
	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_REFUSE, NULL, 0));
	CHECK_TEXT(state_of(rig, ticket), "claimed");
	CHECK_INT(number(rig, "replied", ticket), 0);
	CHECK_INT(number(rig, "next_due_at", ticket), reply_at);
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, ticket.v), rig->now_at);
	CHECK_INT(rig_events(rig, "ticket.bounced", ticket.v), 1);
	/* Sent again, it is one. */
	DO(rig, send_retry(rig->tx, &officer, send, &rig->err));
	CHECK_TEXT(state_of(rig, ticket), "replied");
	CHECK(rig_claim(rig, send));
	CHECK(rig_result(rig, send, SEND_ACCEPT, "9001", 0));
	CHECK_TEXT(state_of(rig, ticket), "replied");
	CHECK_INT(number(rig, "replied", ticket), 2);
	CHECK_INT(number(rig, "next_due_at", ticket), TICKET_NO_DUE_AT);
	rig_check_counters(rig);
}

static void test_reply__that_is_held_is_none_until_it_goes(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 1);
	struct send_id send = { 0 };

	(void)state;
	DO(rig, account_pause(rig->tx, &leader, rig->account, "quiet period", &rig->err));
	DO(rig, claim(rig, &officer, ticket));
	DO(rig, ticket_reply(rig->tx, &officer, ticket, 2, "已安排抢修", false, &send, &rig->err));
	CHECK_TEXT(rig_state(rig, send), "held account_paused");
	CHECK_TEXT(state_of(rig, ticket), "claimed");
	CHECK_INT(number(rig, "next_due_at", ticket), number(rig, "reply_at", ticket));
	DO(rig, account_resume(rig->tx, &leader, rig->account, &rig->err));
	CHECK_TEXT(rig_state(rig, send), "queued");
	CHECK_TEXT(state_of(rig, ticket), "replied");
	/* Cancelled after the lease: everybody's. */
	rig->now_at += LEASE_MS;
	DO(rig, send_cancel(rig->tx, &officer, send, "wrong", &rig->err));
	CHECK_TEXT(state_of(rig, ticket), "new");
	CHECK_INT(number(rig, "replied", ticket), 0);
	rig_check_counters(rig);
}

/* One of two answers fails: the other one stands. */
static void test_reply__beside_one_that_failed_stands(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 1);
	struct send_id first = { 0 };
	struct send_id second = { 0 };

	(void)state;
	DO(rig, claim(rig, &officer, ticket));
	DO(rig, ticket_reply(rig->tx, &officer, ticket, 2, "已收到", true, &first, &rig->err));
	DO(rig, ticket_reply(rig->tx, &officer, ticket, 3, "已安排抢修", false, &second, &rig->err));
	CHECK(rig_claim(rig, first));
	CHECK(rig_result(rig, first, SEND_REFUSE, NULL, 0));
	CHECK_TEXT(state_of(rig, ticket), "replied");
	CHECK_INT(rig_events(rig, "ticket.bounced", ticket.v), 0);
}

/* ---- every verb in every state ---- */

static bool act(struct rig *rig, enum ticket_event event, struct ticket_id ticket)
{
	switch (event) {
	case TICKET_CLAIM:
		return claim(rig, &officer, ticket);
	case TICKET_ASSIGN:
		return ticket_assign(rig->tx, &leader, ticket, "water-office", "theirs", &rig->err);
	case TICKET_REPLY:
		return reply(rig, &officer, ticket, number(rig, "version", ticket), false);
	case TICKET_TRANSFER:
		return ticket_transfer(rig->tx, &officer, ticket, "12345", "GD-1", "theirs", &rig->err);
	case TICKET_ESCALATE:
		return ticket_escalate(rig->tx, &officer, ticket, NULL, "no answer", -1, &rig->err);
	case TICKET_CLOSE:
		return ticket_close(rig->tx, &officer, ticket, "answered", "done", &rig->err);
	case TICKET_REOPEN:
		return ticket_reopen(rig->tx, &officer, ticket, "by mistake", &rig->err);
	case TICKET_RELEASE:
	case TICKET_CITIZEN:
	case TICKET_BOUNCE:
		break;
	}
	return false;
}

static void bring_to(struct rig *rig, struct ticket_id ticket, enum ticket_state to)
{
	switch (to) {
	case TICKET_NEW:
		return;
	case TICKET_CLAIMED:
		DO(rig, act(rig, TICKET_CLAIM, ticket));
		return;
	case TICKET_ASSIGNED:
		DO(rig, act(rig, TICKET_ASSIGN, ticket));
		return;
	case TICKET_WAITING:
		DO(rig, act(rig, TICKET_CLAIM, ticket) && reply(rig, &officer, ticket, 2, true));
		return;
	case TICKET_REPLIED:
		DO(rig, act(rig, TICKET_CLAIM, ticket) && act(rig, TICKET_REPLY, ticket));
		return;
	case TICKET_TRANSFERRED:
		DO(rig, act(rig, TICKET_TRANSFER, ticket));
		return;
	case TICKET_CLOSED:
		DO(rig, act(rig, TICKET_CLOSE, ticket));
		return;
	}
}

static void test_verbs__follow_the_state_table(void **state)
{
	static const enum ticket_event verbs[] = { TICKET_CLAIM, TICKET_ASSIGN, TICKET_REPLY, TICKET_TRANSFER,
		TICKET_ESCALATE, TICKET_CLOSE, TICKET_REOPEN };

	(void)state;
	for (int from = 0; from < TICKET_STATES; from++) {
		cleanup(rig_freep) struct rig *rig = rig_new();

		for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
			struct ticket_id ticket = open_ticket(rig, 3);
			enum ticket_state to = (enum ticket_state)from;
			bool may;
			bool did;

			bring_to(rig, ticket, (enum ticket_state)from);
			CHECK_TEXT(state_of(rig, ticket), ticket_state_name((enum ticket_state)from));
			may = ticket_next((enum ticket_state)from, verbs[i], &to);
			rig_begin(rig);
			did = act(rig, verbs[i], ticket);
			tx_try(rig->tx, did ? "COMMIT" : "ROLLBACK");
			if (did != may) {
				fail_msg("%s of a %s ticket: %s", ticket_event_name(verbs[i]),
					ticket_state_name((enum ticket_state)from), did ? "done" : rig->err.message);
			}
			CHECK_TEXT(state_of(rig, ticket), ticket_state_name(to));
			CHECK(did || rig->err.domain == ERROR_STATE);
		}
		rig_check_counters(rig);
	}
}

/* ---- decisions ---- */

static void test_decisions__not_over_another_ones_claim(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO(rig, claim(rig, &officer, ticket));
	DO_FAILS(rig, ticket_close(rig->tx, &colleague, ticket, "answered", "done", &rig->err), ERROR_STATE,
		"held by officer");
	DO_FAILS(rig, ticket_transfer(rig->tx, &colleague, ticket, "12345", NULL, "theirs", &rig->err), ERROR_STATE,
		"held by officer");
	/* But anybody may call for help. */
	DO(rig, ticket_escalate(rig->tx, &colleague, ticket, NULL, "danger", -1, &rig->err));
	CHECK_INT(number(rig, "holder_uid", ticket), officer.uid);
}

static void test_decisions__want_their_words(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO_FAILS(rig, ticket_note(rig->tx, &officer, ticket, "", &rig->err), ERROR_INPUT, "note");
	DO_FAILS(rig, ticket_assign(rig->tx, &leader, ticket, NULL, "r", &rig->err), ERROR_INPUT, "assigned");
	DO_FAILS(rig, ticket_transfer(rig->tx, &officer, ticket, "", NULL, "r", &rig->err), ERROR_INPUT, "agency");
	DO_FAILS(rig, ticket_transfer(rig->tx, &officer, ticket, "110", NULL, NULL, &rig->err), ERROR_INPUT, "reason");
	DO_FAILS(rig, ticket_escalate(rig->tx, &officer, ticket, NULL, "", -1, &rig->err), ERROR_INPUT, "reason");
	DO_FAILS(rig, ticket_close(rig->tx, &officer, ticket, "answered", NULL, &rig->err), ERROR_INPUT, "reason");
	DO_FAILS(rig, ticket_close(rig->tx, &officer, ticket, "solved", "r", &rig->err), ERROR_INPUT, "no-answer-due");
	DO_FAILS(rig, ticket_close(rig->tx, &officer, ticket, NULL, "r", &rig->err), ERROR_INPUT, "no-answer-due");
	DO_FAILS(rig, ticket_reopen(rig->tx, &officer, ticket, NULL, &rig->err), ERROR_INPUT, "reason");
	DO_FAILS(rig, claim(rig, &officer, (struct ticket_id){ 345 }), ERROR_MISSING, "there is no ticket 345");
}

static void test_note__changes_nothing_but_the_history(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO(rig, ticket_close(rig->tx, &officer, ticket, "duplicate", "of 3", &rig->err));
	DO(rig, ticket_note(rig->tx, &officer, ticket, "called back", &rig->err));
	CHECK_INT(number(rig, "version", ticket), 2);
	CHECK_TEXT(state_of(rig, ticket), "closed");
	CHECK_INT(rig_events(rig, "ticket.note", ticket.v), 1);
	CHECK_INT(rig_effects(rig, EFFECT_INDEX, 0), 1);
}

/* The first rung was taken out and another put in: who was called already stays called, the others are still to be. */
static void test_ladder__of_another_form_keeps_what_was_climbed(void **state)
{
	static const char *const before[] = { "window 36h leader", "ack 1m leader", "ack 2m duty-leader",
		"ack 4m room" };
	static const char *const after[] = { "ack 1m leader", "ack 90s leader", "ack 2m duty-leader", "ack 4m room" };
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id fresh = open_ticket(rig, 0);
	struct ticket_id ticket = open_ticket(rig, 0);

	(void)state;
	DO(rig, ticket_ladder_sync(rig->tx, before, ARRAY_LEN(before), &rig->err));
	DO(rig, ticket_climb(rig->tx, ticket, 1 << 0 | 1 << 1 | 1 << 2, "duty-leader", "nobody took it", 1, &rig->err));
	DO(rig, ticket_ladder_sync(rig->tx, before, ARRAY_LEN(before), &rig->err));
	CHECK_INT(number(rig, "rungs_done", ticket), 1 << 0 | 1 << 1 | 1 << 2);
	DO(rig, ticket_ladder_sync(rig->tx, after, ARRAY_LEN(after), &rig->err));
	CHECK_INT(number(rig, "rungs_done", ticket), 1 << 0 | 1 << 2);
	CHECK_INT(number(rig, "rungs_done", fresh), 0);
	DO(rig, ticket_ladder_sync(rig->tx, after, ARRAY_LEN(after), &rig->err));
	CHECK_INT(number(rig, "rungs_done", ticket), 1 << 0 | 1 << 2);
	DO(rig, ticket_ladder_sync(rig->tx, NULL, 0, &rig->err));
	CHECK_INT(number(rig, "rungs_done", ticket), 0);
}

/* Opened while the clock was a day ahead: once it is set right, the ladder must not sleep for that day. */
static void test_clock_set_back__begins_anew_what_counts_from_the_future(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t right_at = rig->now_at;
	struct ticket_id before = open_ticket(rig, 0);
	struct ticket_id ticket;
	int64_t rung_ms;
	int64_t ack_ms;

	(void)state;
	rig->now_at += DAY_MS;
	ticket = open_ticket(rig, 0);
	rung_ms = number(rig, "rung_at - clock_at", ticket);
	ack_ms = number(rig, "ack_at - clock_at", ticket);
	CHECK(rung_ms > 0 && ack_ms > 0);
	rig->now_at = right_at + MINUTE_MS;
	DO(rig, ticket_clock_set_back(rig->tx, &rig->err));
	CHECK_INT(number(rig, "clock_at", ticket), rig->now_at);
	CHECK_INT(number(rig, "opened_at", ticket), rig->now_at);
	CHECK_INT(number(rig, "ack_at", ticket), rig->now_at + ack_ms);
	CHECK_INT(number(rig, "next_due_at", ticket), rig->now_at + ack_ms);
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, ticket.v), rig->now_at + rung_ms);
	CHECK_INT(number(rig, "clock_at", before), right_at);
	CHECK_INT(rig_effects(rig, EFFECT_TICKET_DUE, before.v), 0);
	/* Nothing more to do, and nothing is done. */
	DO(rig, ticket_clock_set_back(rig->tx, &rig->err));
	CHECK_INT(rig->tx->effects.n, 0);
}

static void test_assign__takes_it_from_the_holder_and_waits_to_be_claimed(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO(rig, claim(rig, &officer, ticket));
	DO(rig, ticket_assign(rig->tx, &leader, ticket, "water-office", NULL, &rig->err));
	CHECK_TEXT(rig_text(rig, "SELECT state || ' ' || target || coalesce(holder, '') FROM ticket WHERE id = ?1",
			   ticket.v),
		"assigned water-office");
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, ticket.v), rig->now_at);
	CHECK_INT(number(rig, "next_due_at", ticket), number(rig, "ack_at", ticket));
	/* The rungs keep in sight whom it was given to. */
	DO(rig, ticket_climb(rig->tx, ticket, 1, "leader", "nobody took it", 0, &rig->err));
	CHECK_TEXT(rig_text(rig, "SELECT target FROM ticket WHERE id = ?1", ticket.v), "water-office");
}

static void test_escalate__climbs_the_line_and_only_raises(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);
	static const char *const line[] = { "leader", "duty-leader", "duty-room", "duty-room" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(line); i++) {
		DO(rig, ticket_escalate(rig->tx, &officer, ticket, NULL, "no answer", -1, &rig->err));
		CHECK_TEXT(rig_text(rig,
				   "SELECT target FROM notice WHERE ticket_id = ?1 AND kind = 'escalated'"
				   " ORDER BY id DESC LIMIT 1",
				   ticket.v),
			line[i]);
		CHECK_INT(number(rig, "level", ticket), (int64_t)i + 1);
	}
	DO_FAILS(rig, ticket_escalate(rig->tx, &officer, ticket, "press-office", "r", 5, &rig->err), ERROR_STATE,
		"only raised");
	DO_FAILS(rig, ticket_escalate(rig->tx, &officer, ticket, "press-office", "r", 7, &rig->err), ERROR_STATE,
		"only raised");
	DO(rig, ticket_escalate(rig->tx, &officer, ticket, "press-office", "r", 1, &rig->err));
	CHECK_INT(number(rig, "priority", ticket), 1);
	CHECK_INT(rig_events(rig, "ticket.alarm", ticket.v), 0);
	DO(rig, ticket_escalate(rig->tx, &officer, ticket, NULL, "a life", 0, &rig->err));
	CHECK_INT(rig_events(rig, "ticket.alarm", ticket.v), 1);
	CHECK_INT(number(rig, "ever_p0", ticket), 1);
	CHECK_INT(number(rig, "version", ticket), 1); /* a reply in writing is still good */
	rig_check_counters(rig);
}

static void test_close__of_what_was_about_a_life_wants_a_leader(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 0);

	(void)state;
	DO_FAILS(rig, ticket_close(rig->tx, &officer, ticket, "answered", "safe", &rig->err), ERROR_ACCESS, "leader");
	DO(rig, ticket_close(rig->tx, &leader, ticket, "answered", "safe", &rig->err));
	CHECK_TEXT(
		rig_text(rig, "SELECT state || ' ' || result FROM ticket WHERE id = ?1", ticket.v), "closed answered");
	CHECK_INT(number(rig, "closed_at", ticket), rig->now_at);
	CHECK_INT(number(rig, "next_due_at", ticket), TICKET_NO_DUE_AT);
	CHECK_INT(number(rig, "rung_at IS NULL AND holder IS NULL AND lease_until_at IS NULL", ticket), 1);
	DO(rig, ticket_reopen(rig->tx, &officer, ticket, "fell ill again", &rig->err));
	CHECK_TEXT(rig_text(rig, "SELECT state || coalesce(result, '') FROM ticket WHERE id = ?1", ticket.v), "new");
	CHECK_INT(number(rig, "ever_p0", ticket), 1);
	CHECK_INT(number(rig, "closed_at IS NULL AND level = 0", ticket), 1);
	rig_check_counters(rig);
}

/* ---- clocks ---- */

static void test_climb__records_and_owes_a_notice(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	DO(rig, ticket_climb(rig->tx, ticket, 5, "duty-leader", "unclaimed for 30 minutes", rig->now_at + HOUR_MS,
			&rig->err));
	CHECK_INT(number(rig, "rungs_done", ticket), 5);
	CHECK_INT(number(rig, "level", ticket), 1);
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, ticket.v), rig->now_at + HOUR_MS);
	CHECK_INT(rig_effects(rig, EFFECT_NOTICE, 0), 1);
	CHECK_TEXT(rig_text(rig, "SELECT kind || ' ' || target FROM notice WHERE ticket_id = ?1", ticket.v),
		"escalated duty-leader");
	CHECK_INT(rig_events(rig, "ticket.ladder", ticket.v), 1);
	DO(rig, ticket_set_rung(rig->tx, ticket, 7, 0, &rig->err));
	CHECK_INT(number(rig, "rungs_done", ticket), 7);
	CHECK_INT(number(rig, "rung_at IS NULL", ticket), 1);
	CHECK_INT(rig_effects(rig, EFFECT_TICKET_DUE, 0), 0);
}

static void test_deadlines__begin_anew(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 3);

	(void)state;
	rig->now_at += HOUR_MS;
	DO(rig, ticket_set_deadlines(rig->tx, ticket, 0, rig->now_at + 2 * HOUR_MS, 0, &rig->err));
	CHECK_INT(number(rig, "next_due_at", ticket), rig->now_at + 2 * HOUR_MS);
	CHECK_INT(number(rig, "clock_at", ticket), rig->now_at);
	DO(rig, ticket_set_deadlines(rig->tx, ticket, 0, 0, 0, &rig->err));
	CHECK_INT(number(rig, "next_due_at", ticket), TICKET_NO_DUE_AT);
}

static void test_arm_all__after_a_restart(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id claimed = open_ticket(rig, 3);
	struct ticket_id closed = open_ticket(rig, 3);

	(void)state;
	DO(rig, claim(rig, &officer, claimed));
	DO(rig, ticket_close(rig->tx, &officer, closed, "duplicate", "of the other", &rig->err));
	DO(rig, ticket_arm_all(rig->tx, &rig->err));
	CHECK_INT(rig_effect_at(rig, EFFECT_LEASE_DUE, claimed.v), rig->now_at + LEASE_MS);
	CHECK_INT(rig_effect_at(rig, EFFECT_TICKET_DUE, claimed.v), rig->now_at + 30 * MINUTE_MS);
	CHECK_INT(rig->tx->effects.n, 2);
}

static void test_load__reads_what_was_saved(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct ticket_id ticket = open_ticket(rig, 2);
	struct ticket_row row = { 0 };

	(void)state;
	DO(rig, claim(rig, &officer, ticket));
	DO(rig, ticket_load(rig->tx, ticket, &row, &rig->err));
	CHECK_INT(row.id.v, ticket.v);
	CHECK_INT(row.state, TICKET_CLAIMED);
	CHECK_INT(row.priority, 2);
	CHECK_TEXT(row.class, "consult");
	CHECK_TEXT(row.account_name, "weibo-main");
	CHECK_TEXT(row.holder, "officer");
	CHECK_INT(row.holder_uid, officer.uid);
	CHECK_INT(row.lease_until_at, rig->now_at + LEASE_MS);
	CHECK_INT(row.version, 2);
	CHECK_INT(row.ack_at, rig->now_at + HOUR_MS);
	CHECK_INT(row.reply_at, rig->now_at + DAY_MS);
	CHECK_INT(row.answer_at, rig->now_at + 5 * DAY_MS);
	CHECK_INT(row.rung_at, rig->now_at + 30 * MINUTE_MS);
	CHECK_INT(row.opened_at, rig->now_at);
	CHECK(!row.ever_p0 && !row.replied && !row.answered && !row.closed_at && !row.result);
	ticket_row_finish(&row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claim__is_a_lease),
		cmocka_unit_test(test_claim__is_taken_over_by_a_leader_only),
		cmocka_unit_test(test_release__frees_it_and_calls_the_ladder),
		cmocka_unit_test(test_lease__ends_by_itself),
		cmocka_unit_test(test_claim__of_uid_zero_holds),
		cmocka_unit_test(test_reply__needs_the_claim_and_the_version),
		cmocka_unit_test(test_reply__with_a_question_waits_for_the_citizen),
		cmocka_unit_test(test_reply__that_does_not_go_out_is_none),
		cmocka_unit_test(test_reply__that_is_held_is_none_until_it_goes),
		cmocka_unit_test(test_reply__beside_one_that_failed_stands),
		cmocka_unit_test(test_verbs__follow_the_state_table),
		cmocka_unit_test(test_decisions__not_over_another_ones_claim),
		cmocka_unit_test(test_decisions__want_their_words),
		cmocka_unit_test(test_note__changes_nothing_but_the_history),
		cmocka_unit_test(test_ladder__of_another_form_keeps_what_was_climbed),
		cmocka_unit_test(test_clock_set_back__begins_anew_what_counts_from_the_future),
		cmocka_unit_test(test_assign__takes_it_from_the_holder_and_waits_to_be_claimed),
		cmocka_unit_test(test_escalate__climbs_the_line_and_only_raises),
		cmocka_unit_test(test_close__of_what_was_about_a_life_wants_a_leader),
		cmocka_unit_test(test_climb__records_and_owes_a_notice),
		cmocka_unit_test(test_deadlines__begin_anew),
		cmocka_unit_test(test_arm_all__after_a_restart),
		cmocka_unit_test(test_load__reads_what_was_saved),
	};

	return check_run(tests);
}
