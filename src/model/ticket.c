/*
 * The states of a ticket. What the table can not say stands with those who use it: who the holder is, whether a lease
 * has run out, that a reply that waits for the citizen's answer leads to `waiting` instead of `replied`, and that what
 * comes back to a holder (the citizen, a bounced answer) is claimed instead of new.
 *
 * Invariants: a closed ticket changes only by being reopened or by the citizen writing again, and then nobody holds
 * it; the citizen writing never takes a ticket away from whoever holds it; escalating changes no state.
 */
#include "model/ticket.h"

#include "names.h"

static const struct {
	enum ticket_state from;
	enum ticket_event on;
	enum ticket_state to;
} edges[] = {
	{ TICKET_NEW, TICKET_CLAIM, TICKET_CLAIMED },
	{ TICKET_NEW, TICKET_ASSIGN, TICKET_ASSIGNED },
	{ TICKET_NEW, TICKET_CITIZEN, TICKET_NEW },
	{ TICKET_NEW, TICKET_TRANSFER, TICKET_TRANSFERRED },
	{ TICKET_NEW, TICKET_ESCALATE, TICKET_NEW },
	{ TICKET_NEW, TICKET_CLOSE, TICKET_CLOSED },

	{ TICKET_CLAIMED, TICKET_CLAIM, TICKET_CLAIMED }, /* the lease renewed, or taken over */
	{ TICKET_CLAIMED, TICKET_RELEASE, TICKET_NEW },
	{ TICKET_CLAIMED, TICKET_ASSIGN, TICKET_ASSIGNED },
	{ TICKET_CLAIMED, TICKET_REPLY, TICKET_REPLIED },
	{ TICKET_CLAIMED, TICKET_CITIZEN, TICKET_CLAIMED },
	{ TICKET_CLAIMED, TICKET_TRANSFER, TICKET_TRANSFERRED },
	{ TICKET_CLAIMED, TICKET_ESCALATE, TICKET_CLAIMED },
	{ TICKET_CLAIMED, TICKET_CLOSE, TICKET_CLOSED },

	{ TICKET_ASSIGNED, TICKET_CLAIM, TICKET_CLAIMED },
	{ TICKET_ASSIGNED, TICKET_RELEASE, TICKET_NEW },
	{ TICKET_ASSIGNED, TICKET_ASSIGN, TICKET_ASSIGNED },
	{ TICKET_ASSIGNED, TICKET_CITIZEN, TICKET_ASSIGNED },
	{ TICKET_ASSIGNED, TICKET_TRANSFER, TICKET_TRANSFERRED },
	{ TICKET_ASSIGNED, TICKET_ESCALATE, TICKET_ASSIGNED },
	{ TICKET_ASSIGNED, TICKET_CLOSE, TICKET_CLOSED },

	{ TICKET_WAITING, TICKET_CLAIM, TICKET_CLAIMED },
	{ TICKET_WAITING, TICKET_ASSIGN, TICKET_ASSIGNED },
	{ TICKET_WAITING, TICKET_REPLY, TICKET_REPLIED },
	{ TICKET_WAITING, TICKET_CITIZEN, TICKET_NEW },
	{ TICKET_WAITING, TICKET_TRANSFER, TICKET_TRANSFERRED },
	{ TICKET_WAITING, TICKET_ESCALATE, TICKET_WAITING },
	{ TICKET_WAITING, TICKET_CLOSE, TICKET_CLOSED },
	{ TICKET_WAITING, TICKET_BOUNCE, TICKET_NEW },

	{ TICKET_REPLIED, TICKET_CLAIM, TICKET_CLAIMED },
	{ TICKET_REPLIED, TICKET_ASSIGN, TICKET_ASSIGNED },
	{ TICKET_REPLIED, TICKET_REPLY, TICKET_REPLIED },
	{ TICKET_REPLIED, TICKET_CITIZEN, TICKET_NEW },
	{ TICKET_REPLIED, TICKET_TRANSFER, TICKET_TRANSFERRED },
	{ TICKET_REPLIED, TICKET_ESCALATE, TICKET_REPLIED },
	{ TICKET_REPLIED, TICKET_CLOSE, TICKET_CLOSED },
	{ TICKET_REPLIED, TICKET_BOUNCE, TICKET_NEW },

	{ TICKET_TRANSFERRED, TICKET_CITIZEN, TICKET_NEW },
	{ TICKET_TRANSFERRED, TICKET_ESCALATE, TICKET_TRANSFERRED },
	{ TICKET_TRANSFERRED, TICKET_CLOSE, TICKET_CLOSED },
	{ TICKET_TRANSFERRED, TICKET_REOPEN, TICKET_NEW },

	{ TICKET_CLOSED, TICKET_CITIZEN, TICKET_NEW },
	{ TICKET_CLOSED, TICKET_REOPEN, TICKET_NEW },
};

static const char *const state_names[] = {
	[TICKET_NEW] = "new",
	[TICKET_CLAIMED] = "claimed",
	[TICKET_ASSIGNED] = "assigned",
	[TICKET_WAITING] = "waiting",
	[TICKET_REPLIED] = "replied",
	[TICKET_TRANSFERRED] = "transferred",
	[TICKET_CLOSED] = "closed",
};

static const char *const event_names[] = {
	[TICKET_CLAIM] = "claim",
	[TICKET_RELEASE] = "release",
	[TICKET_ASSIGN] = "assign",
	[TICKET_REPLY] = "reply",
	[TICKET_CITIZEN] = "citizen",
	[TICKET_TRANSFER] = "transfer",
	[TICKET_ESCALATE] = "escalate",
	[TICKET_CLOSE] = "close",
	[TICKET_REOPEN] = "reopen",
	[TICKET_BOUNCE] = "bounce",
};

_Static_assert(ARRAY_LEN(state_names) == TICKET_STATES, "a state without a name");
_Static_assert(ARRAY_LEN(event_names) == TICKET_EVENTS, "an event without a name");

bool ticket_next(enum ticket_state from, enum ticket_event event, enum ticket_state *ret_to)
{
	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		if (edges[i].from == from && edges[i].on == event) {
			*ret_to = edges[i].to;
			return true;
		}
	}
	return false;
}

const char *ticket_state_name(enum ticket_state state)
{
	return NAME_OF(state_names, state);
}

bool ticket_state_parse(const char *name, enum ticket_state *ret_state)
{
	return NAME_PARSE(state_names, name, ret_state);
}

const char *ticket_event_name(enum ticket_event event)
{
	return NAME_OF(event_names, event);
}

bool priority_valid(int64_t priority)
{
	return (priority >= PRIORITY_LIFE && priority <= 5) || priority == PRIORITY_NO_ANSWER;
}
