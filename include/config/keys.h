/*
 * A configuration section as a table of keys. The same table drives reading, defaults, bounds, error texts, the
 * nearest-word hint, the sample's test and the manual page's list.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/yaml.h"
#include "core/attr.h"
#include "core/error.h"

enum config_type {
	CONFIG_TEXT,     /* char *; owned */
	CONFIG_BOOL,     /* bool; true/false/yes/no */
	CONFIG_INT,      /* int64_t within [min, max] */
	CONFIG_DURATION, /* int64_t ms within [min, max]; "30m" */
	CONFIG_SECRET,   /* struct secret; file:PATH, credential:NAME, env:NAME, or inline on loopback */
	CONFIG_CHOICE,   /* int: index into choices */
	CONFIG_URL,      /* char *; http or https, no user, no query */
	CONFIG_ENDPOINT, /* char *; a URL that we talk to: https, plain http only on this machine */
	CONFIG_WORDS,    /* struct config_words: a list of words, or one word */
};

struct config_words {
	char **items;
	size_t n;
};

struct config_key {
	const char *name;
	enum config_type type;
	size_t offset; /* of the field in the section's struct */
	bool required;
	const char *def; /* as it would be written in the file; NULL: zero */
	int64_t min;     /* CONFIG_INT, CONFIG_DURATION; both 0: not negative */
	int64_t max;
	const char *const *choices; /* ends with NULL */
	const char *doc;            /* one line */
};

/*
 * Read `map` into `ret` (zeroed by the caller) after `keys`, which ends with {0}. Unknown keys are errors.
 * `loopback` allows inline secrets; `dir` is where relative file: paths start.
 */
bool config_read_keys(const struct yaml_file *file, const struct yaml_node *map, const struct config_key *keys,
	bool loopback, const char *dir, void *ret, struct error *err) must_check;
void config_finish_keys(const struct config_key *keys, void *section);
/* Fill in defaults only. */
bool config_default_keys(const struct config_key *keys, void *ret, struct error *err) must_check;

/* Every table of accounts.yaml that is not a driver's, by its section ("": the top level); ends with {0}. */
struct config_table {
	const char *section;
	const struct config_key *keys;
};
extern const struct config_table config_tables[];

#endif
