/* Pulling lists page by page: what is read, when it ends, and where the next pull starts. */
#include <inttypes.h>

#include "core/clock.h"
#include "core/limits.h"
#include "platform/weibo/weibo.h"
#include "rig.h"

#define T0      INT64_C(5251651732504576) /* smallest id of Mon Jan 05 09:00:07 +0800 2026 */
#define OVERLAP (INT64_C(600) << 22)

enum { COMMENTS, MENTIONS, COMMENT_MENTIONS };

static void start_pull(struct rig *rig, int feed, const char *since)
{
	rig_start(rig, OP_PULL);
	rig->op.pull = (struct driver_pull){ .feed = feed, .since = since, .now_at = RIG_NOW_AT };
	rig_request(rig);
}

/* A page of comments with these ids; next NULL: no such key. */
static void page(struct rig *rig, const int64_t *ids, size_t n, const char *next)
{
	struct buf body;

	buf_init(&body, 1 << 20);
	(void)buf_add_text(&body, "{\"comments\":[");
	for (size_t i = 0; i < n; i++) {
		(void)buf_printf(
			&body, "%s{\"id\":%" PRId64 ",\"text\":\"t\",\"user\":{\"id\":7}}", i ? "," : "", ids[i]);
	}
	(void)buf_add_text(&body, "]");
	if (next) {
		(void)buf_printf(&body, ",\"next_cursor\":%s", next);
	}
	(void)buf_add_text(&body, ",\"total_number\":9999}");
	rig_answer(rig, 200, body.p);
	buf_finish(&body);
}

static const char *number(int64_t value)
{
	static char text[8][32];
	static unsigned i;

	i = (i + 1) % 8;
	(void)snprintf(text[i], sizeof(text[i]), "%" PRId64, value);
	return text[i];
}

static void test_request__paths_and_cursors(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, NULL);
	CHECK_TEXT(rig.request.url, "http://127.0.0.1:8750/2/comments/timeline.json?access_token=2.00TOKEN&count=200");
	CHECK(!rig.request.writes);
	start_pull(&rig, MENTIONS, number(T0));
	CHECK_TEXT(rig_path(&rig), "/2/statuses/mentions.json");
	CHECK_TEXT(rig_field(&rig, "since_id"), number(T0 - OVERLAP));
	CHECK_TEXT(rig_field(&rig, "max_id"), "");
	start_pull(&rig, COMMENT_MENTIONS, "77");
	CHECK_TEXT(rig_path(&rig), "/2/comments/mentions.json");
	CHECK_TEXT(rig_field(&rig, "since_id"), "");
	CHECK_INT(rig.driver->n_feeds, 3);
	CHECK_TEXT(rig.driver->feeds[0].name, "comments");
	CHECK_INT(rig.driver->feeds[0].share_percent, 48);
	CHECK_TEXT(rig.driver->feeds[2].name, "comment-mentions");
	rig.op.pull.feed = 3;
	CHECK(!rig_try(&rig));
	CHECK_INT(rig.err.advice, ADVISE_BUG);
	rig_finish(&rig);
}

static void test_first_pull__reads_the_newest_page_only(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, NULL);
	page(&rig, (int64_t[]){ T0 + 3, T0 + 2 }, 2, number(T0 + 1));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.messages.n, 2);
	CHECK_TEXT(rig.outcome.since, number(T0 + 3));
	rig_finish(&rig);
}

static void test_first_pull__an_empty_list_counts_from_now(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, NULL);
	rig_answer(&rig, 200, rig_fixture(&rig, "comments_empty"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, number(weibo_id_at(RIG_NOW_AT)));
	start_pull(&rig, COMMENTS, NULL);
	rig_answer(&rig, 200, "[]");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_finish(&rig);
}

/* One hostile id must not silence a feed until the end of time. */
static void test_since__is_never_far_ahead_of_now(void **state)
{
	int64_t later = weibo_id_at(RIG_NOW_AT + 2 * DAY_MS);
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, NULL);
	page(&rig, (int64_t[]){ later, T0 + 2 }, 2, number(T0 + 1));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.messages.n, 2);
	CHECK_TEXT(rig.outcome.since, number(T0 + 2));
	rig_finish(&rig);
}

static void test_pages__down_to_what_is_known_and_only_then_the_cursor_moves(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, number(T0));
	page(&rig, (int64_t[]){ T0 + 90, T0 + 80 }, 2, number(T0 + 70));
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	CHECK_INT(rig.outcome.messages.n, 2);
	assert_null(rig.outcome.since);
	rig_request(&rig);
	CHECK_TEXT(rig_field(&rig, "max_id"), number(T0 + 70));
	CHECK_TEXT(rig_field(&rig, "since_id"), number(T0 - OVERLAP));
	/* an empty page in the middle is not the end, and the cursor may be a string */
	page(&rig, NULL, 0, "\"5251651732504612\"");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	page(&rig, (int64_t[]){ T0 + 36, T0 + 1 }, 2, "0");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, number(T0 + 90));
	assert_null(rig.outcome.note);
	rig_finish(&rig);
}

static void test_pages__end_at_a_cursor_below_what_was_asked_for(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, number(T0));
	page(&rig, (int64_t[]){ T0 + 90 }, 1, number(T0 - OVERLAP));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, number(T0 + 90));
	rig_finish(&rig);
}

static void test_pages__late_items_inside_the_overlap_are_read_and_move_nothing_back(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, number(T0));
	page(&rig, (int64_t[]){ T0, T0 - (INT64_C(500) << 22) }, 2, "0");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.messages.n, 2);
	CHECK_TEXT(rig.outcome.since, number(T0));
	start_pull(&rig, COMMENTS, number(T0));
	page(&rig, NULL, 0, "0");
	CHECK_TEXT(rig.outcome.since, number(T0));
	rig_finish(&rig);
}

static void test_pages__a_cursor_that_does_not_descend_is_hostile(void **state)
{
	static const char *const cursors[] = { "-1", "\"x\"", "{}", "true", "9223372036854775808" };
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(cursors); i++) {
		start_pull(&rig, COMMENTS, number(T0));
		page(&rig, (int64_t[]){ T0 + 90 }, 1, cursors[i]);
		CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
		CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
		CHECK_INT(rig.outcome.messages.n, 0);
		assert_null(rig.outcome.since);
	}
	start_pull(&rig, COMMENTS, number(T0));
	page(&rig, (int64_t[]){ T0 + 90 }, 1, number(T0 + 80));
	rig_request(&rig);
	page(&rig, (int64_t[]){ T0 + 80 }, 1, number(T0 + 80));
	CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	rig_finish(&rig);
}

static void test_pages__without_a_cursor_go_on_below_the_lowest(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, number(T0));
	page(&rig, (int64_t[]){ T0 + 90, T0 + 80 }, 2, NULL);
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_field(&rig, "max_id"), number(T0 + 79));
	page(&rig, NULL, 0, "null");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	rig_finish(&rig);
}

/* A flood: every page is full and there is always another one. Returns the pages read. */
static unsigned flood(struct rig *rig, const char *since, int64_t top, int64_t bottom, int64_t *ret_lowest)
{
	unsigned pages = 0;
	int64_t id = top;
	char kept[128]; /* the pull borrows it, and number() is used more often than it has buffers */

	(void)snprintf(kept, sizeof(kept), "%s", since);
	start_pull(rig, COMMENTS, kept);
	for (;;) {
		int64_t from = rig->op.cursor ? 0 : id;

		if (rig->op.cursor) {
			CHECK(str_to_i64(str_from(rig->op.cursor), 1, INT64_MAX, &from));
		}
		*ret_lowest = from - 9;
		page(rig, (int64_t[]){ from, from - 9 }, 2, from - 10 > bottom ? number(from - 10) : "0");
		pages++;
		assert_in_range(pages, 1, LIMIT_PULL_PAGES);
		if (rig->outcome.kind != OUTCOME_NEXT) {
			return pages;
		}
		rig_request(rig);
	}
}

static void test_flood__is_read_in_parts_and_nothing_is_skipped(void **state)
{
	struct rig rig;
	char since[128];
	int64_t lowest;
	int64_t gap_top;
	unsigned pages;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	pages = flood(&rig, number(T0), T0 + 250, T0, &lowest);
	/* a tenth of the day's calls */
	CHECK_INT(pages, 10);
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK(rig.outcome.note != NULL);
	gap_top = lowest - 1;
	(void)snprintf(since, sizeof(since), "%" PRId64 "/%" PRId64 "-%" PRId64, T0 + 250, gap_top, T0 - OVERLAP);
	CHECK_TEXT(rig.outcome.since, since);

	/* the next pull: first what is new, then the gap from where it was left */
	start_pull(&rig, COMMENTS, since);
	CHECK_TEXT(rig_field(&rig, "since_id"), number(T0 + 250 - OVERLAP));
	page(&rig, (int64_t[]){ T0 + 260 }, 1, "0");
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_field(&rig, "max_id"), number(gap_top));
	CHECK_TEXT(rig_field(&rig, "since_id"), number(T0 - OVERLAP));
	page(&rig, (int64_t[]){ gap_top, gap_top - 1 }, 2, number(gap_top - 2));
	CHECK_INT(rig.outcome.kind, OUTCOME_NEXT);
	rig_request(&rig);
	CHECK_TEXT(rig_field(&rig, "max_id"), number(gap_top - 2));
	page(&rig, (int64_t[]){ T0 + 1 }, 1, "0");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_TEXT(rig.outcome.since, number(T0 + 260));
	assert_null(rig.outcome.note);
	rig_finish(&rig);
}

static void test_flood__pages_follow_the_grant(void **state)
{
	struct rig rig;
	int64_t lowest;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	rig.settings.calls_per_day = 1000000;
	CHECK_INT(flood(&rig, number(T0), T0 + 100000, T0, &lowest), LIMIT_PULL_PAGES);
	rig.settings.calls_per_day = 5;
	CHECK_INT(flood(&rig, number(T0), T0 + 100000, T0, &lowest), 4);
	rig_finish(&rig);
}

static void test_since__that_nobody_can_read_is_a_first_pull(void **state)
{
	static const char *const bad[] = { "", "x", "-5", "0", "99999999999999999999", "/5-3" };
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		start_pull(&rig, COMMENTS, bad[i]);
		CHECK_TEXT(rig_field(&rig, "since_id"), "");
		page(&rig, (int64_t[]){ T0 + 3 }, 1, number(T0));
		CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
		CHECK_TEXT(rig.outcome.since, number(T0 + 3));
	}
	/* half a gap is none */
	start_pull(&rig, COMMENTS, "5251651732504576/77");
	page(&rig, NULL, 0, "0");
	CHECK_TEXT(rig.outcome.since, number(T0));
	rig_finish(&rig);
}

static const struct message *message_of(const struct rig *rig, const char *id)
{
	for (size_t i = 0; i < rig->outcome.messages.n; i++) {
		if (!strcmp(rig->outcome.messages.items[i].remote_id, id)) {
			return &rig->outcome.messages.items[i];
		}
	}
	fail_msg("no message %s", id);
	return NULL;
}

static void test_comments__recorded_list(void **state)
{
	const struct message *message;
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, NULL);
	rig_answer(&rig, 200, rig_fixture(&rig, "comments_timeline"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.messages.n, 4);
	CHECK_TEXT(rig.outcome.since, "5251662016937998");

	message = message_of(&rig, "5251662016937998");
	CHECK_INT(message->kind, MESSAGE_COMMENT);
	CHECK_TEXT(message->author_id, "7912340001");
	CHECK_TEXT(message->author_name, "示例用户甲_01");
	CHECK_TEXT(message->text, "回复@云岫市政务发布:好的,感谢!");
	CHECK_INT(message->created_at, RIG_NOW_AT + (40 * 60 + 59) * 1000);
	CHECK_TEXT(message->status_id, "5251651753477097");
	CHECK(strstr(message->status_text, "停水通知"));
	CHECK_TEXT(message->root_id, "5251654890815499");
	CHECK_TEXT(message->parent_id, "5251659504549901");
	CHECK_TEXT(message->url, "https://weibo.com/7700000001/QlFHheAyd");
	CHECK(!message->from_us);

	message = message_of(&rig, "5251659504549901");
	CHECK(message->from_us);
	message = message_of(&rig, "5251654890815499");
	assert_null(message->root_id);
	assert_null(message->parent_id);
	rig_finish(&rig);
}

static void test_mentions__reposts_and_deleted_originals(void **state)
{
	const struct message *message;
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, MENTIONS, NULL);
	rig_answer(&rig, 200, rig_fixture(&rig, "mentions"));
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.messages.n, 2);
	message = message_of(&rig, "5251749849858054");
	CHECK_INT(message->kind, MESSAGE_MENTION);
	CHECK_TEXT(message->status_id, "5251749849858054");
	CHECK_TEXT(message->status_text, "此微博已被原作者删除。");
	CHECK(str_starts(str_from(message->url), STR("https://weibo.com/7912340001/")));
	message = message_of(&rig, "5251744816693253");
	assert_null(message->status_text);
	start_pull(&rig, COMMENT_MENTIONS, NULL);
	rig_answer(&rig, 200, rig_fixture(&rig, "comments_mentions"));
	CHECK_INT(rig.outcome.messages.n, 1);
	CHECK_INT(rig.outcome.messages.items[0].kind, MESSAGE_COMMENT);
	CHECK_TEXT(rig.outcome.messages.items[0].status_id, "5251674352386070");
	rig_finish(&rig);
}

static void test_items__jitter_of_types_and_missing_fields(void **state)
{
	const struct message *message;
	struct rig rig;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	start_pull(&rig, COMMENTS, NULL);
	rig_answer(&rig, 200,
		"{\"comments\":["
		"{\"id\":\"18014398509481987\",\"text\":\"a &lt;b&gt; &amp;amp;\",\"rootid\":\"18014398509481987\","
		"\"user\":{\"id\":\"7700000001\",\"name\":\"&quot;x&quot;\"},\"reply_comment\":null,\"status\":\"\"},"
		"{\"id\":18014398509481985,\"created_at\":\"\",\"user\":null,\"rootid\":0,\"unknown\":[[]]},"
		"{\"text\":\"no id\"},null,7,\"x\",[],{\"id\":{}},"
		"{\"idstr\":\"5\",\"text\":7,\"user\":{\"id\":3.5,\"screen_name\":{}},\"status\":{\"id\":6,\"text\":\"&"
		"amp;\"}}"
		"],\"next_cursor\":\"0\",\"total_number\":\"3\"}");
	CHECK_INT(rig.outcome.kind, OUTCOME_DONE);
	CHECK_INT(rig.outcome.messages.n, 3);
	CHECK_TEXT(rig.outcome.since, "5"); /* the others claim to be made decades from now */
	message = message_of(&rig, "18014398509481987");
	CHECK_TEXT(message->text, "a <b> &amp;");
	CHECK_TEXT(message->author_name, "\"x\"");
	CHECK(message->from_us);
	assert_null(message->root_id);
	assert_null(message->url);
	message = message_of(&rig, "18014398509481985");
	assert_null(message->author_id);
	assert_null(message->text);
	CHECK_INT(message->created_at, weibo_id_made_at(INT64_C(18014398509481985)));
	message = message_of(&rig, "5");
	assert_null(message->text);
	assert_null(message->author_name);
	CHECK_TEXT(message->status_text, "&");
	rig_finish(&rig);
}

static void test_items__are_cut_to_our_caps(void **state)
{
	struct rig rig;
	struct buf body;

	(void)state;
	rig_init(&rig, WEIBO_TIER_SHARE);
	buf_init(&body, 1 << 20);
	(void)buf_add_text(&body, "{\"comments\":[{\"id\":5,\"user\":{\"id\":1,\"screen_name\":\"");
	for (int i = 0; i < 1000; i++) {
		(void)buf_add_text(&body, "名");
	}
	(void)buf_add_text(&body, "\"},\"text\":\"");
	for (int i = 0; i < 50000; i++) {
		(void)buf_add_text(&body, "字");
	}
	(void)buf_add_text(&body, "\"}]}");
	start_pull(&rig, COMMENTS, NULL);
	rig_answer(&rig, 200, body.p);
	CHECK_INT(rig.outcome.messages.n, 1);
	CHECK_INT(strlen(rig.outcome.messages.items[0].author_name), LIMIT_NAME_BYTES / 3 * 3);
	CHECK_INT(strlen(rig.outcome.messages.items[0].text), LIMIT_MESSAGE_BYTES / 3 * 3);

	buf_clear(&body);
	(void)buf_add_text(&body, "{\"comments\":[{\"id\":1}");
	for (unsigned i = 0; i < LIMIT_PULL_ITEMS; i++) {
		(void)buf_add_text(&body, ",{\"id\":1}");
	}
	(void)buf_add_text(&body, "]}");
	start_pull(&rig, COMMENTS, NULL);
	rig_answer(&rig, 200, body.p);
	CHECK_INT(rig.outcome.kind, OUTCOME_ERROR);
	CHECK_INT(rig.outcome.error.advice, ADVISE_RETRY);
	buf_finish(&body);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request__paths_and_cursors),
		cmocka_unit_test(test_first_pull__reads_the_newest_page_only),
		cmocka_unit_test(test_since__is_never_far_ahead_of_now),
		cmocka_unit_test(test_first_pull__an_empty_list_counts_from_now),
		cmocka_unit_test(test_pages__down_to_what_is_known_and_only_then_the_cursor_moves),
		cmocka_unit_test(test_pages__end_at_a_cursor_below_what_was_asked_for),
		cmocka_unit_test(test_pages__late_items_inside_the_overlap_are_read_and_move_nothing_back),
		cmocka_unit_test(test_pages__a_cursor_that_does_not_descend_is_hostile),
		cmocka_unit_test(test_pages__without_a_cursor_go_on_below_the_lowest),
		cmocka_unit_test(test_flood__is_read_in_parts_and_nothing_is_skipped),
		cmocka_unit_test(test_flood__pages_follow_the_grant),
		cmocka_unit_test(test_since__that_nobody_can_read_is_a_first_pull),
		cmocka_unit_test(test_comments__recorded_list),
		cmocka_unit_test(test_mentions__reposts_and_deleted_originals),
		cmocka_unit_test(test_items__jitter_of_types_and_missing_fields),
		cmocka_unit_test(test_items__are_cut_to_our_caps),
	};

	return check_run(tests);
}
