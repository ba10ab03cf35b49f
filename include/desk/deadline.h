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
	int64_t ack_at;    /* 0: none */
	int64_t reply_at;
	int64_t answer_at;
};

/* Office-hours clocks run on the office's working days and hours in its zone (TZ). */
void desk_deadlines(const struct config *config, int priority, int64_t opened_at,
	struct deadlines *ret);

/* opened_at plus working time. */
int64_t desk_add_office_time(const struct config_office *office, int64_t from_at, int64_t duration_ms);

/* What the ladder needs to know of a ticket. */
struct ladder_ticket {
	int priority;
	int64_t opened_at;   /* or reopened */
	struct deadlines due;
	bool claimed;        /* somebody holds it or it is past that */
	bool replied;        /* first reply sent */
	bool closed;
	int done;            /* rungs already climbed: index into config.ladder + 1; 0: none */
};

/*
 * The next rung for this ticket after `done`, and when. False when there is none (then it sleeps until something
 * changes).
 */
bool desk_next_rung(const struct config *config, const struct ladder_ticket *ticket, int *ret_rung,
	int64_t *ret_at);

#endif
