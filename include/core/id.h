/*
 * Our own ids are distinct types: passing one for the other does not compile. Zero means none. A
 * platform's id is text, even when it looks like a number.
 */
#ifndef CORE_ID_H
#define CORE_ID_H

#include <stdint.h>

struct post_id {
	int64_t v;
};

struct send_id {
	int64_t v;
};

struct account_id {
	int64_t v;
};

struct ticket_id {
	int64_t v;
};

struct message_id {
	int64_t v;
};

#endif
