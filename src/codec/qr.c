/*
 * QR codes by libqrencode; the files are written here, because two colours need no picture library: an SVG is a path of
 * one rectangle per run, a PNG one bit per pixel in deflate blocks that are stored as they are. A code of a link is
 * some 15 kB as PNG.
 *
 *   PNG      signature, IHDR, IDAT, IEND; each chunk: length, type, data, CRC-32
 *   IDAT     zlib: 78 01, blocks {last, length, ~length, bytes}, Adler-32
 *   bytes    each row: filter 0, then its bits; 1 is white
 *
 * source  PNG (second edition) 5, 11.2; RFC 1950, RFC 1951 3.2.4
 */
#include "codec/qr.h"

#include <inttypes.h>
#include <qrencode.h>
#include <string.h>

#include "core/mem.h"

#define TEXT_BYTES  1000u
#define BLOCK_BYTES 0xffffu
#define PIXELS_MAX  64

bool qr_make(struct str text, struct qr *ret_qr, struct error *err)
{
	cleanup(free_charp) char *copy = NULL;
	QRcode *code;

	if (text.n == 0 || text.n > TEXT_BYTES || memchr(text.p, '\0', text.n)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, "a QR code holds 1 to %u bytes", TEXT_BYTES);
	}
	copy = str_dup(text);
	code = QRcode_encodeString8bit(copy, 0, QR_ECLEVEL_M);
	if (!code) {
		return error_set(err, ERROR_OS, ADVISE_RETRY, 0, "the QR code cannot be made: out of memory");
	}
	*ret_qr = (struct qr){ .size = code->width };
	ret_qr->dark = xnew_array(unsigned char, (size_t)code->width *(size_t)code->width);
	for (int i = 0; i < code->width * code->width; i++) {
		ret_qr->dark[i] = code->data[i] & 1;
	}
	QRcode_free(code);
	return true;
}

void qr_finish(struct qr *qr)
{
	free(qr->dark);
	*qr = (struct qr){ 0 };
}

bool qr_is_dark(const struct qr *qr, int x, int y)
{
	return x >= 0 && y >= 0 && x < qr->size && y < qr->size && qr->dark[y * qr->size + x];
}

/* ---- SVG ---- */

bool qr_svg(const struct qr *qr, struct buf *out)
{
	int side = qr->size + 2 * QR_QUIET;

	(void)buf_printf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
		" shape-rendering=\"crispEdges\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n<path d=\"",
		side, side, 8 * side, 8 * side, side, side);
	for (int y = 0; y < qr->size; y++) {
		for (int x = 0; x < qr->size; x++) {
			int run = 0;

			while (qr_is_dark(qr, x + run, y)) {
				run++;
			}
			if (run > 0) {
				(void)buf_printf(out, "M%d %dh%dv1h-%dz", x + QR_QUIET, y + QR_QUIET, run, run);
				x += run;
			}
		}
	}
	(void)buf_add_text(out, "\" fill=\"#000\"/>\n</svg>\n");
	return !out->failed;
}

/* ---- PNG ---- */

static void add_u32(struct buf *out, uint32_t value)
{
	const unsigned char bytes[4] = { (unsigned char)(value >> 24), (unsigned char)(value >> 16),
		(unsigned char)(value >> 8), (unsigned char)value };

	(void)buf_add(out, (const char *)bytes, sizeof(bytes));
}

static uint32_t crc32_of(struct str bytes)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < bytes.n; i++) {
		crc ^= (unsigned char)bytes.p[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
		}
	}
	return ~crc;
}

static uint32_t adler32_of(struct str bytes)
{
	uint32_t a = 1;
	uint32_t b = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		a = (a + (unsigned char)bytes.p[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

/* type: four letters. Its length stands before it, and the checksum is of both. */
static void add_chunk(struct buf *out, const char *type, struct str data)
{
	size_t at;

	add_u32(out, (uint32_t)data.n);
	at = out->n;
	(void)buf_add(out, type, 4);
	(void)buf_add(out, data.p, data.n);
	if (!out->failed) {
		add_u32(out, crc32_of((struct str){ out->p + at, out->n - at }));
	}
}

static void add_rows(const struct qr *qr, int pixels, struct buf *out)
{
	int side = (qr->size + 2 * QR_QUIET) * pixels;

	for (int y = 0; y < side; y++) {
		unsigned bits = 0;
		int x;

		(void)buf_add_char(out, 0);
		for (x = 0; x < side; x++) {
			bits = bits << 1 | !qr_is_dark(qr, x / pixels - QR_QUIET, y / pixels - QR_QUIET);
			if (x % 8 == 7) {
				(void)buf_add_char(out, (char)bits);
			}
		}
		if (x % 8 != 0) {
			(void)buf_add_char(out, (char)(bits << (8 - x % 8)));
		}
	}
}

static void add_zlib(struct str bytes, struct buf *out)
{
	struct str rest = bytes;

	(void)buf_add(out, "\x78\x01", 2);
	do {
		struct str block = str_sub(rest, 0, BLOCK_BYTES);
		const unsigned char head[5] = { block.n == rest.n, (unsigned char)block.n,
			(unsigned char)(block.n >> 8), (unsigned char)~block.n, (unsigned char)(~block.n >> 8) };

		(void)buf_add(out, (const char *)head, sizeof(head));
		(void)buf_add(out, block.p, block.n);
		rest = str_sub(rest, block.n, rest.n);
	} while (rest.n > 0);
	add_u32(out, adler32_of(bytes));
}

bool qr_png(const struct qr *qr, int pixels, struct buf *out)
{
	uint32_t side = (uint32_t)(qr->size + 2 * QR_QUIET) * (uint32_t)pixels;
	struct buf head;
	struct buf rows;
	struct buf data;

	if (pixels < 1 || pixels > PIXELS_MAX) {
		return false;
	}
	buf_init(&head, 64);
	buf_init(&rows, (size_t)side * (side / 8 + 2) + 1);
	buf_init(&data, rows.max_bytes + rows.max_bytes / BLOCK_BYTES * 5 + 64);
	add_u32(&head, side);
	add_u32(&head, side);
	(void)buf_add(&head, "\x01\x00\x00\x00\x00", 5); /* one bit, grey; deflate, filters, not interlaced */
	add_rows(qr, pixels, &rows);
	add_zlib(buf_str(&rows), &data);
	(void)buf_add(out, "\x89PNG\r\n\x1a\n", 8);
	add_chunk(out, "IHDR", buf_str(&head));
	add_chunk(out, "IDAT", buf_str(&data));
	add_chunk(out, "IEND", STR(""));
	buf_finish(&head);
	buf_finish(&rows);
	buf_finish(&data);
	return !out->failed;
}
