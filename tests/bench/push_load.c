/*
 * Citizens' messages as WeChat pushes them (plain mode, signed), many at a time over kept connections; how long each
 * answer takes. Every tenth push repeats the one before it, with a signature of its own, while that one may still be
 * under way: as the platform does when it is impatient.
 *
 *   push_load PORT ACCOUNT TOKEN PUSHES PARALLEL
 *
 * One line of JSON: pushes, messages (different ones), p50_us, p99_us, max_us, per_second. Exit 1 when an answer was
 * not 200.
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

#include "codec/digest.h"
#include "core/attr.h"
#include "core/mem.h"
#include "core/str.h"

#define ANSWER_MAX   (64u << 10)
#define REPEAT_EVERY 10
#define TOKEN_MAX    64

struct connection {
	int fd;
	int64_t sent_us;
	size_t n;
	char answer[ANSWER_MAX];
};

static const char *account;
static const char *token;
static int64_t wanted, started, answered, refused;
static int64_t *took_us;

static void die(const char *what)
{
	(void)fprintf(stderr, "push_load: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int connect_to(int64_t port)
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

/* The message of the n-th push. */
static int64_t message_of(int64_t n)
{
	return n % REPEAT_EVERY == REPEAT_EVERY - 1 ? n - 1 : n;
}

static void push(struct connection *connection)
{
	struct str parts[3];
	char hex[41];
	int64_t number = started++;
	int64_t message = message_of(number);
	char timestamp[24];
	char nonce[24];
	char body[1024];
	char text[2048];
	int n;

	(void)snprintf(timestamp, sizeof(timestamp), "%" PRId64, (int64_t)time(NULL));
	(void)snprintf(nonce, sizeof(nonce), "%" PRId64, number + 1);
	parts[0] = str_from(token);
	parts[1] = str_from(timestamp);
	parts[2] = str_from(nonce);
	digest_sha1_sorted_hex(parts, ARRAY_LEN(parts), hex);
	(void)snprintf(body, sizeof(body),
		"<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
		"<FromUserName><![CDATA[oBENCH%022" PRId64 "]]></FromUserName><CreateTime>%s</CreateTime>"
		"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[请问第 %" PRId64 " 号窗口几点开门？]]></Content>"
		"<MsgId>%" PRId64 "</MsgId></xml>",
		message, timestamp, message, INT64_C(7000000000000000000) + message);
	n = snprintf(text, sizeof(text),
		"POST /callback/%s?signature=%s&timestamp=%s&nonce=%s&openid=oBENCH%022" PRId64 " HTTP/1.1\r\n"
		"Host: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n\r\n%s",
		account, hex, timestamp, nonce, message, strlen(body), body);
	connection->n = 0;
	connection->sent_us = now_us();
	if (n < 0 || (size_t)n >= sizeof(text) || send(connection->fd, text, (size_t)n, MSG_NOSIGNAL) != n) {
		die("send");
	}
}

/* Is the whole answer there? */
static bool is_whole(const struct connection *connection)
{
	const char *end = strstr(connection->answer, "\r\n\r\n");
	const char *length = strcasestr(connection->answer, "\r\nContent-Length: ");
	int64_t n;

	if (!end || !length || length > end) {
		return false;
	}
	length += strlen("\r\nContent-Length: ");
	return str_to_i64((struct str){ .p = length, .n = strcspn(length, "\r") }, 0, ANSWER_MAX, &n) &&
	       connection->n >= (size_t)(end + 4 - connection->answer) + (size_t)n;
}

/* False when this connection has nothing left to do. */
static bool on_readable(struct connection *connection)
{
	ssize_t n = recv(connection->fd, connection->answer + connection->n, ANSWER_MAX - 1 - connection->n, 0);

	if (n <= 0) {
		die("the server closed");
	}
	connection->n += (size_t)n;
	connection->answer[connection->n] = '\0';
	if (!is_whole(connection)) {
		return true;
	}
	took_us[answered++] = now_us() - connection->sent_us;
	refused += strncmp(connection->answer, "HTTP/1.1 200", 12) != 0;
	if (started >= wanted) {
		return false;
	}
	push(connection);
	return true;
}

int main(int argc, char **argv)
{
	struct connection *connections;
	int64_t parallel;
	int64_t messages = 0;
	int64_t port;
	int64_t begin;
	int64_t lasted;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (argc != 6 || !str_to_i64(str_from(argv[1]), 1, 65535, &port) ||
		!str_to_i64(str_from(argv[4]), 1, 100000000, &wanted) ||
		!str_to_i64(str_from(argv[5]), 1, 4096, &parallel) || strlen(argv[3]) > TOKEN_MAX) {
		(void)fprintf(stderr, "usage: push_load PORT ACCOUNT TOKEN PUSHES PARALLEL\n");
		return 2;
	}
	account = argv[2];
	token = argv[3];
	took_us = xnew_array(int64_t, (size_t)wanted);
	connections = xnew_array(struct connection, (size_t)parallel);
	for (int64_t i = 0; i < parallel; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };

		connections[i].fd = connect_to(port);
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event) < 0) {
			die("epoll");
		}
	}
	begin = now_us();
	for (int64_t i = 0; i < parallel && started < wanted; i++) {
		push(&connections[i]);
	}
	while (answered < wanted) {
		struct epoll_event events[64];
		int n = epoll_wait(epoll, events, (int)ARRAY_LEN(events), 60000);

		if (n <= 0) {
			die("no answer for a minute");
		}
		for (int i = 0; i < n; i++) {
			(void)on_readable(events[i].data.ptr);
		}
	}
	lasted = now_us() - begin;
	for (int64_t i = 0; i < wanted; i++) {
		messages += message_of(i) == i;
	}
	qsort(took_us, (size_t)wanted, sizeof(*took_us), by_number);
	(void)printf("{\"pushes\":%" PRId64 ",\"messages\":%" PRId64 ",\"refused\":%" PRId64 ",\"p50_us\":%" PRId64
		     ",\"p99_us\":%" PRId64 ",\"max_us\":%" PRId64 ",\"per_second\":%" PRId64 "}\n",
		wanted, messages, refused, took_us[wanted / 2], took_us[wanted * 99 / 100], took_us[wanted - 1],
		wanted * 1000000 / (lasted > 0 ? lasted : 1));
	return refused > 0;
}
