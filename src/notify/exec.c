/*
 * Hook programs: started, fed, watched, ended. Not for: what is worth a notice, or trying again (the notice row and the
 * daemon do that).
 *
 * What a citizen wrote reaches the program on standard input only, so it can neither become an option nor a shell
 * word. The program sees none of our descriptors, signal settings or environment beyond PATH, LANG, TZ, GAZETTE_*.
 *
 * A program is over when its process has ended, not when its standard error is closed: one that leaves a child behind
 * must not keep its place. posix_spawn() instead of fork(): the daemon has threads, and a page table worth copying.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "notify/notify.h"

#define GRACE_MS     2000
#define OUTPUT_BYTES 512u
#define DEFAULT_PATH "PATH=/usr/local/bin:/usr/bin:/bin"

struct hook {
	struct hook *next; /* notify.urgent, notify.waiting, notify.running or notify.finished */
	struct notify *notify;
	int64_t id;
	char **argv; /* ends with NULL */
	char *input;
	size_t input_n;
	size_t input_written;
	void (*on_done)(void *data, const struct notice_result *result);
	void *data;

	pid_t pid;
	struct child_watch child;
	struct timer timer;
	struct watch to_child; /* its standard input */
	int to_child_fd;
	struct watch from_child; /* its standard error */
	int from_child_fd;
	bool started;
	bool timed_out;
	int64_t run_ms;

	struct buf output; /* the first line */
	bool output_whole;
	int exit_code;
	struct error error;
};

struct hook_list {
	struct hook *first;
	struct hook *last;
	size_t n;
};

struct notify {
	struct loop *loop;
	struct hook_list urgent; /* they wait for nothing but their own */
	struct hook_list waiting;
	struct hook_list running;
	struct hook_list finished;
	bool completing; /* complete_finished() is deferred */
	int64_t run_ms;
	int64_t grace_ms;
};

static void list_add(struct hook_list *list, struct hook *hook)
{
	hook->next = NULL;
	if (list->last) {
		list->last->next = hook;
	} else {
		list->first = hook;
	}
	list->last = hook;
	list->n++;
}

static void list_remove(struct hook_list *list, struct hook *hook)
{
	struct hook *before = NULL;

	for (struct hook *at = list->first; at != hook; at = at->next) {
		before = at;
	}
	if (before) {
		before->next = hook->next;
	} else {
		list->first = hook->next;
	}
	if (list->last == hook) {
		list->last = before;
	}
	hook->next = NULL;
	list->n--;
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
		*fd = -1;
	}
}

static void stop_watching(struct hook *hook)
{
	struct loop *loop = hook->notify->loop;

	timer_stop(loop, &hook->timer);
	child_watch_stop(loop, &hook->child);
	watch_stop(loop, &hook->to_child);
	watch_stop(loop, &hook->from_child);
	close_fd(&hook->to_child_fd);
	close_fd(&hook->from_child_fd);
}

static void hook_free(struct hook *hook)
{
	for (char **word = hook->argv; *word; word++) {
		free(*word);
	}
	free(hook->argv);
	free(hook->input);
	buf_finish(&hook->output);
	free(hook);
}

static void start_waiting(struct notify *notify);

static void complete_finished(void *data)
{
	struct notify *notify = data;
	struct hook *hook = notify->finished.first;

	notify->finished = (struct hook_list){ 0 };
	notify->completing = false;
	start_waiting(notify);
	while (hook) {
		struct hook *next = hook->next;
		struct notice_result result = {
			.id = hook->id,
			.exit_code = hook->exit_code,
			.started = hook->started,
			.error = hook->error,
			.output = str_trim(buf_str(&hook->output)),
		};

		hook->on_done(hook->data, &result);
		hook_free(hook);
		hook = next;
	}
}

/* The hook is in no list. */
static void finish(struct hook *hook)
{
	struct notify *notify = hook->notify;

	list_add(&notify->finished, hook);
	if (!notify->completing) {
		notify->completing = true;
		loop_defer(notify->loop, complete_finished, notify);
	}
}

/* Feeding and listening. */

static void feed(struct hook *hook)
{
	while (hook->input_written < hook->input_n) {
		ssize_t n = write(
			hook->to_child_fd, hook->input + hook->input_written, hook->input_n - hook->input_written);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			watch_want(hook->notify->loop, &hook->to_child, false, true);
			return;
		}
		if (n < 0) {
			break; /* EPIPE: it does not want to know. That is its right. */
		}
		hook->input_written += (size_t)n;
	}
	watch_stop(hook->notify->loop, &hook->to_child);
	close_fd(&hook->to_child_fd);
}

static void on_child_reads(struct watch *watch, bool readable unused_arg, bool writable unused_arg)
{
	feed(container_of(watch, struct hook, to_child));
}

/* Read what is there; keep the first line, drop the rest so that the program is not stopped by a full pipe. */
static void listen_to(struct hook *hook)
{
	char chunk[4096];

	while (hook->from_child_fd >= 0) {
		ssize_t n = read(hook->from_child_fd, chunk, sizeof(chunk));
		const char *lf;
		size_t take;

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			return;
		}
		if (n <= 0) {
			watch_stop(hook->notify->loop, &hook->from_child);
			close_fd(&hook->from_child_fd);
			return;
		}
		if (hook->output_whole) {
			/* One chunk a turn of what nobody reads: it cannot keep the loop busy. */
			return;
		}
		lf = memchr(chunk, '\n', (size_t)n);
		take = lf ? (size_t)(lf - chunk) : (size_t)n;
		if (take > OUTPUT_BYTES - hook->output.n) {
			take = OUTPUT_BYTES - hook->output.n;
		}
		buf_add(&hook->output, chunk, take);
		hook->output_whole = lf || hook->output.n == OUTPUT_BYTES;
	}
}

static void on_child_writes(struct watch *watch, bool readable unused_arg, bool writable unused_arg)
{
	listen_to(container_of(watch, struct hook, from_child));
}

/* The end. */

static void on_exit_status(struct child_watch *watch, int status)
{
	struct hook *hook = container_of(watch, struct hook, child);
	struct notify *notify = hook->notify;

	listen_to(hook);
	stop_watching(hook);
	hook->exit_code = -1;
	if (hook->timed_out) {
		error_set(&hook->error, ERROR_OS, ADVISE_RETRY, ETIMEDOUT, "%s ran longer than %lld ms and was ended",
			hook->argv[0], (long long)hook->run_ms);
	} else if (WIFEXITED(status)) {
		hook->exit_code = WEXITSTATUS(status);
	} else {
		error_set(&hook->error, ERROR_OS, ADVISE_RETRY, EINTR, "%s was ended by signal %d", hook->argv[0],
			WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
	list_remove(&notify->running, hook);
	finish(hook);
}

static void on_time(struct timer *timer)
{
	struct hook *hook = container_of(timer, struct hook, timer);

	/* The process is not reaped yet (child_watch would have stopped us), so the number is still its own. */
	if (hook->timed_out) {
		kill(-hook->pid, SIGKILL);
		return;
	}
	hook->timed_out = true;
	kill(-hook->pid, SIGTERM);
	timer_start(hook->notify->loop, &hook->timer, hook->notify->grace_ms);
}

/* The beginning. */

static bool wanted_variable(const char *variable)
{
	static const char *const wanted[] = { "PATH=", "LANG=", "TZ=", "GAZETTE_" };

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		if (strncmp(variable, wanted[i], strlen(wanted[i])) == 0) {
			return true;
		}
	}
	return false;
}

/* Lends the strings; the array is the caller's. */
static char **make_environment(void)
{
	static char default_path[] = DEFAULT_PATH;
	size_t n = 0;
	size_t kept = 0;
	bool has_path = false;
	char **variables;

	while (environ[n]) {
		n++;
	}
	variables = xnew_array(char *, n + 2);
	for (size_t i = 0; i < n; i++) {
		if (wanted_variable(environ[i])) {
			has_path = has_path || strncmp(environ[i], "PATH=", 5) == 0;
			variables[kept++] = environ[i];
		}
	}
	if (!has_path) {
		variables[kept] = default_path;
	}
	return variables;
}

/* Returns an errno value. The child's ends stay with the caller. */
static int spawn_with(struct hook *hook, int stdin_fd, int stderr_fd)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t all;
	char **variables;
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error) {
		return error;
	}
	error = posix_spawnattr_init(&attributes);
	if (error) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawn_file_actions_adddup2(&actions, stdin_fd, STDIN_FILENO);
	error = error ? error : posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	error = error ? error : posix_spawn_file_actions_adddup2(&actions, stderr_fd, STDERR_FILENO);
	error = error ? error : posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	error = error ? error : posix_spawnattr_setpgroup(&attributes, 0);
	error = error ? error : posix_spawnattr_setsigmask(&attributes, &none);
	error = error ? error : posix_spawnattr_setsigdefault(&attributes, &all);
	error = error ? error
		      : posix_spawnattr_setflags(
				&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!error) {
		variables = make_environment();
		error = posix_spawnp(&hook->pid, hook->argv[0], &actions, &attributes, hook->argv, variables);
		free(variables);
	}
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* A pipe to or from a child; our end does not block. (The process has its standard descriptors open.) */
static bool make_pipe(int *ret_read_fd, int *ret_write_fd, bool we_write)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0) {
		return false;
	}
	if (fcntl(fds[we_write ? 1 : 0], F_SETFL, O_NONBLOCK) < 0) {
		close(fds[0]);
		close(fds[1]);
		return false;
	}
	*ret_read_fd = fds[0];
	*ret_write_fd = fds[1];
	return true;
}

static bool spawn(struct hook *hook)
{
	int stdin_fd = -1;
	int stderr_fd = -1;
	int error = 0;

	if (!make_pipe(&stdin_fd, &hook->to_child_fd, true) || !make_pipe(&hook->from_child_fd, &stderr_fd, false)) {
		error = errno;
	} else {
		error = spawn_with(hook, stdin_fd, stderr_fd);
	}
	close_fd(&stdin_fd);
	close_fd(&stderr_fd);
	if (error) {
		bool passing = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ||
			       error == ETXTBSY;

		errno = error;
		error_set_errno(&hook->error, "cannot start %s", hook->argv[0]);
		hook->error.advice = passing ? ADVISE_RETRY : ADVISE_REJECT;
		close_fd(&hook->to_child_fd);
		close_fd(&hook->from_child_fd);
		return false;
	}
	return true;
}

/* The hook is in no list. */
static void start(struct hook *hook)
{
	struct notify *notify = hook->notify;

	hook->exit_code = -1;
	if (!spawn(hook)) {
		finish(hook);
		return;
	}
	list_add(&notify->running, hook);
	hook->started = true;
	hook->run_ms = notify->run_ms;
	child_watch_start(notify->loop, &hook->child, hook->pid, on_exit_status);
	watch_init(&hook->to_child, hook->to_child_fd, on_child_reads);
	watch_init(&hook->from_child, hook->from_child_fd, on_child_writes);
	watch_want(notify->loop, &hook->from_child, true, false);
	timer_start(notify->loop, &hook->timer, hook->run_ms);
	feed(hook);
}

/* Whose turn it is, taken from its list. NULL: nobody's, or there is no place. */
static struct hook *take_next(struct notify *notify)
{
	struct hook_list *list = notify->urgent.first ? &notify->urgent : &notify->waiting;
	size_t places = notify->urgent.first ? LIMIT_HOOKS_RUNNING + LIMIT_HOOKS_URGENT : LIMIT_HOOKS_RUNNING;
	struct hook *hook = notify->running.n < places ? list->first : NULL;

	if (hook) {
		list_remove(list, hook);
	}
	return hook;
}

/*
 * Called once a turn, never from a child's callback: libev reaps until no child has ended, so that a queue of quick
 * programs would be worked off in one turn. Each one tried ends in finish(), now or later, which calls again.
 */
static void start_waiting(struct notify *notify)
{
	for (unsigned i = 0; i < LIMIT_HOOKS_RUNNING; i++) {
		struct hook *hook = take_next(notify);

		if (!hook) {
			return;
		}
		start(hook);
	}
}

struct notify *notify_new(struct loop *loop)
{
	struct notify *notify = xnew(struct notify);

	notify->loop = loop;
	notify->run_ms = LIMIT_HOOK_MS;
	notify->grace_ms = GRACE_MS;
	return notify;
}

void notify_set_patience(struct notify *notify, int64_t run_ms, int64_t grace_ms)
{
	notify->run_ms = run_ms;
	notify->grace_ms = grace_ms;
}

static void free_list(struct hook_list *list)
{
	while (list->first) {
		struct hook *hook = list->first;

		list_remove(list, hook);
		hook_free(hook);
	}
}

void notify_free(struct notify *notify)
{
	if (!notify) {
		return;
	}
	for (struct hook *hook = notify->running.first; hook; hook = hook->next) {
		stop_watching(hook);
		kill(-hook->pid, SIGTERM);
	}
	loop_defer_cancel(notify->loop, notify);
	free_list(&notify->running);
	free_list(&notify->urgent);
	free_list(&notify->waiting);
	free_list(&notify->finished);
	free(notify);
}

static char **join_words(char *const *first, const char *const *second)
{
	size_t n = 0;
	size_t filled = 0;
	char **words;

	for (size_t i = 0; first[i]; i++) {
		n++;
	}
	for (size_t i = 0; second && second[i]; i++) {
		n++;
	}
	words = xnew_array(char *, n + 1);
	for (size_t i = 0; first[i]; i++) {
		words[filled++] = xstrdup(first[i]);
	}
	for (size_t i = 0; second && second[i]; i++) {
		words[filled++] = xstrdup(second[i]);
	}
	return words;
}

void notify_run(struct notify *notify, const struct notice *notice,
	void (*on_done)(void *data, const struct notice_result *result), void *data)
{
	struct hook_list *list = notice->urgent ? &notify->urgent : &notify->waiting;
	struct hook *hook = xnew(struct hook);

	hook->notify = notify;
	hook->id = notice->id;
	hook->argv = join_words(notice->argv, notice->arguments);
	hook->input = str_dup(notice->input);
	hook->input_n = notice->input.n;
	hook->on_done = on_done;
	hook->data = data;
	hook->to_child_fd = -1;
	hook->from_child_fd = -1;
	hook->exit_code = -1;
	buf_init(&hook->output, OUTPUT_BYTES);
	timer_init(&hook->timer, on_time);
	if (!hook->argv[0]) {
		error_set(&hook->error, ERROR_CONFIG, ADVISE_REJECT, 0, "no hook program is configured");
		finish(hook);
		return;
	}
	if (list->n >= NOTIFY_WAITING_MAX) {
		error_set(&hook->error, ERROR_OS, ADVISE_RETRY, EAGAIN, "too many hooks wait to be started");
		finish(hook);
		return;
	}
	list_add(list, hook);
	start_waiting(notify);
}
