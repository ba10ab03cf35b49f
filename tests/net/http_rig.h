/*
 * A loop with an HTTP client and a place for what its exchanges came to.
 */
#ifndef TESTS_NET_HTTP_RIG_H
#define TESTS_NET_HTTP_RIG_H

#include <stdlib.h>

#include "check.h"
#include "net/http.h"

#define RESULTS_MAX     512
#define RIG_PATIENCE_MS 60000

struct rig;

struct result {
	struct rig *rig;
	uint64_t id;
	int times; /* completions */
	enum http_fate fate;
	int status;
	size_t body_n;
	char body[64]; /* its beginning */
	char content_type[64];
	struct error error;
	int64_t took_ms;
};

struct rig {
	struct loop *loop;
	struct http *http;
	struct timer watchdog;
	struct result results[RESULTS_MAX];
	size_t n;
	size_t open;
	bool inside_start;
	void (*after)(struct rig *rig, struct result *result); /* in the completion */
};

static void rig_on_watchdog(struct timer *timer)
{
	(void)timer;
	print_error("nothing has happened for %d ms\n", RIG_PATIENCE_MS);
	abort();
}

static void rig_on_answer(void *data, const struct http_answer *answer)
{
	struct result *result = data;
	struct rig *rig = result->rig;

	if (rig->inside_start) {
		print_error("a completion ran inside http_start()\n");
		abort();
	}
	result->times++;
	result->fate = answer->fate;
	result->status = answer->status;
	result->body_n = answer->body.n;
	(void)snprintf(result->body, sizeof(result->body), STR_FMT, STR_ARG(str_sub(answer->body, 0, 63)));
	(void)snprintf(result->content_type, sizeof(result->content_type), STR_FMT,
		STR_ARG(str_sub(answer->content_type, 0, 63)));
	result->error = answer->error;
	result->took_ms = answer->took_ms;
	rig->open--;
	if (rig->after) {
		rig->after(rig, result);
	}
	if (rig->open == 0) {
		loop_stop(rig->loop);
	}
}

static inline struct rig *rig_new(const struct http_options *options)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct error err = { 0 };

	rig->loop = loop_new();
	CHECK(rig->loop != NULL);
	CHECK_OK(http_new(rig->loop, options, &rig->http, &err), err);
	timer_init(&rig->watchdog, rig_on_watchdog);
	return rig;
}

static inline void rig_free(struct rig *rig)
{
	timer_stop(rig->loop, &rig->watchdog);
	http_free(rig->http);
	loop_free(rig->loop);
	free(rig);
}

/* Takes the request. */
static inline struct result *rig_start(struct rig *rig, struct http_request *request)
{
	struct result *result = &rig->results[rig->n++];

	result->rig = rig;
	rig->open++;
	rig->inside_start = true;
	result->id = http_start(rig->http, request, rig_on_answer, result);
	rig->inside_start = false;
	CHECK(result->id != 0);
	CHECK(request->url == NULL);
	return result;
}

/* Until every exchange has completed. */
static inline void rig_run(struct rig *rig)
{
	if (rig->open > 0) {
		timer_start(rig->loop, &rig->watchdog, RIG_PATIENCE_MS);
		loop_run(rig->loop);
		timer_stop(rig->loop, &rig->watchdog);
	}
	CHECK_INT(rig->open, 0);
}

static inline void make_request(struct http_request *request, enum http_method method, const char *scheme,
	const char *host, int port, const char *path)
{
	char url[512];

	(void)snprintf(url, sizeof(url), "%s://%s:%d%s", scheme, host, port, path);
	http_request_init(request, method, url);
}

static inline void make_post(struct http_request *request, int port, const char *path, const char *body)
{
	make_request(request, HTTP_POST, "http", "127.0.0.1", port, path);
	request->writes = true;
	if (body) {
		request->body = strdup(body);
		request->body_n = strlen(body);
		request->content_type = strdup("application/x-www-form-urlencoded");
	}
}

static inline struct result *rig_get(struct rig *rig, int port, const char *path)
{
	struct http_request request;

	make_request(&request, HTTP_GET, "http", "127.0.0.1", port, path);
	return rig_start(rig, &request);
}

static inline struct result *rig_post(struct rig *rig, int port, const char *path, const char *body)
{
	struct http_request request;

	make_post(&request, port, path, body);
	return rig_start(rig, &request);
}

#endif
