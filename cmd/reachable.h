/* Under which URLs other machines reach a server. Main thread. */
#ifndef CMD_REACHABLE_H
#define CMD_REACHABLE_H

#include <stdbool.h>

#include "base/attributes.h"

/* Room for "http://[IPv6 address]:65535" and a long base path. */
#define REACHABLE_URL_MAX 1280

/* What a bound address such as "http://[::]:8080/app/" says. */
enum reachable_kind {
    REACHABLE_NOWHERE,  /* no URL at all: a unix socket */
    REACHABLE_HERE,     /* from this machine only */
    REACHABLE_AS_IT_IS, /* under that very URL */
    REACHABLE_ANY_V4,   /* under each IPv4 address of the machine */
    REACHABLE_ANY,      /* under each IPv4 and IPv6 address */
};

enum reachable_kind reachable_kind_of(const char *address) NK_NONNULL(1);

/* Writes the URL under which this machine itself reaches the address. */
void reachable_from_here(const char *address, char url[static REACHABLE_URL_MAX]) NK_NONNULL(1);

/* Calls `each` for every URL under which others reach the address; IPv4 first.
 * Addresses that are no use elsewhere (loopback, link-local) are left out. */
void reachable_each(const char *address, void (*each)(void *context, const char *url),
                    void *context) NK_NONNULL(1, 2);

#endif
