/* Base64: bytes come back as they went in; a text that is taken is the same when it is written again, but for blanks.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	cleanup(buf_finish) struct buf text = { 0 };
	cleanup(buf_finish) struct buf back = { 0 };
	cleanup(buf_finish) struct buf decoded = { 0 };
	cleanup(buf_finish) struct buf again = { 0 };
	struct error err = { 0 };

	buf_init(&text, 2 * size + 4);
	buf_init(&back, size);
	must(base64_encode(&text, bytes));
	must(base64_decode(&back, buf_str(&text), &err));
	must(str_eq(buf_str(&back), bytes));

	buf_init(&decoded, size);
	if (!base64_decode(&decoded, bytes, &err)) {
		must_be_an_error(&err, ERROR_INPUT, ADVISE_REJECT);
		return 0;
	}
	must(decoded.n <= size * 3 / 4);
	buf_clear(&text);
	buf_init(&again, size);
	must(base64_encode(&text, buf_str(&decoded)));
	must(base64_decode(&again, buf_str(&text), &err));
	must(str_eq(buf_str(&again), buf_str(&decoded)));
	return 0;
}
