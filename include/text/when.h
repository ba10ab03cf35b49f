/*
 * Times as people write and read them, in the office's zone. The zone is the process's (TZ); daemon and CLI
 * set it once at start from the office's configuration with when_set_zone().
 */
#ifndef TEXT_WHEN_H
#define TEXT_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

/* An IANA name such as "Asia/Shanghai"; fails when the system has no such zone. */
bool when_set_zone(const char *zone, struct error *err) must_check;
/* The same look at the name without setting anything: for a file that may yet be refused. */
bool when_check_zone(const char *zone, struct error *err) must_check;

/*
 * Accepted: RFC 3339 ("2026-10-01T08:00:00+08:00", also with blank for T, seconds optional) ·
 * "2026-10-01 08:00" and "2026-10-01" plus time words in the office's zone · "8:00" (today) ·
 * "today 8:00" · "tomorrow 8:00" · "now" · "+2h", "+30m", "+90s", "+3d", "+1h30m" · 今天 8:00, 明天 8:00, 后天 8:00,
 * also 8点, 8点半, 8点15分, 上午 8:00, 下午 3点 · weekday names "mon 8:00", 周一 8:00 (the next one after now). Any
 * case. A day without a time of day, a day that does not exist, and a local time skipped by a clock change are errors
 * that say so; of a local time that comes twice it is the first. +3d is 72 hours. Years 1970 to 9999.
 */
bool when_parse(struct str text, int64_t now_at, int64_t *ret_at, struct error *err) must_check;

/* "90s", "30m", "2h", "3d", "1h30m", "500ms", "0"; a bare number without unit is an error. */
bool when_parse_duration(struct str text, int64_t *ret_ms, struct error *err) must_check;

/* "2026-10-01T08:00:00+08:00"; with milliseconds only when they are not zero. */
bool when_format_rfc3339(struct buf *out, int64_t at);

/* "Thu 2026-10-01 08:00 +08:00, in 3 d 2 h"; seconds shown when not zero. */
bool when_format_echo(struct buf *out, int64_t at, int64_t now_at);

/* "in 3 d 2 h", "5 min ago", "now"; at most two units. */
bool when_format_relative(struct buf *out, int64_t at, int64_t now_at);

/* "08:00", "10-01 08:00", "2027-10-01 08:00": the shortest that is clear at now_at. */
bool when_format_short(struct buf *out, int64_t at, int64_t now_at);

/* "1h30m", "90s", "0s"; when_parse_duration() reads it back. */
bool when_format_duration(struct buf *out, int64_t ms);

#endif
