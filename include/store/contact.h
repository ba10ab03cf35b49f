/*
 * What answering a citizen directly needs: until when a platform lets us, and how often; whether he still follows. And
 * the pushes already taken. Nothing about the person.
 */
#ifndef STORE_CONTACT_H
#define STORE_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"

struct tx;

struct contact_window {
	int64_t until_at; /* 0: the platform has no windows, or none was ever opened */
	int replies;      /* left */
};
bool contact_window(struct tx *tx, struct account_id account, const char *author_id, struct contact_window *ret_window,
	struct error *err) must_check;

/*
 * The citizen did something that lets us answer for window_ms, `replies` times. A message opens a new window; anything
 * less (a menu, a scan) opens one only when that takes no answer away: the one before is used up, or ends sooner. It
 * never adds answers to a longer one. An unfollowed citizen who comes back is no longer to be purged.
 */
bool contact_heard(struct tx *tx, struct account_id account, const char *author_id, int64_t window_ms, int replies,
	bool message, struct error *err) must_check;

/* One answer. errors STATE/REJECT when the window is closed or used up, with what remains possible */
bool contact_spend(struct tx *tx, struct account_id account, const char *author_id, struct error *err) must_check;

bool contact_unfollowed(struct tx *tx, struct account_id account, const char *author_id, struct error *err) must_check;

/*
 * Forget what unfollowed citizens said and were told: texts, names and media of at most `limit` citizens who left
 * before before_at. Events and the numbers of tickets stay.
 */
struct actor;
struct contact_purge {
	const struct actor *actor;
	struct account_id account; /* zero: of all accounts */
	const char *author_id;     /* this one citizen; NULL: all who left */
	int64_t before_at;
	int limit;
};
struct contact_purged {
	int64_t citizens;
	int64_t messages; /* whose texts are gone */
	int64_t replies;
	int64_t media;
	int64_t tickets; /* that no longer say whose they are */
};
bool contact_purge(struct tx *tx, const struct contact_purge *what, struct contact_purged *ret_purged,
	struct error *err) must_check;

/* A push by its key: is it new? Then it is remembered. */
bool push_is_new(
	struct tx *tx, struct account_id account, const char *dedupe, bool *ret_new, struct error *err) must_check;
bool push_forget(struct tx *tx, int64_t before_at, struct error *err) must_check;

#endif
