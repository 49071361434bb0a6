#include "os/sockaddr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"

#define UNIX_PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

_Static_assert(NK_ADDRESS_UNIX_MAX + 1 == sizeof(((struct sockaddr_un *)0)->sun_path),
               "a unix path of the permitted length fits with its NUL");

static void make_v4(struct nk_sockaddr *out, struct in_addr host, uint16_t port)
{
    *out = (struct nk_sockaddr){.len = sizeof out->v4};
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(port);
    out->v4.sin_addr = host;
}

static void make_v6(struct nk_sockaddr *out, struct in6_addr host, uint32_t zone, uint16_t port)
{
    *out = (struct nk_sockaddr){.len = sizeof out->v6};
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    out->v6.sin6_addr = host;
    out->v6.sin6_scope_id = zone;
}

int nk_interface_index(const char *text, uint32_t *index)
{
    uint64_t number;
    int error = nk_slice_parse_decimal(nk_slice_of_string(text), &number);

    if (!error && number > 0 && number <= UINT32_MAX) {
        *index = (uint32_t)number;
        return 0;
    }

    unsigned found = *text ? if_nametoindex(text) : 0;
    if (found == 0)
        return -ENODEV;
    *index = found;
    return 0;
}

static int from_numeric_v6(struct nk_sockaddr *out, const char *host, uint16_t port)
{
    const char *percent = strchr(host, '%');
    size_t len = percent ? (size_t)(percent - host) : strlen(host);
    char digits[INET6_ADDRSTRLEN];
    struct in6_addr parsed;
    uint32_t zone = 0;

    if (len >= sizeof digits)
        return -EINVAL;
    memcpy(digits, host, len);
    digits[len] = '\0';
    if (inet_pton(AF_INET6, digits, &parsed) != 1)
        return -EINVAL;
    if (percent) {
        int error = nk_interface_index(percent + 1, &zone);

        if (error)
            return error;
    }
    make_v6(out, parsed, zone, port);
    return 0;
}

int nk_sockaddr_from_numeric(struct nk_sockaddr *out, const char *host, uint16_t port)
{
    struct in_addr parsed;

    if (inet_pton(AF_INET, host, &parsed) != 1)
        return from_numeric_v6(out, host, port);
    make_v4(out, parsed, port);
    return 0;
}

void nk_sockaddr_wildcard(struct nk_sockaddr *out, int family, uint16_t port)
{
    assert(family == AF_INET || family == AF_INET6);
    if (family == AF_INET)
        make_v4(out, (struct in_addr){.s_addr = htonl(INADDR_ANY)}, port);
    else
        make_v6(out, in6addr_any, 0, port);
}

int nk_sockaddr_from_unix_path(struct nk_sockaddr *out, const char *path)
{
    size_t len = strlen(path);
    bool is_abstract = path[0] == '@';

    if (len == 0 || (is_abstract && len == 1))
        return -EINVAL;
    if (len > NK_ADDRESS_UNIX_MAX)
        return -ENAMETOOLONG;

    *out = (struct nk_sockaddr){.un = {.sun_family = AF_UNIX}};
    memcpy(out->un.sun_path, path, len);
    /* A NUL in place of '@' makes the name abstract. Its length is exact: a NUL
     * at the end would be part of the name, while a path needs one. */
    if (is_abstract)
        out->un.sun_path[0] = '\0';
    out->len = (socklen_t)(UNIX_PATH_OFFSET + len + (is_abstract ? 0 : 1));
    return 0;
}

int nk_sockaddr_for_listening(const struct nk_address *address, struct nk_sockaddr *out, int max)
{
    int error;

    if (nk_scheme_is_unix(address->scheme)) {
        error = nk_sockaddr_from_unix_path(&out[0], address->path);
        return error ? error : 1;
    }
    if (address->host[0] == '\0') {
        nk_sockaddr_wildcard(&out[0], AF_INET6, address->port);
        return 1;
    }
    /* RFC 6761, 6.3: this name always means this machine, whatever a resolver
     * would say. */
    if (strcasecmp(address->host, "localhost") == 0) {
        make_v4(&out[0], (struct in_addr){.s_addr = htonl(INADDR_LOOPBACK)}, address->port);
        if (max < 2)
            return 1;
        make_v6(&out[1], in6addr_loopback, 0, address->port);
        return 2;
    }
    error = nk_sockaddr_from_numeric(&out[0], address->host, address->port);
    return error ? error : 1;
}

bool nk_sockaddr_is_wildcard(const struct nk_sockaddr *sockaddr)
{
    if (sockaddr->any.sa_family == AF_INET)
        return sockaddr->v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return sockaddr->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&sockaddr->v6.sin6_addr);
}

bool nk_sockaddr_is_multicast(const struct nk_sockaddr *sockaddr)
{
    if (sockaddr->any.sa_family == AF_INET)
        return IN_MULTICAST(ntohl(sockaddr->v4.sin_addr.s_addr));
    return sockaddr->any.sa_family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&sockaddr->v6.sin6_addr);
}

uint16_t nk_sockaddr_port(const struct nk_sockaddr *sockaddr)
{
    if (sockaddr->any.sa_family == AF_INET)
        return ntohs(sockaddr->v4.sin_port);
    if (sockaddr->any.sa_family == AF_INET6)
        return ntohs(sockaddr->v6.sin6_port);
    return 0;
}

void nk_sockaddr_set_port(struct nk_sockaddr *sockaddr, uint16_t port)
{
    if (sockaddr->any.sa_family == AF_INET)
        sockaddr->v4.sin_port = htons(port);
    else if (sockaddr->any.sa_family == AF_INET6)
        sockaddr->v6.sin6_port = htons(port);
}

/* The bytes that name a unix socket: a path without its NUL, an abstract name
 * with its leading NUL, or nothing for an unnamed socket. */
static struct nk_slice unix_name(const struct nk_sockaddr *sockaddr)
{
    const char *path = sockaddr->un.sun_path;

    if (sockaddr->len <= UNIX_PATH_OFFSET)
        return nk_slice_make(path, 0);

    size_t len = sockaddr->len - UNIX_PATH_OFFSET;
    return nk_slice_make(path, path[0] == '\0' ? len : strnlen(path, len));
}

bool nk_sockaddr_equal(const struct nk_sockaddr *a, const struct nk_sockaddr *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    if (a->any.sa_family == AF_INET6)
        return a->v6.sin6_port == b->v6.sin6_port && a->v6.sin6_scope_id == b->v6.sin6_scope_id &&
               IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr);
    return nk_slice_equal(unix_name(a), unix_name(b));
}

static void print_v4(const struct nk_sockaddr *sockaddr, char *text)
{
    char host[INET_ADDRSTRLEN] = "";

    (void)inet_ntop(AF_INET, &sockaddr->v4.sin_addr, host, sizeof host);
    (void)snprintf(text, NK_SOCKADDR_TEXT_MAX, "%s:%u", host, ntohs(sockaddr->v4.sin_port));
}

static void print_v6(const struct nk_sockaddr *sockaddr, char *text)
{
    char host[INET6_ADDRSTRLEN] = "";
    char interface[IF_NAMESIZE] = "";
    char zone[IF_NAMESIZE + 1] = "";
    uint32_t index = sockaddr->v6.sin6_scope_id;

    (void)inet_ntop(AF_INET6, &sockaddr->v6.sin6_addr, host, sizeof host);
    if (index != 0 && if_indextoname(index, interface))
        (void)snprintf(zone, sizeof zone, "%%%s", interface);
    else if (index != 0)
        (void)snprintf(zone, sizeof zone, "%%%u", index);
    (void)snprintf(text, NK_SOCKADDR_TEXT_MAX, "[%s%s]:%u", host, zone,
                   ntohs(sockaddr->v6.sin6_port));
}

static void print_unix(const struct nk_sockaddr *sockaddr, char *text)
{
    struct nk_slice name = unix_name(sockaddr);
    char *end = text;

    _Static_assert(sizeof sockaddr->un.sun_path * 4 + 1 <= NK_SOCKADDR_TEXT_MAX,
                   "every byte of a path may need four characters");
    for (size_t i = 0; i < name.len; i++) {
        unsigned char byte = (unsigned char)name.data[i];

        if (byte == '\0' && i == 0)
            *end++ = '@';
        else if (byte < ' ' || byte == 0x7f)
            end += snprintf(end, 5, "\\x%02x", byte);
        else
            *end++ = name.data[i];
    }
    *end = '\0';
}

char *nk_sockaddr_print(const struct nk_sockaddr *sockaddr, char text[static NK_SOCKADDR_TEXT_MAX])
{
    text[0] = '\0';
    if (sockaddr->any.sa_family == AF_INET)
        print_v4(sockaddr, text);
    else if (sockaddr->any.sa_family == AF_INET6)
        print_v6(sockaddr, text);
    else if (sockaddr->any.sa_family == AF_UNIX)
        print_unix(sockaddr, text);
    return text;
}
