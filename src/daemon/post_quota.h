/* What posts and withdrawals cost of the platforms' scarce quotas. */
#ifndef DAEMON_POST_QUOTA_H
#define DAEMON_POST_QUOTA_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"

struct post;
struct rules;
struct send_row;
struct tx;

/* What broadcasts of this post cost: `broadcasts`, rows of {account, limit, promised, window, resets_at}. */
bool post_show_broadcasts(
	struct tx *tx, const struct rules *rules, const struct post *post, cJSON *result, struct error *err) must_check;
/* A broadcast is promised only where the platform's quota has room for it. errors PLATFORM/WAIT naming the account */
bool post_check_room(struct tx *tx, const struct rules *rules, const struct post *post, struct error *err) must_check;
/* The same for the held deliveries of a post that get a time. */
bool post_check_room_at(
	struct tx *tx, const struct rules *rules, struct post_id post, int64_t due_at, struct error *err) must_check;

/* `modes`: how it goes out, on those accounts that have more than one way. */
void post_show_modes(const struct rules *rules, const struct post *post, cJSON *result);
/* Of listed rows: take `mode` away where no account (names in `member`, apart by blanks) has more than one. */
void post_drop_modes(const struct rules *rules, cJSON *rows, const char *member);

/* The scarcest of the quotas that taking it back, or showing it to somebody, draws on: `used`, `limit`, `resets_at`;
 * nothing when none is. */
bool post_show_withdrawal(struct tx *tx, const struct rules *rules, const struct send_row *send, cJSON *row,
	struct error *err) must_check;
bool post_show_preview(struct tx *tx, const struct rules *rules, const struct send_row *send, cJSON *row,
	struct error *err) must_check;

#endif
