/* The lines that were typed before, also by earlier runs of the program.
 *
 * The file is a line of text for each, in the encoding of the locale, readable by
 * its owner alone: $XDG_STATE_HOME/netkit/NAME, or ~/.local/state/netkit/NAME. Each
 * line is added to it as it is typed, so that programs that run at the same time
 * share it and a crash loses nothing. Where it cannot be written the history lives
 * as long as the program.
 */
#ifndef TERMINAL_LINE_HISTORY_H
#define TERMINAL_LINE_HISTORY_H

#include <stddef.h>
#include <wchar.h>

#include <histedit.h>

#include "base/attributes.h"

/* Lines that are remembered. The file is cut back to that when it has twice as
 * many. */
#define LINE_HISTORY_MAX 1000

struct line_history {
    HistoryW *entries; /* for EL_HIST */

    /* private */
    char *path; /* NULL = no file */
    int fd;
};

/* Opens the history called `name`, or one without a file when it is NULL. Returns 0
 * or -ENOMEM; a file that cannot be used is no failure. */
NK_MUST_USE int line_history_open(struct line_history *history, const char *name);

/* Harmless twice, and on a zero-filled one. */
void line_history_close(struct line_history *history);

/* Remembers a line. One that is empty, begins with a blank (as shells have it: for
 * what nobody else shall read) or repeats the last one is not remembered. */
void line_history_add(struct line_history *history, const wchar_t *line);

#endif
