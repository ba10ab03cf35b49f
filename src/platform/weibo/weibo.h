/*
 * What the files of the Weibo driver share. Nothing here is for other rooms.
 *
 *   settings.c  keys of accounts.yaml        weibo.c    the descriptor; which file answers what
 *   check.c     does a text fit?             text.c     weighted length, links, fingerprints, entities
 *   publish.c   writes: posts and comments   ids.c      ids, their time, base 62, created_at, addresses
 *   find.c      did that write land?         answer.c   from an HTTP answer to JSON or to an error
 *   feeds.c     comments and mentions        errors.c   Weibo's error codes as a table
 *   login.c     login, token, limits           push.c     private messages of the fan service
 *
 * Sources: wiki "PAGE" is a page below https://open.weibo.com/wiki/. What no page says was read in public clients or
 * recorded answers and says so; samples are in tests/fixtures/weibo/.
 */
#ifndef PLATFORM_WEIBO_WEIBO_H
#define PLATFORM_WEIBO_WEIBO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"
#include "platform/driver.h"
#include "platform/weibo/settings.h"

/*
 * Lengths count 汉字: two half-units each (text.c).
 *
 * source  wiki "2/statuses/share", "2/statuses/update" (long text), "2/comments/create", "2/statuses/upload"
 * (pictures); the margin as a public Java client keeps it (qqxadyy/weibo-openapi-4java)
 */
#define WEIBO_TEXT_UNITS        140
#define WEIBO_TEXT_WARN_UNITS   130
#define WEIBO_LONG_UNITS        2000
#define WEIBO_COMMENT_UNITS     140
#define WEIBO_PICTURE_BYTES     (5u << 20) /* must be smaller than this */
#define WEIBO_ANNOTATIONS_BYTES 512u

/* Indexes into the driver's quotas. */
enum weibo_quota { WEIBO_QUOTA_CALLS, WEIBO_QUOTA_POSTS, WEIBO_QUOTAS };

static inline const struct weibo_settings *weibo_settings_of(const struct driver_op *op)
{
	return op->account->settings;
}

/* ---- ids.c ---- */

/* source unverified, exact on six published samples: unix seconds = (id >> 22) + 515483463 */
#define WEIBO_ID_EPOCH_S       INT64_C(515483463)
#define WEIBO_ID_SEQUENCE_BITS 22

#define WEIBO_MID_BYTES 16 /* base 62 of 19 digits, and its end */

/* A positive decimal number of at most 63 bits. */
bool weibo_id_parse(struct str text, int64_t *ret_id) must_check;
/* The id of a status or comment: `idstr`, or else `id`. False when it has none. */
bool weibo_id_of(const cJSON *object, int64_t *ret_id) must_check;
void weibo_id_to_mid(int64_t id, char ret_mid[WEIBO_MID_BYTES]);
bool weibo_mid_to_id(struct str mid, int64_t *ret_id) must_check;
int64_t weibo_id_made_at(int64_t id); /* wall ms, exact to the second */
int64_t weibo_id_at(int64_t at);      /* smallest id of that second; 0 before the first one */
/* "Wed Oct 24 23:49:17 +0800 2012" */
bool weibo_time_parse(struct str text, int64_t *ret_at) must_check;
/* created_at of a status or comment, or else what its id says; 0: neither is readable. */
int64_t weibo_made_at(const cJSON *object);
char *weibo_format_id(int64_t id);
char *weibo_format_url(const char *uid, int64_t status_id); /* NULL without uid */

/* ---- text.c ---- */

struct weibo_link {
	size_t from; /* offset of its "h" */
	struct str url;
	struct str host;
};

/* The next link at or behind `from`. */
bool weibo_link_next(struct str text, size_t from, struct weibo_link *ret_link);

/* Weighted length. strict: https links count in full, as if the server did not shorten them. */
int64_t weibo_length(struct str text, bool strict);

/* &lt; &gt; &amp; &quot; &#39; to what they stand for, once. */
void weibo_decode_entities(struct buf *out, struct str text);

/* What is left of a text when all that the server changes is taken away: links, #, white space, entities. */
void weibo_fingerprint(struct buf *out, struct str text);

enum weibo_likeness { WEIBO_DIFFERENT, WEIBO_ALIKE, WEIBO_SAME };
/* Of two fingerprints. ALIKE: the beginnings agree so far that one may be a mangled form of the other. */
enum weibo_likeness weibo_compare(struct str a, struct str b);

/* ---- answer.c ---- */

/*
 * The JSON of a good answer. On false the outcome holds the error: from the transport, from HTTP or from the error
 * table, with advice that depends on whether the operation writes.
 */
bool weibo_answer_json(struct driver_op *op, const struct http_answer *answer, cJSON **ret_json,
	struct outcome *ret_outcome) must_check;

/* The member when it is an array, else NULL: lists also come as null, "" or {}. */
const cJSON *weibo_array(const cJSON *object, const char *key);

/* An answer that came, but that nobody can read: VERIFY for a write, RETRY for a read. */
void weibo_unreadable(struct driver_op *op, struct outcome *outcome, const char *what);

/* Does the platform change something when this operation is carried out? */
bool weibo_op_writes(const struct driver_op *op);

/* ---- errors.c ---- */

/* Fill the outcome after Weibo's own code; `said` is the text that came with it. */
void weibo_refused(struct driver_op *op, int64_t code, const char *said, struct outcome *outcome);
/* What Weibo said, or "" when it quotes the token or the code: they have no business in rows and logs. */
const char *weibo_without_secrets(const struct driver_op *op, const char *said);
/* A refusal because of too many calls that came without a code. */
void weibo_flooded(struct driver_op *op, int status, struct outcome *outcome);

/* ---- publish.c, find.c, feeds.c, login.c: one pair each ---- */

bool weibo_send_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void weibo_send_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome);
bool weibo_may_withdraw(const struct driver_send *published, struct error *err) must_check;
bool weibo_find_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void weibo_find_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome);
bool weibo_pull_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void weibo_pull_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome);
bool weibo_login_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void weibo_login_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome);
void weibo_token_request(struct driver_op *op, struct http_request *ret_request);
void weibo_token_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome);
void weibo_limits_request(struct driver_op *op, struct http_request *ret_request);
void weibo_limits_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome);
bool weibo_login_url(const struct driver_account *account, struct buf *out);

/* A GET or form POST of base_url + path; `form` is taken. The token goes in as a field: in a header it was not always
 * seen. */
void weibo_get(struct driver_op *op, const char *path, struct buf *query, struct http_request *ret_request);
void weibo_post(struct driver_op *op, const char *path, struct buf *form, struct http_request *ret_request);
void weibo_form_init(struct driver_op *op, struct buf *form);

/* ---- check.c ---- */

void weibo_check(const struct driver_account *account, const struct driver_send *send, struct finding_list *findings);
void weibo_measure(
	const struct driver_account *account, const struct driver_send *send, int64_t *ret_units, int64_t *ret_limit);
/* "image/jpeg", "image/png", "image/gif" by the first bytes; NULL: none of them. */
const char *weibo_picture_type(struct str bytes);

/* ---- push.c ---- */

bool weibo_takes_pushes(const void *settings);
void weibo_push(const struct driver_account *account, const struct driver_push *push, struct push_result *ret_result);
bool weibo_answer_push(const struct driver_account *account, const struct push_result *result, struct str text,
	int64_t now_at, struct buf *out, const char **ret_type);

#define WEIBO_FEEDS 3
extern const struct driver_feed weibo_feeds[WEIBO_FEEDS];

#endif
