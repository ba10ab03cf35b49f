/*
 * accounts.yaml as a value: read once, never changed, shared by reference count between the loop and the jobs
 * that run on its behalf.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/keys.h"
#include "core/attr.h"
#include "core/error.h"
#include "model/post.h"

struct config_account {
	char *name;
	char *platform; /* the driver's name */
	char *base_url; /* of its platform, no slash at the end */
	char *ca_file;  /* of its platform: the authorities its certificate must come from; NULL: the system's */
	bool loopback;  /* base_url is on this machine */
	void *settings; /* the driver's struct, read by the driver's keys */
	const struct config_key *settings_keys;
};

struct config_group {
	char *name;
	char **accounts; /* names; each exists */
	size_t n;
};

struct config_operator {
	char *who;      /* Unix user, or "@group" */
	unsigned roles; /* set of enum role */
	char *name;     /* as shown to colleagues; may equal who */
};

/* Deadlines of one priority; 0: no such clock. */
struct config_limit {
	int64_t ack_ms;
	int64_t reply_ms;
	int64_t answer_ms;
	bool office_hours; /* the clocks run in office hours only */
};

/* One rung: when `percent` of the `clock` is used up (or after_ms has passed unclaimed), tell `target`. */
/* window: the time in which the platform lets us answer. */
enum ladder_clock { LADDER_UNCLAIMED, LADDER_REPLY, LADDER_ANSWER, LADDER_WINDOW };
struct config_rung {
	unsigned priorities; /* bit n: applies to Pn */
	enum ladder_clock clock;
	int percent;      /* of that clock's limit; 0: use after_ms */
	int64_t after_ms; /* since the ticket was opened */
	char *target;     /* "leader", "duty-leader", "duty-room", a Unix user */
};

struct config_hook {
	char **argv; /* NULL-terminated; NULL: not configured */
};

struct config_office {
	char *name;
	char *zone;
	int64_t opens_ms; /* after local midnight */
	int64_t closes_ms;
	unsigned workdays; /* bit 0: Monday */
};

struct config {
	struct config_office office;
	char *state_dir;
	char *socket;
	char *triage_file;  /* absolute; NULL: none */
	char *wording_file; /* absolute; NULL: none */
	int64_t claim_lease_ms;
	char *callback_listen;          /* "127.0.0.1:8751": where pushes come in, from the site's reverse proxy */
	char *auto_reply;               /* what a citizen is told at once; {office} {code} {hours} */
	int64_t retention_ms;           /* what an unfollowed citizen said is kept so long */
	int64_t late_ms[4];             /* by enum post_class */
	struct config_hook alarm;       /* a P0 message */
	struct config_hook escalated;   /* a rung of the ladder, or `ticket escalate` */
	struct config_hook warning;     /* token expiry, account parked, outcome unknown */
	struct config_limit limits[10]; /* by priority; 6-8 unused; defaults are those of police duty practice */
	struct config_rung *ladder;     /* in file order; a default ladder when the file has none */
	size_t n_ladder;
	struct config_account *accounts; /* in file order */
	size_t n_accounts;
	struct config_group *groups;
	size_t n_groups;
	struct config_operator *operators;
	size_t n_operators; /* 0: the daemon's own user may do everything, nobody else anything */
	bool has_operators;
};

/* What config must know about a driver without knowing drivers. */
struct config_platform {
	const char *name;
	const char *default_base_url;
	const struct config_key *keys;
	size_t settings_size;
	/* Rules across keys; may be NULL. */
	bool (*check)(const void *settings, struct error *err);
};

/*
 * errors   CONFIG/REJECT "FILE:LINE:COLUMN: key: what was expected", first error only
 * owns     gives *ret_config with one reference
 */
bool config_load(const char *path, const struct config_platform *platforms, size_t n_platforms,
	struct config **ret_config, struct error *err) must_check;
bool config_parse(const char *name, const char *dir, struct str text, const struct config_platform *platforms,
	size_t n_platforms, struct config **ret_config, struct error *err) must_check;

struct config *config_ref(struct config *config); /* any thread */
void config_unref(struct config *config);         /* any thread; accepts NULL */

const struct config_account *config_account(const struct config *config, const char *name);
const struct config_group *config_group(const struct config *config, const char *name);

/* Roles of a Unix user: its own entry and its groups' entries together. 0: not an operator. */
unsigned config_roles(const struct config *config, uid_t uid, gid_t gid, char ret_name[64]);

#endif
