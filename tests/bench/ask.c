/*
 * Asks a daemon the same thing many times over one connection, and says how long an answer takes.
 *
 *   ask SOCKET TIMES METHOD [PARAMS]
 *
 * A # in PARAMS is the number of the question, so that no two of them need be the same.
 *
 * One JSON line: how many times, microseconds (min, p50, p99, max), rows of the last answer. SIGTERM is for enough.
 * With METHOD "hello" each time is a connection of its own, which is the least that a command line can do.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/str.h"
#include "proto/client.h"

/* SIGTERM is blocked, so that it interrupts no call. */
static bool is_enough(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1;
}

static int64_t now_us(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static bool parse_params(const char *params, int64_t number, cJSON **ret_params, struct error *err)
{
	struct str rest = str_from(params);
	struct str part;
	struct buf text;
	bool ok;

	buf_init(&text, LIMIT_FRAME_BYTES);
	while (str_split(&rest, '#', &part)) {
		(void)buf_add(&text, part.p, part.n);
		if (rest.p) {
			(void)buf_printf(&text, "%" PRId64, number);
		}
	}
	ok = json_parse(buf_str(&text), ret_params, err);
	buf_finish(&text);
	return ok;
}

static bool ask(const char *socket, struct client **client, const char *method, const char *params, int64_t number,
	int *ret_rows, struct error *err)
{
	cJSON *given = NULL;
	cJSON *result = NULL;

	if (!*client && !client_connect(socket, client, err)) {
		return false;
	}
	if (strcmp(method, "hello") == 0) {
		client_freep(client);
		return true;
	}
	if (params && !parse_params(params, number, &given, err)) {
		return false;
	}
	if (!client_call(*client, method, given, 60000, &result, NULL, err)) {
		return false;
	}
	*ret_rows = cJSON_GetArraySize(json_get(result, "rows"));
	cJSON_Delete(result);
	return true;
}

int main(int argc, char **argv)
{
	struct client *client = NULL;
	struct error err = { 0 };
	sigset_t end;
	int64_t *took_us;
	int64_t times;
	int64_t n = 0;
	int rows = 0;

	if (argc < 4 || argc > 5 || !str_to_i64(str_from(argv[2]), 1, 1000000, &times)) {
		(void)fprintf(stderr, "usage: ask SOCKET TIMES METHOD [PARAMS]\n");
		return 2;
	}
	took_us = xnew_array(int64_t, (size_t)times);
	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &end, NULL);
	for (; n < times && !is_enough(); n++) {
		int64_t began_us = now_us();

		if (!ask(argv[1], &client, argv[3], argc > 4 ? argv[4] : NULL, n, &rows, &err)) {
			(void)fprintf(stderr, "ask: %s: %s\n", argv[3], err.message);
			return 1;
		}
		took_us[n] = now_us() - began_us;
	}
	if (n == 0) {
		(void)fprintf(stderr, "ask: no time to ask\n");
		return 1;
	}
	qsort(took_us, (size_t)n, sizeof(*took_us), compare);
	(void)printf("{\"n\":%" PRId64 ",\"min_us\":%" PRId64 ",\"p50_us\":%" PRId64 ",\"p99_us\":%" PRId64
		     ",\"max_us\":%" PRId64 ",\"rows\":%d}\n",
		n, took_us[0], took_us[n / 2], took_us[n * 99 / 100], took_us[n - 1], rows);
	client_free(client);
	free(took_us);
	return 0;
}
