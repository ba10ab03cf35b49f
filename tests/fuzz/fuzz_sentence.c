/*
 * The daemon's sentences in Chinese: whatever the text, it is read within its bounds, arguments that are in it come out
 * of it, and what is not known stays byte for byte.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "cli/sentence.h"
#include "core/buf.h"

#define SAID_BYTES 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str said = { (const char *)data, size };
	cleanup(buf_finish) struct buf out = { 0 };
	cleanup(buf_finish) struct buf again = { 0 };
	bool known;

	buf_init(&out, 1u << 20);
	buf_init(&again, 1u << 20);
	known = sentence_add_in("zh_CN", &out, said);
	must(!out.failed);
	must(known || str_eq(buf_str(&out), said));
	must(size <= SAID_BYTES || !known);
	must(sentence_add_in("zh_CN", &again, said) == known && str_eq(buf_str(&out), buf_str(&again)));
	buf_clear(&again);
	must(!sentence_add_in("en", &again, said) && str_eq(buf_str(&again), said));
	return 0;
}
