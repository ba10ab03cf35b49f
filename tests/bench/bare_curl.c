/*
 * The yardstick for publishing: the same requests by nothing but libcurl's multi interface and libev. Nothing is
 * remembered, nothing is looked at but the status.
 *
 *   bare_curl PORT REQUESTS IN_FLIGHT
 *
 * One JSON line: requests, refused, seconds, requests a second, CPU microseconds a request.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <curl/curl.h>
#include <ev.h>

#include "core/attr.h"
#include "core/mem.h"
#include "core/str.h"

struct watch {
	ev_io io;
};

static struct ev_loop *loop;
static CURLM *multi;
static ev_timer timer;
static int64_t wanted, started, answered, refused;
static char url[128];

static size_t swallow(char *p unused_arg, size_t size, size_t n, void *data unused_arg)
{
	return size * n;
}

static void start(CURL *easy)
{
	char body[400];

	(void)snprintf(body, sizeof(body),
		"access_token=2.00rehearsal0000000000000000&rip=203.0.113.7&status=%%E5%%81%%9C%%E6%%B0%%B4%%E9%%80%%"
		"9A%%E7%%9F%%A5"
		"%" PRId64 "%%20https%%3A%%2F%%2Fwww.city.gov.example%%2Fn%%2F1%%20",
		started++);
	(void)curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body);
	(void)curl_multi_add_handle(multi, easy);
}

static void collect(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURL *easy = message->easy_handle;
		long status = 0;

		if (message->msg != CURLMSG_DONE) {
			continue;
		}
		(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		refused += message->data.result != CURLE_OK || status != 200;
		answered++;
		(void)curl_multi_remove_handle(multi, easy);
		if (started < wanted) {
			start(easy);
		} else {
			curl_easy_cleanup(easy);
		}
	}
	if (answered == wanted) {
		ev_break(loop, EVBREAK_ALL);
	}
}

static void on_socket(struct ev_loop *l unused_arg, ev_io *io, int events)
{
	int running;

	(void)curl_multi_socket_action(multi, io->fd,
		(events & EV_READ ? CURL_CSELECT_IN : 0) | (events & EV_WRITE ? CURL_CSELECT_OUT : 0), &running);
	collect();
}

static void on_time(struct ev_loop *l unused_arg, ev_timer *t unused_arg, int events unused_arg)
{
	int running;

	(void)curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect();
}

static int want_socket(CURL *easy unused_arg, curl_socket_t fd, int what, void *data unused_arg, void *kept)
{
	struct watch *watch = kept;

	if (what == CURL_POLL_REMOVE) {
		if (watch) {
			ev_io_stop(loop, &watch->io);
			free(watch);
		}
		return 0;
	}
	if (!watch) {
		watch = xnew(struct watch);
		ev_io_init(&watch->io, on_socket, fd, EV_NONE);
		(void)curl_multi_assign(multi, fd, watch);
	}
	ev_io_stop(loop, &watch->io);
	ev_io_set(&watch->io, fd, (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
	ev_io_start(loop, &watch->io);
	return 0;
}

static int want_timer(CURLM *m unused_arg, long timeout_ms, void *data unused_arg)
{
	ev_timer_stop(loop, &timer);
	if (timeout_ms >= 0) {
		ev_timer_set(&timer, (double)timeout_ms / 1000.0, 0.);
		ev_timer_start(loop, &timer);
	}
	return 0;
}

static double seconds_of(clockid_t clock)
{
	struct timespec at;

	(void)clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	int64_t port, in_flight;
	double began, seconds, cpu;

	if (argc != 4 || !str_to_i64(str_from(argv[1]), 1, 65535, &port) ||
		!str_to_i64(str_from(argv[2]), 1, 10000000, &wanted) ||
		!str_to_i64(str_from(argv[3]), 1, 4000, &in_flight)) {
		(void)fprintf(stderr, "usage: bare_curl PORT REQUESTS IN_FLIGHT\n");
		return 2;
	}
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%" PRId64 "/2/statuses/share.json", port);
	loop = ev_default_loop(0);
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	ev_timer_init(&timer, on_time, 0., 0.);
	(void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	(void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, want_timer);
	(void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
	began = seconds_of(CLOCK_MONOTONIC);
	cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	for (int64_t i = 0; i < in_flight && started < wanted; i++) {
		CURL *easy = curl_easy_init();

		(void)curl_easy_setopt(easy, CURLOPT_URL, url);
		(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
		(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
		(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
		start(easy);
	}
	ev_run(loop, 0);
	seconds = seconds_of(CLOCK_MONOTONIC) - began;
	cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	(void)printf("{\"requests\":%" PRId64 ",\"refused\":%" PRId64
		     ",\"seconds\":%.4f,\"per_second\":%.0f,\"cpu_us\":%.1f}\n",
		answered, refused, seconds, (double)answered / seconds, cpu * 1e6 / (double)answered);
	(void)curl_multi_cleanup(multi);
	curl_global_cleanup();
	return refused > 0;
}
