/*
 * Messages to one citizen, inside the window that he opened, and the agent accounts.
 *
 * source  pages customerservice/sendCustomMessage and typing (service tree), read 2026; 2048 bytes of text from reports
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "sim/wechat_world.h"
#include "text/utf8.h"

#define TEXT_BYTES     2048
#define TYPING_MS      (15 * SECOND_MS)
#define EXCHANGE_MS    (30 * SECOND_MS)
#define AGENTS_MAX     100
#define NICKNAME_CHARS 16
#define PREFIX_BYTES   10

static int64_t check_media(struct wx_account *account, const cJSON *object, const char *key, enum wx_media_type type)
{
	const struct wx_media *media = wx_media(account, json_str(object, key));

	return media && (media->type == type || (type == WX_THUMB && media->type == WX_IMAGE)) ? 0 : 40007;
}

static bool is_published(const struct wx_account *account, struct str article_id)
{
	for (size_t i = 0; article_id.n && i < account->n_posts; i++) {
		const struct wx_post *post = account->posts[i];

		if (post->published_at && str_is(article_id, post->article_id)) {
			return true;
		}
	}
	return false;
}

static int64_t check_text(struct str text)
{
	return !text.n ? 44004 : text.n > TEXT_BYTES ? 45002 : 0;
}

static int64_t check_news(const cJSON *object)
{
	const cJSON *articles = json_get(object, "articles");
	int n = cJSON_GetArraySize(articles);

	return n < 1 ? 44003 : n > 1 ? 45008 : 0;
}

static int64_t check_menu(const cJSON *object)
{
	const cJSON *option;

	if (cJSON_GetArraySize(json_get(object, "list")) < 1) {
		return 40035;
	}
	cJSON_ArrayForEach(option, json_get(object, "list"))
	{
		if (!json_str(option, "id").n || !json_str(option, "content").n) {
			return 40035;
		}
	}
	return 0;
}

/* What the citizen sees of it: a text, or the name of the type and its id. */
static int64_t check_message(struct wx_account *account, const cJSON *json, struct buf *shown)
{
	struct str type = json_str(json, "msgtype");
	const cJSON *object = type.n ? json_get(json, type.p) : NULL;

	if (!cJSON_IsObject(object)) {
		return 40008;
	}
	if (str_is(type, "text")) {
		(void)buf_add_str(shown, json_str(object, "content"));
		return check_text(json_str(object, "content"));
	}
	(void)buf_printf(shown, "[" STR_FMT "] ", STR_ARG(type));
	if (str_is(type, "image") || str_is(type, "voice")) {
		(void)buf_add_str(shown, json_str(object, "media_id"));
		return check_media(account, object, "media_id", str_is(type, "image") ? WX_IMAGE : WX_VOICE);
	}
	if (str_is(type, "video")) {
		int64_t code = check_media(account, object, "media_id", WX_VIDEO);

		return code ? code : check_media(account, object, "thumb_media_id", WX_THUMB);
	}
	if (str_is(type, "music") || str_is(type, "miniprogrampage")) {
		return check_media(account, object, "thumb_media_id", WX_THUMB);
	}
	if (str_is(type, "news")) {
		(void)buf_add_str(shown, json_str(cJSON_GetArrayItem(json_get(object, "articles"), 0), "title"));
		return check_news(object);
	}
	if (str_is(type, "mpnews")) {
		return wx_draft(account, json_str(object, "media_id")) ? 0 : 40007;
	}
	if (str_is(type, "mpnewsarticle")) {
		(void)buf_add_str(shown, json_str(object, "article_id"));
		return is_published(account, json_str(object, "article_id")) ? 0 : 53600;
	}
	if (str_is(type, "msgmenu")) {
		(void)buf_add_str(shown, json_str(object, "head_content"));
		return check_menu(object);
	}
	return str_is(type, "wxcard") ? 48008 : 40008;
}

static int64_t check_citizen(const struct wx_citizen *citizen)
{
	if (!citizen) {
		return 40003;
	}
	if (citizen->blocked) {
		return 43019;
	}
	if (!citizen->subscribed) {
		return citizen->ever ? 45015 : 43004;
	}
	return citizen->refuses ? 48002 : citizen->minor ? 70000 : 0;
}

static bool take_from(struct wx_window *window, int64_t now_at, bool *open)
{
	if (now_at >= window->until) {
		return false;
	}
	*open = true;
	if (!window->left) {
		return false;
	}
	window->left--;
	return true;
}

static int64_t take_window(struct wx_citizen *citizen)
{
	int64_t now_at = wx_now(citizen->account);
	bool open = false;

	if (take_from(&citizen->message_window, now_at, &open) || take_from(&citizen->action_window, now_at, &open)) {
		return 0;
	}
	return open ? 45047 : 45015;
}

static bool has_agent(const struct wx_account *account, struct str name)
{
	for (size_t i = 0; i < account->n_agents; i++) {
		if (str_is(name, account->agents[i].account)) {
			return true;
		}
	}
	return false;
}

void wx_handle_custom_send(struct wx_call *wx)
{
	struct str agent = json_str(json_get(wx->json, "customservice"), "kf_account");
	struct wx_citizen *citizen = wx_citizen_by_openid(wx->account, json_str(wx->json, "touser"));
	struct buf shown;
	char id[64];
	int64_t code;

	buf_init(&shown, 1u << 20);
	code = check_citizen(citizen);
	code = code ? code : check_message(wx->account, wx->json, &shown);
	code = code || !agent.n || has_agent(wx->account, agent) ? code : 65401;
	code = code ? code : take_window(citizen);
	if (code) {
		wx_refuse(wx, code);
	} else {
		citizen->last_exchange_at = wx_now(wx->account);
		citizen->typing_until = 0;
		wx_citizen_line(citizen, WX_LINE_REPLY, shown.p);
		(void)snprintf(id, sizeof(id), "%s-%zu", citizen->openid, citizen->n_lines);
		wx_note(wx->account, "reply", wx->route->path,
			(struct wx_seen){ .remote_id = id, .text = shown.p, .to = citizen->openid });
		wx_ok(wx);
	}
	buf_finish(&shown);
}

void wx_handle_custom_typing(struct wx_call *wx)
{
	struct wx_citizen *citizen = wx_citizen_by_openid(wx->account, json_str(wx->json, "touser"));
	struct str command = json_str(wx->json, "command");
	int64_t now_at = wx_now(wx->account);

	if (!citizen) {
		wx_refuse(wx, 40003);
	} else if (str_is(command, "CancelTyping")) {
		citizen->typing_until = 0;
		wx_ok(wx);
	} else if (!str_is(command, "Typing")) {
		wx_refuse(wx, 45072);
	} else if (!citizen->last_exchange_at || now_at - citizen->last_exchange_at > EXCHANGE_MS) {
		wx_refuse(wx, 45080);
	} else if (now_at < citizen->typing_until) {
		wx_refuse(wx, 45081);
	} else {
		citizen->typing_until = now_at + TYPING_MS;
		wx_ok(wx);
	}
}

/* ---- agents ---- */

static struct wx_agent *agent_of(struct wx_call *wx)
{
	struct str name = json_str(wx->json, "kf_account");

	for (size_t i = 0; i < wx->account->n_agents; i++) {
		if (str_is(name, wx->account->agents[i].account)) {
			return &wx->account->agents[i];
		}
	}
	wx_refuse(wx, 65401);
	return NULL;
}

static bool is_agent_name(struct str name)
{
	size_t n = 0;

	while (n < name.n && name.p[n] && strchr(WX_ALNUM "_", name.p[n])) {
		n++;
	}
	return n > 0 && n <= PREFIX_BYTES && n + 1 < name.n && name.p[n] == '@';
}

void wx_handle_kf_add(struct wx_call *wx)
{
	struct wx_account *account = wx->account;
	struct str name = json_str(wx->json, "kf_account");
	struct str nickname = json_str(wx->json, "nickname");

	if (!is_agent_name(name)) {
		wx_refuse(wx, 65404);
	} else if (!nickname.n || text_chars(nickname) > NICKNAME_CHARS) {
		wx_refuse(wx, 65403);
	} else if (has_agent(account, name)) {
		wx_refuse(wx, 65406);
	} else if (account->n_agents >= AGENTS_MAX) {
		wx_refuse(wx, 65405);
	} else {
		array_grow(account->agents, account->n_agents, account->cap_agents);
		account->agents[account->n_agents++] = (struct wx_agent){ .account = str_dup(name),
			.nickname = str_dup(nickname) };
		wx_ok(wx);
	}
}

void wx_handle_kf_update(struct wx_call *wx)
{
	struct wx_agent *agent = agent_of(wx);
	struct str nickname = json_str(wx->json, "nickname");

	if (!agent) {
		return;
	}
	if (!nickname.n || text_chars(nickname) > NICKNAME_CHARS) {
		wx_refuse(wx, 65403);
		return;
	}
	free(agent->nickname);
	agent->nickname = str_dup(nickname);
	wx_ok(wx);
}

void wx_handle_kf_del(struct wx_call *wx)
{
	struct wx_agent *agent = agent_of(wx);

	if (agent) {
		free(agent->account);
		free(agent->nickname);
		free(agent->worker);
		*agent = wx->account->agents[--wx->account->n_agents];
		wx_ok(wx);
	}
}

void wx_handle_kf_invite(struct wx_call *wx)
{
	struct wx_agent *agent = agent_of(wx);

	if (agent) {
		free(agent->worker);
		agent->worker = str_dup(json_str(wx->json, "invite_wx"));
		wx_ok(wx);
	}
}

void wx_handle_kf_head(struct wx_call *wx)
{
	if (has_agent(wx->account, params_str(&wx->call->params, "kf_account"))) {
		wx_ok(wx);
	} else {
		wx_refuse(wx, 65401);
	}
}

void wx_handle_kf_list(struct wx_call *wx)
{
	out_object(wx->out, NULL);
	out_array(wx->out, "kf_list");
	for (size_t i = 0; i < wx->account->n_agents; i++) {
		const struct wx_agent *agent = &wx->account->agents[i];

		out_object(wx->out, NULL);
		out_text(wx->out, "kf_account", agent->account);
		out_text(wx->out, "kf_nick", agent->nickname);
		out_i64(wx->out, "kf_id", (int64_t)i + 1001);
		if (agent->worker) {
			out_text(wx->out, "kf_wx", agent->worker);
		}
		out_object_end(wx->out);
	}
	out_array_end(wx->out);
	out_object_end(wx->out);
}

void wx_handle_kf_online(struct wx_call *wx)
{
	out_object(wx->out, NULL);
	out_array(wx->out, "kf_online_list");
	out_array_end(wx->out);
	out_object_end(wx->out);
}

/* Only accounts with the agent desk have records; no simulated one has it. */
void wx_handle_kf_records(struct wx_call *wx)
{
	wx_refuse(wx, 65400);
}
