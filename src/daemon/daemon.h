/*
 * The daemon's own picture of itself: what its files share. All of it belongs to the loop's thread; jobs get what they
 * need by value or by reference count.
 *
 *   main.c       options, start, signals
 *   daemon.c     owns everything below; effects go from here to who acts on them; reload; shutdown
 *   accounts.c   the accounts at run time: settings, token, state, as last read from the store
 *   outbox.c     due heap → claim → driver → result; unsure → look
 *   poller.c     the polling plan and pulls
 *   intake.c     messages → sanitise → triage → store
 *   deadlines.c  the ladder's clock and the leases
 *   hooks.c      notices → hook programs
 *   control.c    the control socket: hello, permissions, verbs, monitors
 *   verb_*.c     the verbs
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "core/error.h"
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

struct outbox;
struct poller;
struct control;
struct deadlines_clock;
struct hooks;

/* Rule files and configuration that were read together; immutable, shared with jobs by reference count. */
struct rules {
	unsigned refs; /* atomic */
	struct config *config;
	struct triage *triage;
	struct wording *wording;
};
struct rules *rules_ref(struct rules *rules);
void rules_unref(struct rules *rules);

/* An account at run time. Lives as long as the daemon; its settings are those of the newest configuration. */
struct account {
	struct account_id id;
	char *name;
	const struct driver *driver; /* NULL: removed from the configuration */
	const struct config_account *config;
	enum account_state state;
	char *reason;
	struct secret token;
	char *remote_uid;
	int64_t token_expires_at;
	int warned_days;
	struct driver_quota quotas[DRIVER_QUOTAS_MAX];
	size_t n_quotas;
	unsigned sends_in_flight;
};

struct daemon {
	struct loop *loop;
	struct store *store;
	struct http *http;
	struct notify *notify;
	struct rules *rules; /* the newest */
	char *config_path;
	char *state_dir;
	char *socket_path;
	int64_t started_at;
	bool stopping;

	struct account **accounts;
	size_t n_accounts;
	size_t cap_accounts;

	struct outbox *outbox;
	struct poller *poller;
	struct control *control;
	struct deadlines_clock *deadlines;
	struct hooks *hooks;
};

/* accounts.c */
struct account *daemon_account(struct daemon *daemon, struct account_id id); /* NULL: none */
struct account *daemon_account_named(struct daemon *daemon, const char *name);
/* The values a driver wants; borrowed from account until the loop turns. */
void account_for_driver(const struct account *account, struct driver_account *ret);
void account_quota_windows(const struct account *account, unsigned cost, struct quota_window *ret, size_t *ret_n);
/* Read the rows again and bring the run-time accounts up to date; then `then(daemon)` on the loop (NULL: nothing). */
void accounts_refresh(struct daemon *daemon, void (*then)(struct daemon *daemon));
void accounts_free(struct daemon *daemon);

/* outbox.c */
struct outbox *outbox_new(struct daemon *daemon, struct error *err);
void outbox_free(struct outbox *outbox);
void outbox_arm(struct outbox *outbox, const struct effect *effect); /* EFFECT_SEND_DUE, EFFECT_SEND_LOOK */
size_t outbox_in_flight(const struct outbox *outbox);
void outbox_stop(struct outbox *outbox); /* start nothing new */

/* poller.c */
struct poller *poller_new(struct daemon *daemon);
void poller_free(struct poller *poller);
void poller_account_changed(struct poller *poller, struct account *account);
void poller_stop(struct poller *poller);
/* Poll all feeds of an account now, from the same ledger but with the reserve. done runs once, later. */
void poller_poll_now(struct poller *poller, struct account *account,
	void (*done)(void *data, int64_t new_messages, const struct error *err), void *data);

/* intake.c: takes the list's content (zeroed); done runs once, later, when all of it is stored. */
void intake_messages(struct daemon *daemon, struct account *account, struct message_list *list,
	void (*done)(void *data, int64_t opened, int64_t joined, int64_t known, const struct error *err), void *data);

/* deadlines.c */
struct deadlines_clock *deadlines_new(struct daemon *daemon, struct error *err);
void deadlines_free(struct deadlines_clock *clock);
void deadlines_arm(struct deadlines_clock *clock, const struct effect *effect); /* EFFECT_TICKET_DUE, EFFECT_LEASE_DUE */

/* hooks.c */
struct hooks *hooks_new(struct daemon *daemon);
void hooks_free(struct hooks *hooks);
void hooks_arm(struct hooks *hooks, const struct effect *effect); /* EFFECT_NOTICE */

/* control.c */
struct control *control_new(struct daemon *daemon, int fd, struct error *err);
void control_free(struct control *control);
void control_event(struct control *control, const cJSON *event); /* to every monitor */

/* daemon.c */
bool daemon_reload(struct daemon *daemon, struct error *err) must_check; /* all or nothing */
void daemon_store_effect(void *data, const struct effect *effect);

#endif
