/*
 * Verbs on posts and their deliveries: post.*. The policy is elsewhere: what may be said in newsroom and drivers
 * (post_params.c), what may become of a delivery in the state table (store/send.c).
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/post_params.h"
#include "daemon/post_quota.h"
#include "daemon/targets.h"
#include "daemon/verb.h"
#include "proto/frame.h"
#include "store/post.h"
#include "store/send.h"
#include "store/view.h"
#include "text/when.h"

static cJSON *names_of(const struct post *post, struct post_id id)
{
	cJSON *names = json_array();

	for (size_t i = 0; i < post->n_targets; i++) {
		char name[128];

		if (id.v) {
			(void)snprintf(name, sizeof(name), "%" PRId64 "/%s", id.v, post->targets[i].account);
		} else {
			(void)snprintf(name, sizeof(name), "%s", post->targets[i].account);
		}
		json_push(names, cJSON_CreateString(name));
	}
	return names;
}

static void add_due(cJSON *result, int64_t due_at, int64_t now_at)
{
	struct buf echo;

	if (!due_at) {
		return;
	}
	buf_init(&echo, 200);
	(void)when_format_echo(&echo, due_at, now_at);
	json_add_time(result, "due_at", due_at);
	json_add_str(result, "due_echo", buf_str(&echo));
	buf_finish(&echo);
}

/*
 * An account that lets nothing out is no mistake of the post; but whoever hands one in must not believe that it goes.
 */
static bool warn_of_accounts(struct tx *tx, const struct post *post, struct finding_list *findings, struct error *err)
{
	for (size_t i = 0; i < post->n_targets; i++) {
		const char *name = post->targets[i].account;
		struct account_row row = { 0 };
		struct account_id id;

		if (!account_find(tx, name, &id, err) || !account_load(tx, id, &row, err)) {
			return false;
		}
		switch (row.state) {
		case ACCOUNT_READY:
		case ACCOUNT_STARTING:
		case ACCOUNT_REMOVED:
			break;
		case ACCOUNT_PAUSED:
			finding_add(findings, FINDING_WARN, "account.paused", name, 0, 0,
				"the account is paused: the post is held until it is resumed");
			break;
		case ACCOUNT_PARKED:
			finding_add(findings, FINDING_WARN, "account.parked", name, 0, 0,
				"the account needs a person (gazette account show %s): the post is held until then",
				name);
			break;
		}
		account_row_finish(&row);
	}
	return true;
}

static bool run_check(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "post", NULL };
	struct finding_list findings = { 0 };
	struct post post = { 0 };
	cJSON *lengths = json_array();
	bool ok = call_only(call, names, err) &&
		  post_read(call->rules, json_get(call->params, "post"), tx_now_at(tx), false, &post, err);

	if (ok) {
		post_check(call->rules, &post, tx_now_at(tx), &findings, lengths);
		ok = warn_of_accounts(tx, &post, &findings, err);
	}
	if (ok) {
		call->result = json_object();
		json_add_bool(call->result, "ok", !finding_blocks(&findings));
		json_add(call->result, "findings", findings_json(&findings));
		json_add(call->result, "lengths", steal(&lengths));
		add_due(call->result, post.due_at, tx_now_at(tx));
		json_add(call->result, "deliveries", names_of(&post, (struct post_id){ 0 }));
		ok = post_show_broadcasts(tx, call->rules, &post, call->result, err);
		post_show_modes(call->rules, &post, call->result);
	}
	cJSON_Delete(lengths);
	finding_list_finish(&findings);
	post_finish(&post);
	return ok;
}

/* What is out: can its platform take it back? errors STATE/REJECT, with what to do instead */
static bool platform_withdraws(
	struct tx *tx, const struct rules *rules, struct send_id id, const char *account, struct error *err)
{
	const struct config_account *config = config_account(rules->config, account);
	const struct driver *driver = config ? driver_find(config->platform) : NULL;
	struct send_row whole = { 0 };
	struct driver_send published;
	bool ok;

	if (!driver || !driver->may_withdraw) {
		return true;
	}
	/* Its form may depend on its pictures. */
	if (!send_load_whole(tx, id, &whole, err)) {
		return false;
	}
	send_for_driver(&whole, &published);
	ok = driver->may_withdraw(&published, err);
	send_row_finish(&whole);
	return ok;
}

/* A correction takes back what it corrects, on the accounts it goes to. */
static bool withdraw_corrected(
	struct tx *tx, struct call *call, const struct post *post, cJSON *result, struct error *err)
{
	cJSON *withdrawn = json_array();

	json_add(result, "withdraws", withdrawn);
	for (size_t i = 0; i < post->n_targets; i++) {
		struct send_id old = { 0 };
		struct send_id withdrawal = { 0 };
		struct send_row row = { 0 };
		char name[96];
		bool out;

		if (!send_find_delivery(tx, (struct post_id){ post->corrects }, post->targets[i].account, &old, err) ||
			!send_load(tx, old, &row, err)) {
			return false;
		}
		out = row.state == SEND_SENT;
		send_row_finish(&row);
		if (!out) {
			return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
				"%" PRId64 "/%s is not published: cancel it instead of correcting it", post->corrects,
				post->targets[i].account);
		}
		if (!platform_withdraws(tx, call->rules, old, post->targets[i].account, err)) {
			return error_prefix(err, "%" PRId64 "/%s", post->corrects, post->targets[i].account);
		}
		if (!send_withdraw(tx, &call->actor, old, "corrected", &withdrawal, err)) {
			return false;
		}
		(void)snprintf(name, sizeof(name), "send:%" PRId64, withdrawal.v);
		json_push(withdrawn, cJSON_CreateString(name));
	}
	return true;
}

/* One post into the store. On a blocking finding *ret_findings holds them all. */
static bool create_one(struct tx *tx, struct call *call, const cJSON *object, bool dry_run, cJSON *result,
	cJSON **ret_findings, struct error *err)
{
	struct finding_list findings = { 0 };
	struct post post = { 0 };
	struct post_id id = { 0 };
	enum post_insert what = POST_INSERTED;
	const char *key = json_text(object, "key", NULL);
	bool ok;

	/* What is here already stays as it is; that its time has passed since is no mistake. */
	if (!post_read(call->rules, object, tx_now_at(tx), key && post_is_known(tx, key), &post, err)) {
		return false;
	}
	post_check(call->rules, &post, tx_now_at(tx), &findings, NULL);
	ok = findings_error(&findings, err);
	if (ok && !(post.key && post_is_known(tx, post.key))) {
		ok = post_check_room(tx, call->rules, &post, err);
	}
	ok = ok && (dry_run || post_insert(tx, &call->actor, &post, &id, &what, err));
	if (ok && !dry_run && what == POST_INSERTED && post.corrects) {
		ok = withdraw_corrected(tx, call, &post, result, err);
	}
	ok = ok && (what == POST_UNCHANGED || warn_of_accounts(tx, &post, &findings, err));
	*ret_findings = findings_json(&findings);
	if (ok) {
		if (!dry_run) {
			json_add_i64(result, "id", id.v);
		}
		json_add_text(result, "result", dry_run ? "checked" : what == POST_INSERTED ? "created" : "unchanged");
		add_due(result, post.due_at, tx_now_at(tx));
		json_add(result, "deliveries", names_of(&post, id));
	}
	finding_list_finish(&findings);
	post_finish(&post);
	return ok;
}

static bool run_create(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "post", "dry_run", NULL };
	cJSON *findings = NULL;
	cJSON *result = json_object();

	if (call_only(call, names, err) && create_one(tx, call, json_get(call->params, "post"),
						   call_bool(call, "dry_run", false), result, &findings, err)) {
		json_add(result, "findings", findings);
		call->result = result;
		return true;
	}
	if (findings) {
		call->extra = json_object();
		json_add(call->extra, "findings", findings);
	}
	cJSON_Delete(result);
	return false;
}

struct import_row {
	struct call *call;
	const cJSON *post;
	bool dry_run;
	cJSON *row;
	cJSON *findings;
};

static bool import_row(struct tx *tx, void *data, struct error *err)
{
	struct import_row *row = data;

	return create_one(tx, row->call, row->post, row->dry_run, row->row, &row->findings, err);
}

/* Nothing of it was kept: a row that would have been a post is one no more. */
static void take_back(cJSON *rows)
{
	cJSON *row;

	cJSON_ArrayForEach(row, rows)
	{
		if (strcmp(json_text(row, "result", ""), "created") == 0) {
			cJSON_DeleteItemFromObjectCaseSensitive(row, "result");
			cJSON_DeleteItemFromObjectCaseSensitive(row, "id");
			cJSON_DeleteItemFromObjectCaseSensitive(row, "deliveries");
			cJSON_DeleteItemFromObjectCaseSensitive(row, "withdraws");
			json_add_text(row, "result", "checked");
		}
	}
}

/*
 * All rows or none, unless `partial`: then each row stands for itself. Every row is tried in any case, so that the
 * answer names everything that is wrong with a batch, not only its first mistake.
 */
static bool run_import(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "posts", "partial", "dry_run", NULL };
	const cJSON *posts = json_get(call->params, "posts");
	bool dry_run = call_bool(call, "dry_run", false);
	bool partial = call_bool(call, "partial", false);
	int64_t created = 0;
	int64_t unchanged = 0;
	int64_t failed = 0;
	struct error first = { 0 };
	const cJSON *item;
	cJSON *rows;
	int64_t number = 0;

	if (!call_only(call, names, err)) {
		return false;
	}
	if (!cJSON_IsArray(posts) || (size_t)cJSON_GetArraySize(posts) > LIMIT_IMPORT_ROWS) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "post.import: posts must be a list of at most %u",
			LIMIT_IMPORT_ROWS);
	}
	rows = json_array();
	cJSON_ArrayForEach(item, posts)
	{
		cJSON *row = json_object();
		struct import_row import = { .call = call, .post = item, .dry_run = dry_run, .row = row };
		struct error row_err = { 0 };

		number++;
		json_add_i64(row, "row", json_i64(item, "row", number));
		json_add_text(row, "key", json_text(item, "key", NULL));
		if (tx_part(tx, import_row, &import, &row_err)) {
			const char *what = json_text(row, "result", "");

			created += strcmp(what, "created") == 0;
			unchanged += strcmp(what, "unchanged") == 0;
		} else {
			if (row_err.advice == ADVISE_RETRY || row_err.advice == ADVISE_BUG) {
				/* Not the row's fault: the store's. */
				cJSON_Delete(import.findings);
				cJSON_Delete(row);
				cJSON_Delete(rows);
				*err = row_err;
				return false;
			}
			failed++;
			cJSON_DeleteItemFromObjectCaseSensitive(row, "withdraws");
			json_add_text(row, "result", "error");
			json_add_text(row, "reason", row_err.message);
			if (!first.advice) {
				first = row_err;
			}
		}
		if (import.findings && cJSON_GetArraySize(import.findings) > 0) {
			json_add(row, "findings", import.findings);
		} else {
			cJSON_Delete(import.findings);
		}
		json_push(rows, row);
	}
	if (failed > 0 && !partial) {
		take_back(rows);
		call->extra = json_object();
		json_add(call->extra, "rows", rows);
		*err = first;
		return error_prefix(
			err, "%" PRId64 " of %" PRId64 " rows are wrong, nothing was imported", failed, number);
	}
	call->result = json_object();
	json_add(call->result, "rows", rows);
	json_add_i64(call->result, "created", created);
	json_add_i64(call->result, "unchanged", unchanged);
	json_add_i64(call->result, "failed", failed);
	return true;
}

static bool run_schedule(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "at", NULL };
	int64_t now_at = tx_now_at(tx);
	struct post_id id = { 0 };
	const char *at;
	int64_t due_at;

	if (!call_only(call, names, err) || !call_i64(call, "id", true, 1, INT64_MAX, &id.v, err) ||
		!call_text(call, "at", true, 100, &at, err) || !when_parse(str_from(at), now_at, &due_at, err)) {
		return false;
	}
	if (!check_not_past(due_at, now_at, err)) {
		return false;
	}
	if (!post_check_room_at(tx, call->rules, id, due_at, err) || !post_set_due(tx, &call->actor, id, due_at, err)) {
		return false;
	}
	call->result = json_object();
	json_add_i64(call->result, "id", id.v);
	add_due(call->result, due_at, now_at);
	return true;
}

static bool read_filter(struct call *call, struct delivery_filter *ret_filter, struct error *err)
{
	enum send_state state;

	*ret_filter = (struct delivery_filter){ 0 };
	if (!call_text(call, "account", false, 64, &ret_filter->account, err) ||
		!call_text(call, "state", false, 20, &ret_filter->state, err)) {
		return false;
	}
	if (ret_filter->account && !config_account(call->rules->config, ret_filter->account)) {
		return error_set(
			err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no account \"%s\"", ret_filter->account);
	}
	return !ret_filter->state || send_state_parse(ret_filter->state, &state) ||
	       error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
		       "state: \"%s\" is none of held, queued, sending, pending, sent, failed, unsure, cancelled",
		       ret_filter->state);
}

static bool run_list(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "account", "state", "after", "limit", NULL };
	struct delivery_filter filter;
	struct page page;
	cJSON *rows;

	if (!call_only(call, names, err) || !read_filter(call, &filter, err) || !call_page(call, &page, err)) {
		return false;
	}
	call->result = json_object();
	rows = json_array();
	json_add(call->result, "rows", rows);
	if (!view_posts(tx, &filter, &page, rows, err)) {
		return false;
	}
	post_drop_modes(call->rules, rows, "accounts");
	json_add_text(call->result, "next", page.next);
	return true;
}

static bool run_show(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", NULL };
	struct post_id id = { 0 };

	if (!call_only(call, names, err) || !call_i64(call, "id", true, 1, INT64_MAX, &id.v, err) ||
		!view_post(tx, id, &call->result, err)) {
		return false;
	}
	post_drop_modes(call->rules, cJSON_GetObjectItemCaseSensitive(call->result, "deliveries"), "account");
	return true;
}

enum steer { STEER_CANCEL, STEER_HOLD, STEER_RELEASE };

static bool steer_one(struct tx *tx, struct call *call, enum steer steer, struct send_id id, const char *reason,
	int64_t due_at, struct error *err)
{
	switch (steer) {
	case STEER_CANCEL:
		return send_cancel(tx, &call->actor, id, reason, err);
	case STEER_HOLD:
		return send_hold(tx, &call->actor, id, reason, err);
	case STEER_RELEASE:
		return send_release(tx, &call->actor, id, due_at, err);
	}
	return false;
}

/* "12" and ALL mean those that can; a delivery named by itself must. On its way or in doubt it can be wished. */
static bool may_steer(const struct send_row *send, enum steer steer)
{
	enum send_state to;

	switch (steer) {
	case STEER_CANCEL:
		return send_takes_wish(send->state) || send_next(send->state, SEND_CANCEL, &to);
	case STEER_HOLD:
		return send_takes_wish(send->state) || send_next(send->state, SEND_HOLD, &to);
	case STEER_RELEASE:
		return send->wish != WISH_NONE || send_next(send->state, SEND_RELEASE, &to);
	}
	return false;
}

static bool run_steer(struct tx *tx, struct call *call, enum steer steer, struct error *err)
{
	static const char *const names[] = { "deliveries", "reason", "at", NULL };
	cleanup(target_list_finish) struct target_list list = { 0 };
	const char *reason;
	const char *at;
	int64_t due_at = 0;
	cJSON *rows = json_array();

	call->result = json_object();
	json_add(call->result, "rows", rows);
	if (!call_only(call, names, err) || !call_text(call, "reason", false, LIMIT_REASON_BYTES, &reason, err) ||
		!call_text(call, "at", false, 100, &at, err) ||
		(at && !when_parse(str_from(at), tx_now_at(tx), &due_at, err)) ||
		!targets_read(tx, call, "deliveries", &list, err)) {
		return false;
	}
	for (size_t i = 0; i < list.n; i++) {
		cJSON *row;
		struct send_row send = { 0 };
		bool passed_over;

		if (!send_load(tx, list.items[i].id, &send, err)) {
			return false;
		}
		passed_over = list.items[i].one_of_many && !may_steer(&send, steer);
		send_row_finish(&send);
		if (passed_over) {
			continue;
		}
		if (!steer_one(tx, call, steer, list.items[i].id, reason, due_at, err) ||
			!send_load(tx, list.items[i].id, &send, err)) {
			return false;
		}
		row = json_object();
		json_add_text(row, "delivery", list.items[i].name);
		json_add_text(row, "state", send_state_name(send.state));
		json_add_text(row, "wish", send.wish == WISH_NONE ? NULL : send_wish_name(send.wish));
		json_push(rows, row);
		send_row_finish(&send);
	}
	if (cJSON_GetArraySize(rows) == 0 && list.n > 0) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"nothing there can be %s any more: see `gazette post show`",
			steer == STEER_CANCEL ? "cancelled"
			: steer == STEER_HOLD ? "held"
					      : "released");
	}
	return true;
}

/* One that is named through its post and is not out is passed over. */
static bool withdraw_one(struct tx *tx, struct call *call, const struct target *target, const char *reason, cJSON *rows,
	struct error *err)
{
	bool dry_run = call_bool(call, "dry_run", false);
	struct send_id withdrawal = { 0 };
	struct send_row send = { 0 };
	cJSON *row;
	bool ok;

	if (!send_load(tx, target->id, &send, err)) {
		return false;
	}
	if (!send_may_withdraw(tx, &send, err)) {
		send_row_finish(&send);
		if (target->one_of_many && err->domain == ERROR_STATE) {
			error_clear(err);
			return true;
		}
		return error_prefix(err, "%s", target->name);
	}
	/* Never passed over: whoever asks must know that it stays. */
	if (!platform_withdraws(tx, call->rules, target->id, send.account_name, err)) {
		send_row_finish(&send);
		return error_prefix(err, "%s", target->name);
	}
	row = json_object();
	json_add_text(row, "delivery", target->name);
	json_add_text(row, "account", send.account_name);
	ok = (dry_run || send_withdraw(tx, &call->actor, target->id, reason, &withdrawal, err)) &&
	     post_show_withdrawal(tx, call->rules, &send, row, err);
	send_row_finish(&send);
	if (!ok) {
		cJSON_Delete(row);
		return false;
	}
	if (withdrawal.v) {
		char name[40];

		(void)snprintf(name, sizeof(name), "send:%" PRId64, withdrawal.v);
		json_add_text(row, "send", name);
	}
	json_push(rows, row);
	return true;
}

static bool run_withdraw(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "deliveries", "reason", "dry_run", NULL };
	cleanup(target_list_finish) struct target_list list = { 0 };
	const char *reason;
	cJSON *rows = json_array();

	call->result = json_object();
	json_add(call->result, "rows", rows);
	if (!call_only(call, names, err) || !call_text(call, "reason", true, LIMIT_REASON_BYTES, &reason, err) ||
		!targets_read(tx, call, "deliveries", &list, err)) {
		return false;
	}
	for (size_t i = 0; i < list.n; i++) {
		if (!withdraw_one(tx, call, &list.items[i], reason, rows, err)) {
			return false;
		}
	}
	if (cJSON_GetArraySize(rows) == 0) {
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"nothing there is published, or it is withdrawn already: see `gazette post show`");
	}
	return true;
}

static bool run_cancel(struct tx *tx, struct call *call, struct error *err)
{
	return run_steer(tx, call, STEER_CANCEL, err);
}

static bool run_hold(struct tx *tx, struct call *call, struct error *err)
{
	return run_steer(tx, call, STEER_HOLD, err);
}

static bool run_release(struct tx *tx, struct call *call, struct error *err)
{
	return run_steer(tx, call, STEER_RELEASE, err);
}

static bool start_wait(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", "timeout_ms", NULL };
	struct post_id id = { 0 };
	int64_t timeout_ms = 0;

	if (!call_only(call, names, err) || !call_i64(call, "id", true, 1, INT64_MAX, &id.v, err) ||
		!call_i64(call, "timeout_ms", false, 0, DAY_MS, &timeout_ms, err)) {
		return false;
	}
	call->later = true;
	post_wait(call, id, timeout_ms);
	return true;
}

static bool start_preview(struct tx *tx unused_arg, struct call *call, struct error *err)
{
	static const char *const names[] = { "delivery", "to", "dry_run", NULL };
	const char *delivery;
	const char *to;

	if (!call_only(call, names, err) || !call_text(call, "delivery", true, 200, &delivery, err) ||
		!call_text(call, "to", true, 64, &to, err)) {
		return false;
	}
	call->later = true;
	post_preview(call, delivery, to, call_bool(call, "dry_run", false));
	return true;
}

const struct verb verbs_post[] = {
	{ "post.cancel", VERB_WRITE, PERMIT_POST_WRITE, run_cancel },
	{ "post.check", VERB_READ, PERMIT_POST_READ, run_check },
	{ "post.create", VERB_WRITE, PERMIT_POST_WRITE, run_create },
	{ "post.hold", VERB_WRITE, PERMIT_POST_WRITE, run_hold },
	{ "post.import", VERB_WRITE, PERMIT_POST_WRITE, run_import },
	{ "post.list", VERB_READ, PERMIT_POST_READ, run_list },
	{ "post.preview", VERB_LOOP, PERMIT_POST_WRITE, start_preview },
	{ "post.release", VERB_WRITE, PERMIT_POST_WRITE, run_release },
	{ "post.schedule", VERB_WRITE, PERMIT_POST_WRITE, run_schedule },
	{ "post.show", VERB_READ, PERMIT_POST_READ, run_show },
	{ "post.wait", VERB_LOOP, PERMIT_POST_READ, start_wait },
	{ "post.withdraw", VERB_WRITE, PERMIT_POST_WRITE, run_withdraw },
	{ 0 },
};
