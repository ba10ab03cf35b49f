/*
 * A driver: one platform as a value. It is pure: it turns an operation into HTTP requests and HTTP answers
 * into an outcome, and never touches the store, the loop or the clock. Everything a platform says is
 * untrusted.
 *
 * An operation is driven by its caller:
 *
 *   op_init ─▶ request ─▶ (the caller exchanges it) ─▶ answer ─┬─ OUTCOME_NEXT: request again
 *                                                              ├─ OUTCOME_DONE
 *                                                              └─ OUTCOME_ERROR: error.advice says what to do
 *
 * To add a driver: one folder src/platform/<name>/, its name in src/platform/meson.build. Configuration keys,
 * the conformance suite and `gazette account` come free.
 */
#ifndef PLATFORM_DRIVER_H
#define PLATFORM_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/http_message.h"
#include "config/keys.h"
#include "core/attr.h"
#include "core/error.h"
#include "core/secret.h"
#include "model/finding.h"
#include "model/message.h"
#include "model/post.h"
#include "model/send.h"

#define DRIVER_QUOTAS_MAX 4
#define DRIVER_FEEDS_MAX  4

/* What one account looks like to its driver. Borrowed values. */
struct driver_account {
	const char *name;
	const char *base_url;
	const void *settings;       /* read by the driver's keys */
	const struct secret *token; /* empty: never logged in */
	const char *remote_uid;     /* the account's own id on the platform; NULL: not known yet */
};

/* A limit on calls in a fixed window: [k * window_ms + offset_ms, ...). */
struct driver_quota {
	const char *name; /* "calls", "posts" */
	int64_t window_ms;
	int64_t offset_ms; /* 00:00 +0800 for a day */
	int64_t limit;     /* 0: unlimited */
	int64_t reserve;   /* kept from polling: for sends and urgent reads */
};

/* A list of citizens' messages that can be pulled. */
struct driver_feed {
	const char *name;  /* "comments": stands in cursor rows and in `account show` */
	int share_percent; /* of the first quota's limit, spent on regular polls of this feed */
};

enum driver_op_kind {
	OP_SEND,   /* publish or reply */
	OP_FIND,   /* did that send land? */
	OP_PULL,   /* new messages of a feed */
	OP_LOGIN,  /* pasted code to token */
	OP_TOKEN,  /* is the token alive, until when */
	OP_LIMITS, /* the platform's own view of the quotas */
};

/* What is to be sent. Borrowed values, unchanged between the attempts of one send. */
struct driver_send {
	enum send_kind kind;
	const char *marker; /* ASCII, unique to this send for ever; for platforms that echo one */
	struct str text;
	const struct post_media *media; /* with data */
	size_t n_media;
	/* a reply: */
	enum message_kind reply_to_kind;
	const char *reply_to_id;     /* the message answered */
	const char *reply_status_id; /* the post it stands under */
	/* for OP_FIND: */
	int64_t first_attempt_at;
	int64_t last_attempt_at;
	const char *const *taken_ids; /* remote ids that other sends of the account own: never a match */
	size_t n_taken;
};

struct driver_pull {
	int feed;          /* index into driver.feeds */
	const char *since; /* what the last complete pull gave; NULL: the first one */
	int64_t now_at;    /* the caller's clock */
};

struct driver_op {
	const struct driver *driver;
	enum driver_op_kind kind;
	const struct driver_account *account; /* borrowed until op_finish() */
	const struct driver_send *send;       /* OP_SEND, OP_FIND */
	struct driver_pull pull;              /* OP_PULL */
	const char *code;                     /* OP_LOGIN: the code, or the whole pasted URL */
	/* the driver's own, between request and answer: */
	int step;
	unsigned pages;
	char *cursor; /* freed by op_finish() */
	char *high;   /* freed by op_finish() */
	char *scratch;
};

enum outcome_kind { OUTCOME_NEXT = 1, OUTCOME_DONE, OUTCOME_ERROR };

enum found { FOUND_YES = 1, FOUND_NO, FOUND_UNCLEAR };

/* Fields beyond kind, messages and error are set for OUTCOME_DONE (messages also for OUTCOME_NEXT). */
struct outcome {
	enum outcome_kind kind;
	struct error error;    /* OUTCOME_ERROR */
	int quota;             /* error is a limit: index of the quota that is used up; -1: no particular one */
	int64_t look_after_ms; /* ADVISE_VERIFY: look no sooner than this; 0: the account's default */
	bool was_duplicate; /* ADVISE_REJECT because identical to something just posted: after an own doubt = landed */
	bool needs_person;  /* ADVISE_REAUTH-like: captcha, frozen account: park with this text */
	int max_tries;      /* ADVISE_RETRY that turns into reject after so many tries; 0: no such cap */

	char *remote_id;  /* OP_SEND, OP_FIND: may be NULL when the platform did not say */
	char *url;        /* public address */
	char *note;       /* something a person should see: "posted, but not threaded" */
	enum found found; /* OP_FIND. NO: provably absent at the time of the answer */

	struct message_list messages; /* OP_PULL: of this page */
	char *since;                  /* OP_PULL, OUTCOME_DONE: where the next pull starts; NULL: unchanged */

	struct secret token;                  /* OP_LOGIN */
	int64_t expires_in_ms;                /* OP_LOGIN, OP_TOKEN; 0: not said */
	char *remote_uid;                     /* OP_LOGIN, OP_TOKEN */
	int64_t remaining[DRIVER_QUOTAS_MAX]; /* OP_LIMITS; -1: not said */
};

struct driver {
	const char *name; /* `platform:` in accounts.yaml */
	const char *default_base_url;
	const struct config_key *keys; /* ends with {0} */
	size_t settings_size;
	bool (*check_settings)(const void *settings, struct error *err); /* NULL: no rules across keys */
	const struct driver_feed *feeds;
	size_t n_feeds;

	/* Fill in the quotas of an account; returns how many. Index 0 is what every counted call costs. */
	size_t (*quotas)(const void *settings, struct driver_quota ret[DRIVER_QUOTAS_MAX]);
	/* Set of quota indexes (bits) that one request of this operation costs. */
	unsigned (*cost)(enum driver_op_kind kind, enum send_kind send_kind);
	/* Shortest time between two polls; how soon and how long a doubtful send is looked for; wall ms durations. */
	int64_t (*poll_min_ms)(const void *settings);
	int64_t (*find_after_ms)(const void *settings); /* first look after doubt */
	int64_t (*settle_lag_ms)(const void *settings); /* absence counts only this long after the last attempt */
	/* A token given in the configuration, or NULL. */
	const struct secret *(*initial_token)(const void *settings);

	/* Does this text fit the platform? Adds findings; pure; offline. */
	void (*check)(
		const struct driver_account *account, const struct driver_send *send, struct finding_list *findings);
	/* Length in the platform's own units and its limit, for display. */
	void (*measure)(const struct driver_account *account, struct str text, int64_t *ret_units, int64_t *ret_limit);
	/* Where the operator gives consent; the answer brings the code. */
	bool (*login_url)(const struct driver_account *account, struct buf *out);

	bool (*request)(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
	void (*answer)(struct driver_op *op, const struct http_answer *answer, struct outcome *ret_outcome);
};

extern const struct driver *const drivers[];        /* alphabetical, ends with NULL */
const struct driver *driver_find(const char *name); /* NULL: none */

void op_init(struct driver_op *op, const struct driver *driver, enum driver_op_kind kind,
	const struct driver_account *account);
void op_finish(struct driver_op *op);
void outcome_init(struct outcome *outcome); /* zeroed, quota -1, remaining -1 */
void outcome_finish(struct outcome *outcome);
/* OUTCOME_ERROR with this advice; err's text is formatted. */
void outcome_fail(struct outcome *outcome, enum error_domain domain, enum error_advice advice, int code,
	const char *format, ...) printf_like(5, 6);

#endif
