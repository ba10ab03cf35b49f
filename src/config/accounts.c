/*
 * The sections `platforms`, `accounts` and `groups`: where the platforms are, the official accounts on them with their
 * driver's keys, and names for several of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_internal.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

#define NAME_BYTES_MAX 64u

struct platform_text {
	char *base_url;
	char *ca_file;
};

const struct config_key config_platform_keys[] = {
	{ .name = "base_url",
		.type = CONFIG_ENDPOINT,
		.offset = offsetof(struct platform_text, base_url),
		.doc = "where it is: by default the platform itself, for rehearsals the simulator" },
	{ .name = "ca_file",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct platform_text, ca_file),
		.doc = "PEM file of the authorities its certificate must come from; by default the system's" },
	{ 0 },
};

struct account_text {
	char *platform;
};

const struct config_key config_account_keys[] = {
	{ .name = "platform",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct account_text, platform),
		.required = true,
		.doc = "the platform it is on; the keys beside are that platform's" },
	{ 0 },
};

/* ---- platforms ---- */

static bool find_platform(const struct loader *loader, struct str name, size_t *ret_index)
{
	for (size_t i = 0; i < loader->n_platforms; i++) {
		if (str_is(name, loader->platforms[i].name)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

static bool refuse_platform(
	const struct loader *loader, const struct yaml_node *node, struct str name, struct error *err)
{
	struct nearest nearest;

	nearest_init(&nearest, name);
	for (size_t i = 0; i < loader->n_platforms; i++) {
		nearest_try(&nearest, loader->platforms[i].name);
	}
	return nearest_refuse(&nearest, loader->file, node, "platform", err);
}

/* A file that is not there would only be noticed when nothing can be published. */
static bool take_ca_file(
	struct loader *loader, const struct yaml_node *map, size_t index, const char *path, struct error *err)
{
	free(loader->ca_files[index]);
	loader->ca_files[index] = config_path(loader->dir, path);
	return access(loader->ca_files[index], R_OK) == 0 ||
	       yaml_error(loader->file, yaml_get(map, "ca_file"), err, "ca_file: cannot read %s: %s",
		       loader->ca_files[index], strerror(errno));
}

static bool read_platform(struct loader *loader, const struct yaml_pair *pair, struct error *err)
{
	struct platform_text text = { 0 };
	size_t index;
	size_t n;
	bool ok = true;

	if (!find_platform(loader, pair->key->scalar, &index)) {
		return refuse_platform(loader, pair->key, pair->key->scalar, err);
	}
	if (!config_read_keys(loader->file, pair->value, config_platform_keys, false, loader->dir, &text, err)) {
		return false;
	}
	if (text.ca_file) {
		ok = take_ca_file(loader, pair->value, index, text.ca_file, err);
		free(text.ca_file);
	}
	if (!ok || !text.base_url) {
		free(text.base_url);
		return ok;
	}
	for (n = strlen(text.base_url); n > 0 && text.base_url[n - 1] == '/'; n--) {
		text.base_url[n - 1] = '\0';
	}
	free(loader->base_urls[index]);
	loader->base_urls[index] = text.base_url;
	return true;
}

bool config_read_platforms(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	if (node && !config_want_map(loader->file, node, "platforms", err)) {
		return false;
	}
	for (size_t i = 0; node && i < node->n; i++) {
		if (!read_platform(loader, &node->pairs[i], err)) {
			return false;
		}
	}
	return true;
}

/* ---- accounts ---- */

/* A name stands in delivery ids (12/NAME), on the command line and in tables. */
static bool check_name(struct loader *loader, const struct yaml_node *key, struct error *err)
{
	struct str name = key->scalar;
	bool ok = name.n > 0 && name.n <= NAME_BYTES_MAX && !str_is(name, "ALL");

	for (size_t i = 0; ok && i < name.n; i++) {
		char c = name.p[i];

		ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		     (i > 0 && ((c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'));
	}
	return ok || yaml_error(loader->file, key, err,
			     STR_FMT ": expected a letter, then letters, digits, '-', '_' and '.'; %u at most; not ALL",
			     STR_ARG(text_cut_bytes(name, NAME_BYTES_MAX)), NAME_BYTES_MAX);
}

/* A driver's rule names the key it is about; the error is put where that key stands. */
static bool check_settings(struct loader *loader, const struct config_platform *platform, const struct yaml_pair *pair,
	const void *settings, struct error *err)
{
	const struct yaml_node *node;
	struct error why = { 0 };
	struct str rest;
	struct str word;
	char *key;

	if (!platform->check || platform->check(settings, &why)) {
		return true;
	}
	rest = str_from(why.message);
	key = str_split(&rest, ':', &word) ? str_dup(word) : xstrdup("");
	node = yaml_get(pair->value, key);
	free(key);
	return yaml_error(loader->file, node ? node : pair->key, err, "%s", why.message);
}

static bool read_settings(struct loader *loader, const struct config_platform *platform, const struct yaml_pair *pair,
	struct config_account *account, struct error *err)
{
	account->settings = xcalloc(1, platform->settings_size ? platform->settings_size : 1);
	account->settings_keys = platform->keys;
	return config_read_keys_beside(loader->file, pair->value, platform->keys, config_account_keys,
		       account->loopback, loader->dir, account->settings, err) &&
	       check_settings(loader, platform, pair, account->settings, err);
}

/* Without a platform there is no table to hold the keys against; a misspelt one is still found. */
static bool refuse_no_platform(struct loader *loader, const struct yaml_pair *pair, struct error *err)
{
	const char *name = config_account_keys[0].name;

	for (size_t i = 0; i < pair->value->n; i++) {
		const struct yaml_node *key = pair->value->pairs[i].key;
		struct nearest nearest;

		nearest_init(&nearest, key->scalar);
		nearest_try(&nearest, name);
		if (nearest.best) {
			return nearest_refuse(&nearest, loader->file, key, "key", err);
		}
	}
	return yaml_error(loader->file, pair->key, err, "%s: is missing here: %s", name, config_account_keys[0].doc);
}

static bool read_account(
	struct loader *loader, const struct yaml_pair *pair, struct config_account *account, struct error *err)
{
	const struct yaml_node *node;
	struct url url = { 0 };
	size_t index;

	if (!check_name(loader, pair->key, err)) {
		return false;
	}
	account->name = str_dup(pair->key->scalar);
	if (!config_want_map(loader->file, pair->value, account->name, err)) {
		return false;
	}
	node = yaml_get(pair->value, "platform");
	if (!node) {
		return refuse_no_platform(loader, pair, err);
	}
	if (node->kind != YAML_SCALAR || config_is_nothing(node)) {
		return yaml_error(loader->file, node, err, "platform: expected the name of a platform");
	}
	if (!find_platform(loader, node->scalar, &index)) {
		return refuse_platform(loader, node, node->scalar, err);
	}
	account->platform = xstrdup(loader->platforms[index].name);
	account->base_url = xstrdup(loader->base_urls[index]);
	account->ca_file = xstrdup(loader->ca_files[index]);
	account->loopback = config_parse_url(str_from(account->base_url), &url) && url.loopback;
	return read_settings(loader, &loader->platforms[index], pair, account, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct config_account *const *)a)->name, (*(struct config_account *const *)b)->name);
}

bool config_read_accounts(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	struct config *config = loader->config;

	if (!node) {
		return yaml_error(loader->file, NULL, err, "accounts: is missing: %s", "expected at least one account");
	}
	if (!config_want_map(loader->file, node, "accounts", err)) {
		return false;
	}
	if (node->n == 0 || node->n > LIMIT_ACCOUNTS) {
		return yaml_error(loader->file, node, err, "accounts: expected 1 to %u accounts", LIMIT_ACCOUNTS);
	}
	config->accounts = xnew_array(struct config_account, node->n);
	loader->by_name = xnew_array(struct config_account *, node->n);
	for (size_t i = 0; i < node->n; i++) {
		loader->by_name[i] = &config->accounts[i];
		config->n_accounts++;
		if (!read_account(loader, &node->pairs[i], &config->accounts[i], err)) {
			return false;
		}
	}
	qsort(loader->by_name, config->n_accounts, sizeof(loader->by_name[0]), by_name);
	return true;
}

const struct config_account *config_find_account(struct config_account *const *sorted, size_t n, const char *name)
{
	size_t from = 0;

	while (from < n) {
		size_t middle = from + (n - from) / 2;
		int order = strcmp(name, sorted[middle]->name);

		if (order == 0) {
			return sorted[middle];
		}
		if (order < 0) {
			n = middle;
		} else {
			from = middle + 1;
		}
	}
	return NULL;
}

/* ---- groups ---- */

static bool refuse_member(struct loader *loader, const struct yaml_node *node, const char *name, struct error *err)
{
	const struct config *config = loader->config;
	struct nearest nearest;

	if (config_group(config, name)) {
		return yaml_error(loader->file, node, err, "%s is a group; a group holds accounts", name);
	}
	nearest_init(&nearest, str_from(name));
	for (size_t i = 0; i < config->n_accounts; i++) {
		nearest_try(&nearest, config->accounts[i].name);
	}
	return nearest_refuse(&nearest, loader->file, node, "account", err);
}

static bool add_member(
	struct loader *loader, const struct yaml_node *node, struct config_group *group, struct error *err)
{
	cleanup(free_charp) char *name = NULL;

	if (node->kind != YAML_SCALAR || config_is_nothing(node)) {
		return yaml_error(loader->file, node, err, "%s: expected the name of an account", group->name);
	}
	name = str_dup(node->scalar);
	if (!config_find_account(loader->by_name, loader->config->n_accounts, name)) {
		return refuse_member(loader, node, name, err);
	}
	for (size_t i = 0; i < group->n; i++) {
		if (strcmp(group->accounts[i], name) == 0) {
			return yaml_error(loader->file, node, err, "%s is in the group %s already", name, group->name);
		}
	}
	group->accounts[group->n++] = steal(&name);
	return true;
}

static bool read_group(
	struct loader *loader, const struct yaml_pair *pair, struct config_group *group, struct error *err)
{
	const struct yaml_node *node = pair->value;

	if (!check_name(loader, pair->key, err)) {
		return false;
	}
	group->name = str_dup(pair->key->scalar);
	if (config_find_account(loader->by_name, loader->config->n_accounts, group->name)) {
		return yaml_error(loader->file, pair->key, err, "%s: there is an account of this name", group->name);
	}
	if (node->kind == YAML_MAP || (node->kind == YAML_LIST && node->n == 0)) {
		return yaml_error(loader->file, node, err, "%s: expected a list of accounts", group->name);
	}
	if (node->kind == YAML_SCALAR) {
		group->accounts = xnew_array(char *, 1);
		return add_member(loader, node, group, err);
	}
	group->accounts = xnew_array(char *, node->n);
	for (size_t i = 0; i < node->n; i++) {
		if (!add_member(loader, node->items[i], group, err)) {
			return false;
		}
	}
	return true;
}

bool config_read_groups(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	struct config *config = loader->config;

	if (!node) {
		return true;
	}
	if (!config_want_map(loader->file, node, "groups", err)) {
		return false;
	}
	config->groups = xnew_array(struct config_group, node->n + 1);
	for (size_t i = 0; i < node->n; i++) {
		struct config_group group = { 0 };
		bool ok = read_group(loader, &node->pairs[i], &group, err);

		config->groups[config->n_groups++] = group;
		if (!ok) {
			return false;
		}
	}
	return true;
}
