/*
 * The server that platforms push to, over real sockets: whole requests come in once and are answered once, and what
 * breaks a cap is turned away and never handed over. Clients run in a thread of their own, blocking; the loop runs in
 * this one.
 */
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/mem.h"
#include "net/httpd.h"

#define PATIENCE_MS 60000
#define BODY_CAP    65536u
#define TOTAL_CAP   (8 * BODY_CAP)
#define HELD_MAX    1024

enum how {
	AT_ONCE,
	HOLD, /* until rig_release() */
};

struct rig {
	struct loop *loop;
	struct httpd *httpd;
	struct timer watchdog;
	struct wake ended;
	struct wake released;
	struct wake stopped;
	int port;
	enum how how;
	sem_t handed; /* posted for each request that was handed over */
	sem_t answered;
	/* of what was handed over */
	size_t n;
	uint64_t held[HELD_MAX];
	size_t n_held;
	bool post;
	char path[64];
	char query[256];
	char peer[64];
	struct buf body;
	size_t most_open;
	/* of what the client saw */
	void (*client)(struct rig *rig);
	struct buf got;
	size_t n_right;
	size_t n_wrong;
};

/* ---- the server's side ---- */

/* Echo: the query and the body, so that a mixed-up answer is noticed. */
static void echo(struct rig *rig, uint64_t number, struct str query, struct str body)
{
	struct buf text;

	buf_init(&text, BODY_CAP + 1024);
	(void)buf_printf(&text, "<" STR_FMT "|" STR_FMT ">", STR_ARG(query), STR_ARG(body));
	CHECK(httpd_answer(rig->httpd, number, 200, "text/plain", buf_str(&text)));
	CHECK(!httpd_answer(rig->httpd, number, 500, NULL, STR("again"))); /* once */
	buf_finish(&text);
}

static void on_request(void *data, const struct httpd_request *request)
{
	struct rig *rig = data;

	rig->n++;
	rig->post = request->post;
	(void)snprintf(rig->path, sizeof(rig->path), "%s", request->path);
	(void)snprintf(rig->query, sizeof(rig->query), STR_FMT, STR_ARG(request->query));
	(void)snprintf(rig->peer, sizeof(rig->peer), "%s", request->peer);
	buf_clear(&rig->body);
	(void)buf_add_str(&rig->body, request->body);
	if (rig->how == AT_ONCE) {
		echo(rig, request->number, request->query, request->body);
	} else if (rig->n_held < HELD_MAX) {
		rig->held[rig->n_held++] = request->number;
	}
	if (httpd_open(rig->httpd) > rig->most_open) {
		rig->most_open = httpd_open(rig->httpd);
	}
	(void)sem_post(&rig->handed);
}

static void on_ended(struct wake *wake)
{
	loop_stop(container_of(wake, struct rig, ended)->loop);
}

/* The last one first. */
static void on_released(struct wake *wake)
{
	struct rig *rig = container_of(wake, struct rig, released);

	while (rig->n_held > 0) {
		char text[32];

		(void)snprintf(text, sizeof(text), "number %" PRIu64, rig->held[--rig->n_held]);
		(void)httpd_answer(rig->httpd, rig->held[rig->n_held], 200, NULL, str_from(text));
	}
	(void)sem_post(&rig->answered);
}

static void on_stopped(struct wake *wake)
{
	struct rig *rig = container_of(wake, struct rig, stopped);

	httpd_stop(rig->httpd);
	(void)sem_post(&rig->answered);
}

static void on_watchdog(struct timer *timer)
{
	(void)timer;
	print_error("nothing has happened for %d ms\n", PATIENCE_MS);
	abort();
}

static struct rig *rig_new(unsigned max_connections, unsigned idle_seconds)
{
	struct rig *rig = xnew(struct rig);
	struct httpd_options options = {
		.listen = "127.0.0.1:0",
		.max_body_bytes = BODY_CAP,
		.max_total_bytes = TOTAL_CAP,
		.max_connections = max_connections,
		.idle_seconds = idle_seconds,
		.request_seconds = idle_seconds,
		.on_request = on_request,
		.data = rig,
	};
	struct error err = { 0 };

	rig->loop = loop_new();
	CHECK(rig->loop != NULL);
	CHECK_OK(httpd_new(rig->loop, &options, &rig->httpd, &err), err);
	rig->port = httpd_port(rig->httpd);
	CHECK(rig->port > 0);
	buf_init(&rig->body, BODY_CAP + 1);
	buf_init(&rig->got, 1u << 20);
	CHECK_INT(sem_init(&rig->handed, 0, 0), 0);
	CHECK_INT(sem_init(&rig->answered, 0, 0), 0);
	timer_init(&rig->watchdog, on_watchdog);
	wake_start(rig->loop, &rig->ended, on_ended);
	wake_start(rig->loop, &rig->released, on_released);
	wake_start(rig->loop, &rig->stopped, on_stopped);
	return rig;
}

static void rig_free(struct rig *rig)
{
	wake_stop(&rig->ended);
	wake_stop(&rig->released);
	wake_stop(&rig->stopped);
	httpd_free(rig->httpd);
	loop_free(rig->loop);
	buf_finish(&rig->body);
	buf_finish(&rig->got);
	(void)sem_destroy(&rig->handed);
	(void)sem_destroy(&rig->answered);
	free(rig);
}

static void *run_client(void *data)
{
	struct rig *rig = data;

	rig->client(rig);
	wake_send(&rig->ended);
	return NULL;
}

/* Run the loop until the client has come to its end. */
static void rig_run(struct rig *rig, void (*client)(struct rig *rig))
{
	pthread_t thread;

	rig->client = client;
	buf_clear(&rig->got);
	CHECK_INT(pthread_create(&thread, NULL, run_client, rig), 0);
	timer_start(rig->loop, &rig->watchdog, PATIENCE_MS);
	loop_run(rig->loop);
	timer_stop(rig->loop, &rig->watchdog);
	CHECK_INT(pthread_join(thread, NULL), 0);
}

/* ---- the client's side: in its own thread, so nothing here may fail a test ---- */

static int dial(const struct rig *rig)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)rig->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		abort();
	}
	return fd;
}

static bool put_bytes(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0) {
			return false;
		}
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static bool put(int fd, const char *text)
{
	return put_bytes(fd, text, strlen(text));
}

/* Until the server closes. */
static void get_all(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0) {
		(void)buf_add(out, chunk, (size_t)n);
	}
	(void)close(fd);
}

#define CLOSE "Host: x\r\nConnection: close\r\n"

static void ask(struct rig *rig, const char *text)
{
	int fd = dial(rig);

	(void)put(fd, text);
	get_all(fd, &rig->got);
}

static int status_of(const struct rig *rig)
{
	int64_t status;
	struct str head = buf_str(&rig->got);

	return str_starts(head, STR("HTTP/1.")) && str_to_i64(str_sub(head, 9, 3), 100, 599, &status) ? (int)status : 0;
}

static bool saw(const struct rig *rig, const char *part)
{
	return str_find(buf_str(&rig->got), str_from(part)) >= 0;
}

static void check_turned_away(struct rig *rig, int status)
{
	CHECK_INT(rig->n, 0);
	CHECK_INT(httpd_open(rig->httpd), 0);
	CHECK_INT(status_of(rig), status);
}

/* ---- requests ---- */

static void get_client(struct rig *rig)
{
	ask(rig, "GET /callback/a%2Fb?signature=1&echostr=a%20b+c&x HTTP/1.1\r\n" CLOSE "\r\n");
}

static void test_httpd__a_get_is_handed_over_as_it_came(void **state)
{
	struct rig *rig = rig_new(8, 10);

	(void)state;
	rig_run(rig, get_client);
	CHECK_INT(rig->n, 1);
	CHECK(!rig->post);
	CHECK_TEXT(rig->query, "signature=1&echostr=a%20b+c&x");
	CHECK_TEXT(rig->peer, "127.0.0.1");
	CHECK_INT(rig->body.n, 0);
	CHECK_INT(status_of(rig), 200);
	CHECK(saw(rig, "Content-Type: text/plain\r\n"));
	CHECK(saw(rig, "\r\n\r\n<signature=1&echostr=a%20b+c&x|>"));
	CHECK_INT(httpd_open(rig->httpd), 0);
	rig_free(rig);
}

static void post_client(struct rig *rig)
{
	static const char body[] = "a\0b";
	int fd = dial(rig);

	/* in pieces, a NUL among them */
	(void)put(fd, "POST /x");
	(void)put(fd, " HTTP/1.1\r\n" CLOSE "Content-Length: 3\r\n\r");
	(void)put(fd, "\n");
	(void)put_bytes(fd, body, 1);
	(void)put_bytes(fd, body + 1, 2);
	get_all(fd, &rig->got);
}

static void test_httpd__a_post_is_handed_over_whole(void **state)
{
	struct rig *rig = rig_new(8, 10);

	(void)state;
	rig_run(rig, post_client);
	CHECK_INT(rig->n, 1);
	CHECK(rig->post);
	CHECK_TEXT(rig->path, "/x");
	CHECK_TEXT(rig->query, "");
	CHECK(str_eq(buf_str(&rig->body), STR("a\0b")));
	CHECK_INT(status_of(rig), 200);
	rig_free(rig);
}

static void chunked_client(struct rig *rig)
{
	ask(rig, "POST /x HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
}

static void test_httpd__a_chunked_post_is_handed_over_whole(void **state)
{
	struct rig *rig = rig_new(8, 10);

	(void)state;
	rig_run(rig, chunked_client);
	CHECK_INT(rig->n, 1);
	CHECK_STR(buf_str(&rig->body), "abcde");
	CHECK_INT(status_of(rig), 200);
	rig_free(rig);
}

static void kept_client(struct rig *rig)
{
	/* the second one before the first is answered, the third behind a POST */
	ask(rig, "GET /1?one HTTP/1.1\r\nHost: x\r\n\r\nPOST /2?two HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
		 "GET /3?three HTTP/1.1\r\n" CLOSE "\r\n");
}

static void test_httpd__one_connection_carries_several(void **state)
{
	struct rig *rig = rig_new(8, 10);
	ptrdiff_t one, two, three;

	(void)state;
	rig_run(rig, kept_client);
	CHECK_INT(rig->n, 3);
	one = str_find(buf_str(&rig->got), STR("<one|>"));
	two = str_find(buf_str(&rig->got), STR("<two|hi>"));
	three = str_find(buf_str(&rig->got), STR("<three|>"));
	CHECK(one >= 0 && one < two && two < three);
	rig_free(rig);
}

/* ---- what is turned away ---- */

static const char *method;

static void method_client(struct rig *rig)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "%s /x HTTP/1.1\r\n" CLOSE "Content-Length: 0\r\n\r\n", method);
	ask(rig, text);
}

static void test_httpd__other_methods_are_not_allowed(void **state)
{
	static const char *const methods[] = { "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", "BREW" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		struct rig *rig = rig_new(8, 10);

		method = methods[i];
		rig_run(rig, method_client);
		check_turned_away(rig, 405);
		rig_free(rig);
	}
}

static size_t body_bytes;
static bool body_chunked;

/* The head is read back while the body is still on its way, as a real client would. */
static void body_client(struct rig *rig)
{
	int fd = dial(rig);
	char head[256];
	char chunk[1024];

	memset(chunk, 'x', sizeof(chunk));
	if (body_chunked) {
		(void)put(fd, "POST /x HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n");
	} else {
		(void)snprintf(
			head, sizeof(head), "POST /x HTTP/1.1\r\n" CLOSE "Content-Length: %zu\r\n\r\n", body_bytes);
		(void)put(fd, head);
	}
	for (size_t left = body_bytes; left > 0;) {
		size_t n = left < sizeof(chunk) ? left : sizeof(chunk);

		(void)snprintf(head, sizeof(head), "%zx\r\n", n);
		if ((body_chunked && !put(fd, head)) || !put_bytes(fd, chunk, n) ||
			(body_chunked && !put(fd, "\r\n"))) {
			break;
		}
		left -= n;
	}
	if (body_chunked) {
		(void)put(fd, "0\r\n\r\n");
	}
	get_all(fd, &rig->got);
}

static void test_httpd__a_body_over_the_cap_is_too_large(void **state)
{
	static const struct {
		size_t bytes;
		bool chunked;
		int status;
	} rows[] = {
		{ BODY_CAP, false, 200 },
		{ BODY_CAP + 1, false, 413 },
		{ 40 * BODY_CAP, false, 413 },
		{ BODY_CAP, true, 200 },
		{ BODY_CAP + 1, true, 413 },
		{ 40 * BODY_CAP, true, 413 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig *rig = rig_new(8, 10);

		body_bytes = rows[i].bytes;
		body_chunked = rows[i].chunked;
		rig_run(rig, body_client);
		if (rows[i].status == 200) {
			CHECK_INT(status_of(rig), 200);
			CHECK_INT(rig->n, 1);
			CHECK_INT(rig->body.n, BODY_CAP);
		} else {
			check_turned_away(rig, rows[i].status);
		}
		rig_free(rig);
	}
}

static const char *raw_text;

static void raw_client(struct rig *rig)
{
	ask(rig, raw_text);
}

static void test_httpd__nonsense_is_never_handed_over(void **state)
{
	static const char *const texts[] = { "\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n", "POST /x HTTP/9.9\r\n\r\n",
		"POST /x HTTP/1.1\r\n" CLOSE "Content-Length: -1\r\n\r\n",
		"POST /x HTTP/1.1\r\n" CLOSE "Content-Length: 99999999999999999999\r\n\r\n",
		"POST /x HTTP/1.1\r\n" CLOSE "Content-Length: x\r\n\r\nabc",
		"POST /x HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct rig *rig = rig_new(8, 1);

		raw_text = texts[i];
		rig_run(rig, raw_client);
		CHECK_INT(rig->n, 0);
		CHECK(status_of(rig) == 0 || status_of(rig) >= 400);
		rig_free(rig);
	}
}

static bool long_uri;

static void head_client(struct rig *rig)
{
	int fd = dial(rig);
	struct buf text;

	buf_init(&text, 1u << 20);
	(void)buf_add_text(&text, long_uri ? "GET /x?" : "GET /x HTTP/1.1\r\nA: ");
	for (size_t i = 0; i < 100000; i++) {
		(void)buf_add_char(&text, 'x');
	}
	(void)buf_add_text(&text, long_uri ? " HTTP/1.1\r\n" CLOSE "\r\n" : "\r\n" CLOSE "\r\n");
	(void)put_bytes(fd, text.p, text.n);
	get_all(fd, &rig->got);
	buf_finish(&text);
}

static void test_httpd__an_endless_head_is_never_handed_over(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *rig = rig_new(8, 10);

		long_uri = i;
		rig_run(rig, head_client);
		CHECK_INT(rig->n, 0);
		CHECK(status_of(rig) == 0 || status_of(rig) == 414 || status_of(rig) == 431);
		rig_free(rig);
	}
}

/* ---- slow and many ---- */

static const char *slow_text;

/* Sends a beginning and no more. That the server closes is the event. */
static void slow_client(struct rig *rig)
{
	ask(rig, slow_text);
}

static void test_httpd__who_sends_nothing_more_is_closed(void **state)
{
	static const char *const texts[] = { "", "P", "POST /x HTTP/1.1\r\nHost", "POST /x HTTP/1.1\r\nHost: x\r\n",
		"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct rig *rig = rig_new(8, 1);

		slow_text = texts[i];
		rig_run(rig, slow_client);
		CHECK_INT(rig->n, 0);
		CHECK_INT(httpd_open(rig->httpd), 0);
		rig_run(rig, get_client); /* and nothing of it is left behind */
		CHECK_INT(rig->n, 1);
		CHECK_INT(status_of(rig), 200);
		rig_free(rig);
	}
}

#define MANY 300

/* All are open before the first one is answered. */
static void many_client(struct rig *rig)
{
	int fds[MANY];
	char want[64];

	for (int i = 0; i < MANY; i++) {
		char text[256];

		fds[i] = dial(rig);
		(void)snprintf(
			text, sizeof(text), "POST /x?%d HTTP/1.1\r\n" CLOSE "Content-Length: 4\r\n\r\n%04d", i, i);
		(void)put(fds[i], text);
	}
	for (int i = 0; i < MANY; i++) {
		buf_clear(&rig->got);
		get_all(fds[i], &rig->got);
		(void)snprintf(want, sizeof(want), "\r\n\r\n<%d|%04d>", i, i);
		if (status_of(rig) == 200 && saw(rig, want)) {
			rig->n_right++;
		} else {
			rig->n_wrong++;
		}
	}
}

static void test_httpd__each_of_many_gets_its_own_answer(void **state)
{
	struct rig *rig = rig_new(512, 10);

	(void)state;
	rig_run(rig, many_client);
	CHECK_INT(rig->n, MANY);
	CHECK_INT(rig->n_right, MANY);
	CHECK_INT(rig->n_wrong, 0);
	rig_free(rig);
}

static void test_httpd__over_the_limit_they_wait_and_none_is_lost(void **state)
{
	struct rig *rig = rig_new(20, 10);

	(void)state;
	rig_run(rig, many_client);
	CHECK_INT(rig->n, MANY);
	CHECK_INT(rig->n_right, MANY);
	rig_free(rig);
}

/* Connections that say nothing take all places; who comes then is served once they are closed. */
static void crowded_client(struct rig *rig)
{
	int fds[8];

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dial(rig);
		(void)put(fds[i], "POST ");
	}
	get_client(rig);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		(void)close(fds[i]);
	}
}

static void test_httpd__slow_ones_hold_their_places_for_a_while_only(void **state)
{
	struct rig *rig = rig_new(8, 1);

	(void)state;
	rig_run(rig, crowded_client);
	CHECK_INT(rig->n, 1);
	CHECK_INT(status_of(rig), 200);
	rig_free(rig);
}

/* A byte now and then, for ever. That the server closes is the event. */
static void drip(int fd, const char *text)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	(void)put(fd, text);
	while (poll(&poll_fd, 1, 100) == 0 && put(fd, "x")) {
	}
}

static void drip_client(struct rig *rig)
{
	int fd = dial(rig);

	drip(fd, slow_text);
	get_all(fd, &rig->got);
}

static void test_httpd__who_drips_is_closed_however_steadily(void **state)
{
	static const char *const texts[] = { "POST /",
		"POST /x HTTP/1.1\r\nX-Long: ", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct rig *rig = rig_new(8, 2);

		slow_text = texts[i];
		rig_run(rig, drip_client);
		CHECK_INT(rig->n, 0);
		rig_run(rig, get_client);
		CHECK_INT(status_of(rig), 200);
		rig_free(rig);
	}
}

static void test_httpd__when_it_is_crowded_the_slow_give_way_at_once(void **state)
{
	struct rig *rig = rig_new(8, PATIENCE_MS); /* nobody would be closed for idling */

	(void)state;
	rig_run(rig, crowded_client);
	CHECK_INT(rig->n, 1);
	CHECK_INT(status_of(rig), 200);
	rig_free(rig);
}

/* Long bodies that never end want more room than there is for bodies: one of them is closed. */
static void hoarding_client(struct rig *rig)
{
	static char half[BODY_CAP - 64];
	struct pollfd fds[TOTAL_CAP / BODY_CAP + 1];

	memset(half, 'x', sizeof(half));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		char text[128];

		fds[i] = (struct pollfd){ .fd = dial(rig), .events = POLLIN };
		(void)snprintf(text, sizeof(text), "POST /x HTTP/1.1\r\n" CLOSE "Content-Length: %u\r\n\r\n", BODY_CAP);
		(void)(put(fds[i].fd, text) && put_bytes(fds[i].fd, half, sizeof(half)));
	}
	(void)poll(fds, ARRAY_LEN(fds), PATIENCE_MS);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		rig->n_wrong += fds[i].revents != 0;
		(void)close(fds[i].fd);
	}
}

static void test_httpd__bodies_share_their_room(void **state)
{
	struct rig *rig = rig_new(32, PATIENCE_MS);

	(void)state;
	rig_run(rig, hoarding_client);
	CHECK_INT(rig->n, 0);
	CHECK_INT(rig->n_wrong, 1);
	rig_run(rig, get_client);
	CHECK_INT(status_of(rig), 200);
	rig_free(rig);
}

/* ---- answered later ---- */

#define LATER 50

static void later_client(struct rig *rig)
{
	int fds[LATER];
	char want[64];

	for (int i = 0; i < LATER; i++) {
		fds[i] = dial(rig);
		(void)put(fds[i], "POST /x HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nx");
		(void)sem_wait(&rig->handed); /* so that they are numbered in order */
	}
	wake_send(&rig->released);
	for (int i = 0; i < LATER; i++) {
		buf_clear(&rig->got);
		get_all(fds[i], &rig->got);
		(void)snprintf(want, sizeof(want), "\r\n\r\nnumber %d", i + 1);
		rig->n_right += status_of(rig) == 200 && saw(rig, want);
	}
}

/* They fill the room for bodies, and then say nothing. Who comes later gets in once they are gone. */
static void squatting_client(struct rig *rig)
{
	static char half[BODY_CAP - 64];
	int fds[TOTAL_CAP / BODY_CAP - 1];

	memset(half, 'x', sizeof(half));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		char text[128];

		fds[i] = dial(rig);
		(void)snprintf(text, sizeof(text), "POST /x HTTP/1.1\r\n" CLOSE "Content-Length: %u\r\n\r\n", BODY_CAP);
		(void)(put(fds[i], text) && put_bytes(fds[i], half, sizeof(half)));
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		struct pollfd poll_fd = { .fd = fds[i], .events = POLLIN };

		rig->n_wrong += poll(&poll_fd, 1, PATIENCE_MS / 30) != 1; /* it is not closed */
		(void)close(fds[i]);
	}
	get_client(rig);
}

static void test_httpd__who_fills_the_room_for_bodies_gives_way(void **state)
{
	struct rig *rig = rig_new(64, PATIENCE_MS);

	(void)state;
	rig_run(rig, squatting_client);
	CHECK_INT(rig->n_wrong, 0);
	CHECK_INT(rig->n, 1);
	CHECK_INT(status_of(rig), 200);
	rig_free(rig);
}

static void test_httpd__answers_may_come_later_and_in_any_order(void **state)
{
	struct rig *rig = rig_new(64, 10);

	(void)state;
	rig->how = HOLD;
	rig_run(rig, later_client);
	CHECK_INT(rig->n, LATER);
	CHECK_INT(rig->most_open, LATER);
	CHECK_INT(rig->n_right, LATER);
	CHECK_INT(httpd_open(rig->httpd), 0);
	CHECK(!httpd_answer(rig->httpd, 1, 200, NULL, STR("late")));
	CHECK(!httpd_answer(rig->httpd, 0, 200, NULL, STR("none")));
	CHECK(!httpd_answer(rig->httpd, 9999, 200, NULL, STR("none")));
	rig_free(rig);
}

/* Idle time is the client's, not ours: a request that waits for its answer is not cut off. */
static void patient_client(struct rig *rig)
{
	int fd = dial(rig);

	(void)put(fd, "POST /x HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nx");
	(void)sem_wait(&rig->handed);
	slow_client(rig); /* another one idles until it is closed: meanwhile the idle time of both has passed */
	slow_client(rig);
	buf_clear(&rig->got);
	wake_send(&rig->released);
	get_all(fd, &rig->got);
}

static void test_httpd__waiting_for_our_answer_is_not_idling(void **state)
{
	struct rig *rig = rig_new(8, 1);

	(void)state;
	rig->how = HOLD;
	slow_text = "POST /x HTTP/1.1\r\n";
	rig_run(rig, patient_client);
	CHECK_INT(rig->n, 1);
	CHECK_INT(status_of(rig), 200);
	rig_free(rig);
}

static void gone_client(struct rig *rig)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int fd = dial(rig);
	int other = dial(rig);

	(void)put(fd, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
	(void)put(other, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
	(void)sem_wait(&rig->handed);
	(void)sem_wait(&rig->handed);
	(void)close(fd);
	(void)setsockopt(other, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	(void)close(other);
	wake_send(&rig->released);
	(void)sem_wait(&rig->answered);
	rig->how = AT_ONCE;
	get_client(rig);
}

static void test_httpd__the_answer_to_who_has_gone_is_dropped(void **state)
{
	struct rig *rig = rig_new(8, 10);

	(void)state;
	rig->how = HOLD;
	rig_run(rig, gone_client);
	CHECK_INT(rig->n, 3);
	CHECK_INT(status_of(rig), 200);
	CHECK_INT(httpd_open(rig->httpd), 0);
	rig_free(rig);
}

/* ---- the end ---- */

static void stop_client(struct rig *rig)
{
	int fd = dial(rig);

	(void)put(fd, "POST /x HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nx");
	(void)sem_wait(&rig->handed);
	wake_send(&rig->stopped);
	(void)sem_wait(&rig->answered);
	get_client(rig);
	rig->n_wrong = (size_t)status_of(rig); /* of the newcomer */
	buf_clear(&rig->got);
	wake_send(&rig->released);
	get_all(fd, &rig->got);
}

static void test_httpd__stopped_it_answers_what_it_has_and_takes_no_more(void **state)
{
	struct rig *rig = rig_new(8, 10);

	(void)state;
	rig->how = HOLD;
	rig_run(rig, stop_client);
	CHECK_INT(rig->n, 1);
	CHECK_INT(rig->n_wrong, 503);
	CHECK_INT(status_of(rig), 200);
	CHECK(saw(rig, "number 1"));
	rig_free(rig);
}

/* Leaves one request unanswered, half of one, and one that has only dialled. */
static void leaving_client(struct rig *rig)
{
	int fds[] = { dial(rig), dial(rig), dial(rig) };

	(void)put(fds[1], "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nx");
	(void)put(fds[0], "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
	(void)sem_wait(&rig->handed);
	rig->n_right = (size_t)fds[0];
	rig->n_wrong = (size_t)fds[1];
	(void)close(fds[2]);
}

static void test_httpd__freed_it_cuts_off_what_is_unanswered(void **state)
{
	struct rig *rig = rig_new(8, 10);
	char byte[512];
	int waiting, half;

	(void)state;
	rig->how = HOLD;
	rig_run(rig, leaving_client);
	waiting = (int)rig->n_right;
	half = (int)rig->n_wrong;
	CHECK_INT(httpd_open(rig->httpd), 1);
	rig_free(rig);
	while (recv(waiting, byte, sizeof(byte), 0) > 0) {
	}
	while (recv(half, byte, sizeof(byte), 0) > 0) {
	}
	(void)close(waiting);
	(void)close(half);
}

static void test_httpd__addresses(void **state)
{
	static const char *const bad[] = { "", "8751", "localhost:8751", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
		"127.0.0.1:-1", "[::1:80", "300.0.0.1:80", "1.2.3.4.5:80" };
	struct loop *loop = loop_new();
	struct httpd_options options = {
		.max_body_bytes = 1, .max_total_bytes = 1, .max_connections = 1, .idle_seconds = 1, .request_seconds = 1
	};
	struct httpd *httpd = NULL;
	struct httpd *other = NULL;
	struct error err = { 0 };
	char taken[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		options.listen = bad[i];
		CHECK_FAILS(httpd_new(loop, &options, &httpd, &err), err, "no address to listen on");
		CHECK_INT(err.domain, ERROR_CONFIG);
	}
	options.listen = "[::1]:0";
	if (httpd_new(loop, &options, &httpd, &err)) { /* a machine without IPv6 has no such address */
		CHECK(httpd_port(httpd) > 0);
		httpd_free(httpd);
	} else {
		CHECK_INT(err.domain, ERROR_OS);
	}
	options.listen = "127.0.0.1:0";
	CHECK_OK(httpd_new(loop, &options, &httpd, &err), err);
	(void)snprintf(taken, sizeof(taken), "127.0.0.1:%d", httpd_port(httpd));
	options.listen = taken;
	CHECK_FAILS(httpd_new(loop, &options, &other, &err), err, taken);
	CHECK_INT(err.domain, ERROR_OS);
	CHECK(!other);
	httpd_free(httpd);
	httpd_free(NULL);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_httpd__a_get_is_handed_over_as_it_came),
		cmocka_unit_test(test_httpd__a_post_is_handed_over_whole),
		cmocka_unit_test(test_httpd__a_chunked_post_is_handed_over_whole),
		cmocka_unit_test(test_httpd__one_connection_carries_several),
		cmocka_unit_test(test_httpd__other_methods_are_not_allowed),
		cmocka_unit_test(test_httpd__a_body_over_the_cap_is_too_large),
		cmocka_unit_test(test_httpd__nonsense_is_never_handed_over),
		cmocka_unit_test(test_httpd__an_endless_head_is_never_handed_over),
		cmocka_unit_test(test_httpd__who_sends_nothing_more_is_closed),
		cmocka_unit_test(test_httpd__each_of_many_gets_its_own_answer),
		cmocka_unit_test(test_httpd__over_the_limit_they_wait_and_none_is_lost),
		cmocka_unit_test(test_httpd__slow_ones_hold_their_places_for_a_while_only),
		cmocka_unit_test(test_httpd__who_drips_is_closed_however_steadily),
		cmocka_unit_test(test_httpd__when_it_is_crowded_the_slow_give_way_at_once),
		cmocka_unit_test(test_httpd__bodies_share_their_room),
		cmocka_unit_test(test_httpd__who_fills_the_room_for_bodies_gives_way),
		cmocka_unit_test(test_httpd__answers_may_come_later_and_in_any_order),
		cmocka_unit_test(test_httpd__waiting_for_our_answer_is_not_idling),
		cmocka_unit_test(test_httpd__the_answer_to_who_has_gone_is_dropped),
		cmocka_unit_test(test_httpd__stopped_it_answers_what_it_has_and_takes_no_more),
		cmocka_unit_test(test_httpd__freed_it_cuts_off_what_is_unanswered),
		cmocka_unit_test(test_httpd__addresses),
	};

	return check_run(tests);
}
