/* Help, made of the tables that the parser reads, and a few topics that no table has. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/error.h"

struct cli;

/* -h at the level that was reached: program, noun or verb. */
void help_show(struct cli *cli);

/*
 * `gazette help [TOPIC | NOUN [VERB]]`.
 *
 * errors  INPUT/REJECT: there is no such topic; with the nearest
 */
bool help_topic(struct cli *cli, int n, char **words, struct error *err) must_check;

/* The names of the topics, for completion; NULL behind the last. */
const char *help_topic_name(size_t i);

#endif
