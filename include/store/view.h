/*
 * What lists and pages show: rows as JSON objects with the fields named in gazette-control(7). Read-only, paged by key:
 * `after` is the cursor of the last row seen ("" for the first page), never an offset.
 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"

struct tx;

struct page {
	const char *after; /* opaque; NULL or "": from the start */
	int limit;         /* 1 to LIMIT_PAGE_ROWS */
	char next[64];     /* filled in: "" when there is no more */
};

/* Filters: NULL or zero means any. Accounts and states are checked by the caller. */
struct delivery_filter {
	int64_t post;
	const char *account;
	const char *state;
	const char *kind; /* publish, reply */
	int64_t due_from_at;
	int64_t due_until_at;
};
bool view_posts(struct tx *tx, const struct delivery_filter *filter, struct page *page, cJSON *rows,
	struct error *err) must_check;
bool view_post(struct tx *tx, struct post_id id, cJSON **ret_post, struct error *err) must_check;
bool view_sends(struct tx *tx, const struct delivery_filter *filter, struct page *page, cJSON *rows,
	struct error *err) must_check;
/* {account, state: n...} per account, for queue shape, from counters. */
bool view_queue_shape(struct tx *tx, cJSON *rows, struct error *err) must_check;

struct ticket_filter {
	const char *state; /* NULL: everything not closed; "all": everything */
	const char *account;
	const char *class;
	const char *holder; /* name */
	int priority;       /* -1: any */
	bool unclaimed;
	bool overdue; /* some deadline has passed */
};
/* Most urgent first: priority, then the nearest deadline, then age. */
bool view_tickets(struct tx *tx, const struct ticket_filter *filter, struct page *page, cJSON *rows,
	struct error *err) must_check;
/* One of those rows, and what a list has no room for. */
bool view_ticket_row(struct tx *tx, struct ticket_id id, cJSON **ret_ticket, struct error *err) must_check;
/* With its thread (messages and replies in order), history and deadlines. */
bool view_ticket(struct tx *tx, struct ticket_id id, cJSON **ret_ticket, struct error *err) must_check;

/* In the order of their names. only: the account of this name; NULL: all. */
bool view_accounts(struct tx *tx, const char *only, struct page *page, cJSON *rows, struct error *err) must_check;

/* Open tickets of an account that can still be answered: {windows: {open, closes_at}} with the nearest closing. */
bool view_windows(struct tx *tx, struct account_id account, cJSON *row, struct error *err) must_check;
/*
 * Comments under one article (a delivery's thread), newest first, each with the ticket it is in. Where a platform has
 * threads, the ids of their comments begin with the thread's and a slash.
 */
bool view_comments(struct tx *tx, struct account_id account, const char *thread_id, struct page *page, cJSON *rows,
	struct error *err) must_check;

/* {account, comment, ticket} of a citizen's comment by its number. errors MISSING, STATE when it is no comment */
bool view_comment(struct tx *tx, int64_t message, cJSON **ret_comment, struct error *err) must_check;

/* Counts for `status`, from the counter table. */
bool view_counts(struct tx *tx, cJSON *object, struct error *err) must_check;
/* {name, held} of each account that has left the configuration and has something to send. */
bool view_gone_accounts(struct tx *tx, cJSON *rows, struct error *err) must_check;

/* Full text over messages, replies, notes and posts; newest first. errors INPUT when the query has no searchable word.
 */
bool view_search(struct tx *tx, const char *query, struct page *page, cJSON *rows, struct error *err) must_check;

#endif
