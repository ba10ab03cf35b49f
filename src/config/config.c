/*
 * accounts.yaml from its first byte to an immutable struct config. Every section is read by tables of keys (keys.c);
 * this file knows the office, its programs and paths, and the order in which sections need each other.
 *
 * Invariant: config_parse() gives a configuration in which every name refers to something, or none at all. A value that
 * is refused is named by line, column and key; what holds across values is reported at the value that breaks it.
 */
#include "config/config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "config/config_internal.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/when.h"

#define PLATFORMS_MAX   64u
#define LATE_MAX_MS     (7 * DAY_MS)
#define LEASE_MAX_MS    (7 * DAY_MS)
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* A struct config is always inside of one of these. */
struct shared_config {
	unsigned refs; /* atomic */
	struct config_account **by_name;
	struct config config;
};

/* ---- the tables ---- */

/* As many accounts as are allowed can be written down. */
_Static_assert(LIMIT_CONFIG_BYTES / LIMIT_ACCOUNTS >= 512, "an account takes some hundred bytes");

#define TOP(name) offsetof(struct config, name)

static const struct config_key top_keys[] = {
	{ .name = "state",
		.type = CONFIG_TEXT,
		.offset = TOP(state_dir),
		.def = "/var/lib/gazette",
		.doc = "directory of the store" },
	{ .name = "socket",
		.type = CONFIG_TEXT,
		.offset = TOP(socket),
		.def = "/run/gazette/control",
		.doc = "control socket" },
	{ .name = "triage", .type = CONFIG_TEXT, .offset = TOP(triage_file), .doc = "rule file of the first triage" },
	{ .name = "wording",
		.type = CONFIG_TEXT,
		.offset = TOP(wording_file),
		.doc = "rule file of the wording check" },
	{ .name = "claim_lease",
		.type = CONFIG_DURATION,
		.offset = TOP(claim_lease_ms),
		.def = "30m",
		.min = SECOND_MS,
		.max = LEASE_MAX_MS,
		.doc = "a claim ends when its holder does nothing for so long" },
	{ .name = "callback_listen",
		.type = CONFIG_TEXT,
		.offset = TOP(callback_listen),
		.def = "127.0.0.1:8751",
		.doc = "address for what platforms push; TLS is the site's reverse proxy's business" },
	{ .name = "auto_reply",
		.type = CONFIG_TEXT,
		.offset = TOP(auto_reply),
		.def = "【{office}】已收到您的留言，编号 {code}。人工回复时间：{hours}。紧急情况请立即拨打 110、119 或 "
		       "120。"
		       "发送“进度 {code}”可查询办理情况。",
		.doc = "what a citizen who writes privately is told at once; {office}, {code} and {hours} are filled "
		       "in" },
	{ .name = "retention",
		.type = CONFIG_DURATION,
		.offset = TOP(retention_ms),
		.def = "30d",
		.min = 0,
		.max = 3650 * DAY_MS,
		.doc = "what a citizen said who unfollows is deleted after so long" },
	{ 0 },
};

/* In the order in which they are read: later ones need earlier ones. */
static const struct config_key section_keys[] = {
	{ .name = "office", .doc = "the office, its zone and hours" },
	{ .name = "late", .doc = "how late a post may still go out, by class" },
	{ .name = "hooks", .doc = "programs that tell people" },
	{ .name = "limits", .doc = "deadlines by priority" },
	{ .name = "ladder", .doc = "who is told when a deadline nears" },
	{ .name = "platforms", .doc = "where the platforms are" },
	{ .name = "accounts", .doc = "the official accounts" },
	{ .name = "groups", .doc = "names for several accounts" },
	{ .name = "operators", .doc = "who may do what" },
	{ 0 },
};

struct office_text {
	char *name;
	char *zone;
	char *opens;
	char *closes;
	struct config_words workdays;
};

static const struct config_key office_keys[] = {
	{ .name = "name",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct office_text, name),
		.def = "gazette",
		.doc = "as shown to operators" },
	{ .name = "zone",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct office_text, zone),
		.def = "Asia/Shanghai",
		.doc = "time zone of all times that people write and read" },
	{ .name = "opens",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct office_text, opens),
		.def = "09:00",
		.doc = "begin of the office hours" },
	{ .name = "closes",
		.type = CONFIG_TEXT,
		.offset = offsetof(struct office_text, closes),
		.def = "17:00",
		.doc = "end of the office hours" },
	{ .name = "workdays",
		.type = CONFIG_WORDS,
		.offset = offsetof(struct office_text, workdays),
		.def = "[mon, tue, wed, thu, fri]",
		.doc = "days with office hours" },
	{ 0 },
};

#define LATE(word, class, value) \
	{ \
		.name = word, .type = CONFIG_DURATION, .offset = TOP(late_ms) + sizeof(int64_t) * (class), \
		.def = value, .min = 0, .max = LATE_MAX_MS, \
		.doc = "a post of this class that is later is held for a decision" \
	}

static const struct config_key late_keys[] = {
	LATE("policy", POST_POLICY, "30m"),
	LATE("service", POST_SERVICE, "2h"),
	LATE("interact", POST_INTERACT, "2h"),
	LATE("solicit", POST_SOLICIT, "1h"),
	{ 0 },
};

struct hook_words {
	struct config_words alarm;
	struct config_words escalated;
	struct config_words warning;
};

static const struct config_key hook_keys[] = {
	{ .name = "alarm",
		.type = CONFIG_WORDS,
		.offset = offsetof(struct hook_words, alarm),
		.doc = "a life may be in danger (P0)" },
	{ .name = "escalated",
		.type = CONFIG_WORDS,
		.offset = offsetof(struct hook_words, escalated),
		.doc = "a rung of the ladder, or somebody escalated a ticket" },
	{ .name = "warning",
		.type = CONFIG_WORDS,
		.offset = offsetof(struct hook_words, warning),
		.doc = "a token runs out, an account is parked, the outcome of a send is not known" },
	{ 0 },
};

const struct config_table config_tables[] = {
	{ "", top_keys },
	{ "", section_keys },
	{ "office", office_keys },
	{ "late", late_keys },
	{ "hooks", hook_keys },
	{ "limits", config_limit_keys },
	{ "ladder", config_rung_keys },
	{ "platforms", config_platform_keys },
	{ "accounts", config_account_keys },
	{ "operators", config_operator_keys },
	{ 0 },
};

static bool read_map(
	struct loader *loader, const struct yaml_node *map, const struct config_key *keys, void *ret, struct error *err)
{
	return config_read_keys(loader->file, map, keys, false, loader->dir, ret, err);
}

/* ---- office ---- */

/* "8:30", "08:30", "24:00" */
static bool parse_clock(struct str text, int64_t *ret_ms)
{
	struct str hours;
	int64_t hour;
	int64_t minute;

	if (!str_split(&text, ':', &hours) || !text.p || hours.n > 2 || text.n != 2 ||
		!str_to_i64(hours, 0, 24, &hour) || !str_to_i64(text, 0, hour == 24 ? 0 : 59, &minute)) {
		return false;
	}
	*ret_ms = hour * HOUR_MS + minute * MINUTE_MS;
	return true;
}

static bool read_workdays(struct loader *loader, const struct yaml_node *node, const struct config_words *words,
	unsigned *ret_days, struct error *err)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	for (size_t i = 0; i < words->n; i++) {
		size_t day = 0;

		while (day < ARRAY_LEN(days) && strcmp(words->items[i], days[day]) != 0) {
			day++;
		}
		if (day == ARRAY_LEN(days)) {
			return yaml_error(loader->file, node->kind == YAML_LIST ? node->items[i] : node, err,
				"workdays: expected mon, tue, wed, thu, fri, sat or sun");
		}
		*ret_days |= 1u << day;
	}
	return true;
}

static bool read_hours(struct loader *loader, const struct yaml_node *node, const struct office_text *text,
	struct config_office *office, struct error *err)
{
	if (!parse_clock(str_from(text->opens), &office->opens_ms)) {
		return yaml_error(
			loader->file, yaml_get(node, "opens"), err, "opens: expected a time of day such as 09:00");
	}
	if (!parse_clock(str_from(text->closes), &office->closes_ms)) {
		return yaml_error(
			loader->file, yaml_get(node, "closes"), err, "closes: expected a time of day such as 17:00");
	}
	if (office->closes_ms <= office->opens_ms) {
		const struct yaml_node *at = yaml_get(node, "closes");

		return yaml_error(loader->file, at ? at : yaml_get(node, "opens"), err,
			"closes: expected a time after opens (%s)", text->opens);
	}
	return true;
}

static bool read_office(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	struct config_office *office = &loader->config->office;
	struct office_text text = { 0 };
	struct error why;
	bool ok = node ? read_map(loader, node, office_keys, &text, err) : config_default_keys(office_keys, &text, err);

	if (ok && !when_check_zone(text.zone, &why)) {
		ok = yaml_error(loader->file, yaml_get(node, "zone"), err, "zone: %s", why.message);
	}
	ok = ok && read_hours(loader, node, &text, office, err) &&
	     read_workdays(loader, yaml_get(node, "workdays"), &text.workdays, &office->workdays, err);
	office->name = steal(&text.name);
	office->zone = steal(&text.zone);
	config_finish_keys(office_keys, &text);
	return ok;
}

static bool read_late(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	return node ? read_map(loader, node, late_keys, loader->config, err)
		    : config_default_keys(late_keys, loader->config, err);
}

/* ---- hooks ---- */

/*
 * A program with a slash in its name must be there now: an alarm that cannot ring should be heard of before it is
 * needed. One without is looked for in PATH when it is run.
 */
static bool take_hook(struct loader *loader, const struct yaml_node *node, const char *key, struct config_words *words,
	struct config_hook *hook, struct error *err)
{
	struct stat st;

	if (words->n == 0) {
		return true;
	}
	if (strchr(words->items[0], '/')) {
		const struct yaml_node *at = yaml_get(node, key);
		char *path = config_path(loader->dir, words->items[0]);

		free(words->items[0]);
		words->items[0] = path;
		at = at->kind == YAML_LIST ? at->items[0] : at;
		if (stat(path, &st) < 0) {
			if (errno != EACCES) {
				return yaml_error(loader->file, at, err, "%s: %s: %s", key, path, strerror(errno));
			}
		} else if (!S_ISREG(st.st_mode) || !(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))) {
			return yaml_error(loader->file, at, err, "%s: %s is no program", key, path);
		}
	}
	hook->argv = words->items; /* ends with NULL */
	*words = (struct config_words){ 0 };
	return true;
}

static bool read_hooks(struct loader *loader, const struct yaml_node *node, struct error *err)
{
	struct config *config = loader->config;
	struct hook_words words = { 0 };
	bool ok;

	if (!node) {
		return true;
	}
	ok = read_map(loader, node, hook_keys, &words, err) &&
	     take_hook(loader, node, "alarm", &words.alarm, &config->alarm, err) &&
	     take_hook(loader, node, "escalated", &words.escalated, &config->escalated, err) &&
	     take_hook(loader, node, "warning", &words.warning, &config->warning, err);
	config_finish_keys(hook_keys, &words);
	return ok;
}

/* ---- the whole ---- */

static bool (*const section_readers[])(struct loader *, const struct yaml_node *, struct error *) = {
	read_office,
	read_late,
	read_hooks,
	config_read_limits,
	config_read_ladder,
	config_read_platforms,
	config_read_accounts,
	config_read_groups,
	config_read_operators,
};
_Static_assert(ARRAY_LEN(section_readers) + 1 == ARRAY_LEN(section_keys), "a reader per section");

static void make_absolute(const char *dir, char **path)
{
	char *whole = *path ? config_path(dir, *path) : NULL;

	free(*path);
	*path = whole;
}

static bool read_top(struct loader *loader, struct error *err)
{
	struct config *config = loader->config;
	const struct yaml_node *root = loader->file->root;

	if (!config_read_keys_beside(loader->file, root, top_keys, section_keys, false, loader->dir, config, err)) {
		return false;
	}
	make_absolute(loader->dir, &config->state_dir);
	make_absolute(loader->dir, &config->socket);
	make_absolute(loader->dir, &config->triage_file);
	make_absolute(loader->dir, &config->wording_file);
	if (strlen(config->socket) > SOCKET_PATH_MAX) {
		return yaml_error(loader->file, yaml_get(root, "socket"), err,
			"socket: the path is longer than %zu bytes, which no Unix socket can be", SOCKET_PATH_MAX);
	}
	return true;
}

static bool read_all(struct loader *loader, struct error *err)
{
	const struct yaml_node *root = loader->file->root;

	if (!root || config_is_nothing(root)) {
		return yaml_error(loader->file, root, err, "the file is empty");
	}
	if (!read_top(loader, err)) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(section_readers); i++) {
		const struct yaml_node *node = yaml_get(root, section_keys[i].name);

		if (node && config_is_nothing(node)) {
			return yaml_error(loader->file, node, err, "%s: is empty; leave it out, or fill it",
				section_keys[i].name);
		}
		if (!section_readers[i](loader, node, err)) {
			return false;
		}
	}
	return true;
}

bool config_parse(const char *name, const char *dir, struct str text, const struct config_platform *platforms,
	size_t n_platforms, struct config **ret_config, struct error *err)
{
	struct shared_config *shared = xnew(struct shared_config);
	cleanup(yaml_freep) struct yaml_file *file = NULL;
	char *base_urls[PLATFORMS_MAX] = { NULL };
	char *ca_files[PLATFORMS_MAX] = { NULL };
	struct loader loader = {
		.dir = dir,
		.platforms = platforms,
		.n_platforms = n_platforms,
		.base_urls = base_urls,
		.ca_files = ca_files,
		.config = &shared->config,
	};
	bool ok;

	assert(n_platforms <= PLATFORMS_MAX);
	shared->refs = 1;
	for (size_t i = 0; i < n_platforms; i++) {
		base_urls[i] = xstrdup(platforms[i].default_base_url);
	}
	ok = yaml_parse(name, text, 1, &file, err);
	loader.file = file;
	ok = ok && read_all(&loader, err);
	shared->by_name = loader.by_name;
	for (size_t i = 0; i < n_platforms; i++) {
		free(base_urls[i]);
		free(ca_files[i]);
	}
	if (!ok) {
		config_unref(&shared->config);
		return false;
	}
	*ret_config = &shared->config;
	return true;
}

/* ---- the file ---- */

bool config_load(const char *path, const struct config_platform *platforms, size_t n_platforms,
	struct config **ret_config, struct error *err)
{
	cleanup(buf_finish) struct buf text = { 0 };
	cleanup(free_charp) char *parent = xstrdup(path);
	cleanup(free_charp) char *dir = NULL;
	char *slash = strrchr(parent, '/');

	buf_init(&text, LIMIT_CONFIG_BYTES);
	if (!file_read(path, &text, err)) {
		return false;
	}
	if (slash) {
		slash[1] = '\0';
	}
	dir = realpath(slash ? parent : ".", NULL);
	if (!dir) {
		return error_set(
			err, ERROR_CONFIG, ADVISE_REJECT, errno, "%s: its directory: %s", path, strerror(errno));
	}
	return config_parse(path, dir, buf_str(&text), platforms, n_platforms, ret_config, err);
}

/* ---- lifetime ---- */

static struct shared_config *shared_of(const struct config *config)
{
	return container_of((struct config *)(uintptr_t)config, struct shared_config, config);
}

struct config *config_ref(struct config *config)
{
	(void)__atomic_add_fetch(&shared_of(config)->refs, 1, __ATOMIC_RELAXED);
	return config;
}

static void account_finish(struct config_account *account)
{
	if (account->settings) {
		config_finish_keys(account->settings_keys, account->settings);
	}
	free(account->settings);
	free(account->name);
	free(account->platform);
	free(account->base_url);
	free(account->ca_file);
}

static void group_finish(struct config_group *group)
{
	for (size_t i = 0; i < group->n; i++) {
		free(group->accounts[i]);
	}
	free(group->accounts);
	free(group->name);
}

static void hook_finish(struct config_hook *hook)
{
	for (char **word = hook->argv; word && *word; word++) {
		free(*word);
	}
	free(hook->argv);
}

void config_unref(struct config *config)
{
	struct shared_config *shared;

	if (!config) {
		return;
	}
	shared = shared_of(config);
	if (__atomic_sub_fetch(&shared->refs, 1, __ATOMIC_ACQ_REL) > 0) {
		return;
	}
	for (size_t i = 0; i < config->n_accounts; i++) {
		account_finish(&config->accounts[i]);
	}
	for (size_t i = 0; i < config->n_groups; i++) {
		group_finish(&config->groups[i]);
	}
	for (size_t i = 0; i < config->n_operators; i++) {
		free(config->operators[i].who);
		free(config->operators[i].name);
	}
	for (size_t i = 0; i < config->n_ladder; i++) {
		free(config->ladder[i].target);
	}
	hook_finish(&config->alarm);
	hook_finish(&config->escalated);
	hook_finish(&config->warning);
	config_finish_keys(top_keys, config);
	free(config->office.name);
	free(config->office.zone);
	free(config->accounts);
	free(config->groups);
	free(config->operators);
	free(config->ladder);
	free(shared->by_name);
	free(shared);
}

/* ---- lookups ---- */

const struct config_account *config_account(const struct config *config, const char *name)
{
	return config_find_account(shared_of(config)->by_name, config->n_accounts, name);
}

const struct config_group *config_group(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_groups; i++) {
		if (config->groups[i].name && strcmp(config->groups[i].name, name) == 0) {
			return &config->groups[i];
		}
	}
	return NULL;
}
