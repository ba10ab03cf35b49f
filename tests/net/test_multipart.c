/* The body of an upload, byte for byte: its boundary is random, all else is known. */
#include "check.h"

#include "core/buf.h"
#include "net/multipart_internal.h"

#define TYPE_HEAD "Content-Type: multipart/form-data; boundary="

/* "@" in `want` stands for the boundary. */
static void check_body(struct http_request *request, const char *want)
{
	cleanup(buf_finish) struct buf body;
	cleanup(buf_finish) struct buf expected;
	char type[MULTIPART_TYPE_BYTES];
	const char *boundary;

	CHECK(multipart_build(request, &body, type));
	CHECK(str_starts(str_from(type), STR(TYPE_HEAD)));
	boundary = type + strlen(TYPE_HEAD);
	CHECK_INT(strlen(boundary), 32);
	CHECK_INT(strspn(boundary, "0123456789abcdef"), 32);
	buf_init(&expected, 1 << 16);
	for (const char *p = want; *p; p++) {
		CHECK(*p == '@' ? buf_add_text(&expected, boundary) : buf_add_char(&expected, *p));
	}
	CHECK_STR(buf_str(&body), expected.p);
	http_request_finish(request);
}

static void test_multipart__fields_and_files_stand_in_order(void **state)
{
	struct http_request request;

	(void)state;
	http_request_init(&request, HTTP_POST, "https://host/upload");
	http_request_add_part(&request, "status", NULL, NULL, STR("早上好\r\n"));
	http_request_add_part(&request, "pic", "a.png", "image/png", STR("PNG"));
	http_request_add_part(&request, "empty", NULL, NULL, STR(""));
	check_body(&request, "--@\r\n"
			     "Content-Disposition: form-data; name=\"status\"\r\n\r\n早上好\r\n\r\n"
			     "--@\r\n"
			     "Content-Disposition: form-data; name=\"pic\"; filename=\"a.png\"\r\n"
			     "Content-Type: image/png\r\n\r\nPNG\r\n"
			     "--@\r\n"
			     "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
			     "--@--\r\n");
}

static void test_multipart__names_cannot_break_out(void **state)
{
	struct http_request request;

	(void)state;
	http_request_init(&request, HTTP_POST, "https://host/upload");
	http_request_add_part(&request, "a\"b\r\nX: y", "图\"\r\n.png", NULL, STR("1"));
	check_body(&request,
		"--@\r\n"
		"Content-Disposition: form-data; name=\"a%22b%0D%0AX: y\"; filename=\"图%22%0D%0A.png\"\r\n"
		"\r\n1\r\n"
		"--@--\r\n");
}

static void test_multipart__long_names_fit(void **state)
{
	struct http_request request;
	char name[2001];
	cleanup(buf_finish) struct buf body;
	char type[MULTIPART_TYPE_BYTES];

	(void)state;
	memset(name, '"', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	http_request_init(&request, HTTP_POST, "https://host/upload");
	for (int i = 0; i < 100; i++) {
		http_request_add_part(&request, name, name, "application/octet-stream", STR("x"));
	}
	CHECK(multipart_build(&request, &body, type));
	CHECK(body.n > (size_t)100 * 2 * 3 * 2000);
	CHECK(str_ends(buf_str(&body), STR("--\r\n")));
	http_request_finish(&request);
}

static void test_multipart__bytes_pass_as_they_are(void **state)
{
	struct http_request request;
	cleanup(buf_finish) struct buf body;
	char type[MULTIPART_TYPE_BYTES];
	char bytes[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)i;
	}
	http_request_init(&request, HTTP_POST, "https://host/upload");
	http_request_add_part(&request, "pic", "a", NULL, (struct str){ bytes, sizeof(bytes) });
	CHECK(multipart_build(&request, &body, type));
	CHECK(memmem(body.p, body.n, bytes, sizeof(bytes)) != NULL);
	http_request_finish(&request);
}

static void test_multipart__no_two_boundaries_are_equal(void **state)
{
	struct http_request request;
	char types[20][MULTIPART_TYPE_BYTES];

	(void)state;
	http_request_init(&request, HTTP_POST, "https://host/upload");
	http_request_add_part(&request, "a", NULL, NULL, STR("1"));
	for (size_t i = 0; i < 20; i++) {
		cleanup(buf_finish) struct buf body;

		CHECK(multipart_build(&request, &body, types[i]));
		for (size_t k = 0; k < i; k++) {
			CHECK(strcmp(types[i], types[k]) != 0);
		}
	}
	http_request_finish(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_multipart__fields_and_files_stand_in_order),
		cmocka_unit_test(test_multipart__names_cannot_break_out),
		cmocka_unit_test(test_multipart__long_names_fit),
		cmocka_unit_test(test_multipart__bytes_pass_as_they_are),
		cmocka_unit_test(test_multipart__no_two_boundaries_are_equal),
	};

	return check_run(tests);
}
