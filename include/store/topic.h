/*
 * Topics that followers chose for themselves. A choice is durable with the push that brought it; what is still to be
 * told the platform is worked off behind it (EFFECT_TOPICS). Telling it twice is the same as once.
 */
#ifndef STORE_TOPIC_H
#define STORE_TOPIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"

struct tx;

/* The follower chooses a topic, or leaves it. Again: nothing changes. */
bool topic_choose(struct tx *tx, struct account_id account, const char *author_id, const char *topic, bool wanted,
	struct error *err) must_check;
/* He leaves all of his, or us. */
bool topic_leave(struct tx *tx, struct account_id account, const char *author_id, struct error *err) must_check;
/* The names of those he has, appended to an array of texts, in their order. */
bool topic_list(
	struct tx *tx, struct account_id account, const char *author_id, cJSON *names, struct error *err) must_check;

/* Followers of one topic who are told the platform together. */
struct topic_batch {
	struct account_id account;
	char *topic; /* NULL: nothing is due */
	bool wanted;
	char **authors;
	int64_t *versions;
	size_t n;
	int64_t next_at; /* nothing is due: when something will be; 0: nothing at all */
};
void topic_batch_finish(struct topic_batch *batch);
bool topic_next(struct tx *tx, struct account_id account, int limit, struct topic_batch *ret_batch,
	struct error *err) must_check;
/* The platform knows. */
bool topic_settle(struct tx *tx, const struct topic_batch *batch, struct error *err) must_check;
/* The platform refused it: who left is gone in any case, a choice is tried again at next_at. Written down once. */
bool topic_refuse(
	struct tx *tx, const struct topic_batch *batch, const char *why, int64_t next_at, struct error *err) must_check;

/* An operator took the topic off the platform: nobody has it any more. */
bool topic_forget(struct tx *tx, struct account_id account, const char *topic, struct error *err) must_check;
/* {"name","chosen","waiting","refused"} of each topic that somebody has, in the order of names. */
bool topic_counts(struct tx *tx, struct account_id account, cJSON *rows, struct error *err) must_check;
/* At start: EFFECT_TOPICS for each account with something to be told. */
bool topic_arm_all(struct tx *tx, struct error *err) must_check;

#endif
