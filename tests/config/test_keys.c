/* A section as a table: every type, defaults, bounds, and a mistake named where it stands. */
#include "check.h"

#include "config/config_internal.h"
#include "core/clock.h"
#include "core/mem.h"

struct section {
	char *text;
	bool flag;
	int64_t number;
	int64_t any;
	int64_t span_ms;
	int64_t long_ms;
	struct secret secret;
	int choice;
	char *url;
	char *endpoint;
	struct config_words words;
};

#define FIELD(name) offsetof(struct section, name)

static const char *const colours[] = { "red", "green", "yellow", NULL };

static const struct config_key keys[] = {
	{ .name = "text", .type = CONFIG_TEXT, .offset = FIELD(text), .def = "a: b # c", .doc = "a text" },
	{ .name = "flag", .type = CONFIG_BOOL, .offset = FIELD(flag), .def = "yes", .doc = "a flag" },
	{ .name = "number", .type = CONFIG_INT, .offset = FIELD(number), .def = "-1", .min = -5, .max = 5, .doc = "n" },
	{ .name = "any", .type = CONFIG_INT, .offset = FIELD(any), .doc = "any number" },
	{ .name = "span",
		.type = CONFIG_DURATION,
		.offset = FIELD(span_ms),
		.def = "90s",
		.min = SECOND_MS,
		.max = HOUR_MS,
		.doc = "a span" },
	{ .name = "long", .type = CONFIG_DURATION, .offset = FIELD(long_ms), .doc = "a long span" },
	{ .name = "secret", .type = CONFIG_SECRET, .offset = FIELD(secret), .doc = "a secret" },
	{ .name = "choice",
		.type = CONFIG_CHOICE,
		.offset = FIELD(choice),
		.def = "yellow",
		.choices = colours,
		.doc = "a colour" },
	{ .name = "url", .type = CONFIG_URL, .offset = FIELD(url), .doc = "a URL" },
	{ .name = "endpoint", .type = CONFIG_ENDPOINT, .offset = FIELD(endpoint), .doc = "a URL we talk to" },
	{ .name = "words", .type = CONFIG_WORDS, .offset = FIELD(words), .def = "[one, two]", .doc = "words" },
	{ 0 },
};

static const struct config_key strict_keys[] = {
	{ .name = "text", .type = CONFIG_TEXT, .offset = FIELD(text), .required = true, .doc = "a text" },
	{ .name = "flag", .type = CONFIG_BOOL, .offset = FIELD(flag), .doc = "a flag" },
	{ 0 },
};

static bool read_with(const struct config_key *table, const char *text, struct section *ret, struct error *err)
{
	cleanup(yaml_freep) struct yaml_file *file = NULL;

	CHECK_OK(yaml_parse("f", str_from(text), 1, &file, err), *err);
	CHECK(file->root);
	return config_read_keys(file, file->root, table, true, "/nowhere", ret, err);
}

static bool read_section(const char *text, struct section *ret, struct error *err)
{
	return read_with(keys, text, ret, err);
}

static void test_keys__read_every_type(void **state)
{
	struct section section = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_OK(read_section("text: 平安 示例\nflag: no\nnumber: 5\nany: 9223372036854775807\nspan: 1h\nlong: 3d\n"
			      "secret: 2.00abc\nchoice: green\nurl: https://a.example:8443/x\nendpoint: "
			      "http://127.0.0.1:1\nwords: [a, \"b c\"]\n",
			 &section, &err),
		err);
	CHECK_TEXT(section.text, "平安 示例");
	CHECK(!section.flag);
	CHECK_INT(section.number, 5);
	CHECK_INT(section.any, INT64_MAX);
	CHECK_INT(section.span_ms, HOUR_MS);
	CHECK_INT(section.long_ms, 3 * DAY_MS);
	CHECK_STR(secret_lend(&section.secret), "2.00abc");
	CHECK_INT(section.choice, 1);
	CHECK_TEXT(section.url, "https://a.example:8443/x");
	CHECK_TEXT(section.endpoint, "http://127.0.0.1:1");
	CHECK_INT(section.words.n, 2);
	CHECK_TEXT(section.words.items[1], "b c");
	assert_null(section.words.items[2]);
	config_finish_keys(keys, &section);
	assert_null(section.text);
	assert_null(section.words.items);
	CHECK(secret_is_empty(&section.secret));
}

static void check_defaults(const struct section *section)
{
	CHECK_TEXT(section->text, "a: b # c");
	CHECK(section->flag);
	CHECK_INT(section->number, -1);
	CHECK_INT(section->any, 0);
	CHECK_INT(section->span_ms, 90 * SECOND_MS);
	CHECK_INT(section->long_ms, 0);
	CHECK(secret_is_empty(&section->secret));
	CHECK_INT(section->choice, 2);
	assert_null(section->url);
	CHECK_INT(section->words.n, 2);
	CHECK_TEXT(section->words.items[0], "one");
	CHECK_TEXT(section->words.items[1], "two");
}

static void test_keys__what_is_not_given_has_its_default(void **state)
{
	struct section read = { 0 };
	struct section defaults = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_OK(read_section("{}", &read, &err), err);
	check_defaults(&read);
	CHECK_OK(config_default_keys(keys, &defaults, &err), err);
	check_defaults(&defaults);
	config_finish_keys(keys, &read);
	config_finish_keys(keys, &defaults);
}

static void test_keys__one_word_is_a_list_of_one(void **state)
{
	struct section section = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK_OK(read_section("words: alone", &section, &err), err);
	CHECK_INT(section.words.n, 1);
	CHECK_TEXT(section.words.items[0], "alone");
	assert_null(section.words.items[1]);
	config_finish_keys(keys, &section);
}

static void test_keys__a_mistake_is_named_where_it_stands(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} cases[] = {
		{ "text:", "f:1:6: text: expected a text in one line" },
		{ "text: ~", "f:1:7: text: expected a text in one line" },
		{ "text: \"\"", "f:1:7: text: expected a text in one line" },
		{ "text: \"a\\nb\"", "f:1:7: text: expected a text in one line" },
		{ "text: \"a\\eb\"", "f:1:7: text: expected a text in one line" },
		{ "text: \"a\\x9bb\"", "f:1:7: text: expected a text in one line" },
		{ "text: [a]", "f:1:7: text: expected a text in one line" },
		{ "flag: maybe", "f:1:7: flag: expected yes or no" },
		{ "flag: \"yes\"", "f:1:7: flag: expected yes or no" },
		{ "number: 6", "f:1:9: number: expected a whole number from -5 to 5" },
		{ "number: -6", "f:1:9: number: expected a whole number from -5 to 5" },
		{ "number: \"3\"", "f:1:9: number: expected a whole number from -5 to 5" },
		{ "number: 1.0", "f:1:9: number: expected a whole number from -5 to 5" },
		{ "number: 0x1", "f:1:9: number: expected a whole number from -5 to 5" },
		{ "any: -1", "f:1:6: any: expected a whole number, 0 or more" },
		{ "any: 9223372036854775808", "f:1:6: any: expected a whole number, 0 or more" },
		{ "span: 30", "f:1:7: span: expected a duration such as 90s, 30m, 2h or 3d, from 1s to 1h" },
		{ "span: 999ms", "f:1:7: span: expected a duration such as 90s, 30m, 2h or 3d, from 1s to 1h" },
		{ "span: 61m", "f:1:7: span: expected a duration such as 90s, 30m, 2h or 3d, from 1s to 1h" },
		{ "long: [1h]", "f:1:7: long: expected a duration such as 90s, 30m, 2h or 3d" },
		{ "choice: grean", "f:1:9: choice: expected red, green or yellow; did you mean green?" },
		{ "choice: mauve", "f:1:9: choice: expected red, green or yellow" },
		{ "choice: {a: b}", "f:1:9: choice: expected red, green or yellow" },
		{ "endpoint: http://a.example",
			"f:1:11: endpoint: expected https://; plain http is for this machine (127.0.0.1) only" },
		{ "endpoint: a.example",
			"f:1:11: endpoint: expected a URL, https://HOST[:PORT][/PATH], without user name and query" },
		{ "url: ftp://a.example",
			"f:1:6: url: expected a URL, https://HOST[:PORT][/PATH], without user name and query" },
		{ "words: []", "f:1:8: words: expected a list of words, or one word" },
		{ "words: [a, [b]]", "f:1:12: words: expected a word" },
		{ "words:\n  - a\n  -\n", "f:3:4: words: expected a word" },
		{ "flag: no\ntxet: a", "f:2:1: txet: no such key; did you mean text?" },
		{ "nothing-like-it: a", "f:1:1: nothing-like-it: no such key" },
		{ "小区: a", "f:1:1: 小区: no such key" },
		{ "{text: 好, flga: no}", "f:1:11: flga: no such key; did you mean flag?" },
		{ "[a, b]", "f:1:1: expected keys and their values" },
		{ "just a text", "f:1:1: expected keys and their values" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct section section = { 0 };
		struct error err = { 0 };

		if (read_section(cases[i].text, &section, &err)) {
			fail_msg("accepted: %s", cases[i].text);
		}
		CHECK_TEXT(err.message, cases[i].says);
		CHECK_INT(err.domain, ERROR_CONFIG);
		CHECK_INT(err.advice, ADVISE_REJECT);
		/* A section is whole or zeroed. */
		assert_null(section.text);
		assert_null(section.words.items);
	}
}

static void test_keys__a_required_one_that_is_missing_is_named(void **state)
{
	struct section section = { 0 };
	struct error err = { 0 };

	(void)state;
	CHECK(!read_with(strict_keys, "flag: yes", &section, &err));
	CHECK_TEXT(err.message, "f:1:1: text: is missing here: a text");
}

static void test_keys__the_text_of_an_error_survives_a_long_file_name(void **state)
{
	char name[300];
	struct yaml_file file = { .name = name };
	struct yaml_node node = { .kind = YAML_SCALAR, .line = 7, .column = 3 };
	struct error err = { 0 };

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	name[200] = '\0';
	CHECK(!yaml_error(&file, &node, &err, "tier: expected %060d", 1));
	CHECK(strstr(err.message, ":7:3: tier: expected 000"));
}

static void test_url__knows_whom_it_leads_to(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		bool https;
		bool loopback;
	} cases[] = {
		{ "https://api.weibo.com", true, true, false },
		{ "https://api.weibo.com/", true, true, false },
		{ "https://api.weibo.com:443/2/a~b", true, true, false },
		{ "http://127.0.0.1:8750", true, false, true },
		{ "http://127.0.0.1:0", true, false, true },
		{ "http://127.8.9.10/x", true, false, true },
		{ "http://localhost:1", true, false, true },
		{ "https://[::1]:8750/a", true, true, true },
		{ "http://[2001:db8::1]", true, false, false },
		{ "http://10.0.0.1", true, false, false },
		{ "http://127.0.0.1.evil.example", true, false, false },
		{ "http://localhost.example", true, false, false },
		{ "http://1270.0.0.1", true, false, false },
		{ "http://user@127.0.0.1", false, false, false },
		{ "http://127.0.0.1@evil.example", false, false, false },
		{ "http://127.0.0.1:80@evil.example", false, false, false },
		{ "http://evil.example\\@127.0.0.1", false, false, false },
		{ "http://127.0.0.1:65536", false, false, false },
		{ "http://127.0.0.1:", false, false, false },
		{ "http://127.0.0.1:8a", false, false, false },
		{ "http://", false, false, false },
		{ "http:///x", false, false, false },
		{ "http://[::1", false, false, false },
		{ "http://[::1]x", false, false, false },
		{ "http://[nothing]", false, false, false },
		{ "http://a.example/?q=1", false, false, false },
		{ "http://a.example/#x", false, false, false },
		{ "http://a.example/a b", false, false, false },
		{ "http://例.example", false, false, false },
		{ "HTTP://a.example", false, false, false },
		{ "file:///etc/passwd", false, false, false },
		{ "api.weibo.com", false, false, false },
		{ "", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct url url = { 0 };

		if (config_parse_url(str_from(cases[i].text), &url) != cases[i].ok) {
			fail_msg("%s is %s", cases[i].text, cases[i].ok ? "refused" : "accepted");
		}
		if (url.https != cases[i].https || url.loopback != cases[i].loopback) {
			fail_msg("%s: https %d, loopback %d", cases[i].text, url.https, url.loopback);
		}
	}
	/* A NUL is no part of any URL, even where C would end. */
	CHECK(!config_parse_url((struct str){ "http://a.example/\0x", 19 }, &(struct url){ 0 }));
}

static void test_nearest__gives_no_silly_hints(void **state)
{
	struct nearest nearest;

	(void)state;
	nearest_init(&nearest, STR("ab"));
	nearest_try(&nearest, "xy");
	assert_null(nearest.best);
	nearest_init(&nearest, STR("weibo-min"));
	nearest_try(&nearest, "weibo-main2");
	nearest_try(&nearest, "weibo-main");
	nearest_try(&nearest, "weibo-mine2");
	CHECK_TEXT(nearest.best, "weibo-main");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys__read_every_type),
		cmocka_unit_test(test_keys__what_is_not_given_has_its_default),
		cmocka_unit_test(test_keys__one_word_is_a_list_of_one),
		cmocka_unit_test(test_keys__a_mistake_is_named_where_it_stands),
		cmocka_unit_test(test_keys__a_required_one_that_is_missing_is_named),
		cmocka_unit_test(test_keys__the_text_of_an_error_survives_a_long_file_name),
		cmocka_unit_test(test_url__knows_whom_it_leads_to),
		cmocka_unit_test(test_nearest__gives_no_silly_hints),
	};

	return check_run(tests);
}
