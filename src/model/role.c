/*
 * The one table of who may do what. The administrator of the machine has no say over content and reads no citizen's
 * message; the shift leader has every right of editor and duty officer.
 */
#include "model/role.h"

#include <stddef.h>
#include <string.h>

#include "core/attr.h"

static const struct {
	enum role role;
	const char *name;
} roles_by_name[] = {
	{ ROLE_EDITOR, "editor" },
	{ ROLE_DUTY, "duty" },
	{ ROLE_LEADER, "leader" },
	{ ROLE_ADMIN, "admin" },
};

static const struct {
	unsigned roles;
	const char *holders; /* for people: as permission_holders() gives it */
} permissions[] = {
	[PERMIT_NOTHING_SPECIAL] = { ~0u, "any operator" },
	[PERMIT_POST_READ] = { ROLE_EDITOR | ROLE_DUTY | ROLE_LEADER, "editor, duty or leader" },
	[PERMIT_POST_WRITE] = { ROLE_EDITOR | ROLE_LEADER, "editor or leader" },
	[PERMIT_QUEUE_STEER] = { ROLE_EDITOR | ROLE_LEADER, "editor or leader" },
	[PERMIT_QUEUE_SETTLE] = { ROLE_LEADER, "leader" },
	[PERMIT_TICKET_READ] = { ROLE_DUTY | ROLE_LEADER, "duty or leader" },
	[PERMIT_TICKET_WORK] = { ROLE_DUTY | ROLE_LEADER, "duty or leader" },
	[PERMIT_TICKET_ASSIGN] = { ROLE_LEADER, "leader" },
	[PERMIT_ACCOUNT_POLL] = { ROLE_DUTY | ROLE_LEADER | ROLE_ADMIN, "duty, leader or admin" },
	[PERMIT_ACCOUNT_PAUSE] = { ROLE_LEADER | ROLE_ADMIN, "leader or admin" },
	[PERMIT_ACCOUNT_LOGIN] = { ROLE_ADMIN, "admin" },
	[PERMIT_ACCOUNT_SHAPE] = { ROLE_LEADER | ROLE_ADMIN, "leader or admin" },
	[PERMIT_ACCOUNT_TOKEN] = { ROLE_ADMIN, "admin" },
	[PERMIT_ACCOUNT_PURGE] = { ROLE_LEADER | ROLE_ADMIN, "leader or admin" },
	[PERMIT_COMMENT_READ] = { ROLE_EDITOR | ROLE_DUTY | ROLE_LEADER, "editor, duty or leader" },
	[PERMIT_ARTICLE_WORK] = { ROLE_EDITOR | ROLE_LEADER, "editor or leader" },
	[PERMIT_RELOAD] = { ROLE_ADMIN, "admin" },
};

bool role_permits(unsigned roles, enum permission permission)
{
	if (permission == PERMIT_NOTHING_SPECIAL) {
		return true;
	}
	return (size_t)permission < ARRAY_LEN(permissions) && (roles & permissions[permission].roles) != 0;
}

bool role_parse(const char *name, enum role *ret_role)
{
	for (size_t i = 0; name && i < ARRAY_LEN(roles_by_name); i++) {
		if (strcmp(roles_by_name[i].name, name) == 0) {
			*ret_role = roles_by_name[i].role;
			return true;
		}
	}
	return false;
}

const char *role_name(enum role role)
{
	for (size_t i = 0; i < ARRAY_LEN(roles_by_name); i++) {
		if (roles_by_name[i].role == role) {
			return roles_by_name[i].name;
		}
	}
	return "unknown";
}

const char *permission_holders(enum permission permission)
{
	return (size_t)permission < ARRAY_LEN(permissions) ? permissions[permission].holders : "nobody";
}
