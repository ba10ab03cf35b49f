/*
 * Members of a control request. A member that is missing or null leaves *ret as it is; one of the wrong type or out of
 * its bounds is an error that names it, so that a test with a typing error fails instead of testing nothing.
 */
#ifndef SIM_MEMBERS_H
#define SIM_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "sim/params.h"

/* `keys`: all that may be there; ends with NULL. errors  INPUT/REJECT */
bool members_known(const cJSON *object, const char *const *keys, struct error *err) must_check;
bool member_text(const cJSON *object, const char *key, const char **ret_text, struct error *err) must_check;
bool member_bool(const cJSON *object, const char *key, bool *ret_value, struct error *err) must_check;
/* A number or its digits: ids are written as strings. min: above INT64_MIN */
bool member_i64(const cJSON *object, const char *key, int64_t min, int64_t max, int64_t *ret_value,
	struct error *err) must_check;

/* The same for the question of a GET or DELETE: every parameter known, numbers whole and not negative. */
bool query_known(const struct params *params, const char *const *keys, struct error *err) must_check;
bool query_i64(const struct params *params, const char *key, int64_t *ret_value, struct error *err) must_check;

#endif
