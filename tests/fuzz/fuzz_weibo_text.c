/*
 * Weibo's view of texts and numbers: links lie inside the text, lengths inside their bounds, fingerprints do not depend
 * on what a server changes, and ids come back from their forms. Parts: two texts; the first one is taken for a number,
 * a date and an address, too.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "platform/weibo/weibo.h"

static void check_links(struct str text)
{
	struct weibo_link link;

	for (size_t at = 0; weibo_link_next(text, at, &link); at = link.from + link.url.n) {
		must(link.from >= at && link.url.n >= 10 && link.url.p == text.p + link.from);
		must(link.from + link.url.n <= text.n);
		must(link.host.n >= 3 && link.host.p > link.url.p);
		must(link.host.p + link.host.n <= link.url.p + link.url.n);
		must(memchr(link.host.p, '.', link.host.n));
		for (size_t i = 0; i < link.url.n; i++) {
			must((unsigned char)link.url.p[i] > ' ' && (unsigned char)link.url.p[i] < 0x7f);
		}
	}
}

static void check_lengths(struct str text)
{
	int64_t usual = weibo_length(text, false);
	int64_t strict = weibo_length(text, true);

	must(usual >= 0 && usual <= 2 * (int64_t)text_chars(text));
	must(strict >= 0 && strict <= 2 * (int64_t)text_chars(text));
	must((usual == 0) == (text.n == 0) && (strict == 0) == (text.n == 0));
}

/* As a server escapes a text for HTML. */
static void escape(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			(void)buf_add_text(out, "&amp;");
			break;
		case '<':
			(void)buf_add_text(out, "&lt;");
			break;
		case '>':
			(void)buf_add_text(out, "&gt;");
			break;
		case '"':
			(void)buf_add_text(out, "&quot;");
			break;
		case '\'':
			(void)buf_add_text(out, "&#39;");
			break;
		default:
			(void)buf_add_char(out, text.p[i]);
			break;
		}
	}
}

static void fingerprint(struct buf *out, struct str text)
{
	buf_init(out, LIMIT_POST_BYTES);
	weibo_fingerprint(out, text);
	must(!out->failed);
}

static void check_fingerprint(struct str text, struct str other)
{
	cleanup(buf_finish) struct buf escaped = { 0 };
	cleanup(buf_finish) struct buf decoded = { 0 };
	cleanup(buf_finish) struct buf wrapped = { 0 };
	cleanup(buf_finish) struct buf print = { 0 };
	cleanup(buf_finish) struct buf print_escaped = { 0 };
	cleanup(buf_finish) struct buf print_wrapped = { 0 };
	cleanup(buf_finish) struct buf print_other = { 0 };
	enum weibo_likeness likeness;

	fingerprint(&print, text);
	fingerprint(&print_other, other);
	must(print.n <= text.n);
	for (size_t i = 0; i < print.n; i++) {
		must(!memchr("# \t\r\n", print.p[i], 5));
	}
	must(weibo_compare(buf_str(&print), buf_str(&print)) == WEIBO_SAME);
	likeness = weibo_compare(buf_str(&print), buf_str(&print_other));
	must(likeness == weibo_compare(buf_str(&print_other), buf_str(&print)));
	must((likeness == WEIBO_SAME) == str_eq(buf_str(&print), buf_str(&print_other)));
	if (6 * text.n + 16 > LIMIT_POST_BYTES) {
		return;
	}
	buf_init(&escaped, 6 * text.n);
	buf_init(&decoded, 6 * text.n);
	escape(&escaped, text);
	weibo_decode_entities(&decoded, buf_str(&escaped));
	must(str_eq(buf_str(&decoded), text));
	fingerprint(&print_escaped, buf_str(&escaped));
	must(str_eq(buf_str(&print), buf_str(&print_escaped)));

	buf_init(&wrapped, text.n + 16);
	(void)buf_add_text(&wrapped, "# \n");
	(void)buf_add_str(&wrapped, text);
	(void)buf_add_text(&wrapped, " \n\xe2\x80\x8b#");
	fingerprint(&print_wrapped, buf_str(&wrapped));
	must(str_eq(buf_str(&print), buf_str(&print_wrapped)));
}

static void check_number(int64_t id)
{
	char mid[WEIBO_MID_BYTES];
	int64_t back;
	int64_t second_at = weibo_id_made_at(id);

	weibo_id_to_mid(id, mid);
	must(strlen(mid) < WEIBO_MID_BYTES && weibo_mid_to_id(str_from(mid), &back) && back == id);
	must(weibo_id_at(second_at) <= id && weibo_id_made_at(weibo_id_at(second_at)) == second_at);
}

static void check_numbers(struct str text)
{
	char mid[WEIBO_MID_BYTES];
	int64_t value;

	if (weibo_id_parse(text, &value)) {
		must(value > 0);
		check_number(value);
	}
	if (weibo_mid_to_id(text, &value)) {
		must(value > 0);
		check_number(value);
		weibo_id_to_mid(value, mid);
		must(str_starts(text, STR("0")) || str_is(text, mid));
	}
	if (weibo_time_parse(text, &value)) {
		must(value % SECOND_MS == 0);
		must(value >= -5 * DAY_MS && value < INT64_C(253402300800000) + 5 * DAY_MS);
	}
}

static void check_findings(struct str text, enum weibo_tier tier, enum send_kind kind)
{
	struct weibo_settings settings = { .tier = (int)tier, .safe_domain = (char *)"www.city.gov.example" };
	struct driver_account account = { .name = "weibo-main", .settings = &settings };
	struct driver_send send = { .kind = kind, .text = text, .reply_to_id = "1", .reply_status_id = "2" };
	struct finding_list findings = { 0 };
	int64_t units = -1;
	int64_t limit = -1;
	int lines = 1;

	for (size_t i = 0; i < text.n; i++) {
		lines += text.p[i] == '\n';
	}
	weibo_check(&account, &send, &findings);
	weibo_measure(&account, &send, &units, &limit);
	must(units >= 0 && limit > 0);
	if (kind == SEND_PUBLISH && units > limit) {
		must(finding_blocks(&findings));
	}
	for (size_t i = 0; i < findings.n; i++) {
		const struct finding *finding = &findings.items[i];

		must(str_starts(str_from(finding->rule), STR("weibo.")));
		must(finding->message[0] && is_one_line(str_from(finding->message)));
		must(finding->line >= 0 && finding->line <= lines);
		must((finding->line == 0) == (finding->column == 0) && finding->column >= 0);
	}
	finding_list_finish(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct str text = { 0 };
	struct str other = { 0 };

	(void)next_part(&rest, &text);
	(void)next_part(&rest, &other);
	check_links(text);
	check_lengths(text);
	check_fingerprint(text, other);
	check_numbers(text);
	check_findings(text, WEIBO_TIER_SHARE, SEND_PUBLISH);
	check_findings(text, WEIBO_TIER_SHARE, SEND_REPLY);
	check_findings(text, WEIBO_TIER_ADVANCED, SEND_PUBLISH);
	return 0;
}
