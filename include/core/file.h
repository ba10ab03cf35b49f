/*
 * Small files that people write: configuration, rules.
 */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"

/*
 * Append the whole of a regular file. Never waits: a pipe or a device in its place is refused.
 *
 * shape    out: as far as its maximum allows
 * errors   CONFIG/REJECT "PATH: what": it cannot be read, is no file, is longer than out may be
 */
bool file_read(const char *path, struct buf *out, struct error *err) must_check;

#endif
