/* Words to ids. A number stays a word: the daemon reads it again and knows whether there is such a thing. */
#include "cli/ids.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "cli/i18n.h"
#include "cli/input.h"
#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "text/utf8.h"

#define SHOWN_BYTES 60u
#define STDIN_BYTES (LIMIT_IDS * 128u)

static bool refuse(enum ids_kind kind, struct str word, struct error *err)
{
	struct str shown = text_cut_bytes(word, SHOWN_BYTES);

	switch (kind) {
	case IDS_NUMBERS:
		break;
	case IDS_SENDS:
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			_("\"%.*s\" names nothing: expected 12, a range 3-7, 12/ACCOUNT, send:7, ALL or -"),
			STR_ARG(shown));
	}
	return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
		_("\"%.*s\" is no number: expected 12, a range 3-7, or - for numbers on standard input"),
		STR_ARG(shown));
}

static int by_word(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool add_word(struct ids *ids, struct str word, struct error *err)
{
	cleanup(free_charp) char *copy = str_dup(word);

	if (tfind(copy, &ids->seen, by_word)) {
		return true;
	}
	if (ids->n >= LIMIT_IDS) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("more than %u at once"), LIMIT_IDS);
	}
	array_grow(ids->words, ids->n, ids->cap);
	ids->words[ids->n++] = copy;
	(void)tsearch(steal(&copy), &ids->seen, by_word);
	return true;
}

static bool add_range(struct ids *ids, int64_t from, int64_t to, struct str word, struct error *err)
{
	if (to < from) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0,
			_("\"%.*s\" is an empty range: the smaller number first"), STR_ARG(word));
	}
	if (to - from >= LIMIT_IDS) {
		return error_set(
			err, ERROR_INPUT, ADVISE_REJECT, 0, _("\"%.*s\" names more than %u"), STR_ARG(word), LIMIT_IDS);
	}
	for (int64_t i = 0; i <= to - from; i++) { /* not up to `to`: there may be no number behind it */
		char digits[24];

		(void)snprintf(digits, sizeof(digits), "%" PRId64, from + i);
		if (!add_word(ids, str_from(digits), err)) {
			return false;
		}
	}
	return true;
}

static bool names_send(struct str word)
{
	struct str rest = word;
	struct str number;
	int64_t id;

	if (str_starts(word, STR("send:"))) {
		return str_to_i64(str_sub(word, 5, word.n), 1, INT64_MAX, &id);
	}
	return str_split(&rest, '/', &number) && str_to_i64(number, 1, INT64_MAX, &id) && rest.n > 0;
}

bool ids_add(struct ids *ids, enum ids_kind kind, struct str word, struct error *err)
{
	struct str rest = word;
	struct str low;
	int64_t from;
	int64_t to;

	if (str_to_i64(word, 1, INT64_MAX, &from)) {
		return add_word(ids, word, err);
	}
	if (str_split(&rest, '-', &low) && rest.p && str_to_i64(low, 1, INT64_MAX, &from) &&
		str_to_i64(rest, 1, INT64_MAX, &to)) {
		return add_range(ids, from, to, word, err);
	}
	if (kind == IDS_SENDS && (str_is(word, "ALL") || names_send(word))) {
		return add_word(ids, word, err);
	}
	return refuse(kind, word, err);
}

bool ids_add_text(struct ids *ids, enum ids_kind kind, struct str text, struct error *err)
{
	while (text.n > 0) {
		size_t n = 0;

		while (n < text.n && !strchr(" \t\r\n", text.p[n])) {
			n++;
		}
		if (n > 0 && !ids_add(ids, kind, str_sub(text, 0, n), err)) {
			return false;
		}
		text = str_sub(text, n + 1, text.n);
	}
	return true;
}

static bool add_stdin(struct ids *ids, enum ids_kind kind, struct error *err)
{
	struct buf text;
	bool ok;

	buf_init(&text, STDIN_BYTES);
	ok = input_read("-", &text, err) && ids_add_text(ids, kind, buf_str(&text), err);
	buf_finish(&text);
	return ok;
}

static bool has_all(const struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++) {
		if (strcmp(ids->words[i], "ALL") == 0) {
			return true;
		}
	}
	return false;
}

bool ids_read(struct ids *ids, enum ids_kind kind, char *const *args, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!(strcmp(args[i], "-") == 0 ? add_stdin(ids, kind, err)
						: ids_add(ids, kind, str_from(args[i]), err))) {
			return false;
		}
	}
	if (ids->n == 0) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("standard input names nothing"));
	}
	if (ids->n > 1 && has_all(ids)) {
		return error_set(err, ERROR_INPUT, ADVISE_REJECT, 0, _("ALL stands alone"));
	}
	return true;
}

/* The words are freed by their list. */
static void keep_word(void *word unused_arg)
{
}

void ids_finish(struct ids *ids)
{
	tdestroy(ids->seen, keep_word);
	for (size_t i = 0; i < ids->n; i++) {
		free(ids->words[i]);
	}
	free(ids->words);
	*ids = (struct ids){ 0 };
}
