/* Received datagrams on their way to standard output, one behind the other.
 *
 * What it has not taken yet is kept up to a limit; before that is reached it says
 * that it is full, so that datagrams can wait in the kernel. Loop thread only.
 * Internal to src/cat.
 */
#ifndef CAT_CAT_DATAGRAM_OUTPUT_H
#define CAT_CAT_DATAGRAM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "cat/cat_port.h"

struct cat_datagram_output_options {
    void (*on_written)(void *context);           /* everything; there is room again */
    void (*on_failed)(void *context, int error); /* -EPIPE: the reader has gone ... */
    void *context;
};

/* Zero-filled before it is opened, or not at all, but for port.fd = -1. */
struct cat_datagram_output {
    /* private */
    struct cat_port port;
    struct cat_datagram_output_options options;
    struct nk_buffer bytes; /* not written yet */
};

/* Takes over `fd`. Returns 0 or -errno. */
int cat_datagram_output_open(struct cat_datagram_output *output, struct nk_event_loop *loop, int fd,
                             const struct cat_datagram_output_options *options);

/* Takes a copy of the bytes; they are written from the loop. Returns 0, -ENOBUFS
 * (only after it was full) or -ENOMEM. */
int cat_datagram_output_put(struct cat_datagram_output *output, struct nk_slice bytes);

/* Whether no more than has been received already should come. */
bool cat_datagram_output_is_full(const struct cat_datagram_output *output);

bool cat_datagram_output_is_empty(const struct cat_datagram_output *output);

/* Writes what can be written now without waiting, and tells nobody: for the end. */
void cat_datagram_output_flush(struct cat_datagram_output *output);

/* Drops what was not written. Idempotent; harmless when it was not opened. */
void cat_datagram_output_close(struct cat_datagram_output *output);

#endif
