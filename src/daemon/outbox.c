/*
 * The outbox at run time: when a send is due it is claimed, handed to its driver, and what became of it is recorded.
 *
 *   due heap ─▶ claim job: state, late rule, quotas, attempt row with the request's digest; commit ─▶ request on the
 * wire ◀─ result job: state table, account parked or limit noted; commit ◀─ outcome
 *
 * Nothing is on the wire whose attempt row is not on disk. A result is recorded by a job that insists: it is repeated
 * until it commits; should we die before, the send reads as unsure at the next start and is looked for. One send per
 * account is out at a time, so that posts appear in their order and a limit is met once, not ten times. After one that
 * was accepted the next is claimed by the job behind its result, so that one commit serves both.
 *
 * Times live in two steps: every account has a heap of (time, send), and the due clock holds the accounts. Both hold
 * ids only; what has been cancelled meanwhile is found not to be claimable.
 */
#include <inttypes.h>
#include <string.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/random.h"
#include "daemon/ops.h"
#include "store/send.h"

#define RETRY_FIRST_MS (5 * SECOND_MS)
#define RETRY_MAX_MS   (10 * MINUTE_MS)
#define RENEWED_MS     (2 * SECOND_MS) /* a new token is there by then */

/* A send that is to be armed, of an account that is new in the store and not read yet. */
struct early {
	struct account_id account;
	int64_t at;
	int64_t send;
};

struct outbox {
	struct daemon *daemon;
	struct due due; /* ids are accounts */
	struct early *early;
	size_t n_early;
	size_t cap_early;
	size_t in_flight;
	bool stopping;
};

/* One send on its way, from the claim to the recorded result. */
struct flight {
	struct job job;
	struct outbox *outbox;
	struct account_id account;
	struct send_id send;
	struct driver_quota *quotas;
	size_t n_quotas;
	const struct driver *driver;
	const struct config_account *config;
	struct rules *rules;

	/* filled in by the claim job */
	bool claimed;
	unsigned spent; /* quotas, as bits */
	struct send_row row;
	struct op_run run;
	struct driver_send content;
	struct http_request request;
	char digest[65];
	struct error unbuildable; /* advice set: the driver could not make a request of it */

	/* the result, until it is recorded */
	struct send_result result;
	char *remote_id;
	char *url;
	char *note;
	char *progress;
	char *job_id;
	char *thread_id;
	struct driver_upload upload; /* of the step that is being written down */
	struct error halt;           /* advice set: it does not go on to the next step */
	char *park;                  /* reason; NULL: the account is fine */
	char *block_scope;           /* a limit the platform told us about */
	int64_t block_until_at;
	bool applied;
	bool gave_way; /* the account's next send is no longer kept waiting by this one */
};

/* send_row lends its uploads to drivers as they are. */
_Static_assert(sizeof(struct send_upload) == sizeof(struct driver_upload) &&
		       offsetof(struct send_upload, url) == offsetof(struct driver_upload, url),
	"an upload looks the same to the store and to drivers");

static void pump(struct outbox *outbox, struct account *account);
static void on_outcome(struct op_run *run, struct outcome *outcome);
static void record(struct flight *flight, enum send_event event, const struct error *err, int64_t next_at);

static void flight_free(struct flight *flight)
{
	op_run_finish(&flight->run);
	send_row_finish(&flight->row);
	http_request_finish(&flight->request);
	rules_unref(flight->rules);
	free(flight->remote_id);
	free(flight->url);
	free(flight->note);
	free(flight->quotas);
	free(flight->progress);
	free(flight->job_id);
	free(flight->thread_id);
	driver_upload_finish(&flight->upload);
	free(flight->park);
	free(flight->block_scope);
	free(flight);
}

static void give_way(struct flight *flight)
{
	struct outbox *outbox = flight->outbox;
	struct account *account = flight->gave_way ? NULL : daemon_account(outbox->daemon, flight->account);

	flight->gave_way = true;
	if (account) {
		account->sends_in_flight--;
		pump(outbox, account);
	}
}

static void land(struct flight *flight)
{
	flight->outbox->in_flight--;
	give_way(flight);
	flight_free(flight);
}

/* Make the values the driver wants out of the claimed row. They borrow from the row. */
void send_for_driver(const struct send_row *row, struct driver_send *ret)
{
	*ret = (struct driver_send){
		.kind = row->kind,
		.marker = row->marker,
		.text = str_from(row->text),
		.media = row->media,
		.n_media = row->n_media,
		.reply_to_kind = row->reply_to_kind,
		.reply_to_id = row->reply_to_id,
		.reply_status_id = row->reply_status_id,
		.reply_author_id = row->reply_author_id,
		.title = row->title,
		.article = row->kind == SEND_PUBLISH ? &row->article : NULL,
		.uploads = (const struct driver_upload *)row->uploads,
		.n_uploads = row->n_uploads,
		.target_id = row->target_remote_id,
		.target_job = row->target_job_id,
		.target_broadcast = row->target_broadcast,
		.progress = row->progress,
		.job_id = row->job_id,
		.pending = row->state == SEND_PENDING,
		.looks = row->finds,
		.first_attempt_at = row->first_attempt_at,
		.last_attempt_at = row->last_attempt_at,
		.before_id = row->before_id,
		.taken_ids = (const char *const *)row->taken_ids,
		.n_taken = row->n_taken,
	};
}

static bool claim_ready(struct tx *tx, struct flight *flight, const struct account_row *account, struct error *err)
{
	struct quota_window windows[DRIVER_QUOTAS_MAX];
	const char *digest = NULL;
	size_t n = 0;

	send_for_driver(&flight->row, &flight->content);
	flight->spent = flight->driver->cost(OP_SEND, &flight->content);
	quota_windows(flight->quotas, flight->n_quotas, flight->spent, windows, &n);
	if (!send_ready(tx, &flight->row, account, windows, n, &flight->claimed, err)) {
		return false;
	}
	if (!flight->claimed) {
		return true;
	}
	send_for_driver(&flight->row, &flight->content); /* now with its media */
	op_run_init(&flight->run, flight->driver, OP_SEND, flight->config, flight->rules, &account->token,
		account->remote_uid);
	flight->run.op.send = &flight->content;
	if (flight->driver->request(&flight->run.op, &flight->request, &flight->unbuildable)) {
		http_request_digest(&flight->request, flight->digest);
		digest = flight->digest;
	}
	return send_claim(tx, &flight->row, digest, err);
}

static bool run_claim(struct tx *tx, struct job *job, struct error *err)
{
	struct flight *flight = container_of(job, struct flight, job);
	struct account_row account = { 0 };
	bool ok;

	/* The account of this moment, not the loop's copy: a login may have been committed since. */
	ok = send_load(tx, flight->send, &flight->row, err) && account_load(tx, flight->account, &account, err) &&
	     claim_ready(tx, flight, &account, err);
	account_row_finish(&account);
	return ok;
}

static void reset_claim(struct flight *flight)
{
	op_run_finish(&flight->run);
	send_row_finish(&flight->row);
	http_request_finish(&flight->request);
	flight->row = (struct send_row){ 0 };
	flight->claimed = false;
}

/* The answer said "identical to something just posted", and an earlier attempt of ours is in doubt: it landed. */
static void on_landed_twin(struct op_run *run, struct outcome *outcome)
{
	struct flight *flight = container_of(run, struct flight, run);

	free(flight->note);
	if (outcome->kind == OUTCOME_DONE && outcome->found == FOUND_YES) {
		flight->remote_id = steal(&outcome->remote_id);
		flight->url = steal(&outcome->url);
		flight->note = xstrdup("an earlier attempt had landed");
	} else {
		flight->note = xstrdup("an earlier attempt had landed; the platform did not show its id");
	}
	record(flight, SEND_ACCEPT, NULL, 0);
}

static void look_for_twin(struct flight *flight)
{
	const struct driver *driver = flight->driver;
	const struct config_account *config = flight->config;
	struct secret token = { 0 };
	char *uid = xstrdup(flight->run.remote_uid);

	secret_copy(&token, &flight->run.token);
	op_run_finish(&flight->run);
	op_run_init(&flight->run, driver, OP_FIND, config, flight->rules, &token, uid);
	flight->run.op.send = &flight->content;
	secret_finish(&token);
	free(uid);
	op_run_next(&flight->run, flight->outbox->daemon, on_landed_twin);
}

/* Take `from` when it says something; what was there goes. */
static void replace(char **to, char **from)
{
	if (*from) {
		free(*to);
		*to = steal(from);
	}
}

static bool suspect_token(struct flight *flight)
{
	struct account *account = daemon_account(flight->outbox->daemon, flight->account);

	return account && renew_suspect(flight->outbox->daemon, account, &flight->run.token);
}

static void on_refused(struct flight *flight, struct outcome *outcome)
{
	struct outbox *outbox = flight->outbox;
	int64_t now_at = loop_now_at(outbox->daemon->loop);
	const struct error *err = &outcome->error;
	struct account *account = daemon_account(outbox->daemon, flight->account);
	int64_t wait_ms;

	if (account) {
		account_switch_off(outbox->daemon, account, outcome->capability, err->message);
	}
	if (outcome->needs_person) {
		flight->park = xstrdup(err->message);
		record(flight, SEND_DEFER, err, 0);
		return;
	}
	switch (err->advice) {
	case ADVISE_RETRY:
		if (outcome->max_tries > 0 && flight->row.attempts >= outcome->max_tries) {
			record(flight, SEND_REFUSE, err, 0);
			return;
		}
		record(flight, SEND_DEFER, err,
			now_at + backoff_ms(flight->row.attempts - 1, RETRY_FIRST_MS, RETRY_MAX_MS));
		return;
	case ADVISE_WAIT:
		wait_ms = err->retry_ms > 0 ? err->retry_ms : RETRY_MAX_MS;
		if (outcome->quota >= 0 && outcome->quota < DRIVER_QUOTAS_MAX) {
			if ((size_t)outcome->quota < flight->n_quotas) {
				flight->block_scope = xstrdup(flight->quotas[outcome->quota].name);
				flight->block_until_at = now_at + wait_ms;
			}
		}
		record(flight, SEND_DEFER, err, now_at + wait_ms);
		return;
	case ADVISE_REAUTH:
		if (suspect_token(flight)) {
			record(flight, SEND_DEFER, err, now_at + RENEWED_MS);
			return;
		}
		flight->park = xstrdup(err->message);
		record(flight, SEND_DEFER, err, 0);
		return;
	case ADVISE_VERIFY:
		wait_ms = outcome->look_after_ms > 0 ? outcome->look_after_ms
						     : flight->driver->find_after_ms(flight->config->settings);
		record(flight, SEND_LOSE, err, now_at + wait_ms);
		return;
	case ADVISE_REJECT:
		if (outcome->was_duplicate && flight->row.doubted) {
			look_for_twin(flight);
			return;
		}
		record(flight, SEND_REFUSE, err, 0);
		return;
	case ADVISE_NONE:
	case ADVISE_BUG:
		log_error("driver.bug account=%s send=%" PRId64 " error=%s", flight->run.name, flight->send.v,
			log_text(err->message));
		record(flight, SEND_REFUSE, err, 0);
		return;
	}
}

static void take_texts(struct flight *flight, struct outcome *outcome)
{
	replace(&flight->remote_id, &outcome->remote_id);
	replace(&flight->url, &outcome->url);
	replace(&flight->note, &outcome->note);
	replace(&flight->progress, &outcome->progress);
	replace(&flight->job_id, &outcome->job_id);
	replace(&flight->thread_id, &outcome->thread_id);
}

/* Somebody may have called it off, or stopped its account, while this step was on its way: sets flight->halt. */
static bool look_back(struct tx *tx, struct flight *flight, struct error *err)
{
	struct account_row account = { 0 };
	struct send_row row = { 0 };
	bool ok = send_load(tx, flight->send, &row, err) && account_load(tx, flight->account, &account, err);

	error_clear(&flight->halt);
	if (ok && row.wish != WISH_NONE) {
		(void)error_set(&flight->halt, ERROR_STATE, ADVISE_RETRY, 0, "it was called off between two steps");
	} else if (ok && account.state != ACCOUNT_READY) {
		(void)error_set(
			&flight->halt, ERROR_STATE, ADVISE_RETRY, 0, "its account was stopped between two steps");
	}
	account_row_finish(&account);
	send_row_finish(&row);
	return ok;
}

static bool run_step(struct tx *tx, struct job *job, struct error *err)
{
	struct flight *flight = container_of(job, struct flight, job);
	const struct send_upload *upload = (const struct send_upload *)&flight->upload;

	if (!look_back(tx, flight, err)) {
		return false;
	}
	if (flight->halt.advice) {
		return !upload->purpose || send_keep_upload(tx, flight->send, upload, err);
	}
	return send_step(tx, flight->send, flight->progress, upload, err);
}

static void done_step(struct job *job, const struct error *err)
{
	struct flight *flight = container_of(job, struct flight, job);

	daemon_point("after-step");
	if (err) {
		/* What is finished could not be written down: stop here, it is done again. */
		record(flight, SEND_DEFER, err, loop_now_at(flight->outbox->daemon->loop) + RETRY_FIRST_MS);
		return;
	}
	if (flight->halt.advice) {
		/* As if this step had not been taken: its progress may say that the one that makes it visible was
		 * begun. */
		free(flight->progress);
		flight->progress = NULL;
		record(flight, SEND_DEFER, &flight->halt, 0);
		return;
	}
	if (flight->outbox->stopping) {
		struct error stop = { 0 };

		(void)error_set(&stop, ERROR_OS, ADVISE_RETRY, 0, "the daemon was stopping between two steps");
		record(flight, SEND_DEFER, &stop, 0);
		return;
	}
	free(flight->row.progress);
	flight->row.progress = xstrdup(flight->progress);
	flight->content.progress = flight->row.progress;
	daemon_point("before-step-request");
	op_run_next(&flight->run, flight->outbox->daemon, on_outcome);
}

/* A step that must not be done twice is on disk before the next request leaves. */
static void next_step(struct flight *flight, struct outcome *outcome)
{
	if (!outcome->progress) {
		op_run_next(&flight->run, flight->outbox->daemon, on_outcome);
		return;
	}
	take_texts(flight, outcome);
	driver_upload_finish(&flight->upload);
	flight->upload = outcome->upload;
	outcome->upload = (struct driver_upload){ 0 };
	flight->job = (struct job){ .run = run_step, .done = done_step, .urgent = true, .sound = true };
	store_write(flight->outbox->daemon->store, &flight->job);
}

static void on_outcome(struct op_run *run, struct outcome *outcome)
{
	struct flight *flight = container_of(run, struct flight, run);

	flight->result.http_status = run->http_status;
	flight->result.took_ms = run->took_ms;
	switch (outcome->kind) {
	case OUTCOME_NEXT:
		next_step(flight, outcome);
		return;
	case OUTCOME_DONE:
		take_texts(flight, outcome);
		if (outcome->found == FOUND_PENDING) {
			record(flight, SEND_PEND, NULL,
				loop_now_at(flight->outbox->daemon->loop) +
					(outcome->look_after_ms > 0 ? outcome->look_after_ms : 30 * SECOND_MS));
		} else {
			record(flight, SEND_ACCEPT, NULL, 0);
		}
		return;
	case OUTCOME_ERROR:
		take_texts(flight, outcome);
		on_refused(flight, outcome);
		return;
	}
}

static void done_claim(struct job *job, const struct error *err)
{
	struct flight *flight = container_of(job, struct flight, job);
	struct outbox *outbox = flight->outbox;
	int64_t again_at = loop_now_at(outbox->daemon->loop) + SECOND_MS;

	if (err) {
		struct account *account = daemon_account(outbox->daemon, flight->account);

		log_warn("send.unclaimed send=%" PRId64 " error=%s action=%s", flight->send.v, log_text(err->message),
			"trying again in a second");
		reset_claim(flight);
		if (account) {
			heap_push(&account->waiting, again_at, flight->send.v);
		}
		land(flight);
		return;
	}
	if (!flight->claimed) {
		land(flight);
		return;
	}
	if (flight->unbuildable.advice) {
		record(flight, SEND_REFUSE, &flight->unbuildable, 0);
		return;
	}
	if (outbox->stopping) {
		/* Claimed while the order to stop came: nothing has left. */
		struct error stop = { 0 };

		(void)error_set(&stop, ERROR_OS, ADVISE_RETRY, 0, "the daemon was stopping; nothing was sent");
		record(flight, SEND_DEFER, &stop, 0);
		return;
	}
	log_debug("send.start send=%" PRId64 " account=%s attempt=%d", flight->send.v, flight->run.name,
		flight->row.attempts);
	daemon_point("before-request");
	op_run_send(&flight->run, outbox->daemon, &flight->request, on_outcome);
}

/* All of it when nothing has left. Else what the next attempt would cost again although it counts what went out: this
 * one has not used it. */
static bool return_unspent(struct tx *tx, struct flight *flight, struct error *err)
{
	unsigned unspent = flight->spent;

	if (!flight->applied || (flight->result.event != SEND_DEFER && flight->result.event != SEND_REFUSE)) {
		return true;
	}
	if (flight->run.requests > 0) {
		flight->content.progress = flight->progress ? flight->progress : flight->row.progress;
		unspent &= quotas_per_send(flight->quotas, flight->n_quotas) &
			   flight->driver->cost(OP_SEND, &flight->content);
	}
	return quotas_return(
		tx, flight->account, flight->quotas, flight->n_quotas, unspent, flight->row.last_attempt_at, err);
}

static bool run_result(struct tx *tx, struct job *job, struct error *err)
{
	struct flight *flight = container_of(job, struct flight, job);

	if (!send_finish(tx, flight->send, &flight->result, &flight->applied, err) ||
		!return_unspent(tx, flight, err)) {
		return false;
	}
	/* Refused with a token that has been replaced since: the account is fine, the send goes again. */
	if (flight->park &&
		!account_park(tx, flight->account, &flight->run.token, flight->run.park, flight->park, err)) {
		return false;
	}
	return !flight->block_scope ||
	       quota_block(tx, flight->account, flight->block_scope, flight->block_until_at, err);
}

static void done_result(struct job *job, const struct error *err)
{
	struct flight *flight = container_of(job, struct flight, job);

	daemon_point("after-result");
	if (err) {
		log_error("send.unrecorded send=%" PRId64 " event=%s error=%s action=%s", flight->send.v,
			send_event_name(flight->result.event), log_text(err->message),
			"it reads as unsure at the next start");
	} else {
		log_info("send.%s send=%" PRId64 " account=%s attempt=%d remote_id=%s took_ms=%" PRId64 "%s%s",
			send_event_name(flight->result.event), flight->send.v, flight->row.account_name,
			flight->row.attempts, log_text(flight->remote_id), flight->result.took_ms,
			flight->result.error.advice ? " error=" : "",
			flight->result.error.advice ? log_text(flight->result.error.message) : "");
	}
	land(flight);
}

static void record(struct flight *flight, enum send_event event, const struct error *err, int64_t next_at)
{
	/* That this attempt did not go through says nothing of the one before it, which may be out. */
	if (flight->row.unproven && (event == SEND_DEFER || event == SEND_REFUSE)) {
		int64_t look_at = loop_now_at(flight->outbox->daemon->loop) +
				  flight->driver->find_after_ms(flight->config->settings);

		event = SEND_LOSE;
		next_at = next_at > look_at ? next_at : look_at;
	}
	flight->result.event = event;
	flight->result.remote_id = flight->remote_id;
	flight->result.url = flight->url;
	flight->result.note = flight->note;
	flight->result.progress = flight->progress;
	flight->result.job_id = flight->job_id;
	flight->result.thread_id = flight->thread_id;
	flight->result.digest = flight->digest[0] ? flight->digest : NULL;
	flight->result.next_at = next_at;
	if (err) {
		flight->result.error = *err;
	}
	flight->job = (struct job){ .run = run_result, .done = done_result, .urgent = true, .insist = true };
	/* More than the send itself is touched by parking, which holds others, and by a reply, which has a ticket. */
	flight->job.sound = !flight->park && flight->row.kind == SEND_PUBLISH;
	daemon_point("before-result");
	store_write(flight->outbox->daemon->store, &flight->job);
	if (event == SEND_ACCEPT && !flight->park && !flight->block_scope) {
		give_way(flight);
	}
}

static void claim(struct outbox *outbox, struct account *account, struct send_id send)
{
	struct flight *flight = xnew(struct flight);

	flight->outbox = outbox;
	flight->account = account->id;
	flight->send = send;
	flight->driver = account->driver;
	flight->config = account->config;
	flight->rules = rules_ref(outbox->daemon->rules);
	flight->n_quotas = account->n_quotas;
	flight->quotas = xnew_array(struct driver_quota, account->n_quotas + 1);
	memcpy(flight->quotas, account->quotas, account->n_quotas * sizeof(*account->quotas));
	flight->job = (struct job){ .run = run_claim, .done = done_claim, .urgent = true, .sound = true };
	account->sends_in_flight++;
	outbox->in_flight++;
	store_write(outbox->daemon->store, &flight->job);
}

static void pump(struct outbox *outbox, struct account *account)
{
	struct heap_entry first;
	int64_t now_at = clock_wall_at();

	if (outbox->stopping || !account->driver || account->sends_in_flight > 0) {
		return;
	}
	if (renew_awaited(account)) {
		return; /* outbox_account_changed() comes with the token */
	}
	if (heap_pop_due(&account->waiting, now_at, &first)) {
		claim(outbox, account, (struct send_id){ first.id });
		return;
	}
	if (heap_peek(&account->waiting, &first)) {
		due_add(&outbox->due, first.at, account->id.v);
	}
}

static void on_due(struct due *due, int64_t at unused_arg, int64_t id)
{
	struct outbox *outbox = container_of(due, struct outbox, due);
	struct account *account = daemon_account(outbox->daemon, (struct account_id){ id });

	if (account) {
		pump(outbox, account);
	}
}

static void on_clock_step(struct due *due)
{
	struct outbox *outbox = container_of(due, struct outbox, due);

	log_warn("clock.step action=%s",
		log_text("the wall clock was set: schedules are read anew, the late rule applies"));
	for (size_t i = 0; i < outbox->daemon->n_accounts; i++) {
		pump(outbox, outbox->daemon->accounts[i]);
	}
}

void outbox_arm(struct outbox *outbox, const struct effect *effect)
{
	struct account *account = daemon_account(outbox->daemon, (struct account_id){ effect->account });

	if (!account) {
		array_grow(outbox->early, outbox->n_early, outbox->cap_early);
		outbox->early[outbox->n_early++] = (struct early){
			.account = { effect->account }, .at = effect->at, .send = effect->id
		};
		account_refresh(outbox->daemon, (struct account_id){ effect->account });
		return;
	}
	heap_push(&account->waiting, effect->at, effect->id);
	pump(outbox, account);
}

void outbox_account_changed(struct outbox *outbox, struct account *account)
{
	size_t left = 0;

	for (size_t i = 0; i < outbox->n_early; i++) {
		if (outbox->early[i].account.v == account->id.v) {
			heap_push(&account->waiting, outbox->early[i].at, outbox->early[i].send);
		} else {
			outbox->early[left++] = outbox->early[i];
		}
	}
	outbox->n_early = left;
	pump(outbox, account);
}

struct outbox *outbox_new(struct daemon *daemon, struct error *err)
{
	struct outbox *outbox = xnew(struct outbox);

	outbox->daemon = daemon;
	if (!due_start(daemon->loop, &outbox->due, on_due, on_clock_step, err)) {
		free(outbox);
		return NULL;
	}
	return outbox;
}

size_t outbox_in_flight(const struct outbox *outbox)
{
	return outbox->in_flight;
}

int64_t outbox_next_due_at(const struct outbox *outbox)
{
	int64_t next_at = 0;

	for (size_t i = 0; i < outbox->daemon->n_accounts; i++) {
		struct heap_entry first;

		if (heap_peek(&outbox->daemon->accounts[i]->waiting, &first) && (!next_at || first.at < next_at)) {
			next_at = first.at;
		}
	}
	return next_at;
}

void outbox_stop(struct outbox *outbox)
{
	outbox->stopping = true;
}

void outbox_free(struct outbox *outbox)
{
	if (!outbox) {
		return;
	}
	due_finish(&outbox->due);
	free(outbox->early);
	free(outbox);
}
