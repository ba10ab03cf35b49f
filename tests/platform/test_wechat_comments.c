/* Comments under articles: the plan of polls, pages that shift, threads without comments, and our replies. */
#include "wechat_rig.h"

#define NOW_S (RIG_NOW_AT / 1000)

static const struct driver_thread three[] = {
	{ .thread_id = "300/0", .title = "今天", .sent_at = RIG_NOW_AT - HOUR_MS },
	{ .thread_id = "200/0", .title = "前天", .sent_at = RIG_NOW_AT - 2 * DAY_MS },
	{ .thread_id = "100/0", .title = "上周", .sent_at = RIG_NOW_AT - 10 * DAY_MS },
};

static void start(struct rig *rig, const char *since, int64_t now_at, size_t n)
{
	rig_start(rig, OP_PULL);
	rig->op.pull = (struct driver_pull){ .since = since, .now_at = now_at, .threads = three, .n_threads = n };
	rig->op.now_at = now_at;
}

static void check_asked(struct rig *rig, const char *data_id, int begin)
{
	char want[200];

	rig_request(rig);
	CHECK_TEXT(rig_path(rig), "/cgi-bin/comment/list");
	CHECK(!rig->request.writes);
	(void)snprintf(want, sizeof(want), "{\"msg_data_id\":%s,\"index\":0,\"begin\":%d,\"count\":49,\"type\":0}",
		data_id, begin);
	CHECK_STR(((struct str){ rig->request.body, rig->request.body_n }), want);
}

/* A page of n comments, the first `newest_s` old, each a second older than the one before. */
static void page(struct rig *rig, int n, int64_t first_id, int64_t newest_s)
{
	struct buf body;

	buf_init(&body, 100000);
	(void)buf_printf(&body, "{\"errcode\":0,\"errmsg\":\"ok\",\"total\":%d,\"comment\":[", n);
	for (int i = 0; i < n; i++) {
		(void)buf_printf(&body, "%s{\"user_comment_id\":%lld,\"create_time\":%lld,\"content\":\"c\"}",
			i ? "," : "", (long long)(first_id - i), (long long)(newest_s - i));
	}
	(void)buf_add_text(&body, "]}");
	rig_answer(rig, body.p);
	buf_finish(&body);
}

static void test_list__becomes_messages_and_our_replies(void **state)
{
	static const struct driver_thread thread = {
		.thread_id = "2247503077/0", .title = "通告", .sent_at = RIG_NOW_AT
	};
	const struct message *message;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_start(&rig, OP_PULL);
	rig.op.pull = (struct driver_pull){ .now_at = RIG_NOW_AT, .threads = &thread, .n_threads = 1 };
	check_asked(&rig, "2247503077", 0);
	rig_fixture_answer(&rig, "comment_list");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.messages.n, 3);
	message = &rig.outcome.messages.items[0];
	CHECK_INT(message->kind, MESSAGE_COMMENT);
	CHECK_TEXT(message->remote_id, "2247503077/0/12");
	CHECK_TEXT(message->author_id, RIG_OPENID);
	CHECK_TEXT(message->text, "周末可以办理吗？🙏");
	CHECK_INT(message->created_at, INT64_C(1764003600000));
	CHECK_TEXT(message->status_id, "2247503077/0");
	CHECK_TEXT(message->status_text, "通告");
	CHECK(!message->from_us);
	message = &rig.outcome.messages.items[1];
	CHECK_TEXT(message->remote_id, "2247503077/0/12/r");
	CHECK_TEXT(message->parent_id, "2247503077/0/12");
	CHECK(message->from_us);
	CHECK_INT(message->created_at, INT64_C(1764004000000));
	message = &rig.outcome.messages.items[2];
	CHECK_TEXT(message->remote_id, "2247503077/0/11");
	assert_null(message->author_id);
	CHECK_TEXT(rig.outcome.since, "2247503077/0:0:1764003600");
	rig_finish(&rig);
}

static void test_plan__asks_young_articles_always_and_old_ones_seldom(void **state)
{
	char *since;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 1, 9, NOW_S - 100);
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	check_asked(&rig, "200", 0);
	page(&rig, 0, 0, 0);
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	check_asked(&rig, "100", 0);
	page(&rig, 0, 0, 0);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	since = xstrdup(rig.outcome.since);

	/* five minutes later: only the young one, and nothing new moves no cursor */
	start(&rig, since, RIG_NOW_AT + 5 * MINUTE_MS, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 1, 9, NOW_S - 100);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, since);

	/* an hour later: that of the week too, but not the old one */
	start(&rig, since, RIG_NOW_AT + HOUR_MS, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 0, 0, 0);
	check_asked(&rig, "200", 0);
	page(&rig, 0, 0, 0);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);

	/* a day later all; after a month the oldest no more */
	start(&rig, since, RIG_NOW_AT + DAY_MS, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 0, 0, 0);
	check_asked(&rig, "200", 0);
	page(&rig, 0, 0, 0);
	check_asked(&rig, "100", 0);
	page(&rig, 0, 0, 0);
	start(&rig, since, RIG_NOW_AT + 25 * DAY_MS, 3);
	check_asked(&rig, "300", 0);
	page(&rig, 0, 0, 0);
	check_asked(&rig, "200", 0);
	page(&rig, 0, 0, 0);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	free(since);
	rig_finish(&rig);
}

static void test_pages__overlap_until_what_is_known(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 1);
	check_asked(&rig, "300", 0);
	page(&rig, 49, 200, NOW_S);
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	CHECK_INT(rig.outcome.messages.n, 49);
	check_asked(&rig, "300", 44);
	page(&rig, 49, 156, NOW_S - 44);
	check_asked(&rig, "300", 88);
	page(&rig, 3, 112, NOW_S - 88);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE); /* a short page is the last, whatever `total` says */
	/* later: one page is enough, because it goes back far behind what was read */
	start(&rig, "300/0:0:1767574800", RIG_NOW_AT, 1);
	check_asked(&rig, "300", 0);
	page(&rig, 49, 300, NOW_S - 601);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, "300/0:0:1767574800");
	rig_finish(&rig);
}

static void test_endless_pages__are_cut_off(void **state)
{
	struct rig rig;
	int pages = 0;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 3);
	do {
		rig_request(&rig);
		page(&rig, 49, 1000000 - 44 * pages, NOW_S);
		pages++;
	} while (rig.outcome.kind == OUTCOME_NEXT);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(pages, LIMIT_PULL_PAGES);
	CHECK(rig.outcome.note != NULL);
	/* Both articles were cut short: below is still to be read, in the second at once. */
	CHECK_TEXT(rig.outcome.since,
		"from:200/0 300/0:0:1767574800:1320:1767574752:0 200/0:0:1767574800:880:1767574752:0");
	rig_finish(&rig);
}

static void test_thread_without_comments__is_not_asked_again(void **state)
{
	char *since;
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 1);
	check_asked(&rig, "300", 0);
	rig_fixture_answer(&rig, "error_88001");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, "300/0:x");
	since = xstrdup(rig.outcome.since);
	start(&rig, since, RIG_NOW_AT + HOUR_MS, 1);
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	assert_null(rig.outcome.since);
	free(since);
	rig_finish(&rig);
}

static void test_privilege__that_is_missing_switches_comments_off(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 1);
	rig_do(&rig, "error_88000");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK_TEXT(rig.outcome.capability, "comments");
	rig.settings.comments = false;
	start(&rig, NULL, RIG_NOW_AT, 1);
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_finish(&rig);
}

static void test_damaged_cursor__reads_everything(void **state)
{
	static const char *const damaged[] = { "", "-", "300/0", "300/0:", "300/0:z:1", "300/0:1",
		":::", "5251651732504576" };
	struct rig rig;

	(void)state;
	rig_init(&rig);
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		start(&rig, damaged[i], RIG_NOW_AT, 1);
		check_asked(&rig, "300", 0);
		page(&rig, 0, 0, 0);
		CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
		CHECK_TEXT(rig.outcome.since, "-");
	}
	rig_finish(&rig);
}

static void test_odd_comments__are_left_out(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	start(&rig, NULL, RIG_NOW_AT, 1);
	rig_request(&rig);
	rig_answer(&rig, "{\"comment\":[7,null,{},{\"user_comment_id\":0},{\"user_comment_id\":-4},{\"user_comment_"
			 "id\":\"x/y\"},"
			 "{\"user_comment_id\":\"18\",\"create_time\":\"1767574000\",\"openid\":\"a "
			 "b\",\"reply\":{\"content\":\"\"}},"
			 "{\"user_comment_id\":4294967295,\"create_time\":-1}]}");
	CHECK_INT(rig.outcome.messages.n, 2);
	CHECK_TEXT(rig.outcome.messages.items[0].remote_id, "300/0/18");
	CHECK_INT(rig.outcome.messages.items[0].created_at, INT64_C(1767574000000));
	assert_null(rig.outcome.messages.items[0].author_id);
	CHECK_TEXT(rig.outcome.messages.items[1].remote_id, "300/0/4294967295");
	CHECK_INT(rig.outcome.messages.items[1].created_at, 0);
	rig_finish(&rig);
}

/* ---- a far end that holds many comments ---- */

#define CROWD_THREADS 120
#define CROWD_MAX     4000
#define POLL_MS       (5 * MINUTE_MS)

/* Comments of one article, as the far end holds them and as they reached us; the index is the id less one. */
struct crowd_thread {
	int n;
	int64_t at_s[CROWD_MAX];
	bool gone[CROWD_MAX];
	unsigned char read[CROWD_MAX];
};

struct crowd {
	struct rig rig;
	struct driver_thread threads[CROWD_THREADS];
	char ids[CROWD_THREADS][24];
	char titles[CROWD_THREADS][40];
	size_t n;
	struct crowd_thread *held;
	int64_t now_at;
	char *since;
	int calls; /* of the last pull */
};

static void crowd_init(struct crowd *crowd, size_t n, int64_t age_ms)
{
	*crowd = (struct crowd){ .n = n, .now_at = RIG_NOW_AT };
	crowd->held = xnew_array(struct crowd_thread, n);
	rig_init(&crowd->rig);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(crowd->ids[i], sizeof(crowd->ids[i]), "%zu/0", 1000 - i);
		(void)snprintf(crowd->titles[i], sizeof(crowd->titles[i]), "通告%zu", i);
		crowd->threads[i] = (struct driver_thread){
			.thread_id = crowd->ids[i],
			.title = crowd->titles[i],
			.sent_at = RIG_NOW_AT - age_ms - (int64_t)i * SECOND_MS,
		};
	}
}

static void crowd_finish(struct crowd *crowd)
{
	rig_finish(&crowd->rig);
	free(crowd->held);
	free(crowd->since);
}

/* n citizens write, the last of them `now`, each a second after the one before. */
static void crowd_writes(struct crowd *crowd, size_t thread, int n)
{
	struct crowd_thread *held = &crowd->held[thread];

	assert_true(held->n + n <= CROWD_MAX);
	for (int i = 0; i < n; i++) {
		held->at_s[held->n++] = crowd->now_at / 1000 - (n - 1 - i);
	}
}

static void crowd_since(struct crowd *crowd, const char *since)
{
	free(crowd->since);
	crowd->since = since ? xstrdup(since) : NULL;
}

static size_t crowd_thread_of(int64_t data_id)
{
	assert_true(data_id <= 1000 && data_id > 1000 - CROWD_THREADS);
	return (size_t)(1000 - data_id);
}

static void crowd_answer(struct crowd *crowd)
{
	const struct crowd_thread *held = &crowd->held[crowd_thread_of(json_i64(crowd->rig.body, "msg_data_id", 0))];
	int64_t begin = json_i64(crowd->rig.body, "begin", -1);
	int64_t seen = 0;
	struct buf body;

	assert_true(begin >= 0);
	buf_init(&body, 100000);
	(void)buf_add_text(&body, "{\"errcode\":0,\"comment\":[");
	for (int i = held->n - 1; i >= 0 && seen < begin + 49; i--) {
		if (held->gone[i] || seen++ < begin) {
			continue;
		}
		(void)buf_printf(&body, "%s{\"user_comment_id\":%d,\"create_time\":%lld,\"content\":\"c\"}",
			seen > begin + 1 ? "," : "", i + 1, (long long)held->at_s[i]);
	}
	(void)buf_add_text(&body, "]}");
	rig_answer(&crowd->rig, body.p);
	buf_finish(&body);
}

static void crowd_take(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->rig.outcome.messages.n; i++) {
		const struct message *message = &crowd->rig.outcome.messages.items[i];
		struct wechat_comment_id id;
		int64_t data_id = 0;
		int64_t number = 0;

		assert_true(wechat_comment_parse(message->remote_id, &id));
		assert_true(str_to_i64(str_from(id.data_id), 1, 1000, &data_id) &&
			    str_to_i64(str_from(id.comment), 1, CROWD_MAX, &number));
		crowd->held[crowd_thread_of(data_id)].read[number - 1] = 1;
	}
}

/* One pull, with the cursor of the last one; the clock goes on after it. */
static void crowd_pull(struct crowd *crowd)
{
	struct rig *rig = &crowd->rig;

	rig_start(rig, OP_PULL);
	rig->op.pull = (struct driver_pull){
		.since = crowd->since, .now_at = crowd->now_at, .threads = crowd->threads, .n_threads = crowd->n
	};
	rig->op.now_at = crowd->now_at;
	crowd->calls = 0;
	do {
		rig_request(rig);
		if (!rig->request.url) {
			rig_answer_nothing(rig);
			break;
		}
		crowd->calls++;
		assert_true(crowd->calls <= (int)LIMIT_PULL_PAGES);
		crowd_answer(crowd);
		crowd_take(crowd);
	} while (rig->outcome.kind == OUTCOME_NEXT);
	CHECK_INT(rig->outcome.kind, OUTCOME_DONE);
	if (rig->outcome.since) {
		crowd_since(crowd, rig->outcome.since);
	}
	crowd->now_at += POLL_MS;
}

/* Does the cursor say that something of the only article is still to be read? */
static bool crowd_more(const struct crowd *crowd)
{
	size_t colons = 0;

	for (const char *p = crowd->since; p && *p; p++) {
		colons += *p == ':';
	}
	return colons > 2;
}

static int crowd_unread(const struct crowd *crowd)
{
	int n = 0;

	for (size_t t = 0; t < crowd->n; t++) {
		for (int i = 0; i < crowd->held[t].n; i++) {
			n += !crowd->held[t].gone[i] && !crowd->held[t].read[i];
		}
	}
	return n;
}

static void test_burst__is_read_to_its_end_over_several_pulls(void **state)
{
	static const int64_t ages[] = { HOUR_MS, 2 * DAY_MS, 10 * DAY_MS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
		struct crowd crowd;

		crowd_init(&crowd, 1, ages[i]);
		crowd_writes(&crowd, 0, 3000);
		crowd_pull(&crowd);
		CHECK(crowd_more(&crowd));
		crowd_pull(&crowd);
		crowd_pull(&crowd);
		crowd_pull(&crowd);
		CHECK_INT(crowd_unread(&crowd), 0);
		CHECK(!crowd_more(&crowd));
		crowd_pull(&crowd); /* and then no more of it than ever */
		CHECK_INT(crowd.calls, i == 0 ? 14 : 0);
		crowd_finish(&crowd);
	}
}

static void test_burst__between_two_polls_is_read_down_to_what_was_known(void **state)
{
	struct crowd crowd;

	(void)state;
	crowd_init(&crowd, 1, HOUR_MS);
	crowd_writes(&crowd, 0, 300);
	crowd_pull(&crowd);
	CHECK_INT(crowd_unread(&crowd), 0);
	memset(crowd.held[0].read, 1, 300);
	crowd.now_at += HOUR_MS;
	crowd_writes(&crowd, 0, 3000);
	crowd_pull(&crowd);
	CHECK(crowd_unread(&crowd) > 0);
	/* the list moves while it is read: what is new comes first, and nothing below is passed over */
	crowd_writes(&crowd, 0, 120);
	crowd_pull(&crowd);
	for (int i = 0; i < 120; i++) {
		CHECK_INT(crowd.held[0].read[3300 + i], 1);
	}
	crowd_writes(&crowd, 0, 7);
	crowd_pull(&crowd);
	crowd_pull(&crowd);
	CHECK_INT(crowd_unread(&crowd), 0);
	CHECK(!crowd_more(&crowd));
	crowd_finish(&crowd);
}

static void test_burst__of_comments_that_vanish_hides_no_others(void **state)
{
	static const struct {
		int n;
		int kept; /* one of so many */
	} rows[] = { { 3000, 1 }, { 3000, 2 }, { 3000, 40 }, { 1600, 40 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct crowd crowd;

		crowd_init(&crowd, 1, HOUR_MS);
		crowd_writes(&crowd, 0, rows[i].n);
		crowd_pull(&crowd);
		for (int c = 0; c < rows[i].n; c++) {
			crowd.held[0].gone[c] = crowd.held[0].read[c] && c % rows[i].kept != 0;
		}
		for (int pull = 0; pull < 4; pull++) {
			crowd_pull(&crowd);
		}
		CHECK_INT(crowd_unread(&crowd), 0);
		CHECK(!crowd_more(&crowd));
		crowd_finish(&crowd);
	}
}

static void test_burst__on_top_of_one_that_is_being_read(void **state)
{
	struct crowd crowd;

	(void)state;
	crowd_init(&crowd, 1, HOUR_MS);
	crowd_writes(&crowd, 0, 2000);
	crowd_pull(&crowd);
	crowd.now_at += HOUR_MS;
	crowd_writes(&crowd, 0, 2000);
	for (int pull = 0; pull < 5; pull++) {
		crowd_pull(&crowd);
	}
	CHECK_INT(crowd_unread(&crowd), 0);
	CHECK(!crowd_more(&crowd));
	crowd_finish(&crowd);
}

static void test_burst__without_times_is_read_too(void **state)
{
	struct crowd crowd;

	(void)state;
	crowd_init(&crowd, 1, HOUR_MS);
	crowd_writes(&crowd, 0, 3000);
	memset(crowd.held[0].at_s, 0, sizeof(crowd.held[0].at_s));
	for (int pull = 0; pull < 5; pull++) {
		crowd_pull(&crowd);
	}
	CHECK_INT(crowd_unread(&crowd), 0);
	crowd_finish(&crowd);
}

static void test_many_articles__all_have_their_turn(void **state)
{
	struct crowd crowd;

	(void)state;
	crowd_init(&crowd, CROWD_THREADS, HOUR_MS);
	for (size_t i = 0; i < crowd.n; i++) {
		crowd_writes(&crowd, i, 3);
	}
	for (int pull = 0; pull < 3; pull++) {
		crowd_pull(&crowd);
		CHECK_INT(crowd.calls, LIMIT_PULL_PAGES);
	}
	CHECK_INT(crowd_unread(&crowd), 0);
	/* and again and again */
	for (size_t i = 0; i < crowd.n; i++) {
		crowd_writes(&crowd, i, 1);
	}
	for (int pull = 0; pull < 3; pull++) {
		crowd_pull(&crowd);
	}
	CHECK_INT(crowd_unread(&crowd), 0);
	crowd_finish(&crowd);
}

static void test_article_where_to_go_on__that_is_gone_begins_with_the_first(void **state)
{
	struct crowd crowd;

	(void)state;
	crowd_init(&crowd, 3, HOUR_MS);
	crowd_writes(&crowd, 0, 1);
	crowd_since(&crowd, "from:7/0 7/0:0:1767574800");
	crowd_pull(&crowd);
	CHECK_INT(crowd.calls, 3);
	CHECK_INT(crowd_unread(&crowd), 0);
	CHECK(crowd.since && !strstr(crowd.since, "7/0"));
	crowd_finish(&crowd);
}

static void test_few_calls_a_day__are_not_eaten_by_one_pull(void **state)
{
	struct crowd crowd;
	int pulls = 0;

	(void)state;
	crowd_init(&crowd, 4, HOUR_MS);
	crowd.rig.settings.comment_calls_per_day = 50;
	crowd_writes(&crowd, 3, 400);
	crowd_writes(&crowd, 1, 400);
	crowd_writes(&crowd, 0, 60);
	while (crowd_unread(&crowd) > 0 && pulls < 40) {
		crowd_pull(&crowd);
		CHECK(crowd.calls <= 5);
		pulls++;
	}
	CHECK_INT(crowd_unread(&crowd), 0);
	crowd_finish(&crowd);
}

static void test_old_article__is_read_again_in_parts_and_not_without_a_pause(void **state)
{
	struct crowd crowd;
	int calls = 0;

	(void)state;
	crowd_init(&crowd, 1, 2 * DAY_MS);
	crowd_writes(&crowd, 0, 3000);
	for (int pull = 0; pull < 4; pull++) {
		crowd_pull(&crowd);
	}
	CHECK_INT(crowd_unread(&crowd), 0);
	/* all is read: once more for what was held back, an hour's worth in an hour */
	memset(crowd.held[0].read, 0, sizeof(crowd.held[0].read));
	for (int pull = 0; pull < 12; pull++) {
		crowd_pull(&crowd);
		calls += crowd.calls;
	}
	CHECK_INT(calls, 30);
	for (int pull = 0; pull < 36; pull++) {
		crowd_pull(&crowd);
	}
	CHECK_INT(crowd_unread(&crowd), 0);
	/* a burst on it is no matter of hours */
	crowd.now_at += HOUR_MS;
	crowd_writes(&crowd, 0, 1000);
	for (int pull = 0; pull < 2; pull++) {
		crowd_pull(&crowd);
	}
	CHECK_INT(crowd_unread(&crowd), 0);
	crowd_finish(&crowd);
}

static void test_cursor_of_before__is_still_read(void **state)
{
	struct crowd crowd;

	(void)state;
	crowd_init(&crowd, 3, HOUR_MS);
	crowd_writes(&crowd, 0, 200);
	crowd.now_at += HOUR_MS;
	crowd_writes(&crowd, 0, 2);
	crowd_since(&crowd, "1000/0:0:1767575500 999/0:x 998/0:1767574800:1767574700");
	crowd_pull(&crowd);
	CHECK_INT(crowd.calls, 2); /* the first page of the first, and the third */
	CHECK_TEXT(crowd.since, "1000/0:0:1767578400 999/0:x 998/0:0:1767574700");
	crowd_finish(&crowd);
}

static void test_place_in_cursor__that_is_damaged_reads_everything(void **state)
{
	static const char *const damaged[] = { "1000/0:0:1767578400:", "1000/0:0:1767578400:z",
		"1000/0:0:1767578400:44", "1000/0:0:1767578400:44:1", "1000/0:0:1767578400:-44:1:1",
		"1000/0:0:1767578400:44:1:1:1", "1000/0:0:1767578400:99999999999:1:1",
		"from: from:1000 from:1000/0:x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		struct crowd crowd;

		crowd_init(&crowd, 1, HOUR_MS);
		crowd_writes(&crowd, 0, 100);
		crowd_since(&crowd, damaged[i]);
		crowd_pull(&crowd);
		CHECK_INT(crowd_unread(&crowd), 0);
		CHECK_TEXT(crowd.since, "1000/0:0:1767574800");
		crowd_finish(&crowd);
	}
}

/* ---- answering ---- */

static void rig_reply(struct rig *rig, enum message_kind kind)
{
	rig_init(rig);
	rig->send = (struct driver_send){
		.kind = SEND_REPLY,
		.text = STR("周六上午可以办理。"),
		.reply_to_kind = kind,
		.reply_to_id = "2247503077/0/12",
		.reply_status_id = "2247503077/0",
		.reply_author_id = RIG_OPENID,
		.first_attempt_at = RIG_NOW_AT,
		.last_attempt_at = RIG_NOW_AT,
	};
	rig_start(rig, OP_SEND);
}

static void test_reply_to_comment__is_addressed_by_three_numbers(void **state)
{
	struct rig rig;

	(void)state;
	rig_reply(&rig, MESSAGE_COMMENT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/comment/reply/add");
	CHECK(rig.request.writes);
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
		"{\"msg_data_id\":2247503077,\"index\":0,\"user_comment_id\":12,\"content\":\"周六上午可以办理。\"}");
	rig_answer(&rig, "{\"errcode\":0,\"errmsg\":\"ok\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.found, 0);
	CHECK_TEXT(rig.outcome.remote_id, "2247503077/0/12/r");
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_88005");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(rig.outcome.was_duplicate);
	rig.send.reply_to_id = "12";
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "no usable id");
	rig_finish(&rig);
}

static void test_reply_to_comment__is_found_in_the_list(void **state)
{
	struct rig rig;

	(void)state;
	rig_reply(&rig, MESSAGE_COMMENT);
	rig_request(&rig);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	rig_start(&rig, OP_FIND);
	rig_do(&rig, "comment_list");
	CHECK_INT(rig.outcome.found, FOUND_YES);
	CHECK_TEXT(rig.outcome.remote_id, "2247503077/0/12/r");
	rig.send.text = STR("别的");
	rig_start(&rig, OP_FIND);
	rig_do(&rig, "comment_list");
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig.send.reply_to_id = "2247503077/0/11";
	rig_start(&rig, OP_FIND);
	rig_do(&rig, "comment_list");
	CHECK_INT(rig.outcome.found, FOUND_NO);
	rig.send.reply_to_id = "2247503077/0/10";
	rig_start(&rig, OP_FIND);
	rig_do(&rig, "comment_list");
	CHECK_INT(rig.outcome.found, FOUND_UNCLEAR);
	rig_finish(&rig);
}

static void test_customer_message__is_never_sent_twice(void **state)
{
	struct rig rig;

	(void)state;
	rig_reply(&rig, MESSAGE_DIRECT);
	rig_request(&rig);
	CHECK_TEXT(rig_path(&rig), "/cgi-bin/message/custom/send");
	CHECK_STR(((struct str){ rig.request.body, rig.request.body_n }),
		"{\"touser\":\"" RIG_OPENID "\",\"msgtype\":\"text\",\"text\":{\"content\":\"周六上午可以办理。\"}}");
	rig_fixture_answer(&rig, "custom_send");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_start(&rig, OP_SEND);
	rig_request(&rig);
	rig_lose(&rig);
	CHECK_INT(rig.outcome.error.advice, ADVISE_VERIFY);
	CHECK(rig.outcome.look_after_ms > 0 && rig.outcome.look_after_ms < 1000); /* nothing is gained by waiting */
	rig_start(&rig, OP_FIND);
	rig_request(&rig);
	rig_answer_nothing(&rig);
	CHECK_INT(rig.outcome.found, FOUND_UNKNOWABLE); /* a person decides */
	CHECK(strstr(rig.outcome.note, "cannot be asked"));
	rig_start(&rig, OP_SEND);
	rig_do(&rig, "error_45015");
	CHECK_INT(rig.outcome.error.advice, ADVISE_REJECT);
	CHECK(strstr(rig.outcome.error.message, "write first"));
	rig.send.reply_author_id = NULL;
	rig_start(&rig, OP_SEND);
	CHECK_FAILS(rig_try(&rig), rig.err, "no follower");
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list__becomes_messages_and_our_replies),
		cmocka_unit_test(test_plan__asks_young_articles_always_and_old_ones_seldom),
		cmocka_unit_test(test_pages__overlap_until_what_is_known),
		cmocka_unit_test(test_endless_pages__are_cut_off),
		cmocka_unit_test(test_thread_without_comments__is_not_asked_again),
		cmocka_unit_test(test_privilege__that_is_missing_switches_comments_off),
		cmocka_unit_test(test_damaged_cursor__reads_everything),
		cmocka_unit_test(test_odd_comments__are_left_out),
		cmocka_unit_test(test_burst__is_read_to_its_end_over_several_pulls),
		cmocka_unit_test(test_burst__between_two_polls_is_read_down_to_what_was_known),
		cmocka_unit_test(test_burst__of_comments_that_vanish_hides_no_others),
		cmocka_unit_test(test_burst__on_top_of_one_that_is_being_read),
		cmocka_unit_test(test_burst__without_times_is_read_too),
		cmocka_unit_test(test_many_articles__all_have_their_turn),
		cmocka_unit_test(test_article_where_to_go_on__that_is_gone_begins_with_the_first),
		cmocka_unit_test(test_few_calls_a_day__are_not_eaten_by_one_pull),
		cmocka_unit_test(test_old_article__is_read_again_in_parts_and_not_without_a_pause),
		cmocka_unit_test(test_cursor_of_before__is_still_read),
		cmocka_unit_test(test_place_in_cursor__that_is_damaged_reads_everything),
		cmocka_unit_test(test_reply_to_comment__is_addressed_by_three_numbers),
		cmocka_unit_test(test_reply_to_comment__is_found_in_the_list),
		cmocka_unit_test(test_customer_message__is_never_sent_twice),
	};

	return check_run(tests);
}
