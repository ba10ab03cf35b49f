/* QR codes and their pictures. That a reader understands them is shown end to end, with a reader. */
#include "check.h"

#include "codec/qr.h"
#include "core/buf.h"
#include "core/mem.h"

static struct qr made(const char *text)
{
	struct qr qr = { 0 };
	struct error err = { 0 };

	CHECK_OK(qr_make(str_from(text), &qr, &err), err);
	return qr;
}

/* A finder pattern: a square, in it another one, in it a third. */
static void check_finder(const struct qr *qr, int left, int top)
{
	for (int y = 0; y < 7; y++) {
		for (int x = 0; x < 7; x++) {
			int ring = x < y ? x : y;

			ring = 6 - x < ring ? 6 - x : ring;
			ring = 6 - y < ring ? 6 - y : ring;
			CHECK_INT(qr_is_dark(qr, left + x, top + y), ring != 1);
		}
	}
}

static void test_code__has_its_three_corners(void **state)
{
	static const char *const texts[] = { "a", "http://weixin.qq.com/q/02AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
		"平安示例" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct qr qr = made(texts[i]);

		CHECK(qr.size >= 21 && (qr.size - 21) % 4 == 0);
		check_finder(&qr, 0, 0);
		check_finder(&qr, qr.size - 7, 0);
		check_finder(&qr, 0, qr.size - 7);
		CHECK(!qr_is_dark(&qr, -1, 0) && !qr_is_dark(&qr, 0, qr.size));
		qr_finish(&qr);
	}
}

static void test_code__what_cannot_be_one_is_refused(void **state)
{
	char *text = xcalloc(1, 1002);
	struct qr qr = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_FAILS(qr_make(STR(""), &qr, &err), err, "1 to 1000 bytes");
	CHECK_FAILS(qr_make(STR("a\0b"), &qr, &err), err, "1 to 1000 bytes");
	memset(text, 'a', 1001);
	CHECK_FAILS(qr_make(str_from(text), &qr, &err), err, "1 to 1000 bytes");
	CHECK_INT(err.domain, ERROR_INPUT);
	text[1000] = '\0';
	CHECK_OK(qr_make(str_from(text), &qr, &err), err);
	qr_finish(&qr);
	free(text);
}

static uint32_t u32_at(const struct buf *buf, size_t at)
{
	const unsigned char *p = (const unsigned char *)buf->p + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Chunks follow each other to the end; the bits say what the modules say. Over one block of 64 kB. */
static void test_png__is_whole(void **state)
{
	(void)state;
	for (int pixels = 1; pixels <= 24; pixels += 23) {
		struct qr qr = made("https://weibo.com/u/1900000001");
		uint32_t side = (uint32_t)((qr.size + 2 * QR_QUIET) * pixels);
		struct buf png;
		struct buf rows;
		size_t at;

		buf_init(&png, 1 << 20);
		buf_init(&rows, 1 << 20);
		CHECK(qr_png(&qr, pixels, &png));
		CHECK(str_starts(buf_str(&png), STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")));
		CHECK_INT(u32_at(&png, 16), side);
		CHECK_INT(u32_at(&png, 20), side);
		CHECK_INT(u32_at(&png, 33),
			png.n - 33 - 12 - 12); /* what is left but its own head and tail, and the end */
		CHECK(str_ends(buf_str(&png), STR("\0\0\0\0IEND\xae\x42\x60\x82")));
		for (at = 33 + 8 + 2; at < png.n - 12 - 8;) {
			size_t n = (size_t)(unsigned char)png.p[at + 1] | (size_t)(unsigned char)png.p[at + 2] << 8;

			CHECK(buf_add(&rows, png.p + at + 5, n));
			at += 5 + n;
		}
		CHECK_INT(rows.n, side * (1 + (side + 7) / 8));
		for (uint32_t y = 0; y < side; y++) {
			const char *row = rows.p + y * (1 + (side + 7) / 8);

			CHECK_INT(row[0], 0);
			for (uint32_t x = 0; x < side; x++) {
				bool white = row[1 + x / 8] >> (7 - x % 8) & 1;

				CHECK(white ==
					!qr_is_dark(&qr, (int)x / pixels - QR_QUIET, (int)y / pixels - QR_QUIET));
			}
		}
		buf_finish(&rows);
		buf_finish(&png);
		qr_finish(&qr);
	}
}

static void test_pictures__say_when_there_is_no_room(void **state)
{
	struct qr qr = made("a");
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	CHECK(!qr_png(&qr, 8, &out));
	buf_finish(&out);
	buf_init(&out, 100);
	CHECK(!qr_svg(&qr, &out));
	CHECK(!qr_png(&qr, 0, &out));
	CHECK(!qr_png(&qr, 65, &out));
	buf_finish(&out);
	qr_finish(&qr);
}

static void test_svg__covers_every_dark_module(void **state)
{
	struct qr qr = made("https://weibo.com/u/1900000001");
	int covered = 0;
	int dark = 0;
	struct buf svg;

	(void)state;
	buf_init(&svg, 1 << 20);
	CHECK(qr_svg(&qr, &svg));
	CHECK(str_starts(buf_str(&svg), STR("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ")));
	for (const char *p = strchr(strstr(svg.p, "<path"), 'M'); p && *p == 'M';) {
		int x, y, run, back, n = 0;

		CHECK_INT(sscanf(p, "M%d %dh%dv1h-%dz%n", &x, &y, &run, &back, &n), 4);
		CHECK_INT(run, back);
		for (int i = 0; i < run; i++) {
			CHECK(qr_is_dark(&qr, x + i - QR_QUIET, y - QR_QUIET));
		}
		covered += run;
		p += n;
	}
	for (int i = 0; i < qr.size * qr.size; i++) {
		dark += qr.dark[i];
	}
	CHECK_INT(covered, dark);
	buf_finish(&svg);
	qr_finish(&qr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code__has_its_three_corners),
		cmocka_unit_test(test_code__what_cannot_be_one_is_refused),
		cmocka_unit_test(test_png__is_whole),
		cmocka_unit_test(test_pictures__say_when_there_is_no_room),
		cmocka_unit_test(test_svg__covers_every_dark_module),
	};

	return check_run(tests);
}
