/*
 * Load over HTTP/1.1 for the benchmarks: connections that are kept, one request in flight on each, one thread. What is
 * asked is the caller's; how long each answer took is measured here.
 *
 *   struct load load = { .name = "push_load", .port = port, .requests = 1000, .parallel = 64, .compose = compose };
 *
 *   load_run(&load);
 */
#ifndef TESTS_HTTP_LOAD_H
#define TESTS_HTTP_LOAD_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/mem.h"
#include "core/str.h"

#define LOAD_ANSWER_MAX  (64u << 10)
#define LOAD_REQUEST_MAX (8u << 10)

struct load_connection {
	int fd;
	int64_t sent_us;
	size_t n;
	char answer[LOAD_ANSWER_MAX];
};

struct load {
	const char *name; /* of the program, for what it says */
	int64_t port;
	int64_t requests;
	int64_t parallel;
	int64_t per_second;                                         /* 0: as many as are answered */
	int (*compose)(char *request, size_t size, int64_t number); /* numbers count from 0; as snprintf */

	/* what came of it */
	int64_t refused;  /* not answered with 200 */
	int64_t *took_us; /* ascending */
	int64_t lasted_us;

	int64_t started, answered, began_us;
	struct load_connection **idle; /* a ring: who has been idle longest goes first, before the server gives it up */
	int64_t first_idle;
	int64_t n_idle;
};

static inline void load_die(const struct load *load, const char *what)
{
	(void)fprintf(stderr, "%s: %s: %s\n", load->name, what, strerror(errno));
	exit(EXIT_FAILURE);
}

static inline int64_t load_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline int load_by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static inline int load_connect(const struct load *load)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)load->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		load_die(load, "connect");
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* When the next request is due, from the beginning. */
static inline int64_t load_due_us(const struct load *load)
{
	return load->per_second > 0 ? load->started * 1000000 / load->per_second : 0;
}

static inline void load_send_due(struct load *load)
{
	while (load->n_idle > 0 && load->started < load->requests &&
		load_due_us(load) <= load_now_us() - load->began_us) {
		struct load_connection *connection = load->idle[load->first_idle];
		char request[LOAD_REQUEST_MAX];
		int n = load->compose(request, sizeof(request), load->started++);

		load->first_idle = (load->first_idle + 1) % load->parallel;
		load->n_idle--;
		connection->n = 0;
		connection->sent_us = load_now_us();
		if (n < 0 || (size_t)n >= sizeof(request) ||
			send(connection->fd, request, (size_t)n, MSG_NOSIGNAL) != n) {
			load_die(load, "send");
		}
	}
}

/* The whole length of the answer that is arriving, once its headers are here; 0 before. */
static inline size_t load_answer_length(const struct load *load, const struct load_connection *connection)
{
	const struct str answer = { connection->answer, connection->n };
	ptrdiff_t headers_n = str_find(answer, STR("\r\n\r\n"));
	ptrdiff_t at = str_find(answer, STR("\r\nContent-Length: "));
	struct str digits;
	int64_t length;

	if (headers_n < 0) {
		return 0;
	}
	digits = at < 0 ? STR("") : str_sub(answer, (size_t)at + 18, answer.n);
	digits.n = digits.n > 0 ? (size_t)str_find(digits, STR("\r\n")) : 0;
	if (!str_to_i64(digits, 0, LOAD_ANSWER_MAX, &length)) {
		load_die(load, "an answer without a Content-Length");
	}
	return (size_t)headers_n + 4 + (size_t)length;
}

static inline void load_on_readable(struct load *load, struct load_connection *connection)
{
	ssize_t n = recv(connection->fd, connection->answer + connection->n, LOAD_ANSWER_MAX - connection->n, 0);
	size_t length;

	if (n <= 0) {
		load_die(load, "the server closed");
	}
	connection->n += (size_t)n;
	length = load_answer_length(load, connection);
	if (length > 0 && connection->n >= length) {
		load->took_us[load->answered++] = load_now_us() - connection->sent_us;
		load->refused += !str_starts((struct str){ connection->answer, connection->n }, STR("HTTP/1.1 200"));
		load->idle[(load->first_idle + load->n_idle++) % load->parallel] = connection;
	}
}

/* How long epoll may sleep: until the next request is due, where a connection is free for it. */
static inline int load_sleep_ms(const struct load *load)
{
	int64_t left_us = load->began_us + load_due_us(load) - load_now_us();

	if (load->n_idle == 0 || load->started == load->requests) {
		return 60000;
	}
	return left_us > 0 ? (int)((left_us + 999) / 1000) : 0;
}

static inline void load_run(struct load *load)
{
	struct load_connection *connections = xnew_array(struct load_connection, (size_t)load->parallel);
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	load->idle = xnew_array(struct load_connection *, (size_t)load->parallel);
	load->took_us = xnew_array(int64_t, (size_t)load->requests);
	for (int64_t i = 0; i < load->parallel; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };

		connections[i].fd = load_connect(load);
		load->idle[load->n_idle++] = &connections[i];
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connections[i].fd, &event) < 0) {
			load_die(load, "epoll");
		}
	}
	load->began_us = load_now_us();
	load_send_due(load);
	while (load->answered < load->requests) {
		struct epoll_event events[64];
		int sleep_ms = load_sleep_ms(load);
		int n = epoll_wait(epoll_fd, events, (int)ARRAY_LEN(events), sleep_ms);

		if (n < 0 || (n == 0 && sleep_ms == 60000)) {
			load_die(load, "no answer for a minute");
		}
		for (int i = 0; i < n; i++) {
			load_on_readable(load, events[i].data.ptr);
		}
		load_send_due(load);
	}
	load->lasted_us = load_now_us() - load->began_us;
	for (int64_t i = 0; i < load->parallel; i++) {
		(void)close(connections[i].fd);
	}
	(void)close(epoll_fd);
	free(connections);
	free(load->idle);
	qsort(load->took_us, (size_t)load->requests, sizeof(*load->took_us), load_by_number);
}

#endif
