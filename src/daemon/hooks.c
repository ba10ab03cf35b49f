/*
 * Notices on their way to people: each open notice row is handed to the hook program of its kind, and what became of it
 * is written down. A notice is owed until its exit code is on disk, so a hook may run twice after a crash, but never
 * not at all.
 *
 * An alarm waits for no other hook; only those of one ticket wait for each other, and are told together.
 *
 * A hook is started as
 *
 *   PROGRAM [its own arguments] KIND TARGET TICKET ACCOUNT      ("-" for what there is not)
 *
 * with one JSON object on standard input: what the notice says, and of a ticket what its first line in the inbox says.
 * What a citizen wrote stands there and nowhere else.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "store/notice.h"
#include "store/view.h"

#define BUSY_MS (5 * SECOND_MS) /* no room to start it: asked again without counting as a try */

struct hooks {
	struct daemon *daemon;
	struct due due;    /* ids are notices */
	struct due alarms; /* the same of those about a life */
	struct errand *ringing;
};

/* One notice, from the due clock to its recorded exit code. */
struct errand {
	struct errand *next;  /* hooks.ringing: alarms whose hook was handed over */
	struct errand *after; /* an alarm of the same ticket that rings when this one has; NULL: none */
	struct job job;
	struct hooks *hooks;
	int64_t id;
	bool alarm;
	bool by_reader;
	struct notice_row row;
	cJSON *ticket; /* of the inbox; NULL: the notice is about none */
	int exit_code;
	char *why;
};

static void again_later(struct errand *errand)
{
	struct hooks *hooks = errand->hooks;

	due_add(errand->alarm ? &hooks->alarms : &hooks->due, loop_now_at(hooks->daemon->loop) + BUSY_MS, errand->id);
}

static void errand_free(struct errand *errand)
{
	notice_row_finish(&errand->row);
	cJSON_Delete(errand->ticket);
	free(errand->why);
	free(errand);
}

/* ---- what became of it ---- */

static bool run_record(struct tx *tx, struct job *job, struct error *err)
{
	struct errand *errand = container_of(job, struct errand, job);

	return notice_done(tx, errand->id, errand->exit_code, errand->why, err);
}

static void done_record(struct job *job, const struct error *err)
{
	struct errand *errand = container_of(job, struct errand, job);

	if (err) {
		log_error("hook.unrecorded notice=%" PRId64 " error=%s action=%s", errand->id, log_text(err->message),
			"it runs again at the next start");
	}
	errand_free(errand);
}

static void record(struct errand *errand, int exit_code, const char *why)
{
	errand->exit_code = exit_code;
	errand->why = xstrdup(why);
	errand->job = (struct job){ .run = run_record, .done = done_record, .urgent = true, .insist = true };
	store_write(errand->hooks->daemon->store, &errand->job);
}

static void start(struct errand *errand);

/* ---- alarms of one ticket ---- */

static struct errand *ringing_for(struct hooks *hooks, int64_t ticket)
{
	struct errand *errand = ticket ? hooks->ringing : NULL;

	while (errand && errand->row.ticket != ticket) {
		errand = errand->next;
	}
	return errand;
}

/*
 * Somebody who writes without end must not keep busy whom another needs: a ticket rings once at a time, and once more
 * for all that came meanwhile.
 */
static void ring(struct errand *errand)
{
	struct hooks *hooks = errand->hooks;
	struct errand *now = ringing_for(hooks, errand->row.ticket);

	if (!now) {
		errand->next = hooks->ringing;
		hooks->ringing = errand;
		start(errand);
		return;
	}
	if (now->after) {
		record(now->after, 0, "told with one that came after it");
	}
	now->after = errand;
}

static void rang(struct errand *errand)
{
	struct errand **at = &errand->hooks->ringing;
	struct errand *after = errand->after;

	while (*at && *at != errand) {
		at = &(*at)->next;
	}
	if (*at) {
		*at = errand->next;
	}
	errand->after = NULL;
	if (after && !errand->hooks->daemon->stopping) {
		ring(after);
	} else if (after) {
		errand_free(after); /* it stays open and runs at the next start */
	}
}

static void on_hook_done(void *data, const struct notice_result *result)
{
	struct errand *errand = data;

	rang(errand);
	if (!result->started && result->error.advice == ADVISE_RETRY) {
		again_later(errand);
		errand_free(errand);
		return;
	}
	if (result->exit_code == 0) {
		log_info("hook.done kind=%s notice=%" PRId64, errand->row.kind, errand->id);
	} else {
		log_warn("hook.failed kind=%s notice=%" PRId64 " exit=%d error=%s said=%s", errand->row.kind,
			errand->id, result->exit_code, log_text(result->error.message), log_value(result->output));
	}
	record(errand, result->exit_code, result->exit_code == -1 ? result->error.message : NULL);
}

/* ---- starting it ---- */

static const struct config_hook *hook_of(const struct config *config, const char *kind)
{
	if (strcmp(kind, "alarm") == 0) {
		return &config->alarm;
	}
	return strcmp(kind, "escalated") == 0 ? &config->escalated : &config->warning;
}

static void copy_member(cJSON *to, const char *name, const cJSON *from)
{
	const cJSON *member = json_get(from, name);

	if (member && !json_get(to, name)) {
		json_add(to, name, cJSON_Duplicate(member, true));
	}
}

static cJSON *input_of(const struct errand *errand, const char *office, const char *account)
{
	static const char *const shown[] = { "priority", "class", "state", "author", "excerpt", "opened_at", "due_at",
		"holder", "level", "target" };
	cJSON *input = NULL;

	if (!json_parse(str_from(errand->row.detail), &input, NULL) || !cJSON_IsObject(input)) {
		cJSON_Delete(input);
		input = json_object();
	}
	json_add_text(input, "hook", errand->row.kind);
	json_add_text(input, "office", office);
	if (errand->row.target[0]) {
		json_add_text(input, "tell", errand->row.target);
	}
	if (!json_get(input, "account")) {
		json_add_text(input, "account", account);
	}
	for (size_t i = 0; errand->ticket && i < ARRAY_LEN(shown); i++) {
		copy_member(input, shown[i], errand->ticket);
	}
	return input;
}

static void start(struct errand *errand)
{
	struct daemon *daemon = errand->hooks->daemon;
	const struct config *config = daemon->rules->config;
	const struct config_hook *hook = hook_of(config, errand->row.kind);
	const struct account *account = daemon_account(daemon, (struct account_id){ errand->row.account });
	char ticket[24] = "-";
	const char *arguments[] = { errand->row.kind, errand->row.target[0] ? errand->row.target : "-", ticket,
		account ? account->name : "-", NULL };
	cJSON *input;
	struct buf text;

	if (!hook->argv) {
		rang(errand);
		record(errand, 0, "no such hook is configured");
		return;
	}
	if (errand->row.ticket) {
		(void)snprintf(ticket, sizeof(ticket), "%" PRId64, errand->row.ticket);
	}
	input = input_of(errand, config->office.name, account ? account->name : NULL);
	buf_init(&text, 1 << 20);
	(void)json_print(&text, input);
	(void)buf_add_char(&text, '\n');
	cJSON_Delete(input);
	notify_run(daemon->notify,
		&(struct notice){
			.id = errand->id,
			.argv = hook->argv,
			.arguments = arguments,
			.input = buf_str(&text),
			.urgent = errand->alarm,
		},
		on_hook_done, errand);
	buf_finish(&text);
}

static bool run_load(struct tx *tx, struct job *job, struct error *err)
{
	struct errand *errand = container_of(job, struct errand, job);

	notice_row_finish(&errand->row);
	cJSON_Delete(errand->ticket);
	errand->ticket = NULL;
	return notice_load(tx, errand->id, &errand->row, err) &&
	       (!errand->row.ticket ||
		       view_ticket_row(tx, (struct ticket_id){ errand->row.ticket }, &errand->ticket, err));
}

static void done_load(struct job *job, const struct error *err);

/*
 * A search, a report or a picture may have the reader for seconds, and a life does not wait for that: the store thread
 * looks, whom it costs nothing on the disk. Where that one is out of order the reader does.
 */
static void load(struct errand *errand, bool by_reader)
{
	errand->by_reader = by_reader;
	errand->job = (struct job){ .run = run_load, .done = done_load, .urgent = true };
	if (by_reader) {
		store_read(errand->hooks->daemon->store, &errand->job);
	} else {
		store_write(errand->hooks->daemon->store, &errand->job);
	}
}

static void done_load(struct job *job, const struct error *err)
{
	struct errand *errand = container_of(job, struct errand, job);
	struct hooks *hooks = errand->hooks;

	if (!err && !hooks->daemon->stopping) {
		if (errand->alarm) {
			ring(errand);
		} else {
			start(errand);
		}
		return;
	}
	if (err && err->domain != ERROR_MISSING && !errand->by_reader && !hooks->daemon->stopping) {
		load(errand, true);
		return;
	}
	if (err && err->domain != ERROR_MISSING) {
		log_warn("hook.waits notice=%" PRId64 " error=%s", errand->id, log_text(err->message));
		again_later(errand);
	}
	errand_free(errand);
}

static void begin(struct hooks *hooks, int64_t id, bool alarm)
{
	struct errand *errand;

	if (hooks->daemon->stopping) {
		return; /* it stays open and runs at the next start */
	}
	errand = xnew(struct errand);
	errand->hooks = hooks;
	errand->id = id;
	errand->alarm = alarm;
	load(errand, !alarm);
}

static void on_due(struct due *due, int64_t at unused_arg, int64_t id)
{
	begin(container_of(due, struct hooks, due), id, false);
}

static void on_alarm(struct due *due, int64_t at unused_arg, int64_t id)
{
	begin(container_of(due, struct hooks, alarms), id, true);
}

void hooks_arm(struct hooks *hooks, const struct effect *effect)
{
	due_add(effect->kind == EFFECT_ALARM ? &hooks->alarms : &hooks->due, effect->at, effect->id);
}

struct hooks *hooks_new(struct daemon *daemon, struct error *err)
{
	struct hooks *hooks = xnew(struct hooks);

	hooks->daemon = daemon;
	if (!due_start(daemon->loop, &hooks->due, on_due, NULL, err)) {
		free(hooks);
		return NULL;
	}
	if (!due_start(daemon->loop, &hooks->alarms, on_alarm, NULL, err)) {
		due_finish(&hooks->due);
		free(hooks);
		return NULL;
	}
	return hooks;
}

void hooks_free(struct hooks *hooks)
{
	if (!hooks) {
		return;
	}
	for (struct errand *errand = hooks->ringing; errand; errand = errand->next) {
		if (errand->after) {
			errand_free(errand->after);
		}
	}
	due_finish(&hooks->due);
	due_finish(&hooks->alarms);
	free(hooks);
}
