/* Files and standard input, read whole and capped. */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/i18n.h"
#include "codec/csv.h"
#include "text/utf8.h"

const char *input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "<stdin>" : path;
}

static bool fail(const char *path, struct error *err)
{
	int code = errno;

	/* REJECT: the same file again will not do; a person must look. */
	return error_set(err, ERROR_OS, ADVISE_REJECT, code, "%s: %s", input_name(path), strerror(code));
}

static bool read_all(const char *path, int fd, struct buf *out, struct error *err)
{
	char chunk[65536];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return fail(path, err);
		}
		if (n == 0) {
			return true;
		}
		if (!buf_add(out, chunk, (size_t)n)) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("%s: longer than %zu bytes"),
				input_name(path), out->max_bytes);
		}
	}
}

bool input_read(const char *path, struct buf *out, struct error *err)
{
	bool ok;
	int fd;

	if (strcmp(path, "-") == 0) {
		return read_all(path, STDIN_FILENO, out, err);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		return fail(path, err);
	}
	ok = read_all(path, fd, out, err);
	(void)close(fd);
	return ok;
}

bool input_to_utf8(const char *name, struct str bytes, struct buf *out, struct error *err)
{
	struct error why = { 0 };
	bool converted;
	ptrdiff_t at;
	int line = 1;

	if (charset_to_utf8(out, bytes, &converted, &why)) {
		return true;
	}
	at = utf8_invalid_at(bytes);
	if (at < 0) {
		*err = why;
		return error_prefix(err, "%s", name);
	}
	for (ptrdiff_t i = 0; i < at; i++) {
		line += bytes.p[i] == '\n';
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("%s:%d: neither UTF-8 nor GB18030"), name, line);
}

bool input_text(const char *path, struct buf *out, struct error *err)
{
	struct buf bytes;
	bool ok;

	buf_init(&bytes, out->max_bytes);
	ok = input_read(path, &bytes, err) && input_to_utf8(input_name(path), buf_str(&bytes), out, err);
	buf_finish(&bytes);
	return ok;
}

void input_path(struct buf *out, const char *dir, const char *path)
{
	if (dir && path[0] != '/') {
		(void)buf_printf(out, "%s/", dir);
	}
	(void)buf_add_text(out, path);
}

char *input_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash) {
		return str_dup(STR("."));
	}
	return str_dup((struct str){ path, slash == path ? 1 : (size_t)(slash - path) });
}
