/* Datagrams: each is a message by itself. */
#include "echo/datagram_loop.h"
#include "echo/echo_private.h"
#include "service/peer_replies.h"

static struct peer_replies *replies_of(struct nk_peer *peer)
{
    return (struct peer_replies *)(void *)peer->session;
}

static void on_peer_new(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    struct echo_context *context = nk_udp_endpoint_context(endpoint);
    peer_replies_init(replies_of(peer), endpoint, peer, &context->delayed);
}

static void count_dropped(struct echo_context *context)
{
    atomic_fetch_add_explicit(&context->dropped, 1, memory_order_relaxed);
}

static void on_peer_expired(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    struct echo_context *context = nk_udp_endpoint_context(endpoint);
    uint64_t count = peer_replies_clear(replies_of(peer));
    atomic_fetch_add_explicit(&context->dropped, count, memory_order_relaxed);
}

static void hold_back(struct echo_context *context, struct nk_peer *peer,
                      const struct echo_message *message)
{
    size_t len = echo_reply_len(&context->options->style, message);
    char *room = peer_replies_add(replies_of(peer), len, context->options->delay);
    if (room)
        echo_reply_write(&context->options->style, message, room);
    else
        count_dropped(context);
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
    .session_size = sizeof(struct peer_replies),
};
