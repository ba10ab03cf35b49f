/*
 * The verb that reads accounts.yaml anew: all of it or nothing, and the caller hears which, and what has lost its
 * account by it.
 */
#include "codec/json.h"
#include "daemon/daemon.h"
#include "daemon/verb.h"

static void on_reloaded(void *data, const cJSON *gone, const struct error *err)
{
	struct call *call = data;

	if (!err) {
		call->result = json_object();
		json_add_i64(call->result, "accounts", (int64_t)call->daemon->rules->config->n_accounts);
		json_add(call->result, "gone", cJSON_Duplicate(gone, true));
	}
	call_finish(call, err);
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
