/* Topics that followers chose: what the platform still has to be told, in batches, and that nothing outlives a change.
 */
#include "rig.h"

#include "codec/json.h"
#include "store/contact.h"
#include "store/topic.h"

static void choose(struct rig *rig, const char *author, const char *topic, bool wanted, size_t effects)
{
	DO(rig, topic_choose(rig->tx, rig->account, author, topic, wanted, &rig->err));
	CHECK_INT(rig_effects(rig, EFFECT_TOPICS, 0), effects);
}

/* "+水: a b", "-水: a", "" or "at N" of the next batch. */
static const char *next(struct rig *rig, int limit, struct topic_batch *batch)
{
	static char out[4096];
	size_t n = 0;

	topic_batch_finish(batch);
	DO(rig, topic_next(rig->tx, rig->account, limit, batch, &rig->err));
	out[0] = '\0';
	if (batch->topic) {
		n = (size_t)snprintf(out, sizeof(out), "%s%s:", batch->wanted ? "+" : "-", batch->topic);
	} else if (batch->next_at) {
		(void)snprintf(out, sizeof(out), "in %" PRId64, batch->next_at - rig->now_at);
	}
	for (size_t i = 0; i < batch->n; i++) {
		n += (size_t)snprintf(out + n, sizeof(out) - n, " %s", batch->authors[i]);
	}
	return out;
}

static const char *has(struct rig *rig, const char *author)
{
	static char out[4096];
	cleanup(json_freep) cJSON *names = json_array();
	struct buf text;

	DO(rig, topic_list(rig->tx, rig->account, author, names, &rig->err));
	buf_init(&text, sizeof(out) - 1);
	CHECK(json_print(&text, names));
	(void)snprintf(out, sizeof(out), "%s", text.p);
	buf_finish(&text);
	return out;
}

static void test_choices__are_told_together_and_once(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct topic_batch batch = { 0 };

	(void)state;
	choose(rig, "a", "水", true, 1);
	choose(rig, "a", "水", true, 0);
	rig->now_at += 1000;
	choose(rig, "b", "电", true, 1);
	rig->now_at += 1000;
	choose(rig, "c", "水", true, 1);
	CHECK_TEXT(has(rig, "a"), "[\"水\"]");
	CHECK_TEXT(next(rig, 50, &batch), "+水: a c");
	DO(rig, topic_settle(rig->tx, &batch, &rig->err));
	CHECK_TEXT(next(rig, 50, &batch), "+电: b");
	DO(rig, topic_settle(rig->tx, &batch, &rig->err));
	CHECK_TEXT(next(rig, 50, &batch), "");
	choose(rig, "a", "水", false, 1);
	CHECK_TEXT(has(rig, "a"), "[]");
	CHECK_TEXT(next(rig, 50, &batch), "-水: a");
	DO(rig, topic_settle(rig->tx, &batch, &rig->err));
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM topic_choice", 0), 2);
	topic_batch_finish(&batch);
}

static void test_choices__are_cut_to_what_a_call_takes(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct topic_batch batch = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		char author[8];

		(void)snprintf(author, sizeof(author), "a%d", i);
		choose(rig, author, "水", true, 1);
	}
	CHECK_TEXT(next(rig, 3, &batch), "+水: a0 a1 a2");
	DO(rig, topic_settle(rig->tx, &batch, &rig->err));
	CHECK_TEXT(next(rig, 3, &batch), "+水: a3 a4");
	topic_batch_finish(&batch);
}

/* While the platform is told that he came, he leaves. */
static void test_answer__about_an_older_choice_settles_nothing(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct topic_batch batch = { 0 };
	struct topic_batch old = { 0 };

	(void)state;
	choose(rig, "a", "水", true, 1);
	CHECK_TEXT(next(rig, 50, &old), "+水: a");
	choose(rig, "a", "水", false, 1);
	DO(rig, topic_settle(rig->tx, &old, &rig->err));
	CHECK_TEXT(next(rig, 50, &batch), "-水: a");
	/* And comes back before that is answered. */
	choose(rig, "a", "水", true, 1);
	DO(rig, topic_settle(rig->tx, &batch, &rig->err));
	CHECK_TEXT(has(rig, "a"), "[\"水\"]");
	CHECK_TEXT(next(rig, 50, &batch), "+水: a");
	topic_batch_finish(&batch);
	topic_batch_finish(&old);
}

static void test_refusal__waits_and_is_written_down_without_the_person(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	cleanup(json_freep) cJSON *rows = json_array();
	struct topic_batch batch = { 0 };

	(void)state;
	choose(rig, "o-somebody", "水", true, 1);
	CHECK_TEXT(next(rig, 50, &batch), "+水: o-somebody");
	DO(rig, topic_refuse(rig->tx, &batch, "too many", rig->now_at + DAY_MS, &rig->err));
	CHECK_INT(rig_events(rig, "account.topic-refused", rig->account.v), 1);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM event WHERE detail LIKE '%o-somebody%'", 0), 0);
	CHECK_TEXT(next(rig, 50, &batch), "in 86400000");
	DO(rig, topic_counts(rig->tx, rig->account, rows, &rig->err));
	CHECK_INT(json_i64(cJSON_GetArrayItem(rows, 0), "refused", -1), 1);
	/* He asks again: at once. */
	choose(rig, "o-somebody", "水", true, 1);
	CHECK_TEXT(next(rig, 50, &batch), "+水: o-somebody");
	DO(rig, topic_settle(rig->tx, &batch, &rig->err));
	/* Who left is gone, whatever the platform says. */
	choose(rig, "o-somebody", "水", false, 1);
	CHECK_TEXT(next(rig, 50, &batch), "-水: o-somebody");
	DO(rig, topic_refuse(rig->tx, &batch, "no follower", rig->now_at + DAY_MS, &rig->err));
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM topic_choice", 0), 0);
	topic_batch_finish(&batch);
}

static void test_leaving__us_leaves_all_topics_and_a_purge_forgets_them(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	const struct contact_purge what = {
		.actor = &leader, .account = rig->account, .author_id = "a", .before_at = INT64_MAX, .limit = 1
	};
	struct topic_batch batch = { 0 };
	struct contact_purged purged;

	(void)state;
	choose(rig, "a", "水", true, 1);
	choose(rig, "a", "电", true, 1);
	choose(rig, "b", "电", true, 1);
	DO(rig, contact_unfollowed(rig->tx, rig->account, "a", &rig->err));
	CHECK_INT(rig_effects(rig, EFFECT_TOPICS, 0), 1);
	CHECK_TEXT(has(rig, "a"), "[]");
	CHECK_TEXT(has(rig, "b"), "[\"电\"]");
	DO(rig, contact_purge(rig->tx, &what, &purged, &rig->err));
	CHECK_INT(purged.citizens, 1);
	CHECK_INT(rig_number(rig, "SELECT count(*) FROM topic_choice WHERE author_id = 'a'", 0), 0);
	CHECK_TEXT(next(rig, 50, &batch), "+电: b");
	DO(rig, topic_forget(rig->tx, rig->account, "电", &rig->err));
	CHECK_TEXT(next(rig, 50, &batch), "");
	topic_batch_finish(&batch);
}

static void test_start__arms_what_was_not_told(void **state)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct topic_batch batch = { 0 };

	(void)state;
	choose(rig, "a", "水", true, 1);
	choose(rig, "b", "水", true, 1);
	DO(rig, topic_arm_all(rig->tx, &rig->err));
	CHECK_INT(rig_effects(rig, EFFECT_TOPICS, 0), 1);
	CHECK_TEXT(next(rig, 50, &batch), "+水: a b");
	DO(rig, topic_settle(rig->tx, &batch, &rig->err));
	DO(rig, topic_arm_all(rig->tx, &rig->err));
	CHECK_INT(rig_effects(rig, EFFECT_TOPICS, 0), 0);
	topic_batch_finish(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices__are_told_together_and_once),
		cmocka_unit_test(test_choices__are_cut_to_what_a_call_takes),
		cmocka_unit_test(test_answer__about_an_older_choice_settles_nothing),
		cmocka_unit_test(test_refusal__waits_and_is_written_down_without_the_person),
		cmocka_unit_test(test_leaving__us_leaves_all_topics_and_a_purge_forgets_them),
		cmocka_unit_test(test_start__arms_what_was_not_told),
	};

	return check_run(tests);
}
