/* Reading statuses: timelines, single ones, mentions, numbers and names of ids. */
#include <inttypes.h>

#include "core/mem.h"
#include "sim/call.h"

#define OPEN_TIER_NEWEST 5
#define COUNT_IDS_MAX    100
#define BATCH_IDS_MAX    50
#define MID_BATCH_MAX    20
#define BASE62_GROUP     INT64_C(10000000) /* seven decimal digits make four letters */
#define MID_BYTES        16

static const char base62[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static unsigned user_detail(const struct call *call)
{
	return params_i64(&call->params, "trim_user", 0) == 1 ? DETAIL_TRIM_USER : 0;
}

static bool select_own(struct call *call, struct page_result *ret_result)
{
	const struct account *account = call->account;
	bool open = account->set.tier == TIER_SHARE || account->set.tier == TIER_TEST;
	int64_t uid = params_i64(&call->params, "uid", account->user.uid);
	struct str name = params_str(&call->params, "screen_name");
	struct page page;

	if (uid != account->user.uid || (name.n && !str_is(name, account->user.name))) {
		call_refuse(call, 21335, NULL);
		return false;
	}
	page_read(call, &page, 20, 100);
	page.newest = open ? OPEN_TIER_NEWEST : 0;
	page_select(call, &account->statuses, &page, NULL, ret_result);
	return true;
}

static void out_statuses(struct call *call, const char *key, const struct page_result *result)
{
	out_object(&call->out, NULL);
	out_array(&call->out, key);
	for (size_t i = 0; i < result->n; i++) {
		out_status(&call->out, NULL, (struct status *)(void *)result->items[i], user_detail(call));
	}
	page_out_end(call, result);
}

void handle_user_timeline(struct call *call)
{
	struct page_result result = { 0 };

	if (select_own(call, &result)) {
		out_statuses(call, "statuses", &result);
	}
	free(result.items);
}

void handle_user_timeline_ids(struct call *call)
{
	struct page_result result = { 0 };

	if (select_own(call, &result)) {
		out_object(&call->out, NULL);
		out_array(&call->out, "statuses");
		for (size_t i = 0; i < result.n; i++) {
			out_digits(&call->out, NULL, result.items[i]->id);
		}
		page_out_end(call, &result);
	}
	free(result.items);
}

static bool keeps_mention(const struct call *call, const struct item *item)
{
	const struct status *status = (const struct status *)(const void *)item;

	if (params_i64(&call->params, "filter_by_type", 0) == 1 && status->retweeted) {
		return false;
	}
	return page_keeps(call, item);
}

void handle_mentions(struct call *call)
{
	struct page_result result;
	struct page page;

	page_read(call, &page, 20, 200);
	page_select(call, &call->account->mentions, &page, keeps_mention, &result);
	out_statuses(call, "statuses", &result);
	free(result.items);
}

void handle_repost_timeline(struct call *call)
{
	struct page_result result;
	struct status *status;
	struct page page;

	if (!rule_status(call, "id", &status)) {
		return;
	}
	page_read(call, &page, 20, 200);
	page_select(call, &status->reposts, &page, page_keeps, &result);
	if (!result.n) {
		out_array(&call->out, NULL); /* a bare list, as recorded */
		out_array_end(&call->out);
	} else {
		out_statuses(call, "reposts", &result);
	}
	free(result.items);
}

void handle_status_show(struct call *call)
{
	struct status *status;

	if (rule_status(call, "id", &status)) {
		out_status(&call->out, NULL, status, DETAIL_LONG | user_detail(call));
	}
}

/* Take the next id off a comma list; false at its end or, with the call refused, at something else. */
static bool next_id(struct call *call, struct str *ids, const char *param, int64_t *ret_id)
{
	struct str text;

	if (!str_split(ids, ',', &text)) {
		return false;
	}
	if (!str_to_i64(str_trim(text), 1, INT64_MAX, ret_id)) {
		call_refuse_value(call, param);
		return false;
	}
	return true;
}

static bool read_ids(struct call *call, const char *param, size_t max, struct str *ret_ids)
{
	struct str ids = params_str(&call->params, param);
	size_t n = 1;

	if (!str_trim(ids).n) {
		call_refuse(call, 20001, NULL);
		return false;
	}
	for (size_t i = 0; i < ids.n; i++) {
		n += ids.p[i] == ',';
	}
	if (n > max) {
		call_refuse(call, 20009, NULL);
		return false;
	}
	*ret_ids = ids;
	return true;
}

void handle_status_show_batch(struct call *call)
{
	struct out *out = &call->out;
	struct str ids;
	int64_t found = 0;
	int64_t id;

	if (!read_ids(call, "ids", BATCH_IDS_MAX, &ids)) {
		return;
	}
	out_object(out, NULL);
	out_array(out, "statuses");
	while (next_id(call, &ids, "ids", &id)) {
		const struct status *status = sim_status(call->sim, id);

		if (!status || status->item.visible_at > call->sim->now_at) {
			continue;
		}
		found++;
		if (!status->item.gone) {
			out_status(out, NULL, status, user_detail(call) | DETAIL_LONG);
			continue;
		}
		out_object(out, NULL);
		out_id_pair(out, id);
		out_text(out, "text", "抱歉，此微博已被作者删除。");
		out_text(out, "deleted", "1");
		out_object_end(out);
	}
	if (call->refusal) {
		return;
	}
	if (!found) {
		call_refuse(call, 20101, NULL);
		return;
	}
	out_array_end(out);
	out_i64(out, "total_number", found);
	out_object_end(out);
}

void handle_status_count(struct call *call)
{
	struct out *out = &call->out;
	struct str ids;
	int64_t id;

	if (!read_ids(call, "ids", COUNT_IDS_MAX, &ids)) {
		return;
	}
	out_array(out, NULL);
	while (next_id(call, &ids, "ids", &id)) {
		const struct status *status = sim_status(call->sim, id);

		if (!status || !item_is_visible(call->sim, &status->item)) {
			continue;
		}
		out_object(out, NULL);
		out_i64(out, "id", id);
		out_i64(out, "comments", (int64_t)status->comments.n);
		out_i64(out, "reposts", (int64_t)status->reposts.n);
		out_i64(out, "attitudes", status->likes);
		out_object_end(out);
	}
	if (!call->refusal) {
		out_array_end(out);
	}
}

static void id_to_mid(int64_t id, char ret[MID_BYTES])
{
	char reversed[MID_BYTES];
	size_t n = 0;

	while (id) {
		int64_t group = id % BASE62_GROUP;

		id /= BASE62_GROUP;
		for (int i = 0; i < 4 && (group || id); i++) {
			reversed[n++] = base62[group % 62];
			group /= 62;
		}
	}
	for (size_t i = 0; i < n; i++) {
		ret[i] = reversed[n - 1 - i];
	}
	ret[n] = 0;
}

static bool mid_to_id(struct str mid, int64_t *ret_id)
{
	int64_t id = 0;

	if (!mid.n || mid.n > 12) {
		return false;
	}
	for (size_t at = 0; at < mid.n;) {
		size_t end = mid.n - (mid.n - at - 1) / 4 * 4;
		int64_t group = 0;

		for (; at < end; at++) {
			const char *letter = mid.p[at] ? strchr(base62, mid.p[at]) : NULL;

			if (!letter) {
				return false;
			}
			group = group * 62 + (letter - base62);
		}
		if (group >= BASE62_GROUP || id > INT64_MAX / BASE62_GROUP - 1) {
			return false;
		}
		id = id * BASE62_GROUP + group;
	}
	*ret_id = id;
	return true;
}

void handle_querymid(struct call *call)
{
	bool batch = params_i64(&call->params, "is_batch", 0) == 1;
	bool comments = params_i64(&call->params, "type", 1) == 2;
	struct out *out = &call->out;
	struct str ids;
	int64_t id;

	if (!read_ids(call, "id", batch ? MID_BATCH_MAX : 1, &ids)) {
		return;
	}
	if (batch) {
		out_array(out, NULL);
	}
	while (next_id(call, &ids, "id", &id)) {
		const struct comment *comment = comments ? sim_comment(call->sim, id) : NULL;
		char digits[24];
		char mid[MID_BYTES];

		id_to_mid(comment ? comment->mid : id, mid);
		(void)snprintf(digits, sizeof(digits), "%" PRId64, id);
		out_object(out, NULL);
		out_text(out, batch ? digits : "mid", mid);
		out_object_end(out);
	}
	if (batch && !call->refusal) {
		out_array_end(out);
	}
}

void handle_queryid(struct call *call)
{
	bool batch = params_i64(&call->params, "is_batch", 0) == 1;
	bool encoded = params_i64(&call->params, "isBase62", 0) == 1;
	bool comments = params_i64(&call->params, "type", 1) == 2;
	struct out *out = &call->out;
	struct str mids;
	struct str mid;

	if (!read_ids(call, "mid", batch ? MID_BATCH_MAX : 1, &mids)) {
		return;
	}
	if (batch) {
		out_array(out, NULL);
	}
	while (str_split(&mids, ',', &mid)) {
		const struct comment *comment;
		char text[MID_BYTES * 2];
		int64_t id;

		mid = str_trim(mid);
		if (encoded ? !mid_to_id(mid, &id) : !str_to_i64(mid, 1, INT64_MAX, &id)) {
			call_refuse_value(call, "mid");
			return;
		}
		comment = comments ? table_get(&call->sim->mids, table_key(&id)) : NULL;
		(void)snprintf(text, sizeof(text), "%.*s", (int)mid.n, mid.p);
		out_object(out, NULL);
		out_digits(out, batch ? text : "id", comment ? comment->item.id : id);
		out_object_end(out);
	}
	if (batch) {
		out_array_end(out);
	}
}

void handle_emotions(struct call *call)
{
	static const char *const phrases[] = { "[微笑]", "[鼓掌]", "[赞]", "[爱心]", "[抱拳]", "[加油]" };
	struct out *out = &call->out;

	out_array(out, NULL);
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		char url[80];

		(void)snprintf(url, sizeof(url), "https://face.t.sinajs.cn/expression/%zu.png", i + 1);
		out_object(out, NULL);
		out_text(out, "phrase", phrases[i]);
		out_text(out, "type", "face");
		out_text(out, "url", url);
		out_bool(out, "hot", false);
		out_bool(out, "common", true);
		out_text(out, "category", "");
		out_text(out, "icon", url);
		out_text(out, "value", phrases[i]);
		out_text(out, "picid", "");
		out_object_end(out);
	}
	out_array_end(out);
}
