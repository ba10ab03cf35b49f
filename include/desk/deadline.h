/*
 * Deadlines by priority and the escalation ladder, as pure functions over the configuration and a ticket's times.
 */
#ifndef DESK_DEADLINE_H
#define DESK_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

struct deadlines {
	int64_t ack_at; /* 0: none */
	int64_t reply_at;
	int64_t answer_at;
};

/* Office-hours clocks run on the office's working days and hours in its zone (TZ). */
void desk_deadlines(const struct config *config, int priority, int64_t clock_at, struct deadlines *ret);

/*
 * from_at plus working time: what begins outside of office hours begins with the next opening, what ends with closing
 * time ends then. An office without working time counts all hours.
 */
int64_t desk_add_office_time(const struct config_office *office, int64_t from_at, int64_t duration_ms);

/* What the ladder needs to know of a ticket. */
struct ladder_ticket {
	int priority;
	int64_t clock_at; /* the clocks run from here: opened, reopened, or raised in priority */
	struct deadlines due;
	bool claimed;  /* somebody holds it or it is past that */
	bool replied;  /* first reply sent */
	bool answered; /* the answer is out, or handed to another agency: the answer's clock stands still */
	bool closed;
	int64_t done; /* rungs already climbed: bit n is config.ladder[n] */
};

#define LADDER_RUNGS_MAX 63 /* what `done` can hold; rungs behind it are never climbed */

/*
 * The rung for this ticket that comes next in time and is not climbed yet, and when (which may be past). False when
 * there is none (then it sleeps until something changes). Order in the file does not matter, except between rungs of
 * one moment.
 */
bool desk_next_rung(const struct config *config, const struct ladder_ticket *ticket, int *ret_rung, int64_t *ret_at);

#endif
