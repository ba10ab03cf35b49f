/*
 * JSON in and out by cJSON. What we add: caps, UTF-8 that is always valid, and whole numbers with all their digits.
 *
 * cJSON keeps numbers as double and would round a platform's 64-bit id. Before it sees the text, whole numbers of more
 * than 15 digits are put in quotes; the getters read numbers and strings alike. The same pass replaces invalid bytes
 * and lone surrogates by U+FFFD and counts the depth.
 *
 * cJSON's memory is ours: when it is exhausted we abort. To cJSON it would mean a member that is not there, or an
 * answer that is no JSON.
 */
#include "codec/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"
#include "text/when.h"

#define EXACT_DIGITS 15
#define REPLACEMENT  "\xef\xbf\xbd"
#define EXACT_MAX    (INT64_C(1) << 53)
#define PRINTED_MAX  INT64_C(999999999999999) /* EXACT_DIGITS nines */

static void *take(size_t n)
{
	return xrealloc_array(NULL, n, 1);
}

__attribute__((constructor)) static void give_cjson_our_memory(void)
{
	cJSON_Hooks hooks = { .malloc_fn = take, .free_fn = free };

	cJSON_InitHooks(&hooks);
}

void json_freep(cJSON **json)
{
	cJSON_Delete(*json);
	*json = NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex4(struct str s)
{
	int value = 0;

	if (s.n < 4) {
		return -1;
	}
	for (size_t i = 0; i < 4; i++) {
		char c = s.p[i];
		int digit = is_digit(c)            ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0) {
			return -1;
		}
		value = value * 16 + digit;
	}
	return value;
}

/* A \u escape at the front of *rest (behind the \u); lone surrogates and U+0000 become U+FFFD. */
static void copy_unicode_escape(struct str *rest, struct buf *out)
{
	int high = hex4(*rest);

	if (high >= 0xd800 && high <= 0xdbff) {
		int low = rest->n >= 10 && rest->p[4] == '\\' && rest->p[5] == 'u' ? hex4(str_sub(*rest, 6, 4)) : -1;

		if (low >= 0xdc00 && low <= 0xdfff) {
			(void)buf_add_text(out, "\\u");
			(void)buf_add(out, rest->p, 10);
			*rest = str_sub(*rest, 10, rest->n);
			return;
		}
	}
	if (high < 0) {
		(void)buf_add_text(out, "\\x"); /* broken: cJSON takes a broken \u for U+0000, this it refuses */
		return;
	}
	if (high == 0 || (high >= 0xd800 && high <= 0xdfff)) {
		(void)buf_add_text(out, REPLACEMENT);
	} else {
		(void)buf_add_text(out, "\\u");
		(void)buf_add(out, rest->p, 4);
	}
	*rest = str_sub(*rest, 4, rest->n);
}

/* Bytes at the front that mean nothing to anybody: most of every text. */
static size_t plain_bytes(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= ' ' && s.p[n] <= '~' && s.p[n] != '"' && s.p[n] != '\\') {
		n++;
	}
	return n;
}

static void copy_string(struct str *rest, struct buf *out)
{
	(void)buf_add_char(out, '"');
	*rest = str_sub(*rest, 1, rest->n);
	while (rest->n > 0) {
		size_t plain = plain_bytes(*rest);
		uint32_t code_point;
		char bytes[4];
		char c;

		(void)buf_add(out, rest->p, plain);
		*rest = str_sub(*rest, plain, rest->n);
		if (rest->n == 0) {
			return;
		}
		c = rest->p[0];
		if (c == '"') {
			(void)buf_add_char(out, '"');
			*rest = str_sub(*rest, 1, rest->n);
			return;
		}
		if (c == '\\' && rest->n > 1) {
			char escaped = rest->p[1];

			*rest = str_sub(*rest, 2, rest->n);
			if (escaped == 'u') {
				copy_unicode_escape(rest, out);
			} else {
				(void)buf_add_char(out, '\\');
				(void)buf_add_char(out, escaped);
			}
			continue;
		}
		(void)utf8_next(rest, &code_point);
		if (code_point == 0) {
			code_point = 0xfffd;
		}
		(void)buf_add(out, bytes, utf8_encode(code_point, bytes));
	}
}

static void copy_number(struct str *rest, struct buf *out)
{
	size_t n = 0;
	size_t digits = 0;
	bool whole = true;
	struct str digits_of;

	while (n < rest->n && (is_digit(rest->p[n]) || (rest->p[n] && strchr("+-.eE", rest->p[n])))) {
		if (is_digit(rest->p[n])) {
			digits++;
		} else if (n > 0 || rest->p[n] != '-') {
			whole = false;
		}
		n++;
	}
	digits_of = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->n);
	/* In the place of a name it stays a number, which cJSON refuses there. */
	whole = whole && digits > EXACT_DIGITS && !str_starts(str_trim(*rest), STR(":"));
	(void)buf_add_text(out, whole ? "\"" : "");
	(void)buf_add_str(out, digits_of);
	(void)buf_add_text(out, whole ? "\"" : "");
}

/* What is at the front of *rest, fit for cJSON; *rest moves behind it. */
static void copy_token(struct str *rest, struct buf *out)
{
	char c = rest->p[0];

	if (c == '"') {
		copy_string(rest, out);
	} else if (is_digit(c) || c == '-') {
		copy_number(rest, out);
	} else {
		(void)buf_add_char(out, c);
		*rest = str_sub(*rest, 1, rest->n);
	}
}

static bool prepare(struct str text, struct buf *out, struct error *err)
{
	struct str rest = text;
	unsigned depth = 0;

	while (rest.n > 0) {
		char c = rest.p[0];

		if (c == '{' || c == '[') {
			if (++depth > LIMIT_JSON_DEPTH) {
				return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
					"JSON nested deeper than %u at byte %zu", LIMIT_JSON_DEPTH, text.n - rest.n);
			}
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		} else if (c == '\0') {
			return error_set(
				err, ERROR_INPUT, ADVISE_REJECT, 0, "a NUL in JSON at byte %zu", text.n - rest.n);
		}
		copy_token(&rest, out);
	}
	return !out->failed || error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "JSON too long");
}

/* Where in `text` the token begins that came to stand at `offset` of what cJSON was given. */
static size_t offset_in_text(struct str text, size_t offset)
{
	struct str rest = text;
	size_t from = 0;
	size_t made = 0;
	struct buf token;

	buf_init(&token, text.n * 3 + 16);
	while (rest.n > 0 && made <= offset) {
		from = text.n - rest.n;
		buf_clear(&token);
		copy_token(&rest, &token);
		made += token.n;
	}
	buf_finish(&token);
	return made <= offset ? text.n : from;
}

bool json_parse(struct str text, cJSON **ret_json, struct error *err)
{
	const char *end = NULL;
	struct buf ready;
	cJSON *json;
	bool ok;

	/* Quoting adds at most two bytes to sixteen, replacing at most two to one. */
	buf_init(&ready, text.n * 3 + 16);
	ok = prepare(text, &ready, err);
	if (ok) {
		json = cJSON_ParseWithLengthOpts(ready.p, ready.n + 1, &end, true);
		if (json) {
			*ret_json = json;
		} else {
			ok = error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "no valid JSON at byte %zu",
				offset_in_text(text, end ? (size_t)(end - ready.p) : 0));
		}
	}
	buf_finish(&ready);
	return ok;
}

bool json_print(struct buf *out, const cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	bool ok = text && buf_add_text(out, text);

	cJSON_free(text);
	return ok;
}

const cJSON *json_get(const cJSON *object, const char *key)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

const char *json_text(const cJSON *object, const char *key, const char *def)
{
	const cJSON *item = json_get(object, key);

	return cJSON_IsString(item) ? item->valuestring : def;
}

struct str json_str(const cJSON *object, const char *key)
{
	return str_from(json_text(object, key, NULL));
}

int64_t json_i64(const cJSON *object, const char *key, int64_t def)
{
	const cJSON *item = json_get(object, key);
	int64_t value;

	if (cJSON_IsString(item) || cJSON_IsRaw(item)) {
		return str_to_i64(str_from(item->valuestring), INT64_MIN, INT64_MAX, &value) ? value : def;
	}
	if (cJSON_IsNumber(item) && item->valuedouble == trunc(item->valuedouble) &&
		fabs(item->valuedouble) <= (double)EXACT_MAX) {
		return (int64_t)item->valuedouble;
	}
	return def;
}

bool json_id(const cJSON *object, const char *key, struct buf *out)
{
	const cJSON *item = json_get(object, key);

	if (cJSON_IsString(item) || cJSON_IsRaw(item)) {
		return buf_add_text(out, item->valuestring);
	}
	if (cJSON_IsNumber(item) && item->valuedouble == trunc(item->valuedouble) &&
		fabs(item->valuedouble) <= (double)EXACT_MAX) {
		return buf_printf(out, "%" PRId64, (int64_t)item->valuedouble);
	}
	return false;
}

bool json_bool(const cJSON *object, const char *key, bool def)
{
	const cJSON *item = json_get(object, key);

	if (cJSON_IsBool(item)) {
		return cJSON_IsTrue(item);
	}
	if (cJSON_IsNumber(item) && (item->valuedouble == 0 || item->valuedouble == 1)) {
		return item->valuedouble == 1;
	}
	if (cJSON_IsString(item)) {
		struct str text = str_from(item->valuestring);

		if (str_is(text, "true") || str_is(text, "1")) {
			return true;
		}
		if (str_is(text, "false") || str_is(text, "0")) {
			return false;
		}
	}
	return def;
}

cJSON *json_object(void)
{
	return cJSON_CreateObject();
}

cJSON *json_array(void)
{
	return cJSON_CreateArray();
}

void json_add(cJSON *object, const char *key, cJSON *taken)
{
	if (taken && !cJSON_AddItemToObject(object, key, taken)) {
		cJSON_Delete(taken);
	}
}

void json_push(cJSON *array, cJSON *taken)
{
	if (taken && !cJSON_AddItemToArray(array, taken)) {
		cJSON_Delete(taken);
	}
}

void json_add_str(cJSON *object, const char *key, struct str text)
{
	struct buf safe;
	struct str rest = text;
	uint32_t code_point;

	buf_init(&safe, text.n * 3 + 1);
	while (rest.n > 0) {
		size_t plain = plain_bytes(rest);
		char bytes[4];

		(void)buf_add(&safe, rest.p, plain);
		rest = str_sub(rest, plain, rest.n);
		if (utf8_next(&rest, &code_point)) {
			(void)buf_add(&safe, bytes, utf8_encode(code_point ? code_point : 0xfffd, bytes));
		}
	}
	json_add(object, key, cJSON_CreateString(safe.p));
	buf_finish(&safe);
}

void json_add_text(cJSON *object, const char *key, const char *text)
{
	if (text) {
		json_add_str(object, key, str_from(text));
	}
}

void json_add_i64(cJSON *object, const char *key, int64_t value)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%" PRId64, value);
	if (value > EXACT_MAX || value < -EXACT_MAX) {
		json_add(object, key, cJSON_CreateString(digits));
	} else if (value > PRINTED_MAX || value < -PRINTED_MAX) {
		json_add(object, key,
			cJSON_CreateRaw(digits)); /* cJSON would print it with 15 digits and call that near enough */
	} else {
		json_add(object, key, cJSON_CreateNumber((double)value));
	}
}

void json_add_bool(cJSON *object, const char *key, bool value)
{
	json_add(object, key, cJSON_CreateBool(value));
}

void json_add_time(cJSON *object, const char *key, int64_t at)
{
	struct buf text;

	if (at == 0) {
		return;
	}
	buf_init(&text, 64);
	if (when_format_rfc3339(&text, at)) {
		json_add_str(object, key, buf_str(&text));
	}
	buf_finish(&text);
}
