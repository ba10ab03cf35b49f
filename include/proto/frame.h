/*
 * Frames of the control protocol, specified in gazette-control(7): JSON-RPC 2.0, one object per line.
 *
 *   request       {"jsonrpc":"2.0","id":1,"method":"post.list","params":{...}}
 *   answer        {"jsonrpc":"2.0","id":1,"result":{...}}
 *   error         {"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"...","data":{...}}}
 *   notification  {"jsonrpc":"2.0","method":"event","params":{...}}     daemon to client only
 *
 * error.data: domain, advice, code (the domain's), retry_ms, retryable, exit (the CLI's exit code), and for
 * some verbs ids, findings or rows. Batches are not accepted. Ids are numbers or strings and come back as
 * they were.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

#define PROTO_VERSION 1

struct frame {
	cJSON *whole;        /* owns everything below */
	const cJSON *id;     /* NULL: a notification */
	const char *method;  /* NULL: an answer */
	const cJSON *params; /* NULL or an object */
	const cJSON *result; /* answers */
	const cJSON *error;
};

/* errors  PROTO/REJECT with the JSON-RPC code (-32700 parse, -32600 invalid) in err->code */
bool frame_parse(struct str line, struct frame *ret_frame, struct error *err) must_check;
void frame_finish(struct frame *frame);

/* Each appends one line with its LF. `id` NULL writes null (or leaves it out of a notification). */
bool frame_add_request(struct buf *out, int64_t id, const char *method, const cJSON *params);
bool frame_add_result(struct buf *out, const cJSON *id, const cJSON *result);
bool frame_add_notification(struct buf *out, const char *method, const cJSON *params);
/* `extra` (borrowed, may be NULL): members added to error.data */
bool frame_add_error(struct buf *out, const cJSON *id, const struct error *err, const cJSON *extra);

/* The error object of an answer as a value again. */
void frame_read_error(const cJSON *error, struct error *ret_err);

/*
 * What a program that failed with this error should exit with (gazette(1)): 1 failed, 2 usage, 3 not found, 4 not
 * allowed, 5 conflict, 6 blocked, 7 no daemon, 8 some rows failed, 9 outcome unknown, 10 quota, 75 again later.
 */
enum exit_code {
	EXIT_CODE_DONE = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_MISSING = 3,
	EXIT_CODE_ACCESS = 4,
	EXIT_CODE_CONFLICT = 5,
	EXIT_CODE_BLOCKED = 6,
	EXIT_CODE_NO_DAEMON = 7,
	EXIT_CODE_PARTIAL = 8,
	EXIT_CODE_UNKNOWN = 9,
	EXIT_CODE_QUOTA = 10,
	EXIT_CODE_AGAIN = 75,
};
enum exit_code error_exit_code(const struct error *err);

#endif
