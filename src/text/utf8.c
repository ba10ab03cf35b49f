/*
 * UTF-8 as it comes, graphemes and their width. Nothing here cleans text (text/safe.h does): whatever is no UTF-8
 * counts as U+FFFD and is passed on as it was.
 *
 * Width is what wide terminals agree on: wide and emoji two cells, marks and joiners none, a flag, a keycap and a
 * family of joined emoji two. Where terminals differ we count the larger, so that a column is never too narrow.
 */
#include "text/utf8.h"

#include <string.h>

#include <utf8proc.h>

#define REPLACEMENT     0xfffdu
#define VARIATION_EMOJI 0xfe0fu
#define KEYCAP          0x20e3u

ptrdiff_t utf8_invalid_at(struct str text)
{
	size_t at = 0;

	while (at < text.n) {
		size_t step = str_utf8_step(str_sub(text, at, text.n));

		if (step == 0) {
			return (ptrdiff_t)at;
		}
		at += step;
	}
	return -1;
}

bool utf8_valid(struct str text)
{
	return utf8_invalid_at(text) < 0;
}

bool utf8_next(struct str *rest, uint32_t *ret_code_point)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t step = str_utf8_step(*rest);

	if (rest->n == 0) {
		return false;
	}
	switch (step) {
	case 1:
		*ret_code_point = p[0];
		break;
	case 2:
		*ret_code_point = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
		break;
	case 3:
		*ret_code_point = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
		break;
	case 4:
		*ret_code_point = (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
		break;
	default:
		*ret_code_point = REPLACEMENT;
		step = 1;
		break;
	}
	*rest = str_sub(*rest, step, rest->n);
	return true;
}

size_t utf8_encode(uint32_t code_point, char *out)
{
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xc0 | code_point >> 6);
		out[1] = (char)(0x80 | (code_point & 0x3f));
		return 2;
	}
	if (code_point < 0x10000) {
		if (code_point >= 0xd800 && code_point < 0xe000) {
			return 0;
		}
		out[0] = (char)(0xe0 | code_point >> 12);
		out[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code_point & 0x3f));
		return 3;
	}
	if (code_point > 0x10ffff) {
		return 0;
	}
	out[0] = (char)(0xf0 | code_point >> 18);
	out[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code_point & 0x3f));
	return 4;
}

size_t text_chars(struct str text)
{
	uint32_t code_point;
	size_t n = 0;

	while (utf8_next(&text, &code_point)) {
		n++;
	}
	return n;
}

static int boundclass(uint32_t code_point)
{
	return (int)utf8proc_get_property((utf8proc_int32_t)code_point)->boundclass;
}

/* What has been seen of one grapheme so far. */
struct shape {
	size_t cells;
	bool pictograph; /* it starts with an emoji, or with what a variation selector makes one */
	bool keycap_base;
	bool syllable;  /* Hangul jamo after a leading one take no cell of their own */
	unsigned flags; /* regional indicators */
};

static void shape_add(struct shape *shape, uint32_t code_point, bool first)
{
	size_t cells = (size_t)utf8proc_charwidth((utf8proc_int32_t)code_point);
	int class = boundclass(code_point);

	if (first) {
		shape->cells = cells;
		shape->pictograph = class == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
		shape->keycap_base = (code_point >= '0' && code_point <= '9') || code_point == '#' || code_point == '*';
		shape->syllable = class == UTF8PROC_BOUNDCLASS_L || class == UTF8PROC_BOUNDCLASS_LV ||
				  class == UTF8PROC_BOUNDCLASS_LVT;
		shape->flags = class == UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR;
		return;
	}
	if (class == UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR && shape->flags == 1) {
		shape->cells = 2;
		shape->flags++;
	} else if (shape->pictograph) {
		/* Modifiers and whatever is joined are drawn into the first one's place. */
		if (cells == 2 || code_point == VARIATION_EMOJI) {
			shape->cells = 2;
		}
	} else if (shape->keycap_base && (code_point == VARIATION_EMOJI || code_point == KEYCAP)) {
		shape->cells = 2;
	} else if (!shape->syllable || (class != UTF8PROC_BOUNDCLASS_V && class != UTF8PROC_BOUNDCLASS_T)) {
		shape->cells += cells;
	}
}

bool text_next_grapheme(struct str *rest, struct str *ret_grapheme, size_t *ret_cells)
{
	struct str ahead = *rest;
	struct shape shape = { 0 };
	utf8proc_int32_t state = 0;
	uint32_t last, next;
	size_t n;

	if (!utf8_next(&ahead, &last)) {
		return false;
	}
	shape_add(&shape, last, true);
	for (;;) {
		struct str behind = ahead;

		n = rest->n - ahead.n;
		if (!utf8_next(&ahead, &next) ||
			utf8proc_grapheme_break_stateful((utf8proc_int32_t)last, (utf8proc_int32_t)next, &state)) {
			ahead = behind;
			break;
		}
		shape_add(&shape, next, false);
		last = next;
	}
	*ret_grapheme = str_sub(*rest, 0, n);
	*ret_cells = shape.cells;
	*rest = ahead;
	return true;
}

size_t text_width(struct str text)
{
	struct str grapheme;
	size_t cells, sum = 0;

	while (text_next_grapheme(&text, &grapheme, &cells)) {
		sum += cells;
	}
	return sum;
}

struct str text_cut_bytes(struct str text, size_t max_bytes)
{
	struct str rest = text;
	struct str grapheme;
	size_t cells, n = 0;

	if (text.n <= max_bytes) {
		return text;
	}
	while (text_next_grapheme(&rest, &grapheme, &cells) && n + grapheme.n <= max_bytes) {
		n += grapheme.n;
	}
	return str_sub(text, 0, n);
}

/* As text_cut(); says how many cells it has used. */
static bool cut(struct buf *out, struct str text, size_t cells, size_t *ret_used)
{
	struct str rest = text;
	struct str grapheme;
	/* What fits with the ellipsis behind it, should the rest turn out not to fit. */
	size_t fit = 0, fit_cells = 0, used = 0, more;

	while (text_next_grapheme(&rest, &grapheme, &more)) {
		if (used + more > cells) {
			*ret_used = cells ? fit_cells + 1 : 0;
			return buf_add_str(out, str_sub(text, 0, fit)) &&
			       (cells == 0 || buf_add_text(out, "\xe2\x80\xa6"));
		}
		used += more;
		if (used < cells) {
			fit = text.n - rest.n;
			fit_cells = used;
		}
	}
	*ret_used = used;
	return buf_add_str(out, text);
}

bool text_cut(struct buf *out, struct str text, size_t cells)
{
	size_t used;

	return cut(out, text, cells, &used);
}

bool text_pad(struct buf *out, struct str text, size_t cells)
{
	size_t used;

	if (!cut(out, text, cells, &used)) {
		return false;
	}
	for (; used < cells; used++) {
		if (!buf_add_char(out, ' ')) {
			return false;
		}
	}
	return true;
}
