/* What send.c and send_steer.c share, and post.c needs. */
#ifndef STORE_SEND_INTERNAL_H
#define STORE_SEND_INTERNAL_H

#include <cjson/cJSON.h>

#include "store/db.h"
#include "store/send.h"

/* What is not finished, in the words of its partial indexes: without them a query reads the whole table. */
#define SEND_IS_OPEN "send.state NOT IN ('sent', 'cancelled')"

/* Why a send of an account in this state must be held; HOLD_NONE when it is ready. */
enum hold_reason hold_for_account(enum account_state state);

/* counter 'send' */
bool send_count(
	struct tx *tx, struct account_id account, enum send_state state, int64_t n, struct error *err) must_check;

/* Has another send of this account and kind this remote id? */
bool send_id_is_taken(struct tx *tx, const struct send_row *row, const char *remote_id, bool *ret_taken,
	struct error *err) must_check;

/* A held send whose account is not ready gets a time: it stays held, now for the account, and goes at that time. */
bool send_promise(struct tx *tx, const struct actor *actor, struct send_row *row, enum hold_reason hold, int64_t due_at,
	struct error *err) must_check;

/* What changes with a state. Zero and NULL fields leave the column empty unless said otherwise. */
struct send_change {
	enum send_event event;
	enum hold_reason hold;     /* to held */
	int64_t due_at;            /* 0: keep */
	int64_t next_at;           /* queued: not before */
	int64_t look_at;           /* unsure: when to look; 0: a person must */
	const char *remote_id;     /* NULL: keep */
	const char *url;           /* NULL: keep */
	const char *note;          /* NULL: keep */
	const struct error *error; /* NULL: cleared when the new state is sent or queued by a person */
	bool doubted;              /* sticky */
	bool clear_finds;
	bool count_resend;
	bool overrule;         /* a person decides anew: what was wished before does not count */
	const char *reason;    /* for the event */
	const char *progress;  /* NULL: keep */
	const char *job_id;    /* NULL: keep */
	const char *thread_id; /* NULL: keep */
};

/*
 * Move a send along the state table: row, counter, event, effects. errors STATE/REJECT when there is no such edge.
 * `row` is as loaded; its state is updated.
 */
bool send_move(struct tx *tx, const struct actor *actor, struct send_row *row, const struct send_change *change,
	struct error *err) must_check;

/* What it is, for an event: account, and delivery, ticket or what it withdraws. */
void send_name_in(cJSON *detail, const struct send_row *row);

/* ---- send_load.c ---- */

bool send_load_brief(struct tx *tx, struct send_id id, struct send_row *ret_row, struct error *err) must_check;
/* Of a row that is loaded: its media, and what the account has uploaded of them. */
bool send_load_media(struct tx *tx, struct send_row *row, struct error *err) must_check;

/* ---- send_job.c ---- */

bool send_load_uploads(struct tx *tx, struct send_row *row, struct error *err) must_check;
bool send_mark_withdrawn(struct tx *tx, struct send_id id, struct error *err) must_check;
void send_upload_finish(struct send_upload *upload);

#endif
