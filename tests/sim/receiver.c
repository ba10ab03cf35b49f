/*
 * A callback receiver for tests of the simulator: what an account's server would be. Every connection is a process of
 * its own, so that one may hang. It keeps each request and answers as DIR/answer says:
 *
 *   status 200 TEXT...    this status, and TEXT as the body
 *   verify                echostr
 *   reply TEXT...         a passive reply to whom the push came from, encrypted when the push was
 *   plain TEXT...         the same, never encrypted
 *   other-key TEXT...     the same, encrypted with a key of nobody
 *   hang                  nothing
 *   close                 nothing, and the end of the connection
 *
 * usage: receiver DIR TOKEN AESKEY APPID; prints its port. DIR/N.url, DIR/N.body, DIR/N.plain (decrypted) are written
 * before the answer leaves.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "sim/wechat_crypt.h"
#include "sim/wechat_xml.h"

#define REQUEST_MAX_BYTES (16u << 20)
#define OTHER_KEY         "OTHEROTHEROTHEROTHEROTHEROTHEROTHEROTHEROTH"

static const char *dir;
static const char *token;
static const char *aes_key;
static const char *appid;

static void save(int number, const char *what, struct str text)
{
	char path[512];
	char temporary[520];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%d.%s", dir, number, what);
	(void)snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "wb");
	if (!file || fwrite(text.p, 1, text.n, file) != text.n || fclose(file) != 0 || rename(temporary, path) != 0) {
		_exit(1);
	}
}

static void read_file(const char *name, struct buf *out)
{
	char path[512];
	char chunk[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "rb");
	while (file && (n = fread(chunk, 1, sizeof(chunk), file)) > 0) {
		(void)buf_add(out, chunk, n);
	}
	if (file) {
		(void)fclose(file);
	}
}

static struct str query(struct str url, const char *name)
{
	struct str pair;

	(void)str_split(&url, '?', &pair);
	while (str_split(&url, '&', &pair)) {
		struct str key;

		if (str_split(&pair, '=', &key) && str_is(key, name)) {
			return pair;
		}
	}
	return (struct str){ 0 };
}

/* The whole of one request; false when the client left. */
static bool read_request(int fd, struct buf *in, struct str *ret_url, struct str *ret_body)
{
	static const char length[] = "Content-Length:";
	char chunk[65536];
	int64_t n_body = 0;

	for (;;) {
		ptrdiff_t head = str_find(buf_str(in), STR("\r\n\r\n"));
		ssize_t n;

		if (head >= 0) {
			struct str text = str_sub(buf_str(in), 0, (size_t)head);
			ptrdiff_t at = str_find(text, str_from(length));
			struct str line = at < 0 ? STR("0") : str_sub(text, (size_t)at + sizeof(length) - 1, text.n);

			(void)str_split(&line, '\r', &text);
			if (!str_to_i64(str_trim(text), 0, REQUEST_MAX_BYTES, &n_body)) {
				n_body = 0;
			}
			if (in->n >= (size_t)head + 4 + (size_t)n_body) {
				struct str rest = buf_str(in);

				(void)str_split(&rest, ' ', &text);
				(void)str_split(&rest, ' ', ret_url);
				*ret_body = str_sub(buf_str(in), (size_t)head + 4, (size_t)n_body);
				return true;
			}
		}
		n = recv(fd, chunk, sizeof(chunk), 0);
		if (n <= 0 || !buf_add(in, chunk, (size_t)n)) {
			return false;
		}
	}
}

static void answer(int fd, const char *status, struct str body)
{
	struct buf out;

	buf_init(&out, REQUEST_MAX_BYTES);
	(void)buf_printf(&out, "HTTP/1.1 %s X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, body.n);
	(void)buf_add_str(&out, body);
	(void)send(fd, out.p, out.n, MSG_NOSIGNAL);
	buf_finish(&out);
}

static void seal(struct str url, struct str key, struct buf *reply)
{
	struct str parts[4] = { str_from(token), STR("1764000030"), query(url, "nonce"), { 0 } };
	struct buf encrypted, out;
	char signature[41];

	buf_init(&encrypted, REQUEST_MAX_BYTES);
	buf_init(&out, REQUEST_MAX_BYTES);
	(void)wx_encrypt(key, str_from(appid), buf_str(reply), "0123456789abcdef", 0, &encrypted);
	parts[3] = buf_str(&encrypted);
	wx_signature(parts, 4, signature);
	(void)buf_add_text(&out, "<xml>");
	wx_xml_cdata(&out, "Encrypt", parts[3]);
	wx_xml_cdata(&out, "MsgSignature", str_from(signature));
	(void)buf_add_text(&out, "<TimeStamp>1764000030</TimeStamp>\n");
	wx_xml_cdata(&out, "Nonce", parts[2]);
	(void)buf_add_text(&out, "</xml>");
	buf_finish(&encrypted);
	buf_finish(reply);
	*reply = out;
}

static void write_reply(const struct wx_xml *xml, struct str content, struct buf *out)
{
	(void)buf_add_text(out, "<xml>");
	wx_xml_cdata(out, "ToUserName", str_from(wx_xml_text(xml, "FromUserName")));
	wx_xml_cdata(out, "FromUserName", str_from(wx_xml_text(xml, "ToUserName")));
	(void)buf_add_text(out, "<CreateTime>1764000030</CreateTime>\n");
	wx_xml_cdata(out, "MsgType", STR("text"));
	wx_xml_cdata(out, "Content", content);
	(void)buf_add_text(out, "</xml>");
}

static void act(int fd, struct str url, struct str plain)
{
	cleanup(wx_xml_freep) struct wx_xml *xml = wx_xml_parse(plain);
	struct buf text, reply;
	struct str rest, mode, status;

	buf_init(&text, REQUEST_MAX_BYTES);
	buf_init(&reply, REQUEST_MAX_BYTES);
	read_file("answer", &text);
	rest = buf_str(&text);
	(void)str_split(&rest, ' ', &mode);
	if (str_is(mode, "hang")) {
		(void)pause();
	} else if (str_is(mode, "verify")) {
		answer(fd, "200", query(url, "echostr"));
	} else if (str_is(mode, "status")) {
		char number[4] = "";

		(void)str_split(&rest, ' ', &status);
		(void)snprintf(number, sizeof(number), STR_FMT, STR_ARG(status));
		answer(fd, number, rest);
	} else if (xml && !str_is(mode, "close")) {
		write_reply(xml, rest, &reply);
		if (!str_is(mode, "plain") && query(url, "msg_signature").n) {
			seal(url, str_is(mode, "other-key") ? STR(OTHER_KEY) : str_from(aes_key), &reply);
		}
		answer(fd, "200", buf_str(&reply));
	}
	buf_finish(&text);
	buf_finish(&reply);
}

static void serve(int fd, int number)
{
	struct buf in, plain;
	struct str url, body;

	buf_init(&in, REQUEST_MAX_BYTES + 65536);
	buf_init(&plain, REQUEST_MAX_BYTES);
	if (read_request(fd, &in, &url, &body)) {
		cleanup(wx_xml_freep) struct wx_xml *xml = wx_xml_parse(body);
		const char *encrypted = xml ? wx_xml_text(xml, "Encrypt") : NULL;

		if (!encrypted ||
			wx_decrypt(str_from(aes_key), str_from(appid), str_from(encrypted), &plain) != WX_CRYPT_OK) {
			(void)buf_add_str(&plain, body);
		}
		save(number, "body", body);
		save(number, "plain", buf_str(&plain));
		save(number, "url", url);
		act(fd, url, buf_str(&plain));
	}
	buf_finish(&in);
	buf_finish(&plain);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 5 || bind(fd, (struct sockaddr *)&address, n) < 0 || listen(fd, 64) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &n) < 0) {
		return 1;
	}
	dir = argv[1];
	token = argv[2];
	aes_key = argv[3];
	appid = argv[4];
	(void)signal(SIGCHLD, SIG_IGN);
	(void)printf("%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	for (int number = 1;; number++) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0 && fork() == 0) {
			(void)close(fd);
			(void)signal(SIGTERM, SIG_DFL);
			(void)alarm(30);
			serve(client, number);
			_exit(0);
		}
		(void)close(client);
	}
}
