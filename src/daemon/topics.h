/* What followers say about the topics they want. Read on the loop or in a job; taken in the job of the push. */
#ifndef DAEMON_TOPICS_H
#define DAEMON_TOPICS_H

#include "core/str.h"
#include "daemon/daemon.h"

struct subscription {
	enum { SUBSCRIPTION_LIST = 1, SUBSCRIPTION_ON, SUBSCRIPTION_OFF, SUBSCRIPTION_NONE } what;
	struct str topic; /* of the text it was read from */
};

/* Whom it is about; borrowed. */
struct subscriber {
	struct account_id account;
	const struct driver *driver;
	const void *settings;
	const char *office;
	const char *author_id;
};

/* *ret_order: it is about topics of this account; else it is a message as any other. */
bool subscription_read(struct tx *tx, const struct subscriber *who, const char *text, struct subscription *ret,
	bool *ret_order, struct error *err) must_check;
/* The same of a menu's key: "topic:NAME", "topic-off:NAME", "topics". */
bool subscription_read_key(struct tx *tx, const struct subscriber *who, const char *key, struct subscription *ret,
	bool *ret_order, struct error *err) must_check;

/* apply false: it was done before, and only the answer is wanted again. out: what the follower is told. */
bool subscription_take(struct tx *tx, const struct subscription *wish, const struct subscriber *who, bool apply,
	struct buf *out, struct error *err) must_check;

#endif
