/*
 * Forms: any bytes come through encoding and decoding as they were, decoding never grows, and a pair that was added is
 * found again. Two parts: a form as it comes from outside, and a value.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/form.h"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-_.~%", c));
}

static void check_value(struct str value, bool plus_is_blank)
{
	cleanup(buf_finish) struct buf encoded = { 0 };
	cleanup(buf_finish) struct buf decoded = { 0 };

	buf_init(&encoded, 3 * value.n);
	buf_init(&decoded, value.n);
	must(form_encode(&encoded, value));
	for (size_t i = 0; i < encoded.n; i++) {
		must(is_plain(encoded.p[i]));
	}
	must(form_decode(&decoded, buf_str(&encoded), plus_is_blank));
	must(str_eq(buf_str(&decoded), value));
}

static void check_added(struct str form, struct str value)
{
	cleanup(buf_finish) struct buf more = { 0 };
	cleanup(buf_finish) struct buf first = { 0 };
	cleanup(buf_finish) struct buf found = { 0 };
	bool had;

	buf_init(&more, form.n + 3 * value.n + 16);
	buf_init(&first, form.n);
	buf_init(&found, form.n + value.n);
	had = form_get(form, "key", &first);
	(void)buf_add_str(&more, form);
	must(form_add(&more, "key", value));
	if (str_ends(form, STR("?"))) {
		return; /* an address so far: its query begins with what is added */
	}
	must(form_get(buf_str(&more), "key", &found));
	must(str_eq(buf_str(&found), had ? buf_str(&first) : value)); /* the first one counts */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	cleanup(buf_finish) struct buf decoded = { 0 };
	struct str form = { 0 };
	struct str value = { 0 };

	(void)next_part(&rest, &form);
	(void)next_part(&rest, &value);
	buf_init(&decoded, form.n);
	must(form_decode(&decoded, form, true));
	must(decoded.n <= form.n && decoded.n >= form.n / 3);
	check_value(form, true);
	check_value(form, false);
	check_added(form, value);
	return 0;
}
