/*
 * The loop with real descriptors, signals, children and threads. Times are asked of the clock, never assumed: a test
 * may see a timer late, never early.
 */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "net/loop.h"

#define SHORT_MS    15
#define PATIENCE_MS 60000

/* What the tests below share: a log of letters, and a loop that gives up. */
static struct {
	struct loop *loop;
	struct timer watchdog;
	struct buf log;
	size_t stop_at; /* letters; then the loop ends */
} rig;

static void on_watchdog(struct timer *timer)
{
	(void)timer;
	print_error("nothing has happened for %d ms\n", PATIENCE_MS);
	abort();
}

static void rig_init(void)
{
	rig.loop = loop_new();
	CHECK(rig.loop != NULL);
	buf_init(&rig.log, 4096);
	rig.stop_at = 0;
	timer_init(&rig.watchdog, on_watchdog);
}

static void rig_finish(void)
{
	timer_stop(rig.loop, &rig.watchdog);
	loop_free(rig.loop);
	buf_finish(&rig.log);
}

static void note(char letter)
{
	(void)buf_add_char(&rig.log, letter);
	if (rig.log.n == rig.stop_at) {
		loop_stop(rig.loop);
	}
}

/* Until the log has n letters. */
static void run_until(size_t n)
{
	rig.stop_at = n;
	if (rig.log.n < n) {
		timer_start(rig.loop, &rig.watchdog, PATIENCE_MS);
		loop_run(rig.loop);
		timer_stop(rig.loop, &rig.watchdog);
	}
	CHECK_INT(rig.log.n, n);
}

static void turn(void)
{
	(void)ev_run(loop_ev(rig.loop), EVRUN_NOWAIT);
}

/* Deferred calls. */

static void note_letter(void *data)
{
	note(*(const char *)data);
}

static void defer_again(void *data)
{
	note(*(const char *)data);
	loop_defer(rig.loop, note_letter, "x");
	loop_defer(rig.loop, note_letter, "y");
}

static void cancel_b(void *data)
{
	note('a');
	loop_defer_cancel(rig.loop, data);
}

static void test_loop__deferred_calls_run_in_order_before_it_sleeps(void **state)
{
	(void)state;
	rig_init();
	loop_defer(rig.loop, note_letter, "a");
	loop_defer(rig.loop, note_letter, "b");
	CHECK_INT(rig.log.n, 0);
	run_until(2);
	CHECK_STR(buf_str(&rig.log), "ab");
	rig_finish();
}

static void test_loop__what_a_deferred_call_defers_runs_in_the_next_turn(void **state)
{
	(void)state;
	rig_init();
	loop_defer(rig.loop, defer_again, "a");
	loop_defer(rig.loop, note_letter, "b");
	turn();
	CHECK_STR(buf_str(&rig.log), "ab");
	run_until(4); /* it does not sleep on them */
	CHECK_STR(buf_str(&rig.log), "abxy");
	rig_finish();
}

static void test_loop__cancelled_calls_do_not_run(void **state)
{
	static char b[] = "b";

	(void)state;
	rig_init();
	loop_defer(rig.loop, note_letter, b);
	loop_defer(rig.loop, note_letter, "c");
	loop_defer_cancel(rig.loop, b);
	turn();
	CHECK_STR(buf_str(&rig.log), "c");
	buf_clear(&rig.log);
	/* By one that runs in the same turn. */
	loop_defer(rig.loop, cancel_b, b);
	loop_defer(rig.loop, note_letter, b);
	loop_defer(rig.loop, note_letter, "c");
	turn();
	turn();
	CHECK_STR(buf_str(&rig.log), "ac");
	rig_finish();
}

static void test_loop__a_stop_that_comes_first_is_not_forgotten(void **state)
{
	(void)state;
	rig_init();
	timer_start(rig.loop, &rig.watchdog, PATIENCE_MS);
	loop_stop(rig.loop);
	loop_run(rig.loop); /* returns */
	loop_defer(rig.loop, note_letter, "a");
	run_until(1); /* and only once */
	rig_finish();
}

/* Timers. */

struct alarm {
	struct timer timer;
	char letter;
	struct mono began;
	int64_t after_ms;
	bool early;
};

static void on_alarm(struct timer *timer)
{
	struct alarm *alarm = container_of(timer, struct alarm, timer);

	alarm->early = alarm->early || clock_since_ms(alarm->began) < alarm->after_ms;
	note(alarm->letter);
}

static void alarm_start(struct alarm *alarm, int64_t after_ms)
{
	alarm->began = clock_mono();
	alarm->after_ms = after_ms;
	timer_start(rig.loop, &alarm->timer, after_ms);
}

static void test_timer__comes_once_never_early_and_can_be_moved_or_stopped(void **state)
{
	struct alarm a = { .letter = 'a' };
	struct alarm b = { .letter = 'b' };
	struct alarm c = { .letter = 'c' };

	(void)state;
	rig_init();
	timer_init(&a.timer, on_alarm);
	timer_init(&b.timer, on_alarm);
	timer_init(&c.timer, on_alarm);
	alarm_start(&a, 4 * SHORT_MS);
	alarm_start(&b, SHORT_MS);
	alarm_start(&c, SHORT_MS);
	timer_stop(rig.loop, &c.timer);
	timer_stop(rig.loop, &c.timer);
	alarm_start(&b, 2 * SHORT_MS); /* restarted: the first time is forgotten */
	run_until(2);
	CHECK_STR(buf_str(&rig.log), "ba");
	CHECK(!a.early && !b.early);
	alarm_start(&c, -5);
	run_until(3);
	CHECK_STR(buf_str(&rig.log), "bac");
	rig_finish();
}

static void test_timer__counts_from_its_start_not_from_the_turn(void **state)
{
	struct alarm a = { .letter = 'a' };
	struct mono began;

	(void)state;
	rig_init();
	timer_init(&a.timer, on_alarm);
	/* A turn that has been going on for longer than the timer is to take. */
	began = clock_mono();
	while (clock_since_ms(began) <= 2 * SHORT_MS) {
	}
	alarm_start(&a, SHORT_MS);
	run_until(1);
	CHECK(!a.early);
	rig_finish();
}

static void test_loop__now_is_one_value_a_turn_and_moves_on(void **state)
{
	struct alarm a = { .letter = 'a' };
	int64_t before_at;
	struct mono before;
	struct mono began = clock_mono();

	(void)state;
	rig_init();
	timer_init(&a.timer, on_alarm);
	before_at = loop_now_at(rig.loop);
	before = loop_now_mono(rig.loop);
	while (clock_since_ms(began) <= SHORT_MS) {
	}
	CHECK_INT(loop_now_at(rig.loop), before_at);
	CHECK_INT(loop_now_mono(rig.loop).ms, before.ms);
	alarm_start(&a, SHORT_MS);
	run_until(1);
	CHECK(loop_now_mono(rig.loop).ms >= before.ms + 2 * SHORT_MS);
	rig_finish();
}

/* Descriptors. */

struct pipe_watch {
	struct watch watch;
	int fd;
};

static void on_ready(struct watch *watch, bool readable, bool writable)
{
	struct pipe_watch *owner = container_of(watch, struct pipe_watch, watch);
	char c;

	if (readable) {
		note(read(owner->fd, &c, 1) == 1 ? c : '!');
	}
	if (writable) {
		note('w');
		watch_want(rig.loop, watch, false, false);
	}
}

static void test_watch__tells_what_is_wanted_until_it_is_stopped(void **state)
{
	struct pipe_watch reader;
	struct pipe_watch writer;
	int fds[2];

	(void)state;
	rig_init();
	CHECK_INT(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	reader.fd = fds[0];
	writer.fd = fds[1];
	watch_init(&reader.watch, fds[0], on_ready);
	watch_init(&writer.watch, fds[1], on_ready);
	CHECK_INT(write(fds[1], "abc", 3), 3);
	turn();
	CHECK_INT(rig.log.n, 0); /* nobody has asked */
	watch_want(rig.loop, &reader.watch, true, false);
	watch_want(rig.loop, &reader.watch, true, false);
	run_until(2);
	watch_want(rig.loop, &reader.watch, false, false);
	turn();
	turn();
	CHECK_STR(buf_str(&rig.log), "ab");
	watch_want(rig.loop, &writer.watch, false, true);
	run_until(3);
	CHECK_STR(buf_str(&rig.log), "abw");
	watch_stop(rig.loop, &writer.watch);
	close(fds[1]);
	watch_want(rig.loop, &reader.watch, true, false);
	run_until(5);
	CHECK_STR(buf_str(&rig.log), "abwc!"); /* the end is something to read */
	watch_stop(rig.loop, &reader.watch);
	watch_stop(rig.loop, &reader.watch);
	close(fds[0]);
	turn();
	rig_finish();
}

/* Signals and children. */

static void on_signal(struct signal_watch *watch)
{
	(void)watch;
	note('s');
}

static void test_signal__is_told_on_the_loop(void **state)
{
	struct signal_watch watch;

	(void)state;
	rig_init();
	signal_watch_start(rig.loop, &watch, SIGUSR1, on_signal);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(rig.log.n, 0); /* not in the handler */
	run_until(1);
	signal_watch_stop(rig.loop, &watch);
	rig_finish();
}

static void test_loop__ignores_sigpipe(void **state)
{
	struct sigaction action;
	int fds[2];

	(void)state;
	rig_init();
	CHECK_INT(sigaction(SIGPIPE, NULL, &action), 0);
	CHECK(action.sa_handler == SIG_IGN);
	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	CHECK_INT(write(fds[1], "x", 1), -1);
	close(fds[1]);
	rig_finish();
}

struct child {
	struct child_watch watch;
	int status;
};

static void on_exit_status(struct child_watch *watch, int status)
{
	container_of(watch, struct child, watch)->status = status;
	note('c');
}

static void child_start(struct child *child, const char *script)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	pid_t pid;

	CHECK_INT(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ), 0);
	child->status = -1;
	child_watch_start(rig.loop, &child->watch, pid, on_exit_status);
}

static void test_child__its_end_is_told_with_its_status(void **state)
{
	struct child a;
	struct child b;

	(void)state;
	rig_init();
	child_start(&a, "exit 7");
	child_start(&b, "kill -TERM $$");
	run_until(2);
	CHECK(WIFEXITED(a.status));
	CHECK_INT(WEXITSTATUS(a.status), 7);
	CHECK(WIFSIGNALED(b.status));
	CHECK_INT(WTERMSIG(b.status), SIGTERM);
	child_watch_stop(rig.loop, &a.watch);
	rig_finish();
}

/* Wakes. */

static void on_wake(struct wake *wake)
{
	(void)wake;
	note('w');
}

static void *send_wakes(void *data)
{
	for (int i = 0; i < 1000; i++) {
		wake_send(data);
	}
	return NULL;
}

static void test_wake__many_before_a_turn_are_one(void **state)
{
	struct wake wake;
	pthread_t thread;

	(void)state;
	rig_init();
	wake_start(rig.loop, &wake, on_wake);
	CHECK_INT(pthread_create(&thread, NULL, send_wakes, &wake), 0);
	CHECK_INT(pthread_join(thread, NULL), 0);
	run_until(1);
	turn();
	turn();
	CHECK_STR(buf_str(&rig.log), "w");
	wake_stop(&wake);
	rig_finish();
}

static void *send_one(void *data)
{
	wake_send(data);
	return NULL;
}

static void test_wake__ends_a_sleep(void **state)
{
	struct wake wake;
	pthread_t thread;

	(void)state;
	rig_init();
	wake_start(rig.loop, &wake, on_wake);
	CHECK_INT(pthread_create(&thread, NULL, send_one, &wake), 0);
	run_until(1);
	CHECK_INT(pthread_join(thread, NULL), 0);
	wake_stop(&wake);
	rig_finish();
	{
		struct wake never = { 0 };

		wake_stop(&never); /* not started */
	}
}

/* More than one loop. */

static void *run_a_loop(void *data)
{
	struct loop *loop = loop_new();
	bool *ran = data;

	if (loop) {
		loop_defer(loop, (void (*)(void *))loop_stop, loop);
		loop_run(loop);
		loop_free(loop);
		*ran = true;
	}
	return NULL;
}

static void test_loop__another_thread_may_have_its_own(void **state)
{
	pthread_t thread;
	bool ran = false;
	struct child child;

	(void)state;
	rig_init();
	CHECK_INT(pthread_create(&thread, NULL, run_a_loop, &ran), 0);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK(ran);
	/* And the first one still hears of children. */
	child_start(&child, "exit 0");
	run_until(1);
	rig_finish();
	loop_free(NULL);
}

/* Calendar times. */

static struct due due;
static bool due_early;
static int64_t due_last_at;

static void on_due(struct due *from, int64_t at, int64_t id)
{
	due_early = due_early || clock_wall_at() < at || loop_now_at(from->loop) < at;
	due_last_at = at;
	note((char)id);
	if (id == 'r') {
		due_add(from, at, 's'); /* something due at once */
	} else if (id == 'e') {
		due_add(from, at, id);
	} else if (id == 'q') {
		due_finish(from);
	}
}

static void due_init(void)
{
	struct error err = { 0 };

	rig_init();
	due_early = false;
	CHECK_OK(due_start(rig.loop, &due, on_due, NULL, &err), err);
}

static void due_end(void)
{
	due_finish(&due);
	due_finish(&due);
	rig_finish();
}

static void test_due__comes_in_order_and_never_early(void **state)
{
	int64_t now_at;

	(void)state;
	due_init();
	now_at = clock_wall_at();
	due_add(&due, now_at + 3 * SHORT_MS, 'c');
	due_add(&due, now_at + 2 * SHORT_MS, 'b');
	due_add(&due, INT64_MAX, 'z');
	due_add(&due, now_at + 4 * SHORT_MS, 'd');
	due_add(&due, now_at + SHORT_MS, 'a');
	run_until(4);
	CHECK_STR(buf_str(&rig.log), "abcd");
	CHECK(!due_early);
	CHECK_INT(due_last_at, now_at + 4 * SHORT_MS);
	due_end();
}

static void test_due__what_is_past_comes_at_once(void **state)
{
	static const int64_t times[] = { INT64_MIN, -1, 0, 1, 1000000000000 };

	(void)state;
	due_init();
	for (size_t i = ARRAY_LEN(times); i-- > 0;) {
		due_add(&due, times[i], 'a' + (int)i);
	}
	run_until(ARRAY_LEN(times));
	CHECK_STR(buf_str(&rig.log), "abcde");
	due_end();
}

static void test_due__what_a_callback_adds_waits_for_the_next_turn(void **state)
{
	(void)state;
	due_init();
	due_add(&due, 1, 'r');
	due_add(&due, 2, 't');
	run_until(3);
	CHECK_STR(buf_str(&rig.log), "rst"); /* 's' is as old as 'r' */
	due_end();
}

static void test_due__one_that_is_always_due_leaves_the_loop_to_others(void **state)
{
	(void)state;
	due_init();
	due_add(&due, 1, 'e');
	turn();
	turn();
	CHECK(rig.log.n <= 2); /* one a turn */
	loop_defer(rig.loop, note_letter, "x");
	turn();
	CHECK(memchr(rig.log.p, 'x', rig.log.n) != NULL);
	due_end();
}

static void test_due__may_be_finished_by_its_callback(void **state)
{
	(void)state;
	due_init();
	due_add(&due, 1, 'q');
	due_add(&due, 2, 'z');
	run_until(1);
	turn();
	turn();
	CHECK_STR(buf_str(&rig.log), "q");
	due_end();
}

static void test_due__thousands_of_one_moment_all_come(void **state)
{
	enum { ENTRIES = 2000 };
	int64_t now_at;

	(void)state;
	due_init();
	now_at = clock_wall_at();
	for (int i = 0; i < ENTRIES; i++) {
		due_add(&due, now_at + i % SHORT_MS, 'n');
	}
	run_until(ENTRIES);
	CHECK(!due_early);
	due_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loop__deferred_calls_run_in_order_before_it_sleeps),
		cmocka_unit_test(test_loop__what_a_deferred_call_defers_runs_in_the_next_turn),
		cmocka_unit_test(test_loop__cancelled_calls_do_not_run),
		cmocka_unit_test(test_loop__a_stop_that_comes_first_is_not_forgotten),
		cmocka_unit_test(test_timer__comes_once_never_early_and_can_be_moved_or_stopped),
		cmocka_unit_test(test_timer__counts_from_its_start_not_from_the_turn),
		cmocka_unit_test(test_loop__now_is_one_value_a_turn_and_moves_on),
		cmocka_unit_test(test_watch__tells_what_is_wanted_until_it_is_stopped),
		cmocka_unit_test(test_signal__is_told_on_the_loop),
		cmocka_unit_test(test_loop__ignores_sigpipe),
		cmocka_unit_test(test_child__its_end_is_told_with_its_status),
		cmocka_unit_test(test_wake__many_before_a_turn_are_one),
		cmocka_unit_test(test_wake__ends_a_sleep),
		cmocka_unit_test(test_loop__another_thread_may_have_its_own),
		cmocka_unit_test(test_due__comes_in_order_and_never_early),
		cmocka_unit_test(test_due__what_is_past_comes_at_once),
		cmocka_unit_test(test_due__what_a_callback_adds_waits_for_the_next_turn),
		cmocka_unit_test(test_due__one_that_is_always_due_leaves_the_loop_to_others),
		cmocka_unit_test(test_due__may_be_finished_by_its_callback),
		cmocka_unit_test(test_due__thousands_of_one_moment_all_come),
	};

	return check_run(tests);
}
