/* A datagram server that has one peer only, from the moment it has met it. */
#include <errno.h>
#include <string.h>

#include "net/udp_private.h"
#include "os/socket.h"
#include "os/socket_options.h"

/* ---- the socket to go on with ---- */

/* The address of this machine that the peer talks to. */
static struct nk_sockaddr address_asked(const struct nk_udp_endpoint *endpoint,
                                        const struct nk_peer *peer)
{
    struct nk_sockaddr asked = endpoint->address;
    if (asked.any.sa_family == AF_INET) {
        asked.v4.sin_addr = peer->local.v4;
    } else if (peer->local.family == AF_INET) {
        asked.v6.sin6_addr = (struct in6_addr)IN6ADDR_ANY_INIT;
        memset(&asked.v6.sin6_addr.s6_addr[10], 0xff, 2); /* RFC 4291, 2.5.5.2 */
        memcpy(&asked.v6.sin6_addr.s6_addr[12], &peer->local.v4, sizeof(peer->local.v4));
    } else {
        asked.v6.sin6_addr = peer->local.v6;
        asked.v6.sin6_scope_id = peer->address.v6.sin6_scope_id;
    }
    return asked;
}

static int prepare_successor(const struct nk_udp_endpoint *endpoint, int fd,
                             const struct nk_peer *peer)
{
    const struct nk_sockaddr asked = address_asked(endpoint, peer);
    const char *options = endpoint->options.socket_options;
    const char *failed_key;
    int error = nk_socket_want_runs(fd);
    if (error == -ENOPROTOOPT)
        error = 0;
    if (!error && options)
        error = nk_socket_options_apply(fd, options, &failed_key);
    if (!error && asked.any.sa_family == AF_INET6)
        error = nk_socket_set_v6_only(fd, false);
    if (!error)
        error = nk_socket_want_local_address(fd, asked.any.sa_family);
    if (!error)
        error = nk_socket_set_reuse_port(fd, true);
    if (!error)
        error = nk_socket_bind(fd, &asked);
    if (!error)
        error = nk_socket_set_reuse_port(fd, false);
    return error ? error : nk_socket_connect(fd, &peer->address);
}

/* Connecting a wildcard socket would bind it to the address that the routes
 * choose, which need not be the one that the peer talks to. So a second socket is
 * bound to that one, beside the first and on the same port: it gets what arrives
 * from now on, and what the first one has got already is received before it. */
static int open_successor(struct nk_udp_endpoint *endpoint, const struct nk_peer *peer)
{
    if (peer->local.family == 0 || peer->local.is_shared)
        return -EADDRNOTAVAIL;
    int error = nk_socket_set_reuse_port(endpoint->channel.fd, true);
    int fd = error ? error : nk_socket_open(endpoint->address.any.sa_family, SOCK_DGRAM);
    if (fd < 0)
        return fd;
    error = prepare_successor(endpoint, fd, peer);
    if (!error) {
        endpoint->successor = fd;
        return 0;
    }
    nk_socket_close(fd);
    int shared = nk_socket_set_reuse_port(endpoint->channel.fd, false);
    (void)shared; /* with our own programs, at worst */
    return error;
}

void nk_udp_succeed(struct nk_udp_endpoint *endpoint)
{
    char first;
    if (endpoint->is_closed || nk_socket_peek(endpoint->channel.fd, &first, 1) >= 0)
        return;
    struct nk_channel *channel = &endpoint->channel;
    int fd = endpoint->successor;
    endpoint->successor = -1;
    nk_channel_close_descriptor(channel);
    int error = nk_channel_open(channel, endpoint->loop, fd, nk_udp_on_ready);
    if (error) {
        nk_socket_close(fd);
        nk_udp_report(endpoint, endpoint->only, error);
        return;
    }
    nk_udp_update_interest(endpoint);
}

/* ---- the peer ---- */

static void forget_others(struct nk_udp_endpoint *endpoint)
{
    struct nk_peer *peer = nk_peer_table_oldest(&endpoint->peers);
    while (peer && !endpoint->is_closed) {
        struct nk_peer *next = nk_peer_table_next(&endpoint->peers, peer);
        if (peer != endpoint->only && peer != endpoint->forgetting)
            nk_udp_forget(endpoint, peer);
        peer = next;
    }
}

int nk_udp_endpoint_restrict(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
{
    endpoint->only = peer;
    endpoint->options.peer_idle = 0;
    nk_event_loop_cancel_timer(endpoint->loop, &endpoint->expiry);
    forget_others(endpoint);
    if (endpoint->is_closed)
        return -EPIPE;
    if (endpoint->is_unix && peer->address.len <= offsetof(struct sockaddr_un, sun_path))
        return -EDESTADDRREQ;
    return endpoint->wants_local ? open_successor(endpoint, peer)
                                 : nk_socket_connect(endpoint->channel.fd, &peer->address);
}
