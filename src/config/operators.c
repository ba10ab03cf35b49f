/*
 * The section `operators`: which Unix user or group holds which roles; and, at every call, which roles a peer of the
 * control socket holds by it. Names are looked up when they are needed: people are added to groups while we run.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_internal.h"
#include "core/mem.h"
#include "model/role.h"
#include "text/utf8.h"

#define OPERATORS_MAX 10000u
#define NAME_MAX_LEN  64u
#define GROUPS_MAX    65536 /* the kernel's own limit */

struct operator_text {
	char *user;
	char *group;
	char *name;
	struct config_words roles;
};

#define FIELD(name) offsetof(struct operator_text, name)

const struct config_key config_operator_keys[] = {
	{ .name = "user", .type = CONFIG_TEXT, .offset = FIELD(user), .doc = "a Unix user" },
	{ .name = "group", .type = CONFIG_TEXT, .offset = FIELD(group), .doc = "or everybody in a Unix group" },
	{ .name = "name",
		.type = CONFIG_TEXT,
		.offset = FIELD(name),
		.doc = "the user's name as colleagues see it; by default the Unix name" },
	{ .name = "roles",
		.type = CONFIG_WORDS,
		.offset = FIELD(roles),
		.required = true,
		.doc = "some of editor, duty, leader, admin" },
	{ 0 },
};

static bool read_roles(struct loader *loader, const struct yaml_node *node, const struct config_words *words,
	unsigned *ret_roles, struct error *err)
{
	static const enum role all[] = { ROLE_EDITOR, ROLE_DUTY, ROLE_LEADER, ROLE_ADMIN };

	for (size_t i = 0; i < words->n; i++) {
		struct nearest nearest;
		enum role role;

		if (role_parse(words->items[i], &role)) {
			*ret_roles |= role;
			continue;
		}
		nearest_init(&nearest, str_from(words->items[i]));
		for (size_t j = 0; j < ARRAY_LEN(all); j++) {
			nearest_try(&nearest, role_name(all[j]));
		}
		return nearest_refuse(&nearest, loader->file, node->kind == YAML_LIST ? node->items[i] : node,
			"role (editor, duty, leader, admin)", err);
	}
	return true;
}

/* A user is kept by its name, a group with an @ in front. */
static char *who_of(const struct operator_text *text)
{
	char who[NAME_MAX_LEN + 2];

	(void)snprintf(who, sizeof(who), "%s%s", text->user ? "" : "@", text->user ? text->user : text->group);
	return xstrdup(who);
}

static bool read_operator(struct loader *loader, const struct yaml_node *map, const struct operator_text *text,
	struct config_operator *op, struct error *err)
{
	const char *unix_name = text->user ? text->user : text->group;
	const char *key = text->user ? "user" : "group";

	if (!text->user == !text->group) {
		return yaml_error(loader->file, map, err, "an operator has either user or group");
	}
	if (strlen(unix_name) > NAME_MAX_LEN || unix_name[0] == '@' || strpbrk(unix_name, " :,/")) {
		return yaml_error(
			loader->file, yaml_get(map, key), err, "%s: expected the name of a Unix %s", key, key);
	}
	if (text->group && text->name) {
		return yaml_error(loader->file, yaml_get(map, "name"), err, "name: a group has none; its members have");
	}
	op->who = who_of(text);
	op->name = xstrdup(text->name ? text->name : unix_name);
	return read_roles(loader, yaml_get(map, "roles"), &text->roles, &op->roles, err);
}

static bool check_new(struct loader *loader, const struct yaml_node *map, struct error *err)
{
	const struct config *config = loader->config;
	const struct config_operator *newest = &config->operators[config->n_operators - 1];

	for (const struct config_operator *op = config->operators; op < newest; op++) {
		if (strcmp(op->who, newest->who) == 0) {
			const char *key = newest->who[0] == '@' ? "group" : "user";

			return yaml_error(loader->file, yaml_get(map, key), err, "%s: %s is here a second time", key,
				newest->who + (newest->who[0] == '@'));
		}
	}
	return true;
}

bool config_read_operators(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	struct config *config = loader->config;

	if (!node) {
		return true;
	}
	if (!config_want_list(loader->file, node, "operators", err)) {
		return false;
	}
	if (node->n == 0 || node->n > OPERATORS_MAX) {
		return yaml_error(loader->file, node, err,
			"operators: expected 1 to %u operators; without the section the daemon's own user may do "
			"everything",
			OPERATORS_MAX);
	}
	config->has_operators = true;
	config->operators = xnew_array(struct config_operator, node->n);
	for (size_t i = 0; i < node->n; i++) {
		struct operator_text text = { 0 };
		bool ok;

		ok = config_read_keys(
			     loader->file, node->items[i], config_operator_keys, false, loader->dir, &text, err) &&
		     read_operator(loader, node->items[i], &text, &config->operators[config->n_operators++], err) &&
		     check_new(loader, node->items[i], err);
		config_finish_keys(config_operator_keys, &text);
		if (!ok) {
			return false;
		}
	}
	return true;
}

/* ---- who is that ---- */

static bool has_groups(const struct config *config)
{
	for (size_t i = 0; i < config->n_operators; i++) {
		if (config->operators[i].who[0] == '@') {
			return true;
		}
	}
	return false;
}

static bool group_has_id(const char *name, const gid_t *ids, int n)
{
	cleanup(free_charp) char *memory = NULL;
	struct group group;
	struct group *found = NULL;
	size_t size = 4096;

	do {
		size *= 2;
		free(memory);
		memory = xcalloc(size, 1);
	} while (getgrnam_r(name, &group, memory, size, &found) == ERANGE && size < (1u << 20));
	for (int i = 0; found && i < n; i++) {
		if (ids[i] == group.gr_gid) {
			return true;
		}
	}
	return false;
}

static unsigned group_roles(const struct config *config, const char *user, gid_t gid)
{
	gid_t few[64];
	gid_t *ids = few;
	int n = (int)ARRAY_LEN(few);
	unsigned roles = 0;

	if (getgrouplist(user, gid, ids, &n) < 0) {
		/* n says how many there are. */
		n = n > GROUPS_MAX ? GROUPS_MAX : n;
		ids = xnew_array(gid_t, (size_t)n);
		if (getgrouplist(user, gid, ids, &n) < 0) {
			ids[0] = gid;
			n = 1;
		}
	}
	for (size_t i = 0; i < config->n_operators; i++) {
		const struct config_operator *op = &config->operators[i];

		if (op->who[0] == '@' && (op->roles & ~roles) && group_has_id(op->who + 1, ids, n)) {
			roles |= op->roles;
		}
	}
	if (ids != few) {
		free(ids);
	}
	return roles;
}

static void set_name(char ret_name[64], const char *name)
{
	struct str shown = text_cut_bytes(str_from(name), 63);

	memcpy(ret_name, shown.p, shown.n);
	ret_name[shown.n] = '\0';
}

unsigned config_roles(const struct config *config, uid_t uid, gid_t gid, char ret_name[64])
{
	char memory[16384];
	struct passwd user;
	struct passwd *found = NULL;
	unsigned roles = 0;

	if (getpwuid_r(uid, &user, memory, sizeof(memory), &found) != 0 || !found) {
		/* Nobody the machine knows by name can be an operator. */
		(void)snprintf(ret_name, 64, "uid-%u", (unsigned)uid);
		return 0;
	}
	set_name(ret_name, user.pw_name);
	for (size_t i = 0; i < config->n_operators; i++) {
		if (strcmp(config->operators[i].who, user.pw_name) == 0) {
			roles |= config->operators[i].roles;
			set_name(ret_name, config->operators[i].name);
		}
	}
	return has_groups(config) ? roles | group_roles(config, user.pw_name, gid) : roles;
}
