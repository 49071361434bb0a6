/* An address as the kernel takes it: IPv4, IPv6 or unix, in one value.
 *
 * Numeric only: nothing here resolves a name or blocks. Safe on any thread.
 */
#ifndef NK_OS_SOCKADDR_H
#define NK_OS_SOCKADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/attributes.h"
#include "os/address.h"

struct nk_sockaddr {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
    };
    socklen_t len; /* bytes of the member in use */
};

/* Room for "[v6%zone]:port" or an escaped unix path, NUL included. */
#define NK_SOCKADDR_TEXT_MAX 480

/* From a numeric IPv4 or IPv6 address, zone allowed ("fe80::1%eth0"), and a
 * port in host order. Returns 0, -EINVAL when `host` is not numeric, -ENODEV
 * when its zone names no interface of this machine. */
NK_PUBLIC NK_MUST_USE int nk_sockaddr_from_numeric(struct nk_sockaddr *out, const char *host,
                                                   uint16_t port) NK_NONNULL(1, 2);

/* The wildcard of a family (AF_INET or AF_INET6). */
NK_PUBLIC void nk_sockaddr_wildcard(struct nk_sockaddr *out, int family, uint16_t port)
    NK_NONNULL(1);

/* From a unix path, or an abstract name when it starts with '@'.
 * Returns 0, or -ENAMETOOLONG. An empty path or name is -EINVAL. */
NK_PUBLIC NK_MUST_USE int nk_sockaddr_from_unix_path(struct nk_sockaddr *out, const char *path)
    NK_NONNULL(1, 2);

/* The addresses a server listens on for `address`, which names no host to be
 * resolved: numeric, wildcard, "localhost" (127.0.0.1 and [::1]) or unix.
 * Wildcard gives the one dual-stack [::] address. Fills at most `max` (>= 2).
 * A missing port counts as 0. Returns how many, -EINVAL when the host is a name
 * that needs resolving, or what the functions above return. */
NK_PUBLIC NK_MUST_USE int nk_sockaddr_for_listening(const struct nk_address *address,
                                                    struct nk_sockaddr *out, int max)
    NK_NONNULL(1, 2);

/* The index of a network interface from its index or its name. Returns 0, or
 * -ENODEV with *index untouched when there is none of that name. */
NK_PUBLIC NK_MUST_USE int nk_interface_index(const char *text, uint32_t *index) NK_NONNULL(1, 2);

/* Whether it is every address of this machine (0.0.0.0, ::). */
NK_PUBLIC bool nk_sockaddr_is_wildcard(const struct nk_sockaddr *sockaddr) NK_NONNULL(1);

/* Whether it is the address of a group (224.0.0.0/4, ff00::/8). */
NK_PUBLIC bool nk_sockaddr_is_multicast(const struct nk_sockaddr *sockaddr) NK_NONNULL(1);

/* Port in host order; 0 for unix. */
NK_PUBLIC uint16_t nk_sockaddr_port(const struct nk_sockaddr *sockaddr) NK_NONNULL(1);
NK_PUBLIC void nk_sockaddr_set_port(struct nk_sockaddr *sockaddr, uint16_t port) NK_NONNULL(1);

/* The same family, address and port, or the same unix path. */
NK_PUBLIC bool nk_sockaddr_equal(const struct nk_sockaddr *a, const struct nk_sockaddr *b)
    NK_NONNULL(1, 2);

/* "127.0.0.1:80", "[::1]:80", "/path", "@name", or "" for an unnamed unix
 * socket. Control bytes of a unix path are shown as \xNN. Returns `text`. */
NK_PUBLIC char *nk_sockaddr_print(const struct nk_sockaddr *sockaddr,
                                  char text[static NK_SOCKADDR_TEXT_MAX]) NK_NONNULL(1, 2);

#endif
