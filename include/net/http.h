/*
 * HTTP out: libcurl's multi interface on the loop. The only place where curl and libev meet.
 *
 * Our own queue stands in front of libcurl: a transfer is handed to it when a slot of its host is free. One kept
 * connection set per host, DNS cached, HTTP/1.1 always; redirects are not followed; TLS is verified, always. A
 * request that `writes` is never repeated by us or by libcurl: it goes out on a connection that libcurl may
 * have kept. HTTP_NOT_SENT means that libcurl never had a connected, verified socket to write the request to (or
 * that the request still waited for its slot); from the moment it could write, anything but a whole answer is
 * HTTP_IN_DOUBT. The time of waiting for a slot does not count into the request's timeout_ms.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/http_message.h"
#include "core/attr.h"
#include "core/error.h"
#include "net/loop.h"

struct http;

struct http_options {
	unsigned in_flight_per_host; /* 0: LIMIT_SENDS_IN_FLIGHT */
	const char *user_agent;      /* borrowed for the life of http */
	int64_t queue_patience_ms;   /* longest wait for a slot, then HTTP_NOT_SENT; 0: 2 minutes */
};

bool http_new(
	struct loop *loop, const struct http_options *options, struct http **ret_http, struct error *err) must_check;

/*
 * The end. http_stop(): every open exchange completes as HTTP_IN_DOUBT or HTTP_NOT_SENT, new ones as HTTP_NOT_SENT.
 * http_settle(): for when the loop has ended: runs the completions that wait; false: none did. http_free() does both
 * until nothing is open, and frees.
 */
void http_stop(struct http *http);
bool http_settle(struct http *http);
void http_free(struct http *http);

/*
 * Start an exchange. on_answer is called exactly once, never before http_start() has returned; `answer` and what
 * it borrows end with the call. A request without a URL completes as HTTP_NOT_SENT.
 *
 * owns     takes what request holds (it is zeroed); returns a number for http_cancel(), never 0
 */
uint64_t http_start(struct http *http, struct http_request *request,
	void (*on_answer)(void *data, const struct http_answer *answer), void *data);

/* Complete it now, as in doubt or not sent; its completion runs before the loop sleeps. Unknown ids are ignored. */
void http_cancel(struct http *http, uint64_t id);

size_t http_in_flight(const struct http *http); /* with those waiting for a slot */

#endif
