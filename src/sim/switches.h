/*
 * The switches of an account as a table: reading them from a control request, showing them, storing them.
 */
#ifndef SIM_SWITCHES_H
#define SIM_SWITCHES_H

#include <cjson/cJSON.h>

#include "core/attr.h"
#include "core/error.h"
#include "sim/out.h"
#include "sim/world.h"

void switches_init(struct switches *set);
void switches_finish(struct switches *set);

/* True when `key` names a switch. */
bool switches_know(const char *key);

/* errors  INPUT/REJECT naming the key; nothing is changed then */
bool switches_set(struct switches *set, const char *key, const cJSON *value, struct error *err) must_check;
void switches_out(struct out *out, const struct switches *set);

const char *tier_name(enum tier tier);
bool tier_parse(const char *name, enum tier *ret_tier);

void words_finish(struct words *words);

#endif
