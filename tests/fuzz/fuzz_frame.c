/*
 * Frames: what is taken is a request, an answer or a notification and nothing between; what is written is one line that
 * reads as what was meant; ids come back as they were.
 */
#include "fuzz.h"
#include "fuzz_check.h"

#include "codec/json.h"
#include "proto/frame.h"

#define OUT_BYTES (1u << 20)

static void must_be_a_line(const struct buf *out)
{
	must(out->n > 1 && out->p[out->n - 1] == '\n');
	must(memchr(out->p, '\n', out->n) == out->p + out->n - 1);
	must(utf8_valid(buf_str(out)));
}

static void read_back(const struct buf *out, struct frame *ret_frame)
{
	struct error err;

	must_be_a_line(out);
	must(frame_parse(str_sub(buf_str(out), 0, out->n - 1), ret_frame, &err));
}

static bool same(const cJSON *a, const cJSON *b)
{
	cleanup(buf_finish) struct buf one = { 0 };
	cleanup(buf_finish) struct buf two = { 0 };

	buf_init(&one, OUT_BYTES);
	buf_init(&two, OUT_BYTES);
	return json_print(&one, a) && json_print(&two, b) && str_eq(buf_str(&one), buf_str(&two));
}

static void check_answers(const struct frame *frame)
{
	cleanup(buf_finish) struct buf out = { 0 };
	struct frame back = { 0 };

	buf_init(&out, OUT_BYTES);
	must(frame_add_result(&out, frame->id, frame->params));
	read_back(&out, &back);
	must(!back.method && back.result && !back.error && back.id);
	must(!frame->id || same(frame->id, back.id));
	frame_finish(&back);

	buf_clear(&out);
	must(frame_add_notification(&out, "event", frame->params));
	read_back(&out, &back);
	must(strcmp(back.method, "event") == 0 && !back.id && (frame->params != NULL) == (back.params != NULL));
	frame_finish(&back);
}

static void check_error(const struct frame *frame)
{
	cleanup(buf_finish) struct buf out = { 0 };
	struct error first = { 0 };
	struct error second = { 0 };
	struct frame back = { 0 };

	buf_init(&out, OUT_BYTES);
	frame_read_error(frame->error, &first);
	must(first.domain <= ERROR_PLATFORM && first.advice <= ADVISE_BUG && is_one_line(str_from(first.message)));
	must(frame_add_error(&out, frame->id, &first, NULL));
	read_back(&out, &back);
	must(back.error && !back.result && !back.method);
	frame_read_error(back.error, &second);
	must(first.domain == second.domain && first.advice == second.advice && first.code == second.code);
	must(strcmp(first.message, second.message) == 0);
	must(first.retry_ms == second.retry_ms || first.retry_ms < 0);
	must(error_exit_code(&first) == error_exit_code(&second) && error_exit_code(&first) != EXIT_CODE_DONE);
	frame_finish(&back);
}

/* A whole number, or a text, as somebody may choose for an id. */
static bool is_number(struct str text)
{
	int64_t value;

	return str_to_i64(text, INT64_MIN, INT64_MAX, &value) && !str_starts(text, STR("0")) &&
	       !str_starts(text, STR("-0"));
}

static void check_id(struct str text)
{
	cleanup(buf_finish) struct buf id = { 0 };
	cleanup(buf_finish) struct buf line = { 0 };
	cleanup(buf_finish) struct buf out = { 0 };
	cleanup(json_freep) cJSON *object = json_object();
	struct frame frame = { 0 };
	struct error err;

	buf_init(&id, OUT_BYTES);
	buf_init(&line, OUT_BYTES);
	buf_init(&out, OUT_BYTES);
	if (is_number(text)) {
		(void)buf_add_str(&id, text);
	} else {
		json_add_str(object, "id", text);
		must(json_print(&id, json_get(object, "id")));
	}
	(void)buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"status\"}", id.p);
	must(frame_parse(buf_str(&line), &frame, &err));
	must(frame_add_result(&out, frame.id, NULL));
	frame_finish(&frame);
	buf_clear(&line);
	(void)buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n", id.p);
	must(str_eq(buf_str(&out), buf_str(&line)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = { (const char *)data, size };
	struct frame frame = { 0 };
	struct error err = { 0 };

	if (size < 2000) {
		check_id(line);
	}
	if (!frame_parse(line, &frame, &err)) {
		must(!frame.whole && (err.code == -32700 || err.code == -32600));
		must_be_an_error(&err, ERROR_PROTO, ADVISE_REJECT);
		return 0;
	}
	must(frame.method || frame.result || frame.error);
	must(!frame.params || cJSON_IsObject(frame.params));
	must(!frame.error || cJSON_IsObject(frame.error));
	check_answers(&frame);
	if (frame.error) {
		check_error(&frame);
	}
	frame_finish(&frame);
	must(!frame.whole && !frame.method);
	return 0;
}
