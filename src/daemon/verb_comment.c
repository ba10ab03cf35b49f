/*
 * Comments under articles: comment.list, and which comment or article a person means (comment.find). What is done to
 * them is the platform's own call (account.call in verb_call.c); an answer is a reply to the ticket the comment is in.
 */
#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "daemon/daemon.h"
#include "daemon/targets.h"
#include "daemon/verb.h"
#include "store/send.h"
#include "store/view.h"

/* "12/wechat-main" to its account and thread. */
static bool find_thread(struct tx *tx, const struct call *call, struct account_id *ret_account, char **ret_name,
	char **ret_thread, struct error *err)
{
	cleanup(target_list_finish) struct target_list list = { 0 };
	struct send_row row = { 0 };
	const char *word;

	if (!call_text(call, "delivery", true, 96, &word, err) || !target_read(tx, word, &list, err)) {
		return false;
	}
	if (list.n != 1) {
		return error_set(
			err, ERROR_INPUT, ADVISE_REJECT, 0, "%.60s: name one delivery, such as 12/wechat-main", word);
	}
	if (!send_load(tx, list.items[0].id, &row, err)) {
		return false;
	}
	*ret_account = row.account;
	*ret_name = steal(&row.account_name);
	*ret_thread = steal(&row.thread_id);
	send_row_finish(&row);
	if (!*ret_thread) {
		free(*ret_name);
		*ret_name = NULL;
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0,
			"%s has no comments of its own: it is not published, or its platform did not say under which "
			"number",
			list.items[0].name);
	}
	return true;
}

static bool run_list(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "delivery", "after", "limit", NULL };
	cleanup(free_charp) char *thread = NULL;
	cleanup(free_charp) char *name = NULL;
	struct account_id account;
	struct page page;
	cJSON *rows;

	if (!call_only(call, names, err) || !call_page(call, &page, err) ||
		!find_thread(tx, call, &account, &name, &thread, err)) {
		return false;
	}
	call->result = json_object();
	rows = json_array();
	json_add(call->result, "rows", rows);
	if (!view_comments(tx, account, thread, &page, rows, err)) {
		return false;
	}
	json_add_text(call->result, "next", page.next);
	return true;
}

/* {account, thread}: what account.call wants. */
static bool run_thread(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "delivery", NULL };
	cleanup(free_charp) char *thread = NULL;
	cleanup(free_charp) char *name = NULL;
	struct account_id account;

	if (!call_only(call, names, err) || !find_thread(tx, call, &account, &name, &thread, err)) {
		return false;
	}
	call->result = json_object();
	json_add_text(call->result, "account", name);
	json_add_text(call->result, "thread", thread);
	return true;
}

/* {account, comment}: of a message's number, as comment.list and ticket.show give it. */
static bool run_find(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "id", NULL };
	int64_t id = 0;

	return call_only(call, names, err) && call_i64(call, "id", true, 1, INT64_MAX, &id, err) &&
	       view_comment(tx, id, &call->result, err);
}

const struct verb verbs_comment[] = {
	{ "comment.find", VERB_READ, PERMIT_COMMENT_READ, run_find },
	{ "comment.list", VERB_READ, PERMIT_COMMENT_READ, run_list },
	{ "comment.thread", VERB_READ, PERMIT_POST_READ, run_thread },
	{ 0 },
};
