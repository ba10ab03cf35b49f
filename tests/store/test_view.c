/* What lists show: pages by key without gaps and doubles, filters, counts, one post, one case. */
#include "rig.h"

#include "codec/json.h"

static const char *const both[] = { "weibo-main", "weibo-two" };

/* The ids of all pages of a list, joined by blanks. */
struct pages {
	char ids[1 << 14];
	size_t n;
	int n_pages;
};

static void add_page(struct pages *pages, const cJSON *rows)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		pages->n += (size_t)snprintf(
			pages->ids + pages->n, sizeof(pages->ids) - pages->n, "%" PRId64 " ", json_i64(row, "id", 0));
	}
	pages->n_pages++;
}

#define PAGES(rig, view, filter, page_rows, ret_pages) \
	do { \
		char after_[64] = ""; \
		*(ret_pages) = (struct pages){ 0 }; \
		do { \
			cleanup(json_freep) cJSON *rows_ = json_array(); \
			struct page page_ = { .after = after_, .limit = (page_rows) }; \
			DO(rig, view((rig)->tx, (filter), &page_, rows_, &(rig)->err)); \
			CHECK(cJSON_GetArraySize(rows_) <= (page_rows)); \
			add_page((ret_pages), rows_); \
			(void)snprintf(after_, sizeof(after_), "%s", page_.next); \
		} while (after_[0]); \
	} while (0)

/* What the store's own rows say, in the order of the list. */
static void want_ids(struct rig *rig, const char *sql, char *out, size_t room)
{
	sqlite3_stmt *stmt = NULL;
	size_t n = 0;

	out[0] = '\0';
	CHECK_INT(sqlite3_prepare_v2(rig->tx->sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		n += (size_t)snprintf(out + n, room - n, "%lld ", (long long)sqlite3_column_int64(stmt, 0));
	}
	(void)sqlite3_finalize(stmt);
}

static void fill_posts(struct rig *rig)
{
	for (int i = 0; i < 23; i++) {
		struct post_id post;
		enum post_insert what;
		struct send_id *sends = NULL;
		size_t n = 0;

		DO(rig, rig_insert(rig, NULL, "一段文字", i % 3 ? rig->now_at + i * HOUR_MS : 0, both + i % 2,
				i % 4 == 0 ? 2 - (size_t)i % 2 : 1, &post, &what) &&
				send_list_of_post(rig->tx, post, &sends, &n, &rig->err));
		if (i % 5 == 0) {
			DO(rig, send_cancel(rig->tx, &officer, sends[0], "no", &rig->err));
		}
		free(sends);
	}
}

static void test_posts__pages_newest_first_under_every_filter(void **state)
{
	static const struct {
		struct delivery_filter filter;
		const char *sql;
	} cases[] = {
		{ { 0 }, "SELECT id FROM post ORDER BY id DESC" },
		{ { .account = "weibo-two" },
			"SELECT DISTINCT post_id FROM send WHERE account_id = 2 ORDER BY post_id DESC" },
		{ { .state = "cancelled" },
			"SELECT DISTINCT post_id FROM send WHERE state = 'cancelled' ORDER BY post_id DESC" },
		{ { .account = "weibo-main", .state = "held" }, "SELECT DISTINCT post_id FROM send WHERE account_id = "
								"1 AND state = 'held' ORDER BY post_id DESC" },
		{ { .account = "nobody" }, "SELECT id FROM post WHERE 0" },
	};
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	fill_posts(rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int limit = 1; limit < 30; limit += 3) {
			struct pages pages;
			char want[4096];

			want_ids(rig, cases[i].sql, want, sizeof(want));
			PAGES(rig, view_posts, &cases[i].filter, limit, &pages);
			CHECK_TEXT(pages.ids, want);
		}
	}
}

static void test_sends__pages_newest_first_under_every_filter(void **state)
{
	const struct {
		struct delivery_filter filter;
		const char *sql;
	} cases[] = {
		{ { 0 }, "SELECT id FROM send WHERE state NOT IN ('sent', 'cancelled') ORDER BY id DESC" },
		{ { .state = "cancelled" }, "SELECT id FROM send WHERE state = 'cancelled' ORDER BY id DESC" },
		{ { .account = "weibo-two", .state = "queued" },
			"SELECT id FROM send WHERE account_id = 2 AND state = 'queued' ORDER BY id DESC" },
		{ { .kind = "reply" },
			"SELECT id FROM send WHERE kind = 'reply' AND state <> 'cancelled' ORDER BY id DESC" },
		{ { .kind = "publish", .state = "held" },
			"SELECT id FROM send WHERE kind = 'publish' AND state = 'held' ORDER BY id DESC" },
		{ { .post = 5 }, "SELECT id FROM send WHERE post_id = 5 AND state NOT IN ('sent', 'cancelled') ORDER "
				 "BY id DESC" },
		/* From is inside, until is not. */
		{ { .due_from_at = RIG_NOW_AT + 4 * HOUR_MS, .due_until_at = RIG_NOW_AT + 10 * HOUR_MS },
			"SELECT id FROM send WHERE state NOT IN ('sent', 'cancelled') AND (due_at - 1767574800000) / "
			"3600000 BETWEEN 4 AND 9"
			" ORDER BY id DESC" },
	};
	cleanup(rig_freep) struct rig *rig = rig_new();
	enum intake_result what;
	struct ticket_id ticket;
	struct send_id send = { 0 };

	(void)state;
	fill_posts(rig);
	ticket = rig_message(rig, "a", "没水", 3, &what);
	DO(rig, ticket_claim(rig->tx, &officer, ticket, HOUR_MS, false, &rig->err) &&
			ticket_reply(rig->tx, &officer, ticket, 2, "已安排", false, &send, &rig->err));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int limit = 1; limit < 40; limit += 4) {
			struct pages pages;
			char want[4096];

			want_ids(rig, cases[i].sql, want, sizeof(want));
			CHECK(want[0]);
			PAGES(rig, view_sends, &cases[i].filter, limit, &pages);
			CHECK_TEXT(pages.ids, want);
		}
	}
}

static void test_pages__end_exactly_with_the_last_row(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct delivery_filter any = { 0 };
	struct pages pages;

	(void)state;
	for (int i = 0; i < 4; i++) {
		(void)rig_publish(rig, "text", 0);
	}
	PAGES(rig, view_sends, &any, 2, &pages);
	CHECK_INT(pages.n_pages, 2); /* no empty page behind it */
	PAGES(rig, view_posts, &any, 4, &pages);
	CHECK_INT(pages.n_pages, 1);
}

static void fill_tickets(struct rig *rig)
{
	static const int priorities[] = { 3, 0, 5, 1, 9, 3, 2 };

	for (int i = 0; i < 40; i++) {
		enum intake_result what;
		struct ticket_id ticket;
		char author[16];

		(void)snprintf(author, sizeof(author), "a%d", i);
		rig->now_at += i % 3 ? MINUTE_MS : 0; /* some in the same moment */
		ticket = rig_message(rig, author, "没水了", priorities[i % 7], &what);
		if (i % 4 == 1) {
			DO(rig, ticket_claim(
					rig->tx, i % 8 == 1 ? &officer : &colleague, ticket, DAY_MS, false, &rig->err));
		}
		if (i % 6 == 5 && i % 4 != 1) {
			DO(rig, ticket_close(rig->tx, &leader, ticket, "duplicate", "of another", &rig->err));
		}
	}
	rig->now_at += 35 * MINUTE_MS;
}

static void test_tickets__most_urgent_first_under_every_filter(void **state)
{
	static const char order[] = " ORDER BY priority, next_due_at, id";
	static const struct {
		struct ticket_filter filter;
		const char *where;
	} cases[] = {
		{ { .priority = -1 }, "state <> 'closed'" },
		{ { .priority = -1, .state = "claimed" }, "state = 'claimed'" },
		{ { .priority = 3 }, "state <> 'closed' AND priority = 3" },
		{ { .priority = 0 }, "state <> 'closed' AND priority = 0" },
		{ { .priority = -1, .unclaimed = true }, "state <> 'closed' AND holder IS NULL" },
		{ { .priority = -1, .holder = "officer" }, "state <> 'closed' AND holder = 'officer'" },
		{ { .priority = -1, .class = "consult", .account = "weibo-main" }, "state <> 'closed'" },
		{ { .priority = -1, .account = "weibo-two" }, "0" },
	};
	cleanup(rig_freep) struct rig *rig = rig_new();

	(void)state;
	fill_tickets(rig);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int limit = 1; limit < 50; limit += 6) {
			struct pages pages;
			char sql[256];
			char want[4096];

			(void)snprintf(sql, sizeof(sql), "SELECT id FROM ticket WHERE %s%s", cases[i].where, order);
			want_ids(rig, sql, want, sizeof(want));
			PAGES(rig, view_tickets, &cases[i].filter, limit, &pages);
			CHECK_TEXT(pages.ids, want);
		}
	}
}

static void test_tickets__overdue_are_those_whose_nearest_deadline_has_passed(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct ticket_filter overdue = { .priority = -1, .overdue = true };
	cleanup(json_freep) cJSON *counts = json_object();
	struct pages pages;
	char sql[160];
	char want[4096];
	char *rest = want;
	int64_t n = 0;

	(void)state;
	fill_tickets(rig);
	(void)snprintf(sql, sizeof(sql),
		"SELECT id FROM ticket WHERE state <> 'closed' AND next_due_at <= %" PRId64
		" ORDER BY priority, next_due_at, id",
		rig->now_at);
	want_ids(rig, sql, want, sizeof(want));
	CHECK(want[0]);
	PAGES(rig, view_tickets, &overdue, 3, &pages);
	CHECK_TEXT(pages.ids, want);
	while ((rest = strchr(rest, ' '))) {
		rest++;
		n++;
	}
	DO(rig, view_counts(rig->tx, counts, &rig->err));
	CHECK_INT(json_i64(json_get(counts, "tickets"), "overdue", -1), n);
}

static void test_tickets__closed_ones_by_id_newest_first(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct ticket_filter all = { .priority = -1, .state = "all" };
	const struct ticket_filter closed = { .priority = -1, .state = "closed" };
	struct pages pages;
	char want[4096];

	(void)state;
	fill_tickets(rig);
	for (int limit = 1; limit < 50; limit += 8) {
		want_ids(rig, "SELECT id FROM ticket ORDER BY id DESC", want, sizeof(want));
		PAGES(rig, view_tickets, &all, limit, &pages);
		CHECK_TEXT(pages.ids, want);
		want_ids(rig, "SELECT id FROM ticket WHERE state = 'closed' ORDER BY id DESC", want, sizeof(want));
		CHECK(want[0]);
		PAGES(rig, view_tickets, &closed, limit, &pages);
		CHECK_TEXT(pages.ids, want);
	}
}

static void test_cursor__of_another_list_is_an_input_error(void **state)
{
	static const char *const wrong[] = { "x", "1/2", "1/2/3/4", "-1/2/3", "1/2/", "10/2/3",
		"1/2/3'; DROP TABLE ticket" };
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct ticket_filter open = { .priority = -1 };
	const struct ticket_filter all = { .priority = -1, .state = "all" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		cleanup(json_freep) cJSON *rows = json_array();
		struct page page = { .after = wrong[i], .limit = 5 };

		DO_FAILS(rig, view_tickets(rig->tx, &open, &page, rows, &rig->err), ERROR_INPUT, "after");
		DO_FAILS(rig, view_tickets(rig->tx, &all, &page, rows, &rig->err), ERROR_INPUT, "after");
	}
}

/* The first page of the inbox walks its index and sorts nothing. */
static void test_tickets__the_inbox_is_read_in_the_order_of_its_index(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	sqlite3_stmt *stmt = NULL;
	bool by_index = false;

	(void)state;
	CHECK_INT(sqlite3_prepare_v2(rig->tx->sqlite,
			  "EXPLAIN QUERY PLAN SELECT id FROM ticket WHERE state <> 'closed' AND (priority, "
			  "next_due_at, id) > (1, 2, 3)"
			  " ORDER BY priority, next_due_at, id LIMIT 51",
			  -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(stmt, 3);

		by_index = by_index || strstr(detail, "ticket_inbox");
		CHECK(!strstr(detail, "TEMP B-TREE"));
	}
	(void)sqlite3_finalize(stmt);
	CHECK(by_index);
}

static void test_ticket__shows_its_thread_in_order_and_ours_once(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(json_freep) cJSON *ticket = NULL;
	const cJSON *thread;
	enum intake_result what;
	struct ticket_id id = rig_message(rig, "a\x1b[31mb", "没水了", 3, &what);
	struct send_id send = { 0 };

	(void)state;
	rig->now_at += MINUTE_MS;
	DO(rig, ticket_claim(rig->tx, &officer, id, HOUR_MS, false, &rig->err) &&
			ticket_reply(rig->tx, &officer, id, 2, "已安排", false, &send, &rig->err));
	CHECK(rig_claim(rig, send) && rig_result(rig, send, SEND_ACCEPT, "900", 0));
	/* The poll brings our own words back. */
	DO(rig, tx_exec(rig->tx,
			"INSERT INTO message (account_id, kind, remote_id, ticket_id, from_us, author_id, text, "
			"priority, class,"
			" created_at, received_at) VALUES (1, 'direct', '900', 1, 1, 'us', '已安排', 9, 'ours', 1, 1)",
			&rig->err));
	rig->now_at += MINUTE_MS;
	CHECK_INT(rig_message(rig, "a\x1b[31mb", "谢谢", 9, &what).v, id.v);
	DO(rig, view_ticket_row(rig->tx, id, &ticket, &rig->err));
	CHECK_TEXT(json_text(ticket, "excerpt", ""), "谢谢");
	CHECK(!json_get(ticket, "thread"));
	cJSON_Delete(ticket);
	DO(rig, view_ticket(rig->tx, id, &ticket, &rig->err));
	thread = json_get(ticket, "thread");
	CHECK_INT(cJSON_GetArraySize(thread), 3);
	CHECK_TEXT(json_text(cJSON_GetArrayItem(thread, 0), "text", ""), "没水了");
	CHECK_TEXT(json_text(cJSON_GetArrayItem(thread, 1), "kind", ""), "reply");
	CHECK_TEXT(json_text(cJSON_GetArrayItem(thread, 1), "send_state", ""), "sent");
	CHECK_TEXT(json_text(cJSON_GetArrayItem(thread, 2), "text", ""), "谢谢");
	CHECK(!strchr(json_text(ticket, "author", "\x1b"), '\x1b'));
	CHECK_INT(json_i64(ticket, "version", 0), 4);
	CHECK(cJSON_GetArraySize(json_get(ticket, "history")) >= 4);
	DO_FAILS(
		rig, view_ticket(rig->tx, (struct ticket_id){ 99 }, &ticket, &rig->err), ERROR_MISSING, "no ticket 99");
}

static void test_post__shows_its_deliveries_and_history(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(json_freep) cJSON *post = NULL;
	struct post_id id = { 0 };
	enum post_insert what;
	const cJSON *delivery;

	(void)state;
	DO(rig, rig_insert(rig, "key", "一段文字", rig->now_at, both, 2, &id, &what));
	CHECK(rig_claim(rig, (struct send_id){ 1 }) && rig_result(rig, (struct send_id){ 1 }, SEND_ACCEPT, "49", 0));
	DO(rig, view_post(rig->tx, id, &post, &rig->err));
	CHECK_TEXT(json_text(post, "key", ""), "key");
	CHECK_TEXT(json_text(post, "text", ""), "一段文字");
	CHECK_INT(cJSON_GetArraySize(json_get(post, "deliveries")), 2);
	delivery = cJSON_GetArrayItem(json_get(post, "deliveries"), 0);
	CHECK_TEXT(json_text(delivery, "delivery", ""), "1/weibo-main");
	CHECK_TEXT(json_text(delivery, "state", ""), "sent");
	CHECK_TEXT(json_text(delivery, "remote_id", ""), "49");
	CHECK_INT(cJSON_GetArraySize(json_get(post, "history")), 3); /* created, sending, sent */
	DO_FAILS(rig, view_post(rig->tx, (struct post_id){ 99 }, &post, &rig->err), ERROR_MISSING, "no post 99");
}

static void test_counts__are_the_rows(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(json_freep) cJSON *counts = json_object();
	cleanup(json_freep) cJSON *shape = json_array();
	const cJSON *row;

	(void)state;
	fill_posts(rig);
	fill_tickets(rig);
	DO(rig, account_pause(rig->tx, &leader, rig->account, "quiet", &rig->err));
	DO(rig, view_counts(rig->tx, counts, &rig->err) && view_queue_shape(rig->tx, shape, &rig->err));
	CHECK_INT(json_i64(json_get(counts, "sends"), "held", -1),
		rig_number(rig, "SELECT count(*) FROM send WHERE state = 'held'", 0));
	CHECK_INT(json_i64(json_get(counts, "sends"), "queued", -1),
		rig_number(rig, "SELECT count(*) FROM send WHERE state = 'queued'", 0));
	CHECK_INT(json_i64(json_get(counts, "tickets"), "open", -1),
		rig_number(rig, "SELECT count(*) FROM ticket WHERE state <> 'closed'", 0));
	CHECK_INT(json_i64(json_get(counts, "tickets"), "new", -1),
		rig_number(rig, "SELECT count(*) FROM ticket WHERE state = 'new'", 0));
	CHECK_INT(json_i64(json_get(json_get(counts, "tickets"), "by_priority"), "P3", -1),
		rig_number(rig, "SELECT count(*) FROM ticket WHERE state <> 'closed' AND priority = 3", 0));
	CHECK_INT(json_i64(json_get(counts, "accounts"), "paused", -1), 1);
	CHECK_INT(json_i64(json_get(counts, "accounts"), "ready", -1), 1);
	CHECK_INT(cJSON_GetArraySize(shape), 2);
	cJSON_ArrayForEach(row, shape)
	{
		CHECK_INT(json_i64(row, "held", -1),
			rig_number(rig, "SELECT count(*) FROM send WHERE state = 'held' AND account_id = ?1",
				json_i64(row, "id", 0)));
	}
}

static void test_gone__are_accounts_that_left_with_something_to_send(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(json_freep) cJSON *rows = json_array();
	cleanup(json_freep) cJSON *counts = json_object();
	static const char *const other[] = { "weibo-other" };

	(void)state;
	(void)rig_publish(rig, "one", rig->now_at + HOUR_MS);
	(void)rig_publish(rig, "two", rig->now_at + HOUR_MS);
	DO(rig, view_gone_accounts(rig->tx, rows, &rig->err));
	CHECK_INT(cJSON_GetArraySize(rows), 0);
	DO(rig, rig_sync(rig, other, 1, true));
	DO(rig, view_gone_accounts(rig->tx, rows, &rig->err) && view_counts(rig->tx, counts, &rig->err));
	CHECK_INT(cJSON_GetArraySize(rows), 1);
	CHECK_TEXT(json_text(cJSON_GetArrayItem(rows, 0), "name", ""), "weibo-main");
	CHECK_INT(json_i64(cJSON_GetArrayItem(rows, 0), "held", 0), 2);
	CHECK_INT(json_i64(json_get(counts, "sends"), "gone", 0), 2);
}

static void test_accounts__show_no_token(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(json_freep) cJSON *rows = json_array();
	struct page page = { .limit = 50 };
	struct buf text;

	(void)state;
	DO(rig, rig_login(rig, rig->account, "2.00verysecret"));
	DO(rig, view_accounts(rig->tx, NULL, &page, rows, &rig->err));
	buf_init(&text, 1 << 16);
	CHECK(json_print(&text, rows));
	CHECK(str_find(buf_str(&text), STR("verysecret")) < 0);
	CHECK(str_find(buf_str(&text), STR("weibo-main")) >= 0);
	buf_finish(&text);
}

static void test_accounts__page_by_name(void **state)
{
	/* Ids in another order than names. */
	static const char *const names[] = { "weibo-main", "weibo-two", "abend", "zeitung", "mitte" };
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(json_freep) cJSON *one = json_array();
	struct page page = { .limit = 1 };

	(void)state;
	DO(rig, rig_sync(rig, names, ARRAY_LEN(names), true));
	for (int limit = 1; limit <= 6; limit++) {
		struct pages pages;

		PAGES(rig, view_accounts, NULL, limit, &pages);
		CHECK_TEXT(pages.ids, "3 5 1 2 4 ");
		CHECK_INT(pages.n_pages, (5 + limit - 1) / limit);
	}
	DO(rig, view_accounts(rig->tx, "mitte", &page, one, &rig->err));
	CHECK_INT(cJSON_GetArraySize(one), 1);
	CHECK_INT(json_i64(cJSON_GetArrayItem(one, 0), "id", 0), 5);
	CHECK_TEXT(page.next, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posts__pages_newest_first_under_every_filter),
		cmocka_unit_test(test_sends__pages_newest_first_under_every_filter),
		cmocka_unit_test(test_pages__end_exactly_with_the_last_row),
		cmocka_unit_test(test_tickets__most_urgent_first_under_every_filter),
		cmocka_unit_test(test_tickets__overdue_are_those_whose_nearest_deadline_has_passed),
		cmocka_unit_test(test_tickets__closed_ones_by_id_newest_first),
		cmocka_unit_test(test_cursor__of_another_list_is_an_input_error),
		cmocka_unit_test(test_tickets__the_inbox_is_read_in_the_order_of_its_index),
		cmocka_unit_test(test_ticket__shows_its_thread_in_order_and_ours_once),
		cmocka_unit_test(test_post__shows_its_deliveries_and_history),
		cmocka_unit_test(test_counts__are_the_rows),
		cmocka_unit_test(test_gone__are_accounts_that_left_with_something_to_send),
		cmocka_unit_test(test_accounts__show_no_token),
		cmocka_unit_test(test_accounts__page_by_name),
	};

	return check_run(tests);
}
