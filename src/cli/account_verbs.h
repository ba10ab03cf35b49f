/* The larger verbs of `gazette account`, each in a file of its own. */
#ifndef CLI_ACCOUNT_VERBS_H
#define CLI_ACCOUNT_VERBS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "cli/command.h"
#include "cli/output.h"
#include "core/error.h"

/* One of the platform's own calls; takes params (NULL: none), gives what it answered. `looks`: it changes nothing. */
bool account_call(struct cli *cli, const char *name, const char *call, cJSON *params, bool looks, cJSON **ret_result,
	struct error *err) must_check;
/* Asks on the terminal unless --yes was given; elsewhere --yes is wanted. errors INPUT: usage, or the answer was no */
bool account_confirm(struct cli *cli, const char *question, struct error *err) must_check;

/* account_page.c: one account for people */
void account_page(struct cli *cli, const cJSON *account);

/* account_menu.c */
extern const struct option account_menu_options[];
extern const struct shape account_menu_shape;
bool account_menu(struct cli *cli, struct error *err);

/* account_qr.c */
extern const struct option account_qr_options[];
extern const struct shape account_qr_shape;
bool account_qr(struct cli *cli, struct error *err);

/* account_topics.c */
extern const struct option account_topics_options[];
extern const struct shape account_topics_shape;
bool account_topics(struct cli *cli, struct error *err);

/* account_purge.c */
extern const struct option account_purge_options[];
extern const struct shape account_purge_shape;
bool account_purge(struct cli *cli, struct error *err);

#endif
