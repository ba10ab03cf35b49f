/*
 * The control socket's transport with real sockets in one thread: what a client sends is there at once, so turns of the
 * loop that do not wait are enough, and nothing here depends on time.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "net/unix_socket.h"

#define CAP       16u
#define TURNS     20 /* more than any small exchange takes */
#define MANY      100000
#define PEERS_MAX (LIMIT_CLIENTS + 8)

struct rig {
	struct loop *loop;
	struct listener *listener;
	char directory[64];
	char path[100];
	struct buf log; /* "number:line|" for every line, "number!|" for every end */
	bool refuses;
	uint64_t busy_until; /* connections up to this number have something to do */
	int opened;
	int closed;
	void (*on_line)(struct rig *rig, struct peer *peer, struct str line); /* after it was logged */
	void (*on_close)(struct rig *rig, struct peer *peer);
	int fds[PEERS_MAX];
	size_t n_fds;
};

static bool on_open(void *data, struct peer *peer)
{
	struct rig *rig = data;

	rig->opened++;
	peer_set_data(peer, rig);
	return !rig->refuses;
}

static void on_line(void *data, struct peer *peer, struct str line)
{
	struct rig *rig = data;

	(void)buf_printf(&rig->log, "%d:", (int)peer_number(peer));
	(void)buf_add_str(&rig->log, line);
	(void)buf_add_char(&rig->log, '|');
	if (rig->on_line) {
		rig->on_line(rig, peer, line);
	}
}

static void on_close(void *data, struct peer *peer)
{
	struct rig *rig = data;

	rig->closed++;
	CHECK(peer_data(peer) == rig);
	CHECK(listener_find(rig->listener, peer_number(peer)) == NULL);
	(void)buf_printf(&rig->log, "%d!|", (int)peer_number(peer));
	if (rig->on_close) {
		rig->on_close(rig, peer);
	}
}

static const struct listener_ops ops = { .on_open = on_open, .on_line = on_line, .on_close = on_close };

static bool is_idle(void *data, const struct peer *peer)
{
	const struct rig *rig = data;

	return peer_number(peer) > rig->busy_until;
}

/* Those who may give way. */
static const struct listener_ops yielding = {
	.on_open = on_open, .on_line = on_line, .is_idle = is_idle, .on_close = on_close
};

static void rig_init(struct rig *rig)
{
	*rig = (struct rig){ .loop = loop_new() };
	CHECK(rig->loop != NULL);
	buf_init(&rig->log, 64u << 20);
	(void)snprintf(rig->directory, sizeof(rig->directory), "/tmp/gazette-socket-XXXXXX");
	CHECK(mkdtemp(rig->directory) != NULL);
	(void)snprintf(rig->path, sizeof(rig->path), "%s/control", rig->directory);
}

static void rig_listen(struct rig *rig)
{
	struct error err = { 0 };

	CHECK_OK(listener_new(rig->loop, rig->path, -1, CAP, &ops, rig, &rig->listener, &err), err);
}

static void rig_finish(struct rig *rig)
{
	for (size_t i = 0; i < rig->n_fds; i++) {
		if (rig->fds[i] >= 0) {
			close(rig->fds[i]);
		}
	}
	listener_free(rig->listener);
	loop_free(rig->loop);
	buf_finish(&rig->log);
	unlink(rig->path);
	CHECK_INT(rmdir(rig->directory), 0);
}

static void turns(struct rig *rig, int n)
{
	while (n-- > 0) {
		(void)ev_run(loop_ev(rig->loop), EVRUN_NOWAIT);
	}
}

static void fill_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	CHECK(strlen(path) < sizeof(address->sun_path));
	memcpy(address->sun_path, path, strlen(path));
}

/* A client, accepted; returns its descriptor, which does not block. */
static int rig_connect(struct rig *rig)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	fill_address(&address, rig->path);
	CHECK_INT(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK(rig->n_fds < PEERS_MAX);
	rig->fds[rig->n_fds++] = fd;
	turns(rig, 3);
	return fd;
}

static void rig_close(struct rig *rig, int fd)
{
	for (size_t i = 0; i < rig->n_fds; i++) {
		if (rig->fds[i] == fd) {
			rig->fds[i] = -1;
			close(fd);
		}
	}
}

static void say(struct rig *rig, int fd, struct str bytes)
{
	CHECK_INT(send(fd, bytes.p, bytes.n, MSG_NOSIGNAL), bytes.n);
	turns(rig, TURNS);
}

/* Everything that is there to be read; *ret_ended: and then the end. */
static struct str hear(int fd, bool *ret_ended)
{
	static char bytes[1 << 16];
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n < sizeof(bytes)) {
		got = recv(fd, bytes + n, sizeof(bytes) - n, 0);
		n += got > 0 ? (size_t)got : 0;
	}
	*ret_ended = got == 0 || (got < 0 && errno != EAGAIN);
	return (struct str){ bytes, n };
}

static bool ended(int fd)
{
	bool is_over;

	(void)hear(fd, &is_over);
	return is_over;
}

static void test_listener__lines_come_whole_and_in_order(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	fd = rig_connect(&rig);
	say(&rig, fd, STR("one\ntwo\n\nthr"));
	CHECK_STR(buf_str(&rig.log), "1:one|1:two|1:|");
	say(&rig, fd, STR("ee"));
	say(&rig, fd, STR("\r\nfour"));
	CHECK_STR(buf_str(&rig.log), "1:one|1:two|1:|1:three\r|");
	rig_close(&rig, fd);
	turns(&rig, TURNS);
	CHECK_STR(buf_str(&rig.log), "1:one|1:two|1:|1:three\r|1!|"); /* without its end it is no line */
	CHECK_INT(listener_peers(rig.listener), 0);
	rig_finish(&rig);
}

static void remember_ids(struct rig *rig, struct peer *peer, struct str line)
{
	(void)line;
	CHECK_INT(peer_ids(peer).pid, getpid());
	CHECK_INT(peer_ids(peer).uid, geteuid());
	CHECK_INT(peer_ids(peer).gid, getegid());
	CHECK(listener_find(rig->listener, peer_number(peer)) == peer);
}

static void test_listener__peers_are_known_by_credentials_and_number(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	rig.on_line = remember_ids;
	for (int i = 0; i < 3; i++) {
		int fd = rig_connect(&rig);

		say(&rig, fd, STR("x\n"));
		CHECK_INT(listener_peers(rig.listener), 1);
		rig_close(&rig, fd);
		turns(&rig, TURNS);
		CHECK(listener_find(rig.listener, (uint64_t)i + 1) == NULL);
	}
	CHECK_STR(buf_str(&rig.log), "1:x|1!|2:x|2!|3:x|3!|"); /* no number twice */
	CHECK(listener_find(rig.listener, 0) == NULL);
	CHECK(listener_find(rig.listener, 99) == NULL);
	rig_finish(&rig);
}

static void test_listener__what_is_no_line_ends_that_connection_only(void **state)
{
	static const struct {
		struct str bytes;
		const char *log;
	} rows[] = {
		{ STR("1234567890123456\n"), "2:1234567890123456|" }, /* exactly the cap */
		{ STR("1234567890123456"), "" },
		{ STR("12345678901234567\n"), "2!|" },
		{ STR("12345678901234567"), "2!|" }, /* no need to wait for its end */
		{ STR("good\n12345678901234567\nnever\n"), "2:good|2!|" },
		{ STR("a\0b\n"), "2!|" },
		{ STR("good\n\0\nnever\n"), "2:good|2!|" },
		{ STR("\0"), "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rig rig;
		int other;
		int fd;

		rig_init(&rig);
		rig_listen(&rig);
		other = rig_connect(&rig);
		fd = rig_connect(&rig);
		say(&rig, fd, rows[i].bytes);
		CHECK_STR(buf_str(&rig.log), rows[i].log);
		CHECK_INT(ended(fd), strchr(rows[i].log, '!') != NULL);
		buf_clear(&rig.log);
		say(&rig, other, STR("alive\n"));
		CHECK_STR(buf_str(&rig.log), "1:alive|");
		rig_finish(&rig);
	}
}

static void grow(struct rig *rig, struct peer *peer, struct str line)
{
	if (str_is(line, "hello")) {
		peer_set_max_line(peer, 1u << 20);
	} else if (str_is(line, "shrink")) {
		peer_set_max_line(peer, 4);
	}
	(void)rig;
}

static void test_listener__cap_follows_the_peer(void **state)
{
	struct rig rig;
	size_t n = 1u << 20;
	char *line = xnew_array(char, n + 2);
	size_t sent = 0;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	rig.on_line = grow;
	fd = rig_connect(&rig);
	memset(line, 'x', n);
	line[n] = '\n';
	say(&rig, fd, STR("hello\n"));
	buf_clear(&rig.log);
	for (int i = 0; i < MANY && sent <= n; i++) {
		ssize_t got = send(fd, line + sent, n + 1 - sent, MSG_NOSIGNAL);

		sent += got > 0 ? (size_t)got : 0;
		turns(&rig, 1);
	}
	turns(&rig, TURNS);
	CHECK_INT(rig.log.n, n + strlen("1:|"));
	CHECK_INT(rig.closed, 0);
	buf_clear(&rig.log);
	/* Lowered while more lines wait in the same read. */
	say(&rig, fd, STR("shrink\nfour\nfive5\nnever\n"));
	CHECK_STR(buf_str(&rig.log), "1:shrink|1:four|1!|");
	rig_finish(&rig);
	free(line);
}

static void test_listener__a_refused_connection_is_closed_without_a_word(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	rig.refuses = true;
	fd = rig_connect(&rig);
	turns(&rig, TURNS);
	CHECK(ended(fd));
	CHECK_INT(rig.opened, 1);
	CHECK_INT(rig.closed, 0);
	CHECK_INT(listener_peers(rig.listener), 0);
	rig.refuses = false;
	fd = rig_connect(&rig);
	say(&rig, fd, STR("x\n"));
	CHECK_STR(buf_str(&rig.log), "2:x|");
	rig_finish(&rig);
}

static void answer_twice(struct rig *rig, struct peer *peer, struct str line)
{
	(void)rig;
	peer_write(peer, STR("got "));
	peer_write(peer, line);
	peer_write(peer, STR("\n"));
}

static void test_listener__answers_arrive_even_after_the_client_has_said_all(void **state)
{
	struct rig rig;
	bool is_over;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	rig.on_line = answer_twice;
	fd = rig_connect(&rig);
	/* As of `printf ... | nc -U`. */
	CHECK_INT(send(fd, "a\nb\n", 4, MSG_NOSIGNAL), 4);
	CHECK_INT(shutdown(fd, SHUT_WR), 0);
	turns(&rig, TURNS);
	CHECK_STR(hear(fd, &is_over), "got a\ngot b\n");
	CHECK(!is_over); /* more may come */
	CHECK_INT(rig.closed, 0);
	peer_write(listener_find(rig.listener, 1), STR("later\n"));
	turns(&rig, TURNS);
	CHECK_STR(hear(fd, &is_over), "later\n");
	rig_close(&rig, fd);
	peer_write(listener_find(rig.listener, 1), STR("nobody\n"));
	turns(&rig, TURNS);
	CHECK_INT(rig.closed, 1);
	rig_finish(&rig);
}

static void test_listener__a_peer_that_does_not_read_is_dropped_when_full(void **state)
{
	struct rig rig;
	char bytes[65536];
	struct peer *peer;
	size_t written = 0;
	int other;
	bool is_over;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	(void)rig_connect(&rig);
	other = rig_connect(&rig);
	memset(bytes, 'x', sizeof(bytes));
	peer = listener_find(rig.listener, 1);
	while (peer && written < 4 * (size_t)LIMIT_CLIENT_BACKLOG_BYTES) {
		peer_write(peer, (struct str){ bytes, sizeof(bytes) });
		written += sizeof(bytes);
		CHECK(peer_backlog(peer) <= LIMIT_CLIENT_BACKLOG_BYTES);
		peer = listener_find(rig.listener, 1);
	}
	CHECK(peer == NULL);
	CHECK(written >= LIMIT_CLIENT_BACKLOG_BYTES);
	CHECK(written < 2 * (size_t)LIMIT_CLIENT_BACKLOG_BYTES);
	CHECK_INT(rig.closed, 0); /* deferred */
	turns(&rig, TURNS);
	CHECK_STR(buf_str(&rig.log), "1!|");
	peer_write(listener_find(rig.listener, 2), STR("alive\n"));
	turns(&rig, TURNS);
	CHECK_STR(hear(other, &is_over), "alive\n");
	rig_finish(&rig);
}

static void close_at_once(struct rig *rig, struct peer *peer, struct str line)
{
	(void)line;
	peer_close(peer);
	peer_close(peer);
	peer_write(peer, STR("never\n"));
	CHECK(listener_find(rig->listener, peer_number(peer)) == NULL);
	CHECK_INT(listener_peers(rig->listener), 0);
}

static void test_listener__closing_inside_a_callback_is_safe_and_final(void **state)
{
	struct rig rig;
	bool is_over;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	rig.on_line = close_at_once;
	fd = rig_connect(&rig);
	say(&rig, fd, STR("a\nb\n"));
	CHECK_STR(buf_str(&rig.log), "1:a|1!|");
	CHECK_INT(hear(fd, &is_over).n, 0);
	CHECK(is_over);
	rig_finish(&rig);
}

static void answer_and_close(struct rig *rig, struct peer *peer, struct str line)
{
	size_t n = 4u << 20; /* more than the socket holds */
	char *bytes = xnew_array(char, n);

	(void)rig;
	(void)line;
	memset(bytes, 'y', n);
	peer_write(peer, (struct str){ bytes, n });
	free(bytes);
	peer_close_after_write(peer);
	peer_write(peer, STR("never"));
}

static void test_listener__close_after_write_writes_everything_first(void **state)
{
	struct rig rig;
	size_t total = 0;
	bool is_over = false;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	rig.on_line = answer_and_close;
	fd = rig_connect(&rig);
	say(&rig, fd, STR("a\nb\n"));
	for (int i = 0; i < MANY && !is_over; i++) {
		struct str bytes = hear(fd, &is_over);

		for (size_t k = 0; k < bytes.n; k++) {
			CHECK(bytes.p[k] == 'y');
		}
		total += bytes.n;
		turns(&rig, 1);
	}
	CHECK(is_over);
	CHECK_INT(total, 4u << 20);
	turns(&rig, TURNS);
	CHECK_STR(buf_str(&rig.log), "1:a|1!|");
	rig_finish(&rig);
}

static void hold_at_stop(struct rig *rig, struct peer *peer, struct str line)
{
	(void)rig;
	if (str_is(line, "stop")) {
		peer_hold_reading(peer, true);
	}
}

static void test_listener__held_lines_wait_and_are_not_lost(void **state)
{
	struct rig rig;
	struct peer *peer;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	rig.on_line = hold_at_stop;
	fd = rig_connect(&rig);
	peer = listener_find(rig.listener, 1);
	say(&rig, fd, STR("a\nstop\nb\nstop\nc\n"));
	say(&rig, fd, STR("d\n"));
	CHECK_STR(buf_str(&rig.log), "1:a|1:stop|");
	peer_hold_reading(peer, false);
	CHECK_STR(buf_str(&rig.log), "1:a|1:stop|"); /* not inside the call */
	turns(&rig, TURNS);
	CHECK_STR(buf_str(&rig.log), "1:a|1:stop|1:b|1:stop|");
	peer_hold_reading(peer, false);
	turns(&rig, TURNS);
	CHECK_STR(buf_str(&rig.log), "1:a|1:stop|1:b|1:stop|1:c|1:d|");
	rig_finish(&rig);
}

static void test_listener__a_held_flood_waits_in_the_socket(void **state)
{
	struct rig rig;
	char lines[1024];
	size_t sent = 0;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	fd = rig_connect(&rig);
	for (size_t i = 0; i < sizeof(lines); i++) {
		lines[i] = i % 8 == 7 ? '\n' : 'x';
	}
	peer_hold_reading(listener_find(rig.listener, 1), true);
	for (int i = 0; i < MANY; i++) {
		ssize_t n = send(fd, lines, sizeof(lines), MSG_NOSIGNAL);

		if (n < 0) {
			break;
		}
		CHECK_INT(n % 8, 0);
		sent += (size_t)n;
		turns(&rig, 1);
	}
	CHECK_INT(errno, EAGAIN); /* the client feels it */
	CHECK_INT(rig.log.n, 0);
	peer_hold_reading(listener_find(rig.listener, 1), false);
	for (int i = 0; i < MANY && rig.log.n < sent / 8 * strlen("1:xxxxxxx|"); i++) {
		turns(&rig, 1);
	}
	CHECK_INT(rig.log.n, sent / 8 * strlen("1:xxxxxxx|"));
	CHECK_INT(rig.closed, 0);
	rig_finish(&rig);
}

static void count_peer(void *data, struct peer *peer)
{
	struct rig *rig = data;

	(void)buf_printf(&rig->log, "%d,", (int)peer_number(peer));
	peer_write(peer, STR("bye\n"));
	if (peer_number(peer) == 2) {
		peer_close(peer);
	}
}

static void test_listener__each_visits_all_that_live(void **state)
{
	struct rig rig;
	bool is_over;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	listener_each(rig.listener, count_peer, &rig);
	CHECK_INT(rig.log.n, 0);
	for (int i = 0; i < 3; i++) {
		(void)rig_connect(&rig);
	}
	listener_each(rig.listener, count_peer, &rig);
	CHECK_INT(rig.log.n, strlen("1,2,3,"));
	for (const char *number = "123"; *number; number++) {
		CHECK(strchr(rig.log.p, *number) != NULL);
	}
	CHECK_INT(rig.closed, 0); /* nobody leaves while they are walked */
	buf_clear(&rig.log);
	listener_each(rig.listener, count_peer, &rig);
	CHECK_INT(rig.log.n, strlen("1,3,"));
	CHECK(strchr(rig.log.p, '2') == NULL);
	turns(&rig, TURNS);
	CHECK_INT(rig.closed, 1);
	CHECK_STR(hear(rig.fds[0], &is_over), "bye\nbye\n");
	CHECK(!is_over);
	rig_finish(&rig);
}

static void close_the_rest(struct rig *rig, struct peer *peer)
{
	for (uint64_t i = 1; i <= 3; i++) {
		struct peer *other = listener_find(rig->listener, i);

		if (other) {
			peer_close(other);
		}
	}
	peer_write(peer, STR("never"));
	peer_close(peer);
}

static void test_listener__each_connection_ends_once_whoever_closes_it(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	rig.on_close = close_the_rest;
	for (int i = 0; i < 3; i++) {
		(void)rig_connect(&rig);
	}
	rig_close(&rig, rig.fds[1]);
	turns(&rig, TURNS);
	CHECK_INT(rig.closed, 3);
	CHECK_INT(listener_peers(rig.listener), 0);
	rig_finish(&rig);
}

static void test_listener__connections_are_capped(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	for (unsigned i = 0; i < LIMIT_CLIENTS; i++) {
		(void)rig_connect(&rig);
	}
	CHECK_INT(listener_peers(rig.listener), LIMIT_CLIENTS);
	fd = rig_connect(&rig);
	CHECK(ended(fd));
	CHECK_INT(rig.opened, LIMIT_CLIENTS);
	rig_close(&rig, rig.fds[0]);
	turns(&rig, TURNS);
	fd = rig_connect(&rig);
	CHECK(!ended(fd));
	CHECK_INT(listener_peers(rig.listener), LIMIT_CLIENTS);
	rig_finish(&rig);
}

static void test_listener__full_it_closes_who_was_silent_longest(void **state)
{
	struct error err = { 0 };
	struct rig rig;
	bool is_over;
	int fd;

	(void)state;
	rig_init(&rig);
	CHECK_OK(listener_new(rig.loop, rig.path, -1, CAP, &yielding, &rig, &rig.listener, &err), err);
	for (unsigned i = 0; i < LIMIT_CLIENTS; i++) {
		(void)rig_connect(&rig);
	}
	rig.busy_until = 2;
	say(&rig, rig.fds[2], STR("I am here\n"));
	fd = rig_connect(&rig);
	CHECK(ended(rig.fds[3]));
	for (unsigned i = 0; i < 3; i++) {
		CHECK(!ended(rig.fds[i]));
	}
	CHECK_INT(listener_peers(rig.listener), LIMIT_CLIENTS);
	say(&rig, fd, STR("so am I\n"));
	CHECK_STR(buf_str(&rig.log), "3:I am here|4!|129:so am I|");
	/* One process that holds all places has no good reason for all of them. */
	rig.busy_until = UINT64_MAX;
	fd = rig_connect(&rig);
	CHECK(!ended(fd));
	CHECK(ended(rig.fds[0]));
	peer_write(listener_find(rig.listener, 130), STR("welcome\n"));
	turns(&rig, TURNS);
	CHECK_STR(hear(fd, &is_over), "welcome\n");
	rig_finish(&rig);
}

static char answer_text[512 << 10];

static void answer_at_length(struct rig *rig unused_arg, struct peer *peer, struct str line unused_arg)
{
	peer_write(peer, (struct str){ answer_text, sizeof(answer_text) });
}

static void test_listener__who_does_not_read_is_asked_for_no_more(void **state)
{
	struct rig rig;
	size_t got = 0;
	bool is_over;
	int fd;

	(void)state;
	memset(answer_text, 'x', sizeof(answer_text));
	rig_init(&rig);
	rig_listen(&rig);
	rig.on_line = answer_at_length;
	fd = rig_connect(&rig);
	say(&rig, fd, STR("1\n2\n3\n4\n5\n6\n7\n8\n9\n"));
	CHECK(peer_backlog(listener_find(rig.listener, 1)) <= LIMIT_CLIENT_UNREAD_BYTES + sizeof(answer_text));
	CHECK(rig.log.n < 9 * 4);
	while (got < 9 * sizeof(answer_text)) {
		got += hear(fd, &is_over).n;
		CHECK(!is_over);
		turns(&rig, 3);
	}
	CHECK_STR(buf_str(&rig.log), "1:1|1:2|1:3|1:4|1:5|1:6|1:7|1:8|1:9|");
	rig_finish(&rig);
}

static void test_listener__a_flood_leaves_the_others_their_turn(void **state)
{
	struct rig rig;
	struct buf flood;
	const char *end;
	int before = 0;
	int other;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	(void)rig_connect(&rig);
	other = rig_connect(&rig);
	buf_init(&flood, 32u << 10);
	for (int i = 0; i < 8000; i++) {
		(void)buf_add_text(&flood, "f\n");
	}
	CHECK_INT(send(rig.fds[0], flood.p, flood.n, MSG_NOSIGNAL), flood.n);
	CHECK_INT(send(other, "me\n", 3, MSG_NOSIGNAL), 3);
	turns(&rig, 2000);
	end = strstr(rig.log.p, "2:me|");
	CHECK(end != NULL);
	for (const char *p = strstr(rig.log.p, "1:f|"); p && p < end; p = strstr(p + 1, "1:f|")) {
		before++;
	}
	CHECK(before < 100);
	before = 0;
	for (const char *p = strstr(rig.log.p, "1:f|"); p; p = strstr(p + 1, "1:f|")) {
		before++;
	}
	CHECK_INT(before, 8000); /* and none of them is lost */
	buf_finish(&flood);
	rig_finish(&rig);
}

static void test_listener__all_together_hold_so_much_and_no_more(void **state)
{
	struct rig rig;
	char bytes[65536];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	rig_init(&rig);
	rig_listen(&rig);
	for (int i = 0; i < 8; i++) {
		(void)rig_connect(&rig);
	}
	for (size_t written = 0; written < LIMIT_CLIENT_BACKLOG_BYTES * 3u / 4; written += sizeof(bytes)) {
		for (uint64_t number = 1; number <= 8; number++) {
			struct peer *peer = listener_find(rig.listener, number);

			if (peer) {
				peer_write(peer, (struct str){ bytes, sizeof(bytes) });
			}
		}
	}
	turns(&rig, TURNS);
	CHECK(rig.closed > 0);
	CHECK(listener_peers(rig.listener) > 0);
	CHECK(listener_peers(rig.listener) * (LIMIT_CLIENT_BACKLOG_BYTES * 3ul / 4) <= LIMIT_CLIENTS_BYTES);
	rig_finish(&rig);
}

static void test_listener__free_says_goodbye_and_closes_all(void **state)
{
	struct rig rig;
	struct stat st;
	bool is_over;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	for (int i = 0; i < 3; i++) {
		(void)rig_connect(&rig);
	}
	CHECK_INT(stat(rig.path, &st), 0);
	CHECK(S_ISSOCK(st.st_mode));
	CHECK_INT(st.st_mode & 0777, 0666);
	peer_write(listener_find(rig.listener, 2), STR("stopping\n"));
	listener_free(rig.listener);
	rig.listener = NULL;
	CHECK_INT(rig.closed, 3);
	CHECK_STR(hear(rig.fds[1], &is_over), "stopping\n");
	CHECK(is_over);
	CHECK(ended(rig.fds[0]) && ended(rig.fds[2]));
	CHECK_INT(stat(rig.path, &st), -1);
	turns(&rig, TURNS); /* nothing of it is left in the loop */
	rig_finish(&rig);
}

static void test_listener__takes_the_place_of_the_dead_only(void **state)
{
	struct rig rig;
	struct rig second;
	struct sockaddr_un address;
	struct listener *none = NULL;
	struct error err = { 0 };
	char path[200];
	int fd;

	(void)state;
	rig_init(&rig);
	/* What a dead process left. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fill_address(&address, rig.path);
	CHECK_INT(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	rig_listen(&rig);
	fd = rig_connect(&rig);
	say(&rig, fd, STR("x\n"));
	CHECK_STR(buf_str(&rig.log), "1:x|");
	/* One that lives stays, and hears nothing of us. */
	CHECK_FAILS(listener_new(rig.loop, rig.path, -1, CAP, &ops, &rig, &none, &err), err,
		"another gazetted is listening on /");
	CHECK(strstr(err.message, rig.path) != NULL);
	CHECK(none == NULL);
	turns(&rig, TURNS);
	(void)rig_connect(&rig);
	CHECK_INT(access(rig.path, F_OK), 0);
	/* Nor is a file removed that is no socket. */
	rig_init(&second);
	fd = open(second.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	CHECK_FAILS(listener_new(second.loop, second.path, -1, CAP, &ops, &second, &none, &err), err, "is no socket");
	CHECK_INT(access(second.path, F_OK), 0);
	(void)snprintf(path, sizeof(path), "/tmp/%0150d", 0);
	CHECK_FAILS(listener_new(second.loop, path, -1, CAP, &ops, &second, &none, &err), err, "longer than 107 bytes");
	(void)snprintf(path, sizeof(path), "%s/none/control", second.directory);
	CHECK_FAILS(listener_new(second.loop, path, -1, CAP, &ops, &second, &none, &err), err, "cannot bind");
	CHECK(none == NULL);
	rig_finish(&second);
	rig_finish(&rig);
}

static void test_listener__does_not_unlink_what_took_its_place(void **state)
{
	struct rig rig;
	int fd;

	(void)state;
	rig_init(&rig);
	rig_listen(&rig);
	CHECK_INT(unlink(rig.path), 0);
	fd = open(rig.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
	listener_free(rig.listener);
	rig.listener = NULL;
	CHECK_INT(access(rig.path, F_OK), 0);
	rig_finish(&rig);
}

static void test_listener__takes_a_socket_that_was_made_for_it(void **state)
{
	struct rig rig;
	struct sockaddr_un address;
	struct error err = { 0 };
	int fd;
	int client;

	(void)state;
	rig_init(&rig);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	fill_address(&address, rig.path);
	CHECK_INT(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK_INT(listen(fd, 8), 0);
	CHECK_OK(listener_new(rig.loop, rig.path, fd, CAP, &ops, &rig, &rig.listener, &err), err);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	client = rig_connect(&rig);
	say(&rig, client, STR("x\n"));
	CHECK_STR(buf_str(&rig.log), "1:x|");
	listener_free(rig.listener);
	rig.listener = NULL;
	CHECK_INT(access(rig.path, F_OK), 0); /* who made it unlinks it */
	CHECK_INT(fcntl(fd, F_GETFD), -1);
	rig_finish(&rig);
}

static void test_listener__refuses_a_descriptor_that_is_none_of_its_kind(void **state)
{
	struct rig rig;
	struct listener *none = NULL;
	struct error err = { 0 };
	int pair[2];
	int fds[3];

	(void)state;
	rig_init(&rig);
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fds[0] = pair[0]; /* does not listen */
	fds[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fds[2] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		CHECK_FAILS(listener_new(rig.loop, rig.path, fds[i], CAP, &ops, &rig, &none, &err), err,
			"is no listening Unix stream socket");
		CHECK_INT(err.domain, ERROR_CONFIG);
		CHECK(none == NULL);
		CHECK(fcntl(fds[i], F_GETFD) >= 0); /* not taken */
		close(fds[i]);
	}
	close(pair[1]);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listener__lines_come_whole_and_in_order),
		cmocka_unit_test(test_listener__peers_are_known_by_credentials_and_number),
		cmocka_unit_test(test_listener__what_is_no_line_ends_that_connection_only),
		cmocka_unit_test(test_listener__cap_follows_the_peer),
		cmocka_unit_test(test_listener__a_refused_connection_is_closed_without_a_word),
		cmocka_unit_test(test_listener__answers_arrive_even_after_the_client_has_said_all),
		cmocka_unit_test(test_listener__a_peer_that_does_not_read_is_dropped_when_full),
		cmocka_unit_test(test_listener__closing_inside_a_callback_is_safe_and_final),
		cmocka_unit_test(test_listener__close_after_write_writes_everything_first),
		cmocka_unit_test(test_listener__held_lines_wait_and_are_not_lost),
		cmocka_unit_test(test_listener__a_held_flood_waits_in_the_socket),
		cmocka_unit_test(test_listener__each_visits_all_that_live),
		cmocka_unit_test(test_listener__each_connection_ends_once_whoever_closes_it),
		cmocka_unit_test(test_listener__connections_are_capped),
		cmocka_unit_test(test_listener__full_it_closes_who_was_silent_longest),
		cmocka_unit_test(test_listener__who_does_not_read_is_asked_for_no_more),
		cmocka_unit_test(test_listener__a_flood_leaves_the_others_their_turn),
		cmocka_unit_test(test_listener__all_together_hold_so_much_and_no_more),
		cmocka_unit_test(test_listener__free_says_goodbye_and_closes_all),
		cmocka_unit_test(test_listener__takes_the_place_of_the_dead_only),
		cmocka_unit_test(test_listener__does_not_unlink_what_took_its_place),
		cmocka_unit_test(test_listener__takes_a_socket_that_was_made_for_it),
		cmocka_unit_test(test_listener__refuses_a_descriptor_that_is_none_of_its_kind),
	};

	return check_run(tests);
}
