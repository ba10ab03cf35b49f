/* Who am I, who is that, how many follow: the reading of users. */
#include "sim/call.h"

#define COUNT_UIDS_MAX 100

void handle_get_uid(struct call *call)
{
	out_object(&call->out, NULL);
	out_digits(&call->out, "uid", call->account->user.uid);
	out_object_end(&call->out);
}

/* The newest status of an account, small, as users/show has it. */
static void out_last_status(struct call *call, const struct account *account)
{
	const struct list *list = &account->statuses;
	struct out *out = &call->out;

	for (size_t i = list->n; i > 0; i--) {
		const struct item *item = list->items[i - 1];
		char at[32];

		if (item->listed_at > call->sim->now_at) {
			continue;
		}
		format_weibo_time(at, item->created_at);
		out_object(out, "status");
		out_text(out, "created_at", at);
		out_id_pair(out, item->id);
		out_digits(out, "mid", item->id);
		out_text(out, "text", item->text);
		out_bool(out, "favorited", false);
		out_bool(out, "truncated", false);
		out_object_end(out);
		return;
	}
}

void handle_users_show(struct call *call)
{
	struct str name = params_str(&call->params, "screen_name");
	bool has_uid = params_str(&call->params, "uid").n > 0;
	const struct user *user;

	if (has_uid == (name.n > 0)) {
		call_refuse(call, has_uid ? 10008 : 20002, NULL);
		return;
	}
	user = has_uid ? sim_user_by_uid(call->sim, params_i64(&call->params, "uid", 0))
		       : sim_user_by_name(call->sim, name);
	if (!user) {
		call_refuse(call, 20003, NULL);
		return;
	}
	out_object(&call->out, NULL);
	out_user_members(&call->out, user);
	if (user->account && params_i64(&call->params, "trim_status", 0) != 1) {
		out_last_status(call, user->account);
	}
	out_object_end(&call->out);
}

void handle_users_counts(struct call *call)
{
	struct str uids = params_str(&call->params, "uids");
	struct out *out = &call->out;
	struct str text;
	size_t n = 0;

	if (!str_trim(uids).n) {
		call_refuse(call, 20001, NULL);
		return;
	}
	out_array(out, NULL);
	while (str_split(&uids, ',', &text)) {
		const struct user *user;
		int64_t uid;

		if (++n > COUNT_UIDS_MAX) {
			call_refuse(call, 20009, NULL);
			return;
		}
		if (!str_to_i64(str_trim(text), 1, INT64_MAX, &uid)) {
			call_refuse_value(call, "uids");
			return;
		}
		user = sim_user_by_uid(call->sim, uid);
		if (!user) {
			continue;
		}
		out_object(out, NULL);
		out_i64(out, "id", uid);
		out_user_counts(out, user);
		out_i64(out, "private_friends_count", 0);
		out_object_end(out);
	}
	out_array_end(out);
}

/* Off the open index. Counts everything ever received: nothing here resets it. */
void handle_unread_count(struct call *call)
{
	static const char *const zeros[] = { "dm", "group", "notice", "invite", "badge", "photo", "msgbox" };
	const struct account *account = call->account;
	struct out *out = &call->out;

	out_object(out, NULL);
	out_i64(out, "status", 0);
	out_i64(out, "follower", 0);
	out_i64(out, "cmt", (int64_t)account->received.n);
	out_i64(out, "mention_status", (int64_t)account->mentions.n);
	out_i64(out, "mention_cmt", (int64_t)account->comment_mentions.n);
	for (size_t i = 0; i < ARRAY_LEN(zeros); i++) {
		out_i64(out, zeros[i], 0);
	}
	out_object_end(out);
}
