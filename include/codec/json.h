/*
 * JSON by cJSON, with what cJSON does not promise: a depth and size cap, valid UTF-8 (lone surrogates become
 * U+FFFD), duplicate keys refused by nobody but first one wins, and whole numbers that keep all their
 * digits. cJSON holds numbers as double; so whole numbers of more than 15 digits are handed to it as strings,
 * and the getters here accept either form.
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

void json_freep(cJSON **json); /* for cleanup() */

/*
 * errors   INPUT/REJECT with the offset; trailing bytes other than white space are an error
 * owns     gives *ret_json, cJSON_Delete() it
 */
bool json_parse(struct str text, cJSON **ret_json, struct error *err) must_check;

/* Compact text on one line (no LF inside), valid UTF-8. */
bool json_print(struct buf *out, const cJSON *json);

/* The member, or NULL; never descends into something that is no object. Borrowed. */
const cJSON *json_get(const cJSON *object, const char *key);

/* Text of a string member; def when missing, null or of another type. Lends. */
const char *json_text(const cJSON *object, const char *key, const char *def);
struct str json_str(const cJSON *object, const char *key);

/* A whole number written as number or as string; def otherwise. */
int64_t json_i64(const cJSON *object, const char *key, int64_t def);

/* As text: the string, or the digits of a number. False when missing or neither. */
bool json_id(const cJSON *object, const char *key, struct buf *out);

/* true/false, 1/0, "true"/"false", "1"/"0"; def otherwise. */
bool json_bool(const cJSON *object, const char *key, bool def);

/* Build. Text is made valid UTF-8; NULL text adds nothing. Zero times add nothing. */
cJSON *json_object(void);
cJSON *json_array(void);
void json_add_text(cJSON *object, const char *key, const char *text);
void json_add_str(cJSON *object, const char *key, struct str text);
void json_add_i64(cJSON *object, const char *key, int64_t value); /* string above 2^53 */
void json_add_bool(cJSON *object, const char *key, bool value);
void json_add_time(cJSON *object, const char *key, int64_t at); /* RFC 3339 in the office's zone */
void json_add(cJSON *object, const char *key, cJSON *taken);
void json_push(cJSON *array, cJSON *taken);

#endif
