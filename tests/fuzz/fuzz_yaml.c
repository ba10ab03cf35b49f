/*
 * YAML: the tree is no deeper than the cap, has no key twice, holds valid UTF-8 without NUL, and what it says about
 * lines stays inside the file. An error names a place.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/yaml.h"
#include "core/limits.h"
#include "core/mem.h"

#define FIRST_LINE 2

struct bounds {
	int last_line;
	size_t nodes;
	size_t nodes_max;
};

static void check_place(const struct bounds *bounds, const struct yaml_node *node)
{
	must(node->line >= FIRST_LINE && node->line <= bounds->last_line);
	must(node->column >= 1);
}

static void check_node(struct bounds *bounds, const struct yaml_node *node, unsigned depth)
{
	must(node);
	must(depth <= LIMIT_CONFIG_DEPTH);
	must(++bounds->nodes <= bounds->nodes_max);
	check_place(bounds, node);
	switch (node->kind) {
	case YAML_SCALAR:
		must(node->n == 0 && utf8_valid(node->scalar));
		must(node->scalar.n == 0 || !memchr(node->scalar.p, 0, node->scalar.n));
		return;
	case YAML_LIST:
		for (size_t i = 0; i < node->n; i++) {
			check_node(bounds, node->items[i], depth + 1);
		}
		return;
	case YAML_MAP:
		for (size_t i = 0; i < node->n; i++) {
			const struct yaml_node *key = node->pairs[i].key;
			cleanup(free_charp) char *name = NULL;

			must(key->kind == YAML_SCALAR);
			check_node(bounds, key, depth + 1);
			check_node(bounds, node->pairs[i].value, depth + 1);
			name = str_dup(key->scalar);
			must(yaml_get(node, name) == node->pairs[i].value);
		}
		return;
	}
	abort(); /* no kind of node */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	cleanup(yaml_freep) struct yaml_file *file = NULL;
	/* A line end of YAML may be of one byte; every node has a byte of its own, or stands for what was left out. */
	struct bounds bounds = { .last_line = FIRST_LINE + (int)size, .nodes_max = 4 * size + 4 };
	struct error err = { 0 };

	if (!yaml_parse("fuzz.yaml", text, FIRST_LINE, &file, &err)) {
		must(!file);
		must_be_an_error(&err, ERROR_CONFIG, ADVISE_REJECT);
		must(str_starts(str_from(err.message), STR("fuzz.yaml:")));
		return 0;
	}
	must(strcmp(file->name, "fuzz.yaml") == 0);
	if (file->root) {
		check_node(&bounds, file->root, 0);
		must(!yaml_error(file, file->root, &err, "an \"%s\"", "error"));
		must_be_an_error(&err, ERROR_CONFIG, ADVISE_REJECT);
	}
	return 0;
}
