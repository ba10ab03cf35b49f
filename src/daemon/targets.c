/*
 * Words to sends. "12" is every delivery of post 12, "12/weibo-main" one of them, "send:7" a send by its own number
 * (replies have no other name), "ALL" every open delivery: an operation on everything wants the literal word.
 */
#include "daemon/targets.h"

#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "daemon/verb.h"
#include "store/send.h"
#include "store/view.h"

static void add(struct target_list *list, struct send_id id, bool one_of_many, const char *name)
{
	struct target *target;

	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].id.v == id.v) {
			return;
		}
	}
	array_grow(list->items, list->n, list->cap);
	target = &list->items[list->n++];
	*target = (struct target){ .id = id, .one_of_many = one_of_many };
	(void)snprintf(target->name, sizeof(target->name), "%s", name);
}

static bool add_post(struct tx *tx, int64_t post, struct target_list *list, struct error *err)
{
	struct send_id *ids = NULL;
	size_t n = 0;
	bool ok;

	if (!send_list_of_post(tx, (struct post_id){ post }, &ids, &n, err)) {
		return false;
	}
	ok = n > 0 || error_set(err, ERROR_MISSING, ADVISE_REJECT, 0, "there is no post %" PRId64, post);
	for (size_t i = 0; ok && i < n; i++) {
		struct send_row row = { 0 };
		char name[96];

		ok = send_load(tx, ids[i], &row, err);
		if (ok) {
			(void)snprintf(name, sizeof(name), "%" PRId64 "/%s", post, row.account_name);
			add(list, ids[i], n > 1, name);
		}
		send_row_finish(&row);
	}
	free(ids);
	return ok;
}

static bool add_all(struct tx *tx, struct target_list *list, struct error *err)
{
	struct delivery_filter filter = { .kind = "publish" };
	struct page page = { .limit = LIMIT_PAGE_ROWS };
	cleanup(json_freep) cJSON *rows = json_array();
	cleanup(free_charp) char *after = NULL;
	const cJSON *row;

	do {
		free(after);
		after = xstrdup(page.next);
		page = (struct page){ .after = after, .limit = LIMIT_PAGE_ROWS };
		if (!view_sends(tx, &filter, &page, rows, err)) {
			return false;
		}
	} while (page.next[0]);
	cJSON_ArrayForEach(row, rows)
	{
		add(list, (struct send_id){ json_i64(row, "id", 0) }, true, json_text(row, "delivery", ""));
	}
	return true;
}

bool target_read(struct tx *tx, const char *word, struct target_list *list, struct error *err)
{
	struct str rest = str_from(word);
	struct str number;
	struct str shown = str_sub(rest, 0, 80);
	int64_t id;
	char name[96];

	if (strcmp(word, "ALL") == 0) {
		list->all = true;
		return add_all(tx, list, err);
	}
	if (str_starts(rest, STR("send:")) && str_to_i64(str_sub(rest, 5, rest.n), 1, INT64_MAX, &id)) {
		struct send_row row = { 0 };
		bool ok = send_load(tx, (struct send_id){ id }, &row, err);

		if (ok && row.kind == SEND_PUBLISH) {
			(void)snprintf(name, sizeof(name), "%" PRId64 "/%s", row.post.v, row.account_name);
			add(list, row.id, false, name);
		} else if (ok) {
			add(list, row.id, false, word);
		}
		send_row_finish(&row);
		return ok;
	}
	if (str_split(&rest, '/', &number) && str_to_i64(number, 1, INT64_MAX, &id)) {
		struct send_id send;

		if (!rest.p) {
			return add_post(tx, id, list, err);
		}
		(void)snprintf(name, sizeof(name), STR_FMT, STR_ARG(rest));
		if (!send_find_delivery(tx, (struct post_id){ id }, name, &send, err)) {
			return false;
		}
		(void)snprintf(name, sizeof(name), STR_FMT, STR_ARG(shown));
		add(list, send, false, name);
		return true;
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
		"\"" STR_FMT "\" names no delivery: expected 12, 12/ACCOUNT, send:7 or ALL", STR_ARG(shown));
}

bool targets_read(struct tx *tx, const struct call *call, const char *name, struct target_list *list, struct error *err)
{
	const cJSON *words = json_get(call->params, name);
	const cJSON *word;

	if (!cJSON_IsArray(words) || cJSON_GetArraySize(words) == 0) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s must be a list that is not empty",
			call->verb->name, name);
	}
	cJSON_ArrayForEach(word, words)
	{
		if (!cJSON_IsString(word)) {
			return error_set(
				err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: %s must be texts", call->verb->name, name);
		}
		if (!target_read(tx, word->valuestring, list, err)) {
			return false;
		}
	}
	return true;
}

void target_list_finish(struct target_list *list)
{
	free(list->items);
	*list = (struct target_list){ 0 };
}
