/* The larger parts of `gazette ticket`, each in a file of its own. */
#ifndef CLI_TICKET_VERBS_H
#define CLI_TICKET_VERBS_H

#include <stdbool.h>

#include "cli/command.h"
#include "core/buf.h"
#include "core/error.h"

/* ticket_page.c */
void ticket_page(struct cli *cli, const cJSON *ticket);
/* "Lin, comment, 5 min ago" */
void ticket_entry_head(struct cli *cli, struct buf *out, const cJSON *entry);

/* ticket_reply.c */
extern const struct option ticket_reply_options[];
bool ticket_reply(struct cli *cli, struct error *err);
/* -m TEXT or --file FILE; *ret_given false: neither. */
bool ticket_text_option(struct cli *cli, struct buf *out, bool *ret_given, struct error *err) must_check;

#endif
