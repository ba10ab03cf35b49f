/* Posts and their media: what an editor handed in, once. Deliveries are sends (store/send.h). */
#ifndef STORE_POST_H
#define STORE_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"
#include "model/post.h"
#include "store/event.h"

struct tx;

/*
 * SHA-256 over everything that makes a post what it is (text, media, targets, class, campaign). Not the key, and not
 * the times: a batch that says "+2h" gives another one every time it is handed in.
 */
void post_digest(const struct post *post, char ret_hex[65]);

enum post_insert { POST_INSERTED = 1, POST_UNCHANGED };

/*
 * Insert the post, its media and one delivery per target. A delivery is queued when post.due_at is set and its account
 * is ready; held otherwise with the reason.
 *
 * A post with a key that is known: same digest gives POST_UNCHANGED and the old id, another digest is
 * STATE/REJECT "key K already names post 12 with other content".
 *
 * late_ms     already resolved (>= 0)
 * due_at      set to the time it already has when unchanged
 */
bool post_insert(struct tx *tx, const struct actor *actor, struct post *post, struct post_id *ret_id,
	enum post_insert *ret_what, struct error *err) must_check;

/* Is there a post with this key? */
bool post_is_known(struct tx *tx, const char *key);

/*
 * Is there room for one more broadcast of this account in the quota window of due_at? Counts what is promised and what
 * went out; *ret_promised (may be NULL) is their number, set in either case.
 *
 * errors  PLATFORM/WAIT (quota) naming the window
 */
struct quota_window;
bool post_broadcast_room(struct tx *tx, struct account_id account, const struct quota_window *window, int64_t due_at,
	int64_t *ret_promised, struct error *err) must_check;

/*
 * Give a time to the held deliveries of a post that had none (`post schedule 12 --at`); STATE when none is held. One
 * whose account is not ready stays held for the account and goes at that time once it is.
 */
bool post_set_due(
	struct tx *tx, const struct actor *actor, struct post_id id, int64_t due_at, struct error *err) must_check;

bool media_load(
	struct tx *tx, struct post_id id, struct post_media **ret_media, size_t *ret_n, struct error *err) must_check;
void media_free(struct post_media *media, size_t n);
void post_media_finish(struct post_media *media);

#endif
