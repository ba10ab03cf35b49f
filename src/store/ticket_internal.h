/*
 * How the store changes a ticket: load it whole, change the value, save it whole. Saving keeps in one place what must
 * never drift apart: the counters, the nearest deadline, and the effects that arm the ladder and the lease.
 */
#ifndef STORE_TICKET_INTERNAL_H
#define STORE_TICKET_INTERNAL_H

#include "store/ticket.h"

struct ticket_edit {
	struct ticket_row row;
	enum ticket_state was_state;
	int was_priority;
	int64_t was_rung_at;
	int64_t was_lease_until_at;
};

void ticket_edit_finish(struct ticket_edit *edit); /* accepts zeroed */
bool ticket_edit_begin(struct tx *tx, struct ticket_id id, struct ticket_edit *edit, struct error *err) must_check;
bool ticket_edit_save(struct tx *tx, struct ticket_edit *edit, struct error *err) must_check;

/* Take an edge of the state table. errors  STATE/REJECT "ticket 345 is closed: ..." */
bool ticket_move(struct ticket_edit *edit, enum ticket_event event, struct error *err) must_check;

/* Event `action` of this ticket. detail (taken, may be NULL) is completed by account, priority and the states. */
bool ticket_tell(struct tx *tx, const struct actor *actor, const char *action, const struct ticket_edit *edit,
	cJSON *detail, struct error *err) must_check;

/* Event "ticket.alarm" and notice "alarm": this ticket is about a life. message 0: a person raised it. */
bool ticket_alarm(struct tx *tx, const struct actor *actor, const struct ticket_edit *edit, struct message_id message,
	struct error *err) must_check;

/* Who holds it now: a lease that has run out holds nothing, even before its end was noticed. */
bool ticket_is_held(const struct tx *tx, const struct ticket_row *row);
/* STATE/REJECT "ticket 345 is held by NAME until TIME" when somebody else holds it. */
bool ticket_not_others(
	struct tx *tx, const struct actor *actor, const struct ticket_row *row, struct error *err) must_check;
void ticket_drop_holder(struct ticket_row *row);

/* Begin the clocks anew, from now; the ladder from its first rung. */
void ticket_restart_clocks(struct tx *tx, struct ticket_row *row, const struct ticket_clocks *clocks);

/* The nearest deadline that is still open, or TICKET_NO_DUE_AT. */
int64_t ticket_next_due(const struct ticket_row *row);

/* "P0" */
struct priority_name {
	char text[4];
};
struct priority_name priority_name(int priority);

/* +1 or -1 in the counter of tickets in this state and priority. */
bool ticket_count(struct tx *tx, enum ticket_state state, int priority, int64_t n, struct error *err) must_check;

void ticket_set_text(char **field, const char *text); /* copies; NULL clears */

#endif
