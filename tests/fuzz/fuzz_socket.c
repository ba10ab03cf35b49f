/*
 * Lines off the control socket: over a real socket, however the bytes are cut, exactly the lines that were sent are
 * handed out, in order, until one is too long or holds a NUL; that ends this connection and not the listener. The first
 * three bytes say how: size of the pieces, longest line, after how many lines reading is held for a while.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/limits.h"
#include "net/loop.h"
#include "net/unix_socket.h"

#define STREAM_BYTES (32u << 10) /* fits a socket's buffer, and one read of the listener */
#define TURNS_MAX    100000
#define ANSWER       "heard\n"

struct far_end {
	struct str rest; /* of what was sent: what must come next */
	size_t max_line;
	unsigned hold_after; /* 0: never */
	unsigned lines;
	unsigned opened;
	unsigned closed;
	struct peer *held;
};

static struct loop *loop;
static struct listener *listener;
static struct far_end *far_end;
static struct sockaddr_un address;
static socklen_t address_n;

static bool on_open(void *data unused_arg, struct peer *peer)
{
	peer_set_max_line(peer, far_end->max_line);
	far_end->opened++;
	return true;
}

static void on_line(void *data unused_arg, struct peer *peer, struct str line)
{
	const char *lf = far_end->rest.n ? memchr(far_end->rest.p, '\n', far_end->rest.n) : NULL;
	struct str sent;

	must(lf && !far_end->held && !far_end->closed);
	sent = str_sub(far_end->rest, 0, (size_t)(lf - far_end->rest.p));
	must(str_eq(line, sent) && line.n <= far_end->max_line && (line.n == 0 || !memchr(line.p, 0, line.n)));
	far_end->rest = str_sub(far_end->rest, sent.n + 1, far_end->rest.n);
	far_end->lines++;
	peer_write(peer, STR(ANSWER));
	if (far_end->hold_after && far_end->lines % far_end->hold_after == 0) {
		far_end->held = peer;
		peer_hold_reading(peer, true);
	}
}

static void on_close(void *data unused_arg, struct peer *peer unused_arg)
{
	far_end->closed++;
	far_end->held = NULL;
}

static void set_up(void)
{
	static const struct listener_ops ops = { .on_open = on_open, .on_line = on_line, .on_close = on_close };
	struct error err = { 0 };
	int fd;

	if (listener) {
		return;
	}
	loop = loop_new();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address.sun_family = AF_UNIX;
	address_n = sizeof(address);
	/* A name that the kernel finds, in no directory. */
	must(loop && fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0 && listen(fd, 8) == 0);
	must(getsockname(fd, (struct sockaddr *)&address, &address_n) == 0);
	must(listener_new(loop, NULL, fd, LIMIT_FRAME_UNKNOWN_BYTES, &ops, NULL, &listener, &err));
}

/* Turn the loop until nothing happens any more. */
static void turn(void)
{
	unsigned quiet = 0;

	for (int i = 0; quiet < 3; i++) {
		unsigned before = far_end->lines + far_end->opened + far_end->closed;

		must(i < TURNS_MAX);
		if (far_end->held) {
			struct peer *peer = far_end->held;

			far_end->held = NULL;
			peer_hold_reading(peer, false);
		}
		ev_run(loop_ev(loop), EVRUN_NOWAIT);
		quiet = before == far_end->lines + far_end->opened + far_end->closed && !far_end->held ? quiet + 1 : 0;
	}
}

/* How many lines of the stream are to be heard, and whether the connection lives on after them. */
static unsigned lines_of(struct str stream, size_t max_line, bool *ret_lives)
{
	unsigned n = 0;

	*ret_lives = true;
	while (stream.n > 0) {
		const char *lf = memchr(stream.p, '\n', stream.n);
		size_t line_n = lf ? (size_t)(lf - stream.p) : stream.n;

		if (line_n > max_line || (lf && line_n > 0 && memchr(stream.p, 0, line_n))) {
			*ret_lives = false;
			return n;
		}
		if (!lf) {
			return n;
		}
		n++;
		stream = str_sub(stream, line_n + 1, stream.n);
	}
	return n;
}

static void send_all(int fd, struct str stream, size_t piece)
{
	while (stream.n > 0) {
		size_t n = stream.n < piece ? stream.n : piece;
		ssize_t sent = send(fd, stream.p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0) {
			must(errno == EPIPE || errno == ECONNRESET); /* thrown out already */
			return;
		}
		stream = str_sub(stream, (size_t)sent, stream.n);
		turn();
	}
}

/* Read on as room is made: a socket holds few small pieces. */
static size_t heard(int fd)
{
	char answers[4096];
	size_t sum = 0;
	ssize_t n;

	while ((n = recv(fd, answers, sizeof(answers), MSG_DONTWAIT)) > 0) {
		sum += (size_t)n;
		turn();
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct far_end far = { 0 };
	struct str stream;
	size_t piece;
	unsigned wanted;
	size_t answers_n;
	bool lives;
	int fd;

	if (size < 3 || size > STREAM_BYTES) {
		return 0;
	}
	set_up();
	far_end = &far;
	stream = (struct str){ (const char *)data + 3, size - 3 };
	/* Not so small that a run is mostly system calls. */
	piece = size / 16 + data[0] + 1;
	far.max_line = data[1];
	far.hold_after = data[2] % 8;
	far.rest = stream;
	wanted = lines_of(stream, far.max_line, &lives);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && connect(fd, (struct sockaddr *)&address, address_n) == 0);
	turn();
	must(far.opened == 1 && listener_peers(listener) == 1);
	send_all(fd, stream, piece);
	turn();
	must(far.lines == wanted);
	must(far.closed == !lives && listener_peers(listener) == (size_t)lives);
	answers_n = heard(fd);
	must(lives ? answers_n == wanted * strlen(ANSWER) : answers_n <= wanted * strlen(ANSWER));
	close(fd);
	turn();
	must(far.opened == 1 && far.closed == 1 && listener_peers(listener) == 0);
	return 0;
}
