/*
 * Secrets: copied in, lent out, wiped. Invariant: hidden is NULL exactly when n is 0, else terminated by a NUL.
 * What libraries copy out of a lent secret is theirs and not wiped.
 */
#include "core/secret.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void secret_set(struct secret *secret, struct str value)
{
	char *hidden = NULL;

	/* The copy first: the value may be lent from this very secret. */
	if (value.n > 0) {
		hidden = xcalloc(value.n + 1, 1);
		memcpy(hidden, value.p, value.n);
	}
	secret_finish(secret);
	*secret = (struct secret){ hidden, value.n };
}

void secret_copy(struct secret *secret, const struct secret *from)
{
	secret_set(secret, secret_lend(from));
}

void secret_finish(struct secret *secret)
{
	if (secret->hidden) {
		explicit_bzero(secret->hidden, secret->n);
		free(secret->hidden);
	}
	*secret = (struct secret){ 0 };
}

bool secret_is_empty(const struct secret *secret)
{
	return secret->n == 0;
}

struct str secret_lend(const struct secret *secret)
{
	return secret->hidden ? (struct str){ secret->hidden, secret->n } : (struct str){ "", 0 };
}
