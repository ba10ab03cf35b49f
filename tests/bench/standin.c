/*
 * A platform that costs next to nothing: answers what Weibo's paths answer when all is well, over kept connections,
 * each answer after the same delay. One thread, no state but counts.
 *
 *   standin [DELAY_MS [POSTS [REQUESTS]]]
 *
 * Prints "port N" on standard output, "posts" when so many have come, and "requests" when so many of all kinds have. At
 * SIGTERM one JSON line: posts, seconds from the first post to the last, and
 * when their texts say when they were due (due-<wall ms>-), how late they came.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/mem.h"
#include "core/str.h"

#define REQUEST_MAX     (64u << 10)
#define CONNECTIONS_MAX 4096
#define LATE_MAX        2000000

struct connection {
	int fd; /* its index is the descriptor */
	uint32_t life;
	size_t n;
	char request[REQUEST_MAX];
};

struct answer { /* to be sent at `at`; all wait equally long, so the ring is in order */
	int64_t at_ns;
	int fd;
	uint32_t life;
	bool post;
	int64_t uid;
};

static struct connection *connections[CONNECTIONS_MAX];
static struct answer *ring;
static size_t ring_cap, ring_first, ring_n;
static int64_t delay_ns;
static int timer_fd = -1;
static int64_t posts, first_ns, last_ns, requests;
static int64_t posts_wanted, requests_wanted; /* 0: nobody waits */
static int64_t *late_us;
static size_t n_late;

static void die(const char *what)
{
	(void)fprintf(stderr, "standin: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec at;

	(void)clock_gettime(clock, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void drop(int fd)
{
	connections[fd]->life++;
	connections[fd]->fd = -1;
	connections[fd]->n = 0;
	(void)close(fd);
}

static void send_answer(int fd, bool post, int64_t uid)
{
	static int64_t id = INT64_C(5000000000000000);
	char body[512];
	char answer[1024];
	int n;

	if (post) {
		id++;
		(void)snprintf(body, sizeof(body),
			"{\"created_at\":\"Mon Jan 05 09:00:00 +0800 2026\",\"id\":%" PRId64 ",\"idstr\":\"%" PRId64
			"\",\"mid\":\"%" PRId64 "\",\"text\":\"t\",\"user\":{\"id\":%" PRId64 ",\"idstr\":\"%" PRId64
			"\"}}",
			id, id, id, uid, uid);
	} else {
		(void)snprintf(body, sizeof(body),
			"{\"comments\":[],\"statuses\":[],\"total_number\":0,\"uid\":%" PRId64
			",\"expire_in\":8640000}",
			uid);
	}
	n = snprintf(answer, sizeof(answer),
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
		body);
	if (send(fd, answer, (size_t)n, MSG_NOSIGNAL) != n) {
		drop(fd);
	}
}

static void note_lateness(struct str body)
{
	static const char mark[] = "due-";
	const char *at = memmem(body.p, body.n, mark, sizeof(mark) - 1);
	struct str rest, number;
	int64_t due_at;

	if (!at || n_late == LATE_MAX) {
		return;
	}
	rest = str_sub(body, (size_t)(at - body.p) + sizeof(mark) - 1, body.n);
	if (str_split(&rest, '-', &number) && str_to_i64(number, 1, INT64_MAX, &due_at)) {
		late_us[n_late++] = now_ns(CLOCK_REALTIME) / 1000 - due_at * 1000;
	}
}

/* Tokens are 2.00rehearsal00007 and belong to user 1900000007. */
static int64_t user_of(struct str request)
{
	static const char mark[] = "rehearsal";
	const char *at = memmem(request.p, request.n, mark, sizeof(mark) - 1);
	int64_t number = 0;

	if (at && !str_to_i64(str_sub(request, (size_t)(at - request.p) + sizeof(mark) - 1, 5), 0, 99999, &number)) {
		number = 0;
	}
	return INT64_C(1900000000) + number;
}

static void put_off(int fd, bool post, int64_t uid)
{
	struct answer *answer;

	if (delay_ns == 0) {
		send_answer(fd, post, uid);
		return;
	}
	if (ring_n == ring_cap) {
		die("too many requests wait");
	}
	answer = &ring[(ring_first + ring_n++) % ring_cap];
	*answer = (struct answer){ now_ns(CLOCK_MONOTONIC) + delay_ns, fd, connections[fd]->life, post, uid };
	if (ring_n == 1) {
		struct itimerspec when = { .it_value = { answer->at_ns / 1000000000, answer->at_ns % 1000000000 } };

		(void)timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	}
}

static void on_timer(void)
{
	struct itimerspec when = { 0 };
	uint64_t times;

	(void)!read(timer_fd, &times, sizeof(times));
	while (ring_n > 0 && ring[ring_first].at_ns <= now_ns(CLOCK_MONOTONIC)) {
		struct answer answer = ring[ring_first];

		ring_first = (ring_first + 1) % ring_cap;
		ring_n--;
		if (connections[answer.fd]->fd == answer.fd && connections[answer.fd]->life == answer.life) {
			send_answer(answer.fd, answer.post, answer.uid);
		}
	}
	if (ring_n > 0) {
		when.it_value = (struct timespec){ ring[ring_first].at_ns / 1000000000,
			ring[ring_first].at_ns % 1000000000 };
		(void)timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	}
}

/* Bytes of the whole request at the front; 0: not all there yet. */
static size_t whole_request(const struct connection *connection, struct str *ret_body)
{
	static const char length[] = "\r\ncontent-length:";
	const char *end = memmem(connection->request, connection->n, "\r\n\r\n", 4);
	size_t head;
	int64_t n = 0;

	if (!end) {
		return 0;
	}
	head = (size_t)(end - connection->request) + 4;
	for (size_t i = 0; i + sizeof(length) - 1 < head; i++) {
		if (strncasecmp(connection->request + i, length, sizeof(length) - 1) == 0) {
			struct str rest = str_sub(
				(struct str){ connection->request, head }, i + sizeof(length) - 1, head);
			struct str number;

			if (!str_split(&rest, '\r', &number) || !str_to_i64(str_trim(number), 0, REQUEST_MAX, &n)) {
				n = 0;
			}
		}
	}
	*ret_body = (struct str){ connection->request + head, (size_t)n };
	return head + (size_t)n <= connection->n ? head + (size_t)n : 0;
}

static void on_readable(int fd)
{
	struct connection *connection = connections[fd];
	ssize_t got = recv(fd, connection->request + connection->n, REQUEST_MAX - connection->n, 0);
	struct str body;
	size_t n;

	if (got <= 0) {
		drop(fd);
		return;
	}
	connection->n += (size_t)got;
	while (connection->fd == fd && (n = whole_request(connection, &body)) > 0) {
		bool post = memmem(connection->request, connection->n, "/2/statuses/", 12) &&
			    connection->request[0] == 'P';
		int64_t uid = user_of((struct str){ connection->request, n });

		if (post) {
			last_ns = now_ns(CLOCK_MONOTONIC);
			first_ns = posts++ == 0 ? last_ns : first_ns;
			note_lateness(body);
		}
		requests++;
		if ((post && posts == posts_wanted) || requests == requests_wanted) {
			(void)puts(post && posts == posts_wanted ? "posts" : "requests");
			(void)fflush(stdout);
		}
		memmove(connection->request, connection->request + n, connection->n - n);
		connection->n -= n;
		put_off(fd, post, uid);
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void tell(void)
{
	double seconds = (double)(last_ns - first_ns) / 1e9;

	(void)printf("{\"posts\":%" PRId64 ",\"seconds\":%.4f,\"per_second\":%.0f", posts, seconds,
		seconds > 0 ? (double)(posts - 1) / seconds : 0.);
	if (n_late > 0) {
		qsort(late_us, n_late, sizeof(*late_us), compare);
		(void)printf(",\"late_us\":{\"n\":%zu,\"min\":%" PRId64 ",\"p50\":%" PRId64 ",\"p99\":%" PRId64
			     ",\"max\":%" PRId64 "}",
			n_late, late_us[0], late_us[n_late / 2], late_us[n_late * 99 / 100], late_us[n_late - 1]);
	}
	(void)printf("}\n");
}

static int listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 1024) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		die("listen");
	}
	(void)printf("port %d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void take(int listener, int epoll)
{
	int on = 1;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

		if (fd >= CONNECTIONS_MAX) {
			(void)close(fd);
			continue;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (!connections[fd]) {
			connections[fd] = xnew(struct connection);
		}
		connections[fd]->fd = fd;
		connections[fd]->n = 0;
		(void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	struct epoll_event events[256];
	int64_t delay_ms = 0;
	sigset_t end;
	int listener, end_fd;

	if ((argc > 1 && !str_to_i64(str_from(argv[1]), 0, 10000, &delay_ms)) ||
		(argc > 2 && !str_to_i64(str_from(argv[2]), 0, INT64_MAX, &posts_wanted)) ||
		(argc > 3 && !str_to_i64(str_from(argv[3]), 0, INT64_MAX, &requests_wanted))) {
		(void)fprintf(stderr, "usage: standin [DELAY_MS [POSTS [REQUESTS]]]\n");
		return 2;
	}
	delay_ns = delay_ms * 1000000;
	ring_cap = CONNECTIONS_MAX;
	ring = xnew_array(struct answer, ring_cap);
	late_us = xnew_array(int64_t, LATE_MAX);
	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGTERM);
	(void)sigaddset(&end, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &end, NULL);
	end_fd = signalfd(-1, &end, SFD_CLOEXEC);
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	listener = listen_somewhere();
	for (size_t i = 0; i < 3; i++) {
		event.data.fd = i == 0 ? listener : i == 1 ? timer_fd : end_fd;
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) < 0) {
			die("epoll");
		}
	}
	for (;;) {
		int n = epoll_wait(epoll, events, ARRAY_LEN(events), -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener) {
				take(listener, epoll);
			} else if (events[i].data.fd == timer_fd) {
				on_timer();
			} else if (events[i].data.fd == end_fd) {
				tell();
				return 0;
			} else if (connections[events[i].data.fd]->fd == events[i].data.fd) {
				on_readable(events[i].data.fd);
			}
		}
	}
}
