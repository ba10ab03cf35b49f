/* Small files that people write, read whole. */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
}

static bool fail(const char *path, struct error *err)
{
	return error_set(err, ERROR_CONFIG, ADVISE_REJECT, errno, "%s: %s", path, strerror(errno));
}

bool file_read(const char *path, struct buf *out, struct error *err)
{
	cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	char part[16384];
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return fail(path, err);
	}
	if (!S_ISREG(st.st_mode)) {
		return error_set(err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: is no file", path);
	}
	while ((n = read(fd, part, sizeof(part))) > 0) {
		if (!buf_add(out, part, (size_t)n)) {
			return error_set(
				err, ERROR_CONFIG, ADVISE_REJECT, 0, "%s: longer than %zu bytes", path, out->max_bytes);
		}
	}
	return n == 0 || fail(path, err);
}
