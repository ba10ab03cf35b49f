/*
 * Menus as people write them, and as a platform shows them: any bytes. What is read can be written and read again, and
 * is the same; what is refused says why in one line. What a platform shows is written as text that is fit for a
 * terminal.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "cli/menu_file.h"
#include "codec/json.h"

#define MENU_MAX (1u << 20)

static void check_lines(struct str text)
{
	struct str line;

	while (str_split(&text, '\n', &line)) {
		must(is_one_line(line));
	}
}

static void check_again(const cJSON *menu)
{
	cleanup(json_freep) cJSON *again = NULL;
	cleanup(json_freep) cJSON *lines = json_array();
	struct error err = { 0 };
	struct buf text;
	bool same = false;

	buf_init(&text, MENU_MAX);
	menu_format(menu, &text);
	must(!text.failed);
	check_lines(buf_str(&text));
	must(menu_parse("again", buf_str(&text), &again, &err));
	must(cJSON_Compare(menu, again, true));
	menu_diff(buf_str(&text), buf_str(&text), lines, &same);
	must(same);
	buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	cleanup(json_freep) cJSON *menu = NULL;
	cleanup(json_freep) cJSON *theirs = NULL;
	cleanup(json_freep) cJSON *warnings = json_array();
	struct error err = { 0 };
	struct buf text;

	if (menu_parse("menu.yaml", input, &menu, &err)) {
		menu_warn(menu, warnings);
		check_again(menu);
	} else {
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
	}
	buf_init(&text, MENU_MAX);
	if (json_parse(input, &theirs, NULL)) {
		menu_format(theirs, &text);
		check_lines(buf_str(&text));
	}
	buf_finish(&text);
	return 0;
}
