#include "check.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

static char dir[] = "/tmp/gazette-file-XXXXXX";
static char path[64];

static void test_file__is_read_whole(void **state)
{
	struct error err = { 0 };
	struct buf text;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 20000; i++) { /* more than one read */
		CHECK(fputc(i % 251, file) != EOF);
	}
	CHECK_INT(fclose(file), 0);
	buf_init(&text, 20000);
	CHECK_OK(file_read(path, &text, &err), err);
	CHECK_INT(text.n, 20000);
	CHECK_INT((unsigned char)text.p[19999], 19999 % 251);
	buf_finish(&text);
	buf_init(&text, 19999);
	CHECK_FAILS(file_read(path, &text, &err), err, ": longer than 19999 bytes");
	CHECK_INT(err.domain, ERROR_CONFIG);
	buf_finish(&text);
}

static void test_file__that_is_none_is_refused(void **state)
{
	struct error err = { 0 };
	struct buf text;

	(void)state;
	buf_init(&text, 100);
	CHECK_INT(unlink(path), 0);
	CHECK_FAILS(file_read(path, &text, &err), err, ": No such file or directory");
	CHECK_FAILS(file_read(dir, &text, &err), err, ": is no file");
	CHECK_FAILS(file_read("/dev/zero", &text, &err), err, "/dev/zero: is no file");
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_FAILS(file_read(path, &text, &err), err, ": is no file"); /* and nobody waits for a writer */
	CHECK_INT(err.advice, ADVISE_REJECT);
	buf_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file__is_read_whole),
		cmocka_unit_test(test_file__that_is_none_is_refused),
	};
	int failed;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	failed = check_run(tests);
	(void)unlink(path);
	(void)rmdir(dir);
	return failed;
}
