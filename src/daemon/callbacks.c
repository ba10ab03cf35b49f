/*
 * What platforms push to us: from the HTTP request to its answer.
 *
 *   request ─▶ driver.push (is it from the platform? what does it say?) ─▶ one job: messages, events, commit
 *           ◀─ driver.answer_push (success, or a text for the citizen) ◀── after the commit
 *
 * The platform repeats what is not answered within five seconds, and shows the citizen a fault when nothing comes at
 * all. So the answer leaves as soon as the commit is done and never before; the same push again finds what is known,
 * changes nothing and gets the same answer. When the store is out of order the answer is 503, and the platform's
 * repetition is our second chance.
 *
 * The address is /callback/ACCOUNT. What is not from the platform gets 403 and no word more.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/topics.h"
#include "net/httpd.h"
#include "store/contact.h"
#include "store/notice.h"
#include "store/send.h"
#include "store/view.h"
#include "text/safe.h"
#include "text/when.h"

#define PATH        "/callback/"
#define ANSWER_MAX  (64u << 10)
#define KEEP_PUSHES (2 * DAY_MS)

struct callbacks {
	struct daemon *daemon;
	struct httpd *httpd;
	struct timer sweep;
	struct job sweep_job;
	bool sweeping;
	struct log_pace refusals; /* whoever reaches the listener could fill the disk with our log */
};

/* One push on its way. */
struct taken {
	struct job job;
	struct callbacks *callbacks;
	uint64_t number; /* of the HTTP request */
	struct rules *rules;
	struct account_id account;
	char *name;
	const struct driver *driver;
	const struct config_account *config;
	struct push_result result;
	struct intake_item *items;

	/* of the job */
	struct buf text; /* for the citizen */
	int64_t unusable;
};

/* ---- what the citizen is told ---- */

/* "进度 345", "status 345": whose number it is. */
static bool asks_for_status(const char *text, int64_t *ret_ticket)
{
	static const char *const words[] = { "进度", "進度", "status", "Status", "STATUS" };
	struct str rest = str_trim(str_from(text));

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_starts(rest, str_from(words[i]))) {
			rest = str_trim(str_sub(rest, strlen(words[i]), rest.n));
			return str_to_i64(rest, 1, INT64_MAX, ret_ticket);
		}
	}
	return false;
}

static const char *state_for_citizen(enum ticket_state state)
{
	switch (state) {
	case TICKET_NEW:
		return "已收到，等待处理";
	case TICKET_CLAIMED:
	case TICKET_ASSIGNED:
		return "正在处理";
	case TICKET_WAITING:
		return "等待您补充情况";
	case TICKET_REPLIED:
		return "已答复";
	case TICKET_TRANSFERRED:
		return "已转交有关单位";
	case TICKET_CLOSED:
		return "已办结";
	}
	return "";
}

/* *ret_crisis: it is about a case in which a life was in danger, so that a person answers and no program; zero: told.
 */
static bool tell_status(struct tx *tx, struct taken *taken, const struct message *message, int64_t number,
	struct ticket_id *ret_crisis, struct error *err)
{
	struct ticket_row row = { 0 };
	struct error missing = { 0 };
	bool theirs = false;

	/* A number of somebody else's case is answered as one that does not exist. */
	if (!ticket_is_of(tx, (struct ticket_id){ number }, taken->account, message->author_id, &theirs, err)) {
		return false;
	}
	if (theirs && !ticket_load(tx, (struct ticket_id){ number }, &row, &missing)) {
		*err = missing;
		return false;
	}
	buf_clear(&taken->text);
	if (row.ever_p0) {
		*ret_crisis = row.id;
	} else if (theirs) {
		(void)buf_printf(&taken->text, "【%s】编号 %" PRId64 "：%s。", taken->rules->config->office.name,
			number, state_for_citizen(row.state));
	} else {
		(void)buf_printf(&taken->text, "【%s】没有找到编号 %" PRId64 "，请核对您收到的编号。",
			taken->rules->config->office.name, number);
	}
	ticket_row_finish(&row);
	return true;
}

static void add_hours(struct buf *out, const struct config_office *office)
{
	static const char *const days[] = { "一", "二", "三", "四", "五", "六", "日" };

	if (!(office->workdays & 0x7f)) {
		(void)buf_add_text(out, "全天");
		return;
	}
	(void)buf_add_text(out, "周");
	for (unsigned day = 0; day < ARRAY_LEN(days); day++) {
		if (office->workdays & 1u << day) {
			(void)buf_add_text(out, days[day]);
		}
	}
	(void)buf_printf(out, " %02d:%02d-%02d:%02d", (int)(office->opens_ms / HOUR_MS),
		(int)(office->opens_ms % HOUR_MS / MINUTE_MS), (int)(office->closes_ms / HOUR_MS),
		(int)(office->closes_ms % HOUR_MS / MINUTE_MS));
}

/* {office}, {code}, {hours}; other braces stay. */
static void tell_received(struct taken *taken, struct ticket_id ticket)
{
	const struct config *config = taken->rules->config;
	struct str rest = str_from(config->auto_reply);

	buf_clear(&taken->text);
	while (rest.n > 0) {
		if (str_starts(rest, STR("{office}"))) {
			(void)buf_add_text(&taken->text, config->office.name);
			rest = str_sub(rest, 8, rest.n);
		} else if (str_starts(rest, STR("{code}"))) {
			(void)buf_printf(&taken->text, "%" PRId64, ticket.v);
			rest = str_sub(rest, 6, rest.n);
		} else if (str_starts(rest, STR("{hours}"))) {
			add_hours(&taken->text, &config->office);
			rest = str_sub(rest, 7, rest.n);
		} else {
			(void)buf_add_char(&taken->text, rest.p[0]);
			rest = str_sub(rest, 1, rest.n);
		}
	}
}

/* ---- the job ---- */

static struct subscriber subscriber_of(const struct taken *taken, const char *author_id)
{
	return (struct subscriber){
		.account = taken->account,
		.driver = taken->driver,
		.settings = taken->config->settings,
		.office = taken->rules->config->office.name,
		.author_id = author_id,
	};
}

/* A follower about topics: he is answered, and there is nothing for the desk. */
static bool take_subscription(
	struct tx *tx, struct taken *taken, const struct message *message, bool *ret_taken, struct error *err)
{
	const struct subscriber who = subscriber_of(taken, message->author_id);
	struct subscription wish;
	bool is_new = true;

	*ret_taken = false;
	if (message->kind != MESSAGE_DIRECT) {
		return true;
	}
	if (!subscription_read(tx, &who, message->text, &wish, ret_taken, err)) {
		return false;
	}
	/* The same push again gets the same answer, but does not undo what he said since. */
	return !*ret_taken || (push_is_new(tx, taken->account, message->remote_id, &is_new, err) &&
				      contact_heard(tx, taken->account, message->author_id, message->window_ms,
					      message->window_replies, true, err) &&
				      subscription_take(tx, &wish, &who, is_new, &taken->text, err));
}

static bool take_menu(
	struct tx *tx, struct taken *taken, const struct push_event *event, bool is_new, struct error *err)
{
	const struct subscriber who = subscriber_of(taken, event->author_id);
	struct subscription wish;
	bool order = false;

	if (!event->author_id || !event->key) {
		return true;
	}
	return subscription_read_key(tx, &who, event->key, &wish, &order, err) &&
	       (!order || subscription_take(tx, &wish, &who, is_new, &taken->text, err));
}

static bool take_message(struct tx *tx, struct taken *taken, const struct intake_item *item, struct error *err)
{
	const struct message *message = item->new.message;
	struct message_new new = item->new;
	enum intake_result result;
	struct ticket_id ticket = { 0 };
	int64_t number;
	bool taken_up;
	bool first;

	if (!take_subscription(tx, taken, message, &taken_up, err)) {
		return false;
	}
	if (taken_up) {
		return true;
	}
	if (taken->driver->answers && asks_for_status(message->text, &number)) {
		if (!tell_status(tx, taken, message, number, &new.about, err)) {
			return false;
		}
		if (!new.about.v) {
			return contact_heard(tx, taken->account, message->author_id, message->window_ms,
				message->window_replies, true, err);
		}
	}
	if (!intake_message(tx, taken->account, &new, &result, &ticket, err)) {
		if (err->domain != ERROR_INPUT) {
			return false;
		}
		taken->unusable++;
		error_clear(err);
		return true;
	}
	first = result == INTAKE_OPENED;
	/* The same push again: its answer may have been lost, so it gets the same one. */
	if (result == INTAKE_KNOWN &&
		!message_opened_ticket(tx, taken->account, message->kind, message->remote_id, &first, err)) {
		return false;
	}
	/* Who is in danger is answered by a person, and not told when the office opens. */
	if (first && ticket.v && item->new.priority != PRIORITY_LIFE) {
		tell_received(taken, ticket);
	}
	return true;
}

static bool note_event(
	struct tx *tx, struct taken *taken, const struct push_event *event, const char *action, struct error *err)
{
	cJSON *detail = json_object();

	json_add_text(detail, "account", taken->name);
	json_add_text(detail, "key", event->key);
	json_add_text(detail, "text", event->text);
	return event_add(tx, &actor_daemon, action, OBJECT_ACCOUNT, taken->account.v, detail, err);
}

static bool take_job(struct tx *tx, struct taken *taken, const struct push_event *event, struct error *err)
{
	struct send_result result = {
		.event = event->found == FOUND_YES ? SEND_FIND : SEND_REFUSE,
		.remote_id = event->remote_id,
		.url = event->url,
		.note = event->found == FOUND_YES ? event->text : NULL,
	};
	struct send_id send = { 0 };
	bool applied;

	if (!event->job_id || event->found == FOUND_PENDING) {
		return true;
	}
	if (!send_find_job(tx, taken->account, event->job_id, &send, err)) {
		return false;
	}
	if (!send.v) {
		return true; /* published by hand, or told before the job's number was written down: looked for later */
	}
	if (event->found != FOUND_YES) {
		(void)error_set(&result.error, ERROR_PLATFORM, ADVISE_REJECT, 0, "%s",
			event->text ? event->text : "the platform refused it");
	}
	return send_finish(tx, send, &result, &applied, err);
}

static bool take_alert(struct tx *tx, struct taken *taken, const struct push_event *event, struct error *err)
{
	cJSON *detail = json_object();

	json_add_text(detail, "what", "account-alert");
	json_add_text(detail, "account", taken->name);
	json_add_text(detail, "text", event->text);
	return notice_add(tx, "warning", "", 0, taken->account.v, detail, err) &&
	       note_event(tx, taken, event, "account.alert", err);
}

static bool heard(struct tx *tx, struct taken *taken, const struct push_event *event, struct error *err)
{
	return !event->author_id ||
	       contact_heard(tx, taken->account, event->author_id, event->window_ms, event->window_replies, false, err);
}

static bool take_event(struct tx *tx, struct taken *taken, const struct push_event *event, struct error *err)
{
	bool is_new = true;

	if ((event->dedupe && !push_is_new(tx, taken->account, event->dedupe, &is_new, err)) ||
		(event->kind == PUSH_MENU && !take_menu(tx, taken, event, is_new, err))) {
		return false;
	}
	if (!is_new) {
		return true;
	}
	switch (event->kind) {
	case PUSH_JOB:
		return take_job(tx, taken, event, err);
	case PUSH_FOLLOW:
		return heard(tx, taken, event, err) &&
		       (!event->key || note_event(tx, taken, event, "account.scan", err));
	case PUSH_SCAN:
		return heard(tx, taken, event, err) && note_event(tx, taken, event, "account.scan", err);
	case PUSH_MENU:
		return heard(tx, taken, event, err);
	case PUSH_UNFOLLOW:
		return contact_unfollowed(tx, taken->account, event->author_id, err);
	case PUSH_ALERT:
		return take_alert(tx, taken, event, err);
	case PUSH_OTHER:
		return note_event(tx, taken, event, "account.push", err);
	}
	return true;
}

static bool run_take(struct tx *tx, struct job *job, struct error *err)
{
	struct taken *taken = container_of(job, struct taken, job);

	buf_clear(&taken->text);
	taken->unusable = 0;
	for (size_t i = 0; i < taken->result.messages.n; i++) {
		if (!take_message(tx, taken, &taken->items[i], err)) {
			return false;
		}
	}
	for (size_t i = 0; i < taken->result.n_events; i++) {
		if (!take_event(tx, taken, &taken->result.events[i], err)) {
			return false;
		}
	}
	return true;
}

static void taken_free(struct taken *taken)
{
	for (size_t i = 0; i < taken->result.messages.n; i++) {
		intake_item_finish(&taken->items[i]);
	}
	free(taken->items);
	push_result_finish(&taken->result);
	buf_finish(&taken->text);
	rules_unref(taken->rules);
	free(taken->name);
	free(taken);
}

static void answer(struct taken *taken)
{
	struct callbacks *callbacks = taken->callbacks;
	struct secret none = { 0 };
	struct driver_account values = {
		.name = taken->name,
		.base_url = taken->config->base_url,
		.settings = taken->config->settings,
		.token = &none,
	};
	const char *type = NULL;
	struct buf out;
	bool ok;

	buf_init(&out, ANSWER_MAX);
	ok = taken->driver->answer_push(
		&values, &taken->result, buf_str(&taken->text), loop_now_at(callbacks->daemon->loop), &out, &type);
	(void)httpd_answer(callbacks->httpd, taken->number, ok ? 200 : 500, type, buf_str(&out));
	buf_finish(&out);
}

static void done_take(struct job *job, const struct error *err)
{
	struct taken *taken = container_of(job, struct taken, job);
	struct callbacks *callbacks = taken->callbacks;

	daemon_point("before-push-answer");
	if (err) {
		log_warn("push.unstored account=%s error=%s action=%s", taken->name, log_text(err->message),
			log_text("503: the platform pushes it again"));
		(void)httpd_answer(callbacks->httpd, taken->number, 503, NULL, STR(""));
	} else {
		if (taken->unusable > 0) {
			log_warn("push.unusable account=%s n=%" PRId64 " action=%s", taken->name, taken->unusable,
				log_text("left out"));
		}
		answer(taken);
	}
	taken_free(taken);
}

/* ---- requests ---- */

/* account NULL: of none */
static void refuse(struct callbacks *callbacks, const struct httpd_request *request, struct account *account,
	const char *who, const char *why)
{
	int64_t more;
	bool told;

	if (account) {
		account->pushes.refused++;
		account->pushes.refused_at = loop_now_at(callbacks->daemon->loop);
		account->pushes.why = why;
	}
	told = log_pace(&callbacks->refusals, clock_mono(), &more);
	if (more) {
		log_warn("push.refused more=%" PRId64 " action=%s", more, log_text("counted, not written one by one"));
	}
	if (told) {
		log_warn("push.refused account=%s peer=%s why=%s", log_text(who), request->peer, log_text(why));
	}
	(void)httpd_answer(callbacks->httpd, request->number, 403, NULL, STR(""));
}

/* What an event says in words: of a platform, but through it of anybody. */
static void make_harmless(char **text)
{
	struct buf safe;

	if (*text) {
		buf_init(&safe, LIMIT_TITLE_BYTES + 1);
		(void)text_sanitise(&safe, str_from(*text), LIMIT_TITLE_BYTES);
		free(*text);
		*text = buf_steal(&safe);
		buf_finish(&safe);
	}
}

static void take(struct callbacks *callbacks, uint64_t number, struct account *account, struct push_result *result)
{
	struct daemon *daemon = callbacks->daemon;
	struct taken *taken = xnew(struct taken);
	int64_t now_at = loop_now_at(daemon->loop);
	bool life = false;

	taken->callbacks = callbacks;
	taken->number = number;
	taken->rules = rules_ref(daemon->rules);
	taken->account = account->id;
	taken->name = xstrdup(account->name);
	taken->driver = account->driver;
	taken->config = account->config;
	taken->result = *result;
	push_result_init(result);
	buf_init(&taken->text, LIMIT_REPLY_BYTES);
	taken->items = xnew_array(struct intake_item, taken->result.messages.n + 1);
	for (size_t i = 0; i < taken->result.messages.n; i++) {
		intake_prepare(taken->rules, &taken->result.messages.items[i], now_at, &taken->items[i]);
		life = life || taken->items[i].new.priority == PRIORITY_LIFE;
	}
	for (size_t i = 0; i < taken->result.n_events; i++) {
		make_harmless(&taken->result.events[i].text);
		make_harmless(&taken->result.events[i].key);
	}
	/* Five seconds are promised: pushes go before polls. */
	taken->job = (struct job){ .run = run_take, .done = done_take, .urgent = true };
	store_write(daemon->store, &taken->job);
}

static void on_request(void *data, const struct httpd_request *request)
{
	struct callbacks *callbacks = data;
	struct daemon *daemon = callbacks->daemon;
	struct str path = str_from(request->path);
	struct secret none = { 0 };
	struct driver_account values;
	struct push_result result;
	struct account *account;
	char name[64];

	if (!str_starts(path, STR(PATH)) || path.n - strlen(PATH) >= sizeof(name)) {
		(void)httpd_answer(callbacks->httpd, request->number, 404, NULL, STR(""));
		return;
	}
	(void)snprintf(name, sizeof(name), "%s", request->path + strlen(PATH));
	account = daemon_account_named(daemon, name);
	if (!account || !account->driver || !account->driver->takes_pushes ||
		!account->driver->takes_pushes(account->config->settings)) {
		refuse(callbacks, request, NULL, name, "no account that takes pushes");
		return;
	}
	values = (struct driver_account){
		.name = account->name,
		.base_url = account->config->base_url,
		.settings = account->config->settings,
		.token = &none,
		.remote_uid = account->remote_uid,
	};
	push_result_init(&result);
	account->driver->push(&values,
		&(struct driver_push){
			.post = request->post,
			.query = request->query,
			.body = request->body,
			.now_at = loop_now_at(daemon->loop),
		},
		&result);
	switch (result.verdict) {
	case PUSH_ANSWER:
		log_info("push.verified account=%s", account->name);
		(void)httpd_answer(callbacks->httpd, request->number, 200, "text/plain", str_from(result.answer));
		break;
	case PUSH_TAKE:
		account->pushes.taken++;
		account->pushes.taken_at = loop_now_at(daemon->loop);
		take(callbacks, request->number, account, &result);
		break;
	case PUSH_REFUSE:
		refuse(callbacks, request, account, name, result.why ? result.why : "");
		break;
	}
	push_result_finish(&result);
}

/* ---- old keys, and citizens who left ---- */

static bool run_sweep(struct tx *tx, struct job *job, struct error *err)
{
	struct callbacks *callbacks = container_of(job, struct callbacks, sweep_job);

	(void)callbacks;
	return push_forget(tx, tx_now_at(tx) - KEEP_PUSHES, err);
}

static void done_sweep(struct job *job, const struct error *err)
{
	struct callbacks *callbacks = container_of(job, struct callbacks, sweep_job);

	callbacks->sweeping = false;
	if (err) {
		log_warn("push.unswept error=%s", log_text(err->message));
	}
}

static void on_sweep(struct timer *timer)
{
	struct callbacks *callbacks = container_of(timer, struct callbacks, sweep);

	if (!callbacks->sweeping && !callbacks->daemon->stopping) {
		callbacks->sweeping = true;
		callbacks->sweep_job = (struct job){ .run = run_sweep, .done = done_sweep };
		store_write(callbacks->daemon->store, &callbacks->sweep_job);
	}
	timer_start(callbacks->daemon->loop, &callbacks->sweep, HOUR_MS);
}

static bool wanted(const struct config *config)
{
	for (size_t i = 0; i < config->n_accounts; i++) {
		const struct driver *driver = driver_find(config->accounts[i].platform);

		if (driver && driver->takes_pushes && driver->takes_pushes(config->accounts[i].settings)) {
			return true;
		}
	}
	return false;
}

struct callbacks *callbacks_new(struct daemon *daemon, struct error *err)
{
	struct callbacks *callbacks;
	struct httpd_options options = {
		.listen = daemon->rules->config->callback_listen,
		.max_body_bytes = LIMIT_PUSH_BYTES,
		.max_total_bytes = LIMIT_PUSH_TOTAL_BYTES,
		.max_connections = LIMIT_PUSH_CONNECTIONS,
		.idle_seconds = LIMIT_PUSH_IDLE_SECONDS,
		.request_seconds = LIMIT_PUSH_WHOLE_SECONDS,
		.on_request = on_request,
	};

	if (!wanted(daemon->rules->config)) {
		return NULL;
	}
	callbacks = xnew(struct callbacks);
	callbacks->daemon = daemon;
	options.data = callbacks;
	if (!httpd_new(daemon->loop, &options, &callbacks->httpd, err)) {
		free(callbacks);
		return NULL;
	}
	timer_init(&callbacks->sweep, on_sweep);
	timer_start(daemon->loop, &callbacks->sweep, MINUTE_MS);
	log_info("push.listening address=%s port=%d", log_text(options.listen), httpd_port(callbacks->httpd));
	return callbacks;
}

void callbacks_stop(struct callbacks *callbacks)
{
	if (callbacks) {
		httpd_stop(callbacks->httpd);
	}
}

void callbacks_free(struct callbacks *callbacks)
{
	if (!callbacks) {
		return;
	}
	timer_stop(callbacks->daemon->loop, &callbacks->sweep);
	httpd_free(callbacks->httpd);
	free(callbacks);
}
