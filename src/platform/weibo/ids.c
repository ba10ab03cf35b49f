/*
 * Weibo's numbers: 64-bit ids that carry their time, their base 62 form in addresses, and the date format. Pure.
 *
 * Cursors and ids may come as numbers or strings, and doc samples show `id` rounded beside a right `idstr`; so `idstr`
 * is read first, and a number is never taken through a double (codec/json.h keeps long ones as text).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"

/* source  the WeCase client, exact on published pairs: seven decimal digits make four in base 62, from the right */
#define MID_GROUP       INT64_C(10000000)
#define MID_GROUP_CHARS 4

#define END_OF_TIME_AT (INT64_C(253402300800) * SECOND_MS) /* the year 10000 */

static const char mid_digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool weibo_id_parse(struct str text, int64_t *ret_id)
{
	return str_to_i64(text, 1, INT64_MAX, ret_id);
}

bool weibo_id_of(const cJSON *object, int64_t *ret_id)
{
	int64_t id;

	if (weibo_id_parse(json_str(object, "idstr"), ret_id)) {
		return true;
	}
	id = json_i64(object, "id", 0);
	if (id <= 0) {
		return false;
	}
	*ret_id = id;
	return true;
}

void weibo_id_to_mid(int64_t id, char ret_mid[WEIBO_MID_BYTES])
{
	char reversed[WEIBO_MID_BYTES];
	size_t n = 0;

	do {
		int64_t group = id % MID_GROUP;
		size_t group_from = n;

		id /= MID_GROUP;
		do {
			reversed[n++] = mid_digits[group % 62];
			group /= 62;
		} while (group > 0);
		while (id > 0 && n - group_from < MID_GROUP_CHARS) {
			reversed[n++] = '0';
		}
	} while (id > 0);
	for (size_t i = 0; i < n; i++) {
		ret_mid[i] = reversed[n - 1 - i];
	}
	ret_mid[n] = '\0';
}

bool weibo_mid_to_id(struct str mid, int64_t *ret_id)
{
	uint64_t id = 0;

	if (mid.n == 0 || mid.n > 12) {
		return false;
	}
	while (mid.n > 0) {
		size_t take = mid.n % MID_GROUP_CHARS ? mid.n % MID_GROUP_CHARS : MID_GROUP_CHARS;
		uint64_t group = 0;

		for (size_t i = 0; i < take; i++) {
			const char *digit = mid.p[i] ? strchr(mid_digits, mid.p[i]) : NULL;

			if (!digit) {
				return false;
			}
			group = group * 62 + (uint64_t)(digit - mid_digits);
		}
		if (group >= MID_GROUP || id > (INT64_MAX - group) / MID_GROUP) {
			return false;
		}
		id = id * MID_GROUP + group;
		mid = str_sub(mid, take, mid.n - take);
	}
	if (id == 0) {
		return false;
	}
	*ret_id = (int64_t)id;
	return true;
}

int64_t weibo_id_made_at(int64_t id)
{
	return ((id >> WEIBO_ID_SEQUENCE_BITS) + WEIBO_ID_EPOCH_S) * SECOND_MS;
}

int64_t weibo_id_at(int64_t at)
{
	int64_t seconds = at / SECOND_MS - WEIBO_ID_EPOCH_S;

	if (seconds <= 0) {
		return 0;
	}
	return seconds > (INT64_MAX >> WEIBO_ID_SEQUENCE_BITS) ? INT64_MAX : seconds << WEIBO_ID_SEQUENCE_BITS;
}

/* Days since 1970-01-01 of a day in the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t shifted = month > 2 ? year : year - 1; /* years that begin in March end with the leap day */
	int64_t era = shifted / 400;
	int64_t year_of_era = shifted % 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static bool take_number(struct str *rest, int64_t min, int64_t max, char end, int64_t *ret_value)
{
	struct str part;

	return str_split(rest, end, &part) && part.n <= 4 && str_to_i64(part, min, max, ret_value);
}

static bool take_zone(struct str part, int64_t *ret_minutes)
{
	int64_t hours;
	int64_t minutes;

	if (part.n != 5 || (part.p[0] != '+' && part.p[0] != '-') || !str_to_i64(str_sub(part, 1, 2), 0, 14, &hours) ||
		!str_to_i64(str_sub(part, 3, 2), 0, 59, &minutes)) {
		return false;
	}
	*ret_minutes = (hours * 60 + minutes) * (part.p[0] == '-' ? -1 : 1);
	return true;
}

/*
 * By hand, because strptime() follows the locale.
 *
 * source  recorded answers; sample tests/fixtures/weibo/share.json
 */
bool weibo_time_parse(struct str text, int64_t *ret_at)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char weekdays[] = "MonTueWedThuFriSatSun";
	struct str rest = text;
	struct str word;
	int64_t month;
	int64_t day;
	int64_t hour;
	int64_t minute;
	int64_t second;
	int64_t zone;
	int64_t year;
	ptrdiff_t at;

	if (!str_split(&rest, ' ', &word) || word.n != 3 || str_find(str_from(weekdays), word) % 3 != 0) {
		return false;
	}
	if (!str_split(&rest, ' ', &word) || word.n != 3) {
		return false;
	}
	at = str_find(str_from(months), word);
	if (at < 0 || at % 3 != 0) {
		return false;
	}
	month = at / 3 + 1;
	if (!take_number(&rest, 1, 31, ' ', &day) || !take_number(&rest, 0, 23, ':', &hour) ||
		!take_number(&rest, 0, 59, ':', &minute) || !take_number(&rest, 0, 60, ' ', &second) ||
		!str_split(&rest, ' ', &word) || !take_zone(word, &zone) || !str_to_i64(rest, 1970, 9999, &year)) {
		return false;
	}
	*ret_at = (days_of(year, month, day) * 86400 + hour * 3600 + (minute - zone) * 60 + second) * SECOND_MS;
	return true;
}

int64_t weibo_made_at(const cJSON *object)
{
	int64_t at;
	int64_t id;

	if (weibo_time_parse(json_str(object, "created_at"), &at)) {
		return at;
	}
	/* An id may speak of a year that no calendar here knows. */
	return weibo_id_of(object, &id) && weibo_id_made_at(id) < END_OF_TIME_AT ? weibo_id_made_at(id) : 0;
}

char *weibo_format_id(int64_t id)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, id);
	return xstrdup(text);
}

char *weibo_format_url(const char *uid, int64_t status_id)
{
	char url[96];
	char mid[WEIBO_MID_BYTES];
	int64_t number;

	if (!uid || !weibo_id_parse(str_from(uid), &number)) {
		return NULL;
	}
	weibo_id_to_mid(status_id, mid);
	(void)snprintf(url, sizeof(url), "https://weibo.com/%" PRId64 "/%s", number, mid);
	return xstrdup(url);
}
