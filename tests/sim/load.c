/*
 * Load for the simulator: POST /2/statuses/update.json over connections that are kept, every text another one. The
 * simulator must not be what our own benchmarks measure, so this says how much it takes.
 *
 *   load PORT TOKEN CONNECTIONS REQUESTS
 *
 * One JSON line on standard output: requests, refused, seconds, requests a second. One thread, one request in flight
 * per connection. Exit 1 when any was refused.
 */
#include <inttypes.h>

#include "http_load.h"

static const char *token;

static int compose(char *request, size_t size, int64_t number)
{
	char body[512];
	int body_n = snprintf(body, sizeof(body),
		"access_token=%s&rip=203.0.113.7&status="
		"%%E5%%81%%9C%%E6%%B0%%B4%%E9%%80%%9A%%E7%%9F%%A5%%20%" PRId64
		"%%20https%%3A%%2F%%2Fwww.city.gov.example%%2Fn%%2F%" PRId64 "%%20",
		token, number, number);

	return snprintf(request, size,
		"POST /2/statuses/update.json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
		"application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		body_n, body);
}

int main(int argc, char **argv)
{
	struct load load = { .name = "load", .compose = compose };

	if (argc != 5 || !str_to_i64(str_from(argv[1]), 1, 65535, &load.port) ||
		!str_to_i64(str_from(argv[3]), 1, 1000, &load.parallel) ||
		!str_to_i64(str_from(argv[4]), 1, 100000000, &load.requests)) {
		(void)fputs("usage: load PORT TOKEN CONNECTIONS REQUESTS\n", stderr);
		return EXIT_FAILURE;
	}
	token = argv[2];
	load_run(&load);
	(void)printf("{\"requests\":%" PRId64 ",\"refused\":%" PRId64 ",\"seconds\":%.3f,\"per_second\":%.0f}\n",
		load.answered, load.refused, (double)load.lasted_us / 1e6,
		(double)load.answered * 1e6 / (double)load.lasted_us);
	free(load.took_us);
	return load.refused ? EXIT_FAILURE : EXIT_SUCCESS;
}
