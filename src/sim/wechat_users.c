/*
 * Followers and their tags, QR codes, the menu, notices.
 *
 * source  pages user, tags, qrcode, menu and template (service tree), read 2026. Names and pictures of followers are
 * not delivered since 2021-12-27.
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "sim/wechat_raw.h"
#include "sim/wechat_world.h"
#include "sim/wechat_xml.h"

#define TAG_BYTES        30
#define TAGS_MAX         100
#define TAGS_PER_CITIZEN 20
#define TAG_KEEP_ABOVE   100000
#define BATCH_OPENIDS    50
#define INFO_BATCH       100
#define REMARK_BYTES     30
#define FIRST_OWN_TAG    100
#define QR_TEMPORARY_MS  (30 * SECOND_MS) /* without expire_seconds */
#define QR_MAX_SECONDS   2592000
#define MENU_MAX_BYTES   (64u << 10)

/* ---- followers ---- */

static void out_tags(struct out *out, const struct wx_citizen *citizen)
{
	out_array(out, "tagid_list");
	for (size_t i = 0; i < citizen->n_tags; i++) {
		out_i64(out, NULL, citizen->tags[i]);
	}
	out_array_end(out);
}

static void out_citizen(struct out *out, const struct wx_citizen *citizen)
{
	out_object(out, NULL);
	out_i64(out, "subscribe", citizen->subscribed);
	out_text(out, "openid", citizen->openid);
	if (citizen->subscribed) {
		out_text(out, "language", "zh_CN");
		out_i64(out, "subscribe_time", citizen->subscribed_at / 1000);
		out_text(out, "remark", citizen->remark ? citizen->remark : "");
		out_i64(out, "groupid", citizen->n_tags ? citizen->tags[0] : 0);
	}
	out_tags(out, citizen);
	if (citizen->subscribed) {
		out_text(out, "subscribe_scene", citizen->scene);
		out_i64(out, "qr_scene", 0);
		out_text(out, "qr_scene_str", citizen->scene_str ? citizen->scene_str : "");
	}
	out_unknown(out);
	out_object_end(out);
}

static struct wx_citizen *citizen_of(struct wx_call *wx, struct str openid)
{
	struct wx_citizen *citizen = wx_citizen_by_openid(wx->account, openid);

	if (!citizen) {
		wx_refuse(wx, openid.n ? 40003 : 41009);
	}
	return citizen;
}

void wx_handle_user_info(struct wx_call *wx)
{
	const struct wx_citizen *citizen = citizen_of(wx, params_str(&wx->call->params, "openid"));

	if (citizen) {
		out_citizen(wx->out, citizen);
	}
}

void wx_handle_user_info_batchget(struct wx_call *wx)
{
	const cJSON *list = json_get(wx->json, "user_list");
	const cJSON *item;

	if (cJSON_GetArraySize(list) < 1 || cJSON_GetArraySize(list) > INFO_BATCH) {
		wx_refuse(wx, 40032);
		return;
	}
	cJSON_ArrayForEach(item, list)
	{
		if (!citizen_of(wx, json_str(item, "openid"))) {
			return;
		}
	}
	out_object(wx->out, NULL);
	out_array(wx->out, "user_info_list");
	cJSON_ArrayForEach(item, list)
	{
		out_citizen(wx->out, wx_citizen_by_openid(wx->account, json_str(item, "openid")));
	}
	out_array_end(wx->out);
	out_object_end(wx->out);
}

/* A page of openids; tag -1: all followers. */
static void out_openids(struct wx_call *wx, struct str after, int64_t tag)
{
	struct wx_account *account = wx->account;
	const char *last = "";
	int64_t total = 0;
	int64_t shown = 0;
	bool begun = !after.n;

	out_object(wx->out, NULL);
	out_object(wx->out, "data");
	out_array(wx->out, "openid");
	for (size_t i = 0; i < account->n_citizens; i++) {
		const struct wx_citizen *citizen = account->citizens[i];

		if (citizen->subscribed && (tag < 0 || wx_has_tag(citizen, tag))) {
			total++;
			if (begun && shown < account->set.page_openids) {
				out_text(wx->out, NULL, citizen->openid);
				last = citizen->openid;
				shown++;
			}
		}
		begun = begun || str_is(after, citizen->openid);
	}
	out_array_end(wx->out);
	out_object_end(wx->out);
	if (tag < 0) {
		out_i64(wx->out, "total", total);
	}
	out_i64(wx->out, "count", shown);
	out_text(wx->out, "next_openid", last);
	out_object_end(wx->out);
}

void wx_handle_user_get(struct wx_call *wx)
{
	struct str after = params_str(&wx->call->params, "next_openid");

	if (after.n && !wx_citizen_by_openid(wx->account, after)) {
		wx_refuse(wx, 40003);
		return;
	}
	out_openids(wx, after, -1);
}

void wx_handle_user_remark(struct wx_call *wx)
{
	struct wx_citizen *citizen = citizen_of(wx, json_str(wx->json, "openid"));
	struct str remark = json_str(wx->json, "remark");

	if (!citizen) {
		return;
	}
	if (remark.n >= REMARK_BYTES) {
		wx_refuse(wx, 40092);
		return;
	}
	free(citizen->remark);
	citizen->remark = str_dup(remark);
	wx_ok(wx);
}

/* ---- tags ---- */

static int64_t count_tagged(const struct wx_account *account, int64_t tag)
{
	int64_t n = 0;

	for (size_t i = 0; i < account->n_citizens; i++) {
		n += account->citizens[i]->subscribed && wx_has_tag(account->citizens[i], tag);
	}
	return n;
}

static int64_t check_tag_name(const struct wx_account *account, struct str name)
{
	if (!name.n) {
		return 45157;
	}
	for (size_t i = 0; i < account->n_tags; i++) {
		if (!account->tags[i].gone && str_is(name, account->tags[i].name)) {
			return 45157;
		}
	}
	return name.n > TAG_BYTES ? 45158 : 0;
}

void wx_handle_tag_create(struct wx_call *wx)
{
	struct wx_account *account = wx->account;
	struct str name = json_str(json_get(wx->json, "tag"), "name");
	int64_t code = check_tag_name(account, name);
	int64_t n = 0;

	for (size_t i = 0; i < account->n_tags; i++) {
		n += !account->tags[i].gone;
	}
	if (code || n >= TAGS_MAX) {
		wx_refuse(wx, code ? code : 45056);
		return;
	}
	array_grow(account->tags, account->n_tags, account->cap_tags);
	account->tags[account->n_tags++] = (struct wx_tag){ .id = ++account->last_tag, .name = str_dup(name) };
	out_object(wx->out, NULL);
	out_object(wx->out, "tag");
	out_i64(wx->out, "id", account->last_tag);
	out_str(wx->out, "name", name);
	out_object_end(wx->out);
	out_object_end(wx->out);
}

static void out_tag(struct out *out, const struct wx_account *account, int64_t id, const char *name)
{
	out_object(out, NULL);
	out_i64(out, "id", id);
	out_text(out, "name", name);
	out_i64(out, "count", count_tagged(account, id));
	out_object_end(out);
}

void wx_handle_tag_get(struct wx_call *wx)
{
	out_object(wx->out, NULL);
	out_array(wx->out, "tags");
	out_tag(wx->out, wx->account, 2, "星标组");
	for (size_t i = 0; i < wx->account->n_tags; i++) {
		const struct wx_tag *tag = &wx->account->tags[i];

		if (!tag->gone) {
			out_tag(wx->out, wx->account, tag->id, tag->name);
		}
	}
	out_array_end(wx->out);
	out_object_end(wx->out);
}

static struct wx_tag *tag_of(struct wx_call *wx, int64_t id)
{
	struct wx_tag *tag = wx_tag(wx->account, id);

	if (!tag) {
		wx_refuse(wx, id >= 0 && id < 3 ? 45058 : 45159);
	}
	return tag;
}

void wx_handle_tag_update(struct wx_call *wx)
{
	const cJSON *json = json_get(wx->json, "tag");
	struct wx_tag *tag = tag_of(wx, json_i64(json, "id", -1));
	int64_t code;

	if (!tag) {
		return;
	}
	code = check_tag_name(wx->account, json_str(json, "name"));
	if (code) {
		wx_refuse(wx, code);
		return;
	}
	free(tag->name);
	tag->name = str_dup(json_str(json, "name"));
	wx_ok(wx);
}

static void untag(struct wx_citizen *citizen, int64_t id)
{
	for (size_t i = 0; i < citizen->n_tags; i++) {
		if (citizen->tags[i] == id) {
			memmove(&citizen->tags[i], &citizen->tags[i + 1],
				(citizen->n_tags - i - 1) * sizeof(citizen->tags[0]));
			citizen->n_tags--;
			return;
		}
	}
}

void wx_handle_tag_delete(struct wx_call *wx)
{
	struct wx_tag *tag = tag_of(wx, json_i64(json_get(wx->json, "tag"), "id", -1));

	if (!tag) {
		return;
	}
	if (count_tagged(wx->account, tag->id) > TAG_KEEP_ABOVE) {
		wx_refuse(wx, 45057);
		return;
	}
	for (size_t i = 0; i < wx->account->n_citizens; i++) {
		untag(wx->account->citizens[i], tag->id);
	}
	tag->gone = true;
	wx_ok(wx);
}

static int64_t check_batch(struct wx_account *account, const cJSON *list, int64_t tag, bool on)
{
	const cJSON *item;
	int n = cJSON_GetArraySize(list);

	if (n < 1 || n > BATCH_OPENIDS) {
		return 40032;
	}
	cJSON_ArrayForEach(item, list)
	{
		const struct wx_citizen *citizen = wx_citizen_by_openid(
			account, str_from(cJSON_IsString(item) ? item->valuestring : ""));

		if (!citizen) {
			return 40003;
		}
		if (on && citizen->n_tags >= TAGS_PER_CITIZEN && !wx_has_tag(citizen, tag)) {
			return 45059;
		}
	}
	return 0;
}

static void batch(struct wx_call *wx, bool on)
{
	const cJSON *list = json_get(wx->json, "openid_list");
	int64_t id = json_i64(wx->json, "tagid", -1);
	const cJSON *item;
	int64_t code;

	if (!tag_of(wx, id)) {
		return;
	}
	code = check_batch(wx->account, list, id, on);
	if (code) {
		wx_refuse(wx, code);
		return;
	}
	cJSON_ArrayForEach(item, list)
	{
		struct wx_citizen *citizen = wx_citizen_by_openid(wx->account, str_from(item->valuestring));

		if (!on) {
			untag(citizen, id);
		} else if (!wx_has_tag(citizen, id)) {
			citizen->tags[citizen->n_tags++] = id;
		}
	}
	wx_ok(wx);
}

void wx_handle_tag_batch(struct wx_call *wx)
{
	batch(wx, true);
}

void wx_handle_tag_unbatch(struct wx_call *wx)
{
	batch(wx, false);
}

void wx_handle_tag_idlist(struct wx_call *wx)
{
	const struct wx_citizen *citizen = citizen_of(wx, json_str(wx->json, "openid"));

	if (citizen) {
		out_object(wx->out, NULL);
		out_tags(wx->out, citizen);
		out_object_end(wx->out);
	}
}

void wx_handle_tag_members(struct wx_call *wx)
{
	int64_t id = json_i64(wx->json, "tagid", -1);

	if (tag_of(wx, id)) {
		out_openids(wx, json_str(wx->json, "next_openid"), id);
	}
}

/* ---- QR codes ---- */

static int64_t read_scene(const cJSON *json, char ret_scene[80], bool *ret_limited)
{
	struct str action = json_str(json, "action_name");
	const cJSON *scene = json_get(json_get(json, "action_info"), "scene");
	bool text = str_is(action, "QR_STR_SCENE") || str_is(action, "QR_LIMIT_STR_SCENE");
	int64_t id = json_i64(scene, "scene_id", 0);

	*ret_limited = str_is(action, "QR_LIMIT_SCENE") || str_is(action, "QR_LIMIT_STR_SCENE");
	if (!text && !str_is(action, "QR_SCENE") && !str_is(action, "QR_LIMIT_SCENE")) {
		return 40052;
	}
	if (text) {
		struct str value = json_str(scene, "scene_str");

		(void)snprintf(ret_scene, 80, STR_FMT, (int)(value.n < 64 ? value.n : 64), value.p ? value.p : "");
		return value.n < 1 || value.n > 64 ? 40053 : 0;
	}
	(void)snprintf(ret_scene, 80, "%" PRId64, id);
	return id < 1 || id > (*ret_limited ? 100000 : UINT32_MAX) ? 40053 : 0;
}

void wx_handle_qr_create(struct wx_call *wx)
{
	struct wx_account *account = wx->account;
	int64_t seconds = json_i64(wx->json, "expire_seconds", 0);
	bool limited;
	char scene[80];
	char url[64];
	char rest[65];
	int64_t code = read_scene(wx->json, scene, &limited);
	struct wx_qr *qr;

	if (code || seconds < 0 || seconds > QR_MAX_SECONDS) {
		wx_refuse(wx, code ? code : 40053);
		return;
	}
	array_grow(account->qrs, account->n_qrs, account->cap_qrs);
	qr = &account->qrs[account->n_qrs++];
	*qr = (struct wx_qr){ .scene = xstrdup(scene) };
	wx_random(account->wechat, WX_ALNUM, rest, 60);
	(void)snprintf(qr->ticket, sizeof(qr->ticket), "gQ%s==", rest);
	qr->expires_at = limited ? 0 : wx_now(account) + (seconds ? seconds * 1000 : QR_TEMPORARY_MS);
	rest[16] = '\0';
	(void)snprintf(url, sizeof(url), "http://weixin.qq.com/q/%.16s", rest);
	out_object(wx->out, NULL);
	out_text(wx->out, "ticket", qr->ticket);
	if (!limited) {
		out_i64(wx->out, "expire_seconds", seconds ? seconds : QR_TEMPORARY_MS / 1000);
	}
	out_text(wx->out, "url", url);
	out_object_end(wx->out);
}

/* ---- the menu ---- */

static int64_t check_button(const cJSON *button, bool sub)
{
	static const char *const keyed[] = { "click", "scancode_push", "scancode_waitmsg", "pic_sysphoto",
		"pic_photo_or_album", "pic_weixin", "location_select" };
	static const char *const others[] = { "media_id", "article_id", "article_view_limited", "view_limited",
		"miniprogram" };
	struct str name = json_str(button, "name");
	struct str type = json_str(button, "type");
	const cJSON *subs = json_get(button, "sub_button");

	if (!name.n || name.n > (sub ? 60 : 16)) {
		return sub ? 40025 : 40018;
	}
	if (!sub && cJSON_GetArraySize(subs)) {
		const cJSON *child;

		if (cJSON_GetArraySize(subs) > 5) {
			return 40023;
		}
		cJSON_ArrayForEach(child, subs)
		{
			int64_t code = check_button(child, true);

			if (code) {
				return code;
			}
		}
		return 0;
	}
	if (str_is(type, "view")) {
		struct str url = json_str(button, "url");

		return !url.n || url.n > 1024 ? 40020 : 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(keyed); i++) {
		if (str_is(type, keyed[i])) {
			struct str key = json_str(button, "key");

			return !key.n || key.n > 128 ? 40019 : 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (str_is(type, others[i])) {
			return 0;
		}
	}
	return sub ? 40024 : 40017;
}

void wx_handle_menu_create(struct wx_call *wx)
{
	const cJSON *buttons = json_get(wx->json, "button");
	const cJSON *button;

	if (wx_raw_has_unicode_escape(wx->raw)) {
		wx_refuse(wx, 40033);
		return;
	}
	if (cJSON_GetArraySize(buttons) < 1 || cJSON_GetArraySize(buttons) > 3) {
		wx_refuse(wx, 40016);
		return;
	}
	cJSON_ArrayForEach(button, buttons)
	{
		int64_t code = check_button(button, false);

		if (code) {
			wx_refuse(wx, code);
			return;
		}
	}
	cJSON_Delete(wx->account->menu);
	wx->account->menu = cJSON_Duplicate(buttons, true);
	wx_note(wx->account, "menu", wx->route->path,
		(struct wx_seen){ .text = json_text(buttons->child, "name", "") });
	wx_ok(wx);
}

static void out_menu(struct wx_call *wx, const char *key)
{
	struct buf text;

	buf_init(&text, MENU_MAX_BYTES);
	if (json_print(&text, wx->account->menu)) {
		out_raw(wx->out, key, buf_str(&text));
	}
	buf_finish(&text);
}

void wx_handle_menu_get(struct wx_call *wx)
{
	if (!wx->account->menu) {
		wx_refuse(wx, 46003);
		return;
	}
	out_object(wx->out, NULL);
	out_object(wx->out, "menu");
	out_menu(wx, "button");
	out_object_end(wx->out);
	out_object_end(wx->out);
}

void wx_handle_menu_delete(struct wx_call *wx)
{
	cJSON_Delete(wx->account->menu);
	wx->account->menu = NULL;
	wx_ok(wx);
}

void wx_handle_selfmenu(struct wx_call *wx)
{
	out_object(wx->out, NULL);
	out_i64(wx->out, "is_menu_open", wx->account->menu != NULL);
	if (wx->account->menu) {
		out_object(wx->out, "selfmenu_info");
		out_menu(wx, "button");
		out_object_end(wx->out);
	}
	out_object_end(wx->out);
}

void wx_handle_autoreply_info(struct wx_call *wx)
{
	/* Message push switches the website's answers off; without it there are some. */
	bool open = !wx->account->set.push_on;

	out_object(wx->out, NULL);
	out_i64(wx->out, "is_add_friend_reply_open", open);
	out_i64(wx->out, "is_autoreply_open", open);
	if (open) {
		out_raw(wx->out, "add_friend_autoreply_info", STR("{\"type\":\"text\",\"content\":\"感谢关注\"}"));
		out_raw(wx->out, "message_default_autoreply_info",
			STR("{\"type\":\"text\",\"content\":\"您的消息已收到\"}"));
	}
	out_raw(wx->out, "keyword_autoreply_info", STR("{\"list\":[]}"));
	out_object_end(wx->out);
}

/* ---- notices ---- */

static void send_template_event(const struct wx_citizen *citizen, int64_t id)
{
	struct wx_push_order order = { .account = citizen->account, .copies = 1, .silent = true };
	struct buf xml;

	buf_init(&xml, 4096);
	(void)buf_add_text(&xml, "<xml>");
	wx_xml_cdata(&xml, "ToUserName", str_from(citizen->account->original_id));
	wx_xml_cdata(&xml, "FromUserName", str_from(citizen->openid));
	(void)buf_printf(&xml, "<CreateTime>%" PRId64 "</CreateTime>\n", wx_now(citizen->account) / 1000);
	wx_xml_cdata(&xml, "MsgType", STR("event"));
	wx_xml_cdata(&xml, "Event", STR("TEMPLATESENDJOBFINISH"));
	(void)buf_printf(&xml, "<MsgID>%" PRId64 "</MsgID>\n", id);
	wx_xml_cdata(&xml, "Status", citizen->refuses ? STR("failed:user block") : STR("success"));
	(void)buf_add_text(&xml, "</xml>");
	order.xml = buf_steal(&xml);
	buf_finish(&xml);
	(void)wx_push(&order);
}

static bool known_notice(struct wx_account *account, const char *key, int64_t *ret_id)
{
	for (size_t i = 0; i < account->n_notices; i++) {
		if (strcmp(account->notices[i].key, key) == 0 &&
			wx_now(account) - account->notices[i].at < 10 * MINUTE_MS) {
			*ret_id = account->notices[i].id;
			return true;
		}
	}
	return false;
}

static void notice(struct wx_call *wx, bool template)
{
	struct wx_citizen *citizen = citizen_of(wx, json_str(wx->json, "touser"));
	const char *client_id = json_text(wx->json, "client_msg_id", NULL);
	int64_t id = ++wx->wechat->last_message_id;
	char key[160];

	if (!citizen) {
		return;
	}
	if (!json_str(wx->json, "template_id").n || !cJSON_IsObject(json_get(wx->json, "data"))) {
		wx_refuse(wx, 47003);
		return;
	}
	if (!citizen->subscribed) {
		wx_refuse(wx, 43004);
		return;
	}
	(void)snprintf(key, sizeof(key), "%s %.100s", citizen->openid, client_id ? client_id : "");
	if (!client_id || !known_notice(wx->account, key, &id)) {
		if (client_id) {
			array_grow(wx->account->notices, wx->account->n_notices, wx->account->cap_notices);
			wx->account->notices[wx->account->n_notices++] = (struct wx_notice){
				.key = xstrdup(key), .at = wx_now(wx->account), .id = id
			};
		}
		wx_note(wx->account, "notice", wx->route->path,
			(struct wx_seen){ .text = json_text(wx->json, "template_id", ""), .to = citizen->openid });
		if (template) {
			send_template_event(citizen, id);
		}
	}
	wx_ok_open(wx, "ok");
	if (template) {
		out_i64(wx->out, "msgid", id);
	}
	out_object_end(wx->out);
}

void wx_handle_template_send(struct wx_call *wx)
{
	notice(wx, true);
}

void wx_handle_subscribe_send(struct wx_call *wx)
{
	notice(wx, false);
}
