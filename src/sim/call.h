/*
 * One request to the platform's interface, from its parameters to its answer, and what the files weibo_*.c share.
 */
#ifndef SIM_CALL_H
#define SIM_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "sim/out.h"
#include "sim/params.h"
#include "sim/world.h"

#define REFUSAL_SLOW 20032
#define SLOW_MS      (120 * INT64_C(1000)) /* how long a 20032 keeps a post invisible */

enum route_flag {
	ROUTE_MULTIPART = 1, /* a picture may come with it */
	ROUTE_NO_TOKEN = 2,  /* reads credentials of its own, or none */
	ROUTE_UNCOUNTED = 4, /* costs no call */
	ROUTE_ADVANCED = 8,  /* needs tier advanced or biz */
	ROUTE_TWIN = 16,     /* has a commercial twin: /biz.json */
	ROUTE_CLOSED = 32,   /* off the open index: 10014 for every tier but biz */
};

struct call;

struct route {
	const char *path;
	unsigned methods; /* set of enum method */
	unsigned flags;
	void (*handle)(struct call *call);
	const char *api; /* name in rate limit messages; NULL: no limit of its own */
};

enum method { METHOD_GET = 1, METHOD_POST = 2, METHOD_DELETE = 4, METHOD_OTHER = 8 };

struct call {
	struct sim *sim;
	const struct route *route;
	enum method method;
	const char *path; /* as it was asked for */
	const char *client_ip;
	struct params params;
	struct token *token;
	struct account *account; /* NULL: nobody known */
	int64_t hide_ms;         /* what this call writes cannot be seen for so long */

	/* the answer */
	struct out out;
	struct buf body;
	int http_status;
	const char *content_type;
	char *location;  /* of a redirect, or NULL */
	int64_t refusal; /* error code, 0: none */

	/* of WeChat */
	const char *host;  /* header of the request, or NULL */
	char *disposition; /* header of the answer, or NULL */
	int64_t waits_for; /* the answer leaves when this push has ended; 0: at once */
	bool keeps_answer; /* as it is; else the push's members and a brace come behind it */
};

void call_init(struct call *call, struct sim *sim);
void call_finish(struct call *call);

/* Answer with an error of the platform; `text` NULL: the code's usual text. Drops what was written before. */
void call_refuse(struct call *call, int64_t code, const char *text);
/* "miss required parameter (status) …" */
void call_refuse_missing(struct call *call, const char *param);
void call_refuse_value(struct call *call, const char *param);

/* The whole way of an API request: route, method, media type, token, limits, handler. */
void call_run(struct call *call);
/* Who asks, as far as can be told without refusing anything; NULL: unknown. For faults that name an account. */
struct account *call_peek_account(struct call *call);
/* Look for the token and refuse when there is none alive. */
bool call_authenticate(struct call *call);

/* Limits (quota.c). */
void quota_count_ip(struct call *call);
bool quota_take_call(struct call *call);
bool quota_take_post(struct call *call);
bool quota_take_comment(struct call *call);
int64_t quota_used(const struct sim *sim, const struct window *window, int64_t window_ms);
void handle_rate_limit_status(struct call *call);

/* Objects (weibo_object.c). */
enum object_detail {
	DETAIL_TRIM_USER = 1, /* the user is only its id */
	DETAIL_LONG = 2,      /* with the whole text of a long status */
	DETAIL_DELETED = 4,   /* marked as deleted */
	DETAIL_FLAT = 8,      /* without the status that was reposted */
};

void out_user_members(struct out *out, const struct user *user); /* into an open object */
void out_user_counts(struct out *out, const struct user *user);
void out_status(struct out *out, const char *key, const struct status *status, unsigned detail);
void out_comment(struct out *out, const char *key, const struct comment *comment, unsigned detail);
void out_picture(struct out *out, const struct picture *picture); /* into an open object */

/* Lists (paging.c). */
struct page {
	int64_t since_id; /* exclusive */
	int64_t max_id;   /* inclusive; 0: none */
	int64_t count;
	int64_t page;   /* from 1 */
	int64_t newest; /* only so many newest items exist for this caller; 0: all */
};

struct page_result {
	struct item **items; /* newest first; free() it */
	size_t n;
	int64_t next_cursor;
	int64_t total;
};

void page_read(const struct call *call, struct page *ret_page, int64_t count_default, int64_t count_max);
/* `keep` sifts after the selection; NULL: everything stays. */
void page_select(const struct call *call, const struct list *list, const struct page *page,
	bool (*keep)(const struct call *call, const struct item *item), struct page_result *ret_result);
/* Sifting by filter_percent. */
bool page_keeps(const struct call *call, const struct item *item);
void page_out_end(struct call *call, const struct page_result *result);

/* Rules that writers share (weibo_rules.c). Each refuses the call and returns false when it is broken. */
bool rule_rip(struct call *call);
bool rule_content(struct call *call, struct str text); /* forbidden words and links */
bool rule_frequency(struct call *call);
bool rule_fresh(struct call *call, const struct said_log *said, struct str text);
bool rule_id(struct call *call, const char *param, int64_t missing_code, int64_t *ret_id);
/* The status a comment or repost is meant for, if it can be seen. */
bool rule_status(struct call *call, const char *param, struct status **ret_status);

#define HANDLER(name) void handle_##name(struct call *call)
HANDLER(authorize);
HANDLER(access_token);
HANDLER(get_token_info);
HANDLER(revoke);
HANDLER(share);
HANDLER(update);
HANDLER(upload);
HANDLER(upload_url_text);
HANDLER(upload_pic);
HANDLER(repost);
HANDLER(status_destroy);
HANDLER(user_timeline);
HANDLER(user_timeline_ids);
HANDLER(status_show);
HANDLER(status_show_batch);
HANDLER(status_count);
HANDLER(repost_timeline);
HANDLER(querymid);
HANDLER(queryid);
HANDLER(mentions);
HANDLER(emotions);
HANDLER(comments_to_me);
HANDLER(comments_by_me);
HANDLER(comments_timeline);
HANDLER(comments_mentions);
HANDLER(comments_show);
HANDLER(comments_show_batch);
HANDLER(comment_create);
HANDLER(comment_reply);
HANDLER(comment_destroy);
HANDLER(comment_destroy_batch);
HANDLER(get_uid);
HANDLER(users_show);
HANDLER(users_counts);
HANDLER(unread_count);
#undef HANDLER

#endif
