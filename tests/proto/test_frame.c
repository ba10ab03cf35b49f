/*
 * Frames as any local user may send them. What is refused carries the JSON-RPC code; what is written is one line,
 * whatever stands in it.
 */
#include "check.h"

#include "codec/json.h"
#include "core/limits.h"
#include "core/mem.h"
#include "proto/frame.h"

static void test_frame__requests_answers_and_notifications_are_told_apart(void **state)
{
	static const struct {
		const char *line;
		const char *method; /* NULL: an answer */
		bool id, params, result, error;
	} rows[] = {
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"post.list\"}", "post.list", true, false, false, false },
		{ "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"m\",\"params\":{\"x\":1}}", "m", true, true, false,
			false },
		{ "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{}}", "event", false, true, false, false },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", NULL, true, false, true, false },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}", NULL, true, false, true, false },
		{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700}}", NULL, true, false, false, true },
		{ " {\"method\":\"m\" , \"jsonrpc\":\"2.0\"}\r", "m", false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct frame frame;
		struct error err = { 0 };

		CHECK_OK(frame_parse(str_from(rows[i].line), &frame, &err), err);
		CHECK_TEXT(frame.method ? frame.method : "none", rows[i].method ? rows[i].method : "none");
		CHECK_INT(frame.id != NULL, rows[i].id);
		CHECK_INT(frame.params != NULL, rows[i].params);
		CHECK_INT(frame.result != NULL, rows[i].result);
		CHECK_INT(frame.error != NULL, rows[i].error);
		frame_finish(&frame);
		CHECK(frame.whole == NULL && frame.id == NULL && frame.method == NULL);
		frame_finish(&frame);
	}
}

static void test_frame__what_is_none_is_refused_with_its_code(void **state)
{
	static const struct {
		struct str line;
		int code;
	} rows[] = {
		{ { NULL, 0 }, -32700 },
		{ STR("{"), -32700 },
		{ STR("hello"), -32700 },
		{ STR("GET / HTTP/1.1\r"), -32700 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"} {}"), -32700 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\uzzzz\"}"), -32700 },
		{ STR("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}\0"), -32700 },
		{ STR("[]"), -32600 }, /* batches are not accepted */
		{ STR("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}]"), -32600 },
		{ STR("1"), -32600 },
		{ STR("null"), -32600 },
		{ STR("\"jsonrpc\""), -32600 },
		{ STR("{}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\"}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":1}"), -32600 },
		{ STR("{\"id\":1,\"method\":\"m\"}"), -32600 },
		{ STR("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}"), -32600 },
		{ STR("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"m\"}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\"}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[]}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":null}"), -32600 },
		{ STR("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"no\"}"), -32600 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct frame frame = { .method = "untouched" };
		struct error err = { 0 };

		CHECK_FAILS(frame_parse(rows[i].line, &frame, &err), err, "");
		CHECK_INT(err.code, rows[i].code);
		CHECK_INT(err.domain, ERROR_PROTO);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK_TEXT(frame.method, "untouched");
	}
}

static void test_frame__ids_come_back_as_they_were(void **state)
{
	static const char *const ids[] = { "1", "0", "-7", "1.5", "\"1\"", "\"\"", "\"a\\\"\\n\"", "\"中\"", "null",
		"2147483648", "123456789012345", "1732470000123456789", "\"1732470000123456789\"",
		"-1732470000123456789", "9007199254740993", "18446744073709551615" };
	static const char *const forms[] = {
		"{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"m\"}",
		"{ \"method\":\"m\",\"params\":{\"id\":\"1732470000123456789\"}, \"id\" :\t%s , \"jsonrpc\":\"2.0\" }",
		"{\"method\":\"\\\"id\\\":9\",\"jsonrpc\":\"2.0\",\"id\":%s,\"id\":\"1732470000123456789\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		for (size_t k = 0; k < ARRAY_LEN(forms); k++) {
			cleanup(buf_finish) struct buf line;
			cleanup(buf_finish) struct buf want;
			cleanup(buf_finish) struct buf out;
			struct str form = str_from(forms[k]);
			size_t place = (size_t)str_find(form, STR("%s"));
			struct frame frame;
			struct error err = { 0 };

			buf_init(&line, 1024);
			buf_init(&want, 1024);
			buf_init(&out, 1024);
			CHECK(buf_add_str(&line, str_sub(form, 0, place)) && buf_add_text(&line, ids[i]) &&
				buf_add_str(&line, str_sub(form, place + 2, form.n)));
			CHECK(buf_printf(&want, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n", ids[i]));
			CHECK_OK(frame_parse(buf_str(&line), &frame, &err), err);
			CHECK(frame_add_result(&out, frame.id, NULL));
			CHECK_STR(buf_str(&out), want.p);
			frame_finish(&frame);
		}
	}
}

static void test_frame__lines_are_one_line_and_read_back(void **state)
{
	cleanup(json_freep) cJSON *params = json_object();
	cleanup(buf_finish) struct buf out;
	struct frame frame;
	struct error err = { 0 };
	struct str rest;
	struct str line;
	size_t lines = 0;

	(void)state;
	buf_init(&out, 4096);
	json_add_text(params, "text", "一\n二\r\xff\x01\"}");
	CHECK(frame_add_request(&out, 9, "post.new", params));
	CHECK(frame_add_notification(&out, "event", params));
	CHECK(frame_add_notification(&out, "event", NULL));
	CHECK(frame_add_result(&out, NULL, params));
	CHECK(str_ends(buf_str(&out), STR("\n")));
	rest = str_sub(buf_str(&out), 0, out.n - 1);
	while (str_split(&rest, '\n', &line)) {
		CHECK_OK(frame_parse(line, &frame, &err), err);
		if (lines != 2) {
			CHECK_TEXT(json_text(frame.params ? frame.params : frame.result, "text", ""),
				"一\n二\r\xef\xbf\xbd\x01\"}");
		}
		CHECK_INT(frame.id != NULL, lines == 0 || lines == 3);
		CHECK_INT(cJSON_IsNull(frame.id), lines == 3);
		frame_finish(&frame);
		lines++;
	}
	CHECK_INT(lines, 4);
}

static void test_frame__a_line_that_does_not_fit_leaves_nothing_behind(void **state)
{
	cleanup(json_freep) cJSON *params = json_object();
	cleanup(buf_finish) struct buf out;

	(void)state;
	buf_init(&out, 60);
	json_add_text(params, "text", "more than there is room for in the end");
	CHECK(frame_add_request(&out, 1, "m", NULL));
	CHECK(!frame_add_request(&out, 2, "m", params));
	CHECK_STR(buf_str(&out), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}\n");
	CHECK(!out.failed);
	/* A failure of somebody before us is not ours to forget. */
	CHECK(!buf_printf(&out, "%60d", 0));
	CHECK(!frame_add_request(&out, 3, "m", NULL));
	CHECK(out.failed);
}

static void test_frame__errors_survive_the_wire(void **state)
{
	static const struct error rows[] = {
		{ .domain = ERROR_OS, .advice = ADVISE_RETRY, .code = 11, .message = "busy" },
		{ .domain = ERROR_PLATFORM,
			.advice = ADVISE_WAIT,
			.code = 10023,
			.retry_ms = 3600000,
			.message = "限流" },
		{ .domain = ERROR_PROTO, .advice = ADVISE_REJECT, .code = -32601, .message = "no such verb" },
		{ .domain = ERROR_STATE, .advice = ADVISE_REJECT, .message = "claimed by \"李警官\"" },
		{ .domain = ERROR_ACCESS, .advice = ADVISE_REJECT, .message = "" },
		{ .domain = ERROR_HTTP, .advice = ADVISE_VERIFY, .code = 28, .message = "no answer" },
		{ .domain = ERROR_STORE, .advice = ADVISE_BUG, .code = 1, .message = "cannot happen" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(buf_finish) struct buf out;
		cleanup(json_freep) cJSON *id = cJSON_CreateNumber(4);
		cleanup(json_freep) cJSON *extra = json_object();
		const cJSON *data;
		struct frame frame;
		struct error back = { 0 };
		struct error err = { 0 };

		buf_init(&out, 4096);
		json_add(extra, "ids", cJSON_Parse("[1,2]"));
		CHECK(frame_add_error(&out, id, &rows[i], extra));
		CHECK_OK(frame_parse(str_sub(buf_str(&out), 0, out.n - 1), &frame, &err), err);
		frame_read_error(frame.error, &back);
		CHECK_INT(back.domain, rows[i].domain);
		CHECK_INT(back.advice, rows[i].advice);
		CHECK_INT(back.code, rows[i].code);
		CHECK_INT(back.retry_ms, rows[i].retry_ms);
		CHECK_TEXT(back.message, rows[i].message);
		data = json_get(frame.error, "data");
		CHECK_INT(json_i64(data, "exit", -1), error_exit_code(&rows[i]));
		CHECK_INT(json_bool(data, "retryable", false),
			rows[i].advice == ADVISE_RETRY || rows[i].advice == ADVISE_WAIT);
		CHECK_INT(cJSON_GetArraySize(json_get(data, "ids")), 2);
		/* JSON-RPC's own codes stay; the others are ours */
		CHECK_INT(json_i64(frame.error, "code", 0), rows[i].domain == ERROR_PROTO ? rows[i].code : -32000);
		frame_finish(&frame);
	}
}

static void test_frame__an_error_that_says_nothing_is_still_one(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *message;
	} rows[] = {
		{ "{}", 0, "an error without a text" },
		{ "{\"code\":-32700,\"message\":\"parse error\"}", -32700, "parse error" },
		{ "{\"code\":5,\"message\":7,\"data\":[]}", 5, "an error without a text" },
		{ "{\"data\":{\"domain\":\"moon\",\"advice\":\"dance\",\"code\":\"8\"}}", 8,
			"an error without a text" },
		{ "{\"message\":\"a\\u001b[31m\\nb\"}", 0, "a [31m b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(json_freep) cJSON *error = cJSON_Parse(rows[i].text);
		struct error err = { 0 };

		frame_read_error(error, &err);
		CHECK_INT(err.domain, ERROR_PROTO);
		CHECK_INT(err.advice, ADVISE_REJECT);
		CHECK_INT(err.code, rows[i].code);
		CHECK_TEXT(err.message, rows[i].message);
	}
}

static void test_exit_code__follows_advice_then_domain(void **state)
{
	static const struct {
		enum error_domain domain;
		enum error_advice advice;
		int code;
		enum exit_code want;
	} rows[] = {
		{ ERROR_MISSING, ADVISE_REJECT, 0, EXIT_CODE_MISSING },
		{ ERROR_ACCESS, ADVISE_REJECT, 0, EXIT_CODE_ACCESS },
		{ ERROR_STATE, ADVISE_REJECT, 0, EXIT_CODE_CONFLICT },
		{ ERROR_INPUT, ADVISE_REJECT, 0, EXIT_CODE_USAGE },
		{ ERROR_INPUT, ADVISE_REJECT, EXIT_CODE_BLOCKED, EXIT_CODE_BLOCKED },
		{ ERROR_PROTO, ADVISE_REJECT, -32601, EXIT_CODE_USAGE },
		{ ERROR_CONFIG, ADVISE_REJECT, 0, EXIT_CODE_FAILED },
		{ ERROR_PLATFORM, ADVISE_REJECT, 20016, EXIT_CODE_FAILED },
		{ ERROR_OS, ADVISE_RETRY, 0, EXIT_CODE_AGAIN },
		{ ERROR_STORE, ADVISE_RETRY, 5, EXIT_CODE_AGAIN },
		{ ERROR_PLATFORM, ADVISE_WAIT, 0, EXIT_CODE_QUOTA },
		{ ERROR_PLATFORM, ADVISE_REAUTH, 0, EXIT_CODE_ACCESS },
		{ ERROR_HTTP, ADVISE_VERIFY, 0, EXIT_CODE_UNKNOWN },
		{ ERROR_STATE, ADVISE_VERIFY, 0, EXIT_CODE_UNKNOWN },
		{ ERROR_STORE, ADVISE_BUG, 0, EXIT_CODE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct error err = { .domain = rows[i].domain, .advice = rows[i].advice, .code = rows[i].code };

		CHECK_INT(error_exit_code(&err), rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame__requests_answers_and_notifications_are_told_apart),
		cmocka_unit_test(test_frame__what_is_none_is_refused_with_its_code),
		cmocka_unit_test(test_frame__ids_come_back_as_they_were),
		cmocka_unit_test(test_frame__lines_are_one_line_and_read_back),
		cmocka_unit_test(test_frame__a_line_that_does_not_fit_leaves_nothing_behind),
		cmocka_unit_test(test_frame__errors_survive_the_wire),
		cmocka_unit_test(test_frame__an_error_that_says_nothing_is_still_one),
		cmocka_unit_test(test_exit_code__follows_advice_then_domain),
	};

	return check_run(tests);
}
