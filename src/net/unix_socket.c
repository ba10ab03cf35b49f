/*
 * A listening Unix socket and its connections, line by line. Not for: what stands in a line, who may say it.
 *
 * Everything here comes from any local user. A connection can hold: one line up to its cap plus one read, and the
 * write backlog. What it does wrong ends that connection and no other.
 *
 * Invariants
 *   - a peer is freed by reap() only, which the loop runs outside all callbacks; until then it is `dead`: no
 *     watcher, not found by number, writes to it are dropped
 *   - on_close() follows on_open() that returned true, exactly once
 *   - output is gathered during a turn and written before the loop sleeps: one write for many lines
 *
 * Any local user may connect, so what all hold together is bounded too: see make_place() and make_room().
 *
 * A peer that shuts down its sending side (`printf ... | nc -U`) still gets its answers: it stays until nothing was
 * written to it for LINGER_MS. A trailing line without LF is no line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "net/unix_socket.h"

#define READ_BYTES         (64u << 10)
#define READS_PER_TURN     4
#define LINES_PER_TURN     4 /* of one peer; then the others have their turn */
#define ACCEPTS_PER_TURN   16
#define FLUSH_AT_BYTES     (256u << 10)
#define LINGER_MS          30000
#define ACCEPT_PAUSE_MS    200
#define SMALL_BUFFER_BYTES (256u << 10)
#define GREEDY_PART        4 /* a process with more than this part of the places gives way first */

struct peer {
	struct peer *next; /* listener.peers */
	struct listener *listener;
	struct watch watch;
	struct timer linger;
	int fd;
	uint64_t number;
	uint64_t heard; /* listener.clock when it last said a line, or came */
	struct peer_ids ids;
	void *data;
	size_t max_line_bytes;
	struct buf in;
	size_t scanned; /* bytes of `in` known to hold no LF */
	struct buf out;
	size_t written; /* of out */
	bool dead;
	bool held;       /* by peer_hold_reading() */
	bool ended;      /* the other side sends nothing more */
	bool closing;    /* close when everything is written */
	bool resumed;    /* lines in `in` wait for the deferred call */
	bool in_on_line; /* do not nest */
};

struct listener {
	struct loop *loop;
	const struct listener_ops *ops;
	void *data;
	size_t max_line_bytes;
	struct watch watch;
	struct timer pause; /* no descriptors left: try again later */
	int fd;
	char *path; /* NULL: somebody else bound it */
	dev_t device;
	ino_t inode;
	struct peer *peers;
	size_t n_peers; /* alive */
	uint64_t last_number;
	uint64_t clock; /* counts lines and connections */
	bool deferred;
};

static void before_sleep(void *data);

/* Ask for one call of before_sleep() in this turn. */
static void want_before_sleep(struct listener *listener)
{
	if (!listener->deferred) {
		listener->deferred = true;
		loop_defer(listener->loop, before_sleep, listener);
	}
}

static void kill_peer(struct peer *peer)
{
	if (peer->dead) {
		return;
	}
	peer->dead = true;
	peer->listener->n_peers--;
	watch_stop(peer->listener->loop, &peer->watch);
	timer_stop(peer->listener->loop, &peer->linger);
	want_before_sleep(peer->listener);
}

static void free_peer(struct peer *peer)
{
	watch_stop(peer->listener->loop, &peer->watch);
	timer_stop(peer->listener->loop, &peer->linger);
	close(peer->fd);
	buf_finish(&peer->in);
	buf_finish(&peer->out);
	free(peer);
}

static bool is_paused(const struct peer *peer)
{
	return peer->held || peer_backlog(peer) >= LIMIT_CLIENT_UNREAD_BYTES;
}

static bool may_read(const struct peer *peer)
{
	return !peer->dead && !is_paused(peer) && !peer->resumed && !peer->closing && !peer->ended;
}

static void update_wants(struct peer *peer)
{
	if (peer->dead) {
		return;
	}
	watch_want(peer->listener->loop, &peer->watch, may_read(peer), peer_backlog(peer) > 0);
}

/* ---- who gives way ---- */

static size_t bytes_of(const struct peer *peer)
{
	return peer->dead ? 0 : peer->in.cap + peer->out.cap;
}

static size_t places_of(const struct listener *listener, pid_t pid)
{
	size_t n = 0;

	for (const struct peer *peer = listener->peers; peer; peer = peer->next) {
		n += !peer->dead && peer->ids.pid == pid;
	}
	return n;
}

/* All places are taken: free one. False: everybody has a good reason to be here. */
static bool make_place(struct listener *listener)
{
	struct peer *greedy = NULL; /* one of the process with most places */
	struct peer *best = NULL;
	size_t most = 0;
	bool best_idle = false;

	if (!listener->ops->is_idle) {
		return false;
	}
	for (struct peer *peer = listener->peers; peer; peer = peer->next) {
		size_t n = peer->dead ? 0 : places_of(listener, peer->ids.pid);

		if (n > most) {
			most = n;
			greedy = peer;
		}
	}
	if (most * GREEDY_PART <= LIMIT_CLIENTS) {
		greedy = NULL;
	}
	for (struct peer *peer = listener->peers; peer; peer = peer->next) {
		bool idle;

		if (peer->dead || (greedy && peer->ids.pid != greedy->ids.pid)) {
			continue;
		}
		idle = listener->ops->is_idle(listener->data, peer);
		if ((idle || greedy) &&
			(!best || (idle && !best_idle) || (idle == best_idle && peer->heard < best->heard))) {
			best = peer;
			best_idle = idle;
		}
	}
	if (best) {
		kill_peer(best);
	}
	return best != NULL;
}

/* `peer` has grown. While all together hold too much, who holds most goes: it may be this one. */
static void make_room(const struct peer *peer)
{
	struct listener *listener = peer->listener;

	if (bytes_of(peer) <= SMALL_BUFFER_BYTES) {
		return;
	}
	for (;;) {
		struct peer *biggest = NULL;
		size_t total = 0;

		for (struct peer *other = listener->peers; other; other = other->next) {
			total += bytes_of(other);
			if (!biggest || bytes_of(other) > bytes_of(biggest)) {
				biggest = other;
			}
		}
		if (total <= LIMIT_CLIENTS_BYTES || !biggest || biggest->dead) {
			return;
		}
		kill_peer(biggest);
	}
}

static void flush(struct peer *peer)
{
	bool was_paused = is_paused(peer);

	while (!peer->dead && peer->written < peer->out.n) {
		ssize_t n = send(peer->fd, peer->out.p + peer->written, peer->out.n - peer->written,
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK) {
				kill_peer(peer);
			}
			break;
		}
		peer->written += (size_t)n;
	}
	if (peer->dead) {
		return;
	}
	if (peer->written == peer->out.n) {
		peer->written = 0;
		buf_clear(&peer->out);
		if (peer->out.cap > SMALL_BUFFER_BYTES) {
			buf_finish(&peer->out);
			buf_init(&peer->out, LIMIT_CLIENT_BACKLOG_BYTES);
		}
		if (peer->closing) {
			kill_peer(peer);
		}
	} else if (peer->written > peer->out.n / 2) {
		buf_drop(&peer->out, peer->written);
		peer->written = 0;
	}
	if (was_paused && !is_paused(peer) && peer->in.n > 0) {
		peer->resumed = true;
		want_before_sleep(peer->listener);
	}
	update_wants(peer);
}

/* Hand out the whole lines in `in` until the owner holds or closes. */
static void hand_out_lines(struct peer *peer)
{
	size_t from = 0;
	int n = 0;

	if (peer->in_on_line) {
		return;
	}
	peer->in_on_line = true;
	while (!peer->dead && !is_paused(peer) && !peer->closing) {
		const char *lf = NULL;
		struct str line;

		if (peer->scanned < peer->in.n) {
			lf = memchr(peer->in.p + peer->scanned, '\n', peer->in.n - peer->scanned);
		}
		if (!lf) {
			peer->scanned = peer->in.n;
			break;
		}
		if (n++ == LINES_PER_TURN) {
			peer->resumed = true;
			want_before_sleep(peer->listener);
			break;
		}
		line = (struct str){ .p = peer->in.p + from, .n = (size_t)(lf - (peer->in.p + from)) };
		from += line.n + 1;
		peer->scanned = from;
		if (line.n > peer->max_line_bytes || memchr(line.p, '\0', line.n)) {
			kill_peer(peer);
			break;
		}
		peer->heard = ++peer->listener->clock;
		/* `in` does not move while the owner looks: only on_readable() adds to it. */
		peer->listener->ops->on_line(peer->listener->data, peer, line);
	}
	peer->in_on_line = false;
	if (peer->dead) {
		return;
	}
	buf_drop(&peer->in, from);
	peer->scanned -= from;
	if (!is_paused(peer) && !peer->resumed && peer->in.n > peer->max_line_bytes) {
		kill_peer(peer); /* no LF within the cap */
		return;
	}
	if (peer->in.n == 0 && peer->in.cap > SMALL_BUFFER_BYTES) {
		buf_finish(&peer->in);
		buf_init(&peer->in, peer->max_line_bytes + READ_BYTES);
	}
}

/* The other side is done sending. False when it is gone altogether. */
static bool still_reads(struct peer *peer)
{
	struct pollfd poll_fd = { .fd = peer->fd };

	return poll(&poll_fd, 1, 0) == 0 || !(poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void on_readable(struct peer *peer)
{
	char chunk[READ_BYTES];

	if (peer->resumed) {
		/* What was left over first: `in` has room for one read more only after that. */
		peer->resumed = false;
		hand_out_lines(peer);
	}
	for (int i = 0; i < READS_PER_TURN && may_read(peer); i++) {
		ssize_t n = recv(peer->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

		if (n < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
				kill_peer(peer);
			}
			break;
		}
		if (n == 0) {
			peer->ended = true;
			if (!still_reads(peer)) {
				kill_peer(peer);
			} else {
				timer_start(peer->listener->loop, &peer->linger, LINGER_MS);
			}
			break;
		}
		if (!buf_add(&peer->in, chunk, (size_t)n)) {
			kill_peer(peer);
			break;
		}
		make_room(peer);
		hand_out_lines(peer);
		if ((size_t)n < sizeof(chunk)) {
			break;
		}
	}
	update_wants(peer);
}

static void on_peer_ready(struct watch *watch, bool readable, bool writable)
{
	struct peer *peer = container_of(watch, struct peer, watch);

	if (writable) {
		flush(peer);
	}
	if (readable && !peer->dead) {
		on_readable(peer);
	}
}

static void on_linger(struct timer *timer)
{
	kill_peer(container_of(timer, struct peer, linger));
}

/* Bury the dead. on_close() may do anything, so the list is walked anew after each. */
static void reap(struct listener *listener)
{
	struct peer **link = &listener->peers;

	while (*link) {
		struct peer *peer = *link;

		if (!peer->dead) {
			link = &peer->next;
			continue;
		}
		*link = peer->next;
		listener->ops->on_close(listener->data, peer);
		free_peer(peer);
		link = &listener->peers;
	}
}

static void before_sleep(void *data)
{
	struct listener *listener = data;

	listener->deferred = false;
	for (struct peer *peer = listener->peers; peer; peer = peer->next) {
		if (peer->resumed && !peer->dead) {
			peer->resumed = false;
			hand_out_lines(peer);
			update_wants(peer);
		}
		if (!peer->dead && (peer_backlog(peer) > 0 || peer->closing)) {
			flush(peer);
		}
	}
	reap(listener);
}

/* Connections. */

static void add_peer(struct listener *listener, int fd)
{
	struct ucred credentials;
	socklen_t n = sizeof(credentials);
	struct peer *peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &n) < 0) {
		close(fd);
		return;
	}
	peer = xnew(struct peer);
	peer->listener = listener;
	peer->fd = fd;
	peer->number = ++listener->last_number;
	peer->heard = ++listener->clock;
	peer->ids = (struct peer_ids){ .pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid };
	peer->max_line_bytes = listener->max_line_bytes;
	buf_init(&peer->in, peer->max_line_bytes + READ_BYTES);
	buf_init(&peer->out, LIMIT_CLIENT_BACKLOG_BYTES);
	watch_init(&peer->watch, fd, on_peer_ready);
	timer_init(&peer->linger, on_linger);
	peer->next = listener->peers;
	listener->peers = peer;
	listener->n_peers++;
	if (!listener->ops->on_open(listener->data, peer)) {
		struct peer **link = &listener->peers;

		while (*link != peer) {
			link = &(*link)->next;
		}
		*link = peer->next;
		listener->n_peers -= peer->dead ? 0 : 1;
		free_peer(peer);
		return;
	}
	update_wants(peer);
}

static void on_pause_over(struct timer *timer)
{
	struct listener *listener = container_of(timer, struct listener, pause);

	watch_want(listener->loop, &listener->watch, true, false);
}

static void on_connection(struct watch *watch, bool readable unused_arg, bool writable unused_arg)
{
	struct listener *listener = container_of(watch, struct listener, watch);

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
				/* It stays readable: without a pause the loop would spin. */
				watch_stop(listener->loop, &listener->watch);
				timer_start(listener->loop, &listener->pause, ACCEPT_PAUSE_MS);
			}
			return;
		}
		if (listener->n_peers >= LIMIT_CLIENTS && !make_place(listener)) {
			close(fd);
			continue;
		}
		add_peer(listener, fd);
	}
}

/* Listening. */

static bool check_socket_given(int fd, struct error *err)
{
	struct sockaddr_un address;
	socklen_t n = sizeof(address);
	int type = 0;
	int listening = 0;
	socklen_t type_n = sizeof(type);
	socklen_t listening_n = sizeof(listening);

	memset(&address, 0, sizeof(address));
	if (getsockname(fd, (struct sockaddr *)&address, &n) < 0 || address.sun_family != AF_UNIX ||
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_n) < 0 || type != SOCK_STREAM ||
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_n) < 0 || !listening) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0,
			"descriptor %d from the service manager is no listening Unix stream socket", fd);
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) {
		return error_set_errno(err, "cannot set up descriptor %d", fd);
	}
	return true;
}

/* Remove what a dead process left; an error when somebody answers, or when it is no socket. */
static bool clear_stale(const char *path, const struct sockaddr_un *address, struct error *err)
{
	struct stat st;
	int fd;
	int result;
	int saved;

	if (lstat(path, &st) < 0) {
		return errno == ENOENT ? true : error_set_errno(err, "cannot look at %s", path);
	}
	if (!S_ISSOCK(st.st_mode)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s exists and is no socket", path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return error_set_errno(err, "cannot make a socket");
	}
	result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	saved = errno;
	close(fd);
	if (result == 0 || saved == EAGAIN || saved == EINPROGRESS) { /* EAGAIN: alive, its backlog is full */
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "another gazetted is listening on %s", path);
	}
	if (saved != ECONNREFUSED && saved != ENOENT) {
		errno = saved;
		return error_set_errno(err, "cannot tell whether anybody listens on %s", path);
	}
	if (unlink(path) < 0 && errno != ENOENT) {
		return error_set_errno(err, "cannot remove the stale %s", path);
	}
	return true;
}

static bool bind_path(struct listener *listener, const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "socket path longer than %zu bytes: %s",
			sizeof(address.sun_path) - 1, path);
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (!clear_stale(path, &address, err)) {
		return false;
	}
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0) {
		return error_set_errno(err, "cannot make a socket");
	}
	if (bind(listener->fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == EADDRINUSE) { /* between our look and now */
			return error_set(
				err, ERROR_STATE, ADVISE_REJECT, 0, "another gazetted is listening on %s", path);
		}
		return error_set_errno(err, "cannot bind %s", path);
	}
	listener->path = xstrdup(path);
	if (lstat(path, &st) < 0) {
		return error_set_errno(err, "cannot look at %s", path);
	}
	listener->device = st.st_dev;
	listener->inode = st.st_ino;
	/* Nobody gets in before listen(). */
	if (chmod(path, 0666) < 0) {
		return error_set_errno(err, "cannot open %s to other users", path);
	}
	if (listen(listener->fd, SOMAXCONN) < 0) {
		return error_set_errno(err, "cannot listen on %s", path);
	}
	return true;
}

bool listener_new(struct loop *loop, const char *path, int fd, size_t max_line_bytes, const struct listener_ops *ops,
	void *data, struct listener **ret_listener, struct error *err)
{
	struct listener *listener = xnew(struct listener);

	listener->loop = loop;
	listener->ops = ops;
	listener->data = data;
	listener->max_line_bytes = max_line_bytes;
	listener->fd = fd;
	watch_init(&listener->watch, fd, on_connection);
	timer_init(&listener->pause, on_pause_over);
	if (fd >= 0 ? !check_socket_given(fd, err) : !bind_path(listener, path, err)) {
		if (fd >= 0) {
			listener->fd = -1; /* not taken */
		}
		listener_free(listener);
		return false;
	}
	watch_init(&listener->watch, listener->fd, on_connection);
	watch_want(loop, &listener->watch, true, false);
	*ret_listener = listener;
	return true;
}

void listener_free(struct listener *listener)
{
	struct stat st;

	if (!listener) {
		return;
	}
	watch_stop(listener->loop, &listener->watch);
	timer_stop(listener->loop, &listener->pause);
	/* Gone for newcomers first. Not if somebody put another socket in our place. */
	if (listener->path && lstat(listener->path, &st) == 0 && st.st_dev == listener->device &&
		st.st_ino == listener->inode) {
		unlink(listener->path);
	}
	for (struct peer *peer = listener->peers; peer; peer = peer->next) {
		flush(peer); /* what fits; nobody waits for a slow reader */
		kill_peer(peer);
	}
	reap(listener);
	loop_defer_cancel(listener->loop, listener);
	if (listener->fd >= 0) {
		close(listener->fd);
	}
	free(listener->path);
	free(listener);
}

size_t listener_peers(const struct listener *listener)
{
	return listener->n_peers;
}

struct peer *listener_find(struct listener *listener, uint64_t number)
{
	for (struct peer *peer = listener->peers; peer; peer = peer->next) {
		if (peer->number == number) {
			return peer->dead ? NULL : peer;
		}
	}
	return NULL;
}

void listener_each(struct listener *listener, void (*each)(void *data, struct peer *peer), void *data)
{
	/* peer_close() only marks: nobody leaves the list before the loop sleeps. */
	for (struct peer *peer = listener->peers; peer; peer = peer->next) {
		if (!peer->dead) {
			each(data, peer);
		}
	}
}

struct peer_ids peer_ids(const struct peer *peer)
{
	return peer->ids;
}

uint64_t peer_number(const struct peer *peer)
{
	return peer->number;
}

void peer_set_data(struct peer *peer, void *data)
{
	peer->data = data;
}

void *peer_data(const struct peer *peer)
{
	return peer->data;
}

void peer_set_max_line(struct peer *peer, size_t max_line_bytes)
{
	peer->max_line_bytes = max_line_bytes;
	peer->in.max_bytes = max_line_bytes + READ_BYTES;
	if (peer->in.max_bytes < peer->in.n) {
		peer->in.max_bytes = peer->in.n; /* a buf holds no more than its maximum, ever */
	}
}

void peer_write(struct peer *peer, struct str bytes)
{
	if (peer->dead || peer->closing) {
		return;
	}
	if (peer->out.n - peer->written + bytes.n > FLUSH_AT_BYTES) {
		flush(peer);
	}
	if (peer->dead) {
		return;
	}
	if (peer->written > 0) {
		buf_drop(&peer->out, peer->written);
		peer->written = 0;
	}
	if (!buf_add_str(&peer->out, bytes)) {
		kill_peer(peer); /* it does not read */
		return;
	}
	make_room(peer);
	if (peer->dead) {
		return;
	}
	if (peer->ended) {
		timer_start(peer->listener->loop, &peer->linger, LINGER_MS);
	}
	want_before_sleep(peer->listener);
}

size_t peer_backlog(const struct peer *peer)
{
	return peer->out.n - peer->written;
}

void peer_close_after_write(struct peer *peer)
{
	if (peer->dead || peer->closing) {
		return;
	}
	peer->closing = true;
	update_wants(peer);
	timer_start(peer->listener->loop, &peer->linger, LINGER_MS);
	want_before_sleep(peer->listener);
}

void peer_close(struct peer *peer)
{
	kill_peer(peer);
}

void peer_hold_reading(struct peer *peer, bool hold)
{
	if (peer->dead || peer->held == hold) {
		return;
	}
	peer->held = hold;
	if (!hold && peer->in.n > 0) {
		peer->resumed = true;
		want_before_sleep(peer->listener);
	}
	update_wants(peer);
}
