/*
 * The daemon's own picture of itself: what its files share. All of it belongs to the loop's thread; jobs get what they
 * need by value or by reference count.
 *
 *   main.c       options, start, signals
 *   daemon.c     owns everything below; effects go from here to who acts on them; reload; shutdown
 *   accounts.c   the accounts at run time: settings, token, state, as last read from the store
 *   ops.c        a driver's operation over HTTP
 *   outbox.c     due heap → claim → driver → result
 *   look.c       unsure → look it up → sent, queued or a question for a person
 *   tokens.c     token checks, expiry warnings, login
 *   renew.c      tokens that are made from the configuration's secrets, renewed in time
 *   poller.c     the polling plan and pulls
 *   callbacks.c  pushes → messages and events → store → their answer
 *   topics.c     topics that followers choose: what they say → store → told to the platform
 *   fetcher.c    pictures and voices of messages, as files
 *   intake.c     messages → sanitise → triage → store
 *   deadlines.c  the ladder's clock and the leases
 *   hooks.c      notices → hook programs
 *   control.c    the control socket: hello, permissions, verbs, monitors
 *   waits.c      `post wait`
 *   service.c    the service manager
 *   verb_*.c     the verbs; post_params.c and targets.c read what they are given
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "core/error.h"
#include "core/heap.h"
#include "core/id.h"
#include "desk/triage.h"
#include "model/message.h"
#include "net/http.h"
#include "net/loop.h"
#include "newsroom/wording.h"
#include "notify/notify.h"
#include "platform/driver.h"
#include "store/account.h"
#include "store/effect.h"
#include "store/store.h"
#include "store/ticket.h"

struct call;
struct event;
struct outbox;
struct looks;
struct tokens;
struct poller;
struct control;
struct deadlines_clock;
struct hooks;
struct wait;
struct renewal;
struct callbacks;
struct fetcher;
struct topic_worker;

/* Rule files and configuration that were read together; immutable, shared with jobs by reference count. */
struct rules {
	unsigned refs; /* atomic */
	struct config *config;
	struct triage *triage;
	struct wording *wording;

	/* The deadlines of whatever comes in at clocks_at with that window: what comes together shares them. The
	 * loop's. */
	int64_t clocks_at;
	int64_t clocks_window_ms;
	struct ticket_clocks clocks[PRIORITIES];
};
struct rules *rules_ref(struct rules *rules);
void rules_unref(struct rules *rules);

/* The platform said that this account may not do something; until the configuration is read anew it is not tried. */
struct switched_off {
	const char *capability; /* "broadcast": a driver's word, static */
	char *why;
	int64_t at;
};
#define SWITCHED_OFF_MAX 16 /* more capabilities than any driver has */

/* What was pushed to an account since the daemon started. */
struct push_health {
	int64_t taken;
	int64_t taken_at; /* the last one; 0: none */
	int64_t refused;
	int64_t refused_at;
	const char *why; /* static */
};

/* An account at run time. Lives as long as the daemon; its settings are those of the newest configuration. */
struct account {
	struct account_id id;
	char *name;
	const struct driver *driver; /* NULL: removed from the configuration */
	const struct config_account *config;
	enum account_state state;
	enum park parked; /* also while paused */
	char *reason;
	struct secret token;
	char *remote_uid;
	int64_t token_expires_at;
	int warned_days;
	struct driver_quota *quotas;
	size_t n_quotas;
	unsigned sends_in_flight;
	struct heap waiting;       /* outbox.c: (due_at, send id) */
	void *polling;             /* poller.c */
	int64_t calls_unsaved;     /* poller.c: spent, not yet in the ledger */
	struct mono token_checked; /* tokens.c */
	struct renewal *renewal;   /* renew.c; NULL: no token of this account is renewed by us */
	struct switched_off *off;  /* most have none */
	size_t n_off;
	size_t cap_off;
	struct push_health pushes;   /* callbacks.c */
	struct topic_worker *topics; /* topics.c; NULL: nobody has chosen anything yet */
};

struct daemon {
	struct loop *loop;
	struct store *store;
	struct http *http;
	struct notify *notify;
	struct rules *rules; /* the newest */
	struct wake wake;    /* the store has something for us */
	char *config_path;
	char *state_dir;
	char *socket_path;
	int64_t started_at;
	bool stopping;
	int socket_fd;            /* from the service manager; -1: none */
	struct error start_error; /* advice set: the start failed */
	struct timer stop_timer;
	struct mono stop_began;
	struct timer watchdog;
	int64_t watchdog_ms;

	struct account **accounts;
	size_t n_accounts;
	size_t cap_accounts;
	bool accounts_reading; /* all rows are being read */
	bool accounts_stale;   /* and were changed meanwhile: once more */

	struct wait *waits; /* waits.c */
	struct outbox *outbox;
	struct looks *looks;
	struct tokens *tokens;
	struct poller *poller;
	struct control *control;
	struct deadlines_clock *deadlines;
	struct hooks *hooks;
	struct callbacks *callbacks; /* NULL: no account takes pushes */
	struct fetcher *fetcher;
};

/* accounts.c */
struct account *daemon_account(struct daemon *daemon, struct account_id id); /* NULL: none */
struct account *daemon_account_named(struct daemon *daemon, const char *name);
/* The ledger windows of the quotas in the set `cost`. ret holds DRIVER_QUOTAS_MAX. */
void quota_windows(const struct driver_quota *quotas, size_t n, unsigned cost, struct quota_window *ret, size_t *ret_n);
/* The set of those that count what went out, not calls. */
unsigned quotas_per_send(const struct driver_quota *quotas, size_t n);
/* The set `cost` was spent at spent_at for nothing. */
bool quotas_return(struct tx *tx, struct account_id account, const struct driver_quota *quotas, size_t n, unsigned cost,
	int64_t spent_at, struct error *err) must_check;
/* Read the rows again and bring the run-time accounts up to date; then `then` on the loop, err NULL when they are
 * (NULL: nothing). */
void accounts_refresh(struct daemon *daemon, void (*then)(struct daemon *daemon, const struct error *err));
void account_refresh(struct daemon *daemon, struct account_id id); /* one row of them */
/* daemon->rules are new: nothing may point into the old ones any more. */
void accounts_use_config(struct daemon *daemon);
void accounts_free(struct daemon *daemon);
/* NULL: the platform has not refused it. */
/* Are citizens heard? A pause stops what the office says, not what it is told. */
bool account_hears(const struct account *account);
const struct switched_off *account_off(const struct account *account, const char *capability);
/* Remember it, and say so once. capability: a static word of the driver's, or NULL: nothing happens. */
void account_switch_off(struct daemon *daemon, struct account *account, const char *capability, const char *why);
/* May a person order this of it? What the platform has refused once is not asked for again until somebody has looked
 * after it. what: how the error names it. errors STATE/REJECT */
bool account_allows(
	const struct account *account, const char *what, const char *capability, struct error *err) must_check;
/* A row in a state in which nothing can be ordered of it. errors STATE/REJECT */
bool account_takes_orders(const struct account_row *row, struct error *err) must_check;
/*
 * The platform refused what a person ordered (OUTCOME_ERROR): the capability is switched off, the token renewed.
 * ret_error: what to tell. Gives why the account must be parked; NULL: it need not.
 */
char *account_refused(struct daemon *daemon, struct account_id id, const struct outcome *outcome,
	const struct secret *token, struct error *ret_error);

/* outbox.c */
struct outbox *outbox_new(struct daemon *daemon, struct error *err);
void outbox_free(struct outbox *outbox);
void outbox_arm(struct outbox *outbox, const struct effect *effect); /* EFFECT_SEND_DUE */
void outbox_account_changed(struct outbox *outbox, struct account *account);
size_t outbox_in_flight(const struct outbox *outbox);
int64_t outbox_next_due_at(const struct outbox *outbox); /* 0: nothing waits for a time */
void outbox_stop(struct outbox *outbox);                 /* start nothing new */

struct call;
struct send_row;
/* The values a driver wants of a send; borrows from row. */
void send_for_driver(const struct send_row *row, struct driver_send *ret);

/* look.c */
struct looks *looks_new(struct daemon *daemon, struct error *err);
void looks_free(struct looks *looks);
void looks_arm(struct looks *looks, const struct effect *effect); /* EFFECT_SEND_LOOK */
void looks_stop(struct looks *looks);
size_t looks_in_flight(const struct looks *looks);

/* tokens.c */
struct tokens *tokens_new(struct daemon *daemon);
void tokens_free(struct tokens *tokens);
void tokens_account_changed(struct tokens *tokens, struct account *account);

/* renew.c */
/* Look whether the account's token is due to be renewed, and do it. */
void renew_if_due(struct daemon *daemon, struct account *account);
/*
 * A call was refused because of this token. True: it is renewed, or has been already, and the call may be made again a
 * little later. False: this platform's tokens are not renewed by us: park the account.
 */
bool renew_suspect(struct daemon *daemon, struct account *account, const struct secret *used);
/* The token in use was refused, and no other has come yet: what is sent with it would be refused as well. */
bool renew_awaited(const struct account *account);
void renewal_free(struct renewal *renewal);

/* poller.c */
struct poller *poller_new(struct daemon *daemon);
void poller_free(struct poller *poller);
void poller_account_changed(struct poller *poller, struct account *account);
void poller_stop(struct poller *poller);
/* Append {name, polled_at, next_at, interval_ms} per feed. */
void poller_show(const struct account *account, cJSON *rows);
/* Poll all feeds of an account now, from the same ledger but with the reserve. done runs once, later. */
void poller_poll_now(struct poller *poller, struct account *account,
	void (*done)(void *data, int64_t new_messages, const struct error *err), void *data);

/* intake.c */
/* A message made ready for the store: harmless, ranked, with its deadlines. Borrows the message. */
struct intake_item {
	struct message_new new; /* points into the item: it is not to be copied */
	struct ticket_clocks clocks[PRIORITIES];
	struct triage_result triaged;
	char *spans;
};
void intake_prepare(struct rules *rules, struct message *message, int64_t now_at, struct intake_item *ret);
void intake_item_finish(struct intake_item *item);
/* Takes the content (zeroed) of a list that is not empty; done runs once, later, when all of it is stored. */
void intake_messages(struct daemon *daemon, struct account *account, struct message_list *list,
	void (*done)(void *data, int64_t opened, int64_t joined, int64_t known, const struct error *err), void *data);

/* deadlines.c */
struct deadlines_clock *deadlines_new(struct daemon *daemon, struct error *err);
void deadlines_free(struct deadlines_clock *clock);
/* In a job: what was climbed of the ladder that counted before, in the places of the one in this configuration. */
bool deadlines_sync(struct tx *tx, const struct config *config, struct error *err) must_check;
void deadlines_arm(
	struct deadlines_clock *clock, const struct effect *effect); /* EFFECT_TICKET_DUE, EFFECT_LEASE_DUE */

/* hooks.c */
struct hooks *hooks_new(struct daemon *daemon, struct error *err);
void hooks_free(struct hooks *hooks);
void hooks_arm(struct hooks *hooks, const struct effect *effect); /* EFFECT_NOTICE, EFFECT_ALARM */

/* fetcher.c: what came with messages, fetched before the platform forgets it */
struct fetcher *fetcher_new(struct daemon *daemon, struct error *err);
void fetcher_free(struct fetcher *fetcher);
void fetcher_effect(struct daemon *daemon, const struct effect *effect); /* EFFECT_MEDIA, EFFECT_PURGED */

/* topics.c: EFFECT_TOPICS, or the account came back. account NULL: nothing happens. */
void topics_kick(struct daemon *daemon, struct account *account);
void topics_free(struct topic_worker *worker);

/* callbacks.c: what platforms push to us */
struct callbacks *callbacks_new(struct daemon *daemon, struct error *err); /* NULL without error: none is configured */
void callbacks_free(struct callbacks *callbacks);
void callbacks_stop(struct callbacks *callbacks);

/* control.c */
struct control *control_new(struct daemon *daemon, int fd, struct error *err);
void control_free(struct control *control);
void control_reloaded(struct control *control);                         /* who may watch is asked anew */
void control_event(struct control *control, const struct event *event); /* to every monitor that may see it */
bool control_may_see(unsigned roles, const cJSON *event);
/* From now on this peer gets every event. False: it is gone. */
bool control_monitor(struct control *control, uint64_t peer_number);

/* preview.c: `post preview`. Takes the call, which owns both texts, and answers it later. */
void post_preview(struct call *call, const char *delivery, const char *to, bool dry_run);

/* waits.c: `post wait`. Takes the call and answers it later; timeout_ms 0: no end. */
void post_wait(struct call *call, struct post_id post, int64_t timeout_ms);
/* An event was committed: whoever waits for its post looks again. */
void post_waits_changed(struct daemon *daemon, const struct event *event);
/* The daemon stops: everybody gets what is known. */
void post_waits_stop(struct daemon *daemon);

/* daemon.c */
struct daemon_options {
	const char *config_path;
	const char *state_dir; /* NULL: as configured */
	const char *socket_path;
	int socket_fd; /* from the service manager; -1: none */
};
bool daemon_start(struct daemon *daemon, const struct daemon_options *options, struct error *err) must_check;
void daemon_run(struct daemon *daemon); /* until it is stopped */
void daemon_finish(struct daemon *daemon);
/* Read the files anew; apply all of it or nothing. done runs once, later; err NULL on success, then gone is what
 * view_gone_accounts() gives. */
void daemon_reload(
	struct daemon *daemon, void (*done)(void *data, const cJSON *gone, const struct error *err), void *data);
/* Begin to stop: nothing new is started, what is out may finish. */
void daemon_stop(struct daemon *daemon);
void daemon_account_changed(struct daemon *daemon, struct account *account);
/*
 * Test only: names a step around a commit or a request. With GAZETTE_DIE_AT=NAME[:N] in the environment the process
 * ends at its N-th passing (as kill -9 would end it); otherwise it does nothing. The one hook of the crash tests.
 */
void daemon_point(const char *name);
bool daemon_points(void); /* is there such an order? */
/*
 * Read configuration and rule files together. Days in them are the office's: without a configuration that is running
 * the process takes the office's zone before the rule files are read; with one, what cannot change must be the same.
 */
bool rules_load(
	const char *config_path, const struct config *running, struct rules **ret_rules, struct error *err) must_check;

#endif
