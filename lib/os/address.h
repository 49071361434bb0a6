/* An address as people write it: parsed from text and printed back.
 *
 *     tcp://HOST:PORT      udp://HOST:PORT      http://HOST:PORT/path
 *     unix:/path           unix-dgram:/path     unix-seqpacket:/path
 *     unix:@name           (abstract: Linux, no file; also with -dgram, -seqpacket)
 *     HOST:PORT  [::1]:80  :8080  8080  HOST    (no scheme: the command decides)
 *
 * each optionally followed by `?key=value&key=value` with socket options.
 * A text that holds only digits is a port. An empty host, as in `:8080`, means
 * every address of this machine; `*` is the same. IPv6 addresses stand in
 * brackets and may carry a zone: `[fe80::1%eth0]:80`.
 *
 * Nothing here touches the network. `struct nk_address` is a plain value that
 * owns its strings; safe on any thread.
 */
#ifndef NK_OS_ADDRESS_H
#define NK_OS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

enum nk_scheme {
    NK_SCHEME_NONE, /* no scheme was written; the command chooses */
    NK_SCHEME_TCP,
    NK_SCHEME_UDP,
    NK_SCHEME_HTTP,
    NK_SCHEME_UNIX,           /* stream */
    NK_SCHEME_UNIX_DGRAM,     /* datagram */
    NK_SCHEME_UNIX_SEQPACKET, /* sequenced packets */
};

#define NK_ADDRESS_HOST_MAX 255    /* bytes of a host name or numeric address with zone */
#define NK_ADDRESS_PATH_MAX 2047   /* bytes of a URL path; a unix path has its own limit */
#define NK_ADDRESS_UNIX_MAX 107    /* bytes of a unix socket path or of '@' + abstract name */
#define NK_ADDRESS_OPTIONS_MAX 511 /* bytes of the text behind '?' */
#define NK_ADDRESS_TEXT_MAX 2900   /* room that every printed address fits in, NUL included */

struct nk_address {
    enum nk_scheme scheme;
    bool has_port;
    uint16_t port;                            /* host order; 0 when has_port is false */
    char host[NK_ADDRESS_HOST_MAX + 1];       /* without brackets; "" is the wildcard */
    char path[NK_ADDRESS_PATH_MAX + 1];       /* unix: the socket's path, '@' first when
                                                 abstract; http: from '/' on, or "" */
    char options[NK_ADDRESS_OPTIONS_MAX + 1]; /* the text behind '?', or "" */
};

/* Parses `text`. Returns 0, or -EINVAL with *reason (never NULL then) set to a
 * constant sentence fragment for the user, such as "port is above 65535" or
 * "unix socket path is longer than 107 bytes"; `address` is untouched then.
 * `tls://` and `https://` are refused with "TLS is not supported yet".
 * For http the text behind '?' belongs to the path, not to the options. */
NK_PUBLIC NK_MUST_USE int nk_address_parse(struct nk_address *address, const char *text,
                                           const char **reason) NK_NONNULL(1, 2, 3);

/* Prints the canonical form, which parses to the same value. An address that
 * has no scheme prints without one. Returns `text`. */
NK_PUBLIC char *nk_address_print(const struct nk_address *address,
                                 char text[static NK_ADDRESS_TEXT_MAX]) NK_NONNULL(1, 2);

/* Whether the scheme is one of the three unix ones. */
NK_PUBLIC bool nk_scheme_is_unix(enum nk_scheme scheme);

#endif
