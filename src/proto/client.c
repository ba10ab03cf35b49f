/*
 * The blocking client of the control socket. One call at a time; what the daemon tells meanwhile is kept in order. When
 * the connection breaks in the middle of a call, nobody knows whether it was carried out: the error says so and is
 * retryable, because every verb that matters is idempotent by key or guarded by state.
 */
#include "proto/client.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "proto/frame.h"

#define HELLO_MS   (10 * SECOND_MS)
#define READ_BYTES (64u << 10)

struct client {
	int fd;
	int64_t last_id;
	struct buf in;
	size_t scanned; /* bytes of in known to hold no LF */
	cJSON *hello;
	cJSON *events; /* array of params, oldest first */
};

static bool lost(struct error *err, const char *what)
{
	return error_set(err, ERROR_OS, ADVISE_RETRY, ECONNRESET,
		"%s: whether it was carried out is not known; looking or repeating with the same key is safe", what);
}

static bool wait_for(
	struct client *client, short events, struct mono began, int64_t timeout_ms, bool *ret_ready, struct error *err)
{
	struct pollfd poll_fd = { .fd = client->fd, .events = events };

	for (;;) {
		int64_t left_ms = timeout_ms > 0 ? timeout_ms - clock_since_ms(began) : -1;
		int n;

		if (timeout_ms > 0 && left_ms < 0) {
			left_ms = 0;
		}
		n = poll(&poll_fd, 1, left_ms > 3600000 ? 3600000 : (int)left_ms);
		if (n > 0) {
			*ret_ready = true;
			return true;
		}
		if (n < 0 && errno != EINTR) {
			return error_set_errno(err, "cannot wait for the daemon");
		}
		if (n < 0) {
			return error_set(err, ERROR_OS, ADVISE_RETRY, EINTR, "interrupted");
		}
		if (timeout_ms > 0 && clock_since_ms(began) >= timeout_ms) {
			*ret_ready = false;
			return true;
		}
	}
}

static bool write_all(struct client *client, struct str bytes, struct mono began, int64_t timeout_ms, struct error *err)
{
	while (bytes.n > 0) {
		ssize_t n = send(client->fd, bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		bool ready;

		if (n >= 0) {
			bytes = str_sub(bytes, (size_t)n, bytes.n);
			continue;
		}
		if (errno == EINTR) {
			continue;
		}
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			return lost(err, "the daemon closed the connection");
		}
		if (!wait_for(client, POLLOUT, began, timeout_ms, &ready, err)) {
			return false;
		}
		if (!ready) {
			return lost(err, "the daemon did not read in time");
		}
	}
	return true;
}

/* The frame in the next whole line; *ret_got is false when none came in time. */
static bool read_line(struct client *client, struct mono began, int64_t timeout_ms, struct frame *ret_frame,
	bool *ret_got, struct error *err)
{
	for (;;) {
		const char *end = memchr(client->in.p + client->scanned, '\n', client->in.n - client->scanned);
		char chunk[READ_BYTES];
		bool ready;
		ssize_t n;

		if (end) {
			struct str line = { client->in.p, (size_t)(end - client->in.p) };
			bool ok = frame_parse(line, ret_frame, err);

			buf_drop(&client->in, line.n + 1);
			client->scanned = 0;
			*ret_got = true;
			return ok;
		}
		client->scanned = client->in.n;
		if (!wait_for(client, POLLIN, began, timeout_ms, &ready, err)) {
			return false;
		}
		if (!ready) {
			*ret_got = false;
			return true;
		}
		n = recv(client->fd, chunk, sizeof(chunk), 0);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return lost(err, "the daemon closed the connection");
		}
		if (!buf_add(&client->in, chunk, (size_t)n)) {
			return error_set(err, ERROR_PROTO, ADVISE_REJECT, 0, "the daemon's answer is too long");
		}
	}
}

static void keep_event(struct client *client, struct frame *frame)
{
	json_push(client->events, frame->params ? cJSON_Duplicate(frame->params, true) : json_object());
	frame_finish(frame);
}

/* An error without an id is about what was sent last: the daemon could not read it. */
static bool is_answer_to(const struct frame *frame, int64_t id)
{
	return json_i64(frame->whole, "id", 0) == id || (frame->error && (!frame->id || cJSON_IsNull(frame->id)));
}

bool client_call(struct client *client, const char *method, cJSON *params, int64_t timeout_ms, cJSON **ret_result,
	cJSON **ret_error_data, struct error *err)
{
	struct mono began = clock_mono();
	int64_t id = ++client->last_id;
	struct buf out;
	bool ok;

	buf_init(&out, LIMIT_FRAME_BYTES);
	ok = frame_add_request(&out, id, method, params);
	cJSON_Delete(params);
	if (!ok) {
		buf_finish(&out);
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "more than fits into one request of %u MiB",
			LIMIT_FRAME_BYTES >> 20);
	}
	ok = write_all(client, buf_str(&out), began, timeout_ms, err);
	buf_finish(&out);
	if (!ok) {
		/* Half a request may be out: nothing behind it would be understood. */
		(void)shutdown(client->fd, SHUT_RDWR);
	}
	while (ok) {
		struct frame frame = { 0 };
		bool got;

		if (!read_line(client, began, timeout_ms, &frame, &got, err)) {
			return false;
		}
		if (!got) {
			return lost(err, "the daemon did not answer in time");
		}
		if (frame.method) {
			keep_event(client, &frame);
			continue;
		}
		if (!is_answer_to(&frame, id)) { /* too late for a call that was given up */
			frame_finish(&frame);
			continue;
		}
		if (frame.error) {
			const cJSON *data = json_get(frame.error, "data");

			frame_read_error(frame.error, err);
			if (ret_error_data) {
				*ret_error_data = data ? cJSON_Duplicate(data, true) : NULL;
			}
			frame_finish(&frame);
			return false;
		}
		*ret_result = cJSON_DetachItemFromObjectCaseSensitive(frame.whole, "result");
		frame_finish(&frame);
		return true;
	}
	return false;
}

bool client_next_event(struct client *client, int64_t timeout_ms, cJSON **ret_event, struct error *err)
{
	struct mono began = clock_mono();

	for (;;) {
		struct frame frame = { 0 };
		bool got;

		if (client->events->child) {
			*ret_event = cJSON_DetachItemFromArray(client->events, 0);
			return true;
		}
		if (!read_line(client, began, timeout_ms, &frame, &got, err)) {
			return false;
		}
		if (!got) {
			*ret_event = NULL;
			return true;
		}
		if (frame.method) {
			keep_event(client, &frame);
		} else {
			frame_finish(&frame);
		}
	}
}

bool client_connect(const char *socket_path, struct client **ret_client, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct client *client;
	cJSON *params;
	int64_t version;

	if (strlen(socket_path) >= sizeof(address.sun_path)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "the socket's path is longer than %zu bytes: %s",
			sizeof(address.sun_path) - 1, socket_path);
	}
	memcpy(address.sun_path, socket_path, strlen(socket_path));
	client = xnew(struct client);
	buf_init(&client->in, LIMIT_ANSWER_BYTES + READ_BYTES);
	client->events = json_array();
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int code = errno;

		client_free(client);
		if (code == EACCES || code == EPERM) {
			return error_set(
				err, ERROR_ACCESS, ADVISE_REJECT, code, "%s may not be opened by you", socket_path);
		}
		return error_set(err, ERROR_OS, ADVISE_RETRY, code,
			"no daemon answers at %s (%s): is gazetted running?", socket_path, strerror(code));
	}
	params = json_object();
	json_add_i64(params, "version", PROTO_VERSION);
	json_add_text(params, "client", "gazette");
	if (!client_call(client, "hello", params, HELLO_MS, &client->hello, NULL, err)) {
		client_free(client);
		return false;
	}
	version = json_i64(client->hello, "version", 0);
	if (version != PROTO_VERSION) {
		client_free(client);
		return error_set(err, ERROR_PROTO, ADVISE_REJECT, 0,
			"the daemon speaks version %" PRId64 " of the control protocol, this program version %d: "
			"install gazette and gazetted of one release",
			version, PROTO_VERSION);
	}
	*ret_client = client;
	return true;
}

void client_free(struct client *client)
{
	if (!client) {
		return;
	}
	if (client->fd >= 0) {
		(void)close(client->fd);
	}
	buf_finish(&client->in);
	cJSON_Delete(client->hello);
	cJSON_Delete(client->events);
	free(client);
}

void client_freep(struct client **client)
{
	client_free(*client);
	*client = NULL;
}

const cJSON *client_hello(const struct client *client)
{
	return client->hello;
}

const char *client_default_socket(void)
{
	static char path[256];
	const char *given = getenv("GAZETTE_SOCKET");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (given && given[0]) {
		return given;
	}
	if (runtime && runtime[0]) {
		(void)snprintf(path, sizeof(path), "%s/gazette/control", runtime);
		if (stat(path, &st) == 0) {
			return path;
		}
	}
	return "/run/gazette/control";
}
