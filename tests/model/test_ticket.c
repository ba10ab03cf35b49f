#include "check.h"

#include "core/buf.h"
#include "model/ticket.h"

static void test_ticket__every_pair_of_state_and_event(void **state)
{
	cleanup(buf_finish) struct buf table = { 0 };

	(void)state;
	buf_init(&table, 64 << 10);
	for (int from = 0; from < TICKET_STATES; from++) {
		for (int event = 0; event < TICKET_EVENTS; event++) {
			enum ticket_state to;
			bool edge = ticket_next((enum ticket_state)from, (enum ticket_event)event, &to);

			buf_printf(&table, "%-12s %-9s %s\n", ticket_state_name((enum ticket_state)from),
				ticket_event_name((enum ticket_event)event), edge ? ticket_state_name(to) : "-");
		}
	}
	CHECK(!table.failed);
	check_golden(buf_str(&table), "ticket-states.txt");
}

/* Whatever state a ticket is in, a citizen who writes again is seen. */
static void test_ticket__citizen_is_never_refused(void **state)
{
	(void)state;
	for (int from = 0; from < TICKET_STATES; from++) {
		enum ticket_state to;

		CHECK(ticket_next((enum ticket_state)from, TICKET_CITIZEN, &to));
		CHECK(to == TICKET_NEW || (int)to == from);
	}
}

static void test_ticket__answered_message_returns_to_everybody(void **state)
{
	static const enum ticket_state rows[] = { TICKET_WAITING, TICKET_REPLIED, TICKET_TRANSFERRED, TICKET_CLOSED };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum ticket_state to = rows[i];

		CHECK(ticket_next(rows[i], TICKET_CITIZEN, &to));
		CHECK_INT(to, TICKET_NEW);
	}
}

static void test_ticket__escalating_changes_no_state_and_spares_the_closed(void **state)
{
	enum ticket_state to = TICKET_NEW;

	(void)state;
	for (int from = 0; from < TICKET_CLOSED; from++) {
		CHECK(ticket_next((enum ticket_state)from, TICKET_ESCALATE, &to));
		CHECK_INT(to, from);
	}
	CHECK(!ticket_next(TICKET_CLOSED, TICKET_ESCALATE, &to));
	CHECK(!ticket_next(TICKET_CLOSED, TICKET_CLOSE, &to));
}

static void test_ticket__reply_needs_a_claim_first(void **state)
{
	enum ticket_state to = TICKET_CLOSED;

	(void)state;
	CHECK(!ticket_next(TICKET_NEW, TICKET_REPLY, &to));
	CHECK(!ticket_next(TICKET_ASSIGNED, TICKET_REPLY, &to));
	CHECK(!ticket_next(TICKET_TRANSFERRED, TICKET_REPLY, &to));
	CHECK(!ticket_next((enum ticket_state)99, TICKET_CLAIM, &to));
	CHECK(!ticket_next(TICKET_NEW, (enum ticket_event)99, &to));
	CHECK_INT(to, TICKET_CLOSED);
	CHECK(ticket_next(TICKET_CLAIMED, TICKET_REPLY, &to));
	CHECK_INT(to, TICKET_REPLIED);
}

static void test_ticket__names_go_there_and_back(void **state)
{
	enum ticket_state got = TICKET_NEW;

	(void)state;
	for (int i = 0; i < TICKET_STATES; i++) {
		CHECK(ticket_state_parse(ticket_state_name((enum ticket_state)i), &got));
		CHECK_INT(got, i);
	}
	CHECK(!ticket_state_parse("triaged", &got));
	CHECK_INT(got, TICKET_CLOSED);
}

static void test_priority__is_0_to_5_or_9(void **state)
{
	(void)state;
	for (int64_t i = -2; i < 12; i++) {
		CHECK_INT(priority_valid(i), (i >= 0 && i <= 5) || i == 9);
	}
	CHECK(!priority_valid(INT64_MIN));
	CHECK(!priority_valid((int64_t)1 << 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ticket__every_pair_of_state_and_event),
		cmocka_unit_test(test_ticket__citizen_is_never_refused),
		cmocka_unit_test(test_ticket__answered_message_returns_to_everybody),
		cmocka_unit_test(test_ticket__escalating_changes_no_state_and_spares_the_closed),
		cmocka_unit_test(test_ticket__reply_needs_a_claim_first),
		cmocka_unit_test(test_ticket__names_go_there_and_back),
		cmocka_unit_test(test_priority__is_0_to_5_or_9),
	};

	return check_run(tests);
}
