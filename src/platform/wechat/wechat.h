/*
 * What the files of the WeChat driver share. Nothing here is for other rooms.
 *
 *   settings.c   keys of accounts.yaml        wechat.c     the descriptor; quotas; which file answers what
 *   check.c      does a post fit?             text.c       lengths, fingerprints, bytes fit for JSON
 *   article.c    Markdown to an article       theme.c      its inline styles
 *   publish.c    the steps of a publication   broadcast.c  mass sends, withdrawals
 *   reply.c      answers to citizens          comments.c   the feed of article comments
 *   find.c       did that send land?          calls.c      OP_CALL: menus, topics, QR codes ...
 *   token.c      tokens and limits            media.c      what citizens sent; types by magic bytes
 *   answer.c     from HTTP to JSON or error   errors.c     WeChat's error codes as a table
 *   ids.c        threads, comments, markers   push.c       what WeChat pushes to us
 *   preview.c    a publication shown to one   crypto.c     the envelope of pushes
 *
 * Sources: the platform's own documentation at developers.weixin.qq.com/doc, trees "subscription" and "service"
 * (changes up to 2025-12-19), read 2026. What it does not say and what is assumed is marked `source unverified`.
 * Samples are in tests/fixtures/wechat/.
 */
#ifndef PLATFORM_WECHAT_WECHAT_H
#define PLATFORM_WECHAT_WECHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/str.h"
#include "platform/driver.h"
#include "platform/wechat/settings.h"

/*
 * Lengths. Titles, authors and digests count characters; the documentation of 2025-11-26 says 32, 16 and 128, practice
 * before it 64, 8 and 120: the documented figure warns, the larger one stops. An article counts all of its HTML.
 *
 * source  pages draft/add (limits), message/custom (2048 bytes: reports), message/mass (600: as the console, source
 *         unverified), comment/reply/add (140: source unverified)
 */
#define WECHAT_TITLE_CHARS       64
#define WECHAT_TITLE_WARN_CHARS  32
#define WECHAT_AUTHOR_CHARS      16
#define WECHAT_DIGEST_CHARS      128
#define WECHAT_CONTENT_CHARS     20000 /* fewer than this */
#define WECHAT_CONTENT_BYTES     (1u << 20)
#define WECHAT_SOURCE_URL_BYTES  1024
#define WECHAT_MASS_TEXT_CHARS   600
#define WECHAT_CUSTOM_TEXT_BYTES 2048
#define WECHAT_COMMENT_CHARS     140
#define WECHAT_INLINE_BYTES      (1u << 20) /* smaller than this, JPEG or PNG */
#define WECHAT_MATERIAL_BYTES    (10u << 20)
#define WECHAT_THUMB_BYTES       (64u << 10)
#define WECHAT_PICTURES          20
#define WECHAT_CLIENT_ID_BYTES   32
#define WECHAT_BODY_BYTES        (4u << 20)

/* Indexes into the driver's quotas. The first is what polls cost. */
enum wechat_quota {
	WECHAT_QUOTA_COMMENT_LIST,
	WECHAT_QUOTA_BROADCASTS,
	WECHAT_QUOTA_DRAFT_ADD,
	WECHAT_QUOTA_DRAFT_GET,
	WECHAT_QUOTA_PUBLISH,
	WECHAT_QUOTA_PUBLISH_GET,
	WECHAT_QUOTA_PUBLISH_LIST,
	WECHAT_QUOTA_PUBLISH_DELETE,
	WECHAT_QUOTA_MASS,
	WECHAT_QUOTA_MASS_GET,
	WECHAT_QUOTA_MASS_DELETE,
	WECHAT_QUOTA_CUSTOM_SEND,
	WECHAT_QUOTA_COMMENT_REPLY,
	WECHAT_QUOTA_UPLOAD,
	WECHAT_QUOTA_MATERIAL,
	WECHAT_QUOTA_PREVIEW,
	WECHAT_QUOTAS,
};

static inline const struct wechat_settings *wechat_settings_of(const struct driver_op *op)
{
	return op->account->settings;
}

/* ---- ids.c: the one place where our ids of threads, comments and replies are made and taken apart ---- */

/*
 * thread   MSG_DATA_ID/INDEX              one article of a publication; the index counts from 0
 * comment  MSG_DATA_ID/INDEX/COMMENT      ids of comments are unique under their article only (source unverified)
 * reply    MSG_DATA_ID/INDEX/COMMENT/r    our own answer: there is one per comment
 *
 * All parts are decimal digits, kept as text: WeChat's numbers do not fit 32 bits.
 */
struct wechat_comment_id {
	char data_id[24];
	char index[4];
	char comment[24]; /* "" for a thread */
};
bool wechat_thread_parse(const char *text, struct wechat_comment_id *ret_id) must_check;
bool wechat_comment_parse(const char *text, struct wechat_comment_id *ret_id) must_check;
char *wechat_thread_format(struct str data_id, unsigned index);
char *wechat_comment_format(const char *thread, struct str comment, bool reply);

/* The clientmsgid of a send: its marker, or 32 digits of the marker's SHA-256 when it does not fit. */
void wechat_client_id(const char *marker, char ret_id[WECHAT_CLIENT_ID_BYTES + 1]);
/* Opaque ids of theirs: 1 to 128 bytes without blanks and controls; white space inside is taken out. NULL: none. */
char *wechat_opaque_id(const cJSON *json, const char *key);
/* An openid: 1 to 64 of [A-Za-z0-9_-]. */
bool wechat_is_openid(const char *text);

/* ---- text.c ---- */

/* Characters that WeChat's JSON must not hold as escapes are dropped: controls but \n, \r, \t. */
void wechat_add_text(cJSON *object, const char *key, struct str text);
/* A number that keeps all its digits. */
void wechat_add_digits(cJSON *object, const char *key, const char *digits);
/* JSON as raw UTF-8 without a single \uXXXX: WeChat measures escapes as six characters, or refuses them. */
bool wechat_print(struct buf *out, const cJSON *json);
/* What is left of an article's HTML, or of a text, when tags, entities and white space are taken away. */
void wechat_fingerprint(struct buf *out, struct str html);

/* ---- theme.c ---- */

enum wechat_style {
	WECHAT_STYLE_SECTION,
	WECHAT_STYLE_P,
	WECHAT_STYLE_H1,
	WECHAT_STYLE_H2,
	WECHAT_STYLE_H3,
	WECHAT_STYLE_H4,
	WECHAT_STYLE_STRONG,
	WECHAT_STYLE_EM,
	WECHAT_STYLE_A,
	WECHAT_STYLE_IMG,
	WECHAT_STYLE_BLOCKQUOTE,
	WECHAT_STYLE_UL,
	WECHAT_STYLE_OL,
	WECHAT_STYLE_LI,
	WECHAT_STYLE_CODE,
	WECHAT_STYLE_PRE,
	WECHAT_STYLE_HR,
	WECHAT_STYLES,
};

/*
 * Inline styles by element. A theme file has a line "element: declarations" for each one it changes; # begins a
 * comment.
 *
 * errors  CONFIG/REJECT "FILE:LINE: what"
 */
struct wechat_theme {
	char *styles[WECHAT_STYLES];
};
bool wechat_theme_load(
	const char *path, struct wechat_theme *ret_theme, struct error *err) must_check; /* NULL: built in */
void wechat_theme_finish(struct wechat_theme *theme);

/* ---- article.c ---- */

/* What a post becomes. */
enum post_form wechat_form(const struct driver_send *send);
bool wechat_broadcasts(const struct driver_send *send);

/* The picture a Markdown destination names: by its name, or by the last part of it. NULL: none of ours. */
const struct post_media *wechat_picture(const struct driver_send *send, const char *url);
/* The cover; NULL: there is none, or none of this name. */
const struct post_media *wechat_cover(const struct driver_send *send);
/* The n-th picture, in the order of the media, that stands in the text; NULL: no more. */
const struct post_media *wechat_inline_picture(const struct driver_send *send, size_t n);

/* Every picture in the Markdown, in order. url and alt are borrowed for the call. */
typedef void wechat_picture_fn(void *data, const char *url, const char *alt, int line);
void wechat_each_picture(const struct driver_send *send, wechat_picture_fn *fn, void *data);
bool wechat_has_raw_html(const struct driver_send *send);

/*
 * The article's HTML: a fragment with inline styles. Raw HTML of the Markdown is left out; links to other places than
 * WeChat's articles, which WeChat drops, have their address written behind them.
 *
 * url_of  address of a picture at WeChat; NULL: not uploaded, it is left out
 * errors  CONFIG (theme), INPUT/REJECT when it is too long
 */
bool wechat_article_html(struct buf *out, const struct driver_send *send, const struct wechat_theme *theme,
	const char *(*url_of)(void *data, const struct post_media *media), void *data, struct error *err) must_check;

/* ---- answer.c ---- */

/* Can carrying out this step make something visible that a second try would make again? */
bool wechat_visible(const struct driver_op *op);
/* May the operation change something at WeChat? */
bool wechat_op_writes(const struct driver_op *op);

/*
 * The JSON of a good answer. On false the outcome holds the error. A refusal that a step itself wants to look at (its
 * code is in `own`, which ends with 0) gives true and *ret_code.
 */
bool wechat_answer_json(struct driver_op *op, const struct http_answer *answer, const int *own, cJSON **ret_json,
	int *ret_code, struct outcome *ret_outcome) must_check;
/* An answer that came, but that nobody can read: VERIFY for what may be visible now, RETRY for the rest. */
void wechat_unreadable(struct driver_op *op, struct outcome *outcome, const char *what);

/* ---- errors.c ---- */

/* Fill the outcome after WeChat's own code; `said` is the text that came with it, rid and all. */
void wechat_refused(struct driver_op *op, int64_t code, const char *said, struct outcome *outcome);
void wechat_flooded(struct driver_op *op, int status, struct outcome *outcome);
/* From now to the end of the day, or of the month, at WeChat (+0800). */
int64_t wechat_day_left_ms(int64_t now_at);
int64_t wechat_month_left_ms(int64_t now_at);

/* ---- requests (wechat.c) ---- */

/* base_url + path?access_token=...[&more]; more is in query form already, or NULL. */
void wechat_get(struct driver_op *op, const char *path, const char *more, struct http_request *ret_request);
/* A POST of JSON, which is taken. errors  PLATFORM/REJECT too long */
bool wechat_post(struct driver_op *op, const char *path, cJSON *json, struct http_request *ret_request,
	struct error *err) must_check;
/* A POST of one picture as multipart. */
bool wechat_upload(struct driver_op *op, const char *path, const char *more, const struct post_media *media,
	struct http_request *ret_request, struct error *err) must_check;
bool wechat_bad_send(struct error *err, const char *what); /* REJECT; returns false */

/* ---- steps of a send ---- */

/* Steps of OP_SEND and OP_PREVIEW, in order. Those from WECHAT_STEP_SUBMIT on may be visible to all. */
enum wechat_step {
	WECHAT_STEP_MARK = 1, /* nothing is asked: what is about to be begun is written down first */
	WECHAT_STEP_TAG,      /* the topic's number */
	WECHAT_STEP_INLINE,   /* a picture of the text */
	WECHAT_STEP_MATERIAL, /* a cover, or a picture that is sent as it is */
	WECHAT_STEP_DRAFT,
	WECHAT_STEP_PREVIEW, /* the end of OP_PREVIEW */
	WECHAT_STEP_SUBMIT,  /* publish the draft */
	WECHAT_STEP_MASS,    /* broadcast */
	WECHAT_STEP_CUSTOM,
	WECHAT_STEP_COMMENT,
	WECHAT_STEP_DELETE, /* take back a publication */
	WECHAT_STEP_MASS_DELETE,
};

/*
 * What of a publication is finished; the progress of its send. Compact JSON:
 *
 *   {"inline":{SHA256:URL},"material":{SHA256:MEDIA_ID},"tag":101,"draft":MEDIA_ID,"clean":true,...}
 *
 * `clean`: no request that could make it visible is in doubt: none has left since the draft was made, or each was
 * refused. It is taken out, durably, before one leaves in a later attempt.
 */
cJSON *wechat_progress(const struct driver_op *op); /* gives; an empty object when there is none */
/* Of a find: nothing visible was begun. */
bool wechat_untouched(const struct driver_send *send);
/* The progress as it is now, into the outcome and kept for the next step. */
void wechat_set_progress(struct driver_op *op, const cJSON *progress, struct outcome *outcome);

bool wechat_publish_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_publish_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);
/* The uploaded id or address: of this send or of an earlier one; NULL: none. Lends. */
const char *wechat_uploaded(
	const struct driver_op *op, const cJSON *progress, const char *purpose, const struct post_media *media);

/* preview.c: the last step of OP_PREVIEW, after the others of a publication. */
bool wechat_preview_request(
	struct driver_op *op, const cJSON *progress, struct http_request *ret_request, struct error *err) must_check;
void wechat_preview_answer(struct driver_op *op, struct outcome *outcome);

/* broadcast.c */
bool wechat_mass_request(
	struct driver_op *op, const cJSON *progress, struct http_request *ret_request, struct error *err) must_check;
void wechat_mass_answer(struct driver_op *op, const cJSON *json, int code, struct outcome *outcome);
extern const int wechat_mass_own[]; /* codes it wants to see */
bool wechat_may_withdraw(const struct driver_send *published, struct error *err) must_check;
bool wechat_withdraw_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_withdraw_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);

/* reply.c, find.c, comments.c, token.c, media.c, calls.c: one pair each */
bool wechat_reply_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_reply_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);
bool wechat_find_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_find_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);
bool wechat_pull_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_pull_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);
bool wechat_renew_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_renew_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);
void wechat_token_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);
bool wechat_limits_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_limits_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);
int64_t wechat_renew_after_ms(int64_t lifetime_ms);
bool wechat_media_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_media_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);

/* "image/jpeg", "audio/amr", "video/mp4" ... by the first bytes; NULL: none we know. */
const char *wechat_media_type(struct str bytes);

/* Look for the result of a job: so many milliseconds after so many looks (the day's calls are few: 100). */
int64_t wechat_look_after_ms(const struct driver_op *op, int looks);

/*
 * OP_CALL. Parameters are an object; what is not named here is refused. Results are objects.
 *
 *   menu.push            button: the list of buttons, as WeChat documents it        {}
 *   menu.show            -                                                          what WeChat shows: {"button":[...]}
 *   menu.delete          -                                                          {}
 *   qr                   scene: 1-64 characters; expires_ms, or permanent: true     {"ticket","url","image_url",
 *                                                                                    "expires_in_ms"}
 *   topics               -                                                   {"topics":[{"id","name","followers"}]}
 *   topic.create         name: at most 30 bytes                              {"id","name"}
 *   topic.delete         topic: its name                                     {}
 *   topic.add            topic: its name, made when there is none;           {"number"}
 *                        followers: 1-50 openids; number: as the last call gave it, else it is looked up
 *   topic.remove         the same                                            {"number"}, or {}: there is no such topic
 *   comments.open        thread: as a send's thread_id                       {}
 *   comments.close       the same                                            {}
 *   comment.elect        comment: a comment's remote id                      {}
 *   comment.unelect, comment.delete, comment.reply-delete   the same         {}
 *   typing               follower: an openid; on: true or false              {}
 *   article.delete       article: an article_id; all of it goes, for good    {}
 *
 * errors  INPUT/REJECT "NAME: parameter: what was expected"
 */
bool wechat_call_request(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
void wechat_call_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome);
bool wechat_call_writes(const struct driver_op *op); /* its present step */
bool wechat_call_again(const struct driver_op *op);  /* twice is the same as once */

/* ---- check.c ---- */

void wechat_check(const struct driver_account *account, const struct driver_send *send, struct finding_list *findings);
void wechat_measure(
	const struct driver_account *account, const struct driver_send *send, int64_t *ret_units, int64_t *ret_limit);

/* May an account of these settings do it? "publish", "broadcast", "reply", "comments", "menu", "topics", "qr". */
bool wechat_can(const void *settings, const char *capability);

/* ---- push.c ---- */

bool wechat_takes_pushes(const void *settings);
void wechat_push(const struct driver_account *account, const struct driver_push *push, struct push_result *ret_result);
bool wechat_answer_push(const struct driver_account *account, const struct push_result *result, struct str text,
	int64_t now_at, struct buf *out, const char **ret_type);

#define WECHAT_FEEDS 1
extern const struct driver_feed wechat_feeds[WECHAT_FEEDS];

#endif
