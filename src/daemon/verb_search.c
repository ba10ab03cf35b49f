/* The verb behind `gazette search`: full text over what citizens said, what we answered and noted, and posts. */
#include "codec/json.h"
#include "core/limits.h"
#include "daemon/verb.h"
#include "store/view.h"

static bool run_search(struct tx *tx, struct call *call, struct error *err)
{
	static const char *const names[] = { "query", "after", "limit", NULL };
	struct page page;
	const char *query;
	cJSON *rows;

	if (!call_only(call, names, err) || !call_text(call, "query", true, LIMIT_REASON_BYTES, &query, err) ||
		!call_page(call, &page, err)) {
		return false;
	}
	call->result = json_object();
	rows = json_array();
	json_add(call->result, "rows", rows);
	if (!view_search(tx, query, &page, rows, err)) {
		return false;
	}
	json_add_text(call->result, "next", page.next);
	return true;
}

/* Citizens' words are found by it, so it needs the permission to read tickets. */
const struct verb verbs_search[] = {
	{ "search", VERB_READ, PERMIT_TICKET_READ, run_search },
	{ 0 },
};
