/* The switches of an account of WeChat as a table: reading them from a control request, and showing them. */
#include <inttypes.h>

#include "codec/json.h"
#include "core/mem.h"
#include "sim/wechat_world.h"
#include "text/when.h"

enum switch_type { SWITCH_BOOL, SWITCH_INT, SWITCH_MS, SWITCH_TIME, SWITCH_CHOICE, SWITCH_TEXT, SWITCH_LIST };

static const char *const kinds[] = { "subscription", "service", NULL };
static const char *const modes[] = { "safe", "compatible", "plain", NULL };
static const char *const fates[] = { "delivered", "lost", "duplicated", "early", NULL };
static const char *const urls[] = { "full", "empty", "missing", NULL };
static const char *const totals[] = { "page", "documented", NULL };

#define FIELD(name) #name, offsetof(struct wx_switches, name)

static const struct {
	const char *name;
	size_t offset;
	enum switch_type type;
	int64_t def;
	int64_t max; /* SWITCH_INT, SWITCH_MS */
	const char *const *choices;
	bool hidden; /* a secret: not shown */
} table[] = {
	{ FIELD(kind), SWITCH_CHOICE, 0, 0, kinds, false },
	{ FIELD(verified), SWITCH_BOOL, 1, 0, NULL, false },
	{ FIELD(verified_until), SWITCH_TIME, 0, 0, NULL, false },
	{ FIELD(comments), SWITCH_BOOL, 1, 0, NULL, false },
	{ FIELD(secret_frozen), SWITCH_BOOL, 0, 0, NULL, false },
	{ FIELD(account_frozen), SWITCH_BOOL, 0, 0, NULL, false },
	{ FIELD(wrong_secret_code), SWITCH_INT, 40125, 99999, NULL, false },
	{ FIELD(token_refusal), SWITCH_INT, 0, 99999, NULL, false },
	{ FIELD(ip_everywhere), SWITCH_BOOL, 0, 0, NULL, false },
	{ FIELD(ip_allow), SWITCH_LIST, 0, 0, NULL, false },
	{ FIELD(token_seconds), SWITCH_INT, 7200, 7200, NULL, false },
	{ FIELD(calls_per_minute), SWITCH_INT, 0, 1000000, NULL, false },
	{ FIELD(strict_title), SWITCH_BOOL, 0, 0, NULL, false },
	{ FIELD(strict_thumb), SWITCH_BOOL, 0, 0, NULL, false },
	{ FIELD(publish_delay_ms), SWITCH_MS, 2000, INT64_C(86400000), NULL, false },
	{ FIELD(publish_event), SWITCH_CHOICE, 0, 0, fates, false },
	{ FIELD(publish_comments), SWITCH_BOOL, 1, 0, NULL, false },
	{ FIELD(publish_results), SWITCH_LIST, 0, 0, NULL, false },
	{ FIELD(mass_delay_ms), SWITCH_MS, 2000, INT64_C(86400000), NULL, false },
	{ FIELD(mass_event), SWITCH_CHOICE, 0, 0, fates, false },
	{ FIELD(mass_protection), SWITCH_BOOL, 0, 0, NULL, false },
	{ FIELD(mass_protection_code), SWITCH_INT, 89505, 99999, NULL, false },
	{ FIELD(mass_urls), SWITCH_CHOICE, 0, 0, urls, false },
	{ FIELD(mass_inner_retry), SWITCH_BOOL, 0, 0, NULL, false },
	{ FIELD(mass_per_minute), SWITCH_INT, 60, 1000000, NULL, false },
	{ FIELD(mass_results), SWITCH_LIST, 0, 0, NULL, false },
	{ FIELD(comment_total), SWITCH_CHOICE, 0, 0, totals, false },
	{ FIELD(elected_max), SWITCH_INT, 100, 100000, NULL, false },
	{ FIELD(page_openids), SWITCH_INT, 10000, 10000, NULL, false },
	{ FIELD(push_on), SWITCH_BOOL, 1, 0, NULL, false },
	{ FIELD(push_deliveries), SWITCH_INT, 3, 10, NULL, false },
	{ FIELD(push_gap_ms), SWITCH_MS, 5000, 3600000, NULL, false },
	{ FIELD(push_timeout_ms), SWITCH_MS, 5000, 60000, NULL, false },
	{ FIELD(markfail_after), SWITCH_INT, 20, 1000000, NULL, false },
	{ FIELD(callback_mode), SWITCH_CHOICE, 0, 0, modes, false },
	{ FIELD(callback_url), SWITCH_TEXT, 0, 0, NULL, false },
	{ FIELD(callback_token), SWITCH_TEXT, 0, 0, NULL, true },
	{ FIELD(aes_key), SWITCH_TEXT, 0, 0, NULL, true },
	{ FIELD(aes_key_previous), SWITCH_TEXT, 0, 0, NULL, true },
	{ FIELD(picture_base), SWITCH_TEXT, 0, 0, NULL, false },
	{ FIELD(jitter), SWITCH_BOOL, 0, 0, NULL, false },
};

static int64_t *number(const struct wx_switches *set, size_t i)
{
	return (int64_t *)(void *)((char *)(uintptr_t)set + table[i].offset);
}

static char **text(const struct wx_switches *set, size_t i)
{
	return (char **)(void *)((char *)(uintptr_t)set + table[i].offset);
}

static cJSON **list(const struct wx_switches *set, size_t i)
{
	return (cJSON **)(void *)((char *)(uintptr_t)set + table[i].offset);
}

void wx_switches_init(struct wx_switches *set)
{
	*set = (struct wx_switches){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		switch (table[i].type) {
		case SWITCH_TEXT:
			*text(set, i) = xstrdup("");
			break;
		case SWITCH_LIST:
			*list(set, i) = cJSON_CreateArray();
			break;
		case SWITCH_BOOL:
		case SWITCH_INT:
		case SWITCH_MS:
		case SWITCH_TIME:
		case SWITCH_CHOICE:
			*number(set, i) = table[i].def;
			break;
		}
	}
	free(set->picture_base);
	set->picture_base = xstrdup("http://mmbiz.qpic.cn");
}

void wx_switches_finish(struct wx_switches *set)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].type == SWITCH_TEXT) {
			free(*text(set, i));
		} else if (table[i].type == SWITCH_LIST) {
			cJSON_Delete(*list(set, i));
		}
	}
}

static bool refuse(struct error *err, size_t i, const char *expected)
{
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: expected %s", table[i].name, expected);
}

static bool set_choice(struct wx_switches *set, size_t i, const cJSON *value, struct error *err)
{
	for (int64_t k = 0; table[i].choices[k]; k++) {
		if (cJSON_IsString(value) && strcmp(value->valuestring, table[i].choices[k]) == 0) {
			*number(set, i) = k;
			return true;
		}
	}
	return refuse(err, i, "another word");
}

static bool set_number(struct wx_switches *set, size_t i, const cJSON *value, struct error *err)
{
	int64_t ms;

	if (table[i].type == SWITCH_MS && cJSON_IsString(value)) {
		if (!when_parse_duration(str_from(value->valuestring), &ms, err) || ms < 0 || ms > table[i].max) {
			return refuse(err, i, "milliseconds, or a text like \"90s\"");
		}
		*number(set, i) = ms;
		return true;
	}
	if (!cJSON_IsNumber(value) || value->valuedouble < 0 || value->valuedouble > (double)table[i].max) {
		return refuse(err, i, "a number within bounds");
	}
	*number(set, i) = (int64_t)value->valuedouble;
	return true;
}

static bool set_time(struct wx_switches *set, size_t i, const cJSON *value, struct error *err)
{
	int64_t at = 0;

	if (!cJSON_IsNull(value) &&
		(!cJSON_IsString(value) || !when_parse(str_from(value->valuestring), 0, &at, err))) {
		return refuse(err, i, "a time, or null");
	}
	*number(set, i) = at;
	return true;
}

bool wx_switches_set(struct wx_switches *set, const char *key, const cJSON *value, struct error *err)
{
	size_t i = 0;

	while (i < ARRAY_LEN(table) && strcmp(table[i].name, key) != 0) {
		i++;
	}
	if (i == ARRAY_LEN(table)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "%s: no such switch", key);
	}
	switch (table[i].type) {
	case SWITCH_BOOL:
		if (!cJSON_IsBool(value)) {
			return refuse(err, i, "true or false");
		}
		*number(set, i) = cJSON_IsTrue(value);
		return true;
	case SWITCH_INT:
	case SWITCH_MS:
		return set_number(set, i, value, err);
	case SWITCH_TIME:
		return set_time(set, i, value, err);
	case SWITCH_CHOICE:
		return set_choice(set, i, value, err);
	case SWITCH_TEXT:
		if (!cJSON_IsString(value)) {
			return refuse(err, i, "a text");
		}
		free(*text(set, i));
		*text(set, i) = xstrdup(value->valuestring);
		return true;
	case SWITCH_LIST:
		if (!cJSON_IsArray(value)) {
			return refuse(err, i, "a list");
		}
		cJSON_Delete(*list(set, i));
		*list(set, i) = cJSON_Duplicate(value, true);
		return true;
	}
	return false;
}

static void out_list(struct out *out, size_t i, const cJSON *value)
{
	struct buf json;

	buf_init(&json, 64u << 10);
	if (json_print(&json, value)) {
		out_raw(out, table[i].name, buf_str(&json));
	}
	buf_finish(&json);
}

void wx_switches_out(struct out *out, const struct wx_switches *set)
{
	char at[40];

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		switch (table[i].type) {
		case SWITCH_BOOL:
			out_bool(out, table[i].name, *number(set, i) != 0);
			break;
		case SWITCH_INT:
		case SWITCH_MS:
			out_i64(out, table[i].name, *number(set, i));
			break;
		case SWITCH_TIME:
			format_iso_time(at, *number(set, i));
			out_text(out, table[i].name, *number(set, i) ? at : NULL);
			break;
		case SWITCH_CHOICE:
			out_text(out, table[i].name, table[i].choices[*number(set, i)]);
			break;
		case SWITCH_TEXT:
			if (!table[i].hidden) {
				out_text(out, table[i].name, *text(set, i));
			}
			break;
		case SWITCH_LIST:
			out_list(out, i, *list(set, i));
			break;
		}
	}
}
