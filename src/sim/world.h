/*
 * What the simulated platform holds: accounts, users, statuses, comments, tokens, and the ledger of accepted writes.
 *
 * Everything lives in memory and is never freed before the end, so pointers stay good; what is deleted is marked
 * `gone` and taken out of the lists. Ids ascend strictly, so every list is sorted by id. One thread.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/heap.h"
#include "core/str.h"
#include "sim/clock.h"
#include "sim/out.h"
#include "sim/table.h"
#include "sim/weibo_text.h"

#define ID_EPOCH         INT64_C(515483463) /* unix seconds of id 0; exact on published samples */
#define ID_SEQUENCE_BITS 22
#define ID_BIG           (INT64_C(1) << 53) /* added to every new id once jitter was switched on */

struct sim;
struct account;
struct wechat;
struct wx_entry;

struct user {
	int64_t uid;
	char *name;              /* as shown, unique */
	struct account *account; /* NULL: an invented citizen */
};

enum item_kind { ITEM_STATUS, ITEM_COMMENT };

/* What statuses and comments have in common; first member of both. */
struct item {
	enum item_kind kind;
	int64_t id;
	struct user *user;
	char *sent; /* as the client sent it */
	char *text; /* as it is stored and shown */
	struct links links;
	struct account **mentioned; /* by the names they had when it was written */
	size_t n_mentioned;
	int64_t created_at;
	int64_t visible_at; /* nobody can see it before */
	int64_t listed_at;  /* lists do not show it before */
	bool gone;          /* deleted, or removed by review */
};

/* Sorted by id, ascending. Borrows. */
struct list {
	struct item **items;
	size_t n;
	size_t cap;
};

struct picture {
	char *id;
	char sha256[65];
	const char *type; /* "image/jpeg" */
	int64_t bytes;
};

struct status {
	struct item item;
	struct picture **pictures; /* sim.pictures; borrowed */
	size_t n_pictures;
	char *annotations;    /* JSON, or NULL */
	char *long_text;      /* the whole, when `item.text` is its beginning */
	int64_t visible_type; /* 0 all, 1 self */
	int64_t review_at;    /* removed then; 0: no such fate */
	struct status *retweeted;
	struct list comments;
	struct list reposts;
	int64_t floors; /* comments ever made */
	int64_t likes;
};

struct comment {
	struct item item;
	int64_t mid;
	int64_t root_id;
	int64_t floor;
	struct status *status;
	struct comment *answers; /* NULL: none */
};

struct token {
	struct token *next; /* account.tokens */
	char *text;
	struct account *account;
	int64_t created_at;
	int64_t expires_at;
	int64_t dead_code;      /* 0: alive; else the platform's error code it answers with */
	int64_t safety_version; /* the account's when it was made */
};

struct code {
	char text[33];
	struct account *account;
	char *redirect_uri;
	int64_t made_at;
	bool used;
};

struct window {
	int64_t number;
	int64_t used;
};

enum tier { TIER_TEST, TIER_SHARE, TIER_ADVANCED, TIER_BIZ };

struct words {
	char **items;
	size_t n;
};

/* What POST /sim/account can set; one line in the table of switches.c each. */
struct switches {
	int64_t tier; /* enum tier */
	int64_t calls_per_day;
	int64_t posts_per_hour;
	int64_t comments_per_hour;
	int64_t ip_per_hour;
	int64_t post_interval_seconds;
	int64_t lag_seconds;
	int64_t duplicate_minutes;
	int64_t similar_percent;
	int64_t review_after_seconds;
	int64_t filter_percent;
	int64_t token_seconds;
	int64_t long_chars;
	int64_t expired_answer;
	int64_t comment_refusal;
	int64_t jitter;
	int64_t rip_required;
	int64_t reply_degrades;
	int64_t test_listed;
	char *safe_domain; /* "": the app has none */
	char *screen_name;
	struct words forbidden_words;
	struct words forbidden_links;
	struct words safety_ips;
};

/* A text the account sent before: for the duplicate rule. */
struct said {
	uint64_t hash[2];
	int64_t at;
};

struct said_log {
	struct table table; /* by hash: struct said */
	struct said *last;
	char *recent[16]; /* normal texts, a ring, for the similarity rule */
	int64_t recent_at[16];
	size_t n_recent; /* ever */
};

struct account {
	char *name; /* in accounts.yaml */
	struct user user;
	char *app_key;
	char *app_secret;
	char *redirect_uri;
	size_t app_rank; /* how many accounts of the same app stand before it */
	struct switches set;
	struct token *tokens; /* token.next; newest first */
	int64_t safety_version;
	struct window calls;
	struct window posts;
	struct window comments;
	int64_t last_post_at;
	struct said_log said_posts;
	struct said_log said_comments;
	struct list statuses;
	struct list mentions; /* statuses of others that name the account */
	struct list received; /* comments/to_me */
	struct list written;  /* comments/by_me */
	struct list timeline; /* both */
	struct list comment_mentions;
	bool set_dirty;   /* switches that the state file does not have yet */
	bool quota_dirty; /* likewise the windows */
};

#define ROUTES_MAX 64

/* What an interface did since the start. */
struct route_count {
	int64_t requests;
	int64_t refused;
};

enum ledger_kind { LEDGER_POST, LEDGER_REPOST, LEDGER_COMMENT, LEDGER_REPLY, LEDGER_DELETE };

struct entry {
	int64_t seq; /* from 1 */
	int64_t at;
	struct account *account;
	enum ledger_kind kind;
	const char *endpoint; /* a route's path */
	struct item *item;
	int64_t reply_to;        /* comment or status answered, reposted; 0: none */
	struct wx_entry *wechat; /* NULL: of Weibo; else nothing above but seq and at is set */
};

struct sim {
	struct sim_clock clock;
	int64_t now_at; /* one per request */
	uint64_t seed;
	struct rng rng;
	bool big_ids;
	int64_t last_id;
	int64_t last_mid;
	int64_t last_uid;
	int64_t last_picture;

	struct account *accounts; /* never grows after the start */
	size_t n_accounts;
	struct table accounts_by_name;
	struct table accounts_by_app; /* the last one of each, while they are read */
	struct user **users;          /* citizens */
	size_t n_users, cap_users;
	struct table users_by_uid;
	struct table users_by_name;
	struct status **statuses;
	size_t n_statuses, cap_statuses;
	struct comment **comments;
	size_t n_comments, cap_comments;
	struct table items; /* by id */
	struct table mids;  /* comments by mid */
	struct token **tokens;
	size_t n_tokens, cap_tokens;
	struct table tokens_by_text;
	struct code **codes;
	size_t n_codes, cap_codes;
	struct table codes_by_text;
	struct picture **pictures;
	size_t n_pictures, cap_pictures;
	struct table pictures_by_id;
	struct entry **ledger;
	size_t n_ledger, cap_ledger;
	struct heap reviews; /* (when, status id) */
	struct ip_count **ips;
	size_t n_ips, cap_ips;
	struct table ips_by_text;
	struct faults *faults;
	struct state_file *state;              /* NULL: memory only */
	struct route_count routes[ROUTES_MAX]; /* in the order of the table in routes.c */
	int64_t unknown_paths;
	int64_t held;          /* connections that wait, for /sim/state */
	struct wechat *wechat; /* the other platform; NULL: no account of it is configured */
};

struct ip_count {
	char text[64];
	struct window window;
};

/* A zeroed world with the accounts of a configuration file. */
bool sim_new(const char *config_path, uint64_t seed, struct sim **ret_sim, struct error *err) must_check;
void sim_free(struct sim *sim);

/* Once per request: one "now", and the reviews that are due. */
void sim_turn(struct sim *sim);

int64_t sim_new_id(struct sim *sim);
struct account *sim_account(const struct sim *sim, struct str name);
struct user *sim_user_by_uid(const struct sim *sim, int64_t uid);
struct user *sim_user_by_name(const struct sim *sim, struct str name);
struct user *sim_citizen(struct sim *sim, struct str name); /* made when new */
struct user *sim_add_citizen(struct sim *sim, int64_t uid, struct str name);
void sim_index_user(struct sim *sim, struct user *user);
void sim_rename(struct sim *sim, struct account *account, struct str name);
struct status *sim_status(const struct sim *sim, int64_t id);   /* NULL: none; may be gone */
struct comment *sim_comment(const struct sim *sim, int64_t id); /* NULL: none; may be gone */

/* Make an item with an id and the current time; the caller fills it in and then adds it to the lists. */
struct status *sim_new_status(struct sim *sim, struct user *user, int64_t hide_ms);
struct comment *sim_new_comment(
	struct sim *sim, struct user *user, struct status *status, struct comment *answers, int64_t hide_ms);
/* As stored before, while the state file is read. */
struct status *sim_restore_status(struct sim *sim, struct user *user, int64_t id);
struct comment *sim_restore_comment(struct sim *sim, struct user *user, int64_t id, int64_t mid);
/* See whom the text mentions, and put it on all lists where it belongs. */
void sim_index_status(struct sim *sim, struct status *status);
void sim_index_comment(struct sim *sim, struct comment *comment);
/* The same with `mentioned` as it was stored. */
void sim_list_status(struct status *status);
void sim_list_comment(struct comment *comment);
void sim_review(struct sim *sim, struct status *status, int64_t at); /* have it removed at `at` */
void sim_remove(struct sim *sim, struct item *item);
bool item_is_visible(const struct sim *sim, const struct item *item);

struct token *sim_new_token(struct sim *sim, struct account *account, struct str text, int64_t lifetime_ms);
void sim_add_token(struct sim *sim, struct token *token);
struct picture *sim_add_picture(struct sim *sim, struct str id, const char *sha256, const char *type, int64_t bytes);

bool text_mentions(struct str text, struct str name);

void list_add(struct list *list, struct item *item);
void list_remove(struct list *list, struct item *item);
size_t list_above(const struct list *list, int64_t id); /* index of the first item with a greater id */

/* Note an accepted write. `reply_to`: the id answered or reposted, 0: none. */
void ledger_add(struct sim *sim, struct account *account, enum ledger_kind kind, const char *endpoint,
	struct item *item, int64_t reply_to);
struct entry *ledger_restore(struct sim *sim); /* the next one, empty but for its number */
void ledger_out(struct out *out, const struct entry *entry);
const char *ledger_account_name(const struct entry *entry); /* of either platform */
const char *ledger_entry_kind(const struct entry *entry);
bool ledger_entry_kind_is_known(struct str name); /* on either platform */
const char *ledger_kind_name(enum ledger_kind kind);
bool ledger_kind_parse(struct str name, enum ledger_kind *ret_kind);

#endif
