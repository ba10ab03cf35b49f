/*
 * libmicrohttpd with its own epoll descriptor inside our loop: the loop waits on that one descriptor and on the timeout
 * libmicrohttpd asks for, and lets it run. A request whose answer is not known yet is suspended and found again by its
 * number.
 *
 * Caps: body (413), header (libmicrohttpd's connection memory: 431), all bodies together, connections, idle time. A
 * slow sender holds one connection and nothing else, and that not for long: libmicrohttpd's own timeout starts anew
 * with every byte, so connections whose request is not whole stand in a list, oldest first, and one timer ends them.
 * What we still have to answer is in no list.
 */
#include "net/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"

#define HEADER_BYTES (16u << 10)
#define PER_ADDRESS  64u
#define CROWDED_MS   SECOND_MS /* patience with slow ones when three quarters of the places or bytes are taken */

/* A connection. libmicrohttpd's socket context. */
struct place {
	struct place *prev; /* httpd.slow */
	struct place *next;
	struct httpd *httpd;
	int fd;
	struct mono since; /* it is open, or its last request was done with */
	bool listed;
};

struct request {
	struct request *next; /* httpd.requests */
	struct httpd *httpd;
	struct place *place;
	struct MHD_Connection *connection;
	uint64_t number; /* 0: not handed over yet */
	struct buf body;
	bool too_big;
	bool suspended;
	bool answered;
	int status;
	char *content_type;
	char *answer;
	size_t answer_n;
};

struct httpd {
	struct loop *loop;
	struct httpd_options options;
	struct MHD_Daemon *daemon;
	struct watch watch;
	struct timer timer;
	int epoll_fd;
	int port;
	uint64_t last_number;
	struct request *requests;
	size_t n_waiting;
	uint64_t body_bytes; /* of all requests */
	struct place *slow;  /* oldest first */
	struct place *slow_last;
	size_t n_places;
	struct timer patience; /* of the first of `slow` */
	bool stopped;
	bool freeing;
};

static void run_soon(struct httpd *httpd);

static void run_now(void *data)
{
	struct httpd *httpd = data;

	(void)MHD_run(httpd->daemon);
	run_soon(httpd);
}

/* Wait as long as libmicrohttpd wants to. */
static void run_soon(struct httpd *httpd)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	if (MHD_get_timeout(httpd->daemon, &timeout_ms) == MHD_YES) {
		timer_start(httpd->loop, &httpd->timer, timeout_ms > 60000 ? 60000 : (int64_t)timeout_ms);
	} else {
		timer_stop(httpd->loop, &httpd->timer);
	}
}

static void on_ready(struct watch *watch, bool readable unused_arg, bool writable unused_arg)
{
	run_now(container_of(watch, struct httpd, watch));
}

static void on_time(struct timer *timer)
{
	run_now(container_of(timer, struct httpd, timer));
}

/* ---- places ---- */

static void unlist(struct place *place)
{
	struct httpd *httpd = place->httpd;

	if (!place->listed) {
		return;
	}
	*(place->prev ? &place->prev->next : &httpd->slow) = place->next;
	*(place->next ? &place->next->prev : &httpd->slow_last) = place->prev;
	place->listed = false;
}

static void list(struct place *place)
{
	struct httpd *httpd = place->httpd;

	place->since = clock_mono();
	place->prev = httpd->slow_last;
	place->next = NULL;
	*(httpd->slow_last ? &httpd->slow_last->next : &httpd->slow) = place;
	httpd->slow_last = place;
	place->listed = true;
}

static bool is_crowded(const struct httpd *httpd)
{
	return httpd->n_places * 4 >= (size_t)httpd->options.max_connections * 3 ||
	       httpd->body_bytes * 4 >= (uint64_t)httpd->options.max_total_bytes * 3;
}

/* End those whose time is over, and wait for the next one's. */
static void keep_time(struct httpd *httpd)
{
	int64_t patience_ms = is_crowded(httpd) ? CROWDED_MS : (int64_t)httpd->options.request_seconds * SECOND_MS;

	while (httpd->slow) {
		struct place *place = httpd->slow;
		int64_t left_ms = patience_ms - clock_since_ms(place->since);

		if (left_ms > 0) {
			timer_start(httpd->loop, &httpd->patience, left_ms);
			return;
		}
		/* libmicrohttpd reads the end and closes. */
		unlist(place);
		(void)shutdown(place->fd, SHUT_RDWR);
	}
	timer_stop(httpd->loop, &httpd->patience);
}

static void on_patience(struct timer *timer)
{
	keep_time(container_of(timer, struct httpd, patience));
}

static void on_connection(
	void *cls, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;
	struct httpd *httpd = cls;
	struct place *place = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		place = xnew(struct place);
		place->httpd = httpd;
		place->fd = info ? info->connect_fd : -1;
		*socket_context = place;
		httpd->n_places++;
		list(place);
	} else if (place) {
		unlist(place);
		httpd->n_places--;
		free(place);
		*socket_context = NULL;
	}
	if (httpd->freeing) {
		return;
	}
	keep_time(httpd);
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		/* Full, it does not listen; that a place is free it notices in its next run only. */
		loop_defer_cancel(httpd->loop, httpd);
		loop_defer(httpd->loop, run_now, httpd);
	}
}

static struct place *place_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* ---- requests ---- */

static struct request *request_find(struct httpd *httpd, uint64_t number)
{
	struct request *request = httpd->requests;

	while (request && request->number != number) {
		request = request->next;
	}
	return number ? request : NULL;
}

static void request_free(struct request *request)
{
	struct request **at = &request->httpd->requests;

	while (*at != request) {
		at = &(*at)->next;
	}
	*at = request->next;
	if (request->number && !request->answered) {
		request->httpd->n_waiting--;
	}
	request->httpd->body_bytes -= request->body.n;
	buf_finish(&request->body);
	free(request->content_type);
	free(request->answer);
	free(request);
}

static void on_completed(void *cls unused_arg, struct MHD_Connection *connection unused_arg, void **req_cls,
	enum MHD_RequestTerminationCode code unused_arg)
{
	struct request *request = *req_cls;

	if (!request) {
		return;
	}
	if (request->place) { /* the next one, if any, has its own time */
		unlist(request->place);
		list(request->place);
	}
	request_free(request);
	*req_cls = NULL;
}

static enum MHD_Result reply(struct request *request)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		request->answer_n, request->answer ? request->answer : (char *)"", MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response) {
		return MHD_NO;
	}
	if (request->content_type) {
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, request->content_type);
	}
	if (request->status >= 400) {
		/* Who is turned away does not stay to try again and again. */
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	}
	result = MHD_queue_response(request->connection, (unsigned)request->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct request *request, int status)
{
	request->status = status;
	request->answered = true;
	return reply(request);
}

static void peer_name(struct MHD_Connection *connection, char *ret, size_t n)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;

	(void)snprintf(ret, n, "?");
	if (address && address->sa_family == AF_INET) {
		(void)inet_ntop(
			AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, ret, (socklen_t)n);
	} else if (address && address->sa_family == AF_INET6) {
		(void)inet_ntop(
			AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, ret, (socklen_t)n);
	}
}

/* The query as it stood in the request line: libmicrohttpd hands it over in pieces only. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct httpd *httpd = cls;
	struct request *request = xnew(struct request);
	const char *query = strchr(uri, '?');

	request->httpd = httpd;
	request->connection = connection;
	request->place = place_of(connection);
	buf_init(&request->body, httpd->options.max_body_bytes);
	request->answer = xstrdup(query ? query + 1 : ""); /* borrowed room: it is the query until there is an answer */
	request->next = httpd->requests;
	httpd->requests = request;
	return request;
}

static enum MHD_Result hand_over(struct request *request, const char *path, bool post)
{
	struct httpd *httpd = request->httpd;
	char peer[INET6_ADDRSTRLEN];
	char *query = steal(&request->answer);
	struct httpd_request handed = {
		.post = post,
		.path = path,
		.query = str_from(query),
		.body = buf_str(&request->body),
		.peer = peer,
	};

	peer_name(request->connection, peer, sizeof(peer));
	request->number = handed.number = ++httpd->last_number;
	httpd->n_waiting++;
	if (request->place) {
		unlist(request->place); /* from here on it waits for us */
	}
	httpd->options.on_request(httpd->options.data, &handed);
	free(query);
	if (request->answered) {
		return reply(request);
	}
	MHD_suspend_connection(request->connection);
	request->suspended = true;
	return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection unused_arg, const char *path,
	const char *method, const char *version unused_arg, const char *body, size_t *body_n, void **req_cls)
{
	struct httpd *httpd = cls;
	struct request *request = *req_cls;
	bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;

	if (!request) {
		return MHD_NO;
	}
	if (*body_n > 0) {
		if (httpd->body_bytes + *body_n > httpd->options.max_total_bytes) {
			return MHD_NO; /* closed; the platform comes again */
		}
		if (buf_add(&request->body, body, *body_n)) {
			httpd->body_bytes += *body_n;
			if (is_crowded(httpd)) {
				keep_time(httpd);
			}
		} else {
			request->too_big = true;
		}
		*body_n = 0;
		return MHD_YES;
	}
	if (!request->status && !post && strcmp(method, MHD_HTTP_METHOD_GET) != 0) {
		return refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED);
	}
	if (!request->status) {
		request->status = -1; /* the head is here; the body follows */
		if (post) {
			const char *length = MHD_lookup_connection_value(
				request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
			int64_t n = 0;

			if (length && (!str_to_i64(str_from(length), 0, INT64_MAX, &n) ||
					      (uint64_t)n > httpd->options.max_body_bytes)) {
				return refuse(request, MHD_HTTP_CONTENT_TOO_LARGE);
			}
			return MHD_YES;
		}
		return MHD_YES;
	}
	if (request->answered) { /* woken: httpd_answer() has filled it in */
		return reply(request);
	}
	if (request->too_big) {
		return refuse(request, MHD_HTTP_CONTENT_TOO_LARGE);
	}
	if (httpd->stopped || httpd->freeing) {
		return refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE);
	}
	return request->number ? MHD_YES : hand_over(request, path, post);
}

bool httpd_answer(struct httpd *httpd, uint64_t number, int status, const char *content_type, struct str body)
{
	struct request *request = request_find(httpd, number);

	if (!request || request->answered) {
		return false;
	}
	request->answered = true;
	httpd->n_waiting--;
	request->status = status;
	request->content_type = xstrdup(content_type);
	request->answer = str_dup(body);
	request->answer_n = body.n;
	if (request->suspended) {
		request->suspended = false;
		MHD_resume_connection(request->connection);
		loop_defer_cancel(httpd->loop, httpd);
		loop_defer(httpd->loop, run_now, httpd);
	}
	return true;
}

/* ---- the listener ---- */

static bool read_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_n)
{
	struct str all = str_from(text);
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ret;
	const char *colon = text ? strrchr(text, ':') : NULL;
	char host[64];
	int64_t port;

	if (!colon || !str_to_i64(str_from(colon + 1), 0, 65535, &port)) {
		return false;
	}
	all.n = (size_t)(colon - text);
	if (all.n >= 2 && all.p[0] == '[' && all.p[all.n - 1] == ']') {
		all = str_sub(all, 1, all.n - 2);
	}
	if (all.n >= sizeof(host)) {
		return false;
	}
	(void)snprintf(host, sizeof(host), STR_FMT, STR_ARG(all));
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*ret_n = sizeof(*v4);
		return true;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*ret_n = sizeof(*v6);
		return true;
	}
	return false;
}

static int listen_on(const char *text, int *ret_port, struct error *err)
{
	struct sockaddr_storage address;
	socklen_t n = 0;
	int one = 1;
	int fd;

	if (!read_address(text, &address, &n)) {
		(void)error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"\"%s\" is no address to listen on: expected 127.0.0.1:PORT", text);
		return -1;
	}
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		(void)error_set_errno(err, "cannot make a socket");
		return -1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
		bind(fd, (struct sockaddr *)&address, n) != 0 || listen(fd, 128) != 0 ||
		getsockname(fd, (struct sockaddr *)&address, &n) != 0) {
		(void)error_set_errno(err, "cannot listen on %s", text);
		close(fd);
		return -1;
	}
	*ret_port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&address)->sin6_port
							: ((struct sockaddr_in *)(void *)&address)->sin_port);
	return fd;
}

bool httpd_new(struct loop *loop, const struct httpd_options *options, struct httpd **ret_httpd, struct error *err)
{
	struct httpd *httpd;
	const union MHD_DaemonInfo *info;
	int port;
	int fd = listen_on(options->listen, &port, err);

	if (fd < 0) {
		return false;
	}
	httpd = xnew(struct httpd);
	httpd->loop = loop;
	httpd->options = *options;
	httpd->port = port;
	httpd->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, httpd,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, options->max_connections,
		MHD_OPTION_CONNECTION_TIMEOUT, options->idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HEADER_BYTES, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		options->max_connections < PER_ADDRESS ? options->max_connections : 0u, MHD_OPTION_URI_LOG_CALLBACK,
		on_uri, httpd, MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, httpd, MHD_OPTION_END);
	info = httpd->daemon ? MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info) {
		if (httpd->daemon) {
			MHD_stop_daemon(httpd->daemon);
		} else {
			close(fd);
		}
		free(httpd);
		return error_set(err, ERROR_OS, ADVISE_RETRY, 0, "cannot start the callback listener");
	}
	httpd->epoll_fd = info->epoll_fd;
	watch_init(&httpd->watch, httpd->epoll_fd, on_ready);
	watch_want(loop, &httpd->watch, true, false);
	timer_init(&httpd->timer, on_time);
	timer_init(&httpd->patience, on_patience);
	run_soon(httpd);
	*ret_httpd = httpd;
	return true;
}

int httpd_port(const struct httpd *httpd)
{
	return httpd->port;
}

void httpd_stop(struct httpd *httpd)
{
	httpd->stopped = true;
}

size_t httpd_open(const struct httpd *httpd)
{
	return httpd->n_waiting;
}

void httpd_free(struct httpd *httpd)
{
	if (!httpd) {
		return;
	}
	httpd->freeing = true;
	loop_defer_cancel(httpd->loop, httpd);
	watch_stop(httpd->loop, &httpd->watch);
	timer_stop(httpd->loop, &httpd->timer);
	timer_stop(httpd->loop, &httpd->patience);
	/* A suspended connection must be woken before libmicrohttpd may stop. */
	for (struct request *request = httpd->requests; request; request = request->next) {
		if (request->suspended) {
			request->suspended = false;
			request->answered = true;
			httpd->n_waiting--;
			request->status = MHD_HTTP_SERVICE_UNAVAILABLE;
			MHD_resume_connection(request->connection);
		}
	}
	(void)MHD_run(httpd->daemon);
	MHD_stop_daemon(httpd->daemon);
	free(httpd);
}
