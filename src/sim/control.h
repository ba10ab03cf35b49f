/* The control interface under /sim/: what tests and rehearsals steer and inspect. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include <cjson/cJSON.h>

#include "core/str.h"
#include "sim/call.h"

/* Answer a request under /sim/. `body` is its body as it came. */
void control_run(struct call *call, struct str body);

/* Refuse: {"error": text} */
void control_refuse(struct call *call, int http_status, const char *text);

void control_citizen(struct call *call, const cJSON *request);

#endif
