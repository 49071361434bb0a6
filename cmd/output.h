/* The two ways this program speaks to people: results on standard output,
 * errors on standard error. Main thread, except where noted.
 */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/attributes.h"
#include "service/exit_status.h"

/* Call once before anything is printed: makes standard output and standard
 * error fully buffered, so that a line is written as a whole. */
void output_init(void);

/* "netkit: <text>" as one line on standard error. Control characters are shown
 * as \xNN: the text may hold anything from the command line. Any thread. */
void output_error(const char *format, ...) NK_NONNULL(1) NK_FORMAT(1, 2);

/* Writes `text` to `out` with control characters shown as \xNN. */
void output_visible(FILE *out, const char *text) NK_NONNULL(1, 2);

/* The same for the first `len` bytes. */
void output_visible_part(FILE *out, const char *text, size_t len) NK_NONNULL(1, 2);

/* Whether text for the descriptor may have colours: it is a terminal that knows some,
 * and the environment variable NO_COLOR is unset or empty. */
bool output_has_colours(int fd);

/* Flushes standard output. Returns EXIT_STATUS_OK, also when its reader has gone
 * away (EPIPE), or EXIT_STATUS_FAILED after saying what went wrong. */
enum exit_status output_finish(void);

#endif
