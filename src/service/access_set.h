/* A set of IPv4 and IPv6 networks, read from text.
 *
 * A network is an address, or an address and the length of its prefix behind a
 * slash (CIDR, RFC 4632 and RFC 4291, 2.3). The two families are kept apart:
 * ::/0 is every IPv6 address and no IPv4 one. An IPv4 client of a socket for
 * both has a mapped address (::ffff:10.0.0.1, RFC 4291, 2.5.5.2) and is an IPv4
 * client here; a network written that way is an IPv4 network.
 *
 * Pure: nothing is opened or resolved. Built by one thread,
 *
 *     init -> add, add_lines ... -> seal -> contains ... -> deinit
 *
 * and once it is sealed any number of threads may ask.
 */
#ifndef SERVICE_ACCESS_SET_H
#define SERVICE_ACCESS_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/slice.h"
#include "os/sockaddr.h"

/* Networks in one set: 32 MiB. */
#define ACCESS_NETWORKS_MAX ((size_t)1 << 20)

struct access_network {
    struct in6_addr address; /* mapped when it is IPv4 */
    unsigned prefix;         /* 0 to 128; from 96 on when it is IPv4 */
    bool is_v4;
};

/* What is wrong with a text. */
struct access_mistake {
    struct nk_slice item; /* of the text */
    size_t line;          /* from 1 on; 0 when there are no lines */
    const char *problem;  /* completes "'ITEM' ...", such as "is not an address" */
};

/* The addresses from the first to the last. */
struct access_range {
    struct in6_addr first;
    struct in6_addr last;
};

struct access_ranges {
    /* private */
    struct access_range *ranges;
    size_t count;
    size_t size;
};

struct access_set {
    /* private */
    struct access_ranges v4;
    struct access_ranges v6;
};

/* Takes the item before the next `separator` off *rest, without blanks around
 * it. Returns false at the end: an empty text has one item, which is empty, and
 * a separator has an item on either side. The end is a slice whose data is NULL. */
bool access_next_item(struct nk_slice *rest, char separator, struct nk_slice *item)
    NK_NONNULL(1, 3);

/* Reads one network. Returns 0, or -EINVAL with *problem set to a constant that
 * completes "'10.0.0.0/33' ...". */
NK_MUST_USE int access_network_parse(struct nk_slice text, struct access_network *out,
                                     const char **problem) NK_NONNULL(2, 3);

/* An empty set. Cannot fail. */
void access_set_init(struct access_set *set) NK_NONNULL(1);
void access_set_deinit(struct access_set *set) NK_NONNULL(1);

/* Adds the network that `item` is. Returns 0; -EINVAL, or -E2BIG when there are
 * too many, with *mistake filled; or -ENOMEM. */
NK_MUST_USE int access_set_add(struct access_set *set, struct nk_slice item,
                               struct access_mistake *mistake) NK_NONNULL(1, 3);

/* Adds one network from each line of `text`; what follows a '#' is a comment, and
 * lines with nothing else are skipped. Returns as access_set_add does; what
 * stands before the mistake has been added then. */
NK_MUST_USE int access_set_add_lines(struct access_set *set, struct nk_slice text,
                                     struct access_mistake *mistake) NK_NONNULL(1, 3);

/* Nothing more will be added; now it can be asked. */
void access_set_seal(struct access_set *set) NK_NONNULL(1);

/* Whether the address is in any of the networks. A unix address never is. Its
 * cost grows with the logarithm of the number of networks. */
bool access_set_contains(const struct access_set *set, const struct nk_sockaddr *address)
    NK_NONNULL(1, 2);

#endif
