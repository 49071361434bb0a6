#include "service/stream_replies.h"

#include "service/stream.h"

/* Bytes of replies held back for one client; with more it is not read from. */
#define DELAYED_MAX ((size_t)256 * 1024)

static void extend_deadline(const struct stream_replies *replies)
{
    service_extend_deadline(replies->connection, replies->idle_timeout);
}

/* A reply has been held back long enough. */
static void deliver(struct reply_queue *queue, struct nk_slice reply)
{
    struct stream_replies *replies = nk_container_of(queue, struct stream_replies, queue);
    extend_deadline(replies);
    service_send(replies->connection, reply);
    if (nk_tcp_connection_is_closing(replies->connection))
        return;
    if (queue->size < DELAYED_MAX / 2)
        stream_replies_release(replies);
    if (replies->is_finishing)
        stream_replies_finish(replies);
}

void stream_replies_init(struct stream_replies *replies, struct nk_tcp_connection *connection,
                         uint64_t idle_timeout)
{
    replies->connection = connection;
    replies->idle_timeout = idle_timeout;
    reply_queue_init(&replies->queue, nk_tcp_connection_loop(connection), deliver);
    extend_deadline(replies);
}

char *stream_replies_add(struct stream_replies *replies, size_t len, uint64_t delay)
{
    return reply_queue_add(&replies->queue, len, delay);
}

bool stream_replies_are_full(const struct stream_replies *replies)
{
    return replies->queue.size >= DELAYED_MAX;
}

void stream_replies_hold(struct stream_replies *replies)
{
    replies->is_held = true;
    nk_tcp_connection_pause_reading(replies->connection);
}

void stream_replies_release(struct stream_replies *replies)
{
    if (!replies->is_held)
        return;
    replies->is_held = false;
    nk_tcp_connection_resume_reading(replies->connection);
}

void stream_replies_finish(struct stream_replies *replies)
{
    replies->is_finishing = true;
    if (reply_queue_is_empty(&replies->queue))
        nk_tcp_connection_close(replies->connection, NK_CLOSE_FLUSH);
}

void stream_replies_drain(struct stream_replies *replies)
{
    nk_tcp_connection_pause_reading(replies->connection);
    replies->is_held = false;
    stream_replies_finish(replies);
}

void stream_replies_expire(struct stream_replies *replies)
{
    if (reply_queue_is_empty(&replies->queue))
        service_on_deadline(replies->connection, replies->idle_timeout);
    else
        extend_deadline(replies);
}

uint64_t stream_replies_clear(struct stream_replies *replies)
{
    size_t bytes;
    if (!replies->connection)
        return 0;
    uint64_t count = reply_queue_count(&replies->queue, &bytes);
    reply_queue_clear(&replies->queue);
    return count;
}
