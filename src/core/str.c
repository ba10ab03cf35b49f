/*
 * Lent pieces of bytes: comparing, cutting, parsing. Bytes, not characters, except where a name says so. Nothing here
 * allocates but str_dup().
 */
#include "core/str.h"

#include <string.h>

#include "core/mem.h"

struct str str_from(const char *terminated)
{
	return (struct str){ terminated, terminated ? strlen(terminated) : 0 };
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *terminated)
{
	return str_eq(a, str_from(terminated));
}

bool str_starts(struct str a, struct str prefix)
{
	return a.n >= prefix.n && str_eq(str_sub(a, 0, prefix.n), prefix);
}

bool str_ends(struct str a, struct str suffix)
{
	return a.n >= suffix.n && str_eq(str_sub(a, a.n - suffix.n, suffix.n), suffix);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str a)
{
	while (a.n > 0 && is_blank(a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n > 0 && is_blank(a.p[a.n - 1])) {
		a.n--;
	}
	return a;
}

struct str str_sub(struct str a, size_t from, size_t n)
{
	if (from > a.n) {
		from = a.n;
	}
	if (n > a.n - from) {
		n = a.n - from;
	}
	return (struct str){ from ? a.p + from : a.p, n };
}

ptrdiff_t str_find(struct str a, struct str needle)
{
	const char *hit;

	if (needle.n == 0) {
		return 0;
	}
	if (a.n < needle.n) {
		return -1;
	}
	hit = memmem(a.p, a.n, needle.p, needle.n);
	return hit ? hit - a.p : -1;
}

bool str_split(struct str *rest, char separator, struct str *ret_part)
{
	const char *hit;

	if (!rest->p) {
		return false;
	}
	hit = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
	if (!hit) {
		*ret_part = *rest;
		*rest = (struct str){ 0 };
		return true;
	}
	*ret_part = (struct str){ rest->p, (size_t)(hit - rest->p) };
	rest->n -= ret_part->n + 1;
	rest->p = hit + 1;
	return true;
}

size_t str_utf8_step(struct str a)
{
	const unsigned char *p = (const unsigned char *)a.p;
	/* Bounds of the second byte: they exclude overlong forms, surrogates and what is above U+10FFFF. */
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (a.n == 0) {
		return 0;
	}
	if (p[0] < 0x80) {
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4) {
		return 0;
	}
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	switch (p[0]) {
	case 0xe0:
		low = 0xa0;
		break;
	case 0xed:
		high = 0x9f;
		break;
	case 0xf0:
		low = 0x90;
		break;
	case 0xf4:
		high = 0x8f;
		break;
	default:
		break;
	}
	if (a.n < n || p[1] < low || p[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return n;
}

bool str_to_i64(struct str a, int64_t min, int64_t max, int64_t *ret_value)
{
	bool negative = a.n > 0 && a.p[0] == '-';
	int64_t value = 0;
	size_t i = negative;

	if (i == a.n) {
		return false;
	}
	for (; i < a.n; i++) {
		if (a.p[i] < '0' || a.p[i] > '9') {
			return false;
		}
		/* Counted on the negative side, which is one longer. */
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, a.p[i] - '0', &value)) {
			return false;
		}
	}
	if (!negative && __builtin_sub_overflow(0, value, &value)) {
		return false;
	}
	if (value < min || value > max) {
		return false;
	}
	*ret_value = value;
	return true;
}

/* C1 is C2 80 to C2 9F, the separators are E2 80 A8 and E2 80 A9. */
bool str_is_control(struct str character)
{
	const unsigned char *p = (const unsigned char *)character.p;

	return (character.n == 1 && (p[0] < 0x20 || p[0] == 0x7f)) ||
	       (character.n == 2 && p[0] == 0xc2 && p[1] < 0xa0) ||
	       (character.n == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9));
}

char *str_dup(struct str a)
{
	char *copy = xcalloc(a.n + 1, 1);

	if (a.n > 0) {
		memcpy(copy, a.p, a.n);
	}
	return copy;
}

int str_distance(const char *a, const char *b)
{
	enum { LONGEST = 64, FAR = 99 };
	int row[LONGEST + 1];
	size_t a_n = strlen(a), b_n = strlen(b);

	if (a_n > LONGEST || b_n > LONGEST) {
		return FAR;
	}
	for (size_t j = 0; j <= b_n; j++) {
		row[j] = (int)j;
	}
	for (size_t i = 1; i <= a_n; i++) {
		int diagonal = row[0];

		row[0] = (int)i;
		for (size_t j = 1; j <= b_n; j++) {
			int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[b_n] < FAR ? row[b_n] : FAR;
}
