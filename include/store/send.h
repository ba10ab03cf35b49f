/*
 * The outbox: sends and their attempts. Every change of state goes through the table in model/send.h, inside a
 * transaction, with an event row.
 */
#ifndef STORE_SEND_H
#define STORE_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"
#include "model/message.h"
#include "model/post.h"
#include "model/send.h"
#include "store/account.h"
#include "store/event.h"

struct tx;

/* A picture the account has uploaded before. Owned. */
struct send_upload {
	char *purpose;
	char *sha256;
	char *remote_id;
	char *url;
};

/* A send as it is needed to make or to look for its effect. Owned; send_row_finish(). */
struct send_row {
	struct send_id id;
	enum send_kind kind;
	enum send_state state;
	enum hold_reason hold;
	struct account_id account;
	struct post_id post;     /* publish */
	struct ticket_id ticket; /* reply */
	char *account_name;
	char *text;
	char *marker; /* "<instance>-<send id>" */
	int64_t due_at;
	int64_t until_at;
	int64_t late_ms;
	int64_t next_at; /* not before: back-off, limits; of an unsure one: it is sent again then, see send_resend() */
	int attempts;
	int finds;   /* looks since it became unsure */
	int resends; /* times it went from unsure back to queued */
	int64_t first_attempt_at;
	int64_t last_attempt_at;
	int64_t look_at;
	enum send_wish wish; /* of what is on its way or in doubt: honoured when it proves not to be out */
	bool unproven;       /* send_ready only: an earlier attempt may be out, and this one finds out */
	bool doubted;        /* some earlier attempt's outcome was unknown: a duplicate refusal means it landed */
	char *remote_id;
	char *url;
	char *progress;  /* what of its steps is finished; NULL */
	char *job_id;    /* of the platform's job; NULL */
	char *thread_id; /* what its comments are asked for by; NULL */
	/* publications */
	char *title;
	struct post_article article;
	/* withdrawals: the send they take back */
	struct send_id target;
	char *target_remote_id;
	char *target_job_id;
	bool target_broadcast;
	/* replies */
	enum message_kind reply_to_kind;
	char *reply_to_id;
	char *reply_status_id;
	char *reply_author_id;
	struct send_upload *uploads; /* of the account, of these media; loaded by send_ready and send_load_whole */
	size_t n_uploads;
	struct post_media *media; /* loaded likewise */
	size_t n_media;
	char *before_id;  /* loaded by send_load_for_find only: what the account sent last before this one's first
			     attempt */
	char **taken_ids; /* loaded by send_load_for_find only */
	size_t n_taken;
};
void send_row_finish(struct send_row *row);

bool send_load(struct tx *tx, struct send_id id, struct send_row *ret_row, struct error *err) must_check;
/* With its media and what the account has uploaded of them: all that a driver needs. */
bool send_load_whole(struct tx *tx, struct send_id id, struct send_row *ret_row, struct error *err) must_check;
/* With taken_ids: remote ids other sends of the account got since this one's first attempt. */
bool send_load_for_find(struct tx *tx, struct send_id id, struct send_row *ret_row, struct error *err) must_check;

/* Everything that waits for a time, at start: adds EFFECT_SEND_DUE and EFFECT_SEND_LOOK for each. */
bool send_arm_all(struct tx *tx, struct error *err) must_check;
/* After the wall clock was set, and at start: nothing waits until a future that a clock told that was ahead. Also for
 * the quota ledger. */
bool send_clock_set_back(struct tx *tx, struct error *err) must_check;

/* At start, before anything is sent: every sending becomes unsure (event "send.unsure", reason "restart"). */
bool send_recover(struct tx *tx, int64_t look_after_ms, int *ret_n, struct error *err) must_check;

/*
 * May this send leave now: one that is queued, or to be sent again while unsure? Then its quotas are spent, row has its
 * media and counts the attempt, and send_claim() follows in the same job.
 *
 * Not ready is no error: the send was put where it belongs: held when late or its account is not ready, re-armed when
 * its time or quota is not there yet (its new EFFECT_SEND_DUE is added), nothing when somebody cancelled it. An unsure
 * one is never held: it is looked at again, or when late the question goes to a person. row and account are as this
 * transaction has loaded them.
 */
bool send_ready(struct tx *tx, struct send_row *row, const struct account_row *account,
	const struct quota_window *quotas, size_t n_quotas, bool *ret_ready, struct error *err) must_check;

/* It leaves: state sending, the attempt row. digest: of the request (in hex); NULL: none could be made of it. */
bool send_claim(struct tx *tx, struct send_row *row, const char *digest, struct error *err) must_check;

/* A step is finished: what is done, and (may be NULL) what was uploaded. Only while it is being sent. */
bool send_step(struct tx *tx, struct send_id id, const char *progress, const struct send_upload *upload,
	struct error *err) must_check;

/* A picture of this send is uploaded: no other send of the account need do it again. */
bool send_keep_upload(struct tx *tx, struct send_id id, const struct send_upload *upload, struct error *err) must_check;

/* A publication under which comments stand, newest first, of the last `since_at`. Gives the array. */
struct send_thread {
	char *thread_id;
	char *title;
	int64_t sent_at;
};
bool send_threads(struct tx *tx, struct account_id account, int64_t since_at, struct send_thread **ret_threads,
	size_t *ret_n, struct error *err) must_check;
void send_threads_free(struct send_thread *threads, size_t n);

/* The send of a platform's job; zero id: none of ours. */
bool send_find_job(struct tx *tx, struct account_id account, const char *job_id, struct send_id *ret_id,
	struct error *err) must_check;

/* errors  STATE/REJECT when it is not out, or taken back already */
bool send_may_withdraw(struct tx *tx, const struct send_row *row, struct error *err) must_check;
/* Take back what was published. errors STATE/REJECT when it is not out, or taken back already */
bool send_withdraw(struct tx *tx, const struct actor *actor, struct send_id target, const char *reason,
	struct send_id *ret_id, struct error *err) must_check;

struct send_result {
	enum send_event event; /* ACCEPT, DEFER, REFUSE, LOSE, FIND, MISS, PEND */
	const char *remote_id; /* may be NULL */
	const char *url;
	const char *note;      /* kept and shown */
	struct error error;    /* why, unless accepted */
	int64_t next_at;       /* DEFER: not before · LOSE, PEND: look at */
	const char *progress;  /* NULL: as before */
	const char *job_id;    /* NULL: as before */
	const char *thread_id; /* NULL: as before */
	bool untouched;        /* MISS: nothing was begun, so it does not count as sent anew */
	const char *digest;    /* of the request; NULL: unknown */
	int http_status;
	int64_t took_ms;
};

/*
 * Record what became of the attempt. Applied only while the send is in the state the event fits (else nothing, and
 * *ret_applied false): late news about a send that a person has settled changes nothing. SEND_FIND of an id that
 * another send has is not applied either: the question goes to a person.
 */
bool send_finish(struct tx *tx, struct send_id id, const struct send_result *result, bool *ret_applied,
	struct error *err) must_check;

/* A look that settled nothing: count it, look again at look_at; 0: no more, the question goes to a person (notice). */
bool send_look_again(struct tx *tx, struct send_id id, int64_t look_at, const char *why, struct error *err) must_check;

/*
 * The platform cannot be asked, but recognises what it has by our number: claim it again now. It stays unsure until
 * then, so nobody takes it for something that can be cancelled. Nothing, when it is unsure no more. One that was called
 * off is not sent again: the question goes to a person.
 */
bool send_resend(struct tx *tx, struct send_id id, struct error *err) must_check;

/*
 * What people do. Each is STATE/REJECT with the present state named when the table has no such edge. What is on its way
 * or in doubt is neither held nor cancelled: that it was wished is noted (event "send.wish"), and counts when it proves
 * not to be out. A cancellation outweighs a hold; send_release() and a settlement as "again" take both back.
 */
bool send_hold(
	struct tx *tx, const struct actor *actor, struct send_id id, const char *reason, struct error *err) must_check;
/* due_at 0: keep; a time in the past publishes now and is allowed here: a person decided. Also ends a wish. */
bool send_release(
	struct tx *tx, const struct actor *actor, struct send_id id, int64_t due_at, struct error *err) must_check;
bool send_cancel(
	struct tx *tx, const struct actor *actor, struct send_id id, const char *reason, struct error *err) must_check;
bool send_retry(struct tx *tx, const struct actor *actor, struct send_id id, struct error *err) must_check;
/* event: SEND_SETTLE_SENT (remote_id or url may be NULL), SEND_SETTLE_ABSENT, or SEND_MISS: send it once more. */
bool send_settle(struct tx *tx, const struct actor *actor, struct send_id id, enum send_event event,
	const char *remote_id, const char *url, struct error *err) must_check;

/* A reply to a ticket's citizen; queued at once. The ticket side (claim, version) is the caller's business. */
struct reply_new {
	struct ticket_id ticket;
	struct account_id account;
	struct message_id message; /* the one answered */
	const char *text;
};
/* Queued, or held (*ret_held) while its account lets nothing out. */
bool send_insert_reply(struct tx *tx, const struct actor *actor, const struct reply_new *reply, struct send_id *ret_id,
	bool *ret_held, struct error *err) must_check;

/* "12/weibo-main" to its send. errors MISSING/REJECT naming what is missing */
bool send_find_delivery(
	struct tx *tx, struct post_id post, const char *account, struct send_id *ret_id, struct error *err) must_check;
/* All deliveries of a post. Gives the array. */
bool send_list_of_post(
	struct tx *tx, struct post_id post, struct send_id **ret_ids, size_t *ret_n, struct error *err) must_check;
/* Replies to a citizen that are not finished. Gives the array. */
bool send_list_to_citizen(struct tx *tx, struct account_id account, const char *author_id, struct send_id **ret_ids,
	size_t *ret_n, struct error *err) must_check;

/* Queued sends of an account to held with this reason, and the way back under the late rule. */
bool send_hold_account(
	struct tx *tx, struct account_id account, enum hold_reason reason, int *ret_n, struct error *err) must_check;
bool send_release_account(
	struct tx *tx, struct account_id account, enum hold_reason reason, int *ret_n, struct error *err) must_check;

#endif
