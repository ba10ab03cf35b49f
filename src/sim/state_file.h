/*
 * The optional state file: JSON, one record per line, appended as things happen and written anew at the start. What
 * a client was told before the simulator was killed is in it.
 */
#ifndef SIM_STATE_FILE_H
#define SIM_STATE_FILE_H

#include "core/attr.h"
#include "core/error.h"
#include "sim/world.h"

struct state_file;

/* Read what is there into `sim` (accounts already exist), write it anew, and keep it open for appending. */
bool state_open(struct sim *sim, const char *path, struct error *err) must_check;
void state_close(struct state_file *state); /* accepts NULL */

/* Note that this is new or has changed. Nothing happens without a state file. */
void state_user(struct sim *sim, const struct user *user);
void state_status(struct sim *sim, const struct status *status);
void state_comment(struct sim *sim, const struct comment *comment);
void state_token(struct sim *sim, const struct token *token);
void state_picture(struct sim *sim, const struct picture *picture);
void state_entry(struct sim *sim, const struct entry *entry);
void state_account(struct sim *sim, struct account *account); /* its switches */
void state_quota(struct sim *sim, struct account *account);
void state_clock(struct sim *sim);

/* Before an answer leaves: write the accounts that changed and everything still in memory. */
void state_flush(struct sim *sim);

#endif
