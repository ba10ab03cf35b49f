/* What is kept of a request for years, and what is logged of it: never a credential. */
#include "check.h"

#include "codec/http_message.h"
#include "core/mem.h"

struct sample {
	enum http_method method;
	const char *url;
	const char *form; /* NULL: none */
	const char *part; /* value of a part "pic"; NULL: none */
};

static void make(struct http_request *request, const struct sample *sample)
{
	http_request_init(request, sample->method, sample->url);
	if (sample->form) {
		struct buf form;

		buf_init(&form, 4096);
		CHECK(buf_add_text(&form, sample->form));
		http_request_set_form(request, &form);
		CHECK_INT(form.n, 0);
		buf_finish(&form);
	}
	if (sample->part) {
		http_request_add_part(request, "pic", "p.png", "image/png", str_from(sample->part));
	}
}

static void digest_of(const struct sample *sample, char ret_hex[65])
{
	struct http_request request;

	make(&request, sample);
	http_request_digest(&request, ret_hex);
	http_request_finish(&request);
}

static void test_request__digest_is_the_same_whatever_the_credentials(void **state)
{
	static const struct sample rows[][2] = {
		{ { HTTP_GET, "https://user:1@h/p", NULL, NULL }, { HTTP_GET, "https://h/p", NULL, NULL } },
		{ { HTTP_POST, "https://h/p", "status=a&access_token=1", NULL },
			{ HTTP_POST, "https://h/p", "status=a&access_token=2", NULL } },
		{ { HTTP_POST, "https://h/p", "access_token=1&status=a", NULL },
			{ HTTP_POST, "https://h/p", "status=a", NULL } },
		{ { HTTP_GET, "https://h/p?access_token=1&id=7", NULL, NULL },
			{ HTTP_GET, "https://h/p?id=7", NULL, NULL } },
		{ { HTTP_POST, "https://h/p", "client_secret=1&code=2&refresh_token=3&secret=4", NULL },
			{ HTTP_POST, "https://h/p", "client_secret=5&code=6&refresh_token=7&secret=8", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char a[65];
		char b[65];

		digest_of(&rows[i][0], a);
		digest_of(&rows[i][1], b);
		CHECK_INT(strlen(a), 64);
		CHECK_TEXT(a, b);
	}
}

static void test_request__digest_differs_in_all_that_is_sent(void **state)
{
	static const struct sample rows[] = {
		{ HTTP_POST, "https://h/p", "status=a", NULL },
		{ HTTP_GET, "https://h/p", "status=a", NULL },
		{ HTTP_POST, "https://h/q", "status=a", NULL },
		{ HTTP_POST, "https://h/p", "status=b", NULL },
		{ HTTP_POST, "https://h/p", "statusa=", NULL },
		{ HTTP_POST, "https://h/p", "status=a&visible=2", NULL },
		{ HTTP_POST, "https://h/p", "status=a", "png" },
		{ HTTP_POST, "https://h/p", "status=a", "gif" },
		{ HTTP_POST, "https://h/p", NULL, NULL },
	};
	char hex[ARRAY_LEN(rows)][65];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		digest_of(&rows[i], hex[i]);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(hex[i], hex[k]) == 0) {
				fail_msg("%zu and %zu have one digest", k, i);
			}
		}
	}
}

static void test_request__digest_leaves_out_secret_parts(void **state)
{
	char hex[2][65];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct http_request request;

		http_request_init(&request, HTTP_POST, "https://h/p");
		http_request_add_part(&request, "access_token", NULL, NULL, i ? STR("one") : STR("two"));
		http_request_add_part(&request, "status", NULL, NULL, STR("a"));
		http_request_digest(&request, hex[i]);
		http_request_finish(&request);
	}
	CHECK_TEXT(hex[0], hex[1]);
}

static void test_request__trace_shows_nothing_secret(void **state)
{
	static const struct {
		enum http_method method;
		const char *url, *want;
	} rows[] = {
		{ HTTP_GET, "https://host/path?access_token=hush", "GET https://host/path" },
		{ HTTP_POST, "https://host:8443/2/statuses/share.json",
			"POST https://host:8443/2/statuses/share.json" },
		{ HTTP_POST, "https://host", "POST https://host" },
		{ HTTP_GET, "https://user:hush@host/path?x", "GET https://host/path" },
		{ HTTP_GET, "https://hush@host", "GET https://host" },
		{ HTTP_GET, "https://host/a@b", "GET https://host/a@b" },
		{ HTTP_GET, "https://host/path#hush", "GET https://host/path" },
		{ HTTP_GET, "https://host/path?a=b?c=hush", "GET https://host/path" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request request;
		cleanup(buf_finish) struct buf out;

		buf_init(&out, 256);
		http_request_init(&request, rows[i].method, rows[i].url);
		http_request_trace(&request, &out);
		CHECK_STR(buf_str(&out), rows[i].want);
		http_request_finish(&request);
	}
}

static void test_request__owns_what_it_was_given(void **state)
{
	struct http_request request = { 0 };
	struct buf form;
	char name[] = "pic";
	char data[] = "a\0b";

	(void)state;
	http_request_finish(&request); /* zeroed is fine */
	http_request_init(&request, HTTP_POST, "https://h/p");
	for (int i = 0; i < 2; i++) { /* a second form replaces the first */
		buf_init(&form, 64);
		CHECK(buf_printf(&form, "n=%d", i));
		http_request_set_form(&request, &form);
		buf_finish(&form);
	}
	CHECK_TEXT(request.content_type, "application/x-www-form-urlencoded");
	CHECK_INT(request.body_n, 3);
	CHECK_TEXT(request.body, "n=1");
	http_request_add_part(&request, name, NULL, NULL, (struct str){ data, 3 });
	http_request_add_part(&request, "empty", "f", "text/plain", (struct str){ NULL, 0 });
	name[0] = data[0] = 'X';
	CHECK_INT(request.n_parts, 2);
	CHECK_TEXT(request.parts[0].name, "pic");
	CHECK_INT(request.parts[0].n, 3);
	CHECK(memcmp(request.parts[0].data, "a\0b", 3) == 0);
	CHECK(request.parts[0].filename == NULL);
	CHECK_TEXT(request.parts[1].filename, "f");
	CHECK_INT(request.parts[1].n, 0);
	http_request_finish(&request);
	CHECK(request.url == NULL && request.body == NULL && request.parts == NULL && request.n_parts == 0);
	http_request_finish(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request__digest_is_the_same_whatever_the_credentials),
		cmocka_unit_test(test_request__digest_differs_in_all_that_is_sent),
		cmocka_unit_test(test_request__digest_leaves_out_secret_parts),
		cmocka_unit_test(test_request__trace_shows_nothing_secret),
		cmocka_unit_test(test_request__owns_what_it_was_given),
	};

	return check_run(tests);
}
