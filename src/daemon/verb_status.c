/*
 * The verb behind `gazette status`: one look at the whole office. The counts come from the store on the reader thread,
 * what only the loop knows is added on the way out.
 */
#include <string.h>

#include "build.gen.h"
#include "codec/json.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/verb.h"
#include "store/view.h"

struct look {
	struct job job;
	struct call *call;
	cJSON *counts;
};

static bool run_counts(struct tx *tx, struct job *job, struct error *err)
{
	struct look *look = container_of(job, struct look, job);

	cJSON_Delete(look->counts);
	look->counts = json_object();
	return view_counts(tx, look->counts, err);
}

static void done_counts(struct job *job, const struct error *err)
{
	struct look *look = container_of(job, struct look, job);
	struct call *call = look->call;
	struct daemon *daemon = call->daemon;
	struct store_health health;
	cJSON *store = json_object();
	cJSON *result = steal(&look->counts);

	free(look);
	store_health(daemon->store, &health);
	json_add_text(result, "office", call->rules->config->office.name);
	json_add_text(result, "version", GAZETTE_VERSION);
	json_add_time(result, "started_at", daemon->started_at);
	json_add_bool(result, "degraded", health.degraded);
	if (health.degraded) {
		json_add_text(result, "error", health.error.message);
		json_add_time(result, "degraded_since", health.degraded_since_at);
	}
	json_add_time(result, "next_due_at", outbox_next_due_at(daemon->outbox));
	json_add_i64(result, "in_flight", (int64_t)outbox_in_flight(daemon->outbox));
	json_add_i64(store, "schema", health.schema);
	json_add_text(store, "sqlite", health.sqlite);
	json_add_i64(store, "jobs", (int64_t)health.jobs);
	json_add_i64(store, "commits", (int64_t)health.commits);
	json_add_i64(store, "waiting", (int64_t)health.waiting);
	json_add_i64(store, "memory_bytes", health.memory_bytes);
	json_add(result, "store", store);
	call->result = result;
	call_finish(call, err);
}

static bool start_status(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { NULL };
	struct look *look;

	if (!call_only(call, names, err)) {
		return false;
	}
	look = xnew(struct look);
	look->call = call;
	look->job = (struct job){ .run = run_counts, .done = done_counts, .urgent = true };
	call->later = true;
	store_read(call->daemon->store, &look->job);
	return true;
}

const struct verb verbs_status[] = {
	{ "status", VERB_LOOP, PERMIT_NOTHING_SPECIAL, start_status },
	{ 0 },
};
