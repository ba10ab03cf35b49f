/*
 * Citizens' messages as WeChat pushes them (plain mode, signed), many at a time over kept connections; how long each
 * answer takes. Every so many-th push repeats the one before it, with a signature of its own, while that one may still
 * be under way: as the platform does when it is impatient.
 *
 *   push_load PORT ACCOUNT TOKEN PUSHES PARALLEL REPEAT_EVERY [PER_SECOND]
 *
 * REPEAT_EVERY 0: none is repeated. PER_SECOND: not more than so many; else as many as are answered.
 *
 * One line of JSON: pushes, messages (different ones), p50_us, p99_us, max_us, per_second. Exit 1 when an answer was
 * not 200.
 */
#include <inttypes.h>

#include "codec/digest.h"
#include "http_load.h"

#define TOKEN_MAX 64

static const char *account;
static const char *token;
static int64_t repeat_every;

/* The message of the n-th push. */
static int64_t message_of(int64_t n)
{
	return repeat_every > 0 && n % repeat_every == repeat_every - 1 ? n - 1 : n;
}

static int compose(char *request, size_t size, int64_t number)
{
	struct str parts[3];
	char hex[41];
	int64_t message = message_of(number);
	char timestamp[24];
	char nonce[24];
	char body[1024];

	(void)snprintf(timestamp, sizeof(timestamp), "%" PRId64, (int64_t)time(NULL));
	(void)snprintf(nonce, sizeof(nonce), "%" PRId64, number + 1);
	parts[0] = str_from(token);
	parts[1] = str_from(timestamp);
	parts[2] = str_from(nonce);
	digest_sha1_sorted_hex(parts, ARRAY_LEN(parts), hex);
	(void)snprintf(body, sizeof(body),
		"<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
		"<FromUserName><![CDATA[oBENCH%022" PRId64 "]]></FromUserName><CreateTime>%s</CreateTime>"
		"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[请问第 %" PRId64 " 号窗口几点开门？]]></Content>"
		"<MsgId>%" PRId64 "</MsgId></xml>",
		message, timestamp, message, INT64_C(7000000000000000000) + message);
	return snprintf(request, size,
		"POST /callback/%s?signature=%s&timestamp=%s&nonce=%s&openid=oBENCH%022" PRId64 " HTTP/1.1\r\n"
		"Host: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n\r\n%s",
		account, hex, timestamp, nonce, message, strlen(body), body);
}

int main(int argc, char **argv)
{
	struct load load = { .name = "push_load", .compose = compose };
	int64_t messages = 0;

	if (argc < 7 || argc > 8 || !str_to_i64(str_from(argv[1]), 1, 65535, &load.port) ||
		strlen(argv[3]) > TOKEN_MAX || !str_to_i64(str_from(argv[4]), 1, 100000000, &load.requests) ||
		!str_to_i64(str_from(argv[5]), 1, 4096, &load.parallel) ||
		!str_to_i64(str_from(argv[6]), 0, 1000000, &repeat_every) ||
		(argc > 7 && !str_to_i64(str_from(argv[7]), 1, 1000000, &load.per_second))) {
		(void)fprintf(
			stderr, "usage: push_load PORT ACCOUNT TOKEN PUSHES PARALLEL REPEAT_EVERY [PER_SECOND]\n");
		return 2;
	}
	account = argv[2];
	token = argv[3];
	load_run(&load);
	for (int64_t i = 0; i < load.requests; i++) {
		messages += message_of(i) == i;
	}
	(void)printf("{\"pushes\":%" PRId64 ",\"messages\":%" PRId64 ",\"refused\":%" PRId64 ",\"p50_us\":%" PRId64
		     ",\"p99_us\":%" PRId64 ",\"max_us\":%" PRId64 ",\"per_second\":%" PRId64 "}\n",
		load.requests, messages, load.refused, load.took_us[load.requests / 2],
		load.took_us[load.requests * 99 / 100], load.took_us[load.requests - 1],
		load.requests * 1000000 / (load.lasted_us > 0 ? load.lasted_us : 1));
	free(load.took_us);
	return load.refused > 0;
}
