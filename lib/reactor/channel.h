/* One descriptor, what we want to know about it, and whom to tell.
 *
 * A channel is embedded in the object that owns the descriptor (a listener, a
 * connection, a wake-up eventfd). It belongs to one event loop and is touched
 * only on that loop's thread. Applications never see channels; network objects
 * do.
 *
 * The wanted and the registered interest are kept apart: nk_channel_want costs
 * a store, and the loop tells the kernel about the difference once, just
 * before it waits. Turning interest off and on again in one turn is free.
 */
#ifndef NK_REACTOR_CHANNEL_H
#define NK_REACTOR_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct nk_event_loop;
struct nk_channel;

/* What a channel can wait for and be told. NK_HANGUP is only ever told: the
 * peer is gone in both directions or an error is pending; the I/O call that
 * follows says which. It comes with NK_READ or NK_WRITE when those were wanted. */
enum nk_event {
    NK_READ = 1,
    NK_WRITE = 2,
    NK_HANGUP = 4,
};

/* Called on the loop's thread with the events that are ready. The callback may
 * close this or any other channel. */
typedef void nk_channel_fn(struct nk_channel *channel, unsigned events);

struct nk_channel {
    /* private */
    struct nk_event_loop *loop;
    nk_channel_fn *on_ready;
    int fd;
    uint8_t wanted;     /* what the owner wants */
    uint8_t registered; /* what the kernel has been told */
    bool is_changed;    /* already on the loop's list of changes */
    bool always_ready;  /* the kernel cannot poll it: a regular file under epoll */
};

/* Binds a channel to `fd` on `loop`; nothing is watched yet. The channel does
 * not own the descriptor. Returns 0 or -ENOMEM; -EMFILE when the dispatcher
 * cannot watch a descriptor this high (select: FD_SETSIZE). Loop thread. */
NK_PUBLIC NK_MUST_USE int nk_channel_open(struct nk_channel *channel, struct nk_event_loop *loop,
                                          int fd, nk_channel_fn *on_ready) NK_NONNULL(1, 2, 4);

/* Stops watching and unbinds; events already collected for it fall through.
 * Call it before closing the descriptor. Idempotent. Loop thread. */
NK_PUBLIC void nk_channel_close(struct nk_channel *channel) NK_NONNULL(1);

/* The same and closes the descriptor, which saves telling the kernel twice. For
 * descriptors that have no duplicate. Idempotent. Loop thread. */
NK_PUBLIC void nk_channel_close_descriptor(struct nk_channel *channel) NK_NONNULL(1);

/* Sets the wanted interest: any of NK_READ and NK_WRITE, or 0 for silence (a
 * silent channel is not even told of a hang-up, so that it cannot spin). Takes
 * effect before the loop waits next. Loop thread. */
NK_PUBLIC void nk_channel_want(struct nk_channel *channel, unsigned events) NK_NONNULL(1);

static inline unsigned nk_channel_wanted(const struct nk_channel *channel)
{
    return channel->wanted;
}

static inline bool nk_channel_is_open(const struct nk_channel *channel)
{
    return channel->fd >= 0;
}

#endif
