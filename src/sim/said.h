/* The duplicate rule of Weibo (20019, 20017). */
#ifndef SIM_SAID_H
#define SIM_SAID_H

#include "core/str.h"
#include "sim/world.h"

enum said_verdict { SAID_NEW, SAID_SAME, SAID_SIMILAR };

/* Would `account` repeat itself with `text`? `said` is one of its two logs. */
enum said_verdict said_check(
	const struct sim *sim, const struct account *account, const struct said_log *said, struct str text);
void said_add(struct said_log *said, struct str text, int64_t at);
void said_finish(struct said_log *said);

#endif
