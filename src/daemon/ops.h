/*
 * Running a driver's operation: request → HTTP → answer → outcome, with everything it borrows kept alive.
 *
 * An op_run is a member of what uses it (a flight, a pull, a login). It holds its own copies of the account's values,
 * because the account may change while the request is out.
 */
#ifndef DAEMON_OPS_H
#define DAEMON_OPS_H

#include "daemon/daemon.h"
#include "platform/driver.h"
#include "store/account.h"

struct op_run {
	struct driver_op op;
	struct driver_account values; /* points into what follows */
	struct secret token;
	char *name;
	char *base_url;
	char *ca_file; /* NULL: the system's */
	char *remote_uid;
	struct rules *rules; /* keeps values.settings alive */
	struct http *http;
	uint64_t exchange;    /* 0: nothing is out */
	enum park park;       /* what the last answer would park the account for, if it does */
	struct error refused; /* advice set: no request can be made of it */
	bool asked;           /* something went out, or is about to */
	char *point;          /* test only: the address of what is out; NULL: nobody wants to know */
	int http_status;      /* of the last answer; 0: none */
	int64_t took_ms;      /* of all exchanges */
	unsigned requests;    /* so many have left so far, or may have */
	/* Loop; once per answer. The outcome is the callee's to read; it is finished after the call. */
	void (*on_outcome)(struct op_run *run, struct outcome *outcome);
};

/* Copies what the account is now. rules: those the account's settings belong to; a reference is taken. */
void op_run_init(struct op_run *run, const struct driver *driver, enum driver_op_kind kind,
	const struct config_account *config, struct rules *rules, const struct secret *token, const char *remote_uid);
void op_run_finish(struct op_run *run); /* nothing may be out */

/* Build the next request and send it. A request that cannot be built is an OUTCOME_ERROR, handed over later as any
 * other. */
void op_run_next(
	struct op_run *run, struct daemon *daemon, void (*on_outcome)(struct op_run *run, struct outcome *outcome));
/* The same with a request that was built before. Takes it. */
void op_run_send(struct op_run *run, struct daemon *daemon, struct http_request *request,
	void (*on_outcome)(struct op_run *run, struct outcome *outcome));

#endif
