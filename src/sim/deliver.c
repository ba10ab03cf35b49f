/*
 * Ways of answering. A reset is a real one: connect(2) to AF_UNSPEC makes the kernel send RST at once, whatever MHD
 * does with the descriptor afterwards.
 */
#include "sim/deliver.h"

#include <sys/socket.h>

#include "core/mem.h"

#define GZIP_OVERHEAD 64
#define STORED_MAX    65535u

static const char html_page[] = "<html>\r\n<head><title>%d Server Error</title></head>\r\n"
				"<body><center><h1>%d Server Error</h1></center>\r\n"
				"<hr><center>WeiBo</center>\r\n</body>\r\n</html>\r\n";

void reset_connection(const struct exchange *exchange)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	(void)connect(exchange->fd, &nowhere, sizeof(nowhere));
}

static uint32_t crc32_of(const char *p, size_t n)
{
	uint32_t crc = ~UINT32_C(0);

	for (size_t i = 0; i < n; i++) {
		crc ^= (unsigned char)p[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & -(crc & 1));
		}
	}
	return ~crc;
}

static void add_le32(struct buf *out, uint32_t value)
{
	for (int i = 0; i < 4; i++) {
		buf_add_char(out, (char)(value >> (8 * i)));
	}
}

/* gzip with stored blocks: every decoder reads it, and no compressor is needed. */
static void gzip(struct exchange *exchange)
{
	static const char header[10] = { 0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, (char)0xff };
	size_t at = 0;
	struct buf out;

	buf_init(&out, exchange->answer_n + exchange->answer_n / 1000 + GZIP_OVERHEAD);
	buf_add(&out, header, sizeof(header));
	do {
		size_t n = exchange->answer_n - at < STORED_MAX ? exchange->answer_n - at : STORED_MAX;

		buf_add_char(&out, at + n == exchange->answer_n);
		buf_add_char(&out, (char)(n & 0xff));
		buf_add_char(&out, (char)(n >> 8));
		buf_add_char(&out, (char)(~n & 0xff));
		buf_add_char(&out, (char)((~n >> 8) & 0xff));
		buf_add(&out, exchange->answer + at, n);
		at += n;
	} while (at < exchange->answer_n);
	add_le32(&out, crc32_of(exchange->answer, exchange->answer_n));
	add_le32(&out, (uint32_t)exchange->answer_n);
	free(exchange->answer);
	exchange->answer_n = out.n;
	exchange->answer = buf_steal(&out);
	buf_finish(&out);
}

static void set_answer(struct exchange *exchange, int http_status, const char *content_type, const char *body)
{
	free(exchange->answer);
	free(exchange->location);
	exchange->location = NULL;
	exchange->http_status = http_status;
	exchange->content_type = content_type;
	exchange->answer = xstrdup(body);
	exchange->answer_n = strlen(body);
}

/* Body of a dripping answer: some bytes, then wait suspended for the next turn. */
static ssize_t drip(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *exchange = cls;
	size_t n = exchange->allowed - (size_t)pos;

	if (exchange->state == EXCHANGE_CLOSE) {
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (pos >= exchange->answer_n) {
		return MHD_CONTENT_READER_END_OF_STREAM;
	}
	if (n == 0) {
		server_hold(exchange, exchange->fate.delay_ms > 0 ? exchange->fate.delay_ms : 1);
		return 0;
	}
	if (n > max) {
		n = max;
	}
	memcpy(buf, exchange->answer + pos, n);
	return (ssize_t)n;
}

/* Half of the body, and a reset instead of the rest. */
static ssize_t break_off(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *exchange = cls;
	size_t half = exchange->answer_n / 2;
	size_t n = half - (size_t)pos;

	if (pos >= half) {
		reset_connection(exchange);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (n > max) {
		n = max;
	}
	memcpy(buf, exchange->answer + pos, n);
	return (ssize_t)n;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
	struct MHD_Response *response;

	switch (exchange->fate.effect) {
	case EFFECT_DRIP:
		exchange->allowed = (size_t)exchange->fate.chunk;
		if (exchange->allowed > exchange->answer_n) {
			exchange->allowed = exchange->answer_n;
		}
		return MHD_create_response_from_callback(exchange->answer_n, 4096, drip, exchange, NULL);
	case EFFECT_RESET_BODY:
		return MHD_create_response_from_callback(exchange->answer_n, 4096, break_off, exchange, NULL);
	case EFFECT_TRUNCATED:
		exchange->answer_n /= 2;
		break;
	case EFFECT_GZIP:
		gzip(exchange);
		break;
	case EFFECT_NONE:
	case EFFECT_TIMEOUT:
	case EFFECT_RESET:
	case EFFECT_HTML:
	case EFFECT_EMPTY:
	case EFFECT_REDIRECT:
	case EFFECT_DELAY:
	case EFFECT_ERROR:
		break;
	}
	response = MHD_create_response_from_buffer(exchange->answer_n, exchange->answer, MHD_RESPMEM_MUST_FREE);
	if (response) {
		exchange->answer = NULL;
	}
	return response;
}

enum MHD_Result deliver_held(struct exchange *exchange)
{
	struct MHD_Response *response = make_response(exchange);
	enum MHD_Result result;

	exchange->state = EXCHANGE_SENDING;
	if (!response) {
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, "Content-Type", exchange->content_type);
	if (exchange->location) {
		(void)MHD_add_response_header(response, "Location", exchange->location);
	}
	if (exchange->disposition) {
		(void)MHD_add_response_header(response, "Content-Disposition", exchange->disposition);
	}
	if (exchange->fate.effect == EFFECT_GZIP) {
		(void)MHD_add_response_header(response, "Content-Encoding", "gzip");
	}
	result = MHD_queue_response(exchange->connection, (unsigned)exchange->http_status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result deliver(struct exchange *exchange, struct call *call)
{
	char page[512];

	exchange->http_status = call->http_status;
	exchange->content_type = call->content_type;
	exchange->location = steal(&call->location);
	exchange->disposition = steal(&call->disposition);
	exchange->answer_n = call->body.n;
	exchange->answer = buf_steal(&call->body);
	switch (exchange->fate.effect) {
	case EFFECT_TIMEOUT:
		exchange->state = EXCHANGE_HELD;
		server_hold(exchange, exchange->fate.delay_ms);
		return MHD_YES;
	case EFFECT_RESET:
		reset_connection(exchange);
		return MHD_NO;
	case EFFECT_HTML:
		(void)snprintf(page, sizeof(page), html_page, exchange->fate.http_status, exchange->fate.http_status);
		set_answer(exchange, exchange->fate.http_status, "text/html", page);
		break;
	case EFFECT_EMPTY:
		set_answer(exchange, 200, "text/html", "");
		break;
	case EFFECT_REDIRECT:
		set_answer(exchange, 302, "text/html", "");
		exchange->location = xstrdup("https://passport.weibo.com/visitor/visitor?entry=openapi");
		break;
	case EFFECT_DELAY:
		exchange->state = EXCHANGE_HELD;
		server_hold(exchange, exchange->fate.delay_ms > 0 ? exchange->fate.delay_ms : 1);
		return MHD_YES;
	case EFFECT_NONE:
	case EFFECT_RESET_BODY:
	case EFFECT_TRUNCATED:
	case EFFECT_DRIP:
	case EFFECT_GZIP:
	case EFFECT_ERROR:
		break;
	}
	return deliver_held(exchange);
}

void deliver_due(struct exchange *exchange)
{
	if (exchange->state == EXCHANGE_SENDING) {
		exchange->allowed += (size_t)exchange->fate.chunk;
		if (exchange->allowed > exchange->answer_n) {
			exchange->allowed = exchange->answer_n;
		}
		return;
	}
	exchange->state = exchange->fate.effect == EFFECT_DELAY ? EXCHANGE_READY : EXCHANGE_CLOSE;
}
