/*
 * From what somebody wrote to what the daemon takes. Times, classes and names of accounts stay words here: the daemon
 * knows the office's zone and its accounts, and its refusals get their place in the file afterwards.
 */
#include "cli/post_file.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/i18n.h"
#include "cli/input.h"
#include "codec/base64.h"
#include "codec/front_matter.h"
#include "codec/json.h"
#include "codec/markdown.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

#define SHOWN_BYTES 40u
/* How far a mark may reach that the plain text has lost: a link's address behind its text. */
#define LOOK_AHEAD_BYTES 400u

enum member_kind {
	MEMBER_TEXT,     /* handed on as it is */
	MEMBER_ACCOUNTS, /* a list of names, or "a; b" */
	MEMBER_MEDIA,    /* a list of {file, alt} or names, or "a.png|what it shows; b.png" */
	MEMBER_TEXTS,    /* account: text */
	MEMBER_ANSWER,   /* of a row that came back */
	MEMBER_MODE,     /* a text, or account: text */
	MEMBER_COVER,    /* the file of one of its media */
};

static const struct {
	const char *name;
	enum member_kind kind;
} members[] = {
	{ "title", MEMBER_TEXT },
	{ "text", MEMBER_TEXT },
	{ "accounts", MEMBER_ACCOUNTS },
	{ "at", MEMBER_TEXT },
	{ "class", MEMBER_TEXT },
	{ "key", MEMBER_TEXT },
	{ "late", MEMBER_TEXT },
	{ "until", MEMBER_TEXT },
	{ "campaign", MEMBER_TEXT },
	{ "media", MEMBER_MEDIA },
	{ "per_account", MEMBER_TEXTS },
	{ "form", MEMBER_TEXT },
	{ "mode", MEMBER_MODE },
	{ "topic", MEMBER_TEXT },
	{ "author", MEMBER_TEXT },
	{ "digest", MEMBER_TEXT },
	{ "source_url", MEMBER_TEXT },
	{ "cover", MEMBER_COVER },
	{ "comments", MEMBER_TEXT },
	{ "corrects", MEMBER_TEXT },
	{ "markdown", MEMBER_TEXT },
	{ "row", MEMBER_ANSWER },
	{ "file", MEMBER_ANSWER },
	{ "line", MEMBER_ANSWER },
	{ "result", MEMBER_ANSWER },
	{ "id", MEMBER_ANSWER },
	{ "reason", MEMBER_ANSWER },
	{ "due_at", MEMBER_ANSWER },
};

/* ---- places ---- */

static void add_place(struct post_file *file, const char *member, int key_line, int key_column, int line, int column)
{
	array_grow(file->places, file->n_places, file->cap_places);
	file->places[file->n_places++] = (struct post_place){ xstrdup(member), key_line, key_column, line, column };
}

static void add_places(struct post_file *file, const struct yaml_node *map)
{
	for (size_t i = 0; map && i < map->n; i++) {
		const struct yaml_pair *pair = &map->pairs[i];
		char *member = str_dup(pair->key->scalar);

		add_place(file, member, pair->key->line, pair->key->column, pair->value->line, pair->value->column);
		free(member);
	}
}

static const struct post_place *find_place(const struct post_file *file, struct str member)
{
	for (size_t i = 0; i < file->n_places; i++) {
		if (str_is(member, file->places[i].member)) {
			return &file->places[i];
		}
	}
	return NULL;
}

/* The member an error speaks of: what stands before its first colon. */
static struct str member_of(const struct error *err)
{
	const char *colon = strstr(err->message, ": ");

	return colon ? (struct str){ err->message, (size_t)(colon - err->message) } : (struct str){ 0 };
}

bool post_file_error(const struct post_file *file, struct error *err)
{
	const struct post_place *place = find_place(file, member_of(err));

	if (!file->name) {
		return false;
	}
	if (place) {
		return error_prefix(err, "%s:%d:%d", file->name, place->line, place->column);
	}
	if (file->line > 0) {
		return error_prefix(err, "%s:%d", file->name, file->line);
	}
	return error_prefix(err, "%s", file->name);
}

static size_t step_of(struct str text, size_t at)
{
	size_t step = str_utf8_step(str_sub(text, at, 4));

	return step ? step : 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Where the plain text's line and column begin, as an offset. */
static size_t offset_of(struct str plain, int line, int column)
{
	size_t at = 0;

	while (line > 1 && at < plain.n) {
		line -= plain.p[at++] == '\n';
	}
	while (column > 1 && at < plain.n && plain.p[at] != '\n') {
		at += step_of(plain, at);
		column--;
	}
	return at;
}

/*
 * Markdown's marks go and its words stay: the plain text is nearly a subsequence of the source. Walk through both; a
 * character that is not found soon was put in by the conversion and has no place.
 */
static size_t source_offset(struct str plain, size_t upto, struct str source)
{
	size_t source_at = 0;
	size_t last = 0;

	for (size_t at = 0; at <= upto && at < plain.n;) {
		struct str c = str_sub(plain, at, step_of(plain, at));

		at += c.n;
		if (!is_blank(c.p[0])) {
			ptrdiff_t found = str_find(str_sub(source, source_at, LOOK_AHEAD_BYTES), c);

			if (found >= 0) {
				last = source_at + (size_t)found;
				source_at = last + c.n;
			}
		}
	}
	return last;
}

void post_file_locate(
	const struct post_file *file, const char *account, int line, int column, int *ret_line, int *ret_column)
{
	struct str plain = json_str(file->post, "text");
	struct str source = { file->body, file->body_n };
	const struct post_place *place = NULL;
	size_t at;

	if (account[0] && json_get(json_get(file->post, "per_account"), account)) {
		place = find_place(file, STR("per_account"));
	} else if (!file->body) {
		place = find_place(file, STR("text"));
	}
	if (place || !file->body || line <= 0) {
		*ret_line = place ? place->line : file->line;
		*ret_column = place ? place->column : 0;
		return;
	}
	at = source_offset(plain, offset_of(plain, line, column), source);
	*ret_line = file->body_line;
	*ret_column = 1;
	for (size_t i = 0; i < at; i += step_of(source, i)) {
		if (source.p[i] == '\n') {
			(*ret_line)++;
			*ret_column = 1;
		} else {
			(*ret_column)++;
		}
	}
}

/* ---- what was written ---- */

cJSON *post_yaml_json(const struct yaml_node *node)
{
	cJSON *json = NULL;

	switch (node->kind) {
	case YAML_SCALAR:
		if (!node->quoted &&
			(node->scalar.n == 0 || str_is(node->scalar, "~") || str_is(node->scalar, "null"))) {
			return cJSON_CreateNull();
		}
		return cJSON_CreateString(node->scalar.p);
	case YAML_LIST:
		json = json_array();
		for (size_t i = 0; i < node->n; i++) {
			json_push(json, post_yaml_json(node->items[i]));
		}
		return json;
	case YAML_MAP:
		json = json_object();
		for (size_t i = 0; i < node->n; i++) {
			json_add(json, node->pairs[i].key->scalar.p, post_yaml_json(node->pairs[i].value));
		}
		return json;
	}
	return json;
}

bool post_file_markdown(const char *name, struct str text, struct post_file *ret_file, struct error *err)
{
	struct post_file file = { 0 };
	struct front_matter front = { 0 };

	if (!front_matter_parse(name, text, &front, err)) {
		return false;
	}
	if (front.yaml && front.yaml->root && front.yaml->root->kind != YAML_MAP) {
		(void)yaml_error(front.yaml, front.yaml->root, err, _("front matter must be lines of \"key: value\""));
		err->domain = ERROR_INPUT;
		front_matter_finish(&front);
		return false;
	}
	file.name = xstrdup(name);
	file.given = front.yaml && front.yaml->root ? post_yaml_json(front.yaml->root) : json_object();
	add_places(&file, front.yaml ? front.yaml->root : NULL);
	file.body = str_dup(front.body);
	file.body_n = front.body.n;
	file.body_line = front.body_line;
	front_matter_finish(&front);
	*ret_file = file;
	return true;
}

void post_file_row(const char *name, int line, cJSON *given, const struct yaml_node *map, struct post_file *ret_file)
{
	*ret_file = (struct post_file){ .name = xstrdup(name), .line = line, .given = given };
	add_places(ret_file, map);
}

void post_file_set(struct post_file *file, const char *member, cJSON *value)
{
	for (size_t i = 0; i < file->n_places; i++) {
		if (strcmp(file->places[i].member, member) == 0) {
			free(file->places[i].member); /* it stands on the command line now */
			file->places[i] = file->places[--file->n_places];
			break;
		}
	}
	if (strcmp(member, "text") == 0) {
		free(file->body);
		file->body = NULL;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(file->given, member);
	json_add(file->given, member, value);
}

bool post_file_is_done(const struct post_file *file)
{
	const char *result = json_text(file->given, "result", "");

	return json_i64(file->given, "id", 0) > 0 &&
	       (strcmp(result, "created") == 0 || strcmp(result, "unchanged") == 0);
}

void post_file_finish(struct post_file *file)
{
	for (size_t i = 0; i < file->n_places; i++) {
		free(file->places[i].member);
	}
	free(file->places);
	free(file->name);
	free(file->body);
	free(file->dir);
	cJSON_Delete(file->given);
	cJSON_Delete(file->post);
	*file = (struct post_file){ 0 };
}

/* ---- members ---- */

static bool refuse(struct error *err, const char *member, const char *what)
{
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s", member, what);
}

static bool is_empty(const cJSON *item)
{
	return cJSON_IsNull(item) || (cJSON_IsString(item) && str_trim(str_from(item->valuestring)).n == 0);
}

static bool build_text(cJSON *post, const cJSON *item, struct error *err)
{
	struct buf text;
	bool ok;

	if (cJSON_IsString(item)) {
		json_add_text(post, item->string, item->valuestring);
		return true;
	}
	buf_init(&text, 64);
	ok = cJSON_IsNumber(item) && item->valuedouble > -1e15 && item->valuedouble < 1e15 &&
	     buf_printf(&text, "%.15g", item->valuedouble);
	if (ok) {
		json_add_str(post, item->string, buf_str(&text));
	}
	buf_finish(&text);
	return ok || refuse(err, item->string, _("must be a text"));
}

/* "a; b", "a,b", "a b" */
static void split_names(struct str text, cJSON *names)
{
	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && !strchr(";, \t\r\n", text.p[n])) {
			n++;
		}
		if (n > 0) {
			char *name = str_dup(str_sub(text, 0, n));

			json_push(names, cJSON_CreateString(name));
			free(name);
		}
		text = str_sub(text, n + 1, text.n);
	}
}

static bool build_accounts(cJSON *post, const cJSON *item, struct error *err)
{
	cJSON *names = json_array();
	const cJSON *name;

	json_add(post, "accounts", names);
	if (cJSON_IsString(item)) {
		split_names(str_from(item->valuestring), names);
		return true;
	}
	if (!cJSON_IsArray(item)) {
		return refuse(err, "accounts", _("must be a list of names"));
	}
	cJSON_ArrayForEach(name, item)
	{
		if (!cJSON_IsString(name) || !name->valuestring[0]) {
			return refuse(err, "accounts", _("must be a list of names"));
		}
		json_push(names, cJSON_CreateString(name->valuestring));
	}
	return true;
}

static bool build_texts(cJSON *post, const cJSON *item, struct error *err)
{
	cleanup(json_freep) cJSON *parsed = NULL;
	const cJSON *text;
	const char *member = item->string;
	cJSON *texts = json_object();

	json_add(post, member, texts);
	if (cJSON_IsString(item)) {
		if (!json_parse(str_from(item->valuestring), &parsed, err)) {
			return error_prefix(err, "%s", member);
		}
		item = parsed;
	}
	if (!cJSON_IsObject(item)) {
		return refuse(err, member, _("must be lines of \"account: text\""));
	}
	cJSON_ArrayForEach(text, item)
	{
		if (!cJSON_IsString(text)) {
			return refuse(err, member, _("must be lines of \"account: text\""));
		}
		json_add_text(texts, text->string, text->valuestring);
	}
	return true;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool add_medium(cJSON *media, const char *dir, const char *path, const char *alt, struct error *err)
{
	cleanup(buf_finish) struct buf where = { 0 };
	cleanup(buf_finish) struct buf bytes = { 0 };
	cleanup(buf_finish) struct buf encoded = { 0 };
	struct stat st;
	cJSON *medium;

	if ((size_t)cJSON_GetArraySize(media) >= LIMIT_MEDIA_PER_POST) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("media: more than %u"), LIMIT_MEDIA_PER_POST);
	}
	buf_init(&where, 4096);
	buf_init(&bytes, LIMIT_MEDIA_BYTES);
	buf_init(&encoded, LIMIT_MEDIA_BYTES / 3 * 4 + 16);
	input_path(&where, dir, path);
	if (where.failed) {
		return refuse(err, "media", _("the name of a file is too long"));
	}
	/* A pipe or a device would never end. */
	if (stat(where.p, &st) == 0 && !S_ISREG(st.st_mode)) {
		return error_set(err, ERROR_OS, ADVISE_REJECT, 0, _("media: %s: no regular file"), where.p);
	}
	if (!input_read(where.p, &bytes, err)) {
		return error_prefix(err, "media");
	}
	if (!base64_encode(&encoded, buf_str(&bytes))) {
		return refuse(err, "media", _("the picture is too large"));
	}
	medium = json_object();
	json_add_text(medium, "name", base_name(path));
	json_add_text(medium, "alt", alt);
	json_add_str(medium, "data", buf_str(&encoded));
	json_push(media, medium);
	return true;
}

/* "a.png|what it shows; b.png" */
static bool split_media(cJSON *media, const char *dir, struct str text, struct error *err)
{
	struct str one;

	while (str_split(&text, ';', &one)) {
		struct str alt = str_trim(one);
		struct str path;
		char *path_text;
		char *alt_text;
		bool ok;

		if (alt.n == 0) {
			continue;
		}
		(void)str_split(&alt, '|', &path);
		path_text = str_dup(str_trim(path));
		alt_text = alt.p ? str_dup(str_trim(alt)) : NULL;
		ok = add_medium(media, dir, path_text, alt_text, err);
		free(path_text);
		free(alt_text);
		if (!ok) {
			return false;
		}
	}
	return true;
}

static bool build_media(cJSON *post, const cJSON *item, const char *dir, struct error *err)
{
	cJSON *media = json_array();
	const cJSON *medium;

	json_add(post, "media", media);
	if (cJSON_IsString(item)) {
		return split_media(media, dir, str_from(item->valuestring), err);
	}
	if (!cJSON_IsArray(item)) {
		return refuse(err, "media", _("must be a list, each with file and alt"));
	}
	cJSON_ArrayForEach(medium, item)
	{
		const char *path = cJSON_IsString(medium) ? medium->valuestring : json_text(medium, "file", NULL);

		if (!path || !path[0]) {
			return refuse(err, "media", _("must be a list, each with file and alt"));
		}
		if (!add_medium(media, dir, path, json_text(medium, "alt", NULL), err)) {
			return false;
		}
	}
	return true;
}

static bool no_such_member(const struct post_file *file, const char *name, struct error *err)
{
	const char *words[ARRAY_LEN(members)];
	const struct post_place *place = find_place(file, str_from(name));
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (members[i].kind != MEMBER_ANSWER) {
			words[n++] = members[i].name;
		}
	}
	(void)error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("\"%.*s\" is nothing a post has%s"),
		STR_ARG(text_cut_bytes(str_from(name), SHOWN_BYTES)), did_you_mean(name, words, n));
	if (file->name && place) {
		return error_prefix(err, "%s:%d:%d", file->name, place->key_line, place->key_column);
	}
	return post_file_error(file, err);
}

/* A medium is known by its name without folders. */
static bool build_cover(cJSON *post, const cJSON *item, struct error *err)
{
	if (!cJSON_IsString(item)) {
		return refuse(err, item->string, _("must be a text"));
	}
	json_add_text(post, item->string, base_name(item->valuestring));
	return true;
}

static bool build_member(cJSON *post, const cJSON *item, enum member_kind kind, const char *dir, struct error *err)
{
	switch (kind) {
	case MEMBER_TEXT:
		return build_text(post, item, err);
	case MEMBER_ACCOUNTS:
		return build_accounts(post, item, err);
	case MEMBER_MEDIA:
		return build_media(post, item, dir, err);
	case MEMBER_TEXTS:
		return build_texts(post, item, err);
	case MEMBER_MODE:
		return cJSON_IsObject(item) ? build_texts(post, item, err) : build_text(post, item, err);
	case MEMBER_COVER:
		return build_cover(post, item, err);
	case MEMBER_ANSWER:
		break;
	}
	return true;
}

static bool build_body(const struct post_file *file, cJSON *post, struct error *err)
{
	struct buf text;
	bool ok;

	if (json_get(post, "text")) {
		return refuse(err, "text", _("the text stands below the front matter"));
	}
	buf_init(&text, (size_t)LIMIT_POST_BYTES * 2);
	ok = markdown_to_text(&text, (struct str){ file->body, file->body_n }, err) || error_prefix(err, "text");
	if (ok) {
		struct str body = str_trim((struct str){ file->body, file->body_n });

		json_add_str(post, "text", buf_str(&text));
		/* Platforms with articles keep the headings, links and pictures that a plain text loses. */
		if (!str_eq(body, str_trim(buf_str(&text)))) {
			json_add_str(post, "markdown", body);
		}
	}
	buf_finish(&text);
	return ok;
}

bool post_file_build(struct post_file *file, const char *dir, bool row, struct error *err)
{
	cleanup(json_freep) cJSON *post = json_object();
	const cJSON *item;

	free(file->dir);
	file->dir = xstrdup(dir);
	cJSON_ArrayForEach(item, file->given)
	{
		size_t i = 0;

		while (i < ARRAY_LEN(members) && strcmp(members[i].name, item->string) != 0) {
			i++;
		}
		if (i == ARRAY_LEN(members) || (members[i].kind == MEMBER_ANSWER && !row)) {
			return no_such_member(file, item->string, err);
		}
		if (!is_empty(item) && !build_member(post, item, members[i].kind, dir, err)) {
			return post_file_error(file, err);
		}
	}
	if (file->body && !build_body(file, post, err)) {
		return post_file_error(file, err);
	}
	if (str_trim(json_str(post, "text")).n == 0) {
		(void)refuse(err, "text", _("the post is empty"));
		return post_file_error(file, err);
	}
	cJSON_Delete(file->post);
	file->post = steal(&post);
	return true;
}

/* "a.png|alt", {file, alt}: with the folder in front. */
static cJSON *medium_again(const cJSON *medium, const char *dir)
{
	const char *path = cJSON_IsString(medium) ? medium->valuestring : json_text(medium, "file", "");
	cJSON *again = json_object();
	struct buf where;

	buf_init(&where, 8192);
	input_path(&where, strcmp(dir, ".") == 0 ? NULL : dir, path);
	json_add_str(again, "file", buf_str(&where));
	json_add_text(again, "alt", json_text(medium, "alt", NULL));
	buf_finish(&where);
	return again;
}

static cJSON *media_again(const cJSON *media, const char *dir)
{
	cJSON *list = json_array();
	const cJSON *medium;
	struct str text;
	struct str one;

	cJSON_ArrayForEach(medium, media)
	{
		json_push(list, medium_again(medium, dir));
	}
	text = cJSON_IsString(media) ? str_from(media->valuestring) : (struct str){ 0 };
	while (str_split(&text, ';', &one)) {
		cleanup(json_freep) cJSON *both = json_object();
		struct str alt = str_trim(one);
		struct str path;

		if (alt.n > 0 && str_split(&alt, '|', &path)) {
			json_add_str(both, "file", str_trim(path));
			if (alt.p) {
				json_add_str(both, "alt", str_trim(alt));
			}
			json_push(list, medium_again(both, dir));
		}
	}
	return list;
}

cJSON *post_file_again(const struct post_file *file)
{
	cJSON *again = cJSON_Duplicate(file->given, true);
	const cJSON *media = json_get(file->given, "media");

	if (file->body && file->post) {
		json_add_text(again, "text", json_text(file->post, "text", NULL));
	}
	if (media && !is_empty(media)) {
		cJSON *list = media_again(media, file->dir ? file->dir : ".");

		cJSON_DeleteItemFromObjectCaseSensitive(again, "media");
		json_add(again, "media", list);
	}
	return again;
}
