/* What is on its way to a terminal: a queue that never makes the loop wait, and a
 * stdio stream into it for libraries that print.
 *
 * A terminal takes nothing while its person holds the output (^S) or its other end
 * is slow. Loop thread only.
 */
#ifndef TERMINAL_TERMINAL_OUTPUT_H
#define TERMINAL_TERMINAL_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "reactor/event_loop.h"

/* Somebody who has printed more than this has to wait for on_drained. */
#define TERMINAL_OUTPUT_HIGH_WATER 65536

struct terminal_output {
    FILE *stream; /* unbuffered as far as its user can see: flush it */

    /* Called from the loop when the terminal has taken all that it had to be waited
     * for; may be NULL. */
    void (*on_drained)(struct terminal_output *output);

    /* private */
    struct nk_channel channel;
    struct nk_buffer queue;
    int fd;
    bool is_shared; /* the description is not ours, and blocking */
    bool is_muted;
};

/* Opens the terminal `fd` once more; `fd` itself stays the caller's. Fill in
 * on_drained first. Returns 0 or -errno. */
int terminal_output_open(struct terminal_output *output, struct nk_event_loop *loop, int fd);

/* Drops what has not been written. Idempotent, and harmless on a zero-filled one. */
void terminal_output_close(struct terminal_output *output);

/* Sends bytes. What does not fit the queue, four times the high-water mark, is lost:
 * heed terminal_output_is_full. */
void terminal_output_write(struct terminal_output *output, struct nk_slice bytes);

/* What the stream has been given, and will be given while it is muted, is dropped
 * and not sent; what came before is sent. */
void terminal_output_mute(struct terminal_output *output, bool mute);

/* Whether the terminal is behind by more than the high-water mark. */
bool terminal_output_is_full(const struct terminal_output *output);

/* Whether the terminal has taken everything. */
bool terminal_output_is_empty(const struct terminal_output *output);

/* Waits until everything is written, but no longer than so many milliseconds: at the
 * end of a program, and before somebody else prints. */
void terminal_output_finish(struct terminal_output *output, int patience);

#endif
