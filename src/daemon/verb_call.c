/*
 * What an office does to an account apart from posting: the platform's own calls (account.call: menus, topics, QR
 * codes, comments), the current token for another program (account.token), and forgetting what citizens said who left
 * (account.purge).
 *
 * A call is written down, with who ordered it, before its request leaves; a refusal is written down too. A call whose
 * answer was lost is not made again by us: ADVISE_VERIFY reaches the person, who looks.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/ops.h"
#include "daemon/verb.h"
#include "store/contact.h"
#include "store/effect.h"
#include "store/topic.h"
#include "text/when.h"

#define SHOWN_PARAMS_BYTES 400u /* longer ones stand in the event as a digest */
#define PURGE_AT_ONCE      200

/*
 * Who may order which call. What is not here cannot be ordered: topics are given to a follower by himself only
 * (topic.add, topic.remove), never by staff.
 */
static const struct {
	const char *name;
	enum permission needs;
	const char *capability; /* of the account, as the driver names it */
} calls[] = {
	{ "menu.push", PERMIT_ACCOUNT_SHAPE, "menu" },
	{ "menu.show", PERMIT_NOTHING_SPECIAL, "menu" },
	{ "menu.delete", PERMIT_ACCOUNT_SHAPE, "menu" },
	{ "qr", PERMIT_ACCOUNT_SHAPE, "qr" },
	{ "topics", PERMIT_NOTHING_SPECIAL, "topics" },
	{ "topic.create", PERMIT_ACCOUNT_SHAPE, "topics" },
	{ "topic.delete", PERMIT_ACCOUNT_SHAPE, "topics" },
	{ "article.delete", PERMIT_ARTICLE_WORK, "publish" },
	{ "comments.open", PERMIT_ARTICLE_WORK, "comments" },
	{ "comments.close", PERMIT_ARTICLE_WORK, "comments" },
	{ "comment.elect", PERMIT_ARTICLE_WORK, "comments" },
	{ "comment.unelect", PERMIT_ARTICLE_WORK, "comments" },
	{ "comment.delete", PERMIT_ARTICLE_WORK, "comments" },
	{ "comment.reply-delete", PERMIT_ARTICLE_WORK, "comments" },
	{ "typing", PERMIT_TICKET_WORK, "reply" },
};

static bool call_is_known(const char *name, enum permission *ret_needs, const char **ret_capability)
{
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (strcmp(calls[i].name, name) == 0) {
			*ret_needs = calls[i].needs;
			*ret_capability = calls[i].capability;
			return true;
		}
	}
	return false;
}

static bool no_such_call(const char *name, struct error *err)
{
	const char *best = NULL;
	int best_distance = 4;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		int distance = str_distance(name, calls[i].name);

		if (distance < best_distance) {
			best_distance = distance;
			best = calls[i].name;
		}
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "account.call: there is no call \"%.40s\"%s%s%s", name,
		best ? "; did you mean \"" : "", best ? best : "", best ? "\"?" : "");
}

/* ---- account.call ---- */

struct work {
	struct job job;
	struct call *call;
	const char *name;    /* of the call; borrowed from its parameters */
	const cJSON *params; /* likewise */
	cJSON *no_params;    /* when there are none */
	struct account_id account;
	const struct driver *driver;
	const struct config_account *config;
	struct op_run run;
	cJSON *result;
	struct error error; /* what the platform refused; advice 0: nothing */
	char *park;
};

static void work_end(struct work *work, const struct error *err)
{
	struct call *call = work->call;

	if (!err) {
		call->result = json_object();
		json_add_text(call->result, "name", work->config->name);
		json_add_text(call->result, "call", work->name);
		json_add(call->result, "result", work->result ? steal(&work->result) : json_object());
	}
	op_run_finish(&work->run);
	cJSON_Delete(work->result);
	cJSON_Delete(work->no_params);
	free(work->park);
	free(work);
	call_finish(call, err);
}

static bool note(struct tx *tx, const struct work *work, const char *action, struct error *err)
{
	cJSON *detail = json_object();
	struct buf params;

	json_add_text(detail, "account", work->config->name);
	json_add_text(detail, "call", work->name);
	buf_init(&params, LIMIT_FRAME_BYTES);
	if (json_print(&params, work->params) && params.n > SHOWN_PARAMS_BYTES) {
		char hex[65];

		digest_hex(buf_str(&params), hex);
		json_add_text(detail, "params_sha256", hex);
	} else {
		json_add(detail, "params", cJSON_Duplicate(work->params, true));
	}
	buf_finish(&params);
	if (work->error.advice) {
		json_add_text(detail, "error", work->error.message);
	}
	return event_add(tx, &work->call->actor, action, OBJECT_ACCOUNT, work->account.v, detail, err);
}

static bool run_begin(struct tx *tx, struct job *job, struct error *err)
{
	struct work *work = container_of(job, struct work, job);
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	struct quota_window windows[DRIVER_QUOTAS_MAX];
	struct account_row row = { 0 };
	size_t n = 0;
	bool ok;

	op_run_finish(&work->run); /* a job may be run again */
	if (!account_load(tx, work->account, &row, err)) {
		return false;
	}
	ok = account_takes_orders(&row, err);
	quota_windows(quotas, work->driver->quotas(work->config->settings, quotas), work->driver->cost(OP_CALL, NULL),
		windows, &n);
	for (size_t i = 0; ok && i < n; i++) {
		ok = quota_spend(tx, work->account, &windows[i], 1, false, err);
	}
	ok = ok && note(tx, work, "account.call", err);
	if (ok) {
		op_run_init(
			&work->run, work->driver, OP_CALL, work->config, work->call->rules, &row.token, row.remote_uid);
		work->run.op.call = work->name;
		work->run.op.params = work->params;
	}
	account_row_finish(&row);
	return ok;
}

static bool run_refused(struct tx *tx, struct job *job, struct error *err)
{
	struct work *work = container_of(job, struct work, job);

	return note(tx, work, "account.call-failed", err) &&
	       (!work->park || account_park(tx, work->account, &work->run.token, work->run.park, work->park, err));
}

static void done_refused(struct job *job, const struct error *err unused_arg)
{
	struct work *work = container_of(job, struct work, job);
	struct error refused = work->error; /* that it was refused is what the caller must hear */

	work_end(work, &refused);
}

static bool run_forget(struct tx *tx, struct job *job, struct error *err)
{
	struct work *work = container_of(job, struct work, job);

	return topic_forget(tx, work->account, json_text(work->params, "topic", ""), err);
}

static void done_forget(struct job *job, const struct error *err)
{
	work_end(container_of(job, struct work, job), err);
}

static void on_outcome(struct op_run *run, struct outcome *outcome)
{
	struct work *work = container_of(run, struct work, run);
	struct daemon *daemon = work->call->daemon;

	switch (outcome->kind) {
	case OUTCOME_NEXT:
		op_run_next(run, daemon, on_outcome);
		return;
	case OUTCOME_DONE:
		work->result = steal(&outcome->json);
		if (strcmp(work->name, "topic.delete") == 0) {
			/* With the topic everybody has lost it. */
			work->job = (struct job){ .run = run_forget, .done = done_forget };
			store_write(daemon->store, &work->job);
			return;
		}
		work_end(work, NULL);
		return;
	case OUTCOME_ERROR:
		break;
	}
	work->park = account_refused(daemon, work->account, outcome, &run->token, &work->error);
	work->job = (struct job){ .run = run_refused, .done = done_refused, .urgent = true };
	store_write(daemon->store, &work->job);
}

static void done_begin(struct job *job, const struct error *err)
{
	struct work *work = container_of(job, struct work, job);

	if (err) {
		work_end(work, err);
		return;
	}
	daemon_point("before-call-request");
	op_run_next(&work->run, work->call->daemon, on_outcome);
}

static bool start_call(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", "call", "params", NULL };
	const cJSON *params = json_get(call->params, "params");
	enum permission needs;
	const char *capability;
	struct account *account;
	struct work *work;
	const char *name;
	const char *what;

	if (!call_only(call, names, err) || !call_text(call, "name", true, 64, &name, err) ||
		!call_text(call, "call", true, 64, &what, err)) {
		return false;
	}
	if (!call_is_known(what, &needs, &capability)) {
		return no_such_call(what, err);
	}
	if (!call_permits(call, needs, err)) {
		return false;
	}
	if (params && !cJSON_IsNull(params) && !cJSON_IsObject(params)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "account.call: params must be an object");
	}
	account = daemon_account_named(call->daemon, name);
	if (!account || !account->driver) {
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no account \"%.60s\"", name);
	}
	if (!account->driver->calls) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: accounts of %s have no calls of their own",
			name, account->driver->name);
	}
	if (!account_allows(account, what, capability, err)) {
		return false;
	}
	work = xnew(struct work);
	work->call = call;
	work->name = what;
	work->no_params = cJSON_IsObject(params) ? NULL : json_object();
	work->params = work->no_params ? work->no_params : params;
	work->account = account->id;
	work->driver = account->driver;
	/* Of the configuration the call holds, which outlives a reload. */
	work->config = config_account(call->rules->config, name);
	call->later = true;
	work->job = (struct job){ .run = run_begin, .done = done_begin, .urgent = true };
	store_write(call->daemon->store, &work->job);
	return true;
}

/* ---- account.token ---- */

static bool token_of(struct tx *tx, struct call *call, const struct account_row *row, struct error *err)
{
	int64_t left_ms = row->token_expires_at - tx_now_at(tx);
	struct str token = secret_lend(&row->token);
	cJSON *detail;

	if (!account_takes_orders(row, err)) {
		return false;
	}
	if (token.n == 0 || (row->token_expires_at && left_ms <= 0)) {
		return error_set(err, ERROR_STATE, ADVISE_RETRY, 0,
			"%s has no token at the moment: one is being fetched", row->name);
	}
	detail = json_object();
	json_add_text(detail, "account", row->name);
	if (!event_add(tx, &call->actor, "account.token", OBJECT_ACCOUNT, row->id.v, detail, err)) {
		return false;
	}
	call->result = json_object();
	json_add_text(call->result, "name", row->name);
	json_add_str(call->result, "token", token);
	json_add_time(call->result, "token_expires_at", row->token_expires_at);
	return true;
}

static bool run_token(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", NULL };
	const struct config_account *config;
	const struct driver *driver;
	struct account_row row = { 0 };
	struct account_id id;
	const char *name;
	bool ok;

	if (!call_only(call, names, err) || !call_text(call, "name", true, 64, &name, err) ||
		!account_find(tx, name, &id, err) || !account_load(tx, id, &row, err)) {
		return false;
	}
	config = config_account(call->rules->config, name);
	driver = config ? driver_find(config->platform) : NULL;
	/* A token that a person's consent made stands for that person; it is lent to nobody. */
	ok = (driver && driver->renew_after_ms) ||
	     error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
		     "%s: its token came from a person's login and is handed to no other program", name);
	ok = ok && token_of(tx, call, &row, err);
	account_row_finish(&row);
	return ok;
}

/* ---- account.purge ---- */

static bool run_purge(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "name", "citizen", NULL };
	struct contact_purge what = { .actor = &call->actor, .limit = PURGE_AT_ONCE };
	const char *name;
	struct contact_purged purged = { 0 };

	if (!call_only(call, names, err) || !call_text(call, "name", false, 64, &name, err) ||
		!call_text(call, "citizen", false, LIMIT_NAME_BYTES, &what.author_id, err) ||
		(name && !account_find(tx, name, &what.account, err))) {
		return false;
	}
	if (what.author_id && !name) {
		return error_set(
			err, ERROR_INPUT, ADVISE_REJECT, 0, "account.purge: citizen: of which account? give its name");
	}
	what.before_at = what.author_id ? INT64_MAX : tx_now_at(tx) - call->rules->config->retention_ms;
	if (!contact_purge(tx, &what, &purged, err)) {
		return false;
	}
	if (what.author_id && purged.citizens == 0) {
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0,
			"%s: no citizen of this number has left; what of citizens who still follow is kept", name);
	}
	call->result = json_object();
	json_add_i64(call->result, "citizens", purged.citizens);
	json_add_i64(call->result, "messages", purged.messages);
	json_add_i64(call->result, "replies", purged.replies);
	json_add_i64(call->result, "media", purged.media);
	json_add_i64(call->result, "tickets", purged.tickets);
	json_add_bool(call->result, "more", purged.citizens == PURGE_AT_ONCE);
	return true;
}

const struct verb verbs_call[] = {
	{ "account.call", VERB_LOOP, PERMIT_NOTHING_SPECIAL, start_call },
	{ "account.purge", VERB_WRITE, PERMIT_ACCOUNT_PURGE, run_purge },
	{ "account.token", VERB_WRITE, PERMIT_ACCOUNT_TOKEN, run_token },
	{ 0 },
};
