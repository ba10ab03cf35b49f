/*
 * From a request's JSON to a struct post, and the checks every post passes before it is stored. Pure: what it needs is
 * in the rules. A post that is refused here leaves no trace, and the answer says which member, what was wrong, what to
 * do.
 */
#include "daemon/post_params.h"

#include <inttypes.h>
#include <string.h>

#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "proto/frame.h"
#include "text/safe.h"
#include "text/when.h"

static const char *const members[] = { "title", "text", "class", "accounts", "at", "late", "until", "key", "campaign",
	"per_account", "media", "row", "form", "mode", "topic", "markdown", "author", "digest", "source_url", "cover",
	"comments", "corrects", NULL };

static bool refuse(struct error *err, const char *member, const char *what)
{
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s", member, what);
}

static bool read_text(const cJSON *object, const char *member, size_t max_bytes, char **ret_text, struct error *err)
{
	const cJSON *item = json_get(object, member);
	struct buf safe;

	if (!item || cJSON_IsNull(item)) {
		return true;
	}
	if (!cJSON_IsString(item)) {
		return refuse(err, member, "must be a text");
	}
	if (strlen(item->valuestring) > max_bytes) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: longer than %zu bytes", member, max_bytes);
	}
	buf_init(&safe, max_bytes * 3 + 1);
	(void)text_sanitise(&safe, str_from(item->valuestring), max_bytes);
	*ret_text = str_dup(str_trim(buf_str(&safe)));
	buf_finish(&safe);
	return true;
}

/* NULL when absent. Anything but a text is a mistake: a time that is passed over publishes at the wrong moment. */
static bool read_word(const cJSON *object, const char *member, const char **ret_word, struct error *err)
{
	const cJSON *item = json_get(object, member);

	if (item && !cJSON_IsNull(item) && !cJSON_IsString(item)) {
		return refuse(err, member, "must be a text");
	}
	*ret_word = json_text(object, member, NULL);
	return true;
}

static bool check_members(const cJSON *object, struct error *err)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		const char *best = NULL;
		int best_distance = 4;
		bool known = false;

		for (size_t i = 0; members[i]; i++) {
			int distance = str_distance(item->string, members[i]);

			known = known || distance == 0;
			if (distance < best_distance) {
				best_distance = distance;
				best = members[i];
			}
		}
		if (!known) {
			struct str shown = str_sub(str_from(item->string), 0, 40);

			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
				"\"" STR_FMT "\" is nothing a post has%s%s%s", STR_ARG(shown),
				best ? "; did you mean \"" : "", best ? best : "", best ? "\"?" : "");
		}
	}
	return true;
}

static bool add_target(const struct rules *rules, const char *name, struct post *post, struct error *err)
{
	const struct config_account *account = config_account(rules->config, name);

	if (!account) {
		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "accounts: %s is not in accounts.yaml", name);
	}
	for (size_t i = 0; i < post->n_targets; i++) {
		if (strcmp(post->targets[i].account, name) == 0) {
			return true; /* named twice, or by a group and by name: once */
		}
	}
	if (post->n_targets >= LIMIT_TARGETS_PER_POST) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "accounts: more than %u", LIMIT_TARGETS_PER_POST);
	}
	post->targets = xrealloc_array(post->targets, post->n_targets + 1, sizeof(*post->targets));
	post->targets[post->n_targets++] = (struct post_target){ .account = xstrdup(name) };
	return true;
}

static const char *nearest_account(const struct config *config, const char *name)
{
	const char *best = NULL;
	int best_distance = 4;

	for (size_t i = 0; i < config->n_accounts; i++) {
		int distance = str_distance(name, config->accounts[i].name);

		if (distance < best_distance) {
			best_distance = distance;
			best = config->accounts[i].name;
		}
	}
	for (size_t i = 0; i < config->n_groups; i++) {
		int distance = str_distance(name, config->groups[i].name);

		if (distance < best_distance) {
			best_distance = distance;
			best = config->groups[i].name;
		}
	}
	return best;
}

static bool add_named(const struct rules *rules, const char *name, struct post *post, struct error *err)
{
	const struct config_group *group = config_group(rules->config, name);

	if (!group && !config_account(rules->config, name)) {
		const char *near = nearest_account(rules->config, name);
		struct str shown = str_sub(str_from(name), 0, 60);

		return error_set(err, ERROR_MISSING, ADVISE_REJECT, 0,
			"accounts: there is no account or group \"" STR_FMT "\"%s%s%s", STR_ARG(shown),
			near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
	if (!group) {
		return add_target(rules, name, post, err);
	}
	for (size_t i = 0; i < group->n; i++) {
		if (!add_target(rules, group->accounts[i], post, err)) {
			return false;
		}
	}
	return true;
}

static bool read_targets(const struct rules *rules, const cJSON *object, struct post *post, struct error *err)
{
	const cJSON *accounts = json_get(object, "accounts");
	const cJSON *texts = json_get(object, "per_account");
	const cJSON *item;

	if (!cJSON_IsArray(accounts) || cJSON_GetArraySize(accounts) == 0) {
		return refuse(err, "accounts", "name at least one account or group");
	}
	cJSON_ArrayForEach(item, accounts)
	{
		if (!cJSON_IsString(item)) {
			return refuse(err, "accounts", "must be a list of names");
		}
		if (!add_named(rules, item->valuestring, post, err)) {
			return false;
		}
	}
	if (texts && !cJSON_IsNull(texts) && !cJSON_IsObject(texts)) {
		return refuse(err, "per_account", "must be an object of account: text");
	}
	cJSON_ArrayForEach(item, texts)
	{
		bool found = false;

		for (size_t i = 0; i < post->n_targets; i++) {
			if (strcmp(post->targets[i].account, item->string) == 0) {
				found = true;
				/* Of a member that is there twice the first one counts, as in json_get(). */
				if (!post->targets[i].text && !read_text(texts, item->string, LIMIT_POST_BYTES,
								      &post->targets[i].text, err)) {
					return error_prefix(err, "per_account");
				}
			}
		}
		if (!found) {
			struct str shown = str_sub(str_from(item->string), 0, 60);

			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
				"per_account: \"" STR_FMT "\" is not among this post's accounts", STR_ARG(shown));
		}
	}
	return true;
}

bool check_not_past(int64_t due_at, int64_t now_at, struct error *err)
{
	struct buf echo;

	/* "now", and times of this very second, are meant; anything older is a mistake. */
	if (due_at >= now_at - 2 * SECOND_MS) {
		return true;
	}
	buf_init(&echo, 200);
	(void)when_format_echo(&echo, due_at, now_at);
	(void)error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
		"at: that is in the past (" STR_FMT "): give a later time, or \"now\"", STR_ARG(buf_str(&echo)));
	buf_finish(&echo);
	return false;
}

static bool read_times(const struct rules *rules, const cJSON *object, int64_t now_at, bool past_ok, struct post *post,
	struct error *err)
{
	const char *at = NULL;
	const char *until = NULL;
	const char *late = NULL;

	if (!read_word(object, "at", &at, err) || !read_word(object, "until", &until, err) ||
		!read_word(object, "late", &late, err)) {
		return false;
	}
	if (at) {
		if (!when_parse(str_from(at), now_at, &post->due_at, err)) {
			return error_prefix(err, "at");
		}
		if (!past_ok && !check_not_past(post->due_at, now_at, err)) {
			return false;
		}
		if (post->due_at < now_at) {
			post->due_at = now_at;
		}
	}
	if (until) {
		if (!when_parse(str_from(until), now_at, &post->until_at, err)) {
			return error_prefix(err, "until");
		}
		if (post->until_at <= (post->due_at ? post->due_at : now_at) && !past_ok) {
			return refuse(err, "until", "must be after the time of publishing");
		}
	}
	post->late_ms = rules->config->late_ms[post->class];
	if (late && !when_parse_duration(str_from(late), &post->late_ms, err)) {
		return error_prefix(err, "late");
	}
	return true;
}

/* From the bytes, never from the name. */
static const char *media_type(struct str data)
{
	if (str_starts(data, STR("\xff\xd8\xff"))) {
		return "image/jpeg";
	}
	if (str_starts(data, STR("\x89PNG\r\n\x1a\n"))) {
		return "image/png";
	}
	if (str_starts(data, STR("GIF87a")) || str_starts(data, STR("GIF89a"))) {
		return "image/gif";
	}
	return "application/octet-stream";
}

static bool read_medium(const cJSON *item, struct post_media *medium, struct error *err)
{
	const char *data = json_text(item, "data", NULL);
	struct buf bytes;
	bool ok;

	if (!cJSON_IsObject(item) || !data) {
		return refuse(err, "media", "each must have a name and data in base64");
	}
	if (!read_text(item, "name", LIMIT_NAME_BYTES, &medium->name, err) ||
		!read_text(item, "alt", LIMIT_TITLE_BYTES, &medium->alt, err)) {
		return error_prefix(err, "media");
	}
	if (!medium->name) {
		medium->name = xstrdup("picture");
	}
	buf_init(&bytes, LIMIT_MEDIA_BYTES);
	ok = base64_decode(&bytes, str_from(data), err);
	if (!ok) {
		(void)error_prefix(err, "media: %s", medium->name);
	} else {
		char hex[65];

		digest_hex(buf_str(&bytes), hex);
		medium->sha256 = xstrdup(hex);
		medium->type = xstrdup(media_type(buf_str(&bytes)));
		medium->n = bytes.n;
		medium->data = buf_steal(&bytes);
	}
	buf_finish(&bytes);
	return ok;
}

static bool read_media(const cJSON *object, struct post *post, struct error *err)
{
	const cJSON *media = json_get(object, "media");
	const cJSON *item;

	if (!media || cJSON_IsNull(media)) {
		return true;
	}
	if (!cJSON_IsArray(media) || (size_t)cJSON_GetArraySize(media) > LIMIT_MEDIA_PER_POST) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "media: must be a list of at most %u",
			LIMIT_MEDIA_PER_POST);
	}
	post->media = xnew_array(struct post_media, LIMIT_MEDIA_PER_POST);
	cJSON_ArrayForEach(item, media)
	{
		if (!read_medium(item, &post->media[post->n_media++], err)) {
			return false;
		}
	}
	return true;
}

static bool read_class(const cJSON *object, struct post *post, struct error *err)
{
	const char *name = NULL;

	if (!read_word(object, "class", &name, err)) {
		return false;
	}
	if (name && !post_class_parse(name, &post->class)) {
		struct str shown = str_sub(str_from(name), 0, 40);

		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"class: \"" STR_FMT "\" is none of policy, service, interact, solicit", STR_ARG(shown));
	}
	return true;
}

/* "broadcast" for all accounts, or {account: mode}. */
static bool read_mode(const cJSON *object, struct post *post, struct error *err)
{
	const cJSON *mode = json_get(object, "mode");
	const cJSON *item;

	if (!mode || cJSON_IsNull(mode)) {
		return true;
	}
	if (cJSON_IsString(mode)) {
		enum post_mode all;

		if (!post_mode_parse(mode->valuestring, &all)) {
			return refuse(err, "mode", "must be publish or broadcast");
		}
		for (size_t i = 0; i < post->n_targets; i++) {
			post->targets[i].mode = all;
		}
		return true;
	}
	if (!cJSON_IsObject(mode)) {
		return refuse(err, "mode", "must be publish, broadcast, or an object of account: mode");
	}
	cJSON_ArrayForEach(item, mode)
	{
		struct post_target *target = NULL;

		for (size_t i = 0; i < post->n_targets; i++) {
			if (strcmp(post->targets[i].account, item->string) == 0) {
				target = &post->targets[i];
			}
		}
		if (!target) {
			struct str shown = str_sub(str_from(item->string), 0, 60);

			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
				"mode: \"" STR_FMT "\" is not among this post's accounts", STR_ARG(shown));
		}
		if (!cJSON_IsString(item) || !post_mode_parse(item->valuestring, &target->mode)) {
			return refuse(err, "mode", "must be publish or broadcast");
		}
	}
	return true;
}

/* "yes", "fans", or a truth value. */
static bool read_comments(const cJSON *object, struct post *post, struct error *err)
{
	const cJSON *item = json_get(object, "comments");

	if (!item || cJSON_IsNull(item)) {
		return true;
	}
	if (cJSON_IsBool(item)) {
		post->article.comments = cJSON_IsTrue(item);
		return true;
	}
	post->article.fans_only = cJSON_IsString(item) && strcmp(item->valuestring, "fans") == 0;
	post->article.comments = post->article.fans_only ||
				 (cJSON_IsString(item) && strcmp(item->valuestring, "yes") == 0);
	return post->article.comments || (cJSON_IsString(item) && strcmp(item->valuestring, "no") == 0) ||
	       refuse(err, "comments", "must be yes, no or fans");
}

static bool has_medium(const struct post *post, const char *name)
{
	for (size_t i = 0; i < post->n_media; i++) {
		if (strcmp(post->media[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* After accounts and media. */
static bool read_article(const cJSON *object, struct post *post, struct error *err)
{
	struct post_article *article = &post->article;
	const char *form = json_text(object, "form", NULL);
	const cJSON *corrects = json_get(object, "corrects");

	if (form && !post_form_parse(form, &article->form)) {
		return refuse(err, "form", "must be one of auto, article, text, image, newspic");
	}
	if (corrects && !cJSON_IsNull(corrects)) {
		post->corrects = json_i64(object, "corrects", 0);
		if (post->corrects < 1) {
			return refuse(err, "corrects", "must be the number of a post");
		}
	}
	if (!read_text(object, "topic", LIMIT_TITLE_BYTES, &article->topic, err) ||
		!read_text(object, "markdown", LIMIT_POST_BYTES, &article->markdown, err) ||
		!read_text(object, "author", LIMIT_TITLE_BYTES, &article->author, err) ||
		!read_text(object, "digest", LIMIT_TITLE_BYTES, &article->digest, err) ||
		!read_text(object, "source_url", LIMIT_TITLE_BYTES * 2, &article->source_url, err) ||
		!read_text(object, "cover", LIMIT_NAME_BYTES, &article->cover, err) || !read_mode(object, post, err) ||
		!read_comments(object, post, err)) {
		return false;
	}
	if (article->cover && !has_medium(post, article->cover)) {
		struct str shown = str_sub(str_from(article->cover), 0, 60);

		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"cover: \"" STR_FMT "\" is not among this post's media", STR_ARG(shown));
	}
	return true;
}

bool post_read(const struct rules *rules, const cJSON *object, int64_t now_at, bool past_ok, struct post *ret_post,
	struct error *err)
{
	struct post post;

	post_init(&post);
	if (!cJSON_IsObject(object)) {
		return refuse(err, "post", "is missing");
	}
	if (!check_members(object, err) || !read_text(object, "title", LIMIT_TITLE_BYTES, &post.title, err) ||
		!read_text(object, "text", LIMIT_POST_BYTES, &post.text, err) ||
		!read_text(object, "key", LIMIT_KEY_BYTES, &post.key, err) ||
		!read_text(object, "campaign", LIMIT_TITLE_BYTES, &post.campaign, err) ||
		!read_class(object, &post, err) || !read_targets(rules, object, &post, err) ||
		!read_times(rules, object, now_at, past_ok, &post, err) || !read_media(object, &post, err) ||
		!read_article(object, &post, err)) {
		post_finish(&post);
		return false;
	}
	if (!post.text || !post.text[0]) {
		post_finish(&post);
		return refuse(err, "text", "the post is empty");
	}
	if (post.key && !post.key[0]) {
		free(post.key);
		post.key = NULL;
	}
	*ret_post = post;
	return true;
}

void post_check(const struct rules *rules, const struct post *post, int64_t now_at, struct finding_list *findings,
	cJSON *lengths)
{
	wording_check(rules->wording, str_from(post->text), now_at, findings);
	if (post->title) {
		wording_check(rules->wording, str_from(post->title), now_at, findings);
	}
	for (size_t i = 0; i < post->n_targets; i++) {
		const struct post_target *target = &post->targets[i];
		const struct config_account *config = config_account(rules->config, target->account);
		const struct driver *driver = config ? driver_find(config->platform) : NULL;
		struct secret none = { 0 };
		struct driver_account account;
		struct post_article article = post->article; /* its texts are the post's */
		struct driver_send send = {
			.kind = SEND_PUBLISH,
			.marker = "",
			.text = str_from(target->text ? target->text : post->text),
			.media = post->media,
			.n_media = post->n_media,
			.title = post->title,
			.article = &article,
		};

		if (!driver) {
			continue;
		}
		if (target->text) {
			wording_check(rules->wording, send.text, now_at, findings);
		}
		article.mode = target->mode;
		account = (struct driver_account){
			.name = config->name, .base_url = config->base_url, .settings = config->settings, .token = &none
		};
		driver->check(&account, &send, findings);
		if (lengths) {
			cJSON *row = json_object();
			int64_t units = 0;
			int64_t limit = 0;

			driver->measure(&account, &send, &units, &limit);
			json_add_text(row, "account", config->name);
			json_add_i64(row, "units", units);
			json_add_i64(row, "limit", limit);
			json_push(lengths, row);
		}
	}
}

cJSON *findings_json(const struct finding_list *findings)
{
	cJSON *rows = json_array();

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];
		cJSON *row = json_object();

		json_add_text(row, "level", finding_level_name(finding->level));
		json_add_text(row, "rule", finding->rule);
		json_add_text(row, "account", finding->account);
		json_add_i64(row, "line", finding->line);
		json_add_i64(row, "column", finding->column);
		json_add_text(row, "message", finding->message);
		json_push(rows, row);
	}
	return rows;
}

bool findings_error(const struct finding_list *findings, struct error *err)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->level == FINDING_BLOCK) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, EXIT_CODE_BLOCKED, "%s%s%s [%s]",
				finding->account, finding->account[0] ? ": " : "", finding->message, finding->rule);
		}
	}
	return true;
}
