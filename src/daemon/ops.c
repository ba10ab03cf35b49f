/*
 * Runs a driver's operations over HTTP. Knows nothing of sends, feeds or the store: whoever started an operation
 * decides what its outcome means.
 *
 * Invariant: on_outcome runs exactly once per op_run_next()/op_run_send(), on the loop, never before that call
 * returned.
 */
#include "daemon/ops.h"

#include <assert.h>
#include <inttypes.h>

#include "core/log.h"
#include "core/mem.h"

void op_run_init(struct op_run *run, const struct driver *driver, enum driver_op_kind kind,
	const struct config_account *config, struct rules *rules, const struct secret *token, const char *remote_uid)
{
	*run = (struct op_run){ .rules = rules_ref(rules) };
	secret_copy(&run->token, token);
	run->name = xstrdup(config->name);
	run->base_url = xstrdup(config->base_url);
	run->ca_file = xstrdup(config->ca_file);
	run->remote_uid = xstrdup(remote_uid);
	run->values = (struct driver_account){
		.name = run->name,
		.base_url = run->base_url,
		.settings = config->settings,
		.token = &run->token,
		.remote_uid = run->remote_uid,
	};
	op_init(&run->op, driver, kind, &run->values);
	run->op.now_at = clock_wall_at();
}

void op_run_finish(struct op_run *run)
{
	if (!run->rules) {
		return;
	}
	op_finish(&run->op);
	secret_finish(&run->token);
	free(run->name);
	free(run->base_url);
	free(run->ca_file);
	free(run->remote_uid);
	free(run->point);
	rules_unref(run->rules);
	*run = (struct op_run){ 0 };
}

/* Test only: "before/cgi-bin/draft/add", "after/cgi-bin/draft/add". */
static void point(const char *when, const char *url)
{
	struct str rest = str_from(url);
	ptrdiff_t at = str_find(rest, STR("://"));
	char name[128];

	rest = at < 0 ? rest : str_sub(rest, (size_t)at + 3, rest.n);
	at = str_find(rest, STR("/"));
	rest = at < 0 ? STR("") : str_sub(rest, (size_t)at, rest.n);
	at = str_find(rest, STR("?"));
	rest = at < 0 ? rest : str_sub(rest, 0, (size_t)at);
	(void)snprintf(name, sizeof(name), "%s" STR_FMT, when, STR_ARG(rest));
	daemon_point(name);
}

static void on_answer(void *data, const struct http_answer *answer)
{
	struct op_run *run = data;
	struct outcome outcome;

	run->exchange = 0;
	if (run->point) {
		point("after", run->point);
		free(run->point);
		run->point = NULL;
	}
	outcome_init(&outcome);
	if (run->refused.advice) {
		outcome.kind = OUTCOME_ERROR;
		outcome.error = run->refused;
	} else if (run->asked) {
		run->http_status = answer->status;
		run->took_ms += answer->took_ms;
		run->requests += answer->fate != HTTP_NOT_SENT;
		run->op.driver->answer(&run->op, answer, &outcome);
	} else {
		run->op.driver->answer(&run->op, NULL, &outcome);
	}
	run->park = outcome.needs_person ? PARK_PERSON : PARK_TOKEN;
	log_debug("op.answer account=%s kind=%d status=%d outcome=%d took_ms=%" PRId64 "%s%s", run->name,
		(int)run->op.kind, run->http_status, (int)outcome.kind, run->took_ms,
		outcome.kind == OUTCOME_ERROR ? " error=" : "",
		outcome.kind == OUTCOME_ERROR ? log_text(outcome.error.message) : "");
	run->on_outcome(run, &outcome);
	outcome_finish(&outcome);
}

void op_run_send(struct op_run *run, struct daemon *daemon, struct http_request *request,
	void (*on_outcome)(struct op_run *run, struct outcome *outcome))
{
	assert(daemon->http);
	run->on_outcome = on_outcome;
	run->asked = request->url != NULL; /* else nothing need be asked */
	if (run->asked && daemon_points()) {
		free(run->point);
		run->point = xstrdup(request->url);
		point("before", run->point);
	}
	request->ca_file = xstrdup(run->ca_file);
	run->exchange = http_start(daemon->http, request, on_answer, run);
}

void op_run_next(
	struct op_run *run, struct daemon *daemon, void (*on_outcome)(struct op_run *run, struct outcome *outcome))
{
	struct http_request request = { 0 };

	if (!run->op.driver->request(&run->op, &request, &run->refused)) {
		http_request_finish(&request);
		request = (struct http_request){ 0 };
	}
	op_run_send(run, daemon, &request, on_outcome);
}
