/* The ledger of calls: windows and their borders, the reserve, blocks, the platform's own count. */
#include "rig.h"

static const struct quota_window hourly = { .scope = "hour", .window_ms = HOUR_MS, .limit = 10, .reserve = 3 };
/* A day of the office's zone begins at 16:00 UTC. */
static const struct quota_window daily = { .scope = "day", .window_ms = DAY_MS, .offset_ms = 16 * HOUR_MS, .limit = 5 };

static bool spend(struct rig *rig, const struct quota_window *window, int64_t n, bool keep_reserve)
{
	return quota_spend(rig->tx, rig->account, window, n, keep_reserve, &rig->err);
}

static struct quota_state look(struct rig *rig, const struct quota_window *window)
{
	struct quota_state quota = { 0 };

	DO(rig, quota_state(rig->tx, rig->account, window, &quota, &rig->err));
	return quota;
}

static void test_spend__ends_with_the_limit_and_names_the_end_of_the_window(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	rig->now_at = RIG_NOW_AT + 15 * MINUTE_MS; /* 09:15 */
	DO(rig, spend(rig, &hourly, 7, false));
	DO(rig, spend(rig, &hourly, 3, false));
	CHECK_INT(look(rig, &hourly).used, 10);
	CHECK_INT(look(rig, &hourly).remaining, 0);
	DO_FAILS(rig, spend(rig, &hourly, 1, false), ERROR_PLATFORM, "hour: used up");
	CHECK_INT(rig->err.advice, ADVISE_WAIT);
	CHECK_INT(rig->err.retry_ms, 45 * MINUTE_MS);
	CHECK_INT(look(rig, &hourly).used, 10);
}

static void test_return__is_of_the_window_in_which_it_was_spent(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	rig->now_at = RIG_NOW_AT;
	DO(rig, quota_return(rig->tx, rig->account, &hourly, rig->now_at, &rig->err));
	CHECK_INT(look(rig, &hourly).used, 0);
	DO(rig, spend(rig, &hourly, 2, false));
	DO(rig, quota_return(rig->tx, rig->account, &hourly, rig->now_at, &rig->err));
	CHECK_INT(look(rig, &hourly).used, 1);
	rig->now_at = RIG_NOW_AT + HOUR_MS;
	DO(rig, spend(rig, &hourly, 2, false));
	DO(rig, quota_return(rig->tx, rig->account, &hourly, RIG_NOW_AT, &rig->err));
	CHECK_INT(look(rig, &hourly).used, 2);
}

static void test_spend__of_several_takes_none_while_one_is_used_up(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct quota_window both[] = { hourly, daily };
	int64_t wait_at;

	(void)state;
	rig->now_at = RIG_NOW_AT;
	DO(rig, quotas_spend(rig->tx, rig->account, both, 2, &wait_at, &rig->err));
	CHECK_INT(wait_at, 0);
	DO(rig, spend(rig, &daily, 4, false));
	DO(rig, quotas_spend(rig->tx, rig->account, both, 2, &wait_at, &rig->err));
	CHECK_INT(wait_at, look(rig, &daily).resets_at);
	CHECK_INT(look(rig, &hourly).used, 1);
	CHECK_INT(look(rig, &daily).used, 5);
	rig->now_at = wait_at;
	DO(rig, quota_block(rig->tx, rig->account, hourly.scope, wait_at + MINUTE_MS, &rig->err));
	DO(rig, quotas_spend(rig->tx, rig->account, both, 2, &wait_at, &rig->err));
	CHECK_INT(wait_at, rig->now_at + MINUTE_MS);
	CHECK_INT(look(rig, &daily).used, 0);
}

static void test_window__begins_exactly_at_its_border(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	rig->now_at = RIG_NOW_AT + HOUR_MS - 1;
	DO(rig, spend(rig, &hourly, 10, false));
	DO_FAILS(rig, spend(rig, &hourly, 1, false), ERROR_PLATFORM, "used up");
	CHECK_INT(rig->err.retry_ms, 1);
	rig->now_at = RIG_NOW_AT + HOUR_MS;
	CHECK_INT(look(rig, &hourly).used, 0);
	DO(rig, spend(rig, &hourly, 10, false));
	CHECK_INT(look(rig, &hourly).resets_at, RIG_NOW_AT + 2 * HOUR_MS);
}

static void test_window__of_a_day_begins_at_midnight_of_the_offset(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	/* RIG_NOW_AT is 09:00 in the office, 15 hours before its midnight. */
	int64_t midnight_at = RIG_NOW_AT + 15 * HOUR_MS;

	(void)state;
	CHECK_INT(look(rig, &daily).resets_at, midnight_at);
	rig->now_at = midnight_at - 1;
	DO(rig, spend(rig, &daily, 5, false));
	DO_FAILS(rig, spend(rig, &daily, 1, false), ERROR_PLATFORM, "used up");
	rig->now_at = midnight_at;
	DO(rig, spend(rig, &daily, 5, false));
	CHECK_INT(look(rig, &daily).resets_at, midnight_at + DAY_MS);
}

static void test_reserve__is_kept_from_polling_and_open_to_sends(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	DO(rig, spend(rig, &hourly, 7, true));
	DO_FAILS(rig, spend(rig, &hourly, 1, true), ERROR_PLATFORM, "used up");
	DO(rig, spend(rig, &hourly, 3, false));
	DO_FAILS(rig, spend(rig, &hourly, 1, false), ERROR_PLATFORM, "used up");
}

static void test_block__outlives_the_window_and_is_never_shortened(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	DO(rig, quota_block(rig->tx, rig->account, "hour", rig->now_at + 2 * HOUR_MS, &rig->err));
	DO(rig, quota_block(rig->tx, rig->account, "hour", rig->now_at + MINUTE_MS, &rig->err));
	DO_FAILS(rig, spend(rig, &hourly, 1, false), ERROR_PLATFORM, "the platform said to wait");
	CHECK_INT(rig->err.retry_ms, 2 * HOUR_MS);
	CHECK_INT(look(rig, &hourly).blocked_until_at, rig->now_at + 2 * HOUR_MS);
	DO(rig, spend(rig, &daily, 1, false)); /* another scope */
	rig->now_at += 2 * HOUR_MS;
	CHECK_INT(look(rig, &hourly).blocked_until_at, 0);
	DO(rig, spend(rig, &hourly, 1, false));
}

static void test_block__of_a_clock_that_was_ahead_lasts_as_long_from_now_on(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t now_at = rig->now_at;

	(void)state;
	DO(rig, quota_block(rig->tx, rig->account, "hour", now_at + 3 * HOUR_MS, &rig->err));
	rig->now_at = now_at + 4 * DAY_MS;
	DO(rig, quota_block(rig->tx, rig->account, "day", rig->now_at + HOUR_MS, &rig->err));
	rig->now_at = now_at;
	DO(rig, quota_clock_set_back(rig->tx, &rig->err));
	CHECK_INT(look(rig, &hourly).blocked_until_at, now_at + 3 * HOUR_MS);
	CHECK_INT(look(rig, &daily).blocked_until_at, now_at + HOUR_MS);

	/* Told anew before that: it is what the platform says now. */
	rig->now_at = now_at + 4 * DAY_MS;
	DO(rig, quota_block(rig->tx, rig->account, "day", rig->now_at + HOUR_MS, &rig->err));
	rig->now_at = now_at;
	DO(rig, quota_block(rig->tx, rig->account, "day", now_at + MINUTE_MS, &rig->err));
	CHECK_INT(look(rig, &daily).blocked_until_at, now_at + MINUTE_MS);
}

static void test_block__keeps_what_was_counted(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	DO(rig, spend(rig, &hourly, 4, false));
	DO(rig, quota_block(rig->tx, rig->account, "hour", rig->now_at + 1, &rig->err));
	rig->now_at++;
	CHECK_INT(look(rig, &hourly).used, 4);
}

static void test_observe__only_ever_lowers_what_is_left(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	DO(rig, spend(rig, &hourly, 4, false));
	DO(rig, quota_observe(rig->tx, rig->account, &hourly, 9, &rig->err));
	CHECK_INT(look(rig, &hourly).remaining, 6);
	DO(rig, quota_observe(rig->tx, rig->account, &hourly, 2, &rig->err));
	CHECK_INT(look(rig, &hourly).remaining, 2);
	DO(rig, quota_observe(rig->tx, rig->account, &hourly, -5, &rig->err));
	CHECK_INT(look(rig, &hourly).remaining, 0);
}

static void test_no_limit__is_counted_only(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct quota_window free_of_limit = { .scope = "all", .window_ms = HOUR_MS };

	(void)state;
	DO(rig, spend(rig, &free_of_limit, 1000000, true));
	CHECK_INT(look(rig, &free_of_limit).used, 1000000);
	CHECK_INT(look(rig, &free_of_limit).remaining, -1);
}

static void test_accounts__do_not_share_a_ledger(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	DO(rig, spend(rig, &hourly, 10, false));
	rig->account = rig_account(rig, "weibo-two");
	DO(rig, spend(rig, &hourly, 10, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spend__ends_with_the_limit_and_names_the_end_of_the_window),
		cmocka_unit_test(test_spend__of_several_takes_none_while_one_is_used_up),
		cmocka_unit_test(test_return__is_of_the_window_in_which_it_was_spent),
		cmocka_unit_test(test_window__begins_exactly_at_its_border),
		cmocka_unit_test(test_window__of_a_day_begins_at_midnight_of_the_offset),
		cmocka_unit_test(test_reserve__is_kept_from_polling_and_open_to_sends),
		cmocka_unit_test(test_block__outlives_the_window_and_is_never_shortened),
		cmocka_unit_test(test_block__of_a_clock_that_was_ahead_lasts_as_long_from_now_on),
		cmocka_unit_test(test_block__keeps_what_was_counted),
		cmocka_unit_test(test_observe__only_ever_lowers_what_is_left),
		cmocka_unit_test(test_no_limit__is_counted_only),
		cmocka_unit_test(test_accounts__do_not_share_a_ledger),
	};

	return check_run(tests);
}
