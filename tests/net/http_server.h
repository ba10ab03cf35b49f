/*
 * A far end that misbehaves on purpose: a threaded HTTP server on loopback. Each request that arrives takes the next
 * step of a script; requests beyond it are answered. What arrived is counted and kept, by connection.
 */
#ifndef TESTS_NET_HTTP_SERVER_H
#define TESTS_NET_HTTP_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

enum step {
	ANSWER,             /* 200, "ok", connection kept */
	ANSWER_BYTES,       /* server.bytes as they are, then close */
	ANSWER_THEN_CLOSE,  /* 200 as if kept, then closed */
	DROP_AFTER_READING, /* the whole request, then close without a word */
	RESET_AFTER_READING,
	RESET_AFTER_HEADERS, /* while the body is on its way */
	DROP_UNREAD,         /* something arrived; close without reading it */
	HOLD,                /* wait for server_release(), then answer */
	DRIP,                /* a header, then one byte at a time until the client has gone */
};

#define SERVER_REQUESTS_MAX    512
#define SERVER_CONNECTIONS_MAX 512

struct seen {
	int connection;
	size_t n; /* bytes of header and body */
	char head[2048];
	char *body;
	size_t body_n;
};

struct server {
	int fd;
	int port;
	pthread_t acceptor;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	const enum step *script;
	size_t n_script;
	struct str bytes;
	void (*on_hold)(void *data); /* in the server's thread */
	void *on_hold_data;
	bool stopping;
	bool released;
	int held;
	int open_requests;
	int most_open_requests;
	struct seen seen[SERVER_REQUESTS_MAX]; /* whole requests */
	size_t n_seen;
	size_t n_begun; /* requests of which something arrived */
	int fds[SERVER_CONNECTIONS_MAX];
	pthread_t threads[SERVER_CONNECTIONS_MAX];
	size_t n_connections;
	size_t n_closed; /* by the server */
};

struct connection {
	struct server *server;
	int fd;
	int number;
};

static void server_send(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0) {
			return;
		}
		p += sent;
		n -= (size_t)sent;
	}
}

static void server_close(struct connection *connection, bool reset)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (reset) {
		setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	}
	pthread_mutex_lock(&connection->server->mutex);
	connection->server->fds[connection->number] = -1;
	close(connection->fd);
	connection->server->n_closed++;
	pthread_cond_broadcast(&connection->server->changed);
	pthread_mutex_unlock(&connection->server->mutex);
}

static enum step server_next_step(struct server *server)
{
	enum step step;

	pthread_mutex_lock(&server->mutex);
	step = server->n_begun < server->n_script ? server->script[server->n_begun] : ANSWER;
	server->n_begun++;
	server->open_requests++;
	if (server->open_requests > server->most_open_requests) {
		server->most_open_requests = server->open_requests;
	}
	pthread_mutex_unlock(&server->mutex);
	return step;
}

static size_t content_length(const char *head)
{
	const char *header = strcasestr(head, "\r\ncontent-length:");
	unsigned long long n = 0;

	if (header && sscanf(header + 17, "%llu", &n) == 1) {
		return (size_t)n;
	}
	return 0;
}

/* Read one request. False when the client has gone. */
static bool server_read(struct connection *connection, struct seen *seen, bool headers_only)
{
	char *end = NULL;

	*seen = (struct seen){ .connection = connection->number };
	while (!end) {
		ssize_t n = recv(connection->fd, seen->head + seen->n, 1, 0);

		if (n <= 0 || seen->n + 2 > sizeof(seen->head)) {
			return false;
		}
		seen->n++;
		seen->head[seen->n] = '\0';
		end = strstr(seen->head, "\r\n\r\n");
	}
	if (headers_only) {
		return true;
	}
	seen->body_n = content_length(seen->head);
	seen->body = calloc(1, seen->body_n + 1);
	for (size_t got = 0; got < seen->body_n;) {
		ssize_t n = recv(connection->fd, seen->body + got, seen->body_n - got, 0);

		if (n <= 0) {
			free(seen->body);
			return false;
		}
		got += (size_t)n;
	}
	return true;
}

static void server_keep(struct server *server, const struct seen *seen)
{
	pthread_mutex_lock(&server->mutex);
	if (server->n_seen < SERVER_REQUESTS_MAX) {
		server->seen[server->n_seen++] = *seen;
	}
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->mutex);
}

static void server_request_done(struct server *server)
{
	pthread_mutex_lock(&server->mutex);
	server->open_requests--;
	pthread_mutex_unlock(&server->mutex);
}

static void server_hold(struct server *server)
{
	pthread_mutex_lock(&server->mutex);
	server->held++;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->mutex);
	if (server->on_hold) {
		server->on_hold(server->on_hold_data);
	}
	pthread_mutex_lock(&server->mutex);
	while (!server->released && !server->stopping) {
		pthread_cond_wait(&server->changed, &server->mutex);
	}
	pthread_mutex_unlock(&server->mutex);
}

/* A byte whenever 5 ms have passed without the client going away. */
static void server_drip(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLRDHUP };

	server_send(fd, head, sizeof(head) - 1);
	while (poll(&poll_fd, 1, 5) == 0) {
		server_send(fd, "x", 1);
	}
}

static void *server_serve(void *data)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
	struct connection connection = *(struct connection *)data;
	struct server *server = connection.server;
	bool open = true;

	free(data);
	while (open) {
		struct pollfd poll_fd = { .fd = connection.fd, .events = POLLIN };
		struct seen seen;
		char peeked;
		enum step step;

		if (poll(&poll_fd, 1, -1) < 0 || recv(connection.fd, &peeked, 1, MSG_PEEK) <= 0) {
			break;
		}
		step = server_next_step(server);
		if (step == DROP_UNREAD) {
			server_request_done(server);
			break;
		}
		if (!server_read(&connection, &seen, step == RESET_AFTER_HEADERS)) {
			server_request_done(server);
			break;
		}
		if (step == RESET_AFTER_HEADERS) {
			server_request_done(server);
			server_close(&connection, true);
			return NULL;
		}
		server_keep(server, &seen);
		if (step == HOLD) {
			server_hold(server);
		}
		server_request_done(server);
		switch (step) {
		case ANSWER:
		case HOLD:
			server_send(connection.fd, ok, sizeof(ok) - 1);
			break;
		case ANSWER_THEN_CLOSE:
			server_send(connection.fd, ok, sizeof(ok) - 1);
			open = false;
			break;
		case ANSWER_BYTES:
			server_send(connection.fd, server->bytes.p, server->bytes.n);
			open = false;
			break;
		case RESET_AFTER_READING:
			server_close(&connection, true);
			return NULL;
		case DRIP:
			server_drip(connection.fd);
			open = false;
			break;
		case DROP_AFTER_READING:
		case RESET_AFTER_HEADERS:
		case DROP_UNREAD:
			open = false;
			break;
		}
	}
	server_close(&connection, false);
	return NULL;
}

static void *server_accept(void *data)
{
	struct server *server = data;

	for (;;) {
		int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
		struct connection *connection;

		if (fd < 0) {
			return NULL;
		}
		pthread_mutex_lock(&server->mutex);
		if (server->stopping || server->n_connections == SERVER_CONNECTIONS_MAX) {
			pthread_mutex_unlock(&server->mutex);
			close(fd);
			return NULL;
		}
		connection = calloc(1, sizeof(*connection));
		connection->server = server;
		connection->fd = fd;
		connection->number = (int)server->n_connections;
		server->fds[server->n_connections] = fd;
		pthread_create(&server->threads[server->n_connections], NULL, server_serve, connection);
		server->n_connections++;
		pthread_mutex_unlock(&server->mutex);
	}
}

static inline struct server *server_new(const enum step *script, size_t n_script)
{
	struct server *server = calloc(1, sizeof(*server));
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);

	server->script = script;
	server->n_script = n_script;
	pthread_mutex_init(&server->mutex, NULL);
	pthread_cond_init(&server->changed, NULL);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(server->fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(listen(server->fd, 128) == 0);
	CHECK(getsockname(server->fd, (struct sockaddr *)&address, &n) == 0);
	server->port = ntohs(address.sin_port);
	pthread_create(&server->acceptor, NULL, server_accept, server);
	return server;
}

static inline void server_release(struct server *server)
{
	pthread_mutex_lock(&server->mutex);
	server->released = true;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->mutex);
}

/* Wait until the server has closed n connections. */
static inline void server_wait_closed(struct server *server, size_t n)
{
	pthread_mutex_lock(&server->mutex);
	while (server->n_closed < n) {
		pthread_cond_wait(&server->changed, &server->mutex);
	}
	pthread_mutex_unlock(&server->mutex);
}

static inline void server_free(struct server *server)
{
	pthread_mutex_lock(&server->mutex);
	server->stopping = true;
	shutdown(server->fd, SHUT_RDWR);
	for (size_t i = 0; i < server->n_connections; i++) {
		if (server->fds[i] >= 0) {
			shutdown(server->fds[i], SHUT_RDWR);
		}
	}
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->mutex);
	pthread_join(server->acceptor, NULL);
	for (size_t i = 0; i < server->n_connections; i++) {
		pthread_join(server->threads[i], NULL);
	}
	for (size_t i = 0; i < server->n_seen; i++) {
		free(server->seen[i].body);
	}
	close(server->fd);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->mutex);
	free(server);
}

/* How many requests it saw of which something arrived. */
static inline size_t server_begun(struct server *server)
{
	size_t n;

	pthread_mutex_lock(&server->mutex);
	n = server->n_begun;
	pthread_mutex_unlock(&server->mutex);
	return n;
}

/* How many whole requests the server saw whose body or request line contains `mark`. */
static inline size_t server_count(struct server *server, const char *mark)
{
	size_t n = 0;

	pthread_mutex_lock(&server->mutex);
	for (size_t i = 0; i < server->n_seen; i++) {
		struct str body = { .p = server->seen[i].body, .n = server->seen[i].body_n };

		n += strstr(server->seen[i].head, mark) || str_find(body, str_from(mark)) >= 0;
	}
	pthread_mutex_unlock(&server->mutex);
	return n;
}

#endif
