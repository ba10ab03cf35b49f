/*
 * The text of JSON as it came, before its escapes are undone: the platform measures titles that way, so that a client
 * that escapes Chinese meets limits a sixth of what they should be.
 */
#ifndef SIM_WECHAT_RAW_H
#define SIM_WECHAT_RAW_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

/* For text that json_parse() took. The value's own bytes, quotes included; empty: there is none. */
struct str wx_raw_member(struct str object, const char *key);
struct str wx_raw_element(struct str array, size_t i);

/* Code points of a string value, \uXXXX as six and other escapes as one. */
size_t wx_raw_units(struct str string);
bool wx_raw_has_unicode_escape(struct str text);

#endif
