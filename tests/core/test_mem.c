#include "check.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"

static void test_mem__is_zeroed_and_never_null(void **state)
{
	struct pair {
		int a, b;
	} *pair = xnew(struct pair);
	int *numbers = xnew_array(int, 0);

	(void)state;
	CHECK_INT(pair->a, 0);
	CHECK_INT(pair->b, 0);
	CHECK(numbers != NULL);
	free(pair);
	free(numbers);
	CHECK(xstrdup(NULL) == NULL);
}

static void test_mem__array_grows_and_keeps_what_is_in_it(void **state)
{
	size_t n = 0, cap = 0;
	int *numbers = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		array_grow(numbers, n, cap);
		numbers[n++] = i;
	}
	CHECK(cap >= n);
	for (int i = 0; i < 1000; i++) {
		CHECK_INT(numbers[i], i);
	}
	free(numbers);
}

static void test_mem__cleanup_and_steal(void **state)
{
	char *kept;

	(void)state;
	{
		cleanup(free_charp) char *text = xstrdup("text");
		cleanup(free_charp) char *left = xstrdup("left");

		CHECK_TEXT(left, "left");
		kept = steal(&text);
		CHECK(text == NULL);
	}
	CHECK_TEXT(kept, "text");
	free(kept);
}

static void test_mem__aborts_on_an_impossible_size(void **state)
{
	static volatile size_t many = SIZE_MAX / 2;
	int status;
	pid_t pid = fork();

	(void)state;
	CHECK(pid >= 0);
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		free(xrealloc_array(NULL, many, 16));
		_exit(0);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(status != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem__is_zeroed_and_never_null),
		cmocka_unit_test(test_mem__array_grows_and_keeps_what_is_in_it),
		cmocka_unit_test(test_mem__cleanup_and_steal),
		cmocka_unit_test(test_mem__aborts_on_an_impossible_size),
	};

	return check_run(tests);
}
