/*
 * Texts written in the user's editor. What was typed is a file from the first moment on and stays one until it has been
 * accepted: nothing that goes wrong loses it.
 */
#ifndef CLI_EDITOR_H
#define CLI_EDITOR_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

struct cli;

/*
 * Where drafts are kept: $XDG_STATE_HOME/gazette/drafts, else ~/.local/state/gazette/drafts; made (0700) when missing.
 *
 * shape   "DIR/NAME", or "DIR/NAME-XXXXXX.SUFFIX" with letters of its own when `unique`; free() it
 * errors  OS/REJECT
 */
bool draft_path(const char *name, const char *suffix, bool unique, char **ret_path, struct error *err) must_check;
/* Replace what the file holds, as a whole or not at all. */
bool draft_write(const char *path, struct str text, struct error *err) must_check;
/* Empty when there is no such file. */
bool draft_read(const char *path, struct buf *out, struct error *err) must_check;
void draft_drop(const char *path);

/*
 * $GAZETTE_EDITOR, $VISUAL, $EDITOR, else vi, on a file; waits for its end. Without a terminal only $GAZETTE_EDITOR is
 * started: somebody meant it.
 *
 * errors  INPUT/REJECT no terminal to edit on; OS/REJECT the editor failed
 */
bool editor_run(const char *path, bool on_terminal, struct error *err) must_check;

enum editor_next {
	EDITOR_AGAIN,     /* open it once more; *err is clear */
	EDITOR_TOLD,      /* not again: the error was reported, cli->exit is set */
	EDITOR_NOT_ASKED, /* nobody to ask: *err is still to be reported */
};

/* What was edited was refused: say why and offer to open it again. The draft is kept in any case but the first. */
enum editor_next editor_offer(struct cli *cli, const char *path, struct error *err);
/* The draft is named with the error that is returned. Gives false. */
bool editor_keep(struct cli *cli, const char *path);

/*
 * Lines that begin with "# ", and lone "#", are ours and go; "#topic#" is a platform's and stays. Blank lines at both
 * ends go too.
 */
void comments_drop(struct buf *out, struct str text);
/* Add a text as such lines. */
void comments_add(struct buf *out, struct str text);

#endif
