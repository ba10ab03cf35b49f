/*
 * One event, one line, one write(2) to standard error: lines of several threads never mix.
 *
 *   to a journal      <6>delivery.sent id=12
 *   anywhere else     2026-10-01T08:00:00.123+08:00 info  delivery.sent id=12
 *
 * Whether it is a journal is decided at the first line: $JOURNAL_STREAM names device and inode of the stream that the
 * service manager made; a standard error that was redirected since then is not it. A line that is too long is cut and
 * ends in an ellipsis. Control characters never reach the terminal: outside of log_value() they become blanks.
 */
#include "core/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

#define LINE_BYTES  2048u
#define ELLIPSIS    "\xe2\x80\xa6"
#define VALUE_BYTES 200u
/* Every byte may become \xNN; two quotes, the ellipsis, the NUL. */
#define VALUE_ROOM (VALUE_BYTES * 4 + 2 + sizeof(ELLIPSIS))
#define VALUES     8u

static const struct {
	const char *name;
	const char *journal; /* sd-daemon(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "<3>" },
	[LOG_LEVEL_WARN] = { "warn ", "<4>" },
	[LOG_LEVEL_INFO] = { "info ", "<6>" },
	[LOG_LEVEL_DEBUG] = { "debug", "<7>" },
};

enum sink { SINK_UNKNOWN, SINK_PLAIN, SINK_JOURNAL };

static atomic_int max_level = LOG_LEVEL_INFO;
static atomic_int sink = SINK_UNKNOWN;

void log_set_level(enum log_level level)
{
	atomic_store(&max_level, (int)level);
}

static enum sink find_sink(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0) {
		return SINK_PLAIN;
	}
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0 ? SINK_JOURNAL : SINK_PLAIN;
}

static size_t write_head(char *line, size_t room, enum log_level level)
{
	int64_t now_at;
	time_t second;
	struct tm tm;
	char stamp[32], zone[8];
	int known = atomic_load(&sink);
	int n;

	if (known == SINK_UNKNOWN) {
		known = (int)find_sink();
		atomic_store(&sink, known);
	}
	if (known == SINK_JOURNAL) {
		n = snprintf(line, room, "%s", levels[level].journal);
		return n < 0 ? 0 : (size_t)n;
	}
	now_at = clock_wall_at();
	second = (time_t)(now_at / SECOND_MS);
	if (!localtime_r(&second, &tm) || strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm) == 0 ||
		strftime(zone, sizeof(zone), "%z", &tm) != 5) {
		return 0;
	}
	n = snprintf(
		line, room, "%s.%03d%.3s:%s %s ", stamp, (int)(now_at % SECOND_MS), zone, zone + 3, levels[level].name);
	return n < 0 ? 0 : (size_t)n;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	/* Kept free for what ends the line: an ellipsis and LF. */
	size_t room = sizeof(line) - sizeof(ELLIPSIS);
	int saved_errno = errno;
	size_t n, from;
	va_list args;
	ssize_t written;
	int more;

	if ((int)level > atomic_load(&max_level)) {
		return;
	}
	n = from = write_head(line, room, level);
	va_start(args, format);
	more = vsnprintf(line + n, room - n, format, args);
	va_end(args);
	if (more < 0) {
		more = 0;
	}
	if ((size_t)more >= room - n) {
		n = room - 1;
		/* Back to the start of a character that was halved. */
		for (size_t back = 1; back <= 3 && back <= n - from; back++) {
			if (((unsigned char)line[n - back] & 0xc0) != 0x80) {
				struct str tail = { line + n - back, back };

				if (str_utf8_step(tail) == 0 && (unsigned char)tail.p[0] >= 0xc0) {
					n -= back;
				}
				break;
			}
		}
		memcpy(line + n, ELLIPSIS, sizeof(ELLIPSIS) - 1);
		n += sizeof(ELLIPSIS) - 1;
	} else {
		n += (size_t)more;
	}
	for (size_t i = from; i < n; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
			line[i] = ' ';
		}
	}
	line[n++] = '\n';
	written = write(STDERR_FILENO, line, n);
	(void)written; /* nowhere left to say so */
	errno = saved_errno;
}

/* What may stand in a quoted value as it is: printable ASCII but quote and backslash, and letters of the world. */
static bool is_plain(const unsigned char *p, size_t n)
{
	switch (n) {
	case 1:
		return p[0] >= 0x20 && p[0] < 0x7f && p[0] != '"' && p[0] != '\\';
	case 2:
		return !(p[0] == 0xc2 && p[1] < 0xa0) && !(p[0] == 0xd8 && p[1] == 0x9c); /* C1, U+061C */
	case 3:
		/* U+200B-200F, U+2028-202F, U+2060-206F, U+FEFF: what hides or reverses text */
		if (p[0] == 0xe2 && p[1] == 0x80) {
			return !((p[2] >= 0x8b && p[2] <= 0x8f) || p[2] >= 0xa8) || p[2] > 0xaf;
		}
		return !(p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xaf) &&
		       !(p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf);
	default:
		return n == 4 && !(p[0] == 0xf3 && p[1] == 0xa0); /* tags, U+E0000 and up */
	}
}

const char *log_value(struct str value)
{
	static _Thread_local char rooms[VALUES][VALUE_ROOM];
	static _Thread_local unsigned next;
	static const char hex[] = "0123456789abcdef";
	char *room = rooms[next++ % VALUES];
	size_t left = VALUE_BYTES;
	size_t n = 0;

	room[n++] = '"';
	while (value.n > 0) {
		size_t step = str_utf8_step(value);
		const unsigned char *p = (const unsigned char *)value.p;

		if ((step ? step : 1) > left) {
			break;
		}
		if (step > 0 && is_plain(p, step)) {
			memcpy(room + n, p, step);
			n += step;
		} else if (step == 1 && (p[0] == '"' || p[0] == '\\' || p[0] == '\n' || p[0] == '\t' || p[0] == '\r')) {
			room[n++] = '\\';
			room[n++] = (char)(p[0] == '\n' ? 'n' : p[0] == '\t' ? 't' : p[0] == '\r' ? 'r' : p[0]);
		} else {
			step = step ? step : 1;
			for (size_t i = 0; i < step; i++) {
				room[n++] = '\\';
				room[n++] = 'x';
				room[n++] = hex[p[i] >> 4];
				room[n++] = hex[p[i] & 15];
			}
		}
		step = step ? step : 1;
		left -= step;
		value = str_sub(value, step, value.n);
	}
	if (value.n > 0) {
		memcpy(room + n, ELLIPSIS, sizeof(ELLIPSIS) - 1);
		n += sizeof(ELLIPSIS) - 1;
	}
	room[n++] = '"';
	room[n] = '\0';
	return room;
}

const char *log_text(const char *terminated)
{
	return log_value(str_from(terminated));
}

bool log_pace(struct log_pace *pace, struct mono now, int64_t *ret_more)
{
	*ret_more = 0;
	if (now.ms - pace->since.ms >= LOG_PACE_MS) {
		*ret_more = pace->n > LOG_PACE_LINES ? pace->n - LOG_PACE_LINES : 0;
		*pace = (struct log_pace){ .since = now };
	}
	return ++pace->n <= LOG_PACE_LINES;
}
