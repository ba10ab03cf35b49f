/*
 * Personal data that slipped into a text. Not for: deciding what may be published; everything here warns.
 *
 * Each form is recognised by its own shape or check digit, and only where it stands alone:
 *   mobile     11 digits beginning 13-19, also as 3-4-4 with blanks or hyphens, also after 86
 *   identity   18 characters with a date inside and the check character of GB 11643
 *   bank card  16-19 digits beginning 3-6 with a Luhn check digit (ISO/IEC 7812), also in groups of four
 *   plate      province character, letter, 5 or 6 letters and digits, or 4 and one of 警学挂港澳领使 (GA 36)
 *   e-mail     local@domain.tld
 * Digits inside a URL are left alone (status ids look like card numbers), and so is an amount of money. The finding
 * shows the number masked: findings are stored and sent on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "newsroom/newsroom_internal.h"
#include "text/utf8.h"

#define GROUPS_MAX 6
#define DIGITS_MAX 20

struct number {
	size_t from; /* places */
	size_t to;   /* behind the last */
	char digits[DIGITS_MAX + 1];
	size_t n;
};

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(uint32_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

static uint32_t at(const struct places *places, size_t i)
{
	return i < places->n ? places->items[i].folded : 0;
}

/* "138****1234": the first `head` and the last `tail` characters of a number. */
static void report(const struct places *places, const struct number *number, const char *rule, const char *what,
	size_t head, size_t tail, struct finding_list *findings)
{
	const struct place *place = &places->items[number->from];

	finding_add(findings, FINDING_WARN, rule, "", place->line, place->column, "%.*s****%s looks like %s", (int)head,
		number->digits, number->digits + number->n - tail, what);
}

/* GB 11643: weights 2^(17-i) mod 11 over 17 digits. */
static bool is_identity(const char *digits, size_t n)
{
	static const int weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	static const char checks[] = "10x98765432";
	int sum = 0;
	int year;
	int month;
	int day;

	if (n != 18 || digits[0] == '0') {
		return false;
	}
	for (size_t i = 0; i < 17; i++) {
		sum += (digits[i] - '0') * weights[i];
	}
	year = (digits[6] - '0') * 1000 + (digits[7] - '0') * 100 + (digits[8] - '0') * 10 + digits[9] - '0';
	month = (digits[10] - '0') * 10 + digits[11] - '0';
	day = (digits[12] - '0') * 10 + digits[13] - '0';
	return year >= 1900 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
	       digits[17] == checks[sum % 11];
}

static bool is_card(const char *digits, size_t n)
{
	int sum = 0;

	if (n < 16 || n > 19 || digits[0] < '3' || digits[0] > '6') {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		int value = digits[n - 1 - i] - '0';

		if (i % 2 == 1) {
			value = value * 2 > 9 ? value * 2 - 9 : value * 2;
		}
		sum += value;
	}
	return sum % 10 == 0;
}

static bool is_mobile(const char *digits, size_t n)
{
	return n == 11 && digits[0] == '1' && digits[1] >= '3';
}

/* An amount is no phone number: "13000000000元". */
static bool is_amount(const struct places *places, size_t to)
{
	uint32_t next = at(places, to);

	return next == 0x5143 /* 元 */ || next == 0x4e07 /* 万 */ || next == 0x4ebf /* 亿 */ ||
	       (next == '.' && is_digit(at(places, to + 1)));
}

/* One unbroken run of digits, with an x behind 17 of them. False when it is longer than any number of ours. */
static bool take_run(const struct places *places, size_t from, struct number *ret_run)
{
	size_t i = from;

	*ret_run = (struct number){ .from = from };
	while (is_digit(at(places, i)) && ret_run->n < DIGITS_MAX) {
		ret_run->digits[ret_run->n++] = (char)at(places, i++);
	}
	if (ret_run->n == 17 && at(places, i) == 'x' && !is_alnum(at(places, i + 1))) {
		ret_run->digits[ret_run->n++] = 'x';
		i++;
	}
	ret_run->to = i;
	return !is_digit(at(places, i));
}

static bool report_number(const struct places *places, struct number *number, struct finding_list *findings)
{
	if (is_identity(number->digits, number->n)) {
		number->digits[17] = number->digits[17] == 'x' ? 'X' : number->digits[17];
		report(places, number, "personal.identity", "an identity card number", 4, 2, findings);
		return true;
	}
	if (number->digits[number->n - 1] == 'x') {
		return false;
	}
	if (is_card(number->digits, number->n)) {
		report(places, number, "personal.card", "a bank card number", 4, 2, findings);
		return true;
	}
	if (number->n == 13 && memcmp(number->digits, "86", 2) == 0) {
		number->n -= 2;
		memmove(number->digits, number->digits + 2, number->n + 1);
	}
	if (is_mobile(number->digits, number->n) && !is_amount(places, number->to)) {
		report(places, number, "personal.mobile", "a mobile phone number", 3, 2, findings);
		return true;
	}
	return false;
}

/* The shapes in which people group numbers: 3-4-4 (after 86 or not), 4-4-4-4 and up to 3 more. */
static bool grouping_is_usual(const size_t *sizes, size_t n)
{
	if (n == 4 && sizes[0] == 2) { /* 86 */
		sizes++;
		n--;
	}
	if (n == 3) {
		return sizes[0] == 3 && sizes[1] == 4 && sizes[2] == 4;
	}
	return (n == 4 || n == 5) && sizes[0] == 4 && sizes[1] == 4 && sizes[2] == 4 && sizes[3] == 4 &&
	       (n == 4 || sizes[4] <= 3);
}

/* Runs with one blank or hyphen between them, tried from the longest sequence down. Returns the place behind it. */
static size_t check_groups(const struct places *places, size_t from, struct finding_list *findings)
{
	struct number runs[GROUPS_MAX];
	size_t sizes[GROUPS_MAX];
	size_t n = 0;
	size_t i = from;

	while (n < GROUPS_MAX && is_digit(at(places, i)) && take_run(places, i, &runs[n])) {
		sizes[n] = runs[n].n;
		i = runs[n].to;
		n++;
		if ((at(places, i) == ' ' || at(places, i) == '-') && is_digit(at(places, i + 1))) {
			i++;
		}
	}
	for (; n >= 3; n--) {
		struct number joined = { .from = from, .to = runs[n - 1].to };

		if (!grouping_is_usual(sizes, n)) {
			continue;
		}
		for (size_t j = 0; j < n; j++) {
			memcpy(joined.digits + joined.n, runs[j].digits, runs[j].n);
			joined.n += runs[j].n;
		}
		if (report_number(places, &joined, findings)) {
			return joined.to;
		}
	}
	return from;
}

static size_t check_number(const struct places *places, size_t from, struct finding_list *findings)
{
	struct number run;
	size_t to;

	if (!take_run(places, from, &run)) {
		/* Too long to be anything: behind all of it. */
		while (is_digit(at(places, run.to))) {
			run.to++;
		}
		return run.to;
	}
	if (!report_number(places, &run, findings)) {
		to = check_groups(places, from, findings);
		return to > run.to ? to : run.to;
	}
	return run.to;
}

/* Number plates. */

static bool is_province(uint32_t c)
{
	struct str rest = STR("京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新");
	uint32_t province;

	while (utf8_next(&rest, &province)) {
		if (province == c) {
			return true;
		}
	}
	return false;
}

static bool is_plate_suffix(uint32_t c)
{
	static const uint32_t suffixes[] = { 0x8b66, 0x5b66, 0x6302, 0x6e2f, 0x6fb3, 0x9886,
		0x4f7f }; /* 警学挂港澳领使 */

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (suffixes[i] == c) {
			return true;
		}
	}
	return false;
}

static size_t check_plate(const struct places *places, size_t from, struct finding_list *findings)
{
	size_t i = from + 1;
	size_t serial;
	size_t n = 0;
	size_t digits = 0;
	bool suffixed;
	char province[5] = { 0 };
	uint32_t last;

	if (at(places, i) < 'a' || at(places, i) > 'z') {
		return from;
	}
	i++;
	if (at(places, i) == 0xb7 || at(places, i) == 0x2022 || at(places, i) == '.' || at(places, i) == ' ') {
		i++;
	}
	serial = i;
	while (n < 7 && is_alnum(at(places, i)) && at(places, i) != 'i' && at(places, i) != 'o') {
		digits += is_digit(at(places, i));
		n++;
		i++;
	}
	suffixed = n == 4 && is_plate_suffix(at(places, i));
	if (digits < 2 || is_alnum(at(places, i)) || !(n == 5 || n == 6 || suffixed)) {
		return from;
	}
	(void)utf8_encode(at(places, from), province);
	last = at(places, serial + n - 1);
	finding_add(findings, FINDING_WARN, "personal.plate", "", places->items[from].line, places->items[from].column,
		"%s%c****%c looks like a vehicle number plate", province, (int)at(places, from + 1) - 'a' + 'A',
		(int)(is_digit(last) ? last : last - 'a' + 'A'));
	return suffixed ? i + 1 : i;
}

/* E-mail. */

static bool is_local_part(uint32_t c)
{
	return is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

static bool is_domain_part(uint32_t c)
{
	return is_alnum(c) || c == '-';
}

/* `sign` is the place of an @ in the text. Returns the place behind the address, or `sign` when it is none. */
static size_t check_email(const struct places *places, size_t sign, struct finding_list *findings)
{
	size_t from = sign;
	size_t to = sign + 1;
	size_t last_dot = 0;

	while (from > 0 && is_local_part(at(places, from - 1)) && sign - from < 64) {
		from--;
	}
	while (to < places->n && to - sign < 255) {
		if (at(places, to) == '.' && is_domain_part(at(places, to - 1)) && is_domain_part(at(places, to + 1))) {
			last_dot = to;
		} else if (!is_domain_part(at(places, to))) {
			break;
		}
		to++;
	}
	if (from == sign || last_dot == 0 || to - last_dot < 3 || is_digit(at(places, last_dot + 1))) {
		return sign;
	}
	finding_add(findings, FINDING_WARN, "personal.email", "", places->items[from].line, places->items[from].column,
		"%c****@ looks like an e-mail address", (int)at(places, from));
	return to;
}

void personal_check(const struct places *places, struct finding_list *findings)
{
	size_t i = 0;

	while (i < places->n) {
		const struct place *place = &places->items[i];
		size_t behind = i;

		if (place->in_url) {
			i++;
			continue;
		}
		if (is_digit(place->folded)) {
			behind = check_number(places, i, findings);
		} else if (place->folded == '@') {
			behind = check_email(places, i, findings);
		} else if (is_province(place->folded)) {
			behind = check_plate(places, i, findings);
		}
		i = behind > i ? behind : i + 1;
	}
}
