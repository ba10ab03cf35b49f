/*
 * A ticket: the case a citizen's message opens or joins. States, classes, priorities.
 */
#ifndef MODEL_TICKET_H
#define MODEL_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/id.h"

enum ticket_state {
	TICKET_NEW,         /* stored and triaged by rule; nobody has it */
	TICKET_CLAIMED,     /* one duty officer owns it, with a lease */
	TICKET_ASSIGNED,    /* given to a person or unit by a leader, not yet taken */
	TICKET_WAITING,     /* answered with a question: waiting for the citizen */
	TICKET_REPLIED,     /* answer sent, or on its way: one that does not go out bounces */
	TICKET_TRANSFERRED, /* handed to 110, 12345 or another agency */
	TICKET_CLOSED,
};

enum ticket_event {
	TICKET_CLAIM,
	TICKET_RELEASE, /* the holder lets go, or the lease ran out */
	TICKET_ASSIGN,
	TICKET_REPLY,
	TICKET_CITIZEN, /* the citizen wrote again */
	TICKET_TRANSFER,
	TICKET_ESCALATE, /* raises the level; the state stays */
	TICKET_CLOSE,
	TICKET_REOPEN,
	TICKET_BOUNCE, /* an answer that was on its way is not any more: held, refused, cancelled */
};

#define TICKET_STATES 7
#define TICKET_EVENTS 10

/* P0 life safety ... P5 complex; P9 no answer due. */
#define PRIORITY_LIFE      0
#define PRIORITY_DEFAULT   3
#define PRIORITY_NO_ANSWER 9
#define PRIORITIES         (PRIORITY_NO_ANSWER + 1) /* of tables indexed by priority */

bool ticket_next(enum ticket_state from, enum ticket_event event, enum ticket_state *ret_to);

const char *ticket_state_name(enum ticket_state state);
bool ticket_state_parse(const char *name, enum ticket_state *ret_state);
const char *ticket_event_name(enum ticket_event event);

/* 0-5 and 9. */
bool priority_valid(int64_t priority);

#endif
