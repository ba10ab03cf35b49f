/*
 * One line per switch: name, kind, place, default, bounds. To add one: the field in struct switches, a line here, a
 * line in gazette-sim(1).
 */
#include "sim/switches.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#include "codec/json.h"
#include "core/mem.h"

enum switch_kind { SWITCH_INT, SWITCH_BOOL, SWITCH_TIER, SWITCH_TEXT, SWITCH_WORDS };

static const struct {
	const char *name;
	enum switch_kind kind;
	size_t offset;
	int64_t def;
	int64_t max;
} table[] = {
#define LINE(k, field, d, m) \
	{ \
		.name = #field, .kind = k, .offset = offsetof(struct switches, field), .def = d, .max = m \
	}
	LINE(SWITCH_TIER, tier, TIER_SHARE, 0),
	/* limits; 0: none */
	LINE(SWITCH_INT, calls_per_day, 100, INT64_C(1000000000)),
	LINE(SWITCH_INT, posts_per_hour, 30, INT64_C(1000000000)),
	LINE(SWITCH_INT, comments_per_hour, 60, INT64_C(1000000000)),
	LINE(SWITCH_INT, ip_per_hour, 15000, INT64_C(1000000000)),
	LINE(SWITCH_INT, post_interval_seconds, 0, 86400),
	/* reading */
	LINE(SWITCH_INT, lag_seconds, 0, 86400),
	LINE(SWITCH_INT, filter_percent, 0, 100),
	LINE(SWITCH_BOOL, jitter, 0, 0),
	/* writing */
	LINE(SWITCH_INT, duplicate_minutes, 60, 525600),
	LINE(SWITCH_INT, similar_percent, 0, 100),
	LINE(SWITCH_INT, review_after_seconds, 0, INT64_C(31536000)),
	LINE(SWITCH_INT, long_chars, 2000, 100000),
	LINE(SWITCH_INT, comment_refusal, 0, 99999),
	LINE(SWITCH_BOOL, rip_required, 1, 0),
	LINE(SWITCH_BOOL, reply_degrades, 0, 0),
	LINE(SWITCH_TEXT, safe_domain, 0, 255),
	LINE(SWITCH_WORDS, forbidden_words, 0, 0),
	LINE(SWITCH_WORDS, forbidden_links, 0, 0),
	LINE(SWITCH_WORDS, safety_ips, 0, 0),
	/* who */
	LINE(SWITCH_INT, token_seconds, 30 * 86400, INT64_C(315360000)),
	LINE(SWITCH_INT, expired_answer, 21327, 99999),
	LINE(SWITCH_BOOL, test_listed, 1, 0),
	LINE(SWITCH_TEXT, screen_name, 0, 128),
#undef LINE
};

static const char *const tiers[] = {
	[TIER_TEST] = "test",
	[TIER_SHARE] = "share",
	[TIER_ADVANCED] = "advanced",
	[TIER_BIZ] = "biz",
};

const char *tier_name(enum tier tier)
{
	return tiers[tier];
}

bool tier_parse(const char *name, enum tier *ret_tier)
{
	for (size_t i = 0; i < ARRAY_LEN(tiers); i++) {
		if (strcmp(name, tiers[i]) == 0) {
			*ret_tier = (enum tier)i;
			return true;
		}
	}
	return false;
}

void words_finish(struct words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		free(words->items[i]);
	}
	free(words->items);
	*words = (struct words){ 0 };
}

static void *field(const struct switches *set, size_t offset)
{
	return (char *)(uintptr_t)set + offset;
}

void switches_init(struct switches *set)
{
	*set = (struct switches){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		switch (table[i].kind) {
		case SWITCH_INT:
		case SWITCH_BOOL:
		case SWITCH_TIER:
			*(int64_t *)field(set, table[i].offset) = table[i].def;
			break;
		case SWITCH_TEXT:
			*(char **)field(set, table[i].offset) = xstrdup("");
			break;
		case SWITCH_WORDS:
			break;
		}
	}
}

void switches_finish(struct switches *set)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].kind == SWITCH_TEXT) {
			free(*(char **)field(set, table[i].offset));
		} else if (table[i].kind == SWITCH_WORDS) {
			words_finish(field(set, table[i].offset));
		}
	}
	*set = (struct switches){ 0 };
}

bool switches_know(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (strcmp(table[i].name, key) == 0) {
			return true;
		}
	}
	return false;
}

static bool refuse(struct error *err, const char *key, const char *expected)
{
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: expected %s", key, expected);
}

static bool read_words(const cJSON *value, struct words *ret_words)
{
	struct words words = { 0 };
	const cJSON *item;

	if (!cJSON_IsArray(value)) {
		return false;
	}
	words.items = xnew_array(char *, (size_t)cJSON_GetArraySize(value) + 1);
	cJSON_ArrayForEach(item, value)
	{
		if (!cJSON_IsString(item) || !item->valuestring[0]) {
			words_finish(&words);
			return false;
		}
		words.items[words.n++] = xstrdup(item->valuestring);
	}
	words_finish(ret_words);
	*ret_words = words;
	return true;
}

bool switches_set(struct switches *set, const char *key, const cJSON *value, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		void *place = field(set, table[i].offset);
		enum tier tier;

		if (strcmp(table[i].name, key) != 0) {
			continue;
		}
		switch (table[i].kind) {
		case SWITCH_INT:
			if (!cJSON_IsNumber(value) || value->valuedouble < 0 ||
				value->valuedouble > (double)table[i].max ||
				value->valuedouble != trunc(value->valuedouble)) {
				return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
					"%s: expected a whole number from 0 to %" PRId64, key, table[i].max);
			}
			*(int64_t *)place = (int64_t)value->valuedouble;
			return true;
		case SWITCH_BOOL:
			if (!cJSON_IsBool(value)) {
				return refuse(err, key, "true or false");
			}
			*(int64_t *)place = cJSON_IsTrue(value);
			return true;
		case SWITCH_TIER:
			if (!cJSON_IsString(value) || !tier_parse(value->valuestring, &tier)) {
				return refuse(err, key, "test, share, advanced or biz");
			}
			*(int64_t *)place = tier;
			return true;
		case SWITCH_TEXT:
			if (!cJSON_IsString(value) || strlen(value->valuestring) > (size_t)table[i].max) {
				return refuse(err, key, "a text");
			}
			free(*(char **)place);
			*(char **)place = xstrdup(value->valuestring);
			return true;
		case SWITCH_WORDS:
			return read_words(value, place) || refuse(err, key, "a list of words");
		}
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: no such switch", key);
}

void switches_out(struct out *out, const struct switches *set)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const void *place = field(set, table[i].offset);
		const struct words *words = place;

		switch (table[i].kind) {
		case SWITCH_INT:
			out_i64(out, table[i].name, *(const int64_t *)place);
			break;
		case SWITCH_BOOL:
			out_bool(out, table[i].name, *(const int64_t *)place != 0);
			break;
		case SWITCH_TIER:
			out_text(out, table[i].name, tier_name((enum tier) * (const int64_t *)place));
			break;
		case SWITCH_TEXT:
			out_text(out, table[i].name, *(char *const *)place);
			break;
		case SWITCH_WORDS:
			out_array(out, table[i].name);
			for (size_t j = 0; j < words->n; j++) {
				out_text(out, NULL, words->items[j]);
			}
			out_array_end(out);
			break;
		}
	}
}
