/*
 * Menus: from YAML to what the platform wants, back, and what differs.
 *
 * source  page menu/create (service tree), read 2026: three buttons, five below each, names of 16 and 60 bytes, keys of
 *         128, addresses of 1024; shown are about four and eight Chinese characters
 */
#include "cli/menu_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/i18n.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "core/mem.h"
#include "text/utf8.h"

#define BUTTONS_MAX 3
#define BELOW_MAX   5
#define TOP_BYTES   16u
#define BELOW_BYTES 60u
#define TOP_CELLS   8u
#define BELOW_CELLS 16u
#define KEY_BYTES   128u
#define URL_BYTES   1024u
#define MENU_BYTES  (64u << 10)
#define LINES_MAX   400u
#define MEMBERS     8

/* What a button may hold, and how the platform calls it. */
static const struct member {
	const char *name;
	const char *theirs;
	unsigned max_bytes;
} members[MEMBERS] = {
	{ "label", "name", BELOW_BYTES },
	{ "type", "type", 40 },
	{ "url", "url", URL_BYTES },
	{ "key", "key", KEY_BYTES },
	{ "miniprogram", "appid", 64 },
	{ "page", "pagepath", URL_BYTES },
	{ "media", "media_id", KEY_BYTES },
	{ "article", "article_id", KEY_BYTES },
};

/* What a type wants; the first one of its target is what a button without a type means by it. */
static const struct kind {
	const char *type;
	const char *target;
	const char *also[2];
} kinds[] = {
	{ "miniprogram", "miniprogram", { "page", "url" } },
	{ "view", "url", { NULL } },
	{ "click", "key", { NULL } },
	{ "scancode_push", "key", { NULL } },
	{ "scancode_waitmsg", "key", { NULL } },
	{ "pic_sysphoto", "key", { NULL } },
	{ "pic_photo_or_album", "key", { NULL } },
	{ "pic_weixin", "key", { NULL } },
	{ "location_select", "key", { NULL } },
	{ "media_id", "media", { NULL } },
	{ "article_id", "article", { NULL } },
	{ "article_view_limited", "article", { NULL } },
};

struct reader {
	const struct yaml_file *file;
	struct error *err;
};

/* ---- reading ---- */

static bool refuse(const struct reader *reader, const struct yaml_node *node, const char *format, ...)
	printf_like(3, 4);

static bool refuse(const struct reader *reader, const struct yaml_node *node, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)yaml_error(reader->file, node, reader->err, "%s", text);
	reader->err->domain = ERROR_INPUT;
	return false;
}

/* A scalar as it may stand in a message; lends one static buffer. */
static const char *shown(const struct yaml_node *node)
{
	static char text[128];
	struct str cut = text_cut_bytes(node->scalar, 60);

	(void)snprintf(text, sizeof(text), STR_FMT, STR_ARG(cut));
	return text;
}

static bool is_text(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->scalar.n > 0 &&
	       (node->quoted || (!str_is(node->scalar, "~") && !str_is(node->scalar, "null")));
}

static bool has_control(struct str text)
{
	uint32_t c;

	while (utf8_next(&text, &c)) {
		if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			return true;
		}
	}
	return false;
}

static const struct member *find_member(struct str name)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		if (str_is(name, members[i].name)) {
			return &members[i];
		}
	}
	return NULL;
}

static bool refuse_key(const struct reader *reader, const struct yaml_node *key)
{
	static const char *const words[] = { "label", "type", "url", "key", "miniprogram", "page", "media", "article",
		"buttons" };

	return refuse(reader, key, _("\"%s\" is nothing a button has%s"), shown(key),
		did_you_mean(shown(key), words, ARRAY_LEN(words)));
}

static bool check_value(
	const struct reader *reader, const struct member *member, const struct yaml_node *node, unsigned max_bytes)
{
	if (!is_text(node)) {
		return refuse(reader, node, _("%s: must be a text"), member->name);
	}
	if (has_control(node->scalar)) {
		return refuse(reader, node, _("%s: must be one line without control characters"), member->name);
	}
	if (node->scalar.n > max_bytes) {
		return refuse(reader, node,
			_("%s: \"%s\" has %zu bytes, at most %u are allowed (a Chinese character has 3)"), member->name,
			shown(node), node->scalar.n, max_bytes);
	}
	if (strcmp(member->name, "url") == 0 && !str_starts(node->scalar, STR("https://")) &&
		!str_starts(node->scalar, STR("http://"))) {
		return refuse(reader, node, _("url: must begin with https:// or http://"));
	}
	if (strcmp(member->name, "miniprogram") == 0 && !str_starts(node->scalar, STR("wx"))) {
		return refuse(reader, node, _("miniprogram: must be its AppID, wx..."));
	}
	return true;
}

/* The kind a button is of: by its type, or else by what it holds. */
static const struct kind *kind_of(const struct yaml_node *map)
{
	const struct yaml_node *type = yaml_get(map, "type");

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (type ? str_is(type->scalar, kinds[i].type) : yaml_get(map, kinds[i].target) != NULL) {
			return &kinds[i];
		}
	}
	return NULL;
}

static bool refuse_type(const struct reader *reader, const struct yaml_node *map)
{
	static const char *const website[] = { "text", "img", "photo", "video", "voice", "news", "finder" };
	const struct yaml_node *type = yaml_get(map, "type");
	const char *words[ARRAY_LEN(kinds)];

	if (!type) {
		return refuse(reader, map,
			_("the button does nothing: url, key, miniprogram, media, article or buttons is missing"));
	}
	for (size_t i = 0; i < ARRAY_LEN(website); i++) {
		if (str_is(type->scalar, website[i])) {
			return refuse(reader, type,
				_("type: \"%s\" is made on the platform's website only and cannot be pushed"),
				website[i]);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		words[i] = kinds[i].type;
	}
	return refuse(reader, type, _("type: there is no \"%s\"%s"), shown(type),
		did_you_mean(shown(type), words, ARRAY_LEN(kinds)));
}

static bool belongs(const struct kind *kind, const char *name)
{
	bool yes = strcmp(name, "label") == 0 || strcmp(name, "type") == 0 || strcmp(name, kind->target) == 0;

	for (size_t i = 0; i < ARRAY_LEN(kind->also); i++) {
		yes = yes || (kind->also[i] && strcmp(name, kind->also[i]) == 0);
	}
	return yes;
}

/* A button that does something. */
static bool read_leaf(const struct reader *reader, const struct yaml_node *map, cJSON *button)
{
	const struct kind *kind = kind_of(map);

	if (!kind) {
		return refuse_type(reader, map);
	}
	if (!yaml_get(map, kind->target)) {
		return refuse(reader, map, _("%s is missing: type %s wants it"), kind->target, kind->type);
	}
	for (size_t i = 0; i < map->n; i++) {
		if (!belongs(kind, map->pairs[i].key->scalar.p)) {
			return refuse(reader, map->pairs[i].key,
				_("%s does not go together with %s: a button does one thing"), shown(map->pairs[i].key),
				kind->target);
		}
	}
	if (strcmp(kind->type, "miniprogram") == 0 && (!yaml_get(map, "page") || !yaml_get(map, "url"))) {
		return refuse(reader, map, _("miniprogram wants page, and url for clients that have no mini programs"));
	}
	json_add_text(button, "type", kind->type);
	for (size_t i = 2; i < MEMBERS; i++) {
		const struct yaml_node *node = yaml_get(map, members[i].name);

		if (node) {
			json_add_str(button, members[i].theirs, node->scalar);
		}
	}
	return true;
}

static bool read_list(const struct reader *reader, const struct yaml_node *list, bool top, cJSON *out);

static bool read_below(const struct reader *reader, const struct yaml_node *map, bool top, cJSON *button)
{
	const struct yaml_node *below = yaml_get(map, "buttons");
	cJSON *list = json_array();

	json_add(button, "sub_button", list);
	if (!top) {
		return refuse(reader, below, _("buttons: those below a button have none below them"));
	}
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_node *key = map->pairs[i].key;

		if (!str_is(key->scalar, "label") && !str_is(key->scalar, "buttons")) {
			return refuse(reader, key,
				_("%s does not go together with buttons: a button that has others below it only "
				  "opens them"),
				shown(key));
		}
	}
	return read_list(reader, below, false, list);
}

static bool read_button(const struct reader *reader, const struct yaml_node *map, bool top, cJSON *button)
{
	const struct yaml_node *label;

	if (map->kind != YAML_MAP) {
		return refuse(reader, map, _("a button is lines of \"key: value\", the first one its label"));
	}
	for (size_t i = 0; i < map->n; i++) {
		const struct yaml_pair *pair = &map->pairs[i];
		const struct member *member = find_member(pair->key->scalar);

		if (!member && !str_is(pair->key->scalar, "buttons")) {
			return refuse_key(reader, pair->key);
		}
		if (member && !check_value(reader, member, pair->value,
				      top && member == &members[0] ? TOP_BYTES : member->max_bytes)) {
			return false;
		}
	}
	label = yaml_get(map, "label");
	if (!label) {
		return refuse(reader, map, _("label is missing: what the button is called"));
	}
	json_add_str(button, "name", label->scalar);
	return yaml_get(map, "buttons") ? read_below(reader, map, top, button) : read_leaf(reader, map, button);
}

static bool read_list(const struct reader *reader, const struct yaml_node *list, bool top, cJSON *out)
{
	const char *name = top ? "menu" : "buttons";
	size_t max = top ? BUTTONS_MAX : BELOW_MAX;

	if (list->kind != YAML_LIST) {
		return refuse(reader, list, _("%s: must be a list of buttons"), name);
	}
	if (list->n > max) {
		return refuse(reader, list->items[max], _("%s: at most %zu buttons; this is one too many"), name, max);
	}
	if (!top && list->n == 0) {
		return refuse(reader, list, _("buttons: must be a list of buttons"));
	}
	for (size_t i = 0; i < list->n; i++) {
		cJSON *button = json_object();

		json_push(out, button);
		if (!read_button(reader, list->items[i], top, button)) {
			return false;
		}
	}
	return true;
}

static bool read_root(const struct reader *reader, const struct yaml_node *root, cJSON *buttons)
{
	static const char *const words[] = { "menu" };
	const struct yaml_node *list = root ? yaml_get(root, "menu") : NULL;

	if (!root || root->kind != YAML_MAP) {
		return refuse(reader, root, _("a menu begins with \"menu:\" and the list of its buttons"));
	}
	for (size_t i = 0; i < root->n; i++) {
		const struct yaml_node *key = root->pairs[i].key;

		if (!str_is(key->scalar, "menu")) {
			return refuse(reader, key, _("\"%s\" does not belong here%s"), shown(key),
				did_you_mean(shown(key), words, ARRAY_LEN(words)));
		}
	}
	if (!list) {
		return refuse(reader, root, _("a menu begins with \"menu:\" and the list of its buttons"));
	}
	return read_list(reader, list, true, buttons);
}

bool menu_parse(const char *name, struct str text, cJSON **ret_menu, struct error *err)
{
	cleanup(yaml_freep) struct yaml_file *file = NULL;
	cleanup(json_freep) cJSON *menu = json_object();
	cJSON *buttons = json_array();
	struct reader reader = { .err = err };

	json_add(menu, "button", buttons);
	if (text.n > MENU_BYTES) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("%s: longer than a menu can be"), name);
	}
	if (!yaml_parse(name, text, 1, &file, err)) {
		err->domain = ERROR_INPUT;
		return false;
	}
	reader.file = file;
	if (!read_root(&reader, file->root, buttons)) {
		return false;
	}
	*ret_menu = steal(&menu);
	return true;
}

/* ---- writing ---- */

/* A character that a plain or quoted scalar cannot hold as it is, or that plays tricks on a terminal. */
static bool is_odd(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff0 && c <= 0xffff) || (c >= 0xe0000 && c <= 0xe0fff);
}

/* Words and numbers that other readers of YAML take for something else than text. */
static bool is_word_of_yaml(struct str text)
{
	static const char *const words[] = { "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n" };
	size_t digits = 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (text.n == strlen(words[i]) && strncasecmp(text.p, words[i], text.n) == 0) {
			return true;
		}
	}
	while (digits < text.n && strchr("0123456789.eExX_+-:", text.p[digits]) && text.p[digits]) {
		digits++;
	}
	return digits == text.n;
}

static bool is_plain(struct str text)
{
	struct str rest = text;
	uint32_t c;

	if (text.n == 0 || strchr("-?:,[]{}#&*!|>'\"%@`= ", text.p[0]) || strchr(": ", text.p[text.n - 1]) ||
		is_word_of_yaml(text) || str_find(text, STR(": ")) >= 0 || str_find(text, STR(" #")) >= 0) {
		return false;
	}
	while (utf8_next(&rest, &c)) {
		if (is_odd(c)) {
			return false;
		}
	}
	return true;
}

static void add_scalar(struct buf *out, struct str text)
{
	struct str rest = text;
	uint32_t c;

	if (is_plain(text)) {
		(void)buf_add(out, text.p, text.n);
		return;
	}
	(void)buf_add_char(out, '"');
	while (utf8_next(&rest, &c)) {
		char bytes[4];

		if (c == '"' || c == '\\') {
			(void)buf_printf(out, "\\%c", (char)c);
		} else if (is_odd(c)) {
			(void)buf_printf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)c);
		} else {
			(void)buf_add(out, bytes, utf8_encode(c, bytes));
		}
	}
	(void)buf_add_char(out, '"');
}

static void add_line(struct buf *out, int indent, const char *head, const char *name, struct str value)
{
	(void)buf_printf(out, "%*s%s%s: ", indent, "", head, name);
	add_scalar(out, value);
	(void)buf_add_char(out, '\n');
}

/* As it is taken (a list) or shown (an object with one). */
static const cJSON *below(const cJSON *button)
{
	const cJSON *subs = json_get(button, "sub_button");

	return cJSON_IsObject(subs) ? json_get(subs, "list") : subs;
}

/* Whether the type says more than what the button holds. */
static bool tells_type(const cJSON *button)
{
	struct str type = json_str(button, "type");

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_is(type, kinds[i].type)) {
			return i > 0 && strcmp(kinds[i].target, kinds[i - 1].target) == 0;
		}
	}
	return true;
}

static void add_button(struct buf *out, const cJSON *button, int indent, bool top)
{
	const cJSON *subs = below(button);
	const cJSON *sub;

	add_line(out, indent, "- ", "label", json_str(button, "name"));
	indent += 2;
	if (top && cJSON_GetArraySize(subs) > 0) {
		(void)buf_printf(out, "%*sbuttons:\n", indent, "");
		cJSON_ArrayForEach(sub, subs)
		{
			add_button(out, sub, indent + 2, false);
		}
		return;
	}
	if (json_str(button, "type").n > 0 && tells_type(button)) {
		add_line(out, indent, "", "type", json_str(button, "type"));
	}
	/* The target first, then what goes with it. */
	for (size_t i = 4; i < MEMBERS + 2; i++) {
		const struct member *member = &members[i < MEMBERS ? i : i - MEMBERS + 2];
		struct str value = json_str(button, member->theirs);

		if (value.n > 0) {
			add_line(out, indent, "", member->name, value);
		}
	}
	if (json_str(button, "value").n > 0) {
		(void)buf_printf(out, "%*s# value: ", indent, "");
		add_scalar(out, json_str(button, "value"));
		(void)buf_add_char(out, '\n');
	}
}

void menu_format(const cJSON *menu, struct buf *out)
{
	const cJSON *buttons = json_get(menu, "button");
	const cJSON *button;

	if (cJSON_GetArraySize(buttons) == 0) {
		(void)buf_add_text(out, "menu: []\n");
		return;
	}
	(void)buf_add_text(out, "menu:\n");
	cJSON_ArrayForEach(button, buttons)
	{
		add_button(out, button, 2, true);
	}
}

/* ---- warnings ---- */

static void warn_label(const cJSON *button, size_t cells, cJSON *warnings)
{
	struct str label = json_str(button, "name");
	struct buf text;

	if (text_width(label) <= cells) {
		return;
	}
	buf_init(&text, 1024);
	(void)buf_printf(&text, _("\"%.*s\" is longer than the %zu Chinese characters that are shown"), STR_ARG(label),
		cells / 2);
	json_push(warnings, cJSON_CreateString(text.p));
	buf_finish(&text);
}

void menu_warn(const cJSON *menu, cJSON *warnings)
{
	const cJSON *button;
	const cJSON *sub;

	cJSON_ArrayForEach(button, json_get(menu, "button"))
	{
		warn_label(button, TOP_CELLS, warnings);
		cJSON_ArrayForEach(sub, below(button))
		{
			warn_label(sub, BELOW_CELLS, warnings);
		}
	}
}

/* ---- differences ---- */

static size_t split(struct str text, struct str *ret_lines)
{
	struct str line;
	size_t n = 0;

	while (n < LINES_MAX && str_split(&text, '\n', &line)) {
		ret_lines[n++] = line;
	}
	return n > 0 && ret_lines[n - 1].n == 0 ? n - 1 : n;
}

static void add_diff_line(cJSON *lines, char mark, struct str text)
{
	struct buf line;

	buf_init(&line, 2 * URL_BYTES);
	(void)buf_printf(&line, "%c" STR_FMT, mark, STR_ARG(text));
	json_push(lines, cJSON_CreateString(line.p));
	buf_finish(&line);
}

void menu_diff(struct str before, struct str after, cJSON *lines, bool *ret_same)
{
	struct str old[LINES_MAX];
	struct str new[LINES_MAX];
	size_t n_old = split(before, old);
	size_t n_new = split(after, new);
	size_t width = n_new + 1;
	/* How long the longest common run of lines from here on is. */
	unsigned short *common = xnew_array(unsigned short, (n_old + 1) * width);
	size_t i = n_old;
	size_t k;

	*ret_same = true;
	while (i-- > 0) {
		for (k = n_new; k-- > 0;) {
			unsigned short down = common[(i + 1) * width + k];
			unsigned short right = common[i * width + k + 1];

			common[i * width + k] = str_eq(old[i], new[k])
							? (unsigned short)(common[(i + 1) * width + k + 1] + 1)
						: down > right ? down
							       : right;
		}
	}
	for (i = k = 0; i < n_old || k < n_new;) {
		if (i < n_old && k < n_new && str_eq(old[i], new[k])) {
			add_diff_line(lines, ' ', old[i++]);
			k++;
		} else if (k == n_new || (i < n_old && common[(i + 1) * width + k] >= common[i * width + k + 1])) {
			add_diff_line(lines, '-', old[i++]);
			*ret_same = false;
		} else {
			add_diff_line(lines, '+', new[k++]);
			*ret_same = false;
		}
	}
	free(common);
}
