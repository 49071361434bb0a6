/* A line at the bottom of the terminal that is written again and again. Main thread
 * only.
 */
#ifndef CMD_PROGRESS_LINE_H
#define CMD_PROGRESS_LINE_H

#include <stddef.h>
#include <stdio.h>

#include "base/attributes.h"

struct progress_line {
    size_t len; /* private: columns in use; 0 = no line is shown */
};

/* Shows `text`, cut to the width of the terminal, in place of what was there. */
void progress_line_show(struct progress_line *line, FILE *out, const char *text)
    NK_NONNULL(1, 2, 3);

/* Takes the line away, so that something else can be written. Harmless when there is
 * none. */
void progress_line_clear(struct progress_line *line, FILE *out) NK_NONNULL(1, 2);

#endif
