/* The inside of the keepalive service: keepalive_service.c (running it),
 * keepalive_stream.c and keepalive_datagram.c. Private to those.
 */
#ifndef KEEPALIVE_KEEPALIVE_PRIVATE_H
#define KEEPALIVE_KEEPALIVE_PRIVATE_H

#include <stdatomic.h>

#include "keepalive/keepalive_message.h"
#include "keepalive/keepalive_service.h"
#include "net/tcp_connection.h"
#include "net/udp_endpoint.h"
#include "service/peer_replies.h"

/* The service on one loop. */
struct keepalive_context {
    const struct keepalive_options *options;
    uint64_t random;                   /* see keepalive_fate_of */
    struct peer_replies_total delayed; /* datagrams that are held back */
    atomic_uint_fast64_t answered;     /* PINGs */
    atomic_uint_fast64_t refused;      /* connections ended for what they sent */
    atomic_uint_fast64_t dropped;      /* datagrams that should have been answered but were not,
                                          on purpose too, or were no messages */
};

/* Writes the answer to a PING. */
void keepalive_write_pong(const struct keepalive_options *options,
                          char out[static KEEPALIVE_MESSAGE_SIZE], struct nk_slice data);

/* Whether the message is to be answered; others that the protocol knows are logged.
 * *is_known says whether it does. */
bool keepalive_wants_answer(const struct keepalive_message *message, bool *is_known);

static inline void keepalive_count(atomic_uint_fast64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

extern const struct nk_connection_handlers keepalive_stream_handlers;
extern const struct nk_udp_handlers keepalive_datagram_handlers;

#endif
