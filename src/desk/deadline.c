/*
 * Deadlines and the escalation ladder as arithmetic: no clock is read and nothing is remembered here. Times of day are
 * those of the process's zone (TZ), which the daemon sets to the office's.
 *
 * The calendar knows working days by weekday only; public holidays and make-up days are not in it.
 */
#include "desk/deadline.h"

#include <time.h>

#include "core/clock.h"

/* Ends the walk over the calendar whatever was configured: more than fifty years. */
#define DAYS_MAX 20000

static bool has_office_time(const struct config_office *office)
{
	return (office->workdays & 0x7f) != 0 && office->closes_ms > office->opens_ms && office->opens_ms >= 0;
}

/* A time of day on the day `days` after `day`; mktime() knows of clock changes. -1: not on any calendar. */
static int64_t on_day(const struct tm *day, int days, int64_t time_ms, int *ret_weekday)
{
	struct tm tm = {
		.tm_year = day->tm_year,
		.tm_mon = day->tm_mon,
		.tm_mday = day->tm_mday + days,
		.tm_hour = (int)(time_ms / HOUR_MS),
		.tm_min = (int)(time_ms % HOUR_MS / MINUTE_MS),
		.tm_sec = (int)(time_ms % MINUTE_MS / SECOND_MS),
		.tm_isdst = -1,
	};
	time_t at = mktime(&tm);

	*ret_weekday = (tm.tm_wday + 6) % 7; /* Monday is 0 */
	return at == (time_t)-1 ? -1 : (int64_t)at * SECOND_MS;
}

int64_t desk_add_office_time(const struct config_office *office, int64_t from_at, int64_t duration_ms)
{
	time_t from = (time_t)(from_at / SECOND_MS);
	int64_t left_ms = duration_ms;
	struct tm day;
	int i;

	if (!has_office_time(office) || duration_ms < 0 || !localtime_r(&from, &day)) {
		return from_at + duration_ms;
	}
	for (i = 0; i < DAYS_MAX; i++) {
		int weekday;
		int closing_weekday; /* an office that closes at 24:00 closes on the next day */
		int64_t opens_at = on_day(&day, i, office->opens_ms, &weekday);
		int64_t closes_at = on_day(&day, i, office->closes_ms, &closing_weekday);
		int64_t begin_at = from_at > opens_at ? from_at : opens_at;

		if (opens_at < 0 || closes_at < 0) {
			break;
		}
		if (!(office->workdays & 1u << weekday) || begin_at >= closes_at) {
			continue;
		}
		if (left_ms <= closes_at - begin_at) {
			return begin_at + left_ms;
		}
		left_ms -= closes_at - begin_at;
	}
	return from_at + duration_ms;
}

static int64_t add_time(
	const struct config *config, const struct config_limit *limit, int64_t from_at, int64_t duration_ms)
{
	return limit->office_hours ? desk_add_office_time(&config->office, from_at, duration_ms)
				   : from_at + duration_ms;
}

void desk_deadlines(const struct config *config, int priority, int64_t clock_at, struct deadlines *ret)
{
	const struct config_limit *limit = &config->limits[priority];

	*ret = (struct deadlines){
		.ack_at = limit->ack_ms ? add_time(config, limit, clock_at, limit->ack_ms) : 0,
		.reply_at = limit->reply_ms ? add_time(config, limit, clock_at, limit->reply_ms) : 0,
		.answer_at = limit->answer_ms ? add_time(config, limit, clock_at, limit->answer_ms) : 0,
	};
}

/* The clock a rung watches: its limit and this ticket's deadline by it. False when it does not run for this ticket. */
static bool rung_clock(const struct config_limit *limit, const struct ladder_ticket *ticket, enum ladder_clock clock,
	int64_t *ret_limit_ms, int64_t *ret_due_at)
{
	switch (clock) {
	case LADDER_UNCLAIMED:
		*ret_limit_ms = limit->ack_ms;
		*ret_due_at = ticket->due.ack_at;
		return !ticket->claimed;
	case LADDER_REPLY:
		*ret_limit_ms = limit->reply_ms;
		*ret_due_at = ticket->due.reply_at;
		return !ticket->replied;
	case LADDER_ANSWER:
		*ret_limit_ms = limit->answer_ms;
		*ret_due_at = ticket->due.answer_at;
		return !ticket->answered;
	case LADDER_WINDOW:
		*ret_limit_ms = ticket->window_ms;
		*ret_due_at = ticket->window_at;
		return !ticket->answered && ticket->window_at;
	}
	return false;
}

static bool rung_time(const struct config *config, const struct ladder_ticket *ticket, const struct config_rung *rung,
	int64_t *ret_at)
{
	const struct config_limit *limit = &config->limits[ticket->priority];
	int64_t limit_ms;
	int64_t due_at;

	if (!(rung->priorities & 1u << ticket->priority) ||
		!rung_clock(limit, ticket, rung->clock, &limit_ms, &due_at)) {
		return false;
	}
	if (rung->clock == LADDER_WINDOW) { /* the platform knows no office hours */
		*ret_at = due_at - limit_ms + (rung->percent ? limit_ms * rung->percent / 100 : rung->after_ms);
		return true;
	}
	if (!rung->percent) {
		*ret_at = add_time(config, limit, ticket->clock_at, rung->after_ms);
		return true;
	}
	if (!limit_ms || !due_at) {
		return false;
	}
	/* The deadline that was promised counts, not one worked out anew after limits were configured differently. */
	*ret_at = rung->percent == 100 ? due_at
				       : add_time(config, limit, ticket->clock_at, limit_ms * rung->percent / 100);
	return true;
}

bool desk_next_rung(const struct config *config, const struct ladder_ticket *ticket, int *ret_rung, int64_t *ret_at)
{
	bool found = false;
	size_t i;

	if (ticket->closed) {
		return false;
	}
	for (i = 0; i < config->n_ladder && i < LADDER_RUNGS_MAX; i++) {
		int64_t at;

		if (ticket->done & INT64_C(1) << i || !rung_time(config, ticket, &config->ladder[i], &at)) {
			continue;
		}
		if (!found || at < *ret_at) {
			*ret_rung = (int)i;
			*ret_at = at;
			found = true;
		}
	}
	return found;
}
