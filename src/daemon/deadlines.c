/*
 * The clocks of tickets: a rung of the ladder whose time has come is climbed, a claim whose lease has run out is ended.
 * Which rung that is, desk_next_rung() says; whether it still applies is decided in the job, on the ticket as it is
 * then.
 *
 * The two due clocks hold ids only. Whoever changes a ticket's times arms them anew (EFFECT_TICKET_DUE,
 * EFFECT_LEASE_DUE), so an entry whose ticket has moved on is simply dropped. After downtime every rung that was missed
 * is climbed once, in order. When the wall clock is set, what was begun by a clock that was ahead begins anew: a life
 * must not wait until that time comes again.
 */
#include <inttypes.h>

#include "core/buf.h"
#include "core/log.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "desk/deadline.h"
#include "store/effect.h"
#include "store/notice.h"
#include "store/send.h"
#include "store/ticket.h"

struct deadlines_clock {
	struct daemon *daemon;
	struct due rungs;  /* ids are tickets */
	struct due leases; /* ids are tickets */
};

struct look {
	struct job job;
	struct deadlines_clock *clock;
	struct rules *rules;
	struct ticket_id ticket;
	int64_t at; /* what the due clock said */
	int climbed;
};

static struct ladder_ticket ladder_view(const struct ticket_row *row)
{
	bool waits_for_claim = row->state == TICKET_NEW || row->state == TICKET_ASSIGNED;

	return (struct ladder_ticket){
		.priority = row->priority,
		.clock_at = row->clock_at,
		.due = { .ack_at = row->ack_at, .reply_at = row->reply_at, .answer_at = row->answer_at },
		.window_at = row->window_until_at,
		.window_ms = row->window_ms,
		.claimed = !waits_for_claim,
		.replied = row->replied || row->state == TICKET_TRANSFERRED,
		/* The answer's clock stands still while the citizen is asked, and when it is another agency's. */
		.answered = row->answered || row->state == TICKET_WAITING || row->state == TICKET_TRANSFERRED,
		.closed = row->state == TICKET_CLOSED,
		.done = row->rungs_done,
	};
}

static const char *why_of(enum ladder_clock clock)
{
	switch (clock) {
	case LADDER_UNCLAIMED:
		return "nobody has claimed it";
	case LADDER_REPLY:
		return "the first reply is due";
	case LADDER_ANSWER:
		return "the answer is due";
	case LADDER_WINDOW:
		return "soon the platform takes no answer any more";
	}
	return "";
}

static bool climb_all(struct tx *tx, struct look *look, const struct ticket_row *row, struct error *err)
{
	const struct config *config = look->rules->config;
	struct ladder_ticket ticket = ladder_view(row);
	int64_t now_at = tx_now_at(tx);
	int64_t next_at = 0;
	int next = -1;
	int rung;
	int64_t at;

	if (desk_next_rung(config, &ticket, &next, &next_at) && next_at > now_at) {
		if (row->rung_at == next_at) { /* the wall clock was set back meanwhile */
			effect_add(tx, EFFECT_TICKET_DUE, row->id.v, row->account.v, next_at);
			return true;
		}
		return ticket_set_rung(tx, row->id, ticket.done, next_at, err);
	}
	if (next < 0) {
		return ticket_set_rung(tx, row->id, ticket.done, 0, err);
	}
	for (rung = next; rung >= 0; rung = next) {
		const struct config_rung *step = &config->ladder[rung];

		ticket.done |= INT64_C(1) << rung;
		next = -1;
		at = 0;
		if (!desk_next_rung(config, &ticket, &next, &at)) {
			next = -1;
			at = 0;
		}
		if (!ticket_climb(tx, row->id, ticket.done, step->target, why_of(step->clock), at, err)) {
			return false;
		}
		look->climbed++;
		if (at > now_at) {
			break;
		}
	}
	return true;
}

static bool run_rung(struct tx *tx, struct job *job, struct error *err)
{
	struct look *look = container_of(job, struct look, job);
	struct ticket_row row = { 0 };
	bool ok;

	look->climbed = 0;
	if (!ticket_load(tx, look->ticket, &row, err)) {
		return false;
	}
	/* Armed for later by somebody else: that entry comes by itself. */
	ok = !row.rung_at || row.rung_at > look->at || climb_all(tx, look, &row, err);
	ticket_row_finish(&row);
	return ok;
}

static bool run_lease(struct tx *tx, struct job *job, struct error *err)
{
	struct look *look = container_of(job, struct look, job);

	return ticket_expire_lease(tx, look->ticket, err);
}

static void done_look(struct job *job, const struct error *err)
{
	struct look *look = container_of(job, struct look, job);

	if (err) {
		log_error("ticket.clock ticket=%" PRId64 " error=%s", look->ticket.v, log_text(err->message));
	} else if (look->climbed > 0) {
		log_info("ticket.ladder ticket=%" PRId64 " rungs=%d", look->ticket.v, look->climbed);
	}
	rules_unref(look->rules);
	free(look);
}

static void look_at(struct deadlines_clock *clock, int64_t at, int64_t ticket,
	bool (*run)(struct tx *tx, struct job *job, struct error *err))
{
	struct look *look;

	if (clock->daemon->stopping) {
		return; /* armed again at the next start */
	}
	look = xnew(struct look);
	look->clock = clock;
	look->rules = rules_ref(clock->daemon->rules);
	look->ticket.v = ticket;
	look->at = at;
	/* A store that is out of order for a while must not swallow an escalation. */
	look->job = (struct job){ .run = run, .done = done_look, .urgent = true, .insist = true };
	store_write(clock->daemon->store, &look->job);
}

static void on_rung(struct due *due, int64_t at, int64_t id)
{
	look_at(container_of(due, struct deadlines_clock, rungs), at, id, run_rung);
}

static void on_lease(struct due *due, int64_t at, int64_t id)
{
	look_at(container_of(due, struct deadlines_clock, leases), at, id, run_lease);
}

/* ---- another ladder ---- */

/* Everything that makes a rung what it is. */
static char *rung_text(const struct config_rung *rung)
{
	struct buf text;

	buf_init(&text, 1024);
	(void)buf_printf(&text, "%x %d %d %" PRId64 " %s", rung->priorities, (int)rung->clock, rung->percent,
		rung->after_ms, rung->target);
	return buf_steal(&text);
}

bool deadlines_sync(struct tx *tx, const struct config *config, struct error *err)
{
	char *rungs[LADDER_RUNGS_MAX] = { NULL };
	size_t n = 0;
	bool ok;

	for (; n < config->n_ladder && n < LADDER_RUNGS_MAX; n++) {
		rungs[n] = rung_text(&config->ladder[n]);
	}
	ok = ticket_ladder_sync(tx, (const char *const *)rungs, n, err);
	while (n > 0) {
		free(rungs[--n]);
	}
	return ok;
}

/* ---- the wall clock was set ---- */

struct step {
	struct job job;
};

static bool run_step(struct tx *tx, struct job *job unused_arg, struct error *err)
{
	return ticket_clock_set_back(tx, err) && notice_clock_set_back(tx, err) && send_clock_set_back(tx, err);
}

static void done_step(struct job *job, const struct error *err)
{
	struct step *step = container_of(job, struct step, job);

	if (err) {
		log_error("ticket.clock-step error=%s", log_text(err->message));
	}
	free(step);
}

static void on_clock_step(struct due *due)
{
	struct deadlines_clock *clock = container_of(due, struct deadlines_clock, rungs);
	struct step *step;

	if (clock->daemon->stopping) {
		return; /* done at the next start */
	}
	step = xnew(struct step);
	step->job = (struct job){ .run = run_step, .done = done_step, .urgent = true, .insist = true };
	store_write(clock->daemon->store, &step->job);
}

void deadlines_arm(struct deadlines_clock *clock, const struct effect *effect)
{
	due_add(effect->kind == EFFECT_LEASE_DUE ? &clock->leases : &clock->rungs, effect->at, effect->id);
}

struct deadlines_clock *deadlines_new(struct daemon *daemon, struct error *err)
{
	struct deadlines_clock *clock = xnew(struct deadlines_clock);

	clock->daemon = daemon;
	if (!due_start(daemon->loop, &clock->rungs, on_rung, on_clock_step, err)) {
		free(clock);
		return NULL;
	}
	if (!due_start(daemon->loop, &clock->leases, on_lease, NULL, err)) {
		due_finish(&clock->rungs);
		free(clock);
		return NULL;
	}
	return clock;
}

void deadlines_free(struct deadlines_clock *clock)
{
	if (!clock) {
		return;
	}
	due_finish(&clock->rungs);
	due_finish(&clock->leases);
	free(clock);
}
