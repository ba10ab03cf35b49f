/*
 * libmicrohttpd driven from outside: this loop waits on MHD's own epoll descriptor, on the descriptors of held
 * connections (so that a client that gives up is noticed although MHD has stopped looking), and on the stop event.
 * Everything runs in the one thread that called server_run(), so nothing in the simulator needs a lock.
 */
#include "sim/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "sim/control.h"
#include "sim/deliver.h"
#include "sim/routes.h"
#include "sim/state_file.h"
#include "sim/wechat_world.h"

#define BODY_MAX_BYTES  (16u << 20)
#define CONNECTIONS_MAX 4096u
#define IDLE_SECONDS    120u
#define EVENTS_PER_TURN 64
/* Headers and question must fit. MHD clears all of it between two requests, which was a tenth of all work at 64 KB. */
#define CONNECTION_BYTES (16u << 10)
#define PUSH_WAIT_MS     30000 /* so long is waited for a push, in real time */
#define ANSWER_MAX_BYTES (64u << 20)

struct server {
	struct sim *sim;
	struct MHD_Daemon *daemon;
	int listen_fd;
	int epoll_fd;
	int stop_fd;
	int port;
	char address[64];
	struct exchange *exchanges; /* exchange.prev, exchange.next */
	int64_t next_due_ms;        /* monotonic; 0: nothing waits for a time */
	size_t n_waiting;           /* exchanges that wait for a push of WeChat */
};

static void stop_holding(struct exchange *exchange)
{
	struct server *server = exchange->server;

	if (exchange->watched) {
		(void)epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, exchange->fd, NULL);
		exchange->watched = false;
	}
	exchange->due_ms = 0;
	if (exchange->suspended) {
		exchange->suspended = false;
		server->sim->held--;
		MHD_resume_connection(exchange->connection);
	}
}

void server_hold(struct exchange *exchange, int64_t for_ms)
{
	struct server *server = exchange->server;
	struct epoll_event event = { .events = EPOLLRDHUP, .data.ptr = exchange };

	assert(!exchange->suspended);
	MHD_suspend_connection(exchange->connection);
	exchange->suspended = true;
	server->sim->held++;
	exchange->watched = epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, exchange->fd, &event) == 0;
	if (for_ms > 0) {
		exchange->due_ms = clock_mono().ms + for_ms;
		if (!server->next_due_ms || exchange->due_ms < server->next_due_ms) {
			server->next_due_ms = exchange->due_ms;
		}
	}
}

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct server *server = cls;
	struct exchange *exchange = xnew(struct exchange);
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	exchange->server = server;
	exchange->connection = connection;
	exchange->fd = info ? info->connect_fd : -1;
	exchange->uri = xstrdup(uri);
	buf_init(&exchange->body, BODY_MAX_BYTES);
	exchange->next = server->exchanges;
	if (server->exchanges) {
		server->exchanges->prev = exchange;
	}
	server->exchanges = exchange;
	return exchange;
}

static void exchange_free(struct exchange *exchange)
{
	struct server *server = exchange->server;

	if (exchange->watched) {
		(void)epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, exchange->fd, NULL);
	}
	if (exchange->suspended) {
		server->sim->held--;
	}
	if (exchange->prev) {
		exchange->prev->next = exchange->next;
	} else {
		server->exchanges = exchange->next;
	}
	if (exchange->next) {
		exchange->next->prev = exchange->prev;
	}
	server->n_waiting -= exchange->waits_for != 0;
	buf_finish(&exchange->body);
	free(exchange->uri);
	free(exchange->answer);
	free(exchange->location);
	free(exchange->disposition);
	free(exchange);
}

static void on_completed(void *cls unused_arg, struct MHD_Connection *connection unused_arg, void **req_cls,
	enum MHD_RequestTerminationCode code unused_arg)
{
	struct exchange *exchange = *req_cls;

	if (exchange) {
		exchange_free(exchange);
		*req_cls = NULL;
	}
}

static enum method method_of(const char *name)
{
	if (strcmp(name, "GET") == 0) {
		return METHOD_GET;
	}
	if (strcmp(name, "POST") == 0) {
		return METHOD_POST;
	}
	return strcmp(name, "DELETE") == 0 ? METHOD_DELETE : METHOD_OTHER;
}

static const char *header(const struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static void client_address(const struct exchange *exchange, char *ret, size_t size)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	const char *text = NULL;

	if (address && address->sa_family == AF_INET) {
		text = inet_ntop(
			AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, ret, (socklen_t)size);
	} else if (address && address->sa_family == AF_INET6) {
		text = inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, ret,
			(socklen_t)size);
	}
	if (!text) {
		(void)snprintf(ret, size, "unknown");
	}
}

/* A request to the platform: its fate first, then the request itself as far as the fate lets it through. */
static void run_platform(struct exchange *exchange, struct call *call, const char *method)
{
	struct sim *sim = call->sim;

	call->route = route_find(call->path);
	exchange->fate = (struct fate){ .effect = EFFECT_NONE, .processed = true };
	if (faults_any(sim->faults)) {
		const struct account *account = call_peek_account(call);

		exchange->fate = faults_fate(
			sim->faults, &sim->rng, method, call->path, account ? account->name : NULL);
	}
	if (exchange->fate.error_code == REFUSAL_SLOW && exchange->fate.processed) {
		call->hide_ms = SLOW_MS;
	}
	if (exchange->fate.processed) {
		if (exchange->too_long) {
			call_refuse(call, 10018, NULL);
		} else {
			call_run(call);
		}
	}
	if (exchange->fate.effect == EFFECT_ERROR && !(call->refusal && exchange->fate.error_code == REFUSAL_SLOW)) {
		call_refuse(call, exchange->fate.error_code,
			exchange->fate.error_code == 10017 ? "text not find domain!" : NULL);
	}
}

/* The same for WeChat, whose bodies are JSON as it came. */
static void run_wechat(struct exchange *exchange, struct call *call, const char *method)
{
	struct sim *sim = call->sim;
	struct str body = buf_str(&exchange->body);

	exchange->fate = (struct fate){ .effect = EFFECT_NONE, .processed = true };
	if (faults_any(sim->faults)) {
		const struct wx_account *account = wechat_peek_account(call, body);

		exchange->fate = faults_fate(
			sim->faults, &sim->rng, method, call->path, account ? account->name : NULL);
	}
	if (exchange->fate.processed) {
		wechat_run(call, body, exchange->too_long);
	}
	if (exchange->fate.effect == EFFECT_ERROR) {
		wechat_refuse(call, body, exchange->fate.error_code);
	}
}

/* Hold the answer until a push has ended. */
static void wait_for_push(struct exchange *exchange, const struct call *call)
{
	if (call->waits_for && exchange->fate.effect == EFFECT_NONE) {
		exchange->waits_for = call->waits_for;
		exchange->keeps_answer = call->keeps_answer;
		exchange->server->n_waiting++;
		exchange->fate.effect = EFFECT_DELAY;
		exchange->fate.delay_ms = PUSH_WAIT_MS;
	}
}

/* It has, or has taken too long: what the answer says of it. */
static void end_waiting(struct exchange *exchange)
{
	struct out out = { .comma = true };
	struct buf text;

	exchange->server->n_waiting--;
	if (!exchange->keeps_answer) {
		buf_init(&text, ANSWER_MAX_BYTES);
		(void)buf_add(&text, exchange->answer, exchange->answer_n);
		out.buf = &text;
		wechat_push_out(&out, exchange->server->sim, exchange->waits_for);
		out_object_end(&out);
		free(exchange->answer);
		exchange->answer_n = text.n;
		exchange->answer = buf_steal(&text);
		buf_finish(&text);
	}
	exchange->waits_for = 0;
}

static void wake_waiting(struct server *server)
{
	for (struct exchange *exchange = server->exchanges; server->n_waiting && exchange; exchange = exchange->next) {
		if (exchange->waits_for && exchange->suspended && wechat_push_ended(server->sim, exchange->waits_for)) {
			end_waiting(exchange);
			deliver_due(exchange);
			stop_holding(exchange);
		}
	}
}

static enum MHD_Result answer(struct exchange *exchange, const char *method)
{
	struct sim *sim = exchange->server->sim;
	char *question = strchr(exchange->uri, '?');
	const char *type = header(exchange, "Content-Type");
	char address[64];
	enum MHD_Result result;
	struct call call;

	sim_turn(sim);
	call_init(&call, sim);
	if (question) {
		*question++ = 0;
		params_add_form(&call.params, question, strlen(question));
	}
	call.method = method_of(method);
	call.path = exchange->uri;
	client_address(exchange, address, sizeof(address));
	call.client_ip = address;
	call.host = header(exchange, "Host");
	if (strncmp(call.path, "/sim/", 5) == 0) {
		control_run(&call, buf_str(&exchange->body));
	} else if (wechat_owns(sim, call.path)) {
		wechat_add_body(&call.params, str_from(type), buf_str(&exchange->body));
		run_wechat(exchange, &call, method);
	} else {
		params_add_body(&call.params, str_from(type), exchange->body.p, exchange->body.n);
		params_set_authorization(&call.params, str_from(header(exchange, "Authorization")));
		run_platform(exchange, &call, method);
	}
	state_flush(sim);
	wait_for_push(exchange, &call);
	result = deliver(exchange, &call);
	call_finish(&call);
	return result;
}

static enum MHD_Result on_request(void *cls unused_arg, struct MHD_Connection *connection unused_arg,
	const char *url unused_arg, const char *method, const char *version unused_arg, const char *data,
	size_t *data_n, void **req_cls)
{
	struct exchange *exchange = *req_cls;

	switch (exchange->state) {
	case EXCHANGE_HELD:
		return MHD_YES; /* not before it is resumed */
	case EXCHANGE_READY:
		return deliver_held(exchange);
	case EXCHANGE_CLOSE:
		return MHD_NO;
	case EXCHANGE_SENDING:
		return MHD_YES;
	case EXCHANGE_START:
		exchange->state = EXCHANGE_READING;
		return MHD_YES;
	case EXCHANGE_READING:
		break;
	}
	if (*data_n) {
		if (exchange->body.n + *data_n > BODY_MAX_BYTES) {
			exchange->too_long = true;
		} else {
			buf_add(&exchange->body, data, *data_n);
		}
		*data_n = 0;
		return MHD_YES;
	}
	return answer(exchange, method);
}

static bool parse_address(const char *text, struct sockaddr_storage *ret, socklen_t *ret_n, struct error *err)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)ret;
	const char *colon = strrchr(text, ':');
	char host[64];
	int64_t port;
	size_t n;

	if (!colon || !str_to_i64(str_from(colon + 1), 0, 65535, &port)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: expected ADDRESS:PORT", text);
	}
	n = (size_t)(colon - text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n >= sizeof(host)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "the address is too long");
	}
	memcpy(host, text, n);
	host[n] = 0;
	memset(ret, 0, sizeof(*ret));
	if (strcmp(host, "localhost") == 0 || inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		if (strcmp(host, "localhost") == 0) {
			four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		}
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		*ret_n = sizeof(*four);
		return true;
	}
	if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		*ret_n = sizeof(*six);
		return true;
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: not an IP address", host);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;

	if (address->ss_family == AF_INET) {
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	}
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static bool open_listener(struct server *server, const struct server_options *options, struct error *err)
{
	struct sockaddr_storage address;
	char host[64] = "";
	socklen_t n;
	int on = 1;

	if (!parse_address(options->address, &address, &n, err)) {
		return false;
	}
	if (!options->allow_remote && !is_loopback(&address)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"%s: not a loopback address, and anybody who reaches the simulator controls it "
			"(--allow-remote)",
			options->address);
	}
	server->listen_fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listen_fd < 0) {
		return error_set_errno(err, "socket");
	}
	(void)setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(server->listen_fd, (const struct sockaddr *)&address, n) < 0 ||
		listen(server->listen_fd, SOMAXCONN) < 0) {
		return error_set_errno(err, "%s", options->address);
	}
	n = sizeof(address);
	if (getsockname(server->listen_fd, (struct sockaddr *)&address, &n) < 0) {
		return error_set_errno(err, "getsockname");
	}
	if (address.ss_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&address;

		server->port = ntohs(four->sin_port);
		(void)inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		(void)snprintf(server->address, sizeof(server->address), "%.15s:%d", host, server->port);
	} else {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&address;

		server->port = ntohs(six->sin6_port);
		(void)inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
		(void)snprintf(server->address, sizeof(server->address), "[%.45s]:%d", host, server->port);
	}
	return true;
}

static bool watch(const struct server *server, int fd, void *tag, struct error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = tag };

	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		return error_set_errno(err, "epoll_ctl");
	}
	return true;
}

static printf_like(2, 0) void log_mhd(void *cls unused_arg, const char *format, va_list args)
{
	struct buf text;

	buf_init(&text, 1024);
	(void)buf_vprintf(&text, format, args);
	log_debug("sim.mhd text=%s", log_value(str_trim(buf_str(&text))));
	buf_finish(&text);
}

static bool start_daemon(struct server *server, struct error *err)
{
	const union MHD_DaemonInfo *info;

	server->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, server, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL, MHD_OPTION_LISTEN_SOCKET,
		server->listen_fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		IDLE_SECONDS, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_END);
	if (!server->daemon) {
		return error_set(err, ERROR_OS, ADVISE_RETRY, errno, "the HTTP server does not start");
	}
	server->listen_fd = -1; /* MHD closes it */
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info) {
		return error_set(err, ERROR_OS, ADVISE_BUG, 0, "libmicrohttpd was built without epoll");
	}
	return watch(server, info->epoll_fd, NULL, err);
}

static void server_freep(struct server **server)
{
	server_free(*server);
}

bool server_new(struct sim *sim, const struct server_options *options, struct server **ret_server, struct error *err)
{
	cleanup(server_freep) struct server *server = xnew(struct server);

	server->sim = sim;
	server->listen_fd = -1;
	server->stop_fd = -1;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0) {
		return error_set_errno(err, "epoll_create1");
	}
	server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->stop_fd < 0) {
		return error_set_errno(err, "eventfd");
	}
	/* MHD writes to sockets whose clients have gone. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (sim->wechat && !watch(server, wechat_fd(sim), sim->wechat, err)) {
		return false;
	}
	if (!watch(server, server->stop_fd, server, err) || !open_listener(server, options, err) ||
		!start_daemon(server, err)) {
		return false;
	}
	*ret_server = steal(&server);
	return true;
}

void server_free(struct server *server)
{
	if (!server) {
		return;
	}
	if (server->daemon) {
		for (struct exchange *exchange = server->exchanges; exchange; exchange = exchange->next) {
			exchange->state = EXCHANGE_CLOSE;
			stop_holding(exchange);
		}
		MHD_stop_daemon(server->daemon);
	}
	while (server->exchanges) {
		exchange_free(server->exchanges);
	}
	if (server->listen_fd >= 0) {
		(void)close(server->listen_fd);
	}
	if (server->stop_fd >= 0) {
		(void)close(server->stop_fd);
	}
	if (server->epoll_fd >= 0) {
		(void)close(server->epoll_fd);
	}
	free(server);
}

int server_port(const struct server *server)
{
	return server->port;
}

const char *server_address(const struct server *server)
{
	return server->address;
}

void server_stop(struct server *server)
{
	uint64_t one = 1;
	ssize_t n = write(server->stop_fd, &one, sizeof(one));

	(void)n; /* an eventfd that is already readable says the same */
}

/* Held connections whose time has come; also finds the next one. */
static void run_due(struct server *server)
{
	int64_t now_ms = clock_mono().ms;

	if (!server->next_due_ms || now_ms < server->next_due_ms) {
		return;
	}
	server->next_due_ms = 0;
	for (struct exchange *exchange = server->exchanges; exchange; exchange = exchange->next) {
		if (exchange->due_ms && exchange->due_ms <= now_ms) {
			if (exchange->waits_for) {
				end_waiting(exchange);
			}
			deliver_due(exchange);
			stop_holding(exchange);
		} else if (exchange->due_ms && (!server->next_due_ms || exchange->due_ms < server->next_due_ms)) {
			server->next_due_ms = exchange->due_ms;
		}
	}
}

static int wait_ms(const struct server *server)
{
	MHD_UNSIGNED_LONG_LONG mhd_ms;
	int64_t ms = -1;

	if (MHD_get_timeout(server->daemon, &mhd_ms) == MHD_YES) {
		ms = mhd_ms < 60000 ? (int64_t)mhd_ms : 60000;
	}
	if (server->next_due_ms) {
		int64_t due_ms = server->next_due_ms - clock_mono().ms;

		due_ms = due_ms > 0 ? due_ms : 0;
		if (ms < 0 || due_ms < ms) {
			ms = due_ms;
		}
	}
	if (server->sim->wechat) {
		int64_t wechat_ms = wechat_wait_ms(server->sim);

		ms = ms < 0 || (wechat_ms >= 0 && wechat_ms < ms) ? wechat_ms : ms;
	}
	return (int)(ms < 60000 ? ms : 60000);
}

void server_run(struct server *server)
{
	struct epoll_event events[EVENTS_PER_TURN];
	bool running = true;

	while (running) {
		int n = epoll_wait(server->epoll_fd, events, EVENTS_PER_TURN, wait_ms(server));

		for (int i = 0; i < n; i++) {
			struct exchange *exchange = events[i].data.ptr;

			if (events[i].data.ptr == server) {
				running = false;
			} else if (exchange &&
				   events[i].data.ptr !=
					   server->sim->wechat) { /* the client of a held connection has gone */
				exchange->state = EXCHANGE_CLOSE;
				stop_holding(exchange);
			}
		}
		if (server->sim->wechat) {
			sim_turn(server->sim);
			wake_waiting(server);
		}
		run_due(server);
		(void)MHD_run(server->daemon);
	}
}
