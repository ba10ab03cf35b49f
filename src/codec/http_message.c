/* Requests and answers as values. The digest of a request leaves out credentials, so that it may stand in a row for
 * years. */
#include "codec/http_message.h"

#include <string.h>

#include "codec/digest.h"
#include "core/mem.h"

/* Field names whose values are credentials. */
static const char *const secret_fields[] = { "access_token", "client_secret", "code", "secret", "refresh_token" };

void http_request_init(struct http_request *request, enum http_method method, const char *url)
{
	*request = (struct http_request){ .method = method, .url = xstrdup(url) };
}

static void wipe(char *p, size_t n)
{
	if (p) {
		explicit_bzero(p, n);
	}
	free(p);
}

void http_request_finish(struct http_request *request)
{
	wipe(request->url, request->url ? strlen(request->url) : 0);
	wipe(request->body, request->body_n);
	for (size_t i = 0; i < request->n_parts; i++) {
		free(request->parts[i].name);
		free(request->parts[i].filename);
		free(request->parts[i].content_type);
		wipe(request->parts[i].data, request->parts[i].n);
	}
	free(request->parts);
	free(request->content_type);
	*request = (struct http_request){ 0 };
}

void http_request_set_form(struct http_request *request, struct buf *form)
{
	wipe(request->body, request->body_n);
	free(request->content_type);
	request->body_n = form->n;
	request->body = buf_steal(form);
	request->content_type = xstrdup("application/x-www-form-urlencoded");
}

void http_request_add_part(
	struct http_request *request, const char *name, const char *filename, const char *content_type, struct str data)
{
	struct http_part *part;

	request->parts = xrealloc_array(request->parts, request->n_parts + 1, sizeof(*request->parts));
	part = &request->parts[request->n_parts++];
	*part = (struct http_part){
		.name = xstrdup(name),
		.filename = xstrdup(filename),
		.content_type = xstrdup(content_type),
		.data = xcalloc(data.n + 1, 1),
		.n = data.n,
	};
	if (data.n > 0) {
		memcpy(part->data, data.p, data.n);
	}
}

static bool is_secret(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(secret_fields); i++) {
		if (str_is(name, secret_fields[i])) {
			return true;
		}
	}
	return false;
}

static void add_fields(struct digest *digest, struct str form)
{
	struct str pair;

	while (str_split(&form, '&', &pair)) {
		struct str value = pair;
		struct str name;

		if (str_split(&value, '=', &name) && !is_secret(name)) {
			digest_add_field(digest, name);
			digest_add_field(digest, value);
		}
	}
}

static struct str path_of(const struct http_request *request, struct str *ret_query)
{
	struct str rest = str_from(request->url);
	struct str path;

	if (!str_split(&rest, '?', &path)) {
		path = STR("");
	}
	*ret_query = rest;
	return path;
}

void http_request_digest(const struct http_request *request, char ret_hex[65])
{
	struct digest *digest = digest_new();
	struct str query;

	digest_add_field(digest, request->method == HTTP_POST ? STR("POST") : STR("GET"));
	digest_add_field(digest, path_of(request, &query));
	add_fields(digest, query);
	add_fields(digest, (struct str){ request->body, request->body_n });
	for (size_t i = 0; i < request->n_parts; i++) {
		const struct http_part *part = &request->parts[i];

		if (!is_secret(str_from(part->name))) {
			digest_add_field(digest, str_from(part->name));
			digest_add_field(digest, (struct str){ part->data, part->n });
		}
	}
	digest_end(digest, ret_hex);
}

void http_request_trace(const struct http_request *request, struct buf *out)
{
	struct str query;

	(void)buf_add_text(out, request->method == HTTP_POST ? "POST " : "GET ");
	(void)buf_add_str(out, path_of(request, &query));
}
