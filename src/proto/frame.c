/* Frames of the control protocol: JSON-RPC 2.0, one object per line. Reads hostile bytes; writes lines that hold no LF
 * inside. */
#include "proto/frame.h"

#include <string.h>

#include "codec/json.h"

#define RPC_PARSE   (-32700)
#define RPC_INVALID (-32600)
#define RPC_FAILED  (-32000)

static bool refuse(struct frame *frame, struct error *err, const char *what)
{
	frame_finish(frame);
	return error_set(err, ERROR_PROTO, ADVISE_REJECT, RPC_INVALID, "%s", what);
}

/* Behind the text at the front of *rest, quotes and all; true when it reads "id" as it stands. */
static bool skip_text(struct str *rest)
{
	struct str text = *rest;
	size_t n = 1;

	while (n < text.n && text.p[n] != '"') {
		n += text.p[n] == '\\' ? 2 : 1;
	}
	*rest = str_sub(text, n + 1, text.n);
	return str_is(str_sub(text, 0, n + 1), "\"id\"");
}

/* Whether the id of a frame that was parsed stands in it as a number. */
static bool id_is_number(struct str line)
{
	struct str rest = line;
	int depth = 0;

	while (rest.n > 0) {
		char c = rest.p[0];

		if (c == '"') {
			bool is_id = skip_text(&rest) && depth == 1;
			struct str value = str_trim(rest);

			if (is_id && str_starts(value, STR(":"))) {
				return !str_starts(str_trim(str_sub(value, 1, value.n)), STR("\""));
			}
			continue;
		}
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		rest = str_sub(rest, 1, rest.n);
	}
	return false;
}

/* json_parse() makes a text of a long number; a client that counts in nanoseconds wants its number back. */
static void restore_number(cJSON *whole, struct str line)
{
	struct str id = json_str(whole, "id");
	cJSON *raw;

	for (size_t i = 0; i < id.n; i++) {
		if (!(id.p[i] >= '0' && id.p[i] <= '9') && !(i == 0 && id.p[i] == '-')) {
			return;
		}
	}
	raw = id.n > 0 && id_is_number(line) ? cJSON_CreateRaw(id.p) : NULL;
	if (raw) {
		(void)cJSON_ReplaceItemInObjectCaseSensitive(whole, "id", raw);
	}
}

bool frame_parse(struct str line, struct frame *ret_frame, struct error *err)
{
	struct frame frame = { 0 };
	struct error parse_err = { 0 };
	const cJSON *method;

	if (!json_parse(line, &frame.whole, &parse_err)) {
		return error_set(err, ERROR_PROTO, ADVISE_REJECT, RPC_PARSE, "%s", parse_err.message);
	}
	if (!cJSON_IsObject(frame.whole)) {
		return refuse(&frame, err, "a frame must be one JSON object");
	}
	if (!str_is(json_str(frame.whole, "jsonrpc"), "2.0")) {
		return refuse(&frame, err, "jsonrpc must be \"2.0\"");
	}
	restore_number(frame.whole, line);
	frame.id = json_get(frame.whole, "id");
	if (frame.id && !cJSON_IsNumber(frame.id) && !cJSON_IsRaw(frame.id) && !cJSON_IsString(frame.id) &&
		!cJSON_IsNull(frame.id)) {
		return refuse(&frame, err, "id must be a number or a text");
	}
	method = json_get(frame.whole, "method");
	if (method && !cJSON_IsString(method)) {
		return refuse(&frame, err, "method must be a text");
	}
	frame.method = method ? method->valuestring : NULL;
	frame.params = json_get(frame.whole, "params");
	if (frame.params && !cJSON_IsObject(frame.params)) {
		return refuse(&frame, err, "params must be an object");
	}
	frame.result = json_get(frame.whole, "result");
	frame.error = json_get(frame.whole, "error");
	if (frame.error && !cJSON_IsObject(frame.error)) {
		return refuse(&frame, err, "error must be an object");
	}
	if (!frame.method && !frame.result && !frame.error) {
		return refuse(&frame, err, "a frame needs a method, a result or an error");
	}
	*ret_frame = frame;
	return true;
}

void frame_finish(struct frame *frame)
{
	cJSON_Delete(frame->whole);
	*frame = (struct frame){ 0 };
}

static cJSON *envelope(void)
{
	cJSON *whole = json_object();

	json_add_text(whole, "jsonrpc", "2.0");
	return whole;
}

static void add_id(cJSON *whole, const cJSON *id)
{
	json_add(whole, "id", id ? cJSON_Duplicate(id, true) : cJSON_CreateNull());
}

static bool finish_line(struct buf *out, cJSON *whole)
{
	size_t before = out->n;
	bool failed = out->failed;
	bool ok = json_print(out, whole) && buf_add_char(out, '\n');

	if (!ok) {
		/* Half a line would take the next one with it. */
		out->n = before;
		if (out->cap) {
			out->p[before] = '\0';
		}
		out->failed = failed;
	}
	cJSON_Delete(whole);
	return ok;
}

bool frame_add_request(struct buf *out, int64_t id, const char *method, const cJSON *params)
{
	cJSON *whole = envelope();

	json_add_i64(whole, "id", id);
	json_add_text(whole, "method", method);
	if (params) {
		json_add(whole, "params", cJSON_Duplicate(params, true));
	}
	return finish_line(out, whole);
}

bool frame_add_result(struct buf *out, const cJSON *id, const cJSON *result)
{
	cJSON *whole = envelope();

	add_id(whole, id);
	json_add(whole, "result", result ? cJSON_Duplicate(result, true) : json_object());
	return finish_line(out, whole);
}

bool frame_add_notification(struct buf *out, const char *method, const cJSON *params)
{
	cJSON *whole = envelope();

	json_add_text(whole, "method", method);
	if (params) {
		json_add(whole, "params", cJSON_Duplicate(params, true));
	}
	return finish_line(out, whole);
}

bool frame_add_error(struct buf *out, const cJSON *id, const struct error *err, const cJSON *extra)
{
	cJSON *whole = envelope();
	cJSON *error = json_object();
	cJSON *data = json_object();
	const cJSON *item;

	add_id(whole, id);
	json_add_i64(error, "code", err->domain == ERROR_PROTO && err->code ? err->code : RPC_FAILED);
	json_add_text(error, "message", err->message);
	json_add_text(data, "domain", error_domain_name(err->domain));
	json_add_text(data, "advice", error_advice_name(err->advice));
	json_add_i64(data, "code", err->code);
	if (err->retry_ms > 0) {
		json_add_i64(data, "retry_ms", err->retry_ms);
	}
	json_add_bool(data, "retryable", err->advice == ADVISE_RETRY || err->advice == ADVISE_WAIT);
	json_add_i64(data, "exit", error_exit_code(err));
	cJSON_ArrayForEach(item, extra)
	{
		json_add(data, item->string, cJSON_Duplicate(item, true));
	}
	json_add(error, "data", data);
	json_add(whole, "error", error);
	return finish_line(out, whole);
}

void frame_read_error(const cJSON *error, struct error *ret_err)
{
	const cJSON *data = json_get(error, "data");
	enum error_domain domain = ERROR_PROTO;
	enum error_advice advice = ADVISE_REJECT;

	(void)error_domain_parse(json_text(data, "domain", "proto"), &domain);
	(void)error_advice_parse(json_text(data, "advice", "reject"), &advice);
	(void)error_set(ret_err, domain, advice, (int)json_i64(data, "code", json_i64(error, "code", 0)), "%s",
		json_text(error, "message", "an error without a text"));
	ret_err->retry_ms = json_i64(data, "retry_ms", 0);
}

enum exit_code error_exit_code(const struct error *err)
{
	switch (err->advice) {
	case ADVISE_WAIT:
		return EXIT_CODE_QUOTA;
	case ADVISE_REAUTH:
		return EXIT_CODE_ACCESS;
	case ADVISE_VERIFY:
		return EXIT_CODE_UNKNOWN;
	case ADVISE_RETRY:
		return EXIT_CODE_AGAIN;
	case ADVISE_NONE:
	case ADVISE_REJECT:
	case ADVISE_BUG:
		break;
	}
	switch (err->domain) {
	case ERROR_MISSING:
		return EXIT_CODE_MISSING;
	case ERROR_ACCESS:
		return EXIT_CODE_ACCESS;
	case ERROR_STATE:
		return EXIT_CODE_CONFLICT;
	case ERROR_INPUT:
		return err->code == EXIT_CODE_BLOCKED ? EXIT_CODE_BLOCKED : EXIT_CODE_USAGE;
	case ERROR_PROTO:
		return EXIT_CODE_USAGE;
	case ERROR_NONE:
	case ERROR_OS:
	case ERROR_STORE:
	case ERROR_HTTP:
	case ERROR_CONFIG:
	case ERROR_PLATFORM:
		return EXIT_CODE_FAILED;
	}
	return EXIT_CODE_FAILED;
}
