/* `netkit probe --live`: a picture on the terminal, drawn again and again, with a row
 * for each address: the time of its last answer, what was lost, and the times before
 * as a line of blocks. Main thread.
 *
 * It is drawn on the terminal's second screen, so that the first one is as it was when
 * the run ends; each drawing starts anew, so that a terminal may change its size. A
 * terminal that takes nothing (^S) misses drawings and holds nobody up.
 */
#ifndef CMD_PROBE_LIVE_H
#define CMD_PROBE_LIVE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "probe/probe_reporter.h"

/* Targets behind these have no row: no terminal is that high. */
#define PROBE_LIVE_ROWS_MAX 512

/* Probes that a row remembers: no terminal is that wide. */
#define PROBE_LIVE_HISTORY 512

/* A probe that was not answered, in a row's history. */
#define PROBE_LIVE_MISSED UINT32_MAX

struct probe_live_row {
    uint32_t times[PROBE_LIVE_HISTORY]; /* us, or PROBE_LIVE_MISSED; a ring */
    size_t count;                       /* all that ever were */
};

struct probe_live {
    int fd; /* the terminal; -1 = it is closed */
    struct probe_live_row *rows;
    size_t row_count;
    bool has_blocks; /* the terminal shows more than ASCII */
    bool has_colour;
};

/* Takes the terminal `fd` for so many targets. Returns 0, or -errno: -ENOTTY when it is
 * no terminal; then *live is closed. */
int probe_live_open(struct probe_live *live, int fd, size_t targets) NK_NONNULL(1);

/* Gives the terminal back as it was. Idempotent. */
void probe_live_close(struct probe_live *live) NK_NONNULL(1);

/* Remembers how a probe came out. */
void probe_live_note(struct probe_live *live, const struct probe_event *event) NK_NONNULL(1, 2);

/* Draws it all. */
void probe_live_draw(struct probe_live *live, const struct probe_totals *totals) NK_NONNULL(1, 2);

/* The last `width` times of a row as blocks, the newest on the right, from the lowest
 * to the highest of them. */
void probe_live_print_line(FILE *out, const struct probe_live_row *row, size_t width,
                           bool has_blocks) NK_NONNULL(1, 2);

#endif
