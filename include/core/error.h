/*
 * Errors are values: they are stored in rows, cross the control socket and are shown to people, long
 * after the call that failed. The text is inline, so that an error path cannot fail itself.
 *
 * A function that can fail is `bool f(..., struct error *err) must_check`; on failure *err is set and
 * every ret_ parameter is untouched. `advice` is all that a queue needs to read.
 */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"

enum error_domain {
	ERROR_NONE = 0,
	ERROR_OS,       /* code: errno */
	ERROR_STORE,    /* code: SQLite's extended result code */
	ERROR_HTTP,     /* code: libcurl's result, or the HTTP status */
	ERROR_PROTO,    /* control protocol; code: JSON-RPC error code or 0 */
	ERROR_CONFIG,   /* accounts.yaml, rule files */
	ERROR_INPUT,    /* what a person or a batch file gave us */
	ERROR_STATE,    /* conflict: claims, versions, keys, states */
	ERROR_ACCESS,   /* the operator's role does not allow it */
	ERROR_MISSING,  /* no such post, ticket, account */
	ERROR_PLATFORM, /* a platform's own answer; code: the platform's */
};

enum error_advice {
	ADVISE_NONE = 0,
	ADVISE_RETRY,  /* transient: the same request again, with back-off */
	ADVISE_WAIT,   /* a limit: not before retry_ms has passed */
	ADVISE_REAUTH, /* credentials refused: park the account, not the post */
	ADVISE_REJECT, /* refused for good: a person must change something */
	ADVISE_VERIFY, /* sent, outcome unknown: find it before sending again */
	ADVISE_BUG,    /* cannot happen: log loudly, never retry */
};

struct error {
	enum error_domain domain;
	enum error_advice advice;
	int code;          /* the domain's own number, or 0 */
	int64_t retry_ms;  /* for ADVISE_WAIT; else 0 */
	char message[256]; /* one line of UTF-8, no secrets, control characters replaced */
};

/* Fill *err (which may be NULL) and return false, so that reporting is one `return`. */
bool error_set(struct error *err, enum error_domain domain, enum error_advice advice, int code, const char *format, ...)
	printf_like(5, 6);

/* As error_set() with ERROR_OS, ADVISE_RETRY, errno, and ": strerror" appended. */
bool error_set_errno(struct error *err, const char *format, ...) printf_like(2, 3);

/* Put a context (without its colon) and ": " before the message that is already there; returns false. */
bool error_prefix(struct error *err, const char *format, ...) printf_like(2, 3);

void error_clear(struct error *err);

/* The names that cross the wire and stand in rows: "retry", "os". Never NULL. */
const char *error_advice_name(enum error_advice advice);
const char *error_domain_name(enum error_domain domain);
bool error_advice_parse(const char *name, enum error_advice *ret_advice);
bool error_domain_parse(const char *name, enum error_domain *ret_domain);

#endif
