/*
 * HTTP out: libcurl's multi interface in socket-action mode on the loop. Not for: knowing what an answer means.
 *
 * An exchange waits in its host's queue, is handed to libcurl when one of the host's slots is free, and stands in
 * `finished` until the loop's next deferred call runs its completion. So completions run outside libcurl and
 * outside http_start(), and each exactly once.
 *
 * The fate is the heart of it (exactly once rests on it):
 *   - libcurl calls want_go_ahead() each time before it writes a request to a connected, TLS-verified socket
 *     (CURLOPT_PREREQFUNCTION). Never called: no byte of the request left, HTTP_NOT_SENT. Called: bytes may have
 *     left, and only a whole answer makes it more than HTTP_IN_DOUBT.
 *   - libcurl silently repeats a request, POST too, when a kept connection dies before the first byte of
 *     an answer (Curl_retry_request()), also after the request was written. For a request that writes a second
 *     go-ahead is refused, which ends the transfer. A test counts what the server saw.
 *   - the other ways libcurl has of repeating are off: no redirects, no authentication, no Expect (417), no
 *     HTTP/2, no alt-svc, no proxy.
 * A request body that cannot be rewound was considered instead: it does not stop the repetition of a request whose
 * body had not begun to leave, and costs a packet of its own.
 *
 * A kept connection that idled longer than servers commonly wait is not used for writes: a server that closes it
 * while our request travels would make an unneeded doubt.
 *
 * In socket-action mode libcurl tells of a descriptor's end before closing it; its number may be reused at once. So
 * a watch is stopped there and then, and its memory kept for the next one (it may be the one being called).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "core/limits.h"
#include "core/mem.h"
#include "net/http.h"
#include "net/multipart_internal.h"

#define COMPLETING_MS      4 /* in one turn of the loop */
#define CONNECT_TIMEOUT_MS 10000L
#define TIMEOUT_MS         30000
#define QUEUE_PATIENCE_MS  120000
#define KEPT_CONNECTIONS   256L
/* Apache closes after 5 s by default, others later. libcurl compares whole seconds. */
#define IDLE_FOR_WRITES_S 3L

struct exchange;

struct exchange_list {
	struct exchange *first;
	struct exchange *last;
};

struct host {
	struct host *next; /* http.hosts */
	char *origin;      /* "https://api.example.com" */
	unsigned in_flight;
	struct exchange_list waiting;
};

struct exchange {
	struct exchange *prev; /* host.waiting, http.running or http.finished */
	struct exchange *next;
	uint64_t id;
	struct http *http;
	struct host *host; /* NULL when finished: hosts come and go */
	struct http_request request;
	void (*on_answer)(void *data, const struct http_answer *answer);
	void *data;
	struct mono started;

	CURL *easy; /* NULL unless running */
	struct curl_slist *headers;
	struct buf multipart;
	char curl_error[CURL_ERROR_SIZE];
	unsigned go_aheads;
	bool repeat_refused;
	bool body_too_long;
	bool headers_too_long;
	bool headers_whole; /* their empty line came; libcurl calls an answer that ends before it whole */
	size_t header_bytes;

	struct buf body;
	char *content_type;
	enum http_fate fate; /* set when finished */
	int status;
	struct error error;
	int64_t took_ms;
};

/* A descriptor libcurl wants watched. */
struct curl_socket {
	struct watch watch;
	struct http *http;
	struct curl_socket *next; /* http.sockets or http.spare_sockets */
	int fd;
};

struct http {
	struct loop *loop;
	CURLM *multi;
	struct timer timer;
	unsigned in_flight_max;
	int64_t queue_patience_ms;
	const char *user_agent;
	struct host *hosts;
	struct exchange_list running;
	struct exchange_list finished;
	size_t open;
	uint64_t last_id;
	bool completing; /* complete_finished() is deferred */
	bool stopped;
	CURL *spare[LIMIT_SENDS_IN_FLIGHT];
	size_t n_spare;
	struct curl_socket *sockets;
	struct curl_socket *spare_sockets;
};

static void list_add(struct exchange_list *list, struct exchange *exchange)
{
	exchange->prev = list->last;
	exchange->next = NULL;
	if (list->last) {
		list->last->next = exchange;
	} else {
		list->first = exchange;
	}
	list->last = exchange;
}

static void list_remove(struct exchange_list *list, struct exchange *exchange)
{
	if (exchange->prev) {
		exchange->prev->next = exchange->next;
	} else {
		list->first = exchange->next;
	}
	if (exchange->next) {
		exchange->next->prev = exchange->prev;
	} else {
		list->last = exchange->prev;
	}
	exchange->prev = NULL;
	exchange->next = NULL;
}

/* Hosts: scheme, name and port as written, in lower case. */

static struct str url_origin(const char *url)
{
	const char *name = strstr(url, "://");
	size_t n;

	if (!name) {
		return (struct str){ .p = url, .n = 0 };
	}
	name += 3;
	n = strcspn(name, "/?#");
	return (struct str){ .p = url, .n = (size_t)(name - url) + n };
}

static struct host *host_get(struct http *http, const char *url)
{
	char *origin = str_dup(url_origin(url));
	struct host *host;

	for (char *p = origin; *p; p++) {
		*p = (char)tolower((unsigned char)*p);
	}
	for (host = http->hosts; host; host = host->next) {
		if (strcmp(host->origin, origin) == 0) {
			free(origin);
			return host;
		}
	}
	host = xnew(struct host);
	host->origin = origin;
	host->next = http->hosts;
	http->hosts = host;
	return host;
}

static void host_forget_if_idle(struct http *http, struct host *host)
{
	struct host **link = &http->hosts;

	if (host->in_flight > 0 || host->waiting.first) {
		return;
	}
	while (*link != host) {
		link = &(*link)->next;
	}
	*link = host->next;
	free(host->origin);
	free(host);
}

/* Completion. */

static void exchange_free(struct exchange *exchange)
{
	http_request_finish(&exchange->request);
	buf_finish(&exchange->body);
	free(exchange->content_type);
	free(exchange);
}

static void complete(struct exchange *exchange)
{
	struct http_answer answer = {
		.fate = exchange->fate,
		.status = exchange->status,
		.body = buf_str(&exchange->body),
		.content_type = str_from(exchange->content_type),
		.error = exchange->error,
		.took_ms = exchange->took_ms,
	};

	exchange->http->open--;
	exchange->on_answer(exchange->data, &answer);
	exchange_free(exchange);
}

static void complete_later(struct http *http);

/* What takes long is spread over several turns: a page of foreign messages is read for milliseconds, and a person may
 * wait behind a dozen of them. */
static void complete_finished(void *data)
{
	struct http *http = data;
	struct exchange_list list = http->finished;
	struct mono began = clock_mono();

	http->finished = (struct exchange_list){ 0 };
	http->completing = false;
	while (list.first) {
		struct exchange *exchange = list.first;

		list_remove(&list, exchange);
		complete(exchange);
		if (list.first && clock_since_ms(began) >= COMPLETING_MS) {
			list.last->next = http->finished.first;
			*(http->finished.first ? &http->finished.first->prev : &http->finished.last) = list.last;
			http->finished.first = list.first;
			complete_later(http);
			return;
		}
	}
}

static void complete_later(struct http *http)
{
	if (!http->completing) {
		http->completing = true;
		loop_defer(http->loop, complete_finished, http);
	}
}

/* The exchange is in no list; its error is set unless it was answered. */
static void finish(struct exchange *exchange, enum http_fate fate)
{
	struct http *http = exchange->http;

	exchange->fate = fate;
	exchange->took_ms = clock_since_ms(exchange->started);
	if (fate == HTTP_IN_DOUBT) {
		exchange->error.advice = exchange->request.writes ? ADVISE_VERIFY : ADVISE_RETRY;
	}
	exchange->host = NULL;
	list_add(&http->finished, exchange);
	complete_later(http);
}

/* What libcurl asks of us about one exchange. */

static int want_go_ahead(void *data, char *remote unused_arg, char *local unused_arg, int remote_port unused_arg,
	int local_port unused_arg)
{
	struct exchange *exchange = data;

	if (exchange->go_aheads > 0 && exchange->request.writes) {
		exchange->repeat_refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	exchange->go_aheads++;
	exchange->header_bytes = 0;
	buf_clear(&exchange->body);
	return CURL_PREREQFUNC_OK;
}

/*
 * A repetition on a fresh connection ends here already, before it is made. Also: libcurl's own socket() would be
 * inherited by hook programs.
 */
static curl_socket_t want_connection(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *exchange = data;

	if (purpose != CURLSOCKTYPE_IPCXN) {
		return CURL_SOCKET_BAD;
	}
	if (exchange->go_aheads > 0 && exchange->request.writes) {
		exchange->repeat_refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *p, size_t size, size_t n, void *data)
{
	struct exchange *exchange = data;

	if (!buf_add(&exchange->body, p, size * n)) {
		exchange->body_too_long = true;
		return 0; /* ends the transfer */
	}
	return size * n;
}

/* One line, with its end. */
static size_t on_header(char *p, size_t size, size_t n, void *data)
{
	struct exchange *exchange = data;
	struct str line = { .p = p, .n = size * n };

	if (str_starts(line, STR("HTTP/"))) {
		exchange->headers_whole = false; /* of what follows a 1xx */
	} else if (str_is(line, "\r\n") || str_is(line, "\n")) {
		exchange->headers_whole = true;
	}
	exchange->header_bytes += size * n;
	if (exchange->header_bytes > LIMIT_HTTP_HEADER_BYTES) {
		exchange->headers_too_long = true;
		return 0; /* ends the transfer */
	}
	return size * n;
}

/* Append to exchange->headers; false when memory is short. */
static bool add_header(struct exchange *exchange, const char *line)
{
	struct curl_slist *longer = curl_slist_append(exchange->headers, line);

	if (!longer) {
		return false;
	}
	exchange->headers = longer;
	return true;
}

static bool set_body(struct exchange *exchange)
{
	struct http_request *request = &exchange->request;
	CURL *easy = exchange->easy;
	const char *body = request->body ? request->body : "";
	size_t n = request->body ? request->body_n : 0;
	char type[MULTIPART_TYPE_BYTES] = "Content-Type:"; /* no value: libcurl adds none of its own */

	if (request->n_parts > 0) {
		if (!multipart_build(request, &exchange->multipart, type)) {
			return false;
		}
		body = exchange->multipart.p;
		n = exchange->multipart.n;
	} else if (request->content_type) {
		(void)snprintf(type, sizeof(type), "Content-Type: %s", request->content_type);
	}
	return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK && /* borrowed until the end */
	       add_header(exchange, type) && add_header(exchange, "Expect:");
}

static bool set_options(struct exchange *exchange)
{
	struct http *http = exchange->http;
	struct http_request *request = &exchange->request;
	CURL *easy = exchange->easy;
	int64_t timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_MS;
	bool ok = true;

#define SET(option, value) (ok = ok && curl_easy_setopt(easy, (option), (value)) == CURLE_OK)
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_PRIVATE, exchange);
	SET(CURLOPT_ERRORBUFFER, exchange->curl_error);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, ""); /* not the environment's either */
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_PREREQFUNCTION, want_go_ahead);
	SET(CURLOPT_PREREQDATA, exchange);
	SET(CURLOPT_OPENSOCKETFUNCTION, want_connection);
	SET(CURLOPT_OPENSOCKETDATA, exchange);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, exchange);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, exchange);
	if (request->ca_file) {
		SET(CURLOPT_CAINFO, request->ca_file);
		SET(CURLOPT_CAPATH, NULL); /* instead of the system's, not on top of them */
	}
	if (http->user_agent) {
		SET(CURLOPT_USERAGENT, http->user_agent);
	}
	if (request->writes) {
		SET(CURLOPT_MAXAGE_CONN, IDLE_FOR_WRITES_S);
	}
	if (request->method == HTTP_POST) {
		ok = ok && set_body(exchange);
	}
	SET(CURLOPT_HTTPHEADER, exchange->headers);
#undef SET
	return ok;
}

/* Give the easy handle and what it borrowed back. */
static void drop_curl_side(struct exchange *exchange)
{
	struct http *http = exchange->http;

	if (exchange->easy) {
		/* Resetting keeps its buffers, and forgets pointers to this exchange. */
		curl_easy_reset(exchange->easy);
		if (http->n_spare < ARRAY_LEN(http->spare)) {
			http->spare[http->n_spare++] = exchange->easy;
		} else {
			curl_easy_cleanup(exchange->easy);
		}
		exchange->easy = NULL;
	}
	curl_slist_free_all(exchange->headers);
	exchange->headers = NULL;
	if (exchange->multipart.p) {
		explicit_bzero(exchange->multipart.p, exchange->multipart.n);
	}
	buf_finish(&exchange->multipart);
	exchange->multipart = (struct buf){ 0 };
}

/* Hand an exchange that waits in no list to libcurl. */
static void begin(struct exchange *exchange)
{
	struct http *http = exchange->http;
	CURLMcode code;

	if (clock_since_ms(exchange->started) > http->queue_patience_ms) {
		error_set(&exchange->error, ERROR_HTTP, ADVISE_RETRY, CURLE_OPERATION_TIMEDOUT,
			"waited too long for a free connection to the host");
		finish(exchange, HTTP_NOT_SENT);
		return;
	}
	if (!request_is_clean(&exchange->request)) {
		error_set(&exchange->error, ERROR_HTTP, ADVISE_BUG, CURLE_BAD_FUNCTION_ARGUMENT,
			"a content type that is no header value");
		finish(exchange, HTTP_NOT_SENT);
		return;
	}
	exchange->easy = http->n_spare > 0 ? http->spare[--http->n_spare] : curl_easy_init();
	if (!exchange->easy || !set_options(exchange)) {
		error_set(&exchange->error, ERROR_HTTP, ADVISE_RETRY, CURLE_OUT_OF_MEMORY,
			"cannot prepare the request: out of memory");
		drop_curl_side(exchange);
		finish(exchange, HTTP_NOT_SENT);
		return;
	}
	code = curl_multi_add_handle(http->multi, exchange->easy);
	if (code != CURLM_OK) {
		error_set(&exchange->error, ERROR_HTTP, ADVISE_RETRY, (int)code, "cannot start the request: %s",
			curl_multi_strerror(code));
		drop_curl_side(exchange);
		finish(exchange, HTTP_NOT_SENT);
		return;
	}
	exchange->host->in_flight++;
	list_add(&http->running, exchange);
}

/* Fill the host's free slots from its queue. The host may be gone afterwards. */
static void pump(struct http *http, struct host *host)
{
	while (host->in_flight < http->in_flight_max && host->waiting.first) {
		struct exchange *exchange = host->waiting.first;

		list_remove(&host->waiting, exchange);
		begin(exchange);
	}
	host_forget_if_idle(http, host);
}

static void explain(struct exchange *exchange, CURLcode result, int status)
{
	struct error *err = &exchange->error;

	if (exchange->body_too_long) {
		error_set(err, ERROR_HTTP, ADVISE_RETRY, (int)result, "answer longer than %zu bytes",
			exchange->body.max_bytes);
	} else if (exchange->headers_too_long) {
		error_set(err, ERROR_HTTP, ADVISE_RETRY, (int)result, "answer headers longer than %u bytes",
			LIMIT_HTTP_HEADER_BYTES);
	} else if (exchange->repeat_refused) {
		error_set(err, ERROR_HTTP, ADVISE_RETRY, (int)CURLE_GOT_NOTHING,
			"the connection ended before an answer came");
	} else if (result == CURLE_OK) {
		error_set(err, ERROR_HTTP, ADVISE_RETRY, status, "%s",
			exchange->headers_whole ? "no usable status in the answer" : "the answer ended in its headers");
	} else if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL) {
		/* libcurl's own text may quote what stands in the URL, and that may be a token. */
		error_set(err, ERROR_HTTP, exchange->go_aheads ? ADVISE_RETRY : ADVISE_BUG, (int)result, "%s",
			curl_easy_strerror(result));
	} else if (result == CURLE_PEER_FAILED_VERIFICATION) {
		error_set(err, ERROR_HTTP, ADVISE_RETRY, (int)result,
			"the other side cannot prove that it is who we want, so nothing was sent: %s",
			exchange->curl_error[0] ? exchange->curl_error : curl_easy_strerror(result));
	} else {
		error_set(err, ERROR_HTTP, ADVISE_RETRY, (int)result, "%s",
			exchange->curl_error[0] ? exchange->curl_error : curl_easy_strerror(result));
	}
}

/* Take a running exchange out of libcurl and finish it; its slot goes to the next one. */
static void end_running(struct exchange *exchange, CURLcode result, bool cancelled)
{
	struct http *http = exchange->http;
	struct host *host = exchange->host;
	char *content_type = NULL;
	long status = 0;

	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_TYPE, &content_type);
	exchange->content_type = xstrdup(content_type);
	curl_multi_remove_handle(http->multi, exchange->easy);
	drop_curl_side(exchange);
	list_remove(&http->running, exchange);
	host->in_flight--;
	if (!cancelled && result == CURLE_OK && exchange->headers_whole && status >= 200 && status <= 599) {
		exchange->status = (int)status;
		finish(exchange, HTTP_ANSWERED);
	} else {
		if (cancelled) {
			error_set(&exchange->error, ERROR_HTTP, ADVISE_RETRY, (int)CURLE_ABORTED_BY_CALLBACK,
				"cancelled");
		} else {
			explain(exchange, result, (int)status);
		}
		finish(exchange, exchange->go_aheads > 0 ? HTTP_IN_DOUBT : HTTP_NOT_SENT);
	}
	pump(http, host);
}

/* The loop's side of libcurl. */

static void reap(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		char *private = NULL;

		if (message->msg != CURLMSG_DONE) {
			continue;
		}
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		end_running((struct exchange *)(void *)private, message->data.result, false);
	}
}

static void on_timer(struct timer *timer)
{
	struct http *http = container_of(timer, struct http, timer);
	int running;

	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(http);
}

static int want_timer(CURLM *multi unused_arg, long timeout_ms, void *data)
{
	struct http *http = data;

	if (timeout_ms < 0) {
		timer_stop(http->loop, &http->timer);
	} else {
		timer_start(http->loop, &http->timer, timeout_ms);
	}
	return 0;
}

static void on_socket(struct watch *watch, bool readable, bool writable)
{
	struct curl_socket *socket = container_of(watch, struct curl_socket, watch);
	struct http *http = socket->http;
	int events = (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(http->multi, socket->fd, events, &running);
	reap(http);
}

static int want_socket(CURL *easy unused_arg, curl_socket_t fd, int what, void *data, void *socket_data)
{
	struct http *http = data;
	struct curl_socket *socket = socket_data;

	if (what == CURL_POLL_REMOVE) {
		if (socket) {
			struct curl_socket **link = &http->sockets;

			watch_stop(http->loop, &socket->watch);
			while (*link != socket) {
				link = &(*link)->next;
			}
			*link = socket->next;
			socket->next = http->spare_sockets;
			http->spare_sockets = socket;
		}
		return 0;
	}
	if (!socket) {
		socket = http->spare_sockets;
		if (socket) {
			http->spare_sockets = socket->next;
		} else {
			socket = xnew(struct curl_socket);
			socket->http = http;
		}
		socket->next = http->sockets;
		http->sockets = socket;
		socket->fd = fd;
		watch_init(&socket->watch, fd, on_socket);
		curl_multi_assign(http->multi, fd, socket);
	}
	watch_want(http->loop, &socket->watch, what == CURL_POLL_IN || what == CURL_POLL_INOUT,
		what == CURL_POLL_OUT || what == CURL_POLL_INOUT);
	return 0;
}

/* The room's interface. */

bool http_new(struct loop *loop, const struct http_options *options, struct http **ret_http, struct error *err)
{
	struct http *http;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		return error_set(err, ERROR_HTTP, ADVISE_RETRY, 0, "cannot start libcurl");
	}
	http = xnew(struct http);
	http->loop = loop;
	http->in_flight_max = options->in_flight_per_host ? options->in_flight_per_host : LIMIT_SENDS_IN_FLIGHT;
	http->queue_patience_ms = options->queue_patience_ms > 0 ? options->queue_patience_ms : QUEUE_PATIENCE_MS;
	http->user_agent = options->user_agent;
	timer_init(&http->timer, on_timer);
	http->multi = curl_multi_init();
	if (!http->multi || curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, want_socket) != CURLM_OK ||
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) != CURLM_OK ||
		curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, want_timer) != CURLM_OK ||
		curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) != CURLM_OK ||
		curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) != CURLM_OK ||
		curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS) != CURLM_OK) {
		http_free(http);
		return error_set(err, ERROR_HTTP, ADVISE_RETRY, 0, "cannot start libcurl: out of memory");
	}
	*ret_http = http;
	return true;
}

uint64_t http_start(struct http *http, struct http_request *request,
	void (*on_answer)(void *data, const struct http_answer *answer), void *data)
{
	struct exchange *exchange = xnew(struct exchange);

	exchange->id = ++http->last_id;
	exchange->http = http;
	exchange->request = *request;
	*request = (struct http_request){ 0 };
	exchange->on_answer = on_answer;
	exchange->data = data;
	exchange->started = clock_mono();
	buf_init(&exchange->body,
		exchange->request.answer_max_bytes ? exchange->request.answer_max_bytes : LIMIT_HTTP_ANSWER_BYTES);
	http->open++;
	if (http->stopped || !exchange->request.url) {
		error_set(&exchange->error, ERROR_HTTP, ADVISE_RETRY, (int)CURLE_ABORTED_BY_CALLBACK, "%s",
			http->stopped ? "the daemon is stopping" : "there is no address");
		finish(exchange, HTTP_NOT_SENT);
	} else {
		exchange->host = host_get(http, exchange->request.url);
		list_add(&exchange->host->waiting, exchange);
		pump(http, exchange->host);
	}
	return http->last_id;
}

static void cancel_waiting(struct exchange *exchange)
{
	struct host *host = exchange->host;

	list_remove(&host->waiting, exchange);
	error_set(&exchange->error, ERROR_HTTP, ADVISE_RETRY, (int)CURLE_ABORTED_BY_CALLBACK, "cancelled");
	finish(exchange, HTTP_NOT_SENT);
	host_forget_if_idle(exchange->http, host);
}

void http_cancel(struct http *http, uint64_t id)
{
	for (struct exchange *exchange = http->running.first; exchange; exchange = exchange->next) {
		if (exchange->id == id) {
			end_running(exchange, CURLE_OK, true);
			return;
		}
	}
	for (struct host *host = http->hosts; host; host = host->next) {
		for (struct exchange *exchange = host->waiting.first; exchange; exchange = exchange->next) {
			if (exchange->id == id) {
				cancel_waiting(exchange);
				return;
			}
		}
	}
}

size_t http_in_flight(const struct http *http)
{
	return http->open;
}

static void free_sockets(struct loop *loop, struct curl_socket *socket)
{
	while (socket) {
		struct curl_socket *next = socket->next;

		watch_stop(loop, &socket->watch);
		free(socket);
		socket = next;
	}
}

void http_stop(struct http *http)
{
	http->stopped = true;
	/* A host has somebody waiting only while its slots are taken, so the running ones lead to all. */
	while (http->running.first) {
		struct host *host = http->running.first->host;

		while (host->waiting.first) {
			cancel_waiting(host->waiting.first);
		}
		end_running(http->running.first, CURLE_OK, true);
	}
}

bool http_settle(struct http *http)
{
	if (!http->finished.first) {
		return false;
	}
	complete_finished(http);
	return true;
}

void http_free(struct http *http)
{
	if (!http) {
		return;
	}
	http_stop(http);
	while (http_settle(http)) {
	}
	loop_defer_cancel(http->loop, http);
	for (size_t i = 0; i < http->n_spare; i++) {
		curl_easy_cleanup(http->spare[i]);
	}
	if (http->multi) {
		curl_multi_cleanup(http->multi);
	}
	timer_stop(http->loop, &http->timer);
	free_sockets(http->loop, http->sockets);
	free_sockets(http->loop, http->spare_sockets);
	free(http);
	curl_global_cleanup();
}
