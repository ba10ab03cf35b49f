/* Text rules of the platform. Pure functions over valid UTF-8; invalid bytes count as one replacement character. */
#include "sim/weibo_text.h"

#include <inttypes.h>

#include "core/attr.h"
#include "core/mem.h"
#include "sim/table.h"
#include "text/utf8.h"

#define LINK_HALF_UNITS 20
#define LINK_CHARS      140
#define OWN_LINK_CHARS  41
#define SIMILAR_CHARS   300

void links_finish(struct links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		free(links->items[i].original);
	}
	free(links->items);
	*links = (struct links){ 0 };
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_host_char(char c)
{
	return is_alnum(c) || c == '-';
}

static bool is_link_char(char c)
{
	return is_alnum(c) || (c && strchr("-_$.+!*()/\\,:@&=?~#%", c));
}

static size_t scheme_length(struct str text)
{
	if (str_starts(text, STR("http://"))) {
		return 7;
	}
	return str_starts(text, STR("https://")) ? 8 : 0;
}

size_t link_length(struct str text)
{
	size_t n = scheme_length(text);
	size_t first = n;

	if (!n) {
		return 0;
	}
	while (n < text.n && is_host_char(text.p[n])) {
		n++;
	}
	/* A host has a dot with something on either side. */
	if (n == first || n + 1 >= text.n || text.p[n] != '.' || !is_host_char(text.p[n + 1])) {
		return 0;
	}
	while (n < text.n && is_link_char(text.p[n])) {
		n++;
	}
	return n;
}

static bool is_short_link(struct str link)
{
	return str_starts(str_sub(link, scheme_length(link), link.n), STR("t.cn/"));
}

static bool is_own_link(struct str link)
{
	struct str host = str_sub(link, scheme_length(link), link.n);
	size_t n = 0;

	while (n < host.n && (is_host_char(host.p[n]) || host.p[n] == '.')) {
		n++;
	}
	host = str_sub(host, 0, n);
	return str_is(host, "weibo.com") || str_is(host, "weibo.cn") || str_ends(host, STR(".weibo.com")) ||
	       str_ends(host, STR(".weibo.cn"));
}

static int64_t link_half_units(struct str link)
{
	int64_t n = (int64_t)link.n; /* links are ASCII */

	if (is_short_link(link) || (is_own_link(link) && n <= OWN_LINK_CHARS)) {
		return n;
	}
	return n <= LINK_CHARS ? LINK_HALF_UNITS : n - LINK_CHARS + LINK_HALF_UNITS;
}

static int64_t half_units(uint32_t code_point)
{
	if (code_point <= 0x80) {
		return 1;
	}
	return code_point > 0xffff ? 4 : 2;
}

/* Take one countable piece (a link or a character) off *rest. */
static int64_t take_half_units(struct str *rest)
{
	size_t n = rest->p[0] == 'h' ? link_length(*rest) : 0;
	uint32_t code_point = 0;

	if (n) {
		struct str link = str_sub(*rest, 0, n);

		*rest = str_sub(*rest, n, rest->n);
		return link_half_units(link);
	}
	if (!utf8_next(rest, &code_point)) {
		return 0;
	}
	return half_units(code_point);
}

int64_t weibo_length(struct str text)
{
	int64_t sum = 0;

	while (text.n) {
		sum += take_half_units(&text);
	}
	return (sum + 1) / 2;
}

struct str weibo_cut(struct str text, int64_t chars)
{
	struct str rest = text;
	int64_t sum = 0;
	size_t n = 0;

	while (rest.n) {
		sum += take_half_units(&rest);
		if ((sum + 1) / 2 > chars) {
			break;
		}
		n = text.n - rest.n;
	}
	return str_sub(text, 0, n);
}

static bool is_space_at(struct str text, size_t at, size_t *ret_n)
{
	unsigned char c = (unsigned char)text.p[at];

	if (c == ' ' || (c >= '\t' && c <= '\r')) {
		*ret_n = 1;
		return true;
	}
	if (text.n - at >= 3 && memcmp(text.p + at, "\xe3\x80\x80", 3) == 0) { /* U+3000 */
		*ret_n = 3;
		return true;
	}
	return false;
}

static struct str trim(struct str text)
{
	size_t n;

	while (text.n && is_space_at(text, 0, &n)) {
		text = str_sub(text, n, text.n);
	}
	for (;;) {
		if (text.n >= 3 && is_space_at(text, text.n - 3, &n) && n == 3) {
			text.n -= 3;
		} else if (text.n && is_space_at(text, text.n - 1, &n)) {
			text.n -= 1;
		} else {
			return text;
		}
	}
}

/* The same address always gets the same short link. */
static void shorten(struct str address, char ret[SHORT_LINK_BYTES])
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint64_t hash = hash_bytes(address, 0x743263);
	char tail[7] = { 0 };

	for (size_t i = 0; i < 6; i++) {
		tail[i] = letters[hash % 62];
		hash /= 62;
	}
	(void)snprintf(ret, SHORT_LINK_BYTES, "http://t.cn/A6%s", tail);
}

static const char *links_add(struct links *links, struct str address)
{
	struct link *link;

	array_grow(links->items, links->n, links->cap);
	link = &links->items[links->n++];
	shorten(address, link->shortened);
	link->original = str_dup(address);
	return link->shortened;
}

/* Paired # outside links: how many of them there are, rounded down to pairs. */
static size_t count_topic_marks(struct str text)
{
	size_t marks = 0;

	while (text.n) {
		size_t n = text.p[0] == 'h' ? link_length(text) : 0;

		if (!n) {
			n = 1;
			marks += text.p[0] == '#';
		}
		text = str_sub(text, n, text.n);
	}
	return marks & ~(size_t)1;
}

void weibo_stored_text(struct str text, bool strip_topics, struct buf *out, struct links *links)
{
	size_t strip;

	text = trim(text);
	strip = strip_topics ? count_topic_marks(text) : 0;
	while (text.n) {
		size_t n = text.p[0] == 'h' ? link_length(text) : 0;
		struct str piece = str_sub(text, 0, n ? n : 1);

		if (n && !is_short_link(piece)) {
			buf_add_text(out, links_add(links, piece));
		} else if (!n && piece.p[0] == '#' && strip) {
			strip--;
		} else {
			buf_add_str(out, piece);
		}
		text = str_sub(text, piece.n, text.n);
	}
}

void weibo_normal_text(struct str text, struct buf *out)
{
	size_t begin = out->n;
	bool blank = false;

	while (text.n) {
		size_t n = 1;

		if (is_space_at(text, 0, &n)) {
			blank = true;
		} else if (text.p[0] != '#') {
			/* Not in front: "# a" is as trimmed as "a". */
			if (blank && out->n > begin) {
				buf_add_char(out, ' ');
			}
			blank = false;
			buf_add_char(out, text.p[0]);
		}
		text = str_sub(text, n, text.n);
	}
}

static size_t code_points(struct str text, uint32_t ret[SIMILAR_CHARS])
{
	size_t n = 0;

	while (n < SIMILAR_CHARS && utf8_next(&text, &ret[n])) {
		n++;
	}
	return n;
}

int weibo_similar_percent(struct str a, struct str b)
{
	uint32_t as[SIMILAR_CHARS];
	uint32_t bs[SIMILAR_CHARS];
	size_t row[SIMILAR_CHARS + 1];
	size_t an = code_points(a, as);
	size_t bn = code_points(b, bs);
	size_t longer = an > bn ? an : bn;

	if (!longer) {
		return 100;
	}
	for (size_t j = 0; j <= bn; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= an; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= bn; j++) {
			size_t best = diagonal + (as[i - 1] != bs[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best) {
				best = row[j] + 1;
			}
			if (row[j - 1] + 1 < best) {
				best = row[j - 1] + 1;
			}
			row[j] = best;
		}
	}
	return (int)((longer - row[bn]) * 100 / longer);
}

/* Letters, digits, _ and -, and what is neither ASCII nor punctuation. */
static bool is_name_char(uint32_t c)
{
	if (c < 0x80) {
		return is_alnum((char)c) || c == '_' || c == '-';
	}
	return c >= 0xc0 && !(c >= 0x2000 && c <= 0x206f) && !(c >= 0x3000 && c <= 0x303f) &&
	       !(c >= 0xff00 && c <= 0xff0f) && !(c >= 0xff1a && c <= 0xff20) && !(c >= 0xff3b && c <= 0xff40) &&
	       !(c >= 0xff5b && c <= 0xff65) && c != 0xfffd && c <= 0xffff;
}

bool weibo_next_mention(struct str *rest, struct str *ret_name)
{
	for (;;) {
		const char *at = rest->n ? memchr(rest->p, '@', rest->n) : NULL;
		struct str name;
		struct str tail;
		uint32_t c;

		if (!at) {
			return false;
		}
		tail = str_sub(*rest, (size_t)(at - rest->p) + 1, rest->n);
		name = tail;
		for (;;) {
			struct str before = tail;

			if (!utf8_next(&tail, &c) || !is_name_char(c)) {
				name.n = (size_t)(before.p - name.p);
				*rest = before;
				break;
			}
		}
		if (name.n) {
			*ret_name = name;
			return true;
		}
	}
}
