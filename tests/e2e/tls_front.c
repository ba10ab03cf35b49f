/*
 * A TLS front for tests: takes https on a port of its own and passes what is in it to a server on loopback, a process
 * per connection. Says "listening on 127.0.0.1:PORT". Started with several certificates one after the other it plays
 * the right platform, the wrong one, an expired one.
 *
 *   tls_front CERTIFICATE KEY BACKEND-PORT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "core/str.h"

static int fail(const char *what)
{
	(void)fprintf(stderr, "tls_front: %s\n", what);
	ERR_print_errors_fp(stderr);
	return 1;
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
}

static bool write_all(int fd, const char *p, ssize_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, (size_t)n);

		if (done <= 0) {
			return false;
		}
		p += done;
		n -= done;
	}
	return true;
}

/* Blocking reads after poll() are fine here: records are small and one side answers the other. */
static void pass(SSL *ssl, int client, int backend)
{
	char chunk[16384];

	for (;;) {
		struct pollfd fds[2] = { { .fd = client, .events = POLLIN }, { .fd = backend, .events = POLLIN } };
		ssize_t n;

		if (SSL_pending(ssl) == 0 && poll(fds, 2, -1) < 0) {
			return;
		}
		if (SSL_pending(ssl) > 0 || fds[0].revents) {
			n = SSL_read(ssl, chunk, sizeof(chunk));
			if (n <= 0 || !write_all(backend, chunk, n)) {
				return;
			}
		}
		if (fds[1].revents) {
			n = read(backend, chunk, sizeof(chunk));
			if (n <= 0 || SSL_write(ssl, chunk, (int)n) <= 0) {
				return;
			}
		}
	}
}

static int serve(SSL_CTX *context, int client, int backend_port)
{
	struct sockaddr_in address = loopback(backend_port);
	int backend = socket(AF_INET, SOCK_STREAM, 0);
	SSL *ssl = SSL_new(context);

	if (!ssl || backend < 0 || SSL_set_fd(ssl, client) != 1 || SSL_accept(ssl) != 1 ||
		connect(backend, (struct sockaddr *)&address, sizeof(address)) < 0) {
		return 1;
	}
	pass(ssl, client, backend);
	(void)SSL_shutdown(ssl);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = loopback(0);
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);
	int64_t port;

	if (argc != 4 || !str_to_i64(str_from(argv[3]), 1, 65535, &port)) {
		return fail("usage: tls_front CERTIFICATE KEY BACKEND-PORT");
	}
	if (!context || SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
		SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1) {
		return fail("the certificate or its key cannot be used");
	}
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(listener, 64) < 0 || getsockname(listener, (struct sockaddr *)&address, &size) < 0) {
		return fail("cannot listen");
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	(void)printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	for (;;) {
		int client = accept(listener, NULL, NULL);

		if (client >= 0 && fork() == 0) {
			close(listener);
			_exit(serve(context, client, (int)port));
		}
		if (client >= 0) {
			close(client);
		}
	}
}
