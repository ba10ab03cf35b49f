#include "sim/members.h"

#include <inttypes.h>

#include "codec/json.h"

static bool is_known(struct str name, const char *const *keys)
{
	for (; *keys; keys++) {
		if (str_is(name, *keys)) {
			return true;
		}
	}
	return false;
}

static const cJSON *member(const cJSON *object, const char *key)
{
	const cJSON *value = json_get(object, key);

	return cJSON_IsNull(value) ? NULL : value;
}

bool members_known(const cJSON *object, const char *const *keys, struct error *err)
{
	const cJSON *value;

	cJSON_ArrayForEach(value, object)
	{
		if (!is_known(str_from(value->string), keys)) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: no such member", value->string);
		}
	}
	return true;
}

bool member_text(const cJSON *object, const char *key, const char **ret_text, struct error *err)
{
	const cJSON *value = member(object, key);

	if (value && !cJSON_IsString(value)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: expected a text", key);
	}
	if (value) {
		*ret_text = value->valuestring;
	}
	return true;
}

bool member_bool(const cJSON *object, const char *key, bool *ret_value, struct error *err)
{
	const cJSON *value = member(object, key);

	if (value && !cJSON_IsBool(value)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: expected true or false", key);
	}
	if (value) {
		*ret_value = cJSON_IsTrue(value);
	}
	return true;
}

bool member_i64(const cJSON *object, const char *key, int64_t min, int64_t max, int64_t *ret_value, struct error *err)
{
	int64_t value;

	if (!member(object, key)) {
		return true;
	}
	value = json_i64(object, key, min - 1);
	if (value < min || value > max) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			"%s: expected a whole number from %" PRId64 " to %" PRId64, key, min, max);
	}
	*ret_value = value;
	return true;
}

bool query_known(const struct params *params, const char *const *keys, struct error *err)
{
	for (size_t i = 0; i < params->n; i++) {
		struct str name = params->items[i].name;

		if (!is_known(name, keys)) {
			return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, STR_FMT ": no such parameter",
				(int)(name.n < 64 ? name.n : 64), name.p);
		}
	}
	return true;
}

bool query_i64(const struct params *params, const char *key, int64_t *ret_value, struct error *err)
{
	if (params_has(params, key) && !str_to_i64(params_str(params, key), 0, INT64_MAX, ret_value)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: expected a whole number", key);
	}
	return true;
}
