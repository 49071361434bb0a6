#include "os/socket_datagram.h"

#include <errno.h>
#include <netinet/udp.h>

#include "os/socket.h"

/* One message by itself is cheaper with the older calls, which have less to copy
 * and do not look for a second one. */
static int receive_one(int fd, struct mmsghdr *message)
{
    ssize_t received;

    do
        received = recvmsg(fd, &message->msg_hdr, MSG_DONTWAIT);
    while (NK_UNLIKELY(received < 0 && errno == EINTR));
    if (NK_UNLIKELY(received < 0))
        return -errno;
    message->msg_len = (unsigned)received;
    return 1;
}

int nk_socket_receive_messages(int fd, struct mmsghdr *messages, unsigned count)
{
    int received;

    if (count == 1)
        return receive_one(fd, messages);
    do
        received = recvmmsg(fd, messages, count, MSG_DONTWAIT, NULL);
    while (NK_UNLIKELY(received < 0 && errno == EINTR));
    return NK_LIKELY(received >= 0) ? received : -errno;
}

static bool is_plain(const struct msghdr *message)
{
    return message->msg_iovlen == 1 && message->msg_controllen == 0;
}

static int send_plain(int fd, struct mmsghdr *message)
{
    const struct msghdr *header = &message->msg_hdr;
    ssize_t sent;

    do
        sent = sendto(fd, header->msg_iov->iov_base, header->msg_iov->iov_len,
                      MSG_DONTWAIT | MSG_NOSIGNAL, header->msg_name, header->msg_namelen);
    while (NK_UNLIKELY(sent < 0 && errno == EINTR));
    if (NK_UNLIKELY(sent < 0))
        return -errno;
    message->msg_len = (unsigned)sent;
    return 1;
}

int nk_socket_send_messages(int fd, struct mmsghdr *messages, unsigned count)
{
    int sent;

    if (count == 1 && is_plain(&messages->msg_hdr))
        return send_plain(fd, messages);
    do
        sent = sendmmsg(fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (NK_UNLIKELY(sent < 0 && errno == EINTR));
    return NK_LIKELY(sent >= 0) ? sent : -errno;
}

int nk_socket_want_local_address(int fd, int family)
{
    const int on = 1;

    /* A dual-stack socket tells IPv4 addresses in the form of IPv6, too, but only
     * that of IPv4 says where to answer from when everybody was asked. */
    int error = nk_socket_set_option(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    if (!error && family == AF_INET6)
        error = nk_socket_set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    return error;
}

int nk_socket_want_runs(int fd)
{
    const int on = 1;

    return nk_socket_set_option(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
}

int nk_socket_autobind(int fd)
{
    const struct nk_sockaddr nameless = {
        .un = {.sun_family = AF_UNIX},
        .len = sizeof(sa_family_t),
    };

    return nk_socket_bind(fd, &nameless);
}

/* ---- control messages ---- */

static void read_v4(const struct cmsghdr *header, struct nk_local_address *local)
{
    struct in_pktinfo info;

    memcpy(&info, CMSG_DATA(header), sizeof info);
    /* ipi_addr is the group when the datagram was sent to one. */
    *local = (struct nk_local_address){
        .family = AF_INET,
        .is_shared = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr,
        .v4 = info.ipi_spec_dst,
    };
}

/* An answer cannot come from a group. That of IPv4 stands in a message of its
 * own. */
static void read_v6(const struct cmsghdr *header, struct nk_local_address *local)
{
    struct in6_pktinfo info;

    memcpy(&info, CMSG_DATA(header), sizeof info);
    if (IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr))
        return;
    if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
        *local = (struct nk_local_address){.is_shared = true};
    else if (!IN6_IS_ADDR_UNSPECIFIED(&info.ipi6_addr))
        *local = (struct nk_local_address){.family = AF_INET6, .v6 = info.ipi6_addr};
}

size_t nk_datagram_control_read(struct msghdr *message, struct nk_local_address *local)
{
    int segment = 0;

    *local = (struct nk_local_address){0};
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO)
            read_v4(header, local);
        else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO)
            read_v6(header, local);
        else if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO)
            memcpy(&segment, CMSG_DATA(header), sizeof segment);
    }
    return segment > 0 ? (size_t)segment : 0;
}

/* Appends one control message behind the first `used` bytes. */
static size_t append(struct nk_datagram_control *control, size_t used, int level, int type,
                     const void *data, size_t len)
{
    struct cmsghdr header = {.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len)};

    memset(control->room + used, 0, CMSG_SPACE(len));
    memcpy(control->room + used, &header, sizeof header);
    memcpy(control->room + used + CMSG_LEN(0), data, len);
    return used + CMSG_SPACE(len);
}

size_t nk_datagram_control_write(struct nk_datagram_control *control,
                                 const struct nk_local_address *local, uint16_t segment)
{
    size_t used = 0;

    /* The interface is left to the routes (index 0). */
    if (local->family == AF_INET) {
        const struct in_pktinfo info = {.ipi_spec_dst = local->v4};
        used = append(control, used, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else if (local->family == AF_INET6) {
        const struct in6_pktinfo info = {.ipi6_addr = local->v6};
        used = append(control, used, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
    if (segment > 0)
        used = append(control, used, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    return used;
}
