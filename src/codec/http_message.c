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
	free(request->ca_file);
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

/* A URL in pieces; what may be a credential (user and password, query) stands apart. */
struct target {
	struct str scheme; /* with its :// */
	struct str place;  /* host, port, path */
	struct str query;
};

static struct target target_of(const struct http_request *request)
{
	struct target target = { 0 };
	struct str rest = str_from(request->url);
	ptrdiff_t authority = str_find(rest, STR("://"));
	size_t slash = 0;

	if (authority >= 0) {
		target.scheme = str_sub(rest, 0, (size_t)authority + 3);
		rest = str_sub(rest, target.scheme.n, rest.n);
	}
	(void)str_split(&rest, '#', &target.query);
	(void)str_split(&target.query, '?', &target.place);
	while (slash < target.place.n && target.place.p[slash] != '/') {
		slash++;
	}
	for (size_t i = slash; i-- > 0;) {
		if (target.place.p[i] == '@') {
			target.place = str_sub(target.place, i + 1, target.place.n);
			break;
		}
	}
	return target;
}

void http_request_digest(const struct http_request *request, char ret_hex[65])
{
	struct target target = target_of(request);
	struct digest *digest = digest_new();

	digest_add_field(digest, request->method == HTTP_POST ? STR("POST") : STR("GET"));
	digest_add_field(digest, target.scheme);
	digest_add_field(digest, target.place);
	add_fields(digest, target.query);
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
	struct target target = target_of(request);

	(void)buf_add_text(out, request->method == HTTP_POST ? "POST " : "GET ");
	(void)buf_add_str(out, target.scheme);
	(void)buf_add_str(out, target.place);
}
