/*
 * A file system that breaks on demand: the kernel's, but while `fault` is set every write to a WAL file, or its sync,
 * gives that SQLite code. What SQLite itself then does is real.
 */
#ifndef TESTS_STORE_FAULTS_H
#define TESTS_STORE_FAULTS_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

static atomic_int fault_write;
static atomic_int fault_sync;

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_vfs *faulty_real;

static inline sqlite3_file *faulty_of(sqlite3_file *file)
{
	return ((struct faulty_file *)file)->real;
}

static inline int faulty_close(sqlite3_file *file)
{
	return faulty_of(file)->pMethods->xClose(faulty_of(file));
}

static inline int faulty_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	return faulty_of(file)->pMethods->xRead(faulty_of(file), p, n, at);
}

static inline int faulty_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	int fault = atomic_load(&fault_write);

	return fault ? fault : faulty_of(file)->pMethods->xWrite(faulty_of(file), p, n, at);
}

static inline int faulty_truncate(sqlite3_file *file, sqlite3_int64 n)
{
	return faulty_of(file)->pMethods->xTruncate(faulty_of(file), n);
}

static inline int faulty_sync(sqlite3_file *file, int flags)
{
	int fault = atomic_load(&fault_sync);

	return fault ? fault : faulty_of(file)->pMethods->xSync(faulty_of(file), flags);
}

static inline int faulty_size(sqlite3_file *file, sqlite3_int64 *ret_n)
{
	return faulty_of(file)->pMethods->xFileSize(faulty_of(file), ret_n);
}

static inline int faulty_lock(sqlite3_file *file, int level)
{
	return faulty_of(file)->pMethods->xLock(faulty_of(file), level);
}

static inline int faulty_unlock(sqlite3_file *file, int level)
{
	return faulty_of(file)->pMethods->xUnlock(faulty_of(file), level);
}

static inline int faulty_reserved(sqlite3_file *file, int *ret_reserved)
{
	return faulty_of(file)->pMethods->xCheckReservedLock(faulty_of(file), ret_reserved);
}

static inline int faulty_control(sqlite3_file *file, int op, void *arg)
{
	return faulty_of(file)->pMethods->xFileControl(faulty_of(file), op, arg);
}

static inline int faulty_sector(sqlite3_file *file)
{
	return faulty_of(file)->pMethods->xSectorSize(faulty_of(file));
}

static inline int faulty_device(sqlite3_file *file)
{
	return faulty_of(file)->pMethods->xDeviceCharacteristics(faulty_of(file));
}

static inline int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	static const sqlite3_io_methods methods = {
		.iVersion = 1,
		.xClose = faulty_close,
		.xRead = faulty_read,
		.xWrite = faulty_write,
		.xTruncate = faulty_truncate,
		.xSync = faulty_sync,
		.xFileSize = faulty_size,
		.xLock = faulty_lock,
		.xUnlock = faulty_unlock,
		.xCheckReservedLock = faulty_reserved,
		.xFileControl = faulty_control,
		.xSectorSize = faulty_sector,
		.xDeviceCharacteristics = faulty_device,
	};
	struct faulty_file *faulty = (struct faulty_file *)file;
	int code;

	(void)vfs;
	if (!(flags & SQLITE_OPEN_WAL)) {
		return faulty_real->xOpen(faulty_real, name, file, flags, ret_flags);
	}
	faulty->real = (sqlite3_file *)(void *)(faulty + 1);
	code = faulty_real->xOpen(faulty_real, name, faulty->real, flags, ret_flags);
	faulty->base.pMethods = faulty->real->pMethods ? &methods : NULL;
	return code;
}

/* From here on every connection of this process uses it. */
static inline void faults_install(void)
{
	static sqlite3_vfs vfs;

	faulty_real = sqlite3_vfs_find(NULL);
	vfs = *faulty_real;
	vfs.pNext = NULL;
	vfs.zName = "faulty";
	vfs.szOsFile = faulty_real->szOsFile + (int)sizeof(struct faulty_file);
	vfs.xOpen = faulty_open;
	(void)sqlite3_vfs_register(&vfs, 1);
}

#endif
