/* Raw calls for datagram sockets: many messages in one system call, and what
 * travels beside a message (its local address, how it is to be cut).
 *
 * As in os/socket.h: EINTR is retried, SIGPIPE never raised, errors are
 * negative errno. Safe on any thread.
 */
#ifndef NK_OS_SOCKET_DATAGRAM_H
#define NK_OS_SOCKET_DATAGRAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "os/sockaddr.h"

/* The most that one UDP datagram carries: 65535 less the headers of IPv4 and
 * of UDP. */
#define NK_DATAGRAM_MAX 65507

/* The most bytes of a run of datagrams that are received as one message. */
#define NK_DATAGRAM_RUN_MAX 65535

/* The most messages that the kernel makes of one (UDP_MAX_SEGMENTS). */
#define NK_DATAGRAM_SEGMENTS_MAX 64

/* The address of this machine that a datagram was sent to, and from which the
 * answer has to come. `family` is AF_INET, AF_INET6, or 0 for none. `is_shared`
 * when it was sent to a group or to everybody instead: then it is the address to
 * answer from, if there is one, but not where more of them will arrive. */
struct nk_local_address {
    uint16_t family;
    bool is_shared; /* it was sent to a group or to everybody, not to this address alone */
    union {
        struct in_addr v4;
        struct in6_addr v6;
    };
};

/* Room for the control messages of one datagram, aligned as they need it. */
struct nk_datagram_control {
    _Alignas(
        struct cmsghdr) char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
                                  CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

/* recvmmsg(2) without waiting; one message without its overhead. Returns how many messages arrived
 * (at least one) or -errno; -EAGAIN when there is none. The caller has set name, buffers and
 * control of each and finds their lengths and flags there. */
NK_PUBLIC NK_MUST_USE int nk_socket_receive_messages(int fd, struct mmsghdr *messages,
                                                     unsigned count) NK_NONNULL(2);

/* sendmmsg(2) without waiting; one message without its overhead. Returns how many messages were
 * taken (at least one), or the -errno of the first. */
NK_PUBLIC NK_MUST_USE int nk_socket_send_messages(int fd, struct mmsghdr *messages, unsigned count)
    NK_NONNULL(2);

/* Asks for the local address of every datagram (IP_PKTINFO, IPV6_RECVPKTINFO).
 * `family` is that of the socket; an IPv6 socket tells both. */
NK_PUBLIC NK_MUST_USE int nk_socket_want_local_address(int fd, int family);

/* Lets the kernel hand over a run of UDP datagrams from one peer, all of the same
 * size but the last, as one message (UDP_GRO). The buffers must have room for
 * NK_DATAGRAM_RUN_MAX bytes then. */
NK_PUBLIC NK_MUST_USE int nk_socket_want_runs(int fd);

/* Gives a unix socket an abstract name that nobody else has (unix(7)). */
NK_PUBLIC NK_MUST_USE int nk_socket_autobind(int fd);

/* The local address among the control messages of a received message; the
 * family is 0 when there is none that an answer could come from (the datagram
 * was sent to a group). Returns the size of the datagrams that the message is a
 * run of, or 0 when it is a single one. */
NK_PUBLIC size_t nk_datagram_control_read(struct msghdr *message, struct nk_local_address *local)
    NK_NONNULL(1, 2);

/* Writes control messages: send from `local` (unless its family is 0), and cut
 * the message into datagrams of `segment` bytes (unless 0). Returns their
 * length for msg_controllen; 0 when there is nothing to say. */
NK_PUBLIC size_t nk_datagram_control_write(struct nk_datagram_control *control,
                                           const struct nk_local_address *local, uint16_t segment)
    NK_NONNULL(1, 2);

#endif
