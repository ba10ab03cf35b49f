/* The user's editor, and the files their drafts are kept in. */
#include "cli/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "core/mem.h"

#define PATH_BYTES 4096u

static bool fail(const char *path, struct error *err)
{
	int code = errno;

	return error_set(err, ERROR_OS, ADVISE_REJECT, code, "%s: %s", path, strerror(code));
}

/* ---- drafts ---- */

static bool drafts_folder(struct buf *out, struct error *err)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (state && state[0] == '/') {
		(void)buf_printf(out, "%s/gazette/drafts", state);
	} else if (home && home[0] == '/') {
		(void)buf_printf(out, "%s/.local/state/gazette/drafts", home);
	} else {
		return error_set(err, ERROR_OS, ADVISE_REJECT, ENOENT,
			_("there is no place for drafts: set HOME or XDG_STATE_HOME"));
	}
	return !out->failed ||
	       error_set(err, ERROR_OS, ADVISE_REJECT, ENAMETOOLONG, _("the path of the drafts is too long"));
}

static bool make_folders(char *path, struct error *err)
{
	for (char *at = strchr(path + 1, '/');; at = strchr(at + 1, '/')) {
		bool made;

		if (at) {
			*at = '\0';
		}
		made = mkdir(path, 0700) == 0 || errno == EEXIST;
		if (!made) {
			return fail(path, err);
		}
		if (!at) {
			return true;
		}
		*at = '/';
	}
}

bool draft_path(const char *name, const char *suffix, bool unique, char **ret_path, struct error *err)
{
	cleanup(buf_finish) struct buf path = { 0 };
	int fd;

	buf_init(&path, PATH_BYTES);
	if (!drafts_folder(&path, err) || !make_folders(path.p, err)) {
		return false;
	}
	(void)buf_printf(&path, unique ? "/%s-XXXXXX.%s" : "/%s.%s", name, suffix);
	if (path.failed) {
		return error_set(err, ERROR_OS, ADVISE_REJECT, ENAMETOOLONG, _("the path of the drafts is too long"));
	}
	if (unique) {
		fd = mkostemps(path.p, (int)strlen(suffix) + 1, O_CLOEXEC);
		if (fd < 0) {
			return fail(path.p, err);
		}
		(void)close(fd);
	}
	*ret_path = buf_steal(&path);
	return true;
}

bool draft_write(const char *path, struct str text, struct error *err)
{
	cleanup(buf_finish) struct buf beside = { 0 };
	bool ok;
	int fd;

	buf_init(&beside, PATH_BYTES + 16);
	(void)buf_printf(&beside, "%s.new", path);
	fd = open(beside.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return fail(beside.p, err);
	}
	ok = term_write(fd, text) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	ok = ok && rename(beside.p, path) == 0;
	if (!ok) {
		(void)fail(path, err);
		(void)unlink(beside.p);
	}
	return ok;
}

bool draft_read(const char *path, struct buf *out, struct error *err)
{
	if (access(path, F_OK) != 0 && errno == ENOENT) {
		return true;
	}
	return input_text(path, out, err);
}

void draft_drop(const char *path)
{
	(void)unlink(path);
}

/* ---- the editor ---- */

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

static bool wait_for(pid_t pid, const char *editor, struct error *err)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return fail(editor, err);
		}
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		return true;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		return error_set(err, ERROR_OS, ADVISE_REJECT, ENOENT,
			_("the editor \"%s\" cannot be started: set $GAZETTE_EDITOR"), editor);
	}
	return error_set(err, ERROR_OS, ADVISE_REJECT, 0,
		_("the editor \"%s\" ended with an error; nothing was handed in"), editor);
}

bool editor_run(const char *path, bool on_terminal, struct error *err)
{
	const char *editor = env("GAZETTE_EDITOR");
	cleanup(buf_finish) struct buf command = { 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before_int, before_quit;
	bool ok;
	pid_t pid;

	if (!editor && !on_terminal) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			_("there is no terminal to edit on: give the text by -m TEXT or as a file"));
	}
	editor = editor ? editor : env("VISUAL") ? env("VISUAL") : env("EDITOR") ? env("EDITOR") : "vi";
	buf_init(&command, PATH_BYTES);
	(void)buf_printf(
		&command, "%s \"$1\"", editor); /* an editor may come with arguments: the shell takes them apart */
	if (command.failed) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("the name of the editor is too long"));
	}
	/* The keys that end a program belong to the editor now. */
	(void)sigaction(SIGINT, &ignore, &before_int);
	(void)sigaction(SIGQUIT, &ignore, &before_quit);
	pid = fork();
	if (pid == 0) {
		(void)sigaction(SIGINT, &before_int, NULL);
		(void)sigaction(SIGQUIT, &before_quit, NULL);
		(void)execl("/bin/sh", "sh", "-c", command.p, "sh", path, (char *)NULL);
		_exit(127);
	}
	ok = pid > 0 ? wait_for(pid, editor, err) : fail(editor, err);
	(void)sigaction(SIGINT, &before_int, NULL);
	(void)sigaction(SIGQUIT, &before_quit, NULL);
	return ok;
}

bool editor_keep(struct cli *cli, const char *path)
{
	free(cli->draft);
	cli->draft = xstrdup(path);
	return false;
}

enum editor_next editor_offer(struct cli *cli, const char *path, struct error *err)
{
	cleanup(buf_finish) struct buf answer = { 0 };

	(void)editor_keep(cli, path);
	/* What may have been done already is looked at, not edited. */
	if (!cli->term.in || !cli->term.err || err->advice == ADVISE_VERIFY) {
		return EDITOR_NOT_ASKED;
	}
	cli->exit = report(cli, err, NULL);
	buf_init(&answer, 256);
	if (!term_ask(_("Open it again? [Y/n] "), &answer) || answer.p[0] == 'n' || answer.p[0] == 'N') {
		return EDITOR_TOLD;
	}
	cli->exit = EXIT_CODE_DONE;
	free(cli->draft);
	cli->draft = NULL;
	error_clear(err);
	return EDITOR_AGAIN;
}

/* ---- comments ---- */

static bool is_comment(struct str line)
{
	return str_starts(line, STR("# ")) || str_is(str_trim(line), "#");
}

void comments_drop(struct buf *out, struct str text)
{
	size_t kept = out->n; /* up to where something other than blanks stands */
	size_t first = out->n;
	struct str line;

	while (str_split(&text, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r') {
			line.n--;
		}
		if (is_comment(line) || (str_trim(line).n == 0 && out->n == first)) {
			continue;
		}
		(void)buf_add_str(out, line);
		if (str_trim(line).n > 0) {
			kept = out->n;
		}
		(void)buf_add_char(out, '\n');
	}
	out->n = kept;
	out->p[kept] = '\0';
}

void comments_add(struct buf *out, struct str text)
{
	struct str line;

	while (str_split(&text, '\n', &line)) {
		(void)buf_printf(out, line.n ? "# " STR_FMT "\n" : "#" STR_FMT "\n", STR_ARG(line));
	}
}
