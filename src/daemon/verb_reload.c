/*
 * The verb that reads accounts.yaml anew: all of it or nothing, and the caller hears which, and what has lost its
 * account by it.
 */
#include "codec/json.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/verb.h"
#include "store/view.h"

struct gone {
	struct job job;
	struct call *call;
	cJSON *rows;
};

static bool run_gone(struct tx *tx, struct job *job, struct error *err)
{
	struct gone *gone = container_of(job, struct gone, job);

	cJSON_Delete(gone->rows);
	gone->rows = json_array();
	return view_gone_accounts(tx, gone->rows, err);
}

static void done_gone(struct job *job, const struct error *err unused_arg)
{
	struct gone *gone = container_of(job, struct gone, job);
	struct call *call = gone->call;

	/* It is applied, whether or not that could be read. */
	call->result = json_object();
	json_add_i64(call->result, "accounts", (int64_t)call->daemon->rules->config->n_accounts);
	json_add(call->result, "gone", gone->rows);
	free(gone);
	call_finish(call, NULL);
}

static void on_reloaded(void *data, const struct error *err)
{
	struct call *call = data;
	struct gone *gone;

	if (err) {
		call_finish(call, err);
		return;
	}
	gone = xnew(struct gone);
	gone->call = call;
	gone->job = (struct job){ .run = run_gone, .done = done_gone };
	store_read(call->daemon->store, &gone->job);
}

static bool start_reload(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { NULL };

	if (!call_only(call, names, err)) {
		return false;
	}
	call->later = true;
	daemon_reload(call->daemon, on_reloaded, call);
	return true;
}

const struct verb verbs_reload[] = {
	{ "reload", VERB_LOOP, PERMIT_RELOAD, start_reload },
	{ 0 },
};
