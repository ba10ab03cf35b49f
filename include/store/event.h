/*
 * Events: who did what to which object, when, in what order. Append-only. A ticket's history, a delivery's history and
 * `gazette monitor` are this table. No citizen's text stands in it, except the reasons and notes our own people wrote.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"

struct tx;

/* Who acts. For the daemon itself: uid -1, name "gazetted". */
struct actor {
	int64_t uid;
	const char *name;
	unsigned roles;
};

extern const struct actor actor_daemon;

enum object_kind { OBJECT_POST, OBJECT_SEND, OBJECT_TICKET, OBJECT_ACCOUNT, OBJECT_DAEMON };

/* An event that was written, as EFFECT_EVENT carries it: who wants to see it makes JSON of it. */
struct event {
	int64_t seq;
	int64_t at;
	char *actor;
	char *action;
	enum object_kind kind;
	int64_t object;
	cJSON *detail; /* NULL: none */
};
void event_free(struct event *event);
/* {seq, at, actor, action, object, id, ...detail}. Gives. */
cJSON *event_to_json(const struct event *event);

/*
 * action: "ticket.claim", "send.sent", "account.parked": noun.verb, as in gazette-control(7). detail (taken, may be
 * NULL) is an object: state_from, state_to, reason, account, delivery... Adds EFFECT_EVENT.
 */
bool event_add(struct tx *tx, const struct actor *actor, const char *action, enum object_kind kind, int64_t object,
	cJSON *detail, struct error *err) must_check;

/* {seq, at, actor, action, object, id, ...detail} rows, oldest first, at most `limit`, seq > after. Appends to rows. */
bool event_list(struct tx *tx, enum object_kind kind, int64_t object, int64_t after, int limit, cJSON *rows,
	struct error *err) must_check;

/* Of every object, for `monitor --since`; oldest first. */
bool event_list_since(
	struct tx *tx, int64_t since_at, int64_t after, int limit, cJSON *rows, struct error *err) must_check;

const char *object_kind_name(enum object_kind kind);

#endif
