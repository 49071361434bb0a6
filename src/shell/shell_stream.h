/* Standard input or output of a program that asks and answers: read and written when the
 * loop finds it ready, and only as much as does not block.
 *
 * The descriptor is shared with the shell and other programs, so its flags are left as
 * they are, and it stays open. Loop thread only.
 */
#ifndef SHELL_SHELL_STREAM_H
#define SHELL_SHELL_STREAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/slice.h"
#include "reactor/event_loop.h"

struct shell_stream {
    struct nk_channel channel; /* its owner says what it waits for: nk_channel_want */
    size_t write_max;          /* private: what a ready one takes for certain */
    bool is_open;
};

/* Returns 0 or -errno. */
NK_MUST_USE int shell_stream_open(struct shell_stream *stream, struct nk_event_loop *loop, int fd,
                                  nk_channel_fn *on_ready) NK_NONNULL(1, 2, 4);

/* Stops watching. Idempotent, and harmless on a zero-filled one. */
void shell_stream_close(struct shell_stream *stream) NK_NONNULL(1);

/* Once for each time that it is ready: n > 0, 0 = the end, -EAGAIN, -errno. */
NK_MUST_USE ssize_t shell_stream_read(struct shell_stream *stream, char *bytes, size_t size)
    NK_NONNULL(1, 2);

/* The same: n > 0, perhaps fewer than there are, -EAGAIN, -errno. */
NK_MUST_USE ssize_t shell_stream_write(struct shell_stream *stream, struct nk_slice bytes)
    NK_NONNULL(1);

#endif
