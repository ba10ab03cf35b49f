/*
 * The body of a multipart/form-data request (RFC 7578) as one piece of memory, and the types a request names.
 */
#ifndef NET_MULTIPART_INTERNAL_H
#define NET_MULTIPART_INTERNAL_H

#include <stdbool.h>

#include "codec/http_message.h"
#include "core/attr.h"
#include "core/buf.h"

#define MULTIPART_TYPE_BYTES 256

/*
 * shape    *out is initialised here; ret_type is the whole header line:
 *          "Content-Type: multipart/form-data; boundary=..."
 *
 * owns     borrows request; buf_finish() out, also after a failure
 *
 * errors   false: memory is short
 */
bool multipart_build(
	const struct http_request *request, struct buf *out, char ret_type[MULTIPART_TYPE_BYTES]) must_check;

/* A line end in a type would be a header of its own, a long one would be cut. */
bool request_is_clean(const struct http_request *request);

#endif
