/*
 * YAML by libyaml's event parser, into a tree that remembers lines and columns. Anchors, aliases, tags and merge keys
 * are refused: a configuration has no need of them, and they make a small file a large one.
 */
#include "codec/yaml.h"

#include <stdarg.h>
#include <string.h>
#include <yaml.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

struct reader {
	yaml_parser_t parser;
	struct yaml_file *file;
	struct str text;
	int first_line;
	struct error *err;
};

static bool read_node(struct reader *reader, const yaml_event_t *event, unsigned depth, struct yaml_node **ret_node);

static bool fail_at(struct reader *reader, const yaml_mark_t *mark, const char *what)
{
	return error_set(reader->err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s:%d:%d: %s", reader->file->name,
		(int)mark->line + reader->first_line, (int)mark->column + 1, what);
}

/* What libyaml's reader did not take: it tells a byte, we tell line and column. */
static bool fail_at_byte(struct reader *reader, size_t offset, const char *what)
{
	struct str before = str_sub(reader->text, 0, offset);
	yaml_mark_t mark = { 0 };
	struct str line;

	while (str_split(&before, '\n', &line)) {
		mark.line += before.p != NULL;
		mark.column = before.p ? 0 : text_chars(line);
	}
	return fail_at(reader, &mark, what);
}

static bool next_event(struct reader *reader, yaml_event_t *ret_event)
{
	const yaml_parser_t *parser = &reader->parser;

	if (yaml_parser_parse(&reader->parser, ret_event)) {
		return true;
	}
	if (parser->error == YAML_READER_ERROR) {
		ptrdiff_t broken = utf8_invalid_at(reader->text);

		return broken >= 0
			       ? fail_at_byte(reader, (size_t)broken, "no valid UTF-8")
			       : fail_at_byte(reader, parser->problem_offset, "control characters are not accepted");
	}
	return fail_at(reader, &parser->problem_mark, parser->problem ? parser->problem : "no valid YAML");
}

static void free_node(struct yaml_node *node)
{
	if (!node) {
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		if (node->kind == YAML_MAP) {
			free_node(node->pairs[i].key);
			free_node(node->pairs[i].value);
		} else {
			free_node(node->items[i]);
		}
	}
	free(node->items);
	free(node->pairs);
	free((char *)node->scalar.p);
	free(node);
}

static struct yaml_node *new_node(struct reader *reader, enum yaml_kind kind, const yaml_event_t *event)
{
	struct yaml_node *node = xnew(struct yaml_node);

	node->kind = kind;
	node->line = (int)event->start_mark.line + reader->first_line;
	node->column = (int)event->start_mark.column + 1;
	return node;
}

static bool read_list(struct reader *reader, unsigned depth, struct yaml_node *node)
{
	size_t cap = 0;

	for (;;) {
		yaml_event_t event;
		bool end;
		bool ok;

		if (!next_event(reader, &event)) {
			return false;
		}
		end = event.type == YAML_SEQUENCE_END_EVENT;
		ok = true;
		if (!end) {
			array_grow(node->items, node->n, cap);
			node->items[node->n] = NULL;
			ok = read_node(reader, &event, depth + 1, &node->items[node->n]);
			node->n += ok;
		}
		yaml_event_delete(&event);
		if (end || !ok) {
			return ok;
		}
	}
}

static bool check_key(struct reader *reader, const struct yaml_node *key, const yaml_mark_t *mark)
{
	if (key->kind != YAML_SCALAR) {
		return fail_at(reader, mark, "a key must be a word");
	}
	if (str_is(key->scalar, "<<")) {
		return fail_at(reader, mark, "merge keys (<<) are not accepted");
	}
	return true;
}

static bool stands_before(const struct yaml_node *a, const struct yaml_node *b)
{
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Any order will do that puts equal keys side by side, the first one first. */
static int compare_keys(const void *a, const void *b)
{
	const struct yaml_node *left = *(struct yaml_node *const *)a;
	const struct yaml_node *right = *(struct yaml_node *const *)b;
	int order;

	if (left->scalar.n != right->scalar.n) {
		return left->scalar.n < right->scalar.n ? -1 : 1;
	}
	order = memcmp(left->scalar.p, right->scalar.p, left->scalar.n);
	return order ? order : stands_before(left, right) ? -1 : 1;
}

/* Sorted, because comparing each with each takes minutes where a file has as many keys as it may. */
static bool check_unique(struct reader *reader, const struct yaml_node *map)
{
	struct yaml_node **keys = xnew_array(struct yaml_node *, map->n + 1);
	const struct yaml_node *first = NULL;
	const struct yaml_node *second = NULL;

	for (size_t i = 0; i < map->n; i++) {
		keys[i] = map->pairs[i].key;
	}
	qsort(keys, map->n, sizeof(keys[0]), compare_keys);
	for (size_t i = 1; i < map->n; i++) {
		if (str_eq(keys[i - 1]->scalar, keys[i]->scalar) && (!second || stands_before(keys[i], second))) {
			first = keys[i - 1];
			second = keys[i];
		}
	}
	free(keys);
	return !second || error_set(reader->err, ERROR_CONFIG, ADVISE_REJECT, 0,
				  "%s:%d:%d: \"" STR_FMT "\" stands here a second time; the first is in line %d",
				  reader->file->name, second->line, second->column,
				  STR_ARG(str_sub(second->scalar, 0, 60)), first->line);
}

static bool read_map(struct reader *reader, unsigned depth, struct yaml_node *node)
{
	size_t cap = 0;

	for (;;) {
		struct yaml_pair pair = { 0 };
		yaml_event_t event;
		bool ok;

		if (!next_event(reader, &event)) {
			return false;
		}
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return check_unique(reader, node);
		}
		ok = read_node(reader, &event, depth + 1, &pair.key) && check_key(reader, pair.key, &event.start_mark);
		yaml_event_delete(&event);
		if (ok) {
			ok = next_event(reader, &event);
			if (ok) {
				ok = read_node(reader, &event, depth + 1, &pair.value);
				yaml_event_delete(&event);
			}
		}
		if (!ok) {
			free_node(pair.key);
			free_node(pair.value);
			return false;
		}
		array_grow(node->pairs, node->n, cap);
		node->pairs[node->n++] = pair;
	}
}

static bool read_node(struct reader *reader, const yaml_event_t *event, unsigned depth, struct yaml_node **ret_node)
{
	struct yaml_node *node;
	bool ok = true;

	if (depth > LIMIT_CONFIG_DEPTH) {
		return fail_at(reader, &event->start_mark, "nested too deeply");
	}
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		if (event->data.scalar.anchor || event->data.scalar.tag) {
			return fail_at(reader, &event->start_mark, "anchors and tags are not accepted");
		}
		if (memchr(event->data.scalar.value, 0, event->data.scalar.length)) {
			return fail_at(reader, &event->start_mark, "a NUL in a text");
		}
		node = new_node(reader, YAML_SCALAR, event);
		node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		node->scalar.n = event->data.scalar.length;
		node->scalar.p = str_dup((struct str){ (const char *)event->data.scalar.value, node->scalar.n });
		break;
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor || event->data.sequence_start.tag) {
			return fail_at(reader, &event->start_mark, "anchors and tags are not accepted");
		}
		node = new_node(reader, YAML_LIST, event);
		ok = read_list(reader, depth, node);
		break;
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor || event->data.mapping_start.tag) {
			return fail_at(reader, &event->start_mark, "anchors and tags are not accepted");
		}
		node = new_node(reader, YAML_MAP, event);
		ok = read_map(reader, depth, node);
		break;
	case YAML_ALIAS_EVENT:
		return fail_at(reader, &event->start_mark, "aliases (*) are not accepted");
	default:
		return fail_at(reader, &event->start_mark, "something unexpected");
	}
	if (!ok) {
		free_node(node);
		return false;
	}
	*ret_node = node;
	return true;
}

static bool read_file(struct reader *reader)
{
	bool seen = false;

	for (;;) {
		yaml_event_t event;
		bool end = false;
		bool ok = true;

		if (!next_event(reader, &event)) {
			return false;
		}
		switch (event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			ok = !seen || fail_at(reader, &event.start_mark, "a second document in one file");
			seen = true;
			break;
		case YAML_STREAM_END_EVENT:
			end = true;
			break;
		default:
			ok = read_node(reader, &event, 0, &reader->file->root);
			break;
		}
		yaml_event_delete(&event);
		if (end || !ok) {
			return ok;
		}
	}
}

bool yaml_parse(const char *name, struct str text, int first_line, struct yaml_file **ret_file, struct error *err)
{
	struct reader reader = { .first_line = first_line, .err = err };
	bool ok;

	if (text.n > LIMIT_CONFIG_BYTES) {
		return error_set(
			err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: longer than %u bytes", name, LIMIT_CONFIG_BYTES);
	}
	if (str_starts(text, STR("\xef\xbb\xbf"))) {
		text = str_sub(text, 3, text.n); /* libyaml would count it as a column */
	}
	reader.text = text;
	reader.file = xnew(struct yaml_file);
	reader.file->name = xstrdup(name);
	if (!yaml_parser_initialize(&reader.parser)) {
		yaml_file_free(reader.file);
		return error_set(err, ERROR_OS, ADVISE_RETRY, 0, "%s: out of memory", name);
	}
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
	ok = read_file(&reader);
	yaml_parser_delete(&reader.parser);
	if (!ok) {
		yaml_file_free(reader.file);
		return false;
	}
	*ret_file = reader.file;
	return true;
}

void yaml_file_free(struct yaml_file *file)
{
	if (file) {
		free_node(file->root);
		free(file->name);
		free(file);
	}
}

void yaml_freep(struct yaml_file **file)
{
	yaml_file_free(*file);
	*file = NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map && map->kind == YAML_MAP && i < map->n; i++) {
		if (str_is(map->pairs[i].key->scalar, key)) {
			return map->pairs[i].value;
		}
	}
	return NULL;
}

bool yaml_error(const struct yaml_file *file, const struct yaml_node *node, struct error *err, const char *format, ...)
{
	struct buf text;
	va_list args;

	buf_init(&text, 4 * sizeof(err->message)); /* error_set() cuts; the buffer would drop what does not fit */
	if (node) {
		(void)buf_printf(&text, "%s:%d:%d: ", file->name, node->line, node->column);
	} else {
		(void)buf_printf(&text, "%s: ", file->name);
	}
	va_start(args, format);
	(void)buf_vprintf(&text, format, args);
	va_end(args);
	(void)error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s", text.p);
	buf_finish(&text);
	return false;
}
