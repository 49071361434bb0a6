/* Replies of a connection that are held back for a while, and what follows from it: a
 * client that is owed too much is not read from, one that has ended still gets what it
 * is owed, and one that waits for its reply is not idle. Loop thread only.
 */
#ifndef SERVICE_STREAM_REPLIES_H
#define SERVICE_STREAM_REPLIES_H

#include "net/tcp_connection.h"
#include "service/reply_queue.h"

/* A part of the connection's session. */
struct stream_replies {
    struct nk_tcp_connection *connection; /* NULL before it is completed */
    uint64_t idle_timeout;                /* ns; 0 = none */
    struct reply_queue queue;
    bool is_held;      /* not read from until there is room for more replies */
    bool is_finishing; /* closed when the queue is empty */
};

/* The connection is completed. `idle_timeout` begins. */
void stream_replies_init(struct stream_replies *replies, struct nk_tcp_connection *connection,
                         uint64_t idle_timeout) NK_NONNULL(1, 2);

/* As reply_queue_add. */
char *stream_replies_add(struct stream_replies *replies, size_t len, uint64_t delay) NK_NONNULL(1);

/* Whether so much is held back that the client should not be read from. */
bool stream_replies_are_full(const struct stream_replies *replies) NK_NONNULL(1);

/* Stops reading until half of what is held back has gone; and goes on at once. */
void stream_replies_hold(struct stream_replies *replies) NK_NONNULL(1);
void stream_replies_release(struct stream_replies *replies) NK_NONNULL(1);

/* Closes the connection when the last reply has gone. */
void stream_replies_finish(struct stream_replies *replies) NK_NONNULL(1);

/* For on_drain: the same, and nothing more is read. */
void stream_replies_drain(struct stream_replies *replies) NK_NONNULL(1);

/* For on_deadline. */
void stream_replies_expire(struct stream_replies *replies) NK_NONNULL(1);

/* For on_connection_closed: drops what is held back, and returns how many replies that
 * was. Harmless on a zero-filled one. */
uint64_t stream_replies_clear(struct stream_replies *replies) NK_NONNULL(1);

#endif
