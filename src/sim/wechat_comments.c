/*
 * Comments under articles. Addressed by msg_data_id and a position from 0; numbers of comments start at 1 under every
 * article, so that nobody takes them for unique.
 *
 * source  pages comment (subscription tree), read 2026; that `total` is the length of the page and comment_cnt the
 * whole number from reports (community/develop/article/doc/00082a54a58f78ec3e1b8943355c13). Order newest first and 140
 *         characters of a reply: source unverified
 */
#include <inttypes.h>

#include "codec/json.h"
#include "core/mem.h"
#include "sim/wechat_world.h"
#include "text/utf8.h"

#define REPLY_CHARS 140
#define COUNT_MAX   49

static struct wx_article *article_of(struct wx_call *wx, struct wx_post **ret_post)
{
	struct wx_post *post = wx_post_by_data_id(wx->account, json_i64(wx->json, "msg_data_id", 0));
	int64_t index = json_i64(wx->json, "index", 0);

	if (!post || index < 0 || index >= (int64_t)post->n || post->articles[index].deleted ||
		(!post->broadcast && !wx->account->set.publish_comments)) {
		if (wx->route->handle == wx_handle_comment_list) {
			wx_refuse_open(wx, 88001, NULL);
			out_i64(wx->out, "total", 0);
			out_array(wx->out, "comment");
			out_array_end(wx->out);
			out_object_end(wx->out);
		} else {
			wx_refuse(wx, 88001);
		}
		return NULL;
	}
	*ret_post = post;
	return &post->articles[index];
}

static struct wx_comment *comment_of(struct wx_call *wx, struct wx_article **ret_article, struct wx_post **ret_post)
{
	int64_t id = json_i64(wx->json, "user_comment_id", 0);

	*ret_article = article_of(wx, ret_post);
	for (size_t i = 0; *ret_article && i < (*ret_article)->n_comments; i++) {
		struct wx_comment *comment = (*ret_article)->comments[i];

		if (comment->id != id) {
			continue;
		}
		if (comment->deleted) {
			wx_refuse(wx, 88004);
			return NULL;
		}
		return comment;
	}
	if (*ret_article) {
		wx_refuse(wx, 88008);
	}
	return NULL;
}

static void open_or_close(struct wx_call *wx, bool open)
{
	struct wx_post *post;
	struct wx_article *article = article_of(wx, &post);

	if (article) {
		article->comments_open = open;
		wx_ok(wx);
	}
}

void wx_handle_comment_open(struct wx_call *wx)
{
	open_or_close(wx, true);
}

void wx_handle_comment_close(struct wx_call *wx)
{
	open_or_close(wx, false);
}

static void out_wx_comment(struct out *out, const struct wx_comment *comment)
{
	out_object(out, NULL);
	out_i64(out, "user_comment_id", comment->id);
	if (comment->citizen) {
		out_text(out, "openid", comment->citizen->openid);
	}
	out_i64(out, "create_time", comment->created_at / 1000);
	out_text(out, "content", comment->content);
	out_i64(out, "comment_type", comment->elected);
	out_unknown(out);
	if (comment->reply) {
		out_object(out, "reply");
		out_text(out, "content", comment->reply);
		out_i64(out, "create_time", comment->replied_at / 1000);
		out_object_end(out);
	}
	out_object_end(out);
}

void wx_handle_comment_list(struct wx_call *wx)
{
	int64_t begin = json_i64(wx->json, "begin", 0);
	int64_t count = json_i64(wx->json, "count", 0);
	int64_t type = json_i64(wx->json, "type", 0);
	struct wx_post *post;
	const struct wx_article *article = article_of(wx, &post);
	int64_t seen = 0;
	int64_t shown = 0;

	if (!article) {
		return;
	}
	if (count < 1 || count > COUNT_MAX || begin < 0) {
		wx_refuse(wx, 88010);
		return;
	}
	wx_ok_open(wx, "ok");
	out_array(wx->out, "comment");
	for (size_t i = article->n_comments; i > 0; i--) {
		const struct wx_comment *comment = article->comments[i - 1];

		if (comment->deleted || (type == 1 && comment->elected) || (type == 2 && !comment->elected)) {
			continue;
		}
		if (seen++ >= begin && shown < count) {
			out_wx_comment(wx->out, comment);
			shown++;
		}
	}
	out_array_end(wx->out);
	if (wx->account->set.comment_total == WX_TOTAL_DOCUMENTED) {
		out_i64(wx->out, "total", seen);
	} else {
		out_i64(wx->out, "total", shown);
		out_i64(wx->out, "comment_cnt", seen);
	}
	out_object_end(wx->out);
}

static int64_t count_elected(const struct wx_article *article)
{
	int64_t n = 0;

	for (size_t i = 0; i < article->n_comments; i++) {
		n += article->comments[i]->elected && !article->comments[i]->deleted;
	}
	return n;
}

static void note_comment(struct wx_call *wx, const char *kind, const struct wx_post *post,
	const struct wx_comment *comment, const char *text)
{
	char id[64];

	(void)snprintf(id, sizeof(id), "%" PRId64 "_%" PRId64 "_%" PRId64, post->msg_data_id,
		json_i64(wx->json, "index", 0), comment->id);
	wx_note(wx->account, kind, wx->route->path,
		(struct wx_seen){
			.remote_id = id,
			.text = text,
			.to = comment->citizen ? comment->citizen->openid : NULL,
			.msg_data_id = post->msg_data_id,
		});
}

static void elect(struct wx_call *wx, bool elected)
{
	struct wx_post *post;
	struct wx_article *article;
	struct wx_comment *comment = comment_of(wx, &article, &post);

	if (!comment) {
		return;
	}
	if (elected && !comment->elected && count_elected(article) >= wx->account->set.elected_max) {
		wx_refuse(wx, 88003);
		return;
	}
	comment->elected = elected;
	note_comment(wx, elected ? "comment-elect" : "comment-unelect", post, comment, comment->content);
	wx_ok(wx);
}

void wx_handle_comment_markelect(struct wx_call *wx)
{
	elect(wx, true);
}

void wx_handle_comment_unmarkelect(struct wx_call *wx)
{
	elect(wx, false);
}

void wx_handle_comment_delete(struct wx_call *wx)
{
	struct wx_post *post;
	struct wx_article *article;
	struct wx_comment *comment = comment_of(wx, &article, &post);

	if (!comment) {
		return;
	}
	for (size_t i = 0; i < article->n_comments; i++) {
		if (article->comments[i] == comment) {
			memmove(&article->comments[i], &article->comments[i + 1],
				(article->n_comments - i - 1) * sizeof(struct wx_comment *));
			article->n_comments--;
		}
	}
	note_comment(wx, "comment-delete", post, comment, comment->content);
	free(comment->content);
	free(comment->reply);
	free(comment);
	wx_ok(wx);
}

void wx_handle_comment_reply_add(struct wx_call *wx)
{
	struct wx_post *post;
	struct wx_article *article;
	struct wx_comment *comment = comment_of(wx, &article, &post);
	struct str content = json_str(wx->json, "content");

	if (!comment) {
		return;
	}
	if (!content.n || text_chars(content) > REPLY_CHARS) {
		wx_refuse(wx, 88007);
		return;
	}
	if (comment->reply) {
		wx_refuse(wx, 88005);
		return;
	}
	comment->reply = str_dup(content);
	comment->replied_at = wx_now(wx->account);
	note_comment(wx, "comment-reply", post, comment, comment->reply);
	wx_ok(wx);
}

void wx_handle_comment_reply_delete(struct wx_call *wx)
{
	struct wx_post *post;
	struct wx_article *article;
	struct wx_comment *comment = comment_of(wx, &article, &post);

	if (!comment) {
		return;
	}
	note_comment(wx, "comment-reply-delete", post, comment, comment->reply);
	free(comment->reply);
	comment->reply = NULL;
	wx_ok(wx);
}
