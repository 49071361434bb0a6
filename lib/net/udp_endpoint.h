/* A datagram socket on a loop: UDP over IPv4 and IPv6, and unix datagrams; for
 * servers, who talk to whoever comes, and for clients, who talk to one.
 *
 * Receiving: everything that has arrived, up to a batch, is received with one
 * system call and handed to on_datagram one by one. Answers that are sent from
 * there are gathered and sent together when the batch is through; those in a row
 * to one peer that have the same size cost one trip through the kernel.
 *
 * A server knows its peers: whoever has sent something lately. A wildcard
 * server answers from the address it was asked on.
 *
 * What the kernel does not take at once waits in a bounded backlog; what does
 * not fit there is dropped and counted, as datagrams are. A datagram of 0 bytes
 * is one.
 *
 * Loop thread only, except for the statistics. A callback may close the
 * endpoint and must then only return.
 */
#ifndef NK_NET_UDP_ENDPOINT_H
#define NK_NET_UDP_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"
#include "net/peer_table.h"
#include "os/sockaddr.h"
#include "reactor/event_loop.h"

struct nk_udp_endpoint;

/* What endpoints of one kind have in common. Constant while any of them lives.
 * All but on_datagram may be NULL. */
struct nk_udp_handlers {
    /* One datagram; its bytes are valid until this returns. */
    void (*on_datagram)(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                        struct nk_slice datagram);

    /* Everything that was received together has been handed over. */
    void (*on_batch_end)(struct nk_udp_endpoint *endpoint);

    /* A datagram could not be sent (-EMSGSIZE: too long for this socket or this
     * way, -ENOENT or -ECONNREFUSED: the unix peer has gone ...) or was too long
     * to be received (-EMSGSIZE); or the peer of a client refuses
     * (-ECONNREFUSED, from ICMP). `peer` may be NULL. Nothing can be sent from
     * within. */
    void (*on_error)(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error);

    /* A stranger has sent something; on_datagram follows. */
    void (*on_peer_new)(struct nk_udp_endpoint *endpoint, struct nk_peer *peer);

    /* A peer is forgotten: it was silent for too long, has to make room, or the
     * endpoint is closed. Once for each on_peer_new. */
    void (*on_peer_expired)(struct nk_udp_endpoint *endpoint, struct nk_peer *peer);

    size_t session_size; /* bytes of peer->session */
};

struct nk_udp_options {
    const struct nk_udp_handlers *handlers;
    void *context;
    const char *socket_options; /* "key=value&..." of the address, or NULL */
    bool v6_only;               /* an IPv6 wildcard does not also take IPv4 */
    bool reuse_port;            /* several sockets share the port, the kernel spreads the peers */
    bool is_first;              /* with reuse_port: bound only if the port is free */
    bool unicast_only;          /* with reuse_port: drops what was sent to a group or to
                                   everybody, of which each socket gets a copy */
    /* Whether `peer` may be heard; datagrams of others are dropped and counted. NULL:
     * everybody may. Called for each message from the kernel, by the loop's thread.
     * Servers only. */
    bool (*admit)(void *admit_context, const struct nk_sockaddr *peer);
    void *admit_context;
    size_t max_peers;    /* the one silent for longest makes room; 0 = 65536 */
    uint64_t peer_idle;  /* ns until a silent peer is forgotten; 0 = never */
    size_t max_backlog;  /* bytes, overhead included; 0 = 1 MiB */
    size_t max_datagram; /* longer ones are dropped; 0 = NK_DATAGRAM_MAX */
};

/* A server bound to `local`; it receives from nk_udp_endpoint_resume on. Returns
 * 0 and *out, or -errno, e.g. -EADDRINUSE. */
NK_PUBLIC NK_MUST_USE int nk_udp_endpoint_bind(struct nk_udp_endpoint **out,
                                               struct nk_event_loop *loop,
                                               const struct nk_sockaddr *local,
                                               const struct nk_udp_options *options)
    NK_NONNULL(1, 2, 3, 4);

/* A client of `remote`, paused like the server. It is bound to `local`; with NULL
 * to the source that the options say, or else to a name that the kernel finds; a
 * unix client has one, too, so that it can be answered.
 *
 * When `remote` is a group, or the options allow broadcasts, whoever is reached
 * answers from an address of its own: then everybody is listened to, and `peer` is
 * the one who sent the datagram.
 *
 * Returns 0 and *out, or -errno: -EAFNOSUPPORT when the source is of another
 * family, -EACCES for a broadcast without the option. */
NK_PUBLIC NK_MUST_USE int nk_udp_endpoint_connect(
    struct nk_udp_endpoint **out, struct nk_event_loop *loop, const struct nk_sockaddr *local,
    const struct nk_sockaddr *remote, const struct nk_udp_options *options) NK_NONNULL(1, 2, 4, 5);

/* Sends what was gathered, drops the backlog, forgets the peers, closes the
 * socket and removes the file of a unix one. Freed at the end of the turn. NULL
 * is fine. */
NK_PUBLIC void nk_udp_endpoint_close(struct nk_udp_endpoint *endpoint);

/* Answers what the kernel has received up to now, and stops receiving. The
 * endpoint may be closed by its handler within. */
NK_PUBLIC void nk_udp_endpoint_drain(struct nk_udp_endpoint *endpoint) NK_NONNULL(1);

/* Datagrams wait in the kernel's buffer until it is resumed. Idempotent both. */
NK_PUBLIC void nk_udp_endpoint_pause(struct nk_udp_endpoint *endpoint) NK_NONNULL(1);
NK_PUBLIC void nk_udp_endpoint_resume(struct nk_udp_endpoint *endpoint) NK_NONNULL(1);

/* Sends one datagram to `peer`; a client's is nk_udp_endpoint_remote, group or not. Bytes of
 * the datagram being handled are not copied, others are. Returns 0, which says
 * nothing about its arrival; -EMSGSIZE above NK_DATAGRAM_MAX bytes; -ENOBUFS
 * when the backlog is full; -EDESTADDRREQ for a unix peer without a name;
 * -ENOMEM; -EBUSY within on_error; -EPIPE when it is closed. Each of them but
 * the last two is counted. */
NK_PUBLIC int nk_udp_endpoint_send(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                                   struct nk_slice bytes) NK_NONNULL(1, 2);

/* Bytes of datagrams, overhead included, that the kernel has not taken yet: closing
 * the endpoint drops them. */
NK_PUBLIC size_t nk_udp_endpoint_backlog(const struct nk_udp_endpoint *endpoint) NK_NONNULL(1);

/* Outside on_datagram every datagram is sent at once, unless it is between these
 * two: then they are gathered. */
NK_PUBLIC void nk_udp_endpoint_cork(struct nk_udp_endpoint *endpoint) NK_NONNULL(1);
NK_PUBLIC void nk_udp_endpoint_uncork(struct nk_udp_endpoint *endpoint) NK_NONNULL(1);

/* From now on the server has this one peer, which is never forgotten: all others
 * are, and what they send is dropped and counted. The socket is connected to it,
 * so that whoever else sends something is refused (ICMP; -EPERM over unix) and so
 * that the peer's refusal is reported, as a client's. Nothing that the peer has
 * sent is lost; behind a wildcard only what it sends to the address that it has
 * asked last counts. Only from within on_datagram, for the peer whose datagram it
 * is, of a server that is not shared (reuse_port).
 *
 * Returns 0; or -errno when the socket cannot be connected (-EADDRNOTAVAIL: the
 * peer spoke to a group; -EDESTADDRREQ: a unix peer without a name; -ENOENT and
 * -ECONNREFUSED: it has gone ...): then others are dropped all the same, but not
 * refused. -EPIPE when a handler that was told of a forgotten peer has closed the
 * endpoint. */
NK_PUBLIC int nk_udp_endpoint_restrict(struct nk_udp_endpoint *endpoint, struct nk_peer *peer)
    NK_NONNULL(1, 2);

/* The peer of a client; NULL for a server. */
NK_PUBLIC struct nk_peer *nk_udp_endpoint_remote(const struct nk_udp_endpoint *endpoint)
    NK_NONNULL(1);

/* The address it is bound to, with the real port. */
NK_PUBLIC const struct nk_sockaddr *nk_udp_endpoint_address(const struct nk_udp_endpoint *endpoint)
    NK_NONNULL(1);

/* What the options gave as `context`, and the loop it was made for. */
NK_PUBLIC void *nk_udp_endpoint_context(const struct nk_udp_endpoint *endpoint) NK_NONNULL(1);
NK_PUBLIC struct nk_event_loop *nk_udp_endpoint_loop(const struct nk_udp_endpoint *endpoint)
    NK_NONNULL(1);

struct nk_udp_statistics {
    uint64_t received; /* datagrams handed to on_datagram, and their bytes */
    uint64_t bytes_received;
    uint64_t sent; /* datagrams that the kernel took, and their bytes */
    uint64_t bytes_sent;
    uint64_t send_calls;    /* messages given to the kernel: a run counts once */
    uint64_t too_long;      /* not sent: longer than a datagram can be here */
    uint64_t truncated;     /* not handed over: longer than max_datagram */
    uint64_t dropped;       /* not sent: no room or memory for them to wait, or their peer
                               was forgotten meanwhile */
    uint64_t nameless;      /* not sent: the unix peer has no name */
    uint64_t failed;        /* not sent: any other error */
    uint64_t refused;       /* refusals that the peer of a client has sent */
    uint64_t denied;        /* received, but `admit` did not admit their sender */
    uint64_t peers_new;     /* peers that came */
    uint64_t peers_expired; /* ... and were forgotten */
    uint64_t strangers;     /* not handed over: from others than the only peer */
};

/* A snapshot; any thread while the endpoint lives. */
NK_PUBLIC void nk_udp_endpoint_statistics(const struct nk_udp_endpoint *endpoint,
                                          struct nk_udp_statistics *out) NK_NONNULL(1, 2);

#endif
