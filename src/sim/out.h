/*
 * Writes JSON straight into a buffer: answers are large and frequent, and a tree in between would cost more than
 * everything else. Commas and escapes are its business, balanced braces the caller's.
 *
 * With `jitter` set, the same calls give what clients must also be able to read: numbers and booleans as strings,
 * optional members that are absent, null or "", members nobody documented.
 */
#ifndef SIM_OUT_H
#define SIM_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"
#include "sim/table.h"

struct out {
	struct buf *buf;
	struct rng *jitter; /* NULL: none */
	bool comma;         /* one is needed before the next value */
};

/* A key of NULL is for elements of an array and for the outermost value. */
void out_object(struct out *out, const char *key);
void out_object_end(struct out *out);
void out_array(struct out *out, const char *key);
void out_array_end(struct out *out);
void out_text(struct out *out, const char *key, const char *text); /* NULL gives null */
void out_str(struct out *out, const char *key, struct str text);
void out_i64(struct out *out, const char *key, int64_t value);
void out_digits(struct out *out, const char *key, int64_t value); /* always a string */
void out_bool(struct out *out, const char *key, bool value);
void out_null(struct out *out, const char *key);
void out_raw(struct out *out, const char *key, struct str json);

/* The pair id and idstr. With jitter the number may have lost digits, as the platform's own samples show. */
void out_id_pair(struct out *out, int64_t id);

/* True when the optional member is written in an odd way, or left out, by jitter: the caller then skips it. */
bool out_odd(struct out *out, const char *key);

/* Members that no document knows. Only with jitter. */
void out_unknown(struct out *out);

#endif
