/* What a proxy is asked for: whom to connect to, and who is asking. */
#ifndef CAT_PROXY_TARGET_H
#define CAT_PROXY_TARGET_H

#include <stdint.h>

/* Bytes of a host, a user name or a password: what SOCKS5 can carry. */
#define PROXY_TEXT_MAX 255

struct proxy_target {
    const char *host; /* a name, which the proxy looks up, or a numeric address */
    uint16_t port;
    const char *user;     /* NULL = no login */
    const char *password; /* NULL = the empty one */
};

#endif
