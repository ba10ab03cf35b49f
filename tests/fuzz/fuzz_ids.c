/*
 * Ids as they come on standard input: what is taken is a list of words, each once, within the cap, and each of them is
 * taken again for itself alone.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "cli/ids.h"
#include "core/limits.h"

static void check(enum ids_kind kind, struct str text)
{
	struct ids ids = { 0 };
	struct error err = { 0 };

	if (!ids_add_text(&ids, kind, text, &err)) {
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
	}
	must(ids.n <= LIMIT_IDS && (text.n > 0 || ids.n == 0));
	for (size_t i = 0; i < ids.n; i++) {
		struct str word = str_from(ids.words[i]);
		struct ids alone = { 0 };
		int64_t id;

		must(word.n > 0 && !strpbrk(ids.words[i], " \t\r\n"));
		must(kind == IDS_SENDS || str_to_i64(word, 1, INT64_MAX, &id));
		must(i == 0 || strcmp(ids.words[i], ids.words[i - 1]) != 0);
		if (i % 16 == 0) {
			must(ids_add(&alone, kind, word, &err) && alone.n == 1 && str_is(word, alone.words[0]));
			ids_finish(&alone);
		}
	}
	ids_finish(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };

	check(IDS_NUMBERS, text);
	check(IDS_SENDS, text);
	return 0;
}
