/*
 * `post preview`: a delivery that has not gone out is shown to one person, in the platform's own form. It takes the way
 * of a publication (pictures, draft) up to its last step. Nothing of the delivery changes; only the pictures uploaded
 * for it are remembered.
 *
 *   look (which delivery? may it?) ─▶ begin: quotas, event; commit ─▶ request ─▶ answer ─┬─▶ keep the picture ─▶
 * request └─▶ answered
 *
 * One preview is one request of a person: refused, it is not tried again by us.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/ops.h"
#include "daemon/post_quota.h"
#include "daemon/targets.h"
#include "daemon/verb.h"
#include "store/send.h"

struct preview {
	struct job job;
	struct call *call;
	const char *word; /* which delivery, as it was asked for; borrowed from the call, as `to` */
	const char *to;
	bool dry_run;

	/* since it was looked at */
	struct send_row row;
	struct driver_send content;
	cJSON *result;

	struct op_run run;
	struct driver_upload upload; /* a picture that is there now */
	struct error error;          /* what the platform refused; advice 0: nothing */
	char *park;
};

static void on_outcome(struct op_run *run, struct outcome *outcome);

static void end(struct preview *preview, const struct error *err)
{
	struct call *call = preview->call;

	if (!err) {
		call->result = steal(&preview->result);
	}
	op_run_finish(&preview->run);
	send_row_finish(&preview->row);
	driver_upload_finish(&preview->upload);
	cJSON_Delete(preview->result);
	free(preview->park);
	free(preview);
	call_finish(call, err);
}

/* ---- refused ---- */

static bool run_refused(struct tx *tx, struct job *job, struct error *err)
{
	struct preview *preview = container_of(job, struct preview, job);
	cJSON *detail = json_object();

	json_add_text(detail, "account", preview->row.account_name);
	json_add_text(detail, "to", preview->to);
	json_add_text(detail, "error", preview->error.message);
	return event_add(tx, &preview->call->actor, "post.preview-failed", OBJECT_POST, preview->row.post.v, detail,
		       err) &&
	       (!preview->park || account_park(tx, preview->row.account, &preview->run.token, preview->run.park,
					  preview->park, err));
}

static void done_refused(struct job *job, const struct error *err unused_arg)
{
	struct preview *preview = container_of(job, struct preview, job);
	struct error refused = preview->error; /* that it was refused is what the caller must hear */

	end(preview, &refused);
}

/* ---- step by step ---- */

static bool run_keep(struct tx *tx, struct job *job, struct error *err)
{
	struct preview *preview = container_of(job, struct preview, job);

	return send_keep_upload(tx, preview->row.id, (const struct send_upload *)&preview->upload, err);
}

static void done_keep(struct job *job, const struct error *err)
{
	struct preview *preview = container_of(job, struct preview, job);

	if (err) {
		end(preview, err);
		return;
	}
	driver_upload_finish(&preview->upload);
	op_run_next(&preview->run, preview->call->daemon, on_outcome);
}

static void on_outcome(struct op_run *run, struct outcome *outcome)
{
	struct preview *preview = container_of(run, struct preview, run);
	struct daemon *daemon = preview->call->daemon;

	switch (outcome->kind) {
	case OUTCOME_NEXT:
		if (!outcome->upload.purpose) {
			op_run_next(run, daemon, on_outcome);
			return;
		}
		preview->upload = outcome->upload;
		outcome->upload = (struct driver_upload){ 0 };
		preview->job = (struct job){ .run = run_keep, .done = done_keep, .urgent = true };
		store_write(daemon->store, &preview->job);
		return;
	case OUTCOME_DONE:
		json_add_text(preview->result, "note", outcome->note);
		end(preview, NULL);
		return;
	case OUTCOME_ERROR:
		break;
	}
	preview->park = account_refused(daemon, preview->row.account, outcome, &run->token, &preview->error);
	preview->job = (struct job){ .run = run_refused, .done = done_refused, .urgent = true };
	store_write(daemon->store, &preview->job);
}

/* ---- begin ---- */

static bool spend(struct tx *tx, struct preview *preview, const struct config_account *config,
	const struct driver *driver, struct error *err)
{
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	struct quota_window windows[DRIVER_QUOTAS_MAX];
	size_t n = 0;

	quota_windows(quotas, driver->quotas(config->settings, quotas), driver->cost(OP_PREVIEW, &preview->content),
		windows, &n);
	for (size_t i = 0; i < n; i++) {
		if (!quota_spend(tx, preview->row.account, &windows[i], 1, false, err)) {
			return false;
		}
	}
	return true;
}

static bool run_begin(struct tx *tx, struct job *job, struct error *err)
{
	struct preview *preview = container_of(job, struct preview, job);
	struct rules *rules = preview->call->rules;
	const struct config_account *config = config_account(rules->config, preview->row.account_name);
	const struct driver *driver = driver_find(config->platform);
	struct account_row account = { 0 };
	cJSON *detail;
	bool ok;

	op_run_finish(&preview->run); /* a job may be run again */
	if (!account_load(tx, preview->row.account, &account, err)) {
		return false;
	}
	ok = account_takes_orders(&account, err) && spend(tx, preview, config, driver, err);
	if (ok) {
		detail = json_object();
		json_add_text(detail, "account", preview->row.account_name);
		json_add_text(detail, "to", preview->to);
		ok = event_add(
			tx, &preview->call->actor, "post.preview", OBJECT_POST, preview->row.post.v, detail, err);
	}
	if (ok) {
		op_run_init(&preview->run, driver, OP_PREVIEW, config, rules, &account.token, account.remote_uid);
		preview->run.op.send = &preview->content;
		preview->run.op.preview_to = preview->to;
	}
	account_row_finish(&account);
	return ok;
}

static void done_begin(struct job *job, const struct error *err)
{
	struct preview *preview = container_of(job, struct preview, job);

	if (err) {
		end(preview, err);
		return;
	}
	op_run_next(&preview->run, preview->call->daemon, on_outcome);
}

/* ---- look ---- */

static bool may_preview(const struct send_row *row, const char *name, struct error *err)
{
	if (row->kind != SEND_PUBLISH) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: only posts have previews", name);
	}
	switch (row->state) {
	case SEND_HELD:
	case SEND_QUEUED:
	case SEND_FAILED:
		return true;
	case SEND_SENDING:
	case SEND_PENDING:
	case SEND_SENT:
	case SEND_UNSURE:
	case SEND_CANCELLED:
		break;
	}
	return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "%s is %s: a preview is for what has not gone out yet",
		name, send_state_name(row->state));
}

static bool run_look(struct tx *tx, struct job *job, struct error *err)
{
	struct preview *preview = container_of(job, struct preview, job);
	cleanup(target_list_finish) struct target_list list = { 0 };

	send_row_finish(&preview->row); /* a job may be run again */
	preview->row = (struct send_row){ 0 };
	cJSON_Delete(preview->result);
	preview->result = json_object();
	if (!target_read(tx, preview->word, &list, err)) {
		return false;
	}
	if (list.n != 1) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"%s goes to %zu accounts: name one of them, as in %s", preview->word, list.n,
			list.n > 0 ? list.items[0].name : "12/ACCOUNT");
	}
	if (!send_load_whole(tx, list.items[0].id, &preview->row, err) ||
		!may_preview(&preview->row, list.items[0].name, err)) {
		return false;
	}
	send_for_driver(&preview->row, &preview->content);
	json_add_text(preview->result, "delivery", list.items[0].name);
	json_add_text(preview->result, "account", preview->row.account_name);
	json_add_text(preview->result, "to", preview->to);
	return post_show_preview(tx, preview->call->rules, &preview->row, preview->result, err);
}

static void done_look(struct job *job, const struct error *err)
{
	struct preview *preview = container_of(job, struct preview, job);
	struct daemon *daemon = preview->call->daemon;
	struct account *account;
	struct error refused = { 0 };

	if (err) {
		end(preview, err);
		return;
	}
	account = daemon_account(daemon, preview->row.account);
	if (!account || !account->driver || !config_account(preview->call->rules->config, account->name)) {
		(void)error_set(&refused, ERROR_STATE, ADVISE_REJECT, 0, "%s is not in accounts.yaml any more",
			preview->row.account_name);
	} else if (!account->driver->previews) {
		(void)error_set(&refused, ERROR_INPUT, ADVISE_REJECT, 0,
			"%s: %s has no previews; gazette post check shows what goes out", account->name,
			account->driver->name);
	} else if (account_allows(account, "preview", "broadcast", &refused)) {
		if (preview->dry_run) {
			end(preview, NULL);
			return;
		}
		preview->job = (struct job){ .run = run_begin, .done = done_begin, .urgent = true };
		store_write(daemon->store, &preview->job);
		return;
	}
	end(preview, &refused);
}

void post_preview(struct call *call, const char *delivery, const char *to, bool dry_run)
{
	struct preview *preview = xnew(struct preview);

	preview->call = call;
	preview->word = delivery;
	preview->to = to;
	preview->dry_run = dry_run;
	preview->job = (struct job){ .run = run_look, .done = done_look };
	store_read(call->daemon->store, &preview->job);
}
