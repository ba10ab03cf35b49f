/*
 * The judge of a campaign. Reads what the simulators have in their ledgers, what was asked for and acknowledged, and
 * what the command line says at the end; knows nothing of the daemon's code or store.
 *
 *   judge DIR      ledger-weibo.json, ledger-wechat.json, intents, posts.jsonl, tickets.jsonl
 *
 * A post is p<number>, a comment c<burst>.<n>, a message w<writer>.<n>, a reply r<number>: each stands in brackets in
 * its text. Prints a line "RULE what: why" for each thing that is wrong, then the sums. Exit 1 when anything is.
 *
 * The daemon cannot know that its clock is wrong: early and late are judged by what it showed at the time, give or take
 * a moment around the minute in which it was set.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "codec/json.h"
#include "core/attr.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/str.h"
#include "text/when.h"

#define FILE_MAX       (1u << 30)
#define SLOTS          (1u << 21)
#define NAME_BYTES     96
#define LATE_GRACE_MS  10000            /* claimed in time, stopped for seconds, then sent */
#define CLOCK_GRACE_MS 6000             /* how long before an effect its clock was read, at most */
#define SHOWN_MAX      40               /* lines for each rule */
#define ON_ITS_WAY_MS  45000            /* a request that left before it was called off */
#define DOUBT_MAX_MS   (45 * MINUTE_MS) /* eight looks, ever further apart, and then a person is asked */

enum rule {
	DOUBLED,
	LOST,
	EARLY,
	LATE,
	AFTER_CANCEL,
	AFTER_HOLD,
	WHILE_PAUSED,
	UNSETTLED,
	UNTRUE,
	UNASKED,
	MESSAGE_LOST,
	MESSAGE_DOUBLED,
	REPLY_LOST,
	REPLY_DOUBLED,
	HISTORY,
	OVERDUE,
	RULES
};

static const char *const rule_names[] = { "doubled", "lost", "early", "late", "after-cancel", "after-hold",
	"while-paused", "unsettled", "untrue", "unasked", "message-lost", "message-doubled", "reply-lost",
	"reply-doubled", "history", "overdue" };
_Static_assert(ARRAY_LEN(rule_names) == RULES, "each rule has a name");

static int64_t found[RULES];

/* Anything with a name: a delivery "p12/weibo-1", a message, a reply. */
struct thing {
	char name[NAME_BYTES];
	int asked;   /* 1: perhaps; 2: acknowledged; -1: refused only */
	int on_page; /* entries on the ledger */
	int64_t on_page_at;
	int shown; /* how often the command line shows it */
	char state[16];
	bool question;
	int64_t due_min_at, due_max_at, late_ms;
	bool decided;       /* a person let it go: the late rule is done with */
	int64_t pending_at; /* the platform took it as a job; 0: it did not */
};

/* An order about a delivery, or a whole account. */
struct order {
	char name[NAME_BYTES];
	char op[16];
	int64_t asked_at, at;
	enum { NO, YES, PERHAPS } answer;
	bool wished; /* it may have been on its way already */
};

struct clock_set {
	int64_t at, wrong_ms;
};

static struct thing *things[SLOTS];
static struct thing **all;
static size_t n_all, cap_all;
static struct order *orders;
static size_t n_orders, cap_orders;
static struct clock_set *clocks;
static size_t n_clocks, cap_clocks;
static char (*post_keys)[24]; /* by the daemon's number */
static int64_t n_post_keys;
static struct clock_set *forwards; /* wrong_ms: by how much everybody's clock went on at once */
static size_t n_forwards, cap_forwards;
static int64_t longest_doubt_ms, doubts, questions;

static void wrong(enum rule rule, const char *format, ...) printf_like(2, 3);
static void wrong(enum rule rule, const char *format, ...)
{
	va_list args;

	if (found[rule]++ >= SHOWN_MAX) {
		return;
	}
	(void)printf("%s ", rule_names[rule]);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)putchar('\n');
}

static void noreturn_function die(const char *path, const char *why)
{
	(void)fprintf(stderr, "judge: %s: %s\n", path, why);
	exit(2);
}

static struct thing *thing_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t slot;

	for (const char *c = name; *c; c++) {
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	}
	for (slot = (hash ^ hash >> 29) % SLOTS; things[slot]; slot = (slot + 1) % SLOTS) {
		if (strcmp(things[slot]->name, name) == 0) {
			return things[slot];
		}
	}
	if (n_all >= SLOTS / 2) {
		die(name, "more than this program can hold");
	}
	things[slot] = xnew(struct thing);
	(void)snprintf(things[slot]->name, NAME_BYTES, "%s", name);
	array_grow(all, n_all, cap_all);
	return all[n_all++] = things[slot];
}

static char *read_all(const char *dir, const char *name)
{
	char path[1024];
	char *text = NULL;
	size_t n = 0, cap = 0, got;
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	in = fopen(path, "re");
	if (!in) {
		die(path, strerror(errno));
	}
	do {
		if (cap - n < 65536) {
			cap = cap ? cap * 2 : 1u << 20;
			if (cap > FILE_MAX) {
				die(path, "too long");
			}
			text = xrealloc_array(text, cap, 1);
		}
		got = fread(text + n, 1, cap - n - 1, in);
		n += got;
	} while (got > 0);
	text[n] = '\0';
	(void)fclose(in);
	return text;
}

static void each_line(const char *dir, const char *name, void (*on_line)(const cJSON *line))
{
	char *text = read_all(dir, name);
	struct str rest = str_from(text);
	struct str line;

	while (str_split(&rest, '\n', &line)) {
		cleanup(json_freep) cJSON *json = NULL;

		if (line.n == 0) {
			continue;
		}
		json = cJSON_ParseWithLength(line.p, line.n);
		if (!json) {
			die(name, "has a line that is no JSON");
		}
		on_line(json);
	}
	free(text);
}

/* The first "[...]" of a text that begins with this letter and a digit; false when there is none. */
static bool tag_of(const char *text, const char *letters, char *ret_tag, size_t cap)
{
	for (const char *at = text; (at = strchr(at, '[')); at++) {
		size_t n = strcspn(at + 1, "]");

		if (at[1] && strchr(letters, at[1]) && at[2] >= '0' && at[2] <= '9' && n < cap) {
			(void)snprintf(ret_tag, cap, "%.*s", (int)n, at + 1);
			return true;
		}
	}
	return false;
}

/* How wrong the daemon's clock may have been when it decided about what had its effect then. */
static void wrong_between(int64_t at, int64_t *ret_min_ms, int64_t *ret_max_ms)
{
	int64_t now_ms = 0;
	bool any = false;

	*ret_min_ms = *ret_max_ms = 0;
	for (size_t i = 0; i < n_clocks && clocks[i].at <= at + 500; i++) {
		if (clocks[i].at < at - CLOCK_GRACE_MS) {
			now_ms = clocks[i].wrong_ms;
			continue;
		}
		if (!any) {
			*ret_min_ms = *ret_max_ms = now_ms;
			any = true;
		}
		*ret_min_ms = clocks[i].wrong_ms < *ret_min_ms ? clocks[i].wrong_ms : *ret_min_ms;
		*ret_max_ms = clocks[i].wrong_ms > *ret_max_ms ? clocks[i].wrong_ms : *ret_max_ms;
	}
	if (!any) {
		*ret_min_ms = *ret_max_ms = now_ms;
	}
}

static int answer_of(const cJSON *line)
{
	const char *word = json_text(line, "answer", "unknown");

	return strcmp(word, "yes") == 0 ? YES : strcmp(word, "no") == 0 ? NO : PERHAPS;
}

static void asked(struct thing *thing, int answer)
{
	if (answer == YES) {
		thing->asked = 2;
	} else if (answer == PERHAPS && thing->asked < 1) {
		thing->asked = 1;
	} else if (answer == NO && thing->asked == 0) {
		thing->asked = -1;
	}
}

static void add_order(const cJSON *line, const char *name)
{
	struct order *order;

	array_grow(orders, n_orders, cap_orders);
	order = &orders[n_orders++];
	(void)snprintf(order->name, sizeof(order->name), "%s", name);
	(void)snprintf(order->op, sizeof(order->op), "%s", json_text(line, "op", json_text(line, "outcome", "")));
	order->asked_at = json_i64(line, "asked_at", 0);
	order->at = json_i64(line, "at", 0);
	order->answer = answer_of(line);
	order->wished = json_get(line, "wish") != NULL;
}

/* First reading: what the orders are given in, which is the daemon's numbers. */
static void on_post_number(const cJSON *line)
{
	int64_t id = json_i64(line, "id", 0);
	const char *key = json_text(line, "key", "");

	if (id <= 0 || id > 10000000) {
		die("posts.jsonl", "a post without a number");
	}
	if (id >= n_post_keys) {
		int64_t n = id * 2 + 64;

		post_keys = xrealloc_array(post_keys, (size_t)n, sizeof(*post_keys));
		memset(post_keys + n_post_keys, 0, (size_t)(n - n_post_keys) * sizeof(*post_keys));
		n_post_keys = n;
	}
	(void)snprintf(post_keys[id], sizeof(post_keys[id]), "%s", key);
}

/* "12/weibo-1" is "p7/weibo-1"; as it is when the post is not there. */
static void name_of(const char *delivery, char *ret_name)
{
	const char *slash = strchr(delivery, '/');
	int64_t id;

	if (slash && str_to_i64((struct str){ delivery, (size_t)(slash - delivery) }, 1, n_post_keys - 1, &id) &&
		post_keys[id][0]) {
		(void)snprintf(ret_name, NAME_BYTES, "%s%s", post_keys[id], slash);
	} else {
		(void)snprintf(ret_name, NAME_BYTES, "%s", delivery);
	}
}

static void on_asked_post(const cJSON *line)
{
	const cJSON *account;
	char name[NAME_BYTES];

	cJSON_ArrayForEach(account, json_get(line, "accounts"))
	{
		struct thing *thing;
		int64_t due_at = json_i64(line, "due_at", 0);
		int64_t min_ms, max_ms, first_at, last_at;

		(void)snprintf(name, sizeof(name), "%s/%s", json_text(line, "key", ""), account->valuestring);
		thing = thing_of(name);
		asked(thing, answer_of(line));
		wrong_between(json_i64(line, "at", 0), &min_ms, &max_ms);
		first_at = due_at > 0 ? due_at : json_i64(line, "asked_at", 0) + min_ms;
		last_at = due_at > 0 ? due_at : json_i64(line, "at", 0) + max_ms;
		if (answer_of(line) == NO) {
			continue;
		}
		thing->due_min_at = thing->due_min_at == 0 || first_at < thing->due_min_at ? first_at
											   : thing->due_min_at;
		thing->due_max_at = last_at > thing->due_max_at ? last_at : thing->due_max_at;
		thing->late_ms = json_i64(line, "late_ms", 0);
	}
}

static void on_clock(const cJSON *line)
{
	if (strcmp(json_text(line, "what", ""), "clock") == 0) {
		array_grow(clocks, n_clocks, cap_clocks);
		clocks[n_clocks++] = (struct clock_set){ json_i64(line, "at", 0), json_i64(line, "wrong_ms", 0) };
	}
}

static void on_forward(const cJSON *line)
{
	if (strcmp(json_text(line, "what", ""), "forward") == 0) {
		array_grow(forwards, n_forwards, cap_forwards);
		forwards[n_forwards++] = (struct clock_set){ json_i64(line, "at", 0), json_i64(line, "ms", 0) };
	}
}

/* A job that was under way when the clocks went on appears by so much later, and nobody is to blame. */
static void forget_forwards(struct thing *thing)
{
	for (size_t i = 0; thing->pending_at > 0 && thing->on_page > 0 && i < n_forwards; i++) {
		if (thing->pending_at <= forwards[i].at + 1000 &&
			thing->on_page_at >= forwards[i].at + forwards[i].wrong_ms) {
			thing->on_page_at -= forwards[i].wrong_ms;
		}
	}
}

static void on_schedule(const cJSON *line)
{
	char prefix[32];
	size_t n;
	int64_t id = json_i64(line, "post", 0);
	int64_t due_at = json_i64(line, "due_at", 0);

	if (id < 1 || id >= n_post_keys || !post_keys[id][0] || answer_of(line) == NO) {
		return;
	}
	(void)snprintf(prefix, sizeof(prefix), "%s/", post_keys[id]);
	n = strlen(prefix);
	for (size_t i = 0; i < n_all; i++) {
		if (strncmp(all[i]->name, prefix, n) == 0) {
			/* Which of its deliveries were held, and so took the new time, is not known here. */
			all[i]->decided = true;
			all[i]->due_min_at = due_at < all[i]->due_min_at ? due_at : all[i]->due_min_at;
			add_order(line, all[i]->name);
		}
	}
}

static void on_intent(const cJSON *line)
{
	const char *what = json_text(line, "what", "");
	char name[NAME_BYTES];

	if (strcmp(what, "post") == 0) {
		on_asked_post(line);
	} else if (strcmp(what, "steer") == 0 && strcmp(json_text(line, "op", ""), "schedule") == 0) {
		on_schedule(line);
	} else if (strcmp(what, "steer") == 0 || strcmp(what, "settle") == 0) {
		name_of(json_text(line, "delivery", ""), name);
		add_order(line, name);
		if (strcmp(json_text(line, "op", ""), "release") == 0 ||
			strcmp(json_text(line, "op", ""), "retry") == 0) {
			thing_of(name)->decided = true;
		}
	} else if (strcmp(what, "account") == 0) {
		add_order(line, json_text(line, "account", ""));
	} else if (strcmp(what, "comments") == 0) {
		for (int64_t i = 1; i <= json_i64(line, "n", 0); i++) {
			(void)snprintf(name, sizeof(name), "c%d.%d", (int)json_i64(line, "burst", 0), (int)i);
			asked(thing_of(name), answer_of(line));
		}
	} else if (strcmp(what, "message") == 0 && tag_of(json_text(line, "text", ""), "w", name, sizeof(name))) {
		const char *outcome = json_text(line, "outcome", "");

		asked(thing_of(name), strcmp(outcome, "reply") == 0 || strcmp(outcome, "success") == 0 ||
						      strcmp(outcome, "empty") == 0
					      ? YES
					      : PERHAPS);
	} else if (strcmp(what, "reply") == 0) {
		(void)snprintf(name, sizeof(name), "r%d", (int)json_i64(line, "reply", 0));
		asked(thing_of(name), answer_of(line));
	}
}

static void read_ledger(const char *dir, const char *file)
{
	char *text = read_all(dir, file);
	cleanup(json_freep) cJSON *json = cJSON_Parse(text);
	const cJSON *entry;

	if (!json) {
		die(file, "is no JSON");
	}
	cJSON_ArrayForEach(entry, json_get(json, "entries"))
	{
		const char *kind = json_text(entry, "kind", "");
		char tag[NAME_BYTES / 2], name[NAME_BYTES];
		struct thing *thing;

		if (strcmp(kind, "post") == 0 || strcmp(kind, "article") == 0 || strcmp(kind, "broadcast") == 0) {
			if (!tag_of(json_text(entry, "text", ""), "p", tag, sizeof(tag)) &&
				!tag_of(json_text(entry, "title", ""), "p", tag, sizeof(tag))) {
				continue; /* one that the simulator made for a citizen to comment */
			}
			(void)snprintf(name, sizeof(name), "%s/%.32s", tag, json_text(entry, "account", ""));
		} else if (strcmp(kind, "delete") == 0 || strcmp(kind, "auto-reply") == 0 ||
			   strcmp(kind, "fault") == 0 ||
			   !tag_of(json_text(entry, "text", ""), "r", name, sizeof(name))) {
			continue;
		}
		thing = thing_of(name);
		if (thing->on_page++ == 0) {
			thing->on_page_at = json_i64(entry, "at_ms", 0);
		}
	}
	free(text);
}

/* What the daemon's clock says of a doubt, less what setting it may have added. */
static void check_doubt(const struct thing *thing, int64_t from_at, int64_t to_at)
{
	int64_t min_ms = 0;
	int64_t max_ms = 0;
	int64_t doubt_ms = to_at - from_at;

	for (size_t i = 0; i < n_clocks; i++) {
		min_ms = clocks[i].wrong_ms < min_ms ? clocks[i].wrong_ms : min_ms;
		max_ms = clocks[i].wrong_ms > max_ms ? clocks[i].wrong_ms : max_ms;
	}
	longest_doubt_ms = doubt_ms > longest_doubt_ms ? doubt_ms : longest_doubt_ms;
	if (doubt_ms - (max_ms - min_ms) > DOUBT_MAX_MS) {
		wrong(OVERDUE, "%s: %" PRId64 " s in doubt before anybody was asked", thing->name, doubt_ms / 1000);
	}
}

/* The events of one delivery follow each other, and end where it stands. */
static void check_history(const cJSON *post, const cJSON *delivery, struct thing *thing)
{
	char state[16] = "";
	const cJSON *event;
	int64_t unsure_at = 0;
	int sent = 0;

	cJSON_ArrayForEach(event, json_get(post, "history"))
	{
		const char *to = json_text(event, "state_to", NULL);
		const char *from = json_text(event, "state_from", NULL);
		int64_t at = 0;
		struct error err;

		if (strcmp(json_text(event, "delivery", ""), json_text(delivery, "delivery", "-")) != 0 || !to) {
			continue;
		}
		if (!when_parse(json_str(event, "at"), 0, &at, &err)) {
			wrong(HISTORY, "%s: %s", thing->name, err.message);
		}
		if (from && state[0] && strcmp(from, state) != 0) {
			wrong(HISTORY, "%s: %s after %s, from %s", thing->name, to, state, from);
		}
		sent += strcmp(to, "sent") == 0;
		thing->pending_at = strcmp(to, "pending") == 0 ? at : thing->pending_at;
		if (strcmp(to, "unsure") == 0) {
			unsure_at = at;
			doubts++;
		} else if (unsure_at > 0) {
			check_doubt(thing, unsure_at, at);
			unsure_at = 0;
		}
		if (strcmp(json_text(event, "action", ""), "send.question") == 0) {
			questions++;
			unsure_at = 0;
		}
		(void)snprintf(state, sizeof(state), "%s", to);
	}
	if (state[0] && strcmp(state, thing->state) != 0) {
		wrong(HISTORY, "%s: is %s, but its history ends with %s", thing->name, thing->state, state);
	}
	if (sent > 1) {
		wrong(HISTORY, "%s: sent %d times", thing->name, sent);
	}
}

static void on_post(const cJSON *line)
{
	const cJSON *delivery;

	cJSON_ArrayForEach(delivery, json_get(line, "deliveries"))
	{
		char name[NAME_BYTES];
		struct thing *thing;

		(void)snprintf(name, sizeof(name), "%.32s/%.32s", json_text(line, "key", "-"),
			json_text(delivery, "account", ""));
		thing = thing_of(name);
		thing->shown++;
		(void)snprintf(thing->state, sizeof(thing->state), "%s", json_text(delivery, "state", ""));
		thing->question = !json_get(delivery, "look_at");
		check_history(line, delivery, thing);
	}
}

static void on_ticket(const cJSON *line)
{
	const cJSON *row;
	char name[NAME_BYTES];

	if (json_bool(line, "thread_cut", false)) {
		die("tickets.jsonl", "a ticket is too long to be shown whole");
	}
	cJSON_ArrayForEach(row, json_get(line, "thread"))
	{
		const char *text = json_text(row, "text", "");
		struct thing *thing;

		if (strcmp(json_text(row, "kind", ""), "reply") == 0) {
			if (tag_of(text, "r", name, sizeof(name))) {
				thing = thing_of(name);
				thing->shown++;
				(void)snprintf(
					thing->state, sizeof(thing->state), "%s", json_text(row, "send_state", ""));
				thing->question = true; /* which of them are being looked for is not shown here */
			}
		} else if (!json_bool(row, "from_us", false) && tag_of(text, "cw", name, sizeof(name))) {
			thing_of(name)->shown++;
		}
	}
}

static void judge_state(const struct thing *thing, enum rule lost)
{
	bool unsure = strcmp(thing->state, "unsure") == 0;

	if (strcmp(thing->state, "sent") == 0) {
		if (thing->on_page == 0) {
			wrong(lost, "%s: it is called sent, and is not there", thing->name);
		}
	} else if (strcmp(thing->state, "held") == 0 || strcmp(thing->state, "failed") == 0 ||
		   strcmp(thing->state, "cancelled") == 0) {
		if (thing->on_page > 0) {
			wrong(UNTRUE, "%s: it is called %s, and is there", thing->name, thing->state);
		}
	} else if (!unsure || !thing->question) {
		wrong(UNSETTLED, "%s: %s", thing->name, thing->state);
	}
}

static void judge_delivery(const struct thing *thing)
{
	int64_t min_ms, max_ms;

	if (thing->on_page > 1) {
		wrong(DOUBLED, "%s: %d times on the page", thing->name, thing->on_page);
	}
	if (thing->asked == 0 || (thing->asked < 0 && (thing->shown || thing->on_page))) {
		wrong(UNASKED, "%s: nobody asked for it, or it was refused", thing->name);
		return;
	}
	if (thing->asked == 2 && thing->shown == 0) {
		wrong(LOST, "%s: it was acknowledged, and nobody knows it", thing->name);
	}
	if (thing->shown > 1) {
		wrong(DOUBLED, "%s: accepted %d times under one key", thing->name, thing->shown);
	}
	if (thing->shown > 0) {
		judge_state(thing, LOST);
	} else if (thing->on_page > 0) {
		wrong(UNASKED, "%s: it is on the page, and unknown to the office", thing->name);
	}
	if (thing->on_page == 0) {
		return;
	}
	wrong_between(thing->on_page_at, &min_ms, &max_ms);
	if (thing->on_page_at + max_ms < thing->due_min_at) {
		wrong(EARLY, "%s: %" PRId64 " ms before its time", thing->name,
			thing->due_min_at - thing->on_page_at - max_ms);
	}
	if (!thing->decided && thing->on_page_at + min_ms > thing->due_max_at + thing->late_ms + LATE_GRACE_MS) {
		wrong(LATE, "%s: %" PRId64 " ms after its time, of %" PRId64, thing->name,
			thing->on_page_at + min_ms - thing->due_max_at, thing->late_ms);
	}
}

/* Does an order that lets it go stand between? */
static bool let_go(const struct order *stop, int64_t until_at)
{
	for (size_t i = 0; i < n_orders; i++) {
		const struct order *order = &orders[i];

		if (order->answer != NO && order->at >= stop->asked_at && order->asked_at <= until_at &&
			strcmp(order->name, stop->name) == 0 &&
			(strcmp(order->op, "release") == 0 || strcmp(order->op, "schedule") == 0 ||
				strcmp(order->op, "retry") == 0 || strcmp(order->op, "resume") == 0)) {
			return true;
		}
	}
	return false;
}

static void judge_order(const struct order *order)
{
	struct thing *thing;

	if (order->answer != YES || !strchr(order->name, '/')) {
		return;
	}
	thing = thing_of(order->name);
	if (order->wished) {
		if (thing->on_page > 0 && thing->on_page_at > order->at + ON_ITS_WAY_MS &&
			!let_go(order, thing->on_page_at)) {
			wrong(strcmp(order->op, "cancel") == 0 ? AFTER_CANCEL : AFTER_HOLD,
				"%s: it left although it had been called off %" PRId64 " ms before", thing->name,
				thing->on_page_at - order->at);
		}
		return;
	}
	if (strcmp(order->op, "cancel") == 0 && thing->on_page > 0) {
		wrong(AFTER_CANCEL, "%s: its cancellation was acknowledged", thing->name);
	}
	if (strcmp(order->op, "hold") == 0 && thing->on_page > 0 && thing->on_page_at > order->at &&
		!let_go(order, thing->on_page_at)) {
		wrong(AFTER_HOLD, "%s: it was held %" PRId64 " ms before", thing->name, thing->on_page_at - order->at);
	}
}

/* What was on its way when its account was paused may arrive; nothing may leave afterwards. */
static void judge_pauses(void)
{
	for (size_t i = 0; i < n_orders; i++) {
		const struct order *pause = &orders[i];
		const struct order *resume = NULL;

		if (strcmp(pause->op, "pause") != 0 || pause->answer != YES) {
			continue;
		}
		for (size_t j = i + 1; j < n_orders && !resume; j++) {
			if (strcmp(orders[j].op, "resume") == 0 && orders[j].answer != NO &&
				strcmp(orders[j].name, pause->name) == 0) {
				resume = &orders[j];
			}
		}
		for (size_t j = 0; j < n_all; j++) {
			const char *slash = strchr(all[j]->name, '/');

			if (slash && strcmp(slash + 1, pause->name) == 0 && all[j]->on_page > 0 &&
				all[j]->on_page_at > pause->at + 2000 &&
				(!resume || all[j]->on_page_at < resume->asked_at)) {
				wrong(WHILE_PAUSED, "%s: %" PRId64 " ms after the pause", all[j]->name,
					all[j]->on_page_at - pause->at);
			}
		}
	}
}

static void judge_message(const struct thing *thing)
{
	if (thing->shown > 1) {
		wrong(MESSAGE_DOUBLED, "%s: in %d places", thing->name, thing->shown);
	}
	if (thing->asked == 2 && thing->shown == 0) {
		wrong(MESSAGE_LOST, "%s", thing->name);
	}
}

static void judge_reply(const struct thing *thing)
{
	if (thing->on_page > 1) {
		wrong(REPLY_DOUBLED, "%s: %d times", thing->name, thing->on_page);
	}
	if (thing->shown > 1) {
		wrong(REPLY_DOUBLED, "%s: %d times in tickets", thing->name, thing->shown);
	}
	if (thing->asked == 2 && thing->shown == 0) {
		wrong(REPLY_LOST, "%s: it was acknowledged, and is in no ticket", thing->name);
	} else if (thing->shown > 0) {
		judge_state(thing, REPLY_LOST);
	}
}

static int sum_up(void)
{
	static const char *const states[] = { "sent", "held", "failed", "cancelled", "unsure" };
	int64_t deliveries = 0, on_page = 0, messages = 0, in_tickets = 0, replies = 0, answered = 0;
	int64_t by_state[ARRAY_LEN(states)] = { 0 };
	int64_t bad = 0;

	for (size_t i = 0; i < n_all; i++) {
		const struct thing *thing = all[i];

		switch (thing->name[0]) {
		case 'p':
			deliveries += thing->shown > 0;
			on_page += thing->on_page > 0;
			for (size_t j = 0; j < ARRAY_LEN(states); j++) {
				by_state[j] += strcmp(thing->state, states[j]) == 0;
			}
			break;
		case 'r':
			replies += thing->shown > 0;
			answered += thing->on_page > 0;
			break;
		default:
			messages += thing->asked == 2;
			in_tickets += thing->shown > 0;
		}
	}
	(void)printf("  %-28s %8" PRId64 "\n  %-28s %8" PRId64 "\n", "deliveries", deliveries, "on the page", on_page);
	for (size_t j = 0; j < ARRAY_LEN(states); j++) {
		(void)printf("    %-26s %8" PRId64 "\n", states[j], by_state[j]);
	}
	(void)printf("  %-28s %8" PRId64 "\n  %-28s %8" PRId64 "\n", "messages taken over", messages, "in tickets",
		in_tickets);
	(void)printf("  %-28s %8" PRId64 "\n  %-28s %8" PRId64 "\n", "replies", replies, "on the page", answered);
	(void)printf("  %-28s %8" PRId64 "\n  %-28s %8" PRId64 "\n  %-28s %8.1f s\n", "doubts", doubts,
		"questions to people", questions, "longest doubt", (double)longest_doubt_ms / 1000.0);
	for (int i = 0; i < RULES; i++) {
		(void)printf("  %-28s %8" PRId64 "\n", rule_names[i], found[i]);
		bad += found[i];
	}
	return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct error err;
	const char *dir;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: judge DIR\n");
		return 64;
	}
	dir = argv[1];
	if (!when_set_zone("Asia/Shanghai", &err)) {
		die(dir, err.message);
	}
	each_line(dir, "posts.jsonl", on_post_number);
	each_line(dir, "intents", on_clock);
	each_line(dir, "intents", on_forward);
	each_line(dir, "intents", on_intent);
	read_ledger(dir, "ledger-weibo.json");
	read_ledger(dir, "ledger-wechat.json");
	each_line(dir, "posts.jsonl", on_post);
	each_line(dir, "tickets.jsonl", on_ticket);
	for (size_t i = 0; i < n_all; i++) {
		forget_forwards(all[i]);
	}
	for (size_t i = 0; i < n_all; i++) {
		switch (all[i]->name[0]) {
		case 'p':
			judge_delivery(all[i]);
			break;
		case 'r':
			judge_reply(all[i]);
			break;
		case 'c':
		case 'w':
			judge_message(all[i]);
			break;
		default:
			wrong(UNASKED, "%s", all[i]->name);
		}
	}
	for (size_t i = 0; i < n_orders; i++) {
		judge_order(&orders[i]);
	}
	judge_pauses();
	return sum_up();
}
