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

#include "core/mem.h"
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
	free(outcome->progress);
	free(outcome->job_id);
	free(outcome->thread_id);
	driver_upload_finish(&outcome->upload);
	cJSON_Delete(outcome->json);
	buf_finish(&outcome->media);
	free(outcome->media_type);
	outcome_init(outcome);
}

void driver_upload_finish(struct driver_upload *upload)
{
	free(upload->purpose);
	free(upload->sha256);
	free(upload->remote_id);
	free(upload->url);
	*upload = (struct driver_upload){ 0 };
}

void push_result_init(struct push_result *result)
{
	*result = (struct push_result){ .key = -1 };
}

struct push_event *push_result_add_event(struct push_result *result)
{
	array_grow(result->events, result->n_events, result->cap_events);
	result->events[result->n_events] = (struct push_event){ 0 };
	return &result->events[result->n_events++];
}

void push_result_finish(struct push_result *result)
{
	free(result->answer);
	message_list_finish(&result->messages);
	for (size_t i = 0; i < result->n_events; i++) {
		struct push_event *event = &result->events[i];

		free(event->dedupe);
		free(event->author_id);
		free(event->key);
		free(event->job_id);
		free(event->remote_id);
		free(event->url);
		free(event->text);
	}
	free(result->events);
	free(result->to);
	free(result->from);
	free(result->nonce);
	push_result_init(result);
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
