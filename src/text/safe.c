/*
 * Making foreign text harmless. Two passes of one filter with the normalisation to NFC between them: the first takes
 * out what would make normalising slow (thousands of marks on one letter are sorted in quadratic time), the second
 * what decomposing has brought back. Sanitising twice gives the same as once; the fuzzer holds us to it.
 *
 *   replaced by U+FFFD   bytes that are no UTF-8, controls, noncharacters: the reader sees that there was something
 *   made LF              CR LF, CR, VT, FF, NEL, U+2028, U+2029
 *   dropped              invisible format characters, which serve to hide or turn round what is written
 *
 * Of an escape sequence only the ESC goes: the rest is harmless without it, and it is evidence.
 */
#include "text/safe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "core/limits.h"
#include "text/utf8.h"

#define MARKS_PER_BASE 8u
#define REPLACEMENT    0xfffdu
#define ZWNJ           0x200cu
#define ZWJ            0x200du
#define BLACK_FLAG     0x1f3f4u
#define TAG_FIRST      0xe0000u
#define TAG_END        0xe007fu
#define TAGS_PER_FLAG  6u
/* More than one step of the filter can append: joiner, code point, the tags of a flag. */
#define STEP_BYTES 64u

enum fate { FATE_KEEP, FATE_DROP, FATE_REPLACE, FATE_LINE_END, FATE_JOINER };

static enum fate fate_of(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
		if (c == '\n' || c == '\t') {
			return FATE_KEEP;
		}
		return c == '\r' || c == '\v' || c == '\f' || c == 0x85 ? FATE_LINE_END : FATE_REPLACE;
	}
	if (c < 0xad) {
		return FATE_KEEP;
	}
	if (c == 0x2028 || c == 0x2029) {
		return FATE_LINE_END;
	}
	if (c == ZWNJ || c == ZWJ) {
		return FATE_JOINER;
	}
	if (c == 0xad ||                          /* soft hyphen: splits words for a filter, not for the eye */
		c == 0x180e || c == 0x200b ||     /* without width */
		(c >= 0x202a && c <= 0x202e) ||   /* bidi embeddings and overrides */
		(c >= 0x2060 && c <= 0x206f) ||   /* word joiner, invisible operators, bidi isolates, deprecated */
		c == 0xfeff ||                    /* byte order mark */
		(c >= 0xfff9 && c <= 0xfffb) ||   /* interlinear annotation */
		(c >= 0x1bca0 && c <= 0x1bca3) || /* shorthand controls */
		(c >= 0x1d173 && c <= 0x1d17a) || /* musical controls */
		(c >= TAG_FIRST && c <= TAG_END)) {
		return FATE_DROP;
	}
	if ((c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef)) {
		return FATE_REPLACE; /* noncharacters */
	}
	return FATE_KEEP;
}

static bool is_mark(utf8proc_category_t category)
{
	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

/* Letters, marks on them, emoji and their modifiers: what a joiner may stand between. */
static bool can_join(uint32_t c)
{
	const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)c);

	switch ((utf8proc_category_t)property->category) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		/* No ASCII letter needs one, "b<ZWNJ>omb" does; normalising makes a K of the Kelvin sign. */
		return c >= 0x80 && c != 0x212a;
	default:
		return property->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
		       (c >= 0x1f3fb && c <= 0x1f3ff);
	}
}

/* Bytes of the tags that make a flag of the black flag before them; 0 when it is not well made. */
static size_t flag_tags(struct str rest)
{
	struct str at = rest;
	uint32_t c;
	unsigned n = 0;

	while (utf8_next(&at, &c)) {
		if (c == TAG_END) {
			return n >= 3 ? rest.n - at.n : 0;
		}
		if (!(c >= TAG_FIRST + '0' && c <= TAG_FIRST + '9') &&
			!(c >= TAG_FIRST + 'a' && c <= TAG_FIRST + 'z')) {
			return 0;
		}
		if (++n > TAGS_PER_FLAG) {
			return 0;
		}
	}
	return 0;
}

static bool add_code_point(struct buf *out, uint32_t c)
{
	char bytes[4];

	return buf_add(out, bytes, utf8_encode(c, bytes));
}

/*
 * One pass. Stops without an error when `out` is full: the caller gives it more room than the result may have.
 * ret_plain: nothing in it that normalising could change.
 */
static void filter(struct buf *out, struct str text, bool *ret_plain)
{
	uint32_t last = 0, joiner = 0, c;
	unsigned marks = 0;
	bool plain = true;

	while (out->max_bytes - out->n >= STEP_BYTES) {
		struct str from = text;
		const utf8proc_property_t *property;
		size_t tags = 0;

		if (!utf8_next(&text, &c)) {
			break;
		}
		switch (fate_of(c)) {
		case FATE_DROP:
			continue;
		case FATE_JOINER:
			joiner = c; /* kept when the next one kept can be joined */
			continue;
		case FATE_LINE_END:
			if (c == '\r' && text.n > 0 && text.p[0] == '\n') {
				continue;
			}
			c = '\n';
			break;
		case FATE_REPLACE:
			c = REPLACEMENT;
			break;
		case FATE_KEEP:
			break;
		}
		property = utf8proc_get_property((utf8proc_int32_t)c);
		if (is_mark((utf8proc_category_t)property->category)) {
			if (++marks > MARKS_PER_BASE) {
				continue;
			}
			plain = false;
		} else {
			marks = 0;
		}
		if ((property->decomp_type == 0 && property->decomp_seqindex != UINT16_MAX) ||
			(c >= 0x1100 && c <= 0x11ff)) {
			plain = false;
		}
		if (joiner && can_join(last) && can_join(c)) {
			add_code_point(out, joiner);
		}
		joiner = 0;
		add_code_point(out, c);
		last = c;
		if (c == BLACK_FLAG) {
			tags = flag_tags(text);
			buf_add_str(out, str_sub(from, from.n - text.n, tags));
			text = str_sub(text, tags, text.n);
		}
	}
	*ret_plain = plain;
}

static bool is_simple(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= 0x7f || (c < 0x20 && c != '\n' && c != '\t')) {
			return false;
		}
	}
	return true;
}

static void filter_again(struct buf *out, struct str text)
{
	bool plain;

	filter(out, text, &plain);
}

/* Cut between graphemes; one that is longer than everything allowed is cut between code points. */
static bool add_cut(struct buf *out, struct str text, size_t max_bytes)
{
	struct str kept = text_cut_bytes(text, max_bytes);

	if (kept.n == 0 && text.n > 0) {
		cleanup(buf_finish) struct buf piece = { 0 };
		struct str rest = str_sub(text, 0, max_bytes);
		size_t step, n = 0;

		while ((step = str_utf8_step(str_sub(rest, n, rest.n))) > 0) {
			n += step;
		}
		/* A halved flag or a joiner without its second half: hostile again. */
		buf_init(&piece, n + STEP_BYTES);
		filter_again(&piece, str_sub(rest, 0, n));
		return buf_add_str(out, buf_str(&piece)) && !piece.failed;
	}
	if (kept.n < text.n) {
		while (str_ends(kept, STR("\xe2\x80\x8c")) || str_ends(kept, STR("\xe2\x80\x8d"))) {
			kept.n -= 3; /* ZWNJ or ZWJ, now joining nothing */
		}
	}
	return buf_add_str(out, kept);
}

bool text_sanitise(struct buf *out, struct str text, size_t max_bytes)
{
	cleanup(buf_finish) struct buf first = { 0 };
	cleanup(buf_finish) struct buf second = { 0 };
	utf8proc_uint8_t *composed = NULL;
	utf8proc_ssize_t n;
	size_t room;
	bool plain;

	text = str_sub(text, 0, LIMIT_FRAME_BYTES);
	if (text.n <= max_bytes && is_simple(text)) {
		return buf_add_str(out, text);
	}
	/* Composing shrinks to a third at most (three Hangul jamo, one syllable): enough to fill max_bytes. */
	room = max_bytes > LIMIT_FRAME_BYTES ? (size_t)4 * LIMIT_FRAME_BYTES : 4 * max_bytes + STEP_BYTES;
	buf_init(&first, room);
	filter(&first, text, &plain);
	if (first.failed) {
		out->failed = true;
		return false;
	}
	if (plain) {
		return add_cut(out, buf_str(&first), max_bytes);
	}
	n = utf8proc_map((const utf8proc_uint8_t *)first.p, (utf8proc_ssize_t)first.n, &composed,
		UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0) {
		free(composed);
		out->failed = true; /* short of memory; what it was given is valid */
		return false;
	}
	buf_init(&second, (size_t)n + STEP_BYTES);
	filter_again(&second, (struct str){ (const char *)composed, (size_t)n });
	free(composed);
	if (second.failed) {
		out->failed = true;
		return false;
	}
	return add_cut(out, buf_str(&second), max_bytes);
}

bool text_safe_line(struct buf *out, struct str text)
{
	cleanup(buf_finish) struct buf clean = { 0 };
	bool blank = false;

	buf_init(&clean, (size_t)4 * LIMIT_FRAME_BYTES);
	if (!text_sanitise(&clean, text, clean.max_bytes)) {
		out->failed = true;
		return false;
	}
	for (size_t i = 0; i < clean.n; i++) {
		char c = clean.p[i];

		if (c == ' ' || c == '\n' || c == '\t') {
			if (!blank) {
				buf_add_char(out, ' ');
			}
			blank = true;
		} else {
			buf_add_char(out, c);
			blank = false;
		}
	}
	return !out->failed;
}

bool text_safe_lines(struct buf *out, struct str text)
{
	cleanup(buf_finish) struct buf clean = { 0 };

	buf_init(&clean, (size_t)4 * LIMIT_FRAME_BYTES);
	if (!text_sanitise(&clean, text, clean.max_bytes)) {
		out->failed = true;
		return false;
	}
	for (size_t i = 0; i < clean.n; i++) {
		if (clean.p[i] == '\t') {
			clean.p[i] = ' ';
		}
	}
	return buf_add_str(out, buf_str(&clean));
}

bool text_csv_field(struct buf *out, struct str text)
{
	bool formula = text.n > 0 && text.p[0] != '\0' && strchr("=+-@\t\r", text.p[0]);
	/* Blanks at the ends as well: some readers trim what is not quoted. */
	bool quoted = text.n > 0 && (text.p[0] == ' ' || text.p[text.n - 1] == ' ');

	for (size_t i = 0; i < text.n && !quoted; i++) {
		quoted = text.p[i] == '"' || text.p[i] == ',' || (unsigned char)text.p[i] < 0x20;
	}
	if (quoted) {
		buf_add_char(out, '"');
	}
	if (formula) {
		buf_add_char(out, '\'');
	}
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"') {
			buf_add_char(out, '"');
		}
		buf_add_char(out, text.p[i]);
	}
	if (quoted) {
		buf_add_char(out, '"');
	}
	return !out->failed;
}
