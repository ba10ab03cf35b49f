/*
 * The files of what citizens sent: STATE/media/ab/abcdef..., named by the SHA-256 of their bytes. All of this waits for
 * the disk, so it is for the reader thread.
 */
#ifndef DAEMON_MEDIA_FILES_H
#define DAEMON_MEDIA_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"

struct tx;

/* Whole and on disk, under its name, or not at all. */
bool media_file_write(const char *state_dir, const char *sha256, struct str bytes, struct error *err) must_check;
/* It is no error when there is none. */
bool media_file_delete(const char *state_dir, const char *sha256, struct error *err) must_check;

/* Deletes what was left by a crash between a file and its row: begun ones, and those that no row says are there. */
struct media_sweep {
	const char *state_dir; /* keeps it until media_sweep_finish() */
	int shelf;             /* the directory that comes next */
	DIR *dir;              /* that is being read; NULL: none */
	int64_t deleted;
	struct error undeleted; /* advice set: of what could not be deleted */
};
/* The next few files. errors of the store; *ret_more: it is not at its end */
bool media_sweep_step(struct media_sweep *sweep, struct tx *tx, bool *ret_more, struct error *err) must_check;
void media_sweep_finish(struct media_sweep *sweep);

#endif
