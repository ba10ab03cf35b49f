/*
 * How the simulator reads requests. Values lie inside what was sent, the reading of forms agrees with the one of
 * src/codec (which shares no code with it), and a multipart body that our own client makes is read as it was meant.
 * Parts: content type, body, Authorization header.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/form.h"
#include "codec/http_message.h"
#include "core/mem.h"
#include "net/multipart_internal.h"
#include "sim/params.h"

static bool is_inside(struct str part, const char *p, size_t n)
{
	return part.n == 0 || (part.p >= p && part.p + part.n <= p + n);
}

static void check_inside(const struct params *params, const char *body, size_t n)
{
	must(params->n <= PARAMS_MAX);
	for (size_t i = 0; i < params->n; i++) {
		must(is_inside(params->items[i].name, body, n) && is_inside(params->items[i].value, body, n));
	}
	must(is_inside(params->file, body, n) && is_inside(params->file_name, body, n));
	must(is_inside(params->file_type, body, n) && (params->has_file || params->file.n == 0));
	must(!params->broken || params->multipart);
}

static char *copy(struct str bytes)
{
	char *p = malloc(bytes.n ? bytes.n : 1); /* no byte behind it: what reads on is seen */

	if (bytes.n > 0) {
		memcpy(p, bytes.p, bytes.n);
	}
	return p;
}

static void check_form(struct str form)
{
	cleanup(free_charp) char *bytes = copy(form);
	struct params params = { 0 };

	params_add_form(&params, bytes, form.n);
	check_inside(&params, bytes, form.n);
	for (size_t i = 0; i < params.n && params.n < PARAMS_MAX; i++) {
		cleanup(buf_finish) struct buf value = { 0 };
		cleanup(free_charp) char *name = str_dup(params.items[i].name);

		buf_init(&value, form.n);
		/* Of nothing between two & the one makes a pair without a name, the other none. */
		if (name[0] && strlen(name) == params.items[i].name.n && form_get(form, name, &value)) {
			must(str_eq(params_str(&params, name), buf_str(&value)));
			must(params_has(&params, name));
		}
	}
	must(!params_invalid(&params) || params.n > 0);
}

static void check_body(struct str type, struct str body, struct str header)
{
	cleanup(free_charp) char *bytes = copy(body);
	struct params params = { 0 };

	params_add_body(&params, type, bytes, body.n);
	check_inside(&params, bytes, body.n);
	params_set_authorization(&params, header);
	must(is_inside(params.header_token, header.p, header.n));
	must(!params.odd_header || params.header_token.n == 0);
}

static void check_multipart(struct str status, struct str picture)
{
	cleanup(buf_finish) struct buf body = { 0 };
	struct http_request request;
	struct params params = { 0 };
	char type[MULTIPART_TYPE_BYTES];

	http_request_init(&request, HTTP_POST, "http://127.0.0.1/");
	http_request_add_part(&request, "access_token", NULL, NULL, STR("2.00x"));
	http_request_add_part(&request, "status", NULL, NULL, status);
	http_request_add_part(&request, "pic", "p.png", "image/png", picture);
	must(multipart_build(&request, &body, type));
	params_add_body(&params, str_sub(str_from(type), strlen("Content-Type: "), sizeof(type)), body.p, body.n);
	must(params.multipart && !params.broken && params.n == 2);
	must(str_is(params_str(&params, "access_token"), "2.00x"));
	must(str_eq(params_str(&params, "status"), status));
	must(params.has_file && str_eq(params.file, picture));
	must(str_is(params.file_name, "p.png") && str_is(params.file_type, "image/png"));
	http_request_finish(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str type = { 0 };
	struct str body = { 0 };
	struct str header = { 0 };

	(void)next_part(&rest, &type);
	(void)next_part(&rest, &body);
	(void)next_part(&rest, &header);
	check_form(body);
	check_body(type, body, header);
	check_multipart(body, type);
	return 0;
}
