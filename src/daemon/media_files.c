/*
 * Writing, deleting and clearing up the files of what citizens sent.
 *
 * A file is written under another name (".new" behind its own), synced, renamed, and its directory is synced: what its
 * row says afterwards is true also after a power cut. A name that is neither of a file nor of one that was begun is not
 * ours and stays.
 */
#include "daemon/media_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/media.h"

#define SHELVES      256
#define FILES_A_STEP 200
#define HASH_CHARS   64
#define BEGUN        ".new"

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
	}
}

static bool sync_directory(const char *path, struct error *err)
{
	cleanup(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return (fd >= 0 && fsync(fd) == 0) || error_set_errno(err, "cannot sync %s", path);
}

static bool make_directory(const char *parent, const char *path, struct error *err)
{
	if (mkdir(path, 0700) == 0) {
		return sync_directory(parent, err);
	}
	return errno == EEXIST || error_set_errno(err, "cannot make %s", path);
}

static bool write_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno != EINTR) {
			return false;
		}
		bytes = n > 0 ? str_sub(bytes, (size_t)n, bytes.n) : bytes;
	}
	return true;
}

bool media_file_write(const char *state_dir, const char *sha256, struct str bytes, struct error *err)
{
	char media[PATH_MAX];
	char dir[PATH_MAX + 8];
	char path[PATH_MAX + 80];
	char fresh[PATH_MAX + 96];
	int fd;
	bool ok;

	(void)snprintf(media, sizeof(media), "%s/media", state_dir);
	(void)snprintf(dir, sizeof(dir), "%s/%.2s", media, sha256);
	if (!make_directory(state_dir, media, err) || !make_directory(media, dir, err)) {
		return false;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", dir, sha256);
	(void)snprintf(fresh, sizeof(fresh), "%s" BEGUN, path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		return error_set_errno(err, "cannot write %s", fresh);
	}
	ok = write_all(fd, bytes) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(fresh, path) != 0) {
		(void)error_set_errno(err, "cannot write %s", path);
		(void)unlink(fresh);
		return false;
	}
	return sync_directory(dir, err);
}

bool media_file_delete(const char *state_dir, const char *sha256, struct error *err)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/media/%.2s/%s", state_dir, sha256, sha256);
	return unlink(path) == 0 || errno == ENOENT || error_set_errno(err, "cannot delete %s", path);
}

/* ---- clearing up ---- */

/* Reads the next directory that is there; false: there are no more. */
static bool open_shelf(struct media_sweep *sweep)
{
	char path[PATH_MAX];

	while (!sweep->dir && sweep->shelf < SHELVES) {
		(void)snprintf(path, sizeof(path), "%s/media/%02x", sweep->state_dir, (unsigned)sweep->shelf++);
		sweep->dir = opendir(path);
		if (!sweep->dir && errno != ENOENT) {
			(void)error_set_errno(&sweep->undeleted, "cannot read %s", path);
		}
	}
	return sweep->dir != NULL;
}

static void close_shelf(struct media_sweep *sweep)
{
	if (sweep->dir) {
		(void)closedir(sweep->dir);
		sweep->dir = NULL;
	}
}

static bool clear(struct media_sweep *sweep, struct tx *tx, const char *name, struct error *err)
{
	bool hash = strspn(name, "0123456789abcdef") == HASH_CHARS;
	bool known = false;

	if (!hash || (name[HASH_CHARS] && strcmp(name + HASH_CHARS, BEGUN) != 0)) {
		return true;
	}
	if (!name[HASH_CHARS] && !media_is_fetched(tx, name, &known, err)) {
		return false;
	}
	if (known) {
		return true;
	}
	if (unlinkat(dirfd(sweep->dir), name, 0) == 0) {
		sweep->deleted++;
	} else {
		(void)error_set_errno(&sweep->undeleted, "cannot delete %s", name);
	}
	return true;
}

bool media_sweep_step(struct media_sweep *sweep, struct tx *tx, bool *ret_more, struct error *err)
{
	*ret_more = open_shelf(sweep);
	for (int i = 0; *ret_more && i < FILES_A_STEP; i++) {
		const struct dirent *entry = readdir(sweep->dir);

		if (!entry) {
			close_shelf(sweep);
			*ret_more = open_shelf(sweep);
		} else if (!clear(sweep, tx, entry->d_name, err)) {
			return false;
		}
	}
	return true;
}

void media_sweep_finish(struct media_sweep *sweep)
{
	close_shelf(sweep);
}
