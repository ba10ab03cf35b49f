/*
 * Requests: the digest of one is always the same and does not depend on credentials, and neither it nor the trace shows
 * them. Parts: address, form body, value of a field.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/form.h"
#include "codec/http_message.h"
#include "core/mem.h"

#define TOKEN "2.00TokenThatNobodyMaySee"

struct made {
	char digest[65];
	struct buf trace;
};

static void make(struct str url, struct str body, struct str value, const char *token, struct made *ret)
{
	cleanup(free_charp) char *address = str_dup(url);
	struct http_request request;
	struct buf form;

	http_request_init(&request, value.n % 2 ? HTTP_POST : HTTP_GET, address);
	buf_init(&form, body.n + 3 * value.n + 256);
	(void)buf_add_str(&form, body);
	(void)form_add(&form, "access_token", str_from(token));
	(void)form_add(&form, "status", value);
	if (value.n % 3) {
		http_request_set_form(&request, &form);
	} else {
		http_request_add_part(&request, "access_token", NULL, NULL, str_from(token));
		http_request_add_part(&request, "pic", "a.png", "image/png", body);
		http_request_add_part(&request, "status", NULL, NULL, value);
	}
	http_request_digest(&request, ret->digest);
	buf_init(&ret->trace, url.n + 16);
	http_request_trace(&request, &ret->trace);
	buf_finish(&form);
	http_request_finish(&request);
}

static void finish(struct made *made)
{
	buf_finish(&made->trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str url = { 0 };
	struct str body = { 0 };
	struct str value = { 0 };
	cleanup(finish) struct made one = { 0 };
	cleanup(finish) struct made same = { 0 };
	cleanup(finish) struct made other_token = { 0 };
	cleanup(finish) struct made other_value = { 0 };
	cleanup(buf_finish) struct buf longer = { 0 };

	(void)next_part(&rest, &url);
	(void)next_part(&rest, &body);
	(void)next_part(&rest, &value);
	if ((url.n > 0 && memchr(url.p, 0, url.n)) || str_ends(body, STR("?"))) {
		return 0; /* an address is a terminated text; form_add() takes what ends in '?' for one */
	}
	make(url, body, value, TOKEN, &one);
	make(url, body, value, TOKEN, &same);
	make(url, body, value, "2.00another", &other_token);
	must(strspn(one.digest, "0123456789abcdef") == 64);
	must(!strcmp(one.digest, same.digest) && !strcmp(one.digest, other_token.digest));
	/* Six letters more: neither method nor kind of body changes. */
	buf_init(&longer, value.n + 6);
	(void)buf_add_str(&longer, value);
	(void)buf_add_text(&longer, "longer");
	make(url, body, buf_str(&longer), TOKEN, &other_value);
	must(strcmp(one.digest, other_value.digest) != 0);
	must(!memchr(one.trace.p, '?', one.trace.n));
	must(str_find(url, STR(TOKEN)) >= 0 || str_find(buf_str(&one.trace), STR(TOKEN)) < 0);
	return 0;
}
