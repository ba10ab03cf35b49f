/*
 * Clients that misbehave, many at a time, until they are told to stop: against the callback listener (tcp) or the
 * control socket (unix). Who is cut off comes again at once.
 *
 *   abuse tcp PORT PATH CONNECTIONS      slow heads, slow bodies, endless bodies and heads, silence
 *   abuse unix SOCKET - CONNECTIONS      half frames, frames without an end, rubbish, hellos without an end, never
 * reading
 *
 * Says "ready" when each has connected once and said its first words, "all cut" when each has been cut off or let in
 * again at least once, and at the end (SIGTERM) how often they were cut off in all.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/attr.h"
#include "core/mem.h"
#include "core/str.h"

#define TICK_MS 100
#define HELLO   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":{\"version\":1,\"client\":\"abuse\"}}\n"
#define LONG    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONGER  LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG

struct manner {
	const char *opening; /* %s: the path */
	const char *more;    /* again and again */
	bool floods;         /* as fast as it goes; else one piece a tick */
	bool reads;
};

static const struct manner tcp_manners[] = {
	{ "POST %s HTTP/1.1\r\nHost: x\r\nX-Slow: ", "x", false, true },
	{ "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n<xml>", "x", false, true },
	{ "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n", LONGER, true, true },
	{ "POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "400\r\n" LONGER "\r\n", true, true },
	{ "POST %s HTTP/1.1\r\n", "X-Big: " LONGER "\r\n", true, true },
	{ "", "", false, true },
	{ "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", true, false },
};

static const struct manner unix_manners[] = {
	{ "{\"jsonrpc\":", "", false, true },
	{ HELLO "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":", "", false, true },
	{ HELLO "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"post.list\",\"x\":\"", LONGER, true, true },
	{ HELLO, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"account.list\"}\n", true, false },
	{ "\377\376}{\n", LONGER "\n", true, true },
	{ HELLO, HELLO, true, true },
	{ HELLO, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"no.such.verb\"}\n", true, true },
	{ "", "", false, true },
};

struct client {
	int fd;
	const struct manner *manner;
	size_t sent;   /* of `more`, in the present piece */
	bool was_open; /* at least once */
	bool was_cut;  /* likewise */
};

static const char *target;
static const char *path;
static bool is_unix;
static volatile sig_atomic_t stopping;

static void on_term(int number unused_arg)
{
	stopping = 1;
}

static int dial(void)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in remote = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int64_t port = 0;
	int result;

	if (is_unix) {
		(void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", target);
		result = connect(fd, (struct sockaddr *)&local, sizeof(local));
	} else {
		remote.sin_port = htons(str_to_i64(str_from(target), 1, 65535, &port) ? (uint16_t)port : 0);
		result = connect(fd, (struct sockaddr *)&remote, sizeof(remote));
	}
	if (result < 0 && errno != EINPROGRESS) {
		close(fd);
		return -1; /* a full backlog: again at the next tick */
	}
	return fd;
}

static void open_client(struct client *client)
{
	char opening[1024];

	client->sent = 0;
	client->fd = dial();
	if (client->fd < 0) {
		return;
	}
	(void)fcntl(client->fd, F_SETFL, 0);
	(void)snprintf(opening, sizeof(opening), "%s", client->manner->opening);
	if (strstr(opening, "%s")) {
		const char *rest = strstr(client->manner->opening, "%s") + 2;

		(void)snprintf(strstr(opening, "%s"), 512, "%s%s", path, rest);
	}
	(void)send(client->fd, opening, strlen(opening), MSG_NOSIGNAL);
	(void)fcntl(client->fd, F_SETFL, O_NONBLOCK);
}

/* False: it was cut off. */
static bool go_on(struct client *client, short events)
{
	const char *more = client->manner->more;
	char chunk[65536];
	size_t n = strlen(more);

	if (events & POLLIN && client->manner->reads) {
		ssize_t got = recv(client->fd, chunk, sizeof(chunk), 0);

		if (got == 0 || (got < 0 && errno != EAGAIN)) {
			return false;
		}
	}
	if (events & (POLLERR | POLLHUP)) {
		return false;
	}
	for (int i = 0; n > 0 && i < (client->manner->floods ? 16 : 1); i++) {
		ssize_t sent = send(client->fd, more + client->sent, n - client->sent, MSG_NOSIGNAL);

		if (sent < 0) {
			return errno == EAGAIN;
		}
		client->sent = (client->sent + (size_t)sent) % n;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction term = { .sa_handler = on_term };
	struct client *clients;
	struct pollfd *fds;
	int64_t n;
	int64_t n_cut = 0;
	size_t never_open;
	size_t never_cut;
	bool ready = false;

	if (argc != 5 || !str_to_i64(str_from(argv[4]), 1, 4096, &n)) {
		(void)fprintf(stderr, "usage: abuse tcp PORT PATH CONNECTIONS | unix SOCKET - CONNECTIONS\n");
		return 2;
	}
	is_unix = strcmp(argv[1], "unix") == 0;
	target = argv[2];
	path = argv[3];
	(void)sigaction(SIGTERM, &term, NULL);
	clients = xnew_array(struct client, (size_t)n);
	fds = xnew_array(struct pollfd, (size_t)n);
	never_open = never_cut = (size_t)n;
	for (size_t i = 0; i < (size_t)n; i++) {
		clients[i].manner = is_unix ? &unix_manners[i % ARRAY_LEN(unix_manners)]
					    : &tcp_manners[i % ARRAY_LEN(tcp_manners)];
		clients[i].fd = -1;
	}
	while (!stopping) {
		for (size_t i = 0; i < (size_t)n; i++) {
			if (clients[i].fd < 0) {
				open_client(&clients[i]);
			}
			if (clients[i].fd >= 0 && !clients[i].was_open) {
				clients[i].was_open = true;
				never_open--;
			}
			fds[i] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
		}
		if (!ready && never_open == 0) {
			ready = true;
			(void)puts("ready");
			(void)fflush(stdout);
		}
		/* The pace of those that drip. */
		(void)poll(NULL, 0, TICK_MS);
		(void)poll(fds, (nfds_t)n, 0);
		for (size_t i = 0; i < (size_t)n; i++) {
			if (clients[i].fd < 0 || go_on(&clients[i], fds[i].revents)) {
				continue;
			}
			close(clients[i].fd);
			clients[i].fd = -1;
			n_cut++;
			if (!clients[i].was_cut) {
				clients[i].was_cut = true;
				if (--never_cut == 0) {
					(void)puts("all cut");
					(void)fflush(stdout);
				}
			}
		}
	}
	for (size_t i = 0; i < (size_t)n; i++) {
		if (!clients[i].was_cut) {
			(void)printf("never cut off: %.40s...\n", clients[i].manner->opening);
		}
	}
	(void)printf("cut off %lld times\n", (long long)n_cut);
	free(clients);
	free(fds);
	return 0;
}
