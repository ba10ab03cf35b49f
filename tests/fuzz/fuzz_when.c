/*
 * Times and durations as people write them: what is read is written and read again as the same instant.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "core/clock.h"
#include "text/utf8.h"
#include "text/when.h"

#define must(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

/* 2026-10-01 08:00 in Shanghai */
#define NOW_AT (INT64_C(1790812800) * SECOND_MS)

static void check_instant(struct str text)
{
	cleanup(buf_finish) struct buf out = { 0 };
	struct error err = { 0 };
	int64_t at, again_at;

	if (!when_parse(text, NOW_AT, &at, &err)) {
		must(err.message[0] && utf8_valid(str_from(err.message)));
		return;
	}
	buf_init(&out, 256);
	must(when_format_echo(&out, at, NOW_AT));
	must(when_format_short(&out, at, NOW_AT));
	buf_clear(&out);
	must(when_format_rfc3339(&out, at));
	must(when_parse(buf_str(&out), NOW_AT, &again_at, &err));
	must(again_at == at);
}

static void check_duration(struct str text)
{
	cleanup(buf_finish) struct buf out = { 0 };
	struct error err = { 0 };
	int64_t ms, again_ms;

	if (!when_parse_duration(text, &ms, &err)) {
		must(err.message[0] && utf8_valid(str_from(err.message)));
		return;
	}
	buf_init(&out, 64);
	must(ms >= 0);
	must(when_format_duration(&out, ms));
	must(when_parse_duration(buf_str(&out), &again_ms, &err));
	must(again_ms == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const zones[] = { "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe" };
	struct str text = { (const char *)data, size };

	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		must(when_set_zone(zones[i], NULL));
		check_instant(text);
	}
	check_duration(text);
	return 0;
}
