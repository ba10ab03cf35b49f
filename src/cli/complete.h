/*
 * Completion. The scripts for bash, zsh and fish know nothing: they call `gazette __complete WORD...` with the words
 * behind the program's name, the last one being written (possibly empty), and get lines "word TAB what it is" back. A
 * line
 * ":files" means names of files.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

struct cli;

/* Never an error: what cannot be found out completes nothing. */
void complete(struct cli *cli, int n, char **words);

#endif
