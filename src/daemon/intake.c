/*
 * From what a driver read to rows: sanitise → triage → deadlines → store, in groups of LIMIT_INTAKE_PER_COMMIT, so that
 * a post that is due never waits behind a flood. A group is prepared when the one before it is on disk; a group with a
 * life in it goes before everything that is not urgent.
 *
 * Everything a message carries is foreign. Its texts are made harmless here, once, before anything else sees them. One
 * that cannot be stored whatever is done (no usable id) is left out and said in the log; it must not stop the others
 * for ever.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "desk/deadline.h"
#include "store/ticket.h"
#include "text/safe.h"

#define SPANS_BYTES (4u << 10)

struct intake {
	struct job job;
	struct daemon *daemon;
	struct rules *rules;
	struct account_id account;
	char *name; /* of the account, for the log */
	struct message_list list;
	size_t from; /* the group that is being stored */
	size_t n;
	struct intake_item group[LIMIT_INTAKE_PER_COMMIT];

	/* of the group, filled in by the job */
	int64_t by_result[INTAKE_OURS + 1];
	int64_t unusable;
	struct error unusable_why;

	/* of all groups so far */
	int64_t opened;
	int64_t joined;
	int64_t known;
	void (*done)(void *data, int64_t opened, int64_t joined, int64_t known, const struct error *err);
	void *data;
};

static void group_finish(struct intake *intake)
{
	for (size_t i = 0; i < intake->n; i++) {
		intake_item_finish(&intake->group[i]);
	}
	intake->n = 0;
}

static void intake_end(struct intake *intake, const struct error *err)
{
	intake->done(intake->data, intake->opened, intake->joined, intake->known, err);
	group_finish(intake);
	message_list_finish(&intake->list);
	rules_unref(intake->rules);
	free(intake->name);
	free(intake);
}

/* ---- a message made ready ---- */

/* Replace a foreign text by its harmless form; a line has no line ends. NULL stays NULL. */
static void make_harmless(char **text, size_t max_bytes, bool line)
{
	struct buf out;

	if (!*text) {
		return;
	}
	buf_init(&out, max_bytes + 1);
	if (line) {
		struct buf whole;

		buf_init(&whole, max_bytes + 1);
		(void)text_sanitise(&whole, str_from(*text), max_bytes);
		(void)text_safe_line(&out, buf_str(&whole));
		buf_finish(&whole);
	} else {
		(void)text_sanitise(&out, str_from(*text), max_bytes);
	}
	free(*text);
	*text = buf_steal(&out);
	buf_finish(&out);
}

static void sanitise(struct message *message)
{
	make_harmless(&message->text, LIMIT_MESSAGE_BYTES, false);
	make_harmless(&message->status_text, LIMIT_MESSAGE_BYTES, false);
	make_harmless(&message->author_name, LIMIT_NAME_BYTES, true);
	make_harmless(&message->url, LIMIT_TITLE_BYTES, true);
	make_harmless(&message->remote_id, LIMIT_REMOTE_ID_BYTES, true);
	make_harmless(&message->author_id, LIMIT_REMOTE_ID_BYTES, true);
	make_harmless(&message->status_id, LIMIT_REMOTE_ID_BYTES, true);
	make_harmless(&message->root_id, LIMIT_REMOTE_ID_BYTES, true);
	make_harmless(&message->parent_id, LIMIT_REMOTE_ID_BYTES, true);
	for (size_t i = 0; i < message->n_media; i++) {
		make_harmless(&message->media[i].remote_id, LIMIT_TITLE_BYTES, true);
	}
}

/* Why it was ranked so, to be shown: [{from, n, rule}]. NULL: nothing struck. */
static char *spans_json(const struct triage_result *result)
{
	cJSON *spans = result->n_spans > 0 ? json_array() : NULL;
	struct buf text;

	if (!spans) {
		return NULL;
	}
	for (size_t i = 0; i < result->n_spans; i++) {
		cJSON *span = json_object();

		json_add_i64(span, "from", result->spans[i].from_byte);
		json_add_i64(span, "n", result->spans[i].n_bytes);
		json_add_text(span, "rule", result->spans[i].rule);
		json_push(spans, span);
	}
	buf_init(&text, SPANS_BYTES);
	(void)json_print(&text, spans);
	cJSON_Delete(spans);
	return buf_steal(&text);
}

/* What would be due when, for each priority that the ticket it becomes part of may turn out to have. */
static void work_out_clocks(const struct config *config, int64_t now_at, int64_t window_ms, struct ticket_clocks *ret)
{
	for (int priority = 0; priority < PRIORITIES; priority++) {
		struct ladder_ticket ticket = {
			.priority = priority,
			.clock_at = now_at,
			.window_at = window_ms > 0 ? now_at + window_ms : 0,
			.window_ms = window_ms,
		};
		int64_t rung_at = 0;
		int rung;

		if (!priority_valid(priority)) {
			continue;
		}
		desk_deadlines(config, priority, now_at, &ticket.due);
		(void)desk_next_rung(config, &ticket, &rung, &rung_at);
		ret[priority] = (struct ticket_clocks){
			.ack_at = ticket.due.ack_at,
			.reply_at = ticket.due.reply_at,
			.answer_at = ticket.due.answer_at,
			.rung_at = rung_at,
		};
	}
}

/* Walking the calendar for every priority and rung takes longer than all the rest. */
static const struct ticket_clocks *clocks_of(struct rules *rules, int64_t now_at, int64_t window_ms)
{
	if (rules->clocks_at != now_at || rules->clocks_window_ms != window_ms) {
		work_out_clocks(rules->config, now_at, window_ms, rules->clocks);
		rules->clocks_at = now_at;
		rules->clocks_window_ms = window_ms;
	}
	return rules->clocks;
}

static int64_t window_rungs(const struct config *config)
{
	int64_t bits = 0;

	for (size_t i = 0; i < config->n_ladder && i < LADDER_RUNGS_MAX; i++) {
		if (config->ladder[i].clock == LADDER_WINDOW) {
			bits |= INT64_C(1) << i;
		}
	}
	return bits;
}

void intake_item_finish(struct intake_item *item)
{
	free(item->spans);
	*item = (struct intake_item){ 0 };
}

void intake_prepare(struct rules *rules, struct message *message, int64_t now_at, struct intake_item *ret)
{
	struct message_new *new = &ret->new;
	struct triage_result *result = &ret->triaged;

	*ret = (struct intake_item){
		.new = { .message = message, .priority = PRIORITY_NO_ANSWER, .class = "other" },
	};
	sanitise(message);
	if (message->from_us) {
		return; /* our own words are history: nothing is due */
	}
	memcpy(ret->clocks, clocks_of(rules, now_at, message->window_ms), sizeof(ret->clocks));
	triage_run(rules->triage, str_from(message->text), result);
	ret->spans = spans_json(result);
	new->priority = result->priority;
	new->class = result->class;
	new->spans = ret->spans;
	new->clocks = ret->clocks;
	new->window_rungs = window_rungs(rules->config);
}

/* ---- groups ---- */

static bool run_group(struct tx *tx, struct job *job, struct error *err)
{
	struct intake *intake = container_of(job, struct intake, job);

	memset(intake->by_result, 0, sizeof(intake->by_result));
	intake->unusable = 0;
	for (size_t i = 0; i < intake->n; i++) {
		enum intake_result result;
		struct ticket_id ticket;

		if (intake_message(tx, intake->account, &intake->group[i].new, &result, &ticket, err)) {
			intake->by_result[result]++;
		} else if (err->domain == ERROR_INPUT) {
			intake->unusable++;
			intake->unusable_why = *err;
			error_clear(err);
		} else {
			return false;
		}
	}
	return true;
}

static void next_group(struct intake *intake);

static void done_group(struct job *job, const struct error *err)
{
	struct intake *intake = container_of(job, struct intake, job);

	if (err) {
		intake_end(intake, err);
		return;
	}
	intake->opened += intake->by_result[INTAKE_OPENED];
	intake->joined += intake->by_result[INTAKE_JOINED];
	intake->known += intake->by_result[INTAKE_KNOWN];
	if (intake->unusable > 0) {
		log_warn("intake.unusable account=%s n=%" PRId64 " error=%s action=%s", intake->name, intake->unusable,
			log_text(intake->unusable_why.message), "left out");
	}
	intake->from += intake->n;
	group_finish(intake);
	next_group(intake);
}

static void next_group(struct intake *intake)
{
	size_t left = intake->list.n - intake->from;
	bool life = false;

	if (left == 0) {
		intake_end(intake, NULL);
		return;
	}
	intake->n = left < LIMIT_INTAKE_PER_COMMIT ? left : LIMIT_INTAKE_PER_COMMIT;
	for (size_t i = 0; i < intake->n; i++) {
		intake_prepare(intake->rules, &intake->list.items[intake->from + i], loop_now_at(intake->daemon->loop),
			&intake->group[i]);
		life = life || intake->group[i].new.priority == PRIORITY_LIFE;
	}
	intake->job = (struct job){ .run = run_group, .done = done_group, .urgent = life, .rows = (unsigned)intake->n };
	store_write(intake->daemon->store, &intake->job);
}

void intake_messages(struct daemon *daemon, struct account *account, struct message_list *list,
	void (*done)(void *data, int64_t opened, int64_t joined, int64_t known, const struct error *err), void *data)
{
	struct intake *intake = xnew(struct intake);

	assert(list->n > 0);
	intake->daemon = daemon;
	intake->rules = rules_ref(daemon->rules);
	intake->account = account->id;
	intake->name = xstrdup(account->name);
	intake->list = *list;
	*list = (struct message_list){ 0 };
	intake->done = done;
	intake->data = data;
	next_group(intake);
}
