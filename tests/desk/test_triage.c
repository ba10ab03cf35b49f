/*
 * The engine against small rule files and a slow reference, and the sample lexicon against sentences on both sides of
 * each line: what must ring and what must not.
 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/random.h"
#include "desk/triage.h"

static char *write_rules(const char *text)
{
	char *path = xstrdup("/tmp/gazette-triage-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static struct triage *load_text(const char *text)
{
	char *path = write_rules(text);
	struct triage *triage = NULL;
	struct error err = { 0 };

	CHECK_OK(triage_load(path, &triage, &err), err);
	unlink(path);
	free(path);
	return triage;
}

static void check_refused(const char *text, const char *where, const char *part)
{
	char *path = write_rules(text);
	struct triage *triage = NULL;
	struct error err = { 0 };
	char place[128];

	(void)snprintf(place, sizeof(place), "%s:%s: ", path, where);
	CHECK_FAILS(triage_load(path, &triage, &err), err, part);
	CHECK_FAILS(false, err, place);
	CHECK_INT(err.domain, ERROR_CONFIG);
	CHECK_INT(err.advice, ADVISE_REJECT);
	assert_null(triage);
	unlink(path);
	free(path);
}

static struct triage *sample(void)
{
	static struct triage *triage;
	struct error err = { 0 };

	if (!triage) {
		const char *source = getenv("GAZETTE_SOURCE");
		char path[4096];

		assert_non_null(source);
		(void)snprintf(path, sizeof(path), "%s/src/dist/triage.yaml", source);
		CHECK_OK(triage_load(path, &triage, &err), err);
	}
	return triage;
}

static int free_sample(void **state)
{
	(void)state;
	triage_unref(sample());
	return 0;
}

static struct triage_result run(const struct triage *triage, const char *text)
{
	struct triage_result result;

	triage_run(triage, str_from(text), &result);
	return result;
}

static void check_sample(const char *text, int priority, const char *class)
{
	struct triage_result result = run(sample(), text);

	if (result.priority != priority || strcmp(result.class, class) != 0) {
		fail_msg("\"%s\": P%d %s by \"%s\", want P%d %s", text, result.priority, result.class,
			result.n_spans ? result.spans[0].rule : "", priority, class);
	}
	assert_true((result.n_spans > 0) == (priority != 3 || strcmp(class, "other") != 0));
}

/* ---- the engine ---- */

static const char two_rules[] = "- id: wish\n"
				"  priority: P0\n"
				"  class: emergency\n"
				"  any: [不想活了, want to die]\n"
				"- id: ask\n"
				"  priority: P3\n"
				"  class: enquiry\n"
				"  any: [请问, how do i]\n"
				"- id: thanks\n"
				"  priority: P9\n"
				"  class: other\n"
				"  any: [谢谢]\n";

static void test_triage__nothing_matched_is_p3_other(void **state)
{
	struct triage *triage = load_text(two_rules);
	struct triage_result result = run(triage, "今天天气不错");

	(void)state;
	CHECK_INT(result.priority, 3);
	CHECK_TEXT(result.class, "other");
	CHECK_INT(result.n_spans, 0);
	result = run(triage, "");
	CHECK_INT(result.priority, 3);
	triage_unref(triage);
}

static void test_triage__no_file_is_no_rules(void **state)
{
	struct triage *triage = NULL;
	struct error err = { 0 };
	struct triage_result result;

	(void)state;
	CHECK_OK(triage_load(NULL, &triage, &err), err);
	result = run(triage, "不想活了");
	CHECK_INT(result.priority, 3);
	CHECK_TEXT(result.class, "other");
	triage_unref(triage);
}

static void test_triage__spans_are_bytes_of_the_text_as_given(void **state)
{
	struct triage *triage = load_text(two_rules);
	const char *text = "请问，我 不。想 ★活，了 怎么办";
	struct triage_result result = run(triage, text);
	const char *begin = strstr(text, "不");
	const char *end = strstr(text, "了") + strlen("了");

	(void)state;
	CHECK_INT(result.priority, 0);
	CHECK_TEXT(result.class, "emergency");
	CHECK_INT(result.n_spans, 2);
	CHECK_TEXT(result.spans[0].rule, "wish");
	CHECK_INT(result.spans[0].from_byte, begin - text);
	CHECK_INT(result.spans[0].n_bytes, end - begin);
	CHECK_TEXT(result.spans[1].rule, "ask");
	CHECK_INT(result.spans[1].from_byte, 0);
	CHECK_INT(result.spans[1].n_bytes, strlen("请问"));
	triage_unref(triage);
}

static void test_triage__case_and_width_do_not_matter(void **state)
{
	struct triage *triage = load_text(two_rules);

	(void)state;
	CHECK_INT(run(triage, "I WANT To Die").priority, 0);
	CHECK_INT(run(triage, "Ｉ　ｗａｎｔ　ｔｏ　ｄｉｅ").priority, 0);
	CHECK_INT(run(triage, "want\tto\n\ndie").priority, 0);
	CHECK_INT(run(triage, "w.a.n.t t.o d.i.e").priority, 0);
	triage_unref(triage);
}

static void test_triage__fillers_that_are_letters_do_not_matter(void **state)
{
	static const char *const fillers[] = { "\u115F", "\u1160", "\u3164", "\uFFA0", "\u200B", "\u2060", "\u2800",
		"\uFE0F" };
	struct triage *triage = load_text(two_rules);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		char text[100];
		struct triage_result result;

		(void)snprintf(text, sizeof(text), "我不%s想%s%s活了", fillers[i], fillers[i], fillers[i]);
		result = run(triage, text);
		CHECK_INT(result.priority, 0);
		CHECK_INT(result.n_spans, 1);
		CHECK_INT(result.spans[0].from_byte, strlen("我"));
		CHECK_INT(result.spans[0].n_bytes, strlen(text) - strlen("我"));
	}
	CHECK_INT(run(triage, "가想나").priority, 3);
	triage_unref(triage);
}

static void test_triage__emoticon_codes_do_not_matter(void **state)
{
	static const char *const found[] = { "我不[哭]想[流泪]活了", "不[OK]想活[大哭][破涕为笑]了", "不想[活了]",
		"[不想活了]", "[不[哭]想活了", "不想]活[了", "不[一二三四五六七八九十一二]想活了",
		"want[Facepalm]to[Emm]die", "i want to[哭] die" };
	static const char *const none[] = { "不[哭想活了", "不[哭\n]想活了", "不[一二三四五六七八九十一二三]想活了",
		"不哭]想活了", "不(哭)想活了", "[想]不[活]了", "want to di[哭]ets", "[", "[]" };
	struct triage *triage = load_text(two_rules);
	const char *text = "请问[疑问]，不[哭]想[哭]活了[哭]";
	struct triage_result result = run(triage, text);

	(void)state;
	CHECK_INT(result.n_spans, 2);
	CHECK_TEXT(result.spans[0].rule, "wish");
	CHECK_INT(result.spans[0].from_byte, strlen("请问[疑问]，"));
	CHECK_INT(result.spans[0].n_bytes, strlen("不[哭]想[哭]活了"));
	CHECK_INT(result.spans[1].n_bytes, strlen("请问"));
	for (size_t i = 0; i < ARRAY_LEN(found); i++) {
		CHECK_INT(run(triage, found[i]).priority, 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		CHECK_INT(run(triage, none[i]).priority, 3);
	}
	CHECK_INT(run(triage, "谢[玫瑰]谢").priority, 9);
	triage_unref(triage);
}

static void test_triage__emoticon_codes_in_what_cancels_cancel_nothing(void **state)
{
	struct triage *triage = load_text("- id: lost\n"
					  "  priority: P1\n"
					  "  class: emergency\n"
					  "  any: [孩子丢了]\n"
					  "  unless: [找到了]\n");

	(void)state;
	CHECK_INT(run(triage, "孩子丢了，找到了").priority, 3);
	CHECK_INT(run(triage, "孩[哭]子丢了，找到了").priority, 3);
	CHECK_INT(run(triage, "孩[哭]子丢了，找[哭]到了").priority, 1);
	triage_unref(triage);
}

static void test_triage__traditional_characters_do_not_matter(void **state)
{
	static const char *const texts[] = { "我想自殺", "準備跳樓", "站在天臺邊", "燒炭自殺", "我要離開這個世界",
		"喝農藥了", "我不想活了，遺書寫好了" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct triage_result result;

		triage_run(sample(), str_from(texts[i]), &result);
		if (result.priority != 0) {
			fail_msg("P%d: %s", result.priority, texts[i]);
		}
		CHECK(result.n_spans > 0 && result.spans[0].from_byte + result.spans[0].n_bytes <= strlen(texts[i]));
	}
}

static void test_triage__latin_phrases_stand_between_word_borders(void **state)
{
	struct triage *triage = load_text("- {id: gas, priority: P1, class: help, any: [gas, '110']}\n");

	(void)state;
	CHECK_INT(run(triage, "Las Vegas").priority, 3);
	CHECK_INT(run(triage, "gasoline").priority, 3);
	CHECK_INT(run(triage, "smell of gas!").priority, 1);
	CHECK_INT(run(triage, "家里有gas味").priority, 1);
	CHECK_INT(run(triage, "打了110没人接").priority, 1);
	CHECK_INT(run(triage, "单号31105").priority, 3);
	triage_unref(triage);
}

static void test_triage__the_first_rule_of_a_priority_names_the_class(void **state)
{
	struct triage *triage = load_text("- {id: one, priority: P4, class: complaint, any: [投诉]}\n"
					  "- {id: two, priority: P4, class: tip, any: [举报]}\n");
	struct triage_result result = run(triage, "举报并投诉");

	(void)state;
	CHECK_INT(result.priority, 4);
	CHECK_TEXT(result.class, "complaint");
	CHECK_INT(result.n_spans, 2);
	CHECK_TEXT(result.spans[0].rule, "two"); /* in the order of the text */
	triage_unref(triage);
}

static void test_triage__a_match_inside_a_longer_one_of_its_rule_is_not_shown(void **state)
{
	struct triage *triage = load_text("- {id: one, priority: P0, class: emergency, any: [想死, 我想死了, 死了]}\n");
	struct triage_result result = run(triage, "我想死了");

	(void)state;
	CHECK_INT(result.n_spans, 1);
	CHECK_INT(result.spans[0].from_byte, 0);
	CHECK_INT(result.spans[0].n_bytes, strlen("我想死了"));
	triage_unref(triage);
}

static void test_triage__spans_are_capped_and_the_strongest_stay(void **state)
{
	struct triage *triage = load_text(two_rules);
	char text[4096] = "";
	struct triage_result result;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "请问，");
	}
	(void)snprintf(text + n, sizeof(text) - n, "不想活了");
	result = run(triage, text);
	CHECK_INT(result.priority, 0);
	CHECK_INT(result.n_spans, TRIAGE_SPANS_MAX);
	CHECK_TEXT(result.spans[0].rule, "wish");
	triage_unref(triage);
}

static void test_triage__thanks_count_only_alone(void **state)
{
	struct triage *triage = load_text(two_rules);

	(void)state;
	CHECK_INT(run(triage, "谢谢警察叔叔！").priority, 9);
	CHECK_INT(run(triage, "谢谢，请问几点上班").priority, 3);
	CHECK_TEXT(run(triage, "谢谢，请问几点上班").class, "enquiry");
	CHECK_INT(run(triage, "谢谢，不想活了").priority, 0);
	CHECK_INT(run(triage, "我家门口的下水道一直没有人来修理，谢谢").priority, 3);
	CHECK_INT(run(triage, "谢谢，开门吗？").priority, 3);
	CHECK_INT(run(triage, "谢谢, open?").priority, 3);
	triage_unref(triage);
}

static void test_triage__unless_cancels_nearby_in_the_same_sentence(void **state)
{
	struct triage *triage = load_text("- id: fire\n  priority: P1\n  class: emergency\n  any: [火灾]\n"
					  "  unless: [演练]\n");

	(void)state;
	CHECK_INT(run(triage, "明天举行火灾疏散演练").priority, 3);
	CHECK_INT(run(triage, "演练科目是火灾").priority, 3);
	CHECK_INT(run(triage, "不是演练！火灾！").priority, 1);
	CHECK_INT(run(triage, "火灾已经烧到了隔壁的三栋楼，昨天才搞过演练").priority, 1);
	CHECK_INT(run(triage, "演练火灾，然后真的发生了一场很大很大很大的火灾").priority, 1);
	triage_unref(triage);
}

static void test_triage__unless_of_p0_cancels_by_overlap_only(void **state)
{
	struct triage *triage = load_text("- id: child\n  priority: P0\n  class: emergency\n  any: [孩子丢了, 我想死]\n"
					  "  unless: [丢了身份证, 想死你了]\n");

	(void)state;
	CHECK_INT(run(triage, "孩子丢了身份证怎么补").priority, 3);
	CHECK_INT(run(triage, "孩子丢了，身份证也在他身上").priority, 0); /* not written as the idiom is */
	CHECK_INT(run(triage, "丢了身份证的孩子丢了").priority, 0);
	CHECK_INT(run(triage, "我想死你了").priority, 3);
	CHECK_INT(run(triage, "我想死。你了解吗").priority, 0);
	CHECK_INT(run(triage, "我想死你了，我想死").priority, 0); /* one is cancelled, the other is not */
	triage_unref(triage);
}

static void test_triage__expired_rules_find_nothing(void **state)
{
	struct triage *triage = load_text(
		"- {id: old, priority: P1, class: tip, any: [旧谣言], expires: 2020-01-31}\n"
		"- {id: new, priority: P1, class: tip, any: [新谣言], expires: 2999-12-31}\n");

	(void)state;
	CHECK_INT(run(triage, "听到一个旧谣言").priority, 3);
	CHECK_INT(run(triage, "听到一个新谣言").priority, 1);
	triage_unref(triage);
}

static void test_triage__invalid_utf8_is_only_text(void **state)
{
	struct triage *triage = load_text(two_rules);
	struct triage_result result;
	const char text[] = "\xff\xe4\xb8不想\xc0活了\x80";

	(void)state;
	triage_run(triage, (struct str){ text, sizeof(text) - 1 }, &result);
	CHECK_INT(result.priority, 0);
	assert_true(result.spans[0].from_byte + result.spans[0].n_bytes <= sizeof(text) - 1);
	triage_unref(triage);
}

static void test_triage__is_shared_by_reference(void **state)
{
	struct triage *triage = load_text(two_rules);

	(void)state;
	assert_ptr_equal(triage_ref(triage), triage);
	triage_unref(triage);
	CHECK_INT(run(triage, "不想活了").priority, 0);
	triage_unref(triage);
	triage_unref(NULL);
}

/* Every phrase found by plain search is found by the automaton, and nothing else. */
static void test_triage__equals_plain_search(void **state)
{
	static const char *const alphabet[] = { "a", "b", "c", "不", "想", "活", "了" };
	char phrases[24][32];
	char rules[8192];
	struct triage *triage;
	size_t n = 0;

	(void)state;
	random_seed(7);
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		size_t used = 0;
		int64_t chars = 2 + random_below(4);

		/* Ideographs only: Latin words have borders, which plain search does not know. */
		for (int64_t j = 0; j < chars; j++) {
			used += (size_t)snprintf(
				phrases[i] + used, sizeof(phrases[i]) - used, "%s", alphabet[3 + random_below(4)]);
		}
		n += (size_t)snprintf(rules + n, sizeof(rules) - n,
			"- {id: r%zu, priority: P1, class: tip, any: [%s]}\n", i, phrases[i]);
	}
	triage = load_text(rules);
	for (int round = 0; round < 4000; round++) {
		char text[256] = "";
		bool want = false;
		size_t used = 0;

		for (int64_t j = random_below(24); j > 0; j--) {
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", alphabet[random_below(7)]);
		}
		for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
			want = want || strstr(text, phrases[i]);
		}
		if ((run(triage, text).priority == 1) != want) {
			fail_msg("\"%s\": want %d", text, want);
		}
	}
	triage_unref(triage);
}

static void test_triage__a_thousand_messages_take_less_than_a_second(void **state)
{
	struct triage *triage = sample();
	struct mono began = clock_mono();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		CHECK_INT(
			run(triage, "请问我家孩子的身份证到期了，户口在外地，应该带哪些材料去办？谢谢你们。").priority,
			3);
	}
	assert_true(clock_since_ms(began) < 1000);
}

static void test_triage__the_longest_message_is_linear(void **state)
{
	struct triage *triage = sample();
	char *text = xcalloc(1, LIMIT_MESSAGE_BYTES + 8);
	size_t n = 0;
	struct triage_result result;

	(void)state;
	while (n + strlen("活着好") < LIMIT_MESSAGE_BYTES) {
		n += (size_t)snprintf(text + n, 16, "活着好");
	}
	triage_run(triage, (struct str){ text, n }, &result);
	CHECK_INT(result.priority, 3);
	(void)snprintf(text + n - strlen("活着好"), 16, "救救我");
	triage_run(triage, (struct str){ text, n }, &result);
	CHECK_INT(result.priority, 0);
	free(text);
}

/* ---- the file ---- */

static void test_triage_load__names_file_line_and_column(void **state)
{
	(void)state;
	check_refused("rules: []\n", "1:1", "list of rules");
	check_refused("", "1:1", "list of rules");
	check_refused("- just a word\n", "1:3", "expected a rule");
	check_refused("- {priority: P0, class: help, any: [救命]}\n", "1:3", "no id");
	check_refused("- {id: a, class: help, any: [救命]}\n", "1:3", "no priority");
	check_refused("- {id: a, priority: P0, any: [救命]}\n", "1:3", "no class");
	check_refused("- {id: a, priority: P0, class: help}\n", "1:3", "no any");
	check_refused("- id: a\n  priority: 0\n  class: help\n  any: [救命]\n", "2:13", "expected P0");
	check_refused("- id: a\n  priority: P7\n  class: help\n  any: [救命]\n", "2:13", "expected P0");
	check_refused("- id: a\n  priority: P10\n  class: help\n  any: [救命]\n", "2:13", "expected P0");
	check_refused("- id: a\n  priority: P1\n  class: enquirry\n  any: [救命]\n", "3:10", "did you mean enquiry?");
	check_refused("- id: a\n  prioritty: P1\n", "2:3", "did you mean priority?");
	check_refused("- id: Ä\n  priority: P1\n", "1:7", "small letters");
	check_refused("- id: abcdefghijklmnopqrstuvwxyzabcdef\n", "1:7", "at most 31");
	check_refused("- {id: a, priority: P1, class: help, any: [救命]}\n"
		      "- {id: a, priority: P1, class: help, any: [救命]}\n",
		"2:8", "used twice");
	check_refused("- {id: a, priority: P1, class: help, any: 救命}\n", "1:43", "list of phrases");
	check_refused("- {id: a, priority: P1, class: help, any: []}\n", "1:43", "list of phrases");
	check_refused(
		"- id: a\n  priority: P1\n  class: help\n  any:\n    - 救命\n    - 救\n", "6:7", "two characters");
	check_refused("- id: a\n  priority: P1\n  class: help\n  any:\n    - '！？。'\n", "5:7", "two characters");
	check_refused("- {id: a, priority: P1, class: help, any: [救命], unless: [[救命]]}\n", "1:58", "a phrase");
	check_refused("- {id: a, priority: P1, class: help, any: [救命], expires: soon}\n", "1:58", "2026-12-31");
	check_refused("- {id: a, priority: P1, class: help, any: [救命], expires: 2026-02-30}\n", "1:58", "expires: ");
	check_refused("- {id: a, priority: P1, class: help, any: [救命], note: [x]}\n", "1:55", "note: ");
	check_refused("- {id: a, priority: P1, class: help, any: [救命]\n", "2:1", "");
}

static void test_triage_load__a_missing_file_is_a_mistake(void **state)
{
	struct triage *triage = NULL;
	struct error err = { 0 };

	(void)state;
	CHECK_FAILS(triage_load("/nonexistent/triage.yaml", &triage, &err), err, "/nonexistent/triage.yaml");
	CHECK_INT(err.domain, ERROR_CONFIG);
	CHECK_INT(err.advice, ADVISE_REJECT);
}

/* ---- the sample lexicon ---- */

static void test_sample__first_person_suicide_wording_rings(void **state)
{
	static const char *const texts[] = {
		"我真的不想活了",
		"不想活了，对不起大家",
		"活着没意思，再见",
		"活着好累，撑不住了",
		"累死了，真的活不下去了",
		"我好想死",
		"我想死，没人在乎我",
		"我想死你们别管我了",
		"对这个家死心了，我想死",
		"我 不 想 活 了",
		"不。想。活。了",
		"我准备自杀",
		"今晚就想跳楼",
		"我已经站在天台边了",
		"从楼上跳下去是不是就不痛了",
		"刚割腕了，血止不住",
		"我喝了农药",
		"安眠药全吃了",
		"遗书已经写好了，我写好遗书放在桌上",
		"想离开这个世界",
		"死了就解脱了吧",
		"I want to die",
		"i'm going to kill myself tonight",
		"I don’t want to live anymore",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		check_sample(texts[i], 0, "emergency");
	}
}

static void test_sample__idioms_and_daily_words_do_not_ring(void **state)
{
	static const char *const texts[] = {
		"累死了",
		"笑死，今天这个视频太好玩",
		"热死了算了",
		"气死我了",
		"想死你们了",
		"我想死你了",
		"想死我了，什么时候回来",
		"这道题我想死个明白",
		"全场跳楼价，跳楼大甩卖",
		"游乐园的跳楼机开放到几号",
		"不想活动，只想躺着",
		"今天不想活在别人的眼光里",
		"饿死了快点下班",
		"他对这件事已经死心",
		"要死要活的",
		"吓死宝宝了",
		"救命啊太好笑",
		"I could kill for a coffee",
		"my phone died",
		"skill yourself up",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int priority = run(sample(), texts[i]).priority;

		if (priority == 0) {
			fail_msg("\"%s\" rings", texts[i]);
		}
	}
}

static void test_sample__third_party_reports_ring(void **state)
{
	(void)state;
	check_sample("江边桥上有人要跳河，快来人", 0, "emergency");
	check_sample("我网友要自杀，她发了遗书", 0, "emergency");
	check_sample("我同学说不想活，电话关机了", 0, "emergency");
	check_sample("天台上有人跳楼！", 0, "emergency");
}

static void test_sample__violence_going_on_rings_and_told_violence_is_p1(void **state)
{
	(void)state;
	check_sample("楼下有人持刀", 0, "emergency");
	check_sample("隔壁正在家暴，女的在喊", 0, "emergency");
	check_sample("他说要杀了我，我躲在厕所", 0, "emergency");
	check_sample("菜市场砍人了", 0, "emergency");
	check_sample("不是演习，有人持刀砍人", 0, "emergency");
	check_sample("我长期被家暴，想离婚", 1, "help");
	check_sample("下班路上总有人尾随", 1, "help");
	check_sample("周末约了狼人杀", 3, "other");
	check_sample("订单被砍了一半", 3, "other");
}

static void test_sample__kidnapping_rings_and_moral_pressure_does_not(void **state)
{
	(void)state;
	check_sample("我朋友被绑架了", 0, "emergency");
	check_sample("我在电影院门口被绑架了", 0, "emergency");
	check_sample("被骗进传销，出不来", 0, "emergency");
	check_sample("不要道德绑架了好吗", 3, "other");
	check_sample("谢绝亲情绑架", 3, "other");
}

static void test_sample__a_missing_child_rings_and_a_lost_paper_does_not(void **state)
{
	(void)state;
	check_sample("孩子不见了！六岁，穿红衣服", 0, "emergency");
	check_sample("孩子丢了手机也打不通", 0, "emergency");
	check_sample("我女儿离家出走", 0, "emergency");
	check_sample("孩子丢了身份证", 2, "help");
	check_sample("小孩的学生证", 3, "other");
	check_sample("老人走失，穿蓝色外套", 2, "help");
}

static void test_sample__trapped_rings_and_being_bothered_does_not(void **state)
{
	(void)state;
	check_sample("我们三个人困在电梯里", 0, "emergency");
	check_sample("水涨上来了，被困在屋顶", 0, "emergency");
	check_sample("孩子锁在车里了", 0, "emergency");
	check_sample("钥匙锁在车里了", 3, "other");
	check_sample("小孩掉水里了", 0, "emergency");
	check_sample("长期被困扰的问题", 3, "other");
	check_sample("暑期防溺水了解一下", 3, "other");
	check_sample("被困难吓倒", 3, "other");
}

static void test_sample__urgent_safety_is_p1(void **state)
{
	(void)state;
	check_sample("小区里燃气泄漏", 1, "help");
	check_sample("人民路井盖没了", 1, "help");
	check_sample("仓库着火了", 1, "emergency");
	check_sample("昨天的火灾隐患还在", 3, "other");
	check_sample("几百人聚众闹事", 1, "emergency");
	check_sample("网传明天地铁停运", 1, "tip");
	check_sample("这个是谣言吗", 1, "tip");
}

static void test_sample__pressing_help_is_p2(void **state)
{
	(void)state;
	check_sample("刚刚被骗了两万", 2, "help");
	check_sample("转账给骗子了能追回吗", 2, "help");
	check_sample("大家小心被骗", 3, "other");
	check_sample("护照丢在地铁上了", 2, "help");
	check_sample("车在高速抛锚", 2, "help");
	check_sample("包丢了，里面有钥匙", 2, "help");
}

static void test_sample__enquiries_are_p3(void **state)
{
	(void)state;
	check_sample("请问身份证到期换领需要什么材料", 3, "enquiry");
	check_sample("周末上班吗", 3, "enquiry");
	check_sample("居住证怎么申请", 3, "enquiry");
	check_sample("How do I renew my visa?", 3, "enquiry");
}

static void test_sample__complaints_tips_and_suggestions_are_p4(void **state)
{
	(void)state;
	check_sample("窗口态度恶劣", 4, "complaint");
	check_sample("楼下烧烤半夜扰民", 4, "complaint");
	check_sample("举报地下赌场", 4, "tip");
	check_sample("建议路口加个红灯", 4, "suggestion");
}

static void test_sample__thanks_are_p9(void **state)
{
	(void)state;
	check_sample("谢谢警察叔叔", 9, "other");
	check_sample("辛苦了！", 9, "other");
	check_sample("为你们点赞👍", 9, "other");
	check_sample("谢谢你们救了她，她本来不想活了", 0, "emergency");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_triage__nothing_matched_is_p3_other),
		cmocka_unit_test(test_triage__no_file_is_no_rules),
		cmocka_unit_test(test_triage__spans_are_bytes_of_the_text_as_given),
		cmocka_unit_test(test_triage__case_and_width_do_not_matter),
		cmocka_unit_test(test_triage__fillers_that_are_letters_do_not_matter),
		cmocka_unit_test(test_triage__emoticon_codes_do_not_matter),
		cmocka_unit_test(test_triage__emoticon_codes_in_what_cancels_cancel_nothing),
		cmocka_unit_test(test_triage__traditional_characters_do_not_matter),
		cmocka_unit_test(test_triage__latin_phrases_stand_between_word_borders),
		cmocka_unit_test(test_triage__the_first_rule_of_a_priority_names_the_class),
		cmocka_unit_test(test_triage__a_match_inside_a_longer_one_of_its_rule_is_not_shown),
		cmocka_unit_test(test_triage__spans_are_capped_and_the_strongest_stay),
		cmocka_unit_test(test_triage__thanks_count_only_alone),
		cmocka_unit_test(test_triage__unless_cancels_nearby_in_the_same_sentence),
		cmocka_unit_test(test_triage__unless_of_p0_cancels_by_overlap_only),
		cmocka_unit_test(test_triage__expired_rules_find_nothing),
		cmocka_unit_test(test_triage__invalid_utf8_is_only_text),
		cmocka_unit_test(test_triage__is_shared_by_reference),
		cmocka_unit_test(test_triage__equals_plain_search),
		cmocka_unit_test(test_triage__a_thousand_messages_take_less_than_a_second),
		cmocka_unit_test(test_triage__the_longest_message_is_linear),
		cmocka_unit_test(test_triage_load__names_file_line_and_column),
		cmocka_unit_test(test_triage_load__a_missing_file_is_a_mistake),
		cmocka_unit_test(test_sample__first_person_suicide_wording_rings),
		cmocka_unit_test(test_sample__idioms_and_daily_words_do_not_ring),
		cmocka_unit_test(test_sample__third_party_reports_ring),
		cmocka_unit_test(test_sample__violence_going_on_rings_and_told_violence_is_p1),
		cmocka_unit_test(test_sample__kidnapping_rings_and_moral_pressure_does_not),
		cmocka_unit_test(test_sample__a_missing_child_rings_and_a_lost_paper_does_not),
		cmocka_unit_test(test_sample__trapped_rings_and_being_bothered_does_not),
		cmocka_unit_test(test_sample__urgent_safety_is_p1),
		cmocka_unit_test(test_sample__pressing_help_is_p2),
		cmocka_unit_test(test_sample__enquiries_are_p3),
		cmocka_unit_test(test_sample__complaints_tips_and_suggestions_are_p4),
		cmocka_unit_test(test_sample__thanks_are_p9),
	};

	return cmocka_run_group_tests(tests, NULL, free_sample);
}
