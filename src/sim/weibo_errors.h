/* Error codes of Weibo: HTTP status and text. */
#ifndef SIM_WEIBO_ERRORS_H
#define SIM_WEIBO_ERRORS_H

#include <stdint.h>

struct refusal {
	int64_t code;
	int http_status;
	const char *text;
};

/* Never fails: an unknown code gets a status by its class and a general text. */
struct refusal refusal_of(int64_t code);

#endif
