/* The inside of a datagram endpoint, shared by udp_endpoint.c (its life),
 * udp_inbox.c (receiving, peers), udp_outbox.c (gathering, sending), udp_backlog.c
 * (what has to wait) and udp_restrict.c (one peer only). Private to those five.
 */
#ifndef NK_NET_UDP_PRIVATE_H
#define NK_NET_UDP_PRIVATE_H

#include <stdatomic.h>

#include "base/list.h"
#include "net/udp_endpoint.h"
#include "os/socket_datagram.h"
#include "os/unix_path.h"

/* Datagrams received together: as many as the kernel makes of one message, so
 * that a burst is answered in one. They take some 100 us, in which the other
 * sockets of the loop wait; when each is a run of many itself, one or two ms. */
#define NK_UDP_BATCH NK_DATAGRAM_SEGMENTS_MAX

enum nk_udp_counter {
    NK_UDP_RECEIVED,
    NK_UDP_BYTES_RECEIVED,
    NK_UDP_SENT,
    NK_UDP_BYTES_SENT,
    NK_UDP_SEND_CALLS,
    NK_UDP_TOO_LONG,
    NK_UDP_TRUNCATED,
    NK_UDP_DROPPED,
    NK_UDP_NAMELESS,
    NK_UDP_FAILED,
    NK_UDP_REFUSED,
    NK_UDP_DENIED,
    NK_UDP_PEERS_NEW,
    NK_UDP_PEERS_EXPIRED,
    NK_UDP_STRANGERS,
    NK_UDP_COUNTERS,
};

struct nk_udp_inbox {
    struct mmsghdr messages[NK_UDP_BATCH];
    struct iovec parts[NK_UDP_BATCH];
    struct nk_sockaddr names[NK_UDP_BATCH];
    struct nk_datagram_control controls[NK_UDP_BATCH];
    char *bytes; /* NK_UDP_BATCH slots; only pages that were used cost memory */
    size_t slot_stride;
    size_t max_datagram;
    unsigned lone_batches; /* of one datagram each, one after the other */
};

/* A datagram on its way out. */
struct nk_udp_answer {
    struct nk_peer *peer;
    struct nk_local_address local;
    struct nk_slice bytes; /* in the inbox or in the outbox's own room */
};

struct nk_udp_outbox {
    struct nk_udp_answer answers[NK_UDP_BATCH];
    size_t count;
    char *room; /* for bytes that had to be copied; made when first needed */
    size_t room_used;
    struct mmsghdr messages[NK_UDP_BATCH];
    struct iovec parts[NK_UDP_BATCH];
    struct nk_datagram_control controls[NK_UDP_BATCH];
    size_t longest_segment; /* runs of longer datagrams were refused by the kernel */
    bool is_reporting;      /* on_error is being called */

    /* What the kernel did not take. */
    struct nk_list_node backlog;
    size_t backlog_bytes;
    uint64_t pass; /* over the backlog */
    struct nk_timer retry;
};

struct nk_udp_endpoint {
    struct nk_channel channel;
    struct nk_event_loop *loop;
    struct nk_udp_options options;
    struct nk_sockaddr address;
    struct nk_unix_path path;
    struct nk_peer *remote;           /* of a client */
    struct nk_peer *only;             /* of a server that is restricted to it */
    int successor;                    /* socket to go on with when this one is empty; or -1 */
    struct nk_peer *last;             /* has sent the datagram before; NULL = look it up */
    const struct nk_peer *forgetting; /* the handler is being called about its end */
    struct nk_peer_table peers;
    struct nk_timer expiry;
    struct nk_task task; /* in the end freeing */
    unsigned corks;      /* callbacks and users that gather */
    bool is_unix;
    bool is_connected; /* a client of one, not of a group */
    bool wants_local;  /* a wildcard: answers name their source */
    bool is_paused;
    bool is_closed;
    atomic_uint_fast64_t counters[NK_UDP_COUNTERS];
    struct nk_udp_inbox inbox;
    struct nk_udp_outbox outbox;
};

/* Counters have one writer, the loop's thread: a plain addition is enough. */
static inline void nk_udp_count(struct nk_udp_endpoint *endpoint, enum nk_udp_counter counter,
                                uint64_t amount)
{
    atomic_uint_fast64_t *place = &endpoint->counters[counter];
    uint64_t before = atomic_load_explicit(place, memory_order_relaxed);
    atomic_store_explicit(place, before + amount, memory_order_relaxed);
}

/* ---- udp_endpoint.c ---- */

/* Recomputes what the channel wants. */
void nk_udp_update_interest(struct nk_udp_endpoint *endpoint);

/* What is told to the loop when the socket is ready. */
void nk_udp_on_ready(struct nk_channel *channel, unsigned events);

/* ---- udp_restrict.c ---- */

/* Goes on with the successor, if there is one and everything in this socket has
 * been received. */
void nk_udp_succeed(struct nk_udp_endpoint *endpoint);

/* ---- udp_inbox.c ---- */

int nk_udp_inbox_init(struct nk_udp_endpoint *endpoint);
void nk_udp_inbox_deinit(struct nk_udp_endpoint *endpoint);

/* Receives one batch and delivers it. Returns whether more may be there. */
bool nk_udp_receive(struct nk_udp_endpoint *endpoint);

/* Forgets one peer. */
void nk_udp_forget(struct nk_udp_endpoint *endpoint, struct nk_peer *peer);

/* The expiry timer's callback. */
void nk_udp_expire_peers(struct nk_timer *timer);

/* Forgets every peer. */
void nk_udp_forget_peers(struct nk_udp_endpoint *endpoint);

/* ---- udp_outbox.c ---- */

void nk_udp_outbox_init(struct nk_udp_endpoint *endpoint);
void nk_udp_outbox_deinit(struct nk_udp_endpoint *endpoint);

/* Gives everything gathered to the kernel, or to the backlog. */
void nk_udp_flush(struct nk_udp_endpoint *endpoint);

/* Sends what it can of `count` answers with one system call. Returns how many
 * were sent, 0 for another try, or the -errno of the first. */
ssize_t nk_udp_send_some(struct nk_udp_endpoint *endpoint, struct nk_udp_answer *answers,
                         size_t count);

/* Gives up on one datagram: counts and reports it. */
void nk_udp_fail(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error);

/* Tells the handler, who cannot send meanwhile. */
void nk_udp_report(struct nk_udp_endpoint *endpoint, struct nk_peer *peer, int error);

/* ---- udp_backlog.c ---- */

/* Whether a full peer stops only what is sent to itself, and no readiness for
 * writing is reported: a unix server. */
static inline bool nk_udp_blocks_by_peer(const struct nk_udp_endpoint *endpoint)
{
    return endpoint->is_unix && !endpoint->remote;
}

/* Whether the datagram has to stand in line behind earlier ones. */
bool nk_udp_must_wait(const struct nk_udp_endpoint *endpoint, const struct nk_peer *peer);

/* Puts a copy of the datagram into the backlog. 0, -ENOBUFS or -ENOMEM. */
int nk_udp_wait(struct nk_udp_endpoint *endpoint, struct nk_peer *peer,
                const struct nk_local_address *local, struct nk_slice bytes);

/* Sees to it that the backlog is tried again. */
void nk_udp_await_room(struct nk_udp_endpoint *endpoint);

/* Tries the backlog again; and the same as a timer's callback. */
void nk_udp_flush_backlog(struct nk_udp_endpoint *endpoint);
void nk_udp_retry(struct nk_timer *timer);

/* Drops what waits for `peer`, or everything for NULL. */
void nk_udp_drop_backlog(struct nk_udp_endpoint *endpoint, const struct nk_peer *peer);

#endif
