/* Datagrams: each is a message. Answering cannot go in circles: a PONG is never
 * answered. */
#include "base/log.h"
#include "keepalive/keepalive_private.h"

struct session {
    struct peer_replies replies; /* used with a delay only */
    uint64_t answered;
};

static struct session *session_of(struct nk_peer *peer)
{
    return (struct session *)(void *)peer->session;
}

static void on_peer_new(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    struct keepalive_context *context = nk_udp_endpoint_context(endpoint);
    peer_replies_init(&session_of(peer)->replies, endpoint, peer, &context->delayed);
}

static void on_peer_expired(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    struct keepalive_context *context = nk_udp_endpoint_context(endpoint);
    uint64_t count = peer_replies_clear(&session_of(peer)->replies);
    atomic_fetch_add_explicit(&context->dropped, count, memory_order_relaxed);
    atomic_fetch_sub_explicit(&context->answered, count, memory_order_relaxed);
}

static void answer(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, struct nk_slice data)
{
    struct keepalive_context *context = nk_udp_endpoint_context(endpoint);
    const struct keepalive_options *options = context->options;
    struct session *session = session_of(peer);
    char pong[KEEPALIVE_MESSAGE_SIZE];
    char *room = pong;
    if (options->delay > 0)
        room = peer_replies_add(&session->replies, KEEPALIVE_MESSAGE_SIZE, options->delay);
    if (!room) {
        keepalive_count(&context->dropped);
        return;
    }
    session->answered++;
    keepalive_count(&context->answered);
    keepalive_write_pong(options, room, data);
    if (options->delay == 0) /* which counts what it refuses */
        nk_udp_endpoint_send(endpoint, peer, nk_slice_make(pong, sizeof(pong)));
}

static void on_datagram(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                        struct nk_slice datagram)
{
    struct keepalive_context *context = nk_udp_endpoint_context(endpoint);
    struct keepalive_faults faults = context->options->faults;
    struct keepalive_message message;
    bool is_known = false;
    faults.reset_after = KEEPALIVE_NEVER; /* there is no connection */
    if (keepalive_message_read(&message, datagram) < 0 ||
        !keepalive_wants_answer(&message, &is_known)) {
        if (!is_known) {
            nk_log(NK_LOG_INFO, "a datagram is no message of the protocol");
            keepalive_count(&context->dropped);
        }
        return;
    }
    if (keepalive_fate_of(&faults, session_of(peer)->answered, &context->random) ==
        KEEPALIVE_FATE_ANSWER) {
        answer(endpoint, peer, message.data);
    } else {
        nk_log(NK_LOG_INFO, "a PING is not answered");
        keepalive_count(&context->dropped);
    }
}

const struct nk_udp_handlers keepalive_datagram_handlers = {
    .on_datagram = on_datagram,
    .on_peer_new = on_peer_new,
    .on_peer_expired = on_peer_expired,
    .session_size = sizeof(struct session),
};
