/*
 * How far search lags behind. While messages that hold WORD come in steadily, the newest hit is as old as what is not
 * found yet: so it is asked for again and again, and its age is told.
 *
 *   fresh SOCKET WORD EVERY_MS TIMES
 *
 * One JSON line: milliseconds (p50, p99, max).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/str.h"
#include "proto/client.h"
#include "text/when.h"

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static bool age_of_newest(struct client *client, const char *word, int64_t *ret_ms, struct error *err)
{
	cleanup(json_freep) cJSON *params = json_object();
	cleanup(json_freep) cJSON *result = NULL;
	const cJSON *hit;
	int64_t at;

	json_add_text(params, "query", word);
	json_add_i64(params, "limit", 1);
	if (!client_call(client, "search", steal(&params), 60000, &result, NULL, err)) {
		return false;
	}
	hit = cJSON_GetArrayItem(json_get(result, "rows"), 0);
	if (!hit) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "nothing is found");
	}
	if (!when_parse(json_str(hit, "at"), clock_wall_at(), &at, err)) {
		return false;
	}
	*ret_ms = clock_wall_at() - at;
	return true;
}

int main(int argc, char **argv)
{
	struct client *client = NULL;
	struct error err = { 0 };
	int64_t every_ms, times;
	int64_t *age_ms;

	if (argc != 5 || !str_to_i64(str_from(argv[3]), 0, 60000, &every_ms) ||
		!str_to_i64(str_from(argv[4]), 1, 1000000, &times)) {
		(void)fprintf(stderr, "usage: fresh SOCKET WORD EVERY_MS TIMES\n");
		return 2;
	}
	age_ms = xnew_array(int64_t, (size_t)times);
	if (!client_connect(argv[1], &client, &err)) {
		(void)fprintf(stderr, "fresh: %s\n", err.message);
		return 1;
	}
	for (int64_t i = 0; i < times; i++) {
		struct timespec pause = { every_ms / 1000, every_ms % 1000 * 1000000 };

		(void)nanosleep(&pause, NULL); /* between two samples; nothing is waited for */
		if (!age_of_newest(client, argv[2], &age_ms[i], &err)) {
			(void)fprintf(stderr, "fresh: %s\n", err.message);
			return 1;
		}
	}
	qsort(age_ms, (size_t)times, sizeof(*age_ms), compare);
	(void)printf("{\"p50_ms\":%" PRId64 ",\"p99_ms\":%" PRId64 ",\"max_ms\":%" PRId64 "}\n", age_ms[times / 2],
		age_ms[times * 99 / 100], age_ms[times - 1]);
	client_free(client);
	free(age_ms);
	return 0;
}
