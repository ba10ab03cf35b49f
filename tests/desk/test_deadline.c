/* Working time across nights, weekends and zones; the ladder's rungs in time order. */
#include "check.h"

#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "desk/deadline.h"
#include "text/when.h"

#define WORKDAYS 0x1f /* Monday to Friday */

static const struct config_office office = {
	.opens_ms = 9 * HOUR_MS,
	.closes_ms = 17 * HOUR_MS + 30 * MINUTE_MS,
	.workdays = WORKDAYS,
};

static void set_zone(const char *zone)
{
	struct error err = { 0 };

	CHECK_OK(when_set_zone(zone, &err), err);
}

static int64_t at(const char *text)
{
	struct error err = { 0 };
	int64_t ret = 0;

	CHECK_OK(when_parse(str_from(text), clock_wall_at(), &ret, &err), err);
	return ret;
}

static void check_at(int64_t got, const char *want)
{
	struct buf text;

	buf_init(&text, 64);
	(void)when_format_rfc3339(&text, got);
	if (got != at(want)) {
		fail_msg("got %s, want %s", text.p, want);
	}
	buf_finish(&text);
}

/* 2026-10-01 is a Thursday. */
static void test_office_time__counts_inside_one_day(void **state)
{
	(void)state;
	check_at(desk_add_office_time(&office, at("2026-10-01 10:00"), 2 * HOUR_MS), "2026-10-01 12:00");
	check_at(desk_add_office_time(&office, at("2026-10-01 10:00:30"), 30 * SECOND_MS), "2026-10-01 10:01");
}

static void test_office_time__starts_with_the_next_opening(void **state)
{
	(void)state;
	check_at(desk_add_office_time(&office, at("2026-10-01 03:00"), HOUR_MS), "2026-10-01 10:00");
	check_at(desk_add_office_time(&office, at("2026-10-01 20:00"), HOUR_MS), "2026-10-02 10:00");
	check_at(desk_add_office_time(&office, at("2026-10-01 17:30"), HOUR_MS), "2026-10-02 10:00");
	check_at(desk_add_office_time(&office, at("2026-10-01 00:00"), HOUR_MS), "2026-10-01 10:00");
	check_at(desk_add_office_time(&office, at("2026-10-01 23:59:59"), HOUR_MS), "2026-10-02 10:00");
}

static void test_office_time__goes_on_after_closing(void **state)
{
	(void)state;
	check_at(desk_add_office_time(&office, at("2026-10-01 17:00"), HOUR_MS), "2026-10-02 09:30");
	check_at(desk_add_office_time(&office, at("2026-10-01 17:00"), 30 * MINUTE_MS), "2026-10-01 17:30");
}

static void test_office_time__skips_weekends(void **state)
{
	(void)state;
	check_at(desk_add_office_time(&office, at("2026-10-02 17:00"), HOUR_MS), "2026-10-05 09:30");
	check_at(desk_add_office_time(&office, at("2026-10-03 12:00"), HOUR_MS), "2026-10-05 10:00");
	check_at(desk_add_office_time(&office, at("2026-10-04 23:00"), 2 * HOUR_MS), "2026-10-05 11:00");
}

static void test_office_time__a_working_day_is_a_working_day(void **state)
{
	const int64_t day_ms = office.closes_ms - office.opens_ms;

	(void)state;
	check_at(desk_add_office_time(&office, at("2026-10-01 11:00"), day_ms), "2026-10-02 11:00");
	check_at(desk_add_office_time(&office, at("2026-10-02 11:00"), day_ms), "2026-10-05 11:00");
	check_at(desk_add_office_time(&office, at("2026-10-02 11:00"), 5 * day_ms), "2026-10-09 11:00");
	check_at(desk_add_office_time(&office, at("2026-12-31 11:00"), 15 * day_ms), "2027-01-21 11:00");
}

static void test_office_time__follows_the_offices_days(void **state)
{
	struct config_office weekend = office;

	(void)state;
	weekend.workdays = 1u << 5 | 1u << 6;
	check_at(desk_add_office_time(&weekend, at("2026-10-01 11:00"), HOUR_MS), "2026-10-03 10:00");
}

static void test_office_time__an_office_without_hours_counts_all(void **state)
{
	struct config_office none = office;

	(void)state;
	none.workdays = 0;
	check_at(desk_add_office_time(&none, at("2026-10-03 23:00"), 2 * HOUR_MS), "2026-10-04 01:00");
	none = office;
	none.closes_ms = none.opens_ms;
	check_at(desk_add_office_time(&none, at("2026-10-03 23:00"), 2 * HOUR_MS), "2026-10-04 01:00");
}

static void test_office_time__around_the_clock(void **state)
{
	struct config_office all = { .opens_ms = 0, .closes_ms = 24 * HOUR_MS, .workdays = 0x7f };

	(void)state;
	check_at(desk_add_office_time(&all, at("2026-10-03 23:00"), 30 * HOUR_MS), "2026-10-05 05:00");
}

static void test_office_time__clock_changes_keep_the_opening_hour(void **state)
{
	(void)state;
	set_zone("Europe/Berlin"); /* 2026-10-25 is the Sunday on which the clock goes back */
	check_at(desk_add_office_time(&office, at("2026-10-23 17:00"), HOUR_MS), "2026-10-26 09:30");
	CHECK_INT(desk_add_office_time(&office, at("2026-10-23 17:00"), HOUR_MS) - at("2026-10-23 17:00"),
		64 * HOUR_MS + 30 * MINUTE_MS + HOUR_MS);
	set_zone("Asia/Shanghai");
}

static void test_office_time__survives_any_number(void **state)
{
	(void)state;
	(void)desk_add_office_time(&office, INT64_MAX / 4, HOUR_MS);
	(void)desk_add_office_time(&office, -1, HOUR_MS);
	(void)desk_add_office_time(&office, 0, INT64_MAX / 4);
	assert_true(desk_add_office_time(&office, at("2026-10-01 10:00"), 0) == at("2026-10-01 10:00"));
}

/* More time never ends earlier, and what is counted in two steps ends as in one. */
static void test_office_time__adds_up(void **state)
{
	(void)state;
	random_seed(11);
	for (int i = 0; i < 2000; i++) {
		int64_t from_at = at("2026-09-01 00:00") + random_below(60 * DAY_MS);
		int64_t one_ms = random_below(40 * HOUR_MS);
		int64_t two_ms = 1 + random_below(40 * HOUR_MS);
		int64_t split_at = desk_add_office_time(
			&office, desk_add_office_time(&office, from_at, one_ms), two_ms);

		CHECK_INT(split_at, desk_add_office_time(&office, from_at, one_ms + two_ms));
	}
}

/* ---- deadlines and ladder ---- */

static struct config_rung rungs[] = {
	{ .priorities = 1u << 0, .clock = LADDER_UNCLAIMED, .after_ms = 60 * SECOND_MS, .target = (char *)"leader" },
	{ .priorities = 1u << 0,
		.clock = LADDER_UNCLAIMED,
		.after_ms = 2 * MINUTE_MS,
		.target = (char *)"duty-leader" },
	{ .priorities = 1u << 1 | 1u << 2, .clock = LADDER_ANSWER, .percent = 80, .target = (char *)"leader" },
	{ .priorities = 1u << 1 | 1u << 2, .clock = LADDER_UNCLAIMED, .percent = 50, .target = (char *)"leader" },
	{ .priorities = 1u << 1 | 1u << 2, .clock = LADDER_REPLY, .percent = 100, .target = (char *)"duty-leader" },
	{ .priorities = 1u << 3, .clock = LADDER_UNCLAIMED, .percent = 100, .target = (char *)"leader" },
	{ .priorities = 1u << 3, .clock = LADDER_WINDOW, .after_ms = 44 * HOUR_MS, .target = (char *)"duty-leader" },
	{ .priorities = 1u << 3, .clock = LADDER_WINDOW, .after_ms = 36 * HOUR_MS, .target = (char *)"leader" },
};

static const struct config config = {
	.office = {
		.opens_ms = 9 * HOUR_MS,
		.closes_ms = 17 * HOUR_MS + 30 * MINUTE_MS,
		.workdays = WORKDAYS,
	},
	.limits = {
		[0] = { .ack_ms = 60 * SECOND_MS, .reply_ms = 3 * MINUTE_MS },
		[1] = { .ack_ms = 10 * MINUTE_MS, .reply_ms = 30 * MINUTE_MS, .answer_ms = 2 * HOUR_MS },
		[3] = { .ack_ms = 2 * HOUR_MS, .reply_ms = 4 * HOUR_MS, .answer_ms = 8 * HOUR_MS + 30 * MINUTE_MS,
			.office_hours = true },
	},
	.ladder = rungs,
	.n_ladder = ARRAY_LEN(rungs),
};

static struct ladder_ticket new_ticket(int priority, const char *clock)
{
	struct ladder_ticket ticket = { .priority = priority, .clock_at = at(clock) };

	desk_deadlines(&config, priority, ticket.clock_at, &ticket.due);
	return ticket;
}

static void check_rung(const struct ladder_ticket *ticket, int want_rung, const char *want_at)
{
	int rung = -1;
	int64_t next_at = 0;

	assert_true(desk_next_rung(&config, ticket, &rung, &next_at));
	CHECK_INT(rung, want_rung);
	check_at(next_at, want_at);
}

static void check_no_rung(const struct ladder_ticket *ticket)
{
	int rung = -1;
	int64_t next_at = -1;

	assert_false(desk_next_rung(&config, ticket, &rung, &next_at));
	CHECK_INT(rung, -1);
	CHECK_INT(next_at, -1);
}

static void test_deadlines__life_safety_runs_all_hours(void **state)
{
	struct deadlines due;

	(void)state;
	desk_deadlines(&config, 0, at("2026-10-03 03:00"), &due);
	check_at(due.ack_at, "2026-10-03 03:01");
	check_at(due.reply_at, "2026-10-03 03:03");
	CHECK_INT(due.answer_at, 0);
}

static void test_deadlines__enquiries_run_in_office_hours(void **state)
{
	struct deadlines due;

	(void)state;
	desk_deadlines(&config, 3, at("2026-10-02 16:30"), &due);
	check_at(due.ack_at, "2026-10-05 10:00");
	check_at(due.reply_at, "2026-10-05 12:00");
	check_at(due.answer_at, "2026-10-05 16:30");
}

static void test_deadlines__a_priority_without_limits_has_none(void **state)
{
	struct deadlines due = { 1, 2, 3 };

	(void)state;
	desk_deadlines(&config, 9, at("2026-10-02 16:30"), &due);
	CHECK_INT(due.ack_at, 0);
	CHECK_INT(due.reply_at, 0);
	CHECK_INT(due.answer_at, 0);
}

static void test_ladder__life_safety_climbs_by_the_clock(void **state)
{
	struct ladder_ticket ticket = new_ticket(0, "2026-10-03 03:00");

	(void)state;
	check_rung(&ticket, 0, "2026-10-03 03:01");
	ticket.done = 1;
	check_rung(&ticket, 1, "2026-10-03 03:02");
	ticket.done = 3;
	check_no_rung(&ticket);
}

static void test_ladder__rungs_come_in_time_order_whatever_the_files_order(void **state)
{
	struct ladder_ticket ticket = new_ticket(1, "2026-10-03 03:00");

	(void)state;
	check_rung(&ticket, 3, "2026-10-03 03:05");
	ticket.done = 1 << 3;
	check_rung(&ticket, 4, "2026-10-03 03:30");
	ticket.done |= 1 << 4;
	check_rung(&ticket, 2, "2026-10-03 04:36");
	ticket.done |= 1 << 2;
	check_no_rung(&ticket);
}

static void test_ladder__a_claim_stops_what_waits_for_one(void **state)
{
	struct ladder_ticket ticket = new_ticket(0, "2026-10-03 03:00");

	(void)state;
	ticket.claimed = true;
	check_no_rung(&ticket);
	ticket = new_ticket(1, "2026-10-03 03:00");
	ticket.claimed = true;
	check_rung(&ticket, 4, "2026-10-03 03:30");
	ticket.replied = true;
	check_rung(&ticket, 2, "2026-10-03 04:36");
	ticket.answered = true;
	check_no_rung(&ticket);
}

static void test_ladder__a_claim_given_back_lets_it_climb_again(void **state)
{
	struct ladder_ticket ticket = new_ticket(0, "2026-10-03 03:00");

	(void)state;
	ticket.done = 1;
	ticket.claimed = true;
	check_no_rung(&ticket);
	ticket.claimed = false;
	check_rung(&ticket, 1, "2026-10-03 03:02");
}

static void test_ladder__closed_tickets_do_not_climb(void **state)
{
	struct ladder_ticket ticket = new_ticket(0, "2026-10-03 03:00");

	(void)state;
	ticket.closed = true;
	check_no_rung(&ticket);
}

static void test_ladder__office_clocks_climb_in_office_hours(void **state)
{
	struct ladder_ticket ticket = new_ticket(3, "2026-10-02 16:30");

	(void)state;
	check_rung(&ticket, 5, "2026-10-05 10:00");
}

static void test_ladder__no_clock_no_rung(void **state)
{
	struct ladder_ticket ticket = new_ticket(2, "2026-10-03 03:00");

	(void)state;
	check_no_rung(&ticket); /* P2 has rungs by percent, but no limits here */
}

static void test_ladder__a_raised_ticket_climbs_from_its_new_clock(void **state)
{
	struct ladder_ticket ticket = new_ticket(3, "2026-10-02 10:00");

	(void)state;
	ticket.priority = 0;
	ticket.clock_at = at("2026-10-02 14:00");
	desk_deadlines(&config, 0, ticket.clock_at, &ticket.due);
	check_rung(&ticket, 0, "2026-10-02 14:01");
}

static void test_ladder__a_closing_window_is_told_twice(void **state)
{
	struct ladder_ticket ticket = new_ticket(3, "2026-10-03 03:00"); /* a Saturday: the platform does not care */

	(void)state;
	ticket.window_ms = 48 * HOUR_MS;
	ticket.window_at = at("2026-10-05 03:00");
	ticket.claimed = true;
	ticket.replied = true;
	check_rung(&ticket, 7, "2026-10-04 15:00");
	ticket.done = 1 << 7;
	check_rung(&ticket, 6, "2026-10-04 23:00");
	ticket.done |= 1 << 6;
	check_no_rung(&ticket);
	ticket.done = 1 << 7;
	ticket.answered = true;
	check_no_rung(&ticket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_office_time__counts_inside_one_day),
		cmocka_unit_test(test_office_time__starts_with_the_next_opening),
		cmocka_unit_test(test_office_time__goes_on_after_closing),
		cmocka_unit_test(test_office_time__skips_weekends),
		cmocka_unit_test(test_office_time__a_working_day_is_a_working_day),
		cmocka_unit_test(test_office_time__follows_the_offices_days),
		cmocka_unit_test(test_office_time__an_office_without_hours_counts_all),
		cmocka_unit_test(test_office_time__around_the_clock),
		cmocka_unit_test(test_office_time__clock_changes_keep_the_opening_hour),
		cmocka_unit_test(test_office_time__survives_any_number),
		cmocka_unit_test(test_office_time__adds_up),
		cmocka_unit_test(test_deadlines__life_safety_runs_all_hours),
		cmocka_unit_test(test_deadlines__enquiries_run_in_office_hours),
		cmocka_unit_test(test_deadlines__a_priority_without_limits_has_none),
		cmocka_unit_test(test_ladder__life_safety_climbs_by_the_clock),
		cmocka_unit_test(test_ladder__rungs_come_in_time_order_whatever_the_files_order),
		cmocka_unit_test(test_ladder__a_claim_stops_what_waits_for_one),
		cmocka_unit_test(test_ladder__a_claim_given_back_lets_it_climb_again),
		cmocka_unit_test(test_ladder__closed_tickets_do_not_climb),
		cmocka_unit_test(test_ladder__office_clocks_climb_in_office_hours),
		cmocka_unit_test(test_ladder__no_clock_no_rung),
		cmocka_unit_test(test_ladder__a_raised_ticket_climbs_from_its_new_clock),
		cmocka_unit_test(test_ladder__a_closing_window_is_told_twice),
	};

	set_zone("Asia/Shanghai");
	return check_run(tests);
}
