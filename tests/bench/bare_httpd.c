/*
 * The yardstick for pushes: bare libmicrohttpd that reads a body, remembers nothing and says "success". Prints
 * "listening on 127.0.0.1:PORT"; ends when its standard input does.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "core/attr.h"

static enum MHD_Result on_access(void *cls unused_arg, struct MHD_Connection *connection, const char *path unused_arg,
	const char *method unused_arg, const char *version unused_arg, const char *body unused_arg, size_t *body_n,
	void **req_cls)
{
	static char answer[] = "success";
	static int begun;
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!*req_cls) {
		*req_cls = &begun;
		return MHD_YES;
	}
	if (*body_n > 0) {
		*body_n = 0;
		return MHD_YES;
	}
	response = MHD_create_response_from_buffer(strlen(answer), answer, MHD_RESPMEM_PERSISTENT);
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

int main(void)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL,
		on_access, NULL, MHD_OPTION_CONNECTION_LIMIT, 1024u, MHD_OPTION_END);
	const union MHD_DaemonInfo *info = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	char byte;

	if (!info) {
		(void)fprintf(stderr, "bare_httpd: cannot start\n");
		return 1;
	}
	(void)printf("listening on 127.0.0.1:%u\n", (unsigned)info->port);
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
	MHD_stop_daemon(daemon);
	return 0;
}
