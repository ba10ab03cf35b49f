/*
 * Load for the simulator: POST /2/statuses/update.json over connections that are kept, every text another one. The
 * simulator must not be what our own benchmarks measure, so this says how much it takes.
 *
 *   load PORT TOKEN CONNECTIONS REQUESTS
 *
 * One JSON line on standard output: requests, refused, seconds, requests a second. One thread, one request in flight
 * per connection. Exit 1 when any was refused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
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

#define ANSWER_MAX (64u << 10)

struct connection {
	int fd;
	size_t n;
	char answer[ANSWER_MAX];
};

static const char *token;
static int64_t wanted, started, answered, refused;

static void die(const char *what)
{
	(void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		die("connect");
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void ask(struct connection *connection)
{
	char body[512];
	char request[1024];
	int body_n, n;

	body_n = snprintf(body, sizeof(body),
		"access_token=%s&rip=203.0.113.7&status="
		"%%E5%%81%%9C%%E6%%B0%%B4%%E9%%80%%9A%%E7%%9F%%A5%%20%" PRId64
		"%%20https%%3A%%2F%%2Fwww.city.gov.example%%2Fn%%2F%" PRId64 "%%20",
		token, started, started);
	n = snprintf(request, sizeof(request),
		"POST /2/statuses/update.json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
		"application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		body_n, body);
	started++;
	connection->n = 0;
	if (send(connection->fd, request, (size_t)n, MSG_NOSIGNAL) != n) {
		die("send");
	}
}

/* The whole length of the answer that is arriving, once its headers are here; 0 before. */
static size_t answer_length(const struct connection *connection)
{
	const struct str answer = { connection->answer, connection->n };
	ptrdiff_t headers_n = str_find(answer, STR("\r\n\r\n"));
	ptrdiff_t at = str_find(answer, STR("Content-Length: "));
	struct str digits;
	int64_t length;

	if (headers_n < 0 || at < 0) {
		return 0;
	}
	digits = str_sub(answer, (size_t)at + 16, answer.n);
	digits.n = (size_t)str_find(digits, STR("\r\n"));
	if (!str_to_i64(digits, 0, ANSWER_MAX, &length)) {
		die("Content-Length");
	}
	return (size_t)headers_n + 4 + (size_t)length;
}

static void on_readable(struct connection *connection)
{
	ssize_t n = recv(connection->fd, connection->answer + connection->n, ANSWER_MAX - connection->n, 0);
	size_t length;

	if (n <= 0) {
		die("recv");
	}
	connection->n += (size_t)n;
	length = answer_length(connection);
	if (!length || connection->n < length) {
		return;
	}
	answered++;
	refused += !str_starts((struct str){ connection->answer, connection->n }, STR("HTTP/1.1 200"));
	if (started < wanted) {
		ask(connection);
	}
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct epoll_event events[64];
	struct connection *connections;
	int64_t port, n_connections;
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	double began;

	if (argc != 5 || !str_to_i64(str_from(argv[1]), 1, 65535, &port) ||
		!str_to_i64(str_from(argv[3]), 1, 1000, &n_connections) ||
		!str_to_i64(str_from(argv[4]), 1, 100000000, &wanted)) {
		(void)fputs("usage: load PORT TOKEN CONNECTIONS REQUESTS\n", stderr);
		return EXIT_FAILURE;
	}
	token = argv[2];
	connections = xnew_array(struct connection, (size_t)n_connections);
	for (int64_t i = 0; i < n_connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };

		connections[i].fd = connect_to((int)port);
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connections[i].fd, &event) < 0) {
			die("epoll_ctl");
		}
	}
	began = seconds();
	for (int64_t i = 0; i < n_connections && started < wanted; i++) {
		ask(&connections[i]);
	}
	while (answered < wanted) {
		int n = epoll_wait(epoll_fd, events, ARRAY_LEN(events), -1);

		for (int i = 0; i < n; i++) {
			on_readable(events[i].data.ptr);
		}
	}
	(void)printf("{\"requests\":%" PRId64 ",\"refused\":%" PRId64 ",\"seconds\":%.3f,\"per_second\":%.0f}\n",
		answered, refused, seconds() - began, (double)answered / (seconds() - began));
	free(connections);
	return refused ? EXIT_FAILURE : EXIT_SUCCESS;
}
