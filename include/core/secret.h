/*
 * A secret: a token, an application secret. No formatter accepts it; its bytes are reached only by
 * secret_lend(), which is easy to search for, and wiped when it is finished.
 */
#ifndef CORE_SECRET_H
#define CORE_SECRET_H

#include <stdbool.h>

#include "core/str.h"

struct secret {
	char *hidden; /* NULL when empty */
	size_t n;
};

void secret_set(struct secret *secret, struct str value); /* copies; wipes what was there */
void secret_copy(struct secret *secret, const struct secret *from);
void secret_finish(struct secret *secret);
bool secret_is_empty(const struct secret *secret);
struct str secret_lend(const struct secret *secret); /* terminated; "" when empty */

#endif
