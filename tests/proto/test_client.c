/*
 * The blocking client against a daemon in a thread that answers from a script, on a real Unix socket: in pieces, too
 * much, too late, or not at all.
 */
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "codec/json.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "proto/client.h"

#define SOON_MS     60 /* what a test waits for in vain */
#define PATIENCE_MS 60000
#define HELLO       "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"version\":1,\"office\":\"平安示例\"}}\n"
#define EVENT(n)    "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"n\":" n "}}\n"
#define RESULT(id)  "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"ok\":true}}\n"

struct daemon {
	const char *const *answers; /* each is sent after one line was read; "" sends nothing; ends with NULL */
	bool bytewise;
	bool closes;     /* after the last answer, else it waits for the client to go */
	struct str tail; /* sent behind the last answer */
	char directory[64];
	char path[100];
	int fd;
	pthread_t thread;
	bool joined;
	struct buf seen; /* all that came */
};

static bool read_line(int fd, struct buf *seen)
{
	char c = 0;

	while (c != '\n') {
		if (recv(fd, &c, 1, 0) != 1) {
			return false;
		}
		(void)buf_add_char(seen, c);
	}
	return true;
}

static void send_all(int fd, struct str bytes, bool bytewise)
{
	while (bytes.n > 0) {
		ssize_t n = send(fd, bytes.p, bytewise ? 1 : bytes.n, MSG_NOSIGNAL);

		if (n <= 0) {
			return;
		}
		bytes = str_sub(bytes, (size_t)n, bytes.n);
	}
}

static void *serve(void *data)
{
	struct daemon *daemon = data;
	int fd = accept(daemon->fd, NULL, NULL);

	for (size_t i = 0; fd >= 0 && daemon->answers[i] && read_line(fd, &daemon->seen); i++) {
		send_all(fd, str_from(daemon->answers[i]), daemon->bytewise);
	}
	send_all(fd, daemon->tail, false);
	if (!daemon->closes) {
		/* Until the client has gone, reading nothing more of what it sends. */
		struct pollfd gone = { .fd = fd };

		(void)poll(&gone, 1, PATIENCE_MS);
	}
	if (fd >= 0) {
		close(fd);
	}
	return NULL;
}

static void make_path(struct daemon *daemon)
{
	(void)snprintf(daemon->directory, sizeof(daemon->directory), "/tmp/gazette-client-XXXXXX");
	CHECK(mkdtemp(daemon->directory) != NULL);
	(void)snprintf(daemon->path, sizeof(daemon->path), "%s/control", daemon->directory);
}

static void bind_path(struct daemon *daemon)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, daemon->path, strlen(daemon->path));
	daemon->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(daemon->fd >= 0);
	CHECK_INT(bind(daemon->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void daemon_start(struct daemon *daemon)
{
	make_path(daemon);
	bind_path(daemon);
	CHECK_INT(listen(daemon->fd, 4), 0);
	buf_init(&daemon->seen, 32u << 20);
	CHECK_INT(pthread_create(&daemon->thread, NULL, serve, daemon), 0);
}

/* What came, once the client has gone. */
static struct str daemon_seen(struct daemon *daemon)
{
	if (!daemon->joined) {
		daemon->joined = true;
		CHECK_INT(pthread_join(daemon->thread, NULL), 0);
	}
	return buf_str(&daemon->seen);
}

static void daemon_end(struct daemon *daemon)
{
	(void)daemon_seen(daemon);
	close(daemon->fd);
	unlink(daemon->path);
	rmdir(daemon->directory);
	buf_finish(&daemon->seen);
}

static struct client *connect_to(struct daemon *daemon)
{
	struct client *client = NULL;
	struct error err = { 0 };

	CHECK_OK(client_connect(daemon->path, &client, &err), err);
	return client;
}

static void test_client__hello_comes_first_and_calls_follow(void **state)
{
	static const char *const answers[] = { HELLO, RESULT("2"), RESULT("3"), NULL };
	struct daemon daemon = { .answers = answers };
	cJSON *params = json_object();
	cJSON *result = NULL;
	struct client *client;
	struct error err = { 0 };

	(void)state;
	daemon_start(&daemon);
	client = connect_to(&daemon);
	CHECK_TEXT(json_text(client_hello(client), "office", ""), "平安示例");
	json_add_text(params, "text", "一\n二");
	CHECK_OK(client_call(client, "post.new", params, 0, &result, NULL, &err), err);
	CHECK(json_bool(result, "ok", false));
	cJSON_Delete(result);
	CHECK_OK(client_call(client, "status", NULL, 10000, &result, NULL, &err), err);
	cJSON_Delete(result);
	client_freep(&client);
	CHECK(client == NULL);
	CHECK_STR(daemon_seen(&daemon),
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":{\"version\":1,\"client\":\"gazette\"}}"
		"\n"
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"post.new\",\"params\":{\"text\":\"一\\n二\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"status\"}\n");
	daemon_end(&daemon);
}

static void test_client__answers_come_in_any_pieces(void **state)
{
	static const char *const answers[] = { HELLO, EVENT("1") EVENT("2") RESULT("2") EVENT("3"), NULL };

	(void)state;
	for (int bytewise = 0; bytewise < 2; bytewise++) {
		struct daemon daemon = { .answers = answers, .bytewise = bytewise };
		cJSON *result = NULL;
		struct client *client;
		struct error err = { 0 };

		daemon_start(&daemon);
		client = connect_to(&daemon);
		CHECK_OK(client_call(client, "monitor", NULL, 10000, &result, NULL, &err), err);
		CHECK(json_bool(result, "ok", false));
		cJSON_Delete(result);
		/* What was told meanwhile was kept, in order; what came behind is read. */
		for (int64_t n = 1; n <= 3; n++) {
			cJSON *event = NULL;

			CHECK_OK(client_next_event(client, 10000, &event, &err), err);
			CHECK_INT(json_i64(event, "n", 0), n);
			cJSON_Delete(event);
		}
		client_free(client);
		daemon_end(&daemon);
	}
}

static void test_client__an_error_answer_comes_as_an_error(void **state)
{
	static const char *const answers[] = { HELLO,
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32000,\"message\":\"claimed\",\"data\":"
		"{\"domain\":\"state\",\"advice\":\"reject\",\"code\":7,\"holder\":\"李警官\"}}}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse\"}}\n", NULL };
	struct daemon daemon = { .answers = answers };
	cJSON *result = NULL;
	cJSON *data = NULL;
	struct client *client;
	struct error err = { 0 };

	(void)state;
	daemon_start(&daemon);
	client = connect_to(&daemon);
	CHECK_FAILS(client_call(client, "ticket.claim", NULL, 10000, &result, &data, &err), err, "claimed");
	CHECK_INT(err.domain, ERROR_STATE);
	CHECK_INT(err.advice, ADVISE_REJECT);
	CHECK_INT(err.code, 7);
	CHECK_TEXT(json_text(data, "holder", ""), "李警官");
	cJSON_Delete(data);
	data = NULL;
	CHECK_FAILS(client_call(client, "x", NULL, 10000, &result, &data, &err), err, "parse");
	CHECK_INT(err.code, -32700);
	CHECK(data == NULL);
	CHECK(result == NULL);
	client_free(client);
	daemon_end(&daemon);
}

static void test_client__an_answer_that_comes_too_late_is_not_taken_for_the_next(void **state)
{
	static const char *const late[] = { RESULT("2"),
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32000,\"message\":\"late\"}}\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(late); i++) {
		cleanup(buf_finish) struct buf both;
		const char *answers[] = { HELLO, "", NULL, NULL };
		struct daemon daemon = { .answers = answers };
		cJSON *result = NULL;
		struct client *client;
		struct error err = { 0 };

		buf_init(&both, 4096);
		CHECK(buf_printf(&both, "%s{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"third\":true}}\n", late[i]));
		answers[2] = both.p;
		daemon_start(&daemon);
		client = connect_to(&daemon);
		CHECK_FAILS(client_call(client, "slow", NULL, SOON_MS, &result, NULL, &err), err, "not known");
		CHECK_INT(err.domain, ERROR_OS);
		CHECK_INT(err.advice, ADVISE_RETRY);
		CHECK(result == NULL);
		CHECK_OK(client_call(client, "next", NULL, 10000, &result, NULL, &err), err);
		CHECK(json_bool(result, "third", false));
		cJSON_Delete(result);
		client_free(client);
		daemon_end(&daemon);
	}
}

static void test_client__a_broken_connection_leaves_the_outcome_open(void **state)
{
	static const char *const answers[] = { HELLO, "{\"jsonrpc\":\"2.0\",\"id\":2,\"res", NULL };
	struct daemon daemon = { .answers = answers, .closes = true };
	cJSON *result = NULL;
	struct client *client;
	struct error err = { 0 };

	(void)state;
	daemon_start(&daemon);
	client = connect_to(&daemon);
	CHECK_FAILS(client_call(client, "post.new", NULL, 10000, &result, NULL, &err), err, "not known");
	CHECK_INT(err.advice, ADVISE_RETRY);
	CHECK_INT(err.code, ECONNRESET);
	/* And so does every call after it: no signal, no success. */
	(void)daemon_seen(&daemon);
	CHECK_FAILS(client_call(client, "post.new", NULL, 10000, &result, NULL, &err), err, "not known");
	CHECK(result == NULL);
	client_free(client);
	daemon_end(&daemon);
}

static void test_client__a_daemon_that_does_not_read_does_not_hold_a_call_for_ever(void **state)
{
	static const char *const answers[] = { HELLO, NULL };
	struct daemon daemon = { .answers = answers };
	size_t n = LIMIT_FRAME_BYTES / 2;
	char *text = xnew_array(char, n + 1);
	cJSON *params = json_object();
	cJSON *result = NULL;
	struct client *client;
	struct mono began;
	struct error err = { 0 };

	(void)state;
	memset(text, 'x', n);
	json_add_text(params, "text", text);
	free(text);
	daemon_start(&daemon);
	client = connect_to(&daemon);
	began = clock_mono();
	CHECK_FAILS(client_call(client, "post.import", params, SOON_MS, &result, NULL, &err), err, "not known");
	CHECK_INT(err.advice, ADVISE_RETRY);
	CHECK(clock_since_ms(began) < PATIENCE_MS / 2); /* before the daemon closed the connection */
	/* Half a request is out: what followed would be read as its rest. */
	CHECK_FAILS(client_call(client, "status", NULL, 10000, &result, NULL, &err), err, "closed the connection");
	client_free(client);
	daemon_end(&daemon);
}

static void test_client__a_request_that_is_too_long_is_never_sent(void **state)
{
	static const char *const answers[] = { HELLO, RESULT("3"), NULL };
	struct daemon daemon = { .answers = answers };
	size_t n = LIMIT_FRAME_BYTES;
	char *text = xnew_array(char, n + 1);
	cJSON *params = json_object();
	cJSON *result = NULL;
	struct client *client;
	struct error err = { 0 };

	(void)state;
	memset(text, 'x', n);
	json_add_text(params, "text", text);
	free(text);
	daemon_start(&daemon);
	client = connect_to(&daemon);
	CHECK_FAILS(client_call(client, "post.import", params, 0, &result, NULL, &err), err, "16 MiB");
	CHECK_INT(err.domain, ERROR_INPUT);
	CHECK_OK(client_call(client, "status", NULL, 10000, &result, NULL, &err), err);
	cJSON_Delete(result);
	client_free(client);
	CHECK(str_find(daemon_seen(&daemon), STR("post.import")) < 0);
	daemon_end(&daemon);
}

/* The longest answer that is allowed, with more behind it in the same burst; and one that is longer. */
static void test_client__answers_are_capped_where_the_limit_says(void **state)
{
	static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"text\":\"";
	static const char foot[] = "\"}}";

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		static const char *const answers[] = { HELLO, "", NULL };
		size_t n = more ? (size_t)LIMIT_ANSWER_BYTES * 2 : LIMIT_ANSWER_BYTES;
		char *line = xnew_array(char, n + 1 + sizeof(EVENT("1")));
		struct daemon daemon = { .answers = answers };
		cJSON *result = NULL;
		cJSON *event = NULL;
		struct client *client;
		struct error err = { 0 };

		memset(line, 'x', n);
		memcpy(line, head, sizeof(head) - 1);
		memcpy(line + n - (sizeof(foot) - 1), foot, sizeof(foot) - 1);
		line[n] = '\n';
		memcpy(line + n + 1, EVENT("1"), sizeof(EVENT("1")));
		daemon.tail = str_from(line);
		daemon_start(&daemon);
		client = connect_to(&daemon);
		if (more) {
			CHECK_FAILS(
				client_call(client, "post.list", NULL, 60000, &result, NULL, &err), err, "too long");
			CHECK_INT(err.domain, ERROR_PROTO);
		} else {
			CHECK_OK(client_call(client, "post.list", NULL, 60000, &result, NULL, &err), err);
			CHECK_INT(json_str(result, "text").n, n - (sizeof(head) - 1) - (sizeof(foot) - 1));
			cJSON_Delete(result);
			CHECK_OK(client_next_event(client, 60000, &event, &err), err);
			CHECK_INT(json_i64(event, "n", 0), 1);
			cJSON_Delete(event);
		}
		client_free(client);
		daemon_end(&daemon);
		free(line);
	}
}

static void test_client__what_is_no_frame_is_an_error(void **state)
{
	static const char *const lines[] = { "\n", "hello\n", "[]\n", "{\"jsonrpc\":\"2.0\",\"id\":2}\n",
		"\xff\xfe\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const char *const answers[] = { HELLO, lines[i], NULL };
		struct daemon daemon = { .answers = answers };
		cJSON *result = NULL;
		struct client *client;
		struct error err = { 0 };

		daemon_start(&daemon);
		client = connect_to(&daemon);
		CHECK_FAILS(client_call(client, "status", NULL, 10000, &result, NULL, &err), err, "");
		CHECK_INT(err.domain, ERROR_PROTO);
		CHECK(result == NULL);
		client_free(client);
		daemon_end(&daemon);
	}
}

static void test_client__waiting_for_events_ends_in_time(void **state)
{
	static const char *const answers[] = { HELLO, RESULT("2") RESULT("1"), NULL };
	struct daemon daemon = { .answers = answers };
	cJSON *event = (cJSON *)&daemon; /* anything but NULL */
	cJSON *result = NULL;
	struct client *client;
	struct mono began;
	struct error err = { 0 };

	(void)state;
	daemon_start(&daemon);
	client = connect_to(&daemon);
	CHECK_OK(client_call(client, "monitor", NULL, 10000, &result, NULL, &err), err);
	cJSON_Delete(result);
	began = clock_mono();
	CHECK_OK(client_next_event(client, SOON_MS, &event, &err), err); /* the stray answer is none */
	CHECK(event == NULL);
	CHECK(clock_since_ms(began) >= SOON_MS);
	client_free(client);
	daemon_end(&daemon);
}

static void test_client__versions_that_do_not_fit_are_told(void **state)
{
	static const char *const hellos[] = {
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"version 2 is "
		"needed\",\"data\":{"
		"\"domain\":\"proto\",\"advice\":\"reject\"}}}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"version\":2}}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
		const char *const answers[] = { hellos[i], NULL };
		struct daemon daemon = { .answers = answers };
		struct client *client = NULL;
		struct error err = { 0 };

		daemon_start(&daemon);
		CHECK_FAILS(client_connect(daemon.path, &client, &err), err, "version");
		CHECK_INT(err.domain, ERROR_PROTO);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK(client == NULL);
		daemon_end(&daemon);
	}
}

static void test_client__nobody_there_is_told_by_its_code(void **state)
{
	struct daemon daemon = { 0 };
	struct client *client = NULL;
	struct error err = { 0 };
	char path[200];

	(void)state;
	make_path(&daemon);
	CHECK_FAILS(client_connect(daemon.path, &client, &err), err, daemon.path);
	CHECK_INT(err.domain, ERROR_OS);
	CHECK_INT(err.advice, ADVISE_RETRY);
	CHECK_INT(err.code, ENOENT);
	bind_path(&daemon); /* what a dead daemon leaves */
	close(daemon.fd);
	CHECK_FAILS(client_connect(daemon.path, &client, &err), err, daemon.path);
	CHECK_INT(err.domain, ERROR_OS);
	CHECK_INT(err.code, ECONNREFUSED);
	unlink(daemon.path);
	rmdir(daemon.directory);
	(void)snprintf(path, sizeof(path), "/tmp/%0150d", 0);
	CHECK_FAILS(client_connect(path, &client, &err), err, "longer than 107 bytes");
	CHECK_INT(err.domain, ERROR_INPUT);
	CHECK(client == NULL);
	client_free(NULL);
}

static void test_client__a_socket_that_may_not_be_opened_is_no_missing_daemon(void **state)
{
	static const char *const none[] = { NULL };
	struct daemon daemon = { .answers = none };
	struct client *client = NULL;
	struct error err = { 0 };

	(void)state;
	if (geteuid() == 0) {
		return; /* nothing is closed to root */
	}
	make_path(&daemon);
	bind_path(&daemon);
	CHECK_INT(chmod(daemon.path, 0), 0);
	CHECK_FAILS(client_connect(daemon.path, &client, &err), err, "may not be opened");
	CHECK_INT(err.domain, ERROR_ACCESS);
	CHECK_INT(err.advice, ADVISE_REJECT);
	close(daemon.fd);
	unlink(daemon.path);
	rmdir(daemon.directory);
}

static void test_client__default_socket_is_the_nearest_one(void **state)
{
	struct daemon daemon = { 0 };
	char directory[100];

	(void)state;
	make_path(&daemon);
	(void)snprintf(directory, sizeof(directory), "%s/gazette", daemon.directory);
	(void)snprintf(daemon.path, sizeof(daemon.path), "%s/gazette/control", daemon.directory);
	(void)unsetenv("GAZETTE_SOCKET");
	(void)setenv("XDG_RUNTIME_DIR", daemon.directory, 1);
	CHECK_TEXT(client_default_socket(), "/run/gazette/control"); /* no daemon of one's own */
	CHECK_INT(mkdir(directory, 0700), 0);
	bind_path(&daemon);
	CHECK_TEXT(client_default_socket(), daemon.path);
	(void)setenv("GAZETTE_SOCKET", "/elsewhere", 1);
	CHECK_TEXT(client_default_socket(), "/elsewhere");
	(void)setenv("GAZETTE_SOCKET", "", 1);
	CHECK_TEXT(client_default_socket(), daemon.path);
	(void)unsetenv("XDG_RUNTIME_DIR");
	CHECK_TEXT(client_default_socket(), "/run/gazette/control");
	close(daemon.fd);
	unlink(daemon.path);
	rmdir(directory);
	rmdir(daemon.directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client__hello_comes_first_and_calls_follow),
		cmocka_unit_test(test_client__answers_come_in_any_pieces),
		cmocka_unit_test(test_client__an_error_answer_comes_as_an_error),
		cmocka_unit_test(test_client__an_answer_that_comes_too_late_is_not_taken_for_the_next),
		cmocka_unit_test(test_client__a_broken_connection_leaves_the_outcome_open),
		cmocka_unit_test(test_client__a_daemon_that_does_not_read_does_not_hold_a_call_for_ever),
		cmocka_unit_test(test_client__a_request_that_is_too_long_is_never_sent),
		cmocka_unit_test(test_client__answers_are_capped_where_the_limit_says),
		cmocka_unit_test(test_client__what_is_no_frame_is_an_error),
		cmocka_unit_test(test_client__waiting_for_events_ends_in_time),
		cmocka_unit_test(test_client__versions_that_do_not_fit_are_told),
		cmocka_unit_test(test_client__nobody_there_is_told_by_its_code),
		cmocka_unit_test(test_client__a_socket_that_may_not_be_opened_is_no_missing_daemon),
		cmocka_unit_test(test_client__default_socket_is_the_nearest_one),
	};

	return check_run(tests);
}
