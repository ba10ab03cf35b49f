/*
 * First triage: the automaton and its run over one text. Reading the rule file is triage_load.c.
 *
 * Text and phrases are brought to the same form, character by character: lower case, half width, and nothing but
 * letters, digits and ideographs, those in their simplified form; so that "我 不。想 自 殺" and "Ｉ want to DIE" match.
 * What was skipped stays known, because spans are told in bytes of the text as it was given.
 *
 * WeChat and Weibo write emoticons as words, "我不[大哭]想活了". Nobody has the list of them, and what stands in
 * brackets may be meant; so such a text is read twice, as it is and without them, and the second reading only adds.
 *
 * Invariants: the cost is linear in the text (matches are bounded by the number of phrases that are suffixes of one
 * another); nothing here depends on the order in which rules stand except the choice between rules of one priority.
 */
#include "desk/triage.h"

#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#include <utf8proc.h>

#include "core/mem.h"
#include "desk/triage_rules.h"
#include "model/ticket.h"
#include "text/utf8.h"

/* A phrase of `unless` cancels within this many characters, inside the same sentence; in a P0 rule only by overlap. */
#define NEAR_CHARS 8
/* "Thank you" is all there is to a message when it leaves at most this many other characters. */
#define THANKS_REST_CHARS 10
/* An emoticon's code holds at most this many characters between its brackets. */
#define CODE_CHARS 12

/*
 * The traditional form of each character that stands in the sample rules, before its simplified one; by code point.
 * Who is in danger may write either.
 */
static const char16_t traditional[] =
	u"丟丢亂乱佔占來来個个們们備备傳传傷伤價价儘尽兒儿別别剛刚劇剧務务員员問问喫吃單单嗎吗嚇吓嚴严圍围"
	u"園园執执報报場场墻墙壓压壞坏壩坝夠够媽妈學学實实寫写寶宝尋寻帥帅帶带幾几廢废強强彈弹後后從从惡恶"
	u"愛爱態态應应戲戏戶户拋抛揚扬搶抢擾扰敵敌斷断時时書书東东桿杆條条極极槍枪樓楼標标樣样橋桥機机橫横"
	u"檢检殺杀毆殴氣气決决沒没況况洩泄準准滯滞潰溃濃浓災灾為为無无煙烟燈灯燒烧營营爲为爺爷牆墙異异當当"
	u"發发盜盗盡尽眾众祇只積积窩窝約约紅红級级結结給给綁绑經经綠绿綫线網网緊紧線线緝缉緬缅練练繼继續续"
	u"纔才罰罚羣群義义習习聯联聲声聽听脅胁脈脉脫脱臥卧臺台舉举著着蓋盖藥药衆众裏里補补裡里褻亵見见親亲"
	u"計计討讨設设訴诉詐诈詢询話话該该說说誰谁諉诿請请謝谢謠谣謹谨證证識识議议護护讓让販贩貸贷費费資资"
	u"賣卖質质賬账賭赌贊赞蹤踪車车軌轨軟软輕轻輩辈轉转辦办農农這这週周進进遊游違违遺遗還还邊边銷销錢钱"
	u"錨锚鎖锁鐵铁鑰钥開开間间關关隨随險险隱隐隻只離离難难電电頂顶預预頭头駕驾騙骗騷骚體体鬥斗鬧闹麼么"
	u"點点";

static uint32_t simplify(uint32_t code_point)
{
	size_t low = 0;
	size_t high = ARRAY_LEN(traditional) / 2;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint32_t at = traditional[2 * middle];

		if (at == code_point) {
			return traditional[2 * middle + 1];
		}
		if (at < code_point) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return code_point;
}

static uint32_t fold(uint32_t code_point)
{
	if (code_point >= 0xFF01 && code_point <= 0xFF5E) { /* full-width forms of ASCII */
		code_point -= 0xFEE0;
	}
	if (code_point < 0x80) {
		return code_point >= 'A' && code_point <= 'Z' ? code_point + ('a' - 'A') : code_point;
	}
	if (code_point >= 0x4E00 && code_point <= 0x9FFF) {
		return simplify(code_point);
	}
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)code_point);
}

/* Letters by their category, but nothing is seen of them. */
static bool is_filler(uint32_t code_point)
{
	return code_point == 0x115F || code_point == 0x1160 || code_point == 0x3164 || code_point == 0xFFA0;
}

static bool counts(uint32_t code_point)
{
	if (code_point < 0x80) {
		return triage_is_word(code_point);
	}
	if (is_filler(code_point)) {
		return false;
	}
	switch (utf8proc_category((utf8proc_int32_t)code_point)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}

static bool ends_sentence(uint32_t code_point)
{
	switch (code_point) {
	case '\n':
	case '.':
	case '!':
	case '?':
	case ';':
	case 0x3002: /* 。 */
	case 0xFF01: /* ！ */
	case 0xFF1F: /* ？ */
	case 0xFF1B: /* ； */
	case 0x2026: /* … */
		return true;
	default:
		return false;
	}
}

bool triage_is_word(uint32_t code_point)
{
	return (code_point >= '0' && code_point <= '9') || (code_point >= 'a' && code_point <= 'z') ||
	       (code_point >= 'A' && code_point <= 'Z') || (code_point >= 0xC0 && code_point <= 0x24F);
}

bool triage_next_char(struct str *rest, const char *begin, uint32_t *sentence, struct triage_char *ret)
{
	for (;;) {
		const char *at = rest->p;
		uint32_t code_point;

		if (!utf8_next(rest, &code_point)) {
			return false;
		}
		if (ends_sentence(code_point)) {
			++*sentence;
		}
		code_point = fold(code_point);
		if (counts(code_point)) {
			ret->code_point = code_point;
			ret->from_byte = (uint32_t)(at - begin);
			ret->end_byte = (uint32_t)(rest->p - begin);
			ret->sentence = *sentence;
			return true;
		}
	}
}

/* ---- the automaton ---- */

static size_t edge_slot(uint64_t key, size_t cap)
{
	uint64_t hash = key * UINT64_C(0x9E3779B97F4A7C15);

	return (size_t)(hash >> 32) & (cap - 1);
}

uint32_t triage_edge(const struct triage *triage, uint32_t node, uint32_t code_point)
{
	uint64_t key = (uint64_t)node << 32 | code_point;
	size_t i;

	if (!triage->cap_edges) {
		return 0;
	}
	for (i = edge_slot(key, triage->cap_edges); triage->edges[i].key != EDGE_NONE;
		i = (i + 1) & (triage->cap_edges - 1)) {
		if (triage->edges[i].key == key) {
			return triage->edges[i].to;
		}
	}
	return 0;
}

static void put_edge(struct edge *edges, size_t cap, uint64_t key, uint32_t to)
{
	size_t i = edge_slot(key, cap);

	while (edges[i].key != EDGE_NONE) {
		i = (i + 1) & (cap - 1);
	}
	edges[i].key = key;
	edges[i].to = to;
}

static void add_edge(struct triage *triage, uint32_t node, uint32_t code_point, uint32_t to)
{
	if ((triage->n_edges + 1) * 2 > triage->cap_edges) {
		size_t cap = triage->cap_edges ? triage->cap_edges * 2 : 256;
		struct edge *edges = xnew_array(struct edge, cap);
		size_t i;

		for (i = 0; i < cap; i++) {
			edges[i].key = EDGE_NONE;
		}
		for (i = 0; i < triage->cap_edges; i++) {
			if (triage->edges[i].key != EDGE_NONE) {
				put_edge(edges, cap, triage->edges[i].key, triage->edges[i].to);
			}
		}
		free(triage->edges);
		triage->edges = edges;
		triage->cap_edges = cap;
	}
	put_edge(triage->edges, triage->cap_edges, (uint64_t)node << 32 | code_point, to);
	triage->n_edges++;
}

static uint32_t add_node(struct triage *triage, uint32_t parent, uint32_t code_point)
{
	struct node *node;
	uint32_t index = (uint32_t)triage->n_nodes;

	array_grow(triage->nodes, triage->n_nodes, triage->cap_nodes);
	node = &triage->nodes[triage->n_nodes++];
	memset(node, 0, sizeof(*node));
	node->code_point = code_point;
	if (index > 0) {
		node->sibling = triage->nodes[parent].child;
		triage->nodes[parent].child = index;
		add_edge(triage, parent, code_point, index);
	}
	return index;
}

void triage_add_phrase(struct triage *triage, uint32_t rule, bool cancels, const uint32_t *chars, size_t n)
{
	struct phrase *phrase;
	uint32_t node = 0;
	size_t i;

	if (!triage->n_nodes) {
		add_node(triage, 0, 0);
	}
	for (i = 0; i < n; i++) {
		uint32_t next = triage_edge(triage, node, chars[i]);

		node = next ? next : add_node(triage, node, chars[i]);
	}
	array_grow(triage->phrases, triage->n_phrases, triage->cap_phrases);
	phrase = &triage->phrases[triage->n_phrases++];
	*phrase = (struct phrase){
		.rule = rule,
		.next = triage->nodes[node].phrase,
		.n_chars = (uint16_t)n,
		.cancels = cancels,
		.word_begin = triage_is_word(chars[0]),
		.word_end = triage_is_word(chars[n - 1]),
	};
	triage->nodes[node].phrase = (uint32_t)triage->n_phrases;
	if (phrase->n_chars > triage->longest) {
		triage->longest = phrase->n_chars;
	}
}

static uint32_t step(const struct triage *triage, uint32_t node, uint32_t code_point)
{
	for (;;) {
		uint32_t to = triage_edge(triage, node, code_point);

		if (to || !node) {
			return to;
		}
		node = triage->nodes[node].fail;
	}
}

/* Breadth first, so that a node's suffix is linked before the node. */
void triage_link(struct triage *triage)
{
	uint32_t *queue;
	size_t head = 0;
	size_t tail = 0;

	if (!triage->n_nodes) {
		return;
	}
	queue = xnew_array(uint32_t, triage->n_nodes);
	queue[tail++] = 0;
	while (head < tail) {
		uint32_t parent = queue[head++];
		uint32_t child;

		for (child = triage->nodes[parent].child; child; child = triage->nodes[child].sibling) {
			struct node *node = &triage->nodes[child];
			const struct node *suffix;

			node->fail = parent ? step(triage, triage->nodes[parent].fail, node->code_point) : 0;
			suffix = &triage->nodes[node->fail];
			node->out = suffix->phrase ? node->fail : suffix->out;
			queue[tail++] = child;
		}
	}
	free(queue);
}

/* ---- a run ---- */

/* A phrase found: characters [from, to) of the text's characters that count. */
struct hit {
	uint32_t rule;
	uint32_t from;
	uint32_t to;
	int priority;
};

struct hits {
	struct hit *items;
	size_t n;
	size_t cap;
};

struct run {
	const struct triage *triage;
	struct str text;
	struct triage_char *chars;
	size_t n_chars;
	size_t cap_chars;
	uint32_t *kept; /* indexes of those outside emoticons' codes; NULL: there are none */
	size_t n_kept;
	struct hits any;
	struct hits unless;
	bool asks; /* a question mark stands in it */
};

static void run_finish(struct run *run)
{
	free(run->chars);
	free(run->kept);
	free(run->any.items);
	free(run->unless.items);
}

static void add_hit(const struct run *run, struct hits *hits, uint32_t rule, size_t from, size_t to)
{
	array_grow(hits->items, hits->n, hits->cap);
	hits->items[hits->n++] = (struct hit){
		.rule = rule,
		.from = (uint32_t)from,
		.to = (uint32_t)to,
		.priority = run->triage->rules[rule].priority,
	};
}

/* "gas" must not be found in "Vegas": letters that touch the phrase make it part of another word. */
static bool stands_alone(const struct run *run, const struct phrase *phrase, size_t from, size_t to)
{
	if (phrase->word_begin && from > 0 && triage_is_word(run->chars[from - 1].code_point) &&
		run->chars[from - 1].end_byte == run->chars[from].from_byte) {
		return false;
	}
	if (phrase->word_end && to < run->n_chars && triage_is_word(run->chars[to].code_point) &&
		run->chars[to].from_byte == run->chars[to - 1].end_byte) {
		return false;
	}
	return true;
}

/*
 * What cancels must stand there as it is written: "孩子丢了，手机也打不通" is not about a lost telephone. Between Latin
 * words blanks are part of the writing.
 */
static bool stands_whole(const struct run *run, size_t from, size_t to)
{
	size_t i;

	for (i = from + 1; i < to; i++) {
		const struct triage_char *before = &run->chars[i - 1];
		const struct triage_char *after = &run->chars[i];

		if (before->end_byte != after->from_byte &&
			!(triage_is_word(before->code_point) && triage_is_word(after->code_point))) {
			return false;
		}
	}
	return true;
}

/* `read` characters were read, all of them or the kept ones. */
static void collect_at(struct run *run, uint32_t node, const uint32_t *kept, size_t read)
{
	const struct triage *triage = run->triage;
	size_t to = kept ? kept[read - 1] + (size_t)1 : read;
	uint32_t index;

	for (index = triage->nodes[node].phrase; index; index = triage->phrases[index - 1].next) {
		const struct phrase *phrase = &triage->phrases[index - 1];
		size_t from = kept ? kept[read - phrase->n_chars] : read - phrase->n_chars;

		if (kept && to - from == phrase->n_chars) {
			continue; /* found when all were read */
		}
		if (phrase->cancels && !stands_whole(run, from, to)) {
			continue;
		}
		if (stands_alone(run, phrase, from, to)) {
			add_hit(run, phrase->cancels ? &run->unless : &run->any, phrase->rule, from, to);
		}
	}
}

static void collect(struct run *run, const uint32_t *kept, size_t n)
{
	const struct triage *triage = run->triage;
	uint32_t node = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		uint32_t found;

		node = step(triage, node, run->chars[kept ? kept[i] : i].code_point);
		for (found = node; found; found = triage->nodes[found].out) {
			collect_at(run, found, kept, i + 1);
		}
	}
}

/* How long the emoticon's code is that begins with this bracket; 0: it is none. */
static size_t code_bytes(struct str text)
{
	struct str rest = str_sub(text, 1, text.n);
	uint32_t code_point;
	size_t n;

	for (n = 0; n <= CODE_CHARS && utf8_next(&rest, &code_point); n++) {
		if (code_point == ']') {
			return n > 0 ? (size_t)(rest.p - text.p) : 0;
		}
		if (code_point == '[' || code_point == '\n') {
			return 0;
		}
	}
	return 0;
}

static void keep_up_to(struct run *run, size_t *next, size_t byte)
{
	for (; *next < run->n_chars && run->chars[*next].from_byte < byte; ++*next) {
		run->kept[run->n_kept++] = (uint32_t)*next;
	}
}

static void leave_out_codes(struct run *run)
{
	size_t next = 0;
	size_t at = 0;

	while (run->n_chars > 0 && at < run->text.n) {
		size_t n = run->text.p[at] == '[' ? code_bytes(str_sub(run->text, at, run->text.n)) : 0;

		if (n > 0) {
			if (!run->kept) {
				run->kept = xnew_array(uint32_t, run->n_chars);
			}
			keep_up_to(run, &next, at);
			while (next < run->n_chars && run->chars[next].from_byte < at + n) {
				next++;
			}
		}
		at += n > 0 ? n : 1;
	}
	if (run->kept) {
		keep_up_to(run, &next, run->text.n);
	}
}

static void read_chars(struct run *run)
{
	struct str rest = run->text;
	struct triage_char one;
	uint32_t sentence = 0;
	size_t i;

	while (triage_next_char(&rest, run->text.p, &sentence, &one)) {
		array_grow(run->chars, run->n_chars, run->cap_chars);
		run->chars[run->n_chars++] = one;
	}
	for (i = 0; i < run->text.n; i++) {
		if (run->text.p[i] == '?') {
			run->asks = true;
		}
	}
	if (str_find(run->text, STR("？")) >= 0) {
		run->asks = true;
	}
}

static int by_rule_and_end(const void *a, const void *b)
{
	const struct hit *one = a;
	const struct hit *two = b;

	if (one->rule != two->rule) {
		return one->rule < two->rule ? -1 : 1;
	}
	return one->to < two->to ? -1 : one->to > two->to;
}

/* Strongest first, then in the order of the text, the longer before the shorter. */
static int by_strength(const void *a, const void *b)
{
	const struct hit *one = a;
	const struct hit *two = b;

	if (one->priority != two->priority) {
		return one->priority < two->priority ? -1 : 1;
	}
	if (one->from != two->from) {
		return one->from < two->from ? -1 : 1;
	}
	if (one->to != two->to) {
		return one->to > two->to ? -1 : 1;
	}
	return one->rule < two->rule ? -1 : one->rule > two->rule;
}

static bool near(const struct run *run, const struct hit *hit, const struct hit *unless)
{
	if (unless->from < hit->to && hit->from < unless->to) {
		return true;
	}
	if (hit->priority == PRIORITY_LIFE) {
		return false;
	}
	if (unless->to <= hit->from) {
		return hit->from - unless->to <= NEAR_CHARS &&
		       run->chars[unless->to - 1].sentence == run->chars[hit->from].sentence;
	}
	return unless->from - hit->to <= NEAR_CHARS &&
	       run->chars[unless->from].sentence == run->chars[hit->to - 1].sentence;
}

static bool cancelled(const struct run *run, const struct hit *hit)
{
	const struct hits *unless = &run->unless;
	size_t low = 0;
	size_t high = unless->n;

	/* The first one of this rule that ends near enough before the hit. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct hit *it = &unless->items[middle];

		if (it->rule < hit->rule || (it->rule == hit->rule && it->to + NEAR_CHARS < hit->from)) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (; low < unless->n; low++) {
		const struct hit *it = &unless->items[low];

		if (it->rule != hit->rule || it->to > hit->to + NEAR_CHARS + run->triage->longest) {
			return false;
		}
		if (near(run, hit, it)) {
			return true;
		}
	}
	return false;
}

static void drop_cancelled(struct run *run)
{
	size_t kept = 0;
	size_t i;

	if (run->unless.n) {
		qsort(run->unless.items, run->unless.n, sizeof(*run->unless.items), by_rule_and_end);
		for (i = 0; i < run->any.n; i++) {
			if (!cancelled(run, &run->any.items[i])) {
				run->any.items[kept++] = run->any.items[i];
			}
		}
		run->any.n = kept;
	}
	if (run->any.n) {
		qsort(run->any.items, run->any.n, sizeof(*run->any.items), by_strength);
	}
}

/* All hits are of P9, in the order of the text: is there nothing else in the message that may want an answer? */
static bool only_thanks(const struct run *run)
{
	size_t covered = 0;
	uint32_t end = 0;
	size_t i;

	if (run->asks) {
		return false;
	}
	for (i = 0; i < run->any.n; i++) {
		const struct hit *hit = &run->any.items[i];
		uint32_t from = hit->from > end ? hit->from : end;

		if (hit->to > from) {
			covered += hit->to - from;
			end = hit->to;
		}
	}
	return run->n_chars - covered <= THANKS_REST_CHARS;
}

static void add_span(const struct run *run, const struct hit *hit, struct triage_result *result)
{
	const struct rule *rule = &run->triage->rules[hit->rule];
	uint32_t from = run->chars[hit->from].from_byte;
	uint32_t n = run->chars[hit->to - 1].end_byte - from;
	struct triage_span *span;
	size_t i;

	for (i = 0; i < result->n_spans; i++) {
		span = &result->spans[i];
		if (strcmp(span->rule, rule->id) == 0 && from >= span->from_byte &&
			from + n <= span->from_byte + span->n_bytes) {
			return; /* "想死" inside "我想死了" says nothing new */
		}
	}
	if (result->n_spans == TRIAGE_SPANS_MAX) {
		return;
	}
	span = &result->spans[result->n_spans++];
	span->from_byte = from;
	span->n_bytes = n;
	memcpy(span->rule, rule->id, sizeof(span->rule));
}

static void set_result(const struct run *run, struct triage_result *result)
{
	const struct hit *best = run->any.items;
	const struct rule *rule;
	size_t i;

	if (!run->any.n || (best->priority == PRIORITY_NO_ANSWER && !only_thanks(run))) {
		return;
	}
	rule = &run->triage->rules[best->rule];
	for (i = 0; i < run->any.n; i++) {
		const struct hit *hit = &run->any.items[i];

		if (hit->priority == PRIORITY_NO_ANSWER && best->priority != PRIORITY_NO_ANSWER) {
			break;
		}
		/* Between rules of one priority the file's order decides on the class. */
		if (hit->priority == best->priority && hit->rule < best->rule) {
			best = hit;
			rule = &run->triage->rules[hit->rule];
		}
		add_span(run, hit, result);
	}
	result->priority = rule->priority;
	memcpy(result->class, rule->class, sizeof(result->class));
}

void triage_run(const struct triage *triage, struct str text, struct triage_result *ret_result)
{
	struct run run = { .triage = triage, .text = text };

	memset(ret_result, 0, sizeof(*ret_result));
	ret_result->priority = PRIORITY_DEFAULT;
	memcpy(ret_result->class, "other", sizeof("other"));
	if (!triage->n_nodes || !text.n) {
		return;
	}
	read_chars(&run);
	collect(&run, NULL, run.n_chars);
	leave_out_codes(&run);
	if (run.kept) {
		collect(&run, run.kept, run.n_kept);
	}
	drop_cancelled(&run);
	set_result(&run, ret_result);
	run_finish(&run);
}

struct triage *triage_ref(struct triage *triage)
{
	__atomic_add_fetch(&triage->refs, 1, __ATOMIC_RELAXED);
	return triage;
}

void triage_unref(struct triage *triage)
{
	if (!triage || __atomic_sub_fetch(&triage->refs, 1, __ATOMIC_ACQ_REL) > 0) {
		return;
	}
	free(triage->rules);
	free(triage->phrases);
	free(triage->nodes);
	free(triage->edges);
	free(triage);
}
