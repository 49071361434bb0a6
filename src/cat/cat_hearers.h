/* The peers that `netkit listen --keep-open` has heard from lately over datagrams:
 * standard input goes to each of them. Loop thread only. Internal to src/cat.
 */
#ifndef CAT_CAT_HEARERS_H
#define CAT_CAT_HEARERS_H

#include "base/list.h"
#include "base/slice.h"
#include "net/udp_endpoint.h"

/* A peer that takes nothing for so long does not hold up the others any more. */
#define CAT_HEARERS_PATIENCE (10 * NK_NANOSECONDS_PER_SECOND)

/* What peer->session is. */
struct cat_hearer {
    /* private */
    struct nk_list_node node;
    struct nk_udp_endpoint *endpoint;
    struct nk_peer *peer;
    uint64_t round;         /* the last datagram that it has got */
    uint64_t blocked_since; /* 0 = it takes what it is sent */
};

struct cat_hearers {
    /* private */
    struct nk_event_loop *loop;
    struct nk_list_node list;
    uint64_t round; /* number of the datagram that is being sent */
};

void cat_hearers_init(struct cat_hearers *hearers, struct nk_event_loop *loop);

/* The handlers of the endpoint have a session_size of struct cat_hearer. */
void cat_hearers_add(struct cat_hearers *hearers, struct nk_udp_endpoint *endpoint,
                     struct nk_peer *peer);
void cat_hearers_remove(struct cat_hearers *hearers, struct nk_peer *peer);

bool cat_hearers_are_none(const struct cat_hearers *hearers);

/* What one call has done. */
struct cat_hearers_sent {
    size_t count;   /* peers that were sent the datagram */
    size_t dropped; /* peers that could not be */
};

/* Sends the datagram to every peer. Returns 0, or -ENOBUFS when some could not take
 * it now: call it again with the same datagram, which those who have it do not get
 * twice. *out is filled in either way. */
int cat_hearers_send(struct cat_hearers *hearers, struct nk_slice datagram,
                     struct cat_hearers_sent *out);

#endif
