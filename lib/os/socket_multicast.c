#include "os/socket_multicast.h"

#include <errno.h>
#include <string.h>

#include "os/socket.h"

/* Room for a numeric address of any family. */
#define NUMERIC_SIZE INET6_ADDRSTRLEN

/* Missing from the headers of older C libraries (Linux 4.20). */
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

int nk_interface_parse(char interface[static IF_NAMESIZE], struct nk_slice text)
{
    if (text.len == 0 || text.len >= IF_NAMESIZE)
        return -EINVAL;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] == '/' || text.data[i] == '\x7f')
            return -EINVAL;
    memcpy(interface, text.data, text.len);
    interface[text.len] = '\0';
    return 0;
}

int nk_multicast_group_parse(struct nk_multicast_group *out, struct nk_slice text)
{
    size_t at = nk_slice_find(text, '@');
    struct nk_slice host = nk_slice_first(text, at);
    struct nk_multicast_group group = {0};
    char numeric[NUMERIC_SIZE];

    /* The interface stands behind '@' for both families, so there is no zone. */
    if (host.len >= sizeof numeric || nk_slice_find(host, '%') != NK_SLICE_NOT_FOUND)
        return -EINVAL;
    if (host.len > 0)
        memcpy(numeric, host.data, host.len);
    numeric[host.len] = '\0';
    if (nk_sockaddr_from_numeric(&group.address, numeric, 0) != 0 ||
        !nk_sockaddr_is_multicast(&group.address))
        return -EINVAL;
    if (at != NK_SLICE_NOT_FOUND &&
        nk_interface_parse(group.interface, nk_slice_from(text, at + 1)) != 0)
        return -EINVAL;
    *out = group;
    return 0;
}

static int join_v4(int fd, const struct nk_multicast_group *group, uint32_t index)
{
    const struct ip_mreqn request = {
        .imr_multiaddr = group->address.v4.sin_addr,
        .imr_ifindex = (int)index,
    };

    return nk_socket_set_option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request);
}

static int join_v6(int fd, const struct nk_multicast_group *group, uint32_t index)
{
    const struct ipv6_mreq request = {
        .ipv6mr_multiaddr = group->address.v6.sin6_addr,
        .ipv6mr_interface = index,
    };

    return nk_socket_set_option(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request);
}

/* By default a wildcard socket also gets what is sent to groups that any other
 * program on this machine has joined. */
static int take_only_joined(int fd, bool is_v4)
{
    int off = 0;
    int error = is_v4
                    ? nk_socket_set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off)
                    : nk_socket_set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off, sizeof off);

    return error == -ENOPROTOOPT ? 0 : error; /* a kernel that is older than the option */
}

int nk_socket_join(int fd, const struct nk_multicast_group *group)
{
    bool is_v4 = group->address.any.sa_family == AF_INET;
    uint32_t index = 0;
    int error = group->interface[0] ? nk_interface_index(group->interface, &index) : 0;

    if (!error)
        error = is_v4 ? join_v4(fd, group, index) : join_v6(fd, group, index);
    return error ? error : take_only_joined(fd, is_v4);
}

int nk_socket_set_multicast_interface(int fd, int family, const char *interface)
{
    uint32_t index;
    int error = nk_interface_index(interface, &index);

    if (error)
        return error;
    if (family == AF_INET) {
        const struct ip_mreqn request = {.imr_ifindex = (int)index};

        return nk_socket_set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request);
    }
    return nk_socket_set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index);
}
