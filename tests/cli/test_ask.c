/* The way to a daemon that is a thread here: it says what the test wants, or falls silent where the test wants. */
#include "rig.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "codec/json.h"

struct peer {
	char dir[32];
	char path[64];
	int listener;
	pthread_t thread;
	const char *const *answers; /* in turn; what stands behind "id":N,  NULL ends: the connection is closed then */
	char heard[16384];          /* all requests */
};

static const char hello[] = "\"result\":{\"version\":1,\"daemon\":\"9.9.9\",\"office\":\"平安示例\",\"zone\":"
			    "\"Asia/Shanghai\",\"operator\":\"tester\",\"roles\":[\"duty\"],\"now\":"
			    "\"2026-10-01T08:00:00+08:00\"}";

static void *serve(void *data)
{
	struct peer *peer = data;
	int fd = accept(peer->listener, NULL, NULL);
	FILE *stream = fdopen(fd, "r+");
	char line[8192];

	setvbuf(stream, NULL, _IONBF, 0);
	for (int i = 1; fgets(line, sizeof(line), stream); i++) {
		size_t n = strlen(peer->heard);

		snprintf(peer->heard + n, sizeof(peer->heard) - n, "%s", line);
		if (!*peer->answers) {
			break;
		}
		dprintf(fd, "{\"jsonrpc\":\"2.0\",\"id\":%d,%s}\n", i, *peer->answers++);
	}
	fclose(stream);
	return NULL;
}

static void peer_start(struct peer *peer, const char *const *answers)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*peer = (struct peer){ .dir = "/tmp/gazette-ask-XXXXXX", .answers = answers };
	assert_non_null(mkdtemp(peer->dir));
	snprintf(peer->path, sizeof(peer->path), "%s/control", peer->dir);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", peer->path);
	peer->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(peer->listener, 1), 0);
	assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

static void peer_stop(struct peer *peer)
{
	pthread_join(peer->thread, NULL);
	close(peer->listener);
	unlink(peer->path);
	rmdir(peer->dir);
}

static struct rig rig;
static struct peer peer;

static void test_nobody__answers_is_exit_7_and_says_where(void **state)
{
	(void)state;
	CHECK_INT(RIG_RUN(&rig, "-s", "/nonexistent/control", "status"), EXIT_CODE_NO_DAEMON);
	CHECK(strstr(rig.err, "/nonexistent/control"));
	CHECK_TEXT(rig.out, "");
	CHECK_INT(RIG_RUN(&rig, "-s", "/nonexistent/control", "status", "--json"), EXIT_CODE_NO_DAEMON);
	CHECK(strstr(rig.err, "\"exit\":7"));
	CHECK(strstr(rig.err, "\"retryable\":true"));
}

static void test_lost__answer_of_a_verb_that_writes_is_unknown(void **state)
{
	static const char *const answers[] = { hello, NULL };

	(void)state;
	peer_start(&peer, answers);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "post", "cancel", "12"), EXIT_CODE_UNKNOWN);
	peer_stop(&peer);
	CHECK(strstr(peer.heard, "\"post.cancel\""));
	CHECK(strstr(rig.err, "look before you repeat"));
}

static void test_lost__answer_of_a_verb_that_looks_is_again_later(void **state)
{
	static const char *const answers[] = { hello, NULL };

	(void)state;
	peer_start(&peer, answers);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "post", "show", "12"), EXIT_CODE_AGAIN);
	peer_stop(&peer);
}

static void test_refusal__of_the_daemon_is_no_lost_answer(void **state)
{
	static const char *const answers[] = { hello,
		"\"error\":{\"code\":-32000,\"message\":\"the store is "
		"busy\",\"data\":{\"domain\":\"store\",\"advice\":"
		"\"retry\",\"code\":5}}",
		NULL };

	(void)state;
	peer_start(&peer, answers);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "post", "cancel", "12"), EXIT_CODE_AGAIN);
	peer_stop(&peer);
	CHECK(strstr(rig.err, "the store is busy"));
}

static void test_lists__are_read_page_by_page(void **state)
{
	static const char *const answers[] = { hello, "\"result\":{\"rows\":[{\"id\":9},{\"id\":8}],\"next\":\"8\"}",
		"\"result\":{\"rows\":[{\"id\":7}],\"next\":\"\"}", NULL };

	(void)state;
	peer_start(&peer, answers);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "post", "list", "-q"), EXIT_CODE_DONE);
	peer_stop(&peer);
	CHECK_TEXT(rig.out, "9\n8\n7\n");
	CHECK(strstr(peer.heard, "\"after\":\"8\""));
}

static void test_lists__stop_at_their_limit(void **state)
{
	static const char *const answers[] = { hello, "\"result\":{\"rows\":[{\"id\":9},{\"id\":8}],\"next\":\"8\"}",
		NULL };

	(void)state;
	peer_start(&peer, answers);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "post", "list", "-q", "--limit", "2"), EXIT_CODE_DONE);
	peer_stop(&peer);
	CHECK_TEXT(rig.out, "9\n8\n");
	CHECK(strstr(peer.heard, "\"limit\":2"));
}

static void test_status__ok_is_silent_or_says_what_is_wrong(void **state)
{
	static const char *const well[] = { hello,
		"\"result\":{\"office\":\"o\",\"degraded\":false,\"accounts\":{\"ready\":2,\"parked\":0},\"sends\":"
		"{\"failed\":0,\"questions\":0},\"tickets\":{\"overdue\":0}}",
		NULL };
	static const char *const ill[] = { hello,
		"\"result\":{\"office\":\"o\",\"degraded\":true,\"error\":\"disk "
		"full\",\"accounts\":{\"parked\":1},\"sends\":"
		"{\"failed\":2,\"questions\":3},\"tickets\":{\"overdue\":4}}",
		NULL };

	(void)state;
	peer_start(&peer, well);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "status", "--ok"), EXIT_CODE_DONE);
	peer_stop(&peer);
	CHECK_TEXT(rig.out, "");
	CHECK_TEXT(rig.err, "");
	peer_start(&peer, ill);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "status", "--ok"), EXIT_CODE_MISSING);
	peer_stop(&peer);
	CHECK_TEXT(rig.out, "nothing can be written: disk full\n"
			    "1 accounts parked: gazette account list\n"
			    "3 sends nobody knows about: gazette queue list --state unsure\n"
			    "2 sends failed: gazette queue list --state failed\n"
			    "4 tickets overdue: gazette inbox --overdue\n");
}

static void test_login__code_is_refused_on_the_command_line_and_masked_in_traces(void **state)
{
	static const char *const answers[] = { hello, "\"result\":{\"name\":\"weibo-main\",\"state\":\"ready\"}",
		NULL };
	int saved = dup(STDIN_FILENO);
	int pipe_fds[2];

	(void)state;
	CHECK_INT(RIG_RUN(&rig, "account", "login", "weibo-main", "--code", "s3cret"), EXIT_CODE_USAGE);
	CHECK(!strstr(rig.err, "s3cret"));
	assert_int_equal(pipe(pipe_fds), 0);
	dprintf(pipe_fds[1], "s3cret\n");
	close(pipe_fds[1]);
	dup2(pipe_fds[0], STDIN_FILENO);
	close(pipe_fds[0]);
	peer_start(&peer, answers);
	CHECK_INT(
		RIG_RUN(&rig, "-s", peer.path, "account", "login", "weibo-main", "--code", "-", "-vv"), EXIT_CODE_DONE);
	peer_stop(&peer);
	dup2(saved, STDIN_FILENO);
	close(saved);
	CHECK(strstr(peer.heard, "\"code\":\"s3cret\""));
	CHECK(strstr(rig.err, "account.login"));
	CHECK(!strstr(rig.err, "s3cret"));
}

static void test_monitor__shows_each_event_once_and_alarms_by_name(void **state)
{
	static const char *const answers[] = { hello,
		"\"result\":{\"rows\":[{\"seq\":5,\"at\":\"2026-10-01T07:59:00+08:00\",\"actor\":\"gazetted\","
		"\"action\":"
		"\"ticket.alarm\",\"object\":\"ticket\",\"id\":345,\"alarm\":true,\"priority\":\"P0\"},"
		"{\"seq\":5,\"at\":\"2026-10-01T07:59:00+08:00\",\"action\":\"ticket.alarm\"},"
		"{\"seq\":6,\"at\":\"2026-10-01T07:59:01+08:00\",\"actor\":\"王\\u001b[2J\",\"action\":\"ticket."
		"claim\",\"object\":"
		"\"ticket\",\"id\":345}]}",
		NULL };

	(void)state;
	peer_start(&peer, answers);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "monitor", "--since", "2h"), EXIT_CODE_DONE);
	peer_stop(&peer);
	CHECK(strstr(peer.heard, "\"since\":\"2026-10-01T06:00:0"));
	CHECK_TEXT(rig.out, "2026-10-01T07:59:00+08:00\tticket.alarm\tticket\t345\tgazetted\tP0\n"
			    "2026-10-01T07:59:01+08:00\tticket.claim\tticket\t345\t王\xef\xbf\xbd[2J\t\n");
}

/* What is not for this operator is left out of a page: a short one is not the last. */
static void test_monitor__goes_on_while_there_is_more(void **state)
{
	static const char *const answers[] = { hello, "\"result\":{\"rows\":[],\"cut\":true,\"next\":\"20000\"}",
		"\"result\":{\"rows\":[{\"seq\":20007,\"at\":\"2026-10-01T07:59:00+08:00\",\"action\":"
		"\"send.sent\"}],\"cut\":true,\"next\":\"40000\"}",
		"\"result\":{\"rows\":[{\"seq\":40001,\"at\":\"2026-10-01T07:59:30+08:00\",\"action\":"
		"\"send.held\"}],\"cut\":false,\"next\":\"\"}",
		NULL };
	const char *second;

	(void)state;
	peer_start(&peer, answers);
	CHECK_INT(RIG_RUN(&rig, "-s", peer.path, "monitor", "--since", "2h"), EXIT_CODE_DONE);
	peer_stop(&peer);
	CHECK(strstr(rig.out, "send.sent"));
	CHECK(strstr(rig.out, "send.held"));
	second = strstr(peer.heard, "\"after\":\"20000\"");
	CHECK(second && strstr(second, "\"after\":\"40000\""));
	CHECK(second && strstr(second, "\"since\":\"2026-10-01T06:00:0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody__answers_is_exit_7_and_says_where),
		cmocka_unit_test(test_lost__answer_of_a_verb_that_writes_is_unknown),
		cmocka_unit_test(test_lost__answer_of_a_verb_that_looks_is_again_later),
		cmocka_unit_test(test_refusal__of_the_daemon_is_no_lost_answer),
		cmocka_unit_test(test_lists__are_read_page_by_page),
		cmocka_unit_test(test_lists__stop_at_their_limit),
		cmocka_unit_test(test_status__ok_is_silent_or_says_what_is_wrong),
		cmocka_unit_test(test_login__code_is_refused_on_the_command_line_and_masked_in_traces),
		cmocka_unit_test(test_monitor__shows_each_event_once_and_alarms_by_name),
		cmocka_unit_test(test_monitor__goes_on_while_there_is_more),
	};

	return check_run(tests);
}
