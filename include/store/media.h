/* Pictures and voices that came with citizens' messages: what is still to be fetched, and where what was fetched is. */
#ifndef STORE_MEDIA_H
#define STORE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"

struct tx;

struct medium_row {
	int64_t id;
	struct account_id account;
	char *type; /* "image", "voice", "video" */
	char *remote_id;
	int tries;
	bool open; /* still to be fetched */
};
void medium_row_finish(struct medium_row *row);
bool medium_load(struct tx *tx, int64_t id, struct medium_row *ret_row, struct error *err) must_check;

/* It is on disk under its hash. */
bool medium_fetched(
	struct tx *tx, int64_t id, const char *sha256, int64_t bytes, const char *mime, struct error *err) must_check;
/* It could not be fetched; again at next_at, 0: given up, which the ticket's history says. */
bool medium_failed(struct tx *tx, int64_t id, const char *why, int64_t next_at, struct error *err) must_check;

/* At start: EFFECT_MEDIA for each open one, EFFECT_PURGED when files wait to be deleted. */
bool media_arm_all(struct tx *tx, struct error *err) must_check;

/* Does a message say that it has the file of this hash? */
bool media_is_fetched(struct tx *tx, const char *sha256, bool *ret_is, struct error *err) must_check;

/* Hashes of files that no message refers to any more; gives the array and its texts. */
bool media_purged(struct tx *tx, char ***ret_hashes, size_t *ret_n, struct error *err) must_check;
/* The file is gone. */
bool media_forget(struct tx *tx, const char *sha256, struct error *err) must_check;

#endif
