/*
 * Reading one section by its table of keys. What a value may be is decided here and nowhere else; what values mean
 * together is for whoever owns the table.
 *
 * Invariant: a section is whole or zeroed. When reading fails, everything its table describes has been freed again.
 */
#include "config/keys.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "config/config_internal.h"
#include "core/buf.h"
#include "core/mem.h"
#include "core/secret.h"
#include "text/utf8.h"
#include "text/when.h"

#define TEXT_BYTES_MAX 4096u
#define WORDS_MAX      1000u
#define WANTED_BYTES   160u

/* One value and where it stands. */
struct value {
	const struct yaml_file *file;
	const struct yaml_node *node;
	const struct config_key *key;
	bool loopback;
	const char *dir;
	struct error *err;
};

static void *field(const struct config_key *key, void *section)
{
	return (char *)section + key->offset;
}

static bool refuse(const struct value *value, const char *wanted)
{
	return yaml_error(value->file, value->node, value->err, "%s: expected %s", value->key->name, wanted);
}

/* ---- did you mean ---- */

void nearest_init(struct nearest *nearest, struct str word)
{
	struct str shown = text_cut_bytes(word, sizeof(nearest->word) - 1);

	*nearest = (struct nearest){ .distance = 3 };
	if (shown.n) {
		memcpy(nearest->word, shown.p, shown.n);
	}
	if (shown.n < word.n) {
		nearest->distance = 0; /* what is shown is not what was written: no hint */
	}
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
	int distance = str_distance(nearest->word, candidate);

	/* A word of two letters is not two letters away from what somebody meant. */
	if (distance < nearest->distance && (size_t)distance < strlen(nearest->word)) {
		nearest->best = candidate;
		nearest->distance = distance;
	}
}

bool nearest_refuse(const struct nearest *nearest, const struct yaml_file *file, const struct yaml_node *node,
	const char *what, struct error *err)
{
	return yaml_error(file, node, err, "%s: no such %s%s%s%s", nearest->word, what,
		nearest->best ? "; did you mean " : "", nearest->best ? nearest->best : "", nearest->best ? "?" : "");
}

/* ---- shapes ---- */

bool config_is_nothing(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && !node->quoted &&
	       (node->scalar.n == 0 || str_is(node->scalar, "~") || str_is(node->scalar, "null"));
}

bool config_want_map(const struct yaml_file *file, const struct yaml_node *node, const char *key, struct error *err)
{
	return node->kind == YAML_MAP || yaml_error(file, node, err, "%s: expected keys and their values", key);
}

bool config_want_list(const struct yaml_file *file, const struct yaml_node *node, const char *key, struct error *err)
{
	return node->kind == YAML_LIST || yaml_error(file, node, err, "%s: expected a list", key);
}

char *config_path(const char *dir, const char *path)
{
	cleanup(buf_finish) struct buf out = { 0 };

	if (path[0] == '/') {
		return xstrdup(path);
	}
	buf_init(&out, strlen(dir) + strlen(path) + 2);
	(void)buf_printf(&out, "%s%s%s", dir, dir[0] && dir[strlen(dir) - 1] == '/' ? "" : "/", path);
	return buf_steal(&out);
}

/* One line, nothing that steers a terminal. */
static bool is_line(struct str text)
{
	uint32_t c;

	while (text.n > 0) {
		if (!utf8_next(&text, &c) || c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
			return false;
		}
	}
	return true;
}

static bool is_text(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && !config_is_nothing(node) && node->scalar.n > 0 &&
	       node->scalar.n <= TEXT_BYTES_MAX && is_line(node->scalar);
}

/* ---- URLs ---- */

static size_t span(struct str text, const char *besides)
{
	size_t n = 0;

	while (n < text.n && text.p[n] != '\0' &&
		((text.p[n] >= 'a' && text.p[n] <= 'z') || (text.p[n] >= 'A' && text.p[n] <= 'Z') ||
			(text.p[n] >= '0' && text.p[n] <= '9') || strchr(besides, text.p[n]))) {
		n++;
	}
	return n;
}

static bool parse_host(struct str host, bool *ret_loopback)
{
	char text[256] = "";
	struct in_addr ipv4;
	struct in6_addr ipv6;

	if (host.n == 0 || host.n >= sizeof(text) - 1) {
		return false;
	}
	memcpy(text, host.p, host.n);
	if (text[0] == '[') {
		text[host.n - 1] = '\0';
		if (host.p[host.n - 1] != ']' || inet_pton(AF_INET6, text + 1, &ipv6) != 1) {
			return false;
		}
		*ret_loopback = IN6_IS_ADDR_LOOPBACK(&ipv6);
		return true;
	}
	if (span(host, "-.") != host.n || text[0] == '.' || text[0] == '-') {
		return false;
	}
	*ret_loopback = strcmp(text, "localhost") == 0 ||
			(inet_pton(AF_INET, text, &ipv4) == 1 && ntohl(ipv4.s_addr) >> 24 == IN_LOOPBACKNET);
	return true;
}

bool config_parse_url(struct str text, struct url *ret_url)
{
	struct url url = { .https = str_starts(text, STR("https://")) };
	struct str rest;
	struct str host;
	size_t n;
	int64_t port;

	if (!url.https && !str_starts(text, STR("http://"))) {
		return false;
	}
	rest = str_sub(text, url.https ? 8 : 7, text.n);
	if (str_starts(rest, STR("["))) {
		ptrdiff_t end = str_find(rest, STR("]"));

		n = end < 0 ? 0 : (size_t)end + 1;
	} else {
		n = span(rest, "-.");
	}
	host = str_sub(rest, 0, n);
	rest = str_sub(rest, n, rest.n);
	if (!parse_host(host, &url.loopback)) {
		return false;
	}
	if (str_starts(rest, STR(":"))) {
		rest = str_sub(rest, 1, rest.n);
		n = span(rest, "");
		if (!str_to_i64(str_sub(rest, 0, n), 0, 65535, &port)) {
			return false;
		}
		rest = str_sub(rest, n, rest.n);
	}
	if (rest.n > 0 && (rest.p[0] != '/' || span(rest, "/-._~%!$'()*+,;=:") != rest.n)) {
		return false;
	}
	*ret_url = url;
	return true;
}

/* ---- one value by its type ---- */

static bool read_text(const struct value *value, char **ret_text)
{
	if (!is_text(value->node)) {
		return refuse(value, "a text in one line");
	}
	*ret_text = str_dup(value->node->scalar);
	return true;
}

static bool read_bool(const struct value *value, bool *ret_bool)
{
	static const struct {
		const char *word;
		bool is;
	} words[] = { { "true", true }, { "yes", true }, { "false", false }, { "no", false } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (value->node->kind == YAML_SCALAR && !value->node->quoted &&
			str_is(value->node->scalar, words[i].word)) {
			*ret_bool = words[i].is;
			return true;
		}
	}
	return refuse(value, "yes or no");
}

static int64_t upper_bound(const struct config_key *key)
{
	return key->min == 0 && key->max == 0 ? INT64_MAX : key->max;
}

static bool read_int(const struct value *value, int64_t *ret_int)
{
	const struct config_key *key = value->key;
	int64_t max = upper_bound(key);
	char wanted[WANTED_BYTES];

	if (value->node->kind == YAML_SCALAR && !value->node->quoted &&
		str_to_i64(value->node->scalar, key->min, max, ret_int)) {
		return true;
	}
	if (max == INT64_MAX) {
		(void)snprintf(wanted, sizeof(wanted), "a whole number, %" PRId64 " or more", key->min);
	} else {
		(void)snprintf(wanted, sizeof(wanted), "a whole number from %" PRId64 " to %" PRId64, key->min, max);
	}
	return refuse(value, wanted);
}

static bool refuse_duration(const struct value *value, int64_t min, int64_t max)
{
	cleanup(buf_finish) struct buf wanted = { 0 };

	buf_init(&wanted, WANTED_BYTES);
	(void)buf_add_text(&wanted, "a duration such as 90s, 30m, 2h or 3d");
	if (max != INT64_MAX) {
		(void)buf_add_text(&wanted, ", from ");
		(void)when_format_duration(&wanted, min);
		(void)buf_add_text(&wanted, " to ");
		(void)when_format_duration(&wanted, max);
	}
	return refuse(value, wanted.p);
}

static bool read_duration(const struct value *value, int64_t *ret_ms)
{
	int64_t min = value->key->min;
	int64_t max = upper_bound(value->key);
	int64_t ms;

	if (value->node->kind != YAML_SCALAR || !when_parse_duration(value->node->scalar, &ms, NULL) || ms < min ||
		ms > max) {
		return refuse_duration(value, min, max);
	}
	*ret_ms = ms;
	return true;
}

static bool read_choice(const struct value *value, int *ret_choice)
{
	const struct config_key *key = value->key;
	cleanup(buf_finish) struct buf wanted = { 0 };
	struct nearest nearest;

	nearest_init(&nearest, value->node->kind == YAML_SCALAR ? value->node->scalar : STR(""));
	buf_init(&wanted, WANTED_BYTES);
	for (int i = 0; key->choices[i]; i++) {
		if (value->node->kind == YAML_SCALAR && str_is(value->node->scalar, key->choices[i])) {
			*ret_choice = i;
			return true;
		}
		(void)buf_printf(&wanted, "%s%s", i == 0 ? "" : key->choices[i + 1] ? ", " : " or ", key->choices[i]);
		nearest_try(&nearest, key->choices[i]);
	}
	if (nearest.best) {
		(void)buf_printf(&wanted, "; did you mean %s?", nearest.best);
	}
	return refuse(value, wanted.p);
}

static bool read_url(const struct value *value, char **ret_text)
{
	struct url url;

	if (!is_text(value->node) || !config_parse_url(value->node->scalar, &url)) {
		return refuse(value, "a URL, https://HOST[:PORT][/PATH], without user name and query");
	}
	*ret_text = str_dup(value->node->scalar);
	return true;
}

/* What goes there has tokens in it. */
static bool read_endpoint(const struct value *value, char **ret_text)
{
	struct url url;

	if (is_text(value->node) && config_parse_url(value->node->scalar, &url) && !url.https && !url.loopback) {
		return refuse(value, "https://; plain http is for this machine (127.0.0.1) only");
	}
	return read_url(value, ret_text);
}

static void words_finish(struct config_words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		free(words->items[i]);
	}
	free(words->items);
	*words = (struct config_words){ 0 };
}

/* The list ends with a NULL that is not counted. */
static bool read_words(const struct value *value, struct config_words *ret_words)
{
	const struct yaml_node *node = value->node;
	struct config_words words = { 0 };

	if (is_text(node)) {
		words.items = xnew_array(char *, 2);
		words.items[words.n++] = str_dup(node->scalar);
		*ret_words = words;
		return true;
	}
	if (node->kind != YAML_LIST || node->n == 0 || node->n > WORDS_MAX) {
		return refuse(value, "a list of words, or one word");
	}
	words.items = xnew_array(char *, node->n + 1);
	for (size_t i = 0; i < node->n; i++) {
		struct value item = *value;

		item.node = node->items[i];
		if (!is_text(item.node)) {
			words_finish(&words);
			return refuse(&item, "a word");
		}
		words.items[words.n++] = str_dup(item.node->scalar);
	}
	*ret_words = words;
	return true;
}

static bool read_value(const struct value *value, void *section)
{
	void *ret = field(value->key, section);

	switch (value->key->type) {
	case CONFIG_TEXT:
		return read_text(value, ret);
	case CONFIG_BOOL:
		return read_bool(value, ret);
	case CONFIG_INT:
		return read_int(value, ret);
	case CONFIG_DURATION:
		return read_duration(value, ret);
	case CONFIG_SECRET:
		return config_read_secret(
			value->file, value->node, value->key->name, value->loopback, value->dir, ret, value->err);
	case CONFIG_CHOICE:
		return read_choice(value, ret);
	case CONFIG_URL:
		return read_url(value, ret);
	case CONFIG_ENDPOINT:
		return read_endpoint(value, ret);
	case CONFIG_WORDS:
		return read_words(value, ret);
	}
	return refuse(value, "nothing at all");
}

/* ---- a section ---- */

static const struct config_key *find_key(const struct config_key *keys, struct str name)
{
	for (; keys && keys->name; keys++) {
		if (str_is(name, keys->name)) {
			return keys;
		}
	}
	return NULL;
}

static bool refuse_key(const struct yaml_file *file, const struct yaml_node *node, const struct config_key *keys,
	const struct config_key *also, struct error *err)
{
	struct nearest nearest;

	nearest_init(&nearest, node->scalar);
	for (; keys->name; keys++) {
		nearest_try(&nearest, keys->name);
	}
	for (; also && also->name; also++) {
		nearest_try(&nearest, also->name);
	}
	return nearest_refuse(&nearest, file, node, "key", err);
}

/* A default is written as it would be in the file; only a list needs the YAML reader for it. */
static bool read_default(const struct config_key *key, void *section, struct error *err)
{
	struct yaml_file here = { .name = (char *)(uintptr_t) "built-in" };
	struct yaml_node scalar = { .kind = YAML_SCALAR, .scalar = str_from(key->def) };
	cleanup(yaml_freep) struct yaml_file *file = NULL;
	struct value value = { .file = &here, .node = &scalar, .key = key, .dir = "/", .err = err };

	if (!key->def) {
		return true;
	}
	if (key->type == CONFIG_WORDS) {
		if (!yaml_parse(here.name, scalar.scalar, 1, &file, err)) {
			return false;
		}
		value.node = file->root;
	}
	return read_value(&value, section);
}

static bool read_pairs(const struct value *map, const struct config_key *keys, const struct config_key *also, void *ret)
{
	for (size_t i = 0; i < map->node->n; i++) {
		const struct yaml_pair *pair = &map->node->pairs[i];
		struct value value = *map;

		value.node = pair->value;
		value.key = find_key(keys, pair->key->scalar);
		if (!value.key && !find_key(also, pair->key->scalar)) {
			return refuse_key(map->file, pair->key, keys, also, map->err);
		}
		if (value.key && !read_value(&value, ret)) {
			return false;
		}
	}
	for (const struct config_key *key = keys; key->name; key++) {
		if (yaml_get(map->node, key->name)) {
			continue;
		}
		if (key->required) {
			return yaml_error(
				map->file, map->node, map->err, "%s: is missing here: %s", key->name, key->doc);
		}
		if (!read_default(key, ret, map->err)) {
			return false;
		}
	}
	return true;
}

bool config_read_keys_beside(const struct yaml_file *file, const struct yaml_node *map, const struct config_key *keys,
	const struct config_key *also, bool loopback, const char *dir, void *ret, struct error *err)
{
	struct value value = { .file = file, .node = map, .loopback = loopback, .dir = dir, .err = err };

	if (map->kind != YAML_MAP) {
		return yaml_error(file, map, err, "expected keys and their values");
	}
	if (!read_pairs(&value, keys, also, ret)) {
		config_finish_keys(keys, ret);
		return false;
	}
	return true;
}

bool config_read_keys(const struct yaml_file *file, const struct yaml_node *map, const struct config_key *keys,
	bool loopback, const char *dir, void *ret, struct error *err)
{
	return config_read_keys_beside(file, map, keys, NULL, loopback, dir, ret, err);
}

bool config_default_keys(const struct config_key *keys, void *ret, struct error *err)
{
	for (const struct config_key *key = keys; key->name; key++) {
		if (!read_default(key, ret, err)) {
			config_finish_keys(keys, ret);
			return false;
		}
	}
	return true;
}

void config_finish_keys(const struct config_key *keys, void *section)
{
	for (const struct config_key *key = keys; section && key->name; key++) {
		void *at = field(key, section);
		char **text = at;

		switch (key->type) {
		case CONFIG_TEXT:
		case CONFIG_URL:
		case CONFIG_ENDPOINT:
			free(*text);
			*text = NULL;
			break;
		case CONFIG_SECRET:
			secret_finish(at);
			break;
		case CONFIG_WORDS:
			words_finish(at);
			break;
		case CONFIG_BOOL:
		case CONFIG_INT:
		case CONFIG_DURATION:
		case CONFIG_CHOICE:
			break;
		}
	}
}
