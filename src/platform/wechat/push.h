/*
 * Between the files that take pushes: push.c knows who it comes from and what is in the envelope, push_read.c what it
 * says.
 */
#ifndef PLATFORM_WECHAT_PUSH_H
#define PLATFORM_WECHAT_PUSH_H

#include <stdint.h>

#include "codec/xml.h"
#include "platform/driver.h"

/* The message that was in the envelope, as messages and events, and whom an answer goes to. */
void wechat_push_read(const struct xml *xml, int64_t now_at, struct push_result *ret);

#endif
