/* Writing a PROXY header. */
#include <arpa/inet.h>
#include <string.h>

#include "cat/proxy_protocol_private.h"

static bool is_mapped(const struct nk_sockaddr *address)
{
    return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr);
}

static void make_v4(struct nk_sockaddr *address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = address->v6.sin6_port};
    memcpy(&v4.sin_addr, &address->v6.sin6_addr.s6_addr[12], 4);
    memset(address, 0, sizeof(*address));
    address->v4 = v4;
    address->len = sizeof(v4);
}

static void make_v6(struct nk_sockaddr *address)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = address->v4.sin_port};
    v6.sin6_addr.s6_addr[10] = 0xff;
    v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&v6.sin6_addr.s6_addr[12], &address->v4.sin_addr, 4);
    memset(address, 0, sizeof(*address));
    address->v6 = v6;
    address->len = sizeof(v6);
}

/* Brings the two addresses to one family; false when there is none. */
static bool unify(struct nk_sockaddr *source, struct nk_sockaddr *destination)
{
    struct nk_sockaddr *both[] = {source, destination};
    bool is_v4[2];
    for (int i = 0; i < 2; i++)
        is_v4[i] = both[i]->any.sa_family == AF_INET || is_mapped(both[i]);
    for (int i = 0; i < 2; i++) {
        if (is_v4[0] && is_v4[1] && is_mapped(both[i]))
            make_v4(both[i]);
        else if (is_v4[i] && !is_v4[1 - i] && both[i]->any.sa_family == AF_INET)
            make_v6(both[i]);
    }
    return source->any.sa_family == destination->any.sa_family;
}

static const void *host_of(const struct nk_sockaddr *address)
{
    return address->any.sa_family == AF_INET ? (const void *)&address->v4.sin_addr
                                             : (const void *)&address->v6.sin6_addr;
}

static size_t print_v1(const struct nk_sockaddr *source, const struct nk_sockaddr *destination,
                       char out[static PROXY_PROTOCOL_MAX])
{
    char from[INET6_ADDRSTRLEN];
    char to[INET6_ADDRSTRLEN];
    int family = source->any.sa_family;
    if (!inet_ntop(family, host_of(source), from, sizeof(from)) ||
        !inet_ntop(family, host_of(destination), to, sizeof(to)))
        return 0;
    int len = snprintf(out, PROXY_PROTOCOL_MAX, "PROXY TCP%d %s %s %u %u\r\n",
                       family == AF_INET ? 4 : 6, from, to, (unsigned)nk_sockaddr_port(source),
                       (unsigned)nk_sockaddr_port(destination));
    return (size_t)len;
}

static void write_unix(char *out, const struct nk_sockaddr *address)
{
    size_t start = offsetof(struct sockaddr_un, sun_path);
    size_t len = address->len > start ? address->len - start : 0;
    memset(out, 0, UNIX_SIZE);
    memcpy(out, address->un.sun_path, len < UNIX_SIZE ? len : UNIX_SIZE);
}

/* Writes addresses and ports; returns the family. */
static unsigned write_addresses(char *out, const struct nk_sockaddr *source,
                                const struct nk_sockaddr *destination)
{
    size_t size = source->any.sa_family == AF_INET ? 4 : 16;
    if (source->any.sa_family == AF_UNIX) {
        write_unix(out, source);
        write_unix(out + UNIX_SIZE, destination);
        return FAMILY_UNIX;
    }
    uint16_t ports[] = {htons(nk_sockaddr_port(source)), htons(nk_sockaddr_port(destination))};
    memcpy(out, host_of(source), size);
    memcpy(out + size, host_of(destination), size);
    memcpy(out + 2 * size, ports, sizeof(ports));
    return size == 4 ? FAMILY_INET : FAMILY_INET6;
}

static size_t print_v2(const struct proxy_header *header, const struct nk_sockaddr *source,
                       const struct nk_sockaddr *destination, char out[static PROXY_PROTOCOL_MAX])
{
    unsigned family = FAMILY_UNSPEC;
    unsigned transport = TRANSPORT_UNSPEC;
    memcpy(out, PROXY_SIGNATURE, PROXY_SIGNATURE_LEN);
    if (source) {
        family = write_addresses(out + PROXY_PROTOCOL_V2_FIXED, source, destination);
        transport = header->is_datagram ? TRANSPORT_DGRAM : TRANSPORT_STREAM;
    }
    uint16_t size = proxy_addresses_size(family);
    out[PROXY_SIGNATURE_LEN] = (char)(VERSION_2 | COMMAND_PROXY);
    out[PROXY_SIGNATURE_LEN + 1] = (char)(family | transport);
    out[PROXY_SIGNATURE_LEN + 2] = (char)(size >> 8);
    out[PROXY_SIGNATURE_LEN + 3] = (char)(size & 0xff);
    return PROXY_PROTOCOL_V2_FIXED + (size_t)size;
}

size_t proxy_header_print(const struct proxy_header *header, int version,
                          char out[static PROXY_PROTOCOL_MAX])
{
    static const char unknown[] = "PROXY UNKNOWN\r\n";
    struct nk_sockaddr source = header->source;
    struct nk_sockaddr destination = header->destination;
    bool is_known = header->has_addresses && unify(&source, &destination);
    if (version == 2)
        return print_v2(header, is_known ? &source : NULL, &destination, out);
    bool is_tcp = is_known && !header->is_datagram && source.any.sa_family != AF_UNIX;
    size_t len = is_tcp ? print_v1(&source, &destination, out) : 0;
    if (len > 0)
        return len;
    memcpy(out, unknown, sizeof(unknown) - 1);
    return sizeof(unknown) - 1;
}
