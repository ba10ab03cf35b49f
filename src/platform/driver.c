/*
 * The registry of drivers, and what every driver needs of operations and outcomes. Not for any one platform.
 *
 * The table is made by the build from the list in src/platform/meson.build.
 */
#include "platform/driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers.gen.h"

#define X(name) extern const struct driver driver_##name;
DRIVERS(X)
#undef X

#define X(name) &driver_##name,
const struct driver *const drivers[] = { DRIVERS(X) NULL };
#undef X

const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; name && drivers[i]; i++) {
		if (!strcmp(drivers[i]->name, name)) {
			return drivers[i];
		}
	}
	return NULL;
}

void op_init(struct driver_op *op, const struct driver *driver, enum driver_op_kind kind,
	const struct driver_account *account)
{
	*op = (struct driver_op){ .driver = driver, .kind = kind, .account = account };
}

void op_finish(struct driver_op *op)
{
	free(op->cursor);
	free(op->high);
	free(op->scratch);
	*op = (struct driver_op){ 0 };
}

void outcome_init(struct outcome *outcome)
{
	*outcome = (struct outcome){ .quota = -1 };
	for (size_t i = 0; i < DRIVER_QUOTAS_MAX; i++) {
		outcome->remaining[i] = -1;
	}
}

void outcome_finish(struct outcome *outcome)
{
	free(outcome->remote_id);
	free(outcome->url);
	free(outcome->note);
	message_list_finish(&outcome->messages);
	free(outcome->since);
	secret_finish(&outcome->token);
	free(outcome->remote_uid);
	outcome_init(outcome);
}

void outcome_fail(
	struct outcome *outcome, enum error_domain domain, enum error_advice advice, int code, const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	outcome->kind = OUTCOME_ERROR;
	(void)error_set(&outcome->error, domain, advice, code, "%s", message);
}
