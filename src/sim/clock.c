/* Virtual time and the three ways in which it is written. Calendar arithmetic by hand: strftime follows the locale. */
#include "sim/clock.h"

#include <inttypes.h>
#include <time.h>

#include "core/clock.h"

int64_t sim_clock_at(const struct sim_clock *clock)
{
	return clock->frozen_at ? clock->frozen_at : clock_wall_at() + clock->offset_ms;
}

void sim_clock_advance(struct sim_clock *clock, int64_t ms)
{
	if (clock->frozen_at) {
		clock->frozen_at += ms;
	} else {
		clock->offset_ms += ms;
	}
}

void sim_clock_set(struct sim_clock *clock, int64_t at)
{
	if (clock->frozen_at) {
		clock->frozen_at = at;
	} else {
		clock->offset_ms = at - clock_wall_at();
	}
}

void sim_clock_freeze(struct sim_clock *clock, bool frozen)
{
	int64_t now_at = sim_clock_at(clock);

	clock->frozen_at = frozen ? now_at : 0;
	if (!frozen) {
		clock->offset_ms = now_at - clock_wall_at();
	}
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

int64_t window_number(int64_t at, int64_t window_ms)
{
	return floor_div(at + ZONE_MS, window_ms);
}

int64_t window_end_at(int64_t at, int64_t window_ms)
{
	return (window_number(at, window_ms) + 1) * window_ms - ZONE_MS;
}

struct calendar {
	unsigned year, month, day, hour, minute, second, ms, weekday;
};

static struct calendar local_time(int64_t at)
{
	time_t seconds = (time_t)floor_div(at + ZONE_MS, 1000);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	/* The remainders only tell the compiler how wide each number can be. */
	return (struct calendar){
		.year = (unsigned)(tm.tm_year + 1900) % 10000,
		.month = (unsigned)tm.tm_mon % 12,
		.day = (unsigned)tm.tm_mday % 32,
		.hour = (unsigned)tm.tm_hour % 24,
		.minute = (unsigned)tm.tm_min % 60,
		.second = (unsigned)tm.tm_sec % 61,
		.ms = (unsigned)(at - floor_div(at, 1000) * 1000) % 1000,
		.weekday = (unsigned)tm.tm_wday % 7,
	};
}

void format_weibo_time(char ret[32], int64_t at)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct calendar c = local_time(at);

	(void)snprintf(ret, 32, "%.3s %.3s %02u %02u:%02u:%02u +0800 %04u", days + (size_t)3 * c.weekday,
		months + (size_t)3 * c.month, c.day, c.hour, c.minute, c.second, c.year);
}

void format_plain_time(char ret[24], int64_t at)
{
	struct calendar c = local_time(at);

	(void)snprintf(
		ret, 24, "%04u-%02u-%02u %02u:%02u:%02u", c.year, c.month + 1, c.day, c.hour, c.minute, c.second);
}

void format_iso_time(char ret[40], int64_t at)
{
	struct calendar c = local_time(at);

	(void)snprintf(ret, 40, "%04u-%02u-%02uT%02u:%02u:%02u.%03u+08:00", c.year, c.month + 1, c.day, c.hour,
		c.minute, c.second, c.ms);
}
