/*
 * Logs: an event name, then escaped key=value pairs, one line per event.
 *
 *   log_info("delivery.sent id=%" PRId64 " account=%s took_ms=%" PRId64, ...)
 *
 * Values that come from outside are passed through log_value(), which quotes and escapes them.
 * error: something is lost · warn: odd, says what we did about it · info: one line per state change ·
 * debug: free, and only floors 0-3 stay at debug. With a journal on stderr, lines carry its <N> prefix.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
void log_line(enum log_level level, const char *format, ...) printf_like(2, 3);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * May one more line of a kind be written that outsiders can cause at will? At most LOG_PACE_LINES in LOG_PACE_MS.
 * *ret_more: so many were left out in the time before; 0: nothing to tell. Not for several threads.
 */
#define LOG_PACE_LINES 20
#define LOG_PACE_MS    10000
struct log_pace {
	struct mono since;
	int64_t n;
};
bool log_pace(struct log_pace *pace, struct mono now, int64_t *ret_more) must_check;

/*
 * A quoted, escaped form of foreign text, cut at 200 bytes. One of 8 rotating thread-local buffers: use
 * it inside one log call only.
 */
const char *log_value(struct str value);
const char *log_text(const char *terminated);

#endif
