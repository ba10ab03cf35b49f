/*
 * A YAML file as a tree that remembers where each thing stood. Anchors, aliases, tags and merge keys are
 * refused (a configuration has no need of them, and they make bombs); duplicate keys are errors. Every error
 * reads "FILE:LINE:COLUMN: what".
 */
#ifndef CODEC_YAML_H
#define CODEC_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_pair {
	struct yaml_node *key; /* always a scalar */
	struct yaml_node *value;
};

struct yaml_node {
	enum yaml_kind kind;
	int line;    /* from 1 */
	int column;  /* from 1, in code points */
	bool quoted; /* scalar in quotes or a block: never null, never a number for us */
	struct str scalar;
	struct yaml_node **items; /* list */
	struct yaml_pair *pairs;  /* map, in file order */
	size_t n;                 /* of items or pairs */
};

struct yaml_file {
	char *name;             /* as shown in errors */
	struct yaml_node *root; /* NULL: an empty file */
};

/* errors  CONFIG/REJECT; `first_line` is the line number of the first byte (1, or more for front matter) */
bool yaml_parse(
	const char *name, struct str text, int first_line, struct yaml_file **ret_file, struct error *err) must_check;
void yaml_file_free(struct yaml_file *file); /* accepts NULL; plain yaml_free() would stand in for libyaml's own */
void yaml_freep(struct yaml_file **file);

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); /* NULL: none */

/* "FILE:LINE:COLUMN: " and the message; returns false. */
bool yaml_error(const struct yaml_file *file, const struct yaml_node *node, struct error *err, const char *format, ...)
	printf_like(4, 5);

#endif
