/*
 * The loop over libev: timers, descriptors, signals, children, wakes from other threads, deferred calls and
 * calendar times. Not for: deciding anything. Callbacks here only translate libev's events into plain calls.
 *
 * Invariants
 *   - one thread, except ev_async_send() inside wake_send()
 *   - deferred calls run in ev_prepare, outside every other callback; those they add run in the next turn,
 *     and an active ev_idle keeps the loop from sleeping until then
 *   - a calendar time is never handed out before CLOCK_REALTIME has reached it: what was popped was
 *     compared with a clock read after the wake-up, and loop_now_at() is brought up to that reading
 *
 * libev reaps children on its default loop only, so the first loop made in the process's first thread is that
 * one. Seconds as double stay inside this folder.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "net/loop.h"

#define SLOW_TURN_MS 50
/* Where an empty heap arms its timerfd, so that a step of the clock is noticed all the same: the year 9999. */
#define NEVER_AT INT64_C(253402300799000)

struct deferred {
	void (*run)(void *data); /* NULL: cancelled */
	void *data;
};

struct loop {
	struct ev_loop *ev;
	bool owns_default;
	bool stop_asked;
	int64_t now_at;
	struct mono now_mono;
	ev_prepare prepare;
	ev_check check;
	ev_idle idle;
	struct deferred *deferred;
	size_t n_deferred;
	size_t cap_deferred;
};

static atomic_bool default_taken;

static void refresh_now(struct loop *loop)
{
	loop->now_at = clock_wall_at();
	loop->now_mono = clock_mono();
}

static void on_check(struct ev_loop *ev, ev_check *check, int events unused_arg)
{
	(void)check;
	refresh_now(ev_userdata(ev));
}

static void run_deferred(struct loop *loop)
{
	size_t n = loop->n_deferred;

	/* By index: a call may add to the array and move it. */
	for (size_t i = 0; i < n; i++) {
		struct deferred deferred = loop->deferred[i];

		loop->deferred[i].run = NULL;
		if (deferred.run) {
			deferred.run(deferred.data);
		}
	}
	loop->n_deferred -= n;
	if (loop->n_deferred > 0) {
		memmove(loop->deferred, loop->deferred + n, loop->n_deferred * sizeof(loop->deferred[0]));
		ev_idle_start(loop->ev, &loop->idle);
	} else {
		ev_idle_stop(loop->ev, &loop->idle);
	}
}

static void on_prepare(struct ev_loop *ev, ev_prepare *prepare, int events unused_arg)
{
	struct loop *loop = ev_userdata(ev);
	int64_t took_ms;

	(void)prepare;
	run_deferred(loop);
	took_ms = clock_since_ms(loop->now_mono);
	if (took_ms > SLOW_TURN_MS) {
		log_debug("loop.slow took_ms=%lld", (long long)took_ms);
	}
}

static void on_idle(struct ev_loop *ev, ev_idle *idle, int events unused_arg)
{
	/* Nothing: being active is all it does. */
	(void)ev;
	(void)idle;
}

struct loop *loop_new(void)
{
	struct loop *loop = xnew(struct loop);
	bool first_thread = getpid() == gettid();

	if (first_thread && !atomic_exchange(&default_taken, true)) {
		loop->ev = ev_default_loop(EVFLAG_AUTO | EVFLAG_NOENV);
		loop->owns_default = true;
	} else {
		loop->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	}
	if (!loop->ev) {
		if (loop->owns_default) {
			atomic_store(&default_taken, false);
		}
		free(loop);
		return NULL;
	}
	/* TLS and pipes write without MSG_NOSIGNAL: without this a peer that hangs up would end the process. */
	signal(SIGPIPE, SIG_IGN);
	ev_set_userdata(loop->ev, loop);
	refresh_now(loop);
	ev_prepare_init(&loop->prepare, on_prepare);
	ev_prepare_start(loop->ev, &loop->prepare);
	ev_check_init(&loop->check, on_check);
	ev_set_priority(&loop->check, EV_MAXPRI);
	ev_check_start(loop->ev, &loop->check);
	ev_idle_init(&loop->idle, on_idle);
	ev_set_priority(&loop->idle, EV_MINPRI);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop) {
		return;
	}
	ev_idle_stop(loop->ev, &loop->idle);
	ev_prepare_stop(loop->ev, &loop->prepare);
	ev_check_stop(loop->ev, &loop->check);
	ev_loop_destroy(loop->ev);
	if (loop->owns_default) {
		atomic_store(&default_taken, false);
	}
	free(loop->deferred);
	free(loop);
}

void loop_run(struct loop *loop)
{
	refresh_now(loop);
	if (!loop->stop_asked) {
		ev_run(loop->ev, 0);
	}
	loop->stop_asked = false;
}

void loop_stop(struct loop *loop)
{
	/* ev_run() forgets a break that came before it: remember it here. */
	loop->stop_asked = true;
	ev_break(loop->ev, EVBREAK_ALL);
}

struct ev_loop *loop_ev(struct loop *loop)
{
	return loop->ev;
}

int64_t loop_now_at(const struct loop *loop)
{
	return loop->now_at;
}

struct mono loop_now_mono(const struct loop *loop)
{
	return loop->now_mono;
}

static void on_timer(struct ev_loop *ev, ev_timer *watcher, int events unused_arg)
{
	struct timer *timer = container_of(watcher, struct timer, ev);

	(void)ev;
	timer->on_time(timer);
}

void timer_init(struct timer *timer, void (*on_time)(struct timer *timer))
{
	ev_timer_init(&timer->ev, on_timer, 0., 0.);
	timer->on_time = on_time;
}

void timer_start(struct loop *loop, struct timer *timer, int64_t after_ms)
{
	ev_timer_stop(loop->ev, &timer->ev);
	/* libev counts from the beginning of its turn; after a long callback that would be early. */
	ev_now_update(loop->ev);
	ev_timer_set(&timer->ev, after_ms > 0 ? (double)after_ms / 1000.0 : 0., 0.);
	ev_timer_start(loop->ev, &timer->ev);
}

void timer_stop(struct loop *loop, struct timer *timer)
{
	ev_timer_stop(loop->ev, &timer->ev);
}

static void on_io(struct ev_loop *ev, ev_io *watcher, int events)
{
	struct watch *watch = container_of(watcher, struct watch, ev);

	(void)ev;
	/* EV_ERROR: libev gave the descriptor up. Both, so that the owner's read or write finds out why. */
	watch->on_ready(watch, (events & (EV_READ | EV_ERROR)) != 0, (events & (EV_WRITE | EV_ERROR)) != 0);
}

void watch_init(struct watch *watch, int fd, void (*on_ready)(struct watch *watch, bool readable, bool writable))
{
	ev_io_init(&watch->ev, on_io, fd, 0);
	watch->on_ready = on_ready;
}

void watch_want(struct loop *loop, struct watch *watch, bool readable, bool writable)
{
	int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	if (ev_is_active(&watch->ev) && (watch->ev.events & (EV_READ | EV_WRITE)) == events) {
		return;
	}
	ev_io_stop(loop->ev, &watch->ev);
	if (events) {
		ev_io_set(&watch->ev, watch->ev.fd, events);
		ev_io_start(loop->ev, &watch->ev);
	}
}

void watch_stop(struct loop *loop, struct watch *watch)
{
	ev_io_stop(loop->ev, &watch->ev);
}

static void on_ev_signal(struct ev_loop *ev, ev_signal *watcher, int events unused_arg)
{
	struct signal_watch *watch = container_of(watcher, struct signal_watch, ev);

	(void)ev;
	watch->on_signal(watch);
}

void signal_watch_start(
	struct loop *loop, struct signal_watch *watch, int number, void (*on_signal)(struct signal_watch *watch))
{
	ev_signal_init(&watch->ev, on_ev_signal, number);
	watch->on_signal = on_signal;
	ev_signal_start(loop->ev, &watch->ev);
}

void signal_watch_stop(struct loop *loop, struct signal_watch *watch)
{
	ev_signal_stop(loop->ev, &watch->ev);
}

static void on_child(struct ev_loop *ev, ev_child *watcher, int events unused_arg)
{
	struct child_watch *watch = container_of(watcher, struct child_watch, ev);

	ev_child_stop(ev, watcher);
	watch->on_exit(watch, watcher->rstatus);
}

void child_watch_start(
	struct loop *loop, struct child_watch *watch, pid_t pid, void (*on_exit)(struct child_watch *watch, int status))
{
	ev_child_init(&watch->ev, on_child, pid, 0);
	watch->on_exit = on_exit;
	ev_child_start(loop->ev, &watch->ev);
}

void child_watch_stop(struct loop *loop, struct child_watch *watch)
{
	ev_child_stop(loop->ev, &watch->ev);
}

static void on_async(struct ev_loop *ev, ev_async *watcher, int events unused_arg)
{
	struct wake *wake = container_of(watcher, struct wake, ev);

	(void)ev;
	wake->on_wake(wake);
}

void wake_start(struct loop *loop, struct wake *wake, void (*on_wake)(struct wake *wake))
{
	wake->loop = loop;
	wake->on_wake = on_wake;
	ev_async_init(&wake->ev, on_async);
	ev_async_start(loop->ev, &wake->ev);
}

void wake_send(struct wake *wake)
{
	ev_async_send(wake->loop->ev, &wake->ev);
}

void wake_stop(struct wake *wake)
{
	if (wake->loop) {
		ev_async_stop(wake->loop->ev, &wake->ev);
	}
}

void loop_defer(struct loop *loop, void (*run)(void *data), void *data)
{
	array_grow(loop->deferred, loop->n_deferred, loop->cap_deferred);
	loop->deferred[loop->n_deferred++] = (struct deferred){ .run = run, .data = data };
}

void loop_defer_cancel(struct loop *loop, const void *data)
{
	for (size_t i = 0; i < loop->n_deferred; i++) {
		if (loop->deferred[i].data == data) {
			loop->deferred[i].run = NULL;
		}
	}
}

/* Calendar times. */

static void due_on_step(void *data);

static void due_arm(struct due *due)
{
	struct heap_entry first;
	int64_t at = NEVER_AT;
	struct itimerspec spec = { 0 };

	if (heap_peek(&due->heap, &first)) {
		at = first.at < 1 ? 1 : first.at; /* zero would disarm */
		at = at > NEVER_AT ? NEVER_AT : at;
	}
	if (at == due->armed_at) {
		return;
	}
	due->armed_at = at;
	spec.it_value.tv_sec = (time_t)(at / 1000);
	spec.it_value.tv_nsec = (long)(at % 1000) * 1000000;
	if (timerfd_settime(due->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL) < 0 &&
		errno == ECANCELED) {
		/* Armed all the same; the clock was set since the last look. */
		loop_defer(due->loop, due_on_step, due);
	}
}

static void due_hand_out(struct due *due)
{
	/* Only what stands in it now: a callback that adds something due at once waits for the next turn. */
	size_t most = due->heap.n;
	struct heap_entry entry;
	int64_t now_at;

	refresh_now(due->loop);
	now_at = due->loop->now_at;
	while (most-- > 0 && heap_pop_due(&due->heap, now_at, &entry)) {
		due->on_due(due, entry.at, entry.id);
	}
	due->armed_at = 0;
	due_arm(due);
}

static void due_on_step(void *data)
{
	struct due *due = data;

	refresh_now(due->loop);
	if (due->on_clock_step) {
		due->on_clock_step(due);
	}
	due_hand_out(due);
}

static void due_on_ready(struct watch *watch, bool readable unused_arg, bool writable unused_arg)
{
	struct due *due = container_of(watch, struct due, watch);
	uint64_t times;

	if (read(due->fd, &times, sizeof(times)) < 0) {
		if (errno == ECANCELED) {
			due_on_step(due);
		}
		return; /* else EAGAIN: it was armed anew since it became readable */
	}
	due_hand_out(due);
}

bool due_start(struct loop *loop, struct due *due, void (*on_due)(struct due *due, int64_t at, int64_t id),
	void (*on_clock_step)(struct due *due), struct error *err)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0) {
		return error_set_errno(err, "cannot make a timer");
	}
	*due = (struct due){ .loop = loop, .fd = fd, .on_due = on_due, .on_clock_step = on_clock_step };
	watch_init(&due->watch, fd, due_on_ready);
	ev_set_priority(&due->watch.ev, EV_MAXPRI - 1);
	watch_want(loop, &due->watch, true, false);
	due_arm(due);
	return true;
}

void due_add(struct due *due, int64_t at, int64_t id)
{
	heap_push(&due->heap, at, id);
	due_arm(due);
}

void due_finish(struct due *due)
{
	if (!due->loop) {
		return;
	}
	loop_defer_cancel(due->loop, due);
	watch_stop(due->loop, &due->watch);
	close(due->fd);
	heap_finish(&due->heap);
	due->loop = NULL;
	due->fd = -1;
}
