/*
 * Personal data in the shapes people write it in, and all that only looks like it. The numbers are made here, so that
 * their check digits are right or wrong by what the test says, and belong to nobody.
 */
#include "rig.h"

#include "text/utf8.h"

/* GB 11643: the check character over 17 digits (ISO 7064 MOD 11-2, computed the long way round). */
static void identity(const char *digits17, char ret[19])
{
	int rest = 0;

	for (int i = 0; i < 17; i++) {
		rest = (rest + digits17[i] - '0') * 2 % 11;
	}
	rest = (12 - rest) % 11;
	(void)snprintf(ret, 19, "%.17s%c", digits17, rest == 10 ? 'X' : (char)('0' + rest));
}

/* Luhn: try the ten digits until the sum is right. */
static void card(const char *digits, char ret[24])
{
	size_t n = strlen(digits);

	for (char last = '0'; last <= '9'; last++) {
		int sum = 0;

		(void)snprintf(ret, 24, "%s%c", digits, last);
		for (size_t i = 0; i <= n; i++) {
			int digit = ret[n - i] - '0';

			digit *= i % 2 ? 2 : 1;
			sum += digit / 10 + digit % 10;
		}
		if (sum % 10 == 0) {
			return;
		}
	}
	fail();
}

static void test_personal__mobile_numbers(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "13800138000", "1:1 personal.mobile" },
		{ "电话：13800138000。", "1:4 personal.mobile" },
		{ "第一行\n联系人 19912345678", "2:5 personal.mobile" },
		{ "138 0013 8000", "1:1 personal.mobile" },
		{ "138-0013-8000", "1:1 personal.mobile" },
		{ "+8613800138000", "1:2 personal.mobile" },
		{ "+86 13800138000", "1:5 personal.mobile" },
		{ "+86 138 0013 8000", "1:2 personal.mobile" },
		{ "86-138-0013-8000", "1:1 personal.mobile" },
		{ "１３８００１３８０００", "1:1 personal.mobile" }, /* full width */
		{ "138\xe2\x80\x8b"
		  "00138000",
			"1:1 personal.mobile" }, /* a zero-width space does not hide it */
		{ "13800138000，15900159000", "1:1 personal.mobile 1:13 personal.mobile" },
		{ "13800138000 15900159000", "1:1 personal.mobile 1:13 personal.mobile" },
		/* not one */
		{ "12800138000", "" },
		{ "1380013800", "" },
		{ "138001380001", "" },
		{ "23800138000", "" },
		{ "13800138000元", "" },
		{ "13800138000.50", "" },
		{ "13800138000万", "" },
		{ "12345", "" },
		{ "010-12345678", "" },
		{ "138-00138-000", "" },
		{ "138  0013 8000", "" },
		{ "https://a.example/13800138000", "" },
		{ "https://a.example/?t=13800138000&x=1 然后", "" },
		{ "https://a.example/1 13800138000", "1:21 personal.mobile" },
		{ "https://a.example/，13800138000", "1:20 personal.mobile" },
	};
	struct wording *wording = load_none();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_found(wording, str_from(rows[i].text), rows[i].want, NULL);
	}
	wording_free(wording);
}

static void test_personal__identity_numbers_by_date_and_check_character(void **state)
{
	static const struct {
		const char *digits;
		bool found;
	} rows[] = {
		{ "11010119900307123", true },
		{ "44030820001231001", true },
		{ "11010119901307123", false }, /* month 13 */
		{ "11010119900332123", false }, /* day 32 */
		{ "11010117900307123", false }, /* year 1790 */
		{ "01010119900307123", false },
	};
	struct wording *wording = load_none();
	bool with_x = false;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char number[19];
		char text[64];

		identity(rows[i].digits, number);
		(void)snprintf(text, sizeof(text), "证号%s。", number);
		check_found(wording, str_from(text), rows[i].found ? "1:3 personal.identity" : "", NULL);
		/* one digit wrong */
		number[16] = number[16] == '9' ? '0' : (char)(number[16] + 1);
		check_found(wording, str_from(number), "", NULL);
	}
	/* every check character, X small and large */
	for (int serial = 100; serial < 140; serial++) {
		char digits[24];
		char number[19];
		char text[64];

		(void)snprintf(digits, sizeof(digits), "11010119900307%03d", serial);
		identity(digits, number);
		check_found(wording, str_from(number), "1:1 personal.identity", NULL);
		if (number[17] == 'X') {
			with_x = true;
			number[17] = 'x';
			check_found(wording, str_from(number), "1:1 personal.identity", NULL);
			(void)snprintf(text, sizeof(text), "%sy", number);
			check_found(wording, str_from(text), "", NULL);
		}
	}
	CHECK(with_x);
	wording_free(wording);
}

static void test_personal__bank_cards_by_length_and_check_digit(void **state)
{
	static const struct {
		const char *digits; /* without the last */
		bool found;
	} rows[] = {
		{ "622848001234567", true },
		{ "62284800123456789", true },
		{ "622848001234567890", true },
		{ "411111111111111", true },
		{ "62284800123456", false },      /* 15 in all */
		{ "6228480012345678901", false }, /* 20 */
		{ "722848001234567", false },
		{ "122848001234567", false },
	};
	struct wording *wording = load_none();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char number[24];
		char grouped[40];
		size_t n = 0;

		card(rows[i].digits, number);
		check_found(wording, str_from(number), rows[i].found ? "1:1 personal.card" : "", NULL);
		for (size_t k = 0; number[k]; k++) {
			if (k > 0 && k % 4 == 0) {
				grouped[n++] = ' ';
			}
			grouped[n++] = number[k];
		}
		grouped[n] = '\0';
		check_found(wording, str_from(grouped), rows[i].found ? "1:1 personal.card" : "", NULL);
		number[strlen(number) - 1] = number[strlen(number) - 1] == '9' ? '0'
									       : (char)(number[strlen(number) - 1] + 1);
		check_found(wording, str_from(number), "", NULL);
	}
	wording_free(wording);
}

static void test_personal__number_plates(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "车牌京A12345", "1:3 personal.plate" },
		{ "粤B·12D45", "1:1 personal.plate" },
		{ "粤B 12D45", "1:1 personal.plate" },
		{ "沪AD12345的车主", "1:1 personal.plate" }, /* six: electric */
		{ "京a12345", "1:1 personal.plate" },
		{ "粤Z1234港", "1:1 personal.plate" },
		{ "京A1234警", "1:1 personal.plate" },
		{ "京Ａ１２３４５", "1:1 personal.plate" },
		{ "京A1234", "" },
		{ "京A1234567", "" },
		{ "京ABCDEF", "" },
		{ "京AI2345", "" }, /* I and O are not used */
		{ "京12345", "" },
		{ "东A12345", "" },
		{ "北京A股12345", "" },
	};
	struct wording *wording = load_none();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_found(wording, str_from(rows[i].text), rows[i].want, NULL);
	}
	wording_free(wording);
}

static void test_personal__email_addresses(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "zhang.san@example.com", "1:1 personal.email" },
		{ "邮箱：a_b+c@mail.example.org。", "1:4 personal.email" },
		{ "a@b.cn", "1:1 personal.email" },
		{ "ａ＠ｂ．ｃｎ", "1:1 personal.email" },
		{ "@平安示例 你好", "" },
		{ "@example.com", "" },
		{ "a@b", "" },
		{ "a@b.c", "" },
		{ "a@.com", "" },
		{ "a@b.1x", "" },
		{ "a@@b.cn", "" },
		{ "3@2.5", "" },
		{ "https://user@example.com/", "" },
	};
	struct wording *wording = load_none();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_found(wording, str_from(rows[i].text), rows[i].want, NULL);
	}
	wording_free(wording);
}

static void test_personal__a_finding_never_shows_the_whole(void **state)
{
	static const char *const secrets[] = { "13800138000", "+86 138 0013 8000", "zhang.san@example.com", "京A12345",
		"110101199003071233", "6228480012345671" };
	struct wording *wording = load_none();
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		struct finding_list findings = { 0 };

		wording_check(wording, str_from(secrets[i]), NOW_AT, &findings);
		for (size_t k = 0; k < findings.n; k++) {
			CHECK_INT(findings.items[k].level, FINDING_WARN);
			CHECK(strstr(findings.items[k].message, secrets[i]) == NULL);
			CHECK(strstr(findings.items[k].message, "****") != NULL);
			CHECK(strstr(findings.items[k].message, "0138") == NULL);
			CHECK(strstr(findings.items[k].message, "san") == NULL);
			CHECK(strstr(findings.items[k].message, "1234") == NULL);
			CHECK(utf8_valid(str_from(findings.items[k].message)));
			seen++;
		}
		finding_list_finish(&findings);
	}
	CHECK(seen >= 4);
	wording_free(wording);
}

static void test_personal__hostile_texts_do_no_harm(void **state)
{
	static const char *const patterns[] = { "1", "13", "138 ", "1380013800 ", "1-", "@", "a@", "a@b.", "a@b.cn ",
		"a://", "京", "京A", "京A1234", "\xff", "\xe2\x80\x8b", "4111 ", "4111 1111 1111 1111 ",
		"11010119900307123x" };
	struct wording *wording = load_none();
	size_t n = 64u << 10;
	char *text = xnew_array(char, n);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct finding_list findings = { 0 };
		size_t period = strlen(patterns[i]);

		for (size_t k = 0; k < n; k++) {
			text[k] = patterns[i][k % period];
		}
		wording_check(wording, (struct str){ text, n }, NOW_AT, &findings);
		CHECK(findings.n <= 101);
		finding_list_finish(&findings);
	}
	check_found(wording, (struct str){ NULL, 0 }, "", NULL);
	check_found(wording, STR("\0\0"), "", NULL);
	free(text);
	wording_free(wording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_personal__mobile_numbers),
		cmocka_unit_test(test_personal__identity_numbers_by_date_and_check_character),
		cmocka_unit_test(test_personal__bank_cards_by_length_and_check_digit),
		cmocka_unit_test(test_personal__number_plates),
		cmocka_unit_test(test_personal__email_addresses),
		cmocka_unit_test(test_personal__a_finding_never_shows_the_whole),
		cmocka_unit_test(test_personal__hostile_texts_do_no_harm),
	};

	return check_run(tests);
}
