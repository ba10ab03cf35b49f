/* Comments: the lists in which they appear, and writing, answering and deleting them. */
#include <inttypes.h>

#include "core/mem.h"
#include "sim/call.h"
#include "sim/said.h"
#include "sim/state_file.h"

#define COMMENT_CHARS_MAX 140
#define COMMENT_BYTES_MAX (1u << 20)
#define SHOW_BATCH_MAX    50
#define DESTROY_BATCH_MAX 20
#define COMMENTS_PER_PAGE 50
#define COMMENTS_PAGE_MAX 200

/* A comment under a post that is gone cannot be seen any more. */
static bool keeps_comment(const struct call *call, const struct item *item)
{
	const struct comment *comment = (const struct comment *)(const void *)item;

	return !comment->status->item.gone && page_keeps(call, item);
}

static unsigned user_detail(const struct call *call)
{
	return params_i64(&call->params, "trim_user", 0) == 1 ? DETAIL_TRIM_USER : 0;
}

static void out_list(struct call *call, const struct list *list, bool with_marks)
{
	struct out *out = &call->out;
	struct page_result result;
	struct page page;

	page_read(call, &page, COMMENTS_PER_PAGE, COMMENTS_PAGE_MAX);
	page_select(call, list, &page, keeps_comment, &result);
	out_object(out, NULL);
	if (with_marks) {
		out_array(out, "marks");
		out_array_end(out);
	}
	out_array(out, "comments");
	for (size_t i = 0; i < result.n; i++) {
		out_comment(out, NULL, (struct comment *)(void *)result.items[i], user_detail(call));
	}
	page_out_end(call, &result);
	free(result.items);
}

void handle_comments_to_me(struct call *call)
{
	out_list(call, &call->account->received, false);
}

void handle_comments_by_me(struct call *call)
{
	out_list(call, &call->account->written, false);
}

void handle_comments_timeline(struct call *call)
{
	out_list(call, &call->account->timeline, false);
}

void handle_comments_mentions(struct call *call)
{
	out_list(call, &call->account->comment_mentions, false);
}

void handle_comments_show(struct call *call)
{
	struct status *status;

	if (rule_status(call, "id", &status)) {
		out_list(call, &status->comments, true);
	}
}

static bool is_there(const struct sim *sim, const struct comment *comment)
{
	return comment && item_is_visible(sim, &comment->item) && !comment->status->item.gone;
}

void handle_comments_show_batch(struct call *call)
{
	struct str ids = params_str(&call->params, "cids");
	struct str text;
	size_t n = 0;

	if (!str_trim(ids).n) {
		call_refuse(call, 20204, NULL);
		return;
	}
	out_array(&call->out, NULL);
	while (str_split(&ids, ',', &text)) {
		const struct comment *comment;
		int64_t id;

		if (++n > SHOW_BATCH_MAX) {
			call_refuse(call, 20009, NULL);
			return;
		}
		if (!str_to_i64(str_trim(text), 1, INT64_MAX, &id)) {
			call_refuse_value(call, "cids");
			return;
		}
		comment = sim_comment(call->sim, id);
		if (is_there(call->sim, comment)) {
			out_comment(&call->out, NULL, comment, user_detail(call));
		}
	}
	out_array_end(&call->out);
}

/* Text and address, in the order in which the real interface complains. */
static bool read_comment(struct call *call, struct str *ret_text)
{
	if (!params_has(&call->params, "comment")) {
		call_refuse_missing(call, "comment");
		return false;
	}
	*ret_text = params_str(&call->params, "comment");
	return rule_rip(call);
}

static bool check_comment(struct call *call, const struct status *status, struct str text)
{
	const struct account *owner = status->item.user->account;

	if (owner && owner != call->account && owner->set.comment_refusal) {
		call_refuse(call, owner->set.comment_refusal, NULL);
		return false;
	}
	if (!owner && call->account->set.comment_refusal) {
		call_refuse(call, call->account->set.comment_refusal, NULL);
		return false;
	}
	if (!str_trim(text).n) {
		call_refuse(call, 20008, NULL);
		return false;
	}
	if (weibo_length(text) > COMMENT_CHARS_MAX) {
		call_refuse(call, 20012, NULL);
		return false;
	}
	return quota_take_comment(call) && rule_fresh(call, &call->account->said_comments, text) &&
	       rule_content(call, text);
}

static struct comment *write_comment(
	struct call *call, struct status *status, struct comment *answers, struct str text, bool prefix)
{
	struct sim *sim = call->sim;
	struct account *account = call->account;
	struct comment *comment = sim_new_comment(sim, &account->user, status, answers, call->hide_ms);
	struct buf stored;

	buf_init(&stored, COMMENT_BYTES_MAX);
	if (answers && prefix) {
		(void)buf_printf(&stored, "回复@%s:", answers->item.user->name);
	}
	weibo_stored_text(text, false, &stored, &comment->item.links);
	comment->item.sent = str_dup(text);
	comment->item.text = buf_steal(&stored);
	buf_finish(&stored);
	sim_index_comment(sim, comment);
	state_comment(sim, comment);
	ledger_add(sim, account, answers ? LEDGER_REPLY : LEDGER_COMMENT, call->route->path, &comment->item,
		answers ? answers->item.id : status->item.id);
	return comment;
}

static void finish_comment(struct call *call, struct status *status, struct comment *answers, struct str text)
{
	bool prefix = params_i64(&call->params, "without_mention", 0) != 1;
	const struct comment *comment = write_comment(call, status, answers, text, prefix);

	said_add(&call->account->said_comments, text, call->sim->now_at);
	if (params_i64(&call->params, "comment_ori", 0) == 1 && status->retweeted && !status->retweeted->item.gone) {
		(void)write_comment(call, status->retweeted, NULL, text, false);
	}
	out_comment(&call->out, NULL, comment, 0);
}

void handle_comment_create(struct call *call)
{
	struct status *status;
	struct str text;

	if (read_comment(call, &text) && rule_status(call, "id", &status) && check_comment(call, status, text)) {
		finish_comment(call, status, NULL, text);
	}
}

void handle_comment_reply(struct call *call)
{
	struct comment *answers;
	struct status *status;
	struct str text;
	int64_t cid;

	if (!rule_id(call, "cid", 10016, &cid) || !read_comment(call, &text) || !rule_status(call, "id", &status)) {
		return;
	}
	answers = sim_comment(call->sim, cid);
	if (!is_there(call->sim, answers) || answers->status != status) {
		if (!call->account->set.reply_degrades) {
			call_refuse(call, 20201, NULL);
			return;
		}
		answers = NULL; /* as version 1 did: a plain comment on the post */
	}
	if (check_comment(call, status, text)) {
		finish_comment(call, status, answers, text);
	}
}

static struct comment *own_comment(struct call *call, int64_t cid)
{
	struct comment *comment = sim_comment(call->sim, cid);

	if (!is_there(call->sim, comment)) {
		call_refuse(call, 20201, NULL);
		return NULL;
	}
	if (comment->item.user != &call->account->user) {
		call_refuse(call, 20203, NULL);
		return NULL;
	}
	return comment;
}

static void destroy(struct call *call, struct comment *comment)
{
	sim_remove(call->sim, &comment->item);
	ledger_add(call->sim, call->account, LEDGER_DELETE, call->route->path, &comment->item, 0);
	out_comment(&call->out, NULL, comment, 0);
}

void handle_comment_destroy(struct call *call)
{
	struct comment *comment;
	int64_t cid;

	if (!rule_id(call, "cid", 20204, &cid)) {
		return;
	}
	comment = own_comment(call, cid);
	if (comment) {
		destroy(call, comment);
	}
}

void handle_comment_destroy_batch(struct call *call)
{
	struct str ids = params_str(&call->params, "cids");
	struct comment *list[DESTROY_BATCH_MAX];
	size_t n = 0;
	struct str text;

	if (!str_trim(ids).n) {
		call_refuse(call, 20204, NULL);
		return;
	}
	while (str_split(&ids, ',', &text)) {
		int64_t cid;

		if (n == DESTROY_BATCH_MAX) {
			call_refuse(call, 20009, NULL);
			return;
		}
		if (!str_to_i64(str_trim(text), 1, INT64_MAX, &cid)) {
			call_refuse_value(call, "cids");
			return;
		}
		list[n] = own_comment(call, cid);
		if (!list[n]) {
			return;
		}
		n++;
	}
	out_array(&call->out, NULL);
	for (size_t i = 0; i < n; i++) {
		if (!list[i]->item.gone) { /* the same one twice in the list */
			destroy(call, list[i]);
		}
	}
	out_array_end(&call->out);
}
