/*
 * Who may do what (the part this version enforces). A role is a set of permissions; an
 * operator may hold several roles. Verbs of the control protocol declare the permission they need and it is
 * checked in one place.
 */
#ifndef MODEL_ROLE_H
#define MODEL_ROLE_H

#include <stdbool.h>

enum role {
	ROLE_EDITOR = 1 << 0, /* 编辑: writes and schedules posts */
	ROLE_DUTY = 1 << 1,   /* 值班员: claims, answers and escalates tickets */
	ROLE_LEADER = 1 << 2, /* 值班长: both, assigns, takes over claims, settles unknown outcomes */
	ROLE_ADMIN = 1 << 3,  /* 系统管理员: accounts, secrets, configuration; no say over content */
};

enum permission {
	PERMIT_NOTHING_SPECIAL = 0, /* any operator: hello, status, account list */
	PERMIT_POST_READ,
	PERMIT_POST_WRITE,
	PERMIT_QUEUE_STEER,  /* retry, shape */
	PERMIT_QUEUE_SETTLE, /* say what became of an unknown outcome */
	PERMIT_TICKET_READ,
	PERMIT_TICKET_WORK,   /* claim, reply, note, escalate, close */
	PERMIT_TICKET_ASSIGN, /* assign to somebody else, take over a claim */
	PERMIT_ACCOUNT_POLL,
	PERMIT_ACCOUNT_PAUSE,
	PERMIT_ACCOUNT_LOGIN,
	PERMIT_ACCOUNT_SHAPE, /* what every follower sees of an account: menu, topics, QR codes */
	PERMIT_ACCOUNT_TOKEN, /* hand the token to another program of the office */
	PERMIT_ACCOUNT_PURGE, /* forget what citizens who left have said */
	PERMIT_COMMENT_READ,  /* what citizens say in public under articles */
	PERMIT_ARTICLE_WORK,  /* comments under articles, taking articles back */
	PERMIT_RELOAD,
};

/* roles: a set of enum role bits. */
bool role_permits(unsigned roles, enum permission permission);

/* "editor", "duty", "leader", "admin"; false for anything else. */
bool role_parse(const char *name, enum role *ret_role);
const char *role_name(enum role role);

/* The roles that would permit it, for the error text: "duty or leader". */
const char *permission_holders(enum permission permission);

#endif
