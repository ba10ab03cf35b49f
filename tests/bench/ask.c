/*
 * Asks a daemon the same thing many times over one connection, and says how long an answer takes.
 *
 *   ask SOCKET TIMES METHOD [PARAMS]
 *
 * One JSON line: microseconds (min, p50, p99), rows of the last answer. With METHOD "hello" each time is a connection
 * of its own, which is the least that a command line can do.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "codec/json.h"
#include "core/mem.h"
#include "core/str.h"
#include "proto/client.h"

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

static bool ask(const char *socket, struct client **client, const char *method, const char *params, int *ret_rows,
	struct error *err)
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
	if (params && !json_parse(str_from(params), &given, err)) {
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
	int64_t *took_us;
	int64_t times;
	int rows = 0;

	if (argc < 4 || argc > 5 || !str_to_i64(str_from(argv[2]), 1, 1000000, &times)) {
		(void)fprintf(stderr, "usage: ask SOCKET TIMES METHOD [PARAMS]\n");
		return 2;
	}
	took_us = xnew_array(int64_t, (size_t)times);
	for (int64_t i = 0; i < times; i++) {
		int64_t began_us = now_us();

		if (!ask(argv[1], &client, argv[3], argc > 4 ? argv[4] : NULL, &rows, &err)) {
			(void)fprintf(stderr, "ask: %s: %s\n", argv[3], err.message);
			return 1;
		}
		took_us[i] = now_us() - began_us;
	}
	qsort(took_us, (size_t)times, sizeof(*took_us), compare);
	(void)printf("{\"min_us\":%" PRId64 ",\"p50_us\":%" PRId64 ",\"p99_us\":%" PRId64 ",\"rows\":%d}\n", took_us[0],
		took_us[times / 2], took_us[times * 99 / 100], rows);
	client_free(client);
	free(took_us);
	return 0;
}
