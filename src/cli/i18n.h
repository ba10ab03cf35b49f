/*
 * The language of messages. _() translates, N_() marks a text in a table that is translated where it is used. What a
 * program reads (field names, states in a pipe, -q, JSON, CSV) is never translated.
 */
#ifndef CLI_I18N_H
#define CLI_I18N_H

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) text

/* Choose the language from the environment. Also where that locale was never generated on this machine. */
void i18n_start(void);
/* For programs: nothing is translated from now on. */
void i18n_stop(void);

/* A name from the daemon ("queued", "claimed") for people; itself when it is none of ours. Never NULL. */
const char *i18n_word(const char *word);

#endif
