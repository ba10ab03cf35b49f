/*
 * The HTTP side: one listener, one thread, connections that may be held open, reset or fed slowly.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/error.h"
#include "sim/world.h"

struct server;

struct server_options {
	const char *address; /* "127.0.0.1:8750"; port 0: any free one */
	bool allow_remote;   /* an address other than loopback is fine */
};

/* errors  INPUT for the address, OS when it cannot be bound; keeps sim until server_free() */
bool server_new(struct sim *sim, const struct server_options *options, struct server **ret_server,
	struct error *err) must_check;
void server_free(struct server *server); /* accepts NULL */
int server_port(const struct server *server);
const char *server_address(const struct server *server); /* "127.0.0.1:8750" */

/* Serve until server_stop(), which any thread and any signal handler may call. */
void server_run(struct server *server);
void server_stop(struct server *server);

#endif
