/*
 * JSON: what is accepted holds valid UTF-8 and no more depth than the cap, prints as one line, and is the same when it
 * is read again; the getters never mistake one kind of thing for another.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/json.h"
#include "core/limits.h"

static void check_getters(const cJSON *object, const char *key)
{
	cleanup(buf_finish) struct buf id = { 0 };
	const cJSON *item = json_get(object, key);
	int64_t low = json_i64(object, key, INT64_MIN);
	int64_t high = json_i64(object, key, INT64_MAX);

	must(item); /* it has just been seen there; of two the first one */
	buf_init(&id, 1u << 20);
	must((json_text(object, key, NULL) != NULL) == (cJSON_IsString(item) != 0));
	must(str_eq(json_str(object, key), str_from(json_text(object, key, NULL))));
	if (json_id(object, key, &id)) {
		must(cJSON_IsString(item) || cJSON_IsNumber(item));
		if (cJSON_IsNumber(item)) {
			int64_t value;

			must(str_to_i64(buf_str(&id), INT64_MIN, INT64_MAX, &value) && value == low && value == high);
		}
	}
	if (low == high) {
		must(cJSON_IsNumber(item) || cJSON_IsString(item));
	}
	if (json_bool(object, key, true) == json_bool(object, key, false)) {
		must(cJSON_IsBool(item) || cJSON_IsNumber(item) || cJSON_IsString(item));
	}
}

static void check_tree(const cJSON *json, unsigned depth)
{
	const cJSON *item;

	must(depth <= LIMIT_JSON_DEPTH);
	if (cJSON_IsString(json)) {
		must(utf8_valid(str_from(json->valuestring)));
	}
	cJSON_ArrayForEach(item, json)
	{
		if (item->string) {
			must(utf8_valid(str_from(item->string)));
			check_getters(json, item->string);
		}
		check_tree(item, depth + 1);
	}
	must(!json_get(json, "no such member of anything"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	cleanup(json_freep) cJSON *json = NULL;
	cleanup(json_freep) cJSON *again = NULL;
	cleanup(json_freep) cJSON *third = NULL;
	cleanup(buf_finish) struct buf once = { 0 };
	cleanup(buf_finish) struct buf twice = { 0 };
	cleanup(buf_finish) struct buf thrice = { 0 };
	struct error err = { 0 };

	if (!json_parse(text, &json, &err)) {
		must(!json);
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		return 0;
	}
	must(size > 0);
	must(!memchr(data, 0, size) || memchr(data, '"', size)); /* a NUL can stand in a text only */
	check_tree(json, 0);
	buf_init(&once, 16 * size + 64);
	buf_init(&twice, 16 * size + 64);
	buf_init(&thrice, 16 * size + 64);
	must(json_print(&once, json));
	must(utf8_valid(buf_str(&once)) && !memchr(once.p, '\n', once.n));
	must(json_parse(buf_str(&once), &again, &err));
	check_tree(again, 0);
	/* The first reading turns long numbers into texts; from then on nothing changes. */
	must(json_print(&twice, again));
	must(json_parse(buf_str(&twice), &third, &err) && json_print(&thrice, third));
	must(str_eq(buf_str(&twice), buf_str(&thrice)));
	return 0;
}
