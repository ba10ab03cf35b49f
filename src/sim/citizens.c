/*
 * Invented citizens: what a test has them write, repost or delete. They meet no limits and do not stand in the
 * ledger. "{n}" in a text or name becomes the number of the round when count is more than one.
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/mem.h"
#include "sim/control.h"
#include "sim/members.h"
#include "sim/state_file.h"
#include "sim/wechat_world.h"

#define COUNT_MAX      10000
#define NAME_MAX_BYTES 128
#define WISH_MAX_BYTES 8192
#define TEXT_MAX_BYTES (256u << 10) /* {n} grows, links shrink, names come in front */

enum act { ACT_COMMENT, ACT_REPLY, ACT_MENTION, ACT_COMMENT_MENTION, ACT_REPOST, ACT_LIKE, ACT_DELETE };

static const struct {
	const char *name;
	enum act act;
	const char *text; /* when the request has none */
} acts[] = {
	{ "comment", ACT_COMMENT, "请问什么时候可以办理?" },
	{ "reply", ACT_REPLY, "好的,感谢!" },
	{ "mention", ACT_MENTION, "路灯坏了,请处理" },
	{ "comment-mention", ACT_COMMENT_MENTION, "请看一下这里" },
	{ "repost", ACT_REPOST, "转发微博" },
	{ "like", ACT_LIKE, "" },
	{ "delete", ACT_DELETE, "" },
};

struct wish {
	struct account *account;
	enum act act;
	int64_t on; /* 0: not given */
	char *as;
	char *text;
	int64_t count;
	bool count_given;
};

static void wish_finish(struct wish *wish)
{
	free(wish->as);
	free(wish->text);
}

static bool read_target(struct sim *sim, const cJSON *request, struct wish *wish, size_t *ret_i, struct error *err)
{
	const char *account = "";
	const char *kind = "";
	size_t i = 0;

	if (!member_text(request, "account", &account, err) || !member_text(request, "kind", &kind, err)) {
		return false;
	}
	wish->account = sim_account(sim, str_from(account));
	if (!wish->account) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "account: \"%s\" is none", account);
	}
	while (i < ARRAY_LEN(acts) && strcmp(acts[i].name, kind) != 0) {
		i++;
	}
	if (i == ARRAY_LEN(acts)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "kind: \"%s\" is none", kind);
	}
	*ret_i = i;
	return true;
}

static bool read_wish(struct sim *sim, const cJSON *request, struct wish *ret_wish, struct error *err)
{
	static const char *const keys[] = { "account", "kind", "on", "as", "text", "count", NULL };
	struct wish wish = { .count = 1, .count_given = json_get(request, "count") != NULL };
	const char *as = "示例市民";
	const char *text;
	size_t i = 0;

	if (!members_known(request, keys, err) || !read_target(sim, request, &wish, &i, err)) {
		return false;
	}
	wish.act = acts[i].act;
	text = acts[i].text;
	if (!member_i64(request, "on", 1, INT64_MAX, &wish.on, err) || !member_text(request, "as", &as, err) ||
		!member_text(request, "text", &text, err) ||
		!member_i64(request, "count", 1, COUNT_MAX, &wish.count, err)) {
		return false;
	}
	if (!as[0] || strlen(as) > NAME_MAX_BYTES) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "as: expected 1 to %d bytes", NAME_MAX_BYTES);
	}
	if ((!text[0] && wish.act < ACT_LIKE) || strlen(text) > WISH_MAX_BYTES) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "text: expected 1 to %d bytes", WISH_MAX_BYTES);
	}
	wish.as = xstrdup(as);
	wish.text = xstrdup(text);
	*ret_wish = wish;
	return true;
}

/* `pattern` with every {n} replaced. */
static char *numbered(const char *pattern, const struct wish *wish, int64_t round)
{
	struct str rest = str_from(pattern);
	struct buf out;
	char *text;

	buf_init(&out, TEXT_MAX_BYTES);
	while (rest.n) {
		ptrdiff_t at = wish->count_given ? str_find(rest, STR("{n}")) : -1;

		if (at < 0) {
			buf_add_str(&out, rest);
			break;
		}
		buf_add_str(&out, str_sub(rest, 0, (size_t)at));
		(void)buf_printf(&out, "%" PRId64, round);
		rest = str_sub(rest, (size_t)at + 3, rest.n);
	}
	text = buf_steal(&out);
	buf_finish(&out);
	return text;
}

static void store_text(struct item *item, const char *text)
{
	struct buf stored;

	buf_init(&stored, TEXT_MAX_BYTES);
	weibo_stored_text(str_from(text), false, &stored, &item->links);
	item->sent = xstrdup(text);
	item->text = buf_steal(&stored);
	buf_finish(&stored);
}

static struct status *add_status(struct sim *sim, struct user *user, const char *text, struct status *reposted)
{
	struct status *status = sim_new_status(sim, user, 0);

	store_text(&status->item, text);
	status->retweeted = reposted;
	sim_index_status(sim, status);
	state_status(sim, status);
	return status;
}

static struct comment *add_comment(
	struct sim *sim, struct user *user, struct status *status, struct comment *answers, const char *text)
{
	struct comment *comment = sim_new_comment(sim, user, status, answers, 0);
	char *with_prefix = NULL;

	if (answers) {
		struct buf out;

		buf_init(&out, TEXT_MAX_BYTES);
		(void)buf_printf(&out, "回复@%s:%s", answers->item.user->name, text);
		with_prefix = buf_steal(&out);
		buf_finish(&out);
	}
	store_text(&comment->item, with_prefix ? with_prefix : text);
	free(with_prefix);
	sim_index_comment(sim, comment);
	state_comment(sim, comment);
	return comment;
}

/* The post that was named, or the account's newest; one is made when it never posted. NULL: `on` is none. */
static struct status *target_status(struct sim *sim, const struct wish *wish)
{
	const struct list *list = &wish->account->statuses;

	if (wish->on) {
		struct status *status = sim_status(sim, wish->on);

		return status && !status->item.gone ? status : NULL;
	}
	for (size_t i = list->n; i > 0; i--) {
		if (!list->items[i - 1]->gone) {
			return (struct status *)(void *)list->items[i - 1];
		}
	}
	return add_status(sim, &wish->account->user, "欢迎关注。", NULL);
}

/* The comment that was named, else the newest by the account, else the newest it received. */
static struct comment *target_comment(struct sim *sim, const struct wish *wish)
{
	const struct list *lists[] = { &wish->account->written, &wish->account->received };

	if (wish->on) {
		struct comment *comment = sim_comment(sim, wish->on);

		return comment && !comment->item.gone && !comment->status->item.gone ? comment : NULL;
	}
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		for (size_t i = lists[k]->n; i > 0; i--) {
			struct comment *comment = (struct comment *)(void *)lists[k]->items[i - 1];

			if (!comment->item.gone && !comment->status->item.gone) {
				return comment;
			}
		}
	}
	return NULL;
}

/* `text`, with the account's name in front unless it is in there. */
static char *with_mention(const struct wish *wish, const char *text)
{
	struct buf out;
	char *result;

	buf_init(&out, TEXT_MAX_BYTES);
	if (!text_mentions(str_from(text), str_from(wish->account->user.name))) {
		(void)buf_printf(&out, "@%s ", wish->account->user.name);
	}
	buf_add_text(&out, text);
	result = buf_steal(&out);
	buf_finish(&out);
	return result;
}

static struct item *act_once(struct sim *sim, const struct wish *wish, struct user *user, const char *text)
{
	struct comment *comment;
	struct status *status;
	struct item *item = NULL;
	char *mention;

	switch (wish->act) {
	case ACT_COMMENT:
		status = target_status(sim, wish);
		return status ? &add_comment(sim, user, status, NULL, text)->item : NULL;
	case ACT_REPLY:
		comment = target_comment(sim, wish);
		return comment ? &add_comment(sim, user, comment->status, comment, text)->item : NULL;
	case ACT_MENTION:
		mention = with_mention(wish, text);
		item = &add_status(sim, user, mention, NULL)->item;
		free(mention);
		return item;
	case ACT_COMMENT_MENTION:
		mention = with_mention(wish, text);
		status = wish->on ? target_status(sim, wish)
				  : add_status(sim, sim_citizen(sim, STR("示例路人")), "今天天气不错。", NULL);
		if (status) {
			item = &add_comment(sim, user, status, NULL, mention)->item;
		}
		free(mention);
		return item;
	case ACT_REPOST:
		status = target_status(sim, wish);
		if (!status) {
			return NULL;
		}
		mention = with_mention(wish, text);
		item = &add_status(sim, user, mention, status->retweeted ? status->retweeted : status)->item;
		free(mention);
		return item;
	case ACT_LIKE:
		status = target_status(sim, wish);
		if (!status) {
			return NULL;
		}
		status->likes++;
		state_status(sim, status);
		return &status->item;
	case ACT_DELETE:
		status = sim_status(sim, wish->on);
		comment = sim_comment(sim, wish->on);
		item = status ? &status->item : comment ? &comment->item : NULL;
		if (!item || item->gone) {
			return NULL;
		}
		sim_remove(sim, item);
		return item;
	}
	return NULL;
}

static void act(struct call *call, const struct wish *wish)
{
	struct out *out = &call->out;

	out_object(out, NULL);
	out_array(out, "ids");
	for (int64_t round = 1; round <= wish->count; round++) {
		char *name = numbered(wish->as, wish, round);
		char *text = numbered(wish->text, wish, round);
		struct item *item = act_once(call->sim, wish, sim_citizen(call->sim, str_from(name)), text);

		free(name);
		free(text);
		if (!item) {
			control_refuse(call, 404, "on: there is no such post or comment");
			return;
		}
		out_digits(out, NULL, item->id);
	}
	out_array_end(out);
	out_object_end(out);
}

void control_citizen(struct call *call, const cJSON *request)
{
	cleanup(wish_finish) struct wish wish = { 0 };
	struct error err;

	if (wechat_control_citizen(call, request)) {
		return;
	}
	if (!read_wish(call->sim, request, &wish, &err)) {
		control_refuse(call, 400, err.message);
		return;
	}
	act(call, &wish);
}
