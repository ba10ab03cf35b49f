/*
 * The sections `limits` and `ladder`: by when a ticket of which priority is claimed, first replied to and answered, and
 * who is told when it is not.
 *
 * A time is a duration (30m), or office days (5wd): so many times what the office is open on a day. The latter only
 * where the clock runs in office hours.
 *
 * source  shared duty practice: domain notes 4.3 (limits) and 4.4 (ladder). What is one working day for a simple
 * enquiry and five at most is five here. The seven days in which a message without due answer is closed are five office
 * days. What the ladder tells "one working day later" stands as a share of the answer's limit where that is counted in
 * office days, so that it moves with it.
 */
#include <string.h>

#include "config/config_internal.h"
#include "core/clock.h"
#include "core/mem.h"
#include "model/ticket.h"
#include "text/when.h"

#define RUNGS_MAX   63u /* what a ticket row can remember as climbed */
#define DAYS_MAX    366
#define PERCENT_MAX 1000

#define ARRAY_PRIORITIES ARRAY_LEN(((struct config *)0)->limits)

struct limit_text {
	char *ack;
	char *reply;
	char *answer;
	bool office_hours;
};

#define LIMIT(name) offsetof(struct limit_text, name)

const struct config_key config_limit_keys[] = {
	{ .name = "ack", .type = CONFIG_TEXT, .offset = LIMIT(ack), .doc = "a person has claimed the ticket" },
	{ .name = "reply", .type = CONFIG_TEXT, .offset = LIMIT(reply), .doc = "the citizen has heard from us" },
	{ .name = "answer", .type = CONFIG_TEXT, .offset = LIMIT(answer), .doc = "the matter is answered" },
	{ .name = "office_hours",
		.type = CONFIG_BOOL,
		.offset = LIMIT(office_hours),
		.doc = "the clocks run in office hours only" },
	{ 0 },
};

static const struct {
	const char *ack;
	const char *reply;
	const char *answer;
	bool office_hours;
} limit_defaults[ARRAY_PRIORITIES] = {
	[0] = { "60s", "3m", "0", false },    /* life safety: no answer by clock, nobody waits for one */
	[1] = { "10m", "30m", "2h", false },  /* urgent safety */
	[2] = { "30m", "1h", "24h", false },  /* pressing help */
	[3] = { "2h", "4h", "5wd", true },    /* enquiry */
	[4] = { "2h", "4h", "5wd", true },    /* complaint, tip, suggestion */
	[5] = { "1wd", "1wd", "15wd", true }, /* several units */
	[9] = { "1wd", "0", "5wd", true },    /* no answer due: closed with a reason */
};

struct rung_text {
	struct config_words priorities;
	char *ack;
	char *reply;
	char *answer;
	char *window;
	char *tell;
};

#define RUNG(name) offsetof(struct rung_text, name)

const struct config_key config_rung_keys[] = {
	{ .name = "priorities",
		.type = CONFIG_WORDS,
		.offset = RUNG(priorities),
		.required = true,
		.doc = "the priorities it applies to, such as [P0, P1]" },
	{ .name = "ack",
		.type = CONFIG_TEXT,
		.offset = RUNG(ack),
		.doc = "nobody has claimed the ticket, and this much time has passed" },
	{ .name = "reply",
		.type = CONFIG_TEXT,
		.offset = RUNG(reply),
		.doc = "the citizen has not heard from us, and this much time has passed" },
	{ .name = "answer",
		.type = CONFIG_TEXT,
		.offset = RUNG(answer),
		.doc = "the matter is not answered, and this much time has passed" },
	{ .name = "window",
		.type = CONFIG_TEXT,
		.offset = RUNG(window),
		.doc = "not answered, and this much of the time in which the platform takes answers has passed" },
	{ .name = "tell",
		.type = CONFIG_TEXT,
		.offset = RUNG(tell),
		.required = true,
		.doc = "whom: leader, duty-leader, duty-room, a Unix user, or a word that the hook program knows" },
	{ 0 },
};

#define P(n)   (1u << (n))
#define P1_P2  (P(1) | P(2))
#define P3_P4  (P(3) | P(4))
#define P0_TO5 (P(0) | P1_P2 | P3_P4 | P(5))
#define P3_TO5 (P3_P4 | P(5))

static const struct rung_default {
	unsigned priorities;
	enum ladder_clock clock;
	int percent;
	int64_t after_ms;
	const char *target;
} rung_defaults[] = {
	{ P0_TO5, LADDER_WINDOW, 0, 36 * HOUR_MS, "leader" },
	{ P0_TO5, LADDER_WINDOW, 0, 44 * HOUR_MS, "duty-leader" },
	{ P(0), LADDER_UNCLAIMED, 100, 0, "leader" },
	{ P(0), LADDER_UNCLAIMED, 0, 2 * MINUTE_MS, "duty-leader" },
	{ P(0), LADDER_UNCLAIMED, 0, 4 * MINUTE_MS, "duty-room" },
	{ P1_P2, LADDER_UNCLAIMED, 50, 0, "leader" },
	{ P1_P2, LADDER_UNCLAIMED, 100, 0, "duty-leader" },
	{ P1_P2, LADDER_ANSWER, 50, 0, "unit-contact" },
	{ P1_P2, LADDER_ANSWER, 80, 0, "unit-head" },
	{ P1_P2, LADDER_ANSWER, 80, 0, "leader" },
	{ P1_P2, LADDER_ANSWER, 100, 0, "duty-leader" },
	{ P(1), LADDER_ANSWER, 0, 26 * HOUR_MS, "agency-head" },
	{ P(2), LADDER_ANSWER, 0, 48 * HOUR_MS, "agency-head" },
	{ P3_TO5, LADDER_UNCLAIMED, 100, 0, "leader" },
	{ P3_TO5, LADDER_ANSWER, 50, 0, "unit-contact" },
	{ P3_TO5, LADDER_ANSWER, 80, 0, "unit-contact" },
	{ P3_TO5, LADDER_ANSWER, 100, 0, "unit-head" },
	{ P3_P4, LADDER_ANSWER, 120, 0, "supervision" },
	{ P(5), LADDER_ANSWER, 107, 0, "supervision" },
};

/* "P0" to "P9" as far as such a priority exists. */
static bool parse_priority(struct str word, int *ret_priority)
{
	int64_t priority;

	if (word.n != 2 || word.p[0] != 'P' || !str_to_i64(str_sub(word, 1, 1), 0, 9, &priority) ||
		!priority_valid(priority)) {
		return false;
	}
	*ret_priority = (int)priority;
	return true;
}

/* A duration or office days; false when it is neither, or too long. */
static bool parse_span(const struct config_office *office, const char *text, int64_t *ret_ms, bool *ret_days)
{
	struct str rest = str_from(text);
	int64_t days;
	int64_t ms;

	*ret_days = str_ends(rest, STR("wd"));
	if (*ret_days) {
		if (!str_to_i64(str_sub(rest, 0, rest.n - 2), 0, DAYS_MAX, &days)) {
			return false;
		}
		ms = days * (office->closes_ms - office->opens_ms);
	} else if (!when_parse_duration(rest, &ms, NULL) || ms > DAYS_MAX * DAY_MS) {
		return false;
	}
	*ret_ms = ms;
	return true;
}

/* ---- limits ---- */

static bool set_limit(struct loader *loader, const struct yaml_node *map, const char *key, const char *text,
	const char *def, bool office_hours, int64_t *ret_ms, struct error *err)
{
	const struct yaml_node *node = text ? yaml_get(map, key) : map;
	bool days;

	if (!parse_span(&loader->config->office, text ? text : def, ret_ms, &days)) {
		return yaml_error(loader->file, node, err,
			"%s: expected a duration such as 30m, office days such as 5wd, or 0 for no limit", key);
	}
	if (days && !office_hours && *ret_ms) {
		return yaml_error(loader->file, node, err,
			"%s: %s counts office days, but these clocks run at all hours (office_hours)", key,
			text ? text : def);
	}
	return true;
}

static bool read_limit(struct loader *loader, const struct yaml_node *map, int priority, struct error *err)
{
	struct config_limit *limit = &loader->config->limits[priority];
	struct limit_text text = { 0 };
	bool hours = limit_defaults[priority].office_hours;
	bool ok;

	if (map && !config_read_keys(loader->file, map, config_limit_keys, false, loader->dir, &text, err)) {
		return false;
	}
	if (map && yaml_get(map, "office_hours")) {
		hours = text.office_hours;
	}
	limit->office_hours = hours;
	ok = set_limit(loader, map, "ack", text.ack, limit_defaults[priority].ack, hours, &limit->ack_ms, err) &&
	     set_limit(
		     loader, map, "reply", text.reply, limit_defaults[priority].reply, hours, &limit->reply_ms, err) &&
	     set_limit(loader, map, "answer", text.answer, limit_defaults[priority].answer, hours, &limit->answer_ms,
		     err);
	config_finish_keys(config_limit_keys, &text);
	return ok;
}

bool config_read_limits(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	char name[] = "P0";

	if (node && !config_want_map(loader->file, node, "limits", err)) {
		return false;
	}
	for (size_t i = 0; node && i < node->n; i++) {
		int priority;

		if (!parse_priority(node->pairs[i].key->scalar, &priority)) {
			return yaml_error(loader->file, node->pairs[i].key, err,
				"limits: expected a priority: P0, P1, P2, P3, P4, P5 or P9");
		}
	}
	for (int i = 0; i < (int)ARRAY_PRIORITIES; i++) {
		name[1] = (char)('0' + i);
		if (priority_valid(i) && !read_limit(loader, yaml_get(node, name), i, err)) {
			return false;
		}
	}
	return true;
}

/* ---- ladder ---- */

static struct config_rung *add_rung(struct config *config)
{
	config->ladder = xrealloc_array(config->ladder, config->n_ladder + 1, sizeof(config->ladder[0]));
	config->ladder[config->n_ladder] = (struct config_rung){ 0 };
	return &config->ladder[config->n_ladder++];
}

static bool read_priorities(struct loader *loader, const struct yaml_node *map, const struct config_words *words,
	unsigned *ret_set, struct error *err)
{
	const struct yaml_node *node = yaml_get(map, "priorities");

	for (size_t i = 0; i < words->n; i++) {
		int priority;

		if (!parse_priority(str_from(words->items[i]), &priority)) {
			return yaml_error(loader->file, node->kind == YAML_LIST ? node->items[i] : node, err,
				"priorities: expected P0, P1, P2, P3, P4, P5 or P9");
		}
		*ret_set |= 1u << priority;
	}
	return true;
}

static bool read_percent(struct str text, int *ret_percent)
{
	int64_t percent;

	if (!str_ends(text, STR("%")) || !str_to_i64(str_sub(text, 0, text.n - 1), 1, PERCENT_MAX, &percent)) {
		return false;
	}
	*ret_percent = (int)percent;
	return true;
}

static bool read_moment(struct loader *loader, const struct yaml_node *node, const char *key, const char *text,
	struct config_rung *rung, struct error *err)
{
	bool days;

	if (read_percent(str_from(text), &rung->percent)) {
		return true;
	}
	if (!parse_span(&loader->config->office, text, &rung->after_ms, &days)) {
		return yaml_error(loader->file, node, err,
			"%s: expected a share of the limit such as 80%%, a duration such as 30m, or office days such "
			"as 6wd",
			key);
	}
	for (int i = 0; days && i < (int)ARRAY_PRIORITIES; i++) {
		if ((rung->priorities & 1u << i) && !loader->config->limits[i].office_hours) {
			return yaml_error(loader->file, node, err,
				"%s: %s counts office days, but the clocks of P%d run at all hours", key, text, i);
		}
	}
	return true;
}

/* What stands in argv of a hook program and in the inbox: one plain word. */
static bool is_target(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return text[n] == '\0' && n > 0 && n <= 64 && text[0] != '-' && text[0] != '.';
}

static bool read_rung(struct loader *loader, const struct yaml_node *map, const struct rung_text *text,
	struct config_rung *rung, struct error *err)
{
	const struct {
		const char *key;
		const char *text;
		enum ladder_clock clock;
	} clocks[] = {
		{ "ack", text->ack, LADDER_UNCLAIMED },
		{ "reply", text->reply, LADDER_REPLY },
		{ "answer", text->answer, LADDER_ANSWER },
		{ "window", text->window, LADDER_WINDOW },
	};
	size_t n = 0;

	if (!read_priorities(loader, map, &text->priorities, &rung->priorities, err)) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		if (clocks[i].text) {
			n++;
			rung->clock = clocks[i].clock;
			if (!read_moment(
				    loader, yaml_get(map, clocks[i].key), clocks[i].key, clocks[i].text, rung, err)) {
				return false;
			}
		}
	}
	if (n != 1) {
		return yaml_error(loader->file, map, err,
			"a rung of the ladder has exactly one of ack, reply, answer and window");
	}
	if (!is_target(text->tell)) {
		return yaml_error(loader->file, yaml_get(map, "tell"), err,
			"tell: expected one word of letters, digits, '-', '_' and '.'");
	}
	rung->target = xstrdup(text->tell);
	return true;
}

bool config_read_ladder(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	struct config *config = loader->config;

	for (size_t i = 0; !node && i < ARRAY_LEN(rung_defaults); i++) {
		const struct rung_default *def = &rung_defaults[i];

		*add_rung(config) = (struct config_rung){
			.priorities = def->priorities,
			.clock = def->clock,
			.percent = def->percent,
			.after_ms = def->after_ms,
			.target = xstrdup(def->target),
		};
	}
	if (!node) {
		return true;
	}
	if (!config_want_list(loader->file, node, "ladder", err)) {
		return false;
	}
	if (node->n > RUNGS_MAX) {
		return yaml_error(loader->file, node->items[RUNGS_MAX], err, "ladder: more than %u rungs", RUNGS_MAX);
	}
	for (size_t i = 0; i < node->n; i++) {
		struct rung_text text = { 0 };
		bool ok;

		ok = config_read_keys(loader->file, node->items[i], config_rung_keys, false, loader->dir, &text, err) &&
		     read_rung(loader, node->items[i], &text, add_rung(config), err);
		config_finish_keys(config_rung_keys, &text);
		if (!ok) {
			return false;
		}
	}
	return true;
}
