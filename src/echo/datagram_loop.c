#include "echo/datagram_loop.h"

/* Servers that answer anything (RFC 862, 864, 865, 867, 868). */
static const uint16_t answering_ports[] = {7, 13, 17, 19, 37};

static bool is_host(const struct nk_sockaddr *peer, const struct nk_local_address *host)
{
    if (peer->any.sa_family != host->family)
        return false;
    if (host->family == AF_INET)
        return peer->v4.sin_addr.s_addr == host->v4.s_addr;
    return IN6_ARE_ADDR_EQUAL(&peer->v6.sin6_addr, &host->v6);
}

static struct nk_local_address host_of(const struct nk_sockaddr *address)
{
    struct nk_local_address host = {.family = address->any.sa_family};
    if (host.family == AF_INET)
        host.v4 = address->v4.sin_addr;
    else
        host.v6 = address->v6.sin6_addr;
    return host;
}

bool datagram_loops(const struct nk_sockaddr *peer, const struct nk_local_address *asked,
                    const struct nk_sockaddr *bound)
{
    uint16_t port = nk_sockaddr_port(peer);
    if (peer->any.sa_family != AF_INET && peer->any.sa_family != AF_INET6)
        return false;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(answering_ports); i++) {
        if (port == answering_ports[i])
            return true;
    }
    if (port != nk_sockaddr_port(bound))
        return false;
    /* A socket for every address of this machine knows by which it was asked. */
    const struct nk_local_address own = host_of(bound);
    return is_host(peer, &own) || is_host(peer, asked);
}
