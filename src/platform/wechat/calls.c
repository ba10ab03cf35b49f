/*
 * The driver's own calls, by name: what an operator does to an account apart from posting. Documented in wechat.h.
 * Each is a row: which parameters it takes, how its request is made, what becomes of the answer. Those that name a
 * topic ask for its number first.
 *
 * source  pages menu, qrcode/create, tags, comment, message/custom/typing, freepublish/delete,
 * read 2026; lengths in bytes: pages menu/create and tags/create; samples tests/fixtures/wechat/
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/form.h"
#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/wechat.h"
#include "text/utf8.h"

#define SHOW_QR_URL      "https://mp.weixin.qq.com/cgi-bin/showqrcode"
#define QR_MIN_MS        MINUTE_MS
#define QR_MAX_MS        (30 * DAY_MS)
#define QR_SCENE_CHARS   64
#define MENU_TOP_BYTES   16
#define MENU_SUB_BYTES   60
#define MENU_KEY_BYTES   128
#define MENU_URL_BYTES   1024
#define MENU_BUTTONS     3
#define MENU_SUB_BUTTONS 5

#define TAGGED_MAX    50
#define NO_SUCH_TAG   45159
#define FIRST_OWN_TAG 3 /* source  page tags: 0, 1 and 2 are the platform\'s own */

/* op->step of calls that name a topic: find its number; make it, when a follower chose it first; do it. */
enum { CALL_TOPIC, CALL_CREATE, CALL_DO };

struct call {
	const char *name;
	const char *path;
	const char *params; /* the names it takes, with blanks around each */
	bool writes;
	bool topic; /* its parameter `topic` is turned into a number first */
	bool again; /* twice is the same as once: what was lost is simply done again */
	bool (*make)(struct driver_op *op, cJSON *body, struct error *err); /* NULL: a GET */
	void (*read)(struct driver_op *op, const cJSON *json, cJSON *result);
};

static bool bad(const struct driver_op *op, struct error *err, const char *what)
{
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s", op->call, what);
}

static const char *text_param(const struct driver_op *op, const char *key)
{
	const char *text = json_text(op->params, key, NULL);

	return text && text[0] ? text : NULL;
}

/* ---- menus ---- */

static bool check_button(const struct driver_op *op, const cJSON *button, bool top, struct error *err)
{
	const cJSON *subs = json_get(button, "sub_button");
	struct str name = json_str(button, "name");
	const cJSON *sub;

	if (!cJSON_IsObject(button) || name.n == 0) {
		return bad(op, err, "button: each one is an object with a name");
	}
	if (name.n > (top ? MENU_TOP_BYTES : MENU_SUB_BYTES)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"%s: button: the name \"%.60s\" is longer than %d bytes", op->call, name.p,
			top ? MENU_TOP_BYTES : MENU_SUB_BYTES);
	}
	if (json_str(button, "key").n > MENU_KEY_BYTES || json_str(button, "url").n > MENU_URL_BYTES) {
		return bad(op, err, "button: a key holds 128 bytes, an url 1024");
	}
	if (!subs || cJSON_GetArraySize(subs) == 0) {
		return json_text(button, "type", NULL) != NULL || bad(op, err, "button: a type is missing");
	}
	if (!top || !cJSON_IsArray(subs) || cJSON_GetArraySize(subs) > MENU_SUB_BUTTONS) {
		return bad(op, err, "button: at most five under each, and none under those");
	}
	cJSON_ArrayForEach(sub, subs)
	{
		if (!check_button(op, sub, false, err)) {
			return false;
		}
	}
	return true;
}

static bool make_menu(struct driver_op *op, cJSON *body, struct error *err)
{
	const cJSON *buttons = json_get(op->params, "button");
	const cJSON *button;
	int n = cJSON_GetArraySize(buttons);

	if (!cJSON_IsArray(buttons) || n < 1 || n > MENU_BUTTONS) {
		return bad(op, err, "button: a list of one to three buttons was expected");
	}
	cJSON_ArrayForEach(button, buttons)
	{
		if (!check_button(op, button, true, err)) {
			return false;
		}
	}
	json_add(body, "button", cJSON_Duplicate(buttons, true));
	return true;
}

static void read_menu(struct driver_op *op unused_arg, const cJSON *json, cJSON *result)
{
	const cJSON *menu = json_get(json, "selfmenu_info");

	json_add(result, "is_menu_open", cJSON_Duplicate(json_get(json, "is_menu_open"), true));
	json_add(result, "button", cJSON_Duplicate(json_get(menu, "button"), true));
}

/* ---- QR codes ---- */

static bool make_qr(struct driver_op *op, cJSON *body, struct error *err)
{
	const char *scene = text_param(op, "scene");
	int64_t expires_ms = json_i64(op->params, "expires_ms", QR_MAX_MS);
	bool permanent = json_bool(op->params, "permanent", false);
	cJSON *info;
	cJSON *inner;

	if (!scene || text_chars(str_from(scene)) > QR_SCENE_CHARS) {
		return bad(op, err, "scene: 1 to 64 characters were expected");
	}
	if (expires_ms < QR_MIN_MS || expires_ms > QR_MAX_MS) {
		return bad(op, err, "expires_ms: a minute to 30 days were expected");
	}
	if (!permanent) {
		json_add_i64(body, "expire_seconds", expires_ms / SECOND_MS);
	}
	json_add_text(body, "action_name", permanent ? "QR_LIMIT_STR_SCENE" : "QR_STR_SCENE");
	inner = json_object();
	json_add_text(inner, "scene_str", scene);
	info = json_object();
	json_add(info, "scene", inner);
	json_add(body, "action_info", info);
	return true;
}

static void read_qr(struct driver_op *op, const cJSON *json, cJSON *result)
{
	bool real = !strcmp(op->account->base_url, WECHAT_BASE_URL);
	struct buf url;

	json_add_text(result, "ticket", json_text(json, "ticket", NULL));
	json_add_text(result, "url", json_text(json, "url", NULL));
	buf_init(&url, 4096);
	(void)buf_printf(&url, "%s%s?", real ? "" : op->account->base_url, real ? SHOW_QR_URL : "/cgi-bin/showqrcode");
	(void)form_add(&url, "ticket", json_str(json, "ticket"));
	json_add_text(result, "image_url", url.failed ? NULL : url.p);
	buf_finish(&url);
	if (json_i64(json, "expire_seconds", 0) > 0) {
		json_add_i64(result, "expires_in_ms", json_i64(json, "expire_seconds", 0) * SECOND_MS);
	}
}

/* ---- topics ---- */

static void read_topics(struct driver_op *op unused_arg, const cJSON *json, cJSON *result)
{
	cJSON *topics = json_array();
	const cJSON *tag;

	cJSON_ArrayForEach(tag, json_get(json, "tags"))
	{
		cJSON *topic;

		if (json_i64(tag, "id", 0) < FIRST_OWN_TAG) {
			continue;
		}
		topic = json_object();

		json_add_i64(topic, "id", json_i64(tag, "id", 0));
		json_add_text(topic, "name", json_text(tag, "name", ""));
		json_add_i64(topic, "followers", json_i64(tag, "count", 0));
		json_push(topics, topic);
	}
	json_add(result, "topics", topics);
}

static void add_tag(cJSON *body, const char *name)
{
	cJSON *tag = json_object();

	wechat_add_text(tag, "name", str_from(name));
	json_add(body, "tag", tag);
}

static bool make_topic(struct driver_op *op, cJSON *body, struct error *err)
{
	const char *name = text_param(op, "name");

	if (!name || strlen(name) > WECHAT_TOPIC_BYTES) {
		return bad(op, err, "name: 1 to 30 bytes (ten Chinese characters) were expected");
	}
	add_tag(body, name);
	return true;
}

static void read_topic(struct driver_op *op unused_arg, const cJSON *json, cJSON *result)
{
	const cJSON *tag = json_get(json, "tag");

	json_add_i64(result, "id", json_i64(tag, "id", 0));
	json_add_text(result, "name", json_text(tag, "name", NULL));
}

static bool make_topic_delete(struct driver_op *op, cJSON *body, struct error *err unused_arg)
{
	cJSON *tag = json_object();

	wechat_add_digits(tag, "id", op->cursor);
	json_add(body, "tag", tag);
	return true;
}

static bool add_follower(struct driver_op *op, cJSON *body, const char *key, struct error *err)
{
	const char *follower = text_param(op, "follower");

	if (!wechat_is_openid(follower)) {
		return bad(op, err, "follower: an openid was expected");
	}
	json_add_text(body, key, follower);
	return true;
}

static bool make_tagging(struct driver_op *op, cJSON *body, struct error *err)
{
	const cJSON *followers = json_get(op->params, "followers");
	const cJSON *follower;
	int n = cJSON_GetArraySize(followers);
	cJSON *list;

	if (!cJSON_IsArray(followers) || n < 1 || n > TAGGED_MAX) {
		return bad(op, err, "followers: 1 to 50 openids were expected");
	}
	cJSON_ArrayForEach(follower, followers)
	{
		if (!cJSON_IsString(follower) || !wechat_is_openid(follower->valuestring)) {
			return bad(op, err, "followers: 1 to 50 openids were expected");
		}
	}
	list = cJSON_Duplicate(followers, true);
	json_add(body, "openid_list", list);
	wechat_add_digits(body, "tagid", op->cursor);
	return true;
}

/* So that the next one need not look the number up. */
static void read_tagging(struct driver_op *op, const cJSON *json unused_arg, cJSON *result)
{
	json_add_text(result, "number", op->cursor);
}

/* ---- the rest ---- */

static bool make_comments(struct driver_op *op, cJSON *body, struct error *err)
{
	struct wechat_comment_id id;

	if (!wechat_thread_parse(text_param(op, "thread"), &id)) {
		return bad(op, err, "thread: MSG_DATA_ID/INDEX was expected");
	}
	wechat_add_digits(body, "msg_data_id", id.data_id);
	wechat_add_digits(body, "index", id.index);
	return true;
}

static bool make_comment(struct driver_op *op, cJSON *body, struct error *err)
{
	struct wechat_comment_id id;

	if (!wechat_comment_parse(text_param(op, "comment"), &id)) {
		return bad(op, err, "comment: MSG_DATA_ID/INDEX/COMMENT was expected");
	}
	wechat_add_digits(body, "msg_data_id", id.data_id);
	wechat_add_digits(body, "index", id.index);
	wechat_add_digits(body, "user_comment_id", id.comment);
	return true;
}

static bool make_typing(struct driver_op *op, cJSON *body, struct error *err)
{
	if (!cJSON_IsBool(json_get(op->params, "on"))) {
		return bad(op, err, "on: true or false was expected");
	}
	json_add_text(body, "command", json_bool(op->params, "on", false) ? "Typing" : "CancelTyping");
	return add_follower(op, body, "touser", err);
}

static bool make_article_delete(struct driver_op *op, cJSON *body, struct error *err)
{
	const char *article = text_param(op, "article");

	if (!article || strlen(article) > LIMIT_REMOTE_ID_BYTES || strstr(article, "://")) {
		return bad(op, err, "article: an article_id was expected, not an address");
	}
	wechat_add_text(body, "article_id", str_from(article));
	return true;
}

static void read_nothing(struct driver_op *op unused_arg, const cJSON *json unused_arg, cJSON *result unused_arg)
{
}

static const struct call calls[] = {
	{ "menu.push", "/cgi-bin/menu/create", " button ", true, false, true, make_menu, read_nothing },
	{ "menu.show", "/cgi-bin/get_current_selfmenu_info", " ", false, false, false, NULL, read_menu },
	{ "menu.delete", "/cgi-bin/menu/delete", " ", true, false, true, NULL, read_nothing },
	{ "qr", "/cgi-bin/qrcode/create", " scene expires_ms permanent ", true, false, false, make_qr, read_qr },
	{ "topics", "/cgi-bin/tags/get", " ", false, false, false, NULL, read_topics },
	{ "topic.create", "/cgi-bin/tags/create", " name ", true, false, false, make_topic, read_topic },
	{ "topic.delete", "/cgi-bin/tags/delete", " topic ", true, true, false, make_topic_delete, read_nothing },
	{ "topic.add", "/cgi-bin/tags/members/batchtagging", " topic number followers ", true, true, true, make_tagging,
		read_tagging },
	{ "topic.remove", "/cgi-bin/tags/members/batchuntagging", " topic number followers ", true, true, true,
		make_tagging, read_tagging },
	{ "comments.open", "/cgi-bin/comment/open", " thread ", true, false, false, make_comments, read_nothing },
	{ "comments.close", "/cgi-bin/comment/close", " thread ", true, false, false, make_comments, read_nothing },
	{ "comment.elect", "/cgi-bin/comment/markelect", " comment ", true, false, false, make_comment, read_nothing },
	{ "comment.unelect", "/cgi-bin/comment/unmarkelect", " comment ", true, false, false, make_comment,
		read_nothing },
	{ "comment.delete", "/cgi-bin/comment/delete", " comment ", true, false, false, make_comment, read_nothing },
	{ "comment.reply-delete", "/cgi-bin/comment/reply/delete", " comment ", true, false, false, make_comment,
		read_nothing },
	{ "typing", "/cgi-bin/message/custom/typing", " follower on ", true, false, false, make_typing, read_nothing },
	{ "article.delete", "/cgi-bin/freepublish/delete", " article ", true, false, false, make_article_delete,
		read_nothing },
};

static const struct call *find_call(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(calls); i++) {
		if (!strcmp(calls[i].name, name)) {
			return &calls[i];
		}
	}
	return NULL;
}

bool wechat_call_writes(const struct driver_op *op)
{
	const struct call *call = find_call(op->call);

	return call && call->writes && !(call->topic && op->step == CALL_TOPIC);
}

bool wechat_call_again(const struct driver_op *op)
{
	const struct call *call = find_call(op->call);

	return call && call->again;
}

static bool check_names(const struct driver_op *op, const struct call *call, struct error *err)
{
	const cJSON *param;

	cJSON_ArrayForEach(param, op->params)
	{
		char word[64];

		(void)snprintf(word, sizeof(word), " %.60s ", param->string ? param->string : "");
		if (!strstr(call->params, word) || strlen(word) <= 2 || strchr(param->string, ' ')) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: \"%.40s\" is no parameter of it",
				op->call, param->string ? param->string : "");
		}
	}
	return true;
}

static bool create_topic(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	cJSON *body = json_object();

	add_tag(body, text_param(op, "topic"));
	return wechat_post(op, "/cgi-bin/tags/create", body, ret_request, err);
}

bool wechat_call_request(struct driver_op *op, struct http_request *ret_request, struct error *err)
{
	const struct call *call = find_call(op->call);
	cJSON *body;

	if (!call) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "WeChat accounts have no call \"%.40s\"",
			op->call ? op->call : "");
	}
	if (!check_names(op, call, err)) {
		return false;
	}
	if (call->topic && op->step == CALL_TOPIC) {
		const char *number = text_param(op, "number");

		if (!text_param(op, "topic")) {
			return bad(op, err, "topic: its name was expected");
		}
		if (!number || op->scratch) {
			wechat_get(op, "/cgi-bin/tags/get", NULL, ret_request);
			return true;
		}
		op->cursor = xstrdup(number);
		op->step = CALL_DO;
	}
	if (call->topic && op->step == CALL_CREATE) {
		return create_topic(op, ret_request, err);
	}
	if (!call->make) {
		wechat_get(op, call->path, NULL, ret_request);
		ret_request->writes = call->writes;
		return true;
	}
	body = json_object();
	if (!call->make(op, body, err)) {
		cJSON_Delete(body);
		return false;
	}
	return wechat_post(op, call->path, body, ret_request, err);
}

static void go_on(struct driver_op *op, int64_t id, struct outcome *outcome)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%" PRId64, id);
	free(op->cursor);
	op->cursor = xstrdup(digits);
	op->step = CALL_DO;
	outcome->kind = OUTCOME_NEXT;
}

static void topic_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	const char *topic = text_param(op, "topic");
	const cJSON *tag;

	cJSON_ArrayForEach(tag, json_get(json, "tags"))
	{
		int64_t id = json_i64(tag, "id", -1);

		if (id >= 0 && topic && str_is(json_str(tag, "name"), topic)) {
			go_on(op, id, outcome);
			return;
		}
	}
	if (strcmp(op->call, "topic.add") == 0) {
		op->step = CALL_CREATE;
		outcome->kind = OUTCOME_NEXT;
	} else if (strcmp(op->call, "topic.remove") == 0) { /* without a topic nobody has it */
		outcome->kind = OUTCOME_DONE;
		outcome->json = json_object();
	} else {
		outcome_fail(outcome, ERROR_PLATFORM, ADVISE_REJECT, 0, "WeChat: there is no topic \"%.60s\"",
			topic ? topic : "");
	}
}

static void create_answer(struct driver_op *op, const cJSON *json, struct outcome *outcome)
{
	int64_t id = json_i64(json_get(json, "tag"), "id", -1);

	if (id < 0) {
		wechat_unreadable(op, outcome, "the new topic has no number");
		return;
	}
	go_on(op, id, outcome);
}

void wechat_call_answer(struct driver_op *op, const struct http_answer *answer, struct outcome *outcome)
{
	/* nothing to delete; the account shows no menu; typing is shown already */
	static const int own[] = { 46003, 45081, 0 };
	static const int stale[] = { NO_SUCH_TAG, 0 };
	const struct call *call = find_call(op->call);
	/* The number was known from before: somebody has deleted the topic since. */
	bool remembered = call->topic && op->step == CALL_DO && text_param(op, "number") && !op->scratch;
	cleanup(json_freep) cJSON *json = NULL;
	int code = 0;

	if (!wechat_answer_json(op, answer, remembered ? stale : own, &json, &code, outcome)) {
		return;
	}
	if (code == NO_SUCH_TAG) {
		op->scratch = xstrdup("looked up");
		op->step = CALL_TOPIC;
		outcome->kind = OUTCOME_NEXT;
		return;
	}
	if (call->topic && op->step == CALL_TOPIC) {
		topic_answer(op, json, outcome);
		return;
	}
	if (call->topic && op->step == CALL_CREATE) {
		create_answer(op, json, outcome);
		return;
	}
	outcome->kind = OUTCOME_DONE;
	outcome->json = json_object();
	call->read(op, json, outcome->json);
}
