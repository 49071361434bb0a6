/* Groups of receivers: which ones a datagram socket belongs to, and by which
 * interface it reaches them.
 *
 * A socket receives what is sent to a group it has joined when it is bound to the
 * wildcard or to the group itself. A dual-stack IPv6 socket may join IPv4 groups,
 * too. As in os/socket.h errors are negative errno. Safe on any thread.
 */
#ifndef NK_OS_SOCKET_MULTICAST_H
#define NK_OS_SOCKET_MULTICAST_H

#include <net/if.h>

#include "base/attributes.h"
#include "base/slice.h"
#include "os/sockaddr.h"

struct nk_multicast_group {
    struct nk_sockaddr address;  /* IPv4 or IPv6; its port means nothing */
    char interface[IF_NAMESIZE]; /* name or index; "" = the one that the routes say */
};

/* From `GROUP` or `GROUP@INTERFACE`, where GROUP is numeric. Whether there is such
 * an interface is not looked at. Returns 0, or -EINVAL with *out untouched. */
NK_PUBLIC NK_MUST_USE int nk_multicast_group_parse(struct nk_multicast_group *out,
                                                   struct nk_slice text) NK_NONNULL(1);

/* Copies the name or index of an interface. Returns 0, or -EINVAL when there can
 * be no such name; `interface` is untouched then. */
NK_PUBLIC NK_MUST_USE int nk_interface_parse(char interface[static IF_NAMESIZE],
                                             struct nk_slice text) NK_NONNULL(1);

/* Joins the group (IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP). From then on the socket
 * takes nothing for groups of the same family that only others have joined.
 * Returns 0 or -errno: -ENODEV when the interface does not exist or no route leads
 * to the group, -ENOPROTOOPT for an IPv6 group on an IPv4 socket, -EADDRINUSE when
 * it has joined already, -ENOBUFS beyond the kernel's limit. */
NK_PUBLIC NK_MUST_USE int nk_socket_join(int fd, const struct nk_multicast_group *group)
    NK_NONNULL(2);

/* What is sent to groups of `family` leaves by `interface` (IP_MULTICAST_IF,
 * IPV6_MULTICAST_IF). Returns 0 or -errno: -ENODEV or -EADDRNOTAVAIL when it does
 * not exist. */
NK_PUBLIC NK_MUST_USE int nk_socket_set_multicast_interface(int fd, int family,
                                                            const char *interface) NK_NONNULL(3);

#endif
