/* The interfaces of the platform as a table. */
#ifndef SIM_ROUTES_H
#define SIM_ROUTES_H

#include "sim/call.h"

/* "/2/statuses/update/biz.json" finds the route of "/2/statuses/update.json". NULL: 10020. */
const struct route *route_find(const char *path);
const char *route_path(const char *path); /* the table's own copy of a route's path, or NULL */
void route_counted(struct sim *sim, const struct route *route, bool refused);
void routes_out(struct out *out, const struct sim *sim);

#endif
