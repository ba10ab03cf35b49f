/* Posts: the caller's key, the digest, media, and the deliveries a post starts with. */
#include "rig.h"

static const char *const both[] = { "weibo-main", "weibo-two" };

static struct post *post_new(const char *key, const char *text)
{
	struct post *post = xnew(struct post);

	post_init(post);
	post->key = xstrdup(key);
	post->title = xstrdup("停水通知");
	post->text = xstrdup(text);
	post->campaign = xstrdup("water");
	post->due_at = RIG_NOW_AT + HOUR_MS;
	post->late_ms = MINUTE_MS;
	post->targets = xnew_array(struct post_target, 2);
	post->n_targets = 2;
	post->targets[0].account = xstrdup("weibo-main");
	post->targets[1].account = xstrdup("weibo-two");
	post->targets[1].text = xstrdup("a text of its own");
	post->media = xnew_array(struct post_media, 2);
	post->n_media = 2;
	for (size_t i = 0; i < 2; i++) {
		post->media[i] = (struct post_media){ .name = xstrdup(i ? "b.png" : "a.png"),
			.type = xstrdup("image/png"),
			.alt = xstrdup(i ? NULL : "a map"),
			.sha256 = xstrdup(i ? "bb" : "aa"),
			.data = xcalloc(4, 1),
			.n = 4 };
		memcpy(post->media[i].data, i ? "\0two" : "one\0", 4);
	}
	return post;
}

static void post_freep(struct post **post)
{
	if (*post) {
		post_finish(*post);
		free(*post);
	}
}

static bool put(struct rig *rig, struct post *post, struct post_id *ret_id, enum post_insert *ret_what)
{
	return post_insert(rig->tx, &officer, post, ret_id, ret_what, &rig->err);
}

static void change(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
}

static void test_digest__covers_what_makes_a_post_what_it_is(void **state)
{
	cleanup(post_freep) struct post *post = post_new("k", "text");
	char first[65];
	char digest[65];

	(void)state;
	post_digest(post, first);
	/* Not part of it: the key, and the times, which a batch that says "+2h" gives anew every time. */
	change(&post->key, "other");
	post->due_at += HOUR_MS;
	post_digest(post, digest);
	CHECK_TEXT(digest, first);
	for (int what = 0; what < 8; what++) {
		cleanup(post_freep) struct post *other = post_new("k", "text");

		switch (what) {
		case 0:
			change(&other->text, "Text");
			break;
		case 1:
			change(&other->title, NULL);
			break;
		case 2:
			other->class = POST_SERVICE;
			break;
		case 3:
			change(&other->targets[0].account, "weibo-mein");
			break;
		case 4:
			change(&other->targets[1].text, NULL);
			break;
		case 5:
			change(&other->media[0].sha256, "ab");
			break;
		case 6:
			change(&other->media[0].alt, NULL);
			break;
		case 7:
			/* Fields do not run into each other. */
			change(&other->title, "停水");
			change(&other->text, "通知text");
			break;
		}
		post_digest(other, digest);
		if (strcmp(digest, first) == 0) {
			fail_msg("change %d left the digest as it was", what);
		}
	}
}

static void test_key__same_content_is_a_no_op_and_other_content_a_conflict(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(post_freep) struct post *post = post_new("2026-01-05/water", "text");
	cleanup(post_freep) struct post *other = post_new("2026-01-05/water", "other text");
	struct post_id first = { 0 };
	struct post_id second = { 0 };
	int64_t due_at = post->due_at;
	enum post_insert what = 0;

	(void)state;
	DO(rig, put(rig, post, &first, &what));
	CHECK_INT(what, POST_INSERTED);
	post->due_at += HOUR_MS;
	DO(rig, put(rig, post, &second, &what));
	CHECK_INT(what, POST_UNCHANGED);
	CHECK_INT(post->due_at, due_at); /* it goes when it was to go */
	CHECK_INT(second.v, first.v);
	CHECK_INT(rig->tx->effects.n, 0);
	DO_FAILS(rig, put(rig, other, &second, &what), ERROR_STATE,
		"key \"2026-01-05/water\" already names post 1 with other content");
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM send", 0), 2);
	CHECK_INT(rig_events(rig, "post.created", first.v), 1);
	/* Without a key, twice is two posts. */
	change(&post->key, NULL);
	DO(rig, put(rig, post, &first, &what) && put(rig, post, &second, &what));
	CHECK(first.v != second.v);
	rig_check_counters(rig);
}

static void test_insert__makes_a_delivery_per_target(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(post_freep) struct post *post = post_new(NULL, "the post's text");
	struct account_id two = rig_account(rig, "weibo-two");
	struct post_id id = { 0 };
	enum post_insert what = 0;
	struct send_id *sends = NULL;
	size_t n = 0;

	(void)state;
	DO(rig, account_pause(rig->tx, &leader, two, "quiet", &rig->err));
	DO(rig, put(rig, post, &id, &what));
	CHECK_INT(rig_effects(rig, EFFECT_SEND_DUE, 0), 1);
	CHECK_INT(rig_effects(rig, EFFECT_INDEX, 0), 1);
	DO(rig, send_list_of_post(rig->tx, id, &sends, &n, &rig->err));
	CHECK_INT(n, 2);
	CHECK_TEXT(rig_state(rig, sends[0]), "queued");
	CHECK_TEXT(rig_state(rig, sends[1]), "held account_paused");
	CHECK_TEXT(rig_text(rig, "SELECT text FROM send WHERE id = ?1", sends[0].v), "the post's text");
	CHECK_TEXT(rig_text(rig, "SELECT text FROM send WHERE id = ?1", sends[1].v), "a text of its own");
	free(sends);
	rig_check_counters(rig);
}

static void test_insert__an_unknown_account_inserts_nothing(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(post_freep) struct post *post = post_new(NULL, "text");
	struct post_id id = { 5 };
	enum post_insert what = 0;

	(void)state;
	change(&post->targets[1].account, "weibo-tow");
	DO_FAILS(rig, put(rig, post, &id, &what), ERROR_MISSING, "did you mean \"weibo-two\"?");
	CHECK_INT(id.v, 5);
	CHECK_INT(rig_number(rig, "SELECT (SELECT count(*) FROM post) + (SELECT count(*) FROM send)", 0), 0);
}

static void test_insert__one_account_twice_is_refused_in_words(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	static const char *const twice[] = { "weibo-main", "weibo-main" };
	struct post_id id = { 0 };
	enum post_insert what = 0;

	(void)state;
	DO_FAILS(rig, rig_insert(rig, NULL, "text", rig->now_at, twice, 2, &id, &what), ERROR_INPUT, "weibo-main");
	CHECK_INT(rig->err.advice, ADVISE_REJECT);
}

static void test_media__is_stored_once_and_comes_in_its_order(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(post_freep) struct post *post = post_new(NULL, "text");
	struct post_id first = { 0 };
	struct post_id id = { 0 };
	enum post_insert what = 0;
	struct post_media *media = NULL;
	size_t n = 0;

	(void)state;
	DO(rig, put(rig, post, &first, &what) && put(rig, post, &id, &what));
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM media", 0), 2);
	DO(rig, media_load(rig->tx, id, &media, &n, &rig->err));
	CHECK_INT(n, 2);
	CHECK_TEXT(media[0].name, "a.png");
	CHECK_TEXT(media[0].alt, "a map");
	CHECK_TEXT(media[1].sha256, "bb");
	assert_null(media[1].alt);
	CHECK_INT(media[1].n, 4);
	assert_memory_equal(media[1].data, "\0two", 4);
	media_free(media, n);
}

static void test_set_due__schedules_what_had_no_time(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct send_id send = rig_publish(rig, "draft", 0);
	struct post_id post = { rig_number(rig, "SELECT post_id FROM send WHERE id = ?1", send.v) };
	int64_t due_at = rig->now_at + DAY_MS;

	(void)state;
	CHECK_TEXT(rig_state(rig, send), "held operator");
	DO(rig, post_set_due(rig->tx, &officer, post, due_at, &rig->err));
	CHECK_TEXT(rig_state(rig, send), "queued");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, send.v), due_at);
	CHECK_INT(rig_number(rig, "SELECT due_at FROM post WHERE id = ?1", post.v), due_at);
	DO_FAILS(rig, post_set_due(rig->tx, &officer, post, due_at, &rig->err), ERROR_STATE, "hold it first");
	DO_FAILS(rig, post_set_due(rig->tx, &officer, (struct post_id){ 99 }, due_at, &rig->err), ERROR_MISSING,
		"no post 99");
}

/* One of many accounts needs a login: the others are scheduled, and that one goes at the new time when it is back. */
static void test_set_due__is_not_stopped_by_one_account_that_is_not_ready(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	int64_t due_at = rig->now_at + DAY_MS;
	struct post_id post = { 0 };
	enum post_insert what = 0;
	struct send_id ready = { 0 };
	struct send_id parked = { 0 };
	struct account_id two = rig_account(rig, "weibo-two");

	(void)state;
	DO(rig, rig_insert(rig, NULL, "draft", 0, both, 2, &post, &what) &&
			send_find_delivery(rig->tx, post, "weibo-main", &ready, &rig->err) &&
			send_find_delivery(rig->tx, post, "weibo-two", &parked, &rig->err));
	DO(rig, account_park(rig->tx, two, NULL, PARK_TOKEN, "token refused", &rig->err));
	DO(rig, post_set_due(rig->tx, &officer, post, due_at, &rig->err));
	CHECK_TEXT(rig_state(rig, ready), "queued");
	CHECK_TEXT(rig_state(rig, parked), "held account_parked");
	DO(rig, rig_login(rig, two, "2.00fresh"));
	CHECK_TEXT(rig_state(rig, parked), "queued");
	CHECK_INT(rig_effect_at(rig, EFFECT_SEND_DUE, parked.v), due_at);
	rig_check_counters(rig);
}

struct two_posts {
	struct rig *rig;
	int64_t accounts; /* of the second one */
};

/* A post, and a second one that may be refused. */
static bool insert_two(struct tx *tx unused_arg, void *data, struct error *err)
{
	static const char *const wrong[] = { "weibo-main", "weibo-nobody" };
	struct two_posts *two = data;
	struct post_id post;
	enum post_insert what;
	bool ok = rig_insert(two->rig, "k1", "one", two->rig->now_at, both, 2, &post, &what) &&
		  rig_insert(
			  two->rig, "k2", "two", two->rig->now_at, two->accounts > 1 ? wrong : both, 2, &post, &what);

	*err = two->rig->err;
	return ok;
}

/* What is done in parts keeps those that went well, and nothing of the others. */
static void test_part__that_fails_leaves_nothing(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct two_posts two = { .rig = rig, .accounts = 2 };
	struct error err = { 0 };
	struct post_id post;
	enum post_insert what;
	size_t effects;

	(void)state;
	rig_begin(rig);
	CHECK_OK(rig_insert(rig, "k0", "before", rig->now_at, both, 1, &post, &what), rig->err);
	effects = rig->tx->effects.n;
	CHECK(!tx_part(rig->tx, insert_two, &two, &err));
	CHECK_INT(err.domain, ERROR_MISSING);
	CHECK_INT(rig->tx->effects.n, effects);
	CHECK(!post_is_known(rig->tx, "k1"));
	CHECK(post_is_known(rig->tx, "k0"));
	two.accounts = 1;
	CHECK_OK(tx_part(rig->tx, insert_two, &two, &err), err);
	CHECK(rig->tx->effects.n > effects);
	CHECK_OK(tx_exec(rig->tx, "COMMIT", &rig->err), rig->err);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM post", 0), 3);
	rig_check_counters(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest__covers_what_makes_a_post_what_it_is),
		cmocka_unit_test(test_key__same_content_is_a_no_op_and_other_content_a_conflict),
		cmocka_unit_test(test_insert__makes_a_delivery_per_target),
		cmocka_unit_test(test_insert__an_unknown_account_inserts_nothing),
		cmocka_unit_test(test_insert__one_account_twice_is_refused_in_words),
		cmocka_unit_test(test_media__is_stored_once_and_comes_in_its_order),
		cmocka_unit_test(test_set_due__schedules_what_had_no_time),
		cmocka_unit_test(test_set_due__is_not_stopped_by_one_account_that_is_not_ready),
		cmocka_unit_test(test_part__that_fails_leaves_nothing),
	};

	return check_run(tests);
}
