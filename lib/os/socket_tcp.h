/* What the kernel knows about a TCP connection (tcp(7), TCP_INFO): its own
 * measurement of the round trip, and whether the peer is still there.
 *
 * Safe on any thread.
 */
#ifndef NK_OS_SOCKET_TCP_H
#define NK_OS_SOCKET_TCP_H

#include <stdint.h>

#include "base/attributes.h"

struct nk_tcp_info {
    unsigned state;            /* as in netinet/tcp.h: TCP_ESTABLISHED ... */
    uint64_t rtt;              /* ns, smoothed; 0 = not measured yet */
    uint64_t rtt_variance;     /* ns */
    uint64_t since_received;   /* ns since the last payload came, in milliseconds' steps */
    uint64_t since_acked;      /* ns since the last acknowledgement came, likewise */
    unsigned keepalive_probes; /* sent and not answered (also probes of a closed window) */
    unsigned retransmits;      /* of the segment that is waiting for its acknowledgement */
    uint32_t total_retransmits;
};

/* Returns 0, or -errno: -EOPNOTSUPP when it is no TCP socket. */
NK_PUBLIC NK_MUST_USE int nk_socket_tcp_info(int fd, struct nk_tcp_info *info) NK_NONNULL(2);

#endif
