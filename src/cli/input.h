/* Files and standard input, read whole and capped. "-" is standard input. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"

/* How an input is called in messages: "<stdin>" for "-". */
const char *input_name(const char *path);

/* errors  OS/REJECT "NAME: why", INPUT/REJECT when it is longer than out may become. */
bool input_read(const char *path, struct buf *out, struct error *err) must_check;

/*
 * The same as text: a byte order mark goes, GB18030 is made UTF-8.
 *
 * errors  INPUT/REJECT "NAME:LINE: neither UTF-8 nor GB18030"
 */
bool input_text(const char *path, struct buf *out, struct error *err) must_check;
bool input_to_utf8(const char *name, struct str bytes, struct buf *out, struct error *err) must_check;

/* "dir/path", or the path itself when it is absolute or dir is NULL. */
void input_path(struct buf *out, const char *dir, const char *path);

/* The directory part of a path; "." when it has none. free() it. */
char *input_dir(const char *path);

#endif
