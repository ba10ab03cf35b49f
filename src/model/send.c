/*
 * The states of a send. A send is not idempotent on any platform we know: `unsure` exists so that a lost answer never
 * becomes a second post, and it is left only by looking, by the program or by a person. Where a platform cannot be
 * looked into but recognises what it has by a number of ours, sending it again under that number is the look: until
 * that tells, it stays what it is.
 *
 * Invariants: sent and cancelled have no way out; nothing but a claim leads to sending; unsure and pending can not be
 * cancelled, held or retried, because each of these would claim to know what happened. A wish bends an edge where it is
 * known that the send is not out, and nowhere else.
 */
#include "model/send.h"

#include "names.h"

static const struct {
	enum send_state from;
	enum send_event on;
	enum send_state to;
} edges[] = {
	{ SEND_HELD, SEND_RELEASE, SEND_QUEUED }, { SEND_HELD, SEND_CANCEL, SEND_CANCELLED },
	{ SEND_HELD, SEND_HOLD, SEND_HELD }, /* for another reason: a person's outlasts the account's */
	{ SEND_QUEUED, SEND_CLAIM, SEND_SENDING }, { SEND_QUEUED, SEND_HOLD, SEND_HELD },
	{ SEND_QUEUED, SEND_CANCEL, SEND_CANCELLED }, { SEND_SENDING, SEND_ACCEPT, SEND_SENT },
	{ SEND_SENDING, SEND_DEFER, SEND_QUEUED }, { SEND_SENDING, SEND_REFUSE, SEND_FAILED },
	{ SEND_SENDING, SEND_LOSE, SEND_UNSURE }, { SEND_SENDING, SEND_PEND, SEND_PENDING },
	{ SEND_SENDING, SEND_HOLD, SEND_HELD }, /* the token was refused, so nothing was published */
	{ SEND_UNSURE, SEND_FIND, SEND_SENT }, { SEND_UNSURE, SEND_MISS, SEND_QUEUED },
	{ SEND_UNSURE, SEND_SETTLE_SENT, SEND_SENT }, { SEND_UNSURE, SEND_SETTLE_ABSENT, SEND_CANCELLED },
	{ SEND_UNSURE, SEND_CLAIM, SEND_SENDING }, /* under the same number: that tells */
	{ SEND_UNSURE, SEND_PEND, SEND_PENDING },  /* looked: the job is there and runs */
	{ SEND_UNSURE, SEND_REFUSE, SEND_FAILED }, /* looked: the job was there and was refused */
	{ SEND_PENDING, SEND_FIND, SEND_SENT }, { SEND_PENDING, SEND_REFUSE, SEND_FAILED },
	{ SEND_PENDING, SEND_LOSE, SEND_UNSURE }, /* the platform knows no such job any more */
	{ SEND_PENDING, SEND_SETTLE_SENT, SEND_SENT }, { SEND_PENDING, SEND_SETTLE_ABSENT, SEND_CANCELLED },
	{ SEND_FAILED, SEND_RETRY, SEND_QUEUED }, { SEND_FAILED, SEND_CANCEL, SEND_CANCELLED },
	{ SEND_FAILED, SEND_SETTLE_SENT, SEND_SENT }, /* the platform refused in words only */
};

static const char *const state_names[] = {
	[SEND_HELD] = "held",
	[SEND_QUEUED] = "queued",
	[SEND_SENDING] = "sending",
	[SEND_SENT] = "sent",
	[SEND_FAILED] = "failed",
	[SEND_UNSURE] = "unsure",
	[SEND_CANCELLED] = "cancelled",
	[SEND_PENDING] = "pending",
};

static const char *const event_names[] = {
	[SEND_CLAIM] = "claim",
	[SEND_ACCEPT] = "accept",
	[SEND_DEFER] = "defer",
	[SEND_REFUSE] = "refuse",
	[SEND_LOSE] = "lose",
	[SEND_FIND] = "find",
	[SEND_MISS] = "miss",
	[SEND_HOLD] = "hold",
	[SEND_RELEASE] = "release",
	[SEND_RETRY] = "retry",
	[SEND_CANCEL] = "cancel",
	[SEND_SETTLE_SENT] = "settle_sent",
	[SEND_SETTLE_ABSENT] = "settle_absent",
	[SEND_PEND] = "pend",
};

static const char *const kind_names[] = {
	[SEND_PUBLISH] = "publish",
	[SEND_REPLY] = "reply",
	[SEND_WITHDRAW] = "withdraw",
};

static const char *const hold_names[] = {
	[HOLD_NONE] = "",
	[HOLD_OPERATOR] = "operator",
	[HOLD_LATE] = "late",
	[HOLD_ACCOUNT_PAUSED] = "account_paused",
	[HOLD_ACCOUNT_PARKED] = "account_parked",
	[HOLD_ACCOUNT_REMOVED] = "account_removed",
};

static const char *const wish_names[] = {
	[WISH_NONE] = "none",
	[WISH_HOLD] = "hold",
	[WISH_CANCEL] = "cancel",
};

_Static_assert(ARRAY_LEN(state_names) == SEND_STATES, "a state without a name");
_Static_assert(ARRAY_LEN(event_names) == SEND_EVENTS, "an event without a name");

bool send_next(enum send_state from, enum send_event event, enum send_state *ret_to)
{
	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		if (edges[i].from == from && edges[i].on == event) {
			*ret_to = edges[i].to;
			return true;
		}
	}
	return false;
}

bool send_next_wished(enum send_state from, enum send_event event, enum send_wish wish, enum send_state *ret_to)
{
	enum send_state to;

	if (!send_next(from, event, &to)) {
		return false;
	}
	if (wish == WISH_CANCEL && (event == SEND_DEFER || event == SEND_MISS || event == SEND_REFUSE)) {
		to = SEND_CANCELLED;
	} else if (wish == WISH_HOLD && (event == SEND_DEFER || event == SEND_MISS)) {
		to = SEND_HELD; /* what is refused goes nowhere by itself: it has failed, as it would have */
	}
	*ret_to = to;
	return true;
}

bool send_takes_wish(enum send_state state)
{
	return state == SEND_SENDING || state == SEND_UNSURE || state == SEND_PENDING;
}

const char *send_state_name(enum send_state state)
{
	return NAME_OF(state_names, state);
}

bool send_state_parse(const char *name, enum send_state *ret_state)
{
	return NAME_PARSE(state_names, name, ret_state);
}

const char *send_event_name(enum send_event event)
{
	return NAME_OF(event_names, event);
}

const char *send_kind_name(enum send_kind kind)
{
	return NAME_OF(kind_names, kind);
}

bool send_kind_parse(const char *name, enum send_kind *ret_kind)
{
	return NAME_PARSE(kind_names, name, ret_kind);
}

const char *hold_reason_name(enum hold_reason reason)
{
	return NAME_OF(hold_names, reason);
}

bool hold_reason_parse(const char *name, enum hold_reason *ret_reason)
{
	return NAME_PARSE(hold_names, name, ret_reason);
}

const char *send_wish_name(enum send_wish wish)
{
	return NAME_OF(wish_names, wish);
}

bool send_wish_parse(const char *name, enum send_wish *ret_wish)
{
	return NAME_PARSE(wish_names, name, ret_wish);
}
