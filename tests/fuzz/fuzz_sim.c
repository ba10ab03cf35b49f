/*
 * Requests to the simulated platform and its control interface: whatever is asked for, the answer is whole JSON (or a
 * page, or a redirect) with a status, and a refusal leaves nothing in the ledger. Parts are requests in turn:
 *
 *	METHOD PATH?QUERY CONTENT-TYPE
 *	BODY
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/json.h"
#include "core/mem.h"
#include "sim/call.h"
#include "sim/control.h"
#include "sim/routes.h"

#define REQUESTS_MAX 12
#define NOW_AT       INT64_C(1767574800000) /* Mon Jan 05 09:00:00 +0800 2026 */

static struct sim *world(void)
{
	static const char text[] =
		"office: {name: 某市发布, zone: Asia/Shanghai}\n"
		"platforms:\n"
		"  weibo: {base_url: 'http://127.0.0.1:8750'}\n"
		"accounts:\n"
		"  a: {platform: weibo, uid: 7700000001, app_key: 1001, app_secret: s1, token: ta, "
		"safe_domain: a.example, rip: 203.0.113.7}\n"
		"  b: {platform: weibo, uid: 7700000002, app_key: 1001, app_secret: s1, token: tb, tier: advanced, "
		"rip: 203.0.113.7}\n";
	char path[PART_PATH_BYTES];
	int fd = part_as_file(str_from(text), path);
	struct sim *sim;
	struct error err = { 0 };

	if (!sim_new(path, 1, &sim, &err)) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	close(fd);
	sim_clock_set(&sim->clock, NOW_AT);
	sim_clock_freeze(&sim->clock, true);
	return sim;
}

static enum method method_of(struct str word)
{
	return str_is(word, "GET")      ? METHOD_GET
	       : str_is(word, "POST")   ? METHOD_POST
	       : str_is(word, "DELETE") ? METHOD_DELETE
					: METHOD_OTHER;
}

static void check_answer(struct call *call, size_t ledger_before)
{
	struct str body = buf_str(&call->body);
	cleanup(json_freep) cJSON *json = NULL;
	struct error err;

	must(call->http_status >= 200 && call->http_status <= 599);
	must(!call->body.failed);
	must(!call->location || is_one_line(str_from(call->location)));
	if (str_starts(str_from(call->content_type), STR("application/json")) && body.n > 0) {
		must(utf8_valid(body) && json_parse(body, &json, &err));
	}
	if (call->refusal) {
		must(call->sim->n_ledger == ledger_before);
		must(json_i64(json, "error_code", 0) == call->refusal && json_text(json, "error", "")[0]);
	}
	must(call->sim->n_ledger <= ledger_before + 100);
}

static void ask(struct sim *sim, struct str request)
{
	struct str head = { 0 };
	struct str word = { 0 };
	struct str path = { 0 };
	cleanup(free_charp) char *uri = NULL;
	cleanup(free_charp) char *body = NULL;
	size_t ledger_before = sim->n_ledger;
	char *question;
	struct call call;

	(void)str_split(&request, '\n', &head);
	(void)str_split(&head, ' ', &word);
	(void)str_split(&head, ' ', &path);
	uri = str_dup(path);
	body = str_dup(request);
	question = strchr(uri, '?');
	sim_turn(sim);
	call_init(&call, sim);
	if (question) {
		*question++ = '\0';
		params_add_form(&call.params, question, strlen(question));
	}
	call.method = method_of(word);
	call.path = uri;
	call.client_ip = "203.0.113.7";
	if (str_starts(str_from(uri), STR("/sim/"))) {
		control_run(&call, request);
	} else {
		params_add_body(&call.params, head, body, request.n);
		call.route = route_find(uri);
		call_run(&call);
	}
	check_answer(&call, ledger_before);
	call_finish(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct sim *sim = world();
	struct str request;

	for (int i = 0; i < REQUESTS_MAX && next_part(&rest, &request); i++) {
		ask(sim, request);
	}
	sim_free(sim);
	return 0;
}
