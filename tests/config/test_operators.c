/* Who may do what: entries of users and groups, and what a peer of the socket holds by them. */
#include "rig.h"

#include <grp.h>
#include <pwd.h>

#include "model/role.h"

static struct config *with_operators(const char *list)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "operators:\n%s" ACCOUNTS, list);
	return must_parse(text);
}

static unsigned roles(const char *list, char ret_name[64])
{
	cleanup(config_unrefp) struct config *config = with_operators(list);

	return config_roles(config, getuid(), getgid(), ret_name);
}

/* The entry of whoever runs the test, with its own or its group's name in it. */
static const char *mine(const char *format)
{
	static char text[512];
	const struct passwd *user = getpwuid(getuid());
	const struct group *group = getgrgid(getgid());
	struct buf out;

	assert_non_null(user);
	assert_non_null(group);
	buf_init(&out, sizeof(text) - 1);
	for (; *format; format++) {
		CHECK(*format == 'U'     ? buf_add_text(&out, user->pw_name)
			: *format == 'G' ? buf_add_text(&out, group->gr_name)
					 : buf_add_char(&out, *format));
	}
	memcpy(text, out.p, out.n + 1);
	buf_finish(&out);
	return text;
}

static void test_operators__are_kept_as_written(void **state)
{
	cleanup(config_unrefp) struct config *config = with_operators(
		"  - {user: wang, name: 王警官, roles: [duty, leader]}\n"
		"  - {user: li, roles: editor}\n"
		"  - {group: staff, roles: [admin]}\n");

	(void)state;
	CHECK(config->has_operators);
	CHECK_INT(config->n_operators, 3);
	CHECK_TEXT(config->operators[0].who, "wang");
	CHECK_TEXT(config->operators[0].name, "王警官");
	CHECK_INT(config->operators[0].roles, ROLE_DUTY | ROLE_LEADER);
	CHECK_TEXT(config->operators[1].who, "li");
	CHECK_TEXT(config->operators[1].name, "li");
	CHECK_INT(config->operators[1].roles, ROLE_EDITOR);
	CHECK_TEXT(config->operators[2].who, "@staff");
	CHECK_INT(config->operators[2].roles, ROLE_ADMIN);
}

static void test_operators__without_the_section_there_are_none(void **state)
{
	cleanup(config_unrefp) struct config *config = must_parse(ACCOUNTS);

	(void)state;
	CHECK(!config->has_operators);
	CHECK_INT(config->n_operators, 0);
}

static void test_roles__are_those_of_the_user(void **state)
{
	char name[64];

	(void)state;
	CHECK_INT(roles(mine("  - {user: u-nobody-x, roles: [admin]}\n  - {user: U, name: 小编, roles: [editor]}\n"),
			  name),
		ROLE_EDITOR);
	CHECK_TEXT(name, "小编");
}

static void test_roles__of_user_and_group_add_up(void **state)
{
	char name[64];

	(void)state;
	CHECK_INT(roles(mine("  - {user: U, name: 老王, roles: [duty]}\n  - {group: G, roles: [editor]}\n"), name),
		ROLE_DUTY | ROLE_EDITOR);
	CHECK_TEXT(name, "老王");
}

static void test_roles__of_a_group_leave_the_users_name(void **state)
{
	char name[64];

	(void)state;
	CHECK_INT(roles(mine("  - {group: G, roles: [duty]}\n  - {group: g-nobody-x, roles: [admin]}\n"), name),
		ROLE_DUTY);
	CHECK_TEXT(name, getpwuid(getuid())->pw_name);
}

static void test_roles__a_users_entry_is_no_groups_entry(void **state)
{
	char name[64];

	(void)state;
	CHECK_INT(roles("  - {user: u-nobody-x, roles: [admin]}\n  - {group: g-nobody-x, roles: [admin]}\n", name), 0);
	CHECK_TEXT(name, getpwuid(getuid())->pw_name);
}

static void test_roles__who_has_no_name_is_nobody(void **state)
{
	cleanup(config_unrefp) struct config *config = with_operators(mine("  - {user: U, roles: [admin]}\n"));
	char name[64];

	(void)state;
	assert_null(getpwuid(4000000000u));
	CHECK_INT(config_roles(config, 4000000000u, getgid(), name), 0);
	CHECK_TEXT(name, "uid-4000000000");
}

static void test_roles__a_long_name_is_cut_between_characters(void **state)
{
	char name[64];

	(void)state;
	CHECK_INT(roles(mine("  - {user: U, name: 一二三四五六七八九十一二三四五六七八九十一二三四, roles: [duty]}\n"),
			  name),
		ROLE_DUTY);
	CHECK_TEXT(name, "一二三四五六七八九十一二三四五六七八九十一");
}

static void test_operators__a_mistake_is_named_where_it_stands(void **state)
{
	static const struct mistake mistakes[] = {
		{ ACCOUNTS "operators: []", "a.yaml:3:12: operators: expected 1 to 10000 operators; without the "
					    "section the daemon's own user may "
					    "do everything" },
		{ ACCOUNTS "operators:", "a.yaml:3:11: operators: is empty; leave it out, or fill it" },
		{ ACCOUNTS "operators: {wang: [duty]}", "a.yaml:3:12: operators: expected a list" },
		{ ACCOUNTS "operators:\n- {user: wang, roles: [duty, laeder]}",
			"a.yaml:4:30: laeder: no such role (editor, duty, leader, admin); did you mean leader?" },
		{ ACCOUNTS "operators:\n- {user: wang, roles: root}",
			"a.yaml:4:23: root: no such role (editor, duty, leader, admin)" },
		{ ACCOUNTS "operators:\n- {user: wang}",
			"a.yaml:4:3: roles: is missing here: some of editor, duty, leader, admin" },
		{ ACCOUNTS "operators:\n- {user: wang, roles: []}",
			"a.yaml:4:23: roles: expected a list of words, or one word" },
		{ ACCOUNTS "operators:\n- {name: 王, roles: [duty]}",
			"a.yaml:4:3: an operator has either user or group" },
		{ ACCOUNTS "operators:\n- {user: a, group: b, roles: [duty]}",
			"a.yaml:4:3: an operator has either user or group" },
		{ ACCOUNTS "operators:\n- {user: \"@staff\", roles: [duty]}",
			"a.yaml:4:10: user: expected the name of a Unix user" },
		{ ACCOUNTS "operators:\n- {group: \"a b\", roles: [duty]}",
			"a.yaml:4:11: group: expected the name of a Unix group" },
		{ ACCOUNTS "operators:\n- {group: staff, name: 值班室, roles: [duty]}",
			"a.yaml:4:24: name: a group has none; its members have" },
		{ ACCOUNTS "operators:\n- {user: a, roles: [duty]}\n- {group: a, roles: [duty]}\n- {user: a, roles: "
			   "[admin]}",
			"a.yaml:6:10: user: a is here a second time" },
		{ ACCOUNTS "operators:\n- {group: a, roles: [duty]}\n- {group: a, roles: [duty]}",
			"a.yaml:5:11: group: a is here a second time" },
		{ ACCOUNTS "operators:\n- wang", "a.yaml:4:3: expected keys and their values" },
	};

	(void)state;
	check_mistakes(mistakes, ARRAY_LEN(mistakes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operators__are_kept_as_written),
		cmocka_unit_test(test_operators__without_the_section_there_are_none),
		cmocka_unit_test(test_roles__are_those_of_the_user),
		cmocka_unit_test(test_roles__of_user_and_group_add_up),
		cmocka_unit_test(test_roles__of_a_group_leave_the_users_name),
		cmocka_unit_test(test_roles__a_users_entry_is_no_groups_entry),
		cmocka_unit_test(test_roles__who_has_no_name_is_nobody),
		cmocka_unit_test(test_roles__a_long_name_is_cut_between_characters),
		cmocka_unit_test(test_operators__a_mistake_is_named_where_it_stands),
	};

	return check_run(tests);
}
