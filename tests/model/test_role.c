#include "check.h"

#include "core/buf.h"
#include "model/role.h"

static const struct {
	enum permission permission;
	const char *name;
	const char *may; /* e editor, d duty, l leader, a admin */
} want[] = {
	{ PERMIT_POST_READ, "post read", "edl-" },
	{ PERMIT_POST_WRITE, "post write", "e-l-" },
	{ PERMIT_QUEUE_STEER, "queue steer", "e-l-" },
	{ PERMIT_QUEUE_SETTLE, "queue settle", "--l-" },
	{ PERMIT_TICKET_READ, "ticket read", "-dl-" },
	{ PERMIT_TICKET_WORK, "ticket work", "-dl-" },
	{ PERMIT_TICKET_ASSIGN, "ticket assign", "--l-" },
	{ PERMIT_ACCOUNT_POLL, "account poll", "-dla" },
	{ PERMIT_ACCOUNT_PAUSE, "account pause", "--la" },
	{ PERMIT_ACCOUNT_LOGIN, "account login", "---a" },
	{ PERMIT_ACCOUNT_SHAPE, "account shape", "--la" },
	{ PERMIT_ACCOUNT_TOKEN, "account token", "---a" },
	{ PERMIT_ACCOUNT_PURGE, "account purge", "--la" },
	{ PERMIT_COMMENT_READ, "comment read", "edl-" },
	{ PERMIT_ARTICLE_WORK, "article work", "e-l-" },
	{ PERMIT_RELOAD, "reload", "---a" },
};

static const enum role roles[] = { ROLE_EDITOR, ROLE_DUTY, ROLE_LEADER, ROLE_ADMIN };

static void test_role__table_of_permissions(void **state)
{
	(void)state;
	CHECK_INT(ARRAY_LEN(want), PERMIT_RELOAD);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		CHECK_INT(want[i].permission, i + 1);
		for (size_t j = 0; j < ARRAY_LEN(roles); j++) {
			if (role_permits(roles[j], want[i].permission) != (want[i].may[j] != '-')) {
				fail_msg("%s: %s", role_name(roles[j]), want[i].name);
			}
		}
		CHECK(!role_permits(0, want[i].permission));
	}
}

static void test_role__several_roles_add_up(void **state)
{
	unsigned both = ROLE_EDITOR | ROLE_ADMIN;

	(void)state;
	CHECK(role_permits(both, PERMIT_POST_WRITE));
	CHECK(role_permits(both, PERMIT_RELOAD));
	CHECK(!role_permits(both, PERMIT_TICKET_READ));
	CHECK(role_permits(0, PERMIT_NOTHING_SPECIAL));
	CHECK(!role_permits(~0u, (enum permission)99));
}

static void test_role__error_text_names_exactly_those_who_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		struct str holders = str_from(permission_holders(want[i].permission));

		for (size_t j = 0; j < ARRAY_LEN(roles); j++) {
			bool named = str_find(holders, str_from(role_name(roles[j]))) >= 0;

			CHECK_INT(named, role_permits(roles[j], want[i].permission));
		}
	}
	CHECK_TEXT(permission_holders(PERMIT_TICKET_WORK), "duty or leader");
	CHECK_TEXT(permission_holders(PERMIT_NOTHING_SPECIAL), "any operator");
	CHECK_TEXT(permission_holders((enum permission)99), "nobody");
}

static void test_role__names_go_there_and_back(void **state)
{
	enum role role = ROLE_DUTY;

	(void)state;
	for (size_t j = 0; j < ARRAY_LEN(roles); j++) {
		CHECK(role_parse(role_name(roles[j]), &role));
		CHECK_INT(role, roles[j]);
	}
	CHECK(!role_parse("root", &role));
	CHECK(!role_parse(NULL, &role));
	CHECK_INT(role, ROLE_ADMIN);
	CHECK_TEXT(role_name((enum role)0), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_role__table_of_permissions),
		cmocka_unit_test(test_role__several_roles_add_up),
		cmocka_unit_test(test_role__error_text_names_exactly_those_who_may),
		cmocka_unit_test(test_role__names_go_there_and_back),
	};

	return check_run(tests);
}
