/* Accounts: fitting the rows to a configuration, pausing, parking, logging in, and what becomes of waiting sends. */
#include "rig.h"

#include "codec/json.h"

static const char *const both[] = { "weibo-main", "weibo-two" };

static bool park(struct rig *rig)
{
	return account_park(rig->tx, rig->account, NULL, PARK_TOKEN, "token refused", &rig->err);
}

static bool pause_it(struct rig *rig)
{
	return account_pause(rig->tx, &leader, rig->account, "quiet period", &rig->err);
}

static bool resume(struct rig *rig)
{
	return account_resume(rig->tx, &leader, rig->account, &rig->err);
}

static void test_sync__a_new_account_without_token_is_parked(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	static const char *const three[] = { "weibo-main", "weibo-two", "weibo-new" };
	struct account_row row = { 0 };

	(void)state;
	DO(rig, rig_sync(rig, three, 3, false));
	rig->account = rig_account(rig, "weibo-new");
	CHECK_TEXT(rig_account_state(rig), "parked");
	DO(rig, rig_login(rig, rig->account, "2.00new"));
	CHECK_TEXT(rig_account_state(rig), "ready");
	CHECK_INT(rig_effects(rig, EFFECT_ACCOUNT, rig->account.v), 1);
	DO(rig, account_load(rig->tx, rig->account, &row, &rig->err));
	CHECK_STR(secret_lend(&row.token), "2.00new");
	CHECK_TEXT(row.platform, "fake");
	account_row_finish(&row);
}

static void test_sync__keeps_an_obtained_token_and_writes_nothing_when_nothing_changed(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct account_row row = { 0 };

	(void)state;
	DO(rig, rig_login(rig, rig->account, "2.00obtained"));
	DO(rig, rig_sync(rig, both, 2, true));
	CHECK_INT(rig->tx->effects.n, 0);
	DO(rig, account_load(rig->tx, rig->account, &row, &rig->err));
	CHECK_STR(secret_lend(&row.token), "2.00obtained");
	account_row_finish(&row);
}

/* Its token would go to the other platform's host, its posts would be read by the other platform's rules. */
static void test_sync__a_name_stays_with_its_platform(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	static const struct account_seen seen[] = {
		{ .name = "weibo-main", .platform = "wechat" },
		{ .name = "weibo-two", .platform = "fake" },
	};
	struct account_row row = { 0 };

	(void)state;
	DO_FAILS(rig, account_sync(rig->tx, seen, 2, &rig->err), ERROR_CONFIG,
		"weibo-main has been an account of fake: give the one of wechat another name");
	DO(rig, account_load(rig->tx, rig->account, &row, &rig->err));
	CHECK_TEXT(row.platform, "fake");
	account_row_finish(&row);
}

static void test_sync__one_that_gets_its_token_by_itself_is_starting(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	static const struct account_seen seen[] = {
		{ .name = "weibo-main", .platform = "fake" },
		{ .name = "wechat-main", .platform = "wechat", .renews = true },
	};
	cleanup(json_freep) cJSON *counts = json_object();
	struct account_row row = { 0 };
	struct secret token = { 0 };
	struct account_id id;

	(void)state;
	DO(rig, account_sync(rig->tx, seen, 2, &rig->err));
	DO(rig, account_find(rig->tx, "wechat-main", &id, &rig->err) && account_load(rig->tx, id, &row, &rig->err) &&
			view_counts(rig->tx, counts, &rig->err));
	CHECK_INT(row.state, ACCOUNT_STARTING);
	CHECK(row.parked && !row.reason);
	CHECK_INT(json_i64(json_get(counts, "accounts"), "starting", 0), 1);
	CHECK_INT(json_i64(json_get(counts, "accounts"), "parked", -1), 0);
	account_row_finish(&row);
	/* the first token is refused: now a person must look, and hears of it */
	DO(rig, account_park(rig->tx, id, NULL, PARK_TOKEN, "wrong app_secret", &rig->err));
	DO(rig, account_load(rig->tx, id, &row, &rig->err));
	CHECK_INT(row.state, ACCOUNT_PARKED);
	CHECK_TEXT(row.reason, "wrong app_secret");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice WHERE account_id = ?1", id.v), 1);
	account_row_finish(&row);
	secret_set(&token, STR("70_FIRST"));
	DO(rig, account_renew_token(rig->tx, id, &token, rig->now_at + HOUR_MS, &rig->err));
	DO(rig, account_load(rig->tx, id, &row, &rig->err));
	CHECK_INT(row.state, ACCOUNT_READY);
	account_row_finish(&row);
	secret_finish(&token);
}

static void test_starting__becomes_ready_with_its_first_token(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	static const struct account_seen seen[] = {
		{ .name = "weibo-main", .platform = "fake" },
		{ .name = "wechat-main", .platform = "wechat", .renews = true },
	};
	struct account_row row = { 0 };
	struct secret token = { 0 };
	struct account_id id;

	(void)state;
	secret_set(&token, STR("70_FIRST"));
	DO(rig, account_sync(rig->tx, seen, 2, &rig->err));
	DO(rig, account_sync(rig->tx, seen, 2, &rig->err)); /* a restart before it came */
	DO(rig, account_find(rig->tx, "wechat-main", &id, &rig->err));
	DO(rig, account_renew_token(rig->tx, id, &token, rig->now_at + HOUR_MS, &rig->err));
	DO(rig, account_load(rig->tx, id, &row, &rig->err));
	CHECK_INT(row.state, ACCOUNT_READY);
	CHECK(!row.parked);
	account_row_finish(&row);
	secret_finish(&token);
}

/* A request that left before a login comes back refused after it. */
static void test_park__by_a_token_that_was_replaced_is_nothing(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct secret old = { 0 };
	struct secret new = { 0 };

	(void)state;
	secret_set(&old, STR("2.00old"));
	secret_set(&new, STR("2.00new"));
	DO(rig, rig_login(rig, rig->account, "2.00new"));
	DO(rig, account_park(rig->tx, rig->account, &old, PARK_TOKEN, "token refused", &rig->err));
	CHECK_TEXT(rig_account_state(rig), "ready");
	DO(rig, account_park(rig->tx, rig->account, &new, PARK_TOKEN, "token refused", &rig->err));
	CHECK_TEXT(rig_account_state(rig), "parked");
	secret_finish(&old);
	secret_finish(&new);
}

/* A platform that has closed its interface to the account goes on giving it tokens. */
static void test_park__for_a_person_is_not_ended_by_a_program_that_gets_a_token(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "one", rig->now_at + HOUR_MS);
	struct secret token = { 0 };

	(void)state;
	secret_set(&token, STR("2.00next"));
	DO(rig, park(rig));
	DO(rig, account_renew_token(rig->tx, rig->account, &token, 0, &rig->err));
	CHECK_TEXT(rig_account_state(rig), "ready");
	DO(rig, park(rig));
	DO(rig, account_park(rig->tx, rig->account, NULL, PARK_PERSON, "interface closed", &rig->err));
	DO(rig, park(rig));
	CHECK_TEXT(rig_text(rig, "SELECT reason FROM account WHERE id = ?1", rig->account.v), "interface closed");
	DO(rig, account_renew_token(rig->tx, rig->account, &token, 0, &rig->err));
	CHECK_TEXT(rig_account_state(rig), "parked");
	CHECK_TEXT(rig_state(rig, send), "held account_parked");
	DO(rig, resume(rig));
	CHECK_TEXT(rig_account_state(rig), "ready");
	CHECK_TEXT(rig_state(rig, send), "queued");
	DO(rig, account_park(rig->tx, rig->account, NULL, PARK_PERSON, "interface closed", &rig->err));
	DO(rig, rig_login(rig, rig->account, "2.00fresh"));
	CHECK_TEXT(rig_account_state(rig), "ready");
	DO(rig, account_park(rig->tx, rig->account, NULL, PARK_PERSON, "interface closed", &rig->err));
	DO(rig, rig_sync(rig, both + 1, 1, true));
	DO(rig, rig_sync(rig, both, 2, true));
	CHECK_TEXT(rig_account_state(rig), "parked");
	CHECK_TEXT(rig_text(rig, "SELECT reason FROM account WHERE id = ?1", rig->account.v), "needs a person");
	secret_finish(&token);
}

static void test_sync__a_configured_uid_is_taken_over(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct account_seen seen[] = {
		{ .name = "weibo-main", .platform = "fake", .remote_uid = "7700000001" },
		{ .name = "weibo-two", .platform = "fake" },
	};

	(void)state;
	DO(rig, account_sync(rig->tx, seen, 2, &rig->err));
	CHECK_TEXT(rig_text(rig, "SELECT remote_uid FROM account WHERE id = ?1", rig->account.v), "7700000001");
	CHECK_INT(rig_effects(rig, EFFECT_ACCOUNT, rig->account.v), 1);
	seen[0].remote_uid = NULL;
	DO(rig, account_sync(rig->tx, seen, 2, &rig->err));
	CHECK_TEXT(rig_text(rig, "SELECT remote_uid FROM account WHERE id = ?1", rig->account.v), "7700000001");
}

static void test_sync__what_is_gone_holds_its_sends_and_what_is_back_releases_them(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "later", rig->now_at + HOUR_MS);

	(void)state;
	DO(rig, rig_sync(rig, both + 1, 1, true));
	CHECK_TEXT(rig_account_state(rig), "removed");
	CHECK_TEXT(rig_state(rig, send), "held account_removed");
	DO(rig, rig_sync(rig, both + 1, 1, true));
	CHECK_INT(rig_events(rig, "account.removed", rig->account.v), 1);
	CHECK_TEXT(
		rig_text(rig, "SELECT detail FROM notice WHERE kind = 'warning' AND account_id = ?1", rig->account.v),
		"{\"what\":\"account-removed\",\"account\":\"weibo-main\",\"held\":1}");
	DO_FAILS(rig, pause_it(rig), ERROR_STATE, "no longer in accounts.yaml");
	DO(rig, rig_sync(rig, both, 2, true));
	CHECK_TEXT(rig_account_state(rig), "ready");
	CHECK_TEXT(rig_state(rig, send), "queued");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), rig->now_at + HOUR_MS);
	rig_check_counters(rig);
}

static void test_sync__of_many_in_any_order(void **state)
{
	enum { N = 2000 };
	cleanup(rig_freep) struct rig *rig = rig_new();
	static char text[N][16];
	static const char *many[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "acc-%d", i * 7919 % N);
		many[i] = text[i];
	}
	DO(rig, rig_sync(rig, many, N, true));
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM account WHERE state = 'ready'", 0), N);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM account WHERE state = 'removed'", 0), 2);
	DO(rig, rig_sync(rig, many + N / 2, N / 2, true));
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM account WHERE state = 'ready'", 0), N / 2);
	CHECK_TEXT(rig_text(rig, "SELECT state FROM account WHERE name = 'acc-0'", 0), "removed");
	DO(rig, rig_sync(rig, many, N, true));
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM account WHERE state = 'ready'", 0), N);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM account", 0), N + 2);
}

static void test_find__names_the_nearest(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct account_id id = { 77 };

	(void)state;
	DO_FAILS(rig, account_find(rig->tx, "weibo-mian", &id, &rig->err), ERROR_MISSING,
		"did you mean \"weibo-main\"?");
	DO_FAILS(rig, account_find(rig->tx, "something-else", &id, &rig->err), ERROR_MISSING, "no account");
	CHECK(!strstr(rig->err.message, "did you mean"));
	CHECK_INT(id.v, 77);
}

static void test_pause__holds_what_waits_and_resume_brings_it_back(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id waiting = rig_publish(rig, "one", rig->now_at + HOUR_MS);
	struct send_id draft = rig_publish(rig, "two", 0);
	struct send_id later;

	(void)state;
	DO(rig, pause_it(rig));
	later = rig_publish(rig, "three", rig->now_at + HOUR_MS);
	CHECK_TEXT(rig_state(rig, waiting), "held account_paused");
	CHECK_TEXT(rig_state(rig, later), "held account_paused");
	CHECK_TEXT(rig_state(rig, draft), "held operator");
	DO(rig, resume(rig));
	CHECK_TEXT(rig_state(rig, waiting), "queued");
	CHECK_TEXT(rig_state(rig, later), "queued");
	CHECK_TEXT(rig_state(rig, draft), "held operator");
	DO_FAILS(rig, resume(rig), ERROR_STATE, "weibo-main is ready, not paused");
	rig_check_counters(rig);
}

static void test_park__holds_warns_once_and_login_releases(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "one", rig->now_at + HOUR_MS);

	(void)state;
	DO(rig, park(rig));
	DO(rig, park(rig));
	CHECK_TEXT(rig_state(rig, send), "held account_parked");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM notice WHERE kind = 'warning' AND account_id = ?1",
			  rig->account.v),
		1);
	DO_FAILS(rig, resume(rig), ERROR_STATE, "account login");
	DO(rig, rig_login(rig, rig->account, "2.00fresh"));
	CHECK_TEXT(rig_account_state(rig), "ready");
	CHECK_TEXT(rig_state(rig, send), "queued");
}

/* Whatever the order in which an account is paused, parked and removed: once it is ready again, nothing waits for it.
 */
static void test_ready_again__releases_whatever_was_held_for_the_account(void **state)
{
	static const struct {
		const char *steps; /* p pause, r resume, k park, l login, x removed, b back, . a post */
		const char *account;
	} cases[] = {
		{ ".p.k.r.l.", "ready" },
		{ ".k.p.r.l.", "ready" },
		{ ".k.p.l.r.", "ready" },
		{ ".p.k.l.r.", "ready" },
		{ ".k.x.b.l.", "ready" },
		{ ".p.x.b.r.", "ready" },
		{ ".p.k.x.b.l.r.", "ready" },
		{ ".k.p.x.b.r.l.", "ready" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup(rig_freep) struct rig *rig = rig_new();

		for (const char *step = cases[i].steps; *step; step++) {
			switch (*step) {
			case 'p':
				DO(rig, pause_it(rig));
				break;
			case 'r':
				DO(rig, resume(rig));
				break;
			case 'k':
				DO(rig, park(rig));
				break;
			case 'l':
				DO(rig, rig_login(rig, rig->account, "2.00again"));
				break;
			case 'x':
				DO(rig, rig_sync(rig, both + 1, 1, true));
				break;
			case 'b':
				DO(rig, rig_sync(rig, both, 2, true));
				break;
			case '.':
				(void)rig_publish(rig, "one more", rig->now_at + HOUR_MS);
				break;
			}
		}
		print_message("# %s\n", cases[i].steps);
		CHECK_TEXT(rig_account_state(rig), cases[i].account);
		CHECK_INT(rig_number(rig, "SELECT count(*) FROM send WHERE state <> 'queued'", 0), 0);
		rig_check_counters(rig);
	}
}

static void test_pause__is_remembered_through_a_dead_token_and_a_missing_entry(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	DO(rig, pause_it(rig));
	DO(rig, park(rig));
	CHECK_TEXT(rig_account_state(rig), "paused");
	DO(rig, resume(rig));
	CHECK_TEXT(rig_account_state(rig), "parked");
	DO(rig, rig_login(rig, rig->account, "2.00fresh"));
	DO(rig, pause_it(rig));
	DO(rig, rig_sync(rig, both + 1, 1, true));
	DO(rig, rig_sync(rig, both, 2, true));
	CHECK_TEXT(rig_account_state(rig), "paused");
}

static void test_token__of_a_paused_account_leaves_it_paused(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct account_row row = { 0 };
	struct secret token = { 0 };

	(void)state;
	secret_set(&token, STR("2.00next"));
	DO(rig, pause_it(rig));
	DO(rig, park(rig));
	DO(rig, account_renew_token(rig->tx, rig->account, &token, 0, &rig->err));
	DO(rig, account_load(rig->tx, rig->account, &row, &rig->err));
	CHECK_INT(row.state, ACCOUNT_PAUSED);
	CHECK_INT(row.parked, PARK_NONE);
	account_row_finish(&row);
	secret_finish(&token);
	DO(rig, account_set_warned(rig->tx, rig->account, 3, &rig->err));
	DO(rig, rig_login(rig, rig->account, "2.00fresh"));
	DO(rig, account_set_token_info(rig->tx, rig->account, rig->now_at + DAY_MS, &rig->err));
	DO(rig, account_load(rig->tx, rig->account, &row, &rig->err));
	CHECK_INT(row.state, ACCOUNT_PAUSED);
	CHECK_TEXT(row.reason, "quiet period");
	CHECK_INT(row.warned_days, 0);
	CHECK_INT(row.token_expires_at, rig->now_at + DAY_MS);
	CHECK_INT(row.token_checked_at, rig->now_at);
	account_row_finish(&row);
}

static void test_token__never_stands_in_the_history(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	DO(rig, rig_login(rig, rig->account, "2.00verysecret"));
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM event WHERE detail LIKE '%verysecret%'", 0), 0);
	CHECK_INT(rig_events(rig, "account.login", rig->account.v), 1);
}

static void test_cursor__is_kept_per_account_and_feed(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct account_id two = rig_account(rig, "weibo-two");
	char *since = NULL;
	int64_t polled_at = -1;

	(void)state;
	DO(rig, cursor_load(rig->tx, rig->account, "comments", &since, &polled_at, &rig->err));
	assert_null(since);
	CHECK_INT(polled_at, 0);
	DO(rig, cursor_save(rig->tx, rig->account, "comments", "100", &rig->err) &&
			cursor_save(rig->tx, two, "comments", "200", &rig->err));
	rig->now_at += MINUTE_MS;
	DO(rig, cursor_save(rig->tx, rig->account, "comments", "101", &rig->err));
	DO(rig, cursor_load(rig->tx, rig->account, "comments", &since, &polled_at, &rig->err));
	CHECK_TEXT(since, "101");
	CHECK_INT(polled_at, rig->now_at);
	free(since);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sync__a_new_account_without_token_is_parked),
		cmocka_unit_test(test_sync__keeps_an_obtained_token_and_writes_nothing_when_nothing_changed),
		cmocka_unit_test(test_sync__a_name_stays_with_its_platform),
		cmocka_unit_test(test_sync__one_that_gets_its_token_by_itself_is_starting),
		cmocka_unit_test(test_starting__becomes_ready_with_its_first_token),
		cmocka_unit_test(test_park__by_a_token_that_was_replaced_is_nothing),
		cmocka_unit_test(test_park__for_a_person_is_not_ended_by_a_program_that_gets_a_token),
		cmocka_unit_test(test_sync__a_configured_uid_is_taken_over),
		cmocka_unit_test(test_sync__what_is_gone_holds_its_sends_and_what_is_back_releases_them),
		cmocka_unit_test(test_sync__of_many_in_any_order),
		cmocka_unit_test(test_find__names_the_nearest),
		cmocka_unit_test(test_pause__holds_what_waits_and_resume_brings_it_back),
		cmocka_unit_test(test_park__holds_warns_once_and_login_releases),
		cmocka_unit_test(test_ready_again__releases_whatever_was_held_for_the_account),
		cmocka_unit_test(test_pause__is_remembered_through_a_dead_token_and_a_missing_entry),
		cmocka_unit_test(test_token__of_a_paused_account_leaves_it_paused),
		cmocka_unit_test(test_token__never_stands_in_the_history),
		cmocka_unit_test(test_cursor__is_kept_per_account_and_feed),
	};

	return check_run(tests);
}
