/*
 * The loop: libev in plain C calls. Everything here belongs to one thread except loop_wake().
 *
 * A watcher is a member of its owner; its callback gets a pointer to the watcher and finds the owner with
 * container_of(). Watchers must be stopped before their memory goes. Nothing frees itself inside its own
 * callback: use loop_defer().
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ev.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/heap.h"

struct loop;

/* NULL when no backend works. Also makes the process ignore SIGPIPE. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);
void loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);
struct ev_loop *loop_ev(struct loop *loop); /* for libraries inside src/net */

int64_t loop_now_at(const struct loop *loop); /* wall ms, one value per turn */
struct mono loop_now_mono(const struct loop *loop);

/* A duration. */
struct timer {
	ev_timer ev;
	void (*on_time)(struct timer *timer);
};
void timer_init(struct timer *timer, void (*on_time)(struct timer *timer));
void timer_start(struct loop *loop, struct timer *timer, int64_t after_ms); /* restarts */
void timer_stop(struct loop *loop, struct timer *timer);

/* A descriptor. */
struct watch {
	ev_io ev;
	void (*on_ready)(struct watch *watch, bool readable, bool writable);
};
void watch_init(struct watch *watch, int fd, void (*on_ready)(struct watch *watch, bool readable, bool writable));
void watch_want(struct loop *loop, struct watch *watch, bool readable, bool writable);
void watch_stop(struct loop *loop, struct watch *watch);

/* A signal, blocked for other threads by loop_new()'s caller. */
struct signal_watch {
	ev_signal ev;
	void (*on_signal)(struct signal_watch *watch);
};
void signal_watch_start(
	struct loop *loop, struct signal_watch *watch, int number, void (*on_signal)(struct signal_watch *watch));
void signal_watch_stop(struct loop *loop, struct signal_watch *watch);

/* A child process. loop_new() must have run in the process's first thread. */
struct child_watch {
	ev_child ev;
	void (*on_exit)(struct child_watch *watch, int status); /* as waitpid() */
};
void child_watch_start(struct loop *loop, struct child_watch *watch, pid_t pid,
	void (*on_exit)(struct child_watch *watch, int status));
void child_watch_stop(struct loop *loop, struct child_watch *watch);

/* Call from another thread makes on_wake run on the loop, once for many wakes. */
struct wake {
	ev_async ev;
	struct loop *loop;
	void (*on_wake)(struct wake *wake);
};
void wake_start(struct loop *loop, struct wake *wake, void (*on_wake)(struct wake *wake));
void wake_send(struct wake *wake); /* any thread */
void wake_stop(struct wake *wake);

/* Runs `run(data)` before the loop sleeps next, outside every callback. */
void loop_defer(struct loop *loop, void (*run)(void *data), void *data);
/* Forget what was deferred with this data: its owner goes. */
void loop_defer_cancel(struct loop *loop, const void *data);

/*
 * Calendar times: a heap behind one absolute timerfd on the real-time clock. `on_due` gets what is due, in order;
 * `on_clock_step` is called after the wall clock was set (then everything due is handed out anew as well).
 * Never early: an entry is handed out when CLOCK_REALTIME >= at.
 */
struct due {
	struct loop *loop;
	struct heap heap;
	struct watch watch;
	int fd;
	int64_t armed_at; /* 0: not armed */
	void (*on_due)(struct due *due, int64_t at, int64_t id);
	void (*on_clock_step)(struct due *due);
};
bool due_start(struct loop *loop, struct due *due, void (*on_due)(struct due *due, int64_t at, int64_t id),
	void (*on_clock_step)(struct due *due), struct error *err) must_check;
void due_add(struct due *due, int64_t at, int64_t id);
void due_finish(struct due *due);

#endif
