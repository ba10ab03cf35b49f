/*
 * A Unix stream socket with lines: the control socket's transport. Knows nothing of JSON.
 *
 * Each line is handed out without its LF. A line longer than the peer's cap, or a NUL in it, ends that
 * connection and no other. What is written waits in a capped buffer; a peer that does not read until it is
 * full is dropped, and whose answers pile up is asked for no more questions.
 *
 * Places and memory are capped for all together. When they run out, whoever holds most of them gives way: connections
 * of one process that has more than a quarter of the places, else one that is idle, and of memory the one that holds
 * most.
 */
#ifndef NET_UNIX_SOCKET_H
#define NET_UNIX_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"
#include "net/loop.h"

struct peer; /* one connection */

struct peer_ids {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

struct listener;

struct listener_ops {
	/* A new connection, peer credentials read. False refuses it. */
	bool (*on_open)(void *data, struct peer *peer);
	void (*on_line)(void *data, struct peer *peer, struct str line);
	/* Would nothing be lost if it were closed to make room? NULL: nobody gives way. */
	bool (*is_idle)(void *data, const struct peer *peer);
	/* Last call for this peer; peer_data() still works. */
	void (*on_close)(void *data, struct peer *peer);
};

/*
 * Bind and listen (mode 0666: who may do what is decided by peer credentials), or take `fd` when it is >= 0
 * (socket activation). A socket file left by a dead process is removed; one that answers is an error:
 * "another gazetted is listening on PATH".
 */
bool listener_new(struct loop *loop, const char *path, int fd, size_t max_line_bytes, const struct listener_ops *ops,
	void *data, struct listener **ret_listener, struct error *err) must_check;
void listener_free(struct listener *listener); /* closes all peers; unlinks what it bound */

struct peer_ids peer_ids(const struct peer *peer);
uint64_t peer_number(const struct peer *peer);                          /* unique for the process's life */
struct peer *listener_find(struct listener *listener, uint64_t number); /* NULL: gone */
void peer_set_data(struct peer *peer, void *data);
void *peer_data(const struct peer *peer);
void peer_set_max_line(struct peer *peer, size_t max_line_bytes);
void peer_write(struct peer *peer, struct str bytes);
size_t peer_backlog(const struct peer *peer);
void peer_close_after_write(struct peer *peer);
void peer_close(struct peer *peer); /* deferred: safe inside its callbacks */
/* While true nothing more is read from it: back-pressure. */
void peer_hold_reading(struct peer *peer, bool hold);
size_t listener_peers(const struct listener *listener);
/* For every open connection. It may write and close, not more. */
void listener_each(struct listener *listener, void (*each)(void *data, struct peer *peer), void *data);

#endif
