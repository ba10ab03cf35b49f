/*
 * How an answer reaches the client, or does not: MHD responses, holding, resetting, dripping.
 */
#ifndef SIM_DELIVER_H
#define SIM_DELIVER_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/clock.h"
#include "sim/call.h"
#include "sim/faults.h"

enum exchange_state {
	EXCHANGE_START,   /* only its headers are here */
	EXCHANGE_READING, /* the request is arriving */
	EXCHANGE_HELD,    /* suspended; nothing is to come, or not yet */
	EXCHANGE_READY,   /* resumed: send `answer` */
	EXCHANGE_CLOSE,   /* resumed: close the connection */
	EXCHANGE_SENDING,
};

/* One request with its connection. */
struct exchange {
	struct exchange *prev, *next; /* server.exchanges */
	struct server *server;
	struct MHD_Connection *connection;
	int fd;
	enum exchange_state state;
	char *uri; /* as it came, still encoded */
	struct buf body;
	bool too_long;

	struct fate fate;
	bool watched; /* its descriptor is in the server's epoll */
	bool suspended;
	int64_t due_ms; /* monotonic; 0: none */
	/* the answer, while it waits or drips */
	char *answer;
	size_t answer_n;
	int http_status;
	const char *content_type;
	char *location;
	size_t allowed; /* DRIP: may be sent by now */
};

/* Of server.c. */
void server_hold(struct exchange *exchange, int64_t for_ms); /* 0: until the client goes */

/* Send, hold or break off the answer in `call` after exchange->fate. Its body moves to the exchange. */
enum MHD_Result deliver(struct exchange *exchange, struct call *call);

/* Send what was held back. */
enum MHD_Result deliver_held(struct exchange *exchange);

/* The due time of a suspended exchange has come: what state is next? */
void deliver_due(struct exchange *exchange);

/* Send a TCP reset now. */
void reset_connection(const struct exchange *exchange);

#endif
