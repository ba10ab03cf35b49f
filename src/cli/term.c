/*
 * The terminal. Asked once, at the start; nothing here moves a cursor or changes a mode of the terminal, so nothing has
 * to be put back when a run is interrupted.
 */
#include "cli/term.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80u
#define ROWS_DEFAULT    24u
#define SIZE_MAX_CELLS  1000

static bool env_set(const char *name)
{
	const char *value = getenv(name);

	return value && value[0];
}

static unsigned env_number(const char *name, unsigned def)
{
	int64_t value;

	return str_to_i64(str_from(getenv(name)), 1, SIZE_MAX_CELLS, &value) ? (unsigned)value : def;
}

void term_look(struct term *term)
{
	const char *kind = getenv("TERM");
	const char *force = getenv("CLICOLOR_FORCE");
	bool dumb = !kind || strcmp(kind, "dumb") == 0;
	struct winsize size = { 0 };

	*term = (struct term){
		.in = isatty(STDIN_FILENO) == 1,
		.out = isatty(STDOUT_FILENO) == 1,
		.err = isatty(STDERR_FILENO) == 1,
	};
	term->columns = env_number("COLUMNS", COLUMNS_DEFAULT);
	term->rows = env_number("LINES", ROWS_DEFAULT);
	if (term->out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		term->columns = size.ws_col ? size.ws_col : term->columns;
		term->rows = size.ws_row ? size.ws_row : term->rows;
	}
	term->colour = term->out && !dumb;
	if (force && force[0] && strcmp(force, "0") != 0) {
		term->colour = true;
	}
	if (env_set("NO_COLOR")) {
		term->colour = false;
	}
}

void term_style(struct buf *out, const struct term *term, enum style style, struct str text)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "",
		[STYLE_BOLD] = "1",
		[STYLE_DIM] = "2",
		[STYLE_GOOD] = "32",
		[STYLE_WARN] = "33",
		[STYLE_BAD] = "31",
		[STYLE_ALARM] = "1;37;41",
		[STYLE_PAPER] = "30;107",
	};

	if (!term->colour || style == STYLE_PLAIN || text.n == 0) {
		(void)buf_add_str(out, text);
		return;
	}
	(void)buf_printf(out, "\033[%sm", codes[style]);
	(void)buf_add_str(out, text);
	(void)buf_add_text(out, "\033[0m");
}

bool term_write(int fd, struct str text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return false;
		}
		text = str_sub(text, (size_t)n, text.n);
	}
	return true;
}

bool term_page(struct str text)
{
	const char *pager = env_set("GAZETTE_PAGER") ? getenv("GAZETTE_PAGER") : getenv("PAGER");
	int pipe_fds[2];
	int status = 0;
	pid_t pid;

	if (!pager || !pager[0]) {
		pager = "less";
	}
	if (strcmp(pager, "cat") == 0 || pipe2(pipe_fds, O_CLOEXEC) < 0) {
		return false;
	}
	pid = fork();
	if (pid < 0) {
		(void)close(pipe_fds[0]);
		(void)close(pipe_fds[1]);
		return false;
	}
	if (pid == 0) {
		(void)dup2(pipe_fds[0], STDIN_FILENO);
		(void)setenv("LESS", "FRX", 0);          /* what fits is not held up, colours are let through */
		(void)setenv("LESSCHARSET", "utf-8", 0); /* also where the locale was never generated */
		(void)signal(SIGPIPE, SIG_DFL);
		(void)execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
		_exit(127);
	}
	(void)close(pipe_fds[0]);
	(void)signal(SIGINT, SIG_IGN); /* the key belongs to the pager now */
	/* Whoever leaves the pager early has seen enough: a closed pipe is no failure. */
	(void)term_write(pipe_fds[1], text);
	(void)close(pipe_fds[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	(void)signal(SIGINT, SIG_DFL);
	return !(WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126));
}

bool term_ask(const char *prompt, struct buf *out)
{
	char c;
	bool any = false;

	if (!term_write(STDERR_FILENO, str_from(prompt))) {
		return false;
	}
	buf_clear(out);
	for (;;) {
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return any;
		}
		any = true;
		if (c == '\n') {
			return true;
		}
		if (c != '\r') {
			(void)buf_add_char(out, c);
		}
	}
}
