/*
 * Faults that a test has ordered: which request they hit and what happens to it.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "sim/out.h"
#include "sim/table.h"

enum effect {
	EFFECT_NONE,
	EFFECT_TIMEOUT,    /* no answer; the connection stays open until the client gives up */
	EFFECT_RESET,      /* the connection is reset instead of an answer */
	EFFECT_RESET_BODY, /* reset in the middle of the answer's body */
	EFFECT_HTML,       /* an error page of a front server */
	EFFECT_EMPTY,      /* 200 without a body */
	EFFECT_REDIRECT,   /* 302 to a login page */
	EFFECT_TRUNCATED,  /* a whole HTTP answer with half of the JSON */
	EFFECT_DRIP,       /* the right answer, a few bytes at a time */
	EFFECT_GZIP,       /* the right answer, gzip-encoded */
	EFFECT_DELAY,      /* the right answer, late */
	EFFECT_ERROR,      /* an error of the platform */
};

/* What happens to one request. */
struct fate {
	enum effect effect;
	bool processed;     /* the request takes effect */
	int http_status;    /* EFFECT_HTML */
	int64_t error_code; /* EFFECT_ERROR */
	int64_t delay_ms;   /* DELAY: how late; DRIP: between pieces; TIMEOUT: closed after it, 0: never */
	int64_t chunk;      /* DRIP: bytes at a time */
};

struct faults;

struct faults *faults_new(void);
void faults_free(struct faults *faults); /* accepts NULL */

/* errors  INPUT/REJECT naming the member */
bool faults_add(struct faults *faults, const cJSON *spec, int64_t *ret_id, struct error *err) must_check;
/* 0: all. Returns how many were taken away. */
int64_t faults_remove(struct faults *faults, int64_t id);
void faults_out(struct out *out, const struct faults *faults);

/* Would any fault look at this path at all? */
bool faults_any(const struct faults *faults);

/* The fate of a request: counts it with every fault that matches. `account` may be NULL. */
struct fate faults_fate(
	struct faults *faults, struct rng *rng, const char *method, const char *path, const char *account);

#endif
