/* A connected socket that carries keepalive messages: a stream, records or datagrams.
 * It puts messages together, and tells of everything that comes. Loop thread only.
 */
#ifndef KEEPALIVE_KEEPALIVE_LINK_H
#define KEEPALIVE_KEEPALIVE_LINK_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "keepalive/keepalive_message.h"
#include "os/address.h"
#include "reactor/event_loop.h"

struct keepalive_link;

/* Each may close the link. */
struct keepalive_link_handlers {
    /* Something has come, were it one byte; what it is follows. */
    void (*on_traffic)(struct keepalive_link *link);
    /* A message of a type that the protocol knows, a host-order PONG as a PONG. */
    void (*on_message)(struct keepalive_link *link, const struct keepalive_message *message);
    /* What has come is no message: `what` says what it is instead. Nothing more is
     * understood of a stream then. */
    void (*on_garbage)(struct keepalive_link *link, const char *what);
    /* The end of the stream (0), or an error; `is_cut` in the middle of a message. */
    void (*on_end)(struct keepalive_link *link, int error, bool is_cut);
};

struct keepalive_link {
    /* private */
    const struct keepalive_link_handlers *handlers;
    struct nk_channel channel;
    bool is_open;
    bool is_stream;
    bool is_datagram;
    bool is_compat;
    struct keepalive_reader reader;
    struct nk_buffer output; /* what a stream has not taken yet */
};

/* Takes over the connected `fd`, also on failure, and receives from now on. `scheme`
 * says what kind of socket it is; with `is_compat` a PONG in host order is one. Returns
 * 0 or -errno. */
NK_MUST_USE int keepalive_link_open(struct keepalive_link *link, struct nk_event_loop *loop, int fd,
                                    enum nk_scheme scheme, bool is_compat,
                                    const struct keepalive_link_handlers *handlers)
    NK_NONNULL(1, 2, 6);

/* Sends a message; one that nobody can take now is lost where that can happen. Returns
 * 0 or -errno; -ENOBUFS when a stream has not moved for many of them. */
NK_MUST_USE int keepalive_link_send(struct keepalive_link *link,
                                    const char message[static KEEPALIVE_MESSAGE_SIZE])
    NK_NONNULL(1, 2);

/* Idempotent; harmless on a zero-filled one. */
void keepalive_link_close(struct keepalive_link *link) NK_NONNULL(1);

#endif
