#include "os/socket_tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"

#define NANOSECONDS_PER_MICROSECOND UINT64_C(1000)

/* A unix socket says -EOPNOTSUPP, a UDP one -ENOPROTOOPT. */
int nk_socket_tcp_info(int fd, struct nk_tcp_info *info)
{
    struct tcp_info raw = {0};
    socklen_t len = sizeof raw;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &raw, &len) < 0)
        return errno == ENOPROTOOPT ? -EOPNOTSUPP : -errno;
    *info = (struct nk_tcp_info){
        .state = raw.tcpi_state,
        .rtt = raw.tcpi_rtt * NANOSECONDS_PER_MICROSECOND,
        .rtt_variance = raw.tcpi_rttvar * NANOSECONDS_PER_MICROSECOND,
        .since_received = raw.tcpi_last_data_recv * NK_NANOSECONDS_PER_MILLISECOND,
        .since_acked = raw.tcpi_last_ack_recv * NK_NANOSECONDS_PER_MILLISECOND,
        .keepalive_probes = raw.tcpi_probes,
        .retransmits = raw.tcpi_retransmits,
        .total_retransmits = raw.tcpi_total_retrans,
    };
    return 0;
}
