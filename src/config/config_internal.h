/*
 * What the files of this room share: the tables, the file being read, and "did you mean".
 */
#ifndef CONFIG_CONFIG_INTERNAL_H
#define CONFIG_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/yaml.h"
#include "config/config.h"
#include "config/keys.h"
#include "core/attr.h"
#include "core/error.h"
#include "core/secret.h"

/* A file on its way to a struct config. Sections are read in the order in which they need each other. */
struct loader {
	const struct yaml_file *file;
	const char *dir; /* where relative paths start */
	const struct config_platform *platforms;
	size_t n_platforms;
	char **base_urls; /* by platform */
	char **ca_files;  /* by platform; NULL: the system's */
	struct config *config;
	struct config_account **by_name; /* config.accounts in the order of names; what config_account() searches */
};

extern const struct config_key config_platform_keys[];
extern const struct config_key config_account_keys[];
extern const struct config_key config_limit_keys[];
extern const struct config_key config_rung_keys[];
extern const struct config_key config_operator_keys[];

/* As config_read_keys(), but keys of the table `also` (NULL: none) may stand in the map too: others read them. */
bool config_read_keys_beside(const struct yaml_file *file, const struct yaml_node *map, const struct config_key *keys,
	const struct config_key *also, bool loopback, const char *dir, void *ret, struct error *err) must_check;

/* A secret from where `value` says. key: its name, for errors, which never tell the secret. */
bool config_read_secret(const struct yaml_file *file, const struct yaml_node *node, const char *key, bool loopback,
	const char *dir, struct secret *ret, struct error *err) must_check;

struct url {
	bool https;
	bool loopback; /* the host is this machine: localhost, 127.0.0.0/8 or ::1 */
};
/* An absolute http or https URL of plain ASCII, without user, query and fragment. */
bool config_parse_url(struct str text, struct url *ret_url);

/* `path`, or what it is below `dir` when it is relative. Gives. */
char *config_path(const char *dir, const char *path);

/* An empty value, or one of the words that mean nothing in YAML. */
bool config_is_nothing(const struct yaml_node *node);
/* Node of a section that must be a map, or a list. */
bool config_want_map(
	const struct yaml_file *file, const struct yaml_node *node, const char *key, struct error *err) must_check;
bool config_want_list(
	const struct yaml_file *file, const struct yaml_node *node, const char *key, struct error *err) must_check;

/* The candidate that differs least from a misspelt word. */
struct nearest {
	char word[64]; /* as it may be shown */
	const char *best;
	int distance;
};
void nearest_init(struct nearest *nearest, struct str word);
void nearest_try(struct nearest *nearest, const char *candidate);
/* "WORD: no such WHAT; did you mean BEST?" at the node; returns false. */
bool nearest_refuse(const struct nearest *nearest, const struct yaml_file *file, const struct yaml_node *node,
	const char *what, struct error *err);

/* duty.c; node NULL: the section is not in the file. `ladder` needs `limits`, both need config.office. */
bool config_read_limits(struct loader *loader, const struct yaml_node *node, struct error *err) must_check;
bool config_read_ladder(struct loader *loader, const struct yaml_node *node, struct error *err) must_check;

/* accounts.c; accounts need platforms, groups need accounts. Fill in loader.base_urls, ca_files and by_name. */
bool config_read_platforms(struct loader *loader, const struct yaml_node *node, struct error *err) must_check;
bool config_read_accounts(struct loader *loader, const struct yaml_node *node, struct error *err) must_check;
bool config_read_groups(struct loader *loader, const struct yaml_node *node, struct error *err) must_check;

/* operators.c */
bool config_read_operators(struct loader *loader, const struct yaml_node *node, struct error *err) must_check;

/* By binary search in an array that is sorted by name. NULL: none. */
const struct config_account *config_find_account(struct config_account *const *sorted, size_t n, const char *name);

#endif
