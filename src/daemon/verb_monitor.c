/* The verb that turns a connection into a monitor: from its answer on, every event comes as a notification. */
#include <inttypes.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/verb.h"
#include "text/when.h"

#define REPLAY_MAX 20000

/* What happened since a time, before the live events begin. Read on the reader thread, sent from the loop. */
struct replay {
	struct job job;
	struct call *call;
	int64_t since_at;
	int64_t after; /* this event; 0: from since_at on */
	int64_t last;  /* that was looked at, whether the caller may see it or not */
	cJSON *rows;
	bool cut; /* there were more than REPLAY_MAX */
};

static bool run_replay(struct tx *tx, struct job *job, struct error *err)
{
	struct replay *replay = container_of(job, struct replay, job);

	int64_t after = replay->after;
	int n;

	cJSON_Delete(replay->rows);
	replay->rows = json_array();
	replay->cut = false;
	do {
		n = cJSON_GetArraySize(replay->rows);
		if (n >= REPLAY_MAX) {
			replay->last = after;
			replay->cut = true;
			return true;
		}
		if (!event_list_since(tx, replay->since_at, after, (int)LIMIT_PAGE_ROWS, replay->rows, err)) {
			return false;
		}
		after = json_i64(cJSON_GetArrayItem(replay->rows, cJSON_GetArraySize(replay->rows) - 1), "seq", 0);
	} while (cJSON_GetArraySize(replay->rows) == n + (int)LIMIT_PAGE_ROWS);
	return true;
}

static void keep_visible(cJSON *rows, unsigned roles)
{
	cJSON *row = rows->child;

	while (row) {
		cJSON *next = row->next;

		if (!control_may_see(roles, row)) {
			cJSON_Delete(cJSON_DetachItemViaPointer(rows, row));
		}
		row = next;
	}
}

static void done_replay(struct job *job, const struct error *err)
{
	struct replay *replay = container_of(job, struct replay, job);
	struct call *call = replay->call;

	char next[24] = "";

	call->result = json_object();
	if (!err) {
		if (replay->cut) {
			(void)snprintf(next, sizeof(next), "%" PRId64, replay->last);
		}
		keep_visible(replay->rows, call->actor.roles);
		json_add(call->result, "rows", steal(&replay->rows));
		json_add_bool(call->result, "cut", replay->cut);
		json_add_text(call->result, "next", next);
	}
	cJSON_Delete(replay->rows);
	free(replay);
	call_finish(call, err);
}

static bool start_monitor(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "since", "after", NULL };
	struct daemon *daemon = call->daemon;
	struct replay *replay;
	const char *since;
	const char *next;
	int64_t since_at = 0;
	int64_t after = 0;

	if (!call_only(call, names, err) || !call_text(call, "since", false, 100, &since, err) ||
		!call_text(call, "after", false, 100, &next, err) ||
		(since && !when_parse(str_from(since), loop_now_at(daemon->loop), &since_at, err))) {
		return false;
	}
	if (next && next[0] && (!since || !str_to_i64(str_from(next), 1, INT64_MAX, &after))) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "after: not a place in this list");
	}
	/* Live first, then the past: an event in between comes twice with the same seq rather than not at all. */
	if (!control_monitor(daemon->control, call->peer)) {
		return error_set(err, ERROR_PROTO, ADVISE_RETRY, 0, "the connection is gone");
	}
	if (!since) {
		return true;
	}
	replay = xnew(struct replay);
	call->later = true;
	replay->call = call;
	replay->since_at = since_at;
	replay->after = after;
	replay->job = (struct job){ .run = run_replay, .done = done_replay };
	store_read(daemon->store, &replay->job);
	return true;
}

const struct verb verbs_monitor[] = {
	{ "monitor", VERB_LOOP, PERMIT_NOTHING_SPECIAL, start_monitor },
	{ 0 },
};
