/*
 * A blocking client of the control socket, for the command line. One call at a time; notifications that arrive
 * meanwhile are kept for client_next_event().
 */
#ifndef PROTO_CLIENT_H
#define PROTO_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"

struct client;

/*
 * Connect and say hello.
 *
 * errors   OS/RETRY with code ENOENT/ECONNREFUSED when nobody answers (exit 7), ACCESS when the socket may not be
 *          opened, PROTO/REJECT when versions do not fit
 * owns     gives *ret_client
 */
bool client_connect(const char *socket_path, struct client **ret_client, struct error *err) must_check;
void client_free(struct client *client);
void client_freep(struct client **client);

const cJSON *client_hello(const struct client *client); /* the daemon's hello answer; lends */

/*
 * Call a verb and wait for its answer, at most timeout_ms (0: for ever).
 *
 * owns     takes params (NULL allowed); gives *ret_result; on an error answer gives *ret_error_data too when it
 *          is not NULL (error.data, may come back NULL)
 */
bool client_call(struct client *client, const char *method, cJSON *params, int64_t timeout_ms, cJSON **ret_result,
	cJSON **ret_error_data, struct error *err) must_check;

/* The next notification's params; waits at most timeout_ms (0: for ever); *ret NULL on time-out. */
bool client_next_event(struct client *client, int64_t timeout_ms, cJSON **ret_event, struct error *err) must_check;

/* -s option, else $GAZETTE_SOCKET, else $XDG_RUNTIME_DIR/gazette/control for an own daemon, else /run/gazette/control.
 */
const char *client_default_socket(void);

#endif
