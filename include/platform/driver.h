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
 * A request without a URL means that nothing need be asked: the caller goes straight to answer(op, NULL).
 *
 * A send of several steps (upload pictures → draft → submit) tells with each OUTCOME_NEXT what is finished
 * (`progress`); the caller makes it durable before the next request leaves, and gives it back when the send is taken up
 * again. What only a last step makes visible is not in doubt before that step: the driver says so by its advice and by
 * `untouched`.
 *
 * A send may end as a job of the platform (FOUND_PENDING with a job_id). Its result comes by a push, or by OP_FIND.
 *
 * To add a driver: one folder src/platform/<name>/, its name in src/platform/meson.build. Configuration keys,
 * the conformance suite and `gazette account` come free.
 */
#ifndef PLATFORM_DRIVER_H
#define PLATFORM_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "codec/http_message.h"
#include "config/keys.h"
#include "core/attr.h"
#include "core/error.h"
#include "core/secret.h"
#include "model/finding.h"
#include "model/message.h"
#include "model/post.h"
#include "model/send.h"

#define DRIVER_QUOTAS_MAX 24

#define DRIVER_QUOTA_BROADCASTS "broadcasts" /* the quota of this name is reserved when a broadcast is scheduled */

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
	bool month;        /* the window is a calendar month in the platform's zone (+0800); window_ms does not count */
	bool per_send;     /* counts what went out, not calls: given back while nothing can be out (see cost) */
};

/* A list of citizens' messages that can be pulled. */
struct driver_feed {
	const char *name;  /* "comments": stands in cursor rows and in `account show` */
	int share_percent; /* of the first quota's limit, spent on regular polls of this feed */
};

enum driver_op_kind {
	OP_SEND,    /* publish or reply */
	OP_FIND,    /* did that send land? */
	OP_PULL,    /* new messages of a feed */
	OP_LOGIN,   /* pasted code to token */
	OP_RENEW,   /* a new token from the secrets of the configuration: drivers that renew */
	OP_TOKEN,   /* is the token alive, until when */
	OP_LIMITS,  /* the platform's own view of the quotas */
	OP_MEDIA,   /* something that came with a citizen's message */
	OP_CALL,    /* one of the driver's own calls, by name: menus, topics, QR codes, comments opened */
	OP_PREVIEW, /* a publication is shown to one person; nobody else sees it, and twice does no harm */
};

/* What an earlier send of the account uploaded already, by content. */
struct driver_upload {
	char *purpose; /* the driver's word: "inline", "material" */
	char *sha256;  /* of the picture */
	char *remote_id;
	char *url;
};
void driver_upload_finish(struct driver_upload *upload);

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
	const char *reply_author_id; /* whom it answers */
	/* a publication: */
	const char *title;
	const struct post_article *article; /* NULL for replies */
	const struct driver_upload *uploads;
	size_t n_uploads;
	/* a withdrawal: what it takes back */
	const char *target_id;
	const char *target_job;
	bool target_broadcast;
	/* taken up again: */
	const char *progress; /* what the last outcome said; NULL: nothing is finished yet */
	const char *job_id;   /* of the platform's job */
	/* for OP_FIND: */
	bool pending; /* the platform said that it works on it */
	int looks;    /* so many have been made */
	int64_t first_attempt_at;
	int64_t last_attempt_at;
	const char *before_id;        /* what the account sent last before the first attempt; NULL: not known */
	const char *const *taken_ids; /* remote ids that other sends of the account own: never a match */
	size_t n_taken;
};

/* A publication under which comments stand. */
struct driver_thread {
	const char *thread_id; /* as outcome.thread_id gave it */
	const char *title;
	int64_t sent_at;
};

struct driver_pull {
	int feed;          /* index into driver.feeds */
	const char *since; /* what the last complete pull gave; NULL: the first one */
	int64_t now_at;    /* the caller's clock */
	/* Publications of the last 30 days that have a thread: newest first. */
	const struct driver_thread *threads;
	size_t n_threads;
};

struct driver_op {
	const struct driver *driver;
	enum driver_op_kind kind;
	const struct driver_account *account; /* borrowed until op_finish() */
	const struct driver_send *send;       /* OP_SEND, OP_FIND, OP_PREVIEW */
	struct driver_pull pull;              /* OP_PULL */
	const char *code;                     /* OP_LOGIN: the code, or the whole pasted URL */
	bool force;                           /* OP_RENEW: the token we have is dead although it should not be */
	const struct message_media *media;    /* OP_MEDIA */
	const char *call;                     /* OP_CALL: its name */
	const cJSON *params;                  /* OP_CALL; an object */
	const char *preview_to;               /* OP_PREVIEW: whom, as the platform names people */
	int64_t now_at;                       /* the caller's clock when the operation began */
	/* the driver's own, between request and answer: */
	int step;
	unsigned pages;
	char *cursor; /* freed by op_finish() */
	char *high;   /* freed by op_finish() */
	char *scratch;
};

enum outcome_kind { OUTCOME_NEXT = 1, OUTCOME_DONE, OUTCOME_ERROR };

enum found {
	FOUND_YES = 1,
	FOUND_NO,         /* provably absent at the time of the answer */
	FOUND_UNCLEAR,    /* the answer does not tell */
	FOUND_PENDING,    /* a job that runs: look again after look_after_ms; also OP_SEND: accepted as a job */
	FOUND_REFUSED,    /* the job ended without publishing; error says why */
	FOUND_UNKNOWABLE, /* no question can tell, now or later: a person has to look; note says where */
	FOUND_BY_SENDING, /* nor can any, but the platform knows it again: sent once more it tells, and does no harm */
};

/* Fields beyond kind, messages and error are set for OUTCOME_DONE (messages also for OUTCOME_NEXT). */
struct outcome {
	enum outcome_kind kind;
	struct error error; /* OUTCOME_ERROR */
	int quota;          /* error is a limit: index of the quota that is used up; -1: no particular one */
	/* ADVISE_VERIFY: look no sooner than this; 0: the account's default. FOUND_PENDING: look again then.
	 * FOUND_UNCLEAR: look again then at the latest, when absence begins to prove something; 0: as usual. */
	int64_t look_after_ms;
	bool was_duplicate; /* ADVISE_REJECT because identical to something just posted: after an own doubt = landed */
	bool needs_person;  /* ADVISE_REAUTH-like: captcha, frozen account: park with this text; also OP_RENEW that must
			       wait (ADVISE_WAIT) for somebody to allow it */
	int max_tries;      /* ADVISE_RETRY that turns into reject after so many tries; 0: no such cap */

	char *remote_id;             /* OP_SEND, OP_FIND: may be NULL when the platform did not say */
	char *url;                   /* public address */
	char *note;                  /* something a person should see: "posted, but not threaded" */
	enum found found;            /* OP_FIND; for OP_SEND 0 (it is out) or FOUND_PENDING */
	bool untouched;              /* with FOUND_NO: nothing visible was begun, so it goes on at once */
	char *progress;              /* OP_SEND, with NEXT or an error: what is finished; NULL: as before */
	char *job_id;                /* the platform's job */
	char *thread_id;             /* what its comments are asked for by */
	struct driver_upload upload; /* with progress: a picture that need not be uploaded again */

	struct message_list messages; /* OP_PULL: of this page */
	char *since;                  /* OP_PULL, OUTCOME_DONE: where the next pull starts; NULL: unchanged */

	struct secret token;                  /* OP_LOGIN */
	int64_t expires_in_ms;                /* OP_LOGIN, OP_TOKEN; 0: not said */
	char *remote_uid;                     /* OP_LOGIN, OP_TOKEN */
	int64_t remaining[DRIVER_QUOTAS_MAX]; /* OP_LIMITS; -1: not said */
	const char *capability; /* with an error that means "not for this account": what to switch off; static; NULL:
				   none */
	cJSON *json;            /* OP_CALL: its result, as documented with the call */
	struct buf media;       /* OP_MEDIA: the bytes */
	char *media_type;       /* OP_MEDIA: "image/jpeg", from the bytes */
};

/* ---- what a platform pushes to us ---- */

/* One request at our callback address. Borrowed. */
struct driver_push {
	bool post;        /* else GET */
	struct str query; /* as it came, without '?' */
	struct str body;
	int64_t now_at;
};

enum push_verdict {
	PUSH_REFUSE = 1, /* not from the platform: 403, nothing else */
	PUSH_ANSWER,     /* answer with `answer`; nothing to store (address verification) */
	PUSH_TAKE,       /* store messages and events, then answer */
};

enum push_event_kind {
	PUSH_JOB,      /* a job's result: job_id, found, remote_id, url, text */
	PUSH_FOLLOW,   /* author_id; key: the scene he came by */
	PUSH_UNFOLLOW, /* author_id: what the office knows of him must go */
	PUSH_SCAN,     /* author_id, key: scene */
	PUSH_MENU,     /* author_id, key */
	PUSH_ALERT,    /* something about the account itself for its operator: text */
	PUSH_OTHER,    /* a type we do not know: kept and shown; key: its name */
};

struct push_event {
	enum push_event_kind kind;
	char *dedupe; /* the same push again has the same */
	char *author_id;
	char *key;
	char *job_id;
	enum found found;
	char *remote_id;
	char *url;
	char *text;
	int64_t at;
	int64_t window_ms; /* what it allows us; 0: nothing */
	int window_replies;
};

struct push_result {
	enum push_verdict verdict;
	const char *why; /* PUSH_REFUSE, for the log: static, says nothing of the content */
	char *answer;    /* PUSH_ANSWER */
	struct message_list messages;
	struct push_event *events;
	size_t n_events;
	size_t cap_events;
	/* the driver's own, for answer_push(): whom to answer and how */
	char *to;
	char *from;
	char *nonce;
	int key; /* which key opened it; -1: plain */
};
void push_result_init(struct push_result *result);
void push_result_finish(struct push_result *result);
struct push_event *push_result_add_event(struct push_result *result); /* lends a zeroed one */

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
	/* Set of quota indexes (bits) that carrying out this operation costs. send: as in driver_op, else NULL. One
	 * that counts per_send is in it as long as the progress says that nothing can be out. */
	unsigned (*cost)(enum driver_op_kind kind, const struct driver_send *send);
	/* Shortest time between two polls; how soon and how long a doubtful send is looked for; wall ms durations. */
	int64_t (*poll_min_ms)(const void *settings);
	int64_t (*find_after_ms)(const void *settings); /* first look after doubt */
	int64_t (*settle_lag_ms)(const void *settings); /* absence counts only this long after the last attempt */
	/* A token given in the configuration, or NULL. */
	const struct secret *(*initial_token)(const void *settings);

	/* Does this text fit the platform? Adds findings; pure; offline. */
	void (*check)(
		const struct driver_account *account, const struct driver_send *send, struct finding_list *findings);
	/* Length of its text in the platform's own units and the limit that check() holds it to, for display. */
	void (*measure)(const struct driver_account *account, const struct driver_send *send, int64_t *ret_units,
		int64_t *ret_limit);
	/* Where the operator gives consent; the answer brings the code. */
	bool (*login_url)(const struct driver_account *account, struct buf *out);
	/* Tokens are made from the configuration's secrets (OP_RENEW), after this long; NULL: a person logs in. */
	int64_t (*renew_after_ms)(int64_t lifetime_ms);
	/* May this account do it ("publish", "broadcast", "reply", "comments")? As configured; NULL: everything. */
	bool (*can)(const void *settings, const char *capability);
	/* Has calls of its own (OP_CALL). */
	bool calls;
	/* Can what this published be taken back by program? NULL: always. errors STATE/REJECT, with what to do instead
	 */
	bool (*may_withdraw)(const struct driver_send *published, struct error *err);
	/* Shows a publication to one person before it goes out (OP_PREVIEW). */
	bool previews;
	/* Topics that followers may choose for themselves; NULL: the platform has none. */
	const struct config_words *(*topics)(const void *settings);
	/* Where people find the account, for a QR code; NULL: not known, or a call ("qr") gives it. */
	bool (*profile_url)(const struct driver_account *account, struct buf *out);
	/* Direct messages may be answered inside a window only (message.window_ms). */
	bool windowed;

	/* Pushes; NULL: the platform has none, or the account's settings name no callback. Pure. */
	bool (*takes_pushes)(const void *settings);
	void (*push)(const struct driver_account *account, const struct driver_push *push, struct push_result *ret);
	/* Can the answer to a push tell the citizen something? Else what he writes is for people only. */
	bool answers;
	/* The answer to a taken push. text: what the citizen is told; empty: nothing. */
	bool (*answer_push)(const struct driver_account *account, const struct push_result *result, struct str text,
		int64_t now_at, struct buf *out, const char **ret_type);

	bool (*request)(struct driver_op *op, struct http_request *ret_request, struct error *err) must_check;
	/* answer NULL: there was nothing to ask. */
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
