#include "check.h"

#include "core/buf.h"
#include "model/send.h"

static void test_send__every_pair_of_state_and_event(void **state)
{
	cleanup(buf_finish) struct buf table = { 0 };

	(void)state;
	buf_init(&table, 64 << 10);
	for (int from = 0; from < SEND_STATES; from++) {
		for (int event = 0; event < SEND_EVENTS; event++) {
			enum send_state to;
			bool edge = send_next((enum send_state)from, (enum send_event)event, &to);

			buf_printf(&table, "%-10s %-14s %s\n", send_state_name((enum send_state)from),
				send_event_name((enum send_event)event), edge ? send_state_name(to) : "-");
		}
	}
	CHECK(!table.failed);
	check_golden(buf_str(&table), "send-states.txt");
}

static void test_send__refused_event_leaves_the_result_alone(void **state)
{
	enum send_state to = SEND_FAILED;

	(void)state;
	CHECK(!send_next(SEND_SENT, SEND_CLAIM, &to));
	CHECK(!send_next((enum send_state)99, SEND_CLAIM, &to));
	CHECK(!send_next(SEND_QUEUED, (enum send_event)99, &to));
	CHECK_INT(to, SEND_FAILED);
}

static void test_send__published_or_given_up_is_final(void **state)
{
	enum send_state to;

	(void)state;
	for (int event = 0; event < SEND_EVENTS; event++) {
		CHECK(!send_next(SEND_SENT, (enum send_event)event, &to));
		CHECK(!send_next(SEND_CANCELLED, (enum send_event)event, &to));
	}
}

/* The rule that keeps a lost answer from becoming a second post. */
static void test_send__unsure_is_left_only_by_looking(void **state)
{
	(void)state;
	for (int event = 0; event < SEND_EVENTS; event++) {
		enum send_state to;
		/* found, absent, still worked on, refused as a job, asked by sending; or a person looked */
		bool looked = event == SEND_FIND || event == SEND_MISS || event == SEND_PEND || event == SEND_REFUSE ||
			      event == SEND_CLAIM || event == SEND_SETTLE_SENT || event == SEND_SETTLE_ABSENT;

		CHECK_INT(send_next(SEND_UNSURE, (enum send_event)event, &to), looked);
	}
}

/* A wish is no knowledge: it counts only where something else has told that the send is not out. */
static void test_send__a_wish_counts_where_it_is_not_out(void **state)
{
	(void)state;
	for (int from = 0; from < SEND_STATES; from++) {
		for (int event = 0; event < SEND_EVENTS; event++) {
			bool not_out = event == SEND_DEFER || event == SEND_MISS;
			enum send_state to = SEND_SENDING;
			enum send_state wished = SEND_SENDING;
			bool edge = send_next((enum send_state)from, (enum send_event)event, &to);

			CHECK_INT(send_next_wished((enum send_state)from, (enum send_event)event, WISH_NONE, &wished),
				edge);
			CHECK_INT(wished, to);
			CHECK_INT(send_next_wished((enum send_state)from, (enum send_event)event, WISH_HOLD, &wished),
				edge);
			CHECK_INT(wished, edge && not_out ? SEND_HELD : to);
			CHECK_INT(send_next_wished((enum send_state)from, (enum send_event)event, WISH_CANCEL, &wished),
				edge);
			CHECK_INT(wished, edge && (not_out || event == SEND_REFUSE) ? SEND_CANCELLED : to);
			/* Who may only wish has no other way, and the other way round. */
			if (event == SEND_CANCEL) {
				CHECK(!edge || !send_takes_wish((enum send_state)from));
			}
		}
	}
	CHECK(send_takes_wish(SEND_SENDING) && send_takes_wish(SEND_UNSURE) && send_takes_wish(SEND_PENDING));
	CHECK(!send_takes_wish(SEND_SENT) && !send_takes_wish(SEND_QUEUED) && !send_takes_wish(SEND_HELD));
}

static void test_send__only_a_claim_leads_to_sending(void **state)
{
	(void)state;
	for (int from = 0; from < SEND_STATES; from++) {
		for (int event = 0; event < SEND_EVENTS; event++) {
			enum send_state to;

			if (send_next((enum send_state)from, (enum send_event)event, &to) && to == SEND_SENDING) {
				CHECK(from == SEND_QUEUED || from == SEND_UNSURE);
				CHECK_INT(event, SEND_CLAIM);
			}
		}
	}
}

static void test_send__names_go_there_and_back(void **state)
{
	enum send_state got = SEND_HELD;
	enum send_kind kind = SEND_PUBLISH;
	enum hold_reason reason = HOLD_LATE;
	enum send_wish wish = WISH_NONE;

	(void)state;
	for (int i = 0; i < SEND_STATES; i++) {
		CHECK(send_state_parse(send_state_name((enum send_state)i), &got));
		CHECK_INT(got, i);
	}
	CHECK(!send_state_parse("unknown", &got));
	CHECK(!send_state_parse("", &got));
	CHECK_INT(got, SEND_PENDING);
	CHECK(send_kind_parse("reply", &kind));
	CHECK_INT(kind, SEND_REPLY);
	CHECK(!send_kind_parse("answer", &kind));
	CHECK_TEXT(send_kind_name(SEND_PUBLISH), "publish");
	for (int i = HOLD_NONE; i <= HOLD_ACCOUNT_REMOVED; i++) {
		CHECK(hold_reason_parse(hold_reason_name((enum hold_reason)i), &reason));
		CHECK_INT(reason, i);
	}
	CHECK_TEXT(hold_reason_name(HOLD_NONE), "");
	CHECK(!hold_reason_parse(NULL, &reason));
	CHECK_TEXT(send_event_name((enum send_event)99), "unknown");
	for (int i = WISH_NONE; i <= WISH_CANCEL; i++) {
		CHECK(send_wish_parse(send_wish_name((enum send_wish)i), &wish));
		CHECK_INT(wish, i);
	}
	CHECK(!send_wish_parse("retry", &wish));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send__every_pair_of_state_and_event),
		cmocka_unit_test(test_send__refused_event_leaves_the_result_alone),
		cmocka_unit_test(test_send__published_or_given_up_is_final),
		cmocka_unit_test(test_send__unsure_is_left_only_by_looking),
		cmocka_unit_test(test_send__a_wish_counts_where_it_is_not_out),
		cmocka_unit_test(test_send__only_a_claim_leads_to_sending),
		cmocka_unit_test(test_send__names_go_there_and_back),
	};

	return check_run(tests);
}
