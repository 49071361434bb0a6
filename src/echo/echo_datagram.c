/* Datagrams: each is a message by itself. */
#include <errno.h>

#include "echo/datagram_loop.h"
#include "echo/echo_private.h"
#include "echo/echo_queue.h"

/* Bytes held back for one client, and for all clients of a loop. The socket is
 * shared: pausing it would stop everybody, so what is too much is dropped. */
#define PEER_DELAYED_MAX ((size_t)256 * 1024)
#define DELAYED_MAX ((size_t)16 * 1024 * 1024)

struct session {
    struct nk_udp_endpoint *endpoint;
    struct nk_peer *peer;
    struct echo_queue queue;
};

static void deliver(struct echo_queue *queue, struct nk_slice reply)
{
    struct session *session = nk_container_of(queue, struct session, queue);
    struct echo_context *context = nk_udp_endpoint_context(session->endpoint);
    context->delayed -= reply.len;
    nk_udp_endpoint_send(session->endpoint, session->peer, reply);
}

static void on_peer_new(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    struct session *session = (struct session *)(void *)peer->session;
    session->endpoint = endpoint;
    session->peer = peer;
    echo_queue_init(&session->queue, nk_udp_endpoint_loop(endpoint), deliver);
}

static void count_dropped(struct echo_context *context)
{
    atomic_fetch_add_explicit(&context->dropped, 1, memory_order_relaxed);
}

static void on_peer_expired(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    struct session *session = (struct session *)(void *)peer->session;
    struct echo_context *context = nk_udp_endpoint_context(endpoint);
    size_t bytes;
    uint64_t count = echo_queue_count(&session->queue, &bytes);
    context->delayed -= bytes;
    atomic_fetch_add_explicit(&context->dropped, count, memory_order_relaxed);
    echo_queue_clear(&session->queue);
}

static void hold_back(struct echo_context *context, struct nk_peer *peer,
                      const struct echo_message *message)
{
    struct session *session = (struct session *)(void *)peer->session;
    size_t len = echo_reply_len(&context->options->style, message);
    char *room = NULL;
    if (session->queue.size + len <= PEER_DELAYED_MAX && context->delayed + len <= DELAYED_MAX)
        room = echo_queue_add(&session->queue, len, context->options->delay);
    if (!room) {
        count_dropped(context);
        return;
    }
    echo_reply_write(&context->options->style, message, room);
    context->delayed += len;
}

static bool is_plain(const struct echo_style *style)
{
    return style->transform == ECHO_TRANSFORM_NONE && style->prefix.len == 0;
}

static void on_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                        struct nk_slice datagram)
{
    struct echo_context *context = nk_udp_endpoint_context(endpoint);
    const struct echo_message message = {.payload = datagram};
    struct nk_slice reply = datagram;
    if (datagram_peer_loops(endpoint, peer)) {
        count_dropped(context);
        return;
    }
    if (context->options->delay > 0) {
        hold_back(context, peer, &message);
        return;
    }
    if (!is_plain(&context->options->style) && echo_build(context, &message, &reply) < 0)
        count_dropped(context);
    else
        nk_udp_endpoint_send(endpoint, peer, reply); /* which counts what it refuses */
}

const struct nk_udp_handlers echo_datagram_handlers = {
    .on_datagram = on_datagram,
    .on_peer_new = on_peer_new,
    .on_peer_expired = on_peer_expired,
    .session_size = sizeof(struct session),
};
