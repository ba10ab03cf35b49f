/*
 * A send: any effect on a platform that must happen exactly once. A delivery (post x account) is a send of
 * kind publish; an answer to a citizen is one of kind reply. The states are a table; what is not in it is
 * refused as a bug.
 *
 *   held ──▶ queued ──claim──▶ sending ──accept──▶ sent
 *     ▲        ▲                 │ │ pend ───────▶ pending     (the platform works on it; its result is looked for)
 *     │        │                 │ refuse ───────▶ failed      (a person decides)
 *     │        └───── miss ─── unsure ◀── lose: no answer, crash, reset after the request left
 *     │                          └──claim──▶ sending: only where the platform knows it again by our number
 *     └── pause, dead token, late rule, a person's hold
 *
 * What is on its way or in doubt can be neither held nor cancelled: a person's wish is noted with it, and should it
 * prove not to be out, it is not queued again but held or cancelled as he wished.
 */
#ifndef MODEL_SEND_H
#define MODEL_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "core/id.h"

enum send_kind {
	SEND_PUBLISH,
	SEND_REPLY,
	SEND_WITHDRAW, /* takes back what another send published */
};

enum send_state {
	SEND_HELD,
	SEND_QUEUED,
	SEND_SENDING,
	SEND_SENT,
	SEND_FAILED,
	SEND_UNSURE,
	SEND_CANCELLED,
	SEND_PENDING, /* accepted as a job: published, refused or lost later */
};

enum send_event {
	SEND_CLAIM,         /* its attempt row is written with it */
	SEND_ACCEPT,        /* the platform said yes */
	SEND_DEFER,         /* not sent, or refused for now: again later */
	SEND_REFUSE,        /* the platform said no for good */
	SEND_LOSE,          /* the answer never came */
	SEND_FIND,          /* read back and there */
	SEND_MISS,          /* read back and provably not there */
	SEND_HOLD,          /* pause, dead token, late rule, a person */
	SEND_RELEASE,       /* out of held */
	SEND_RETRY,         /* a person: failed, again */
	SEND_CANCEL,        /* a person */
	SEND_SETTLE_SENT,   /* a person looked: it is there */
	SEND_SETTLE_ABSENT, /* a person looked: it is not there, give it up */
	SEND_PEND,          /* the platform took it as a job */
};

/* Why a send is held; stands in the row and is shown. */
enum hold_reason {
	HOLD_NONE,
	HOLD_OPERATOR, /* `post hold`, or scheduled without a time */
	HOLD_LATE,     /* later than its late rule */
	HOLD_ACCOUNT_PAUSED,
	HOLD_ACCOUNT_PARKED,  /* token dead: released together after login */
	HOLD_ACCOUNT_REMOVED, /* no longer in accounts.yaml */
};

/* What is to become of it if it proves not to be out; what is final is the greater. */
enum send_wish {
	WISH_NONE,
	WISH_HOLD,
	WISH_CANCEL,
};

/* False when the table has no such edge; *ret_to is then untouched. */
bool send_next(enum send_state from, enum send_event event, enum send_state *ret_to);
/* The same, under a wish. */
bool send_next_wished(enum send_state from, enum send_event event, enum send_wish wish, enum send_state *ret_to);
/* On its way or in doubt: all that a person can do is wish. */
bool send_takes_wish(enum send_state state);

const char *send_state_name(enum send_state state);
bool send_state_parse(const char *name, enum send_state *ret_state);
const char *send_event_name(enum send_event event);
const char *send_kind_name(enum send_kind kind);
bool send_kind_parse(const char *name, enum send_kind *ret_kind);
const char *hold_reason_name(enum hold_reason reason); /* "" for none */
bool hold_reason_parse(const char *name, enum hold_reason *ret_reason);
const char *send_wish_name(enum send_wish wish); /* "none" for none */
bool send_wish_parse(const char *name, enum send_wish *ret_wish);

#define SEND_STATES 8
#define SEND_EVENTS 14

#endif
