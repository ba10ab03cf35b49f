/* The larger parts of `gazette ticket`, each in a file of its own. */
#ifndef CLI_TICKET_VERBS_H
#define CLI_TICKET_VERBS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

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
/* To one message of a ticket, not its newest. */
bool ticket_reply_to(struct cli *cli, int64_t ticket, int64_t message, struct error *err) must_check;
/* "until 27 Nov 14:00, in 3 h; 4 more replies", or that there is no answering any more; nothing without a window. */
void ticket_window_text(struct cli *cli, struct buf *out, const cJSON *ticket, bool *ret_closed);
/* -m TEXT or --file FILE; *ret_given false: neither. */
bool ticket_text_option(struct cli *cli, struct buf *out, bool *ret_given, struct error *err) must_check;

#endif
