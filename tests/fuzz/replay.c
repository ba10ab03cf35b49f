/*
 * Runs a fuzz target over files, so that its corpus is a test without any fuzzer. Each argument is a file or a
 * directory (with everything below it, in the order of names); one TAP line per file. A finding aborts, and the plan
 * at the end is then missing.
 */
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "fuzz.h"

#define SEED_BYTES ((size_t)64 << 20)

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Into memory of exactly its size, so that a sanitizer sees every read behind its end. */
static bool replay(const char *path, size_t n)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(n ? n : 1);
	bool ok = file && data && n <= SEED_BYTES && fread(data, 1, n, file) == n;

	if (ok) {
		LLVMFuzzerTestOneInput(data, n);
	}
	free(data);
	if (file) {
		fclose(file);
	}
	return ok;
}

int main(int argc, char **argv)
{
	unsigned n = 0, failed = 0;
	FTSENT *entry;
	FTS *files;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE-OR-DIRECTORY...\n", argv[0]);
		return 2;
	}
	files = fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (!files) {
		perror("fts_open");
		return 1;
	}
	while ((entry = fts_read(files))) {
		bool ok;

		if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP) {
			continue;
		}
		ok = entry->fts_info == FTS_F && replay(entry->fts_accpath, (size_t)entry->fts_statp->st_size);
		failed += !ok;
		printf("%sok %u - %s\n", ok ? "" : "not ", ++n, entry->fts_name);
		fflush(stdout);
	}
	fts_close(files);
	printf("1..%u\n", n);
	if (n == 0) {
		fprintf(stderr, "no seeds\n");
	}
	return n == 0 || failed ? 1 : 0;
}
