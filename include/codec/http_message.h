/*
 * HTTP requests and answers as values: what a driver makes and reads, without a socket in sight.
 */
#ifndef CODEC_HTTP_MESSAGE_H
#define CODEC_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

enum http_method { HTTP_GET, HTTP_POST };

/* One part of a multipart/form-data body. */
struct http_part {
	char *name;
	char *filename;     /* NULL: an ordinary field */
	char *content_type; /* NULL: none is sent */
	char *data;
	size_t n;
};

struct http_request {
	enum http_method method;
	char *url;          /* absolute, query included; may hold a token: never log it, see http_request_trace */
	char *content_type; /* of body; NULL: none */
	char *body;         /* NULL: none; not used with parts */
	size_t body_n;
	struct http_part *parts; /* n_parts > 0: the request is multipart/form-data */
	size_t n_parts;
	char *ca_file;           /* the only authorities that are believed; NULL: the system's */
	int64_t timeout_ms;      /* whole exchange; 0: 30 s */
	size_t answer_max_bytes; /* 0: LIMIT_HTTP_ANSWER_BYTES */
	bool writes;             /* may change something on the platform: never repeated by the transport */
};

/* How far an exchange came. Decides what may be done again. */
enum http_fate {
	HTTP_NOT_SENT = 1, /* provably no byte of the request left: may be sent again */
	HTTP_ANSWERED,     /* a whole answer came: status and body are set */
	HTTP_IN_DOUBT,     /* anything else: it may have taken effect */
};

struct http_answer {
	enum http_fate fate;
	int status;              /* 100-599; 0 unless answered */
	struct str body;         /* borrowed; whole unless fate says otherwise */
	struct str content_type; /* borrowed */
	struct error error;      /* why, unless answered */
	int64_t took_ms;
};

void http_request_init(struct http_request *request, enum http_method method, const char *url);
void http_request_finish(struct http_request *request);                     /* wipes the body; accepts zeroed */
void http_request_set_form(struct http_request *request, struct buf *form); /* takes form's bytes */
void http_request_add_part(struct http_request *request, const char *name, const char *filename,
	const char *content_type, struct str data); /* copies */

/* SHA-256 in hex of method, path and body without credentials; for the attempt row. */
void http_request_digest(const struct http_request *request, char ret_hex[65]);

/* "POST https://host/path" without query and without anything secret; for logs. */
void http_request_trace(const struct http_request *request, struct buf *out);

#endif
