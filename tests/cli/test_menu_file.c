/* Menus as files: what they become, what is wrong with them and where, and that what is shown can be pushed again. */
#include "check.h"

#include "cli/menu_file.h"
#include "codec/json.h"
#include "core/buf.h"

static const char whole[] = "# of the hall\n"
			    "menu:\n"
			    "  - label: 办事\n"
			    "    buttons:\n"
			    "      - label: 网上大厅\n"
			    "        url: https://www.city.gov.example/hall\n"
			    "      - label: 订阅停水\n"
			    "        key: topic:停水通知\n"
			    "      - label: 扫一扫\n"
			    "        type: scancode_waitmsg\n"
			    "        key: scan\n"
			    "  - label: 预约\n"
			    "    miniprogram: wx0123456789abcdef\n"
			    "    page: pages/index\n"
			    "    url: http://www.city.gov.example/booking\n"
			    "  - label: \"更多: #1\"\n"
			    "    article: A-1\n";
static const char whole_json[] =
	"{\"button\":[{\"name\":\"办事\",\"sub_button\":["
	"{\"name\":\"网上大厅\",\"type\":\"view\",\"url\":\"https://www.city.gov.example/hall\"},"
	"{\"name\":\"订阅停水\",\"type\":\"click\",\"key\":\"topic:停水通知\"},"
	"{\"name\":\"扫一扫\",\"type\":\"scancode_waitmsg\",\"key\":\"scan\"}]},"
	"{\"name\":\"预约\",\"type\":\"miniprogram\",\"url\":\"http://www.city.gov.example/booking\","
	"\"appid\":\"wx0123456789abcdef\",\"pagepath\":\"pages/index\"},"
	"{\"name\":\"更多: #1\",\"type\":\"article_id\",\"article_id\":\"A-1\"}]}";

static const char *printed(const cJSON *json)
{
	static char out[8192];
	struct buf text;

	buf_init(&text, sizeof(out) - 1);
	CHECK(json_print(&text, json));
	(void)snprintf(out, sizeof(out), "%s", text.p);
	buf_finish(&text);
	return out;
}

static cJSON *parsed(const char *text)
{
	struct error err = { 0 };
	cJSON *menu = NULL;

	CHECK_OK(menu_parse("menu.yaml", str_from(text), &menu, &err), err);
	return menu;
}

static const char *formatted(const cJSON *menu)
{
	static char out[8192];
	struct buf text;

	buf_init(&text, sizeof(out) - 1);
	menu_format(menu, &text);
	(void)snprintf(out, sizeof(out), "%s", text.p);
	buf_finish(&text);
	return out;
}

static void test_menu__becomes_what_the_platform_wants(void **state)
{
	cleanup(json_freep) cJSON *menu = parsed(whole);
	cleanup(json_freep) cJSON *none = parsed("menu: []\n");

	(void)state;
	CHECK_TEXT(printed(menu), whole_json);
	CHECK_TEXT(printed(none), "{\"button\":[]}");
	CHECK_TEXT(formatted(none), "menu: []\n");
}

static void test_menu__every_mistake_has_its_place(void **state)
{
	static const struct {
		const char *text;
		const char *part;
	} cases[] = {
		{ "", "menu.yaml: a menu begins with \"menu:\"" },
		{ "- a\n", "menu.yaml:1:1: a menu begins with" },
		{ "meno: []\n", "menu.yaml:1:1: \"meno\" does not belong here; did you mean \"menu\"?" },
		{ "menu: x\n", "menu.yaml:1:7: menu: must be a list of buttons" },
		{ "menu:\n  - x\n", "menu.yaml:2:5: a button is lines of" },
		{ "menu:\n  - url: https://a.example/\n", "menu.yaml:2:5: label is missing" },
		{ "menu:\n  - label: a\n", "menu.yaml:2:5: the button does nothing" },
		{ "menu:\n  - label: a\n    ulr: x\n",
			"menu.yaml:3:5: \"ulr\" is nothing a button has; did you mean \"url\"?" },
		{ "menu:\n  - label: 一二三四五六\n    key: a\n",
			"menu.yaml:2:12: label: \"一二三四五六\" has 18 bytes, at most 16" },
		{ "menu:\n  - label: a\n    url: ftp://x\n", "menu.yaml:3:10: url: must begin with https://" },
		{ "menu:\n  - label: a\n    url: https://x\n    key: b\n",
			"menu.yaml:4:5: key does not go together with url" },
		{ "menu:\n  - label: a\n    key: b\n    buttons: [{label: c, key: d}]\n",
			"menu.yaml:3:5: key does not go together with buttons" },
		{ "menu:\n  - label: a\n    buttons:\n      - label: b\n        buttons: [{label: c, key: d}]\n",
			"menu.yaml:5:18: buttons: those below a button" },
		{ "menu:\n  - label: a\n    buttons: []\n", "menu.yaml:3:14: buttons: must be a list" },
		{ "menu:\n  - label: a\n    type: clik\n    key: b\n",
			"menu.yaml:3:11: type: there is no \"clik\"; did you mean \"click\"?" },
		{ "menu:\n  - label: a\n    type: news\n",
			"menu.yaml:3:11: type: \"news\" is made on the platform's website" },
		{ "menu:\n  - label: a\n    type: view\n    key: b\n",
			"menu.yaml:2:5: url is missing: type view wants it" },
		{ "menu:\n  - label: a\n    miniprogram: wx1\n    page: p\n",
			"menu.yaml:2:5: miniprogram wants page, and url" },
		{ "menu:\n  - label: a\n    miniprogram: pages/x\n", "menu.yaml:3:18: miniprogram: must be its AppID" },
		{ "menu:\n  - label: [a]\n    key: b\n", "menu.yaml:2:12: label: must be a text" },
		{ "menu:\n  - label:\n    key: b\n", "label: must be a text" },
		{ "menu:\n  - label: \"a\\nb\"\n    key: b\n", "menu.yaml:2:12: label: must be one line" },
		{ "menu:\n  - {label: a, key: a}\n  - {label: b, key: b}\n  - {label: c, key: c}\n  - {label: d, key: "
		  "d}\n",
			"menu.yaml:5:5: menu: at most 3 buttons" },
		{ "menu:\n  - {label: a, key: a}\n  - {label: b, key: b\n", "menu.yaml:" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		cJSON *menu = NULL;

		CHECK_FAILS(menu_parse("menu.yaml", str_from(cases[i].text), &menu, &err), err, cases[i].part);
		CHECK_INT(err.domain, ERROR_INPUT);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK(menu == NULL);
	}
}

static void test_menu__what_is_shown_can_be_pushed_again(void **state)
{
	cleanup(json_freep) cJSON *menu = parsed(whole);
	cleanup(json_freep) cJSON *again = parsed(formatted(menu));
	cleanup(json_freep) cJSON *theirs = NULL;
	struct error err = { 0 };

	(void)state;
	CHECK_TEXT(printed(again), whole_json);
	/* The platform shows a list below another object, and what it leaves empty. */
	CHECK_OK(json_parse(STR("{\"is_menu_open\":1,\"button\":[{\"name\":\"办事\",\"sub_button\":{\"list\":["
				"{\"type\":\"click\",\"name\":\"yes\",\"key\":\"- a\\u202e\"}]}},"
				"{\"type\":\"view\",\"name\":\"7\",\"url\":\"https://a.example/?x=1#y\",\"sub_button\":"
				"{\"list\":[]}}]}"),
			 &theirs, &err),
		err);
	CHECK_TEXT(formatted(theirs), "menu:\n"
				      "  - label: 办事\n"
				      "    buttons:\n"
				      "      - label: \"yes\"\n"
				      "        key: \"- a\\u202e\"\n"
				      "  - label: \"7\"\n"
				      "    url: https://a.example/?x=1#y\n");
	json_freep(&again);
	again = parsed(formatted(theirs));
	CHECK_TEXT(json_text(cJSON_GetArrayItem(
				     json_get(cJSON_GetArrayItem(json_get(again, "button"), 0), "sub_button"), 0),
			   "key", ""),
		"- a\xe2\x80\xae");
}

static void test_menu__of_the_website_is_shown_and_not_pushed(void **state)
{
	cleanup(json_freep) cJSON *theirs = NULL;
	struct error err = { 0 };
	cJSON *menu = NULL;

	(void)state;
	CHECK_OK(json_parse(
			 STR("{\"button\":[{\"type\":\"text\",\"name\":\"电话\",\"value\":\"110\"}]}"), &theirs, &err),
		err);
	CHECK_TEXT(formatted(theirs), "menu:\n  - label: 电话\n    type: text\n    # value: \"110\"\n");
	CHECK_FAILS(menu_parse("-", str_from(formatted(theirs)), &menu, &err), err, "website");
}

static void test_diff__keeps_what_is_the_same(void **state)
{
	static const struct {
		const char *before, *after, *want;
		bool same;
	} cases[] = {
		{ "a\nb\n", "a\nb\n", "[\" a\",\" b\"]", true },
		{ "a\nb\nc\n", "a\nx\nc\n", "[\" a\",\"-b\",\"+x\",\" c\"]", false },
		{ "", "a\n", "[\"+a\"]", false },
		{ "a\n", "", "[\"-a\"]", false },
		{ "a\nb\nc\nd\n", "b\nd\ne\n", "[\"-a\",\" b\",\"-c\",\" d\",\"+e\"]", false },
		{ "", "", "[]", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup(json_freep) cJSON *lines = json_array();
		bool same = !cases[i].same;

		menu_diff(str_from(cases[i].before), str_from(cases[i].after), lines, &same);
		CHECK_TEXT(printed(lines), cases[i].want);
		CHECK_INT(same, cases[i].same);
	}
}

static void test_warnings__are_of_labels_that_are_cut_off(void **state)
{
	cleanup(json_freep) cJSON *menu = parsed(
		"menu:\n  - label: 一二三四五\n    buttons:\n      - label: 一二三四五六七八九\n        key: a\n"
		"  - label: 一二三四\n    key: b\n");
	cleanup(json_freep) cJSON *warnings = json_array();

	(void)state;
	menu_warn(menu, warnings);
	CHECK_TEXT(printed(warnings),
		"[\"\\\"一二三四五\\\" is longer than the 4 Chinese characters that are shown\","
		"\"\\\"一二三四五六七八九\\\" is longer than the 8 Chinese characters that are shown\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_menu__becomes_what_the_platform_wants),
		cmocka_unit_test(test_menu__every_mistake_has_its_place),
		cmocka_unit_test(test_menu__what_is_shown_can_be_pushed_again),
		cmocka_unit_test(test_menu__of_the_website_is_shown_and_not_pushed),
		cmocka_unit_test(test_diff__keeps_what_is_the_same),
		cmocka_unit_test(test_warnings__are_of_labels_that_are_cut_off),
	};

	return check_run(tests);
}
