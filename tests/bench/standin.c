/*
 * A platform that costs next to nothing: answers what Weibo's paths answer when all is well, over kept connections,
 * each answer after the same delay. One thread, no state but counts.
 *
 *   standin [DELAY_MS [POSTS [REQUESTS [COMMENTS]]]]
 *
 * Prints "port N" on standard output, "posts" when so many have come, and "requests" when so many of all kinds have. At
 * SIGTERM one JSON line: posts, seconds from the first post to the last, and
 * when their texts say when they were due (due-<wall ms>-), how late they came.
 *
 * Under the posts of each account there are so many COMMENTS from the second time that they are asked for, each by
 * another citizen, in pages as Weibo cuts them, with all the members that it sends and nobody reads.
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
#include "core/buf.h"
#include "core/mem.h"
#include "core/str.h"

#define REQUEST_MAX     (64u << 10)
#define CONNECTIONS_MAX 4096
#define LATE_MAX        2000000
#define ACCOUNTS_MAX    100000
#define PAGE_BYTES      (2u << 20)

/* Weibo's ids tell seconds since then; the comments are spread over so many to come. */
#define ID_EPOCH_S      INT64_C(515483463)
#define ID_SECOND_BITS  22
#define COMMENTS_LAST_S 72000

struct connection {
	int fd; /* its index is the descriptor */
	uint32_t life;
	size_t n;
	char request[REQUEST_MAX];
};

struct asked {
	bool post;
	bool comments;
	int64_t account; /* its number */
	int64_t since_id, max_id, count;
};

struct answer { /* to be sent at `at`; all wait equally long, so the ring is in order */
	int64_t at_ns;
	int fd;
	uint32_t life;
	struct asked asked;
};

static struct connection *connections[CONNECTIONS_MAX];
static struct answer *ring;
static size_t ring_cap, ring_first, ring_n;
static int64_t delay_ns;
static int timer_fd = -1;
static int64_t posts, first_ns, last_ns, requests;
static int64_t posts_wanted, requests_wanted; /* 0: nobody waits */
static int64_t n_comments, first_comment_id, comment_id_step;
static bool had_comments_asked[ACCOUNTS_MAX];
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

static void add_user(struct buf *out, int64_t id, const char *name, int64_t number)
{
	(void)buf_printf(out,
		"{\"id\":%" PRId64 ",\"idstr\":\"%" PRId64 "\",\"class\":1,\"screen_name\":\"%s%" PRId64
		"\",\"name\":\"%s%" PRId64 "\",\"province\":\"99\",\"city\":\"1\",\"location\":\"示例省 云岫市\","
		"\"description\":\"\",\"url\":\"\",\"profile_image_url\":\"https://img.example/50/%" PRId64
		".jpg\",\"profile_url\":\"u/%" PRId64 "\",\"domain\":\"\",\"weihao\":\"\",\"gender\":\"n\","
		"\"followers_count\":120,\"friends_count\":35,\"statuses_count\":412,\"favourites_count\":0,"
		"\"created_at\":\"Tue Mar 03 10:00:00 +0800 2020\",\"following\":false,\"allow_all_act_msg\":true,"
		"\"geo_enabled\":false,\"verified\":false,\"verified_type\":-1,\"remark\":\"\",\"allow_all_comment\":"
		"true,"
		"\"avatar_large\":\"https://img.example/180/%" PRId64
		".jpg\",\"avatar_hd\":\"https://img.example/1024/%" PRId64
		".jpg\",\"verified_reason\":\"\",\"follow_me\":false,\"online_status\":0,\"bi_followers_count\":12,"
		"\"lang\":\"zh-cn\"}",
		id, id, name, number, name, number, id, id, id, id);
}

static void add_comment(struct buf *out, int64_t account, int64_t number)
{
	int64_t id = first_comment_id + number * comment_id_step;
	int64_t status_id = first_comment_id - ((account + 1) << ID_SECOND_BITS);

	(void)buf_printf(out,
		"{\"created_at\":\"Mon Jan 05 09:40:59 +0800 2026\",\"id\":%" PRId64 ",\"idstr\":\"%" PRId64
		"\",\"mid\":\"%" PRId64 "\",\"rootid\":%" PRId64 ",\"floor_number\":%" PRId64
		",\"text\":\"请问第 %" PRId64 " 号窗口几点开门？\",\"disable_reply\":0,\"source_allowclick\":0,"
		"\"source_type\":2,\"source\":\"微博网页版\",\"like_count\":0,\"reply_count\":0,\"user\":",
		id, id, id, id, number + 1, account * 1000000 + number);
	add_user(out, INT64_C(7000000000) + account * 1000000 + number, "市民", number);
	(void)buf_printf(out,
		",\"status\":{\"created_at\":\"Mon Jan 05 09:00:12 +0800 2026\",\"id\":%" PRId64 ",\"idstr\":\"%" PRId64
		"\",\"mid\":\"%" PRId64
		"\",\"text\":\"【停水通知】明天九时至十七时，东湖路一带停水检修，请提前储水。\","
		"\"source\":\"发布平台\",\"favorited\":false,\"truncated\":false,\"reposts_count\":0,\"comments_"
		"count\":0,"
		"\"attitudes_count\":0,\"visible\":{\"type\":0,\"list_id\":0},\"user\":",
		status_id, status_id, status_id);
	add_user(out, INT64_C(1900000000) + account, "云岫发布", account);
	(void)buf_add_text(out, "}}");
}

/* Newest first, those above since_id and not above max_id. */
static void add_page(struct buf *out, const struct asked *asked)
{
	int64_t number = n_comments - 1;
	int64_t lowest = 0;

	(void)buf_add_text(out, "{\"comments\":[");
	if (asked->max_id > 0 && asked->max_id < first_comment_id + number * comment_id_step) {
		number = asked->max_id < first_comment_id ? -1 : (asked->max_id - first_comment_id) / comment_id_step;
	}
	for (int64_t n = 0; n < asked->count && number >= 0; n++, number--) {
		if (first_comment_id + number * comment_id_step <= asked->since_id) {
			number = -1;
			break;
		}
		lowest = first_comment_id + number * comment_id_step;
		(void)buf_add_text(out, n > 0 ? "," : "");
		add_comment(out, asked->account, number);
	}
	(void)buf_printf(out, "],\"total_number\":%" PRId64 ",\"next_cursor\":%" PRId64 "}", n_comments,
		number >= 0 && lowest > 0 ? lowest - 1 : 0);
}

static void send_answer(int fd, const struct asked *asked)
{
	static int64_t id = INT64_C(5000000000000000);
	int64_t uid = INT64_C(1900000000) + asked->account;
	struct buf body;
	char head[128];
	int n;

	buf_init(&body, PAGE_BYTES);
	if (asked->post) {
		id++;
		(void)buf_printf(&body,
			"{\"created_at\":\"Mon Jan 05 09:00:00 +0800 2026\",\"id\":%" PRId64 ",\"idstr\":\"%" PRId64
			"\",\"mid\":\"%" PRId64 "\",\"text\":\"t\",\"user\":{\"id\":%" PRId64 ",\"idstr\":\"%" PRId64
			"\"}}",
			id, id, id, uid, uid);
	} else if (asked->comments && had_comments_asked[asked->account]) {
		add_page(&body, asked);
	} else {
		had_comments_asked[asked->account] = had_comments_asked[asked->account] || asked->comments;
		(void)buf_printf(&body,
			"{\"comments\":[],\"statuses\":[],\"total_number\":0,\"uid\":%" PRId64
			",\"expire_in\":8640000}",
			uid);
	}
	n = snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body.n);
	if (send(fd, head, (size_t)n, MSG_NOSIGNAL | MSG_MORE) != n ||
		send(fd, body.p, body.n, MSG_NOSIGNAL) != (ssize_t)body.n) {
		drop(fd);
	}
	buf_finish(&body);
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

static int64_t number_after(struct str request, const char *mark, size_t digits_max)
{
	const char *at = memmem(request.p, request.n, mark, strlen(mark));
	struct str digits;
	int64_t number = 0;

	if (!at) {
		return 0;
	}
	digits = str_sub(request, (size_t)(at - request.p) + strlen(mark), request.n);
	digits.n = digits.n < digits_max ? digits.n : digits_max;
	for (size_t n = 0; n < digits.n; n++) {
		if (digits.p[n] < '0' || digits.p[n] > '9') {
			digits.n = n;
		}
	}
	return str_to_i64(digits, 0, INT64_MAX, &number) ? number : 0;
}

/* Tokens are 2.00rehearsal00007 and belong to user 1900000007. */
static struct asked read_request(struct str request)
{
	struct asked asked = {
		.post = request.p[0] == 'P' && memmem(request.p, request.n, "/2/statuses/", 12),
		.comments = n_comments > 0 && str_starts(request, STR("GET /2/comments/timeline.json?")),
		.account = number_after(request, "rehearsal", 5),
	};

	if (asked.comments) {
		asked.since_id = number_after(request, "since_id=", 19);
		asked.max_id = number_after(request, "max_id=", 19);
		asked.count = number_after(request, "count=", 3);
	}
	return asked;
}

static void put_off(int fd, const struct asked *asked)
{
	struct answer *answer;

	if (delay_ns == 0) {
		send_answer(fd, asked);
		return;
	}
	if (ring_n == ring_cap) {
		die("too many requests wait");
	}
	answer = &ring[(ring_first + ring_n++) % ring_cap];
	*answer = (struct answer){ now_ns(CLOCK_MONOTONIC) + delay_ns, fd, connections[fd]->life, *asked };
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
			send_answer(answer.fd, &answer.asked);
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
		struct asked asked = read_request((struct str){ connection->request, n });

		if (asked.post) {
			last_ns = now_ns(CLOCK_MONOTONIC);
			first_ns = posts++ == 0 ? last_ns : first_ns;
			note_lateness(body);
		}
		requests++;
		if ((asked.post && posts == posts_wanted) || requests == requests_wanted) {
			(void)puts(asked.post && posts == posts_wanted ? "posts" : "requests");
			(void)fflush(stdout);
		}
		memmove(connection->request, connection->request + n, connection->n - n);
		connection->n -= n;
		put_off(fd, &asked);
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
		(argc > 3 && !str_to_i64(str_from(argv[3]), 0, INT64_MAX, &requests_wanted)) ||
		(argc > 4 && !str_to_i64(str_from(argv[4]), 0, 1000000, &n_comments))) {
		(void)fprintf(stderr, "usage: standin [DELAY_MS [POSTS [REQUESTS [COMMENTS]]]]\n");
		return 2;
	}
	first_comment_id = (now_ns(CLOCK_REALTIME) / 1000000000 - ID_EPOCH_S + 60) << ID_SECOND_BITS;
	comment_id_step = (INT64_C(1) * COMMENTS_LAST_S << ID_SECOND_BITS) / (n_comments > 0 ? n_comments : 1);
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
