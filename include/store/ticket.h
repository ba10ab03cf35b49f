/*
 * Messages and the tickets they open or join. Claims, leases and versions are decided here, inside the transaction,
 * on what it sees.
 */
#ifndef STORE_TICKET_H
#define STORE_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"
#include "model/message.h"
#include "model/ticket.h"
#include "store/event.h"

struct tx;

/* What is due by when; 0: no such deadline. */
struct ticket_clocks {
	int64_t ack_at;
	int64_t reply_at;
	int64_t answer_at;
	int64_t rung_at; /* first rung of the ladder */
};

/* A message ready to be stored: text sanitised, triage done, deadlines worked out by the caller. */
struct message_new {
	const struct message *message; /* its text fields already sanitised */
	int priority;
	const char *class;
	const char *spans; /* JSON array of {from,n,rule}; NULL: none */

	struct ticket_id about; /* the ticket of this citizen that it names, however old; zero: it joins its thread's */

	int64_t window_rungs; /* bits of the ladder's rungs that watch the window: a new one has them all before it */

	/* [PRIORITIES] by priority, from now on: of which ticket the message becomes part is known in the store only.
	 */
	const struct ticket_clocks *clocks;
};

enum intake_result {
	INTAKE_KNOWN = 1, /* this (account, kind, remote id) is stored already: nothing was written */
	INTAKE_OPENED,    /* a ticket was opened */
	INTAKE_JOINED,    /* joined an open ticket: same citizen, same thread or named; may have raised its priority */
	INTAKE_OURS,      /* our own words: stored in the ticket's thread or as history, opens nothing */
};

/*
 * Store one message. A P0 message adds an "alarm" notice and event "ticket.alarm" (also when it joins). A message from
 * the citizen on a closed ticket younger than 30 days reopens it. Clocks that begin anew are those of the ticket's
 * priority, not of the message's, which may be lower. Adds events, EFFECT_TICKET_DUE, EFFECT_INDEX.
 */
bool intake_message(struct tx *tx, struct account_id account, const struct message_new *message,
	enum intake_result *ret_result, struct ticket_id *ret_ticket, struct error *err) must_check;

struct ticket_row {
	struct ticket_id id;
	struct account_id account;
	char *account_name;
	enum ticket_state state;
	int priority;
	char *class;
	int level;          /* of escalation; 0: none */
	char *target;       /* whom it was escalated or assigned to; NULL */
	char *holder;       /* operator's name; NULL: nobody */
	int64_t holder_uid; /* -1: nobody */
	int64_t lease_until_at;
	int64_t version; /* counts messages of the citizen and changes of whose case it is and how far it came */
	int64_t opened_at;
	int64_t clock_at; /* deadlines and ladder count from here: opened, reopened, raised, or written again */
	int64_t ack_at;
	int64_t reply_at;
	int64_t answer_at;
	int64_t window_until_at; /* the platform takes direct answers until then; 0: it has no such window */
	int64_t window_ms;       /* how long it was open in all */
	bool replied;            /* something went out since clock_at */
	bool answered;           /* and it was the answer, not a question */
	int64_t rungs_done;      /* bit n: config.ladder[n] was climbed since clock_at */
	int64_t rung_at;         /* when the ladder is looked at next; 0: not by itself */
	bool ever_p0;
	struct message_id last_message; /* newest of the citizen: what a reply answers */
	char *result;                   /* why closed; NULL */
	int64_t closed_at;
};
/* ticket.next_due_at when no deadline is open: sorts behind all others. */
#define TICKET_NO_DUE_AT INT64_C(253402300799999)
void ticket_row_finish(struct ticket_row *row);
/* errors  MISSING/REJECT "there is no ticket 345" */
bool ticket_load(struct tx *tx, struct ticket_id id, struct ticket_row *ret_row, struct error *err) must_check;

/*
 * What a reply answers: a message of the ticket's citizen; zero id: the newest, a COMMENT without ids when there is
 * none.
 *
 * owns    the fields: ticket_answered_finish()
 * errors  MISSING/REJECT when the message is none of a citizen in this ticket
 */
struct ticket_answered {
	enum message_kind kind;
	char *remote_id;
	char *author_id;
};
bool ticket_answered(struct tx *tx, const struct ticket_row *row, struct message_id message,
	struct ticket_answered *ret_answered, struct error *err) must_check;
void ticket_answered_finish(struct ticket_answered *answered);

/*
 * Claim with a lease. Own claim again renews it. errors STATE/REJECT "ticket 345 is held by NAME until TIME";
 * `take_over` (a leader) takes it from the holder and says so in the history.
 */
bool ticket_claim(struct tx *tx, const struct actor *actor, struct ticket_id id, int64_t lease_ms, bool take_over,
	struct error *err) must_check;
bool ticket_release(struct tx *tx, const struct actor *actor, struct ticket_id id, struct error *err) must_check;
/* The lease ran out at or before now: free it (event "ticket.lease-ended"); a later lease is re-armed. */
bool ticket_expire_lease(struct tx *tx, struct ticket_id id, struct error *err) must_check;
/*
 * Queue a reply. Refused without an own claim (STATE, says who holds it) and when `version` is not the ticket's (STATE:
 * "the citizen wrote again"). version 0: not given, refused. waiting: state waiting instead of replied. `text` stays
 * the caller's. Gives the send.
 */
bool ticket_reply(struct tx *tx, const struct actor *actor, struct ticket_id id, int64_t version, const char *text,
	bool waiting, struct send_id *ret_send, struct error *err) must_check;
/* The same to an older message of the citizen. errors MISSING when it is none of this ticket's */
bool ticket_reply_to(struct tx *tx, const struct actor *actor, struct ticket_id id, int64_t version,
	struct message_id message, const char *text, bool waiting, struct send_id *ret_send,
	struct error *err) must_check;
/*
 * A reply is not on its way any more (held, refused for good, cancelled): unless another one is, nobody has answered.
 * The ticket goes back to its holder, or to everybody, and the ladder looks at once (event "ticket.bounced"). Not when
 * its citizen is forgotten: nobody waits for it.
 */
bool ticket_reply_bounced(struct tx *tx, const struct actor *actor, struct ticket_id id, struct send_id send,
	struct error *err) must_check;
/* It goes out after all, or is out. */
bool ticket_reply_goes(struct tx *tx, struct ticket_id id, struct error *err) must_check;
bool ticket_note(
	struct tx *tx, const struct actor *actor, struct ticket_id id, const char *text, struct error *err) must_check;
bool ticket_assign(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *to, const char *reason,
	struct error *err) must_check;
/* to: agency; receipt: its number, may be NULL. */
bool ticket_transfer(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *to, const char *receipt,
	const char *reason, struct error *err) must_check;
/* Raise the level, name a target, record why, owe the "escalated" hook. priority -1: keep; may only be raised here. */
bool ticket_escalate(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *to, const char *reason,
	int priority, struct error *err) must_check;
/* result: answered, no-answer-due, transferred, withdrawn, duplicate. A ticket that ever was P0 wants
 * PERMIT_TICKET_ASSIGN. */
bool ticket_close(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *result, const char *reason,
	struct error *err) must_check;
bool ticket_reopen(struct tx *tx, const struct actor *actor, struct ticket_id id, const char *reason,
	struct error *err) must_check;
/* A rung was climbed by the clock: event "ticket.ladder", level + 1, "escalated" notice to target; next rung at
 * rung_at. */
bool ticket_climb(struct tx *tx, struct ticket_id id, int64_t rungs_done, const char *target, const char *why,
	int64_t next_rung_at, struct error *err) must_check;
/* Nothing to climb now: only remember when to look. 0: not by itself. */
bool ticket_set_rung(
	struct tx *tx, struct ticket_id id, int64_t rungs_done, int64_t rung_at, struct error *err) must_check;
/* New deadlines after priority was raised or the ticket was reopened; the clocks run from now. 0: none. */
bool ticket_set_deadlines(struct tx *tx, struct ticket_id id, int64_t ack_at, int64_t reply_at, int64_t answer_at,
	struct error *err) must_check;

/* Is it a case of this citizen, on this account? One that does not exist is not. */
bool ticket_is_of(struct tx *tx, struct ticket_id id, struct account_id account, const char *author_id, bool *ret_is,
	struct error *err) must_check;
/* Did this stored message open its ticket? */
bool message_opened_ticket(struct tx *tx, struct account_id account, enum message_kind kind, const char *remote_id,
	bool *ret_opened, struct error *err) must_check;

/*
 * The ladder as it is configured now, one text per rung that tells it from others. What open tickets have climbed
 * (rungs_done) is told in its places, so when it is another one than last time it is carried over.
 */
bool ticket_ladder_sync(struct tx *tx, const char *const *rungs, size_t n, struct error *err) must_check;

/*
 * After the wall clock was set, and at start: what is open and counts from the future was begun by a clock that was
 * ahead, and counts from now. EFFECT_TICKET_DUE for each.
 */
bool ticket_clock_set_back(struct tx *tx, struct error *err) must_check;

/* At start: EFFECT_TICKET_DUE and EFFECT_LEASE_DUE for each open one. */
bool ticket_arm_all(struct tx *tx, struct error *err) must_check;

#endif
