/*
 * The simulator's text rules: lengths have bounds and add up, what is cut fits, links come out short, and likeness is a
 * percentage. Parts: two texts.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "sim/weibo_text.h"

static void check_cut(struct str text, int64_t chars)
{
	struct str cut = weibo_cut(text, chars);

	must(str_starts(text, cut) && weibo_length(cut) <= chars);
	must(cut.n == text.n || weibo_length(text) > chars);
}

static void check_stored(struct str text, bool strip)
{
	cleanup(buf_finish) struct buf stored = { 0 };
	cleanup(links_finish) struct links links = { 0 };

	/* A link of 10 bytes becomes one of 19. */
	buf_init(&stored, 2 * text.n + SHORT_LINK_BYTES);
	weibo_stored_text(text, strip, &stored, &links);
	must(!stored.failed);
	for (size_t i = 0; i < links.n; i++) {
		must(link_length(str_from(links.items[i].original)) == strlen(links.items[i].original));
		must(link_length(str_from(links.items[i].shortened)) == SHORT_LINK_BYTES - 4);
		must(str_find(buf_str(&stored), str_from(links.items[i].shortened)) >= 0);
	}
	must(!utf8_valid(text) || utf8_valid(buf_str(&stored)));
}

static void check_normal(struct str text, struct str other)
{
	cleanup(buf_finish) struct buf one = { 0 };
	cleanup(buf_finish) struct buf two = { 0 };
	cleanup(buf_finish) struct buf again = { 0 };
	int percent;

	buf_init(&one, text.n);
	buf_init(&two, other.n);
	buf_init(&again, text.n);
	weibo_normal_text(text, &one);
	weibo_normal_text(other, &two);
	weibo_normal_text(buf_str(&one), &again);
	/* Without the # between them, bytes that are no UTF-8 may make a blank. */
	must(!one.failed && (!utf8_valid(text) || str_eq(buf_str(&one), buf_str(&again))));
	must(!one.n || !memchr(one.p, '#', one.n));
	percent = weibo_similar_percent(buf_str(&one), buf_str(&two));
	must(percent >= 0 && percent <= 100);
	must(percent == weibo_similar_percent(buf_str(&two), buf_str(&one)));
	must(weibo_similar_percent(buf_str(&one), buf_str(&one)) == 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str text = { 0 };
	struct str other = { 0 };
	struct str names;
	struct str name;
	int64_t length;

	(void)next_part(&rest, &text);
	(void)next_part(&rest, &other);
	length = weibo_length(text);
	must(length >= 0 && length <= 2 * (int64_t)text_chars(text) && (length == 0) == (text.n == 0));
	must(link_length(text) <= text.n);
	check_cut(text, 1);
	check_cut(text, 140);
	check_stored(text, false);
	check_stored(text, true);
	check_normal(text, other);
	names = text;
	for (size_t left = names.n; weibo_next_mention(&names, &name); left = names.n) {
		must(names.n < left && name.n > 0 && name.p > text.p && name.p[-1] == '@');
	}
	return 0;
}
