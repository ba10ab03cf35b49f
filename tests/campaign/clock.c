/* Set the clock of a daemon that has the shim preloaded: clock PAGE WRONG-MS. The page is made when it is not there. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/str.h"
#include "page.h"

int main(int argc, char **argv)
{
	struct page *page;
	int64_t wrong_ms;
	int fd;

	if (argc != 3 || !str_to_i64(str_from(argv[2]), -86400000, 86400000, &wrong_ms)) {
		(void)fprintf(stderr, "usage: clock PAGE WRONG-MS\n");
		return 64;
	}
	fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*page)) < 0) {
		(void)fprintf(stderr, "clock: %s: %s\n", argv[1], strerror(errno));
		return EXIT_FAILURE;
	}
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED) {
		(void)fprintf(stderr, "clock: %s: %s\n", argv[1], strerror(errno));
		return EXIT_FAILURE;
	}
	atomic_store(&page->clock_ms, wrong_ms);
	atomic_fetch_add(&page->steps, 1);
	(void)syscall(SYS_futex, &page->steps, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	return EXIT_SUCCESS;
}
