/* The terminal, if there is one: its size, its colours, its pager. */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

struct term {
	bool in;  /* standard input is a terminal, */
	bool out; /* standard output, */
	bool err; /* standard error */
	bool colour;
	unsigned columns; /* of the screen; of no meaning unless `out` */
	unsigned rows;
};

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_ALARM,
	STYLE_PAPER, /* black on white, whatever the screen's own are */
};

/* Honours NO_COLOR, CLICOLOR_FORCE and TERM=dumb. */
void term_look(struct term *term);

/* Append text, dressed when there are colours. The text must be harmless already. */
void term_style(struct buf *out, const struct term *term, enum style style, struct str text);

/*
 * Show a text that is longer than the screen through $GAZETTE_PAGER, $PAGER or less. False when no pager could be
 * started; nothing was shown then.
 */
bool term_page(struct str text);

/* All of it to a descriptor. False: errno says why. */
bool term_write(int fd, struct str text);

/* A line typed on the terminal, without its end; false at the end of input. */
bool term_ask(const char *prompt, struct buf *out);

#endif
