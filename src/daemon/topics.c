/*
 * Followers' topics: what a follower says about them, and telling the platform.
 *
 *   "订阅 停水通知", a menu's button ─▶ subscription_read ─▶ subscription_take (in the push's job) ─▶ commit
 *                                                             └─ EFFECT_TOPICS ─▶ the worker of the account
 *   worker   the oldest open choice and others like it ─▶ topic.add or topic.remove ─▶ settled
 *
 * One call of an account at a time: the platform refuses two changes of one follower at once. Telling it twice is the
 * same as once, so no attempt is written down: what is not settled is told again. A batch that is refused for one of
 * its followers is told one by one.
 *
 * Only the follower himself gets here: no verb of the control socket adds or removes anybody.
 */
#include "daemon/topics.h"

#include <string.h>

#include "codec/json.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/ops.h"
#include "store/contact.h"
#include "store/topic.h"
#include "text/utf8.h"

#define AT_ONCE         50 /* as many as one call of WeChat takes */
#define RETRY_FIRST_MS  (2 * SECOND_MS)
#define RETRY_MAX_MS    (10 * MINUTE_MS)
#define REFUSED_WAIT_MS DAY_MS

/* ---- what a follower says ---- */

/* "订阅停水通知", "订阅：停水通知", "订阅“停水通知”": the topic in it; false: it does not begin like that. */
static bool strip(struct str text, const char *word, struct str *ret_rest)
{
	static const char *const before[] = { "：", ":", "“", "\"", "【" };
	static const char *const behind[] = { "。", "！", "”", "\"", "】" };

	if (!str_starts(text, str_from(word))) {
		return false;
	}
	text = str_trim(str_sub(text, strlen(word), text.n));
	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		if (str_starts(text, str_from(before[i]))) {
			text = str_trim(str_sub(text, strlen(before[i]), text.n));
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(behind); i++) {
		if (str_ends(text, str_from(behind[i]))) {
			text = str_trim(str_sub(text, 0, text.n - strlen(behind[i])));
		}
	}
	*ret_rest = text;
	return true;
}

static bool is_one_of(struct str text, const char *const *words)
{
	for (; *words; words++) {
		if (str_is(text, *words)) {
			return true;
		}
	}
	return false;
}

static bool read_words(struct str text, struct subscription *ret)
{
	static const char *const all[] = { "", "全部", "所有", "ALL", "all", NULL };
	static const char *const list[] = { "我的订阅", "我的主题", NULL };
	static const char *const off[] = { "取消订阅", "退订" };
	struct str rest;

	for (size_t i = 0; i < ARRAY_LEN(off); i++) {
		if (strip(text, off[i], &rest)) {
			*ret = (struct subscription){ is_one_of(rest, all) ? SUBSCRIPTION_NONE : SUBSCRIPTION_OFF,
				rest };
			return true;
		}
	}
	if (strip(text, "订阅", &rest)) {
		*ret = (struct subscription){ rest.n == 0 ? SUBSCRIPTION_LIST : SUBSCRIPTION_ON, rest };
		return true;
	}
	*ret = (struct subscription){ SUBSCRIPTION_LIST, STR("") };
	return is_one_of(text, list);
}

static bool knows(const struct config_words *topics, struct str topic)
{
	for (size_t i = 0; i < topics->n; i++) {
		if (str_is(topic, topics->items[i])) {
			return true;
		}
	}
	return false;
}

static const struct config_words *topics_of(const struct driver *driver, const void *settings)
{
	static const struct config_words none = { 0 };

	return driver->topics ? driver->topics(settings) : &none;
}

static bool has(const cJSON *names, struct str topic)
{
	const cJSON *name;

	cJSON_ArrayForEach(name, names)
	{
		if (cJSON_IsString(name) && str_is(topic, name->valuestring)) {
			return true;
		}
	}
	return false;
}

/*
 * Somebody who writes "订阅不了怎么办" asks the office something: only the exact name of a topic is an order. What he
 * has he may leave, also when it is offered no more.
 */
static bool is_order(struct tx *tx, const struct subscription *wish, const struct subscriber *who, bool *ret_order,
	struct error *err)
{
	const struct config_words *topics = topics_of(who->driver, who->settings);
	cleanup(json_freep) cJSON *names = json_array();

	if (!topic_list(tx, who->account, who->author_id, names, err)) {
		return false;
	}
	switch (wish->what) {
	case SUBSCRIPTION_ON:
		*ret_order = knows(topics, wish->topic);
		break;
	case SUBSCRIPTION_OFF:
		*ret_order = knows(topics, wish->topic) || has(names, wish->topic);
		break;
	case SUBSCRIPTION_LIST:
	case SUBSCRIPTION_NONE:
		*ret_order = topics->n > 0 || cJSON_GetArraySize(names) > 0;
		break;
	}
	return true;
}

bool subscription_read(struct tx *tx, const struct subscriber *who, const char *text, struct subscription *ret,
	bool *ret_order, struct error *err)
{
	*ret_order = false;
	return !read_words(str_trim(str_from(text)), ret) || is_order(tx, ret, who, ret_order, err);
}

bool subscription_read_key(struct tx *tx, const struct subscriber *who, const char *key, struct subscription *ret,
	bool *ret_order, struct error *err)
{
	struct str text = str_from(key);

	*ret_order = false;
	if (str_is(text, "topics")) {
		*ret = (struct subscription){ SUBSCRIPTION_LIST, STR("") };
	} else if (str_starts(text, STR("topic:"))) {
		*ret = (struct subscription){ SUBSCRIPTION_ON, str_sub(text, 6, text.n) };
	} else if (str_starts(text, STR("topic-off:"))) {
		*ret = (struct subscription){ SUBSCRIPTION_OFF, str_sub(text, 10, text.n) };
	} else {
		return true;
	}
	return is_order(tx, ret, who, ret_order, err);
}

/* ---- what he is told ---- */

static void tell_list(const struct config_words *topics, const cJSON *names, struct buf *out)
{
	const char *free_topic = NULL;
	const cJSON *name;
	const char *gap = "您订阅了：";

	if (cJSON_GetArraySize(names) == 0) {
		(void)buf_add_text(out, "您还没有订阅主题");
	}
	cJSON_ArrayForEach(name, names)
	{
		(void)buf_printf(out, "%s%s", gap, name->valuestring);
		gap = "、";
	}
	gap = "。可以订阅：";
	for (size_t i = 0; i < topics->n; i++) {
		if (!has(names, str_from(topics->items[i]))) {
			(void)buf_printf(out, "%s%s", gap, topics->items[i]);
			free_topic = topics->items[i];
			gap = "、";
		}
	}
	(void)buf_add_text(out, "。");
	if (free_topic) {
		(void)buf_printf(out, "发送“订阅 %s”即可订阅", free_topic);
	}
	if (cJSON_GetArraySize(names) > 0) {
		(void)buf_printf(out, "%s发送“退订 %s”退订该主题，发送“退订”退订全部", free_topic ? "；" : "",
			cJSON_GetArrayItem(names, 0)->valuestring);
	}
	(void)buf_add_text(out, "。");
}

bool subscription_take(struct tx *tx, const struct subscription *wish, const struct subscriber *who, bool apply,
	struct buf *out, struct error *err)
{
	const struct config_words *topics = topics_of(who->driver, who->settings);
	cleanup(free_charp) char *topic = str_dup(wish->topic);
	cleanup(json_freep) cJSON *names = json_array();
	bool ok = true;

	buf_clear(out);
	(void)buf_printf(out, "【%s】", who->office);
	switch (wish->what) {
	case SUBSCRIPTION_ON:
		(void)buf_printf(out, "已为您订阅“%s”。不再需要时，请发送“退订 %s”。", topic, topic);
		ok = !apply || topic_choose(tx, who->account, who->author_id, topic, true, err);
		break;
	case SUBSCRIPTION_OFF:
		(void)buf_printf(out, "已退订“%s”。", topic);
		ok = !apply || topic_choose(tx, who->account, who->author_id, topic, false, err);
		break;
	case SUBSCRIPTION_NONE:
		(void)buf_add_text(out, "已退订全部主题。");
		ok = !apply || topic_leave(tx, who->account, who->author_id, err);
		break;
	case SUBSCRIPTION_LIST:
		ok = topic_list(tx, who->account, who->author_id, names, err);
		if (ok) {
			tell_list(topics, names, out);
		}
		break;
	}
	return ok;
}

/* ---- the worker ---- */

struct topic_worker {
	struct job job;
	struct daemon *daemon;
	struct account_id account;
	struct timer timer;
	bool busy;
	bool held;      /* the platform wants to be left alone until the timer ends */
	bool again;     /* something came while it was busy */
	size_t singly;  /* so many of the next are told one by one */
	int failures;   /* since the last success */
	cJSON *numbers; /* topic → as the platform counts it */
	struct topic_batch batch;
	struct op_run run;
	cJSON *params;
	char *why; /* refused */
	char *park;
	int64_t wait_ms; /* before the next */
};

static void next(struct topic_worker *worker);

static struct account *ready(const struct topic_worker *worker)
{
	struct account *account = daemon_account(worker->daemon, worker->account);

	/* As account.call: a pause stops what the office says, not what a citizen asked for. */
	return account && account->driver && account->driver->topics && !worker->daemon->stopping &&
			       !account_off(account, "topics") &&
			       (account->state == ACCOUNT_READY || account->state == ACCOUNT_PAUSED)
		       ? account
		       : NULL;
}

static void rest(struct topic_worker *worker, int64_t wait_ms)
{
	op_run_finish(&worker->run);
	cJSON_Delete(worker->params);
	worker->params = NULL;
	topic_batch_finish(&worker->batch);
	free(worker->why);
	free(worker->park);
	worker->why = worker->park = NULL;
	worker->busy = false;
	if (worker->daemon->stopping) {
		return;
	}
	if (wait_ms > 0) {
		timer_start(worker->daemon->loop, &worker->timer, wait_ms);
	} else if (worker->again) {
		next(worker);
	}
}

static bool run_record(struct tx *tx, struct job *job, struct error *err)
{
	struct topic_worker *worker = container_of(job, struct topic_worker, job);

	if (worker->park &&
		!account_park(tx, worker->account, &worker->run.token, worker->run.park, worker->park, err)) {
		return false;
	}
	if (worker->why) {
		return topic_refuse(tx, &worker->batch, worker->why, tx_now_at(tx) + REFUSED_WAIT_MS, err);
	}
	return worker->park || topic_settle(tx, &worker->batch, err);
}

static void done_record(struct job *job, const struct error *err)
{
	struct topic_worker *worker = container_of(job, struct topic_worker, job);

	if (err) {
		log_warn("topics.unrecorded error=%s action=%s", log_text(err->message), "told again later");
		rest(worker, RETRY_FIRST_MS);
		return;
	}
	if (!worker->why && !worker->park) {
		log_info("topics.told account=%s followers=%zu", worker->run.name, worker->batch.n);
	}
	worker->again = !worker->park; /* there may be more; a parked account waits for a person */
	rest(worker, 0);
}

static void record(struct topic_worker *worker)
{
	worker->job = (struct job){ .run = run_record, .done = done_record };
	store_write(worker->daemon->store, &worker->job);
}

static void remember(struct topic_worker *worker, const struct outcome *outcome)
{
	const char *number = json_text(outcome->json, "number", NULL);

	cJSON_DeleteItemFromObjectCaseSensitive(worker->numbers, worker->batch.topic);
	json_add_text(worker->numbers, worker->batch.topic, number);
}

static void hold(struct topic_worker *worker, int64_t wait_ms)
{
	worker->held = true;
	rest(worker, wait_ms);
}

static int64_t backoff_ms(struct topic_worker *worker)
{
	int64_t wait_ms = RETRY_FIRST_MS << (worker->failures < 10 ? worker->failures : 10);

	worker->failures++;
	return wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS;
}

static void refused(struct topic_worker *worker, struct outcome *outcome)
{
	struct account *account = daemon_account(worker->daemon, worker->account);
	const struct error *error = &outcome->error;

	if (account && outcome->capability) {
		account_switch_off(worker->daemon, account, outcome->capability, error->message);
		worker->again = false; /* until somebody has looked after it */
		rest(worker, 0);
		return;
	}
	if (outcome->needs_person) {
		worker->park = xstrdup(error->message);
		record(worker);
		return;
	}
	switch (error->advice) {
	case ADVISE_REAUTH:
		if (!account || !renew_suspect(worker->daemon, account, &worker->run.token)) {
			worker->park = xstrdup(error->message);
			record(worker);
			return;
		}
		hold(worker, backoff_ms(worker));
		return;
	case ADVISE_WAIT:
		log_warn("topics.waits account=%s error=%s", account ? account->name : "", log_text(error->message));
		hold(worker, error->retry_ms > 0 ? error->retry_ms : RETRY_MAX_MS);
		return;
	case ADVISE_REJECT:
	case ADVISE_BUG:
		if (worker->batch.n > 1) {
			worker->singly = worker->batch.n;
			worker->again = true;
			rest(worker, 0);
			return;
		}
		log_warn("topics.refused account=%s error=%s action=%s", account ? account->name : "",
			log_text(error->message), worker->batch.wanted ? "again in a day" : "left out");
		worker->why = xstrdup(error->message);
		record(worker);
		return;
	case ADVISE_NONE:
	case ADVISE_RETRY:
	case ADVISE_VERIFY:
		break;
	}
	log_warn("topics.untold account=%s error=%s action=%s", account ? account->name : "", log_text(error->message),
		"told again");
	hold(worker, backoff_ms(worker));
}

static void on_outcome(struct op_run *run, struct outcome *outcome)
{
	struct topic_worker *worker = container_of(run, struct topic_worker, run);

	switch (outcome->kind) {
	case OUTCOME_NEXT:
		if (worker->daemon->http) {
			op_run_next(run, worker->daemon, on_outcome);
		} else {
			rest(worker, 0);
		}
		return;
	case OUTCOME_DONE:
		worker->failures = 0;
		remember(worker, outcome);
		record(worker);
		return;
	case OUTCOME_ERROR:
		refused(worker, outcome);
		return;
	}
}

static void tell(struct topic_worker *worker, struct account *account)
{
	cJSON *followers = json_array();

	worker->params = json_object();
	json_add_text(worker->params, "topic", worker->batch.topic);
	json_add_text(worker->params, "number", json_text(worker->numbers, worker->batch.topic, NULL));
	json_add(worker->params, "followers", followers);
	for (size_t i = 0; i < worker->batch.n; i++) {
		json_push(followers, cJSON_CreateString(worker->batch.authors[i]));
	}
	worker->singly -= worker->singly > 0;
	op_run_init(&worker->run, account->driver, OP_CALL, account->config, worker->daemon->rules, &account->token,
		account->remote_uid);
	worker->run.op.call = worker->batch.wanted ? "topic.add" : "topic.remove";
	worker->run.op.params = worker->params;
	daemon_point("before-topic-request");
	op_run_next(&worker->run, worker->daemon, on_outcome);
}

static bool run_load(struct tx *tx, struct job *job, struct error *err)
{
	struct topic_worker *worker = container_of(job, struct topic_worker, job);

	return topic_next(tx, worker->account, worker->singly > 0 ? 1 : AT_ONCE, &worker->batch, err);
}

static void done_load(struct job *job, const struct error *err)
{
	struct topic_worker *worker = container_of(job, struct topic_worker, job);
	struct account *account = ready(worker);

	if (err) {
		log_warn("topics.unread error=%s", log_text(err->message));
		rest(worker, RETRY_FIRST_MS);
	} else if (account && worker->batch.n > 0) {
		tell(worker, account);
	} else if (worker->batch.next_at > 0) {
		int64_t wait_ms = worker->batch.next_at - loop_now_at(worker->daemon->loop);

		rest(worker, wait_ms > SECOND_MS ? wait_ms : SECOND_MS);
	} else {
		rest(worker, 0);
	}
}

static void next(struct topic_worker *worker)
{
	worker->busy = true;
	worker->again = worker->held = false;
	timer_stop(worker->daemon->loop, &worker->timer);
	worker->job = (struct job){ .run = run_load, .done = done_load };
	store_read(worker->daemon->store, &worker->job);
}

static void on_timer(struct timer *timer)
{
	struct topic_worker *worker = container_of(timer, struct topic_worker, timer);

	worker->held = false;
	if (ready(worker)) {
		next(worker);
	}
}

void topics_kick(struct daemon *daemon, struct account *account)
{
	struct topic_worker *worker;

	if (!account || !account->driver || !account->driver->topics || daemon->stopping) {
		return;
	}
	if (!account->topics) {
		account->topics = xnew(struct topic_worker);
		account->topics->daemon = daemon;
		account->topics->account = account->id;
		account->topics->numbers = json_object();
		timer_init(&account->topics->timer, on_timer);
	}
	worker = account->topics;
	if (worker->busy) {
		worker->again = true;
	} else if (!worker->held && ready(worker)) {
		next(worker);
	}
}

void topics_free(struct topic_worker *worker)
{
	if (!worker) {
		return;
	}
	timer_stop(worker->daemon->loop, &worker->timer);
	op_run_finish(&worker->run);
	topic_batch_finish(&worker->batch);
	cJSON_Delete(worker->params);
	cJSON_Delete(worker->numbers);
	free(worker->why);
	free(worker->park);
	free(worker);
}
