/*
 * What a committed transaction wants done. Entity functions add effects while they write; the store hands them to the
 * loop after the commit (and drops them with a rollback), so that no caller can forget one and none comes early.
 */
#ifndef STORE_EFFECT_H
#define STORE_EFFECT_H

#include <stdint.h>

struct event;
struct tx;

enum effect_kind {
	EFFECT_SEND_DUE,   /* send `id` of `account` is queued for `at` (0: as soon as possible) */
	EFFECT_SEND_LOOK,  /* send `id` of `account` is unsure: look for it at `at` */
	EFFECT_ACCOUNT,    /* account `id` changed: state, token, settings */
	EFFECT_TICKET_DUE, /* ticket `id`: the ladder has something to do at `at` */
	EFFECT_LEASE_DUE,  /* ticket `id`: its claim runs out at `at` */
	EFFECT_NOTICE,     /* notice `id` waits for its hook */
	EFFECT_ALARM,      /* the same of a notice about a life: it goes before all others */
	EFFECT_EVENT,      /* an event row was written: `event` */
	EFFECT_INDEX,      /* there is something new to index for search */
	EFFECT_MEDIA,      /* medium `id` of a message waits to be fetched at `at` */
	EFFECT_TOPICS,     /* followers of `account` chose or left topics: the platform is to be told */
	EFFECT_PURGED,     /* texts and media were purged: files and the index follow */
};

struct effect {
	enum effect_kind kind;
	int64_t id;
	int64_t account;
	int64_t at;
	struct event *event; /* owned by the effect */
};

void effect_add(struct tx *tx, enum effect_kind kind, int64_t id, int64_t account, int64_t at);
void effect_add_event(struct tx *tx, struct event *taken);

#endif
