/* Datagrams that must not be answered.
 *
 * Echo, chargen, daytime and time answer whatever they are sent. Whoever forges
 * the source of one datagram, and names another such server as its sender, sets
 * the two on each other: each takes the other's answer for a question, for ever
 * (CVE-1999-0103). Pure; safe on any thread.
 */
#ifndef ECHO_DATAGRAM_LOOP_H
#define ECHO_DATAGRAM_LOOP_H

#include <stdbool.h>

#include "net/udp_endpoint.h"

/* Whether an answer to `peer` might be answered: its port is that of echo (7),
 * daytime (13), qotd (17), chargen (19) or time (37), which no client has, or it
 * is this very socket, bound to `bound` and asked as `asked`. Unix peers never do. */
bool datagram_loops(const struct nk_sockaddr *peer, const struct nk_local_address *asked,
                    const struct nk_sockaddr *bound) NK_NONNULL(1, 2, 3);

/* The same for a peer of an endpoint. */
static inline bool datagram_peer_loops(const struct nk_udp_endpoint *endpoint,
                                       const struct nk_peer *peer)
{
    return datagram_loops(&peer->address, &peer->local, nk_udp_endpoint_address(endpoint));
}

#endif
