/* What people name on the command line, as sends: "12", "12/weibo-main", "send:7", "ALL". */
#ifndef DAEMON_TARGETS_H
#define DAEMON_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"
#include "core/error.h"
#include "core/id.h"

struct tx;
struct call;

struct target {
	struct send_id id;
	char name[96];    /* as shown: "12/weibo-main", "send:7" */
	bool one_of_many; /* named through its post or ALL: left alone when it cannot */
};

struct target_list {
	struct target *items;
	size_t n;
	size_t cap;
	bool all; /* ALL was among the words: none is no mistake */
};

/* The list of texts in the parameter `name`. errors INPUT, MISSING naming the word */
bool targets_read(struct tx *tx, const struct call *call, const char *name, struct target_list *list,
	struct error *err) must_check;
/* One word. */
bool target_read(struct tx *tx, const char *word, struct target_list *list, struct error *err) must_check;
void target_list_finish(struct target_list *list);

#endif
