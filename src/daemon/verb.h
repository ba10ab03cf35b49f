/*
 * A verb of the control protocol. To add one: a row in the table of its family's file verb_<family>.c (a new family
 * is a new file and its name in src/daemon/meson.build). Permission, size cap, hello and answers are done for it
 * in control.c.
 *
 *   VERB_READ   run() on the reader thread: looks, fills call->result
 *   VERB_WRITE  run() in the store thread inside a transaction: decides on what the transaction sees, writes, fills
 *               call->result. The answer leaves after the commit.
 *   VERB_LOOP   run() on the loop; it answers later by call_finish(), or at once with call->result set and
 *               `call->later` false
 *
 * run() may touch: call->params, call->rules, call->actor, call->result, call->extra, and for VERB_LOOP call->daemon.
 * Nothing else of the daemon.
 */
#ifndef DAEMON_VERB_H
#define DAEMON_VERB_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/error.h"
#include "model/role.h"
#include "store/event.h"
#include "store/store.h"

struct daemon;
struct rules;

enum verb_kind { VERB_READ, VERB_WRITE, VERB_LOOP };

struct call {
	struct job job; /* its own; first member */
	const struct verb *verb;
	struct daemon *daemon; /* loop only */
	struct rules *rules;   /* a reference */
	struct actor actor;    /* name owned by the call */
	cJSON *params;         /* an object, never NULL */
	cJSON *result;         /* owned; NULL answers {} */
	cJSON *extra;          /* owned; members for error.data */
	bool later;            /* VERB_LOOP: answered by call_finish() */
	uint64_t peer;         /* control.c */
	cJSON *id;             /* control.c */
	void *data;            /* the verb's own between its parts */
};

struct verb {
	const char *name; /* "post.list"; NULL ends the table */
	enum verb_kind kind;
	enum permission needs;
	bool (*run)(struct tx *tx, struct call *call, struct error *err); /* tx NULL for VERB_LOOP */
};

/* Every verb_<family>.c defines one: const struct verb verbs_<family>[] = {..., {0}}; */

/* Answer a VERB_LOOP call that set `later`; err NULL: success with call->result. Frees the call. */
void call_finish(struct call *call, const struct error *err);

/* Parameters, with errors that name them: INPUT/REJECT "post.schedule: at: ...". */
bool call_text(const struct call *call, const char *name, bool required, size_t max_bytes, const char **ret_text,
	struct error *err) must_check; /* *ret NULL when absent */
bool call_i64(const struct call *call, const char *name, bool required, int64_t min, int64_t max, int64_t *ret_value,
	struct error *err) must_check; /* untouched when absent */
bool call_bool(const struct call *call, const char *name, bool def);
/* A parameter that is not known to the verb is an error, with the nearest name. names ends with NULL. */
bool call_only(const struct call *call, const char *const *names, struct error *err) must_check;
/* More than the verb's own permission is needed for this. errors ACCESS/REJECT naming the roles that have it */
bool call_permits(const struct call *call, enum permission needs, struct error *err) must_check;
/* `after` and `limit` */
struct page;
bool call_page(const struct call *call, struct page *ret_page, struct error *err) must_check;

#endif
