/* What the verbs `account check` and `account login` want of tokens.c. */
#ifndef DAEMON_TOKENS_H
#define DAEMON_TOKENS_H

#include "daemon/daemon.h"
#include "store/event.h"

struct token_report {
	bool alive;
	int64_t expires_at;                   /* 0: the platform did not say */
	struct error error;                   /* why it is not known to be alive */
	int64_t remaining[DRIVER_QUOTAS_MAX]; /* the platform's own count; -1: not said */
	struct error limits_error;
};

/* Ask the platform. done (NULL allowed) runs once, later. A dead token parks the account. */
void token_check(struct daemon *daemon, struct account *account,
	void (*done)(void *data, const struct token_report *report), void *data);

/* Trade a pasted code or address for a token. done runs once, later. */
void token_login(struct daemon *daemon, struct account *account, const struct actor *actor, const char *code,
	void (*done)(void *data, const struct error *err), void *data);

#endif
