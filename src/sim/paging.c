/*
 * Pages of a list, newest first. since_id is exclusive, max_id inclusive. A page is selected first and sifted then,
 * so a page may be short, or empty, before the end: only next_cursor 0 means the end, and total_number counts what
 * was there before the sifting.
 */
#include <inttypes.h>

#include "core/mem.h"
#include "sim/call.h"

#define PAGE_RECORDS_MAX 2000 /* page-based paging ends there */

void page_read(const struct call *call, struct page *ret_page, int64_t count_default, int64_t count_max)
{
	const struct params *params = &call->params;
	struct page page = {
		.since_id = params_i64(params, "since_id", 0),
		.max_id = params_i64(params, "max_id", 0),
		.count = params_i64(params, "count", count_default),
		.page = params_i64(params, "page", 1),
	};

	if (page.count <= 0) {
		page.count = count_default;
	}
	if (page.count > count_max) {
		page.count = count_max;
	}
	if (page.page < 1) {
		page.page = 1;
	}
	*ret_page = page;
}

bool page_keeps(const struct call *call, const struct item *item)
{
	const struct account *account = call->account;
	uint64_t hash;

	if (!account->set.filter_percent || item->user == &account->user) {
		return true;
	}
	hash = hash_bytes(table_key(&item->id), call->sim->seed);
	return (int64_t)(hash % 100) >= account->set.filter_percent;
}

void page_select(const struct call *call, const struct list *list, const struct page *page,
	bool (*keep)(const struct call *call, const struct item *item), struct page_result *ret_result)
{
	struct page_result result = { 0 };
	size_t floor = list_above(list, page->since_id);
	/* What is above max_id need not be looked at, unless only the newest few exist. */
	size_t at = page->max_id && !page->newest ? list_above(list, page->max_id) : list->n;
	int64_t skip = page->page > PAGE_RECORDS_MAX ? PAGE_RECORDS_MAX : (page->page - 1) * page->count;
	int64_t hidden = 0;
	int64_t seen = 0;
	int64_t selected = 0;

	result.items = xnew_array(struct item *, (size_t)page->count);
	while (at > floor && skip < PAGE_RECORDS_MAX) {
		struct item *item = list->items[--at];

		if (item->gone || item->listed_at > call->sim->now_at) {
			hidden++;
			continue;
		}
		if (page->newest && seen >= page->newest) {
			break;
		}
		seen++;
		if (page->max_id && item->id > page->max_id) {
			continue;
		}
		if (skip > 0) {
			skip--;
			continue;
		}
		if (selected == page->count) {
			result.next_cursor = item->id;
			break;
		}
		selected++;
		if (!keep || keep(call, item)) {
			result.items[result.n++] = item;
		}
	}
	result.total = (int64_t)(list->n - floor) - hidden;
	*ret_result = result;
}

void page_out_end(struct call *call, const struct page_result *result)
{
	struct out *out = &call->out;

	out_array_end(out);
	out_bool(out, "hasvisible", false);
	out_i64(out, "previous_cursor", 0);
	out_i64(out, "next_cursor", result->next_cursor);
	out_i64(out, "total_number", result->total);
	out_unknown(out);
	out_object_end(out);
}
