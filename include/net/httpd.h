/*
 * A small HTTP server on the loop, for what platforms push to us: libmicrohttpd, driven by our loop, in our thread. It
 * knows nothing of platforms. Everything that comes in is foreign.
 *
 * A request is handed over whole, once, and answered once, at once or later: its number stands for it meanwhile, and
 * when the client has gone the answer is dropped. What breaks a cap is answered with 4xx here and never handed over.
 *
 * A place is not held by dripping: a request must be whole within request_seconds, however steadily it comes, and when
 * three quarters of the places are taken within a second. Bodies under way share max_total_bytes.
 */
#ifndef NET_HTTPD_H
#define NET_HTTPD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/str.h"
#include "net/loop.h"

struct httpd;

/* Borrowed until on_request() returns. */
struct httpd_request {
	uint64_t number;
	bool post;        /* else GET; other methods are refused */
	const char *path; /* decoded by nobody: compare as it came */
	struct str query; /* as it came, without '?' */
	struct str body;
	const char *peer; /* address, for the log */
};

struct httpd_options {
	const char *listen; /* "127.0.0.1:8751", "[::1]:8751"; port 0: any */
	uint64_t max_body_bytes;
	uint64_t max_total_bytes; /* of bodies that are not whole yet or not answered; beyond it a connection is closed
				   */
	unsigned max_connections;
	unsigned idle_seconds;    /* a connection that sends nothing is closed after this */
	unsigned request_seconds; /* and one whose request is not whole after this */
	void (*on_request)(void *data, const struct httpd_request *request);
	void *data;
};

/* errors  OS when the address cannot be bound; CONFIG when it is none */
bool httpd_new(
	struct loop *loop, const struct httpd_options *options, struct httpd **ret_httpd, struct error *err) must_check;
void httpd_free(struct httpd *httpd); /* accepts NULL; unanswered requests are cut off */

int httpd_port(const struct httpd *httpd);

/* content_type NULL: none. False: the client has gone. */
bool httpd_answer(struct httpd *httpd, uint64_t number, int status, const char *content_type, struct str body);

/* Stop taking requests; what was taken may still be answered. */
void httpd_stop(struct httpd *httpd);
size_t httpd_open(const struct httpd *httpd); /* requests that wait for their answer */

#endif
