/* One daemon per store: an advisory lock on a file beside it, with the holder's process number inside for the error
 * text. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/buf.h"
#include "store/store_internal.h"

bool lock_take(const char *db_path, int *ret_fd, struct error *err)
{
	struct buf path;
	char pid[32] = "";
	ssize_t n;
	int fd;

	buf_init(&path, 4096);
	(void)buf_printf(&path, "%s.lock", db_path);
	fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	buf_finish(&path);
	if (fd < 0) {
		return error_set_errno(err, "cannot open the lock file of %s", db_path);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK) {
			(void)error_set_errno(err, "cannot lock %s", db_path);
			(void)close(fd);
			return false;
		}
		n = pread(fd, pid, sizeof(pid) - 1, 0);
		(void)close(fd);
		return error_set(err, ERROR_STATE, ADVISE_REJECT, 0, "another gazetted (pid %.*s) holds %s",
			n > 0 ? (int)n : 1, n > 0 ? pid : "?", db_path);
	}
	n = snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
		/* The number is a courtesy; the lock itself holds. */
	}
	*ret_fd = fd;
	return true;
}
