/* Forgetting who left: all of theirs, nothing of others, and without reading what others said. */
#include "rig.h"

#include "codec/json.h"
#include "store/contact.h"
#include "store/media.h"

static int steps; /* thousands of instructions of SQLite's machine */

static int on_progress(void *data)
{
	(void)data;
	steps++;
	return 0;
}

static void purge(struct rig *rig, const char *author, struct contact_purged *ret_purged)
{
	const struct contact_purge what = {
		.actor = &leader, .account = rig->account, .author_id = author, .before_at = INT64_MAX, .limit = 10
	};

	DO(rig, contact_unfollowed(rig->tx, rig->account, author, &rig->err));
	DO(rig, contact_purge(rig->tx, &what, ret_purged, &rig->err));
}

static void test_purge__takes_what_was_said_and_leaves_the_numbers(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct contact_purged purged = { 0 };
	struct send_id send = { 0 };
	enum intake_result what;
	struct ticket_id ticket = rig_message(rig, "leaver", "我的地址", 3, &what);

	(void)state;
	(void)rig_message(rig, "leaver", "还有电话", 3, &what);
	(void)rig_message(rig, "stayer", "别人的地址", 3, &what);
	DO(rig, ticket_claim(rig->tx, &officer, ticket, HOUR_MS, false, &rig->err) &&
			ticket_reply(rig->tx, &officer, ticket, 3, "已收到地址", false, &send, &rig->err));
	DO(rig, tx_exec(rig->tx,
			"INSERT INTO message_media (message_id, type, remote_id, next_at) VALUES (1, 'image', 'M', 0)",
			&rig->err));
	/* WeChat's key of a private message has the sender in it; that of a comment has not, and it is polled again. */
	DO(rig, tx_exec(rig->tx,
			"UPDATE message SET remote_id = '5000/leaver' WHERE id = 1;"
			"UPDATE message SET kind = 'comment', remote_id = '77_1/5001' WHERE id = 2",
			&rig->err));
	purge(rig, "leaver", &purged);
	CHECK_INT(purged.citizens, 1);
	CHECK_INT(purged.messages, 2);
	CHECK_INT(purged.replies, 1);
	CHECK_INT(purged.media, 1);
	CHECK_INT(purged.tickets, 1);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM message WHERE text LIKE '%地址%' OR text LIKE '%电话%'", 0), 1);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM send WHERE text <> ''", 0), 0);
	CHECK_INT(
		rig_number(rig, "SELECT count(*) FROM message WHERE author_id = 'leaver' OR author_name = 'leaver'", 0),
		0);
	CHECK_INT(
		rig_number(rig, "SELECT count(*) FROM ticket WHERE author_id = 'leaver' OR author_name = 'leaver'", 0),
		0);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM message WHERE remote_id LIKE '%leaver%'", 0), 0);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM message WHERE remote_id = '77_1/5001'", 0), 1);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM message_media WHERE remote_id <> ''", 0), 0);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM ticket", 0), 2);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM message", 0), 3);
	CHECK_INT(rig_events(rig, "account.purge", rig->account.v), 1);
}

static struct send_id reply(struct rig *rig, struct ticket_id ticket)
{
	struct send_id send = { 0 };
	int64_t version;

	DO(rig, ticket_claim(rig->tx, &officer, ticket, HOUR_MS, false, &rig->err));
	version = rig_number(rig, "SELECT version FROM ticket WHERE id = ?1", ticket.v);
	DO(rig, ticket_reply(rig->tx, &officer, ticket, version, "已收到地址", false, &send, &rig->err));
	return send;
}

static const char *ticket_stands(struct rig *rig, struct ticket_id ticket)
{
	return rig_text(rig, "SELECT state || ' ' || replied FROM ticket WHERE id = ?1", ticket.v);
}

/* Nobody is there any more who could get it, and nobody who waits for another. */
static void test_purge__calls_off_what_is_not_out_and_leaves_its_ticket(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct contact_purged purged = { 0 };
	enum intake_result what;
	struct ticket_id queued_in = rig_message(rig, "queued", "我的地址", 3, &what);
	struct ticket_id held_in = rig_message(rig, "held", "我的地址", 3, &what);
	struct ticket_id failed_in = rig_message(rig, "failed", "我的地址", 3, &what);
	struct ticket_id lost_in = rig_message(rig, "lost", "我的地址", 3, &what);
	struct send_id queued = reply(rig, queued_in);
	struct send_id held = reply(rig, held_in);
	struct send_id failed = reply(rig, failed_in);
	struct send_id lost = reply(rig, lost_in);
	int64_t bounced;

	(void)state;
	DO(rig, send_hold(rig->tx, &officer, held, "why", &rig->err));
	CHECK(rig_claim(rig, failed));
	CHECK(rig_result(rig, failed, SEND_REFUSE, NULL, 0));
	CHECK(rig_claim(rig, lost));
	CHECK(rig_result(rig, lost, SEND_LOSE, NULL, rig->now_at + HOUR_MS));
	bounced = rig_number(rig, "SELECT count(*) FROM event WHERE action = 'ticket.bounced'", 0);
	purge(rig, "queued", &purged);
	purge(rig, "held", &purged);
	purge(rig, "failed", &purged);
	purge(rig, "lost", &purged);
	CHECK_TEXT(rig_state(rig, queued), "cancelled");
	CHECK_TEXT(rig_state(rig, held), "cancelled");
	CHECK_TEXT(rig_state(rig, failed), "cancelled");
	CHECK_TEXT(rig_state(rig, lost), "unsure");
	CHECK(rig_result(rig, lost, SEND_MISS, NULL, 0));
	CHECK_TEXT(rig_state(rig, lost), "cancelled");
	CHECK_TEXT(ticket_stands(rig, queued_in), "replied 2");
	CHECK_TEXT(ticket_stands(rig, lost_in), "replied 2");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM event WHERE action = 'ticket.bounced'", 0), bounced);
	CHECK_INT(rig_events(rig, "send.cancelled", queued.v), 1);
	DO_FAILS(rig, send_release(rig->tx, &officer, held, 0, &rig->err), ERROR_STATE, "cancelled");
	rig_check_counters(rig);
}

static void heard(struct rig *rig, int64_t window_ms, int replies, bool message)
{
	DO(rig, contact_heard(rig->tx, rig->account, "citizen", window_ms, replies, message, &rig->err));
}

static void check_window(struct rig *rig, int64_t until_at, int replies)
{
	struct contact_window window = { 0 };

	DO(rig, contact_window(rig->tx, rig->account, "citizen", &window, &rig->err));
	CHECK_INT(window.until_at, until_at);
	CHECK_INT(window.replies, replies);
}

static void spend(struct rig *rig, int n)
{
	for (int i = 0; i < n; i++) {
		DO(rig, contact_spend(rig->tx, rig->account, "citizen", &rig->err));
	}
}

/* A message is good for five answers in two days, a menu item for three in a minute, and never for more. */
static void test_window__of_a_menu_item_is_short_also_after_a_message(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t until_at = rig->now_at + 2 * DAY_MS;

	(void)state;
	heard(rig, 2 * DAY_MS, 5, true);
	heard(rig, MINUTE_MS, 3, false);
	check_window(rig, until_at, 5);
	spend(rig, 4);
	heard(rig, MINUTE_MS, 3, false);
	check_window(rig, until_at, 1); /* one for two days is more than three for a minute */
	spend(rig, 1);
	heard(rig, 0, 0, false); /* is good for nothing, and takes nothing */
	check_window(rig, until_at, 0);
	heard(rig, MINUTE_MS, 3, false);
	check_window(rig, rig->now_at + MINUTE_MS, 3);
	spend(rig, 1);
	heard(rig, MINUTE_MS, 3, false);
	check_window(rig, rig->now_at + MINUTE_MS, 3);
	rig->now_at += MINUTE_MS;
	DO_FAILS(rig, contact_spend(rig->tx, rig->account, "citizen", &rig->err), ERROR_STATE, "window");
	heard(rig, 2 * DAY_MS, 5, true);
	check_window(rig, rig->now_at + 2 * DAY_MS, 5);
	rig->now_at += 2 * DAY_MS - MINUTE_MS / 2; /* its last half minute */
	heard(rig, MINUTE_MS, 3, false);
	check_window(rig, rig->now_at + MINUTE_MS, 3);
}

static int64_t replies_left(struct rig *rig, struct ticket_id ticket)
{
	cleanup(json_freep) cJSON *row = NULL;

	DO(rig, view_ticket_row(rig->tx, ticket, &row, &rig->err));
	return json_i64(row, "replies_left", -1);
}

static void test_window__of_a_menu_item_is_over_for_the_ticket_too(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	enum intake_result what;
	struct ticket_id ticket = rig_message(rig, "citizen", "没水了", 3, &what);

	(void)state;
	DO(rig, tx_exec(rig->tx, "UPDATE ticket SET window_until_at = opened_at + 172800000", &rig->err));
	heard(rig, 2 * DAY_MS, 5, true);
	CHECK_INT(replies_left(rig, ticket), 5);
	spend(rig, 5);
	CHECK_INT(replies_left(rig, ticket), 0);
	heard(rig, MINUTE_MS, 3, false);
	CHECK_INT(replies_left(rig, ticket), 3);
	rig->now_at += MINUTE_MS;
	CHECK_INT(replies_left(rig, ticket), 0);
}

/* It was on its way while its citizen was forgotten: the file is there, and goes as those of before. */
static void test_purge__also_takes_a_picture_that_comes_late(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct contact_purged purged = { 0 };
	enum intake_result what;
	char **hashes = NULL;
	size_t n = 0;

	(void)state;
	(void)rig_message(rig, "leaver", "[image]", 3, &what);
	DO(rig, tx_exec(rig->tx,
			"INSERT INTO message_media (message_id, type, remote_id, next_at) VALUES (1, 'image', 'M', 0)",
			&rig->err));
	purge(rig, "leaver", &purged);
	DO(rig, medium_fetched(rig->tx, 1, "abc", 3, "image/jpeg", &rig->err));
	CHECK_INT(rig_effects(rig, EFFECT_PURGED, 0), 1);
	DO(rig, media_purged(rig->tx, &hashes, &n, &rig->err));
	CHECK_INT(n, 1);
	CHECK_TEXT(hashes[0], "abc");
	free(hashes[0]);
	free(hashes);
	DO(rig, media_forget(rig->tx, "abc", &rig->err));
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM message_media WHERE sha256 IS NOT NULL", 0), 0);
}

/* The store has one writer: who waits for a scan of all messages is a post that is due. */
static void test_purge__does_not_read_what_others_said(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct contact_purged purged = { 0 };
	enum intake_result what;

	(void)state;
	(void)rig_message(rig, "leaver", "我的地址", 3, &what);
	(void)rig_message(rig, "stayer", "别人的地址", 3, &what);
	DO(rig, tx_exec(rig->tx,
			"WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
			" INSERT INTO message (id, account_id, kind, remote_id, ticket_id, author_id, text, priority, "
			"class,"
			" created_at, received_at) SELECT i, account_id, kind, 'x' || i, ticket_id, author_id, text, "
			"priority,"
			" class, created_at, received_at FROM message JOIN n WHERE message.id = 2",
			&rig->err));
	sqlite3_progress_handler(rig->tx->sqlite, 1000, on_progress, NULL);
	steps = 0;
	purge(rig, "leaver", &purged);
	CHECK_INT(purged.messages, 1);
	if (steps > 20) {
		fail_msg("%d thousand steps for one message among 20000", steps);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_purge__takes_what_was_said_and_leaves_the_numbers),
		cmocka_unit_test(test_purge__calls_off_what_is_not_out_and_leaves_its_ticket),
		cmocka_unit_test(test_window__of_a_menu_item_is_short_also_after_a_message),
		cmocka_unit_test(test_window__of_a_menu_item_is_over_for_the_ticket_too),
		cmocka_unit_test(test_purge__also_takes_a_picture_that_comes_late),
		cmocka_unit_test(test_purge__does_not_read_what_others_said),
	};

	return check_run(tests);
}
