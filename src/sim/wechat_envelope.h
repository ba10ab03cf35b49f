/* A push as it goes over the wire, and what its answer means. Pure, but for random numbers. */
#ifndef SIM_WECHAT_ENVELOPE_H
#define SIM_WECHAT_ENVELOPE_H

#include "core/buf.h"
#include "sim/wechat_world.h"

struct wx_letter {
	const struct wx_push_order *order;
	const char *to; /* openid of whom it comes from; "": nobody */
	int64_t now_at;
	char nonce[16];
	char echo[24]; /* verify: what must come back */
};

/* The whole HTTP request for the account's callback address. False: the address is none, or the mode has no key. */
bool wx_letter_write(struct wx_letter *letter, struct buf *out);

enum wx_verdict {
	WX_SAID_NOTHING, /* success, or an empty body */
	WX_SAID,         /* a reply; see `saw` */
	WX_INVALID,
};

struct wx_answer {
	enum wx_verdict verdict;
	const char *why; /* WX_INVALID */
	char *saw;       /* WX_SAID: free() it */
	char type[40];
};

void wx_answer_read(const struct wx_letter *letter, struct str body, struct wx_answer *ret);

struct wx_url {
	char host[64];
	char port[8];
	char path[512];
};
/* http:// and an address of this machine only: a rehearsal does not leave it. */
bool wx_url_parse(const char *text, struct wx_url *ret);

#endif
