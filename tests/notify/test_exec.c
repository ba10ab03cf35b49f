/*
 * Real programs, started as the daemon starts them: what they get to see, what is kept of them, and that they end.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "notify/notify.h"

#define PATIENCE_MS 60000

struct outcome {
	int times;
	int64_t id;
	int exit_code;
	bool started;
	struct error error;
	char output[600];
};

static struct {
	struct loop *loop;
	struct notify *notify;
	struct timer watchdog;
	char directory[64];
	bool inside_run;
	bool urgent; /* what is started now */
	size_t open;
	struct outcome outcomes[NOTIFY_WAITING_MAX + LIMIT_HOOKS_RUNNING + 8];
	size_t n;
} rig;

static void on_watchdog(struct timer *timer)
{
	(void)timer;
	print_error("nothing has happened for %d ms\n", PATIENCE_MS);
	abort();
}

static void rig_init(void)
{
	memset(&rig, 0, sizeof(rig));
	rig.loop = loop_new();
	CHECK(rig.loop != NULL);
	rig.notify = notify_new(rig.loop);
	timer_init(&rig.watchdog, on_watchdog);
	(void)snprintf(rig.directory, sizeof(rig.directory), "/tmp/gazette-notify-XXXXXX");
	CHECK(mkdtemp(rig.directory) != NULL);
}

static void rig_finish(void)
{
	char command[128];

	notify_free(rig.notify);
	loop_free(rig.loop);
	(void)snprintf(command, sizeof(command), "rm -r %s", rig.directory);
	CHECK_INT(system(command), 0);
}

static void on_done(void *data, const struct notice_result *result)
{
	struct outcome *outcome = data;

	if (rig.inside_run) {
		print_error("a completion ran inside notify_run()\n");
		abort();
	}
	outcome->times++;
	outcome->id = result->id;
	outcome->exit_code = result->exit_code;
	outcome->started = result->started;
	outcome->error = result->error;
	(void)snprintf(outcome->output, sizeof(outcome->output), STR_FMT, STR_ARG(result->output));
	rig.n++;
	if (--rig.open == 0) {
		loop_stop(rig.loop);
	}
}

static struct outcome *start(char *const *argv, const char *const *arguments, struct str input)
{
	int64_t id = (int64_t)(rig.n + rig.open);
	struct outcome *outcome = &rig.outcomes[id];
	struct notice notice = { .id = id, .argv = argv, .arguments = arguments, .input = input, .urgent = rig.urgent };

	rig.open++;
	rig.inside_run = true;
	notify_run(rig.notify, &notice, on_done, outcome);
	rig.inside_run = false;
	return outcome;
}

/* A shell script; $D is the test's directory. */
static struct outcome *start_script(const char *script, const char *const *arguments, struct str input)
{
	char text[1024];
	char *argv[] = { "/bin/sh", "-c", text, "hook", NULL };

	(void)snprintf(text, sizeof(text), "D=%s; %s", rig.directory, script);
	return start(argv, arguments, input); /* both end here: it must have copied them */
}

static void run(void)
{
	timer_start(rig.loop, &rig.watchdog, PATIENCE_MS);
	if (rig.open > 0) {
		loop_run(rig.loop);
	}
	timer_stop(rig.loop, &rig.watchdog);
	CHECK_INT(rig.open, 0);
}

/* What a script wrote to $D/out. */
static struct str written(void)
{
	static char bytes[1 << 16];
	char path[100];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/out", rig.directory);
	file = fopen(path, "rb");
	CHECK(file != NULL);
	n = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	return (struct str){ bytes, n };
}

static void test_hook__exit_code_and_first_line_of_its_complaint_are_kept(void **state)
{
	static const struct {
		const char *script;
		int exit_code;
		const char *output;
	} rows[] = {
		{ "exit 0", 0, "" },
		{ "exit 7", 7, "" },
		{ "exit 255", 255, "" },
		{ "echo to nobody; exit 1", 1, "" },
		{ "echo one >&2; echo two >&2; exit 1", 1, "one" },
		{ "printf '  no line end ' >&2; exit 2", 2, "no line end" },
		{ "printf '\\n\\nthird' >&2", 0, "" },
		{ "printf 'half '>&2; printf 'line\\nrest' >&2", 0, "half line" },
	};
	struct outcome *outcomes[ARRAY_LEN(rows)];

	(void)state;
	rig_init();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		outcomes[i] = start_script(rows[i].script, NULL, STR(""));
	}
	run();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_INT(outcomes[i]->times, 1);
		CHECK_INT(outcomes[i]->id, i);
		CHECK_INT(outcomes[i]->exit_code, rows[i].exit_code);
		CHECK_INT(outcomes[i]->error.domain, ERROR_NONE);
		CHECK_TEXT(outcomes[i]->output, rows[i].output);
	}
	rig_finish();
}

static void test_hook__arguments_are_words_and_input_is_input(void **state)
{
	static const char *const arguments[] = { "crisis", "P1", "$(touch $D/hacked)", "a b", "", "-rf", "中\"'",
		NULL };
	const char *input = "{\"text\":\"; rm -rf / `id` $(id)\\n\"}";

	(void)state;
	rig_init();
	(void)start_script("for a; do printf '[%s]' \"$a\"; done > $D/out; cat >> $D/out", arguments, str_from(input));
	run();
	CHECK_INT(rig.outcomes[0].exit_code, 0);
	{
		struct str out = written();
		struct str head = STR("[crisis][P1][$(touch $D/hacked)][a b][][-rf][中\"']");

		CHECK(str_starts(out, head));
		CHECK_STR(str_sub(out, head.n, out.n), input);
	}
	rig_finish();
}

static void test_hook__a_long_input_arrives_whole_though_nobody_waits(void **state)
{
	size_t n = 1u << 20; /* more than a pipe holds */
	char *bytes = xnew_array(char, n);

	(void)state;
	rig_init();
	memset(bytes, 'x', n);
	(void)start_script("wc -c | tr -d ' \\n' > $D/out", NULL, (struct str){ bytes, n });
	free(bytes); /* copied */
	run();
	CHECK_INT(rig.outcomes[0].exit_code, 0);
	CHECK_STR(written(), "1048576");
	rig_finish();
}

static void test_hook__one_that_does_not_read_is_no_failure(void **state)
{
	size_t n = 1u << 20;
	char *bytes = xnew_array(char, n);

	(void)state;
	rig_init();
	memset(bytes, 'x', n);
	(void)start_script("exec 0<&-; exit 3", NULL, (struct str){ bytes, n });
	free(bytes);
	run();
	CHECK_INT(rig.outcomes[0].exit_code, 3);
	CHECK_INT(rig.outcomes[0].error.domain, ERROR_NONE);
	rig_finish();
}

static void test_hook__one_that_talks_without_end_is_cut_and_not_stopped(void **state)
{
	struct outcome *outcome;

	(void)state;
	rig_init();
	outcome = start_script("head -c 1000000 /dev/zero | tr '\\0' y >&2; exit 4", NULL, STR(""));
	run();
	CHECK_INT(outcome->exit_code, 4);
	CHECK_INT(strlen(outcome->output), 512);
	CHECK_INT(strspn(outcome->output, "y"), 512);
	rig_finish();
}

static void test_hook__sees_nothing_of_ours(void **state)
{
	int leak;
	char number[16];
	const char *arguments[] = { number, NULL };
	struct str out;

	(void)state;
	rig_init();
	/* A descriptor of somebody careless, a secret in the environment, a signal that is blocked, one that is
	 * ignored. What the shell itself blocks while it waits is its own affair: awk tells of itself. */
	leak = fcntl(open("/dev/null", O_RDONLY | O_CLOEXEC), F_DUPFD, 40);
	CHECK(leak >= 40);
	(void)snprintf(number, sizeof(number), "%d", leak);
	(void)setenv("SECRET_TOKEN", "hush", 1);
	(void)setenv("GAZETTE_OFFICE", "test", 1);
	(void)setenv("LANG", "C", 1);
	(void)setenv("LD_LIBRARY_PATHX", "hush", 1);
	{
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGTERM);
		CHECK_INT(sigprocmask(SIG_BLOCK, &set, NULL), 0);
		(void)start_script(
			"env | sed 's/=.*//' | sort | tr '\\n' ' ' > $D/out;"
			"[ -e /proc/self/fd/$1 ] && echo leak >> $D/out;"
			"awk '/SigBlk/ { print \"blocked\", $2 } /SigIgn/ { print \"pipe\", substr($2, 13, 1) }'"
			" /proc/self/status >> $D/out",
			arguments, STR(""));
		CHECK_INT(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
	}
	run();
	out = written();
	CHECK(str_find(out, STR("SECRET_TOKEN")) < 0);
	CHECK(str_find(out, STR("LD_LIBRARY_PATHX")) < 0);
	CHECK(str_find(out, STR("GAZETTE_OFFICE ")) >= 0);
	CHECK(str_find(out, STR("LANG ")) >= 0);
	CHECK(str_find(out, STR("PATH ")) >= 0);
	CHECK(str_find(out, STR("leak")) < 0);
	CHECK(str_find(out, STR("blocked 0000000000000000")) >= 0);
	CHECK(str_find(out, STR("pipe 0")) >= 0); /* the hexadecimal digit with SIGPIPE in it */
	(void)unsetenv("SECRET_TOKEN");
	(void)unsetenv("LD_LIBRARY_PATHX");
	(void)unsetenv("GAZETTE_OFFICE");
	close(leak);
	rig_finish();
}

static void test_hook__what_cannot_be_started_says_why(void **state)
{
	char *missing[] = { "/nonexistent/hook", NULL };
	char *nothing[] = { NULL };
	char path[100];
	char *text[] = { path, NULL };
	struct outcome *a;
	struct outcome *b;
	struct outcome *c;
	int fd;

	(void)state;
	rig_init();
	(void)snprintf(path, sizeof(path), "%s/plain", rig.directory);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	a = start(missing, NULL, STR("{}"));
	b = start(nothing, NULL, STR("{}"));
	c = start(text, NULL, STR("{}"));
	CHECK_INT(a->times + b->times + c->times, 0);
	run();
	CHECK_INT(a->exit_code, -1);
	CHECK_INT(a->started, false);
	CHECK_INT(a->error.domain, ERROR_OS);
	CHECK_INT(a->error.code, ENOENT);
	CHECK_INT(a->error.advice, ADVISE_REJECT); /* trying again will not make it appear */
	CHECK(strstr(a->error.message, "/nonexistent/hook") != NULL);
	CHECK_INT(b->exit_code, -1);
	CHECK_INT(b->error.domain, ERROR_CONFIG);
	CHECK_INT(c->exit_code, -1);
	CHECK_INT(c->error.code, EACCES);
	rig_finish();
}

static void test_hook__killed_by_a_signal_is_told_as_such(void **state)
{
	struct outcome *outcome;

	(void)state;
	rig_init();
	outcome = start_script("kill -KILL $$", NULL, STR(""));
	run();
	CHECK_INT(outcome->exit_code, -1);
	CHECK_INT(outcome->started, true);
	CHECK_INT(outcome->error.advice, ADVISE_RETRY);
	CHECK(strstr(outcome->error.message, "signal 9") != NULL);
	rig_finish();
}

static void test_hook__one_that_hangs_is_ended_with_its_children(void **state)
{
	struct outcome *outcome;
	struct str out;

	(void)state;
	rig_init();
	notify_set_patience(rig.notify, 300, PATIENCE_MS);
	outcome = start_script("sleep 600 & echo $! > $D/out; wait", NULL, STR(""));
	run();
	CHECK_INT(outcome->times, 1);
	CHECK_INT(outcome->exit_code, -1);
	CHECK_INT(outcome->started, true);
	CHECK_INT(outcome->error.code, ETIMEDOUT);
	CHECK_INT(outcome->error.advice, ADVISE_RETRY);
	CHECK(strstr(outcome->error.message, "300 ms") != NULL);
	out = str_trim(written());
	{
		int64_t pid = 0;
		char path[64];
		FILE *file;
		char status[512] = "";

		CHECK(str_to_i64(out, 2, INT32_MAX, &pid));
		/* The child has got its SIGTERM too: it is gone, or is about to be. */
		(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
		for (int i = 0; i < 1000000; i++) {
			size_t n = 0;

			file = fopen(path, "rb");
			if (file) {
				n = fread(status, 1, sizeof(status) - 1, file);
				(void)fclose(file);
			}
			if (n == 0) {
				break; /* gone, or a zombie that somebody else reaps */
			}
			CHECK(i < 999999);
		}
	}
	rig_finish();
}

static void test_hook__one_that_ignores_sigterm_is_killed(void **state)
{
	struct outcome *outcome;

	(void)state;
	rig_init();
	notify_set_patience(rig.notify, 300, 50);
	outcome = start_script("trap '' TERM; while :; do sleep 600; done", NULL, STR(""));
	run();
	CHECK_INT(outcome->times, 1);
	CHECK_INT(outcome->exit_code, -1);
	CHECK_INT(outcome->error.code, ETIMEDOUT);
	rig_finish();
}

static void test_hook__a_child_left_behind_does_not_keep_its_place(void **state)
{
	struct outcome *outcome;
	int64_t pid = 0;

	(void)state;
	rig_init();
	outcome = start_script("sleep 600 & echo $! > $D/out; echo left >&2; exit 5", NULL, STR(""));
	run(); /* though the child holds standard error open */
	CHECK_INT(outcome->exit_code, 5);
	CHECK_TEXT(outcome->output, "left");
	CHECK(str_to_i64(str_trim(written()), 2, INT32_MAX, &pid));
	CHECK_INT(kill((pid_t)pid, SIGKILL), 0);
	rig_finish();
}

static void test_hook__no_more_than_the_limit_run_at_once_and_in_order(void **state)
{
	enum { HOOKS = LIMIT_HOOKS_RUNNING * 3 };
	struct str out;
	int64_t most = 0;
	struct str line;

	(void)state;
	rig_init();
	/* Each counts who is inside with it; a place is a file. */
	for (int i = 0; i < HOOKS; i++) {
		(void)start_script(
			"mkdir -p $D/in; : > $D/in/$$; ls $D/in | wc -l >> $D/out; rm $D/in/$$", NULL, STR(""));
	}
	run();
	out = written();
	while (str_split(&out, '\n', &line) && line.n > 0) {
		int64_t n = 0;

		CHECK(str_to_i64(str_trim(line), 1, HOOKS, &n));
		most = n > most ? n : most;
	}
	CHECK(most <= LIMIT_HOOKS_RUNNING);
	for (int i = 0; i < HOOKS; i++) {
		CHECK_INT(rig.outcomes[i].times, 1);
		CHECK_INT(rig.outcomes[i].exit_code, 0);
	}
	rig_finish();
}

static void test_hook__an_urgent_one_waits_for_no_other(void **state)
{
	char gate[100];
	int fd;

	(void)state;
	rig_init();
	(void)snprintf(gate, sizeof(gate), "%s/gate", rig.directory);
	CHECK_INT(mkfifo(gate, 0600), 0);
	fd = open(gate, O_RDWR | O_CLOEXEC); /* so that what is written stays for whoever reads late */
	CHECK(fd >= 0);
	for (unsigned i = 0; i < LIMIT_HOOKS_RUNNING; i++) {
		(void)start_script("read x < $D/gate", NULL, STR(""));
	}
	(void)start_script("echo behind >> $D/out", NULL, STR(""));
	rig.urgent = true;
	for (unsigned i = 0; i < LIMIT_HOOKS_URGENT; i++) {
		(void)start_script("echo urgent >> $D/out; printf '\\n\\n\\n\\n' > $D/gate", NULL, STR(""));
	}
	run();
	CHECK(str_starts(written(), STR("urgent\n")));
	for (unsigned i = 0; i < LIMIT_HOOKS_RUNNING; i++) {
		CHECK_INT(rig.outcomes[i].exit_code, 0); /* none had to be ended to make room */
	}
	CHECK(LIMIT_HOOKS_URGENT * 4 >= LIMIT_HOOKS_RUNNING); /* or some would still read */
	(void)close(fd);
	rig_finish();
}

static void test_hook__a_full_queue_refuses_and_says_again_later(void **state)
{
	char *argv[] = { "/bin/sh", "-c", "read x; exit 0", NULL };
	size_t room = NOTIFY_WAITING_MAX + LIMIT_HOOKS_RUNNING;
	struct outcome *refused = NULL;
	size_t times = 0;

	(void)state;
	rig_init();
	for (size_t i = 0; i < room + 2; i++) {
		refused = start(argv, NULL, STR("go\n"));
	}
	CHECK_INT(refused->times, 0); /* told later, like all */
	for (int i = 0; i < 100 && refused->times == 0; i++) {
		(void)ev_run(loop_ev(rig.loop), EVRUN_NOWAIT);
	}
	CHECK_INT(refused->times, 1);
	CHECK_INT(refused->exit_code, -1);
	CHECK_INT(refused->started, false);
	CHECK_INT(refused->error.advice, ADVISE_RETRY);
	CHECK_INT(rig.outcomes[room].times, 1);
	for (size_t i = 0; i < room; i++) {
		times += (size_t)rig.outcomes[i].times;
	}
	CHECK(times < room);
	/* Freed with all of them open: nobody is told any more. */
	notify_free(rig.notify);
	rig.notify = NULL;
	(void)ev_run(loop_ev(rig.loop), EVRUN_NOWAIT);
	{
		size_t after = 0;

		for (size_t i = 0; i < room; i++) {
			after += (size_t)rig.outcomes[i].times;
		}
		CHECK_INT(after, times);
	}
	rig_finish();
}

/* Sixteen places come free while hundreds wait: the loop has others to serve. */
static void test_hook__a_turn_of_the_loop_starts_no_more_than_the_places(void **state)
{
	char *missing[] = { "/nonexistent/hook", NULL };
	char path[100];
	int fd;

	(void)state;
	rig_init();
	(void)snprintf(path, sizeof(path), "%s/gate", rig.directory);
	CHECK_INT(mkfifo(path, 0600), 0);
	for (unsigned i = 0; i < LIMIT_HOOKS_RUNNING; i++) {
		(void)start_script("read x < $D/gate; exit 0", NULL, STR(""));
	}
	for (unsigned i = 0; i < 20 * LIMIT_HOOKS_RUNNING; i++) {
		(void)start(missing, NULL, STR(""));
	}
	fd = open(path, O_RDWR | O_CLOEXEC); /* all may open it now, */
	CHECK(fd >= 0);
	for (unsigned i = 0; i < LIMIT_HOOKS_RUNNING; i++) {
		CHECK_INT(write(fd, "\n", 1), 1); /* and each reads its line */
	}
	timer_start(rig.loop, &rig.watchdog, PATIENCE_MS);
	while (rig.open > 0) {
		size_t before = rig.n;

		(void)ev_run(loop_ev(rig.loop), EVRUN_ONCE);
		CHECK(rig.n - before <= 2 * LIMIT_HOOKS_RUNNING);
	}
	timer_stop(rig.loop, &rig.watchdog);
	close(fd);
	rig_finish();
}

static void start_another(void *data, const struct notice_result *result)
{
	char *argv[] = { "/bin/sh", "-c", "exit 7", NULL };
	char *nothing[] = { NULL };

	(void)start(argv, NULL, STR(""));
	(void)start(nothing, NULL, STR(""));
	on_done(data, result);
}

static void test_hook__a_completion_may_start_another(void **state)
{
	char *argv[] = { "/bin/sh", "-c", "exit 6", NULL };
	struct notice notice = { .argv = argv };

	(void)state;
	rig_init();
	rig.open = 1;
	notify_run(rig.notify, &notice, start_another, &rig.outcomes[0]);
	run();
	CHECK_INT(rig.outcomes[0].times, 1);
	CHECK_INT(rig.outcomes[0].exit_code, 6);
	CHECK_INT(rig.outcomes[1].times, 1);
	CHECK_INT(rig.outcomes[1].exit_code, 7);
	CHECK_INT(rig.outcomes[2].times, 1);
	CHECK_INT(rig.outcomes[2].exit_code, -1);
	rig_finish();
}

static void test_hook__freeing_ends_those_that_run(void **state)
{
	char path[100];
	int fd;
	char c;

	(void)state;
	rig_init();
	(void)snprintf(path, sizeof(path), "%s/life", rig.directory);
	CHECK_INT(mkfifo(path, 0600), 0);
	/* It holds the pipe's writing end open as long as it lives. */
	(void)start_script("exec 3> $D/life; echo x >&3; exec sleep 600", NULL, STR(""));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_INT(read(fd, &c, 1), 1);
	CHECK_INT(c, 'x');
	notify_free(rig.notify);
	rig.notify = NULL;
	while (read(fd, &c, 1) == 1) {
	}
	CHECK_INT(rig.n, 0);
	close(fd);
	rig_finish();
	notify_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hook__exit_code_and_first_line_of_its_complaint_are_kept),
		cmocka_unit_test(test_hook__arguments_are_words_and_input_is_input),
		cmocka_unit_test(test_hook__a_long_input_arrives_whole_though_nobody_waits),
		cmocka_unit_test(test_hook__one_that_does_not_read_is_no_failure),
		cmocka_unit_test(test_hook__one_that_talks_without_end_is_cut_and_not_stopped),
		cmocka_unit_test(test_hook__sees_nothing_of_ours),
		cmocka_unit_test(test_hook__what_cannot_be_started_says_why),
		cmocka_unit_test(test_hook__killed_by_a_signal_is_told_as_such),
		cmocka_unit_test(test_hook__one_that_hangs_is_ended_with_its_children),
		cmocka_unit_test(test_hook__one_that_ignores_sigterm_is_killed),
		cmocka_unit_test(test_hook__a_child_left_behind_does_not_keep_its_place),
		cmocka_unit_test(test_hook__no_more_than_the_limit_run_at_once_and_in_order),
		cmocka_unit_test(test_hook__an_urgent_one_waits_for_no_other),
		cmocka_unit_test(test_hook__a_full_queue_refuses_and_says_again_later),
		cmocka_unit_test(test_hook__a_turn_of_the_loop_starts_no_more_than_the_places),
		cmocka_unit_test(test_hook__a_completion_may_start_another),
		cmocka_unit_test(test_hook__freeing_ends_those_that_run),
	};

	return check_run(tests);
}
