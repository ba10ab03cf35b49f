/* Verbs on the outbox as a whole: what waits, what is stuck, and what a person decides about it. */
#include <string.h>

#include "codec/json.h"
#include "core/limits.h"
#include "daemon/daemon.h"
#include "daemon/post_quota.h"
#include "daemon/targets.h"
#include "daemon/verb.h"
#include "store/send.h"
#include "store/view.h"

static bool run_list(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "account", "state", "kind", "after", "limit", NULL };
	struct delivery_filter filter = { 0 };
	enum send_state state;
	enum send_kind kind;
	struct page page;
	cJSON *rows;

	if (!call_only(call, names, err) || !call_text(call, "account", false, 64, &filter.account, err) ||
		!call_text(call, "state", false, 20, &filter.state, err) ||
		!call_text(call, "kind", false, 20, &filter.kind, err) || !call_page(call, &page, err)) {
		return false;
	}
	if (filter.account && !config_account(call->rules->config, filter.account)) {
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no account \"%s\"", filter.account);
	}
	if (filter.state && !send_state_parse(filter.state, &state)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"state: \"%s\" is none of held, queued, sending, pending, sent, failed, unsure, cancelled",
			filter.state);
	}
	if (filter.kind && !send_kind_parse(filter.kind, &kind)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "kind: \"%s\" is none of publish, reply, withdraw",
			filter.kind);
	}
	call->result = json_object();
	rows = json_array();
	json_add(call->result, "rows", rows);
	if (!view_sends(tx, &filter, &page, rows, err)) {
		return false;
	}
	post_drop_modes(call->rules, rows, "account");
	json_add_text(call->result, "next", page.next);
	return true;
}

static bool run_shape(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { NULL };
	cJSON *rows;

	if (!call_only(call, names, err)) {
		return false;
	}
	call->result = json_object();
	rows = json_array();
	json_add(call->result, "rows", rows);
	return view_queue_shape(tx, rows, err);
}

static bool run_retry(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "sends", NULL };
	cleanup(target_list_finish) struct target_list list = { 0 };
	cJSON *rows = json_array();

	call->result = json_object();
	json_add(call->result, "rows", rows);
	if (!call_only(call, names, err) || !targets_read(tx, call, "sends", &list, err)) {
		return false;
	}
	for (size_t i = 0; i < list.n; i++) {
		struct send_row send = { 0 };
		enum send_state state;
		cJSON *row;

		if (!send_load(tx, list.items[i].id, &send, err)) {
			return false;
		}
		state = send.state;
		send_row_finish(&send);
		if (list.items[i].one_of_many && state != SEND_FAILED) {
			continue;
		}
		if (!send_retry(tx, &call->actor, list.items[i].id, err)) {
			return false;
		}
		row = json_object();
		json_add_text(row, "delivery", list.items[i].name);
		json_add_text(row, "state", send_state_name(SEND_QUEUED));
		json_push(rows, row);
	}
	if (cJSON_GetArraySize(rows) == 0 && !list.all) {
		return error_set(
			err, ERROR_STATE, ADVISE_REJECT, 0, "nothing there has failed: only failed sends are retried");
	}
	return true;
}

static bool run_settle(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "send", "outcome", "remote_id", "url", NULL };
	cleanup(target_list_finish) struct target_list list = { 0 };
	struct send_row row = { 0 };
	enum send_event event;
	const char *word;
	const char *outcome;
	const char *remote_id;
	const char *url;

	if (!call_only(call, names, err) || !call_text(call, "send", true, 128, &word, err) ||
		!call_text(call, "outcome", true, 20, &outcome, err) ||
		!call_text(call, "remote_id", false, LIMIT_REMOTE_ID_BYTES, &remote_id, err) ||
		!call_text(call, "url", false, 500, &url, err) || !target_read(tx, word, &list, err)) {
		return false;
	}
	if (list.n != 1) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"queue.settle: name one delivery, such as 12/ACCOUNT or send:7");
	}
	if (strcmp(outcome, "sent") == 0) {
		event = SEND_SETTLE_SENT;
	} else if (strcmp(outcome, "absent") == 0) {
		event = SEND_SETTLE_ABSENT;
	} else if (strcmp(outcome, "again") == 0) {
		event = SEND_MISS;
	} else {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"outcome: \"%s\" is none of sent (it is there), absent (give it up), again (send it once more)",
			outcome);
	}
	if (!send_settle(tx, &call->actor, list.items[0].id, event, remote_id, url, err) ||
		!send_load(tx, list.items[0].id, &row, err)) {
		return false;
	}
	call->result = json_object();
	json_add_text(call->result, "delivery", list.items[0].name);
	json_add_text(call->result, "state", send_state_name(row.state));
	send_row_finish(&row);
	return true;
}

const struct verb verbs_queue[] = {
	{ "queue.list", VERB_READ, PERMIT_POST_READ, run_list },
	{ "queue.retry", VERB_WRITE, PERMIT_QUEUE_STEER, run_retry },
	{ "queue.settle", VERB_WRITE, PERMIT_QUEUE_SETTLE, run_settle },
	{ "queue.shape", VERB_READ, PERMIT_NOTHING_SPECIAL, run_shape },
	{ 0 },
};
