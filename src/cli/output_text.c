/* Values of rows as text, and text as lines: what it takes to show what strangers wrote. */
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>

#include "codec/json.h"
#include "core/clock.h"
#include "core/limits.h"
#include "text/safe.h"
#include "text/utf8.h"
#include "text/when.h"

#define PAGE_CELLS_MAX 100u
#define LINE_CELLS_MIN 10u /* of text, however deep it is indented */
#define ECHO_GRACE_MS  2000
#define TAIL_INDENT    4u
#define FIELD_NAME_MAX 64u
#define FIELD_BYTES    LIMIT_ANSWER_BYTES

void out_safe(struct buf *out, const char *text)
{
	(void)text_safe_line(out, str_from(text));
}

/* ---- fields ---- */

static void add_value(struct buf *out, const cJSON *item);

/* Lists of words are words; what is nested deeper is JSON. */
static void add_list(struct buf *out, const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		if (item != list->child) {
			(void)buf_add_char(out, ' ');
		}
		add_value(out, item);
	}
}

static void add_value(struct buf *out, const cJSON *item)
{
	if (cJSON_IsString(item)) {
		(void)buf_add_text(out, item->valuestring);
	} else if (cJSON_IsArray(item) && !cJSON_IsObject(item->child) && !cJSON_IsArray(item->child)) {
		add_list(out, item);
	} else if (item && !cJSON_IsNull(item)) {
		(void)json_print(out, item);
	}
}

static bool is_empty(const cJSON *item)
{
	return !item || cJSON_IsNull(item) || (cJSON_IsString(item) && !item->valuestring[0]) ||
	       (cJSON_IsArray(item) && !item->child);
}

/* The first of "a|b" that is not empty. */
static const cJSON *find_field(const cJSON *row, const char *field)
{
	struct str rest = str_from(field);
	struct str part;

	while (str_split(&rest, '|', &part)) {
		char name[FIELD_NAME_MAX];
		const cJSON *item;

		(void)snprintf(name, sizeof(name), STR_FMT, STR_ARG(part));
		item = json_get(row, name);
		if (!is_empty(item)) {
			return item;
		}
	}
	return NULL;
}

void field_text(struct buf *out, const cJSON *row, const char *field, bool raw)
{
	const cJSON *item = find_field(row, field);
	struct buf text;

	if (raw) {
		add_value(out, item);
		return;
	}
	buf_init(&text, FIELD_BYTES);
	add_value(&text, item);
	(void)text_safe_line(out, buf_str(&text));
	buf_finish(&text);
}

int64_t field_at(const cJSON *row, const char *field)
{
	struct str text = json_str(row, field);
	struct error ignored;
	int64_t at;

	/* Of RFC 3339 nothing depends on the clock. */
	return text.n > 0 && when_parse(text, 0, &at, &ignored) ? at : 0;
}

/* ---- JSON ---- */

/* What json_print() lets through and a terminal obeys, or a reader does not see. Joiners make letters and emoji: kept.
 */
static bool is_hostile(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e || c == 0x200b ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static void add_escaped(struct buf *out, uint32_t c)
{
	if (c >= 0x10000) {
		c -= 0x10000;
		(void)buf_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
	} else {
		(void)buf_printf(out, "\\u%04" PRIx32, c);
	}
}

void json_safe(struct buf *out, const cJSON *json)
{
	struct buf text;
	struct str rest;
	uint32_t c;

	buf_init(&text, LIMIT_ANSWER_BYTES);
	if (!json_print(&text, json)) {
		out->failed = true;
	}
	rest = buf_str(&text);
	while (utf8_next(&rest, &c)) {
		char bytes[4];

		if (is_hostile(c)) {
			add_escaped(out, c);
		} else {
			(void)buf_add(out, bytes, utf8_encode(c, bytes));
		}
	}
	buf_finish(&text);
}

/* ---- times ---- */

void duration_text(struct buf *out, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = {
		{ DAY_MS, N_("d") },
		{ HOUR_MS, N_("h") },
		{ MINUTE_MS, N_("min") },
		{ SECOND_MS, N_("s") },
	};
	size_t first = 0;

	while (first < ARRAY_LEN(units) && ms < units[first].ms) {
		first++;
	}
	/* Two units at most, and no seconds behind minutes: nobody reads them. */
	for (size_t i = first; i < ARRAY_LEN(units) && i < first + 2; i++) {
		int64_t whole = ms / units[i].ms;

		if (i > first && (whole == 0 || i == ARRAY_LEN(units) - 1)) {
			break;
		}
		(void)buf_printf(out, "%s%" PRId64 " %s", i > first ? " " : "", whole, _(units[i].name));
		ms %= units[i].ms;
	}
}

void relative_text(struct cli *cli, struct buf *out, int64_t at)
{
	int64_t ms = at - cli_now_at(cli);
	struct buf span;

	buf_init(&span, 64);
	duration_text(&span, ms < 0 ? -ms : ms);
	if (span.n == 0) {
		(void)buf_add_text(out, _("now"));
	} else if (ms > 0) {
		(void)buf_printf(out, _("in %s"), span.p);
	} else {
		(void)buf_printf(out, _("%s ago"), span.p);
	}
	buf_finish(&span);
}

void echo_text(struct cli *cli, struct buf *out, int64_t at)
{
	static const char *const weekdays[] = { N_("Sun"), N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"),
		N_("Sat") };
	struct buf english, span;
	struct str rest, moment;

	if (at == 0) {
		return;
	}
	buf_init(&english, 256);
	buf_init(&span, 64);
	(void)when_format_echo(&english, at, cli_now_at(cli));
	/* What was given as "+1h" is not read back as "in 59 min". */
	relative_text(cli, &span, at - cli_now_at(cli) > MINUTE_MS - ECHO_GRACE_MS ? at + ECHO_GRACE_MS : at);
	rest = buf_str(&english);
	(void)str_split(&rest, ',', &moment);
	for (size_t i = 0; i < ARRAY_LEN(weekdays); i++) {
		if (str_starts(moment, str_from(weekdays[i]))) {
			(void)buf_add_text(out, _(weekdays[i]));
			moment = str_sub(moment, strlen(weekdays[i]), moment.n);
			break;
		}
	}
	(void)buf_printf(out, STR_FMT ", %s", STR_ARG(moment), span.p);
	buf_finish(&english);
	buf_finish(&span);
}

void due_text(struct cli *cli, struct buf *out, int64_t at, bool *ret_overdue)
{
	int64_t ms = at - cli_now_at(cli);
	struct buf span;

	*ret_overdue = ms <= 0;
	if (ms > 0) {
		relative_text(cli, out, at);
		return;
	}
	buf_init(&span, 64);
	duration_text(&span, -ms);
	if (span.n == 0) {
		(void)buf_add_text(out, _("overdue"));
	} else {
		(void)buf_printf(out, _("overdue %s"), span.p);
	}
	buf_finish(&span);
}

/* ---- colours ---- */

enum style state_style(const char *state)
{
	static const struct {
		const char *state;
		enum style style;
	} styles[] = {
		{ "ready", STYLE_GOOD },
		{ "sent", STYLE_GOOD },
		{ "replied", STYLE_GOOD },
		{ "closed", STYLE_DIM },
		{ "cancelled", STYLE_DIM },
		{ "removed", STYLE_DIM },
		{ "held", STYLE_WARN },
		{ "paused", STYLE_WARN },
		{ "waiting", STYLE_WARN },
		{ "new", STYLE_BOLD },
		{ "failed", STYLE_BAD },
		{ "unsure", STYLE_BAD },
		{ "parked", STYLE_BAD },
		{ "error", STYLE_BAD },
	};

	for (size_t i = 0; i < ARRAY_LEN(styles); i++) {
		if (strcmp(styles[i].state, state) == 0) {
			return styles[i].style;
		}
	}
	return STYLE_PLAIN;
}

enum style priority_style(const char *priority)
{
	if (strcmp(priority, "P0") == 0) {
		return STYLE_ALARM;
	}
	if (strcmp(priority, "P1") == 0) {
		return STYLE_BAD;
	}
	return strcmp(priority, "P2") == 0 ? STYLE_WARN : STYLE_PLAIN;
}

/* ---- lines ---- */

size_t page_cells(const struct cli *cli)
{
	if (!cli->term.out) {
		return 0;
	}
	return cli->term.columns < PAGE_CELLS_MAX ? cli->term.columns : PAGE_CELLS_MAX;
}

struct wrap {
	struct cli *cli;
	const char *head; /* still to be printed; NULL: none */
	size_t indent;
	size_t cells; /* beside the indent; 0: no wrapping */
};

static void add_head(struct wrap *wrap)
{
	size_t width = text_width(str_from(wrap->head));

	out_text(wrap->cli, wrap->head);
	wrap->head = NULL;
	if (width + 2 > wrap->indent) {
		out_text(wrap->cli, "\n");
		width = 0;
	}
	out_printf(wrap->cli, "%*s", (int)(wrap->indent - width), "");
}

static void add_line(struct wrap *wrap, struct str line)
{
	while (line.n > 0 && line.p[line.n - 1] == ' ') {
		line.n--;
	}
	if (wrap->head) {
		add_head(wrap);
	} else if (line.n > 0) {
		out_printf(wrap->cli, "%*s", (int)wrap->indent, "");
	}
	out_printf(wrap->cli, STR_FMT "\n", STR_ARG(line));
}

/* Closing punctuation does not begin a line. */
static bool sticks(struct str grapheme)
{
	static const char *const marks[] = { "，", "。", "、", "；", "：", "？", "！", "）", "》", "」", "』", "”", "’",
		"…", "】", "〉", ",", ".", ";", ":", "?", "!", ")", "]", "}" };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		if (str_is(grapheme, marks[i])) {
			return true;
		}
	}
	return false;
}

/* One paragraph that fits into `cells`; a break may be behind a blank and on either side of what is wide. */
static void wrap_line(struct wrap *wrap, struct str text)
{
	struct str rest = text;
	struct str grapheme;
	size_t begin = 0, used = 0, width;
	size_t break_at = 0, break_used = 0; /* the last place to break behind, and the cells up to it */
	bool wide_before = false;

	while (text_next_grapheme(&rest, &grapheme, &width)) {
		size_t at = (size_t)(grapheme.p - text.p);
		bool blank = str_is(grapheme, " ");

		if (at > begin && !blank && !sticks(grapheme) && (width == 2 || wide_before)) {
			break_at = at;
			break_used = used;
		}
		if (used + width > wrap->cells && at > begin && !blank) {
			if (break_at <= begin) {
				break_at = at; /* a word longer than a line */
				break_used = used;
			}
			add_line(wrap, str_sub(text, begin, break_at - begin));
			begin = break_at;
			used -= break_used;
		}
		used += width;
		if (blank) {
			break_at = at + grapheme.n;
			break_used = used;
		}
		wide_before = width == 2;
	}
	add_line(wrap, str_sub(text, begin, text.n));
}

void out_tail(struct cli *cli, size_t used, const char *text, enum style style, size_t cells)
{
	if (!text[0]) {
		out_text(cli, "\n");
	} else if (cells == 0 || used + 2 + text_width(str_from(text)) <= cells) {
		out_text(cli, "  ");
		out_styled(cli, style, text);
		out_text(cli, "\n");
	} else {
		out_text(cli, "\n");
		out_wrapped(cli, str_from(text), TAIL_INDENT, cells);
	}
}

void out_item(struct cli *cli, const char *head, struct str text, size_t indent, size_t cells)
{
	struct wrap wrap = { cli, head, indent, 0 };
	struct buf safe;
	struct str rest, line;

	if (cells > 0) {
		wrap.cells = cells > indent + LINE_CELLS_MIN ? cells - indent : LINE_CELLS_MIN;
	}
	buf_init(&safe, FIELD_BYTES);
	(void)text_safe_lines(&safe, text);
	rest = buf_str(&safe);
	while (str_split(&rest, '\n', &line)) {
		if (cells == 0) {
			add_line(&wrap, line);
		} else {
			wrap_line(&wrap, line);
		}
	}
	buf_finish(&safe);
}

void out_wrapped(struct cli *cli, struct str text, size_t indent, size_t cells)
{
	out_item(cli, NULL, text, indent, cells);
}
