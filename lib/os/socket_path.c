#include "os/socket_path.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define NANOSECONDS_PER_MICROSECOND 1000

int nk_socket_path(int fd, struct nk_socket_path *path)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
        return -errno;
    path->round_trip = (uint64_t)info.tcpi_rtt * NANOSECONDS_PER_MICROSECOND;
    path->retransmits = info.tcpi_total_retrans;
    return 0;
}
