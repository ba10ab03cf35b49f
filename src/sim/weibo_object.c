/*
 * Statuses, comments and users as the platform writes them: which members, in which order, of which type. After
 * recorded answers.
 */
#include <inttypes.h>

#include "core/attr.h"
#include "sim/call.h"

#define APP_ANCHOR(name) "<a href=\"http://app.weibo.com/t/feed/0000Aa\" rel=\"nofollow\">" name "</a>"

static const char citizen_source[] = "<a href=\"http://weibo.com\" rel=\"nofollow\">微博网页版</a>";
static const char app_source[] = APP_ANCHOR("政务发布平台");
static const char unreviewed_source[] = APP_ANCHOR("未通过审核应用");

static const char *source_of(const struct user *user)
{
	if (!user->account) {
		return citizen_source;
	}
	return user->account->set.tier == TIER_TEST ? unreviewed_source : app_source;
}

static void out_picture_address(struct out *out, const char *key, const char *size, const char *id)
{
	char address[160];

	(void)snprintf(address, sizeof(address), "https://wx1.sinaimg.cn/%s/%s.jpg", size, id);
	out_text(out, key, address);
}

void out_picture(struct out *out, const struct picture *picture)
{
	out_picture_address(out, "thumbnail_pic", "thumbnail", picture->id);
	out_picture_address(out, "bmiddle_pic", "bmiddle", picture->id);
	out_picture_address(out, "original_pic", "large", picture->id);
}

static void out_avatar(struct out *out, const char *key, const char *size, int64_t uid)
{
	char address[160];

	(void)snprintf(
		address, sizeof(address), "https://tvax1.sinaimg.cn/crop.0.0.100.100.%s/%" PRId64 ".jpg", size, uid);
	out_text(out, key, address);
}

static int64_t followers_of(const struct user *user)
{
	return user->account ? 10000 + user->uid % 90000 : user->uid % 300;
}

void out_user_counts(struct out *out, const struct user *user)
{
	out_i64(out, "followers_count", followers_of(user));
	out_i64(out, "friends_count", 35);
	out_i64(out, "statuses_count", user->account ? (int64_t)user->account->statuses.n : user->uid % 500);
}

/* The members of a user, inside an object that is open. */
void out_user_members(struct out *out, const struct user *user)
{
	bool verified = user->account != NULL;
	char url[32];

	out_id_pair(out, user->uid);
	out_i64(out, "class", 1);
	out_text(out, "screen_name", user->name);
	out_text(out, "name", user->name);
	out_text(out, "province", "99");
	out_text(out, "city", "1");
	if (!out_odd(out, "location")) {
		out_text(out, "location", "示例省");
	}
	out_text(out, "description", "");
	out_text(out, "url", "");
	out_avatar(out, "profile_image_url", "50", user->uid);
	(void)snprintf(url, sizeof(url), "u/%" PRId64, user->uid);
	out_text(out, "profile_url", url);
	out_text(out, "domain", "");
	out_text(out, "weihao", "");
	out_text(out, "gender", "n");
	out_user_counts(out, user);
	out_i64(out, "favourites_count", 0);
	out_text(out, "created_at", "Tue Mar 03 10:00:00 +0800 2020");
	out_bool(out, "following", false);
	out_bool(out, "allow_all_act_msg", true);
	out_bool(out, "geo_enabled", false);
	out_bool(out, "verified", verified);
	out_i64(out, "verified_type", verified ? 1 : -1);
	out_text(out, "remark", "");
	out_bool(out, "allow_all_comment", !verified || !user->account->set.comment_refusal);
	out_avatar(out, "avatar_large", "180", user->uid);
	out_avatar(out, "avatar_hd", "1024", user->uid);
	out_text(out, "verified_reason", verified ? "官方微博(示例)" : "");
	out_bool(out, "follow_me", false);
	out_i64(out, "online_status", 0);
	out_i64(out, "bi_followers_count", 12);
	out_text(out, "lang", "zh-cn");
	out_unknown(out);
}

static void out_user(struct out *out, const struct user *user, bool trimmed)
{
	out_object(out, "user");
	if (trimmed) {
		out_i64(out, "id", user->uid);
	} else {
		out_user_members(out, user);
	}
	out_object_end(out);
}

static void out_time(struct out *out, int64_t at)
{
	char text[32];

	format_weibo_time(text, at);
	out_text(out, "created_at", text);
}

static void out_links(struct out *out, const struct links *links)
{
	if (out_odd(out, "url_objects")) {
		return;
	}
	out_array(out, "url_objects");
	for (size_t i = 0; i < links->n; i++) {
		const struct link *link = &links->items[i];

		out_object(out, NULL);
		out_text(out, "url_ori", link->shortened);
		out_text(out, "object_id", "");
		out_object(out, "info");
		out_text(out, "url_short", link->shortened);
		out_text(out, "url_long", link->original);
		out_i64(out, "type", 0);
		out_bool(out, "result", true);
		out_object_end(out);
		out_object_end(out);
	}
	out_array_end(out);
}

static void out_in_reply(struct out *out)
{
	static const char *const keys[] = { "in_reply_to_status_id", "in_reply_to_user_id", "in_reply_to_screen_name" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (!out_odd(out, keys[i])) {
			out_text(out, keys[i], "");
		}
	}
}

static void out_gone_status(struct out *out, const struct status *status)
{
	out_object(out, "retweeted_status");
	out_time(out, status->item.created_at);
	out_id_pair(out, status->item.id);
	out_digits(out, "mid", status->item.id);
	out_text(out, "text", "此微博已被原作者删除。");
	out_text(out, "source", "");
	out_bool(out, "favorited", false);
	out_bool(out, "truncated", false);
	out_in_reply(out);
	out_null(out, "geo");
	out_text(out, "deleted", "1");
	out_object_end(out);
}

static void out_pictures(struct out *out, const struct status *status)
{
	if (!out_odd(out, "pic_urls")) {
		out_array(out, "pic_urls");
		for (size_t i = 0; i < status->n_pictures; i++) {
			out_object(out, NULL);
			out_picture_address(out, "thumbnail_pic", "thumbnail", status->pictures[i]->id);
			out_object_end(out);
		}
		out_array_end(out);
	}
	if (!status->n_pictures) {
		return;
	}
	out_array(out, "pic_ids");
	for (size_t i = 0; i < status->n_pictures; i++) {
		out_text(out, NULL, status->pictures[i]->id);
	}
	out_array_end(out);
	out_picture(out, status->pictures[0]);
}

static void out_visible(struct out *out, const struct status *status)
{
	if (out_odd(out, "visible")) {
		return;
	}
	out_object(out, "visible");
	out_i64(out, "type", status->visible_type);
	out_i64(out, "list_id", 0);
	out_object_end(out);
}

static void out_counts(struct out *out, const struct status *status)
{
	out_i64(out, "reposts_count", (int64_t)status->reposts.n);
	out_i64(out, "comments_count", (int64_t)status->comments.n);
	out_i64(out, "attitudes_count", status->likes);
}

static void out_long_text(struct out *out, const struct status *status)
{
	out_i64(out, "textLength", weibo_length(str_from(status->long_text)));
	out_object(out, "longText");
	out_text(out, "longTextContent", status->long_text);
	out_array(out, "url_objects");
	out_array_end(out);
	out_object_end(out);
}

void out_status(struct out *out, const char *key, const struct status *status, unsigned detail)
{
	const struct item *item = &status->item;

	out_object(out, key);
	out_time(out, item->created_at);
	out_id_pair(out, item->id);
	out_digits(out, "mid", item->id);
	out_bool(out, "can_edit", false);
	out_text(out, "text", item->text);
	out_i64(out, "source_allowclick", 0);
	out_i64(out, "source_type", 1);
	out_text(out, "source", source_of(item->user));
	out_bool(out, "favorited", false);
	out_bool(out, "truncated", false);
	out_in_reply(out);
	out_pictures(out, status);
	if (!out_odd(out, "geo")) {
		out_null(out, "geo");
	}
	out_user(out, item->user, detail & DETAIL_TRIM_USER);
	out_counts(out, status);
	out_i64(out, "pending_approval_count", 0);
	out_bool(out, "isLongText", status->long_text != NULL);
	out_i64(out, "hide_flag", 0);
	out_i64(out, "mlevel", 0);
	out_visible(out, status);
	out_i64(out, "pic_num", (int64_t)status->n_pictures);
	out_links(out, &item->links);
	if (status->annotations) {
		out_raw(out, "annotations", str_from(status->annotations));
	}
	if (detail & DETAIL_LONG && status->long_text) {
		out_long_text(out, status);
	}
	if (detail & DETAIL_DELETED) {
		out_text(out, "deleted", "1");
	}
	if (status->retweeted && !(detail & DETAIL_FLAT)) {
		if (status->retweeted->item.gone) {
			out_gone_status(out, status->retweeted);
		} else {
			out_status(out, "retweeted_status", status->retweeted, detail | DETAIL_FLAT);
		}
	}
	out_unknown(out);
	out_object_end(out);
}

/* The post under which a comment stands: fewer members. */
static void out_commented_status(struct out *out, const struct status *status, bool trim_user)
{
	const struct item *item = &status->item;

	out_object(out, "status");
	out_time(out, item->created_at);
	out_id_pair(out, item->id);
	out_digits(out, "mid", item->id);
	out_text(out, "text", item->text);
	out_text(out, "source", source_of(item->user));
	out_bool(out, "favorited", false);
	out_bool(out, "truncated", false);
	out_counts(out, status);
	out_user(out, item->user, trim_user);
	out_visible(out, status);
	out_object_end(out);
}

static void out_comment_head(struct out *out, const struct comment *comment)
{
	out_time(out, comment->item.created_at);
	out_id_pair(out, comment->item.id);
	out_digits(out, "mid", comment->mid);
	out_text(out, "text", comment->item.text);
	out_text(out, "source", source_of(comment->item.user));
}

void out_comment(struct out *out, const char *key, const struct comment *comment, unsigned detail)
{
	bool trim_user = detail & DETAIL_TRIM_USER;

	out_object(out, key);
	out_comment_head(out, comment);
	out_i64(out, "rootid", comment->root_id);
	if (!out_odd(out, "floor_number")) {
		out_i64(out, "floor_number", comment->floor);
	}
	out_i64(out, "disable_reply", 0);
	out_i64(out, "source_allowclick", 0);
	out_i64(out, "source_type", 2);
	out_user(out, comment->item.user, trim_user);
	if (!out_odd(out, "like_count")) {
		out_i64(out, "like_count", 0);
	}
	if (!out_odd(out, "reply_count")) {
		out_i64(out, "reply_count", 0);
	}
	out_commented_status(out, comment->status, trim_user);
	if (comment->answers) {
		out_object(out, "reply_comment");
		out_comment_head(out, comment->answers);
		out_user(out, comment->answers->item.user, trim_user);
		out_object_end(out);
	}
	out_unknown(out);
	out_object_end(out);
}
