/*
 * A random walk over everything that can be done to a store, with a platform that keeps its own ledger. What must hold
 * after every step:
 *
 * - a send moves along the state table only, with an event and an effect; nothing is on the platform twice; what is
 *   there is sent, or in doubt, or on its way; what is sent is there; what was called off does not leave again
 * - a ticket moves along its table only; one open ticket per citizen and thread; every message is in one; the nearest
 *   deadline is as the row says
 * - counters equal the rows; no error is our own mistake
 *
 * On a second set of walks memory runs out somewhere in every other step: it is then as if the step had not been
 * tried.
 *
 * GAZETTE_WALK_STEPS makes it longer or shorter.
 */
#include "rig.h"
#include "torture.h"

#include "core/random.h"
#include "store/ticket_internal.h"

#define SENDS_MAX   4000
#define TICKETS_MAX 2000

struct walk {
	struct rig *rig;
	int landed[SENDS_MAX];      /* how often the platform took it: its ledger */
	bool lands[SENDS_MAX];      /* the attempt on its way did */
	bool called_off[SENDS_MAX]; /* a person held or cancelled it, and nobody has let it go since */
	int send_was[SENDS_MAX];    /* state + 1; 0: not there */
	enum send_wish wish_was[SENDS_MAX];
	int ticket_was[TICKETS_MAX];
	int64_t version_was[TICKETS_MAX];
	int step;
	bool short_of_memory;
	int struck; /* steps that ended for want of memory */
	const char *doing;
	int done[32]; /* how often each kind of step succeeded */
};

static const char *const names[] = { "weibo-main", "weibo-two", "weibo-three" };
static const struct quota_window quotas[] = {
	{ .scope = "hour", .window_ms = HOUR_MS, .limit = 12 },
	{ .scope = "day", .window_ms = DAY_MS, .limit = 150 },
};

static void stop(const struct walk *walk, const char *what, int64_t id)
{
	fail_msg("step %d, %s: %s (%" PRId64 ")", walk->step, walk->doing, what, id);
}

static bool chance(int percent)
{
	return random_below(100) < percent;
}

/* A random row of a query that gives ids; 0: none. */
static int64_t pick(struct walk *walk, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t ids[SENDS_MAX];
	size_t n = 0;
	long left = torture_pause(); /* it is the test that looks */

	CHECK_INT(sqlite3_prepare_v2(walk->rig->tx->sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
	while (n < ARRAY_LEN(ids) && sqlite3_step(stmt) == SQLITE_ROW) {
		ids[n++] = sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_finalize(stmt);
	torture_resume(left);
	return n ? ids[random_below((int64_t)n)] : 0;
}

/* ---- steps on sends ---- */

static bool step_post(struct walk *walk)
{
	struct rig *rig = walk->rig;
	char key[24];
	char text[24];
	struct post_id post;
	enum post_insert what;
	size_t n = (size_t)random_below(3) + 1;

	(void)snprintf(key, sizeof(key), "k%d", (int)random_below(200));
	(void)snprintf(text, sizeof(text), "text %d", (int)random_below(3));
	return rig_insert(rig, chance(50) ? key : NULL, text, chance(20) ? 0 : rig->now_at + random_below(HOUR_MS),
		names, n, &post, &what);
}

static bool step_claim(struct walk *walk)
{
	struct rig *rig = walk->rig;
	struct send_id send = { pick(
		walk, chance(90) ? "SELECT id FROM send WHERE state = 'queued'" : "SELECT id FROM send") };
	struct send_row row = { 0 };
	bool claimed = false;
	bool ok = send.v && rig_try_claim(rig, send, quotas, ARRAY_LEN(quotas), &row, &claimed);

	(void)torture_disarm();
	if (ok && claimed) {
		struct account_row account = { 0 };

		CHECK_OK(account_load(rig->tx, row.account, &account, &rig->err), rig->err);
		if (account.state != ACCOUNT_READY) {
			stop(walk, "claimed for an account that is not ready", send.v);
		}
		if (row.due_at > rig->now_at || row.next_at > rig->now_at) {
			stop(walk, "claimed before its time", send.v);
		}
		if (walk->landed[send.v]) {
			stop(walk, "on its way again although it is there", send.v);
		}
		if (walk->called_off[send.v]) {
			stop(walk, "on its way although it was called off", send.v);
		}
		account_row_finish(&account);
		/* What the platform makes of it, whether or not we hear of it. */
		walk->lands[send.v] = chance(60);
		walk->landed[send.v] += walk->lands[send.v];
		send_row_finish(&row);
	}
	return ok;
}

static bool step_answer(struct walk *walk)
{
	struct rig *rig = walk->rig;
	struct send_id send = { pick(walk, "SELECT id FROM send WHERE state = 'sending'") };
	struct send_result result = { .next_at = rig->now_at + random_below(10 * MINUTE_MS), .took_ms = 20 };
	char remote_id[32];
	bool applied = false;

	(void)snprintf(remote_id, sizeof(remote_id), "r%" PRId64, send.v);
	result.event = chance(20)            ? SEND_LOSE
		       : walk->lands[send.v] ? SEND_ACCEPT
		       : chance(70)          ? SEND_DEFER
					     : SEND_REFUSE;
	result.remote_id = result.event == SEND_ACCEPT && chance(90) ? remote_id : NULL;
	if (result.event != SEND_ACCEPT) {
		(void)error_set(&result.error, ERROR_PLATFORM, ADVISE_RETRY, 1, "no");
	}
	return send.v && send_finish(rig->tx, send, &result, &applied, &rig->err) &&
	       (!chance(5) || account_park(rig->tx, (struct account_id){ random_below(3) + 1 }, NULL, PARK_TOKEN,
				      "token refused", &rig->err));
}

static bool step_look(struct walk *walk)
{
	struct rig *rig = walk->rig;
	struct send_id send = { pick(walk, "SELECT id FROM send WHERE state = 'unsure'") };
	struct send_result result = { 0 };
	char remote_id[32];
	bool applied = false;

	if (!send.v) {
		return false;
	}
	if (chance(30)) {
		return send_look_again(
			rig->tx, send, chance(80) ? rig->now_at + MINUTE_MS : 0, "does not tell", &rig->err);
	}
	(void)snprintf(remote_id, sizeof(remote_id), "r%" PRId64, send.v);
	result.event = walk->landed[send.v] ? SEND_FIND : SEND_MISS;
	result.remote_id = walk->landed[send.v] ? remote_id : NULL;
	return send_finish(rig->tx, send, &result, &applied, &rig->err);
}

/* News of something that was settled long ago. */
static bool step_late_news(struct walk *walk)
{
	static const enum send_event events[] = { SEND_ACCEPT, SEND_DEFER, SEND_REFUSE, SEND_LOSE, SEND_FIND,
		SEND_MISS };
	struct rig *rig = walk->rig;
	struct send_id send = { pick(
		walk, "SELECT id FROM send WHERE state IN ('sent', 'cancelled', 'failed', 'held', 'queued')") };
	struct send_result result = { .event = events[random_below(ARRAY_LEN(events))] };
	bool applied = false;
	bool ok = send.v && send_finish(rig->tx, send, &result, &applied, &rig->err);

	(void)torture_disarm();
	if (applied) {
		stop(walk, "late news was applied", send.v);
	}
	return ok;
}

static bool call_off(struct walk *walk, int64_t send, bool off)
{
	walk->called_off[send] = off;
	return true;
}

/* What of a post is held gets a time, and goes then. */
static bool give_time(struct walk *walk, struct post_id post)
{
	struct rig *rig = walk->rig;
	struct send_id *sends = NULL;
	bool was_held[ARRAY_LEN(names)] = { false };
	size_t n = 0;
	long left = torture_pause();
	bool ok;

	CHECK_OK(send_list_of_post(rig->tx, post, &sends, &n, &rig->err), rig->err);
	CHECK(n <= ARRAY_LEN(was_held));
	for (size_t i = 0; i < n; i++) {
		was_held[i] = rig_number(rig, "SELECT state = 'held' FROM send WHERE id = ?1", sends[i].v);
	}
	torture_resume(left);
	ok = post_set_due(rig->tx, &officer, post, rig->now_at + random_below(DAY_MS), &rig->err);
	for (size_t i = 0; ok && i < n; i++) {
		walk->called_off[sends[i].v] = walk->called_off[sends[i].v] && !was_held[i];
	}
	free(sends);
	return ok;
}

static bool step_person(struct walk *walk)
{
	struct rig *rig = walk->rig;
	struct send_id send = { pick(walk, "SELECT id FROM send") };
	int64_t unsure = pick(walk, "SELECT id FROM send WHERE state = 'unsure'");
	int64_t flying = pick(walk, "SELECT id FROM send WHERE state IN ('unsure', 'sending')");

	if (!send.v) {
		return false;
	}
	if (flying && chance(30)) {
		send.v = flying;
	}
	switch (random_below(6)) {
	case 0:
		return send_hold(rig->tx, &officer, send, "wording", &rig->err) && call_off(walk, send.v, true);
	case 1:
		return send_release(rig->tx, &officer, send, chance(50) ? 0 : rig->now_at + random_below(HOUR_MS),
			       &rig->err) &&
		       call_off(walk, send.v, false);
	case 2:
		return send_cancel(rig->tx, &officer, send, "no longer true", &rig->err) &&
		       call_off(walk, send.v, true);
	case 3:
		return send_retry(rig->tx, &officer, send, &rig->err) && call_off(walk, send.v, false);
	case 4:
		/* Who settles has looked. */
		return unsure &&
		       send_settle(rig->tx, &leader, (struct send_id){ unsure },
			       walk->landed[unsure] ? SEND_SETTLE_SENT
			       : chance(50)         ? SEND_SETTLE_ABSENT
						    : SEND_MISS,
			       NULL, NULL, &rig->err) &&
		       call_off(walk, unsure, false);
	default:
		return give_time(walk, (struct post_id){ pick(walk, "SELECT id FROM post") });
	}
}

static bool step_account(struct walk *walk)
{
	struct rig *rig = walk->rig;
	struct account_id account = { random_below(3) + 1 };

	switch (random_below(6)) {
	case 0:
		return account_pause(rig->tx, &leader, account, "quiet period", &rig->err);
	case 1:
	case 2:
		return account_resume(rig->tx, &leader, account, &rig->err);
	case 3:
		return account_park(rig->tx, account, NULL, PARK_TOKEN, "token refused", &rig->err);
	case 4:
		return rig_login(rig, account, "2.00again");
	default:
		return rig_sync(rig, names, chance(80) ? 3 : 2, true);
	}
}

static bool step_restart(struct walk *walk)
{
	struct rig *rig = walk->rig;
	int n;

	/* The step's own transaction goes with the process. */
	(void)torture_disarm();
	tx_try(rig->tx, "ROLLBACK");
	tx_close(rig->tx);
	rig->tx = NULL;
	CHECK_OK(tx_open(rig->path, true, &rig->tx, &rig->err), rig->err);
	CHECK_OK(tx_exec(rig->tx, "PRAGMA synchronous = OFF", &rig->err), rig->err);
	rig_begin(rig);
	return send_recover(rig->tx, MINUTE_MS, &n, &rig->err) && send_arm_all(rig->tx, &rig->err) &&
	       ticket_arm_all(rig->tx, &rig->err) && notice_arm_all(rig->tx, &rig->err);
}

/* ---- steps on tickets ---- */

static bool step_message(struct walk *walk)
{
	struct rig *rig = walk->rig;
	struct message message = {
		.kind = (enum message_kind)random_below(3), .created_at = rig->now_at, .from_us = chance(10)
	};
	static const int priorities[] = { 0, 1, 2, 3, 3, 3, 4, 5, 9 };
	struct ticket_clocks clocks[PRIORITIES];
	struct message_new new = { .message = &message,
		.priority = priorities[random_below(ARRAY_LEN(priorities))],
		.class = "consult",
		.clocks = clocks };
	struct ticket_id ticket = { 0 };
	enum intake_result what;
	char text[4][24];
	bool ok;

	for (size_t i = 0; i < PRIORITIES; i++) {
		clocks[i] = (struct ticket_clocks){ .ack_at = rig->now_at + HOUR_MS,
			.reply_at = chance(50) ? rig->now_at + DAY_MS : 0,
			.answer_at = chance(50) ? rig->now_at + 5 * DAY_MS : 0,
			.rung_at = chance(50) ? rig->now_at + HOUR_MS : 0 };
	}
	/* Few ids: some are known already. */
	(void)snprintf(text[0], sizeof(text[0]), "%d", (int)random_below(3000));
	(void)snprintf(text[1], sizeof(text[1]), "author%d", (int)random_below(8));
	(void)snprintf(text[2], sizeof(text[2]), "status%d", (int)random_below(3));
	(void)snprintf(text[3], sizeof(text[3]), "%d", (int)random_below(3000));
	message.remote_id = text[0];
	message.author_id = text[1];
	message.status_id = text[2];
	message.parent_id = text[3];
	message.text = text[1];
	ok = intake_message(rig->tx, (struct account_id){ random_below(3) + 1 }, &new, &what, &ticket, &rig->err);
	(void)torture_disarm();
	if (ok && (what == INTAKE_OPENED || what == INTAKE_JOINED) && new.priority == PRIORITY_LIFE &&
		rig_effects(rig, EFFECT_ALARM, 0) != 1) {
		stop(walk, "a life in danger, and no alarm", ticket.v);
	}
	return ok;
}

static bool step_ticket(struct walk *walk)
{
	static const struct actor *const people[] = { &officer, &colleague, &leader };
	static const char *const results[] = { "answered", "no-answer-due", "transferred", "withdrawn", "duplicate",
		"solved" };
	struct rig *rig = walk->rig;
	const struct actor *actor = people[random_below(ARRAY_LEN(people))];
	struct ticket_id ticket = { pick(walk, "SELECT id FROM ticket") };
	struct send_id send = { 0 };
	int64_t version;
	long left;

	if (!ticket.v) {
		return false;
	}
	left = torture_pause();
	version = rig_number(rig, "SELECT version FROM ticket WHERE id = ?1", ticket.v);
	torture_resume(left);
	switch (random_below(14)) {
	case 0:
	case 1:
		return ticket_claim(rig->tx, actor, ticket, 30 * MINUTE_MS, chance(30), &rig->err);
	case 2:
		return ticket_release(rig->tx, actor, ticket, &rig->err);
	case 3:
		return ticket_expire_lease(rig->tx, ticket, &rig->err);
	case 4:
	case 5:
	case 6:
		/* Who has it, answers it; sometimes against another version. */
		return ticket_claim(rig->tx, actor, ticket, 30 * MINUTE_MS, false, &rig->err) &&
		       ticket_reply(
			       rig->tx, actor, ticket, version + random_below(3), "答复", chance(30), &send, &rig->err);
	case 7:
		return ticket_note(rig->tx, actor, ticket, "note", &rig->err);
	case 8:
		return ticket_assign(rig->tx, &leader, ticket, "water-office", "theirs", &rig->err);
	case 9:
		return ticket_transfer(rig->tx, actor, ticket, "12345", NULL, "theirs", &rig->err);
	case 10:
		return ticket_escalate(rig->tx, actor, ticket, NULL, "no answer", (int)random_below(6) - 1, &rig->err);
	case 11:
		return ticket_close(
			rig->tx, actor, ticket, results[random_below(ARRAY_LEN(results))], "done", &rig->err);
	case 12:
		return ticket_reopen(rig->tx, actor, ticket, "again", &rig->err);
	default:
		return ticket_climb(rig->tx, ticket, random_below(8), "leader", "late",
			       chance(50) ? rig->now_at + HOUR_MS : 0, &rig->err) &&
		       ticket_set_deadlines(rig->tx, ticket, rig->now_at + HOUR_MS, 0, rig->now_at + DAY_MS, &rig->err);
	}
}

static bool step_notice(struct walk *walk)
{
	return notice_done(walk->rig->tx, pick(walk, "SELECT id FROM notice WHERE state = 'open'"), chance(60) ? 0 : 1,
		"exit", &walk->rig->err);
}

/* ---- invariants ---- */

static bool send_may_move(enum send_state from, enum send_wish wish, enum send_state to)
{
	for (int event = 0; event < SEND_EVENTS; event++) {
		enum send_state next;

		/* Under the wish, or against it when a person said "once more". */
		if ((send_next_wished(from, (enum send_event)event, wish, &next) && next == to) ||
			(event == SEND_MISS && send_next(from, SEND_MISS, &next) && next == to)) {
			return true;
		}
	}
	return false;
}

static void check_sends(struct walk *walk)
{
	static const char sql[] =
		"SELECT id, state, hold, look_at, attempts, (SELECT count(*) FROM attempt WHERE send_id = send.id),"
		" (SELECT count(*) FROM attempt WHERE send_id = send.id AND ended_at IS NULL AND number = "
		"send.attempts), wish FROM send";
	struct rig *rig = walk->rig;
	sqlite3_stmt *stmt = NULL;

	CHECK_INT(sqlite3_prepare_v2(rig->tx->sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(stmt, 0);
		enum send_state now = SEND_HELD;
		int was = walk->send_was[id];
		enum send_wish wish;
		bool held;

		CHECK(id < SENDS_MAX && send_state_parse((const char *)sqlite3_column_text(stmt, 1), &now));
		held = now == SEND_HELD;
		if (was && was != (int)now + 1) {
			if (!send_may_move((enum send_state)(was - 1), walk->wish_was[id], now)) {
				stop(walk, "moved where no edge leads", id);
			}
			if (rig_effects(rig, EFFECT_EVENT, 0) == 0) {
				stop(walk, "moved without an event", id);
			}
		}
		if (!was && now != SEND_HELD && now != SEND_QUEUED) {
			stop(walk, "began in an odd state", id);
		}
		if (was != (int)now + 1 && now == SEND_QUEUED && rig_effects(rig, EFFECT_SEND_DUE, id) == 0) {
			stop(walk, "queued, and nobody was told when", id);
		}
		if (was != (int)now + 1 && now == SEND_UNSURE && rig_effects(rig, EFFECT_SEND_LOOK, id) == 0) {
			stop(walk, "unsure, and nobody looks", id);
		}
		if (held == (sqlite3_column_type(stmt, 2) == SQLITE_NULL)) {
			stop(walk, "a hold without a reason, or a reason without a hold", id);
		}
		if (now != SEND_UNSURE && sqlite3_column_type(stmt, 3) != SQLITE_NULL) {
			stop(walk, "is looked for without being unsure", id);
		}
		if (sqlite3_column_int64(stmt, 4) != sqlite3_column_int64(stmt, 5)) {
			stop(walk, "attempts and their rows differ", id);
		}
		if (now == SEND_SENDING && sqlite3_column_int64(stmt, 6) != 1) {
			stop(walk, "sending without an open attempt", id);
		}
		if (walk->landed[id] > 1) {
			stop(walk, "on the platform twice", id);
		}
		if (walk->landed[id] && now != SEND_SENT && now != SEND_UNSURE && now != SEND_SENDING) {
			stop(walk, "it is there, and we say otherwise", id);
		}
		if (!walk->landed[id] && now == SEND_SENT) {
			stop(walk, "it is not there, and we say it is", id);
		}
		wish = WISH_NONE;
		if (sqlite3_column_type(stmt, 7) != SQLITE_NULL) {
			CHECK(send_wish_parse((const char *)sqlite3_column_text(stmt, 7), &wish));
		}
		if (wish != WISH_NONE && !send_takes_wish(now)) {
			stop(walk, "a wish that can come to nothing any more", id);
		}
		if ((wish != WISH_NONE) != (walk->called_off[id] && send_takes_wish(now))) {
			stop(walk, "called off, and its row does not know; or the other way round", id);
		}
		walk->wish_was[id] = wish;
		walk->send_was[id] = (int)now + 1;
	}
	(void)sqlite3_finalize(stmt);
}

static bool ticket_may_move(enum ticket_state from, enum ticket_state to)
{
	enum ticket_state next;

	for (int event = 0; event < TICKET_EVENTS; event++) {
		if (ticket_next(from, (enum ticket_event)event, &next) && next == to) {
			return true;
		}
	}
	/* A reply that asks; a citizen who writes again to somebody who holds it; a claim and a reply in one step. */
	return (ticket_next(from, TICKET_REPLY, &next) && to == TICKET_WAITING) ||
	       (ticket_next(from, TICKET_CITIZEN, &next) && to == TICKET_CLAIMED) ||
	       (ticket_next(from, TICKET_BOUNCE, &next) && to == TICKET_CLAIMED) ||
	       (ticket_next(from, TICKET_CLAIM, &next) && (to == TICKET_REPLIED || to == TICKET_WAITING));
}

static void check_tickets(struct walk *walk)
{
	struct rig *rig = walk->rig;
	sqlite3_stmt *stmt = NULL;

	CHECK_INT(sqlite3_prepare_v2(
			  rig->tx->sqlite, "SELECT id, state, version, next_due_at FROM ticket", -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(stmt, 0);
		struct ticket_row row = { 0 };
		int was = walk->ticket_was[id];

		CHECK(id < TICKETS_MAX);
		CHECK_OK(ticket_load(rig->tx, (struct ticket_id){ id }, &row, &rig->err), rig->err);
		if (was && was != (int)row.state + 1 && !ticket_may_move((enum ticket_state)(was - 1), row.state)) {
			stop(walk, "a ticket moved where no edge leads", id);
		}
		if (row.version < walk->version_was[id]) {
			stop(walk, "a version went back", id);
		}
		if (sqlite3_column_int64(stmt, 3) != ticket_next_due(&row)) {
			stop(walk, "the nearest deadline is another one", id);
		}
		if ((row.state == TICKET_CLOSED) != (row.closed_at != 0) ||
			(row.state == TICKET_CLOSED && row.holder_uid >= 0)) {
			stop(walk, "closed by halves", id);
		}
		if ((row.holder_uid >= 0) != (row.lease_until_at != 0)) {
			stop(walk, "held without a lease", id);
		}
		walk->ticket_was[id] = (int)row.state + 1;
		walk->version_was[id] = row.version;
		ticket_row_finish(&row);
	}
	(void)sqlite3_finalize(stmt);
}

static void check_whole(struct walk *walk)
{
	static const struct {
		const char *what;
		const char *sql;
	} none[] = {
		{ "a citizen's message without a ticket",
			"SELECT count(*) FROM message WHERE from_us = 0 AND ticket_id IS NULL" },
		{ "a ticket without a message", "SELECT count(*) FROM ticket WHERE NOT EXISTS (SELECT 1 FROM message "
						"WHERE ticket_id = ticket.id"
						" AND id = ticket.last_message_id AND from_us = 0)" },
		/* Unless a person took out an old one again. */
		{ "two open tickets of one thread", "SELECT count(*) FROM (SELECT 1 FROM ticket WHERE state <> "
						    "'closed' AND NOT EXISTS (SELECT 1 FROM event"
						    " WHERE action = 'ticket.reopen' AND object = 'ticket' AND "
						    "object_id = ticket.id AND actor_uid >= 0)"
						    " GROUP BY account_id, author_id, thread HAVING count(*) > 1)" },
		{ "a message in another citizen's ticket",
			"SELECT count(*) FROM message JOIN ticket ON ticket.id = ticket_id WHERE from_us = 0"
			" AND (message.author_id <> ticket.author_id OR message.account_id <> ticket.account_id)" },
		{ "a post twice under one key", "SELECT count(*) FROM (SELECT 1 FROM post WHERE key IS NOT NULL"
						" GROUP BY key HAVING count(*) > 1)" },
		{ "a quota overdrawn",
			"SELECT count(*) FROM quota WHERE used > CASE scope WHEN 'hour' THEN 12 ELSE 150 END" },
		{ "a ticket that was about a life and forgot it",
			"SELECT count(*) FROM ticket WHERE ever_p0 = 0 AND priority = 0" },
	};

	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		if (rig_number(walk->rig, none[i].sql, 0)) {
			stop(walk, none[i].what, rig_number(walk->rig, none[i].sql, 0));
		}
	}
	rig_check_counters(walk->rig);
}

static const struct {
	const char *name;
	bool (*run)(struct walk *walk);
	int weight;
} steps[] = {
	{ "post", step_post, 8 },
	{ "claim", step_claim, 30 },
	{ "answer", step_answer, 20 },
	{ "look", step_look, 10 },
	{ "late news", step_late_news, 3 },
	{ "person", step_person, 10 },
	{ "account", step_account, 4 },
	{ "restart", step_restart, 1 },
	{ "message", step_message, 12 },
	{ "ticket", step_ticket, 25 },
	{ "notice", step_notice, 5 },
};

static void take_step(struct walk *walk)
{
	struct rig *rig = walk->rig;
	int64_t at = 0;
	size_t i = 0;
	bool ok;

	for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
		at += steps[k].weight;
	}
	at = random_below(at);
	while (at >= steps[i].weight) {
		at -= steps[i++].weight;
	}
	rig->now_at += chance(2) ? random_below(3 * DAY_MS) : random_below(5 * MINUTE_MS);
	walk->doing = steps[i].name;
	rig_begin(rig);
	if (walk->short_of_memory && chance(50)) {
		torture_arm(random_below(chance(50) ? 8 : 200) + 1);
	}
	ok = steps[i].run(walk);
	(void)torture_disarm();
	tx_try(rig->tx, ok ? "COMMIT" : "ROLLBACK");
	walk->done[i] += ok;
	if (!ok) {
		effects_cut(&rig->tx->effects, 0);
		if (torture.fired && rig->err.advice == ADVISE_RETRY) {
			walk->struck++;
		} else if (rig->err.advice && rig->err.advice != ADVISE_REJECT) {
			stop(walk, rig->err.message, rig->err.code);
		}
	}
	check_sends(walk);
	check_tickets(walk);
	if (walk->step % 25 == 0) {
		check_whole(walk);
	}
}

/* When every account is ready again, nothing waits for one. */
static void check_nothing_is_stuck(struct walk *walk)
{
	struct rig *rig = walk->rig;

	walk->doing = "the end";
	DO(rig, rig_sync(rig, names, 3, true));
	for (int64_t id = 1; id <= 3; id++) {
		struct account_row row = { 0 };

		DO(rig, rig_login(rig, (struct account_id){ id }, "2.00last"));
		DO(rig, account_load(rig->tx, (struct account_id){ id }, &row, &rig->err));
		if (row.state == ACCOUNT_PAUSED) {
			DO(rig, account_resume(rig->tx, &leader, (struct account_id){ id }, &rig->err));
		}
		account_row_finish(&row);
	}
	if (rig_number(rig, "SELECT count(*) FROM send WHERE hold LIKE 'account%'", 0)) {
		stop(walk, "still held for an account",
			rig_number(rig, "SELECT id FROM send WHERE hold LIKE 'account%'", 0));
	}
	check_whole(walk);
}

static void walk_with(uint64_t seed, bool short_of_memory)
{
	cleanup(rig_freep) struct rig *rig = rig_new();
	struct walk *walk = xnew(struct walk);
	const char *wanted = getenv("GAZETTE_WALK_STEPS");
	int64_t n = 1500;

	if (wanted && !str_to_i64(str_from(wanted), 1, 100000, &n)) {
		fail_msg("GAZETTE_WALK_STEPS: no number");
	}
	random_seed(seed);
	walk->rig = rig;
	walk->short_of_memory = short_of_memory;
	DO(rig, rig_sync(rig, names, 3, true));
	for (walk->step = 0; walk->step < n; walk->step++) {
		take_step(walk);
	}
	check_nothing_is_stuck(walk);
	for (size_t i = 0; n >= 1000 && !short_of_memory && i < ARRAY_LEN(steps); i++) {
		if (walk->done[i] == 0) {
			fail_msg("\"%s\" never succeeded: the walk shows nothing", steps[i].name);
		}
	}
	if (short_of_memory && walk->struck < n / 20) {
		fail_msg("memory ran out %d times only: the walk shows nothing", walk->struck);
	}
	free(walk);
}

static void test_walk__one(void **state)
{
	(void)state;
	walk_with(1, false);
}

static void test_walk__two(void **state)
{
	(void)state;
	walk_with(20260105, false);
}

static void test_walk__three(void **state)
{
	(void)state;
	walk_with(4242424242, false);
}

static void test_walk__short_of_memory(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		walk_with(seed * 7919, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk__one),
		cmocka_unit_test(test_walk__two),
		cmocka_unit_test(test_walk__three),
		cmocka_unit_test(test_walk__short_of_memory),
	};

	if (!torture_install()) {
		return 1;
	}
	return check_run(tests);
}
