/*
 * Invented citizens of WeChat: what a test has them say and do. What the platform would push is pushed; with "wait" the
 * answer comes when the push has ended and tells what the citizen saw.
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/wechat/settings.h"
#include "sim/control.h"
#include "sim/wechat_world.h"
#include "sim/wechat_xml.h"
#include "text/when.h"

#define COUNT_MAX      10000
#define TEXT_MAX_BYTES (256u << 10)

static const char *const keys[] = { "account", "kind", "type", "as", "text", "count", "wait", "key", "scene", "ticket",
	"url", "title", "latitude", "longitude", "label", "menu_id", "option", "msg_id", "msg_data_id", "article",
	"idx", "index", "comment", "anonymous", "attack", "copies", "delay", "previous_key", "shape", "xml", "value" };

static const struct {
	const char *name;
	enum wx_attack attack;
} attacks[] = {
	{ "wrong-signature", WX_WRONG_SIGNATURE },
	{ "no-signature", WX_NO_SIGNATURE },
	{ "foreign-appid", WX_FOREIGN_APPID },
	{ "old-timestamp", WX_OLD_TIMESTAMP },
	{ "oversize", WX_OVERSIZE },
	{ "tampered", WX_TAMPERED },
	{ "foreign-account", WX_FOREIGN_ACCOUNT },
	{ "xxe", WX_XXE },
	{ "bad-padding", WX_BAD_PADDING },
	{ "replay", WX_REPLAY },
};

/* One act of one citizen. Texts lend from the request. */
struct act {
	struct call *call;
	const cJSON *request;
	struct wx_account *account;
	struct wx_citizen *citizen;
	const char *text;
	struct buf *xml; /* of the push; empty: there is none */
	int64_t id;      /* of what came into being; 0: nothing with a number */
	bool pushes;
	bool many;
	const char *error;
};

/* ---- the message ---- */

static const char *word(const struct act *act, const char *key, const char *def)
{
	return json_text(act->request, key, def);
}

static void element(struct act *act, const char *name, const char *text)
{
	wx_xml_cdata(act->xml, name, str_from(text));
}

static void number(struct act *act, const char *name, int64_t value)
{
	(void)buf_printf(act->xml, "<%s>%" PRId64 "</%s>\n", name, value, name);
}

static void head(struct act *act, const char *type)
{
	bool shuffled = strcmp(word(act, "shape", ""), "shuffled") == 0;

	(void)buf_add_text(act->xml, strcmp(word(act, "shape", ""), "spaced") == 0 ? "<xml>\n\n   " : "<xml>");
	if (shuffled) {
		element(act, "MsgType", type);
		number(act, "CreateTime", wx_now(act->account) / 1000);
	}
	element(act, "ToUserName", act->account->original_id);
	element(act, "FromUserName", act->citizen->openid);
	if (!shuffled) {
		number(act, "CreateTime", wx_now(act->account) / 1000);
		element(act, "MsgType", type);
	}
	if (strcmp(word(act, "shape", ""), "extra") == 0) {
		element(act, "FutureElement", "<not> known & ]]> yet");
		(void)buf_add_text(act->xml, "<FutureList><item><a>1</a></item><item><a>2</a></item></FutureList>\n");
	}
	act->pushes = true;
}

static void event(struct act *act, const char *name)
{
	head(act, "event");
	element(act, "Event", name);
}

static void tail(struct act *act)
{
	(void)buf_add_text(act->xml, "</xml>");
}

static const struct wx_media *add_media(struct act *act, enum wx_media_type type, const char *name)
{
	struct wx_media *media;

	wx_citizen_media(act->account, type, &media);
	element(act, name, media->id);
	return media;
}

static void add_image(struct act *act)
{
	struct wx_media *media;
	char url[200];

	wx_citizen_media(act->account, WX_IMAGE, &media);
	wx_media_url(media, url);
	element(act, "PicUrl", url);
	element(act, "MediaId", media->id);
}

static void add_content(struct act *act, const char *type)
{
	if (strcmp(type, "image") == 0) {
		add_image(act);
	} else if (strcmp(type, "voice") == 0) {
		(void)add_media(act, WX_VOICE, "MediaId");
		element(act, "Format", "amr");
		(void)add_media(act, WX_VOICE, "MediaId16K");
	} else if (strcmp(type, "video") == 0 || strcmp(type, "shortvideo") == 0) {
		(void)add_media(act, WX_VIDEO, "MediaId");
		(void)add_media(act, WX_THUMB, "ThumbMediaId");
	} else if (strcmp(type, "location") == 0) {
		(void)buf_printf(act->xml, "<Location_X>%s</Location_X>\n<Location_Y>%s</Location_Y>\n",
			word(act, "latitude", "23.134521"), word(act, "longitude", "113.358803"));
		number(act, "Scale", 20);
		element(act, "Label", word(act, "label", "示例市示例路1号"));
	} else if (strcmp(type, "link") == 0) {
		element(act, "Title", word(act, "title", "示例页面"));
		element(act, "Description", act->text);
		element(act, "Url", word(act, "url", "https://www.example.invalid/p/1"));
	} else if (strcmp(type, "text") == 0) {
		element(act, "Content", act->text);
	} else {
		element(act, "Blob", act->text); /* a type from the future */
	}
}

static void message(struct act *act)
{
	const char *type = word(act, "type", "text");
	bool unsupported = strcmp(type, "unsupported") == 0;
	const char *sent = strcmp(type, "unknown") == 0 ? "hologram" : unsupported ? "text" : type;

	if (unsupported) {
		act->text = "【收到不支持的消息类型，暂无法显示】";
	}
	act->id = json_i64(act->request, "msg_id", 0);
	act->id = act->id ? act->id : ++act->account->wechat->last_message_id;
	(void)wx_open_window(act->citizen, true);
	wx_citizen_line(act->citizen, WX_LINE_CITIZEN, act->text);
	head(act, sent);
	add_content(act, sent);
	number(act, "MsgId", act->id);
	if (json_get(act->request, "msg_data_id")) {
		number(act, "MsgDataId", json_i64(act->request, "msg_data_id", 0));
		number(act, "Idx", json_i64(act->request, "idx", 1));
	}
	if (word(act, "option", NULL)) {
		(void)buf_printf(act->xml, "<bizmsgmenuid>%s</bizmsgmenuid>\n", word(act, "option", ""));
	}
	tail(act);
}

/* ---- events ---- */

static const char *ticket_of(struct act *act, const char *scene)
{
	for (size_t i = act->account->n_qrs; i > 0; i--) {
		const struct wx_qr *qr = &act->account->qrs[i - 1];

		if (strcmp(qr->scene, scene) == 0 && (!qr->expires_at || wx_now(act->account) < qr->expires_at)) {
			return qr->ticket;
		}
	}
	return word(act, "ticket", "gQSIMticket==");
}

static void follow(struct act *act)
{
	const char *scene = word(act, "scene", NULL);
	char key[96];

	act->citizen->subscribed = true;
	act->citizen->ever = true;
	act->citizen->subscribed_at = wx_now(act->account);
	act->citizen->scene = scene ? "ADD_SCENE_QR_CODE" : "ADD_SCENE_SEARCH";
	free(act->citizen->scene_str);
	act->citizen->scene_str = xstrdup(scene);
	(void)wx_open_window(act->citizen, false);
	event(act, "subscribe");
	(void)snprintf(key, sizeof(key), "%s%.64s", scene ? "qrscene_" : "", scene ? scene : "");
	element(act, "EventKey", key);
	if (scene) {
		element(act, "Ticket", ticket_of(act, scene));
	}
	act->many = true;
	tail(act);
}

static void unfollow(struct act *act)
{
	act->citizen->subscribed = false;
	act->citizen->n_tags = 0;
	act->citizen->message_window = (struct wx_window){ 0 };
	act->citizen->action_window = (struct wx_window){ 0 };
	event(act, "unsubscribe");
	element(act, "EventKey", "");
	tail(act);
}

static void scan(struct act *act)
{
	const char *scene = word(act, "scene", "hall_01");

	(void)wx_open_window(act->citizen, false);
	event(act, "SCAN");
	element(act, "EventKey", scene);
	element(act, "Ticket", ticket_of(act, scene));
	act->many = true;
	tail(act);
}

static void click(struct act *act)
{
	(void)wx_open_window(act->citizen, false);
	event(act, "CLICK");
	element(act, "EventKey", word(act, "key", "MENU"));
	act->many = true;
	tail(act);
}

static void view(struct act *act)
{
	event(act, "VIEW");
	element(act, "EventKey", word(act, "url", "https://www.example.invalid/"));
	number(act, "MenuId", json_i64(act->request, "menu_id", 430000001));
	tail(act);
}

/* Any other event, with the elements of `xml` as they are. */
static void any_event(struct act *act)
{
	const char *type = word(act, "type", "future_event");

	event(act, type);
	if (strcmp(type, "LOCATION") == 0) {
		(void)buf_printf(act->xml,
			"<Latitude>%s</Latitude>\n<Longitude>%s</Longitude>\n<Precision>119.385040</Precision>\n",
			word(act, "latitude", "23.137466"), word(act, "longitude", "113.352425"));
	}
	(void)buf_add_text(act->xml, word(act, "xml", ""));
	tail(act);
}

/* ---- comments ---- */

static struct wx_article *article_of(struct act *act)
{
	struct wx_account *account = act->account;
	int64_t msg_data_id = json_i64(act->request, "msg_data_id", 0);
	const char *article_id = word(act, "article", NULL);
	int64_t index = json_i64(act->request, "index", 0);

	for (size_t i = account->n_posts; i > 0; i--) {
		struct wx_post *post = account->posts[i - 1];

		if (post->published_at && index >= 0 && index < (int64_t)post->n &&
			(!msg_data_id || post->msg_data_id == msg_data_id) &&
			(!article_id || strcmp(article_id, post->article_id) == 0)) {
			return &post->articles[index];
		}
	}
	act->error = "article, msg_data_id, index: there is no such article";
	return NULL;
}

static void comment(struct act *act)
{
	struct wx_article *article = article_of(act);
	struct wx_comment *made;

	if (!article) {
		return;
	}
	if (article->deleted || !article->comments_open) {
		act->error = "comments are closed there";
		return;
	}
	made = xnew(struct wx_comment);
	made->id = ++article->last_comment;
	made->citizen = json_bool(act->request, "anonymous", false) ? NULL : act->citizen;
	made->content = xstrdup(act->text);
	made->created_at = wx_now(act->account);
	array_grow(article->comments, article->n_comments, article->cap_comments);
	article->comments[article->n_comments++] = made;
	act->id = made->id;
}

static void comment_delete(struct act *act)
{
	struct wx_article *article = article_of(act);
	int64_t id = json_i64(act->request, "comment", 0);

	for (size_t i = 0; article && i < article->n_comments; i++) {
		if (article->comments[i]->id == id && !article->comments[i]->deleted) {
			article->comments[i]->deleted = true;
			act->id = id;
			return;
		}
	}
	act->error = act->error ? act->error : "comment: there is no such comment";
}

/* ---- what he is ---- */

static void trait(struct act *act)
{
	const char *type = word(act, "type", "");
	bool on = json_bool(act->request, "value", true);

	if (strcmp(type, "refuses") == 0) {
		act->citizen->refuses = on;
	} else if (strcmp(type, "blocked") == 0) {
		act->citizen->blocked = on;
	} else if (strcmp(type, "minor") == 0) {
		act->citizen->minor = on;
	} else {
		act->error = "type: expected refuses, blocked or minor";
	}
}

static void look(struct act *act)
{
	(void)act;
}

static const struct {
	const char *name;
	void (*run)(struct act *act);
	const char *text;
	bool needs_follower; /* he could not do it otherwise */
} acts[] = {
	{ "message", message, "请问居住证怎么办理？", false },
	{ "follow", follow, "", false },
	{ "unfollow", unfollow, "", false },
	{ "scan", scan, "", true },
	{ "click", click, "", true },
	{ "view", view, "", true },
	{ "event", any_event, "", false },
	{ "comment", comment, "周末可以办理吗？", false },
	{ "comment-reply", comment, "好的，感谢！", false },
	{ "comment-delete", comment_delete, "", false },
	{ "trait", trait, "", false },
	{ "look", look, "", false },
};

/* ---- the request ---- */

static bool known_members(const cJSON *request, struct error *err)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, request)
	{
		size_t i = 0;

		while (i < ARRAY_LEN(keys) && strcmp(keys[i], member->string) != 0) {
			i++;
		}
		if (i == ARRAY_LEN(keys)) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: no such member", member->string);
		}
	}
	return true;
}

/* Attacks on the encryption need one. */
static bool is_possible(const struct wx_account *account, enum wx_attack attack)
{
	bool on_encryption = attack == WX_FOREIGN_APPID || attack == WX_TAMPERED || attack == WX_BAD_PADDING;

	return !on_encryption || account->set.callback_mode != WECHAT_MODE_PLAIN;
}

static bool read_order(
	const struct wx_account *account, const cJSON *request, struct wx_push_order *order, struct error *err)
{
	const char *attack = json_text(request, "attack", NULL);
	bool known = !attack;

	for (size_t i = 0; attack && i < ARRAY_LEN(attacks); i++) {
		if (strcmp(attacks[i].name, attack) == 0) {
			order->attack = attacks[i].attack;
			known = true;
		}
	}
	if (json_str(request, "delay").n && !when_parse_duration(json_str(request, "delay"), &order->delay_ms, err)) {
		return error_prefix(err, "delay");
	}
	order->copies = json_i64(request, "copies", 1);
	order->previous_key = json_bool(request, "previous_key", false);
	if (!known) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "attack: \"%s\" is none", attack);
	}
	if (!is_possible(account, order->attack)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "attack: nothing is encrypted in plain mode");
	}
	return (order->copies >= 1 && order->copies <= 32) ||
	       error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "copies: expected 1 to 32");
}

/* `pattern` with every {n} replaced. */
static char *numbered(const char *pattern, bool counted, int64_t round)
{
	struct str rest = str_from(pattern);
	struct buf out;
	char *text;

	buf_init(&out, TEXT_MAX_BYTES);
	while (rest.n) {
		ptrdiff_t at = counted ? str_find(rest, STR("{n}")) : -1;

		if (at < 0) {
			(void)buf_add_str(&out, rest);
			break;
		}
		(void)buf_add_str(&out, str_sub(rest, 0, (size_t)at));
		(void)buf_printf(&out, "%" PRId64, round);
		rest = str_sub(rest, (size_t)at + 3, rest.n);
	}
	text = buf_steal(&out);
	buf_finish(&out);
	return text;
}

static void out_citizen(struct out *out, const struct wx_citizen *citizen)
{
	static const char *const names[] = { "citizen", "auto-reply", "reply", "broadcast", "fault" };
	int64_t now_at = wx_now(citizen->account);

	out_text(out, "openid", citizen->openid);
	out_bool(out, "subscribed", citizen->subscribed);
	out_i64(out, "replies_left", now_at < citizen->message_window.until ? citizen->message_window.left : 0);
	out_array(out, "transcript");
	for (size_t i = 0; i < citizen->n_lines; i++) {
		out_object(out, NULL);
		out_text(out, "kind", names[citizen->lines[i].kind]);
		out_i64(out, "at_ms", citizen->lines[i].at);
		out_text(out, "text", citizen->lines[i].text);
		out_object_end(out);
	}
	out_array_end(out);
}

static bool act_once(struct act *act, size_t kind, const struct wx_push_order *pattern, int64_t *ret_push)
{
	struct wx_push_order order = *pattern;
	struct buf xml;

	buf_init(&xml, TEXT_MAX_BYTES);
	act->xml = &xml;
	act->id = 0;
	act->pushes = false;
	if (acts[kind].needs_follower && !act->citizen->subscribed) {
		act->error = "he does not follow the account";
	} else {
		acts[kind].run(act);
	}
	if (!act->error && act->pushes) {
		order.account = act->account;
		order.citizen = act->citizen;
		order.may_be_many = act->many;
		order.silent = acts[kind].run == unfollow || acts[kind].run == view || acts[kind].run == any_event;
		order.xml = buf_steal(&xml);
		*ret_push = wx_push(&order);
	}
	buf_finish(&xml);
	return !act->error;
}

static void run(struct act *act, size_t kind, const struct wx_push_order *order)
{
	int64_t count = json_i64(act->request, "count", 1);
	bool counted = json_get(act->request, "count") != NULL;
	struct out *out = &act->call->out;
	int64_t push = 0;

	out_object(out, NULL);
	out_array(out, "ids");
	for (int64_t round = 1; round <= count; round++) {
		char *name = numbered(word(act, "as", "示例市民"), counted, round);
		char *text = numbered(word(act, "text", acts[kind].text), counted, round);
		bool ok;

		act->citizen = wx_citizen(act->account, str_from(name));
		act->text = text;
		ok = act_once(act, kind, order, &push);
		free(name);
		free(text);
		if (!ok) {
			control_refuse(act->call, 409, act->error);
			return;
		}
		if (act->id) {
			out_digits(out, NULL, act->id);
		}
	}
	out_array_end(out);
	if (push && json_bool(act->request, "wait", false)) {
		out_text(out, "openid", act->citizen->openid);
		act->call->waits_for = push; /* server.c adds how the push ended, and the brace */
		return;
	}
	if (push) {
		out_i64(out, "push", push);
	}
	out_citizen(out, act->citizen);
	out_object_end(out);
}

bool wechat_control_citizen(struct call *call, const cJSON *request)
{
	const char *kind = json_text(request, "kind", "");
	int64_t count = json_i64(request, "count", 1);
	struct act act = { .call = call, .request = request };
	struct wx_push_order order = { .copies = 1 };
	struct error err;
	size_t i = 0;

	act.account = wx_account(call->sim, json_str(request, "account"));
	if (!act.account) {
		return false;
	}
	while (i < ARRAY_LEN(acts) && strcmp(acts[i].name, kind) != 0) {
		i++;
	}
	if (i == ARRAY_LEN(acts)) {
		control_refuse(call, 400, "kind: no such kind for an account of wechat");
	} else if (count < 1 || count > COUNT_MAX) {
		control_refuse(call, 400, "count: expected 1 to 10000");
	} else if (!word(&act, "as", "示例市民")[0]) {
		control_refuse(call, 400, "as: expected a text");
	} else if (!known_members(request, &err) || !read_order(act.account, request, &order, &err)) {
		control_refuse(call, 400, err.message);
	} else {
		run(&act, i, &order);
	}
	return true;
}
