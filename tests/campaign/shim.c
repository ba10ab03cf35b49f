/*
 * Preloaded into the daemon: a wall clock that is wrong and is set while the daemon runs, and a disk that fails.
 *
 * libfaketime is not what sets the clock: it seems to know nothing of timerfd, so that an absolute timer fires by the
 * real clock, and nobody would learn of a step. Here a timer of the wall clock is armed in real time, and when the
 * clock is set all of them become readable at once with ECANCELED, as the kernel does it. A thread that waits on the
 * page sees to that.
 *
 * Disk faults strike what SQLite calls to write, cut and sync, for files below the state directory only. Built with
 * 64-bit offsets, pwrite and ftruncate here are the pwrite64 and ftruncate64 that it calls.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "page.h"

#define TIMERS_MAX 16

/* A timer of the wall clock; steps is what the page had counted when it was last armed. */
struct timer {
	int fd;
	uint32_t steps;
};

static struct page *page;
static char state_dir[1024];
static struct timer timers[TIMERS_MAX];
static pthread_mutex_t timers_lock = PTHREAD_MUTEX_INITIALIZER;

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_timerfd_create)(int, int);
static int (*real_timerfd_settime)(int, int, const struct itimerspec *, struct itimerspec *);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);

static void find_real(void)
{
	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_timerfd_create = dlsym(RTLD_NEXT, "timerfd_create");
	*(void **)&real_timerfd_settime = dlsym(RTLD_NEXT, "timerfd_settime");
	*(void **)&real_read = dlsym(RTLD_NEXT, "read");
	*(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
	*(void **)&real_write = dlsym(RTLD_NEXT, "write");
	*(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
	*(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
	*(void **)&real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
}

static void shift(struct timespec *time, int64_t ms)
{
	int64_t ns = (int64_t)time->tv_nsec + ms % 1000 * 1000000;

	time->tv_sec += ms / 1000;
	if (ns < 0) {
		ns += 1000000000;
		time->tv_sec--;
	} else if (ns >= 1000000000) {
		ns -= 1000000000;
		time->tv_sec++;
	}
	time->tv_nsec = ns;
}

static struct timer *timer_of(int fd)
{
	for (size_t i = 0; i < TIMERS_MAX; i++) {
		if (timers[i].fd == fd && fd > 0) {
			return &timers[i];
		}
	}
	return NULL;
}

/* Whenever the clock is set, every timer of the wall clock becomes readable. */
static void *watch_clock(void *data)
{
	const struct itimerspec now = { .it_value = { .tv_nsec = 1 } };
	uint32_t seen = atomic_load(&page->steps);

	(void)data;
	for (;;) {
		(void)syscall(SYS_futex, &page->steps, FUTEX_WAIT, seen, NULL, NULL, 0);
		if (seen == atomic_load(&page->steps)) {
			continue;
		}
		seen = atomic_load(&page->steps);
		(void)pthread_mutex_lock(&timers_lock);
		for (size_t i = 0; i < TIMERS_MAX; i++) {
			if (timers[i].fd > 0) {
				(void)real_timerfd_settime(timers[i].fd, 0, &now, NULL);
			}
		}
		(void)pthread_mutex_unlock(&timers_lock);
	}
	return NULL;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CAMPAIGN_PAGE");
	const char *state = getenv("CAMPAIGN_STATE");
	pthread_t thread;
	void *memory;
	int fd;

	find_real();
	if (!path || !state || (fd = open(path, O_RDWR | O_CLOEXEC)) < 0) {
		return;
	}
	memory = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (memory == MAP_FAILED) {
		return;
	}
	(void)snprintf(state_dir, sizeof(state_dir), "%s/", state);
	page = memory;
	if (pthread_create(&thread, NULL, watch_clock, NULL) == 0) {
		(void)pthread_detach(thread);
	}
}

int clock_gettime(clockid_t id, struct timespec *ret_time)
{
	int failed;

	if (!real_clock_gettime) {
		find_real();
	}
	failed = real_clock_gettime(id, ret_time);
	if (!failed && page && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
		shift(ret_time, atomic_load(&page->clock_ms));
	}
	return failed;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
	struct timespec time;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &time);
	ret_time->tv_sec = time.tv_sec;
	ret_time->tv_usec = time.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *ret_time)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_REALTIME, &time);
	if (ret_time) {
		*ret_time = time.tv_sec;
	}
	return time.tv_sec;
}

int timerfd_create(int clock, int flags)
{
	int fd = real_timerfd_create(clock, flags);

	if (fd > 0 && clock == CLOCK_REALTIME && page) {
		(void)pthread_mutex_lock(&timers_lock);
		for (size_t i = 0; i < TIMERS_MAX; i++) {
			if (timers[i].fd <= 0 || timers[i].fd == fd) {
				timers[i] = (struct timer){ .fd = fd, .steps = atomic_load(&page->steps) };
				break;
			}
		}
		(void)pthread_mutex_unlock(&timers_lock);
	}
	return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *spec, struct itimerspec *ret_old)
{
	struct itimerspec real = *spec;
	struct timer *timer;
	bool stepped = false;
	int failed;

	(void)pthread_mutex_lock(&timers_lock);
	timer = page ? timer_of(fd) : NULL;
	if (timer && flags & TFD_TIMER_ABSTIME) {
		stepped = timer->steps != atomic_load(&page->steps);
		timer->steps = atomic_load(&page->steps);
		shift(&real.it_value, -atomic_load(&page->clock_ms));
		if (real.it_value.tv_sec < 0) {
			real.it_value = (struct timespec){ .tv_nsec = 1 };
		}
	}
	failed = real_timerfd_settime(fd, flags, &real, ret_old);
	(void)pthread_mutex_unlock(&timers_lock);
	if (!failed && stepped && flags & TFD_TIMER_CANCEL_ON_SET) {
		errno = ECANCELED;
		return -1;
	}
	return failed;
}

ssize_t read(int fd, void *bytes, size_t n)
{
	bool stepped = false;

	if (!real_read) {
		find_real();
	}
	if (page) {
		struct timer *timer;

		(void)pthread_mutex_lock(&timers_lock);
		timer = timer_of(fd);
		if (timer && timer->steps != atomic_load(&page->steps)) {
			timer->steps = atomic_load(&page->steps);
			stepped = true;
		}
		(void)pthread_mutex_unlock(&timers_lock);
	}
	if (stepped) {
		errno = ECANCELED;
		return -1;
	}
	return real_read(fd, bytes, n);
}

/* Does the fault of now strike this call? */
static bool strikes(int fd, bool sync)
{
	static _Atomic uint32_t dice = 1;
	enum disk_fault disk;
	char name[32], path[1024];
	ssize_t n;

	if (!page || (disk = (enum disk_fault)atomic_load(&page->disk)) == DISK_WELL ||
		sync != (disk == DISK_SYNC_FAILS)) {
		return false;
	}
	if ((atomic_fetch_add(&dice, 1) * 2654435761u >> 16) % 100 >= (uint32_t)atomic_load(&page->percent)) {
		return false;
	}
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path));
	if (n < (ssize_t)strlen(state_dir) || memcmp(path, state_dir, strlen(state_dir)) != 0) {
		return false;
	}
	atomic_fetch_add(&page->hits, 1);
	errno = disk == DISK_FULL ? ENOSPC : EIO;
	return true;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (strikes(fd, false)) {
		if (atomic_load(&page->disk) == DISK_SHORT_WRITE && n > 1) {
			(void)real_pwrite(fd, bytes, n / 2, at);
		}
		return -1;
	}
	return real_pwrite(fd, bytes, n, at);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	if (!real_write) {
		find_real();
	}
	return strikes(fd, false) ? -1 : real_write(fd, bytes, n);
}

int fsync(int fd)
{
	return strikes(fd, true) ? -1 : real_fsync(fd);
}

int fdatasync(int fd)
{
	return strikes(fd, true) ? -1 : real_fdatasync(fd);
}

int ftruncate(int fd, off_t n)
{
	return strikes(fd, false) ? -1 : real_ftruncate(fd, n);
}
